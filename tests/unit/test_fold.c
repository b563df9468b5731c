/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: every kind of leaf is accepted and refused as PROTOCOL.md 6 says (scenarios in tests/lib), a refused leaf
 * changes nothing, replay from one's own disk gives the same state, seals match the members, Effective cuts.
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
#include "tests/lib/logbook.h"

/* What decides about later leaves, as bytes, to compare two folds. */
static void state_of(const struct fold *fold, struct buf *out)
{
    *out = (struct buf){0};
    buf_put(out, fold->head, HASH_LEN);
    buf_u64be(out, fold->cut_since);
    buf_u64be(out, fold->n_devices * 1000000 + fold->n_epochs * 10000 + fold->n_invites * 100 +
                       fold->n_proposals);
    buf_u64be(out, fold->n_erased * 100 + fold->n_grants * 10 + fold->trial * 2 +
                       fold->rotation_pending);
    buf_put(out, fold->log_pk, PK_LEN);
    buf_u64be(out, fold->pack_number);
    for (size_t i = 0; i < fold->n_devices; i++) {
        const struct fold_device *d = &fold->devices[i];
        buf_put(out, d->id, ID_LEN);
        buf_put(out, d->x_pk, PK_LEN);
        buf_u8(out, d->roles);
        buf_u8(out, d->active);
        buf_u64be(out, d->last_seq);
        buf_put(out, d->last_hash, HASH_LEN);
    }
}

static void assert_same(const struct fold *a, const struct fold *b)
{
    struct buf x, y;
    state_of(a, &x);
    state_of(b, &y);
    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.bytes, y.bytes, x.len);
    buf_free(&x);
    buf_free(&y);
}

static enum err apply(struct fold *fold, struct logbook *lb, size_t i, bool fresh,
                      enum err *verdict)
{
    struct logbook_entry *e = &lb->entries[i];
    struct leaf leaf;
    enum err err = leaf_decode(&leaf, e->header.bytes, e->header.len, e->sig);
    if (err == ERR_OK) {
        const struct fold_entry entry = {i, e->t_recv_ms, &leaf, fresh, false, logbook_root_at, lb};
        *verdict = fold_apply(fold, &entry);
    } else {
        *verdict = err;
    }
    leaf_fini(&leaf);
    return err;
}

static void each_scenario(void **state)
{
    (void)state;
    for (size_t s = 0; s < logbook_scenarios_n; s++) {
        struct logbook *lb = calloc(1, sizeof *lb);
        logbook_start(lb);
        logbook_scenarios[s].run(lb);
        if (lb->failed)
            fail_msg("scenario: %s", logbook_scenarios[s].name);
        /* A second fold that sees the same log agrees; one without the refused leaves has the same state. */
        struct fold *again, *valid_only;
        assert_int_equal(fold_new(&again, lb->space), ERR_OK);
        assert_int_equal(fold_new(&valid_only, lb->space), ERR_OK);
        for (size_t i = 0; i < lb->n; i++) {
            enum err verdict;
            if (apply(again, lb, i, true, &verdict) != ERR_OK)
                fold_skip_to(again, i + 1);
            assert_int_equal(verdict, lb->entries[i].verdict);
            if (lb->entries[i].verdict == ERR_OK) {
                assert_int_equal(apply(valid_only, lb, i, false, &verdict), ERR_OK);
                assert_int_equal(verdict, ERR_OK);
                continue;
            }
            fold_skip_to(valid_only, i + 1);
        }
        assert_same(lb->fold, again);
        assert_same(lb->fold, valid_only);
        fold_free(again);
        fold_free(valid_only);
        logbook_end(lb);
        free(lb);
    }
}

static void flipped_bits(void **state)
{
    (void)state;
    /* Every single-bit flip of every leaf of a log is refused at its place. */
    struct logbook *lb = calloc(1, sizeof *lb);
    logbook_start(lb);
    logbook_scenarios[0].run(lb);
    struct fold *fold;
    assert_int_equal(fold_new(&fold, lb->space), ERR_OK);
    for (size_t i = 0; i < 6; i++) {
        struct logbook_entry *e = &lb->entries[i];
        size_t bits = 8 * (e->header.len + SIG_LEN);
        for (size_t bit = 0; bit < bits; bit++) {
            size_t byte = bit / 8;
            uint8_t *at =
                byte < e->header.len ? e->header.bytes + byte : e->sig + (byte - e->header.len);
            *at ^= (uint8_t)(1 << bit % 8);
            struct leaf leaf;
            if (leaf_decode(&leaf, e->header.bytes, e->header.len, e->sig) == ERR_OK) {
                const struct fold_entry entry = {i,     e->t_recv_ms,    &leaf, true,
                                                 false, logbook_root_at, lb};
                assert_int_not_equal(fold_judge(fold, &entry), ERR_OK);
            }
            leaf_fini(&leaf);
            *at ^= (uint8_t)(1 << bit % 8);
        }
        enum err verdict;
        assert_int_equal(apply(fold, lb, i, true, &verdict), ERR_OK);
        assert_int_equal(verdict, ERR_OK);
    }
    fold_free(fold);
    logbook_end(lb);
    free(lb);
}

enum { RW = ROLE_READER | ROLE_WRITER };

static void effective(void **state)
{
    (void)state;
    struct logbook *lb = calloc(1, sizeof *lb);
    logbook_start(lb);
    const struct op none = {0};
    for (int who = 1; who <= 2; who++) {
        logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, who, -1, RW), ERR_OK);
        logbook_step(lb, who, KIND_DATA, none, ERR_OK);
        logbook_step(lb, who, KIND_DATA, none, ERR_OK);
    }
    const uint8_t *lost = lb->actors[1].id, *left = lb->actors[2].id;
    assert_true(fold_effective(lb->fold, 4, lost, 1, KIND_DATA));
    logbook_step(lb, 0, KIND_DEVICE_REVOKE, logbook_revoke(lb, 1, REVOKE_LOST, 1), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_REVOKE, logbook_revoke(lb, 2, REVOKE_DEPARTURE, 8), ERR_OK);
    assert_true(fold_effective(lb->fold, 4, lost, 1, KIND_DATA));
    assert_false(fold_effective(lb->fold, 5, lost, 2, KIND_DATA));
    assert_true(fold_effective(lb->fold, 5, lost, 2, KIND_INVITE));
    assert_true(fold_effective(lb->fold, 7, left, 1, KIND_DATA));
    assert_false(fold_effective(lb->fold, 8, left, 2, KIND_DATA));
    assert_true(fold_effective(lb->fold, 99, lb->actors[0].id, 99, KIND_DATA));
    assert_true(lb->fold->rotation_pending);
    assert_false(lb->failed);
    logbook_end(lb);
    free(lb);
}

/* A leaf of actor 0, decoded, whose keys32 is the hash of `seals`. */
static void with_seals(struct logbook *lb, enum leaf_kind kind, struct op op,
                       const struct leaf_seal *seals, size_t n, struct buf *header,
                       struct leaf *decoded)
{
    uint8_t lines[8 * SEAL_LINE_LEN];
    struct leaf leaf = {
        .kind = kind, .seq = 99, .op = op, .has_keys = n > 0, .epoch = fold_epoch_now(lb->fold)};
    for (size_t i = 0; i < n; i++)
        leaf_seal_line(lines + i * SEAL_LINE_LEN, &seals[i]);
    leaf_seals_hash(leaf.keys, lines, n);
    memcpy(leaf.space, lb->space, ID_LEN);
    memcpy(leaf.device, lb->actors[0].id, ID_LEN);
    leaf.op.kind = kind;
    leaf.op.has_prev = true;
    memcpy(leaf.op.prev, lb->fold->head, HASH_LEN);
    buf_reset(header);
    assert_int_equal(leaf_make(&leaf, header, lb->actors[0].ed_sk), ERR_OK);
    assert_int_equal(leaf_decode(decoded, header->bytes, header->len, leaf.sig), ERR_OK);
}

static void seals(void **state)
{
    (void)state;
    struct logbook *lb = calloc(1, sizeof *lb);
    struct buf header = {0};
    struct leaf leaf;
    logbook_start(lb);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 1, -1, RW), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 2, -1, ROLE_AUDITOR), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 3, -1, ROLE_GUARDIAN), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 4, -1, RW), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_REVOKE, logbook_revoke(lb, 4, REVOKE_LOST, 0), ERR_OK);

    /* an epoch_change: readers and auditors, not the guardian, not the removed one */
    static const uint8_t bytes[SEAL_LEN_MAX];
    int members[] = {0, 1, 2};
    struct leaf_seal all[4] = {0};
    for (int i = 0; i < 3; i++) {
        bool auditor = members[i] == 2;
        all[i] = (struct leaf_seal){.epoch = 2,
                                    .type = auditor ? SEAL_AUDITOR : SEAL_MEMBER,
                                    .seal = bytes,
                                    .seal_len = auditor ? SEAL_AUDITOR_LEN : SEAL_MEMBER_LEN};
        memcpy(all[i].device, lb->actors[members[i]].id, ID_LEN);
    }
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            if (memcmp(all[k].device, all[k + 1].device, ID_LEN) > 0) {
                struct leaf_seal swap = all[k];
                all[k] = all[k + 1];
                all[k + 1] = swap;
            }
        }
    }
    with_seals(lb, KIND_EPOCH_CHANGE, logbook_epoch(lb, 2), all, 3, &header, &leaf);
    assert_int_equal(fold_check_seals(lb->fold, &leaf, all, 3), ERR_OK);
    assert_int_equal(fold_check_seals(lb->fold, &leaf, all, 2), ERR_SEALS);
    assert_int_equal(fold_check_seals(lb->fold, &leaf, all, 4), ERR_SEALS);
    for (int i = 0; i < 3; i++) {
        struct leaf_seal kept = all[i];
        all[i].epoch = 3;
        assert_int_equal(fold_check_seals(lb->fold, &leaf, all, 3), ERR_SEALS);
        all[i] = kept;
        all[i].type = all[i].type == SEAL_MEMBER ? SEAL_AUDITOR : SEAL_MEMBER;
        assert_int_equal(fold_check_seals(lb->fold, &leaf, all, 3), ERR_SEALS);
        all[i] = kept;
        uint8_t other[SEAL_LEN_MAX] = {1};
        all[i].seal = other;
        assert_int_equal(fold_check_seals(lb->fold, &leaf, all, 3), ERR_SEALS);
        all[i] = kept;
        memcpy(all[i].device, lb->actors[3].id, ID_LEN);
        assert_int_equal(fold_check_seals(lb->fold, &leaf, all, 3), ERR_SEALS);
        all[i] = kept;
    }
    leaf_fini(&leaf);

    /* an addition: exactly the new device's; a guardian gets none */
    struct leaf_seal one = {
        .epoch = 1, .type = SEAL_MEMBER, .seal = bytes, .seal_len = SEAL_MEMBER_LEN};
    memcpy(one.device, lb->actors[5].id, ID_LEN);
    with_seals(lb, KIND_DEVICE_ADD, logbook_add(lb, 5, -1, RW), &one, 1, &header, &leaf);
    assert_int_equal(fold_check_seals(lb->fold, &leaf, &one, 1), ERR_OK);
    assert_int_equal(fold_check_seals(lb->fold, &leaf, &one, 0), ERR_SEALS);
    one.device[0] ^= 1;
    assert_int_equal(fold_check_seals(lb->fold, &leaf, &one, 1), ERR_SEALS);
    leaf_fini(&leaf);
    with_seals(lb, KIND_DEVICE_ADD, logbook_add(lb, 5, -1, ROLE_GUARDIAN), NULL, 0, &header, &leaf);
    assert_int_equal(fold_check_seals(lb->fold, &leaf, &one, 0), ERR_OK);
    assert_int_equal(fold_check_seals(lb->fold, &leaf, &one, 1), ERR_SEALS);
    leaf_fini(&leaf);
    assert_false(lb->failed);
    buf_free(&header);
    logbook_end(lb);
    free(lb);
}

static void of_the_future(void **state)
{
    (void)state;
    /* A kind >= 16 that this program does not know keeps its device's chain going; a chained one stops everything. */
    struct logbook *lb = calloc(1, sizeof *lb);
    logbook_start(lb);
    const struct op none = {0};
    logbook_step(lb, 0, (enum leaf_kind)90, none, ERR_OK);
    logbook_step(lb, 0, KIND_DATA, none, ERR_OK);
    assert_false(lb->failed);
    struct logbook_entry *e = &lb->entries[1]; /* an epoch_change, kind 5 -> 15 */
    struct leaf leaf;
    for (size_t i = 0; i < e->header.len; i++) {
        if (i > 100 && e->header.bytes[i] == KIND_EPOCH_CHANGE && e->header.bytes[i + 1] == 0x98) {
            e->header.bytes[i] = 15;
            assert_int_equal(leaf_decode(&leaf, e->header.bytes, e->header.len, e->sig),
                             ERR_VERSION);
            leaf_fini(&leaf);
        }
    }
    logbook_end(lb);
    free(lb);
}

/* A proposal waits while others are made; only those that are too old make room. */
static void proposals_wait_side_by_side(void **state)
{
    (void)state;
    enum { ALL = ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN };
    struct logbook *lb = calloc(1, sizeof *lb);
    assert_non_null(lb);
    logbook_start(lb);
    for (int who = 1; who <= 2; who++) {
        logbook_step(lb, 0, KIND_INVITE, logbook_invite(lb, who, ALL), ERR_OK);
        logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, who, who, ALL), ERR_OK);
    }
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 4, -1, ALL), ERR_OK);
    struct op first = logbook_confirm(lb);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 5, -1, ALL), ERR_OK);
    struct op second = logbook_confirm(lb);
    assert_int_equal(lb->fold->n_proposals, 2);
    logbook_step(lb, 1, KIND_CONFIRM, first, ERR_OK);
    /* a month later the second is too old, and the third takes its place */
    lb->next.has_t = true;
    lb->next.t_ms = lb->now_ms + 31ull * 24 * 3600 * 1000;
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 6, -1, ALL), ERR_OK);
    assert_int_equal(lb->fold->n_proposals, 1);
    logbook_step(lb, 1, KIND_CONFIRM, second, ERR_NOT_FOUND);
    assert_false(lb->failed);
    logbook_end(lb);
    free(lb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proposals_wait_side_by_side),
        cmocka_unit_test(each_scenario),
        cmocka_unit_test(flipped_bits),
        cmocka_unit_test(effective),
        cmocka_unit_test(seals),
        cmocka_unit_test(of_the_future),
    };
    if (digest_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
