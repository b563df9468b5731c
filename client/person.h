/* SPDX-License-Identifier: Apache-2.0
 *
 * person: everything that this device reads about one person, for that person: a page in the person's language and the
 * same as JSON, with the list of who opened, exported or printed the dossier. Other people do not appear: references to them
 * become "another person", and their names are struck out of free texts.
 */
#ifndef CLIENT_PERSON_H
#define CLIENT_PERSON_H

#include "client/domain.h"
#include "client/pas_table.h"

/** A language of the person's record that this module has words for, rather not French, into `lang` ("fr" otherwise). `id` is the
 * person's own record, of kind `kind`. */
enum err person_language(const struct domain *domain, const struct pack_kind *kind, const char *id,
                         char lang[static 8]);

/** Whether the kind is a dossier about a person. */
enum err person_kind(const struct domain *domain, const struct pack_kind *kind, bool *person);

/** Appends the page and the JSON, in domain->lang. `accesses`: time, what, device, name, received_at (pas_accesses).
 * `made` is the day of today as text. */
enum err person_write(const struct domain *domain, const struct pack_kind *kind, const char *id,
                      const struct pas_table *accesses, const char *made, struct buf *html,
                      struct buf *json);

#endif
