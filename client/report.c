/* SPDX-License-Identifier: Apache-2.0
 *
 * A report is computed once, with its wordings and masks, and then written in whichever form is asked for: what is
 * hidden is not in the tables any more.
 */
#include "client/report.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/civil.h"
#include "client/report_inside.h"
#include "proto/digest.h"

/* Wipes: titles of parts are harmless, charts hold figures. */
static void free_text(char *text)
{
    if (text)
        digest_wipe(text, strlen(text));
    free(text);
}

static enum err take(struct buf *text, char **out)
{
    enum err err = pas_take_text(text, out);
    buf_free(text);
    return err;
}

static enum err word(const struct domain *domain, const char *path, const char *member, char **out)
{
    struct buf text = {.max = 8192};
    enum err err = domain_word(domain, path, member, &text);
    if (err == ERR_OK && text.len > 0)
        return take(&text, out);
    buf_free(&text);
    return err;
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->parts_n; i++) {
        struct report_part *part = &report->parts[i];
        free_text(part->title);
        free_text(part->svg);
        for (size_t c = 0; c < REPORT_COLUMNS_MAX; c++)
            free_text(part->definitions[c]);
        pas_table_free(part->table);
    }
    free_text(report->code);
    free_text(report->title);
    free_text(report->period);
    *report = (struct report){0};
}

/* "Du 01/01/2025, Au 31/12/2025". */
static enum err put_period(const struct domain *domain, struct report *report,
                           const struct report_params *params)
{
    static const struct pack_field date = {.type = PACK_DATE}, ref = {.type = PACK_REF};
    struct buf text = {.max = 4096};
    enum err err = ERR_OK;
    char path[2 * PACK_KEY_MAX + 32];
    int32_t day;
    for (size_t i = 0; i < params->n; i++) {
        const struct report_param *param = &params->list[i];
        snprintf(path, sizeof path, "reports.%s.params.%s", report->key, param->name + 1);
        if (i)
            domain_put(&text, ", ");
        TRY(domain_word(domain, path, "label", &text));
        domain_put(&text, " ");
        bool names = pack_kind_by_key(domain->pack, param->name + 1) != NULL;
        TRY(domain_shown(domain,
                         names                             ? &ref
                         : civil_parse(param->value, &day) ? &date
                                                           : NULL,
                         param->value, &text));
    }
    TRY(take(&text, &report->period));
out:
    buf_free(&text);
    return err;
}

/* --- one part --- */

/* How a column of a part is shown. */
struct column {
    int at; /* in the statement; -1 = it is not there */
    bool count;
    bool derived; /* made of the counts of its row: hidden with any of them */
    bool worded;  /* its values have wordings of their own, under path.options */
    const struct pack_field *of;
    char path[4 * PACK_KEY_MAX + 32];
};

static int find_column(sqlite3_stmt *rows, const char *name)
{
    for (int i = 0; i < sqlite3_column_count(rows); i++) {
        if (strcmp(sqlite3_column_name(rows, i), name) == 0)
            return i;
    }
    return -1;
}

static enum err read_columns(const struct domain *domain, const struct report *report,
                             struct report_part *part, sqlite3_stmt *rows,
                             struct column columns[static REPORT_COLUMNS_MAX], size_t *n)
{
    sqlite3_stmt *find = NULL;
    char *label = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(domain, &find,
                           "SELECT key, count, of, path, derived, worded"
                           " FROM domain_report_column"
                           " WHERE report = :report AND part = :part ORDER BY position"));
    domain_bind(find, ":report", report->key);
    domain_bind(find, ":part", part->key);
    for (*n = 0; *n < REPORT_COLUMNS_MAX; ++*n) {
        TRY(domain_step(find, &row));
        if (!row)
            break;
        columns[*n] = (struct column){.at = find_column(rows, domain_text(find, 0)),
                                      .count = sqlite3_column_int(find, 1) != 0,
                                      .derived = sqlite3_column_int(find, 4) != 0,
                                      .worded = sqlite3_column_int(find, 5) != 0,
                                      .of = domain_field(domain, domain_text(find, 2))};
        snprintf(columns[*n].path, sizeof columns[*n].path, "%s", domain_text(find, 3));
        TRY(word(domain, domain_text(find, 3), "label", &label));
        TRY(word(domain, domain_text(find, 3), "definition", &part->definitions[*n]));
        pas_table_column(part->table, domain_text(find, 0), label);
        free_text(label);
        label = NULL;
    }
out:
    free_text(label);
    sqlite3_finalize(find);
    return err;
}

/* A count below `least` (0: none is hidden). */
static bool too_small(const struct column *column, sqlite3_stmt *rows, int64_t least)
{
    return column->count && column->at >= 0 &&
           sqlite3_column_type(rows, column->at) != SQLITE_NULL &&
           sqlite3_column_int64(rows, column->at) < least;
}

static void put_hidden(struct report_part *part, const struct column *column, int64_t least)
{
    char hidden[32] = "—";
    if (!column->derived)
        snprintf(hidden, sizeof hidden, "< %lld", (long long)least);
    pas_table_null(part->table);
    pas_table_shown_set(part->table, hidden);
    part->masked = true;
}

/* The wording of a value that only this column has. */
static enum err put_word(const struct domain *domain, const struct column *column, const char *text,
                         struct buf *shown)
{
    char place[sizeof column->path + PACK_KEY_MAX + 16];
    snprintf(place, sizeof place, "%s.options.%.*s", column->path, PACK_KEY_MAX, text);
    return domain_word(domain, place, "label", shown);
}

static enum err put_cell(const struct domain *domain, struct report_part *part,
                         const struct column *column, sqlite3_stmt *rows)
{
    struct buf shown = {.max = 1 << 20};
    int type = column->at < 0 ? SQLITE_NULL : sqlite3_column_type(rows, column->at);
    const char *text = column->at < 0 ? "" : domain_text(rows, column->at);
    enum err err = ERR_OK;
    switch (type) {
    case SQLITE_NULL:
        pas_table_null(part->table);
        break;
    case SQLITE_INTEGER:
        pas_table_int(part->table, sqlite3_column_int64(rows, column->at));
        break;
    case SQLITE_FLOAT:
        pas_table_real(part->table, sqlite3_column_double(rows, column->at));
        break;
    default:
        pas_table_text(part->table, text);
    }
    static const struct pack_field date = {.type = PACK_DATE};
    int32_t day;
    bool when = civil_parse(text, &day) || (strlen(text) == 20 && text[19] == 'Z');
    const struct pack_field *of = column->of ? column->of : when ? &date : NULL;
    if (column->worded)
        TRY(put_word(domain, column, text, &shown));
    if (shown.len == 0)
        TRY(domain_shown(domain, of, text, &shown));
    buf_u8(&shown, 0);
    TRY(shown.err);
    if (shown.len > 1)
        pas_table_shown_set(part->table, (const char *)shown.bytes);
out:
    buf_free(&shown);
    return err;
}

static enum err put_row(const struct domain *domain, struct report_part *part,
                        const struct column *columns, size_t n, sqlite3_stmt *rows, int64_t least)
{
    enum err err = ERR_OK;
    bool hides = false;
    for (size_t i = 0; i < n; i++)
        hides = hides || too_small(&columns[i], rows, least);
    pas_table_row(part->table);
    for (size_t i = 0; i < n; i++) {
        if (too_small(&columns[i], rows, least) || (hides && columns[i].derived))
            put_hidden(part, &columns[i], least);
        else
            TRY(put_cell(domain, part, &columns[i], rows));
    }
out:
    return err;
}

static enum err fill_part(const struct domain *domain, const struct report *report,
                          struct report_part *part, const char *text,
                          const struct report_params *params, int64_t least)
{
    struct column columns[REPORT_COLUMNS_MAX];
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    size_t n = 0;
    bool row;
    TRY(pas_table_new(&part->table));
    TRY(domain_prepare(domain, &rows, "%s", text));
    for (size_t i = 0; i < params->n; i++)
        domain_bind(rows, params->list[i].name, params->list[i].value);
    TRY(read_columns(domain, report, part, rows, columns, &n));
    for (;;) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        TRY(put_row(domain, part, columns, n, rows, least));
    }
    TRY(pas_table_err(part->table));
out:
    sqlite3_finalize(rows);
    return err;
}

static enum err put_chart(const struct domain *domain, struct report_part *part, const char *json)
{
    sqlite3_stmt *read = NULL;
    struct buf svg = {.max = 1 << 20};
    size_t y[REPORT_SERIES_MAX], y_n = 0, x = SIZE_MAX;
    enum err err = ERR_OK;
    bool row, line = false;
    TRY(domain_prepare_own(domain, &read,
                           "SELECT :json->>'$.type', :json->>'$.x', value"
                           " FROM json_each(:json, '$.y')"));
    domain_bind(read, ":json", json);
    while (y_n < REPORT_SERIES_MAX) {
        TRY(domain_step(read, &row));
        if (!row)
            break;
        line = strcmp(domain_text(read, 0), "line") == 0;
        x = pas_table_find(part->table, domain_text(read, 1));
        size_t column = pas_table_find(part->table, domain_text(read, 2));
        if (column != SIZE_MAX)
            y[y_n++] = column;
    }
    if (x == SIZE_MAX || y_n == 0 || pas_table_rows(part->table) == 0)
        goto out;
    report_chart(&svg, part, line, x, y, y_n);
    TRY(take(&svg, &part->svg));
out:
    sqlite3_finalize(read);
    buf_free(&svg);
    return err;
}

/* Columns of the query: key, sql, mask, chart, path, layout, private, nominative. */
static enum err make_part(const struct domain *domain, struct report *report, sqlite3_stmt *row,
                          const struct report_params *params)
{
    struct report_part *part = &report->parts[report->parts_n];
    bool hidden = sqlite3_column_int(row, 6) || sqlite3_column_int(row, 7);
    int64_t least =
        report->shared && sqlite3_column_int(row, 2) ? domain_setting(domain, "masque", 5) : 0;
    enum err err = ERR_OK;
    if (report->shared && hidden)
        return ERR_OK;
    report->parts_n++;
    snprintf(part->key, sizeof part->key, "%s", domain_text(row, 0));
    part->figures = strcmp(domain_text(row, 5), "figures") == 0;
    TRY(word(domain, domain_text(row, 4), "title", &part->title));
    TRY(fill_part(domain, report, part, domain_text(row, 1), params, least));
    if (sqlite3_column_type(row, 3) != SQLITE_NULL)
        TRY(put_chart(domain, part, domain_text(row, 3)));
out:
    return err;
}

/* --- the whole --- */

static enum err find_report(const struct domain *domain, const char *name, struct report *report,
                            bool *audit)
{
    sqlite3_stmt *find = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(domain, &find,
                           "SELECT key, code, path, coalesce(source, '') FROM domain_report"
                           " WHERE upper(key) = upper(:name) OR upper(code) = upper(:name)"
                           " ORDER BY upper(key) = upper(:name) DESC LIMIT 1"));
    domain_bind(find, ":name", name);
    TRY(domain_step(find, &row));
    if (!row)
        TRY(ERR_NOT_FOUND);
    struct buf code = {.max = 256};
    snprintf(report->key, sizeof report->key, "%s", domain_text(find, 0));
    domain_put(&code, domain_text(find, 1));
    *audit = strcmp(domain_text(find, 3), "audit") == 0;
    TRY(take(&code, &report->code));
    TRY(word(domain, domain_text(find, 2), "title", &report->title));
out:
    sqlite3_finalize(find);
    return err;
}

enum err report_make(const struct domain *domain, const char *name,
                     const struct report_options *options, struct report *report,
                     struct pack_why *why)
{
    sqlite3_stmt *parts = NULL;
    struct report_params params = {.n = 0};
    enum err err = ERR_OK;
    bool row, audit = false;
    *report = (struct report){.shared = options->shared};
    why->text[0] = 0;
    TRY(domain_index(domain));
    TRY(find_report(domain, name, report, &audit));
    if (audit)
        TRY(domain_audit_begin(domain, options->log));
    TRY(report_params(domain, report, options, &params, why));
    TRY(put_period(domain, report, &params));
    TRY(domain_prepare_own(domain, &parts,
                           "SELECT key, sql, mask, chart, path, coalesce(json->>'$.layout', ''),"
                           " coalesce(json->>'$.private', 0), coalesce(json->>'$.nominative', 0)"
                           " FROM domain_report_part WHERE report = :report ORDER BY position"));
    domain_bind(parts, ":report", report->key);
    while (report->parts_n < REPORT_PARTS_MAX) {
        TRY(domain_step(parts, &row));
        if (!row)
            break;
        TRY(make_part(domain, report, parts, &params));
    }
out:
    sqlite3_finalize(parts);
    if (audit)
        err = domain_audit_end(domain, err);
    digest_wipe(&params, sizeof params);
    if (err != ERR_OK)
        report_free(report);
    return err;
}

enum err report_list(const struct domain *domain, struct pas_table **out)
{
    sqlite3_stmt *rows = NULL;
    struct pas_table *table = NULL;
    char *title = NULL;
    enum err err = ERR_OK;
    bool row;
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "report code title params");
    TRY(domain_prepare_own(
        domain, &rows,
        "SELECT r.key, r.code, r.path, (SELECT json_group_array(json_object('name', p.key, 'type',"
        " p.type, 'initial', p.initial, 'label', (SELECT l.text FROM domain_label l WHERE l.path ="
        " p.path || '.label' ORDER BY l.lang = :lang DESC, l.lang = 'fr' DESC LIMIT 1)))"
        " FROM domain_report_param p WHERE p.report = r.key ORDER BY p.position)"
        " FROM domain_report r ORDER BY r.position"));
    domain_bind(rows, ":lang", domain->lang);
    for (;;) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        TRY(word(domain, domain_text(rows, 2), "title", &title));
        pas_table_row(table);
        pas_table_text(table, domain_text(rows, 0));
        pas_table_text(table, domain_text(rows, 1));
        pas_table_text(table, title);
        pas_table_json(table, domain_text(rows, 3), strlen(domain_text(rows, 3)));
        free_text(title);
        title = NULL;
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    free_text(title);
    sqlite3_finalize(rows);
    pas_table_free(table);
    return err;
}
