// SPDX-License-Identifier: Apache-2.0
//
// The throw-away worker: stretches one passphrase (Argon2id, 64 MiB) and is ended, for WebAssembly never gives memory
// back. {module, key, pass} in, {key} or {error} out.

import { Core } from './core.js';

onmessage = async ({ data: { module, key, pass } }) => {
    try {
        postMessage({ key: (await Core.load(module)).stretch(key, pass) });
    } catch (error) {
        postMessage({ error: error.message, exit: error.exit ?? 1 });
    }
};
