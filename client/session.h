/* SPDX-License-Identifier: Apache-2.0
 *
 * session: one round trip with a server (PROTOCOL.md 9). The doors are engine_sync_begin and engine_sync_finish.
 *
 *   idle --begin--> waiting --finish--> idle          a second begin forgets the first: its answer is not taken
 */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include "client/engine_inside.h"
#include "proto/arena.h"

/** Fills one row of a request from a space: what waits, re-wrapped slots, bodies, wants, the inbox. `room` is how many
 * bytes may still leave. Memory is the arena's; pointers stay valid until the outbox changes. In a transaction. */
enum err session_row(struct engine *engine, struct space *space, struct arena *arena, size_t *room,
                     struct message_row *row, struct flight_row *flight);

/** Makes the leaves of what waits, as session_row does; `room` bytes may leave. In a transaction. */
enum err session_build(struct engine *engine, struct space *space, size_t room);

/** Whether this device may send anything into the space now. */
bool session_may_push(const struct space *space);

/** Whether something waits that the next request could carry. */
bool session_has_work(struct engine *engine, struct space *space);

#endif
