// SPDX-License-Identifier: Apache-2.0
//
// host: what core/host.h asks for: device files over a pool (pool.js), and one blocking HTTP request.

const NOT_FOUND = -1;
const FULL = -3;
const IO = -4;

/** What a browser says when the disk, or what it grants us of it, is full. */
function failure(error) {
    return error.name === 'QuotaExceededError' || error.code === 'ENOSPC' ? FULL : IO;
}

/** The imports of one module. `memory()` gives its memory, `http(url, body, timeout)` answers {status, type, body}. */
export function hostImports(memory, pool, http) {
    const bytes = (at, len) => new Uint8Array(memory().buffer, at, len);
    const text = (at, len) => new TextDecoder().decode(bytes(at, len).slice());
    const guarded = (fn) => (...args) => {
        try {
            return fn(...args);
        } catch (error) {
            return failure(error);
        }
    };
    /** A name that ends in / is a folder: all files in it. */
    const remove = (name) => (name.endsWith('/') ? pool.names().filter((one) => one.startsWith(name)).map((one) => pool.remove(one)).length > 0 : pool.remove(name));
    let answer = { type: '', body: new Uint8Array(0) };
    return {
        file_open: guarded((path, len, how) => pool.open(text(path, len), how === 1)),
        file_read: guarded((file, out, len, at) => pool.read(file, bytes(out, len), at)),
        file_write: guarded((file, from, len, at) => (pool.write(file, bytes(from, len), at) === len ? 0 : FULL)),
        file_size: guarded((file) => pool.size(file)),
        file_truncate: guarded((file, size) => (pool.truncate(file, size), 0)),
        file_flush: guarded((file) => (pool.flush(file), 0)),
        file_remove: guarded((path, len) => (remove(text(path, len)) ? 0 : NOT_FOUND)),
        file_rename: guarded((from, fromLen, to, toLen) =>
            (pool.rename(text(from, fromLen), text(to, toLen)) ? 0 : NOT_FOUND)),
        http(url, urlLen, body, bodyLen, timeout) {
            try {
                answer = http(text(url, urlLen), body ? bytes(body, bodyLen).slice() : null, timeout);
                return answer.status;
            } catch {
                return 0;
            }
        },
        http_len: () => answer.body.length,
        http_take: (out) => bytes(out, answer.body.length).set(answer.body),
        http_type(out, max) {
            const type = new TextEncoder().encode(answer.type).subarray(0, max - 1);
            bytes(out, max).fill(0);
            bytes(out, max).set(type);
        },
    };
}
