/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what carries the bytes believes nobody: no plain http to other machines, no redirect, no answer beyond the cap,
 * nothing that is not ours; and it says what went wrong. A thread on 127.0.0.1 gives one canned answer per connection.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/net_curl.h"
#include "proto/limits.h"

struct canned {
    int listener;
    unsigned port;
    const char *answer;
    size_t zeroes;   /* bytes that follow the answer */
    char seen[4096]; /* the request */
    pthread_t thread;
};

static void *serve(void *ctx)
{
    struct canned *canned = ctx;
    static const char zeroes[65536];
    int client = accept(canned->listener, NULL, NULL);
    if (client < 0)
        return NULL;
    size_t at = 0;
    ssize_t got;
    while (at < sizeof canned->seen - 1 &&
           (got = read(client, canned->seen + at, sizeof canned->seen - 1 - at)) > 0) {
        at += (size_t)got;
        canned->seen[at] = 0;
        const char *end = strstr(canned->seen, "\r\n\r\n");
        if (end && (strncmp(canned->seen, "GET", 3) == 0 || strstr(end, "BODY")))
            break;
    }
    if (send(client, canned->answer, strlen(canned->answer), MSG_NOSIGNAL) > 0)
        for (size_t left = canned->zeroes; left > 0;) {
            size_t n = left < sizeof zeroes ? left : sizeof zeroes;
            ssize_t sent = send(client, zeroes, n, MSG_NOSIGNAL);
            if (sent <= 0)
                break;
            left -= (size_t)sent;
        }
    close(client);
    return NULL;
}

static void start(struct canned *canned, const char *answer, size_t zeroes)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    memset(canned, 0, sizeof *canned);
    canned->answer = answer;
    canned->zeroes = zeroes;
    canned->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(canned->listener >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(canned->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(canned->listener, 1), 0);
    assert_int_equal(getsockname(canned->listener, (struct sockaddr *)&address, &len), 0);
    canned->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&canned->thread, NULL, serve, canned), 0);
}

static void stop(struct canned *canned)
{
    pthread_join(canned->thread, NULL);
    close(canned->listener);
}

/* One POST to a server that gives `answer`. */
static enum err post(const char *answer, size_t zeroes, struct buf *out, char *seen)
{
    struct canned canned;
    struct net *net = NULL;
    char url[64];
    start(&canned, answer, zeroes);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/sync", canned.port);
    assert_int_equal(net_new(&net, NULL, NULL), ERR_OK);
    enum err err = net_post(net, url, (const uint8_t *)"BODY", 4, 0, out);
    if (err != ERR_OK)
        assert_true(net_why(net)[0] != 0);
    net_free(net);
    stop(&canned);
    if (seen)
        strcpy(seen, canned.seen);
    return err;
}

#define OURS "Content-Type: application/msgpack\r\nConnection: close\r\n"

static void test_carries(void **state)
{
    (void)state;
    struct buf out = {.max = RESPONSE_MAX};
    char seen[4096];
    assert_int_equal(post("HTTP/1.1 200 OK\r\n" OURS "Content-Length: 3\r\n\r\nabc", 0, &out, seen),
                     ERR_OK);
    assert_int_equal(out.len, 3);
    assert_memory_equal(out.bytes, "abc", 3);
    assert_non_null(strstr(seen, "POST /v1/sync HTTP/1.1\r\n"));
    assert_non_null(strstr(seen, "Content-Type: application/msgpack\r\n"));
    assert_non_null(strstr(seen, "Content-Length: 4\r\n"));
    assert_null(strstr(seen, "Expect:"));
    assert_null(strstr(seen, "User-Agent:"));
    buf_reset(&out);
    /* A signed refusal is an answer, whatever its status. */
    assert_int_equal(
        post("HTTP/1.1 401 Unauthorized\r\n" OURS "Content-Length: 1\r\n\r\nx", 0, &out, NULL),
        ERR_OK);
    assert_int_equal(out.len, 1);
    buf_free(&out);
}

static void test_strangers(void **state)
{
    (void)state;
    struct buf out = {.max = RESPONSE_MAX};
    buf_put(&out, "kept", 4);
    static const struct {
        const char *answer;
        enum err err;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nabc",
         ERR_NOT_FOUND},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ERR_NOT_FOUND},
        {"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
         ERR_NOT_FOUND},
        {"HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n", ERR_TOO_BIG},
        {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", ERR_BUSY},
        {"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", ERR_NET},
        {"garbage\r\n\r\n", ERR_NOT_FOUND},
        {"HTTP/1.1 200 OK\r\n" OURS "Content-Length: 10\r\n\r\nabc", ERR_NET}, /* cut */
        {"HTTP/1.1 200 OK\r\n" OURS "Content-Length: 2147483648\r\n\r\n", ERR_TOO_BIG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(post(cases[i].answer, 0, &out, NULL), cases[i].err);
        assert_int_equal(out.len, 4); /* nothing of it is left */
    }
    buf_free(&out);
}

/* No announced length: the cap holds all the same. */
static void test_endless(void **state)
{
    (void)state;
    struct buf out = {.max = 1 << 20};
    assert_int_equal(post("HTTP/1.1 200 OK\r\n" OURS "\r\n", (size_t)4 << 20, &out, NULL),
                     ERR_TOO_BIG);
    buf_free(&out);
}

static void test_addresses(void **state)
{
    (void)state;
    struct net *net = NULL;
    struct buf out = {0};
    assert_int_equal(net_new(&net, NULL, NULL), ERR_OK);
    static const char *const refused[] = {
        "http://192.0.2.1/v1/sync",
        "http://127.0.0.1.example/x",
        "http://localhost:80@192.0.2.1/x",
        "ftp://127.0.0.1/x",
        "file:///etc/hostname",
        "127.0.0.1/x",
        "http://127.0.0.1@192.0.2.1/v1/sync",
        "",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(net_get(net, refused[i], &out), ERR_FORMAT);
        assert_int_equal(net_post(net, refused[i], NULL, 0, 0, &out), ERR_FORMAT);
    }
    assert_int_equal(net_get(net, "http://127.0.0.1:1/v1/server", &out), ERR_NET);
    net_free(net);
    assert_int_equal(net_new(&net, "/nonexistent/socket", NULL), ERR_OK);
    assert_int_equal(net_get(net, "http://localhost/v1/server", &out), ERR_NET);
    net_free(net);
    buf_free(&out);
}

static bool always(void)
{
    return true;
}

/* A server that never answers does not hold a program that is asked to stop. */
static void test_stop(void **state)
{
    (void)state;
    struct canned canned;
    struct net *net = NULL;
    struct buf out = {0};
    char url[64];
    start(&canned, "", 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", canned.port);
    assert_int_equal(net_new(&net, NULL, always), ERR_OK);
    assert_int_equal(net_get(net, url, &out), ERR_NET);
    net_free(net);
    shutdown(canned.listener, SHUT_RDWR);
    stop(&canned);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carries), cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_endless), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
