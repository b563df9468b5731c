/* SPDX-License-Identifier: Apache-2.0
 *
 * Agenda, answers, reports, sheets: each call lays the view out for a module of the domain and writes through pas_new
 * and pas_set.
 */
#include "client/pas_domain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/agenda.h"
#include "client/civil.h"
#include "client/duplicate.h"
#include "client/ics.h"
#include "client/match.h"
#include "client/pas_domain_inside.h"
#include "client/report.h"
#include "client/retention.h"
#include "client/sheet.h"

enum { VISIT_MAX = 32 };

struct domain pas_domain_of(const struct pas *pas)
{
    return (struct domain){.db = view_db(pas->view),
                           .pack = pas->pack,
                           .lang = pas->lang,
                           .today = civil_paris((int64_t)(engine_now_ms(pas->engine) / 1000), NULL),
                           .me = pas->device};
}

static enum err read_day(struct pas *pas, const struct domain *domain, const char *text,
                         int32_t *day)
{
    return civil_read(text, &domain->today, day) ? ERR_OK
                                                 : pas_fail(pas, ERR_USAGE, WORD_DAY_BAD, text);
}

/* --- the agenda --- */

static enum err make_agenda(struct pas *pas, const struct domain *domain, const char *until,
                            struct agenda *agenda)
{
    struct agenda_query query = {.has_until = until != NULL};
    enum err err = ERR_OK;
    *agenda = (struct agenda){0};
    if (until)
        TRY(read_day(pas, domain, until, &query.until));
    TRY(agenda_make(domain, &query, agenda));
out:
    return err;
}

int pas_agenda(struct pas *pas, const char *until, struct pas_table **table)
{
    struct domain domain = pas_domain_of(pas);
    struct agenda agenda = {0};
    enum err err = ERR_OK;
    pas_begin(pas);
    *table = NULL;
    TRY(make_agenda(pas, &domain, until, &agenda));
    TRY(agenda_table(&domain, &agenda, table));
out:
    agenda_free(&agenda);
    return pas_end(pas, err);
}

int pas_agenda_ics(struct pas *pas, const char *until, bool titles, char **text)
{
    struct domain domain = pas_domain_of(pas);
    struct ics_options options = {.now_s = (int64_t)(engine_now_ms(pas->engine) / 1000),
                                  .titles = titles};
    struct agenda agenda = {0};
    struct buf out = {.max = 1 << 26};
    enum err err = ERR_OK;
    pas_begin(pas);
    *text = NULL;
    TRY(make_agenda(pas, &domain, until, &agenda));
    TRY(ics_write(&domain, &agenda, &options, &out));
    TRY(pas_take_text(&out, text));
out:
    agenda_free(&agenda);
    buf_free(&out);
    return pas_end(pas, err);
}

/* Writes one answer; the reason is the library's own. */
static enum err write_answer(struct pas *pas, const struct agenda_item *item,
                             const struct agenda_answer *answer, struct pas_table *table)
{
    struct pas_id id = {"", ""};
    enum err err =
        answer->kind ? (enum err)pas_new(pas, answer->kind, answer->pairs, answer->n, NULL, &id)
                     : (enum err)pas_set(pas, answer->record, answer->pairs, answer->n, NULL, &id);
    if (err != ERR_OK)
        return err;
    pas_table_row(table);
    pas_table_text(table, item->id);
    pas_table_text(table, item->point);
    pas_table_text(table, answer->kind ? answer->kind : item->kind);
    pas_table_text(table, id.id);
    pas_table_text(table, id.code);
    return ERR_OK;
}

/* Finds what `text` names: among what shows, else among everything that may still come. */
static enum err find_items(struct pas *pas, const struct domain *domain, const char *text,
                           struct agenda *agenda, size_t found[static VISIT_MAX], size_t *n)
{
    struct agenda_query query = {.has_until = true, .until = domain->today + 4000};
    enum err err = ERR_OK;
    TRY(agenda_make(domain, &(struct agenda_query){0}, agenda));
    *n = agenda_find(domain, agenda, text, found, VISIT_MAX);
    if (*n == 0) {
        agenda_free(agenda);
        TRY(agenda_make(domain, &query, agenda));
        *n = agenda_find(domain, agenda, text, found, VISIT_MAX);
    }
    if (*n == 0)
        err = pas_fail(pas, ERR_NOT_FOUND, WORD_ITEM_UNKNOWN, text);
    else if (*n == SIZE_MAX)
        err = pas_fail(pas, ERR_USAGE, WORD_ITEM_MANY, text);
out:
    return err;
}

int pas_answer(struct pas *pas, const char *text, enum pas_answer how, const char *date,
               const struct pas_pair *pairs, size_t pairs_n, struct pas_table **out)
{
    struct domain domain = pas_domain_of(pas);
    struct agenda agenda = {0};
    struct agenda_answer answer = {0};
    struct pas_table *table = NULL;
    size_t found[VISIT_MAX], n = 0;
    int32_t day = domain.today;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    pas_together(pas, true);
    if (date)
        TRY(read_day(pas, &domain, date, &day));
    TRY(find_items(pas, &domain, text, &agenda, found, &n));
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "item rule kind id code");
    for (size_t i = 0; i < n; i++) {
        const struct agenda_item *item = &agenda.items[found[i]];
        agenda_answer_free(&answer);
        err = agenda_answer(&domain, item, (enum agenda_action)how, day, pairs, pairs_n, &answer);
        if (err == ERR_USAGE)
            TRY(pas_fail(pas, err, WORD_ITEM_ANSWER, item->point));
        TRY(err);
        TRY(write_answer(pas, item, &answer, table));
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    err = pas_together_end(pas, err, table ? pas_table_rows(table) : 0);
    agenda_answer_free(&answer);
    agenda_free(&agenda);
    pas_table_free(table);
    return pas_end(pas, err);
}

/* --- reports and sheets --- */

int pas_reports(struct pas *pas, struct pas_table **table)
{
    struct domain domain = pas_domain_of(pas);
    pas_begin(pas);
    return pas_end(pas, report_list(&domain, table));
}

/* Parameters that name a record: their id. */
static enum err resolve_params(struct pas *pas, const struct pas_report_args *args,
                               struct pas_pair *pairs, char (*ids)[PACK_REF_MAX])
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < args->params_n; i++) {
        struct view_record record;
        const struct pack_kind *kind = pack_kind_by_key(pas->pack, args->params[i].field);
        pairs[i] = args->params[i];
        if (!kind)
            continue;
        TRY(pas_record_of(pas, pairs[i].text, &kind, 1, &record));
        snprintf(ids[i], PACK_REF_MAX, "%s", record.id);
        pairs[i].text = ids[i];
    }
out:
    return err;
}

struct audited {
    struct pas *pas;
    const char *space;
};

static enum err read_audit(void *ctx, struct pas_table **log)
{
    const struct audited *audited = ctx;
    size_t space = SIZE_MAX;
    enum err err = ERR_OK;
    if (audited->space)
        err = (enum err)pas_space_find(audited->pas, audited->space, &space);
    return err == ERR_OK ? pas_audit_table(audited->pas, space, log) : err;
}

int pas_report(struct pas *pas, const struct pas_report_args *args, char **text)
{
    enum { PARAMS_MAX = 16 };
    struct domain domain = pas_domain_of(pas);
    struct pas_pair pairs[PARAMS_MAX];
    char ids[PARAMS_MAX][PACK_REF_MAX];
    struct report report = {0};
    struct audited audited = {pas, args->space};
    struct domain_log log = {read_audit, &audited};
    struct report_options options = {.params = pairs,
                                     .params_n = args->params_n,
                                     .year = args->year,
                                     .shared = args->shared,
                                     .log = &log};
    struct buf out = {.max = 1 << 26};
    struct pack_why why = {{0}};
    enum err err = ERR_OK;
    pas_begin(pas);
    *text = NULL;
    if (args->params_n > PARAMS_MAX)
        TRY(ERR_USAGE);
    TRY(resolve_params(pas, args, pairs, ids));
    err = report_make(&domain, args->name, &options, &report, &why);
    if (err != ERR_OK && pas->why[0]) /* no such space */
        goto out;
    if (err == ERR_NOT_FOUND)
        TRY(pas_fail(pas, err, WORD_REPORT_UNKNOWN, args->name));
    if (err == ERR_USAGE)
        TRY(pas_fail(pas, err, WORD_REPORT_PARAM, why.text));
    TRY(err);
    if (args->form == PAS_CSV)
        TRY(report_csv(&domain, &report, &out));
    else if (args->form == PAS_HTML)
        TRY(report_html(&domain, &report, &out));
    else if (args->form == PAS_PLAIN)
        TRY(report_text(&domain, &report, &out));
    else
        TRY(report_json(&report, &out));
    TRY(pas_take_text(&out, text));
out:
    report_free(&report);
    buf_free(&out);
    return pas_end(pas, err);
}

int pas_sheets(struct pas *pas, struct pas_table **table)
{
    struct domain domain = pas_domain_of(pas);
    pas_begin(pas);
    return pas_end(pas, sheet_list(&domain, table));
}

int pas_sheet(struct pas *pas, const char *sheet, const char *text, const char *lang, bool blank,
              char **html)
{
    struct domain domain = pas_domain_of(pas);
    struct view_record record;
    struct audited audited = {pas, NULL};
    struct domain_log log = {read_audit, &audited};
    struct sheet_options options = {.blank = blank, .log = &log};
    struct buf out = {.max = 1 << 26};
    const char *kind = "";
    enum err err = ERR_OK;
    pas_begin(pas);
    *html = NULL;
    if (lang)
        domain.lang = lang;
    err = sheet_kind(&domain, sheet, &kind);
    if (err == ERR_NOT_FOUND)
        TRY(pas_fail(pas, err, WORD_SHEET_UNKNOWN, sheet));
    TRY(err);
    if (text && *kind) {
        TRY(pas_record(pas, text, &record));
        options.record = record.id;
        if (!record.kind || strcmp(record.kind->key, kind) != 0)
            TRY(pas_fail(pas, ERR_USAGE, WORD_SHEET_KIND, sheet,
                         pack_label(&pack_kind_by_key(pas->pack, kind)->label, pas->lang),
                         record.code));
    }
    err = sheet_write(&domain, sheet, &options, &out);
    if (err == ERR_USAGE)
        TRY(pas_fail(pas, err, WORD_SHEET_RECORD, sheet));
    TRY(err);
    TRY(pas_take_text(&out, html));
out:
    buf_free(&out);
    return pas_end(pas, err);
}

/* --- matching, doubles, retention --- */

int pas_match(struct pas *pas, const char *text, struct pas_table **table)
{
    struct domain domain = pas_domain_of(pas);
    struct view_record record;
    enum err err = ERR_OK;
    pas_begin(pas);
    *table = NULL;
    TRY(pas_record(pas, text, &record));
    const char *kind = record.kind ? record.kind->key : "";
    err = match_make(&domain, kind, record.id, table);
    if (err == ERR_NOT_FOUND)
        err = pas_fail(pas, err, WORD_MATCH_NONE, kind);
out:
    return pas_end(pas, err);
}

int pas_duplicates(struct pas *pas, const char *text, struct pas_table **table)
{
    struct domain domain = pas_domain_of(pas);
    const struct pack_kind *kind = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *table = NULL;
    if (text)
        TRY(pas_kind(pas, text, &kind));
    TRY(duplicate_table(&domain, kind ? kind->key : NULL, table));
out:
    return pas_end(pas, err);
}

static enum err put_same(const struct domain *domain, const struct duplicate *set, const char *id,
                         struct pas_table *table)
{
    size_t found[16], place = duplicate_place(set, id);
    char title[DOMAIN_TITLE_MAX];
    if (place == SIZE_MAX)
        return ERR_OK;
    size_t n = duplicate_find(set, place, duplicate_size(set), found, 16);
    for (size_t i = 0; i < n; i++) {
        domain_title(domain, duplicate_id(set, found[i]), title);
        pas_table_row(table);
        pas_table_text(table, duplicate_id(set, found[i]));
        pas_table_text(table, duplicate_code(set, found[i]));
        pas_table_text(table, title);
    }
    return pas_table_err(table);
}

int pas_duplicates_of(struct pas *pas, const char *text, struct pas_table **out)
{
    struct domain domain = pas_domain_of(pas);
    struct duplicate *set = NULL;
    struct view_record record;
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_record(pas, text, &record));
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "id code title");
    if (record.kind)
        TRY(duplicate_new(&set, &domain, record.kind->key));
    if (set)
        TRY(put_same(&domain, set, record.id, table));
    *out = table;
    table = NULL;
out:
    duplicate_free(set);
    pas_table_free(table);
    return pas_end(pas, err);
}

int pas_retention(struct pas *pas, bool all, struct pas_table **table)
{
    struct domain domain = pas_domain_of(pas);
    pas_begin(pas);
    return pas_end(pas, retention_table(&domain, all, table));
}
