/* SPDX-License-Identifier: Apache-2.0
 *
 * Who joins, who leaves, what is erased: each function is one thing that a person may do when a device wakes. A new
 * kind of action is one more function here and one more line in sim_device.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "tests/sim/sim_world.h"

static void said(struct sim_world *world, const struct sim_device *device, const char *what,
                 enum err err)
{
    sim_trace(world, "device %u: %s: %s", device->no, what, err_name(err));
    sim_count(world, SIM_FULL, err == ERR_FULL);
}

/* --- founding and joining --- */

void sim_member_found(struct sim_world *world, struct sim_device *device, unsigned space)
{
    size_t i;
    static const uint8_t none[ID_LEN];
    struct sim_server *server = &world->servers[device->server];
    if (memcmp(world->spaces[space], none, ID_LEN) != 0 || !server->running || !device->engine)
        return;
    /* The second space needs a device that the server knows. */
    if (space > 0 && !sim_device_may(world, device, 0, ROLE_ADMIN))
        return;
    if (space > 0 && !sim_chance(&world->random, 200))
        return;
    const struct buf *answer = sync_server(server->sync);
    enum err err = engine_found(device->engine, space == 0 ? world->founder_link : NULL,
                                space == 0 ? NULL : engine_server_url(device->engine, 0),
                                answer->bytes, answer->len, SIM_NEEDLE "team",
                                space == 0 ? LEVEL_TEAM : LEVEL_RESTRICTED, &i);
    said(world, device, "founds a space", err);
    if (err == ERR_OK)
        memcpy(world->spaces[space], engine_space(device->engine, i)->id, ID_LEN);
    else if (!sim_device_excused(device, err))
        sim_violated(world, "a space can be founded", "%s", err_name(err));
}

void sim_member_join(struct sim_world *world, struct sim_device *device)
{
    size_t i;
    struct sim_server *server = &world->servers[device->server];
    if (!device->link[0] || !server->running || !device->engine)
        return;
    const struct buf *answer = sync_server(server->sync);
    enum err err = engine_join(device->engine, device->link, answer->bytes, answer->len, &i);
    said(world, device, "joins", err);
    if (err == ERR_OK || err == ERR_EXISTS)
        device->link[0] = '\0';
    else if (!sim_device_excused(device, err))
        sim_violated(world, "a device can join", "device %u: %s", device->no, err_name(err));
}

/* Somebody who is not in the space and has no other link in the pocket. */
static struct sim_device *outsider(struct sim_world *world, unsigned space)
{
    for (unsigned tries = 0; tries < 2 * world->n_devices; tries++) {
        struct sim_device *other = &world->devices[sim_below(&world->random, world->n_devices)];
        if (other->link[0] || other->invited[space])
            continue;
        return other;
    }
    return NULL;
}

static uint8_t some_roles(struct sim_world *world)
{
    static const uint8_t roles[] = {ROLE_READER | ROLE_WRITER,
                                    ROLE_READER | ROLE_WRITER,
                                    ROLE_READER | ROLE_WRITER,
                                    ROLE_READER | ROLE_WRITER | ROLE_STEWARD,
                                    ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN,
                                    ROLE_READER,
                                    ROLE_AUDITOR};
    return roles[sim_below(&world->random, sizeof roles)];
}

bool sim_member_invite(struct sim_world *world, struct sim_device *device, unsigned space)
{
    struct buf link = {.max = 512};
    struct sim_device *other = outsider(world, space);
    if (!other || !sim_device_may(world, device, space, ROLE_ADMIN))
        return false;
    uint64_t days = sim_chance(&world->random, 100) ? 1 : 60;
    enum err err = engine_invite(device->engine, sim_device_space(world, device, space),
                                 some_roles(world), (world->now_ms + days * SIM_DAY) / 1000, &link);
    said(world, device, "invites", err);
    if (err == ERR_OK) {
        snprintf(other->link, sizeof other->link, "%s", (const char *)link.bytes);
        other->invited[space] = true;
    } else if (!sim_device_excused(device, err)) {
        sim_violated(world, "an admin can invite", "device %u: %s", device->no, err_name(err));
    }
    buf_free(&link);
    return true;
}

/* Whether an approval of this device waits for a second admin. */
static bool is_proposed(const struct fold *fold, const uint8_t device[static ID_LEN])
{
    for (size_t i = 0; i < fold->n_proposals; i++) {
        if (memcmp(fold->proposals[i].target, device, ID_LEN) == 0)
            return true;
    }
    return false;
}

void sim_member_approve(struct sim_world *world, struct sim_device *device, unsigned space)
{
    size_t i = sim_device_space(world, device, space);
    if (i == SIZE_MAX || !sim_device_may(world, device, space, ROLE_ADMIN))
        return;
    for (size_t k = 0; k < engine_waiting_count(device->engine, i) && !world->failed; k++) {
        struct engine_waiting who = *engine_waiting(device->engine, i, k);
        if (who.approved || is_proposed(engine_fold(device->engine, i), who.device))
            continue;
        bool refuse = !world->resting && sim_chance(&world->random, 50);
        enum err err = refuse ? engine_refuse(device->engine, i, who.device)
                              : engine_approve(device->engine, i, who.device);
        said(world, device, refuse ? "refuses" : "approves", err);
        if (err != ERR_OK && !sim_device_excused(device, err))
            sim_violated(world, "an admin can approve", "device %u: %s", device->no, err_name(err));
        if (refuse || err != ERR_OK)
            break; /* the list is another one now */
    }
}

/* --- leaving, roles --- */

static void operate(struct sim_world *world, struct sim_device *device, unsigned space,
                    const struct op *op, const char *what)
{
    enum err err =
        engine_operate(device->engine, sim_device_space(world, device, space), op, NULL, 0);
    said(world, device, what, err);
    if (err != ERR_OK && !sim_device_excused(device, err))
        sim_violated(world, "an admin can act", "device %u: %s: %s", device->no, what,
                     err_name(err));
}

/* An active member of the space as this device knows it, never the last admin. */
static const struct fold_device *some_member(struct sim_world *world, struct sim_device *device,
                                             unsigned space)
{
    const struct fold *fold = engine_fold(device->engine, sim_device_space(world, device, space));
    for (unsigned tries = 0; fold && tries < 10; tries++) {
        const struct fold_device *who = &fold->devices[sim_below(&world->random, fold->n_devices)];
        if (who->active && memcmp(who->id, device->id, ID_LEN) != 0)
            return who;
    }
    return NULL;
}

void sim_member_revoke(struct sim_world *world, struct sim_device *device, unsigned space)
{
    struct op op = {.kind = KIND_DEVICE_REVOKE};
    if (!sim_device_may(world, device, space, ROLE_ADMIN))
        return;
    const struct fold_device *who = some_member(world, device, space);
    /* The founder stays, so that somebody is left to end the story. */
    if (!who || memcmp(who->id, world->devices[0].id, ID_LEN) == 0)
        return;
    memcpy(op.u.device_revoke.device, who->id, ID_LEN);
    op.u.device_revoke.mode = sim_chance(&world->random, 500) ? REVOKE_LOST : REVOKE_DEPARTURE;
    if (op.u.device_revoke.mode == REVOKE_LOST)
        op.u.device_revoke.cut = who->last_seq - sim_below(&world->random, 2) *
                                                     sim_below(&world->random, who->last_seq + 1);
    else
        op.u.device_revoke.cut =
            who->last_index + 1 - sim_below(&world->random, who->last_index + 2 - who->added);
    operate(world, device, space, &op, "revokes");
}

void sim_member_role(struct sim_world *world, struct sim_device *device, unsigned space)
{
    struct op op = {.kind = KIND_ROLE_SET};
    if (!sim_device_may(world, device, space, ROLE_ADMIN))
        return;
    const struct fold_device *who = some_member(world, device, space);
    if (!who || memcmp(who->id, world->devices[0].id, ID_LEN) == 0)
        return;
    memcpy(op.u.role_set.device, who->id, ID_LEN);
    do
        op.u.role_set.roles = some_roles(world);
    while (op.u.role_set.roles == who->roles);
    operate(world, device, space, &op, "changes roles");
}

/* Another one's proposal gets its second leaf, once. */
void sim_member_confirm(struct sim_world *world, struct sim_device *device, unsigned space)
{
    size_t i = sim_device_space(world, device, space);
    const struct fold *fold = i == SIZE_MAX ? NULL : engine_fold(device->engine, i);
    struct op op = {.kind = KIND_CONFIRM};
    if (!fold || !sim_device_may(world, device, space, ROLE_ADMIN) ||
        device->engine->spaces[i]->outbox.n_operations > 0)
        return;
    for (size_t k = 0; k < fold->n_proposals; k++) {
        const struct fold_proposal *proposal = &fold->proposals[k];
        if (memcmp(proposal->author, device->id, ID_LEN) == 0 ||
            memcmp(proposal->target, device->id, ID_LEN) == 0 ||
            world->now_ms > proposal->t_recv_ms + 20 * SIM_DAY || sim_chance(&world->random, 300))
            continue;
        memcpy(op.u.confirm.hash, proposal->hash, HASH_LEN);
        operate(world, device, space, &op, "confirms");
        return;
    }
}

/* --- erasing --- */

void sim_member_erase(struct sim_world *world, struct sim_device *device, unsigned space)
{
    struct op op = {.kind = KIND_ERASE, .u.erase.reason = 1};
    size_t i = sim_device_space(world, device, space);
    if (world->n_dossiers == 0 || !sim_device_may(world, device, space, ROLE_STEWARD))
        return;
    struct sim_dossier *dossier = &world->dossiers[sim_below(&world->random, world->n_dossiers)];
    const struct dossier *known = dossier_find(device->engine->spaces[i], dossier->shred);
    if (dossier->space != space || !known || !known->born ||
        engine_dossier_check(device->engine, i, dossier->shred) != ERR_OK)
        return;
    memcpy(op.u.erase.shred, dossier->shred, ID_LEN);
    dossier->asked = true;
    operate(world, device, space, &op, "erases a dossier");
}
