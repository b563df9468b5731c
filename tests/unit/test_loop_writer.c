/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the loop's writer commits in groups, in sequence, within its bounds.
 */
#include "loop_app.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/metrics.h"

enum { ORDER_MAX = 4096 };

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_commit),
        cmocka_unit_test(test_writer_limits),
        cmocka_unit_test(test_writer_order),
    };
    return cmocka_run_group_tests(tests, app_quiet, NULL);
}
