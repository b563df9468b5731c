/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL functions, answers as tables, and queries of users: one SELECT that can do nothing but read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/view_priv.h"
#include "proto/digest.h"

/* --- functions --- */

static void sql_title(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    char title[VIEW_TITLE_MAX];
    const char *id = (const char *)sqlite3_value_text(values[0]);
    if (!id)
        return;
    enum err err = view_title(sqlite3_user_data(context), id, title);
    if (err == ERR_OK)
        sqlite3_result_text(context, title, -1, SQLITE_TRANSIENT);
    else if (err == ERR_MEMORY)
        sqlite3_result_error_nomem(context);
}

enum err view_functions(struct view *view)
{
    enum err err = ERR_OK;
    TRY(pack_functions(view->db));
    TRY(view_rc(sqlite3_create_function_v2(view->db, "title", 1, SQLITE_UTF8, view, sql_title, NULL,
                                           NULL, NULL)));
out:
    return err;
}

/* --- answers --- */

void view_cell(struct pas_table *table, sqlite3_stmt *row, int column)
{
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
        pas_table_int(table, sqlite3_column_int64(row, column));
        break;
    case SQLITE_FLOAT:
        pas_table_real(table, sqlite3_column_double(row, column));
        break;
    case SQLITE_TEXT:
        pas_table_text_n(table, (const char *)sqlite3_column_text(row, column),
                         (size_t)sqlite3_column_bytes(row, column));
        break;
    case SQLITE_BLOB: {
        char hex[2 * 64 + 1];
        size_t len = (size_t)sqlite3_column_bytes(row, column);
        const uint8_t *bytes = sqlite3_column_blob(row, column);
        len = len > 64 ? 64 : len;
        for (size_t i = 0; i < len; i++)
            snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
        hex[2 * len] = 0;
        pas_table_text(table, hex);
        break;
    }
    default:
        pas_table_null(table);
        break;
    }
}

enum err view_table_of(sqlite3_stmt *statement, struct pas_table **out)
{
    struct pas_table *table = NULL;
    int rc;
    enum err err = ERR_OK;
    TRY(pas_table_new(&table));
    for (int i = 0; i < sqlite3_column_count(statement); i++)
        pas_table_column(table, sqlite3_column_name(statement, i), NULL);
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        pas_table_row(table);
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            view_cell(table, statement, i);
        TRY(pas_table_err(table));
    }
    TRY(view_rc(rc));
    *out = table;
    return pas_table_err(table);
out:
    pas_table_free(table);
    return err;
}

/* --- queries of users --- */

/* Reading, plain functions and recursion; no table is made, changed or attached, no file touched, no setting. */
static int only_reading(void *ctx, int action, const char *a, const char *b, const char *c,
                        const char *d)
{
    (void)ctx, (void)c, (void)d;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return b && (strcmp(b, "load_extension") == 0 || strcmp(b, "writefile") == 0 ||
                     strcmp(b, "readfile") == 0 || strcmp(b, "edit") == 0 ||
                     strcmp(b, "fts3_tokenizer") == 0)
                   ? SQLITE_DENY
                   : SQLITE_OK;
    case SQLITE_PRAGMA: /* full-text search asks for this one by itself */
        return a && strcmp(a, "data_version") == 0 && !b ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

static enum err refuse(struct view *view, int rc, struct pack_why *why)
{
    if (rc == SQLITE_NOMEM)
        return ERR_MEMORY;
    if (why)
        snprintf(why->text, sizeof why->text, "%s", sqlite3_errmsg(view->db));
    return ERR_USAGE;
}

enum err view_sql(struct view *view, const char *sql, struct pas_table **out, struct pack_why *why)
{
    sqlite3_stmt *rows = NULL;
    const char *rest = NULL;
    enum err err = ERR_OK;
    *out = NULL;
    if (why)
        why->text[0] = 0;
    sqlite3_set_authorizer(view->db, only_reading, NULL);
    int rc = sqlite3_prepare_v2(view->db, sql, -1, &rows, &rest);
    if (rc != SQLITE_OK)
        TRY(refuse(view, rc, why));
    while (rest && (*rest == ' ' || *rest == ';' || *rest == '\n' || *rest == '\t'))
        rest++;
    if (!rows || !sqlite3_stmt_readonly(rows) || (rest && *rest)) {
        if (why)
            snprintf(why->text, sizeof why->text, "%s",
                     strcmp(view->lang, "en") == 0 ? "exactly one SELECT" : "un seul SELECT");
        TRY(ERR_USAGE);
    }
    err = view_table_of(rows, out);
    if (err == ERR_IO)
        err = refuse(view, SQLITE_ERROR, why);
out:
    sqlite3_finalize(rows);
    sqlite3_set_authorizer(view->db, NULL, NULL);
    return err;
}
