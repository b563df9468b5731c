/* SPDX-License-Identifier: Apache-2.0
 *
 * outbox: work that no verified checkpoint covers yet. Nothing in it is ever dropped by the program.
 *
 *   edit       changes of one dossier from one engine_edit, unsigned, sealed under the db key
 *   operation  the same for an operation
 *   leaf       made at send from edits or one operation, stored before it leaves, sent again byte for byte
 *              until it is answered
 *
 *   edit, operation:  waiting -> in a leaf -> (covered: deleted)
 *                        ^-----------|  signed refusal that can be repaired
 *                                    `-> refused for good: kept, shown, sent again only when a person says so
 */
#ifndef CLIENT_OUTBOX_H
#define CLIENT_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/change.h"
#include "proto/err.h"
#include "proto/leaf.h"
#include "proto/limits.h"
#include "proto/op.h"
#include "proto/wire.h"

struct engine;
struct space;

/** One waiting edit; its content stays sealed in the replica. */
struct outbox_edit {
    uint64_t id;
    uint64_t edit; /* number of its engine_edit call; several parts of a large one share it */
    uint64_t made_ms;
    uint8_t shred[ID_LEN];
    uint8_t author[ID_LEN];
    uint8_t run[RUN_LEN];
    uint64_t ordinal; /* of its first change */
    uint16_t pack;
    size_t n;
    size_t raw_len;   /* of its values */
    uint64_t seq;     /* the leaf it is in; 0 = waiting */
    enum err refused; /* for good; ERR_OK otherwise */
    bool salvaged;    /* from a damaged replica: it may be logged already */
};

/** The content of an edit. */
struct outbox_changes {
    size_t n;
    struct change *items;
    struct buf text; /* what the values point into */
};

/** One waiting operation. */
struct outbox_operation {
    uint64_t id;
    uint64_t made_ms;
    enum leaf_kind kind;
    uint8_t target[ID_LEN]; /* device it is about; zero */
    uint64_t seq;
    enum err refused;
    unsigned tries;
};

/** The content of an operation. `op` borrows from `bytes`; outbox_content_free. */
struct outbox_content {
    struct buf bytes;
    struct op op;
    const uint8_t *text; /* what its bodies say, in clear; NULL without bodies */
    size_t text_len;
    struct wire_doc record, operation;
};

enum outbox_state {
    OUTBOX_SENT = 1,   /* to be sent until answered */
    OUTBOX_LOGGED = 2, /* proved to be in the log, its entry has not arrived yet */
    OUTBOX_REFUSED = 3 /* for good */
};

/** A leaf on its way. Pointers into `bytes`. */
struct outbox_leaf {
    uint64_t seq;
    enum outbox_state state;
    enum err status;
    uint64_t made_ms;
    enum leaf_kind kind;
    uint32_t epoch;
    uint8_t hash[HASH_LEN];
    uint64_t operation; /* id; 0 for data leaves */
    uint8_t *keys;      /* epoch_change: keyring cells EK and SK; NULL otherwise */
    uint8_t *keys_sk;
    size_t n_edits, n_bodies, n_slots, n_seals;
    uint64_t *edits; /* ids */
    const uint8_t *header;
    size_t header_len;
    uint8_t sig[SIG_LEN];
    struct leaf_body *bodies;
    struct leaf_slot *slots;
    struct leaf_seal *seals;
    struct buf bytes;
};

struct outbox {
    size_t n_edits, edits_cap;
    struct outbox_edit *edits; /* ascending by id */
    uint64_t changes;          /* of all edits; kept along, since each edit asks for it */
    uint64_t since_ms;         /* when the oldest edit was made; 0 = there is none */
    size_t n_operations;
    struct outbox_operation *operations; /* ascending by id */
    size_t n_leaves;
    struct outbox_leaf **leaves; /* ascending by seq */
    uint64_t last_id;
    uint64_t last_seq; /* greatest seq that was ever given to a leaf */
};

enum err outbox_load(struct engine *engine, struct space *space);
void outbox_unload(struct engine *engine, struct space *space);

/** Queues changes; fills in ordinals and times. One transaction, durable. */
enum err outbox_edit(struct engine *engine, struct space *space, const uint8_t shred[static ID_LEN],
                     uint16_t pack, struct change *items, size_t n);

/** Queues an edit of another device as it stands in its parcel (author, run, pack, shred, ordinal and n of `from`),
 * marked as salvaged: salvage_release lets it wait, unless it is logged. In a transaction. */
enum err outbox_adopt(struct engine *engine, struct space *space, const struct outbox_edit *from,
                      int64_t time_s, const struct change *items);

/** Takes back an engine_edit that is not in a leaf. `*n` changes went. ERR_NOT_FOUND. */
enum err outbox_undo(struct engine *engine, struct space *space, uint64_t edit, size_t *n);

/** Copies an edit out of a damaged file, marked as salvaged: it waits for outbox_settle. `*n` changes. */
enum err outbox_salvage(struct engine *engine, uint64_t space, uint64_t id, const uint8_t *plain,
                        size_t len, size_t *n);

/** Marks all that waits as salvaged. In a transaction. */
enum err outbox_mark_salvaged(struct engine *engine, struct space *space);

/** Salvaged edits: the `logged` ones (ascending ids) are done, the others wait as usual. In a transaction. */
enum err outbox_settle(struct engine *engine, struct space *space, const uint64_t *logged,
                       size_t n);

/** Reads the content of an edit; outbox_changes_free. */
enum err outbox_changes(struct engine *engine, const struct space *space,
                        const struct outbox_edit *edit, struct outbox_changes *changes);
void outbox_changes_free(struct outbox_changes *changes);

/** Queues an operation given without ctl_prev, with the text of its bodies. Inside or outside a transaction. */
enum err outbox_operate(struct engine *engine, struct space *space, const struct op *op,
                        const uint8_t target[static ID_LEN], const uint8_t *text, size_t text_len);
enum err outbox_content(struct engine *engine, const struct space *space,
                        const struct outbox_operation *operation, struct outbox_content *content);
void outbox_content_free(struct outbox_content *content);

/** Stores a leaf made for its edits or operation (`draft` and all it points to is borrowed; `bytes` is not used).
 * Inside a transaction. */
enum err outbox_leaf_put(struct engine *engine, struct space *space,
                         const struct outbox_leaf *draft);
struct outbox_leaf *outbox_leaf_at(const struct space *space, uint64_t seq);

/** The leaf's entry is covered by a verified checkpoint: it, its edits and its operation are done. */
enum err outbox_leaf_done(struct engine *engine, struct space *space, struct outbox_leaf *leaf);
/** A signed refusal that can be repaired: its edits and operation wait again; its hash is kept. */
enum err outbox_leaf_replace(struct engine *engine, struct space *space, struct outbox_leaf *leaf,
                             enum err status);
/** A signed refusal for good: the leaf stays as REFUSED with its reason. */
enum err outbox_leaf_refuse(struct engine *engine, struct space *space, struct outbox_leaf *leaf,
                            enum err status);
/** Its inclusion is proved: not sent again. */
enum err outbox_leaf_logged(struct engine *engine, struct space *space, struct outbox_leaf *leaf);

/** Refuses edits, or an operation (0 = none), that no leaf can be made of (erased dossier). Kept as a REFUSED leaf
 * without bytes. In a transaction. */
enum err outbox_refuse(struct engine *engine, struct space *space, const uint64_t *edits, size_t n,
                       uint64_t operation, enum err status);
/** Deletes an operation (withdrawn, or made pointless by the log). */
enum err outbox_operation_drop(struct engine *engine, struct space *space, uint64_t id);

/** Everything that was refused for good waits again. */
enum err outbox_retry(struct engine *engine, struct space *space, size_t *n);

/** Whether a leaf with this seq and hash was made here (on its way, or replaced). */
enum err outbox_made(struct engine *engine, const struct space *space, uint64_t seq,
                     const uint8_t hash[static HASH_LEN], bool *made);

struct outbox_edit *outbox_edit_by_id(const struct space *space, uint64_t id);
struct outbox_operation *outbox_operation_by_id(const struct space *space, uint64_t id);

/** Changes and operations that no checkpoint covers; since when. */
void outbox_count(const struct space *space, uint64_t *n, uint64_t *since_ms);

#endif
