/* SPDX-License-Identifier: Apache-2.0
 *
 * report: the pack's reports: SQL over the view, with parameters, definitions, masking and charts.
 *
 * A report has two versions. The device's own one shows everything. The shared one, for who may not read the files
 * themselves, leaves out parts that name people and private parts, and hides counts below the pack's threshold.
 */
#ifndef CLIENT_REPORT_H
#define CLIENT_REPORT_H

#include "client/domain.h"
#include "client/pas_table.h"

enum { REPORT_PARTS_MAX = 32, REPORT_COLUMNS_MAX = 48 };

struct report_options {
    const struct pas_pair *params; /* name and value; dates as a person types them; borrowed */
    size_t params_n;
    int year; /* 0: this one; what "first and last day of the year" mean where a parameter is missing */
    bool shared;
    const struct domain_log *log; /* for a report about the log; may be NULL */
};

/** One part: a table, or one row of figures. */
struct report_part {
    char key[PACK_KEY_MAX + 1];
    char *title;
    bool figures;
    bool masked; /* at least one cell is hidden */
    struct pas_table *table;
    char *definitions[REPORT_COLUMNS_MAX]; /* by column; NULL where there is none */
    char *svg;                             /* a chart, or NULL */
};

struct report {
    char key[PACK_KEY_MAX + 1];
    char *code, *title, *period; /* period: the parameters in words */
    bool shared;
    struct report_part parts[REPORT_PARTS_MAX];
    size_t parts_n;
};

/**
 * Computes a report by its key or code, in any case. *report is given (report_free), empty on error.
 *
 * ERR_NOT_FOUND  there is no such report
 * ERR_USAGE      a parameter is unknown, missing, or no such value; `why` names it
 */
enum err report_make(const struct domain *domain, const char *name,
                     const struct report_options *options, struct report *report,
                     struct pack_why *why);

void report_free(struct report *report);

/** Reports as a table: report, code, title, params (JSON: name, type, label, initial). */
enum err report_list(const struct domain *domain, struct pas_table **table);

/** Appends CSV for spreadsheets: UTF-8 with byte order mark, semicolons, CR LF. Figures become one line each: key,
 * label, value, definition. Cells that a spreadsheet would compute are disarmed with an apostrophe. */
enum err report_csv(const struct domain *domain, const struct report *report, struct buf *out);

/** Appends one cell of CSV, quoted and disarmed as needed, without a separator. */
void report_csv_cell(struct buf *out, const char *text, bool number);

/** Appends an A4 page with tables, definitions and charts. */
enum err report_html(const struct domain *domain, const struct report *report, struct buf *out);

/** Appends plain text for a terminal. */
enum err report_text(const struct domain *domain, const struct report *report, struct buf *out);

/** Appends one JSON object: report, code, title, period, shared, parts [{part, title, rows}]. */
enum err report_json(const struct report *report, struct buf *out);

#endif
