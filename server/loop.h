/* SPDX-License-Identifier: Apache-2.0
 *
 * loop: the event loop of the server: its sockets, timers, threads and clocks.
 *
 *                       loop thread                              other threads
 *     socket -> http.h -> handler->request(req)
 *                              |-- loop_work ------------------> work()      (thread pool)
 *                              |      done() <------------------------'
 *                              |-- loop_writer_push -----------> batch()     (one writer thread)
 *                              |      done() <------------------------'
 *                              '-- loop_respond(req) -> socket
 *
 * Every function and callback belongs to the loop thread (the one that calls loop_run), except
 * work(), batch(), loop_stop, loop_now_ms and loop_time_ms. Callbacks may call any function here.
 *
 * Refusals (http.h), timeouts, the limit of connections and the budget of buffered bytes are
 * handled below this interface; the handler sees complete requests only, one at a time per
 * connection.
 */
#ifndef SERVER_LOOP_H
#define SERVER_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "server/http.h"

struct loop;
struct loop_timer;
struct loop_writer;

/* Zero means the default in brackets. Strings are borrowed until loop_free. */
struct loop_config {
    const char *listen;         /* as conf_listen_parse takes it; port 0 = any free one */
    size_t body_max;            /* largest body [8 MiB] */
    size_t buffered_max;        /* bytes of all heads and bodies in memory [256 MiB] */
    unsigned connections_max;   /* [4096]; lowered when the system allows fewer files */
    unsigned threads;           /* of the pool [one per processor]; the first loop decides */
    uint64_t header_ms;         /* first byte of a head to its end [15 s] */
    uint64_t body_ms;           /* window in which a body must make progress [30 s] */
    uint64_t idle_ms;           /* between two requests [120 s] */
    uint64_t write_ms;          /* window in which a reader must make progress [30 s] */
    uint64_t linger_ms;         /* after a refusal, for the peer to read it [2 s] */
    uint64_t stop_ms;           /* for requests in flight on loop_stop [10 s] */
    const char *const *origins; /* CORS, see http.h [none] */
    size_t origins_len;
    bool signals; /* SIGTERM, SIGINT and SIGHUP call loop_stop */
};

/*
 * A request, from the handler's request() until loop_respond. The strings and the body are borrowed
 * from the connection until loop_respond or loop_hold, whichever is first.
 */
struct loop_request {
    enum http_method method;  /* GET, HEAD or POST */
    const char *path;         /* as sent, without the query */
    const char *query;        /* or NULL */
    const char *content_type; /* or NULL */
    const uint8_t *body;
    size_t body_len;
    bool gone;  /* the peer hung up; respond all the same */
    void *user; /* the handler's own */
};

struct loop_handler {
    /** A request is complete. Answer it, now or later, by exactly one loop_respond. */
    void (*request)(void *ctx, struct loop_request *req);

    /**
     * The peer of an unanswered request closed its side; req->gone is set. Free what waits for it
     * and call loop_respond, now or when a thread that reads the request is done with it (an empty
     * answer will do, it may reach nobody). May be NULL. Not noticed while further pipelined bytes
     * wait on the connection.
     */
    void (*gone)(void *ctx, struct loop_request *req);

    /** loop_stop took effect: answer the long polls now. Called once. May be NULL. */
    void (*stopping)(void *ctx);
};

/* An answer. `body` is taken (from malloc, freed here) or NULL; the rest is borrowed. */
struct loop_answer {
    int status;               /* 200..599 */
    const char *content_type; /* NULL without body */
    const char *extra;        /* NULL, or whole header lines "Name: value\r\n" of our own making */
    void *body;
    size_t body_len;
};

/**
 * Makes a loop and listens. `config` is borrowed for the call (its strings longer, see above),
 * `handler` and `ctx` until loop_free. Ignores SIGPIPE for the process and raises the soft limit of
 * open files to the hard one. A stale Unix socket at the path is removed, a live one is not.
 *
 * ERR_USAGE   config->listen has no known form
 * ERR_EXISTS  another process listens there
 * ERR_DENIED  the system does not let this process listen there
 * ERR_IO      no socket, address not of this machine, or too many files
 * ERR_MEMORY
 */
enum err loop_new(struct loop **loop, const struct loop_config *config,
                  const struct loop_handler *handler, void *ctx);

/**
 * Serves until loop_stop has taken its course: no new connections, requests in flight answered or
 * stop_ms over, work and writers finished. Call once.
 */
void loop_run(struct loop *loop);

/** Joins the writers, closes everything and frees. NULL is fine. Never from a callback. */
void loop_free(struct loop *loop);

/** Begins a graceful stop. Any thread, any number of times, also before loop_run. */
void loop_stop(struct loop *loop);

/** True once a stop has begun: refuse new long polls. */
bool loop_stopping(const struct loop *loop);

/** The TCP port that is listened on; 0 for a Unix socket. */
uint16_t loop_port(const struct loop *loop);

/** Connections open, and the limit in force; for tests and logs. */
unsigned loop_connections(const struct loop *loop);
unsigned loop_connections_max(const struct loop *loop);

/**
 * Answers a request; `req` and what it borrowed are gone afterwards. Takes answer->body, also when
 * the peer hung up.
 */
void loop_respond(struct loop_request *req, const struct loop_answer *answer);

/** The same with a plain-text body, which is copied. */
void loop_respond_text(struct loop_request *req, int status, const char *text);

/**
 * Says that a request waits long (a long poll): frees its head and body now (req keeps method and
 * user), counts it as a held long poll, and leaves it out of the request times.
 */
void loop_hold(struct loop_request *req);

/**
 * Runs work(arg) on the thread pool, then done(arg) on the loop thread. `arg` stays the caller's;
 * done is always called, also during a stop.
 *
 * ERR_MEMORY  neither will be called
 */
enum err loop_work(struct loop *loop, void (*work)(void *arg), void (*done)(void *arg), void *arg);

/**
 * Calls fn(arg) once, `after_ms` from now; gives the timer. The caller frees it with
 * loop_timer_free, before or after it fired, at the latest before loop_free. A timer does not keep
 * a stop waiting.
 */
enum err loop_timer_new(struct loop *loop, uint64_t after_ms, void (*fn)(void *arg), void *arg,
                        struct loop_timer **timer);

/** Stops and frees; fn will not be called afterwards. NULL is fine, also inside fn. */
void loop_timer_free(struct loop_timer *timer);

/** Milliseconds of a clock that only goes forward. Any thread. */
uint64_t loop_now_ms(void);

/** Unix time in milliseconds, with the offset. Any thread. */
int64_t loop_time_ms(const struct loop *loop);

/** Shifts loop_time_ms, for tests of wrong clocks. Any thread. */
void loop_time_offset(struct loop *loop, int64_t offset_ms);

/*
 * Group commit: a queue in front of one thread. Whenever the thread is free it takes everything
 * that waits (up to the limits, at least one item) as the next batch. No timer: what arrives while
 * a batch is written becomes the next one.
 */
struct loop_item {
    struct loop_item *next; /* the writer's, between push and done */
    size_t bytes;           /* set before the push */
};

struct loop_writer_config {
    size_t items_max; /* per batch [512] */
    size_t bytes_max; /* per batch [8 MiB] */
    size_t queue_max; /* items waiting or being written [65536] */

    /** Writes items[0..n) in the order of their push, n >= 1. On the writer thread. */
    void (*batch)(void *ctx, struct loop_item *const items[], size_t n);

    /** One item was written by a batch() that has returned. In order. On the loop thread. */
    void (*done)(void *ctx, struct loop_item *item);
};

/** Starts a writer; it lives until loop_free. `ctx` is borrowed until then. */
enum err loop_writer_new(struct loop *loop, const struct loop_writer_config *config, void *ctx,
                         struct loop_writer **writer);

/**
 * Queues an item, which is the writer's until done(item). Usually the first member of the caller's
 * struct.
 *
 * ERR_BUSY  queue_max items are under way; the item stays the caller's, answer 503
 */
enum err loop_writer_push(struct loop_writer *writer, struct loop_item *item);

#endif
