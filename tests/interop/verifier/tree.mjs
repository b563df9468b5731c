// SPDX-License-Identifier: Apache-2.0
//
// RFC 6962 tree and checkpoint notes (PROTOCOL.md section 8).

import { be, sha256, tag, verify } from "./primitives.mjs";

const node = (left, right) => sha256(Buffer.from([1]), left, right);

export const merkleLeaf = (entry) => sha256(Buffer.from([0]), entry);

/** 0x01 | u64be t_recv | header | signature */
export const logEntry = (t_recv, header, signature) =>
    Buffer.concat([Buffer.from([1]), be(8, t_recv), header, signature]);

/** A tree that grows by leaves and remembers its root at every size. */
export class Tree {
    constructor() {
        this.peaks = [];
        this.roots = [sha256()];
    }

    get size() {
        return this.roots.length - 1;
    }

    add(leaf) {
        // One peak per bit of the size, the largest first; equal neighbours join.
        let size = this.size, hash = leaf;
        for (; size & 1; size = Math.floor(size / 2))
            hash = node(this.peaks.pop(), hash);
        this.peaks.push(hash);
        this.roots.push(this.peaks.reduceRight((right, left) => node(left, right)));
        return this.roots[this.size];
    }
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

export function base32(bytes) {
    let bits = 0n, out = "";
    for (const byte of bytes)
        bits = (bits << 8n) | BigInt(byte);
    const count = Math.ceil((bytes.length * 8) / 5);
    bits <<= BigInt(count * 5 - bytes.length * 8);
    for (let i = count - 1; i >= 0; i--)
        out += BASE32[Number((bits >> BigInt(5 * i)) & 31n)];
    return out;
}

/** Key hash of a signed note: first 4 bytes of SHA-256(name | newline | type | key). */
export function keyHash(name, type, pk) {
    return sha256(name + "\n", Buffer.from([type]), pk).subarray(0, 4);
}

/** Canonical base64 only. */
function base64(text) {
    const bytes = Buffer.from(text, "base64");
    return bytes.toString("base64") === text ? bytes : null;
}

/**
 * Reads a checkpoint of `origin` signed by `pk`: {size, root, cosignatures}, or null when it is not
 * one. Signatures of other names are counted, not judged: C2SP asks to ignore them.
 */
export function readNote(note, origin, pk) {
    const cut = note.indexOf("\n\n");
    if (cut < 0 || !note.endsWith("\n"))
        return null;
    const text = note.slice(0, cut + 1);
    const lines = text.split("\n");
    const root = lines.length === 4 ? base64(lines[2]) : null;
    if (lines[0] !== origin || !/^(0|[1-9][0-9]{0,15})$/.test(lines[1]) || root?.length !== 32)
        return null;
    let signed = false, others = 0;
    for (const line of note.slice(cut + 2, -1).split("\n")) {
        const parts = /^\u2014 (\S+) (\S+)$/.exec(line);
        const bytes = parts && base64(parts[2]);
        if (!bytes || bytes.length < 5)
            return null;
        if (parts[1] !== origin || !bytes.subarray(0, 4).equals(keyHash(origin, 1, pk))) {
            others++;
            continue;
        }
        if (signed || !verify(pk, bytes.subarray(4), Buffer.from(text)))
            return null;
        signed = true;
    }
    return signed ? { size: Number(lines[1]), root, others } : null;
}

export const originOf = (logName, space) => `${logName}/${base32(space)}`;

export const spaceOf = (genesisHeader) =>
    sha256(tag("passerelle/space/v1"), genesisHeader).subarray(0, 16);
