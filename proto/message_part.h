/* SPDX-License-Identifier: Apache-2.0
 *
 * message_part: the lists that request rows and response rows have in common; for message*.c alone.
 *
 * `put` writes one list, `take` reads it into the message's arena. Errors stick to the buffer or the cursor
 * (ERR_MEMORY when the arena is used up); after one, what was taken is zero and must not be used.
 */
#ifndef PROTO_MESSAGE_PART_H
#define PROTO_MESSAGE_PART_H

#include "proto/arena.h"
#include "proto/message.h"

/* Nesting inside rest and body: rows, row, leaves, leaf, bodies, and two more to grow. */
enum { MESSAGE_VERSION = 1, MESSAGE_DEPTH = 8 };

/** Takes a list of at most `max` items and gives room for them, `size` bytes each; `list` is the cursor over them. */
void *message_part_list(struct wire_in *list, struct wire_in *in, struct arena *arena, uint32_t max,
                        size_t size, size_t *n);

/** An arena for a message of `len` bytes. */
struct arena *message_part_arena(size_t len);

/** Takes the version of an envelope: ERR_VERSION if it is not ours. */
void message_part_version(struct wire_in *in);

/** Header, signature and bodies of a leaf. `present`: bodies must be there, not only their hashes. */
void message_part_put_leaf(struct buf *out, const struct message_leaf *leaf);
void message_part_take_leaf(struct message_leaf *leaf, struct wire_in *in, struct arena *arena,
                            bool present);

void message_part_put_slots(struct buf *out, const struct message_row *row);
void message_part_take_slots(struct message_row *row, struct wire_in *in, struct arena *arena);

void message_part_put_seals(struct buf *out, const struct message_row *row);
void message_part_take_seals(struct message_row *row, struct wire_in *in, struct arena *arena);

void message_part_put_want(struct buf *out, const struct message_row *row);
void message_part_take_want(struct message_row *row, struct wire_in *in, struct arena *arena);

void message_part_put_inbox(struct buf *out, const struct message_row *row);
void message_part_take_inbox(struct message_row *row, struct wire_in *in, struct arena *arena);

/** A checkpoint: [size, root, sig, [cosignature, ...]]. */
void message_part_put_note(struct buf *out, const struct note *note);
void message_part_take_note(struct note *note, struct wire_in *in);

/** One [leaf, box, body]. */
void message_part_put_body(struct buf *out, const struct message_body *body);
void message_part_take_body(struct message_body *body, struct wire_in *in, bool present);

#endif
