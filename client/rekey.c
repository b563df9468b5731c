/* SPDX-License-Identifier: Apache-2.0 */
#include "client/rekey.h"

#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/seal.h"

enum { BOX_LEN = ID_LEN + SEED_LEN + 8, RING_MAX = 64, TRIES_MAX = 3 };
static const uint64_t FIRST_MS = 24ull * 3600 * 1000;

static uint64_t u64_at(const uint8_t *at)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v = v << 8 | at[i];
    return v;
}

static enum err put(struct engine *engine, uint64_t id, const uint8_t *space, const uint8_t *seed,
                    uint64_t index)
{
    struct buf plain = {.max = BOX_LEN};
    buf_put(&plain, space, ID_LEN);
    buf_put(&plain, seed, SEED_LEN);
    buf_u64be(&plain, index);
    enum err err = plain.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_BOX, 0, id, plain.bytes, plain.len);
    buf_free(&plain);
    return err;
}

/* --- reading --- */

struct walk {
    const uint8_t *space;
    struct rekey_ring *ring;
};

static enum err take_key(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct walk *walk = ctx;
    if (len != BOX_LEN)
        return ERR_CORRUPT;
    if (memcmp(plain, walk->space, ID_LEN) != 0 || walk->ring->n == RING_MAX)
        return ERR_OK;
    struct rekey_key *key = &walk->ring->keys[walk->ring->n++];
    key->id = id;
    key->index = u64_at(plain + ID_LEN + SEED_LEN);
    seal_keypair(key->x_pk, key->x_sk, plain + ID_LEN);
    return ERR_OK;
}

enum err rekey_load(const struct engine *engine, const uint8_t space[static ID_LEN],
                    struct rekey_ring *ring)
{
    struct walk walk = {.space = space, .ring = ring};
    *ring = (struct rekey_ring){0};
    ring->keys = digest_secret_new(RING_MAX * sizeof *ring->keys);
    if (!ring->keys)
        return ERR_MEMORY;
    memset(ring->keys, 0, sizeof *ring->keys);
    memcpy(ring->keys[0].x_pk, engine->ring.x_pk, PK_LEN);
    memcpy(ring->keys[0].x_sk, engine->ring.device->x_sk, KEY_LEN);
    ring->n = 1;
    return replica_each(engine->replica, REPLICA_BOX, 0, take_key, &walk);
}

void rekey_free(struct rekey_ring *ring)
{
    digest_secret_free(ring->keys);
    *ring = (struct rekey_ring){0};
}

static const struct rekey_key *find(const struct rekey_ring *ring, const uint8_t *x_pk)
{
    for (size_t i = ring->n; i-- > 0;) {
        if (memcmp(ring->keys[i].x_pk, x_pk, PK_LEN) == 0)
            return &ring->keys[i];
    }
    return NULL;
}

bool rekey_holds(const struct rekey_ring *ring, const uint8_t x_pk[static PK_LEN])
{
    return find(ring, x_pk) != NULL;
}

enum err rekey_open_box(const struct rekey_ring *ring, uint8_t *out, const uint8_t *box, size_t len)
{
    enum err err = ERR_CORRUPT;
    for (size_t i = ring->n; err != ERR_OK && i-- > 0;)
        err = open_box_to(out, box, len, ring->keys[i].x_pk, ring->keys[i].x_sk);
    return err;
}

enum err rekey_open_seal(const struct rekey_ring *ring, uint8_t *keys, enum seal_type type,
                         const uint8_t *seal, size_t len)
{
    enum err err = ERR_CORRUPT;
    for (size_t i = ring->n; err != ERR_OK && i-- > 0;)
        err = open_device_seal(keys, type, seal, len, ring->keys[i].x_pk, ring->keys[i].x_sk);
    return err;
}

/* --- drawing --- */

void rekey_draw(uint8_t seed[static SEED_LEN], uint8_t x_pk[static PK_LEN])
{
    uint8_t x_sk[KEY_LEN];
    digest_random(seed, SEED_LEN);
    seal_keypair(x_pk, x_sk, seed);
    digest_wipe(x_sk, sizeof x_sk);
}

enum err rekey_keep(struct engine *engine, const uint8_t space[static ID_LEN],
                    const uint8_t seed[static SEED_LEN])
{
    uint64_t last = 0;
    enum err err = replica_last_id(engine->replica, REPLICA_BOX, 0, &last);
    return err == ERR_OK ? put(engine, last + 1, space, seed, 0) : err;
}

enum err rekey_new(struct engine *engine, const uint8_t space[static ID_LEN])
{
    uint8_t seed[SEED_LEN], x_pk[PK_LEN];
    rekey_draw(seed, x_pk);
    enum err err = rekey_keep(engine, space, seed);
    digest_wipe(seed, sizeof seed);
    return err;
}

enum err rekey_newest(const struct engine *engine, const uint8_t space[static ID_LEN],
                      uint8_t x_pk[static PK_LEN])
{
    struct rekey_ring ring;
    enum err err = rekey_load(engine, space, &ring);
    if (err == ERR_OK)
        memcpy(x_pk, ring.keys[ring.n - 1].x_pk, PK_LEN);
    rekey_free(&ring);
    return err;
}

enum err rekey_next(struct engine *engine, struct space *space, uint8_t x_pk[static PK_LEN])
{
    enum err err = ERR_OK;
    struct rekey_ring ring;
    const struct fold_device *self = space_self(engine, space);
    TRY(rekey_load(engine, space->pub.id, &ring));
    const struct rekey_key *newest = &ring.keys[ring.n - 1], *now = find(&ring, self->x_pk);
    bool waits = newest->id > 0 && newest->index == 0 && newest != now && now;
    if (!waits)
        TRY(rekey_new(engine, space->pub.id));
    TRY(rekey_newest(engine, space->pub.id, x_pk));
    uint32_t epoch = fold_epoch_now(space->fold);
    space->rekey_tries = space->rekey_epoch == epoch ? space->rekey_tries + 1 : 1;
    space->rekey_epoch = epoch;
out:
    rekey_free(&ring);
    return err;
}

/* --- when --- */

static bool on_its_way(const struct space *space)
{
    for (size_t i = 0; i < space->outbox.n_leaves; i++) {
        const struct outbox_leaf *leaf = space->outbox.leaves[i];
        if (leaf->kind == KIND_DEVICE_REKEY && leaf->state != OUTBOX_REFUSED)
            return true;
    }
    return false;
}

bool rekey_is_due(const struct engine *engine, const struct space *space)
{
    const struct fold_device *self = space_self(engine, space);
    const struct fold_epoch *epoch = fold_epoch(space->fold, fold_epoch_now(space->fold));
    if (!self || !self->active || self->kind == DEVICE_PAPER || !epoch ||
        !fold_seal_type(self->roles) || space_lacks_epoch(engine, space) || on_its_way(space))
        return false;
    /* What a server keeps refusing is not sent for ever. */
    if (space->rekey_epoch >= epoch->epoch && space->rekey_tries >= TRIES_MAX)
        return false;
    bool rotated = epoch->epoch > 1 && epoch->index > self->x_index;
    uint64_t now_ms = space->pub.checkpoint_ms;
    bool first = self->x_index == self->added;
    return rotated || (first && now_ms > self->x_ms && now_ms - self->x_ms > FIRST_MS);
}

/* --- the log says --- */

struct mark {
    struct engine *engine;
    const uint8_t *space, *x_pk;
    uint64_t index, id;
    uint8_t *seed;
};

static enum err find_record(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct mark *mark = ctx;
    uint8_t x_pk[PK_LEN], x_sk[KEY_LEN];
    if (len != BOX_LEN || memcmp(plain, mark->space, ID_LEN) != 0)
        return ERR_OK;
    seal_keypair(x_pk, x_sk, plain + ID_LEN);
    if (memcmp(x_pk, mark->x_pk, PK_LEN) == 0) {
        mark->id = id;
        memcpy(mark->seed, plain + ID_LEN, SEED_LEN);
    }
    digest_wipe(x_sk, sizeof x_sk);
    return ERR_OK;
}

enum err rekey_logged(struct engine *engine, struct space *space, const uint8_t x_pk[static PK_LEN],
                      uint64_t index)
{
    uint8_t seed[SEED_LEN];
    struct mark mark = {.space = space->pub.id, .x_pk = x_pk, .seed = seed};
    enum err err = replica_each(engine->replica, REPLICA_BOX, 0, find_record, &mark);
    if (err == ERR_OK && mark.id > 0)
        err = put(engine, mark.id, space->pub.id, seed, index);
    digest_wipe(seed, sizeof seed);
    return err;
}

/* --- forgetting --- */

enum err rekey_settle(struct engine *engine, struct space *space, bool *forgot)
{
    enum err err = ERR_OK;
    struct rekey_ring ring = {0};
    uint64_t waiting = 0;
    const struct fold_device *self = space_self(engine, space);
    const struct fold_epoch *epoch = fold_epoch(space->fold, fold_epoch_now(space->fold));
    if (!self || !self->active || !epoch || space_lacks_epoch(engine, space))
        return ERR_OK;
    TRY(replica_last_id(engine->replica, REPLICA_SEAL, space->no, &waiting));
    TRY(rekey_load(engine, space->pub.id, &ring));
    const struct rekey_key *now = find(&ring, self->x_pk);
    if (!now || waiting > 0)
        goto out;
    /* The newest epoch's seal was made for the last key that its author had seen. That one stays: with it the keys can
     * be fetched again. */
    const struct rekey_key *kept = now;
    while (kept > ring.keys && kept->index >= epoch->seen)
        kept--;
    for (const struct rekey_key *key = ring.keys; key < kept; key++) {
        if (key->id == 0)
            continue;
        TRY(replica_delete(engine->replica, REPLICA_BOX, 0, key->id));
        *forgot = true;
    }
out:
    rekey_free(&ring);
    return err;
}

enum err rekey_forget(struct engine *engine, const uint8_t space[static ID_LEN])
{
    enum err err = ERR_OK;
    struct rekey_ring ring = {0};
    TRY(rekey_load(engine, space, &ring));
    for (size_t i = 0; i < ring.n; i++) {
        if (ring.keys[i].id > 0)
            TRY(replica_delete(engine->replica, REPLICA_BOX, 0, ring.keys[i].id));
    }
out:
    rekey_free(&ring);
    return err;
}
