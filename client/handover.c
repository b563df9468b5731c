/* SPDX-License-Identifier: Apache-2.0 */
#include "client/handover.h"

#include <string.h>

#include "client/space_inside.h"
#include "proto/digest.h"
#include "proto/link.h"

static const uint8_t everywhere[ID_LEN]; /* a server's code is the same in all its spaces */

enum err handover_offer(struct engine *engine, size_t i, struct op_key_offer *offer,
                        char code[static 10])
{
    const struct space *space = engine_at(engine, i);
    struct buf plain = {.max = KEY_OFFER_LEN};
    enum err err = replica_get(engine->replica, REPLICA_OFFER, space->no, 0, &plain);
    if (err == ERR_OK)
        err = op_key_offer_get(offer, plain.bytes, plain.len);
    /* Once it is in the log, it is signed by a key that was. */
    if (err == ERR_OK && op_key_offer_verify(offer, space->pub.id, space->fold->log_pk) != ERR_OK)
        err = ERR_NOT_FOUND;
    if (err == ERR_OK)
        link_compare_code(code, offer->log_pk, offer->resp_pk, everywhere);
    buf_free(&plain);
    return err;
}

enum { CODE_MAX = 16 };

/* As people type it: either case, with or without the hyphen. */
static bool same_code(const char *a, const char *b)
{
    char plain[2][CODE_MAX];
    const char *from[2] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        size_t n = 0;
        for (const char *at = from[i]; *at; at++) {
            char c = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
            if (c == '-' || c == ' ')
                continue;
            if (n + 1 == CODE_MAX)
                return false;
            plain[i][n++] = (char)(c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c);
        }
        plain[i][n] = 0;
    }
    return strcmp(plain[0], plain[1]) == 0;
}

static bool waits_already(const struct space *space)
{
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        const struct outbox_operation *operation = &space->outbox.operations[i];
        if (operation->kind == KIND_LOG_KEY && operation->refused == ERR_OK)
            return true;
    }
    return false;
}

enum err handover_accept(struct engine *engine, size_t i, const char *code)
{
    const struct space *space = engine_at(engine, i);
    struct op op = {.kind = KIND_LOG_KEY};
    char offered[10];
    enum err err = handover_offer(engine, i, &op.u.log_key, offered);
    if (err != ERR_OK)
        return err;
    if (!space_may(engine, space, ROLE_ADMIN))
        return ERR_DENIED;
    if (!same_code(code, offered))
        return ERR_COMMITMENT;
    if (waits_already(space))
        return ERR_EXISTS;
    return engine_operate(engine, i, &op, NULL, 0);
}

enum err handover_take(struct engine *engine, const struct space *space,
                       const struct message_row *row)
{
    enum err err = ERR_OK;
    struct op_key_offer offer;
    for (size_t i = 0; i < row->n_inbox && err == ERR_OK; i++) {
        const struct message_inbox *item = &row->inbox[i];
        if (item->type != INBOX_LOG_KEY ||
            op_key_offer_get(&offer, item->payload, item->payload_len) != ERR_OK ||
            op_key_offer_verify(&offer, space->pub.id, space->fold->log_pk) != ERR_OK)
            continue;
        err = replica_put(engine->replica, REPLICA_OFFER, space->no, 0, item->payload,
                          item->payload_len);
    }
    return err;
}

static bool was_key(const struct space *space, const uint8_t *log_pk)
{
    for (size_t i = 0; i < space->fold->n_log_keys; i++) {
        if (memcmp(space->fold->log_keys[i].pk, log_pk, PK_LEN) == 0)
            return true;
    }
    return false;
}

enum err handover_follow(struct engine *engine, struct server *server, const struct space *space)
{
    if (!was_key(space, server->log_pk))
        return ERR_OK;
    memcpy(server->log_pk, space->fold->log_pk, PK_LEN);
    memcpy(server->resp_pk, space->fold->resp_pk, PK_LEN);
    return engine_server_save(engine, server);
}

static bool is_hash_of(const uint8_t *aud, const uint8_t *log_pk)
{
    uint8_t hash[HASH_LEN];
    message_aud(hash, log_pk);
    return digest_equal(hash, aud, HASH_LEN);
}

bool handover_knows(const struct engine *engine, const struct server *server,
                    const uint8_t aud[static HASH_LEN])
{
    if (is_hash_of(aud, server->log_pk))
        return true;
    for (size_t i = 0; i < engine->n_spaces; i++) {
        const struct space *space = engine->spaces[i];
        if (engine_server_of(engine, space) != server || space->fold->size == 0)
            continue;
        if (is_hash_of(aud, space->fold->log_pk))
            return true;
        for (size_t k = 0; k < space->fold->n_log_keys; k++) {
            if (is_hash_of(aud, space->fold->log_keys[k].pk))
                return true;
        }
    }
    return false;
}
