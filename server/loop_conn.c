/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection:
 *
 *            accept
 *              |                    next request
 *              v        +------------------------------------+
 *     +----> READ ------+--complete--> HELD --respond--> WRITE --refused--> LINGER
 *     |        |   '-----refusal, OPTIONS-------------->   |                  |
 *     |        '-- idle, end ----------.   hung up         | last answer      | end, time
 *     |                                v      v            v                  v
 *     '------------------------------- CLOSED <-------------------------------'
 *
 * One timer per connection guards READ (head, body, idle), WRITE and LINGER; HELD is bounded by
 * whoever answers. A connection that waits owns no buffer: all read into the loop's.
 *
 * A closed connection stays in memory until its request was answered, because a thread may still be
 * reading the body.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "server/log.h"
#include "server/loop_inside.h"
#include "server/metrics.h"

enum state { STATE_READ, STATE_HELD, STATE_WRITE, STATE_LINGER, STATE_CLOSED };
enum phase { PHASE_NONE, PHASE_IDLE, PHASE_HEAD, PHASE_BODY };

struct request {
    struct loop_request visible; /* first: the handler's pointer is ours */
    struct loop_conn *conn;
    uint64_t start_ns;
    bool held;
};

struct loop_conn {
    union loop_io io;
    uv_timer_t timer;
    struct loop *loop;
    struct loop_conn *prev, *next;
    struct http_conn http;
    struct request *request; /* unanswered */
    uint8_t *pending;        /* read behind the request in flight */
    size_t pending_len, pending_off;
    size_t mark; /* bytes at the last look of the timer */
    enum state state;
    enum phase phase; /* what the timer guards in READ */
    uint8_t handles;  /* not yet closed */
    bool over;        /* beyond connections_max */
    bool reading;
    bool ended; /* the peer sends nothing more */
    bool close_after;
    bool linger_after;
};

/* An answer on its way out. */
struct out {
    uv_write_t req;
    struct loop_conn *conn;
    void *body;
    size_t len;
    char head[];
};

static void conn_resume(struct loop_conn *c);
static void timer_fired(uv_timer_t *timer);

static void move(struct loop_conn *c, enum state to)
{
    static const bool allowed[5][5] = {
        [STATE_READ] = {[STATE_HELD] = true, [STATE_WRITE] = true, [STATE_CLOSED] = true},
        [STATE_HELD] = {[STATE_WRITE] = true, [STATE_CLOSED] = true},
        [STATE_WRITE] = {[STATE_READ] = true, [STATE_LINGER] = true, [STATE_CLOSED] = true},
        [STATE_LINGER] = {[STATE_CLOSED] = true},
    };
    assert(allowed[c->state][to]);
    c->state = to;
    c->phase = PHASE_NONE;
}

static void arm(struct loop_conn *c, uint64_t after_ms)
{
    uv_timer_start(&c->timer, timer_fired, after_ms, 0);
}

/* ---- End of a connection ---- */

static void free_pending(struct loop_conn *c)
{
    c->loop->budget.used -= c->pending_len;
    free(c->pending);
    c->pending = NULL;
    c->pending_len = 0;
    c->pending_off = 0;
}

/* Frees the connection once libuv and the handler are done with it. */
static void release(struct loop_conn *c)
{
    struct loop *loop = c->loop;
    if (c->state != STATE_CLOSED || c->handles > 0 || c->request)
        return;
    http_conn_fini(&c->http);
    free_pending(c);
    if (c->prev)
        c->prev->next = c->next;
    else
        loop->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    loop->conns_len--;
    loop->over_len -= c->over;
    metrics_move(METRIC_CONNECTIONS_OPEN, -1);
    metrics_set(METRIC_BUFFERED_BYTES, (int64_t)loop->budget.used);
    free(c);
    if (loop->accept_owed && !loop->stopping) {
        loop->accept_owed = false;
        loop_conn_accept(loop);
    }
    loop_check_end(loop);
}

static void handle_closed(uv_handle_t *handle)
{
    struct loop_conn *c = handle->data;
    c->handles--;
    release(c);
}

static void tell_gone(struct loop_conn *c)
{
    struct loop *loop = c->loop;
    if (!c->request || c->request->visible.gone)
        return;
    c->request->visible.gone = true;
    if (loop->handler->gone)
        loop->handler->gone(loop->ctx, &c->request->visible);
}

static void conn_close(struct loop_conn *c)
{
    if (c->state == STATE_CLOSED)
        return;
    move(c, STATE_CLOSED);
    uv_close(&c->io.handle, handle_closed);
    uv_close((uv_handle_t *)&c->timer, handle_closed);
    tell_gone(c);
}

void loop_conns_close(struct loop *loop, bool all)
{
    for (struct loop_conn *c = loop->conns, *next; c; c = next) {
        next = c->next; /* closing is never immediate, but says nothing of neighbours */
        bool waits =
            c->state == STATE_LINGER || (c->state == STATE_READ && http_conn_idle(&c->http));
        if (all || waits)
            conn_close(c);
    }
}

/* Waits for the peer to read a refusal: closing over unread input would reset the connection and
 * take the answer with it. */
static void conn_linger(struct loop_conn *c)
{
    uv_os_fd_t fd;
    if (c->ended || c->loop->stopping || uv_fileno(&c->io.handle, &fd) != 0) {
        conn_close(c);
        return;
    }
    move(c, STATE_LINGER);
    free_pending(c);
    shutdown(fd, SHUT_WR);
    arm(c, c->loop->config.linger_ms);
    conn_resume(c);
}

/* ---- Answers ---- */

static void written(uv_write_t *req, int status)
{
    struct out *out = req->data;
    struct loop_conn *c = out->conn;
    if (status == 0)
        metrics_add(METRIC_BYTES_OUT, out->len);
    free(out->body);
    free(out);
    if (c->state == STATE_CLOSED)
        return;
    assert(c->state == STATE_WRITE);
    if (status != 0) {
        conn_close(c);
    } else if (c->close_after) {
        if (c->linger_after || c->pending)
            conn_linger(c);
        else
            conn_close(c);
    } else {
        http_conn_next(&c->http);
        move(c, STATE_READ);
        conn_resume(c);
    }
}

/* What of the answer has not reached the peer, in our memory and in the kernel's. */
static size_t unsent(struct loop_conn *c)
{
    uv_os_fd_t fd;
    int kernel = 0;
    if (uv_fileno(&c->io.handle, &fd) != 0 || ioctl(fd, TIOCOUTQ, &kernel) != 0 || kernel < 0)
        kernel = 0;
    return uv_stream_get_write_queue_size(&c->io.stream) + (size_t)kernel;
}

/* Sends head and body; takes `body`. `text` is a short body that is copied instead. */
static void conn_write(struct loop_conn *c, struct http_answer *answer, void *body,
                       const char *text)
{
    char head[HTTP_ANSWER_MAX];
    answer->close = answer->close || c->loop->stopping || c->ended;
    size_t head_len = http_answer_head(head, &c->http, answer);
    bool has_body = http_answer_has_body(&c->http, answer->status) && answer->body_len > 0;
    size_t text_len = text && has_body ? answer->body_len : 0;
    struct out *out = malloc(sizeof *out + head_len + text_len);
    if (!out) {
        free(body);
        conn_close(c);
        return;
    }
    memcpy(out->head, head, head_len);
    if (text_len)
        memcpy(out->head + head_len, text, text_len);
    out->req.data = out;
    out->conn = c;
    out->body = body;
    out->len = head_len + (has_body ? answer->body_len : 0);
    c->close_after = answer->close;
    move(c, STATE_WRITE);

    uv_buf_t buffers[2] = {{.base = out->head, .len = head_len + text_len},
                           {.base = body, .len = answer->body_len}};
    unsigned n = body && has_body ? 2 : 1;
    if (uv_write(&out->req, &c->io.stream, buffers, n, written) != 0) {
        free(out->body);
        free(out);
        conn_close(c);
        return;
    }
    c->mark = unsent(c);
    arm(c, c->loop->config.write_ms);
}

static void write_own(struct loop_conn *c)
{
    struct http_answer answer;
    const char *body;
    http_conn_own_answer(&c->http, &answer, &body);
    metrics_http(answer.status);
    if (answer.status == 503)
        metrics_add(METRIC_ADMISSION, 1);
    c->linger_after = answer.close;
    conn_write(c, &answer, NULL, body);
}

static void refuse(struct loop_conn *c, int status)
{
    assert(c->state == STATE_READ);
    http_conn_refuse(&c->http, status);
    write_own(c);
}

/* Ends a request for the counters and the handler; gives its connection. */
static struct loop_conn *finish(struct loop_request *req, int status)
{
    struct request *r = (struct request *)req;
    struct loop_conn *c = r->conn;
    assert(loop_is_current(c->loop) && c->request == r);
    metrics_http(status);
    if (r->held)
        metrics_move(METRIC_LONG_POLLS, -1);
    else
        metrics_observe(METRIC_REQUEST_TIME, (uv_hrtime() - r->start_ns) / 1000);
    metrics_move(METRIC_REQUESTS_OPEN, -1);
    c->loop->requests--;
    c->request = NULL;
    free(r);
    return c;
}

static void respond(struct loop_request *req, struct http_answer *answer, void *body,
                    const char *text)
{
    struct loop_conn *c = finish(req, answer->status);
    struct loop *loop = c->loop;
    if (c->state == STATE_CLOSED) {
        free(body);
        release(c);
    } else {
        conn_write(c, answer, body, text);
    }
    loop_check_end(loop);
}

void loop_respond(struct loop_request *req, const struct loop_answer *answer)
{
    assert(answer->body || answer->body_len == 0);
    struct http_answer a = {.status = answer->status,
                            .content_type = answer->content_type,
                            .extra = answer->extra,
                            .body_len = answer->body_len};
    respond(req, &a, answer->body, NULL);
}

void loop_respond_text(struct loop_request *req, int status, const char *text)
{
    struct http_answer a = {.status = status,
                            .content_type = "text/plain; charset=utf-8",
                            .extra = status == 503 ? "Retry-After: 2\r\n" : NULL,
                            .body_len = strlen(text)};
    respond(req, &a, NULL, text);
}

void loop_hold(struct loop_request *req)
{
    struct request *r = (struct request *)req;
    assert(loop_is_current(r->conn->loop) && r->conn->request == r);
    if (r->held)
        return;
    r->held = true;
    metrics_move(METRIC_LONG_POLLS, 1);
    http_conn_release(&r->conn->http);
    req->path = req->query = req->content_type = NULL;
    req->body = NULL;
    req->body_len = 0;
}

/* ---- Requests ---- */

static void dispatch(struct loop_conn *c)
{
    struct loop *loop = c->loop;
    const struct http_request *http = &c->http.request;
    struct request *r = calloc(1, sizeof *r);
    if (!r) {
        conn_close(c);
        return;
    }
    r->conn = c;
    r->start_ns = uv_hrtime();
    r->visible = (struct loop_request){.method = http->method,
                                       .path = http->path,
                                       .query = http->query,
                                       .content_type = http->content_type,
                                       .body = http->body,
                                       .body_len = http->body_len};
    c->request = r;
    loop->requests++;
    metrics_move(METRIC_REQUESTS_OPEN, 1);
    move(c, STATE_HELD);
    uv_timer_stop(&c->timer);
    loop->handler->request(loop->ctx, &r->visible);
}

static void send_continue(struct loop_conn *c)
{
    /* Nothing else is on its way out, so that this fits or the peer is gone. */
    uv_buf_t buffer = {.base = (char *)(uintptr_t)http_continue, .len = http_continue_len};
    uv_try_write(&c->io.stream, &buffer, 1);
}

/* Starts the timer of the phase that the bytes have led to. */
static void watch(struct loop_conn *c)
{
    const struct loop_config *config = &c->loop->config;
    enum phase phase = c->http.state == HTTP_STATE_BODY ? PHASE_BODY
                       : http_conn_idle(&c->http)       ? PHASE_IDLE
                                                        : PHASE_HEAD;
    if (c->state != STATE_READ || c->phase == phase)
        return;
    c->phase = phase;
    c->mark = c->http.request.body_len;
    arm(c, phase == PHASE_IDLE   ? config->idle_ms
           : phase == PHASE_HEAD ? config->header_ms
                                 : config->body_ms);
}

/* Feeds bytes until a request is in flight; gives how many were taken. */
static size_t feed(struct loop_conn *c, const uint8_t *bytes, size_t len)
{
    size_t taken = 0;
    enum http_event event = HTTP_EVENT_CONTINUE;
    while (c->state == STATE_READ && event == HTTP_EVENT_CONTINUE) {
        size_t used;
        event = http_conn_feed(&c->http, bytes + taken, len - taken, &used);
        taken += used;
        if (event == HTTP_EVENT_CONTINUE)
            send_continue(c);
        else if (event == HTTP_EVENT_REQUEST)
            dispatch(c);
        else if (event == HTTP_EVENT_ANSWER)
            write_own(c);
    }
    watch(c);
    metrics_set(METRIC_BUFFERED_BYTES, (int64_t)c->loop->budget.used);
    return taken;
}

/* ---- Reading ---- */

static void stop_reading(struct loop_conn *c)
{
    if (c->reading)
        uv_read_stop(&c->io.stream);
    c->reading = false;
}

/* Keeps what the peer sent behind the request in flight. Where there is no room for it, the
 * connection ends with that request. */
static void keep(struct loop_conn *c, const uint8_t *bytes, size_t len)
{
    struct http_budget *budget = &c->loop->budget;
    assert(!c->pending);
    stop_reading(c);
    c->pending = len <= budget->max - budget->used ? malloc(len) : NULL;
    if (!c->pending) {
        c->http.keep_alive = false;
        c->close_after = true;
        c->linger_after = true;
        return;
    }
    memcpy(c->pending, bytes, len);
    c->pending_len = len;
    c->pending_off = 0;
    budget->used += len;
}

static void ended(struct loop_conn *c, bool cleanly)
{
    c->ended = true;
    if (!cleanly || c->state == STATE_READ || c->state == STATE_LINGER) {
        conn_close(c);
        return;
    }
    /* Half closed, perhaps: the answer is still sent. */
    c->http.keep_alive = false;
    c->close_after = true;
    stop_reading(c);
    tell_gone(c);
}

static void alloc_read(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct loop_conn *c = handle->data;
    (void)suggested;
    bool busy = c->state == STATE_HELD || c->state == STATE_WRITE;
    buffer->base = (char *)c->loop->read_buffer;
    buffer->len = busy ? LOOP_HELD_STEP : LOOP_READ_STEP;
}

static void received(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct loop_conn *c = stream->data;
    const uint8_t *bytes = (const uint8_t *)buffer->base;
    if (n < 0) {
        ended(c, n == UV_EOF);
        return;
    }
    metrics_add(METRIC_BYTES_IN, (uint64_t)n);
    if (c->state == STATE_LINGER || n == 0)
        return;
    size_t taken = feed(c, bytes, (size_t)n);
    if (taken < (size_t)n && c->state != STATE_CLOSED && !c->linger_after)
        keep(c, bytes + taken, (size_t)n - taken);
}

/* Goes on with what was kept, then with the socket. */
static void conn_resume(struct loop_conn *c)
{
    if (c->pending) {
        c->pending_off += feed(c, c->pending + c->pending_off, c->pending_len - c->pending_off);
        if (c->pending_off < c->pending_len)
            return;
        free_pending(c);
    }
    watch(c);
    if (c->state != STATE_CLOSED && !c->reading && !c->ended) {
        c->reading = true;
        if (uv_read_start(&c->io.stream, alloc_read, received) != 0)
            conn_close(c);
    }
}

/* ---- Time ---- */

static bool is_progress(size_t moved, uint64_t window_ms)
{
    return moved >= LOOP_RATE_MIN * window_ms / 1000;
}

static void timer_fired(uv_timer_t *timer)
{
    struct loop_conn *c = timer->data;
    const struct loop_config *config = &c->loop->config;
    if (c->state == STATE_READ && c->phase == PHASE_BODY) {
        size_t now = c->http.request.body_len;
        if (is_progress(now - c->mark, config->body_ms)) {
            c->mark = now;
            arm(c, config->body_ms);
            return;
        }
    } else if (c->state == STATE_WRITE) {
        size_t now = unsent(c);
        if (now < c->mark && is_progress(c->mark - now, config->write_ms)) {
            c->mark = now;
            arm(c, config->write_ms);
            return;
        }
    }
    if (c->state != STATE_LINGER)
        metrics_add(METRIC_TIMEOUTS, 1);
    if (c->state == STATE_READ && !http_conn_idle(&c->http))
        refuse(c, 408);
    else
        conn_close(c);
}

/* ---- Beginning of a connection ---- */

static int conn_init(struct loop_conn *c, struct loop *loop)
{
    int status =
        loop->local ? uv_pipe_init(&loop->uv, &c->io.pipe, 0) : uv_tcp_init(&loop->uv, &c->io.tcp);
    if (status != 0)
        return status;
    uv_timer_init(&loop->uv, &c->timer);
    c->io.handle.data = c;
    c->timer.data = c;
    c->handles = 2;
    c->loop = loop;
    http_conn_init(&c->http, &loop->limits, &loop->budget);
    c->next = loop->conns;
    if (c->next)
        c->next->prev = c;
    loop->conns = c;
    loop->conns_len++;
    metrics_move(METRIC_CONNECTIONS_OPEN, 1);
    return uv_accept(&loop->listener.stream, &c->io.stream);
}

void loop_conn_accept(struct loop *loop)
{
    struct loop_conn *c = calloc(1, sizeof *c);
    if (!c) {
        loop->accept_owed = true;
        LOG(LOG_ERROR, "accept_failed", LOG_ERR("err", ERR_MEMORY));
        return;
    }
    c->over = loop->conns_len - loop->over_len >= loop->config.connections_max;
    int status = conn_init(c, loop);
    loop->over_len += c->over;
    if (status != 0 || loop->over_len > LOOP_OVER_MAX) {
        conn_close(c);
        return;
    }
    metrics_add(METRIC_CONNECTIONS, 1);
    if (!loop->local) {
        uv_tcp_nodelay(&c->io.tcp, 1);
        uv_tcp_keepalive(&c->io.tcp, 1, 60);
    }
    if (c->over) {
        metrics_add(METRIC_CONNECTIONS_REFUSED, 1);
        refuse(c, 503);
        return;
    }
    conn_resume(c);
    if (c->state == STATE_READ) {
        /* A fresh connection is given the time of a head, not that of an idle one. */
        c->phase = PHASE_HEAD;
        arm(c, loop->config.header_ms);
    }
}
