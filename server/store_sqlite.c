/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a SQLite store: two files in WAL mode with synchronous=FULL, transactions over both, and
 * housekeeping. Attached databases in WAL mode do not commit atomically, hence two connections with an order:
 * keys first (an addition that nobody names is harmless), then the log, then removals from keys (chores).
 */
#include "server/store_sqlite.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/digest.h"

enum {
    TIDY_BUSY_MS = 200,
    WAL_PAGES_LARGE = 4096, /* 16 MiB: time for a checkpoint */
    PATH_LEN_MAX = 4096
};

/* ---- transactions ---- */

static struct sq_store *of_store(struct store *store)
{
    assert(store);
    return (struct sq_store *)store;
}

enum err sq_keys_begin(struct sq_store *store)
{
    assert(store->in_log);
    enum err err = store->in_keys ? ERR_OK : sq_exec(&store->own.keys, "BEGIN IMMEDIATE");
    if (err == ERR_OK)
        store->in_keys = true;
    return err;
}

static void roll_back(struct sq_store *store)
{
    /* SQLite rolls back by itself after some failures; a second ROLLBACK then only says so. */
    if (store->in_keys && !sqlite3_get_autocommit(store->own.keys.db))
        sqlite3_exec(store->own.keys.db, "ROLLBACK", NULL, NULL, NULL);
    if (store->in_log && !sqlite3_get_autocommit(store->own.log.db))
        sqlite3_exec(store->own.log.db, "ROLLBACK", NULL, NULL, NULL);
    store->in_keys = store->in_log = store->chores = store->erasing = false;
}

static enum err chores_read(struct sq_store *store, uint64_t *last)
{
    struct sq *log = &store->own.log;
    enum err err = sq_start(log, SQ_CHORES, NULL, 0);
    while (err == ERR_OK) {
        uint8_t space[ID_LEN];
        size_t len;
        TRY(sq_step(log, SQ_CHORES));
        *last = sq_column(log, SQ_CHORES, 0);
        TRY(sq_column_bytes(log, SQ_CHORES, 1, space, sizeof space));
        const uint8_t *target = sq_column_blob(log, SQ_CHORES, 3, &len);
        TRY(sq_keys_chore(&store->own.keys, space, (enum store_chore)sq_column(log, SQ_CHORES, 2),
                          target, len));
    }
out:
    sq_reset(log, SQ_CHORES);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Removals from keys whose reason is in the log for good. Repeating one changes nothing. */
static enum err chores_carry_out(struct sq_store *store)
{
    enum err err = ERR_OK;
    uint64_t last = 0;
    TRY(sq_exec(&store->own.keys, "BEGIN IMMEDIATE"));
    TRY(chores_read(store, &last));
    TRY(sq_exec(&store->own.keys, "COMMIT"));
    atomic_store(&store->keys_deleted, true);
    TRY(sq_run(&store->own.log, SQ_CHORES_DONE, SQ_ARGS(SQ_NUM(last))));
    store->chores_left = false;
out:
    if (!sqlite3_get_autocommit(store->own.keys.db))
        sqlite3_exec(store->own.keys.db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

static enum err sq_begin(struct store *base)
{
    enum err err = ERR_OK;
    struct sq_store *store = of_store(base);
    assert(!store->in_log && store->mode != STORE_READER);
    if (store->seals_loose) {
        TRY(sq_keys_drop_loose(store));
        store->seals_loose = false;
    }
    if (store->chores_left)
        TRY(chores_carry_out(store));
    TRY(sq_exec(&store->own.log, "BEGIN IMMEDIATE"));
    store->in_log = true;
out:
    return err;
}

static enum err sq_commit(struct store *base)
{
    enum err err = ERR_OK;
    struct sq_store *store = of_store(base);
    assert(store->in_log);
    bool keys = store->in_keys;
    if (keys) {
        TRY(sq_exec(&store->own.keys, "COMMIT"));
        store->in_keys = false;
    }
    err = sq_exec(&store->own.log, "COMMIT");
    if (err != ERR_OK) {
        store->seals_loose = keys;
        goto out;
    }
    store->in_log = false;
    if (store->erasing)
        atomic_store(&store->log_deleted, true);
    if (store->chores) {
        store->chores_left = true;
        /* The commit stands whatever comes of this; a failure is repeated by the next begin or open. */
        enum err later = chores_carry_out(store);
        (void)later;
    }
out:
    roll_back(store);
    return err;
}

static void sq_rollback(struct store *base)
{
    roll_back(of_store(base));
}

/* ---- views ---- */

static enum err open_pair(struct sq_view *view, const struct sq_store *store, int flags)
{
    enum err err = ERR_OK;
    char path[PATH_LEN_MAX];
    view->view.engine = &store->engine;
    snprintf(path, sizeof path, "%s/log.db", store->folder);
    TRY(sq_open(&view->log, path, flags));
    snprintf(path, sizeof path, "%s/keys.db", store->folder);
    TRY(sq_open(&view->keys, path, flags));
out:
    return err;
}

static void close_pair(struct sq_view *view)
{
    sq_close(&view->log);
    sq_close(&view->keys);
    buf_free(&view->blob);
}

static struct store_view *sq_own_view(struct store *base)
{
    return &of_store(base)->own.view;
}

static enum err sq_view_open(struct store *base, struct store_view **out)
{
    struct sq_view *view = calloc(1, sizeof *view);
    *out = NULL;
    if (!view)
        return ERR_MEMORY;
    enum err err = open_pair(view, of_store(base), SQLITE_OPEN_READONLY);
    if (err != ERR_OK) {
        close_pair(view);
        free(view);
        return err;
    }
    *out = &view->view;
    return ERR_OK;
}

static void sq_view_close(struct store_view *base)
{
    struct sq_view *view = (struct sq_view *)base;
    if (!view)
        return;
    close_pair(view);
    free(view);
}

static void sq_view_end(struct store_view *base)
{
    struct sq_view *view = (struct sq_view *)base;
    if (!view->begun)
        return;
    /* Without a transaction, because it did not begin, this fails and does nothing. */
    (void)sq_run(&view->log, SQ_ROLLBACK, NULL, 0);
    (void)sq_run(&view->keys, SQ_ROLLBACK, NULL, 0);
    buf_reset(&view->blob);
    view->begun = false;
}

/* A deferred BEGIN takes its snapshot with the first read. */
static enum err sq_view_begin(struct store_view *base)
{
    enum err err = ERR_OK;
    struct sq_view *view = (struct sq_view *)base;
    assert(!view->begun);
    view->begun = true;
    TRY(sq_run(&view->log, SQ_BEGIN, NULL, 0));
    TRY(sq_run(&view->log, SQ_LOOK, NULL, 0)); /* the snapshot is taken by the first look */
    TRY(sq_run(&view->keys, SQ_BEGIN, NULL, 0));
    TRY(sq_run(&view->keys, SQ_LOOK, NULL, 0));
out:
    if (err != ERR_OK)
        sq_view_end(base);
    return err;
}

/* ---- housekeeping ---- */

static int wal_grew(void *pages, sqlite3 *db, const char *name, int n)
{
    (void)db;
    (void)name;
    atomic_store((atomic_int *)pages, n);
    return SQLITE_OK;
}

static enum err checkpoint(struct sq *sq, bool now, atomic_bool *deleted, atomic_int *pages)
{
    enum err err = ERR_OK;
    bool was_deleted = atomic_load(deleted);
    bool truncate = now || was_deleted;
    if (!truncate && atomic_load(pages) < WAL_PAGES_LARGE)
        return ERR_OK;
    /* Cleared first: what is deleted from here on needs another checkpoint. */
    atomic_store(deleted, false);
    int rc = sqlite3_wal_checkpoint_v2(
        sq->db, "main", truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, NULL,
        NULL);
    TRY(sq_err(sq, rc));
    atomic_store(pages, 0);
out:
    if (err != ERR_OK && was_deleted)
        atomic_store(deleted, true);
    return err;
}

static enum err sq_tidy(struct store *base, bool now)
{
    struct sq_store *store = of_store(base);
    if (store->mode != STORE_OWNER)
        return ERR_OK;
    enum err keys = checkpoint(&store->tidy.keys, now, &store->keys_deleted, &store->keys_pages);
    enum err log = checkpoint(&store->tidy.log, now, &store->log_deleted, &store->log_pages);
    return keys != ERR_OK ? keys : log;
}

static int sq_untidy(const struct store *base)
{
    const struct sq_store *store = (const struct sq_store *)base;
    if (atomic_load(&store->log_deleted) || atomic_load(&store->keys_deleted))
        return 2;
    return atomic_load(&store->log_pages) >= WAL_PAGES_LARGE ||
           atomic_load(&store->keys_pages) >= WAL_PAGES_LARGE;
}

static enum err sq_bytes(struct store_view *base, uint64_t *log_bytes, uint64_t *keys_bytes)
{
    struct sq_view *view = (struct sq_view *)base;
    *log_bytes =
        sq_pragma(&view->log, "PRAGMA page_count") * sq_pragma(&view->log, "PRAGMA page_size");
    *keys_bytes =
        sq_pragma(&view->keys, "PRAGMA page_count") * sq_pragma(&view->keys, "PRAGMA page_size");
    return ERR_OK;
}

static enum err integrity_of(struct sq *sq)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(sq->db, "PRAGMA integrity_check(1)", -1, &st, NULL);
    enum err err = sq_err(sq, rc);
    if (err == ERR_OK) {
        rc = sqlite3_step(st);
        const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
        err = text && strcmp(text, "ok") == 0 ? ERR_OK : ERR_CORRUPT;
    }
    sqlite3_finalize(st);
    return err;
}

static enum err sq_integrity(struct store_view *base)
{
    struct sq_view *view = (struct sq_view *)base;
    enum err err = integrity_of(&view->log);
    return err == ERR_OK ? integrity_of(&view->keys) : err;
}

/* ---- life ---- */

static void sq_store_close(struct store *base)
{
    struct sq_store *store = of_store(base);
    roll_back(store);
    close_pair(&store->tidy);
    close_pair(&store->own);
    free(store->folder);
    free(store);
}

static void engine_fill(struct store_engine *engine)
{
    *engine = (struct store_engine){.name = "sqlite",
                                    .close = sq_store_close,
                                    .own_view = sq_own_view,
                                    .view_open = sq_view_open,
                                    .view_close = sq_view_close,
                                    .view_begin = sq_view_begin,
                                    .view_end = sq_view_end,
                                    .begin = sq_begin,
                                    .commit = sq_commit,
                                    .rollback = sq_rollback,
                                    .tidy = sq_tidy,
                                    .untidy = sq_untidy,
                                    .bytes = sq_bytes,
                                    .integrity = sq_integrity};
    store_sqlite_log(engine);
    store_sqlite_read(engine);
    store_sqlite_keys(engine);
}

static bool is_there(const char *folder)
{
    char path[PATH_LEN_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/log.db", folder);
    return stat(path, &st) == 0;
}

static enum err new_store_id(struct sq *keys)
{
    uint8_t id[STORE_ID_LEN];
    char sql[96], hex[2 * STORE_ID_LEN + 1];
    digest_random(id, sizeof id);
    for (size_t i = 0; i < sizeof id; i++)
        snprintf(hex + 2 * i, 3, "%02x", id[i]);
    snprintf(sql, sizeof sql, "INSERT INTO meta VALUES ('store_id', x'%s')", hex);
    return sq_exec(keys, sql);
}

static enum err create_file(const char *folder, const char *name, const struct sq_schema *schema)
{
    enum err err = ERR_OK;
    char path[PATH_LEN_MAX];
    struct sq sq = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    TRY(sq_open(&sq, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
    TRY(sq_exec(&sq, "PRAGMA journal_mode = WAL"));
    TRY(sq_schema_raise(&sq, schema));
    if (schema == &sq_keys_schema)
        TRY(new_store_id(&sq));
out:
    sq_close(&sq);
    return err;
}

enum err store_sqlite_create(const char *folder)
{
    if (strlen(folder) > PATH_LEN_MAX - 32)
        return ERR_USAGE;
    if (is_there(folder))
        return ERR_EXISTS;
    /* log.db comes last: it is what says that there is a store. */
    enum err err = create_file(folder, "keys.db", &sq_keys_schema);
    return err == ERR_OK ? create_file(folder, "log.db", &sq_log_schema) : err;
}

/* Both files are looked at before one is changed. */
static enum err check_schemas(struct sq_store *store)
{
    enum err log = sq_schema_check(&store->own.log, &sq_log_schema);
    enum err keys = sq_schema_check(&store->own.keys, &sq_keys_schema);
    bool known = (log == ERR_OK || log == ERR_BEHIND) && (keys == ERR_OK || keys == ERR_BEHIND);
    if (!known || store->mode != STORE_OWNER)
        return log != ERR_OK && log != ERR_BEHIND ? log : keys != ERR_OK ? keys : log;
    keys = sq_schema_raise(&store->own.keys, &sq_keys_schema);
    return keys != ERR_OK ? keys : sq_schema_raise(&store->own.log, &sq_log_schema);
}

/* Removals that a crash left undone, seals of a log transaction that never committed. */
static enum err recover(struct sq_store *store)
{
    enum err err = ERR_OK;
    atomic_store(&store->log_deleted, true);
    atomic_store(&store->keys_deleted, true);
    TRY(sq_keys_drop_loose(store));
    TRY(chores_carry_out(store));
out:
    return err;
}

enum err store_sqlite_open(struct store **out, const char *folder, enum store_mode mode)
{
    enum err err = ERR_OK;
    *out = NULL;
    if (strlen(folder) > PATH_LEN_MAX - 32)
        return ERR_USAGE;
    if (!is_there(folder))
        return ERR_NOT_FOUND;
    struct sq_store *store = calloc(1, sizeof *store);
    if (!store)
        return ERR_MEMORY;
    int flags = mode == STORE_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    engine_fill(&store->engine);
    store->store.engine = &store->engine;
    store->mode = mode;
    store->folder = strdup(folder);
    TRY(store->folder ? ERR_OK : ERR_MEMORY);
    TRY(open_pair(&store->own, store, flags));
    TRY(check_schemas(store));
    if (mode == STORE_OWNER) {
        TRY(open_pair(&store->tidy, store, flags));
        /* A checkpoint that waits for readers keeps the writer waiting too. */
        sqlite3_busy_timeout(store->tidy.log.db, TIDY_BUSY_MS);
        sqlite3_busy_timeout(store->tidy.keys.db, TIDY_BUSY_MS);
        sqlite3_wal_hook(store->own.log.db, wal_grew, &store->log_pages);
        sqlite3_wal_hook(store->own.keys.db, wal_grew, &store->keys_pages);
        TRY(recover(store));
    }
    *out = &store->store;
out:
    if (err != ERR_OK)
        sq_store_close(&store->store);
    return err;
}
