/* SPDX-License-Identifier: Apache-2.0
 * ctest: serial no-valgrind
 *
 * Goal: the real daemon keeps what it acknowledged, through concurrent pushes, kill -9, a full stop and garbage.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "tests/lib/testdaemon.h"

enum { CROWD = 64, KILLS = 12 };

struct world {
    struct testdaemon daemon;
    struct testdaemon_line line;
    struct testdevice a;
    struct testspace *as;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum err try_sync(struct world *w, struct testdevice *device)
{
    return testdevice_sync(device, testdaemon_send, &w->line, now_ms());
}

static void good_sync(struct world *w, struct testdevice *device)
{
    enum err err = try_sync(w, device);
    if (err != ERR_OK)
        print_error("sync: %s\n", err_name(err));
    assert_int_equal(err, ERR_OK);
    assert_int_equal(device->status, ERR_OK);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_int_equal(digest_init(), ERR_OK);
    testdaemon_init(&w->daemon);
    testdaemon_start(&w->daemon);
    w->line = (struct testdaemon_line){.daemon = &w->daemon, .fd = -1};
    testdevice_init(&w->a, 1);
    testdaemon_meet(&w->daemon, &w->a);
    w->as = testdevice_found(&w->a, w->daemon.secret);
    good_sync(w, &w->a);
    assert_int_equal(w->as->tree.size, 3);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    testdaemon_hang_up(&w->line);
    testdevice_fini(&w->a);
    testdaemon_fini(&w->daemon);
    free(w);
    return 0;
}

static int check(struct world *w)
{
    struct buf out = {0};
    int code = testdaemon_run(&w->daemon, "check", "--deep", &out);
    if (code != 0)
        print_error("%.*s\n", (int)out.len, (const char *)out.bytes);
    buf_free(&out);
    return code;
}

/* ---- tests ---- */

static void test_pages_of_an_operator(void **state)
{
    struct world *w = *state;
    struct buf out = {0};
    assert_int_equal(testdaemon_get(&w->daemon, "/healthz", &out), 200);
    assert_int_equal(testdaemon_get(&w->daemon, "/readyz", &out), 200);
    assert_int_equal(testdaemon_get(&w->daemon, "/", &out), 404);
    assert_int_equal(testdaemon_get(&w->daemon, "/v1/sync", &out), 404);
    assert_true(testdaemon_metric(&w->daemon, "passerelle_commits_total") >= 1);
    buf_reset(&out);
    /* A second one on the same folder is refused; reading beside it is fine. */
    assert_int_equal(testdaemon_run(&w->daemon, "serve", "--listen=127.0.0.1:0", &out), 1);
    assert_int_equal(testdaemon_run(&w->daemon, "stats", "--json", &out), 0);
    buf_u8(&out, 0);
    assert_non_null(strstr((const char *)out.bytes, "\"leaves\": 3"));
    assert_int_equal(testdaemon_run(&w->daemon, "founder-link", "--json", &out), 0);
    assert_int_equal(testdaemon_run(&w->daemon, "stats", "--nonsense", &out), 2);
    assert_int_equal(check(w), 0);
    assert_int_equal(testdaemon_stop(&w->daemon, SIGTERM), 0);
    buf_free(&out);
}

static void let_in(struct world *w, struct testdevice *crowd, struct testspace **spaces)
{
    uint8_t secrets[CROWD][SEED_LEN];
    for (uint32_t i = 0; i < CROWD; i++)
        testdevice_invite(&w->a, w->as, ROLE_READER | ROLE_WRITER, now_ms() / 1000 + 3600,
                          secrets[i]);
    good_sync(w, &w->a);
    assert_int_equal(w->as->n_queue, 0);
    for (uint32_t i = 0; i < CROWD; i++) {
        testdevice_init(&crowd[i], 100 + i);
        testdaemon_meet(&w->daemon, &crowd[i]);
        spaces[i] = testdevice_enter(&crowd[i], w->as->id);
        testdevice_join(&crowd[i], spaces[i], secrets[i]);
        good_sync(w, &crowd[i]);
        assert_int_equal(spaces[i]->status, ERR_PENDING);
    }
    good_sync(w, &w->a);
    assert_int_equal(w->as->n_waiting, CROWD);
    for (uint32_t i = 0; i < CROWD; i++)
        testdevice_approve(&w->a, w->as, i, ROLE_READER | ROLE_WRITER);
    good_sync(w, &w->a);
    assert_int_equal(w->as->n_queue, 0);
    for (uint32_t i = 0; i < CROWD; i++) {
        good_sync(w, &crowd[i]);
        assert_int_equal(spaces[i]->tree.size, w->as->tree.size);
    }
}

static void test_group_commit(void **state)
{
    struct world *w = *state;
    static struct testdevice crowd[CROWD];
    static struct testspace *spaces[CROWD];
    static struct testdaemon_line lines[CROWD];
    static struct buf requests[CROWD];
    let_in(w, crowd, spaces);
    uint64_t size = w->as->tree.size;
    for (size_t i = 0; i < CROWD; i++) {
        lines[i] = (struct testdaemon_line){.daemon = &w->daemon, .fd = -1};
        testdevice_write(&crowd[i], spaces[i], "all at once", 11, true);
        assert_int_equal(testdevice_request(&crowd[i], now_ms(), &requests[i]), ERR_OK);
    }
    double before = testdaemon_metric(&w->daemon, "passerelle_commits_total");
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(testdaemon_post(&lines[i], requests[i].bytes, requests[i].len), ERR_OK);
    for (size_t i = 0; i < CROWD; i++) {
        struct buf response = {0};
        int http = 0;
        assert_int_equal(testdaemon_answer(&lines[i], &response, &http), ERR_OK);
        assert_int_equal(http, 200);
        assert_int_equal(testdevice_response(&crowd[i], response.bytes, response.len), ERR_OK);
        assert_int_equal(spaces[i]->accepted, 1);
        testdaemon_hang_up(&lines[i]);
        buf_free(&response);
        buf_free(&requests[i]);
    }
    double commits = testdaemon_metric(&w->daemon, "passerelle_commits_total") - before;
    print_message("%d pushes, %.0f commits\n", CROWD, commits);
    assert_true(commits >= 1 && commits < 16);
    good_sync(w, &w->a);
    assert_int_equal(w->as->tree.size, size + CROWD);
    assert_int_equal(check(w), 0);
    for (size_t i = 0; i < CROWD; i++)
        testdevice_fini(&crowd[i]);
}

static void pause_ns(long ns)
{
    const struct timespec pause = {.tv_nsec = ns};
    nanosleep(&pause, NULL);
}

static void test_kill_during_pushes(void **state)
{
    struct world *w = *state;
    uint64_t acknowledged = 3;
    uint32_t dice = 12345;
    for (int round = 0; round < KILLS; round++) {
        /* The killer is another process, so that the push runs while it waits. */
        dice = dice * 1103515245u + 12345u;
        pid_t killer = fork();
        if (killer == 0) {
            pause_ns((long)((dice >> 8) % 200) * 1000000);
            kill(w->daemon.pid, SIGKILL);
            _exit(0);
        }
        for (int i = 0; i < 200; i++) {
            if (w->as->n_queue == 0)
                testdevice_write(&w->a, w->as, "until it falls", 14, true);
            if (try_sync(w, &w->a) != ERR_OK)
                break;
            assert_int_equal(w->as->refused, 0);
            acknowledged = w->as->note.size;
        }
        waitpid(killer, NULL, 0);
        assert_int_equal(testdaemon_stop(&w->daemon, SIGKILL), 128 + SIGKILL);
        testdaemon_hang_up(&w->line);
        testdaemon_start(&w->daemon);
        /* The next sync finishes, and everything that was acknowledged is there. */
        good_sync(w, &w->a);
        assert_int_not_equal(w->as->status, ERR_ROLLBACK);
        assert_int_equal(w->as->refused, 0);
        assert_int_equal(w->as->n_queue, 0);
        assert_true(w->as->tree.size >= acknowledged);
        acknowledged = w->as->tree.size;
    }
    assert_true(acknowledged > 3 + KILLS);
    assert_int_equal(check(w), 0);
}

static void test_long_poll(void **state)
{
    struct world *w = *state;
    struct testdevice twin; /* the same keys: stands for any other reader */
    struct testdaemon_line line = {.daemon = &w->daemon, .fd = -1};
    struct buf request = {0}, response = {0};
    int http = 0;
    testdevice_init(&twin, 1);
    testdaemon_meet(&w->daemon, &twin);
    twin.known = true;
    struct testspace *space = testdevice_enter(&twin, w->as->id);
    good_sync(w, &twin);
    twin.wait_ms = 20000;
    assert_int_equal(testdevice_request(&twin, now_ms(), &request), ERR_OK);
    assert_int_equal(testdaemon_post(&line, request.bytes, request.len), ERR_OK);
    for (int i = 0; i < 100 && testdaemon_metric(&w->daemon, "passerelle_long_polls_held") < 1; i++)
        pause_ns(20000000);
    assert_true(testdaemon_metric(&w->daemon, "passerelle_long_polls_held") == 1);
    uint64_t start = now_ms();
    testdevice_write(&w->a, w->as, "news", 4, false);
    good_sync(w, &w->a);
    assert_int_equal(testdaemon_answer(&line, &response, &http), ERR_OK);
    assert_true(now_ms() - start < 10000);
    assert_int_equal(testdevice_response(&twin, response.bytes, response.len), ERR_OK);
    assert_int_equal(space->tree.size, w->as->tree.size);
    /* One that waits is answered when the server stops, and one that hangs up is forgotten. */
    buf_reset(&request);
    buf_reset(&response);
    assert_int_equal(testdevice_request(&twin, now_ms(), &request), ERR_OK);
    assert_int_equal(testdaemon_post(&line, request.bytes, request.len), ERR_OK);
    for (int i = 0; i < 100 && testdaemon_metric(&w->daemon, "passerelle_long_polls_held") < 1; i++)
        pause_ns(20000000);
    testdaemon_hang_up(&line);
    for (int i = 0; i < 100 && testdaemon_metric(&w->daemon, "passerelle_long_polls_held") > 0; i++)
        pause_ns(20000000);
    assert_true(testdaemon_metric(&w->daemon, "passerelle_long_polls_held") == 0);
    assert_int_equal(testdaemon_post(&line, request.bytes, request.len), ERR_OK);
    for (int i = 0; i < 100 && testdaemon_metric(&w->daemon, "passerelle_long_polls_held") < 1; i++)
        pause_ns(20000000);
    kill(w->daemon.pid, SIGTERM);
    assert_int_equal(testdaemon_answer(&line, &response, &http), ERR_OK);
    assert_int_equal(testdevice_response(&twin, response.bytes, response.len), ERR_OK);
    assert_int_equal(space->status, ERR_UNCHANGED);
    assert_int_equal(testdaemon_stop(&w->daemon, SIGTERM), 0);
    testdaemon_hang_up(&line);
    testdevice_fini(&twin);
    buf_free(&request);
    buf_free(&response);
}

/* ---- a full disk ---- */

static int shell(const char *format, const char *path)
{
    char line[400];
    snprintf(line, sizeof line, format, path);
    return system(line);
}

/* Needs a file system of its own, which only root can have. */
static void test_full_disk(void **state)
{
    (void)state;
    char base[] = "/tmp/passerelle-small-XXXXXX";
    const char *before = getenv("TMPDIR");
    char *kept = before ? strdup(before) : NULL;
    struct world *w = NULL;
    static uint8_t large[20000];
    struct buf out = {0};
    assert_non_null(mkdtemp(base));
    if (shell("mount -t tmpfs -o size=1m tmpfs %s 2>/dev/null", base) != 0) {
        rmdir(base);
        free(kept);
        skip();
    }
    setenv("TMPDIR", base, 1);
    setup((void **)&w);
    int i = 0;
    for (; i < 200 && w->a.status == ERR_OK; i++) {
        testdevice_write(&w->a, w->as, large, sizeof large, false);
        assert_int_equal(try_sync(w, &w->a), ERR_OK);
    }
    assert_int_equal(w->a.status, ERR_FULL);
    assert_true(i > 3 && w->as->n_queue == 1);
    uint64_t size = w->as->tree.size;
    /* It says so, and goes on reading. */
    assert_int_equal(testdaemon_get(&w->daemon, "/healthz", &out), 200);
    assert_int_equal(testdaemon_get(&w->daemon, "/readyz", &out), 503);
    struct testdevice twin;
    testdevice_init(&twin, 1);
    testdaemon_meet(&w->daemon, &twin);
    twin.known = true;
    struct testspace *space = testdevice_enter(&twin, w->as->id);
    good_sync(w, &twin);
    assert_int_equal(space->tree.size, size);
    testdevice_fini(&twin);
    /* Room comes back: it notices by itself, and what was refused goes in. */
    assert_int_equal(shell("mount -o remount,size=40m %s", base), 0);
    for (i = 0; i < 200 && testdaemon_get(&w->daemon, "/readyz", &out) != 200; i++)
        pause_ns(50000000);
    assert_true(i < 200);
    good_sync(w, &w->a);
    assert_int_equal(w->as->n_queue, 0);
    assert_int_equal(w->as->tree.size, size + 1);
    assert_int_equal(check(w), 0);
    teardown((void **)&w);
    buf_free(&out);
    assert_int_equal(shell("umount %s", base), 0);
    rmdir(base);
    if (kept)
        setenv("TMPDIR", kept, 1);
    else
        unsetenv("TMPDIR");
    free(kept);
}

static void test_garbage(void **state)
{
    struct world *w = *state;
    uint8_t bytes[4096];
    for (int i = 0; i < 300; i++) {
        struct buf response = {0};
        int http = 0;
        digest_random(bytes, sizeof bytes);
        assert_int_equal(
            testdaemon_send(&w->line, bytes, (size_t)i * 13 % sizeof bytes + 1, &response, &http),
            ERR_OK);
        assert_true(http >= 400 && http < 500);
        buf_free(&response);
    }
    testdevice_write(&w->a, w->as, "still there", 11, false);
    good_sync(w, &w->a);
    assert_int_equal(w->as->accepted, 1);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_pages_of_an_operator),
        TEST(test_group_commit),
        TEST(test_kill_during_pushes),
        TEST(test_long_poll),
        TEST(test_garbage),
        cmocka_unit_test(test_full_disk),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
