/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a server that owns its keys and its store meddles with key seals after a removal, and with those who join: no key
 * of its choosing is ever used, nobody is let in who was not approved, and one true answer puts all right. PROTOCOL.md
 * 14 lists the same names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/engine_inside.h"
#include "client/member.h"
#include "client/rekey.h"
#include "proto/digest.h"
#include "proto/sign.h"
#include "tests/attack/evil.h"

/* --- keys after a removal --- */

static struct leaf_seal *new_seal(struct evil *evil)
{
    assert_true(evil->row->n_seals > 0);
    return &evil->row->seals[evil->row->n_seals - 1];
}

static void seal_kept_back(struct evil *evil)
{
    assert_true(evil->row->n_seals > 0);
    evil->row->n_seals = 0;
}

static void seal_altered(struct evil *evil)
{
    struct leaf_seal *seal = new_seal(evil);
    uint8_t *bytes = evil_copy(evil, seal->seal, seal->seal_len);
    bytes[50] ^= 1;
    seal->seal = bytes;
}

/* Keys that the server chose, well sealed to Bruno. */
static void keys_of_its_own(struct evil *evil)
{
    struct leaf_seal *seal = new_seal(evil);
    uint8_t keys[2 * KEY_LEN] = {1, 2, 3}, out[SEAL_LEN_MAX], x_pk[PK_LEN];
    size_t len;
    assert_int_equal(
        rekey_newest(evil->victim->engine, engine_space(evil->victim->engine, evil->at)->id, x_pk),
        ERR_OK);
    seal_to_device(out, &len, SEAL_MEMBER, keys, x_pk);
    seal->seal = evil_copy(evil, out, len);
    seal->seal_len = len;
}

struct first_seal {
    uint8_t bytes[SEAL_LEN_MAX];
    size_t len;
};

static enum err take_first(void *ctx, const struct store_seal *seal)
{
    struct first_seal *first = ctx;
    if (first->len == 0) {
        memcpy(first->bytes, seal->seal.seal, seal->seal.seal_len);
        first->len = seal->seal.seal_len;
    }
    return ERR_OK;
}

/* The seal of the epoch before, which the removed device could open too. */
static void old_seal(struct evil *evil)
{
    struct first_seal first = {0};
    struct store_view *view = evil->kit.server.view;
    assert_int_equal(view->engine->view_begin(view), ERR_OK);
    assert_int_equal(view->engine->seals_for(view, engine_space(evil->victim->engine, evil->at)->id,
                                             engine_device(evil->victim->engine), 0, take_first,
                                             &first),
                     ERR_OK);
    view->engine->view_end(view);
    new_seal(evil)->seal = evil_copy(evil, first.bytes, first.len);
    new_seal(evil)->seal_len = first.len;
}

static void other_type(struct evil *evil)
{
    new_seal(evil)->type = SEAL_AUDITOR;
}

static void list_altered(struct evil *evil)
{
    assert_true(evil->row->n_lists > 0);
    struct message_list_lines *list = &evil->row->lists[evil->row->n_lists - 1];
    uint8_t *lines = evil_copy(evil, list->lines, list->len);
    lines[SEAL_LINE_LEN - 1] ^= 1;
    list->lines = lines;
}

static void list_left_out(struct evil *evil)
{
    assert_true(evil->row->n_lists > 0);
    evil->row->n_lists = 0;
}

static const struct key_attack {
    const char *name;
    evil_attack attack;
    bool insists;
    enum err err;   /* of taking the answer */
    enum err alarm; /* while it goes on */
    bool waits;     /* what is sealed with the new keys is shown as waiting for them */
} key_attacks[] = {
    {"seal kept back", seal_kept_back, true, ERR_OK, ERR_WITHHELD, true},
    {"seal altered", seal_altered, false, ERR_OK, ERR_SEALS, true},
    {"epoch keys of the server's choosing", keys_of_its_own, false, ERR_OK, ERR_SEALS, true},
    {"old seal for the new epoch", old_seal, false, ERR_OK, ERR_SEALS, true},
    {"seal of another type", other_type, false, ERR_TOO_BIG, ERR_OK, false},
    {"seal list altered", list_altered, false, ERR_OK, ERR_SEALS, false},
    {"seal list left out", list_left_out, false, ERR_OK, ERR_OK, false},
};

static void remove_chloe(struct evil *evil)
{
    struct kit_device *a = &evil->kit.a;
    assert_int_equal(kit_sync(a), ERR_OK);
    assert_int_equal(member_revoke(a->engine, evil->at_a[0], engine_device(evil->kit.c.engine),
                                   REVOKE_LOST, NULL),
                     ERR_OK);
    assert_int_equal(kit_sync(a), ERR_OK);
    for (unsigned i = 0; i < 3; i++) {
        kit_edit(a, evil->at_a[0], evil->site, 9, 20 + i, "apres le retrait");
        assert_int_equal(kit_sync(a), ERR_OK);
    }
}

/* A key that is not the log's is nowhere in use: what Bruno writes opens with Alice's keys. */
static void writes_with_true_keys(struct evil *evil)
{
    const struct space *a = engine_at(evil->kit.a.engine, evil->at_a[0]);
    const struct space *b = engine_at(evil->victim->engine, evil->at);
    for (size_t e = 0; e < b->n_epochs && e < a->n_epochs; e++)
        if (b->epochs[e].ek)
            assert_memory_equal(b->epochs[e].ek, a->epochs[e].ek, KEY_LEN);
}

static void test_keys(void **state)
{
    struct evil evil;
    size_t bad = 0;
    (void)state;
    evil_start(&evil);
    remove_chloe(&evil);
    kit_backup(&evil.kit.b);
    for (size_t i = 0; i < sizeof key_attacks / sizeof key_attacks[0]; i++) {
        const struct key_attack *attack = &key_attacks[i];
        struct evil_seen seen, after;
        evil_run(&evil, attack->attack, attack->insists, &seen);
        writes_with_true_keys(&evil);
        (void)kit_sync(&evil.kit.b);
        evil_look(&evil, &after);
        bool good = seen.err == attack->err && seen.alarm == attack->alarm &&
                    after.alarm == ERR_OK && (seen.keyless > 0) == attack->waits;
        printf("%s %-40s %-10s %-12s %s then %s\n", good ? "  " : "!!", attack->name,
               err_name(seen.err), err_name(seen.alarm), seen.keyless ? "waits" : "     ",
               err_name(after.alarm));
        bad += !good;
        writes_with_true_keys(&evil);
        assert_int_equal(after.size, engine_space(evil.kit.a.engine, evil.at_a[0])->size);
        assert_int_equal(after.keyless, 0);
        kit_restore(&evil.kit.b);
        engine_set_time(evil.kit.b.engine, evil.kit.now_ms);
    }
    evil_stop(&evil);
    assert_int_equal(bad, 0);
}

/* --- who joins --- */

static size_t at_the_door(struct evil *evil, struct buf *link)
{
    struct kit *kit = &evil->kit;
    size_t at;
    const struct buf *server = sync_server(kit->server.sync);
    assert_int_equal(
        engine_invite(kit->a.engine, evil->at_a[0], EVIL_MEMBER, kit->now_ms / 1000 + 3600, link),
        ERR_OK);
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    kit_device_new(kit, &kit->d, "David");
    assert_int_equal(
        engine_join(kit->d.engine, (char *)link->bytes, server->bytes, server->len, &at), ERR_OK);
    assert_int_equal(kit_sync(&kit->d), ERR_OK);
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    return at;
}

/* "server substituted": another server answers under the invite's address. */
static void test_server_substituted(void **state)
{
    struct evil evil;
    struct buf link = {0}, forged = {0};
    struct message_server server = {.log_name = "x"};
    size_t at;
    (void)state;
    evil_start(&evil);
    struct kit *kit = &evil.kit;
    assert_int_equal(
        engine_invite(kit->a.engine, evil.at_a[0], EVIL_MEMBER, kit->now_ms / 1000 + 3600, &link),
        ERR_OK);
    memcpy(server.log_pk, evil.stranger_pk, PK_LEN);
    memcpy(server.resp_pk, evil.stranger_pk, PK_LEN);
    assert_int_equal(message_server_make(&forged, &server, evil.stranger_sk), ERR_OK);
    kit_device_new(kit, &kit->d, "David");
    assert_int_equal(engine_join(kit->d.engine, (char *)link.bytes, forged.bytes, forged.len, &at),
                     ERR_WRONG_SERVER);
    assert_int_equal(engine_space_count(kit->d.engine), 0);
    buf_free(&link);
    buf_free(&forged);
    evil_stop(&evil);
}

static enum err copy_entry(void *ctx, const struct store_entry *entry)
{
    struct evil *evil = ctx;
    struct message_leaf *leaf = &evil->row->leaves[entry->index];
    *leaf = (struct message_leaf){.t_recv_ms = entry->t_recv_ms,
                                  .header = evil_copy(evil, entry->header, entry->header_len),
                                  .header_len = entry->header_len};
    memcpy(leaf->sig, entry->sig, SIG_LEN);
    return ERR_OK;
}

/* The first `n` entries of one of Alice's spaces, without bodies. */
static void give_log(struct evil *evil, size_t at_a, size_t n)
{
    const struct message_leaf none[64] = {0};
    struct store_view *view = evil->kit.server.view;
    assert_true(n <= 64);
    *evil->row = (struct message_row){
        .full = true, .n_leaves = n, .leaves = evil_copy(evil, none, sizeof none)};
    assert_int_equal(view->engine->view_begin(view), ERR_OK);
    assert_int_equal(view->engine->entries(view, engine_space(evil->kit.a.engine, at_a)->id, 0, n,
                                           copy_entry, evil),
                     ERR_OK);
    view->engine->view_end(view);
}

/* The log of "Autre" where David was invited to "Equipe". */
static void other_log(struct evil *evil)
{
    give_log(evil, evil->at_a[1], 6);
}

/* A member that nobody approved: the entry that admits David is the server's own. */
static void approved_by_nobody(struct evil *evil)
{
    struct op op = {.kind = KIND_DEVICE_ADD, .u.device_add.roles = EVIL_MEMBER};
    struct op_proof *proof = &op.u.device_add.proof;
    struct op_join join = {.kind = DEVICE_ORDINARY};
    struct buf part = {.max = 4096};
    const struct keyring *ring = &evil->victim->engine->ring;
    if (evil->row->full)
        return; /* it has been given, and is not repeated */
    give_log(evil, evil->at_a[0], engine_space(evil->kit.a.engine, evil->at_a[0])->size);
    memcpy(join.ed_pk, ring->ed_pk, PK_LEN);
    memcpy(join.x_pk, ring->x_pk, PK_LEN);
    op_proof_part(&part, PROOF_STATEMENT, &join);
    const struct digest_part parts[] = {{part.bytes, part.len}};
    *proof = (struct op_proof){.type = PROOF_STATEMENT,
                               .part = evil_copy(evil, part.bytes, part.len),
                               .part_len = part.len};
    assert_int_equal(sign_make(proof->device_sig, ring->device->ed_sk, TAG_KEYS, parts, 1), ERR_OK);
    evil_operate(evil, op, evil->stranger, evil->stranger_sk);
    buf_free(&part);
}

/* What the log holds before David's admission is given, and called everything. */
static void history_cut(struct evil *evil)
{
    give_log(evil, evil->at_a[0], 5);
}

/* `later`: the alarm once the server answers truly. */
static void joiner(evil_attack attack, bool approve, enum err alarm, enum err later)
{
    struct evil evil;
    struct evil_seen seen;
    struct buf link = {0};
    evil_start(&evil);
    struct kit *kit = &evil.kit;
    evil.at = at_the_door(&evil, &link);
    evil.victim = &kit->d;
    if (approve) {
        assert_int_equal(engine_approve(kit->a.engine, evil.at_a[0], engine_device(kit->d.engine)),
                         ERR_OK);
        assert_int_equal(kit_sync(&kit->a), ERR_OK);
    }
    evil_run(&evil, attack, true, &seen);
    printf("   %s, %s, size %zu\n", err_name(seen.err), err_name(seen.alarm), (size_t)seen.size);
    assert_int_equal(seen.alarm, alarm);
    const struct engine_space *space = engine_space(kit->d.engine, evil.at);
    assert_int_equal(space->state, SPACE_WAITING);
    assert_int_equal(seen.changes, 0);
    if (!approve)
        assert_int_equal(engine_approve(kit->a.engine, evil.at_a[0], engine_device(kit->d.engine)),
                         ERR_OK);
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(kit_sync(&kit->d), ERR_OK);
    assert_int_equal(space->alarm, later);
    assert_int_equal(space->state, later == ERR_OK ? SPACE_ACTIVE : SPACE_WAITING);
    buf_free(&link);
    evil_stop(&evil);
}

/* "space substituted" */
static void test_space_substituted(void **state)
{
    (void)state;
    joiner(other_log, true, ERR_ROOT, ERR_OK);
}

/* "history truncated for a newcomer" */
static void test_history_cut(void **state)
{
    (void)state;
    joiner(history_cut, true, ERR_OK, ERR_OK);
}

/* "joiner admitted by the server" */
static void test_admitted_by_server(void **state)
{
    (void)state;
    joiner(approved_by_nobody, false, ERR_OK, ERR_FORK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_server_substituted),
        cmocka_unit_test(test_space_substituted),
        cmocka_unit_test(test_history_cut),
        cmocka_unit_test(test_admitted_by_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
