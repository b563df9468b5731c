/* SPDX-License-Identifier: Apache-2.0
 *
 * transfer: a dossier moves from one space to another (PROTOCOL.md 5.6): copied under a new key with authors, runs and
 * times, then `moved` is said in the space that it leaves. A transfer is a record of this device until that is done:
 *
 *   1 what was replaced is on its way -> 2 what stands is, and the mark -> 3 `moved` is -> done
 *
 * What stands goes after what it replaced, with a base that says so: the other space sees the same values and the same
 * conflicts. Each step waits for a checkpoint that covers the one before. Work that reaches the space it left later on
 * is forwarded by the stewards' devices, by change id.
 */
#ifndef CLIENT_TRANSFER_H
#define CLIENT_TRANSFER_H

#include "client/engine_inside.h"

/* How long the space that a dossier left keeps its copy, and forwards what comes late. */
#define MOVED_KEEP_MS (90ull * 24 * 3600 * 1000)

/** Does what can be done now for all transfers and for late work; `*queued` when something waits for a sync. */
enum err transfer_step(struct engine *engine, bool *queued);

/** Whether births of this space, from number `from` on, are arrivals of dossiers that another space says it moved here:
 * what is shown from where has changed. */
bool transfer_arrived(const struct engine *engine, const struct space *space, size_t from);

#endif
