/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the loop serves real sockets as loop.h promises: in sequence, bounded in time and memory.
 */
#include "loop_app.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/metrics.h"

static void test_keep_alive(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    app_start(&app, (struct loop_config){.idle_ms = 0});
    client_open(&c, &app);
    for (int i = 0; i < 20; i++) {
        client_get(&c, "/hello");
        assert_int_equal(client_read(&c), 200);
        assert_string_equal(c.body, "hello");
        client_post(&c, "/echo", i % 2 ? "" : "some body");
        assert_int_equal(client_read(&c), 200);
        assert_string_equal(c.body, i % 2 ? "" : "some body");
    }
    client_get(&c, "/nowhere");
    assert_int_equal(client_read(&c), 404);
    client_send(&c, "HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(client_read_one(&c, false), 200);
    client_send(&c, "OPTIONS /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(client_read(&c), 204);
    client_send(&c, "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_int_equal(client_read(&c), 200);
    assert_closed(&c);
    client_close(&c);
    app_stop(&app);
}

/* Pipelined requests, slow ones among fast ones, more than one read can hold: answers in order. */
static void test_pipelined(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct app app;
    struct client c;
    app_start(&app, (struct loop_config){.threads = 4});
    client_open(&c, &app);
    char *text = malloc(N * 128);
    assert_non_null(text);
    size_t len = 0;
    for (int i = 0; i < N; i++) {
        const char *target = i % 100 == 7 ? "/job?1" : i % 5 == 3 ? "/commit" : "/echo";
        len += (size_t)sprintf(
            text + len, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n%04d", target, i);
    }
    assert_true(client_try_send(&c, text, len));
    for (int i = 0; i < N; i++) {
        char wanted[16];
        snprintf(wanted, sizeof wanted, "%04d", i);
        int status = client_read(&c);
        if (i % 100 != 7 && i % 5 == 3)
            assert_int_equal(status, 201);
        else
            assert_int_equal(status, 200);
        if (i % 100 != 7 && i % 5 != 3)
            assert_string_equal(c.body, wanted);
    }
    free(text);
    client_close(&c);
    app_stop(&app);
}

/* Where pipelined bytes find no room, the connection ends with the request in flight. */
static void test_pipelined_without_room(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    char text[2048];
    app_start(&app, (struct loop_config){.buffered_max = 1000, .linger_ms = 200});
    int n = sprintf(text, "GET /hold?200 HTTP/1.1\r\nHost: h\r\n\r\n"
                          "GET /hello HTTP/1.1\r\nHost: h\r\nX: ");
    memset(text + n, 'x', 1100);
    memcpy(text + n + 1100, "\r\n\r\n", 5);
    client_open(&c, &app);
    client_send(&c, text);
    assert_int_equal(client_read(&c), 200);
    assert_string_equal(c.body, "nothing new");
    assert_closed(&c);
    client_close(&c);
    app_stop(&app);
}

static void test_refusals(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    app_start(&app, (struct loop_config){.body_max = 1 << 20});
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"\x16\x03\x01\x02\x05 garbage", 400},
        {"BREW /pot HTTP/1.1\r\n", 405},
        {"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
        {"POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
         "Content-Length: 2147483648\r\n\r\n",
         413},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        client_open(&c, &app);
        client_send(&c, rows[i].text);
        assert_int_equal(client_read(&c), rows[i].status);
        assert_true(c.body_len > 10);
        assert_closed(&c);
        client_close(&c);
    }
    /* A client that sends a body of 2 GB without asking still gets to read why it was refused. */
    client_open(&c, &app);
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2147483648\r\n\r\n");
    char *junk = calloc(1, 1 << 20);
    assert_non_null(junk);
    for (int i = 0; i < 32; i++)
        assert_true(client_try_send(&c, junk, 1 << 20));
    assert_int_equal(client_read(&c), 413);
    free(junk);
    client_close(&c);
    app_stop(&app);
}

static void test_expect_continue(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    app_start(&app, (struct loop_config){.body_max = 1 << 20});
    client_open(&c, &app);
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                    "Content-Length: 3\r\n\r\n");
    assert_int_equal(client_read(&c), 100);
    client_send(&c, "abc");
    assert_int_equal(client_read(&c), 200);
    assert_string_equal(c.body, "abc");
    client_close(&c);
    app_stop(&app);
}

/* A head that trickles in is cut off, however steadily. */
static void test_slow_head(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    app_start(&app, (struct loop_config){.header_ms = 300, .linger_ms = 200});
    client_open(&c, &app);
    uint64_t start = loop_now_ms();
    const char *text =
        "GET /hello HTTP/1.1\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for (size_t i = 0; i < strlen(text) && client_try_send(&c, text + i, 1); i++)
        usleep(20000);
    assert_int_equal(client_read(&c), 408);
    assert_closed(&c);
    assert_true(elapsed(start) < 5000);
    client_close(&c);

    /* So is a connection that says nothing at all. */
    client_open(&c, &app);
    start = loop_now_ms();
    assert_closed(&c);
    assert_true(elapsed(start) >= 250 && elapsed(start) < 5000);
    client_close(&c);
    app_stop(&app);
}

static void test_idle(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    app_start(&app, (struct loop_config){.header_ms = 10000, .idle_ms = 800});
    client_open(&c, &app);
    client_get(&c, "/hello");
    assert_int_equal(client_read(&c), 200);
    usleep(100000);
    client_get(&c, "/hello");
    assert_int_equal(client_read(&c), 200);
    uint64_t start = loop_now_ms();
    assert_closed(&c);
    assert_true(elapsed(start) >= 700 && elapsed(start) < 5000);
    client_close(&c);
    app_stop(&app);
}

/* A body that stops is cut off; a slow one that goes on is not. */
static void test_slow_body(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    app_start(&app, (struct loop_config){.body_ms = 800, .linger_ms = 200});
    client_open(&c, &app);
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\nabc");
    uint64_t start = loop_now_ms();
    assert_int_equal(client_read(&c), 408);
    assert_true(elapsed(start) < 5000);
    client_close(&c);

    client_open(&c, &app);
    client_send(&c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n");
    char piece[100];
    memset(piece, 'p', sizeof piece);
    for (int i = 0; i < 20; i++) {
        assert_true(client_try_send(&c, piece, sizeof piece));
        usleep(100000); /* 2 s in all, more than two windows */
    }
    assert_int_equal(client_read(&c), 200);
    assert_int_equal(c.body_len, 2000);
    client_close(&c);
    app_stop(&app);
}

/* A reader that stops is cut off; a slow one that goes on gets everything. */
static void test_slow_reader(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    uint64_t timeouts = metrics_count(METRIC_TIMEOUTS);
    app_start(&app, (struct loop_config){.write_ms = 1000});
    client_open(&c, &app);
    client_get(&c, "/big");
    EVENTUALLY(metrics_count(METRIC_TIMEOUTS) == timeouts + 1);
    assert_int_equal(client_read(&c), 0);
    client_close(&c);

    client_open(&c, &app);
    client_get(&c, "/big");
    size_t total = 0;
    char *piece = malloc(1 << 20);
    assert_non_null(piece);
    uint64_t start = loop_now_ms();
    while (total < LOOP_BIG) {
        ssize_t n = recv(c.fd, piece, 1 << 20, 0);
        assert_true(n > 0);
        total += (size_t)n;
        if (elapsed(start) < 2500)
            usleep(300000);
    }
    assert_int_equal(metrics_count(METRIC_TIMEOUTS), timeouts + 1);
    free(piece);
    client_close(&c);
    app_stop(&app);
}

static void test_long_poll(void **state)
{
    (void)state;
    struct app app;
    struct client a, b;
    app_start(&app, (struct loop_config){.idle_ms = 1000, .header_ms = 1000});
    client_open(&a, &app);
    client_open(&b, &app);
    uint64_t start = loop_now_ms();
    client_get(&a, "/hold?1500"); /* longer than any timeout of the connection */
    client_get(&b, "/hold?60000");
    EVENTUALLY(metrics_level(METRIC_LONG_POLLS) == 2);
    assert_int_equal(client_read(&a), 200);
    assert_string_equal(a.body, "nothing new");
    assert_true(elapsed(start) >= 1490);
    assert_int_equal(metrics_level(METRIC_LONG_POLLS), 1);
    /* The connection serves on. */
    client_get(&a, "/hello");
    assert_int_equal(client_read(&a), 200);
    client_close(&a);
    /* Hanging up is noticed at once. */
    assert_int_equal(atomic_load(&app.gone), 0);
    client_close(&b);
    EVENTUALLY(atomic_load(&app.gone) == 1);
    EVENTUALLY(metrics_level(METRIC_LONG_POLLS) == 0);
    assert_int_equal(atomic_load(&app.timers), 1);
    EVENTUALLY(metrics_level(METRIC_CONNECTIONS_OPEN) == 0);
    app_stop(&app);
}

/* Also with a reset instead of an orderly end, and while a thread works on the request. */
static void test_hang_up_at_work(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    app_start(&app, (struct loop_config){.threads = 4});
    for (int i = 0; i < 20; i++) {
        client_open(&c, &app);
        client_post(&c, "/job?50", "a body that the thread still reads");
        EVENTUALLY(metrics_level(METRIC_REQUESTS_OPEN) == 1);
        if (i % 2)
            setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        client_close(&c);
        EVENTUALLY(metrics_level(METRIC_REQUESTS_OPEN) == 0);
    }
    assert_int_equal(atomic_load(&app.gone), 20);
    app_stop(&app);
}

/* A client that only closes its sending side still gets the answer. */
static void test_half_close(void **state)
{
    (void)state;
    struct app app;
    struct client c;
    app_start(&app, (struct loop_config){.idle_ms = 0});
    client_open(&c, &app);
    client_post(&c, "/job?50", "abc");
    shutdown(c.fd, SHUT_WR);
    assert_int_equal(client_read(&c), 200);
    assert_closed(&c);
    client_close(&c);
    app_stop(&app);
}

/* Many connections at once: all answered, each idle one costs less than 2 kB. */
static void test_many(void **state)
{
    (void)state;
    enum { N = 500 };
    struct app app;
    static struct client clients[N];
    app_start(&app, (struct loop_config){.connections_max = N + 50});
    struct client first;
    client_open(&first, &app);
    client_get(&first, "/hello");
    assert_int_equal(client_read(&first), 200);
    /* What clients need themselves is allocated before the comparison. */
    for (int i = 0; i < N; i++) {
        client_open(&clients[i], &app);
        clients[i].cap = 65536;
        clients[i].bytes = malloc(clients[i].cap + 1);
        clients[i].body = malloc(64);
        assert_true(clients[i].bytes && clients[i].body);
    }
    size_t with_sockets_only = mallinfo2().uordblks;
    for (int i = 0; i < N; i++)
        client_post(&clients[i], "/hold?60000", "0123456789012345678901234567890123456789");
    EVENTUALLY(metrics_level(METRIC_LONG_POLLS) == N);
    size_t held = mallinfo2().uordblks;
    assert_int_equal(metrics_level(METRIC_CONNECTIONS_OPEN), N + 1);
    if (!SANITIZED) {
        print_message("a held long poll: %zd bytes more than a fresh connection\n",
                      ((ssize_t)held - (ssize_t)with_sockets_only) / N);
        assert_true(held < with_sockets_only + N * 2048u);
    }
    client_close(&first);
    for (int i = 0; i < N; i += 2)
        client_close(&clients[i]);
    EVENTUALLY(metrics_level(METRIC_LONG_POLLS) == N / 2);
    app_stop(&app);
    for (int i = 1; i < N; i += 2) {
        assert_int_equal(client_read(&clients[i]), 200);
        assert_string_equal(clients[i].body, "stopping");
        client_close(&clients[i]);
    }
}

static void test_idle_memory(void **state)
{
    (void)state;
    enum { N = 200 };
    struct app app;
    int fds[N];
    app_start(&app, (struct loop_config){.connections_max = N + 50});
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < N; i++) {
        char answer[512];
        const char *text = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
        fds[i] = client_dial(&app);
        assert_true(fds[i] >= 0);
        assert_int_equal(send(fds[i], text, strlen(text), 0), strlen(text));
        assert_true(recv(fds[i], answer, sizeof answer, 0) > 0);
    }
    size_t after = mallinfo2().uordblks;
    if (!SANITIZED) {
        print_message("an idle connection: %zu bytes\n", (after - before) / N);
        assert_true(after - before < N * 2048u);
    }
    for (int i = 0; i < N; i++)
        close(fds[i]);
    app_stop(&app);
}

static void test_connections_max(void **state)
{
    (void)state;
    struct app app;
    struct client clients[10], over;
    app_start(&app, (struct loop_config){.connections_max = 10, .linger_ms = 300});
    for (int i = 0; i < 10; i++) {
        client_open(&clients[i], &app);
        client_get(&clients[i], "/hello");
        assert_int_equal(client_read(&clients[i]), 200);
    }
    for (int i = 0; i < 3; i++) {
        client_open(&over, &app);
        client_get(&over, "/hello");
        assert_int_equal(client_read(&over), 503);
        assert_closed(&over);
        client_close(&over);
    }
    /* Those inside are served on, and a free place is taken again. */
    client_get(&clients[0], "/hello");
    assert_int_equal(client_read(&clients[0]), 200);
    client_close(&clients[0]);
    EVENTUALLY(metrics_level(METRIC_CONNECTIONS_OPEN) == 9);
    client_open(&clients[0], &app);
    client_get(&clients[0], "/hello");
    assert_int_equal(client_read(&clients[0]), 200);
    for (int i = 0; i < 10; i++)
        client_close(&clients[i]);
    app_stop(&app);
}

/* Bodies of all connections together stay within the budget; the one too many is told to wait. */
static void test_buffered_max(void **state)
{
    (void)state;
    struct app app;
    struct client a, b;
    char *body = malloc(300000);
    assert_non_null(body);
    memset(body, 'b', 300000);
    app_start(&app, (struct loop_config){.body_max = 400000, .buffered_max = 450000});
    client_open(&a, &app);
    client_open(&b, &app);
    client_send(&a, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
    assert_true(client_try_send(&a, body, 299999));
    EVENTUALLY(metrics_level(METRIC_BUFFERED_BYTES) >= 299999);
    client_send(&b, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
    assert_int_equal(client_read(&b), 503);
    assert_true(client_try_send(&a, body, 1));
    assert_int_equal(client_read(&a), 200);
    assert_int_equal(a.body_len, 300000);
    client_close(&b);
    client_open(&b, &app);
    client_send(&b, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
    assert_true(client_try_send(&b, body, 300000));
    assert_int_equal(client_read(&b), 200);
    free(body);
    client_close(&a);
    client_close(&b);
    app_stop(&app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_pipelined_without_room),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_slow_head),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_slow_body),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_long_poll),
        cmocka_unit_test(test_hang_up_at_work),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_idle_memory),
        cmocka_unit_test(test_connections_max),
        cmocka_unit_test(test_buffered_max),
    };
    return cmocka_run_group_tests(tests, app_quiet, NULL);
}
