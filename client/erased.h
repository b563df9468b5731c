/* SPDX-License-Identifier: Apache-2.0
 *
 * erased: how far an erasure has come, device by device, and what its author listed that was not theirs to list.
 *
 *   progress record (id 1)          = [device16 | u64be erased_upto, ...], as the server passes on what devices say
 *   foreign record (id = index + 2) = u64be number of bodies of other dossiers that an erase or purge leaf named
 */
#ifndef CLIENT_ERASED_H
#define CLIENT_ERASED_H

#include "client/engine_inside.h"

/** Asks for the progress when a person here may want it and it is not complete. `row` has room for one want. */
enum err erased_want(struct engine *engine, struct space *space, struct message_row *row);

/** Keeps the progress that came. In a transaction. */
enum err erased_take(struct engine *engine, struct space *space, const struct message_row *row);

/** Notes foreign bodies of the leaf `index`. In a transaction. */
enum err erased_foreign_put(struct engine *engine, struct space *space, uint64_t index, uint64_t n);

struct erased_state {
    size_t devices; /* active ones that read and were there when it was erased */
    size_t done;    /* of them, those that say that it is gone (this one: that did it) */
    uint64_t foreign;
};
/** Counts for the erasure at `index`; calls `fn` (may be NULL) with each device that is not done. */
enum err erased_count(struct engine *engine, size_t space, uint64_t index,
                      struct erased_state *state,
                      void (*fn)(void *ctx, const uint8_t device[static ID_LEN]), void *ctx);

#endif
