// SPDX-License-Identifier: Apache-2.0
//
// The core under node: a device's files are files of a folder, HTTP goes through a child process that blocks.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import { Core } from '../../client/web/worker/core.js';
import { Pool } from '../../client/web/worker/pool.js';

const POOL = 16;

/** A file with the methods of a FileSystemSyncAccessHandle. */
export function fileHandle(name) {
    const fd = fs.openSync(name, fs.existsSync(name) ? 'r+' : 'w+');
    return {
        read: (bytes, { at }) => fs.readSync(fd, bytes, 0, bytes.length, at),
        write: (bytes, { at }) => fs.writeSync(fd, bytes, 0, bytes.length, at),
        getSize: () => fs.fstatSync(fd).size,
        truncate: (size) => fs.ftruncateSync(fd, size),
        flush: () => fs.fdatasyncSync(fd),
        close: () => fs.closeSync(fd),
    };
}

/** A pool in a folder. */
export async function folderPool(folder) {
    fs.mkdirSync(folder, { recursive: true });
    const add = async (number) => fileHandle(path.join(folder, String(number).padStart(3, '0')));
    const handles = [];
    for (const name of fs.readdirSync(folder).sort()) {
        handles.push(fileHandle(path.join(folder, name)));
    }
    const pool = new Pool(handles, add);
    await pool.reserve(POOL);
    return pool;
}

/** A blocking request, as the browser's worker makes it. */
export function blockingHttp(url, body, timeout) {
    const script = `
        const [url, post, timeout] = process.argv.slice(1);
        const chunks = []; for await (const c of process.stdin) chunks.push(c);
        const answer = await fetch(url, { method: post ? 'POST' : 'GET', body: post ? Buffer.concat(chunks) : undefined,
            headers: post ? { 'Content-Type': 'application/msgpack' } : {}, signal: AbortSignal.timeout(Number(timeout)) });
        process.stdout.write(JSON.stringify({ status: answer.status, type: answer.headers.get('content-type') ?? '' }) + '\\n');
        process.stdout.write(Buffer.from(await answer.arrayBuffer()));`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script, url, body ? '1' : '', String(timeout)],
        { input: body ?? '', maxBuffer: 64 << 20 });
    if (child.status !== 0) {
        throw new Error(String(child.stderr));
    }
    const end = child.stdout.indexOf(10);
    return { ...JSON.parse(child.stdout.subarray(0, end)), body: new Uint8Array(child.stdout.subarray(end + 1)) };
}

export function wasmModule() {
    const file = process.env.PASSERELLE_WASM;
    if (!file) {
        throw new Error('PASSERELLE_WASM names the .wasm');
    }
    return new WebAssembly.Module(fs.readFileSync(file));
}

/** A core on a folder, and a second one for stretching passphrases. */
export async function nodeCore(folder, options = {}) {
    const module = wasmModule();
    const pool = await folderPool(folder);
    const core = await Core.load(module, { pool, http: blockingHttp, ...options });
    const stretch = async (key, pass) => (await Core.load(module)).stretch(key, pass);
    return { core, pool, stretch };
}
