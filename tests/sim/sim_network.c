/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages on their way. The network loses, doubles, delays, cuts and alters; it answers a request with the answer to
 * another one. It reads everything, so what it sees is checked too: no text of a person, no nonce twice.
 */
#define _GNU_SOURCE /* memmem */
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/message.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_world.h"

void sim_message_free(struct sim_message *message)
{
    free(message->bytes);
    message->bytes = NULL;
    message->len = 0;
}

static struct sim_message copy_of(const struct sim_message *from, const uint8_t *bytes, size_t len)
{
    struct sim_message copy = *from;
    copy.bytes = malloc(len ? len : 1);
    if (!copy.bytes)
        abort();
    if (len)
        memcpy(copy.bytes, bytes, len);
    copy.len = len;
    return copy;
}

static bool strikes(struct sim_world *world, unsigned chance)
{
    if (world->resting || !sim_chance(&world->random, chance))
        return false;
    sim_count(world, SIM_MANGLED, 1);
    return true;
}

static void damage(struct sim_world *world, struct sim_message *message)
{
    if (strikes(world, world->profile.cut)) {
        message->len = (size_t)sim_below(&world->random, message->len);
        message->mangled = true;
    }
    if (message->len > 0 && strikes(world, world->profile.alter)) {
        size_t at = (size_t)sim_below(&world->random, message->len);
        size_t end = at + 1 + (size_t)sim_below(&world->random, 3);
        for (; at < end && at < message->len; at++)
            message->bytes[at] ^= (uint8_t)(1u << sim_below(&world->random, 8));
        message->mangled = true;
    }
}

/* Sends one copy; lost ones are freed. */
static void send(struct sim_world *world, enum sim_event_kind kind, unsigned who,
                 struct sim_message message)
{
    uint64_t ms = sim_between(&world->random, 20, 900);
    if (strikes(world, world->profile.lose)) {
        sim_message_free(&message);
        return;
    }
    damage(world, &message);
    /* Late requests overtake and are overtaken; a late answer finds nobody waiting. */
    if (strikes(world, world->profile.delay))
        ms += sim_below(&world->random, 20 * SIM_MINUTE);
    sim_event_add(world, ms, kind, who)->message = message;
}

/* --- what an ear on the wire hears --- */

static void see_nonce(struct sim_world *world, const uint8_t nonce[static NONCE_LEN],
                      const uint8_t of[static HASH_LEN])
{
    sim_count(world, SIM_CHECK_NONCE, 1);
    for (size_t i = 0; i < world->n_nonces; i++) {
        const struct sim_nonce *old = &world->nonces[i];
        if (memcmp(old->nonce, nonce, NONCE_LEN) != 0)
            continue;
        if (memcmp(old->of, of, HASH_LEN) != 0)
            sim_violated(world, "no nonce twice", "two different seals under one nonce");
        return;
    }
    world->nonces =
        sim_grown(world->nonces, &world->nonces_cap, world->n_nonces, sizeof *world->nonces);
    struct sim_nonce *fresh = &world->nonces[world->n_nonces++];
    memcpy(fresh->nonce, nonce, NONCE_LEN);
    memcpy(fresh->of, of, HASH_LEN);
}

static void see_leaf(struct sim_world *world, const struct message_leaf *in)
{
    struct leaf leaf;
    uint8_t hash[HASH_LEN];
    if (leaf_decode(&leaf, in->header, in->header_len, in->sig) == ERR_OK &&
        kind_has_route(leaf.kind)) {
        digest_sha256_of(hash, leaf.route, leaf.route_len);
        see_nonce(world, leaf.route, hash);
    }
    for (size_t i = 0; !kind_has_route(leaf.kind) && i < in->n_bodies; i++) {
        if (in->bodies[i].len < BODY_MIN)
            continue;
        digest_sha256_of(hash, in->bodies[i].bytes, in->bodies[i].len);
        see_nonce(world, in->bodies[i].bytes, hash);
    }
    leaf_fini(&leaf);
}

static void see_slot(struct sim_world *world, const uint8_t *space, const struct leaf_slot *slot)
{
    uint8_t hash[HASH_LEN];
    digest_sha256_of(hash, slot->slot, SLOT_LEN);
    see_nonce(world, slot->slot, hash);
    for (size_t i = 0; i < world->n_slots; i++) {
        if (memcmp(world->slots[i].slot, slot->slot, SLOT_LEN) == 0)
            return;
    }
    world->slots = sim_grown(world->slots, &world->slots_cap, world->n_slots, sizeof *world->slots);
    struct sim_slot *seen = &world->slots[world->n_slots++];
    *seen = (struct sim_slot){.space = memcmp(space, world->spaces[0], ID_LEN) != 0};
    memcpy(seen->row, slot->row, ID_LEN);
    memcpy(seen->slot, slot->slot, SLOT_LEN);
}

void sim_network_watch(struct sim_world *world, const struct sim_device *device,
                       const uint8_t *bytes, size_t len)
{
    SIM_QUIET;
    struct message_request request = {0};
    sim_count(world, SIM_CHECK_SECRET, len / 1024);
    if (memmem(bytes, len, SIM_NEEDLE, strlen(SIM_NEEDLE)))
        sim_violated(world, "no plaintext in packets", "request of device %u", device->no);
    if (message_request_open(&request, bytes, len) == ERR_OK &&
        message_request_decode(&request) == ERR_OK) {
        for (size_t i = 0; i < request.n_rows; i++) {
            const struct message_row *row = &request.rows[i];
            for (size_t k = 0; k < row->n_leaves; k++)
                see_leaf(world, &row->leaves[k]);
            for (size_t k = 0; k < row->n_slots; k++)
                see_slot(world, row->space, &row->slots[k]);
        }
    }
    message_request_free(&request);
}

/* --- requests and answers --- */

void sim_network_request(struct sim_world *world, struct sim_device *device, const uint8_t *bytes,
                         size_t len)
{
    SIM_QUIET;
    struct sim_message message = {
        .device = device->no, .server = device->server, .flight = device->flight};
    sim_network_watch(world, device, bytes, len);
    if (strikes(world, world->profile.twice))
        send(world, SIM_TO_SERVER, 0, copy_of(&message, bytes, len));
    send(world, SIM_TO_SERVER, 0, copy_of(&message, bytes, len));
}

void sim_network_answer(struct sim_world *world, const struct sim_message *request,
                        const uint8_t *bytes, size_t len, bool text)
{
    SIM_QUIET;
    if (len == 0)
        return; /* a server without memory says nothing */
    struct sim_device *device = &world->devices[request->device];
    struct sim_message message = {.device = request->device,
                                  .server = request->server,
                                  .flight = request->flight,
                                  .branch = request->branch,
                                  .mangled = request->mangled || text};
    memcpy(message.sizes, request->sizes, sizeof message.sizes);
    sim_count(world, SIM_CHECK_SECRET, len / 1024);
    if (memmem(bytes, len, SIM_NEEDLE, strlen(SIM_NEEDLE)))
        sim_violated(world, "no plaintext in packets", "answer to device %u", request->device);
    struct sim_message answer = copy_of(&message, bytes, len);
    if (device->old.bytes && device->old.flight != request->flight &&
        strikes(world, world->profile.replay)) {
        sim_message_free(&answer);
        answer = copy_of(&message, device->old.bytes, device->old.len);
        answer.mangled = true;
    } else if (!text && sim_chance(&world->random, 200)) {
        sim_message_free(&device->old);
        device->old = copy_of(&message, bytes, len);
    }
    send(world, SIM_TO_DEVICE, request->device, answer);
}
