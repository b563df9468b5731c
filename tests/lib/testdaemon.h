/* SPDX-License-Identifier: Apache-2.0
 *
 * testdaemon: the real passerelled as a child process on a free port of 127.0.0.1, and plain HTTP to speak to it.
 */
#ifndef TESTS_TESTDAEMON_H
#define TESTS_TESTDAEMON_H

#include <sys/types.h>

#include "testdevice.h"

struct testdaemon {
    char program[300], folder[256], port_file[300];
    pid_t pid;
    int port;
    uint8_t secret[SEED_LEN]; /* of the founder link */
    const char *extra[8];     /* further arguments of serve */
};

/** Makes a data folder below TMPDIR (or /tmp) with `passerelled init`, and keeps the founder link's secret. With
 * TESTDAEMON_STORE, the URI of an empty PostgreSQL database with # for 1, 2, 3 ..., the store is the next of those. */
void testdaemon_init(struct testdaemon *daemon);
/** Starts serving and waits until it is ready. */
void testdaemon_start(struct testdaemon *daemon);
/** Sends a signal and waits for the end; gives the exit code, or 128 + the signal that ended it. */
int testdaemon_stop(struct testdaemon *daemon, int signal);
/** Stops it if it runs, and removes the folder. */
void testdaemon_fini(struct testdaemon *daemon);
/** Runs `passerelled COMMAND --data FOLDER ARG`; gives its exit code, and what it printed in `out`. */
int testdaemon_run(const struct testdaemon *daemon, const char *command, const char *arg,
                   struct buf *out);

/** GET; gives the status, 0 without an answer. */
int testdaemon_get(const struct testdaemon *daemon, const char *path, struct buf *out);
/** A metric's value (name with its labels); -1 when it is not there. */
double testdaemon_metric(const struct testdaemon *daemon, const char *name);
/** Makes a device know this server. */
void testdaemon_meet(const struct testdaemon *daemon, struct testdevice *device);

/** A connection of its own for one thread. */
struct testdaemon_line {
    const struct testdaemon *daemon;
    int fd; /* -1: none yet */
};
/** A testdevice_send with a line as ctx. ERR_NET: no answer. */
enum err testdaemon_send(void *line, const uint8_t *request, size_t len, struct buf *response,
                         int *http);
/** The two halves of it. */
enum err testdaemon_post(struct testdaemon_line *line, const uint8_t *request, size_t len);
enum err testdaemon_answer(struct testdaemon_line *line, struct buf *response, int *http);
void testdaemon_hang_up(struct testdaemon_line *line);

#endif
