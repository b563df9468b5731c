/* SPDX-License-Identifier: Apache-2.0
 *
 * Founding a space and joining one.
 */
#include "client/enrol.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/operate.h"
#include "client/rekey.h"
#include "client/space_inside.h"
#include "proto/digest.h"
#include "proto/link.h"
#include "proto/seal.h"
#include "proto/sign.h"

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
                         enum space_level level, const struct space *old, const uint8_t *x_pk,
                         struct leaf *leaf)
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
    memcpy(leaf->op.u.genesis.x_pk, x_pk, PK_LEN);
    memcpy(leaf->op.u.genesis.log_pk, server->log_pk, PK_LEN);
    memcpy(leaf->op.u.genesis.resp_pk, server->resp_pk, PK_LEN);
    leaf->op.u.genesis.log_name = server->log_name;
    leaf->op.u.genesis.log_name_len = strlen(server->log_name);
    if (!old)
        return;
    leaf->op.u.genesis.succeeds = true;
    memcpy(leaf->op.u.genesis.old_space, old->pub.id, ID_LEN);
    leaf->op.u.genesis.old_size = old->note.size;
    memcpy(leaf->op.u.genesis.old_root, old->note.root, HASH_LEN);
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

/* What is being founded. */
struct founding {
    size_t server;
    const char *name;
    enum space_level level;
    const struct link *link; /* NULL: as a device that the server knows */
    struct space *old;       /* the space that it continues; NULL */
    uint8_t seed[SEED_LEN];  /* of its first box key */
};

/* In a transaction: the new space, and that the older one goes on in it. */
static enum err found_both(struct engine *engine, struct space *space, struct leaf *genesis,
                           const struct founding *founding)
{
    struct space *old = founding->old;
    enum err err = rekey_keep(engine, space->pub.id, founding->seed);
    if (err == ERR_OK)
        err = found_space(engine, space, genesis);
    if (err != ERR_OK || !old)
        return err;
    old->succeeded = true;
    err = space_save(engine, old);
    old->succeeded = err == ERR_OK;
    return err;
}

static enum err found(struct engine *engine, struct founding *founding, size_t *i)
{
    enum err err = ERR_OK;
    struct leaf genesis;
    struct buf header = {.max = HEADER_MAX};
    struct space *space = NULL;
    uint8_t id[ID_LEN], x_pk[PK_LEN];
    const struct server *server = &engine->servers[founding->server];
    const struct link *link = founding->link;
    if (strlen(founding->name) > NAME_LEN_MAX)
        return ERR_TOO_BIG;
    rekey_draw(founding->seed, x_pk);
    genesis_leaf(engine, server, founding->level, founding->old, x_pk, &genesis);
    TRY(leaf_make(&genesis, &header, engine->ring.device->ed_sk));
    leaf_space_id(id, genesis.header, genesis.header_len);
    TRY(space_new(&space, id));
    space->server = founding->server;
    space->pub.level = founding->level;
    space->pub.state = SPACE_FOUNDING;
    if (founding->old)
        memcpy(space->pub.old, founding->old->pub.id, ID_LEN);
    snprintf(space->pub.url, sizeof space->pub.url, "%s", server->url);
    snprintf(space->own_name, sizeof space->own_name, "%s", founding->name);
    space->has_link_sig = link != NULL;
    if (link)
        TRY(message_found_sign(space->link_sig, link->secret, genesis.header, genesis.header_len));
    TRY(next_number(engine, &space->no));
    TRY(engine_begin(engine));
    struct space *made = space;
    space = NULL;
    TRY(keep_space(engine, made, found_both(engine, made, &genesis, founding), i));
out:
    space_free(engine, space);
    buf_free(&header);
    digest_wipe(founding->seed, sizeof founding->seed);
    return err;
}

enum err engine_found(struct engine *engine, const char *link_text, const char *url,
                      const uint8_t *server_bytes, size_t server_len, const char *name,
                      enum space_level level, size_t *i)
{
    enum err err = ERR_OK;
    struct link link = {0};
    struct founding founding = {.name = name, .level = level, .link = link_text ? &link : NULL};
    if (!link_text && !url)
        return ERR_USAGE;
    if (link_text)
        TRY(link_parse(&link, link_text, strlen(link_text)));
    if (link_text && link.type != LINK_FOUNDER)
        TRY(ERR_FORMAT);
    TRY(founding_server(engine, founding.link, url, server_bytes, server_len, &founding.server));
    TRY(found(engine, &founding, i));
out:
    digest_wipe(&link, sizeof link);
    return err;
}

enum err enrol_found_next(struct engine *engine, struct space *old, const uint8_t *server_bytes,
                          size_t server_len, const char *name, size_t *i)
{
    struct founding founding = {.name = name, .level = old->fold->level, .old = old};
    enum err err =
        founding_server(engine, NULL, old->pub.url, server_bytes, server_len, &founding.server);
    if (err == ERR_OK)
        err = found(engine, &founding, i);
    old->succeeded = old->succeeded && err == ERR_OK;
    space_refresh(engine, old);
    return err;
}

/* In a transaction: a space to knock at, and that the older one goes on in it. */
static enum err save_both(struct engine *engine, const struct space *space, struct space *old)
{
    enum err err = space_save(engine, space);
    if (err != ERR_OK)
        return err;
    old->succeeded = true;
    err = space_save(engine, old);
    old->succeeded = err == ERR_OK;
    return err;
}

enum err enrol_keep_next(struct engine *engine, struct space *space, size_t *i)
{
    enum err err = ERR_OK;
    struct space *made = space, *old = engine_space_by_id(engine, space->pub.old, i);
    TRY(old ? ERR_OK : ERR_NOT_FOUND);
    TRY(next_number(engine, &space->no));
    TRY(engine_begin(engine));
    space = NULL;
    err = keep_space(engine, made, save_both(engine, made, old), i);
    old->succeeded = old->succeeded && err == ERR_OK;
    space_refresh(engine, old);
out:
    space_free(engine, space);
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
    seal_blob(room, (const uint8_t *)engine->name, len, key, ENROL_TAG_NAME, NULL, 0);
    sign_link_seed(seed, link->secret);
    sign_keypair(join.invite_pk, sk, seed);
    memcpy(join.space, link->space, ID_LEN);
    digest_sha256_of(join.name_hash, sealed.bytes, sealed.len);
    memcpy(join.ed_pk, engine->ring.ed_pk, PK_LEN);
    TRY(rekey_newest(engine, link->space, join.x_pk));
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
    TRY(rekey_new(engine, link->space));
    buf_reset(&space->join);
    TRY(make_join(engine, link, &space->join));
    memcpy(space->genesis, link->genesis, HASH_LEN);
    space->restated = false;
    space->pub.state = SPACE_WAITING;
    space->pub.status = ERR_OK;
    space->uninvited = false;
    TRY(space_save(engine, space));
out:
    return err;
}

/* A join that was refused is made again with a new link; the work written meanwhile is still there. */
static enum err join_again(struct engine *engine, struct space *space, const struct link *link)
{
    if ((space->pub.state != SPACE_REFUSED && !space->uninvited) || space_self(engine, space))
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
    TRY(engine_begin(engine));
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
