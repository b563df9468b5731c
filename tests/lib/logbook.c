/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/logbook.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/seal.h"
#include "proto/sign.h"

/* A fixed 32-byte value from two small numbers. */
static void fixed(uint8_t out[static HASH_LEN], const char *what, int n)
{
    char text[64];
    int len = snprintf(text, sizeof text, "logbook %s %d", what, n);
    digest_sha256_of(out, text, (size_t)len);
}

static void make_actor(struct logbook_actor *actor, int n)
{
    uint8_t seed[HASH_LEN];
    fixed(seed, "ed", n);
    sign_keypair(actor->ed_pk, actor->ed_sk, seed);
    fixed(seed, "x", n);
    seal_keypair(actor->x_pk, actor->x_sk, seed);
    sign_device_id(actor->id, actor->ed_pk);
}

enum err logbook_node_at(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    struct logbook *lb = ctx;
    uint64_t entry = ((index + 1) << level) - 1;
    if (entry >= lb->n || level >= lb->completed[entry].n)
        return ERR_NOT_FOUND;
    memcpy(out, lb->completed[entry].nodes[level], HASH_LEN);
    return ERR_OK;
}

enum err logbook_root_at(void *ctx, uint64_t size, uint8_t out[static HASH_LEN])
{
    return tree_root_at(out, size, logbook_node_at, ctx);
}

/* Puts the built leaf into the log and the fold, and compares the verdict. */
static void append(struct logbook *lb, struct leaf *leaf, struct buf header, enum err want)
{
    assert(lb->n < LOGBOOK_ENTRIES);
    struct logbook_entry *entry = &lb->entries[lb->n];
    *entry = (struct logbook_entry){.t_recv_ms = lb->now_ms, .header = header};
    memcpy(entry->sig, leaf->sig, SIG_LEN);
    struct leaf decoded;
    entry->verdict = leaf_decode(&decoded, header.bytes, header.len, entry->sig);
    if (entry->verdict == ERR_OK) {
        const struct fold_entry fe = {.index = lb->n,
                                      .t_recv_ms = lb->now_ms,
                                      .leaf = &decoded,
                                      .fresh = true,
                                      .root_at = logbook_root_at,
                                      .root_ctx = lb};
        enum err judged = fold_judge(lb->fold, &fe);
        entry->verdict = fold_apply(lb->fold, &fe);
        if (judged != entry->verdict)
            lb->failed = true;
    }
    leaf_fini(&decoded);
    leaf_hash(lb->last_hash, header.bytes, header.len, entry->sig);
    uint8_t hash[HASH_LEN];
    leaf_entry_hash(hash, lb->now_ms, header.bytes, header.len, entry->sig);
    tree_append(&lb->tree, hash, &lb->completed[lb->n]);
    lb->n++;
    if (entry->verdict != want && want != LOGBOOK_ANY) {
        fprintf(stderr, "entry %zu, kind %d: %s instead of %s\n", lb->n - 1, (int)leaf->kind,
                err_name(entry->verdict), err_name(want));
        lb->failed = true;
    }
}

/* Control kinds that hand out keys carry keys32; the logbook needs no real seals for that. */
static bool wants_keys(const struct logbook *lb, const struct leaf *leaf)
{
    struct leaf with = *leaf, without = *leaf;
    with.has_keys = true;
    without.has_keys = false;
    struct fold_entry entry = {.index = lb->fold->size, .t_recv_ms = lb->now_ms, .leaf = &with};
    if (lb->fold->size == 0 || kind_has_route(leaf->kind) || leaf->unknown)
        return false;
    enum err err_with = fold_judge(lb->fold, &entry);
    entry.leaf = &without;
    return err_with == ERR_OK && fold_judge(lb->fold, &entry) == ERR_SEALS;
}

static void disturb(struct logbook *lb, struct leaf *leaf)
{
    if (lb->next.bad_seq)
        leaf->seq = 1;
    if (lb->next.bad_prev)
        leaf->prev[0] ^= 1;
    if (lb->next.bad_seen)
        leaf->seen_root[31] ^= 0x80;
    if (lb->next.bad_epoch)
        leaf->epoch += 7;
    if (lb->next.previous_epoch)
        leaf->epoch--;
    if (lb->next.bad_ctl_prev)
        leaf->op.prev[5] ^= 4;
    if (lb->next.bad_space)
        leaf->space[0] ^= 1;
    if (lb->next.flip_keys)
        leaf->has_keys = !leaf->has_keys;
}

void logbook_step(struct logbook *lb, int actor, enum leaf_kind kind, struct op op, enum err want)
{
    struct logbook_actor *a = &lb->actors[actor];
    struct leaf leaf = {.kind = kind, .seq = a->seq + 1, .seen_size = lb->n, .op = op};
    leaf.epoch = fold_epoch_now(lb->fold);
    leaf.unknown = !op_kind_known((uint64_t)kind);
    lb->now_ms = lb->next.has_t ? lb->next.t_ms : lb->now_ms + 1000;
    memcpy(leaf.space, lb->space, ID_LEN);
    memcpy(leaf.device, a->id, ID_LEN);
    memcpy(leaf.prev, a->prev, HASH_LEN);
    tree_root(&lb->tree, leaf.seen_root);
    uint8_t route[NONCE_LEN + TAG_LEN + 32];
    memset(route, (int)(lb->n & 0x7f), sizeof route);
    leaf.route = route;
    leaf.route_len = sizeof route;
    leaf.op.kind = kind;
    leaf.op.has_prev = kind_is_chained(kind) && kind != KIND_GENESIS;
    memcpy(leaf.op.prev, lb->fold->head, HASH_LEN);
    leaf.has_keys = wants_keys(lb, &leaf);
    fixed(leaf.keys, "keys", (int)lb->n);
    bool bodies = kind_has_route(kind) || kind == KIND_LABEL || kind == KIND_PACK_SET;
    leaf.n_bodies = lb->next.bodies < 0 ? 0 : bodies ? 1 : 0;
    fixed(leaf.bodies, "bodies", (int)lb->n);
    disturb(lb, &leaf);
    struct buf header = {.max = HEADER_MAX};
    enum err err = leaf_make(&leaf, &header, a->ed_sk);
    assert(err == ERR_OK);
    if (lb->next.bad_sig)
        leaf.sig[10] ^= 1;
    memset(&lb->next, 0, sizeof lb->next);
    append(lb, &leaf, header, want);
    if (lb->entries[lb->n - 1].verdict == ERR_OK) {
        a->seq = leaf.seq;
        memcpy(a->prev, lb->last_hash, HASH_LEN);
    }
}

static void found(struct logbook *lb)
{
    struct logbook_actor *a = &lb->actors[0];
    struct leaf leaf = {.kind = KIND_GENESIS, .seq = 1};
    struct op *op = &leaf.op;
    op->kind = KIND_GENESIS;
    op->u.genesis.level = LEVEL_TEAM;
    op->u.genesis.created_s = 1735689600;
    op->u.genesis.suite = SUITE_1;
    op->u.genesis.log_name = "log.example";
    op->u.genesis.log_name_len = 11;
    memcpy(op->u.genesis.ed_pk, a->ed_pk, PK_LEN);
    memcpy(op->u.genesis.x_pk, a->x_pk, PK_LEN);
    uint8_t seed[HASH_LEN], sk[SK_LEN];
    fixed(seed, "log", 0);
    sign_keypair(op->u.genesis.log_pk, sk, seed);
    fixed(seed, "resp", 0);
    sign_keypair(op->u.genesis.resp_pk, sk, seed);
    memcpy(leaf.device, a->id, ID_LEN);
    tree_root(&lb->tree, leaf.seen_root);
    struct buf header = {.max = HEADER_MAX};
    enum err err = leaf_make(&leaf, &header, a->ed_sk);
    assert(err == ERR_OK);
    leaf_space_id(lb->space, header.bytes, header.len);
    err = fold_new(&lb->fold, lb->space);
    assert(err == ERR_OK);
    append(lb, &leaf, header, ERR_OK);
    a->seq = 1;
    memcpy(a->prev, lb->last_hash, HASH_LEN);
}

void logbook_start(struct logbook *lb)
{
    *lb = (struct logbook){.now_ms = 1735689600000};
    for (int i = 0; i < LOGBOOK_ACTORS; i++)
        make_actor(&lb->actors[i], i);
    found(lb);
    /* fold->head is the genesis; from here on `logbook_step` fills ctl_prev itself. */
    logbook_step(lb, 0, KIND_EPOCH_CHANGE, logbook_epoch(lb, 1), ERR_OK);
    struct op label = {0};
    label.u.label.target = LABEL_SPACE;
    memcpy(label.u.label.id, lb->space, ID_LEN);
    logbook_step(lb, 0, KIND_LABEL, label, ERR_OK);
}

void logbook_end(struct logbook *lb)
{
    for (size_t i = 0; i < lb->n; i++)
        buf_free(&lb->entries[i].header);
    fold_free(lb->fold);
}

/* --- operations --- */

static void invite_key(int no, uint8_t pk[static PK_LEN], uint8_t sk[static SK_LEN])
{
    uint8_t seed[HASH_LEN];
    fixed(seed, "invite", no);
    sign_keypair(pk, sk, seed);
}

struct op logbook_invite(const struct logbook *lb, int invite_no, uint8_t roles)
{
    struct op op = {0};
    uint8_t sk[SK_LEN];
    invite_key(invite_no, op.u.invite.invite_pk, sk);
    op.u.invite.roles = roles;
    op.u.invite.expires_s = lb->now_ms / 1000 + 7 * 86400;
    return op;
}

static struct op add(struct logbook *lb, int who, int invite_no, uint8_t roles,
                     enum device_kind kind)
{
    /* Parts outlive the step that uses them; there are never more than a few. */
    static struct buf parts[8];
    static unsigned at;
    struct buf *part = &parts[at++ % 8];
    buf_reset(part);
    struct op op = {0};
    struct op_proof *proof = &op.u.device_add.proof;
    struct op_join join = {.kind = kind};
    uint8_t invite_sk[SK_LEN];
    memcpy(join.space, lb->space, ID_LEN);
    memcpy(join.ed_pk, lb->actors[who].ed_pk, PK_LEN);
    memcpy(join.x_pk, lb->actors[who].x_pk, PK_LEN);
    fixed(join.name_hash, "name", who);
    proof->type = invite_no >= 0 ? PROOF_JOIN : PROOF_STATEMENT;
    if (invite_no >= 0)
        invite_key(invite_no, join.invite_pk, invite_sk);
    op_proof_part(part, proof->type, &join);
    proof->part = part->bytes;
    proof->part_len = part->len;
    const struct digest_part signed_part = {part->bytes, part->len};
    const char *tag = invite_no >= 0 ? TAG_JOIN : TAG_KEYS;
    enum err err = sign_make(proof->device_sig, lb->actors[who].ed_sk, tag, &signed_part, 1);
    if (err == ERR_OK && invite_no >= 0)
        err = sign_make(proof->invite_sig, invite_sk, tag, &signed_part, 1);
    assert(err == ERR_OK);
    op.u.device_add.roles = roles;
    return op;
}

struct op logbook_add(struct logbook *lb, int who, int invite_no, uint8_t roles)
{
    return add(lb, who, invite_no, roles, DEVICE_ORDINARY);
}

struct op logbook_add_paper(struct logbook *lb, int who)
{
    return add(lb, who, -1, ROLE_READER | ROLE_ADMIN, DEVICE_PAPER);
}

struct op logbook_revoke(const struct logbook *lb, int who, enum revoke_mode mode, uint64_t cut)
{
    struct op op = {0};
    memcpy(op.u.device_revoke.device, lb->actors[who].id, ID_LEN);
    op.u.device_revoke.mode = mode;
    op.u.device_revoke.cut = cut;
    return op;
}

struct op logbook_role(const struct logbook *lb, int who, uint8_t roles)
{
    struct op op = {0};
    memcpy(op.u.role_set.device, lb->actors[who].id, ID_LEN);
    op.u.role_set.roles = roles;
    return op;
}

struct op logbook_epoch(const struct logbook *lb, uint32_t epoch)
{
    struct op op = {0};
    op.u.epoch_change.epoch = epoch;
    op.u.epoch_change.suite = SUITE_1;
    op.u.epoch_change.has_wraps = epoch > 1;
    uint8_t key[HASH_LEN];
    fixed(key, "ek", (int)epoch);
    seal_epoch_commit(op.u.epoch_change.kcom_ek, SEAL_EK, key, lb->space, epoch);
    seal_epoch_commit(op.u.epoch_change.kcom_sk, SEAL_SK, key, lb->space, epoch);
    seal_epoch_commit(op.u.epoch_change.kcom_route, SEAL_ROUTE, key, lb->space, epoch);
    memset(op.u.epoch_change.wrap_ek, (int)epoch, WRAP_LEN);
    memset(op.u.epoch_change.wrap_route, (int)epoch + 1, WRAP_LEN);
    return op;
}

struct op logbook_confirm(const struct logbook *lb)
{
    struct op op = {0};
    memcpy(op.u.confirm.hash, lb->last_hash, HASH_LEN);
    return op;
}
