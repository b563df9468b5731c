/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: any text is a link or is refused; a link is printed back as it was, but for surrounding space.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/code.h"
#include "proto/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct link link, again;
    if (link_parse(&link, (const char *)data, size) == ERR_OK) {
        struct buf out = {0};
        link_print(&out, &link);
        if (out.err != ERR_OK || link_parse(&again, (const char *)out.bytes, out.len) != ERR_OK ||
            memcmp(again.secret, link.secret, SEED_LEN) != 0 || strcmp(again.url, link.url) != 0)
            abort();
        buf_free(&out);
    }
    uint8_t bytes[64];
    size_t len;
    enum err err = code_unbase64(bytes, sizeof bytes, &len, (const char *)data, size);
    err = code_unbase32(bytes, 16, (const char *)data, size);
    err = code_uncrockford(bytes, 16, (const char *)data, size);
    err = code_unhex(bytes, 16, (const char *)data, size);
    (void)err;
    return 0;
}
