/* SPDX-License-Identifier: Apache-2.0
 *
 * report_inside: what the files report*.c share.
 */
#ifndef CLIENT_REPORT_INSIDE_H
#define CLIENT_REPORT_INSIDE_H

#include "client/report.h"

enum { REPORT_SERIES_MAX = 6 };

struct report_param {
    char name[PACK_KEY_MAX + 2]; /* with its colon */
    char value[256];
};

struct report_params {
    struct report_param list[16];
    size_t n;
};

/* The parameters of a report with their values. ERR_USAGE: `why` names the one that is unknown, missing or wrong. */
enum err report_params(const struct domain *domain, const struct report *report,
                       const struct report_options *options, struct report_params *params,
                       struct pack_why *why);

/* A chart of a part's table: `x` is the column of names, `y` those of numbers. Appends SVG. */
void report_chart(struct buf *out, const struct report_part *part, bool line, size_t x,
                  const size_t *y, size_t y_n);

#endif
