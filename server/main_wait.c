/* SPDX-License-Identifier: Apache-2.0 */
#include "server/main_wait.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct main_wait_link {
    struct main_wait_link *next, *prev; /* in its bucket */
    struct main_wait_link *more;        /* of the same waiter */
    struct main_waiter *waiter;
    uint8_t space[ID_LEN];
};

struct main_wait {
    struct main_wait_link *buckets[BUCKETS];
    struct main_waiter *all;
    unsigned removals;
};

static struct main_wait_link **bucket_of(struct main_wait *wait, const uint8_t *space)
{
    return &wait->buckets[((unsigned)space[0] << 8 | space[1]) % BUCKETS];
}

enum err main_wait_new(struct main_wait **wait)
{
    *wait = calloc(1, sizeof **wait);
    return *wait ? ERR_OK : ERR_MEMORY;
}

void main_wait_free(struct main_wait *wait)
{
    free(wait);
}

void main_wait_add(struct main_wait *wait, struct main_waiter *waiter,
                   const uint8_t space[static ID_LEN])
{
    if (!waiter->listed) {
        waiter->listed = true;
        waiter->prev = NULL;
        waiter->next = wait->all;
        if (wait->all)
            wait->all->prev = waiter;
        wait->all = waiter;
    }
    struct main_wait_link *link = calloc(1, sizeof *link);
    if (!link)
        return;
    struct main_wait_link **bucket = bucket_of(wait, space);
    memcpy(link->space, space, ID_LEN);
    link->waiter = waiter;
    link->more = waiter->links;
    waiter->links = link;
    link->next = *bucket;
    if (*bucket)
        (*bucket)->prev = link;
    *bucket = link;
}

void main_wait_remove(struct main_wait *wait, struct main_waiter *waiter)
{
    wait->removals++;
    while (waiter->links) {
        struct main_wait_link *link = waiter->links;
        waiter->links = link->more;
        if (link->prev)
            link->prev->next = link->next;
        else
            *bucket_of(wait, link->space) = link->next;
        if (link->next)
            link->next->prev = link->prev;
        free(link);
    }
    if (!waiter->listed)
        return;
    waiter->listed = false;
    if (waiter->prev)
        waiter->prev->next = waiter->next;
    else
        wait->all = waiter->next;
    if (waiter->next)
        waiter->next->prev = waiter->prev;
}

/* After a removal the walk begins again, for what comes next may be gone. Waking somebody twice does no harm, and
 * each removal makes the list shorter. */
void main_wait_wake(struct main_wait *wait, const uint8_t space[static ID_LEN], main_wait_fn fn,
                    void *ctx)
{
    struct main_wait_link *link = *bucket_of(wait, space);
    while (link) {
        unsigned before = wait->removals;
        struct main_wait_link *next = link->next;
        if (memcmp(link->space, space, ID_LEN) == 0)
            fn(ctx, link->waiter);
        link = before == wait->removals ? next : *bucket_of(wait, space);
    }
}

void main_wait_all(struct main_wait *wait, main_wait_fn fn, void *ctx)
{
    struct main_waiter *waiter = wait->all;
    while (waiter) {
        unsigned before = wait->removals;
        struct main_waiter *next = waiter->next;
        fn(ctx, waiter);
        waiter = before == wait->removals ? next : wait->all;
    }
}
