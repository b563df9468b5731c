/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the canonical check and msgpack-c agree on every input, and what was read is written back byte by byte.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"

static void copy(struct wire_in *in, struct buf *out)
{
    while (in->left > 0 && in->err == ERR_OK) {
        size_t len;
        struct wire_in inner;
        switch (wire_peek(in)) {
        case WIRE_NIL:
            wire_nil(in);
            wire_put_nil(out);
            break;
        case WIRE_BOOL:
            wire_put_bool(out, wire_bool(in));
            break;
        case WIRE_UINT:
            wire_put_uint(out, wire_uint(in, UINT64_MAX));
            break;
        case WIRE_NEGATIVE:
            wire_put_int(out, wire_int(in));
            break;
        case WIRE_BIN: {
            const uint8_t *bytes = wire_bin(in, &len, 0, UINT32_MAX);
            wire_put_bin(out, bytes, len);
            break;
        }
        case WIRE_STR: {
            const char *text = wire_str(in, &len, UINT32_MAX);
            wire_put_str(out, text, len);
            break;
        }
        case WIRE_ARRAY:
            inner = wire_array(in, 0, UINT32_MAX);
            wire_put_array(out, inner.left);
            copy(&inner, out);
            break;
        default:
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_doc doc;
    if (wire_check(data, size, 8, 4096) != ERR_OK)
        return 0;
    if (wire_open(&doc, data, size, 8, 4096) != ERR_OK)
        abort();
    struct wire_in in = wire_root(&doc);
    struct buf out = {0};
    copy(&in, &out);
    if (out.err != ERR_OK || out.len != size || memcmp(out.bytes, data, size) != 0)
        abort();
    buf_free(&out);
    wire_close(&doc);
    return 0;
}
