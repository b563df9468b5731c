/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_vfs: SQLite on simulated disks. Once registered it is the default file system of the process: programs that
 * open a path under SIM_ROOT need no change. It has locks and shared memory for several connections of one process,
 * no sleep (a wait that nobody can end fails at once) and the clock of the simulator.
 */
#ifndef TESTS_SIM_VFS_H
#define TESTS_SIM_VFS_H

#include <stdint.h>

/** Registers it; once per process. */
void sim_vfs_install(void);
/** What SQLite draws starts anew from the simulator's dice. */
void sim_vfs_reset(void);
/** The clock, in ms since 1970. */
extern uint64_t sim_vfs_now_ms;
/** Files that SQLite opened without a name: there must be none, they would be plaintext of sorts. */
extern uint64_t sim_vfs_unnamed;

#endif
