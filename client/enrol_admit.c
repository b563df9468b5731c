/* SPDX-License-Identifier: Apache-2.0
 *
 * Inviting devices and admitting them.
 *
 *   invite record  = invite_pk32 | secret32
 *   waiting record = refused u8 | payload of INBOX_JOIN
 */
#include "client/enrol.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/space_inside.h"
#include "client/succeed.h"
#include "proto/digest.h"
#include "proto/link.h"
#include "proto/seal.h"
#include "proto/sign.h"

enum { INVITE_LEN = PK_LEN + SEED_LEN };

/* --- invites --- */

enum { ROLES_PLAIN = ROLE_READER | ROLE_WRITER };

/* Runs `err` out of a transaction: after a failure memory is brought back to what the disk says. */
static enum err finish(struct engine *engine, struct space *space, enum err err)
{
    err = replica_end(engine->replica, err);
    if (err != ERR_OK) {
        enum err reload = space_reload(engine, space);
        return reload == ERR_OK ? err : reload;
    }
    /* It is done. What cannot be read again now will be before the next time (engine_begin). */
    if (space_waiting_load(engine, space) != ERR_OK)
        err = space_reload(engine, space);
    space_refresh(engine, space);
    return ERR_OK;
}

enum err engine_invite(struct engine *engine, size_t i, uint8_t roles, uint64_t expires_s,
                       struct buf *text)
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    const struct server *server = engine_server_of(engine, space);
    struct link link = {.type = LINK_INVITE};
    struct op op = {.kind = KIND_INVITE};
    uint8_t seed[SEED_LEN], sk[SK_LEN], record[INVITE_LEN];
    static const uint8_t nobody[ID_LEN];
    uint64_t id = 0;
    if (space->succeeded ||
        !space_may(engine, space, roles & ~ROLES_PLAIN ? ROLE_ADMIN : ROLE_ADMIN | ROLE_STEWARD))
        return ERR_DENIED;
    snprintf(link.url, sizeof link.url, "%s", server->url);
    memcpy(link.space, space->pub.id, ID_LEN);
    memcpy(link.genesis, space->genesis, HASH_LEN);
    digest_sha256_of(link.log_key_hash, server->log_pk, PK_LEN);
    digest_random(link.secret, SEED_LEN);
    sign_link_seed(seed, link.secret);
    sign_keypair(op.u.invite.invite_pk, sk, seed);
    op.u.invite.roles = roles;
    op.u.invite.expires_s = expires_s;
    memcpy(record, op.u.invite.invite_pk, PK_LEN);
    memcpy(record + PK_LEN, link.secret, SEED_LEN);
    TRY(replica_last_id(engine->replica, REPLICA_INVITE, space->no, &id));
    TRY(engine_begin(engine));
    err = replica_put(engine->replica, REPLICA_INVITE, space->no, id + 1, record, sizeof record);
    if (err == ERR_OK)
        err = outbox_operate(engine, space, &op, nobody, NULL, 0);
    TRY(finish(engine, space, err));
    link_print(text, &link);
    buf_u8(text, 0);
    err = text->err;
out:
    digest_wipe(&link, sizeof link);
    digest_wipe(seed, sizeof seed);
    digest_wipe(sk, sizeof sk);
    digest_wipe(record, sizeof record);
    return err;
}

/* --- who waits --- */

struct find_secret {
    const uint8_t *invite_pk;
    uint8_t secret[SEED_LEN];
    bool found;
};

static enum err find_secret(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct find_secret *find = ctx;
    (void)id;
    if (len == INVITE_LEN && memcmp(plain, find->invite_pk, PK_LEN) == 0) {
        memcpy(find->secret, plain + PK_LEN, SEED_LEN);
        find->found = true;
    }
    return ERR_OK;
}

/* The name as the joiner gave it, if this device has the link's secret. */
static enum err read_name(struct engine *engine, const struct space *space,
                          const struct message_join *message, const uint8_t *invite_pk, char *name)
{
    struct find_secret find = {.invite_pk = invite_pk};
    uint8_t key[KEY_LEN];
    enum err err = replica_each(engine->replica, REPLICA_INVITE, space->no, find_secret, &find);
    if (err == ERR_OK && find.found && message->sealed_name_len >= SEAL_BLOB_OVERHEAD &&
        message->sealed_name_len - SEAL_BLOB_OVERHEAD <= NAME_LEN_MAX) {
        uint8_t plain[NAME_LEN_MAX + 1] = {0};
        size_t len = message->sealed_name_len - SEAL_BLOB_OVERHEAD;
        seal_name_key(key, find.secret, space->pub.id);
        if (open_blob(plain, message->sealed_name, message->sealed_name_len, key, ENROL_TAG_NAME,
                      NULL, 0) == ERR_OK)
            memcpy(name, plain, len + 1);
        digest_wipe(key, sizeof key);
    }
    digest_wipe(&find, sizeof find);
    return err;
}

/* What a payload says, checked; ERR_NOT_FOUND when it is settled or worthless. */
static enum err read_join(struct engine *engine, const struct space *space, const uint8_t *payload,
                          size_t len, struct engine_waiting *out)
{
    struct message_join message;
    struct op_join join;
    enum err err = message_join_decode(&message, payload, len);
    if (err == ERR_OK)
        err = op_proof_verify(&join, &message.proof, space->pub.id);
    if (err != ERR_OK)
        return err_category(err) == CAT_INTERNAL ? err : ERR_NOT_FOUND;
    const struct fold_invite *invite = fold_invite(space->fold, join.invite_pk);
    *out = (struct engine_waiting){0};
    sign_device_id(out->device, join.ed_pk);
    if (!invite || fold_device(space->fold, out->device))
        return ERR_NOT_FOUND;
    out->roles = invite->roles;
    link_compare_code(out->compare, join.ed_pk, join.x_pk, space->pub.id);
    for (size_t i = 0; i < space->outbox.n_operations; i++) {
        const struct outbox_operation *operation = &space->outbox.operations[i];
        if (operation->kind == KIND_DEVICE_ADD && operation->refused == ERR_OK &&
            memcmp(operation->target, out->device, ID_LEN) == 0)
            out->approved = true;
    }
    return read_name(engine, space, &message, join.invite_pk, out->name);
}

struct waiting_load {
    struct engine *engine;
    struct space *space;
    const struct message_row *row; /* an answer, which lists all who wait; NULL at unlock */
    size_t n_stale;
    uint64_t stale[INBOX_MAX]; /* records of settled joins */
};

/* The server has taken the refusal: nobody needs to tell it again. */
static bool is_dismissed(const struct message_row *row, const uint8_t *device)
{
    if (!row || row->more)
        return false;
    for (size_t i = 0; i < row->n_inbox; i++) {
        if (row->inbox[i].type == INBOX_JOIN && memcmp(row->inbox[i].id, device, ID_LEN) == 0)
            return false;
    }
    return true;
}

static enum err load_waiting(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct waiting_load *load = ctx;
    struct space *space = load->space;
    struct space_waiting waiting = {.id = id};
    if (len < 1)
        return ERR_CORRUPT;
    enum err err = read_join(load->engine, space, plain + 1, len - 1, &waiting.pub);
    if (err == ERR_OK && plain[0] && is_dismissed(load->row, waiting.pub.device))
        err = ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND) {
        if (load->n_stale < INBOX_MAX)
            load->stale[load->n_stale++] = id;
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    waiting.refused = plain[0];
    struct space_waiting *grown = realloc(space->waiting, (space->n_waiting + 1) * sizeof *grown);
    if (!grown)
        return ERR_MEMORY;
    space->waiting = grown;
    grown[space->n_waiting++] = waiting;
    return ERR_OK;
}

enum err space_waiting_load(struct engine *engine, struct space *space)
{
    struct waiting_load load = {.engine = engine, .space = space};
    free(space->waiting);
    space->waiting = NULL;
    space->n_waiting = 0;
    return replica_each(engine->replica, REPLICA_WAITING, space->no, load_waiting, &load);
}

static struct space_waiting *waiting_for(const struct space *space, const uint8_t *device)
{
    for (size_t i = 0; i < space->n_waiting; i++) {
        if (memcmp(space->waiting[i].pub.device, device, ID_LEN) == 0)
            return &space->waiting[i];
    }
    return NULL;
}

static enum err put_waiting(struct engine *engine, const struct space *space, uint64_t id,
                            bool refused, const uint8_t *payload, size_t len)
{
    struct buf plain = {.max = INBOX_ITEM_MAX};
    buf_u8(&plain, refused);
    buf_put(&plain, payload, len);
    enum err err = plain.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_WAITING, space->no, id, plain.bytes, plain.len);
    buf_free(&plain);
    return err;
}

enum err enrol_inbox(struct engine *engine, const struct server *server, struct space *space,
                     const struct message_row *row)
{
    enum err err = ERR_OK;
    struct waiting_load load = {.engine = engine, .space = space};
    uint64_t id = 0;
    (void)server;
    TRY(replica_last_id(engine->replica, REPLICA_WAITING, space->no, &id));
    for (size_t i = 0; i < row->n_inbox; i++) {
        const struct message_inbox *item = &row->inbox[i];
        struct engine_waiting who;
        if (item->type != INBOX_JOIN)
            continue;
        err = read_join(engine, space, item->payload, item->payload_len, &who);
        if (err == ERR_NOT_FOUND || (err == ERR_OK && waiting_for(space, who.device))) {
            err = ERR_OK;
            continue;
        }
        TRY(err);
        TRY(put_waiting(engine, space, ++id, false, item->payload, item->payload_len));
        TRY(space_waiting_load(engine, space));
    }
    /* Settled ones go: admitted, refused, or their invite is closed. */
    load.row = row;
    free(space->waiting);
    space->waiting = NULL;
    space->n_waiting = 0;
    TRY(replica_each(engine->replica, REPLICA_WAITING, space->no, load_waiting, &load));
    for (size_t i = 0; i < load.n_stale; i++)
        TRY(replica_delete(engine->replica, REPLICA_WAITING, space->no, load.stale[i]));
    TRY(succeed_admit(engine, space, row));
out:
    return err;
}

size_t enrol_outgoing(const struct space *space, const struct engine *engine,
                      struct message_inbox *items)
{
    size_t n = 0;
    if (space->pub.state == SPACE_WAITING && space->join.len) {
        items[n] = (struct message_inbox){.type = space->restated ? INBOX_STATEMENT : INBOX_JOIN,
                                          .payload = space->join.bytes,
                                          .payload_len = space->join.len};
        memcpy(items[n++].id, engine->ring.id, ID_LEN);
    }
    for (size_t i = 0; i < space->n_waiting && n < INBOX_MAX; i++) {
        if (!space->waiting[i].refused)
            continue;
        items[n] = (struct message_inbox){.type = INBOX_DISMISS, .payload = (const uint8_t *)""};
        memcpy(items[n++].id, space->waiting[i].pub.device, ID_LEN);
    }
    return n;
}

/* What a person sees: without those that were refused here. */
static const struct space_waiting *visible(const struct space *space, size_t at)
{
    for (size_t i = 0; i < space->n_waiting; i++) {
        if (!space->waiting[i].refused && at-- == 0)
            return &space->waiting[i];
    }
    return NULL;
}

size_t engine_waiting_count(const struct engine *engine, size_t i)
{
    size_t n = 0;
    while (visible(engine_at(engine, i), n))
        n++;
    return n;
}

const struct engine_waiting *engine_waiting(const struct engine *engine, size_t i, size_t at)
{
    const struct space_waiting *waiting = visible(engine_at(engine, i), at);
    assert(waiting);
    return &waiting->pub;
}

/* --- approving --- */

static enum err queue_approval(struct engine *engine, struct space *space,
                               const struct space_waiting *waiting, const uint8_t *payload,
                               size_t len)
{
    enum err err = ERR_OK;
    struct message_join message;
    struct op add = {.kind = KIND_DEVICE_ADD}, label = {.kind = KIND_LABEL};
    TRY(message_join_decode(&message, payload, len));
    add.u.device_add.roles = waiting->pub.roles;
    add.u.device_add.proof = message.proof;
    TRY(outbox_operate(engine, space, &add, waiting->pub.device, NULL, 0));
    if (waiting->pub.name[0] == '\0')
        goto out;
    label.u.label.target = LABEL_DEVICE;
    memcpy(label.u.label.id, waiting->pub.device, ID_LEN);
    TRY(outbox_operate(engine, space, &label, waiting->pub.device,
                       (const uint8_t *)waiting->pub.name, strlen(waiting->pub.name)));
out:
    return err;
}

enum err engine_approve(struct engine *engine, size_t i, const uint8_t device[static ID_LEN])
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    struct buf plain = {.max = INBOX_ITEM_MAX};
    const struct space_waiting *waiting = waiting_for(space, device);
    if (!waiting || waiting->refused)
        TRY(ERR_NOT_FOUND);
    if (waiting->pub.approved)
        goto out;
    bool simple = !(waiting->pub.roles & ~ROLES_PLAIN);
    if (!space_may(engine, space, simple ? ROLE_ADMIN | ROLE_STEWARD : ROLE_ADMIN))
        TRY(ERR_DENIED);
    TRY(replica_get(engine->replica, REPLICA_WAITING, space->no, waiting->id, &plain));
    TRY(engine_begin(engine));
    err = finish(engine, space,
                 queue_approval(engine, space, waiting, plain.bytes + 1, plain.len - 1));
out:
    buf_free(&plain);
    return err;
}

enum err engine_refuse(struct engine *engine, size_t i, const uint8_t device[static ID_LEN])
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    struct buf plain = {.max = INBOX_ITEM_MAX};
    const struct space_waiting *waiting = waiting_for(space, device);
    if (!waiting)
        TRY(ERR_NOT_FOUND);
    if (!space_may(engine, space, ROLE_ADMIN | ROLE_STEWARD))
        TRY(ERR_DENIED);
    TRY(replica_get(engine->replica, REPLICA_WAITING, space->no, waiting->id, &plain));
    TRY(engine_begin(engine));
    err = finish(engine, space,
                 put_waiting(engine, space, waiting->id, true, plain.bytes + 1, plain.len - 1));
out:
    buf_free(&plain);
    return err;
}
