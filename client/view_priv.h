/* SPDX-License-Identifier: Apache-2.0
 *
 * view_priv: what the files view*.c share.
 *
 * core_record   rid, id, code, space (number in view->spaces), shred, rec, kind (NULL: unknown), locked
 * core_entry    seq (log order within a space), rid, field, type, op, value as SQL value, author, run, ordinal, device,
 *               time_s, recv_ms and leaf (NULL while pending), base, box, pack, live
 * core_conflict rid, field, seq of a standing entry, shown
 * core_touched  rid of records to merge again
 * core_joined   rid, id of records that were merged into another one: winner (rid), seq of the entry that says so
 */
#ifndef CLIENT_VIEW_PRIV_H
#define CLIENT_VIEW_PRIV_H

#include <sqlite3.h>

#include "client/view.h"
#include "proto/merge.h"

/* Of entry e of record r: brought from the space that the dossier had left, after it had left. */
#define VIEW_AFTER_TRANSFER                                                                        \
    "coalesce(e.author <> e.device AND e.leaf > (SELECT max(o.leaf) FROM core_entry o"             \
    " JOIN core_record d ON d.rid = o.rid WHERE d.shred = r.shred AND o.field = 3), 0)"

/* Statements that are prepared once: X(name, SQL). */
#define VIEW_STATEMENTS(X)                                                                         \
    X(RECORD_GET, "SELECT rid FROM core_record WHERE shred = ?1 AND rec = ?2")                     \
    X(RECORD_PUT, "INSERT INTO core_record(id, code, space, shred, rec, locked)"                   \
                  " VALUES(?1, ?2, ?3, ?4, ?5, 0)")                                                \
    X(RECORD_ROW, "SELECT id, code, space, shred, rec, kind FROM core_record WHERE rid = ?1")      \
    X(RECORD_NAME, "SELECT kind, code FROM core_record WHERE id = ?1")                             \
    X(RECORD_SET, "UPDATE core_record SET kind = ?2, locked = ?3 WHERE rid = ?1")                  \
    X(RECORD_DROP, "DELETE FROM core_record WHERE rid = ?1")                                       \
    X(ENTRY_KNOWN, "SELECT 1 FROM core_entry WHERE rid=?1 AND field=?2 AND author=?3 AND run=?4"   \
                   " AND ordinal=?5 LIMIT 1")                                                      \
    X(ENTRY_PUT,                                                                                   \
      "INSERT INTO core_entry(rid, field, type, op, value, author, run, ordinal, device, time_s,"  \
      " recv_ms, base, leaf, box, pack, live)"                                                     \
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 0)")              \
    X(ENTRY_LIVE, "UPDATE core_entry SET live = ?2 WHERE seq = ?1")                                \
    X(ENTRIES, "SELECT seq, field, type, op, value, author, run, ordinal, time_s, recv_ms, base,"  \
               " leaf, pack, live, rid FROM core_entry WHERE rid = ?1"                             \
               " ORDER BY field, iif(op IS NULL, NULL, value), seq")                               \
    X(ENTRIES_JOINED,                                                                              \
      "SELECT e.seq, e.field, e.type, e.op, coalesce(iif(e.type = 4, w.id, NULL), e.value) AS v,"  \
      " e.author, e.run, e.ordinal, e.time_s, e.recv_ms, e.base, e.leaf, e.pack, e.live, e.rid"    \
      " FROM core_entry e LEFT JOIN core_joined j ON e.type = 4 AND j.id = e.value"                \
      " LEFT JOIN core_record w ON w.rid = j.winner WHERE e.rid = ?1 OR"                           \
      " (e.field >= 16 AND e.rid IN (SELECT rid FROM core_joined WHERE winner = ?1))"              \
      " ORDER BY e.field, iif(e.op IS NULL, NULL, v), e.seq")                                      \
    X(JOINTS,                                                                                      \
      "SELECT e.seq, e.field, e.type, e.op, e.value, e.author, e.run, e.ordinal, e.time_s,"        \
      " e.recv_ms, e.base, e.leaf, e.pack, e.live, e.rid FROM core_joined j"                       \
      " JOIN core_entry e ON e.seq = j.seq WHERE j.winner = ?1")                                   \
    X(JOINED_PUT, "INSERT INTO core_joined VALUES(?1, ?2, ?3, ?4)")                                \
    X(JOINED_GET, "SELECT w.id FROM core_joined j JOIN core_record w ON w.rid = j.winner"          \
                  " WHERE j.id = ?1")                                                              \
    X(JOINED_IS, "SELECT 1 FROM core_joined WHERE rid = ?1")                                       \
    X(JOINED_TO, "SELECT w.rid FROM core_record w JOIN core_record l ON l.space = w.space"         \
                 " WHERE w.id = ?1 AND l.rid = ?2")                                                \
    X(JOINED_TOUCH, "INSERT OR IGNORE INTO core_touched SELECT r.rid FROM core_record l"           \
                    " JOIN core_record r ON r.shred = l.shred WHERE l.rid = ?1"                    \
                    " UNION SELECT e.rid FROM core_record l JOIN core_entry e ON e.type = 4"       \
                    " AND e.value = l.id WHERE l.rid = ?1")                                        \
    X(TOUCH, "INSERT OR IGNORE INTO core_touched VALUES(?1)")                                      \
    X(TOUCHED, "SELECT rid FROM core_touched")                                                     \
    X(CONFLICT_PUT, "INSERT INTO core_conflict VALUES(?1, ?2, ?3, ?4)")                            \
    X(CONFLICT_DROP, "DELETE FROM core_conflict WHERE rid = ?1")                                   \
    X(SEARCH_PUT, "INSERT INTO search(rowid, text) VALUES(?1, ?2)")                                \
    X(SEARCH_DROP, "DELETE FROM search WHERE rowid = ?1")

#define VIEW_STATEMENT_ROW(name, sql) VIEW_ST_##name,
enum view_statement { VIEW_STATEMENTS(VIEW_STATEMENT_ROW) VIEW_ST_N };
#undef VIEW_STATEMENT_ROW

/* Columns of a kind's table before its fields: id, code, space, dossier, created_at, author, mistake. */
enum { VIEW_ROW_HEAD = 7 };

struct view_space {
    uint8_t id[ID_LEN];
    uint64_t size, generation; /* what the tables hold */
};

/* One value of one field while a record is merged. */
struct view_entry {
    struct merge_entry merge;
    int64_t seq, rid;
    uint32_t field;
    uint64_t pack;
    enum pack_value_type type;
    int op;
    int64_t integer;
    size_t text, text_len; /* in view->texts, zero-terminated */
    bool fits;
    bool was_live;
    size_t source; /* 0: the record's own; n: of the record that joint n-1 merged into it */
};

/* What merged another record into the one that is merged now. */
struct view_joint {
    sqlite3_int64 rid;
    struct merge_entry merge;
};

struct view {
    struct engine *engine;
    const struct pack *pack;
    char lang[3];
    sqlite3 *db;
    sqlite3_stmt *statements[VIEW_ST_N];
    sqlite3_stmt **row_put, **row_drop, **row_get; /* one per kind of the pack */
    struct view_space *spaces;
    size_t n_spaces;
    uint64_t keyless;
    uint64_t taken; /* logged changes since the last dump or load */
    bool broken;    /* an error left the tables undefined: build them again */
    /* Scratch of the record that is merged. */
    struct view_entry *entries;
    struct merge_entry *scratch;
    size_t *which; /* scratch[i] is entries[which[i]] */
    size_t n_entries, entries_cap;
    struct view_joint *joints;
    size_t n_joints;
    struct buf texts;
    bool joined; /* core_joined has rows */
    char candidates[VIEW_CANDIDATES_MAX][VIEW_ID_MAX];
    size_t n_candidates; /* may be more than are kept */
};

/** The error that goes with an SQLite result; ROW and DONE are fine. */
enum err view_rc(int rc);

/** A prepared statement, reset and without bindings; NULL without memory. */
sqlite3_stmt *view_statement(struct view *view, enum view_statement which);

/** Runs a prepared statement that gives no row. */
enum err view_run(sqlite3_stmt *statement);

/** Runs fixed SQL. */
enum err view_exec(struct view *view, const char *sql);

/** Prepares SQL of ours (not of users); finalize it. */
enum err view_prepare(struct view *view, sqlite3_stmt **statement, const char *sql);

/** Opens an empty database in memory with our settings and functions; closes it with all statements. */
enum err view_connect(struct view *view);
void view_disconnect(struct view *view);
/** Once the tables are there: SQLite makes json_each and json_tree at their first use, which the authorizer of a later query
 * would refuse; and what it made before sqlite3_deserialize would be freed under it. */
enum err view_warm(struct view *view);

/** Makes the schema: functions first, then the pack's tables, then ours. */
enum err view_schema(struct view *view);
enum err view_functions(struct view *view);

/** Fills core_space and core_member from the engine. */
enum err view_people(struct view *view);

/** Takes one change into core_entry; `number` is the space's place in view->spaces. */
enum err view_take(struct view *view, size_t number, const struct engine_change *change);

/** Merges all touched records again. */
enum err view_merge(struct view *view);

/** Finds which records were merged into others, and touches what that changes. */
enum err view_join(struct view *view);
/** Replaces the id of a record that was merged into another one by the other's. */
enum err view_winner(struct view *view, char id[static VIEW_ID_MAX]);
/** Whether a record was merged into another one. */
bool view_joined(struct view *view, sqlite3_int64 rid);

/** The engine's number of a space of the view; SIZE_MAX when it has none. */
size_t view_space_engine(const struct view *view, size_t number);
/** And back; adds it when it is new. */
enum err view_space_number(struct view *view, size_t space, size_t *number);

/** Place of a kind in the pack. */
size_t view_kind_place(const struct view *view, const struct pack_kind *kind);

/** Reads a field's column of a row into a value (pack_value_fini). */
enum err view_column_value(struct view *view, sqlite3_stmt *row, int column,
                           const struct pack_field *field, struct pack_value *out);

/** The wording of a field's value for people; a reference becomes the title of its record. The buffer gets a
 * zero-terminated text. */
enum err view_wording(struct view *view, const struct pack_field *field,
                      const struct pack_value *value, struct buf *out);

/** The name that members gave a device (hex), or the device's first digits. */
enum err view_device_name(struct view *view, const char *device, char out[static NAME_LEN_MAX + 1]);

/** One cell: the value, and its wording for people. */
enum err view_field_cell(struct view *view, struct pas_table *table, const struct pack_field *field,
                         const struct pack_value *value, bool people);

/** Puts columns of a running statement into the next cells of a table. */
void view_cell(struct pas_table *table, sqlite3_stmt *row, int column);

/** Runs a prepared statement of ours and puts its columns from `from` on, under their own names, into a new table. */
enum err view_table_of(sqlite3_stmt *statement, struct pas_table **out);

#endif
