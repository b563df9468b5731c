/* SPDX-License-Identifier: Apache-2.0 */
#include "client/engine.h"
#include "client/engine_inside.h"
#include "proto/link.h"

void engine_compare_code(const struct engine *engine, size_t space, char out[static 10])
{
    link_compare_code(out, engine->ring.ed_pk, engine->ring.x_pk, engine_space(engine, space)->id);
}
