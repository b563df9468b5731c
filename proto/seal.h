/* SPDX-License-Identifier: Apache-2.0
 *
 * seal: every encryption of the protocol (PROTOCOL.md 5 and 6), over libsodium.
 *
 * Two keys open a body: the epoch key EK_e and the dossier key RK. K_route opens routing boxes,
 * labels and audit texts; SK_e wraps dossier keys into slots. XChaCha20-Poly1305 does not commit
 * to its key, so a key is compared with its commitment before any use.
 */
#ifndef PROTO_SEAL_H
#define PROTO_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/err.h"
#include "proto/limits.h"

enum { SUITE_1 = 1 };
enum { SEAL_BLOB_OVERHEAD = NONCE_LEN + TAG_LEN };

/** What binds a body to its place; never sent, both sides know it. */
struct seal_place {
    uint8_t suite;
    uint8_t space[ID_LEN];
    uint8_t device[ID_LEN];
    uint64_t seq;
    uint16_t box;
    uint32_t epoch;
    uint8_t shred[ID_LEN]; /* zero for bodies of control leaves */
};

/* --- commitments and derived keys --- */

enum seal_key_type { SEAL_EK, SEAL_SK, SEAL_ROUTE };

/** kcom of an epoch key: BLAKE2b-256(key = X, "passerelle/kcom/{ek,sk,route}/v1" NUL space u32be(epoch)). */
void seal_epoch_commit(uint8_t kcom[static HASH_LEN], enum seal_key_type type,
                       const uint8_t key[static KEY_LEN], const uint8_t space[static ID_LEN],
                       uint32_t epoch);

/** kcom of a dossier key: BLAKE2b-256(key = RK, "passerelle/kcom/v1" NUL shred). */
void seal_dossier_commit(uint8_t kcom[static HASH_LEN], const uint8_t rk[static KEY_LEN],
                         const uint8_t shred[static ID_LEN]);

/** K_route,e = BLAKE2b-256(key = EK_e, "passerelle/route/v1" NUL space). */
void seal_route_key(uint8_t key[static KEY_LEN], const uint8_t ek[static KEY_LEN],
                    const uint8_t space[static ID_LEN]);

/** K_row = BLAKE2b-256(key = EK_1, "passerelle/row/v1" NUL space); row = BLAKE2b-128(key = K_row, shred). */
void seal_row(uint8_t row[static ID_LEN], const uint8_t ek1[static KEY_LEN],
              const uint8_t space[static ID_LEN], const uint8_t shred[static ID_LEN]);

/** CK = BLAKE2b(EK, ".../ck/e/v1" ctx) XOR BLAKE2b(RK, ".../ck/r/v1" ctx), ctx = space shred u32be(epoch). */
void seal_content_key(uint8_t ck[static KEY_LEN], const uint8_t ek[static KEY_LEN],
                      const uint8_t rk[static KEY_LEN], const uint8_t space[static ID_LEN],
                      const uint8_t shred[static ID_LEN], uint32_t epoch);

/* --- bodies and routing boxes --- */

/**
 * Seals a padded plaintext as body `place->box` of a data leaf. nonce = BLAKE2b-192(leaf nonce | u16be box), unkeyed.
 * `out` holds len + TAG_LEN bytes.
 */
void seal_body(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t ck[static KEY_LEN],
               const uint8_t leaf_nonce[static NONCE_LEN], const struct seal_place *place);

/** Opens a body of `len` >= TAG_LEN bytes; `out` holds len - TAG_LEN, wiped on failure. ERR_CORRUPT. */
enum err open_body(uint8_t *out, const uint8_t *body, size_t len, const uint8_t ck[static KEY_LEN],
                   const uint8_t leaf_nonce[static NONCE_LEN], const struct seal_place *place);

/**
 * The key of one body alone (PROTOCOL.md 15.3): what XChaCha20-Poly1305 derives from CK and the first 16 bytes of the
 * body's nonce. It opens that body and tells nothing about CK, so an auditor can be given exactly what was granted.
 */
void seal_body_key(uint8_t key[static KEY_LEN], const uint8_t ck[static KEY_LEN],
                   const uint8_t leaf_nonce[static NONCE_LEN], uint16_t box);

/** As open_body, with the body's own key. ERR_CORRUPT. */
enum err open_body_alone(uint8_t *out, const uint8_t *body, size_t len,
                         const uint8_t key[static KEY_LEN],
                         const uint8_t leaf_nonce[static NONCE_LEN],
                         const struct seal_place *place);

/**
 * Seals a padded plaintext as a body of a control leaf: out = nonce | ciphertext | tag, len + SEAL_BLOB_OVERHEAD
 * bytes, same AD as seal_body with shred zero. The nonce is random and stands in the body, since a control leaf
 * has no routing box.
 */
void seal_control_body(uint8_t *out, const uint8_t *plain, size_t len,
                       const uint8_t k_route[static KEY_LEN], const struct seal_place *place);
enum err open_control_body(uint8_t *out, const uint8_t *body, size_t len,
                           const uint8_t k_route[static KEY_LEN], const struct seal_place *place);

/**
 * Seals a routing box: out = nonce | ciphertext | tag, len + NONCE_LEN + TAG_LEN bytes; the nonce is
 * random and given back as the leaf's nonce. AD = tag space device u64be(seq) u32be(epoch).
 */
void seal_route(uint8_t *out, uint8_t leaf_nonce[static NONCE_LEN], const uint8_t *plain,
                size_t len, const uint8_t k_route[static KEY_LEN], const struct seal_place *place);

/** Opens it; `out` holds len - NONCE_LEN - TAG_LEN bytes. ERR_CORRUPT. */
enum err open_route(uint8_t *out, const uint8_t *box, size_t len,
                    const uint8_t k_route[static KEY_LEN], const struct seal_place *place);

/* --- slots: dossier keys under SK_e --- */

/** slot = nonce | AEAD(SK_e; RK; "passerelle/slot/v1" NUL space shred u32be(epoch) kcom). */
void seal_slot(uint8_t slot[static SLOT_LEN], const uint8_t rk[static KEY_LEN],
               const uint8_t sk_e[static KEY_LEN], const uint8_t space[static ID_LEN],
               const uint8_t shred[static ID_LEN], uint32_t epoch);

/** Opens a slot against the dossier's commitment. ERR_CORRUPT (other key or altered), ERR_COMMITMENT. */
enum err open_slot(uint8_t rk[static KEY_LEN], const uint8_t slot[static SLOT_LEN],
                   const uint8_t sk_e[static KEY_LEN], const uint8_t space[static ID_LEN],
                   const uint8_t shred[static ID_LEN], uint32_t epoch,
                   const uint8_t kcom[static HASH_LEN]);

/* --- epoch keys: wraps of the older key, typed seals per device --- */

/** wrap = nonce | AEAD(new key; old key; "passerelle/wrap/v1" NUL type space u32be(new epoch)); type EK or ROUTE. */
void seal_wrap(uint8_t wrap[static WRAP_LEN], const uint8_t old_key[static KEY_LEN],
               const uint8_t new_key[static KEY_LEN], enum seal_key_type type,
               const uint8_t space[static ID_LEN], uint32_t epoch);
enum err open_wrap(uint8_t old_key[static KEY_LEN], const uint8_t wrap[static WRAP_LEN],
                   const uint8_t new_key[static KEY_LEN], enum seal_key_type type,
                   const uint8_t space[static ID_LEN], uint32_t epoch);

enum seal_type { SEAL_MEMBER = 1, SEAL_AUDITOR = 2 };
enum { SEAL_MEMBER_LEN = 112, SEAL_AUDITOR_LEN = 80, SEAL_LEN_MAX = 112 };

/**
 * Typed seal for one device (crypto_box_seal): member = EK | SK (112 bytes), auditor = K_route (80 bytes).
 * `keys` is 64 or 32 bytes by `type`; `out` holds SEAL_LEN_MAX, *out_len says how much was written.
 */
void seal_to_device(uint8_t *out, size_t *out_len, enum seal_type type, const uint8_t *keys,
                    const uint8_t x_pk[static PK_LEN]);

/** Opens a typed seal; the length must be its type's. ERR_CORRUPT: not sealed to this key pair. */
enum err open_device_seal(uint8_t *keys, enum seal_type type, const uint8_t *seal, size_t len,
                          const uint8_t x_pk[static PK_LEN], const uint8_t x_sk[static KEY_LEN]);

/** Makes an X25519 pair from a seed. */
void seal_keypair(uint8_t x_pk[static PK_LEN], uint8_t x_sk[static KEY_LEN],
                  const uint8_t seed[static SEED_LEN]);

/** Anonymous box to one device for larger things (a wiped device's outbox); out = len + 48 bytes. */
void seal_box_to(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t x_pk[static PK_LEN]);
enum err open_box_to(uint8_t *out, const uint8_t *box, size_t len,
                     const uint8_t x_pk[static PK_LEN], const uint8_t x_sk[static KEY_LEN]);

/* --- one key, one blob: the replica's local sealing, a joiner's name, caches --- */

/** out = nonce | AEAD(key; plain; tag NUL ad), len + 40 bytes; random nonce. */
void seal_blob(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t key[static KEY_LEN],
               const char *tag, const void *ad, size_t ad_len);
enum err open_blob(uint8_t *out, const uint8_t *blob, size_t len, const uint8_t key[static KEY_LEN],
                   const char *tag, const void *ad, size_t ad_len);

/** The key for a joiner's name: BLAKE2b-256(key = link secret, "passerelle/name/v1" NUL space). */
void seal_name_key(uint8_t key[static KEY_LEN], const uint8_t secret[static SEED_LEN],
                   const uint8_t space[static ID_LEN]);

/* --- padding --- */

/** PADME length for `len` bytes of content, at least 32: the length that leaves the device. */
size_t seal_padded_len(size_t len);

/** Pads in place to seal_padded_len (ISO 7816-4); `cap` bytes must be there. */
void seal_pad(uint8_t *bytes, size_t len, size_t cap);

/** The content's length inside a padded plaintext. ERR_CORRUPT. */
enum err seal_unpad(size_t *len, const uint8_t *bytes, size_t padded);

/** A file under a fresh key: secretstream header24 | chunks of ATTACH_CHUNK bytes + 17, the last one marked as such. The
 * blob is appended to `out`. ERR_TOO_BIG: more than ATTACH_MAX. ERR_MEMORY. */
enum err seal_file(struct buf *out, uint8_t key[static KEY_LEN], const uint8_t *bytes, size_t len);

/** Appends the file. ERR_CORRUPT: a chunk was altered, swapped, left out, or the end is missing; `out` is then wiped. */
enum err open_file(struct buf *out, const uint8_t key[static KEY_LEN], const uint8_t *blob,
                   size_t len);

#endif
