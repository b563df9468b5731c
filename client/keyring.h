/* SPDX-License-Identifier: Apache-2.0
 *
 * keyring: every secret of a device, in guarded memory (digest_secret_new), wiped when it goes.
 *
 * Cells are single keys of KEY_LEN bytes: epoch keys and dossier keys. Their owners (space.h, dossier.h) keep the
 * pointer; the keyring keeps the memory. Guarded memory costs pages, so cells come from slabs of many.
 */
#ifndef CLIENT_KEYRING_H
#define CLIENT_KEYRING_H

#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"
#include "proto/unlock.h"

/** The keys of the device itself. */
struct keyring_device {
    uint8_t ed_sk[SK_LEN];
    uint8_t x_sk[KEY_LEN];
    uint8_t db_key[KEY_LEN];
};

struct keyring_slab;

struct keyring {
    struct keyring_device *device; /* guarded */
    uint8_t ed_pk[PK_LEN];
    uint8_t x_pk[PK_LEN];
    uint8_t id[ID_LEN];
    struct keyring_slab *slabs;
};

/** Derives the device's keys from its secrets, which the caller wipes. ERR_MEMORY. */
enum err keyring_init(struct keyring *ring, const struct unlock_secrets *secrets);

/** Wipes and frees everything; all cells are dead. Fine on a zeroed struct. */
void keyring_fini(struct keyring *ring);

/** A zeroed cell; NULL without memory. */
uint8_t *keyring_cell_new(struct keyring *ring);

/** Wipes a cell and takes it back; NULL is fine. */
void keyring_cell_free(struct keyring *ring, uint8_t *cell);

#endif
