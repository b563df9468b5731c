/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries of a page, in order: fold, tree, replica. An entry that is not valid is kept (the tree needs it), ignored,
 * and names its device.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/adopt.h"
#include "client/enrol.h"
#include "client/grant.h"
#include "client/rekey.h"
#include "client/take_inside.h"
#include "client/witness.h"
#include "proto/digest.h"

/* One entry as the page gives it, own leaves put back in their places. */
struct incoming {
    uint64_t index, t_recv_ms;
    const uint8_t *header;
    size_t header_len;
    const uint8_t *sig;
    const struct leaf_body *bodies;
    size_t n_bodies;
    struct leaf leaf;
    uint8_t hash[HASH_LEN];
    enum err verdict;
    uint64_t missing;
    struct buf packed;
};

static enum err resolve(const struct take *take, const struct message_leaf *from,
                        struct incoming *in)
{
    in->t_recv_ms = from->t_recv_ms;
    in->header = from->header;
    in->header_len = from->header_len;
    in->sig = from->sig;
    in->bodies = from->bodies;
    in->n_bodies = from->n_bodies;
    if (!from->own)
        return ERR_OK;
    if (from->k >= take->flight->n_leaves)
        return ERR_FORMAT;
    const struct outbox_leaf *own = outbox_leaf_at(take->space, take->flight->seqs[from->k]);
    if (!own || own->state == OUTBOX_REFUSED)
        return ERR_FORMAT;
    in->header = own->header;
    in->header_len = own->header_len;
    in->sig = own->sig;
    in->bodies = own->bodies;
    in->n_bodies = own->n_bodies;
    return ERR_OK;
}

/* Says that all bodies of the entry are to be fetched: they are not what was signed. */
static void pack_nothing(struct incoming *in)
{
    in->missing = in->leaf.n_bodies;
    for (uint16_t i = 0; i < in->leaf.n_bodies; i++)
        buf_u32be(&in->packed, 0);
}

static void pack_bodies(struct take *take, struct incoming *in)
{
    in->packed.max = 2 * LEAF_MAX;
    if (leaf_bodies_check(&in->leaf, in->bodies, in->n_bodies) != ERR_OK) {
        if (take->bad_bodies == UINT64_MAX)
            take->bad_bodies = in->index;
        pack_nothing(in);
        return;
    }
    for (size_t i = 0; i < in->n_bodies; i++)
        in->missing += in->bodies[i].len < BODY_MIN;
    replica_bodies_pack(&in->packed, in->bodies, in->n_bodies);
}

/* --- own leaves --- */

/* The keys of an epoch that this device made are the ones it kept. */
static enum err own_keys(struct take *take, const struct outbox_leaf *own)
{
    if (own->kind != KIND_EPOCH_CHANGE || !own->keys)
        return ERR_OK;
    take->keys = true;
    enum err err = space_epoch_put(take->engine, take->space, fold_epoch_now(take->space->fold),
                                   own->keys, own->keys_sk, NULL);
    return err == ERR_COMMITMENT ? ERR_INTERNAL : err;
}

static bool repairable(enum err status)
{
    return status == ERR_STALE_EPOCH || status == ERR_LOST_RACE || status == ERR_SEQ ||
           status == ERR_AFTER_REFUSED || status == ERR_SEEN;
}

static enum err own_logged(struct take *take, struct outbox_leaf *own, enum err verdict)
{
    take->result->pushed++;
    if (verdict == ERR_OK) {
        enum err err = own_keys(take, own);
        return err == ERR_OK ? outbox_leaf_done(take->engine, take->space, own) : err;
    }
    /* Logged, but not valid: its changes are in nobody's view and go out again. */
    take->result->again = true;
    return repairable(verdict) ? outbox_leaf_replace(take->engine, take->space, own, verdict)
                               : outbox_leaf_refuse(take->engine, take->space, own, verdict);
}

/* A valid leaf of this device that this device did not make: another copy of it is at work. */
static enum err own_entry(struct take *take, const struct incoming *in)
{
    struct space *space = take->space;
    struct outbox_leaf *own = outbox_leaf_at(space, in->leaf.seq);
    bool made = false;
    if (in->verdict == ERR_OK && in->leaf.seq > space->outbox.last_seq)
        space->outbox.last_seq = in->leaf.seq;
    if (own && own->state != OUTBOX_REFUSED && memcmp(own->hash, in->hash, HASH_LEN) == 0)
        return own_logged(take, own, in->verdict);
    if (in->verdict != ERR_OK || space->salvaged)
        return ERR_OK;
    enum err err = outbox_made(take->engine, space, in->leaf.seq, in->hash, &made);
    space->cloned = space->cloned || !made;
    return err;
}

/* --- one entry --- */

static enum err judge(struct take *take, struct incoming *in)
{
    struct space *space = take->space;
    enum err err = leaf_decode(&in->leaf, in->header, in->header_len, in->sig);
    if (err_category(err) == CAT_INTERNAL || err == ERR_VERSION)
        return err; /* a kind of the future that changes membership: nothing behind it can be judged */
    leaf_hash(in->hash, in->header, in->header_len, in->sig);
    if (err != ERR_OK) {
        fold_skip_to(space->fold, in->index + 1);
        in->verdict = err;
        return ERR_OK;
    }
    /* A recovery sheet knows the space by its id alone, which the fold compares with the genesis. */
    if (in->index == 0 && digest_is_zero(space->genesis, HASH_LEN))
        memcpy(space->genesis, in->hash, HASH_LEN);
    if (in->index == 0 && memcmp(in->hash, space->genesis, HASH_LEN) != 0)
        return take_evidence(take, ERR_ROOT, 0);
    const struct fold_entry entry = {.index = in->index,
                                     .t_recv_ms = in->t_recv_ms,
                                     .leaf = &in->leaf,
                                     .fresh = true,
                                     .root_at = space_root_at,
                                     .root_ctx = &take->reader};
    in->verdict = fold_apply(space->fold, &entry);
    if (err_category(in->verdict) == CAT_INTERNAL)
        return in->verdict;
    /* Which keys it names is pinned with it: the server may have newer ones by now. */
    if (in->index == 0 && in->verdict != ERR_OK)
        return take_evidence(take, ERR_ROOT, 0);
    return ERR_OK;
}

static enum err store(struct take *take, const struct incoming *in,
                      const struct tree_completed *completed)
{
    enum err err = ERR_OK;
    struct replica_entry entry = {.index = in->index,
                                  .t_recv_ms = in->t_recv_ms,
                                  .kind = (uint64_t)in->leaf.kind,
                                  .verdict = in->verdict,
                                  .missing = in->verdict == ERR_OK ? in->missing : 0,
                                  .header = in->header,
                                  .header_len = in->header_len,
                                  .nodes = completed->nodes[0],
                                  .n_nodes = completed->n,
                                  .bodies = in->packed.bytes,
                                  .bodies_len = in->packed.len};
    memcpy(entry.sig, in->sig, SIG_LEN);
    TRY(in->packed.err);
    TRY(replica_entry_put(take->engine->replica, take->space->no, &entry));
    if (in->verdict == ERR_OK) {
        struct replica_last last = {.seq = in->leaf.seq, .index = in->index};
        memcpy(last.device, in->leaf.device, ID_LEN);
        memcpy(last.hash, in->hash, HASH_LEN);
        TRY(replica_last_put(take->engine->replica, take->space->no, &last));
    }
out:
    return err;
}

static bool grant_begins(const struct space *space, uint64_t index)
{
    const struct fold *fold = space->fold;
    return fold->n_grants > 0 && fold->grants[fold->n_grants - 1].index == index;
}

/* What a valid leaf leaves to do once the page is known to be the log. */
static enum err follow_up(struct take *take, const struct incoming *in)
{
    switch (in->leaf.kind) {
    case KIND_LABEL:
        take->labels = true;
        break;
    case KIND_DEVICE_REVOKE:
    case KIND_CONFIRM:
        take->bump = true; /* data leaves before it may no longer be effective */
        /* Who confirmed a grant hands the keys over at once. */
        take->result->again = take->result->again || grant_begins(take->space, in->index);
        break;
    case KIND_EPOCH_CHANGE:
        take->keys = true;
        break;
    case KIND_ADOPT:
        return adopt_logged(take->engine, take->space, &in->leaf.op);
    case KIND_WITNESS_SET:
        return witness_changed(take->engine, take->space, in->t_recv_ms);
    case KIND_MOVED:
        take->bump = true; /* shown from where it went, if this device is there */
        break;
    case KIND_ERASE:
    case KIND_PURGE:
        if (take->n_erased == TAKE_ERASED_MAX)
            return ERR_TOO_BIG;
        take->erased[take->n_erased++] = in->index;
        break;
    case KIND_DEVICE_REKEY:
        if (memcmp(in->leaf.device, take->engine->ring.id, ID_LEN) == 0)
            return rekey_logged(take->engine, take->space, in->leaf.op.u.device_rekey.x_pk,
                                in->index);
        break;
    default:
        break;
    }
    return ERR_OK;
}

static enum err take_entry(struct take *take, const struct message_leaf *from)
{
    enum err err = ERR_OK;
    struct space *space = take->space;
    struct incoming in = {.index = space->fold->size};
    struct tree_completed completed;
    uint8_t node[HASH_LEN];
    TRY(resolve(take, from, &in));
    TRY(judge(take, &in));
    if (in.verdict == ERR_OK || in.leaf.header)
        pack_bodies(take, &in);
    if (err_category(in.verdict) == CAT_CORRUPT && take->first_bad == UINT64_MAX)
        take->first_bad = in.index;
    leaf_entry_hash(node, in.t_recv_ms, in.header, in.header_len, in.sig);
    tree_append(&space->tree, node, &completed);
    TRY(store(take, &in, &completed));
    space->pub.size = space->fold->size;
    space->pub.invalid_leaves += in.verdict != ERR_OK;
    if (in.leaf.header && memcmp(in.leaf.device, take->engine->ring.id, ID_LEN) == 0)
        TRY(own_entry(take, &in));
    if (in.verdict == ERR_OK)
        TRY(follow_up(take, &in));
    take->result->pulled++;
out:
    leaf_fini(&in.leaf);
    buf_free(&in.packed);
    return err;
}

enum err take_entries(struct take *take)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < take->row->n_leaves; i++)
        TRY(take_entry(take, &take->row->leaves[i]));
out:
    return err;
}

/* --- statuses --- */

/* Beyond this page, but proved to be in the log by its newest note: not sent again. */
static enum err item_accepted(struct take *take, struct outbox_leaf *own,
                              const struct message_item *item)
{
    const struct message_row *row = take->row;
    uint8_t node[HASH_LEN];
    if (item->index < take->space->fold->size || !row->has_head || own->state != OUTBOX_SENT)
        return ERR_OK;
    leaf_entry_hash(node, item->t_recv_ms, own->header, own->header_len, own->sig);
    if (tree_inclusion_verify(&item->proof, item->index, row->head.size, node, row->head.root) !=
        ERR_OK)
        return ERR_OK; /* unproved: it is sent again */
    return outbox_leaf_logged(take->engine, take->space, own);
}

enum { REPAIRS_MAX = 6, OPERATION_TRIES_MAX = 4 };

/* The device's chain stands elsewhere on the server than here. */
static enum err item_seq(struct take *take, struct outbox_leaf *own,
                         const struct message_item *item)
{
    struct space *space = take->space;
    const struct fold_device *self = space_self(take->engine, space);
    bool made = !item->has_last;
    enum err err = ERR_OK;
    /* What the replica had before this answer was made here, or salvaged. */
    if (self && item->has_last && self->last_index < take->size_before)
        made = memcmp(self->last_hash, item->last_hash, HASH_LEN) == 0;
    if (!made)
        err = outbox_made(take->engine, space, item->last_seq, item->last_hash, &made);
    if (err != ERR_OK)
        return err;
    if (item->last_seq > space->outbox.last_seq)
        space->outbox.last_seq = item->last_seq;
    /* Nothing that this device made: another copy of it writes. Its leaf stays as it is, for a person to see. */
    if (space->cloned || (!made && !space->salvaged)) {
        space->cloned = true;
        return ERR_OK;
    }
    /* Not for ever: a server that always says so is asked again by the next sync. */
    take->result->again = take->result->again || space->repairs < REPAIRS_MAX;
    space->repairs++;
    return outbox_leaf_replace(take->engine, space, own, ERR_SEQ);
}

static enum err item_refused(struct take *take, struct outbox_leaf *own,
                             const struct message_item *item)
{
    struct space *space = take->space;
    const struct outbox_operation *operation =
        own->operation ? outbox_operation_by_id(space, own->operation) : NULL;
    bool often = operation && operation->tries >= OPERATION_TRIES_MAX;
    if (space->pub.state == SPACE_FOUNDING) {
        space->pub.status = item->status;
        enrol_status(take->engine, space, item->status);
        return ERR_OK;
    }
    if (item->status == ERR_SEQ)
        return item_seq(take, own, item);
    if ((repairable(item->status) || item->status == ERR_SEALS) && !often) {
        take->result->again = take->result->again || space->repairs < REPAIRS_MAX;
        space->repairs++;
        return outbox_leaf_replace(take->engine, space, own, item->status);
    }
    space->pub.status = item->status;
    if (err_category(item->status) == CAT_RETRY && !often)
        return ERR_OK; /* the same bytes, another time */
    if (item->status == ERR_REVOKED)
        return ERR_OK; /* the log will say so; what to do with the work is a person's decision */
    /* An epoch_change of one's own accord is made anew if it is still needed. */
    if (!own->operation && own->n_edits == 0)
        return outbox_leaf_replace(take->engine, space, own, item->status);
    take->result->refused++;
    return outbox_leaf_refuse(take->engine, space, own, item->status);
}

static enum err take_item(struct take *take, const struct message_item *item)
{
    if (item->list == LIST_INBOX && take->flight->joins) {
        enrol_status(take->engine, take->space, item->status);
        take->space->pub.status = item->status;
        return ERR_OK;
    }
    if (item->list == LIST_INBOX && take->flight->grants && item->k == take->flight->grant_k)
        return grant_given(take->engine, take->space, take->flight, item->status);
    if (item->list != LIST_LEAVES)
        return ERR_OK;
    if (item->k >= take->flight->n_leaves)
        return ERR_FORMAT;
    struct outbox_leaf *own = outbox_leaf_at(take->space, take->flight->seqs[item->k]);
    if (!own || own->state == OUTBOX_REFUSED)
        return ERR_OK; /* done by its entry */
    return item->status == ERR_OK ? item_accepted(take, own, item) : item_refused(take, own, item);
}

enum err take_items(struct take *take)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < take->row->n_items; i++)
        TRY(take_item(take, &take->row->items[i]));
    if (take->row->n_items == 0)
        take->space->repairs = 0;
out:
    return err;
}
