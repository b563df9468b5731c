/* SPDX-License-Identifier: Apache-2.0
 *
 * tlog_witness: the two texts of C2SP tlog-witness, for the log that asks and for the witness that answers.
 *
 *   POST <url>/add-checkpoint
 *       old <size> LF  (base64 hash LF)*  LF  <signed note>
 *   200  U+2014 SP <witness> SP base64(key hash | u64 seconds | signature) LF
 *   409  <size that the witness knows> LF, text/x.tlog.size
 */
#ifndef SERVER_TLOG_WITNESS_H
#define SERVER_TLOG_WITNESS_H

#include "proto/buf.h"
#include "proto/err.h"
#include "proto/note.h"
#include "proto/tree.h"

enum { TLOG_WITNESS_MAX = 16384 }; /* bytes of a request or an answer */

/** Writes a request: `proof` leads from `old` to the note's size; empty when old is 0 or the same size. */
void tlog_witness_ask(struct buf *out, uint64_t old, const struct tree_proof *proof,
                      const struct note *note, const char *origin,
                      const uint8_t log_pk[static PK_LEN]);

/** A request, taken apart; `note` is borrowed from the text. */
struct tlog_witness_ask {
    uint64_t old;
    struct tree_proof proof;
    const char *note;
    size_t note_len;
    char origin[NOTE_ORIGIN_MAX]; /* the note's first line */
};
/** ERR_FORMAT. */
enum err tlog_witness_read(struct tlog_witness_ask *ask, const char *text, size_t len);

/** What a witness remembers of a log. */
struct tlog_witness_state {
    uint64_t size; /* 0 = nothing yet */
    uint8_t root[HASH_LEN];
};
/**
 * Judges a request whose note was verified (its HTTP status is the answer's): 200 to be cosigned once `*state` is
 * written, 409 the witness knows another size or another root of that size, 400 old is larger than the note, 422 the
 * proof does not lead from the known root to the new one.
 */
int tlog_witness_judge(struct tlog_witness_state *state, const struct tlog_witness_ask *ask,
                       const struct note *note);

/** Writes the line that carries a cosignature. */
void tlog_witness_line(struct buf *out, const char *name,
                       const uint8_t cosig[static NOTE_COSIG_LEN]);

/** Finds and verifies a witness's cosignature in an answer. ERR_NOT_FOUND, ERR_SIGNATURE. */
enum err tlog_witness_take(uint8_t cosig[static NOTE_COSIG_LEN], const char *text, size_t len,
                           const struct note *note, const char *origin, const char *name,
                           const uint8_t pk[static PK_LEN]);

#endif
