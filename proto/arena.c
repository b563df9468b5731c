/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks in a list, the newest first; each is cut from the front. What does not fit into the newest
 * block begins another one, so a piece never moves.
 */
#include "proto/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"

enum { UNIT = alignof(max_align_t), BLOCK_MIN = 4096 };

struct block {
    struct block *next;
    size_t used;
    size_t cap;
    alignas(max_align_t) uint8_t bytes[];
};

struct arena {
    struct block *blocks;
    size_t left; /* bytes that may still be given */
};

struct arena *arena_new(size_t max)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena)
        arena->left = max;
    return arena;
}

static struct block *add_block(struct arena *arena, size_t need)
{
    /* Doubling keeps the list short; the ceiling is on what is given, not on what lies in reserve. */
    size_t cap = arena->blocks ? 2 * arena->blocks->cap : BLOCK_MIN;
    if (cap > arena->left)
        cap = arena->left;
    if (cap < need)
        cap = need;
    struct block *block = calloc(1, sizeof *block + cap);
    if (!block)
        return NULL;
    block->cap = cap;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_get(struct arena *arena, size_t n, size_t size)
{
    if (n == 0 || size == 0)
        return arena;
    if (n > (SIZE_MAX / 4) / size)
        return NULL;
    size_t need = (n * size + UNIT - 1) / UNIT * UNIT;
    if (need > arena->left)
        return NULL;
    struct block *block = arena->blocks;
    if (!block || need > block->cap - block->used)
        block = add_block(arena, need);
    if (!block)
        return NULL;
    void *piece = block->bytes + block->used;
    block->used += need;
    arena->left -= need;
    return piece;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t len)
{
    void *copy = arena_get(arena, len, 1);
    if (copy && len)
        memcpy(copy, bytes, len);
    return copy;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    while (arena->blocks) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        digest_wipe(block->bytes, block->used);
        free(block);
    }
    free(arena);
}
