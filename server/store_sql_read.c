/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the log: one function per question, each a statement that its connection keeps.
 */
#include <assert.h>
#include <string.h>

#include "server/store_sql.h"

static struct sq *log_of(struct store_view *view)
{
    assert(view);
    return &((struct sq_view *)view)->log;
}

static enum err note_row(struct sq *log, enum sq_statement id, struct note *note)
{
    enum err err = ERR_OK;
    size_t len;
    memset(note, 0, sizeof *note);
    note->size = sq_column(log, id, 0);
    TRY(sq_column_bytes(log, id, 1, note->root, HASH_LEN));
    TRY(sq_column_bytes(log, id, 2, note->sig, SIG_LEN));
    const uint8_t *cosigs = sq_column_blob(log, id, 3, &len);
    if (len % NOTE_COSIG_LEN != 0 || len > sizeof note->cosigs)
        return ERR_CORRUPT;
    if (len > 0)
        memcpy(note->cosigs, cosigs, len);
    note->n_cosigs = (unsigned)(len / NOTE_COSIG_LEN);
out:
    return err;
}

static enum err log_note(struct store_view *view, const uint8_t space[static ID_LEN], uint64_t size,
                         struct note *out)
{
    enum err err = ERR_OK;
    struct sq *log = log_of(view);
    TRY(sq_start(log, SQ_NOTE, SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(size))));
    TRY(sq_step(log, SQ_NOTE));
    TRY(note_row(log, SQ_NOTE, out));
out:
    sq_reset(log, SQ_NOTE);
    return err;
}

static enum err log_meta(struct store_view *view, const char *name, void *value, size_t *len)
{
    enum err err = ERR_OK;
    struct sq *log = log_of(view);
    TRY(sq_start(log, SQ_META, SQ_ARGS(SQ_BLOB(name, strlen(name)))));
    TRY(sq_step(log, SQ_META));
    size_t have;
    const uint8_t *bytes = sq_column_blob(log, SQ_META, 0, &have);
    TRY(have <= *len ? ERR_OK : ERR_TOO_BIG);
    if (have > 0)
        memcpy(value, bytes, have);
    *len = have;
out:
    sq_reset(log, SQ_META);
    return err;
}

static enum err log_links(struct store_view *view, uint8_t pks[][PK_LEN], bool *used, size_t *n)
{
    struct sq *log = log_of(view);
    *n = 0;
    enum err err = sq_start(log, SQ_LINKS, SQ_ARGS(SQ_NUM(STORE_LINKS_MAX)));
    while (err == ERR_OK) {
        TRY(sq_step(log, SQ_LINKS));
        TRY(sq_column_bytes(log, SQ_LINKS, 0, pks[*n], PK_LEN));
        used[(*n)++] = sq_column(log, SQ_LINKS, 1) != 0;
    }
out:
    sq_reset(log, SQ_LINKS);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err space_row(struct sq *log, enum sq_statement id, struct store_space *space)
{
    space->size = sq_column(log, id, 1);
    space->t_recv_ms = sq_column(log, id, 2);
    space->epoch = (uint32_t)sq_column(log, id, 3);
    space->epoch_index = sq_column(log, id, 4);
    return sq_column_bytes(log, id, 0, space->space, ID_LEN);
}

static enum err log_space(struct store_view *view, const uint8_t id[static ID_LEN],
                          struct store_space *out)
{
    enum err err = ERR_OK;
    struct sq *log = log_of(view);
    TRY(sq_start(log, SQ_SPACE, SQ_ARGS(SQ_BLOB(id, ID_LEN))));
    TRY(sq_step(log, SQ_SPACE));
    TRY(space_row(log, SQ_SPACE, out));
out:
    sq_reset(log, SQ_SPACE);
    return err;
}

static enum err log_spaces(struct store_view *view, store_space_fn fn, void *ctx)
{
    struct sq *log = log_of(view);
    enum err err = sq_start(log, SQ_SPACES, NULL, 0);
    while (err == ERR_OK) {
        struct store_space space;
        err = sq_step(log, SQ_SPACES);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            break;
        }
        TRY(err);
        TRY(space_row(log, SQ_SPACES, &space));
        err = fn(ctx, &space);
    }
out:
    sq_reset(log, SQ_SPACES);
    return err;
}

static enum err log_device(struct store_view *view, const uint8_t device[static ID_LEN],
                           uint8_t ed_pk[static PK_LEN])
{
    enum err err = ERR_OK;
    struct sq *log = log_of(view);
    TRY(sq_start(log, SQ_DEVICE, SQ_ARGS(SQ_BLOB(device, ID_LEN))));
    TRY(sq_step(log, SQ_DEVICE));
    TRY(sq_column_bytes(log, SQ_DEVICE, 0, ed_pk, PK_LEN));
out:
    sq_reset(log, SQ_DEVICE);
    return err;
}

static enum err member_row(struct sq *log, enum sq_statement id, struct store_member *member)
{
    enum err err = ERR_OK;
    TRY(sq_column_bytes(log, id, 0, member->space, ID_LEN));
    TRY(sq_column_bytes(log, id, 1, member->device, ID_LEN));
    TRY(sq_column_bytes(log, id, 2, member->ed_pk, PK_LEN));
    member->roles = (uint8_t)sq_column(log, id, 3);
    member->active = sq_column(log, id, 4) != 0;
    member->added = sq_column(log, id, 5);
    member->revoked = sq_column(log, id, 6);
    member->erased_upto = sq_column(log, id, 7);
out:
    return err;
}

static enum err log_member(struct store_view *view, const uint8_t space[static ID_LEN],
                           const uint8_t device[static ID_LEN], struct store_member *out)
{
    enum err err = ERR_OK;
    struct sq *log = log_of(view);
    TRY(sq_start(log, SQ_MEMBER, SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_BLOB(device, ID_LEN))));
    TRY(sq_step(log, SQ_MEMBER));
    TRY(member_row(log, SQ_MEMBER, out));
out:
    sq_reset(log, SQ_MEMBER);
    return err;
}

static enum err log_members(struct store_view *view, const uint8_t space[static ID_LEN],
                            store_member_fn fn, void *ctx)
{
    struct sq *log = log_of(view);
    enum err err = sq_start(log, SQ_MEMBERS, SQ_ARGS(SQ_BLOB(space, ID_LEN)));
    while (err == ERR_OK) {
        struct store_member member;
        err = sq_step(log, SQ_MEMBERS);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            break;
        }
        TRY(err);
        TRY(member_row(log, SQ_MEMBERS, &member));
        err = fn(ctx, &member);
    }
out:
    sq_reset(log, SQ_MEMBERS);
    return err;
}

static enum err entry_row(struct sq *log, enum sq_statement id, struct store_entry *entry)
{
    enum err err = ERR_OK;
    size_t len;
    TRY(sq_column_bytes(log, id, 0, entry->space, ID_LEN));
    entry->index = sq_column(log, id, 1);
    TRY(sq_column_bytes(log, id, 2, entry->device, ID_LEN));
    entry->seq = sq_column(log, id, 3);
    entry->kind = (enum leaf_kind)sq_column(log, id, 4);
    entry->t_recv_ms = sq_column(log, id, 5);
    entry->header = sq_column_blob(log, id, 6, &entry->header_len);
    TRY(sq_column_bytes(log, id, 7, entry->sig, SIG_LEN));
    const uint8_t *nodes = sq_column_blob(log, id, 8, &len);
    if (len == 0 || len % HASH_LEN != 0 || len > sizeof entry->nodes.nodes)
        return ERR_CORRUPT;
    entry->nodes.n = (unsigned)(len / HASH_LEN);
    memcpy(entry->nodes.nodes, nodes, len);
out:
    return err;
}

/* Listings are read in pages: an engine may hold a whole answer in memory. */
enum { PAGE_ENTRIES = 1024, PAGE_BODIES = 256 };

/* The rows of one page to `fn`; *next is behind the last of them, *n counts them. */
static enum err entry_page(struct sq *log, enum sq_statement id, const struct sq_arg *args,
                           size_t n_args, store_entry_fn fn, void *ctx, uint64_t *next, size_t *n)
{
    enum err err = sq_start(log, id, args, n_args);
    *n = 0;
    while (err == ERR_OK) {
        struct store_entry entry;
        err = sq_step(log, id);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            break;
        }
        TRY(err);
        TRY(entry_row(log, id, &entry));
        *next = entry.index + 1;
        ++*n;
        err = fn(ctx, &entry);
    }
out:
    sq_reset(log, id);
    return err;
}

static enum err log_entries(struct store_view *view, const uint8_t space[static ID_LEN],
                            uint64_t from, uint64_t to, store_entry_fn fn, void *ctx)
{
    enum err err = ERR_OK;
    size_t n = PAGE_ENTRIES;
    while (err == ERR_OK && n == PAGE_ENTRIES)
        err = entry_page(
            log_of(view), SQ_ENTRIES,
            SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(from), SQ_NUM(to), SQ_NUM(PAGE_ENTRIES)), fn,
            ctx, &from, &n);
    return err;
}

static enum err log_control_entries(struct store_view *view, const uint8_t space[static ID_LEN],
                                    store_entry_fn fn, void *ctx)
{
    enum err err = ERR_OK;
    size_t n = PAGE_ENTRIES;
    uint64_t from = 0;
    while (err == ERR_OK && n == PAGE_ENTRIES)
        err = entry_page(log_of(view), SQ_CONTROL_ENTRIES,
                         SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(from), SQ_NUM(PAGE_ENTRIES)), fn,
                         ctx, &from, &n);
    return err;
}

static enum err one_entry(struct sq *log, enum sq_statement id, const struct sq_arg *args,
                          size_t n_args, store_entry_fn fn, void *ctx)
{
    uint64_t next;
    size_t n;
    enum err err = entry_page(log, id, args, n_args, fn, ctx, &next, &n);
    return err == ERR_OK && n == 0 ? ERR_NOT_FOUND : err;
}

static enum err log_entry_by_seq(struct store_view *view, const uint8_t space[static ID_LEN],
                                 const uint8_t device[static ID_LEN], uint64_t seq,
                                 store_entry_fn fn, void *ctx)
{
    return one_entry(log_of(view), SQ_ENTRY_BY_SEQ,
                     SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_BLOB(device, ID_LEN), SQ_NUM(seq)), fn,
                     ctx);
}

static enum err log_entry_last(struct store_view *view, const uint8_t space[static ID_LEN],
                               const uint8_t device[static ID_LEN], store_entry_fn fn, void *ctx)
{
    return one_entry(log_of(view), SQ_ENTRY_LAST,
                     SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_BLOB(device, ID_LEN)), fn, ctx);
}

/* From (*index, *box) on; both are behind the last one then. */
static enum err body_page(struct sq *log, const uint8_t space[static ID_LEN], uint64_t to,
                          store_body_fn fn, void *ctx, uint64_t *index, uint64_t *box, size_t *n)
{
    enum err err = sq_start(log, SQ_BODIES,
                            SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(*index), SQ_NUM(to),
                                    SQ_NUM(PAGE_BODIES), SQ_NUM(*box)));
    *n = 0;
    while (err == ERR_OK) {
        uint8_t hash[HASH_LEN];
        size_t len;
        err = sq_step(log, SQ_BODIES);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            break;
        }
        TRY(err);
        TRY(sq_column_bytes(log, SQ_BODIES, 2, hash, HASH_LEN));
        const uint8_t *body = sq_column_blob(log, SQ_BODIES, 3, &len);
        *index = sq_column(log, SQ_BODIES, 0);
        *box = sq_column(log, SQ_BODIES, 1) + 1;
        ++*n;
        err = fn(ctx, *index, (uint16_t)(*box - 1), hash, body, len);
    }
out:
    sq_reset(log, SQ_BODIES);
    return err;
}

static enum err log_bodies(struct store_view *view, const uint8_t space[static ID_LEN],
                           uint64_t from, uint64_t to, store_body_fn fn, void *ctx)
{
    enum err err = ERR_OK;
    size_t n = PAGE_BODIES;
    uint64_t box = 0;
    while (err == ERR_OK && n == PAGE_BODIES)
        err = body_page(log_of(view), space, to, fn, ctx, &from, &box, &n);
    return err;
}

/* Where a node that was read is kept; NULL where none are. */
static struct sq_node *kept(struct sq_view *view, const uint8_t space[static ID_LEN],
                            unsigned level, uint64_t index)
{
    if (!view->nodes)
        return NULL;
    uint32_t epoch = view->log.driver->epoch(&view->log);
    if (view->nodes_epoch != epoch)
        memset(view->nodes, 0, SQ_NODES_KEPT * sizeof *view->nodes);
    view->nodes_epoch = epoch;
    return &view->nodes[(space[0] * 31 + level * 257 + index) % SQ_NODES_KEPT];
}

/* Node (level, j) was completed by entry ((j + 1) << level) - 1 (tree.h). */
static enum err read_node(struct sq *log, const uint8_t space[static ID_LEN], unsigned level,
                          uint64_t index, uint8_t out[static HASH_LEN])
{
    enum err err = ERR_OK;
    size_t len, at = (size_t)level * HASH_LEN;
    uint64_t entry = ((index + 1) << level) - 1;
    TRY(sq_start(log, SQ_NODES, SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(entry))));
    err = sq_step(log, SQ_NODES);
    TRY(err == ERR_NOT_FOUND ? ERR_CORRUPT : err);
    const uint8_t *nodes = sq_column_blob(log, SQ_NODES, 0, &len);
    TRY(len >= at + HASH_LEN ? ERR_OK : ERR_CORRUPT);
    memcpy(out, nodes + at, HASH_LEN);
out:
    sq_reset(log, SQ_NODES);
    return err;
}

static enum err log_node(struct store_view *base, const uint8_t space[static ID_LEN],
                         unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    struct sq_node *node = kept((struct sq_view *)base, space, level, index);
    if (node && node->there && node->level == level && node->index == index &&
        memcmp(node->space, space, ID_LEN) == 0) {
        memcpy(out, node->node, HASH_LEN);
        return ERR_OK;
    }
    enum err err = read_node(log_of(base), space, level, index, out);
    if (node && err == ERR_OK) {
        *node = (struct sq_node){.level = level, .index = index, .there = true};
        memcpy(node->space, space, ID_LEN);
        memcpy(node->node, out, HASH_LEN);
    }
    return err;
}

static enum err log_notes(struct store_view *view, const uint8_t space[static ID_LEN],
                          store_note_fn fn, void *ctx)
{
    struct sq *log = log_of(view);
    enum err err = sq_start(log, SQ_NOTES, SQ_ARGS(SQ_BLOB(space, ID_LEN)));
    while (err == ERR_OK) {
        struct note note;
        err = sq_step(log, SQ_NOTES);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            break;
        }
        TRY(err);
        TRY(note_row(log, SQ_NOTES, &note));
        err = fn(ctx, &note);
    }
out:
    sq_reset(log, SQ_NOTES);
    return err;
}

static enum err log_totals(struct store_view *view, const uint8_t space[static ID_LEN],
                           struct store_totals *out)
{
    enum err err = ERR_OK;
    struct sq *log = log_of(view), *keys = &((struct sq_view *)view)->keys;
    const struct sq_arg arg = SQ_BLOB(space, ID_LEN);
    TRY(sq_number(log, SQ_TOTAL_LEAVES, &arg, 1, &out->leaves));
    TRY(sq_start(log, SQ_TOTAL_BODIES, &arg, 1));
    TRY(sq_step(log, SQ_TOTAL_BODIES));
    out->bodies = sq_column(log, SQ_TOTAL_BODIES, 1);
    out->bodies_deleted = sq_column(log, SQ_TOTAL_BODIES, 0) - out->bodies;
    out->body_bytes = sq_column(log, SQ_TOTAL_BODIES, 2);
    TRY(sq_start(log, SQ_TOTAL_MEMBERS, &arg, 1));
    TRY(sq_step(log, SQ_TOTAL_MEMBERS));
    out->devices = sq_column(log, SQ_TOTAL_MEMBERS, 0);
    out->devices_active = sq_column(log, SQ_TOTAL_MEMBERS, 1);
    TRY(sq_number(keys, SQ_TOTAL_SLOTS, &arg, 1, &out->slots));
    TRY(sq_number(keys, SQ_TOTAL_SEALS, &arg, 1, &out->seals));
out:
    sq_reset(log, SQ_TOTAL_BODIES);
    sq_reset(log, SQ_TOTAL_MEMBERS);
    return err;
}

void store_sql_read(struct store_engine *engine)
{
    engine->meta = log_meta;
    engine->links = log_links;
    engine->space = log_space;
    engine->spaces = log_spaces;
    engine->device = log_device;
    engine->member = log_member;
    engine->members = log_members;
    engine->entries = log_entries;
    engine->control_entries = log_control_entries;
    engine->entry_by_seq = log_entry_by_seq;
    engine->entry_last = log_entry_last;
    engine->bodies = log_bodies;
    engine->node = log_node;
    engine->note = log_note;
    engine->notes = log_notes;
    engine->totals = log_totals;
}
