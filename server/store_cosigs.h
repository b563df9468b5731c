/* SPDX-License-Identifier: Apache-2.0
 *
 * store_cosigs: the newest checkpoint of each space that each witness has cosigned. A small file beside the databases,
 * DIR/cosigs: what it holds can always be asked for again, so it is no part of any transaction. Any thread.
 */
#ifndef SERVER_STORE_COSIGS_H
#define SERVER_STORE_COSIGS_H

#include "proto/err.h"
#include "proto/note.h"

struct store_cosigs;

/** Reads what is there; a damaged file counts as empty. ERR_MEMORY. */
enum err store_cosigs_open(struct store_cosigs **cosigs, const char *folder);
void store_cosigs_close(struct store_cosigs *cosigs);

/** Keeps a note with its one cosignature over an older one by the same witness key. ERR_MEMORY. */
enum err store_cosigs_put(struct store_cosigs *cosigs, const uint8_t space[static ID_LEN],
                          const struct note *note);

/** Writes what was put. ERR_FULL, ERR_IO. */
enum err store_cosigs_save(struct store_cosigs *cosigs);

/** Copies the notes of a space (each with one cosignature) to `out`; gives how many, at most `max`. `cosigs` may be
 * NULL. */
size_t store_cosigs_get(struct store_cosigs *cosigs, const uint8_t space[static ID_LEN],
                        struct note *out, size_t max);

#endif
