/* SPDX-License-Identifier: Apache-2.0
 *
 * fold_rules: the inside of fold (PROTOCOL.md 6.2): one rule per kind of leaf (fold_rule.h), a judge and an effect. Only fold*.c include it.
 *
 * A judge looks and fills a plan, an effect carries the plan out; between them stands the reservation of
 * memory, so that an effect cannot fail.
 */
#ifndef PROTO_FOLD_RULES_H
#define PROTO_FOLD_RULES_H

#include "proto/fold.h"

/** What a valid leaf will do. */
struct fold_plan {
    bool proposes;       /* keep it as a proposal, do nothing else */
    enum leaf_kind kind; /* of the operation that takes effect: the proposal's for a confirm */
    size_t proposal;     /* confirm: index of the proposal that it completes */
    uint8_t target[ID_LEN];
    struct op_join who; /* device_add */
    bool by_invite;
    uint8_t roles;         /* device_add, role_set */
    enum revoke_mode mode; /* device_revoke */
    uint64_t cut;
    uint64_t grant_index; /* audit_close: index into grants */
};

/** Judges the part of a leaf that depends on its kind. */
enum err fold_rules_judge(const struct fold *fold, const struct fold_entry *entry,
                          struct fold_plan *plan);

/** Makes room for what the plan will add. ERR_MEMORY: nothing changed. */
enum err fold_rules_reserve(struct fold *fold, const struct fold_plan *plan);

/** Carries it out. */
void fold_rules_effect(struct fold *fold, const struct fold_entry *entry,
                       const struct fold_plan *plan);

/** How many seals must travel with the leaf. */
enum fold_seals { FOLD_SEALS_NONE, FOLD_SEALS_ONE, FOLD_SEALS_ALL };
enum fold_seals fold_rules_seals(const struct fold *fold, const struct fold_plan *plan);

#endif
