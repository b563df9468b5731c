/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of sync share: a server with a founded space, and devices that come in.
 */
#ifndef TESTS_SYNC_FIXTURE_H
#define TESTS_SYNC_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "tests/lib/testserver.h"

enum {
    SYNC_WRITER = ROLE_READER | ROLE_WRITER,
    SYNC_ADMIN = ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN
};

struct world {
    struct testserver server;
    struct testdevice a; /* the founder */
    struct testdevice b, c;
    struct testspace *as, *bs, *cs; /* the space, as each of them has it */
};

static inline enum err world_try(struct world *w, struct testdevice *device)
{
    return testdevice_sync(device, testserver_send, &w->server, w->server.now_ms);
}

/* One round trip whose answer must verify. */
static inline void world_sync(struct world *w, struct testdevice *device)
{
    enum err err = world_try(w, device);
    if (err != ERR_OK)
        print_error("the answer does not verify: %s\n", err_name(err));
    assert_int_equal(err, ERR_OK);
}

static inline struct testspace *world_join(struct world *w, struct testdevice *device,
                                           uint32_t number, uint8_t roles)
{
    uint8_t secret[SEED_LEN];
    testdevice_init(device, number);
    testserver_meet(&w->server, device);
    testdevice_invite(&w->a, w->as, roles, w->server.now_ms / 1000 + 3600, secret);
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_queue, 0);
    struct testspace *space = testdevice_enter(device, w->as->id);
    testdevice_join(device, space, secret);
    world_sync(w, device);
    assert_int_equal(space->status, ERR_PENDING);
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_waiting, 1);
    testdevice_approve(&w->a, w->as, 0, roles);
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_queue, 0);
    world_sync(w, device);
    assert_int_equal(space->status, ERR_OK);
    return space;
}

static inline void world_found(struct world *w)
{
    uint8_t secret[SEED_LEN];
    testserver_start(&w->server);
    testserver_link(&w->server, secret);
    testdevice_init(&w->a, 1);
    testserver_meet(&w->server, &w->a);
    w->as = testdevice_found(&w->a, secret);
    world_sync(w, &w->a);
    assert_int_equal(w->as->status, ERR_OK);
    assert_int_equal(w->as->n_queue, 0);
}

static inline int world_setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    world_found(w);
    *state = w;
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *w = *state;
    testdevice_fini(&w->a);
    testdevice_fini(&w->b);
    testdevice_fini(&w->c);
    testserver_stop(&w->server);
    free(w);
    return 0;
}

static inline const struct testentry *world_last(const struct testspace *space)
{
    return &space->entries[space->tree.size - 1];
}

#endif
