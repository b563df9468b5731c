/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that were merged into another one of their space and kind (FIELD_MERGED). The loser has no row of its own: what
 * was and will be written to it counts as written to the winner, side by side with what the winner says, and whoever
 * refers to it refers to the winner. Nothing is rewritten in the log, so that taking the merge back brings both back.
 *
 * core_joined holds the losers; it is found anew with each merge of the view, as winners may arrive later than losers,
 * and merges that were made apart may form chains and rings: the end of a chain wins, and the least id of a ring.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/view_merging.h"
#include "proto/change.h"

/* A loser: where its own entry points to, and where the chain ends. */
struct joined {
    sqlite3_int64 rid, to, winner, seq;
    char id[VIEW_ID_MAX];
};

static_assert(PACK_VALUE_REF == 4, "the statements of view_priv.h say so");

struct joining {
    struct joined *list;
    size_t n;
};

static struct joined *find(const struct joining *joining, sqlite3_int64 rid)
{
    for (size_t i = 0; i < joining->n; i++)
        if (joining->list[i].rid == rid)
            return &joining->list[i];
    return NULL;
}

/* The kind that a record's entries give, whether it was merged before or not. */
static enum err kind_of(struct view *view, sqlite3_int64 rid, const struct pack_kind **kind)
{
    struct view_merging m = {.view = view, .rid = rid};
    enum err err = view_read_entries(view, rid, false);
    if (err == ERR_OK)
        (void)view_judge_kind(&m);
    *kind = m.kind;
    return err;
}

/* The record of a space with an id; 0 when there is none. */
static enum err record_in_space(struct view *view, const char *id, sqlite3_int64 like,
                                sqlite3_int64 *rid)
{
    sqlite3_stmt *get = view_statement(view, VIEW_ST_JOINED_TO);
    if (!get)
        return ERR_MEMORY;
    sqlite3_bind_text(get, 1, id, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(get, 2, like);
    int rc = sqlite3_step(get);
    *rid = rc == SQLITE_ROW ? sqlite3_column_int64(get, 0) : 0;
    sqlite3_reset(get);
    return view_rc(rc);
}

/* What the record's own entries say about being merged; joined->to stays 0 when it is not. */
static enum err judge(struct view *view, struct joined *joined)
{
    struct view_merging m = {.view = view, .rid = joined->rid};
    const struct pack_kind *kind = NULL;
    char to[VIEW_ID_MAX];
    enum err err = ERR_OK;
    TRY(view_read_entries(view, joined->rid, false));
    (void)view_judge_kind(&m);
    view_judge_entries(&m);
    struct view_group group = view_group_of(view, FIELD_MERGED);
    size_t n = view_merge_run(view, group.from, group.to);
    const struct view_entry *shown = view_shown_of(view, NULL, n);
    if (!shown || shown->type != PACK_VALUE_REF || !m.kind)
        return ERR_OK;
    joined->seq = shown->seq;
    sqlite3_snprintf(sizeof to, to, "%s", view_text_of(view, shown));
    TRY(record_in_space(view, to, joined->rid, &joined->to));
    if (joined->to)
        TRY(kind_of(view, joined->to, &kind));
    if (kind != m.kind || joined->to == joined->rid)
        joined->to = 0;
out:
    return err;
}

static enum err read_losers(struct view *view, struct joining *joining)
{
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    int rc;
    TRY(view_prepare(view, &rows,
                     "SELECT DISTINCT r.rid, r.id FROM core_entry e JOIN core_record r USING (rid)"
                     " WHERE e.field = 2 ORDER BY r.id"));
    while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
        struct joined *more = realloc(joining->list, (joining->n + 1) * sizeof *more);
        if (!more)
            TRY(ERR_MEMORY);
        joining->list = more;
        struct joined *one = &more[joining->n++];
        *one = (struct joined){.rid = sqlite3_column_int64(rows, 0)};
        sqlite3_snprintf(sizeof one->id, one->id, "%s", sqlite3_column_text(rows, 1));
    }
    TRY(view_rc(rc));
    for (size_t i = 0; i < joining->n; i++)
        TRY(judge(view, &joining->list[i]));
out:
    sqlite3_finalize(rows);
    return err;
}

/* Ends of chains. A ring has no end: its record with the least id wins, the same on every device. */
static void find_winners(struct joining *joining)
{
    for (size_t i = 0; i < joining->n; i++) {
        struct joined *one = &joining->list[i], *at = one, *next;
        size_t steps = 0;
        while (at->to && (next = find(joining, at->to)) && next->to && ++steps <= joining->n)
            at = next;
        one->winner = at->to;
        if (steps <= joining->n)
            continue;
        struct joined *least = at; /* inside the ring; the list is sorted by id */
        for (next = find(joining, at->to); next != at; next = find(joining, next->to))
            least = next < least ? next : least;
        one->winner = least == one ? 0 : least->rid;
    }
}

/* Those whose row depends on what the loser counts as: itself, both winners, its dossier, who refers to it. */
static enum err touch(struct view *view, sqlite3_int64 rid, sqlite3_int64 old, sqlite3_int64 new)
{
    const enum view_statement which[] = {VIEW_ST_TOUCH, VIEW_ST_TOUCH, VIEW_ST_TOUCH,
                                         VIEW_ST_JOINED_TOUCH};
    const sqlite3_int64 rids[] = {rid, old, new, rid};
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof rids / sizeof rids[0]; i++) {
        if (!rids[i])
            continue;
        sqlite3_stmt *put = view_statement(view, which[i]);
        if (!put)
            return ERR_MEMORY;
        sqlite3_bind_int64(put, 1, rids[i]);
        TRY(view_run(put));
    }
out:
    return err;
}

/* Touches what differs from the last time. */
static enum err touch_changes(struct view *view, const struct joining *joining)
{
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    int rc;
    TRY(view_prepare(view, &rows, "SELECT rid, winner FROM core_joined"));
    while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
        sqlite3_int64 rid = sqlite3_column_int64(rows, 0), old = sqlite3_column_int64(rows, 1);
        const struct joined *one = find(joining, rid);
        if (!one || one->winner != old)
            TRY(touch(view, rid, old, one ? one->winner : 0));
    }
    TRY(view_rc(rc));
    sqlite3_finalize(rows);
    rows = NULL;
    TRY(view_prepare(view, &rows, "SELECT 1 FROM core_joined WHERE rid = ?1"));
    for (size_t i = 0; i < joining->n; i++) {
        sqlite3_bind_int64(rows, 1, joining->list[i].rid);
        bool known = sqlite3_step(rows) == SQLITE_ROW;
        sqlite3_reset(rows);
        if (!known && joining->list[i].winner)
            TRY(touch(view, joining->list[i].rid, 0, joining->list[i].winner));
    }
out:
    sqlite3_finalize(rows);
    return err;
}

enum err view_join(struct view *view)
{
    struct joining joining = {0};
    enum err err = ERR_OK;
    TRY(read_losers(view, &joining));
    if (joining.n == 0 && !view->joined)
        goto out;
    find_winners(&joining);
    TRY(touch_changes(view, &joining));
    TRY(view_exec(view, "DELETE FROM core_joined"));
    view->joined = false;
    for (size_t i = 0; i < joining.n; i++) {
        const struct joined *one = &joining.list[i];
        sqlite3_stmt *put = one->winner ? view_statement(view, VIEW_ST_JOINED_PUT) : NULL;
        if (!one->winner)
            continue;
        if (!put)
            TRY(ERR_MEMORY);
        sqlite3_bind_int64(put, 1, one->rid);
        sqlite3_bind_text(put, 2, one->id, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(put, 3, one->winner);
        sqlite3_bind_int64(put, 4, one->seq);
        TRY(view_run(put));
        view->joined = true;
    }
    /* What was written to a loser shows at its winner. */
    TRY(view_exec(view, "INSERT OR IGNORE INTO core_touched SELECT winner FROM core_joined"
                        " WHERE rid IN (SELECT rid FROM core_touched)"));
out:
    free(joining.list);
    return err;
}

enum err view_winner(struct view *view, char id[static VIEW_ID_MAX])
{
    if (!view->joined)
        return ERR_OK;
    sqlite3_stmt *get = view_statement(view, VIEW_ST_JOINED_GET);
    if (!get)
        return ERR_MEMORY;
    sqlite3_bind_text(get, 1, id, -1, SQLITE_TRANSIENT);
    int rc = sqlite3_step(get);
    if (rc == SQLITE_ROW)
        sqlite3_snprintf(VIEW_ID_MAX, id, "%s", sqlite3_column_text(get, 0));
    sqlite3_reset(get);
    return view_rc(rc);
}

bool view_joined(struct view *view, sqlite3_int64 rid)
{
    sqlite3_stmt *get = view->joined ? view_statement(view, VIEW_ST_JOINED_IS) : NULL;
    if (!get)
        return false;
    sqlite3_bind_int64(get, 1, rid);
    bool is = sqlite3_step(get) == SQLITE_ROW;
    sqlite3_reset(get);
    return is;
}

enum err view_merged_ids(struct view *view, const char *id, struct pas_table **out)
{
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    *out = NULL;
    TRY(view_prepare(view, &rows,
                     "SELECT j.id AS id, l.code AS code FROM core_joined j"
                     " JOIN core_record w ON w.rid = j.winner JOIN core_record l ON l.rid = j.rid"
                     " WHERE w.id = ?1 ORDER BY j.id"));
    sqlite3_bind_text(rows, 1, id, -1, SQLITE_TRANSIENT);
    TRY(view_table_of(rows, out));
out:
    sqlite3_finalize(rows);
    return err;
}
