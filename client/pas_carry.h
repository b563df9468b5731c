/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_carry: what travels otherwise than by a sync: files on a stick. Part of the public interface; results and
 * ownership as in passerelle.h.
 */
#ifndef CLIENT_PAS_CARRY_H
#define CLIENT_PAS_CARRY_H

#include "client/passerelle.h"

struct pas_bundle {
    uint64_t entries; /* of the history: written, or new here */
    uint64_t leaves;  /* unsent work: written, or kept here for the server */
    uint64_t known;   /* import: was here already */
    uint64_t later;   /* import: waits for an earlier file, or for a sync */
    uint64_t refused; /* import: altered, or not signed by whom it names; left out */
    uint64_t foreign; /* import: for a server that this device does not know; left out */
};

/** Makes a bundle of one space (SIZE_MAX: all): its history from entry `since` on, what waits here to be sent, and what
 * this device carries for others. It is ciphertext throughout. Gives `*bytes` (pas_free_bytes). */
PAS_CHECK int pas_bundle_export(struct pas *pas, size_t space, uint64_t since,
                                unsigned char **bytes, size_t *len, struct pas_bundle *did);

/** Takes a bundle, from whomever, in any order, as often as one likes. 0 also when parts were left out: see `did`. */
PAS_CHECK int pas_bundle_import(struct pas *pas, const unsigned char *bytes, size_t len,
                                struct pas_bundle *did);

struct pas_transfer {
    size_t dossiers;   /* on their way */
    size_t restricted; /* sheets of the restricted space that follow */
};

/** Moves whole dossiers to space `to`; `restricted` (SIZE_MAX: none) takes those of their restricted sheets whose sharing
 * the person agreed to. All or none are begun. The pack's settings transfert_* say who said no, what was proposed and
 * not accepted, and which sheets follow (SELECTs about :id). Later syncs carry it out. */
PAS_CHECK int pas_transfer(struct pas *pas, const char *const *records, size_t n, size_t to,
                           size_t restricted, struct pas_transfer *did);

/** Adds a file to the dossier of any record of it (where the pack's kind has a field for that, the file names the record, as
 * a photo does a job): a record of the kind that the pack has for it (its fields are called empreinte and cle),
 * and the file itself, sealed, which goes up with the next syncs. `name` is what it is called. */
PAS_CHECK int pas_attach(struct pas *pas, const char *record, const char *name,
                         const unsigned char *bytes, size_t len, struct pas_id *id);

/** Files of a dossier: id, code, name, size, state: here, waits (not all of it is on the server), asked, away. */
PAS_CHECK int pas_attachments(struct pas *pas, const char *record, struct pas_table **table);

/** The file of such a record. BUSY: it was asked for now and comes with the next syncs. Gives `*bytes`
 * (pas_free_bytes). */
PAS_CHECK int pas_attachment(struct pas *pas, const char *record, unsigned char **bytes,
                             size_t *len);

#endif
