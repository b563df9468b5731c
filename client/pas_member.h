/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_member: leaving, losing and erasing: the last section of passerelle.h, in a header of its own. What changes
 * something is queued and leaves at the next sync.
 */
#ifndef CLIENT_PAS_MEMBER_H
#define CLIENT_PAS_MEMBER_H

#include "client/passerelle.h"

/* --- members --- */

/** Removes a device, named by id, beginning of the id or name, from every space where this one may (`space` SIZE_MAX) or
 * from one. `lost`: what it sends from now on counts no more; otherwise all that has arrived before the revocation
 * counts. The table holds a row per space: space, space_name, device, name, state (queued or proposed: another
 * admin or guardian has to confirm), rotation (this device renews the key in the same push). */
PAS_CHECK int pas_revoke(struct pas *pas, size_t space, const char *device, bool lost,
                         struct pas_table **table);

/** Gives a device other roles ("writer,steward") in one space. The table as above. */
PAS_CHECK int pas_roles(struct pas *pas, size_t space, const char *device, const char *roles,
                        struct pas_table **table);

/** Operations that wait for a second person: space, space_name, hash, kind, device, name, roles, mode, author,
 * author_name, proposed_at, until, mine (whether this device may confirm). */
PAS_CHECK int pas_proposals(struct pas *pas, struct pas_table **table);

/** Confirms one, named by its hash or the beginning of it (4 characters). The table: its row of pas_proposals. */
PAS_CHECK int pas_confirm(struct pas *pas, const char *hash, struct pas_table **table);

/** What a device could read, without content: one row per space it belongs or belonged to: space, space_name, device,
 * name, roles, state, added_at, removed_at, last_sent (time of the last thing that came from it), seen (entries it
 * had received by then), dossiers, seen_dossiers (those it had received for certain), erased, epoch, key_since, key_until (null: it
 * holds the key in use). */
PAS_CHECK int pas_exposure(struct pas *pas, const char *device, struct pas_table **table);
/** The dossiers: space, code, kind, since, seen, erased_at. `kind` is null where this device cannot read. */
PAS_CHECK int pas_exposed(struct pas *pas, const char *device, struct pas_table **table);

/* --- erasing --- */

/** Erases the dossier of a record. `reason`: request, retention, objection, mistake, order, other. `*id` names it. */
PAS_CHECK int pas_erase(struct pas *pas, const char *record, const char *reason, struct pas_id *id);

/** Erased dossiers: space, code, reason, device, name, erased_at, done and devices ("done on 4 of 5": those that read and
 * were there; a device says so with its next sync, administrators and coordinators hear it with theirs), waiting (names),
 * foreign (bodies of other dossiers on the list, which devices keep: its author is to be asked why). */
PAS_CHECK int pas_erased(struct pas *pas, struct pas_table **table);

/** This device's work that arrived after its dossier was erased, and was not kept: space, index, code, reason, name (who
 * erased), erased_at, boxes. */
PAS_CHECK int pas_late(struct pas *pas, struct pas_table **table);

/** Texts of any record, replaced ones too, that hold `text` whatever its case and accents: record, code, kind, title,
 * field, value, live, claimed_at, pending. */
PAS_CHECK int pas_mentions(struct pas *pas, const char *text, struct pas_table **table);

/* --- work that its device cannot send any more --- */

/** After a sync: whether this device was removed from every space and everything it had was handed over. Then its keys
 * and files are destroyed, and only pas_close may follow. */
PAS_CHECK int pas_gone(struct pas *pas, bool *gone);

/** Whether a folder held a device that was removed. */
bool pas_was_removed(const char *dir);

/** Seals the work that was refused because this device may not write any more, for the stewards; it leaves at the next
 * sync, and stays here until the server has signed for it. `*n` changes. */
PAS_CHECK int pas_hand_over(struct pas *pas, size_t *n);

/** Work of others that waits for a decision: space, space_name, device, name, changes (the number that their screen
 * showed), hash, readable (whether it opens here), state (waiting or queued). */
PAS_CHECK int pas_parcels(struct pas *pas, struct pas_table **table);

/** Adopts what waits from a device, named by id, beginning of the id or name: its changes keep their authors and are
 * sent from here. With `drop` they are not taken over, which the log says. The table: its rows of pas_parcels. */
PAS_CHECK int pas_adopt(struct pas *pas, const char *device, bool drop, struct pas_table **table);

/* --- refused work --- */

/** What the server refused for good, or what could not be sent: number, space, status, kind, code, changes, made_at,
 * reason (of an erasure). It is kept sealed here. */
PAS_CHECK int pas_refused_work(struct pas *pas, struct pas_table **table);

/** Drops it for ever: one, by its number in that table, or all (SIZE_MAX). `*n` changes and operations. */
PAS_CHECK int pas_discard(struct pas *pas, size_t number, size_t *n);

#endif
