/* SPDX-License-Identifier: Apache-2.0
 *
 * The look of paper: black on white, 11 points, borders rather than colours, nothing cut across pages.
 */
#include "client/page.h"

#include <string.h>

#include "client/text.h"

static const char style[] =
    "@page{size:A4;margin:16mm}"
    "body{font:11pt/1.4 'Liberation Sans',Arial,sans-serif;color:#000;background:#fff;"
    "max-width:178mm;margin:0 auto}"
    "h1{font-size:17pt;margin:.2em 0 .4em}h2{font-size:12.5pt;margin:1.1em 0 .3em;"
    "border-bottom:1pt solid #000;break-after:avoid}h3{font-size:11pt;margin:.8em 0 .2em;"
    "break-after:avoid}"
    "header,footer,.note{font-size:9pt;color:#333}footer{margin-top:2em;border-top:.5pt solid "
    "#666;padding-top:.4em}"
    "table{border-collapse:collapse;width:100%;margin:.3em 0}"
    "th,td{border:.5pt solid #444;padding:.25em .45em;text-align:start;vertical-align:top;"
    "overflow-wrap:break-word}th{background:#eee;font-weight:bold}td.n{text-align:end;white-space:"
    "nowrap}"
    "tr{break-inside:avoid}tr.empty td{height:1.9em}thead{display:table-header-group}"
    "dl{display:grid;grid-template-columns:minmax(30%,max-content) 1fr;margin:.3em 0}"
    "dt{font-weight:bold;padding:.15em .8em .15em 0}dd{margin:0;padding:.15em 0;"
    "border-bottom:.5pt dotted #777;min-height:1.4em}"
    "ul.boxes{list-style:none;padding:0;margin:.3em 0}ul.boxes li{margin:.25em 0;"
    "break-inside:avoid}.box{display:inline-block;width:1.1em;height:1.1em;border:1pt solid #000;"
    "text-align:center;line-height:1.1em;margin-inline-end:.6em;font-weight:bold}"
    ".line{border-bottom:.5pt solid #444;height:2em}svg{max-width:100%;height:auto}"
    "p{margin:.4em 0}";

void page_raw(struct buf *out, const char *markup)
{
    buf_put(out, markup, strlen(markup));
}

void page_text(struct buf *out, const char *text)
{
    size_t len = strlen(text);
    for (size_t at = 0, used; at < len; at += used) {
        uint32_t point = text_decode(text + at, len - at, &used);
        char bytes[4];
        if (point == '&')
            page_raw(out, "&amp;");
        else if (point == '<')
            page_raw(out, "&lt;");
        else if (point == '>')
            page_raw(out, "&gt;");
        else if (point == '"')
            page_raw(out, "&quot;");
        else if (point == '\'')
            page_raw(out, "&#39;");
        else if (point == '\n')
            page_raw(out, "<br>");
        else if (point >= 0x20 || point == '\t')
            buf_put(out, bytes, text_encode(point, bytes));
    }
}

static void element(struct buf *out, const char *open, const char *text, const char *close)
{
    if (!*text)
        return;
    page_raw(out, open);
    page_text(out, text);
    page_raw(out, close);
}

void page_begin(struct buf *out, const char *lang, const char *title, const char *header,
                const char *note)
{
    page_raw(out, "<!DOCTYPE html>\n<html lang=\"");
    page_text(out, lang);
    page_raw(out, "\">\n<head><meta charset=\"utf-8\">"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'unsafe-inline'\"><title>");
    page_text(out, title);
    page_raw(out, "</title><style>");
    page_raw(out, style);
    page_raw(out, "</style></head>\n<body>\n");
    element(out, "<header>", header, "</header>\n");
    element(out, "<h1>", title, "</h1>\n");
    element(out, "<p class=\"note\">", note, "</p>\n");
}

void page_end(struct buf *out)
{
    page_raw(out, "</body>\n</html>\n");
}

void page_heading(struct buf *out, const char *text)
{
    element(out, "<h2>", text, "</h2>\n");
}

static void put_cell(struct buf *out, const struct pas_table *table, size_t row, size_t column)
{
    const char *shown = pas_table_shown(table, row, column);
    const char *text = shown ? shown : pas_table_get(table, row, column);
    enum pas_type type = pas_table_type(table, row, column);
    page_raw(out, type == PAS_INT || type == PAS_REAL ? "<td class=\"n\">" : "<td>");
    page_text(out, text ? text : "");
    page_raw(out, "</td>");
}

void page_table(struct buf *out, const struct pas_table *table, const unsigned char *skip,
                size_t empty_lines)
{
    size_t columns = pas_table_columns(table);
    page_raw(out, "<table><thead><tr>");
    for (size_t c = 0; c < columns; c++) {
        if (skip && skip[c])
            continue;
        page_raw(out, "<th>");
        page_text(out, pas_table_label(table, c));
        page_raw(out, "</th>");
    }
    page_raw(out, "</tr></thead>\n<tbody>\n");
    for (size_t row = 0; row < pas_table_rows(table) + empty_lines; row++) {
        page_raw(out, row < pas_table_rows(table) ? "<tr>" : "<tr class=\"empty\">");
        for (size_t c = 0; c < columns; c++) {
            if (skip && skip[c])
                continue;
            if (row < pas_table_rows(table))
                put_cell(out, table, row, c);
            else
                page_raw(out, "<td></td>");
        }
        page_raw(out, "</tr>\n");
    }
    page_raw(out, "</tbody></table>\n");
}

void page_field(struct buf *out, const char *label, const char *value)
{
    page_raw(out, "<dt>");
    page_text(out, label);
    page_raw(out, "</dt><dd>");
    page_text(out, value);
    page_raw(out, "</dd>\n");
}

void page_box(struct buf *out, const char *label, int ticked)
{
    page_raw(out, "<li><span class=\"box\">");
    page_raw(out, ticked ? "✓" : "");
    page_raw(out, "</span>");
    page_text(out, label);
    page_raw(out, "</li>\n");
}

void page_lines(struct buf *out, size_t n)
{
    while (n-- > 0)
        page_raw(out, "<div class=\"line\"></div>\n");
}
