/* SPDX-License-Identifier: Apache-2.0
 *
 * wire: the canonical MessagePack form (PROTOCOL.md 3), the only module that knows msgpack-c.
 *
 * Types in use: nil, false, true, integers, bin, str, array. Each in its shortest encoding; no
 * map, float, extension; bounded depth, bounded count of elements, no trailing byte. A message
 * is first walked by a check that allocates nothing; only what passed reaches msgpack-c.
 *
 * Writing: put items into a `struct buf` (sticky error). Reading: open a document, then take
 * items in order from cursors, whose error is sticky too; `wire_end` asks once at the end.
 * Byte strings that a cursor gives are borrowed from the message.
 */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/err.h"

enum wire_type {
    WIRE_NONE,
    WIRE_NIL,
    WIRE_BOOL,
    WIRE_UINT,
    WIRE_NEGATIVE,
    WIRE_BIN,
    WIRE_STR,
    WIRE_ARRAY
};

struct msgpack_object;
struct msgpack_zone;

/** An opened message; it borrows the bytes. */
struct wire_doc {
    struct msgpack_zone *zone;
    const struct msgpack_object *root;
};

/** A cursor over the items of one array (or over the single root item). */
struct wire_in {
    const struct msgpack_object *next;
    uint32_t left;
    enum err err;
};

/**
 * Walks `bytes` and tells whether they are exactly one item in the canonical form, nested at most
 * `depth_max` arrays deep, with at most `items_max` elements in all. Allocates nothing.
 *
 * ERR_FORMAT   not the canonical form (drop the message; never re-encode it)
 * ERR_TOO_BIG  more elements than `items_max`
 */
enum err wire_check(const uint8_t *bytes, size_t len, unsigned depth_max, size_t items_max);

/** The length of the one canonical item that `bytes` begin with, whatever follows it; 0 if they do not begin with
 * one within the limits. Allocates nothing. */
size_t wire_first(const uint8_t *bytes, size_t len, unsigned depth_max, size_t items_max);

/** wire_check, then msgpack-c. `doc` borrows `bytes` until wire_close. Errors as wire_check, ERR_MEMORY. */
enum err wire_open(struct wire_doc *doc, const uint8_t *bytes, size_t len, unsigned depth_max,
                   size_t items_max);

/** Frees the document; cursors are dead, borrowed bytes stay valid as long as the message. */
void wire_close(struct wire_doc *doc);

/** A cursor over the root item. */
struct wire_in wire_root(const struct wire_doc *doc);

/** The type of the next item without taking it; WIRE_NONE at the end or after an error. */
enum wire_type wire_peek(const struct wire_in *in);

/** Takes an array of min..max items; the cursor over them is returned (with `left` items). */
struct wire_in wire_array(struct wire_in *in, uint32_t min, uint32_t max);

/** Takes an unsigned integer of at most `max`; 0 after an error. */
uint64_t wire_uint(struct wire_in *in, uint64_t max);

/** Takes any integer that fits int64; 0 after an error. */
int64_t wire_int(struct wire_in *in);

/** Takes a bool; false after an error. */
bool wire_bool(struct wire_in *in);

/** Takes a nil and returns true, or leaves another item and returns false. */
bool wire_nil(struct wire_in *in);

/** Takes a bin of min..max bytes, borrowed; NULL and *len = 0 after an error. */
const uint8_t *wire_bin(struct wire_in *in, size_t *len, size_t min, size_t max);

/** Takes a bin of exactly `len` bytes and copies it to `out`; zeroes after an error. */
void wire_bytes(struct wire_in *in, uint8_t *out, size_t len);

/** Takes a nil (returns false, zeroes) or a bin of exactly `len` bytes (returns true). */
bool wire_bytes_or_nil(struct wire_in *in, uint8_t *out, size_t len);

/** Takes a str of at most `max` bytes, borrowed, not NUL-terminated; must be UTF-8 without NUL. */
const char *wire_str(struct wire_in *in, size_t *len, size_t max);

/** Takes the next item, of any type, and appends its bytes to `out`: the canonical form is the only one, so they are
 * the bytes of the message. An error of `out` does not fail the cursor. */
void wire_copy(struct wire_in *in, struct buf *out);

/** Passes over the next item, whatever it is. */
void wire_skip(struct wire_in *in);

/** Marks the cursor as failed with `err` unless it failed already. */
void wire_fail(struct wire_in *in, enum err err);

/** Closes a cursor: its sticky error, or ERR_FORMAT if items are left. */
enum err wire_end(const struct wire_in *in);

/** An error of an inner cursor becomes the outer one's. Call it when done with the inner. */
void wire_join(struct wire_in *outer, const struct wire_in *inner);

/* Writing, all into `out` with its sticky error. */
void wire_put_nil(struct buf *out);
void wire_put_bool(struct buf *out, bool v);
void wire_put_uint(struct buf *out, uint64_t v);
void wire_put_int(struct buf *out, int64_t v);
void wire_put_bin(struct buf *out, const void *bytes, size_t len);
void wire_put_str(struct buf *out, const char *text, size_t len);
void wire_put_array(struct buf *out, size_t n);

#endif
