/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_draft: an edit of one record on its way from what a person typed to changes of one dossier. Private to
 * client/pas_*.c: pas_edit.c leads, pas_draft.c reads and writes, pas_place.c finds dossier and space.
 */
#ifndef CLIENT_PAS_DRAFT_H
#define CLIENT_PAS_DRAFT_H

#include "client/pas_inside.h"
#include "proto/change.h"

/* The `initial` of a field that ties records together which were written as one for several people. */
#define PAS_GROUP ":groupe"

struct pas_draft_value {
    const struct pack_field *field;
    struct pack_value value;
};

struct pas_draft {
    struct pas *pas;
    const struct pack_kind *kind;
    struct pack_context context;
    struct pas_draft_value *values; /* one slot per field of the kind, NULL field = not given */
    const struct pas_edit *edit;
    size_t space;
    uint8_t shred[ID_LEN];
    uint8_t record[RECORD_LEN];
    uint64_t base;
    bool dossier_implied; /* the record lies inside its dossier: the reference says nothing more */
    struct change *items;
    size_t *at; /* items[i].value as a place in `wire`, which may move while it grows */
    size_t n_items, items_cap;
    struct buf wire;
};

/** An empty draft of a kind; `edit` may be NULL. pas_draft_end in any case. ERR_MEMORY. */
enum err pas_draft_begin(struct pas_draft *draft, struct pas *pas, const struct pack_kind *kind,
                         const struct pas_edit *edit);
void pas_draft_end(struct pas_draft *draft);

/** A draft that changes a record, which may be written to; the reason is set when it may not. pas_draft_end in any case. */
enum err pas_draft_existing(struct pas_draft *draft, struct pas *pas,
                            const struct view_record *record, const struct pas_edit *edit);

/** The slot of a field of the draft's kind. */
struct pas_draft_value *pas_draft_slot(struct pas_draft *draft, const struct pack_field *field);

/** Reads what was typed; then what a new record has without being told. The reason is set. */
enum err pas_draft_pairs(struct pas_draft *draft, const struct pas_pair *pairs, size_t n);
enum err pas_draft_missing(struct pas_draft *draft);

/** The size that the author had on screen, once the space is known. */
enum err pas_draft_base(struct pas_draft *draft);

/** Adds one change; adds those of all values (`existing` NULL: a new record, whose empty fields say nothing). */
enum err pas_draft_item(struct pas_draft *draft, uint32_t field, const struct view_value *value);
enum err pas_draft_values(struct pas_draft *draft, const struct view_record *existing);

/** Hands the changes to the engine in one transaction, and to the view. */
enum err pas_draft_write(struct pas_draft *draft);

/** Finds space, dossier and record id of a new record. */
enum err pas_place_new(struct pas_draft *draft);

/** Whether this device may write to a space. */
enum err pas_place_check(struct pas *pas, size_t i);

/** What is wrong with a value, without the field's key in front of it ("date: une date ..."): its label stands there. A part
 * of `why`. */
const char *pas_draft_why(const struct pack_field *field, const char *why);

#endif
