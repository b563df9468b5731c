/* SPDX-License-Identifier: Apache-2.0
 *
 * replica: what a device keeps on its disk: one SQLite file of ciphertext beside the key header.
 *
 *   device.key     key header (proto/unlock.h)
 *   replica.db     records (small, sealed under the db key), entries (the logs as they travel),
 *                  slots (sealed dossier keys as they travel)
 *   replica.spare  copies of the few records without which a damaged replica.db could not even be fetched again:
 *                  servers, spaces, box keys, how many changes wait; ciphertext too, written without waiting for the disk
 *   replica.lock   held while a program has the device open
 *   evidence-*.txt what proves a server's misbehaviour; no content
 *
 * A record is found by (table, space, id) and bound to that place by its seal, so that none can be exchanged for
 * another. Writes outside of replica_begin/replica_end are one transaction each. Everything is durable when the
 * transaction's end has returned ERR_OK.
 *
 * Errors of every function: ERR_FULL (no space on the disk; nothing changed), ERR_CORRUPT (the file is damaged; the
 * folder is marked, and the next engine_open salvages it), ERR_BUSY, ERR_MEMORY, ERR_IO.
 */
#ifndef CLIENT_REPLICA_H
#define CLIENT_REPLICA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/err.h"
#include "proto/leaf.h"
#include "proto/limits.h"

struct replica;

/* The tables of records. Numbers are part of the file's format. */
enum replica_table {
    REPLICA_DEVICE = 1,    /* id 1: this device's name */
    REPLICA_SERVER = 2,    /* id: number of the server */
    REPLICA_SPACE = 3,     /* id: number of the space; `space` is 0 */
    REPLICA_EDIT = 4,      /* waiting changes, id: order of writing */
    REPLICA_OPERATION = 5, /* waiting operations, id: order of queueing */
    REPLICA_LEAF = 6,      /* leaves on their way, id: seq */
    REPLICA_SENT = 7,      /* hashes of leaves that were replaced after a refusal, id: seq */
    REPLICA_NEWBORN = 8,   /* keys of dossiers whose birth no checkpoint covers */
    REPLICA_EPOCH = 9,     /* keys of an epoch, id: epoch */
    REPLICA_SEAL = 10,     /* seals to this device that could not be opened yet, id: epoch */
    REPLICA_BIRTH = 11,    /* births of dossiers, id: leaf << 8 | box */
    REPLICA_INVITE = 12,   /* secrets of invites made here */
    REPLICA_WAITING = 13,  /* joins that wait for an approval */
    REPLICA_NOTE = 14,     /* id 0: the last verified note; others: notes to check at that size */
    REPLICA_CACHE = 15,    /* blobs of the layers above */
    REPLICA_TALLY = 16,    /* id 1: number of records in REPLICA_EDIT, for counting losses */
    REPLICA_JOT = 17,      /* words that are being typed */
    REPLICA_ACCESS = 20,   /* id 1: dossiers that were opened, not told yet */
    REPLICA_GRANT = 21,    /* grants (grant.c), id: index of the confirmation */
    REPLICA_WITNESS = 22,  /* when notes and cosignatures came (witness.c) */
    REPLICA_OFFER = 36,    /* id 0: new keys that the space's server offers (handover.h) */
    REPLICA_BOX = 23,      /* box keys (rekey.h); `space` is 0 */
    REPLICA_LEAVE = 18,    /* id 0: how far leaving is; others: parcels for the stewards */
    REPLICA_INBOX = 19,    /* parcels of others, for this device to decide about */
    REPLICA_BLOB = 33,     /* attachments (attach.c) */
    REPLICA_PIECE = 34,    /* their pieces; `space` is the attachment's number */
    REPLICA_ERASED = 35,   /* how far erasures are (erased.h) */
    REPLICA_MOVE = 32,     /* transfers that are not done yet (transfer.h); `space` is 0 */
    REPLICA_CARRIED = 30,  /* leaves of others that came by file (courier.h); `space` is 0 */
    REPLICA_LATER =
        31 /* histories that came by file before what they continue (bundle.c); `space` is 0 */
};

/** Opens the database in `dir`, or makes it if `fresh`. `db_key` is borrowed until replica_close. ERR_CORRUPT: damaged
 * (or empty, and not `fresh`), salvage it; ERR_VERSION: written by a newer program. */
enum err replica_open(struct replica **replica, const char *dir,
                      const uint8_t db_key[static KEY_LEN], bool fresh);

/** Opens a damaged file read-only, for what can still be read. */
enum err replica_open_damaged(struct replica **replica, const char *path,
                              const uint8_t db_key[static KEY_LEN]);
void replica_close(struct replica *replica);

/** A transaction; not nested. replica_end commits when `err` is ERR_OK and rolls back otherwise; it gives `err`, or
 * why the commit failed (then everything is as before). */
enum err replica_begin(struct replica *replica);
enum err replica_end(struct replica *replica, enum err err);

/** Moves everything into the main file and truncates the write-ahead log: what was deleted is gone from the disk. */
enum err replica_flush(struct replica *replica);

/* --- records --- */

/** Writes or replaces a record; `plain` is borrowed and sealed here. */
enum err replica_put(struct replica *replica, enum replica_table table, uint64_t space, uint64_t id,
                     const void *plain, size_t len);

/** Appends a record's content to `plain`. ERR_NOT_FOUND; ERR_CORRUPT also when its seal does not open. */
enum err replica_get(struct replica *replica, enum replica_table table, uint64_t space, uint64_t id,
                     struct buf *plain);

/** Deletes a record; fine when there is none. */
enum err replica_delete(struct replica *replica, enum replica_table table, uint64_t space,
                        uint64_t id);
enum err replica_delete_all(struct replica *replica, enum replica_table table, uint64_t space);

/** Calls `fn` with each record of a table in order of id; the content is wiped afterwards. `fn` writes nothing. */
typedef enum err (*replica_fn)(void *ctx, uint64_t id, const uint8_t *plain, size_t len);
enum err replica_each(struct replica *replica, enum replica_table table, uint64_t space,
                      replica_fn fn, void *ctx);

/** The largest id of a table, 0 when it is empty. */
enum err replica_last_id(struct replica *replica, enum replica_table table, uint64_t space,
                         uint64_t *id);

/** As replica_each over all tables and spaces, of a damaged file: what cannot be read is skipped. A record may be
 * given twice. */
typedef enum err (*replica_salvage_fn)(void *ctx, enum replica_table table, uint64_t space,
                                       uint64_t id, const uint8_t *plain, size_t len);
enum err replica_salvage(struct replica *damaged, replica_salvage_fn fn, void *ctx);

/** The same from the raw bytes of a file (and its -wal) that is no database any more; of several versions of a record the newest
 * comes first. A record that was deleted may turn up. */
enum err replica_scan(const char *dir, const char *name, const uint8_t db_key[static KEY_LEN],
                      replica_salvage_fn fn, void *ctx);

/* --- entries --- */

/** One log entry as it travelled. Pointers are borrowed from the row (reading) or the caller (writing). */
struct replica_entry {
    uint64_t index;
    uint64_t t_recv_ms;
    uint64_t kind;    /* enum leaf_kind; 0 when the leaf could not be decoded */
    enum err verdict; /* ERR_OK: LeafValid */
    uint64_t missing; /* bodies that are only hashes here and whose absence nothing explains yet */
    const uint8_t *header;
    size_t header_len;
    uint8_t sig[SIG_LEN];
    const uint8_t *nodes; /* hashes that this entry completed in the tree */
    unsigned n_nodes;
    const uint8_t *bodies; /* replica_bodies_pack */
    size_t bodies_len;
};

enum replica_which { REPLICA_ALL, REPLICA_CONTROL, REPLICA_DATA, REPLICA_MISSING };

enum err replica_entry_put(struct replica *replica, uint64_t space,
                           const struct replica_entry *entry);

/** Gives entries with from <= index < to in order, with their bodies. `fn` may write other entries. */
typedef enum err (*replica_entry_fn)(void *ctx, const struct replica_entry *entry);
enum err replica_entries(struct replica *replica, uint64_t space, enum replica_which which,
                         uint64_t from, uint64_t to, replica_entry_fn fn, void *ctx);

/** One entry through `fn`. ERR_NOT_FOUND. */
enum err replica_entry(struct replica *replica, uint64_t space, uint64_t index, replica_entry_fn fn,
                       void *ctx);

/** Replaces the bodies of an entry. */
enum err replica_entry_bodies(struct replica *replica, uint64_t space, uint64_t index,
                              const uint8_t *bodies, size_t len, uint64_t missing);

/** Number of entries (they have no gaps). */
enum err replica_size(struct replica *replica, uint64_t space, uint64_t *size);

/** Node (level, index) of the stored tree. ERR_NOT_FOUND. */
enum err replica_node(struct replica *replica, uint64_t space, unsigned level, uint64_t index,
                      uint8_t out[static HASH_LEN]);

/** Deletes all entries and slots of a space. */
enum err replica_space_clear(struct replica *replica, uint64_t space);

/** Bodies in one blob: u32be length, bytes, for each. */
void replica_bodies_pack(struct buf *out, const struct leaf_body *bodies, size_t n);
/** Reads up to `n` bodies (borrowed from `bytes`). ERR_CORRUPT when there are not exactly `n`. */
enum err replica_bodies_parse(struct leaf_body *bodies, size_t n, const uint8_t *bytes, size_t len);

/* --- the last valid leaf of each device --- */

struct replica_last {
    uint8_t device[ID_LEN];
    uint64_t seq;
    uint8_t hash[HASH_LEN];
    uint64_t index;
};
enum err replica_last_put(struct replica *replica, uint64_t space, const struct replica_last *last);
typedef enum err (*replica_last_fn)(void *ctx, const struct replica_last *last);
enum err replica_lasts(struct replica *replica, uint64_t space, replica_last_fn fn, void *ctx);

/* --- slots --- */

enum err replica_slot_put(struct replica *replica, uint64_t space, const struct leaf_slot *slot);
/** Gives the versions of a row, newest epoch first. */
typedef enum err (*replica_slot_fn)(void *ctx, const struct leaf_slot *slot);
enum err replica_slots(struct replica *replica, uint64_t space, const uint8_t row[static ID_LEN],
                       replica_slot_fn fn, void *ctx);
/** Gives the newest version of every row. */
enum err replica_slots_all(struct replica *replica, uint64_t space, replica_slot_fn fn, void *ctx);
enum err replica_slot_delete(struct replica *replica, uint64_t space,
                             const uint8_t row[static ID_LEN]);

/* --- the folder --- */

/** Makes the folder (mode 700) and its parents. ERR_FULL, ERR_IO. */
enum err replica_folder_make(const char *dir);

/** Locks the folder for this program; the handle is given back to replica_folder_unlock. ERR_BUSY: another program
 * has it. ERR_NOT_FOUND: no such folder. */
enum err replica_folder_lock(int *lock, const char *dir);
void replica_folder_unlock(int lock);

/** Removes a scratch folder with the files in it, as far as it can; folders inside stay. */
void replica_folder_remove(const char *dir);

/** Writes a small file so that it is there whole or not at all; `fresh`: ERR_EXISTS when it exists. */
enum err replica_file_write(const char *dir, const char *name, const void *bytes, size_t len,
                            bool fresh);
/** Appends a small file's content to `out`. ERR_NOT_FOUND, ERR_TOO_BIG. */
enum err replica_file_read(const char *dir, const char *name, struct buf *out);
/** Replaces a file without waiting for the disk: for copies that may be lost. Failure is not an error. */
void replica_file_hint(const char *dir, const char *name, const void *bytes, size_t len);
bool replica_file_exists(const char *dir, const char *name);
enum err replica_file_remove(const char *dir, const char *name);
/** Renames replica.db and its companions to `name`, `name`-wal. ERR_NOT_FOUND when there is no replica.db. */
enum err replica_move_aside(const char *dir, const char *name);
/** Undoes it, over whatever is called replica.db now. */
enum err replica_move_back(const char *dir, const char *name);

/** Writes the path of `name` in `dir`. ERR_TOO_BIG. */
enum err replica_path(char *out, size_t cap, const char *dir, const char *name);

#define REPLICA_FILE   "replica.db"
#define REPLICA_KEY    "device.key"
#define REPLICA_MARK   "replica.suspect" /* the last program found the replica damaged */
#define REPLICA_LOCKED "replica.lock"
#define REPLICA_SPARE  "replica.spare"
#define REPLICA_GONE   "device.removed" /* the device was removed, its keys and files are destroyed */

#endif
