/* SPDX-License-Identifier: Apache-2.0
 *
 * logkey: which of the server's key pairs a space is signed with, at each of its sizes.
 *
 * The log says it (its genesis, and each log_key operation), but readers have no fold. So what a leaf changes is written
 * down beside it, in the same transaction: meta "log_key/<space in hex>", rows of `u64be index of the leaf | SHA-256 of
 * the log key`, ascending. A space without that row is signed by the first pair from its first entry on.
 */
#ifndef SERVER_LOGKEY_H
#define SERVER_LOGKEY_H

#include "server/serverkey.h"
#include "server/store.h"

enum {
    LOGKEY_ROW_LEN = 8 + HASH_LEN,
    LOGKEY_VALUE_MAX = SERVERKEY_PAIRS_MAX * LOGKEY_ROW_LEN,
    LOGKEY_NAME_MAX = 8 + 2 * ID_LEN + 1
};

/** The name of a space's meta value. */
void logkey_name(char out[static LOGKEY_NAME_MAX], const uint8_t space[static ID_LEN]);

/** The pair in force after `size` entries (for 0: the first one). ERR_NO_KEY: it is not in server.key, which is older
 * than the store; said in the log. Errors of the store. */
enum err logkey_at(const struct serverkey *key, struct store_view *view,
                   const uint8_t space[static ID_LEN], uint64_t size,
                   const struct serverkey_pair **pair);

/** Writes down that the leaf at `index` puts this log key in force, in the running transaction. */
enum err logkey_put(struct store *store, const struct serverkey *key,
                    const uint8_t space[static ID_LEN], uint64_t index,
                    const uint8_t log_pk[static PK_LEN]);

#endif
