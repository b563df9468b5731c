/* SPDX-License-Identifier: Apache-2.0
 *
 *   edits --by (dossier, run, pack)--> boxes --> one leaf: a routing box, the bodies, the slots of new dossiers
 */
#include "client/build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/seal.h"

/* Bounds of one leaf before compression: under them its bytes and its routing box fit whatever the values are. */
enum { LEAF_RAW_MAX = 600 << 10, LEAF_CHANGES_MAX = 9000, LEAF_EDITS_MAX = 8192 };

void build_chain_start(const struct engine *engine, const struct space *space,
                       struct build_chain *chain)
{
    const struct fold_device *self = space_self(engine, space);
    *chain = (struct build_chain){.seq = space->outbox.last_seq + 1,
                                  .epoch = fold_epoch_now(space->fold),
                                  .seen_size = space->fold->size};
    tree_root(&space->tree, chain->seen_root);
    memcpy(chain->head, space->fold->head, HASH_LEN);
    if (self)
        memcpy(chain->prev, self->last_hash, HASH_LEN);
    for (size_t i = 0; i < space->outbox.n_leaves; i++) {
        const struct outbox_leaf *leaf = space->outbox.leaves[i];
        if (leaf->state == OUTBOX_REFUSED)
            continue;
        memcpy(chain->prev, leaf->hash, HASH_LEN);
        if (kind_is_chained(leaf->kind))
            memcpy(chain->head, leaf->hash, HASH_LEN);
        chain->rotating = chain->rotating || leaf->kind == KIND_EPOCH_CHANGE;
    }
}

void build_leaf_start(const struct engine *engine, const struct space *space,
                      const struct build_chain *chain, enum leaf_kind kind, struct leaf *leaf)
{
    *leaf = (struct leaf){
        .seq = chain->seq, .seen_size = chain->seen_size, .epoch = chain->epoch, .kind = kind};
    memcpy(leaf->space, space->pub.id, ID_LEN);
    memcpy(leaf->device, engine->ring.id, ID_LEN);
    memcpy(leaf->prev, chain->prev, HASH_LEN);
    memcpy(leaf->seen_root, chain->seen_root, HASH_LEN);
}

enum err build_leaf_finish(struct engine *engine, struct space *space, struct build_chain *chain,
                           struct leaf *leaf, struct buf *header, struct outbox_leaf *draft)
{
    enum err err = ERR_OK;
    leaf->n_bodies = (uint16_t)draft->n_bodies;
    if (draft->n_bodies)
        leaf_bodies_hash(leaf->bodies, draft->bodies, draft->n_bodies);
    TRY(leaf_make(leaf, header, engine->ring.device->ed_sk));
    draft->seq = leaf->seq;
    draft->state = OUTBOX_SENT;
    draft->made_ms = engine->now_ms;
    draft->kind = leaf->kind;
    draft->epoch = leaf->epoch;
    draft->header = leaf->header;
    draft->header_len = leaf->header_len;
    memcpy(draft->sig, leaf->sig, SIG_LEN);
    leaf_hash(draft->hash, leaf->header, leaf->header_len, leaf->sig);
    TRY(outbox_leaf_put(engine, space, draft));
    chain->seq = draft->seq + 1;
    memcpy(chain->prev, draft->hash, HASH_LEN);
    if (kind_is_chained(leaf->kind))
        memcpy(chain->head, draft->hash, HASH_LEN);
    chain->rotating = chain->rotating || leaf->kind == KIND_EPOCH_CHANGE;
out:
    return err;
}

/* --- one data leaf --- */

struct draft_box {
    const struct outbox_edit *first;
    uint32_t dossier; /* index */
    uint32_t source;
    size_t n; /* changes */
    size_t n_edits;
};

struct draft {
    struct engine *engine;
    struct space *space;
    struct build_chain *chain;
    size_t n_edits, n_boxes, n_sources, n_changes, raw_len;
    uint64_t edits[LEAF_EDITS_MAX];
    uint16_t box_of[LEAF_EDITS_MAX];
    struct draft_box boxes[BOXES_MAX];
    struct change_source sources[BOXES_MAX];
    struct leaf_slot slots[BOXES_MAX];
    size_t n_slots;
    /* Edits no leaf can be made of. */
    size_t n_refused;
    uint64_t refused[LEAF_EDITS_MAX];
    enum err refusal;
    struct change_routes routes;
    struct leaf_body bodies[BOXES_MAX];
    struct buf body_bytes;
    size_t body_at[BOXES_MAX];
};

/* The author of a change stays when somebody else's device brings it; one's own is written as nil. */
static void source_of(const struct draft *draft, const struct outbox_edit *edit,
                      struct change_source *source)
{
    *source = (struct change_source){0};
    if (memcmp(edit->author, draft->engine->ring.id, ID_LEN) != 0)
        memcpy(source->author, edit->author, ID_LEN);
    memcpy(source->run, edit->run, RUN_LEN);
}

/* The box an edit goes into; n_boxes when it needs a new one. */
static size_t find_box(const struct draft *draft, const struct outbox_edit *edit, uint32_t dossier)
{
    struct change_source source;
    source_of(draft, edit, &source);
    for (size_t i = 0; i < draft->n_boxes; i++) {
        const struct draft_box *box = &draft->boxes[i];
        if (box->dossier == dossier && box->first->pack == edit->pack &&
            memcmp(&draft->sources[box->source], &source, sizeof source) == 0)
            return i;
    }
    return draft->n_boxes;
}

static uint32_t source_index(struct draft *draft, const struct outbox_edit *edit)
{
    struct change_source source;
    source_of(draft, edit, &source);
    for (size_t i = 0; i < draft->n_sources; i++) {
        if (memcmp(&draft->sources[i], &source, sizeof source) == 0)
            return (uint32_t)i;
    }
    draft->sources[draft->n_sources] = source;
    return (uint32_t)draft->n_sources++;
}

/* False when the leaf is full. */
static bool take_edit(struct draft *draft, const struct outbox_edit *edit, uint32_t dossier)
{
    size_t box = find_box(draft, edit, dossier);
    if (draft->n_edits == LEAF_EDITS_MAX || box == BOXES_MAX ||
        (draft->n_edits > 0 && (draft->raw_len + edit->raw_len > LEAF_RAW_MAX ||
                                draft->n_changes + edit->n > LEAF_CHANGES_MAX)))
        return false;
    if (box == draft->n_boxes)
        draft->boxes[draft->n_boxes++] = (struct draft_box){
            .first = edit, .dossier = dossier, .source = source_index(draft, edit)};
    draft->boxes[box].n += edit->n;
    draft->boxes[box].n_edits++;
    draft->edits[draft->n_edits] = edit->id;
    draft->box_of[draft->n_edits++] = (uint16_t)box;
    draft->raw_len += edit->raw_len + 8 * edit->n;
    draft->n_changes += edit->n;
    return true;
}

/* Fills the draft from the waiting edits in their order; `*left` when some remain for another leaf. Once the leaf has
 * all its boxes, edits of the dossiers that are in it still find their place: few full boxes cost less than many small
 * ones. An edit never overtakes another one of its dossier. */
static enum err collect(struct draft *draft, bool *left)
{
    enum err err = ERR_OK;
    struct space *space = draft->space;
    bool *passed = calloc(space->dossiers.n + 1, sizeof *passed);
    if (!passed)
        return ERR_MEMORY;
    *left = false;
    for (size_t i = 0; i < space->outbox.n_edits; i++) {
        const struct outbox_edit *edit = &space->outbox.edits[i];
        const uint8_t *key;
        if (edit->seq || edit->refused != ERR_OK || edit->salvaged)
            continue;
        struct dossier *dossier = dossier_find(space, edit->shred);
        enum err got = dossier ? dossier_key(draft->engine, space, dossier, &key) : ERR_NOT_FOUND;
        if (got == ERR_ERASED || got == ERR_NOT_FOUND) {
            if (draft->n_refused < LEAF_EDITS_MAX)
                draft->refused[draft->n_refused++] = edit->id;
            draft->refusal = got;
            continue;
        }
        if (got == ERR_NO_KEY)
            continue; /* it waits for its key */
        TRY(got);
        size_t number = (size_t)(dossier - space->dossiers.items);
        if (!passed[number] && take_edit(draft, edit, (uint32_t)number))
            continue;
        *left = true;
        if (draft->n_boxes < BOXES_MAX)
            break;
        passed[number] = true;
    }
out:
    free(passed);
    return err;
}

/* The changes of one box, in order. Values point into `parts`. */
static enum err box_changes(struct draft *draft, size_t box, struct change *items,
                            struct outbox_changes *parts)
{
    enum err err = ERR_OK;
    size_t n = 0, k = 0;
    for (size_t i = 0; i < draft->n_edits; i++) {
        if (draft->box_of[i] != box)
            continue;
        const struct outbox_edit *edit = outbox_edit_by_id(draft->space, draft->edits[i]);
        TRY(outbox_changes(draft->engine, draft->space, edit, &parts[k]));
        for (size_t c = 0; c < parts[k].n; c++, n++) {
            items[n] = parts[k].items[c];
            /* A base above what is known here (after a damaged replica) counts as seen. */
            if (items[n].base > draft->chain->seen_size)
                items[n].base = draft->chain->seen_size;
        }
        k++;
    }
    assert(n == draft->boxes[box].n);
out:
    return err;
}

static void put_route(struct draft *draft, size_t box, const struct change *items)
{
    struct change_routes *routes = &draft->routes;
    const struct draft_box *from = &draft->boxes[box];
    const struct dossier *dossier = &draft->space->dossiers.items[from->dossier];
    struct change_route *route = &routes->routes[box];
    *route = (struct change_route){.full = !dossier->born,
                                   .birth_leaf = dossier->leaf,
                                   .birth_box = dossier->box,
                                   .source = from->source,
                                   .n = from->n,
                                   .first = routes->n_marks};
    memcpy(route->shred, dossier->shred, ID_LEN);
    memcpy(route->kcom, dossier->kcom, HASH_LEN);
    for (size_t i = 0; i < from->n; i++)
        routes->marks[routes->n_marks++] = (struct change_mark){items[i].ordinal, items[i].time_s};
}

/* Writes the padded plaintext of a box behind the others and its routing entry; it is sealed when the routing box,
 * which draws the leaf's nonce, is. */
static enum err put_box(struct draft *draft, size_t box)
{
    enum err err = ERR_OK;
    size_t n = draft->boxes[box].n;
    struct change *items = calloc(n + 1, sizeof *items);
    size_t n_parts = draft->boxes[box].n_edits;
    struct outbox_changes *parts = calloc(n_parts + 1, sizeof *parts);
    if (!items || !parts)
        TRY(ERR_MEMORY);
    TRY(box_changes(draft, box, items, parts));
    put_route(draft, box, items);
    draft->body_at[box] = draft->body_bytes.len;
    change_box_encode(&draft->body_bytes, draft->boxes[box].first->pack, items, n,
                      draft->chain->seen_size);
    draft->bodies[box].len = draft->body_bytes.len - draft->body_at[box];
    TRY(draft->body_bytes.err);
    buf_room(&draft->body_bytes, TAG_LEN);
    err = draft->body_bytes.err;
out:
    for (size_t i = 0; parts && i < n_parts; i++)
        outbox_changes_free(&parts[i]);
    free(parts);
    free(items);
    return err;
}

/* A dossier's slot travels with the first leaf that mentions it. */
static enum err put_slots(struct draft *draft)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < draft->n_boxes; i++) {
        struct dossier *dossier = &draft->space->dossiers.items[draft->boxes[i].dossier];
        bool first = !dossier->born && !dossier->slot_seq;
        for (size_t k = 0; k < i && first; k++)
            first = draft->boxes[k].dossier != draft->boxes[i].dossier;
        if (first)
            TRY(dossier_slot(draft->engine, draft->space, dossier,
                             &draft->slots[draft->n_slots++]));
    }
out:
    return err;
}

static enum err seal_routes(struct draft *draft, const struct leaf *leaf, struct buf *route,
                            uint8_t nonce[static NONCE_LEN])
{
    const struct space_epoch *keys = space_epoch(draft->space, leaf->epoch);
    struct buf plain = {.max = ROUTE_PLAIN_MAX};
    struct seal_place place;
    draft->routes.n_sources = draft->n_sources;
    draft->routes.sources = draft->sources;
    draft->routes.n = draft->n_boxes;
    change_routes_encode(&plain, &draft->routes);
    enum err err = plain.err;
    uint8_t *room = err == ERR_OK ? buf_room(route, plain.len + NONCE_LEN + TAG_LEN) : NULL;
    if (room) {
        space_place(draft->space, leaf, 0, &place);
        seal_route(room, nonce, plain.bytes, plain.len, keys->route, &place);
    }
    buf_free(&plain);
    return err == ERR_OK ? route->err : err;
}

static enum err seal_boxes(struct draft *draft, const struct leaf *leaf,
                           const uint8_t nonce[static NONCE_LEN])
{
    enum err err = ERR_OK;
    const struct space_epoch *keys = space_epoch(draft->space, leaf->epoch);
    uint8_t ck[KEY_LEN];
    for (size_t i = 0; i < draft->n_boxes; i++) {
        struct dossier *dossier = &draft->space->dossiers.items[draft->boxes[i].dossier];
        const uint8_t *rk;
        struct seal_place place;
        TRY(dossier_key(draft->engine, draft->space, dossier, &rk));
        seal_content_key(ck, keys->ek, rk, draft->space->pub.id, dossier->shred, leaf->epoch);
        space_place(draft->space, leaf, (uint16_t)i, &place);
        memcpy(place.shred, dossier->shred, ID_LEN);
        uint8_t *at = draft->body_bytes.bytes + draft->body_at[i];
        seal_body(at, at, draft->bodies[i].len, ck, nonce, &place);
        draft->bodies[i].bytes = at;
        draft->bodies[i].len += TAG_LEN;
    }
out:
    digest_wipe(ck, sizeof ck);
    return err;
}

/* The edits of a box that cannot be written as one are refused; the others go without it. */
static enum err refuse_box(struct draft *draft, size_t box, enum err why)
{
    draft->n_refused = 0;
    for (size_t i = 0; i < draft->n_edits; i++) {
        if (draft->box_of[i] == box)
            draft->refused[draft->n_refused++] = draft->edits[i];
    }
    return outbox_refuse(draft->engine, draft->space, draft->refused, draft->n_refused, 0, why);
}

static enum err make_leaf(struct draft *draft, bool *made, size_t *used)
{
    enum err err = ERR_OK;
    struct buf route = {.max = HEADER_MAX}, header = {.max = HEADER_MAX};
    struct leaf leaf;
    uint8_t nonce[NONCE_LEN];
    draft->body_bytes.max = LEAF_MAX;
    draft->routes.routes = calloc(draft->n_boxes, sizeof *draft->routes.routes);
    draft->routes.marks = calloc(draft->n_changes, sizeof *draft->routes.marks);
    if (!draft->routes.routes || !draft->routes.marks)
        TRY(ERR_MEMORY);
    for (size_t i = 0; i < draft->n_boxes; i++) {
        err = put_box(draft, i);
        if (err_category(err) == CAT_REJECT) {
            err = refuse_box(draft, i, err);
            goto out;
        }
        TRY(err);
    }
    TRY(put_slots(draft));
    build_leaf_start(draft->engine, draft->space, draft->chain, KIND_DATA, &leaf);
    TRY(seal_routes(draft, &leaf, &route, nonce));
    leaf.route = route.bytes;
    leaf.route_len = route.len;
    TRY(seal_boxes(draft, &leaf, nonce));
    leaf.has_keys = draft->n_slots > 0;
    if (leaf.has_keys)
        TRY(leaf_slots_hash(leaf.keys, draft->slots, draft->n_slots));
    struct outbox_leaf out = {.n_edits = draft->n_edits,
                              .edits = draft->edits,
                              .n_bodies = draft->n_boxes,
                              .bodies = draft->bodies,
                              .n_slots = draft->n_slots,
                              .slots = draft->slots};
    TRY(build_leaf_finish(draft->engine, draft->space, draft->chain, &leaf, &header, &out));
    *made = true;
    *used = header.len + draft->body_bytes.len + draft->n_slots * 100 + 200;
out:
    buf_free(&route);
    buf_free(&header);
    return err;
}

static void draft_free(struct draft *draft)
{
    free(draft->routes.routes);
    free(draft->routes.marks);
    buf_free(&draft->body_bytes);
    free(draft);
}

/* One leaf, or nothing when nothing is left; `*left` when there is more to do. */
static enum err build_one(struct engine *engine, struct space *space, struct build_chain *chain,
                          size_t *room, bool *left)
{
    enum err err = ERR_OK;
    bool made = false;
    size_t used = 0;
    struct draft *draft = calloc(1, sizeof *draft);
    if (!draft)
        return ERR_MEMORY;
    draft->engine = engine;
    draft->space = space;
    draft->chain = chain;
    TRY(collect(draft, left));
    if (draft->n_refused)
        TRY(outbox_refuse(engine, space, draft->refused, draft->n_refused, 0, draft->refusal));
    chain->seq = space->outbox.last_seq + 1;
    if (draft->n_edits == 0)
        goto out;
    TRY(make_leaf(draft, &made, &used));
    /* A refused box: once more without it. */
    *left = *left || !made;
    chain->seq = space->outbox.last_seq + 1;
    *room = used < *room ? *room - used : 0;
out:
    draft_free(draft);
    return err;
}

enum err build_data(struct engine *engine, struct space *space, struct build_chain *chain,
                    size_t *room, bool *more)
{
    const struct space_epoch *keys = space_epoch(space, chain->epoch);
    const struct fold_device *self = space_self(engine, space);
    enum err err = ERR_OK;
    *more = false;
    if (!self || !self->active || !(self->roles & ROLE_WRITER) || !keys || !keys->ek || !keys->sk ||
        chain->rotating)
        return ERR_OK;
    for (bool left = true; left && err == ERR_OK;) {
        if (*room == 0) {
            *more = true;
            break;
        }
        err = build_one(engine, space, chain, room, &left);
    }
    return err;
}
