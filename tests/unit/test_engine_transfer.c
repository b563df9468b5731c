/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a dossier moves with its file; the space that it left keeps its copy for 90 days, forwards what comes late, and
 * then nothing of it opens there, on the server or on a device; where it went it is whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/engine_inside.h"
#include "client/transfer.h"
#include "tests/lib/enginekit.h"

enum { MEMBER = ROLE_READER | ROLE_WRITER, DAY_MS = 24 * 3600 * 1000 };

struct scene {
    struct kit kit;
    size_t north, south; /* at Alice's, who is in both */
    size_t north_b;      /* at Bruno's */
    size_t south_c;      /* at Chloe's */
    uint8_t dossier[ID_LEN];
    uint8_t key[KEY_LEN], hash[HASH_LEN]; /* of its file */
};

static void all_sync(struct scene *scene)
{
    assert_int_equal(kit_sync(&scene->kit.a), ERR_OK);
    assert_int_equal(kit_sync(&scene->kit.b), ERR_OK);
    assert_int_equal(kit_sync(&scene->kit.c), ERR_OK);
    assert_int_equal(kit_sync(&scene->kit.a), ERR_OK);
}

static void days_pass(struct scene *scene, unsigned days)
{
    struct kit *kit = &scene->kit;
    for (; days > 0; days -= days < 20 ? days : 20) {
        kit->server.now_ms = kit->now_ms += (uint64_t)(days < 20 ? days : 20) * DAY_MS;
        assert_int_equal(sync_heartbeat(kit->server.sync, kit->now_ms), ERR_OK);
    }
    engine_set_time(kit->a.engine, kit->now_ms);
    engine_set_time(kit->b.engine, kit->now_ms);
    engine_set_time(kit->c.engine, kit->now_ms);
    all_sync(scene);
}

static void start(struct scene *scene)
{
    struct kit *kit = &scene->kit;
    uint8_t bytes[200000];
    memset(bytes, 7, sizeof bytes);
    kit_start(kit);
    kit_device_new(kit, &kit->a, "Alice");
    kit_device_new(kit, &kit->b, "Bruno");
    kit_device_new(kit, &kit->c, "Chloe");
    scene->north = kit_found(&kit->a, "Nord");
    scene->south = kit_found(&kit->a, "Sud");
    scene->north_b = kit_join(&kit->a, scene->north, &kit->b, MEMBER);
    scene->south_c = kit_join(&kit->a, scene->south, &kit->c, MEMBER);
    kit_dossier(&kit->a, scene->north, scene->dossier);
    kit_edit(&kit->a, scene->north, scene->dossier, 0, 16, "Mircea");
    assert_int_equal(engine_attach(kit->a.engine, scene->north, scene->dossier, bytes, sizeof bytes,
                                   scene->key, scene->hash),
                     ERR_OK);
    all_sync(scene);
    assert_int_equal(engine_transfer(kit->a.engine, scene->north, scene->dossier, scene->south),
                     ERR_OK);
}

static bool opens(struct kit_device *device, size_t space, const uint8_t *shred)
{
    return engine_dossier_check(device->engine, space, shred) == ERR_OK;
}

static bool key_is_here(struct kit_device *device, size_t i, const uint8_t *shred)
{
    struct space *space = engine_at(device->engine, i);
    const uint8_t *key;
    struct dossier *dossier = dossier_find(space, shred);
    return dossier && dossier_key(device->engine, space, dossier, &key) == ERR_OK;
}

static enum err count_slot(void *ctx, const struct store_slot *slot)
{
    (void)slot;
    ++*(size_t *)ctx;
    return ERR_OK;
}

static size_t slots(struct scene *scene, size_t space)
{
    struct store_view *view = scene->kit.server.view;
    size_t n = 0;
    assert_int_equal(view->engine->view_begin(view), ERR_OK);
    assert_int_equal(view->engine->slots(view, engine_space(scene->kit.a.engine, space)->id, 0,
                                         NULL, count_slot, &n),
                     ERR_OK);
    view->engine->view_end(view);
    return n;
}

static void test_moves_and_is_let_go(void **state)
{
    struct scene scene;
    struct kit_sight before, after;
    struct buf file = {.max = ATTACH_MAX};
    (void)state;
    start(&scene);
    struct kit *kit = &scene.kit;
    kit_edit(&kit->b, scene.north_b, scene.dossier, 0, 17, "ecrit sans savoir");
    for (unsigned i = 0; i < 4; i++) /* what was replaced, what stands, `moved`, what came late */
        all_sync(&scene);
    assert_true(opens(&kit->c, scene.south_c, scene.dossier));
    kit_see(&kit->c, scene.south_c, &before);
    assert_true(before.n >= 3); /* the name, the late note, and where it comes from */

    /* The file went too. */
    assert_int_equal(engine_attachment_ask(kit->c.engine, scene.south_c, scene.dossier, scene.hash),
                     ERR_OK);
    assert_int_equal(kit_sync(&kit->c), ERR_OK);
    assert_int_equal(
        engine_attachment_read(kit->c.engine, scene.south_c, scene.hash, scene.key, &file), ERR_OK);
    assert_int_equal(file.len, 200000);
    buf_free(&file);

    days_pass(&scene, 88);
    assert_true(key_is_here(&kit->b, scene.north_b, scene.dossier));
    assert_int_equal(slots(&scene, scene.north), 1);
    days_pass(&scene, 4);
    all_sync(&scene);
    assert_false(key_is_here(&kit->a, scene.north, scene.dossier));
    assert_false(key_is_here(&kit->b, scene.north_b, scene.dossier));
    assert_int_equal(slots(&scene, scene.north), 0);

    /* Where it went it is whole, and alive. */
    assert_int_equal(slots(&scene, scene.south), 1);
    kit_see(&kit->c, scene.south_c, &after);
    assert_memory_equal(before.hash, after.hash, HASH_LEN);
    kit_edit(&kit->c, scene.south_c, scene.dossier, 0, 18, "suivi");
    all_sync(&scene);
    assert_true(opens(&kit->a, scene.south, scene.dossier));
    for (size_t i = 0; i < engine_space_count(kit->a.engine); i++) {
        uint64_t index;
        assert_int_equal(engine_verify(kit->a.engine, i, &index), ERR_OK);
        assert_int_equal(engine_space(kit->a.engine, i)->alarm, ERR_OK);
    }
    kit_stop(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_moves_and_is_let_go)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
