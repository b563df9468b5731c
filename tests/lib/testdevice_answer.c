/* SPDX-License-Identifier: Apache-2.0
 *
 * The receiving half of testdevice: everything is verified before it is taken.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "testdevice.h"

/* ---- the tree ---- */

static enum err node_of(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    const struct testspace *space = ctx;
    const struct testentry *entry = &space->entries[((index + 1) << level) - 1];
    assert(level < entry->n_nodes);
    memcpy(out, entry->nodes[level], HASH_LEN);
    return ERR_OK;
}

static enum err root_at(void *ctx, uint64_t size, uint8_t out[static HASH_LEN])
{
    return tree_root_at(out, size, node_of, ctx);
}

static enum err check_note(const struct testdevice *device, const struct testspace *space,
                           const struct note *note)
{
    enum err err = ERR_OK;
    char origin[NOTE_ORIGIN_MAX];
    TRY(note_origin(origin, device->server.log_name, strlen(device->server.log_name), space->id));
    TRY(note_verify(note, origin, device->server.log_pk));
out:
    return err;
}

/* ---- entries ---- */

static void keep_bodies(struct testentry *entry, const struct leaf_body *bodies, size_t n)
{
    entry->n_bodies = n;
    for (size_t i = 0; i < n && i < 4; i++) {
        entry->n_present += bodies[i].len != HASH_LEN;
        buf_put(&entry->body[i], bodies[i].bytes, bodies[i].len);
    }
}

/* The bytes of an entry: the server's, or one's own leaf. */
static enum err bytes_of(struct testentry *entry, const struct testspace *space,
                         const struct message_leaf *in)
{
    entry->t_recv_ms = in->t_recv_ms;
    if (!in->own) {
        buf_put(&entry->header, in->header, in->header_len);
        memcpy(entry->sig, in->sig, SIG_LEN);
        keep_bodies(entry, in->bodies, in->n_bodies);
        return ERR_OK;
    }
    if (in->k >= space->n_queue || !space->queue[in->k]->sent)
        return ERR_FORMAT;
    const struct testleaf *leaf = space->queue[in->k];
    struct leaf_body bodies[4];
    for (size_t i = 0; i < leaf->n_bodies; i++)
        bodies[i] = (struct leaf_body){leaf->body[i].bytes, leaf->body[i].len};
    buf_put(&entry->header, leaf->header.bytes, leaf->header.len);
    memcpy(entry->sig, leaf->sig, SIG_LEN);
    keep_bodies(entry, bodies, leaf->n_bodies);
    return ERR_OK;
}

static enum err take_entry(struct testspace *space, const struct message_leaf *in)
{
    enum err err = ERR_OK;
    struct leaf leaf = {.kind = KIND_DATA};
    uint8_t hash[HASH_LEN];
    struct tree_completed completed;
    uint64_t index = space->tree.size;
    space->entries = realloc(space->entries, (size_t)(index + 1) * sizeof *space->entries);
    assert(space->entries);
    struct testentry *entry = &space->entries[index];
    *entry = (struct testentry){.t_recv_ms = 0};
    TRY(bytes_of(entry, space, in));
    TRY(leaf_decode(&leaf, entry->header.bytes, entry->header.len, entry->sig));
    struct leaf_body bodies[4];
    for (size_t i = 0; i < entry->n_bodies && i < 4; i++)
        bodies[i] = (struct leaf_body){entry->body[i].bytes, entry->body[i].len};
    TRY(leaf_bodies_check(&leaf, bodies, entry->n_bodies));
    entry->kind = leaf.kind;
    entry->seq = leaf.seq;
    memcpy(entry->device, leaf.device, ID_LEN);
    const struct fold_entry judged = {.index = index,
                                      .t_recv_ms = entry->t_recv_ms,
                                      .leaf = &leaf,
                                      .fresh = true,
                                      .root_at = root_at,
                                      .root_ctx = space};
    entry->verdict = fold_apply(space->fold, &judged);
    leaf_entry_hash(hash, entry->t_recv_ms, leaf.header, leaf.header_len, leaf.sig);
    tree_append(&space->tree, hash, &completed);
    entry->n_nodes = completed.n;
    entry->nodes = malloc((size_t)completed.n * HASH_LEN);
    assert(entry->nodes);
    memcpy(entry->nodes, completed.nodes, (size_t)completed.n * HASH_LEN);
out:
    leaf_fini(&leaf);
    return err;
}

/* Own leaves that are in the log now, whoever brought the news, leave the queue. */
static void drop_logged(struct testdevice *device, struct testspace *space, uint64_t from)
{
    for (uint64_t i = from; i < space->tree.size; i++) {
        const struct testentry *entry = &space->entries[i];
        if (memcmp(entry->device, device->id, ID_LEN) != 0)
            continue;
        space->seq = entry->seq;
        leaf_hash(space->prev, entry->header.bytes, entry->header.len, entry->sig);
        device->known = true;
        for (size_t k = 0; k < space->n_queue; k++) {
            if (space->queue[k]->built &&
                memcmp(space->queue[k]->hash, space->prev, HASH_LEN) == 0) {
                space->queue[k]->sent = false;
                space->accepted++;
            }
        }
    }
}

/* ---- keys ---- */

static enum err take_seal(struct testdevice *device, struct testspace *space,
                          const struct leaf_seal *seal)
{
    enum err err = ERR_OK;
    uint8_t keys[2 * KEY_LEN], kcom[HASH_LEN];
    const struct fold_epoch *epoch = fold_epoch(space->fold, seal->epoch);
    TRY(epoch && seal->epoch <= TESTDEVICE_EPOCHS ? ERR_OK : ERR_COMMITMENT);
    TRY(open_device_seal(keys, (enum seal_type)seal->type, seal->seal, seal->seal_len, device->x_pk,
                         device->x_sk));
    struct testkeys *out = &space->keys[seal->epoch];
    if (seal->type == SEAL_MEMBER) {
        memcpy(out->ek, keys, KEY_LEN);
        memcpy(out->sk, keys + KEY_LEN, KEY_LEN);
        seal_route_key(out->k_route, out->ek, space->id);
        seal_epoch_commit(kcom, SEAL_EK, out->ek, space->id, seal->epoch);
        TRY(digest_equal(kcom, epoch->kcom_ek, HASH_LEN) ? ERR_OK : ERR_COMMITMENT);
        out->member = true;
    } else {
        memcpy(out->k_route, keys, KEY_LEN);
    }
    seal_epoch_commit(kcom, SEAL_ROUTE, out->k_route, space->id, seal->epoch);
    TRY(digest_equal(kcom, epoch->kcom_route, HASH_LEN) ? ERR_OK : ERR_COMMITMENT);
    out->route = true;
    for (uint32_t e = seal->epoch; e > 1; e--) {
        const struct fold_epoch *newer = fold_epoch(space->fold, e);
        struct testkeys *old = &space->keys[e - 1];
        if (seal->type == SEAL_MEMBER)
            TRY(open_wrap(old->ek, newer->wrap_ek, space->keys[e].ek, SEAL_EK, space->id, e));
        TRY(open_wrap(old->k_route, newer->wrap_route, space->keys[e].k_route, SEAL_ROUTE,
                      space->id, e));
        old->route = true;
    }
out:
    return err;
}

static enum err take_keys(struct testdevice *device, struct testspace *space,
                          const struct message_row *row)
{
    enum err err = ERR_OK;
    space->n_slots = row->n_slots;
    for (size_t i = 0; i < row->n_slots && i < TESTDEVICE_QUEUE; i++)
        space->slots[i] = row->slots[i];
    space->n_seals = row->n_seals;
    for (size_t i = 0; i < row->n_seals; i++)
        TRY(take_seal(device, space, &row->seals[i]));
    space->keys_rev = row->keys_rev;
    space->n_lists = row->n_lists;
    for (size_t i = 0; i < row->n_lists; i++) {
        uint8_t hash[HASH_LEN];
        const struct message_list_lines *list = &row->lists[i];
        struct leaf leaf;
        TRY(list->leaf < space->tree.size ? ERR_OK : ERR_FORMAT);
        const struct testentry *entry = &space->entries[list->leaf];
        err = leaf_decode(&leaf, entry->header.bytes, entry->header.len, entry->sig);
        leaf_seals_hash(hash, list->lines, list->len / SEAL_LINE_LEN);
        if (err == ERR_OK && (!leaf.has_keys || !digest_equal(hash, leaf.keys, HASH_LEN)))
            err = ERR_SEALS;
        leaf_fini(&leaf);
        TRY(err);
    }
out:
    return err;
}

/* ---- items ---- */

static void unbuild(struct testspace *space)
{
    for (size_t i = 0; i < space->n_queue; i++) {
        if (space->queue[i]->sent)
            space->queue[i]->built = false;
    }
}

static enum err take_items(struct testspace *space, const struct message_row *row)
{
    enum err err = ERR_OK;
    const struct note *note = row->has_head ? &row->head : &row->note;
    space->refused = 0;
    space->refusal = ERR_OK;
    space->n_items = row->n_items;
    for (size_t i = 0; i < row->n_items; i++) {
        const struct message_item *item = &row->items[i];
        if (i < TESTDEVICE_QUEUE)
            space->items[i] = *item;
        if (item->list != LIST_LEAVES)
            continue;
        TRY(item->k < space->n_queue ? ERR_OK : ERR_FORMAT);
        struct testleaf *leaf = space->queue[item->k];
        if (item->status == ERR_OK) {
            uint8_t hash[HASH_LEN];
            leaf_entry_hash(hash, item->t_recv_ms, leaf->header.bytes, leaf->header.len, leaf->sig);
            TRY(tree_inclusion_verify(&item->proof, item->index, note->size, hash, note->root));
            space->accepted++;
            leaf->sent = false;
        } else if (item->status != ERR_AFTER_REFUSED) {
            if (space->refused++ == 0)
                space->refusal = item->status;
        }
    }
    if (space->refused > 0)
        unbuild(space);
out:
    return err;
}

/* What was accepted goes; what was refused for good goes too. The rest is sent again. */
static void clean_queue(struct testspace *space, size_t n_sent)
{
    size_t kept = 0;
    bool dropped = false;
    for (size_t i = 0; i < space->n_queue; i++) {
        struct testleaf *leaf = space->queue[i];
        bool first_refused = i < n_sent && leaf->sent && space->refused > 0 && !dropped;
        bool again = space->refusal == ERR_LOST_RACE || space->refusal == ERR_STALE_EPOCH ||
                     space->refusal == ERR_BUSY || space->refusal == ERR_QUOTA;
        bool drop = (i < n_sent && !leaf->sent) || (first_refused && !again);
        dropped |= first_refused;
        if (!drop) {
            space->queue[kept++] = leaf;
            continue;
        }
        op_fini(&leaf->op);
        for (size_t k = 0; k < 4; k++) {
            buf_free(&leaf->plain[k]);
            buf_free(&leaf->body[k]);
        }
        buf_free(&leaf->proof);
        buf_free(&leaf->header);
        buf_free(&leaf->seals);
        free(leaf);
    }
    space->n_queue = kept;
}

/* ---- a row ---- */

static enum err take_inbox(struct testspace *space, const struct message_row *row)
{
    space->n_waiting = space->n_bodies_wanted = 0;
    for (size_t i = 0; i < row->n_inbox; i++) {
        const struct message_inbox *item = &row->inbox[i];
        space->n_bodies_wanted += item->type == INBOX_BODY;
        if (item->type != INBOX_JOIN || space->n_waiting == TESTDEVICE_WAITING)
            continue;
        struct buf *waiting = &space->waiting[space->n_waiting++];
        buf_reset(waiting);
        buf_put(waiting, item->payload, item->payload_len);
    }
    return ERR_OK;
}

static enum err take_notes(struct testdevice *device, struct testspace *space,
                           const struct message_row *row)
{
    enum err err = ERR_OK;
    uint8_t root[HASH_LEN];
    tree_root(&space->tree, root);
    if (row->has_note) {
        TRY(check_note(device, space, &row->note));
        TRY(row->note.size == space->tree.size ? ERR_OK : ERR_ROOT);
        TRY(digest_equal(root, row->note.root, HASH_LEN) ? ERR_OK : ERR_ROOT);
        space->note = row->note;
    }
    if (row->has_head) {
        TRY(check_note(device, space, &row->head));
        TRY(tree_consistency_verify(&row->head_proof, space->tree.size, row->head.size, root,
                                    row->head.root));
    }
out:
    return err;
}

static enum err take_row(struct testdevice *device, struct testspace *space,
                         const struct message_row *row)
{
    enum err err = ERR_OK;
    uint64_t from = space->tree.size;
    size_t n_sent = space->n_queue;
    space->status = row->status;
    space->full = row->full;
    space->accepted = space->refused = 0;
    space->n_slots = space->n_seals = space->n_lists = space->n_items = 0;
    space->refusal = ERR_OK;
    space->n_inbox = space->n_rewrap = space->n_want = 0;
    space->n_waiting = space->n_got = 0;
    if (!row->full)
        return ERR_OK;
    space->more = row->more;
    space->server_size = row->size;
    space->n_stale = row->n_stale;
    space->n_got = row->n_leaves;
    if (row->status == ERR_ROLLBACK)
        return row->has_note ? check_note(device, space, &row->note) : ERR_OK;
    for (size_t i = 0; i < row->n_leaves; i++)
        TRY(take_entry(space, &row->leaves[i]));
    TRY(take_notes(device, space, row));
    TRY(row->n_leaves == 0 || row->has_note ? ERR_OK : ERR_WITHHELD);
    drop_logged(device, space, from);
    TRY(take_items(space, row));
    clean_queue(space, n_sent);
    TRY(take_keys(device, space, row));
    TRY(take_inbox(space, row));
    if (fold_device(space->fold, device->id)) {
        device->known = true;
        buf_reset(&space->join);
    }
out:
    return err;
}

enum err testdevice_response(struct testdevice *device, const uint8_t *bytes, size_t len)
{
    enum err err = ERR_OK;
    struct message_response response = {.n_rows = 0};
    TRY(message_response_open(&response, bytes, len, device->request.hash, device->server.resp_pk));
    device->status = response.status;
    device->server_time_ms = response.time_ms;
    memcpy(device->store_id, response.store_id, STORE_ID_LEN);
    if (response.status != ERR_OK)
        goto out;
    TRY(response.n_rows == device->request.n_rows ? ERR_OK : ERR_FORMAT);
    for (size_t i = 0; i < response.n_rows; i++)
        TRY(take_row(device, device->spaces[i], &response.rows[i]));
out:
    message_response_free(&response);
    return err;
}
