/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the loop begins and ends as loop.h promises: where it listens, what it refuses, stopping
 * without losing an answer, going on when files run out.
 */
#include "loop_app.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/log.h"
#include "server/metrics.h"

/* What is in flight is finished, what waits is woken, and nobody new comes in. */
static void test_graceful_stop(void **state)
{
    (void)state;
    struct app app;
    struct client at_work, waiting, idle, sending;
    app_start(&app, (struct loop_config){.stop_ms = 10000});
    client_open(&at_work, &app);
    client_open(&waiting, &app);
    client_open(&idle, &app);
    client_open(&sending, &app);
    client_get(&idle, "/hello");
    assert_int_equal(client_read(&idle), 200);
    client_post(&at_work, "/job?400", "abc");
    client_get(&waiting, "/hold?60000");
    client_send(&sending, "POST /commit HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc");
    EVENTUALLY(metrics_level(METRIC_REQUESTS_OPEN) == 2);
    uint64_t start = loop_now_ms();
    loop_stop(app.loop);
    loop_stop(app.loop);
    assert_int_equal(client_read(&waiting), 200);
    assert_string_equal(waiting.body, "stopping");
    assert_closed(&waiting);
    assert_closed(&idle);
    assert_int_equal(client_dial(&app), -1);
    client_send(&sending, "def");
    assert_int_equal(client_read(&sending), 201);
    assert_closed(&sending);
    assert_int_equal(client_read(&at_work), 200);
    assert_closed(&at_work);
    app_stop(&app);
    assert_true(elapsed(start) < 5000);
    client_close(&at_work);
    client_close(&waiting);
    client_close(&idle);
    client_close(&sending);
}

/* A request that is never answered holds a stop up for stop_ms and no longer. */
static void test_forced_stop(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    app_start(&app, (struct loop_config){.stop_ms = 300});
    client_open(&c, &app);
    client_get(&c, "/never");
    EVENTUALLY(metrics_level(METRIC_REQUESTS_OPEN) == 1);
    uint64_t start = loop_now_ms();
    app_stop(&app);
    assert_true(elapsed(start) >= 290 && elapsed(start) < 5000);
    assert_closed(&c);
    client_close(&c);
}

static void test_signal(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    app_start(&app, (struct loop_config){.signals = true});
    client_open(&c, &app);
    client_get(&c, "/hold?60000");
    EVENTUALLY(metrics_level(METRIC_LONG_POLLS) == 1);
    kill(getpid(), SIGTERM);
    assert_int_equal(client_read(&c), 200);
    assert_string_equal(c.body, "stopping");
    client_close(&c);
    app_stop(&app);
}

static void test_stop_before_run(void **state)
{
    (void)state;
    struct app app;
    app_open(&app, (struct loop_config){.idle_ms = 0}, (struct loop_writer_config){.items_max = 0});
    loop_stop(app.loop);
    assert_int_equal(pthread_create(&app.thread, NULL, app_main, &app), 0);
    app_stop(&app);
    /* And a loop that never ran is freed as well. */
    app_open(&app, (struct loop_config){.idle_ms = 0}, (struct loop_writer_config){.items_max = 0});
    loop_free(app.loop);
}

static int dial_local(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void test_unix_socket(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_loop.XXXXXX";
    char path[64];
    char listen_at[80];
    struct stat st;
    struct app app;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s.sock", folder);
    snprintf(listen_at, sizeof listen_at, "unix:%s", path);

    /* A socket that a killed server left behind does not stand in the way. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(stale, (struct sockaddr *)&address, sizeof address), 0);
    close(stale);

    app_start(&app, (struct loop_config){.listen = listen_at});
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_int_equal(loop_port(app.loop), 0);
    struct client c = {.fd = dial_local(path)};
    assert_true(c.fd >= 0);
    client_get(&c, "/hello");
    assert_int_equal(client_read(&c), 200);
    client_close(&c);

    /* A living one does. */
    struct loop *second;
    struct loop_config config = {.listen = listen_at};
    assert_int_equal(loop_new(&second, &config, &app_handler, NULL), ERR_EXISTS);
    c = (struct client){.fd = dial_local(path)};
    client_get(&c, "/hello");
    assert_int_equal(client_read(&c), 200);
    client_close(&c);
    app_stop(&app);
    assert_int_equal(stat(path, &st), -1);
    rmdir(folder);
}

static void test_listen_errors(void **state)
{
    (void)state;
    struct app app;
    struct loop *loop;
    char taken[32];
    struct loop_config config = {.listen = "nowhere"};
    assert_int_equal(loop_new(&loop, &config, &app_handler, NULL), ERR_USAGE);
    config.listen = "192.0.2.1:1"; /* TEST-NET-1: no address of this machine */
    assert_int_equal(loop_new(&loop, &config, &app_handler, NULL), ERR_IO);
    app_start(&app, (struct loop_config){.idle_ms = 0});
    snprintf(taken, sizeof taken, "127.0.0.1:%u", loop_port(app.loop));
    config.listen = taken;
    assert_int_equal(loop_new(&loop, &config, &app_handler, NULL), ERR_EXISTS);
    app_stop(&app);
    loop_free(NULL);
}

static void test_time(void **state)
{
    (void)state;
    struct app app;
    app_start(&app, (struct loop_config){.idle_ms = 0});
    int64_t now = loop_time_ms(app.loop);
    assert_true(now > 1700000000000);
    loop_time_offset(app.loop, 9ll * 365 * 86400 * 1000);
    assert_true(loop_time_ms(app.loop) - now >= 9ll * 365 * 86400 * 1000);
    assert_true(loop_now_ms() > 0);
    app_stop(&app);
}

/* The server's side of test_files_run_out, in a process of its own. */
static void few_files_child(int port_pipe)
{
    struct app app;
    struct rlimit few;
    log_open(STDERR_FILENO, LOG_TEXT, LOG_ERROR);
    memset(&app, 0, sizeof app);
    struct loop_config config = {.listen = "127.0.0.1:0", .signals = true};
    if (loop_new(&app.loop, &config, &app_handler, &app) != ERR_OK)
        _exit(1);
    /* Fewer than the loop was promised: the case that its own limit cannot prevent. */
    getrlimit(RLIMIT_NOFILE, &few);
    few.rlim_cur = 40;
    if (setrlimit(RLIMIT_NOFILE, &few) != 0)
        _exit(2);
    uint16_t port = loop_port(app.loop);
    if (write(port_pipe, &port, sizeof port) != sizeof port)
        _exit(3);
    loop_run(app.loop);
    loop_free(app.loop);
    _exit(0);
}

/* Out of file descriptors: what is connected is served on, the rest is turned away without burning
 * the processor, and afterwards all is well again. */
static void test_files_run_out(void **state)
{
    (void)state;
    enum { N = 60 };
    int pipes[2];
    int fds[N];
    uint16_t port = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0)
        few_files_child(pipes[1]);
    assert_true(child > 0);
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &port, sizeof port), sizeof port);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    for (int i = 0; i < N; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&address, sizeof address), 0);
    }
    usleep(700000);
    struct client c = {.fd = fds[0]};
    client_get(&c, "/hello");
    assert_int_equal(client_read(&c), 200);
    for (int i = 1; i < N; i++)
        close(fds[i]);
    usleep(100000);
    struct client again = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(connect(again.fd, (struct sockaddr *)&address, sizeof address), 0);
    client_get(&again, "/hello");
    assert_int_equal(client_read(&again), 200);
    client_close(&c);
    client_close(&again);
    kill(child, SIGTERM);
    int status;
    struct rusage usage;
    assert_int_equal(wait4(child, &status, 0, &usage), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    long cpu_ms = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                  (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    if (!SANITIZED)
        assert_true(cpu_ms < 500);
    close(pipes[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_run_out), /* forks: before any thread */
        cmocka_unit_test(test_graceful_stop), cmocka_unit_test(test_forced_stop),
        cmocka_unit_test(test_signal),        cmocka_unit_test(test_stop_before_run),
        cmocka_unit_test(test_unix_socket),   cmocka_unit_test(test_listen_errors),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, app_quiet, NULL);
}
