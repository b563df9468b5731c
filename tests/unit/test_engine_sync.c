/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the main job over the real server logic. Two devices work offline, meet, and see the same; each sync is one
 * request; what was not answered is sent again byte for byte; nothing is lost.
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

#include "tests/lib/enginekit.h"

enum { MEMBER = ROLE_READER | ROLE_WRITER };

static void same_sight(struct kit_device *a, size_t space_a, struct kit_device *b, size_t space_b,
                       size_t n)
{
    struct kit_sight x, y;
    kit_see(a, space_a, &x);
    kit_see(b, space_b, &y);
    assert_int_equal(x.n, n);
    assert_int_equal(y.n, n);
    assert_memory_equal(x.hash, y.hash, HASH_LEN);
}

static void test_found(void **state)
{
    (void)state;
    struct kit kit;
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    size_t space = kit_found(&kit.a, "Equipe mobile");
    const struct engine_space *s = engine_space(kit.a.engine, space);
    assert_int_equal(kit.a.requests, 1);
    assert_int_equal(s->state, SPACE_ACTIVE);
    assert_string_equal(s->name, "Equipe mobile");
    assert_int_equal(s->unsent, 0);
    assert_int_equal(s->size, 4);
    assert_int_equal(s->roles, ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN);
    assert_string_equal(engine_device_label(kit.a.engine, space, engine_device(kit.a.engine)),
                        "Alice");
    kit_reopen(&kit.a);
    s = engine_space(kit.a.engine, 0);
    assert_int_equal(s->state, SPACE_ACTIVE);
    assert_string_equal(s->name, "Equipe mobile");
    assert_int_equal(s->size, 4);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit.a.requests, 1);
    assert_true(kit.a.bytes_up + kit.a.bytes_down < 400);
    kit_stop(&kit);
}

static void test_main_job(void **state)
{
    (void)state;
    struct kit kit;
    uint8_t site[ID_LEN], person[ID_LEN];
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    kit_device_new(&kit, &kit.b, "Bruno");
    size_t at_a = kit_found(&kit.a, "Equipe");
    size_t at_b = kit_join(&kit.a, at_a, &kit.b, MEMBER);
    assert_int_equal(engine_space(kit.b.engine, at_b)->state, SPACE_ACTIVE);
    assert_string_equal(engine_space(kit.b.engine, at_b)->name, "Equipe");
    assert_string_equal(engine_device_label(kit.b.engine, at_b, engine_device(kit.b.engine)),
                        "Bruno");

    kit_dossier(&kit.a, at_a, site);
    kit_dossier(&kit.b, at_b, person);
    for (unsigned i = 0; i < 40; i++) {
        char text[64];
        snprintf(text, sizeof text, "ligne %u de Alice", i);
        kit_edit(&kit.a, at_a, site, i % 7, 16 + i % 5, text);
        snprintf(text, sizeof text, "ligne %u de Bruno", i);
        kit_edit(&kit.b, at_b, person, i % 7, 16 + i % 5, text);
    }
    assert_int_equal(engine_space(kit.a.engine, at_a)->unsent, 40);
    kit_reopen(&kit.a);
    assert_int_equal(engine_space(kit.a.engine, at_a)->unsent, 40);
    struct kit_device *order[] = {&kit.a, &kit.b, &kit.a};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(kit_sync(order[i]), ERR_OK);
        assert_int_equal(order[i]->requests, 1);
    }
    assert_int_equal(engine_space(kit.a.engine, at_a)->unsent, 0);
    assert_int_equal(engine_space(kit.b.engine, at_b)->unsent, 0);
    same_sight(&kit.a, at_a, &kit.b, at_b, 80);

    /* Both write to both dossiers now, which are mentioned by their births. */
    kit_edit(&kit.a, at_a, person, 0, 16, "Alice chez Bruno");
    kit_edit(&kit.b, at_b, site, 0, 16, "Bruno chez Alice");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(kit_sync(order[i]), ERR_OK);
    same_sight(&kit.a, at_a, &kit.b, at_b, 82);
    kit_reopen(&kit.b);
    kit_reopen(&kit.a);
    same_sight(&kit.a, at_a, &kit.b, at_b, 82);
    kit_stop(&kit);
}

/* The answer is lost again and again: the same leaves go out each time, and one copy arrives. */
static void test_lost_answers(void **state)
{
    (void)state;
    struct kit kit;
    uint8_t site[ID_LEN];
    struct kit_sight sight;
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    size_t space = kit_found(&kit.a, "Equipe");
    kit_dossier(&kit.a, space, site);
    kit_edit(&kit.a, space, site, 1, 16, "un");
    kit.server.lose_answers = true;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(kit_sync(&kit.a), ERR_NET);
        kit_reopen(&kit.a);
        kit_edit(&kit.a, space, site, 1, 17, "encore");
    }
    assert_int_equal(engine_space(kit.a.engine, space)->unsent, 4);
    kit.server.lose_answers = false;
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(engine_space(kit.a.engine, space)->unsent, 0);
    kit_see(&kit.a, space, &sight);
    assert_int_equal(sight.n, 4);
    assert_int_equal(sight.pending, 0);
    kit_stop(&kit);
}

/* Work written while waiting for an approval, and before a founding was acknowledged. */
static void test_before_approval(void **state)
{
    (void)state;
    struct kit kit;
    uint8_t site[ID_LEN];
    size_t at_b;
    struct buf link = {0};
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    kit_device_new(&kit, &kit.b, "Bruno");
    size_t at_a = kit_found(&kit.a, "Equipe");
    const struct buf *server = sync_server(kit.server.sync);
    assert_int_equal(engine_invite(kit.a.engine, at_a, MEMBER, kit.now_ms / 1000 + 3600, &link),
                     ERR_OK);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(
        engine_join(kit.b.engine, (char *)link.bytes, server->bytes, server->len, &at_b), ERR_OK);
    kit_dossier(&kit.b, at_b, site);
    kit_edit(&kit.b, at_b, site, 1, 16, "avant");
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    assert_int_equal(engine_space(kit.b.engine, at_b)->state, SPACE_WAITING);
    assert_int_equal(engine_space(kit.b.engine, at_b)->unsent, 1);
    kit_reopen(&kit.b);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    kit_reopen(&kit.a);
    assert_int_equal(engine_waiting_count(kit.a.engine, at_a), 1);
    assert_string_equal(engine_waiting(kit.a.engine, at_a, 0)->name, "Bruno");
    uint8_t device[ID_LEN];
    memcpy(device, engine_waiting(kit.a.engine, at_a, 0)->device, ID_LEN);
    assert_int_equal(engine_approve(kit.a.engine, at_a, device), ERR_OK);
    assert_true(engine_waiting(kit.a.engine, at_a, 0)->approved);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(engine_waiting_count(kit.a.engine, at_a), 0);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    assert_int_equal(engine_space(kit.b.engine, at_b)->unsent, 0);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    same_sight(&kit.a, at_a, &kit.b, at_b, 1);
    buf_free(&link);
    kit_stop(&kit);
}

static void test_undo(void **state)
{
    (void)state;
    struct kit kit;
    uint8_t site[ID_LEN];
    size_t n = 0;
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    size_t space = kit_found(&kit.a, "Equipe");
    kit_dossier(&kit.a, space, site);
    kit_edit(&kit.a, space, site, 1, 16, "un");
    engine_set_time(kit.a.engine, kit.now_ms + 20000);
    assert_int_equal(engine_undo(kit.a.engine, 10000, &n), ERR_NOT_FOUND);
    kit_edit(&kit.a, space, site, 1, 16, "deux");
    assert_int_equal(engine_undo(kit.a.engine, 10000, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(engine_space(kit.a.engine, space)->unsent, 1);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(engine_undo(kit.a.engine, 100000, &n), ERR_NOT_FOUND);
    kit_stop(&kit);
}

/* 100 edits of mean 24 bytes on 20 existing dossiers, in one run. */
static void test_cost(void **state)
{
    (void)state;
    struct kit kit;
    uint8_t shreds[20][ID_LEN];
    /* Words of another trade than the one that trained the dictionary. */
    static const char *const words[] = {
        "peuplier", "brouette",  "marteau", "verger",  "ruche",    "gelée",     "semis", "arrosoir",
        "mardi",    "tilleul",   "taille",  "greffe",  "sureau",   "printemps", "haie",  "terreau",
        "Odile",    "pépinière", "Gaspard", "compost", "vendange", "grenier",   "serre", "bêche"};
    uint64_t random = 88172645463325252ull;
    size_t total = 0;
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    size_t space = kit_found(&kit.a, "Equipe");
    for (size_t i = 0; i < 20; i++) {
        kit_dossier(&kit.a, space, shreds[i]);
        kit_edit(&kit.a, space, shreds[i], 0, 16, "naissance");
    }
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    for (unsigned i = 0; i < 100; i++) {
        char text[128] = "";
        size_t n = 1 + (i * 7) % 5;
        for (size_t k = 0; k < n; k++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            strcat(text, words[random % 24]);
            strcat(text, k + 1 < n ? " " : "");
        }
        snprintf(text + strlen(text), 8, " %u", (unsigned)(random >> 20) % 1000);
        total += strlen(text);
        engine_set_time(kit.a.engine, kit.now_ms + i * 61000);
        kit_edit(&kit.a, space, shreds[random % 20], 0, 16 + i % 9, text);
    }
    engine_set_time(kit.a.engine, kit.now_ms);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit.a.requests, 1);
    print_message("100 edits, mean %zu bytes: %zu bytes up, %zu down\n", total / 100,
                  kit.a.bytes_up, kit.a.bytes_down);
    assert_true(total >= 2300);
    assert_true(kit.a.bytes_up < 4000);
    kit_stop(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),        cmocka_unit_test(test_main_job),
        cmocka_unit_test(test_lost_answers), cmocka_unit_test(test_before_approval),
        cmocka_unit_test(test_undo),         cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
