/* SPDX-License-Identifier: Apache-2.0 */
#include "server/sync.h"

#include <stdlib.h>
#include <string.h>

#include "server/sync_inside.h"

enum {
    DEFAULT_BYTES_PER_DAY = 256 << 20,
    DEFAULT_FOUNDINGS_PER_DAY = 16,
    DEFAULT_SPACES_MAX = 4096,
    CALL_ARENA_MAX = 64 << 20
};

static enum err newest_time(void *ctx, const struct store_space *space)
{
    uint64_t *newest = ctx;
    if (space->t_recv_ms > *newest)
        *newest = space->t_recv_ms;
    return ERR_OK;
}

/* The newest time that the store knows: of an entry, or the last heartbeat. */
static enum err load_clock(struct sync *sync)
{
    enum err err = ERR_OK;
    struct store_view *view = sync->config.store->engine->own_view(sync->config.store);
    uint64_t newest = 0, beat = 0;
    uint8_t value[8];
    size_t len = sizeof value;
    TRY(view->engine->spaces(view, newest_time, &newest));
    err = view->engine->meta(view, "clock", value, &len);
    if (err == ERR_NOT_FOUND)
        err = ERR_OK;
    else if (err == ERR_OK && len == sizeof value)
        for (size_t i = 0; i < len; i++)
            beat = beat << 8 | value[i];
    atomic_store(&sync->clock_ms, beat > newest ? beat : newest);
    uint64_t since = 0;
    len = sizeof value;
    err = view->engine->meta(view, "recovering", value, &len);
    for (size_t i = 0; err == ERR_OK && i < len; i++)
        since = since << 8 | value[i];
    err = err == ERR_NOT_FOUND ? ERR_OK : err;
    atomic_store(&sync->recovering_ms, since);
out:
    return err;
}

enum err sync_new(struct sync **out, const struct sync_config *config)
{
    enum err err = ERR_OK;
    *out = NULL;
    struct sync *sync = calloc(1, sizeof *sync);
    if (!sync)
        return ERR_MEMORY;
    sync->config = *config;
    if (!config->device_day.bytes)
        sync->config.device_day.bytes = DEFAULT_BYTES_PER_DAY;
    if (!config->device_day.foundings)
        sync->config.device_day.foundings = DEFAULT_FOUNDINGS_PER_DAY;
    if (!config->spaces_max)
        sync->config.spaces_max = DEFAULT_SPACES_MAX;
    struct store *store = config->store;
    TRY(quota_new(&sync->quota));
    TRY(access_new(&sync->access, store, sync->config.spaces_max));
    TRY(store->engine->store_id(store->engine->own_view(store), sync->store_id));
    TRY(load_clock(sync));
    *out = sync;
out:
    if (err != ERR_OK)
        sync_free(sync);
    return err;
}

void sync_free(struct sync *sync)
{
    if (!sync)
        return;
    access_free(sync->access);
    quota_free(sync->quota);
    for (size_t i = 0; i < SERVERKEY_PAIRS_MAX; i++)
        buf_free(&sync->servers[i]);
    free(sync);
}

/* Signed once for each pair, when it is asked for. */
static const struct buf *answer_of(struct sync *sync, const struct serverkey_pair *pair)
{
    const struct serverkey *key = sync->config.key;
    struct buf *out = &sync->servers[pair - key->pairs];
    struct message_server server = {0};
    if (out->len > 0)
        return out;
    memcpy(server.log_pk, pair->log_pk, PK_LEN);
    memcpy(server.resp_pk, pair->resp_pk, PK_LEN);
    memcpy(server.log_name, key->log_name, sizeof server.log_name);
    return message_server_make(out, &server, pair->secret->log_sk) == ERR_OK ? out : NULL;
}

const struct buf *sync_server(struct sync *sync)
{
    return answer_of(sync, serverkey_now(sync->config.key));
}

const struct buf *sync_server_for(struct sync *sync, const uint8_t hash[static HASH_LEN])
{
    const struct serverkey_pair *pair = serverkey_find(sync->config.key, hash);
    return pair ? answer_of(sync, pair) : sync_server(sync);
}

enum err sync_call_new(struct sync_call **out, struct sync *sync, const uint8_t *bytes, size_t len)
{
    struct sync_call *call = calloc(1, sizeof *call);
    *out = call;
    if (!call)
        return ERR_MEMORY;
    call->sync = sync;
    call->bytes = bytes;
    call->len = len;
    call->out.max = RESPONSE_MAX;
    call->arena = arena_new(CALL_ARENA_MAX);
    if (call->arena)
        return ERR_OK;
    free(call);
    *out = NULL;
    return ERR_MEMORY;
}

/* What apply needed of the leaves: the rest of a call does not. */
static void free_leaves(struct sync_call *call)
{
    for (size_t i = 0; i < call->n_rows; i++) {
        struct sync_row *row = &call->rows[i];
        for (size_t k = 0; k < row->n_leaves; k++)
            leaf_fini(&row->leaves[k].leaf);
    }
}

void sync_call_free(struct sync_call *call)
{
    if (!call)
        return;
    free_leaves(call);
    message_request_free(&call->request);
    arena_free(call->arena);
    buf_free(&call->out);
    free(call);
}
