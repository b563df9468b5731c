/* SPDX-License-Identifier: Apache-2.0
 *
 * What an enemy does who holds a member's keys, and what two careful people do against an enemy who holds the server's.
 */
#include <stdio.h>
#include <string.h>

#include "client/engine_inside.h"
#include "proto/digest.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_fault.h"

/* A writer whose name the attacker borrows. */
static const struct fold_device *victim(struct sim_world *world, const struct sim_device *device,
                                        const struct fold *fold)
{
    for (unsigned tries = 0; tries < 10; tries++) {
        const struct fold_device *who = &fold->devices[sim_below(&world->random, fold->n_devices)];
        if (who->active && who->roles & ROLE_WRITER && memcmp(who->id, device->id, ID_LEN) != 0)
            return who;
    }
    return NULL;
}

/* A leaf that is right in everything but its signature. */
static void forge(struct sim_world *world, const struct space *space, const struct fold_device *who,
                  struct leaf *leaf, struct leaf_body *body,
                  uint8_t bytes[static 2 * BODY_MIN + NONCE_LEN])
{
    *leaf = (struct leaf){.seq = who->last_seq + 1,
                          .kind = KIND_DATA,
                          .epoch = fold_epoch_now(space->fold),
                          .seen_size = space->fold->size,
                          .n_bodies = 1};
    for (size_t i = 0; i < 2 * BODY_MIN + NONCE_LEN; i++)
        bytes[i] = (uint8_t)sim_u64(&world->random);
    *body = (struct leaf_body){bytes, BODY_MIN};
    leaf->route = bytes + BODY_MIN;
    leaf->route_len = BODY_MIN + NONCE_LEN;
    memcpy(leaf->space, space->pub.id, ID_LEN);
    memcpy(leaf->device, who->id, ID_LEN);
    memcpy(leaf->prev, who->last_hash, HASH_LEN);
    tree_root(&space->tree, leaf->seen_root);
    leaf_bodies_hash(leaf->bodies, body, 1);
}

void sim_attack_forge(struct sim_world *world, struct sim_device *device)
{
    SIM_QUIET;
    size_t s = (size_t)sim_below(&world->random, world->n_spaces);
    size_t i = sim_device_space(world, device, (unsigned)s);
    if (i == SIZE_MAX || device->flight || !sim_device_may(world, device, (unsigned)s, ROLE_READER))
        return;
    const struct space *space = device->engine->spaces[i];
    const struct fold_device *who = victim(world, device, space->fold);
    struct leaf leaf;
    struct leaf_body body;
    struct buf header = {.max = HEADER_MAX}, bytes = {.max = REQUEST_MAX};
    uint8_t content[2 * BODY_MIN + NONCE_LEN], aud[HASH_LEN];
    if (!who)
        return;
    forge(world, space, who, &leaf, &body, content);
    /* Signed, but by the attacker. */
    enum err err = leaf_make(&leaf, &header, device->engine->ring.device->ed_sk);
    struct message_leaf pushed = {
        .header = leaf.header, .header_len = leaf.header_len, .n_bodies = 1, .bodies = &body};
    memcpy(pushed.sig, leaf.sig, SIG_LEN);
    struct message_row row = {
        .have_size = space->fold->size, .keys_rev = space->keys_rev, .n_leaves = 1};
    row.leaves = &pushed;
    memcpy(row.space, space->pub.id, ID_LEN);
    struct message_request request = {.time_ms = world->now_ms, .n_rows = 1, .rows = &row};
    memcpy(request.device, device->id, ID_LEN);
    message_aud(aud, serverkey_now(&world->key)->log_pk);
    if (err == ERR_OK)
        err = message_request_make(&bytes, &request, aud, device->engine->ring.device->ed_sk);
    if (err == ERR_OK) {
        sim_count(world, SIM_ATTACKS, 1);
        sim_trace(world, "device %u: forges a leaf", device->no);
        sim_network_request(world, device, bytes.bytes, bytes.len);
    }
    buf_free(&header);
    buf_free(&bytes);
}

/* --- a phone from yesterday --- */

static void make_backup(struct sim_world *world, struct sim_device *device)
{
    char path[SIM_NAME_MAX + 8];
    snprintf(path, sizeof path, "%s-backup", device->path);
    device->copy = sim_disk_copy(device->disk, path);
    for (unsigned s = 0; s < world->n_spaces; s++) {
        size_t i = sim_device_space(world, device, s);
        device->copy_seq[s] = i == SIZE_MAX ? 0 : device->engine->spaces[i]->outbox.last_seq;
    }
    sim_trace(world, "device %u: a backup is made", device->no);
}

void sim_attack_clone(struct sim_world *world, struct sim_device *device)
{
    if (device->flight || !device->engine || device->restored)
        return;
    if (!device->copy) {
        make_backup(world, device);
        return;
    }
    sim_device_off(device);
    sim_disk_restore(device->disk, device->copy);
    device->restored = true;
    memset(device->size, 0, sizeof device->size);
    for (unsigned s = 0; s < world->n_spaces; s++)
        device->twin_size[s] = sim_check_log(world, device, s)->size;
    sim_count(world, SIM_CLONES, 1);
    sim_trace(world, "device %u: the backup is put back", device->no);
}

/* --- checkpoints carried by hand --- */

static struct sim_device *neighbour(struct sim_world *world, const struct sim_device *device)
{
    for (unsigned tries = 0; tries < world->n_devices; tries++) {
        struct sim_device *other = &world->devices[sim_below(&world->random, world->n_devices)];
        if (other != device && other->engine && !other->disk->dead)
            return other;
    }
    return NULL;
}

/* What comparing must say, from the two histories that the simulator knows. */
static enum err verdict(struct sim_world *world, const struct sim_device *device, unsigned s,
                        const struct space *own, const struct space *other)
{
    const struct sim_log *log = sim_check_log(world, device, s);
    const uint64_t size = other->note.size;
    if (size > own->fold->size)
        return ERR_BEHIND;
    return size == 0 || memcmp(log->entries[size - 1].root, other->note.root, HASH_LEN) == 0
               ? ERR_OK
               : ERR_FORK;
}

void sim_attack_compare(struct sim_world *world, struct sim_device *device)
{
    struct sim_device *other = neighbour(world, device);
    unsigned s = (unsigned)sim_below(&world->random, world->n_spaces);
    struct buf note = {.max = NOTE_TEXT_MAX};
    if (!other || !device->engine)
        return;
    size_t i = sim_device_space(world, device, s), k = sim_device_space(world, other, s);
    if (i == SIZE_MAX || k == SIZE_MAX || !other->engine->spaces[k]->has_note ||
        device->engine->spaces[i]->fold->size == 0)
        return;
    const struct space *own = device->engine->spaces[i], *theirs = other->engine->spaces[k];
    enum err must = verdict(world, device, s, own, theirs);
    enum err err = engine_checkpoint(other->engine, k, &note);
    if (err == ERR_OK)
        err = engine_compare(device->engine, (const char *)note.bytes, note.len);
    sim_trace(world, "devices %u and %u compare: %s", device->no, other->no, err_name(err));
    sim_count(world, SIM_CHECK_ALARM, 1);
    /* A note that is ahead waits; if it belongs to another history, the alarm will come with its size. */
    if (world->n_branches > 1 && (err == ERR_FORK || err == ERR_BEHIND))
        device->crossed = true;
    bool right = err == must || (must == ERR_BEHIND && err == ERR_FORK && device->crossed);
    if (!right && !sim_device_excused(device, err))
        sim_violated(world, "forks are seen", "devices %u and %u compare: %s instead of %s",
                     device->no, other->no, err_name(err), err_name(must));
    if (err == ERR_FORK && own->pub.alarm != ERR_FORK)
        sim_violated(world, "forks are seen", "device %u compares and forgets", device->no);
    buf_free(&note);
}
