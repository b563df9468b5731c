/* SPDX-License-Identifier: Apache-2.0
 *
 * refill: a server that was restored from a backup says so, signed by its log key, and gets back from its devices what
 * it had signed and lost (PROTOCOL.md 9.3, resume.h). Work waits meanwhile; nothing is an alarm.
 */
#ifndef CLIENT_REFILL_H
#define CLIENT_REFILL_H

#include "client/engine_inside.h"
#include "proto/arena.h"

/** Reads the statement of a row with status RECOVERING. ERR_OK: the log key says that it holds a beginning of the own
 * history; the space is then refilled, if this device can. ERR_ROLLBACK: it does not say so. */
enum err refill_statement(struct engine *engine, struct space *space,
                          const struct message_row *row);

/** Whether entries of any space wait to be given back to this server. */
bool refill_waits(const struct engine *engine, const struct server *server);

/** Fills the rows of such a request, and the flight; memory is the arena's. */
enum err refill_fill(struct engine *engine, struct server *server, struct arena *arena,
                     struct message_request *request);

/** Takes its answer. */
void refill_take(struct engine *engine, struct server *server,
                 const struct message_response *answer);

#endif
