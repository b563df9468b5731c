/* SPDX-License-Identifier: Apache-2.0
 *
 * change: what a body says (one field of one record, many to a box) and what the routing box says
 * about it (whose dossier, who wrote it, when) (PROTOCOL.md 5).
 *
 *   box plaintext = pad( u16be pack number | compressed( [ [record8, ...], [base delta, record, field, value, ...] ] ) )
 *   routing box   = pad( [ [author16 | nil, run8, ...], route, ... ] )
 *       route   = [dossier, source, ordinal, time, (ordinal delta, time delta), ...]     the k-th of the k-th body
 *       dossier = bin48 (shred_id | kcom) until its birth is covered by a checkpoint, then leaf index, box
 *
 * `record` counts into the box-local table: 0 is the dossier itself, n the n-th listed record. `base delta` is
 * seen_size - base. Changes of a box stand in the order they were made; the k-th change of a box has the k-th
 * (ordinal, time) of its routing entry. Author nil is the leaf's own device. Times are seconds; deltas are
 * against the change before, ordinal deltas positive, time deltas signed. Records stand in the table in order of
 * first use, none is zero, none unused. An author is never zero: that is written nil. A box has at least one
 * change, a routing box at least one source and one entry.
 */
#ifndef PROTO_CHANGE_H
#define PROTO_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/wire.h"

/* Field numbers below 16 belong to the core; a pack's fields start at 16. */
enum {
    FIELD_KIND = 0, /* value: uint, the kind's number in the pack; the first change of a record */
    FIELD_MISTAKE = 1, /* value: bool, "saisie par erreur" */
    FIELD_MERGED = 2,  /* value: reference to the record this one was merged into, or nil */
    FIELD_ORIGIN =
        3, /* of a dossier that was moved here: text, the name of the space it came from */
    FIELD_PACK_FIRST = 16
};

/** One change. `value` is one canonical MessagePack item (nil, bool, integer, str, bin reference of 8, 16 or 24
 * bytes, or [0 | 1, item] to take from or add to a set), borrowed. */
struct change {
    uint8_t record[RECORD_LEN]; /* zero = the dossier itself */
    uint32_t field;
    uint64_t base; /* log size its author had on screen */
    const uint8_t *value;
    size_t value_len;
    /* From the routing box: */
    uint64_t ordinal;
    int64_t time_s; /* claimed */
};

/** The changes of one box. change_box_free releases `items` and the text their values point into. */
struct change_box {
    uint16_t pack;
    size_t n;
    struct change *items;
    struct buf text;
};

/** Appends the padded plaintext of a box (ready for seal_body). ERR_USAGE: a base above seen_size, or no change;
 * ERR_FORMAT: a value that change_value_check refuses; ERR_TOO_BIG: more than fits into one body. All in out->err. */
void change_box_encode(struct buf *out, uint16_t pack, const struct change *items, size_t n,
                       uint64_t seen_size);

/** Appends `len` bytes padded as every plaintext is before it is sealed (the texts of labels too).
 * ERR_TOO_BIG in out->err when more than `padded_max` come out. */
void change_pad(struct buf *out, const uint8_t *content, size_t len, size_t padded_max);

/** Reads a padded plaintext; ordinals and times stay zero. ERR_CORRUPT, ERR_FORMAT, ERR_TOO_BIG, ERR_VERSION,
 * ERR_MEMORY; `box` is then empty. */
enum err change_box_decode(struct change_box *box, const uint8_t *plain, size_t len,
                           uint64_t seen_size);
void change_box_free(struct change_box *box);

/** Whether `value` is one item of an allowed form. ERR_FORMAT, ERR_TOO_BIG. */
enum err change_value_check(const uint8_t *value, size_t len);

/** Who wrote: the device it was made on and the run drawn at its unlock. */
struct change_source {
    uint8_t author[ID_LEN]; /* zero = the leaf's own device */
    uint8_t run[RUN_LEN];
};

/** The routing entry of one body. */
struct change_route {
    bool full; /* dossier in full: shred and kcom; otherwise by its birth */
    uint8_t shred[ID_LEN];
    uint8_t kcom[HASH_LEN];
    uint64_t birth_leaf;
    uint16_t birth_box;
    uint32_t source; /* index into the sources */
    size_t n;        /* changes in the body */
    size_t first;    /* index of its first pair in `marks` */
};
struct change_mark {
    uint64_t ordinal;
    int64_t time_s;
};

/** A whole routing box. Arrays are owned; change_routes_free. */
struct change_routes {
    size_t n_sources;
    struct change_source *sources;
    size_t n;
    struct change_route *routes;
    size_t n_marks;
    struct change_mark *marks;
};

/** Appends the routing box's padded plaintext (ready for seal_route): unpadded, its length would tell how many
 * changes a leaf has. ERR_USAGE: indexes out of range, ordinals that do not rise; ERR_TOO_BIG. Both in out->err. */
void change_routes_encode(struct buf *out, const struct change_routes *routes);

/** Reads a padded plaintext. ERR_CORRUPT, ERR_FORMAT, ERR_TOO_BIG, ERR_MEMORY; `routes` is then empty. */
enum err change_routes_decode(struct change_routes *routes, const uint8_t *plain, size_t len);
void change_routes_free(struct change_routes *routes);

#endif
