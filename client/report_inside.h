/* SPDX-License-Identifier: Apache-2.0
 *
 * report_inside: what the files report*.c share.
 */
#ifndef CLIENT_REPORT_INSIDE_H
#define CLIENT_REPORT_INSIDE_H

#include "client/report.h"

enum { REPORT_SERIES_MAX = 6 };

/* A chart of a part's table: `x` is the column of names, `y` those of numbers. Appends SVG. */
void report_chart(struct buf *out, const struct report_part *part, bool line, size_t x,
                  const size_t *y, size_t y_n);

#endif
