/* SPDX-License-Identifier: Apache-2.0 */
#include "client/operate_seals.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/seal.h"
#include "proto/sign.h"

static enum err add_member(struct seals *seals, const uint8_t *id, const uint8_t *x_pk,
                           uint8_t roles, bool active, enum device_kind kind)
{
    if (seals->n_members == seals->cap) {
        size_t cap = seals->cap ? 2 * seals->cap : 16;
        struct seals_member *grown = realloc(seals->members, cap * sizeof *grown);
        if (!grown)
            return ERR_MEMORY;
        seals->members = grown;
        seals->cap = cap;
    }
    struct seals_member *member = &seals->members[seals->n_members++];
    *member =
        (struct seals_member){.roles = roles, .active = active, .paper = kind == DEVICE_PAPER};
    memcpy(member->id, id, ID_LEN);
    memcpy(member->x_pk, x_pk, PK_LEN);
    return ERR_OK;
}

static struct seals_member *find(const struct seals *seals, const uint8_t *id)
{
    for (size_t i = 0; i < seals->n_members; i++) {
        if (memcmp(seals->members[i].id, id, ID_LEN) == 0)
            return &seals->members[i];
    }
    return NULL;
}

enum err seals_start(const struct space *space, struct seals *seals)
{
    enum err err = ERR_OK;
    seals->trial = space->fold->trial;
    for (size_t i = 0; i < space->fold->n_devices && err == ERR_OK; i++) {
        const struct fold_device *d = &space->fold->devices[i];
        err = add_member(seals, d->id, d->x_pk, d->roles, d->active, d->kind);
    }
    return err;
}

enum err seals_found(struct seals *seals, const uint8_t id[static ID_LEN],
                     const uint8_t x_pk[static PK_LEN])
{
    seals->trial = true;
    return add_member(seals, id, x_pk, ROLE_READER, true, DEVICE_ORDINARY);
}

static void clear_list(struct seals *seals)
{
    free(seals->list);
    free(seals->bytes);
    seals->list = NULL;
    seals->bytes = NULL;
    seals->n = 0;
}

void seals_free(struct seals *seals)
{
    clear_list(seals);
    free(seals->members);
    *seals = (struct seals){0};
}

static enum err list_room(struct seals *seals, size_t n)
{
    clear_list(seals);
    seals->list = calloc(n + 1, sizeof *seals->list);
    seals->bytes = calloc(n + 1, sizeof *seals->bytes);
    return seals->list && seals->bytes ? ERR_OK : ERR_MEMORY;
}

/* `keys` is EK | SK, or K_route, by `type`. */
static void put_seal(struct seals *seals, const uint8_t *id, const uint8_t *x_pk, uint32_t epoch,
                     enum seal_type type, const uint8_t *keys)
{
    struct leaf_seal *seal = &seals->list[seals->n];
    memcpy(seal->device, id, ID_LEN);
    seal->epoch = epoch;
    seal->type = (uint8_t)type;
    seal->seal = seals->bytes[seals->n];
    seal_to_device(seals->bytes[seals->n], &seal->seal_len, type, keys, x_pk);
    seals->n++;
}

/* --- who a leaf is about --- */

/* What an operation on one member will do once it takes effect. */
struct target {
    bool takes_effect;
    enum leaf_kind kind;
    uint8_t id[ID_LEN];
    uint8_t x_pk[PK_LEN]; /* device_add */
    uint8_t roles;
    enum device_kind device; /* device_add */
};

static const struct fold_proposal *proposal_of(const struct fold *fold, const uint8_t *hash)
{
    for (size_t i = 0; i < fold->n_proposals; i++) {
        if (memcmp(fold->proposals[i].hash, hash, HASH_LEN) == 0)
            return &fold->proposals[i];
    }
    return NULL;
}

static void target_of_proposal(const struct fold_proposal *proposal, struct target *target)
{
    target->kind = proposal->kind;
    memcpy(target->id, proposal->target, ID_LEN);
    if (proposal->kind == KIND_DEVICE_ADD) {
        memcpy(target->x_pk, proposal->u.add.who.x_pk, PK_LEN);
        target->device = proposal->u.add.who.kind;
        target->roles = proposal->u.add.roles;
    } else if (proposal->kind == KIND_ROLE_SET) {
        target->roles = proposal->u.roles;
    }
}

static void target_of(const struct space *space, const struct leaf *leaf, const struct seals *seals,
                      struct target *target)
{
    const struct op *op = &leaf->op;
    struct op_join join;
    /* An earlier leaf of the same push may end the trial: then this one only proposes. */
    struct fold then = *space->fold;
    then.trial = seals->trial;
    *target = (struct target){.kind = leaf->kind, .takes_effect = !fold_needs_second(&then, leaf)};
    switch (leaf->kind) {
    case KIND_DEVICE_ADD:
        if (op_proof_decode(&join, &op->u.device_add.proof) != ERR_OK) {
            target->takes_effect = false;
            break;
        }
        sign_device_id(target->id, join.ed_pk);
        memcpy(target->x_pk, join.x_pk, PK_LEN);
        target->device = join.kind;
        target->roles = op->u.device_add.roles;
        break;
    case KIND_ROLE_SET:
        memcpy(target->id, op->u.role_set.device, ID_LEN);
        target->roles = op->u.role_set.roles;
        break;
    case KIND_DEVICE_REVOKE:
        memcpy(target->id, op->u.device_revoke.device, ID_LEN);
        break;
    case KIND_CONFIRM: {
        const struct fold_proposal *proposal = proposal_of(space->fold, op->u.confirm.hash);
        target->takes_effect = proposal != NULL;
        if (proposal)
            target_of_proposal(proposal, target);
        break;
    }
    default:
        target->takes_effect = false;
    }
}

enum err seals_for_member(struct engine *engine, const struct space *space, const struct leaf *leaf,
                          struct seals *seals)
{
    enum err err = ERR_OK;
    struct target target;
    (void)engine;
    target_of(space, leaf, seals, &target);
    clear_list(seals);
    if (!target.takes_effect || (target.kind != KIND_DEVICE_ADD && target.kind != KIND_ROLE_SET))
        return ERR_OK;
    const struct seals_member *member = find(seals, target.id);
    int type = fold_seal_type(target.roles);
    if (!type ||
        (target.kind == KIND_ROLE_SET && (!member || type == fold_seal_type(member->roles))))
        return ERR_OK;
    const struct space_epoch *keys = space_epoch(space, leaf->epoch);
    if (!keys || (type == SEAL_MEMBER && (!keys->ek || !keys->sk)))
        return ERR_NO_KEY;
    TRY(list_room(seals, 1));
    uint8_t both[2 * KEY_LEN];
    if (type == SEAL_MEMBER) {
        memcpy(both, keys->ek, KEY_LEN);
        memcpy(both + KEY_LEN, keys->sk, KEY_LEN);
    } else {
        memcpy(both, keys->route, KEY_LEN);
    }
    put_seal(seals, target.id, target.kind == KIND_DEVICE_ADD ? target.x_pk : member->x_pk,
             leaf->epoch, (enum seal_type)type, both);
    digest_wipe(both, sizeof both);
out:
    return err;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct seals_member *)a)->id, ((const struct seals_member *)b)->id,
                  ID_LEN);
}

enum err seals_for_all(struct seals *seals, uint32_t epoch, const uint8_t ek_sk[static 2 * KEY_LEN],
                       const uint8_t route[static KEY_LEN])
{
    enum err err = list_room(seals, seals->n_members);
    if (err != ERR_OK)
        return err;
    qsort(seals->members, seals->n_members, sizeof *seals->members, by_id);
    for (size_t i = 0; i < seals->n_members; i++) {
        const struct seals_member *member = &seals->members[i];
        int type = member->active ? fold_seal_type(member->roles) : 0;
        if (type)
            put_seal(seals, member->id, member->x_pk, epoch, (enum seal_type)type,
                     type == SEAL_MEMBER ? ek_sk : route);
    }
    return ERR_OK;
}

enum err seals_hash(const struct seals *seals, uint8_t hash[static HASH_LEN])
{
    struct buf lines = {.max = DEVICES_MAX * SEAL_LINE_LEN};
    for (size_t i = 0; i < seals->n; i++) {
        uint8_t *line = buf_room(&lines, SEAL_LINE_LEN);
        if (line)
            leaf_seal_line(line, &seals->list[i]);
    }
    enum err err = lines.err;
    if (err == ERR_OK)
        leaf_seals_hash(hash, lines.bytes, seals->n);
    buf_free(&lines);
    return err;
}

static void end_trial(struct seals *seals)
{
    size_t sheets = 0, keepers = 0;
    for (size_t i = 0; i < seals->n_members; i++) {
        const struct seals_member *one = &seals->members[i];
        sheets += one->active && one->paper;
        keepers += one->active && (one->paper || one->roles & (ROLE_ADMIN | ROLE_GUARDIAN));
    }
    seals->trial = seals->trial && !fold_trial_ends(sheets, keepers);
}

void seals_follow(const struct space *space, const struct leaf *leaf, struct seals *seals)
{
    struct target target;
    clear_list(seals);
    if (!kind_is_chained(leaf->kind) || leaf->kind == KIND_EPOCH_CHANGE)
        return;
    target_of(space, leaf, seals, &target);
    if (!target.takes_effect)
        return;
    struct seals_member *member = find(seals, target.id);
    bool read = member && member->active && fold_seal_type(member->roles) == SEAL_MEMBER;
    if (target.kind == KIND_DEVICE_ADD && !member) {
        /* Without memory the epoch_change behind it is refused as incomplete, and made again. */
        enum err err = add_member(seals, target.id, target.x_pk, target.roles, true, target.device);
        (void)err;
    } else if (target.kind == KIND_ROLE_SET && member) {
        member->roles = target.roles;
        seals->lost = seals->lost || (read && fold_seal_type(target.roles) != SEAL_MEMBER);
    } else if (target.kind == KIND_DEVICE_REVOKE && member) {
        seals->lost = seals->lost || fold_seal_type(member->roles) != 0;
        member->active = false;
    }
    end_trial(seals);
}
