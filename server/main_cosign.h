/* SPDX-License-Identifier: Apache-2.0
 *
 * main_cosign: asks witnesses to cosign the newest checkpoints, in a thread of its own: nobody's answer waits for it.
 *
 *   DIR/witnesses     witness NAME KEY URL     a witness: its key in base64, http[s]://HOST[:PORT][/PATH]
 *                     interval SECONDS         between two rounds [60]
 *
 * What passes is signed on both sides, so plain HTTP is enough for its integrity.
 */
#ifndef SERVER_MAIN_COSIGN_H
#define SERVER_MAIN_COSIGN_H

#include "server/serverkey.h"
#include "server/store.h"
#include "server/store_cosigs.h"

struct main_cosign;

/** Reads the list and starts the thread; `*cosign` is NULL where there is no list. Everything is borrowed until
 * main_cosign_stop. ERR_FORMAT: `*line` of the list is not understood. ERR_MEMORY. */
enum err main_cosign_start(struct main_cosign **cosign, const char *folder,
                           const struct serverkey *key, struct store_views *views,
                           struct store_cosigs *cosigs, unsigned *line);
/** NULL is fine. Waits for a request under way, at most a few seconds. */
void main_cosign_stop(struct main_cosign *cosign);

#endif
