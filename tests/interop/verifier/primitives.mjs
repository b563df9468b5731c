// SPDX-License-Identifier: Apache-2.0
//
// The primitives of PROTOCOL.md section 2. SHA-256, Ed25519 and X25519 are node's; BLAKE2b with a
// key, XChaCha20-Poly1305, the sealed box and Argon2id come from two packages without native code.

import crypto from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha";
import { hsalsa, xsalsa20poly1305 } from "@noble/ciphers/salsa";
import { argon2id } from "@noble/hashes/argon2";
import { blake2b } from "@noble/hashes/blake2b";

export const ZERO16 = Buffer.alloc(16);
export const ZERO32 = Buffer.alloc(32);

export const hex = (bytes) => Buffer.from(bytes).toString("hex");
export const unhex = (text) => Buffer.from(text, "hex");
export const same = (a, b) => a !== null && b !== null && Buffer.compare(a, b) === 0;

/** A tag with its terminating NUL. */
export const tag = (text) => Buffer.from(text + "\0", "ascii");

/** `value` as a big-endian integer of `n` bytes. */
export function be(n, value) {
    const out = Buffer.alloc(8);
    out.writeBigUInt64BE(BigInt(value));
    return out.subarray(8 - n);
}

export function sha256(...parts) {
    const hash = crypto.createHash("sha256");
    for (const part of parts)
        hash.update(part);
    return hash.digest();
}

/** B(n, key, x): key null means no key. */
export function B(n, key, ...parts) {
    return Buffer.from(blake2b(Buffer.concat(parts), { dkLen: n, key: key === null ? undefined : key }));
}

export function xor(a, b) {
    return Buffer.from(a.map((byte, i) => byte ^ b[i]));
}

/** nonce24 | box, opened, or null when it does not open. */
export function openWithNonce(key, box, ad) {
    return open(key, box.subarray(0, 24), box.subarray(24), ad);
}

export function open(key, nonce, box, ad) {
    try {
        return Buffer.from(xchacha20poly1305(key, nonce, ad).decrypt(box));
    } catch {
        return null;
    }
}

const words = (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
};

const der = (prefix, bytes) => Buffer.concat([unhex(prefix), bytes]);
const publicKey = (oid, bytes) =>
    crypto.createPublicKey({ key: der(`302a300506032b65${oid}032100`, bytes), format: "der", type: "spki" });
const privateKey = (oid, seed) => crypto.createPrivateKey({
    key: der(`302e020100300506032b65${oid}04220420`, seed), format: "der", type: "pkcs8",
});

/** The X25519 pair of a box seed: its secret is the first half of SHA-512(seed), as in libsodium. */
export function boxPair(seed) {
    const secret = privateKey("6e", crypto.createHash("sha512").update(seed).digest().subarray(0, 32));
    const pk = crypto.createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(12);
    return { secret, pk };
}

/** What crypto_box_seal made for a box pair, or null. */
export function openSealed({ secret, pk }, box) {
    const theirs = box.subarray(0, 32);
    const shared = crypto.diffieHellman({ privateKey: secret, publicKey: publicKey("6e", theirs) });
    const key = new Uint32Array(8);
    hsalsa(words(Buffer.from("expand 32-byte k")), words(shared), words(ZERO16), key);
    const bytes = new Uint8Array(32);
    key.forEach((word, i) => new DataView(bytes.buffer).setUint32(4 * i, word, true));
    try {
        const nonce = B(24, null, theirs, pk);
        return Buffer.from(xsalsa20poly1305(bytes, nonce).decrypt(box.subarray(32)));
    } catch {
        return null;
    }
}

export const signer = (seed) => {
    const key = privateKey("70", seed);
    const pk = crypto.createPublicKey(key).export({ format: "der", type: "spki" }).subarray(12);
    return { pk, sign: (...parts) => crypto.sign(null, Buffer.concat(parts), key) };
};

// The field and the group of Ed25519 (RFC 8032 section 5.1).
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (x) => ((x % P) + P) % P;
const littleEndian = (bytes) => BigInt("0x" + hex(Buffer.from(bytes).reverse()));
const yOf = (point) => littleEndian(point) & (2n ** 255n - 1n);

function inverse(x) {
    let result = 1n;
    for (let power = P - 2n, base = mod(x); power > 0n; power >>= 1n, base = mod(base * base))
        if (power & 1n)
            result = mod(result * base);
    return result;
}

const D = mod(-121665n * inverse(121666n));

/** y of a point whose order divides 8: 1, -1, 0, and where doubling gives y = 0 (d y^4 + 2 y^2 = 1). */
function smallOrder(point) {
    const y = mod(yOf(point));
    const square = mod(y * y);
    return y === 0n || y === 1n || y === P - 1n || mod(D * square * square + 2n * square - 1n) === 0n;
}

/**
 * Strict Ed25519: S below the group order, key canonical, neither key nor R of small order, and the
 * equation without cofactor (node's library recomputes R and compares its bytes).
 */
export function verify(pk, signature, ...parts) {
    if (pk.length !== 32 || signature.length !== 64)
        return false;
    const R = signature.subarray(0, 32);
    if (littleEndian(signature.subarray(32)) >= L || yOf(pk) >= P || smallOrder(pk) || smallOrder(R))
        return false;
    try {
        return crypto.verify(null, Buffer.concat(parts), publicKey("70", pk), signature);
    } catch {
        return false;
    }
}

/** Argon2id 1.3 of 32 bytes on one lane; `memory` in KiB. */
export function passwordKey(passphrase, salt, passes, memory) {
    return Buffer.from(argon2id(passphrase, salt, { t: passes, m: memory, p: 1, dkLen: 32 }));
}
