/* SPDX-License-Identifier: Apache-2.0
 *
 * A frame keeps what is not constant: of zstd's header that is one byte (how wide the content size
 * is) and the content size. Any other header is refused, so that before decoding we know exactly
 * how much memory it takes: a frame is one segment, its window is its content.
 */
#include "proto/compress.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "proto/dictionary_1.h"
#include "proto/digest.h"
#include "proto/limits.h"

enum { STORED = 0, DICTIONARY_1 = 1, MAGIC_LEN = 4 };

/* Boxes are small, and there the strongest level costs little; for large ones time matters. */
enum { LEVEL_SMALL = 19, LEVEL_LARGE = 9, SMALL_MAX = 1 << 15, WINDOW_LOG = 22 };

/* Frame header descriptor: size of the content size in the two top bits, single segment, and
 * neither checksum nor dictionary id nor reserved bits. */
enum { DESCRIPTOR_MASK = 0x3f, DESCRIPTOR = 0x20 };

static const uint8_t magic[MAGIC_LEN] = {0x28, 0xb5, 0x2f, 0xfd};

/* Digesting the dictionary takes longer than compressing a box with it. It is done once for all
 * threads: whoever comes second throws its own copy away. */
static _Atomic(ZSTD_CDict *) shared_cdict;
static _Atomic(ZSTD_DDict *) shared_ddict;

static const ZSTD_CDict *get_cdict(void)
{
    ZSTD_CDict *known = atomic_load(&shared_cdict);
    if (known)
        return known;
    ZSTD_CDict *mine = ZSTD_createCDict(dictionary_1_bytes, DICTIONARY_1_LEN, LEVEL_SMALL);
    if (!mine || atomic_compare_exchange_strong(&shared_cdict, &known, mine))
        return mine;
    ZSTD_freeCDict(mine);
    return known;
}

static const ZSTD_DDict *get_ddict(void)
{
    ZSTD_DDict *known = atomic_load(&shared_ddict);
    if (known)
        return known;
    ZSTD_DDict *mine = ZSTD_createDDict(dictionary_1_bytes, DICTIONARY_1_LEN);
    if (!mine || atomic_compare_exchange_strong(&shared_ddict, &known, mine))
        return mine;
    ZSTD_freeDDict(mine);
    return known;
}

static bool set_up(ZSTD_CCtx *ctx, size_t len)
{
    size_t bad = ZSTD_CCtx_setParameter(ctx, ZSTD_c_contentSizeFlag, 1);
    if (!ZSTD_isError(bad))
        bad = ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 0);
    if (!ZSTD_isError(bad))
        bad = ZSTD_CCtx_setParameter(ctx, ZSTD_c_dictIDFlag, 0);
    if (ZSTD_isError(bad))
        return false;
    if (len <= SMALL_MAX) {
        const ZSTD_CDict *dict = get_cdict();
        return dict && !ZSTD_isError(ZSTD_CCtx_refCDict(ctx, dict));
    }
    /* The digested dictionary fixes a small window; a large source needs one of its own size. */
    bad = ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, LEVEL_LARGE);
    if (!ZSTD_isError(bad))
        bad = ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, WINDOW_LOG);
    if (!ZSTD_isError(bad))
        bad = ZSTD_CCtx_loadDictionary(ctx, dictionary_1_bytes, DICTIONARY_1_LEN);
    return !ZSTD_isError(bad);
}

/* The length of the whole frame at `frame`, or 0 if it would not be shorter than the original. */
static size_t try_frame(uint8_t *frame, size_t cap, const uint8_t *bytes, size_t len)
{
    size_t n = 0;
    ZSTD_CCtx *ctx = ZSTD_createCCtx();
    if (ctx && set_up(ctx, len)) {
        n = ZSTD_compress2(ctx, frame, cap, bytes, len);
        if (ZSTD_isError(n) || n <= MAGIC_LEN || (frame[MAGIC_LEN] & DESCRIPTOR_MASK) != DESCRIPTOR)
            n = 0;
    }
    ZSTD_freeCCtx(ctx);
    return n;
}

void compress_put(struct buf *out, const uint8_t *bytes, size_t len)
{
    size_t cap = len + MAGIC_LEN - 1;
    size_t n = 0;
    uint8_t *frame = NULL;
#ifndef PASSERELLE_NO_SEAL
    if (len > 0 && len <= PLAIN_MAX)
        frame = malloc(cap);
    if (frame)
        n = try_frame(frame, cap, bytes, len);
#endif
    if (n > 0) {
        buf_u8(out, DICTIONARY_1);
        buf_put(out, frame + MAGIC_LEN, n - MAGIC_LEN);
    } else {
        buf_u8(out, STORED);
        buf_put(out, bytes, len);
    }
    if (frame)
        digest_wipe(frame, cap);
    free(frame);
}

/* Reads the content size of a frame without magic; zstd counts 2-byte sizes from 256. */
static enum err content_size(size_t *size, const uint8_t *frame, size_t len)
{
    static const unsigned widths[] = {1, 2, 4, 8};
    if (len == 0 || (frame[0] & DESCRIPTOR_MASK) != DESCRIPTOR)
        return ERR_CORRUPT;
    unsigned width = widths[frame[0] >> 6];
    if (len - 1 < width)
        return ERR_CORRUPT;
    uint64_t n = 0;
    for (unsigned i = 0; i < width; i++)
        n |= (uint64_t)frame[1 + i] << (8 * i);
    if (width == 2)
        n += 256;
    if (n > SIZE_MAX / 2)
        return ERR_TOO_BIG;
    *size = (size_t)n;
    return ERR_OK;
}

static enum err get_frame(struct buf *out, const uint8_t *bytes, size_t len, size_t max)
{
    enum err err = ERR_OK;
    uint8_t *frame = NULL;
    ZSTD_DCtx *ctx = NULL;
    size_t size = 0;
    size_t frame_len = len + MAGIC_LEN;
    TRY(content_size(&size, bytes, len));
    if (size > max)
        TRY(ERR_TOO_BIG);

    frame = malloc(frame_len);
    ctx = ZSTD_createDCtx();
    const ZSTD_DDict *dict = get_ddict();
    if (!frame || !ctx || !dict)
        TRY(ERR_MEMORY);
    memcpy(frame, magic, MAGIC_LEN);
    memcpy(frame + MAGIC_LEN, bytes, len);
    /* zstd would decode several frames in a row; ours is one. */
    if (ZSTD_findFrameCompressedSize(frame, frame_len) != frame_len)
        TRY(ERR_CORRUPT);
    size_t before = out->len;
    uint8_t *room = buf_room(out, size);
    TRY(out->err);
    if (ZSTD_decompress_usingDDict(ctx, room, size, frame, frame_len, dict) != size) {
        digest_wipe(room, size);
        out->len = before;
        TRY(ERR_CORRUPT);
    }
out:
    ZSTD_freeDCtx(ctx);
    if (frame)
        digest_wipe(frame, frame_len);
    free(frame);
    return err;
}

enum err compress_get(struct buf *out, const uint8_t *bytes, size_t len, size_t max)
{
    if (len == 0)
        return ERR_CORRUPT;
    if (bytes[0] == DICTIONARY_1)
        return get_frame(out, bytes + 1, len - 1, max);
    if (bytes[0] != STORED)
        return ERR_VERSION;
    if (len - 1 > max)
        return ERR_TOO_BIG;
    buf_put(out, bytes + 1, len - 1);
    return out->err;
}
