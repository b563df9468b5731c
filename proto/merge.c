/* SPDX-License-Identifier: Apache-2.0
 *
 * Walked from the newest entry to the oldest, an entry lives if no later base lies above its index
 * and no later entry has its author. Indexes only fall on the way and the greatest base only grows,
 * so the first entry that a base replaces ends the walk: all before it are replaced too. Within the
 * walk every author's last entry lives, so authors are compared with the live entries alone.
 */
#include "proto/merge.h"

#include <string.h>

enum { CACHE_MAX = 64 };

/* The live entries found so far, `n` in all, newest first. Beyond the cache (more than 64 people wrote the
 * same field at once) they are found again by their flag. */
struct live {
    size_t n;
    size_t cache[CACHE_MAX];
};

static bool same_author(const struct merge_entry *a, const struct merge_entry *b)
{
    return memcmp(a->author, b->author, ID_LEN) == 0;
}

static bool author_lives(const struct merge_entry *entries, const struct live *live, size_t i)
{
    size_t cached = live->n < CACHE_MAX ? live->n : CACHE_MAX;
    for (size_t k = 0; k < cached; k++) {
        if (same_author(&entries[live->cache[k]], &entries[i]))
            return true;
    }
    if (live->n <= CACHE_MAX)
        return false;
    for (size_t k = live->cache[CACHE_MAX - 1] - 1; k > i; k--) {
        if (entries[k].live && same_author(&entries[k], &entries[i]))
            return true;
    }
    return false;
}

size_t merge_live(struct merge_entry *entries, size_t n)
{
    struct live live = {0};
    uint64_t base_max = 0;
    for (size_t i = 0; i < n; i++)
        entries[i].live = false;
    for (size_t i = n; i-- > 0;) {
        struct merge_entry *entry = &entries[i];
        if (base_max > entry->index)
            break;
        if (!author_lives(entries, &live, i)) {
            entry->live = true;
            if (live.n < CACHE_MAX)
                live.cache[live.n] = i;
            live.n++;
        }
        if (entry->base > base_max)
            base_max = entry->base;
    }
    return live.n;
}

size_t merge_first(const struct merge_entry *entries, size_t n)
{
    size_t first = n;
    for (size_t i = 0; i < n; i++) {
        if (entries[i].live && (first == n || merge_compare(&entries[i], &entries[first]) > 0))
            first = i;
    }
    return first;
}

bool merge_replaces(const struct merge_entry *newer, const struct merge_entry *older)
{
    return newer->base > older->index || same_author(newer, older);
}

/* A time claimed later than the server received it cannot be true; that is all a clock can lie upwards. */
static int64_t shown_time(const struct merge_entry *entry)
{
    int64_t received_s = (int64_t)(entry->t_recv_ms / 1000);
    return entry->time_s < received_s ? entry->time_s : received_s;
}

int merge_compare(const struct merge_entry *a, const struct merge_entry *b)
{
    int64_t a_s = shown_time(a), b_s = shown_time(b);
    if (a_s != b_s)
        return a_s < b_s ? -1 : 1;
    int order = memcmp(a->author, b->author, ID_LEN);
    if (order == 0)
        order = memcmp(a->run, b->run, RUN_LEN);
    if (order != 0)
        return order < 0 ? -1 : 1;
    if (a->ordinal != b->ordinal)
        return a->ordinal < b->ordinal ? -1 : 1;
    return 0;
}
