/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/buf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/limits.h"

/* Grows by doubling into fresh memory, so that the old copy can be wiped: realloc would leave it. */
static void grow(struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : 256;
    while (cap < need)
        cap *= 2;
    uint8_t *bytes = malloc(cap);
    if (!bytes) {
        b->err = ERR_MEMORY;
        return;
    }
    assert(b->len == 0 || b->bytes);
    if (b->len)
        memcpy(bytes, b->bytes, b->len);
    if (b->bytes) {
        digest_wipe(b->bytes, b->len);
        free(b->bytes);
    }
    b->bytes = bytes;
    b->cap = cap;
}

uint8_t *buf_room(struct buf *b, size_t len)
{
    if (b->err != ERR_OK)
        return NULL;
    size_t max = b->max ? b->max : RESPONSE_MAX;
    if (len > SIZE_MAX / 4 - b->len || b->len + len > max) {
        b->err = ERR_TOO_BIG;
        return NULL;
    }
    if (b->len + len > b->cap || !b->bytes)
        grow(b, b->len + len);
    if (b->err != ERR_OK)
        return NULL;
    uint8_t *room = b->bytes + b->len;
    b->len += len;
    return room;
}

void buf_put(struct buf *b, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    uint8_t *room = buf_room(b, len);
    if (room)
        memcpy(room, bytes, len);
}

static void put_be(struct buf *b, uint64_t v, unsigned bytes)
{
    uint8_t be[8];
    for (unsigned i = 0; i < bytes; i++)
        be[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    buf_put(b, be, bytes);
}

void buf_u8(struct buf *b, uint8_t v)
{
    buf_put(b, &v, 1);
}

void buf_u16be(struct buf *b, uint16_t v)
{
    put_be(b, v, 2);
}

void buf_u32be(struct buf *b, uint32_t v)
{
    put_be(b, v, 4);
}

void buf_u64be(struct buf *b, uint64_t v)
{
    put_be(b, v, 8);
}

void buf_tag(struct buf *b, const char *tag)
{
    buf_put(b, tag, strlen(tag) + 1);
}

void buf_fail(struct buf *b, enum err err)
{
    if (b->err == ERR_OK)
        b->err = err;
}

void buf_reset(struct buf *b)
{
    if (b->bytes)
        digest_wipe(b->bytes, b->len);
    b->len = 0;
    b->err = ERR_OK;
}

void buf_free(struct buf *b)
{
    buf_reset(b);
    free(b->bytes);
    b->bytes = NULL;
    b->cap = 0;
}
