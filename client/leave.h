/* SPDX-License-Identifier: Apache-2.0
 *
 * leave: what a device does that has lost a right (PROTOCOL.md 9.1).
 *
 *   removed        seal the outbox to the stewards, destroy every key and everything else of the space,
 *                  bring the parcels to the server's inbox, drop each when a signed answer has taken it
 *   no writer now  the same for refused work alone, when a person hands it over
 *
 *   head record (id 0)    = [wiped, size, changes that wait, changes handed over]
 *   parcel record (id 1+) = [changes, [seq of refused leaf, ...], payload]
 */
#ifndef CLIENT_LEAVE_H
#define CLIENT_LEAVE_H

#include "client/engine_inside.h"
#include "proto/arena.h"

/** Reads how far a space is; its lists are in space->leave. */
enum err leave_load(struct engine *engine, struct space *space);

/** Wipes a space that this device was removed from, once the log says so; nothing otherwise. Own transaction; the space
 * is loaded afresh afterwards. `row` (may be NULL): the answer, which may bring later box keys of the stewards. ERR_FULL,
 * ERR_IO: nothing was touched, the next contact tries again. */
enum err leave_wipe(struct engine *engine, struct space *space, const struct message_row *row);

/** Puts the oldest parcel into a row's inbox, which has room; nothing when there is none. */
enum err leave_row(struct engine *engine, struct space *space, struct arena *arena,
                   struct message_row *row, struct flight_row *flight);

/** Takes the answer to it: a parcel that is signed for goes. `*again`: another one is ready. Own transaction. */
enum err leave_taken(struct engine *engine, struct space *space, const struct flight_row *flight,
                     const struct message_row *row, bool *again);

/** Seals the work that was refused because this device may not write any more; it stays here until it is signed for.
 * `*n` changes. ERR_NOT_FOUND: there is none; ERR_EXISTS: it is on its way already; ERR_DENIED: this device may write. */
enum err leave_hand_over(struct engine *engine, struct space *space, uint64_t *n);

#endif
