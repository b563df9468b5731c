/* SPDX-License-Identifier: Apache-2.0
 *
 * rekey: box keys that end. A device has a box key pair of its own in each space; what is sealed to the device alone
 * (epoch keys, an auditor's keys, parcels) is sealed to the newest that the log names. A key that was handed something
 * is replaced by the next one, and forgotten once the newest epoch's seal was made for a later one (PROTOCOL.md 6.4):
 * an old copy of the server's key store then opens with no key that still exists.
 *
 *   drawn (kept) -> announced by a device_rekey -> an epoch_change is sealed to it -> the ones before it go
 *
 *   record in REPLICA_BOX = space16 | seed32 | u64be index      id: order of drawing, over all spaces
 *                                                   index: of its device_rekey; 0 for the first one, and until it is logged
 *
 * Keeping and forgetting are records of the replica, so that each is one transaction with what causes it: a key is on
 * the disk before the leaf that names it can leave. Recovery sheets keep theirs: paper cannot be rewritten.
 */
#ifndef CLIENT_REKEY_H
#define CLIENT_REKEY_H

#include "client/engine_inside.h"

/** The box keys of this device in a space, oldest first, in guarded memory. */
struct rekey_ring {
    size_t n;
    struct rekey_key *keys;
};

struct rekey_key {
    uint64_t id,
        index; /* id 0: the key in the key header, which every device has and older programs used */
    uint8_t x_pk[PK_LEN];
    uint8_t x_sk[KEY_LEN];
};

/** Loads them; rekey_free in any case. */
enum err rekey_load(const struct engine *engine, const uint8_t space[static ID_LEN],
                    struct rekey_ring *ring);
void rekey_free(struct rekey_ring *ring);

/** Whether the ring holds the secret of a public key. */
bool rekey_holds(const struct rekey_ring *ring, const uint8_t x_pk[static PK_LEN]);

/** Opens with whichever key fits. ERR_CORRUPT: none does. `out` as for open_box_to and open_device_seal. */
enum err rekey_open_box(const struct rekey_ring *ring, uint8_t *out, const uint8_t *box,
                        size_t len);
enum err rekey_open_seal(const struct rekey_ring *ring, uint8_t *keys, enum seal_type type,
                         const uint8_t *seal, size_t len);

/** Draws a key for a space that the device is about to found or join (the caller wipes `seed`), and keeps it. */
void rekey_draw(uint8_t seed[static SEED_LEN], uint8_t x_pk[static PK_LEN]);
enum err rekey_keep(struct engine *engine, const uint8_t space[static ID_LEN],
                    const uint8_t seed[static SEED_LEN]);

/** Both at once, where the key is read back by rekey_newest. In a transaction. */
enum err rekey_new(struct engine *engine, const uint8_t space[static ID_LEN]);

/** The newest public key, announced or not. */
enum err rekey_newest(const struct engine *engine, const uint8_t space[static ID_LEN],
                      uint8_t x_pk[static PK_LEN]);

/** Whether the key that the log names has done its service: a rotation was sealed to it, or, for the first one, a day
 * has passed. */
bool rekey_is_due(const struct engine *engine, const struct space *space);

/** The key to announce next: one that was drawn before and never logged, else a new one. In a transaction. */
enum err rekey_next(struct engine *engine, struct space *space, uint8_t x_pk[static PK_LEN]);

/** An own device_rekey is logged at `index`. In a transaction. */
enum err rekey_logged(struct engine *engine, struct space *space, const uint8_t x_pk[static PK_LEN],
                      uint64_t index);

/** Forgets what nothing needs any more; `*forgot` is set when something went. In a transaction. */
enum err rekey_settle(struct engine *engine, struct space *space, bool *forgot);

/** Forgets all keys of a space that the device has left. In a transaction. */
enum err rekey_forget(struct engine *engine, const uint8_t space[static ID_LEN]);

#endif
