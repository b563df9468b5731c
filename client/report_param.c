/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters of a report: what the person gave, else what the pack says.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "client/civil.h"
#include "client/report_inside.h"

static const char *given(const struct report_options *options, const char *name)
{
    for (size_t i = options->params_n; i-- > 0;) {
        if (strcmp(options->params[i].field, name) == 0)
            return options->params[i].text;
    }
    return NULL;
}

static enum err put_date(const struct domain *domain, const char *text, char out[static 256])
{
    int32_t day;
    if (!civil_read(text, &domain->today, &day))
        return ERR_USAGE;
    civil_format(day, out);
    return ERR_OK;
}

static enum err initial_of(const struct domain *domain, const char *initial, int year,
                           char out[static 256])
{
    if (strcmp(initial, "debut_annee") == 0)
        snprintf(out, 256, "%04d-01-01", year);
    else if (strcmp(initial, "fin_annee") == 0)
        snprintf(out, 256, "%04d-12-31", year);
    else if (strcmp(initial, "aujourdhui") == 0)
        civil_format(domain->today, out);
    else
        snprintf(out, 256, "%s", initial);
    return *out ? ERR_OK : ERR_USAGE;
}

static enum err one_param(const struct domain *domain, const struct report_options *options,
                          sqlite3_stmt *row, struct report_params *params, struct pack_why *why)
{
    struct report_param *param = &params->list[params->n];
    const char *name = domain_text(row, 0), *type = domain_text(row, 1);
    const char *text = given(options, name);
    int year = options->year, month, day;
    enum err err = ERR_OK;
    if (params->n == sizeof params->list / sizeof params->list[0])
        return ERR_TOO_BIG;
    if (!year)
        civil_to_ymd(domain->today, &year, &month, &day);
    snprintf(param->name, sizeof param->name, ":%s", name);
    if (!text)
        err = initial_of(domain, domain_text(row, 2), year, param->value);
    else if (strcmp(type, "date") == 0)
        err = put_date(domain, text, param->value);
    else
        snprintf(param->value, sizeof param->value, "%s", text);
    if (err == ERR_OK && strcmp(type, "int") == 0 &&
        strspn(param->value, "-0123456789") != strlen(param->value))
        err = ERR_USAGE;
    if (err != ERR_OK)
        snprintf(why->text, sizeof why->text, "%s=%s", name, text ? text : "?");
    params->n++;
    return err;
}

enum err report_params(const struct domain *domain, const struct report *report,
                       const struct report_options *options, struct report_params *params,
                       struct pack_why *why)
{
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(domain, &rows,
                           "SELECT key, type, coalesce(initial, '') FROM domain_report_param"
                           " WHERE report = :report ORDER BY position"));
    domain_bind(rows, ":report", report->key);
    for (;;) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        TRY(one_param(domain, options, rows, params, why));
    }
    for (size_t i = 0; i < options->params_n; i++) {
        size_t at = 0;
        while (at < params->n && strcmp(params->list[at].name + 1, options->params[i].field) != 0)
            at++;
        if (at == params->n) {
            snprintf(why->text, sizeof why->text, "%s=", options->params[i].field);
            TRY(ERR_USAGE);
        }
    }
out:
    sqlite3_finalize(rows);
    return err;
}
