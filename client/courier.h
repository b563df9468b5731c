/* SPDX-License-Identifier: Apache-2.0
 *
 * courier: work of others that came by file and waits to be handed to its server. The courier may be anybody whom the
 * server knows, a removed device too; it reads nothing of it.
 *
 * A record of REPLICA_CARRIED is a bundle of one row with one push. It goes when the server has answered for it in a
 * signed answer: accepted, or refused for good; the author keeps it anyway until a checkpoint covers it.
 */
#ifndef CLIENT_COURIER_H
#define CLIENT_COURIER_H

#include "client/engine_inside.h"
#include "proto/arena.h"
#include "proto/bundle.h"

/** Keeps one push for the server; `*fresh` unless it was kept already. In a transaction. */
enum err courier_keep(struct engine *engine, const struct server *server,
                      const struct bundle_row *row, const struct bundle_push *push, bool *fresh);

/** Calls `fn` with each kept push as a decoded bundle of one row; `fn` writes nothing. */
typedef enum err (*courier_fn)(void *ctx, uint64_t id, const struct bundle_row *row);
enum err courier_each(struct engine *engine, courier_fn fn, void *ctx);

/** Whether anything waits for this server that was not refused in this sync; sets server->courier.waits too. */
enum err courier_waits(struct engine *engine, struct server *server, bool *waits);

/** Fills a request with what waits for the server, up to its limits; memory is the arena's. Notes in
 * server->courier what stands where. `request->n_rows` is 0 when nothing waits. */
enum err courier_fill(struct engine *engine, struct server *server, struct arena *arena,
                      struct message_request *request);

/** Takes the answer: what was accepted or refused for good is forgotten. `*again`: more waits. */
enum err courier_take(struct engine *engine, struct server *server,
                      const struct message_response *answer, struct engine_sync *result,
                      bool *again);

/** The sync is over: the next one begins afresh. */
void courier_rest(struct server *server);

#endif
