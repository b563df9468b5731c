/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the loop share: a small application behind real sockets, where the sync logic
 * stands otherwise, and blocking clients.
 *
 * The application answers
 *
 *   /hello       "hello"
 *   /echo        the request's body
 *   /big         LOOP_BIG bytes
 *   /hold?MS     "nothing new" after MS milliseconds (60,000), or "stopping"
 *   /job?MS      a checksum of the body, computed on a worker that takes MS longer
 *   /commit      "committed" after its batch, 503 when the writer is full
 *   /never       nothing at all, until the client is gone
 */
#ifndef TESTS_LOOP_APP_H
#define TESTS_LOOP_APP_H

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/loop.h"

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

enum { LOOP_BIG = 8 << 20, HELD_MAX = 600 };

struct held;

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

/* Group setup: errors alone are logged. */
int app_quiet(void **state);

extern const struct loop_handler app_handler;

/* What app_handler does with a request; `ctx` is the struct app. */
void app_request(void *ctx, struct loop_request *req);

/* Makes the loop (on a port of its own unless `config` says where) and its writer, without running it. */
void app_open(struct app *app, struct loop_config config, struct loop_writer_config writer_config);

/* The thread that runs the loop of the struct app `arg`, after app_open(). */
void *app_main(void *arg);

/* Opens and runs it in a thread. */
void app_start(struct app *app, struct loop_config config);

/* Stops it, and checks that no connection, request or byte is left over. */
void app_stop(struct app *app);

struct client {
    int fd;
    char *bytes;
    size_t len, cap;
    char *body; /* of the last answer */
    size_t body_len;
};

/* A connected socket with 20 seconds of patience, or -1. */
int client_dial(const struct app *app);

void client_open(struct client *c, const struct app *app);
void client_close(struct client *c);

/* False when the other side has hung up. */
bool client_try_send(struct client *c, const void *bytes, size_t len);
void client_send(struct client *c, const char *text);
void client_get(struct client *c, const char *target);
void client_post(struct client *c, const char *target, const char *body);

/* Reads one answer into c->body; gives its status, or 0 when the connection ended. */
int client_read(struct client *c);

/* The same; `with_body` is false after a HEAD, whose answer has a length and no body. */
int client_read_one(struct client *c, bool with_body);

/* The next thing that comes is the connection's end. */
void assert_closed(struct client *c);

uint64_t elapsed(uint64_t since_ms);

/* Waits for a condition of another thread, bounded. */
#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        uint64_t since_ = loop_now_ms();                                                           \
        while (!(condition) && elapsed(since_) < 20000)                                            \
            usleep(2000);                                                                          \
        assert_true(condition);                                                                    \
    } while (0)

#endif
