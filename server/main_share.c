/* SPDX-License-Identifier: Apache-2.0 */
#include "server/main_share.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct guest {
    struct guest *next;
    unsigned requests;
    uint8_t device[ID_LEN];
};

struct main_share {
    unsigned each_max;
    struct guest *buckets[BUCKETS];
};

enum err main_share_new(struct main_share **share, unsigned each_max)
{
    *share = calloc(1, sizeof **share);
    if (!*share)
        return ERR_MEMORY;
    (*share)->each_max = each_max;
    return ERR_OK;
}

void main_share_free(struct main_share *share)
{
    for (size_t i = 0; share && i < BUCKETS; i++) {
        while (share->buckets[i]) {
            struct guest *guest = share->buckets[i];
            share->buckets[i] = guest->next;
            free(guest);
        }
    }
    free(share);
}

/* The place of the pointer to the device's guest, or of the NULL where it would be. */
static struct guest **place_of(struct main_share *share, const uint8_t device[static ID_LEN])
{
    struct guest **at = &share->buckets[((unsigned)device[0] << 8 | device[1]) % BUCKETS];
    while (*at && memcmp((*at)->device, device, ID_LEN) != 0)
        at = &(*at)->next;
    return at;
}

enum err main_share_enter(struct main_share *share, const uint8_t device[static ID_LEN])
{
    struct guest **at = place_of(share, device);
    if (*at && (*at)->requests >= share->each_max)
        return ERR_BUSY;
    if (!*at) {
        *at = calloc(1, sizeof **at);
        if (!*at)
            return ERR_MEMORY;
        memcpy((*at)->device, device, ID_LEN);
    }
    (*at)->requests++;
    return ERR_OK;
}

void main_share_leave(struct main_share *share, const uint8_t device[static ID_LEN])
{
    struct guest **at = place_of(share, device), *guest = *at;
    assert(guest && guest->requests > 0);
    if (--guest->requests > 0)
        return;
    *at = guest->next;
    free(guest);
}
