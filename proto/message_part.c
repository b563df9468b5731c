/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/message_part.h"

#include "proto/seal.h"

/* Decoded structs are larger than what stands for them on the wire, but their number is bounded by
 * ITEMS_MAX; this covers the worst page that a server may send. */
enum { ARENA_FIXED = 16 << 20 };

struct arena *message_part_arena(size_t len)
{
    return arena_new(2 * len + ARENA_FIXED);
}

void *message_part_list(struct wire_in *list, struct wire_in *in, struct arena *arena, uint32_t max,
                        size_t size, size_t *n)
{
    *list = wire_array(in, 0, max);
    *n = list->left;
    void *items = arena_get(arena, *n, size);
    if (!items) {
        *n = 0;
        wire_fail(list, ERR_MEMORY);
    }
    return items;
}

void message_part_version(struct wire_in *in)
{
    uint64_t version = wire_uint(in, UINT64_MAX);
    if (in->err == ERR_OK && version != MESSAGE_VERSION)
        wire_fail(in, ERR_VERSION);
}

static const uint8_t *take_body_bytes(struct wire_in *in, size_t *len, bool present)
{
    const uint8_t *bytes = wire_bin(in, len, present ? BODY_MIN : HASH_LEN, BODY_MAX);
    if (*len > HASH_LEN && *len < BODY_MIN)
        wire_fail(in, ERR_FORMAT);
    return bytes;
}

void message_part_put_leaf(struct buf *out, const struct message_leaf *leaf)
{
    wire_put_bin(out, leaf->header, leaf->header_len);
    wire_put_bin(out, leaf->sig, SIG_LEN);
    wire_put_array(out, leaf->n_bodies);
    for (size_t i = 0; i < leaf->n_bodies; i++)
        wire_put_bin(out, leaf->bodies[i].bytes, leaf->bodies[i].len);
}

void message_part_take_leaf(struct message_leaf *leaf, struct wire_in *in, struct arena *arena,
                            bool present)
{
    leaf->header = wire_bin(in, &leaf->header_len, 1, HEADER_MAX);
    wire_bytes(in, leaf->sig, SIG_LEN);
    struct wire_in list;
    leaf->bodies =
        message_part_list(&list, in, arena, BOXES_MAX, sizeof *leaf->bodies, &leaf->n_bodies);
    for (size_t i = 0; i < leaf->n_bodies; i++)
        leaf->bodies[i].bytes = take_body_bytes(&list, &leaf->bodies[i].len, present);
    wire_join(in, &list);
}

void message_part_put_body(struct buf *out, const struct message_body *body)
{
    wire_put_array(out, 3);
    wire_put_uint(out, body->leaf);
    wire_put_uint(out, body->box);
    wire_put_bin(out, body->bytes, body->len);
}

void message_part_take_body(struct message_body *body, struct wire_in *in, bool present)
{
    struct wire_in item = wire_array(in, 3, 3);
    body->leaf = wire_uint(&item, UINT64_MAX);
    body->box = (uint16_t)wire_uint(&item, BOXES_MAX - 1);
    body->bytes = take_body_bytes(&item, &body->len, present);
    wire_join(in, &item);
}

void message_part_put_slots(struct buf *out, const struct message_row *row)
{
    wire_put_array(out, row->n_slots);
    for (size_t i = 0; i < row->n_slots; i++) {
        const struct leaf_slot *slot = &row->slots[i];
        wire_put_array(out, 3);
        wire_put_bin(out, slot->row, ID_LEN);
        wire_put_uint(out, slot->epoch);
        wire_put_bin(out, slot->slot, SLOT_LEN);
    }
}

void message_part_take_slots(struct message_row *row, struct wire_in *in, struct arena *arena)
{
    struct wire_in list;
    row->slots =
        message_part_list(&list, in, arena, PUSH_KEYS_MAX, sizeof *row->slots, &row->n_slots);
    for (size_t i = 0; i < row->n_slots; i++) {
        struct leaf_slot *slot = &row->slots[i];
        struct wire_in item = wire_array(&list, 3, 3);
        wire_bytes(&item, slot->row, ID_LEN);
        slot->epoch = (uint32_t)wire_uint(&item, UINT32_MAX);
        wire_bytes(&item, slot->slot, SLOT_LEN);
        wire_join(&list, &item);
    }
    wire_join(in, &list);
}

void message_part_put_seals(struct buf *out, const struct message_row *row)
{
    wire_put_array(out, row->n_seals);
    for (size_t i = 0; i < row->n_seals; i++) {
        const struct leaf_seal *seal = &row->seals[i];
        wire_put_array(out, 4);
        wire_put_bin(out, seal->device, ID_LEN);
        wire_put_uint(out, seal->epoch);
        wire_put_uint(out, seal->type);
        wire_put_bin(out, seal->seal, seal->seal_len);
    }
}

void message_part_take_seals(struct message_row *row, struct wire_in *in, struct arena *arena)
{
    struct wire_in list;
    row->seals =
        message_part_list(&list, in, arena, PUSH_KEYS_MAX, sizeof *row->seals, &row->n_seals);
    for (size_t i = 0; i < row->n_seals; i++) {
        struct leaf_seal *seal = &row->seals[i];
        struct wire_in item = wire_array(&list, 4, 4);
        wire_bytes(&item, seal->device, ID_LEN);
        seal->epoch = (uint32_t)wire_uint(&item, UINT32_MAX);
        seal->type = (uint8_t)wire_uint(&item, SEAL_AUDITOR);
        size_t len = seal->type == SEAL_MEMBER ? SEAL_MEMBER_LEN : SEAL_AUDITOR_LEN;
        seal->seal = wire_bin(&item, &seal->seal_len, len, len);
        if (seal->type == 0)
            wire_fail(&item, ERR_FORMAT);
        wire_join(&list, &item);
    }
    wire_join(in, &list);
}

void message_part_put_want(struct buf *out, const struct message_row *row)
{
    wire_put_array(out, row->n_want);
    for (size_t i = 0; i < row->n_want; i++) {
        const struct message_want *want = &row->want[i];
        if (want->is_row) {
            wire_put_bin(out, want->row, ID_LEN);
            continue;
        }
        wire_put_array(out, 2);
        wire_put_uint(out, want->leaf);
        wire_put_uint(out, want->box);
    }
}

void message_part_take_want(struct message_row *row, struct wire_in *in, struct arena *arena)
{
    struct wire_in list;
    row->want = message_part_list(&list, in, arena, WANT_MAX, sizeof *row->want, &row->n_want);
    for (size_t i = 0; i < row->n_want; i++) {
        struct message_want *want = &row->want[i];
        want->is_row = wire_peek(&list) == WIRE_BIN;
        if (want->is_row) {
            wire_bytes(&list, want->row, ID_LEN);
            continue;
        }
        struct wire_in item = wire_array(&list, 2, 2);
        want->leaf = wire_uint(&item, UINT64_MAX);
        want->box = (uint16_t)wire_uint(&item, BOXES_MAX - 1);
        wire_join(&list, &item);
    }
    wire_join(in, &list);
}

void message_part_put_inbox(struct buf *out, const struct message_row *row)
{
    wire_put_array(out, row->n_inbox);
    for (size_t i = 0; i < row->n_inbox; i++) {
        const struct message_inbox *item = &row->inbox[i];
        wire_put_array(out, 3);
        wire_put_uint(out, item->type);
        wire_put_bin(out, item->id, ID_LEN);
        wire_put_bin(out, item->payload, item->payload_len);
    }
}

void message_part_take_inbox(struct message_row *row, struct wire_in *in, struct arena *arena)
{
    struct wire_in list;
    row->inbox = message_part_list(&list, in, arena, INBOX_MAX, sizeof *row->inbox, &row->n_inbox);
    for (size_t i = 0; i < row->n_inbox; i++) {
        struct message_inbox *got = &row->inbox[i];
        struct wire_in item = wire_array(&list, 3, 3);
        got->type = (enum inbox_type)wire_uint(&item, UINT8_MAX);
        wire_bytes(&item, got->id, ID_LEN);
        got->payload = wire_bin(&item, &got->payload_len, 0, INBOX_ITEM_MAX);
        wire_join(&list, &item);
    }
    wire_join(in, &list);
}

void message_part_put_note(struct buf *out, const struct note *note)
{
    if (note->n_cosigs > WITNESSES_MAX)
        buf_fail(out, ERR_USAGE);
    if (out->err != ERR_OK)
        return;
    wire_put_array(out, 4);
    wire_put_uint(out, note->size);
    wire_put_bin(out, note->root, HASH_LEN);
    wire_put_bin(out, note->sig, SIG_LEN);
    wire_put_array(out, note->n_cosigs);
    for (unsigned i = 0; i < note->n_cosigs; i++)
        wire_put_bin(out, note->cosigs[i], NOTE_COSIG_LEN);
}

void message_part_take_note(struct note *note, struct wire_in *in)
{
    struct wire_in items = wire_array(in, 4, 4);
    note->size = wire_uint(&items, UINT64_MAX);
    wire_bytes(&items, note->root, HASH_LEN);
    wire_bytes(&items, note->sig, SIG_LEN);
    struct wire_in list = wire_array(&items, 0, WITNESSES_MAX);
    note->n_cosigs = list.left;
    for (unsigned i = 0; i < note->n_cosigs; i++)
        wire_bytes(&list, note->cosigs[i], NOTE_COSIG_LEN);
    wire_join(&items, &list);
    wire_join(in, &items);
}
