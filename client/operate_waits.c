/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations that are not made into leaves yet.
 */
#include <string.h>

#include "client/operate.h"
#include "client/operate_seals.h"

enum { NEWS_TRIES_MAX = 2 };

bool operate_needs_news(const struct space *space, const struct outbox_operation *operation)
{
    return operation->kind == KIND_DEVICE_REVOKE && !space->caught_up &&
           space->news_tries < NEWS_TRIES_MAX;
}

bool operate_needs_work(const struct space *space, const struct outbox_operation *operation)
{
    for (size_t i = 0; operation->kind == KIND_ADOPT && i < space->outbox.n_edits; i++) {
        const struct outbox_edit *edit = &space->outbox.edits[i];
        if (!edit->seq && edit->refused == ERR_OK && edit->edit == 0)
            return true;
    }
    return false;
}

static bool is_member(const struct seals *seals, const uint8_t *id)
{
    for (size_t i = 0; i < seals->n_members; i++) {
        if (memcmp(seals->members[i].id, id, ID_LEN) == 0)
            return true;
    }
    return false;
}

bool operate_needs_second(const struct space *space, const struct seals *seals,
                          const struct outbox_operation *operation)
{
    if (operation->kind != KIND_LABEL || is_member(seals, operation->target))
        return false;
    for (size_t i = 0; i < space->fold->n_proposals; i++) {
        const struct fold_proposal *proposal = &space->fold->proposals[i];
        if (proposal->kind == KIND_DEVICE_ADD &&
            memcmp(proposal->target, operation->target, ID_LEN) == 0)
            return true;
    }
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        const struct outbox_operation *other = &space->outbox.operations[i];
        if (other->kind == KIND_DEVICE_ADD && other->refused == ERR_OK &&
            memcmp(other->target, operation->target, ID_LEN) == 0)
            return true;
    }
    return false;
}

enum err operate_is_of_sheet(struct engine *engine, const struct space *space,
                             const struct outbox_operation *operation, bool *sheet)
{
    enum err err = ERR_OK;
    struct outbox_content content = {0};
    struct op_join join;
    *sheet = false;
    for (size_t i = 0; i < space->outbox.n_operations && !*sheet; i++) {
        const struct outbox_operation *other = &space->outbox.operations[i];
        if (other->kind != KIND_DEVICE_ADD || other->refused != ERR_OK ||
            (operation->kind != KIND_DEVICE_ADD && operation->kind != KIND_LABEL) ||
            memcmp(other->target, operation->target, ID_LEN) != 0)
            continue;
        TRY(outbox_content(engine, space, other, &content));
        *sheet = op_proof_decode(&join, &content.op.u.device_add.proof) == ERR_OK &&
                 join.kind == DEVICE_PAPER;
        outbox_content_free(&content);
    }
out:
    return err;
}

enum err operate_revive(struct engine *engine, struct space *space)
{
    for (size_t i = space->outbox.n_leaves; i-- > 0;) {
        struct outbox_leaf *leaf = space->outbox.leaves[i];
        const struct outbox_operation *operation =
            leaf->state == OUTBOX_REFUSED && leaf->status == ERR_PENDING
                ? outbox_operation_by_id(space, leaf->operation)
                : NULL;
        if (!operation || !fold_device(space->fold, operation->target))
            continue;
        enum err err = outbox_leaf_replace(engine, space, leaf, ERR_OK);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

bool operate_waits(const struct space *space)
{
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        const struct outbox_operation *operation = &space->outbox.operations[i];
        if (!operation->seq && operation->refused == ERR_OK && operate_needs_news(space, operation))
            return true;
    }
    return false;
}

/* Who has just signed its own leave makes no keys. */
bool operate_stays(const struct seals *seals, const struct fold_device *self)
{
    for (size_t i = 0; i < seals->n_members; i++) {
        if (memcmp(seals->members[i].id, self->id, ID_LEN) == 0)
            return seals->members[i].active && seals->members[i].roles & ROLE_ADMIN;
    }
    return false;
}
