/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a SQLite store: two files in WAL mode with synchronous=FULL, and their housekeeping. Attached databases
 * in WAL mode do not commit atomically, hence two connections.
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
#include "server/store_folder.h"

enum {
    TIDY_BUSY_MS = 200,
    WAL_PAGES_LARGE = 4096, /* 16 MiB: time for a checkpoint */
    PATH_LEN_MAX = 4096
};

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
    struct sq_store *store = (struct sq_store *)base;
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

static enum err file_bytes(struct sq *sq, uint64_t *bytes)
{
    enum err err = ERR_OK;
    uint64_t count, size;
    TRY(sq_pragma(sq, "PRAGMA page_count", &count));
    TRY(sq_pragma(sq, "PRAGMA page_size", &size));
    *bytes = count * size;
out:
    return err;
}

static enum err sq_bytes(struct store_view *base, uint64_t *log_bytes, uint64_t *keys_bytes)
{
    struct sq_view *view = (struct sq_view *)base;
    enum err err = file_bytes(&view->log, log_bytes);
    return err == ERR_OK ? file_bytes(&view->keys, keys_bytes) : err;
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

static enum err open_pair(struct sq_view *view, const struct sq_store *store, bool writes)
{
    enum err err = ERR_OK;
    char path[PATH_LEN_MAX];
    int flags = writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    view->view.engine = &store->engine;
    snprintf(path, sizeof path, "%s/log.db", store->place);
    TRY(sq_open(&view->log, path, flags));
    snprintf(path, sizeof path, "%s/keys.db", store->place);
    TRY(sq_open(&view->keys, path, flags));
out:
    return err;
}

static bool is_there(const char *folder, const char *name)
{
    char path[PATH_LEN_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &st) == 0;
}

/* What an attempt that failed has left; not there is fine. */
static void discard_new(const char *path)
{
    static const char *const ends[] = {"", "-journal", "-wal", "-shm"};
    char name[PATH_LEN_MAX + 16];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
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

/* Made under another name first: a file that has its name is whole. The tables are committed before the file is told to
 * keep a write-ahead log, so that nothing of them stands in one. */
static enum err create_file(const char *folder, const char *name, const struct sq_schema *schema)
{
    enum err err = ERR_OK;
    char path[PATH_LEN_MAX], done[PATH_LEN_MAX];
    struct sq sq = {0};
    snprintf(done, sizeof done, "%s/%s", folder, name);
    snprintf(path, sizeof path, "%s/%s.new", folder, name);
    discard_new(path);
    TRY(sq_open(&sq, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
    TRY(sq_schema_raise(&sq, schema));
    if (schema == &sq_keys_schema)
        TRY(new_store_id(&sq));
    TRY(sq_exec(&sq, "PRAGMA journal_mode = WAL"));
    sq_close(&sq);
    TRY(rename(path, done) == 0 ? ERR_OK : ERR_IO);
out:
    sq_close(&sq);
    if (err != ERR_OK)
        discard_new(path);
    return err;
}

enum err store_sqlite_create_keys(const char *folder)
{
    return create_file(folder, "keys.db", &sq_keys_schema);
}

enum err store_sqlite_create(const char *folder)
{
    if (strlen(folder) > PATH_LEN_MAX - 32)
        return ERR_USAGE;
    if (is_there(folder, "log.db"))
        return ERR_EXISTS;
    /* log.db comes last: it is what says that there is a store. A keys.db without it is from an attempt that was cut
     * short, or of a store that lost its log: either way it stays as it is. */
    enum err err = ERR_OK;
    if (!is_there(folder, "keys.db"))
        err = store_sqlite_create_keys(folder);
    if (err == ERR_OK)
        err = create_file(folder, "log.db", &sq_log_schema);
    if (err == ERR_OK)
        err = store_folder_sync(folder);
    if (err != ERR_OK) {
        /* Nothing stands in it yet; without it the next attempt may begin anew. */
        char path[PATH_LEN_MAX];
        snprintf(path, sizeof path, "%s/log.db", folder);
        unlink(path);
    }
    return err;
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

enum err store_sqlite_open(struct store **out, const char *folder, enum store_mode mode)
{
    enum err err = ERR_OK;
    *out = NULL;
    if (strlen(folder) > PATH_LEN_MAX - 32)
        return ERR_USAGE;
    if (!is_there(folder, "log.db"))
        return ERR_NOT_FOUND;
    struct sq_store *store = calloc(1, sizeof *store);
    if (!store)
        return ERR_MEMORY;
    store->engine = (struct store_engine){.name = "sqlite",
                                          .tidy = sq_tidy,
                                          .untidy = sq_untidy,
                                          .bytes = sq_bytes,
                                          .integrity = sq_integrity};
    store_sql_fill(&store->engine);
    store->pair_open = open_pair;
    store->store.engine = &store->engine;
    store->mode = mode;
    store->place = strdup(folder);
    TRY(store->place ? ERR_OK : ERR_MEMORY);
    TRY(open_pair(&store->own, store, mode != STORE_READER));
    TRY(check_schemas(store));
    if (mode == STORE_OWNER) {
        TRY(open_pair(&store->tidy, store, true));
        /* A checkpoint that waits for readers keeps the writer waiting too. */
        sqlite3_busy_timeout(store->tidy.log.db, TIDY_BUSY_MS);
        sqlite3_busy_timeout(store->tidy.keys.db, TIDY_BUSY_MS);
        sqlite3_wal_hook(store->own.log.db, wal_grew, &store->log_pages);
        sqlite3_wal_hook(store->own.keys.db, wal_grew, &store->keys_pages);
        TRY(sq_recover(store));
    }
    *out = &store->store;
out:
    if (err != ERR_OK)
        store->engine.close(&store->store);
    return err;
}
