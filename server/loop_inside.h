/* SPDX-License-Identifier: Apache-2.0
 *
 * loop_inside: what loop.c, loop_conn.c and loop_writer.c share; nobody else includes it.
 */
#ifndef SERVER_LOOP_INSIDE_H
#define SERVER_LOOP_INSIDE_H

#include <stdatomic.h>

#include <uv.h>

#include "server/loop.h"

enum {
    LOOP_SIGNALS = 3,         /* that end it gently */
    LOOP_READ_STEP = 65536,   /* one read; the buffer is shared by all connections */
    LOOP_HELD_STEP = 4096,    /* one read while a request is in flight: pipelining or the end */
    LOOP_OVER_MAX = 64,       /* connections over the limit that are told so at a time */
    LOOP_RATE_MIN = 128,      /* bytes per second that count as progress */
    LOOP_FILES_RESERVED = 64, /* descriptors kept for databases and ourselves */
    LOOP_BACKLOG = 1024
};

union loop_io {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct loop_conn;

struct loop {
    uv_loop_t uv;
    uv_thread_t thread;
    struct loop_config config; /* defaults filled in */
    struct http_limits limits;
    struct http_budget budget;
    const struct loop_handler *handler;
    void *ctx;

    union loop_io listener;
    bool local;       /* a Unix socket */
    bool accept_owed; /* libuv waits for our uv_accept */
    uint16_t port;
    uv_async_t wake;
    uv_signal_t signals[LOOP_SIGNALS];
    uv_timer_t stop_timer;

    struct loop_conn *conns;
    unsigned conns_len; /* all of them */
    unsigned over_len;  /* of which beyond connections_max */
    unsigned requests;  /* unanswered */
    unsigned works;     /* on the thread pool */
    struct loop_writer *writers;

    bool stopping;
    bool forced; /* stop_ms are over */
    atomic_bool stop_wanted;
    atomic_int_fast64_t offset_ms;
    uint8_t read_buffer[LOOP_READ_STEP];
};

/** Takes the connection that libuv announces. */
void loop_conn_accept(struct loop *loop);

/** Closes connections: those without a request in progress, or all. */
void loop_conns_close(struct loop *loop, bool all);

/** Runs done() of what was written. Not from within a done(): the order would be lost. */
void loop_writers_collect(struct loop *loop);

/** True while an item is queued, being written, or not yet done. */
bool loop_writers_busy(const struct loop *loop);

/** Writes out what is queued and ends the threads. */
void loop_writers_free(struct loop *loop);

/** Ends loop_run when a stop has nothing left to wait for. */
void loop_check_end(struct loop *loop);

static inline bool loop_is_current(const struct loop *loop)
{
    uv_thread_t self = uv_thread_self();
    return uv_thread_equal(&self, &loop->thread);
}

#endif
