/* SPDX-License-Identifier: Apache-2.0
 *
 * Arrays in PostgreSQL's binary form (array_send in its sources): the number of dimensions, whether an element is NULL,
 * the type of the elements, length and lower bound of the dimension; then each element as its length and its bytes,
 * all integers big-endian, the length of a NULL being -1.
 */
#include "server/store_pg_rows.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 640, HEAD_LEN = 20, OID_BYTEA = 17, OID_INT8 = 20 };

/* Room for the head is left in front of the elements, so that they are not copied once more. */
static void begin_column(struct buf *column)
{
    column->max = PG_ROWS_BYTES_MAX + RESPONSE_MAX;
    buf_room(column, HEAD_LEN);
}

static void put_element(struct buf *column, const struct sq_arg *arg)
{
    if (!arg->is_blob) {
        buf_u32be(column, 8);
        buf_u64be(column, (uint64_t)arg->number);
    } else if (!arg->blob) {
        buf_u32be(column, UINT32_MAX);
    } else {
        buf_u32be(column, (uint32_t)arg->len);
        buf_put(column, arg->blob, arg->len);
    }
}

enum err pg_rows_add(struct pg_rows *rows, const struct sq_arg *args, size_t n)
{
    enum err err = ERR_OK;
    TRY(n <= PG_ARGS_MAX && (rows->n == 0 || n == rows->n_columns) ? ERR_OK : ERR_USAGE);
    for (size_t i = 0; i < n; i++) {
        struct buf *column = &rows->columns[i];
        if (rows->n == 0)
            begin_column(column);
        rows->is_blob[i] = args[i].is_blob;
        rows->has_null[i] |= args[i].is_blob && !args[i].blob;
        put_element(column, &args[i]);
        rows->bytes += args[i].len;
        TRY(column->err);
    }
    rows->n_columns = n;
    rows->n++;
out:
    return err;
}

bool pg_rows_full(const struct pg_rows *rows)
{
    return rows->n >= PG_ROWS_MAX || rows->bytes >= PG_ROWS_BYTES_MAX;
}

static void finish_column(const struct pg_rows *rows, size_t i)
{
    uint8_t head[HEAD_LEN];
    const uint32_t words[] = {1, rows->has_null[i], rows->is_blob[i] ? OID_BYTEA : OID_INT8,
                              (uint32_t)rows->n, 1};
    for (size_t at = 0; at < sizeof head; at++)
        head[at] = (uint8_t)(words[at / 4] >> (24 - 8 * (at % 4)));
    memcpy(rows->columns[i].bytes, head, sizeof head);
}

/* "... VALUES (?1, ?2) ON CONFLICT ..." becomes "... SELECT * FROM unnest($1::bytea[], $2::int8[]) ON CONFLICT ..." */
static enum err text_of(const struct pg_rows *rows, char out[static TEXT_MAX])
{
    const char *values = strstr(rows->insert, "VALUES (");
    const char *rest = values ? strchr(values, ')') : NULL;
    if (!rest)
        return ERR_USAGE;
    size_t len = (size_t)snprintf(out, TEXT_MAX, "%.*sSELECT * FROM unnest(",
                                  (int)(values - rows->insert), rows->insert);
    for (size_t i = 0; i < rows->n_columns && len < TEXT_MAX; i++)
        len += (size_t)snprintf(out + len, TEXT_MAX - len, "%s$%zu::%s[]", i ? ", " : "", i + 1,
                                rows->is_blob[i] ? "bytea" : "int8");
    if (len < TEXT_MAX)
        len += (size_t)snprintf(out + len, TEXT_MAX - len, "%s", rest);
    return len < TEXT_MAX ? ERR_OK : ERR_USAGE;
}

enum err pg_rows_send(struct pg_rows *rows, struct pg_conn *conn, struct pg_result **result,
                      size_t *sent)
{
    enum err err = ERR_OK;
    char text[TEXT_MAX];
    const char *values[PG_ARGS_MAX];
    int lengths[PG_ARGS_MAX], formats[PG_ARGS_MAX];
    *result = NULL;
    *sent = rows->n;
    TRY(rows->n > 0 ? text_of(rows, text) : ERR_OK);
    for (size_t i = 0; i < rows->n_columns && rows->n > 0; i++) {
        finish_column(rows, i);
        values[i] = (const char *)rows->columns[i].bytes;
        lengths[i] = (int)rows->columns[i].len;
        formats[i] = 1;
    }
    if (rows->n > 0)
        *result = PQexecParams(conn, text, (int)rows->n_columns, NULL, values, lengths, formats, 1);
out:
    pg_rows_drop(rows);
    return err;
}

void pg_rows_drop(struct pg_rows *rows)
{
    for (size_t i = 0; i < PG_ARGS_MAX; i++) {
        buf_reset(&rows->columns[i]);
        rows->has_null[i] = false;
    }
    rows->n = rows->bytes = 0;
}

void pg_rows_free(struct pg_rows *rows)
{
    for (size_t i = 0; i < PG_ARGS_MAX; i++)
        buf_free(&rows->columns[i]);
    *rows = (struct pg_rows){.insert = rows->insert};
}
