/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables, and the two that mirror the engine's spaces and members. Physical tables are called core_*, which no
 * pack may use; the plain names are views over them, and give way to a pack's kind of the same name.
 */
#include <stdio.h>
#include <string.h>

#include "client/pas_time.h"
#include "client/view_priv.h"
#include "client/words.h"
#include "proto/code.h"

/* A claimed time that no calendar holds gives NULL. */
#define AT(seconds) "strftime('%Y-%m-%dT%H:%M:%SZ', " seconds ", 'unixepoch')"

static const char *const schema[] = {
    "CREATE TABLE core_record(rid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL,"
    " space INTEGER NOT NULL, shred BLOB NOT NULL, rec BLOB NOT NULL, kind TEXT,"
    " locked INTEGER NOT NULL, UNIQUE(shred, rec))",
    "CREATE INDEX core_record_code ON core_record(code)",
    "CREATE TABLE core_entry(seq INTEGER PRIMARY KEY, rid INTEGER NOT NULL,"
    " field INTEGER NOT NULL, type INTEGER NOT NULL, op INTEGER, value, author BLOB NOT NULL,"
    " run BLOB NOT NULL, ordinal INTEGER NOT NULL, device BLOB NOT NULL, time_s INTEGER NOT NULL,"
    " recv_ms INTEGER, base INTEGER NOT NULL, leaf INTEGER, box INTEGER NOT NULL,"
    " pack INTEGER NOT NULL, live INTEGER NOT NULL)",
    "CREATE INDEX core_entry_rid ON core_entry(rid, field, seq)",
    "CREATE INDEX core_entry_pending ON core_entry(rid) WHERE leaf IS NULL",
    "CREATE INDEX core_entry_merged ON core_entry(rid) WHERE field = 2",
    "CREATE TABLE core_conflict(rid INTEGER NOT NULL, field INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, shown INTEGER NOT NULL, PRIMARY KEY(rid, field, seq)) WITHOUT ROWID",
    "CREATE TABLE core_touched(rid INTEGER PRIMARY KEY)",
    "CREATE TABLE core_joined(rid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " winner INTEGER NOT NULL, seq INTEGER NOT NULL)",
    "CREATE INDEX core_joined_winner ON core_joined(winner)",
    "CREATE TABLE core_space(number INTEGER PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL,"
    " level TEXT NOT NULL, state TEXT NOT NULL, size INTEGER NOT NULL, unsent INTEGER NOT NULL,"
    " checkpoint_at TEXT, alarm TEXT)",
    "CREATE TABLE core_member(space TEXT NOT NULL, device TEXT NOT NULL, name TEXT NOT NULL,"
    " roles TEXT NOT NULL, state TEXT NOT NULL, added INTEGER NOT NULL, PRIMARY KEY(space, "
    "device)) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE search USING fts5(text, detail = none, prefix = '1 2 3',"
    " tokenize = 'unicode61 remove_diacritics 0')",
    "CREATE VIEW IF NOT EXISTS space AS SELECT id, name, level, state, size, unsent,"
    " checkpoint_at, alarm FROM core_space",
    "CREATE VIEW IF NOT EXISTS member AS SELECT space, device, name, roles, state FROM core_member",
    "CREATE VIEW IF NOT EXISTS record AS SELECT r.id AS id, r.code AS code, s.id AS space,"
    " lower(hex(r.shred)) AS dossier, r.kind AS kind, r.locked AS locked"
    " FROM core_record r JOIN core_space s ON s.number = r.space",
    "CREATE VIEW IF NOT EXISTS history AS SELECT r.id AS record, r.kind AS kind,"
    " CASE e.field WHEN 0 THEN 'kind' WHEN 1 THEN 'mistake' WHEN 2 THEN 'merged' WHEN 3 THEN "
    "'origin'"
    " ELSE coalesce(f.key, 'field ' || e.field) END AS field,"
    " CASE e.op WHEN 1 THEN '+' WHEN 0 THEN '-' END AS op,"
    " iif(e.field = 0, coalesce(r.kind, e.value), e.value) AS value,"
    " lower(hex(e.author)) AS author, lower(hex(e.device)) AS device," AT(
        "e.time_s") " AS claimed_at," AT("e.recv_ms / 1000") " AS received_at, e.base AS base,"
                                                             " e.leaf AS leaf, e.live AS live, "
                                                             "e.leaf IS NULL AS "
                                                             "pending, " VIEW_AFTER_TRANSFER
                                                             " AS after_transfer"
                                                             " FROM core_entry e JOIN core_record "
                                                             "r ON r.rid = e.rid"
                                                             " LEFT JOIN domain_field f ON f.kind "
                                                             "= r.kind AND f.number = e.field",
    "CREATE VIEW IF NOT EXISTS conflict AS SELECT r.id AS record, r.code AS code, r.kind AS kind,"
    " f.key AS field, f.merge AS policy, f.critical AS critical,"
    " max(iif(c.shown, e.value, NULL)) AS shown,"
    " json_group_array(json_object('value', e.value, 'author', lower(hex(e.author)), "
    "'claimed_at'," AT("e.time_s") ", 'received_at'," AT(
        "e.recv_ms / 1000") ", 'shown',"
                            " json(iif(c.shown, 'true', 'false')))) AS \"values\""
                            " FROM core_conflict c JOIN core_record r ON r.rid = c.rid JOIN "
                            "core_entry e ON e.seq = c.seq"
                            " JOIN domain_field f ON f.kind = r.kind AND f.number = c.field GROUP "
                            "BY c.rid, c.field",
};

enum err view_schema(struct view *view)
{
    enum err err = ERR_OK;
    char sql[8192]; /* enough for any kind, says pack.h */
    TRY(pack_fill(view->pack, view->db));
    TRY(view_exec(view, "BEGIN"));
    for (size_t i = 0; i < view->pack->kinds_n; i++) {
        TRY(pack_table_sql(&view->pack->kinds[i], sql, sizeof sql));
        TRY(view_exec(view, sql));
        sqlite3_snprintf(sizeof sql, sql, "CREATE INDEX \"core_%w\" ON \"%w\"(dossier)",
                         view->pack->kinds[i].key, view->pack->kinds[i].key);
        TRY(view_exec(view, sql));
    }
    for (size_t i = 0; i < sizeof schema / sizeof schema[0]; i++)
        TRY(view_exec(view, schema[i]));
    TRY(view_exec(view, "COMMIT"));
out:
    return err;
}

static enum err put_space(sqlite3_stmt *put, size_t number, const struct engine_space *space)
{
    char id[2 * ID_LEN + 1], at[PAS_TIME_LEN];
    code_hex(id, space->id, ID_LEN);
    sqlite3_bind_int64(put, 1, (sqlite3_int64)number);
    sqlite3_bind_text(put, 2, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 3, space->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 4, words_level(space->level), -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 5, words_state(space->state), -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 6, (sqlite3_int64)space->size);
    sqlite3_bind_int64(put, 7, (sqlite3_int64)space->unsent);
    if (space->checkpoint_ms) {
        pas_time_format((int64_t)(space->checkpoint_ms / 1000), at);
        sqlite3_bind_text(put, 8, at, -1, SQLITE_STATIC);
    }
    if (space->alarm != ERR_OK)
        sqlite3_bind_text(put, 9, words_alarm(space->alarm), -1, SQLITE_STATIC);
    return view_run(put);
}

static enum err put_members(struct view *view, sqlite3_stmt *put, size_t space)
{
    const struct fold *fold = engine_fold(view->engine, space);
    char id[2 * ID_LEN + 1], device[2 * ID_LEN + 1], roles[WORDS_ROLES_MAX];
    enum err err = ERR_OK;
    code_hex(id, engine_space(view->engine, space)->id, ID_LEN);
    for (size_t i = 0; fold && i < fold->n_devices; i++) {
        const struct fold_device *one = &fold->devices[i];
        code_hex(device, one->id, ID_LEN);
        words_roles(one->roles, roles);
        sqlite3_bind_text(put, 1, id, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 2, device, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 3, engine_device_label(view->engine, space, one->id), -1,
                          SQLITE_STATIC);
        sqlite3_bind_text(put, 4, roles, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 5, one->active ? "active" : "revoked", -1, SQLITE_STATIC);
        sqlite3_bind_int64(put, 6, (sqlite3_int64)one->added);
        TRY(view_run(put));
    }
out:
    return err;
}

enum err view_people(struct view *view)
{
    enum err err = ERR_OK;
    sqlite3_stmt *space = NULL, *member = NULL;
    TRY(view_exec(view, "DELETE FROM core_space; DELETE FROM core_member"));
    TRY(view_prepare(view, &space,
                     "INSERT INTO core_space VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
    TRY(view_prepare(view, &member,
                     "INSERT OR REPLACE INTO core_member VALUES(?1, ?2, ?3, ?4,"
                     " ?5, ?6)"));
    for (size_t i = 0; i < view->n_spaces; i++) {
        size_t known = view_space_engine(view, i);
        if (known == SIZE_MAX)
            continue;
        TRY(put_space(space, i, engine_space(view->engine, known)));
        TRY(put_members(view, member, known));
    }
out:
    sqlite3_finalize(space);
    sqlite3_finalize(member);
    return err;
}
