/* SPDX-License-Identifier: Apache-2.0
 *
 * suggest: what the pack proposes after a record was saved: to set a field of a record, or to make a new one.
 */
#ifndef CLIENT_SUGGEST_H
#define CLIENT_SUGGEST_H

#include "client/domain.h"
#include "client/passerelle.h"

enum { SUGGEST_MAX = 16, SUGGEST_PAIRS_MAX = 16 };

/** One proposal: fields of `record`, or with a kind a new record. Texts live in the suggestion. */
struct suggestion {
    char key[PACK_KEY_MAX + 1];
    char label[256];
    bool automatic; /* done without asking, and shown */
    char kind[PACK_KEY_MAX + 1];
    char record[PACK_REF_MAX];
    struct pas_pair pairs[SUGGEST_PAIRS_MAX];
    size_t n;
    size_t used;
    char text[4096];
};

/** What is proposed for a record of `kind`, in the pack's order; *n <= SUGGEST_MAX. *out is given (suggest_free). */
enum err suggest_make(const struct domain *domain, const char *kind, const char *record,
                      struct suggestion **out, size_t *n);

/** Wipes and frees; NULL is fine. */
void suggest_free(struct suggestion *list);

#endif
