/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_json: writes JSON, a piece at a time, into a buffer with its sticky error. Only what the library's answers
 * need: nobody here reads JSON.
 */
#ifndef CLIENT_PAS_JSON_H
#define CLIENT_PAS_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

/** Appends a zero-terminated text as it is. */
void pas_json_raw(struct buf *out, const char *text);

/** Appends a string with its quotes. Control characters are escaped; bytes that are no UTF-8 become U+FFFD. */
void pas_json_text(struct buf *out, const char *text, size_t len);

/** Appends `,` unless `*first`, then the quoted key and `:`; clears `*first`. */
void pas_json_key(struct buf *out, int *first, const char *key);

/** Appends numbers; a real that JSON cannot say becomes null. */
void pas_json_int(struct buf *out, int64_t value);
void pas_json_real(struct buf *out, double value);

#endif
