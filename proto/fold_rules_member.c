/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/fold_rule.h"

#include <assert.h>
#include <string.h>

#include "proto/seal.h"
#include "proto/sign.h"

enum {
    ROLES_MEMBER = ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN, /* each needs reader beside it */
    ROLES_PLAIN = ROLE_READER | ROLE_WRITER,                /* what a steward may admit */
    ROLES_PAPER = ROLE_READER | ROLE_ADMIN, /* what a sheet always holds: it is a keeper */
    ROLES_FOUNDER = ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN,
    TRIAL_KEEPERS = 3
};

/* --- small questions --- */

static bool roles_ok(uint8_t roles)
{
    return roles != 0 && (!(roles & ROLES_MEMBER) || roles & ROLE_READER);
}

/* One signature decides during the trial, and a sheet's always. The author is known to be a member. */
static bool one_suffices(const struct fold *fold, const struct fold_entry *entry)
{
    return fold->trial || fold_device(fold, entry->leaf->device)->kind == DEVICE_PAPER;
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

/* --- what a first leaf asked for, and still makes sense when a second one completes it --- */

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

/* --- judges --- */

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
    if (!fold_rules_author_has(fold, entry, plain ? ROLE_ADMIN | ROLE_STEWARD : ROLE_ADMIN))
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
    if (!self && !fold_rules_author_has(fold, entry, ROLES_KEEPER))
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
    if (!fold_rules_author_has(fold, entry, ROLE_ADMIN))
        return ERR_DENIED;
    enum err err = check_role(fold, plan);
    if (err != ERR_OK)
        return err;
    const struct fold_device *target = fold_device(fold, plan->target);
    bool keeper = (target->roles ^ plan->roles) & ROLES_KEEPER || target->kind == DEVICE_PAPER;
    plan->proposes = keeper && !one_suffices(fold, entry);
    return ERR_OK;
}

static enum err judge_invite(const struct fold *fold, const struct fold_entry *entry,
                             struct fold_plan *plan)
{
    (void)plan;
    const struct op *op = &entry->leaf->op;
    bool plain = !(op->u.invite.roles & ~ROLES_PLAIN);
    if (!fold_rules_author_has(fold, entry, plain ? ROLE_ADMIN | ROLE_STEWARD : ROLE_ADMIN))
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
    if (!fold_rules_author_has(fold, entry, ROLE_ADMIN | ROLE_STEWARD))
        return ERR_DENIED;
    return fold_invite(fold, entry->leaf->op.u.invite_close.invite_pk) ? ERR_OK : ERR_NOT_FOUND;
}

/* --- effects --- */

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

static void effect_genesis(struct fold *fold, const struct fold_entry *entry,
                           const struct fold_plan *plan)
{
    (void)plan;
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

static void lose_reader(struct fold *fold, uint64_t index)
{
    fold->cut_since = index + 1;
    fold->rotation_pending = true;
}

bool fold_trial_ends(size_t sheets, size_t keepers)
{
    return sheets > 0 || keepers >= TRIAL_KEEPERS;
}

static void end_trial(struct fold *fold)
{
    size_t sheets = 0;
    for (size_t i = 0; i < fold->n_devices; i++)
        sheets += fold->devices[i].active && fold->devices[i].kind == DEVICE_PAPER;
    if (fold_trial_ends(sheets, fold_keepers(fold)))
        fold->trial = false;
}

static void effect_add(struct fold *fold, const struct fold_entry *entry,
                       const struct fold_plan *plan)
{
    add_device(fold, plan->who.ed_pk, plan->who.x_pk, plan->roles, entry);
    fold->devices[fold->n_devices - 1].kind = plan->who.kind;
    if (plan->by_invite)
        close_invite(fold, plan->who.invite_pk);
    end_trial(fold);
}

static void effect_revoke(struct fold *fold, const struct fold_entry *entry,
                          const struct fold_plan *plan)
{
    struct fold_device *device = device_for_change(fold, plan->target);
    device->active = false;
    device->revoked = entry->index;
    device->mode = plan->mode;
    device->cut = plan->cut;
    if (fold_seal_type(device->roles))
        lose_reader(fold, entry->index);
}

static void effect_role(struct fold *fold, const struct fold_entry *entry,
                        const struct fold_plan *plan)
{
    struct fold_device *device = device_for_change(fold, plan->target);
    int before = fold_seal_type(device->roles), after = fold_seal_type(plan->roles);
    device->roles = plan->roles;
    if (before && after != before && after != SEAL_MEMBER)
        lose_reader(fold, entry->index);
    end_trial(fold);
}

static void effect_rekey(struct fold *fold, const struct fold_entry *entry,
                         const struct fold_plan *plan)
{
    (void)plan;
    struct fold_device *device = device_for_change(fold, entry->leaf->device);
    memcpy(device->x_pk, entry->leaf->op.u.device_rekey.x_pk, PK_LEN);
    device->x_index = entry->index;
    device->x_ms = entry->t_recv_ms;
}

static void effect_invite(struct fold *fold, const struct fold_entry *entry,
                          const struct fold_plan *plan)
{
    (void)plan;
    const struct op *op = &entry->leaf->op;
    struct fold_invite *invite = &fold->invites[fold->n_invites++];
    *invite = (struct fold_invite){
        .roles = op->u.invite.roles, .expires_s = op->u.invite.expires_s, .index = entry->index};
    memcpy(invite->pk, op->u.invite.invite_pk, PK_LEN);
}

static void effect_invite_close(struct fold *fold, const struct fold_entry *entry,
                                const struct fold_plan *plan)
{
    (void)plan;
    close_invite(fold, entry->leaf->op.u.invite_close.invite_pk);
}

const struct fold_rule fold_rule_genesis = {.effect = effect_genesis};
const struct fold_rule fold_rule_device_add = {judge_add, check_add, effect_add};
const struct fold_rule fold_rule_device_revoke = {judge_revoke, check_revoke, effect_revoke};
const struct fold_rule fold_rule_role_set = {judge_role, check_role, effect_role};
const struct fold_rule fold_rule_device_rekey = {.effect = effect_rekey};
const struct fold_rule fold_rule_invite = {.judge = judge_invite, .effect = effect_invite};
const struct fold_rule fold_rule_invite_close = {.judge = judge_invite_close,
                                                 .effect = effect_invite_close};
