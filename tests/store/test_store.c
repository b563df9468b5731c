/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: every engine behind server/store.h keeps the same promises about the log: entries, bodies, notes, members, links,
 * snapshots, and a store's own life. The suite is written once.
 */
#include "tests/store/store_fixture.h"

static void test_append_and_read(void **state)
{
    struct fixture *f = *state;
    struct made *made[10];
    fill(f, 10, made);
    for (int round = 0; round < 2; round++) {
        struct seen seen = {.made = made};
        assert_int_equal(f->do_->entries(f->own, space1, 2, 7, see_entry, &seen), ERR_OK);
        assert_int_equal(seen.n, 5);
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(seen.index[i], i + 2);
        seen = (struct seen){.made = made};
        assert_int_equal(f->do_->control_entries(f->own, space1, see_entry, &seen), ERR_OK);
        assert_int_equal(seen.n, 3);
        assert_int_equal(seen.index[0], 2);
        assert_int_equal(seen.index[2], 8);
        seen = (struct seen){.made = made};
        assert_int_equal(f->do_->entry_by_seq(f->own, space1, device1, 5, see_entry, &seen),
                         ERR_OK);
        assert_int_equal(seen.index[0], 4);
        assert_int_equal(f->do_->entry_by_seq(f->own, space1, device2, 5, see_entry, &seen),
                         ERR_NOT_FOUND);
        seen = (struct seen){.made = made};
        assert_int_equal(f->do_->entry_last(f->own, space1, device2, see_entry, &seen), ERR_OK);
        assert_int_equal(seen.index[0], 8);
        seen = (struct seen){.made = made};
        assert_int_equal(f->do_->bodies(f->own, space1, 0, 10, see_body, &seen), ERR_OK);
        assert_int_equal(seen.bodies, 20);
        seen = (struct seen){.made = made};
        assert_int_equal(f->do_->entries(f->own, space2, 0, 10, see_entry, &seen), ERR_OK);
        assert_int_equal(seen.n, 0);
        reopen(f);
    }
    free_made(made, 10);
}

static enum err stop_at_once(void *ctx, const struct store_entry *entry)
{
    (void)entry;
    ++*(int *)ctx;
    return ERR_TOO_BIG;
}

static void test_a_callback_can_stop(void **state)
{
    struct fixture *f = *state;
    struct made *made[5];
    int calls = 0;
    fill(f, 5, made);
    assert_int_equal(f->do_->entries(f->own, space1, 0, 5, stop_at_once, &calls), ERR_TOO_BIG);
    assert_int_equal(calls, 1);
    struct seen seen = {.made = made};
    assert_int_equal(f->do_->entries(f->own, space1, 0, 5, see_entry, &seen), ERR_OK);
    assert_int_equal(seen.n, 5);
    free_made(made, 5);
}

struct nodes {
    struct fixture *f;
};

static enum err node_of(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    struct fixture *f = ((struct nodes *)ctx)->f;
    return f->do_->node(f->own, space1, level, index, out);
}

static void test_nodes_carry_roots_and_proofs(void **state)
{
    struct fixture *f = *state;
    struct made *made[21];
    struct nodes nodes = {f};
    struct tree tree;
    uint8_t root[HASH_LEN], real[HASH_LEN], old_root[HASH_LEN];
    struct tree_proof proof;
    fill(f, 21, made);
    tree_root(&f->tree, real);
    assert_int_equal(tree_load(&tree, 21, node_of, &nodes), ERR_OK);
    tree_root(&tree, root);
    assert_memory_equal(root, real, HASH_LEN);
    for (uint64_t i = 0; i < 21; i++) {
        assert_int_equal(tree_inclusion(&proof, i, 21, node_of, &nodes), ERR_OK);
        assert_int_equal(tree_inclusion_verify(&proof, i, 21, made[i]->entry.nodes.nodes[0], real),
                         ERR_OK);
        assert_int_equal(tree_root_at(old_root, i, node_of, &nodes), ERR_OK);
        assert_int_equal(tree_consistency(&proof, i, 21, node_of, &nodes), ERR_OK);
        assert_int_equal(tree_consistency_verify(&proof, i, 21, old_root, real), ERR_OK);
    }
    assert_int_equal(f->do_->node(f->own, space1, 0, 21, root), ERR_CORRUPT);
    assert_int_equal(f->do_->node(f->own, space1, 1, 10, root), ERR_CORRUPT);
    free_made(made, 21);
}

/* Refused where it is appended, or at the latest by the commit. */
static void refused(struct fixture *f, const struct made *made)
{
    begin(f);
    enum err err = f->do_->append(f->store, &made->entry, made->bodies, 2);
    assert_int_equal(err == ERR_OK ? f->do_->commit(f->store) : err, ERR_EXISTS);
    f->do_->rollback(f->store);
}

static void test_an_index_and_a_number_are_taken_once(void **state)
{
    struct fixture *f = *state;
    struct made *made[2];
    fill(f, 2, made);
    struct made *again = make(f, 1, device1, 77, KIND_DATA),
                *other = make(f, 2, device1, 1, KIND_DATA);
    refused(f, again);
    refused(f, other);
    struct seen seen = {.made = made};
    assert_int_equal(f->do_->entries(f->own, space1, 0, 9, see_entry, &seen), ERR_OK);
    assert_int_equal(seen.n, 2);
    free(again);
    free(other);
    free_made(made, 2);
}

static void test_rollback_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct made *made[3];
    struct store_space space = {.size = 1};
    uint64_t rev;
    fill(f, 3, made);
    memcpy(space.space, space1, ID_LEN);
    struct made *lost = make(f, 3, device1, 50, KIND_DATA);
    begin(f);
    append(f, lost);
    assert_int_equal(f->do_->space_put(f->store, &space), ERR_OK);
    put_slot(f, 7, 1, 7, device1);
    put_seal(f, 3, device1, 1);
    assert_int_equal(f->do_->body_erase(f->store, space1, 0, 0), ERR_OK);
    f->do_->rollback(f->store);
    struct seen seen = {.made = made};
    assert_int_equal(f->do_->bodies(f->own, space1, 0, 9, see_body, &seen), ERR_OK);
    assert_int_equal(seen.bodies, 6);
    assert_int_equal(f->do_->space(f->own, space1, &space), ERR_NOT_FOUND);
    assert_int_equal(f->do_->keys_rev(f->own, space1, &rev), ERR_OK);
    assert_int_equal(rev, 0);
    /* And the next transaction works. */
    begin(f);
    append(f, lost);
    commit(f);
    free(lost);
    free_made(made, 3);
}

static void test_views_are_snapshots(void **state)
{
    struct fixture *f = *state;
    struct made *made[3];
    struct store_view *view;
    fill(f, 3, made);
    assert_int_equal(f->do_->view_open(f->store, &view), ERR_OK);
    assert_int_equal(view->engine->view_begin(view), ERR_OK);
    struct made *more = make(f, 3, device1, 50, KIND_DATA);
    struct made *all[4] = {made[0], made[1], made[2], more};
    begin(f);
    append(f, more);
    put_slot(f, 1, 1, 1, device1);
    commit(f);
    struct seen seen = {.made = all};
    uint64_t rev;
    assert_int_equal(view->engine->entries(view, space1, 0, 9, see_entry, &seen), ERR_OK);
    assert_int_equal(seen.n, 3);
    assert_int_equal(view->engine->keys_rev(view, space1, &rev), ERR_OK);
    assert_int_equal(rev, 0);
    view->engine->view_end(view);
    assert_int_equal(view->engine->view_begin(view), ERR_OK);
    seen = (struct seen){.made = all};
    assert_int_equal(view->engine->entries(view, space1, 0, 9, see_entry, &seen), ERR_OK);
    assert_int_equal(seen.n, 4);
    assert_int_equal(view->engine->keys_rev(view, space1, &rev), ERR_OK);
    assert_int_equal(rev, 1);
    view->engine->view_end(view);
    view->engine->view_close(view);
    free_made(all, 4);
}

static enum err count_note(void *ctx, const struct note *note)
{
    (void)note;
    ++*(size_t *)ctx;
    return ERR_OK;
}

static void test_notes(void **state)
{
    struct fixture *f = *state;
    struct note note = {.size = 5, .n_cosigs = 2}, back;
    size_t n = 0;
    memset(note.root, 3, HASH_LEN);
    memset(note.sig, 4, SIG_LEN);
    memset(note.cosigs, 5, 2 * NOTE_COSIG_LEN);
    begin(f);
    assert_int_equal(f->do_->note_put(f->store, space1, &note), ERR_OK);
    assert_int_equal(f->do_->note_put(f->store, space1, &note), ERR_OK);
    note.root[0] = 99;
    assert_int_equal(f->do_->note_put(f->store, space1, &note), ERR_EXISTS);
    note.root[0] = 3;
    note.size = 6;
    note.n_cosigs = 0;
    assert_int_equal(f->do_->note_put(f->store, space1, &note), ERR_OK);
    commit(f);
    assert_int_equal(f->do_->note(f->own, space1, 5, &back), ERR_OK);
    assert_int_equal(back.n_cosigs, 2);
    assert_memory_equal(back.cosigs, note.cosigs, (size_t)2 * NOTE_COSIG_LEN);
    assert_memory_equal(back.root, note.root, HASH_LEN);
    assert_int_equal(f->do_->note(f->own, space1, 6, &back), ERR_OK);
    assert_int_equal(back.n_cosigs, 0);
    assert_int_equal(f->do_->note(f->own, space1, 7, &back), ERR_NOT_FOUND);
    assert_int_equal(f->do_->note(f->own, space2, 5, &back), ERR_NOT_FOUND);
    assert_int_equal(f->do_->notes(f->own, space1, count_note, &n), ERR_OK);
    assert_int_equal(n, 2);
}

static enum err count_member(void *ctx, const struct store_member *member)
{
    (void)member;
    ++*(size_t *)ctx;
    return ERR_OK;
}

static void test_spaces_and_members(void **state)
{
    struct fixture *f = *state;
    struct store_space space = {.size = 7, .t_recv_ms = 12, .epoch = 2, .epoch_index = 5}, back;
    struct store_member member = {.roles = 3, .active = true, .added = 4}, got;
    uint8_t pk[PK_LEN];
    size_t n = 0;
    memcpy(space.space, space1, ID_LEN);
    memcpy(member.space, space1, ID_LEN);
    memcpy(member.device, device1, ID_LEN);
    memset(member.ed_pk, 8, PK_LEN);
    begin(f);
    assert_int_equal(f->do_->space_put(f->store, &space), ERR_OK);
    assert_int_equal(f->do_->member_put(f->store, &member), ERR_OK);
    assert_int_equal(f->do_->erased_upto_put(f->store, space1, device1, 33), ERR_OK);
    commit(f);
    begin(f);
    space.size = 8;
    member.active = false;
    member.revoked = 6;
    assert_int_equal(f->do_->space_put(f->store, &space), ERR_OK);
    assert_int_equal(f->do_->member_put(f->store, &member), ERR_OK);
    commit(f);
    reopen(f);
    assert_int_equal(f->do_->space(f->own, space1, &back), ERR_OK);
    assert_int_equal(back.size, 8);
    assert_int_equal(back.epoch_index, 5);
    assert_int_equal(f->do_->member(f->own, space1, device1, &got), ERR_OK);
    assert_false(got.active);
    assert_int_equal(got.revoked, 6);
    assert_int_equal(got.erased_upto, 33);
    assert_int_equal(f->do_->member(f->own, space2, device1, &got), ERR_NOT_FOUND);
    assert_int_equal(f->do_->device(f->own, device1, pk), ERR_OK);
    assert_memory_equal(pk, member.ed_pk, PK_LEN);
    assert_int_equal(f->do_->device(f->own, device2, pk), ERR_NOT_FOUND);
    assert_int_equal(f->do_->members(f->own, space1, count_member, &n), ERR_OK);
    assert_int_equal(n, 1);
}

static void test_links_are_used_once(void **state)
{
    struct fixture *f = *state;
    uint8_t pk[PK_LEN], pks[STORE_LINKS_MAX][PK_LEN];
    bool used[STORE_LINKS_MAX];
    size_t n;
    begin(f);
    for (uint8_t i = 0; i < STORE_LINKS_MAX; i++) {
        memset(pk, i, PK_LEN);
        assert_int_equal(f->do_->link_put(f->store, pk), ERR_OK);
    }
    assert_int_equal(f->do_->link_put(f->store, pk), ERR_QUOTA);
    memset(pk, 3, PK_LEN);
    assert_int_equal(f->do_->link_use(f->store, pk), ERR_OK);
    assert_int_equal(f->do_->link_use(f->store, pk), ERR_USED);
    memset(pk, 200, PK_LEN);
    assert_int_equal(f->do_->link_use(f->store, pk), ERR_NOT_FOUND);
    commit(f);
    assert_int_equal(f->do_->links(f->own, pks, used, &n), ERR_OK);
    assert_int_equal(n, STORE_LINKS_MAX);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(used[i], pks[i][0] == 3);
    /* A used one makes room. */
    begin(f);
    assert_int_equal(f->do_->link_put(f->store, pk), ERR_OK);
    commit(f);
    assert_int_equal(f->do_->links(f->own, pks, used, &n), ERR_OK);
    assert_int_equal(n, STORE_LINKS_MAX);
    assert_int_equal(pks[n - 1][0], 200);
}

static void test_totals_and_integrity(void **state)
{
    struct fixture *f = *state;
    struct made *made[6];
    struct store_totals sum;
    uint64_t log_bytes = 0, keys_bytes = 0;
    fill(f, 6, made);
    begin(f);
    put_slot(f, 5, 1, 1, device1);
    assert_int_equal(f->do_->body_erase(f->store, space1, 0, 0), ERR_OK);
    commit(f);
    assert_int_equal(f->do_->totals(f->own, space1, &sum), ERR_OK);
    assert_int_equal(sum.leaves, 6);
    assert_int_equal(sum.bodies, 11);
    assert_int_equal(sum.bodies_deleted, 1);
    assert_int_equal(sum.body_bytes, 11 * 200);
    assert_int_equal(sum.slots, 1);
    assert_int_equal(f->do_->bytes(f->own, &log_bytes, &keys_bytes), ERR_OK);
    assert_true(log_bytes > 2000 && keys_bytes > 2000);
    assert_int_equal(f->do_->integrity(f->own), ERR_OK);
    free_made(made, 6);
}

static void test_identity_and_meta(void **state)
{
    struct fixture *f = *state;
    uint8_t id[STORE_ID_LEN], again[STORE_ID_LEN], value[8];
    size_t len = sizeof value;
    assert_int_equal(f->do_->store_id(f->own, id), ERR_OK);
    assert_int_equal(f->do_->meta(f->own, "clock", value, &len), ERR_NOT_FOUND);
    begin(f);
    assert_int_equal(f->do_->meta_put(f->store, "clock", "first", 5), ERR_OK);
    assert_int_equal(f->do_->meta_put(f->store, "clock", "tick", 4), ERR_OK);
    commit(f);
    reopen(f);
    assert_int_equal(f->do_->store_id(f->own, again), ERR_OK);
    assert_memory_equal(id, again, STORE_ID_LEN);
    assert_int_equal(f->do_->meta(f->own, "clock", value, &len), ERR_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(value, "tick", 4);
    len = 2;
    assert_int_equal(f->do_->meta(f->own, "clock", value, &len), ERR_TOO_BIG);
    assert_int_equal(f->kind->create(f->place), ERR_EXISTS);
}

static void test_a_visitor_may_write_beside_the_owner(void **state)
{
    struct fixture *f = *state;
    struct store *visitor;
    uint8_t pks[STORE_LINKS_MAX][PK_LEN];
    bool used[STORE_LINKS_MAX];
    size_t n;
    assert_int_equal(f->kind->open(&visitor, f->place, STORE_VISITOR), ERR_OK);
    assert_int_equal(visitor->engine->begin(visitor), ERR_OK);
    const uint8_t pk[PK_LEN] = {0x11};
    assert_int_equal(visitor->engine->link_put(visitor, pk), ERR_OK);
    assert_int_equal(visitor->engine->commit(visitor), ERR_OK);
    visitor->engine->close(visitor);
    assert_int_equal(f->do_->links(f->own, pks, used, &n), ERR_OK);
    assert_int_equal(n, 1);
    struct store *none;
    assert_int_equal(f->kind->open(&none,
                                   f->kind->files ? f->kind->nowhere : getenv(f->kind->nowhere),
                                   STORE_READER),
                     ERR_NOT_FOUND);
    assert_null(none);
}

static void test_pool_of_views(void **state)
{
    struct fixture *f = *state;
    struct store_views *views;
    struct store_view *a, *b, *c;
    assert_int_equal(store_views_new(&views, f->store), ERR_OK);
    assert_int_equal(store_views_take(views, &a), ERR_OK);
    assert_int_equal(store_views_take(views, &b), ERR_OK);
    assert_ptr_not_equal(a, b);
    store_views_give(views, b);
    assert_int_equal(store_views_take(views, &c), ERR_OK);
    assert_ptr_equal(b, c);
    store_views_give(views, a);
    store_views_give(views, c);
    store_views_free(views);
}

/* What fails half-way leaves nothing that a second attempt stumbles over. */
static void test_create_again(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    char folder[64] = "/tmp/passerelle-store-XXXXXX", path[100];
    if (!f->kind->files)
        return; /* one transaction there */
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log.db.new-journal", folder);
    assert_int_equal(mkdir(path, 0700), 0); /* no database can be written beside it */
    assert_int_not_equal(f->kind->create(folder), ERR_OK);
    assert_int_equal(f->kind->open(&store, folder, STORE_OWNER), ERR_NOT_FOUND);
    assert_int_equal(rmdir(path), 0);
    snprintf(path, sizeof path, "%s/log.db.new", folder);
    FILE *rest = fopen(path, "wb");
    assert_non_null(rest);
    fputs("the beginning of a file", rest);
    fclose(rest);
    assert_int_equal(f->kind->create(folder), ERR_OK);
    assert_int_equal(f->kind->create(folder), ERR_EXISTS);
    assert_int_equal(f->kind->open(&store, folder, STORE_OWNER), ERR_OK);
    store->engine->close(store);
    struct fixture *other = calloc(1, sizeof *other);
    assert_non_null(other);
    *other = (struct fixture){.kind = f->kind};
    memcpy(other->folder, folder, sizeof folder);
    assert_int_equal(f->kind->open(&other->store, folder, STORE_OWNER), ERR_OK);
    other->do_ = other->store->engine;
    void *as_state = other;
    teardown(&as_state);
}

int main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        if (!engine_is_here(&engines[i]))
            continue;
        const struct CMUnitTest tests[] = {
            STORE_TEST(test_append_and_read),
            STORE_TEST(test_a_callback_can_stop),
            STORE_TEST(test_nodes_carry_roots_and_proofs),
            STORE_TEST(test_an_index_and_a_number_are_taken_once),
            STORE_TEST(test_rollback_leaves_nothing),
            STORE_TEST(test_views_are_snapshots),
            STORE_TEST(test_notes),
            STORE_TEST(test_spaces_and_members),
            STORE_TEST(test_links_are_used_once),
            STORE_TEST(test_totals_and_integrity),
            STORE_TEST(test_identity_and_meta),
            STORE_TEST(test_a_visitor_may_write_beside_the_owner),
            STORE_TEST(test_pool_of_views),
            STORE_TEST(test_create_again),
        };
        failed += cmocka_run_group_tests_name(engines[i].name, tests, NULL, NULL);
    }
    return failed;
}
