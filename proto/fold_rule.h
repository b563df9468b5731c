/* SPDX-License-Identifier: Apache-2.0
 *
 * fold_rule: between the fold_rules*.c files: the rule of one kind of leaf. fold_rules.c holds the table of them, by kind.
 *
 * A new kind is a rule here, a row there, and a line of fold_rules_reserve when its effect adds to an array.
 */
#ifndef PROTO_FOLD_RULE_H
#define PROTO_FOLD_RULE_H

#include "proto/fold_rules.h"

enum { ROLES_KEEPER = ROLE_ADMIN | ROLE_GUARDIAN };

struct fold_rule {
    /** Whether the leaf is valid; fills the plan, in which `kind` stands already. NULL: any active device may. */
    enum err (*judge)(const struct fold *fold, const struct fold_entry *entry,
                      struct fold_plan *plan);
    /** Whether what a proposal asked for still makes sense when the second leaf comes: the space may have changed since.
     * Kinds that are proposed have it. */
    enum err (*check)(const struct fold *fold, const struct fold_plan *plan);
    /** Carries the plan out, in memory that was reserved. NULL: nothing that the fold holds. */
    void (*effect)(struct fold *fold, const struct fold_entry *entry, const struct fold_plan *plan);
};

/* fold_rules_member.c: devices and invites */
extern const struct fold_rule fold_rule_genesis, fold_rule_device_add, fold_rule_device_revoke,
    fold_rule_role_set, fold_rule_device_rekey, fold_rule_invite, fold_rule_invite_close;

/* fold_rules_space.c: what holds for the space as a whole */
extern const struct fold_rule fold_rule_epoch_change, fold_rule_log_key, fold_rule_witness_set,
    fold_rule_pack_set, fold_rule_label;

/* fold_rules_dossier.c: what is written, erased, moved, and who may look into it */
extern const struct fold_rule fold_rule_data, fold_rule_erase, fold_rule_purge, fold_rule_adopt,
    fold_rule_moved, fold_rule_audit_grant, fold_rule_audit_close;

/** Whether the author is an active device with one of these roles. */
bool fold_rules_author_has(const struct fold *fold, const struct fold_entry *entry, uint8_t any);

#endif
