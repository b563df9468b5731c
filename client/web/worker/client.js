// SPDX-License-Identifier: Apache-2.0
//
// The page's side of the worker: each function is a promise. ../README.md is the manual. Nothing here throws for what a
// person did: answers are {exit, error} with the library's sentence.

import { scriptURL } from '../page/lib/trusted.js';

const PIN_MS = 12 * 3600 * 1000;
const PIN_TRIES = 5;

/** The bundle's names of our files, written into the page by ../build. */
const names = () => JSON.parse(document.body.dataset.names ?? '{}');
const address = (name) => new URL(names()[name] ?? name, document.baseURI).href;

let worker = null;
let module = null;
let calls = new Map();
let last = 0;
let lang = 'fr';
let key = null; // what the passphrase stretched to, while open: for setPin
let kept = null; // {box, secret, pin, until, left}: what a PIN opens
const heard = new Map();

// ---- events

export function on(event, fn) {
    if (!heard.has(event)) {
        heard.set(event, new Set());
    }
    heard.get(event).add(fn);
    return () => heard.get(event).delete(fn);
}

function tell(event, value) {
    for (const fn of heard.get(event) ?? []) {
        fn(value);
    }
}

// ---- the worker

function end() {
    worker?.terminate();
    worker = null;
    key?.fill(0);
    key = null;
    for (const { fail } of calls.values()) {
        fail(Object.assign(new Error('closed'), { exit: 1, closed: true }));
    }
    calls = new Map();
}

function hear({ data }) {
    if (data.event === 'module') {
        module = data.value;
    } else if (data.event === 'taken' || data.event === 'broken') {
        end();
        tell(data.event, data.value);
    } else if (data.event) {
        tell(data.event, data.value);
    } else {
        const call = calls.get(data.id);
        calls.delete(data.id);
        if ('error' in data) {
            call?.fail(Object.assign(new Error(data.error), { exit: data.exit, result: data.result }));
        } else {
            call?.done(data.value);
        }
    }
}

function ask(op, args = {}) {
    if (!worker) {
        worker = new Worker(scriptURL(address('worker.js')), { type: 'module' });
        worker.onmessage = hear;
        worker.onerror = (event) => {
            end();
            tell('broken', event.message);
        };
    }
    const id = ++last;
    return new Promise((done, fail) => {
        calls.set(id, { done, fail });
        worker.postMessage({ id, op, ...args });
    });
}

/** As {exit, error}. */
async function said(promise) {
    try {
        return { exit: 0, error: '', ...(await promise) };
    } catch (error) {
        return { exit: error.exit ?? 1, error: error.message };
    }
}

/** Stretches a passphrase or PIN in a worker that is thrown away. */
function stretch(salted, pass) {
    return new Promise((done, fail) => {
        const away = new Worker(scriptURL(address('kdf.js')), { type: 'module' });
        away.onmessage = ({ data }) => {
            away.terminate();
            if (data.key) {
                done(data.key);
            } else {
                fail(Object.assign(new Error(data.error), { exit: data.exit }));
            }
        };
        away.onerror = (event) => {
            away.terminate();
            fail(new Error(event.message));
        };
        away.postMessage({ module, key: salted, pass });
    });
}

// ---- life

async function begin(take) {
    const answer = await ask('start', { wasm: address('wasm'), take, lang });
    if (answer.state === 'elsewhere' || answer.state === 'unsupported') {
        end();
    }
    return { ...answer, warm: isWarm() };
}

export const start = () => begin(false);
export const takeOver = () => begin(true);

export function language(code) {
    lang = code;
    return worker ? ask('language', { lang }) : Promise.resolve();
}

/** Asks the browser not to evict what is kept here. */
export async function persist() {
    return (await navigator.storage?.persist?.()) ?? false;
}

async function openWith(stretched) {
    const answer = await ask('open', { key: stretched });
    key = stretched;
    return answer;
}

export function create({ name, passphrase, light = false }) {
    return said((async () => {
        const stretched = await stretch(await ask('keyNew', { light }), passphrase);
        await ask('create', { name, key: stretched });
        return openWith(stretched);
    })());
}

export function unlock({ passphrase }) {
    return said((async () => openWith(await stretch(await ask('keyOf'), passphrase)))());
}

export async function lock() {
    if (worker) {
        await ask('close').catch(() => {});
        end();
    }
    tell('locked');
    return { exit: 0, error: '' };
}

// ---- PIN

function forgetPin() {
    kept?.secret.fill(0);
    kept = null;
}

function isWarm() {
    if (kept && Date.now() >= kept.until) {
        forgetPin();
    }
    return kept !== null;
}

export function setPin({ pin }) {
    return said((async () => {
        forgetPin();
        const salted = await ask('keyNew', { light: true });
        const secret = crypto.getRandomValues(new Uint8Array(32));
        const stretched = await stretch(salted, pin);
        const box = await ask('pinSeal', { key, pin: stretched, secret });
        stretched.fill(0);
        kept = { box, secret, pin: salted, until: Date.now() + PIN_MS, left: PIN_TRIES };
    })());
}

/** A wrong PIN: `left` tries. `gone`: there is none any more, the words are needed. */
export async function unlockPin({ pin }) {
    if (!isWarm()) {
        return { exit: 1, error: '', gone: true };
    }
    kept.left--; // before the try, so that ending it does not give it back
    const answer = await said((async () => {
        const stretched = await stretch(kept.pin, pin);
        return openWith(await ask('pinOpen', { box: kept.box, pin: stretched, secret: kept.secret }));
    })());
    if (answer.exit === 0) {
        kept.left = PIN_TRIES;
        kept.until = Date.now() + PIN_MS;
        return answer;
    }
    if (kept.left <= 0) {
        forgetPin();
        return { ...answer, gone: true };
    }
    return { ...answer, left: kept.left };
}

// ---- work

/** One command: {exit, json, error, files}. `now`: the clock, for tests. */
export async function run(words, { files, stdin, lang: wanted, now } = {}) {
    try {
        return await ask('run', { words: words.map(String), files, stdin, lang: wanted ?? lang, now });
    } catch (error) {
        return { exit: error.exit ?? 1, json: null, error: error.message, files: {} };
    }
}

/** One round trip with each server; `wait`: ms that an answer may be held until there is something new. */
export async function sync({ wait = 0 } = {}) {
    try {
        return await ask('sync', { wait });
    } catch (error) {
        return { exit: error.exit ?? 1, error: error.message };
    }
}

export const abort = () => (worker ? said(ask('abort')) : Promise.resolve({ exit: 0, error: '' }));

/** What proves a server's misbehaviour, as text files without content: {name: Uint8Array}. */
export const evidence = () => ask('evidence').catch(() => ({}));

export const draft = {
    save: (name, text) => ask('jotPut', { key: name, text }),
    load: (name) => ask('jotGet', { key: name }),
    clear: (name) => ask('jotDelete', { key: name }),
};
