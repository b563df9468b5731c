/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelled serve: puts the loop, the writer's thread and the pool around the three steps of sync.
 *
 *     request -> pool: verify ---------------> pool: answer -> response
 *                  |  (nothing to store:)         ^      |
 *                  |   answered in one go         |      '--> held until a space changes (main_wait.h)
 *                  '--> writer: apply a group ----'
 *
 * A job is one sync request from its last byte to its answer. Exactly one thread has it at any time.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/conf.h"
#include "server/log.h"
#include "server/loop.h"
#include "server/main_command.h"
#include "server/main_wait.h"
#include "server/metrics.h"
#include "server/store_folder.h"
#include "server/sync.h"

enum {
    TICK_MS = 1000,
    BEAT_TICKS = 3600, /* an hour */
    PROBE_TICKS = 5,   /* after a failed commit */
    GROUP_MAX = 512    /* items of one group */
};

struct app {
    struct conf conf;
    const char *origins[CONF_ORIGINS_MAX];
    struct serverkey key;
    struct store *store;
    struct store_views *views;
    struct sync *sync;
    struct loop *loop;
    struct loop_writer *writer;
    struct main_wait *wait;
    struct loop_timer *tick;
    unsigned ticks;
    bool tidying, beating;
    int lock;
    atomic_bool store_ok; /* the last commit worked */
};

struct job {
    struct loop_item item; /* first: what the writer's queue holds */
    struct app *app;
    struct loop_request *req; /* NULL: a heartbeat */
    struct sync_call *call;
    struct main_waiter waiter; /* while it may wait */
    struct loop_timer *timer;
    bool waits, idle, again,
        last;     /* in a long poll; held; a space changed; answer whatever there is */
    enum err err; /* of this machine, before there was an answer */
};

static void answer_start(struct job *job);

/* ---- ends ---- */

static void job_free(struct job *job)
{
    if (job->waits)
        main_wait_remove(job->app->wait, &job->waiter);
    loop_timer_free(job->timer);
    sync_call_free(job->call);
    free(job);
}

static void respond_text(struct job *job, enum err err)
{
    char text[256];
    snprintf(text, sizeof text, "%s\n", err_text(err));
    loop_respond_text(job->req, err_http(err), text);
    job_free(job);
}

static void respond(struct job *job)
{
    struct sync_call *call = job->call;
    const struct loop_answer answer = {.status = call->http_status,
                                       .content_type = call->text ? "text/plain; charset=utf-8"
                                                                  : "application/msgpack",
                                       .body = call->out.bytes,
                                       .body_len = call->out.len};
    call->out = (struct buf){0};
    loop_respond(job->req, &answer);
    job_free(job);
}

/* ---- answering ---- */

static void answer_now(struct job *job, struct store_view *view)
{
    sync_answer(job->call, view, (uint64_t)loop_time_ms(job->app->loop), job->last);
}

static void answer_work(void *arg)
{
    struct job *job = arg;
    struct store_view *view;
    job->err = store_views_take(job->app->views, &view);
    if (job->err != ERR_OK)
        return;
    answer_now(job, view);
    store_views_give(job->app->views, view);
}

static void time_over(void *arg)
{
    struct job *job = arg;
    job->last = true;
    if (job->idle)
        answer_start(job);
}

/* Nothing new: the request waits, and costs little while it does. */
static void hold(struct job *job)
{
    if (job->again || job->last || loop_stopping(job->app->loop)) {
        job->last |= loop_stopping(job->app->loop);
        answer_start(job);
        return;
    }
    job->idle = true;
    if (job->timer)
        return;
    loop_hold(job->req);
    if (loop_timer_new(job->app->loop, job->call->wait_ms, time_over, job, &job->timer) != ERR_OK)
        time_over(job);
}

static void answer_done(void *arg)
{
    struct job *job = arg;
    if (job->err != ERR_OK)
        respond_text(job, job->err);
    else if (job->call->step == SYNC_HELD)
        hold(job);
    else
        respond(job);
}

static void answer_start(struct job *job)
{
    job->idle = job->again = false;
    if (loop_work(job->app->loop, answer_work, answer_done, job) != ERR_OK)
        respond_text(job, ERR_MEMORY);
}

/* ---- waiting ---- */

static void woken(void *ctx, struct main_waiter *waiter)
{
    (void)ctx;
    struct job *job = waiter->user;
    job->again = true;
    if (job->idle)
        answer_start(job);
}

/* Registered before the snapshot is taken, so that no change falls between the two. */
static void may_wait(struct job *job)
{
    struct sync_call *call = job->call;
    if (call->wait_ms == 0 || call->refusal != ERR_OK || loop_stopping(job->app->loop))
        return;
    job->waiter.user = job;
    job->waits = true;
    for (size_t i = 0; i < call->n_rows; i++)
        main_wait_add(job->app->wait, &job->waiter, call->rows[i].space);
}

/* ---- the writer ---- */

static void tidy_work(void *arg)
{
    struct app *app = arg;
    enum err err = app->store->engine->tidy(app->store, false);
    if (err != ERR_OK && err != ERR_BUSY)
        LOG(LOG_ERROR, "checkpoint_failed", LOG_ERR("err", err));
}

static void tidy_done(void *arg)
{
    ((struct app *)arg)->tidying = false;
}

/* Off the commit path. What failed or was in the way is tried again by the next tick. */
static void tidy(struct app *app)
{
    if (app->tidying || app->store->engine->untidy(app->store) == 0)
        return;
    app->tidying = loop_work(app->loop, tidy_work, tidy_done, app) == ERR_OK;
}

static void write_batch(void *ctx, struct loop_item *const items[], size_t n)
{
    struct app *app = ctx;
    struct sync_call *calls[GROUP_MAX];
    size_t n_calls = 0;
    bool beat = false;
    uint64_t now_ms = (uint64_t)loop_time_ms(app->loop);
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && i < GROUP_MAX; i++) {
        struct job *job = (struct job *)items[i];
        if (job->req)
            calls[n_calls++] = job->call;
        else
            beat = true;
    }
    if (n_calls > 0)
        err = sync_apply(app->sync, calls, n_calls, now_ms);
    if (beat && err == ERR_OK)
        err = sync_heartbeat(app->sync, now_ms);
    if (err != ERR_CLOCK)
        atomic_store(&app->store_ok, err == ERR_OK);
}

static void write_done(void *ctx, struct loop_item *item)
{
    struct app *app = ctx;
    struct job *job = (struct job *)item;
    if (!job->req) {
        app->beating = false;
        free(job);
        return;
    }
    struct sync_call *call = job->call;
    for (size_t i = 0; i < call->n_rows && call->refusal == ERR_OK; i++) {
        if (call->rows[i].changed)
            main_wait_wake(app->wait, call->rows[i].space, woken, app);
    }
    answer_start(job);
    if (app->store->engine->untidy(app->store) == 2)
        tidy(app);
}

/* ---- a request ---- */

static void verify_work(void *arg)
{
    struct job *job = arg;
    struct store_view *view;
    job->err = store_views_take(job->app->views, &view);
    if (job->err != ERR_OK)
        return;
    sync_verify(job->call, view, (uint64_t)loop_time_ms(job->app->loop));
    if (job->call->step == SYNC_ANSWER && job->call->wait_ms == 0)
        answer_now(job, view);
    store_views_give(job->app->views, view);
}

static void verify_done(void *arg)
{
    struct job *job = arg;
    if (job->err != ERR_OK) {
        respond_text(job, job->err);
    } else if (job->call->step == SYNC_DONE) {
        respond(job);
    } else if (job->call->step == SYNC_APPLY) {
        job->item.bytes = job->call->len;
        if (loop_writer_push(job->app->writer, &job->item) != ERR_OK)
            respond_text(job, ERR_BUSY);
    } else {
        may_wait(job);
        answer_start(job);
    }
}

static void sync_request(struct app *app, struct loop_request *req)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job) {
        loop_respond_text(req, 503, "out of memory\n");
        return;
    }
    job->app = app;
    job->req = req;
    req->user = job;
    if (sync_call_new(&job->call, app->sync, req->body, req->body_len) != ERR_OK ||
        loop_work(app->loop, verify_work, verify_done, job) != ERR_OK)
        respond_text(job, ERR_MEMORY);
}

static void respond_copy(struct loop_request *req, const char *type, const void *bytes, size_t len)
{
    void *copy = malloc(len + 1);
    if (!copy) {
        loop_respond_text(req, 503, "out of memory\n");
        return;
    }
    memcpy(copy, bytes, len);
    const struct loop_answer answer = {
        .status = 200, .content_type = type, .body = copy, .body_len = len};
    loop_respond(req, &answer);
}

static void metrics_request(struct loop_request *req)
{
    char *text = NULL;
    size_t len = 0;
    if (metrics_render(&text, &len) != ERR_OK) {
        loop_respond_text(req, 503, "out of memory\n");
        return;
    }
    const struct loop_answer answer = {.status = 200,
                                       .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                       .body = text,
                                       .body_len = len};
    loop_respond(req, &answer);
}

static void ready_request(struct app *app, struct loop_request *req)
{
    if (loop_stopping(app->loop))
        loop_respond_text(req, 503, "stopping\n");
    else if (!atomic_load(&app->store_ok))
        loop_respond_text(req, 503, "the store cannot be written: is the disk full?\n");
    else if (!sync_clock_ok(app->sync, (uint64_t)loop_time_ms(app->loop)))
        loop_respond_text(req, 503,
                          "the clock jumped: set it right, or start with --accept-clock\n");
    else
        loop_respond_text(req, 200, "ready\n");
}

static void on_request(void *ctx, struct loop_request *req)
{
    struct app *app = ctx;
    bool get = req->method == HTTP_METHOD_GET || req->method == HTTP_METHOD_HEAD;
    if (req->method == HTTP_METHOD_POST && strcmp(req->path, "/v1/sync") == 0) {
        sync_request(app, req);
    } else if (get && strcmp(req->path, "/v1/server") == 0) {
        const struct buf *server = sync_server(app->sync);
        respond_copy(req, "application/msgpack", server->bytes, server->len);
    } else if (get && strcmp(req->path, "/healthz") == 0) {
        loop_respond_text(req, 200, "alive\n");
    } else if (get && strcmp(req->path, "/readyz") == 0) {
        ready_request(app, req);
    } else if (get && app->conf.metrics && strcmp(req->path, "/metrics") == 0) {
        metrics_request(req);
    } else {
        loop_respond_text(req, 404, "there is nothing here\n");
    }
}

static void on_gone(void *ctx, struct loop_request *req)
{
    (void)ctx;
    struct job *job = req->user;
    if (!job || !job->idle)
        return; /* a thread has it: the answer will find nobody */
    const struct loop_answer answer = {.status = 503};
    loop_respond(req, &answer);
    job_free(job);
}

static void answer_last(void *ctx, struct main_waiter *waiter)
{
    (void)ctx;
    time_over(waiter->user);
}

static void on_stopping(void *ctx)
{
    struct app *app = ctx;
    main_wait_all(app->wait, answer_last, app);
}

/* ---- the clock of housekeeping ---- */

static void beat(struct app *app)
{
    if (app->beating)
        return;
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return;
    job->app = app;
    app->beating = true;
    if (loop_writer_push(app->writer, &job->item) != ERR_OK) {
        app->beating = false;
        free(job);
    }
}

static void on_tick(void *arg)
{
    struct app *app = arg;
    loop_timer_free(app->tick);
    app->tick = NULL;
    app->ticks++;
    tidy(app);
    bool probe = !atomic_load(&app->store_ok) && app->ticks % PROBE_TICKS == 0;
    if (probe || app->ticks % BEAT_TICKS == 0)
        beat(app);
    if (loop_timer_new(app->loop, TICK_MS, on_tick, app, &app->tick) != ERR_OK)
        LOG(LOG_ERROR, "no_timer", LOG_ERR("err", ERR_MEMORY));
}

/* ---- start and end ---- */

static int read_options(struct app *app, int argc, char **argv, const char **port_file,
                        bool *accept_clock)
{
    const char *config = NULL, *data = NULL, *listen = NULL;
    bool insecure = false;
    char message[CONF_MESSAGE_MAX];
    const struct main_option options[] = {
        {"config", &config, NULL},          {"data", &data, NULL},
        {"listen", &listen, NULL},          {"port-file", port_file, NULL},
        {"insecure-http", NULL, &insecure}, {"accept-clock", NULL, accept_clock}};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    if (!config && !data) {
        main_refuse("serve needs --config FILE or --data DIR");
        return EXIT_USAGE;
    }
    conf_init(&app->conf);
    enum err err = config ? conf_load(&app->conf, config, message) : ERR_OK;
    if (err == ERR_OK && data)
        err = conf_set(&app->conf, "data", data, message);
    if (err == ERR_OK && listen)
        err = conf_set(&app->conf, "listen", listen, message);
    if (err == ERR_OK && insecure)
        err = conf_set(&app->conf, "insecure_http", "yes", message);
    if (err == ERR_OK)
        err = conf_check(&app->conf, message);
    if (err == ERR_OK)
        return EXIT_DONE;
    main_refuse("%s", message);
    return err == ERR_USAGE ? EXIT_USAGE : EXIT_REFUSED;
}

static int open_data(struct app *app)
{
    const char *data = app->conf.data;
    int code = main_open_key(data, &app->key);
    if (code != EXIT_DONE)
        return code;
    if (app->conf.log_name[0] && strcmp(app->conf.log_name, app->key.log_name) != 0)
        return main_refuse("the configuration says log_name = %s, but this server was made as %s;"
                           " the name never changes: take the line out",
                           app->conf.log_name, app->key.log_name);
    enum err err = store_folder_lock(data, &app->lock);
    if (err == ERR_BUSY)
        return main_refuse("another passerelled serves %s", data);
    if (err != ERR_OK)
        return main_refuse("%s/lock: %s", data, err_text(err));
    code = main_open_store(data, STORE_OWNER, &app->store);
    if (code != EXIT_DONE)
        return code;
    const struct sync_config config = {.store = app->store,
                                       .key = &app->key,
                                       .bytes_per_day = app->conf.quota_device_bytes_day,
                                       .wait_max_ms = app->conf.long_poll_max_ms};
    err = sync_new(&app->sync, &config);
    if (err == ERR_OK)
        err = store_views_new(&app->views, app->store);
    if (err == ERR_OK)
        err = main_wait_new(&app->wait);
    if (err != ERR_OK)
        return main_refuse("%s: %s", data, err_text(err));
    return EXIT_DONE;
}

static int open_loop(struct app *app, const struct loop_handler *handler)
{
    const struct conf *conf = &app->conf;
    for (size_t i = 0; i < conf->origins_len; i++)
        app->origins[i] = conf->origins[i];
    const struct loop_config config = {.listen = conf->listen,
                                       .body_max = conf->body_max,
                                       .buffered_max = conf->buffered_max,
                                       .connections_max = (unsigned)conf->connections_max,
                                       .threads = (unsigned)conf->threads,
                                       .header_ms = conf->header_timeout_ms,
                                       .body_ms = conf->body_timeout_ms,
                                       .idle_ms = conf->idle_timeout_ms,
                                       .write_ms = conf->write_timeout_ms,
                                       .stop_ms = conf->stop_timeout_ms,
                                       .origins = app->origins,
                                       .origins_len = conf->origins_len,
                                       .signals = true};
    const struct loop_writer_config writer = {
        .items_max = GROUP_MAX, .batch = write_batch, .done = write_done};
    enum err err = loop_new(&app->loop, &config, handler, app);
    if (err == ERR_EXISTS)
        return main_refuse("another program listens on %s: choose another port", conf->listen);
    if (err == ERR_DENIED)
        return main_refuse("this user may not listen on %s: choose a port above 1023",
                           conf->listen);
    if (err == ERR_OK)
        err = loop_writer_new(app->loop, &writer, app, &app->writer);
    if (err == ERR_OK)
        err = loop_timer_new(app->loop, TICK_MS, on_tick, app, &app->tick);
    if (err != ERR_OK)
        return main_refuse("cannot listen on %s: %s", conf->listen, err_text(err));
    return EXIT_DONE;
}

/* The first heartbeat is written before anybody is served: a server that cannot write says so at once. */
static int first_beat(struct app *app, bool accept_clock)
{
    uint64_t now_ms = (uint64_t)loop_time_ms(app->loop);
    if (accept_clock)
        sync_clock_accept(app->sync, now_ms);
    enum err err = sync_heartbeat(app->sync, now_ms);
    atomic_store(&app->store_ok, err == ERR_OK || err == ERR_CLOCK);
    if (err == ERR_CLOCK)
        LOG(LOG_ERROR, "clock_refused", LOG_NUM("now_ms", now_ms),
            LOG_WORD("do", "no push is accepted: set the clock right, or start once with"
                           " --accept-clock"));
    else if (err != ERR_OK)
        return main_refuse("%s cannot be written: %s", app->conf.data, err_text(err));
    return EXIT_DONE;
}

static int announce(struct app *app, const char *port_file)
{
    char text[16];
    unsigned port = loop_port(app->loop);
    int n = snprintf(text, sizeof text, "%u\n", port);
    if (port_file && store_folder_write(port_file, text, (size_t)n) != ERR_OK)
        return main_refuse("%s cannot be written", port_file);
    printf("passerelled: listening on %s", app->conf.listen);
    if (port)
        printf(" (port %u)", port);
    printf("\n");
    fflush(stdout);
    LOG(LOG_INFO, "serving", LOG_NUM("port", port),
        LOG_NUM("connections_max", loop_connections_max(app->loop)));
    return EXIT_DONE;
}

static void close_all(struct app *app)
{
    loop_timer_free(app->tick);
    loop_free(app->loop);
    main_wait_free(app->wait);
    store_views_free(app->views);
    sync_free(app->sync);
    if (app->store) {
        if (app->store->engine->tidy(app->store, true) != ERR_OK)
            LOG(LOG_WARN, "checkpoint_failed",
                LOG_WORD("do", "nothing: the next start repeats it"));
        app->store->engine->close(app->store);
    }
    serverkey_fini(&app->key);
    store_folder_unlock(app->lock);
}

int main_serve(int argc, char **argv)
{
    static const struct loop_handler handler = {
        .request = on_request, .gone = on_gone, .stopping = on_stopping};
    struct app app = {.lock = -1};
    const char *port_file = NULL;
    bool accept_clock = false;
    int code = read_options(&app, argc, argv, &port_file, &accept_clock);
    if (code != EXIT_DONE)
        return code;
    log_open(2, conf_log_format(&app.conf), conf_log_level(&app.conf));
    metrics_start();
    code = open_data(&app);
    if (code == EXIT_DONE)
        code = open_loop(&app, &handler);
    if (code == EXIT_DONE)
        code = first_beat(&app, accept_clock);
    if (code == EXIT_DONE)
        code = announce(&app, port_file);
    if (code == EXIT_DONE)
        loop_run(app.loop);
    close_all(&app);
    return code;
}
