/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/leaf.h"

#include <string.h>

#include "proto/digest.h"
#include "proto/sign.h"

enum { HEADER_VERSION = 1, HEADER_FIELDS = 13, HEADER_DEPTH = 4, ROUTE_MIN = NONCE_LEN + TAG_LEN };

static void header_get(struct leaf *leaf, struct wire_in *in)
{
    if (wire_uint(in, UINT8_MAX) != HEADER_VERSION) {
        wire_fail(in, ERR_VERSION);
        return;
    }
    wire_bytes(in, leaf->space, ID_LEN);
    wire_bytes(in, leaf->device, ID_LEN);
    leaf->seq = wire_uint(in, INT64_MAX);
    wire_bytes(in, leaf->prev, HASH_LEN);
    leaf->seen_size = wire_uint(in, INT64_MAX);
    wire_bytes(in, leaf->seen_root, HASH_LEN);
    leaf->epoch = (uint32_t)wire_uint(in, EPOCHS_MAX);
    uint64_t kind = wire_uint(in, UINT16_MAX);
    leaf->unknown = !op_kind_known(kind);
    /* A chained operation may change who belongs to the space: guessing would let replicas drift apart. */
    if (leaf->unknown && kind_is_chained((enum leaf_kind)kind))
        wire_fail(in, ERR_VERSION);
    if (in->err != ERR_OK)
        return;
    leaf->kind = (enum leaf_kind)kind;
    if (leaf->unknown) {
        wire_skip(in);
    } else if (kind_has_route(leaf->kind)) {
        leaf->route = wire_bin(in, &leaf->route_len, ROUTE_MIN, ROUTE_PLAIN_MAX + ROUTE_MIN);
    } else {
        enum err err = op_decode(&leaf->op, leaf->kind, in);
        if (err != ERR_OK)
            wire_fail(in, err);
    }
    leaf->has_keys = wire_bytes_or_nil(in, leaf->keys, HASH_LEN);
    leaf->n_bodies = (uint16_t)wire_uint(in, BOXES_MAX);
    /* One way to say "no bodies": a count of zero without a hash. */
    if (wire_bytes_or_nil(in, leaf->bodies, HASH_LEN) != (leaf->n_bodies > 0))
        wire_fail(in, ERR_FORMAT);
    if (leaf->seq == 0)
        wire_fail(in, ERR_FORMAT);
}

enum err leaf_decode(struct leaf *leaf, const uint8_t *header, size_t len,
                     const uint8_t sig[static SIG_LEN])
{
    *leaf = (struct leaf){.header = header, .header_len = len};
    memcpy(leaf->sig, sig, SIG_LEN);
    if (len > HEADER_MAX)
        return ERR_TOO_BIG;
    struct wire_doc doc;
    enum err err = wire_open(&doc, header, len, HEADER_DEPTH, 2 * ERASE_LIST_MAX + 64);
    if (err != ERR_OK)
        return err;
    struct wire_in root = wire_root(&doc);
    struct wire_in in = wire_array(&root, 1, UINT32_MAX);
    /* The version is judged before the arity, so that a newer form is told apart from garbage. */
    if (in.err == ERR_OK && in.left != HEADER_FIELDS) {
        err = wire_uint(&in, UINT8_MAX) > HEADER_VERSION ? ERR_VERSION : ERR_FORMAT;
    } else {
        header_get(leaf, &in);
        err = wire_end(&in);
    }
    wire_close(&doc);
    return err;
}

void leaf_fini(struct leaf *leaf)
{
    op_fini(&leaf->op);
}

enum err leaf_make(struct leaf *leaf, struct buf *out, const uint8_t ed_sk[static SK_LEN])
{
    size_t start = out->len;
    wire_put_array(out, HEADER_FIELDS);
    wire_put_uint(out, HEADER_VERSION);
    wire_put_bin(out, leaf->space, ID_LEN);
    wire_put_bin(out, leaf->device, ID_LEN);
    wire_put_uint(out, leaf->seq);
    wire_put_bin(out, leaf->prev, HASH_LEN);
    wire_put_uint(out, leaf->seen_size);
    wire_put_bin(out, leaf->seen_root, HASH_LEN);
    wire_put_uint(out, leaf->epoch);
    wire_put_uint(out, leaf->kind);
    if (kind_has_route(leaf->kind))
        wire_put_bin(out, leaf->route, leaf->route_len);
    else
        op_encode(out, &leaf->op);
    if (leaf->has_keys)
        wire_put_bin(out, leaf->keys, HASH_LEN);
    else
        wire_put_nil(out);
    wire_put_uint(out, leaf->n_bodies);
    if (leaf->n_bodies > 0)
        wire_put_bin(out, leaf->bodies, HASH_LEN);
    else
        wire_put_nil(out);
    if (out->err != ERR_OK)
        return out->err;
    leaf->header = out->bytes + start;
    leaf->header_len = out->len - start;
    const struct digest_part part = {leaf->header, leaf->header_len};
    return sign_make(leaf->sig, ed_sk, TAG_LEAF, &part, 1);
}

enum err leaf_verify(const struct leaf *leaf, const uint8_t ed_pk[static PK_LEN])
{
    const struct digest_part part = {leaf->header, leaf->header_len};
    return sign_verify(leaf->sig, ed_pk, TAG_LEAF, &part, 1);
}

void leaf_hash(uint8_t out[static HASH_LEN], const uint8_t *header, size_t len,
               const uint8_t sig[static SIG_LEN])
{
    const struct digest_part parts[] = {{header, len}, {sig, SIG_LEN}};
    digest_sha256(out, parts, 2);
}

void leaf_entry_hash(uint8_t out[static HASH_LEN], uint64_t t_recv_ms, const uint8_t *header,
                     size_t len, const uint8_t sig[static SIG_LEN])
{
    uint8_t head[1 + 1 + 8] = {0x00, 0x01};
    for (unsigned i = 0; i < 8; i++)
        head[2 + i] = (uint8_t)(t_recv_ms >> (8 * (7 - i)));
    const struct digest_part parts[] = {{head, sizeof head}, {header, len}, {sig, SIG_LEN}};
    digest_sha256(out, parts, 3);
}

void leaf_space_id(uint8_t out[static ID_LEN], const uint8_t *header, size_t len)
{
    static const char tag[] = "passerelle/space/v1";
    const struct digest_part parts[] = {{tag, sizeof tag}, {header, len}};
    uint8_t hash[HASH_LEN];
    digest_sha256(hash, parts, 2);
    memcpy(out, hash, ID_LEN);
}

void leaf_body_hash(uint8_t out[static HASH_LEN], const struct leaf_body *body)
{
    if (body->len == HASH_LEN)
        memcpy(out, body->bytes, HASH_LEN);
    else
        digest_sha256_of(out, body->bytes, body->len);
}

void leaf_bodies_hash(uint8_t out[static HASH_LEN], const struct leaf_body *bodies, size_t n)
{
    uint8_t hashes[BOXES_MAX * HASH_LEN];
    size_t count = n < BOXES_MAX ? n : BOXES_MAX;
    for (size_t i = 0; i < count; i++)
        leaf_body_hash(hashes + i * HASH_LEN, &bodies[i]);
    digest_sha256_of(out, hashes, count * HASH_LEN);
}

enum err leaf_bodies_check(const struct leaf *leaf, const struct leaf_body *bodies, size_t n)
{
    if (n != leaf->n_bodies)
        return ERR_CORRUPT;
    size_t total = leaf->header_len + SIG_LEN;
    for (size_t i = 0; i < n; i++) {
        if (bodies[i].len != HASH_LEN && (bodies[i].len < BODY_MIN || bodies[i].len > BODY_MAX))
            return ERR_CORRUPT;
        total += bodies[i].len;
    }
    if (total > LEAF_MAX)
        return ERR_TOO_BIG;
    if (n == 0)
        return ERR_OK;
    uint8_t hash[HASH_LEN];
    leaf_bodies_hash(hash, bodies, n);
    return digest_equal(hash, leaf->bodies, HASH_LEN) ? ERR_OK : ERR_CORRUPT;
}

static void put_u32be(uint8_t out[static 4], uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (8 * (3 - i)));
}

enum err leaf_slots_hash(uint8_t out[static HASH_LEN], const struct leaf_slot *slots, size_t n)
{
    struct buf all = {.max = BOXES_MAX * (ID_LEN + 4 + SLOT_LEN)};
    for (size_t i = 0; i < n; i++) {
        buf_put(&all, slots[i].row, ID_LEN);
        buf_u32be(&all, slots[i].epoch);
        buf_put(&all, slots[i].slot, SLOT_LEN);
    }
    enum err err = all.err;
    if (err == ERR_OK)
        digest_sha256_of(out, all.bytes, all.len);
    buf_free(&all);
    return err;
}

void leaf_seal_line(uint8_t out[static SEAL_LINE_LEN], const struct leaf_seal *seal)
{
    memcpy(out, seal->device, ID_LEN);
    put_u32be(out + ID_LEN, seal->epoch);
    out[ID_LEN + 4] = seal->type;
    digest_sha256_of(out + ID_LEN + 5, seal->seal, seal->seal_len);
}

void leaf_seals_hash(uint8_t out[static HASH_LEN], const uint8_t *lines, size_t n)
{
    digest_sha256_of(out, lines, n * SEAL_LINE_LEN);
}

bool leaf_body_may_go(enum leaf_kind kind, uint64_t t_recv_ms, uint64_t newest_ms)
{
    return kind == KIND_ACCESS && newest_ms >= (uint64_t)ACCESS_KEEP_MS &&
           t_recv_ms <= newest_ms - (uint64_t)ACCESS_KEEP_MS;
}
