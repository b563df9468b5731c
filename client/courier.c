/* SPDX-License-Identifier: Apache-2.0 */
#include "client/courier.h"

#include <stdlib.h>
#include <string.h>

#include "client/handover.h"
#include "proto/digest.h"

enum { COURIER_BYTES = 4 << 20, RECORD_BYTES_MAX = 4 << 20 };

/* --- keeping --- */

/* Ascending ids are an author's leaves in their order, in whatever order the files came: each leaf names the one
 * before. 15 bits of the device, 24 of seq, 24 of the leaf's hash. */
static enum err id_of(const struct bundle_push *push, uint64_t *id)
{
    struct leaf leaf;
    uint8_t hash[HASH_LEN];
    enum err err = leaf_decode(&leaf, push->leaf.header, push->leaf.header_len, push->leaf.sig);
    if (err == ERR_OK) {
        uint64_t device = (uint64_t)(leaf.device[0] & 0x7f) << 8 | leaf.device[1];
        uint64_t seq = leaf.seq < 0xffffff ? leaf.seq : 0xffffff;
        leaf_hash(hash, push->leaf.header, push->leaf.header_len, push->leaf.sig);
        *id = device << 48 | seq << 24 | (uint64_t)hash[0] << 16 | (uint64_t)hash[1] << 8 | hash[2];
    }
    leaf_fini(&leaf);
    return err;
}

enum err courier_keep(struct engine *engine, const struct server *server,
                      const struct bundle_row *row, const struct bundle_push *push, bool *fresh)
{
    struct buf plain = {.max = RECORD_BYTES_MAX}, known = {.max = RECORD_BYTES_MAX};
    struct bundle_push copy = *push;
    struct bundle_row one = {.n_pushes = 1, .pushes = &copy};
    const struct bundle bundle = {.n_rows = 1, .rows = &one};
    uint64_t id;
    memcpy(one.space, row->space, ID_LEN);
    message_aud(one.aud, server->log_pk);
    *fresh = false;
    enum err err = id_of(push, &id);
    if (err != ERR_OK)
        return err;
    err = replica_get(engine->replica, REPLICA_CARRIED, 0, id, &known);
    *fresh = err == ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND) {
        bundle_encode(&plain, &bundle);
        err = plain.err;
        if (err == ERR_OK)
            err = replica_put(engine->replica, REPLICA_CARRIED, 0, id, plain.bytes, plain.len);
    }
    buf_free(&plain);
    buf_free(&known);
    return err;
}

struct each {
    courier_fn fn;
    void *ctx;
};

static enum err give_record(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    const struct each *each = ctx;
    struct bundle bundle;
    enum err err = bundle_decode(&bundle, plain, len);
    if (err != ERR_OK)
        return err_category(err) == CAT_INTERNAL ? err : ERR_OK;
    if (bundle.n_rows == 1 && bundle.rows[0].n_pushes == 1)
        err = each->fn(each->ctx, id, &bundle.rows[0]);
    bundle_free(&bundle);
    return err;
}

enum err courier_each(struct engine *engine, courier_fn fn, void *ctx)
{
    struct each each = {fn, ctx};
    return replica_each(engine->replica, REPLICA_CARRIED, 0, give_record, &each);
}

struct look {
    const struct engine *engine;
    struct server *server;
    bool found;
};

static bool rests(const struct courier *courier, uint64_t id)
{
    for (size_t i = 0; i < courier->n_resting; i++) {
        if (courier->resting[i] == id)
            return true;
    }
    return false;
}

static enum err look_at(void *ctx, uint64_t id, const struct bundle_row *row)
{
    struct look *look = ctx;
    if (!handover_knows(look->engine, look->server, row->aud))
        return ERR_OK;
    look->server->courier.waits = true;
    look->found = look->found || !rests(&look->server->courier, id);
    return ERR_OK;
}

enum err courier_waits(struct engine *engine, struct server *server, bool *waits)
{
    struct look look = {.engine = engine, .server = server};
    server->courier.waits = false;
    enum err err = courier_each(engine, look_at, &look);
    *waits = look.found;
    return err;
}

/* --- handing over --- */

struct fill {
    struct engine *engine;
    struct courier *courier;
    struct arena *arena;
    struct message_request *request;
    const struct server *server;
    size_t room;
};

static struct message_row *row_for(struct fill *fill, const uint8_t *space)
{
    struct message_request *request = fill->request;
    for (size_t i = 0; i < request->n_rows; i++) {
        if (memcmp(request->rows[i].space, space, ID_LEN) == 0)
            return &request->rows[i];
    }
    if (request->n_rows == ROWS_MAX)
        return NULL;
    struct message_row *row = &request->rows[request->n_rows];
    *row = (struct message_row){0};
    memcpy(row->space, space, ID_LEN);
    row->leaves = arena_get(fill->arena, PUSH_LEAVES_MAX, sizeof *row->leaves);
    row->slots = arena_get(fill->arena, PUSH_KEYS_MAX, sizeof *row->slots);
    row->seals = arena_get(fill->arena, PUSH_KEYS_MAX, sizeof *row->seals);
    if (!row->leaves || !row->slots || !row->seals)
        return NULL;
    size_t at;
    const struct space *mine = engine_space_by_id(fill->engine, space, &at);
    row->have_size = mine ? mine->fold->size : 0;
    request->n_rows++;
    return row;
}

static enum err copy_leaf(struct fill *fill, struct message_leaf *out,
                          const struct message_leaf *in)
{
    *out = *in;
    out->header = arena_copy(fill->arena, in->header, in->header_len);
    out->bodies = arena_get(fill->arena, in->n_bodies, sizeof *out->bodies);
    if (!out->header || !out->bodies)
        return ERR_MEMORY;
    for (size_t i = 0; i < in->n_bodies; i++) {
        out->bodies[i] = (struct leaf_body){
            arena_copy(fill->arena, in->bodies[i].bytes, in->bodies[i].len), in->bodies[i].len};
        if (!out->bodies[i].bytes)
            return ERR_MEMORY;
    }
    return ERR_OK;
}

static size_t push_bytes(const struct bundle_push *push)
{
    size_t bytes = push->leaf.header_len + SIG_LEN + 16 + push->n_slots * (SLOT_LEN + ID_LEN + 8) +
                   push->n_seals * 160;
    for (size_t i = 0; i < push->leaf.n_bodies; i++)
        bytes += push->leaf.bodies[i].len + 5;
    return bytes;
}

static enum err fill_one(void *ctx, uint64_t id, const struct bundle_row *from)
{
    enum err err = ERR_OK;
    struct fill *fill = ctx;
    struct courier *courier = fill->courier;
    const struct bundle_push *push = &from->pushes[0];
    size_t bytes = push_bytes(push);
    if (!handover_knows(fill->engine, fill->server, from->aud) || rests(courier, id) ||
        (courier->n > 0 && bytes > fill->room) || courier->n == COURIER_MAX)
        return ERR_OK;
    struct message_row *row = row_for(fill, from->space);
    if (!row || row->n_slots + push->n_slots > PUSH_KEYS_MAX ||
        row->n_seals + push->n_seals > PUSH_KEYS_MAX || row->n_leaves == PUSH_LEAVES_MAX)
        return ERR_OK;
    TRY(copy_leaf(fill, &row->leaves[row->n_leaves], &push->leaf));
    memcpy(row->slots + row->n_slots, push->slots, push->n_slots * sizeof *push->slots);
    for (size_t i = 0; i < push->n_seals; i++) {
        struct leaf_seal *seal = &row->seals[row->n_seals + i];
        *seal = push->seals[i];
        seal->seal = arena_copy(fill->arena, push->seals[i].seal, push->seals[i].seal_len);
        if (!seal->seal)
            TRY(ERR_MEMORY);
    }
    courier->items[courier->n++] = (struct courier_item){.id = id,
                                                         .seq = id >> 24 & 0xffffff,
                                                         .row = (size_t)(row - fill->request->rows),
                                                         .k = row->n_leaves};
    row->n_leaves++;
    row->n_slots += push->n_slots;
    row->n_seals += push->n_seals;
    fill->room = bytes < fill->room ? fill->room - bytes : 0;
out:
    return err;
}

enum err courier_fill(struct engine *engine, struct server *server, struct arena *arena,
                      struct message_request *request)
{
    struct fill fill = {.engine = engine,
                        .courier = &server->courier,
                        .arena = arena,
                        .request = request,
                        .server = server,
                        .room = COURIER_BYTES};
    struct courier *courier = &server->courier;
    if (!courier->items)
        courier->items = calloc(COURIER_MAX, sizeof *courier->items);
    if (!courier->resting)
        courier->resting = calloc(COURIER_MAX, sizeof *courier->resting);
    if (!courier->items || !courier->resting)
        return ERR_MEMORY;
    courier->n = 0;
    request->n_rows = 0;
    request->rows = arena_get(arena, ROWS_MAX, sizeof *request->rows);
    if (!request->rows)
        return ERR_MEMORY;
    return courier_each(engine, fill_one, &fill);
}

/* --- the answer --- */

struct verdict {
    bool answered;
    enum err status;
    uint64_t last_seq;
};

static struct verdict verdict_of(const struct message_row *row, const struct courier_item *item)
{
    if (!row->full)
        return (struct verdict){.answered = true, .status = row->status};
    for (size_t i = 0; i < row->n_leaves; i++) {
        if (row->leaves[i].own && row->leaves[i].k == item->k)
            return (struct verdict){.answered = true, .status = ERR_OK};
    }
    for (size_t i = 0; i < row->n_items; i++) {
        const struct message_item *one = &row->items[i];
        if (one->list == LIST_LEAVES && one->k == item->k)
            return (struct verdict){true, one->status, one->last_seq};
    }
    return (struct verdict){.answered = false};
}

/* Whether the same bytes may be accepted another time: the author's leaf before this one may come with another file. */
static bool may_come(const struct verdict *verdict, const struct courier_item *item)
{
    if (!verdict->answered || verdict->status == ERR_AFTER_REFUSED)
        return true;
    if (verdict->status == ERR_SEQ)
        return verdict->last_seq < item->seq;
    return verdict->status != ERR_STALE_EPOCH && verdict->status != ERR_LOST_RACE &&
           (err_category(verdict->status) == CAT_RETRY ||
            err_category(verdict->status) == CAT_INTERNAL);
}

static enum err settle(struct engine *engine, struct courier *courier,
                       const struct courier_item *item, const struct verdict *verdict,
                       struct engine_sync *result)
{
    bool done = verdict->answered && verdict->status == ERR_OK;
    if (!done && may_come(verdict, item)) {
        if (verdict->status != ERR_AFTER_REFUSED && courier->n_resting < COURIER_MAX)
            courier->resting[courier->n_resting++] = item->id;
        return ERR_OK;
    }
    result->relayed += done;
    result->relay_refused += !done;
    return replica_delete(engine->replica, REPLICA_CARRIED, 0, item->id);
}

enum err courier_take(struct engine *engine, struct server *server,
                      const struct message_response *answer, struct engine_sync *result,
                      bool *again)
{
    enum err err = ERR_OK;
    struct courier *courier = &server->courier;
    size_t before = courier->n_resting;
    *again = false;
    for (size_t i = 0; i < courier->n; i++) {
        if (courier->items[i].row >= answer->n_rows)
            return ERR_FORMAT;
    }
    TRY(replica_begin(engine->replica));
    for (size_t i = 0; err == ERR_OK && i < courier->n; i++) {
        const struct courier_item *item = &courier->items[i];
        const struct verdict verdict = verdict_of(&answer->rows[item->row], item);
        err = settle(engine, courier, item, &verdict, result);
    }
    TRY(replica_end(engine->replica, err));
    bool moved = result->relayed + result->relay_refused > 0 || courier->n_resting > before;
    TRY(courier_waits(engine, server, again));
    *again = *again && moved;
out:
    courier->n = 0;
    return err;
}

void courier_rest(struct server *server)
{
    struct courier *courier = &server->courier;
    courier->next = courier->done = false;
    courier->n = courier->n_resting = 0;
}
