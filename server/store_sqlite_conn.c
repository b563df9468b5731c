/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections of the SQLite engine, and the statements that each keeps: its driver.
 */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "server/store_sqlite.h"

enum { BUSY_MS = 5000 };

enum err sq_err(const struct sq *sq, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ERR_OK;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_NOMEM:
        return ERR_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_CONSTRAINT:
        return ERR_EXISTS;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        /* A full disk also shows as a failure to grow the shared-memory file. */
        return sq->db && sqlite3_system_errno(sq->db) == ENOSPC ? ERR_FULL : ERR_IO;
    default:
        return ERR_IO;
    }
}

static enum err exec(struct sq *sq, const char *sql)
{
    return sq_err(sq, sqlite3_exec(sq->db, sql, NULL, NULL, NULL));
}

static void close(struct sq *sq)
{
    for (size_t i = 0; i < SQ_STATEMENT_N; i++)
        sqlite3_finalize(sq->statements[i]);
    sqlite3_close(sq->db);
}

static enum err start(struct sq *sq, enum sq_statement id, const struct sq_arg *args, size_t n)
{
    struct sqlite3_stmt **st = &sq->statements[id];
    int rc = SQLITE_OK;
    if (!*st)
        rc = sqlite3_prepare_v3(sq->db, sq_text[id], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
    for (size_t i = 0; i < n && rc == SQLITE_OK; i++) {
        int at = (int)i + 1;
        if (args[i].is_blob && args[i].blob)
            rc = sqlite3_bind_blob64(*st, at, args[i].blob, args[i].len, SQLITE_STATIC);
        else if (args[i].is_blob)
            rc = sqlite3_bind_null(*st, at);
        else
            rc = sqlite3_bind_int64(*st, at, args[i].number);
    }
    return sq_err(sq, rc);
}

static enum err step(struct sq *sq, enum sq_statement id)
{
    int rc = sqlite3_step(sq->statements[id]);
    return rc == SQLITE_DONE ? ERR_NOT_FOUND : sq_err(sq, rc);
}

static void reset(struct sq *sq, enum sq_statement id)
{
    if (!sq->statements[id])
        return;
    sqlite3_reset(sq->statements[id]);
    sqlite3_clear_bindings(sq->statements[id]);
}

static int changes(const struct sq *sq)
{
    return sqlite3_changes(sq->db);
}

static uint64_t column(struct sq *sq, enum sq_statement id, int at)
{
    return (uint64_t)sqlite3_column_int64(sq->statements[id], at);
}

static const uint8_t *column_blob(struct sq *sq, enum sq_statement id, int at, size_t *len)
{
    const uint8_t *bytes = sqlite3_column_blob(sq->statements[id], at);
    *len = (size_t)sqlite3_column_bytes(sq->statements[id], at);
    return bytes;
}

static bool in_transaction(const struct sq *sq)
{
    return sq->db && !sqlite3_get_autocommit(sq->db);
}

static const struct sq_driver driver = {.close = close,
                                        .exec = exec,
                                        .start = start,
                                        .step = step,
                                        .reset = reset,
                                        .changes = changes,
                                        .column = column,
                                        .column_blob = column_blob,
                                        .in_transaction = in_transaction,
                                        .begin_write = "BEGIN IMMEDIATE"};

enum err sq_open(struct sq *sq, const char *path, int flags)
{
    enum err err = ERR_OK;
    sq->driver = &driver;
    int rc =
        sqlite3_open_v2(path, &sq->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    TRY(sq_err(sq, rc));
    sqlite3_busy_timeout(sq->db, BUSY_MS);
    sqlite3_db_config(sq->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(sq->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* Without temp_store a sort may spill rows into a temporary file. */
    TRY(sq_exec(sq, "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;"));
    if (!(flags & SQLITE_OPEN_READONLY))
        TRY(sq_exec(sq, "PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;"
                        "PRAGMA wal_autocheckpoint = 0;"));
out:
    return err;
}
