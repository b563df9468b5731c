/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests are made before the clock starts and verified after it stopped: the load generator shares the machine with the
 * server and must leave it as much of it as it can.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/arena.h"
#include "proto/change.h"
#include "proto/wire.h"
#include "tests/bench/bench.h"

enum { BATCH = 50, LANE_STACK = 256 << 10 };

/* --- members --- */

static void sync_one(struct testdevice *device, const struct testdaemon *daemon)
{
    struct testdaemon_line line = {.daemon = daemon, .fd = -1};
    bench_must(testdevice_sync(device, testdaemon_send, &line, bench_wall_ms()));
    bench_must(device->status);
    testdaemon_hang_up(&line);
}

static void admit(struct bench_crowd *crowd, size_t from, size_t n)
{
    struct testdevice *founder = &crowd->devices[0];
    struct testspace *space = founder->spaces[0];
    uint8_t secrets[BATCH][SEED_LEN];
    for (size_t i = 0; i < n; i++)
        testdevice_invite(founder, space, ROLE_READER | ROLE_WRITER, bench_wall_ms() / 1000 + 86400,
                          secrets[i]);
    sync_one(founder, &crowd->daemon);
    for (size_t i = 0; i < n; i++) {
        struct testdevice *device = &crowd->devices[from + i];
        struct testspace *same = testdevice_enter(device, space->id);
        testdevice_join(device, same, secrets[i]);
        sync_one(device, &crowd->daemon);
    }
    sync_one(founder, &crowd->daemon);
    if (space->n_waiting != n)
        bench_fail("%zu of %zu devices wait for approval", space->n_waiting, n);
    for (size_t i = 0; i < n; i++)
        testdevice_approve(founder, space, i, ROLE_READER | ROLE_WRITER);
    sync_one(founder, &crowd->daemon);
}

/* Founds a space of its own; the common one stays on the server and is not asked about any more. */
static void settle(struct testdevice *device, const struct testdaemon *daemon)
{
    struct testspace *common = device->spaces[0];
    testdevice_found(device, NULL);
    sync_one(device, daemon);
    struct testspace *own = device->spaces[1];
    if (own->fold->size < 3)
        bench_fail("a space was not founded: %s", err_name(own->refusal));
    device->spaces[0] = own;
    device->spaces[1] = common; /* behind the end: kept until it is freed */
    device->n_spaces = 1;
}

void bench_crowd_new(struct bench_crowd *crowd, size_t n, bool own, const char *const *extra)
{
    *crowd = (struct bench_crowd){.n = n};
    testdaemon_init(&crowd->daemon);
    for (size_t i = 0; extra && extra[i]; i++)
        crowd->daemon.extra[i] = extra[i];
    testdaemon_start(&crowd->daemon);
    crowd->devices = calloc(n, sizeof *crowd->devices);
    if (!crowd->devices)
        bench_fail("no memory for %zu devices", n);
    for (size_t i = 0; i < n; i++) {
        testdevice_init(&crowd->devices[i], (uint32_t)i + 1);
        testdaemon_meet(&crowd->daemon, &crowd->devices[i]);
    }
    testdevice_found(&crowd->devices[0], crowd->daemon.secret);
    sync_one(&crowd->devices[0], &crowd->daemon);
    for (size_t i = 1; i < n; i += BATCH)
        admit(crowd, i, n - i < BATCH ? n - i : BATCH);
    for (size_t i = 0; i < n; i++) {
        sync_one(&crowd->devices[i], &crowd->daemon);
        if (own && i > 0)
            settle(&crowd->devices[i], &crowd->daemon);
    }
}

void bench_crowd_free(struct bench_crowd *crowd)
{
    if (testdaemon_stop(&crowd->daemon, SIGTERM) != 0)
        bench_fail("the server did not stop in order");
    testdaemon_fini(&crowd->daemon);
    for (size_t i = 0; i < crowd->n; i++) {
        struct testdevice *device = &crowd->devices[i];
        if (device->n_spaces == 1 && device->spaces[1])
            device->n_spaces = 2;
        testdevice_fini(device);
    }
    free(crowd->devices);
}

/* --- requests in advance --- */

/* A leaf whose bodies hold `n` changes of real text. */
static struct testleaf *write_leaf(struct testdevice *device, struct bench_random *random, size_t n,
                                   size_t bodies)
{
    struct testleaf *leaf = NULL;
    for (size_t b = 0; b < bodies; b++) {
        size_t here = n / bodies + (b < n % bodies);
        struct change *items = calloc(here + 1, sizeof *items);
        struct buf values = {.max = LEAF_MAX}, plain = {.max = LEAF_MAX};
        size_t *ends = calloc(here + 1, sizeof *ends);
        if (!items || !ends)
            bench_fail("no memory");
        for (size_t i = 0; i < here; i++) {
            char text[BENCH_TEXT_MOST + 1];
            size_t len = bench_text(random, text);
            wire_put_str(&values, text, len);
            ends[i + 1] = values.len;
        }
        for (size_t i = 0; i < here; i++)
            items[i] = (struct change){
                .field = 34, .value = values.bytes + ends[i], .value_len = ends[i + 1] - ends[i]};
        change_box_encode(&plain, 1, items, here, 0);
        bench_must(plain.err);
        if (b == 0)
            leaf = testdevice_write(device, device->spaces[0], plain.bytes, plain.len, false);
        else
            buf_put(&leaf->plain[leaf->n_bodies++], plain.bytes, plain.len);
        free(items);
        free(ends);
        buf_free(&values);
        buf_free(&plain);
    }
    return leaf;
}

static void make_shot(struct testdevice *device, const struct bench_load *load, size_t first,
                      uint64_t have, struct bench_shot *shot)
{
    struct testspace *space = device->spaces[0];
    struct arena *arena = arena_new((size_t)64 << 20);
    struct message_row row = {
        .have_size = have, .keys_rev = space->keys_rev, .erased_upto = space->erased_upto};
    struct message_request request = {.time_ms = bench_wall_ms(),
                                      .n_rows = 1,
                                      .rows = &row,
                                      .max_bytes = load->max_bytes,
                                      .wait_ms = load->wait_ms};
    memcpy(request.device, device->id, ID_LEN);
    memcpy(request.store_id, device->store_id, STORE_ID_LEN);
    memcpy(row.space, space->id, ID_LEN);
    row.leaves = arena_get(arena, load->leaves, sizeof *row.leaves);
    for (size_t i = 0; i < load->leaves; i++) {
        const struct testleaf *leaf = space->queue[first + i];
        struct message_leaf *out = &row.leaves[row.n_leaves++];
        *out = (struct message_leaf){.header = leaf->header.bytes,
                                     .header_len = leaf->header.len,
                                     .n_bodies = leaf->n_bodies};
        memcpy(out->sig, leaf->sig, SIG_LEN);
        out->bodies = arena_get(arena, leaf->n_bodies, sizeof *out->bodies);
        for (size_t k = 0; k < leaf->n_bodies; k++)
            out->bodies[k] = (struct leaf_body){leaf->body[k].bytes, leaf->body[k].len};
    }
    shot->request.max = REQUEST_MAX;
    shot->answer.max = RESPONSE_MAX;
    bench_must(message_request_make(&shot->request, &request, device->aud, device->ed_sk));
    memcpy(shot->hash, request.hash, HASH_LEN);
    shot->leaves = load->leaves;
    shot->changes = load->leaves * load->per_leaf;
    arena_free(arena);
}

struct bench_lane *bench_load_make(struct bench_crowd *crowd, const struct bench_load *load,
                                   uint64_t seed)
{
    struct bench_lane *lanes = calloc(crowd->n, sizeof *lanes);
    if (!lanes)
        bench_fail("no memory");
    for (size_t i = 0; i < crowd->n; i++) {
        struct testdevice *device = &crowd->devices[i];
        struct bench_random random = {.state = seed + i};
        struct buf ignored = {.max = (size_t)64 << 20};
        uint64_t have = device->spaces[0]->tree.size;
        lanes[i] = (struct bench_lane){.device = device, .n = load->shots};
        lanes[i].shots = calloc(load->shots, sizeof *lanes[i].shots);
        if (!lanes[i].shots)
            bench_fail("no memory");
        for (size_t k = 0; k < load->shots * load->leaves; k++)
            write_leaf(device, &random, load->per_leaf, load->bodies);
        bench_must(testdevice_request(device, bench_wall_ms(), &ignored)); /* builds the leaves */
        buf_free(&ignored);
        for (size_t k = 0; k < load->shots; k++)
            make_shot(device, load, k * load->leaves, have + (load->follow ? k * load->leaves : 0),
                      &lanes[i].shots[k]);
    }
    return lanes;
}

/* --- firing --- */

struct range {
    struct bench_crowd *crowd;
    struct bench_lane *lanes;
    pthread_barrier_t barrier;
    atomic_size_t next;
};

static void *fire_lane(void *arg)
{
    struct range *range = arg;
    struct bench_lane *lane = &range->lanes[atomic_fetch_add(&range->next, 1)];
    struct testdaemon_line line = {.daemon = &range->crowd->daemon, .fd = -1};
    int http = 0;
    pthread_barrier_wait(&range->barrier);
    for (size_t k = 0; k < lane->n; k++) {
        struct bench_shot *shot = &lane->shots[k];
        bench_must(
            testdaemon_send(&line, shot->request.bytes, shot->request.len, &shot->answer, &http));
    }
    testdaemon_hang_up(&line);
    return NULL;
}

/* Every pushed leaf is acknowledged: as an entry that is our own, or by an item. */
static void check_shot(const struct bench_lane *lane, const struct bench_shot *shot)
{
    struct message_response answer = {0};
    size_t accepted = 0;
    bench_must(message_response_open(&answer, shot->answer.bytes, shot->answer.len, shot->hash,
                                     lane->device->server.resp_pk));
    bench_must(answer.status);
    if (answer.n_rows != 1)
        bench_fail("an answer with %zu rows", answer.n_rows);
    const struct message_row *row = &answer.rows[0];
    if (shot->leaves == 0 && row->status == ERR_UNCHANGED) {
        message_response_free(&answer);
        return;
    }
    bench_must(row->status);
    for (size_t i = 0; i < row->n_leaves; i++)
        accepted += row->leaves[i].own;
    for (size_t i = 0; i < row->n_items; i++) {
        bench_must(row->items[i].status);
        accepted += row->items[i].list == LIST_LEAVES;
    }
    if (accepted != shot->leaves)
        bench_fail("%zu of %zu leaves were accepted", accepted, shot->leaves);
    message_response_free(&answer);
}

void bench_load_fire(struct bench_crowd *crowd, struct bench_lane *lanes, struct bench_fired *fired)
{
    struct range range = {.crowd = crowd, .lanes = lanes};
    pthread_t *threads = calloc(crowd->n, sizeof *threads);
    pthread_attr_t attr;
    *fired = (struct bench_fired){0};
    if (!threads)
        bench_fail("no memory");
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, LANE_STACK);
    pthread_barrier_init(&range.barrier, NULL, (unsigned)crowd->n + 1);
    for (size_t i = 0; i < crowd->n; i++) {
        if (pthread_create(&threads[i], &attr, fire_lane, &range) != 0)
            bench_fail("no thread %zu", i);
    }
    double client = bench_cpu(getpid()), server = bench_cpu(crowd->daemon.pid);
    double start = bench_now();
    pthread_barrier_wait(&range.barrier);
    for (size_t i = 0; i < crowd->n; i++)
        pthread_join(threads[i], NULL);
    fired->wall_s = bench_now() - start;
    fired->server_cpu_s = bench_cpu(crowd->daemon.pid) - server;
    fired->client_cpu_s = bench_cpu(getpid()) - client;
    for (size_t i = 0; i < crowd->n; i++) {
        for (size_t k = 0; k < lanes[i].n; k++) {
            const struct bench_shot *shot = &lanes[i].shots[k];
            check_shot(&lanes[i], shot);
            fired->requests++;
            fired->changes += shot->changes;
            fired->leaves += shot->leaves;
            fired->bytes_up += shot->request.len;
            fired->bytes_down += shot->answer.len;
        }
    }
    pthread_barrier_destroy(&range.barrier);
    pthread_attr_destroy(&attr);
    free(threads);
}

void bench_load_free(struct bench_crowd *crowd, struct bench_lane *lanes)
{
    for (size_t i = 0; i < crowd->n; i++) {
        for (size_t k = 0; k < lanes[i].n; k++) {
            buf_free(&lanes[i].shots[k].request);
            buf_free(&lanes[i].shots[k].answer);
        }
        free(lanes[i].shots);
    }
    free(lanes);
}
