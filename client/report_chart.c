/* SPDX-License-Identifier: Apache-2.0
 *
 * Charts as SVG, for paper and for poor eyesight: bars carry their number, series differ by pattern as well as by grey,
 * and a description says what the picture shows. Hidden cells have no bar.
 */
#include <stdio.h>
#include <string.h>

#include "client/page.h"
#include "client/report_inside.h"

enum { WIDTH = 640, NAME_WIDTH = 200, BAR = 16, GAP = 8, VALUE_WIDTH = 60, PLOT_HEIGHT = 220 };

static void put(struct buf *out, const char *format, double a, double b, double c, double d)
{
    char text[256];
    snprintf(text, sizeof text, format, a, b, c, d);
    page_raw(out, text);
}

static const char *const fills[REPORT_SERIES_MAX] = {"#444",       "url(#stripes)", "#aaa",
                                                     "url(#dots)", "#777",          "#ddd"};

static const char patterns[] =
    "<defs><pattern id=\"stripes\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#fff\"/><rect "
    "width=\"3\" height=\"6\" fill=\"#444\"/></pattern><pattern id=\"dots\" width=\"6\" "
    "height=\"6\" patternUnits=\"userSpaceOnUse\"><rect width=\"6\" height=\"6\" fill=\"#fff\"/>"
    "<circle cx=\"3\" cy=\"3\" r=\"1.6\" fill=\"#444\"/></pattern></defs>\n";

static double greatest(const struct report_part *part, const size_t *y, size_t y_n)
{
    double most = 1;
    for (size_t row = 0; row < pas_table_rows(part->table); row++) {
        for (size_t s = 0; s < y_n; s++) {
            double value = pas_table_number(part->table, row, y[s]);
            most = value > most ? value : most;
        }
    }
    return most;
}

static const char *name_of(const struct report_part *part, size_t row, size_t x)
{
    const char *shown = pas_table_shown(part->table, row, x);
    const char *text = shown ? shown : pas_table_get(part->table, row, x);
    return text ? text : "";
}

static void put_label(struct buf *out, double x, double y, const char *anchor, const char *text)
{
    put(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"12\" ", x, y, 0, 0);
    page_raw(out, anchor);
    page_raw(out, ">");
    page_text(out, text);
    page_raw(out, "</text>\n");
}

static double put_bars(struct buf *out, const struct report_part *part, size_t x, const size_t *y,
                       size_t y_n)
{
    double scale = (WIDTH - NAME_WIDTH - VALUE_WIDTH) / greatest(part, y, y_n), top = GAP;
    char value[64];
    for (size_t row = 0; row < pas_table_rows(part->table); row++) {
        put_label(out, NAME_WIDTH - 6, top + (double)y_n * BAR / 2 + 4, "text-anchor=\"end\"",
                  name_of(part, row, x));
        for (size_t s = 0; s < y_n; s++, top += BAR) {
            double number = pas_table_number(part->table, row, y[s]);
            const char *shown = pas_table_shown(part->table, row, y[s]);
            put(out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" stroke=\"#000\" "
                "stroke-width=\".5\" fill=\"",
                NAME_WIDTH, top, number * scale, BAR - 3);
            page_raw(out, fills[s]);
            page_raw(out, "\"/>\n");
            snprintf(value, sizeof value, "%g", number);
            put_label(out, NAME_WIDTH + number * scale + 4, top + BAR - 5, "",
                      shown ? shown : value);
        }
        top += GAP;
    }
    return top;
}

static double put_lines(struct buf *out, const struct report_part *part, size_t x, const size_t *y,
                        size_t y_n)
{
    size_t rows = pas_table_rows(part->table);
    double step = (double)(WIDTH - 2 * VALUE_WIDTH) / (rows > 1 ? (double)(rows - 1) : 1);
    double scale = (PLOT_HEIGHT - 2 * BAR) / greatest(part, y, y_n);
    static const char *const dashes[REPORT_SERIES_MAX] = {"", "6 3", "2 2", "8 2 2 2", "1 3", "4"};
    for (size_t s = 0; s < y_n; s++) {
        page_raw(out, "<polyline fill=\"none\" stroke=\"#000\" stroke-width=\"1.5\" "
                      "stroke-dasharray=\"");
        page_raw(out, dashes[s]);
        page_raw(out, "\" points=\"");
        for (size_t row = 0; row < rows; row++)
            put(out, "%.1f,%.1f ", VALUE_WIDTH + (double)row * step,
                PLOT_HEIGHT - BAR - pas_table_number(part->table, row, y[s]) * scale, 0, 0);
        page_raw(out, "\"/>\n");
    }
    for (size_t row = 0; row < rows; row++)
        put_label(out, VALUE_WIDTH + (double)row * step, PLOT_HEIGHT, "text-anchor=\"middle\"",
                  name_of(part, row, x));
    return PLOT_HEIGHT + GAP;
}

static double put_legend(struct buf *out, const struct report_part *part, const size_t *y,
                         size_t y_n, double top)
{
    double left = NAME_WIDTH;
    for (size_t s = 0; s < y_n && y_n > 1; s++) {
        put(out,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" stroke=\"#000\" fill=\"",
            left, top, 12, 12);
        page_raw(out, fills[s]);
        page_raw(out, "\"/>\n");
        put_label(out, left + 17, top + 11, "", pas_table_label(part->table, y[s]));
        left += (WIDTH - NAME_WIDTH) / (double)y_n;
    }
    return y_n > 1 ? top + BAR + GAP : top;
}

void report_chart(struct buf *out, const struct report_part *part, bool line, size_t x,
                  const size_t *y, size_t y_n)
{
    struct buf body = {.max = out->max};
    double height = line ? put_lines(&body, part, x, y, y_n) : put_bars(&body, part, x, y, y_n);
    height = put_legend(&body, part, y, y_n, height);
    put(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%.0f\" height=\"%.0f\" "
        "viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\">\n<title>",
        WIDTH, height, WIDTH, height);
    page_text(out, part->title ? part->title : part->key);
    page_raw(out, "</title>\n");
    page_raw(out, patterns);
    if (body.err != ERR_OK)
        buf_fail(out, body.err);
    else if (body.len)
        buf_put(out, body.bytes, body.len);
    page_raw(out, "</svg>\n");
    buf_free(&body);
}
