/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop itself: listening, stopping, clocks, timers and the thread pool. Connections are in
 * loop_conn.c, the writer thread in loop_writer.c.
 */
#include "server/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "server/conf.h"
#include "server/log.h"
#include "server/loop_inside.h"

struct loop_timer {
    uv_timer_t timer;
    void (*fn)(void *arg);
    void *arg;
};

struct work {
    uv_work_t req;
    struct loop *loop;
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
};

/* ---- Clocks ---- */

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t loop_now_ms(void)
{
    return (uint64_t)clock_ms(CLOCK_MONOTONIC);
}

int64_t loop_time_ms(const struct loop *loop)
{
    return clock_ms(CLOCK_REALTIME) + atomic_load(&loop->offset_ms);
}

void loop_time_offset(struct loop *loop, int64_t offset_ms)
{
    atomic_store(&loop->offset_ms, offset_ms);
}

/* ---- Timers ---- */

static void timer_fired(uv_timer_t *handle)
{
    struct loop_timer *t = handle->data;
    t->fn(t->arg);
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

enum err loop_timer_new(struct loop *loop, uint64_t after_ms, void (*fn)(void *arg), void *arg,
                        struct loop_timer **timer)
{
    assert(fn && loop_is_current(loop));
    struct loop_timer *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_MEMORY;
    t->fn = fn;
    t->arg = arg;
    uv_timer_init(&loop->uv, &t->timer);
    t->timer.data = t;
    uv_update_time(&loop->uv);
    uv_timer_start(&t->timer, timer_fired, after_ms, 0);
    *timer = t;
    return ERR_OK;
}

void loop_timer_free(struct loop_timer *t)
{
    if (t)
        uv_close((uv_handle_t *)&t->timer, timer_closed);
}

/* ---- The thread pool ---- */

static void work_runs(uv_work_t *req)
{
    struct work *w = req->data;
    w->work(w->arg);
}

static void work_done(uv_work_t *req, int status)
{
    struct work *w = req->data;
    struct loop *loop = w->loop;
    assert(status == 0);
    (void)status;
    loop->works--;
    w->done(w->arg);
    free(w);
    loop_check_end(loop);
}

enum err loop_work(struct loop *loop, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
    assert(work && done && loop_is_current(loop));
    struct work *w = malloc(sizeof *w);
    if (!w)
        return ERR_MEMORY;
    *w = (struct work){.loop = loop, .work = work, .done = done, .arg = arg};
    w->req.data = w;
    if (uv_queue_work(&loop->uv, &w->req, work_runs, work_done) != 0) {
        free(w);
        return ERR_MEMORY;
    }
    loop->works++;
    return ERR_OK;
}

/* ---- Stopping ---- */

void loop_check_end(struct loop *loop)
{
    if (!loop->stopping || loop->works > 0 || loop->conns_len > 0)
        return;
    if (loop->requests > 0 && !loop->forced)
        return;
    if (!loop_writers_busy(loop))
        uv_stop(&loop->uv);
}

static void stop_is_over(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    LOG(LOG_WARN, "stop_forced", LOG_NUM("connections", loop->conns_len),
        LOG_NUM("requests", loop->requests));
    loop->forced = true;
    loop_conns_close(loop, true);
    loop_check_end(loop);
}

static void begin_stop(struct loop *loop)
{
    if (loop->stopping)
        return;
    loop->stopping = true;
    LOG(LOG_INFO, "stopping", LOG_NUM("connections", loop->conns_len),
        LOG_NUM("requests", loop->requests));
    uv_close(&loop->listener.handle, NULL);
    uv_timer_start(&loop->stop_timer, stop_is_over, loop->config.stop_ms, 0);
    loop_conns_close(loop, false);
    if (loop->handler->stopping)
        loop->handler->stopping(loop->ctx);
    loop_check_end(loop);
}

static void woken(uv_async_t *async)
{
    struct loop *loop = async->data;
    loop_writers_collect(loop);
    if (atomic_load(&loop->stop_wanted))
        begin_stop(loop);
    loop_check_end(loop);
}

static void signalled(uv_signal_t *handle, int number)
{
    (void)number;
    begin_stop(handle->data);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stop_wanted, true);
    uv_async_send(&loop->wake);
}

bool loop_stopping(const struct loop *loop)
{
    return loop->stopping;
}

/* ---- Listening ---- */

static enum err uv_err(int status)
{
    switch (status) {
    case 0:
        return ERR_OK;
    case UV_EADDRINUSE:
        return ERR_EXISTS;
    case UV_EACCES:
    case UV_EPERM:
        return ERR_DENIED;
    case UV_ENOMEM:
        return ERR_MEMORY;
    default:
        return ERR_IO;
    }
}

static void connected(uv_stream_t *stream, int status)
{
    struct loop *loop = stream->data;
    if (status == 0)
        loop_conn_accept(loop);
    else
        LOG(LOG_ERROR, "accept_failed", LOG_NUM("errno", -status));
}

/* Removes a socket that a killed server left behind. */
static void remove_stale(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode) || strlen(path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED)
        unlink(path);
    close(fd);
}

static int bind_local(struct loop *loop, const char *path)
{
    remove_stale(path);
    int status = uv_pipe_init(&loop->uv, &loop->listener.pipe, 0);
    if (status != 0)
        return status;
    /* The proxy reaches the socket through its group, nobody else does. */
    mode_t mask = umask(0117);
    status = uv_pipe_bind(&loop->listener.pipe, path);
    umask(mask);
    return status;
}

static int bind_tcp(struct loop *loop, const struct conf_listen *where)
{
    struct sockaddr_storage address;
    int status = uv_tcp_init(&loop->uv, &loop->listener.tcp);
    if (status != 0)
        return status;
    status = where->ipv6 ? uv_ip6_addr(where->host, where->port, (struct sockaddr_in6 *)&address)
                         : uv_ip4_addr(where->host, where->port, (struct sockaddr_in *)&address);
    if (status != 0)
        return status;
    return uv_tcp_bind(&loop->listener.tcp, (struct sockaddr *)&address, 0);
}

static void note_port(struct loop *loop)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    if (loop->local ||
        uv_tcp_getsockname(&loop->listener.tcp, (struct sockaddr *)&address, &len) != 0)
        return;
    uint16_t port = address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                  : ((struct sockaddr_in *)&address)->sin_port;
    loop->port = ntohs(port);
}

static enum err start_listening(struct loop *loop)
{
    struct conf_listen where;
    enum err err = conf_listen_parse(&where, loop->config.listen);
    if (err != ERR_OK)
        return err;
    loop->local = where.local;
    int status = where.local ? bind_local(loop, where.host) : bind_tcp(loop, &where);
    loop->listener.handle.data = loop;
    if (status == 0)
        status = uv_listen(&loop->listener.stream, LOOP_BACKLOG, connected);
    if (status == 0)
        note_port(loop);
    return uv_err(status);
}

/* ---- Life ---- */

static void fill_defaults(struct loop_config *c)
{
#define DEFAULT(field, value) c->field = c->field ? c->field : (value)
    DEFAULT(body_max, 8 << 20);
    DEFAULT(buffered_max, 256 << 20);
    DEFAULT(connections_max, 4096);
    DEFAULT(header_ms, 15000);
    DEFAULT(body_ms, 30000);
    DEFAULT(idle_ms, 120000);
    DEFAULT(write_ms, 30000);
    DEFAULT(linger_ms, 2000);
    DEFAULT(stop_ms, 10000);
#undef DEFAULT
}

/* Running out of descriptors would hurt the databases first, so connections never use them up. */
static void fit_files(struct loop_config *c)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t room = limit.rlim_cur > LOOP_FILES_RESERVED + LOOP_OVER_MAX
                      ? limit.rlim_cur - LOOP_FILES_RESERVED - LOOP_OVER_MAX
                      : 1;
    if (limit.rlim_cur != RLIM_INFINITY && c->connections_max > room) {
        LOG(LOG_WARN, "connections_max_lowered", LOG_NUM("asked", c->connections_max),
            LOG_NUM("now", room), LOG_NUM("open_files", limit.rlim_cur));
        c->connections_max = (unsigned)room;
    }
}

/* libuv reads the size of its pool from the environment, once, at the first work. */
static void size_pool(unsigned threads)
{
    char text[16];
    snprintf(text, sizeof text, "%u", threads ? threads : uv_available_parallelism());
    setenv("UV_THREADPOOL_SIZE", text, threads > 0);
}

static void start_signals(struct loop *loop)
{
    /* A terminal that is closed, or somebody who expects a reload: what is under way is answered all the same. */
    static const int numbers[LOOP_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < LOOP_SIGNALS; i++) {
        uv_signal_init(&loop->uv, &loop->signals[i]);
        loop->signals[i].data = loop;
        if (loop->config.signals)
            uv_signal_start(&loop->signals[i], signalled, numbers[i]);
    }
}

enum err loop_new(struct loop **out, const struct loop_config *config,
                  const struct loop_handler *handler, void *ctx)
{
    assert(config->listen && handler->request);
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return ERR_MEMORY;
    loop->config = *config;
    fill_defaults(&loop->config);
    fit_files(&loop->config);
    loop->limits = (struct http_limits){.head_max = HTTP_HEAD_MAX,
                                        .body_max = loop->config.body_max,
                                        .origins = config->origins,
                                        .origins_len = config->origins_len};
    loop->budget.max = loop->config.buffered_max;
    loop->handler = handler;
    loop->ctx = ctx;
    loop->thread = uv_thread_self();
    signal(SIGPIPE, SIG_IGN);
    size_pool(config->threads);
    if (uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return ERR_IO;
    }
    enum err err = uv_err(uv_async_init(&loop->uv, &loop->wake, woken));
    loop->wake.data = loop;
    uv_timer_init(&loop->uv, &loop->stop_timer);
    loop->stop_timer.data = loop;
    start_signals(loop);
    if (err == ERR_OK)
        err = start_listening(loop);
    if (err != ERR_OK) {
        loop_free(loop);
        return err;
    }
    *out = loop;
    return ERR_OK;
}

void loop_run(struct loop *loop)
{
    loop->thread = uv_thread_self();
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    assert(loop->stopping);
    LOG(LOG_INFO, "stopped", LOG_NUM("forced", loop->forced));
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    loop->thread = uv_thread_self();
    loop_writers_free(loop);
    loop_conns_close(loop, true);
    /* What is left are our own handles: connections and timers close themselves. */
    uv_walk(&loop->uv, close_handle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int status = uv_loop_close(&loop->uv);
    assert(status == 0);
    (void)status;
    free(loop);
}

uint16_t loop_port(const struct loop *loop)
{
    return loop->port;
}

unsigned loop_connections(const struct loop *loop)
{
    return loop->conns_len;
}

unsigned loop_connections_max(const struct loop *loop)
{
    return loop->config.connections_max;
}
