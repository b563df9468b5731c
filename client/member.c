/* SPDX-License-Identifier: Apache-2.0 */
#include "client/member.h"

#include <string.h>

#include "client/engine_inside.h"

enum { ROLES_KEEP = ROLE_ADMIN | ROLE_GUARDIAN };

/* The same operation about the same device or dossier waits already. */
static bool is_queued(const struct space *space, enum leaf_kind kind,
                      const uint8_t target[static ID_LEN])
{
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        const struct outbox_operation *operation = &space->outbox.operations[i];
        if (operation->kind == kind && operation->refused == ERR_OK &&
            memcmp(operation->target, target, ID_LEN) == 0)
            return true;
    }
    return false;
}

static bool needs_second(const struct engine *engine, const struct space *space,
                         const struct op *op)
{
    struct leaf leaf = {.kind = op->kind, .op = *op};
    memcpy(leaf.device, engine->ring.id, ID_LEN);
    if (op->kind == KIND_DEVICE_REVOKE && op->u.device_revoke.cut == MEMBER_CUT_NOW)
        leaf.op.u.device_revoke.cut = space->fold->size;
    return fold_needs_second(space->fold, &leaf);
}

/* Who administers, if one device did not. */
static size_t admins_without(const struct fold *fold, const uint8_t id[static ID_LEN])
{
    size_t n = 0;
    for (size_t i = 0; i < fold->n_devices; i++) {
        const struct fold_device *one = &fold->devices[i];
        n += one->active && one->roles & ROLE_ADMIN && memcmp(one->id, id, ID_LEN) != 0;
    }
    return n;
}

static enum err find_member(const struct space *space, const uint8_t id[static ID_LEN],
                            const struct fold_device **member)
{
    *member = fold_device(space->fold, id);
    if (!*member)
        return ERR_NOT_FOUND;
    return (*member)->active ? ERR_OK : ERR_REVOKED;
}

enum err member_revoke(struct engine *engine, size_t i, const uint8_t device[static ID_LEN],
                       enum revoke_mode mode, bool *second)
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    const struct fold_device *member;
    struct op op = {.kind = KIND_DEVICE_REVOKE};
    bool own = memcmp(device, engine->ring.id, ID_LEN) == 0;
    TRY(find_member(space, device, &member));
    if (!own && !space_may(engine, space, ROLES_KEEP))
        TRY(ERR_DENIED);
    if (member->roles & ROLE_ADMIN && admins_without(space->fold, device) == 0)
        TRY(ERR_ORPHAN);
    if (is_queued(space, KIND_DEVICE_REVOKE, device))
        TRY(ERR_EXISTS);
    memcpy(op.u.device_revoke.device, device, ID_LEN);
    op.u.device_revoke.mode = mode;
    op.u.device_revoke.cut = mode == REVOKE_LOST ? member->last_seq : MEMBER_CUT_NOW;
    if (second)
        *second = needs_second(engine, space, &op);
    TRY(engine_operate(engine, i, &op, NULL, 0));
out:
    return err;
}

bool member_erase_waits(struct engine *engine, size_t i, const uint8_t shred[static ID_LEN])
{
    return is_queued(engine_at(engine, i), KIND_ERASE, shred);
}

/* PROTOCOL.md 6.1. */
static bool roles_fit(const struct fold_device *member, uint8_t roles)
{
    bool reads = roles & ROLE_READER, admin = roles & ROLE_ADMIN;
    bool needs = roles & (ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN);
    return roles && (reads || !needs) && (member->kind != DEVICE_PAPER || (admin && reads));
}

enum err member_roles(struct engine *engine, size_t i, const uint8_t device[static ID_LEN],
                      uint8_t roles, bool *second)
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    const struct fold_device *member;
    struct op op = {.kind = KIND_ROLE_SET, .u.role_set.roles = roles};
    TRY(find_member(space, device, &member));
    if (!space_may(engine, space, ROLE_ADMIN))
        TRY(ERR_DENIED);
    if (!roles_fit(member, roles))
        TRY(ERR_FORMAT);
    if (member->roles == roles)
        TRY(ERR_UNCHANGED);
    if (member->roles & ROLE_ADMIN && !(roles & ROLE_ADMIN) &&
        admins_without(space->fold, device) == 0)
        TRY(ERR_ORPHAN);
    if (is_queued(space, KIND_ROLE_SET, device))
        TRY(ERR_EXISTS);
    memcpy(op.u.role_set.device, device, ID_LEN);
    if (second)
        *second = needs_second(engine, space, &op);
    TRY(engine_operate(engine, i, &op, NULL, 0));
out:
    return err;
}

/* --- the second leaf --- */

bool member_proposal_open(const struct engine *engine, size_t i,
                          const struct fold_proposal *proposal, uint64_t *until_ms)
{
    const struct space *space = engine_at(engine, i);
    *until_ms = proposal->t_recv_ms + (uint64_t)PROPOSAL_MS;
    return engine_server_ms(engine, engine_server_of(engine, space)) <= *until_ms;
}

bool member_may_confirm(const struct engine *engine, size_t i, const struct fold_proposal *proposal)
{
    uint8_t any = proposal->kind == KIND_AUDIT_GRANT ? ROLE_ADMIN | ROLE_STEWARD : ROLES_KEEP;
    return space_may(engine, engine_at(engine, i), any) &&
           memcmp(proposal->author, engine->ring.id, ID_LEN) != 0 &&
           memcmp(proposal->target, engine->ring.id, ID_LEN) != 0;
}

enum err member_confirm(struct engine *engine, size_t i, const uint8_t hash[static HASH_LEN])
{
    struct space *space = engine_at(engine, i);
    struct op op = {.kind = KIND_CONFIRM};
    uint64_t until_ms;
    for (size_t k = 0; k < space->fold->n_proposals; k++) {
        const struct fold_proposal *proposal = &space->fold->proposals[k];
        if (memcmp(proposal->hash, hash, HASH_LEN) != 0)
            continue;
        if (!member_proposal_open(engine, i, proposal, &until_ms))
            return ERR_EXPIRED;
        if (!member_may_confirm(engine, i, proposal))
            return ERR_DENIED;
        /* The outbox knows a confirmation by the beginning of the hash. */
        if (is_queued(space, KIND_CONFIRM, hash))
            return ERR_EXISTS;
        memcpy(op.u.confirm.hash, hash, HASH_LEN);
        return engine_operate(engine, i, &op, NULL, 0);
    }
    return ERR_NOT_FOUND;
}

/* --- erasing --- */

enum err member_erase(struct engine *engine, size_t i, const uint8_t shred[static ID_LEN],
                      enum member_reason reason)
{
    struct space *space = engine_at(engine, i);
    struct op op = {.kind = KIND_ERASE};
    if (!space_may(engine, space, ROLE_STEWARD))
        return ERR_DENIED;
    if (fold_erased(space->fold, shred))
        return ERR_ERASED;
    if (!dossier_find(space, shred))
        return ERR_NOT_FOUND;
    if (is_queued(space, KIND_ERASE, shred))
        return ERR_EXISTS;
    memcpy(op.u.erase.shred, shred, ID_LEN);
    op.u.erase.reason = (uint8_t)reason;
    return engine_operate(engine, i, &op, NULL, 0);
}

/* --- refused work --- */

static struct outbox_leaf *refused_at(const struct space *space, size_t k)
{
    for (size_t i = 0; i < space->outbox.n_leaves; i++) {
        if (space->outbox.leaves[i]->state == OUTBOX_REFUSED && k-- == 0)
            return space->outbox.leaves[i];
    }
    return NULL;
}

enum err member_discard(struct engine *engine, size_t i, size_t k)
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    struct outbox_leaf *leaf = refused_at(space, k);
    if (!leaf)
        return ERR_NOT_FOUND;
    TRY(engine_begin(engine));
    err = replica_end(engine->replica, outbox_leaf_done(engine, space, leaf));
    if (err != ERR_OK) {
        enum err again = space_reload(engine, space);
        TRY(again != ERR_OK ? again : err);
    }
    TRY(replica_flush(engine->replica));
out:
    space_refresh(engine, space);
    return err;
}

bool member_refused_dossier(const struct engine *engine, size_t i, size_t k,
                            uint8_t shred[static ID_LEN])
{
    const struct space *space = engine_at(engine, i);
    const struct outbox_leaf *leaf = refused_at(space, k);
    const struct outbox_edit *edit =
        leaf && leaf->n_edits ? outbox_edit_by_id(space, leaf->edits[0]) : NULL;
    const struct outbox_operation *operation =
        leaf && leaf->operation ? outbox_operation_by_id(space, leaf->operation) : NULL;
    if (edit)
        memcpy(shred, edit->shred, ID_LEN);
    else if (operation && operation->kind == KIND_ERASE)
        memcpy(shred, operation->target, ID_LEN);
    return edit || (operation && operation->kind == KIND_ERASE);
}

/* --- what came too late --- */

struct late {
    const struct engine *engine;
    member_late_sink sink;
    void *ctx;
};

static enum err late_entry(void *ctx, const struct replica_entry *row)
{
    const struct late *late = ctx;
    struct leaf leaf;
    if (row->kind != KIND_PURGE || row->verdict != ERR_OK)
        return ERR_OK;
    enum err err = leaf_decode(&leaf, row->header, row->header_len, row->sig);
    if (err == ERR_OK && memcmp(leaf.device, late->engine->ring.id, ID_LEN) == 0) {
        struct member_late out = {.index = row->index, .n = leaf.op.u.erase.n};
        memcpy(out.shred, leaf.op.u.erase.shred, ID_LEN);
        err = late->sink(late->ctx, &out);
    }
    leaf_fini(&leaf);
    return err;
}

enum err member_late(struct engine *engine, size_t i, uint64_t from, member_late_sink sink,
                     void *ctx)
{
    struct late late = {engine, sink, ctx};
    const struct space *space = engine_at(engine, i);
    return replica_entries(engine->replica, space->no, REPLICA_CONTROL, from, space->fold->size,
                           late_entry, &late);
}
