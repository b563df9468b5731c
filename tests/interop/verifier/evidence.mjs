// SPDX-License-Identifier: Apache-2.0
//
// A stranger's judgement of an evidence file (PROTOCOL.md section 8.2), from the file alone:
//
//   node evidence.mjs FILE      prints what is proved and ends with 0, or says why nothing is and ends with 1

import { createHash, createPublicKey, verify as check } from "node:crypto";
import { readFileSync } from "node:fs";
import { decode } from "./msgpack.mjs";

// What it needs of sections 2 and 8 again, so that it runs with nothing installed.
const unhex = (text) => Buffer.from(text, "hex");
const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;
const tag = (text) => Buffer.from(text + "\0");

function sha256(...parts) {
    const hash = createHash("sha256");
    parts.forEach((part) => hash.update(part));
    return hash.digest();
}

function be(n, value) {
    const out = Buffer.alloc(8);
    out.writeBigUInt64BE(BigInt(value));
    return out.subarray(8 - n);
}

function verify(pk, signature, message) {
    const der = Buffer.concat([unhex("302a300506032b6570032100"), pk]);
    return check(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
}

function originOf(logName, genesis) {
    const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    const space = sha256(tag("passerelle/space/v1"), genesis).subarray(0, 16);
    const bits = [...space].map((byte) => byte.toString(2).padStart(8, "0")).join("").padEnd(130, "0");
    return `${logName}/${bits.match(/.{5}/g).map((five) => alphabet[parseInt(five, 2)]).join("")}`;
}

/** A signed note: {size, root} when the log key signed it, else null. */
function readNote(note, origin, pk) {
    const cut = note.indexOf("\n\n"), text = note.slice(0, cut + 1), lines = text.split("\n");
    const signature = /^\u2014 (\S+) (\S+)$/m.exec(note.slice(cut + 2));
    if (cut < 0 || lines[0] !== origin || signature?.[1] !== origin)
        return null;
    const good = verify(pk, Buffer.from(signature[2], "base64").subarray(4), Buffer.from(text));
    return good ? { size: Number(lines[1]), root: Buffer.from(lines[2], "base64") } : null;
}

const node = (left, right) => sha256(Buffer.from([1]), left, right);

/** The fields "name: value" (several of one name are a list), and the two notes. */
export function readFile(text) {
    const fields = {};
    for (const [, name, value] of text.matchAll(/^([a-z ]+): (.*)$/gm))
        (fields[name] ??= []).push(value);
    const notes = text.split(/^(?:Last checkpoint .*|What the server .*):\n\n/m).slice(1);
    return { fields, ours: notes[0]?.trimEnd() + "\n", theirs: notes[1]?.trimEnd() + "\n" };
}

/** RFC 9162 2.1.4.2: whether `proof` leads from (m, first) to (n, second). */
export function consistent(m, first, n, second, proof) {
    if (m === 0 || m >= n)
        return m === n && proof.length === 0 && same(first, second);
    const path = Number.isInteger(Math.log2(m)) ? [first, ...proof] : [...proof];
    if (path.length === 0)
        return false;
    let fn = BigInt(m - 1), sn = BigInt(n - 1);
    while (fn & 1n)
        [fn, sn] = [fn >> 1n, sn >> 1n];
    let fr = path[0], sr = path[0];
    for (const c of path.slice(1)) {
        if (sn === 0n)
            return false;
        if (fn & 1n || fn === sn) {
            [fr, sr] = [node(c, fr), node(c, sr)];
            while (!(fn & 1n) && fn !== 0n)
                [fn, sn] = [fn >> 1n, sn >> 1n];
        } else {
            sr = node(sr, c);
        }
        [fn, sn] = [fn >> 1n, sn >> 1n];
    }
    return sn === 0n && same(fr, first) && same(sr, second);
}

/** The rows of the signed answer, or null when it is not what the response key signed. */
function signedRows(fields) {
    if (!fields.response)
        return null;
    const [version, time, body, signature] = decode(unhex(fields.response[0]), 8);
    const signed = Buffer.concat([tag("passerelle/resp/v1"), unhex(fields["hash of the request"][0]),
        be(8, time), sha256(body)]);
    if (version !== 1 || !verify(unhex(fields["response key"][0]), signature, signed))
        return null;
    return decode(body, 8)[2].filter(Array.isArray);
}

/** A note of the wire as its text, if the log key signed it. */
function wireNote(note, origin, logKey) {
    const text = note && `${origin}\n${note[0]}\n${Buffer.from(note[1]).toString("base64")}\n`;
    return text && verify(logKey, note[2], Buffer.from(text)) ? { size: note[0], root: note[1] } : null;
}

/** The root that the frontier and the entries of a row make; null where an entry is one of the asker's own. */
function producedRoot(fields, entries) {
    const peaks = (fields.frontier ?? []).map(unhex);
    let size = Number(fields["frontier size"][0]), time = 0;
    for (const [dt, header, signature] of entries) {
        time += dt;
        if (!(header instanceof Uint8Array))
            return null;
        // One peak per bit of the size, the largest first; equal neighbours join.
        let hash = sha256(Buffer.from([0, 1]), be(8, time), header, signature);
        for (let at = size; at & 1; at >>= 1)
            hash = node(peaks.pop(), hash);
        peaks.push(hash);
        size++;
    }
    return { size, root: peaks.length ? peaks.reduceRight((right, left) => node(left, right)) : sha256() };
}

export function judge(text) {
    const { fields, ours: oursText, theirs: theirsText } = readFile(text);
    const logKey = unhex(fields["log key"][0]), origin = fields.origin[0];
    const genesis = fields.genesis && unhex(fields.genesis[0]);
    if (!genesis)
        return { proved: null, why: "it does not hold the space's first entry" };
    const logName = decode(genesis, 8)[9][9];
    if (originOf(logName, genesis) !== origin ||
        !same(Buffer.from(decode(genesis, 8)[9][7]), logKey))
        return { proved: null, why: "the space's first entry names another log or key" };
    const ours = readNote(oursText, origin, logKey), theirs = readNote(theirsText, origin, logKey);
    if (ours && theirs && ours.size === theirs.size && !same(ours.root, theirs.root))
        return { proved: "fork", why: `two signed checkpoints of size ${ours.size} with different roots` };
    const own = fields["own root at their size"]?.[0];
    if (ours && theirs && own && !same(unhex(own), theirs.root) &&
        consistent(theirs.size, unhex(own), ours.size, ours.root, (fields.consistency ?? []).map(unhex)))
        return { proved: "fork", why: `no proof leads from the signed checkpoint of size ${theirs.size} to that of ${ours.size}` };
    for (const row of signedRows(fields) ?? []) {
        const note = wireNote(row[3], origin, logKey);
        if (!note)
            continue;
        if (ours && note.size < ours.size && row[1] < ours.size)
            return { proved: "rollback", why: `the server signed size ${ours.size} and now shows ${row[1]}` };
        const made = producedRoot(fields, row[5]);
        if (made && made.size === note.size && !same(made.root, note.root))
            return { proved: "root", why: `the entries of a signed answer do not make its checkpoint of size ${note.size}` };
    }
    return { proved: null, why: "nothing here that the log key's own signatures contradict" };
}

if (process.argv[1]?.endsWith("evidence.mjs")) {
    const verdict = judge(readFileSync(process.argv[2], "utf8"));
    console.log(`${verdict.proved ?? "nothing"}: ${verdict.why}`);
    process.exit(verdict.proved ? 0 : 1);
}
