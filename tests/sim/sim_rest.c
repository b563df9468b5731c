/* SPDX-License-Identifier: Apache-2.0
 *
 * When the weather has cleared and everybody has synchronised: one log, one view, nothing waiting that could have
 * gone, nothing left of what was erased.
 */
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_fault.h"

/* --- one device --- */

static bool is_due(struct sim_world *world, const struct sim_device *device, unsigned s,
                   const struct sim_log *log)
{
    const struct fold_device *self =
        device->engine && log->fold ? fold_device(log->fold, device->id) : NULL;
    return self && self->active && !device->crossed && !device->restored &&
           !sim_model_revoked(sim_check_log(world, device, s), device->id) &&
           sim_device_space(world, device, s) != SIZE_MAX;
}

/* What may still wait: work that was refused, names of devices that were not admitted yet. */
static uint64_t held_changes(const struct space *space)
{
    uint64_t n = 0;
    for (size_t i = 0; i < space->outbox.n_edits; i++)
        n += space->outbox.edits[i].refused != ERR_OK ? space->outbox.edits[i].n : 0;
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        const struct outbox_operation *operation = &space->outbox.operations[i];
        /* A name waits for who bears it, and who bears it perhaps for a second admin. */
        bool nameless = operation->kind == KIND_LABEL &&
                        !fold_device(space->fold, operation->target) && operation->seq == 0;
        n += operation->refused != ERR_OK || nameless;
    }
    return n;
}

static bool has_reason(const struct sim_world *world, const struct space *space,
                       const struct outbox_edit *edit)
{
    if (!(space->pub.roles & ROLE_WRITER))
        return true;
    for (size_t i = 0; i < world->n_dossiers; i++) {
        if (memcmp(world->dossiers[i].shred, edit->shred, ID_LEN) == 0)
            return world->dossiers[i].asked || edit->refused == ERR_DENIED;
    }
    return false;
}

static void check_idle(struct sim_world *world, const struct sim_device *device, unsigned s,
                       const struct space *space)
{
    for (size_t i = 0; i < space->outbox.n_edits; i++) {
        const struct outbox_edit *edit = &space->outbox.edits[i];
        if (edit->refused != ERR_OK && !has_reason(world, space, edit))
            sim_violated(world, "nothing is refused without a reason", "device %u: %s", device->no,
                         err_name(edit->refused));
    }
    sim_device_waits(world, device, s);
    /* Who lost the right to write keeps the work. */
    if (space->pub.unsent != held_changes(space) && space->pub.roles & ROLE_WRITER)
        sim_violated(world, "a world comes to rest",
                     "device %u, space %u: %llu wait, %llu of them with a reason; status %s",
                     device->no, s, (unsigned long long)space->pub.unsent,
                     (unsigned long long)held_changes(space), err_name(space->pub.status));
}

static void check_member(struct sim_world *world, struct sim_device *device, unsigned s,
                         const struct sim_log *log)
{
    const struct space *space = device->engine->spaces[sim_device_space(world, device, s)];
    struct sim_shown shown;
    /* Told no, and admitted all the same (an approval that was on its way when the invite expired, another admin's):
     * it takes a new link to find out. */
    if (space->pub.state == SPACE_REFUSED && space->fold->size == 0)
        return;
    if (space->fold->size != log->size)
        sim_violated(world, "a world comes to rest", "device %u, space %u: %llu of %llu; status %s",
                     device->no, s, (unsigned long long)space->fold->size,
                     (unsigned long long)log->size, err_name(space->pub.status));
    if (space->pub.alarm != ERR_OK)
        sim_violated(world, "alarms are justified", "device %u: %s", device->no,
                     err_name(space->pub.alarm));
    check_idle(world, device, s, space);
    enum err err = sim_check_shown(world, device, s, false, &shown);
    free(shown.seen);
    /* Slots are counted; a backup that was put back counts anew, and its keys may pass a device by. */
    if (err != ERR_OK ||
        (shown.keyless && space->pub.roles & ROLE_READER && world->n_branches == 1))
        sim_violated(world, "keys arrive", "device %u, space %u: %llu changes without a key",
                     device->no, s, (unsigned long long)shown.keyless);
}

/* --- what was erased --- */

static void look_on(struct sim_world *world, const struct sim_disk *disk, const uint8_t *slot)
{
    const char *file = sim_disk_holds(disk, slot, SLOT_LEN);
    sim_count(world, SIM_CHECK_ERASED, 1);
    if (file)
        sim_violated(world, "erased is erased", "a key of it is still in %s/%s", disk->path, file);
}

/* Every slot that ever travelled under the erased row, on every disk of those who know of the erasure. */
static void check_row(struct sim_world *world, unsigned s, const struct fold_erased *erased)
{
    for (size_t i = 0; i < world->n_slots && !world->failed; i++) {
        const struct sim_slot *slot = &world->slots[i];
        if (slot->space != s || memcmp(slot->row, erased->row, ID_LEN) != 0)
            continue;
        look_on(world, world->servers[0].disk, slot->slot);
        for (unsigned d = 0; d < world->n_devices; d++) {
            struct sim_device *device = &world->devices[d];
            if (is_due(world, device, s, &world->branches[world->servers[0].branch].logs[s]))
                look_on(world, device->disk, slot->slot);
        }
    }
}

static void check_erased(struct sim_world *world, unsigned s, const struct sim_log *log)
{
    for (size_t i = 0; log->fold && i < log->fold->n_erased && !world->failed; i++) {
        const struct fold_erased *erased = &log->fold->erased[i];
        check_row(world, s, erased);
        for (unsigned d = 0; d < world->n_devices && !world->failed; d++) {
            struct sim_device *device = &world->devices[d];
            if (!is_due(world, device, s, log))
                continue;
            const struct space *space = device->engine->spaces[sim_device_space(world, device, s)];
            enum err err = engine_dossier_check(device->engine, sim_device_space(world, device, s),
                                                erased->shred);
            sim_count(world, SIM_CHECK_ERASED, 1);
            if (err == ERR_OK ||
                (err != ERR_ERASED && space->pub.roles & ROLE_READER && err != ERR_NOT_FOUND))
                sim_violated(world, "erased is erased", "device %u: %s", device->no, err_name(err));
        }
    }
}

/* --- all --- */

void sim_check_rest(struct sim_world *world)
{
    SIM_QUIET;
    struct sim_server *server = &world->servers[0];
    if (!server->running) {
        sim_violated(world, "the server works", "it never came up again");
        return;
    }
    sim_model_absorb(world, server, true);
    if (!world->failed && server->store->engine->tidy(server->store, true) != ERR_OK)
        sim_violated(world, "the server works", "tidy");
    for (unsigned i = 0; i < world->n_devices && !world->failed; i++) {
        struct sim_device *device = &world->devices[i];
        if (!device->engine)
            continue;
        sim_check_kept(world, device);
        sim_check_device(world, device, NULL, true);
    }
    for (unsigned s = 0; s < world->n_spaces && !world->failed; s++) {
        const struct sim_log *log = &world->branches[server->branch].logs[s];
        for (unsigned i = 0; i < world->n_devices && !world->failed; i++) {
            if (is_due(world, &world->devices[i], s, log))
                check_member(world, &world->devices[i], s, log);
        }
        check_erased(world, s, log);
        if (!world->failed && log->fold && log->fold->rotation_pending &&
            is_due(world, &world->devices[0], s, log))
            sim_violated(world, "keys are rotated", "space %u still waits for it", s);
    }
    sim_count(world, SIM_CHECK_SETTLED, !world->failed);
}
