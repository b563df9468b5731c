/* SPDX-License-Identifier: Apache-2.0 */
#include "client/refill.h"

#include <string.h>

#include "proto/resume.h"

enum { REFILL_BYTES = 4 << 20, REFILL_LEAVES = 512 };

/* --- the statement --- */

/* Whether this device can give entries back: it reads them, and misses none without a reason. */
static bool has_all(const struct engine *engine, const struct space *space)
{
    const struct fold_device *self = space_self(engine, space);
    return self && self->active && self->roles & ROLE_READER && !space->missing && !space->frozen &&
           space->has_note && space->note.size == space->fold->size;
}

enum err refill_statement(struct engine *engine, struct space *space, const struct message_row *row)
{
    enum err err = ERR_ROLLBACK;
    struct space_reader reader = {.engine = engine, .space = space};
    struct resume resume;
    uint8_t root[HASH_LEN];
    for (size_t i = 0; i < row->n_inbox && err != ERR_OK; i++) {
        const struct message_inbox *item = &row->inbox[i];
        if (item->type == INBOX_RESUME)
            err = resume_open(&resume, item->payload, item->payload_len, space->pub.id,
                              space->fold->log_pk);
    }
    if (err_category(err) == CAT_INTERNAL)
        return err;
    if (err != ERR_OK || resume.size != row->size || resume.size > space->fold->size)
        return ERR_ROLLBACK;
    err = space_root_at(&reader, resume.size, root);
    if (err != ERR_OK)
        return err;
    /* Another history than the one that was seen is no backup of it. */
    if (memcmp(root, resume.root, HASH_LEN) != 0)
        return ERR_ROLLBACK;
    space->refilling = has_all(engine, space) && !space->refill_refused;
    space->refill_from = resume.size;
    space->refill_sent = 0;
    return ERR_OK;
}

/* --- giving back --- */

bool refill_waits(const struct engine *engine, const struct server *server)
{
    for (size_t i = 0; i < engine->n_spaces; i++) {
        if (engine_server_of(engine, engine->spaces[i]) == server && engine->spaces[i]->refilling)
            return true;
    }
    return false;
}

struct fill {
    struct arena *arena;
    struct message_row *row;
    size_t bytes;
};

/* ERR_TOO_BIG: the request is full; the rest goes with the next one. */
static enum err put_entry(void *ctx, const struct replica_entry *entry)
{
    enum err err = ERR_OK;
    struct fill *fill = ctx;
    struct message_row *row = fill->row;
    struct leaf_body bodies[BOXES_MAX];
    struct leaf leaf;
    size_t bytes = entry->header_len + entry->bodies_len + 128;
    if (row->n_leaves == REFILL_LEAVES || (row->n_leaves > 0 && fill->bytes + bytes > REFILL_BYTES))
        return ERR_TOO_BIG;
    err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    size_t n = err == ERR_OK ? leaf.n_bodies : 0;
    leaf_fini(&leaf);
    TRY(err);
    struct message_leaf *out = &row->leaves[row->n_leaves];
    *out = (struct message_leaf){
        .t_recv_ms = entry->t_recv_ms, .header_len = entry->header_len, .n_bodies = n};
    memcpy(out->sig, entry->sig, SIG_LEN);
    out->header = arena_copy(fill->arena, entry->header, entry->header_len);
    const uint8_t *copy = arena_copy(fill->arena, entry->bodies, entry->bodies_len);
    if (!out->header || !copy)
        TRY(ERR_MEMORY);
    TRY(replica_bodies_parse(bodies, n, copy, entry->bodies_len));
    out->bodies = arena_copy(fill->arena, bodies, n * sizeof *bodies);
    if (!out->bodies)
        TRY(ERR_MEMORY);
    row->n_leaves++;
    fill->bytes += bytes;
out:
    return err;
}

static enum err put_slot(void *ctx, const struct leaf_slot *slot)
{
    struct fill *fill = ctx;
    if (fill->row->n_slots < PUSH_KEYS_MAX)
        fill->row->slots[fill->row->n_slots++] = *slot;
    return ERR_OK;
}

static enum err put_proof(struct engine *engine, struct space *space, struct fill *fill)
{
    enum err err = ERR_OK;
    struct space_reader reader = {.engine = engine, .space = space};
    struct tree_proof proof;
    struct buf payload = {.max = INBOX_ITEM_MAX};
    struct note note = space->note;
    note.n_cosigs = 0;
    TRY(tree_consistency(&proof, space->refill_from + fill->row->n_leaves, note.size, space_node,
                         &reader));
    resume_proof_put(&payload, &note, &proof);
    TRY(payload.err);
    fill->row->inbox = arena_get(fill->arena, 1, sizeof *fill->row->inbox);
    const uint8_t *copy = arena_copy(fill->arena, payload.bytes, payload.len);
    if (!fill->row->inbox || !copy)
        TRY(ERR_MEMORY);
    fill->row->inbox[0] =
        (struct message_inbox){.type = INBOX_REFILL, .payload = copy, .payload_len = payload.len};
    fill->row->n_inbox = 1;
out:
    buf_free(&payload);
    return err;
}

static enum err fill_row(struct engine *engine, struct space *space, struct arena *arena,
                         struct message_row *row)
{
    enum err err = ERR_OK;
    struct fill fill = {.arena = arena, .row = row};
    *row = (struct message_row){.have_size = space->refill_from};
    memcpy(row->space, space->pub.id, ID_LEN);
    row->leaves = arena_get(arena, REFILL_LEAVES, sizeof *row->leaves);
    row->slots = arena_get(arena, PUSH_KEYS_MAX, sizeof *row->slots);
    if (!row->leaves || !row->slots)
        TRY(ERR_MEMORY);
    err = replica_entries(engine->replica, space->no, REPLICA_ALL, space->refill_from,
                          space->fold->size, put_entry, &fill);
    TRY(err == ERR_TOO_BIG ? ERR_OK : err);
    /* Keys of dossiers that were born in what was lost: with the last entries, when all of them are known there. */
    if (space->refill_from + row->n_leaves == space->fold->size)
        TRY(replica_slots_all(engine->replica, space->no, put_slot, &fill));
    TRY(put_proof(engine, space, &fill));
    space->refill_sent = row->n_leaves;
out:
    return err;
}

enum err refill_fill(struct engine *engine, struct server *server, struct arena *arena,
                     struct message_request *request)
{
    enum err err = ERR_OK;
    request->flags = FLAG_REFILL;
    request->rows = arena_get(arena, 1, sizeof *request->rows);
    if (!request->rows)
        return ERR_MEMORY;
    /* One space at a time: its entries fill a request. */
    for (size_t i = 0; i < engine->n_spaces && request->n_rows == 0; i++) {
        struct space *space = engine->spaces[i];
        if (engine_server_of(engine, space) != server || !space->refilling)
            continue;
        TRY(fill_row(engine, space, arena, &request->rows[request->n_rows++]));
        server->rows[server->n_rows++] = (struct flight_row){.space = i};
    }
out:
    return err;
}

void refill_take(struct engine *engine, struct server *server,
                 const struct message_response *answer)
{
    for (size_t i = 0; i < server->n_rows; i++) {
        struct space *space = engine->spaces[server->rows[i].space];
        enum err status = answer->status;
        if (status == ERR_OK)
            status = i < answer->n_rows ? answer->rows[i].status : ERR_FORMAT;
        bool taken = status == ERR_UNCHANGED || status == ERR_OK;
        space->refill_from += taken ? space->refill_sent : 0;
        space->refilling = taken && space->refill_from < space->fold->size;
        /* Not again before the next unlock; somebody else may be able to. */
        space->refill_refused = space->refill_refused || !taken;
    }
}
