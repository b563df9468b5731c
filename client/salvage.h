/* SPDX-License-Identifier: Apache-2.0
 *
 * salvage: a damaged replica is kept aside; what can be read of it moves into a new one.
 *
 * Logs are fetched again from the server. What exists nowhere else is taken over: waiting changes and operations,
 * keys of new dossiers, epoch keys, secrets of invites, servers and spaces. A change that is found in the raw bytes
 * may have been logged already; it waits until the log has arrived again, and is dropped if it is there.
 */
#ifndef CLIENT_SALVAGE_H
#define CLIENT_SALVAGE_H

#include "client/engine_inside.h"

/** Moves engine's replica aside and fills a new one, closed when it returns. ERR_FULL, ERR_IO: nothing is lost, the
 * damaged file is still there. */
enum err salvage(struct engine *engine, struct engine_repair *repair);

/** Releases salvaged changes of a space whose log is complete again: those that are in it are done. In a transaction. */
enum err salvage_settle(struct engine *engine, struct space *space);

/** The same whatever they came from, and without looking whether the log is complete. In a transaction. */
enum err salvage_release(struct engine *engine, struct space *space);

#endif
