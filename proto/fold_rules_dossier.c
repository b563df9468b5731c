/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/fold_rule.h"

#include <string.h>

#include "proto/digest.h"

/* --- judges --- */

static enum err judge_data(const struct fold *fold, const struct fold_entry *entry,
                           struct fold_plan *plan)
{
    (void)plan;
    if (!fold_rules_author_has(fold, entry, ROLE_WRITER))
        return ERR_DENIED;
    return entry->leaf->n_bodies > 0 ? ERR_OK : ERR_FORMAT;
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
    if (!fold_rules_author_has(fold, entry, purge ? ROLE_STEWARD | ROLE_WRITER : ROLE_STEWARD))
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
    if (!fold_rules_author_has(fold, entry, ROLE_STEWARD))
        return ERR_DENIED;
    return fold_device(fold, entry->leaf->op.u.adopt.device) ? ERR_OK : ERR_NOT_FOUND;
}

static enum err judge_moved(const struct fold *fold, const struct fold_entry *entry,
                            struct fold_plan *plan)
{
    (void)plan;
    if (!fold_rules_author_has(fold, entry, ROLE_STEWARD))
        return ERR_DENIED;
    return digest_equal(entry->leaf->op.u.moved.to_space, fold->space, ID_LEN) ? ERR_FORMAT
                                                                               : ERR_OK;
}

static enum err judge_audit_grant(const struct fold *fold, const struct fold_entry *entry,
                                  struct fold_plan *plan)
{
    const struct op *op = &entry->leaf->op;
    if (!fold_rules_author_has(fold, entry, ROLE_AUDITOR) ||
        memcmp(op->u.audit_grant.auditor, entry->leaf->device, ID_LEN) != 0)
        return ERR_DENIED;
    if (op->u.audit_grant.from_s > op->u.audit_grant.to_s)
        return ERR_FORMAT;
    memcpy(plan->target, op->u.audit_grant.auditor, ID_LEN);
    plan->proposes = true; /* always: no single person opens content */
    return ERR_OK;
}

static enum err check_grant(const struct fold *fold, const struct fold_plan *plan)
{
    (void)plan;
    return fold->n_grants < GRANTS_MAX ? ERR_OK : ERR_TOO_BIG;
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
        return own || fold_rules_author_has(fold, entry, ROLE_ADMIN | ROLE_STEWARD) ? ERR_OK
                                                                                    : ERR_DENIED;
    }
    return ERR_NOT_FOUND;
}

/* --- effects --- */

static void effect_erase(struct fold *fold, const struct fold_entry *entry,
                         const struct fold_plan *plan)
{
    (void)plan;
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

static void effect_moved(struct fold *fold, const struct fold_entry *entry,
                         const struct fold_plan *plan)
{
    (void)plan;
    struct fold_moved *moved = &fold->moved[fold->n_moved++];
    *moved = (struct fold_moved){.index = entry->index};
    memcpy(moved->shred, entry->leaf->op.u.moved.shred, ID_LEN);
    memcpy(moved->to, entry->leaf->op.u.moved.to_space, ID_LEN);
    memcpy(moved->device, entry->leaf->device, ID_LEN);
}

static void effect_grant(struct fold *fold, const struct fold_entry *entry,
                         const struct fold_plan *plan)
{
    const struct fold_proposal *proposal = &fold->proposals[plan->proposal];
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

static void effect_audit_close(struct fold *fold, const struct fold_entry *entry,
                               const struct fold_plan *plan)
{
    (void)entry;
    fold->grants[plan->grant_index].closed = true;
}

const struct fold_rule fold_rule_data = {.judge = judge_data};
const struct fold_rule fold_rule_erase = {.judge = judge_erase, .effect = effect_erase};
const struct fold_rule fold_rule_purge = {.judge = judge_erase};
const struct fold_rule fold_rule_adopt = {.judge = judge_adopt};
const struct fold_rule fold_rule_moved = {.judge = judge_moved, .effect = effect_moved};
const struct fold_rule fold_rule_audit_grant = {judge_audit_grant, check_grant, effect_grant};
const struct fold_rule fold_rule_audit_close = {.judge = judge_audit_close,
                                                .effect = effect_audit_close};
