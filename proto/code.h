/* SPDX-License-Identifier: Apache-2.0
 *
 * code: bytes as text: hex, base32 (RFC 4648 lower case, without padding), base64 and base64url,
 * and the short code of a dossier or record that people read out (Crockford base 32).
 */
#ifndef PROTO_CODE_H
#define PROTO_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"

enum { CODE_SHORT_LEN = 8 };

/** Lower-case hex with NUL; `out` holds 2 * len + 1. */
void code_hex(char *out, const uint8_t *bytes, size_t len);

/** Exactly `len` bytes from 2 * len hex digits, either case. ERR_FORMAT. */
enum err code_unhex(uint8_t *out, size_t len, const char *text, size_t text_len);

/** base32 with NUL; `out` holds (len * 8 + 4) / 5 + 1. */
void code_base32(char *out, const uint8_t *bytes, size_t len);
enum err code_unbase32(uint8_t *out, size_t len, const char *text, size_t text_len);

/** Standard base64 with padding and NUL; `out` holds 4 * ((len + 2) / 3) + 1. Strict decoding:
 * canonical only. */
void code_base64(char *out, const uint8_t *bytes, size_t len);
enum err code_unbase64(uint8_t *out, size_t cap, size_t *len, const char *text, size_t text_len);

/** base64url without padding. */
void code_base64url(char *out, const uint8_t *bytes, size_t len);
enum err code_unbase64url(uint8_t *out, size_t cap, size_t *len, const char *text, size_t text_len);

/** Short code: the first 8 Crockford base-32 characters of SHA-256(shred), or of SHA-256(shred |
 * record) when `record` is not zero. With NUL. */
void code_short(char out[static CODE_SHORT_LEN + 1], const uint8_t shred[static ID_LEN],
                const uint8_t record[static RECORD_LEN]);

/** Crockford base 32 with NUL, upper case; decoding folds case, I L -> 1, O -> 0, skips '-' and
 * ' '. */
void code_crockford(char *out, const uint8_t *bytes, size_t len);
enum err code_uncrockford(uint8_t *out, size_t len, const char *text, size_t text_len);

#endif
