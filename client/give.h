/* SPDX-License-Identifier: Apache-2.0
 *
 * give: the decrypted changes of a space, for engine_replay and engine_pending.
 */
#ifndef CLIENT_GIVE_H
#define CLIENT_GIVE_H

#include "client/engine_inside.h"

/** As engine_replay. */
enum err give_replay(struct engine *engine, size_t i, uint64_t from, engine_sink sink, void *ctx,
                     uint64_t *keyless);

/** As engine_pending. */
enum err give_pending(struct engine *engine, size_t i, engine_sink sink, void *ctx);

#endif
