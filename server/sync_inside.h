/* SPDX-License-Identifier: Apache-2.0
 *
 * sync_inside: what the steps of sync share. Only sync*.c include this.
 */
#ifndef SERVER_SYNC_INSIDE_H
#define SERVER_SYNC_INSIDE_H

#include "server/sync.h"

enum {
    ROLES_REWRAP = ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN, /* one of them, to re-wrap keys */
    ROLES_ADMIT = ROLE_STEWARD | ROLE_ADMIN                 /* one of them, to see who waits */
};

enum { SYNC_GONE_MAX = 4096 };

#define SUCCEEDED_KEYS_MS (30ull * 24 * 3600 * 1000)

struct sync {
    struct sync_config config;
    struct access *access;
    struct quota *quota;
    uint8_t store_id[STORE_ID_LEN];
    struct buf servers[SERVERKEY_PAIRS_MAX]; /* answers to GET /v1/server */
    _Atomic uint64_t clock_ms;               /* newest time that was logged, beaten or accepted */
    size_t n_gone;                           /* rows that this transaction erases; the writer's */
    struct {
        uint8_t space[ID_LEN], row[ID_LEN];
    } gone[SYNC_GONE_MAX];
    uint64_t pruned_day;            /* when old access bodies were looked for; the writer's */
    _Atomic uint64_t recovering_ms; /* when the store was restored; 0 once that is over */
};

/* --- quota: what devices and spaces did today; the writer's --- */

/** Counts per id and day, in memory: a restart forgets, which only ever helps. */
struct quota;
enum err quota_new(struct quota **quota);
void quota_free(struct quota *quota);
/** Whether `more` may be added to what a device or space did today; zeroes in `most` are no limit. */
bool quota_fits(struct quota *quota, const uint8_t id[static ID_LEN], uint64_t now_ms,
                const struct sync_quota *more, const struct sync_quota *most);
void quota_take(struct quota *quota, const uint8_t id[static ID_LEN], uint64_t now_ms,
                const struct sync_quota *more);

/* --- apply --- */

/** One row on its way through apply. */
struct sync_work {
    struct sync *sync;
    struct sync_call *call;
    struct sync_row *row;
    struct access_space *space;
    uint64_t now_ms;
    size_t seals_at; /* next seal of the row */
};

/** Adds to what the device that asks and the row's space did today. ERR_QUOTA: that would be more than the one or the
 * other may; nothing was added. */
enum err sync_quota(struct sync_work *work, const struct sync_quota *more);

/** Judges and stores the leaves of a row. INTERNAL and RETRY categories: of the store, the group is lost. */
enum err sync_leaves(struct sync_work *work);
/** Stores re-wraps, refuses bodies and seals that nobody asked for, handles the inbox. */
enum err sync_keys(struct sync_work *work);
/** Joins and statements of a device that is no member; sets row->status. */
enum err sync_join(struct sync_work *work);
/** Takes back entries of a refill (sync_refill.c); a status for the row. */
enum err sync_refill(struct sync_work *work);
/** What a logged operation asks the server to delete. */
enum err sync_carry_out(struct sync_work *work, const struct leaf *leaf);
/** Whether this device may found the space that continues an older one (sync_succeed.c). ERR_DENIED, ERR_EXISTS. */
enum err sync_succeed_judge(const struct sync_work *work, const struct leaf *leaf);
/** Notes that the row's space continues an older one, once its genesis is stored. */
enum err sync_succeed_put(const struct sync_work *work, const struct leaf *leaf);
/** Whether another space continues the row's. */
enum err sync_succeeded(const struct sync_work *work, bool *succeeded);
/** Deletes the keys of dossiers of a space that goes on elsewhere for so long: who was a member has them, and what is
 * erased over there is to open nowhere. In a transaction. */
enum err sync_succeed_prune(struct store *store, const struct store_space *space, uint64_t now_ms);
/** Takes a piece of an attachment; `*have` is how much is here (sync_blob.c). */
enum err sync_piece(struct sync_work *work, const struct fold_device *device,
                    const struct message_inbox *in, uint64_t *have);
/** Deletes the attachments of erased dossiers, after the commit. */
void sync_blobs_erase(struct sync *sync, bool committed);
/** Whether the store is still recovering from a restore. */
bool sync_recovering(struct sync *sync, struct store_view *view);
/** Appends the statement of that, signed by this pair. */
enum err sync_resume(const struct sync *sync, const struct serverkey_pair *pair,
                     const uint8_t space[static ID_LEN], uint64_t size,
                     const uint8_t root[static HASH_LEN], struct buf *out);
/** Adds an item to the row's answer. */
void sync_item(struct sync_row *row, enum message_list list, size_t k, enum err status);

#endif
