/* SPDX-License-Identifier: Apache-2.0
 *
 * paper: the recovery sheet (PROTOCOL.md 11): a device whose secret is 16 bytes on paper.
 *
 *   P = BLAKE2b-256("passerelle/paper/v1" NUL s16);  Ed25519 seed = BLAKE2b-256(key = P, "passerelle/paper/sign/v1" NUL)
 *                                                    X25519 seed  = BLAKE2b-256(key = P, "passerelle/paper/box/v1" NUL)
 *   code  = 26 Crockford characters of s16 and 2 check characters, in 7 groups of 4
 *   link  = <url>/#r1.<base64url(s16 | log key hash32 | [space16 | u64be size | root32, ...])>
 *
 * The characters v0 ... v27 are elements of GF(32) (x^5 + x^2 + 1, a = 2), their numbers the coefficients as bits; the
 * last two make the sum of all v_i and that of all v_i a^i zero. One wrong character is thereby not only noticed but found,
 * and so is a swap of neighbours, unless something else would explain it as well.
 */
#ifndef PROTO_PAPER_H
#define PROTO_PAPER_H

#include <stdbool.h>

#include "proto/buf.h"
#include "proto/link.h"
#include "proto/unlock.h"

enum { PAPER_SEED_LEN = 16, PAPER_CHARS = 28, PAPER_CODE_LEN = 34, PAPER_SPACES_MAX = 16 };

/** The code of 16 bytes (a sheet's secret, or the id of a space), with NUL: "XXXX-XXXX-...". */
void paper_code(char out[static PAPER_CODE_LEN + 1], const uint8_t bytes[static PAPER_SEED_LEN]);

/** What is wrong with a code that was typed. Characters count from 1, without separators. */
struct paper_slip {
    unsigned count;   /* characters that were typed; PAPER_CHARS if the length is right */
    unsigned at;      /* the wrong one; 0: it cannot be told which */
    bool swapped;     /* it and the next one stand in each other's place */
    char read, meant; /* meant is 0 when unknown */
};

/** Reads a code: case folds, I L -> 1, O -> 0, '-' and blanks are skipped. ERR_FORMAT, with the slip. */
enum err paper_read(uint8_t bytes[static PAPER_SEED_LEN], const char *text, size_t len,
                    struct paper_slip *slip);

/** The seeds of a sheet's device; db_key is left alone. Wipe them. */
void paper_secrets(struct unlock_secrets *secrets, const uint8_t seed[static PAPER_SEED_LEN]);

/** What the QR code of a sheet holds. */
struct paper_sheet {
    char url[LINK_URL_MAX];
    uint8_t seed[PAPER_SEED_LEN];
    uint8_t log_key_hash[HASH_LEN]; /* zero: not known */
    size_t n;
    struct paper_space {
        uint8_t id[ID_LEN];
        uint64_t size; /* a checkpoint: what is fetched has to continue it; 0 = none */
        uint8_t root[HASH_LEN];
    } spaces[PAPER_SPACES_MAX];
};

/** Appends the link (no NUL): a secret. */
void paper_link_print(struct buf *out, const struct paper_sheet *sheet);

/** ERR_FORMAT: no such link, or http to another machine. Wipe the sheet; it is zero after an error. */
enum err paper_link_parse(struct paper_sheet *sheet, const char *text, size_t len);

#endif
