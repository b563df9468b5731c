/* SPDX-License-Identifier: Apache-2.0
 *
 * Words that are being typed. A record is u64be time | text, its id a hash of the name.
 */
#include <string.h>

#include "client/engine_inside.h"
#include "proto/digest.h"

enum { JOT_MAX = 1 << 20, TIME_LEN = 8 };
#define KEPT_MS (UINT64_C(30) * 86400 * 1000)

static uint64_t jot_id(const char *name)
{
    uint8_t hash[HASH_LEN];
    uint64_t id = 0;
    digest_sha256_of(hash, name, strlen(name));
    for (size_t i = 0; i < sizeof id; i++)
        id = id << 8 | hash[i];
    return id >> 1; /* SQLite's integers are signed */
}

enum err engine_jot_put(struct engine *engine, const char *name, const uint8_t *text, size_t len)
{
    struct buf plain = {.max = TIME_LEN + JOT_MAX};
    buf_u64be(&plain, engine->now_ms);
    buf_put(&plain, text, len);
    enum err err = plain.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_JOT, 0, jot_id(name), plain.bytes, plain.len);
    buf_free(&plain);
    return err;
}

enum err engine_jot_get(struct engine *engine, const char *name, struct buf *out)
{
    struct buf plain = {.max = TIME_LEN + JOT_MAX};
    enum err err = replica_get(engine->replica, REPLICA_JOT, 0, jot_id(name), &plain);
    if (err == ERR_OK && plain.len >= TIME_LEN) {
        buf_put(out, plain.bytes + TIME_LEN, plain.len - TIME_LEN);
        err = out->err;
    }
    buf_free(&plain);
    return err;
}

enum err engine_jot_delete(struct engine *engine, const char *name)
{
    return replica_delete(engine->replica, REPLICA_JOT, 0, jot_id(name));
}

struct old_jots {
    uint64_t now_ms;
    size_t n;
    uint64_t ids[64]; /* the others go at the next opening */
};

static enum err look_at(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct old_jots *old = ctx;
    uint64_t at_ms = 0;
    for (size_t i = 0; i < TIME_LEN && i < len; i++)
        at_ms = at_ms << 8 | plain[i];
    bool is_old = old->now_ms > at_ms && old->now_ms - at_ms > KEPT_MS;
    if (is_old && old->n < sizeof old->ids / sizeof old->ids[0])
        old->ids[old->n++] = id;
    return ERR_OK;
}

void engine_jots_prune(struct engine *engine)
{
    struct old_jots old = {.now_ms = engine->now_ms};
    enum err err = replica_each(engine->replica, REPLICA_JOT, 0, look_at, &old);
    for (size_t i = 0; i < old.n && err == ERR_OK; i++)
        err = replica_delete(engine->replica, REPLICA_JOT, 0, old.ids[i]);
}
