/* SPDX-License-Identifier: Apache-2.0
 *
 * A space whose history cannot go on is continued by another one, whose genesis names it. From then on it takes no new
 * work, and whoever asks about it is told where it goes on; that the founder may is for the members to verify.
 */
#include <string.h>

#include "server/store_next.h"
#include "server/sync_page.h"

/* ---- founding ---- */

enum err sync_succeed_judge(const struct sync_work *work, const struct leaf *leaf)
{
    enum err err = ERR_OK;
    struct store *store = work->sync->config.store;
    const struct op *op = &leaf->op;
    struct access_space *old, *other;
    uint8_t next[ID_LEN];
    if (leaf->kind != KIND_GENESIS || !op->u.genesis.succeeds)
        return ERR_OK;
    err = access_get(work->sync->access, op->u.genesis.old_space, &old);
    if (err == ERR_NOT_FOUND)
        return ERR_OK; /* lost as a whole */
    TRY(err);
    TRY(fold_has_role(old->fold, leaf->device, ROLE_ADMIN) ? ERR_OK : ERR_DENIED);
    err = store_next_get(store->engine->own_view(store), op->u.genesis.old_space, next);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    TRY(err);
    /* One whose founder stayed alone may have been lost with its device. */
    TRY(access_get(work->sync->access, next, &other));
    err = other->fold->n_devices > 1 ? ERR_EXISTS : ERR_OK;
out:
    return err;
}

enum err sync_succeed_put(const struct sync_work *work, const struct leaf *leaf)
{
    if (leaf->kind != KIND_GENESIS || !leaf->op.u.genesis.succeeds)
        return ERR_OK;
    return store_next_put(work->sync->config.store, leaf->op.u.genesis.old_space, work->row->space);
}

enum err sync_succeeded(const struct sync_work *work, bool *succeeded)
{
    struct store *store = work->sync->config.store;
    uint8_t next[ID_LEN];
    enum err err = store_next_get(store->engine->own_view(store), work->row->space, next);
    *succeeded = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ---- keys of what was left ---- */

struct leaving {
    struct store *store;
    const uint8_t *space;
    uint64_t since_ms;
};

static enum err note_since(void *ctx, const struct store_entry *genesis)
{
    struct leaving *leaving = ctx;
    leaving->since_ms = genesis->t_recv_ms;
    return ERR_OK;
}

static enum err drop_slot(void *ctx, const struct store_slot *slot)
{
    struct leaving *leaving = ctx;
    return leaving->store->engine->chore(leaving->store, leaving->space, STORE_CHORE_SLOT,
                                         slot->slot.row, ID_LEN);
}

enum err sync_succeed_prune(struct store *store, const struct store_space *space, uint64_t now_ms)
{
    struct store_view *view = store->engine->own_view(store);
    struct leaving leaving = {store, space->space, 0};
    uint8_t next[ID_LEN];
    enum err err = store_next_get(view, space->space, next);
    if (err == ERR_OK)
        err = view->engine->entries(view, next, 0, 1, note_since, &leaving);
    if (err != ERR_OK || leaving.since_ms == 0 || now_ms < leaving.since_ms + SUCCEEDED_KEYS_MS)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    return view->engine->slots(view, space->space, 0, NULL, drop_slot, &leaving);
}

/* ---- telling ---- */

struct telling {
    struct sync_page *page;
    const uint8_t *next;
};

static enum err tell(void *ctx, const struct store_entry *genesis)
{
    const struct telling *telling = ctx;
    struct message_successor successor = {.header = genesis->header,
                                          .header_len = genesis->header_len};
    struct buf payload = {.max = INBOX_ITEM_MAX};
    memcpy(successor.sig, genesis->sig, SIG_LEN);
    message_successor_encode(&payload, &successor);
    enum err err = payload.err;
    if (err == ERR_OK)
        err = sync_page_inbox(telling->page, INBOX_SUCCESSOR, telling->next, payload.bytes,
                              payload.len);
    buf_free(&payload);
    return err;
}

/* Who asks about the other space too knows of it. */
static bool knows(const struct sync_page *page, const uint8_t next[static ID_LEN])
{
    for (size_t i = 0; i < page->call->n_rows; i++) {
        if (memcmp(page->call->rows[i].space, next, ID_LEN) == 0)
            return true;
    }
    return false;
}

enum err sync_page_successor(struct sync_page *page)
{
    struct store_view *view = page->view;
    uint8_t next[ID_LEN];
    struct telling telling = {page, next};
    enum err err = store_next_get(view, page->row->space, next);
    if (err != ERR_OK || !page->member.active || knows(page, next))
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    page->news = true;
    err = view->engine->entries(view, next, 0, 1, tell, &telling);
    return err == ERR_TOO_BIG ? ERR_OK : err;
}
