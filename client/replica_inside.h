/* SPDX-License-Identifier: Apache-2.0
 *
 * replica_inside: what the files of the replica share; nobody else includes it.
 */
#ifndef CLIENT_REPLICA_INSIDE_H
#define CLIENT_REPLICA_INSIDE_H

#include "client/replica.h"

struct sqlite3;
struct sqlite3_stmt;

/* X(name, SQL) */
#define REPLICA_SQL(X)                                                                             \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                    \
    X(COMMIT, "COMMIT")                                                                            \
    X(ROLLBACK, "ROLLBACK")                                                                        \
    X(PUT, "INSERT OR REPLACE INTO record(stamp, tab, space, id, sealed) VALUES(?1,?2,?3,?4,?5)")  \
    X(GET, "SELECT sealed FROM record WHERE tab=?1 AND space=?2 AND id=?3")                        \
    X(DELETE, "DELETE FROM record WHERE tab=?1 AND space=?2 AND id=?3")                            \
    X(DELETE_ALL, "DELETE FROM record WHERE tab=?1 AND space=?2")                                  \
    X(EACH, "SELECT id, sealed FROM record WHERE tab=?1 AND space=?2 ORDER BY id")                 \
    X(LAST_ID, "SELECT coalesce(max(id), 0) FROM record WHERE tab=?1 AND space=?2")                \
    X(SPARE, "SELECT sealed FROM record WHERE tab IN (1, 2, 3, 16, 23)")                           \
    X(STAMP, "SELECT coalesce(max(stamp), 0) FROM record")                                         \
    X(ENTRY_PUT, "INSERT INTO entry(space, idx, t_recv, kind, verdict, missing, header, sig,"      \
                 " nodes, bodies) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)")                         \
    X(ENTRY_ALL, "SELECT " REPLICA_ENTRY_COLUMNS " FROM entry"                                     \
                 " WHERE space=?1 AND idx>=?2 AND idx<?3 ORDER BY idx LIMIT 256")                  \
    X(ENTRY_CONTROL, "SELECT " REPLICA_ENTRY_COLUMNS " FROM entry WHERE space=?1 AND idx>=?2"      \
                     " AND idx<?3 AND kind>0 AND kind<64 ORDER BY idx LIMIT 256")                  \
    X(ENTRY_DATA, "SELECT " REPLICA_ENTRY_COLUMNS " FROM entry WHERE space=?1 AND idx>=?2"         \
                  " AND idx<?3 AND kind>=64 ORDER BY idx LIMIT 256")                               \
    X(ENTRY_MISSING, "SELECT " REPLICA_ENTRY_COLUMNS " FROM entry WHERE space=?1 AND idx>=?2"      \
                     " AND idx<?3 AND missing>0 ORDER BY idx LIMIT 256")                           \
    X(ENTRY_BODIES, "UPDATE entry SET bodies=?3, missing=?4 WHERE space=?1 AND idx=?2")            \
    X(SIZE, "SELECT coalesce(max(idx) + 1, 0) FROM entry WHERE space=?1")                          \
    X(NODES, "SELECT nodes FROM entry WHERE space=?1 AND idx=?2")                                  \
    X(ENTRY_CLEAR, "DELETE FROM entry WHERE space=?1")                                             \
    X(LAST_PUT, "INSERT OR REPLACE INTO last(space, device, seq, hash, idx)"                       \
                " VALUES(?1,?2,?3,?4,?5)")                                                         \
    X(LAST_EACH, "SELECT device, seq, hash, idx FROM last WHERE space=?1")                         \
    X(LAST_CLEAR, "DELETE FROM last WHERE space=?1")                                               \
    X(SLOT_PUT, "INSERT OR REPLACE INTO slot(space, row, epoch, slot) VALUES(?1,?2,?3,?4)")        \
    X(SLOT_EACH, "SELECT epoch, slot FROM slot WHERE space=?1 AND row=?2 ORDER BY epoch DESC")     \
    X(SLOT_ALL, "SELECT max(epoch), slot, row FROM slot WHERE space=?1 GROUP BY row")              \
    X(SLOT_DELETE, "DELETE FROM slot WHERE space=?1 AND row=?2")                                   \
    X(SLOT_CLEAR, "DELETE FROM slot WHERE space=?1")
#define REPLICA_ENTRY_COLUMNS "idx, t_recv, kind, verdict, missing, header, sig, nodes, bodies"

#define REPLICA_SQL_ROW(name, sql) SQL_##name,
enum replica_sql { REPLICA_SQL(REPLICA_SQL_ROW) SQL_N };
#undef REPLICA_SQL_ROW

struct replica {
    struct sqlite3 *db;
    struct sqlite3_stmt *stmts[SQL_N];
    const uint8_t *db_key;
    uint64_t stamp; /* of the newest record */
    bool in_tx;
    bool unflushed; /* a flush failed: tried again after the next transaction */
    bool damaged;
    bool spare; /* replica.spare is older than the records it copies */
    char dir[4096];
};

/** A ready statement, reset and unbound; NULL and *err when it cannot be prepared. */
struct sqlite3_stmt *replica_stmt(struct replica *replica, enum replica_sql sql, enum err *err);

/** Runs a statement that gives no rows, and resets it. */
enum err replica_run(struct replica *replica, struct sqlite3_stmt *stmt);

/** Our error for what SQLite said; marks the folder when the file is damaged. */
enum err replica_error(struct replica *replica, int code);

/** Opens a record's blob as it lies in the file; `out` gets the content appended. ERR_CORRUPT. */
enum err replica_unseal(struct buf *out, const uint8_t *blob, size_t len,
                        const uint8_t db_key[static KEY_LEN], enum replica_table table,
                        uint64_t space, uint64_t id);

/* A record's blob: magic4 | table u8 | space u64be | id u64be | stamp u64be | length u32be | sealed. The head lets
 * records be found in a file that is no database any more. */
enum { RECORD_HEAD_LEN = 4 + 1 + 8 + 8 + 8 + 4, RECORD_AD_LEN = 1 + 8 + 8 };
#define RECORD_MAGIC "PsR1"

#endif
