/* SPDX-License-Identifier: Apache-2.0
 *
 * testserver: a server without sockets, in a folder of its own: store and sync, one request at a time, with a clock
 * that the test sets and a disk that fails when the test says so.
 */
#ifndef TESTS_TESTSERVER_H
#define TESTS_TESTSERVER_H

#include "server/sync.h"
#include "testdevice.h"

struct testserver {
    char folder[256];
    struct serverkey key;
    struct store *store;
    struct store_engine engine; /* the store's own, but for what the test replaces */
    struct store_view *view;
    struct sync *sync;
    struct sync_config config; /* set before testserver_start, or zero */
    uint64_t now_ms;
    enum err fail_commit; /* the next commits fail with this */
    unsigned commits;     /* that succeeded */
    bool lose_answers;    /* requests arrive, answers do not */
};

/** Makes folder, keys and store, and starts. */
void testserver_start(struct testserver *server);
/** Stops and removes the folder. */
void testserver_stop(struct testserver *server);
/** Closes and opens again what is on the disk. */
void testserver_restart(struct testserver *server);
/** Copies the folder's files to and from a second folder (the server is closed meanwhile). */
void testserver_backup(struct testserver *server);
void testserver_restore(struct testserver *server);

/** A new founder link's secret. */
void testserver_link(struct testserver *server, uint8_t secret[static SEED_LEN]);

/** Makes a device know this server. */
void testserver_meet(struct testserver *server, struct testdevice *device);

/** A testdevice_send with the server as ctx. */
enum err testserver_send(void *server, const uint8_t *request, size_t len, struct buf *response,
                         int *http);

/** The steps one by one: a call that was verified. Free it with sync_call_free. */
struct sync_call *testserver_verify(struct testserver *server, const uint8_t *bytes, size_t len);
/** Applies a group of verified calls. */
enum err testserver_apply(struct testserver *server, struct sync_call *const calls[], size_t n);
/** Answers; ERR_OK also when held. */
void testserver_answer(struct testserver *server, struct sync_call *call, bool last);

/** Whether the bytes stand in any file of the folder. */
bool testserver_holds(const struct testserver *server, const void *bytes, size_t len);

#endif
