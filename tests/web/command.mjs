// SPDX-License-Identifier: Apache-2.0
//
// Runs a program with main() that was compiled to WebAssembly: command.mjs FILE.wasm ARGUMENT...
// Its standard output and error and its exit code are this program's.

import fs from 'node:fs';
import process from 'node:process';

import { hostImports } from '../../client/web/worker/host.js';
import { Exit, NAMESPACE, Wasi } from '../../client/web/worker/wasi.js';

const [file, ...args] = process.argv.slice(2);
const module = new WebAssembly.Module(fs.readFileSync(file));
const memory = () => instance.exports.memory;
const wasi = new Wasi(memory);
wasi.args = [file, ...args];
const nothing = () => { throw new Error('no storage'); };
const pool = { open: () => -1, read: nothing, write: nothing, size: nothing, truncate: nothing, flush: nothing, remove: nothing, rename: nothing };
const instance = new WebAssembly.Instance(module, { [NAMESPACE]: wasi.imports(module), host: hostImports(memory, pool, nothing) });
try {
    instance.exports._start();
} catch (error) {
    if (!(error instanceof Exit)) {
        throw error;
    }
    process.exitCode = error.code;
}
fs.writeSync(2, wasi.say(2));
for (let text = Buffer.from(wasi.say(1)); text.length > 0;) {
    text = text.subarray(fs.writeSync(1, text));
}
