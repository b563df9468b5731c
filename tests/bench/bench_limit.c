/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

static void put_file(const char *path, const struct buf *bytes, bool sync)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes->bytes, bytes->len) != (ssize_t)bytes->len ||
        (sync && fsync(fd) != 0))
        bench_fail("cannot write %s", path);
    close(fd);
}

double bench_limit_fsync(const struct buf *bytes)
{
    char folder[256], path[300];
    bench_folder_new(folder, "fsync");
    snprintf(path, sizeof path, "%s/bytes", folder);
    double start = bench_now();
    put_file(path, bytes, true);
    double took = bench_now() - start;
    bench_folder_remove(folder);
    return took;
}

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        bench_fail("%s: %s", sql, sqlite3_errmsg(db));
}

double bench_limit_sqlite(const struct buf *bytes, size_t rows, size_t group)
{
    char folder[256], path[300];
    sqlite3 *db;
    sqlite3_stmt *put;
    bench_folder_new(folder, "sqlite");
    snprintf(path, sizeof path, "%s/dumb.db", folder);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        bench_fail("cannot open %s", path);
    run_sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                "CREATE TABLE log (id INTEGER PRIMARY KEY, body BLOB)");
    if (sqlite3_prepare_v2(db, "INSERT INTO log (body) VALUES (?1)", -1, &put, NULL) != SQLITE_OK)
        bench_fail("%s", sqlite3_errmsg(db));
    size_t each = bytes->len / rows;
    double start = bench_now();
    for (size_t i = 0; i < rows; i++) {
        if (i % group == 0)
            run_sql(db, "BEGIN IMMEDIATE");
        sqlite3_bind_blob(put, 1, bytes->bytes + i * each, (int)each, SQLITE_STATIC);
        if (sqlite3_step(put) != SQLITE_DONE)
            bench_fail("%s", sqlite3_errmsg(db));
        sqlite3_reset(put);
        if (i % group == group - 1 || i == rows - 1)
            run_sql(db, "COMMIT");
    }
    double took = bench_now() - start;
    sqlite3_finalize(put);
    sqlite3_close(db);
    bench_folder_remove(folder);
    return took;
}

/* Bytes that are no request: read, hashed by nobody, refused in plain text. */
double bench_limit_http(const struct testdaemon *daemon, const struct buf *bytes)
{
    struct testdaemon_line line = {.daemon = daemon, .fd = -1};
    struct buf answer = {0}, body = {.max = REQUEST_MAX};
    int http = 0;
    for (size_t left = bytes->len; left > 0;) { /* what a body may have at most, several times */
        size_t n = left < REQUEST_MAX / 2 ? left : REQUEST_MAX / 2;
        buf_reset(&body);
        buf_put(&body, bytes->bytes + bytes->len - left, n);
        body.bytes[0] = 0xc1; /* no MessagePack at all */
        left -= n;
        if (left > 0)
            bench_must(testdaemon_send(&line, body.bytes, body.len, &answer, &http));
    }
    double start = bench_now();
    bench_must(testdaemon_send(&line, body.bytes, body.len, &answer, &http));
    double took = bench_now() - start;
    if (http != 400)
        bench_fail("a request of nonsense was answered by %d", http);
    testdaemon_hang_up(&line);
    buf_free(&answer);
    buf_free(&body);
    return took * (double)bytes->len / (double)(body.len ? body.len : bytes->len);
}

size_t bench_limit_packed(const char *program, const char *level, const struct buf *bytes)
{
    char folder[256], path[300], command[400];
    size_t n = 0;
    bench_folder_new(folder, "packed");
    snprintf(path, sizeof path, "%s/raw", folder);
    put_file(path, bytes, false);
    snprintf(command, sizeof command, "%s %s -c %s 2>/dev/null | wc -c", program, level, path);
    FILE *out = popen(command, "r"); /* NOLINT(cert-env33-c): fixed words and our own path */
    if (out && fscanf(out, "%zu", &n) != 1)
        n = 0;
    if (out)
        pclose(out);
    bench_folder_remove(folder);
    return n;
}
