/* SPDX-License-Identifier: Apache-2.0
 *
 * build: leaves are made at send (PROTOCOL.md 5 and 6): data leaves from waiting edits here, control leaves from
 * waiting operations in operate.h. Both continue one chain of the device.
 */
#ifndef CLIENT_BUILD_H
#define CLIENT_BUILD_H

#include "client/engine_inside.h"

/** Where the next leaf of this device in a space goes. */
struct build_chain {
    uint64_t seq;
    uint8_t prev[HASH_LEN]; /* leaf hash of the device's preceding leaf */
    uint8_t head[HASH_LEN]; /* of the control chain */
    uint32_t epoch;
    uint64_t seen_size;
    uint8_t seen_root[HASH_LEN];
    bool rotating; /* an epoch_change is on its way: nothing can be made behind it yet */
};

/** Finds it from the log and the leaves on their way. */
void build_chain_start(const struct engine *engine, const struct space *space,
                       struct build_chain *chain);

/** Fills what every leaf of this device has in common. */
void build_leaf_start(const struct engine *engine, const struct space *space,
                      const struct build_chain *chain, enum leaf_kind kind, struct leaf *leaf);

/** Signs `leaf` into `header`, completes `draft` (its lists are the caller's), stores it and moves the chain on. In a
 * transaction. */
enum err build_leaf_finish(struct engine *engine, struct space *space, struct build_chain *chain,
                           struct leaf *leaf, struct buf *header, struct outbox_leaf *draft);

/** Makes data leaves of the edits that wait, until `*room` bytes are used up (it is lowered); `*more` when edits are
 * left. Edits that can never become a leaf are refused. In a transaction. */
enum err build_data(struct engine *engine, struct space *space, struct build_chain *chain,
                    size_t *room, bool *more);

#endif
