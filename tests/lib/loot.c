/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/loot.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "client/rekey.h"
#include "proto/code.h"
#include "proto/seal.h"

enum {
    KEYS_MAX = 512,
    SLOTS_MAX = 4096,
    SEALS_MAX = 1024,
    DOSSIERS_MAX = 1024,
    BODY_MAX_ = 1 << 20
};

/* A set of keys, each once. */
struct keys {
    size_t n;
    uint8_t key[KEYS_MAX][KEY_LEN];
};

struct loot_dossier {
    uint8_t shred[ID_LEN], kcom[HASH_LEN];
    size_t bodies, opened;
};

struct loot {
    uint8_t space[ID_LEN];
    uint32_t epochs; /* greatest number seen anywhere */
    struct keys eks, sks, routes, rks;
    size_t n_rings;
    struct rekey_ring rings[16];
    size_t n_slots, n_seals, n_dossiers;
    struct loot_slot {
        uint32_t epoch;
        bool open, of_server;
        uint8_t slot[SLOT_LEN];
    } * slots;
    struct loot_seal {
        uint32_t epoch;
        uint8_t type;
        bool open, of_server;
        size_t len;
        uint8_t seal[SEAL_LEN_MAX];
    } * seals;
    struct loot_dossier *dossiers;
    /* while a log is tried */
    sqlite3 *log;
    struct loot_count *count;
    uint8_t *plain;
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "loot: %s\n", what);
    abort();
}

static bool keep(struct keys *keys, const uint8_t *key)
{
    for (size_t i = 0; i < keys->n; i++) {
        if (memcmp(keys->key[i], key, KEY_LEN) == 0)
            return false;
    }
    must(keys->n < KEYS_MAX, "too many keys");
    memcpy(keys->key[keys->n++], key, KEY_LEN);
    return true;
}

struct loot *loot_new(void)
{
    struct loot *loot = calloc(1, sizeof *loot);
    must(loot, "no memory");
    loot->slots = calloc(SLOTS_MAX, sizeof *loot->slots);
    loot->seals = calloc(SEALS_MAX, sizeof *loot->seals);
    loot->dossiers = calloc(DOSSIERS_MAX, sizeof *loot->dossiers);
    loot->plain = malloc(BODY_MAX_);
    must(loot->slots && loot->seals && loot->dossiers && loot->plain, "no memory");
    return loot;
}

void loot_free(struct loot *loot)
{
    for (size_t i = 0; i < loot->n_rings; i++)
        rekey_free(&loot->rings[i]);
    free(loot->slots);
    free(loot->seals);
    free(loot->dossiers);
    free(loot->plain);
    free(loot);
}

static void saw_epoch(struct loot *loot, uint32_t epoch)
{
    if (epoch > loot->epochs)
        loot->epochs = epoch;
}

static struct loot_dossier *saw_dossier(struct loot *loot, const uint8_t *shred,
                                        const uint8_t *kcom)
{
    for (size_t i = 0; i < loot->n_dossiers; i++) {
        struct loot_dossier *one = &loot->dossiers[i];
        if (memcmp(one->shred, shred, ID_LEN) == 0 && memcmp(one->kcom, kcom, HASH_LEN) == 0)
            return one;
    }
    must(loot->n_dossiers < DOSSIERS_MAX, "too many dossiers");
    struct loot_dossier *one = &loot->dossiers[loot->n_dossiers++];
    memcpy(one->shred, shred, ID_LEN);
    memcpy(one->kcom, kcom, HASH_LEN);
    return one;
}

static void add_slot(struct loot *loot, uint32_t epoch, const uint8_t *slot, bool of_server)
{
    must(loot->n_slots < SLOTS_MAX, "too many slots");
    struct loot_slot *out = &loot->slots[loot->n_slots++];
    *out = (struct loot_slot){.epoch = epoch, .of_server = of_server};
    memcpy(out->slot, slot, SLOT_LEN);
    saw_epoch(loot, epoch);
}

/* --- devices --- */

static enum err take_slot(void *ctx, const struct leaf_slot *slot)
{
    add_slot(ctx, slot->epoch, slot->slot, false);
    return ERR_OK;
}

static enum err take_seal(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct loot *loot = ctx;
    must(loot->n_seals < SEALS_MAX && len > 1 && len - 1 <= SEAL_LEN_MAX, "a seal");
    struct loot_seal *out = &loot->seals[loot->n_seals++];
    *out = (struct loot_seal){.epoch = (uint32_t)id, .type = plain[0], .len = len - 1};
    memcpy(out->seal, plain + 1, len - 1);
    return ERR_OK;
}

void loot_device(struct loot *loot, struct engine *engine, size_t at)
{
    struct space *space = engine_at(engine, at);
    memcpy(loot->space, space->pub.id, ID_LEN);
    must(loot->n_rings < sizeof loot->rings / sizeof *loot->rings, "too many devices");
    must(rekey_load(engine, space->pub.id, &loot->rings[loot->n_rings++]) == ERR_OK, "box keys");
    saw_epoch(loot, (uint32_t)space->n_epochs);
    for (size_t e = 0; e < space->n_epochs; e++) {
        const struct space_epoch *keys = &space->epochs[e];
        if (keys->ek)
            keep(&loot->eks, keys->ek);
        if (keys->sk)
            keep(&loot->sks, keys->sk);
        if (keys->route)
            keep(&loot->routes, keys->route);
    }
    for (size_t i = 0; i < space->dossiers.n; i++) {
        const struct dossier *dossier = &space->dossiers.items[i];
        saw_dossier(loot, dossier->shred, dossier->kcom);
        if (dossier->key)
            keep(&loot->rks, dossier->key);
    }
    must(replica_slots_all(engine->replica, space->no, take_slot, loot) == ERR_OK, "slots");
    must(replica_each(engine->replica, REPLICA_SEAL, space->no, take_seal, loot) == ERR_OK,
         "seals");
}

/* --- the server's files --- */

static sqlite3 *open_db(const char *path)
{
    sqlite3 *db = NULL;
    must(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK, path);
    return db;
}

static sqlite3_stmt *ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    must(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK, sqlite3_errmsg(db));
    return st;
}

void loot_keys(struct loot *loot, const char *keys_db)
{
    sqlite3 *db = open_db(keys_db);
    sqlite3_stmt *st = ask(db, "SELECT epoch, slot FROM slots WHERE space = ?");
    sqlite3_bind_blob(st, 1, loot->space, ID_LEN, SQLITE_STATIC);
    while (sqlite3_step(st) == SQLITE_ROW) {
        must(sqlite3_column_bytes(st, 1) == SLOT_LEN, "a slot's length");
        add_slot(loot, (uint32_t)sqlite3_column_int64(st, 0), sqlite3_column_blob(st, 1), true);
    }
    sqlite3_finalize(st);
    st = ask(db, "SELECT epoch, type, seal FROM seals WHERE space = ? AND seal IS NOT NULL");
    sqlite3_bind_blob(st, 1, loot->space, ID_LEN, SQLITE_STATIC);
    while (sqlite3_step(st) == SQLITE_ROW) {
        size_t len = (size_t)sqlite3_column_bytes(st, 2);
        must(loot->n_seals < SEALS_MAX && len <= SEAL_LEN_MAX, "a seal's length");
        struct loot_seal *out = &loot->seals[loot->n_seals++];
        *out = (struct loot_seal){.epoch = (uint32_t)sqlite3_column_int64(st, 0),
                                  .type = (uint8_t)sqlite3_column_int(st, 1),
                                  .of_server = true,
                                  .len = len};
        memcpy(out->seal, sqlite3_column_blob(st, 2), len);
        saw_epoch(loot, out->epoch);
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
}

/* --- keys from keys --- */

static bool learn_ek(struct loot *loot, const uint8_t *ek)
{
    uint8_t route[KEY_LEN];
    bool news = keep(&loot->eks, ek);
    seal_route_key(route, ek, loot->space);
    return keep(&loot->routes, route) || news;
}

static bool open_seals(struct loot *loot)
{
    bool news = false;
    uint8_t keys[2 * KEY_LEN];
    for (size_t i = 0; i < loot->n_seals; i++) {
        struct loot_seal *seal = &loot->seals[i];
        for (size_t r = 0; !seal->open && r < loot->n_rings; r++) {
            if (rekey_open_seal(&loot->rings[r], keys, (enum seal_type)seal->type, seal->seal,
                                seal->len) != ERR_OK)
                continue;
            seal->open = true;
            if (seal->type == SEAL_MEMBER) {
                news = learn_ek(loot, keys) || news;
                news = keep(&loot->sks, keys + KEY_LEN) || news;
            } else {
                news = keep(&loot->routes, keys) || news;
            }
        }
    }
    return news;
}

static bool open_one_slot(struct loot *loot, struct loot_slot *slot)
{
    uint8_t rk[KEY_LEN];
    bool news = false;
    for (size_t k = 0; k < loot->sks.n && !slot->open; k++)
        for (size_t d = 0; d < loot->n_dossiers && !slot->open; d++)
            for (uint32_t as = 1; as <= loot->epochs && !slot->open; as++) {
                slot->open =
                    open_slot(rk, slot->slot, loot->sks.key[k], loot->space,
                              loot->dossiers[d].shred, as, loot->dossiers[d].kcom) == ERR_OK;
                if (slot->open)
                    news = keep(&loot->rks, rk);
            }
    return news;
}

static bool open_slots(struct loot *loot)
{
    bool news = false;
    for (size_t i = 0; i < loot->n_slots; i++)
        news = open_one_slot(loot, &loot->slots[i]) || news;
    return news;
}

static bool open_wraps(struct loot *loot, const struct op *op)
{
    bool news = false;
    uint8_t key[KEY_LEN];
    uint32_t epoch = op->u.epoch_change.epoch;
    for (size_t k = 0; op->u.epoch_change.has_wraps && k < loot->eks.n; k++)
        if (open_wrap(key, op->u.epoch_change.wrap_ek, loot->eks.key[k], SEAL_EK, loot->space,
                      epoch) == ERR_OK)
            news = learn_ek(loot, key) || news;
    for (size_t k = 0; op->u.epoch_change.has_wraps && k < loot->routes.n; k++)
        if (open_wrap(key, op->u.epoch_change.wrap_route, loot->routes.key[k], SEAL_ROUTE,
                      loot->space, epoch) == ERR_OK)
            news = keep(&loot->routes, key) || news;
    return news;
}

/* --- leaves --- */

/* Opens a leaf's routing box with any key; the plaintext's length, 0 when none fits. */
static bool open_routes(struct loot *loot, const struct leaf *leaf, const struct seal_place *place,
                        struct change_routes *routes)
{
    if (leaf->route_len < NONCE_LEN + TAG_LEN + 1)
        return false;
    size_t len = leaf->route_len - NONCE_LEN - TAG_LEN;
    for (size_t k = 0; k < loot->routes.n; k++) {
        if (open_route(loot->plain, leaf->route, leaf->route_len, loot->routes.key[k], place) ==
            ERR_OK)
            return change_routes_decode(routes, loot->plain, len) == ERR_OK;
    }
    return false;
}

static struct seal_place place_of(const struct loot *loot, const struct leaf *leaf)
{
    struct seal_place place = {.suite = SUITE_1, .seq = leaf->seq, .epoch = leaf->epoch};
    memcpy(place.space, loot->space, ID_LEN);
    memcpy(place.device, leaf->device, ID_LEN);
    return place;
}

/* With every content key and every dossier key, as of every dossier and epoch that is known. */
static struct loot_dossier *open_one_body(struct loot *loot, const struct leaf *leaf, uint16_t box,
                                          const uint8_t *body, size_t len)
{
    struct seal_place place = place_of(loot, leaf);
    place.box = box;
    for (size_t d = 0; d < loot->n_dossiers; d++) {
        memcpy(place.shred, loot->dossiers[d].shred, ID_LEN);
        for (size_t r = 0; r < loot->rks.n; r++)
            for (size_t e = 0; e < loot->eks.n; e++) {
                uint8_t ck[KEY_LEN];
                seal_content_key(ck, loot->eks.key[e], loot->rks.key[r], loot->space,
                                 loot->dossiers[d].shred, leaf->epoch);
                if (open_body(loot->plain, body, len, ck, leaf->route, &place) == ERR_OK)
                    return &loot->dossiers[d];
            }
    }
    return NULL;
}

static void opened(struct loot *loot, size_t *count, const struct leaf *leaf)
{
    ++*count;
    if (leaf->epoch > loot->count->newest)
        loot->count->newest = leaf->epoch;
}

static void try_bodies(struct loot *loot, const struct leaf *leaf, uint64_t index,
                       const struct change_routes *routes)
{
    sqlite3_stmt *st = ask(loot->log, "SELECT box, body FROM bodies WHERE space = ? AND idx = ?"
                                      " AND body IS NOT NULL");
    sqlite3_bind_blob(st, 1, loot->space, ID_LEN, SQLITE_STATIC);
    sqlite3_bind_int64(st, 2, (sqlite3_int64)index);
    while (sqlite3_step(st) == SQLITE_ROW) {
        uint16_t box = (uint16_t)sqlite3_column_int(st, 0);
        size_t len = (size_t)sqlite3_column_bytes(st, 1);
        if (len < BODY_MIN)
            continue;
        loot->count->bodies++;
        /* Whose it is stands in the routing box, as far as that opens and says so in full. */
        struct loot_dossier *whose = NULL;
        if (box < routes->n && routes->routes[box].full)
            whose = saw_dossier(loot, routes->routes[box].shred, routes->routes[box].kcom);
        struct loot_dossier *got = open_one_body(loot, leaf, box, sqlite3_column_blob(st, 1), len);
        whose = got ? got : whose;
        if (whose)
            whose->bodies++;
        if (got) {
            got->opened++;
            opened(loot, &loot->count->bodies_open, leaf);
        }
    }
    sqlite3_finalize(st);
}

/* Learns from control leaves and routing boxes; with `bodies`, tries those too. */
static bool try_leaf(struct loot *loot, uint64_t index, const struct leaf *leaf, bool bodies)
{
    struct change_routes routes = {0};
    bool news = leaf->kind == KIND_EPOCH_CHANGE && open_wraps(loot, &leaf->op);
    if (!kind_has_route(leaf->kind))
        return news;
    const struct seal_place place = place_of(loot, leaf);
    size_t before = loot->n_dossiers;
    bool open = open_routes(loot, leaf, &place, &routes);
    for (size_t i = 0; open && i < routes.n; i++) {
        if (routes.routes[i].full)
            saw_dossier(loot, routes.routes[i].shred, routes.routes[i].kcom);
    }
    if (bodies) {
        loot->count->routes++;
        if (open)
            opened(loot, &loot->count->routes_open, leaf);
        try_bodies(loot, leaf, index, &routes);
    }
    change_routes_free(&routes);
    return news || loot->n_dossiers > before;
}

static bool walk(struct loot *loot, uint64_t from, uint64_t to, bool bodies)
{
    bool news = false;
    sqlite3_stmt *st = ask(loot->log, "SELECT idx, header, sig FROM log WHERE space = ?"
                                      " AND idx >= ? AND idx < ? ORDER BY idx");
    sqlite3_bind_blob(st, 1, loot->space, ID_LEN, SQLITE_STATIC);
    sqlite3_bind_int64(st, 2, (sqlite3_int64)from);
    sqlite3_bind_int64(st, 3, to > INT64_MAX ? INT64_MAX : (sqlite3_int64)to);
    while (sqlite3_step(st) == SQLITE_ROW) {
        struct leaf leaf;
        must(leaf_decode(&leaf, sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1),
                         sqlite3_column_blob(st, 2)) == ERR_OK,
             "a leaf");
        saw_epoch(loot, leaf.epoch);
        news = try_leaf(loot, (uint64_t)sqlite3_column_int64(st, 0), &leaf, bodies) || news;
        leaf_fini(&leaf);
    }
    sqlite3_finalize(st);
    return news;
}

void loot_log(struct loot *loot, const char *log_db, uint64_t from, uint64_t to,
              struct loot_count *count)
{
    *count = (struct loot_count){0};
    loot->count = count;
    loot->log = open_db(log_db);
    for (size_t i = 0; i < loot->n_dossiers; i++)
        loot->dossiers[i].bodies = loot->dossiers[i].opened = 0;
    /* One key opens the next: until nothing new comes. */
    for (bool news = true; news;) {
        news = open_seals(loot);
        news = walk(loot, 0, UINT64_MAX, false) || news;
        news = open_slots(loot) || news;
    }
    walk(loot, from, to, true);
    for (size_t i = 0; i < loot->n_slots; i++) {
        count->slots += loot->slots[i].of_server;
        count->slots_open += loot->slots[i].of_server && loot->slots[i].open;
        if (loot->slots[i].open && loot->slots[i].epoch > count->newest_slot)
            count->newest_slot = loot->slots[i].epoch;
    }
    for (size_t i = 0; i < loot->n_seals; i++) {
        count->seals += loot->seals[i].of_server;
        count->seals_open += loot->seals[i].of_server && loot->seals[i].open;
    }
    sqlite3_close(loot->log);
    loot->log = NULL;
}

void loot_dossier(const struct loot *loot, const char *code, size_t *bodies, size_t *opened_bodies)
{
    static const uint8_t dossier_itself[RECORD_LEN];
    *bodies = *opened_bodies = 0;
    for (size_t i = 0; i < loot->n_dossiers; i++) {
        char of[CODE_SHORT_LEN + 1];
        code_short(of, loot->dossiers[i].shred, dossier_itself);
        if (strcmp(of, code) != 0)
            continue;
        *bodies += loot->dossiers[i].bodies;
        *opened_bodies += loot->dossiers[i].opened;
    }
}
