/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_fault: memory that runs out, and disks that fail, at each place in turn.
 *
 * While a world runs, every allocation of the programs under test (our own through malloc, calloc, realloc and
 * sodium_malloc; those of SQLite, msgpack and zstd too) and every call that reaches a simulated disk asks here whether
 * it fails. At the 1st, 2nd, 4th, 8th... time that it comes from the same place (the same chain of callers in our
 * code) this process forks: in the child it fails, once or from there on until the program that met it ends; the
 * parent goes on as if nothing had been. So one run of a world tries its failures one by one, and each child lives
 * through the rest of the same world with all invariants checked.
 *
 * The simulator's own needs never fail: its files are compiled with other names for malloc (options.cmake), and where
 * it uses the product's functions for itself it says SIM_QUIET.
 */
#ifndef TESTS_SIM_FAULT_H
#define TESTS_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

enum sim_fault_kind { SIM_FAULT_NONE, SIM_FAULT_MEMORY, SIM_FAULT_IO };

struct sim_fault_plan {
    enum sim_fault_kind kind;
    bool for_ever;         /* until the program that met it ends; otherwise once */
    uint64_t every, phase; /* tries the places whose number is `phase` modulo `every` */
    uint64_t only; /* a single failure by its number, in this very process; 0 = all, in children */
    unsigned jobs;
};

struct sim_fault_sum {
    uint64_t calls, places, tried, failed;
};

/** Takes SQLite's allocations in hand; once, before anything else. */
void sim_fault_install(void);
/** From here on failures happen. */
void sim_fault_begin(const struct sim_fault_plan *plan);
/** No more; waits for the children. */
void sim_fault_end(struct sim_fault_sum *sum);

/** Whether this process is one in which something failed, and the number of that failure. */
bool sim_fault_happened(uint64_t *number);
/** Says on stderr where it failed: addresses for addr2line. */
void sim_fault_print(void);

/** Whether a disk's operation fails now. */
bool sim_fault_io(void);

/** For tests of single functions, without a world and without children: the `n`-th allocation from now on fails, once.
 * 0: no more. Gives whether the failure that was asked for before has happened. */
bool sim_fault_nth(uint64_t n);

/** An error that the failure explains: of the program that met it, until the event ends in which it did. */
bool sim_fault_excuses(enum err err);
/** The running event's program met a failure that lasts: it must be ended now, still without memory or disk. */
bool sim_fault_lasts(void);
/** The event is over: no failure, no excuse. */
void sim_fault_over(void);

/* Until the end of the block nothing fails. */
#define SIM_QUIET                                                                                  \
    __attribute__((cleanup(sim_fault_loud), unused)) int sim_quiet_block = sim_fault_quiet()
int sim_fault_quiet(void);
void sim_fault_loud(int *block);

#endif
