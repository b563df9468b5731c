/* SPDX-License-Identifier: Apache-2.0
 *
 * store_pg_rows: the new rows of one table that wait to be sent to PostgreSQL as one insertion, an array for each column.
 * A round trip for each row would cost more than the row does. Only the driver includes this.
 *
 *   struct pg_rows rows = {.insert = sq_text[SQ_APPEND]};
 *   pg_rows_add(&rows, args, n) ...     until somebody wants to see them, or the transaction ends
 *   pg_rows_send(&rows, conn, &result)  all at once
 *   pg_rows_drop(&rows)                 the transaction is undone
 */
#ifndef SERVER_STORE_PG_ROWS_H
#define SERVER_STORE_PG_ROWS_H

#include "server/store_sql.h"

struct pg_conn;
struct pg_result;

enum {
    PG_ARGS_MAX = 9,
    PG_ROWS_MAX = 8192,          /* more are sent in several insertions */
    PG_ROWS_BYTES_MAX = 8 << 20, /* what waits in memory */
};

struct pg_rows {
    const char *insert; /* "INSERT INTO table (names) VALUES (?1, ...) ON CONFLICT DO NOTHING" */
    size_t n, n_columns, bytes;
    bool is_blob[PG_ARGS_MAX];
    bool has_null[PG_ARGS_MAX];
    struct buf columns[PG_ARGS_MAX]; /* the elements, as an array's binary form has them */
};

/** Copies a row; all rows have the same number and types of columns. ERR_MEMORY: drop them, and the transaction. */
enum err pg_rows_add(struct pg_rows *rows, const struct sq_arg *args, size_t n);

/** Whether they should be sent before one more is added. */
bool pg_rows_full(const struct pg_rows *rows);

/** Sends what waits and forgets it, whatever becomes of it. `*result` (taken, PQclear) is NULL when memory was missing or
 * nothing waited; its number of affected rows is less than `*sent` when a place was taken. */
enum err pg_rows_send(struct pg_rows *rows, struct pg_conn *conn, struct pg_result **result,
                      size_t *sent);

/** Forgets what waits. */
void pg_rows_drop(struct pg_rows *rows);

/** Frees the memory; `rows` is then empty, with the same statement. */
void pg_rows_free(struct pg_rows *rows);

#endif
