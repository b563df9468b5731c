/* SPDX-License-Identifier: Apache-2.0
 *
 * On the disk: birth = shred16 | kcom32 under (leaf, box); newborn = shred16 | kcom32 | key32 under a number.
 */
#include "client/dossier.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "proto/digest.h"
#include "proto/seal.h"

enum { BIRTH_LEN = ID_LEN + HASH_LEN, NEWBORN_LEN = BIRTH_LEN + KEY_LEN };

/* --- the table --- */

static size_t slot_of(const struct dossiers *dossiers, const uint8_t *shred)
{
    uint64_t v;
    memcpy(&v, shred, sizeof v);
    return (size_t)((v * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (dossiers->n_slots - 1);
}

static void table_put(struct dossiers *dossiers, uint32_t index)
{
    size_t at = slot_of(dossiers, dossiers->items[index].shred);
    while (dossiers->slots[at])
        at = (at + 1) & (dossiers->n_slots - 1);
    dossiers->slots[at] = index + 1;
}

struct dossier *dossier_find(const struct space *space, const uint8_t shred[static ID_LEN])
{
    const struct dossiers *dossiers = &space->dossiers;
    if (dossiers->n == 0)
        return NULL;
    for (size_t at = slot_of(dossiers, shred); dossiers->slots[at];
         at = (at + 1) & (dossiers->n_slots - 1)) {
        struct dossier *dossier = &dossiers->items[dossiers->slots[at] - 1];
        if (memcmp(dossier->shred, shred, ID_LEN) == 0)
            return dossier;
    }
    return NULL;
}

static enum err grow(struct dossiers *dossiers)
{
    size_t cap = dossiers->cap ? 2 * dossiers->cap : 64;
    struct dossier *items = realloc(dossiers->items, cap * sizeof *items);
    if (items)
        dossiers->items = items;
    uint32_t *births = realloc(dossiers->births, cap * sizeof *births);
    if (births)
        dossiers->births = births;
    uint32_t *slots = calloc(4 * cap, sizeof *slots);
    if (!items || !births || !slots || cap > UINT32_MAX / 4) {
        free(slots);
        return ERR_MEMORY;
    }
    free(dossiers->slots);
    dossiers->slots = slots;
    dossiers->n_slots = 4 * cap;
    dossiers->cap = cap;
    for (size_t i = 0; i < dossiers->n; i++)
        table_put(dossiers, (uint32_t)i);
    return ERR_OK;
}

static enum err add(struct space *space, const uint8_t *shred, const uint8_t *kcom,
                    struct dossier **out)
{
    struct dossiers *dossiers = &space->dossiers;
    assert(!dossier_find(space, shred));
    if (dossiers->n == dossiers->cap) {
        enum err err = grow(dossiers);
        if (err != ERR_OK)
            return err;
    }
    struct dossier *dossier = &dossiers->items[dossiers->n];
    *dossier = (struct dossier){0};
    memcpy(dossier->shred, shred, ID_LEN);
    memcpy(dossier->kcom, kcom, HASH_LEN);
    table_put(dossiers, (uint32_t)dossiers->n++);
    *out = dossier;
    return ERR_OK;
}

static void born(struct space *space, struct dossier *dossier, uint64_t leaf, uint16_t box)
{
    struct dossiers *dossiers = &space->dossiers;
    dossier->born = true;
    dossier->leaf = leaf;
    dossier->box = box;
    dossiers->births[dossiers->n_births++] = (uint32_t)(dossier - dossiers->items);
}

struct dossier *dossier_born_at(const struct space *space, uint64_t leaf, uint16_t box)
{
    const struct dossiers *dossiers = &space->dossiers;
    size_t low = 0, high = dossiers->n_births;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct dossier *d = &dossiers->items[dossiers->births[mid]];
        if (d->leaf == leaf && d->box == box)
            return d;
        if (d->leaf < leaf || (d->leaf == leaf && d->box < box))
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

struct dossier *dossier_of_route(const struct space *space, const struct change_route *route,
                                 uint64_t index)
{
    if (!route->full)
        return route->birth_leaf < index
                   ? dossier_born_at(space, route->birth_leaf, route->birth_box)
                   : NULL;
    struct dossier *dossier = dossier_find(space, route->shred);
    return dossier && memcmp(dossier->kcom, route->kcom, HASH_LEN) == 0 ? dossier : NULL;
}

/* --- loading --- */

struct load {
    struct engine *engine;
    struct space *space;
};

static enum err load_birth(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct load *load = ctx;
    struct dossier *dossier;
    if (len != BIRTH_LEN || dossier_find(load->space, plain))
        return ERR_CORRUPT;
    enum err err = add(load->space, plain, plain + ID_LEN, &dossier);
    if (err == ERR_OK)
        born(load->space, dossier, id >> 8, (uint16_t)(id & 255));
    return err;
}

static enum err load_newborn(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct load *load = ctx;
    enum err err = ERR_OK;
    if (len != NEWBORN_LEN)
        return ERR_CORRUPT;
    struct dossier *dossier = dossier_find(load->space, plain);
    if (!dossier)
        err = add(load->space, plain, plain + ID_LEN, &dossier);
    if (err != ERR_OK)
        return err;
    dossier->newborn = id;
    if (!dossier->key)
        dossier->key = keyring_cell_new(&load->engine->ring);
    if (!dossier->key)
        return ERR_MEMORY;
    memcpy(dossier->key, plain + BIRTH_LEN, KEY_LEN);
    return ERR_OK;
}

enum err dossier_load(struct engine *engine, struct space *space)
{
    struct load load = {engine, space};
    enum err err = replica_each(engine->replica, REPLICA_BIRTH, space->no, load_birth, &load);
    if (err == ERR_OK)
        err = replica_each(engine->replica, REPLICA_NEWBORN, space->no, load_newborn, &load);
    return err;
}

void dossier_unload(struct engine *engine, struct space *space)
{
    struct dossiers *dossiers = &space->dossiers;
    for (size_t i = 0; i < dossiers->n; i++)
        keyring_cell_free(&engine->ring, dossiers->items[i].key);
    free(dossiers->items);
    free(dossiers->slots);
    free(dossiers->births);
    *dossiers = (struct dossiers){0};
}

/* --- new dossiers, keys, slots --- */

/* Keeps the key of a dossier that is not born sealed; NULL: draws it. */
static enum err put_key(struct engine *engine, struct space *space, const uint8_t *shred,
                        const uint8_t *rk)
{
    enum err err = ERR_OK;
    uint8_t *plain = digest_secret_new(NEWBORN_LEN);
    struct dossier *dossier = NULL;
    uint64_t id = 0;
    if (!plain)
        return ERR_MEMORY;
    memcpy(plain, shred, ID_LEN);
    if (rk)
        memcpy(plain + BIRTH_LEN, rk, KEY_LEN);
    else
        digest_random(plain + BIRTH_LEN, KEY_LEN);
    seal_dossier_commit(plain + ID_LEN, plain + BIRTH_LEN, plain);
    TRY(replica_last_id(engine->replica, REPLICA_NEWBORN, space->no, &id));
    TRY(replica_put(engine->replica, REPLICA_NEWBORN, space->no, id + 1, plain, NEWBORN_LEN));
    TRY(add(space, plain, plain + ID_LEN, &dossier));
    dossier->newborn = id + 1;
    dossier->key = keyring_cell_new(&engine->ring);
    if (!dossier->key)
        TRY(ERR_MEMORY);
    memcpy(dossier->key, plain + BIRTH_LEN, KEY_LEN);
out:
    digest_secret_free(plain);
    return err;
}

enum err dossier_new(struct engine *engine, struct space *space, uint8_t shred[static ID_LEN])
{
    digest_random(shred, ID_LEN);
    return put_key(engine, space, shred, NULL);
}

enum err dossier_adopt(struct engine *engine, struct space *space,
                       const uint8_t shred[static ID_LEN], const uint8_t rk[static KEY_LEN])
{
    return dossier_find(space, shred) ? ERR_EXISTS : put_key(engine, space, shred, rk);
}

enum err dossier_renew(struct engine *engine, struct space *space,
                       const uint8_t shred[static ID_LEN])
{
    return dossier_find(space, shred) ? ERR_EXISTS : put_key(engine, space, shred, NULL);
}

struct open_slot {
    const struct space *space;
    const struct dossier *dossier;
    uint8_t *key;
    bool found;
};

static enum err try_slot(void *ctx, const struct leaf_slot *slot)
{
    struct open_slot *open = ctx;
    const struct space_epoch *epoch = space_epoch(open->space, slot->epoch);
    if (open->found || !epoch || !epoch->sk)
        return ERR_OK;
    /* A slot that does not open is somebody's mistake; an older version may still do. */
    open->found = open_slot(open->key, slot->slot, epoch->sk, open->space->pub.id,
                            open->dossier->shred, slot->epoch, open->dossier->kcom) == ERR_OK;
    return ERR_OK;
}

enum err dossier_key(struct engine *engine, struct space *space, struct dossier *dossier,
                     const uint8_t **key)
{
    enum err err = ERR_OK;
    if (space->fold && fold_erased(space->fold, dossier->shred))
        return ERR_ERASED;
    *key = dossier->key;
    if (dossier->key)
        return ERR_OK;
    const struct space_epoch *first = space_epoch(space, 1);
    if (dossier->keyless || !first || !first->ek)
        return ERR_NO_KEY;
    struct open_slot open = {.space = space, .dossier = dossier};
    open.key = keyring_cell_new(&engine->ring);
    if (!open.key)
        return ERR_MEMORY;
    uint8_t row[ID_LEN];
    seal_row(row, first->ek, space->pub.id, dossier->shred);
    TRY(replica_slots(engine->replica, space->no, row, try_slot, &open));
    if (open.found) {
        *key = dossier->key = open.key;
        return ERR_OK;
    }
    dossier->keyless = true;
    err = ERR_NO_KEY;
out:
    keyring_cell_free(&engine->ring, open.key);
    return err;
}

static enum err count_slot(void *ctx, const struct leaf_slot *slot)
{
    (void)slot;
    ++*(size_t *)ctx;
    return ERR_OK;
}

enum err dossier_without_slot(struct engine *engine, const struct space *space, uint64_t *leaf)
{
    const struct space_epoch *first = space_epoch(space, 1);
    for (size_t i = 0; first && first->ek && i < space->dossiers.n_births; i++) {
        const struct dossier *dossier = &space->dossiers.items[space->dossiers.births[i]];
        uint8_t row[ID_LEN];
        size_t n = 0;
        if (!dossier->keyless || fold_erased(space->fold, dossier->shred))
            continue;
        seal_row(row, first->ek, space->pub.id, dossier->shred);
        enum err err = replica_slots(engine->replica, space->no, row, count_slot, &n);
        if (err != ERR_OK || n == 0) {
            *leaf = dossier->leaf;
            return err;
        }
    }
    return ERR_OK;
}

void dossier_retry_keys(struct space *space)
{
    for (size_t i = 0; i < space->dossiers.n; i++)
        space->dossiers.items[i].keyless = false;
}

enum err dossier_slot(struct engine *engine, struct space *space, struct dossier *dossier,
                      struct leaf_slot *slot)
{
    uint32_t now = (uint32_t)space->n_epochs;
    const struct space_epoch *epoch = space_epoch(space, now), *first = space_epoch(space, 1);
    const uint8_t *key;
    enum err err = dossier_key(engine, space, dossier, &key);
    if (err != ERR_OK)
        return err;
    if (!epoch || !epoch->sk || !first || !first->ek)
        return ERR_NO_KEY;
    seal_row(slot->row, first->ek, space->pub.id, dossier->shred);
    slot->epoch = now;
    seal_slot(slot->slot, key, epoch->sk, space->pub.id, dossier->shred, now);
    return ERR_OK;
}

enum err dossier_forget(struct engine *engine, struct space *space,
                        const uint8_t shred[static ID_LEN])
{
    enum err err = ERR_OK;
    const struct space_epoch *first = space_epoch(space, 1);
    struct dossier *dossier = dossier_find(space, shred);
    if (first && first->ek) {
        uint8_t row[ID_LEN];
        seal_row(row, first->ek, space->pub.id, shred);
        TRY(replica_slot_delete(engine->replica, space->no, row));
    }
    if (!dossier)
        goto out;
    if (dossier->newborn)
        TRY(replica_delete(engine->replica, REPLICA_NEWBORN, space->no, dossier->newborn));
    dossier->newborn = 0;
    keyring_cell_free(&engine->ring, dossier->key);
    dossier->key = NULL;
out:
    return err;
}

/* --- births --- */

struct route {
    struct engine *engine;
    struct space *space;
    bool stopped;
};

static enum err take_birth(struct route *ctx, const struct change_route *entry, uint64_t index,
                           uint16_t box)
{
    struct space *space = ctx->space;
    struct dossier *dossier = dossier_find(space, entry->shred);
    enum err err = ERR_OK;
    if (dossier && dossier->born)
        return ERR_OK;
    if (dossier && memcmp(dossier->kcom, entry->kcom, HASH_LEN) != 0) {
        /* Somebody else gave birth to an id that was drawn here: theirs counts, our key opens nothing. */
        memcpy(dossier->kcom, entry->kcom, HASH_LEN);
        keyring_cell_free(&ctx->engine->ring, dossier->key);
        dossier->key = NULL;
    }
    if (!dossier)
        TRY(add(space, entry->shred, entry->kcom, &dossier));
    uint8_t plain[BIRTH_LEN];
    memcpy(plain, dossier->shred, ID_LEN);
    memcpy(plain + ID_LEN, dossier->kcom, HASH_LEN);
    TRY(replica_put(ctx->engine->replica, REPLICA_BIRTH, space->no, index << 8 | box, plain,
                    sizeof plain));
    born(space, dossier, index, box);
    if (dossier->newborn) {
        /* The key stays reachable through the slot that travelled with the birth. */
        struct leaf_slot slot;
        enum err got = dossier_slot(ctx->engine, space, dossier, &slot);
        if (got == ERR_OK)
            TRY(replica_slot_put(ctx->engine->replica, space->no, &slot));
        if (got == ERR_OK || got == ERR_ERASED)
            TRY(replica_delete(ctx->engine->replica, REPLICA_NEWBORN, space->no, dossier->newborn));
        if (got == ERR_OK || got == ERR_ERASED)
            dossier->newborn = 0;
    }
out:
    return err;
}

static enum err route_entry(void *ctx_, const struct replica_entry *entry)
{
    struct route *ctx = ctx_;
    struct leaf leaf;
    struct change_routes routes = {0};
    enum err err = ERR_OK;
    if (ctx->stopped || entry->verdict != ERR_OK)
        return ERR_OK;
    TRY(leaf_decode(&leaf, entry->header, entry->header_len, entry->sig));
    enum err opened = space_routes(ctx->space, &leaf, &routes);
    if (opened == ERR_NO_KEY) {
        ctx->stopped = true;
        ctx->space->routed = entry->index;
        goto out;
    }
    if (err_category(opened) == CAT_INTERNAL)
        TRY(opened);
    for (size_t i = 0; i < routes.n; i++) {
        if (routes.routes[i].full)
            TRY(take_birth(ctx, &routes.routes[i], entry->index, (uint16_t)i));
    }
out:
    change_routes_free(&routes);
    leaf_fini(&leaf);
    return err;
}

enum err dossier_route(struct engine *engine, struct space *space)
{
    struct route ctx = {.engine = engine, .space = space};
    enum err err = replica_entries(engine->replica, space->no, REPLICA_DATA, space->routed,
                                   space->pub.size, route_entry, &ctx);
    if (err == ERR_OK && !ctx.stopped)
        space->routed = space->pub.size;
    return err;
}
