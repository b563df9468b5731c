/* SPDX-License-Identifier: Apache-2.0
 *
 * dossier: which dossiers a space has, where they were born, and their keys (PROTOCOL.md 6).
 *
 * A dossier's birth is its first full mention (shred_id, commitment) in a valid leaf; a later mention with another
 * commitment is ignored. Keys are opened when they are first needed: 10,000 dossiers cost nothing at unlock.
 */
#ifndef CLIENT_DOSSIER_H
#define CLIENT_DOSSIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/change.h"
#include "proto/err.h"
#include "proto/leaf.h"
#include "proto/limits.h"

struct engine;
struct space;

struct dossier {
    uint8_t shred[ID_LEN];
    uint8_t kcom[HASH_LEN];
    bool born; /* a verified checkpoint covers its birth */
    uint64_t leaf;
    uint16_t box;
    uint8_t *key;      /* keyring cell; NULL until opened */
    bool keyless;      /* looked for, not there; reset when slots or epoch keys arrive */
    uint64_t newborn;  /* record in REPLICA_NEWBORN; 0 = none */
    uint64_t slot_seq; /* leaf on its way that carries the slot; 0 = none */
};

/** All dossiers of a space. */
struct dossiers {
    size_t n, cap;
    struct dossier *items; /* in order of appearance */
    size_t n_slots;        /* power of two */
    uint32_t *slots;       /* hash table: index + 1 */
    size_t n_births;
    uint32_t *births; /* indexes of born ones, ascending by (leaf, box) */
};

/** Loads births and newborns from the replica. */
enum err dossier_load(struct engine *engine, struct space *space);
void dossier_unload(struct engine *engine, struct space *space);

/** NULL when the space has none of that id. The pointer is dead after the next dossier_new or dossier_route. */
struct dossier *dossier_find(const struct space *space, const uint8_t shred[static ID_LEN]);

/** The dossier born at (leaf, box); NULL. */
struct dossier *dossier_born_at(const struct space *space, uint64_t leaf, uint16_t box);

/** The dossier of a routing entry of the leaf at `index`; NULL when the entry names none that counts. */
struct dossier *dossier_of_route(const struct space *space, const struct change_route *route,
                                 uint64_t index);

/** Draws a dossier with its key, kept sealed; durable when it returns. */
enum err dossier_new(struct engine *engine, struct space *space, uint8_t shred[static ID_LEN]);

/** Takes over a dossier that another device drew and never sent, with its key. ERR_EXISTS: it is known here. In a
 * transaction. */
enum err dossier_adopt(struct engine *engine, struct space *space,
                       const uint8_t shred[static ID_LEN], const uint8_t rk[static KEY_LEN]);

/** Draws another key for a dossier that was never logged and whose key a damaged file lost. In a transaction. */
enum err dossier_renew(struct engine *engine, struct space *space,
                       const uint8_t shred[static ID_LEN]);

/** Its key (borrowed). ERR_NO_KEY: it has not arrived; ERR_ERASED. */
enum err dossier_key(struct engine *engine, struct space *space, struct dossier *dossier,
                     const uint8_t **key);

/** The leaf where the first dossier was born of which no slot is here, among those looked for in vain; `*leaf` stays as
 * it is when there is none. */
enum err dossier_without_slot(struct engine *engine, const struct space *space, uint64_t *leaf);

/** Looks again for keys that were missing. */
void dossier_retry_keys(struct space *space);

/** Destroys the key of an erased dossier: slot row, newborn record, memory. Inside a transaction. */
enum err dossier_forget(struct engine *engine, struct space *space,
                        const uint8_t shred[static ID_LEN]);

/** The slot of a dossier for the current epoch. ERR_NO_KEY. */
enum err dossier_slot(struct engine *engine, struct space *space, struct dossier *dossier,
                      struct leaf_slot *slot);

/**
 * Reads the routing boxes of the entries from space->routed on and notes the births; stops at a leaf whose epoch key
 * has not arrived. Inside a transaction; newborns whose birth is covered lose their record.
 */
enum err dossier_route(struct engine *engine, struct space *space);

#endif
