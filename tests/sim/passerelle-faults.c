/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelle-faults: one simulated world, in which memory or disks fail at each place in turn (sim_fault.h).
 *
 *   passerelle-faults memory|io [--desk] [--seed N] [--for-ever] [--every K] [--jobs N]
 *   passerelle-faults memory|io [--desk] [--seed N] [--for-ever] --only NUMBER    one failure, in the open, with its trace
 *
 * --desk: not a world of engines but two people at the public interface (sim_desk.h). --every K tries one in K places, beginning with a place that the seed chooses. Exit code 0: nothing went wrong.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/log.h"
#include "tests/sim/sim_desk.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_vfs.h"
#include "tests/sim/sim_world.h"

/* Everything that people do, in a small world with fair weather: the failures are the only trouble. */
static const struct sim_profile profile = {.name = "faults",
                                           .devices = 4,
                                           .days = 4,
                                           .wake_hours = 5,
                                           .member = 400,
                                           .revoke = 40,
                                           .erase = 100,
                                           .look = 1000,
                                           .spaces = 1};

static int usage(void)
{
    fprintf(stderr,
            "usage: passerelle-faults memory|io [--desk] [--seed N] [--for-ever] [--every K] "
            "[--jobs N] [--only NUMBER]\n");
    return 2;
}

static bool take_options(int argc, char **argv, struct sim_fault_plan *plan, uint64_t *seed,
                         bool *desk)
{
    for (int i = 2; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--for-ever") == 0)
            plan->for_ever = true;
        else if (strcmp(argv[i], "--desk") == 0)
            *desk = true;
        else if (more && strcmp(argv[i], "--seed") == 0)
            *seed = strtoull(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--every") == 0)
            plan->every = strtoull(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--only") == 0)
            plan->only = strtoull(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--jobs") == 0)
            plan->jobs = (unsigned)strtoul(argv[++i], NULL, 10);
        else
            return false;
    }
    plan->phase = plan->every ? *seed % plan->every : 0;
    return plan->every > 0 && plan->jobs > 0;
}

/* What a world with one failure says when it went wrong. */
static int confess(const char *kind, const struct sim_fault_plan *plan, uint64_t seed, bool desk,
                   const struct sim_world *world, uint64_t number)
{
    fprintf(stderr, "passerelle-faults %s%s --seed %" PRIu64 "%s --only %" PRIu64 ": %s\n   at",
            kind, desk ? " --desk" : "", seed, plan->for_ever ? " --for-ever" : "", number,
            world->violation);
    sim_fault_print();
    return 1;
}

int main(int argc, char **argv)
{
    struct sim_fault_plan plan = {.every = 1, .jobs = 1};
    struct sim_fault_sum sum;
    uint64_t seed = 1, number;
    bool desk = false;
    if (argc > 1 && strcmp(argv[1], "memory") == 0)
        plan.kind = SIM_FAULT_MEMORY;
    else if (argc > 1 && strcmp(argv[1], "io") == 0)
        plan.kind = SIM_FAULT_IO;
    if (plan.kind == SIM_FAULT_NONE || !take_options(argc, argv, &plan, &seed, &desk))
        return usage();
    sim_fault_install();
    sim_vfs_install();
    log_open(-1, LOG_TEXT, LOG_ERROR);
    struct sim_world *world = calloc(1, sizeof *world);
    if (!world)
        abort();
    sim_fault_begin(&plan);
    bool ok = desk ? sim_desk_run(world, seed, plan.only > 0)
                   : sim_world_run(world, seed, &profile, plan.only > 0);
    bool child = sim_fault_happened(&number) && plan.only == 0;
    int code = ok ? 0 : confess(argv[1], &plan, seed, desk, world, number);
    sim_fault_end(&sum);
    if (!child)
        printf("%s %s: %" PRIu64 " calls from %" PRIu64 " places, %" PRIu64
               " failures to try, %" PRIu64 " bad; %" PRIu64 " leaves, %" PRIu64
               " revoked, %" PRIu64 " erased\n",
               argv[1], plan.for_ever ? "for ever" : "once", sum.calls, sum.places, sum.tried,
               sum.failed, world->figures[SIM_LEAVES], world->figures[SIM_REVOCATIONS],
               world->figures[SIM_ERASURES]);
    sim_world_free(world);
    free(world);
    return code ? code : sum.failed > 0;
}
