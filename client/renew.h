/* SPDX-License-Identifier: Apache-2.0
 *
 * renew: a new identity for a device that another copy of itself writes for: a phone that was put back from a backup, or
 * cloned (PROTOCOL.md 11.2). Its chain is not continued, so that no sequence number is ever signed twice.
 *
 * The key header changes first, in one step; the replica names its owner, and whatever a crash leaves to do is done when
 * it is opened by another one.
 */
#ifndef CLIENT_RENEW_H
#define CLIENT_RENEW_H

#include "client/engine_inside.h"

/** Makes new keys under the same passphrase. Waiting changes keep their authors and runs; they are sent, unless the log
 * has them already, once the new device was invited to each space and approved there. ERR_USAGE: no other copy of this
 * device was seen; ERR_PASSPHRASE; ERR_FULL, ERR_IO: nothing happened. */
enum err renew_identity(struct engine *engine, const char *pass, size_t pass_len);

/** At opening: compares the replica's owner with the device, and adapts the replica to a new one. */
enum err renew_finish(struct engine *engine);

#endif
