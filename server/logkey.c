/* SPDX-License-Identifier: Apache-2.0 */
#include "server/logkey.h"

#include <stdio.h>
#include <string.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "proto/message.h"
#include "server/log.h"

void logkey_name(char out[static LOGKEY_NAME_MAX], const uint8_t space[static ID_LEN])
{
    char hex[2 * ID_LEN + 1];
    code_hex(hex, space, ID_LEN);
    snprintf(out, LOGKEY_NAME_MAX, "log_key/%s", hex);
}

static enum err rows_of(struct store_view *view, const uint8_t space[static ID_LEN],
                        uint8_t rows[static LOGKEY_VALUE_MAX], size_t *n)
{
    char name[LOGKEY_NAME_MAX];
    size_t len = LOGKEY_VALUE_MAX;
    logkey_name(name, space);
    enum err err = view->engine->meta(view, name, rows, &len);
    *n = err == ERR_OK ? len / LOGKEY_ROW_LEN : 0;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static uint64_t row_index(const uint8_t *row)
{
    uint64_t index = 0;
    for (unsigned i = 0; i < 8; i++)
        index = index << 8 | row[i];
    return index;
}

enum err logkey_at(const struct serverkey *key, struct store_view *view,
                   const uint8_t space[static ID_LEN], uint64_t size,
                   const struct serverkey_pair **pair)
{
    uint8_t rows[LOGKEY_VALUE_MAX];
    size_t n;
    *pair = &key->pairs[0];
    enum err err = rows_of(view, space, rows, &n);
    if (err != ERR_OK)
        return err;
    const uint8_t *hash = key->pairs[0].aud;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *row = &rows[i * LOGKEY_ROW_LEN];
        if (row_index(row) < size || row_index(row) == 0)
            hash = row + 8;
    }
    *pair = serverkey_find(key, hash);
    if (!*pair)
        LOG(LOG_ERROR, "log_key_missing",
            LOG_WORD("do", "put the newest server.key into the data folder: this one lacks a key"));
    return *pair ? ERR_OK : ERR_NO_KEY;
}

enum err logkey_put(struct store *store, const struct serverkey *key,
                    const uint8_t space[static ID_LEN], uint64_t index,
                    const uint8_t log_pk[static PK_LEN])
{
    uint8_t rows[LOGKEY_VALUE_MAX], hash[HASH_LEN];
    char name[LOGKEY_NAME_MAX];
    size_t n;
    message_aud(hash, log_pk);
    if (index == 0 && digest_equal(hash, key->pairs[0].aud, HASH_LEN))
        return ERR_OK;
    enum err err = rows_of(store->engine->own_view(store), space, rows, &n);
    if (err != ERR_OK)
        return err;
    if (n == SERVERKEY_PAIRS_MAX)
        return ERR_FULL;
    uint8_t *row = &rows[n * LOGKEY_ROW_LEN];
    for (unsigned i = 0; i < 8; i++)
        row[i] = (uint8_t)(index >> (8 * (7 - i)));
    memcpy(row + 8, hash, HASH_LEN);
    logkey_name(name, space);
    return store->engine->meta_put(store, name, rows, (n + 1) * LOGKEY_ROW_LEN);
}
