/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the loop serves real sockets as loop.h promises: in sequence, bounded in time and memory,
 * stopping without losing an answer, committing in groups.
 *
 * A small application (app_*) stands where the sync logic will be; clients are blocking sockets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/log.h"
#include "server/loop.h"
#include "server/metrics.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { BIG = 8 << 20, HELD_MAX = 600, ORDER_MAX = 4096 };

/* ---- The application ---- */

struct app;

struct job {
    struct loop_item item; /* first: what the writer sees */
    struct app *app;
    struct loop_request *req;
    uint32_t result;
};

struct held {
    struct app *app;
    struct loop_request *req;
    struct loop_timer *timer;
    size_t place;
};

struct app {
    struct loop *loop;
    struct loop_writer *writer;
    pthread_t thread;
    struct held *held[HELD_MAX];
    sem_t written;   /* a batch has begun */
    sem_t may_write; /* and may go on, when gated */
    atomic_bool gated;
    atomic_uint batches, items, largest, gone, timers;
    struct loop_request *never;
};

static void held_end(struct held *h, const char *text)
{
    loop_timer_free(h->timer);
    h->app->held[h->place] = NULL;
    loop_respond_text(h->req, 200, text);
    free(h);
}

static void held_timeout(void *arg)
{
    struct held *h = arg;
    atomic_fetch_add(&h->app->timers, 1);
    held_end(h, "nothing new");
}

static void app_hold(struct app *app, struct loop_request *req)
{
    uint64_t ms = req->query ? strtoull(req->query, NULL, 10) : 60000;
    size_t place = 0;
    while (app->held[place])
        place++;
    assert_true(place < HELD_MAX);
    struct held *h = calloc(1, sizeof *h);
    assert_non_null(h);
    *h = (struct held){.app = app, .req = req, .place = place};
    assert_int_equal(loop_timer_new(app->loop, ms, held_timeout, h, &h->timer), ERR_OK);
    app->held[place] = h;
    req->user = h;
    loop_hold(req);
    assert_null(req->path);
}

static void sum_works(void *arg)
{
    struct job *job = arg;
    for (size_t i = 0; i < job->req->body_len; i++)
        job->result = job->result * 31 + job->req->body[i];
    if (job->req->query)
        usleep((useconds_t)strtoul(job->req->query, NULL, 10) * 1000);
}

static void sum_done(void *arg)
{
    struct job *job = arg;
    char text[32];
    snprintf(text, sizeof text, "%u", job->result);
    loop_respond_text(job->req, 200, text);
    free(job);
}

static void commit_batch(void *ctx, struct loop_item *const items[], size_t n)
{
    struct app *app = ctx;
    (void)items;
    atomic_fetch_add(&app->batches, 1);
    atomic_fetch_add(&app->items, (unsigned)n);
    if (n > atomic_load(&app->largest))
        atomic_store(&app->largest, (unsigned)n);
    if (atomic_load(&app->gated)) {
        sem_post(&app->written);
        sem_wait(&app->may_write);
    }
}

static void commit_done(void *ctx, struct loop_item *item)
{
    struct job *job = (struct job *)item;
    (void)ctx;
    loop_respond_text(job->req, 201, "committed");
    free(job);
}

static void app_work(struct app *app, struct loop_request *req, bool commit)
{
    struct job *job = calloc(1, sizeof *job);
    assert_non_null(job);
    *job = (struct job){.app = app, .req = req, .item.bytes = req->body_len};
    if (!commit) {
        assert_int_equal(loop_work(app->loop, sum_works, sum_done, job), ERR_OK);
    } else if (loop_writer_push(app->writer, &job->item) != ERR_OK) {
        loop_respond_text(req, 503, "full");
        free(job);
    }
}

static void app_echo(struct loop_request *req, size_t len)
{
    struct loop_answer answer = {.status = 200, .content_type = "application/octet-stream"};
    answer.body_len = len;
    answer.body = malloc(len + 1);
    assert_non_null(answer.body);
    if (req->body)
        memcpy(answer.body, req->body, len);
    else
        memset(answer.body, 'x', len);
    loop_respond(req, &answer);
}

static void app_request(void *ctx, struct loop_request *req)
{
    struct app *app = ctx;
    if (strcmp(req->path, "/hello") == 0)
        loop_respond_text(req, 200, "hello");
    else if (strcmp(req->path, "/echo") == 0)
        app_echo(req, req->body_len);
    else if (strcmp(req->path, "/big") == 0)
        app_echo(req, BIG);
    else if (strcmp(req->path, "/hold") == 0)
        app_hold(app, req);
    else if (strcmp(req->path, "/job") == 0)
        app_work(app, req, false);
    else if (strcmp(req->path, "/commit") == 0)
        app_work(app, req, true);
    else if (strcmp(req->path, "/never") == 0)
        app->never = req;
    else
        loop_respond_text(req, 404, "no such page");
}

static void app_gone(void *ctx, struct loop_request *req)
{
    struct app *app = ctx;
    assert_true(req->gone);
    atomic_fetch_add(&app->gone, 1);
    if (req == app->never)
        loop_respond_text(req, 503, "");
    else if (req->user)
        held_end(req->user, "");
}

static void app_stopping(void *ctx)
{
    struct app *app = ctx;
    assert_true(loop_stopping(app->loop));
    for (size_t i = 0; i < HELD_MAX; i++) {
        if (app->held[i])
            held_end(app->held[i], "stopping");
    }
}

static const struct loop_handler app_handler = {
    .request = app_request, .gone = app_gone, .stopping = app_stopping};

static void *app_main(void *arg)
{
    struct app *app = arg;
    loop_run(app->loop);
    return NULL;
}

static void app_open(struct app *app, struct loop_config config,
                     struct loop_writer_config writer_config)
{
    memset(app, 0, sizeof *app);
    sem_init(&app->written, 0, 0);
    sem_init(&app->may_write, 0, 0);
    if (!config.listen)
        config.listen = "127.0.0.1:0";
    writer_config.batch = commit_batch;
    writer_config.done = commit_done;
    assert_int_equal(loop_new(&app->loop, &config, &app_handler, app), ERR_OK);
    assert_int_equal(loop_writer_new(app->loop, &writer_config, app, &app->writer), ERR_OK);
}

static void app_start(struct app *app, struct loop_config config)
{
    app_open(app, config, (struct loop_writer_config){.items_max = 0});
    assert_int_equal(pthread_create(&app->thread, NULL, app_main, app), 0);
}

static void app_stop(struct app *app)
{
    loop_stop(app->loop);
    pthread_join(app->thread, NULL);
    loop_free(app->loop);
    sem_destroy(&app->written);
    sem_destroy(&app->may_write);
    assert_int_equal(metrics_level(METRIC_CONNECTIONS_OPEN), 0);
    assert_int_equal(metrics_level(METRIC_REQUESTS_OPEN), 0);
    assert_int_equal(metrics_level(METRIC_LONG_POLLS), 0);
    assert_int_equal(metrics_level(METRIC_BUFFERED_BYTES), 0);
    assert_int_equal(metrics_level(METRIC_WRITER_QUEUE), 0);
}

/* ---- The client ---- */

struct client {
    int fd;
    char *bytes;
    size_t len, cap;
    char *body; /* of the last answer */
    size_t body_len;
};

static int dial(const struct app *app)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(loop_port(app->loop))};
    struct timeval patience = {.tv_sec = 20};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void client_open(struct client *c, const struct app *app)
{
    memset(c, 0, sizeof *c);
    c->fd = dial(app);
    assert_true(c->fd >= 0);
}

static void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    free(c->bytes);
    free(c->body);
    c->bytes = c->body = NULL;
}

static bool client_try_send(struct client *c, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static void client_send(struct client *c, const char *text)
{
    assert_true(client_try_send(c, text, strlen(text)));
}

/* Reads more; false at the end of the stream (or a reset). */
static bool client_fill(struct client *c)
{
    if (c->len + 65536 > c->cap) {
        c->cap = 2 * c->cap + 65536;
        c->bytes = realloc(c->bytes, c->cap + 1);
        assert_non_null(c->bytes);
    }
    ssize_t n = recv(c->fd, c->bytes + c->len, c->cap - c->len, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        fail_msg("the server neither answered nor closed");
    if (n <= 0)
        return false;
    c->len += (size_t)n;
    c->bytes[c->len] = '\0';
    return true;
}

/* Reads one answer whose body is `with_body`; gives its status, or 0 when the connection ended. */
static int client_read_one(struct client *c, bool with_body)
{
    char *end;
    while (c->len == 0 || !(end = strstr(c->bytes, "\r\n\r\n"))) {
        if (!client_fill(c))
            return 0;
    }
    size_t head_len = (size_t)(end - c->bytes) + 4;
    const char *length = strstr(c->bytes, "Content-Length: ");
    size_t body_len = length && length < end && with_body ? strtoul(length + 16, NULL, 10) : 0;
    int status = (int)strtol(c->bytes + 9, NULL, 10);
    while (c->len < head_len + body_len) {
        if (!client_fill(c))
            return 0;
    }
    free(c->body);
    c->body = malloc(body_len + 1);
    assert_non_null(c->body);
    memcpy(c->body, c->bytes + head_len, body_len);
    c->body[body_len] = '\0';
    c->body_len = body_len;
    c->len -= head_len + body_len;
    memmove(c->bytes, c->bytes + head_len + body_len, c->len + 1);
    return status;
}

static int client_read(struct client *c)
{
    return client_read_one(c, true);
}

static void client_get(struct client *c, const char *target)
{
    char text[256];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
    client_send(c, text);
}

static void client_post(struct client *c, const char *target, const char *body)
{
    char text[512];
    snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n%s",
             target, strlen(body), body);
    client_send(c, text);
}

static void assert_closed(struct client *c)
{
    assert_int_equal(client_read(c), 0);
}

static uint64_t elapsed(uint64_t since_ms)
{
    return loop_now_ms() - since_ms;
}

/* Waits for a condition of another thread, bounded. */
#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        uint64_t since_ = loop_now_ms();                                                           \
        while (!(condition) && elapsed(since_) < 20000)                                            \
            usleep(2000);                                                                          \
        assert_true(condition);                                                                    \
    } while (0)

/* ---- Tests ---- */

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
    while (total < BIG) {
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
        fds[i] = dial(&app);
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
    assert_int_equal(dial(&app), -1);
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

/* 64 commits, the first one blocked: the other 63 become one batch. */
static void test_group_commit(void **state)
{
    (void)state;
    enum { N = 64 };
    struct app app;
    static struct client clients[N];
    app_start(&app, (struct loop_config){.idle_ms = 0});
    atomic_store(&app.gated, true);
    for (int i = 0; i < N; i++)
        client_open(&clients[i], &app);
    client_post(&clients[0], "/commit", "first");
    sem_wait(&app.written); /* the writer is in its first batch */
    for (int i = 1; i < N; i++)
        client_post(&clients[i], "/commit", "later");
    EVENTUALLY(metrics_level(METRIC_WRITER_QUEUE) == N);
    atomic_store(&app.gated, false);
    sem_post(&app.may_write);
    for (int i = 0; i < N; i++) {
        assert_int_equal(client_read(&clients[i]), 201);
        client_close(&clients[i]);
    }
    assert_int_equal(atomic_load(&app.batches), 2);
    assert_int_equal(atomic_load(&app.items), N);
    assert_int_equal(atomic_load(&app.largest), N - 1);
    app_stop(&app);
}

/* The limits of a batch and of the queue. */
static void test_writer_limits(void **state)
{
    (void)state;
    enum { N = 20 };
    struct app app;
    struct client clients[N];
    app_open(&app, (struct loop_config){.idle_ms = 0},
             (struct loop_writer_config){.items_max = 8, .bytes_max = 10, .queue_max = 16});
    assert_int_equal(pthread_create(&app.thread, NULL, app_main, &app), 0);
    atomic_store(&app.gated, true);
    for (int i = 0; i < N; i++)
        client_open(&clients[i], &app);
    client_post(&clients[0], "/commit", "0123456789ABCDEF"); /* alone larger than bytes_max */
    sem_wait(&app.written);
    for (int i = 1; i < 16; i++)
        client_post(&clients[i], "/commit", i < 8 ? "abcd" : "");
    EVENTUALLY(metrics_level(METRIC_WRITER_QUEUE) == 16);
    for (int i = 16; i < N; i++) {
        client_post(&clients[i], "/commit", "");
        assert_int_equal(client_read(&clients[i]), 503);
    }
    atomic_store(&app.gated, false);
    sem_post(&app.may_write);
    for (int i = 0; i < 16; i++)
        assert_int_equal(client_read(&clients[i]), 201);
    /* 1 | 2+2+2 of four bytes | the 7th and empty ones up to 8 items | the rest */
    assert_int_equal(atomic_load(&app.batches), 6);
    assert_int_equal(atomic_load(&app.largest), 8);
    for (int i = 0; i < N; i++)
        client_close(&clients[i]);
    app_stop(&app);
}

struct order {
    struct loop *loop;
    struct loop_writer *writer;
    struct loop_item items[ORDER_MAX];
    size_t written, done, pushed;
    unsigned batch_errors, done_errors;
};

static void order_batch(void *ctx, struct loop_item *const items[], size_t n)
{
    struct order *o = ctx;
    for (size_t i = 0; i < n; i++)
        o->batch_errors += items[i] != &o->items[o->written++];
}

static void order_done(void *ctx, struct loop_item *item)
{
    struct order *o = ctx;
    o->done_errors += item != &o->items[o->done++];
    for (int i = 0; i < 2 && o->pushed < ORDER_MAX; i++)
        assert_int_equal(loop_writer_push(o->writer, &o->items[o->pushed++]), ERR_OK);
    if (o->done == ORDER_MAX)
        loop_stop(o->loop);
}

/* Items are written and done in the order of their push, also when done() pushes more. */
static void test_writer_order(void **state)
{
    (void)state;
    static struct order o;
    struct loop_config config = {.listen = "127.0.0.1:0"};
    struct loop_writer_config writer_config = {
        .items_max = 7, .batch = order_batch, .done = order_done};
    static const struct loop_handler nobody = {.request = app_request};
    assert_int_equal(loop_new(&o.loop, &config, &nobody, NULL), ERR_OK);
    assert_int_equal(loop_writer_new(o.loop, &writer_config, &o, &o.writer), ERR_OK);
    assert_int_equal(loop_writer_push(o.writer, &o.items[o.pushed++]), ERR_OK);
    loop_run(o.loop);
    loop_free(o.loop);
    assert_int_equal(o.written, ORDER_MAX);
    assert_int_equal(o.done, ORDER_MAX);
    assert_int_equal(o.batch_errors, 0);
    assert_int_equal(o.done_errors, 0);
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

static int quiet(void **state)
{
    (void)state;
    log_open(STDERR_FILENO, LOG_TEXT, LOG_ERROR);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_run_out), /* forks: before any thread */
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
        cmocka_unit_test(test_graceful_stop),
        cmocka_unit_test(test_forced_stop),
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_stop_before_run),
        cmocka_unit_test(test_group_commit),
        cmocka_unit_test(test_writer_limits),
        cmocka_unit_test(test_writer_order),
        cmocka_unit_test(test_unix_socket),
        cmocka_unit_test(test_listen_errors),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, quiet, NULL);
}
