/* SPDX-License-Identifier: Apache-2.0
 *
 * What every leaf must fulfil, and the look-ups. The rules per kind stand in fold_rules*.c.
 */
#include "proto/fold.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/fold_rules.h"
#include "proto/seal.h"
#include "proto/sign.h"

enum err fold_new(struct fold **fold, const uint8_t space[static ID_LEN])
{
    *fold = calloc(1, sizeof **fold);
    if (!*fold)
        return ERR_MEMORY;
    memcpy((*fold)->space, space, ID_LEN);
    (*fold)->trial = true;
    return ERR_OK;
}

void fold_free(struct fold *fold)
{
    if (!fold)
        return;
    free(fold->devices);
    free(fold->epochs);
    free(fold->invites);
    free(fold->proposals);
    free(fold->erased);
    free(fold->moved);
    free(fold->grants);
    free(fold->log_keys);
    free(fold);
}

/* --- look-ups --- */

static struct fold_device *device_at(const struct fold *fold, const uint8_t *id)
{
    for (size_t i = 0; i < fold->n_devices; i++) {
        if (memcmp(fold->devices[i].id, id, ID_LEN) == 0)
            return &fold->devices[i];
    }
    return NULL;
}

const struct fold_device *fold_device(const struct fold *fold, const uint8_t id[static ID_LEN])
{
    return device_at(fold, id);
}

const uint8_t *fold_log_pk(const struct fold *fold, uint64_t size)
{
    for (size_t i = 0; i < fold->n_log_keys; i++) {
        if (size <= fold->log_keys[i].until)
            return fold->log_keys[i].pk;
    }
    return fold->log_pk;
}

const struct fold_epoch *fold_epoch(const struct fold *fold, uint32_t epoch)
{
    return epoch >= 1 && epoch <= fold->n_epochs ? &fold->epochs[epoch - 1] : NULL;
}

const struct fold_invite *fold_invite(const struct fold *fold, const uint8_t pk[static PK_LEN])
{
    for (size_t i = 0; i < fold->n_invites; i++) {
        if (memcmp(fold->invites[i].pk, pk, PK_LEN) == 0)
            return &fold->invites[i];
    }
    return NULL;
}

static int compare_shred(const void *key, const void *row)
{
    return memcmp(key, ((const struct fold_erased *)row)->shred, ID_LEN);
}

const struct fold_moved *fold_moved(const struct fold *fold, const uint8_t shred[static ID_LEN])
{
    for (size_t i = fold->n_moved; i > 0; i--) {
        if (memcmp(fold->moved[i - 1].shred, shred, ID_LEN) == 0)
            return &fold->moved[i - 1];
    }
    return NULL;
}

const struct fold_erased *fold_erased(const struct fold *fold, const uint8_t shred[static ID_LEN])
{
    if (fold->n_erased == 0)
        return NULL;
    return bsearch(shred, fold->erased, fold->n_erased, sizeof *fold->erased, compare_shred);
}

uint32_t fold_epoch_now(const struct fold *fold)
{
    return (uint32_t)fold->n_epochs;
}

int fold_seal_type(uint8_t roles)
{
    if (roles & ROLE_READER)
        return SEAL_MEMBER;
    return roles & ROLE_AUDITOR ? SEAL_AUDITOR : 0;
}

bool fold_has_role(const struct fold *fold, const uint8_t id[static ID_LEN], uint8_t roles)
{
    const struct fold_device *device = fold_device(fold, id);
    return device && device->active && (device->roles & roles) == roles;
}

size_t fold_keepers(const struct fold *fold)
{
    size_t n = 0;
    for (size_t i = 0; i < fold->n_devices; i++) {
        const struct fold_device *d = &fold->devices[i];
        n += d->active && (d->kind == DEVICE_PAPER || d->roles & (ROLE_ADMIN | ROLE_GUARDIAN));
    }
    return n;
}

bool fold_effective(const struct fold *fold, uint64_t index, const uint8_t device[static ID_LEN],
                    uint64_t seq, enum leaf_kind kind)
{
    const struct fold_device *d = fold_device(fold, device);
    if (!kind_has_route(kind) || !d || d->active)
        return true;
    return d->mode == REVOKE_LOST ? seq <= d->cut : index < d->cut;
}

/* --- LeafValid --- */

static enum err judge_genesis(const struct fold *fold, const struct fold_entry *entry)
{
    const struct leaf *leaf = entry->leaf;
    const struct op *op = &leaf->op;
    uint8_t id[ID_LEN], empty[HASH_LEN];
    leaf_space_id(id, leaf->header, leaf->header_len);
    digest_sha256_of(empty, NULL, 0);
    if (leaf->kind != KIND_GENESIS || fold->size != 0)
        return ERR_FORMAT;
    if (!digest_equal(id, fold->space, ID_LEN) || !digest_is_zero(leaf->space, ID_LEN))
        return ERR_ROOT;
    if (!digest_is_zero(leaf->prev, HASH_LEN) || leaf->seen_size != 0 || leaf->epoch != 0 ||
        leaf->n_bodies != 0 || leaf->has_keys || !digest_equal(leaf->seen_root, empty, HASH_LEN))
        return ERR_FORMAT;
    if (op->u.genesis.suite != SUITE_1)
        return ERR_VERSION;
    sign_device_id(id, op->u.genesis.ed_pk);
    if (!digest_equal(id, leaf->device, ID_LEN))
        return ERR_SIGNATURE;
    if (!entry->fresh || entry->signature_checked)
        return ERR_OK;
    return leaf_verify(leaf, op->u.genesis.ed_pk);
}

/* The signature, the device's own chain, and what it says it had seen: not asked again of one's own disk. */
static enum err judge_fresh(const struct fold_entry *entry, const struct fold_device *device)
{
    const struct leaf *leaf = entry->leaf;
    if (!entry->signature_checked) {
        enum err err = leaf_verify(leaf, device->ed_pk);
        if (err != ERR_OK)
            return err;
    }
    if (leaf->seq <= device->last_seq || !digest_equal(leaf->prev, device->last_hash, HASH_LEN))
        return ERR_SEQ;
    if (leaf->seen_size > entry->index)
        return ERR_SEEN;
    uint8_t root[HASH_LEN];
    if (leaf->seen_size == 0) {
        digest_sha256_of(root, NULL, 0);
    } else {
        enum err err = entry->root_at(entry->root_ctx, leaf->seen_size, root);
        if (err != ERR_OK)
            return err_category(err) == CAT_INTERNAL ? err : ERR_IO;
    }
    return digest_equal(root, leaf->seen_root, HASH_LEN) ? ERR_OK : ERR_SEEN;
}

bool fold_epoch_open(const struct fold *fold, uint32_t epoch, uint64_t t_recv_ms)
{
    uint32_t now = fold_epoch_now(fold);
    if (epoch == now)
        return now > 0;
    /* The previous epoch stays open for a while for work that was sealed before its author learned of the new one,
     * unless somebody who can read it has been removed. */
    if (now < 2 || epoch != now - 1)
        return false;
    const struct fold_epoch *newest = fold_epoch(fold, now), *previous = fold_epoch(fold, now - 1);
    return fold->cut_since <= previous->index &&
           t_recv_ms <= newest->t_recv_ms + (uint64_t)EPOCH_GRACE_MS;
}

static enum err judge_epoch(const struct fold *fold, const struct fold_entry *entry)
{
    const struct leaf *leaf = entry->leaf;
    uint32_t now = fold_epoch_now(fold);
    if (now == 0 && leaf->kind != KIND_EPOCH_CHANGE)
        return ERR_STALE_EPOCH;
    if (leaf->epoch == now)
        return ERR_OK;
    bool open =
        !kind_is_chained(leaf->kind) && fold_epoch_open(fold, leaf->epoch, entry->t_recv_ms);
    return open ? ERR_OK : ERR_STALE_EPOCH;
}

static enum err judge(const struct fold *fold, const struct fold_entry *entry,
                      struct fold_plan *plan)
{
    const struct leaf *leaf = entry->leaf;
    assert(entry->index == fold->size);
    *plan = (struct fold_plan){.kind = leaf->kind};
    if (entry->index == 0 || leaf->kind == KIND_GENESIS)
        return judge_genesis(fold, entry);
    if (!digest_equal(leaf->space, fold->space, ID_LEN))
        return ERR_FORMAT;
    const struct fold_device *device = fold_device(fold, leaf->device);
    if (!device)
        return ERR_UNKNOWN_DEVICE;
    if (!device->active)
        return ERR_REVOKED;
    enum err err = entry->fresh ? judge_fresh(entry, device) : ERR_OK;
    if (err != ERR_OK)
        return err;
    err = judge_epoch(fold, entry);
    if (err != ERR_OK)
        return err;
    if (kind_is_chained(leaf->kind) && !digest_equal(leaf->op.prev, fold->head, HASH_LEN))
        return ERR_LOST_RACE;
    if (leaf->unknown)
        return ERR_OK;
    return fold_rules_judge(fold, entry, plan);
}

enum err fold_judge(const struct fold *fold, const struct fold_entry *entry)
{
    struct fold_plan plan;
    return judge(fold, entry, &plan);
}

enum err fold_apply(struct fold *fold, const struct fold_entry *entry)
{
    struct fold_plan plan;
    enum err err = judge(fold, entry, &plan);
    if (err == ERR_OK)
        err = fold_rules_reserve(fold, &plan);
    if (err != ERR_OK && err_category(err) == CAT_INTERNAL)
        return err;
    if (err == ERR_OK) {
        const struct leaf *leaf = entry->leaf;
        uint8_t hash[HASH_LEN];
        leaf_hash(hash, leaf->header, leaf->header_len, leaf->sig);
        fold_rules_effect(fold, entry, &plan);
        if (kind_is_chained(leaf->kind))
            memcpy(fold->head, hash, HASH_LEN);
        fold_set_last(fold, leaf->device, leaf->seq, hash, entry->index);
    }
    fold->size++;
    return err;
}

void fold_set_last(struct fold *fold, const uint8_t device[static ID_LEN], uint64_t seq,
                   const uint8_t hash[static HASH_LEN], uint64_t index)
{
    struct fold_device *d = device_at(fold, device);
    if (!d)
        return;
    d->last_seq = seq;
    memcpy(d->last_hash, hash, HASH_LEN);
    d->last_index = index;
}

void fold_skip_to(struct fold *fold, uint64_t size)
{
    assert(size >= fold->size);
    fold->size = size;
}

bool fold_needs_second(const struct fold *fold, const struct leaf *leaf)
{
    struct fold_plan plan = {.kind = leaf->kind};
    const struct fold_entry entry = {.index = fold->size, .leaf = leaf};
    return fold->size > 0 && !kind_has_route(leaf->kind) && !leaf->unknown &&
           fold_rules_judge(fold, &entry, &plan) == ERR_OK && plan.proposes;
}

/* --- seals --- */

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, ID_LEN);
}

/* Whether seal `s` is the one for a device with `roles`. */
static bool seal_fits(const struct leaf_seal *s, const uint8_t *device, uint8_t roles,
                      uint32_t epoch)
{
    int type = fold_seal_type(roles);
    size_t len = type == SEAL_MEMBER ? SEAL_MEMBER_LEN : SEAL_AUDITOR_LEN;
    return memcmp(s->device, device, ID_LEN) == 0 && s->type == type && s->epoch == epoch &&
           s->seal_len == len;
}

static enum err check_all_seals(const struct fold *fold, const struct leaf *leaf,
                                const struct leaf_seal *seals, size_t n)
{
    uint8_t(*ids)[ID_LEN] = calloc(fold->n_devices + 1, ID_LEN);
    if (!ids)
        return ERR_MEMORY;
    size_t want = 0;
    for (size_t i = 0; i < fold->n_devices; i++) {
        if (fold->devices[i].active && fold_seal_type(fold->devices[i].roles))
            memcpy(ids[want++], fold->devices[i].id, ID_LEN);
    }
    qsort(ids, want, ID_LEN, compare_ids);
    enum err err = want == n ? ERR_OK : ERR_SEALS;
    for (size_t i = 0; err == ERR_OK && i < n; i++) {
        if (!seal_fits(&seals[i], ids[i], fold_device(fold, ids[i])->roles,
                       leaf->op.u.epoch_change.epoch))
            err = ERR_SEALS;
    }
    free(ids);
    return err;
}

static enum err check_hash(const struct leaf *leaf, const struct leaf_seal *seals, size_t n)
{
    struct buf lines = {.max = DEVICES_MAX * SEAL_LINE_LEN};
    for (size_t i = 0; i < n; i++) {
        uint8_t *line = buf_room(&lines, SEAL_LINE_LEN);
        if (line)
            leaf_seal_line(line, &seals[i]);
    }
    uint8_t hash[HASH_LEN];
    enum err err = lines.err;
    if (err == ERR_OK) {
        leaf_seals_hash(hash, lines.bytes, n);
        err = digest_equal(hash, leaf->keys, HASH_LEN) ? ERR_OK : ERR_SEALS;
    }
    buf_free(&lines);
    return err;
}

enum err fold_check_seals(const struct fold *fold, const struct leaf *leaf,
                          const struct leaf_seal *seals, size_t n)
{
    if (kind_has_route(leaf->kind) || leaf->kind == KIND_GENESIS || leaf->unknown)
        return n == 0 ? ERR_OK : ERR_SEALS;
    struct fold_plan plan = {.kind = leaf->kind};
    const struct fold_entry entry = {.index = fold->size, .leaf = leaf};
    /* Judged well, it has a keys32 exactly when it needs seals. */
    enum err err = fold_rules_judge(fold, &entry, &plan);
    if (err != ERR_OK)
        return err;
    switch (fold_rules_seals(fold, &plan)) {
    case FOLD_SEALS_ALL:
        err = check_all_seals(fold, leaf, seals, n);
        break;
    case FOLD_SEALS_ONE:
        err = n == 1 && seal_fits(&seals[0], plan.target, plan.roles, fold_epoch_now(fold))
                  ? ERR_OK
                  : ERR_SEALS;
        break;
    default:
        return n == 0 ? ERR_OK : ERR_SEALS;
    }
    return err == ERR_OK ? check_hash(leaf, seals, n) : err;
}
