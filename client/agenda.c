/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules are read from the pack's tables, each gives its items (agenda_rule.c), and what is left is sorted, cut to
 * the days asked for, and merged into visits.
 */
#include "client/agenda.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/agenda_inside.h"
#include "client/civil.h"

/* Texts of the pack that items borrow: a chain of blocks, freed whole. */
struct kept {
    struct kept *next;
    char text[];
};

struct inside {
    struct kept *kept;
    size_t cap;
};

const char *agenda_keep(struct agenda *agenda, const char *text)
{
    struct inside *inside = agenda->inside;
    if (!text)
        return NULL;
    size_t len = strlen(text) + 1;
    struct kept *kept = malloc(sizeof *kept + len);
    if (!kept)
        return NULL;
    memcpy(kept->text, text, len);
    kept->next = inside->kept;
    inside->kept = kept;
    return kept->text;
}

struct agenda_item *agenda_add(struct agenda *agenda)
{
    struct inside *inside = agenda->inside;
    if (agenda->n == inside->cap) {
        size_t cap = inside->cap ? inside->cap * 2 : 256;
        struct agenda_item *items = realloc(agenda->items, cap * sizeof *items);
        if (!items)
            return NULL;
        agenda->items = items;
        inside->cap = cap;
    }
    struct agenda_item *item = &agenda->items[agenda->n++];
    memset(item, 0, sizeof *item);
    return item;
}

void agenda_free(struct agenda *agenda)
{
    struct inside *inside = agenda->inside;
    while (inside && inside->kept) {
        struct kept *next = inside->kept->next;
        free(inside->kept);
        inside->kept = next;
    }
    free(inside);
    free(agenda->items);
    *agenda = (struct agenda){0};
}

const char *agenda_state_word(enum agenda_state state)
{
    static const char *const words[] = {"later", "due", "overdue", "done"};
    return words[state];
}

/* --- reading the rules --- */

static enum err keep_label(const struct domain *domain, struct agenda *agenda, const char *path,
                           const char **out)
{
    struct buf word = {.max = 4096};
    enum err err = ERR_OK;
    TRY(domain_word(domain, path, "label", &word));
    buf_u8(&word, 0);
    TRY(word.err);
    *out = agenda_keep(agenda, (const char *)word.bytes);
    err = *out ? ERR_OK : ERR_MEMORY;
out:
    buf_free(&word);
    return err;
}

/* The text of a column, kept; NULL where it is null. */
static const char *keep(struct agenda *agenda, sqlite3_stmt *row, int column)
{
    return agenda_keep(agenda, (const char *)sqlite3_column_text(row, column));
}

/* Who a point is with is stored where the rule's answers say so: there it has its wording. */
static enum err keep_target(const struct domain *domain, struct agenda *agenda,
                            const struct agenda_rule *rule, struct agenda_point *point)
{
    sqlite3_stmt *find = NULL;
    struct buf word = {.max = 4096};
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(domain, &find,
                           "SELECT a.kind || '.' || f.key FROM domain_rule_answer a,"
                           " json_each(a.fields) f WHERE f.value = ':target'"
                           " ORDER BY a.rule = :rule DESC LIMIT 1"));
    domain_bind(find, ":rule", rule->key);
    TRY(domain_step(find, &row));
    TRY(domain_shown(domain, row ? domain_field(domain, domain_text(find, 0)) : NULL, point->target,
                     &word));
    buf_u8(&word, 0);
    TRY(word.err);
    point->target_label = agenda_keep(agenda, (const char *)word.bytes);
    err = point->target_label ? ERR_OK : ERR_MEMORY;
out:
    sqlite3_finalize(find);
    buf_free(&word);
    return err;
}

static enum err read_points(const struct domain *domain, struct agenda *agenda,
                            struct agenda_rule *rule)
{
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(domain, &rows,
                           "SELECT key, unit, n, move, coalesce(target, ''), visit, condition, path"
                           " FROM domain_rule_point WHERE rule = :rule ORDER BY position"));
    domain_bind(rows, ":rule", rule->key);
    while (rule->points_n < AGENDA_POINTS_MAX) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        struct agenda_point *point = &rule->points[rule->points_n++];
        *point = (struct agenda_point){.key = keep(agenda, rows, 0),
                                       .unit = keep(agenda, rows, 1),
                                       .n = sqlite3_column_int(rows, 2),
                                       .move = keep(agenda, rows, 3),
                                       .target = keep(agenda, rows, 4),
                                       .visit = keep(agenda, rows, 5),
                                       .condition = keep(agenda, rows, 6)};
        if (!point->key || !point->unit || !point->move || !point->target)
            TRY(ERR_MEMORY);
        TRY(keep_target(domain, agenda, rule, point));
        TRY(keep_label(domain, agenda, domain_text(rows, 7), &point->label));
    }
out:
    sqlite3_finalize(rows);
    return err;
}

static enum err read_rule(const struct domain *domain, struct agenda *agenda, sqlite3_stmt *row,
                          struct agenda_rule *rule)
{
    enum err err = ERR_OK;
    *rule = (struct agenda_rule){.key = keep(agenda, row, 0),
                                 .kind = keep(agenda, row, 1),
                                 .source = keep(agenda, row, 2),
                                 .date = keep(agenda, row, 3),
                                 .condition = keep(agenda, row, 4),
                                 .until = keep(agenda, row, 5),
                                 .region = keep(agenda, row, 6),
                                 .week = keep(agenda, row, 7),
                                 .proposal = sqlite3_column_int(row, 8) != 0,
                                 .audience = keep(agenda, row, 9),
                                 .window = sqlite3_column_int(row, 10)};
    if (!rule->key || !rule->date || !rule->audience)
        return ERR_MEMORY;
    TRY(keep_label(domain, agenda, domain_text(row, 11), &rule->label));
    TRY(read_points(domain, agenda, rule));
out:
    return err;
}

/* --- from all items to those asked for --- */

/* Whether an item is wanted; sets its state. */
static bool wanted(const struct domain *domain, const struct agenda_query *query, int32_t ahead,
                   int32_t behind, struct agenda_item *item)
{
    if (item->state == AGENDA_DONE)
        return query->done;
    item->state = item->due < domain->today                   ? AGENDA_OVERDUE
                  : item->due - item->window <= domain->today ? AGENDA_DUE
                                                              : AGENDA_LATER;
    if (query->record)
        return true;
    if (item->due < domain->today - behind)
        return false;
    return query->has_until ? item->due <= query->until
                            : item->state != AGENDA_LATER || item->due <= domain->today + ahead;
}

static int by_day(const void *a, const void *b)
{
    const struct agenda_item *x = a, *y = b;
    if (x->due != y->due)
        return x->due < y->due ? -1 : 1;
    int order = strcmp(x->dossier, y->dossier);
    order = order ? order : strcmp(x->record, y->record);
    order = order ? order : strcmp(x->rule, y->rule);
    order = order ? order : strcmp(x->point, y->point);
    return order;
}

static bool together(const struct agenda_item *a, const struct agenda_item *b)
{
    return a->due == b->due && strcmp(a->record, b->record) == 0;
}

/* Whether another item of the same record and day belongs to the same visit; they are neighbours. */
static bool in_company(const struct agenda *agenda, size_t place)
{
    const struct agenda_item *items = agenda->items, *item = &items[place];
    for (size_t i = place; i-- > 0 && together(&items[i], item);) {
        if (items[i].visit_key && strcmp(items[i].visit_key, item->visit_key) == 0)
            return true;
    }
    for (size_t i = place + 1; i < agenda->n && together(&items[i], item); i++) {
        if (items[i].visit_key && strcmp(items[i].visit_key, item->visit_key) == 0)
            return true;
    }
    return false;
}

static void merge_visits(struct agenda *agenda)
{
    char due[CIVIL_TEXT_LEN];
    for (size_t i = 0; i < agenda->n; i++) {
        struct agenda_item *item = &agenda->items[i];
        if (!item->visit_key || !in_company(agenda, i))
            continue;
        civil_format(item->due, due);
        domain_hash(item->visit, item->record, item->visit_key, due);
    }
}

static void cut(const struct domain *domain, const struct agenda_query *query,
                struct agenda *agenda)
{
    int32_t ahead = (int32_t)domain_setting(domain, "agenda_jours", 14);
    int32_t behind = (int32_t)domain_setting(domain, "agenda_retard_jours", 180);
    size_t kept = 0;
    for (size_t i = 0; i < agenda->n; i++) {
        if (wanted(domain, query, ahead, behind, &agenda->items[i]))
            agenda->items[kept++] = agenda->items[i];
    }
    agenda->n = kept;
    if (kept)
        qsort(agenda->items, kept, sizeof *agenda->items, by_day);
    merge_visits(agenda);
}

enum err agenda_make(const struct domain *domain, const struct agenda_query *query,
                     struct agenda *agenda)
{
    sqlite3_stmt *rules = NULL;
    struct agenda_rule *rule = NULL;
    enum err err = ERR_OK;
    bool row;
    *agenda = (struct agenda){.inside = calloc(1, sizeof(struct inside))};
    rule = calloc(1, sizeof *rule);
    if (!agenda->inside || !rule)
        TRY(ERR_MEMORY);
    TRY(domain_index(domain));
    TRY(domain_run(domain, "CREATE TABLE IF NOT EXISTS core_agenda(seq INTEGER PRIMARY KEY,"
                           " item TEXT, record TEXT, point TEXT, due TEXT)"));
    TRY(domain_prepare_own(domain, &rules,
                           "SELECT key, kind, source, date, condition, until, region, week,"
                           " proposal, audience, window, path FROM domain_rule ORDER BY position"));
    for (;;) {
        TRY(domain_step(rules, &row));
        if (!row)
            break;
        TRY(read_rule(domain, agenda, rules, rule));
        TRY(agenda_rule_items(domain, query, rule, agenda));
    }
    cut(domain, query, agenda);
out:
    sqlite3_finalize(rules);
    free(rule);
    if (err != ERR_OK)
        agenda_free(agenda);
    return err;
}

/* --- as a table --- */

static void put_day(struct pas_table *table, int32_t day)
{
    char text[CIVIL_TEXT_LEN];
    civil_format(day, text);
    pas_table_text(table, text);
}

static void put_or_null(struct pas_table *table, const char *text)
{
    pas_table_text(table, text && *text ? text : NULL);
}

/* A device's name; "" where the database does not know its members. */
static void name_device(const struct domain *domain, const char *device,
                        char out[static DOMAIN_TITLE_MAX])
{
    sqlite3_stmt *find = NULL;
    bool row = false;
    if (domain_prepare_own(domain, &find,
                           "SELECT name FROM core_member WHERE device = :device LIMIT 1") ==
        ERR_OK) {
        domain_bind(find, ":device", device);
        if (domain_step(find, &row) == ERR_OK && row)
            snprintf(out, DOMAIN_TITLE_MAX, "%s", domain_text(find, 0));
    }
    domain_end(find);
}

static enum err put_item(const struct domain *domain, const struct agenda_item *item,
                         sqlite3_stmt *code, struct pas_table *table)
{
    char title[DOMAIN_TITLE_MAX], who[DOMAIN_TITLE_MAX];
    enum err err = ERR_OK;
    bool row = false;
    domain_title(domain, item->record, title);
    domain_title(domain, item->dossier, who);
    if (!item->kind[0])
        name_device(domain, item->record, title);
    sqlite3_reset(code);
    domain_bind(code, ":id", item->record);
    TRY(domain_step(code, &row));
    pas_table_row(table);
    pas_table_text(table, item->id);
    pas_table_text(table, item->point);
    pas_table_text(table, item->rule);
    put_day(table, item->due);
    pas_table_text(table, agenda_state_word(item->state));
    pas_table_int(table, domain->today - item->due);
    put_or_null(table, item->kind);
    pas_table_text(table, item->record);
    put_or_null(table, row ? domain_text(code, 0) : NULL);
    put_or_null(table, title);
    pas_table_text(table, item->dossier);
    put_or_null(table, who);
    pas_table_text(table, item->label);
    pas_table_text(table, item->rule_label);
    put_or_null(table, item->target);
    if (item->target[0])
        pas_table_shown_set(table, item->target_label);
    put_or_null(table, item->visit);
    pas_table_bool(table, item->proposal);
    if (item->moved)
        put_day(table, item->planned);
    else
        pas_table_null(table);
    put_or_null(table, item->may_resolve);
    pas_table_text(table, item->audience);
out:
    return err;
}

/* The statement that finds a record's short code in any kind's table. */
static enum err prepare_code(const struct domain *domain, sqlite3_stmt **code)
{
    struct buf sql = {.max = 1 << 16};
    enum err err = ERR_OK;
    domain_put(&sql, "SELECT NULL WHERE 0");
    for (size_t i = 0; i < domain->pack->kinds_n; i++) {
        domain_put(&sql, " UNION ALL SELECT code FROM ");
        domain_put(&sql, domain->pack->kinds[i].key);
        domain_put(&sql, " WHERE id = :id");
    }
    buf_u8(&sql, 0);
    TRY(sql.err);
    TRY(domain_prepare_own(domain, code, "%s", (const char *)sql.bytes));
out:
    buf_free(&sql);
    return err;
}

enum err agenda_table(const struct domain *domain, const struct agenda *agenda,
                      struct pas_table **out)
{
    struct pas_table *table = NULL;
    sqlite3_stmt *code = NULL;
    enum err err = ERR_OK;
    *out = NULL;
    TRY(prepare_code(domain, &code));
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "id rule series due state days kind record code title dossier who"
                                 " label series_label target visit proposal moved_from may_resolve"
                                 " audience");
    for (size_t i = 0; i < agenda->n; i++)
        TRY(put_item(domain, &agenda->items[i], code, table));
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    sqlite3_finalize(code);
    pas_table_free(table);
    return err;
}
