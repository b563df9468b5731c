/* SPDX-License-Identifier: Apache-2.0
 *
 * succeed: a space whose history cannot go on (two histories signed by the log key, or a part of the log that no device
 * can give back) goes on in another one, its successor (PROTOCOL.md 9.4):
 *
 *   an administrator founds it  ->  that device carries over all that it holds  ->  it admits each member that states
 *   its keys, with the roles it had  ->  each of them adds what only it holds, by change id
 *
 * Devices hear of it from the server and follow by themselves when the founder administers the old space in the log
 * that they verified. The old space stays here, readable; nothing is sent to it any more.
 */
#ifndef CLIENT_SUCCEED_H
#define CLIENT_SUCCEED_H

#include "client/engine_inside.h"

/** Founds the successor of space `old`, on its server (`server`: the answer of GET /v1/server). `*i` is its index.
 * ERR_DENIED: no administrator; ERR_USAGE: nothing is wrong with the space (no alarm of its history); ERR_EXISTS: it has
 * one; as engine_found otherwise. */
enum err succeed_found(struct engine *engine, size_t old, const uint8_t *server, size_t server_len,
                       const char *name, size_t *i);

/** Reads from a row's inbox that `space` goes on elsewhere, and asks to be admitted there: `*again` with another
 * request. */
enum err succeed_inbox(struct engine *engine, const struct space *space,
                       const struct message_row *row, bool *again);

/** Admits those members of the old space that stated their keys for the new one, if this device may and has carried
 * over what it holds. In a transaction. */
enum err succeed_admit(struct engine *engine, struct space *space, const struct message_row *row);

/** Carries over what can be carried now; `*queued` when something waits for a sync. */
enum err succeed_step(struct engine *engine, bool *queued);

/** Forgets what the space that `space` continues has of an erased dossier. In a transaction. */
enum err succeed_forget(struct engine *engine, const struct space *space,
                        const uint8_t shred[static ID_LEN]);

/** Where a dossier that a space and its successor have is shown: 1 from `i`, 0 from the other one, -1 when there is no
 * such pair. */
int succeed_home(const struct engine *engine, size_t i, const uint8_t shred[static ID_LEN]);

#endif
