/* SPDX-License-Identifier: Apache-2.0
 *
 * The second half of message.h. A server may encode rows one by one, since a page is cut by its bytes; a
 * client verifies the signature, which also binds the answer to its own request, before it looks inside.
 */
#include <string.h>

#include "proto/message_part.h"
#include "proto/sign.h"

enum { ROW_ITEMS = 14 };

/* SHA-256 of the request's signed string | u64be time | SHA-256(body); the tag stands before it. */
enum { SIGNED_LEN = HASH_LEN + 8 + HASH_LEN };

static void signed_string(uint8_t out[static SIGNED_LEN],
                          const uint8_t request_hash[static HASH_LEN], uint64_t time_ms,
                          const uint8_t *body, size_t body_len)
{
    memcpy(out, request_hash, HASH_LEN);
    uint8_t *at = out + HASH_LEN;
    for (unsigned i = 0; i < 8; i++)
        *at++ = (uint8_t)(time_ms >> (8 * (7 - i)));
    digest_sha256_of(at, body, body_len);
}

/* --- rows, writing --- */

static void put_proof(struct buf *out, const struct tree_proof *proof)
{
    if (proof->n > PROOF_MAX)
        buf_fail(out, ERR_USAGE);
    if (out->err != ERR_OK)
        return;
    wire_put_array(out, proof->n);
    for (unsigned i = 0; i < proof->n; i++)
        wire_put_bin(out, proof->nodes[i], HASH_LEN);
}

static void put_entries(struct buf *out, const struct message_row *row)
{
    uint64_t before_ms = 0;
    wire_put_array(out, row->n_leaves);
    for (size_t i = 0; i < row->n_leaves; i++) {
        const struct message_leaf *leaf = &row->leaves[i];
        if (leaf->t_recv_ms < before_ms)
            buf_fail(out, ERR_USAGE);
        wire_put_array(out, leaf->own ? 2 : 4);
        wire_put_uint(out, leaf->t_recv_ms - before_ms);
        before_ms = leaf->t_recv_ms;
        if (leaf->own)
            wire_put_uint(out, leaf->k);
        else
            message_part_put_leaf(out, leaf);
    }
}

static void put_items(struct buf *out, const struct message_row *row)
{
    wire_put_array(out, row->n_items);
    for (size_t i = 0; i < row->n_items; i++) {
        const struct message_item *item = &row->items[i];
        wire_put_array(out, 8);
        wire_put_uint(out, item->list);
        wire_put_uint(out, item->k);
        wire_put_uint(out, item->status);
        wire_put_uint(out, item->index);
        wire_put_uint(out, item->t_recv_ms);
        wire_put_uint(out, item->last_seq);
        if (item->has_last)
            wire_put_bin(out, item->last_hash, HASH_LEN);
        else
            wire_put_nil(out);
        put_proof(out, &item->proof);
    }
}

static void put_lists(struct buf *out, const struct message_row *row)
{
    wire_put_array(out, row->n_lists);
    for (size_t i = 0; i < row->n_lists; i++) {
        wire_put_array(out, 2);
        wire_put_uint(out, row->lists[i].leaf);
        wire_put_bin(out, row->lists[i].lines, row->lists[i].len);
    }
}

void message_row_encode(struct buf *out, const struct message_row *row)
{
    if (!row->full) {
        wire_put_uint(out, row->status);
        return;
    }
    wire_put_array(out, ROW_ITEMS);
    wire_put_uint(out, row->status);
    wire_put_uint(out, row->size);
    wire_put_uint(out, row->keys_rev);
    if (row->has_note)
        message_part_put_note(out, &row->note);
    else
        wire_put_nil(out);
    if (row->has_head) {
        wire_put_array(out, 2);
        message_part_put_note(out, &row->head);
        put_proof(out, &row->head_proof);
    } else {
        wire_put_nil(out);
    }
    put_entries(out, row);
    put_items(out, row);
    message_part_put_slots(out, row);
    message_part_put_seals(out, row);
    put_lists(out, row);
    wire_put_array(out, row->n_stale);
    for (size_t i = 0; i < row->n_stale; i++)
        wire_put_bin(out, row->stale[i], ID_LEN);
    message_part_put_want(out, row);
    message_part_put_inbox(out, row);
    wire_put_bool(out, row->more);
}

/* --- making --- */

enum err message_response_make(struct buf *out, const struct message_response *response,
                               const uint8_t request_hash[static HASH_LEN],
                               const uint8_t resp_sk[static SK_LEN])
{
    struct buf rows = {.max = RESPONSE_MAX};
    for (size_t i = 0; i < response->n_rows; i++)
        message_row_encode(&rows, &response->rows[i]);
    enum err err =
        message_response_make_rows(out, response->time_ms, response->status, response->store_id,
                                   &rows, response->n_rows, request_hash, resp_sk);
    buf_free(&rows);
    return err;
}

enum err message_response_make_rows(struct buf *out, uint64_t time_ms, enum err status,
                                    const uint8_t store_id[static STORE_ID_LEN],
                                    const struct buf *rows, size_t n_rows,
                                    const uint8_t request_hash[static HASH_LEN],
                                    const uint8_t resp_sk[static SK_LEN])
{
    enum err err = ERR_OK;
    struct buf body = {.max = RESPONSE_MAX};
    uint8_t string[SIGNED_LEN], sig[SIG_LEN];

    TRY(rows->err);
    wire_put_array(&body, 3);
    wire_put_uint(&body, status);
    wire_put_bin(&body, store_id, STORE_ID_LEN);
    wire_put_array(&body, n_rows);
    buf_put(&body, rows->bytes, rows->len);
    TRY(body.err);
    /* What the other side would refuse is not worth a signature. */
    TRY(wire_check(body.bytes, body.len, MESSAGE_DEPTH, ITEMS_MAX));
    signed_string(string, request_hash, time_ms, body.bytes, body.len);
    const struct digest_part part = {string, sizeof string};
    TRY(sign_make(sig, resp_sk, TAG_RESP, &part, 1));

    size_t before = out->len;
    wire_put_array(out, 4);
    wire_put_uint(out, MESSAGE_VERSION);
    wire_put_uint(out, time_ms);
    wire_put_bin(out, body.bytes, body.len);
    wire_put_bin(out, sig, SIG_LEN);
    TRY(out->err);
    if (out->len - before > RESPONSE_MAX)
        TRY(ERR_TOO_BIG);
out:
    buf_free(&body);
    return err;
}

/* --- rows, reading --- */

static void take_proof(struct tree_proof *proof, struct wire_in *in)
{
    struct wire_in list = wire_array(in, 0, PROOF_MAX);
    proof->n = list.left;
    for (unsigned i = 0; i < proof->n; i++)
        wire_bytes(&list, proof->nodes[i], HASH_LEN);
    wire_join(in, &list);
}

static void take_notes(struct message_row *row, struct wire_in *in)
{
    row->has_note = !wire_nil(in);
    if (row->has_note)
        message_part_take_note(&row->note, in);
    row->has_head = !wire_nil(in);
    if (row->has_head) {
        struct wire_in head = wire_array(in, 2, 2);
        message_part_take_note(&row->head, &head);
        take_proof(&row->head_proof, &head);
        wire_join(in, &head);
    }
}

static void take_entries(struct message_row *row, struct wire_in *in, struct arena *arena)
{
    struct wire_in list;
    uint64_t before_ms = 0;
    row->leaves =
        message_part_list(&list, in, arena, ITEMS_MAX, sizeof *row->leaves, &row->n_leaves);
    for (size_t i = 0; i < row->n_leaves; i++) {
        struct message_leaf *leaf = &row->leaves[i];
        struct wire_in item = wire_array(&list, 2, 4);
        leaf->own = item.left == 2;
        leaf->t_recv_ms = before_ms + wire_uint(&item, UINT64_MAX - before_ms);
        before_ms = leaf->t_recv_ms;
        if (leaf->own)
            leaf->k = (uint32_t)wire_uint(&item, PUSH_LEAVES_MAX - 1);
        else
            message_part_take_leaf(leaf, &item, arena, false);
        wire_join(&list, &item);
    }
    wire_join(in, &list);
}

static void take_items(struct message_row *row, struct wire_in *in, struct arena *arena)
{
    struct wire_in list;
    row->items = message_part_list(&list, in, arena, ITEMS_MAX, sizeof *row->items, &row->n_items);
    for (size_t i = 0; i < row->n_items; i++) {
        struct message_item *got = &row->items[i];
        struct wire_in item = wire_array(&list, 8, 8);
        got->list = (enum message_list)wire_uint(&item, LIST_INBOX);
        got->k = (uint32_t)wire_uint(&item, UINT32_MAX);
        got->status = err_from_number(wire_uint(&item, UINT64_MAX));
        got->index = wire_uint(&item, UINT64_MAX);
        got->t_recv_ms = wire_uint(&item, UINT64_MAX);
        got->last_seq = wire_uint(&item, UINT64_MAX);
        got->has_last = wire_bytes_or_nil(&item, got->last_hash, HASH_LEN);
        take_proof(&got->proof, &item);
        wire_join(&list, &item);
    }
    wire_join(in, &list);
}

static void take_lists(struct message_row *row, struct wire_in *in, struct arena *arena)
{
    struct wire_in list;
    row->lists =
        message_part_list(&list, in, arena, PUSH_LEAVES_MAX, sizeof *row->lists, &row->n_lists);
    for (size_t i = 0; i < row->n_lists; i++) {
        struct message_list_lines *got = &row->lists[i];
        struct wire_in item = wire_array(&list, 2, 2);
        got->leaf = wire_uint(&item, UINT64_MAX);
        got->lines = wire_bin(&item, &got->len, SEAL_LINE_LEN, SEAL_LINE_LEN * DEVICES_MAX);
        if (got->len % SEAL_LINE_LEN != 0)
            wire_fail(&item, ERR_FORMAT);
        wire_join(&list, &item);
    }
    wire_join(in, &list);
}

static void take_stale(struct message_row *row, struct wire_in *in, struct arena *arena)
{
    struct wire_in list;
    row->stale = message_part_list(&list, in, arena, STALE_MAX, sizeof *row->stale, &row->n_stale);
    for (size_t i = 0; i < row->n_stale; i++)
        wire_bytes(&list, row->stale[i], ID_LEN);
    wire_join(in, &list);
}

static void take_row(struct message_row *row, struct wire_in *in, struct arena *arena)
{
    row->full = wire_peek(in) == WIRE_ARRAY;
    if (!row->full) {
        row->status = err_from_number(wire_uint(in, UINT64_MAX));
        return;
    }
    struct wire_in items = wire_array(in, ROW_ITEMS, ROW_ITEMS);
    row->status = err_from_number(wire_uint(&items, UINT64_MAX));
    row->size = wire_uint(&items, UINT64_MAX);
    row->keys_rev = wire_uint(&items, UINT64_MAX);
    take_notes(row, &items);
    take_entries(row, &items, arena);
    take_items(row, &items, arena);
    message_part_take_slots(row, &items, arena);
    message_part_take_seals(row, &items, arena);
    take_lists(row, &items, arena);
    take_stale(row, &items, arena);
    message_part_take_want(row, &items, arena);
    message_part_take_inbox(row, &items, arena);
    row->more = wire_bool(&items);
    wire_join(in, &items);
}

/* --- opening --- */

static enum err open_envelope(struct message_response *response, uint8_t sig[static SIG_LEN],
                              const uint8_t *bytes, size_t len)
{
    if (len > RESPONSE_MAX)
        return ERR_TOO_BIG;
    struct wire_doc doc;
    enum err err = wire_open(&doc, bytes, len, 1, 5);
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&doc);
    struct wire_in in = wire_array(&root, 4, 4);
    message_part_version(&in);
    response->time_ms = wire_uint(&in, UINT64_MAX);
    response->body = wire_bin(&in, &response->body_len, 1, RESPONSE_MAX);
    wire_bytes(&in, sig, SIG_LEN);
    wire_join(&root, &in);
    wire_close(&doc);
    return root.err;
}

static enum err decode_body(struct message_response *response)
{
    enum err err = ERR_OK;
    struct wire_doc doc = {0};
    response->arena = message_part_arena(response->body_len);
    TRY(response->arena ? ERR_OK : ERR_MEMORY);
    TRY(wire_open(&doc, response->body, response->body_len, MESSAGE_DEPTH, ITEMS_MAX));
    struct wire_in root = wire_root(&doc);
    struct wire_in in = wire_array(&root, 3, 3);
    response->status = err_from_number(wire_uint(&in, UINT64_MAX));
    wire_bytes(&in, response->store_id, STORE_ID_LEN);
    struct wire_in rows;
    response->rows = message_part_list(&rows, &in, response->arena, ROWS_MAX,
                                       sizeof *response->rows, &response->n_rows);
    for (size_t i = 0; i < response->n_rows && rows.err == ERR_OK; i++)
        take_row(&response->rows[i], &rows, response->arena);
    wire_join(&in, &rows);
    wire_join(&root, &in);
    TRY(root.err);
out:
    wire_close(&doc);
    return err;
}

enum err message_response_open(struct message_response *response, const uint8_t *bytes, size_t len,
                               const uint8_t request_hash[static HASH_LEN],
                               const uint8_t resp_pk[static PK_LEN])
{
    *response = (struct message_response){0};
    enum err err = ERR_OK;
    uint8_t string[SIGNED_LEN], sig[SIG_LEN];
    TRY(open_envelope(response, sig, bytes, len));
    signed_string(string, request_hash, response->time_ms, response->body, response->body_len);
    const struct digest_part part = {string, sizeof string};
    TRY(sign_verify(sig, resp_pk, TAG_RESP, &part, 1));
    TRY(decode_body(response));
out:
    if (err != ERR_OK)
        message_response_free(response);
    return err;
}

void message_response_free(struct message_response *response)
{
    arena_free(response->arena);
    *response = (struct message_response){0};
}
