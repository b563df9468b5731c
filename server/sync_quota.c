/* SPDX-License-Identifier: Apache-2.0
 *
 * A fixed table of counters: a device that finds its place taken by another one of the same day shares the
 * place with it from then on. That is unlikely below some thousand devices a day, and errs on the safe side.
 */
#include <stdlib.h>
#include <string.h>

#include "server/sync_inside.h"

enum { PLACES = 1 << 14, PROBES = 8 };
#define DAY_MS (24ull * 3600 * 1000)

struct place {
    uint8_t device[ID_LEN];
    uint64_t day, bytes, foundings;
};

struct quota {
    struct place places[PLACES];
};

enum err quota_new(struct quota **quota)
{
    *quota = calloc(1, sizeof **quota);
    return *quota ? ERR_OK : ERR_MEMORY;
}

void quota_free(struct quota *quota)
{
    free(quota);
}

static struct place *place_of(struct quota *quota, const uint8_t device[static ID_LEN],
                              uint64_t day)
{
    size_t first = (size_t)device[0] << 8 | device[1] | (size_t)device[2] << 16;
    struct place *place = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        place = &quota->places[(first + i) % PLACES];
        bool old = place->day != day;
        if (old)
            *place = (struct place){.day = day};
        if (old)
            memcpy(place->device, device, ID_LEN);
        if (memcmp(place->device, device, ID_LEN) == 0)
            break;
    }
    return place;
}

enum err quota_take(struct quota *quota, const uint8_t device[static ID_LEN], uint64_t now_ms,
                    uint64_t bytes, uint64_t bytes_max, uint64_t foundings, uint64_t foundings_max)
{
    struct place *place = place_of(quota, device, now_ms / DAY_MS + 1);
    if (bytes > bytes_max - (place->bytes < bytes_max ? place->bytes : bytes_max))
        return ERR_QUOTA;
    if (foundings > 0 && place->foundings + foundings > foundings_max)
        return ERR_QUOTA;
    place->bytes += bytes;
    place->foundings += foundings;
    return ERR_OK;
}
