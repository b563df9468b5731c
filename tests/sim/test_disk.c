/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the simulated disk keeps what a real one must keep across a power cut, loses what a real one may lose, and
 * carries SQLite through both.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/replica.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_vfs.h"

static struct sim_disk *fresh(uint64_t seed)
{
    sim_disk_free_all();
    sim_disk_drop_syncs = false;
    return sim_disk_new("/sim/t", sim_random_from(seed, 1));
}

static struct sim_inode *open_file(struct sim_disk *disk, const char *name)
{
    struct sim_inode *inode;
    assert_int_equal(sim_inode_open(disk, name, true, false, &inode), 0);
    return inode;
}

static void fill(struct sim_disk *disk, struct sim_inode *inode, uint64_t at, int byte, size_t len)
{
    uint8_t bytes[8192];
    memset(bytes, byte, len);
    assert_int_equal(sim_inode_write(disk, inode, at, bytes, len), 0);
}

static void synced_bytes_stay(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct sim_disk *disk = fresh(seed);
        struct sim_inode *inode = open_file(disk, "a");
        fill(disk, inode, 0, 1, 4096);
        assert_int_equal(sim_inode_sync(disk, inode), 0);
        assert_int_equal(sim_folder_sync(disk), 0);
        fill(disk, inode, 4096, 2, 4096);
        sim_inode_close(inode);
        sim_disk_power_cut(disk);
        inode = sim_inode_find(disk, "a");
        assert_non_null(inode);
        assert_true(inode->len == 4096 || inode->len == 8192);
        for (size_t i = 0; i < 4096; i++)
            assert_int_equal(inode->cache[i], 1);
    }
}

/* Over many cuts each fate of a sector must turn up: old, new, torn, out of order, and an intermediate version. */
static void unsynced_sectors_are_at_chance(void **state)
{
    (void)state;
    unsigned old = 0, middle = 0, young = 0, torn = 0, reordered = 0;
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct sim_disk *disk = fresh(seed);
        struct sim_inode *inode = open_file(disk, "a");
        fill(disk, inode, 0, 1, 1024);
        assert_int_equal(sim_inode_sync(disk, inode), 0);
        assert_int_equal(sim_folder_sync(disk), 0);
        fill(disk, inode, 0, 2, 512);
        fill(disk, inode, 0, 3, 512);
        fill(disk, inode, 512, 4, 512);
        sim_inode_close(inode);
        sim_disk_power_cut(disk);
        inode = sim_inode_find(disk, "a");
        assert_int_equal(inode->len, 1024);
        const uint8_t *bytes = inode->cache;
        bool is_torn = bytes[0] != bytes[511];
        old += !is_torn && bytes[0] == 1;
        middle += !is_torn && bytes[0] == 2;
        young += !is_torn && bytes[0] == 3;
        torn += is_torn;
        reordered += bytes[0] == 1 && bytes[512] == 4;
        for (size_t i = 1; i < 512; i++)
            assert_true(bytes[i] == bytes[0] || bytes[i] == bytes[511]);
    }
    assert_true(old > 50 && middle > 50 && young > 50 && torn > 10 && reordered > 50);
}

/* A file is cut or it is not: no sector loses its bytes while the length stays. */
static void truncations_are_whole(void **state)
{
    (void)state;
    unsigned cut = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct sim_disk *disk = fresh(seed);
        struct sim_inode *inode = open_file(disk, "a");
        fill(disk, inode, 0, 1, 8192);
        assert_int_equal(sim_inode_sync(disk, inode), 0);
        assert_int_equal(sim_folder_sync(disk), 0);
        assert_int_equal(sim_inode_truncate(disk, inode, 0), 0);
        assert_int_equal(sim_inode_truncate(disk, inode, 0), 0);
        sim_inode_close(inode);
        sim_disk_power_cut(disk);
        inode = sim_inode_find(disk, "a");
        assert_true(inode->len == 0 || inode->len == 8192);
        cut += inode->len == 0;
        for (size_t i = 0; i < inode->len; i++)
            assert_int_equal(inode->cache[i], 1);
    }
    assert_true(cut > 50 && cut < 190);
}

static void names_need_the_folder(void **state)
{
    (void)state;
    unsigned there = 0, moved = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct sim_disk *disk = fresh(seed);
        struct sim_inode *inode = open_file(disk, "a");
        fill(disk, inode, 0, 1, 100);
        assert_int_equal(sim_inode_sync(disk, inode), 0);
        sim_inode_close(inode);
        sim_disk_power_cut(disk);
        there += sim_inode_find(disk, "a") != NULL;

        disk = fresh(seed);
        sim_inode_close(open_file(disk, "old"));
        sim_inode_close(open_file(disk, "new"));
        assert_int_equal(sim_folder_sync(disk), 0);
        assert_int_equal(sim_folder_rename(disk, "new", "old"), 0);
        sim_disk_power_cut(disk);
        /* A rename happens whole or not at all. */
        assert_non_null(sim_inode_find(disk, "old"));
        moved += sim_inode_find(disk, "new") == NULL;
    }
    assert_true(there > 20 && there < 180);
    assert_true(moved > 20 && moved < 180);
}

static void the_power_goes_in_an_operation(void **state)
{
    (void)state;
    struct sim_disk *disk = fresh(7);
    struct sim_inode *inode = open_file(disk, "a");
    disk->cut_in = 3;
    fill(disk, inode, 0, 1, 10);
    assert_int_equal(sim_inode_sync(disk, inode), 0);
    assert_int_equal(sim_inode_write(disk, inode, 0, "xx", 2), EIO);
    assert_true(disk->dead);
    assert_int_equal(sim_inode_sync(disk, inode), EIO);
    assert_int_equal(sim_folder_unlink(disk, "a"), EIO);
    sim_inode_close(inode);
    sim_disk_power_cut(disk);
    assert_false(disk->dead);
}

static void a_disk_gets_full(void **state)
{
    (void)state;
    struct sim_disk *disk = fresh(1);
    struct sim_inode *inode = open_file(disk, "a");
    disk->capacity = 1000;
    fill(disk, inode, 0, 1, 900);
    assert_int_equal(sim_inode_write(disk, inode, 900, (uint8_t[200]){0}, 200), ENOSPC);
    assert_int_equal(sim_inode_write(disk, inode, 700, (uint8_t[200]){0}, 200), 0);
    assert_int_equal(inode->len, 900);
    sim_inode_close(inode);
}

static void a_copy_is_its_own(void **state)
{
    (void)state;
    struct sim_disk *disk = fresh(1);
    struct sim_inode *inode = open_file(disk, "a");
    fill(disk, inode, 0, 1, 100);
    struct sim_disk *copy = sim_disk_copy(disk, "/sim/copy");
    fill(disk, inode, 0, 2, 100);
    sim_inode_close(inode);
    assert_int_equal(sim_inode_find(copy, "a")->cache[0], 1);
    sim_disk_restore(disk, copy);
    assert_int_equal(sim_inode_find(disk, "a")->cache[0], 1);
    assert_non_null(sim_disk_holds(disk, "\1\1\1", 3));
    assert_null(sim_disk_holds(disk, "\2\2\2", 3));
}

/* --- the POSIX door --- */

static void small_files_are_whole(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct sim_disk *disk = fresh(seed);
        struct buf out = {0};
        assert_int_equal(replica_file_write("/sim/t", "k", "first", 5, true), ERR_OK);
        assert_int_equal(replica_file_write("/sim/t", "k", "again", 5, true), ERR_EXISTS);
        disk->cut_in = 1 + seed % 6;
        enum err err = replica_file_write("/sim/t", "k", "second", 6, false);
        sim_disk_power_cut(disk);
        assert_int_equal(replica_file_read("/sim/t", "k", &out), ERR_OK);
        bool is_first = out.len == 5 && memcmp(out.bytes, "first", 5) == 0;
        bool is_second = out.len == 6 && memcmp(out.bytes, "second", 6) == 0;
        assert_true(is_second || (err != ERR_OK && is_first));
        buf_free(&out);
    }
}

static void a_folder_is_locked_once(void **state)
{
    (void)state;
    fresh(1);
    int first, second;
    assert_int_equal(replica_folder_lock(&first, "/sim/t"), ERR_OK);
    assert_int_equal(replica_folder_lock(&second, "/sim/t"), ERR_BUSY);
    replica_folder_unlock(first);
    assert_int_equal(replica_folder_lock(&second, "/sim/t"), ERR_OK);
    replica_folder_unlock(second);
    assert_int_equal(access("/nowhere-else", F_OK), -1);
}

/* --- SQLite --- */

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;
    int64_t value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        value = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return value;
}

static sqlite3 *open_db(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open("/sim/t/x.db", &db), SQLITE_OK);
    return db;
}

/* Commits until the power goes; the number of the last commit that said it was done. */
static int64_t commit_until_dark(sqlite3 *db, int64_t from)
{
    int64_t done = from;
    for (int64_t i = from + 1; i < from + 40; i++) {
        char sql[96];
        snprintf(sql, sizeof sql, "INSERT INTO t VALUES(%d, randomblob(%d))", (int)i,
                 (int)(i * 37 % 3000));
        if (run(db, sql) != SQLITE_OK)
            break;
        done = i;
    }
    return done;
}

static unsigned survive(uint64_t seed, bool drop_syncs)
{
    struct sim_disk *disk = fresh(seed);
    struct sim_random random = sim_random_from(seed, 2);
    unsigned broken = 0;
    int64_t done = 0;
    sim_disk_drop_syncs = drop_syncs;
    for (int round = 0; round < 4; round++) {
        sqlite3 *db = open_db();
        bool sound =
            run(db, "PRAGMA journal_mode=WAL") == SQLITE_OK &&
            run(db, "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=8;"
                    "CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY, b BLOB)") == SQLITE_OK;
        int64_t have = ask(db, "SELECT coalesce(max(n), 0) FROM t");
        sound = sound && have >= done && ask(db, "SELECT count(*) FROM t") == have &&
                ask(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1;
        broken += !sound;
        disk->cut_in = sim_between(&random, 1, 90);
        done = sound ? commit_until_dark(db, have) : 0;
        sqlite3_close(db);
        if (!disk->dead && disk->cut_in == 0)
            disk->cut_in = 1;
        sim_disk_power_cut(disk);
        if (!sound)
            break;
    }
    return broken;
}

static void commits_survive_power_cuts(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++)
        assert_int_equal(survive(seed, false), 0);
}

/* What the test above would not notice if a sync did nothing is worth nothing. */
static void commits_without_syncs_do_not(void **state)
{
    (void)state;
    unsigned broken = 0;
    for (uint64_t seed = 0; seed < 20; seed++)
        broken += survive(seed, true);
    assert_true(broken > 10);
}

static void connections_share_a_log(void **state)
{
    (void)state;
    fresh(3);
    sqlite3 *writer = open_db(), *reader = open_db(), *other = open_db();
    assert_int_equal(
        run(writer, "PRAGMA journal_mode=WAL; CREATE TABLE t(n INTEGER PRIMARY KEY, b)"),
        SQLITE_OK);
    assert_int_equal(run(reader, "BEGIN; SELECT count(*) FROM t"), SQLITE_OK);
    assert_int_equal(run(writer, "INSERT INTO t VALUES(1, 2)"), SQLITE_OK);
    assert_int_equal(ask(reader, "SELECT count(*) FROM t"), 0); /* its snapshot */
    assert_int_equal(ask(other, "SELECT count(*) FROM t"), 1);
    assert_int_equal(run(writer, "BEGIN IMMEDIATE"), SQLITE_OK);
    assert_int_equal(run(other, "BEGIN IMMEDIATE"), SQLITE_BUSY);
    assert_int_equal(run(writer, "COMMIT"), SQLITE_OK);
    assert_int_equal(run(reader, "COMMIT"), SQLITE_OK);
    assert_int_equal(ask(reader, "SELECT count(*) FROM t"), 1);
    sqlite3_close(writer);
    sqlite3_close(reader);
    sqlite3_close(other);
}

static int set_up(void **state)
{
    (void)state;
    sim_random_install(1);
    sim_vfs_install();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sim_disk_free_all();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synced_bytes_stay),
        cmocka_unit_test(unsynced_sectors_are_at_chance),
        cmocka_unit_test(truncations_are_whole),
        cmocka_unit_test(names_need_the_folder),
        cmocka_unit_test(the_power_goes_in_an_operation),
        cmocka_unit_test(a_disk_gets_full),
        cmocka_unit_test(a_copy_is_its_own),
        cmocka_unit_test(small_files_are_whole),
        cmocka_unit_test(a_folder_is_locked_once),
        cmocka_unit_test(commits_survive_power_cuts),
        cmocka_unit_test(commits_without_syncs_do_not),
        cmocka_unit_test(connections_share_a_log),
    };
    return cmocka_run_group_tests_name("sim_disk", tests, set_up, tear_down);
}
