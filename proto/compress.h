/* SPDX-License-Identifier: Apache-2.0
 *
 * compress: zstd with the shipped dictionary, before sealing (PROTOCOL.md 5.3); the only module
 * that knows zstd.
 *
 * The first byte says how the rest is stored: 0 = as it is, 1 = one zstd frame (RFC 8878) with
 * dictionary 1, without its 4 magic bytes. Its header is a single segment with content size,
 * without checksum and dictionary id; every other header is refused. The shorter form is chosen.
 * Dictionaries are append-only: number 1 never changes, a later one gets the next number.
 */
#ifndef PROTO_COMPRESS_H
#define PROTO_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/err.h"

/** Appends the compressed form of `len` bytes to `out` (sticky error there). */
void compress_put(struct buf *out, const uint8_t *bytes, size_t len);

/** Appends the original of a compressed form to `out`; at most `max` bytes. ERR_CORRUPT,
 * ERR_TOO_BIG, ERR_VERSION (a dictionary that this program does not have). */
enum err compress_get(struct buf *out, const uint8_t *bytes, size_t len, size_t max);

#endif
