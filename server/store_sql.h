/* SPDX-License-Identifier: Apache-2.0
 *
 * store_sql: what the engines that speak SQL share: the statements, and everything above a connection. Only engines
 * include this.
 *
 *   store_sql.c              transactions over two databases, views, chores, recovery
 *   store_sql_log|read|keys  the functions of store.h, each a statement
 *   store_sqlite*.c          two files in a folder
 *   store_pg*.c              two schemas of a PostgreSQL database
 *
 * A connection (`struct sq`) keeps its statements; a view is a pair of connections, one to the log and one to the keys.
 * An engine is a driver, that is how a connection runs a statement, and a life: how it is made and opened.
 */
#ifndef SERVER_STORE_SQL_H
#define SERVER_STORE_SQL_H

#include <stdatomic.h>

#include "server/store.h"

struct sqlite3;
struct sqlite3_stmt;
struct pg;

/* Every statement: X(NAME, text), in the SQL that both engines speak. Those in SQ_LOG run on the log, those in SQ_KEYS
 * on the keys. */
#define SQ_LOG(X)                                                                                  \
    X(BEGIN, "BEGIN") /* of a snapshot; these three on either */                                   \
    X(ROLLBACK, "ROLLBACK")                                                                        \
    X(LOOK, "SELECT count(*) FROM meta WHERE name = ''")                                           \
    X(META_PUT, "INSERT INTO meta (name, value) VALUES (?1, ?2)"                                   \
                " ON CONFLICT (name) DO UPDATE SET value = ?2")                                    \
    X(META, "SELECT value FROM meta WHERE name = ?1")                                              \
    X(APPEND, "INSERT INTO log (space, idx, device, seq, kind, t_recv, header, sig, nodes)"        \
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING")               \
    X(BODY_PUT, "INSERT INTO bodies (space, idx, box, hash, body) VALUES (?1, ?2, ?3, ?4, ?5)"     \
                " ON CONFLICT DO NOTHING")                                                         \
    X(BODY_ERASE, "UPDATE bodies SET body = NULL WHERE space = ?1 AND idx = ?2 AND box = ?3"       \
                  " AND body IS NOT NULL")                                                         \
    X(SPACE_PUT, "INSERT INTO spaces (space, size, t_recv, epoch, epoch_idx)"                      \
                 " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (space) DO UPDATE"                      \
                 " SET size = ?2, t_recv = ?3, epoch = ?4, epoch_idx = ?5")                        \
    X(SPACE, "SELECT space, size, t_recv, epoch, epoch_idx FROM spaces WHERE space = ?1")          \
    X(SPACES, "SELECT space, size, t_recv, epoch, epoch_idx FROM spaces ORDER BY space")           \
    X(MEMBER_PUT, "INSERT INTO members"                                                            \
                  " (space, device, ed_pk, roles, active, added, revoked, erased_upto)"            \
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0) ON CONFLICT (space, device) DO UPDATE"  \
                  " SET roles = ?4, active = ?5, added = ?6, revoked = ?7")                        \
    X(ERASED_UPTO_PUT, "UPDATE members SET erased_upto = ?3 WHERE space = ?1 AND device = ?2")     \
    X(DEVICE, "SELECT ed_pk FROM members WHERE device = ?1 LIMIT 1")                               \
    X(MEMBER, "SELECT space, device, ed_pk, roles, active, added, revoked, erased_upto"            \
              " FROM members WHERE space = ?1 AND device = ?2")                                    \
    X(MEMBERS, "SELECT space, device, ed_pk, roles, active, added, revoked, erased_upto"           \
               " FROM members WHERE space = ?1 ORDER BY device")                                   \
    X(NOTE_PUT, "INSERT INTO notes (space, size, root, sig, cosigs) VALUES (?1, ?2, ?3, ?4, ?5)"   \
                " ON CONFLICT DO NOTHING")                                                         \
    X(NOTE, "SELECT size, root, sig, cosigs FROM notes WHERE space = ?1 AND size = ?2")            \
    X(NOTES, "SELECT size, root, sig, cosigs FROM notes WHERE space = ?1 ORDER BY size")           \
    X(ENTRIES, "SELECT space, idx, device, seq, kind, t_recv, header, sig, nodes FROM log"         \
               " WHERE space = ?1 AND idx >= ?2 AND idx < ?3 ORDER BY idx LIMIT ?4")               \
    X(CONTROL_ENTRIES, "SELECT space, idx, device, seq, kind, t_recv, header, sig, nodes FROM log" \
                       " WHERE space = ?1 AND kind < 64 AND idx >= ?2 ORDER BY idx LIMIT ?3")      \
    X(ENTRY_BY_SEQ, "SELECT space, idx, device, seq, kind, t_recv, header, sig, nodes FROM log"    \
                    " WHERE space = ?1 AND device = ?2 AND seq = ?3")                              \
    X(ENTRY_LAST, "SELECT space, idx, device, seq, kind, t_recv, header, sig, nodes FROM log"      \
                  " WHERE space = ?1 AND device = ?2 ORDER BY seq DESC LIMIT 1")                   \
    X(NODES, "SELECT nodes FROM log WHERE space = ?1 AND idx = ?2")                                \
    X(BODIES, "SELECT idx, box, hash, body FROM bodies"                                            \
              " WHERE space = ?1 AND (idx, box) >= (?2, ?5) AND idx < ?3"                          \
              " ORDER BY idx, box LIMIT ?4")                                                       \
    X(LINK_PUT, "INSERT INTO links (pk, used) VALUES (?1, 0)")                                     \
    X(LINK_OPEN, "SELECT count(*) FROM links WHERE used = 0")                                      \
    X(LINK_PRUNE, "DELETE FROM links WHERE used = 1 AND id NOT IN"                                 \
                  " (SELECT id FROM links ORDER BY used, id DESC LIMIT ?1)")                       \
    X(LINK_USE, "UPDATE links SET used = 1 WHERE pk = ?1 AND used = 0")                            \
    X(LINK, "SELECT used FROM links WHERE pk = ?1")                                                \
    X(LINKS, "SELECT pk, used FROM links ORDER BY id LIMIT ?1")                                    \
    X(CHORE_PUT, "INSERT INTO chores (space, what, target) VALUES (?1, ?2, ?3)")                   \
    X(CHORES, "SELECT id, space, what, target FROM chores ORDER BY id")                            \
    X(CHORES_DONE, "DELETE FROM chores WHERE id <= ?1")                                            \
    X(TOTAL_LEAVES, "SELECT count(*) FROM log WHERE space = ?1")                                   \
    X(TOTAL_BODIES, "SELECT count(*), count(body), CAST(coalesce(sum(length(body)), 0) AS BIGINT)" \
                    " FROM bodies WHERE space = ?1")                                               \
    X(TOTAL_MEMBERS, "SELECT count(*), CAST(coalesce(sum(active), 0) AS BIGINT)"                   \
                     " FROM members WHERE space = ?1")

#define SQ_KEYS(X)                                                                                 \
    X(STORE_ID, "SELECT value FROM meta WHERE name = 'store_id'")                                  \
    X(REV_NEXT, "INSERT INTO revs (space, rev) VALUES (?1, 1)"                                     \
                " ON CONFLICT (space) DO UPDATE SET rev = revs.rev + 1")                           \
    X(REV, "SELECT rev FROM revs WHERE space = ?1")                                                \
    X(SLOT_OLD_DROP, "DELETE FROM slots WHERE space = ?1 AND row = ?2 AND newest = 0")             \
    X(SLOT_AGE, "UPDATE slots SET newest = 0 WHERE space = ?1 AND row = ?2")                       \
    X(SLOT_PUT, "INSERT INTO slots (space, row, newest, epoch, slot, sender, rev)"                 \
                " VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6)")                                             \
    X(SLOT, "SELECT row, epoch, slot, sender, rev FROM slots"                                      \
            " WHERE space = ?1 AND row = ?2 AND newest = 1")                                       \
    X(SLOTS, "SELECT row, epoch, slot, sender, rev FROM slots"                                     \
             " WHERE space = ?1 AND newest = 1 AND rev > ?2 ORDER BY rev")                         \
    X(SLOTS_STALE, "SELECT row, epoch, slot, sender, rev FROM slots"                               \
                   " WHERE space = ?1 AND newest = 1 AND epoch < ?2 ORDER BY epoch LIMIT ?3")      \
    X(SLOT_DROP, "DELETE FROM slots WHERE space = ?1 AND row = ?2")                                \
    X(SEALS_DROP_LEAF, "DELETE FROM seals WHERE space = ?1 AND idx = ?2 AND device = ?3")          \
    X(SEAL_PUT, "INSERT INTO seals (space, idx, device, epoch, type, hash, seal, rev)"             \
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")                                        \
    X(SEALS_FOR, "SELECT idx, epoch, type, seal, rev FROM seals"                                   \
                 " WHERE space = ?1 AND device = ?2 AND rev > ?3 AND seal IS NOT NULL"             \
                 " ORDER BY rev")                                                                  \
    X(SEAL_LINES, "SELECT device, epoch, type, hash FROM seals"                                    \
                  " WHERE space = ?1 AND idx = ?2 ORDER BY device")                                \
    X(SEALS_DROP, "UPDATE seals SET seal = NULL WHERE space = ?1 AND device = ?2")                 \
    X(SEAL_SPACES, "SELECT space, max(idx) FROM seals GROUP BY space")                             \
    X(SEALS_DROP_FROM, "DELETE FROM seals WHERE space = ?1 AND idx >= ?2")                         \
    X(INBOX_PUT, "INSERT INTO inbox"                                                               \
                 " (space, type, device, invite, expires, state, payload, rev)"                    \
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (space, type, device)"      \
                 " DO UPDATE SET invite = ?4, expires = ?5, state = ?6, payload = ?7, rev = ?8")   \
    X(INBOX_DISMISS, "UPDATE inbox SET state = 2, payload = NULL"                                  \
                     " WHERE space = ?1 AND device = ?2 AND state = 0")                            \
    X(INBOX_JOINED, "UPDATE inbox SET state = 1, payload = NULL"                                   \
                    " WHERE space = ?1 AND device = ?2 AND type IN (1, 4) AND state = 0")          \
    X(INBOX_INVITE, "UPDATE inbox SET state = 2, payload = NULL"                                   \
                    " WHERE space = ?1 AND invite = ?2 AND type = 1 AND state = 0")                \
    X(INBOX_OUTBOX, "DELETE FROM inbox WHERE space = ?1 AND type = 2"                              \
                    " AND device = substr(CAST(?2 AS BLOB), 1, 16)"                                \
                    " AND invite = substr(CAST(?2 AS BLOB), 17)")                                  \
    X(INBOX, "SELECT type, device, invite, expires, state, payload, rev FROM inbox"                \
             " WHERE space = ?1 ORDER BY rev")                                                     \
    X(TOTAL_SLOTS, "SELECT count(*) FROM slots WHERE space = ?1 AND newest = 1")                   \
    X(TOTAL_SEALS, "SELECT count(seal) FROM seals WHERE space = ?1")

#define SQ_ID(name, text) SQ_##name,
enum sq_statement { SQ_LOG(SQ_ID) SQ_KEYS(SQ_ID) SQ_STATEMENT_N };
#undef SQ_ID
extern const char *const sq_text[SQ_STATEMENT_N];

struct sq;
struct sq_arg;
struct sq_store;

/** How a connection works; see the functions of the same names below. */
struct sq_driver {
    void (*close)(struct sq *sq);
    enum err (*exec)(struct sq *sq, const char *sql);
    enum err (*start)(struct sq *sq, enum sq_statement id, const struct sq_arg *args, size_t n);
    enum err (*step)(struct sq *sq, enum sq_statement id);
    void (*reset)(struct sq *sq, enum sq_statement id);
    int (*changes)(const struct sq *sq);
    uint64_t (*column)(struct sq *sq, enum sq_statement id, int column);
    const uint8_t *(*column_blob)(struct sq *sq, enum sq_statement id, int column, size_t *len);
    bool (*in_transaction)(const struct sq *sq);
    uint32_t (*epoch)(
        const struct sq *sq); /* another number: what was read before is worth nothing; or NULL */
    const char *begin_write;  /* waits for other writers of the same database */
};

/** A connection with the statements that were used so far. */
struct sq {
    const struct sq_driver *driver;
    struct sqlite3 *db; /* SQLite's */
    struct sqlite3_stmt *statements[SQ_STATEMENT_N];
    struct pg *pg; /* PostgreSQL's */
    bool shares;   /* somebody else's connection (store_pg.h) */
};

/** A tree node that was read; nodes never change. */
struct sq_node {
    uint8_t space[ID_LEN];
    unsigned level;
    uint64_t index;
    uint8_t node[HASH_LEN];
    bool there;
};
enum { SQ_NODES_KEPT = 1024 };

struct sq_view {
    struct store_view view; /* first */
    struct sq log, keys;
    struct buf blob; /* what single-row functions give is copied here */
    bool begun;
    struct sq_node
        *nodes; /* SQ_NODES_KEPT, of views where a statement is a message to another machine */
    uint32_t nodes_epoch;
};

struct sq_store {
    struct store store;         /* first */
    struct store_engine engine; /* what store and views point to */
    struct sq_view own;
    struct sq_view tidy; /* SQLite: connections for checkpoints, on whichever thread */
    struct sq listener;  /* PostgreSQL: where other processes are heard */
    char *place;         /* the folder, or what the connections are made with */
    enum err (*pair_open)(struct sq_view *view, const struct sq_store *store, bool writes);
    enum store_mode mode;
    bool in_log, in_keys;    /* transactions under way */
    bool chores;             /* queued in this transaction */
    bool chores_left;        /* committed, not carried out yet */
    bool seals_loose;        /* keys committed, the log did not */
    bool erasing;            /* this transaction deletes bytes */
    atomic_bool log_deleted; /* deleted bytes may still lie in a file */
    atomic_bool keys_deleted;
    atomic_int log_pages, keys_pages; /* SQLite: in the write-ahead logs */
};

/** An argument of a statement. */
struct sq_arg {
    const void *blob;
    size_t len;
    int64_t number;
    bool is_blob;
};
#define SQ_BLOB(bytes_, len_) ((struct sq_arg){.blob = (bytes_), .len = (len_), .is_blob = true})
#define SQ_NUM(number_)       ((struct sq_arg){.number = (int64_t)(number_)})
#define SQ_ARGS(...)                                                                               \
    (const struct sq_arg[]){__VA_ARGS__},                                                          \
        sizeof((const struct sq_arg[]){__VA_ARGS__}) / sizeof(struct sq_arg)

/** Closes the connection; fine on a zeroed one. */
void sq_close(struct sq *sq);

/** Prepares (once) and binds; blobs are borrowed until sq_reset. A blob of NULL is bound as NULL. */
enum err sq_start(struct sq *sq, enum sq_statement id, const struct sq_arg *args, size_t n);
/** Steps: ERR_OK a row, ERR_NOT_FOUND no more. */
enum err sq_step(struct sq *sq, enum sq_statement id);
void sq_reset(struct sq *sq, enum sq_statement id);
/** Start, step to the end, reset. */
enum err sq_run(struct sq *sq, enum sq_statement id, const struct sq_arg *args, size_t n);
/** Start, take one row's first column as a number, reset. ERR_NOT_FOUND. */
enum err sq_number(struct sq *sq, enum sq_statement id, const struct sq_arg *args, size_t n,
                   uint64_t *out);
/** How many rows the last statement changed. */
int sq_changes(const struct sq *sq);
/** SQL without results. */
enum err sq_exec(struct sq *sq, const char *sql);

/* Columns of the row that sq_step met. */
uint64_t sq_column(struct sq *sq, enum sq_statement id, int column);
const uint8_t *sq_column_blob(struct sq *sq, enum sq_statement id, int column, size_t *len);
/** Copies a blob of exactly `len` bytes; ERR_CORRUPT. */
enum err sq_column_bytes(struct sq *sq, enum sq_statement id, int column, uint8_t *out, size_t len);

/** Whether a transaction is open on this connection. */
bool sq_in_transaction(const struct sq *sq);

/** Begins the keys' transaction with the first write to them. */
enum err sq_keys_begin(struct sq_store *store);

/** Carries out one chore on keys. */
enum err sq_keys_chore(struct sq *keys, const uint8_t space[static ID_LEN], enum store_chore what,
                       const uint8_t *target, size_t len);
/** Deletes seals of entries that the log does not have. Inside the log's transaction. */
enum err sq_keys_drop_loose(struct sq_store *store);

/** Removals that a crash left undone, seals of a log transaction that never committed. */
enum err sq_recover(struct sq_store *store);

/** Fills the functions that all engines share; the engine sets the rest: name, tidy, untidy, bytes, integrity. */
void store_sql_fill(struct store_engine *engine);
void store_sql_log(struct store_engine *engine);
void store_sql_read(struct store_engine *engine);
void store_sql_keys(struct store_engine *engine);

#endif
