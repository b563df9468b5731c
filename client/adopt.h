/* SPDX-License-Identifier: Apache-2.0
 *
 * adopt: work that others could not send any more, sealed for this device: kept until a person decides about it, then
 * sent in this device's own leaves with the authors and runs that it had (PROTOCOL.md 9.1).
 *
 *   record = [device16, hash32, K32 | nil, payload]       K is taken out at once: box keys are replaced
 */
#ifndef CLIENT_ADOPT_H
#define CLIENT_ADOPT_H

#include "client/engine_inside.h"

/** Keeps the parcels of a row's inbox, unless the log says that they were adopted. In a transaction. */
enum err adopt_inbox(struct engine *engine, struct space *space, const struct message_row *row);

/** Forgets a parcel whose adoption is in the log. In a transaction. */
enum err adopt_logged(struct engine *engine, struct space *space, const struct op *op);

struct adopt_parcel {
    uint8_t device[ID_LEN]; /* who sealed it */
    uint8_t hash[HASH_LEN];
    bool readable;    /* it was sealed to this device, and opens */
    bool queued;      /* adopted or dropped here; the log does not say so yet */
    uint64_t changes; /* the number that its device showed; 0 when it is not readable */
};
typedef enum err (*adopt_sink)(void *ctx, const struct adopt_parcel *parcel);

/** Gives what waits for a decision, in the order of arrival. */
enum err adopt_each(struct engine *engine, size_t space, adopt_sink sink, void *ctx);

/** Adopts all that waits from a device: its changes go into the outbox, those that the log has already are left out,
 * and the adoption follows them in the same push. With `drop` nothing is taken over; the log says that too. `*n`
 * changes. ERR_NOT_FOUND: nothing waits from it; ERR_DENIED: no steward who writes; ERR_NO_KEY: none of it opens here;
 * ERR_BEHIND: the log is not complete here, sync first; ERR_FULL, ERR_IO: nothing happened. */
enum err adopt_take(struct engine *engine, size_t space, const uint8_t device[static ID_LEN],
                    bool drop, uint64_t *n);

#endif
