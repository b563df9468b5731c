/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_check: between the files of the invariants.
 */
#ifndef TESTS_SIM_CHECK_H
#define TESTS_SIM_CHECK_H

#include <sodium.h>

#include "tests/sim/sim_world.h"

/** What a device shows of a space: which marks, where, and a digest over all of it. */
struct sim_shown {
    size_t n;
    uint64_t *seen; /* index + 1 of the leaf; 0 = not shown. Owned */
    size_t twice;   /* a mark that was shown more than once; SIZE_MAX */
    uint64_t keyless;
    crypto_generichash_state *state; /* while it is being computed */
    uint8_t hash[HASH_LEN];
};

/** The waiting (`pending`) or the logged changes. The caller frees shown->seen. */
enum err sim_check_shown(const struct sim_world *world, struct sim_device *device, unsigned s,
                         bool pending, struct sim_shown *shown);

/** The history that a device's log of a space belongs to, as of its last check. */
struct sim_log *sim_check_log(struct sim_world *world, const struct sim_device *device, unsigned s);

#endif
