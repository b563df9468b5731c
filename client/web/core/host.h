/* SPDX-License-Identifier: Apache-2.0
 *
 * host: what the WebAssembly asks of the JavaScript around it (client/web/worker/host.js), beside WASI's clock, dice and
 * the memory folder of one command. All calls are synchronous.
 *
 * Device files live in one flat store, where a path is just a name. A rename and a removal happen whole or not at all;
 * what host_flush returned from is durable. In a browser the store is a pool of files with synchronous access handles
 * in the origin's private file system, in node a folder.
 */
#ifndef CLIENT_WEB_CORE_HOST_H
#define CLIENT_WEB_CORE_HOST_H

#include <stddef.h>
#include <stdint.h>

#define HOST(name) __attribute__((import_module("host"), import_name(#name)))

/* Results below zero. */
enum { HOST_NOT_FOUND = -1, HOST_EXISTS = -2, HOST_FULL = -3, HOST_IO = -4 };

enum { HOST_OPEN = 0, HOST_CREATE = 1 };

/** A file's number (>= 0), which stays valid until the file is removed; HOST_CREATE makes it if it is not there. */
HOST(file_open) int host_file_open(const char *path, size_t path_len, int how);
/** Reads at most `len` bytes; how many there were. */
HOST(file_read) int host_file_read(int file, void *out, size_t len, double offset);
/** Writes all bytes: 0, HOST_FULL or HOST_IO. */
HOST(file_write) int host_file_write(int file, const void *bytes, size_t len, double offset);
HOST(file_size) double host_file_size(int file);
HOST(file_truncate) int host_file_truncate(int file, double size);
HOST(file_flush) int host_file_flush(int file);
/** 0, HOST_NOT_FOUND, HOST_IO. A path that ends in / removes all files below it. A rename replaces what has the new name. */
HOST(file_remove) int host_file_remove(const char *path, size_t path_len);
HOST(file_rename)
int host_file_rename(const char *from, size_t from_len, const char *to, size_t to_len);

/**
 * One HTTP request that blocks this worker: GET when `body` is NULL, else POST of application/msgpack. The status, or 0
 * when no answer came; then host_http_len and host_http_take give the body, host_http_type its content type
 * (zero-terminated, cut at `max`).
 */
HOST(http)
int host_http(const char *url, size_t url_len, const void *body, size_t body_len,
              double timeout_ms);
HOST(http_len) size_t host_http_len(void);
HOST(http_take) void host_http_take(void *out);
HOST(http_type) void host_http_type(char *out, size_t max);

#endif
