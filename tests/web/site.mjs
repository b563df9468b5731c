// SPDX-License-Identifier: Apache-2.0
//
// A page for tests of the worker alone: client.js on window.client under the strict policy, served from a folder on
// 127.0.0.1 by a port of its own (another origin than the sync server's).

import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const web = path.join(here, '../../client/web');

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.wasm': 'application/wasm', '.css': 'text/css',
    '.json': 'application/json', '.svg': 'image/svg+xml', '.png': 'image/png' };

const HASHED = /-[0-9A-Za-z]{8}\.[a-z]+$/;

/** The policy of the page, for the sync servers given. */
export function policy(servers) {
    return ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "img-src 'self' blob: data:",
        `connect-src 'self' ${servers.join(' ')}`, "worker-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'",
        "frame-ancestors 'none'", "require-trusted-types-for 'script'", 'trusted-types passerelle'].join('; ');
}

/** Bundles the worker and a page that has nothing but client.js. */
export async function buildTiny(out) {
    const require = createRequire(path.join(web, 'package.json'));
    const esbuild = await import(pathToFileURL(require.resolve('esbuild')));
    await esbuild.build({
        entryPoints: { page: path.join(here, 'tiny.js'), worker: path.join(web, 'worker/worker.js'), kdf: path.join(web, 'worker/kdf.js') },
        outdir: out, bundle: true, format: 'esm', target: ['chrome109', 'firefox114', 'safari16.4'], logLevel: 'warning',
    });
    fs.copyFileSync(process.env.PASSERELLE_WASM, path.join(out, 'core.wasm'));
    const names = JSON.stringify({ 'worker.js': 'worker.js', 'kdf.js': 'kdf.js', wasm: 'core.wasm' }).replaceAll('"', '&quot;');
    fs.writeFileSync(path.join(out, 'index.html'),
        `<!doctype html><meta charset="utf-8"><title>tiny</title><body data-names="${names}"><script type="module" src="page.js"></script>`);
}

/** Serves a folder; {url, close}. The port stays the same when it is given: an origin's storage hangs on it. */
export function serve(folder, servers, port = 0) {
    const server = http.createServer((request, response) => {
        const name = new URL(request.url, 'http://localhost').pathname;
        const file = path.join(folder, path.normalize(name === '/' ? '/index.html' : name));
        if (!file.startsWith(folder) || !fs.existsSync(file)) {
            response.writeHead(404).end();
            return;
        }
        // As deploy/Caddyfile has it: packed where there is a packed form, for ever where the name has a hash.
        const packed = /\bbr\b/.test(request.headers['accept-encoding']) && fs.existsSync(`${file}.br`);
        response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream',
            'Cache-Control': HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache', ...(packed && { 'Content-Encoding': 'br' }),
            'Content-Security-Policy': policy(servers), 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff' });
        fs.createReadStream(packed ? `${file}.br` : file).pipe(response);
    });
    return new Promise((done) => server.listen(port, '127.0.0.1', () => done({
        port: server.address().port, url: `http://127.0.0.1:${server.address().port}/`,
        close: () => new Promise((closed) => { server.closeAllConnections(); server.close(closed); }),
    })));
}
