/* SPDX-License-Identifier: Apache-2.0
 *
 * The first half of message.h. The envelope is opened cheaply, since anybody may send one; `rest` is
 * looked into only after its signature is known to be good, but for the key of an unknown device.
 */
#include <string.h>

#include "proto/message_part.h"
#include "proto/sign.h"

enum { REST_ITEMS = 6, ROW_SHORT = 4, ROW_LONG = 10 };
enum { FIXARRAY = 0x90 };

/* --- the signed string --- */

/* aud | device | u64be time | SHA-256(rest); the tag stands before it. */
enum { SIGNED_LEN = HASH_LEN + ID_LEN + 8 + HASH_LEN };

static void signed_string(uint8_t out[static SIGNED_LEN], const struct message_request *request,
                          const uint8_t aud[static HASH_LEN])
{
    memcpy(out, aud, HASH_LEN);
    memcpy(out + HASH_LEN, request->device, ID_LEN);
    uint8_t *at = out + HASH_LEN + ID_LEN;
    for (unsigned i = 0; i < 8; i++)
        *at++ = (uint8_t)(request->time_ms >> (8 * (7 - i)));
    digest_sha256_of(at, request->rest, request->rest_len);
}

static void set_hash(struct message_request *request, const uint8_t string[static SIGNED_LEN])
{
    const struct digest_part parts[] = {{TAG_REQ, sizeof TAG_REQ}, {string, SIGNED_LEN}};
    digest_sha256(request->hash, parts, 2);
}

/* --- making --- */

static void put_leaves(struct buf *out, const struct message_row *row, bool refill)
{
    wire_put_array(out, row->n_leaves);
    for (size_t i = 0; i < row->n_leaves; i++) {
        wire_put_array(out, refill ? 4 : 3);
        if (refill)
            wire_put_uint(out, row->leaves[i].t_recv_ms);
        message_part_put_leaf(out, &row->leaves[i]);
    }
}

static void put_row(struct buf *out, const struct message_row *row, bool refill)
{
    bool quiet = row->n_leaves == 0 && row->n_bodies == 0 && row->n_slots == 0 &&
                 row->n_seals == 0 && row->n_want == 0 && row->n_inbox == 0;
    wire_put_array(out, quiet ? ROW_SHORT : ROW_LONG);
    wire_put_bin(out, row->space, ID_LEN);
    wire_put_uint(out, row->have_size);
    wire_put_uint(out, row->keys_rev);
    wire_put_uint(out, row->erased_upto);
    if (quiet)
        return;
    put_leaves(out, row, refill);
    wire_put_array(out, row->n_bodies);
    for (size_t i = 0; i < row->n_bodies; i++)
        message_part_put_body(out, &row->bodies[i]);
    message_part_put_slots(out, row);
    message_part_put_seals(out, row);
    message_part_put_want(out, row);
    message_part_put_inbox(out, row);
}

static void put_rest(struct buf *out, const struct message_request *request)
{
    wire_put_array(out, REST_ITEMS);
    if (request->has_auth) {
        wire_put_array(out, 2);
        wire_put_bin(out, request->ed_pk, PK_LEN);
        if (request->has_link_sig)
            wire_put_bin(out, request->link_sig, SIG_LEN);
        else
            wire_put_nil(out);
    } else {
        wire_put_nil(out);
    }
    wire_put_bin(out, request->store_id, STORE_ID_LEN);
    wire_put_array(out, request->n_rows);
    for (size_t i = 0; i < request->n_rows; i++)
        put_row(out, &request->rows[i], request->flags & FLAG_REFILL);
    wire_put_uint(out, request->max_bytes);
    wire_put_uint(out, request->wait_ms);
    wire_put_uint(out, request->flags);
}

enum err message_request_make(struct buf *out, struct message_request *request,
                              const uint8_t aud[static HASH_LEN],
                              const uint8_t ed_sk[static SK_LEN])
{
    enum err err = ERR_OK;
    struct buf rest = {.max = REQUEST_MAX};
    uint8_t string[SIGNED_LEN];

    put_rest(&rest, request);
    TRY(rest.err);
    /* What the other side would refuse is not worth a signature. */
    TRY(wire_check(rest.bytes, rest.len, MESSAGE_DEPTH, ITEMS_MAX));
    request->rest = rest.bytes;
    request->rest_len = rest.len;
    signed_string(string, request, aud);
    const struct digest_part part = {string, sizeof string};
    TRY(sign_make(request->sig, ed_sk, TAG_REQ, &part, 1));
    set_hash(request, string);

    size_t before = out->len;
    wire_put_array(out, 5);
    wire_put_uint(out, MESSAGE_VERSION);
    wire_put_bin(out, request->device, ID_LEN);
    wire_put_uint(out, request->time_ms);
    wire_put_bin(out, rest.bytes, rest.len);
    wire_put_bin(out, request->sig, SIG_LEN);
    TRY(out->err);
    if (out->len - before > REQUEST_MAX)
        TRY(ERR_TOO_BIG);
out:
    request->rest = NULL;
    request->rest_len = 0;
    buf_free(&rest);
    return err;
}

/* --- opening --- */

enum err message_request_open(struct message_request *request, const uint8_t *bytes, size_t len)
{
    *request = (struct message_request){0};
    if (len > REQUEST_MAX)
        return ERR_TOO_BIG;
    struct wire_doc doc;
    enum err err = wire_open(&doc, bytes, len, 1, 6);
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&doc);
    struct wire_in in = wire_array(&root, 5, 5);
    message_part_version(&in);
    wire_bytes(&in, request->device, ID_LEN);
    request->time_ms = wire_uint(&in, UINT64_MAX);
    request->rest = wire_bin(&in, &request->rest_len, 1, REQUEST_MAX);
    wire_bytes(&in, request->sig, SIG_LEN);
    wire_join(&root, &in);
    wire_close(&doc);
    if (root.err != ERR_OK)
        *request = (struct message_request){0};
    return root.err;
}

enum err message_request_verify(struct message_request *request, const uint8_t aud[static HASH_LEN],
                                const uint8_t ed_pk[static PK_LEN])
{
    uint8_t string[SIGNED_LEN];
    signed_string(string, request, aud);
    const struct digest_part part = {string, sizeof string};
    /* Also of a request that does not verify, so that its refusal can be bound to it. */
    set_hash(request, string);
    return sign_verify(request->sig, ed_pk, TAG_REQ, &part, 1);
}

static void take_auth(struct message_request *request, struct wire_in *in)
{
    uint8_t id[ID_LEN];
    request->has_auth = !wire_nil(in);
    request->has_link_sig = false;
    if (!request->has_auth)
        return;
    struct wire_in auth = wire_array(in, 2, 2);
    wire_bytes(&auth, request->ed_pk, PK_LEN);
    request->has_link_sig = wire_bytes_or_nil(&auth, request->link_sig, SIG_LEN);
    wire_join(in, &auth);
    sign_device_id(id, request->ed_pk);
    if (!digest_equal(id, request->device, ID_LEN))
        wire_fail(in, ERR_UNKNOWN_DEVICE);
}

enum err message_request_auth(struct message_request *request)
{
    /* Not yet verified, so nothing but the first item is walked. */
    if (request->rest_len < 2 || request->rest[0] != (FIXARRAY | REST_ITEMS))
        return ERR_FORMAT;
    const uint8_t *first = request->rest + 1;
    size_t len = wire_first(first, request->rest_len - 1, 1, 3);
    if (len == 0)
        return ERR_FORMAT;
    struct wire_doc doc;
    enum err err = wire_open(&doc, first, len, 1, 3);
    if (err != ERR_OK)
        return err;
    struct wire_in in = wire_root(&doc);
    take_auth(request, &in);
    wire_close(&doc);
    return wire_end(&in);
}

static void take_leaves(struct message_row *row, struct wire_in *in, struct arena *arena,
                        bool refill)
{
    struct wire_in list;
    row->leaves =
        message_part_list(&list, in, arena, PUSH_LEAVES_MAX, sizeof *row->leaves, &row->n_leaves);
    for (size_t i = 0; i < row->n_leaves; i++) {
        struct message_leaf *leaf = &row->leaves[i];
        uint32_t items = refill ? 4 : 3;
        struct wire_in item = wire_array(&list, items, items);
        if (refill)
            leaf->t_recv_ms = wire_uint(&item, UINT64_MAX);
        message_part_take_leaf(leaf, &item, arena, !refill);
        wire_join(&list, &item);
    }
    wire_join(in, &list);
}

static void take_row(struct message_row *row, struct wire_in *in, struct arena *arena, bool refill)
{
    struct wire_in items = wire_array(in, ROW_SHORT, ROW_LONG);
    bool quiet = items.left == ROW_SHORT;
    wire_bytes(&items, row->space, ID_LEN);
    row->have_size = wire_uint(&items, UINT64_MAX);
    row->keys_rev = wire_uint(&items, UINT64_MAX);
    row->erased_upto = wire_uint(&items, UINT64_MAX);
    if (!quiet) {
        struct wire_in list;
        take_leaves(row, &items, arena, refill);
        row->bodies =
            message_part_list(&list, &items, arena, WANT_MAX, sizeof *row->bodies, &row->n_bodies);
        for (size_t i = 0; i < row->n_bodies; i++)
            message_part_take_body(&row->bodies[i], &list, true);
        wire_join(&items, &list);
        message_part_take_slots(row, &items, arena);
        message_part_take_seals(row, &items, arena);
        message_part_take_want(row, &items, arena);
        message_part_take_inbox(row, &items, arena);
    }
    wire_join(in, &items);
}

/* A space asked about twice would have its leaves judged twice. */
static bool space_twice(const struct message_request *request)
{
    for (size_t i = 1; i < request->n_rows; i++) {
        for (size_t k = 0; k < i; k++) {
            if (memcmp(request->rows[i].space, request->rows[k].space, ID_LEN) == 0)
                return true;
        }
    }
    return false;
}

/* Whether leaves carry a time is said by the flags, which stand behind the rows. */
static void take_rest(struct message_request *request, struct wire_in *in)
{
    struct wire_in rows;
    take_auth(request, in);
    wire_bytes(in, request->store_id, STORE_ID_LEN);
    request->rows = message_part_list(&rows, in, request->arena, ROWS_MAX, sizeof *request->rows,
                                      &request->n_rows);
    request->max_bytes = wire_uint(in, UINT64_MAX);
    request->wait_ms = wire_uint(in, UINT64_MAX);
    request->flags = wire_uint(in, UINT64_MAX);
    for (size_t i = 0; i < request->n_rows && in->err == ERR_OK; i++)
        take_row(&request->rows[i], &rows, request->arena, request->flags & FLAG_REFILL);
    wire_join(in, &rows);
    if (space_twice(request))
        wire_fail(in, ERR_FORMAT);
}

enum err message_request_decode(struct message_request *request)
{
    enum err err = ERR_OK;
    struct wire_doc doc = {0};
    arena_free(request->arena);
    request->arena = message_part_arena(request->rest_len);
    TRY(request->arena ? ERR_OK : ERR_MEMORY);
    TRY(wire_open(&doc, request->rest, request->rest_len, MESSAGE_DEPTH, ITEMS_MAX));
    struct wire_in root = wire_root(&doc);
    struct wire_in in = wire_array(&root, REST_ITEMS, REST_ITEMS);
    take_rest(request, &in);
    wire_join(&root, &in);
    TRY(root.err);
out:
    wire_close(&doc);
    if (err != ERR_OK)
        message_request_free(request);
    return err;
}

void message_request_free(struct message_request *request)
{
    arena_free(request->arena);
    request->arena = NULL;
    request->rows = NULL;
    request->n_rows = 0;
}
