/* SPDX-License-Identifier: Apache-2.0
 *
 * demo: a fictional caseload for demonstrations, benchmarks and tests, made by a recipe that is data
 * (client/domain/demo.txt explains itself). The same seed, number and day make the same texts; ids are new each time.
 */
#ifndef CLIENT_DEMO_H
#define CLIENT_DEMO_H

#include "client/passerelle.h"

/** The recipe that ships inside the program; zero-terminated. */
const char *demo_recipe(size_t *len);

/** Fills the device's spaces with `people` people and what belongs to them; *made gets the number of records. `recipe`
 * NULL: the shipped one. FORMAT: the recipe is wrong, pas_why says where. */
PAS_CHECK int pas_demo(struct pas *pas, size_t people, uint64_t seed, const char *recipe,
                       const struct pas_edit *edit, size_t *made);

#endif
