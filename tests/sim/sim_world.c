/* SPDX-License-Identifier: Apache-2.0
 *
 * Events in the order of their time, the trace, and the life of a world: people at work for as many days as the
 * profile says, then the weather clears, everybody synchronises, and the world must come to rest.
 */
#include "tests/sim/sim_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_vfs.h"

enum { START_MS_BASE = 1790000 /* times a million */, TRACE_LINE = 160 };

/* --- lists, trace --- */

void *sim_grown(void *list, size_t *cap, size_t n, size_t size)
{
    if (n < *cap)
        return list;
    *cap = *cap ? 2 * *cap : 32;
    void *bigger = realloc(list, *cap * size);
    if (!bigger)
        abort();
    return bigger;
}

static void add_line(struct sim_world *world, const char *line)
{
    char *tail = world->tail[world->n_tail++ % SIM_TAIL];
    snprintf(tail, sizeof world->tail[0], "%s", line);
    const struct digest_part parts[] = {{world->trace, HASH_LEN}, {line, strlen(line)}};
    digest_sha256(world->trace, parts, 2);
    if (world->verbose)
        printf("%s\n", line);
}

static int stamp(const struct sim_world *world, char *line, size_t cap)
{
    uint64_t ms = world->now_ms - world->start_ms;
    return snprintf(line, cap, "%3llu %02llu:%02llu:%02llu.%03llu ",
                    (unsigned long long)(ms / SIM_DAY), (unsigned long long)(ms / SIM_HOUR % 24),
                    (unsigned long long)(ms / SIM_MINUTE % 60),
                    (unsigned long long)(ms % SIM_MINUTE / 1000), (unsigned long long)(ms % 1000));
}

void sim_trace(struct sim_world *world, const char *format, ...)
{
    char line[TRACE_LINE];
    int n = stamp(world, line, sizeof line);
    va_list args;
    va_start(args, format);
    vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    add_line(world, line);
}

void sim_violated(struct sim_world *world, const char *invariant, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sim_trace(world, "VIOLATED %s: %s", invariant, text);
    if (!world->failed)
        snprintf(world->violation, sizeof world->violation, "%s: %s", invariant, text);
    world->failed = true;
}

void sim_count(struct sim_world *world, enum sim_figure figure, uint64_t n)
{
    world->figures[figure] += n;
}

/* --- events --- */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
    struct sim_event kept = *a;
    *a = *b;
    *b = kept;
}

struct sim_event *sim_event_add(struct sim_world *world, uint64_t in_ms, enum sim_event_kind kind,
                                unsigned who)
{
    world->events =
        sim_grown(world->events, &world->events_cap, world->n_events, sizeof *world->events);
    size_t at = world->n_events++;
    world->events[at] = (struct sim_event){
        .at_ms = world->now_ms + in_ms, .order = world->order++, .kind = kind, .who = who};
    while (at > 0 && before(&world->events[at], &world->events[(at - 1) / 2])) {
        swap(&world->events[at], &world->events[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    return &world->events[at];
}

static struct sim_event take_event(struct sim_world *world)
{
    struct sim_event first = world->events[0];
    world->events[0] = world->events[--world->n_events];
    for (size_t at = 0;;) {
        size_t child = 2 * at + 1;
        if (child >= world->n_events)
            break;
        if (child + 1 < world->n_events && before(&world->events[child + 1], &world->events[child]))
            child++;
        if (!before(&world->events[child], &world->events[at]))
            break;
        swap(&world->events[child], &world->events[at]);
        at = child;
    }
    return first;
}

/* A program that got no memory, or no disk, to its end: ended while it still has none, and started again. */
static void end_failing(struct sim_world *world, const struct sim_event *event)
{
    bool lasts = sim_fault_lasts();
    struct sim_server *server = &world->servers[event->who % SIM_SERVERS];
    if (lasts &&
        (event->kind == SIM_WAKE || event->kind == SIM_TO_DEVICE || event->kind == SIM_TIMEOUT)) {
        sim_device_off(&world->devices[event->who % SIM_DEVICES]);
    } else if (lasts && server->running) {
        sim_server_stop(server);
        sim_event_add(world, SIM_MINUTE, SIM_SERVER_UP, server->no);
    }
    sim_fault_over();
}

static void handle(struct sim_world *world, struct sim_event *event)
{
    struct sim_device *device = &world->devices[event->who % SIM_DEVICES];
    struct sim_server *server = &world->servers[event->who % SIM_SERVERS];
    switch (event->kind) {
    case SIM_WAKE:
        sim_device_wake(world, device);
        break;
    case SIM_TO_SERVER:
        sim_server_arrives(world, &event->message);
        break;
    case SIM_GROUP:
        sim_server_group(world, server);
        break;
    case SIM_TO_DEVICE:
        sim_device_answer(world, device, &event->message);
        break;
    case SIM_TIMEOUT:
        sim_device_timeout(world, device, event->message.flight);
        break;
    case SIM_SERVER_TICK:
        sim_server_tick(world, server);
        break;
    case SIM_SERVER_UP:
        sim_server_up(world, server);
        break;
    case SIM_FORK:
        sim_server_fork(world);
        break;
    case SIM_ROLLBACK:
        sim_server_rollback(world);
        break;
    }
    sim_message_free(&event->message);
    end_failing(world, event);
}

static void run_until(struct sim_world *world, uint64_t end_ms)
{
    while (world->n_events > 0 && !world->failed && world->events[0].at_ms <= end_ms) {
        struct sim_event event = take_event(world);
        world->now_ms = event.at_ms;
        sim_vfs_now_ms = world->now_ms;
        sim_count(world, SIM_EVENTS, 1);
        handle(world, &event);
    }
}

/* --- plaintext on disks --- */

static struct sim_world *watching;

static void watch_disk(const struct sim_disk *disk, const char *file, const void *bytes, size_t len)
{
    const char *needle = SIM_NEEDLE;
    const char *at = bytes, *end = at + len;
    if (!watching)
        return;
    watching->figures[SIM_CHECK_SECRET] += len / 1024;
    while (at < end && (at = memchr(at, needle[0], (size_t)(end - at)))) {
        if ((size_t)(end - at) >= strlen(needle) && memcmp(at, needle, strlen(needle)) == 0) {
            sim_violated(watching, "no plaintext on disks", "%s/%s", disk->path, file);
            return;
        }
        at++;
    }
}

/* --- a world --- */

static void people(struct sim_world *world)
{
    for (unsigned i = 0; i < world->n_devices; i++) {
        struct sim_device *device = &world->devices[i];
        device->no = i;
        snprintf(device->path, sizeof device->path, SIM_ROOT "device-%u", i);
        snprintf(device->pass, sizeof device->pass, "mots de passe %u", i);
        device->disk = sim_disk_new(device->path, sim_random_from(world->seed, 100 + i));
        if (sim_chance(&world->random, world->profile.clock))
            device->clock_ms = (int64_t)sim_below(&world->random, 10 * 365 * SIM_DAY) -
                               (int64_t)(5 * 365 * SIM_DAY);
        sim_event_add(world, i == 0 ? 1 : sim_below(&world->random, 2 * SIM_DAY), SIM_WAKE, i);
    }
}

static void weather(struct sim_world *world)
{
    uint64_t days = world->profile.days;
    if (sim_chance(&world->random, world->profile.fork))
        sim_event_add(world, sim_between(&world->random, days / 4, days * 3 / 4) * SIM_DAY,
                      SIM_FORK, 0);
    if (sim_chance(&world->random, world->profile.rollback))
        sim_event_add(world, sim_between(&world->random, days / 3, days * 3 / 4) * SIM_DAY,
                      SIM_ROLLBACK, 0);
}

/* No faults any more: rounds of synchronisation until nothing changes. */
static void rest(struct sim_world *world)
{
    world->resting = true;
    sim_trace(world, "the weather clears");
    for (unsigned s = 0; s < world->n_servers; s++) {
        struct sim_disk *disk = world->servers[s].disk;
        disk->capacity = disk->cut_in = disk->fail_in = 0;
    }
    for (unsigned i = 0; i < world->n_devices; i++) {
        struct sim_disk *disk = world->devices[i].disk;
        disk->capacity = disk->cut_in = disk->fail_in = 0;
        world->devices[i].failing = false;
    }
    for (unsigned round = 0, quiet = 0; round < 15 && quiet < 2 && !world->failed; round++) {
        uint64_t leaves = world->figures[SIM_LEAVES];
        for (unsigned i = 0; i < world->n_devices; i++) {
            sim_event_add(world, SIM_MINUTE * (i + 1), SIM_WAKE, i);
            run_until(world, world->now_ms + 30 * SIM_MINUTE);
        }
        run_until(world, world->now_ms + SIM_HOUR);
        quiet = world->figures[SIM_LEAVES] == leaves ? quiet + 1 : 0;
    }
    if (!world->failed)
        sim_check_rest(world);
}

bool sim_world_run(struct sim_world *world, uint64_t seed, const struct sim_profile *profile,
                   bool verbose)
{
    *world = (struct sim_world){.seed = seed, .profile = *profile, .verbose = verbose};
    sim_random_install(seed);
    sim_vfs_reset();
    sim_disk_watch = watch_disk;
    watching = world;
    world->random = sim_random_from(seed, 1);
    world->start_ms = world->now_ms =
        START_MS_BASE * 1000000ull + sim_below(&world->random, 365 * SIM_DAY);
    world->end_ms = world->start_ms + profile->days * SIM_DAY;
    world->n_devices = profile->devices;
    world->n_spaces = profile->spaces;
    sim_vfs_now_ms = world->now_ms;
    sim_trace(world, "seed %llu, profile %s: %u devices, %u days", (unsigned long long)seed,
              profile->name, profile->devices, profile->days);
    world->n_servers = world->n_branches = 1;
    world->branches[0].used = true;
    sim_server_start(world, 0);
    people(world);
    weather(world);
    run_until(world, world->end_ms);
    if (!world->failed)
        rest(world);
    return !world->failed;
}

void sim_world_free(struct sim_world *world)
{
    watching = NULL;
    for (unsigned i = 0; i < world->n_devices; i++) {
        sim_device_off(&world->devices[i]);
        sim_message_free(&world->devices[i].old);
    }
    for (unsigned s = 0; s < world->n_servers; s++) {
        struct sim_server *server = &world->servers[s];
        sim_server_stop(server);
        for (size_t i = 0; i < server->n_queue; i++)
            sim_message_free(&server->queue[i]);
    }
    for (size_t i = 0; i < world->n_events; i++)
        sim_message_free(&world->events[i].message);
    serverkey_fini(&world->key);
    sim_model_free(world);
    free(world->events);
    free(world->marks);
    free(world->dossiers);
    free(world->slots);
    free(world->nonces);
    sim_disk_free_all();
}
