/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: whatever members write, in whatever order and with whatever mistakes: the fold judges as it applies, an
 * invalid leaf changes nothing, a removed device stays removed, an admin is left, and a second replica that reads the
 * same log (from another's page or from its own disk) is equal.
 *
 * An input is a list of steps of four bytes: author and mistake, kind, whom, with what. Every leaf is signed rightly
 * unless its mistake is the signature, so that all inputs come to the rules.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/seal.h"
#include "tests/lib/logbook.h"

enum { STEP = 4, DAY_MS = 24 * 3600 * 1000 };

/* All that a fold holds, but for `size`. */
static void put_fold(struct buf *out, const struct fold *fold)
{
    struct fold flat = *fold;
    flat.size = 0;
    flat.devices = NULL;
    flat.epochs = NULL;
    flat.invites = NULL;
    flat.proposals = NULL;
    flat.erased = NULL;
    flat.grants = NULL;
    buf_reset(out);
    buf_put(out, &flat, sizeof flat);
    buf_put(out, fold->devices, fold->n_devices * sizeof *fold->devices);
    buf_put(out, fold->epochs, fold->n_epochs * sizeof *fold->epochs);
    buf_put(out, fold->invites, fold->n_invites * sizeof *fold->invites);
    buf_put(out, fold->proposals, fold->n_proposals * sizeof *fold->proposals);
    buf_put(out, fold->erased, fold->n_erased * sizeof *fold->erased);
    buf_put(out, fold->grants, fold->n_grants * sizeof *fold->grants);
    if (out->err != ERR_OK)
        abort();
}

/* What two replicas must agree on; padding inside structs is not looked at. */
static bool equal(const struct fold *a, const struct fold *b)
{
    if (a->size != b->size || a->n_devices != b->n_devices || a->n_epochs != b->n_epochs ||
        a->n_invites != b->n_invites || a->n_proposals != b->n_proposals ||
        a->n_erased != b->n_erased || a->n_grants != b->n_grants || a->trial != b->trial ||
        a->cut_since != b->cut_since || a->rotation_pending != b->rotation_pending ||
        a->pack_number != b->pack_number || memcmp(a->head, b->head, HASH_LEN) != 0)
        return false;
    for (size_t i = 0; i < a->n_devices; i++) {
        const struct fold_device *x = &a->devices[i], *y = &b->devices[i];
        if (memcmp(x->id, y->id, ID_LEN) != 0 || x->roles != y->roles || x->active != y->active ||
            x->kind != y->kind || x->last_seq != y->last_seq || x->added != y->added ||
            memcmp(x->last_hash, y->last_hash, HASH_LEN) != 0 ||
            (!x->active && (x->mode != y->mode || x->cut != y->cut || x->revoked != y->revoked)))
            return false;
    }
    for (size_t i = 0; i < a->n_proposals; i++) {
        if (memcmp(a->proposals[i].hash, b->proposals[i].hash, HASH_LEN) != 0)
            return false;
    }
    return true;
}

/* Rules that hold for every fold. */
static void check_sense(const struct fold *fold)
{
    size_t admins = 0;
    for (size_t i = 0; i < fold->n_devices; i++) {
        const struct fold_device *d = &fold->devices[i];
        admins += d->active && d->roles & ROLE_ADMIN;
        if (d->roles == 0 ||
            (d->roles & (ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN) && !(d->roles & ROLE_READER)))
            abort();
        for (size_t k = 0; k < i; k++) {
            if (memcmp(fold->devices[k].id, d->id, ID_LEN) == 0)
                abort();
        }
    }
    for (size_t i = 1; i < fold->n_erased; i++) {
        if (memcmp(fold->erased[i - 1].shred, fold->erased[i].shred, ID_LEN) >= 0)
            abort();
    }
    if (admins == 0 || fold->n_proposals > PROPOSALS_MAX || fold->n_grants > GRANTS_MAX)
        abort();
}

static void check_change(const struct fold *before, const struct fold_device *devices,
                         const struct fold *after)
{
    if (after->n_devices < before->n_devices || after->n_epochs < before->n_epochs ||
        after->n_erased < before->n_erased || (after->trial && !before->trial))
        abort();
    for (size_t i = 0; i < before->n_devices; i++) {
        if (memcmp(devices[i].id, after->devices[i].id, ID_LEN) != 0 ||
            (after->devices[i].active && !devices[i].active) ||
            after->devices[i].last_seq < devices[i].last_seq)
            abort();
    }
}

static struct op operation(struct logbook *lb, enum leaf_kind kind, uint8_t whom, uint8_t what)
{
    static const uint8_t roles[] = {1, 3, 7, 15, 16, 32, 9, 0, 2, 11, 47, 63};
    struct op op = {0};
    int who = whom % LOGBOOK_ACTORS;
    uint8_t some = roles[what % sizeof roles];
    const uint64_t cut = what & 1 ? lb->n - lb->n * (what >> 4) / 16 : what;
    switch (kind) {
    case KIND_GENESIS:
        op.u.genesis.log_name = "log.example";
        op.u.genesis.log_name_len = 11;
        op.u.genesis.suite = SUITE_1;
        break;
    case KIND_DEVICE_ADD:
        if (whom & 0x80 && whom & 0x40)
            return logbook_add_paper(lb, who);
        op = logbook_add(lb, who, whom & 0x80 ? -1 : who, some);
        op.u.device_add.proof.device_sig[3] ^= (uint8_t)(what >> 7);
        return op;
    case KIND_DEVICE_REVOKE:
        return logbook_revoke(lb, who, what & 2 ? REVOKE_LOST : REVOKE_DEPARTURE, cut);
    case KIND_ROLE_SET:
        return logbook_role(lb, who, some);
    case KIND_EPOCH_CHANGE:
        return logbook_epoch(lb, fold_epoch_now(lb->fold) + 1 + (what == 255));
    case KIND_PACK_SET:
        op.u.pack_set.number = what;
        break;
    case KIND_CONFIRM:
        if (lb->fold->n_proposals > 0)
            memcpy(op.u.confirm.hash, lb->fold->proposals[whom % lb->fold->n_proposals].hash,
                   HASH_LEN);
        break;
    case KIND_INVITE:
        return logbook_invite(lb, who, some);
    case KIND_INVITE_CLOSE:
        memcpy(op.u.invite_close.invite_pk, logbook_invite(lb, who, 1).u.invite.invite_pk, PK_LEN);
        break;
    case KIND_LABEL:
        op.u.label.target = what & 1 ? LABEL_DEVICE : LABEL_SPACE;
        memcpy(op.u.label.id, what & 1 ? lb->actors[who].id : lb->space, ID_LEN);
        break;
    case KIND_ERASE:
    case KIND_PURGE:
        op.u.erase.shred[0] = whom & 7;
        break;
    case KIND_ADOPT:
        memcpy(op.u.adopt.device, lb->actors[who].id, ID_LEN);
        break;
    case KIND_MOVED:
        op.u.moved.to_space[0] = whom;
        break;
    case KIND_AUDIT_GRANT:
        memcpy(op.u.audit_grant.auditor, lb->actors[who].id, ID_LEN);
        op.u.audit_grant.to_s = what;
        op.u.audit_grant.from_s = what / 2;
        break;
    case KIND_AUDIT_CLOSE:
        if (lb->fold->n_grants > 0)
            memcpy(op.u.audit_close.grant, lb->fold->grants[whom % lb->fold->n_grants].hash,
                   HASH_LEN);
        break;
    case KIND_DEVICE_REKEY:
        op.u.device_rekey.x_pk[0] = what;
        break;
    default:
        break;
    }
    return op;
}

static void mistake(struct logbook *lb, uint8_t nibble)
{
    lb->next.bad_sig = nibble == 1;
    lb->next.bad_seq = nibble == 2;
    lb->next.bad_prev = nibble == 3;
    lb->next.bad_seen = nibble == 4;
    lb->next.bad_epoch = nibble == 5;
    lb->next.bad_ctl_prev = nibble == 6;
    lb->next.bad_space = nibble == 7;
    lb->next.flip_keys = nibble == 8;
    lb->next.previous_epoch = nibble == 9;
    lb->next.bodies = nibble == 10 ? -1 : 0;
    /* now and then weeks pass: proposals and grace end */
    lb->next.has_t = nibble >= 12;
    lb->next.t_ms = lb->now_ms + (nibble == 12 ? 14ull : nibble == 13 ? 31ull : 10ull) * DAY_MS;
}

static void step(struct logbook *lb, const uint8_t *bytes, struct buf *before, struct buf *after)
{
    static const enum leaf_kind kinds[] = {1,  2,  3,  4,  5,  7,  8,  9,  16, 17, 18,
                                           19, 20, 21, 22, 23, 24, 25, 26, 27, 64, 65};
    enum leaf_kind kind = kinds[bytes[1] % (sizeof kinds / sizeof kinds[0])];
    struct op op = operation(lb, kind, bytes[2], bytes[3]);
    put_fold(before, lb->fold);
    struct fold was = *lb->fold;
    mistake(lb, bytes[0] >> 4);
    logbook_step(lb, bytes[0] % LOGBOOK_ACTORS, kind, op, LOGBOOK_ANY);
    enum err verdict = lb->entries[lb->n - 1].verdict;
    if (lb->failed || (bytes[0] >> 4 == 1 && verdict == ERR_OK))
        abort();
    if (lb->fold->size != lb->n && verdict != ERR_FORMAT)
        abort();
    if (lb->fold->size < lb->n) /* a leaf that does not decode: the caller goes on behind it */
        fold_skip_to(lb->fold, lb->n);
    put_fold(after, lb->fold);
    if (verdict != ERR_OK &&
        (before->len != after->len || memcmp(before->bytes, after->bytes, after->len) != 0))
        abort();
    check_change(&was, (const struct fold_device *)(before->bytes + sizeof was), lb->fold);
    check_sense(lb->fold);
}

/* Reads the log again: everything as from somebody else's page, or valid entries as from one's own disk. */
static void read_again(const struct logbook *lb, bool fresh)
{
    struct fold *fold;
    if (fold_new(&fold, lb->space) != ERR_OK)
        abort();
    for (size_t i = 0; i < lb->n; i++) {
        const struct logbook_entry *entry = &lb->entries[i];
        struct leaf leaf;
        enum err err = leaf_decode(&leaf, entry->header.bytes, entry->header.len, entry->sig);
        if (err == ERR_OK && (fresh || entry->verdict == ERR_OK)) {
            const struct fold_entry fe = {.index = i,
                                          .t_recv_ms = entry->t_recv_ms,
                                          .leaf = &leaf,
                                          .fresh = fresh,
                                          .signature_checked = entry->verdict != ERR_SIGNATURE,
                                          .root_at = logbook_root_at,
                                          .root_ctx = (void *)lb};
            if (fold_apply(fold, &fe) != entry->verdict)
                abort();
        } else {
            fold_skip_to(fold, i + 1);
        }
        leaf_fini(&leaf);
    }
    if (!equal(fold, lb->fold))
        abort();
    fold_free(fold);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct logbook *lb = calloc(1, sizeof *lb);
    struct buf before = {.max = 1 << 20}, after = {.max = 1 << 20};
    if (!lb || digest_init() != ERR_OK)
        abort();
    logbook_start(lb);
    for (size_t at = 0; at + STEP <= size && lb->n < LOGBOOK_ENTRIES; at += STEP)
        step(lb, data + at, &before, &after);
    read_again(lb, true);
    read_again(lb, false);
    logbook_end(lb);
    free(lb);
    buf_free(&before);
    buf_free(&after);
    return 0;
}
