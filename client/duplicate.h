/* SPDX-License-Identifier: Apache-2.0
 *
 * duplicate: records that may be one and the same, as the pack says: names alike (accents, Cyrillic, swapped or missing
 * words, a letter apart), another field equal or near, and none that contradicts; or an identifying number equal.
 * A warning only: people decide.
 *
 *     struct duplicate *set = NULL;
 *     duplicate_new(&set, &domain, "personne");         // NULL set: the pack says nothing about this kind
 *     duplicate_find(set, &values, place, 8);
 *     duplicate_free(set);
 */
#ifndef CLIENT_DUPLICATE_H
#define CLIENT_DUPLICATE_H

#include "client/domain.h"
#include "client/pas_table.h"

struct duplicate;

/** Loads the records of a kind; *set is given (duplicate_free), and stays NULL where the pack has no rule. */
enum err duplicate_new(struct duplicate **set, const struct domain *domain, const char *kind);
void duplicate_free(struct duplicate *set); /* NULL is fine; wipes */

/** A record of the set. */
const char *duplicate_id(const struct duplicate *set, size_t place);
const char *duplicate_code(const struct duplicate *set, size_t place);
size_t duplicate_size(const struct duplicate *set);
/** Its name as the rule sees it. */
const char *duplicate_name(const struct duplicate *set, size_t place);

/** The place of a record by id; SIZE_MAX if it is not there. */
size_t duplicate_place(const struct duplicate *set, const char *id);

/** Adds a record that does not exist yet: values as the view would hold them, by field key. ERR_MEMORY. */
enum err duplicate_add(struct duplicate *set, const char *label,
                       const char *(*value)(void *user, const char *field), void *user);

/** Takes the last added one away again. */
void duplicate_drop(struct duplicate *set);

/** Places of the records that may be the same as the one at `place`, among those before `end`; gives their number. */
size_t duplicate_find(const struct duplicate *set, size_t place, size_t end, size_t *found,
                      size_t max);

/** All pairs, of one kind or (NULL) of all: kind, a, a_code, a_title, b, b_code, b_title. */
enum err duplicate_table(const struct domain *domain, const char *kind, struct pas_table **table);

#endif
