/* SPDX-License-Identifier: Apache-2.0
 *
 * digest: hashing, comparing, wiping and random bytes, over libsodium.
 *
 * SHA-256 is for what an outsider may recompute; keyed BLAKE2b for values that depend on a secret
 * (PROTOCOL.md 2). Randomness comes only through libsodium's `randombytes`, whose implementation
 * the program may install (the simulator's is seeded).
 */
#ifndef PROTO_DIGEST_H
#define PROTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"

/** A borrowed run of bytes; arrays of them are hashed as if joined. */
struct digest_part {
    const void *bytes;
    size_t len;
};

/** Prepares the library; every program calls it once before anything else. ERR_INTERNAL: do not go on. */
enum err digest_init(void);

/** SHA-256 of the parts joined. */
void digest_sha256(uint8_t out[static HASH_LEN], const struct digest_part *parts, size_t n);

/** SHA-256 of one run of bytes. */
void digest_sha256_of(uint8_t out[static HASH_LEN], const void *bytes, size_t len);

/** BLAKE2b of `out_len` (16..64) bytes over the parts joined, keyed with `key` (KEY_LEN), or unkeyed if NULL. */
void digest_keyed(uint8_t *out, size_t out_len, const uint8_t *key, const struct digest_part *parts,
                  size_t n);

/** Constant-time equality. */
bool digest_equal(const void *a, const void *b, size_t len);

/** True if all bytes are zero; constant time. */
bool digest_is_zero(const void *bytes, size_t len);

/** Wipes memory; never optimised away. */
void digest_wipe(void *bytes, size_t len);

/** Fills with random bytes. */
void digest_random(void *out, size_t len);

/** Memory for secrets: guarded, locked, wiped on free. NULL when there is none. */
void *digest_secret_new(size_t len);
void digest_secret_free(void *secret);

#endif
