/* SPDX-License-Identifier: Apache-2.0
 *
 * The order matters: the parcels are durable in the same transaction that destroys what they were made of.
 */
#include "client/leave.h"

#include <stdlib.h>
#include <string.h>

#include "client/outbox_inside.h"
#include "client/parcel.h"
#include "client/rekey.h"
#include "proto/digest.h"

enum { HEAD_ID = 0, EDITS_MAX = 2000, BATCH_CHANGES_MAX = 20000, SEQS_MAX = 1024 };

/* --- records --- */

static enum err put_head(struct engine *engine, const struct space *space,
                         const struct leave *leave)
{
    struct buf out = {0};
    wire_put_array(&out, 4);
    wire_put_bool(&out, leave->wiped);
    wire_put_uint(&out, leave->size);
    wire_put_uint(&out, leave->waiting);
    wire_put_uint(&out, leave->handed);
    enum err err = out.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_LEAVE, space->no, HEAD_ID, out.bytes, out.len);
    buf_free(&out);
    return err;
}

enum err leave_load(struct engine *engine, struct space *space)
{
    struct buf plain = {0};
    struct wire_doc doc = {0};
    struct leave *leave = &space->leave;
    *leave = (struct leave){0};
    enum err err = replica_get(engine->replica, REPLICA_LEAVE, space->no, HEAD_ID, &plain);
    if (err == ERR_OK)
        err = wire_open(&doc, plain.bytes, plain.len, 1, 8);
    if (err == ERR_OK) {
        struct wire_in root = wire_root(&doc), in = wire_array(&root, 4, 4);
        leave->wiped = wire_bool(&in);
        leave->size = wire_uint(&in, UINT64_MAX);
        leave->waiting = wire_uint(&in, UINT64_MAX);
        leave->handed = wire_uint(&in, UINT64_MAX);
        err = wire_end(&in);
    }
    if (err == ERR_OK)
        err = replica_last_id(engine->replica, REPLICA_LEAVE, space->no, &leave->last);
    wire_close(&doc);
    buf_free(&plain);
    return err == ERR_NOT_FOUND ? ERR_OK : err_category(err) == CAT_REJECT ? ERR_CORRUPT : err;
}

static enum err put_parcel(struct engine *engine, struct space *space, struct leave *leave,
                           uint64_t changes, const uint64_t *seqs, size_t n_seqs,
                           const struct buf *payload)
{
    struct buf out = {.max = 2 * INBOX_ITEM_MAX};
    wire_put_array(&out, 3);
    wire_put_uint(&out, changes);
    wire_put_array(&out, n_seqs);
    for (size_t i = 0; i < n_seqs; i++)
        wire_put_uint(&out, seqs[i]);
    wire_put_bin(&out, payload->bytes, payload->len);
    enum err err = out.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_LEAVE, space->no, leave->last + 1, out.bytes,
                          out.len);
    buf_free(&out);
    if (err == ERR_OK) {
        leave->last++;
        leave->waiting += changes;
    }
    return err;
}

/* A parcel as it lies in the replica; wire_close(&doc) and buf_free(&bytes). */
struct parcel {
    uint64_t id, changes;
    size_t n_seqs;
    uint64_t seqs[SEQS_MAX];
    const uint8_t *payload;
    size_t payload_len;
    struct buf bytes;
    struct wire_doc doc;
};

static void parcel_free(struct parcel *parcel)
{
    if (!parcel)
        return;
    wire_close(&parcel->doc);
    buf_free(&parcel->bytes);
    free(parcel);
}

static enum err first_parcel(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    uint64_t *first = ctx;
    (void)plain, (void)len;
    if (*first == 0 && id != HEAD_ID)
        *first = id;
    return ERR_OK;
}

/* The oldest parcel; ERR_NOT_FOUND. */
static enum err get_parcel(struct engine *engine, const struct space *space, struct parcel **out)
{
    enum err err = ERR_OK;
    struct parcel *parcel = calloc(1, sizeof *parcel);
    if (!parcel)
        return ERR_MEMORY;
    parcel->bytes.max = 2 * INBOX_ITEM_MAX;
    TRY(replica_each(engine->replica, REPLICA_LEAVE, space->no, first_parcel, &parcel->id));
    if (parcel->id == 0)
        TRY(ERR_NOT_FOUND);
    TRY(replica_get(engine->replica, REPLICA_LEAVE, space->no, parcel->id, &parcel->bytes));
    TRY(wire_open(&parcel->doc, parcel->bytes.bytes, parcel->bytes.len, 2, SEQS_MAX + 8));
    struct wire_in root = wire_root(&parcel->doc), in = wire_array(&root, 3, 3);
    parcel->changes = wire_uint(&in, UINT64_MAX);
    struct wire_in seqs = wire_array(&in, 0, SEQS_MAX);
    while (seqs.left > 0)
        parcel->seqs[parcel->n_seqs++] = wire_uint(&seqs, UINT64_MAX);
    parcel->payload = wire_bin(&in, &parcel->payload_len, 1, INBOX_ITEM_MAX);
    TRY(wire_end(&in));
out:
    if (err != ERR_OK) {
        parcel_free(parcel);
        parcel = NULL;
    }
    *out = parcel;
    return err;
}

/* --- sealing --- */

/* The box key that a member had when this device was removed may be destroyed by now: a later one, signed by it, may
 * stand in the answer. */
static void newest_box_key(const struct space *space, const struct message_row *row,
                           const struct fold_device *one, uint8_t *x_pk)
{
    memcpy(x_pk, one->x_pk, PK_LEN);
    for (size_t i = 0; row && i < row->n_inbox; i++) {
        const struct message_inbox *item = &row->inbox[i];
        struct message_successor shown;
        struct leaf leaf;
        if (item->type != INBOX_REKEY || memcmp(item->id, one->id, ID_LEN) != 0 ||
            message_successor_decode(&shown, item->payload, item->payload_len) != ERR_OK)
            continue;
        if (leaf_decode(&leaf, shown.header, shown.header_len, shown.sig) != ERR_OK)
            continue;
        if (leaf.kind == KIND_DEVICE_REKEY && memcmp(leaf.space, space->pub.id, ID_LEN) == 0 &&
            memcmp(leaf.device, one->id, ID_LEN) == 0 && leaf_verify(&leaf, one->ed_pk) == ERR_OK)
            memcpy(x_pk, leaf.op.u.device_rekey.x_pk, PK_LEN);
        leaf_fini(&leaf);
    }
}

/* Who may decide about the work: stewards; administrators, who can make one; and recovery sheets. */
static size_t recipients(const struct engine *engine, const struct space *space,
                         const struct message_row *row, struct parcel_to *to)
{
    size_t n = 0;
    for (size_t i = 0; i < space->fold->n_devices && n < PARCEL_TO_MAX; i++) {
        const struct fold_device *one = &space->fold->devices[i];
        if (!one->active || !(one->roles & (ROLE_STEWARD | ROLE_ADMIN)) ||
            memcmp(one->id, engine->ring.id, ID_LEN) == 0)
            continue;
        memcpy(to[n].id, one->id, ID_LEN);
        newest_box_key(space, row, one, to[n++].x_pk);
    }
    return n;
}

/* What one parcel takes of a list of edits. */
struct batch {
    uint64_t edits[EDITS_MAX], seqs[SEQS_MAX];
    size_t n, n_seqs, changes, raw;
};

static bool batch_fits(const struct batch *batch, const struct outbox_edit *edit)
{
    return batch->n == 0 || (batch->n < EDITS_MAX && batch->n_seqs < SEQS_MAX &&
                             batch->changes + edit->n <= BATCH_CHANGES_MAX &&
                             batch->raw + edit->raw_len <= PARCEL_RAW_MAX);
}

static void batch_add(struct batch *batch, const struct outbox_edit *edit)
{
    batch->edits[batch->n++] = edit->id;
    batch->changes += edit->n;
    batch->raw += edit->raw_len;
}

static enum err send_batch(struct engine *engine, struct space *space,
                           const struct message_row *row, struct leave *leave, struct batch *batch)
{
    enum err err = ERR_OK;
    struct buf payload = {.max = INBOX_ITEM_MAX};
    struct parcel_to to[PARCEL_TO_MAX];
    if (batch->n == 0)
        return ERR_OK;
    size_t n_to = recipients(engine, space, row, to);
    TRY(parcel_make(engine, space, batch->edits, batch->n, to, n_to, &payload));
    TRY(put_parcel(engine, space, leave, batch->changes, batch->seqs, batch->n_seqs, &payload));
    batch->n = batch->n_seqs = batch->changes = batch->raw = 0;
out:
    buf_free(&payload);
    return err;
}

/* --- removed --- */

static enum err seal_outbox(struct engine *engine, struct space *space,
                            const struct message_row *row, struct leave *leave)
{
    enum err err = ERR_OK;
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return ERR_MEMORY;
    for (size_t i = 0; i < space->outbox.n_edits; i++) {
        const struct outbox_edit *edit = &space->outbox.edits[i];
        if (!batch_fits(batch, edit))
            TRY(send_batch(engine, space, row, leave, batch));
        batch_add(batch, edit);
    }
    TRY(send_batch(engine, space, row, leave, batch));
out:
    free(batch);
    return err;
}

static enum err destroy(struct engine *engine, struct space *space)
{
    static const enum replica_table tables[] = {
        REPLICA_EDIT,    REPLICA_OPERATION, REPLICA_LEAF,  REPLICA_SENT,   REPLICA_NEWBORN,
        REPLICA_EPOCH,   REPLICA_SEAL,      REPLICA_BIRTH, REPLICA_INVITE, REPLICA_WAITING,
        REPLICA_INBOX,   REPLICA_NOTE,      REPLICA_TALLY, REPLICA_ACCESS, REPLICA_GRANT,
        REPLICA_WITNESS, REPLICA_ERASED,    REPLICA_OFFER,
    };
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        TRY(replica_delete_all(engine->replica, tables[i], space->no));
    TRY(replica_space_clear(engine->replica, space->no));
    TRY(rekey_forget(engine, space->pub.id));
    /* What it is called still tells the person what they were removed from. */
    memcpy(space->own_name, space->pub.name, sizeof space->own_name);
    space->pub.state = SPACE_REVOKED;
    space->pub.status = ERR_REVOKED;
    space->pub.alarm = ERR_OK;
    space->frozen = space->cloned = space->missing = space->proven = false;
    space->keyless = space->salvaged = space->has_link_sig = false;
    space->keys_rev = space->routed = space->erased_upto = space->pub.invalid_leaves = 0;
    buf_reset(&space->join);
    TRY(space_bump(engine, space));
    TRY(space_save(engine, space));
out:
    return err;
}

enum err leave_wipe(struct engine *engine, struct space *space, const struct message_row *row)
{
    enum err err = ERR_OK;
    const struct fold_device *self = space_self(engine, space);
    struct leave leave = space->leave;
    struct parcel_to to[PARCEL_TO_MAX];
    if (!self || self->active || leave.wiped)
        return ERR_OK;
    /* Work that nobody could open is not destroyed. */
    if (space->outbox.n_edits > 0 && recipients(engine, space, row, to) == 0)
        return ERR_OK;
    leave.wiped = true;
    leave.size = space->fold->size;
    TRY(engine_begin(engine));
    /* Parcels of refused work name leaves that go now; what they hold is sealed again with the rest. */
    err = replica_delete_all(engine->replica, REPLICA_LEAVE, space->no);
    leave.waiting = leave.last = 0;
    if (err == ERR_OK)
        err = seal_outbox(engine, space, row, &leave);
    if (err == ERR_OK)
        err = put_head(engine, space, &leave);
    if (err == ERR_OK)
        err = destroy(engine, space);
    err = replica_end(engine->replica, err);
    enum err again = space_reload(engine, space);
    TRY(err != ERR_OK ? err : again);
    TRY(replica_flush(engine->replica));
out:
    return err;
}

/* --- bringing it --- */

enum err leave_row(struct engine *engine, struct space *space, struct arena *arena,
                   struct message_row *row, struct flight_row *flight)
{
    struct parcel *parcel;
    if (space->leave.last == 0)
        return ERR_OK;
    enum err err = get_parcel(engine, space, &parcel);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    struct message_inbox *item = &row->inbox[row->n_inbox];
    *item =
        (struct message_inbox){.type = INBOX_OUTBOX,
                               .payload = arena_copy(arena, parcel->payload, parcel->payload_len),
                               .payload_len = parcel->payload_len};
    memcpy(item->id, engine->ring.id, ID_LEN);
    if (item->payload) {
        flight->parcel = parcel->id;
        flight->parcel_at = row->n_inbox++;
    } else {
        err = ERR_MEMORY;
    }
    parcel_free(parcel);
    return err;
}

/* The refused leaves that the parcel was made of are done. */
static enum err drop_refused(struct engine *engine, struct space *space,
                             const struct parcel *parcel)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < parcel->n_seqs; i++) {
        struct outbox_leaf *leaf = outbox_leaf_at(space, parcel->seqs[i]);
        if (leaf && leaf->state == OUTBOX_REFUSED)
            TRY(outbox_leaf_done(engine, space, leaf));
    }
out:
    return err;
}

static enum err signed_for(struct engine *engine, struct space *space, const struct parcel *parcel)
{
    enum err err = ERR_OK;
    struct leave leave = space->leave;
    TRY(drop_refused(engine, space, parcel));
    TRY(replica_delete(engine->replica, REPLICA_LEAVE, space->no, parcel->id));
    leave.waiting -= parcel->changes < leave.waiting ? parcel->changes : leave.waiting;
    leave.handed += parcel->changes;
    TRY(put_head(engine, space, &leave));
out:
    return err;
}

enum err leave_taken(struct engine *engine, struct space *space, const struct flight_row *flight,
                     const struct message_row *row, bool *again)
{
    enum err err = ERR_OK;
    struct parcel *parcel = NULL;
    enum err status = row->full ? ERR_PENDING : row->status;
    *again = false;
    for (size_t i = 0; i < row->n_items; i++)
        if (row->items[i].list == LIST_INBOX && row->items[i].k == flight->parcel_at)
            status = row->items[i].status;
    if (!flight->parcel || status != ERR_OK) {
        space->pub.status = space->leave.wiped ? ERR_REVOKED : space->pub.status;
        return ERR_OK;
    }
    TRY(get_parcel(engine, space, &parcel));
    if (parcel->id != flight->parcel)
        goto out;
    TRY(engine_begin(engine));
    err = replica_end(engine->replica, signed_for(engine, space, parcel));
    enum err reload = space_reload(engine, space);
    TRY(err != ERR_OK ? err : reload);
    TRY(replica_flush(engine->replica));
    *again = space->leave.waiting > 0;
out:
    parcel_free(parcel);
    return err;
}

/* --- a lost role --- */

static enum err seal_refused(struct engine *engine, struct space *space, struct leave *leave)
{
    enum err err = ERR_OK;
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return ERR_MEMORY;
    for (size_t i = 0; i < space->outbox.n_leaves; i++) {
        const struct outbox_leaf *leaf = space->outbox.leaves[i];
        if (leaf->state != OUTBOX_REFUSED || leaf->status != ERR_DENIED)
            continue;
        for (size_t k = 0; k < leaf->n_edits; k++) {
            const struct outbox_edit *edit = outbox_edit_by_id(space, leaf->edits[k]);
            if (edit && !batch_fits(batch, edit))
                TRY(send_batch(engine, space, NULL, leave, batch));
            if (edit)
                batch_add(batch, edit);
        }
        /* It is done when the last parcel with a part of it is. */
        if (leaf->n_edits > 0)
            batch->seqs[batch->n_seqs++] = leaf->seq;
    }
    TRY(send_batch(engine, space, NULL, leave, batch));
out:
    free(batch);
    return err;
}

enum err leave_hand_over(struct engine *engine, struct space *space, uint64_t *n)
{
    enum err err = ERR_OK;
    const struct fold_device *self = space_self(engine, space);
    struct leave leave = space->leave;
    struct parcel_to to[PARCEL_TO_MAX];
    *n = 0;
    if (!self || !self->active)
        return ERR_NOT_FOUND;
    if (leave.waiting > 0)
        return ERR_EXISTS;
    if (self->roles & ROLE_WRITER)
        return ERR_DENIED;
    if (recipients(engine, space, NULL, to) == 0)
        return ERR_NOT_FOUND;
    TRY(engine_begin(engine));
    err = seal_refused(engine, space, &leave);
    if (err == ERR_OK && leave.waiting == 0)
        err = ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = put_head(engine, space, &leave);
    err = replica_end(engine->replica, err);
    if (err == ERR_OK)
        err = leave_load(engine, space);
    *n = err == ERR_OK ? space->leave.waiting : 0;
out:
    space_refresh(engine, space);
    return err;
}
