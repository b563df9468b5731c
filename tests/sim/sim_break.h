/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_break: deliberate mistakes in the code under test, to show that the simulator finds them. The product's sources
 * know nothing of it: the linker puts these functions in front of the real ones in the simulator's programs alone
 * (options.cmake), and without a breakage they only pass on.
 */
#ifndef TESTS_SIM_BREAK_H
#define TESTS_SIM_BREAK_H

/* X(name in C, name on the command line, profile that it needs or NULL) */
#define SIM_BREAKS(X) X(FSYNC, "drop-fsync", NULL) /* devices never sync a file */

#define SIM_BREAK_ROW(name, text, profile) SIM_BREAK_##name,
enum sim_break { SIM_BREAK_NONE, SIM_BREAKS(SIM_BREAK_ROW) SIM_BREAK_N };
#undef SIM_BREAK_ROW

void sim_break_set(enum sim_break breakage);
const char *sim_break_name(enum sim_break breakage);
/** SIM_BREAK_NONE: there is no such breakage. */
enum sim_break sim_break_by_name(const char *name);
/** The profile in which it can show, or NULL for all. */
const char *sim_break_needs(enum sim_break breakage);

#endif
