/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies: a label's text stands in one body; a pack is compressed and cut into pieces of at most PIECE_MAX bytes, one
 * per body. Each is padded and sealed under K_route of the leaf's epoch.
 */
#include "client/operate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/member.h"
#include "client/operate_seals.h"
#include "client/rekey.h"
#include "proto/change.h"
#include "proto/compress.h"
#include "proto/digest.h"
#include "proto/seal.h"

enum { PIECE_MAX = 128 << 10, PIECES_MAX = 8 };
static const uint64_t ROTATION_MS = 30ull * 24 * 3600 * 1000;

/* --- bodies --- */

struct texts {
    size_t n;
    struct leaf_body bodies[PIECES_MAX];
    struct buf bytes;
};

static enum err seal_text(const struct space *space, const struct leaf *leaf,
                          const uint8_t *k_route, struct texts *texts, const uint8_t *text,
                          size_t len)
{
    enum err err = ERR_OK;
    struct buf plain = {.max = BODY_MAX};
    struct seal_place place;
    if (texts->n == PIECES_MAX)
        return ERR_TOO_BIG;
    change_pad(&plain, text, len, BODY_MAX);
    TRY(plain.err);
    uint8_t *room = buf_room(&texts->bytes, plain.len + SEAL_BLOB_OVERHEAD);
    TRY(texts->bytes.err);
    space_place(space, leaf, (uint16_t)texts->n, &place);
    seal_control_body(room, plain.bytes, plain.len, k_route, &place);
    texts->bodies[texts->n++].len = plain.len + SEAL_BLOB_OVERHEAD;
out:
    buf_free(&plain);
    return err;
}

static enum err seal_texts(const struct space *space, const struct leaf *leaf,
                           const uint8_t *k_route, struct texts *texts, const uint8_t *text,
                           size_t len)
{
    enum err err = ERR_OK;
    struct buf packed = {.max = PIECE_MAX * PIECES_MAX};
    texts->bytes.max = LEAF_MAX;
    if (leaf->kind == KIND_PACK_SET) {
        compress_put(&packed, text, len);
        TRY(packed.err);
        for (size_t at = 0; at < packed.len; at += PIECE_MAX) {
            size_t piece = packed.len - at < PIECE_MAX ? packed.len - at : PIECE_MAX;
            TRY(seal_text(space, leaf, k_route, texts, packed.bytes + at, piece));
        }
    } else {
        TRY(seal_text(space, leaf, k_route, texts, text, len));
    }
    const uint8_t *at = texts->bytes.bytes;
    for (size_t i = 0; i < texts->n; at += texts->bodies[i++].len)
        texts->bodies[i].bytes = at;
out:
    buf_free(&packed);
    return err;
}

struct unpack {
    const struct space *space;
    struct buf packed;
    bool pack;
};

static enum err take_pieces(void *ctx, const struct replica_entry *row)
{
    struct unpack *unpack = ctx;
    struct leaf leaf;
    struct leaf_body bodies[PIECES_MAX];
    enum err err = leaf_decode(&leaf, row->header, row->header_len, row->sig);
    if (err == ERR_OK && (leaf.kind != KIND_PACK_SET || leaf.n_bodies > PIECES_MAX))
        err = ERR_FORMAT;
    if (err == ERR_OK)
        err = replica_bodies_parse(bodies, leaf.n_bodies, row->bodies, row->bodies_len);
    for (uint16_t i = 0; err == ERR_OK && i < leaf.n_bodies; i++)
        err = space_control_text(unpack->space, &leaf, i, &bodies[i], &unpack->packed);
    leaf_fini(&leaf);
    return err;
}

enum err operate_pack_text(struct engine *engine, const struct space *space, uint64_t index,
                           struct buf *out)
{
    enum err err = ERR_OK;
    struct unpack unpack = {.space = space, .packed.max = PIECE_MAX * PIECES_MAX};
    TRY(replica_entry(engine->replica, space->no, index, take_pieces, &unpack));
    TRY(compress_get(out, unpack.packed.bytes, unpack.packed.len, PLAIN_MAX));
out:
    buf_free(&unpack.packed);
    return err;
}

/* --- erasing --- */

struct erase_list {
    const struct space *space;
    const uint8_t *shred;
    struct op_body *list;
    size_t n, cap;
};

static enum err list_bodies(void *ctx, const struct replica_entry *row)
{
    struct erase_list *erase = ctx;
    struct leaf leaf;
    struct change_routes routes = {0};
    enum err err = ERR_OK;
    if (row->verdict != ERR_OK)
        return ERR_OK;
    TRY(leaf_decode(&leaf, row->header, row->header_len, row->sig));
    enum err opened = space_routes(erase->space, &leaf, &routes);
    if (err_category(opened) == CAT_INTERNAL)
        TRY(opened);
    for (uint16_t i = 0; opened == ERR_OK && i < routes.n; i++) {
        const struct dossier *dossier =
            dossier_of_route(erase->space, &routes.routes[i], row->index + 1);
        if (!dossier || memcmp(dossier->shred, erase->shred, ID_LEN) != 0)
            continue;
        if (erase->n == erase->cap) {
            erase->cap = erase->cap ? 2 * erase->cap : 64;
            struct op_body *grown = realloc(erase->list, erase->cap * sizeof *grown);
            if (!grown)
                TRY(ERR_MEMORY);
            erase->list = grown;
        }
        erase->list[erase->n++] = (struct op_body){row->index, i};
    }
out:
    change_routes_free(&routes);
    leaf_fini(&leaf);
    return err;
}

/* Names every body of the dossier that is in the log now; what comes later is purged. */
static enum err complete_erase(struct engine *engine, const struct space *space, struct op *op)
{
    const struct space_epoch *first = space_epoch(space, 1);
    struct erase_list erase = {.space = space, .shred = op->u.erase.shred};
    if (op->u.erase.n)
        return ERR_OK;
    if (!first || !first->ek)
        return ERR_NO_KEY;
    enum err err = replica_entries(engine->replica, space->no, REPLICA_DATA, 0, space->routed,
                                   list_bodies, &erase);
    if (err == ERR_OK && erase.n > ERASE_LIST_MAX)
        err = ERR_TOO_BIG;
    if (err != ERR_OK) {
        free(erase.list);
        return err;
    }
    if (op->kind == KIND_ERASE)
        seal_row(op->u.erase.row, first->ek, space->pub.id, op->u.erase.shred);
    free(op->u.erase.list);
    op->u.erase.list = erase.list; /* op_fini frees it */
    op->u.erase.n = erase.n;
    return ERR_OK;
}

/* --- one leaf --- */

/* What a control leaf is made with; `op` is the caller's. */
struct control {
    struct engine *engine;
    struct space *space;
    struct build_chain *chain;
    struct seals seals;
};

static enum err make_control(struct control *control, struct op *op, const uint8_t *k_route,
                             const uint8_t *text, size_t text_len, struct outbox_leaf *draft)
{
    enum err err = ERR_OK;
    struct leaf leaf;
    struct texts texts = {0};
    struct buf header = {.max = HEADER_MAX};
    build_leaf_start(control->engine, control->space, control->chain, op->kind, &leaf);
    op->has_prev = kind_is_chained(op->kind);
    if (op->has_prev)
        memcpy(op->prev, control->chain->head, HASH_LEN);
    leaf.op = *op;
    if (text)
        TRY(seal_texts(control->space, &leaf, k_route, &texts, text, text_len));
    draft->n_bodies = texts.n;
    draft->bodies = texts.bodies;
    if (op->kind != KIND_EPOCH_CHANGE)
        TRY(seals_for_member(control->engine, control->space, &leaf, &control->seals));
    draft->n_seals = control->seals.n;
    draft->seals = control->seals.list;
    leaf.has_keys = draft->n_seals > 0;
    if (leaf.has_keys)
        TRY(seals_hash(&control->seals, leaf.keys));
    TRY(build_leaf_finish(control->engine, control->space, control->chain, &leaf, &header, draft));
    seals_follow(control->space, &leaf, &control->seals);
out:
    buf_free(&texts.bytes);
    buf_free(&header);
    return err;
}

static enum err build_operation(struct control *control, const struct outbox_operation *operation)
{
    enum err err = ERR_OK;
    struct outbox_content content = {0};
    const struct space_epoch *keys = space_epoch(control->space, control->chain->epoch);
    TRY(outbox_content(control->engine, control->space, operation, &content));
    if (operation->kind == KIND_ERASE || operation->kind == KIND_PURGE)
        TRY(complete_erase(control->engine, control->space, &content.op));
    if (operation->kind == KIND_DEVICE_REVOKE && content.op.u.device_revoke.cut == MEMBER_CUT_NOW)
        content.op.u.device_revoke.cut = control->space->fold->size;
    if (content.text && !keys)
        TRY(ERR_NO_KEY);
    struct outbox_leaf draft = {.operation = operation->id};
    TRY(make_control(control, &content.op, keys ? keys->route : NULL, content.text,
                     content.text_len, &draft));
out:
    outbox_content_free(&content);
    return err;
}

/* Draws the keys of the next epoch and seals them to everybody who reads from then on. */
static enum err build_rotation(struct control *control)
{
    enum err err = ERR_OK;
    struct space *space = control->space;
    uint32_t next = control->chain->epoch + 1;
    struct op op = {.kind = KIND_EPOCH_CHANGE};
    uint8_t *keys = digest_secret_new(3 * KEY_LEN);
    if (!keys)
        return ERR_MEMORY;
    uint8_t *ek = keys, *sk = keys + KEY_LEN, *route = keys + 2 * KEY_LEN;
    digest_random(keys, 2 * KEY_LEN);
    seal_route_key(route, ek, space->pub.id);
    op.u.epoch_change.epoch = next;
    op.u.epoch_change.suite = SUITE_1;
    seal_epoch_commit(op.u.epoch_change.kcom_ek, SEAL_EK, ek, space->pub.id, next);
    seal_epoch_commit(op.u.epoch_change.kcom_sk, SEAL_SK, sk, space->pub.id, next);
    seal_epoch_commit(op.u.epoch_change.kcom_route, SEAL_ROUTE, route, space->pub.id, next);
    if (next > 1) {
        const struct space_epoch *old = space_epoch(space, next - 1);
        if (!old || !old->ek)
            TRY(ERR_NO_KEY);
        op.u.epoch_change.has_wraps = true;
        seal_wrap(op.u.epoch_change.wrap_ek, old->ek, ek, SEAL_EK, space->pub.id, next);
        seal_wrap(op.u.epoch_change.wrap_route, old->route, route, SEAL_ROUTE, space->pub.id, next);
    }
    TRY(seals_for_all(&control->seals, next, ek, route));
    struct outbox_leaf draft = {.keys = ek, .keys_sk = sk};
    TRY(make_control(control, &op, NULL, NULL, 0, &draft));
out:
    digest_secret_free(keys);
    return err;
}

/* The next box key goes before the operations: it hangs on nothing that could be refused. */
static enum err build_rekey(struct control *control)
{
    enum err err = ERR_OK;
    struct op op = {.kind = KIND_DEVICE_REKEY};
    struct outbox_leaf draft = {0};
    if (!rekey_is_due(control->engine, control->space))
        return ERR_OK;
    TRY(rekey_next(control->engine, control->space, op.u.device_rekey.x_pk));
    TRY(make_control(control, &op, NULL, NULL, 0, &draft));
out:
    return err;
}

static bool another_operation_is_out(const struct space *space)
{
    for (size_t i = 0; i < space->outbox.n_leaves; i++) {
        const struct outbox_leaf *leaf = space->outbox.leaves[i];
        if (leaf->state != OUTBOX_REFUSED && !kind_has_route(leaf->kind))
            return true;
    }
    return false;
}

/* Somebody lost the right to read, or the key has been in use for a month by the server's clock (a device's own may be
 * years off). */
static bool rotation_is_due(const struct space *space)
{
    const struct fold_epoch *now = fold_epoch(space->fold, fold_epoch_now(space->fold));
    uint64_t clock_ms = space->pub.checkpoint_ms;
    return space->fold->rotation_pending ||
           (now && clock_ms > now->t_recv_ms && clock_ms - now->t_recv_ms > ROTATION_MS);
}

/* Those that wait, in their order, but for what would make the others wait: a sheet ends the trial, so it and its name
 * go last. */
static enum err build_operations(struct control *control, bool sheets)
{
    enum err err = ERR_OK;
    struct engine *engine = control->engine;
    struct space *space = control->space;
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        struct outbox_operation *operation = &space->outbox.operations[i];
        uint64_t id = operation->id;
        bool sheet = false;
        if (operation->seq || operation->refused != ERR_OK ||
            operate_needs_news(space, operation) || operate_needs_work(space, operation))
            continue;
        TRY(operate_is_of_sheet(engine, space, operation, &sheet));
        if (sheet != sheets)
            continue;
        if (operate_needs_second(space, &control->seals, operation))
            err = outbox_refuse(engine, space, NULL, 0, id, ERR_PENDING);
        else
            err = build_operation(control, operation);
        if (err == ERR_NO_KEY)
            err = ERR_OK; /* its key may still arrive */
        else if (err_category(err) == CAT_REJECT)
            err = outbox_refuse(engine, space, NULL, 0, id, err);
        TRY(err);
        control->chain->seq = space->outbox.last_seq + 1;
    }
out:
    return err;
}

enum err operate_build(struct engine *engine, struct space *space, struct build_chain *chain)
{
    enum err err = ERR_OK;
    struct control control = {.engine = engine, .space = space, .chain = chain};
    const struct fold_device *self = space_self(engine, space);
    if (!self || !self->active || chain->rotating)
        return ERR_OK;
    /* Who reads is known for certain only while no operation of an earlier request is unanswered. */
    bool sure = !another_operation_is_out(space);
    TRY(operate_revive(engine, space));
    TRY(seals_start(space, &control.seals));
    TRY(build_rekey(&control));
    TRY(build_operations(&control, false));
    TRY(build_operations(&control, true));
    if (sure && operate_stays(&control.seals, self) &&
        (rotation_is_due(space) || control.seals.lost) && space_epoch(space, chain->epoch) &&
        space_epoch(space, chain->epoch)->ek)
        TRY(build_rotation(&control));
out:
    seals_free(&control.seals);
    return err;
}

/* --- founding --- */

enum err operate_found(struct engine *engine, struct space *space, struct build_chain *chain,
                       const struct leaf *genesis)
{
    enum err err = ERR_OK;
    struct control control = {.engine = engine, .space = space, .chain = chain};
    uint8_t k_route[KEY_LEN];
    struct op op = {.kind = KIND_LABEL};
    TRY(seals_found(&control.seals, engine->ring.id, genesis->op.u.genesis.x_pk));
    TRY(build_rotation(&control));
    chain->epoch = 1;
    const struct outbox_leaf *rotation = space->outbox.leaves[space->outbox.n_leaves - 1];
    seal_route_key(k_route, rotation->keys, space->pub.id);
    op.u.label.target = LABEL_SPACE;
    memcpy(op.u.label.id, space->pub.id, ID_LEN);
    struct outbox_leaf draft = {0};
    TRY(make_control(&control, &op, k_route, (const uint8_t *)space->own_name,
                     strlen(space->own_name), &draft));
    op.u.label.target = LABEL_DEVICE;
    memcpy(op.u.label.id, engine->ring.id, ID_LEN);
    draft = (struct outbox_leaf){0};
    TRY(make_control(&control, &op, k_route, (const uint8_t *)engine->name, strlen(engine->name),
                     &draft));
out:
    digest_wipe(k_route, sizeof k_route);
    seals_free(&control.seals);
    return err;
}
