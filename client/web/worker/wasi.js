// SPDX-License-Identifier: Apache-2.0
//
// wasi: as much of WASI (preview 1) as the core asks for. Files are those of one command: a flat folder in memory, given
// before the command and read after it. Device files do not come this way (host.js).

const ERRNO = { OK: 0, BADF: 8, EXIST: 20, INVAL: 28, NOENT: 44, NOSYS: 52, SPIPE: 70 };
export const NAMESPACE = 'wasi_snapshot_preview1';
const ROOT_FD = 3;
const FILE_TYPE = { CHARACTER: 2, DIRECTORY: 3, REGULAR: 4 };
const OFLAGS = { CREAT: 1, EXCL: 4, TRUNC: 8 };
const GROW = 1 << 16;

/** The program ended itself: an assertion failed, or it called exit. */
export class Exit extends Error {
    constructor(code) {
        super(`exit ${code}`);
        this.code = code;
    }
}

/** A file that is being written: bytes with room to grow. */
class MemoryFile {
    constructor(bytes = new Uint8Array(0)) {
        this.bytes = bytes;
        this.size = bytes.length;
    }

    write(piece, at) {
        const end = at + piece.length;
        if (end > this.bytes.length) {
            const grown = new Uint8Array(Math.max(end, 2 * this.bytes.length, GROW));
            grown.set(this.bytes.subarray(0, this.size));
            this.bytes = grown;
        }
        this.bytes.set(piece, at);
        this.size = Math.max(this.size, end);
    }

    content() {
        return this.bytes.slice(0, this.size);
    }
}

/**
 * The imports of one module. `memory()` gives its memory. `folder` is what the next command sees:
 *
 *   files    Map of name -> Uint8Array, before and after
 *   stdin    Uint8Array
 *   stdout, stderr   what was said, as strings; taken with say()
 */
export class Wasi {
    constructor(memory, now = () => Date.now()) {
        this.memory = memory;
        this.now = now;
        this.reset();
    }

    /** Lays the folder of the next command. */
    reset(files = {}, stdin = new Uint8Array(0)) {
        this.files = new Map();
        for (const [name, bytes] of Object.entries(files)) {
            this.files.set(name, new MemoryFile(bytes.slice()));
        }
        this.written = new Set();
        this.open = new Map();
        this.next = ROOT_FD + 1;
        this.stdin = { bytes: stdin, at: 0 };
        this.said = [[], []];
    }

    /** What the command said to standard output (1) or error (2). */
    say(fd) {
        return new TextDecoder().decode(join(this.said[fd - 1]));
    }

    /** The files that the command wrote. */
    results() {
        const out = {};
        for (const name of this.written) {
            if (this.files.has(name)) {
                out[name] = this.files.get(name).content();
            }
        }
        return out;
    }

    /** Wipes what the command left. */
    forget() {
        for (const file of this.files.values()) {
            file.bytes.fill(0);
        }
        for (const piece of this.said.flat()) {
            piece.fill(0);
        }
        this.reset();
    }

    /** The arguments of a program with main(), zero-terminated. */
    words() {
        return (this.args ?? []).map((word) => new TextEncoder().encode(word + '\0'));
    }

    bytes(at, len) {
        return new Uint8Array(this.memory().buffer, at, len);
    }

    view() {
        return new DataView(this.memory().buffer);
    }

    text(at, len) {
        return new TextDecoder().decode(this.bytes(at, len).slice());
    }

    /** Calls fn with each piece of an iovec array; its sum. */
    each(iovs, count, fn) {
        let total = 0;
        for (let i = 0; i < count; i++) {
            const view = this.view();
            const n = fn(this.bytes(view.getUint32(iovs + 8 * i, true), view.getUint32(iovs + 8 * i + 4, true)));
            total += n;
        }
        return total;
    }

    read(fd, piece) {
        if (fd === 0) {
            const part = this.stdin.bytes.subarray(this.stdin.at, this.stdin.at + piece.length);
            piece.set(part);
            this.stdin.at += part.length;
            return part.length;
        }
        const handle = this.open.get(fd);
        const part = handle.file.bytes.subarray(handle.at, Math.min(handle.at + piece.length, handle.file.size));
        piece.set(part);
        handle.at += part.length;
        return part.length;
    }

    write(fd, piece) {
        if (fd === 1 || fd === 2) {
            this.said[fd - 1].push(piece.slice());
            return piece.length;
        }
        const handle = this.open.get(fd);
        if (handle.append) {
            handle.at = handle.file.size;
        }
        handle.file.write(piece, handle.at);
        handle.at += piece.length;
        return piece.length;
    }

    known(fd) {
        return (fd >= 0 && fd < 3) || this.open.has(fd);
    }

    path_open(dir, lookup, path, pathLen, oflags, rights, inheriting, fdflags, out) {
        if (dir !== ROOT_FD) {
            return ERRNO.BADF;
        }
        const name = this.text(path, pathLen);
        const writes = (BigInt(rights) & 64n) !== 0n; // fd_write
        let file = this.files.get(name);
        if (!file && !(oflags & OFLAGS.CREAT)) {
            return ERRNO.NOENT;
        }
        if (file && oflags & OFLAGS.EXCL) {
            return ERRNO.EXIST;
        }
        if (!file || oflags & OFLAGS.TRUNC) {
            file = new MemoryFile();
            this.files.set(name, file);
        }
        if (writes) {
            this.written.add(name);
        }
        this.open.set(this.next, { file, at: 0, append: (fdflags & 1) !== 0 });
        this.view().setUint32(out, this.next++, true);
        return ERRNO.OK;
    }

    fdstat(fd, out) {
        const view = this.view();
        const type = fd === ROOT_FD ? FILE_TYPE.DIRECTORY : fd < 3 ? FILE_TYPE.CHARACTER : FILE_TYPE.REGULAR;
        view.setUint8(out, type);
        view.setUint16(out + 2, 0, true);
        view.setBigUint64(out + 8, ~0n, true);
        view.setBigUint64(out + 16, ~0n, true);
    }

    seek(fd, offset, whence, out) {
        const handle = this.open.get(fd);
        if (!handle) {
            return this.known(fd) ? ERRNO.SPIPE : ERRNO.BADF;
        }
        const base = whence === 0 ? 0 : whence === 1 ? handle.at : handle.file.size;
        const at = base + Number(offset);
        if (at < 0) {
            return ERRNO.INVAL;
        }
        handle.at = at;
        this.view().setBigUint64(out, BigInt(at), true);
        return ERRNO.OK;
    }

    /** What the module asks for; what is not known here answers that it is not there, as a system may. */
    imports(module) {
        const known = this.functions();
        return Object.fromEntries(WebAssembly.Module.imports(module).filter((wanted) => wanted.module === NAMESPACE)
            .map(({ name }) => [name, known[name] ?? (() => ERRNO.NOSYS)]));
    }

    functions() {
        const self = this;
        const set32 = (at, value) => self.view().setUint32(at, value, true);
        return {
            environ_get: () => ERRNO.OK,
            environ_sizes_get(count, size) {
                set32(count, 0);
                set32(size, 0);
                return ERRNO.OK;
            },
            args_get(list, text) {
                for (const [i, word] of self.words().entries()) {
                    set32(list + 4 * i, text);
                    self.bytes(text, word.length).set(word);
                    text += word.length;
                }
                return ERRNO.OK;
            },
            args_sizes_get(count, size) {
                set32(count, self.words().length);
                set32(size, self.words().reduce((sum, word) => sum + word.length, 0));
                return ERRNO.OK;
            },
            clock_time_get(id, precision, out) {
                const ms = id === 0 ? self.now() : performance.now();
                self.view().setBigUint64(out, BigInt(Math.round(ms * 1e6)), true);
                return ERRNO.OK;
            },
            random_get(at, len) {
                // The browser gives at most 65536 bytes at a time.
                for (let done = 0; done < len; done += 65536) {
                    crypto.getRandomValues(self.bytes(at + done, Math.min(65536, len - done)));
                }
                return ERRNO.OK;
            },
            fd_prestat_get(fd, out) {
                if (fd !== ROOT_FD) {
                    return ERRNO.BADF;
                }
                self.view().setUint8(out, 0);
                set32(out + 4, 1);
                return ERRNO.OK;
            },
            fd_prestat_dir_name(fd, out) {
                self.bytes(out, 1)[0] = '.'.charCodeAt(0);
                return ERRNO.OK;
            },
            fd_fdstat_get(fd, out) {
                if (fd !== ROOT_FD && !self.known(fd)) {
                    return ERRNO.BADF;
                }
                self.fdstat(fd, out);
                return ERRNO.OK;
            },
            fd_fdstat_set_flags: () => ERRNO.OK,
            fd_sync: () => ERRNO.OK,
            fd_close(fd) {
                return self.open.delete(fd) ? ERRNO.OK : ERRNO.BADF;
            },
            fd_read(fd, iovs, count, out) {
                if (!self.known(fd)) {
                    return ERRNO.BADF;
                }
                set32(out, self.each(iovs, count, (piece) => self.read(fd, piece)));
                return ERRNO.OK;
            },
            fd_write(fd, iovs, count, out) {
                if (!self.known(fd)) {
                    return ERRNO.BADF;
                }
                set32(out, self.each(iovs, count, (piece) => self.write(fd, piece)));
                return ERRNO.OK;
            },
            fd_seek: (fd, offset, whence, out) => self.seek(fd, offset, whence, out),
            path_open: (...args) => self.path_open(...args),
            path_create_directory: () => ERRNO.OK, // names may hold slashes
            path_remove_directory: () => ERRNO.NOENT,
            path_rename(dir, path, len, toDir, toPath, toLen) {
                const [from, to] = [self.text(path, len), self.text(toPath, toLen)];
                const file = self.files.get(from);
                if (!file) {
                    return ERRNO.NOENT;
                }
                self.files.delete(from);
                self.files.set(to, file);
                if (self.written.has(from)) {
                    self.written.add(to);
                }
                return ERRNO.OK;
            },
            path_unlink_file(dir, path, len) {
                return self.files.delete(self.text(path, len)) ? ERRNO.OK : ERRNO.NOENT;
            },
            poll_oneoff: () => ERRNO.NOSYS,
            sched_yield: () => ERRNO.OK,
            proc_exit(code) {
                throw new Exit(code);
            },
        };
    }
}

function join(pieces) {
    const out = new Uint8Array(pieces.reduce((n, piece) => n + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
        out.set(piece, at);
        at += piece.length;
    }
    return out;
}
