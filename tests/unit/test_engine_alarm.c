/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a server that goes back, forks, alters or loses something is caught, the entry is named, evidence is kept, and
 * work goes on: nothing that a person wrote is lost.
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
#include <dirent.h>
#include <sqlite3.h>

#include "tests/lib/enginekit.h"

enum { MEMBER = ROLE_READER | ROLE_WRITER };

static size_t evidence_files(const struct kit_device *device)
{
    size_t n = 0;
    DIR *dir = opendir(device->dir);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += strncmp(entry->d_name, "evidence-", 9) == 0;
    closedir(dir);
    return n;
}

/* Changes the server's log behind its back. */
static void tamper(struct kit *kit, const char *sql)
{
    char path[300];
    sqlite3 *db;
    char *message = NULL;
    snprintf(path, sizeof path, "%s/log.db", kit->server.folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 2000);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_true(sqlite3_changes(db) > 0);
    sqlite3_close(db);
}

struct two {
    struct kit kit;
    size_t at_a, at_b;
    uint8_t site[ID_LEN];
};

/* Two members, one dossier with three entries of data. */
static void two_start(struct two *two)
{
    kit_start(&two->kit);
    kit_device_new(&two->kit, &two->kit.a, "Alice");
    kit_device_new(&two->kit, &two->kit.b, "Bruno");
    two->at_a = kit_found(&two->kit.a, "Equipe");
    two->at_b = kit_join(&two->kit.a, two->at_a, &two->kit.b, MEMBER);
    kit_dossier(&two->kit.a, two->at_a, two->site);
    for (unsigned i = 0; i < 3; i++) {
        two->kit.server.now_ms = two->kit.now_ms += 1000;
        kit_edit(&two->kit.a, two->at_a, two->site, i, 16, "texte");
        assert_int_equal(kit_sync(&two->kit.a), ERR_OK);
    }
    assert_int_equal(kit_sync(&two->kit.b), ERR_OK);
}

static void test_rollback(void **state)
{
    (void)state;
    struct two two;
    struct kit *kit = &two.kit;
    struct kit_sight sight;
    two_start(&two);
    testserver_backup(&kit->server);
    kit_edit(&kit->a, two.at_a, two.site, 5, 16, "apres la sauvegarde");
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(kit->a.result.alarm, ERR_OK);
    uint64_t size = engine_space(kit->a.engine, two.at_a)->size;
    testserver_restore(&kit->server);
    kit_edit(&kit->a, two.at_a, two.site, 6, 16, "encore");
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(kit_sync(&kit->a), ERR_OK);
        assert_int_equal(kit->a.result.alarm, ERR_ROLLBACK);
        assert_int_equal(kit->a.requests, 1);
        kit_reopen(&kit->a);
    }
    assert_int_equal(engine_space(kit->a.engine, two.at_a)->size, size);
    assert_int_equal(engine_space(kit->a.engine, two.at_a)->unsent, 1);
    assert_int_equal(evidence_files(&kit->a), 1);
    kit_edit(&kit->a, two.at_a, two.site, 7, 16, "le travail continue");
    kit_see(&kit->a, two.at_a, &sight);
    assert_int_equal(sight.n, 6);
    assert_int_equal(sight.pending, 2);
    kit_stop(kit);
}

/* Back to before the space was there at all. */
static void test_gone(void **state)
{
    (void)state;
    struct kit kit;
    uint8_t site[ID_LEN];
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    kit_device_new(&kit, &kit.b, "Bruno");
    testserver_backup(&kit.server);
    size_t at_a = kit_found(&kit.a, "Equipe");
    kit_dossier(&kit.a, at_a, site);
    kit_edit(&kit.a, at_a, site, 1, 16, "la");
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    testserver_restore(&kit.server);
    kit_edit(&kit.a, at_a, site, 1, 17, "toujours la");
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit.a.result.alarm, ERR_ROLLBACK);
    assert_int_equal(engine_space(kit.a.engine, at_a)->unsent, 1);
    /* Another space gives the device a name on the server again. */
    kit_found(&kit.b, "Autre");
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit.a.result.alarm, ERR_ROLLBACK);
    kit_stop(&kit);
}

/* The server went back, and another device that did not notice has continued from there. */
static void test_two_histories(void **state)
{
    (void)state;
    struct two two;
    struct kit *kit = &two.kit;
    struct buf ours = {0}, theirs = {0};
    two_start(&two);
    testserver_backup(&kit->server);
    kit_edit(&kit->a, two.at_a, two.site, 5, 16, "premiere histoire");
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(engine_checkpoint(kit->a.engine, two.at_a, &ours), ERR_OK);
    testserver_restore(&kit->server);
    kit_edit(&kit->b, two.at_b, two.site, 5, 16, "seconde histoire");
    assert_int_equal(kit_sync(&kit->b), ERR_OK);
    assert_int_equal(kit->b.result.alarm, ERR_OK);
    assert_int_equal(engine_checkpoint(kit->b.engine, two.at_b, &theirs), ERR_OK);

    /* Equal sizes, other roots. */
    kit_edit(&kit->a, two.at_a, two.site, 6, 16, "en attente");
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(kit->a.result.alarm, ERR_FORK);
    assert_int_equal(evidence_files(&kit->a), 1);
    kit_reopen(&kit->a);
    assert_int_equal(engine_space(kit->a.engine, two.at_a)->alarm, ERR_FORK);
    assert_int_equal(engine_space(kit->a.engine, two.at_a)->unsent, 1);

    /* Without any server: one device shows its checkpoint to the other. */
    assert_int_equal(engine_compare(kit->b.engine, (char *)theirs.bytes, theirs.len), ERR_OK);
    assert_int_equal(engine_compare(kit->b.engine, (char *)ours.bytes, ours.len), ERR_FORK);
    assert_int_equal(engine_space(kit->b.engine, two.at_b)->alarm, ERR_FORK);
    ours.bytes[ours.len / 2] ^= 1;
    assert_int_not_equal(engine_compare(kit->b.engine, (char *)ours.bytes, ours.len), ERR_OK);
    kit_edit(&kit->b, two.at_b, two.site, 8, 16, "gele");
    assert_int_equal(kit_sync(&kit->b), ERR_OK);
    assert_int_equal(kit->b.result.alarm, ERR_FORK);
    assert_int_equal(engine_space(kit->b.engine, two.at_b)->unsent, 1);
    buf_free(&ours);
    buf_free(&theirs);
    kit_stop(kit);
}

/* The other branch is longer: its entries do not continue ours. */
static void test_longer_branch(void **state)
{
    (void)state;
    struct two two;
    struct kit *kit = &two.kit;
    two_start(&two);
    testserver_backup(&kit->server);
    kit_edit(&kit->a, two.at_a, two.site, 5, 16, "premiere histoire");
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    uint64_t size = engine_space(kit->a.engine, two.at_a)->size;
    testserver_restore(&kit->server);
    for (unsigned i = 0; i < 3; i++) {
        kit_edit(&kit->b, two.at_b, two.site, i, 17, "seconde histoire");
        assert_int_equal(kit_sync(&kit->b), ERR_OK);
    }
    kit_edit(&kit->a, two.at_a, two.site, 6, 16, "en attente");
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(kit->a.result.alarm, ERR_FORK);
    assert_int_equal(engine_space(kit->a.engine, two.at_a)->size, size);
    assert_int_equal(engine_space(kit->a.engine, two.at_a)->unsent, 1);
    kit_stop(kit);
}

/* A longer checkpoint that somebody showed, while the server says that there is nothing. */
static void test_withheld(void **state)
{
    (void)state;
    struct two two;
    struct kit *kit = &two.kit;
    struct buf note = {0};
    two_start(&two);
    testserver_backup(&kit->server);
    kit_edit(&kit->a, two.at_a, two.site, 5, 16, "ce que Bruno ne doit pas voir");
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(engine_checkpoint(kit->a.engine, two.at_a, &note), ERR_OK);
    assert_int_equal(engine_compare(kit->b.engine, (char *)note.bytes, note.len), ERR_BEHIND);
    testserver_restore(&kit->server);
    assert_int_equal(kit_sync(&kit->b), ERR_OK);
    assert_int_equal(kit->b.result.alarm, ERR_ROLLBACK);
    buf_free(&note);
    kit_stop(kit);
}

static enum err full_audit(struct kit_device *device, size_t space, uint64_t *index)
{
    enum err err = ERR_OK;
    struct engine_full *full = NULL;
    bool done = false;
    TRY(engine_full_new(&full, device->engine, space));
    for (unsigned i = 0; !done && i < 100; i++) {
        struct buf request = {.max = REQUEST_MAX}, answer = {.max = RESPONSE_MAX};
        int http;
        err = engine_full_begin(full, &request);
        if (err == ERR_OK)
            err = testserver_send(&device->kit->server, request.bytes, request.len, &answer, &http);
        if (err == ERR_OK)
            err = engine_full_finish(full, answer.bytes, answer.len, &done, index);
        buf_free(&request);
        buf_free(&answer);
        TRY(err);
    }
    assert_true(done);
out:
    engine_full_free(full);
    return err;
}

/* One change in the server's store; who finds it, and where. */
static void altered(const char *sql, uint64_t where, bool body)
{
    struct two two;
    struct kit *kit = &two.kit;
    uint64_t index;
    two_start(&two);
    assert_int_equal(full_audit(&kit->a, two.at_a, &index), ERR_OK);
    struct buf link = {0};
    size_t at_c;
    kit_device_new(kit, &kit->c, "Chloe");
    const struct buf *server = sync_server(kit->server.sync);
    assert_int_equal(
        engine_invite(kit->a.engine, two.at_a, MEMBER, kit->now_ms / 1000 + 3600, &link), ERR_OK);
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(
        engine_join(kit->c.engine, (char *)link.bytes, server->bytes, server->len, &at_c), ERR_OK);
    assert_int_equal(kit_sync(&kit->c), ERR_OK);
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(engine_approve(kit->a.engine, two.at_a, engine_device(kit->c.engine)), ERR_OK);
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    tamper(kit, sql);
    assert_int_not_equal(full_audit(&kit->a, two.at_a, &index), ERR_OK);
    assert_int_equal(index, where);
    enum err err = kit_sync(&kit->c);
    assert_int_equal(err, ERR_OK);
    assert_int_not_equal(kit->c.result.alarm, ERR_OK);
    assert_int_equal(engine_space(kit->c.engine, at_c)->alarm_index, where);
    if (body)
        assert_int_not_equal(engine_space(kit->c.engine, at_c)->size, 0);
    /* Who has the true bytes already goes on. */
    assert_int_equal(engine_verify(kit->a.engine, two.at_a, &index), ERR_OK);
    buf_free(&link);
    kit_stop(kit);
}

static void test_altered_header(void **state)
{
    (void)state;
    altered("UPDATE log SET header = substr(header, 1, 90) || x'00' || substr(header, 92)"
            " WHERE idx = 8",
            8, false);
}

static void test_altered_signature(void **state)
{
    (void)state;
    altered("UPDATE log SET sig = zeroblob(64) WHERE idx = 5", 5, false);
}

static void test_altered_time(void **state)
{
    (void)state;
    altered("UPDATE log SET t_recv = t_recv + 1 WHERE idx = 8", 8, false);
}

static void test_altered_body(void **state)
{
    (void)state;
    altered("UPDATE bodies SET body = zeroblob(length(body)) WHERE idx = 8", 8, true);
}

static void test_removed_body(void **state)
{
    (void)state;
    altered("UPDATE bodies SET body = NULL WHERE idx = 9", 9, true);
}

static void test_removed_leaf(void **state)
{
    (void)state;
    altered("DELETE FROM log WHERE idx = 7", 7, false);
}

/* Two copies of one phone: the older one notices, sends nothing more, and loses nothing. */
static void test_clone(void **state)
{
    (void)state;
    struct two two;
    struct kit *kit = &two.kit;
    two_start(&two);
    kit_backup(&kit->a);
    kit_edit(&kit->a, two.at_a, two.site, 1, 20, "sur le telephone");
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    kit_restore(&kit->a);
    kit_edit(&kit->a, two.at_a, two.site, 2, 20, "sur la copie");
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(engine_space(kit->a.engine, two.at_a)->status, ERR_SEQ);
    assert_int_equal(kit->a.result.alarm, ERR_SEQ);
    assert_int_equal(engine_space(kit->a.engine, two.at_a)->unsent, 1);
    kit_reopen(&kit->a);
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(engine_space(kit->a.engine, two.at_a)->unsent, 1);
    kit_stop(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_two_histories),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_longer_branch),
        cmocka_unit_test(test_withheld),
        cmocka_unit_test(test_altered_header),
        cmocka_unit_test(test_altered_signature),
        cmocka_unit_test(test_altered_time),
        cmocka_unit_test(test_altered_body),
        cmocka_unit_test(test_removed_body),
        cmocka_unit_test(test_removed_leaf),
        cmocka_unit_test(test_clone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
