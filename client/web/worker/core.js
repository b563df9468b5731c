// SPDX-License-Identifier: Apache-2.0
//
// core: the WebAssembly as a JavaScript object; core/web.h is its manual. Synchronous, without storage or network of its
// own: those are given. The same in the browser's worker and in node.

import { hostImports } from './host.js';
import { Exit, NAMESPACE, Wasi } from './wasi.js';

const utf8 = new TextEncoder();

/** What went wrong, in the library's own sentence; `exit` as at a terminal: 1 refused, 3 network, 4 alarm. */
export class CoreError extends Error {
    constructor(core, result) {
        const x = core.x;
        super(core.reason(result));
        this.result = result;
        this.exit = x.web_exit(result);
    }
}

/** The memory is not to be trusted any more (an assertion, no memory): end the worker and start again. */
export class Broken extends Error {}

function noStorage() {
    throw new Error('no storage');
}

const NO_POOL = { open: noStorage, read: noStorage, write: noStorage, size: noStorage, truncate: noStorage, flush: noStorage,
    remove: noStorage, rename: noStorage };

export class Core {
    /** `module` is a WebAssembly.Module; without `pool` only stretch() works. */
    static async load(module, { pool = NO_POOL, http = noStorage, now, lang = 'fr' } = {}) {
        const core = new Core();
        const memory = () => core.x.memory;
        core.wasi = new Wasi(memory, now);
        const imports = { [NAMESPACE]: core.wasi.imports(module), host: hostImports(memory, pool, http), math: Math };
        core.x = (await WebAssembly.instantiate(module, imports)).exports;
        core.x._initialize();
        core.started = pool === NO_POOL ? 0 : core.with([lang], (at) => core.x.web_start(at));
        if (core.started < 0) {
            throw new Error('no randomness');
        }
        return core;
    }

    /** Whether there is a device here. */
    hasKey() {
        return this.guard(() => this.x.web_key_of()) === 0;
    }

    /** A result in one sentence; what an unreachable server is called. */
    reason(result) {
        return this.sentence(this.text(this.x.web_why(result)));
    }

    unreachable() {
        return this.reason(this.x.web_net_failed());
    }

    // ---- memory

    /** Puts strings (zero-terminated) and bytes into memory, calls fn with their places, wipes them. */
    with(values, fn) {
        const parts = values.map((value) => (typeof value === 'string' ? utf8.encode(value + '\0') : value));
        const places = [];
        try {
            for (const part of parts) {
                const at = this.x.web_alloc(part.length);
                if (!at) {
                    throw new Broken('no memory');
                }
                new Uint8Array(this.x.memory.buffer, at, part.length).set(part);
                places.push(at);
            }
            return this.guard(() => fn(...places));
        } finally {
            places.forEach((at, i) => this.x.web_free(at, parts[i].length));
        }
    }

    guard(fn) {
        try {
            return fn();
        } catch (error) {
            if (error instanceof WebAssembly.RuntimeError || error instanceof Exit) {
                throw new Broken(`the program stopped: ${error.message}\n${this.wasi.say(2)}`);
            }
            throw error;
        }
    }

    text(at) {
        const memory = new Uint8Array(this.x.memory.buffer);
        return new TextDecoder().decode(memory.subarray(at, memory.indexOf(0, at)));
    }

    answer() {
        const at = this.guard(() => this.x.web_answer());
        return new Uint8Array(this.x.memory.buffer, at, this.x.web_answer_len()).slice();
    }

    /** The answer of a call that gives a result; throws what the library says. */
    must(result) {
        if (result !== 0) {
            throw new CoreError(this, result);
        }
        return this.answer();
    }

    /** The sentence without the program's name, which a page does not need. */
    sentence(text) {
        const plain = text.trim().replace(/^passerelle ?: /, '');
        return plain.charAt(0).toUpperCase() + plain.slice(1);
    }

    get version() {
        return this.text(this.x.web_version());
    }

    set lang(lang) {
        this.with([lang], (at) => this.x.web_lang(at));
    }

    // ---- keys: 56 bytes, to be stretched in another instance

    keyNew(light) {
        return this.must(this.guard(() => this.x.web_key_new(light ? 1 : 0)));
    }

    keyOf() {
        return this.must(this.guard(() => this.x.web_key_of()));
    }

    /** Slow; takes 64 MiB that this instance never gives back. */
    stretch(key, passphrase) {
        const pass = utf8.encode(passphrase);
        return this.with([key, pass], (keyAt, passAt) => {
            this.must(this.x.web_stretch(keyAt, passAt, pass.length));
            return new Uint8Array(this.x.memory.buffer, keyAt, key.length).slice();
        });
    }

    pinSeal(key, pin, secret) {
        return this.with([key, pin, secret], (...at) => this.must(this.x.web_pin_seal(...at)));
    }

    pinOpen(box, pin, secret) {
        return this.with([box, pin, secret], (boxAt, pinAt, secretAt) =>
            this.must(this.x.web_pin_open(boxAt, box.length, pinAt, secretAt)));
    }

    // ---- the device

    create(name, key) {
        this.with([name, key], (...at) => this.must(this.x.web_create(...at)));
    }

    /** Unlocks. What was repaired, as a sentence, or "". */
    unlock(key) {
        return this.with([key], (at) => this.sentence(new TextDecoder().decode(this.must(this.x.web_open(at)))));
    }

    close() {
        this.guard(() => this.x.web_close());
    }

    /**
     * One command with --json. {exit, json, error, files}: `json` is the document (an array of documents where there
     * are several), or the text when it is none; `error` what was said beside it; `files` what it wrote.
     */
    run(words, { files = {}, stdin } = {}) {
        const bytes = (value) => (typeof value === 'string' ? utf8.encode(value) : new Uint8Array(value));
        const given = Object.fromEntries(Object.entries(files).map(([name, value]) => [name, bytes(value)]));
        this.wasi.reset(given, stdin === undefined ? undefined : bytes(stdin));
        const line = utf8.encode(words.map((word) => String(word).replaceAll('\0', '') + '\0').join(''));
        try {
            const exit = this.with([line], (at) => this.x.web_run(at, line.length));
            return { exit, json: document(this.wasi.say(1)), error: this.sentence(this.wasi.say(2)), files: this.wasi.results() };
        } finally {
            this.wasi.forget();
        }
    }

    // ---- sync

    syncServers() {
        return Array.from({ length: this.guard(() => this.x.web_sync_servers()) }, (_, i) => this.text(this.x.web_sync_url(i)));
    }

    syncBegin(server, waitMs) {
        return this.must(this.guard(() => this.x.web_sync_begin(server, waitMs)));
    }

    syncFinish(server, { status, type, body }) {
        return this.with([type, body], (typeAt, bodyAt) =>
            JSON.parse(new TextDecoder().decode(this.must(this.x.web_sync_finish(server, status, typeAt, bodyAt, body.length)))));
    }

    // ---- words that are being typed

    jotPut(name, text) {
        this.with([name, text], (...at) => this.must(this.x.web_jot_put(...at)));
    }

    /** The text, or null. */
    jotGet(name) {
        try {
            return new TextDecoder().decode(this.with([name], (at) => this.must(this.x.web_jot_get(at))));
        } catch (error) {
            if (error instanceof CoreError && error.exit === 1) {
                return null;
            }
            throw error;
        }
    }

    jotDelete(name) {
        this.with([name], (at) => this.must(this.x.web_jot_delete(at)));
    }
}

function document(text) {
    const trimmed = text.trim();
    if (!trimmed) {
        return null;
    }
    try {
        return JSON.parse(trimmed);
    } catch {
        // `batch`: one document per line.
        try {
            return trimmed.split('\n').map((line) => JSON.parse(line));
        } catch {
            return trimmed;
        }
    }
}
