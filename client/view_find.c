/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding records from what a person types: ids, codes, names, words.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "client/text.h"
#include "client/view_priv.h"
#include "proto/code.h"
#include "proto/digest.h"

enum { PREFIX_MIN = 3 };

/* What is looked for. */
struct wanted {
    const struct pack_kind *const *kinds;
    size_t n;    /* 0: of all kinds */
    bool itself; /* a record that was merged into another one, and not the other */
};

static enum err read_mistake(struct view *view, struct view_record *out)
{
    sqlite3_stmt *row = NULL;
    char sql[PACK_KEY_MAX + 64];
    enum err err = ERR_OK;
    if (!out->kind)
        return ERR_OK;
    sqlite3_snprintf(sizeof sql, sql, "SELECT mistake FROM \"%w\" WHERE id = ?1", out->kind->key);
    TRY(view_prepare(view, &row, sql));
    sqlite3_bind_text(row, 1, out->id, -1, SQLITE_STATIC);
    if (sqlite3_step(row) == SQLITE_ROW)
        out->mistake = sqlite3_column_int(row, 0) != 0;
out:
    sqlite3_finalize(row);
    return err;
}

/* Columns: id, code, space, shred, rec, kind, locked of the dossier. */
static enum err read_row(struct view *view, sqlite3_stmt *row, struct view_record *out)
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

#define FOUND_COLUMNS                                                                              \
    "SELECT r.id, r.code, r.space, r.shred, r.rec, r.kind,"                                        \
    " (SELECT max(d.locked) FROM core_record d WHERE d.shred = r.shred) FROM core_record r "

/* The record of a row, or the one that it was merged into. */
static enum err read_found(struct view *view, sqlite3_stmt *row, bool itself,
                           struct view_record *out)
{
    sqlite3_stmt *winner = NULL;
    char id[VIEW_ID_MAX];
    enum err err = ERR_OK;
    TRY(read_row(view, row, out));
    memcpy(id, out->id, sizeof id);
    if (!itself)
        TRY(view_winner(view, id));
    if (strcmp(id, out->id) == 0)
        return ERR_OK;
    TRY(view_prepare(view, &winner, FOUND_COLUMNS "WHERE r.id = ?1"));
    sqlite3_bind_text(winner, 1, id, -1, SQLITE_STATIC);
    if (sqlite3_step(winner) == SQLITE_ROW)
        TRY(read_row(view, winner, out));
out:
    sqlite3_finalize(winner);
    return err;
}

static bool kind_wanted(const struct view_record *record, const struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->n; i++)
        if (wanted->kinds[i] == record->kind)
            return true;
    return wanted->n == 0;
}

/* Gives the one record that a query with two parameters finds. */
static enum err find_by(struct view *view, const char *sql, const char *first, const char *second,
                        const struct wanted *wanted, struct view_record *out)
{
    sqlite3_stmt *rows = NULL;
    struct view_record one;
    size_t found = 0;
    enum err err = ERR_OK;
    int rc;
    TRY(view_prepare(view, &rows, sql));
    TRY(view_rc(sqlite3_bind_text(rows, 1, first, -1, SQLITE_TRANSIENT)));
    if (second)
        TRY(view_rc(sqlite3_bind_text(rows, 2, second, -1, SQLITE_TRANSIENT)));
    while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
        TRY(read_found(view, rows, wanted->itself, &one));
        if (!kind_wanted(&one, wanted) || (found > 0 && strcmp(one.id, out->id) == 0))
            continue;
        if (found < VIEW_CANDIDATES_MAX)
            memcpy(view->candidates[found], one.id, VIEW_ID_MAX);
        if (found++ == 0)
            *out = one;
    }
    view->n_candidates = found;
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
                            const struct wanted *wanted, struct view_record *out)
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
                   lower, code, wanted, out);
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

#define NAMED FOUND_COLUMNS "JOIN search s ON s.rowid = r.rid WHERE search MATCH ?1"

/* Of several, the one that is called exactly so. */
static enum err find_exact(struct view *view, const char *query, const char *text,
                           const struct wanted *wanted, struct view_record *out)
{
    char candidates[VIEW_CANDIDATES_MAX][VIEW_ID_MAX];
    size_t n = view->n_candidates;
    memcpy(candidates, view->candidates, sizeof candidates);
    enum err err =
        find_by(view, NAMED " AND plie(title(r.id)) = plie(?2)", query, text, wanted, out);
    if (err != ERR_NOT_FOUND)
        return err;
    memcpy(view->candidates, candidates, sizeof candidates);
    view->n_candidates = n;
    return ERR_USAGE;
}

/* Where a reference wants certain kinds any word of the text will do; otherwise what people, places and companies are
 * called, and if nothing is called so, the records about them. */
static enum err find_name(struct view *view, const char *text, const struct wanted *wanted,
                          struct view_record *out)
{
    static const char *const titled[] = {
        NAMED " AND r.rec = zeroblob(8) AND instr(' ' || plie(title(r.id)), ' ' || plie(?2)) > 0",
        NAMED " AND instr(' ' || plie(title(r.id)), ' ' || plie(?2)) > 0"};
    struct buf query = {.max = 1 << 20};
    enum err err = ERR_OK;
    TRY(query_of(text, wanted->n == 0, &query));
    if (query.len <= 1)
        TRY(ERR_NOT_FOUND);
    const char *words = (const char *)query.bytes;
    if (wanted->n > 0)
        err = find_by(view, NAMED, words, NULL, wanted, out);
    for (size_t i = 0; wanted->n == 0 && i < 2 && (i == 0 || err == ERR_NOT_FOUND); i++)
        err = find_by(view, titled[i], words, text, wanted, out);
    if (err == ERR_USAGE)
        err = find_exact(view, words, text, wanted, out);
out:
    buf_free(&query);
    return err;
}

size_t view_candidates_n(const struct view *view)
{
    return view->n_candidates;
}

enum err view_candidate(struct view *view, size_t i, struct view_record *out)
{
    static const struct wanted any;
    char id[VIEW_ID_MAX]; /* the search notes candidates of its own */
    char candidates[VIEW_CANDIDATES_MAX][VIEW_ID_MAX];
    size_t n = view->n_candidates;
    if (i >= n || i >= VIEW_CANDIDATES_MAX)
        return ERR_NOT_FOUND;
    memcpy(id, view->candidates[i], sizeof id);
    memcpy(candidates, view->candidates, sizeof candidates);
    enum err err = find_by(view, FOUND_COLUMNS "WHERE r.id = ?1", id, NULL, &any, out);
    memcpy(view->candidates, candidates, sizeof candidates);
    view->n_candidates = n;
    return err;
}

static enum err find(struct view *view, const char *text, const struct wanted *wanted,
                     struct view_record *out)
{
    uint8_t shred[ID_LEN], record[RECORD_LEN];
    char code[2 * VIEW_ID_MAX], id[VIEW_ID_MAX];
    size_t code_len = clean_code(text, code);
    enum err err = ERR_NOT_FOUND;
    if (view_id_parse(text, shred, record) == ERR_OK) {
        view_id_text(id, shred, record);
        return find_by(view, FOUND_COLUMNS "WHERE r.id = ?1", id, NULL, wanted, out);
    }
    if (code_len == CODE_SHORT_LEN)
        err = find_by(view, FOUND_COLUMNS "WHERE r.code = ?1", code, NULL, wanted, out);
    if (err == ERR_NOT_FOUND && wanted->n > 0)
        err = find_name(view, text, wanted, out);
    if (err == ERR_NOT_FOUND && code_len > 0)
        err = find_prefix(view, text, code, wanted, out);
    if (err == ERR_NOT_FOUND && wanted->n == 0 && !wanted->itself)
        err = find_name(view, text, wanted, out);
    return err;
}

enum err view_find(struct view *view, const char *text, const struct pack_kind *const *kinds,
                   size_t n, struct view_record *out)
{
    return find(view, text, &(struct wanted){.kinds = kinds, .n = n}, out);
}

enum err view_find_itself(struct view *view, const char *text, struct view_record *out)
{
    return find(view, text, &(struct wanted){.itself = true}, out);
}

/* --- words --- */

enum err view_search(struct view *view, const char *text, size_t limit, struct pas_table **out)
{
    struct buf query = {.max = 1 << 20};
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    *out = NULL;
    TRY(query_of(text, true, &query));
    TRY(view_prepare(
        view, &rows,
        /* One letter fits a third of all records, and the order is that of their kinds, then of their search texts: texts
         * are read of the first kinds only, those that fill the list, and names made for what is shown. */
        "WITH found AS MATERIALIZED (SELECT f.rowid AS rid, k.position AS place FROM search f"
        " JOIN core_record c ON c.rid = f.rowid JOIN domain_kind k ON k.key = c.kind"
        " WHERE search MATCH ?1),"
        " first AS MATERIALIZED (SELECT m.place, f.text, c.id AS id, c.code, c.kind, c.space"
        " FROM found m JOIN core_record c ON c.rid = m.rid"
        " JOIN search f ON f.rowid = m.rid WHERE m.place <= coalesce((SELECT place FROM found"
        " ORDER BY place LIMIT 1 OFFSET max(?2 - 1, 0)), m.place)"
        " ORDER BY m.place, f.text, c.id LIMIT ?2)"
        " SELECT m.id AS id, m.code AS code, m.kind AS kind, title(m.id) AS title,"
        " s.id AS space FROM first m JOIN core_space s ON s.number = m.space"
        " ORDER BY m.place, m.text, m.id"));
    /* With nothing to look for, a word that no folded text has. */
    sqlite3_bind_text(rows, 1, query.len > 1 ? (const char *)query.bytes : "\"_\"", -1,
                      SQLITE_STATIC);
    sqlite3_bind_int64(rows, 2, limit > INT32_MAX ? INT32_MAX : (sqlite3_int64)limit);
    TRY(view_table_of(rows, out));
out:
    sqlite3_finalize(rows);
    buf_free(&query);
    return err;
}
