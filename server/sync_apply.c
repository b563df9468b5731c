/* SPDX-License-Identifier: Apache-2.0
 *
 * Second step: all that a group of calls brings, in one transaction, with one note for each space that grew.
 * When the transaction fails nothing of it stands: the folds that ran ahead of the store are dropped, every
 * call of the group is refused, and the next group begins from what is on the disk.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/log.h"
#include "server/logkey.h"
#include "server/metrics.h"
#include "server/sync_inside.h"

/* A founder link founds once. Asked before anything of the row is stored, since the request may have been verified
 * while another one with the same link was still on its way. */
static enum err check_link(struct sync_work *work)
{
    struct store *store = work->sync->config.store;
    struct store_view *view = store->engine->own_view(store);
    uint8_t pks[STORE_LINKS_MAX][PK_LEN];
    bool used[STORE_LINKS_MAX];
    size_t n;
    if (!work->call->found_by_link)
        return ERR_OK;
    enum err err = view->engine->links(view, pks, used, &n);
    for (size_t i = 0; err == ERR_OK && i < n; i++) {
        if (memcmp(pks[i], work->call->link_pk, PK_LEN) == 0)
            return used[i] ? ERR_USED : ERR_OK;
    }
    return err == ERR_OK ? ERR_NOT_FOUND : err;
}

/* Used up in the transaction that stores the genesis. */
static enum err use_link(struct sync_work *work)
{
    struct store *store = work->sync->config.store;
    const struct sync_row *row = work->row;
    if (!work->call->found_by_link || row->n_leaves == 0 || !row->leaves[0].fresh)
        return ERR_OK;
    return store->engine->link_use(store, work->call->link_pk);
}

static enum err erased_upto(struct sync_work *work)
{
    struct store *store = work->sync->config.store;
    const struct sync_row *row = work->row;
    if (row->erased_upto == 0 || row->erased_upto > work->space->fold->size)
        return ERR_OK;
    return store->engine->erased_upto_put(store, row->space, work->call->request.device,
                                          row->erased_upto);
}

/* ERR_OK with work->space set, or a status for the row. */
static enum err find_space(struct sync_work *work)
{
    enum err err = access_get(work->sync->access, work->row->space, &work->space);
    if (err == ERR_NOT_FOUND && work->row->founds)
        err = access_found(work->sync->access, work->row->space, &work->space);
    if (err != ERR_OK)
        return err;
    return work->space->fold->size == 0 && !work->row->founds ? ERR_NOT_FOUND : ERR_OK;
}

/* Leaves are signed by their authors, so whoever is known here may hand them in: by file from where there is no
 * network. Nothing else of such a row is looked at. */
static bool is_courier(const struct sync_work *work)
{
    const struct sync_row *row = work->row;
    return !work->call->unknown && row->n_leaves > 0 && row->in->n_inbox == 0 && !row->founds;
}

static enum err apply_row(struct sync_work *work)
{
    enum err err = ERR_OK;
    struct sync_row *row = work->row;
    const uint8_t *device = work->call->request.device;
    TRY(find_space(work));
    if (work->call->flags & FLAG_REFILL)
        return sync_refill(work);
    const struct fold *fold = work->space->fold;
    bool founding = row->founds && fold->size == 0;
    row->courier = !founding && !fold_device(fold, device) && is_courier(work);
    if (!founding && !row->courier && !fold_device(fold, device))
        TRY(sync_join(work));
    /* A client that knows more than the store has is told so by the answer; its work stays with it. */
    if (row->have_size > fold->size)
        return ERR_OK;
    if (founding)
        TRY(check_link(work));
    TRY(sync_leaves(work));
    if (row->courier)
        return ERR_OK;
    TRY(use_link(work));
    if (!fold_device(fold, device)) /* a founding that was refused */
        TRY(row->leaves[0].status);
    TRY(sync_keys(work));
    TRY(erased_upto(work));
out:
    return err;
}

static enum err apply_call(struct sync *sync, struct sync_call *call, uint64_t now_ms)
{
    bool leaves = false;
    for (size_t i = 0; i < call->n_rows; i++) {
        struct sync_row *row = &call->rows[i];
        struct sync_work work = {.sync = sync, .call = call, .row = row, .now_ms = now_ms};
        if (!row->pushes)
            continue;
        leaves |= row->n_leaves > 0;
        enum err err = apply_row(&work);
        if (err == ERR_FULL || err == ERR_BUSY || err_category(err) == CAT_INTERNAL)
            return err;
        row->status = err;
    }
    metrics_add(METRIC_PUSHES, leaves);
    return ERR_OK;
}

/* Root and note of a space that grew. */
static enum err sign_space(struct sync *sync, struct access_space *space)
{
    enum err err = ERR_OK;
    struct store *store = sync->config.store;
    const struct serverkey *key = sync->config.key;
    const struct serverkey_pair *pair = NULL;
    struct note note = {.size = space->tree.size};
    char origin[NOTE_ORIGIN_MAX];
    if (space->fold->size == 0)
        return ERR_OK;
    assert(space->tree.size == space->fold->size);
    TRY(note_origin(origin, key->log_name, strlen(key->log_name), space->info.space));
    tree_root(&space->tree, note.root);
    TRY(logkey_at(key, store->engine->own_view(store), space->info.space, note.size, &pair));
    note_sign(&note, origin, pair->secret->log_sk);
    TRY(access_publish(space));
    TRY(store->engine->note_put(store, space->info.space, &note));
out:
    return err;
}

static enum err apply_group(struct sync *sync, struct sync_call *const calls[], size_t n,
                            uint64_t now_ms)
{
    enum err err = ERR_OK;
    struct store *store = sync->config.store;
    TRY(store->engine->begin(store));
    for (size_t i = 0; i < n; i++)
        TRY(apply_call(sync, calls[i], now_ms));
    for (struct access_space *space = access_touched(sync->access); space;
         space = space->next_touched)
        TRY(sign_space(sync, space));
    TRY(store->engine->commit(store));
out:
    return err;
}

static void advance_clock(struct sync *sync, uint64_t now_ms)
{
    if (now_ms > atomic_load(&sync->clock_ms) && sync_clock_ok(sync, now_ms))
        atomic_store(&sync->clock_ms, now_ms);
}

enum err sync_apply(struct sync *sync, struct sync_call *const calls[], size_t n, uint64_t now_ms)
{
    struct store *store = sync->config.store;
    enum err err = apply_group(sync, calls, n, now_ms);
    if (err != ERR_OK) {
        store->engine->rollback(store);
        access_forget(sync->access);
        LOG(LOG_ERROR, "commit_failed", LOG_ERR("err", err), LOG_NUM("calls", n));
    } else {
        access_settle(sync->access);
        metrics_add(METRIC_COMMITS, 1);
        advance_clock(sync, now_ms);
    }
    sync_blobs_erase(sync, err == ERR_OK);
    for (size_t i = 0; i < n; i++) {
        calls[i]->step = SYNC_ANSWER;
        if (err != ERR_OK)
            calls[i]->refusal = err;
    }
    return err;
}

/* ---- the clock ---- */

bool sync_clock_ok(struct sync *sync, uint64_t now_ms)
{
    uint64_t last = atomic_load(&sync->clock_ms);
    /* A clock that is put right by a few minutes is no reason to stop: times of entries do not decrease anyway. */
    return now_ms + (uint64_t)CLOCK_WINDOW_MS >= last &&
           (last == 0 || now_ms <= last + (uint64_t)CLOCK_JUMP_MAX_MS);
}

void sync_clock_accept(struct sync *sync, uint64_t now_ms)
{
    atomic_store(&sync->clock_ms, now_ms);
}

/* ---- what is kept for months only ---- */

enum { PRUNE_AT_ONCE = 4096, DAY_MS = 24 * 3600 * 1000 };

struct spaces {
    size_t n, cap;
    struct store_space *list;
};

static enum err keep_space(void *ctx, const struct store_space *space)
{
    struct spaces *spaces = ctx;
    if (spaces->n == spaces->cap) {
        size_t cap = spaces->cap ? 2 * spaces->cap : 64;
        struct store_space *grown = realloc(spaces->list, cap * sizeof *grown);
        if (!grown)
            return ERR_MEMORY;
        spaces->list = grown;
        spaces->cap = cap;
    }
    spaces->list[spaces->n++] = *space;
    return ERR_OK;
}

struct pruning {
    const struct store_space *space;
    size_t n;
    uint64_t leaves[PRUNE_AT_ONCE];
};

static enum err look_for_old(void *ctx, const struct store_entry *entry)
{
    struct pruning *pruning = ctx;
    uint64_t newest_ms = pruning->space->t_recv_ms;
    if (entry->kind == KIND_ACCESS && newest_ms >= (uint64_t)ACCESS_DELETE_MS &&
        entry->t_recv_ms <= newest_ms - (uint64_t)ACCESS_DELETE_MS && pruning->n < PRUNE_AT_ONCE)
        pruning->leaves[pruning->n++] = entry->index;
    return ERR_OK;
}

static enum err look_whether_there(void *ctx, uint64_t index, uint16_t box,
                                   const uint8_t hash[static HASH_LEN], const uint8_t *body,
                                   size_t len)
{
    bool *there = ctx;
    (void)index, (void)box, (void)hash, (void)body;
    *there = *there || len > 0;
    return ERR_OK;
}

static enum err prune_space(void *ctx, const struct store_space *space)
{
    struct store *store = ctx;
    struct store_view *view = store->engine->own_view(store);
    struct pruning pruning = {.space = space};
    enum err err = view->engine->control_entries(view, space->space, look_for_old, &pruning);
    for (size_t i = 0; err == ERR_OK && i < pruning.n; i++) {
        bool there = false;
        uint64_t leaf = pruning.leaves[i];
        err = view->engine->bodies(view, space->space, leaf, leaf + 1, look_whether_there, &there);
        if (err == ERR_OK && there)
            err = store->engine->body_erase(store, space->space, leaf, 0);
    }
    return err;
}

/* Bodies of access leaves, once a day. */
static enum err prune(struct sync *sync, uint64_t now_ms)
{
    struct store *store = sync->config.store;
    struct store_view *view = store->engine->own_view(store);
    struct spaces spaces = {0};
    if (sync->pruned_day == now_ms / DAY_MS)
        return ERR_OK;
    enum err err = view->engine->spaces(view, keep_space, &spaces);
    for (size_t i = 0; err == ERR_OK && i < spaces.n; i++)
        err = prune_space(store, &spaces.list[i]);
    for (size_t i = 0; err == ERR_OK && i < spaces.n; i++)
        err = sync_succeed_prune(store, &spaces.list[i], now_ms);
    free(spaces.list);
    if (err == ERR_OK)
        sync->pruned_day = now_ms / DAY_MS;
    return err;
}

enum err sync_heartbeat(struct sync *sync, uint64_t now_ms)
{
    enum err err = ERR_OK;
    struct store *store = sync->config.store;
    uint8_t value[8];
    if (!sync_clock_ok(sync, now_ms))
        return ERR_CLOCK;
    for (unsigned i = 0; i < 8; i++)
        value[i] = (uint8_t)(now_ms >> (8 * (7 - i)));
    TRY(store->engine->begin(store));
    TRY(store->engine->meta_put(store, "clock", value, sizeof value));
    TRY(prune(sync, now_ms));
    TRY(store->engine->commit(store));
    advance_clock(sync, now_ms);
out:
    if (err != ERR_OK)
        store->engine->rollback(store);
    return err;
}
