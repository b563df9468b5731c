/* SPDX-License-Identifier: Apache-2.0
 *
 * pack_scan: reads one typed text as a value of a field's type. Private to client/pack*.c.
 */
#ifndef CLIENT_PACK_SCAN_H
#define CLIENT_PACK_SCAN_H

#include "client/pack.h"

/** What reading needs, passed down whole. `context` is never NULL; `why` may be. */
struct pack_scan {
    const struct pack_field *field;
    const struct pack_context *context;
    struct pack_why *why;
};

/**
 * Reads a text without blanks around it as a value of `type`, any but a set. *out is zeroed before,
 * and given to the caller. Errors as pack_value_check.
 */
enum err pack_scan_one(const struct pack_scan *scan, enum pack_type type, const char *text,
                       struct pack_value *out);

/** Sets the reason in the context's language and gives ERR_USAGE. */
enum err pack_scan_refuse(const struct pack_scan *scan, const char *fr, const char *en);

/** Whether a number is within the field's bounds. */
bool pack_scan_in_bounds(const struct pack_field *field, int64_t value);

/** Whether a text has the form of a record's id. */
bool pack_scan_is_ref(const char *text, size_t len);

#endif
