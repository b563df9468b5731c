/* SPDX-License-Identifier: Apache-2.0
 *
 *   record = [shred16, from16, to16, phase]
 */
#include "client/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "client/attach.h"
#include "client/copies.h"
#include "client/member.h"
#include "client/salvage.h"
#include "client/succeed.h"
#include "proto/digest.h"

enum { PHASE_REPLACED = 1, PHASE_STANDING = 2, PHASE_MOVED = 3, MOVES_MAX = 1024 };

/* --- queueing --- */

/* Queues those changes of `copies` that are wanted; `*n` of them. */
static enum err queue_all(struct engine *engine, struct space *to, const struct copies *copies,
                          bool live, bool dead, uint64_t base, size_t *n)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < copies->n; i++) {
        const struct copy *copy = &copies->items[i];
        if (copy->here || !(copy->live ? live : dead))
            continue;
        TRY(copies_queue(engine, to, copy, base));
        ++*n;
    }
    if (*n > 0)
        TRY(salvage_release(engine, to));
out:
    return err;
}

/* --- the record of a transfer --- */

struct move {
    uint64_t id;
    uint8_t shred[ID_LEN], from[ID_LEN], to[ID_LEN];
    unsigned phase;
};

struct moves {
    size_t n;
    struct move *list;
};

static enum err read_move(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct moves *moves = ctx;
    struct wire_doc doc;
    if (moves->n == MOVES_MAX)
        return ERR_OK;
    struct move *grown = realloc(moves->list, (moves->n + 1) * sizeof *grown);
    if (!grown)
        return ERR_MEMORY;
    moves->list = grown;
    enum err err = wire_open(&doc, plain, len, 1, 8);
    if (err != ERR_OK)
        return err == ERR_MEMORY ? err : ERR_CORRUPT;
    struct move *move = &grown[moves->n];
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 4, 4);
    move->id = id;
    wire_bytes(&in, move->shred, ID_LEN);
    wire_bytes(&in, move->from, ID_LEN);
    wire_bytes(&in, move->to, ID_LEN);
    move->phase = (unsigned)wire_uint(&in, PHASE_MOVED);
    moves->n += wire_end(&in) == ERR_OK;
    wire_close(&doc);
    return ERR_OK;
}

static enum err put_move(struct engine *engine, const struct move *move)
{
    struct buf out = {0};
    wire_put_array(&out, 4);
    wire_put_bin(&out, move->shred, ID_LEN);
    wire_put_bin(&out, move->from, ID_LEN);
    wire_put_bin(&out, move->to, ID_LEN);
    wire_put_uint(&out, move->phase);
    enum err err = out.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_MOVE, 0, move->id, out.bytes, out.len);
    buf_free(&out);
    return err;
}

static bool waits_here(const struct space *space, const uint8_t *shred)
{
    for (size_t i = 0; i < space->outbox.n_edits; i++) {
        if (memcmp(space->outbox.edits[i].shred, shred, ID_LEN) == 0)
            return true;
    }
    return false;
}

static bool moved_queued(const struct space *space, const uint8_t *shred)
{
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        const struct outbox_operation *one = &space->outbox.operations[i];
        if (one->kind == KIND_MOVED && memcmp(one->target, shred, ID_LEN) == 0)
            return true;
    }
    return false;
}

/* Ends a transaction; memory follows the disk after a failure. */
static enum err end(struct engine *engine, struct space *space, enum err err)
{
    err = replica_end(engine->replica, err);
    enum err reload = err == ERR_OK ? ERR_OK : space_reload(engine, space);
    space_refresh(engine, space);
    return err != ERR_OK ? err : reload;
}

/* --- beginning --- */

static enum err may_move(struct engine *engine, struct space *from, struct space *to,
                         const uint8_t shred[static ID_LEN])
{
    enum err err = ERR_OK;
    const uint8_t *key;
    struct dossier *dossier = dossier_find(from, shred);
    if (from == to)
        return ERR_USAGE;
    if (!dossier || !dossier->born)
        return dossier ? ERR_PENDING : ERR_NOT_FOUND;
    if (!space_may(engine, from, ROLE_STEWARD) || !space_may(engine, to, ROLE_WRITER) ||
        to->pub.state != SPACE_ACTIVE || from->pub.state != SPACE_ACTIVE)
        return ERR_DENIED;
    if (fold_moved(from->fold, shred) || dossier_find(to, shred))
        return ERR_EXISTS;
    TRY(dossier_key(engine, from, dossier, &key));
    /* What waits, or cannot be read yet, would be late at once. */
    if (waits_here(from, shred) || from->routed < from->fold->size || from->missing ||
        to->salvaged || to->routed < to->fold->size)
        err = ERR_PENDING;
out:
    return err;
}

enum err engine_transfer(struct engine *engine, size_t from, const uint8_t shred[static ID_LEN],
                         size_t to)
{
    enum err err = ERR_OK;
    struct space *source = engine_at(engine, from), *target = engine_at(engine, to);
    struct move move = {.phase = PHASE_REPLACED};
    struct copies copies = {0};
    size_t n = 0;
    uint64_t last = 0;
    TRY(may_move(engine, source, target, shred));
    TRY(copies_read(engine, from, shred, false, &copies));
    TRY(copies_mark_live(copies.items, copies.n));
    TRY(replica_last_id(engine->replica, REPLICA_MOVE, 0, &last));
    move.id = last + 1;
    memcpy(move.shred, shred, ID_LEN);
    memcpy(move.from, source->pub.id, ID_LEN);
    memcpy(move.to, target->pub.id, ID_LEN);
    TRY(engine_begin(engine));
    err = dossier_renew(engine, target, shred);
    if (err == ERR_OK)
        err = queue_all(engine, target, &copies, false, true, 0, &n);
    if (err == ERR_OK)
        err = put_move(engine, &move);
    err = end(engine, target, err);
    bool queued;
    if (err == ERR_OK)
        err = transfer_step(engine, &queued);
out:
    copies_free(&copies);
    return err;
}

/* --- steps --- */

/* What stands, with a base that covers all that was replaced. */
static enum err send_standing(struct engine *engine, struct move *move, size_t from, size_t to)
{
    enum err err = ERR_OK;
    struct space *target = engine->spaces[to];
    struct copies copies = {0};
    size_t n = 0;
    TRY(copies_read(engine, from, move->shred, false, &copies));
    TRY(copies_mark_live(copies.items, copies.n));
    TRY(copies_mark_known(engine, to, &copies, NULL, NULL));
    TRY(engine_begin(engine));
    err = queue_all(engine, target, &copies, true, true, target->fold->size, &n);
    if (err == ERR_OK)
        err = copies_queue_origin(engine, target, engine->spaces[from], move->shred,
                                  copies.n ? copies.items[copies.n - 1].what.pack : 1);
    if (err == ERR_OK)
        err = salvage_release(engine, target);
    if (err == ERR_OK)
        err = attach_carry(engine, engine->spaces[from], target, move->shred);
    move->phase = PHASE_STANDING;
    if (err == ERR_OK)
        err = put_move(engine, move);
    err = end(engine, target, err);
out:
    copies_free(&copies);
    return err;
}

static enum err say_moved(struct engine *engine, struct move *move, size_t from)
{
    enum err err = ERR_OK;
    struct space *source = engine->spaces[from];
    struct op op = {.kind = KIND_MOVED};
    memcpy(op.u.moved.shred, move->shred, ID_LEN);
    memcpy(op.u.moved.to_space, move->to, ID_LEN);
    TRY(engine_begin(engine));
    err = moved_queued(source, move->shred)
              ? ERR_OK
              : outbox_operate(engine, source, &op, move->shred, NULL, 0);
    move->phase = PHASE_MOVED;
    if (err == ERR_OK)
        err = put_move(engine, move);
    err = end(engine, source, err);
out:
    return err;
}

static enum err step_one(struct engine *engine, struct move *move, bool *queued)
{
    size_t from, to;
    struct space *source = engine_space_by_id(engine, move->from, &from);
    struct space *target = engine_space_by_id(engine, move->to, &to);
    if (!source || !target || fold_erased(source->fold, move->shred) ||
        fold_moved(source->fold, move->shred))
        return replica_delete(engine->replica, REPLICA_MOVE, 0, move->id);
    const struct dossier *there = dossier_find(target, move->shred);
    bool covered = !waits_here(target, move->shred);
    if (move->phase == PHASE_REPLACED && covered) {
        *queued = true;
        return send_standing(engine, move, from, to);
    }
    if (move->phase == PHASE_STANDING && covered && target->uploads == 0 && there && there->born) {
        *queued = true;
        return say_moved(engine, move, from);
    }
    return ERR_OK;
}

/* --- late work --- */

static enum err forward(struct engine *engine, size_t from, size_t to,
                        const struct fold_moved *moved, bool *queued)
{
    enum err err = ERR_OK;
    struct space *target = engine->spaces[to];
    struct copies copies = {0};
    size_t n = 0;
    TRY(copies_read(engine, from, moved->shred, false, &copies));
    TRY(copies_mark_known(engine, to, &copies, NULL, NULL));
    TRY(engine_begin(engine));
    /* Nobody over there had seen it, and it had seen nothing of there: it stands beside what stands. */
    err = end(engine, target, queue_all(engine, target, &copies, true, true, 0, &n));
    *queued = *queued || n > 0;
out:
    copies_free(&copies);
    return err;
}

/* Every steward's device that writes over there does this; a change arrives once. */
static enum err forward_all(struct engine *engine, size_t from, bool *queued)
{
    enum err err = ERR_OK;
    struct space *source = engine->spaces[from];
    if (source->forwarded == source->routed || !space_may(engine, source, ROLE_STEWARD))
        return ERR_OK;
    for (size_t i = 0; i < source->fold->n_moved; i++) {
        const struct fold_moved *moved = &source->fold->moved[i];
        size_t to;
        struct space *target = engine_space_by_id(engine, moved->to, &to);
        struct dossier *there = target ? dossier_find(target, moved->shred) : NULL;
        const uint8_t *key;
        if (!there || !there->born || fold_erased(source->fold, moved->shred) ||
            !space_may(engine, target, ROLE_WRITER) || target->salvaged ||
            target->routed < target->fold->size ||
            dossier_key(engine, target, there, &key) != ERR_OK)
            continue;
        TRY(forward(engine, from, to, moved, queued));
    }
    source->forwarded = source->routed;
out:
    return err;
}

/* --- the end of what was left --- */

static enum err note_time(void *ctx, const struct replica_entry *entry)
{
    *(uint64_t *)ctx = entry->t_recv_ms;
    return ERR_OK;
}

/* When an entry was logged; for ever where that cannot be read. */
static uint64_t logged_ms(const struct engine *engine, const struct space *space, uint64_t index)
{
    uint64_t ms = UINT64_MAX;
    enum err err = replica_entry(engine->replica, space->no, index, note_time, &ms);
    return err == ERR_OK ? ms : UINT64_MAX;
}

/* What went away long ago is not kept here for ever: key, bodies and files of the copy that was left go, on the server
 * and on each device, as with any dossier whose period is over. */
static enum err let_go(struct engine *engine, size_t from, bool *queued)
{
    const struct space *source = engine->spaces[from];
    uint64_t now_ms = engine_server_ms(engine, engine_server_of(engine, source));
    if (source->succeeded || !space_may(engine, source, ROLE_STEWARD))
        return ERR_OK;
    for (size_t i = 0; i < source->fold->n_moved; i++) {
        const struct fold_moved *moved = &source->fold->moved[i];
        uint64_t at_ms = fold_erased(source->fold, moved->shred)
                             ? UINT64_MAX
                             : logged_ms(engine, source, moved->index);
        if (at_ms == UINT64_MAX || now_ms < at_ms + MOVED_KEEP_MS)
            continue;
        enum err err = member_erase(engine, from, moved->shred, REASON_RETENTION);
        *queued = *queued || err == ERR_OK;
        if (err_category(err) == CAT_INTERNAL || err == ERR_FULL)
            return err;
    }
    return ERR_OK;
}

enum err transfer_step(struct engine *engine, bool *queued)
{
    enum err err = ERR_OK;
    struct moves moves = {0};
    *queued = false;
    TRY(replica_each(engine->replica, REPLICA_MOVE, 0, read_move, &moves));
    for (size_t i = 0; i < moves.n; i++)
        TRY(step_one(engine, &moves.list[i], queued));
    for (size_t i = 0; i < engine->n_spaces; i++)
        TRY(forward_all(engine, i, queued));
    for (size_t i = 0; i < engine->n_spaces; i++)
        TRY(let_go(engine, i, queued));
out:
    free(moves.list);
    return err;
}

/* --- where a dossier is at home --- */

/* A dossier that two spaces of this device hold is shown from one: from where it went once `moved` is said and it has
 * arrived, until then from where it was. */
bool engine_dossier_home(const struct engine *engine, size_t i, const uint8_t shred[static ID_LEN])
{
    const struct space *space = engine_at(engine, i);
    size_t to;
    int succeeds = succeed_home(engine, i, shred);
    if (succeeds >= 0)
        return succeeds;
    const struct fold_moved *moved = fold_moved(space->fold, shred);
    if (moved) {
        const struct space *target = engine_space_by_id(engine, moved->to, &to);
        const struct dossier *there = target ? dossier_find(target, shred) : NULL;
        return !there || !there->born;
    }
    for (size_t k = 0; k < engine->n_spaces; k++) {
        const struct space *other = engine->spaces[k];
        const struct dossier *there = k == i ? NULL : dossier_find(other, shred);
        if (!there || !there->born)
            continue;
        moved = fold_moved(other->fold, shred);
        const struct dossier *own = dossier_find(space, shred);
        /* Two spaces have it and neither gave it away: the copy is the one that was born later, or not yet. */
        if (!moved && (!own || !own->born ||
                       logged_ms(engine, space, own->leaf) > logged_ms(engine, other, there->leaf)))
            return false;
    }
    return true;
}

bool transfer_arrived(const struct engine *engine, const struct space *space, size_t from)
{
    for (size_t i = from; i < space->dossiers.n_births; i++) {
        const uint8_t *shred = space->dossiers.items[space->dossiers.births[i]].shred;
        for (size_t k = 0; k < engine->n_spaces; k++) {
            if (engine->spaces[k] != space && dossier_find(engine->spaces[k], shred))
                return true;
        }
    }
    return false;
}
