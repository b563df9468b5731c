/* SPDX-License-Identifier: Apache-2.0
 *
 * member: changing who belongs to a space, and erasing, after engine.h: each call queues one operation for the next
 * sync. What this device can tell beforehand is refused here; the rest is the log's judgement (PROTOCOL.md 6).
 */
#ifndef CLIENT_MEMBER_H
#define CLIENT_MEMBER_H

#include "client/engine.h"

/** Erasure reasons, as the log names them. */
enum member_reason {
    REASON_REQUEST = 1,   /* the person asks for it */
    REASON_RETENTION = 2, /* the period is over */
    REASON_OBJECTION = 3, /* the person objects to the processing */
    REASON_MISTAKE = 4,   /* it should not have been recorded */
    REASON_ORDER = 5,     /* an authority orders it */
    REASON_OTHER = 6
};

/** A departure counts all that is in the log when the revocation arrives there: until then its cut is this. */
#define MEMBER_CUT_NOW ((uint64_t)INT64_MAX)

/** Removes a device. REVOKE_DEPARTURE: everything it sent before counts. REVOKE_LOST: what it sends after what this
 * device has of it counts no more. An admin's push renews the keys at once; a guardian's leaves that to an admin.
 * `*second` (may be NULL): it only proposes, another keeper has to confirm. ERR_NOT_FOUND: no such member; REVOKED:
 * it is out already; DENIED; ORPHAN: nobody would be left to administer; EXISTS: it is queued already. */
enum err member_revoke(struct engine *engine, size_t space, const uint8_t device[static ID_LEN],
                       enum revoke_mode mode, bool *second);

/** Sets a device's roles. Errors as above; FORMAT: roles that do not go together; UNCHANGED: it has them. */
enum err member_roles(struct engine *engine, size_t space, const uint8_t device[static ID_LEN],
                      uint8_t roles, bool *second);

/** Whether a proposal still waits for its second leaf, by the server-signed clock; until when. */
bool member_proposal_open(const struct engine *engine, size_t space,
                          const struct fold_proposal *proposal, uint64_t *until_ms);

/** Confirms a proposal by another person. ERR_NOT_FOUND; EXPIRED; DENIED: one's own, or about oneself, or no right;
 * EXISTS: it is queued already. */
enum err member_confirm(struct engine *engine, size_t space, const uint8_t hash[static HASH_LEN]);

/** Whether this device may confirm it. */
bool member_may_confirm(const struct engine *engine, size_t space,
                        const struct fold_proposal *proposal);

/** Erases a dossier: its key, bodies and rows, on the server at once and on each device at its next sync. ERR_DENIED: no
 * steward; NOT_FOUND; ERASED: it is already; EXISTS: it is queued already. */
enum err member_erase(struct engine *engine, size_t space, const uint8_t shred[static ID_LEN],
                      enum member_reason reason);

/** Whether an erasure of this dossier waits for the next sync. */
bool member_erase_waits(struct engine *engine, size_t space, const uint8_t shred[static ID_LEN]);

/** Drops the k-th piece of refused work (engine_refused) for good: a person decided. ERR_NOT_FOUND, FULL, IO. */
enum err member_discard(struct engine *engine, size_t space, size_t k);

/** The dossier that refused work was about; false for operations about none. */
bool member_refused_dossier(const struct engine *engine, size_t space, size_t k,
                            uint8_t shred[static ID_LEN]);

/** Work of this device that came too late, to an erased dossier, and was purged by it: `n` boxes, in the entry `index`. */
struct member_late {
    uint64_t index;
    uint8_t shred[ID_LEN];
    size_t n;
};
typedef enum err (*member_late_sink)(void *ctx, const struct member_late *late);
/** Gives what entries from `from` on tell. */
enum err member_late(struct engine *engine, size_t space, uint64_t from, member_late_sink sink,
                     void *ctx);

#endif
