/* SPDX-License-Identifier: Apache-2.0
 *
 * Epoch keys, and what they open for everybody in the space: routing boxes and the texts of control leaves.
 *
 *   epoch record = type u8 (enum seal_type) | EK | SK  or  type u8 | K_route
 *   seal record  = type u8 | the seal as it travelled
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "client/rekey.h"
#include "client/space_inside.h"
#include "proto/digest.h"

enum { MEMBER_KEYS = 2 * KEY_LEN };

const struct space_epoch *space_epoch(const struct space *space, uint32_t epoch)
{
    if (epoch < 1 || epoch > space->n_epochs)
        return NULL;
    const struct space_epoch *keys = &space->epochs[epoch - 1];
    return keys->route ? keys : NULL;
}

bool space_lacks_epoch(const struct engine *engine, const struct space *space)
{
    const struct fold_device *self = space_self(engine, space);
    int type = self && self->active ? fold_seal_type(self->roles) : 0;
    if (!type || fold_epoch_now(space->fold) == 0)
        return false;
    const struct space_epoch *keys = space_epoch(space, fold_epoch_now(space->fold));
    return !keys || (type == SEAL_MEMBER ? !keys->ek : !keys->route);
}

static enum err epochs_room(struct space *space)
{
    size_t n = space->fold->n_epochs;
    if (n <= space->n_epochs)
        return ERR_OK;
    struct space_epoch *grown = realloc(space->epochs, n * sizeof *grown);
    if (!grown)
        return ERR_MEMORY;
    memset(grown + space->n_epochs, 0, (n - space->n_epochs) * sizeof *grown);
    space->epochs = grown;
    space->n_epochs = n;
    return ERR_OK;
}

static enum err check_commitment(const struct space *space, enum seal_key_type type,
                                 const uint8_t *key, uint32_t epoch, const uint8_t *kcom)
{
    uint8_t got[HASH_LEN];
    seal_epoch_commit(got, type, key, space->pub.id, epoch);
    return digest_equal(got, kcom, HASH_LEN) ? ERR_OK : ERR_COMMITMENT;
}

static enum err set_cell(struct engine *engine, uint8_t **cell, const uint8_t *key)
{
    if (!*cell)
        *cell = keyring_cell_new(&engine->ring);
    if (!*cell)
        return ERR_MEMORY;
    memcpy(*cell, key, KEY_LEN);
    return ERR_OK;
}

/* Checks and keeps the keys of one epoch, without looking at older ones. */
static enum err put_one(struct engine *engine, struct space *space, uint32_t epoch,
                        const uint8_t *ek, const uint8_t *sk, const uint8_t *route)
{
    enum err err = ERR_OK;
    const struct fold_epoch *known = fold_epoch(space->fold, epoch);
    uint8_t derived[KEY_LEN];
    if (!known)
        return ERR_NOT_FOUND;
    TRY(epochs_room(space));
    if (ek) {
        TRY(check_commitment(space, SEAL_EK, ek, epoch, known->kcom_ek));
        seal_route_key(derived, ek, space->pub.id);
        route = derived;
    }
    if (sk)
        TRY(check_commitment(space, SEAL_SK, sk, epoch, known->kcom_sk));
    TRY(check_commitment(space, SEAL_ROUTE, route, epoch, known->kcom_route));
    struct space_epoch *keys = &space->epochs[epoch - 1];
    TRY(set_cell(engine, &keys->route, route));
    if (ek)
        TRY(set_cell(engine, &keys->ek, ek));
    if (sk)
        TRY(set_cell(engine, &keys->sk, sk));
out:
    digest_wipe(derived, sizeof derived);
    return err;
}

/* Keys of older epochs, each wrapped under the next one. */
static enum err unwrap_older(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    uint8_t older[KEY_LEN];
    for (uint32_t e = (uint32_t)space->n_epochs; e > 1; e--) {
        const struct space_epoch *keys = &space->epochs[e - 1], *before = &space->epochs[e - 2];
        const struct fold_epoch *known = fold_epoch(space->fold, e);
        enum err got = ERR_NO_KEY;
        if (keys->ek && !before->ek) {
            got = open_wrap(older, known->wrap_ek, keys->ek, SEAL_EK, space->pub.id, e);
            if (got == ERR_OK)
                got = put_one(engine, space, e - 1, older, NULL, NULL);
        } else if (keys->route && !before->route) {
            got = open_wrap(older, known->wrap_route, keys->route, SEAL_ROUTE, space->pub.id, e);
            if (got == ERR_OK)
                got = put_one(engine, space, e - 1, NULL, NULL, older);
        }
        /* A wrap that lies leaves that epoch closed; the others are not worse for it. */
        if (err_category(got) == CAT_INTERNAL)
            TRY(got);
    }
out:
    digest_wipe(older, sizeof older);
    return err;
}

enum err space_epoch_put(struct engine *engine, struct space *space, uint32_t epoch,
                         const uint8_t *ek, const uint8_t *sk, const uint8_t *route)
{
    enum err err = ERR_OK;
    uint8_t plain[1 + MEMBER_KEYS];
    size_t len = 1 + KEY_LEN;
    TRY(put_one(engine, space, epoch, ek, sk, route));
    plain[0] = ek ? SEAL_MEMBER : SEAL_AUDITOR;
    memcpy(plain + 1, ek ? ek : route, KEY_LEN);
    if (ek && sk) {
        memcpy(plain + 1 + KEY_LEN, sk, KEY_LEN);
        len += KEY_LEN;
    }
    TRY(replica_put(engine->replica, REPLICA_EPOCH, space->no, epoch, plain, len));
    TRY(unwrap_older(engine, space));
out:
    digest_wipe(plain, sizeof plain);
    return err;
}

/* --- loading --- */

struct walk {
    struct engine *engine;
    struct space *space;
    uint64_t done[64]; /* seals that were opened */
    size_t n_done;
    enum err wrong; /* why the newest of them did not open, and its epoch */
    uint32_t wrong_epoch;
    struct rekey_ring boxes;
};

static enum err load_epoch(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct walk *walk = ctx;
    if ((len != 1 + KEY_LEN && len != 1 + MEMBER_KEYS) || id > UINT32_MAX)
        return ERR_CORRUPT;
    const uint8_t *key = plain + 1, *sk = len == 1 + MEMBER_KEYS ? key + KEY_LEN : NULL;
    bool member = plain[0] == SEAL_MEMBER;
    enum err err = put_one(walk->engine, walk->space, (uint32_t)id, member ? key : NULL, sk,
                           member ? NULL : key);
    /* After a salvage the log that names the epoch is fetched later than the key. */
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err space_epochs_load(struct engine *engine, struct space *space)
{
    struct walk walk = {.engine = engine, .space = space};
    enum err err = epochs_room(space);
    if (err == ERR_OK)
        err = replica_each(engine->replica, REPLICA_EPOCH, space->no, load_epoch, &walk);
    if (err == ERR_OK)
        err = unwrap_older(engine, space);
    return err;
}

void space_epochs_unload(struct engine *engine, struct space *space)
{
    for (size_t i = 0; i < space->n_epochs; i++) {
        keyring_cell_free(&engine->ring, space->epochs[i].ek);
        keyring_cell_free(&engine->ring, space->epochs[i].sk);
        keyring_cell_free(&engine->ring, space->epochs[i].route);
    }
    free(space->epochs);
    space->epochs = NULL;
    space->n_epochs = 0;
}

/* --- seals --- */

static enum err open_waiting_seal(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct walk *walk = ctx;
    uint8_t keys[MEMBER_KEYS];
    enum err err = ERR_OK;
    if (len < 1 || walk->n_done == sizeof walk->done / sizeof *walk->done)
        return ERR_OK;
    enum seal_type type = (enum seal_type)plain[0];
    if (!fold_epoch(walk->space->fold, (uint32_t)id))
        return ERR_OK; /* its epoch_change has not arrived */
    err = rekey_open_seal(&walk->boxes, keys, type, plain + 1, len - 1);
    if (err == ERR_OK && type == SEAL_MEMBER)
        err = put_one(walk->engine, walk->space, (uint32_t)id, keys, keys + KEY_LEN, NULL);
    else if (err == ERR_OK)
        err = put_one(walk->engine, walk->space, (uint32_t)id, NULL, NULL, keys);
    digest_wipe(keys, sizeof keys);
    if (err_category(err) == CAT_INTERNAL)
        return err;
    walk->wrong = err == ERR_COMMITMENT || err == ERR_CORRUPT ? err : ERR_OK;
    walk->wrong_epoch = (uint32_t)id;
    walk->done[walk->n_done++] = id;
    return ERR_OK;
}

/* A seal that does not open is somebody's doing, unless a newer one is at hand that leads back to the same keys: then it
 * is an old one that came once more, and its box key is forgotten. */
static enum err look_for_wrong(const struct walk *walk)
{
    uint64_t last = 0;
    const struct space *space = walk->space;
    const struct fold_device *self = space_self(walk->engine, space);
    if (walk->wrong == ERR_OK || !self || !rekey_holds(&walk->boxes, self->x_pk) ||
        space_epoch(space, walk->wrong_epoch))
        return ERR_OK;
    enum err err = replica_last_id(walk->engine->replica, REPLICA_SEAL, space->no, &last);
    if (err == ERR_OK && last <= walk->wrong_epoch)
        space_alarm(walk->space, walk->wrong, fold_epoch(space->fold, walk->wrong_epoch)->index,
                    false);
    return err;
}

enum err space_seals_open(struct engine *engine, struct space *space, bool *changed)
{
    enum err err = ERR_OK;
    struct walk walk = {.engine = engine, .space = space};
    TRY(epochs_room(space));
    /* Keys kept from before a salvage become usable when their epoch is known again. */
    TRY(replica_each(engine->replica, REPLICA_EPOCH, space->no, load_epoch, &walk));
    TRY(rekey_load(engine, space->pub.id, &walk.boxes));
    TRY(replica_each(engine->replica, REPLICA_SEAL, space->no, open_waiting_seal, &walk));
    TRY(look_for_wrong(&walk));
    for (size_t i = 0; i < walk.n_done; i++) {
        uint32_t epoch = (uint32_t)walk.done[i];
        const struct space_epoch *keys = space_epoch(space, epoch);
        if (keys)
            TRY(space_epoch_put(engine, space, epoch, keys->ek, keys->sk, keys->route));
        TRY(replica_delete(engine->replica, REPLICA_SEAL, space->no, epoch));
    }
    *changed = walk.n_done > 0;
    TRY(unwrap_older(engine, space));
out:
    rekey_free(&walk.boxes);
    return err;
}

/* --- slot keys that end --- */

/* Keeps a dossier's key under the newest slot key alone. */
static enum err wrap_anew(struct engine *engine, struct space *space, struct dossier *dossier)
{
    struct leaf_slot slot;
    enum err err = dossier_slot(engine, space, dossier, &slot);
    if (err == ERR_NO_KEY || err == ERR_ERASED)
        return ERR_OK; /* it opens with no key of this device's */
    TRY(err);
    TRY(replica_slot_delete(engine->replica, space->no, slot.row));
    TRY(replica_slot_put(engine->replica, space->no, &slot));
out:
    return err;
}

static enum err forget_sk(struct engine *engine, struct space *space, uint32_t epoch)
{
    enum err err = ERR_OK;
    struct space_epoch *keys = &space->epochs[epoch - 1];
    uint8_t plain[1 + KEY_LEN];
    plain[0] = SEAL_MEMBER;
    memcpy(plain + 1, keys->ek, KEY_LEN);
    TRY(replica_put(engine->replica, REPLICA_EPOCH, space->no, epoch, plain, sizeof plain));
    keyring_cell_free(&engine->ring, keys->sk);
    keys->sk = NULL;
out:
    digest_wipe(plain, sizeof plain);
    return err;
}

enum err space_slot_keys_forget(struct engine *engine, struct space *space, bool *forgot)
{
    enum err err = ERR_OK;
    uint32_t now = fold_epoch_now(space->fold);
    const struct space_epoch *newest = space_epoch(space, now);
    if (!newest || !newest->sk || space->routed < space->pub.size)
        return ERR_OK;
    uint32_t last = 0; /* the newest that nothing sealed from now on may need */
    for (uint32_t e = 1; e < now && e <= space->n_epochs; e++) {
        if (space->epochs[e - 1].sk && space->epochs[e - 1].ek &&
            !fold_epoch_open(space->fold, e, space->pub.checkpoint_ms))
            last = e;
    }
    if (last == 0)
        return ERR_OK;
    for (size_t i = 0; i < space->dossiers.n_births; i++)
        TRY(wrap_anew(engine, space, &space->dossiers.items[space->dossiers.births[i]]));
    for (uint32_t e = 1; e <= last; e++) {
        if (space->epochs[e - 1].sk && space->epochs[e - 1].ek)
            TRY(forget_sk(engine, space, e));
    }
    *forgot = true;
out:
    return err;
}

/* --- what the routing key opens --- */

void space_place(const struct space *space, const struct leaf *leaf, uint16_t box,
                 struct seal_place *place)
{
    const struct fold_epoch *epoch = fold_epoch(space->fold, leaf->epoch);
    *place = (struct seal_place){.suite = epoch ? epoch->suite : SUITE_1,
                                 .seq = leaf->seq,
                                 .box = box,
                                 .epoch = leaf->epoch};
    memcpy(place->space, space->pub.id, ID_LEN);
    memcpy(place->device, leaf->device, ID_LEN);
}

enum err space_routes(const struct space *space, const struct leaf *leaf,
                      struct change_routes *routes)
{
    enum err err = ERR_OK;
    const struct space_epoch *keys = space_epoch(space, leaf->epoch);
    *routes = (struct change_routes){0};
    if (!keys)
        return ERR_NO_KEY;
    if (leaf->route_len < NONCE_LEN + TAG_LEN + 1)
        return ERR_FORMAT;
    size_t len = leaf->route_len - NONCE_LEN - TAG_LEN;
    struct seal_place place;
    space_place(space, leaf, 0, &place);
    uint8_t *plain = malloc(len);
    if (!plain)
        return ERR_MEMORY;
    TRY(open_route(plain, leaf->route, leaf->route_len, keys->route, &place));
    TRY(change_routes_decode(routes, plain, len));
    if (routes->n != leaf->n_bodies) {
        change_routes_free(routes);
        *routes = (struct change_routes){0};
        err = ERR_FORMAT;
    }
out:
    digest_wipe(plain, len);
    free(plain);
    return err;
}

enum err space_control_text(const struct space *space, const struct leaf *leaf, uint16_t box,
                            const struct leaf_body *body, struct buf *text)
{
    enum err err = ERR_OK;
    const struct space_epoch *keys = space_epoch(space, leaf->epoch);
    if (!keys)
        return ERR_NO_KEY;
    if (body->len <= SEAL_BLOB_OVERHEAD)
        return ERR_CORRUPT;
    size_t padded = body->len - SEAL_BLOB_OVERHEAD, len = 0;
    struct seal_place place;
    space_place(space, leaf, box, &place);
    uint8_t *plain = malloc(padded);
    if (!plain)
        return ERR_MEMORY;
    TRY(open_control_body(plain, body->bytes, body->len, keys->route, &place));
    TRY(seal_unpad(&len, plain, padded));
    buf_put(text, plain, len);
    err = text->err;
out:
    digest_wipe(plain, padded);
    free(plain);
    return err;
}

/* --- labels --- */

struct labels {
    struct space *space;
};

static struct space_label *label_room(struct space *space, const uint8_t *device)
{
    for (size_t i = 0; i < space->n_labels; i++) {
        if (memcmp(space->labels[i].device, device, ID_LEN) == 0)
            return &space->labels[i];
    }
    struct space_label *grown = realloc(space->labels, (space->n_labels + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    space->labels = grown;
    struct space_label *label = &grown[space->n_labels++];
    *label = (struct space_label){0};
    memcpy(label->device, device, ID_LEN);
    return label;
}

static enum err take_label(void *ctx, const struct replica_entry *entry)
{
    struct labels *labels = ctx;
    struct leaf leaf;
    struct leaf_body body;
    struct buf text = {.max = BODY_MAX};
    enum err err = ERR_OK;
    if (entry->kind != KIND_LABEL || entry->verdict != ERR_OK)
        return ERR_OK;
    TRY(leaf_decode(&leaf, entry->header, entry->header_len, entry->sig));
    TRY(replica_bodies_parse(&body, 1, entry->bodies, entry->bodies_len));
    enum err opened = space_control_text(labels->space, &leaf, 0, &body, &text);
    if (err_category(opened) == CAT_INTERNAL)
        TRY(opened);
    if (opened != ERR_OK || text.len > NAME_LEN_MAX)
        goto out;
    char *to = labels->space->pub.name;
    if (leaf.op.u.label.target == LABEL_DEVICE) {
        struct space_label *label = label_room(labels->space, leaf.op.u.label.id);
        if (!label)
            TRY(ERR_MEMORY);
        to = label->text;
    }
    if (text.len)
        memcpy(to, text.bytes, text.len);
    to[text.len] = '\0';
out:
    buf_free(&text);
    leaf_fini(&leaf);
    return err;
}

enum err space_labels(struct engine *engine, struct space *space)
{
    struct labels labels = {space};
    return replica_entries(engine->replica, space->no, REPLICA_CONTROL, 0, space->fold->size,
                           take_label, &labels);
}
