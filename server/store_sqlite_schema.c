/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the two databases, as steps from one version to the next. A file of an earlier version takes the steps
 * that it lacks in one transaction, when the process that serves opens it. A change of the tables is a further step: a
 * step that was released never changes, for files that took it do not take it again (tests/e2e/releases.sh opens
 * them).
 */
#include <sqlite3.h>
#include <stdio.h>

#include "server/store_sqlite.h"

enum { APPLICATION_ID = 0x50617372 /* "Pasr" */ };

static const char *const log_steps[] = {
    /* 1: the first release */
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE spaces (space BLOB PRIMARY KEY, size INTEGER NOT NULL, t_recv INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL, epoch_idx INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE log (id INTEGER PRIMARY KEY, space BLOB NOT NULL, idx INTEGER NOT NULL,"
    " device BLOB NOT NULL, seq INTEGER NOT NULL, kind INTEGER NOT NULL, t_recv INTEGER NOT NULL,"
    " header BLOB NOT NULL, sig BLOB NOT NULL, nodes BLOB NOT NULL,"
    " UNIQUE (space, idx), UNIQUE (space, device, seq));"
    "CREATE INDEX log_control ON log (space, idx) WHERE kind < 64;"
    "CREATE TABLE bodies (id INTEGER PRIMARY KEY, space BLOB NOT NULL, idx INTEGER NOT NULL,"
    " box INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB, UNIQUE (space, idx, box));"
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, space BLOB NOT NULL, size INTEGER NOT NULL,"
    " root BLOB NOT NULL, sig BLOB NOT NULL, cosigs BLOB NOT NULL, UNIQUE (space, size));"
    "CREATE TABLE members (space BLOB NOT NULL, device BLOB NOT NULL, ed_pk BLOB NOT NULL,"
    " roles INTEGER NOT NULL, active INTEGER NOT NULL, added INTEGER NOT NULL,"
    " revoked INTEGER NOT NULL, erased_upto INTEGER NOT NULL, PRIMARY KEY (space, device))"
    " WITHOUT ROWID;"
    "CREATE INDEX members_device ON members (device);"
    "CREATE TABLE links (id INTEGER PRIMARY KEY, pk BLOB NOT NULL UNIQUE, used INTEGER NOT NULL);"
    "CREATE TABLE chores (id INTEGER PRIMARY KEY AUTOINCREMENT, space BLOB NOT NULL,"
    " what INTEGER NOT NULL, target BLOB NOT NULL);",
};

static const char *const keys_steps[] = {
    /* 1: the first release */
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE revs (space BLOB PRIMARY KEY, rev INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE slots (id INTEGER PRIMARY KEY, space BLOB NOT NULL, row BLOB NOT NULL,"
    " newest INTEGER NOT NULL, epoch INTEGER NOT NULL, slot BLOB NOT NULL, sender BLOB NOT NULL,"
    " rev INTEGER NOT NULL, UNIQUE (space, row, newest));"
    "CREATE INDEX slots_rev ON slots (space, rev) WHERE newest = 1;"
    "CREATE INDEX slots_epoch ON slots (space, epoch) WHERE newest = 1;"
    "CREATE TABLE seals (id INTEGER PRIMARY KEY, space BLOB NOT NULL, idx INTEGER NOT NULL,"
    " device BLOB NOT NULL, epoch INTEGER NOT NULL, type INTEGER NOT NULL, hash BLOB NOT NULL,"
    " seal BLOB, rev INTEGER NOT NULL, UNIQUE (space, idx, device));"
    "CREATE INDEX seals_device ON seals (space, device, rev);"
    "CREATE TABLE inbox (id INTEGER PRIMARY KEY, space BLOB NOT NULL, type INTEGER NOT NULL,"
    " device BLOB NOT NULL, invite BLOB, expires INTEGER NOT NULL, state INTEGER NOT NULL,"
    " payload BLOB, rev INTEGER NOT NULL, UNIQUE (space, type, device));",
};

const struct sq_schema sq_log_schema = {log_steps, sizeof log_steps / sizeof *log_steps};
const struct sq_schema sq_keys_schema = {keys_steps, sizeof keys_steps / sizeof *keys_steps};

enum err sq_pragma(struct sq *sq, const char *sql, uint64_t *n)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(sq->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    *n = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
    sqlite3_finalize(st);
    return sq_err(sq, rc);
}

enum err sq_schema_check(struct sq *sq, const struct sq_schema *schema)
{
    enum err err = ERR_OK;
    uint64_t app, version;
    TRY(sq_pragma(sq, "PRAGMA application_id", &app));
    TRY(sq_pragma(sq, "PRAGMA user_version", &version));
    if (app != APPLICATION_ID)
        err = ERR_CORRUPT;
    else if (version > schema->steps_len)
        err = ERR_VERSION;
    else if (version < schema->steps_len)
        err = ERR_BEHIND;
out:
    return err;
}

enum err sq_schema_raise(struct sq *sq, const struct sq_schema *schema)
{
    enum err err = ERR_OK;
    char pragmas[128];
    uint64_t version;
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %zu;",
             APPLICATION_ID, schema->steps_len);
    TRY(sq_exec(sq, "BEGIN EXCLUSIVE"));
    TRY(sq_pragma(sq, "PRAGMA user_version", &version));
    for (uint64_t i = version; i < schema->steps_len; i++)
        TRY(sq_exec(sq, schema->steps[i]));
    TRY(sq_exec(sq, pragmas));
    TRY(sq_exec(sq, "COMMIT"));
out:
    if (err != ERR_OK && !sqlite3_get_autocommit(sq->db))
        sqlite3_exec(sq->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}
