/* SPDX-License-Identifier: Apache-2.0
 *
 * merge: which values of one field stand, given all that was ever written to it (PROTOCOL.md 7).
 *
 * Entries stand in log order. An entry with base b replaces the entries whose index is below b, and earlier
 * entries of its author; all others stay side by side. Shown first: the greatest
 * (min(time, t_recv), author, run, ordinal), times in whole seconds. Every replica holds the same log, so all
 * agree; no clock decides what is kept.
 */
#ifndef PROTO_MERGE_H
#define PROTO_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"

/* A change that waits in the outbox has no index yet: it comes after everything logged. */
#define MERGE_PENDING UINT64_MAX

/** One value written to one field. */
struct merge_entry {
    uint64_t index; /* of its leaf in the log, or MERGE_PENDING */
    uint64_t
        base; /* size on screen when the edit began; above the leaf's seen_size it counts as seen_size */
    uint8_t author[ID_LEN];
    uint8_t run[RUN_LEN];
    uint64_t ordinal;
    int64_t time_s;     /* claimed */
    uint64_t t_recv_ms; /* UINT64_MAX while pending */
    bool live;          /* out: still standing */
};

/** Marks the live entries of `n` entries in log order (indexes do not decrease, pending ones come last in the order
 * they were made); returns how many live. A replaced entry stays replaced, whatever becomes of its successor.
 * Takes about n * live steps. */
size_t merge_live(struct merge_entry *entries, size_t n);

/** Index of the live entry that is shown first; n when none is live. */
size_t merge_first(const struct merge_entry *entries, size_t n);

/** Whether a new entry would replace an older one. */
bool merge_replaces(const struct merge_entry *newer, const struct merge_entry *older);

/** Three-way order of two entries by (min(time, t_recv), author, run, ordinal). */
int merge_compare(const struct merge_entry *a, const struct merge_entry *b);

#endif
