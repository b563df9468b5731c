/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts the loop, the writer's thread and the pool around the three steps of sync.
 *
 *     request -> pool: verify ---------------> pool: answer -> response
 *                  |  (nothing to store:)         ^      |
 *                  |   answered in one go         |      '--> held until a space changes (main_wait.h)
 *                  '--> writer: apply a group ----'
 *
 * A job is one sync request from its last byte to its answer. Exactly one thread has it at any time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/code.h"
#include "server/log.h"
#include "server/main_serve.h"
#include "server/metrics.h"

struct job {
    struct loop_item item; /* first: what the writer's queue holds */
    struct main_app *app;
    struct loop_request *req; /* NULL: a heartbeat */
    struct sync_call *call;
    struct main_waiter waiter; /* while it may wait */
    struct loop_timer *timer;
    bool waits, idle, again,
        last;     /* in a long poll; held; a space changed; answer whatever there is */
    bool counted; /* among the requests of `device` */
    uint8_t device[ID_LEN];
    enum err err; /* of this machine, before there was an answer */
};

static void answer_start(struct job *job);

/* ---- ends ---- */

static void job_free(struct job *job)
{
    if (job->waits)
        main_wait_remove(job->app->wait, &job->waiter);
    if (job->counted)
        main_share_leave(job->app->share, job->device);
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

static void heard(void *ctx, const uint8_t *space)
{
    struct main_app *app = ctx;
    if (space)
        main_wait_wake(app->wait, space, woken, app);
    else
        main_wait_all(app->wait, woken, app);
}

void main_job_hear(struct main_app *app)
{
    app->store->engine->heard(app->store, heard, app);
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
    struct main_app *app = arg;
    enum err err = app->store->engine->tidy(app->store, false);
    if (err != ERR_OK && err != ERR_BUSY)
        LOG(LOG_ERROR, "checkpoint_failed", LOG_ERR("err", err));
}

static void tidy_done(void *arg)
{
    ((struct main_app *)arg)->tidying = false;
}

/* Off the commit path. What failed or was in the way is tried again by the next tick. */
void main_job_tidy(struct main_app *app)
{
    if (app->tidying || app->store->engine->untidy(app->store) == 0)
        return;
    app->tidying = loop_work(app->loop, tidy_work, tidy_done, app) == ERR_OK;
}

void main_job_batch(void *ctx, struct loop_item *const items[], size_t n)
{
    struct main_app *app = ctx;
    struct sync_call *calls[MAIN_GROUP_MAX];
    size_t n_calls = 0;
    bool beat = false;
    uint64_t now_ms = (uint64_t)loop_time_ms(app->loop);
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && i < MAIN_GROUP_MAX; i++) {
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

void main_job_written(void *ctx, struct loop_item *item)
{
    struct main_app *app = ctx;
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
        main_job_tidy(app);
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

/* What takes a place, now that the device has proved to be itself. */
static enum err count(struct job *job)
{
    memcpy(job->device, job->call->request.device, ID_LEN);
    enum err err = main_share_enter(job->app->share, job->device);
    job->counted = err == ERR_OK;
    if (err == ERR_BUSY)
        metrics_add(METRIC_ADMISSION, 1);
    return err;
}

static void verify_done(void *arg)
{
    struct job *job = arg;
    if (job->err == ERR_OK && job->call->step != SYNC_DONE)
        job->err = count(job);
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

static void sync_request(struct main_app *app, struct loop_request *req)
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

/* ?key=HEX: what a link or a device knows of this server's keys, which may be former ones. */
static void server_request(struct main_app *app, struct loop_request *req)
{
    uint8_t hash[HASH_LEN];
    bool known = req->query && strncmp(req->query, "key=", 4) == 0 &&
                 code_unhex(hash, HASH_LEN, req->query + 4, strlen(req->query + 4)) == ERR_OK;
    const struct buf *server = known ? sync_server_for(app->sync, hash) : sync_server(app->sync);
    if (server)
        respond_copy(req, "application/msgpack", server->bytes, server->len);
    else
        loop_respond_text(req, 503, "out of memory\n");
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

static void ready_request(struct main_app *app, struct loop_request *req)
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

void main_job_request(void *ctx, struct loop_request *req)
{
    struct main_app *app = ctx;
    bool get = req->method == HTTP_METHOD_GET || req->method == HTTP_METHOD_HEAD;
    if (req->method == HTTP_METHOD_POST && strcmp(req->path, "/v1/sync") == 0) {
        sync_request(app, req);
    } else if (get && strcmp(req->path, "/v1/server") == 0) {
        server_request(app, req);
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

void main_job_gone(void *ctx, struct loop_request *req)
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

void main_job_stopping(void *ctx)
{
    struct main_app *app = ctx;
    main_wait_all(app->wait, answer_last, app);
}

/* ---- heartbeats ---- */

void main_job_beat(struct main_app *app)
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
