/* SPDX-License-Identifier: Apache-2.0
 *
 * operate: control leaves from waiting operations: ctl_prev, bodies under the routing key, seals, rotation of the
 * epoch keys (PROTOCOL.md 6).
 */
#ifndef CLIENT_OPERATE_H
#define CLIENT_OPERATE_H

#include "client/build.h"

/** Makes leaves of all operations that wait, and an epoch_change behind them when somebody loses the right to read
 * and this device is an admin. In a transaction. */
enum err operate_build(struct engine *engine, struct space *space, struct build_chain *chain);

struct seals;

/** A departure takes nothing away that was sent before: it is made when this device knows all that the server has. */
bool operate_needs_news(const struct space *space, const struct outbox_operation *operation);

/** The name of a device whose admission waits for a second person: nobody can take it yet. It is kept as refused
 * (PENDING), and operate_revive lets it go once the device is in. In a transaction. */
bool operate_needs_second(const struct space *space, const struct seals *seals,
                          const struct outbox_operation *operation);
/** Whether an operation admits a recovery sheet, or names the sheet that a waiting one admits. */
enum err operate_is_of_sheet(struct engine *engine, const struct space *space,
                             const struct outbox_operation *operation, bool *sheet);

enum err operate_revive(struct engine *engine, struct space *space);

/** The work that an adoption is about goes first: with the leaf the server's copy of it goes. */
bool operate_needs_work(const struct space *space, const struct outbox_operation *operation);

/** Whether this device still administers after the leaves made so far: who signs its own leave makes no keys. */
bool operate_stays(const struct seals *seals, const struct fold_device *self);

/** Whether an operation waits until the space has caught up with the server, within the same sync. */
bool operate_waits(const struct space *space);

/** Makes the four leaves of a founding: `genesis` (made by the caller, already in the chain) is followed by
 * epoch_change 1 and the labels of the space and of this device. In a transaction. */
enum err operate_found(struct engine *engine, struct space *space, struct build_chain *chain,
                       const struct leaf *genesis);

/** Appends the compressed text of a pack_set, put together from its bodies. ERR_CORRUPT. */
enum err operate_pack_text(struct engine *engine, const struct space *space, uint64_t index,
                           struct buf *out);

#endif
