/* SPDX-License-Identifier: Apache-2.0
 *
 * main_share: how many requests of each device are under way, so that none takes the places of others. Loop thread only.
 */
#ifndef SERVER_MAIN_SHARE_H
#define SERVER_MAIN_SHARE_H

#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"

struct main_share;

/** `each_max` requests per device. ERR_MEMORY. */
enum err main_share_new(struct main_share **share, unsigned each_max);
void main_share_free(struct main_share *share); /* NULL is fine */

/** Counts a request of `device`. ERR_BUSY: it has its share already; ERR_MEMORY. Nothing was counted then. */
enum err main_share_enter(struct main_share *share, const uint8_t device[static ID_LEN]);

/** A counted request ended. */
void main_share_leave(struct main_share *share, const uint8_t device[static ID_LEN]);

#endif
