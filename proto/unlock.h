/* SPDX-License-Identifier: Apache-2.0
 *
 * unlock: the key header, which turns a passphrase into a device's secrets (PROTOCOL.md 9).
 *
 *   UK  = Argon2id(passphrase, salt16, t, m)
 *   KEK = BLAKE2b-256("passerelle/kek/v1" NUL HK device_id, key = UK)
 *   header = 0x01 | salt16 | t u32be | m u32be (KiB) | flags u8 | device16 | nonce24 |
 *            AEAD(KEK; secrets; all before the nonce)
 *
 * HK is a secret from the device's secure hardware, or zeroes and the flag UNLOCK_NO_HARDWARE.
 */
#ifndef PROTO_UNLOCK_H
#define PROTO_UNLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/err.h"
#include "proto/limits.h"

enum { UNLOCK_NO_HARDWARE = 1, UNLOCK_EXTRA_MAX = 1 << 16 };
enum { UNLOCK_SALT_LEN = 16, UNLOCK_FIXED_LEN = 1 + 16 + 4 + 4 + 1 + ID_LEN + NONCE_LEN };

/* Cost: ordinary, the floor for phones with little memory, and the ceiling that a decoder
 * accepts (a header is not trusted before it opens). Below the ordinary memory the passes of the
 * floor are needed. */
enum {
    UNLOCK_T = 3,
    UNLOCK_M_KIB = 65536,
    UNLOCK_FLOOR_T = 4,
    UNLOCK_FLOOR_M_KIB = 32768,
    UNLOCK_T_MAX = 16,
    UNLOCK_M_KIB_MAX = 1 << 20
};

/** Secrets of a device, in digest_secret memory. */
struct unlock_secrets {
    uint8_t ed_seed[SEED_LEN];
    uint8_t x_seed[SEED_LEN];
    uint8_t db_key[KEY_LEN];
};

struct unlock_cost {
    uint32_t t;
    uint32_t m_kib;
};

/** A stretched passphrase (UK) and what it was stretched with. It opens what the passphrase opens: a secret. */
struct unlock_key {
    uint8_t salt[UNLOCK_SALT_LEN];
    struct unlock_cost cost;
    uint8_t uk[KEY_LEN];
};

/** A new header's salt (random) with its cost. */
void unlock_key_new(struct unlock_key *key, const struct unlock_cost *cost);

/** Salt and cost of a header, before any expensive step. ERR_VERSION, ERR_FORMAT as unlock_open. */
enum err unlock_key_of(struct unlock_key *key, const uint8_t *header, size_t len);

/** The expensive step by itself, which a program may take elsewhere: fills in `uk`. ERR_USAGE: costs as unlock_seal.
 * ERR_MEMORY. */
enum err unlock_stretch(struct unlock_key *key, const char *pass, size_t pass_len);

/**
 * Seals `secrets` and `extra` (borrowed; last checkpoints, at most UNLOCK_EXTRA_MAX, may be
 * empty) under a passphrase. `hk` is KEY_LEN bytes or NULL. The header is appended to `out`.
 * Costs below the floor or above the ceiling: ERR_USAGE. ERR_MEMORY.
 */
enum err unlock_seal(struct buf *out, const struct unlock_secrets *secrets, const uint8_t *extra,
                     size_t extra_len, const uint8_t device[static ID_LEN], const char *pass,
                     size_t pass_len, const uint8_t *hk, const struct unlock_cost *cost);

/** The same with a passphrase that was stretched before. */
enum err unlock_seal_key(struct buf *out, const struct unlock_secrets *secrets,
                         const uint8_t *extra, size_t extra_len,
                         const uint8_t device[static ID_LEN], const struct unlock_key *key,
                         const uint8_t *hk);

/**
 * Opens a header. `extra` receives what was kept beside the secrets.
 * ERR_PASSPHRASE: wrong passphrase, wrong or missing `hk`, or altered header (they cannot be
 * told apart). ERR_VERSION, ERR_FORMAT: not a header of this version, or costs below the floor
 * or above the ceiling (a downgrade is refused). ERR_MEMORY.
 */
enum err unlock_open(struct unlock_secrets *secrets, struct buf *extra,
                     uint8_t device[static ID_LEN], const uint8_t *header, size_t len,
                     const char *pass, size_t pass_len, const uint8_t *hk);

/** The same with a passphrase that was stretched before, for this header: ERR_PASSPHRASE when it was for another. */
enum err unlock_open_key(struct unlock_secrets *secrets, struct buf *extra,
                         uint8_t device[static ID_LEN], const uint8_t *header, size_t len,
                         const struct unlock_key *key, const uint8_t *hk);

#endif
