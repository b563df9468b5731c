/* SPDX-License-Identifier: Apache-2.0
 *
 * import: a spreadsheet's CSV file taken apart: whichever of ; , and tab it uses, with or without a byte order mark, in
 * UTF-8 or Windows-1252, quoted cells with line ends. Its headings are matched with the pack's columns for a kind,
 * with field keys and with field labels. Pure but for reading the pack's tables; writing records is the caller's.
 */
#ifndef CLIENT_IMPORT_H
#define CLIENT_IMPORT_H

#include "client/domain.h"

enum { IMPORT_COLUMNS_MAX = 100, IMPORT_ROWS_MAX = 20000 };
#define IMPORT_BYTES_MAX ((size_t)8 << 20)

struct import_row {
    size_t line;        /* of the file, 1 = first */
    const char **cells; /* import->columns_n; "" for missing ones */
};

struct import {
    const struct pack_kind *kind;
    size_t columns_n;
    const char *headings[IMPORT_COLUMNS_MAX];
    const struct pack_field *fields[IMPORT_COLUMNS_MAX]; /* NULL: the column is left out */
    struct import_row *rows;
    size_t rows_n;
    void *inside; /* private */
};

/**
 * Takes a file apart. *import is given (import_free), empty on error.
 *
 * ERR_TOO_BIG  more than IMPORT_BYTES_MAX bytes, rows or columns than above
 * ERR_FORMAT   no heading, none that fits a field, or an open quote
 */
enum err import_read(const struct domain *domain, const struct pack_kind *kind, const char *bytes,
                     size_t len, struct import *import);

void import_free(struct import *import);

#endif
