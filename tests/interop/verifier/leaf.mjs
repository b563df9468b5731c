// SPDX-License-Identifier: Apache-2.0
//
// Leaves and their operations (PROTOCOL.md section 4), with the proofs of section 10.2.

import { decode, FormatError } from "./msgpack.mjs";
import { sha256, tag } from "./primitives.mjs";

export const KIND = {
    genesis: 1, device_add: 2, device_revoke: 3, role_set: 4, epoch_change: 5, log_key: 6,
    witness_set: 7, pack_set: 8, confirm: 9, device_rekey: 16, invite: 17, invite_close: 18,
    label: 19, erase: 20, purge: 21, adopt: 22, moved: 23, audit_grant: 24, audit_close: 25,
    export_notice: 26, access: 27, data: 64, snapshot: 65,
};

const wants = (holds, what) => {
    if (!holds)
        throw new FormatError(what);
};

// Shapes: each is a function that throws unless the item fits.
const uint = (max) => (item) => wants((typeof item === "number" || typeof item === "bigint") &&
    item >= 0 && item <= max, "integer out of range");
const bits = uint(63), u63 = uint(2n ** 63n - 1n), u32 = uint(2 ** 32 - 1), u16 = uint(65535), u8 = uint(255);
const one = (value) => (item) => wants(item === value, "not " + value);
const bin = (min, max = min) => (item) => wants(item instanceof Uint8Array && item.length >= min &&
    item.length <= max, "bin of another length");
const text = (item) => wants(typeof item === "string", "not a text");
const or = (shape) => (item) => item === null || shape(item);
const array = (...shapes) => (item) => {
    wants(Array.isArray(item) && item.length === shapes.length, "array of another length");
    shapes.forEach((shape, i) => shape(item[i]));
};
const repeated = (...shapes) => (item) => {
    wants(Array.isArray(item) && item.length % shapes.length === 0, "list of another length");
    item.forEach((member, i) => shapes[i % shapes.length](member));
};
const nil = one(null);
const bin8 = bin(8), bin16 = bin(16), bin32 = bin(32), bin64 = bin(64), bin72 = bin(72);
const part = bin(1, 512 * 1024);

function proof(item) {
    wants(Array.isArray(item), "not a proof");
    (item[0] === 1 ? array(one(1), part, bin64, bin64) : array(one(2), part, bin64))(item);
}

/** What a log or witness may be called (section 8). */
const plainName = (name) => wants(/^[!-*,-~]{1,255}$/.test(name), "name that no note's key may have");

const pairs = repeated(u63, u8);

// Names and shapes of the fields after ctl_prev.
const OPERATIONS = {
    1: { level: uint(3), created_s: u63, suite: u8, nonce: bin16, ed_pk: bin32, x_pk: bin32, log_pk: bin32,
        resp_pk: bin32, log_name: text, old: or(array(bin16, u63, bin32)) },
    2: { roles: bits, proof },
    3: { device: bin16, mode: uint(1), cut: u63 },
    4: { device: bin16, roles: bits },
    5: { epoch: u16, suite: u8, kcom_ek: bin32, kcom_sk: bin32, kcom_route: bin32,
        wrap_ek: or(bin72), wrap_route: or(bin72) },
    6: { log_pk: bin32, resp_pk: bin32, signature: bin64 },
    7: { quorum: u8, witnesses: repeated(text, bin32) },
    8: { number: u16, hash: bin32 },
    9: { leaf: bin32 },
    16: { x_pk: bin32 },
    17: { invite_pk: bin32, roles: bits, expires_s: u63 },
    18: { invite_pk: bin32 },
    19: { target: uint(1), id: bin16 },
    20: { shred_id: bin16, row: bin16, reason: u8, boxes: pairs },
    21: { shred_id: bin16, boxes: pairs },
    22: { device: bin16, inbox: bin32, count: u63 },
    23: { shred_id: bin16, space: bin16 },
    24: { auditor: bin16, shred_id: or(bin16), from_s: u63, to_s: u63, expires_s: u63 },
    25: { grant: bin32 },
    26: { what: u8, count: u63 },
    27: { count: u63 },
};

function operationOf(kind, item) {
    wants(Array.isArray(item) && item.length >= 1, "not an operation");
    const operation = { ctl_prev: item[0] };
    (kind === KIND.genesis || kind >= 16 ? nil : bin32)(item[0]);
    const shapes = OPERATIONS[kind];
    array(...Object.values(shapes))(item.slice(1));
    Object.keys(shapes).forEach((name, i) => { operation[name] = item[1 + i]; });
    if (kind === KIND.epoch_change)
        for (const wrap of [operation.wrap_ek, operation.wrap_route])
            wants((wrap !== null) === (operation.epoch > 1), "wraps go with all epochs but the first");
    if (kind === KIND.genesis)
        plainName(operation.log_name);
    if (kind === KIND.witness_set) {
        wants(operation.quorum * 2 <= operation.witnesses.length, "quorum above the number");
        operation.witnesses.filter((_, i) => i % 2 === 0).forEach(plainName);
    }
    return operation;
}

/** A leaf with its fields by name; throws FormatError. Both arguments are kept, not copied. */
export function readLeaf(header, signature) {
    wants(header.length <= 512 * 1024, "header above 512 KiB");
    bin64(signature);
    const item = decode(header, 4);
    array(one(1), bin16, bin16, u63, bin32, u63, bin32, u32, u63, () => {}, or(bin32), uint(256),
        or(bin32))(item);
    const [, space, device, seq, prev, seen_size, seen_root, epoch, kind, load, keys, n_bodies, bodies] =
        item;
    wants(seq >= 1, "seq starts at 1");
    wants((bodies === null) === (n_bodies === 0), "bodies without number or the reverse");
    const leaf = { header, signature, space, device, seq, prev, seen_size, seen_root, epoch, kind, keys,
        n_bodies, bodies, hash: sha256(header, signature), operation: null, route: null };
    if (kind === KIND.data || kind === KIND.snapshot) {
        bin(40, 512 * 1024)(load);
        leaf.route = load;
    } else if (OPERATIONS[kind]) {
        leaf.operation = operationOf(kind, load);
    }
    return leaf;
}

/**
 * What a device_add proves: {ed_pk, x_pk, device_kind, invite_pk | null, space | null, checks}, where
 * checks are [key, signature, signed string...] that must all verify.
 */
export function readProof(item) {
    const [form, bytes] = item;
    const fields = decode(bytes, 1);
    if (form === 1) {
        array(one(1), bin16, bin32, bin32, bin32, uint(1), bin32)(fields);
        const [, space, invite_pk, ed_pk, x_pk, device_kind] = fields;
        const signed = [tag("passerelle/join/v1"), bytes];
        return { space, invite_pk, ed_pk, x_pk, device_kind,
            checks: [[invite_pk, item[2], ...signed], [ed_pk, item[3], ...signed]] };
    }
    array(one(1), bin32, bin32, uint(1))(fields);
    const [, ed_pk, x_pk, device_kind] = fields;
    return { space: null, invite_pk: null, ed_pk, x_pk, device_kind,
        checks: [[ed_pk, item[2], tag("passerelle/keys/v1"), bytes]] };
}

export const deviceOf = (ed_pk) => sha256(tag("passerelle/dev/v1"), ed_pk).subarray(0, 16);

export { array, bin, bin8, or, repeated, text, uint, wants };
