/* SPDX-License-Identifier: Apache-2.0
 *
 * rescue: recovery sheets (PROTOCOL.md 11.1). A sheet is a device of kind `paper` that only exists while somebody holds the
 * paper in front of a program: an engine of its own in a scratch folder, with the sheet's keys, fetches and verifies the
 * spaces, admits the new device, and is gone.
 *
 *   rescue_new -> rescue_begin / finish until nothing is left -> rescue_admit -> begin / finish -> rescue_end -> free
 */
#ifndef CLIENT_RESCUE_H
#define CLIENT_RESCUE_H

#include "client/engine_inside.h"
#include "proto/paper.h"

/** Queues the admission of a new sheet in a space, under a label. `*second`: another keeper has to confirm it.
 * ERR_DENIED: only administrators make sheets. ERR_NOT_FOUND: the space is not known to the server yet. */
enum err rescue_sheet(struct engine *engine, size_t space,
                      const uint8_t seed[static PAPER_SEED_LEN], const char *label, bool *second);

/** Fills sheet->url, log_key_hash and spaces with what `engine` has of the spaces (`n` indexes, all of one server), with
 * their last checkpoints. ERR_TOO_BIG, ERR_USAGE: several servers. */
enum err rescue_describe(const struct engine *engine, const size_t *spaces, size_t n,
                         struct paper_sheet *sheet);

struct rescue;

/** Makes the sheet's device in an empty folder `dir`, which rescue_free removes again. `server` is the answer of GET
 * <url>/v1/server. ERR_WRONG_SERVER: not the server that the sheet names. */
enum err rescue_new(struct rescue **rescue, const char *dir, const struct paper_sheet *sheet,
                    const uint8_t *server, size_t server_len, uint64_t now_ms);
void rescue_free(struct rescue *rescue);

/** One round trip, as engine_sync_begin and _finish. UNKNOWN_DEVICE, REVOKED: the sheet is not valid (any more). */
enum err rescue_begin(struct rescue *rescue, struct buf *request);
enum err rescue_finish(struct rescue *rescue, const uint8_t *answer, size_t len,
                       struct engine_sync *result);

/** Once everything is fetched: admits `engine` wherever the sheet administers, and removes, as lost, the members called
 * one of `lost` (`n_lost` names or beginnings of ids). `*n` spaces, `*removed` devices. ERR_NOT_FOUND: the sheet is in
 * none of them; ERR_NO_KEY: its keys have not come. */
enum err rescue_admit(struct rescue *rescue, struct engine *engine, const char *const *lost,
                      size_t n_lost, size_t *n, size_t *removed);

/** When the sheet's log says that `engine` is in: gives it the spaces; its own sync brings the rest. `*n` spaces.
 * ERR_DENIED: the server did not take the admission. */
enum err rescue_end(struct rescue *rescue, struct engine *engine, size_t *n);

#endif
