/* SPDX-License-Identifier: Apache-2.0
 *
 * What all engines that speak SQL share above their connections: transactions over two databases, views, chores. Two
 * databases do not commit atomically, hence an order: keys first (an addition that nobody names is harmless), then
 * the log, then removals from keys (chores).
 */
#include "server/store_sql.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SQ_TEXT(name, text) text,
const char *const sq_text[SQ_STATEMENT_N] = {SQ_LOG(SQ_TEXT) SQ_KEYS(SQ_TEXT)};
#undef SQ_TEXT

/* ---- connections ---- */

void sq_close(struct sq *sq)
{
    if (sq->driver)
        sq->driver->close(sq);
    *sq = (struct sq){0};
}

enum err sq_exec(struct sq *sq, const char *sql)
{
    return sq->driver->exec(sq, sql);
}

enum err sq_start(struct sq *sq, enum sq_statement id, const struct sq_arg *args, size_t n)
{
    return sq->driver->start(sq, id, args, n);
}

enum err sq_step(struct sq *sq, enum sq_statement id)
{
    return sq->driver->step(sq, id);
}

void sq_reset(struct sq *sq, enum sq_statement id)
{
    sq->driver->reset(sq, id);
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
    return sq->driver->changes(sq);
}

uint64_t sq_column(struct sq *sq, enum sq_statement id, int column)
{
    return sq->driver->column(sq, id, column);
}

const uint8_t *sq_column_blob(struct sq *sq, enum sq_statement id, int column, size_t *len)
{
    return sq->driver->column_blob(sq, id, column, len);
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

bool sq_in_transaction(const struct sq *sq)
{
    return sq->driver && sq->driver->in_transaction(sq);
}

/* ---- transactions ---- */

static struct sq_store *of_store(struct store *store)
{
    assert(store);
    return (struct sq_store *)store;
}

enum err sq_keys_begin(struct sq_store *store)
{
    assert(store->in_log);
    enum err err =
        store->in_keys ? ERR_OK : sq_exec(&store->own.keys, store->own.keys.driver->begin_write);
    if (err == ERR_OK)
        store->in_keys = true;
    return err;
}

/* SQLite rolls back by itself after some failures; a second ROLLBACK would only say so. */
static void undo(struct sq *sq)
{
    if (sq_in_transaction(sq))
        (void)sq_run(sq, SQ_ROLLBACK, NULL, 0);
}

static void roll_back(struct sq_store *store)
{
    if (store->in_keys)
        undo(&store->own.keys);
    if (store->in_log)
        undo(&store->own.log);
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
    TRY(sq_exec(&store->own.keys, store->own.keys.driver->begin_write));
    TRY(chores_read(store, &last));
    TRY(sq_exec(&store->own.keys, "COMMIT"));
    atomic_store(&store->keys_deleted, true);
    TRY(sq_run(&store->own.log, SQ_CHORES_DONE, SQ_ARGS(SQ_NUM(last))));
    store->chores_left = false;
out:
    undo(&store->own.keys);
    return err;
}

static enum err sq_begin(struct store *base)
{
    enum err err = ERR_OK;
    struct sq_store *store = of_store(base);
    assert(!store->in_log && store->mode != STORE_READER);
    /* A rollback that failed (for want of memory, say) left a transaction behind. */
    undo(&store->own.keys);
    undo(&store->own.log);
    if (store->chores_left)
        TRY(chores_carry_out(store));
    TRY(sq_exec(&store->own.log, store->own.log.driver->begin_write));
    store->in_log = true;
    if (store
            ->seals_loose) { /* none of them is of a transaction under way: this one is the writer */
        TRY(sq_keys_drop_loose(store));
        store->seals_loose = false;
    }
out:
    if (err != ERR_OK)
        roll_back(store);
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

static void close_pair(struct sq_view *view)
{
    sq_close(&view->log);
    sq_close(&view->keys);
    buf_free(&view->blob);
    free(view->nodes);
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
    view->view.engine = &of_store(base)->engine;
    enum err err = of_store(base)->pair_open(view, of_store(base), false);
    if (err == ERR_OK && view->log.driver->epoch)
        view->nodes = calloc(SQ_NODES_KEPT, sizeof *view->nodes); /* NULL: without them */
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

/* ---- life ---- */

enum err sq_recover(struct sq_store *store)
{
    enum err err = ERR_OK;
    atomic_store(&store->log_deleted, true);
    atomic_store(&store->keys_deleted, true);
    store->seals_loose = true; /* perhaps */
    TRY(sq_begin(&store->store));
    roll_back(store);
    TRY(chores_carry_out(store));
out:
    return err;
}

static void sq_store_close(struct store *base)
{
    struct sq_store *store = of_store(base);
    roll_back(store);
    sq_close(&store->listener);
    close_pair(&store->tidy);
    close_pair(&store->own);
    free(store->place);
    free(store);
}

void store_sql_fill(struct store_engine *engine)
{
    engine->close = sq_store_close;
    engine->own_view = sq_own_view;
    engine->view_open = sq_view_open;
    engine->view_close = sq_view_close;
    engine->view_begin = sq_view_begin;
    engine->view_end = sq_view_end;
    engine->begin = sq_begin;
    engine->commit = sq_commit;
    engine->rollback = sq_rollback;
    store_sql_log(engine);
    store_sql_read(engine);
    store_sql_keys(engine);
}
