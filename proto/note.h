/* SPDX-License-Identifier: Apache-2.0
 *
 * note: signed checkpoints in the C2SP tlog-checkpoint / signed-note form (PROTOCOL.md 8).
 *
 *     <origin> LF <size> LF <base64 root> LF LF
 *     U+2014 SP <key name> SP base64(u32be key hash | signature) LF ...
 *
 * origin = key name = "<log name>/<base32 space id>". Log signatures are Ed25519 type 0x01: key
 * hash = SHA-256(name LF 0x01 pk)[0:4]. Witness cosignatures are type 0x04 (tlog-cosignature):
 * the signed message is "cosignature/v1" LF "time " <seconds> LF <note text>, the signature
 * bytes are u64be seconds | sig. Between our own programs a note travels as [size, root, sig,
 * cosignatures]; its text is rebuilt from the pinned names.
 */
#ifndef PROTO_NOTE_H
#define PROTO_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/err.h"
#include "proto/limits.h"

enum {
    NOTE_COSIG_LEN = 4 + 8 + SIG_LEN,
    NOTE_TEXT_MAX = 8192,
    NOTE_ORIGIN_MAX = NAME_LEN_MAX + 1 + 26 + 1
};

/** A checkpoint. Cosignatures: u32be key hash | u64be seconds | signature, 76 bytes each. */
struct note {
    uint64_t size;
    uint8_t root[HASH_LEN];
    uint8_t sig[SIG_LEN];
    unsigned n_cosigs;
    uint8_t cosigs[WITNESSES_MAX][NOTE_COSIG_LEN];
};

/** Whether a log or witness may be called that: 1 to NAME_LEN_MAX bytes of printable ASCII without space and '+'. */
bool note_name_ok(const char *name, size_t len);

/** Writes "<log name>/<base32 space>" (RFC 4648 lower case, no padding) with its NUL. ERR_USAGE:
 * name too long or not plain. */
enum err note_origin(char out[static NOTE_ORIGIN_MAX], const char *log_name, size_t log_name_len,
                     const uint8_t space[static ID_LEN]);

/** The signed text: three lines with their line feeds. */
void note_text(struct buf *out, const char *origin, uint64_t size,
               const uint8_t root[static HASH_LEN]);

/** Key hash of a note key; `type` is 0x01 (log) or 0x04 (witness). */
void note_key_hash(uint8_t out[static 4], const char *name, uint8_t type,
                   const uint8_t pk[static PK_LEN]);

/** Signs size and root as the log; fills note->sig. */
void note_sign(struct note *note, const char *origin, const uint8_t log_sk[static SK_LEN]);

/** Verifies the log's signature. ERR_SIGNATURE. */
enum err note_verify(const struct note *note, const char *origin,
                     const uint8_t log_pk[static PK_LEN]);

/** Makes a witness cosignature at `time_s`. */
void note_cosign(uint8_t cosig[static NOTE_COSIG_LEN], const struct note *note, const char *origin,
                 const char *witness_name, const uint8_t witness_sk[static SK_LEN],
                 const uint8_t witness_pk[static PK_LEN], uint64_t time_s);

/** Verifies one; *time_s is when the witness saw it. ERR_SIGNATURE. */
enum err note_cosign_verify(uint64_t *time_s, const uint8_t cosig[static NOTE_COSIG_LEN],
                            const struct note *note, const char *origin, const char *witness_name,
                            const uint8_t witness_pk[static PK_LEN]);

/** The whole signed note as text, for people and other programs. Cosignatures are named through
 * the callback-free list `names` (n_cosigs entries, borrowed), NULL when there are none. */
void note_print(struct buf *out, const struct note *note, const char *origin,
                const uint8_t log_pk[static PK_LEN], const char *const *names);

/** Parses a signed note whose origin and log key are known; unknown signature lines are skipped,
 * lines of type 0x04 length become cosigs. Strict about everything else. ERR_FORMAT,
 * ERR_SIGNATURE. */
enum err note_parse(struct note *note, const char *text, size_t len, const char *origin,
                    const uint8_t log_pk[static PK_LEN]);

#endif
