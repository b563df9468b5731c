/* SPDX-License-Identifier: Apache-2.0
 *
 * resume: a server that was restored from a backup says so, and devices bring back what it lost (PROTOCOL.md 9.3).
 *
 *   statement = [size, root32, since_ms, sig64]          inbox type 18 of a response; by the log key, TAG_RESUME over
 *                                                        space16 | u64be size | root32 | u64be since_ms
 *   proof     = [note, [hash32, ...]]                    inbox type 7 of a refill: a note that the server signed before,
 *                                                        and the consistency of the row's last entry with it
 */
#ifndef PROTO_RESUME_H
#define PROTO_RESUME_H

#include "proto/buf.h"
#include "proto/note.h"
#include "proto/tree.h"

struct resume {
    uint64_t size; /* what the server holds */
    uint8_t root[HASH_LEN];
    uint64_t since_ms; /* when it was restored */
};

/** Appends a signed statement. ERR_MEMORY. */
enum err resume_make(struct buf *out, const struct resume *resume,
                     const uint8_t space[static ID_LEN], const uint8_t log_sk[static SK_LEN]);

/** Verifies and reads one. ERR_SIGNATURE, ERR_FORMAT, ERR_MEMORY. */
enum err resume_open(struct resume *resume, const uint8_t *bytes, size_t len,
                     const uint8_t space[static ID_LEN], const uint8_t log_pk[static PK_LEN]);

/** The proof of a refill, to and from bytes. ERR_FORMAT, ERR_MEMORY. */
void resume_proof_put(struct buf *out, const struct note *note, const struct tree_proof *proof);
enum err resume_proof_get(struct note *note, struct tree_proof *proof, const uint8_t *bytes,
                          size_t len);

#endif
