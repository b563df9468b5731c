/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the folds in memory are what the log says, however they came there: grown leaf by leaf, loaded from the store,
 * dropped after a rollback, or evicted and loaded again.
 */
#include "sync_fixture.h"

#include "server/access.h"

/* A world with history: two more devices, one revoked, rotated keys, an invite left open. */
static void live(struct world *w)
{
    uint8_t secret[SEED_LEN];
    w->bs = world_join(w, &w->b, 2, SYNC_ADMIN);
    w->cs = world_join(w, &w->c, 3, SYNC_WRITER);
    testdevice_write(&w->c, w->cs, "work", 4, true);
    world_sync(w, &w->c);
    struct op op = {.kind = KIND_DEVICE_REVOKE};
    memcpy(op.u.device_revoke.device, w->c.id, ID_LEN);
    op.u.device_revoke.mode = REVOKE_LOST;
    op.u.device_revoke.cut = 1;
    world_sync(w, &w->a);
    testdevice_operate(&w->a, w->as, op);
    testdevice_rotate(&w->a, w->as);
    testdevice_invite(&w->a, w->as, SYNC_WRITER, 2000000000, secret);
    world_sync(w, &w->a);
    testdevice_write(&w->a, w->as, "more work", 9, true);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refused, 0);
}

static void same_fold(const struct fold *x, const struct fold *y)
{
    assert_int_equal(x->size, y->size);
    assert_int_equal(x->n_devices, y->n_devices);
    for (size_t i = 0; i < x->n_devices; i++) {
        assert_memory_equal(x->devices[i].id, y->devices[i].id, ID_LEN);
        assert_int_equal(x->devices[i].roles, y->devices[i].roles);
        assert_int_equal(x->devices[i].active, y->devices[i].active);
        assert_int_equal(x->devices[i].last_seq, y->devices[i].last_seq);
        assert_memory_equal(x->devices[i].last_hash, y->devices[i].last_hash, HASH_LEN);
        assert_int_equal(x->devices[i].last_index, y->devices[i].last_index);
    }
    assert_int_equal(x->n_epochs, y->n_epochs);
    assert_int_equal(x->n_invites, y->n_invites);
    assert_memory_equal(x->head, y->head, HASH_LEN);
    assert_int_equal(x->cut_since, y->cut_since);
    assert_int_equal(x->trial, y->trial);
}

static void test_loading_is_replaying(void **state)
{
    struct world *w = *state;
    struct access *access;
    struct access_space *space;
    uint8_t root[HASH_LEN];
    live(w);
    assert_int_equal(access_new(&access, w->server.store, 4), ERR_OK);
    assert_int_equal(access_get(access, w->as->id, &space), ERR_OK);
    same_fold(space->fold, w->as->fold);
    tree_root(&space->tree, root);
    assert_memory_equal(root, w->as->note.root, HASH_LEN);
    for (uint64_t size = 1; size <= w->as->tree.size; size++) {
        struct note note;
        struct store_view *own = w->server.engine.own_view(w->server.store);
        assert_int_equal(access_root_at(space, size, root), ERR_OK);
        if (w->server.engine.note(own, w->as->id, size, &note) == ERR_OK)
            assert_memory_equal(root, note.root, HASH_LEN);
    }
    const uint8_t nowhere[ID_LEN] = {1};
    assert_int_equal(access_get(access, nowhere, &space), ERR_NOT_FOUND);
    access_free(access);
}

static enum err compare_member(void *ctx, const struct store_member *member)
{
    const struct fold *fold = ctx;
    const struct fold_device *device = fold_device(fold, member->device);
    assert_non_null(device);
    assert_int_equal(device->roles, member->roles);
    assert_int_equal(device->active, member->active);
    assert_int_equal(device->added, member->added);
    if (!device->active)
        assert_int_equal(device->revoked, member->revoked);
    return ERR_OK;
}

static void test_members_are_published(void **state)
{
    struct world *w = *state;
    struct store_view *own;
    struct store_space info;
    live(w);
    own = w->server.engine.own_view(w->server.store);
    assert_int_equal(w->server.engine.members(own, w->as->id, compare_member, w->as->fold), ERR_OK);
    assert_int_equal(w->server.engine.space(own, w->as->id, &info), ERR_OK);
    assert_int_equal(info.size, w->as->fold->size);
    assert_int_equal(info.epoch, 2);
    assert_int_equal(info.epoch_index, fold_epoch(w->as->fold, 2)->index);
    assert_int_equal(info.t_recv_ms, world_last(w->as)->t_recv_ms);
}

static void test_forgetting_after_a_rollback(void **state)
{
    struct world *w = *state;
    struct access *access;
    struct access_space *space;
    const uint8_t new_space[ID_LEN] = {3};
    live(w);
    assert_int_equal(access_new(&access, w->server.store, 4), ERR_OK);
    assert_int_equal(access_get(access, w->as->id, &space), ERR_OK);
    access_touch(space);
    access_touch(space);
    assert_ptr_equal(access_touched(access), space);
    /* As if leaves had been applied that were rolled back then. */
    fold_skip_to(space->fold, space->fold->size + 5);
    access_forget(access);
    assert_null(access_touched(access));
    assert_int_equal(access_get(access, w->as->id, &space), ERR_OK);
    same_fold(space->fold, w->as->fold);
    /* A founding that came to nothing leaves nothing. */
    assert_int_equal(access_found(access, new_space, &space), ERR_OK);
    assert_int_equal(space->fold->size, 0);
    access_settle(access);
    assert_int_equal(access_get(access, new_space, &space), ERR_NOT_FOUND);
    access_free(access);
}

static void test_rarely_used_spaces_go(void **state)
{
    struct world *w = *state;
    struct access *access;
    struct access_space *space;
    struct testspace *founded[5];
    for (int i = 0; i < 5; i++)
        founded[i] = testdevice_found(&w->a, NULL);
    world_sync(w, &w->a);
    assert_int_equal(access_new(&access, w->server.store, 2), ERR_OK);
    for (int round = 0; round < 100; round++) {
        assert_int_equal(access_get(access, founded[round % 5]->id, &space), ERR_OK);
        assert_int_equal(space->fold->size, 3);
        access_touch(space);
        access_settle(access);
    }
    access_free(access);
    /* The server's own cache of one space serves all of them. */
    w->server.config.spaces_max = 1;
    testserver_restart(&w->server);
    for (int i = 0; i < 5; i++)
        testdevice_write(&w->a, founded[i], "in each", 7, false);
    world_sync(w, &w->a);
    for (int i = 0; i < 5; i++)
        assert_int_equal(founded[i]->tree.size, 4);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_loading_is_replaying),
        TEST(test_members_are_published),
        TEST(test_forgetting_after_a_rollback),
        TEST(test_rarely_used_spaces_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
