/* SPDX-License-Identifier: Apache-2.0
 *
 * sign: Ed25519 over tagged bytes, and device identities (PROTOCOL.md 2 and 4).
 *
 * Every signed string starts with a NUL-terminated tag. Validity is decided by libsodium's strict
 * verification, here and nowhere else.
 */
#ifndef PROTO_SIGN_H
#define PROTO_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "proto/digest.h"
#include "proto/err.h"
#include "proto/limits.h"

/* The tags in use. */
#define TAG_LEAF   "passerelle/leaf/v1"
#define TAG_REQ    "passerelle/req/v1"
#define TAG_RESP   "passerelle/resp/v1"
#define TAG_JOIN   "passerelle/join/v1"
#define TAG_KEYS   "passerelle/keys/v1"
#define TAG_FOUND  "passerelle/found/v1"
#define TAG_LOGKEY "passerelle/logkey/v1"
#define TAG_SERVER "passerelle/server/v1"
#define TAG_RESUME "passerelle/resume/v1"
#define TAG_REPORT "passerelle/report/v1"
#define TAG_OUTBOX "passerelle/outbox/v1"

/** Makes a key pair from a seed. */
void sign_keypair(uint8_t pk[static PK_LEN], uint8_t sk[static SK_LEN],
                  const uint8_t seed[static SEED_LEN]);

/** Signs tag | NUL | parts joined. ERR_MEMORY. */
enum err sign_make(uint8_t sig[static SIG_LEN], const uint8_t sk[static SK_LEN], const char *tag,
                   const struct digest_part *parts, size_t n);

/** Verifies it. ERR_SIGNATURE: the bytes are not its signer's; drop them. */
enum err sign_verify(const uint8_t sig[static SIG_LEN], const uint8_t pk[static PK_LEN],
                     const char *tag, const struct digest_part *parts, size_t n);

/** Plain Ed25519 without a tag, for formats of others (C2SP notes). */
void sign_plain(uint8_t sig[static SIG_LEN], const uint8_t sk[static SK_LEN], const void *bytes,
                size_t len);
enum err sign_plain_verify(const uint8_t sig[static SIG_LEN], const uint8_t pk[static PK_LEN],
                           const void *bytes, size_t len);

/** device_id = SHA-256("passerelle/dev/v1" NUL ed_pk)[0:16]. */
void sign_device_id(uint8_t id[static ID_LEN], const uint8_t ed_pk[static PK_LEN]);

/** Derives the seed of an invite's or founder link's Ed25519 key from the link's secret. */
void sign_link_seed(uint8_t seed[static SEED_LEN], const uint8_t secret[static SEED_LEN]);

#endif
