/* SPDX-License-Identifier: Apache-2.0
 *
 * main_wait: who waits for which space. The loop thread's.
 */
#ifndef SERVER_MAIN_WAIT_H
#define SERVER_MAIN_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"

struct main_wait;
struct main_wait_link;

/** Somebody who waits; zeroed before the first main_wait_add. */
struct main_waiter {
    void *user;
    struct main_wait_link *links; /* one for each space */
    struct main_waiter *next, *prev;
    bool listed;
};

typedef void (*main_wait_fn)(void *ctx, struct main_waiter *waiter);

enum err main_wait_new(struct main_wait **wait);
void main_wait_free(struct main_wait *wait);

/** Adds a space that it waits for. Without memory it is not woken for this space, and its time runs out. */
void main_wait_add(struct main_wait *wait, struct main_waiter *waiter,
                   const uint8_t space[static ID_LEN]);

/** Removes it everywhere. */
void main_wait_remove(struct main_wait *wait, struct main_waiter *waiter);

/** Calls fn for each who waits for `space`. fn may remove waiters; then others may be called twice. */
void main_wait_wake(struct main_wait *wait, const uint8_t space[static ID_LEN], main_wait_fn fn,
                    void *ctx);

/** Calls fn for each who waits at all; same rule. */
void main_wait_all(struct main_wait *wait, main_wait_fn fn, void *ctx);

#endif
