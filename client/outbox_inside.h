/* SPDX-License-Identifier: Apache-2.0
 *
 * outbox_inside: between outbox.c and outbox_leaf.c.
 */
#ifndef CLIENT_OUTBOX_INSIDE_H
#define CLIENT_OUTBOX_INSIDE_H

#include "client/outbox.h"

enum err outbox_leaves_load(struct engine *engine, struct space *space);
void outbox_leaves_unload(struct engine *engine, struct space *space);

/** Forgets edits in memory; `ids` ascend. */
void outbox_edits_gone(struct space *space, const uint64_t *ids, size_t n);

/** Writes how many changes wait, `delta` more than memory has. */
enum err outbox_tally(struct engine *engine, const struct space *space, int64_t delta);

#endif
