/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding a record from what a person types, its name, and single values.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_json.h"
#include "client/text.h"
#include "client/view_priv.h"
#include "proto/code.h"
#include "proto/digest.h"

enum { PREFIX_MIN = 3 };

/* --- finding --- */

static enum err read_mistake(struct view *view, struct view_record *out)
{
    sqlite3_stmt *row = NULL;
    char sql[PACK_KEY_MAX + 64];
    enum err err = ERR_OK;
    if (!out->kind)
        return ERR_OK;
    sqlite3_snprintf(sizeof sql, sql, "SELECT mistake FROM \"%w\" WHERE id = ?1", out->kind->key);
    TRY(view_prepare(view, &row, sql));
    sqlite3_bind_text(row, 1, out->id, -1, SQLITE_TRANSIENT);
    if (sqlite3_step(row) == SQLITE_ROW)
        out->mistake = sqlite3_column_int(row, 0) != 0;
out:
    sqlite3_finalize(row);
    return err;
}

/* Columns: id, code, space, shred, rec, kind, locked of the dossier. */
static enum err read_found(struct view *view, sqlite3_stmt *row, struct view_record *out)
{
    const char *kind = (const char *)sqlite3_column_text(row, 5);
    *out = (struct view_record){0};
    sqlite3_snprintf(sizeof out->id, out->id, "%s", sqlite3_column_text(row, 0));
    sqlite3_snprintf(sizeof out->code, out->code, "%s", sqlite3_column_text(row, 1));
    out->space = view_space_engine(view, (size_t)sqlite3_column_int64(row, 2));
    enum err err = view_id_parse(out->id, out->shred, out->record);
    if (err != ERR_OK || out->space == SIZE_MAX)
        return ERR_INTERNAL;
    out->kind = kind ? pack_kind_by_key(view->pack, kind) : NULL;
    out->locked = sqlite3_column_int(row, 6) != 0;
    return read_mistake(view, out);
}

static bool kind_wanted(const struct view_record *record, const struct pack_kind *const *kinds,
                        size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (kinds[i] == record->kind)
            return true;
    return n == 0;
}

#define FOUND_COLUMNS                                                                              \
    "SELECT r.id, r.code, r.space, r.shred, r.rec, r.kind,"                                        \
    " (SELECT max(d.locked) FROM core_record d WHERE d.shred = r.shred) FROM core_record r "

/* Gives the one record that a query with two parameters finds. */
static enum err find_by(struct view *view, const char *sql, const char *first, const char *second,
                        const struct pack_kind *const *kinds, size_t n, struct view_record *out)
{
    sqlite3_stmt *rows = NULL;
    struct view_record one;
    size_t found = 0;
    enum err err = ERR_OK;
    int rc;
    TRY(view_prepare(view, &rows, sql));
    sqlite3_bind_text(rows, 1, first, -1, SQLITE_TRANSIENT);
    if (second)
        sqlite3_bind_text(rows, 2, second, -1, SQLITE_TRANSIENT);
    while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
        TRY(read_found(view, rows, &one));
        if (!kind_wanted(&one, kinds, n))
            continue;
        if (found++ == 0)
            *out = one;
    }
    TRY(view_rc(rc));
    err = found == 1 ? ERR_OK : found == 0 ? ERR_NOT_FOUND : ERR_USAGE;
out:
    sqlite3_finalize(rows);
    return err;
}

/* People read codes aloud: case, O and 0, I, L and 1, and hyphens do not matter. */
static size_t clean_code(const char *text, char out[static 2 * VIEW_ID_MAX])
{
    size_t len = 0;
    for (; *text && len < 2 * VIEW_ID_MAX - 1; text++) {
        int c = toupper((unsigned char)*text);
        if (c == '-' || c == ' ')
            continue;
        if (!isalnum(c))
            return 0;
        out[len++] = (char)(c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c);
    }
    out[len] = 0;
    return len;
}

static enum err find_prefix(struct view *view, const char *text, const char *code,
                            const struct pack_kind *const *kinds, size_t n, struct view_record *out)
{
    char lower[VIEW_ID_MAX];
    size_t len = strlen(text);
    if (len < PREFIX_MIN || len >= sizeof lower)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i <= len; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    return find_by(view,
                   FOUND_COLUMNS "WHERE (r.id >= ?1 AND r.id < ?1 || '~')"
                                 " OR (r.code >= ?2 AND r.code < ?2 || '~')",
                   lower, code, kinds, n, out);
}

/* "word word" as an FTS query in which every word is whole, or the last one unfinished. */
static enum err query_of(const char *text, bool unfinished, struct buf *query)
{
    size_t room = TEXT_FOLD_MAX(strlen(text));
    char *folded = malloc(room);
    if (!folded)
        return ERR_MEMORY;
    (void)text_fold(folded, room, text, strlen(text));
    for (const char *at = folded; *at;) {
        size_t len = strcspn(at, " ");
        buf_u8(query, '"');
        buf_put(query, at, len);
        buf_put(query, "\" ", 2);
        if (unfinished && !at[len]) {
            query->len--;
            buf_put(query, "* ", 2);
        }
        at += len + (at[len] == ' ');
    }
    buf_u8(query, 0);
    digest_wipe(folded, strlen(folded));
    free(folded);
    return query->err;
}

static enum err find_name(struct view *view, const char *text, const struct pack_kind *const *kinds,
                          size_t n, struct view_record *out)
{
    struct buf query = {.max = 1 << 20};
    enum err err = ERR_OK;
    TRY(query_of(text, false, &query));
    if (query.len <= 1)
        TRY(ERR_NOT_FOUND);
    err = find_by(view, FOUND_COLUMNS "JOIN search s ON s.rowid = r.rid WHERE search MATCH ?1",
                  (const char *)query.bytes, NULL, kinds, n, out);
    if (err == ERR_USAGE)
        err = find_by(view,
                      FOUND_COLUMNS "JOIN search s ON s.rowid = r.rid WHERE search MATCH ?1"
                                    " AND plie(title(r.id)) = plie(?2)",
                      (const char *)query.bytes, text, kinds, n, out);
out:
    buf_free(&query);
    return err;
}

enum err view_find(struct view *view, const char *text, const struct pack_kind *const *kinds,
                   size_t n, struct view_record *out)
{
    uint8_t shred[ID_LEN], record[RECORD_LEN];
    char code[2 * VIEW_ID_MAX], id[VIEW_ID_MAX];
    size_t code_len = clean_code(text, code);
    enum err err = ERR_NOT_FOUND;
    if (view_id_parse(text, shred, record) == ERR_OK) {
        view_id_text(id, shred, record);
        return find_by(view, FOUND_COLUMNS "WHERE r.id = ?1", id, NULL, kinds, n, out);
    }
    if (code_len == CODE_SHORT_LEN)
        err = find_by(view, FOUND_COLUMNS "WHERE r.code = ?1", code, NULL, kinds, n, out);
    if (err == ERR_NOT_FOUND && n > 0)
        err = find_name(view, text, kinds, n, out);
    if (err == ERR_NOT_FOUND && code_len > 0)
        err = find_prefix(view, text, code, kinds, n, out);
    return err;
}

/* --- values --- */

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

/* --- names --- */

static enum err title_at(struct view *view, const char *id, int depth,
                         char out[static VIEW_TITLE_MAX]);

static enum err wording_at(struct view *view, const struct pack_field *field,
                           const struct pack_value *value, int depth, struct buf *out)
{
    char title[VIEW_TITLE_MAX];
    enum err err = ERR_OK;
    if (value->type == PACK_VALUE_REF) {
        TRY(depth > 0 ? title_at(view, value->text, depth - 1, title) : ERR_NOT_FOUND);
        buf_put(out, title, strlen(title));
    } else {
        size_t room = value->text_len + 64;
        for (size_t i = 0; i < value->items_n; i++)
            room += strlen(value->items[i]) + 256;
        char *text = malloc(room + 256);
        if (!text)
            return ERR_MEMORY;
        err = pack_value_text(field, value, view->lang, text, room + 256);
        if (err == ERR_OK)
            buf_put(out, text, strlen(text));
        digest_wipe(text, strlen(text));
        free(text);
        if (err != ERR_OK)
            return err;
    }
out:
    if (err == ERR_NOT_FOUND) { /* not on this device: its id is all that can be shown */
        buf_put(out, value->text, value->text_len);
        err = ERR_OK;
    }
    return err == ERR_OK ? out->err : err;
}

enum err view_wording(struct view *view, const struct pack_field *field,
                      const struct pack_value *value, struct buf *out)
{
    enum err err = ERR_OK;
    if (value->items_are_refs) {
        for (size_t i = 0; i < value->items_n && err == ERR_OK; i++) {
            struct pack_value one = {.type = PACK_VALUE_REF,
                                     .text = value->items[i],
                                     .text_len = strlen(value->items[i])};
            if (i > 0)
                buf_put(out, ", ", 2);
            err = wording_at(view, field, &one, 2, out);
        }
    } else {
        err = wording_at(view, field, value, 2, out);
    }
    buf_u8(out, 0);
    return err == ERR_OK ? out->err : err;
}

static enum err put_piece(struct view *view, const struct view_record *record, const char *key,
                          size_t key_len, int depth, struct buf *out)
{
    char name[PACK_KEY_MAX + 1];
    struct pack_value value = {0};
    enum err err = ERR_OK;
    if (key_len > PACK_KEY_MAX)
        return ERR_OK;
    memcpy(name, key, key_len);
    name[key_len] = 0;
    const struct pack_field *field = pack_field_by_key(record->kind, name);
    if (!field)
        return ERR_OK;
    TRY(view_value(view, record, field, &value));
    if (value.type != PACK_VALUE_NIL)
        TRY(wording_at(view, field, &value, depth, out));
out:
    pack_value_fini(&value);
    return err;
}

/* Empty fields leave double blanks, "()" and blanks at the ends. Cuts at a whole character. */
static void tidy_title(const char *text, size_t len, char out[static VIEW_TITLE_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < len && n < VIEW_TITLE_MAX - 1; i++) {
        char c = text[i] == '\n' ? ' ' : text[i];
        if (c == ' ' && (n == 0 || out[n - 1] == ' ' || out[n - 1] == '('))
            continue;
        if (c == ')' && n > 0 && out[n - 1] == '(') {
            n--;
            continue;
        }
        out[n++] = c;
    }
    if (n == VIEW_TITLE_MAX - 1)
        while (n > 0 && ((unsigned char)out[n - 1] & 0xc0) == 0x80)
            n--;
    if (n > 0 && ((unsigned char)out[n - 1] & 0xc0) == 0xc0)
        n--;
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = 0;
}

static enum err title_at(struct view *view, const char *id, int depth,
                         char out[static VIEW_TITLE_MAX])
{
    struct view_record record;
    struct buf text = {.max = 1 << 20};
    enum err err = ERR_OK;
    out[0] = 0;
    TRY(view_find(view, id, NULL, 0, &record));
    for (const char *at = record.kind ? record.kind->title : ""; *at;) {
        size_t key_len = *at == '{' ? strcspn(at + 1, "}") : 0;
        if (*at == '{' && at[key_len + 1] == '}') {
            TRY(put_piece(view, &record, at + 1, key_len, depth, &text));
            at += key_len + 2;
        } else {
            buf_u8(&text, (uint8_t)*at++);
        }
    }
    TRY(text.err);
    tidy_title((const char *)text.bytes, text.len, out);
    if (!out[0])
        memcpy(out, record.code, sizeof record.code);
out:
    buf_free(&text);
    return err;
}

enum err view_title(struct view *view, const char *id, char out[static VIEW_TITLE_MAX])
{
    return title_at(view, id, 2, out);
}

enum err view_search(struct view *view, const char *text, size_t limit, struct pas_table **out)
{
    struct buf query = {.max = 1 << 20};
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    *out = NULL;
    TRY(query_of(text, true, &query));
    TRY(view_prepare(view, &rows,
                     "SELECT r.id AS id, r.code AS code, r.kind AS kind, title(r.id) AS title,"
                     " s.id AS space FROM search f JOIN core_record r ON r.rid = f.rowid"
                     " JOIN core_space s ON s.number = r.space"
                     " JOIN domain_kind k ON k.key = r.kind WHERE search MATCH ?1"
                     " ORDER BY k.position, plie(title(r.id)), r.id LIMIT ?2"));
    /* With nothing to look for, a word that no folded text has. */
    sqlite3_bind_text(rows, 1, query.len > 1 ? (const char *)query.bytes : "\"_\"", -1,
                      SQLITE_TRANSIENT);
    sqlite3_bind_int64(rows, 2, limit > INT32_MAX ? INT32_MAX : (sqlite3_int64)limit);
    TRY(view_table_of(rows, out));
out:
    sqlite3_finalize(rows);
    buf_free(&query);
    return err;
}
