/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client/rekey.h"
#include "proto/link.h"

void engine_compare_code(const struct engine *engine, size_t space, char out[static 10])
{
    const uint8_t *id = engine_space(engine, space)->id;
    uint8_t x_pk[PK_LEN];
    /* With another key the code is another one, and nobody approves it. */
    if (rekey_newest(engine, id, x_pk) != ERR_OK)
        memset(x_pk, 0, sizeof x_pk);
    link_compare_code(out, engine->ring.ed_pk, x_pk, id);
}
