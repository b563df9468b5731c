// SPDX-License-Identifier: Apache-2.0
//
// Canonical MessagePack as PROTOCOL.md section 3 has it, decoded and encoded.
//
// Values: null, booleans, numbers (BigInt beyond 2^53 - 1), Uint8Array (bin), string, Array.
// decode() throws FormatError for everything else: other types, longer encodings than needed,
// a length beyond the end, text that is not UTF-8 or has a NUL, too deep a nesting, bytes left over.

export class FormatError extends Error {}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Reader {
    constructor(bytes, depth) {
        this.bytes = bytes;
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        this.at = 0;
        this.depth = depth;
    }

    /** The next n bytes, or an error when there are fewer. */
    take(n) {
        if (n > this.bytes.length - this.at)
            throw new FormatError("length beyond the end");
        this.at += n;
        return this.bytes.subarray(this.at - n, this.at);
    }

    /** A big-endian unsigned integer of n bytes that no shorter form could hold. */
    unsigned(n, floor) {
        const start = this.at;
        this.take(n);
        const value = n === 8 ? this.view.getBigUint64(start) :
            n === 4 ? this.view.getUint32(start) :
            n === 2 ? this.view.getUint16(start) : this.view.getUint8(start);
        if (value < floor)
            throw new FormatError("not the shortest encoding");
        return narrow(value);
    }

    /** A big-endian negative integer of n bytes; above `ceiling` a shorter form would do. */
    negative(n, ceiling) {
        const start = this.at;
        this.take(n);
        const value = n === 8 ? this.view.getBigInt64(start) :
            n === 4 ? this.view.getInt32(start) :
            n === 2 ? this.view.getInt16(start) : this.view.getInt8(start);
        if (value >= ceiling)
            throw new FormatError("not the shortest encoding");
        return narrow(value);
    }

    text(n) {
        let value;
        try {
            value = utf8.decode(this.take(n));
        } catch (error) {
            throw error instanceof FormatError ? error : new FormatError("not UTF-8");
        }
        if (value.includes("\0"))
            throw new FormatError("NUL in a text");
        return value;
    }

    array(n) {
        // Each item takes a byte at least: refused before anything is allocated for it.
        if (n > this.bytes.length - this.at)
            throw new FormatError("count beyond the end");
        if (this.depth === 0)
            throw new FormatError("nested too deep");
        this.depth--;
        const items = [];
        for (let i = 0; i < n; i++)
            items.push(this.item());
        this.depth++;
        return items;
    }

    item() {
        const byte = this.take(1)[0];
        if (byte < 0x80)
            return byte;
        if (byte >= 0xe0)
            return byte - 0x100;
        if (byte >= 0x90 && byte < 0xa0)
            return this.array(byte & 15);
        if (byte >= 0xa0 && byte < 0xc0)
            return this.text(byte & 31);
        switch (byte) {
        case 0xc0: return null;
        case 0xc2: return false;
        case 0xc3: return true;
        case 0xc4: return this.take(this.unsigned(1, 0));
        case 0xc5: return this.take(this.unsigned(2, 0x100));
        case 0xc6: return this.take(this.unsigned(4, 0x10000));
        case 0xcc: return this.unsigned(1, 0x80);
        case 0xcd: return this.unsigned(2, 0x100);
        case 0xce: return this.unsigned(4, 0x10000);
        case 0xcf: return this.unsigned(8, 0x100000000n);
        case 0xd0: return this.negative(1, -0x20);
        case 0xd1: return this.negative(2, -0x80);
        case 0xd2: return this.negative(4, -0x8000);
        case 0xd3: return this.negative(8, -0x80000000n);
        case 0xd9: return this.text(this.unsigned(1, 0x20));
        case 0xda: return this.text(this.unsigned(2, 0x100));
        case 0xdb: return this.text(this.unsigned(4, 0x10000));
        case 0xdc: return this.array(this.unsigned(2, 0x10));
        case 0xdd: return this.array(this.unsigned(4, 0x10000));
        default: throw new FormatError("type 0x" + byte.toString(16) + " is not used");
        }
    }
}

function narrow(value) {
    return typeof value === "bigint" && BigInt.asIntN(54, value) === value &&
        Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** The one item in `bytes`; at most `depth` arrays inside one another. */
export function decode(bytes, depth) {
    const reader = new Reader(bytes, depth);
    const value = reader.item();
    if (reader.at !== bytes.length)
        throw new FormatError("bytes after the end");
    return value;
}

function big(lead, value, n) {
    const out = [lead];
    for (let shift = 8n * BigInt(n - 1); shift >= 0n; shift -= 8n)
        out.push(Number((BigInt(value) >> shift) & 255n));
    return out;
}

function lead(n, fixed, limit, forms) {
    if (n < limit)
        return [fixed | n];
    const [one, two, four] = forms;
    return one !== null && n < 0x100 ? big(one, n, 1) : n < 0x10000 ? big(two, n, 2) : big(four, n, 4);
}

function integer(value) {
    if (value >= 0)
        return value < 0x80 ? [Number(value)] : value < 0x100 ? big(0xcc, value, 1) :
            value < 0x10000 ? big(0xcd, value, 2) : value < 0x100000000 ? big(0xce, value, 4) :
            big(0xcf, value, 8);
    return value >= -0x20 ? [Number(value) + 0x100] : value >= -0x80 ? big(0xd0, value, 1) :
        value >= -0x8000 ? big(0xd1, value, 2) : value >= -0x80000000 ? big(0xd2, value, 4) :
        big(0xd3, value, 8);
}

/** The canonical bytes of a value; decode() of them gives the value again. */
export function encode(value) {
    if (value === null)
        return Buffer.from([0xc0]);
    if (typeof value === "boolean")
        return Buffer.from([value ? 0xc3 : 0xc2]);
    if (typeof value === "number" || typeof value === "bigint")
        return Buffer.from(integer(value));
    if (typeof value === "string") {
        const bytes = Buffer.from(value, "utf8");
        return Buffer.concat([Buffer.from(lead(bytes.length, 0xa0, 32, [0xd9, 0xda, 0xdb])), bytes]);
    }
    if (value instanceof Uint8Array)
        return Buffer.concat([Buffer.from(lead(value.length, 0, 0, [0xc4, 0xc5, 0xc6])), value]);
    return Buffer.concat([Buffer.from(lead(value.length, 0x90, 16, [null, 0xdc, 0xdd])),
        ...value.map(encode)]);
}
