/* SPDX-License-Identifier: Apache-2.0
 *
 * store_next: which space goes on where another one cannot (PROTOCOL.md 9.4), as a named value of the log.
 */
#ifndef SERVER_STORE_NEXT_H
#define SERVER_STORE_NEXT_H

#include "server/store.h"

/** The space that continues `space`. ERR_NOT_FOUND: none does. */
enum err store_next_get(struct store_view *view, const uint8_t space[static ID_LEN],
                        uint8_t next[static ID_LEN]);

/** Notes it, over an earlier one. In a transaction. */
enum err store_next_put(struct store *store, const uint8_t space[static ID_LEN],
                        const uint8_t next[static ID_LEN]);

#endif
