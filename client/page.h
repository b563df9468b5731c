/* SPDX-License-Identifier: Apache-2.0
 *
 * page: the HTML of what is printed: one self-contained A4 document without scripts or links to elsewhere. Everything
 * that is not markup of ours goes through page_text. Pure.
 */
#ifndef CLIENT_PAGE_H
#define CLIENT_PAGE_H

#include <stddef.h>

#include "client/passerelle.h"
#include "proto/buf.h"

/** Begins a document: title, a line above it (`header`; may be ""), a line below (`note`; may be ""). */
void page_begin(struct buf *out, const char *lang, const char *title, const char *header,
                const char *note);
void page_end(struct buf *out);

/** Appends text with & < > " ' escaped; line ends become <br>. Bytes that are no UTF-8 become U+FFFD. */
void page_text(struct buf *out, const char *text);

/** Appends markup of ours as it is. */
void page_raw(struct buf *out, const char *markup);

/** A heading of a block; nothing for "". */
void page_heading(struct buf *out, const char *text);

/** A table with its labels as headings and the wording of each cell where it has one. Columns for which `skip` (may be
 * NULL) holds true are left out. `empty_lines` blank rows follow. */
void page_table(struct buf *out, const struct pas_table *table, const unsigned char *skip,
                size_t empty_lines);

/** One line of a form: label and value, or a rule to write on where the value is "". */
void page_field(struct buf *out, const char *label, const char *value);

/** One box of a check-list, ticked or not. */
void page_box(struct buf *out, const char *label, int ticked);

/** `n` rules to write on. */
void page_lines(struct buf *out, size_t n);

#endif
