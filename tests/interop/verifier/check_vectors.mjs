// SPDX-License-Identifier: Apache-2.0
//
//   node check_vectors.mjs FOLDER    FOLDER is tests/vectors
//
// Every vector, recomputed from PROTOCOL.md.

import fs from "node:fs";
import path from "node:path";
import { check, done, equal } from "./check.mjs";
import * as content from "./content.mjs";
import { Fold } from "./fold.mjs";
import { decode, encode, FormatError } from "./msgpack.mjs";
import { boxPair, hex, sha256, signer, unhex, openSealed, open } from "./primitives.mjs";
import { keyHash, originOf, readNote } from "./tree.mjs";

const folder = process.argv[2];
const vector = (name) => JSON.parse(fs.readFileSync(path.join(folder, name + ".json"), "utf8"));
const bytesOf = (object) => Object.fromEntries(Object.entries(object).map(([key, value]) =>
    [key, typeof value === "string" && /^([0-9a-f]{2})+$/.test(value) ? unhex(value) : value]));

function checkFold({ scenarios }) {
    check(scenarios.length >= 21, "scenarios are missing");
    for (const { name, space, head, entries } of scenarios) {
        const fold = new Fold();
        for (const [i, entry] of entries.entries()) {
            const header = unhex(entry.header);
            equal(fold.add(entry.t_recv_ms, header, unhex(entry.signature)), entry.verdict, name, i);
            equal(hex(fold.tree.roots[i + 1]), entry.root, name, i, "root");
            equal(hex(encode(decode(header, 4))), entry.header, name, i, "encoding");
        }
        equal(hex(fold.space), space, name, "space");
        equal(hex(fold.head), head, name, "head");
    }
    return scenarios[0];
}

// The notes of tree.json are those of the first scenario of fold.json.
function checkTree({ origin, log_seed, log_pk, notes }, { space, entries }) {
    equal(originOf("log.example", unhex(space)), origin, "origin");
    const log = signer(unhex(log_seed));
    equal(hex(log.pk), log_pk, "log key");
    equal(notes.length, entries.length, "notes");
    for (const { size, note } of notes) {
        const read = readNote(note, origin, log.pk);
        equal(read?.size, size, "note");
        equal(read && hex(read.root), entries[size - 1].root, "root of note", size);
        check(!readNote(note.replace("\n" + size + "\n", "\n" + (size + 1) + "\n"), origin, log.pk),
            "another size verifies", size);
    }
    const text = notes[0].note.slice(0, notes[0].note.indexOf("\n\n") + 1);
    const line = Buffer.concat([keyHash(origin, 1, log.pk), log.sign(Buffer.from(text))]);
    equal(`${text}\n\u2014 ${origin} ${line.toString("base64")}\n`, notes[0].note, "note made anew");
}

function checkSeal(v) {
    const { space, shred_id, epoch, ek, sk, rk, k_route } = v;
    equal(hex(content.commitEpoch("ek", ek, space, epoch)), hex(v.kcom_ek), "kcom_ek");
    equal(hex(content.commitEpoch("sk", sk, space, epoch)), hex(v.kcom_sk), "kcom_sk");
    equal(hex(content.commitEpoch("route", k_route, space, epoch)), hex(v.kcom_route), "kcom_route");
    equal(hex(content.commitDossier(rk, shred_id)), hex(v.kcom), "kcom");
    equal(hex(content.routeKey(ek, space)), hex(k_route), "k_route");
    equal(hex(content.rowOf(ek, space, shred_id)), hex(v.row_with_ek_as_ek1), "row");
    const ck = content.contentKey(ek, rk, v);
    equal(hex(ck), hex(v.ck), "ck");
    const opened = {
        body: content.openBody(ck, v, v.routing_box, v.box, shred_id, v.body),
        "routing box": content.openRoute(k_route, v, v.routing_box),
        "operation body": content.openOperationBody(k_route, v, v.box, v.operation_body),
    };
    for (const [name, plain] of Object.entries(opened))
        equal(plain && hex(plain), hex(v.plain), name);
    equal(hex(content.openSlot(sk, space, shred_id, epoch, v.kcom, v.slot) ?? []), hex(rk), "slot");
    equal(hex(content.openWrap(ek, 0, space, epoch, v.wrap_of_sk_under_ek_type_0) ?? []), hex(sk), "wrap");
    const box_pair = boxPair(v.x_seed);
    equal(hex(box_pair.pk), hex(v.x_pk), "x_pk");
    equal(hex(openSealed(box_pair, v.member_seal) ?? []), hex(ek) + hex(sk), "seal");
    for (const [length, padded] of v.padded_lengths)
        equal(content.paddedLength(length), padded, "padding of", length);
    // What must not open: another box number, device, key.
    check(!content.openBody(ck, v, v.routing_box, v.box + 1, shred_id, v.body), "another box opens");
    check(!content.openBody(ck, { ...v, device: space }, v.routing_box, v.box, shred_id, v.body),
        "a body of another device opens");
    check(!open(rk, v.body.subarray(0, 24), v.body, Buffer.alloc(0)), "another key opens");
}

function checkChange(v) {
    const box = content.readBox(unhex(v.box_plaintext), v.seen_size);
    equal(box.pack, v.pack, "pack");
    if (box.zstd) {
        console.log("notice: the box is compressed with dictionary 1, which node cannot read: skipped");
    } else {
        equal(box.changes.length, v.changes.length, "changes");
        v.changes.forEach((change, i) => {
            const read = box.changes[i];
            equal(hex(read.record), change.record, "record", i);
            equal(read.field, change.field, "field", i);
            equal(read.base, change.base, "base", i);
            equal(hex(encode(read.value)), change.value, "value", i);
        });
    }
    // The vector does not list what its routing box says; these are the bytes read by hand.
    const entries = content.readRouting(unhex(v.routing_plaintext));
    equal(JSON.stringify(entries.map((entry) => ({ dossier: entry.birth ?? hex(entry.shred_id).slice(0, 2),
        changes: entry.changes.map(({ author, run, ordinal, time }) =>
            [author && hex(author).slice(0, 2), hex(run).slice(0, 2), ordinal, time]) }))),
    '[{"dossier":"51","changes":[[null,"01",3,1735689600],[null,"01",4,1735689660],' +
        '[null,"01",6,1735689000]]},{"dossier":[12,1],"changes":[["aa","02",1,1735690000]]}]',
    "routing box");
}

function checkText(v) {
    const { fingerprint, secret, space, genesis, log_key_hash } = bytesOf(v);
    const founder = content.readLink(v.founder_link);
    equal(founder.url, "https://sync.example", "url");
    equal(founder.parts.map(hex).join(), [fingerprint, secret].map(hex).join(), "founder link");
    const invite = content.readLink(v.invite_link);
    equal(invite.parts.map(hex).join(), [space, genesis, log_key_hash, secret].map(hex).join(), "invite");
    equal(hex(content.linkKeySeed(secret)), v.link_key_seed, "link key seed");
    equal(content.shortCode(sha256(space)), v.short_code_of_space_as_shred_id, "code of a dossier");
    equal(content.shortCode(sha256(space, unhex("0100000000000000"))),
        v.short_code_of_record_0100000000000000, "code of a record");
    const code = content.compareCode(fingerprint, genesis, space);
    equal(`${code.slice(0, 4)}-${code.slice(4)}`, v.compare_code_ed_fingerprint_x_genesis, "code");
}

function checkUnlock(v) {
    const header = unhex(v.header);
    const { device, flags, secrets } = content.openKeyHeader(v.passphrase, header);
    equal(hex(device), v.device, "device");
    equal(flags, 1, "flags");
    equal(hex(secrets ?? []), v.ed_seed + v.x_seed + v.db_key + hex(Buffer.from(v.extra)), "secrets");
    check(content.openKeyHeader(v.passphrase + "!", header).secrets === null, "another passphrase opens");
}

function checkStrictness() {
    for (const wrong of ["cc7f", "cd00ff", "ce0000ffff", "cf00000000ffffffff", "d0e0", "d1ff80", "d2ffff8000",
        "d3ffffffff80000000", "d07f", "c50001aa", "c6000000ff", "d90161", "da001f", "dc000f", "80", "81a161c0",
        "ca00000000", "cb0000000000000000", "d40000", "c70000", "c1", "a161c0", "a100", "a1ff", "a3eda080",
        "9191919190", "c4ff00", "dd7fffffff", "dbffffffff", "92c0", ""]) {
        let refused = false;
        try {
            decode(unhex(wrong), 4);
        } catch (error) {
            refused = error instanceof FormatError;
        }
        check(refused, "decoded:", wrong);
    }
    for (const right of ["00", "7f", "cc80", "cd0100", "ce00010000", "cf0000000100000000", "cfffffffffffffffff",
        "e0", "d0df", "d1ff7f", "d2ffff7fff", "d3ffffffff7fffffff", "d38000000000000000", "c400", "a0", "90", "c0",
        "c2", "c3", "91919190", "a3e282ac"])
        equal(hex(encode(decode(unhex(right), 4))), right, "decoded and encoded");
}

checkTree(vector("tree"), checkFold(vector("fold")));
checkSeal(bytesOf(vector("seal")));
checkChange(vector("change"));
checkText(vector("text"));
checkUnlock(vector("unlock"));
checkStrictness();
done("vectors");
