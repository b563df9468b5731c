/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_random: the dice of the simulator. Two streams from one seed: one decides what happens (schedule, faults), the
 * other is what the programs under test draw through libsodium and SQLite, so that a program that draws one byte
 * more does not change the weather.
 */
#ifndef TESTS_SIM_RANDOM_H
#define TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_random {
    uint64_t state;
};

/** A stream of its own for each (seed, purpose). */
struct sim_random sim_random_from(uint64_t seed, uint64_t purpose);

uint64_t sim_u64(struct sim_random *random);
/** 0 <= result < n; 0 when n is 0. */
uint64_t sim_below(struct sim_random *random, uint64_t n);
/** lo <= result <= hi. */
uint64_t sim_between(struct sim_random *random, uint64_t lo, uint64_t hi);
/** True `per_mille` times in a thousand. */
bool sim_chance(struct sim_random *random, unsigned per_mille);

/** Everything that libsodium draws from here on comes from this seed. The first call comes before digest_init. */
void sim_random_install(uint64_t seed);
/** The same stream for whoever does not draw through libsodium (SQLite). */
void sim_random_bytes(void *bytes, size_t len);

#endif
