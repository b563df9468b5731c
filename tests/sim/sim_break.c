/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_break.h"

#include <string.h>

#include "tests/sim/sim_disk.h"

static enum sim_break current;

#define ROW(name, text, profile) {text, profile},
static const struct {
    const char *name, *profile;
} rows[] = {{"none", NULL}, SIM_BREAKS(ROW)};
#undef ROW

void sim_break_set(enum sim_break breakage)
{
    current = breakage;
    sim_disk_drop_syncs = current == SIM_BREAK_FSYNC;
}

const char *sim_break_name(enum sim_break breakage)
{
    return rows[breakage].name;
}

enum sim_break sim_break_by_name(const char *name)
{
    for (int i = 1; i < SIM_BREAK_N; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return (enum sim_break)i;
    }
    return SIM_BREAK_NONE;
}

const char *sim_break_needs(enum sim_break breakage)
{
    return rows[breakage].profile;
}
