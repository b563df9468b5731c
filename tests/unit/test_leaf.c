/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: leaves and operations say exactly one thing in exactly one way: every kind comes back as it was written, every
 * cut or altered header is refused or differs, bodies, slots, seals and proofs are bound bit by bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "proto/seal.h"
#include "proto/sign.h"
#include "tests/lib/logbook.h"

/* Runs `check` on every entry of every scenario that decodes. */
static void for_each_leaf(void (*check)(struct logbook *lb, size_t i, const struct leaf *leaf))
{
    for (size_t s = 0; s < logbook_scenarios_n; s++) {
        struct logbook *lb = calloc(1, sizeof *lb);
        assert_non_null(lb);
        logbook_start(lb);
        logbook_scenarios[s].run(lb);
        for (size_t i = 0; i < lb->n; i++) {
            struct leaf leaf;
            const struct logbook_entry *e = &lb->entries[i];
            if (leaf_decode(&leaf, e->header.bytes, e->header.len, e->sig) == ERR_OK)
                check(lb, i, &leaf);
            leaf_fini(&leaf);
        }
        logbook_end(lb);
        free(lb);
    }
}

static uint64_t kinds_seen;

static void check_round_trip(struct logbook *lb, size_t i, const struct leaf *leaf)
{
    (void)i;
    struct leaf again = *leaf;
    struct buf out = {.max = HEADER_MAX};
    kinds_seen |= (uint64_t)1 << ((unsigned)leaf->kind % 64);
    assert_int_equal(leaf_make(&again, &out, lb->actors[0].ed_sk), ERR_OK);
    assert_int_equal(out.len, leaf->header_len);
    assert_memory_equal(out.bytes, leaf->header, out.len);
    buf_free(&out);
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    kinds_seen = 0;
    for_each_leaf(check_round_trip);
    for (unsigned kind = 0; kind < 64; kind++) {
        if (op_kind_known(kind))
            assert_true(kinds_seen >> kind & 1);
    }
    assert_true(kinds_seen & 1 && kinds_seen >> 1 & 1); /* 64 data, 65 snapshot */
}

static void check_cuts(struct logbook *lb, size_t i, const struct leaf *leaf)
{
    (void)leaf;
    const struct logbook_entry *e = &lb->entries[i];
    for (size_t len = 0; len < e->header.len; len++) {
        uint8_t *cut = malloc(len ? len : 1);
        struct leaf decoded;
        memcpy(cut, e->header.bytes, len);
        assert_int_not_equal(leaf_decode(&decoded, cut, len, e->sig), ERR_OK);
        leaf_fini(&decoded);
        free(cut);
    }
    uint8_t *longer = malloc(e->header.len + 1);
    struct leaf decoded;
    memcpy(longer, e->header.bytes, e->header.len);
    longer[e->header.len] = 0;
    assert_int_equal(leaf_decode(&decoded, longer, e->header.len + 1, e->sig), ERR_FORMAT);
    leaf_fini(&decoded);
    free(longer);
}

static void cut_short_or_longer(void **state)
{
    (void)state;
    for_each_leaf(check_cuts);
}

/* A header with one field changed before it is encoded. */
static enum err with(void (*change)(struct leaf *leaf))
{
    struct logbook *lb = calloc(1, sizeof *lb);
    assert_non_null(lb);
    logbook_start(lb);
    struct leaf leaf = {.kind = KIND_DATA, .seq = 1, .n_bodies = 1}, decoded;
    static const uint8_t route[NONCE_LEN + TAG_LEN];
    leaf.route = route;
    leaf.route_len = sizeof route;
    change(&leaf);
    struct buf out = {.max = 2 * HEADER_MAX};
    enum err err = leaf_make(&leaf, &out, lb->actors[0].ed_sk);
    if (err == ERR_OK)
        err = leaf_decode(&decoded, out.bytes, out.len, leaf.sig);
    if (out.err == ERR_OK)
        leaf_fini(&decoded);
    buf_free(&out);
    logbook_end(lb);
    free(lb);
    return err;
}

static void nothing(struct leaf *leaf)
{
    (void)leaf;
}
static void seq_zero(struct leaf *leaf)
{
    leaf->seq = 0;
}
static void many_bodies(struct leaf *leaf)
{
    leaf->n_bodies = BOXES_MAX + 1;
}
static void short_route(struct leaf *leaf)
{
    leaf->route_len--;
}
static void no_chain(struct leaf *leaf)
{
    leaf->kind = leaf->op.kind = KIND_CONFIRM; /* without ctl_prev */
}
static void chain_where_none(struct leaf *leaf)
{
    leaf->kind = leaf->op.kind = KIND_DEVICE_REKEY;
    leaf->op.has_prev = true;
}
static void far_epoch(struct leaf *leaf)
{
    leaf->epoch = EPOCHS_MAX + 1;
}

static void limits(void **state)
{
    (void)state;
    assert_int_equal(with(nothing), ERR_OK);
    assert_int_not_equal(with(seq_zero), ERR_OK);
    assert_int_not_equal(with(many_bodies), ERR_OK);
    assert_int_not_equal(with(short_route), ERR_OK);
    assert_int_not_equal(with(no_chain), ERR_OK);
    assert_int_not_equal(with(chain_where_none), ERR_OK);
    assert_int_not_equal(with(far_epoch), ERR_OK);
}

static void bodies_are_bound(void **state)
{
    (void)state;
    uint8_t a[BODY_MIN], b[BODY_MIN + 9], hash[HASH_LEN];
    memset(a, 1, sizeof a);
    memset(b, 2, sizeof b);
    struct leaf_body bodies[2] = {{a, sizeof a}, {b, sizeof b}};
    struct leaf leaf = {.n_bodies = 2};
    leaf_bodies_hash(leaf.bodies, bodies, 2);
    assert_int_equal(leaf_bodies_check(&leaf, bodies, 2), ERR_OK);
    assert_int_equal(leaf_bodies_check(&leaf, bodies, 1), ERR_CORRUPT);
    for (size_t bit = 0; bit < 8 * sizeof b; bit++) {
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(leaf_bodies_check(&leaf, bodies, 2), ERR_CORRUPT);
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    /* a deleted body is its hash, and nothing else of that length passes */
    digest_sha256_of(hash, b, sizeof b);
    bodies[1] = (struct leaf_body){hash, HASH_LEN};
    assert_int_equal(leaf_bodies_check(&leaf, bodies, 2), ERR_OK);
    hash[0] ^= 1;
    assert_int_equal(leaf_bodies_check(&leaf, bodies, 2), ERR_CORRUPT);
    struct leaf_body swapped[2] = {{b, sizeof b}, {a, sizeof a}};
    assert_int_equal(leaf_bodies_check(&leaf, swapped, 2), ERR_CORRUPT);
    bodies[1] = (struct leaf_body){b, BODY_MIN - 1};
    assert_int_equal(leaf_bodies_check(&leaf, bodies, 2), ERR_CORRUPT);
}

static void slots_and_seals_are_bound(void **state)
{
    (void)state;
    struct leaf_slot slots[2] = {{.epoch = 1}, {.epoch = 2}};
    uint8_t want[HASH_LEN], got[HASH_LEN];
    memset(slots[1].row, 7, ID_LEN);
    assert_int_equal(leaf_slots_hash(want, slots, 2), ERR_OK);
    uint8_t *parts[] = {slots[0].row, slots[1].slot};
    size_t lens[] = {ID_LEN, SLOT_LEN};
    for (int p = 0; p < 2; p++) {
        for (size_t bit = 0; bit < 8 * lens[p]; bit++) {
            parts[p][bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(leaf_slots_hash(got, slots, 2), ERR_OK);
            assert_memory_not_equal(want, got, HASH_LEN);
            parts[p][bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    slots[0].epoch = 3;
    assert_int_equal(leaf_slots_hash(got, slots, 2), ERR_OK);
    assert_memory_not_equal(want, got, HASH_LEN);

    uint8_t bytes[SEAL_MEMBER_LEN] = {0}, line[SEAL_LINE_LEN], other[SEAL_LINE_LEN];
    struct leaf_seal seal = {
        .epoch = 1, .type = SEAL_MEMBER, .seal = bytes, .seal_len = sizeof bytes};
    leaf_seal_line(line, &seal);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        leaf_seal_line(other, &seal);
        assert_memory_not_equal(line, other, SEAL_LINE_LEN);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void entries_are_bound(void **state)
{
    (void)state;
    /* The tree commits to the time of receipt, the header and the signature. */
    uint8_t header[5] = {1, 2, 3, 4, 5}, sig[SIG_LEN] = {9}, want[HASH_LEN], got[HASH_LEN];
    leaf_entry_hash(want, 1000, header, 5, sig);
    leaf_entry_hash(got, 1001, header, 5, sig);
    assert_memory_not_equal(want, got, HASH_LEN);
    leaf_entry_hash(got, 1000, header, 4, sig);
    assert_memory_not_equal(want, got, HASH_LEN);
    sig[63] ^= 1;
    leaf_entry_hash(got, 1000, header, 5, sig);
    assert_memory_not_equal(want, got, HASH_LEN);
}

static void proofs_are_bound(void **state)
{
    (void)state;
    struct logbook *lb = calloc(1, sizeof *lb);
    assert_non_null(lb);
    logbook_start(lb);
    for (int invite = -1; invite <= 1; invite += 2) {
        struct op op = logbook_add(lb, 5, invite, ROLE_READER);
        struct op_proof proof = op.u.device_add.proof;
        struct op_join join;
        uint8_t part[512];
        memcpy(part, proof.part, proof.part_len);
        proof.part = part;
        assert_int_equal(op_proof_verify(&join, &proof, lb->space), ERR_OK);
        assert_memory_equal(join.ed_pk, lb->actors[5].ed_pk, PK_LEN);
        for (size_t bit = 0; bit < 8 * proof.part_len; bit++) {
            part[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_not_equal(op_proof_verify(&join, &proof, lb->space), ERR_OK);
            part[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t bit = 0; bit < 8 * SIG_LEN; bit++) {
            proof.device_sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(op_proof_verify(&join, &proof, lb->space), ERR_SIGNATURE);
            proof.device_sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
            proof.invite_sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(op_proof_verify(&join, &proof, lb->space),
                             invite > 0 ? ERR_SIGNATURE : ERR_OK);
            proof.invite_sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    logbook_end(lb);
    free(lb);
}

static void log_key_signature(void **state)
{
    (void)state;
    /* Every bit of the old key's countersignature counts. */
    struct logbook *lb = calloc(1, sizeof *lb);
    assert_non_null(lb);
    logbook_start(lb);
    uint8_t seed[HASH_LEN], pk[PK_LEN], sk[SK_LEN];
    digest_sha256_of(seed, "logbook log 0", 13);
    sign_keypair(pk, sk, seed);
    struct op op = {.kind = KIND_LOG_KEY, .has_prev = true};
    memcpy(op.prev, lb->fold->head, HASH_LEN);
    const struct digest_part parts[] = {
        {lb->space, ID_LEN}, {op.u.log_key.log_pk, PK_LEN}, {op.u.log_key.resp_pk, PK_LEN}};
    assert_int_equal(sign_make(op.u.log_key.old_sig, sk, TAG_LOGKEY, parts, 3), ERR_OK);
    for (size_t bit = 0; bit <= 8 * SIG_LEN; bit++) {
        struct leaf leaf = {.kind = KIND_LOG_KEY, .op = op, .seq = 99, .epoch = 1};
        memcpy(leaf.space, lb->space, ID_LEN);
        memcpy(leaf.device, lb->actors[0].id, ID_LEN);
        memcpy(leaf.prev, lb->actors[0].prev, HASH_LEN);
        digest_sha256_of(leaf.seen_root, NULL, 0);
        if (bit < 8 * SIG_LEN)
            leaf.op.u.log_key.old_sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const struct fold_entry entry = {lb->n, lb->now_ms, &leaf, true, true, logbook_root_at, lb};
        assert_int_equal(fold_judge(lb->fold, &entry), bit < 8 * SIG_LEN ? ERR_SIGNATURE : ERR_OK);
    }
    logbook_end(lb);
    free(lb);
}

/* A form of the future is told apart from garbage, whatever its arity. */
static enum err decode_form(uint32_t arity, uint64_t version)
{
    struct leaf leaf;
    struct buf out = {0};
    static const uint8_t sig[SIG_LEN];
    wire_put_array(&out, arity);
    wire_put_uint(&out, version);
    for (uint32_t i = 1; i < arity; i++)
        wire_put_nil(&out);
    enum err err = leaf_decode(&leaf, out.bytes, out.len, sig);
    leaf_fini(&leaf);
    buf_free(&out);
    return err;
}

static void newer_forms(void **state)
{
    (void)state;
    assert_int_equal(decode_form(14, 2), ERR_VERSION);
    assert_int_equal(decode_form(12, 200), ERR_VERSION);
    assert_int_equal(decode_form(13, 2), ERR_VERSION);
    assert_int_equal(decode_form(14, 1), ERR_FORMAT);
    assert_int_equal(decode_form(12, 0), ERR_FORMAT);
    assert_int_equal(decode_form(13, 1), ERR_FORMAT);
    fold_free(NULL);
}

static void sizes(void **state)
{
    (void)state;
    static const uint8_t sig[SIG_LEN], nil = 0xc0;
    uint8_t *big = calloc(1, HEADER_MAX + 1);
    struct leaf leaf = {.kind = KIND_ACCESS, .seq = 1};
    assert_non_null(big);
    assert_int_equal(leaf_decode(&leaf, big, HEADER_MAX + 1, sig), ERR_TOO_BIG);
    assert_int_equal(leaf_decode(&leaf, &nil, 1, sig), ERR_FORMAT);
    free(big);
    /* A header that does not fit is not signed. */
    struct buf small = {.max = 16};
    const uint8_t sk[SK_LEN] = {0};
    leaf = (struct leaf){.kind = KIND_ACCESS, .seq = 1, .op.kind = KIND_ACCESS};
    assert_int_equal(leaf_make(&leaf, &small, sk), ERR_TOO_BIG);
    assert_true(digest_is_zero(leaf.sig, SIG_LEN));
    buf_free(&small);
    /* One body too long, two bodies that are too long together. */
    uint8_t *body = calloc(1, BODY_MAX + 1);
    assert_non_null(body);
    struct leaf_body bodies[] = {{body, BODY_MAX + 1}, {body, BODY_MAX / 2 + 1000}};
    assert_int_equal(leaf_bodies_check(&leaf, NULL, 0), ERR_OK);
    leaf.n_bodies = 1;
    assert_int_equal(leaf_bodies_check(&leaf, bodies, 1), ERR_CORRUPT);
    bodies[0].len = BODY_MAX / 2;
    leaf.n_bodies = 2;
    assert_int_equal(leaf_bodies_check(&leaf, bodies, 2), ERR_TOO_BIG);
    free(body);
}

/* Entries of the access journal go after their time, nothing else does. */
static void bodies_that_may_go(void **state)
{
    (void)state;
    const uint64_t keep = (uint64_t)ACCESS_KEEP_MS;
    assert_true(leaf_body_may_go(KIND_ACCESS, 5, keep + 5));
    assert_false(leaf_body_may_go(KIND_ACCESS, 6, keep + 5));
    assert_false(leaf_body_may_go(KIND_ACCESS, 0, keep - 1));
    assert_false(leaf_body_may_go(KIND_DATA, 5, keep + 5));
}

/* Operations that no encoder of ours makes: the items of `body` behind ctl_prev. */
static enum err decode_op(enum leaf_kind kind, uint32_t n, const struct buf *body)
{
    static const uint8_t prev[HASH_LEN] = {1};
    struct buf out = {0};
    struct wire_doc doc;
    struct op op;
    wire_put_array(&out, n + 1);
    if (kind_is_chained(kind))
        wire_put_bin(&out, prev, HASH_LEN);
    else
        wire_put_nil(&out);
    buf_put(&out, body->bytes, body->len);
    assert_int_equal(wire_open(&doc, out.bytes, out.len, 4, 100), ERR_OK);
    struct wire_in in = wire_root(&doc);
    enum err err = op_decode(&op, kind, &in);
    op_fini(&op);
    wire_close(&doc);
    buf_free(&out);
    return err;
}

static void odd_operations(void **state)
{
    (void)state;
    static const uint8_t zero[WRAP_LEN];
    struct buf body = {0};
    /* An epoch with the wrap of one key only. */
    wire_put_uint(&body, 2);
    wire_put_uint(&body, SUITE_1);
    for (int i = 0; i < 3; i++)
        wire_put_bin(&body, zero, HASH_LEN);
    size_t wraps = body.len;
    wire_put_nil(&body);
    wire_put_bin(&body, zero, WRAP_LEN);
    assert_int_equal(decode_op(KIND_EPOCH_CHANGE, 7, &body), ERR_FORMAT);
    body.len = wraps;
    wire_put_bin(&body, zero, WRAP_LEN);
    wire_put_bin(&body, zero, WRAP_LEN);
    assert_int_equal(decode_op(KIND_EPOCH_CHANGE, 7, &body), ERR_OK);
    /* A witness whose name is a number. */
    buf_reset(&body);
    wire_put_uint(&body, 0);
    wire_put_array(&body, 2);
    wire_put_uint(&body, 7);
    wire_put_bin(&body, zero, PK_LEN);
    assert_int_equal(decode_op(KIND_WITNESS_SET, 2, &body), ERR_FORMAT);
    /* A body to erase without its box. */
    for (uint32_t n = 1; n <= 4; n++) {
        buf_reset(&body);
        wire_put_bin(&body, zero, ID_LEN);
        wire_put_array(&body, n);
        for (uint32_t i = 0; i < n; i++)
            wire_put_uint(&body, i);
        assert_int_equal(decode_op(KIND_PURGE, 2, &body), n % 2 ? ERR_FORMAT : ERR_OK);
    }
    /* A grant for one dossier, and for all. */
    struct op grant = {.kind = KIND_AUDIT_GRANT};
    for (int one = 0; one <= 1; one++) {
        struct buf all = {0};
        grant.u.audit_grant.one_dossier = one;
        op_encode(&all, &grant);
        buf_reset(&body); /* behind the array's byte and ctl_prev */
        buf_put(&body, all.bytes + 2, all.len - 2);
        assert_int_equal(decode_op(KIND_AUDIT_GRANT, 5, &body), ERR_OK);
        buf_free(&all);
    }
    /* Data has no operation. */
    buf_reset(&body);
    assert_int_equal(decode_op(KIND_DATA, 0, &body), ERR_VERSION);
    const struct op none = {.kind = KIND_DATA};
    op_encode(&body, &none);
    assert_int_equal(body.err, ERR_USAGE);
    buf_free(&body);
}

/* A space that succeeds another says which one and how long it was. */
static void succession(void **state)
{
    (void)state;
    struct logbook *lb = calloc(1, sizeof *lb);
    struct buf out = {0};
    struct leaf leaf, decoded;
    assert_non_null(lb);
    logbook_start(lb);
    const struct logbook_entry *e = &lb->entries[0];
    assert_int_equal(leaf_decode(&leaf, e->header.bytes, e->header.len, e->sig), ERR_OK);
    leaf.op.u.genesis.succeeds = true;
    memset(leaf.op.u.genesis.old_space, 3, ID_LEN);
    memset(leaf.op.u.genesis.old_root, 4, HASH_LEN);
    leaf.op.u.genesis.old_size = 77;
    assert_int_equal(leaf_make(&leaf, &out, lb->actors[0].ed_sk), ERR_OK);
    assert_int_equal(leaf_decode(&decoded, out.bytes, out.len, leaf.sig), ERR_OK);
    assert_true(decoded.op.u.genesis.succeeds);
    assert_int_equal(decoded.op.u.genesis.old_size, 77);
    assert_memory_equal(decoded.op.u.genesis.old_space, leaf.op.u.genesis.old_space, ID_LEN);
    assert_memory_equal(decoded.op.u.genesis.old_root, leaf.op.u.genesis.old_root, HASH_LEN);
    buf_free(&out);
    logbook_end(lb);
    free(lb);
}

/* The commitment to slots is what PROTOCOL.md 4 says. */
static void slots_hash(void **state)
{
    (void)state;
    struct leaf_slot slots[2] = {{.epoch = 1, .row = {1}, .slot = {2}},
                                 {.epoch = 0x01020304, .row = {3}, .slot = {4}}};
    struct buf all = {0};
    uint8_t want[HASH_LEN], got[HASH_LEN] = {0};
    for (int i = 0; i < 2; i++) {
        buf_put(&all, slots[i].row, ID_LEN);
        buf_u32be(&all, slots[i].epoch);
        buf_put(&all, slots[i].slot, SLOT_LEN);
    }
    digest_sha256_of(want, all.bytes, all.len);
    assert_int_equal(leaf_slots_hash(got, slots, 2), ERR_OK);
    assert_memory_equal(want, got, HASH_LEN);
    buf_free(&all);
    struct leaf_slot *many = calloc(BOXES_MAX + 1, sizeof *many);
    assert_non_null(many);
    assert_int_equal(leaf_slots_hash(got, many, BOXES_MAX), ERR_OK);
    assert_int_equal(leaf_slots_hash(got, many, BOXES_MAX + 1), ERR_TOO_BIG);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(cut_short_or_longer),
        cmocka_unit_test(limits),
        cmocka_unit_test(newer_forms),
        cmocka_unit_test(sizes),
        cmocka_unit_test(bodies_that_may_go),
        cmocka_unit_test(odd_operations),
        cmocka_unit_test(succession),
        cmocka_unit_test(slots_hash),
        cmocka_unit_test(bodies_are_bound),
        cmocka_unit_test(slots_and_seals_are_bound),
        cmocka_unit_test(entries_are_bound),
        cmocka_unit_test(proofs_are_bound),
        cmocka_unit_test(log_key_signature),
    };
    if (digest_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
