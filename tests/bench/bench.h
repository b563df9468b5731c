/* SPDX-License-Identifier: Apache-2.0
 *
 * bench: what the files of passerelle-bench share.
 *
 *   bench_text     the workload: invented French notes, the same for the same seed
 *   bench_os       clocks, another process's processor time and memory, files
 *   bench_limit    what the machine itself allows for the same bytes: fsync, SQLite, HTTP, xz
 *   bench_proxy    a proxy that counts every byte and can be as slow as a rural phone
 *   bench_person   a device with the real engine, and the pack's view
 *   bench_crowd    many devices of tests/lib/testdevice.h, and requests made before the clock starts
 *   row_*          the rows
 *
 * Whatever fails ends the program with a message: a figure of a run that went wrong is no figure.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "client/engine.h"
#include "client/net_curl.h"
#include "tests/lib/testdaemon.h"

/* --- the run --- */

struct bench {
    uint64_t seed;
    size_t changes, records; /* of the bulk rows [10,000 over 500] */
    size_t devices;          /* of the row `many` [200] */
    size_t idle;             /* greatest number of long polls [10,000] */
    size_t live;             /* records of the row `caseload` [10,000] */
    unsigned repeat;
};

/** Ends the program with a message. */
void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void bench_must_(enum err err, const char *what);
#define bench_must(call) bench_must_(call, #call)

/** One sample of a figure. Repeated samples of one row and figure become their median. `limit` is what the machine allows
 * for the same thing, in the same unit, and `of` names it; NULL: there is none. All texts are static. */
void bench_figure(const char *row, const char *figure, double value, const char *unit, double limit,
                  const char *of);

/* --- text and workload --- */

struct bench_random {
    uint64_t state;
};
uint64_t bench_random(struct bench_random *random, uint64_t below);

enum { BENCH_TEXT_LEAST = 40, BENCH_TEXT_MOST = 120 };

/** One note of 40 to 120 bytes, with its NUL; gives its length. */
size_t bench_text(struct bench_random *random, char out[static BENCH_TEXT_MOST + 1]);

struct bench_change {
    size_t record;
    uint32_t field;
    size_t len;
    char text[BENCH_TEXT_MOST + 1];
};
struct bench_work {
    size_t n, records;
    struct bench_change *items;
};
/** Changes of random records; every record has at least one when n >= records. */
void bench_work_make(struct bench_work *work, uint64_t seed, size_t n, size_t records);
void bench_work_free(struct bench_work *work);
/** The same as bytes: per change a 16-byte record id, the field's name, the text. */
void bench_work_raw(const struct bench_work *work, struct buf *out);

/* --- the machine --- */

/** Seconds that only go forward; seconds of this thread's processor. */
double bench_now(void);
double bench_thread_cpu(void);
/** Seconds of processor that a process has used (all its threads). */
double bench_cpu(pid_t pid);
/** Resident memory without file pages, its greatest value since bench_peak_reset, in kB. */
double bench_memory_kb(pid_t pid);
double bench_peak_kb(pid_t pid);
void bench_peak_reset(pid_t pid);
/** Bytes of all files of a folder. */
uint64_t bench_folder_bytes(const char *folder);
void bench_folder_remove(const char *folder);
void bench_folder_new(char out[static 256], const char *name);
uint64_t bench_wall_ms(void);

/* --- limits; each gives seconds --- */

/** Writes the bytes to a new file and fsyncs once. */
double bench_limit_fsync(const struct buf *bytes);
/** Inserts the bytes as `rows` blobs, `group` to a transaction (WAL, synchronous=FULL). */
double bench_limit_sqlite(const struct buf *bytes, size_t rows, size_t group);
/** Sends the bytes to the daemon as a POST that it refuses once it has read it whole. */
double bench_limit_http(const struct testdaemon *daemon, const struct buf *bytes);
/** Length of the bytes after `xz -9e`, or `gzip -9`; 0 when the program is not there. */
size_t bench_limit_packed(const char *program, const char *level, const struct buf *bytes);

/* --- proxy --- */

struct bench_proxy;
struct bench_proxy_shape {
    double rtt_s;   /* 0: at once */
    double bytes_s; /* each way; 0: unlimited */
};
struct bench_proxy_count {
    uint64_t up, down; /* everything on the connections: heads and bodies */
    unsigned connections;
};
/** Listens on a free port of 127.0.0.1 in a thread of its own, in front of the daemon. A shaped connection also takes one
 * round trip before its first byte leaves, as TCP's handshake does. */
struct bench_proxy *bench_proxy_new(int to_port, const struct bench_proxy_shape *shape);
int bench_proxy_port(const struct bench_proxy *proxy);
/** What passed since the last call; only between syncs. */
void bench_proxy_take(struct bench_proxy *proxy, struct bench_proxy_count *count);
void bench_proxy_free(struct bench_proxy *proxy);

/* --- a device with the real engine --- */

struct bench_person {
    char dir[256];
    struct engine *engine;
    struct net *net;
    size_t n_dossiers, cap;
    uint8_t (*dossiers)[ID_LEN];
};

/** What a sync took. Seconds of this device's work (and of its processor) and of waiting for
 * the answer. */
struct bench_sync {
    unsigned turns;
    double work_s, wait_s, work_cpu_s, server_cpu_s;
    uint64_t bytes_up, bytes_down; /* bodies */
    uint64_t pushed, pulled;
};

extern const char BENCH_PASS[];
void bench_person_new(struct bench_person *person, const char *name);
void bench_person_fini(struct bench_person *person);
void bench_person_found(struct bench_person *person, const struct testdaemon *daemon);
/** Invites and joins; the next sync of `person` brings everything. */
void bench_person_admit(struct bench_person *admin, struct bench_person *person,
                        const struct testdaemon *daemon);
/** A whole sync over plain sockets, kept alive; `out` may be NULL. */
void bench_person_sync(struct bench_person *person, const struct testdaemon *daemon,
                       struct bench_sync *out);
/** The same with libcurl to another port (a proxy), on a new connection. */
void bench_person_sync_curl(struct bench_person *person, int port, struct bench_sync *out);
/** Makes new dossiers of persons, one change (their kind) each. */
void bench_person_dossiers(struct bench_person *person, size_t n);
/** Writes one change offline: one edit. */
void bench_person_edit(struct bench_person *person, const uint8_t shred[static ID_LEN],
                       uint32_t field, const char *text, size_t len);
/** The whole workload over the dossiers. */
void bench_person_work(struct bench_person *person, const struct bench_work *work);
/** The same as one edit per dossier: much sooner done. */
void bench_person_work_fast(struct bench_person *person, const struct bench_work *work);

/* --- many devices --- */

/** A request made in advance, and its answer. */
struct bench_shot {
    struct buf request, answer;
    uint8_t hash[HASH_LEN];
    size_t leaves, changes;
};
/** Requests of one device that go one after the other over one connection. */
struct bench_lane {
    struct testdevice *device;
    size_t n, cap;
    struct bench_shot *shots;
};
struct bench_crowd {
    struct testdaemon daemon;
    size_t n;
    struct testdevice *devices; /* 0 founded the space; all are members */
};
/** A server with a space of `n` members. With `own`, each of the others founds a space of its own and forgets the
 * common one. `extra` (NULL-terminated, may be NULL) are arguments of serve. */
void bench_crowd_new(struct bench_crowd *crowd, size_t n, bool own, const char *const *extra);
void bench_crowd_free(struct bench_crowd *crowd);

struct bench_load {
    size_t shots;            /* per device */
    size_t leaves, per_leaf; /* a request's leaves; changes of one leaf */
    size_t bodies;           /* of a leaf */
    bool follow;             /* each request says that the one before has arrived (own spaces) */
    uint64_t max_bytes;      /* of an answer; 0 = the server's limit */
    uint64_t wait_ms;
};
/** Makes the requests of every device. A request without leaves is an empty sync. */
struct bench_lane *bench_load_make(struct bench_crowd *crowd, const struct bench_load *load,
                                   uint64_t seed);
struct bench_fired {
    double wall_s, server_cpu_s, client_cpu_s;
    uint64_t requests, changes, leaves, bytes_up, bytes_down;
};
/** Fires all lanes at once, one thread each; then verifies every answer, and that every leaf was accepted. */
void bench_load_fire(struct bench_crowd *crowd, struct bench_lane *lanes,
                     struct bench_fired *fired);
void bench_load_free(struct bench_crowd *crowd, struct bench_lane *lanes);

/* --- rows --- */

void row_machine(const struct bench *bench);
void row_push(const struct bench *bench);
void row_small(const struct bench *bench);
void row_memory(const struct bench *bench);
void row_many(const struct bench *bench);
void row_single(const struct bench *bench);
void row_bulk(const struct bench *bench);
void row_idle(const struct bench *bench);
void row_micro(const struct bench *bench);
void row_caseload(const struct bench *bench);

#endif
