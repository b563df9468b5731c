/* SPDX-License-Identifier: Apache-2.0 */
#include "client/keyring.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/seal.h"
#include "proto/sign.h"

enum { SLAB_CELLS = 120 };

/* One piece of guarded memory; `used` tells which cells are out. */
struct keyring_slab {
    struct keyring_slab *next;
    uint8_t *cells;
    unsigned n_used;
    bool used[SLAB_CELLS];
};

enum err keyring_init(struct keyring *ring, const struct unlock_secrets *secrets)
{
    *ring = (struct keyring){0};
    ring->device = digest_secret_new(sizeof *ring->device);
    if (!ring->device)
        return ERR_MEMORY;
    sign_keypair(ring->ed_pk, ring->device->ed_sk, secrets->ed_seed);
    seal_keypair(ring->x_pk, ring->device->x_sk, secrets->x_seed);
    memcpy(ring->device->db_key, secrets->db_key, KEY_LEN);
    sign_device_id(ring->id, ring->ed_pk);
    return ERR_OK;
}

void keyring_fini(struct keyring *ring)
{
    while (ring->slabs) {
        struct keyring_slab *slab = ring->slabs;
        ring->slabs = slab->next;
        digest_secret_free(slab->cells);
        free(slab);
    }
    digest_secret_free(ring->device);
    *ring = (struct keyring){0};
}

static struct keyring_slab *slab_with_room(struct keyring *ring)
{
    for (struct keyring_slab *slab = ring->slabs; slab; slab = slab->next) {
        if (slab->n_used < SLAB_CELLS)
            return slab;
    }
    struct keyring_slab *slab = calloc(1, sizeof *slab);
    if (!slab)
        return NULL;
    slab->cells = digest_secret_new((size_t)SLAB_CELLS * KEY_LEN);
    if (!slab->cells) {
        free(slab);
        return NULL;
    }
    slab->next = ring->slabs;
    ring->slabs = slab;
    return slab;
}

uint8_t *keyring_cell_new(struct keyring *ring)
{
    struct keyring_slab *slab = slab_with_room(ring);
    for (size_t i = 0; slab && i < SLAB_CELLS; i++) {
        if (slab->used[i])
            continue;
        slab->used[i] = true;
        slab->n_used++;
        uint8_t *cell = slab->cells + i * KEY_LEN;
        digest_wipe(cell, KEY_LEN);
        return cell;
    }
    return NULL;
}

void keyring_cell_free(struct keyring *ring, uint8_t *cell)
{
    if (!cell)
        return;
    for (struct keyring_slab *slab = ring->slabs; slab; slab = slab->next) {
        if (cell < slab->cells || cell >= slab->cells + (size_t)SLAB_CELLS * KEY_LEN)
            continue;
        digest_wipe(cell, KEY_LEN);
        slab->used[(size_t)(cell - slab->cells) / KEY_LEN] = false;
        slab->n_used--;
        return;
    }
}
