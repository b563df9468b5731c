/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles out (proto/bundle.h): own history, own work that waits, and what is carried for others.
 */
#include <stdlib.h>
#include <string.h>

#include "client/courier.h"
#include "client/session.h"
#include "proto/bundle.h"

enum { ARENA_MAX = 512 << 20, PUSH_BYTES = 64 << 20 };

struct export
{
    struct engine *engine;
    struct arena *arena;
    struct bundle bundle;
    size_t rows_cap;
    size_t space; /* SIZE_MAX: all */
    /* of the row that is being written: */
    struct bundle_row *row;
    size_t slots_cap, pushes_cap;
    bool holes;
    struct engine_bundle *did;
};

/* An array of the arena with room for one more. */
static void *grow(struct arena *arena, void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    size_t more = *cap ? 2 * *cap : 64;
    void *bigger = arena_get(arena, more, size);
    if (bigger && n > 0)
        memcpy(bigger, items, n * size);
    if (bigger)
        *cap = more;
    return bigger;
}

static struct bundle_row *row_new(struct export *export, const uint8_t *space)
{
    struct bundle *bundle = &export->bundle;
    bundle->rows =
        grow(export->arena, bundle->rows, bundle->n_rows, &export->rows_cap, sizeof *bundle->rows);
    if (!bundle->rows)
        return NULL;
    export->row = &bundle->rows[bundle->n_rows++];
    *export->row = (struct bundle_row){0};
    memcpy(export->row->space, space, ID_LEN);
    export->slots_cap = export->pushes_cap = 0;
    return export->row;
}

static enum err put_entry(void *ctx, const struct replica_entry *entry)
{
    enum err err = ERR_OK;
    struct export *export = ctx;
    struct arena *arena = export->arena;
    struct bundle_row *row = export->row;
    struct message_leaf *out = &row->entries[row->n_entries];
    struct leaf_body bodies[BOXES_MAX];
    struct leaf leaf;
    err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    size_t n = err == ERR_OK ? leaf.n_bodies : 0;
    leaf_fini(&leaf);
    if (err_category(err) == CAT_INTERNAL)
        return err;
    *out = (struct message_leaf){.t_recv_ms = entry->t_recv_ms,
                                 .header = arena_copy(arena, entry->header, entry->header_len),
                                 .header_len = entry->header_len,
                                 .n_bodies = n,
                                 .bodies = arena_get(arena, n, sizeof *out->bodies)};
    memcpy(out->sig, entry->sig, SIG_LEN);
    if (!out->header || !out->bodies)
        return ERR_MEMORY;
    TRY(replica_bodies_parse(bodies, n, entry->bodies, entry->bodies_len));
    for (size_t i = 0; i < n; i++) {
        /* Neither the body nor its hash is here: it comes with the next sync. */
        export->holes = export->holes || bodies[i].len == 0;
        out->bodies[i] =
            (struct leaf_body){arena_copy(arena, bodies[i].bytes, bodies[i].len), bodies[i].len};
        if (!out->bodies[i].bytes)
            TRY(ERR_MEMORY);
    }
    row->n_entries++;
out:
    return err;
}

static enum err put_slot(void *ctx, const struct leaf_slot *slot)
{
    struct export *export = ctx;
    struct bundle_row *row = export->row;
    if (row->n_slots == PUSH_KEYS_MAX)
        return ERR_OK; /* the others come with the next sync */
    row->slots =
        grow(export->arena, row->slots, row->n_slots, &export->slots_cap, sizeof *row->slots);
    if (!row->slots)
        return ERR_MEMORY;
    row->slots[row->n_slots++] = *slot;
    return ERR_OK;
}

static enum err put_history(struct export *export, const struct space *space, uint64_t since)
{
    enum err err = ERR_OK;
    struct bundle_row *row = export->row;
    uint64_t size = space->fold->size;
    if (!space->has_note || space->note.size != size || since > size)
        goto out;
    if (size - since > BUNDLE_ENTRIES_MAX)
        TRY(ERR_TOO_BIG);
    row->entries = arena_get(export->arena, (size_t)(size - since), sizeof *row->entries);
    if (!row->entries)
        TRY(ERR_MEMORY);
    export->holes = false;
    TRY(replica_entries(export->engine->replica, space->no, REPLICA_ALL, since, size, put_entry,
                        export));
    if (export->holes) {
        row->n_entries = 0;
        goto out;
    }
    row->from = since;
    row->has_note = true;
    row->note = space->note;
    export->did->entries += row->n_entries;
    TRY(replica_slots_all(export->engine->replica, space->no, put_slot, export));
out:
    return err;
}

static enum err add_push(struct export *export, const struct bundle_push *push)
{
    struct bundle_row *row = export->row;
    row->pushes =
        grow(export->arena, row->pushes, row->n_pushes, &export->pushes_cap, sizeof *row->pushes);
    if (!row->pushes)
        return ERR_MEMORY;
    row->pushes[row->n_pushes++] = *push;
    export->did->leaves++;
    return ERR_OK;
}

/* Own leaves, made and stored as for a sync: they stay in the outbox until a checkpoint covers them. */
static enum err put_own(struct export *export, struct space *space)
{
    enum err err = ERR_OK;
    struct engine *engine = export->engine;
    if (!session_may_push(space) || space->pub.state != SPACE_ACTIVE)
        return ERR_OK;
    TRY(engine_begin(engine));
    err = replica_end(engine->replica, session_build(engine, space, PUSH_BYTES));
    if (err != ERR_OK) {
        enum err reload = space_reload(engine, space);
        TRY(reload == ERR_OK ? err : reload);
    }
    for (size_t i = 0; i < space->outbox.n_leaves; i++) {
        const struct outbox_leaf *leaf = space->outbox.leaves[i];
        struct bundle_push push = {.leaf = {.header = leaf->header,
                                            .header_len = leaf->header_len,
                                            .n_bodies = leaf->n_bodies,
                                            .bodies = leaf->bodies},
                                   .n_slots = leaf->n_slots,
                                   .slots = leaf->slots,
                                   .n_seals = leaf->n_seals,
                                   .seals = leaf->seals};
        memcpy(push.leaf.sig, leaf->sig, SIG_LEN);
        if (leaf->state == OUTBOX_SENT)
            TRY(add_push(export, &push));
    }
out:
    space_refresh(engine, space);
    return err;
}

static enum err put_space(struct export *export, struct space *space, uint64_t since)
{
    enum err err = ERR_OK;
    if (!row_new(export, space->pub.id))
        return ERR_MEMORY;
    message_aud(export->row->aud, engine_server_of(export->engine, space)->log_pk);
    TRY(put_own(export, space));
    TRY(put_history(export, space, since));
out:
    return err;
}

/* --- what is carried on --- */

static enum err put_carried(void *ctx, uint64_t id, const struct bundle_row *from)
{
    enum err err = ERR_OK;
    struct export *export = ctx;
    struct buf copy = {.max = BUNDLE_MAX};
    struct bundle again;
    size_t at;
    const struct space *mine = engine_space_by_id(export->engine, from->space, &at);
    const struct bundle one = {.n_rows = 1, .rows = (struct bundle_row *)(uintptr_t)from};
    (void)id;
    if (export->space != SIZE_MAX && (!mine || at != export->space))
        return ERR_OK;
    /* The record's memory ends with this call: a copy in the arena. */
    bundle_encode(&copy, &one);
    TRY(copy.err);
    const uint8_t *bytes = arena_copy(export->arena, copy.bytes, copy.len);
    if (!bytes)
        TRY(ERR_MEMORY);
    TRY(bundle_decode(&again, bytes, copy.len));
    struct bundle_push push = again.rows[0].pushes[0];
    push.leaf.bodies =
        arena_copy(export->arena, push.leaf.bodies, push.leaf.n_bodies * sizeof *push.leaf.bodies);
    push.slots = arena_copy(export->arena, push.slots, push.n_slots * sizeof *push.slots);
    push.seals = arena_copy(export->arena, push.seals, push.n_seals * sizeof *push.seals);
    bundle_free(&again);
    if (!push.leaf.bodies || !push.slots || !push.seals)
        TRY(ERR_MEMORY);
    if (!export->row || memcmp(export->row->space, from->space, ID_LEN) != 0) {
        if (!row_new(export, from->space))
            TRY(ERR_MEMORY);
        memcpy(export->row->aud, from->aud, HASH_LEN);
    }
    TRY(add_push(export, &push));
out:
    buf_free(&copy);
    return err;
}

enum err engine_bundle_export(struct engine *engine, size_t only, uint64_t since, struct buf *out,
                              struct engine_bundle *did)
{
    enum err err = ERR_OK;
    struct export export = {.engine = engine, .space = only, .did = did};
    *did = (struct engine_bundle){0};
    export.arena = arena_new(ARENA_MAX);
    if (!export.arena)
        return ERR_MEMORY;
    for (size_t i = 0; i < engine->n_spaces; i++) {
        if (only == SIZE_MAX || only == i)
            TRY(put_space(&export, engine->spaces[i], since));
    }
    TRY(courier_each(engine, put_carried, &export));
    bundle_encode(out, &export.bundle);
    err = out->err;
out:
    arena_free(export.arena);
    return err;
}
