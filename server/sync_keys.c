/* SPDX-License-Identifier: Apache-2.0
 *
 * What travels beside the leaves and outside of the log: re-wrapped slots, and the inbox.
 */
#include <assert.h>
#include <string.h>

#include "proto/digest.h"
#include "server/metrics.h"
#include "server/sync_inside.h"

void sync_item(struct sync_row *row, enum message_list list, size_t k, enum err status)
{
    row->items[row->n_items++] =
        (struct message_item){.list = list, .k = (uint32_t)k, .status = status};
    metrics_sync_status(status);
}

/* ---- re-wraps ---- */

static bool row_erased(const struct fold *fold, const uint8_t row[static ID_LEN])
{
    for (size_t i = 0; i < fold->n_erased; i++) {
        if (memcmp(fold->erased[i].row, row, ID_LEN) == 0)
            return true;
    }
    return false;
}

static enum err rewrap(struct sync_work *work, const struct leaf_slot *slot, enum err *status)
{
    struct store *store = work->sync->config.store;
    struct store_view *view = store->engine->own_view(store);
    struct store_slot old;
    enum err err = view->engine->slot(view, work->row->space, slot->row, &old);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    if (row_erased(work->space->fold, slot->row))
        *status = ERR_ERASED;
    else if (err == ERR_NOT_FOUND)
        *status = ERR_NOT_FOUND;
    else if (slot->epoch < old.slot.epoch || slot->epoch > fold_epoch_now(work->space->fold))
        *status = ERR_STALE_EPOCH;
    else
        return store->engine->slot_put(store, work->row->space, slot, work->call->request.device);
    return ERR_OK;
}

static enum err rewraps(struct sync_work *work, const struct fold_device *device)
{
    enum err err = ERR_OK;
    struct sync_row *row = work->row;
    for (size_t i = row->rewraps_from; i < row->in->n_slots; i++) {
        enum err status = device->roles & ROLES_REWRAP ? ERR_OK : ERR_DENIED;
        if (status == ERR_OK)
            TRY(rewrap(work, &row->in->slots[i], &status));
        if (status == ERR_OK)
            row->changed = true;
        else
            sync_item(row, LIST_SLOTS, i, status);
    }
out:
    return err;
}

/* ---- joining ---- */

/* What the inbox of a space holds that matters to a newcomer. */
struct queue {
    const uint8_t *device, *invite;
    uint8_t type;
    size_t waiting;
    bool own, taken; /* the device's own item; the invite in another one's hands */
    struct store_inbox mine;
};

static enum err look_at_item(void *ctx, const struct store_inbox *item)
{
    struct queue *queue = ctx;
    bool same = memcmp(item->device, queue->device, ID_LEN) == 0;
    queue->waiting += item->state == STORE_INBOX_WAITING;
    if (same && item->type == queue->type) {
        queue->own = true;
        queue->mine = *item;
    }
    if (!same && item->type == INBOX_JOIN && item->state != STORE_INBOX_DISMISSED &&
        memcmp(item->invite, queue->invite, PK_LEN) == 0)
        queue->taken = true;
    return ERR_OK;
}

static enum err judge_join(const struct sync_work *work, const struct queue *queue,
                           const struct op_join *join)
{
    const struct fold_invite *invite = fold_invite(work->space->fold, join->invite_pk);
    bool again = queue->own && memcmp(queue->mine.invite, join->invite_pk, PK_LEN) == 0;
    if (queue->taken)
        return ERR_USED;
    if (again && queue->mine.state == STORE_INBOX_DISMISSED)
        return ERR_DENIED;
    if (!invite)
        return again ? ERR_USED : ERR_NOT_FOUND;
    if (invite->expires_s < work->now_ms / 1000)
        return ERR_EXPIRED;
    return ERR_OK;
}

static enum err put_inbox(struct sync_work *work, const struct message_inbox *in,
                          const struct queue *queue, const struct op_join *join)
{
    struct store *store = work->sync->config.store;
    struct store_inbox item = {
        .type = (uint8_t)in->type, .payload = in->payload, .payload_len = in->payload_len};
    bool outbox = in->type == INBOX_OUTBOX;
    bool waits = queue->own && queue->mine.state == STORE_INBOX_WAITING;
    static_assert((int)PK_LEN == HASH_LEN, "an outbox is named by its hash");
    if (outbox)
        digest_sha256_of(item.invite, in->payload, in->payload_len);
    else
        memcpy(item.invite, join->invite_pk, PK_LEN);
    /* The same thing again changes nothing, and wakes nobody. */
    if (waits && memcmp(queue->mine.invite, item.invite, PK_LEN) == 0)
        return ERR_OK;
    /* Nobody's sealed work is written over before a person has decided about it. */
    if ((waits && outbox) || (!queue->own && queue->waiting >= INBOX_MAX))
        return ERR_QUOTA;
    memcpy(item.device, in->id, ID_LEN);
    if (in->type == INBOX_JOIN)
        item.expires_s = fold_invite(work->space->fold, join->invite_pk)->expires_s;
    work->row->changed = true;
    return store->engine->inbox_put(store, work->row->space, &item);
}

enum err sync_join(struct sync_work *work)
{
    enum err err = ERR_OK;
    struct sync_row *row = work->row;
    struct store *store = work->sync->config.store;
    struct store_view *view = store->engine->own_view(store);
    /* Somebody who is not a member sends nothing else; a second item is not looked at. */
    if (row->in->n_inbox != 1)
        return ERR_NOT_FOUND;
    const struct message_inbox *in = &row->in->inbox[0];
    const struct sync_inbox *item = &row->inbox[0];
    struct queue queue = {
        .device = in->id, .invite = item->join.invite_pk, .type = (uint8_t)in->type};
    if (in->type != INBOX_JOIN && in->type != INBOX_STATEMENT)
        return ERR_NOT_FOUND;
    TRY(item->status);
    TRY(view->engine->inbox(view, row->space, look_at_item, &queue));
    if (in->type == INBOX_JOIN)
        TRY(judge_join(work, &queue, &item->join));
    else if (queue.own && queue.mine.state == STORE_INBOX_DISMISSED)
        TRY(ERR_DENIED);
    TRY(put_inbox(work, in, &queue, &item->join));
    err = ERR_PENDING;
out:
    return err;
}

/* ---- the inbox of members ---- */

/* Body keys for an auditor, from the second person of a grant and from nobody else. An item that the auditor has not
 * taken yet stands in the way of the next. */
static enum err take_granted(struct sync_work *work, const struct fold_device *device,
                             const struct message_inbox *in)
{
    enum err err = ERR_OK;
    const struct fold *fold = work->space->fold;
    const struct fold_grant *grant = NULL;
    struct store *store = work->sync->config.store;
    struct store_view *view = store->engine->own_view(store);
    struct queue queue = {
        .device = in->id, .invite = (const uint8_t[PK_LEN]){0}, .type = (uint8_t)in->type};
    struct store_inbox item = {
        .type = INBOX_KEYS, .payload = in->payload, .payload_len = in->payload_len};
    for (size_t i = 0; i < fold->n_grants; i++) {
        if (memcmp(fold->grants[i].hash, in->payload, HASH_LEN) == 0)
            grant = &fold->grants[i];
    }
    if (!grant)
        return ERR_NOT_FOUND;
    if (!device->active || memcmp(grant->second, device->id, ID_LEN) != 0)
        return ERR_DENIED;
    if (grant->closed || grant->expires_s < work->now_ms / 1000)
        return ERR_EXPIRED;
    TRY(view->engine->inbox(view, work->row->space, look_at_item, &queue));
    if (queue.own && queue.mine.state == STORE_INBOX_WAITING)
        return ERR_EXISTS;
    if (queue.waiting >= INBOX_MAX)
        return ERR_QUOTA;
    memcpy(item.device, in->id, ID_LEN);
    memcpy(item.invite, grant->auditor, ID_LEN); /* whom it is for */
    item.expires_s = grant->expires_s;
    work->row->changed = true;
    err = store->engine->inbox_put(store, work->row->space, &item);
out:
    return err;
}

/* Members who admit turn joins away; an auditor, or the second person of a grant, clears away its keys. */
static enum err dismiss(struct sync_work *work, const struct fold_device *device,
                        const struct message_inbox *in)
{
    enum err err = ERR_OK;
    struct store *store = work->sync->config.store;
    struct store_view *view = store->engine->own_view(store);
    struct queue queue = {
        .device = in->id, .invite = (const uint8_t[PK_LEN]){0}, .type = INBOX_KEYS};
    TRY(view->engine->inbox(view, work->row->space, look_at_item, &queue));
    bool addressee = queue.own && memcmp(queue.mine.invite, device->id, ID_LEN) == 0;
    if (!device->active || !(device->roles & ROLES_ADMIT || addressee))
        return ERR_DENIED;
    TRY(store->engine->inbox_dismiss(store, work->row->space, in->id));
    work->row->changed = true;
out:
    return err;
}

static enum err take_item(struct sync_work *work, const struct fold_device *device, size_t i)
{
    enum err err = ERR_OK;
    struct store *store = work->sync->config.store;
    struct store_view *view = store->engine->own_view(store);
    const struct message_inbox *in = &work->row->in->inbox[i];
    TRY(work->row->inbox[i].status);
    switch (in->type) {
    case INBOX_DISMISS:
        TRY(dismiss(work, device, in));
        break;
    case INBOX_KEYS:
        TRY(take_granted(work, device, in));
        break;
    case INBOX_OUTBOX: {
        struct queue queue = {
            .device = in->id, .invite = (const uint8_t[PK_LEN]){0}, .type = (uint8_t)in->type};
        /* Who may still write has no work that only another one can bring. */
        if (device->active && device->roles & ROLE_WRITER)
            return ERR_DENIED;
        TRY(view->engine->inbox(view, work->row->space, look_at_item, &queue));
        TRY(put_inbox(work, in, &queue, NULL));
        break;
    }
    default: /* a join or statement of a device that is in already */
        break;
    }
out:
    return err;
}

enum err sync_keys(struct sync_work *work)
{
    enum err err = ERR_OK;
    struct sync_row *row = work->row;
    const struct fold_device *device = fold_device(work->space->fold, work->call->request.device);
    if (device->active)
        TRY(rewraps(work, device));
    /* Nothing is ever asked for under these names yet, so nothing can fit. */
    for (size_t i = 0; i < row->in->n_bodies; i++)
        sync_item(row, LIST_BODIES, i, ERR_NOT_FOUND);
    for (size_t i = work->seals_at; i < row->in->n_seals; i++)
        sync_item(row, LIST_SEALS, i, ERR_SEALS);
    for (size_t i = 0; i < row->in->n_inbox; i++) {
        uint64_t have = 0;
        if (row->in->inbox[i].type == INBOX_PIECE)
            err = sync_piece(work, device, &row->in->inbox[i], &have);
        else
            err = take_item(work, device, i);
        if (err == ERR_FULL || err == ERR_BUSY || err_category(err) == CAT_INTERNAL)
            goto out;
        sync_item(row, LIST_INBOX, i, err);
        row->items[row->n_items - 1].index = have;
        err = ERR_OK;
    }
out:
    return err;
}
