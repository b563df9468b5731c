/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle: what travels by file instead of the network (PROTOCOL.md 9.2): the same entries, leaves, slots, seals and notes.
 *
 *   bundle  = ["passerelle/bundle/v1", [row, ...]]          a space may stand in several rows
 *   row     = [space16, aud32, from, note | nil, entries, slots, pushes]
 *       note    = [size, root32, sig64, [cosignature76, ...]]         size = from + number of entries
 *       entries = [[t_recv_ms, header, sig64, [body, ...]], ...]      a deleted body is its hash
 *       slots   = [[row16, epoch, slot72], ...]
 *       pushes  = [[header, sig64, [body, ...], slots, seals], ...]   not logged yet when it was written
 *
 * It says nothing that is not verified by whoever takes it: entries by the note, pushes by their authors' signatures,
 * slots and seals by what the leaves commit to. A courier needs no key.
 */
#ifndef PROTO_BUNDLE_H
#define PROTO_BUNDLE_H

#include "proto/message.h"

/** A leaf that is not logged yet, with what travels beside it. */
struct bundle_push {
    struct message_leaf leaf;
    size_t n_slots, n_seals;
    struct leaf_slot *slots;
    struct leaf_seal *seals;
};

struct bundle_row {
    uint8_t space[ID_LEN];
    uint8_t aud[HASH_LEN]; /* SHA-256 of the log key of the space's server */
    uint64_t from;         /* index of the first entry */
    bool has_note;
    struct note note;
    size_t n_entries, n_slots, n_pushes;
    struct message_leaf *entries;
    struct leaf_slot *slots;
    struct bundle_push *pushes;
};

struct bundle {
    size_t n_rows;
    struct bundle_row *rows;
    struct arena *arena; /* of a decoded bundle */
};

/** Appends the bundle (`out->max` should be BUNDLE_MAX). ERR_TOO_BIG, ERR_MEMORY in out->err. */
void bundle_encode(struct buf *out, const struct bundle *bundle);

/** Decodes; everything points into `bytes` (borrowed) or the arena. ERR_FORMAT, ERR_VERSION: it is a bundle of a newer
 * program, ERR_TOO_BIG, ERR_MEMORY. */
enum err bundle_decode(struct bundle *bundle, const uint8_t *bytes, size_t len);
void bundle_free(struct bundle *bundle);

#endif
