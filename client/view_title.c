/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of records and wordings of values. A reference is worded by the title of its record, whose own references are
 * worded in turn, to a small depth.
 */
#include <stdlib.h>
#include <string.h>

#include "client/view_priv.h"
#include "proto/digest.h"

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

/* Empty fields leave double blanks, "()" and blanks at the ends. Cuts at a whole character. What is empty leaves `out`
 * as it was: the code. */
static void tidy_title(const char *text, size_t len, char out[static VIEW_TITLE_MAX])
{
    char tidy[VIEW_TITLE_MAX];
    size_t n = 0;
    for (size_t i = 0; i < len && n < VIEW_TITLE_MAX - 1; i++) {
        char c = text[i] == '\n' ? ' ' : text[i];
        if (c == ' ' && (n == 0 || tidy[n - 1] == ' ' || tidy[n - 1] == '('))
            continue;
        if (c == ')' && n > 0 && tidy[n - 1] == '(') {
            n--;
            continue;
        }
        tidy[n++] = c;
    }
    if (n == VIEW_TITLE_MAX - 1)
        while (n > 0 && ((unsigned char)tidy[n - 1] & 0xc0) == 0x80)
            n--;
    if (n > 0 && ((unsigned char)tidy[n - 1] & 0xc0) == 0xc0)
        n--;
    while (n > 0 && tidy[n - 1] == ' ')
        n--;
    tidy[n] = 0;
    if (n > 0)
        memcpy(out, tidy, n + 1);
}

/* A title taken apart: literal text, or a field with its value. */
enum { PIECES_MAX = 16 };

struct piece {
    const char *text; /* literal */
    size_t len;
    const struct pack_field *field;
    struct pack_value value;
};

static size_t take_apart(const struct pack_kind *kind, struct piece *pieces)
{
    size_t n = 0;
    for (const char *at = kind->title; *at && n < PIECES_MAX;) {
        char key[PACK_KEY_MAX + 1];
        size_t len = *at == '{' ? strcspn(at + 1, "}") : strcspn(at, "{");
        if (*at == '{' && at[len + 1] == '}' && len <= PACK_KEY_MAX) {
            memcpy(key, at + 1, len);
            key[len] = 0;
            pieces[n++] = (struct piece){.field = pack_field_by_key(kind, key)};
            at += len + 2;
        } else {
            len += *at == '{';
            pieces[n++] = (struct piece){.text = at, .len = len};
            at += len;
        }
    }
    return n;
}

/* The record's row is read and let go before any other title is asked for: a person may name a person. */
static enum err read_pieces(struct view *view, const struct pack_kind *kind, const char *id,
                            struct piece *pieces, size_t n)
{
    sqlite3_stmt **get = &view->row_get[view_kind_place(view, kind)];
    enum err err = ERR_OK;
    if (!*get) {
        char sql[PACK_KEY_MAX + 48];
        sqlite3_snprintf(sizeof sql, sql, "SELECT * FROM \"%w\" WHERE id = ?1", kind->key);
        (void)sqlite3_prepare_v3(view->db, sql, -1, SQLITE_PREPARE_PERSISTENT, get, NULL);
    }
    if (!*get)
        return ERR_MEMORY;
    sqlite3_bind_text(*get, 1, id, -1, SQLITE_TRANSIENT);
    int rc = sqlite3_step(*get);
    for (size_t i = 0; i < n && rc == SQLITE_ROW; i++)
        if (pieces[i].field)
            TRY(view_column_value(view, *get, VIEW_ROW_HEAD + (int)(pieces[i].field - kind->fields),
                                  pieces[i].field, &pieces[i].value));
    err = view_rc(rc);
out:
    sqlite3_reset(*get);
    sqlite3_clear_bindings(*get);
    return err;
}

static enum err put_pieces(struct view *view, struct piece *pieces, size_t n, int depth,
                           struct buf *out)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        if (pieces[i].text)
            buf_put(out, pieces[i].text, pieces[i].len);
        else if (pieces[i].value.type != PACK_VALUE_NIL)
            err = wording_at(view, pieces[i].field, &pieces[i].value, depth, out);
    }
    return err == ERR_OK ? out->err : err;
}

static enum err title_at(struct view *view, const char *id, int depth,
                         char out[static VIEW_TITLE_MAX])
{
    struct piece pieces[PIECES_MAX];
    struct buf text = {.max = 1 << 20};
    const struct pack_kind *kind = NULL;
    size_t n = 0;
    enum err err = ERR_OK;
    sqlite3_stmt *row = view_statement(view, VIEW_ST_RECORD_NAME);
    if (!row)
        return ERR_MEMORY;
    out[0] = 0;
    sqlite3_bind_text(row, 1, id, -1, SQLITE_TRANSIENT);
    int rc = sqlite3_step(row);
    if (rc == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(row, 0);
        kind = key ? pack_kind_by_key(view->pack, key) : NULL;
        sqlite3_snprintf(VIEW_TITLE_MAX, out, "%s", sqlite3_column_text(row, 1));
    }
    sqlite3_reset(row);
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? ERR_NOT_FOUND : view_rc(rc);
    if (!kind)
        return ERR_OK; /* its code */
    n = take_apart(kind, pieces);
    TRY(read_pieces(view, kind, id, pieces, n));
    TRY(put_pieces(view, pieces, n, depth, &text));
    tidy_title((const char *)text.bytes, text.len, out);
out:
    for (size_t i = 0; i < n; i++)
        pack_value_fini(&pieces[i].value);
    buf_free(&text);
    return err;
}

enum err view_title(struct view *view, const char *id, char out[static VIEW_TITLE_MAX])
{
    return title_at(view, id, 2, out);
}
