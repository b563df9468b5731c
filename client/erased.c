/* SPDX-License-Identifier: Apache-2.0 */
#include "client/erased.h"

#include <string.h>

#include "proto/digest.h"

enum { PROGRESS_ID = 1, FOREIGN_ID = 2, LINE_LEN = ID_LEN + 8, AGAIN_MS = 5 * 60 * 1000 };

static uint64_t u64_at(const uint8_t *at)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v = v << 8 | at[i];
    return v;
}

/* --- counting --- */

/* What a device says that it has erased up to; the list is the server's word. */
static uint64_t upto_of(const struct engine *engine, const struct space *space,
                        const struct buf *progress, const uint8_t *device)
{
    if (memcmp(device, engine->ring.id, ID_LEN) == 0)
        return space->erased_upto;
    for (size_t at = 0; at + LINE_LEN <= progress->len; at += LINE_LEN)
        if (memcmp(progress->bytes + at, device, ID_LEN) == 0)
            return u64_at(progress->bytes + at + ID_LEN);
    return 0;
}

static enum err load(struct engine *engine, const struct space *space, uint64_t id, struct buf *out)
{
    enum err err = replica_get(engine->replica, REPLICA_ERASED, space->no, id, out);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err erased_count(struct engine *engine, size_t i, uint64_t index, struct erased_state *state,
                      void (*fn)(void *ctx, const uint8_t device[static ID_LEN]), void *ctx)
{
    enum err err = ERR_OK;
    const struct space *space = engine_at(engine, i);
    struct buf progress = {0}, foreign = {0};
    *state = (struct erased_state){0};
    TRY(load(engine, space, PROGRESS_ID, &progress));
    TRY(load(engine, space, index + FOREIGN_ID, &foreign));
    if (foreign.len == 8)
        state->foreign = u64_at(foreign.bytes);
    for (size_t k = 0; k < space->fold->n_devices; k++) {
        const struct fold_device *one = &space->fold->devices[k];
        if (!one->active || one->added > index || !(one->roles & ROLE_READER) ||
            one->kind == DEVICE_PAPER)
            continue;
        bool done = upto_of(engine, space, &progress, one->id) > index;
        state->devices++;
        state->done += done;
        if (!done && fn)
            fn(ctx, one->id);
    }
out:
    buf_free(&progress);
    buf_free(&foreign);
    return err;
}

/* --- asking --- */

static enum err is_complete(struct engine *engine, const struct space *space, bool *complete)
{
    struct erased_state state;
    uint64_t newest = 0;
    size_t i = 0;
    *complete = true;
    for (size_t k = 0; k < space->fold->n_erased; k++)
        if (space->fold->erased[k].index > newest)
            newest = space->fold->erased[k].index;
    if (!engine_space_by_id(engine, space->pub.id, &i))
        return ERR_OK;
    enum err err = erased_count(engine, i, newest, &state, NULL, NULL);
    *complete = state.done == state.devices;
    return err;
}

enum err erased_want(struct engine *engine, struct space *space, struct message_row *row)
{
    bool complete;
    uint64_t now_ms = engine->now_ms, since = space->erased_asked_ms;
    if (space->fold->n_erased == 0 || !(space->pub.roles & (ROLE_STEWARD | ROLE_ADMIN)) ||
        (since && now_ms >= since && now_ms - since < AGAIN_MS))
        return ERR_OK;
    enum err err = is_complete(engine, space, &complete);
    if (err != ERR_OK || complete)
        return err;
    space->erased_asked_ms = now_ms;
    row->want[row->n_want++] = (struct message_want){.is_row = true}; /* the row of zeroes */
    return ERR_OK;
}

enum err erased_take(struct engine *engine, struct space *space, const struct message_row *row)
{
    for (size_t i = 0; i < row->n_inbox; i++) {
        const struct message_inbox *item = &row->inbox[i];
        if (item->type == INBOX_ERASED && item->payload_len % LINE_LEN == 0)
            return replica_put(engine->replica, REPLICA_ERASED, space->no, PROGRESS_ID,
                               item->payload, item->payload_len);
    }
    return ERR_OK;
}

enum err erased_foreign_put(struct engine *engine, struct space *space, uint64_t index, uint64_t n)
{
    struct buf plain = {0};
    buf_u64be(&plain, n);
    enum err err = plain.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_ERASED, space->no, index + FOREIGN_ID,
                          plain.bytes, plain.len);
    buf_free(&plain);
    return err;
}
