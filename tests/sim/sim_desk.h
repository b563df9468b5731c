/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_desk: a few days at a desk: a coordinator and a mediator do with passerelle.h and the calls beside it what people
 * do, step by step, on simulated disks, while memory or disks fail (sim_fault.h).
 *
 * After each failure: the step says so and nothing that people see has changed, neither in the running program
 * nor after it was opened again; then the same step succeeds. A step that went well in spite of a failure has done its
 * work: later steps and the last one need it.
 */
#ifndef TESTS_SIM_DESK_H
#define TESTS_SIM_DESK_H

#include "tests/sim/sim_world.h"

/** False: world->violation says why. sim_world_free frees the world. */
bool sim_desk_run(struct sim_world *world, uint64_t seed, bool verbose);

#endif
