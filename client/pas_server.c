/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's keys, as people and programs meet them: where to ask for those that a link pins, and new ones that an
 * administrator compares.
 */
#include <stdio.h>
#include <string.h>

#include "client/handover.h"
#include "client/pas_inside.h"
#include "proto/code.h"
#include "proto/digest.h"
#include "proto/paper.h"

/* What pins the keys: a link, a recovery sheet, or an address that this device knows. False: nothing does. */
static bool pinned_by(const struct pas *pas, const char *where, const char **url,
                      struct paper_sheet *sheet, struct link *link, uint8_t hash[static HASH_LEN])
{
    *url = where;
    if (link_parse(link, where, strlen(where)) == ERR_OK) {
        *url = link->url;
        memcpy(hash, link->type == LINK_FOUNDER ? link->fingerprint : link->log_key_hash, HASH_LEN);
        return true;
    }
    if (paper_link_parse(sheet, where, strlen(where)) == ERR_OK) {
        *url = sheet->url;
        memcpy(hash, sheet->log_key_hash, HASH_LEN);
        return !digest_is_zero(hash, HASH_LEN);
    }
    for (size_t i = 0; i < pas->engine->n_servers; i++) {
        if (strcmp(pas->engine->servers[i].url, where) == 0) {
            message_aud(hash, pas->engine->servers[i].log_pk);
            return true;
        }
    }
    return false;
}

void pas_server_ask(struct pas *pas, const char *where, char ask[768])
{
    struct paper_sheet sheet = {0};
    struct link link = {0};
    uint8_t hash[HASH_LEN];
    char hex[2 * HASH_LEN + 1];
    const char *url;
    bool pinned = pinned_by(pas, where, &url, &sheet, &link, hash);
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    if (pinned)
        code_hex(hex, hash, HASH_LEN);
    snprintf(ask, 768, "%.*s/v1/server%s%s", (int)len, url, pinned ? "?key=" : "",
             pinned ? hex : "");
    digest_wipe(&sheet, sizeof sheet);
    digest_wipe(&link, sizeof link);
}

int pas_server_keys(struct pas *pas, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "space space_name offered may");
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        struct op_key_offer offer;
        char code[10];
        const struct engine_space *space = engine_space(pas->engine, i);
        if (!engine_fold(pas->engine, i) ||
            handover_offer(pas->engine, i, &offer, code) == ERR_NOT_FOUND)
            continue;
        pas_table_row(table);
        pas_table_hex(table, space->id, ID_LEN);
        pas_table_text(table, space->name);
        pas_table_text(table, code);
        pas_table_bool(table, space->roles & ROLE_ADMIN);
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

int pas_server_accept(struct pas *pas, const char *code, size_t *n)
{
    enum err err = ERR_OK, why = ERR_NOT_FOUND;
    pas_begin(pas);
    *n = 0;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        if (!engine_fold(pas->engine, i))
            continue;
        err = handover_accept(pas->engine, i, code);
        *n += err == ERR_OK || err == ERR_EXISTS;
        if (err == ERR_COMMITMENT || (err == ERR_DENIED && why == ERR_NOT_FOUND))
            why = err;
        TRY(err_category(err) == CAT_INTERNAL ? err : ERR_OK);
    }
    err = *n ? ERR_OK : why;
out:
    return pas_end(pas, err);
}
