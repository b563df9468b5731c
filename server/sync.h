/* SPDX-License-Identifier: Apache-2.0
 *
 * sync: one request in three steps (PROTOCOL.md 9), from bytes to bytes. No socket, clock or thread in here.
 *
 *      bytes -> sync_verify ----------------------------> sync_answer -> bytes
 *                    \                                    ^    |
 *                     \--> sync_apply (a whole group) ---/     '--> held: answer again later
 *
 *   verify   any thread, a view     opens, checks every signature, decodes; touches nothing shared
 *   apply    the writer's thread    judges and stores what all calls of a group bring, in one transaction;
 *                                   one note per space and group
 *   answer   any thread, a view     reads a page, adds keys, notes and proofs, signs
 *
 * Between the steps a call belongs to nobody else. What one call brings wrongly is answered by statuses of its
 * rows and items and never touches another call; only when the store fails are all calls of a group refused.
 */
#ifndef SERVER_SYNC_H
#define SERVER_SYNC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/message.h"
#include "server/access.h"
#include "server/serverkey.h"
#include "server/store.h"
#include "server/store_cosigs.h"

/** What one device, or one space, may do in a day (UTC); 0: as much as it likes. */
struct sync_quota {
    uint64_t bytes, leaves, foundings;
};

struct sync_config {
    struct store *store;         /* borrowed */
    const struct serverkey *key; /* borrowed */
    struct store_cosigs *cosigs; /* borrowed; NULL: no witness */
    const char *folder;          /* of attachments (store_blob.h), borrowed; NULL: none are taken */
    struct sync_quota device_day; /* [256 MiB, any, 16 spaces] */
    struct sync_quota space_day;  /* [any] */
    uint64_t space_blobs_max;     /* bytes of attachments that one space may keep [0: any] */
    uint64_t wait_max_ms;         /* longest long poll [0: none] */
    size_t spaces_max;            /* folds kept in memory [4096] */
};

struct sync;

/** What a call needs next. */
enum sync_step {
    SYNC_APPLY,  /* sync_apply, then sync_answer */
    SYNC_ANSWER, /* sync_answer */
    SYNC_HELD, /* nothing to say yet: sync_answer again when a space of the call changes or the time is over */
    SYNC_DONE /* send it */
};

/** A pushed leaf. */
struct sync_leaf {
    struct leaf leaf;
    const struct message_leaf *in;
    uint8_t hash[HASH_LEN];
    enum err status;            /* of verify, then of apply */
    bool checked;               /* the signature was good */
    bool accepted;              /* logged now or before: index and t_recv_ms are set */
    bool fresh;                 /* logged now */
    size_t slots_from, slots_n; /* the slots born with it, in the row's list */
    uint64_t index, t_recv_ms;
    uint64_t last_seq; /* refusals: where the device's chain stands */
    bool has_last;
    uint8_t last_hash[HASH_LEN];
};

/** A pushed inbox item. */
struct sync_inbox {
    enum err status;
    struct op_join join; /* joins and statements: what they say */
};

struct sync_row {
    uint8_t space[ID_LEN];
    uint64_t have_size, keys_rev, erased_upto;
    const struct message_row *in; /* NULL once held */
    struct sync_leaf *leaves;
    size_t n_leaves;
    size_t rewraps_from; /* slots behind the births */
    struct sync_inbox *inbox;
    struct message_item *items; /* of what is not a leaf: refusals, and receipts of the inbox */
    size_t n_items;
    enum err status; /* other than OK: the answer is this and nothing else */
    bool pushes;     /* brings anything to store */
    bool founds;     /* begins with a genesis */
    bool courier;    /* brings the work of others to a space that the asking device is not in */
    bool changed;    /* apply changed the space or its keys: wake who waits for it */
};

/** One request. Read freely. */
struct sync_call {
    struct sync *sync;
    const uint8_t *bytes; /* borrowed until it is held or done */
    size_t len;
    enum sync_step step;
    struct message_request request;
    struct arena *arena; /* of rows and what they hold */
    size_t n_rows;
    struct sync_row *rows;
    enum err refusal;                  /* of the whole request, in a signed answer */
    const struct serverkey_pair *pair; /* the keys that it was sent to: they sign the answer */
    bool recovering;                   /* the store was restored and is being filled again */
    bool unknown;                      /* the device was not known when it asked */
    bool found_by_link;                /* and founds with this link */
    uint8_t link_pk[PK_LEN];
    uint64_t wait_ms; /* long poll that it asked for, within wait_max_ms */
    uint64_t max_bytes, flags;
    /* when done */
    int http_status;
    bool text;      /* `out` is plain text: the envelope could not be opened */
    struct buf out; /* the answer; the caller may take out.bytes and zero `out` */
};

/** ERR_MEMORY, errors of the store. */
enum err sync_new(struct sync **sync, const struct sync_config *config);
void sync_free(struct sync *sync);

/** The answer to GET /v1/server, borrowed; always from one thread. `hash`: the pair with this log key's hash or founder
 * link's fingerprint, if there is one. Otherwise, and in sync_server, the newest. NULL: no memory. */
const struct buf *sync_server(struct sync *sync);
const struct buf *sync_server_for(struct sync *sync, const uint8_t hash[static HASH_LEN]);

/** A call over `bytes` (borrowed until SYNC_HELD or SYNC_DONE). ERR_MEMORY. */
enum err sync_call_new(struct sync_call **call, struct sync *sync, const uint8_t *bytes,
                       size_t len);
void sync_call_free(struct sync_call *call);

/** First step; sets call->step. `view` is in a snapshot. */
void sync_verify(struct sync_call *call, struct store_view *view, uint64_t now_ms);

/** Second step for calls whose step is SYNC_APPLY, which becomes SYNC_ANSWER. Returns what the store said: not
 * ERR_OK means that all of them are refused with it, that nothing was stored, and that the next group starts
 * afresh. */
enum err sync_apply(struct sync *sync, struct sync_call *const calls[], size_t n, uint64_t now_ms);

/** Third step. Becomes SYNC_DONE, or SYNC_HELD when the call may wait, nothing is new and `last` is false; then it no
 * longer needs its bytes. */
void sync_answer(struct sync_call *call, struct store_view *view, uint64_t now_ms, bool last);

/**
 * The server's clock as far as anything logged tells: between the newest entry (or heartbeat) and 30 days after it.
 * Outside of that no new leaf is accepted (ERR_BUSY) until the clock is back or sync_clock_accept was called.
 */
bool sync_clock_ok(struct sync *sync, uint64_t now_ms);
/** The operator says that this is the time. Before the first apply, or on the writer's thread. */
void sync_clock_accept(struct sync *sync, uint64_t now_ms);
/** Writes the time down if it is plausible, in a transaction of its own: at start, each hour, and after a failure to
 * learn whether the store works again. Writer's thread. */
enum err sync_heartbeat(struct sync *sync, uint64_t now_ms);

#endif
