/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/fold_rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/seal.h"
#include "proto/sign.h"

enum {
    ROLES_MEMBER = ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN, /* each needs reader beside it */
    ROLES_KEEPER = ROLE_ADMIN | ROLE_GUARDIAN,
    ROLES_PLAIN = ROLE_READER | ROLE_WRITER, /* what a steward may admit */
    ROLES_PAPER = ROLE_READER | ROLE_ADMIN,  /* what a sheet always holds: it is a keeper */
    ROLES_FOUNDER = ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN,
    TRIAL_KEEPERS = 3
};

/* --- small questions --- */

static const struct fold_device *author_of(const struct fold *fold, const struct fold_entry *entry)
{
    return fold_device(fold, entry->leaf->device);
}

static bool author_has(const struct fold *fold, const struct fold_entry *entry, uint8_t any)
{
    const struct fold_device *author = author_of(fold, entry);
    return author && author->active && author->roles & any;
}

static bool roles_ok(uint8_t roles)
{
    return roles != 0 && (!(roles & ROLES_MEMBER) || roles & ROLE_READER);
}

/* One signature decides during the trial, and a sheet's always. The author is known to be a member. */
static bool one_suffices(const struct fold *fold, const struct fold_entry *entry)
{
    return fold->trial || author_of(fold, entry)->kind == DEVICE_PAPER;
}

/* Whether an active administrator is left when `device` no longer counts. */
static bool admin_left(const struct fold *fold, const uint8_t *device)
{
    for (size_t i = 0; i < fold->n_devices; i++) {
        const struct fold_device *d = &fold->devices[i];
        if (d->active && d->roles & ROLE_ADMIN && memcmp(d->id, device, ID_LEN) != 0)
            return true;
    }
    return false;
}

/* --- judges of operations on members; also asked again when a second leaf completes one --- */

static enum err check_add(const struct fold *fold, const struct fold_plan *plan)
{
    if (!roles_ok(plan->roles))
        return ERR_FORMAT;
    if (plan->who.kind == DEVICE_PAPER && (plan->roles & ROLES_PAPER) != ROLES_PAPER)
        return ERR_FORMAT;
    if (fold_device(fold, plan->target))
        return ERR_EXISTS;
    if (fold->n_devices >= DEVICES_MAX)
        return ERR_TOO_BIG;
    if (!plan->by_invite)
        return ERR_OK;
    const struct fold_invite *invite = fold_invite(fold, plan->who.invite_pk);
    if (!invite)
        return ERR_USED;
    return plan->roles & ~invite->roles ? ERR_DENIED : ERR_OK;
}

static enum err check_revoke(const struct fold *fold, const struct fold_plan *plan)
{
    const struct fold_device *target = fold_device(fold, plan->target);
    if (!target || !target->active)
        return ERR_NOT_FOUND;
    return admin_left(fold, plan->target) ? ERR_OK : ERR_ORPHAN;
}

static enum err check_role(const struct fold *fold, const struct fold_plan *plan)
{
    const struct fold_device *target = fold_device(fold, plan->target);
    if (!target || !target->active)
        return ERR_NOT_FOUND;
    if (!roles_ok(plan->roles) || plan->roles == target->roles)
        return ERR_FORMAT;
    if (target->kind == DEVICE_PAPER && (plan->roles & ROLES_PAPER) != ROLES_PAPER)
        return ERR_FORMAT;
    return plan->roles & ROLE_ADMIN || admin_left(fold, plan->target) ? ERR_OK : ERR_ORPHAN;
}

static enum err judge_add(const struct fold *fold, const struct fold_entry *entry,
                          struct fold_plan *plan)
{
    const struct op *op = &entry->leaf->op;
    const struct op_proof *proof = &op->u.device_add.proof;
    enum err err = op_proof_decode(&plan->who, proof);
    if (err != ERR_OK)
        return err;
    sign_device_id(plan->target, plan->who.ed_pk);
    plan->roles = op->u.device_add.roles;
    plan->by_invite = proof->type == PROOF_JOIN;
    bool plain = !(plan->roles & ~ROLES_PLAIN) && plan->who.kind == DEVICE_ORDINARY;
    if (!author_has(fold, entry, plain ? ROLE_ADMIN | ROLE_STEWARD : ROLE_ADMIN))
        return ERR_DENIED;
    if (entry->fresh)
        err = op_proof_verify(&plan->who, proof, fold->space);
    if (err != ERR_OK)
        return err;
    plan->proposes = plan->roles & ROLES_KEEPER && !one_suffices(fold, entry);
    return check_add(fold, plan);
}

static enum err judge_revoke(const struct fold *fold, const struct fold_entry *entry,
                             struct fold_plan *plan)
{
    const struct op *op = &entry->leaf->op;
    memcpy(plan->target, op->u.device_revoke.device, ID_LEN);
    plan->mode = op->u.device_revoke.mode;
    plan->cut = op->u.device_revoke.cut;
    bool self = memcmp(plan->target, entry->leaf->device, ID_LEN) == 0;
    if (!self && !author_has(fold, entry, ROLES_KEEPER))
        return ERR_DENIED;
    /* A departure cuts at a place that exists; it cannot reach into the future. */
    if (plan->mode == REVOKE_DEPARTURE && plan->cut > entry->index)
        return ERR_FORMAT;
    enum err err = check_revoke(fold, plan);
    if (err != ERR_OK)
        return err;
    const struct fold_device *target = fold_device(fold, plan->target);
    plan->proposes = target->roles & ROLES_KEEPER && !self && !one_suffices(fold, entry);
    return ERR_OK;
}

static enum err judge_role(const struct fold *fold, const struct fold_entry *entry,
                           struct fold_plan *plan)
{
    const struct op *op = &entry->leaf->op;
    memcpy(plan->target, op->u.role_set.device, ID_LEN);
    plan->roles = op->u.role_set.roles;
    if (!author_has(fold, entry, ROLE_ADMIN))
        return ERR_DENIED;
    enum err err = check_role(fold, plan);
    if (err != ERR_OK)
        return err;
    const struct fold_device *target = fold_device(fold, plan->target);
    bool keeper = (target->roles ^ plan->roles) & ROLES_KEEPER || target->kind == DEVICE_PAPER;
    plan->proposes = keeper && !one_suffices(fold, entry);
    return ERR_OK;
}

static enum err judge_epoch_change(const struct fold *fold, const struct fold_entry *entry,
                                   struct fold_plan *plan)
{
    (void)plan;
    const struct op *op = &entry->leaf->op;
    if (!author_has(fold, entry, ROLE_ADMIN))
        return ERR_DENIED;
    if (op->u.epoch_change.epoch != fold_epoch_now(fold) + 1)
        return ERR_STALE_EPOCH;
    return op->u.epoch_change.suite == SUITE_1 ? ERR_OK : ERR_VERSION;
}

static enum err judge_log_key(const struct fold *fold, const struct fold_entry *entry,
                              struct fold_plan *plan)
{
    (void)plan;
    const struct op *op = &entry->leaf->op;
    if (!author_has(fold, entry, ROLE_ADMIN))
        return ERR_DENIED;
    if (!entry->fresh)
        return ERR_OK;
    return op_key_offer_verify(&op->u.log_key, fold->space, fold->log_pk);
}

static enum err judge_witness_set(const struct fold *fold, const struct fold_entry *entry,
                                  struct fold_plan *plan)
{
    (void)plan;
    return author_has(fold, entry, ROLE_ADMIN) ? ERR_OK : ERR_DENIED;
}

static enum err judge_pack_set(const struct fold *fold, const struct fold_entry *entry,
                               struct fold_plan *plan)
{
    (void)plan;
    if (!author_has(fold, entry, ROLE_ADMIN))
        return ERR_DENIED;
    if (entry->leaf->n_bodies == 0)
        return ERR_FORMAT;
    return entry->leaf->op.u.pack_set.number > fold->pack_number ? ERR_OK : ERR_EXISTS;
}

/* --- the second leaf --- */

static bool proposal_open(const struct fold_proposal *proposal, uint64_t t_recv_ms)
{
    return t_recv_ms <= proposal->t_recv_ms + (uint64_t)PROPOSAL_MS;
}

static void plan_from_proposal(struct fold_plan *plan, const struct fold_proposal *proposal)
{
    plan->kind = proposal->kind;
    memcpy(plan->target, proposal->target, ID_LEN);
    if (proposal->kind == KIND_DEVICE_ADD) {
        plan->who = proposal->u.add.who;
        plan->roles = proposal->u.add.roles;
        plan->by_invite = !digest_is_zero(plan->who.invite_pk, PK_LEN);
    } else if (proposal->kind == KIND_DEVICE_REVOKE) {
        plan->mode = proposal->u.revoke.mode;
        plan->cut = proposal->u.revoke.cut;
    } else if (proposal->kind == KIND_ROLE_SET) {
        plan->roles = proposal->u.roles;
    }
}

static enum err judge_confirm(const struct fold *fold, const struct fold_entry *entry,
                              struct fold_plan *plan)
{
    const uint8_t *hash = entry->leaf->op.u.confirm.hash;
    for (size_t i = 0; i < fold->n_proposals; i++) {
        const struct fold_proposal *proposal = &fold->proposals[i];
        if (memcmp(proposal->hash, hash, HASH_LEN) != 0 ||
            !proposal_open(proposal, entry->t_recv_ms))
            continue;
        bool grant = proposal->kind == KIND_AUDIT_GRANT;
        if (!author_has(fold, entry, grant ? ROLE_ADMIN | ROLE_STEWARD : ROLES_KEEPER) ||
            memcmp(entry->leaf->device, proposal->author, ID_LEN) == 0 ||
            memcmp(entry->leaf->device, proposal->target, ID_LEN) == 0)
            return ERR_DENIED;
        plan->proposal = i;
        plan_from_proposal(plan, proposal);
        /* The space may have changed since: what the first leaf asked for must still make sense. */
        switch (plan->kind) {
        case KIND_DEVICE_ADD:
            return check_add(fold, plan);
        case KIND_DEVICE_REVOKE:
            return check_revoke(fold, plan);
        case KIND_ROLE_SET:
            return check_role(fold, plan);
        default:
            return fold->n_grants < GRANTS_MAX ? ERR_OK : ERR_TOO_BIG;
        }
    }
    return ERR_NOT_FOUND;
}

/* --- judges of the other operations --- */

static enum err judge_any(const struct fold *fold, const struct fold_entry *entry,
                          struct fold_plan *plan)
{
    (void)fold, (void)entry, (void)plan;
    return ERR_OK;
}

static enum err judge_invite(const struct fold *fold, const struct fold_entry *entry,
                             struct fold_plan *plan)
{
    (void)plan;
    const struct op *op = &entry->leaf->op;
    bool plain = !(op->u.invite.roles & ~ROLES_PLAIN);
    if (!author_has(fold, entry, plain ? ROLE_ADMIN | ROLE_STEWARD : ROLE_ADMIN))
        return ERR_DENIED;
    if (!roles_ok(op->u.invite.roles))
        return ERR_FORMAT;
    if (fold_invite(fold, op->u.invite.invite_pk))
        return ERR_EXISTS;
    return fold->n_invites < INVITES_MAX ? ERR_OK : ERR_TOO_BIG;
}

static enum err judge_invite_close(const struct fold *fold, const struct fold_entry *entry,
                                   struct fold_plan *plan)
{
    (void)plan;
    if (!author_has(fold, entry, ROLE_ADMIN | ROLE_STEWARD))
        return ERR_DENIED;
    return fold_invite(fold, entry->leaf->op.u.invite_close.invite_pk) ? ERR_OK : ERR_NOT_FOUND;
}

static enum err judge_label(const struct fold *fold, const struct fold_entry *entry,
                            struct fold_plan *plan)
{
    (void)plan;
    const struct op *op = &entry->leaf->op;
    if (entry->leaf->n_bodies != 1)
        return ERR_FORMAT;
    if (op->u.label.target == LABEL_SPACE) {
        if (!digest_equal(op->u.label.id, fold->space, ID_LEN))
            return ERR_NOT_FOUND;
        return author_has(fold, entry, ROLE_ADMIN) ? ERR_OK : ERR_DENIED;
    }
    if (!fold_device(fold, op->u.label.id))
        return ERR_NOT_FOUND;
    bool self = memcmp(op->u.label.id, entry->leaf->device, ID_LEN) == 0;
    return self || author_has(fold, entry, ROLE_ADMIN | ROLE_STEWARD) ? ERR_OK : ERR_DENIED;
}

static bool list_before(const struct op *op, uint64_t index)
{
    for (size_t i = 0; i < op->u.erase.n; i++) {
        if (op->u.erase.list[i].leaf >= index)
            return false;
    }
    return true;
}

static enum err judge_erase(const struct fold *fold, const struct fold_entry *entry,
                            struct fold_plan *plan)
{
    (void)plan;
    const struct op *op = &entry->leaf->op;
    bool purge = op->kind == KIND_PURGE;
    if (!author_has(fold, entry, purge ? ROLE_STEWARD | ROLE_WRITER : ROLE_STEWARD))
        return ERR_DENIED;
    if (!list_before(op, entry->index))
        return ERR_FORMAT;
    bool erased = fold_erased(fold, op->u.erase.shred) != NULL;
    if (purge)
        return erased ? ERR_OK : ERR_NOT_FOUND;
    return erased ? ERR_EXISTS : ERR_OK;
}

static enum err judge_adopt(const struct fold *fold, const struct fold_entry *entry,
                            struct fold_plan *plan)
{
    (void)plan;
    if (!author_has(fold, entry, ROLE_STEWARD))
        return ERR_DENIED;
    return fold_device(fold, entry->leaf->op.u.adopt.device) ? ERR_OK : ERR_NOT_FOUND;
}

static enum err judge_moved(const struct fold *fold, const struct fold_entry *entry,
                            struct fold_plan *plan)
{
    (void)plan;
    if (!author_has(fold, entry, ROLE_STEWARD))
        return ERR_DENIED;
    return digest_equal(entry->leaf->op.u.moved.to_space, fold->space, ID_LEN) ? ERR_FORMAT
                                                                               : ERR_OK;
}

static enum err judge_audit_grant(const struct fold *fold, const struct fold_entry *entry,
                                  struct fold_plan *plan)
{
    const struct op *op = &entry->leaf->op;
    if (!author_has(fold, entry, ROLE_AUDITOR) ||
        memcmp(op->u.audit_grant.auditor, entry->leaf->device, ID_LEN) != 0)
        return ERR_DENIED;
    if (op->u.audit_grant.from_s > op->u.audit_grant.to_s)
        return ERR_FORMAT;
    memcpy(plan->target, op->u.audit_grant.auditor, ID_LEN);
    plan->proposes = true; /* always: no single person opens content */
    return ERR_OK;
}

static enum err judge_audit_close(const struct fold *fold, const struct fold_entry *entry,
                                  struct fold_plan *plan)
{
    const uint8_t *hash = entry->leaf->op.u.audit_close.grant;
    for (size_t i = 0; i < fold->n_grants; i++) {
        const struct fold_grant *grant = &fold->grants[i];
        if (grant->closed || memcmp(grant->hash, hash, HASH_LEN) != 0)
            continue;
        bool own = memcmp(grant->auditor, entry->leaf->device, ID_LEN) == 0;
        plan->grant_index = i;
        return own || author_has(fold, entry, ROLE_ADMIN | ROLE_STEWARD) ? ERR_OK : ERR_DENIED;
    }
    return ERR_NOT_FOUND;
}

static enum err judge_data(const struct fold *fold, const struct fold_entry *entry,
                           struct fold_plan *plan)
{
    (void)plan;
    if (!author_has(fold, entry, ROLE_WRITER))
        return ERR_DENIED;
    return entry->leaf->n_bodies > 0 ? ERR_OK : ERR_FORMAT;
}

typedef enum err (*judge_fn)(const struct fold *fold, const struct fold_entry *entry,
                             struct fold_plan *plan);

static judge_fn judge_of(enum leaf_kind kind)
{
    switch (kind) {
    case KIND_DEVICE_ADD:
        return judge_add;
    case KIND_DEVICE_REVOKE:
        return judge_revoke;
    case KIND_ROLE_SET:
        return judge_role;
    case KIND_EPOCH_CHANGE:
        return judge_epoch_change;
    case KIND_LOG_KEY:
        return judge_log_key;
    case KIND_WITNESS_SET:
        return judge_witness_set;
    case KIND_PACK_SET:
        return judge_pack_set;
    case KIND_CONFIRM:
        return judge_confirm;
    case KIND_INVITE:
        return judge_invite;
    case KIND_INVITE_CLOSE:
        return judge_invite_close;
    case KIND_LABEL:
        return judge_label;
    case KIND_ERASE:
    case KIND_PURGE:
        return judge_erase;
    case KIND_ADOPT:
        return judge_adopt;
    case KIND_MOVED:
        return judge_moved;
    case KIND_AUDIT_GRANT:
        return judge_audit_grant;
    case KIND_AUDIT_CLOSE:
        return judge_audit_close;
    case KIND_DATA:
    case KIND_SNAPSHOT:
        return judge_data;
    default: /* device_rekey, export_notice, access: any active device, about itself */
        return judge_any;
    }
}

static size_t open_proposals(const struct fold *fold, uint64_t t_recv_ms)
{
    size_t n = 0;
    for (size_t i = 0; i < fold->n_proposals; i++)
        n += proposal_open(&fold->proposals[i], t_recv_ms);
    return n;
}

enum err fold_rules_judge(const struct fold *fold, const struct fold_entry *entry,
                          struct fold_plan *plan)
{
    enum err err = judge_of(entry->leaf->kind)(fold, entry, plan);
    if (err != ERR_OK)
        return err;
    if (plan->proposes && open_proposals(fold, entry->t_recv_ms) >= PROPOSALS_MAX)
        return ERR_TOO_BIG;
    /* Data leaves may carry born slots; an operation commits to seals exactly when it hands out keys. */
    if (!kind_has_route(entry->leaf->kind) &&
        entry->leaf->has_keys != (fold_rules_seals(fold, plan) != FOLD_SEALS_NONE))
        return ERR_SEALS;
    return ERR_OK;
}

enum fold_seals fold_rules_seals(const struct fold *fold, const struct fold_plan *plan)
{
    if (plan->proposes)
        return FOLD_SEALS_NONE;
    int type = fold_seal_type(plan->roles);
    if (plan->kind == KIND_EPOCH_CHANGE)
        return FOLD_SEALS_ALL;
    if (plan->kind == KIND_DEVICE_ADD)
        return type ? FOLD_SEALS_ONE : FOLD_SEALS_NONE;
    if (plan->kind != KIND_ROLE_SET)
        return FOLD_SEALS_NONE;
    const struct fold_device *target = fold_device(fold, plan->target);
    bool gains = type && type != fold_seal_type(target->roles);
    return gains ? FOLD_SEALS_ONE : FOLD_SEALS_NONE;
}

/* --- effects --- */

/* Doubles an array each time its count reaches a power of two. */
static enum err reserve_one(void **rows, size_t n, size_t size)
{
    if (n & (n - 1))
        return ERR_OK;
    void *more = realloc(*rows, (n ? 2 * n : 1) * size);
    if (!more)
        return ERR_MEMORY;
    *rows = more;
    return ERR_OK;
}

#define RESERVE(fold, name)                                                                        \
    reserve_one((void **)&(fold)->name, (fold)->n_##name, sizeof *(fold)->name)

enum err fold_rules_reserve(struct fold *fold, const struct fold_entry *entry,
                            const struct fold_plan *plan)
{
    (void)entry;
    if (plan->proposes)
        return RESERVE(fold, proposals);
    switch (plan->kind) {
    case KIND_GENESIS:
    case KIND_DEVICE_ADD:
        return RESERVE(fold, devices);
    case KIND_EPOCH_CHANGE:
        return RESERVE(fold, epochs);
    case KIND_INVITE:
        return RESERVE(fold, invites);
    case KIND_ERASE:
        return RESERVE(fold, erased);
    case KIND_MOVED:
        return RESERVE(fold, moved);
    case KIND_LOG_KEY:
        return RESERVE(fold, log_keys);
    case KIND_AUDIT_GRANT:
        return RESERVE(fold, grants);
    default:
        return ERR_OK;
    }
}

/* A judge has found it. */
static struct fold_device *device_for_change(struct fold *fold, const uint8_t *id)
{
    const struct fold_device *device = fold_device(fold, id);
    assert(device);
    return &fold->devices[device - fold->devices];
}

static void add_device(struct fold *fold, const uint8_t *ed_pk, const uint8_t *x_pk, uint8_t roles,
                       const struct fold_entry *entry)
{
    struct fold_device *device = &fold->devices[fold->n_devices++];
    *device = (struct fold_device){.roles = roles,
                                   .active = true,
                                   .added = entry->index,
                                   .x_index = entry->index,
                                   .x_ms = entry->t_recv_ms};
    sign_device_id(device->id, ed_pk);
    memcpy(device->ed_pk, ed_pk, PK_LEN);
    memcpy(device->x_pk, x_pk, PK_LEN);
}

static void effect_genesis(struct fold *fold, const struct fold_entry *entry)
{
    const struct leaf *leaf = entry->leaf;
    const struct op *op = &leaf->op;
    fold->level = op->u.genesis.level;
    memcpy(fold->log_name, op->u.genesis.log_name, op->u.genesis.log_name_len);
    memcpy(fold->log_pk, op->u.genesis.log_pk, PK_LEN);
    memcpy(fold->resp_pk, op->u.genesis.resp_pk, PK_LEN);
    leaf_hash(fold->genesis_hash, leaf->header, leaf->header_len, leaf->sig);
    fold->succeeds = op->u.genesis.succeeds;
    memcpy(fold->old_space, op->u.genesis.old_space, ID_LEN);
    fold->old_size = op->u.genesis.old_size;
    memcpy(fold->old_root, op->u.genesis.old_root, HASH_LEN);
    add_device(fold, op->u.genesis.ed_pk, op->u.genesis.x_pk, ROLES_FOUNDER, entry);
}

static void close_invite(struct fold *fold, const uint8_t *pk)
{
    const struct fold_invite *invite = fold_invite(fold, pk);
    assert(invite);
    fold->invites[invite - fold->invites] = fold->invites[--fold->n_invites];
}

/* What a removed device proposed goes with it: nobody should complete by mistake what a thief began. */
static void drop_proposals_of(struct fold *fold, const uint8_t *device)
{
    size_t kept = 0;
    for (size_t i = 0; i < fold->n_proposals; i++) {
        if (memcmp(fold->proposals[i].author, device, ID_LEN) != 0)
            fold->proposals[kept++] = fold->proposals[i];
    }
    fold->n_proposals = kept;
}

static void lose_reader(struct fold *fold, uint64_t index)
{
    fold->cut_since = index + 1;
    fold->rotation_pending = true;
}

bool fold_trial_ends(size_t sheets, size_t keepers)
{
    return sheets > 0 || keepers >= TRIAL_KEEPERS;
}

static void effect_member(struct fold *fold, const struct fold_entry *entry,
                          const struct fold_plan *plan)
{
    if (plan->kind == KIND_DEVICE_ADD) {
        add_device(fold, plan->who.ed_pk, plan->who.x_pk, plan->roles, entry);
        fold->devices[fold->n_devices - 1].kind = plan->who.kind;
        if (plan->by_invite)
            close_invite(fold, plan->who.invite_pk);
    } else {
        struct fold_device *device = device_for_change(fold, plan->target);
        int before = fold_seal_type(device->roles);
        if (plan->kind == KIND_DEVICE_REVOKE) {
            device->active = false;
            device->revoked = entry->index;
            device->mode = plan->mode;
            device->cut = plan->cut;
            if (before)
                lose_reader(fold, entry->index);
        } else {
            device->roles = plan->roles;
            int after = fold_seal_type(plan->roles);
            if (before && after != before && after != SEAL_MEMBER)
                lose_reader(fold, entry->index);
        }
    }
    size_t sheets = 0;
    for (size_t i = 0; i < fold->n_devices; i++)
        sheets += fold->devices[i].active && fold->devices[i].kind == DEVICE_PAPER;
    if (fold_trial_ends(sheets, fold_keepers(fold)))
        fold->trial = false;
}

static void effect_epoch(struct fold *fold, const struct fold_entry *entry)
{
    const struct op *op = &entry->leaf->op;
    struct fold_epoch *epoch = &fold->epochs[fold->n_epochs++];
    *epoch = (struct fold_epoch){.epoch = op->u.epoch_change.epoch,
                                 .suite = op->u.epoch_change.suite,
                                 .index = entry->index,
                                 .t_recv_ms = entry->t_recv_ms,
                                 .seen = entry->leaf->seen_size};
    memcpy(epoch->kcom_ek, op->u.epoch_change.kcom_ek, HASH_LEN);
    memcpy(epoch->kcom_sk, op->u.epoch_change.kcom_sk, HASH_LEN);
    memcpy(epoch->kcom_route, op->u.epoch_change.kcom_route, HASH_LEN);
    memcpy(epoch->wrap_ek, op->u.epoch_change.wrap_ek, WRAP_LEN);
    memcpy(epoch->wrap_route, op->u.epoch_change.wrap_route, WRAP_LEN);
    memcpy(epoch->seals_hash, entry->leaf->keys, HASH_LEN);
    fold->rotation_pending = false;
}

static void effect_witnesses(struct fold *fold, const struct op *op)
{
    fold->quorum = op->u.witness_set.quorum;
    fold->n_witnesses = op->u.witness_set.n;
    for (unsigned i = 0; i < op->u.witness_set.n; i++) {
        fold->witnesses[i] = (struct fold_witness){0};
        memcpy(fold->witnesses[i].name, op->u.witness_set.witness[i].name,
               op->u.witness_set.witness[i].name_len);
        memcpy(fold->witnesses[i].pk, op->u.witness_set.witness[i].pk, PK_LEN);
    }
}

static void effect_erase(struct fold *fold, const struct fold_entry *entry)
{
    const struct op *op = &entry->leaf->op;
    size_t at = 0;
    while (at < fold->n_erased && memcmp(fold->erased[at].shred, op->u.erase.shred, ID_LEN) < 0)
        at++;
    memmove(&fold->erased[at + 1], &fold->erased[at], (fold->n_erased - at) * sizeof *fold->erased);
    fold->n_erased++;
    struct fold_erased *erased = &fold->erased[at];
    *erased = (struct fold_erased){.index = entry->index, .reason = op->u.erase.reason};
    memcpy(erased->shred, op->u.erase.shred, ID_LEN);
    memcpy(erased->row, op->u.erase.row, ID_LEN);
    memcpy(erased->device, entry->leaf->device, ID_LEN);
}

static void effect_moved(struct fold *fold, const struct fold_entry *entry)
{
    struct fold_moved *moved = &fold->moved[fold->n_moved++];
    *moved = (struct fold_moved){.index = entry->index};
    memcpy(moved->shred, entry->leaf->op.u.moved.shred, ID_LEN);
    memcpy(moved->to, entry->leaf->op.u.moved.to_space, ID_LEN);
    memcpy(moved->device, entry->leaf->device, ID_LEN);
}

static void effect_grant(struct fold *fold, const struct fold_entry *entry,
                         const struct fold_proposal *proposal)
{
    struct fold_grant *grant = &fold->grants[fold->n_grants++];
    *grant = (struct fold_grant){.one_dossier = proposal->u.grant.one_dossier,
                                 .from_s = proposal->u.grant.from_s,
                                 .to_s = proposal->u.grant.to_s,
                                 .expires_s = proposal->u.grant.expires_s,
                                 .index = entry->index};
    memcpy(grant->hash, proposal->hash, HASH_LEN);
    memcpy(grant->auditor, proposal->target, ID_LEN);
    memcpy(grant->second, entry->leaf->device, ID_LEN);
    memcpy(grant->shred, proposal->u.grant.shred, ID_LEN);
}

/* Expired proposals make room first. */
static void keep_proposal(struct fold *fold, const struct fold_entry *entry,
                          const struct fold_plan *plan)
{
    const struct op *op = &entry->leaf->op;
    size_t kept = 0;
    for (size_t i = 0; i < fold->n_proposals; i++) {
        if (proposal_open(&fold->proposals[i], entry->t_recv_ms))
            fold->proposals[kept++] = fold->proposals[i];
    }
    fold->n_proposals = kept;
    struct fold_proposal *proposal = &fold->proposals[fold->n_proposals++];
    *proposal = (struct fold_proposal){
        .index = entry->index, .t_recv_ms = entry->t_recv_ms, .kind = plan->kind};
    leaf_hash(proposal->hash, entry->leaf->header, entry->leaf->header_len, entry->leaf->sig);
    memcpy(proposal->author, entry->leaf->device, ID_LEN);
    memcpy(proposal->target, plan->target, ID_LEN);
    if (plan->kind == KIND_DEVICE_ADD) {
        proposal->u.add.who = plan->who;
        proposal->u.add.roles = plan->roles;
    } else if (plan->kind == KIND_DEVICE_REVOKE) {
        proposal->u.revoke.mode = plan->mode;
        proposal->u.revoke.cut = plan->cut;
    } else if (plan->kind == KIND_ROLE_SET) {
        proposal->u.roles = plan->roles;
    } else {
        proposal->u.grant.one_dossier = op->u.audit_grant.one_dossier;
        memcpy(proposal->u.grant.shred, op->u.audit_grant.shred, ID_LEN);
        proposal->u.grant.from_s = op->u.audit_grant.from_s;
        proposal->u.grant.to_s = op->u.audit_grant.to_s;
        proposal->u.grant.expires_s = op->u.audit_grant.expires_s;
    }
}

static void effect_other(struct fold *fold, const struct fold_entry *entry,
                         const struct fold_plan *plan)
{
    const struct op *op = &entry->leaf->op;
    struct fold_device *device;
    switch (plan->kind) {
    case KIND_LOG_KEY:
        fold->log_keys[fold->n_log_keys].until = entry->index;
        memcpy(fold->log_keys[fold->n_log_keys++].pk, fold->log_pk, PK_LEN);
        memcpy(fold->log_pk, op->u.log_key.log_pk, PK_LEN);
        memcpy(fold->resp_pk, op->u.log_key.resp_pk, PK_LEN);
        break;
    case KIND_WITNESS_SET:
        effect_witnesses(fold, op);
        break;
    case KIND_PACK_SET:
        fold->pack_number = op->u.pack_set.number;
        memcpy(fold->pack_hash, op->u.pack_set.hash, HASH_LEN);
        fold->pack_index = entry->index;
        break;
    case KIND_DEVICE_REKEY:
        device = device_for_change(fold, entry->leaf->device);
        memcpy(device->x_pk, op->u.device_rekey.x_pk, PK_LEN);
        device->x_index = entry->index;
        device->x_ms = entry->t_recv_ms;
        break;
    case KIND_INVITE:
        fold->invites[fold->n_invites] = (struct fold_invite){.roles = op->u.invite.roles,
                                                              .expires_s = op->u.invite.expires_s,
                                                              .index = entry->index};
        memcpy(fold->invites[fold->n_invites++].pk, op->u.invite.invite_pk, PK_LEN);
        break;
    case KIND_INVITE_CLOSE:
        close_invite(fold, op->u.invite_close.invite_pk);
        break;
    case KIND_AUDIT_CLOSE:
        fold->grants[plan->grant_index].closed = true;
        break;
    default: /* label, purge, adopt, moved, export_notice, access, data: nothing that the fold holds */
        break;
    }
}

void fold_rules_effect(struct fold *fold, const struct fold_entry *entry,
                       const struct fold_plan *plan)
{
    if (plan->proposes) {
        keep_proposal(fold, entry, plan);
        return;
    }
    switch (plan->kind) {
    case KIND_GENESIS:
        effect_genesis(fold, entry);
        break;
    case KIND_DEVICE_ADD:
    case KIND_DEVICE_REVOKE:
    case KIND_ROLE_SET:
        effect_member(fold, entry, plan);
        break;
    case KIND_EPOCH_CHANGE:
        effect_epoch(fold, entry);
        break;
    case KIND_ERASE:
        effect_erase(fold, entry);
        break;
    case KIND_MOVED:
        effect_moved(fold, entry);
        break;
    case KIND_AUDIT_GRANT:
        effect_grant(fold, entry, &fold->proposals[plan->proposal]);
        break;
    default:
        effect_other(fold, entry, plan);
        break;
    }
    if (entry->leaf->kind == KIND_CONFIRM)
        fold->proposals[plan->proposal] = fold->proposals[--fold->n_proposals];
    if (plan->kind == KIND_DEVICE_REVOKE)
        drop_proposals_of(fold, plan->target);
}
