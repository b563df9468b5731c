/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: any file is decoded or refused, within bounds; what is decoded is written again byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bundle bundle;
    struct buf again = {.max = BUNDLE_MAX};
    if (bundle_decode(&bundle, data, size) != ERR_OK)
        return 0;
    bundle_encode(&again, &bundle);
    if (again.err != ERR_OK || again.len != size || memcmp(again.bytes, data, size) != 0)
        abort();
    buf_free(&again);
    bundle_free(&bundle);
    return 0;
}
