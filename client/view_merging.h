/* SPDX-License-Identifier: Apache-2.0
 *
 * view_merging: one record while it is merged; between view_merge.c (the record as a whole), view_judge.c (which
 * entries fit and stand) and view_row.c (what its row then holds).
 */
#ifndef CLIENT_VIEW_MERGING_H
#define CLIENT_VIEW_MERGING_H

#include "client/view_priv.h"

/* A record while it is merged. */
struct view_merging {
    struct view *view;
    sqlite3_int64 rid;
    char id[VIEW_ID_MAX];
    char code[9];
    char dossier[VIEW_ID_MAX];
    size_t space;
    bool inside; /* a record inside a dossier */
    char old_kind[PACK_KEY_MAX + 1];
    const struct pack_kind *kind;
    bool locked;
    bool mistake;
    sqlite3_stmt *row;
    struct buf search;
};

/* The entries of one field: [from, to). */
struct view_group {
    size_t from, to;
};

/** Reads a record's entries into view->entries in order of field and log; with `joined` also what was written to records
 * that were merged into it, references replaced by what they were merged into. */
enum err view_read_entries(struct view *view, sqlite3_int64 rid, bool joined);

/** The text of an entry, zero-terminated; borrowed from view->texts. */
const char *view_text_of(const struct view *view, const struct view_entry *entry);

/** The entries of a field. */
struct view_group view_group_of(const struct view *view, uint32_t field);

/** Sets m->kind, and m->locked when it is unknown; gives the entry that says it, or NULL. */
const struct view_entry *view_judge_kind(struct view_merging *m);

/** Marks the entries that fit their field; m->locked when something is unknown. */
void view_judge_entries(struct view_merging *m);

/** Merges the fitting entries of [from, to) into view->scratch and view->which; gives how many take part. */
size_t view_merge_run(struct view *view, size_t from, size_t to);

/** The entry that is shown of the `n` just merged; NULL when none stands. `field` NULL: a field of the core. */
const struct view_entry *view_shown_of(const struct view *view, const struct pack_field *field,
                                       size_t n);

bool view_same_value(const struct view *view, const struct view_entry *a,
                     const struct view_entry *b);

/** Writes the row and the conflicts of a record whose kind is known; `born` is the entry that says it. Adds to
 * m->search. */
enum err view_put_row(struct view_merging *m, const struct view_entry *born);

#endif
