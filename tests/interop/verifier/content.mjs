// SPDX-License-Identifier: Apache-2.0
//
// What the keys open: bodies, routing boxes, slots, wraps, seals (PROTOCOL.md sections 5 and 6.4),
// links and codes (5.1, 10), and the key header of a device at rest (11). Functions that open a box
// give null when it does not open; those that read a plaintext throw FormatError.

import { decode } from "./msgpack.mjs";
import { B, ZERO16, ZERO32, be, hex, open, openWithNonce, passwordKey, sha256, tag, xor }
    from "./primitives.mjs";
import { array, bin, bin8, or, wants } from "./leaf.mjs";

const SUITE = Buffer.from([1]);

// --- keys -------------------------------------------------------------------------------------

export const commitDossier = (rk, shred_id) => B(32, rk, tag("passerelle/kcom/v1"), shred_id);

/** `which` is ek, sk or route. */
export const commitEpoch = (which, key, space, epoch) =>
    B(32, key, tag(`passerelle/kcom/${which}/v1`), space, be(4, epoch));

export const routeKey = (ek, space) => B(32, ek, tag("passerelle/route/v1"), space);

export const rowOf = (ek1, space, shred_id) =>
    B(16, B(32, ek1, tag("passerelle/row/v1"), space), shred_id);

export function contentKey(ek, rk, { space, shred_id, epoch }) {
    const ctx = [space, shred_id, be(4, epoch)];
    return xor(B(32, ek, tag("passerelle/ck/e/v1"), ...ctx), B(32, rk, tag("passerelle/ck/r/v1"), ...ctx));
}

// --- boxes ------------------------------------------------------------------------------------

const bodyAd = ({ space, device, seq, epoch }, i, shred_id) => Buffer.concat([
    tag("passerelle/box/v1"), SUITE, space, device, be(8, seq), be(2, i), be(4, epoch), shred_id]);

/** Body i of a data leaf, whose routing box is `route`. */
export function openBody(ck, leaf, route, i, shred_id, body) {
    const nonce = B(24, null, route.subarray(0, 24), be(2, i));
    return open(ck, nonce, body, bodyAd(leaf, i, shred_id));
}

/** Body i of an operation. */
export const openOperationBody = (k_route, leaf, i, body) =>
    openWithNonce(k_route, body, bodyAd(leaf, i, ZERO16));

export const openRoute = (k_route, { space, device, seq, epoch }, route) => openWithNonce(k_route, route,
    Buffer.concat([tag("passerelle/route/v1"), space, device, be(8, seq), be(4, epoch)]));

export const openSlot = (sk, space, shred_id, epoch, kcom, slot) => openWithNonce(sk, slot,
    Buffer.concat([tag("passerelle/slot/v1"), space, shred_id, be(4, epoch), kcom]));

/** `type` 0 for EK, 2 for K_route; `epoch` is that of the new key. */
export const openWrap = (key, type, space, epoch, wrap) => openWithNonce(key, wrap,
    Buffer.concat([tag("passerelle/wrap/v1"), Buffer.from([type]), space, be(4, epoch)]));

// --- padding ----------------------------------------------------------------------------------

export function paddedLength(content) {
    const length = content + 1;
    if (length <= 32)
        return 32;
    const E = Math.floor(Math.log2(length));
    const step = 2 ** (E - Math.floor(Math.log2(E)) - 1);
    return Math.ceil(length / step) * step;
}

export function unpad(bytes) {
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === 0)
        end--;
    wants(end > 0 && bytes[end - 1] === 0x80 && paddedLength(end - 1) === bytes.length, "padding");
    return bytes.subarray(0, end - 1);
}

// --- plaintexts -------------------------------------------------------------------------------

const ZERO8 = Buffer.alloc(8);

/** {pack, zstd: true} for a compressed one, else {pack, changes: [{record, field, base, value}]}. */
export function readBox(plaintext, seen_size) {
    const content = unpad(plaintext);
    wants(content.length >= 3 && content[2] <= 1, "compression");
    const pack = content.readUInt16BE(0);
    if (content[2] === 1)
        return { pack, zstd: true };
    const item = decode(content.subarray(3), 8);
    wants(Array.isArray(item) && item.length === 2 && item.every(Array.isArray) &&
        item[1].length % 4 === 0, "box");
    const [records, flat] = item;
    records.forEach(bin8);
    const changes = [];
    for (let i = 0; i < flat.length; i += 4) {
        const [delta, record, field, value] = flat.slice(i, i + 4);
        wants(delta <= seen_size && record <= records.length && Number.isInteger(field), "change");
        checkValue(value, true);
        changes.push({ base: seen_size - delta, field, value,
            record: record === 0 ? ZERO8 : records[record - 1] });
    }
    return { pack, changes };
}

function checkValue(value, sets) {
    if (Array.isArray(value)) {
        wants(sets && value.length === 2 && (value[0] === 0 || value[0] === 1), "set");
        checkValue(value[1], false);
    } else if (value instanceof Uint8Array) {
        wants([8, 16, 24].includes(value.length), "reference");
    } else if (typeof value === "string") {
        wants(Buffer.byteLength(value) <= 65536, "text too long");
    }
}

/** Per body: {shred_id, kcom} or {birth: [leaf, box]}, and its changes as {author, run, ordinal, time}. */
export function readRouting(plaintext) {
    const [sources, ...entries] = decode(unpad(plaintext), 8);
    wants(Array.isArray(sources) && sources.length % 2 === 0, "sources");
    sources.forEach((source, i) => (i % 2 === 0 ? or(bin(16)) : bin8)(source));
    return entries.map((entry) => {
        const mention = entry[0] instanceof Uint8Array;
        const dossier = mention ?
            { shred_id: entry[0].subarray(0, 16), kcom: entry[0].subarray(16) } :
            { birth: entry.slice(0, 2) };
        if (mention)
            bin(48)(entry[0]);
        const [source, ...numbers] = entry.slice(mention ? 1 : 2);
        wants(source * 2 < sources.length && numbers.length >= 2 && numbers.length % 2 === 0, "route");
        const changes = [];
        for (let i = 0, ordinal = 0, time = 0; i < numbers.length; i += 2) {
            wants(numbers[i] > 0, "ordinal");
            ordinal += numbers[i];
            time += numbers[i + 1];
            changes.push({ author: sources[2 * source], run: sources[2 * source + 1], ordinal, time });
        }
        return { ...dossier, changes };
    });
}

// --- links and codes --------------------------------------------------------------------------

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export function shortCode(hash) {
    const bits = BigInt("0x" + hex(hash.subarray(0, 5)));
    return Array.from({ length: 8 }, (_, i) => CROCKFORD[Number((bits >> BigInt(35 - 5 * i)) & 31n)]).join("");
}

export const compareCode = (ed_pk, x_pk, space) =>
    shortCode(sha256(tag("passerelle/compare/v1"), ed_pk, x_pk, space));

/** {url, kind: "f1" | "i1", parts}: the parts in the order of section 10. */
export function readLink(link) {
    const match = /^(.*)\/#(f1|i1)\.([A-Za-z0-9_-]+)$/.exec(link);
    wants(match, "link");
    const bytes = Buffer.from(match[3], "base64url");
    wants(bytes.toString("base64url") === match[3], "base64url");
    const sizes = match[2] === "f1" ? [32, 32] : [16, 32, 32, 32];
    wants(bytes.length === sizes.reduce((a, b) => a + b), "link of another length");
    let at = 0;
    const parts = sizes.map((size) => bytes.subarray(at, at += size));
    return { url: match[1], kind: match[2], parts };
}

export const linkKeySeed = (secret) => B(32, secret, tag("passerelle/link/v1"));

// --- at rest ----------------------------------------------------------------------------------

/** {device, flags, secrets} of a key header; secrets is null when the passphrase does not open it. */
export function openKeyHeader(passphrase, header, hk = ZERO32) {
    wants(header[0] === 1 && header.length > 66 + 16, "key header");
    const passes = header.readUInt32BE(17), memory = header.readUInt32BE(21);
    wants(!(passes < 4 && memory < 65536) && passes >= 3 && memory >= 32768 && passes <= 16 &&
        memory <= 1 << 20, "costs");
    const device = header.subarray(26, 42);
    const uk = passwordKey(passphrase, header.subarray(1, 17), passes, memory);
    const kek = B(32, uk, tag("passerelle/kek/v1"), hk, device);
    const secrets = open(kek, header.subarray(42, 66), header.subarray(66), header.subarray(0, 42));
    return { device, flags: header[25], secrets };
}

