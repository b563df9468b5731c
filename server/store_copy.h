/* SPDX-License-Identifier: Apache-2.0
 *
 * store_copy: everything of one store into another, whatever their engines: moving from SQLite to PostgreSQL and back.
 */
#ifndef SERVER_STORE_COPY_H
#define SERVER_STORE_COPY_H

#include "server/store.h"

struct store_copied {
    uint64_t spaces, entries, notes, slots, seals;
};

/**
 * Copies from a snapshot (begun by the caller) into an empty store, in transactions of some thousand entries. Entries,
 * bodies, deleted ones' hashes, tree nodes and checkpoints are the same bytes. The copy keeps its own store id, so that
 * devices ask for all keys once more; of a slot its newest version is taken.
 *
 * After an error the copy is unfinished: throw it away. The errors of store.h.
 */
enum err store_copy(struct store *to, struct store_view *from, struct store_copied *copied);

#endif
