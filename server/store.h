/* SPDX-License-Identifier: Apache-2.0
 *
 * store: where a server keeps logs and keys. One interface, one conformance suite, any engine.
 *
 * Two stores under one roof:
 *   log    entries, bodies, notes, members, founder links: kept for years, archived freely
 *   keys   slots, seals, inboxes: short-lived backups, so that what is erased is soon gone everywhere
 *
 * A transaction commits keys before the log, so a crash in between leaves only additions that nothing names
 * (the next open drops seals of entries that do not exist). What must disappear from keys because of a log
 * entry is queued as a chore inside the log's transaction and carried out after its commit, or at the next
 * open: never before.
 *
 * One `struct store` has one writer thread. Reading goes through views: the writer's own (sees the running
 * transaction) and any number of others, each a snapshot between view_begin and view_end, each used by one
 * thread at a time. All blobs given by a reading function are borrowed until the next call on that view.
 *
 * The members table is the membership fold of each space, written out for readers: a view needs no fold.
 * Indices, sizes, sequence numbers and times are below 2^63.
 *
 * Errors of every function, unless said otherwise:
 *   ERR_FULL    no space on the disk; roll back, nothing was done
 *   ERR_IO      the engine failed; roll back, nothing was done
 *   ERR_BUSY    another process holds the store too long; roll back and try again
 *   ERR_MEMORY
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/leaf.h"
#include "proto/note.h"
#include "proto/tree.h"

enum { STORE_LINKS_MAX = 16 }; /* founder links kept, used ones included */

/** A space as readers need it. */
struct store_space {
    uint8_t space[ID_LEN];
    uint64_t size;
    uint64_t t_recv_ms;   /* of the last entry */
    uint32_t epoch;       /* current; 0 before the first */
    uint64_t epoch_index; /* of the current epoch's leaf */
};

/** One log entry. */
struct store_entry {
    uint8_t space[ID_LEN];
    uint64_t index;
    uint8_t device[ID_LEN];
    uint64_t seq;
    enum leaf_kind kind;
    uint64_t t_recv_ms;
    const uint8_t *header;
    size_t header_len;
    uint8_t sig[SIG_LEN];
    struct tree_completed nodes; /* tree nodes that this entry completes */
};

/** A device of a space, as the fold has it. */
struct store_member {
    uint8_t space[ID_LEN];
    uint8_t device[ID_LEN];
    uint8_t ed_pk[PK_LEN];
    uint8_t roles;
    bool active;
    uint64_t added;
    uint64_t revoked;     /* meaningless while active */
    uint64_t erased_upto; /* what the device says it has erased; store_member_put leaves it alone */
};

struct store_slot {
    struct leaf_slot slot;
    uint8_t sender[ID_LEN];
    uint64_t rev;
};

struct store_seal {
    struct leaf_seal seal; /* seal_len 0: deleted, its hash remains */
    uint64_t index;        /* of the leaf it travelled with */
    uint64_t rev;
};

enum store_inbox_state {
    STORE_INBOX_WAITING = 0,
    STORE_INBOX_DONE = 1,     /* a join whose device was added */
    STORE_INBOX_DISMISSED = 2 /* refused by a person; its payload is gone */
};

struct store_inbox {
    uint8_t type; /* enum inbox_type: join, outbox, statement */
    uint8_t device[ID_LEN];
    uint8_t invite[PK_LEN]; /* of a join; of an outbox the hash of its payload */
    uint64_t expires_s;     /* joins only */
    enum store_inbox_state state;
    const uint8_t *payload;
    size_t payload_len;
    uint64_t rev;
};

/* What is removed from keys once the log's transaction has committed. */
enum store_chore {
    STORE_CHORE_SLOT = 1,   /* target = row, 16 bytes: all versions */
    STORE_CHORE_SEALS = 2,  /* target = device: all its seals; hashes stay */
    STORE_CHORE_JOINED = 3, /* target = device: its join is done, payloads go */
    STORE_CHORE_INVITE = 4, /* target = invite key, 32 bytes: waiting joins on it are dismissed */
    STORE_CHORE_OUTBOX = 5  /* target = device | hash, 48 bytes: that outbox was adopted */
};

struct store_totals {
    uint64_t leaves, bodies, bodies_deleted, body_bytes, devices, devices_active, slots, seals;
};

struct store;
struct store_view;

/* Callbacks of listing functions. ERR_OK goes on; anything else stops and is passed through. */
typedef enum err (*store_space_fn)(void *ctx, const struct store_space *space);
typedef enum err (*store_entry_fn)(void *ctx, const struct store_entry *entry);
typedef enum err (*store_body_fn)(void *ctx, uint64_t index, uint16_t box,
                                  const uint8_t hash[static HASH_LEN], const uint8_t *body,
                                  size_t len);
typedef enum err (*store_note_fn)(void *ctx, const struct note *note);
typedef enum err (*store_member_fn)(void *ctx, const struct store_member *member);
typedef enum err (*store_slot_fn)(void *ctx, const struct store_slot *slot);
typedef enum err (*store_seal_fn)(void *ctx, const struct store_seal *seal);
typedef enum err (*store_inbox_fn)(void *ctx, const struct store_inbox *item);
typedef void (*store_heard_fn)(void *ctx, const uint8_t *space);

/** An engine. Call through the store or view: `view->engine->entry(view, ...)`. */
struct store_engine {
    /** "sqlite", "postgresql". */
    const char *name;

    /** Other processes may write too: what a process remembers of a space is compared in each transaction. */
    bool shared;

    /* --- life --- */

    void (*close)(struct store *store);

    /** The writer's own view; lives as long as the store, needs no begin. */
    struct store_view *(*own_view)(struct store *store);

    /** A further view, read-only, for one thread at a time. The caller closes it before the store. */
    enum err (*view_open)(struct store *store, struct store_view **view);
    void (*view_close)(struct store_view *view);

    /** Takes a snapshot: log first, then keys, so that every logged slot is there. */
    enum err (*view_begin)(struct store_view *view);
    void (*view_end)(struct store_view *view);

    /* --- writing; between begin and commit or rollback, on the writer thread --- */

    /** Begins; finishes chores that an earlier failure left. */
    enum err (*begin)(struct store *store);

    /**
     * Commits keys, then the log, then carries out the chores. After an error the transaction is rolled
     * back; ERR_OK means that all of it, chores aside, is on stable storage.
     */
    enum err (*commit)(struct store *store);
    void (*rollback)(struct store *store);

    /** Appends an entry with its `n` bodies; a deleted one (refills alone have such) as its hash. ERR_EXISTS: the index or
     * (device, seq) is taken; an engine that sends a group's entries together says so at the next look at them, or at commit. */
    enum err (*append)(struct store *store, const struct store_entry *entry,
                       const struct leaf_body *bodies, size_t n);
    enum err (*space_put)(struct store *store, const struct store_space *space);
    enum err (*member_put)(struct store *store, const struct store_member *member);
    enum err (*erased_upto_put)(struct store *store, const uint8_t space[static ID_LEN],
                                const uint8_t device[static ID_LEN], uint64_t upto);

    /** Stores the note of a size; a second one for the same size replaces nothing (ERR_OK, if equal). ERR_EXISTS. */
    enum err (*note_put)(struct store *store, const uint8_t space[static ID_LEN],
                         const struct note *note);

    /** Deletes a body; its hash stays. Deleted or absent ones are ignored. */
    enum err (*body_erase)(struct store *store, const uint8_t space[static ID_LEN], uint64_t index,
                           uint16_t box);

    /** Keeps a founder link's public key. ERR_QUOTA: STORE_LINKS_MAX are open. */
    enum err (*link_put)(struct store *store, const uint8_t pk[static PK_LEN]);
    /** Uses it up. ERR_USED, ERR_NOT_FOUND. */
    enum err (*link_use)(struct store *store, const uint8_t pk[static PK_LEN]);

    /** A small named value of the log (`name` up to 32 bytes). */
    enum err (*meta_put)(struct store *store, const char *name, const void *value, size_t len);

    /**
     * Puts a slot as the newest version of its row; the one before is kept, older ones go. The row keeps the
     * revision of its first version. The same slot again changes nothing.
     */
    enum err (*slot_put)(struct store *store, const uint8_t space[static ID_LEN],
                         const struct leaf_slot *slot, const uint8_t sender[static ID_LEN]);

    /** Puts a seal that travels with the leaf at `index`, over what an unfinished transaction left there. A deleted one
     * (store_copy alone has such) as its hash. */
    enum err (*seal_put)(struct store *store, const uint8_t space[static ID_LEN], uint64_t index,
                         const struct leaf_seal *seal);

    /** Puts an item (its rev is given by the store), over the device's older one of that type. */
    enum err (*inbox_put)(struct store *store, const uint8_t space[static ID_LEN],
                          const struct store_inbox *item);

    /** Dismisses what waits from a device (joins, statements, outboxes). ERR_NOT_FOUND. */
    enum err (*inbox_dismiss)(struct store *store, const uint8_t space[static ID_LEN],
                              const uint8_t device[static ID_LEN]);

    /** Queues a removal from keys for after the log's commit. */
    enum err (*chore)(struct store *store, const uint8_t space[static ID_LEN],
                      enum store_chore what, const uint8_t *target, size_t len);

    /**
     * Housekeeping off the commit path, on any thread, one call at a time, also beside a transaction: moves the
     * write-ahead log into the files when it is large, or always if `now`. After a deletion has committed, `now`
     * is what makes its bytes leave the disk. ERR_BUSY: a reader is in the way, call again.
     */
    enum err (*tidy)(struct store *store, bool now);

    /** What waits for a tidy: 0 nothing, 1 a large write-ahead log, 2 deleted bytes that are still on the disk
     * (tidy `now`). Any thread. */
    int (*untidy)(const struct store *store);

    /**
     * Tells which spaces other processes (or this one) have changed since the last call; `space` NULL: any of them may
     * have. Never waits. One thread. NULL in an engine that is not shared.
     */
    void (*heard)(struct store *store, store_heard_fn fn, void *ctx);

    /* --- reading --- */

    /** ERR_NOT_FOUND: no such value. `*len` is the room in `value` and then the length; ERR_TOO_BIG. */
    enum err (*meta)(struct store_view *view, const char *name, void *value, size_t *len);

    /** Random bytes drawn when keys was made: another life, another id. */
    enum err (*store_id)(struct store_view *view, uint8_t id[static STORE_ID_LEN]);

    /** Founder links: `n` (at most STORE_LINKS_MAX) keys and whether each was used. */
    enum err (*links)(struct store_view *view, uint8_t pks[][PK_LEN], bool *used, size_t *n);

    /** ERR_NOT_FOUND. */
    enum err (*space)(struct store_view *view, const uint8_t space[static ID_LEN],
                      struct store_space *out);
    enum err (*spaces)(struct store_view *view, store_space_fn fn, void *ctx);

    /** A device's key, if any space lists or listed it. ERR_NOT_FOUND. */
    enum err (*device)(struct store_view *view, const uint8_t device[static ID_LEN],
                       uint8_t ed_pk[static PK_LEN]);
    /** ERR_NOT_FOUND. */
    enum err (*member)(struct store_view *view, const uint8_t space[static ID_LEN],
                       const uint8_t device[static ID_LEN], struct store_member *out);
    enum err (*members)(struct store_view *view, const uint8_t space[static ID_LEN],
                        store_member_fn fn, void *ctx);

    /** Entries `from` <= index < `to`, ascending; gaps are skipped (a damaged store). */
    enum err (*entries)(struct store_view *view, const uint8_t space[static ID_LEN], uint64_t from,
                        uint64_t to, store_entry_fn fn, void *ctx);
    /** All entries whose kind has no routing box, ascending. */
    enum err (*control_entries)(struct store_view *view, const uint8_t space[static ID_LEN],
                                store_entry_fn fn, void *ctx);
    /** The entry of a device with this sequence number. ERR_NOT_FOUND. */
    enum err (*entry_by_seq)(struct store_view *view, const uint8_t space[static ID_LEN],
                             const uint8_t device[static ID_LEN], uint64_t seq, store_entry_fn fn,
                             void *ctx);
    /** The entry of a device with the greatest sequence number. ERR_NOT_FOUND. */
    enum err (*entry_last)(struct store_view *view, const uint8_t space[static ID_LEN],
                           const uint8_t device[static ID_LEN], store_entry_fn fn, void *ctx);
    /** Bodies of the entries from..to-1 in order of (index, box); a deleted one has len 0. */
    enum err (*bodies)(struct store_view *view, const uint8_t space[static ID_LEN], uint64_t from,
                       uint64_t to, store_body_fn fn, void *ctx);
    /** A tree node (tree.h). ERR_CORRUPT: it is not there. */
    enum err (*node)(struct store_view *view, const uint8_t space[static ID_LEN], unsigned level,
                     uint64_t index, uint8_t out[static HASH_LEN]);

    /** The note of exactly `size`. ERR_NOT_FOUND. */
    enum err (*note)(struct store_view *view, const uint8_t space[static ID_LEN], uint64_t size,
                     struct note *out);
    enum err (*notes)(struct store_view *view, const uint8_t space[static ID_LEN], store_note_fn fn,
                      void *ctx);

    /** The counter of a space's keys; 0 for none. */
    enum err (*keys_rev)(struct store_view *view, const uint8_t space[static ID_LEN],
                         uint64_t *rev);
    /** Newest versions with rev > since, not sent by `except` (or NULL), ascending by rev. */
    enum err (*slots)(struct store_view *view, const uint8_t space[static ID_LEN], uint64_t since,
                      const uint8_t *except, store_slot_fn fn, void *ctx);
    /** The newest version of one row. ERR_NOT_FOUND. */
    enum err (*slot)(struct store_view *view, const uint8_t space[static ID_LEN],
                     const uint8_t row[static ID_LEN], struct store_slot *out);
    /** Rows whose newest version is of an epoch below `epoch`, at most `limit`. */
    enum err (*slots_stale)(struct store_view *view, const uint8_t space[static ID_LEN],
                            uint32_t epoch, size_t limit, store_slot_fn fn, void *ctx);
    /** Seals for `device` with rev > since, deleted ones left out, ascending by rev. */
    enum err (*seals_for)(struct store_view *view, const uint8_t space[static ID_LEN],
                          const uint8_t device[static ID_LEN], uint64_t since, store_seal_fn fn,
                          void *ctx);
    /** The seal list of a leaf, ascending by device, appended to `out` as lines; none is ERR_OK. */
    enum err (*seal_lines)(struct store_view *view, const uint8_t space[static ID_LEN],
                           uint64_t index, struct buf *out);
    /** All inbox items of a space in any state, ascending by rev. */
    enum err (*inbox)(struct store_view *view, const uint8_t space[static ID_LEN],
                      store_inbox_fn fn, void *ctx);

    enum err (*totals)(struct store_view *view, const uint8_t space[static ID_LEN],
                       struct store_totals *out);
    /** Bytes on disk of log and keys. */
    enum err (*bytes)(struct store_view *view, uint64_t *log_bytes, uint64_t *keys_bytes);
    /** The engine's own full check. ERR_CORRUPT: say so to the operator; restore a backup. */
    enum err (*integrity)(struct store_view *view);
};

/* Engines embed these as their first member. */
struct store {
    const struct store_engine *engine;
};
struct store_view {
    const struct store_engine *engine;
};

/* OWNER serves: it alone may finish what a crash left, so one process at a time may be it. VISITOR writes a little
 * beside it (a founder link). READER has views only. */
enum store_mode { STORE_OWNER, STORE_VISITOR, STORE_READER };

/** Makes the two databases in `folder`. ERR_EXISTS: there is a store already. */
enum err store_sqlite_create(const char *folder);

/** Copies log.db, keys.db or both of a store into the folder `to`, as of one moment each, also while a server writes.
 * ERR_NOT_FOUND: no store there. A copy is there whole or not at all. */
enum err store_sqlite_backup(const char *folder, const char *to, bool log, bool keys);

/**
 * Makes a store in `folder` from such copies; `keys_from` NULL: the keys are lost, and devices bring them again. It
 * gets a new store id, and is `recovering` (meta value of that name: the time of the restore) until somebody ends that.
 * ERR_EXISTS: there is a store in `folder`; ERR_NOT_FOUND: none in `log_from`. Nothing was changed then.
 */
enum err store_sqlite_restore(const char *folder, const char *log_from, const char *keys_from,
                              uint64_t now_ms);

/** Opens them. ERR_NOT_FOUND: no store there. ERR_VERSION: made by a newer program. ERR_CORRUPT: not a database. */
enum err store_sqlite_open(struct store **store, const char *folder, enum store_mode mode);

/** The same in a PostgreSQL database, named as libpq takes it: "postgresql://user@host/database" or words. Built where
 * libpq is (HAVE_LIBPQ). ERR_BUSY: the server cannot be reached. Several processes may be OWNER of one. */
enum err store_pg_create(const char *conninfo);
enum err store_pg_open(struct store **store, const char *conninfo, enum store_mode mode);

/** Views for a pool of threads: takes one that is free or opens one; ERR_BUSY beyond `STORE_VIEWS_MAX`. */
struct store_views;
enum { STORE_VIEWS_MAX = 128 };
enum err store_views_new(struct store_views **views, struct store *store);
/** Gives a view whose snapshot was just taken. Any thread. */
enum err store_views_take(struct store_views *views, struct store_view **view);
/** Ends the snapshot and puts it back. Any thread. */
void store_views_give(struct store_views *views, struct store_view *view);
/** Closes all; none may be taken. */
void store_views_free(struct store_views *views);

#endif
