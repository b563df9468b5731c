/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what a person wrote survives a full disk, a damaged file, a wrong clock and a second program; the disk holds
 * ciphertext only.
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
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/replica.h"
#include "tests/lib/enginekit.h"

enum { MEMBER = ROLE_READER | ROLE_WRITER };

struct one {
    struct kit kit;
    size_t space;
    uint8_t site[ID_LEN];
};

/* A device with one dossier, 20 changes synchronised. */
static void one_start(struct one *one)
{
    kit_start(&one->kit);
    kit_device_new(&one->kit, &one->kit.a, "Alice");
    one->space = kit_found(&one->kit.a, "Equipe");
    kit_dossier(&one->kit.a, one->space, one->site);
    for (unsigned i = 0; i < 20; i++)
        kit_edit(&one->kit.a, one->space, one->site, i, 16, "deja synchronise");
    assert_int_equal(kit_sync(&one->kit.a), ERR_OK);
}

static void replica_file(const struct one *one, char *path, size_t cap)
{
    snprintf(path, cap, "%s/replica.db", one->kit.a.dir);
}

static long file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (long)st.st_size : 0;
}

static void overwrite(const char *path, long at, size_t len)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    for (size_t i = 0; i < len; i++)
        fputc((int)(i * 7 + 13) & 255, file);
    fclose(file);
}

/* After a damage: what was saved is there, the rest comes back, and everything is there once. */
static void recover(struct one *one, uint64_t saved, size_t expected)
{
    struct engine_repair repair;
    struct kit_sight sight;
    struct kit *kit = &one->kit;
    assert_int_equal(kit_open(&kit->a, &repair), ERR_OK);
    assert_true(repair.happened);
    assert_true(replica_file_exists(kit->a.dir, repair.kept_as));
    assert_int_equal(repair.unsent_saved, saved);
    assert_int_equal(repair.unsent_lost, 0);
    assert_int_equal(engine_space_count(kit->a.engine), 1);
    assert_int_equal(engine_space(kit->a.engine, 0)->unsent, saved);
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(kit->a.result.alarm, ERR_OK);
    assert_int_equal(engine_space(kit->a.engine, 0)->unsent, 0);
    kit_see(&kit->a, 0, &sight);
    assert_int_equal(sight.n, expected);
    uint64_t index;
    assert_int_equal(engine_verify(kit->a.engine, 0, &index), ERR_OK);
    kit_reopen(&kit->a);
    kit_edit(&kit->a, 0, one->site, 99, 16, "et cela continue");
    assert_int_equal(kit_sync(&kit->a), ERR_OK);
    assert_int_equal(kit->a.requests, 1);
    kit_see(&kit->a, 0, &sight);
    assert_int_equal(sight.n, expected + 1);
}

static void damaged(long at, size_t len, bool from_end)
{
    struct one one;
    char path[400];
    one_start(&one);
    for (unsigned i = 0; i < 7; i++)
        kit_edit(&one.kit.a, one.space, one.site, 30 + i, 16, "pas encore envoye");
    uint8_t other[ID_LEN];
    kit_dossier(&one.kit.a, one.space, other);
    kit_edit(&one.kit.a, one.space, other, 1, 16, "nouveau dossier, pas encore envoye");
    kit_close(&one.kit.a);
    replica_file(&one, path, sizeof path);
    overwrite(path, from_end ? file_size(path) - at : at, len);
    recover(&one, 8, 28);
    kit_stop(&one.kit);
}

static void test_damaged_header(void **state)
{
    (void)state;
    damaged(0, 100, false);
}

static void test_damaged_first_page(void **state)
{
    (void)state;
    damaged(0, 4096, false);
}

static void test_damaged_index(void **state)
{
    (void)state;
    damaged(8192, 64, false);
}

/* Both the leaf that was sent and the answer that was lost are in the damaged file. */
static void test_damaged_after_lost_answer(void **state)
{
    (void)state;
    struct one one;
    char path[400];
    one_start(&one);
    for (unsigned i = 0; i < 5; i++)
        kit_edit(&one.kit.a, one.space, one.site, 30 + i, 16, "arrive, sans reponse");
    one.kit.server.lose_answers = true;
    assert_int_equal(kit_sync(&one.kit.a), ERR_NET);
    one.kit.server.lose_answers = false;
    kit_edit(&one.kit.a, one.space, one.site, 40, 16, "ensuite");
    kit_close(&one.kit.a);
    replica_file(&one, path, sizeof path);
    overwrite(path, 0, 4096);
    recover(&one, 6, 26);
    kit_stop(&one.kit);
}

/* Half of the file, all of its content, the file itself: what is left of it comes back, the rest is counted. */
static void cut_off(int how)
{
    struct one one;
    char path[400];
    struct engine_repair repair;
    struct kit_sight sight;
    uint8_t other[ID_LEN];
    one_start(&one);
    kit_dossier(&one.kit.a, one.space, other);
    for (unsigned i = 0; i < 40; i++)
        kit_edit(&one.kit.a, one.space, other, i, 16, "un dossier que personne d'autre n'a");
    kit_close(&one.kit.a);
    replica_file(&one, path, sizeof path);
    if (how == 2)
        assert_int_equal(unlink(path), 0);
    else
        assert_int_equal(truncate(path, how == 0 ? file_size(path) / 2 : 0), 0);
    assert_int_equal(kit_open(&one.kit.a, &repair), ERR_OK);
    assert_true(repair.happened);
    assert_true(how == 2 || replica_file_exists(one.kit.a.dir, repair.kept_as));
    assert_int_equal(repair.unsent_saved + repair.unsent_lost, 40);
    assert_true(how == 0 || repair.unsent_lost == 40);
    assert_int_equal(engine_space_count(one.kit.a.engine), 1);
    assert_int_equal(kit_sync(&one.kit.a), ERR_OK);
    assert_int_equal(one.kit.a.result.alarm, ERR_OK);
    assert_int_equal(engine_space(one.kit.a.engine, 0)->unsent, 0);
    kit_see(&one.kit.a, 0, &sight);
    assert_int_equal(sight.n, 20 + repair.unsent_saved);
    print_message("saved %u, lost %u\n", (unsigned)repair.unsent_saved,
                  (unsigned)repair.unsent_lost);
    kit_edit(&one.kit.a, 0, one.site, 77, 16, "et cela continue");
    assert_int_equal(kit_sync(&one.kit.a), ERR_OK);
    assert_int_equal(engine_space(one.kit.a.engine, 0)->unsent, 0);
    kit_stop(&one.kit);
}

static void test_half(void **state)
{
    (void)state;
    cut_off(0);
}

static void test_truncated(void **state)
{
    (void)state;
    cut_off(1);
    cut_off(2);
}

/* No room to repair in: the damaged file stays as it is, and is repaired when there is. */
static void test_full_while_repairing(void **state)
{
    (void)state;
    struct one one;
    char path[400];
    struct rlimit limit, small;
    one_start(&one);
    for (unsigned i = 0; i < 30; i++)
        kit_edit(&one.kit.a, one.space, one.site, i, 20, "pas encore envoye");
    kit_close(&one.kit.a);
    replica_file(&one, path, sizeof path);
    overwrite(path, 0, 4096);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 16384;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum err err = kit_open(&one.kit.a, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(err, ERR_FULL);
    recover(&one, 30, 50);
    kit_stop(&one.kit);
}

static void test_full_disk(void **state)
{
    (void)state;
    struct one one;
    struct rlimit limit, small;
    struct kit_sight before, after;
    char path[400], text[20000];
    one_start(&one);
    uint64_t random = 4711; /* what does not compress */
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        text[i] = (char)(33 + random % 90);
    }
    text[sizeof text - 1] = '\0';
    kit_edit(&one.kit.a, one.space, one.site, 1, 30, "en attente");
    kit_see(&one.kit.a, one.space, &before);
    replica_file(&one, path, sizeof path);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    char wal[420];
    snprintf(wal, sizeof wal, "%s-wal", path);
    long now = file_size(wal) > file_size(path) ? file_size(wal) : file_size(path);
    small.rlim_cur = (rlim_t)now + 30000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum err err = ERR_OK;
    unsigned written = 0;
    struct buf value = {.max = 1 << 20};
    buf_u8(&value, 0xda);
    buf_u16be(&value, (uint16_t)strlen(text));
    buf_put(&value, text, strlen(text));
    for (; written < 100 && err == ERR_OK; written++) {
        struct change change = {.field = 31, .value = value.bytes, .value_len = value.len};
        change.base = engine_space(one.kit.a.engine, one.space)->size;
        err = engine_edit(one.kit.a.engine, one.space, one.site, 1, &change, 1);
    }
    written--;
    assert_int_equal(err, ERR_FULL);
    /* A sync may just fit; if not, it says why. */
    err = kit_sync(&one.kit.a);
    assert_true(err == ERR_FULL || err == ERR_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    kit_see(&one.kit.a, one.space, &after);
    assert_int_equal(after.n, before.n + written);
    kit_reopen(&one.kit.a);
    kit_see(&one.kit.a, one.space, &after);
    assert_int_equal(after.n, before.n + written);
    assert_int_equal(kit_sync(&one.kit.a), ERR_OK);
    assert_int_equal(engine_space(one.kit.a.engine, one.space)->unsent, 0);
    buf_free(&value);
    kit_stop(&one.kit);
}

static void test_two_programs(void **state)
{
    (void)state;
    struct one one;
    struct kit_device copy;
    one_start(&one);
    copy = one.kit.a;
    assert_int_equal(kit_open(&copy, NULL), ERR_BUSY);
    assert_int_equal(engine_open(&copy.engine, one.kit.a.dir, "falsch", 6, 0, NULL), ERR_BUSY);
    kit_close(&one.kit.a);
    assert_int_equal(engine_open(&copy.engine, one.kit.a.dir, "falsch", 6, 0, NULL),
                     ERR_PASSPHRASE);
    assert_int_equal(engine_open(&copy.engine, "/nonexistent/place", "x", 1, 0, NULL),
                     ERR_NOT_FOUND);
    assert_int_equal(engine_create(one.kit.a.dir, "again", "x y z w", 7,
                                   &(struct unlock_cost){UNLOCK_T, UNLOCK_M_KIB}, 0),
                     ERR_EXISTS);
    assert_int_equal(kit_open(&one.kit.a, NULL), ERR_OK);
    kit_stop(&one.kit);
}

/* Nine years ahead: the requests carry the server's time, the claimed times stay, nothing is lost. */
static void test_clock(void **state)
{
    (void)state;
    struct one one;
    struct kit_sight sight;
    one_start(&one);
    uint64_t wrong = one.kit.now_ms + 9ull * 365 * 86400 * 1000;
    kit_reopen(&one.kit.a);
    engine_set_time(one.kit.a.engine, wrong);
    kit_edit(&one.kit.a, one.space, one.site, 50, 16, "dans neuf ans");
    assert_int_equal(kit_sync(&one.kit.a), ERR_OK);
    assert_int_equal(one.kit.a.requests, 2);
    assert_int_equal(engine_space(one.kit.a.engine, one.space)->unsent, 0);
    kit_edit(&one.kit.a, one.space, one.site, 51, 16, "encore");
    assert_int_equal(kit_sync(&one.kit.a), ERR_OK);
    assert_int_equal(one.kit.a.requests, 1);
    kit_reopen(&one.kit.a);
    engine_set_time(one.kit.a.engine, wrong);
    assert_int_equal(kit_sync(&one.kit.a), ERR_OK);
    assert_int_equal(one.kit.a.requests, 1);
    kit_see(&one.kit.a, one.space, &sight);
    assert_int_equal(sight.n, 22);
    /* And back to the right time. */
    engine_set_time(one.kit.a.engine, one.kit.now_ms);
    kit_edit(&one.kit.a, one.space, one.site, 52, 16, "aujourd'hui");
    assert_int_equal(kit_sync(&one.kit.a), ERR_OK);
    assert_int_equal(engine_space(one.kit.a.engine, one.space)->unsent, 0);
    kit_stop(&one.kit);
}

static bool folder_holds(const char *dir, const char *text)
{
    bool found = false;
    size_t len = strlen(text);
    DIR *list = opendir(dir);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));) {
        struct buf bytes = {.max = 64 << 20};
        if (entry->d_name[0] != '.' && replica_file_read(dir, entry->d_name, &bytes) == ERR_OK) {
            for (size_t i = 0; i + len <= bytes.len && !found; i++)
                found = memcmp(bytes.bytes + i, text, len) == 0;
        }
        buf_free(&bytes);
    }
    closedir(list);
    return found;
}

static void test_only_ciphertext(void **state)
{
    (void)state;
    struct kit kit;
    uint8_t site[ID_LEN];
    struct buf link = {0};
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "NomDeLAppareil");
    size_t space = kit_found(&kit.a, "NomDeLEspace");
    kit_dossier(&kit.a, space, site);
    kit_edit(&kit.a, space, site, 1, 16, "ContenuEnvoye");
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    kit_edit(&kit.a, space, site, 1, 16, "ContenuEnAttente");
    assert_int_equal(engine_invite(kit.a.engine, space, MEMBER, kit.now_ms / 1000 + 60, &link),
                     ERR_OK);
    assert_int_equal(engine_cache_put(kit.a.engine, "view", (const uint8_t *)"ContenuDeLaVue", 14),
                     ERR_OK);
    static const char *const secrets[] = {"NomDeLAppareil", "NomDeLEspace",
                                          "ContenuEnvoye",  "ContenuEnAttente",
                                          "ContenuDeLaVue", "sync.example.org/"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        assert_false(folder_holds(kit.a.dir, secrets[i]));
        assert_false(folder_holds(kit.server.folder, secrets[i]));
    }
    assert_false(folder_holds(kit.a.dir, (const char *)link.bytes));
    assert_true(folder_holds(kit.a.dir, "SQLite format 3"));
    buf_free(&link);
    kit_stop(&kit);
}

/* Several spaces of one server in one request; each further one costs little. */
static void test_many_spaces(void **state)
{
    (void)state;
    struct kit kit;
    size_t spaces[5];
    uint8_t site[ID_LEN];
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    spaces[0] = kit_found(&kit.a, "Premier");
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    size_t one = kit.a.bytes_up + kit.a.bytes_down;
    assert_true(one < 400);
    const struct buf *server = sync_server(kit.server.sync);
    for (size_t i = 1; i < 5; i++) {
        char name[20];
        snprintf(name, sizeof name, "Espace %zu", i);
        assert_int_equal(engine_found(kit.a.engine, NULL, kit.server.key.url, server->bytes,
                                      server->len, name, LEVEL_COMMUNITY, &spaces[i]),
                         ERR_OK);
    }
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit.a.requests, 1);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(engine_space(kit.a.engine, spaces[i])->state, SPACE_ACTIVE);
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    size_t five = kit.a.bytes_up + kit.a.bytes_down;
    print_message("empty sync: %zu bytes for one space, %zu for five\n", one, five);
    assert_true(five < one + 4 * 60);
    for (size_t i = 0; i < 5; i++) {
        kit_dossier(&kit.a, spaces[i], site);
        kit_edit(&kit.a, spaces[i], site, 1, 16, "x");
    }
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(kit.a.requests, 1);
    /* Another server under the same URL is not believed. */
    struct kit other;
    size_t at;
    kit_start(&other);
    const struct buf *wrong = sync_server(other.server.sync);
    assert_int_equal(engine_found(kit.a.engine, NULL, kit.server.key.url, wrong->bytes, wrong->len,
                                  "x", LEVEL_TEAM, &at),
                     ERR_WRONG_SERVER);
    kit_stop(&other);
    kit_stop(&kit);
}

/* Much at once: several leaves, several requests, all of it arrives. */
static void test_volume(void **state)
{
    (void)state;
    struct kit kit;
    enum { DOSSIERS = 400, TEXT = 30000 };
    uint8_t shred[ID_LEN];
    struct kit_sight x, y;
    kit_start(&kit);
    kit_device_new(&kit, &kit.a, "Alice");
    kit_device_new(&kit, &kit.b, "Bruno");
    size_t at_a = kit_found(&kit.a, "Equipe");
    size_t at_b = kit_join(&kit.a, at_a, &kit.b, MEMBER);
    char *text = malloc(TEXT + 1);
    assert_non_null(text);
    for (unsigned i = 0; i < DOSSIERS; i++) {
        uint64_t random = i * 2654435761u + 12345;
        for (size_t k = 0; k < TEXT; k++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            text[k] = (char)(33 + random % 90);
        }
        text[TEXT] = '\0';
        kit_dossier(&kit.a, at_a, shred);
        kit_edit(&kit.a, at_a, shred, 1, 16, text);
        kit_edit(&kit.a, at_a, shred, 1, 17, "court");
    }
    assert_int_equal(kit_sync(&kit.a), ERR_OK);
    assert_int_equal(engine_space(kit.a.engine, at_a)->unsent, 0);
    assert_true(kit.a.requests > 1);
    assert_int_equal(kit_sync(&kit.b), ERR_OK);
    kit_see(&kit.a, at_a, &x);
    kit_see(&kit.b, at_b, &y);
    assert_int_equal(x.n, 2 * DOSSIERS);
    assert_memory_equal(x.hash, y.hash, HASH_LEN);
    free(text);
    kit_stop(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_header),
        cmocka_unit_test(test_damaged_first_page),
        cmocka_unit_test(test_damaged_index),
        cmocka_unit_test(test_damaged_after_lost_answer),
        cmocka_unit_test(test_half),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_full_while_repairing),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_two_programs),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_only_ciphertext),
        cmocka_unit_test(test_many_spaces),
        cmocka_unit_test(test_volume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
