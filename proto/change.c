/* SPDX-License-Identifier: Apache-2.0
 *
 * A box has one form only: records stand in order of first use. The decoder refuses any other, since
 * it comes from a program that is not ours.
 */
#include "proto/change.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/arena.h"
#include "proto/compress.h"
#include "proto/digest.h"
#include "proto/seal.h"

enum {
    PACK_LEN = 2,
    PER_CHANGE = 4,                      /* base delta, record, field, value */
    BOX_ITEMS_MAX = 3 + 7 * CHANGES_MAX, /* root, two arrays, a record, four items, [0 | 1, item] */
    BOX_CONTENT_MAX = PLAIN_MAX + 64,    /* pack number and what storing uncompressed adds */
    BOX_PADDED_MAX = BODY_MAX - TAG_LEN  /* what still fits into a body */
};

void change_pad(struct buf *out, const uint8_t *content, size_t len, size_t padded_max)
{
    size_t padded = seal_padded_len(len);
    if (padded > padded_max) {
        buf_fail(out, ERR_TOO_BIG);
        return;
    }
    uint8_t *room = buf_room(out, padded);
    if (!room)
        return;
    if (len)
        memcpy(room, content, len);
    seal_pad(room, len, padded);
}

/* --- values --- */

static void take_scalar(struct wire_in *in)
{
    size_t len;
    switch (wire_peek(in)) {
    case WIRE_NIL:
        wire_nil(in);
        break;
    case WIRE_BOOL:
        wire_bool(in);
        break;
    case WIRE_UINT:
        wire_uint(in, UINT64_MAX);
        break;
    case WIRE_NEGATIVE:
        wire_int(in);
        break;
    case WIRE_STR:
        wire_str(in, &len, VALUE_MAX);
        break;
    case WIRE_BIN:
        wire_bin(in, &len, RECORD_LEN, ID_LEN + RECORD_LEN);
        if (in->err == ERR_OK && len != RECORD_LEN && len != ID_LEN && len != ID_LEN + RECORD_LEN)
            wire_fail(in, ERR_FORMAT);
        break;
    default:
        wire_fail(in, ERR_FORMAT);
    }
}

static void take_value(struct wire_in *in)
{
    if (wire_peek(in) != WIRE_ARRAY) {
        take_scalar(in);
        return;
    }
    struct wire_in set = wire_array(in, 2, 2);
    wire_uint(&set, 1);
    take_scalar(&set);
    wire_join(in, &set);
}

enum err change_value_check(const uint8_t *value, size_t len)
{
    if (len > VALUE_MAX)
        return ERR_TOO_BIG;
    struct wire_doc doc;
    enum err err = wire_open(&doc, value, len, 2, 3);
    if (err != ERR_OK)
        return err;
    struct wire_in in = wire_root(&doc);
    take_value(&in);
    err = wire_end(&in);
    wire_close(&doc);
    return err;
}

/* --- boxes, writing --- */

/* The box-local table of records, in order of first use, and each change's place in it. */
struct record_table {
    size_t n;
    const uint8_t **records;
    uint32_t *refs;
};

static uint32_t record_ref(struct record_table *table, const uint8_t *record)
{
    if (digest_is_zero(record, RECORD_LEN))
        return 0;
    /* Neighbours mostly change the same record, so the newest is looked at first. */
    for (size_t i = table->n; i > 0; i--) {
        if (memcmp(table->records[i - 1], record, RECORD_LEN) == 0)
            return (uint32_t)i;
    }
    table->records[table->n++] = record;
    return (uint32_t)table->n;
}

static enum err table_make(struct record_table *table, struct arena *arena,
                           const struct change *items, size_t n)
{
    table->records = arena_get(arena, n, sizeof *table->records);
    table->refs = arena_get(arena, n, sizeof *table->refs);
    if (!table->records || !table->refs)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        table->refs[i] = record_ref(table, items[i].record);
    return ERR_OK;
}

static enum err check_items(const struct change *items, size_t n, uint64_t seen_size)
{
    enum err err = ERR_OK;
    if (n == 0)
        return ERR_USAGE;
    if (n > CHANGES_MAX)
        return ERR_TOO_BIG;
    for (size_t i = 0; i < n; i++) {
        if (items[i].base > seen_size)
            return ERR_USAGE;
        TRY(change_value_check(items[i].value, items[i].value_len));
    }
out:
    return err;
}

static void put_changes(struct buf *out, const struct record_table *table,
                        const struct change *items, size_t n, uint64_t seen_size)
{
    wire_put_array(out, 2);
    wire_put_array(out, table->n);
    for (size_t i = 0; i < table->n; i++)
        wire_put_bin(out, table->records[i], RECORD_LEN);
    wire_put_array(out, PER_CHANGE * n);
    for (size_t i = 0; i < n; i++) {
        wire_put_uint(out, seen_size - items[i].base);
        wire_put_uint(out, table->refs[i]);
        wire_put_uint(out, items[i].field);
        buf_put(out, items[i].value, items[i].value_len);
    }
}

void change_box_encode(struct buf *out, uint16_t pack, const struct change *items, size_t n,
                       uint64_t seen_size)
{
    enum err err = ERR_OK;
    struct buf raw = {.max = PLAIN_MAX};
    struct buf content = {.max = BOX_CONTENT_MAX};
    struct record_table table = {0};
    struct arena *arena = NULL;

    TRY(check_items(items, n, seen_size));
    arena = arena_new(n * (sizeof *table.records + sizeof *table.refs) + 64);
    TRY(arena ? table_make(&table, arena, items, n) : ERR_MEMORY);
    put_changes(&raw, &table, items, n, seen_size);
    TRY(raw.err);
    buf_u16be(&content, pack);
    compress_put(&content, raw.bytes, raw.len);
    TRY(content.err);
    change_pad(out, content.bytes, content.len, BOX_PADDED_MAX);
out:
    arena_free(arena);
    buf_free(&raw);
    buf_free(&content);
    if (err != ERR_OK)
        buf_fail(out, err);
}

/* --- boxes, reading --- */

/* The records as they stand in the table; a record may be read while the cursor has not failed. */
struct records {
    uint8_t (*ids)[RECORD_LEN];
    size_t n;
    size_t used; /* the highest reference so far: first uses must come in order */
};

static void take_records(struct records *records, struct wire_in *in)
{
    struct wire_in list = wire_array(in, 0, CHANGES_MAX);
    records->n = list.left;
    records->ids = calloc(records->n + 1, RECORD_LEN);
    if (!records->ids)
        wire_fail(&list, ERR_MEMORY);
    for (size_t i = 0; i < records->n && list.err == ERR_OK; i++) {
        wire_bytes(&list, records->ids[i], RECORD_LEN);
        if (digest_is_zero(records->ids[i], RECORD_LEN))
            wire_fail(&list, ERR_FORMAT);
    }
    wire_join(in, &list);
}

static void take_change(struct change *item, struct buf *text, struct records *records,
                        struct wire_in *in, uint64_t seen_size)
{
    item->base = seen_size - wire_uint(in, seen_size);
    size_t ref = (size_t)wire_uint(in, records->n);
    if (ref > records->used + 1)
        wire_fail(in, ERR_FORMAT);
    if (ref > records->used)
        records->used = ref;
    item->field = (uint32_t)wire_uint(in, UINT32_MAX);
    struct wire_in probe = *in;
    take_value(&probe);
    if (probe.err != ERR_OK)
        wire_fail(in, probe.err);
    if (in->err != ERR_OK)
        return;
    assert(ref == 0 || records->ids);
    if (ref > 0)
        memcpy(item->record, records->ids[ref - 1], RECORD_LEN);
    size_t before = text->len;
    wire_copy(in, text);
    item->value_len = text->len - before;
    if (text->err != ERR_OK)
        wire_fail(in, text->err);
    if (item->value_len > VALUE_MAX)
        wire_fail(in, ERR_TOO_BIG);
}

static enum err take_changes(struct change_box *box, const struct wire_doc *doc, uint64_t seen_size)
{
    struct records records = {0};
    struct wire_in root = wire_root(doc);
    struct wire_in in = wire_array(&root, 2, 2);
    take_records(&records, &in);
    struct wire_in list = wire_array(&in, PER_CHANGE, PER_CHANGE * CHANGES_MAX);
    if (list.left % PER_CHANGE != 0)
        wire_fail(&list, ERR_FORMAT);
    box->n = list.left / PER_CHANGE;
    box->items = calloc(box->n + 1, sizeof *box->items);
    if (!box->items) {
        box->n = 0;
        wire_fail(&list, ERR_MEMORY);
    }
    for (size_t i = 0; i < box->n && list.err == ERR_OK; i++)
        take_change(&box->items[i], &box->text, &records, &list, seen_size);
    if (records.used != records.n)
        wire_fail(&list, ERR_FORMAT);
    wire_join(&in, &list);
    wire_join(&root, &in);
    free(records.ids);

    /* The text moved while it grew; now it stays. */
    const uint8_t *at = box->text.bytes;
    for (size_t i = 0; i < box->n && root.err == ERR_OK; i++) {
        box->items[i].value = at;
        at += box->items[i].value_len;
    }
    return root.err;
}

enum err change_box_decode(struct change_box *box, const uint8_t *plain, size_t len,
                           uint64_t seen_size)
{
    *box = (struct change_box){.text = {.max = PLAIN_MAX}};
    enum err err = ERR_OK;
    size_t content_len = 0;
    struct buf raw = {.max = PLAIN_MAX};
    struct wire_doc doc = {0};

    TRY(seal_unpad(&content_len, plain, len));
    if (content_len <= PACK_LEN)
        TRY(ERR_FORMAT);
    box->pack = (uint16_t)(plain[0] << 8 | plain[1]);
    TRY(compress_get(&raw, plain + PACK_LEN, content_len - PACK_LEN, PLAIN_MAX));
    TRY(wire_open(&doc, raw.bytes, raw.len, 3, BOX_ITEMS_MAX));
    TRY(take_changes(box, &doc, seen_size));
out:
    wire_close(&doc);
    buf_free(&raw);
    if (err != ERR_OK)
        change_box_free(box);
    return err;
}

void change_box_free(struct change_box *box)
{
    digest_wipe(box->items, box->n * sizeof *box->items);
    free(box->items);
    buf_free(&box->text);
    *box = (struct change_box){0};
}
