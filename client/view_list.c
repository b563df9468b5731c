/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists and single records: raw cells for programs, wordings beside them for people.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_json.h"
#include "client/view_priv.h"
#include "client/words.h"
#include "proto/digest.h"

/* Columns before the fields: id, code, kind, title, space, dossier, created_at, author, mistake. */
enum { HEAD = 9 };

enum err view_device_name(struct view *view, const char *device, char out[static NAME_LEN_MAX + 1])
{
    sqlite3_stmt *row = NULL;
    enum err err = ERR_OK;
    snprintf(out, NAME_LEN_MAX + 1, "%.8s", device);
    TRY(view_prepare(view, &row,
                     "SELECT name FROM core_member WHERE device = ?1 AND name <> '' LIMIT 1"));
    sqlite3_bind_text(row, 1, device, -1, SQLITE_TRANSIENT);
    if (sqlite3_step(row) == SQLITE_ROW)
        snprintf(out, NAME_LEN_MAX + 1, "%s", (const char *)sqlite3_column_text(row, 0));
out:
    sqlite3_finalize(row);
    return err;
}

static enum err put_set(struct pas_table *table, const struct pack_value *value)
{
    struct buf json = {.max = (size_t)1 << 26};
    buf_u8(&json, '[');
    for (size_t i = 0; i < value->items_n; i++) {
        if (i > 0)
            buf_u8(&json, ',');
        pas_json_text(&json, value->items[i], strlen(value->items[i]));
    }
    buf_u8(&json, ']');
    enum err err = json.err;
    if (err == ERR_OK)
        pas_table_json(table, (const char *)json.bytes, json.len);
    buf_free(&json);
    return err;
}

enum err view_field_cell(struct view *view, struct pas_table *table, const struct pack_field *field,
                         const struct pack_value *value, bool people)
{
    struct buf wording = {.max = (size_t)1 << 26};
    enum err err = ERR_OK;
    switch (value->type) {
    case PACK_VALUE_NIL:
        pas_table_null(table);
        break;
    case PACK_VALUE_BOOL:
        pas_table_bool(table, value->boolean);
        break;
    case PACK_VALUE_INT:
        pas_table_int(table, value->integer);
        break;
    case PACK_VALUE_SET:
        TRY(put_set(table, value));
        break;
    default:
        if (field->type == PACK_DECIMAL)
            pas_table_real(table, strtod(value->text, NULL));
        else
            pas_table_text_n(table, value->text, value->text_len);
        break;
    }
    if (people && value->type != PACK_VALUE_NIL) {
        TRY(view_wording(view, field, value, &wording));
        pas_table_shown_set(table, (const char *)wording.bytes);
    }
out:
    buf_free(&wording);
    return err;
}

static void put_columns(struct view *view, struct pas_table *table, const struct pack_kind *kind)
{
    pas_table_columns_add(table, "id code kind title space dossier created_at author mistake");
    for (size_t i = 0; i < kind->fields_n; i++)
        pas_table_column(table, kind->fields[i].key,
                         pack_label(&kind->fields[i].label, view->lang));
}

static enum err space_name(struct view *view, const char *id, char out[static NAME_LEN_MAX + 1])
{
    sqlite3_stmt *row = NULL;
    enum err err = ERR_OK;
    snprintf(out, NAME_LEN_MAX + 1, "%.8s", id);
    TRY(view_prepare(view, &row, "SELECT name FROM core_space WHERE id = ?1 AND name <> ''"));
    sqlite3_bind_text(row, 1, id, -1, SQLITE_TRANSIENT);
    if (sqlite3_step(row) == SQLITE_ROW)
        snprintf(out, NAME_LEN_MAX + 1, "%s", (const char *)sqlite3_column_text(row, 0));
out:
    sqlite3_finalize(row);
    return err;
}

/* The cells of one record; the statement gives the HEAD columns, then the fields. */
static enum err put_cells(struct view *view, struct pas_table *table, const struct pack_kind *kind,
                          sqlite3_stmt *row, bool people)
{
    char name[NAME_LEN_MAX + 1];
    enum err err = ERR_OK;
    pas_table_row(table);
    for (int i = 0; i < HEAD - 1; i++) {
        const char *text = (const char *)sqlite3_column_text(row, i);
        pas_table_text(table, text);
        if (!people || !text)
            continue;
        if (i == 2)
            pas_table_shown_set(table, pack_label(&kind->label, view->lang));
        if (i == 4) {
            TRY(space_name(view, text, name));
            pas_table_shown_set(table, name);
        }
        if (i == 7) {
            TRY(view_device_name(view, text, name));
            pas_table_shown_set(table, name);
        }
    }
    pas_table_bool(table, sqlite3_column_int(row, HEAD - 1) != 0);
    for (size_t i = 0; i < kind->fields_n; i++) {
        struct pack_value value = {0};
        err = view_column_value(view, row, HEAD + (int)i, &kind->fields[i], &value);
        if (err == ERR_OK)
            err = view_field_cell(view, table, &kind->fields[i], &value, people);
        pack_value_fini(&value);
        TRY(err);
    }
    err = pas_table_err(table);
out:
    return err;
}

/* SELECT of the columns of put_cells for rows that fulfil `where`; the title is made once for each. sqlite3_free it. */
static char *select_of(const struct pack_kind *kind, const char *where)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql,
                        "WITH core_m AS MATERIALIZED (SELECT *, title(id) AS core_title FROM \"%w\""
                        " WHERE %s) SELECT id, code, %Q, core_title, space, dossier, created_at,"
                        " author, mistake",
                        kind->key, where, kind->key);
    for (size_t i = 0; i < kind->fields_n; i++)
        sqlite3_str_appendf(sql, ", \"%w\"", kind->fields[i].key);
    sqlite3_str_appendall(sql, " FROM core_m ORDER BY plie(core_title), id");
    return sqlite3_str_finish(sql);
}

/* Whether a WHERE of a user is an expression that only reads: tried alone, as a query of a user. */
static enum err check_where(struct view *view, const struct pack_kind *kind, const char *where,
                            struct pack_why *why)
{
    struct pas_table *table = NULL;
    enum err err = ERR_MEMORY;
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\" WHERE (%s\n) LIMIT 1", kind->key, where);
    if (sql)
        err = view_sql(view, sql, &table, why);
    sqlite3_free(sql);
    pas_table_free(table);
    return err;
}

enum err view_list(struct view *view, const struct pack_kind *kind, const char *where, bool all,
                   bool people, struct pas_table **out, struct pack_why *why)
{
    enum err err = ERR_OK;
    struct pas_table *table = NULL;
    sqlite3_stmt *rows = NULL;
    int rc;
    char *sql = NULL, *filter = NULL;
    *out = NULL;
    if (where)
        TRY(check_where(view, kind, where, why));
    filter = sqlite3_mprintf("(%s) AND (%s\n)", all ? "1" : "NOT mistake", where ? where : "1");
    if (filter)
        sql = select_of(kind, filter);
    if (!sql)
        TRY(ERR_MEMORY);
    TRY(view_prepare(view, &rows, sql));
    TRY(pas_table_new(&table));
    put_columns(view, table, kind);
    while ((rc = sqlite3_step(rows)) == SQLITE_ROW)
        TRY(put_cells(view, table, kind, rows, people));
    TRY(view_rc(rc));
    *out = table;
    table = NULL;
out:
    sqlite3_finalize(rows);
    sqlite3_free(filter);
    sqlite3_free(sql);
    pas_table_free(table);
    return err;
}

/* --- one record --- */

static void put_child(struct buf *json, bool *any, const char *kind, sqlite3_stmt *row)
{
    static const char *const keys[] = {"id", "code", "title"};
    int first = 1;
    if (*any)
        buf_u8(json, ',');
    *any = true;
    buf_u8(json, '{');
    pas_json_key(json, &first, "kind");
    pas_json_text(json, kind, strlen(kind));
    for (int i = 0; i < 3; i++) {
        pas_json_key(json, &first, keys[i]);
        pas_json_text(json, (const char *)sqlite3_column_text(row, i),
                      (size_t)sqlite3_column_bytes(row, i));
    }
    buf_u8(json, '}');
}

/* The records of a dossier, newest first within their kind, as JSON and as lines for people. */
static enum err put_children(struct view *view, struct pas_table *table,
                             const struct view_record *record)
{
    struct buf json = {.max = (size_t)1 << 26}, lines = {.max = (size_t)1 << 26};
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool any = false;
    int rc = SQLITE_DONE;
    char sql[256];
    buf_u8(&json, '[');
    for (size_t i = 0; i < view->pack->kinds_n; i++) {
        const struct pack_kind *kind = &view->pack->kinds[i];
        if (!kind->dossier)
            continue;
        sqlite3_snprintf(sizeof sql, sql,
                         "SELECT id, code, title(id) FROM \"%w\" WHERE dossier = ?1 AND id <> ?1"
                         " AND NOT mistake ORDER BY date(created_at) DESC, title(id) DESC, id",
                         kind->key);
        TRY(view_prepare(view, &rows, sql));
        sqlite3_bind_text(rows, 1, record->id, -1, SQLITE_TRANSIENT);
        while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
            put_child(&json, &any, kind->key, rows);
            pas_json_raw(&lines, "\n    ");
            pas_json_raw(&lines, (const char *)sqlite3_column_text(rows, 1));
            pas_json_raw(&lines, "  ");
            pas_json_raw(&lines, pack_label(&kind->label, view->lang));
            pas_json_raw(&lines, " : ");
            pas_json_raw(&lines, (const char *)sqlite3_column_text(rows, 2));
        }
        sqlite3_finalize(rows);
        rows = NULL;
        TRY(view_rc(rc));
    }
    buf_u8(&json, ']');
    buf_u8(&lines, 0);
    TRY(json.err);
    TRY(lines.err);
    pas_table_json(table, (const char *)json.bytes, json.len);
    pas_table_shown_set(table, (const char *)lines.bytes);
out:
    sqlite3_finalize(rows);
    buf_free(&json);
    buf_free(&lines);
    return err;
}

/* What was merged into the record. */
static enum err put_merged(struct view *view, struct pas_table *table,
                           const struct view_record *record)
{
    struct pas_table *merged = NULL;
    struct buf codes = {.max = 1 << 16};
    char *json = NULL;
    enum err err = ERR_OK;
    TRY(view_merged_ids(view, record->id, &merged));
    TRY((enum err)pas_table_json_text(merged, false, &json));
    for (size_t i = 0; i < pas_table_rows(merged); i++) {
        pas_json_raw(&codes, i ? ", " : "");
        pas_json_raw(&codes, pas_table_get(merged, i, 1));
    }
    buf_u8(&codes, 0);
    TRY(codes.err);
    pas_table_json(table, json, strlen(json));
    pas_table_shown_set(table, (const char *)codes.bytes);
out:
    pas_free(json);
    pas_table_free(merged);
    buf_free(&codes);
    return err;
}

static enum err put_conflict_cell(struct view *view, struct pas_table *table,
                                  const struct view_record *record)
{
    struct pas_table *conflicts = NULL;
    struct buf lines = {.max = (size_t)1 << 26};
    char *json = NULL;
    enum err err = ERR_OK;
    TRY(view_conflicts(view, record, &conflicts));
    TRY((enum err)pas_table_json_text(conflicts, false, &json));
    for (size_t i = 0; i < pas_table_rows(conflicts); i++) {
        size_t values = pas_table_find(conflicts, "values"),
               field = pas_table_find(conflicts, "field");
        pas_json_raw(&lines, "\n    ");
        pas_json_raw(&lines, pas_table_shown(conflicts, i, field));
        pas_json_raw(&lines, " : ");
        pas_json_raw(&lines, pas_table_shown(conflicts, i, values));
    }
    buf_u8(&lines, 0);
    TRY(lines.err);
    pas_table_json(table, json, strlen(json));
    pas_table_shown_set(table, (const char *)lines.bytes);
out:
    pas_free(json);
    pas_table_free(conflicts);
    buf_free(&lines);
    return err;
}

/* Whether the record has an entry for which `condition` holds. */
static enum err has_entry(struct view *view, const struct view_record *record,
                          const char *condition, bool *found)
{
    sqlite3_stmt *row = NULL;
    enum err err = ERR_OK;
    char *sql = sqlite3_mprintf("SELECT 1 FROM core_entry e JOIN core_record r ON r.rid = e.rid"
                                " WHERE r.id = ?1 AND %s LIMIT 1",
                                condition);
    if (!sql)
        return ERR_MEMORY;
    TRY(view_prepare(view, &row, sql));
    sqlite3_bind_text(row, 1, record->id, -1, SQLITE_TRANSIENT);
    *found = sqlite3_step(row) == SQLITE_ROW;
out:
    sqlite3_finalize(row);
    sqlite3_free(sql);
    return err;
}

enum err view_show(struct view *view, const struct view_record *record, bool people,
                   struct pas_table **out)
{
    struct pas_table *table = NULL;
    sqlite3_stmt *row = NULL;
    bool pending = false, late = false;
    enum err err = ERR_OK;
    char *sql = NULL;
    *out = NULL;
    if (!record->kind)
        return ERR_VERSION;
    TRY(pas_table_new(&table));
    put_columns(view, table, record->kind);
    pas_table_columns_add(table, "base pending locked conflicts records merged after_transfer");
    sql = select_of(record->kind, "id = ?1");
    if (!sql)
        TRY(ERR_MEMORY);
    TRY(view_prepare(view, &row, sql));
    sqlite3_bind_text(row, 1, record->id, -1, SQLITE_TRANSIENT);
    int rc = sqlite3_step(row);
    if (rc != SQLITE_ROW)
        TRY(rc == SQLITE_DONE ? ERR_NOT_FOUND : view_rc(rc));
    TRY(put_cells(view, table, record->kind, row, people));
    TRY(has_entry(view, record, "e.leaf IS NULL", &pending));
    TRY(has_entry(view, record, VIEW_AFTER_TRANSFER, &late));
    pas_table_int(table, (int64_t)engine_space(view->engine, record->space)->size);
    pas_table_bool(table, pending);
    pas_table_bool(table, record->locked);
    TRY(put_conflict_cell(view, table, record));
    TRY(put_children(view, table, record));
    TRY(put_merged(view, table, record));
    pas_table_bool(table, late);
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    sqlite3_finalize(row);
    sqlite3_free(sql);
    pas_table_free(table);
    return err;
}
