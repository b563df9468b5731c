/* SPDX-License-Identifier: Apache-2.0
 *
 * What can still be read of a damaged file: through SQLite from both ends up to the damage, and record by record
 * from the raw bytes.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/replica_inside.h"

/* One walk over the records in one direction, until the end or the damage. */
static enum err walk(struct replica *damaged, const char *sql, replica_salvage_fn fn, void *ctx)
{
    enum err err = ERR_OK;
    struct buf plain = {.max = 32 << 20};
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(damaged->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return ERR_OK;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        enum replica_table table = (enum replica_table)sqlite3_column_int(stmt, 0);
        uint64_t space = (uint64_t)sqlite3_column_int64(stmt, 1);
        uint64_t id = (uint64_t)sqlite3_column_int64(stmt, 2);
        buf_reset(&plain);
        if (replica_unseal(&plain, sqlite3_column_blob(stmt, 3),
                           (size_t)sqlite3_column_bytes(stmt, 3), damaged->db_key, table, space,
                           id) != ERR_OK)
            continue;
        TRY(fn(ctx, table, space, id, plain.bytes, plain.len));
    }
out:
    sqlite3_finalize(stmt);
    buf_free(&plain);
    return err;
}

enum err replica_salvage(struct replica *damaged, replica_salvage_fn fn, void *ctx)
{
    enum err err =
        walk(damaged, "SELECT tab, space, id, sealed FROM record ORDER BY stamp DESC", fn, ctx);
    if (err == ERR_OK)
        err = walk(damaged, "SELECT tab, space, id, sealed FROM record ORDER BY stamp", fn, ctx);
    return err;
}

/* --- records in raw bytes --- */

static uint64_t get_be(const uint8_t *at, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | at[i];
    return v;
}

struct find {
    size_t at;
    uint64_t stamp;
};

static int newer_first(const void *a, const void *b)
{
    const struct find *x = a, *y = b;
    return x->stamp < y->stamp ? 1 : x->stamp > y->stamp ? -1 : 0;
}

/* Where a record's head lies whole in `bytes`, with all of its sealed part. */
static enum err find_records(struct find **finds, size_t *n, const uint8_t *bytes, size_t len)
{
    size_t cap = 0;
    for (size_t at = 0; at + RECORD_HEAD_LEN < len; at++) {
        const uint8_t *hit = memchr(bytes + at, RECORD_MAGIC[0], len - RECORD_HEAD_LEN - at);
        if (!hit)
            break;
        at = (size_t)(hit - bytes);
        if (memcmp(hit, RECORD_MAGIC, 4) != 0 || get_be(hit + 29, 4) > len - RECORD_HEAD_LEN - at)
            continue;
        if (*n == cap) {
            cap = cap ? 2 * cap : 256;
            struct find *grown = realloc(*finds, cap * sizeof **finds);
            if (!grown)
                return ERR_MEMORY;
            *finds = grown;
        }
        (*finds)[(*n)++] = (struct find){at, get_be(hit + 21, 8)};
    }
    return ERR_OK;
}

enum err replica_scan(const char *dir, const char *name, const uint8_t db_key[static KEY_LEN],
                      replica_salvage_fn fn, void *ctx)
{
    enum err err = ERR_OK;
    struct buf plain = {.max = 32 << 20}, file = {.max = (size_t)1 << 30};
    struct find *finds = NULL;
    size_t n = 0;
    char wal[256];
    snprintf(wal, sizeof wal, "%s-wal", name);
    TRY(replica_file_read(dir, name, &file));
    err = replica_file_read(dir, wal, &file);
    if (err != ERR_NOT_FOUND)
        TRY(err);
    err = ERR_OK;
    TRY(find_records(&finds, &n, file.bytes, file.len));
    if (n)
        qsort(finds, n, sizeof *finds, newer_first);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *head = file.bytes + finds[i].at;
        enum replica_table table = (enum replica_table)head[4];
        uint64_t space = get_be(head + 5, 8), id = get_be(head + 13, 8);
        buf_reset(&plain);
        /* What does not open was half overwritten: it is lost, the others are not. */
        if (replica_unseal(&plain, head, RECORD_HEAD_LEN + (size_t)get_be(head + 29, 4), db_key,
                           table, space, id) != ERR_OK)
            continue;
        TRY(fn(ctx, table, space, id, plain.bytes, plain.len));
    }
out:
    free(finds);
    buf_free(&plain);
    buf_free(&file);
    return err;
}
