/* SPDX-License-Identifier: Apache-2.0
 *
 *   invite record  = invite_pk32 | secret32
 *   waiting record = [refused, payload of INBOX_JOIN]
 */
#include "client/enrol.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/operate.h"
#include "client/space_inside.h"
#include "proto/digest.h"
#include "proto/link.h"
#include "proto/seal.h"
#include "proto/sign.h"

enum { INVITE_LEN = PK_LEN + SEED_LEN };
#define TAG_NAME "passerelle/name/v1"

enum err engine_link_url(char url[static 512], const char *text)
{
    struct link link;
    enum err err = link_parse(&link, text, strlen(text));
    if (err == ERR_OK)
        snprintf(url, 512, "%s", link.url);
    digest_wipe(&link, sizeof link);
    return err;
}

static enum err next_number(struct engine *engine, uint64_t *no)
{
    enum err err = replica_last_id(engine->replica, REPLICA_SPACE, 0, no);
    (*no)++;
    return err;
}

/* A space that a failed transaction never wrote. */
static enum err keep_space(struct engine *engine, struct space *space, enum err err, size_t *i)
{
    err = replica_end(engine->replica, err);
    if (err != ERR_OK) {
        space_free(engine, space);
        return err;
    }
    space_refresh(engine, space);
    *i = engine->n_spaces;
    return engine_space_add(engine, space);
}

/* --- founding --- */

static void genesis_leaf(const struct engine *engine, const struct server *server,
                         enum space_level level, struct leaf *leaf)
{
    *leaf = (struct leaf){.seq = 1, .kind = KIND_GENESIS};
    memcpy(leaf->device, engine->ring.id, ID_LEN);
    digest_sha256_of(leaf->seen_root, "", 0);
    leaf->op.kind = KIND_GENESIS;
    leaf->op.u.genesis.level = level;
    leaf->op.u.genesis.created_s = engine->now_ms / 1000;
    leaf->op.u.genesis.suite = SUITE_1;
    digest_random(leaf->op.u.genesis.nonce, ID_LEN);
    memcpy(leaf->op.u.genesis.ed_pk, engine->ring.ed_pk, PK_LEN);
    memcpy(leaf->op.u.genesis.x_pk, engine->ring.x_pk, PK_LEN);
    memcpy(leaf->op.u.genesis.log_pk, server->log_pk, PK_LEN);
    memcpy(leaf->op.u.genesis.resp_pk, server->resp_pk, PK_LEN);
    leaf->op.u.genesis.log_name = server->log_name;
    leaf->op.u.genesis.log_name_len = strlen(server->log_name);
}

/* The four leaves of a founding, stored with the space. */
static enum err found_space(struct engine *engine, struct space *space, struct leaf *genesis)
{
    enum err err = ERR_OK;
    struct buf header = {.max = HEADER_MAX};
    struct outbox_leaf draft = {0};
    struct build_chain chain = {.seq = 1};
    memcpy(chain.seen_root, genesis->seen_root, HASH_LEN);
    TRY(build_leaf_finish(engine, space, &chain, genesis, &header, &draft));
    memcpy(space->genesis, draft.hash, HASH_LEN);
    TRY(operate_found(engine, space, &chain, genesis));
    TRY(space_save(engine, space));
out:
    buf_free(&header);
    return err;
}

static bool active_on(const struct engine *engine, size_t server)
{
    for (size_t i = 0; i < engine->n_spaces; i++) {
        const struct fold_device *self = space_self(engine, engine->spaces[i]);
        if (engine->spaces[i]->server == server && self && self->active)
            return true;
    }
    return false;
}

/* The server that a founding is for, its keys compared with what pins them. */
static enum err founding_server(struct engine *engine, const struct link *link, const char *url,
                                const uint8_t *bytes, size_t len, size_t *server)
{
    enum err err = ERR_OK;
    struct message_server answer;
    uint8_t fingerprint[HASH_LEN];
    TRY(message_server_open(&answer, bytes, len));
    if (link) {
        link_fingerprint(fingerprint, answer.log_pk, answer.resp_pk);
        if (!digest_equal(fingerprint, link->fingerprint, HASH_LEN))
            return ERR_WRONG_SERVER;
        return engine_server_add(engine, link->url, &answer, server);
    }
    for (*server = 0; *server < engine->n_servers; (*server)++) {
        const struct server *known = &engine->servers[*server];
        if (strcmp(known->url, url) != 0)
            continue;
        if (memcmp(known->log_pk, answer.log_pk, PK_LEN) != 0 ||
            memcmp(known->resp_pk, answer.resp_pk, PK_LEN) != 0)
            return ERR_WRONG_SERVER;
        return active_on(engine, *server) ? ERR_OK : ERR_UNKNOWN_DEVICE;
    }
    err = ERR_UNKNOWN_DEVICE;
out:
    return err;
}

enum err engine_found(struct engine *engine, const char *link_text, const char *url,
                      const uint8_t *server_bytes, size_t server_len, const char *name,
                      enum space_level level, size_t *i)
{
    enum err err = ERR_OK;
    struct link link = {0};
    struct leaf genesis;
    struct buf header = {.max = HEADER_MAX};
    struct space *space = NULL;
    uint8_t id[ID_LEN];
    size_t server = 0;
    if (!link_text && !url)
        return ERR_USAGE;
    if (strlen(name) > NAME_LEN_MAX)
        return ERR_TOO_BIG;
    if (link_text)
        TRY(link_parse(&link, link_text, strlen(link_text)));
    if (link_text && link.type != LINK_FOUNDER)
        TRY(ERR_FORMAT);
    TRY(founding_server(engine, link_text ? &link : NULL, url, server_bytes, server_len, &server));
    genesis_leaf(engine, &engine->servers[server], level, &genesis);
    TRY(leaf_make(&genesis, &header, engine->ring.device->ed_sk));
    leaf_space_id(id, genesis.header, genesis.header_len);
    TRY(space_new(&space, id));
    space->server = server;
    space->pub.level = level;
    space->pub.state = SPACE_FOUNDING;
    snprintf(space->pub.url, sizeof space->pub.url, "%s", engine->servers[server].url);
    snprintf(space->own_name, sizeof space->own_name, "%s", name);
    space->has_link_sig = link_text != NULL;
    if (link_text)
        TRY(message_found_sign(space->link_sig, link.secret, genesis.header, genesis.header_len));
    TRY(next_number(engine, &space->no));
    TRY(replica_begin(engine->replica));
    struct space *made = space;
    space = NULL;
    TRY(keep_space(engine, made, found_space(engine, made, &genesis), i));
out:
    space_free(engine, space);
    buf_free(&header);
    digest_wipe(&link, sizeof link);
    return err;
}

/* --- joining --- */

/* The signed join, its name sealed under the link's secret. */
static enum err make_join(const struct engine *engine, const struct link *link, struct buf *out)
{
    enum err err = ERR_OK;
    struct buf part = {0}, sealed = {.max = SEALED_NAME_MAX};
    struct op_join join = {.kind = DEVICE_ORDINARY};
    uint8_t key[KEY_LEN], seed[SEED_LEN], sk[SK_LEN];
    size_t len = strlen(engine->name);
    seal_name_key(key, link->secret, link->space);
    uint8_t *room = buf_room(&sealed, len + SEAL_BLOB_OVERHEAD);
    TRY(sealed.err);
    seal_blob(room, (const uint8_t *)engine->name, len, key, TAG_NAME, NULL, 0);
    sign_link_seed(seed, link->secret);
    sign_keypair(join.invite_pk, sk, seed);
    memcpy(join.space, link->space, ID_LEN);
    digest_sha256_of(join.name_hash, sealed.bytes, sealed.len);
    memcpy(join.ed_pk, engine->ring.ed_pk, PK_LEN);
    memcpy(join.x_pk, engine->ring.x_pk, PK_LEN);
    op_proof_part(&part, PROOF_JOIN, &join);
    TRY(part.err);
    struct message_join message = {
        .proof = {.type = PROOF_JOIN, .part = part.bytes, .part_len = part.len},
        .sealed_name = sealed.bytes,
        .sealed_name_len = sealed.len};
    const struct digest_part signed_part = {part.bytes, part.len};
    TRY(sign_make(message.proof.invite_sig, sk, TAG_JOIN, &signed_part, 1));
    TRY(sign_make(message.proof.device_sig, engine->ring.device->ed_sk, TAG_JOIN, &signed_part, 1));
    message_join_encode(out, &message);
    err = out->err;
out:
    digest_wipe(key, sizeof key);
    digest_wipe(seed, sizeof seed);
    digest_wipe(sk, sizeof sk);
    buf_free(&part);
    buf_free(&sealed);
    return err;
}

static enum err fill_join(struct engine *engine, struct space *space, const struct link *link)
{
    enum err err = ERR_OK;
    buf_reset(&space->join);
    TRY(make_join(engine, link, &space->join));
    memcpy(space->genesis, link->genesis, HASH_LEN);
    space->pub.state = SPACE_WAITING;
    space->pub.status = ERR_OK;
    TRY(space_save(engine, space));
out:
    return err;
}

/* A join that was refused is made again with a new link; the work written meanwhile is still there. */
static enum err join_again(struct engine *engine, struct space *space, const struct link *link)
{
    if (space->pub.state != SPACE_REFUSED || space_self(engine, space))
        return ERR_EXISTS;
    return fill_join(engine, space, link);
}

enum err engine_join(struct engine *engine, const char *link_text, const uint8_t *server_bytes,
                     size_t server_len, size_t *i)
{
    enum err err = ERR_OK;
    struct link link;
    struct message_server answer;
    uint8_t hash[HASH_LEN];
    struct space *space = NULL;
    size_t server = 0;
    TRY(link_parse(&link, link_text, strlen(link_text)));
    if (link.type != LINK_INVITE)
        TRY(ERR_FORMAT);
    TRY(message_server_open(&answer, server_bytes, server_len));
    digest_sha256_of(hash, answer.log_pk, PK_LEN);
    if (!digest_equal(hash, link.log_key_hash, HASH_LEN))
        TRY(ERR_WRONG_SERVER);
    if (engine_space_by_id(engine, link.space, i)) {
        err = join_again(engine, engine->spaces[*i], &link);
        goto out;
    }
    TRY(engine_server_add(engine, link.url, &answer, &server));
    TRY(space_new(&space, link.space));
    space->server = server;
    snprintf(space->pub.url, sizeof space->pub.url, "%s", link.url);
    TRY(next_number(engine, &space->no));
    TRY(replica_begin(engine->replica));
    struct space *made = space;
    space = NULL;
    TRY(keep_space(engine, made, fill_join(engine, made, &link), i));
out:
    space_free(engine, space);
    digest_wipe(&link, sizeof link);
    return err;
}

void enrol_status(struct engine *engine, struct space *space, enum err status)
{
    bool here = space_self(engine, space) != NULL;
    if (here || (space->pub.state != SPACE_WAITING && space->pub.state != SPACE_FOUNDING))
        return;
    switch (err_category(status)) {
    case CAT_REJECT:
    case CAT_DENIED:
    case CAT_CORRUPT:
        if (status != ERR_VERSION)
            space->pub.state = SPACE_REFUSED;
        break;
    default:
        break;
    }
}

/* --- invites --- */

static bool may(const struct engine *engine, const struct space *space, uint8_t any)
{
    const struct fold_device *self = space_self(engine, space);
    if (!self)
        return space->pub.state == SPACE_FOUNDING;
    return self->active && self->roles & any;
}

enum { ROLES_PLAIN = ROLE_READER | ROLE_WRITER };

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
    if (!may(engine, space, roles & ~ROLES_PLAIN ? ROLE_ADMIN : ROLE_ADMIN | ROLE_STEWARD))
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
    TRY(replica_begin(engine->replica));
    err = replica_put(engine->replica, REPLICA_INVITE, space->no, id + 1, record, sizeof record);
    if (err == ERR_OK)
        err = outbox_operate(engine, space, &op, nobody, NULL, 0);
    TRY(replica_end(engine->replica, err));
    space_refresh(engine, space);
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
        if (open_blob(plain, message->sealed_name, message->sealed_name_len, key, TAG_NAME, NULL,
                      0) == ERR_OK)
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
    size_t n_stale;
    uint64_t stale[INBOX_MAX]; /* records of settled joins */
};

static enum err load_waiting(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct waiting_load *load = ctx;
    struct space *space = load->space;
    struct space_waiting waiting = {.id = id};
    if (len < 1)
        return ERR_CORRUPT;
    enum err err = read_join(load->engine, space, plain + 1, len - 1, &waiting.pub);
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
    /* Settled ones go: admitted, or their invite is closed. */
    free(space->waiting);
    space->waiting = NULL;
    space->n_waiting = 0;
    TRY(replica_each(engine->replica, REPLICA_WAITING, space->no, load_waiting, &load));
    for (size_t i = 0; i < load.n_stale; i++)
        TRY(replica_delete(engine->replica, REPLICA_WAITING, space->no, load.stale[i]));
out:
    return err;
}

size_t enrol_outgoing(const struct space *space, const struct engine *engine,
                      struct message_inbox *items)
{
    size_t n = 0;
    if (space->pub.state == SPACE_WAITING && space->join.len) {
        items[n] = (struct message_inbox){
            .type = INBOX_JOIN, .payload = space->join.bytes, .payload_len = space->join.len};
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

/* Runs `err` out of a transaction: after a failure memory is brought back to what the disk says. */
static enum err finish(struct engine *engine, struct space *space, enum err err)
{
    err = replica_end(engine->replica, err);
    if (err != ERR_OK) {
        enum err reload = space_reload(engine, space);
        return reload == ERR_OK ? err : reload;
    }
    err = space_waiting_load(engine, space);
    space_refresh(engine, space);
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
    if (!may(engine, space, simple ? ROLE_ADMIN | ROLE_STEWARD : ROLE_ADMIN))
        TRY(ERR_DENIED);
    TRY(replica_get(engine->replica, REPLICA_WAITING, space->no, waiting->id, &plain));
    TRY(replica_begin(engine->replica));
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
    if (!may(engine, space, ROLE_ADMIN | ROLE_STEWARD))
        TRY(ERR_DENIED);
    TRY(replica_get(engine->replica, REPLICA_WAITING, space->no, waiting->id, &plain));
    TRY(replica_begin(engine->replica));
    err = finish(engine, space,
                 put_waiting(engine, space, waiting->id, true, plain.bytes + 1, plain.len - 1));
out:
    buf_free(&plain);
    return err;
}

/* --- other operations --- */

enum err engine_operate(struct engine *engine, size_t i, const struct op *op, const uint8_t *text,
                        size_t text_len)
{
    struct space *space = engine_at(engine, i);
    static const uint8_t nobody[ID_LEN];
    const uint8_t *target = nobody;
    const struct fold_device *self = space_self(engine, space);
    if (self && !self->active)
        return ERR_REVOKED;
    if (op->kind == KIND_DEVICE_REVOKE)
        target = op->u.device_revoke.device;
    else if (op->kind == KIND_ROLE_SET)
        target = op->u.role_set.device;
    else if (op->kind == KIND_LABEL)
        target = op->u.label.id;
    enum err err = outbox_operate(engine, space, op, target, text, text_len);
    space_refresh(engine, space);
    return err;
}

enum err engine_pack_set(struct engine *engine, size_t i, uint32_t number, const uint8_t *json,
                         size_t len)
{
    const struct space *space = engine_at(engine, i);
    struct op op = {.kind = KIND_PACK_SET};
    if (!may(engine, space, ROLE_ADMIN))
        return ERR_DENIED;
    if (number <= space->fold->pack_number)
        return ERR_EXISTS;
    op.u.pack_set.number = number;
    digest_sha256_of(op.u.pack_set.hash, json, len);
    return engine_operate(engine, i, &op, json, len);
}

enum err engine_pack(struct engine *engine, size_t i, uint32_t *number, struct buf *out)
{
    const struct space *space = engine_at(engine, i);
    uint8_t hash[HASH_LEN];
    size_t before = out->len;
    if (space->fold->pack_number == 0)
        return ERR_NOT_FOUND;
    enum err err = operate_pack_text(engine, space, space->fold->pack_index, out);
    if (err != ERR_OK)
        return err;
    digest_sha256_of(hash, out->bytes + before, out->len - before);
    *number = space->fold->pack_number;
    return memcmp(hash, space->fold->pack_hash, HASH_LEN) == 0 ? ERR_OK : ERR_CORRUPT;
}
