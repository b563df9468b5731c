/* SPDX-License-Identifier: Apache-2.0
 *
 * One rule at work. The pack's conditions say :item, :point and :due of an item. Instead of asking for each item, the
 * items go into a table core_agenda and the conditions are joined with it: the three words become columns of its row,
 * and SQLite finds the records that resolve an item by their references.
 */
#include <ctype.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "client/agenda_inside.h"
#include "client/civil.h"

#define ITEM "core_i"

/* Columns of the rows of a rule, before one per point with whether it applies. */
enum { COL_ID, COL_DOSSIER, COL_DATE, COL_WEEK, COL_REGION, COL_UNTIL, COL_POINTS };

/* How many days the longest rule of a pack may be away from its date: no pack makes a loop long. */
enum { DAYS_MAX = 4000 };

/* --- days --- */

static int32_t day_of(const struct agenda_point *point, int32_t from, uint8_t week,
                      enum civil_region region)
{
    int n = point->n > DAYS_MAX ? DAYS_MAX : point->n < -DAYS_MAX ? -DAYS_MAX : point->n;
    int32_t due = from + n;
    if (strcmp(point->unit, "months") == 0)
        due = civil_add_months(from, n);
    else if (strcmp(point->unit, "worked_day") == 0)
        due = civil_worked_day(from, n, week, region);
    else if (strcmp(point->unit, "worked_shift") == 0)
        due = civil_worked_shift(from, n, week, region);
    else if (strcmp(point->unit, "last_worked_day") == 0)
        due = civil_last_worked(from, n, week, region);
    else if (strcmp(point->unit, "weekday") == 0)
        due = civil_next_weekday(from, n);
    return strcmp(point->move, "next_open") == 0 ? civil_next_open(due, region) : due;
}

/* The day at the start of a text: a date, or a date with a time. */
static bool day_in(const char *text, int32_t *day)
{
    char date[CIVIL_TEXT_LEN];
    snprintf(date, sizeof date, "%s", text);
    return civil_parse(date, day);
}

/* --- the records of a rule --- */

static void put_piece(struct buf *sql, const char *piece, const char *otherwise)
{
    domain_put(sql, ", (");
    domain_put(sql, piece ? piece : otherwise);
    domain_put(sql, ")");
}

/* Devices are no records. A rule about `device` sees this one, and when it last synchronised; a rule about `colleague` sees
 * on a coordinator's device the others, and when something last came from them. */
#define DEVICE                                                                                     \
    "(SELECT :moi AS id, :moi AS dossier, 0 AS mistake, min(date(checkpoint_at)) AS last_sync"     \
    " FROM space WHERE state = 'active')"
#define COLLEAGUES                                                                                 \
    "(SELECT m.device AS id, m.device AS dossier, 0 AS mistake,"                                   \
    " date(max(e.recv_ms) / 1000, 'unixepoch') AS last_sync FROM core_entry e JOIN member m"       \
    " ON m.device = lower(hex(e.device)) WHERE m.state = 'active' AND m.device <> :moi"            \
    " AND m.space IN (SELECT space FROM member WHERE device = :moi AND roles LIKE '%steward%')"    \
    " GROUP BY m.device)"

/* While people have not chosen between several days, the earliest one counts: too early is a call for nothing, too late
 * is a trial that ended unseen. Where a kind has such fields now, its rows are read with their earliest days. */
static enum err put_table(const struct domain *domain, const char *kind, struct buf *sql)
{
    sqlite3_stmt *fields = NULL;
    enum err err = ERR_OK;
    bool row, any = false;
    /* A bare database, or a pack with a kind of that name, has no list of conflicts. */
    TRY(domain_prepare_own(
        domain, &fields, "SELECT 1 FROM sqlite_schema WHERE name = 'conflict' AND type = 'view'"));
    TRY(domain_step(fields, &row));
    domain_end(fields);
    fields = NULL;
    if (!row) {
        domain_put(sql, kind);
        goto out;
    }
    TRY(domain_prepare_own(domain, &fields,
                           "SELECT DISTINCT f.key FROM conflict c JOIN domain_field f"
                           " ON f.kind = c.kind AND f.key = c.field WHERE c.kind = :kind"
                           " AND f.type IN ('date', 'datetime')"));
    domain_bind(fields, ":kind", kind);
    for (;; any = true) {
        TRY(domain_step(fields, &row));
        if (!row)
            break;
        const char *key = domain_text(fields, 0);
        domain_put(sql, any ? ", " : "(SELECT ");
        domain_put(sql, "coalesce((SELECT min(v.value->>'$.value') FROM conflict c,"
                        " json_each(c.\"values\") v WHERE c.record = k.id AND c.field = '");
        domain_put(sql, key);
        domain_put(sql, "'), k.");
        domain_put(sql, key);
        domain_put(sql, ") AS ");
        domain_put(sql, key);
    }
    /* The first column of a name is the one that counts. */
    domain_put(sql, any ? ", k.* FROM " : "");
    domain_put(sql, kind);
    domain_put(sql, any ? " k)" : "");
out:
    domain_end(fields);
    return err;
}

static bool is_about_colleagues(const struct agenda_rule *rule)
{
    return rule->source && strcmp(rule->source, "colleague") == 0;
}

/* Whether the database knows who wrote what: a bare one does not. */
static enum err knows_devices(const struct domain *domain, bool *knows)
{
    sqlite3_stmt *find = NULL;
    enum err err = ERR_OK;
    TRY(domain_prepare_own(domain, &find, "SELECT 1 FROM sqlite_schema WHERE name = 'core_entry'"));
    TRY(domain_step(find, knows));
out:
    domain_end(find);
    return err;
}

static enum err prepare_rows(const struct domain *domain, const struct agenda_query *query,
                             const struct agenda_rule *rule, sqlite3_stmt **rows)
{
    struct buf sql = {.max = 1 << 18};
    enum err err = ERR_OK;
    domain_put(&sql, "SELECT r.id, r.dossier");
    put_piece(&sql, rule->date, "NULL");
    put_piece(&sql, rule->week, "NULL");
    put_piece(&sql, rule->region, "NULL");
    put_piece(&sql, rule->until, "NULL");
    for (size_t i = 0; i < rule->points_n; i++)
        put_piece(&sql, rule->points[i].condition, "1");
    domain_put(&sql, " FROM ");
    if (rule->kind)
        TRY(put_table(domain, rule->kind, &sql));
    else
        domain_put(&sql, is_about_colleagues(rule) ? COLLEAGUES : DEVICE);
    domain_put(&sql, " r WHERE NOT r.mistake AND (");
    domain_put(&sql, rule->condition ? rule->condition : "1");
    domain_put(&sql, query->record ? ") AND r.id = :id" : ")");
    buf_u8(&sql, 0);
    TRY(sql.err);
    TRY(domain_prepare(domain, rows, "%s", (const char *)sql.bytes));
    domain_bind(*rows, ":id", query->record);
out:
    buf_free(&sql);
    return err;
}

static enum err put_item(struct agenda *agenda, const struct agenda_rule *rule,
                         const struct agenda_point *point, sqlite3_stmt *row, int32_t due)
{
    struct agenda_item *item = agenda_add(agenda);
    if (!item)
        return ERR_MEMORY;
    snprintf(item->record, sizeof item->record, "%s", domain_text(row, COL_ID));
    snprintf(item->dossier, sizeof item->dossier, "%s", domain_text(row, COL_DOSSIER));
    item->rule = rule->key;
    item->point = point->key;
    item->kind = rule->kind ? rule->kind : "";
    item->target = point->target;
    item->target_label = point->target_label;
    item->audience = rule->audience;
    item->label = point->label;
    item->rule_label = rule->label;
    item->window = rule->window;
    item->proposal = rule->proposal;
    item->due = item->planned = due;
    domain_hash(item->id, item->record, rule->key, point->key);
    item->visit_key = point->visit;
    return ERR_OK;
}

static enum err put_row(struct agenda *agenda, const struct agenda_rule *rule, sqlite3_stmt *row)
{
    int32_t from, until = INT32_MAX;
    uint8_t week = CIVIL_MONDAY_TO_FRIDAY;
    enum err err = ERR_OK;
    if (!day_in(domain_text(row, COL_DATE), &from))
        return ERR_OK;
    if (!civil_week_parse(domain_text(row, COL_WEEK), &week))
        week = CIVIL_MONDAY_TO_FRIDAY;
    enum civil_region region = civil_region_from_key(domain_text(row, COL_REGION));
    (void)day_in(domain_text(row, COL_UNTIL), &until);
    for (size_t i = 0; i < rule->points_n; i++) {
        if (!sqlite3_column_int(row, COL_POINTS + (int)i))
            continue;
        int32_t due = day_of(&rule->points[i], from, week, region);
        if (due <= until)
            TRY(put_item(agenda, rule, &rule->points[i], row, due));
    }
out:
    return err;
}

/* --- what resolves them --- */

/* Copies a condition; :item, :point and :due become columns. What stands in quotes is left alone. */
static void put_condition(struct buf *sql, const char *piece)
{
    char quote = 0;
    for (const char *at = piece; *at; at++) {
        size_t word = 0;
        if (quote)
            quote = *at == quote ? 0 : quote;
        else if (*at == '\'' || *at == '"')
            quote = *at;
        else if (*at == ':')
            word = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz");
        if ((word == 4 && strncmp(at + 1, "item", 4) == 0) ||
            (word == 5 && strncmp(at + 1, "point", 5) == 0) ||
            (word == 3 && strncmp(at + 1, "due", 3) == 0)) {
            domain_put(sql, ITEM ".");
            buf_put(sql, at + 1, word);
            at += word;
        } else {
            buf_put(sql, at, 1);
        }
    }
}

/* seq of the items that a row of a kind resolves, its id, its date; the latest decision comes last. */
static enum err prepare_join(const struct domain *domain, const struct agenda_rule *rule,
                             sqlite3_stmt *done, sqlite3_stmt **rows)
{
    struct buf sql = {.max = 1 << 18};
    enum err err = ERR_OK;
    domain_put(&sql, "SELECT " ITEM ".seq, s.id, (");
    put_condition(&sql,
                  sqlite3_column_type(done, 3) == SQLITE_NULL ? "NULL" : domain_text(done, 3));
    domain_put(&sql, ") FROM core_agenda " ITEM " CROSS JOIN ");
    domain_put(&sql, rule->kind);
    domain_put(&sql, " r ON r.id = " ITEM ".record JOIN ");
    domain_put(&sql, domain_text(done, 1));
    domain_put(&sql, " s WHERE NOT s.mistake AND (");
    put_condition(&sql, sqlite3_column_type(done, 2) == SQLITE_NULL ? "1" : domain_text(done, 2));
    domain_put(&sql, ") ORDER BY s.created_at, s.id");
    buf_u8(&sql, 0);
    TRY(sql.err);
    TRY(domain_prepare(domain, rows, "%s", (const char *)sql.bytes));
out:
    buf_free(&sql);
    return err;
}

static void resolve(struct agenda_item *item, const char *role, const char *id, const char *date)
{
    int32_t day;
    if (strcmp(role, "done") == 0) {
        item->state = AGENDA_DONE;
    } else if (strcmp(role, "may_resolve") == 0) {
        snprintf(item->may_resolve, sizeof item->may_resolve, "%s", id);
    } else if (day_in(date, &day)) {
        item->due = day;
        item->moved = true;
    }
}

static enum err resolve_by(const struct domain *domain, const struct agenda_rule *rule,
                           sqlite3_stmt *done, struct agenda_item *items)
{
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(prepare_join(domain, rule, done, &rows));
    for (;;) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        resolve(&items[sqlite3_column_int64(rows, 0)], domain_text(done, 0), domain_text(rows, 1),
                domain_text(rows, 2));
    }
out:
    sqlite3_finalize(rows);
    return err;
}

static enum err fill(const struct domain *domain, const struct agenda_item *items, size_t n)
{
    sqlite3_stmt *put = NULL;
    char due[CIVIL_TEXT_LEN];
    enum err err = ERR_OK;
    bool row;
    TRY(domain_run(domain, "DELETE FROM core_agenda"));
    TRY(domain_prepare_own(domain, &put, "INSERT INTO core_agenda VALUES(?1, ?2, ?3, ?4, ?5)"));
    for (size_t i = 0; i < n; i++) {
        civil_format(items[i].planned, due);
        sqlite3_bind_int64(put, 1, (sqlite3_int64)i);
        sqlite3_bind_text(put, 2, items[i].id, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 3, items[i].record, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 4, items[i].point, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 5, due, -1, SQLITE_STATIC);
        TRY(domain_step(put, &row));
        sqlite3_reset(put);
    }
out:
    sqlite3_finalize(put);
    return err;
}

static enum err resolve_all(const struct domain *domain, const struct agenda_rule *rule,
                            struct agenda_item *items, size_t n)
{
    sqlite3_stmt *done = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_run(domain, "SAVEPOINT core_agenda"));
    TRY(fill(domain, items, n));
    TRY(domain_prepare_own(domain, &done,
                           "SELECT role, kind, condition, date FROM domain_rule_done"
                           " WHERE rule = :rule ORDER BY role, position"));
    domain_bind(done, ":rule", rule->key);
    for (;;) {
        TRY(domain_step(done, &row));
        if (!row)
            break;
        TRY(resolve_by(domain, rule, done, items));
    }
    TRY(domain_run(domain, "DELETE FROM core_agenda"));
out:
    sqlite3_finalize(done);
    if (domain_run(domain, "RELEASE core_agenda") != ERR_OK && err == ERR_OK)
        err = ERR_IO;
    return err;
}

/* Of a device's items only the last one that has come counts: each day of silence replaces the reminder before. */
static void keep_latest(const struct domain *domain, struct agenda *agenda, size_t first)
{
    size_t kept = first;
    for (size_t i = first; i < agenda->n; i++) {
        struct agenda_item *item = &agenda->items[i];
        size_t same = first;
        if (item->due > domain->today)
            continue;
        while (same < kept && strcmp(agenda->items[same].record, item->record) != 0)
            same++;
        if (same == kept || item->due > agenda->items[same].due)
            agenda->items[same] = *item;
        kept += same == kept;
    }
    agenda->n = kept;
}

enum err agenda_rule_items(const struct domain *domain, const struct agenda_query *query,
                           const struct agenda_rule *rule, struct agenda *agenda)
{
    sqlite3_stmt *rows = NULL;
    size_t first = agenda->n;
    enum err err = ERR_OK;
    bool row;
    if (!rule->kind && (!domain->me || query->record))
        return ERR_OK;
    if (is_about_colleagues(rule)) {
        TRY(knows_devices(domain, &row));
        if (!row)
            return ERR_OK;
    }
    TRY(prepare_rows(domain, query, rule, &rows));
    for (;;) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        TRY(put_row(agenda, rule, rows));
    }
    if (!rule->kind)
        keep_latest(domain, agenda, first);
    else if (agenda->n > first)
        TRY(resolve_all(domain, rule, agenda->items + first, agenda->n - first));
out:
    sqlite3_finalize(rows);
    return err;
}
