/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: opening a dossier leaves one entry a day, which travels within a day, is there for half a year, and is gone nine
 * months later from the server and from every device; the history verifies all the time, also for a newcomer. A body
 * that is missing earlier is withheld.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/access.h"
#include "client/engine_inside.h"
#include "tests/lib/enginekit.h"

enum { MEMBER = ROLE_READER | ROLE_WRITER, DAY_MS = 24 * 3600 * 1000 };

struct scene {
    struct kit kit;
    size_t at_a, at_b;
    uint8_t dossier[ID_LEN];
};

/* The clocks of all go on; the server's program beats meanwhile, and Alice writes now and then. */
static void days_pass(struct scene *scene, unsigned days)
{
    struct kit *kit = &scene->kit;
    while (days > 0) {
        unsigned step = days < 10 ? days : 10;
        kit->server.now_ms = kit->now_ms += (uint64_t)step * DAY_MS;
        assert_int_equal(sync_heartbeat(kit->server.sync, kit->now_ms), ERR_OK);
        engine_set_time(kit->a.engine, kit->now_ms);
        engine_set_time(kit->b.engine, kit->now_ms);
        kit_edit(&kit->a, scene->at_a, scene->dossier, 1, 17, "le temps passe");
        assert_int_equal(kit_sync(&kit->a), ERR_OK);
        days -= step;
    }
    assert_int_equal(kit_sync(&kit->b), ERR_OK);
}

static void start(struct scene *scene)
{
    struct kit *kit = &scene->kit;
    kit_start(kit);
    kit_device_new(kit, &kit->a, "Alice");
    kit_device_new(kit, &kit->b, "Bruno");
    scene->at_a = kit_found(&kit->a, "Equipe");
    scene->at_b = kit_join(&kit->a, scene->at_a, &kit->b, MEMBER);
    kit_dossier(&kit->a, scene->at_a, scene->dossier);
    kit_edit(&kit->a, scene->at_a, scene->dossier, 1, 16, "Mircea");
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(kit_sync(&kit->b), ERR_OK);
}

struct lines {
    size_t n, sent, about;
    uint64_t index;
};

static enum err count_line(void *ctx, const struct access_line *line)
{
    struct lines *lines = ctx;
    lines->n++;
    lines->about += line->about;
    if (line->index != UINT64_MAX) {
        lines->sent++;
        lines->index = line->index;
    }
    return ERR_OK;
}

static struct lines lines_of(struct kit_device *device, size_t space, const uint8_t *shred)
{
    struct lines lines = {0};
    assert_int_equal(access_about(device->engine, space, shred, count_line, &lines), ERR_OK);
    return lines;
}

static enum err is_there(void *ctx, uint64_t index, uint16_t box,
                         const uint8_t hash[static HASH_LEN], const uint8_t *body, size_t len)
{
    (void)index, (void)box, (void)hash, (void)body;
    *(bool *)ctx = len > 0;
    return ERR_OK;
}

static bool server_has(struct scene *scene, uint64_t leaf)
{
    struct store_view *view = scene->kit.server.view;
    const uint8_t *space = engine_space(scene->kit.a.engine, scene->at_a)->id;
    bool there = false;
    assert_int_equal(view->engine->view_begin(view), ERR_OK);
    assert_int_equal(view->engine->bodies(view, space, leaf, leaf + 1, is_there, &there), ERR_OK);
    view->engine->view_end(view);
    return there;
}

static void verifies(struct kit_device *device, size_t space)
{
    uint64_t index;
    assert_int_equal(engine_verify(device->engine, space, &index), ERR_OK);
    assert_int_equal(engine_space(device->engine, space)->alarm, ERR_OK);
}

/* Bruno opens the dossier three times in a day; it is one line, and half a day later on its way. */
static uint64_t opened_and_sent(struct scene *scene)
{
    struct kit *kit = &scene->kit;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(access_opened(kit->b.engine, scene->at_b, scene->dossier), ERR_OK);
    assert_int_equal(kit_sync(&kit->b), ERR_OK);
    struct lines lines = lines_of(&kit->b, scene->at_b, scene->dossier);
    assert_int_equal(lines.n, 1);
    assert_int_equal(lines.sent, 0);
    days_pass(scene, 1);
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    lines = lines_of(&kit->a, scene->at_a, scene->dossier);
    assert_int_equal(lines.n, 1);
    assert_int_equal(lines.sent, 1);
    assert_true(server_has(scene, lines.index));
    return lines.index;
}

static void test_kept_and_pruned(void **state)
{
    struct scene scene;
    struct kit_sight a, b, c;
    (void)state;
    start(&scene);
    struct kit *kit = &scene.kit;
    uint64_t leaf = opened_and_sent(&scene);
    days_pass(&scene, 260);
    assert_true(server_has(&scene, leaf));
    assert_int_equal(lines_of(&kit->a, scene.at_a, scene.dossier).n, 1);
    days_pass(&scene, 20);
    assert_int_equal(sync_heartbeat(kit->server.sync, kit->now_ms), ERR_OK);
    assert_false(server_has(&scene, leaf));
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(lines_of(&kit->a, scene.at_a, scene.dossier).n, 0);
    assert_int_equal(lines_of(&kit->b, scene.at_b, scene.dossier).n, 0);
    verifies(&kit->a, scene.at_a);
    verifies(&kit->b, scene.at_b);
    kit_device_new(kit, &kit->c, "Chloe");
    size_t at_c = kit_join(&kit->a, scene.at_a, &kit->c, MEMBER);
    assert_int_equal(kit_sync(&kit->b), ERR_OK);
    verifies(&kit->c, at_c);
    kit_see(&kit->a, scene.at_a, &a);
    kit_see(&kit->b, scene.at_b, &b);
    kit_see(&kit->c, at_c, &c);
    assert_true(a.n > 20);
    assert_memory_equal(a.hash, b.hash, HASH_LEN);
    assert_memory_equal(a.hash, c.hash, HASH_LEN);
    kit_stop(kit);
}

/* A server that forgets too early is found out by whoever asks for it. */
static void test_missing_too_early(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene);
    struct kit *kit = &scene.kit;
    struct store *store = kit->server.store;
    uint64_t leaf = opened_and_sent(&scene);
    days_pass(&scene, 100);
    assert_int_equal(store->engine->begin(store), ERR_OK);
    assert_int_equal(
        store->engine->body_erase(store, engine_space(kit->a.engine, scene.at_a)->id, leaf, 0),
        ERR_OK);
    assert_int_equal(store->engine->commit(store), ERR_OK);
    kit_device_new(kit, &kit->c, "Chloe");
    size_t at_c = kit_join(&kit->a, scene.at_a, &kit->c, MEMBER);
    assert_int_equal(engine_space(kit->c.engine, at_c)->alarm, ERR_WITHHELD);
    /* It is no reason any more once it might have gone. */
    days_pass(&scene, 100);
    engine_set_time(kit->c.engine, kit->now_ms);
    assert_int_equal(kit_sync(&kit->c), ERR_OK);
    assert_int_equal(engine_space(kit->c.engine, at_c)->alarm, ERR_OK);
    kit_stop(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_and_pruned),
        cmocka_unit_test(test_missing_too_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
