/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "server/loop_inside.h"
#include "server/metrics.h"

struct queue {
    struct loop_item *first;
    struct loop_item **last; /* where the next one is linked */
};

struct loop_writer {
    struct loop *loop;
    struct loop_writer *next;
    struct loop_writer_config config;
    void *ctx;
    uv_thread_t thread;
    uv_mutex_t lock; /* guards the queues and quit */
    uv_cond_t filled;
    struct queue waiting;
    struct queue written;
    bool quit;
    size_t under_way; /* loop thread only: pushed and not yet done */
    struct loop_item **batch;
};

static void queue_init(struct queue *q)
{
    q->first = NULL;
    q->last = &q->first;
}

static void queue_add(struct queue *q, struct loop_item *item)
{
    item->next = NULL;
    *q->last = item;
    q->last = &item->next;
}

static struct loop_item *queue_take(struct queue *q)
{
    struct loop_item *item = q->first;
    q->first = item->next;
    if (!q->first)
        q->last = &q->first;
    return item;
}

/* Moves the next batch out of the queue; the lock is held. */
static size_t take_batch(struct loop_writer *w)
{
    size_t n = 0;
    size_t bytes = 0;
    while (w->waiting.first && n < w->config.items_max &&
           (n == 0 || w->waiting.first->bytes <= w->config.bytes_max - bytes)) {
        w->batch[n] = queue_take(&w->waiting);
        bytes += w->batch[n]->bytes;
        n++;
        if (bytes >= w->config.bytes_max)
            break;
    }
    return n;
}

static void writer_main(void *arg)
{
    struct loop_writer *w = arg;
    uv_mutex_lock(&w->lock);
    while (true) {
        while (!w->waiting.first && !w->quit)
            uv_cond_wait(&w->filled, &w->lock);
        if (!w->waiting.first)
            break;
        size_t n = take_batch(w);
        assert(n > 0);
        uv_mutex_unlock(&w->lock);

        uint64_t start_ns = uv_hrtime();
        w->config.batch(w->ctx, w->batch, n);
        metrics_observe(METRIC_GROUP_SIZE, n);
        metrics_observe(METRIC_COMMIT_TIME, (uv_hrtime() - start_ns) / 1000);

        uv_mutex_lock(&w->lock);
        for (size_t i = 0; i < n; i++)
            queue_add(&w->written, w->batch[i]);
        uv_async_send(&w->loop->wake);
    }
    uv_mutex_unlock(&w->lock);
}

enum err loop_writer_new(struct loop *loop, const struct loop_writer_config *config, void *ctx,
                         struct loop_writer **writer)
{
    assert(config->batch && config->done && loop_is_current(loop));
    struct loop_writer *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_MEMORY;
    w->loop = loop;
    w->ctx = ctx;
    w->config = *config;
    w->config.items_max = config->items_max ? config->items_max : 512;
    w->config.bytes_max = config->bytes_max ? config->bytes_max : 8 << 20;
    w->config.queue_max = config->queue_max ? config->queue_max : 65536;
    queue_init(&w->waiting);
    queue_init(&w->written);
    w->batch = calloc(w->config.items_max, sizeof(struct loop_item *));
    if (!w->batch)
        goto no_batch;
    if (uv_mutex_init(&w->lock) != 0)
        goto no_lock;
    if (uv_cond_init(&w->filled) != 0)
        goto no_cond;
    if (uv_thread_create(&w->thread, writer_main, w) != 0)
        goto no_thread;
    w->next = loop->writers;
    loop->writers = w;
    *writer = w;
    return ERR_OK;

no_thread:
    uv_cond_destroy(&w->filled);
no_cond:
    uv_mutex_destroy(&w->lock);
no_lock:
    free(w->batch);
no_batch:
    free(w);
    return ERR_MEMORY;
}

enum err loop_writer_push(struct loop_writer *w, struct loop_item *item)
{
    assert(loop_is_current(w->loop));
    if (w->under_way >= w->config.queue_max) {
        metrics_add(METRIC_ADMISSION, 1);
        return ERR_BUSY;
    }
    w->under_way++;
    metrics_move(METRIC_WRITER_QUEUE, 1);
    uv_mutex_lock(&w->lock);
    queue_add(&w->waiting, item);
    uv_cond_signal(&w->filled);
    uv_mutex_unlock(&w->lock);
    return ERR_OK;
}

static void collect(struct loop_writer *w)
{
    uv_mutex_lock(&w->lock);
    struct loop_item *item = w->written.first;
    queue_init(&w->written);
    uv_mutex_unlock(&w->lock);
    while (item) {
        struct loop_item *next = item->next; /* done() may free the item or push it again */
        assert(w->under_way > 0);
        w->under_way--;
        metrics_move(METRIC_WRITER_QUEUE, -1);
        w->config.done(w->ctx, item);
        item = next;
    }
}

void loop_writers_collect(struct loop *loop)
{
    for (struct loop_writer *w = loop->writers; w; w = w->next)
        collect(w);
}

bool loop_writers_busy(const struct loop *loop)
{
    for (const struct loop_writer *w = loop->writers; w; w = w->next) {
        if (w->under_way > 0)
            return true;
    }
    return false;
}

void loop_writers_free(struct loop *loop)
{
    while (loop->writers) {
        struct loop_writer *w = loop->writers;
        loop->writers = w->next;
        uv_mutex_lock(&w->lock);
        w->quit = true;
        uv_cond_signal(&w->filled);
        uv_mutex_unlock(&w->lock);
        uv_thread_join(&w->thread);
        uv_cond_destroy(&w->filled);
        uv_mutex_destroy(&w->lock);
        free(w->batch);
        free(w);
    }
}
