/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes over: of each dossier first what was replaced, with base 0; once a checkpoint covers that, what stands, with
 * the size of then as its base, and where it comes from; afterwards, whatever another device finds missing, base 0. The
 * keys of the dossiers stay, so that two devices that carry the same dossier make the same birth.
 */
#include <stdlib.h>
#include <string.h>

#include "client/attach.h"
#include "client/copies.h"
#include "client/member.h"
#include "client/salvage.h"
#include "client/succeed_inside.h"
#include "proto/digest.h"
#include "proto/wire.h"

enum { CARRY_AT_ONCE = 20000 };

struct carry {
    struct engine *engine;
    size_t from, to;
    struct space *old, *next;
    struct copies copies;
    struct buf mark;     /* the value that says where a dossier comes from */
    struct buf arrived;  /* shred_ids of dossiers that have it, ascending once read */
    size_t queued, left; /* changes */
};

/* --- which dossiers have arrived --- */

static int by_shred(const void *a, const void *b)
{
    return memcmp(a, b, ID_LEN);
}

static enum err note_mark(void *ctx, const struct engine_change *change)
{
    struct carry *carry = ctx;
    if (change->change.field == FIELD_ORIGIN && digest_is_zero(change->change.record, RECORD_LEN) &&
        change->change.value_len == carry->mark.len &&
        memcmp(change->change.value, carry->mark.bytes, carry->mark.len) == 0)
        buf_put(&carry->arrived, change->shred, ID_LEN);
    return carry->arrived.err;
}

static bool has_arrived(const struct carry *carry, const uint8_t *shred)
{
    return carry->arrived.len &&
           bsearch(shred, carry->arrived.bytes, carry->arrived.len / ID_LEN, ID_LEN, by_shred);
}

/* --- one dossier --- */

static bool waits_there(const struct carry *carry, const uint8_t *shred)
{
    const struct outbox *outbox = &carry->next->outbox;
    for (size_t i = 0; i < outbox->n_edits; i++) {
        if (memcmp(outbox->edits[i].shred, shred, ID_LEN) == 0)
            return true;
    }
    return false;
}

/* Whether it goes over at all: not what was erased, or moved to another team, and not without its key. */
static enum err may_go(struct carry *carry, const uint8_t *shred, bool *may)
{
    const uint8_t *key;
    struct dossier *dossier = dossier_find(carry->old, shred);
    *may = false;
    if (!dossier || fold_erased(carry->old->fold, shred) || fold_moved(carry->old->fold, shred) ||
        fold_erased(carry->next->fold, shred) ||
        member_erase_waits(carry->engine, carry->from, shred))
        return ERR_OK;
    enum err err = dossier_key(carry->engine, carry->old, dossier, &key);
    *may = err == ERR_OK;
    if (err == ERR_OK && !dossier_find(carry->next, shred))
        err = dossier_adopt(carry->engine, carry->next, shred, key);
    return err == ERR_NO_KEY || err == ERR_ERASED ? ERR_OK : err;
}

static enum err queue(struct carry *carry, const struct copy *items, size_t n, bool dead, bool live,
                      uint64_t base)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        if (items[i].here || !(items[i].live ? live : dead))
            continue;
        err = copies_queue(carry->engine, carry->next, &items[i], base);
        carry->queued++;
    }
    return err;
}

static enum err carry_dossier(struct carry *carry, struct copy *items, size_t n)
{
    enum err err = ERR_OK;
    const uint8_t *shred = items[0].what.shred;
    size_t missing = 0, replaced = 0;
    bool may;
    for (size_t i = 0; i < n; i++)
        missing += !items[i].here;
    if (missing == 0)
        return ERR_OK;
    TRY(may_go(carry, shred, &may));
    if (!may)
        return ERR_OK;
    carry->left += missing;
    if (carry->queued > CARRY_AT_ONCE)
        return ERR_OK;
    if (has_arrived(carry, shred)) /* nobody over there had seen it: it stands beside what stands */
        return queue(carry, items, n, true, true, 0);
    TRY(copies_mark_live(items, n));
    for (size_t i = 0; i < n; i++)
        replaced += !items[i].here && !items[i].live;
    if (replaced > 0)
        return queue(carry, items, n, true, false, 0);
    if (waits_there(carry, shred))
        return ERR_OK;
    TRY(queue(carry, items, n, false, true, carry->next->fold->size));
    TRY(copies_queue_origin(carry->engine, carry->next, carry->old, shred, items[n - 1].what.pack));
    err = attach_carry(carry->engine, carry->old, carry->next, shred);
out:
    return err;
}

/* --- the whole space --- */

static size_t dossier_len(const struct copies *copies, size_t from)
{
    size_t to = from;
    while (to < copies->n &&
           memcmp(copies->items[to].what.shred, copies->items[from].what.shred, ID_LEN) == 0)
        to++;
    return to - from;
}

static enum err carry_all(struct carry *carry)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < carry->copies.n;) {
        size_t n = dossier_len(&carry->copies, i);
        TRY(carry_dossier(carry, carry->copies.items + i, n));
        i += n;
    }
    if (carry->queued)
        TRY(salvage_release(carry->engine, carry->next));
out:
    return err;
}

static bool is_covered(const struct carry *carry, const struct outbox_edit *edit)
{
    return copies_logged(&carry->copies, edit->author, edit->run, edit->ordinal, edit->n);
}

static bool leaf_is_covered(const struct carry *carry, const struct outbox_leaf *leaf)
{
    for (size_t i = 0; i < leaf->n_edits; i++) {
        const struct outbox_edit *edit = outbox_edit_by_id(carry->old, leaf->edits[i]);
        if (!edit || !is_covered(carry, edit))
            return false;
    }
    return leaf->n_edits > 0;
}

/* Takes what is covered over there out of the outbox here. */
static enum err settle(struct carry *carry)
{
    enum err err = ERR_OK;
    struct space *old = carry->old;
    uint64_t *done = calloc(old->outbox.n_edits + 1, sizeof *done);
    size_t n = 0;
    if (!done)
        return ERR_MEMORY;
    for (size_t i = old->outbox.n_leaves; i-- > 0;) {
        if (leaf_is_covered(carry, old->outbox.leaves[i]))
            TRY(outbox_leaf_done(carry->engine, old, old->outbox.leaves[i]));
    }
    for (size_t i = 0; i < old->outbox.n_edits; i++) {
        if (!old->outbox.edits[i].seq && is_covered(carry, &old->outbox.edits[i]))
            done[n++] = old->outbox.edits[i].id;
    }
    if (n > 0)
        TRY(outbox_settle(carry->engine, old, done, n));
out:
    free(done);
    return err;
}

/* Nothing is left to carry, and nothing on its way: from now on the new space is what is shown. */
static enum err finish(struct carry *carry)
{
    enum err err = ERR_OK;
    if (carry->left > 0 || carry->queued > 0 || carry->old->outbox.n_edits > 0)
        return ERR_OK;
    for (size_t i = 0; i < carry->copies.n; i++) {
        if (carry->copies.items[i].here && !carry->copies.items[i].logged)
            return ERR_OK;
    }
    carry->old->carried = true;
    TRY(space_bump(carry->engine, carry->next));
    TRY(space_bump(carry->engine, carry->old));
    TRY(space_save(carry->engine, carry->next));
    TRY(space_save(carry->engine, carry->old));
out:
    return err;
}

static enum err carry_changes(struct carry *carry)
{
    enum err err = ERR_OK;
    struct engine *engine = carry->engine;
    wire_put_str(&carry->mark, carry->old->pub.name, strlen(carry->old->pub.name));
    TRY(carry->mark.err);
    TRY(copies_read(engine, carry->from, NULL, true, &carry->copies));
    copies_group(&carry->copies);
    TRY(copies_mark_known(engine, carry->to, &carry->copies, note_mark, carry));
    if (carry->arrived.len)
        qsort(carry->arrived.bytes, carry->arrived.len / ID_LEN, ID_LEN, by_shred);
    TRY(engine_begin(engine));
    err = carry_all(carry);
    if (err == ERR_OK)
        err = settle(carry);
    if (err == ERR_OK)
        err = finish(carry);
    err = replica_end(engine->replica, err);
    if (err != ERR_OK) {
        enum err reload = space_reload(engine, carry->next);
        if (reload == ERR_OK)
            reload = space_reload(engine, carry->old);
        TRY(reload == ERR_OK ? err : reload);
    }
    space_refresh(engine, carry->next);
    space_refresh(engine, carry->old);
out:
    return err;
}

/* --- what else goes on --- */

static bool operation_waits(const struct space *space, enum leaf_kind kind)
{
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        if (space->outbox.operations[i].kind == kind)
            return true;
    }
    return false;
}

/* The pack and the witnesses, by who administers. */
static enum err inherit(struct carry *carry, bool *queued)
{
    enum err err = ERR_OK;
    struct engine *engine = carry->engine;
    const struct fold *from = carry->old->fold, *to = carry->next->fold;
    struct buf pack = {.max = 64 << 20};
    struct op op = {.kind = KIND_WITNESS_SET};
    uint32_t number;
    if (!space_may(engine, carry->next, ROLE_ADMIN))
        return ERR_OK;
    if (from->pack_number > to->pack_number && !operation_waits(carry->next, KIND_PACK_SET)) {
        TRY(engine_pack(engine, carry->from, &number, &pack));
        TRY(engine_pack_set(engine, carry->to, number, pack.bytes, pack.len));
        *queued = true;
    }
    if (from->n_witnesses > 0 && to->n_witnesses == 0 &&
        !operation_waits(carry->next, KIND_WITNESS_SET)) {
        op.u.witness_set.quorum = from->quorum;
        op.u.witness_set.n = (unsigned)from->n_witnesses;
        for (size_t i = 0; i < from->n_witnesses; i++) {
            op.u.witness_set.witness[i].name = from->witnesses[i].name;
            op.u.witness_set.witness[i].name_len = strlen(from->witnesses[i].name);
            memcpy(op.u.witness_set.witness[i].pk, from->witnesses[i].pk, PK_LEN);
        }
        TRY(engine_operate(engine, carry->to, &op, NULL, 0));
        *queued = true;
    }
out:
    buf_free(&pack);
    return err;
}

/* What was erased in the old space, by who knew it: whoever did not know may have brought it over. */
static enum err erase_again(struct carry *carry, bool *queued)
{
    const struct fold *from = carry->old->fold;
    for (size_t i = 0; i < from->n_erased; i++) {
        const struct dossier *there = dossier_find(carry->next, from->erased[i].shred);
        if (!there || !there->born)
            continue;
        enum err err = member_erase(carry->engine, carry->to, from->erased[i].shred,
                                    (enum member_reason)from->erased[i].reason);
        *queued = *queued || err == ERR_OK;
        if (err_category(err) == CAT_INTERNAL || err == ERR_FULL)
            return err;
    }
    return ERR_OK;
}

/* --- all of them --- */

/* A space that was joined in another way, by an invitation, may turn out to continue one of this device. */
static enum err recognise(struct engine *engine, struct space *old, const struct space *next)
{
    enum err err = ERR_OK;
    const struct fold *fold = next->fold;
    if (old->succeeded || fold->n_devices == 0 ||
        !succeed_rightful(old, fold->devices[0].id, fold->level))
        return ERR_OK;
    old->succeeded = true;
    TRY(space_save(engine, old));
    space_refresh(engine, old);
out:
    return err;
}

static enum err step_one(struct engine *engine, size_t from, size_t to, bool *queued)
{
    enum err err = ERR_OK;
    struct carry carry = {.engine = engine,
                          .from = from,
                          .to = to,
                          .old = engine->spaces[from],
                          .next = engine->spaces[to],
                          .arrived = {.max = 64 << 20}};
    TRY(recognise(engine, carry.old, carry.next));
    if (!carry.old->succeeded)
        goto out;
    TRY(erase_again(&carry, queued));
    if (carry.old->carried || carry.next->routed < carry.next->fold->size || carry.next->salvaged)
        goto out;
    TRY(inherit(&carry, queued));
    if (!space_may(engine, carry.next, ROLE_WRITER)) {
        carry.old->carried = true;
        TRY(space_save(engine, carry.old));
        space_refresh(engine, carry.old);
        goto out;
    }
    TRY(carry_changes(&carry));
    *queued = *queued || carry.queued > 0 || carry.old->carried;
out:
    copies_free(&carry.copies);
    buf_free(&carry.mark);
    buf_free(&carry.arrived);
    return err;
}

enum err succeed_step(struct engine *engine, bool *queued)
{
    enum err err = ERR_OK;
    for (size_t to = 0; to < engine->n_spaces; to++) {
        size_t from;
        const struct space *next = engine->spaces[to];
        if (next->pub.state == SPACE_ACTIVE && next->fold->succeeds &&
            engine_space_by_id(engine, next->pub.old, &from))
            TRY(step_one(engine, from, to, queued));
    }
out:
    return err;
}

enum err succeed_forget(struct engine *engine, const struct space *space,
                        const uint8_t shred[static ID_LEN])
{
    enum err err = ERR_OK;
    size_t i;
    struct space *old = engine_space_by_id(engine, space->pub.old, &i);
    if (!old || !old->succeeded || !dossier_find(old, shred))
        return ERR_OK;
    TRY(dossier_forget(engine, old, shred));
    TRY(attach_forget(engine, old, shred));
    TRY(space_bump(engine, old));
    TRY(space_save(engine, old));
    err = succeed_forget(engine, old, shred);
out:
    return err;
}

/* --- where a dossier is at home --- */

int succeed_home(const struct engine *engine, size_t i, const uint8_t shred[static ID_LEN])
{
    const struct space *space = engine->spaces[i];
    size_t k;
    const struct space *next = space->succeeded ? succeed_of(engine, space, &k) : NULL;
    const struct dossier *there = next ? dossier_find(next, shred) : NULL;
    if (there && there->born)
        return !space->carried;
    const struct space *old = digest_is_zero(space->pub.old, ID_LEN)
                                  ? NULL
                                  : engine_space_by_id(engine, space->pub.old, &k);
    there = old && old->succeeded ? dossier_find(old, shred) : NULL;
    if (there && there->born)
        return old->carried;
    return -1;
}
