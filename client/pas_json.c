/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pas_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/text.h"

void pas_json_raw(struct buf *out, const char *text)
{
    buf_put(out, text, strlen(text));
}

static void put_control(struct buf *out, unsigned char c)
{
    char escape[8];
    if (c == '\n')
        pas_json_raw(out, "\\n");
    else if (c == '\t')
        pas_json_raw(out, "\\t");
    else {
        snprintf(escape, sizeof escape, "\\u%04x", c);
        pas_json_raw(out, escape);
    }
}

void pas_json_text(struct buf *out, const char *text, size_t len)
{
    buf_u8(out, '"');
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)text[i];
        size_t used = 1;
        if (c == '"' || c == '\\') {
            buf_u8(out, '\\');
            buf_u8(out, c);
        } else if (c < 0x20 || c == 0x7f) {
            put_control(out, c);
        } else if (c < 0x80) {
            buf_u8(out, c);
        } else {
            char point[4];
            size_t n = text_encode(text_decode(text + i, len - i, &used), point);
            buf_put(out, point, n);
        }
        i += used;
    }
    buf_u8(out, '"');
}

void pas_json_key(struct buf *out, int *first, const char *key)
{
    if (!*first)
        buf_u8(out, ',');
    *first = 0;
    pas_json_text(out, key, strlen(key));
    buf_u8(out, ':');
}

void pas_json_int(struct buf *out, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    pas_json_raw(out, text);
}

void pas_json_real(struct buf *out, double value)
{
    char text[40];
    if (!isfinite(value)) {
        pas_json_raw(out, "null");
        return;
    }
    snprintf(text, sizeof text, "%.15g", value);
    pas_json_raw(out, text);
}
