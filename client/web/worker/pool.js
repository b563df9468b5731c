// SPDX-License-Identifier: Apache-2.0
//
// pool: the device's files in a pool of nameless ones. A browser opens files asynchronously but reads and writes them
// synchronously; so enough files are opened in advance, and a name is two words in the file's own head.
//
//   head (4096 bytes) = slot A | slot B, 512 bytes each, then nothing
//   slot = "PsF1" | generation u64le | name length u16le | name | CRC-32 of all that u32le
//   content follows the head
//
// The slot with the greater generation counts. A new name is written to the other slot and flushed, so that a cut in
// between leaves the old one: renaming happens whole or not at all. Where two files have one name, the greater
// generation wins and the other is empty. A file whose name is empty is free.
//
// `handles` are what createSyncAccessHandle gives, or the like of it: read(bytes, {at}), write(bytes, {at}), getSize(),
// truncate(size), flush(), close().

const HEAD = 4096;
const SLOT = 512;
const MAGIC = 0x31467350; // "PsF1"
const NAME_AT = 14;
const NAME_MAX = SLOT - NAME_AT - 4;

const TABLE = new Uint32Array(256).map((_, n) => {
    for (let k = 0; k < 8; k++) {
        n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    }
    return n >>> 0;
});

function crc32(bytes) {
    let crc = ~0;
    for (const byte of bytes) {
        crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
    }
    return ~crc >>> 0;
}

function slotWrite(generation, name) {
    const text = new TextEncoder().encode(name);
    const slot = new Uint8Array(SLOT);
    const view = new DataView(slot.buffer);
    if (text.length > NAME_MAX) {
        throw new Error('name too long');
    }
    view.setUint32(0, MAGIC, true);
    view.setBigUint64(4, BigInt(generation), true);
    view.setUint16(12, text.length, true);
    slot.set(text, NAME_AT);
    view.setUint32(NAME_AT + text.length, crc32(slot.subarray(0, NAME_AT + text.length)), true);
    return slot;
}

/** {generation, name}, or null when the slot was never written or not whole. */
function slotRead(slot) {
    const view = new DataView(slot.buffer, slot.byteOffset, SLOT);
    const len = view.getUint16(12, true);
    if (view.getUint32(0, true) !== MAGIC || len > NAME_MAX) {
        return null;
    }
    if (view.getUint32(NAME_AT + len, true) !== crc32(slot.subarray(0, NAME_AT + len))) {
        return null;
    }
    return {
        generation: Number(view.getBigUint64(4, true)),
        name: new TextDecoder().decode(slot.subarray(NAME_AT, NAME_AT + len)),
    };
}

class PoolFile {
    constructor(handle) {
        this.handle = handle;
        this.name = '';
        this.generation = 0;
        this.slot = 1; // of the current name; the other one is written next
        const head = new Uint8Array(HEAD);
        if (handle.getSize() >= HEAD) {
            handle.read(head, { at: 0 });
        }
        for (const [slot, found] of [slotRead(head.subarray(0, SLOT)), slotRead(head.subarray(SLOT, 2 * SLOT))].entries()) {
            if (found && found.generation > this.generation) {
                Object.assign(this, found, { slot });
            }
        }
    }

    rename(name, generation) {
        const slot = 1 - this.slot;
        if (this.handle.getSize() < HEAD) {
            this.handle.truncate(HEAD);
        }
        this.handle.write(slotWrite(generation, name), { at: slot * SLOT });
        this.handle.flush();
        Object.assign(this, { name, generation, slot });
    }

    /** Frees it: the name goes first, then the content. */
    clear(generation) {
        this.rename('', generation);
        this.handle.truncate(HEAD);
        this.handle.flush();
    }

    size() {
        return Math.max(0, this.handle.getSize() - HEAD);
    }
}

export class Pool {
    /** `add()` opens one more file, asynchronously. */
    constructor(handles, add) {
        this.add = add;
        this.files = handles.map((handle) => new PoolFile(handle));
        this.generation = this.files.reduce((most, file) => Math.max(most, file.generation), 0);
        this.byName = new Map();
        for (const [number, file] of this.files.entries()) {
            if (!file.name) {
                continue;
            }
            const other = this.byName.get(file.name);
            if (other === undefined) {
                this.byName.set(file.name, number);
                continue;
            }
            const [newer, older] = this.files[other].generation > file.generation ? [other, number] : [number, other];
            this.byName.set(file.name, newer);
            this.files[older].clear(++this.generation);
        }
        // What was freed but not emptied.
        for (const file of this.files) {
            if (!file.name && file.size() > 0) {
                file.handle.truncate(HEAD);
            }
        }
    }

    names() {
        return [...this.byName.keys()];
    }

    spare() {
        return this.files.length - this.byName.size;
    }

    /** Opens files until `n` are free; between commands, for files cannot be opened while one runs. */
    async reserve(n) {
        while (this.spare() < n) {
            this.files.push(new PoolFile(await this.add(this.files.length)));
        }
    }

    /** The number of a file, or -1 when there is none of that name (and none free, with `create`: -3). */
    open(name, create) {
        const known = this.byName.get(name);
        if (known !== undefined || !create) {
            return known ?? -1;
        }
        const number = this.files.findIndex((file) => !file.name);
        if (number < 0) {
            return -3;
        }
        this.files[number].rename(name, ++this.generation);
        this.byName.set(name, number);
        return number;
    }

    read(number, out, at) {
        return this.files[number].handle.read(out, { at: HEAD + at });
    }

    write(number, bytes, at) {
        return this.files[number].handle.write(bytes, { at: HEAD + at });
    }

    size(number) {
        return this.files[number].size();
    }

    truncate(number, size) {
        this.files[number].handle.truncate(HEAD + size);
    }

    flush(number) {
        this.files[number].handle.flush();
    }

    remove(name) {
        const number = this.byName.get(name);
        if (number === undefined) {
            return false;
        }
        this.byName.delete(name);
        this.files[number].clear(++this.generation);
        return true;
    }

    rename(from, to) {
        const number = this.byName.get(from);
        if (number === undefined) {
            return false;
        }
        const replaced = this.byName.get(to);
        this.files[number].rename(to, ++this.generation);
        this.byName.delete(from);
        this.byName.set(to, number);
        if (replaced !== undefined && replaced !== number) {
            this.files[replaced].clear(++this.generation);
        }
        return true;
    }

    close() {
        for (const file of this.files) {
            file.handle.flush();
            file.handle.close();
        }
        this.files = [];
        this.byName.clear();
    }
}
