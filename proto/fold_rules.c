/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of rules, what all of them share, and proposals: what waits for a second leaf.
 */
#include "proto/fold_rules.h"

#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/fold_rule.h"

bool fold_rules_author_has(const struct fold *fold, const struct fold_entry *entry, uint8_t any)
{
    const struct fold_device *author = fold_device(fold, entry->leaf->device);
    return author && author->active && author->roles & any;
}

/* --- proposals --- */

static bool proposal_open(const struct fold_proposal *proposal, uint64_t t_recv_ms)
{
    return t_recv_ms <= proposal->t_recv_ms + (uint64_t)PROPOSAL_MS;
}

static size_t open_proposals(const struct fold *fold, uint64_t t_recv_ms)
{
    size_t n = 0;
    for (size_t i = 0; i < fold->n_proposals; i++)
        n += proposal_open(&fold->proposals[i], t_recv_ms);
    return n;
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

/* --- the second leaf --- */

static const struct fold_rule *rule_of(enum leaf_kind kind);

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
        if (!fold_rules_author_has(fold, entry, grant ? ROLE_ADMIN | ROLE_STEWARD : ROLES_KEEPER) ||
            memcmp(entry->leaf->device, proposal->author, ID_LEN) == 0 ||
            memcmp(entry->leaf->device, proposal->target, ID_LEN) == 0)
            return ERR_DENIED;
        plan->proposal = i;
        plan_from_proposal(plan, proposal);
        return rule_of(plan->kind)->check(fold, plan);
    }
    return ERR_NOT_FOUND;
}

/* --- the table --- */

static const struct fold_rule confirm = {.judge = judge_confirm};

static const struct {
    enum leaf_kind kind;
    const struct fold_rule *rule;
} rules[] = {
    {KIND_GENESIS, &fold_rule_genesis},
    {KIND_DEVICE_ADD, &fold_rule_device_add},
    {KIND_DEVICE_REVOKE, &fold_rule_device_revoke},
    {KIND_ROLE_SET, &fold_rule_role_set},
    {KIND_EPOCH_CHANGE, &fold_rule_epoch_change},
    {KIND_LOG_KEY, &fold_rule_log_key},
    {KIND_WITNESS_SET, &fold_rule_witness_set},
    {KIND_PACK_SET, &fold_rule_pack_set},
    {KIND_CONFIRM, &confirm},
    {KIND_DEVICE_REKEY, &fold_rule_device_rekey},
    {KIND_INVITE, &fold_rule_invite},
    {KIND_INVITE_CLOSE, &fold_rule_invite_close},
    {KIND_LABEL, &fold_rule_label},
    {KIND_ERASE, &fold_rule_erase},
    {KIND_PURGE, &fold_rule_purge},
    {KIND_ADOPT, &fold_rule_adopt},
    {KIND_MOVED, &fold_rule_moved},
    {KIND_AUDIT_GRANT, &fold_rule_audit_grant},
    {KIND_AUDIT_CLOSE, &fold_rule_audit_close},
    {KIND_DATA, &fold_rule_data},
    {KIND_SNAPSHOT, &fold_rule_data},
};

/* Without a rule: every active device may, and the fold holds nothing of it (export_notice, access). */
static const struct fold_rule *rule_of(enum leaf_kind kind)
{
    static const struct fold_rule none;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].kind == kind)
            return rules[i].rule;
    }
    return &none;
}

/* --- what fold.c asks --- */

enum err fold_rules_judge(const struct fold *fold, const struct fold_entry *entry,
                          struct fold_plan *plan)
{
    const struct fold_rule *rule = rule_of(entry->leaf->kind);
    enum err err = rule->judge ? rule->judge(fold, entry, plan) : ERR_OK;
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

enum err fold_rules_reserve(struct fold *fold, const struct fold_plan *plan)
{
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

void fold_rules_effect(struct fold *fold, const struct fold_entry *entry,
                       const struct fold_plan *plan)
{
    if (plan->proposes) {
        keep_proposal(fold, entry, plan);
        return;
    }
    const struct fold_rule *rule = rule_of(plan->kind);
    if (rule->effect)
        rule->effect(fold, entry, plan);
    if (entry->leaf->kind == KIND_CONFIRM)
        fold->proposals[plan->proposal] = fold->proposals[--fold->n_proposals];
    if (plan->kind == KIND_DEVICE_REVOKE)
        drop_proposals_of(fold, plan->target);
}
