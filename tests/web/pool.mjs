// SPDX-License-Identifier: Apache-2.0
//
// Goal: a name in the pool changes whole or not at all. Small stories are cut after each operation on a file, and in the
// middle of each write; what the next start finds must be the state before or after the step that was cut.

import assert from 'node:assert/strict';

import { Pool } from '../../client/web/worker/pool.js';

class Cut extends Error {}

/** Files in memory; after `left` operations the power goes, the last write half done. */
class Disk {
    constructor() {
        this.files = [];
        this.left = Infinity;
        this.torn = 0; // bytes of the cut write that arrive
    }

    tick(torn) {
        if (this.left-- <= 0) {
            torn?.();
            throw new Cut();
        }
    }

    handle(number) {
        this.files[number] ??= new Uint8Array(0);
        const grow = (size) => {
            const grown = new Uint8Array(size);
            grown.set(this.files[number].subarray(0, size));
            this.files[number] = grown;
        };
        const write = (bytes, at) => {
            if (at + bytes.length > this.files[number].length) {
                grow(at + bytes.length);
            }
            this.files[number].set(bytes, at);
            return bytes.length;
        };
        return {
            read: (out, { at }) => {
                const part = this.files[number].subarray(at, at + out.length);
                out.set(part);
                return part.length;
            },
            write: (bytes, { at }) => {
                this.tick(() => write(bytes.subarray(0, Math.min(this.torn, bytes.length)), at));
                return write(bytes, at);
            },
            getSize: () => this.files[number].length,
            truncate: (size) => {
                this.tick();
                grow(size);
            },
            flush: () => this.tick(),
            close: () => {},
        };
    }

    async pool() {
        const pool = new Pool(this.files.map((_, number) => this.handle(number)), async (number) => this.handle(number));
        await pool.reserve(Math.max(0, 6 - pool.byName.size));
        return pool;
    }
}

const put = (pool, name, text) => {
    const number = pool.open(name, true);
    pool.truncate(number, 0);
    pool.write(number, new TextEncoder().encode(text), 0);
    pool.flush(number);
};
const state = (pool) => Object.fromEntries(pool.names().sort().map((name) => {
    const number = pool.open(name, false);
    const bytes = new Uint8Array(pool.size(number));
    pool.read(number, bytes, 0);
    return [name, new TextDecoder().decode(bytes)];
}));

/** [what happens, the names that may be half done in between]. */
const stories = {
    'a file replaces another': [(pool) => pool.rename('key.part', 'key'), []],
    'a file gets a new name': [(pool) => pool.rename('db', 'db.aside'), []],
    'a file goes': [(pool) => pool.remove('db'), []],
    'a file comes': [(pool) => pool.open('new', true), []],
    'written beside and renamed': [(pool) => { put(pool, 'note.part', 'new'); pool.rename('note.part', 'note'); }, ['note.part']],
};

async function prepared() {
    const disk = new Disk();
    const pool = await disk.pool();
    put(pool, 'key', 'old key');
    put(pool, 'key.part', 'new key');
    put(pool, 'db', 'rows');
    put(pool, 'note', 'old');
    return disk;
}

const TORN = [0, 3, 13, 16, 256, 512];
let cuts = 0;
for (const [name, [act, loose]] of Object.entries(stories)) {
    const without = (found) => Object.fromEntries(Object.entries(found).filter(([file]) => !loose.includes(file)));
    const base = await prepared();
    const before = JSON.stringify(without(state(await base.pool())));
    const done = await base.pool();
    act(done);
    const after = JSON.stringify(without(state(done)));
    assert.notEqual(before, after);
    let finished = false;
    for (let turn = 0; !finished; turn++) {
        const left = Math.floor(turn / TORN.length);
        const disk = await prepared();
        const pool = await disk.pool();
        disk.left = left;
        disk.torn = TORN[turn % TORN.length];
        try {
            act(pool);
            finished = true;
        } catch (error) {
            assert.ok(error instanceof Cut, String(error.stack));
            cuts++;
        }
        disk.left = Infinity;
        const found = JSON.stringify(without(state(await disk.pool())));
        assert.ok(found === before || found === after, `${name}, cut after ${left}: ${found}`);
        // And it goes on working: the same again, or what was not done, without a trace of the cut.
        const again = await disk.pool();
        put(again, 'later', 'x');
        assert.equal(state(await disk.pool()).later, 'x');
        assert.equal(finished ? found : after, after);
    }
}
assert.ok(cuts > 20, `${cuts} cuts`);

// A damaged head frees the file instead of inventing a name.
const disk = await prepared();
disk.files[0][2] ^= 1;
disk.files[0][512 + 2] ^= 1;
assert.equal('key' in state(await disk.pool()), false);
assert.equal(state(await disk.pool()).db, 'rows');

// No room is said, not thrown away.
const full = await (await prepared()).pool();
for (let i = 0; full.spare() > 0; i++) {
    put(full, `n${i}`, '');
}
assert.equal(full.open('one more', true), -3);
console.log(`${cuts} cuts`);
