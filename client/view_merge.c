/* SPDX-License-Identifier: Apache-2.0
 *
 * A touched record is merged whole: its entries are read in order of field and log, each field's standing entries are
 * found, and its row, conflicts and search text are written again. A record has tens of entries, so this is simpler
 * than following single fields, and as fast.
 */
#include <stdlib.h>
#include <string.h>

#include "client/text.h"
#include "client/view_merging.h"
#include "proto/change.h"
#include "proto/digest.h"

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

/* The record whose entry it is, among those that were merged into this one. */
static size_t source_of(const struct view *view, sqlite3_int64 rid)
{
    for (size_t i = 0; i < view->n_joints; i++)
        if (view->joints[i].rid == rid)
            return i + 1;
    return 0;
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
        .rid = sqlite3_column_int64(row, 14),
        .field = (uint32_t)sqlite3_column_int64(row, 1),
        .type = (enum pack_value_type)sqlite3_column_int(row, 2),
        .op = sqlite3_column_type(row, 3) == SQLITE_NULL ? -1 : sqlite3_column_int(row, 3),
        .integer = sqlite3_column_int64(row, 4),
        .text = view->texts.len,
        .pack = (uint64_t)sqlite3_column_int64(row, 12),
        .was_live = sqlite3_column_int(row, 13) != 0,
        .source = source_of(view, sqlite3_column_int64(row, 14)),
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

static enum err read_from(struct view *view, enum view_statement which, sqlite3_int64 rid)
{
    enum err err = ERR_OK;
    int rc;
    view->n_entries = 0;
    buf_reset(&view->texts);
    sqlite3_stmt *entries = view_statement(view, which);
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

static enum err read_joints(struct view *view, sqlite3_int64 rid)
{
    enum err err = ERR_OK;
    TRY(read_from(view, VIEW_ST_JOINTS, rid));
    if (view->n_entries == 0)
        return ERR_OK;
    struct view_joint *joints = realloc(view->joints, view->n_entries * sizeof *joints);
    if (!joints)
        return ERR_MEMORY;
    view->joints = joints;
    for (size_t i = 0; i < view->n_entries; i++)
        joints[i] =
            (struct view_joint){.rid = view->entries[i].rid, .merge = view->entries[i].merge};
    view->n_joints = view->n_entries;
out:
    return err;
}

enum err view_read_entries(struct view *view, sqlite3_int64 rid, bool joined)
{
    enum err err = ERR_OK;
    view->n_joints = 0;
    if (joined)
        TRY(read_joints(view, rid));
    TRY(read_from(view, joined ? VIEW_ST_ENTRIES_JOINED : VIEW_ST_ENTRIES, rid));
out:
    return err;
}

static enum err read_record(struct view_merging *m)
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
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? ERR_INTERNAL : view_rc(rc);
    return view_winner(m->view, m->dossier);
}

/* --- the record as a whole --- */

static enum err put_search(struct view_merging *m)
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
    sqlite3_bind_text(put, 2, folded, -1, SQLITE_STATIC);
    TRY(view_run(put));
out:
    digest_wipe(folded, strlen(folded));
    free(folded);
    return err;
}

static enum err drop_row(struct view_merging *m)
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
    sqlite3_bind_text(*drop, 1, m->id, -1, SQLITE_STATIC);
    return view_run(*drop);
}

static enum err run_for(struct view_merging *m, enum view_statement which)
{
    sqlite3_stmt *statement = view_statement(m->view, which);
    if (!statement)
        return ERR_MEMORY;
    sqlite3_bind_int64(statement, 1, m->rid);
    return view_run(statement);
}

/* The fields of a record that was merged into another one stand or fall there. */
static enum err put_live(struct view *view, bool core_only)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < view->n_entries; i++) {
        const struct view_entry *entry = &view->entries[i];
        if (entry->merge.live == entry->was_live || (core_only && entry->field > FIELD_ORIGIN))
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

static enum err put_record(struct view_merging *m)
{
    sqlite3_stmt *set = view_statement(m->view, VIEW_ST_RECORD_SET);
    if (!set)
        return ERR_MEMORY;
    sqlite3_bind_int64(set, 1, m->rid);
    if (m->kind)
        sqlite3_bind_text(set, 2, m->kind->key, -1, SQLITE_STATIC);
    sqlite3_bind_int(set, 3, m->locked);
    return view_run(set);
}

/* The kind's, the merged-into and the origin's entries stand by the ordinary rule. */
static void merge_core(struct view *view, const struct view_entry *born)
{
    struct view_group group = view_group_of(view, FIELD_MERGED);
    (void)view_merge_run(view, group.from, group.to);
    group = view_group_of(view, FIELD_ORIGIN);
    (void)view_merge_run(view, group.from, group.to);
    group = view_group_of(view, FIELD_KIND);
    for (size_t i = group.from; i < group.to; i++)
        view->entries[i].merge.live = &view->entries[i] == born;
}

static enum err merge_record(struct view *view, sqlite3_int64 rid)
{
    enum err err = ERR_OK;
    struct view_merging m = {.view = view, .rid = rid, .search = {.max = (size_t)1 << 26}};
    bool lost = view_joined(view, rid);
    TRY(read_record(&m));
    TRY(view_read_entries(view, rid, view->joined && !lost));
    TRY(run_for(&m, VIEW_ST_CONFLICT_DROP));
    TRY(run_for(&m, VIEW_ST_SEARCH_DROP));
    if (view->n_entries == 0) {
        TRY(drop_row(&m));
        TRY(run_for(&m, VIEW_ST_RECORD_DROP));
        goto out;
    }
    const struct view_entry *born = view_judge_kind(&m);
    view_judge_entries(&m);
    merge_core(view, born);
    if (!m.kind || lost || strcmp(m.kind->key, m.old_kind) != 0)
        TRY(drop_row(&m));
    if (m.kind && !lost) {
        TRY(view_put_row(&m, born));
        TRY(put_search(&m));
    }
    TRY(put_live(view, lost));
    TRY(put_record(&m));
out:
    buf_free(&m.search);
    return err;
}

enum err view_merge(struct view *view)
{
    enum err err = ERR_OK;
    int rc;
    TRY(view_join(view));
    sqlite3_stmt *touched = view_statement(view, VIEW_ST_TOUCHED);
    if (!touched)
        return ERR_MEMORY;
    while ((rc = sqlite3_step(touched)) == SQLITE_ROW)
        TRY(merge_record(view, sqlite3_column_int64(touched, 0)));
    TRY(view_rc(rc));
    sqlite3_reset(touched);
    TRY(view_exec(view, "DELETE FROM core_touched"));
out:
    (void)view_statement(view, VIEW_ST_TOUCHED); /* reset: an open one would hold the transaction */
    return err;
}
