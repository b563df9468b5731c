/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what no honest program sends and no scenario of tests/lib can say: a genesis that is wrong in one thing, spaces
 * that are full, questions about strangers, look-ups that fail.
 */
#include "tests/lib/logbook.h"
#include "tests/unit/proto_test.h"

#include "proto/seal.h"
#include "proto/sign.h"

enum { RW = ROLE_READER | ROLE_WRITER, RWS = RW | ROLE_STEWARD, RWSA = RWS | ROLE_ADMIN };
static const struct op none;

static int start(void **state)
{
    if (digest_init() != ERR_OK)
        return -1;
    struct logbook *lb = calloc(1, sizeof *lb);
    if (!lb)
        return -1;
    logbook_start(lb);
    *state = lb;
    return 0;
}

static int end(void **state)
{
    struct logbook *lb = *state;
    int failed = lb->failed;
    logbook_end(lb);
    free(lb);
    return failed;
}

/* --- the genesis, wrong in one thing --- */

static void right(struct leaf *leaf)
{
    (void)leaf;
}
static void in_a_space(struct leaf *leaf)
{
    leaf->space[3] = 1;
}
static void after_something(struct leaf *leaf)
{
    leaf->prev[0] = 1;
}
static void has_seen(struct leaf *leaf)
{
    leaf->seen_size = 1;
}
static void saw_a_root(struct leaf *leaf)
{
    leaf->seen_root[0] ^= 1;
}
static void in_an_epoch(struct leaf *leaf)
{
    leaf->epoch = 1;
}
static void with_bodies(struct leaf *leaf)
{
    leaf->n_bodies = 1;
}
static void with_keys(struct leaf *leaf)
{
    leaf->has_keys = true;
}
static void other_suite(struct leaf *leaf)
{
    leaf->op.u.genesis.suite = SUITE_1 + 1;
}
static void other_device(struct leaf *leaf)
{
    leaf->device[0] ^= 1;
}
static void other_kind(struct leaf *leaf)
{
    leaf->kind = leaf->op.kind = KIND_DEVICE_REKEY;
}

static enum err found(const struct logbook *lb, void (*change)(struct leaf *leaf), bool checked)
{
    struct leaf leaf, made;
    struct buf header = {0};
    struct fold *fold;
    uint8_t space[ID_LEN];
    const struct logbook_entry *e = &lb->entries[0];
    assert_ok(leaf_decode(&leaf, e->header.bytes, e->header.len, e->sig));
    change(&leaf);
    assert_ok(leaf_make(&leaf, &header, lb->actors[0].ed_sk));
    assert_ok(leaf_decode(&made, header.bytes, header.len, leaf.sig));
    leaf_space_id(space, header.bytes, header.len);
    assert_ok(fold_new(&fold, space));
    const struct fold_entry entry = {
        .t_recv_ms = 1, .leaf = &made, .fresh = true, .signature_checked = checked};
    enum err err = fold_apply(fold, &entry);
    assert_int_equal(fold->size, 1);
    assert_int_equal(fold->n_devices, err == ERR_OK);
    fold_free(fold);
    buf_free(&header);
    return err;
}

static void genesis(void **state)
{
    static const struct {
        void (*change)(struct leaf *leaf);
        enum err want;
    } rows[] = {{right, ERR_OK},
                {in_a_space, ERR_ROOT},
                {after_something, ERR_FORMAT},
                {has_seen, ERR_FORMAT},
                {saw_a_root, ERR_FORMAT},
                {in_an_epoch, ERR_FORMAT},
                {with_bodies, ERR_FORMAT},
                {with_keys, ERR_FORMAT},
                {other_suite, ERR_VERSION},
                {other_device, ERR_SIGNATURE},
                {other_kind, ERR_FORMAT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_err(found(*state, rows[i].change, i % 2 == 1), rows[i].want);
}

/* --- replay of one entry --- */

static enum err replay(const struct logbook *lb, struct fold *fold, size_t i, fold_root_fn root_at)
{
    struct leaf leaf;
    const struct logbook_entry *e = &lb->entries[i];
    assert_ok(leaf_decode(&leaf, e->header.bytes, e->header.len, e->sig));
    const struct fold_entry entry = {fold->size, e->t_recv_ms,         &leaf, root_at, false,
                                     root_at,    (void *)(uintptr_t)lb};
    enum err err = fold_apply(fold, &entry);
    leaf_fini(&leaf);
    return err;
}

static enum err no_memory(void *ctx, uint64_t size, uint8_t out[static HASH_LEN])
{
    (void)ctx, (void)size, (void)out;
    return ERR_MEMORY;
}

static enum err no_node(void *ctx, uint64_t size, uint8_t out[static HASH_LEN])
{
    (void)ctx, (void)size, (void)out;
    return ERR_NOT_FOUND;
}

/* What cannot be looked up leaves the entry undecided: it can be applied later. */
static void roots_that_fail(void **state)
{
    const struct logbook *lb = *state;
    struct fold *fold;
    assert_ok(fold_new(&fold, lb->space));
    assert_ok(replay(lb, fold, 0, logbook_root_at));
    assert_err(replay(lb, fold, 1, no_memory), ERR_MEMORY);
    assert_err(replay(lb, fold, 1, no_node), ERR_IO);
    assert_int_equal(fold->size, 1);
    assert_ok(replay(lb, fold, 1, logbook_root_at));
    fold_free(fold);
}

static void epochs(void **state)
{
    struct logbook *lb = *state;
    struct fold *fold;
    assert_ok(fold_new(&fold, lb->space));
    assert_ok(replay(lb, fold, 0, NULL));
    assert_err(replay(lb, fold, 2, NULL), ERR_STALE_EPOCH); /* before the first epoch */
    fold_free(fold);
    logbook_step(lb, 0, KIND_EPOCH_CHANGE, logbook_epoch(lb, 2), ERR_OK);
    lb->next.bad_epoch = true; /* neither this one nor the one before */
    logbook_step(lb, 0, KIND_DATA, none, ERR_STALE_EPOCH);
}

/* A leaf cannot have seen more than there was. */
static void sees_the_future(void **state)
{
    struct logbook *lb = *state;
    const struct logbook_entry *e = &lb->entries[2];
    struct leaf leaf;
    assert_ok(leaf_decode(&leaf, e->header.bytes, e->header.len, e->sig));
    struct fold_entry entry = {lb->n, lb->now_ms, &leaf, true, true, logbook_root_at, lb};
    leaf.seq = 99;
    memcpy(leaf.prev, lb->actors[0].prev, HASH_LEN);
    tree_root(&lb->tree, leaf.seen_root);
    leaf.seen_size = lb->n;
    assert_ok(fold_judge(lb->fold, &entry));
    leaf.seen_size = lb->n + 1;
    assert_err(fold_judge(lb->fold, &entry), ERR_SEEN);
    leaf_fini(&leaf);
}

/* --- look-ups --- */

static void look_ups(void **state)
{
    struct logbook *lb = *state;
    const uint8_t stranger[ID_LEN] = {9}, shred[ID_LEN] = {7}, hash[HASH_LEN] = {1};
    struct op moved = {0};
    memcpy(moved.u.moved.shred, shred, ID_LEN);
    assert_null(fold_moved(lb->fold, shred));
    logbook_step(lb, 0, KIND_MOVED, moved, ERR_OK);
    moved.u.moved.to_space[0] = 5; /* once more, to another space: the later one counts */
    logbook_step(lb, 0, KIND_MOVED, moved, ERR_OK);
    assert_int_equal(fold_moved(lb->fold, shred)->to[0], 5);
    assert_null(fold_moved(lb->fold, stranger));
    assert_null(fold_epoch(lb->fold, 0));
    assert_null(fold_epoch(lb->fold, 2));
    assert_int_equal(fold_epoch(lb->fold, 1)->index, 1);

    assert_true(fold_has_role(lb->fold, lb->actors[0].id, ROLE_ADMIN | ROLE_WRITER));
    assert_false(fold_has_role(lb->fold, lb->actors[0].id, ROLE_ADMIN | ROLE_AUDITOR));
    assert_false(fold_has_role(lb->fold, stranger, ROLE_READER));
    assert_true(fold_effective(lb->fold, 9, stranger, 9, KIND_DATA));
    fold_set_last(lb->fold, stranger, 3, hash, 1);
    assert_int_equal(lb->fold->n_devices, 1);

    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 1, -1, ROLE_GUARDIAN), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 2, -1, RW), ERR_OK);
    assert_int_equal(fold_keepers(lb->fold), 2);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add_paper(lb, 3), ERR_OK);
    assert_int_equal(fold_keepers(lb->fold), 3);
    logbook_step(lb, 3, KIND_DEVICE_REVOKE, logbook_revoke(lb, 2, REVOKE_LOST, 0), ERR_OK);
    assert_false(fold_has_role(lb->fold, lb->actors[2].id, ROLE_READER));
    assert_int_equal(fold_keepers(lb->fold), 3);
}

static void who_needs_a_second(void **state)
{
    struct logbook *lb = *state;
    struct leaf leaf = {.kind = KIND_DEVICE_ADD, .has_keys = false};
    for (int who = 1; who <= 3; who++)
        logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, who, -1, who < 3 ? RWSA : RW), ERR_OK);
    memcpy(leaf.space, lb->space, ID_LEN);
    memcpy(leaf.device, lb->actors[0].id, ID_LEN);
    leaf.op = logbook_add(lb, 4, -1, RWSA);
    leaf.op.kind = KIND_DEVICE_ADD;
    assert_true(fold_needs_second(lb->fold, &leaf));
    leaf.unknown = true;
    assert_false(fold_needs_second(lb->fold, &leaf));
    leaf.unknown = false;
    leaf.op.u.device_add.roles = RW; /* one administrator admits who only writes */
    leaf.has_keys = true;
    assert_false(fold_needs_second(lb->fold, &leaf));
    leaf.op.u.device_add.roles = RWSA;
    leaf.has_keys = false;
    leaf.device[0] ^= 1; /* a stranger's is not valid at all */
    assert_false(fold_needs_second(lb->fold, &leaf));
    memcpy(leaf.device, lb->actors[3].id, ID_LEN);
    logbook_step(lb, 0, KIND_DEVICE_REVOKE, logbook_revoke(lb, 3, REVOKE_LOST, 0), ERR_OK);
    assert_false(fold_needs_second(lb->fold, &leaf));
    memcpy(leaf.device, lb->actors[0].id, ID_LEN);
    leaf.kind = leaf.op.kind = KIND_DATA;
    assert_false(fold_needs_second(lb->fold, &leaf));
    struct fold *empty;
    assert_ok(fold_new(&empty, lb->space));
    leaf.kind = leaf.op.kind = KIND_DEVICE_ADD;
    assert_false(fold_needs_second(empty, &leaf));
    fold_free(empty);
}

static void seals_where_none_belong(void **state)
{
    struct logbook *lb = *state;
    const struct leaf_seal seal = {.epoch = 1, .type = SEAL_MEMBER};
    struct leaf leaf = {.kind = KIND_DATA};
    memcpy(leaf.device, lb->actors[0].id, ID_LEN);
    assert_ok(fold_check_seals(lb->fold, &leaf, NULL, 0));
    assert_err(fold_check_seals(lb->fold, &leaf, &seal, 1), ERR_SEALS);
    leaf.kind = KIND_GENESIS;
    assert_err(fold_check_seals(lb->fold, &leaf, &seal, 1), ERR_SEALS);
    leaf.kind = (enum leaf_kind)90;
    leaf.unknown = true;
    assert_ok(fold_check_seals(lb->fold, &leaf, NULL, 0));
    assert_err(fold_check_seals(lb->fold, &leaf, &seal, 1), ERR_SEALS);
    leaf.kind = (enum leaf_kind)40; /* with a route or without */
    assert_ok(fold_check_seals(lb->fold, &leaf, NULL, 0));
    assert_err(fold_check_seals(lb->fold, &leaf, &seal, 1), ERR_SEALS);
    /* A leaf that is not valid has no right seals; the judge says why. */
    leaf = (struct leaf){.kind = KIND_DEVICE_ADD};
    memcpy(leaf.device, lb->actors[0].id, ID_LEN);
    leaf.op = logbook_add(lb, 1, -1, RW);
    leaf.op.kind = KIND_DEVICE_ADD;
    assert_err(fold_check_seals(lb->fold, &leaf, NULL, 0), ERR_SEALS); /* without its keys32 */
    leaf.device[0] ^= 1;
    assert_err(fold_check_seals(lb->fold, &leaf, NULL, 0), ERR_DENIED);
    leaf.device[0] ^= 1;
    leaf.op.u.device_add.roles = ROLE_GUARDIAN;
    leaf.has_keys = true;
    assert_err(fold_check_seals(lb->fold, &leaf, NULL, 0), ERR_SEALS);
}

static void seal_of_another_length(void **state)
{
    struct logbook *lb = *state;
    static const uint8_t bytes[SEAL_LEN_MAX];
    uint8_t line[SEAL_LINE_LEN];
    struct leaf_seal seal = {
        .epoch = 1, .type = SEAL_MEMBER, .seal = bytes, .seal_len = SEAL_AUDITOR_LEN};
    struct leaf leaf = {.kind = KIND_DEVICE_ADD, .has_keys = true};
    memcpy(seal.device, lb->actors[1].id, ID_LEN);
    memcpy(leaf.device, lb->actors[0].id, ID_LEN);
    leaf.op = logbook_add(lb, 1, -1, RW);
    leaf.op.kind = KIND_DEVICE_ADD;
    leaf_seal_line(line, &seal);
    leaf_seals_hash(leaf.keys, line, 1);
    assert_err(fold_check_seals(lb->fold, &leaf, &seal, 1), ERR_SEALS);
    seal.seal_len = SEAL_MEMBER_LEN;
    leaf_seal_line(line, &seal);
    leaf_seals_hash(leaf.keys, line, 1);
    assert_ok(fold_check_seals(lb->fold, &leaf, &seal, 1));
}

/* --- members --- */

static void odd_members(void **state)
{
    struct logbook *lb = *state;
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 1, -1, RWS), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 2, -1, 0), ERR_FORMAT);
    struct op op = logbook_add_paper(lb, 2);
    op.u.device_add.roles = ROLE_READER; /* a sheet is an administrator */
    logbook_step(lb, 0, KIND_DEVICE_ADD, op, ERR_FORMAT);
    logbook_step(lb, 1, KIND_DEVICE_ADD, op, ERR_DENIED);
    op = logbook_add(lb, 2, -1, RW);
    op.u.device_add.proof.part = (const uint8_t *)"\x90"; /* an array of nothing */
    op.u.device_add.proof.part_len = 1;
    logbook_step(lb, 0, KIND_DEVICE_ADD, op, ERR_FORMAT);
}

/* Only who could read takes a key along. */
static void who_could_read(void **state)
{
    struct logbook *lb = *state;
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 1, -1, ROLE_GUARDIAN), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 2, -1, ROLE_AUDITOR), ERR_OK);
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 2, RW), ERR_OK);
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 2, ROLE_READER), ERR_OK);
    assert_false(lb->fold->rotation_pending);
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 1, ROLE_AUDITOR), ERR_OK);
    assert_false(lb->fold->rotation_pending);
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 1, ROLE_GUARDIAN), ERR_OK);
    assert_true(lb->fold->rotation_pending);
    logbook_step(lb, 0, KIND_EPOCH_CHANGE, logbook_epoch(lb, 2), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_REVOKE, logbook_revoke(lb, 1, REVOKE_LOST, 0), ERR_OK);
    assert_false(lb->fold->rotation_pending);
    logbook_step(lb, 0, KIND_DEVICE_REVOKE, logbook_revoke(lb, 2, REVOKE_LOST, 0), ERR_OK);
    assert_true(lb->fold->rotation_pending);
}

/* --- full spaces --- */

/* Empty rows behind those that are there, so that there are `max`. */
static void crowd(void **rows, size_t *n, size_t max, size_t size)
{
    char *more = realloc(*rows, max * size);
    assert_non_null(more);
    memset(more + *n * size, 0, (max - *n) * size);
    *rows = more;
    *n = max;
}
#define CROWD(fold, name, max)                                                                     \
    crowd((void **)&(fold)->name, &(fold)->n_##name, max, sizeof *(fold)->name)

static void full(void **state)
{
    struct logbook *lb = *state;
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 1, -1, ROLE_AUDITOR), ERR_OK);
    for (int who = 2; who <= 3; who++)
        logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, who, -1, RWSA), ERR_OK);
    struct op grant = {0};
    memcpy(grant.u.audit_grant.auditor, lb->actors[1].id, ID_LEN);
    logbook_step(lb, 1, KIND_AUDIT_GRANT, grant, ERR_OK);
    struct op confirm = logbook_confirm(lb);
    CROWD(lb->fold, grants, GRANTS_MAX);
    logbook_step(lb, 0, KIND_CONFIRM, confirm, ERR_TOO_BIG);
    lb->fold->n_grants--;
    logbook_step(lb, 0, KIND_CONFIRM, confirm, ERR_OK);
    struct op close = {0};
    memset(close.u.audit_close.grant, 0xee, HASH_LEN); /* none of them */
    logbook_step(lb, 1, KIND_AUDIT_CLOSE, close, ERR_NOT_FOUND);

    CROWD(lb->fold, invites, INVITES_MAX);
    logbook_step(lb, 0, KIND_INVITE, logbook_invite(lb, 1, RW), ERR_TOO_BIG);
    lb->fold->n_invites--;
    logbook_step(lb, 0, KIND_INVITE, logbook_invite(lb, 1, RW), ERR_OK);

    CROWD(lb->fold, proposals, PROPOSALS_MAX);
    for (size_t i = 0; i < PROPOSALS_MAX; i++)
        lb->fold->proposals[i].t_recv_ms = lb->now_ms;
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 4, -1, RWSA), ERR_TOO_BIG);
    lb->fold->proposals[3].t_recv_ms = 0; /* one is too old: room for another */
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 4, -1, RWSA), ERR_OK);

    CROWD(lb->fold, devices, DEVICES_MAX);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 5, -1, RW), ERR_TOO_BIG);
    lb->fold->n_devices--;
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 5, -1, RW), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(genesis, start, end),
        cmocka_unit_test_setup_teardown(roots_that_fail, start, end),
        cmocka_unit_test_setup_teardown(epochs, start, end),
        cmocka_unit_test_setup_teardown(sees_the_future, start, end),
        cmocka_unit_test_setup_teardown(look_ups, start, end),
        cmocka_unit_test_setup_teardown(who_needs_a_second, start, end),
        cmocka_unit_test_setup_teardown(seals_where_none_belong, start, end),
        cmocka_unit_test_setup_teardown(seal_of_another_length, start, end),
        cmocka_unit_test_setup_teardown(odd_members, start, end),
        cmocka_unit_test_setup_teardown(who_could_read, start, end),
        cmocka_unit_test_setup_teardown(full, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
