// SPDX-License-Identifier: Apache-2.0
//
// The worker that owns the device: its files (OPFS), its memory, its requests. client.js is its only partner and
// ../README.md the manual. A message is {id, op, ...}, its answer {id, value} or {id, error, exit}; events are {event, value}.
//
// One worker of the origin owns the device at a time, by a Web Lock. Who holds it answers "who?" on a channel, and closes
// the device when another says "yield".

import { Broken, Core, CoreError } from './core.js';
import { Pool } from './pool.js';

const LOCK = 'passerelle-device';
const FOLDER = 'device';
const SPARE = 12; // files kept free for what one command may make
const LOCK_WAIT_MS = 4000;
const TAKE_WAIT_MS = 15000; // the other tab finishes what it is doing
const REQUEST_MS = 120000; // a slow link is fine, a dead one is not
const RESPONSE_MAX = 16 << 20;
const ROUNDS_MAX = 20000; // a server that always says "more" is not followed for ever

let core = null;
let pool = null;
let release = null; // gives the lock back
let open = false;
let lang = 'fr';
let blocking = 0; // requests that a command made by itself
let syncing = null; // AbortController of the sync on its way
const channel = new BroadcastChannel(LOCK);

const tell = (event, value) => postMessage({ event, value });

// ---- one owner

function supported() {
    return Boolean(globalThis.FileSystemFileHandle?.prototype.createSyncAccessHandle && navigator.storage?.getDirectory && navigator.locks);
}

channel.onmessage = ({ data }) => {
    if (data === 'who?' && release) {
        channel.postMessage('here');
    } else if (data === 'yield' && release) {
        giveBack().then(() => tell('taken'));
    } else if (data === 'here') {
        refused?.();
    }
};
let refused = null; // called when an owner answers

/** Waits for the lock: a page that was just left gives it back in a moment. False when somebody else holds on to it. */
function ownership(take) {
    return new Promise((done) => {
        const wait = new AbortController();
        // Chromium loses an abort that comes before it has queued the request: nobody waits for that promise alone.
        const giveUp = () => {
            wait.abort();
            done(false);
        };
        const timer = setTimeout(giveUp, take ? TAKE_WAIT_MS : LOCK_WAIT_MS);
        refused = take ? null : giveUp;
        channel.postMessage(take ? 'yield' : 'who?');
        navigator.locks.request(LOCK, { signal: wait.signal }, () => wait.signal.aborted ? null : new Promise((free) => {
            release = free;
            done(true);
        })).catch(() => done(false)).finally(() => clearTimeout(timer));
    }).finally(() => {
        refused = null;
    });
}

// ---- storage

async function openPool() {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    const add = async (number) =>
        (await folder.getFileHandle(String(number).padStart(3, '0'), { create: true })).createSyncAccessHandle();
    const names = [];
    for await (const name of folder.keys()) {
        names.push(name);
    }
    const handles = [];
    for (const name of names.sort()) {
        handles.push(await (await folder.getFileHandle(name)).createSyncAccessHandle());
    }
    return new Pool(handles, add);
}

function closeAll() {
    syncing?.abort();
    if (open) {
        core.close();
    }
    open = false;
    core = null;
    loading = null;
    pool?.close();
    pool = null;
    release?.();
    release = null;
}

// ---- the network

/** A request of a command that cannot go on without its answer. */
function blockingHttp(url, body, timeout) {
    blocking++;
    const request = new XMLHttpRequest();
    request.open(body ? 'POST' : 'GET', url, false);
    request.responseType = 'arraybuffer';
    request.timeout = timeout;
    if (body) {
        request.setRequestHeader('Content-Type', 'application/msgpack');
    }
    request.send(body);
    return { status: request.status, type: request.getResponseHeader('Content-Type') ?? '', body: new Uint8Array(request.response ?? 0) };
}

async function carry(url, body, waitMs, signal) {
    const limit = AbortSignal.timeout(REQUEST_MS + waitMs);
    const either = new AbortController();
    for (const one of [limit, signal]) {
        one.addEventListener('abort', () => either.abort());
    }
    const answer = await fetch(url, {
        method: 'POST', body, headers: { 'Content-Type': 'application/msgpack' }, signal: either.signal,
        credentials: 'omit', cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer',
    });
    if (Number(answer.headers.get('Content-Length') ?? 0) > RESPONSE_MAX) {
        throw new Error('answer too large');
    }
    return { status: answer.status, type: answer.headers.get('Content-Type') ?? '', body: new Uint8Array(await answer.arrayBuffer()) };
}

/** One server until there is nothing left to do. Edits go on between the request and its answer. */
async function syncServer(server, url, waitMs, done, signal) {
    for (let round = 0; round < ROUNDS_MAX; round++) {
        const request = await inTurn(() => core.syncBegin(server, waitMs));
        const before = blocking;
        done.requests++;
        let answer;
        try {
            answer = await carry(`${url.replace(/\/+$/, '')}/v1/sync`, request, waitMs, signal);
        } catch (error) {
            throw signal.aborted ? Object.assign(new Error(''), { exit: 3, aborted: true })
                : Object.assign(new Error(await inTurn(() => core.unreachable())), { exit: 3, why: error.message });
        }
        // A command spoke to the server meanwhile, and this answer is to a question of before.
        if (before !== blocking) {
            continue;
        }
        const result = await inTurn(() => core.syncFinish(server, answer));
        done.pushed += result.pushed;
        done.pulled += result.pulled;
        done.refused += result.refused;
        done.alarm = result.alarm || done.alarm;
        tell('sync', { ...done, state: 'running' });
        if (result.pulled || result.pushed) {
            tell('changed');
        }
        if (!result.again) {
            return;
        }
        waitMs = 0;
    }
}

async function sync(waitMs) {
    if (syncing) {
        return { exit: 0, error: '', busy: true };
    }
    const done = { requests: 0, pushed: 0, pulled: 0, refused: 0, alarm: 0 };
    const failures = [];
    syncing = new AbortController();
    tell('sync', { ...done, state: 'running' });
    try {
        const servers = await inTurn(() => core.syncServers());
        for (const [server, url] of servers.entries()) {
            try {
                await syncServer(server, url, servers.length === 1 ? waitMs : 0, done, syncing.signal);
            } catch (error) {
                if (error instanceof Broken || error.exit === undefined) {
                    throw error;
                }
                failures.push(error); // the others are tried as well
            }
        }
    } finally {
        syncing = null;
    }
    const status = open ? (await inTurn(() => core.run(['status']))).json : null;
    const alarmed = done.alarm || status?.spaces.some((space) => space.alarm && space.state !== 'succeeded');
    const exit = alarmed ? 4 : (failures[0]?.exit ?? 0);
    const said = { ...status, ...done, exit, error: done.alarm ? core.reason(done.alarm) : (failures[0]?.message ?? '') };
    tell('sync', { ...done, state: 'done', exit, error: said.error });
    return said;
}

// ---- what client.js asks

const READS = new Set(['status', 'show', 'list', 'find', 'history', 'conflicts', 'kinds', 'fields', 'sql', 'agenda', 'match', 'report',
    'duplicates', 'mentions', 'erased', 'help', 'version']);
const READS_TWO = new Set(['attachment list', 'attachment get', 'space list', 'member list', 'member proposals', 'audit log', 'audit verify', 'audit exposure', 'audit checkpoint', 'audit grants',
    'audit read', 'pack check', 'pack show', 'retention review', 'witness list']);

/** These only read while no more words follow than these. */
const READS_ALONE = { adopt: 1, print: 1, refused: 1, retention: 1, suggest: 2 };

function onlyReads(words) {
    if (words.includes('--with')) { // comparing may raise an alarm
        return false;
    }
    return READS.has(words[0]) || READS_TWO.has(words.slice(0, 2).join(' ')) || words.length <= (READS_ALONE[words[0]] ?? 0);
}

function setLang(wanted) {
    if (wanted && wanted !== lang) {
        core.lang = wanted;
        lang = wanted;
    }
}

const ops = {
    async start({ wasm, take, lang: wanted }) {
        if (!supported()) {
            return { state: 'unsupported' };
        }
        if (!release && !(await ownership(take))) {
            return { state: 'elsewhere' };
        }
        if (!pool) {
            lang = wanted ?? lang;
            address = wasm;
            try {
                pool = await openPool();
                await pool.reserve(SPARE);
            } catch (error) {
                closeAll();
                return { state: 'unsupported', error: String(error.message) };
            }
        }
        const persisted = (await navigator.storage.persisted?.()) ?? false;
        // Nobody waits for the program where there is nothing yet: it comes while people read the first words.
        if (!core && pool.names().length === 0) {
            program().catch(() => {}); // who needs it tries again, and hears why
            return { state: 'none', persisted };
        }
        await program();
        return { state: open ? 'open' : core.hasKey() ? 'locked' : 'none', persisted, version: core.version };
    },
    keyNew: ({ light }) => core.keyNew(light),
    keyOf: () => core.keyOf(),
    create: ({ name, key }) => core.create(name, key),
    open({ key }) {
        const repaired = core.unlock(key);
        open = true;
        return { repaired };
    },
    pinSeal: ({ key, pin, secret }) => core.pinSeal(key, pin, secret),
    pinOpen: ({ box, pin, secret }) => core.pinOpen(box, pin, secret),
    run({ words, files, stdin, lang: wanted, now }) {
        setLang(wanted);
        const answer = core.run(now ? [...words, '--now', now] : words, { files, stdin });
        if (open && !onlyReads(words)) {
            tell('changed');
        }
        return answer;
    },
    language: ({ lang: wanted }) => setLang(wanted),
    jotPut: ({ key, text }) => core.jotPut(key, text),
    jotGet: ({ key }) => core.jotGet(key),
    jotDelete: ({ key }) => core.jotDelete(key),
    evidence() {
        const files = {};
        for (const path of pool.names()) {
            const name = path.split('/').pop();
            if (/^evidence-.*\.txt$/.test(name)) {
                const bytes = new Uint8Array(pool.size(pool.open(path, false)));
                pool.read(pool.open(path, false), bytes, 0);
                files[name] = bytes;
            }
        }
        return files;
    },
};

// ---- the program

let address = null; // of the .wasm
let module = null;
let loading = null;

async function load() {
    const files = pool;
    try {
        module ??= await WebAssembly.compileStreaming(fetch(address)).catch(async () =>
            WebAssembly.compile(await (await fetch(address)).arrayBuffer()));
    } catch (error) {
        throw Object.assign(error, { exit: 3 });
    }
    tell('module', module); // for the throw-away worker
    const made = await Core.load(module, { pool: files, http: blockingHttp, lang });
    if (files !== pool) {
        throw closed();
    }
    core = made;
}

/** Resolves when the program is there; fetches it once, again after a failure. */
function program() {
    if (core) {
        return Promise.resolve();
    }
    loading ??= load().finally(() => {
        loading = null;
    });
    return loading;
}

const closed = () => Object.assign(new Error('closed'), { exit: 1, closed: true });

/** Everything that touches the core goes one after the other, with files in reserve. */
let queue = Promise.resolve();
function inTurn(fn) {
    const turn = queue.then(async () => {
        await pool?.reserve(SPARE).catch(() => {}); // a full disk shows where it matters
        if (!pool) {
            throw closed();
        }
        await program();
        return fn();
    });
    queue = turn.catch(() => {});
    return turn;
}

/** Gives everything back when what was asked before is done. */
function giveBack() {
    queue = queue.then(closeAll);
    return queue;
}

async function handle({ id, op, ...args }) {
    try {
        const value = op === 'start' ? await ops.start(args)
            : op === 'sync' ? await sync(args.wait ?? 0)
                : op === 'abort' ? syncing?.abort()
                    : op === 'close' ? await giveBack() : await inTurn(() => ops[op](args));
        postMessage({ id, value });
    } catch (error) {
        postMessage({ id, error: error.message, exit: error.exit ?? 1, result: error instanceof CoreError ? error.result : undefined });
        if (error instanceof Broken || error instanceof RangeError) {
            tell('broken', error.message);
        }
    }
}

onmessage = ({ data }) => void handle(data);
