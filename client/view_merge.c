/* SPDX-License-Identifier: Apache-2.0
 *
 * A touched record is merged whole: its entries are read in order of field and log, each field's standing entries are
 * found, and its row, conflicts and search text are written again. A record has tens of entries, so this is simpler
 * than following single fields, and as fast.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_json.h"
#include "client/pas_time.h"
#include "client/text.h"
#include "client/view_priv.h"
#include "proto/change.h"
#include "proto/code.h"
#include "proto/digest.h"

/* A record while it is merged. */
struct merging {
    struct view *view;
    sqlite3_int64 rid;
    char id[VIEW_ID_MAX];
    char code[9];
    char dossier[VIEW_ID_MAX];
    size_t space;
    bool inside; /* a record inside a dossier */
    char old_kind[PACK_KEY_MAX + 1];
    const struct pack_kind *kind;
    bool locked;
    bool mistake;
    sqlite3_stmt *row;
    struct buf search;
};

/* The entries of one field: [from, to). */
struct group {
    size_t from, to;
};

static const char *text_of(const struct view *view, const struct view_entry *entry)
{
    return (const char *)view->texts.bytes + entry->text;
}

/* --- reading the entries --- */

static enum err make_room(struct view *view)
{
    if (view->n_entries < view->entries_cap)
        return ERR_OK;
    size_t cap = view->entries_cap ? 2 * view->entries_cap : 64;
    struct view_entry *entries = realloc(view->entries, cap * sizeof *entries);
    if (entries)
        view->entries = entries;
    struct merge_entry *scratch = realloc(view->scratch, cap * sizeof *scratch);
    if (scratch)
        view->scratch = scratch;
    size_t *which = realloc(view->which, cap * sizeof *which);
    if (which)
        view->which = which;
    if (!entries || !scratch || !which)
        return ERR_MEMORY;
    view->entries_cap = cap;
    return ERR_OK;
}

static void copy_blob(uint8_t *out, size_t len, sqlite3_stmt *row, int column)
{
    const void *blob = sqlite3_column_blob(row, column);
    if (blob && (size_t)sqlite3_column_bytes(row, column) == len)
        memcpy(out, blob, len);
}

static enum err read_entry(struct view *view, sqlite3_stmt *row)
{
    enum err err = make_room(view);
    if (err != ERR_OK)
        return err;
    struct view_entry *entry = &view->entries[view->n_entries++];
    bool pending = sqlite3_column_type(row, 11) == SQLITE_NULL;
    *entry = (struct view_entry){
        .seq = sqlite3_column_int64(row, 0),
        .field = (uint32_t)sqlite3_column_int64(row, 1),
        .type = (enum pack_value_type)sqlite3_column_int(row, 2),
        .op = sqlite3_column_type(row, 3) == SQLITE_NULL ? -1 : sqlite3_column_int(row, 3),
        .integer = sqlite3_column_int64(row, 4),
        .text = view->texts.len,
        .pack = (uint64_t)sqlite3_column_int64(row, 12),
        .was_live = sqlite3_column_int(row, 13) != 0,
        .merge = {.index = pending ? MERGE_PENDING : (uint64_t)sqlite3_column_int64(row, 11),
                  .base = (uint64_t)sqlite3_column_int64(row, 10),
                  .ordinal = (uint64_t)sqlite3_column_int64(row, 7),
                  .time_s = sqlite3_column_int64(row, 8),
                  .t_recv_ms = pending ? UINT64_MAX : (uint64_t)sqlite3_column_int64(row, 9)},
    };
    copy_blob(entry->merge.author, ID_LEN, row, 5);
    copy_blob(entry->merge.run, RUN_LEN, row, 6);
    if (entry->type == PACK_VALUE_TEXT || entry->type == PACK_VALUE_REF) {
        entry->text_len = (size_t)sqlite3_column_bytes(row, 4);
        buf_put(&view->texts, sqlite3_column_text(row, 4), entry->text_len);
    }
    buf_u8(&view->texts, 0);
    return view->texts.err;
}

static enum err read_entries(struct view *view, sqlite3_int64 rid)
{
    enum err err = ERR_OK;
    int rc;
    view->n_entries = 0;
    buf_reset(&view->texts);
    sqlite3_stmt *entries = view_statement(view, VIEW_ST_ENTRIES);
    if (!entries)
        return ERR_MEMORY;
    sqlite3_bind_int64(entries, 1, rid);
    while ((rc = sqlite3_step(entries)) == SQLITE_ROW)
        TRY(read_entry(view, entries));
    err = view_rc(rc);
out:
    sqlite3_reset(entries);
    return err;
}

static enum err read_record(struct merging *m)
{
    uint8_t shred[ID_LEN] = {0}, record[RECORD_LEN] = {0};
    const uint8_t itself[RECORD_LEN] = {0};
    sqlite3_stmt *row = view_statement(m->view, VIEW_ST_RECORD_ROW);
    if (!row)
        return ERR_MEMORY;
    sqlite3_bind_int64(row, 1, m->rid);
    int rc = sqlite3_step(row);
    if (rc == SQLITE_ROW) {
        const char *kind = (const char *)sqlite3_column_text(row, 5);
        sqlite3_snprintf(sizeof m->id, m->id, "%s", sqlite3_column_text(row, 0));
        sqlite3_snprintf(sizeof m->code, m->code, "%s", sqlite3_column_text(row, 1));
        sqlite3_snprintf(sizeof m->old_kind, m->old_kind, "%s", kind ? kind : "");
        m->space = (size_t)sqlite3_column_int64(row, 2);
        copy_blob(shred, ID_LEN, row, 3);
        copy_blob(record, RECORD_LEN, row, 4);
    }
    sqlite3_reset(row);
    view_id_text(m->dossier, shred, itself);
    m->inside = !digest_is_zero(record, RECORD_LEN);
    return rc == SQLITE_ROW ? ERR_OK : rc == SQLITE_DONE ? ERR_INTERNAL : view_rc(rc);
}

/* --- judging --- */

static struct group group_of(const struct view *view, uint32_t field)
{
    size_t from = 0;
    while (from < view->n_entries && view->entries[from].field < field)
        from++;
    size_t to = from;
    while (to < view->n_entries && view->entries[to].field == field)
        to++;
    return (struct group){from, to};
}

/* The first change of a record says its kind; later ones do not change it. */
static const struct view_entry *judge_kind(struct merging *m)
{
    struct group group = group_of(m->view, FIELD_KIND);
    const struct view_entry *first = NULL;
    for (size_t i = group.from; i < group.to; i++) {
        const struct view_entry *entry = &m->view->entries[i];
        if (entry->type == PACK_VALUE_INT && entry->op < 0 && (!first || entry->seq < first->seq))
            first = entry;
    }
    if (!first)
        return NULL;
    if (first->pack <= m->view->pack->version && first->integer > 0)
        m->kind = pack_kind_by_number(m->view->pack, (uint64_t)first->integer);
    m->locked = m->locked || !m->kind;
    return first;
}

static bool fits_core(const struct view_entry *entry)
{
    switch (entry->field) {
    case FIELD_KIND:
        return entry->type == PACK_VALUE_INT && entry->op < 0;
    case FIELD_MISTAKE:
        return entry->type == PACK_VALUE_BOOL && entry->op < 0;
    case FIELD_MERGED:
        return (entry->type == PACK_VALUE_REF || entry->type == PACK_VALUE_NIL) && entry->op < 0;
    default:
        return false;
    }
}

static bool fits_field(const struct view *view, const struct pack_field *field,
                       const struct view_entry *entry)
{
    bool is_set = field->type == PACK_SET || field->type == PACK_CHECKLIST;
    char *text = (char *)view->texts.bytes + entry->text;
    struct pack_value value = {.type = entry->type,
                               .boolean = entry->integer != 0,
                               .integer = entry->integer,
                               .text = text,
                               .text_len = entry->text_len};
    if (is_set != (entry->op >= 0))
        return false;
    if (!is_set)
        return entry->type == PACK_VALUE_NIL || pack_value_fits(field, &value);
    if (entry->type != PACK_VALUE_TEXT && entry->type != PACK_VALUE_REF)
        return false;
    struct pack_value set = {.type = PACK_VALUE_SET,
                             .items_are_refs = entry->type == PACK_VALUE_REF,
                             .items = &text,
                             .items_n = 1};
    return pack_value_fits(field, &set);
}

static void judge_entries(struct merging *m)
{
    for (size_t i = 0; i < m->view->n_entries; i++) {
        struct view_entry *entry = &m->view->entries[i];
        const struct pack_field *field = NULL;
        bool newer = entry->pack > m->view->pack->version;
        bool core = entry->field <= FIELD_MERGED;
        if (m->kind && !core)
            field = pack_field_by_number(m->kind, entry->field);
        if (newer || (m->kind && !core && !field))
            m->locked = true;
        if (core)
            entry->fits = fits_core(entry);
        else
            entry->fits = !newer && field && fits_field(m->view, field, entry);
    }
}

/* Merges the fitting entries of [from, to); gives how many take part. */
static size_t merge_run(struct view *view, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        view->entries[i].merge.live = false;
        if (view->entries[i].fits) {
            view->scratch[n] = view->entries[i].merge;
            view->which[n++] = i;
        }
    }
    (void)merge_live(view->scratch, n);
    for (size_t i = 0; i < n; i++)
        view->entries[view->which[i]].merge.live = view->scratch[i].live;
    return n;
}

static int rank_of(const struct view *view, const struct pack_field *field, size_t at)
{
    const struct view_entry *entry = &view->entries[at];
    const struct pack_option *option =
        entry->type == PACK_VALUE_TEXT ? pack_option_by_key(field, text_of(view, entry)) : NULL;
    return option ? option->rank : -1;
}

/* The entry that is shown of `n` merged ones; NULL when none stands. */
static const struct view_entry *shown_of(const struct view *view, const struct pack_field *field,
                                         size_t n)
{
    size_t first = merge_first(view->scratch, n);
    if (first == n)
        return NULL;
    if (field && field->merge == PACK_MERGE_G) {
        for (size_t i = 0; i < n; i++) {
            if (!view->scratch[i].live)
                continue;
            int mine = rank_of(view, field, view->which[i]);
            int best = rank_of(view, field, view->which[first]);
            if (mine > best ||
                (mine == best && merge_compare(&view->scratch[i], &view->scratch[first]) > 0))
                first = i;
        }
    }
    return &view->entries[view->which[first]];
}

static bool same_value(const struct view *view, const struct view_entry *a,
                       const struct view_entry *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == PACK_VALUE_TEXT || a->type == PACK_VALUE_REF)
        return strcmp(text_of(view, a), text_of(view, b)) == 0;
    return a->type == PACK_VALUE_NIL || a->integer == b->integer;
}

/* --- writing the row --- */

static void bind_entry(const struct view *view, sqlite3_stmt *row, int at,
                       const struct view_entry *entry)
{
    if (!entry || entry->type == PACK_VALUE_NIL)
        sqlite3_bind_null(row, at);
    else if (entry->type == PACK_VALUE_INT || entry->type == PACK_VALUE_BOOL)
        sqlite3_bind_int64(row, at, entry->integer);
    else
        sqlite3_bind_text(row, at, text_of(view, entry), (int)entry->text_len, SQLITE_TRANSIENT);
}

static void add_search(struct merging *m, const struct pack_field *field, const char *text,
                       size_t len)
{
    if (!field->search)
        return;
    buf_put(&m->search, text, len);
    buf_u8(&m->search, ' ');
}

static enum err put_conflicts(struct merging *m, const struct pack_field *field, size_t n,
                              const struct view_entry *shown)
{
    struct view *view = m->view;
    bool differ = false;
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && shown; i++)
        differ = differ || (view->scratch[i].live &&
                            !same_value(view, shown, &view->entries[view->which[i]]));
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
static enum err put_plain(struct merging *m, const struct pack_field *field, struct group group,
                          int at)
{
    struct view *view = m->view;
    size_t n = merge_run(view, group.from, group.to);
    const struct view_entry *shown = shown_of(view, field, n);
    bind_entry(view, m->row, at, shown);
    if (shown && shown->type == PACK_VALUE_TEXT)
        add_search(m, field, text_of(view, shown), shown->text_len);
    return put_conflicts(m, field, n, shown);
}

/* A fixed field keeps the first value that fits. */
static void put_fixed(struct merging *m, const struct pack_field *field, struct group group, int at)
{
    struct view *view = m->view;
    const struct view_entry *first = NULL;
    for (size_t i = group.from; i < group.to; i++) {
        struct view_entry *entry = &view->entries[i];
        entry->merge.live = entry->fits && !first;
        if (entry->merge.live)
            first = entry;
    }
    bind_entry(view, m->row, at, first);
    if (!first && field == m->kind->dossier && m->inside)
        sqlite3_bind_text(m->row, at, m->dossier, -1, SQLITE_TRANSIENT);
    if (first && first->type == PACK_VALUE_TEXT)
        add_search(m, field, text_of(view, first), first->text_len);
}

/* Append-only text: everything ever written, in log order, each wording once. */
static enum err put_appended(struct merging *m, const struct pack_field *field, struct group group,
                             int at)
{
    struct view *view = m->view;
    struct buf text = {.max = (size_t)1 << 26};
    bool any = false;
    for (size_t i = group.from; i < group.to; i++) {
        struct view_entry *entry = &view->entries[i];
        bool again = !entry->fits || entry->type != PACK_VALUE_TEXT;
        for (size_t k = group.from; k < i && !again; k++)
            again = view->entries[k].merge.live && same_value(view, entry, &view->entries[k]);
        entry->merge.live = !again;
        if (again)
            continue;
        if (any)
            buf_u8(&text, '\n');
        any = true;
        buf_put(&text, text_of(view, entry), entry->text_len);
    }
    enum err err = text.err;
    if (err == ERR_OK && any) {
        sqlite3_bind_text(m->row, at, (const char *)text.bytes, (int)text.len, SQLITE_TRANSIENT);
        add_search(m, field, (const char *)text.bytes, text.len);
    }
    buf_free(&text);
    return err;
}

/* Elements are runs of equal text within the group, as the entries are sorted. */
static enum err put_set(struct merging *m, const struct pack_field *field, struct group group,
                        int at)
{
    struct view *view = m->view;
    struct buf json = {.max = (size_t)1 << 26};
    bool any = false;
    buf_u8(&json, '[');
    for (size_t from = group.from, to; from < group.to; from = to) {
        bool in = false;
        for (to = from + 1; to < group.to; to++)
            if (strcmp(text_of(view, &view->entries[from]), text_of(view, &view->entries[to])))
                break;
        size_t n = merge_run(view, from, to);
        for (size_t i = 0; i < n; i++)
            in = in || (view->scratch[i].live && view->entries[view->which[i]].op == 1);
        if (!in)
            continue;
        if (any)
            buf_u8(&json, ',');
        any = true;
        pas_json_text(&json, text_of(view, &view->entries[from]), view->entries[from].text_len);
        if (field->of == PACK_TEXT)
            add_search(m, field, text_of(view, &view->entries[from]), view->entries[from].text_len);
    }
    buf_u8(&json, ']');
    enum err err = json.err;
    if (err == ERR_OK && any)
        sqlite3_bind_text(m->row, at, (const char *)json.bytes, (int)json.len, SQLITE_TRANSIENT);
    buf_free(&json);
    return err;
}

static enum err put_field(struct merging *m, const struct pack_field *field, int at)
{
    struct group group = group_of(m->view, field->number);
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

static void merge_mistake(struct merging *m)
{
    struct group group = group_of(m->view, FIELD_MISTAKE);
    size_t n = merge_run(m->view, group.from, group.to);
    const struct view_entry *shown = shown_of(m->view, NULL, n);
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

static void bind_head(struct merging *m, const struct view_entry *born)
{
    char author[2 * ID_LEN + 1], at[PAS_TIME_LEN], space[2 * ID_LEN + 1];
    int64_t seconds = born->merge.time_s;
    if (born->merge.t_recv_ms != UINT64_MAX && (int64_t)(born->merge.t_recv_ms / 1000) < seconds)
        seconds = (int64_t)(born->merge.t_recv_ms / 1000);
    code_hex(author, born->merge.author, ID_LEN);
    code_hex(space, m->view->spaces[m->space].id, ID_LEN);
    pas_time_format(seconds, at);
    sqlite3_bind_text(m->row, 1, m->id, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(m->row, 2, m->code, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(m->row, 3, space, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(m->row, 5, at, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(m->row, 6, author, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(m->row, 7, m->mistake);
}

/* The dossier: the reference that the kind names, or the record itself. A restricted record in a space of its own
 * names its person by that reference, though its key is another one. */
static void bind_dossier(struct merging *m)
{
    const char *dossier = m->dossier;
    if (m->kind->dossier) {
        struct group group = group_of(m->view, m->kind->dossier->number);
        for (size_t i = group.from; i < group.to; i++) {
            if (m->view->entries[i].merge.live) {
                dossier = text_of(m->view, &m->view->entries[i]);
                break;
            }
        }
    }
    sqlite3_bind_text(m->row, 4, dossier, -1, SQLITE_TRANSIENT);
}

static enum err put_row(struct merging *m, const struct view_entry *born)
{
    enum err err = ERR_OK;
    merge_mistake(m);
    m->row = row_statement(m->view, m->kind);
    if (!m->row)
        return ERR_MEMORY;
    bind_head(m, born);
    for (size_t i = 0; i < m->kind->fields_n; i++)
        TRY(put_field(m, &m->kind->fields[i], (int)i + 8));
    bind_dossier(m);
    TRY(view_run(m->row));
out:
    return err;
}

/* --- the record as a whole --- */

static enum err put_search(struct merging *m)
{
    enum err err = ERR_OK;
    char *folded = NULL;
    size_t room = TEXT_FOLD_MAX(m->search.len + sizeof m->code);
    if (m->mistake || !m->kind || m->search.err != ERR_OK)
        return m->search.err;
    buf_put(&m->search, m->code, strlen(m->code));
    if (m->search.err != ERR_OK)
        return m->search.err;
    folded = malloc(room);
    if (!folded)
        return ERR_MEMORY;
    (void)text_fold(folded, room, (const char *)m->search.bytes, m->search.len);
    sqlite3_stmt *put = view_statement(m->view, VIEW_ST_SEARCH_PUT);
    if (!put)
        TRY(ERR_MEMORY);
    sqlite3_bind_int64(put, 1, m->rid);
    sqlite3_bind_text(put, 2, folded, -1, SQLITE_TRANSIENT);
    TRY(view_run(put));
out:
    digest_wipe(folded, strlen(folded));
    free(folded);
    return err;
}

static enum err drop_row(struct merging *m)
{
    const struct pack_kind *kind = pack_kind_by_key(m->view->pack, m->old_kind);
    if (!kind)
        return ERR_OK;
    sqlite3_stmt **drop = &m->view->row_drop[view_kind_place(m->view, kind)];
    if (!*drop) {
        char sql[PACK_KEY_MAX + 48];
        sqlite3_snprintf(sizeof sql, sql, "DELETE FROM \"%w\" WHERE id = ?1", kind->key);
        (void)sqlite3_prepare_v3(m->view->db, sql, -1, SQLITE_PREPARE_PERSISTENT, drop, NULL);
    }
    if (!*drop)
        return ERR_MEMORY;
    sqlite3_bind_text(*drop, 1, m->id, -1, SQLITE_TRANSIENT);
    return view_run(*drop);
}

static enum err run_for(struct merging *m, enum view_statement which)
{
    sqlite3_stmt *statement = view_statement(m->view, which);
    if (!statement)
        return ERR_MEMORY;
    sqlite3_bind_int64(statement, 1, m->rid);
    return view_run(statement);
}

static enum err put_live(struct view *view)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < view->n_entries; i++) {
        const struct view_entry *entry = &view->entries[i];
        if (entry->merge.live == entry->was_live)
            continue;
        sqlite3_stmt *set = view_statement(view, VIEW_ST_ENTRY_LIVE);
        if (!set)
            return ERR_MEMORY;
        sqlite3_bind_int64(set, 1, entry->seq);
        sqlite3_bind_int(set, 2, entry->merge.live);
        TRY(view_run(set));
    }
out:
    return err;
}

static enum err put_record(struct merging *m)
{
    sqlite3_stmt *set = view_statement(m->view, VIEW_ST_RECORD_SET);
    if (!set)
        return ERR_MEMORY;
    sqlite3_bind_int64(set, 1, m->rid);
    if (m->kind)
        sqlite3_bind_text(set, 2, m->kind->key, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(set, 3, m->locked);
    return view_run(set);
}

/* The kind's and the merged-into entries stand by the ordinary rule. */
static void merge_core(struct view *view, const struct view_entry *born)
{
    struct group group = group_of(view, FIELD_MERGED);
    (void)merge_run(view, group.from, group.to);
    group = group_of(view, FIELD_KIND);
    for (size_t i = group.from; i < group.to; i++)
        view->entries[i].merge.live = &view->entries[i] == born;
}

static enum err merge_record(struct view *view, sqlite3_int64 rid)
{
    enum err err = ERR_OK;
    struct merging m = {.view = view, .rid = rid, .search = {.max = (size_t)1 << 26}};
    TRY(read_record(&m));
    TRY(read_entries(view, rid));
    TRY(run_for(&m, VIEW_ST_CONFLICT_DROP));
    TRY(run_for(&m, VIEW_ST_SEARCH_DROP));
    if (view->n_entries == 0) {
        TRY(drop_row(&m));
        TRY(run_for(&m, VIEW_ST_RECORD_DROP));
        goto out;
    }
    const struct view_entry *born = judge_kind(&m);
    judge_entries(&m);
    merge_core(view, born);
    if (!m.kind || strcmp(m.kind->key, m.old_kind) != 0)
        TRY(drop_row(&m));
    if (m.kind) {
        TRY(put_row(&m, born));
        TRY(put_search(&m));
    }
    TRY(put_live(view));
    TRY(put_record(&m));
out:
    buf_free(&m.search);
    return err;
}

enum err view_merge(struct view *view)
{
    enum err err = ERR_OK;
    int rc;
    sqlite3_stmt *touched = view_statement(view, VIEW_ST_TOUCHED);
    if (!touched)
        return ERR_MEMORY;
    while ((rc = sqlite3_step(touched)) == SQLITE_ROW)
        TRY(merge_record(view, sqlite3_column_int64(touched, 0)));
    TRY(view_rc(rc));
    sqlite3_reset(touched);
    TRY(view_exec(view, "DELETE FROM core_touched"));
out:
    sqlite3_reset(touched);
    return err;
}
