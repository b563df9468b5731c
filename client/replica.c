/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening, transactions and sealed records. Exclusive locking keeps other programs out and the WAL index in
 * memory; synchronous=FULL makes a commit durable.
 */
#include "client/replica.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/replica_inside.h"
#include "proto/digest.h"
#include "proto/seal.h"

enum { APPLICATION_ID = 0x50535231 };
enum { RECORD_MAX = (256 << 20) + 4096, CHECK_BYTES_MAX = 16 << 20, SPARE_MAX = 1 << 20 };

/* The tables as steps from one version to the next: steps[i] leads from version i to i + 1. A step that was released never
 * changes; a change of the tables is a further one. */
static const char *const schema_steps[] = {
    /* 1: the first release */
    "CREATE TABLE record(stamp INTEGER PRIMARY KEY, tab INTEGER NOT NULL, space INTEGER NOT NULL,"
    " id INTEGER NOT NULL, sealed BLOB NOT NULL, UNIQUE(tab, space, id));"
    "CREATE TABLE entry(n INTEGER PRIMARY KEY, space INTEGER NOT NULL, idx INTEGER NOT NULL,"
    " t_recv INTEGER NOT NULL, kind INTEGER NOT NULL, verdict INTEGER NOT NULL,"
    " missing INTEGER NOT NULL, header BLOB NOT NULL, sig BLOB NOT NULL, nodes BLOB NOT NULL,"
    " bodies BLOB NOT NULL, UNIQUE(space, idx));"
    "CREATE INDEX entry_control ON entry(space, idx) WHERE kind > 0 AND kind < 64;"
    "CREATE INDEX entry_missing ON entry(space, idx) WHERE missing > 0;"
    "CREATE TABLE last(space INTEGER NOT NULL, device BLOB NOT NULL, seq INTEGER NOT NULL,"
    " hash BLOB NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY(space, device)) WITHOUT ROWID;"
    "CREATE TABLE slot(space INTEGER NOT NULL, row BLOB NOT NULL, epoch INTEGER NOT NULL,"
    " slot BLOB NOT NULL, PRIMARY KEY(space, row, epoch)) WITHOUT ROWID;",
};
enum { SCHEMA_VERSION = sizeof schema_steps / sizeof *schema_steps };

#define SQL_TEXT(name, sql) sql,
static const char *const sql_texts[SQL_N] = {REPLICA_SQL(SQL_TEXT)};
#undef SQL_TEXT

/* --- errors and statements --- */

static bool no_room(int number)
{
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

enum err replica_error(struct replica *replica, int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ERR_OK;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        if (!replica->damaged && replica->dir[0])
            (void)!replica_file_write(replica->dir, REPLICA_MARK, "", 0, false);
        replica->damaged = true;
        return ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_NOMEM:
        return ERR_MEMORY;
    case SQLITE_CONSTRAINT:
        return ERR_EXISTS;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        /* Not every path of SQLite keeps the number for sqlite3_system_errno. */
        return no_room(sqlite3_system_errno(replica->db)) || no_room(errno) ? ERR_FULL : ERR_IO;
    default:
        return ERR_IO;
    }
}

struct sqlite3_stmt *replica_stmt(struct replica *replica, enum replica_sql sql, enum err *err)
{
    struct sqlite3_stmt **stmt = &replica->stmts[sql];
    *err = ERR_OK;
    if (!*stmt)
        *err = replica_error(replica, sqlite3_prepare_v3(replica->db, sql_texts[sql], -1,
                                                         SQLITE_PREPARE_PERSISTENT, stmt, NULL));
    return *err == ERR_OK ? *stmt : NULL;
}

enum err replica_run(struct replica *replica, struct sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);
    enum err err = replica_error(replica, code);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return err;
}

static enum err run_sql(struct replica *replica, enum replica_sql sql)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, sql, &err);
    return stmt ? replica_run(replica, stmt) : err;
}

static enum err exec(struct replica *replica, const char *sql)
{
    return replica_error(replica, sqlite3_exec(replica->db, sql, NULL, NULL, NULL));
}

static enum err ask_int(struct replica *replica, const char *sql, int64_t *value)
{
    sqlite3_stmt *stmt = NULL;
    enum err err = ERR_OK;
    TRY(replica_error(replica, sqlite3_prepare_v2(replica->db, sql, -1, &stmt, NULL)));
    int code = sqlite3_step(stmt);
    TRY(replica_error(replica, code));
    *value = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
out:
    sqlite3_finalize(stmt);
    return err;
}

/* --- opening --- */

/* All steps that the file lacks, or none. */
static enum err raise_schema(struct replica *replica, int64_t version)
{
    enum err err = ERR_OK;
    char set[96];
    snprintf(set, sizeof set, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID,
             SCHEMA_VERSION);
    TRY(exec(replica, "BEGIN IMMEDIATE"));
    for (int64_t i = version; i < SCHEMA_VERSION; i++)
        TRY(exec(replica, schema_steps[i]));
    TRY(exec(replica, set));
    TRY(exec(replica, "COMMIT"));
out:
    if (err != ERR_OK && !sqlite3_get_autocommit(replica->db))
        sqlite3_exec(replica->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

static enum err prepare_schema(struct replica *replica, bool fresh)
{
    enum err err = ERR_OK;
    int64_t app = 0, version = 0, tables = 0;
    TRY(ask_int(replica, "PRAGMA application_id", &app));
    TRY(ask_int(replica, "PRAGMA user_version", &version));
    TRY(ask_int(replica, "SELECT count(*) FROM sqlite_schema", &tables));
    bool empty = app == 0 && version == 0 && tables == 0 && fresh;
    if (!empty && (app != APPLICATION_ID || version < 1))
        err = replica_error(replica, SQLITE_CORRUPT);
    else if (version > SCHEMA_VERSION)
        err = ERR_VERSION;
    else if (version < SCHEMA_VERSION)
        err = raise_schema(replica, version);
out:
    return err;
}

static enum err quick_check(struct replica *replica, bool *sound)
{
    enum err err = ERR_OK;
    sqlite3_stmt *stmt = NULL;
    TRY(replica_error(replica,
                      sqlite3_prepare_v2(replica->db, "PRAGMA quick_check(1)", -1, &stmt, NULL)));
    int code = sqlite3_step(stmt);
    TRY(replica_error(replica, code));
    const char *text = (const char *)sqlite3_column_text(stmt, 0);
    TRY(text ? ERR_OK : ERR_MEMORY);
    *sound = strcmp(text, "ok") == 0;
out:
    sqlite3_finalize(stmt);
    return err;
}

/* Structural damage shows at once in a file of ordinary size; in a large one when the damaged page is read. A page that
 * could not be read for once is told in the same words as a damaged one: damage is what shows twice. */
static enum err check_structure(struct replica *replica)
{
    int64_t pages = 0, page_size = 0;
    enum err err = ERR_OK;
    bool sound = false;
    TRY(ask_int(replica, "PRAGMA page_count", &pages));
    TRY(ask_int(replica, "PRAGMA page_size", &page_size));
    if (pages > CHECK_BYTES_MAX / page_size)
        goto out;
    TRY(quick_check(replica, &sound));
    if (!sound)
        TRY(quick_check(replica, &sound));
    TRY(sound ? ERR_OK : replica_error(replica, SQLITE_CORRUPT));
out:
    return err;
}

static enum err open_at(struct replica **out, const char *path, const char *dir, int flags,
                        const uint8_t *db_key)
{
    enum err err = ERR_OK;
    struct replica *replica = calloc(1, sizeof *replica);
    if (!replica)
        return ERR_MEMORY;
    replica->db_key = db_key;
    if (dir)
        snprintf(replica->dir, sizeof replica->dir, "%s", dir);
    int code = sqlite3_open_v2(path, &replica->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (!replica->db)
        err = ERR_MEMORY;
    else
        err = replica_error(replica, code);
    if (err != ERR_OK) {
        replica_close(replica);
        return err;
    }
    sqlite3_extended_result_codes(replica->db, 1);
    sqlite3_busy_timeout(replica->db, 200);
    sqlite3_limit(replica->db, SQLITE_LIMIT_LENGTH, RECORD_MAX);
    *out = replica;
    return ERR_OK;
}

enum err replica_open(struct replica **out, const char *dir, const uint8_t db_key[static KEY_LEN],
                      bool fresh)
{
    enum err err = ERR_OK;
    struct replica *replica = NULL;
    char path[4096];
    int64_t stamp = 0;
    TRY(replica_path(path, sizeof path, dir, REPLICA_FILE));
    TRY(open_at(&replica, path, dir, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, db_key));
    TRY(exec(replica, "PRAGMA temp_store=MEMORY"));
    TRY(exec(replica, "PRAGMA locking_mode=EXCLUSIVE"));
    TRY(exec(replica, "PRAGMA secure_delete=ON"));
    TRY(exec(replica, "PRAGMA journal_mode=WAL"));
    TRY(exec(replica, "PRAGMA synchronous=FULL"));
    TRY(exec(replica, "PRAGMA journal_size_limit=4194304"));
    TRY(exec(replica, "PRAGMA trusted_schema=OFF"));
    TRY(prepare_schema(replica, fresh));
    TRY(check_structure(replica));
    TRY(ask_int(replica, sql_texts[SQL_STAMP], &stamp));
    replica->stamp = (uint64_t)stamp;
    /* The program may have ended between an erasure and its flush. What cannot be done now is done later. */
    err = replica_flush(replica);
    if (err == ERR_FULL || err == ERR_IO || err == ERR_BUSY)
        err = ERR_OK;
    TRY(err);
    *out = replica;
    replica = NULL;
out:
    replica_close(replica);
    return err;
}

enum err replica_open_damaged(struct replica **out, const char *path,
                              const uint8_t db_key[static KEY_LEN])
{
    enum err err = open_at(out, path, NULL, SQLITE_OPEN_READWRITE, db_key);
    /* Without it a -wal beside the file asks for memory shared with other programs, which not every system has. */
    if (err == ERR_OK)
        (void)!exec(*out, "PRAGMA locking_mode=EXCLUSIVE");
    return err;
}

void replica_close(struct replica *replica)
{
    if (!replica)
        return;
    for (size_t i = 0; i < SQL_N; i++)
        sqlite3_finalize(replica->stmts[i]);
    sqlite3_close(replica->db);
    free(replica);
}

/* Some records are kept a second time, in a file of their own (replica.h). */
static void spare_touch(struct replica *replica, enum replica_table table)
{
    replica->spare = replica->spare || table == REPLICA_DEVICE || table == REPLICA_SERVER ||
                     table == REPLICA_SPACE || table == REPLICA_TALLY || table == REPLICA_BOX;
}

static void spare_write(struct replica *replica)
{
    enum err err;
    struct buf copy = {.max = SPARE_MAX};
    if (!replica->spare || replica->in_tx)
        return;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_SPARE, &err);
    if (!stmt)
        return;
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        size_t len = (size_t)sqlite3_column_bytes(stmt, 0);
        const void *bytes = sqlite3_column_blob(stmt, 0);
        if (!bytes && len > 0)
            buf_fail(&copy, ERR_MEMORY);
        buf_put(&copy, bytes, len);
    }
    sqlite3_reset(stmt);
    /* Never half of it over the whole one: what could not be read stays as it was until the next transaction. */
    if (code == SQLITE_DONE && copy.err == ERR_OK && copy.len > 0) {
        replica->spare = false;
        replica_file_hint(replica->dir, REPLICA_SPARE, copy.bytes, copy.len);
    }
    buf_free(&copy);
}

enum err replica_begin(struct replica *replica)
{
    assert(!replica->in_tx);
    enum err err = run_sql(replica, SQL_BEGIN);
    replica->in_tx = err == ERR_OK;
    return err;
}

enum err replica_end(struct replica *replica, enum err err)
{
    if (!replica->in_tx)
        return err;
    replica->in_tx = false;
    if (err == ERR_OK)
        err = run_sql(replica, SQL_COMMIT);
    /* A full disk may have rolled back already; a failed COMMIT has not. */
    if (err != ERR_OK && !sqlite3_get_autocommit(replica->db)) {
        enum err again = run_sql(replica, SQL_ROLLBACK);
        (void)again;
    }
    spare_write(replica);
    if (err == ERR_OK && replica->unflushed) {
        enum err again = replica_flush(replica);
        (void)again;
    }
    return err;
}

enum err replica_flush(struct replica *replica)
{
    assert(!replica->in_tx);
    enum err err = exec(replica, "PRAGMA wal_checkpoint(TRUNCATE)");
    replica->unflushed = err != ERR_OK;
    return err;
}

/* --- records --- */

static void put_be(uint8_t *out, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static void record_ad(uint8_t ad[static RECORD_AD_LEN], enum replica_table table, uint64_t space,
                      uint64_t id)
{
    ad[0] = (uint8_t)table;
    put_be(ad + 1, space, 8);
    put_be(ad + 9, id, 8);
}

static const char SEAL_TAG[] = "passerelle/replica/v1";

enum err replica_put(struct replica *replica, enum replica_table table, uint64_t space, uint64_t id,
                     const void *plain, size_t len)
{
    enum err err = ERR_OK;
    struct buf blob = {.max = RECORD_MAX};
    uint8_t ad[RECORD_AD_LEN];
    record_ad(ad, table, space, id);
    buf_put(&blob, RECORD_MAGIC, 4);
    buf_put(&blob, ad, sizeof ad);
    buf_u64be(&blob, replica->stamp + 1);
    buf_u32be(&blob, (uint32_t)(len + SEAL_BLOB_OVERHEAD));
    uint8_t *room = buf_room(&blob, len + SEAL_BLOB_OVERHEAD);
    TRY(blob.err);
    seal_blob(room, plain, len, replica->db_key, SEAL_TAG, ad, sizeof ad);
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_PUT, &err);
    if (!stmt)
        goto out;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)(replica->stamp + 1));
    sqlite3_bind_int(stmt, 2, (int)table);
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)space);
    sqlite3_bind_int64(stmt, 4, (sqlite3_int64)id);
    sqlite3_bind_blob64(stmt, 5, blob.bytes, blob.len, SQLITE_STATIC);
    TRY(replica_run(replica, stmt));
    replica->stamp++;
    spare_touch(replica, table);
    spare_write(replica);
out:
    buf_free(&blob);
    return err;
}

enum err replica_unseal(struct buf *out, const uint8_t *blob, size_t len,
                        const uint8_t db_key[static KEY_LEN], enum replica_table table,
                        uint64_t space, uint64_t id)
{
    uint8_t ad[RECORD_AD_LEN];
    record_ad(ad, table, space, id);
    if (len < RECORD_HEAD_LEN + SEAL_BLOB_OVERHEAD || memcmp(blob, RECORD_MAGIC, 4) != 0 ||
        memcmp(blob + 4, ad, sizeof ad) != 0)
        return ERR_CORRUPT;
    size_t plain_len = len - RECORD_HEAD_LEN - SEAL_BLOB_OVERHEAD;
    uint8_t *room = buf_room(out, plain_len);
    if (!room && plain_len)
        return out->err;
    uint8_t none;
    return open_blob(room ? room : &none, blob + RECORD_HEAD_LEN, len - RECORD_HEAD_LEN, db_key,
                     SEAL_TAG, ad, sizeof ad);
}

/* A record that does not open was damaged on the disk (or is another device's): as bad as a damaged page. */
static enum err unseal(struct replica *replica, struct buf *out, const uint8_t *blob, size_t len,
                       enum replica_table table, uint64_t space, uint64_t id)
{
    enum err err = replica_unseal(out, blob, len, replica->db_key, table, space, id);
    return err == ERR_CORRUPT ? replica_error(replica, SQLITE_CORRUPT) : err;
}

enum err replica_get(struct replica *replica, enum replica_table table, uint64_t space, uint64_t id,
                     struct buf *plain)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_GET, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int(stmt, 1, (int)table);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)space);
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)id);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        err = unseal(replica, plain, sqlite3_column_blob(stmt, 0),
                     (size_t)sqlite3_column_bytes(stmt, 0), table, space, id);
    else
        err = code == SQLITE_DONE ? ERR_NOT_FOUND : replica_error(replica, code);
    sqlite3_reset(stmt);
    return err;
}

static enum err delete_by(struct replica *replica, enum replica_sql sql, enum replica_table table,
                          uint64_t space, uint64_t id)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, sql, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int(stmt, 1, (int)table);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)space);
    if (sql == SQL_DELETE)
        sqlite3_bind_int64(stmt, 3, (sqlite3_int64)id);
    err = replica_run(replica, stmt);
    if (err == ERR_OK && table == REPLICA_BOX) {
        spare_touch(replica, table); /* a key that is forgotten goes from the copy too */
        spare_write(replica);
    }
    return err;
}

enum err replica_delete(struct replica *replica, enum replica_table table, uint64_t space,
                        uint64_t id)
{
    return delete_by(replica, SQL_DELETE, table, space, id);
}

enum err replica_delete_all(struct replica *replica, enum replica_table table, uint64_t space)
{
    return delete_by(replica, SQL_DELETE_ALL, table, space, 0);
}

enum err replica_each(struct replica *replica, enum replica_table table, uint64_t space,
                      replica_fn fn, void *ctx)
{
    enum err err = ERR_OK;
    struct buf plain = {.max = RECORD_MAX};
    /* Its own statement: `fn` may walk another table. */
    sqlite3_stmt *stmt = NULL;
    TRY(replica_error(replica,
                      sqlite3_prepare_v2(replica->db, sql_texts[SQL_EACH], -1, &stmt, NULL)));
    sqlite3_bind_int(stmt, 1, (int)table);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)space);
    for (int code; (code = sqlite3_step(stmt)) != SQLITE_DONE;) {
        TRY(replica_error(replica, code));
        uint64_t id = (uint64_t)sqlite3_column_int64(stmt, 0);
        buf_reset(&plain);
        TRY(unseal(replica, &plain, sqlite3_column_blob(stmt, 1),
                   (size_t)sqlite3_column_bytes(stmt, 1), table, space, id));
        TRY(fn(ctx, id, plain.bytes, plain.len));
    }
out:
    sqlite3_finalize(stmt);
    buf_free(&plain);
    return err;
}

enum err replica_last_id(struct replica *replica, enum replica_table table, uint64_t space,
                         uint64_t *id)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_LAST_ID, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int(stmt, 1, (int)table);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)space);
    int code = sqlite3_step(stmt);
    err = replica_error(replica, code);
    if (code == SQLITE_ROW)
        *id = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return err;
}
