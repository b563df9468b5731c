/* SPDX-License-Identifier: Apache-2.0
 *
 * check: whether a store still is what its signatures say, entry by entry.
 *
 * Of every space, from one snapshot: gaps in the indices; each entry against its tree node, its columns, its
 * signature and its device's chain; LeafValid by replaying the fold; bodies against their hashes and bodies32,
 * deleted ones against the erasures that name them; inner tree nodes; every stored note's signature and root;
 * members against the fold; slots against erasures; the seal lists of the newest epoch.
 */
#ifndef SERVER_CHECK_H
#define SERVER_CHECK_H

#include "server/serverkey.h"
#include "server/store.h"

enum { CHECK_FINDINGS_MAX = 100 }; /* reported per space; all are counted */

/** One thing that is wrong. */
struct check_finding {
    uint8_t space[ID_LEN];
    bool has_index;
    uint64_t index;   /* of the entry, or the size of a note */
    const char *what; /* static text */
    enum err err;     /* what a function said, or ERR_OK */
};

/** The sum of one space. */
struct check_space {
    uint8_t space[ID_LEN];
    uint64_t entries, bodies, notes, findings;
    bool has_first;
    uint64_t first; /* smallest index that is wrong */
};

typedef void (*check_finding_fn)(void *ctx, const struct check_finding *finding);
typedef void (*check_space_fn)(void *ctx, const struct check_space *space);

struct check_report {
    check_finding_fn finding;
    check_space_fn space;
    void *ctx;
};

/**
 * Checks everything behind `view`, which is in a snapshot. ERR_OK: looked at all of it, `*findings` things are
 * wrong. Errors of the store: it could not be read to the end.
 */
enum err check_store(struct store_view *view, const struct serverkey *key,
                     const struct check_report *report, uint64_t *findings);

#endif
