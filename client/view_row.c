/* SPDX-License-Identifier: Apache-2.0
 *
 * The row of a record: one column per field, by the field's policy.
 */
#include <string.h>

#include "client/pas_json.h"
#include "client/pas_time.h"
#include "client/view_merging.h"
#include "proto/change.h"
#include "proto/code.h"

static void bind_entry(const struct view *view, sqlite3_stmt *row, int at,
                       const struct view_entry *entry)
{
    if (!entry || entry->type == PACK_VALUE_NIL)
        sqlite3_bind_null(row, at);
    else if (entry->type == PACK_VALUE_INT || entry->type == PACK_VALUE_BOOL)
        sqlite3_bind_int64(row, at, entry->integer);
    else
        sqlite3_bind_text(row, at, view_text_of(view, entry), (int)entry->text_len, SQLITE_STATIC);
}

static void add_search(struct view_merging *m, const struct pack_field *field, const char *text,
                       size_t len)
{
    if (!field->search)
        return;
    buf_put(&m->search, text, len);
    buf_u8(&m->search, ' ');
}

static enum err put_conflicts(struct view_merging *m, const struct pack_field *field, size_t n,
                              const struct view_entry *shown)
{
    struct view *view = m->view;
    bool differ = false;
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && shown; i++)
        differ = differ || (view->scratch[i].live &&
                            !view_same_value(view, shown, &view->entries[view->which[i]]));
    for (size_t i = 0; i < n && differ; i++) {
        const struct view_entry *entry = &view->entries[view->which[i]];
        sqlite3_stmt *put = view_statement(view, VIEW_ST_CONFLICT_PUT);
        if (!put)
            return ERR_MEMORY;
        if (!view->scratch[i].live)
            continue;
        sqlite3_bind_int64(put, 1, m->rid);
        sqlite3_bind_int64(put, 2, field->number);
        sqlite3_bind_int64(put, 3, entry->seq);
        sqlite3_bind_int(put, 4, entry == shown);
        TRY(view_run(put));
    }
out:
    return err;
}

/* A value that people choose among, or that the first or safest one wins. */
static enum err put_plain(struct view_merging *m, const struct pack_field *field,
                          struct view_group group, int at)
{
    struct view *view = m->view;
    size_t n = view_merge_run(view, group.from, group.to);
    const struct view_entry *shown = view_shown_of(view, field, n);
    bind_entry(view, m->row, at, shown);
    if (shown && shown->type == PACK_VALUE_TEXT)
        add_search(m, field, view_text_of(view, shown), shown->text_len);
    return put_conflicts(m, field, n, shown);
}

/* A fixed field keeps the first value that fits; the record's own before that of one which was merged into it. */
static void put_fixed(struct view_merging *m, const struct pack_field *field,
                      struct view_group group, int at)
{
    struct view *view = m->view;
    struct view_entry *first = NULL;
    for (size_t i = group.from; i < group.to; i++) {
        struct view_entry *entry = &view->entries[i];
        entry->merge.live = false;
        if (entry->fits && (!first || entry->source < first->source))
            first = entry;
    }
    if (first)
        first->merge.live = true;
    bind_entry(view, m->row, at, first);
    if (!first && field == m->kind->dossier && m->inside)
        sqlite3_bind_text(m->row, at, m->dossier, -1, SQLITE_STATIC);
    if (first && first->type == PACK_VALUE_TEXT)
        add_search(m, field, view_text_of(view, first), first->text_len);
}

/* Append-only text: everything ever written, in log order, each wording once. */
static enum err put_appended(struct view_merging *m, const struct pack_field *field,
                             struct view_group group, int at)
{
    struct view *view = m->view;
    struct buf text = {.max = (size_t)1 << 26};
    bool any = false;
    for (size_t i = group.from; i < group.to; i++) {
        struct view_entry *entry = &view->entries[i];
        bool again = !entry->fits || entry->type != PACK_VALUE_TEXT;
        for (size_t k = group.from; k < i && !again; k++)
            again = view->entries[k].merge.live && view_same_value(view, entry, &view->entries[k]);
        entry->merge.live = !again;
        if (again)
            continue;
        if (any)
            buf_u8(&text, '\n');
        any = true;
        buf_put(&text, view_text_of(view, entry), entry->text_len);
    }
    enum err err = text.err;
    if (err == ERR_OK && any) {
        err = view_rc(sqlite3_bind_text(m->row, at, (const char *)text.bytes, (int)text.len,
                                        SQLITE_TRANSIENT));
        add_search(m, field, (const char *)text.bytes, text.len);
    }
    buf_free(&text);
    return err;
}

/* Elements are runs of equal text within the group, as the entries are sorted. */
static enum err put_set(struct view_merging *m, const struct pack_field *field,
                        struct view_group group, int at)
{
    struct view *view = m->view;
    struct buf json = {.max = (size_t)1 << 26};
    bool any = false;
    buf_u8(&json, '[');
    for (size_t from = group.from, to; from < group.to; from = to) {
        bool in = false;
        for (to = from + 1; to < group.to; to++)
            if (strcmp(view_text_of(view, &view->entries[from]),
                       view_text_of(view, &view->entries[to])) != 0)
                break;
        size_t n = view_merge_run(view, from, to);
        for (size_t i = 0; i < n; i++)
            in = in || (view->scratch[i].live && view->entries[view->which[i]].op == 1);
        if (!in)
            continue;
        if (any)
            buf_u8(&json, ',');
        any = true;
        pas_json_text(&json, view_text_of(view, &view->entries[from]),
                      view->entries[from].text_len);
        if (field->of == PACK_TEXT)
            add_search(m, field, view_text_of(view, &view->entries[from]),
                       view->entries[from].text_len);
    }
    buf_u8(&json, ']');
    enum err err = json.err;
    if (err == ERR_OK && any)
        err = view_rc(sqlite3_bind_text(m->row, at, (const char *)json.bytes, (int)json.len,
                                        SQLITE_TRANSIENT));
    buf_free(&json);
    return err;
}

static enum err put_field(struct view_merging *m, const struct pack_field *field, int at)
{
    struct view_group group = view_group_of(m->view, field->number);
    if (field->fixed) {
        put_fixed(m, field, group, at);
        return ERR_OK;
    }
    if (field->type == PACK_SET || field->type == PACK_CHECKLIST)
        return put_set(m, field, group, at);
    if (field->merge == PACK_MERGE_A && (field->type == PACK_TEXT || field->type == PACK_LONGTEXT))
        return put_appended(m, field, group, at);
    return put_plain(m, field, group, at);
}

static void merge_mistake(struct view_merging *m)
{
    struct view_group group = view_group_of(m->view, FIELD_MISTAKE);
    size_t n = view_merge_run(m->view, group.from, group.to);
    const struct view_entry *shown = view_shown_of(m->view, NULL, n);
    m->mistake = shown && shown->integer;
}

/* The statement "INSERT OR REPLACE INTO kind VALUES(?, ...)" of a kind, reset. */
static sqlite3_stmt *row_statement(struct view *view, const struct pack_kind *kind)
{
    sqlite3_stmt **put = &view->row_put[view_kind_place(view, kind)];
    if (!*put) {
        sqlite3_str *sql = sqlite3_str_new(view->db);
        sqlite3_str_appendf(sql, "INSERT OR REPLACE INTO \"%w\" VALUES(?1", kind->key);
        for (size_t i = 1; i < 7 + kind->fields_n; i++)
            sqlite3_str_appendf(sql, ", ?%d", (int)i + 1);
        sqlite3_str_appendall(sql, ")");
        char *text = sqlite3_str_finish(sql);
        if (text)
            (void)sqlite3_prepare_v3(view->db, text, -1, SQLITE_PREPARE_PERSISTENT, put, NULL);
        sqlite3_free(text);
    }
    if (*put) {
        sqlite3_reset(*put);
        sqlite3_clear_bindings(*put);
    }
    return *put;
}

static enum err bind_head(struct view_merging *m, const struct view_entry *born)
{
    char author[2 * ID_LEN + 1], at[PAS_TIME_LEN], space[2 * ID_LEN + 1];
    int64_t seconds = born->merge.time_s;
    if (born->merge.t_recv_ms != UINT64_MAX && (int64_t)(born->merge.t_recv_ms / 1000) < seconds)
        seconds = (int64_t)(born->merge.t_recv_ms / 1000);
    code_hex(author, born->merge.author, ID_LEN);
    code_hex(space, m->view->spaces[m->space].id, ID_LEN);
    pas_time_format(seconds, at);
    sqlite3_bind_text(m->row, 1, m->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(m->row, 2, m->code, -1, SQLITE_STATIC);
    sqlite3_bind_int(m->row, 7, m->mistake);
    /* A copy that fails binds NULL, and says so only here. */
    int rc = sqlite3_bind_text(m->row, 3, space, -1, SQLITE_TRANSIENT);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(m->row, 5, at, -1, SQLITE_TRANSIENT);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(m->row, 6, author, -1, SQLITE_TRANSIENT);
    return view_rc(rc);
}

/* The dossier: the reference that the kind names, or the record itself. A restricted record in a space of its own
 * names its person by that reference, though its key is another one. */
static void bind_dossier(struct view_merging *m)
{
    const char *dossier = m->dossier;
    if (m->kind->dossier) {
        struct view_group group = view_group_of(m->view, m->kind->dossier->number);
        for (size_t i = group.from; i < group.to; i++) {
            if (m->view->entries[i].merge.live) {
                dossier = view_text_of(m->view, &m->view->entries[i]);
                break;
            }
        }
    }
    sqlite3_bind_text(m->row, 4, dossier, -1, SQLITE_STATIC);
}

enum err view_put_row(struct view_merging *m, const struct view_entry *born)
{
    enum err err = ERR_OK;
    merge_mistake(m);
    m->row = row_statement(m->view, m->kind);
    if (!m->row)
        return ERR_MEMORY;
    TRY(bind_head(m, born));
    for (size_t i = 0; i < m->kind->fields_n; i++)
        TRY(put_field(m, &m->kind->fields[i], (int)i + 8));
    bind_dossier(m);
    TRY(view_run(m->row));
out:
    return err;
}
