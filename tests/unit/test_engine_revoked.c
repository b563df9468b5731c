/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a revoked device that is given the server's whole database, and an erased dossier of which the server's copy is
 * left. Every slot, seal and body that the server has is tried with every key that the device ever held.
 *
 * ctest: no-valgrind (minutes of it; the sanitizers see the same)
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
#include "client/erased.h"
#include "client/member.h"
#include "proto/digest.h"
#include "proto/seal.h"
#include "tests/lib/enginekit.h"
#include "tests/lib/loot.h"

enum { MEMBER = ROLE_READER | ROLE_WRITER, ADMIN = MEMBER | ROLE_STEWARD | ROLE_ADMIN };

/* The key store and the log of a server's folder. */
static void take_store(struct loot *loot, const char *folder, uint64_t from,
                       struct loot_count *count)
{
    char path[600];
    snprintf(path, sizeof path, "%s/keys.db", folder);
    loot_keys(loot, path);
    snprintf(path, sizeof path, "%s/log.db", folder);
    loot_log(loot, path, from, UINT64_MAX, count);
}

/* Everything from entry `from` on, all slots, all members' seals, with what one device has. */
static void steal(struct kit *kit, struct kit_device *device, size_t at, uint64_t from,
                  struct loot_count *thief)
{
    struct loot *loot = loot_new();
    loot_device(loot, device->engine, at);
    take_store(loot, kit->server.folder, from, thief);
    loot_free(loot);
}

/* Keys of dossiers are opened when they are needed: now they are. */
static void open_all_keys(struct kit_device *device, size_t at)
{
    struct space *space = engine_at(device->engine, at);
    const uint8_t *key;
    for (size_t i = 0; i < space->dossiers.n; i++)
        (void)dossier_key(device->engine, space, &space->dossiers.items[i], &key);
}

static void test_collusion(void **state)
{
    (void)state;
    struct kit kit;
    struct loot_count thief;
    uint8_t site[ID_LEN], person[ID_LEN];
    bool second = true;
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    kit_device_new(&kit, &kit.b, "Bruno");
    kit_device_new(&kit, &kit.c, "Chloe");
    size_t at_a = kit_found(&kit.a, "Equipe");
    size_t at_b = kit_join(&kit.a, at_a, &kit.b, MEMBER);
    size_t at_c = kit_join(&kit.a, at_a, &kit.c, MEMBER);
    kit_dossier(&kit.a, at_a, site);
    kit_edit(&kit.a, at_a, site, 1, 16, "avant");
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    assert_int_equal(kit_sync(&kit.c), ERR_OK);
    open_all_keys(&kit.c, at_c);

    /* As a member she opens what is there: the search is not blind. */
    steal(&kit, &kit.c, at_c, 0, &thief);
    assert_int_equal(thief.slots_open, thief.slots);
    assert_int_equal(thief.slots, 1);
    assert_true(thief.seals_open >= 1);
    assert_int_equal(thief.routes_open, 1);
    assert_int_equal(thief.bodies_open, 1);

    uint64_t before = engine_space(kit.a.engine, at_a)->size;
    assert_int_equal(
        member_revoke(kit.a.engine, at_a, engine_device(kit.c.engine), REVOKE_LOST, &second),
        ERR_OK);
    assert_false(second);
    assert_int_equal(
        member_revoke(kit.a.engine, at_a, engine_device(kit.c.engine), REVOKE_LOST, NULL),
        ERR_EXISTS);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    kit_dossier(&kit.a, at_a, person);
    kit_edit(&kit.a, at_a, person, 1, 16, "nouveau dossier");
    kit_edit(&kit.a, at_a, site, 1, 17, "ancien dossier");
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    kit_edit(&kit.b, at_b, site, 2, 17, "de Bruno");
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);

    /* What came after the removal: every slot was wrapped again, every leaf is of the new epoch. */
    steal(&kit, &kit.c, at_c, before, &thief);
    assert_int_equal(thief.slots, 3); /* one row's older version, which she knows, is kept */
    assert_int_equal(thief.slots_open, 1);
    assert_int_equal(thief.newest_slot, 1);
    assert_int_equal(thief.routes, 2);
    assert_true(thief.bodies >= 3);
    assert_int_equal(thief.routes_open, 0);
    assert_int_equal(thief.bodies_open, 0);
    assert_true(thief.newest <= 1);
    /* Her own sync changes nothing about that. */
    assert_int_equal(kit_sync(&kit.c), ERR_OK);
    steal(&kit, &kit.c, at_c, before, &thief);
    assert_int_equal(thief.slots_open + thief.routes_open + thief.bodies_open, 0);
    assert_int_equal(thief.newest_slot, 0);
    assert_true(thief.newest <= 1);
    /* Who stayed opens all of it. */
    open_all_keys(&kit.b, at_b);
    steal(&kit, &kit.b, at_b, before, &thief);
    assert_int_equal(thief.newest_slot, 2);
    assert_int_equal(thief.bodies_open, thief.bodies);
    kit_stop(&kit);
}

/* What the leaver had sent, and the revoker had not seen yet, counts; a lost phone's does not. */
static void test_cut(void **state)
{
    (void)state;
    struct kit kit;
    uint8_t site[ID_LEN];
    struct kit_sight sight;
    for (int lost = 0; lost < 2; lost++) {
        kit_start(&kit);
        kit_device_new(&kit, &kit.a, "Alice");
        kit_device_new(&kit, &kit.b, "Bruno");
        size_t at_a = kit_found(&kit.a, "Equipe");
        size_t at_b = kit_join(&kit.a, at_a, &kit.b, MEMBER);
        kit_dossier(&kit.b, at_b, site);
        kit_edit(&kit.b, at_b, site, 1, 16, "vu");
        assert_int_equal(kit_sync(&kit.b), ERR_OK);
        assert_int_equal(kit_sync(&kit.a), ERR_OK);
        kit_edit(&kit.b, at_b, site, 1, 17, "pas encore vu");
        assert_int_equal(kit_sync(&kit.b), ERR_OK);
        assert_int_equal(member_revoke(kit.a.engine, at_a, engine_device(kit.b.engine),
                                       lost ? REVOKE_LOST : REVOKE_DEPARTURE, NULL),
                         ERR_OK);
        /* It survives the program's end. */
        kit_reopen(&kit.a);
        assert_int_equal(kit_sync(&kit.a), ERR_OK);
        assert_int_equal(engine_space(kit.a.engine, at_a)->unsent, 0);
        assert_int_equal(fold_epoch_now(engine_fold(kit.a.engine, at_a)), 2);
        kit_see(&kit.a, at_a, &sight);
        assert_int_equal(sight.n, lost ? 1 : 2);
        kit_stop(&kit);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    struct kit kit;
    bool second = false;
    uint8_t nobody[ID_LEN] = {9}, site[ID_LEN];
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    kit_device_new(&kit, &kit.b, "Bruno");
    kit_device_new(&kit, &kit.c, "Chloe");
    size_t at_a = kit_found(&kit.a, "Equipe");
    size_t at_b = kit_join(&kit.a, at_a, &kit.b, MEMBER);
    const uint8_t *alice = engine_device(kit.a.engine), *bruno = engine_device(kit.b.engine);
    struct engine *engine = kit.a.engine;
    assert_int_equal(member_revoke(engine, at_a, nobody, REVOKE_LOST, NULL), ERR_NOT_FOUND);
    assert_int_equal(member_revoke(engine, at_a, alice, REVOKE_DEPARTURE, NULL), ERR_ORPHAN);
    assert_int_equal(member_revoke(kit.b.engine, at_b, alice, REVOKE_LOST, NULL), ERR_DENIED);
    assert_int_equal(member_roles(kit.b.engine, at_b, bruno, ADMIN, NULL), ERR_DENIED);
    assert_int_equal(member_roles(engine, at_a, alice, MEMBER, NULL), ERR_ORPHAN);
    assert_int_equal(member_roles(engine, at_a, bruno, MEMBER, NULL), ERR_UNCHANGED);
    assert_int_equal(member_roles(engine, at_a, bruno, ROLE_WRITER, NULL), ERR_FORMAT);
    assert_int_equal(member_roles(engine, at_a, bruno, 0, NULL), ERR_FORMAT);
    kit_dossier(&kit.b, at_b, site);
    assert_int_equal(member_erase(kit.b.engine, at_b, site, REASON_REQUEST), ERR_DENIED);
    assert_int_equal(member_erase(engine, at_a, nobody, REASON_REQUEST), ERR_NOT_FOUND);
    assert_int_equal(member_discard(engine, at_a, 0), ERR_NOT_FOUND);
    assert_int_equal(member_confirm(engine, at_a, (const uint8_t[HASH_LEN]){1}), ERR_NOT_FOUND);
    /* One leaves by oneself. */
    assert_int_equal(member_revoke(kit.b.engine, at_b, bruno, REVOKE_DEPARTURE, &second), ERR_OK);
    assert_false(second);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    assert_int_equal(engine_space(kit.b.engine, at_b)->state, SPACE_REVOKED);
    assert_int_equal(member_revoke(engine, at_a, bruno, REVOKE_LOST, NULL), ERR_OK);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(member_revoke(engine, at_a, bruno, REVOKE_LOST, NULL), ERR_REVOKED);
    kit_stop(&kit);
}

/* Three keepers: an operation on one of them takes two of the others; a confirmation in time, by the right person. */
static void test_two_leaves(void **state)
{
    (void)state;
    struct kit kit;
    bool second = false;
    uint8_t site[ID_LEN];
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    kit_device_new(&kit, &kit.b, "Bruno");
    kit_device_new(&kit, &kit.c, "Chloe");
    size_t at_a = kit_found(&kit.a, "Equipe");
    kit_dossier(&kit.a, at_a, site);
    size_t at_b = kit_join(&kit.a, at_a, &kit.b, ADMIN);
    size_t at_c = kit_join(&kit.a, at_a, &kit.c, ADMIN);
    const uint8_t *chloe = engine_device(kit.c.engine);
    assert_false(engine_space(kit.c.engine, at_c)->trial);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);

    /* Forgotten for more than 30 days. */
    assert_int_equal(member_roles(kit.a.engine, at_a, chloe, MEMBER, &second), ERR_OK);
    assert_true(second);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    struct kit_device *all[] = {&kit.a, &kit.b, &kit.c};
    for (size_t i = 0; i < 6; i++) { /* a server does not believe a jump of a month */
        kit.server.now_ms = kit.now_ms += i < 3 ? 15ull * 86400 * 1000 : 0;
        engine_set_time(all[i % 3]->engine, kit.now_ms);
        kit_edit(&kit.a, at_a, site, 1, 16, "du travail");
        assert_int_equal(kit_sync(all[i % 3]), ERR_OK);
        assert_int_equal(kit_sync(&kit.a), ERR_OK);
    }
    const struct fold *fold = engine_fold(kit.b.engine, at_b);
    assert_int_equal(fold->n_proposals, 1);
    assert_int_equal(member_confirm(kit.b.engine, at_b, fold->proposals[0].hash), ERR_EXPIRED);

    assert_int_equal(member_revoke(kit.a.engine, at_a, chloe, REVOKE_DEPARTURE, &second), ERR_OK);
    assert_true(second);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(kit_sync(all[i]), ERR_OK);
    assert_int_equal(engine_space(kit.c.engine, at_c)->state, SPACE_ACTIVE);
    const struct fold_proposal *newest = &fold->proposals[fold->n_proposals - 1];
    uint8_t hash[HASH_LEN];
    memcpy(hash, newest->hash, HASH_LEN);
    assert_int_equal(newest->kind, KIND_DEVICE_REVOKE);
    assert_int_equal(member_confirm(kit.a.engine, at_a, hash), ERR_DENIED);
    assert_int_equal(member_confirm(kit.c.engine, at_c, hash), ERR_DENIED);
    uint32_t epoch = fold_epoch_now(fold);
    assert_int_equal(member_confirm(kit.b.engine, at_b, hash), ERR_OK);
    assert_int_equal(member_confirm(kit.b.engine, at_b, hash), ERR_EXISTS);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    fold = engine_fold(kit.b.engine, at_b);
    assert_int_equal(fold_epoch_now(fold), epoch + 1);
    assert_false(fold->rotation_pending);
    assert_int_equal(kit_sync(&kit.c), ERR_OK);
    assert_int_equal(engine_space(kit.c.engine, at_c)->state, SPACE_REVOKED);
    kit_stop(&kit);
}

/* Nobody's keys open anything of an erased dossier on the live server; work on it is kept until a person drops it. */
static void test_erased(void **state)
{
    (void)state;
    struct kit kit;
    struct loot_count thief;
    struct kit_sight sight;
    uint8_t person[ID_LEN], about[ID_LEN];
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    kit_device_new(&kit, &kit.b, "Bruno");
    size_t at_a = kit_found(&kit.a, "Equipe");
    size_t at_b = kit_join(&kit.a, at_a, &kit.b, MEMBER);
    kit_dossier(&kit.a, at_a, person);
    kit_edit(&kit.a, at_a, person, 1, 16, "part");
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    open_all_keys(&kit.b, at_b);
    steal(&kit, &kit.b, at_b, 0, &thief);
    assert_int_equal(thief.slots_open, 1);
    assert_int_equal(thief.bodies_open, 1);

    assert_int_equal(member_erase(kit.a.engine, at_a, person, REASON_REQUEST), ERR_OK);
    assert_int_equal(member_erase(kit.a.engine, at_a, person, REASON_REQUEST), ERR_EXISTS);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(member_erase(kit.a.engine, at_a, person, REASON_REQUEST), ERR_ERASED);
    steal(&kit, &kit.b, at_b, 0, &thief);
    assert_int_equal(thief.slots, 0);
    assert_int_equal(thief.bodies, 0);

    kit_edit(&kit.b, at_b, person, 1, 17, "trop tard");
    kit_see(&kit.b, at_b, &sight);
    assert_int_equal(sight.n, 2);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    kit_see(&kit.b, at_b, &sight);
    assert_int_equal(sight.n, 0);
    for (size_t i = 0; i < engine_at(kit.b.engine, at_b)->dossiers.n; i++)
        assert_null(engine_at(kit.b.engine, at_b)->dossiers.items[i].key);
    kit_reopen(&kit.b);
    uint64_t unsent = engine_space(kit.b.engine, at_b)->unsent;
    if (engine_refused_count(kit.b.engine, at_b) > 0) {
        struct engine_refused refused;
        engine_refused(kit.b.engine, at_b, 0, &refused);
        assert_int_equal(refused.status, ERR_ERASED);
        assert_true(member_refused_dossier(kit.b.engine, at_b, 0, about));
        assert_memory_equal(about, person, ID_LEN);
        assert_int_equal(unsent, 1);
        assert_int_equal(member_discard(kit.b.engine, at_b, 0), ERR_OK);
    }
    assert_int_equal(engine_space(kit.b.engine, at_b)->unsent, 0);
    kit_reopen(&kit.b);
    assert_int_equal(engine_refused_count(kit.b.engine, at_b), 0);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    steal(&kit, &kit.b, at_b, 0, &thief);
    assert_int_equal(thief.bodies, 0);
    kit_stop(&kit);
}

/* A steward's erasure that lists bodies of another dossier: the server, which cannot tell, deletes them; no device does,
 * and each counts them under the steward's name. */
static void test_foreign_list(void **state)
{
    (void)state;
    struct kit kit;
    struct kit_sight before, after;
    struct erased_state told;
    uint8_t person[ID_LEN], site[ID_LEN];
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    kit_device_new(&kit, &kit.b, "Bruno");
    size_t at_a = kit_found(&kit.a, "Equipe");
    size_t at_b = kit_join(&kit.a, at_a, &kit.b, MEMBER);
    kit_dossier(&kit.a, at_a, person);
    kit_edit(&kit.a, at_a, person, 1, 16, "personne");
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    uint64_t own = engine_space(kit.a.engine, at_a)->size - 1;
    kit_dossier(&kit.a, at_a, site);
    kit_edit(&kit.a, at_a, site, 1, 16, "site");
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    kit_see(&kit.b, at_b, &before);
    assert_int_equal(before.n, 2);

    struct op_body list[] = {{own, 0}, {own + 1, 0}}; /* the second is the site's */
    struct op op = {.kind = KIND_ERASE};
    const struct space *space = engine_at(kit.a.engine, at_a);
    memcpy(op.u.erase.shred, person, ID_LEN);
    seal_row(op.u.erase.row, space->epochs[0].ek, space->pub.id, person);
    op.u.erase.reason = REASON_REQUEST;
    op.u.erase.list = list;
    op.u.erase.n = 2;
    assert_int_equal(engine_operate(kit.a.engine, at_a, &op, NULL, 0), ERR_OK);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    const struct fold_erased *erased = fold_erased(engine_fold(kit.b.engine, at_b), person);
    assert_non_null(erased);
    assert_int_equal(erased_count(kit.b.engine, at_b, erased->index, &told, NULL, NULL), ERR_OK);
    assert_int_equal(told.foreign, 1);
    assert_memory_equal(erased->device, engine_device(kit.a.engine), ID_LEN);
    kit_see(&kit.b, at_b, &after);
    assert_int_equal(after.n, 1);
    assert_int_equal(engine_dossier_check(kit.b.engine, at_b, site), ERR_OK);
    kit_stop(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collusion), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_two_leaves),
        cmocka_unit_test(test_erased),    cmocka_unit_test(test_foreign_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
