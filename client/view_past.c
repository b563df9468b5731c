/* SPDX-License-Identifier: Apache-2.0
 *
 * What was written, and what stands side by side.
 */
#include <stdio.h>
#include <string.h>

#include "client/pas_json.h"
#include "client/view_priv.h"
#include "proto/change.h"
#include "proto/digest.h"

#define AT(seconds) "strftime('%Y-%m-%dT%H:%M:%SZ', " seconds ", 'unixepoch')"

/* What one row of core_entry says; texts are borrowed from the statement. */
struct past {
    const struct pack_field *field; /* NULL: of the core, or unknown */
    enum pack_value_type type;
    int64_t integer;
    const char *text;
    size_t text_len;
};

/* Columns `from`..: field number, type, value. */
static struct past read_past(const struct pack_kind *kind, sqlite3_stmt *row, int from)
{
    struct past past = {.type = (enum pack_value_type)sqlite3_column_int(row, from + 1),
                        .integer = sqlite3_column_int64(row, from + 2)};
    past.field =
        kind ? pack_field_by_number(kind, (uint64_t)sqlite3_column_int64(row, from)) : NULL;
    if (past.type == PACK_VALUE_TEXT || past.type == PACK_VALUE_REF) {
        past.text = (const char *)sqlite3_column_text(row, from + 2);
        past.text_len = (size_t)sqlite3_column_bytes(row, from + 2);
    }
    return past;
}

/* The wording of a value; the buffer gets no zero. */
static enum err wording_of(struct view *view, const struct past *past, struct buf *out)
{
    char *text = (char *)(uintptr_t)past->text; /* only read */
    struct pack_value value = {.type = past->type,
                               .boolean = past->integer != 0,
                               .integer = past->integer,
                               .text = text,
                               .text_len = past->text_len};
    bool in_set =
        past->field && (past->field->type == PACK_SET || past->field->type == PACK_CHECKLIST);
    if (in_set && text)
        value = (struct pack_value){.type = PACK_VALUE_SET,
                                    .items_are_refs = past->type == PACK_VALUE_REF,
                                    .items = &text,
                                    .items_n = 1};
    enum err err = ERR_USAGE;
    if (past->type == PACK_VALUE_NIL) {
        pas_json_raw(out, "—");
        return out->err;
    }
    if (past->field && pack_value_fits(past->field, &value))
        err = view_wording(view, past->field, &value, out);
    if (err == ERR_OK) {
        out->len--; /* its zero */
        return ERR_OK;
    }
    if (text)
        buf_put(out, text, past->text_len);
    else if (past->type == PACK_VALUE_BOOL)
        pas_json_raw(out, past->integer ? (view->lang[0] == 'e' ? "yes" : "oui")
                                        : (view->lang[0] == 'e' ? "no" : "non"));
    else
        pas_json_int(out, past->integer);
    return out->err;
}

static void value_json(const struct past *past, struct buf *out)
{
    if (past->type == PACK_VALUE_NIL)
        pas_json_raw(out, "null");
    else if (past->text)
        pas_json_text(out, past->text, past->text_len);
    else if (past->type == PACK_VALUE_BOOL)
        pas_json_raw(out, past->integer ? "true" : "false");
    else
        pas_json_int(out, past->integer);
}

static enum err put_value(struct view *view, struct pas_table *table, const struct past *past)
{
    struct buf json = {.max = (size_t)1 << 24}, wording = {.max = (size_t)1 << 24};
    enum err err = ERR_OK;
    value_json(past, &json);
    TRY(json.err);
    pas_table_json(table, (const char *)json.bytes, json.len);
    TRY(wording_of(view, past, &wording));
    buf_u8(&wording, 0);
    TRY(wording.err);
    pas_table_shown_set(table, (const char *)wording.bytes);
out:
    buf_free(&json);
    buf_free(&wording);
    return err;
}

static void put_field_name(struct view *view, struct pas_table *table, uint32_t number,
                           const struct pack_field *field)
{
    static const char *const core[][3] = {{"kind", "type de fiche", "kind"},
                                          {"mistake", "saisie par erreur", "marked as an error"},
                                          {"merged", "fusionnée avec", "merged into"},
                                          {"origin", "reprise de", "taken over from"}};
    char name[32];
    if (field) {
        pas_table_text(table, field->key);
        pas_table_shown_set(table, pack_label(&field->label, view->lang));
    } else if (number <= FIELD_ORIGIN) {
        pas_table_text(table, core[number][0]);
        pas_table_shown_set(table, core[number][view->lang[0] == 'e' ? 2 : 1]);
    } else {
        snprintf(name, sizeof name, "field %u", (unsigned)number);
        pas_table_text(table, name);
    }
}

static enum err put_past_row(struct view *view, struct pas_table *table,
                             const struct view_record *record, sqlite3_stmt *row)
{
    char name[NAME_LEN_MAX + 1];
    enum err err = ERR_OK;
    struct past past = read_past(record->kind, row, 0);
    uint32_t number = (uint32_t)sqlite3_column_int64(row, 0);
    if (number == FIELD_KIND && record->kind)
        past = (struct past){.type = PACK_VALUE_TEXT,
                             .text = record->kind->key,
                             .text_len = strlen(record->kind->key)};
    pas_table_row(table);
    put_field_name(view, table, number, past.field);
    view_cell(table, row, 3); /* op */
    TRY(put_value(view, table, &past));
    if (number == FIELD_KIND && record->kind)
        pas_table_shown_set(table, pack_label(&record->kind->label, view->lang));
    const char *author = (const char *)sqlite3_column_text(row, 4);
    TRY(view_device_name(view, author, name));
    pas_table_text(table, author);
    pas_table_text(table, name);
    for (int i = 5; i <= 9; i++) /* device, claimed_at, received_at, base, leaf */
        view_cell(table, row, i);
    pas_table_bool(table, sqlite3_column_int(row, 10) != 0);
    pas_table_bool(table, sqlite3_column_type(row, 9) == SQLITE_NULL);
    pas_table_bool(table, sqlite3_column_int(row, 11) != 0);
out:
    return err == ERR_OK ? pas_table_err(table) : err;
}

enum err view_history(struct view *view, const struct view_record *record, struct pas_table **out)
{
    struct pas_table *table = NULL;
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    int rc;
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "field op value author author_name device claimed_at received_at"
                                 " base leaf live pending after_transfer");
    TRY(view_prepare(
        view, &rows,
        "SELECT e.field, e.type, e.value, CASE e.op WHEN 1 THEN '+' WHEN 0 THEN '-' END,"
        " lower(hex(e.author)), lower(hex(e.device))," AT("e.time_s") "," AT(
            "e.recv_ms / 1000") ", e.base, e.leaf, e.live, " VIEW_AFTER_TRANSFER
                                " FROM core_entry e"
                                " JOIN core_record r ON r.rid = e.rid WHERE r.id = ?1 OR r.rid IN"
                                " (SELECT j.rid FROM core_joined j JOIN core_record w"
                                " ON w.rid = j.winner WHERE w.id = ?1) ORDER BY e.seq"));
    sqlite3_bind_text(rows, 1, record->id, -1, SQLITE_TRANSIENT);
    while ((rc = sqlite3_step(rows)) == SQLITE_ROW)
        TRY(put_past_row(view, table, record, rows));
    TRY(view_rc(rc));
    *out = table;
    table = NULL;
out:
    sqlite3_finalize(rows);
    pas_table_free(table);
    return err;
}

/* --- conflicts --- */

/* The values of one conflict while its rows are read. */
struct standing {
    struct buf json, lines;
    bool any;
};

static enum err add_standing(struct view *view, struct standing *standing, const struct past *past,
                             sqlite3_stmt *row)
{
    char name[NAME_LEN_MAX + 1];
    int first = 1;
    bool shown = sqlite3_column_int(row, 9) != 0;
    const char *author = (const char *)sqlite3_column_text(row, 6);
    const char *claimed = (const char *)sqlite3_column_text(row, 7);
    const char *received = (const char *)sqlite3_column_text(row, 8);
    struct buf *json = &standing->json, *lines = &standing->lines;
    enum err err = ERR_OK;
    TRY(view_device_name(view, author, name));
    pas_json_raw(json, standing->any ? ",{" : "{");
    pas_json_key(json, &first, "value");
    value_json(past, json);
    pas_json_key(json, &first, "author");
    pas_json_text(json, author, strlen(author));
    pas_json_key(json, &first, "author_name");
    pas_json_text(json, name, strlen(name));
    pas_json_key(json, &first, "claimed_at");
    claimed ? pas_json_text(json, claimed, strlen(claimed)) : pas_json_raw(json, "null");
    pas_json_key(json, &first, "received_at");
    received ? pas_json_text(json, received, strlen(received)) : pas_json_raw(json, "null");
    pas_json_key(json, &first, "shown");
    pas_json_raw(json, shown ? "true}" : "false}");
    if (standing->any)
        pas_json_raw(lines, "  |  ");
    TRY(wording_of(view, past, lines));
    pas_json_raw(lines, " (");
    pas_json_raw(lines, name);
    if (claimed) {
        pas_json_raw(lines, ", ");
        buf_put(lines, claimed, 10);
    }
    pas_json_raw(lines, ")");
    standing->any = true;
    TRY(json->err);
    TRY(lines->err);
out:
    return err;
}

static enum err end_standing(struct pas_table *table, struct standing *standing)
{
    if (!standing->any)
        return ERR_OK;
    buf_u8(&standing->json, ']');
    buf_u8(&standing->lines, 0);
    pas_table_json(table, (const char *)standing->json.bytes, standing->json.len);
    pas_table_shown_set(table, (const char *)standing->lines.bytes);
    buf_reset(&standing->json);
    buf_reset(&standing->lines);
    standing->any = false;
    return pas_table_err(table);
}

/* Columns: field, type, value, record, code, kind, author, claimed, received, shown. */
static enum err begin_standing(struct view *view, struct pas_table *table, const struct past *past,
                               const struct pack_kind *kind, sqlite3_stmt *row)
{
    static const char policies[] = "LMASG";
    char title[VIEW_TITLE_MAX], policy[2] = {policies[past->field->merge], 0};
    const char *id = (const char *)sqlite3_column_text(row, 3);
    enum err err = ERR_OK;
    TRY(view_title(view, id, title));
    pas_table_row(table);
    pas_table_text(table, id);
    view_cell(table, row, 4);
    pas_table_text(table, kind->key);
    pas_table_shown_set(table, pack_label(&kind->label, view->lang));
    pas_table_text(table, title);
    pas_table_text(table, past->field->key);
    pas_table_shown_set(table, pack_label(&past->field->label, view->lang));
    pas_table_text(table, policy);
    pas_table_bool(table, past->field->critical);
out:
    return err;
}

static enum err read_conflicts(struct view *view, sqlite3_stmt *rows, struct pas_table *table,
                               struct standing *standing)
{
    char id[VIEW_ID_MAX] = "";
    int64_t number = -1;
    enum err err = ERR_OK;
    int rc;
    while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
        const struct pack_kind *kind =
            pack_kind_by_key(view->pack, (const char *)sqlite3_column_text(rows, 5));
        struct past past = read_past(kind, rows, 0);
        if (!past.field)
            continue;
        if (sqlite3_column_int64(rows, 0) != number ||
            strcmp(id, (const char *)sqlite3_column_text(rows, 3)) != 0) {
            TRY(end_standing(table, standing));
            TRY(begin_standing(view, table, &past, kind, rows));
            buf_u8(&standing->json, '[');
            number = sqlite3_column_int64(rows, 0);
            snprintf(id, sizeof id, "%s", (const char *)sqlite3_column_text(rows, 3));
        }
        TRY(add_standing(view, standing, &past, rows));
    }
    TRY(view_rc(rc));
    TRY(end_standing(table, standing));
out:
    return err;
}

enum err view_conflicts(struct view *view, const struct view_record *record, struct pas_table **out)
{
    struct standing standing = {.json = {.max = (size_t)1 << 26},
                                .lines = {.max = (size_t)1 << 26}};
    struct pas_table *table = NULL;
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "record code kind title field policy critical values");
    TRY(view_prepare(
        view, &rows,
        "SELECT c.field, e.type, e.value, r.id, r.code, r.kind, lower(hex(e.author))," AT(
            "e.time_s") "," AT("e.recv_ms / 1000") ", c.shown FROM core_conflict c"
                                                   " JOIN core_record r ON r.rid = c.rid JOIN "
                                                   "core_entry e ON e.seq = c.seq"
                                                   " WHERE ?1 IS NULL OR r.id = ?1"
                                                   " ORDER BY r.kind, r.id, c.field, c.shown DESC, "
                                                   "e.seq"));
    if (record)
        sqlite3_bind_text(rows, 1, record->id, -1, SQLITE_TRANSIENT);
    TRY(read_conflicts(view, rows, table, &standing));
    *out = table;
    table = NULL;
out:
    sqlite3_finalize(rows);
    pas_table_free(table);
    buf_free(&standing.json);
    buf_free(&standing.lines);
    return err;
}
