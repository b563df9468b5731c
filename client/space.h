/* SPDX-License-Identifier: Apache-2.0
 *
 * space: the state of one space on this device: what its log says (fold), proves (tree, note) and may be read with
 * (epoch keys), and what waits to go there (outbox). Rebuilt from the replica at unlock: only control leaves are
 * replayed; the tree stands on its stored nodes.
 */
#ifndef CLIENT_SPACE_H
#define CLIENT_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/dossier.h"
#include "client/engine.h"
#include "client/outbox.h"
#include "proto/fold.h"
#include "proto/message.h"
#include "proto/note.h"
#include "proto/seal.h"
#include "proto/tree.h"

/** Keys of one epoch; keyring cells, NULL when not known. An auditor has `route` alone. */
struct space_epoch {
    uint8_t *ek, *sk, *route;
};

enum { GRANT_THANKS_MAX = 16 };

struct space_label {
    uint8_t device[ID_LEN];
    char text[NAME_LEN_MAX + 1];
};

struct space_waiting {
    struct engine_waiting pub;
    uint64_t id;  /* record in REPLICA_WAITING */
    bool refused; /* here; told to the server until it forgets the join */
};

/** How far this device is with leaving (leave.h). */
struct leave {
    bool wiped;       /* keys and content of the space are destroyed */
    uint64_t size;    /* entries it had then */
    uint64_t waiting; /* changes in parcels that the server has not signed for */
    uint64_t handed;  /* changes that it has */
    uint64_t last;    /* newest parcel; 0 = none */
};

struct space {
    struct engine_space pub;
    uint64_t no; /* record in REPLICA_SPACE */
    size_t server;
    uint8_t genesis[HASH_LEN];       /* pinned: leaf hash of the genesis */
    char own_name[NAME_LEN_MAX + 1]; /* as given at founding, until the label is read */
    bool frozen;                     /* evidence by the log key: nothing is pushed any more */
    bool proven;                     /* two signed notes exclude each other: frozen for ever */
    bool keyless;                    /* a born dossier has no key here yet */
    uint64_t erased_asked_ms;        /* the same for how far erasures are */
    uint64_t keys_asked_ms;          /* when such keys were asked for last; 0 = not since unlock */
    bool rows_asked;                 /* the request that is answered now asked for them by row */
    bool salvaged;  /* from a damaged replica: own leaves in the log are not a clone's */
    bool uninvited; /* this device has a new identity, and no invitation for it yet */
    bool cloned;    /* another copy of this device writes: nothing is pushed any more */
    bool missing;   /* bodies are missing without a reason */
    bool succeeded; /* it goes on in another space: nothing is pushed any more (succeed.h) */
    bool carried;   /* all that this device holds of it is there: it is not asked about any more */
    bool restated;  /* `join` is a key statement, not the answer to an invitation */
    uint64_t keys_rev;
    size_t uploads, downloads; /* attachments on their way (attach.h) */
    uint64_t forwarded;        /* entries whose late work was looked at since unlock (transfer.h) */
    uint64_t routed;           /* entries whose routing boxes have been read */
    uint64_t erased_upto;
    uint64_t page_max; /* bytes per answer while a bad entry is being located; 0 = ordinary */
    bool has_link_sig;
    uint8_t link_sig[SIG_LEN]; /* founding */
    struct buf join;           /* payload of the own join */

    struct fold *fold;
    struct tree tree;
    bool has_note;
    struct note note; /* last verified */
    size_t n_epochs;
    struct space_epoch *epochs; /* of epoch i + 1 */
    struct dossiers dossiers;
    struct outbox outbox;
    struct leave leave;
    size_t n_labels;
    struct space_label *labels;
    size_t n_waiting;
    struct space_waiting *waiting;
    /* For the next request, from the last answer. */
    size_t n_stale;
    uint8_t (*stale)[ID_LEN]; /* slot rows to wrap again */
    size_t n_want;
    struct message_want *want; /* bodies that the server has lost */
    size_t n_thanks;           /* items of granted keys that the server may forget (grant.h) */
    uint8_t thanks[GRANT_THANKS_MAX][ID_LEN];
    bool caught_up;      /* within this sync: nothing newer was on the server a moment ago */
    unsigned news_tries; /* answers that did not bring a waiting removal on its way */
    uint32_t
        rekey_epoch; /* in which epoch this device announced a box key, since unlock, and how often */
    unsigned rekey_tries;
    unsigned repairs; /* refusals repaired since the last clean answer */
    enum err behind;  /* why memory is not what the disk says; ERR_OK: it is */
    bool refilling;   /* a restored server lacks entries from refill_from on (refill.h) */
    bool refill_refused;
    uint64_t refill_from;
    size_t refill_sent;
};

/** A space that is not in the replica yet; the caller fills it in and calls space_save. ERR_MEMORY. */
enum err space_new(struct space **space, const uint8_t id[static ID_LEN]);
/** Loads the space of a record. */
enum err space_load(struct engine *engine, struct space **space, uint64_t no);
/** Loads everything again: what a rolled-back transaction leaves to do. After an error what was there stays readable,
 * and engine_begin lets nothing be written before it succeeded. */
enum err space_reload(struct engine *engine, struct space *space);
void space_free(struct engine *engine, struct space *space);

/** Writes the space's own record. */
enum err space_save(struct engine *engine, const struct space *space);

/** Brings what engine_space shows up to date with fold and outbox. */
void space_refresh(struct engine *engine, struct space *space);

/** Earlier changes may have vanished: views are rebuilt; cached views go. Inside a transaction. */
enum err space_bump(struct engine *engine, struct space *space);

/** Raises an alarm; `freeze` when the log key itself signed the evidence. The record is not written. */
void space_alarm(struct space *space, enum err alarm, uint64_t index, bool freeze);

/** The keys of an epoch; NULL when none is known. */
const struct space_epoch *space_epoch(const struct space *space, uint32_t epoch);

/** Whether this device has the right to the newest epoch's keys, and not the keys: its seal is still to come. */
bool space_lacks_epoch(const struct engine *engine, const struct space *space);

/** Puts the keys of an epoch, after checking them against the log's commitments. `sk` may be NULL, `ek` too (an
 * auditor's). Older epochs are unwrapped. ERR_COMMITMENT: not the keys that were promised. ERR_NOT_FOUND: the log
 * does not have that epoch (yet). */
enum err space_epoch_put(struct engine *engine, struct space *space, uint32_t epoch,
                         const uint8_t *ek, const uint8_t *sk, const uint8_t *route);

/** Tries the seals that wait; `*changed` when keys arrived. Inside a transaction. */
enum err space_seals_open(struct engine *engine, struct space *space, bool *changed);

/** Forgets the slot keys of epochs of which no leaf may come any more (PROTOCOL.md 6.4), once the dossiers' keys are kept
 * under the newest. `*forgot` is set when something went. In a transaction. */
enum err space_slot_keys_forget(struct engine *engine, struct space *space, bool *forgot);

/** Where a body or routing box of a leaf stands. */
void space_place(const struct space *space, const struct leaf *leaf, uint16_t box,
                 struct seal_place *place);

/** Opens the routing box of a data leaf. ERR_NO_KEY; other errors: the leaf's author wrote nonsense.
 * change_routes_free. */
enum err space_routes(const struct space *space, const struct leaf *leaf,
                      struct change_routes *routes);

/** Opens body `box` of a control leaf; the unpadded text is appended. ERR_NO_KEY, ERR_CORRUPT. */
enum err space_control_text(const struct space *space, const struct leaf *leaf, uint16_t box,
                            const struct leaf_body *body, struct buf *text);

/** Reads names of space and devices from the label leaves. */
enum err space_labels(struct engine *engine, struct space *space);

/** Tree look-ups over the replica: ctx is a space_reader. */
struct space_reader {
    struct engine *engine;
    struct space *space;
    uint64_t cached_size; /* 0 = none */
    uint8_t cached_root[HASH_LEN];
};
enum err space_node(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN]);
enum err space_root_at(void *ctx, uint64_t size, uint8_t out[static HASH_LEN]);

/** The origin of the space's notes. */
enum err space_origin(const struct space *space, char origin[static NOTE_ORIGIN_MAX]);

/** Whether this device holds any of the roles (bits); before its founding is logged, the founder holds all. */
bool space_may(const struct engine *engine, const struct space *space, uint8_t any);

/** Whether a sync has anything to say about it: not refused, and not left with everything handed over. */
bool space_takes_part(const struct space *space);

/** This device in the fold; NULL. */
const struct fold_device *space_self(const struct engine *engine, const struct space *space);

#endif
