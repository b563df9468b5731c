/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: any plaintext of a body or routing box (after opening: a hostile member can seal anything) is decoded or
 * refused; what decodes can be encoded and decoded again.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/change.h"
#include "proto/seal.h"

static void box(const uint8_t *data, size_t size)
{
    struct change_box box, again;
    if (change_box_decode(&box, data, size, 1000) == ERR_OK) {
        struct buf out = {.max = PLAIN_MAX};
        change_box_encode(&out, box.pack, box.items, box.n, 1000);
        if (out.err == ERR_OK) {
            if (change_box_decode(&again, out.bytes, out.len, 1000) != ERR_OK || again.n != box.n)
                abort();
            for (size_t i = 0; i < box.n; i++) {
                if (again.items[i].field != box.items[i].field ||
                    again.items[i].base != box.items[i].base ||
                    again.items[i].value_len != box.items[i].value_len ||
                    memcmp(again.items[i].value, box.items[i].value, box.items[i].value_len) != 0)
                    abort();
            }
            change_box_free(&again);
        }
        buf_free(&out);
        change_box_free(&box);
    }
}

static void routes(const uint8_t *data, size_t size)
{
    struct change_routes routes;
    if (change_routes_decode(&routes, data, size) == ERR_OK)
        change_routes_free(&routes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* As it is, and padded as a sealer would: otherwise few inputs come past the padding. */
    box(data, size);
    routes(data, size);
    if (size > 1 << 16)
        return 0;
    size_t padded = seal_padded_len(size);
    uint8_t *copy = malloc(padded);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    seal_pad(copy, size, padded);
    box(copy, padded);
    routes(copy, padded);
    free(copy);
    return 0;
}
