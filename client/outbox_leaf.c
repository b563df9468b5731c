/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaves on their way; their record's form stands in outbox_leaf_code.c.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "client/outbox_inside.h"
#include "proto/digest.h"
#include "proto/wire.h"

/* Makes the outbox's own copy of what `bytes` (taken) say. */
static enum err leaf_new(struct engine *engine, struct outbox_leaf **out, uint64_t seq,
                         struct buf *bytes)
{
    struct outbox_leaf *leaf = calloc(1, sizeof *leaf);
    if (!leaf) {
        buf_free(bytes);
        return ERR_MEMORY;
    }
    leaf->bytes = *bytes;
    *bytes = (struct buf){0};
    leaf->seq = seq;
    enum err err = outbox_leaf_decode(engine, leaf);
    if (err != ERR_OK) {
        outbox_leaf_free(engine, leaf);
        leaf = NULL;
    }
    *out = leaf;
    return err;
}

static enum err list_add(struct outbox *outbox, struct outbox_leaf *leaf)
{
    struct outbox_leaf **grown =
        realloc(outbox->leaves, (outbox->n_leaves + 1) * sizeof(struct outbox_leaf *));
    if (!grown)
        return ERR_MEMORY;
    outbox->leaves = grown;
    outbox->leaves[outbox->n_leaves++] = leaf;
    return ERR_OK;
}

static void list_remove(struct engine *engine, struct outbox *outbox, struct outbox_leaf *leaf)
{
    for (size_t i = 0; i < outbox->n_leaves; i++) {
        if (outbox->leaves[i] != leaf)
            continue;
        memmove(&outbox->leaves[i], &outbox->leaves[i + 1],
                (outbox->n_leaves - i - 1) * sizeof(struct outbox_leaf *));
        outbox->n_leaves--;
        break;
    }
    outbox_leaf_free(engine, leaf);
}

/* Tells edits, operation and newborn dossiers which leaf they are in (0 = none). */
static void mark(struct space *space, const struct outbox_leaf *leaf, uint64_t seq,
                 enum err refused)
{
    for (size_t i = 0; i < leaf->n_edits; i++) {
        struct outbox_edit *edit = outbox_edit_by_id(space, leaf->edits[i]);
        if (!edit)
            continue;
        edit->seq = seq;
        edit->refused = refused;
        struct dossier *dossier = dossier_find(space, edit->shred);
        if (dossier && !dossier->born && leaf->n_slots && seq && refused == ERR_OK &&
            !dossier->slot_seq)
            dossier->slot_seq = seq;
        if (dossier && dossier->slot_seq == leaf->seq && (seq == 0 || refused != ERR_OK))
            dossier->slot_seq = 0;
    }
    struct outbox_operation *operation =
        leaf->operation ? outbox_operation_by_id(space, leaf->operation) : NULL;
    if (operation) {
        operation->seq = seq;
        operation->refused = refused;
    }
}

static enum err store(struct engine *engine, struct space *space, const struct outbox_leaf *leaf,
                      struct buf *bytes)
{
    *bytes = (struct buf){.max = 4 << 20};
    outbox_leaf_encode(bytes, leaf);
    if (bytes->err != ERR_OK)
        return bytes->err;
    return replica_put(engine->replica, REPLICA_LEAF, space->no, leaf->seq, bytes->bytes,
                       bytes->len);
}

enum err outbox_leaf_put(struct engine *engine, struct space *space,
                         const struct outbox_leaf *draft)
{
    enum err err = ERR_OK;
    struct buf bytes;
    struct outbox_leaf *leaf = NULL;
    assert(draft->seq > space->outbox.last_seq);
    TRY(store(engine, space, draft, &bytes));
    TRY(leaf_new(engine, &leaf, draft->seq, &bytes));
    TRY(list_add(&space->outbox, leaf));
    space->outbox.last_seq = leaf->seq;
    mark(space, leaf, leaf->seq, leaf->state == OUTBOX_REFUSED ? leaf->status : ERR_OK);
    leaf = NULL;
out:
    outbox_leaf_free(engine, leaf);
    buf_free(&bytes);
    return err;
}

struct outbox_leaf *outbox_leaf_at(const struct space *space, uint64_t seq)
{
    for (size_t i = 0; i < space->outbox.n_leaves; i++) {
        if (space->outbox.leaves[i]->seq == seq)
            return space->outbox.leaves[i];
    }
    return NULL;
}

enum err outbox_leaf_done(struct engine *engine, struct space *space, struct outbox_leaf *leaf)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < leaf->n_edits; i++)
        TRY(replica_delete(engine->replica, REPLICA_EDIT, space->no, leaf->edits[i]));
    outbox_edits_gone(space, leaf->edits, leaf->n_edits);
    if (leaf->n_edits)
        TRY(outbox_tally(engine, space, 0));
    if (leaf->operation)
        TRY(outbox_operation_drop(engine, space, leaf->operation));
    for (size_t i = 0; i < leaf->n_slots; i++)
        TRY(replica_slot_put(engine->replica, space->no, &leaf->slots[i]));
    TRY(replica_delete(engine->replica, REPLICA_LEAF, space->no, leaf->seq));
    list_remove(engine, &space->outbox, leaf);
out:
    return err;
}

/* The hash of a leaf that will never be sent again proves later that no clone made it. */
static enum err keep_hash(struct engine *engine, struct space *space,
                          const struct outbox_leaf *leaf)
{
    return replica_put(engine->replica, REPLICA_SENT, space->no, leaf->seq, leaf->hash, HASH_LEN);
}

enum err outbox_leaf_replace(struct engine *engine, struct space *space, struct outbox_leaf *leaf,
                             enum err status)
{
    enum err err = ERR_OK;
    (void)status;
    TRY(keep_hash(engine, space, leaf));
    TRY(replica_delete(engine->replica, REPLICA_LEAF, space->no, leaf->seq));
    mark(space, leaf, 0, ERR_OK);
    struct outbox_operation *operation =
        leaf->operation ? outbox_operation_by_id(space, leaf->operation) : NULL;
    if (operation)
        operation->tries++;
    list_remove(engine, &space->outbox, leaf);
out:
    return err;
}

static enum err set_state(struct engine *engine, struct space *space, struct outbox_leaf *leaf,
                          enum outbox_state state, enum err status)
{
    struct buf bytes;
    leaf->state = state;
    leaf->status = status;
    enum err err = store(engine, space, leaf, &bytes);
    buf_free(&bytes);
    return err;
}

enum err outbox_leaf_refuse(struct engine *engine, struct space *space, struct outbox_leaf *leaf,
                            enum err status)
{
    /* What it carried can be made again from its edits; the bytes themselves are of no more use. */
    leaf->n_bodies = leaf->n_slots = leaf->n_seals = 0;
    leaf->header_len = 0;
    enum err err = set_state(engine, space, leaf, OUTBOX_REFUSED, status);
    mark(space, leaf, leaf->seq, status);
    return err;
}

enum err outbox_leaf_logged(struct engine *engine, struct space *space, struct outbox_leaf *leaf)
{
    return set_state(engine, space, leaf, OUTBOX_LOGGED, ERR_OK);
}

enum err outbox_refuse(struct engine *engine, struct space *space, const uint64_t *edits, size_t n,
                       uint64_t operation, enum err status)
{
    uint64_t *copy = calloc(n + 1, sizeof *copy);
    if (!copy)
        return ERR_MEMORY;
    if (n)
        memcpy(copy, edits, n * sizeof *copy);
    struct outbox_leaf draft = {.seq = space->outbox.last_seq + 1,
                                .state = OUTBOX_REFUSED,
                                .status = status,
                                .made_ms = engine->now_ms,
                                .kind = KIND_DATA,
                                .operation = operation,
                                .n_edits = n,
                                .edits = copy};
    const struct outbox_operation *waiting =
        operation ? outbox_operation_by_id(space, operation) : NULL;
    if (waiting)
        draft.kind = waiting->kind;
    enum err err = outbox_leaf_put(engine, space, &draft);
    free(copy);
    return err;
}

enum err outbox_retry(struct engine *engine, struct space *space, size_t *n)
{
    enum err err = ERR_OK;
    *n = 0;
    TRY(engine_begin(engine));
    for (size_t i = space->outbox.n_leaves; err == ERR_OK && i-- > 0;) {
        struct outbox_leaf *leaf = space->outbox.leaves[i];
        if (leaf->state != OUTBOX_REFUSED)
            continue;
        for (size_t k = 0; k < leaf->n_edits; k++) {
            const struct outbox_edit *edit = outbox_edit_by_id(space, leaf->edits[k]);
            *n += edit ? edit->n : 0;
        }
        *n += leaf->operation != 0;
        err = outbox_leaf_replace(engine, space, leaf, ERR_OK);
    }
    err = replica_end(engine->replica, err);
out:
    return err;
}

enum err outbox_made(struct engine *engine, const struct space *space, uint64_t seq,
                     const uint8_t hash[static HASH_LEN], bool *made)
{
    const struct outbox_leaf *leaf = outbox_leaf_at(space, seq);
    struct buf plain = {0};
    *made = leaf && memcmp(leaf->hash, hash, HASH_LEN) == 0;
    if (*made)
        return ERR_OK;
    enum err err = replica_get(engine->replica, REPLICA_SENT, space->no, seq, &plain);
    *made = err == ERR_OK && plain.len == HASH_LEN && memcmp(plain.bytes, hash, HASH_LEN) == 0;
    buf_free(&plain);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* --- loading --- */

struct load {
    struct engine *engine;
    struct space *space;
};

static enum err load_leaf(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct load *load = ctx;
    struct buf bytes = {.max = 4 << 20};
    struct outbox_leaf *leaf = NULL;
    buf_put(&bytes, plain, len);
    enum err err = bytes.err;
    if (err == ERR_OK)
        err = leaf_new(load->engine, &leaf, id, &bytes);
    if (err == ERR_OK)
        err = list_add(&load->space->outbox, leaf);
    if (err != ERR_OK) {
        outbox_leaf_free(load->engine, leaf);
        buf_free(&bytes);
        return err == ERR_MEMORY ? err : ERR_CORRUPT;
    }
    mark(load->space, leaf, leaf->seq, leaf->state == OUTBOX_REFUSED ? leaf->status : ERR_OK);
    return ERR_OK;
}

enum err outbox_leaves_load(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    struct load load = {engine, space};
    uint64_t last = 0;
    TRY(replica_each(engine->replica, REPLICA_LEAF, space->no, load_leaf, &load));
    TRY(replica_last_id(engine->replica, REPLICA_LEAF, space->no, &last));
    space->outbox.last_seq = last;
    TRY(replica_last_id(engine->replica, REPLICA_SENT, space->no, &last));
    if (last > space->outbox.last_seq)
        space->outbox.last_seq = last;
    const struct fold_device *self = space_self(engine, space);
    if (self && self->last_seq > space->outbox.last_seq)
        space->outbox.last_seq = self->last_seq;
out:
    return err;
}

void outbox_leaves_unload(struct engine *engine, struct space *space)
{
    for (size_t i = 0; i < space->outbox.n_leaves; i++)
        outbox_leaf_free(engine, space->outbox.leaves[i]);
    free(space->outbox.leaves);
    space->outbox.leaves = NULL;
    space->outbox.n_leaves = 0;
}
