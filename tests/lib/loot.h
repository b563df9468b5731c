/* SPDX-License-Identifier: Apache-2.0
 *
 * loot: whatever copies of devices and of a server's files open together.
 *
 * It takes every key that unlocked devices hold (box keys, epoch keys, dossier keys), lets them work on the seals and slots
 * of any number of key stores until nothing new opens, and tries the result on every routing box and body of a log. Keys
 * are tried in all places, not only where they belong: only the cipher says no. One space.
 */
#ifndef TESTS_LOOT_H
#define TESTS_LOOT_H

#include "client/engine.h"

struct loot;

struct loot_count {
    size_t slots, slots_open, seals, seals_open; /* of all key stores */
    size_t routes, routes_open, bodies, bodies_open;
    uint32_t newest;      /* greatest epoch of a leaf of which anything opened; 0 = nothing did */
    uint32_t newest_slot; /* the same of the slots */
};

struct loot *loot_new(void);
void loot_free(struct loot *loot);

/** What an open device has of a space: nothing is changed. The engine is borrowed until loot_free. */
void loot_device(struct loot *loot, struct engine *engine, size_t space);

/** Reads all slots and seals of a keys.db (a copy of the file, or the folder's own while no server runs). */
void loot_keys(struct loot *loot, const char *keys_db);

/** Tries all entries with from <= index < to of a log.db. */
void loot_log(struct loot *loot, const char *log_db, uint64_t from, uint64_t to,
              struct loot_count *count);

/** Of the last loot_log: how many bodies were known to be of a dossier (its short code), and how many of them opened. */
void loot_dossier(const struct loot *loot, const char *code, size_t *bodies, size_t *opened);

#endif
