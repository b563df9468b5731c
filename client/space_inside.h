/* SPDX-License-Identifier: Apache-2.0
 *
 * space_inside: between space.c, space_keys.c and enrol.c.
 */
#ifndef CLIENT_SPACE_INSIDE_H
#define CLIENT_SPACE_INSIDE_H

#include "client/space.h"

/** Loads the keys of the epochs from their records and unwraps older ones. */
enum err space_epochs_load(struct engine *engine, struct space *space);
void space_epochs_unload(struct engine *engine, struct space *space);

/** Loads who waits for an approval. */
enum err space_waiting_load(struct engine *engine, struct space *space);

#endif
