/* SPDX-License-Identifier: Apache-2.0
 *
 * The pack says for each kind what the last contact is and how long a file is kept after it. A review that was postponed
 * is silent until its day: the agenda's rules know, since both are answered by the same records.
 */
#include "client/retention.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "client/agenda.h"
#include "client/civil.h"

struct due {
    char kind[PACK_KEY_MAX + 1], id[PACK_REF_MAX], code[16], label[256];
    int32_t last, review, purge, postponed; /* postponed: 0 = not */
    const char *state;
};

struct list {
    struct due *due;
    size_t n, cap;
};

static struct due *grow(struct list *list)
{
    if (list->n == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 64;
        struct due *due = realloc(list->due, cap * sizeof *due);
        if (!due)
            return NULL;
        list->due = due;
        list->cap = cap;
    }
    return memset(&list->due[list->n++], 0, sizeof *list->due);
}

static const char *state_of(const struct domain *domain, const struct due *due)
{
    if (due->postponed > domain->today)
        return "postponed";
    return due->purge <= domain->today ? "purge" : due->review <= domain->today ? "review" : "kept";
}

static bool day_in(const char *text, int32_t *day)
{
    char date[CIVIL_TEXT_LEN] = "";
    strncat(date, text, sizeof date - 1);
    return civil_parse(date, day);
}

/* Postponed by whoever reviewed it: the latest day. */
static int32_t postponed_to(const struct agenda *agenda, const char *rule, const char *record)
{
    int32_t day = 0;
    for (size_t i = 0; i < agenda->n; i++) {
        const struct agenda_item *item = &agenda->items[i];
        if (item->moved && item->due > day && strcmp(item->rule, rule) == 0 &&
            strcmp(item->record, record) == 0)
            day = item->due;
    }
    return day;
}

static enum err put_kind(const struct domain *domain, const struct agenda *agenda,
                         sqlite3_stmt *rule, struct list *list)
{
    sqlite3_stmt *rows = NULL;
    struct buf label = {.max = 512};
    enum err err = ERR_OK;
    const char *kind = domain_text(rule, 0);
    const char *when = sqlite3_column_type(rule, 4) == SQLITE_NULL ? "1" : domain_text(rule, 4);
    bool row;
    TRY(domain_word(domain, domain_text(rule, 5), "label", &label));
    buf_u8(&label, 0);
    TRY(label.err);
    TRY(domain_prepare(domain, &rows,
                       "SELECT r.id, r.code, (%s) FROM \"%w\" r WHERE NOT r.mistake AND (%s)",
                       domain_text(rule, 1), kind, when));
    for (;;) {
        int32_t last;
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        if (!day_in(domain_text(rows, 2), &last))
            continue;
        struct due *due = grow(list);
        if (!due)
            TRY(ERR_MEMORY);
        strncat(due->kind, kind, sizeof due->kind - 1);
        strncat(due->id, domain_text(rows, 0), sizeof due->id - 1);
        strncat(due->code, domain_text(rows, 1), sizeof due->code - 1);
        strncat(due->label, (const char *)label.bytes, sizeof due->label - 1);
        due->last = last;
        due->review = civil_add_months(last, sqlite3_column_int(rule, 2));
        due->purge = civil_add_months(last, sqlite3_column_int(rule, 3));
        due->postponed = postponed_to(agenda, domain_text(rule, 6), due->id);
        due->state = state_of(domain, due);
    }
out:
    sqlite3_finalize(rows);
    buf_free(&label);
    return err;
}

static int by_review(const void *a, const void *b)
{
    const struct due *x = a, *y = b;
    return x->review != y->review ? (x->review < y->review ? -1 : 1) : strcmp(x->id, y->id);
}

static void put_day(struct pas_table *table, int32_t day)
{
    char text[CIVIL_TEXT_LEN];
    civil_format(day, text);
    pas_table_text(table, text);
}

static void put_due(const struct domain *domain, const struct due *due, struct pas_table *table)
{
    char title[DOMAIN_TITLE_MAX];
    domain_title(domain, due->id, title);
    pas_table_row(table);
    pas_table_text(table, due->kind);
    pas_table_text(table, due->id);
    pas_table_text(table, due->code);
    pas_table_text(table, title);
    put_day(table, due->last);
    put_day(table, due->review);
    put_day(table, due->purge);
    pas_table_text(table, due->state);
    if (due->postponed)
        put_day(table, due->postponed);
    else
        pas_table_null(table);
    pas_table_text(table, due->label);
}

enum err retention_table(const struct domain *domain, bool all, struct pas_table **out)
{
    struct agenda_query query = {.has_until = true, .until = domain->today + 4000};
    struct agenda agenda = {0};
    struct list list = {0};
    struct pas_table *table = NULL;
    sqlite3_stmt *rules = NULL;
    enum err err = ERR_OK;
    bool row;
    *out = NULL;
    TRY(agenda_make(domain, &query, &agenda));
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "kind id code title last_contact review purge state postponed_to"
                                 " label");
    TRY(domain_prepare_own(domain, &rules,
                           "SELECT kind, last_contact, review_months, purge_months, condition,"
                           " path, rule FROM domain_retention ORDER BY rowid"));
    for (;;) {
        TRY(domain_step(rules, &row));
        if (!row)
            break;
        TRY(put_kind(domain, &agenda, rules, &list));
    }
    if (list.n)
        qsort(list.due, list.n, sizeof *list.due, by_review);
    for (size_t i = 0; i < list.n; i++) {
        bool due =
            strcmp(list.due[i].state, "review") == 0 || strcmp(list.due[i].state, "purge") == 0;
        if (all || due)
            put_due(domain, &list.due[i], table);
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    sqlite3_finalize(rules);
    agenda_free(&agenda);
    free(list.due);
    pas_table_free(table);
    return err;
}
