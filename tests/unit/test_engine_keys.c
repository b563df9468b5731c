/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: keys that end (client/rekey.h). Every rotation gives each device another box key; what an old copy of the
 * server's key store is sealed to, and what wraps its slots, is nowhere any more after one more rotation; nobody loses
 * what is still theirs on the way, neither by a crash, nor by sleeping, nor by a race.
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

#include "client/adopt.h"
#include "client/engine_inside.h"
#include "client/member.h"
#include "client/rekey.h"
#include "proto/code.h"
#include "tests/lib/enginekit.h"
#include "tests/lib/loot.h"

enum { MEMBER = ROLE_READER | ROLE_WRITER };
enum { AUDITOR = ROLE_AUDITOR };
static const uint64_t DAY_MS = 24ull * 3600 * 1000;

/* --- short ways to say things --- */

static void later(struct kit *kit, unsigned days)
{
    struct kit_device *all[] = {&kit->a, &kit->b, &kit->c, &kit->d};
    kit->now_ms += days * DAY_MS + 60000;
    kit->server.now_ms = kit->now_ms;
    sync_clock_accept(kit->server.sync, kit->now_ms);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->engine)
            engine_set_time(all[i]->engine, kit->now_ms);
}

static void sync_ok(struct kit_device *device)
{
    assert_int_equal(kit_sync(device), ERR_OK);
    assert_int_equal(device->result.alarm, ERR_OK);
}

static const struct fold_device *self(const struct kit_device *device, size_t at)
{
    return space_self(device->engine, engine_at(device->engine, at));
}

static uint32_t epoch(const struct kit_device *device, size_t at)
{
    return fold_epoch_now(engine_fold(device->engine, at));
}

/* How many box keys there are, besides the one in the key header. */
static size_t boxes(struct kit_device *device, size_t at)
{
    struct rekey_ring ring;
    assert_int_equal(rekey_load(device->engine, engine_space(device->engine, at)->id, &ring),
                     ERR_OK);
    size_t n = ring.n - 1;
    assert_true(n == 0 || rekey_holds(&ring, self(device, at)->x_pk));
    rekey_free(&ring);
    return n;
}

static size_t slot_keys(const struct kit_device *device, size_t at)
{
    const struct space *space = engine_at(device->engine, at);
    size_t n = 0;
    for (size_t e = 0; e < space->n_epochs; e++)
        n += space->epochs[e].sk != NULL;
    return n;
}

/* A month later the key is renewed by Alice, and everybody hears of it. */
static void rotate(struct kit *kit, size_t at)
{
    uint32_t before = epoch(&kit->a, at);
    struct kit_device *all[] = {&kit->a, &kit->b, &kit->c, &kit->d};
    later(kit, 31);
    for (unsigned round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            if (all[i]->engine)
                sync_ok(all[i]);
    assert_int_equal(epoch(&kit->a, at), before + 1);
}

static void path_of(char *out, const char *folder, const char *tail, const char *name)
{
    snprintf(out, 600, "%s%s/%s", folder, tail, name);
}

struct team {
    struct kit kit;
    size_t at_a, at_b;
    uint8_t site[ID_LEN], person[ID_LEN];
    char person_code[CODE_SHORT_LEN + 1], site_code[CODE_SHORT_LEN + 1];
};

/* Alice and Bruno, a site and a person; a day has passed. */
static void begin(struct team *team)
{
    static const uint8_t itself[RECORD_LEN];
    struct kit *kit = &team->kit;
    kit_start(kit);
    kit_device_new(kit, &kit->a, "Alice");
    kit_device_new(kit, &kit->b, "Bruno");
    team->at_a = kit_found(&kit->a, "Equipe");
    team->at_b = kit_join(&kit->a, team->at_a, &kit->b, MEMBER);
    kit_dossier(&kit->a, team->at_a, team->site);
    kit_edit(&kit->a, team->at_a, team->site, 1, 16, "site");
    kit_dossier(&kit->a, team->at_a, team->person);
    kit_edit(&kit->a, team->at_a, team->person, 1, 16, "personne");
    code_short(team->site_code, team->site, itself);
    code_short(team->person_code, team->person, itself);
    sync_ok(&kit->a);
    sync_ok(&kit->b);
    later(kit, 1);
    for (unsigned round = 0; round < 2; round++) {
        sync_ok(&kit->a); /* the first one brings the server's time */
        sync_ok(&kit->b);
    }
    sync_ok(&kit->a);
}

/* --- what happens --- */

static void test_keys_end(void **state)
{
    (void)state;
    struct team team;
    struct kit *kit = &team.kit;
    uint8_t last[PK_LEN];
    begin(&team);
    /* The keys that they came with have given way to others, and stay while their epoch does. */
    assert_int_not_equal(self(&kit->a, team.at_a)->x_index, self(&kit->a, team.at_a)->added);
    assert_int_not_equal(self(&kit->b, team.at_b)->x_index, self(&kit->b, team.at_b)->added);
    assert_int_equal(boxes(&kit->a, team.at_a), 2);
    assert_int_equal(boxes(&kit->b, team.at_b), 2);
    for (unsigned i = 0; i < 3; i++) {
        memcpy(last, self(&kit->b, team.at_b)->x_pk, PK_LEN);
        rotate(kit, team.at_a);
        assert_memory_not_equal(last, self(&kit->b, team.at_b)->x_pk, PK_LEN);
        /* The one that the newest epoch was sealed to, and the next one. */
        assert_int_equal(boxes(&kit->a, team.at_a), 2);
        assert_int_equal(boxes(&kit->b, team.at_b), 2);
        assert_int_equal(slot_keys(&kit->b, team.at_b), 2); /* late work of the epoch before */
        later(kit, 15);
        sync_ok(&kit->a);
        sync_ok(&kit->b);
        assert_int_equal(slot_keys(&kit->a, team.at_a), 1);
        assert_int_equal(slot_keys(&kit->b, team.at_b), 1);
    }
    /* Nothing of it is announced twice, and all is still readable, by who comes later too. */
    uint64_t size = engine_space(kit->a.engine, team.at_a)->size;
    kit_reopen(&kit->b);
    sync_ok(&kit->b);
    sync_ok(&kit->a);
    assert_int_equal(engine_space(kit->a.engine, team.at_a)->size, size);
    kit_device_new(kit, &kit->c, "Chloe");
    size_t at_c = kit_join(&kit->a, team.at_a, &kit->c, MEMBER);
    struct kit_sight sight, other;
    sync_ok(&kit->b);
    kit_see(&kit->c, at_c, &sight);
    kit_see(&kit->b, team.at_b, &other);
    assert_int_equal(sight.n, 2);
    assert_memory_equal(sight.hash, other.hash, HASH_LEN);
    kit_stop(kit);
}

/* What copies open: of the server's key store and log from before, with what is alive, and with an old device. */
struct copies {
    char old_keys[600], old_log[600], keys[600], log[600], old_bruno[600];
};

static void copies_of(struct kit *kit, struct copies *copies)
{
    path_of(copies->old_keys, kit->server.folder, ".bak", "keys.db");
    path_of(copies->old_log, kit->server.folder, ".bak", "log.db");
    path_of(copies->keys, kit->server.folder, "", "keys.db");
    path_of(copies->log, kit->server.folder, "", "log.db");
    snprintf(copies->old_bruno, sizeof copies->old_bruno, "%s.bak", kit->b.dir);
}

/* Opened bodies of a dossier, with every device of the team and the keys of `keys_db`, from `log_db`. */
static size_t alive_open(struct team *team, const char *code, const char *keys_db,
                         const char *log_db, size_t *bodies)
{
    struct loot *loot = loot_new();
    struct loot_count count;
    size_t open;
    loot_device(loot, team->kit.a.engine, team->at_a);
    loot_device(loot, team->kit.b.engine, team->at_b);
    loot_keys(loot, keys_db);
    loot_log(loot, log_db, 0, UINT64_MAX, &count);
    loot_dossier(loot, code, bodies, &open);
    loot_free(loot);
    return open;
}

/* The newest epoch of which an old copy of Bruno's phone opens anything, with two stores. */
static uint32_t old_phone_opens(struct kit *kit, const struct copies *copies, const char *code,
                                const char *log_db, size_t *open)
{
    struct loot *loot = loot_new();
    struct loot_count count;
    struct kit_device old = {.kit = kit};
    size_t bodies;
    snprintf(old.dir, sizeof old.dir, "%.299s", copies->old_bruno);
    assert_int_equal(kit_open(&old, NULL), ERR_OK);
    loot_device(loot, old.engine, 0);
    loot_keys(loot, copies->old_keys);
    loot_keys(loot, copies->keys);
    loot_log(loot, log_db, 0, UINT64_MAX, &count);
    loot_dossier(loot, code, &bodies, open);
    loot_free(loot);
    kit_close(&old);
    return count.newest;
}

static void test_old_copies(void **state)
{
    (void)state;
    struct team team;
    struct kit *kit = &team.kit;
    struct copies copies;
    size_t bodies, open;
    begin(&team);
    testserver_backup(&kit->server); /* last month's copies of everything */
    kit_backup(&kit->b);
    copies_of(kit, &copies);
    assert_int_equal(member_erase(kit->a.engine, team.at_a, team.person, REASON_REQUEST), ERR_OK);
    sync_ok(&kit->a);
    sync_ok(&kit->b);

    /* The live server has nothing of it, whoever asks. A copy of then still opens: the promise begins one rotation
     * later, and the search is not blind. */
    assert_int_equal(alive_open(&team, team.person_code, copies.keys, copies.log, &bodies), 0);
    assert_int_equal(bodies, 0);
    assert_int_equal(alive_open(&team, team.person_code, copies.keys, copies.old_log, &bodies), 0);
    assert_int_equal(alive_open(&team, team.person_code, copies.old_keys, copies.old_log, &bodies),
                     1);

    rotate(kit, team.at_a);
    later(kit, 15);
    sync_ok(&kit->a);
    sync_ok(&kit->b);
    assert_int_equal(alive_open(&team, team.person_code, copies.old_keys, copies.old_log, &bodies),
                     0);
    assert_int_equal(bodies, 1);
    assert_int_equal(alive_open(&team, team.site_code, copies.old_keys, copies.old_log, &bodies),
                     1);

    /* An old copy of a phone opens what it could then, from copies of then: nobody can take that back. But its keys
     * end too: the rotation was sealed to them, the next one is not. */
    kit_edit(&kit->a, team.at_a, team.site, 1, 17, "epoque 2");
    sync_ok(&kit->a);
    assert_int_equal(old_phone_opens(kit, &copies, team.person_code, copies.old_log, &open), 1);
    assert_int_equal(open, 1);
    rotate(kit, team.at_a);
    kit_edit(&kit->a, team.at_a, team.site, 1, 18, "epoque 3");
    sync_ok(&kit->a);
    sync_ok(&kit->b);
    assert_true(old_phone_opens(kit, &copies, team.site_code, copies.log, &open) < 3);
    assert_int_equal(alive_open(&team, team.site_code, copies.keys, copies.log, &bodies), 3);
    kit_stop(kit);
}

/* --- nothing is lost on the way --- */

/* Asleep over three rotations, with work of its own. */
static void test_sleeper(void **state)
{
    (void)state;
    struct team team;
    struct kit *kit = &team.kit;
    struct kit_sight sight;
    begin(&team);
    kit_dossier(&kit->b, team.at_b, team.person);
    kit_edit(&kit->b, team.at_b, team.person, 1, 16, "hors reseau");
    for (unsigned i = 0; i < 3; i++) {
        later(kit, 31);
        sync_ok(&kit->a);
        sync_ok(&kit->a);
    }
    assert_int_equal(epoch(&kit->a, team.at_a), 4);
    sync_ok(&kit->b);
    assert_int_equal(epoch(&kit->b, team.at_b), 4);
    assert_int_equal(engine_space(kit->b.engine, team.at_b)->unsent, 0);
    assert_int_equal(boxes(&kit->b, team.at_b), 2);
    sync_ok(&kit->a);
    kit_see(&kit->a, team.at_a, &sight);
    assert_int_equal(sight.n, 3);
    kit_stop(kit);
}

/* Alice's rotation is made and on its way when Bruno announces another key: it is sealed to the one before. */
static void test_race(void **state)
{
    (void)state;
    struct team team;
    struct kit *kit = &team.kit;
    struct buf request = {.max = 8 << 20};
    begin(&team);
    rotate(kit, team.at_a);
    later(kit, 31);
    kit_close(&kit->b);
    /* A request that is made, and lost: what it holds is stored, and sent again byte for byte. */
    sync_ok(&kit->a);
    sync_ok(&kit->a); /* rotates; Bruno has not heard of it */
    later(kit, 31);
    sync_ok(&kit->a);
    assert_int_equal(engine_sync_begin(kit->a.engine, 0, 0, &request), ERR_OK);
    buf_free(&request);
    kit_reopen(&kit->b);
    sync_ok(&kit->b); /* announces a key after the rotation that he hears of now */
    uint64_t announced = self(&kit->b, team.at_b)->x_index;
    sync_ok(&kit->a);
    const struct fold *fold = engine_fold(kit->a.engine, team.at_a);
    assert_true(fold_epoch(fold, fold_epoch_now(fold))->index > announced);
    assert_true(fold_epoch(fold, fold_epoch_now(fold))->seen <= announced);
    sync_ok(&kit->b);
    assert_int_equal(epoch(&kit->b, team.at_b), epoch(&kit->a, team.at_a));
    assert_false(space_lacks_epoch(kit->b.engine, engine_at(kit->b.engine, team.at_b)));
    kit_stop(kit);
}

/* The answer to the announcement is lost, and the program ends: the key that was announced is the one that is kept. */
static void test_lost_answer(void **state)
{
    (void)state;
    struct team team;
    struct kit *kit = &team.kit;
    begin(&team);
    later(kit, 31);
    sync_ok(&kit->a);
    for (unsigned i = 0; i < 4; i++) {
        kit->server.lose_answers = true;
        assert_int_equal(kit_sync(&kit->b), ERR_NET);
        kit->server.lose_answers = false;
        kit_reopen(&kit->b);
    }
    sync_ok(&kit->b);
    assert_int_equal(boxes(&kit->b, team.at_b), 2);
    rotate(kit, team.at_a);
    assert_false(space_lacks_epoch(kit->b.engine, engine_at(kit->b.engine, team.at_b)));
    kit_stop(kit);
}

/* The replica is lost: what the spare copy holds is enough to open what the server still has. */
static void test_lost_replica(void **state)
{
    (void)state;
    struct team team;
    struct kit *kit = &team.kit;
    struct engine_repair repair;
    struct kit_sight before, after;
    char path[600];
    begin(&team);
    rotate(kit, team.at_a);
    kit_see(&kit->b, team.at_b, &before);
    kit_close(&kit->b);
    path_of(path, kit->b.dir, "", "replica.db");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite("nothing", 1, 7, file), 7);
    assert_int_equal(fclose(file), 0);
    path_of(path, kit->b.dir, "", "replica.db-wal");
    (void)remove(path);
    assert_int_equal(kit_open(&kit->b, &repair), ERR_OK);
    assert_true(repair.happened);
    sync_ok(&kit->b);
    kit_see(&kit->b, team.at_b, &after);
    assert_int_equal(after.n, before.n);
    assert_memory_equal(before.hash, after.hash, HASH_LEN);
    rotate(kit, team.at_a);
    assert_int_equal(boxes(&kit->b, team.at_b), 2);
    kit_stop(kit);
}

/* A phone put back from a backup of before two rotations says so, and does not blame the server for its keys. */
static void test_put_back(void **state)
{
    (void)state;
    struct team team;
    struct kit *kit = &team.kit;
    begin(&team);
    kit_backup(&kit->b);
    rotate(kit, team.at_a);
    rotate(kit, team.at_a);
    kit_restore(&kit->b);
    assert_int_equal(kit_sync(&kit->b), ERR_OK);
    assert_int_equal(engine_space(kit->b.engine, team.at_b)->alarm, ERR_SEQ);
    kit_stop(kit);
}

/* Each space has keys of its own: a rotation in one is nothing to the other. An auditor's end like everybody's. */
static void test_spaces_apart(void **state)
{
    (void)state;
    struct team team;
    struct kit *kit = &team.kit;
    begin(&team);
    size_t two = kit_found(&kit->a, "Deux");
    kit_device_new(kit, &kit->c, "Chloe");
    size_t at_c = kit_join(&kit->a, two, &kit->c, AUDITOR);
    assert_memory_not_equal(self(&kit->a, team.at_a)->x_pk, self(&kit->a, two)->x_pk, PK_LEN);
    size_t one = boxes(&kit->a, team.at_a);
    bool second = true;
    kit_device_new(kit, &kit->d, "Dora");
    (void)kit_join(&kit->a, two, &kit->d, MEMBER);
    assert_int_equal(
        member_revoke(kit->a.engine, two, engine_device(kit->d.engine), REVOKE_LOST, &second),
        ERR_OK);
    assert_false(second);
    sync_ok(&kit->a);
    assert_int_equal(epoch(&kit->a, two), 2);
    assert_int_equal(epoch(&kit->a, team.at_a), 1);
    assert_int_equal(boxes(&kit->a, team.at_a), one);
    assert_int_equal(slot_keys(&kit->a, two), 1); /* nothing of epoch 1 may come any more */
    sync_ok(&kit->c);
    assert_int_equal(epoch(&kit->c, at_c), 2);
    assert_int_not_equal(self(&kit->c, at_c)->x_index, self(&kit->c, at_c)->added);
    /* Who was removed has none left. */
    assert_int_equal(kit_sync(&kit->d), ERR_OK);
    struct rekey_ring ring;
    assert_int_equal(rekey_load(kit->d.engine, engine_space(kit->d.engine, 0)->id, &ring), ERR_OK);
    assert_int_equal(ring.n, 1);
    rekey_free(&ring);
    kit_stop(kit);
}

/* A lost phone that is found months later: what it had not sent reaches the stewards, whose keys of then are gone. */
static enum err count_readable(void *ctx, const struct adopt_parcel *parcel)
{
    size_t *n = ctx;
    *n += parcel->readable && parcel->changes == 1;
    return ERR_OK;
}

static void test_found_late(void **state)
{
    (void)state;
    struct team team;
    struct kit *kit = &team.kit;
    size_t readable = 0;
    begin(&team);
    kit_device_new(kit, &kit->c, "Chloe");
    size_t at_c = kit_join(&kit->a, team.at_a, &kit->c, MEMBER);
    kit_edit(&kit->c, at_c, team.site, 3, 19, "jamais envoye");
    kit_close(&kit->c);
    assert_int_equal(member_revoke(kit->a.engine, team.at_a,
                                   engine_fold(kit->a.engine, team.at_a)->devices[2].id,
                                   REVOKE_LOST, NULL),
                     ERR_OK);
    sync_ok(&kit->a);
    rotate(kit, team.at_a);
    rotate(kit, team.at_a);
    assert_int_equal(kit_open(&kit->c, NULL), ERR_OK);
    assert_int_equal(kit_sync(&kit->c), ERR_OK);
    assert_true(engine_space(kit->c.engine, at_c)->wiped);
    sync_ok(&kit->a);
    assert_int_equal(adopt_each(kit->a.engine, team.at_a, count_readable, &readable), ERR_OK);
    assert_int_equal(readable, 1);
    kit_stop(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_end),    cmocka_unit_test(test_old_copies),
        cmocka_unit_test(test_sleeper),     cmocka_unit_test(test_race),
        cmocka_unit_test(test_lost_answer), cmocka_unit_test(test_lost_replica),
        cmocka_unit_test(test_put_back),    cmocka_unit_test(test_spaces_apart),
        cmocka_unit_test(test_found_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
