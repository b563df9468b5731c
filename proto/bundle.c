/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/bundle.h"

#include <string.h>

#include "proto/message_part.h"

enum { DEPTH = 8, ROWS = 4096, ROW_ITEMS = 7, PUSH_ITEMS = 5 };
static const char magic[] = "passerelle/bundle/";
static const char version[] = "v1";

/* --- writing --- */

static void put_entries(struct buf *out, const struct bundle_row *row)
{
    wire_put_array(out, row->n_entries);
    for (size_t i = 0; i < row->n_entries; i++) {
        wire_put_array(out, 4);
        wire_put_uint(out, row->entries[i].t_recv_ms);
        message_part_put_leaf(out, &row->entries[i]);
    }
}

static void put_push(struct buf *out, const struct bundle_push *push)
{
    const struct message_row beside = {.n_slots = push->n_slots,
                                       .slots = push->slots,
                                       .n_seals = push->n_seals,
                                       .seals = push->seals};
    wire_put_array(out, PUSH_ITEMS);
    message_part_put_leaf(out, &push->leaf);
    message_part_put_slots(out, &beside);
    message_part_put_seals(out, &beside);
}

static void put_row(struct buf *out, const struct bundle_row *row)
{
    const struct message_row beside = {.n_slots = row->n_slots, .slots = row->slots};
    wire_put_array(out, ROW_ITEMS);
    wire_put_bin(out, row->space, ID_LEN);
    wire_put_bin(out, row->aud, HASH_LEN);
    wire_put_uint(out, row->from);
    if (row->has_note)
        message_part_put_note(out, &row->note);
    else
        wire_put_nil(out);
    put_entries(out, row);
    message_part_put_slots(out, &beside);
    wire_put_array(out, row->n_pushes);
    for (size_t i = 0; i < row->n_pushes; i++)
        put_push(out, &row->pushes[i]);
}

void bundle_encode(struct buf *out, const struct bundle *bundle)
{
    char name[sizeof magic + sizeof version];
    memcpy(name, magic, sizeof magic - 1);
    memcpy(name + sizeof magic - 1, version, sizeof version);
    wire_put_array(out, 2);
    wire_put_str(out, name, strlen(name));
    wire_put_array(out, bundle->n_rows);
    for (size_t i = 0; i < bundle->n_rows; i++)
        put_row(out, &bundle->rows[i]);
}

/* --- reading --- */

static void take_magic(struct wire_in *in)
{
    size_t len, plain = sizeof magic - 1;
    const char *name = wire_str(in, &len, 64);
    if (!name || len <= plain || memcmp(name, magic, plain) != 0)
        wire_fail(in, ERR_FORMAT);
    else if (len != plain + strlen(version) || memcmp(name + plain, version, len - plain) != 0)
        wire_fail(in, ERR_VERSION);
}

static void take_entries(struct bundle_row *row, struct wire_in *in, struct arena *arena)
{
    struct wire_in list;
    row->entries = message_part_list(&list, in, arena, BUNDLE_ENTRIES_MAX, sizeof *row->entries,
                                     &row->n_entries);
    for (size_t i = 0; i < row->n_entries; i++) {
        struct wire_in item = wire_array(&list, 4, 4);
        row->entries[i].t_recv_ms = wire_uint(&item, INT64_MAX);
        message_part_take_leaf(&row->entries[i], &item, arena, false);
        wire_join(&list, &item);
    }
    wire_join(in, &list);
}

static void take_push(struct bundle_push *push, struct wire_in *in, struct arena *arena)
{
    struct wire_in item = wire_array(in, PUSH_ITEMS, PUSH_ITEMS);
    struct message_row beside = {0};
    message_part_take_leaf(&push->leaf, &item, arena, true);
    message_part_take_slots(&beside, &item, arena);
    message_part_take_seals(&beside, &item, arena);
    push->n_slots = beside.n_slots;
    push->slots = beside.slots;
    push->n_seals = beside.n_seals;
    push->seals = beside.seals;
    wire_join(in, &item);
}

static void take_row(struct bundle_row *row, struct wire_in *in, struct arena *arena)
{
    struct wire_in items = wire_array(in, ROW_ITEMS, ROW_ITEMS), pushes;
    struct message_row beside = {0};
    wire_bytes(&items, row->space, ID_LEN);
    wire_bytes(&items, row->aud, HASH_LEN);
    row->from = wire_uint(&items, INT64_MAX);
    row->has_note = !wire_nil(&items);
    if (row->has_note)
        message_part_take_note(&row->note, &items);
    take_entries(row, &items, arena);
    message_part_take_slots(&beside, &items, arena);
    row->n_slots = beside.n_slots;
    row->slots = beside.slots;
    row->pushes = message_part_list(&pushes, &items, arena, BUNDLE_ENTRIES_MAX, sizeof *row->pushes,
                                    &row->n_pushes);
    for (size_t i = 0; i < row->n_pushes; i++)
        take_push(&row->pushes[i], &pushes, arena);
    wire_join(&items, &pushes);
    /* Entries without the note that proves them say nothing. */
    bool proven = row->has_note && row->note.size == row->from + row->n_entries;
    if (row->n_entries > 0 && !proven)
        wire_fail(&items, ERR_FORMAT);
    wire_join(in, &items);
}

enum err bundle_decode(struct bundle *bundle, const uint8_t *bytes, size_t len)
{
    enum err err = ERR_OK;
    struct wire_doc doc = {0};
    struct wire_in rows;
    *bundle = (struct bundle){0};
    if (len > BUNDLE_MAX)
        return ERR_TOO_BIG;
    TRY(wire_open(&doc, bytes, len, DEPTH, BUNDLE_ITEMS_MAX));
    bundle->arena = message_part_arena(len);
    if (!bundle->arena)
        TRY(ERR_MEMORY);
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 2, 2);
    take_magic(&in);
    bundle->rows =
        message_part_list(&rows, &in, bundle->arena, ROWS, sizeof *bundle->rows, &bundle->n_rows);
    for (size_t i = 0; i < bundle->n_rows; i++)
        take_row(&bundle->rows[i], &rows, bundle->arena);
    wire_join(&in, &rows);
    wire_join(&root, &in);
    err = wire_end(&root);
out:
    wire_close(&doc);
    if (err != ERR_OK)
        bundle_free(bundle);
    return err;
}

void bundle_free(struct bundle *bundle)
{
    arena_free(bundle->arena);
    *bundle = (struct bundle){0};
}
