/* SPDX-License-Identifier: Apache-2.0
 *
 * sheet: the pack's sheets as A4 pages: filled from a record, or blank for pen and paper, in the language of the person
 * they are for where the pack has the words (else French).
 *
 * What is restricted stays where it is: a sheet of a kind of a wider level reads no table of a restricted kind.
 */
#ifndef CLIENT_SHEET_H
#define CLIENT_SHEET_H

#include "client/domain.h"
#include "client/pas_table.h"

struct sheet_options {
    const char *record; /* id; NULL = the blank version, or a sheet that is about no record */
    bool blank;
    const char *printed_by;       /* a line at the foot, or NULL */
    const struct domain_log *log; /* for a sheet about the log; may be NULL */
};

/** Sheets as a table: sheet, title, kind, person. */
enum err sheet_list(const struct domain *domain, struct pas_table **table);

/** The kind that a sheet is about: "" if it needs no record. *kind is borrowed from the pack. ERR_NOT_FOUND. */
enum err sheet_kind(const struct domain *domain, const char *sheet, const char **kind);

/**
 * Appends the page.
 *
 * ERR_NOT_FOUND  there is no such sheet, or no such record of its kind
 * ERR_USAGE      it needs a record, or --blank
 * ERR_DENIED     the sheet would read what is restricted: the pack is wrong
 */
enum err sheet_write(const struct domain *domain, const char *sheet,
                     const struct sheet_options *options, struct buf *out);

#endif
