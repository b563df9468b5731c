/* SPDX-License-Identifier: Apache-2.0
 *
 * A computed report as CSV, HTML and JSON.
 */
#include <stdio.h>
#include <string.h>

#include "client/civil.h"
#include "client/page.h"
#include "client/pas_json.h"
#include "client/report_inside.h"

static bool english(const struct domain *domain)
{
    return strcmp(domain->lang, "en") == 0;
}

/* --- CSV --- */

void report_csv_cell(struct buf *out, const char *text, bool number)
{
    /* What a spreadsheet would take for a formula; numbers of ours may begin with a minus. */
    bool armed = !number && *text && strchr("=+-@\t\r", *text);
    bool quoted = strpbrk(text, ";\"\n\r") != NULL;
    if (quoted)
        domain_put(out, "\"");
    if (armed)
        domain_put(out, "'");
    for (; *text; text++) {
        if (*text == '"')
            domain_put(out, "\"");
        buf_put(out, text, 1);
    }
    if (quoted)
        domain_put(out, "\"");
}

static void csv_value(const struct domain *domain, const struct pas_table *table, size_t row,
                      size_t column, struct buf *out)
{
    const char *shown = pas_table_shown(table, row, column);
    const char *text = shown ? shown : pas_table_get(table, row, column);
    enum pas_type type = pas_table_type(table, row, column);
    char number[64];
    if (type == PAS_REAL) { /* French spreadsheets want a comma */
        snprintf(number, sizeof number, "%g", pas_table_number(table, row, column));
        char *point = strchr(number, '.');
        if (point && !english(domain))
            *point = ',';
        text = number;
    }
    report_csv_cell(out, text ? text : "", type == PAS_INT || type == PAS_REAL);
}

static void csv_figures(const struct domain *domain, const struct report_part *part,
                        struct buf *out)
{
    domain_put(out, english(domain) ? "Key;Figure;Value;Definition\r\n"
                                    : "Clé;Indicateur;Valeur;Définition\r\n");
    for (size_t c = 0; c < pas_table_columns(part->table); c++) {
        report_csv_cell(out, pas_table_name(part->table, c), false);
        domain_put(out, ";");
        report_csv_cell(out, pas_table_label(part->table, c), false);
        domain_put(out, ";");
        if (pas_table_rows(part->table) > 0)
            csv_value(domain, part->table, 0, c, out);
        domain_put(out, ";");
        report_csv_cell(out, part->definitions[c] ? part->definitions[c] : "", false);
        domain_put(out, "\r\n");
    }
}

static void csv_rows(const struct domain *domain, const struct report_part *part, struct buf *out)
{
    size_t columns = pas_table_columns(part->table);
    for (size_t c = 0; c < columns; c++) {
        report_csv_cell(out, pas_table_label(part->table, c), false);
        domain_put(out, c + 1 < columns ? ";" : "\r\n");
    }
    for (size_t row = 0; row < pas_table_rows(part->table); row++) {
        for (size_t c = 0; c < columns; c++) {
            csv_value(domain, part->table, row, c, out);
            domain_put(out, c + 1 < columns ? ";" : "\r\n");
        }
    }
}

enum err report_csv(const struct domain *domain, const struct report *report, struct buf *out)
{
    domain_put(out, "\xef\xbb\xbf");
    report_csv_cell(out, report->title ? report->title : report->key, false);
    domain_put(out, ";");
    report_csv_cell(out, report->period ? report->period : "", false);
    domain_put(out, "\r\n");
    for (size_t i = 0; i < report->parts_n; i++) {
        const struct report_part *part = &report->parts[i];
        domain_put(out, "\r\n");
        report_csv_cell(out, part->title ? part->title : part->key, false);
        domain_put(out, "\r\n");
        if (part->figures)
            csv_figures(domain, part, out);
        else
            csv_rows(domain, part, out);
    }
    return out->err;
}

/* --- HTML --- */

static void html_figures(const struct report_part *part, struct buf *out)
{
    page_raw(out, "<table><tbody>\n");
    for (size_t c = 0; c < pas_table_columns(part->table); c++) {
        const char *shown = pas_table_rows(part->table) ? pas_table_shown(part->table, 0, c) : NULL;
        page_raw(out, "<tr><th scope=\"row\">");
        page_text(out, pas_table_label(part->table, c));
        page_raw(out, "</th><td class=\"n\">");
        page_text(out, shown ? shown : "—");
        page_raw(out, "</td><td>");
        page_text(out, part->definitions[c] ? part->definitions[c] : "");
        page_raw(out, "</td></tr>\n");
    }
    page_raw(out, "</tbody></table>\n");
}

static void html_definitions(const struct report_part *part, struct buf *out)
{
    for (size_t c = 0; c < pas_table_columns(part->table); c++) {
        if (!part->definitions[c])
            continue;
        page_raw(out, "<p class=\"note\"><b>");
        page_text(out, pas_table_label(part->table, c));
        page_raw(out, "</b> : ");
        page_text(out, part->definitions[c]);
        page_raw(out, "</p>\n");
    }
}

enum err report_html(const struct domain *domain, const struct report *report, struct buf *out)
{
    struct buf header = {.max = 4096}, note = {.max = 4096};
    enum err err = ERR_OK;
    TRY(domain_header(domain, &header));
    buf_u8(&header, 0);
    if (report->period && *report->period)
        domain_put(&note, report->period);
    if (report->shared)
        domain_put(&note, english(domain)
                              ? " — shared version: small counts are hidden"
                              : " — version partagée : les petits nombres sont masqués");
    buf_u8(&note, 0);
    TRY(header.err);
    TRY(note.err);
    page_begin(out, domain->lang, report->title ? report->title : report->key,
               (const char *)header.bytes, (const char *)note.bytes);
    for (size_t i = 0; i < report->parts_n; i++) {
        const struct report_part *part = &report->parts[i];
        page_heading(out, part->title ? part->title : part->key);
        if (part->figures) {
            html_figures(part, out);
            continue;
        }
        page_table(out, part->table, NULL, 0);
        if (part->svg)
            page_raw(out, part->svg);
        html_definitions(part, out);
    }
    page_end(out);
    err = out->err;
out:
    buf_free(&header);
    buf_free(&note);
    return err;
}

/* --- for a terminal --- */

static void put_plain(const struct pas_table *table, size_t row, size_t column, struct buf *out)
{
    const char *shown = pas_table_shown(table, row, column);
    const char *text = shown ? shown : pas_table_get(table, row, column);
    for (text = text ? text : ""; *text; text++) /* a record's text must not move the cursor */
        buf_put(out, (unsigned char)*text < 0x20 ? " " : text, 1);
}

static void plain_part(const struct report_part *part, struct buf *out)
{
    size_t columns = pas_table_columns(part->table), rows = pas_table_rows(part->table);
    for (size_t c = 0; c < columns; c++) {
        domain_put(out, part->figures || c == 0 ? "  " : " | ");
        domain_put(out, pas_table_label(part->table, c));
        if (!part->figures)
            continue;
        domain_put(out, " : ");
        if (rows)
            put_plain(part->table, 0, c, out);
        domain_put(out, "\n");
    }
    for (size_t row = 0; !part->figures && row < rows; row++) {
        for (size_t c = 0; c < columns; c++) {
            domain_put(out, c == 0 ? "\n  " : " | ");
            put_plain(part->table, row, c, out);
        }
    }
    domain_put(out, part->figures ? "" : "\n");
}

enum err report_text(const struct domain *domain, const struct report *report, struct buf *out)
{
    (void)domain;
    domain_put(out, report->title ? report->title : report->key);
    if (report->period && *report->period) {
        domain_put(out, " — ");
        domain_put(out, report->period);
    }
    domain_put(out, "\n");
    for (size_t i = 0; i < report->parts_n; i++) {
        domain_put(out, "\n");
        domain_put(out, report->parts[i].title ? report->parts[i].title : report->parts[i].key);
        domain_put(out, "\n");
        plain_part(&report->parts[i], out);
    }
    return out->err;
}

/* --- JSON --- */

static void json_text(struct buf *out, int *first, const char *key, const char *text)
{
    pas_json_key(out, first, key);
    pas_json_text(out, text ? text : "", text ? strlen(text) : 0);
}

static enum err json_part(const struct report_part *part, struct buf *out)
{
    char *rows = NULL;
    int first = 1, result = pas_table_json_text(part->table, false, &rows);
    if (result != 0)
        return (enum err)result;
    buf_u8(out, '{');
    json_text(out, &first, "part", part->key);
    json_text(out, &first, "title", part->title);
    pas_json_key(out, &first, "rows");
    pas_json_raw(out, rows);
    buf_u8(out, '}');
    pas_free(rows);
    return out->err;
}

enum err report_json(const struct report *report, struct buf *out)
{
    enum err err = ERR_OK;
    int first = 1;
    buf_u8(out, '{');
    json_text(out, &first, "report", report->key);
    json_text(out, &first, "code", report->code);
    json_text(out, &first, "title", report->title);
    json_text(out, &first, "period", report->period);
    pas_json_key(out, &first, "shared");
    pas_json_raw(out, report->shared ? "true" : "false");
    pas_json_key(out, &first, "parts");
    buf_u8(out, '[');
    for (size_t i = 0; i < report->parts_n; i++) {
        if (i)
            buf_u8(out, ',');
        TRY(json_part(&report->parts[i], out));
    }
    pas_json_raw(out, "]}");
    err = out->err;
out:
    return err;
}
