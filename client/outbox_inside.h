/* SPDX-License-Identifier: Apache-2.0
 *
 * outbox_inside: between the outbox*.c files.
 */
#ifndef CLIENT_OUTBOX_INSIDE_H
#define CLIENT_OUTBOX_INSIDE_H

#include "client/outbox.h"

enum err outbox_operations_load(struct engine *engine, struct space *space);
enum err outbox_leaves_load(struct engine *engine, struct space *space);
void outbox_leaves_unload(struct engine *engine, struct space *space);

/** Writes a leaf's record. */
void outbox_leaf_encode(struct buf *out, const struct outbox_leaf *leaf);
/** Decodes leaf->bytes; everything the leaf points to lies there afterwards. */
enum err outbox_leaf_decode(struct engine *engine, struct outbox_leaf *leaf);
void outbox_leaf_free(struct engine *engine, struct outbox_leaf *leaf);

/** Forgets edits in memory; `ids` ascend. */
void outbox_edits_gone(struct space *space, const uint64_t *ids, size_t n);

/** Writes how many changes wait, `delta` more than memory has. */
enum err outbox_tally(struct engine *engine, const struct space *space, int64_t delta);

#endif
