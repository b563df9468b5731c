/* SPDX-License-Identifier: Apache-2.0
 *
 * Single values of a record, back from its row.
 */
#include <stdlib.h>
#include <string.h>

#include "client/view_priv.h"

static enum err copy_text(const char *text, size_t len, char **out)
{
    *out = malloc(len + 1);
    if (!*out)
        return ERR_MEMORY;
    if (len)
        memcpy(*out, text, len);
    (*out)[len] = 0;
    return ERR_OK;
}

static enum err read_items(struct view *view, const char *json, struct pack_value *out)
{
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    int rc;
    TRY(view_prepare(view, &rows, "SELECT value FROM json_each(?1)"));
    sqlite3_bind_text(rows, 1, json, -1, SQLITE_TRANSIENT);
    while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
        char **more = realloc(out->items, (out->items_n + 1) * sizeof *more);
        if (!more)
            TRY(ERR_MEMORY);
        out->items = more;
        TRY(copy_text((const char *)sqlite3_column_text(rows, 0),
                      (size_t)sqlite3_column_bytes(rows, 0), &more[out->items_n]));
        out->items_n++;
    }
    err = view_rc(rc);
out:
    sqlite3_finalize(rows);
    return err;
}

enum err view_column_value(struct view *view, sqlite3_stmt *row, int column,
                           const struct pack_field *field, struct pack_value *out)
{
    *out = (struct pack_value){0};
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return ERR_OK;
    const char *text = (const char *)sqlite3_column_text(row, column);
    switch (field->type) {
    case PACK_BOOL:
        out->type = PACK_VALUE_BOOL;
        out->boolean = sqlite3_column_int(row, column) != 0;
        return ERR_OK;
    case PACK_INT:
        out->type = PACK_VALUE_INT;
        out->integer = sqlite3_column_int64(row, column);
        return ERR_OK;
    case PACK_SET:
    case PACK_CHECKLIST:
        out->type = PACK_VALUE_SET;
        out->items_are_refs = field->type == PACK_SET && field->of == PACK_REF;
        return read_items(view, text, out);
    case PACK_DECIMAL: {
        char number[40];
        sqlite3_snprintf(sizeof number, number, "%!.15g", sqlite3_column_double(row, column));
        size_t len = strlen(number);
        while (strchr(number, '.') && (number[len - 1] == '0' || number[len - 1] == '.')) {
            bool point = number[len - 1] == '.';
            number[--len] = 0;
            if (point)
                break;
        }
        out->type = PACK_VALUE_TEXT;
        out->text_len = len;
        return copy_text(number, len, &out->text);
    }
    default:
        out->type = field->type == PACK_REF ? PACK_VALUE_REF : PACK_VALUE_TEXT;
        out->text_len = (size_t)sqlite3_column_bytes(row, column);
        return copy_text(text, out->text_len, &out->text);
    }
}

enum err view_value(struct view *view, const struct view_record *record,
                    const struct pack_field *field, struct pack_value *out)
{
    sqlite3_stmt *row = NULL;
    char sql[2 * PACK_KEY_MAX + 64];
    enum err err = ERR_OK;
    *out = (struct pack_value){0};
    if (!record->kind)
        return ERR_NOT_FOUND;
    sqlite3_snprintf(sizeof sql, sql, "SELECT \"%w\" FROM \"%w\" WHERE id = ?1", field->key,
                     record->kind->key);
    TRY(view_prepare(view, &row, sql));
    sqlite3_bind_text(row, 1, record->id, -1, SQLITE_TRANSIENT);
    int rc = sqlite3_step(row);
    if (rc != SQLITE_ROW)
        TRY(rc == SQLITE_DONE ? ERR_NOT_FOUND : view_rc(rc));
    TRY(view_column_value(view, row, 0, field, out));
out:
    sqlite3_finalize(row);
    return err;
}

enum err view_standing(struct view *view, const struct view_record *record,
                       const struct pack_field *field, size_t *n)
{
    sqlite3_stmt *row = NULL;
    enum err err = ERR_OK;
    *n = 0;
    TRY(view_prepare(view, &row,
                     "SELECT count(DISTINCT coalesce(e.value, x'')) FROM core_conflict c"
                     " JOIN core_record r ON r.rid = c.rid JOIN core_entry e ON e.seq = c.seq"
                     " WHERE r.id = ?1 AND c.field = ?2"));
    sqlite3_bind_text(row, 1, record->id, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(row, 2, field->number);
    if (sqlite3_step(row) == SQLITE_ROW)
        *n = (size_t)sqlite3_column_int64(row, 0);
out:
    sqlite3_finalize(row);
    return err;
}
