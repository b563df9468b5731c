/* SPDX-License-Identifier: Apache-2.0 */
#include "loop_app.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "server/log.h"
#include "server/metrics.h"

/* ---- The application ---- */

int app_quiet(void **state)
{
    (void)state;
    log_open(STDERR_FILENO, LOG_TEXT, LOG_ERROR);
    return 0;
}

struct held {
    struct app *app;
    struct loop_request *req;
    struct loop_timer *timer;
    size_t place;
};

struct job {
    struct loop_item item; /* first: what the writer sees */
    struct app *app;
    struct loop_request *req;
    uint32_t result;
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

void app_request(void *ctx, struct loop_request *req)
{
    struct app *app = ctx;
    if (strcmp(req->path, "/hello") == 0)
        loop_respond_text(req, 200, "hello");
    else if (strcmp(req->path, "/echo") == 0)
        app_echo(req, req->body_len);
    else if (strcmp(req->path, "/big") == 0)
        app_echo(req, LOOP_BIG);
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

const struct loop_handler app_handler = {
    .request = app_request, .gone = app_gone, .stopping = app_stopping};

void *app_main(void *arg)
{
    struct app *app = arg;
    loop_run(app->loop);
    return NULL;
}

void app_open(struct app *app, struct loop_config config, struct loop_writer_config writer_config)
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

void app_start(struct app *app, struct loop_config config)
{
    app_open(app, config, (struct loop_writer_config){.items_max = 0});
    assert_int_equal(pthread_create(&app->thread, NULL, app_main, app), 0);
}

void app_stop(struct app *app)
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

int client_dial(const struct app *app)
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

void client_open(struct client *c, const struct app *app)
{
    memset(c, 0, sizeof *c);
    c->fd = client_dial(app);
    assert_true(c->fd >= 0);
}

void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    free(c->bytes);
    free(c->body);
    c->bytes = c->body = NULL;
}

bool client_try_send(struct client *c, const void *bytes, size_t len)
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

void client_send(struct client *c, const char *text)
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
int client_read_one(struct client *c, bool with_body)
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

int client_read(struct client *c)
{
    return client_read_one(c, true);
}

void client_get(struct client *c, const char *target)
{
    char text[256];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
    client_send(c, text);
}

void client_post(struct client *c, const char *target, const char *body)
{
    char text[512];
    snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n%s",
             target, strlen(body), body);
    client_send(c, text);
}

void assert_closed(struct client *c)
{
    assert_int_equal(client_read(c), 0);
}

uint64_t elapsed(uint64_t since_ms)
{
    return loop_now_ms() - since_ms;
}
