/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_audit: what an auditor does, in a header of its own: the time line as a signed report, grants, exports told to the
 * space. Results, tables and ownership as in passerelle.h.
 */
#ifndef CLIENT_PAS_AUDIT_H
#define CLIENT_PAS_AUDIT_H

#include "client/passerelle.h"

/** Tells a space (SIZE_MAX: each that this device belongs to) that `lines` lines left the system. `what`: file, print,
 * person, journal, backup. `record` (or NULL): the one that it is about; the space is then its own. Queued for the next sync. */
PAS_CHECK int pas_exported(struct pas *pas, size_t space, const char *what, const char *record,
                           size_t lines);

/** A space's history without content, signed by this device (PROTOCOL.md 15.2); gives `*text` (pas_free). */
PAS_CHECK int pas_audit_report(struct pas *pas, size_t space, char **text);

/** Verifies such a report: space, name, device, device_name, member, size, history (ok, behind, fork, unknown). SIGNATURE:
 * it was altered. FORMAT: it is none. */
PAS_CHECK int pas_audit_report_check(struct pas *pas, const char *text, size_t len,
                                     struct pas_table **table);

/** Who opened, exported or printed a record's dossier: time, what, device, name, received_at (null: it waits here). */
PAS_CHECK int pas_accesses(struct pas *pas, const char *record, struct pas_table **table);

/** Everything about one person, for that person (person.h): a page and JSON. `lang` NULL: the person's own. USAGE: the
 * record is no person's. Gives both (pas_free). Say it with pas_exported("person") before the files leave. */
PAS_CHECK int pas_person(struct pas *pas, const char *record, const char *lang, char **html,
                         char **json, char code[9]);

/* --- witnesses --- */

/** Queues the space's list of witnesses, "NAME=KEY" each (the key in base64), and how many of them must have confirmed. An
 * empty list: none. Two signatures are not needed; everybody sees it. */
PAS_CHECK int pas_witness_set(struct pas *pas, size_t space, const char *const *list, size_t n,
                              unsigned quorum);
/** space, name, key, confirmed_at, level (of the space: fresh, amber after 7 days, red after 30). */
PAS_CHECK int pas_witnesses(struct pas *pas, struct pas_table **table);

/* --- the second level: reading content, with a second person's leave --- */

struct pas_grant_args {
    const char *code;      /* of the dossier (8 characters, or its id); NULL: all of the period */
    const char *from, *to; /* days as a person types them; NULL: since ever, until now */
    const char *reason;
    int days; /* until it ends; at most 90 */
};
/** Queues an auditor's request to read. Somebody else has to confirm it (pas_confirm) before any key moves. */
PAS_CHECK int pas_grant(struct pas *pas, size_t space, const struct pas_grant_args *args);

/** All grants for ever: space, space_name, hash, state (proposed, open, closed, expired), auditor, name, second,
 * second_name, code, from, to, expires, reason, keys (bodies that this device may read under it). */
PAS_CHECK int pas_grants(struct pas *pas, struct pas_table **table);

/** Queues the end of one, named by its hash or the beginning of it. */
PAS_CHECK int pas_grant_close(struct pas *pas, const char *hash);

/** Reads what a grant opens, from the server, verified on the way and kept nowhere: begin and finish as pas_full, then
 * the table: index, code, record, kind, field, op, value, author, author_name, claimed_at, received_at. NO_KEY: nobody
 * has handed keys over yet. `*space` says where to. */
PAS_CHECK int pas_grant_read(struct pas_full **full, struct pas *pas, const char *hash,
                             size_t *space);
PAS_CHECK int pas_grant_table(struct pas_full *full, struct pas_table **table);

#endif
