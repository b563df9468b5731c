/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits of the outbox. Operations stand in outbox_operation.c, leaves in outbox_leaf.c.
 *
 *   edit = [edit, made_ms, shred16, pack, author16, run8, ordinal, time_s, salvaged,
 *           [record8, field, base, value, ...]]
 */
#include "client/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "client/outbox_inside.h"
#include "proto/digest.h"
#include "proto/wire.h"

/* Parts of a large edit: each fits a leaf with room to spare. */
enum { PART_RAW_MAX = 256 << 10, PART_CHANGES_MAX = 2000, EDIT_ITEMS_MAX = 5 * PART_CHANGES_MAX };

struct outbox_edit *outbox_edit_by_id(const struct space *space, uint64_t id)
{
    const struct outbox *outbox = &space->outbox;
    size_t low = 0, high = outbox->n_edits;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (outbox->edits[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < outbox->n_edits && outbox->edits[low].id == id ? &outbox->edits[low] : NULL;
}

/* --- memory --- */

static void count_edit(struct outbox *outbox, const struct outbox_edit *edit)
{
    outbox->changes += edit->n;
    if (outbox->since_ms == 0 || edit->made_ms < outbox->since_ms)
        outbox->since_ms = edit->made_ms;
}

static void count_again(struct outbox *outbox)
{
    outbox->changes = outbox->since_ms = 0;
    for (size_t i = 0; i < outbox->n_edits; i++)
        count_edit(outbox, &outbox->edits[i]);
}

/* Takes what edit_room made room for. */
static void edit_took(struct outbox *outbox)
{
    count_edit(outbox, &outbox->edits[outbox->n_edits++]);
}

static struct outbox_edit *edit_room(struct outbox *outbox)
{
    if (outbox->n_edits == outbox->edits_cap) {
        size_t cap = outbox->edits_cap ? 2 * outbox->edits_cap : 64;
        struct outbox_edit *grown = realloc(outbox->edits, cap * sizeof *grown);
        if (!grown)
            return NULL;
        outbox->edits = grown;
        outbox->edits_cap = cap;
    }
    return &outbox->edits[outbox->n_edits];
}

/* --- edits on the disk --- */

static void edit_encode(struct buf *out, const struct outbox_edit *edit, int64_t time_s,
                        const struct change *items)
{
    wire_put_array(out, 10);
    wire_put_uint(out, edit->edit);
    wire_put_uint(out, edit->made_ms);
    wire_put_bin(out, edit->shred, ID_LEN);
    wire_put_uint(out, edit->pack);
    wire_put_bin(out, edit->author, ID_LEN);
    wire_put_bin(out, edit->run, RUN_LEN);
    wire_put_uint(out, edit->ordinal);
    wire_put_int(out, time_s);
    wire_put_bool(out, edit->salvaged);
    wire_put_array(out, 4 * edit->n);
    for (size_t i = 0; i < edit->n; i++) {
        wire_put_bin(out, items[i].record, RECORD_LEN);
        wire_put_uint(out, items[i].field);
        wire_put_uint(out, items[i].base);
        wire_put_bin(out, items[i].value, items[i].value_len);
    }
}

/* Reads the head of an edit; `items` is then a cursor over its changes. */
static struct wire_in edit_head(struct wire_in *root, struct outbox_edit *edit, int64_t *time_s)
{
    struct wire_in in = wire_array(root, 10, 10);
    edit->edit = wire_uint(&in, UINT64_MAX);
    edit->made_ms = wire_uint(&in, UINT64_MAX);
    wire_bytes(&in, edit->shred, ID_LEN);
    edit->pack = (uint16_t)wire_uint(&in, UINT16_MAX);
    wire_bytes(&in, edit->author, ID_LEN);
    wire_bytes(&in, edit->run, RUN_LEN);
    edit->ordinal = wire_uint(&in, UINT64_MAX);
    *time_s = wire_int(&in);
    edit->salvaged = wire_bool(&in);
    struct wire_in items = wire_array(&in, 0, 4 * PART_CHANGES_MAX);
    edit->n = items.left / 4;
    if (items.left % 4)
        wire_fail(&in, ERR_FORMAT);
    enum err err = wire_end(&in);
    if (err != ERR_OK)
        wire_fail(&items, err);
    return items;
}

static size_t change_take(struct wire_in *items, struct change *change)
{
    wire_bytes(items, change->record, RECORD_LEN);
    change->field = (uint32_t)wire_uint(items, UINT32_MAX);
    change->base = wire_uint(items, UINT64_MAX);
    change->value = wire_bin(items, &change->value_len, 0, VALUE_MAX + 16);
    return change->value_len;
}

struct load {
    struct engine *engine;
    struct space *space;
};

static enum err load_edit(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct load *load = ctx;
    struct outbox *outbox = &load->space->outbox;
    struct wire_doc doc;
    int64_t time_s;
    enum err err = wire_open(&doc, plain, len, 3, EDIT_ITEMS_MAX);
    if (err != ERR_OK)
        return err == ERR_MEMORY ? err : ERR_CORRUPT;
    struct outbox_edit *edit = edit_room(outbox);
    if (!edit)
        TRY(ERR_MEMORY);
    *edit = (struct outbox_edit){.id = id};
    struct wire_in root = wire_root(&doc);
    struct wire_in items = edit_head(&root, edit, &time_s);
    for (size_t i = 0; i < edit->n; i++) {
        struct change change;
        edit->raw_len += change_take(&items, &change);
    }
    TRY(wire_end(&items) == ERR_OK ? ERR_OK : ERR_CORRUPT);
    edit_took(outbox);
    if (edit->edit > load->engine->edits)
        load->engine->edits = edit->edit;
out:
    wire_close(&doc);
    return err;
}

enum err outbox_changes(struct engine *engine, const struct space *space,
                        const struct outbox_edit *edit, struct outbox_changes *changes)
{
    enum err err = ERR_OK;
    struct wire_doc doc = {0};
    struct outbox_edit head = {0};
    int64_t time_s;
    *changes = (struct outbox_changes){.text.max = 32 << 20};
    TRY(replica_get(engine->replica, REPLICA_EDIT, space->no, edit->id, &changes->text));
    TRY(wire_open(&doc, changes->text.bytes, changes->text.len, 3, EDIT_ITEMS_MAX));
    struct wire_in root = wire_root(&doc);
    struct wire_in items = edit_head(&root, &head, &time_s);
    changes->items = calloc(head.n + 1, sizeof *changes->items);
    if (!changes->items)
        TRY(ERR_MEMORY);
    for (; changes->n < head.n; changes->n++) {
        struct change *change = &changes->items[changes->n];
        change_take(&items, change);
        change->ordinal = head.ordinal + changes->n;
        change->time_s = time_s;
    }
    TRY(wire_end(&items));
out:
    wire_close(&doc);
    if (err != ERR_OK)
        outbox_changes_free(changes);
    return err;
}

void outbox_changes_free(struct outbox_changes *changes)
{
    free(changes->items);
    buf_free(&changes->text);
    *changes = (struct outbox_changes){0};
}

/* --- the tally: how many changes ought to be there, to count losses of a damaged file --- */

enum err outbox_tally(struct engine *engine, const struct space *space, int64_t delta)
{
    struct buf plain = {0};
    wire_put_uint(&plain, space->outbox.changes + (uint64_t)delta);
    enum err err = plain.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_TALLY, space->no, 1, plain.bytes, plain.len);
    buf_free(&plain);
    return err;
}

/* --- writing an edit --- */

/* How many of the remaining changes make the next part. */
static size_t part_len(const struct change *items, size_t n, size_t *raw_len)
{
    size_t i = 0;
    for (*raw_len = 0; i < n && i < PART_CHANGES_MAX; i++) {
        if (i > 0 && *raw_len + items[i].value_len > PART_RAW_MAX)
            break;
        *raw_len += items[i].value_len;
    }
    return i;
}

static enum err put_part(struct engine *engine, struct space *space, const struct outbox_edit *edit,
                         const struct change *items)
{
    struct buf plain = {.max = 4 << 20};
    edit_encode(&plain, edit, (int64_t)(edit->made_ms / 1000), items); /* the claimed time */
    enum err err = plain.err;
    if (err == ERR_OK)
        err =
            replica_put(engine->replica, REPLICA_EDIT, space->no, edit->id, plain.bytes, plain.len);
    buf_free(&plain);
    return err;
}

enum err outbox_edit(struct engine *engine, struct space *space, const uint8_t shred[static ID_LEN],
                     uint16_t pack, struct change *items, size_t n)
{
    struct outbox *outbox = &space->outbox;
    size_t before = outbox->n_edits;
    struct outbox_edit part = {.edit = engine->together ? engine->together : engine->edits + 1,
                               .id = outbox->last_id,
                               .made_ms = engine->now_ms,
                               .ordinal = engine->ordinal + 1,
                               .pack = pack};
    memcpy(part.shred, shred, ID_LEN);
    memcpy(part.author, engine->ring.id, ID_LEN);
    memcpy(part.run, engine->run, RUN_LEN);
    enum err err = engine_begin(engine);
    if (err != ERR_OK)
        return err;
    for (size_t at = 0; at < n; at += part.n, part.ordinal += part.n) {
        part.n = part_len(items + at, n - at, &part.raw_len);
        part.id++;
        TRY(put_part(engine, space, &part, items + at));
        struct outbox_edit *edit = edit_room(outbox);
        if (!edit)
            TRY(ERR_MEMORY);
        *edit = part;
        edit_took(outbox);
    }
    TRY(outbox_tally(engine, space, 0));
out:
    err = replica_end(engine->replica, err);
    if (err != ERR_OK) {
        outbox->n_edits = before;
        count_again(outbox);
        return err;
    }
    for (size_t i = 0; i < n; i++) {
        items[i].ordinal = ++engine->ordinal;
        items[i].time_s = (int64_t)(engine->now_ms / 1000);
    }
    outbox->last_id = part.id;
    engine->edits = part.edit;
    return ERR_OK;
}

enum err outbox_adopt(struct engine *engine, struct space *space, const struct outbox_edit *from,
                      int64_t time_s, const struct change *items)
{
    struct outbox *outbox = &space->outbox;
    struct outbox_edit edit = *from;
    edit.id = outbox->last_id + 1;
    edit.edit = 0; /* nobody's to undo */
    edit.made_ms = time_s > 0 ? (uint64_t)time_s * 1000 : engine->now_ms;
    edit.seq = 0;
    edit.refused = ERR_OK;
    edit.salvaged = true;
    enum err err = put_part(engine, space, &edit, items);
    struct outbox_edit *room = err == ERR_OK ? edit_room(outbox) : NULL;
    if (err == ERR_OK && !room)
        err = ERR_MEMORY;
    if (err != ERR_OK)
        return err;
    *room = edit;
    edit_took(outbox);
    outbox->last_id = edit.id;
    return ERR_OK;
}

void outbox_edits_gone(struct space *space, const uint64_t *ids, size_t n)
{
    struct outbox *outbox = &space->outbox;
    size_t kept = 0, next = 0;
    /* Both lists ascend. */
    for (size_t i = 0; i < outbox->n_edits; i++) {
        while (next < n && ids[next] < outbox->edits[i].id)
            next++;
        if (next < n && ids[next] == outbox->edits[i].id)
            continue;
        outbox->edits[kept++] = outbox->edits[i];
    }
    outbox->n_edits = kept;
    count_again(outbox);
}

enum err outbox_undo(struct engine *engine, struct space *space, uint64_t edit, size_t *n)
{
    struct outbox *outbox = &space->outbox;
    uint64_t *ids = calloc(outbox->n_edits + 1, sizeof *ids);
    size_t n_ids = 0;
    int64_t changes = 0;
    enum err err = ERR_OK;
    if (!ids)
        return ERR_MEMORY;
    for (size_t i = 0; i < outbox->n_edits; i++) {
        const struct outbox_edit *e = &outbox->edits[i];
        if (e->edit != edit)
            continue;
        if (e->seq || e->refused != ERR_OK)
            TRY(ERR_NOT_FOUND);
        ids[n_ids++] = e->id;
        changes += (int64_t)e->n;
    }
    if (n_ids == 0)
        TRY(ERR_NOT_FOUND);
    TRY(engine_begin(engine));
    for (size_t i = 0; err == ERR_OK && i < n_ids; i++)
        err = replica_delete(engine->replica, REPLICA_EDIT, space->no, ids[i]);
    if (err == ERR_OK)
        err = outbox_tally(engine, space, -changes);
    TRY(replica_end(engine->replica, err));
    outbox_edits_gone(space, ids, n_ids);
    *n = (size_t)changes;
out:
    free(ids);
    return err;
}

/* Writes the mark of an edit anew. */
static enum err mark_edit(struct engine *engine, struct space *space, struct outbox_edit *edit,
                          bool salvaged)
{
    struct outbox_changes changes = {0};
    enum err err = outbox_changes(engine, space, edit, &changes);
    if (err != ERR_OK)
        return err;
    edit->salvaged = salvaged;
    err = put_part(engine, space, edit, changes.items);
    outbox_changes_free(&changes);
    return err;
}

enum err outbox_mark_salvaged(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < space->outbox.n_edits; i++)
        err = mark_edit(engine, space, &space->outbox.edits[i], true);
    return err;
}

enum err outbox_settle(struct engine *engine, struct space *space, const uint64_t *logged, size_t n)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < n; i++)
        TRY(replica_delete(engine->replica, REPLICA_EDIT, space->no, logged[i]));
    outbox_edits_gone(space, logged, n);
    for (size_t i = 0; i < space->outbox.n_edits; i++) {
        if (space->outbox.edits[i].salvaged)
            TRY(mark_edit(engine, space, &space->outbox.edits[i], false));
    }
    TRY(outbox_tally(engine, space, 0));
out:
    return err;
}

enum err outbox_salvage(struct engine *engine, uint64_t space, uint64_t id, const uint8_t *plain,
                        size_t len, size_t *n)
{
    struct wire_doc doc = {0};
    struct outbox_edit edit = {.id = id};
    struct buf out = {.max = 4 << 20};
    struct change *items = NULL;
    int64_t time_s;
    enum err err = ERR_OK;
    TRY(wire_open(&doc, plain, len, 3, EDIT_ITEMS_MAX));
    struct wire_in root = wire_root(&doc), in = edit_head(&root, &edit, &time_s);
    items = calloc(edit.n + 1, sizeof *items);
    if (!items)
        TRY(ERR_MEMORY);
    for (size_t i = 0; i < edit.n; i++)
        change_take(&in, &items[i]);
    TRY(wire_end(&in));
    edit.salvaged = true;
    edit_encode(&out, &edit, time_s, items);
    TRY(out.err);
    TRY(replica_put(engine->replica, REPLICA_EDIT, space, id, out.bytes, out.len));
    *n = edit.n;
out:
    free(items);
    buf_free(&out);
    wire_close(&doc);
    return err;
}

/* --- all of it --- */

enum err outbox_load(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    struct load load = {engine, space};
    uint64_t last = 0;
    TRY(replica_each(engine->replica, REPLICA_EDIT, space->no, load_edit, &load));
    TRY(outbox_operations_load(engine, space));
    TRY(replica_last_id(engine->replica, REPLICA_EDIT, space->no, &last));
    space->outbox.last_id = last;
    TRY(replica_last_id(engine->replica, REPLICA_OPERATION, space->no, &last));
    if (last > space->outbox.last_id)
        space->outbox.last_id = last;
    TRY(outbox_leaves_load(engine, space));
out:
    return err;
}

void outbox_unload(struct engine *engine, struct space *space)
{
    outbox_leaves_unload(engine, space);
    free(space->outbox.edits);
    free(space->outbox.operations);
    space->outbox = (struct outbox){0};
}

void outbox_count(const struct space *space, uint64_t *n, uint64_t *since_ms)
{
    const struct outbox *outbox = &space->outbox;
    *n = outbox->changes + outbox->n_operations;
    *since_ms = outbox->since_ms;
    for (size_t i = 0; i < outbox->n_operations; i++) {
        if (*since_ms == 0 || outbox->operations[i].made_ms < *since_ms)
            *since_ms = outbox->operations[i].made_ms;
    }
    /* The leaves of a founding come from no operation. */
    for (size_t i = 0; i < outbox->n_leaves; i++)
        *n += outbox->leaves[i]->n_edits == 0 && outbox->leaves[i]->operation == 0;
}
