/* SPDX-License-Identifier: Apache-2.0
 *
 * How the view follows the engine. Everything happens in one transaction; sizes are taken over after its commit, so
 * that an error anywhere leaves the view as it was.
 */
#include "client/view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/view_priv.h"
#include "proto/change.h"
#include "proto/digest.h"

enum err view_rc(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ERR_OK;
    case SQLITE_NOMEM:
        return ERR_MEMORY;
    case SQLITE_FULL:
        return ERR_FULL;
    default:
        return ERR_IO;
    }
}

sqlite3_stmt *view_statement(struct view *view, enum view_statement which)
{
#define VIEW_STATEMENT_ROW(name, sql) sql,
    static const char *const sql[] = {VIEW_STATEMENTS(VIEW_STATEMENT_ROW)};
#undef VIEW_STATEMENT_ROW
    sqlite3_stmt **statement = &view->statements[which];
    if (!*statement)
        (void)sqlite3_prepare_v3(view->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
                                 NULL);
    if (*statement) {
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
    }
    return *statement;
}

enum err view_run(sqlite3_stmt *statement)
{
    if (!statement)
        return ERR_MEMORY;
    enum err err = view_rc(sqlite3_step(statement));
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return err;
}

enum err view_exec(struct view *view, const char *sql)
{
    return view_rc(sqlite3_exec(view->db, sql, NULL, NULL, NULL));
}

enum err view_prepare(struct view *view, sqlite3_stmt **statement, const char *sql)
{
    return view_rc(sqlite3_prepare_v2(view->db, sql, -1, statement, NULL));
}

/* --- life --- */

enum err view_connect(struct view *view)
{
    enum err err = ERR_OK;
    TRY(view_rc(sqlite3_open_v2(":memory:", &view->db,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                NULL)));
    /* Without this a large sort would spill rows of plaintext into the temporary folder. */
    TRY(view_exec(view, "PRAGMA temp_store = MEMORY; PRAGMA journal_mode = MEMORY;"
                        " PRAGMA synchronous = OFF; PRAGMA secure_delete = ON;"
                        " PRAGMA trusted_schema = ON"));
    TRY(view_functions(view));
out:
    return err;
}

enum err view_warm(struct view *view)
{
    return view_exec(view, "SELECT 1 FROM json_each('[]'), json_tree('[]')");
}

void view_disconnect(struct view *view)
{
    for (size_t i = 0; i < VIEW_ST_N; i++) {
        sqlite3_finalize(view->statements[i]);
        view->statements[i] = NULL;
    }
    for (size_t i = 0; i < view->pack->kinds_n && view->row_get; i++) {
        sqlite3_finalize(view->row_put[i]);
        sqlite3_finalize(view->row_drop[i]);
        sqlite3_finalize(view->row_get[i]);
        view->row_put[i] = view->row_drop[i] = view->row_get[i] = NULL;
    }
    sqlite3_close(view->db);
    view->db = NULL;
}

void view_language(struct view *view, const char *lang)
{
    memcpy(view->lang, strcmp(lang, "en") == 0 ? "en" : "fr", 3);
}

enum err view_new(struct view **out, struct engine *engine, const struct pack *pack,
                  const char *lang)
{
    enum err err = ERR_MEMORY;
    struct view *view = calloc(1, sizeof *view);
    *out = NULL;
    if (!view)
        return ERR_MEMORY;
    view->engine = engine;
    view->pack = pack;
    view_language(view, lang);
    view->texts.max = (size_t)1 << 30;
    view->row_put = calloc(pack->kinds_n, sizeof(sqlite3_stmt *));
    view->row_drop = calloc(pack->kinds_n, sizeof(sqlite3_stmt *));
    view->row_get = calloc(pack->kinds_n, sizeof(sqlite3_stmt *));
    if (!view->row_put || !view->row_drop || !view->row_get)
        goto out;
    TRY(view_connect(view));
    TRY(view_schema(view));
    TRY(view_warm(view));
    *out = view;
    return ERR_OK;
out:
    view_free(view);
    return err;
}

void view_free(struct view *view)
{
    if (!view)
        return;
    view_disconnect(view);
    free(view->row_put);
    free(view->row_drop);
    free(view->row_get);
    free(view->spaces);
    free(view->entries);
    free(view->scratch);
    free(view->which);
    free(view->joints);
    buf_free(&view->texts);
    free(view);
}

uint64_t view_taken(const struct view *view)
{
    return view->taken;
}

enum err view_too_wide(struct view *view, size_t *n, size_t *space)
{
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    int rc;
    *n = 0;
    TRY(view_prepare(view, &rows,
                     "SELECT r.space, r.kind, count(DISTINCT r.rid) FROM core_entry e"
                     " JOIN core_record r ON r.rid = e.rid"
                     " WHERE e.leaf IS NULL AND r.kind IS NOT NULL GROUP BY r.space, r.kind"));
    while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
        size_t i = view_space_engine(view, (size_t)sqlite3_column_int64(rows, 0));
        const struct pack_kind *kind =
            pack_kind_by_key(view->pack, (const char *)sqlite3_column_text(rows, 1));
        if (i == SIZE_MAX || !kind || !engine_fold(view->engine, i) ||
            (unsigned)engine_space(view->engine, i)->level >= (unsigned)kind->level)
            continue;
        if (*n == 0)
            *space = i;
        *n += (size_t)sqlite3_column_int64(rows, 2);
    }
    err = view_rc(rc);
out:
    sqlite3_finalize(rows);
    return err;
}

uint64_t view_keyless(const struct view *view)
{
    return view->keyless;
}

struct sqlite3 *view_db(struct view *view)
{
    return view->db;
}

/* --- spaces --- */

size_t view_space_engine(const struct view *view, size_t number)
{
    assert(number < view->n_spaces);
    for (size_t i = 0; i < engine_space_count(view->engine); i++)
        if (memcmp(engine_space(view->engine, i)->id, view->spaces[number].id, ID_LEN) == 0)
            return i;
    return SIZE_MAX;
}

enum err view_space_number(struct view *view, size_t space, size_t *number)
{
    const struct engine_space *known = engine_space(view->engine, space);
    for (size_t i = 0; i < view->n_spaces; i++) {
        if (memcmp(view->spaces[i].id, known->id, ID_LEN) == 0) {
            *number = i;
            return ERR_OK;
        }
    }
    struct view_space *more = realloc(view->spaces, (view->n_spaces + 1) * sizeof *more);
    if (!more)
        return ERR_MEMORY;
    view->spaces = more;
    more[view->n_spaces] = (struct view_space){.generation = known->generation};
    memcpy(more[view->n_spaces].id, known->id, ID_LEN);
    *number = view->n_spaces++;
    return ERR_OK;
}

size_t view_kind_place(const struct view *view, const struct pack_kind *kind)
{
    assert(kind >= view->pack->kinds && kind < view->pack->kinds + view->pack->kinds_n);
    return (size_t)(kind - view->pack->kinds);
}

/* --- following the engine --- */

struct following {
    struct view *view;
    size_t number;
};

static enum err take(void *ctx, const struct engine_change *change)
{
    struct following *following = ctx;
    if (!engine_dossier_home(following->view->engine, change->space, change->shred))
        return ERR_OK;
    return view_take(following->view, following->number, change);
}

static bool must_rebuild(const struct view *view)
{
    if (view->broken)
        return true;
    for (size_t i = 0; i < view->n_spaces; i++) {
        size_t space = view_space_engine(view, i);
        if (space == SIZE_MAX ||
            engine_space(view->engine, space)->generation != view->spaces[i].generation ||
            engine_space(view->engine, space)->size < view->spaces[i].size)
            return true;
    }
    return false;
}

static enum err empty(struct view *view)
{
    enum err err = ERR_OK;
    TRY(view_exec(view, "DELETE FROM core_entry; DELETE FROM core_record; DELETE FROM search;"
                        " DELETE FROM core_conflict; DELETE FROM core_touched;"
                        " DELETE FROM core_joined"));
    for (size_t i = 0; i < view->pack->kinds_n; i++) {
        char sql[PACK_KEY_MAX + 32];
        sqlite3_snprintf(sizeof sql, sql, "DELETE FROM \"%w\"", view->pack->kinds[i].key);
        TRY(view_exec(view, sql));
    }
out:
    return err;
}

/* Forgets what waited at the last look; it comes again from the outbox or from the log. */
static enum err drop_pending(struct view *view)
{
    return view_exec(view, "INSERT OR IGNORE INTO core_touched"
                           " SELECT rid FROM core_entry WHERE leaf IS NULL;"
                           " DELETE FROM core_entry WHERE leaf IS NULL");
}

static enum err follow(struct view *view, bool whole, uint64_t *keyless)
{
    enum err err = ERR_OK;
    size_t spaces = engine_space_count(view->engine);
    for (size_t i = 0; i < spaces; i++) {
        struct following following = {.view = view};
        uint64_t without = 0;
        TRY(view_space_number(view, i, &following.number));
        uint64_t from = whole ? 0 : view->spaces[following.number].size;
        if (engine_space(view->engine, i)->size > from)
            TRY(engine_replay(view->engine, i, from, take, &following, &without));
        /* An auditor gets no key and waits for none. */
        if (engine_space(view->engine, i)->roles & ROLE_READER)
            *keyless += without;
    }
    for (size_t i = 0; i < spaces; i++) {
        struct following following = {.view = view};
        TRY(view_space_number(view, i, &following.number));
        TRY(engine_pending(view->engine, i, take, &following));
    }
    TRY(view_merge(view));
    TRY(view_people(view));
out:
    return err;
}

static void took_all(struct view *view)
{
    for (size_t i = 0; i < view->n_spaces; i++) {
        size_t space = view_space_engine(view, i);
        if (space == SIZE_MAX)
            continue;
        view->spaces[i].size = engine_space(view->engine, space)->size;
        view->spaces[i].generation = engine_space(view->engine, space)->generation;
    }
}

enum err view_refresh(struct view *view)
{
    enum err err = ERR_OK;
    bool whole = must_rebuild(view);
    uint64_t keyless = whole ? 0 : view->keyless;
    TRY(view_exec(view, "BEGIN"));
    TRY(whole ? empty(view) : drop_pending(view));
    TRY(follow(view, whole, &keyless));
    TRY(view_exec(view, "COMMIT"));
    took_all(view);
    view->keyless = keyless;
    view->broken = false;
    return ERR_OK;
out:
    if (!sqlite3_get_autocommit(view->db) && view_exec(view, "ROLLBACK") != ERR_OK)
        view->broken = true;
    return err;
}

enum err view_add(struct view *view, size_t space, const uint8_t shred[static ID_LEN],
                  uint16_t pack, const struct change *items, size_t n)
{
    enum err err = ERR_OK;
    size_t number = 0;
    struct engine_change change = {
        .space = space, .pack = pack, .index = MERGE_PENDING, .t_recv_ms = UINT64_MAX};
    memcpy(change.shred, shred, ID_LEN);
    memcpy(change.author, engine_device(view->engine), ID_LEN);
    memcpy(change.device, engine_device(view->engine), ID_LEN);
    TRY(view_exec(view, "BEGIN"));
    TRY(view_space_number(view, space, &number));
    for (size_t i = 0; i < n; i++) {
        change.change = items[i];
        TRY(view_take(view, number, &change));
    }
    TRY(view_merge(view));
    TRY(view_people(view));
    TRY(view_exec(view, "COMMIT"));
    return ERR_OK;
out:
    /* The engine has the changes; only the tables do not. */
    if (!sqlite3_get_autocommit(view->db))
        (void)view_exec(view, "ROLLBACK");
    view->broken = true;
    return err;
}
