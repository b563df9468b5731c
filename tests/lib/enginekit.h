/* SPDX-License-Identifier: Apache-2.0
 *
 * enginekit: devices with the real engine in folders of their own, against a server without sockets (testserver.h).
 *
 *     struct kit kit;
 *     kit_start(&kit);
 *     kit_device_new(&kit, &kit.a, "Alice");
 *     size_t space = kit_found(&kit.a, "Equipe");
 *     kit_join(&kit.a, space, &kit.b, roles);          invite, join, approve, and both have synchronised
 *     kit_edit(&kit.a, space, shred, record, field, "text");
 *     kit_sync(&kit.a);
 */
#ifndef TESTS_ENGINEKIT_H
#define TESTS_ENGINEKIT_H

#include "client/engine.h"
#include "tests/lib/testserver.h"

struct kit;

struct kit_device {
    struct kit *kit;
    char dir[300];
    char name[64];
    struct engine *engine;
    /* of the last kit_sync */
    unsigned requests;
    size_t bytes_up, bytes_down;
    struct engine_sync result;
    enum err err;
};

struct kit {
    struct testserver server;
    struct kit_device a, b, c, d;
    uint64_t now_ms;
};

void kit_start(struct kit *kit);
void kit_stop(struct kit *kit);

void kit_device_new(struct kit *kit, struct kit_device *device, const char *name);
void kit_close(struct kit_device *device);
/** Opens what kit_close left. */
enum err kit_open(struct kit_device *device, struct engine_repair *repair);
void kit_reopen(struct kit_device *device);

/** One `sync` as a program does it: round trips until nothing is left. ERR_NET when an answer was lost. */
enum err kit_sync(struct kit_device *device);

/** Founds a space and synchronises; its index. */
size_t kit_found(struct kit_device *device, const char *name);
/** Invites, joins, approves; its index on the new device. */
size_t kit_join(struct kit_device *admin, size_t space, struct kit_device *device, uint8_t roles);

/** One change of a text field; base = size of the space. */
void kit_edit(struct kit_device *device, size_t space, const uint8_t *shred, uint64_t record,
              uint32_t field, const char *text);
void kit_dossier(struct kit_device *device, size_t space, uint8_t *shred);

/** Everything a device sees of a space, logged and pending, as lines "shred record field text", sorted and hashed. */
struct kit_sight {
    size_t n, pending;
    uint8_t hash[HASH_LEN];
};
void kit_see(struct kit_device *device, size_t space, struct kit_sight *sight);

/** Copies the replica and its key aside and back: a phone restored from a backup. */
void kit_backup(struct kit_device *device);
void kit_restore(struct kit_device *device);

#endif
