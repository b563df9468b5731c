/* SPDX-License-Identifier: Apache-2.0
 *
 * After a restore: entries that this server had signed and lost come back from the devices. They are believed because
 * they produce, from what is here, the root of a note that the log key signed; nobody's word is needed.
 */
#include <string.h>

#include "proto/resume.h"
#include "server/metrics.h"
#include "server/sync_inside.h"

/* The proof of a refill row: the one item of its inbox. */
static enum err read_proof(const struct sync_work *work, struct note *note,
                           struct tree_proof *proof)
{
    enum err err = ERR_OK;
    const struct message_row *in = work->row->in;
    const struct serverkey *key = work->sync->config.key;
    char origin[NOTE_ORIGIN_MAX];
    if (in->n_inbox != 1 || in->inbox[0].type != INBOX_REFILL)
        return ERR_FORMAT;
    TRY(resume_proof_get(note, proof, in->inbox[0].payload, in->inbox[0].payload_len));
    TRY(note_origin(origin, key->log_name, strlen(key->log_name), work->row->space));
    /* The operation that named its key may be among what was lost; keys follow each other in this one order. */
    size_t at = 0;
    while (at < key->n && work->space->fold->size > 0 &&
           memcmp(key->pairs[at].log_pk, work->space->fold->log_pk, PK_LEN) != 0)
        at++;
    err = ERR_SIGNATURE;
    for (size_t i = key->n; i > at && err != ERR_OK; i--)
        err = note_verify(note, origin, key->pairs[i - 1].log_pk);
out:
    return err;
}

/* From what is here, through the row's entries beyond it, to the note. */
static enum err check_row(const struct sync_work *work, size_t skip)
{
    enum err err = ERR_OK;
    const struct message_row *in = work->row->in;
    struct tree tree = work->space->tree;
    struct tree_proof proof;
    struct note note;
    uint8_t hash[HASH_LEN];
    TRY(read_proof(work, &note, &proof));
    for (size_t i = skip; i < in->n_leaves; i++) {
        const struct message_leaf *leaf = &in->leaves[i];
        leaf_entry_hash(hash, leaf->t_recv_ms, leaf->header, leaf->header_len, leaf->sig);
        tree_append(&tree, hash, NULL);
    }
    TRY(tree.size <= note.size ? ERR_OK : ERR_FORMAT);
    tree_root(&tree, hash);
    err = tree_consistency_verify(&proof, tree.size, note.size, hash, note.root);
out:
    return err;
}

/* All bodies must be there or be the hashes that their leaf commits to, before anything is written. */
static enum err check_bodies(const struct message_row *in, size_t skip)
{
    enum err err = ERR_OK;
    for (size_t i = skip; i < in->n_leaves && err == ERR_OK; i++) {
        const struct message_leaf *from = &in->leaves[i];
        struct leaf leaf;
        err = leaf_decode(&leaf, from->header, from->header_len, from->sig);
        if (err == ERR_OK)
            err = leaf_bodies_check(&leaf, from->bodies, from->n_bodies);
        leaf_fini(&leaf);
    }
    return err;
}

static enum err put_entry(struct sync_work *work, const struct message_leaf *from)
{
    enum err err = ERR_OK;
    struct store *store = work->sync->config.store;
    struct access_space *space = work->space;
    struct leaf leaf;
    uint8_t hash[HASH_LEN];
    TRY(leaf_decode(&leaf, from->header, from->header_len, from->sig));
    struct store_entry entry = {.index = space->fold->size,
                                .seq = leaf.seq,
                                .kind = leaf.kind,
                                .t_recv_ms = from->t_recv_ms,
                                .header = from->header,
                                .header_len = from->header_len};
    memcpy(entry.space, work->row->space, ID_LEN);
    memcpy(entry.device, leaf.device, ID_LEN);
    memcpy(entry.sig, from->sig, SIG_LEN);
    leaf_entry_hash(hash, from->t_recv_ms, from->header, from->header_len, from->sig);
    tree_append(&space->tree, hash, &entry.nodes);
    TRY(store->engine->append(store, &entry, from->bodies, from->n_bodies));
    TRY(sync_carry_out(work, &leaf));
    TRY(sync_succeed_put(work, &leaf));
    const struct fold_entry known = {
        .index = entry.index, .t_recv_ms = from->t_recv_ms, .leaf = &leaf, .fresh = false};
    err = fold_apply(space->fold, &known);
    space->info.t_recv_ms = from->t_recv_ms;
    space->members_changed |= !kind_has_route(leaf.kind);
    metrics_add(METRIC_LEAVES_ACCEPTED, 1);
out:
    leaf_fini(&leaf);
    /* This server judged and signed them once: now it must come to the same. */
    return err == ERR_OK || err == ERR_FULL || err == ERR_BUSY || err_category(err) == CAT_INTERNAL
               ? err
               : ERR_INTERNAL;
}

/* Keys that are not here; a row that is here is not replaced. */
static enum err put_slots(struct sync_work *work)
{
    enum err err = ERR_OK;
    struct store *store = work->sync->config.store;
    struct store_view *view = store->engine->own_view(store);
    const struct message_row *in = work->row->in;
    for (size_t i = 0; i < in->n_slots; i++) {
        struct store_slot there;
        bool erased = false;
        for (size_t k = 0; k < work->space->fold->n_erased && !erased; k++)
            erased = memcmp(work->space->fold->erased[k].row, in->slots[i].row, ID_LEN) == 0;
        if (erased || in->slots[i].epoch < 1 ||
            in->slots[i].epoch > fold_epoch_now(work->space->fold))
            continue;
        err = view->engine->slot(view, work->row->space, in->slots[i].row, &there);
        if (err == ERR_NOT_FOUND)
            err = store->engine->slot_put(store, work->row->space, &in->slots[i],
                                          work->call->request.device);
        TRY(err);
    }
out:
    return err;
}

/* Who may give entries back: who reads them, so that no body comes back as a mere hash but an erased one. A space that
 * is lost as a whole comes back from its founder. */
static bool may_refill(const struct sync_work *work)
{
    const uint8_t *device = work->call->request.device;
    if (work->space->fold->size == 0)
        return work->row->founds;
    return fold_has_role(work->space->fold, device, ROLE_READER);
}

enum err sync_refill(struct sync_work *work)
{
    enum err err = ERR_OK;
    struct sync_row *row = work->row;
    uint64_t size = work->space->fold->size;
    if (row->have_size > size)
        return ERR_RECOVERING; /* somebody else has what lies between */
    uint64_t skip = size - row->have_size;
    if (!may_refill(work))
        return ERR_DENIED;
    if (skip < row->in->n_leaves) {
        TRY(check_row(work, (size_t)skip));
        TRY(check_bodies(row->in, (size_t)skip));
    }
    access_touch(work->space);
    row->changed = true;
    for (size_t i = (size_t)skip; skip < row->in->n_leaves && i < row->in->n_leaves; i++)
        TRY(put_entry(work, &row->in->leaves[i]));
    TRY(put_slots(work));
out:
    return err;
}

/* --- the statement --- */

enum err sync_resume(const struct sync *sync, const struct serverkey_pair *pair,
                     const uint8_t space[static ID_LEN], uint64_t size,
                     const uint8_t root[static HASH_LEN], struct buf *out)
{
    struct resume resume = {.size = size, .since_ms = atomic_load(&sync->recovering_ms)};
    memcpy(resume.root, root, HASH_LEN);
    return resume_make(out, &resume, space, pair->secret->log_sk);
}

bool sync_recovering(struct sync *sync, struct store_view *view)
{
    uint8_t value[8];
    size_t len = sizeof value;
    uint64_t since = 0;
    if (!atomic_load(&sync->recovering_ms))
        return false;
    enum err err = view->engine->meta(view, "recovering", value, &len);
    for (size_t i = 0; err == ERR_OK && i < len; i++)
        since = since << 8 | value[i];
    if (err == ERR_OK && len == 0)
        atomic_store(&sync->recovering_ms, 0); /* an operator ended it */
    return err != ERR_OK || since != 0;
}
