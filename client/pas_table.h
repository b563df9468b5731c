/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_table: how the answers of passerelle.h are made. Private to client/; readers use passerelle.h.
 *
 * A table is filled from left to right, row by row; the first failure is kept and asked once, at the end. All text
 * lies in one pool that is wiped when the table is freed, since most of it is case content.
 */
#ifndef CLIENT_PAS_TABLE_H
#define CLIENT_PAS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/passerelle.h"
#include "proto/buf.h"
#include "proto/err.h"

/** An empty table; given to the caller (pas_table_free). ERR_MEMORY. */
enum err pas_table_new(struct pas_table **table);

/** Adds a column, before any row. `label` is for people; NULL = the name itself. */
void pas_table_column(struct pas_table *table, const char *name, const char *label);

/** Adds columns from "id code title". */
void pas_table_columns_add(struct pas_table *table, const char *names);

/** Begins a row; the cells follow in order, missing ones are null. */
void pas_table_row(struct pas_table *table);

/** Each fills the next cell of the last row. A NULL text is null. */
void pas_table_null(struct pas_table *table);
void pas_table_bool(struct pas_table *table, bool value);
void pas_table_int(struct pas_table *table, int64_t value);
void pas_table_real(struct pas_table *table, double value);
void pas_table_text(struct pas_table *table, const char *text);
void pas_table_text_n(struct pas_table *table, const char *text, size_t len);
/** `json` must be one JSON value. */
void pas_table_json(struct pas_table *table, const char *json, size_t len);
/** An instant as "2025-03-04T08:30:00Z"; 0 is null. */
void pas_table_time(struct pas_table *table, uint64_t ms);
/** Bytes as hex. */
void pas_table_hex(struct pas_table *table, const uint8_t *bytes, size_t len);

/** Gives the last cell a wording for people ("oui" for true, a title for a reference). */
void pas_table_shown_set(struct pas_table *table, const char *text);

/** A zero-terminated copy of a buffer, for the caller (pas_free); the buffer gets the zero too. */
enum err pas_take_text(struct buf *text, char **out);

/** A buffer's bytes for the caller (pas_free_bytes). */
enum err pas_take_bytes(struct buf *bytes, unsigned char **out, size_t *len);

/** The first failure, or ERR_OK. */
enum err pas_table_err(const struct pas_table *table);

#endif
