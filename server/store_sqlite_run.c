/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections of the SQLite engine, and the statements that each keeps.
 */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "server/store_sqlite.h"

enum { BUSY_MS = 5000 };

#define SQ_TEXT(name, text) text,
static const char *const statement_text[SQ_STATEMENT_N] = {SQ_LOG(SQ_TEXT) SQ_KEYS(SQ_TEXT)};
#undef SQ_TEXT

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

enum err sq_exec(struct sq *sq, const char *sql)
{
    return sq_err(sq, sqlite3_exec(sq->db, sql, NULL, NULL, NULL));
}

void sq_close(struct sq *sq)
{
    for (size_t i = 0; i < SQ_STATEMENT_N; i++)
        sqlite3_finalize(sq->statements[i]);
    sqlite3_close(sq->db);
    *sq = (struct sq){0};
}

enum err sq_open(struct sq *sq, const char *path, int flags)
{
    enum err err = ERR_OK;
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

enum err sq_start(struct sq *sq, enum sq_statement id, const struct sq_arg *args, size_t n)
{
    struct sqlite3_stmt **st = &sq->statements[id];
    int rc = SQLITE_OK;
    if (!*st)
        rc =
            sqlite3_prepare_v3(sq->db, statement_text[id], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
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

enum err sq_step(struct sq *sq, enum sq_statement id)
{
    int rc = sqlite3_step(sq->statements[id]);
    return rc == SQLITE_DONE ? ERR_NOT_FOUND : sq_err(sq, rc);
}

void sq_reset(struct sq *sq, enum sq_statement id)
{
    if (!sq->statements[id])
        return;
    sqlite3_reset(sq->statements[id]);
    sqlite3_clear_bindings(sq->statements[id]);
}

enum err sq_run(struct sq *sq, enum sq_statement id, const struct sq_arg *args, size_t n)
{
    enum err err = sq_start(sq, id, args, n);
    while (err == ERR_OK)
        err = sq_step(sq, id);
    sq_reset(sq, id);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err sq_number(struct sq *sq, enum sq_statement id, const struct sq_arg *args, size_t n,
                   uint64_t *out)
{
    enum err err = ERR_OK;
    TRY(sq_start(sq, id, args, n));
    TRY(sq_step(sq, id));
    *out = sq_column(sq, id, 0);
out:
    sq_reset(sq, id);
    return err;
}

int sq_changes(const struct sq *sq)
{
    return sqlite3_changes(sq->db);
}

uint64_t sq_column(struct sq *sq, enum sq_statement id, int column)
{
    return (uint64_t)sqlite3_column_int64(sq->statements[id], column);
}

const uint8_t *sq_column_blob(struct sq *sq, enum sq_statement id, int column, size_t *len)
{
    const uint8_t *bytes = sqlite3_column_blob(sq->statements[id], column);
    *len = (size_t)sqlite3_column_bytes(sq->statements[id], column);
    return bytes;
}

enum err sq_column_bytes(struct sq *sq, enum sq_statement id, int column, uint8_t *out, size_t len)
{
    size_t have;
    const uint8_t *bytes = sq_column_blob(sq, id, column, &have);
    if (have != len)
        return ERR_CORRUPT;
    memcpy(out, bytes, len);
    return ERR_OK;
}
