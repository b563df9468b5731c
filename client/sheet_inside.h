/* SPDX-License-Identifier: Apache-2.0
 *
 * sheet_inside: what the files sheet*.c share.
 */
#ifndef CLIENT_SHEET_INSIDE_H
#define CLIENT_SHEET_INSIDE_H

#include "client/sheet.h"

struct sqlite3_stmt;

/* What the blocks of one sheet need. */
struct sheet_work {
    const struct domain *domain;
    const struct sheet_options *options;
    const struct pack_kind *kind; /* NULL: about no record */
    char record[PACK_REF_MAX];
    bool filled;
    struct buf *out;
};

/* Words of this program on paper, in the languages that people are handed sheets in. */
enum sheet_word { SHEET_DAY, SHEET_WHAT, SHEET_WITH, SHEET_DONE, SHEET_PRINTED, SHEET_UNREAD };
const char *sheet_word(const struct domain *domain, enum sheet_word which);

/* A wording of the pack as zero-terminated text. */
enum err sheet_text(const struct domain *domain, const char *path, const char *member,
                    struct buf *text);

/* Writes one block; columns of the row: type, fields, sql, content, checklist, lines, sheet, position, path. */
enum err sheet_block(const struct sheet_work *work, struct sqlite3_stmt *block);

#endif
