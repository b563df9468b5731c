/* SPDX-License-Identifier: Apache-2.0
 *
 * arena: memory of one message or one transaction, given in pieces and freed whole.
 */
#ifndef PROTO_ARENA_H
#define PROTO_ARENA_H

#include <stddef.h>

struct arena;

/** An arena that gives at most `max` bytes in all; NULL without memory. */
struct arena *arena_new(size_t max);

/** `n` zeroed elements of `size` bytes, aligned for anything; NULL when the arena's or the machine's memory is used
 * up, or when n * size overflows. `n` = 0 gives a valid pointer. */
void *arena_get(struct arena *arena, size_t n, size_t size);

/** A copy of `len` bytes. */
void *arena_copy(struct arena *arena, const void *bytes, size_t len);

/** Frees everything. */
void arena_free(struct arena *arena);

#endif
