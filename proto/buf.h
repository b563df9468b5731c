/* SPDX-License-Identifier: Apache-2.0
 *
 * buf: a growable byte buffer with a ceiling and a sticky error.
 *
 * `struct buf b = {.max = LEAF_MAX};` is an empty buffer. Writers append without checking each
 * call; the first failure is kept in `err` and later writes do nothing, so that the caller asks
 * once at the end. `buf_free` wipes and releases; a buffer may be reused after it.
 */
#ifndef PROTO_BUF_H
#define PROTO_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

struct buf {
    uint8_t *bytes;
    size_t len;
    size_t cap;
    size_t max; /* 0 = RESPONSE_MAX */
    enum err err;
};

/** Appends `len` bytes, borrowed. Failure (ERR_TOO_BIG, ERR_MEMORY) is kept in b->err. */
void buf_put(struct buf *b, const void *bytes, size_t len);

/** Appends one byte, or big-endian integers of 2, 4 and 8 bytes. */
void buf_u8(struct buf *b, uint8_t v);
void buf_u16be(struct buf *b, uint16_t v);
void buf_u32be(struct buf *b, uint32_t v);
void buf_u64be(struct buf *b, uint64_t v);

/** Appends a NUL-terminated tag with its NUL, as every signed or MACed string begins (PROTOCOL.md 2). */
void buf_tag(struct buf *b, const char *tag);

/** Makes room for `len` more bytes and gives a pointer to them, counted as written; NULL on failure. */
uint8_t *buf_room(struct buf *b, size_t len);

/** Marks the buffer as failed with `err` unless it failed already. */
void buf_fail(struct buf *b, enum err err);

/** Forgets the content but keeps the memory; the old content is wiped. */
void buf_reset(struct buf *b);

/** Wipes and frees; `b` is then an empty buffer with the same ceiling. */
void buf_free(struct buf *b);

#endif
