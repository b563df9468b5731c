/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: one byte changed in any stored leaf, body, node or note, or one of them removed, is found and its index named.
 */
#include "sync_fixture.h"

#include <sqlite3.h>
#include <stdio.h>

#include "server/check.h"

struct found {
    size_t n;
    uint64_t first;
    bool has_first;
};

static void count_finding(void *ctx, const struct check_finding *finding)
{
    (void)finding;
    ((struct found *)ctx)->n++;
}

static void see_space(void *ctx, const struct check_space *space)
{
    struct found *found = ctx;
    found->first = space->first;
    found->has_first = space->has_first;
}

static struct found look(struct world *w)
{
    struct found found = {0};
    const struct check_report report = {
        .finding = count_finding, .space = see_space, .ctx = &found};
    uint64_t n = 0;
    assert_int_equal(w->server.engine.view_begin(w->server.view), ERR_OK);
    assert_int_equal(check_store(w->server.view, &w->server.key, &report, &n), ERR_OK);
    w->server.engine.view_end(w->server.view);
    assert_int_equal(n > 0, found.n > 0);
    return found;
}

/* Writes into the files as no program of ours would. */
static void damage(struct world *w, const char *file, const char *sql)
{
    char path[400], *message = NULL;
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/%s", w->server.folder, file);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 1000);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        print_error("%s: %s\n", sql, message);
    assert_null(message);
    assert_int_equal(sqlite3_changes(db) > 0, 1);
    sqlite3_close(db);
}

static void live(struct world *w)
{
    w->bs = world_join(w, &w->b, 2, SYNC_ADMIN);
    for (int i = 0; i < 6; i++) {
        testdevice_write(&w->b, w->bs, "some work", 9, i % 2 == 0);
        world_sync(w, &w->b);
    }
    assert_int_equal(w->bs->tree.size, 11);
}

/* Inverts one byte of a blob: sqlite has no xor for blobs, so the byte is replaced by another one. */
#define FLIP(column, at)                                                                           \
    column " = cast(substr(" column ", 1, " #at " - 1) || (CASE substr(" column ", " #at           \
           ", 1) WHEN x'41' THEN x'42' ELSE x'41' END) || substr(" column ", " #at                 \
           " + 1) AS BLOB)"

static void test_good(void **state)
{
    struct world *w = *state;
    live(w);
    assert_int_equal(look(w).n, 0);
    testserver_restart(&w->server);
    assert_int_equal(look(w).n, 0);
}

static void test_each_damage_is_found(void **state)
{
    static const struct {
        const char *file, *sql;
        uint64_t first;
    } damages[] = {
        {"log.db", "UPDATE log SET " FLIP("header", 100) " WHERE idx = 4", 4},
        {"log.db", "UPDATE log SET " FLIP("header", 1) " WHERE idx = 6", 6},
        {"log.db", "UPDATE log SET " FLIP("sig", 7) " WHERE idx = 7", 7},
        {"log.db", "UPDATE log SET t_recv = t_recv + 1 WHERE idx = 5", 5},
        {"log.db", "UPDATE log SET " FLIP("nodes", 3) " WHERE idx = 8", 8},
        {"log.db", "UPDATE log SET " FLIP("nodes", 40) " WHERE idx = 7", 7},
        {"log.db", "UPDATE log SET kind = 65 WHERE idx = 9", 9},
        {"log.db", "UPDATE log SET seq = seq + 100 WHERE idx = 9", 9},
        {"log.db", "UPDATE bodies SET " FLIP("body", 9) " WHERE idx = 8", 8},
        {"log.db", "UPDATE bodies SET " FLIP("hash", 9) " WHERE idx = 8", 8},
        {"log.db", "UPDATE bodies SET body = NULL WHERE idx = 9", 9},
        {"log.db", "DELETE FROM bodies WHERE idx = 6", 6},
        {"log.db", "DELETE FROM log WHERE idx = 6", 6},
        {"log.db", "DELETE FROM log WHERE idx = 10", 10},
        {"log.db", "DELETE FROM log WHERE idx = 0", 0},
        {"log.db", "UPDATE notes SET " FLIP("root", 5) " WHERE size = 7", 7},
        {"log.db", "UPDATE notes SET " FLIP("sig", 5) " WHERE size = 8", 8},
        {"log.db", "DELETE FROM notes WHERE size = 11", 11},
        {"keys.db", "UPDATE seals SET " FLIP("hash", 5) " WHERE idx = 1", 1},
    };
    struct world *w = *state;
    live(w);
    testserver_backup(&w->server);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        testserver_restore(&w->server);
        assert_int_equal(look(w).n, 0);
        damage(w, damages[i].file, damages[i].sql);
        struct found found = look(w);
        if (found.n == 0 || !found.has_first || found.first != damages[i].first)
            print_error("%s: %zu findings, first %llu\n", damages[i].sql, found.n,
                        (unsigned long long)found.first);
        assert_true(found.n > 0 && found.has_first);
        assert_int_equal(found.first, damages[i].first);
    }
}

static void test_members_and_kept_keys(void **state)
{
    struct world *w = *state;
    live(w);
    testserver_backup(&w->server);
    damage(w, "log.db", "UPDATE members SET roles = 63 WHERE added > 0");
    assert_true(look(w).n > 0);
    testserver_restore(&w->server);
    /* An erased dossier whose key is back, as after restoring an old keys.db. */
    assert_int_equal(look(w).n, 0);
    struct op op = {.kind = KIND_ERASE};
    world_sync(w, &w->a);
    memset(op.u.erase.shred, 0x5e, ID_LEN);
    memcpy(op.u.erase.row, w->as->slots[0].row, ID_LEN);
    op.u.erase.reason = 1;
    testdevice_operate(&w->a, w->as, op);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refused, 0);
    assert_int_equal(look(w).n, 0);
    testserver_backup(&w->server);
    struct leaf_slot back = w->as->slots[0];
    struct store *store = w->server.store;
    assert_int_equal(store->engine->begin(store), ERR_OK);
    memset(back.slot, 1, SLOT_LEN);
    memcpy(back.row, op.u.erase.row, ID_LEN);
    back.epoch = 1;
    assert_int_equal(store->engine->slot_put(store, w->as->id, &back, w->a.id), ERR_OK);
    assert_int_equal(store->engine->commit(store), ERR_OK);
    assert_int_equal(look(w).n, 1);
}

static void test_legal_deletions_are_good(void **state)
{
    struct world *w = *state;
    live(w);
    world_sync(w, &w->a);
    struct op op = {.kind = KIND_ERASE};
    memset(op.u.erase.shred, 0x5e, ID_LEN);
    op.u.erase.reason = 1;
    op.u.erase.n = 2;
    op.u.erase.list = calloc(2, sizeof *op.u.erase.list);
    op.u.erase.list[0] = (struct op_body){.leaf = 6, .box = 0};
    op.u.erase.list[1] = (struct op_body){.leaf = 8, .box = 0};
    testdevice_operate(&w->a, w->as, op);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refused, 0);
    assert_int_equal(look(w).n, 0);
    damage(w, "log.db", "UPDATE bodies SET body = NULL WHERE idx = 9");
    struct found found = look(w);
    assert_int_equal(found.n, 1);
    assert_int_equal(found.first, 9);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_good),
        TEST(test_each_damage_is_found),
        TEST(test_members_and_kept_keys),
        TEST(test_legal_deletions_are_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
