/* SPDX-License-Identifier: Apache-2.0
 *
 * The sending half: leaves, keys, requests.
 */
#include "testdevice.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/arena.h"
#include "proto/digest.h"
#include "proto/sign.h"

enum { ROLES_FOUNDER = ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN };

static void seed_of(uint8_t seed[static SEED_LEN], const char *what, uint32_t number)
{
    const struct digest_part parts[] = {{what, strlen(what)}, {&number, sizeof number}};
    digest_sha256(seed, parts, 2);
}

void testdevice_init(struct testdevice *device, uint32_t number)
{
    uint8_t seed[SEED_LEN];
    *device = (struct testdevice){.n_spaces = 0};
    seed_of(seed, "testdevice ed", number);
    sign_keypair(device->ed_pk, device->ed_sk, seed);
    seed_of(seed, "testdevice x", number);
    seal_keypair(device->x_pk, device->x_sk, seed);
    sign_device_id(device->id, device->ed_pk);
}

static void leaf_free(struct testleaf *leaf)
{
    op_fini(&leaf->op);
    for (size_t i = 0; i < 4; i++) {
        buf_free(&leaf->plain[i]);
        buf_free(&leaf->body[i]);
    }
    buf_free(&leaf->proof);
    buf_free(&leaf->header);
    buf_free(&leaf->seals);
    free(leaf);
}

void testdevice_drop(struct testspace *space)
{
    for (size_t i = 0; i < space->n_queue; i++)
        leaf_free(space->queue[i]);
    space->n_queue = 0;
}

static void space_free(struct testspace *space)
{
    for (uint64_t i = 0; i < space->fold->size; i++) {
        buf_free(&space->entries[i].header);
        for (size_t k = 0; k < 4; k++)
            buf_free(&space->entries[i].body[k]);
        free(space->entries[i].nodes);
    }
    testdevice_drop(space);
    for (size_t i = 0; i < TESTDEVICE_WAITING; i++)
        buf_free(&space->waiting[i]);
    buf_free(&space->join);
    fold_free(space->fold);
    free(space->entries);
    free(space);
}

void testdevice_fini(struct testdevice *device)
{
    for (size_t i = 0; i < device->n_spaces; i++)
        space_free(device->spaces[i]);
    *device = (struct testdevice){.n_spaces = 0};
}

enum err testdevice_server(struct testdevice *device, const uint8_t *bytes, size_t len)
{
    enum err err = message_server_open(&device->server, bytes, len);
    if (err == ERR_OK)
        message_aud(device->aud, device->server.log_pk);
    return err;
}

struct testspace *testdevice_space(struct testdevice *device, const uint8_t id[static ID_LEN])
{
    for (size_t i = 0; i < device->n_spaces; i++) {
        if (memcmp(device->spaces[i]->id, id, ID_LEN) == 0)
            return device->spaces[i];
    }
    return NULL;
}

struct testspace *testdevice_enter(struct testdevice *device, const uint8_t id[static ID_LEN])
{
    assert(device->n_spaces < TESTDEVICE_SPACES);
    struct testspace *space = calloc(1, sizeof *space);
    assert(space);
    memcpy(space->id, id, ID_LEN);
    enum err err = fold_new(&space->fold, id);
    assert(err == ERR_OK);
    device->spaces[device->n_spaces++] = space;
    return space;
}

/* ---- queueing ---- */

static struct testleaf *queue_leaf(struct testspace *space, enum leaf_kind kind)
{
    assert(space->n_queue < TESTDEVICE_QUEUE);
    struct testleaf *leaf = calloc(1, sizeof *leaf);
    assert(leaf);
    leaf->kind = kind;
    leaf->op.kind = kind;
    space->queue[space->n_queue++] = leaf;
    return leaf;
}

static void add_plain(struct testleaf *leaf, const void *plain, size_t len)
{
    assert(leaf->n_bodies < 4);
    buf_put(&leaf->plain[leaf->n_bodies++], plain, len);
}

/* Makes what must be signed to know the space's id: its genesis. */
static void build_genesis(struct testdevice *device, struct testleaf *genesis,
                          uint8_t id[static ID_LEN])
{
    struct leaf leaf = {.seq = 1, .kind = KIND_GENESIS, .op = genesis->op};
    memcpy(leaf.device, device->id, ID_LEN);
    digest_sha256_of(leaf.seen_root, "", 0);
    enum err err = leaf_make(&leaf, &genesis->header, device->ed_sk);
    assert(err == ERR_OK);
    memcpy(genesis->sig, leaf.sig, SIG_LEN);
    leaf_hash(genesis->hash, leaf.header, leaf.header_len, leaf.sig);
    leaf_space_id(id, leaf.header, leaf.header_len);
    genesis->seq = 1;
    genesis->built = true;
}

struct testspace *testdevice_found(struct testdevice *device, const uint8_t *secret)
{
    uint8_t id[ID_LEN] = {0};
    struct testspace *space = testdevice_enter(device, id);
    struct testleaf *genesis = queue_leaf(space, KIND_GENESIS);
    struct op *op = &genesis->op;
    op->u.genesis.level = LEVEL_TEAM;
    op->u.genesis.created_s = 1700000000;
    op->u.genesis.suite = SUITE_1;
    digest_random(op->u.genesis.nonce, ID_LEN);
    memcpy(op->u.genesis.ed_pk, device->ed_pk, PK_LEN);
    memcpy(op->u.genesis.x_pk, device->x_pk, PK_LEN);
    memcpy(op->u.genesis.log_pk, device->server.log_pk, PK_LEN);
    memcpy(op->u.genesis.resp_pk, device->server.resp_pk, PK_LEN);
    op->u.genesis.log_name = device->server.log_name;
    op->u.genesis.log_name_len = strlen(device->server.log_name);
    build_genesis(device, genesis, id);
    memcpy(space->id, id, ID_LEN);
    memcpy(space->fold->space, id, ID_LEN);
    space->seq_used = 1;
    testdevice_rotate(device, space);
    struct op label = {.kind = KIND_LABEL};
    label.u.label.target = LABEL_SPACE;
    memcpy(label.u.label.id, id, ID_LEN);
    add_plain(testdevice_operate(device, space, label), "a space of the tests", 20);
    if (secret) {
        device->has_link = true;
        memcpy(device->link_secret, secret, SEED_LEN);
    }
    return space;
}

struct testleaf *testdevice_operate(struct testdevice *device, struct testspace *space,
                                    struct op op)
{
    (void)device;
    struct testleaf *leaf = queue_leaf(space, op.kind);
    leaf->op = op;
    return leaf;
}

struct testleaf *testdevice_rotate(struct testdevice *device, struct testspace *space)
{
    (void)device;
    return queue_leaf(space, KIND_EPOCH_CHANGE);
}

struct testleaf *testdevice_invite(struct testdevice *device, struct testspace *space,
                                   uint8_t roles, uint64_t expires_s,
                                   uint8_t secret[static SEED_LEN])
{
    struct op op = {.kind = KIND_INVITE};
    uint8_t seed[SEED_LEN], sk[SK_LEN];
    digest_random(secret, SEED_LEN);
    sign_link_seed(seed, secret);
    sign_keypair(op.u.invite.invite_pk, sk, seed);
    op.u.invite.roles = roles;
    op.u.invite.expires_s = expires_s;
    return testdevice_operate(device, space, op);
}

struct testleaf *testdevice_approve(struct testdevice *device, struct testspace *space, size_t i,
                                    uint8_t roles)
{
    (void)device;
    assert(i < space->n_waiting);
    struct testleaf *leaf = queue_leaf(space, KIND_DEVICE_ADD);
    buf_put(&leaf->proof, space->waiting[i].bytes, space->waiting[i].len);
    leaf->op.u.device_add.roles = roles;
    return leaf;
}

struct testleaf *testdevice_write(struct testdevice *device, struct testspace *space,
                                  const void *plain, size_t len, bool birth)
{
    (void)device;
    struct testleaf *leaf = queue_leaf(space, KIND_DATA);
    add_plain(leaf, plain, len);
    leaf->birth = birth;
    digest_random(leaf->shred, ID_LEN);
    return leaf;
}

void testdevice_join(struct testdevice *device, struct testspace *space,
                     const uint8_t secret[static SEED_LEN])
{
    struct op_join join = {.kind = DEVICE_ORDINARY};
    uint8_t seed[SEED_LEN], invite_sk[SK_LEN], name_key[KEY_LEN];
    uint8_t name[4 + SEAL_BLOB_OVERHEAD];
    struct buf part = {0};
    struct message_join out = {.sealed_name = name, .sealed_name_len = sizeof name};
    memcpy(space->invite_secret, secret, SEED_LEN);
    sign_link_seed(seed, secret);
    sign_keypair(join.invite_pk, invite_sk, seed);
    seal_name_key(name_key, secret, space->id);
    seal_blob(name, (const uint8_t *)"Mira", 4, name_key, "passerelle/name/v1", NULL, 0);
    digest_sha256_of(join.name_hash, name, sizeof name);
    memcpy(join.space, space->id, ID_LEN);
    memcpy(join.ed_pk, device->ed_pk, PK_LEN);
    memcpy(join.x_pk, device->x_pk, PK_LEN);
    op_proof_part(&part, PROOF_JOIN, &join);
    out.proof.type = PROOF_JOIN;
    out.proof.part = part.bytes;
    out.proof.part_len = part.len;
    const struct digest_part parts[] = {{part.bytes, part.len}};
    enum err err = sign_make(out.proof.invite_sig, invite_sk, TAG_JOIN, parts, 1);
    assert(err == ERR_OK);
    err = sign_make(out.proof.device_sig, device->ed_sk, TAG_JOIN, parts, 1);
    assert(err == ERR_OK);
    buf_reset(&space->join);
    message_join_encode(&space->join, &out);
    assert(space->join.err == ERR_OK);
    buf_free(&part);
}

/* ---- building ---- */

/* Where the push under construction stands. */
struct build {
    struct testdevice *device;
    struct testspace *space;
    uint32_t epoch;
    uint8_t head[HASH_LEN], prev[HASH_LEN];
    bool founding;
};

static void add_seal(struct testleaf *leaf, const uint8_t device[static ID_LEN], uint32_t epoch,
                     uint8_t roles, const struct testkeys *keys, const uint8_t x_pk[static PK_LEN])
{
    int type = fold_seal_type(roles);
    uint8_t both[2 * KEY_LEN], out[SEAL_LEN_MAX];
    if (!type)
        return;
    assert(leaf->n_seals < 64);
    struct leaf_seal *seal = &leaf->seal[leaf->n_seals++];
    memcpy(seal->device, device, ID_LEN);
    seal->epoch = epoch;
    seal->type = (uint8_t)type;
    memcpy(both, keys->ek, KEY_LEN);
    memcpy(both + KEY_LEN, keys->sk, KEY_LEN);
    seal_to_device(out, &seal->seal_len, (enum seal_type)type,
                   type == SEAL_MEMBER ? both : keys->k_route, x_pk);
    buf_put(&leaf->seals, out, sizeof out);
}

static int compare_seals(const void *a, const void *b)
{
    return memcmp(((const struct leaf_seal *)a)->device, ((const struct leaf_seal *)b)->device,
                  ID_LEN);
}

/* Points the seals at their bytes, sorts them, and commits to them. */
static void close_seals(struct testleaf *leaf, struct leaf *out)
{
    uint8_t lines[64 * SEAL_LINE_LEN];
    if (leaf->n_seals == 0)
        return;
    for (size_t i = 0; i < leaf->n_seals; i++)
        leaf->seal[i].seal = leaf->seals.bytes + i * SEAL_LEN_MAX;
    qsort(leaf->seal, leaf->n_seals, sizeof *leaf->seal, compare_seals);
    for (size_t i = 0; i < leaf->n_seals; i++)
        leaf_seal_line(lines + i * SEAL_LINE_LEN, &leaf->seal[i]);
    leaf_seals_hash(out->keys, lines, leaf->n_seals);
    out->has_keys = true;
}

/* Whether the push under construction removes a device before its rotation. */
static bool leaves_with_this_push(const struct testspace *space, const uint8_t id[static ID_LEN])
{
    for (size_t i = 0; i < space->n_queue; i++) {
        const struct testleaf *leaf = space->queue[i];
        if (leaf->kind == KIND_DEVICE_REVOKE &&
            memcmp(leaf->op.u.device_revoke.device, id, ID_LEN) == 0)
            return true;
    }
    return false;
}

static void build_rotation(struct build *build, struct testleaf *leaf, struct leaf *out)
{
    struct testspace *space = build->space;
    uint32_t epoch = build->epoch + 1;
    assert(epoch <= TESTDEVICE_EPOCHS);
    struct testkeys *keys = &space->keys[epoch], *old = &space->keys[epoch - 1];
    struct op *op = &out->op;
    keys->member = keys->route = true;
    digest_random(keys->ek, KEY_LEN);
    digest_random(keys->sk, KEY_LEN);
    seal_route_key(keys->k_route, keys->ek, space->id);
    op->u.epoch_change.epoch = epoch;
    op->u.epoch_change.suite = SUITE_1;
    seal_epoch_commit(op->u.epoch_change.kcom_ek, SEAL_EK, keys->ek, space->id, epoch);
    seal_epoch_commit(op->u.epoch_change.kcom_sk, SEAL_SK, keys->sk, space->id, epoch);
    seal_epoch_commit(op->u.epoch_change.kcom_route, SEAL_ROUTE, keys->k_route, space->id, epoch);
    if (epoch > 1) {
        op->u.epoch_change.has_wraps = true;
        seal_wrap(op->u.epoch_change.wrap_ek, old->ek, keys->ek, SEAL_EK, space->id, epoch);
        seal_wrap(op->u.epoch_change.wrap_route, old->k_route, keys->k_route, SEAL_ROUTE, space->id,
                  epoch);
    }
    if (build->founding)
        add_seal(leaf, build->device->id, epoch, ROLES_FOUNDER, keys, build->device->x_pk);
    for (size_t i = 0; i < space->fold->n_devices; i++) {
        const struct fold_device *to = &space->fold->devices[i];
        if (to->active && !leaves_with_this_push(space, to->id))
            add_seal(leaf, to->id, epoch, to->roles, keys, to->x_pk);
    }
}

static void build_add(struct build *build, struct testleaf *leaf, struct leaf *out)
{
    struct message_join join;
    struct op_join who;
    uint8_t id[ID_LEN];
    enum err err = message_join_decode(&join, leaf->proof.bytes, leaf->proof.len);
    assert(err == ERR_OK);
    err = op_proof_decode(&who, &join.proof);
    assert(err == ERR_OK);
    out->op.u.device_add.proof = join.proof;
    uint8_t roles = out->op.u.device_add.roles;
    if (!build->space->fold->trial && roles & (ROLE_ADMIN | ROLE_GUARDIAN))
        return; /* only proposes */
    sign_device_id(id, who.ed_pk);
    add_seal(leaf, id, build->epoch, roles, &build->space->keys[build->epoch], who.x_pk);
}

static void build_slot(struct build *build, struct testleaf *leaf, struct leaf *out)
{
    struct testspace *space = build->space;
    uint8_t rk[KEY_LEN];
    digest_random(rk, KEY_LEN);
    seal_row(leaf->slot.row, space->keys[1].ek, space->id, leaf->shred);
    leaf->slot.epoch = build->epoch;
    seal_slot(leaf->slot.slot, rk, space->keys[build->epoch].sk, space->id, leaf->shred,
              build->epoch);
    enum err err = leaf_slots_hash(out->keys, &leaf->slot, 1);
    assert(err == ERR_OK);
    (void)err;
    out->has_keys = true;
}

/* Bodies of the tests are sealed under K_route in either kind of leaf: nobody here has dossiers. */
static void build_bodies(struct build *build, struct testleaf *leaf, struct leaf *out)
{
    struct leaf_body bodies[4];
    struct seal_place place = {.suite = SUITE_1, .seq = out->seq, .epoch = out->epoch};
    memcpy(place.space, build->space->id, ID_LEN);
    memcpy(place.device, build->device->id, ID_LEN);
    for (size_t i = 0; i < leaf->n_bodies; i++) {
        size_t padded = seal_padded_len(leaf->plain[i].len);
        uint8_t *plain = calloc(1, padded);
        assert(plain);
        if (leaf->plain[i].len > 0)
            memcpy(plain, leaf->plain[i].bytes, leaf->plain[i].len);
        seal_pad(plain, leaf->plain[i].len, padded);
        place.box = (uint16_t)i;
        buf_reset(&leaf->body[i]);
        uint8_t *room = buf_room(&leaf->body[i], padded + SEAL_BLOB_OVERHEAD);
        assert(room);
        seal_control_body(room, plain, padded, build->space->keys[build->epoch].k_route, &place);
        bodies[i] = (struct leaf_body){leaf->body[i].bytes, leaf->body[i].len};
        free(plain);
    }
    out->n_bodies = (uint16_t)leaf->n_bodies;
    if (leaf->n_bodies > 0)
        leaf_bodies_hash(out->bodies, bodies, leaf->n_bodies);
}

static void build_leaf(struct build *build, struct testleaf *leaf)
{
    struct testspace *space = build->space;
    struct leaf out = {.kind = leaf->kind, .op = leaf->op, .epoch = build->epoch};
    uint8_t route[64 + NONCE_LEN + TAG_LEN], nonce[NONCE_LEN];
    static const uint8_t nothing[64];
    leaf->n_seals = 0;
    buf_reset(&leaf->seals);
    buf_reset(&leaf->header);
    memcpy(out.space, space->id, ID_LEN);
    memcpy(out.device, build->device->id, ID_LEN);
    memcpy(out.prev, build->prev, HASH_LEN);
    out.seq = leaf->seq = ++space->seq_used;
    out.seen_size = space->tree.size;
    tree_root(&space->tree, out.seen_root);
    if (kind_is_chained(leaf->kind)) {
        out.op.has_prev = true;
        memcpy(out.op.prev, build->head, HASH_LEN);
    }
    if (leaf->kind == KIND_EPOCH_CHANGE)
        build_rotation(build, leaf, &out);
    else if (leaf->kind == KIND_DEVICE_ADD)
        build_add(build, leaf, &out);
    if (kind_has_route(leaf->kind)) {
        struct seal_place place = {.suite = SUITE_1, .seq = out.seq, .epoch = out.epoch};
        memcpy(place.space, space->id, ID_LEN);
        memcpy(place.device, build->device->id, ID_LEN);
        seal_route(route, nonce, nothing, sizeof nothing, space->keys[build->epoch].k_route,
                   &place);
        out.route = route;
        out.route_len = sizeof route;
    }
    if (leaf->birth)
        build_slot(build, leaf, &out);
    build_bodies(build, leaf, &out);
    close_seals(leaf, &out);
    enum err err = leaf_make(&out, &leaf->header, build->device->ed_sk);
    assert(err == ERR_OK);
    memcpy(leaf->sig, out.sig, SIG_LEN);
    leaf_hash(leaf->hash, out.header, out.header_len, out.sig);
    leaf->built = true;
}

static void build_space(struct testdevice *device, struct testspace *space)
{
    struct build build = {.device = device, .space = space};
    build.epoch = fold_epoch_now(space->fold);
    build.founding = space->fold->size == 0;
    memcpy(build.head, space->fold->head, HASH_LEN);
    memcpy(build.prev, space->prev, HASH_LEN);
    for (size_t i = 0; i < space->n_queue; i++) {
        struct testleaf *leaf = space->queue[i];
        if (!leaf->built)
            build_leaf(&build, leaf);
        memcpy(build.prev, leaf->hash, HASH_LEN);
        if (kind_is_chained(leaf->kind))
            memcpy(build.head, leaf->hash, HASH_LEN);
        build.epoch += leaf->kind == KIND_EPOCH_CHANGE;
    }
}

/* ---- requests ---- */

static void count_keys(const struct testspace *space, size_t *slots, size_t *seals)
{
    *slots = space->n_rewrap;
    *seals = 0;
    for (size_t i = 0; i < space->n_queue; i++) {
        *slots += space->queue[i]->birth;
        *seals += space->queue[i]->n_seals;
    }
}

static void put_leaves(struct message_row *row, struct testspace *space, struct arena *arena)
{
    for (size_t i = 0; i < space->n_queue; i++) {
        struct testleaf *leaf = space->queue[i];
        struct message_leaf *out = &row->leaves[row->n_leaves++];
        leaf->sent = true;
        out->header = leaf->header.bytes;
        out->header_len = leaf->header.len;
        memcpy(out->sig, leaf->sig, SIG_LEN);
        out->n_bodies = leaf->n_bodies;
        out->bodies = arena_get(arena, leaf->n_bodies, sizeof *out->bodies);
        for (size_t k = 0; k < leaf->n_bodies; k++)
            out->bodies[k] = (struct leaf_body){leaf->body[k].bytes, leaf->body[k].len};
        if (leaf->birth)
            row->slots[row->n_slots++] = leaf->slot;
        for (size_t k = 0; k < leaf->n_seals; k++)
            row->seals[row->n_seals++] = leaf->seal[k];
    }
}

static void put_row(struct testdevice *device, struct message_row *row, struct testspace *space,
                    struct arena *arena)
{
    size_t slots, seals;
    memcpy(row->space, space->id, ID_LEN);
    row->have_size = space->tree.size;
    row->keys_rev = space->keys_rev;
    row->erased_upto = space->erased_upto;
    count_keys(space, &slots, &seals);
    row->leaves = arena_get(arena, space->n_queue, sizeof *row->leaves);
    row->slots = arena_get(arena, slots, sizeof *row->slots);
    row->seals = arena_get(arena, seals, sizeof *row->seals);
    row->inbox = arena_get(arena, space->n_inbox + 1, sizeof *row->inbox);
    put_leaves(row, space, arena);
    for (size_t i = 0; i < space->n_rewrap; i++)
        row->slots[row->n_slots++] = space->rewrap[i];
    if (space->join.len > 0) {
        struct message_inbox *item = &row->inbox[row->n_inbox++];
        item->type = INBOX_JOIN;
        memcpy(item->id, device->id, ID_LEN);
        item->payload = space->join.bytes;
        item->payload_len = space->join.len;
    }
    for (size_t i = 0; i < space->n_inbox; i++)
        row->inbox[row->n_inbox++] = space->inbox[i];
    row->want = space->want;
    row->n_want = space->n_want;
}

enum err testdevice_request(struct testdevice *device, uint64_t now_ms, struct buf *out)
{
    enum err err = ERR_OK;
    struct message_request *request = &device->request;
    struct arena *arena = arena_new((size_t)64 << 20);
    *request = (struct message_request){.time_ms = now_ms,
                                        .max_bytes = device->max_bytes,
                                        .wait_ms = device->wait_ms,
                                        .flags = device->flags};
    memcpy(request->device, device->id, ID_LEN);
    memcpy(request->store_id, device->store_id, STORE_ID_LEN);
    request->has_auth = !device->known;
    memcpy(request->ed_pk, device->ed_pk, PK_LEN);
    request->n_rows = device->n_spaces;
    request->rows = arena_get(arena, device->n_spaces, sizeof *request->rows);
    for (size_t i = 0; i < device->n_spaces; i++) {
        build_space(device, device->spaces[i]);
        put_row(device, &request->rows[i], device->spaces[i], arena);
    }
    if (device->has_link && !device->known) {
        const struct testleaf *genesis = device->spaces[0]->queue[0];
        request->has_link_sig = true;
        TRY(message_found_sign(request->link_sig, device->link_secret, genesis->header.bytes,
                               genesis->header.len));
    }
    TRY(message_request_make(out, request, device->aud, device->ed_sk));
out:
    request->rows = NULL;
    arena_free(arena);
    return err;
}

enum err testdevice_sync(struct testdevice *device, testdevice_send send, void *ctx,
                         uint64_t now_ms)
{
    enum err err = ERR_OK;
    struct buf request = {.max = REQUEST_MAX}, response = {.max = RESPONSE_MAX};
    int http = 0;
    TRY(testdevice_request(device, now_ms, &request));
    TRY(send(ctx, request.bytes, request.len, &response, &http));
    TRY(response.len > 0 ? ERR_OK : ERR_NET);
    TRY(testdevice_response(device, response.bytes, response.len));
out:
    buf_free(&request);
    buf_free(&response);
    return err;
}
