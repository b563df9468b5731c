/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_desk_inside.h"

#include "client/pas_audit.h"
#include "client/pas_carry.h"
#include "client/pas_domain.h"
#include "client/pas_member.h"

int sim_desk_with_table(int result, struct pas_table *table)
{
    char *json = NULL;
    if (result == 0)
        result = pas_table_json_text(table, false, &json);
    pas_free(json);
    pas_table_free(table);
    return result;
}

int sim_desk_with_text(int result, char *text)
{
    pas_free(text);
    return result;
}

TABLE_STEP(conflicts, pas_conflicts(pas, NULL, &table))
TABLE_STEP(show, pas_show(pas, desk->stefan, true, &table))
TABLE_STEP(find, pas_find(pas, "stef", 10, &table))
TABLE_STEP(history, pas_history(pas, desk->stefan, &table))
TABLE_STEP(sql, pas_sql(pas, "SELECT commune, count(*) FROM site GROUP BY 1", &table))
TABLE_STEP(kinds, pas_kinds(pas, &table))
TABLE_STEP(fields, pas_fields(pas, "personne", &table))
TABLE_STEP(agenda, pas_agenda(pas, "2025-04-30", &table))
TABLE_STEP(duplicates, pas_duplicates(pas, NULL, &table))
TABLE_STEP(suggest, pas_suggest(pas, "Atelier Roux", &table))
TABLE_STEP(match, pas_match(pas, "Aide menuisier", &table))
TABLE_STEP(hints, pas_hints(pas, desk->stefan, &table))
TABLE_STEP(reports, pas_reports(pas, &table))
TABLE_STEP(attachments, pas_attachments(pas, desk->stefan, &table))
TABLE_STEP(retention, pas_retention(pas, true, &table))
TABLE_STEP(mentions, pas_mentions(pas, "Stefan", &table))
TABLE_STEP(erased, pas_erased(pas, &table))

static int list_where(struct desk *desk)
{
    struct pas_table *table = NULL;
    int result = pas_list(desk->who->pas, "personne", "prenom LIKE 'S%'", true, &table);
    return sim_desk_with_table(result, table);
}

static int calendar(struct desk *desk)
{
    char *text = NULL;
    int result = pas_agenda_ics(desk->who->pas, "2025-04-30", true, &text);
    return sim_desk_with_text(result, text);
}

static int report(struct desk *desk)
{
    static const enum pas_form forms[] = {PAS_CSV, PAS_HTML, PAS_JSON_TEXT, PAS_PLAIN};
    int result = 0;
    for (size_t i = 0; i < 4 && result == 0; i++) {
        char *text = NULL;
        struct pas_report_args args = {.name = i % 2 ? "P1" : "P11", .form = forms[i]};
        result = pas_report(desk->who->pas, &args, &text);
        pas_free(text);
    }
    return result;
}

static int sheet(struct desk *desk)
{
    char *html = NULL;
    int result = pas_sheet(desk->who->pas, "dossier_personne", desk->stefan, "fr", false, &html);
    return sim_desk_with_text(result, html);
}

static int person_file(struct desk *desk)
{
    char *html = NULL, *json = NULL, code[9];
    int result = pas_person(desk->who->pas, desk->stefan, "fr", &html, &json, code);
    pas_free(json);
    return sim_desk_with_text(result, html);
}

const struct sim_desk_act sim_desk_read[] = {
    {"conflicts", conflicts, false},
    {"show", show, false},
    {"find", find, false},
    {"list", list_where, false},
    {"history", history, false},
    {"sql", sql, false},
    {"kinds", kinds, false},
    {"fields", fields, false},
    {"agenda", agenda, false},
    {"calendar", calendar, false},
    {"duplicates", duplicates, false},
    {"suggest", suggest, true},
    {"match", match, false},
    {"hints", hints, false},
    {"reports", reports, false},
    {"report", report, true},
    {"sheet", sheet, true},
    {"a person's own file", person_file, true},
    {"attachments", attachments, false},
    {"retention", retention, false},
    {"mentions", mentions, false},
    {"erased", erased, false},
    {0},
};
