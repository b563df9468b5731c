/* SPDX-License-Identifier: Apache-2.0
 *
 * One row per kind joins its decoder and encoder; the bodies read like the table of PROTOCOL.md 4.3.
 */
#include "proto/op.h"

#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/note.h"
#include "proto/sign.h"

/* --- decoders: the cursor stands behind ctl_prev --- */

static void genesis_get(struct op *op, struct wire_in *in)
{
    op->u.genesis.level = (enum space_level)wire_uint(in, LEVEL_RESTRICTED);
    op->u.genesis.created_s = wire_uint(in, INT64_MAX);
    op->u.genesis.suite = (uint8_t)wire_uint(in, UINT8_MAX);
    wire_bytes(in, op->u.genesis.nonce, ID_LEN);
    wire_bytes(in, op->u.genesis.ed_pk, PK_LEN);
    wire_bytes(in, op->u.genesis.x_pk, PK_LEN);
    wire_bytes(in, op->u.genesis.log_pk, PK_LEN);
    wire_bytes(in, op->u.genesis.resp_pk, PK_LEN);
    op->u.genesis.log_name = wire_str(in, &op->u.genesis.log_name_len, NAME_LEN_MAX);
    if (in->err == ERR_OK && !note_name_ok(op->u.genesis.log_name, op->u.genesis.log_name_len))
        wire_fail(in, ERR_FORMAT);
    if (wire_nil(in))
        return;
    struct wire_in old = wire_array(in, 3, 3);
    op->u.genesis.succeeds = true;
    wire_bytes(&old, op->u.genesis.old_space, ID_LEN);
    op->u.genesis.old_size = wire_uint(&old, INT64_MAX);
    wire_bytes(&old, op->u.genesis.old_root, HASH_LEN);
    wire_join(in, &old);
}

static void device_add_get(struct op *op, struct wire_in *in)
{
    struct op_proof *proof = &op->u.device_add.proof;
    op->u.device_add.roles = (uint8_t)wire_uint(in, ROLE_ALL);
    struct wire_in p = wire_array(in, 3, 4);
    proof->type = (enum proof_type)wire_uint(&p, PROOF_STATEMENT);
    proof->part = wire_bin(&p, &proof->part_len, 1, 512);
    if (proof->type == PROOF_JOIN)
        wire_bytes(&p, proof->invite_sig, SIG_LEN);
    else if (proof->type != PROOF_STATEMENT)
        wire_fail(&p, ERR_FORMAT);
    wire_bytes(&p, proof->device_sig, SIG_LEN);
    wire_join(in, &p);
}

static void device_revoke_get(struct op *op, struct wire_in *in)
{
    wire_bytes(in, op->u.device_revoke.device, ID_LEN);
    op->u.device_revoke.mode = (enum revoke_mode)wire_uint(in, REVOKE_LOST);
    op->u.device_revoke.cut = wire_uint(in, INT64_MAX);
}

static void role_set_get(struct op *op, struct wire_in *in)
{
    wire_bytes(in, op->u.role_set.device, ID_LEN);
    op->u.role_set.roles = (uint8_t)wire_uint(in, ROLE_ALL);
}

static void epoch_change_get(struct op *op, struct wire_in *in)
{
    op->u.epoch_change.epoch = (uint32_t)wire_uint(in, EPOCHS_MAX);
    op->u.epoch_change.suite = (uint8_t)wire_uint(in, UINT8_MAX);
    wire_bytes(in, op->u.epoch_change.kcom_ek, HASH_LEN);
    wire_bytes(in, op->u.epoch_change.kcom_sk, HASH_LEN);
    wire_bytes(in, op->u.epoch_change.kcom_route, HASH_LEN);
    bool ek = wire_bytes_or_nil(in, op->u.epoch_change.wrap_ek, WRAP_LEN);
    bool route = wire_bytes_or_nil(in, op->u.epoch_change.wrap_route, WRAP_LEN);
    op->u.epoch_change.has_wraps = ek;
    if (ek != route || ek != (op->u.epoch_change.epoch > 1) || op->u.epoch_change.epoch == 0)
        wire_fail(in, ERR_FORMAT);
}

static void log_key_get(struct op *op, struct wire_in *in)
{
    wire_bytes(in, op->u.log_key.log_pk, PK_LEN);
    wire_bytes(in, op->u.log_key.resp_pk, PK_LEN);
    wire_bytes(in, op->u.log_key.old_sig, SIG_LEN);
}

static void witness_set_get(struct op *op, struct wire_in *in)
{
    op->u.witness_set.quorum = (uint8_t)wire_uint(in, WITNESSES_MAX);
    struct wire_in list = wire_array(in, 0, 2 * WITNESSES_MAX);
    while (list.left > 0 && list.err == ERR_OK) {
        unsigned i = op->u.witness_set.n++;
        op->u.witness_set.witness[i].name =
            wire_str(&list, &op->u.witness_set.witness[i].name_len, NAME_LEN_MAX);
        if (list.err == ERR_OK &&
            !note_name_ok(op->u.witness_set.witness[i].name, op->u.witness_set.witness[i].name_len))
            wire_fail(&list, ERR_FORMAT);
        wire_bytes(&list, op->u.witness_set.witness[i].pk, PK_LEN);
    }
    if (op->u.witness_set.quorum > op->u.witness_set.n)
        wire_fail(in, ERR_FORMAT);
    wire_join(in, &list);
}

static void pack_set_get(struct op *op, struct wire_in *in)
{
    op->u.pack_set.number = (uint32_t)wire_uint(in, UINT16_MAX);
    wire_bytes(in, op->u.pack_set.hash, HASH_LEN);
}

static void hash_get(struct op *op, struct wire_in *in) /* confirm, audit_close */
{
    wire_bytes(in, op->kind == KIND_CONFIRM ? op->u.confirm.hash : op->u.audit_close.grant,
               HASH_LEN);
}

static void device_rekey_get(struct op *op, struct wire_in *in)
{
    wire_bytes(in, op->u.device_rekey.x_pk, PK_LEN);
}

static void invite_get(struct op *op, struct wire_in *in)
{
    wire_bytes(in, op->u.invite.invite_pk, PK_LEN);
    op->u.invite.roles = (uint8_t)wire_uint(in, ROLE_ALL);
    op->u.invite.expires_s = wire_uint(in, INT64_MAX);
}

static void invite_close_get(struct op *op, struct wire_in *in)
{
    wire_bytes(in, op->u.invite_close.invite_pk, PK_LEN);
}

static void label_get(struct op *op, struct wire_in *in)
{
    op->u.label.target = (enum label_target)wire_uint(in, LABEL_DEVICE);
    wire_bytes(in, op->u.label.id, ID_LEN);
}

static void erase_get(struct op *op, struct wire_in *in) /* and purge */
{
    wire_bytes(in, op->u.erase.shred, ID_LEN);
    if (op->kind == KIND_ERASE) {
        wire_bytes(in, op->u.erase.row, ID_LEN);
        op->u.erase.reason = (uint8_t)wire_uint(in, UINT8_MAX);
    }
    struct wire_in list = wire_array(in, 0, 2 * ERASE_LIST_MAX);
    size_t n = list.left / 2;
    if (list.left % 2)
        wire_fail(&list, ERR_FORMAT);
    if (n > 0 && list.err == ERR_OK) {
        op->u.erase.list = calloc(n, sizeof *op->u.erase.list);
        if (!op->u.erase.list)
            wire_fail(&list, ERR_MEMORY);
    }
    while (list.left > 0 && list.err == ERR_OK) {
        struct op_body *body = &op->u.erase.list[op->u.erase.n++];
        body->leaf = wire_uint(&list, INT64_MAX);
        body->box = (uint16_t)wire_uint(&list, BOXES_MAX - 1);
    }
    wire_join(in, &list);
}

static void adopt_get(struct op *op, struct wire_in *in)
{
    wire_bytes(in, op->u.adopt.device, ID_LEN);
    wire_bytes(in, op->u.adopt.inbox_hash, HASH_LEN);
    op->u.adopt.count = wire_uint(in, INT64_MAX);
}

static void moved_get(struct op *op, struct wire_in *in)
{
    wire_bytes(in, op->u.moved.shred, ID_LEN);
    wire_bytes(in, op->u.moved.to_space, ID_LEN);
}

static void audit_grant_get(struct op *op, struct wire_in *in)
{
    wire_bytes(in, op->u.audit_grant.auditor, ID_LEN);
    op->u.audit_grant.one_dossier = wire_bytes_or_nil(in, op->u.audit_grant.shred, ID_LEN);
    op->u.audit_grant.from_s = wire_uint(in, INT64_MAX);
    op->u.audit_grant.to_s = wire_uint(in, INT64_MAX);
    op->u.audit_grant.expires_s = wire_uint(in, INT64_MAX);
}

static void export_notice_get(struct op *op, struct wire_in *in)
{
    op->u.export_notice.what = (uint8_t)wire_uint(in, UINT8_MAX);
    op->u.export_notice.count = wire_uint(in, INT64_MAX);
}

static void access_get(struct op *op, struct wire_in *in)
{
    op->u.access.count = wire_uint(in, INT64_MAX);
}

/* --- encoders --- */

static void genesis_put(struct buf *out, const struct op *op)
{
    wire_put_uint(out, op->u.genesis.level);
    wire_put_uint(out, op->u.genesis.created_s);
    wire_put_uint(out, op->u.genesis.suite);
    wire_put_bin(out, op->u.genesis.nonce, ID_LEN);
    wire_put_bin(out, op->u.genesis.ed_pk, PK_LEN);
    wire_put_bin(out, op->u.genesis.x_pk, PK_LEN);
    wire_put_bin(out, op->u.genesis.log_pk, PK_LEN);
    wire_put_bin(out, op->u.genesis.resp_pk, PK_LEN);
    wire_put_str(out, op->u.genesis.log_name, op->u.genesis.log_name_len);
    if (!op->u.genesis.succeeds) {
        wire_put_nil(out);
        return;
    }
    wire_put_array(out, 3);
    wire_put_bin(out, op->u.genesis.old_space, ID_LEN);
    wire_put_uint(out, op->u.genesis.old_size);
    wire_put_bin(out, op->u.genesis.old_root, HASH_LEN);
}

static void device_add_put(struct buf *out, const struct op *op)
{
    const struct op_proof *proof = &op->u.device_add.proof;
    bool join = proof->type == PROOF_JOIN;
    wire_put_uint(out, op->u.device_add.roles);
    wire_put_array(out, join ? 4 : 3);
    wire_put_uint(out, proof->type);
    wire_put_bin(out, proof->part, proof->part_len);
    if (join)
        wire_put_bin(out, proof->invite_sig, SIG_LEN);
    wire_put_bin(out, proof->device_sig, SIG_LEN);
}

static void device_revoke_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->u.device_revoke.device, ID_LEN);
    wire_put_uint(out, op->u.device_revoke.mode);
    wire_put_uint(out, op->u.device_revoke.cut);
}

static void role_set_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->u.role_set.device, ID_LEN);
    wire_put_uint(out, op->u.role_set.roles);
}

static void epoch_change_put(struct buf *out, const struct op *op)
{
    wire_put_uint(out, op->u.epoch_change.epoch);
    wire_put_uint(out, op->u.epoch_change.suite);
    wire_put_bin(out, op->u.epoch_change.kcom_ek, HASH_LEN);
    wire_put_bin(out, op->u.epoch_change.kcom_sk, HASH_LEN);
    wire_put_bin(out, op->u.epoch_change.kcom_route, HASH_LEN);
    if (op->u.epoch_change.has_wraps) {
        wire_put_bin(out, op->u.epoch_change.wrap_ek, WRAP_LEN);
        wire_put_bin(out, op->u.epoch_change.wrap_route, WRAP_LEN);
    } else {
        wire_put_nil(out);
        wire_put_nil(out);
    }
}

static void log_key_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->u.log_key.log_pk, PK_LEN);
    wire_put_bin(out, op->u.log_key.resp_pk, PK_LEN);
    wire_put_bin(out, op->u.log_key.old_sig, SIG_LEN);
}

static void witness_set_put(struct buf *out, const struct op *op)
{
    wire_put_uint(out, op->u.witness_set.quorum);
    wire_put_array(out, 2 * (size_t)op->u.witness_set.n);
    for (unsigned i = 0; i < op->u.witness_set.n; i++) {
        wire_put_str(out, op->u.witness_set.witness[i].name, op->u.witness_set.witness[i].name_len);
        wire_put_bin(out, op->u.witness_set.witness[i].pk, PK_LEN);
    }
}

static void pack_set_put(struct buf *out, const struct op *op)
{
    wire_put_uint(out, op->u.pack_set.number);
    wire_put_bin(out, op->u.pack_set.hash, HASH_LEN);
}

static void hash_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->kind == KIND_CONFIRM ? op->u.confirm.hash : op->u.audit_close.grant,
                 HASH_LEN);
}

static void device_rekey_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->u.device_rekey.x_pk, PK_LEN);
}

static void invite_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->u.invite.invite_pk, PK_LEN);
    wire_put_uint(out, op->u.invite.roles);
    wire_put_uint(out, op->u.invite.expires_s);
}

static void invite_close_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->u.invite_close.invite_pk, PK_LEN);
}

static void label_put(struct buf *out, const struct op *op)
{
    wire_put_uint(out, op->u.label.target);
    wire_put_bin(out, op->u.label.id, ID_LEN);
}

static void erase_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->u.erase.shred, ID_LEN);
    if (op->kind == KIND_ERASE) {
        wire_put_bin(out, op->u.erase.row, ID_LEN);
        wire_put_uint(out, op->u.erase.reason);
    }
    wire_put_array(out, 2 * op->u.erase.n);
    for (size_t i = 0; i < op->u.erase.n; i++) {
        wire_put_uint(out, op->u.erase.list[i].leaf);
        wire_put_uint(out, op->u.erase.list[i].box);
    }
}

static void adopt_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->u.adopt.device, ID_LEN);
    wire_put_bin(out, op->u.adopt.inbox_hash, HASH_LEN);
    wire_put_uint(out, op->u.adopt.count);
}

static void moved_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->u.moved.shred, ID_LEN);
    wire_put_bin(out, op->u.moved.to_space, ID_LEN);
}

static void audit_grant_put(struct buf *out, const struct op *op)
{
    wire_put_bin(out, op->u.audit_grant.auditor, ID_LEN);
    if (op->u.audit_grant.one_dossier)
        wire_put_bin(out, op->u.audit_grant.shred, ID_LEN);
    else
        wire_put_nil(out);
    wire_put_uint(out, op->u.audit_grant.from_s);
    wire_put_uint(out, op->u.audit_grant.to_s);
    wire_put_uint(out, op->u.audit_grant.expires_s);
}

static void export_notice_put(struct buf *out, const struct op *op)
{
    wire_put_uint(out, op->u.export_notice.what);
    wire_put_uint(out, op->u.export_notice.count);
}

static void access_put(struct buf *out, const struct op *op)
{
    wire_put_uint(out, op->u.access.count);
}

/* --- the table --- */

static const struct kind_row {
    enum leaf_kind kind;
    uint32_t args; /* items behind ctl_prev */
    void (*get)(struct op *op, struct wire_in *in);
    void (*put)(struct buf *out, const struct op *op);
} kinds[] = {
    {KIND_GENESIS, 10, genesis_get, genesis_put},
    {KIND_DEVICE_ADD, 2, device_add_get, device_add_put},
    {KIND_DEVICE_REVOKE, 3, device_revoke_get, device_revoke_put},
    {KIND_ROLE_SET, 2, role_set_get, role_set_put},
    {KIND_EPOCH_CHANGE, 7, epoch_change_get, epoch_change_put},
    {KIND_LOG_KEY, 3, log_key_get, log_key_put},
    {KIND_WITNESS_SET, 2, witness_set_get, witness_set_put},
    {KIND_PACK_SET, 2, pack_set_get, pack_set_put},
    {KIND_CONFIRM, 1, hash_get, hash_put},
    {KIND_DEVICE_REKEY, 1, device_rekey_get, device_rekey_put},
    {KIND_INVITE, 3, invite_get, invite_put},
    {KIND_INVITE_CLOSE, 1, invite_close_get, invite_close_put},
    {KIND_LABEL, 2, label_get, label_put},
    {KIND_ERASE, 4, erase_get, erase_put},
    {KIND_PURGE, 2, erase_get, erase_put},
    {KIND_ADOPT, 3, adopt_get, adopt_put},
    {KIND_MOVED, 2, moved_get, moved_put},
    {KIND_AUDIT_GRANT, 5, audit_grant_get, audit_grant_put},
    {KIND_AUDIT_CLOSE, 1, hash_get, hash_put},
    {KIND_EXPORT_NOTICE, 2, export_notice_get, export_notice_put},
    {KIND_ACCESS, 1, access_get, access_put},
};

static const struct kind_row *kind_row(uint64_t kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if ((uint64_t)kinds[i].kind == kind)
            return &kinds[i];
    }
    return NULL;
}

/* --- hand-overs --- */

enum err op_key_offer_verify(const struct op_key_offer *offer, const uint8_t space[static ID_LEN],
                             const uint8_t log_pk[static PK_LEN])
{
    const struct digest_part parts[] = {
        {space, ID_LEN}, {offer->log_pk, PK_LEN}, {offer->resp_pk, PK_LEN}};
    return sign_verify(offer->old_sig, log_pk, TAG_LOGKEY, parts, 3);
}

void op_key_offer_put(uint8_t out[static KEY_OFFER_LEN], const struct op_key_offer *offer)
{
    memcpy(out, offer->log_pk, PK_LEN);
    memcpy(out + PK_LEN, offer->resp_pk, PK_LEN);
    memcpy(out + 2 * PK_LEN, offer->old_sig, SIG_LEN);
}

enum err op_key_offer_get(struct op_key_offer *offer, const uint8_t *bytes, size_t len)
{
    if (len != KEY_OFFER_LEN)
        return ERR_FORMAT;
    memcpy(offer->log_pk, bytes, PK_LEN);
    memcpy(offer->resp_pk, bytes + PK_LEN, PK_LEN);
    memcpy(offer->old_sig, bytes + 2 * PK_LEN, SIG_LEN);
    return ERR_OK;
}

bool op_kind_known(uint64_t kind)
{
    return kind == KIND_DATA || kind == KIND_SNAPSHOT || kind_row(kind);
}

enum err op_decode(struct op *op, enum leaf_kind kind, struct wire_in *in)
{
    *op = (struct op){.kind = kind};
    const struct kind_row *row = kind_row(kind);
    if (!row)
        return ERR_VERSION;
    struct wire_in args = wire_array(in, row->args + 1, row->args + 1);
    op->has_prev = wire_bytes_or_nil(&args, op->prev, HASH_LEN);
    /* Only the chained kinds name the control head, all but the first of them do. */
    if (op->has_prev != (kind_is_chained(kind) && kind != KIND_GENESIS))
        wire_fail(&args, ERR_FORMAT);
    if (args.err == ERR_OK)
        row->get(op, &args);
    wire_join(in, &args);
    return in->err;
}

void op_encode(struct buf *out, const struct op *op)
{
    const struct kind_row *row = kind_row(op->kind);
    if (!row) {
        out->err = ERR_USAGE;
        return;
    }
    wire_put_array(out, row->args + 1);
    if (op->has_prev)
        wire_put_bin(out, op->prev, HASH_LEN);
    else
        wire_put_nil(out);
    row->put(out, op);
}

void op_fini(struct op *op)
{
    if (op->kind == KIND_ERASE || op->kind == KIND_PURGE) {
        free(op->u.erase.list);
        op->u.erase.list = NULL;
        op->u.erase.n = 0;
    }
}

/* --- proofs --- */

enum { PROOF_VERSION = 1, PROOF_DEPTH = 1, PROOF_ITEMS = 16 };

static enum err proof_part_get(struct op_join *join, const struct op_proof *proof,
                               struct wire_in *in)
{
    bool is_join = proof->type == PROOF_JOIN;
    uint32_t n = is_join ? 7 : 4;
    struct wire_in part = wire_array(in, n, n);
    if (wire_uint(&part, UINT8_MAX) != PROOF_VERSION)
        wire_fail(&part, ERR_FORMAT);
    if (is_join) {
        wire_bytes(&part, join->space, ID_LEN);
        wire_bytes(&part, join->invite_pk, PK_LEN);
    }
    wire_bytes(&part, join->ed_pk, PK_LEN);
    wire_bytes(&part, join->x_pk, PK_LEN);
    join->kind = (enum device_kind)wire_uint(&part, DEVICE_PAPER);
    if (is_join)
        wire_bytes(&part, join->name_hash, HASH_LEN);
    return wire_end(&part);
}

enum err op_proof_decode(struct op_join *join, const struct op_proof *proof)
{
    *join = (struct op_join){0};
    struct wire_doc doc;
    enum err err = wire_open(&doc, proof->part, proof->part_len, PROOF_DEPTH, PROOF_ITEMS);
    if (err != ERR_OK)
        return err;
    struct wire_in in = wire_root(&doc);
    err = proof_part_get(join, proof, &in);
    wire_close(&doc);
    return err;
}

enum err op_proof_verify(struct op_join *join, const struct op_proof *proof,
                         const uint8_t space[static ID_LEN])
{
    enum err err = op_proof_decode(join, proof);
    if (err != ERR_OK)
        return err;
    const struct digest_part part = {proof->part, proof->part_len};
    if (proof->type == PROOF_STATEMENT)
        return sign_verify(proof->device_sig, join->ed_pk, TAG_KEYS, &part, 1);
    if (!digest_equal(join->space, space, ID_LEN))
        return ERR_SIGNATURE;
    err = sign_verify(proof->invite_sig, join->invite_pk, TAG_JOIN, &part, 1);
    if (err == ERR_OK)
        err = sign_verify(proof->device_sig, join->ed_pk, TAG_JOIN, &part, 1);
    return err;
}

void op_proof_part(struct buf *out, enum proof_type type, const struct op_join *join)
{
    bool is_join = type == PROOF_JOIN;
    wire_put_array(out, is_join ? 7 : 4);
    wire_put_uint(out, PROOF_VERSION);
    if (is_join) {
        wire_put_bin(out, join->space, ID_LEN);
        wire_put_bin(out, join->invite_pk, PK_LEN);
    }
    wire_put_bin(out, join->ed_pk, PK_LEN);
    wire_put_bin(out, join->x_pk, PK_LEN);
    wire_put_uint(out, join->kind);
    if (is_join)
        wire_put_bin(out, join->name_hash, HASH_LEN);
}
