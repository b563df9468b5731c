/* SPDX-License-Identifier: Apache-2.0
 *
 * take: one row of an answer is verified and taken over, or leaves everything as it was (PROTOCOL.md 8).
 *
 *   note's origin and key -> size >= mine, same size has the same root -> each entry -> the root is the note's
 *   -> items, keys, routing boxes, erasures, missing bodies, inbox -> one transaction
 */
#ifndef CLIENT_TAKE_H
#define CLIENT_TAKE_H

#include "client/engine_inside.h"

/** What taking a row led to, beyond what engine_sync counts. */
struct take_result {
    bool again;   /* there is more to fetch or to send, right now */
    enum err bad; /* evidence was found: nothing of the row was kept */
    uint64_t pulled, pushed, refused;
};

/** Takes row `flight` of the answer. ERR_FULL, ERR_IO, ERR_MEMORY...: nothing of it was kept, ask again. */
enum err take_row(struct engine *engine, struct server *server, const struct flight_row *flight,
                  const struct message_response *answer, const struct message_row *row,
                  struct take_result *result);

/** The server does not know the space, or this device in it, though its log was verified here: a rollback. */
enum err take_gone(struct engine *engine, struct space *space);

#endif
