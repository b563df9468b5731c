/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/fold_rule.h"

#include <string.h>

#include "proto/digest.h"
#include "proto/seal.h"

/* --- judges --- */

static enum err judge_epoch_change(const struct fold *fold, const struct fold_entry *entry,
                                   struct fold_plan *plan)
{
    (void)plan;
    const struct op *op = &entry->leaf->op;
    if (!fold_rules_author_has(fold, entry, ROLE_ADMIN))
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
    if (!fold_rules_author_has(fold, entry, ROLE_ADMIN))
        return ERR_DENIED;
    if (!entry->fresh)
        return ERR_OK;
    return op_key_offer_verify(&op->u.log_key, fold->space, fold->log_pk);
}

static enum err judge_witness_set(const struct fold *fold, const struct fold_entry *entry,
                                  struct fold_plan *plan)
{
    (void)plan;
    return fold_rules_author_has(fold, entry, ROLE_ADMIN) ? ERR_OK : ERR_DENIED;
}

static enum err judge_pack_set(const struct fold *fold, const struct fold_entry *entry,
                               struct fold_plan *plan)
{
    (void)plan;
    if (!fold_rules_author_has(fold, entry, ROLE_ADMIN))
        return ERR_DENIED;
    if (entry->leaf->n_bodies == 0)
        return ERR_FORMAT;
    return entry->leaf->op.u.pack_set.number > fold->pack_number ? ERR_OK : ERR_EXISTS;
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
        return fold_rules_author_has(fold, entry, ROLE_ADMIN) ? ERR_OK : ERR_DENIED;
    }
    if (!fold_device(fold, op->u.label.id))
        return ERR_NOT_FOUND;
    bool self = memcmp(op->u.label.id, entry->leaf->device, ID_LEN) == 0;
    return self || fold_rules_author_has(fold, entry, ROLE_ADMIN | ROLE_STEWARD) ? ERR_OK
                                                                                 : ERR_DENIED;
}

/* --- effects --- */

static void effect_epoch(struct fold *fold, const struct fold_entry *entry,
                         const struct fold_plan *plan)
{
    (void)plan;
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

/* The former key keeps the notes that it signed. */
static void effect_log_key(struct fold *fold, const struct fold_entry *entry,
                           const struct fold_plan *plan)
{
    (void)plan;
    const struct op_key_offer *offer = &entry->leaf->op.u.log_key;
    struct fold_log_key *former = &fold->log_keys[fold->n_log_keys++];
    former->until = entry->index;
    memcpy(former->pk, fold->log_pk, PK_LEN);
    memcpy(fold->log_pk, offer->log_pk, PK_LEN);
    memcpy(fold->resp_pk, offer->resp_pk, PK_LEN);
}

static void effect_witnesses(struct fold *fold, const struct fold_entry *entry,
                             const struct fold_plan *plan)
{
    (void)plan;
    const struct op *op = &entry->leaf->op;
    fold->quorum = op->u.witness_set.quorum;
    fold->n_witnesses = op->u.witness_set.n;
    for (unsigned i = 0; i < op->u.witness_set.n; i++) {
        fold->witnesses[i] = (struct fold_witness){0};
        memcpy(fold->witnesses[i].name, op->u.witness_set.witness[i].name,
               op->u.witness_set.witness[i].name_len);
        memcpy(fold->witnesses[i].pk, op->u.witness_set.witness[i].pk, PK_LEN);
    }
}

static void effect_pack(struct fold *fold, const struct fold_entry *entry,
                        const struct fold_plan *plan)
{
    (void)plan;
    const struct op *op = &entry->leaf->op;
    fold->pack_number = op->u.pack_set.number;
    memcpy(fold->pack_hash, op->u.pack_set.hash, HASH_LEN);
    fold->pack_index = entry->index;
}

const struct fold_rule fold_rule_epoch_change = {.judge = judge_epoch_change,
                                                 .effect = effect_epoch};
const struct fold_rule fold_rule_log_key = {.judge = judge_log_key, .effect = effect_log_key};
const struct fold_rule fold_rule_witness_set = {.judge = judge_witness_set,
                                                .effect = effect_witnesses};
const struct fold_rule fold_rule_pack_set = {.judge = judge_pack_set, .effect = effect_pack};
const struct fold_rule fold_rule_label = {.judge = judge_label};
