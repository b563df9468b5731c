/* SPDX-License-Identifier: Apache-2.0
 *
 * Erasures of a page are carried out: key, slots, listed bodies. What this device wrote to an erased dossier without
 * knowing, and what was logged all the same, it purges itself.
 */
#include <stdlib.h>
#include <string.h>

#include "client/attach.h"
#include "client/erased.h"
#include "client/grant.h"
#include "client/succeed.h"
#include "client/take_inside.h"

struct erasure {
    struct take *take;
    uint8_t shred[ID_LEN];
    uint64_t seen; /* size that its author had seen */
    size_t n;
    struct op_body *list;
    uint64_t foreign; /* bodies of other dossiers on it */
    /* One entry of the list: */
    uint16_t box;
};

static enum err read_erasure(void *ctx, const struct replica_entry *entry)
{
    struct erasure *erasure = ctx;
    struct leaf leaf;
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err == ERR_OK) {
        memcpy(erasure->shred, leaf.op.u.erase.shred, ID_LEN);
        erasure->seen = leaf.seen_size;
        erasure->n = leaf.op.u.erase.n;
        erasure->list = calloc(erasure->n + 1, sizeof *erasure->list);
        if (!erasure->list)
            err = ERR_MEMORY;
        else if (erasure->n)
            memcpy(erasure->list, leaf.op.u.erase.list, erasure->n * sizeof *erasure->list);
    }
    leaf_fini(&leaf);
    return err;
}

/* Deletes one body, if its routing entry names the erased dossier: a steward's list is not believed further. */
static enum err erase_body(void *ctx, const struct replica_entry *entry)
{
    struct erasure *erasure = ctx;
    const struct take *take = erasure->take;
    struct leaf leaf;
    struct change_routes routes = {0};
    struct leaf_body bodies[BOXES_MAX];
    struct buf packed = {.max = 2 * LEAF_MAX};
    uint8_t hash[HASH_LEN];
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err != ERR_OK || !kind_has_route(leaf.kind) || leaf.n_bodies > BOXES_MAX ||
        erasure->box >= leaf.n_bodies)
        goto out;
    enum err opened = space_routes(take->space, &leaf, &routes);
    const struct dossier *dossier =
        opened == ERR_OK
            ? dossier_of_route(take->space, &routes.routes[erasure->box], entry->index + 1)
            : NULL;
    erasure->foreign += dossier && memcmp(dossier->shred, erasure->shred, ID_LEN) != 0;
    if (!dossier || memcmp(dossier->shred, erasure->shred, ID_LEN) != 0)
        goto out;
    TRY(replica_bodies_parse(bodies, leaf.n_bodies, entry->bodies, entry->bodies_len));
    if (bodies[erasure->box].len < BODY_MIN)
        goto out;
    leaf_body_hash(hash, &bodies[erasure->box]);
    bodies[erasure->box] = (struct leaf_body){hash, HASH_LEN};
    replica_bodies_pack(&packed, bodies, leaf.n_bodies);
    TRY(packed.err);
    TRY(replica_entry_bodies(take->engine->replica, take->space->no, entry->index, packed.bytes,
                             packed.len, entry->missing));
out:
    change_routes_free(&routes);
    leaf_fini(&leaf);
    buf_free(&packed);
    return err_category(err) == CAT_REJECT ? ERR_OK : err;
}

enum err take_erasures(struct take *take)
{
    enum err err = ERR_OK;
    struct erasure erasure = {.take = take};
    for (size_t i = 0; i < take->n_erased; i++) {
        erasure.list = NULL;
        erasure.foreign = 0;
        TRY(replica_entry(take->engine->replica, take->space->no, take->erased[i], read_erasure,
                          &erasure));
        for (size_t k = 0; k < erasure.n; k++) {
            erasure.box = erasure.list[k].box;
            err = replica_entry(take->engine->replica, take->space->no, erasure.list[k].leaf,
                                erase_body, &erasure);
            if (err != ERR_OK && err != ERR_NOT_FOUND)
                goto out;
        }
        TRY(grant_forget(take->engine, take->space, erasure.list, erasure.n));
        free(erasure.list);
        erasure.list = NULL;
        if (erasure.foreign)
            TRY(erased_foreign_put(take->engine, take->space, take->erased[i], erasure.foreign));
        /* That it is done here is told at once. */
        take->result->again = true;
        TRY(dossier_forget(take->engine, take->space, erasure.shred));
        TRY(attach_forget(take->engine, take->space, erasure.shred));
        TRY(succeed_forget(take->engine, take->space, erasure.shred));
        take->space->erased_upto = take->erased[i] + 1;
        take->bump = true;
        if (erasure.seen < take->purge_from)
            take->purge_from = erasure.seen;
    }
out:
    free(erasure.list);
    return err;
}

/* --- what was logged late --- */

struct late {
    struct take *take;
    size_t n, cap;
    struct late_body {
        uint8_t shred[ID_LEN];
        struct op_body body;
    } * bodies;
};

static enum err keep_late(struct late *late, const uint8_t *shred, uint64_t leaf, uint16_t box)
{
    if (late->n == late->cap) {
        size_t cap = late->cap ? 2 * late->cap : 16;
        struct late_body *grown = realloc(late->bodies, cap * sizeof *grown);
        if (!grown)
            return ERR_MEMORY;
        late->bodies = grown;
        late->cap = cap;
    }
    struct late_body *body = &late->bodies[late->n++];
    body->body = (struct op_body){leaf, box};
    memcpy(body->shred, shred, ID_LEN);
    return ERR_OK;
}

static enum err look_for_late(void *ctx, const struct replica_entry *entry)
{
    struct late *late = ctx;
    const struct space *space = late->take->space;
    struct leaf leaf;
    struct change_routes routes = {0};
    struct leaf_body bodies[BOXES_MAX];
    enum err err = ERR_OK;
    if (entry->verdict != ERR_OK)
        return ERR_OK;
    TRY(leaf_decode(&leaf, entry->header, entry->header_len, entry->sig));
    if (memcmp(leaf.device, late->take->engine->ring.id, ID_LEN) != 0 ||
        leaf.n_bodies > BOXES_MAX || space_routes(space, &leaf, &routes) != ERR_OK)
        goto out;
    TRY(replica_bodies_parse(bodies, leaf.n_bodies, entry->bodies, entry->bodies_len));
    for (uint16_t i = 0; i < routes.n; i++) {
        const struct dossier *dossier =
            dossier_of_route(space, &routes.routes[i], entry->index + 1);
        if (dossier && bodies[i].len >= BODY_MIN && fold_erased(space->fold, dossier->shred))
            TRY(keep_late(late, dossier->shred, entry->index, i));
    }
out:
    change_routes_free(&routes);
    leaf_fini(&leaf);
    return err;
}

static int by_shred(const void *a, const void *b)
{
    const struct late_body *x = a, *y = b;
    int order = memcmp(x->shred, y->shred, ID_LEN);
    if (order == 0)
        order = x->body.leaf < y->body.leaf ? -1 : x->body.leaf > y->body.leaf;
    return order ? order : (int)x->body.box - (int)y->body.box;
}

static enum err queue_purges(struct late *late)
{
    enum err err = ERR_OK;
    static const uint8_t nobody[ID_LEN];
    struct op op = {.kind = KIND_PURGE};
    op.u.erase.list = calloc(late->n + 1, sizeof *op.u.erase.list);
    if (!op.u.erase.list)
        return ERR_MEMORY;
    qsort(late->bodies, late->n, sizeof *late->bodies, by_shred);
    for (size_t i = 0; i < late->n;) {
        memcpy(op.u.erase.shred, late->bodies[i].shred, ID_LEN);
        op.u.erase.n = 0;
        while (i < late->n && op.u.erase.n < ERASE_LIST_MAX &&
               memcmp(late->bodies[i].shred, op.u.erase.shred, ID_LEN) == 0)
            op.u.erase.list[op.u.erase.n++] = late->bodies[i++].body;
        TRY(outbox_operate(late->take->engine, late->take->space, &op, nobody, NULL, 0));
    }
out:
    free(op.u.erase.list);
    return err;
}

static bool purge_waits(const struct space *space)
{
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        if (space->outbox.operations[i].kind == KIND_PURGE)
            return true;
    }
    return false;
}

enum err take_purges(struct take *take)
{
    struct space *space = take->space;
    struct late late = {.take = take};
    const struct fold_device *self = space_self(take->engine, space);
    uint64_t from = take->purge_from;
    if (space->fold->n_erased == 0 || take->row->more || !self || !self->active ||
        !(self->roles & (ROLE_WRITER | ROLE_STEWARD)) || purge_waits(space))
        return ERR_OK;
    /* Own leaves of this page, and those that the author of an erasure had not seen. */
    if (from > take->size_before)
        from = take->size_before;
    enum err err = replica_entries(take->engine->replica, space->no, REPLICA_DATA, from,
                                   space->fold->size, look_for_late, &late);
    if (err == ERR_OK && late.n > 0)
        err = queue_purges(&late);
    free(late.bodies);
    return err;
}
