/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging and storing the leaves of one row, in their order. A repeated leaf is recognised before anything else
 * is asked, so that a lost answer costs nothing; the first leaf that is refused refuses those behind it.
 */
#include <assert.h>
#include <string.h>

#include "proto/digest.h"
#include "server/log.h"
#include "server/logkey.h"
#include "server/metrics.h"
#include "server/sync_inside.h"

/* A failure of this machine, which costs the whole group; everything else is one leaf's own. */
static bool is_ours(enum err err)
{
    return err == ERR_FULL || err == ERR_BUSY || err_category(err) == CAT_INTERNAL;
}

/* ---- repeated leaves ---- */

struct repeat {
    const struct sync_leaf *leaf;
    bool same;
    uint64_t index, t_recv_ms;
};

static enum err compare_entry(void *ctx, const struct store_entry *entry)
{
    struct repeat *repeat = ctx;
    uint8_t hash[HASH_LEN];
    leaf_hash(hash, entry->header, entry->header_len, entry->sig);
    repeat->same = digest_equal(hash, repeat->leaf->hash, HASH_LEN);
    repeat->index = entry->index;
    repeat->t_recv_ms = entry->t_recv_ms;
    return ERR_OK;
}

/* Sets leaf->accepted for one that is logged already; ERR_SEQ for another leaf with a used number. */
static enum err find_repeat(struct sync_work *work, struct sync_leaf *leaf)
{
    struct store_view *view = work->sync->config.store->engine->own_view(work->sync->config.store);
    const struct fold_device *device = fold_device(work->space->fold, leaf->leaf.device);
    struct repeat repeat = {.leaf = leaf};
    if (!device || leaf->leaf.seq > device->last_seq)
        return ERR_OK;
    enum err err = view->engine->entry_by_seq(view, work->row->space, leaf->leaf.device,
                                              leaf->leaf.seq, compare_entry, &repeat);
    if (err == ERR_OK && repeat.same) {
        leaf->accepted = true;
        leaf->index = repeat.index;
        leaf->t_recv_ms = repeat.t_recv_ms;
        metrics_add(METRIC_LEAVES_REPEATED, 1);
        return ERR_OK;
    }
    return err == ERR_OK || err == ERR_NOT_FOUND ? ERR_SEQ : err;
}

/* ---- seals of a leaf ---- */

static size_t seals_needed(const struct fold *fold, const struct leaf *leaf)
{
    size_t n = 0;
    if (!leaf->has_keys || kind_has_route(leaf->kind))
        return 0;
    if (leaf->kind != KIND_EPOCH_CHANGE)
        return 1;
    for (size_t i = 0; i < fold->n_devices; i++)
        n += fold->devices[i].active && fold_seal_type(fold->devices[i].roles) != 0;
    return n;
}

/* A repeated leaf brings its seals again; how many they were is in the store. */
static enum err skip_seals(struct sync_work *work, const struct sync_leaf *leaf)
{
    struct store_view *view = work->sync->config.store->engine->own_view(work->sync->config.store);
    struct buf lines = {.max = DEVICES_MAX * SEAL_LINE_LEN};
    if (!leaf->leaf.has_keys || kind_has_route(leaf->leaf.kind))
        return ERR_OK;
    enum err err = view->engine->seal_lines(view, work->row->space, leaf->index, &lines);
    size_t left = work->row->in->n_seals - work->seals_at, n = lines.len / SEAL_LINE_LEN;
    work->seals_at += n < left ? n : left;
    buf_free(&lines);
    return err;
}

/* ---- storing ---- */

static enum err put_keys(struct sync_work *work, const struct sync_leaf *leaf, size_t n_seals)
{
    enum err err = ERR_OK;
    struct store *store = work->sync->config.store;
    const struct message_row *in = work->row->in;
    for (size_t i = 0; i < n_seals; i++)
        TRY(store->engine->seal_put(store, work->row->space, leaf->index,
                                    &in->seals[work->seals_at + i]));
    for (size_t i = 0; i < leaf->slots_n; i++) {
        const struct leaf_slot *slot = &in->slots[leaf->slots_from + i];
        bool erased = false;
        for (size_t k = 0; k < work->space->fold->n_erased && !erased; k++)
            erased = memcmp(work->space->fold->erased[k].row, slot->row, ID_LEN) == 0;
        if (erased)
            sync_item(work->row, LIST_SLOTS, leaf->slots_from + i, ERR_ERASED);
        else
            TRY(store->engine->slot_put(store, work->row->space, slot, leaf->leaf.device));
    }
out:
    return err;
}

static enum err append(struct sync_work *work, struct sync_leaf *leaf)
{
    struct store *store = work->sync->config.store;
    struct access_space *space = work->space;
    struct store_entry entry = {.index = space->fold->size,
                                .seq = leaf->leaf.seq,
                                .kind = leaf->leaf.kind,
                                .t_recv_ms = leaf->t_recv_ms,
                                .header = leaf->leaf.header,
                                .header_len = leaf->leaf.header_len};
    uint8_t hash[HASH_LEN];
    memcpy(entry.space, work->row->space, ID_LEN);
    memcpy(entry.device, leaf->leaf.device, ID_LEN);
    memcpy(entry.sig, leaf->leaf.sig, SIG_LEN);
    leaf_entry_hash(hash, entry.t_recv_ms, entry.header, entry.header_len, entry.sig);
    tree_append(&space->tree, hash, &entry.nodes);
    return store->engine->append(store, &entry, leaf->in->bodies, leaf->in->n_bodies);
}

/* ---- what a leaf asks the server to do ---- */

struct target {
    uint64_t index;
    bool known, data;
};

static enum err look_at_kind(void *ctx, const struct store_entry *entry)
{
    ((struct target *)ctx)->data = kind_has_route(entry->kind);
    return ERR_OK;
}

/* Deletes the bodies that an erase or purge names. Only bodies of data: labels, packs and audit texts are
 * nobody's dossier. */
static enum err delete_bodies(struct sync_work *work, const struct op *op)
{
    enum err err = ERR_OK;
    struct store *store = work->sync->config.store;
    struct store_view *view = store->engine->own_view(store);
    struct target target = {.known = false};
    for (size_t i = 0; i < op->u.erase.n; i++) {
        const struct op_body *body = &op->u.erase.list[i];
        if (!target.known || target.index != body->leaf) {
            target = (struct target){.index = body->leaf, .known = true};
            TRY(view->engine->entries(view, work->row->space, body->leaf, body->leaf + 1,
                                      look_at_kind, &target));
        }
        if (target.data)
            TRY(store->engine->body_erase(store, work->row->space, body->leaf, body->box));
    }
out:
    return err;
}

enum err sync_carry_out(struct sync_work *work, const struct leaf *leaf)
{
    enum err err = ERR_OK;
    struct store *store = work->sync->config.store;
    const struct op *op = &leaf->op;
    const uint8_t *space = work->row->space;
    uint8_t outbox[ID_LEN + HASH_LEN];
    if (leaf->unknown)
        return ERR_OK;
    switch (leaf->kind) {
    case KIND_ERASE:
        TRY(work->sync->n_gone < SYNC_GONE_MAX ? ERR_OK : ERR_BUSY);
        memcpy(work->sync->gone[work->sync->n_gone].space, space, ID_LEN);
        memcpy(work->sync->gone[work->sync->n_gone++].row, op->u.erase.row, ID_LEN);
        TRY(store->engine->chore(store, space, STORE_CHORE_SLOT, op->u.erase.row, ID_LEN));
        TRY(delete_bodies(work, op));
        break;
    case KIND_PURGE:
        TRY(delete_bodies(work, op));
        break;
    case KIND_GENESIS:
        TRY(logkey_put(store, work->sync->config.key, space, 0, op->u.genesis.log_pk));
        break;
    case KIND_LOG_KEY:
        TRY(logkey_put(store, work->sync->config.key, space, work->space->fold->size,
                       op->u.log_key.log_pk));
        break;
    case KIND_INVITE_CLOSE:
        TRY(store->engine->chore(store, space, STORE_CHORE_INVITE, op->u.invite_close.invite_pk,
                                 PK_LEN));
        break;
    case KIND_ADOPT:
        memcpy(outbox, op->u.adopt.device, ID_LEN);
        memcpy(outbox + ID_LEN, op->u.adopt.inbox_hash, HASH_LEN);
        TRY(store->engine->chore(store, space, STORE_CHORE_OUTBOX, outbox, sizeof outbox));
        break;
    default:
        break;
    }
out:
    return err;
}

/* ---- one leaf ---- */

static bool is_pair(const struct serverkey *key, const uint8_t *log_pk, const uint8_t *resp_pk)
{
    uint8_t hash[HASH_LEN];
    link_fingerprint(hash, log_pk, resp_pk);
    return serverkey_find(key, hash) != NULL;
}

/* A genesis must name this server: its keys sign what the space's devices will verify. */
static enum err check_genesis(const struct sync_work *work, const struct leaf *leaf)
{
    const struct serverkey *key = work->sync->config.key;
    const struct op *op = &leaf->op;
    if (leaf->kind != KIND_GENESIS)
        return ERR_OK;
    bool ours = is_pair(key, op->u.genesis.log_pk, op->u.genesis.resp_pk) &&
                op->u.genesis.log_name_len == strlen(key->log_name) &&
                memcmp(op->u.genesis.log_name, key->log_name, op->u.genesis.log_name_len) == 0;
    return ours ? ERR_OK : ERR_WRONG_SERVER;
}

/* The server's keys change with its key file, not by a leaf: every note of the space would fail from there on. */
static enum err check_log_key(const struct sync_work *work, const struct leaf *leaf)
{
    const struct serverkey *key = work->sync->config.key;
    if (leaf->kind != KIND_LOG_KEY)
        return ERR_OK;
    const uint8_t *now = work->space->fold->log_pk;
    const struct op *op = &leaf->op;
    if (!is_pair(key, op->u.log_key.log_pk, op->u.log_key.resp_pk))
        return ERR_WRONG_SERVER;
    /* Forward only: an old hand-over does not bring an old key back. */
    bool later = false;
    for (size_t i = 0; i < key->n; i++) {
        if (digest_equal(key->pairs[i].log_pk, op->u.log_key.log_pk, PK_LEN))
            return later ? ERR_OK : ERR_EXISTS;
        later = later || digest_equal(key->pairs[i].log_pk, now, PK_LEN);
    }
    return ERR_WRONG_SERVER;
}

/* What must hold before anything is written; LeafValid stands in the middle. */
static enum err judge(struct sync_work *work, const struct sync_leaf *leaf,
                      const struct fold_entry *entry, size_t *n_seals)
{
    enum err err = ERR_OK;
    const struct fold *fold = work->space->fold;
    const struct message_row *in = work->row->in;
    TRY(check_genesis(work, &leaf->leaf));
    TRY(fold_judge(fold, entry));
    TRY(sync_succeed_judge(work, &leaf->leaf));
    TRY(check_log_key(work, &leaf->leaf));
    *n_seals = seals_needed(fold, &leaf->leaf);
    TRY(*n_seals <= in->n_seals - work->seals_at ? ERR_OK : ERR_SEALS);
    TRY(fold_check_seals(fold, &leaf->leaf, in->seals + work->seals_at, *n_seals));
    for (size_t i = 0; i < leaf->slots_n; i++) {
        uint32_t epoch = in->slots[leaf->slots_from + i].epoch;
        TRY(epoch >= 1 && epoch <= fold_epoch_now(fold) ? ERR_OK : ERR_SEALS);
    }
out:
    return err;
}

/* The day's quotas and the clock are asked once per row, when it brings the first leaf that is new. */
static enum err admit(struct sync_work *work, bool *admitted)
{
    enum err err = ERR_OK;
    struct sync *sync = work->sync;
    if (*admitted)
        return ERR_OK;
    bool succeeded = false;
    TRY(sync_succeeded(work, &succeeded));
    if (work->call->recovering || succeeded)
        return ERR_RECOVERING;
    if (!sync_clock_ok(sync, work->now_ms)) {
        LOG(LOG_ERROR, "clock_refused", LOG_NUM("now_ms", work->now_ms),
            LOG_NUM("last_ms", atomic_load(&sync->clock_ms)),
            LOG_WORD("do", "set the clock right, or start once with --accept-clock"));
        return ERR_BUSY;
    }
    uint64_t bytes = 0;
    for (size_t i = 0; i < work->row->n_leaves; i++) {
        const struct message_leaf *in = work->row->leaves[i].in;
        bytes += in->header_len + SIG_LEN;
        for (size_t k = 0; k < in->n_bodies; k++)
            bytes += in->bodies[k].len;
    }
    bool founds = work->row->founds && work->space->fold->size == 0;
    const struct sync_quota more = {
        .bytes = bytes, .leaves = work->row->n_leaves, .foundings = founds};
    err = sync_quota(work, &more);
    *admitted = err == ERR_OK;
out:
    return err;
}

static enum err take_leaf(struct sync_work *work, struct sync_leaf *leaf, bool *admitted)
{
    enum err err = ERR_OK;
    struct access_space *space = work->space;
    size_t n_seals = 0;
    TRY(leaf->status);
    TRY(find_repeat(work, leaf));
    if (leaf->accepted)
        return skip_seals(work, leaf);
    err = admit(work, admitted);
    if (err_category(err) == CAT_INTERNAL)
        goto out;
    if (err != ERR_OK) {
        leaf->status = err;
        return ERR_OK;
    }
    leaf->t_recv_ms = work->now_ms > space->info.t_recv_ms ? work->now_ms : space->info.t_recv_ms;
    struct fold_entry entry = {.index = space->fold->size,
                               .t_recv_ms = leaf->t_recv_ms,
                               .leaf = &leaf->leaf,
                               .fresh = true,
                               .signature_checked = leaf->checked,
                               .root_at = access_root_at,
                               .root_ctx = space};
    TRY(judge(work, leaf, &entry, &n_seals));
    leaf->index = entry.index;

    access_touch(space);
    work->row->changed = true;
    TRY(put_keys(work, leaf, n_seals));
    TRY(append(work, leaf));
    TRY(sync_carry_out(work, &leaf->leaf));
    TRY(sync_succeed_put(work, &leaf->leaf));
    entry.fresh = false;
    err = fold_apply(space->fold, &entry);
    if (err != ERR_OK)
        return err_category(err) == CAT_INTERNAL ? err : ERR_INTERNAL;
    space->info.t_recv_ms = leaf->t_recv_ms;
    space->members_changed |= !kind_has_route(leaf->leaf.kind);
    work->seals_at += n_seals;
    leaf->accepted = leaf->fresh = true;
    metrics_add(METRIC_LEAVES_ACCEPTED, 1);
out:
    if (err != ERR_OK && !is_ours(err)) {
        leaf->status = err;
        err = ERR_OK;
    }
    return err;
}

/* Tells a refused author where its chain stands. */
static void explain(const struct sync_work *work, struct sync_leaf *leaf)
{
    const struct fold_device *device = fold_device(work->space->fold, leaf->leaf.device);
    metrics_add(METRIC_LEAVES_REFUSED, 1);
    metrics_sync_status(leaf->status);
    if (err_category(leaf->status) == CAT_DENIED)
        metrics_add(METRIC_DENIED, 1);
    if (!device || device->last_seq == 0)
        return;
    leaf->last_seq = device->last_seq;
    leaf->has_last = true;
    memcpy(leaf->last_hash, device->last_hash, HASH_LEN);
}

enum err sync_leaves(struct sync_work *work)
{
    enum err err = ERR_OK;
    struct sync_row *row = work->row;
    bool admitted = false, refused = false;
    for (size_t k = 0; k < row->n_leaves; k++) {
        struct sync_leaf *leaf = &row->leaves[k];
        if (refused)
            leaf->status = ERR_AFTER_REFUSED;
        else
            TRY(take_leaf(work, leaf, &admitted));
        refused = leaf->status != ERR_OK;
        if (refused)
            explain(work, leaf);
    }
out:
    return err;
}
