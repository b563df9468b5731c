/* SPDX-License-Identifier: Apache-2.0
 *
 * A leaf is given box by box. What its author wrote badly (a box that does not open under keys whose commitments
 * hold, or that is no box) gives nothing and stops nothing. A body that this disk damaged is marked as missing and
 * fetched again.
 */
#include "client/give.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/merge.h"
#include "proto/seal.h"

struct give {
    struct engine *engine;
    struct space *space;
    size_t number;
    engine_sink sink;
    void *ctx;
    uint64_t keyless;
    uint64_t damaged; /* first entry whose bodies this disk damaged + 1 */
};

/* What one entry is being read as. */
struct entry_view {
    const struct replica_entry *row;
    const struct leaf *leaf;
    const struct change_routes *routes;
    const struct leaf_body *bodies;
};

static enum err open_box(struct give *give, const struct entry_view *view, uint16_t box,
                         struct dossier *dossier, const uint8_t *rk, struct change_box *out)
{
    enum err err = ERR_OK;
    const struct leaf_body *body = &view->bodies[box];
    const struct space_epoch *keys = space_epoch(give->space, view->leaf->epoch);
    size_t len = body->len - TAG_LEN;
    uint8_t ck[KEY_LEN];
    struct seal_place place;
    if (!keys || !keys->ek)
        return ERR_NO_KEY;
    space_place(give->space, view->leaf, box, &place);
    memcpy(place.shred, dossier->shred, ID_LEN);
    uint8_t *plain = malloc(len);
    if (!plain)
        return ERR_MEMORY;
    seal_content_key(ck, keys->ek, rk, give->space->pub.id, dossier->shred, view->leaf->epoch);
    TRY(open_body(plain, body->bytes, body->len, ck, view->leaf->route, &place));
    TRY(change_box_decode(out, plain, len, view->leaf->seen_size));
    if (out->n != view->routes->routes[box].n) {
        change_box_free(out);
        err = ERR_FORMAT;
    }
out:
    digest_wipe(ck, sizeof ck);
    digest_wipe(plain, len);
    free(plain);
    return err;
}

static enum err give_changes(struct give *give, const struct entry_view *view, uint16_t box,
                             const struct dossier *dossier, const struct change_box *changes)
{
    const struct change_route *route = &view->routes->routes[box];
    const struct change_source *source = &view->routes->sources[route->source];
    struct engine_change out = {.space = give->number,
                                .pack = changes->pack,
                                .index = view->row->index,
                                .box = box,
                                .t_recv_ms = view->row->t_recv_ms};
    memcpy(out.shred, dossier->shred, ID_LEN);
    memcpy(out.device, view->leaf->device, ID_LEN);
    memcpy(out.author, digest_is_zero(source->author, ID_LEN) ? view->leaf->device : source->author,
           ID_LEN);
    memcpy(out.run, source->run, RUN_LEN);
    for (size_t i = 0; i < changes->n; i++) {
        const struct change_mark *mark = &view->routes->marks[route->first + i];
        out.change = changes->items[i];
        out.change.ordinal = mark->ordinal;
        out.change.time_s = mark->time_s;
        enum err err = give->sink(give->ctx, &out);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static enum err give_box(struct give *give, const struct entry_view *view, uint16_t box)
{
    struct change_box changes = {0};
    const uint8_t *rk;
    struct dossier *dossier =
        dossier_of_route(give->space, &view->routes->routes[box], view->row->index + 1);
    if (!dossier || !dossier->born)
        return ERR_OK;
    enum err err = dossier_key(give->engine, give->space, dossier, &rk);
    if (err == ERR_NO_KEY)
        give->keyless += view->routes->routes[box].n;
    if (err == ERR_NO_KEY || err == ERR_ERASED || view->bodies[box].len < BODY_MIN)
        return ERR_OK;
    if (err == ERR_OK)
        err = open_box(give, view, box, dossier, rk, &changes);
    if (err == ERR_CORRUPT && !give->damaged &&
        leaf_bodies_check(view->leaf, view->bodies, view->leaf->n_bodies) != ERR_OK)
        give->damaged = view->row->index + 1;
    if (err == ERR_OK)
        err = give_changes(give, view, box, dossier, &changes);
    else if (err_category(err) != CAT_INTERNAL)
        err = ERR_OK;
    change_box_free(&changes);
    return err;
}

static enum err give_entry(void *ctx, const struct replica_entry *row)
{
    struct give *give = ctx;
    enum err err = ERR_OK;
    struct leaf leaf;
    struct change_routes routes = {0};
    struct leaf_body bodies[BOXES_MAX];
    if (row->verdict != ERR_OK || row->kind != KIND_DATA)
        return ERR_OK;
    TRY(leaf_decode(&leaf, row->header, row->header_len, row->sig));
    if (!fold_effective(give->space->fold, row->index, leaf.device, leaf.seq, leaf.kind))
        goto out;
    if (leaf.n_bodies > BOXES_MAX)
        goto out;
    TRY(replica_bodies_parse(bodies, leaf.n_bodies, row->bodies, row->bodies_len));
    enum err opened = space_routes(give->space, &leaf, &routes);
    if (err_category(opened) == CAT_INTERNAL)
        TRY(opened);
    if (opened != ERR_OK)
        goto out;
    const struct entry_view view = {row, &leaf, &routes, bodies};
    for (uint16_t box = 0; box < routes.n; box++)
        TRY(give_box(give, &view, box));
out:
    change_routes_free(&routes);
    leaf_fini(&leaf);
    return err;
}

/* All bodies of a damaged entry count as missing: the next sync asks for them. */
static enum err forget_bodies(void *ctx, const struct replica_entry *row)
{
    struct give *give = ctx;
    struct leaf leaf;
    struct buf none = {.max = 4 * BOXES_MAX};
    enum err err = leaf_decode(&leaf, row->header, row->header_len, row->sig);
    for (uint16_t i = 0; err == ERR_OK && i < leaf.n_bodies; i++)
        buf_u32be(&none, 0);
    if (err == ERR_OK)
        err = none.err;
    if (err == ERR_OK)
        err = replica_entry_bodies(give->engine->replica, give->space->no, row->index, none.bytes,
                                   none.len, leaf.n_bodies);
    if (err == ERR_OK)
        give->space->missing = true;
    leaf_fini(&leaf);
    buf_free(&none);
    return err;
}

enum err give_replay(struct engine *engine, size_t i, uint64_t from, engine_sink sink, void *ctx,
                     uint64_t *keyless)
{
    struct space *space = engine_at(engine, i);
    struct give give = {.engine = engine, .space = space, .number = i, .sink = sink, .ctx = ctx};
    enum err err = ERR_OK;
    TRY(replica_entries(engine->replica, space->no, REPLICA_DATA, from, space->routed, give_entry,
                        &give));
    if (keyless)
        *keyless = give.keyless;
    if (give.damaged) {
        TRY(replica_entry(engine->replica, space->no, give.damaged - 1, forget_bodies, &give));
        TRY(space_save(engine, space));
    }
out:
    return err;
}

enum err give_pending(struct engine *engine, size_t i, engine_sink sink, void *ctx)
{
    enum err err = ERR_OK;
    const struct space *space = engine_at(engine, i);
    struct outbox_changes changes = {0};
    for (size_t k = 0; k < space->outbox.n_edits; k++) {
        const struct outbox_edit *edit = &space->outbox.edits[k];
        struct engine_change out = {
            .space = i, .pack = edit->pack, .index = MERGE_PENDING, .t_recv_ms = UINT64_MAX};
        memcpy(out.shred, edit->shred, ID_LEN);
        memcpy(out.author, edit->author, ID_LEN);
        memcpy(out.run, edit->run, RUN_LEN);
        memcpy(out.device, engine->ring.id, ID_LEN);
        if (fold_erased(space->fold, edit->shred))
            continue; /* kept sealed until a person discards it, and shown no more */
        TRY(outbox_changes(engine, space, edit, &changes));
        for (size_t c = 0; c < changes.n; c++) {
            out.change = changes.items[c];
            TRY(sink(ctx, &out));
        }
        outbox_changes_free(&changes);
    }
out:
    outbox_changes_free(&changes);
    return err;
}
