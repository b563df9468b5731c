/* SPDX-License-Identifier: Apache-2.0
 *
 * A device and the person who holds it: switched on and off, full, without power in the middle of a write, asleep for
 * weeks, with a clock that is years off. Whatever an engine call returns is written down by the model: what it called
 * durable must be there ever after.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "proto/digest.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_world.h"

enum { ROUNDS_MAX = 80, ANSWER_MS = 60000, TEXT_MAX = 400 };

/* --- small questions --- */

static uint64_t clock_of(const struct sim_world *world, const struct sim_device *device)
{
    int64_t ms = (int64_t)world->now_ms + device->clock_ms;
    return ms > 0 ? (uint64_t)ms : 0;
}

bool sim_device_excused(const struct sim_device *device, enum err err)
{
    const struct sim_disk *disk = device->disk;
    if (sim_fault_excuses(err))
        return true;
    if (err == ERR_FULL)
        return disk->capacity != 0;
    return err == ERR_IO && (disk->dead || device->failing);
}

size_t sim_device_space(const struct sim_world *world, const struct sim_device *device,
                        unsigned space)
{
    size_t i;
    if (!device->engine || !engine_space_by_id(device->engine, world->spaces[space], &i))
        return SIZE_MAX;
    return i;
}

struct sim_device *sim_device_by_id(struct sim_world *world, const uint8_t id[static ID_LEN])
{
    for (unsigned i = 0; i < world->n_devices; i++) {
        if (world->devices[i].made && memcmp(world->devices[i].id, id, ID_LEN) == 0)
            return &world->devices[i];
    }
    return NULL;
}

bool sim_device_may(const struct sim_world *world, const struct sim_device *device, unsigned space,
                    uint8_t roles)
{
    size_t i = sim_device_space(world, device, space);
    if (i == SIZE_MAX)
        return false;
    const struct engine_space *pub = engine_space(device->engine, i);
    return pub->state == SPACE_ACTIVE && (pub->roles & roles) == roles;
}

/* --- on, off, dark --- */

void sim_device_off(struct sim_device *device)
{
    engine_close(device->engine);
    device->engine = NULL;
    device->flight = 0;
}

bool sim_device_dark(struct sim_world *world, struct sim_device *device)
{
    struct sim_disk *disk = device->disk;
    if (!disk->dead)
        return false;
    sim_device_off(device);
    uint64_t before = disk->sectors_lost + disk->sectors_torn;
    sim_disk_power_cut(disk);
    sim_count(world, SIM_SECTORS, disk->sectors_lost + disk->sectors_torn - before);
    sim_count(world, SIM_DEVICE_CUTS, 1);
    device->was_dark = true;
    sim_trace(world, "device %u: the power is gone", device->no);
    return true;
}

static void make_keys(struct sim_world *world, struct sim_device *device)
{
    const struct unlock_cost cost = {UNLOCK_FLOOR_T, UNLOCK_FLOOR_M_KIB};
    char name[40];
    snprintf(name, sizeof name, SIM_NEEDLE "person %u", device->no);
    enum err err = engine_create(device->path, name, device->pass, strlen(device->pass), &cost,
                                 clock_of(world, device));
    device->made = device->made || err == ERR_OK;
    if (err != ERR_OK && err != ERR_EXISTS && !sim_device_excused(device, err))
        sim_violated(world, "a device can be made", "device %u: %s", device->no, err_name(err));
}

bool sim_device_on(struct sim_world *world, struct sim_device *device)
{
    struct engine_repair repair;
    if (device->engine) {
        engine_set_time(device->engine, clock_of(world, device));
        return true;
    }
    if (!device->made)
        make_keys(world, device);
    if (sim_device_dark(world, device))
        return false;
    enum err err = engine_open(&device->engine, device->path, device->pass, strlen(device->pass),
                               clock_of(world, device), &repair);
    bool dark = device->disk->dead;
    if (err == ERR_NOT_FOUND && !device->made)
        return false; /* the power went while it was made: nothing was promised yet */
    if (err != ERR_OK && !sim_device_excused(device, err))
        sim_violated(world, "a device opens", "device %u: %s", device->no, err_name(err));
    if (sim_device_dark(world, device) || err != ERR_OK)
        return false;
    if (dark || repair.happened)
        sim_violated(world, "a power cut damages nothing", "device %u was repaired", device->no);
    if (device->made && device->known && memcmp(device->id, engine_device(device->engine), ID_LEN))
        sim_violated(world, "a device stays itself", "device %u", device->no);
    memcpy(device->id, engine_device(device->engine), ID_LEN);
    device->made = device->known = true;
    sim_trace(world, "device %u: on", device->no);
    bool look = device->was_dark || sim_check_looks(world);
    device->was_dark = false;
    if (look)
        sim_check_kept(world, device);
    sim_check_device(world, device, NULL, look);
    return !world->failed;
}

/* --- editing --- */

static struct sim_mark *new_mark(struct sim_world *world, const struct sim_device *device,
                                 unsigned space, unsigned dossier)
{
    world->marks = sim_grown(world->marks, &world->marks_cap, world->n_marks, sizeof *world->marks);
    struct sim_mark *mark = &world->marks[world->n_marks++];
    *mark = (struct sim_mark){
        .device = device->no, .space = space, .dossier = dossier, .state = SIM_MAYBE};
    for (unsigned b = 0; b < SIM_BRANCHES; b++)
        mark->index[b] = SIM_NOWHERE;
    return mark;
}

/* A text that can be found again: the needle, its number, and letters that do not compress. */
static void put_text(struct sim_world *world, struct buf *out, size_t number)
{
    SIM_QUIET;
    char text[TEXT_MAX];
    int n = snprintf(text, sizeof text, SIM_NEEDLE "%08zu-", number);
    size_t len = (size_t)n + (size_t)sim_below(&world->random, 120);
    for (size_t i = (size_t)n; i < len; i++)
        text[i] = (char)('a' + sim_below(&world->random, 26));
    wire_put_str(out, text, len);
}

static unsigned new_dossier(struct sim_world *world, struct sim_device *device, unsigned space,
                            enum err *err)
{
    uint8_t shred[ID_LEN];
    *err = engine_dossier_new(device->engine, sim_device_space(world, device, space), shred);
    if (*err != ERR_OK)
        return 0;
    world->dossiers = sim_grown(world->dossiers, &world->dossiers_cap, world->n_dossiers,
                                sizeof *world->dossiers);
    struct sim_dossier *dossier = &world->dossiers[world->n_dossiers++];
    *dossier = (struct sim_dossier){.space = space};
    memcpy(dossier->shred, shred, ID_LEN);
    return (unsigned)world->n_dossiers - 1;
}

/* An existing dossier that this device can write to, or a new one. */
static unsigned choose_dossier(struct sim_world *world, struct sim_device *device, unsigned space,
                               enum err *err)
{
    size_t i = sim_device_space(world, device, space);
    for (unsigned tries = 0; tries < 6 && world->n_dossiers > 0; tries++) {
        unsigned d = (unsigned)sim_below(&world->random, world->n_dossiers);
        if (world->dossiers[d].space == space &&
            engine_dossier_check(device->engine, i, world->dossiers[d].shred) == ERR_OK) {
            *err = ERR_OK;
            return d;
        }
    }
    return new_dossier(world, device, space, err);
}

static bool may_refuse(const struct sim_world *world, const struct sim_device *device,
                       unsigned space, enum err err)
{
    if (err == ERR_REVOKED || err == ERR_DENIED)
        return !sim_device_may(world, device, space, ROLE_WRITER);
    return sim_device_excused(device, err);
}

static void edit(struct sim_world *world, struct sim_device *device, unsigned space)
{
    struct change items[4];
    struct buf values = {0};
    size_t n = 1 + (size_t)sim_below(&world->random, 4), first = world->n_marks, at[5] = {0};
    enum err err;
    size_t i = sim_device_space(world, device, space);
    const struct engine_space *pub = engine_space(device->engine, i);
    unsigned dossier = choose_dossier(world, device, space, &err);
    if (err != ERR_OK) {
        if (!may_refuse(world, device, space, err))
            sim_violated(world, "people can write", "device %u: new dossier: %s", device->no,
                         err_name(err));
        return;
    }
    for (size_t k = 0; k < n; k++) {
        new_mark(world, device, space, dossier);
        put_text(world, &values, first + k);
        at[k + 1] = values.len;
    }
    for (size_t k = 0; k < n; k++) {
        items[k] = (struct change){.field = FIELD_PACK_FIRST + (uint32_t)k,
                                   .base = pub->size - sim_below(&world->random, pub->size / 4 + 1),
                                   .value = values.bytes + at[k],
                                   .value_len = at[k + 1] - at[k]};
        if (sim_chance(&world->random, 500))
            items[k].record[0] = (uint8_t)sim_between(&world->random, 1, 3);
    }
    err = engine_edit(device->engine, i, world->dossiers[dossier].shred, 1, items, n);
    enum sim_mark_state state = err == ERR_OK ? SIM_KEPT : err == ERR_IO ? SIM_MAYBE : SIM_GONE;
    for (size_t k = 0; k < n; k++)
        world->marks[first + k].state = state;
    sim_trace(world, "device %u: writes %zu to dossier %u of space %u, from %zu: %s", device->no, n,
              dossier, space, first, err_name(err));
    sim_count(world, SIM_CHANGES, err == ERR_OK ? n : 0);
    sim_count(world, SIM_FULL, err == ERR_FULL);
    if (err != ERR_OK && !may_refuse(world, device, space, err))
        sim_violated(world, "people can write", "device %u: %s", device->no, err_name(err));
    buf_free(&values);
}

/* --- taking back --- */

struct waiting {
    bool *waits; /* of each mark */
    size_t n;
};

static enum err note_waiting(void *ctx, const struct engine_change *change)
{
    struct waiting *waiting = ctx;
    size_t number = sim_check_number(change);
    if (number < waiting->n)
        waiting->waits[number] = true;
    return ERR_OK;
}

static struct waiting pending_marks(struct sim_world *world, struct sim_device *device)
{
    struct waiting waiting = {.n = world->n_marks};
    SIM_QUIET;
    waiting.waits = calloc(waiting.n + 1, 1);
    if (!waiting.waits)
        abort();
    for (size_t i = 0; i < engine_space_count(device->engine); i++) {
        enum err err = engine_pending(device->engine, i, note_waiting, &waiting);
        if (err != ERR_OK && !sim_device_excused(device, err))
            sim_violated(world, "people see their work", "device %u: %s", device->no,
                         err_name(err));
    }
    return waiting;
}

static void undo(struct sim_world *world, struct sim_device *device)
{
    size_t n = 0, gone = 0, first = SIZE_MAX, last = 0;
    struct waiting before = pending_marks(world, device);
    enum err err = engine_undo(device->engine, 10 * SIM_MINUTE, &n);
    struct waiting after = pending_marks(world, device);
    for (size_t i = 0; i < before.n; i++) {
        if (err == ERR_IO && before.waits[i] && world->marks[i].device == device->no)
            world->marks[i].state = SIM_MAYBE;
        if (!before.waits[i] || after.waits[i] || err == ERR_IO)
            continue;
        world->marks[i].state = SIM_GONE;
        first = first == SIZE_MAX ? i : first;
        last = i;
        gone++;
    }
    sim_trace(world, "device %u: takes back %zu: %s", device->no, n, err_name(err));
    if (err == ERR_OK && (gone != n || last - first + 1 != n))
        sim_violated(world, "counts are true", "device %u took back %zu, said %zu", device->no,
                     gone, n);
    if (err != ERR_OK && gone)
        sim_violated(world, "nothing is lost", "device %u: a failed undo took %zu", device->no,
                     gone);
    if (err != ERR_OK && err != ERR_NOT_FOUND && !sim_device_excused(device, err))
        sim_violated(world, "people can write", "device %u: undo: %s", device->no, err_name(err));
    free(before.waits);
    free(after.waits);
}

static void retry(struct sim_world *world, struct sim_device *device, unsigned space)
{
    size_t n = 0, i = sim_device_space(world, device, space);
    if (engine_refused_count(device->engine, i) == 0)
        return;
    enum err err = engine_retry(device->engine, i, &n);
    sim_trace(world, "device %u: tries %zu again: %s", device->no, n, err_name(err));
    if (err != ERR_OK && !sim_device_excused(device, err))
        sim_violated(world, "people can write", "device %u: retry: %s", device->no, err_name(err));
}

/* --- synchronising --- */

static void begin(struct sim_world *world, struct sim_device *device)
{
    struct buf request = {.max = REQUEST_MAX};
    if (engine_server_count(device->engine) == 0)
        return; /* no space is left to ask about */
    engine_set_time(device->engine, clock_of(world, device));
    enum err err = engine_sync_begin(device->engine, 0, 0, &request);
    if (err != ERR_OK && !sim_device_excused(device, err))
        sim_violated(world, "a sync can begin", "device %u: %s", device->no, err_name(err));
    if (!sim_device_dark(world, device) && err == ERR_OK) {
        device->flight = ++world->flights;
        struct sim_event *timeout = sim_event_add(world, ANSWER_MS, SIM_TIMEOUT, device->no);
        timeout->message.flight = device->flight;
        sim_network_request(world, device, request.bytes, request.len);
    }
    buf_free(&request);
}

void sim_device_sync(struct sim_world *world, struct sim_device *device)
{
    if (device->flight)
        return;
    device->rounds = 0;
    begin(world, device);
}

void sim_device_timeout(struct sim_world *world, struct sim_device *device, uint64_t flight)
{
    (void)world;
    if (device->flight == flight)
        device->flight = 0;
}

/* What an honest answer may make of a round trip. */
static bool expected(const struct sim_device *device, enum err err)
{
    uint64_t number;
    switch (err) {
    case ERR_OK:
    case ERR_CLOCK:
    case ERR_BUSY:
    case ERR_FULL: /* the server's disk */
    case ERR_IO:
    case ERR_QUOTA:
    case ERR_UNKNOWN_DEVICE: /* another history may never have heard of it */
        return true;
    case ERR_MEMORY: /* the server's */
        return sim_fault_happened(&number);
    default:
        return sim_device_excused(device, err);
    }
}

void sim_device_waits(struct sim_world *world, const struct sim_device *device, unsigned s)
{
    size_t number = sim_device_space(world, device, s);
    if (number == SIZE_MAX)
        return;
    const struct space *space = device->engine->spaces[number];
    sim_trace(world,
              "    space %u: %zu stale, %zu wanted, %zu edits, %zu leaves, status %s, pending %d, "
              "roles %d, alarm %s",
              s, space->n_stale, space->n_want, space->outbox.n_edits, space->outbox.n_leaves,
              err_name(space->pub.status), space->fold->rotation_pending, space->pub.roles,
              err_name(space->pub.alarm));
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        const struct outbox_operation *operation = &space->outbox.operations[i];
        sim_trace(world, "        operation %d in leaf %llu, tried %u times: %s", operation->kind,
                  (unsigned long long)operation->seq, operation->tries,
                  err_name(operation->refused));
    }
}

void sim_device_answer(struct sim_world *world, struct sim_device *device,
                       const struct sim_message *message)
{
    struct engine_sync result = {0};
    if (!device->engine || device->flight == 0 || device->flight != message->flight)
        return;
    device->flight = 0;
    engine_set_time(device->engine, clock_of(world, device));
    if (!message->mangled)
        sim_check_meets(world, device, message);
    enum err err = engine_sync_finish(device->engine, 0, message->bytes, message->len, &result);
    sim_trace(world, "device %u: answer of server %u: %s%s, %llu up, %llu down, %llu refused%s",
              device->no, message->server, err_name(err), message->mangled ? " (mangled)" : "",
              (unsigned long long)result.pushed, (unsigned long long)result.pulled,
              (unsigned long long)result.refused, result.again ? ", again" : "");
    if (sim_device_dark(world, device))
        return;
    if (!message->mangled && !expected(device, err))
        sim_violated(world, "honest answers are taken", "device %u: %s", device->no, err_name(err));
    if (message->mangled && err == ERR_OK)
        sim_violated(world, "altered answers are refused", "device %u", device->no);
    sim_count(world, SIM_SYNCS, err == ERR_OK);
    bool changed = result.pulled || result.pushed || result.refused || result.again;
    sim_check_device(world, device, err == ERR_OK && !message->mangled ? message : NULL, changed);
    if (world->failed || err != ERR_OK || !result.again)
        return;
    if (++device->rounds == ROUNDS_MAX) {
        for (unsigned s = 0; s < world->n_spaces; s++)
            sim_device_waits(world, device, s);
        sim_violated(world, "a sync settles", "device %u", device->no);
    }
    begin(world, device);
}

/* --- a waking --- */

static void trouble(struct sim_world *world, struct sim_device *device)
{
    const struct sim_profile *profile = &world->profile;
    struct sim_disk *disk = device->disk;
    disk->cut_in = disk->fail_in = 0;
    device->failing = false;
    if (sim_chance(&world->random, profile->device_dark))
        disk->cut_in = sim_between(&world->random, 1, 150);
    if (sim_chance(&world->random, profile->io_error)) {
        disk->fail_in = sim_between(&world->random, 1, 60);
        device->failing = true;
    }
    if (disk->capacity && sim_chance(&world->random, 500))
        disk->capacity = 0; /* somebody made room */
    else if (sim_chance(&world->random, profile->device_full))
        disk->capacity = sim_disk_used(disk) + sim_below(&world->random, 20000);
    if (sim_chance(&world->random, profile->clock) && sim_chance(&world->random, 20))
        device->clock_ms =
            (int64_t)sim_below(&world->random, 10 * 365 * SIM_DAY) - (int64_t)(5 * 365 * SIM_DAY);
}

static bool writable(const struct sim_world *world, const struct sim_device *device, unsigned space)
{
    size_t i = sim_device_space(world, device, space);
    if (i == SIZE_MAX)
        return false;
    const struct engine_space *pub = engine_space(device->engine, i);
    if (pub->state == SPACE_ACTIVE)
        return pub->roles & ROLE_WRITER;
    return pub->state == SPACE_FOUNDING || pub->state == SPACE_WAITING;
}

static void act(struct sim_world *world, struct sim_device *device, unsigned space)
{
    const struct sim_profile *profile = &world->profile;
    struct sim_random *random = &world->random;
    if (sim_device_space(world, device, space) == SIZE_MAX)
        return;
    if (sim_chance(random, 40))
        undo(world, device);
    else if (sim_chance(random, 60))
        retry(world, device, space);
    else if (sim_chance(random, profile->member) && sim_member_invite(world, device, space))
        return;
    else if (sim_chance(random, profile->revoke))
        sim_member_revoke(world, device, space);
    else if (sim_chance(random, profile->member < 500 ? profile->member / 3 : 5))
        sim_member_role(world, device, space);
    else if (sim_chance(random, profile->erase))
        sim_member_erase(world, device, space);
    else if (sim_chance(random, profile->attack))
        sim_attack_forge(world, device);
    else if (writable(world, device, space) && sim_chance(random, 800))
        edit(world, device, space);
}

static void be_busy(struct sim_world *world, struct sim_device *device)
{
    unsigned n = (unsigned)sim_below(&world->random, 3);
    for (unsigned s = 0; s < world->n_spaces && !world->failed; s++) {
        if (device->no == 0)
            sim_member_found(world, device, s);
        if (sim_device_dark(world, device))
            return;
        sim_member_approve(world, device, s);
        if (sim_device_dark(world, device))
            return;
        sim_member_confirm(world, device, s);
        if (sim_device_dark(world, device))
            return;
    }
    sim_member_join(world, device);
    if (sim_device_dark(world, device))
        return;
    for (unsigned i = 0; i <= n && !world->failed; i++) {
        act(world, device, (unsigned)sim_below(&world->random, world->n_spaces));
        if (sim_device_dark(world, device))
            return;
    }
    if (sim_chance(&world->random, world->profile.clone)) {
        sim_attack_clone(world, device);
        return;
    }
    if (world->n_servers > 1 && sim_chance(&world->random, 30)) {
        device->server ^= 1;
        sim_trace(world, "device %u: meets the other server", device->no);
    }
    if (sim_chance(&world->random, 20))
        sim_attack_compare(world, device);
    if (sim_device_dark(world, device))
        return;
    if (sim_chance(&world->random, 750))
        sim_device_sync(world, device);
    else if (!device->flight && sim_chance(&world->random, 400))
        sim_device_off(device);
}

static void wake_again(struct sim_world *world, const struct sim_device *device)
{
    uint64_t mean = world->profile.wake_hours * SIM_HOUR;
    uint64_t in_ms = mean / 2 + sim_below(&world->random, mean);
    if (sim_chance(&world->random, world->profile.sleep))
        in_ms += sim_between(&world->random, 1, 8 * 7) * SIM_DAY;
    sim_event_add(world, in_ms, SIM_WAKE, device->no);
}

void sim_device_wake(struct sim_world *world, struct sim_device *device)
{
    if (world->resting) {
        device->server = 0;
        if (sim_device_on(world, device)) {
            for (unsigned s = 0; s < world->n_spaces && !world->failed; s++)
                sim_member_approve(world, device, s);
            sim_device_sync(world, device);
        }
        return;
    }
    wake_again(world, device);
    if (device->flight)
        return;
    trouble(world, device);
    if (sim_device_on(world, device))
        be_busy(world, device);
}
