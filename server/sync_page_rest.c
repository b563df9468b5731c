/* SPDX-License-Identifier: Apache-2.0
 *
 * The rest of a row: seal lists, stale slots, what was wanted, and who waits at the door.
 */
#include <string.h>

#include "server/store_blob.h"
#include "server/sync_page.h"

enum { REKEYS_MAX = 128 };

/* ---- seal lists ---- */

struct lists {
    struct sync_page *page;
    size_t cap;
};

static bool names_device(const struct buf *lines, const uint8_t device[static ID_LEN])
{
    for (size_t at = 0; at + SEAL_LINE_LEN <= lines->len; at += SEAL_LINE_LEN) {
        if (memcmp(lines->bytes + at, device, ID_LEN) == 0)
            return true;
    }
    return false;
}

/* Lists that concern the asking device: of the current epoch, or its own admission. */
static enum err add_list(void *ctx, const struct store_entry *entry)
{
    enum err err = ERR_OK;
    struct lists *lists = ctx;
    struct sync_page *page = lists->page;
    struct message_row *out = page->out;
    struct buf lines = {.max = DEVICES_MAX * SEAL_LINE_LEN};
    bool kind = entry->kind == KIND_DEVICE_ADD || entry->kind == KIND_ROLE_SET ||
                entry->kind == KIND_CONFIRM ||
                (entry->kind == KIND_EPOCH_CHANGE && entry->index == page->space.epoch_index);
    if (!kind || out->n_lists >= lists->cap)
        return ERR_OK;
    TRY(page->view->engine->seal_lines(page->view, page->space.space, entry->index, &lines));
    if (!names_device(&lines, page->call->request.device))
        goto out;
    struct message_list_lines *list = &out->lists[out->n_lists];
    list->leaf = entry->index;
    list->len = lines.len;
    list->lines = arena_copy(page->arena, lines.bytes, lines.len);
    TRY(list->lines ? ERR_OK : ERR_MEMORY);
    out->n_lists++;
    sync_page_take(page, lines.len + 16, 3);
out:
    buf_free(&lines);
    return err;
}

static enum err add_lists(struct sync_page *page)
{
    struct lists lists = {.page = page, .cap = 64};
    if (!page->member.active || page->end == page->row->have_size)
        return ERR_OK;
    page->out->lists = arena_get(page->arena, lists.cap, sizeof *page->out->lists);
    if (!page->out->lists)
        return ERR_MEMORY;
    return page->view->engine->entries(page->view, page->space.space, page->row->have_size,
                                       page->end, add_list, &lists);
}

/* ---- stale rows ---- */

static enum err add_stale(void *ctx, const struct store_slot *slot)
{
    struct sync_page *page = ctx;
    if (!page->out->stale)
        page->out->stale = arena_get(page->arena, STALE_MAX, ID_LEN);
    if (!page->out->stale)
        return ERR_MEMORY;
    memcpy(page->out->stale[page->out->n_stale++], slot->slot.row, ID_LEN);
    return ERR_OK;
}

static enum err add_stales(struct sync_page *page)
{
    bool asks = page->news || page->row->pushes;
    if (!page->reader || !(page->member.roles & ROLES_REWRAP) || page->out->more || !asks)
        return ERR_OK;
    return page->view->engine->slots_stale(page->view, page->space.space, page->space.epoch,
                                           STALE_MAX, add_stale, page);
}

/* ---- wanted ---- */

enum err sync_page_inbox(struct sync_page *page, enum inbox_type type,
                         const uint8_t id[static ID_LEN], const uint8_t *payload, size_t len)
{
    struct message_row *out = page->out;
    if (out->n_inbox >= INBOX_MAX || !sync_page_take(page, len + 32, 4)) {
        /* What alone is larger than a whole answer's budget goes out alone. */
        if (out->n_inbox > 0 || out->n_leaves > 0 || out->n_inbox >= INBOX_MAX) {
            out->more = true;
            return ERR_TOO_BIG;
        }
    }
    if (!out->inbox)
        out->inbox = arena_get(page->arena, INBOX_MAX, sizeof *out->inbox);
    if (!out->inbox)
        return ERR_MEMORY;
    struct message_inbox *item = &out->inbox[out->n_inbox];
    item->type = type;
    memcpy(item->id, id, ID_LEN);
    item->payload_len = len;
    item->payload = arena_copy(page->arena, payload, len);
    if (!item->payload)
        return ERR_MEMORY;
    out->n_inbox++;
    return ERR_OK;
}

static enum err add_wanted_body(void *ctx, uint64_t index, uint16_t box,
                                const uint8_t hash[static HASH_LEN], const uint8_t *body,
                                size_t len)
{
    struct sync_page *page = ctx;
    static const uint8_t nobody[ID_LEN];
    struct buf payload = {.max = BODY_MAX + 64};
    struct message_body out = {
        .leaf = index, .box = box, .bytes = len > 0 ? body : hash, .len = len > 0 ? len : HASH_LEN};
    message_body_encode(&payload, &out);
    enum err err = payload.err;
    if (err == ERR_OK)
        err = sync_page_inbox(page, INBOX_BODY, nobody, payload.bytes, payload.len);
    buf_free(&payload);
    return err;
}

/* One body of a leaf; the listing gives all of them. */
struct pick {
    struct sync_page *page;
    uint16_t box;
};

static enum err pick_body(void *ctx, uint64_t index, uint16_t box,
                          const uint8_t hash[static HASH_LEN], const uint8_t *body, size_t len)
{
    struct pick *pick = ctx;
    return box == pick->box ? add_wanted_body(pick->page, index, box, hash, body, len) : ERR_OK;
}

struct kind {
    bool found, data;
};

static enum err look_at_kind(void *ctx, const struct store_entry *entry)
{
    struct kind *kind = ctx;
    kind->found = true;
    kind->data = kind_has_route(entry->kind);
    return ERR_OK;
}

static enum err want_body(struct sync_page *page, const struct message_want *want)
{
    enum err err = ERR_OK;
    struct pick pick = {.page = page, .box = want->box};
    struct kind kind = {.found = false};
    struct store_view *view = page->view;
    if (want->leaf >= page->size)
        return ERR_OK;
    TRY(view->engine->entries(view, page->space.space, want->leaf, want->leaf + 1, look_at_kind,
                              &kind));
    /* Who names a body by its place may have it even where pages carry hashes only, if it may read it. */
    bool may = page->reader || page->call->flags & FLAG_ALL_BODIES || !kind.data;
    if (kind.found && may)
        TRY(view->engine->bodies(view, page->space.space, want->leaf, want->leaf + 1, pick_body,
                                 &pick));
out:
    return err;
}

static enum err want_row(struct sync_page *page, const struct message_want *want, size_t cap)
{
    struct message_row *out = page->out;
    struct store_slot slot;
    if (!page->reader || out->n_slots >= cap)
        return ERR_OK;
    enum err err = page->view->engine->slot(page->view, page->space.space, want->row, &slot);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_OK) {
        out->slots[out->n_slots++] = slot.slot;
        sync_page_take(page, ID_LEN + SLOT_LEN + 16, 4);
    }
    return err;
}

/* ---- how far erasures are ---- */

static enum err add_progress_line(void *ctx, const struct store_member *member)
{
    struct buf *lines = ctx;
    if (member->active && member->erased_upto > 0) {
        buf_put(lines, member->device, ID_LEN);
        buf_u64be(lines, member->erased_upto);
    }
    return lines->err;
}

/* What the devices said, for whoever has to tell a person that it is done. */
static enum err want_progress(struct sync_page *page)
{
    static const uint8_t nobody[ID_LEN];
    struct buf lines = {.max = INBOX_ITEM_MAX};
    if (!(page->member.roles & ROLES_ADMIT))
        return ERR_OK;
    enum err err =
        page->view->engine->members(page->view, page->space.space, add_progress_line, &lines);
    if (err == ERR_OK && lines.len > 0)
        err = sync_page_inbox(page, INBOX_ERASED, nobody, lines.bytes, lines.len);
    buf_free(&lines);
    return err;
}

static bool is_zero_row(const uint8_t row[static ID_LEN])
{
    static const uint8_t zero[ID_LEN];
    return memcmp(row, zero, ID_LEN) == 0;
}

static enum err add_wanted(struct sync_page *page)
{
    enum err err = ERR_OK;
    const struct message_row *in = page->row->in;
    struct message_row *out = page->out;
    if (!in || in->n_want == 0 || !page->member.active)
        return ERR_OK;
    page->news = true;
    size_t cap = out->n_slots + in->n_want;
    if (cap > PUSH_KEYS_MAX)
        cap = PUSH_KEYS_MAX;
    struct leaf_slot *slots = arena_get(page->arena, cap, sizeof *slots);
    TRY(slots ? ERR_OK : ERR_MEMORY);
    if (out->n_slots > 0)
        memcpy(slots, out->slots, out->n_slots * sizeof *slots);
    out->slots = slots;
    for (size_t i = 0; i < in->n_want; i++) {
        if (in->want[i].is_row && is_zero_row(in->want[i].row))
            TRY(want_progress(page));
        else if (in->want[i].is_row)
            TRY(want_row(page, &in->want[i], cap));
        else
            TRY(want_body(page, &in->want[i]));
    }
out:
    return err == ERR_TOO_BIG ? ERR_OK : err;
}

/* What witnesses cosigned of earlier sizes. */
static enum err add_cosigned(struct sync_page *page)
{
    enum err err = ERR_OK;
    static const uint8_t nobody[ID_LEN];
    struct note notes[WITNESSES_MAX];
    size_t n =
        store_cosigs_get(page->call->sync->config.cosigs, page->space.space, notes, WITNESSES_MAX);
    for (size_t i = 0; i < n && sync_page_asks_note(page); i++) {
        struct buf payload = {.max = 4096};
        if (notes[i].size == page->end || notes[i].size > page->size)
            continue;
        message_note_encode(&payload, &notes[i]);
        err = payload.err;
        if (err == ERR_OK)
            err = sync_page_inbox(page, INBOX_NOTE, nobody, payload.bytes, payload.len);
        buf_free(&payload);
        TRY(err);
    }
out:
    return err == ERR_TOO_BIG ? ERR_OK : err;
}

/* ---- who waits ---- */

/* Large, and kept by whoever has received it: given once, like a key. */
static enum err add_outbox(struct sync_page *page, const struct store_inbox *item)
{
    if (item->rev <= page->row->keys_rev)
        return ERR_OK;
    page->news = true;
    enum err err =
        sync_page_inbox(page, INBOX_OUTBOX, item->device, item->payload, item->payload_len);
    if (err == ERR_TOO_BIG && page->out->keys_rev >= item->rev)
        page->out->keys_rev = item->rev - 1;
    return err;
}

static enum err add_waiting(void *ctx, const struct store_inbox *item)
{
    struct sync_page *page = ctx;
    uint8_t roles = page->member.roles;
    bool ends = item->type == INBOX_JOIN || item->type == INBOX_KEYS;
    bool expired = ends && item->expires_s < page->now_ms / 1000;
    bool mine = item->type == INBOX_OUTBOX ? roles & ROLE_STEWARD : roles & ROLES_ADMIT;
    if (item->type == INBOX_KEYS)
        mine = memcmp(item->invite, page->call->request.device, ID_LEN) == 0;
    if (!mine || expired || item->state != STORE_INBOX_WAITING)
        return ERR_OK;
    if (item->type == INBOX_OUTBOX)
        return add_outbox(page, item);
    page->waiting = true;
    page->news |= item->rev > page->row->keys_rev;
    return sync_page_inbox(page, (enum inbox_type)item->type, item->device, item->payload,
                           item->payload_len);
}

/* ---- new keys of the server ---- */

/* What an admin is asked to put into the log: the newest pair, with the word of the one in force. Until one does it is
 * worth a full row, and wakes nobody. */
static enum err add_key_offer(struct sync_page *page)
{
    enum err err = ERR_OK;
    static const uint8_t nobody[ID_LEN];
    const struct serverkey *key = page->call->sync->config.key;
    const struct serverkey_pair *now = serverkey_now(key), *in_force = now;
    struct op_key_offer offer;
    uint8_t payload[KEY_OFFER_LEN];
    if (!page->member.active || !(page->member.roles & ROLE_ADMIN) || page->out->more ||
        key->n == 1)
        return ERR_OK;
    TRY(sync_page_key(page, page->size, &in_force));
    if (in_force == now)
        return ERR_OK;
    memcpy(offer.log_pk, now->log_pk, PK_LEN);
    memcpy(offer.resp_pk, now->resp_pk, PK_LEN);
    TRY(serverkey_hand_over(offer.old_sig, in_force, now, page->space.space));
    op_key_offer_put(payload, &offer);
    page->waiting = true;
    err = sync_page_inbox(page, INBOX_LOG_KEY, nobody, payload, sizeof payload);
out:
    return err == ERR_TOO_BIG ? ERR_OK : err;
}

/* ---- attachments ---- */

static enum err give_piece(struct sync_page *page, const struct message_inbox *in)
{
    struct message_piece piece;
    struct buf bytes = {.max = BLOB_PIECE_MAX}, payload = {.max = INBOX_ITEM_MAX};
    const char *folder = page->call->sync->config.folder;
    enum err err = ERR_OK;
    if (!folder || message_piece_decode(&piece, in->payload, in->payload_len) != ERR_OK)
        return ERR_OK;
    err = store_blob_get(folder, page->space.space, in->id, &piece, BLOB_PIECE_MAX, &bytes);
    if (err == ERR_OK) {
        piece.bytes = bytes.bytes;
        piece.len = bytes.len;
        message_piece_encode(&payload, &piece);
        err = payload.err;
    }
    if (err == ERR_OK)
        err = sync_page_inbox(page, INBOX_GIVEN, in->id, payload.bytes, payload.len);
    buf_free(&bytes);
    buf_free(&payload);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err give_pieces(struct sync_page *page)
{
    enum err err = ERR_OK;
    const struct message_row *in = page->row->in;
    for (size_t i = 0; in && page->reader && i < in->n_inbox; i++) {
        if (in->inbox[i].type == INBOX_FETCH)
            TRY(give_piece(page, &in->inbox[i]));
    }
out:
    return err == ERR_TOO_BIG ? ERR_OK : err;
}

/* ---- the newest box keys, for a removed device ---- */

struct rekeys {
    struct sync_page *page;
    size_t n;
    uint64_t newest[REKEYS_MAX]; /* entries to give, one of each device */
    uint8_t device[REKEYS_MAX][ID_LEN];
    bool give;
};

static enum err give_rekey(struct rekeys *rekeys, const struct store_entry *entry,
                           const uint8_t device[static ID_LEN])
{
    struct message_successor leaf = {.header = entry->header, .header_len = entry->header_len};
    struct buf payload = {.max = INBOX_ITEM_MAX};
    memcpy(leaf.sig, entry->sig, SIG_LEN);
    message_successor_encode(&payload, &leaf);
    enum err err = payload.err;
    if (err == ERR_OK)
        err = sync_page_inbox(rekeys->page, INBOX_REKEY, device, payload.bytes, payload.len);
    buf_free(&payload);
    return err;
}

static enum err see_rekey(void *ctx, const struct store_entry *entry)
{
    struct rekeys *rekeys = ctx;
    struct leaf leaf;
    size_t i = 0;
    if (entry->kind != KIND_DEVICE_REKEY || entry->index <= rekeys->page->member.revoked)
        return ERR_OK;
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err != ERR_OK)
        return err == ERR_MEMORY ? err : ERR_OK;
    while (i < rekeys->n && memcmp(rekeys->device[i], leaf.device, ID_LEN) != 0)
        i++;
    if (rekeys->give) {
        if (i < rekeys->n && rekeys->newest[i] == entry->index)
            err = give_rekey(rekeys, entry, leaf.device);
    } else if (i < REKEYS_MAX) {
        memcpy(rekeys->device[i], leaf.device, ID_LEN);
        rekeys->newest[i] = entry->index;
        rekeys->n = i < rekeys->n ? rekeys->n : i + 1;
    }
    leaf_fini(&leaf);
    return err;
}

/* What it has not sent it seals to stewards, whose box keys of then may be gone. It believes the leaves' signatures. */
static enum err add_rekeys(struct sync_page *page)
{
    enum err err = ERR_OK;
    struct rekeys rekeys = {.page = page};
    if (page->member.active)
        return ERR_OK;
    for (int turn = 0; turn < 2; turn++) {
        rekeys.give = turn == 1;
        TRY(page->view->engine->control_entries(page->view, page->space.space, see_rekey, &rekeys));
    }
out:
    return err == ERR_TOO_BIG ? ERR_OK : err;
}

enum err sync_page_rest(struct sync_page *page)
{
    enum err err = ERR_OK;
    TRY(add_lists(page));
    TRY(add_wanted(page));
    TRY(give_pieces(page));
    TRY(add_cosigned(page));
    TRY(add_key_offer(page));
    TRY(add_rekeys(page));
    if (page->member.active && page->member.roles & (ROLES_ADMIT | ROLE_STEWARD | ROLE_AUDITOR)) {
        err = page->view->engine->inbox(page->view, page->space.space, add_waiting, page);
        TRY(err == ERR_TOO_BIG ? ERR_OK : err);
    }
    TRY(add_stales(page));
    TRY(sync_page_successor(page));
out:
    return err;
}
