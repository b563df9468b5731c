/* SPDX-License-Identifier: Apache-2.0
 *
 * A fixed table of counters, of devices and of spaces (both have random ids): one that finds its place taken by
 * another one of the same day shares the place with it from then on. That is unlikely below some thousand a day, and
 * errs on the safe side.
 */
#include <stdlib.h>
#include <string.h>

#include "server/metrics.h"
#include "server/sync_inside.h"

enum { PLACES = 1 << 14, PROBES = 8 };
#define DAY_MS (24ull * 3600 * 1000)

struct place {
    uint8_t id[ID_LEN];
    uint64_t day;
    struct sync_quota used;
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

static struct place *place_of(struct quota *quota, const uint8_t id[static ID_LEN], uint64_t day)
{
    size_t first = (size_t)id[0] << 8 | id[1] | (size_t)id[2] << 16;
    struct place *place = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        place = &quota->places[(first + i) % PLACES];
        bool old = place->day != day;
        if (old)
            *place = (struct place){.day = day};
        if (old)
            memcpy(place->id, id, ID_LEN);
        if (memcmp(place->id, id, ID_LEN) == 0)
            break;
    }
    return place;
}

static bool fits(uint64_t used, uint64_t more, uint64_t most)
{
    return most == 0 || more == 0 || (used < most && more <= most - used);
}

bool quota_fits(struct quota *quota, const uint8_t id[static ID_LEN], uint64_t now_ms,
                const struct sync_quota *more, const struct sync_quota *most)
{
    const struct sync_quota *used = &place_of(quota, id, now_ms / DAY_MS + 1)->used;
    return fits(used->bytes, more->bytes, most->bytes) &&
           fits(used->leaves, more->leaves, most->leaves) &&
           fits(used->foundings, more->foundings, most->foundings);
}

void quota_take(struct quota *quota, const uint8_t id[static ID_LEN], uint64_t now_ms,
                const struct sync_quota *more)
{
    struct sync_quota *used = &place_of(quota, id, now_ms / DAY_MS + 1)->used;
    used->bytes += more->bytes;
    used->leaves += more->leaves;
    used->foundings += more->foundings;
}

enum err sync_quota(struct sync_work *work, const struct sync_quota *more)
{
    const struct sync_config *config = &work->sync->config;
    struct quota *quota = work->sync->quota;
    const uint8_t *device = work->call->request.device, *space = work->row->space;
    if (!quota_fits(quota, device, work->now_ms, more, &config->device_day)) {
        metrics_add(METRIC_QUOTA, 1);
        return ERR_QUOTA;
    }
    if (!quota_fits(quota, space, work->now_ms, more, &config->space_day)) {
        metrics_add(METRIC_QUOTA_SPACE, 1);
        return ERR_QUOTA;
    }
    quota_take(quota, device, work->now_ms, more);
    quota_take(quota, space, work->now_ms, more);
    return ERR_OK;
}
