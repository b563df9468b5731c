/* SPDX-License-Identifier: Apache-2.0
 *
 * store_blob: attachments, as files beside the databases: DIR/blobs/<space>/<row>/<blob>, or <blob>.part while pieces
 * are missing. `row` is the slot row of the dossier, so that an erasure takes them with it. All ciphertext.
 *
 * Errors of all: ERR_FULL, ERR_IO.
 */
#ifndef SERVER_STORE_BLOB_H
#define SERVER_STORE_BLOB_H

#include "proto/buf.h"
#include "proto/message.h"

/** Appends a piece if it continues what is there; `*have` is then how much is there in any case. The last piece makes
 * the blob whole if its bytes have its hash; otherwise ERR_CORRUPT, and all of it is dropped. */
enum err store_blob_put(const char *folder, const uint8_t space[static ID_LEN],
                        const uint8_t row[static ID_LEN], const struct message_piece *piece,
                        uint64_t *have);

/** Appends up to `max` bytes from piece->offset on to `out`, and sets piece->total. ERR_NOT_FOUND: it is not there, or
 * not whole. */
enum err store_blob_get(const char *folder, const uint8_t space[static ID_LEN],
                        const uint8_t row[static ID_LEN], struct message_piece *piece, size_t max,
                        struct buf *out);

/** Copies every whole blob of one folder into another, beside those that are there. ERR_CORRUPT: one is not what its name
 * says; the others were copied. */
enum err store_blob_copy(const char *from, const char *to);

/** How much a space's blobs take, unfinished ones too. */
enum err store_blob_bytes(const char *folder, const uint8_t space[static ID_LEN], uint64_t *bytes);

/** Deletes all blobs of a row. */
enum err store_blob_erase(const char *folder, const uint8_t space[static ID_LEN],
                          const uint8_t row[static ID_LEN]);

#endif
