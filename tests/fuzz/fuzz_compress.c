/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: no compressed form makes us give more than the bound, and everything we compress comes back.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/compress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = {.max = 1 << 20};
    if (compress_get(&out, data, size, 1 << 16) == ERR_OK && out.len > 1 << 16)
        abort();
    buf_free(&out);
    struct buf packed = {.max = 1 << 20}, back = {.max = 1 << 20};
    compress_put(&packed, data, size);
    if (packed.err == ERR_OK &&
        (compress_get(&back, packed.bytes, packed.len, size) != ERR_OK || back.len != size ||
         (size > 0 && memcmp(back.bytes, data, size) != 0)))
        abort();
    buf_free(&packed);
    buf_free(&back);
    return 0;
}
