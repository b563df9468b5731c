/* SPDX-License-Identifier: Apache-2.0
 *
 * Founding, following, admitting. What is carried over stands in succeed_carry.c.
 */
#include "client/succeed.h"

#include <stdio.h>
#include <string.h>

#include "client/enrol.h"
#include "client/rekey.h"
#include "client/succeed_inside.h"
#include "proto/digest.h"
#include "proto/sign.h"

struct space *succeed_of(const struct engine *engine, const struct space *old, size_t *i)
{
    for (*i = 0; *i < engine->n_spaces; (*i)++) {
        struct space *space = engine->spaces[*i];
        if (memcmp(space->pub.old, old->pub.id, ID_LEN) == 0 && space->pub.state != SPACE_REFUSED &&
            space->pub.state != SPACE_REVOKED)
            return space;
    }
    return NULL;
}

/* --- founding --- */

/* What shows that the history cannot go on. */
static bool is_broken(const struct space *space)
{
    return space->pub.alarm == ERR_FORK || space->pub.alarm == ERR_ROLLBACK ||
           space->pub.alarm == ERR_ROOT;
}

enum err succeed_found(struct engine *engine, size_t i, const uint8_t *server, size_t server_len,
                       const char *name, size_t *out)
{
    enum err err = ERR_OK;
    struct space *old = engine_at(engine, i);
    size_t there;
    if (!space_may(engine, old, ROLE_ADMIN) || old->fold->size == 0)
        return ERR_DENIED;
    if (old->succeeded && succeed_of(engine, old, &there))
        return ERR_EXISTS;
    if (!is_broken(old))
        return ERR_USAGE;
    TRY(enrol_found_next(engine, old, server, server_len, name, out));
out:
    return err;
}

/* --- following --- */

/* The genesis that the server shows, if this device follows it: signed by an administrator of the old space, for the
 * same readers. */
static enum err read_genesis(const struct space *old, const struct message_inbox *item,
                             struct leaf *genesis)
{
    enum err err = ERR_OK;
    struct message_successor shown;
    TRY(message_successor_decode(&shown, item->payload, item->payload_len));
    TRY(leaf_decode(genesis, shown.header, shown.header_len, shown.sig));
    const struct op *op = &genesis->op;
    if (genesis->kind != KIND_GENESIS || !op->u.genesis.succeeds ||
        memcmp(op->u.genesis.old_space, old->pub.id, ID_LEN) != 0)
        TRY(ERR_FORMAT);
    TRY(leaf_verify(genesis, op->u.genesis.ed_pk));
    /* Which keys of the server it names is the administrator's to say, as in any genesis. */
    if (!succeed_rightful(old, genesis->device, op->u.genesis.level))
        err = ERR_DENIED;
out:
    return err;
}

bool succeed_rightful(const struct space *old, const uint8_t founder[static ID_LEN],
                      enum space_level level)
{
    return fold_has_role(old->fold, founder, ROLE_ADMIN) && old->fold->level == level;
}

/* The own keys, stated for the log. */
static enum err state_keys(const struct engine *engine, const uint8_t *space, struct buf *out)
{
    enum err err = ERR_OK;
    struct buf part = {0};
    struct op_join said = {.kind = DEVICE_ORDINARY};
    memcpy(said.ed_pk, engine->ring.ed_pk, PK_LEN);
    TRY(rekey_newest(engine, space, said.x_pk));
    op_proof_part(&part, PROOF_STATEMENT, &said);
    TRY(part.err);
    struct op_proof proof = {.type = PROOF_STATEMENT, .part = part.bytes, .part_len = part.len};
    const struct digest_part signed_part = {part.bytes, part.len};
    TRY(sign_make(proof.device_sig, engine->ring.device->ed_sk, TAG_KEYS, &signed_part, 1));
    buf_reset(out);
    message_statement_encode(out, &proof);
    err = out->err;
out:
    buf_free(&part);
    return err;
}

static enum err follow(struct engine *engine, const struct space *old, const struct leaf *genesis,
                       bool *again)
{
    enum err err = ERR_OK;
    struct space *space = NULL;
    uint8_t id[ID_LEN];
    size_t i;
    leaf_space_id(id, genesis->header, genesis->header_len);
    if (engine_space_by_id(engine, id, &i))
        goto out;
    TRY(space_new(&space, id));
    space->server = old->server;
    space->pub.level = genesis->op.u.genesis.level;
    space->pub.state = SPACE_WAITING;
    space->restated = true;
    memcpy(space->pub.old, old->pub.id, ID_LEN);
    memcpy(space->pub.url, old->pub.url, sizeof space->pub.url);
    snprintf(space->own_name, sizeof space->own_name, "%.*s 2", NAME_LEN_MAX - 2, old->pub.name);
    leaf_hash(space->genesis, genesis->header, genesis->header_len, genesis->sig);
    TRY(rekey_new(engine, id));
    TRY(state_keys(engine, id, &space->join));
    err = enrol_keep_next(engine, space, &i);
    *again = *again || err == ERR_OK;
    space = NULL;
out:
    space_free(engine, space);
    return err;
}

enum err succeed_inbox(struct engine *engine, const struct space *space,
                       const struct message_row *row, bool *again)
{
    enum err err = ERR_OK;
    for (size_t i = 0; row->full && i < row->n_inbox && err == ERR_OK; i++) {
        struct leaf genesis = {0};
        const struct fold_device *self = space_self(engine, space);
        if (row->inbox[i].type != INBOX_SUCCESSOR || !self || !self->active)
            continue;
        err = read_genesis(space, &row->inbox[i], &genesis);
        /* Whatever else a server shows is no reason to go anywhere. */
        err = err == ERR_OK                       ? follow(engine, space, &genesis, again)
              : err_category(err) == CAT_INTERNAL ? err
                                                  : ERR_OK;
        leaf_fini(&genesis);
    }
    return err;
}

/* --- admitting --- */

static bool add_waits(const struct space *space, const uint8_t *device)
{
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        const struct outbox_operation *operation = &space->outbox.operations[i];
        if (operation->kind == KIND_DEVICE_ADD && memcmp(operation->target, device, ID_LEN) == 0)
            return true;
    }
    for (size_t i = 0; i < space->fold->n_proposals; i++) {
        const struct fold_proposal *proposal = &space->fold->proposals[i];
        if (proposal->kind == KIND_DEVICE_ADD && memcmp(proposal->target, device, ID_LEN) == 0)
            return true;
    }
    return false;
}

static enum err queue_member(struct engine *engine, struct space *space, size_t old,
                             const struct fold_device *member, const struct op_proof *proof)
{
    enum err err = ERR_OK;
    struct op add = {.kind = KIND_DEVICE_ADD}, label = {.kind = KIND_LABEL};
    const char *name = engine_device_label(engine, old, member->id);
    add.u.device_add.roles = member->roles;
    add.u.device_add.proof = *proof;
    TRY(outbox_operate(engine, space, &add, member->id, NULL, 0));
    label.u.label.target = LABEL_DEVICE;
    memcpy(label.u.label.id, member->id, ID_LEN);
    if (name[0])
        TRY(outbox_operate(engine, space, &label, member->id, (const uint8_t *)name, strlen(name)));
out:
    return err;
}

enum err succeed_admit(struct engine *engine, struct space *space, const struct message_row *row)
{
    enum { ROLES_PLAIN = ROLE_READER | ROLE_WRITER };
    enum err err = ERR_OK;
    size_t i;
    const struct space *old = engine_space_by_id(engine, space->pub.old, &i);
    if (!old || !old->succeeded || !old->carried || space->pub.state != SPACE_ACTIVE)
        return ERR_OK;
    for (size_t k = 0; k < row->n_inbox; k++) {
        struct op_proof proof;
        struct op_join said;
        uint8_t id[ID_LEN];
        const struct message_inbox *item = &row->inbox[k];
        if (item->type != INBOX_STATEMENT ||
            message_statement_decode(&proof, item->payload, item->payload_len) != ERR_OK ||
            op_proof_verify(&said, &proof, space->pub.id) != ERR_OK)
            continue;
        sign_device_id(id, said.ed_pk);
        const struct fold_device *member = fold_device(old->fold, id);
        bool plain = member && !(member->roles & ~ROLES_PLAIN);
        /* Whoever is no member there is admitted by nobody's program. */
        if (!member || !member->active || said.kind != member->kind ||
            fold_device(space->fold, id) || add_waits(space, id) ||
            !space_may(engine, space, plain ? ROLE_ADMIN | ROLE_STEWARD : ROLE_ADMIN))
            continue;
        TRY(queue_member(engine, space, i, member, &proof));
    }
out:
    return err;
}
