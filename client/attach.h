/* SPDX-License-Identifier: Apache-2.0
 *
 * attach: files of a dossier, sealed under keys of their own that stand in the dossier's boxes, in pieces beside the log
 * (PROTOCOL.md 5.7). They go up with each sync until the server has all of them, come down only when somebody asks, both
 * from where they stopped, and go with their dossier.
 */
#ifndef CLIENT_ATTACH_H
#define CLIENT_ATTACH_H

#include "client/engine_inside.h"
#include "proto/arena.h"

/** How many wait to go up: sets space->uploads. */
enum err attach_load(struct engine *engine, struct space *space);

/** Adds the next pieces, or the wish for them, behind the row's inbox (which holds INBOX_MAX). In a transaction. */
enum err attach_outgoing(struct engine *engine, struct space *space, struct arena *arena,
                         struct message_row *row, struct flight_row *flight);

/** What the answer says of them; `*again` when more can go or come. In a transaction. */
enum err attach_take(struct engine *engine, struct space *space, const struct flight_row *flight,
                     const struct message_row *row, bool *again);

/** Lets those files of a dossier that are here whole go up in the space `to` as well. In a transaction. */
enum err attach_carry(struct engine *engine, const struct space *from, struct space *to,
                      const uint8_t shred[static ID_LEN]);

/** Deletes the files of an erased dossier. In a transaction. */
enum err attach_forget(struct engine *engine, struct space *space,
                       const uint8_t shred[static ID_LEN]);

#endif
