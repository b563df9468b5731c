/* SPDX-License-Identifier: Apache-2.0 */
#include "server/sync_page.h"

#include <string.h>

#include "proto/seal.h"
#include "server/logkey.h"
#include "server/metrics.h"

enum {
    ENTRY_BYTES = 96, /* around header and bodies */
    ENTRY_ELEMENTS = 5,
    PAGE_ENTRIES_MAX = 1 << 15
};

bool sync_page_take(struct sync_page *page, size_t bytes, size_t elements)
{
    if (bytes > page->bytes_left || elements > page->elements_left)
        return false;
    page->bytes_left -= bytes;
    page->elements_left -= elements;
    page->elements += elements;
    return true;
}

/* Takes it even when it does not fit: there is always one entry. */
static void take_anyway(struct sync_page *page, size_t bytes, size_t elements)
{
    page->bytes_left -= bytes < page->bytes_left ? bytes : page->bytes_left;
    page->elements_left -= elements < page->elements_left ? elements : page->elements_left;
    page->elements += elements;
}

static enum err node_of(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    struct sync_page *page = ctx;
    return page->view->engine->node(page->view, page->space.space, level, index, out);
}

/* Cosignatures over this very note. */
static void add_cosigs(const struct sync_page *page, struct note *note)
{
    struct note cosigned[WITNESSES_MAX];
    size_t n = store_cosigs_get(page->call->sync->config.cosigs, page->space.space, cosigned,
                                WITNESSES_MAX);
    for (size_t i = 0; i < n && note->n_cosigs < WITNESSES_MAX; i++) {
        if (cosigned[i].size == note->size && memcmp(cosigned[i].root, note->root, HASH_LEN) == 0)
            memcpy(note->cosigs[note->n_cosigs++], cosigned[i].cosigs[0], NOTE_COSIG_LEN);
    }
}

enum err sync_page_key(const struct sync_page *page, uint64_t size,
                       const struct serverkey_pair **pair)
{
    enum err err =
        logkey_at(page->call->sync->config.key, page->view, page->space.space, size, pair);
    return err == ERR_NO_KEY ? ERR_IO : err; /* the operator's to mend, nothing the client sent */
}

/* The stored note of a size, or one made now: Ed25519 is deterministic, so a size has one note, stored or not. */
static enum err note_of(struct sync_page *page, uint64_t size, struct note *note)
{
    enum err err = page->view->engine->note(page->view, page->space.space, size, note);
    if (err == ERR_NOT_FOUND) {
        *note = (struct note){.size = size};
        const struct serverkey_pair *pair = NULL;
        err = tree_root_at(note->root, size, node_of, page);
        if (err == ERR_OK)
            err = sync_page_key(page, size, &pair);
        if (err == ERR_OK)
            note_sign(note, page->origin, pair->secret->log_sk);
    }
    if (err == ERR_OK)
        add_cosigs(page, note);
    return err;
}

static enum err add_statement(struct sync_page *page, const struct serverkey_pair *pair,
                              uint64_t size, const uint8_t root[static HASH_LEN])
{
    struct message_row *out = page->out;
    struct buf payload = {.max = 1024};
    enum err err = sync_resume(page->call->sync, pair, page->row->space, size, root, &payload);
    uint8_t *copy = err == ERR_OK ? arena_copy(page->arena, payload.bytes, payload.len) : NULL;
    if (copy) {
        struct message_inbox *item = &out->inbox[out->n_inbox++];
        *item = (struct message_inbox){
            .type = INBOX_RESUME, .payload = copy, .payload_len = payload.len};
        memcpy(item->id, page->row->space, ID_LEN);
    } else if (err == ERR_OK) {
        err = ERR_MEMORY;
    }
    buf_free(&payload);
    return err;
}

/* Less than the client has: with the log key's word for it that this is a backup. The client may know a later key than
 * the backup: each from the backup's on says it. */
static enum err say_recovering(struct sync_page *page, uint64_t size,
                               const uint8_t root[static HASH_LEN])
{
    enum err err = ERR_OK;
    const struct serverkey *key = page->call->sync->config.key;
    const struct serverkey_pair *pair = &key->pairs[0];
    page->out->status = ERR_RECOVERING;
    page->out->inbox = arena_get(page->arena, SERVERKEY_PAIRS_MAX, sizeof *page->out->inbox);
    TRY(page->out->inbox ? ERR_OK : ERR_MEMORY);
    if (size > 0)
        TRY(sync_page_key(page, size, &pair));
    for (; pair <= serverkey_now(key); pair++)
        TRY(add_statement(page, pair, size, root));
out:
    return err;
}

enum err sync_page_lost(struct sync_page *page)
{
    const struct tree none = {0};
    uint8_t root[HASH_LEN];
    tree_root(&none, root);
    page->news = true;
    return say_recovering(page, 0, root);
}

/* The first contact since the restore of a device that has all entries: keys of its dossiers may be lost here. */
static bool may_lack_keys(const struct sync_page *page)
{
    const struct sync_call *call = page->call;
    return call->recovering && page->reader && page->size > 0 &&
           page->row->have_size == page->size &&
           memcmp(call->request.store_id, call->sync->store_id, STORE_ID_LEN) != 0;
}

bool sync_page_asks_note(const struct sync_page *page)
{
    const struct message_row *in = page->row->in;
    for (size_t i = 0; in && page->member.active && i < in->n_want; i++) {
        if (!in->want[i].is_row && in->want[i].leaf == 0 && in->want[i].box == 0)
            return true;
    }
    return false;
}

enum err sync_page_begin(struct sync_page *page)
{
    enum err err = ERR_OK;
    const struct serverkey *key = page->call->sync->config.key;
    const struct sync_row *row = page->row;
    const struct store_member *member = &page->member;
    struct message_row *out = page->out;
    TRY(note_origin(page->origin, key->log_name, strlen(key->log_name), page->space.space));
    out->status = member->active ? ERR_OK : ERR_REVOKED;
    page->size = member->active ? page->space.size : member->revoked + 1;
    page->reader = member->active && member->roles & ROLE_READER;
    page->bodies = member->active && !(page->call->flags & FLAG_HEADERS_ONLY) &&
                   (page->reader || page->call->flags & FLAG_ALL_BODIES);
    if (row->have_size > page->space.size) {
        out->status = ERR_ROLLBACK;
        page->size = page->space.size;
        page->news = true;
        if (page->size > 0) {
            out->has_note = true;
            TRY(note_of(page, page->size, &out->note));
        }
        if (page->call->recovering && page->size > 0)
            TRY(say_recovering(page, page->size, out->note.root));
    } else if (may_lack_keys(page)) {
        TRY(note_of(page, page->size, &out->note));
        out->has_note = page->news = true;
        TRY(say_recovering(page, page->size, out->note.root));
    } else if (row->have_size > page->size) {
        page->size = row->have_size;
    }
    if (!member->active && row->have_size >= page->size && !row->pushes)
        return ERR_REVOKED; /* it knows already */
    page->end = row->have_size;
    out->size = page->size;
    page->news |= !member->active;
out:
    return err;
}

/* ---- keys ---- */

enum { SLOT_BYTES = ID_LEN + SLOT_LEN + 16, SLOT_ELEMENTS = 4 };

struct keys {
    struct sync_page *page;
    size_t cap_slots, cap_seals;
    size_t bytes_left; /* keys take at most half of what is left, entries must come forward too */
    uint64_t rev_max;  /* nothing beyond this rev was delivered */
    bool cut;
};

/* A page-sized array that doubles inside the arena. */
static void *grow(struct arena *arena, void *rows, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return rows;
    size_t more = *cap ? 2 * *cap : 64;
    void *bigger = arena_get(arena, more, size);
    if (bigger && n > 0)
        memcpy(bigger, rows, n * size);
    *cap = bigger ? more : *cap;
    return bigger;
}

static enum err add_slot(void *ctx, const struct store_slot *slot)
{
    struct keys *keys = ctx;
    struct sync_page *page = keys->page;
    struct message_row *out = page->out;
    if (out->n_slots >= PUSH_KEYS_MAX || keys->bytes_left < SLOT_BYTES ||
        !sync_page_take(page, SLOT_BYTES, SLOT_ELEMENTS)) {
        keys->cut = true;
        keys->rev_max = slot->rev - 1;
        return ERR_TOO_BIG;
    }
    keys->bytes_left -= SLOT_BYTES;
    out->slots = grow(page->arena, out->slots, out->n_slots, &keys->cap_slots, sizeof *out->slots);
    if (!out->slots)
        return ERR_MEMORY;
    out->slots[out->n_slots++] = slot->slot;
    return ERR_OK;
}

static enum err add_seal(void *ctx, const struct store_seal *seal)
{
    struct keys *keys = ctx;
    struct sync_page *page = keys->page;
    struct message_row *out = page->out;
    /* Keys may be a moment ahead of the log that this snapshot shows. */
    if (seal->index >= page->space.size) {
        keys->rev_max = seal->rev - 1 < keys->rev_max ? seal->rev - 1 : keys->rev_max;
        return ERR_OK;
    }
    if (seal->rev > keys->rev_max)
        return ERR_OK;
    if (out->n_seals >= PUSH_KEYS_MAX) {
        keys->cut = true;
        keys->rev_max = seal->rev - 1;
        return ERR_TOO_BIG;
    }
    take_anyway(page, SEAL_LEN_MAX + ID_LEN + 16, 5);
    out->seals = grow(page->arena, out->seals, out->n_seals, &keys->cap_seals, sizeof *out->seals);
    uint8_t *copy = arena_copy(page->arena, seal->seal.seal, seal->seal.seal_len);
    if (!out->seals || !copy)
        return ERR_MEMORY;
    out->seals[out->n_seals] = seal->seal;
    out->seals[out->n_seals++].seal = copy;
    return ERR_OK;
}

enum err sync_page_keys(struct sync_page *page)
{
    enum err err = ERR_OK;
    const struct sync_row *row = page->row;
    const uint8_t *device = page->call->request.device;
    struct store_view *view = page->view;
    struct keys keys = {.page = page, .bytes_left = page->bytes_left / 2};
    page->out->keys_rev = row->keys_rev;
    if (!page->member.active)
        return ERR_OK;
    TRY(view->engine->keys_rev(view, page->space.space, &keys.rev_max));
    if (keys.rev_max <= row->keys_rev)
        return ERR_OK;
    if (page->reader) {
        /* What the device sent itself it has, unless it begins afresh. */
        err = view->engine->slots(view, page->space.space, row->keys_rev,
                                  row->keys_rev > 0 ? device : NULL, add_slot, &keys);
        TRY(err == ERR_TOO_BIG ? ERR_OK : err);
    }
    err = view->engine->seals_for(view, page->space.space, device, row->keys_rev, add_seal, &keys);
    TRY(err == ERR_TOO_BIG ? ERR_OK : err);
    page->out->keys_rev = keys.rev_max > row->keys_rev ? keys.rev_max : row->keys_rev;
    page->out->more |= keys.cut;
    page->news |= page->out->n_slots > 0 || page->out->n_seals > 0;
out:
    return err;
}

/* ---- entries ---- */

struct entries {
    struct sync_page *page;
    size_t cap;
    size_t leaf_at; /* next pushed leaf of the row that may stand in the page */
    /* the entry whose bodies are being read */
    struct message_leaf *leaf;
    bool hashes;
    size_t bytes;
    struct leaf_body bodies[BOXES_MAX];
};

static enum err add_body(void *ctx, uint64_t index, uint16_t box,
                         const uint8_t hash[static HASH_LEN], const uint8_t *body, size_t len)
{
    (void)index;
    struct entries *entries = ctx;
    struct message_leaf *leaf = entries->leaf;
    struct arena *arena = entries->page->arena;
    bool present = len > 0 && !entries->hashes;
    if (box != leaf->n_bodies || box >= BOXES_MAX)
        return ERR_CORRUPT;
    struct leaf_body *out = &entries->bodies[leaf->n_bodies++];
    out->len = present ? len : HASH_LEN;
    out->bytes = arena_copy(arena, present ? body : hash, out->len);
    entries->bytes += out->len + 5;
    return out->bytes ? ERR_OK : ERR_MEMORY;
}

/* The number of a pushed leaf that is logged at `index`; accepted leaves stand in ascending order. */
static bool own_leaf(struct entries *entries, uint64_t index, uint32_t *k)
{
    const struct sync_row *row = entries->page->row;
    while (entries->leaf_at < row->n_leaves) {
        const struct sync_leaf *leaf = &row->leaves[entries->leaf_at];
        if (leaf->accepted && leaf->index >= index) {
            *k = (uint32_t)entries->leaf_at;
            return leaf->index == index;
        }
        entries->leaf_at++;
    }
    return false;
}

static enum err fill_entry(struct entries *entries, const struct store_entry *entry,
                           struct message_leaf *leaf)
{
    enum err err = ERR_OK;
    struct sync_page *page = entries->page;
    bool data = kind_has_route(entry->kind);
    leaf->header_len = entry->header_len;
    leaf->header = arena_copy(page->arena, entry->header, entry->header_len);
    memcpy(leaf->sig, entry->sig, SIG_LEN);
    TRY(leaf->header ? ERR_OK : ERR_MEMORY);
    entries->leaf = leaf;
    entries->bytes = entry->header_len;
    /* Bodies of operations are for every member: labels, packs, audit texts. */
    entries->hashes =
        !page->bodies && (data || !page->member.active || page->call->flags & FLAG_HEADERS_ONLY);
    TRY(page->view->engine->bodies(page->view, page->space.space, entry->index, entry->index + 1,
                                   add_body, entries));
    leaf->bodies = arena_copy(page->arena, entries->bodies, leaf->n_bodies * sizeof *leaf->bodies);
    TRY(leaf->bodies ? ERR_OK : ERR_MEMORY);
out:
    return err;
}

static enum err add_entry(void *ctx, const struct store_entry *entry)
{
    enum err err = ERR_OK;
    struct entries *entries = ctx;
    struct sync_page *page = entries->page;
    struct message_row *out = page->out;
    if (entry->index != page->end)
        return ERR_CORRUPT;
    if (out->n_leaves >= PAGE_ENTRIES_MAX)
        return ERR_TOO_BIG;
    out->leaves = grow(page->arena, out->leaves, out->n_leaves, &entries->cap, sizeof *out->leaves);
    TRY(out->leaves ? ERR_OK : ERR_MEMORY);
    struct message_leaf *leaf = &out->leaves[out->n_leaves];
    *leaf = (struct message_leaf){.t_recv_ms = entry->t_recv_ms};
    leaf->own = own_leaf(entries, entry->index, &leaf->k);
    entries->bytes = 0;
    if (!leaf->own)
        TRY(fill_entry(entries, entry, leaf));
    size_t bytes = entries->bytes + (leaf->own ? 16 : ENTRY_BYTES);
    size_t elements = leaf->n_bodies + ENTRY_ELEMENTS;
    if (!sync_page_take(page, bytes, elements)) {
        if (out->n_leaves > 0)
            return ERR_TOO_BIG;
        take_anyway(page, bytes, elements);
    }
    out->n_leaves++;
    page->end++;
out:
    return err;
}

/* The page's note, and where it ends early the newest one with the proof that they agree. */
static enum err add_notes(struct sync_page *page)
{
    enum err err = ERR_OK;
    struct message_row *out = page->out;
    const struct sync_row *row = page->row;
    out->has_note = page->end > 0 &&
                    (page->end > row->have_size || row->n_leaves > 0 || sync_page_asks_note(page));
    if (out->has_note)
        TRY(note_of(page, page->end, &out->note));
    if (page->end == page->size)
        return ERR_OK;
    out->more = true;
    const struct serverkey_pair *here = NULL, *there = NULL;
    if (page->end > 0)
        TRY(sync_page_key(page, page->end, &here));
    TRY(sync_page_key(page, page->size, &there));
    if (here && here != there)
        return ERR_OK; /* its key is handed over in a later page: nobody could verify it yet */
    err = note_of(page, page->size, &out->head);
    if (err == ERR_OK)
        err = tree_consistency(&out->head_proof, page->end, page->size, node_of, page);
    out->has_head = err == ERR_OK;
    /* A store that lost an entry has no proof beyond it; what stands before it is still good. */
    err = err == ERR_CORRUPT ? ERR_OK : err;
out:
    return err;
}

enum err sync_page_entries(struct sync_page *page)
{
    enum err err = ERR_OK;
    struct entries entries = {.page = page};
    const struct sync_row *row = page->row;
    /* A row that finds the budget used up by others waits for the next answer. */
    if (row->have_size < page->size && page->bytes_left > 0 && page->elements_left > 0) {
        err = page->view->engine->entries(page->view, page->space.space, row->have_size, page->size,
                                          add_entry, &entries);
        /* A page ends before an entry that the store has lost: whoever asks for that one next can name it. */
        bool cut = err == ERR_TOO_BIG || err == ERR_CORRUPT;
        TRY(cut ? ERR_OK : err);
    }
    page->news |= row->have_size < page->size;
    metrics_add(METRIC_LEAVES_SENT, page->out->n_leaves);
    TRY(add_notes(page));
out:
    return err;
}

/* ---- items ---- */

/* A leaf outside of the page is answered by itself, with its place in the newest tree that the answer names. */
static enum err leaf_item(struct sync_page *page, size_t k)
{
    const struct sync_leaf *leaf = &page->row->leaves[k];
    struct message_item *item = &page->out->items[page->out->n_items];
    if (leaf->accepted && leaf->index >= page->row->have_size && leaf->index < page->end)
        return ERR_OK;
    page->out->n_items++;
    *item = (struct message_item){.list = LIST_LEAVES,
                                  .k = (uint32_t)k,
                                  .status = leaf->accepted ? ERR_OK : leaf->status,
                                  .last_seq = leaf->last_seq,
                                  .has_last = leaf->has_last};
    memcpy(item->last_hash, leaf->last_hash, HASH_LEN);
    if (!leaf->accepted)
        return ERR_OK;
    item->index = leaf->index;
    item->t_recv_ms = leaf->t_recv_ms;
    if (leaf->index >= page->size)
        return ERR_OK;
    return tree_inclusion(&item->proof, leaf->index, page->size, node_of, page);
}

enum err sync_page_items(struct sync_page *page)
{
    enum err err = ERR_OK;
    const struct sync_row *row = page->row;
    page->out->items =
        arena_get(page->arena, row->n_leaves + row->n_items, sizeof *page->out->items);
    TRY(page->out->items ? ERR_OK : ERR_MEMORY);
    for (size_t k = 0; k < row->n_leaves; k++)
        TRY(leaf_item(page, k));
    for (size_t i = 0; i < row->n_items; i++)
        page->out->items[page->out->n_items++] = row->items[i];
    for (size_t i = 0; i < page->out->n_items; i++)
        take_anyway(page, 64 + page->out->items[i].proof.n * (HASH_LEN + 2u),
                    9 + page->out->items[i].proof.n);
out:
    return err;
}
