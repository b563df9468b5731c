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
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/engine_inside.h"
#include "client/member.h"
#include "proto/digest.h"
#include "proto/seal.h"
#include "tests/lib/enginekit.h"

enum { MEMBER = ROLE_READER | ROLE_WRITER, ADMIN = MEMBER | ROLE_STEWARD | ROLE_ADMIN };

/* The keys of one device, and what they make of the server's store. */
struct thief {
    const struct engine *engine;
    const struct space *space;
    struct store_view *view;
    size_t slots, seals, routes, bodies;
    size_t slots_open, seals_open, routes_open, bodies_open;
    uint32_t newest; /* greatest epoch of anything that opened */
    /* The leaf whose bodies are tried. */
    struct leaf leaf;
    struct buf header;
};

static void opened(struct thief *thief, size_t *count, uint32_t epoch)
{
    ++*count;
    if (epoch > thief->newest)
        thief->newest = epoch;
}

static enum err try_slot(void *ctx, const struct store_slot *slot)
{
    struct thief *thief = ctx;
    const struct space *space = thief->space;
    uint8_t key[KEY_LEN];
    thief->slots++;
    for (size_t e = 0; e < space->n_epochs; e++)
        for (size_t d = 0; space->epochs[e].sk && d < space->dossiers.n; d++)
            for (uint32_t as = 1; as <= slot->slot.epoch; as++)
                if (open_slot(key, slot->slot.slot, space->epochs[e].sk, space->pub.id,
                              space->dossiers.items[d].shred, as,
                              space->dossiers.items[d].kcom) == ERR_OK)
                    opened(thief, &thief->slots_open, slot->slot.epoch);
    return ERR_OK;
}

static enum err try_seal(void *ctx, const struct store_seal *seal)
{
    struct thief *thief = ctx;
    const struct keyring *ring = &thief->engine->ring;
    uint8_t keys[2 * KEY_LEN];
    thief->seals++;
    if (open_device_seal(keys, (enum seal_type)seal->seal.type, seal->seal.seal,
                         seal->seal.seal_len, ring->x_pk, ring->device->x_sk) == ERR_OK)
        opened(thief, &thief->seals_open, seal->seal.epoch);
    return ERR_OK;
}

/* With every epoch key and every dossier key, as any epoch. */
static enum err try_body(void *ctx, uint64_t index, uint16_t box, const uint8_t *hash,
                         const uint8_t *body, size_t len)
{
    struct thief *thief = ctx;
    const struct space *space = thief->space;
    (void)index;
    (void)hash;
    uint8_t *plain = len > TAG_LEN ? malloc(len) : NULL;
    thief->bodies += plain != NULL;
    for (size_t e = 0; plain && e < space->n_epochs; e++)
        for (size_t d = 0; space->epochs[e].ek && d < space->dossiers.n; d++)
            for (uint32_t as = 1; as <= thief->leaf.epoch; as++) {
                const struct dossier *dossier = &space->dossiers.items[d];
                struct seal_place place;
                uint8_t ck[KEY_LEN];
                if (!dossier->key)
                    continue;
                space_place(space, &thief->leaf, box, &place);
                memcpy(place.shred, dossier->shred, ID_LEN);
                seal_content_key(ck, space->epochs[e].ek, dossier->key, space->pub.id,
                                 dossier->shred, as);
                if (open_body(plain, body, len, ck, thief->leaf.route, &place) == ERR_OK)
                    opened(thief, &thief->bodies_open, thief->leaf.epoch);
            }
    free(plain);
    return ERR_OK;
}

static void try_wraps(struct thief *thief, const struct op *op)
{
    const struct space *space = thief->space;
    uint8_t key[KEY_LEN];
    if (!op->u.epoch_change.has_wraps)
        return;
    for (size_t e = 0; e < space->n_epochs; e++)
        if (space->epochs[e].ek && op->u.epoch_change.epoch > space->n_epochs)
            assert_int_not_equal(open_wrap(key, op->u.epoch_change.wrap_ek, space->epochs[e].ek,
                                           SEAL_EK, space->pub.id, op->u.epoch_change.epoch),
                                 ERR_OK);
}

static enum err try_entry(void *ctx, const struct store_entry *entry)
{
    struct thief *thief = ctx;
    const struct space *space = thief->space;
    struct seal_place place;
    struct leaf *leaf = &thief->leaf;
    assert_int_equal(leaf_decode(leaf, entry->header, entry->header_len, entry->sig), ERR_OK);
    if (leaf->kind == KIND_EPOCH_CHANGE)
        try_wraps(thief, &leaf->op);
    if (kind_has_route(leaf->kind)) {
        uint8_t *plain = malloc(leaf->route_len);
        assert_non_null(plain);
        thief->routes++;
        space_place(space, leaf, 0, &place);
        for (size_t e = 0; e < space->n_epochs; e++)
            if (space->epochs[e].route && open_route(plain, leaf->route, leaf->route_len,
                                                     space->epochs[e].route, &place) == ERR_OK)
                opened(thief, &thief->routes_open, leaf->epoch);
        free(plain);
        assert_int_equal(thief->view->engine->bodies(thief->view, space->pub.id, entry->index,
                                                     entry->index + 1, try_body, thief),
                         ERR_OK);
    }
    leaf_fini(leaf);
    return ERR_OK;
}

/* Everything from entry `from` on, all slots, all members' seals. */
static void steal(struct kit *kit, struct kit_device *device, size_t at, uint64_t from,
                  struct thief *thief)
{
    struct store_view *view = kit->server.view;
    const struct fold *fold = engine_fold(kit->a.engine, 0);
    *thief = (struct thief){
        .engine = device->engine, .space = engine_at(device->engine, at), .view = view};
    assert_int_equal(view->engine->view_begin(view), ERR_OK);
    assert_int_equal(view->engine->slots(view, fold->space, 0, NULL, try_slot, thief), ERR_OK);
    for (size_t i = 0; i < fold->n_devices; i++)
        assert_int_equal(
            view->engine->seals_for(view, fold->space, fold->devices[i].id, 0, try_seal, thief),
            ERR_OK);
    assert_int_equal(view->engine->entries(view, fold->space, from, fold->size, try_entry, thief),
                     ERR_OK);
    view->engine->view_end(view);
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
    struct thief thief;
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
    assert_int_equal(thief.slots, 2);
    assert_int_equal(thief.slots_open, 0);
    assert_int_equal(thief.routes, 2);
    assert_true(thief.bodies >= 3);
    assert_int_equal(thief.routes_open, 0);
    assert_int_equal(thief.bodies_open, 0);
    assert_true(thief.newest <= 1);
    /* Her own sync changes nothing about that. */
    assert_int_equal(kit_sync(&kit.c), ERR_OK);
    steal(&kit, &kit.c, at_c, before, &thief);
    assert_int_equal(thief.slots_open + thief.routes_open + thief.bodies_open, 0);
    assert_true(thief.newest <= 1);
    /* Who stayed opens all of it. */
    open_all_keys(&kit.b, at_b);
    steal(&kit, &kit.b, at_b, before, &thief);
    assert_int_equal(thief.slots_open, 2);
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
    struct thief thief;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collusion), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_two_leaves),
        cmocka_unit_test(test_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
