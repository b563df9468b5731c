/* SPDX-License-Identifier: Apache-2.0
 *
 * main_serve: a serving process. main_serve.c starts and ends it, main_job.c answers requests.
 */
#ifndef SERVER_MAIN_SERVE_H
#define SERVER_MAIN_SERVE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "server/conf.h"
#include "server/loop.h"
#include "server/main_cosign.h"
#include "server/main_share.h"
#include "server/main_wait.h"
#include "server/store.h"
#include "server/sync.h"

enum { MAIN_GROUP_MAX = 512 }; /* items of one group */

struct main_app {
    struct conf conf;
    const char *origins[CONF_ORIGINS_MAX];
    struct serverkey key;
    struct store *store;
    struct store_views *views;
    struct store_cosigs *cosigs;
    struct main_cosign *cosign;
    struct sync *sync;
    struct loop *loop;
    struct loop_writer *writer;
    struct main_wait *wait;
    struct main_share *share;
    struct loop_timer *tick, *ear;
    unsigned ticks;
    struct {
        uint64_t ino;
        int64_t size, s, ns;
    } key_file; /* server.key as it was read last */
    bool tidying, beating;
    int lock;
    atomic_bool store_ok; /* the last commit worked */
};

/* What main_job.c gives to the loop; ctx is the app. */
void main_job_request(void *app, struct loop_request *req);
void main_job_gone(void *app, struct loop_request *req);
void main_job_stopping(void *app);
void main_job_batch(void *app, struct loop_item *const items[], size_t n);
void main_job_written(void *app, struct loop_item *item);

/** Takes up keys that were added to server.key. */
void main_key_watch(struct main_app *app);

/** Queues a heartbeat for the writer, unless one is under way. */
void main_job_beat(struct main_app *app);
/** Wakes who waits for a space that another node changed. Only where the store is shared. */
void main_job_hear(struct main_app *app);
/** Starts the store's housekeeping on the pool, if there is any. */
void main_job_tidy(struct main_app *app);

#endif
