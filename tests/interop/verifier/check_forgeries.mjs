// SPDX-License-Identifier: Apache-2.0
//
//   node check_forgeries.mjs FOLDER    FOLDER is tests/vectors
//
// Forgeries of every kind are planted, and each must be found at its index: by somebody between log
// and reader, who cannot sign notes, and by the log itself, which can sign whatever it likes.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { check, done, equal } from "./check.mjs";
import { verifyHistory } from "./history.mjs";
import { hex } from "./primitives.mjs";
import { person, Writer } from "./writer.mjs";

const folder = process.argv[2];
const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf8"));

const ana = person("ana"), ben = person("ben"), eve = person("eve");

/** ana founds, ben and eve may write; then work of all three. */
function honest() {
    const writer = new Writer();
    const all = [writer.found(ana), writer.rotate(ana), writer.admit(ana, ben, 3), writer.admit(ana, eve, 3)];
    for (let i = 0; i < 6; i++)
        all.push(writer.data([ben, eve, ana][i % 3]));
    equal(all.join(), Array(10).fill("OK").join(), "honest history");
    return writer;
}

const altered = (entries, i, change) => entries.map((entry, k) => (k === i ? { ...entry, ...change } : entry));

function flip(text, bit) {
    const bytes = Buffer.from(text, "hex");
    bytes[bit >> 3] ^= 1 << (bit & 7);
    return hex(bytes);
}

/** The forgery must be noticed as such, and nothing above `index` may be accused. */
function mustFind(history, index, what, others) {
    const { broken, refused } = verifyHistory(history, others);
    check(broken.length > 0, "not noticed:", what, index);
    const found = broken.map((finding) => finding.index);
    equal(Math.min(...found, ...refused.map((finding) => finding.index)), index, what);
}

/** Somebody without the log's key alters what the reader gets: the note stays. */
function between(history) {
    const { entries } = history;
    const whole = verifyHistory(history);
    equal(whole.broken.length + whole.refused.length, 0, "findings in the honest history");
    for (let i = 0; i < entries.length; i++) {
        const bits = entries[i].header.length * 4;
        for (let bit = i % 7; bit < bits; bit += 61)
            mustFind({ ...history, entries: altered(entries, i, { header: flip(entries[i].header, bit) }) }, i,
                `header bit ${bit}`);
        for (let bit = i; bit < 512; bit += 101)
            mustFind({ ...history,
                entries: altered(entries, i, { signature: flip(entries[i].signature, bit) }) }, i, "signature");
        if (i > 0)
            mustFind({ ...history,
                entries: altered(entries, i, { t_recv_ms: entries[i].t_recv_ms + 1 }) }, i, "t_recv");
        mustFind({ ...history, entries: entries.filter((_, k) => k !== i) }, i, "an entry dropped");
        mustFind({ ...history, entries: entries.slice(0, i) }, i, "cut");
        if (i + 1 < entries.length) {
            const swapped = [...entries];
            [swapped[i], swapped[i + 1]] = [swapped[i + 1], swapped[i]];
            mustFind({ ...history, entries: swapped }, i, "two entries swapped");
        }
        const twice = [...entries.slice(0, i + 1), ...entries.slice(i)];
        mustFind({ ...history, entries: twice }, i + 1, "an entry twice");
    }
}

/** A member writes what he may not, and puts it before entry k without the log's help. */
function inserted(writer) {
    for (let k = 4; k <= 10; k++) {
        const forger = replay(writer, k);
        equal(forger.admit(eve, person("mallory"), 3), "DENIED", "a member admits");
        const forged = [...forger.entries, ...writer.entries.slice(k)];
        mustFind({ ...writer.history(), entries: forged }, k, "a member's admission inserted");
        // The log takes part: it signs that history. The leaf is refused all the same, at its index.
        const { broken, refused } = verifyHistory(writer.history(forger.entries));
        equal(broken.length, 0, "the log signed these bytes");
        equal(refused.map(({ index, what }) => `${index} ${what}`).join(), `${k} DENIED`, "refused");
    }
}

/** The first k entries, in a writer that can go on. */
function replay(writer, k) {
    const copy = new Writer();
    const steps = [() => copy.found(ana), () => copy.rotate(ana), () => copy.admit(ana, ben, 3),
        () => copy.admit(ana, eve, 3), ...[0, 1, 2, 3, 4, 5].map((i) => () => copy.data([ben, eve, ana][i % 3]))];
    steps.slice(0, k).forEach((step) => step());
    equal(JSON.stringify(copy.entries), JSON.stringify(writer.entries.slice(0, k)), "the same history");
    return copy;
}

/** The log itself rewrites history and signs the result. The members' signatures bear witness. */
function rewritten(writer) {
    const { entries } = writer;
    for (let i = 1; i < entries.length - 1; i++) {
        const dropped = verifyHistory(writer.history(entries.filter((_, k) => k !== i)));
        equal(dropped.refused[0]?.index, i, "dropped and signed anew");
        const delayed = verifyHistory(writer.history(altered(entries, i,
            { t_recv_ms: entries[i].t_recv_ms + 1 })));
        equal(delayed.refused[0]?.index, i + 1, "delayed and signed anew: the next author saw another");
    }
    // Nobody in this history has seen its last entry. Whoever holds an older note has.
    const cut = writer.history(entries.slice(0, -1));
    equal(verifyHistory(cut).broken.length, 0, "a cut, signed anew, is whole in itself");
    mustFind(cut, entries.length - 1, "cut and signed anew", [writer.note()]);
    const fork = replay(writer, 9);
    fork.data(ben);
    equal(verifyHistory(fork.history()).broken.length, 0, "a fork is whole in itself");
    mustFind(fork.history(), 9, "fork", [writer.note()]);
    equal(verifyHistory(writer.history(), [writer.note(entries.slice(0, 5))]).broken.length, 0, "older note");
}

/** Neither a note nor a genesis of another. */
function impostors(writer) {
    const other = new Writer();
    other.log = { pk: ben.pk, sign: ben.sign };
    other.space = writer.space;
    mustFind({ ...writer.history(), note: other.note(writer.entries) }, 10, "a note by another key");
    mustFind({ ...writer.history(), log_pk: hex(ben.pk) }, 0, "another log");
    mustFind({ ...writer.history(), entries: writer.entries.slice(1) }, 0, "no genesis");
    mustFind({ ...writer.history(), entries: [] }, 0, "nothing");
}

/** The log's key changes hands: from then on the old one signs nothing. */
function handedOver(writer) {
    const moved = replay(writer, 10), old = moved.log;
    const before = moved.note();
    const signature = old.sign(Buffer.from("passerelle/logkey/v1\0"), moved.space, ben.pk, ben.pk);
    equal(moved.operation(ana, "log_key", [ben.pk, ben.pk, signature]), "OK", "log_key");
    moved.data(eve);
    moved.log = { pk: ben.pk, sign: ben.sign };
    const history = { ...moved.history(), log_pk: hex(old.pk) };
    equal(verifyHistory(history, [before]).broken.length, 0, "handed over");
    moved.log = old;
    mustFind({ ...history, note: moved.note() }, 12, "a note by the old key");
}

function program(writer) {
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "verify-"));
    const verify = path.join(path.dirname(fileURLToPath(import.meta.url)), "verify.mjs");
    const run = (text, ...notes) => {
        const files = [text, ...notes].map((content, i) => {
            const name = path.join(scratch, "file" + i);
            fs.writeFileSync(name, content);
            return name;
        });
        return spawnSync(process.execPath, [verify, ...files], { encoding: "utf8" });
    };
    const history = writer.history();
    const refused = replay(writer, 10);
    refused.admit(eve, person("mallory"), 3);
    const cases = [
        [0, /^10 entries, .*: whole\n$/, history],
        [1, /^entry 4: /, { ...history, entries: altered(history.entries, 4, { t_recv_ms: 1735689605001 }) }],
        [3, /^entry 10: DENIED\n/, refused.history()],
        [2, /^$/, { entries: [] }],
    ];
    for (const [status, output, input] of cases) {
        const result = run(JSON.stringify(input));
        equal(result.status, status, "exit code", result.stdout, result.stderr);
        check(output.test(result.stdout), "output", result.stdout);
    }
    equal(run(JSON.stringify(history), writer.note(history.entries.slice(0, 3))).status, 0, "with a note");
    equal(run(JSON.stringify(writer.history(history.entries.slice(0, 9))), writer.note()).status, 1, "cut");
    fs.rmSync(scratch, { recursive: true });
}

const writer = honest();
between(writer.history());
const { entries } = read("fold.json").scenarios[0];
const { log_pk, notes } = read("tree.json");
between({ log_pk, entries: entries.slice(0, 10), note: notes[9].note });
inserted(writer);
rewritten(writer);
impostors(writer);
handedOver(writer);
program(writer);
done("forgeries");
