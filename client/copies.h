/* SPDX-License-Identifier: Apache-2.0
 *
 * copies: changes of one space that go to another one under the ids that they have (author, run, ordinal): of a dossier
 * that moves (transfer.h), or of a whole space that goes on in another one (succeed.h).
 */
#ifndef CLIENT_COPIES_H
#define CLIENT_COPIES_H

#include "client/engine_inside.h"

struct copy {
    struct engine_change what; /* change.value points into the copies' text */
    size_t value_at;
    bool live;   /* stands in the space that it comes from */
    bool here;   /* known in the other space, logged or on its way */
    bool logged; /* known there, and logged */
};

struct copies {
    size_t n, cap;
    struct copy
        *items; /* in log order, what waits last; after copies_group by dossier and then so */
    struct copy **by_id;
    struct buf text;
    const uint8_t *shred; /* of one dossier; NULL: of all */
};

/** Reads the logged changes of `space`, of one dossier or of all (`shred` NULL); with `pending` what waits too.
 * copies_free, also after an error. */
enum err copies_read(struct engine *engine, size_t space, const uint8_t *shred, bool pending,
                     struct copies *copies);
void copies_free(struct copies *copies);

/** Sorts them by dossier; the order within a dossier stays. Before copies_mark_known. */
void copies_group(struct copies *copies);

/** Marks what the space `to` has already. `sink` (may be NULL) is given each of its changes on the way. */
enum err copies_mark_known(struct engine *engine, size_t to, struct copies *copies,
                           engine_sink sink, void *ctx);

/** Whether the space of copies_mark_known has logged `n` changes of one author and run from an ordinal on. */
bool copies_logged(const struct copies *copies, const uint8_t author[static ID_LEN],
                   const uint8_t run[static RUN_LEN], uint64_t ordinal, size_t n);

/** Marks which of `n` changes of one dossier stand. */
enum err copies_mark_live(struct copy *items, size_t n);

/** Queues one for `to`. Its author stays; `base` says what it replaces over there. In a transaction, and salvage_release
 * follows in the same one. */
enum err copies_queue(struct engine *engine, struct space *to, const struct copy *copy,
                      uint64_t base);

/** Queues the mark that says which space the dossier comes from: what is brought later is brought after that. */
enum err copies_queue_origin(struct engine *engine, struct space *to, const struct space *from,
                             const uint8_t shred[static ID_LEN], uint16_t pack);

#endif
