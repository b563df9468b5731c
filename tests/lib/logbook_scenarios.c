/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: each kind of leaf once accepted and once refused for each reason that PROTOCOL.md 6 names.
 */
#include <string.h>

#include "proto/digest.h"
#include "proto/sign.h"
#include "tests/lib/logbook.h"

enum { RW = ROLE_READER | ROLE_WRITER, RWS = RW | ROLE_STEWARD, RWSA = RWS | ROLE_ADMIN };
#define DAY_MS (24ull * 3600 * 1000)
static const struct op none;

/* Adds actor `who` by invite number `who` during the trial. */
static void admit(struct logbook *lb, int who, uint8_t roles)
{
    logbook_step(lb, 0, KIND_INVITE, logbook_invite(lb, who, roles), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, who, who, roles), ERR_OK);
}

/* Actors 0, 1, 2 administrators: the trial is over. Actor 3 writes. */
static void three_admins(struct logbook *lb)
{
    admit(lb, 1, RWSA);
    admit(lb, 2, RWSA);
    admit(lb, 3, RW);
}

static void data(struct logbook *lb)
{
    admit(lb, 1, RW);
    admit(lb, 2, ROLE_AUDITOR);
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK);
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK);
    logbook_step(lb, 1, KIND_SNAPSHOT, none, ERR_OK);
    logbook_step(lb, 2, KIND_DATA, none, ERR_DENIED);
    logbook_step(lb, 5, KIND_DATA, none, ERR_UNKNOWN_DEVICE);
    lb->next.bad_sig = true;
    logbook_step(lb, 1, KIND_DATA, none, ERR_SIGNATURE);
    lb->next.bad_seq = true;
    logbook_step(lb, 1, KIND_DATA, none, ERR_SEQ);
    lb->next.bad_prev = true;
    logbook_step(lb, 1, KIND_DATA, none, ERR_SEQ);
    lb->next.bad_seen = true;
    logbook_step(lb, 1, KIND_DATA, none, ERR_SEEN);
    lb->next.bad_epoch = true;
    logbook_step(lb, 1, KIND_DATA, none, ERR_STALE_EPOCH);
    lb->next.bad_space = true;
    logbook_step(lb, 1, KIND_DATA, none, ERR_FORMAT);
    lb->next.bodies = -1;
    logbook_step(lb, 1, KIND_DATA, none, ERR_FORMAT);
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK);
}

static void genesis_twice(struct logbook *lb)
{
    struct op op = {0};
    op.u.genesis.log_name = "log.example";
    op.u.genesis.log_name_len = 11;
    op.u.genesis.suite = 1;
    logbook_step(lb, 0, KIND_GENESIS, op, ERR_FORMAT);
}

static void device_add(struct logbook *lb)
{
    admit(lb, 1, RWS);
    /* a steward admits plain members only */
    logbook_step(lb, 1, KIND_INVITE, logbook_invite(lb, 2, RW), ERR_OK);
    logbook_step(lb, 1, KIND_DEVICE_ADD, logbook_add(lb, 2, 2, RW), ERR_OK);
    logbook_step(lb, 1, KIND_INVITE, logbook_invite(lb, 3, ROLE_GUARDIAN), ERR_DENIED);
    logbook_step(lb, 1, KIND_DEVICE_ADD, logbook_add(lb, 3, -1, RWSA), ERR_DENIED);
    /* used, unknown and exceeded invites; a member twice; roles without reader; a key statement */
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 3, 2, RW), ERR_USED);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 3, 9, RW), ERR_USED);
    logbook_step(lb, 0, KIND_INVITE, logbook_invite(lb, 4, ROLE_READER), ERR_OK);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 4, 4, RW), ERR_DENIED);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 2, -1, RW), ERR_EXISTS);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 5, -1, ROLE_WRITER), ERR_FORMAT);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 5, -1, ROLE_READER), ERR_OK);
    /* the reader may not admit; seals must be promised; the chain's head must be named */
    logbook_step(lb, 5, KIND_DEVICE_ADD, logbook_add(lb, 6, -1, RW), ERR_DENIED);
    lb->next.flip_keys = true;
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 6, -1, RW), ERR_SEALS);
    lb->next.bad_ctl_prev = true;
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 6, -1, RW), ERR_LOST_RACE);
    struct op forged = logbook_add(lb, 6, -1, RW);
    forged.u.device_add.proof.device_sig[0] ^= 1;
    logbook_step(lb, 0, KIND_DEVICE_ADD, forged, ERR_SIGNATURE);
    forged = logbook_add(lb, 4, 4, ROLE_READER);
    forged.u.device_add.proof.invite_sig[63] ^= 1;
    logbook_step(lb, 0, KIND_DEVICE_ADD, forged, ERR_SIGNATURE);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 4, 4, ROLE_READER), ERR_OK);
}

static void join_of_another_space(struct logbook *lb)
{
    logbook_step(lb, 0, KIND_INVITE, logbook_invite(lb, 1, RW), ERR_OK);
    uint8_t kept[ID_LEN];
    memcpy(kept, lb->space, ID_LEN);
    lb->space[3] ^= 1;
    struct op op = logbook_add(lb, 1, 1, RW);
    memcpy(lb->space, kept, ID_LEN);
    logbook_step(lb, 0, KIND_DEVICE_ADD, op, ERR_SIGNATURE);
}

static void two_leaves(struct logbook *lb)
{
    three_admins(lb);
    /* an administrator is added by two, never by one, never by its proposer twice */
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 4, -1, RWSA), ERR_OK);
    struct op confirm = logbook_confirm(lb);
    logbook_step(lb, 4, KIND_DATA, none, ERR_UNKNOWN_DEVICE);
    logbook_step(lb, 0, KIND_CONFIRM, confirm, ERR_DENIED);
    logbook_step(lb, 3, KIND_CONFIRM, confirm, ERR_DENIED);
    logbook_step(lb, 1, KIND_CONFIRM, confirm, ERR_OK);
    logbook_step(lb, 2, KIND_CONFIRM, confirm, ERR_NOT_FOUND);
    logbook_step(lb, 4, KIND_DATA, none, ERR_OK);
    /* one stolen phone cannot remove the other administrators */
    logbook_step(lb, 4, KIND_DEVICE_REVOKE, logbook_revoke(lb, 0, REVOKE_LOST, 0), ERR_OK);
    confirm = logbook_confirm(lb);
    logbook_step(lb, 0, KIND_CONFIRM, confirm, ERR_DENIED);
    logbook_step(lb, 0, KIND_DATA, none, ERR_OK);
    logbook_step(lb, 1, KIND_CONFIRM, confirm, ERR_OK);
    logbook_step(lb, 0, KIND_DATA, none, ERR_REVOKED);
    /* roles likewise; a proposal does not wait for ever */
    logbook_step(lb, 1, KIND_ROLE_SET, logbook_role(lb, 3, RW | ROLE_GUARDIAN), ERR_OK);
    confirm = logbook_confirm(lb);
    lb->next.has_t = true;
    lb->next.t_ms = lb->now_ms + 31 * DAY_MS;
    logbook_step(lb, 2, KIND_CONFIRM, confirm, ERR_NOT_FOUND);
    logbook_step(lb, 1, KIND_ROLE_SET, logbook_role(lb, 3, RWS), ERR_OK); /* plain: one leaf */
    logbook_step(lb, 1, KIND_CONFIRM, logbook_confirm(lb), ERR_NOT_FOUND);
    /* what a removed device had proposed goes with it */
    logbook_step(lb, 4, KIND_DEVICE_ADD, logbook_add(lb, 6, -1, RWSA), ERR_OK);
    struct op forgotten = logbook_confirm(lb);
    logbook_step(lb, 1, KIND_DEVICE_REVOKE, logbook_revoke(lb, 4, REVOKE_LOST, 0), ERR_OK);
    logbook_step(lb, 2, KIND_CONFIRM, logbook_confirm(lb), ERR_OK);
    logbook_step(lb, 1, KIND_CONFIRM, forgotten, ERR_NOT_FOUND);
}

static void revoke(struct logbook *lb)
{
    admit(lb, 1, RW);
    admit(lb, 2, RW);
    admit(lb, 3, ROLE_AUDITOR | ROLE_GUARDIAN);
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK);
    logbook_step(lb, 1, KIND_DEVICE_REVOKE, logbook_revoke(lb, 2, REVOKE_LOST, 9), ERR_DENIED);
    logbook_step(lb, 3, KIND_DEVICE_REVOKE, logbook_revoke(lb, 9, REVOKE_LOST, 9), ERR_NOT_FOUND);
    logbook_step(lb, 3, KIND_DEVICE_REVOKE, logbook_revoke(lb, 2, REVOKE_DEPARTURE, lb->n + 1),
                 ERR_FORMAT);
    logbook_step(lb, 3, KIND_DEVICE_REVOKE, logbook_revoke(lb, 0, REVOKE_LOST, 0), ERR_ORPHAN);
    logbook_step(lb, 3, KIND_DEVICE_REVOKE, logbook_revoke(lb, 2, REVOKE_DEPARTURE, lb->n), ERR_OK);
    logbook_step(lb, 2, KIND_DATA, none, ERR_REVOKED);
    logbook_step(lb, 3, KIND_DEVICE_REVOKE, logbook_revoke(lb, 2, REVOKE_LOST, 0), ERR_NOT_FOUND);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 2, -1, RW), ERR_EXISTS);
    /* anybody may leave */
    logbook_step(lb, 1, KIND_DEVICE_REVOKE, logbook_revoke(lb, 1, REVOKE_DEPARTURE, lb->n), ERR_OK);
}

static void roles(struct logbook *lb)
{
    admit(lb, 1, RW);
    logbook_step(lb, 1, KIND_ROLE_SET, logbook_role(lb, 1, RWSA), ERR_DENIED);
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 1, ROLE_WRITER), ERR_FORMAT);
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 1, RW), ERR_FORMAT);
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 0, RW), ERR_ORPHAN);
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 8, RW), ERR_NOT_FOUND);
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 1, ROLE_AUDITOR), ERR_OK);
    logbook_step(lb, 1, KIND_DATA, none, ERR_DENIED);
    lb->next.flip_keys = true; /* becoming a reader again takes a seal */
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 1, RW), ERR_SEALS);
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 1, RW), ERR_OK);
}

static void epochs(struct logbook *lb)
{
    admit(lb, 1, RW);
    logbook_step(lb, 1, KIND_EPOCH_CHANGE, logbook_epoch(lb, 2), ERR_DENIED);
    logbook_step(lb, 0, KIND_EPOCH_CHANGE, logbook_epoch(lb, 3), ERR_STALE_EPOCH);
    struct op op = logbook_epoch(lb, 2);
    op.u.epoch_change.suite = 9;
    logbook_step(lb, 0, KIND_EPOCH_CHANGE, op, ERR_VERSION);
    lb->next.flip_keys = true;
    logbook_step(lb, 0, KIND_EPOCH_CHANGE, logbook_epoch(lb, 2), ERR_SEALS);
    logbook_step(lb, 0, KIND_EPOCH_CHANGE, logbook_epoch(lb, 2), ERR_OK);
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK);
}

/* Steps with the previous epoch: right within 14 days, wrong after them or after somebody lost the right to read. */
static void grace(struct logbook *lb)
{
    admit(lb, 1, RW);
    admit(lb, 2, RW);
    logbook_step(lb, 0, KIND_EPOCH_CHANGE, logbook_epoch(lb, 2), ERR_OK);
    uint64_t changed_ms = lb->now_ms;
    lb->next.previous_epoch = true;
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK);
    lb->next.previous_epoch = true; /* chained operations never lag */
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 3, -1, RW), ERR_STALE_EPOCH);
    lb->next.previous_epoch = true;
    lb->next.has_t = true;
    lb->next.t_ms = changed_ms + 14 * DAY_MS; /* the last moment */
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK);
    lb->next.previous_epoch = true;
    lb->next.has_t = true;
    lb->next.t_ms = changed_ms + 14 * DAY_MS + 1;
    logbook_step(lb, 1, KIND_DATA, none, ERR_STALE_EPOCH);
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK);
}

static void grace_after_revocation(struct logbook *lb)
{
    admit(lb, 1, RW);
    admit(lb, 2, RW);
    logbook_step(lb, 0, KIND_DEVICE_REVOKE, logbook_revoke(lb, 2, REVOKE_LOST, 0), ERR_OK);
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK); /* rotation pending: work goes on */
    logbook_step(lb, 0, KIND_EPOCH_CHANGE, logbook_epoch(lb, 2), ERR_OK);
    lb->next.previous_epoch = true; /* the removed device could read it */
    logbook_step(lb, 1, KIND_DATA, none, ERR_STALE_EPOCH);
    logbook_step(lb, 0, KIND_EPOCH_CHANGE, logbook_epoch(lb, 3), ERR_OK);
    lb->next.previous_epoch = true; /* epoch 2 began after the removal */
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK);
}

static void log_key(struct logbook *lb)
{
    admit(lb, 1, RW);
    struct op op = {0};
    uint8_t seed[HASH_LEN], pk[PK_LEN], sk[SK_LEN];
    digest_sha256_of(seed, "logbook log 0", 13);
    sign_keypair(pk, sk, seed);
    memset(op.u.log_key.log_pk, 7, PK_LEN);
    memset(op.u.log_key.resp_pk, 8, PK_LEN);
    const struct digest_part parts[] = {
        {lb->space, ID_LEN}, {op.u.log_key.log_pk, PK_LEN}, {op.u.log_key.resp_pk, PK_LEN}};
    if (sign_make(op.u.log_key.old_sig, sk, TAG_LOGKEY, parts, 3) != ERR_OK)
        lb->failed = true;
    logbook_step(lb, 1, KIND_LOG_KEY, op, ERR_DENIED);
    op.u.log_key.old_sig[1] ^= 1;
    logbook_step(lb, 0, KIND_LOG_KEY, op, ERR_SIGNATURE);
    op.u.log_key.old_sig[1] ^= 1;
    logbook_step(lb, 0, KIND_LOG_KEY, op, ERR_OK);
}

static void witness_set(struct logbook *lb)
{
    admit(lb, 1, RW);
    struct op op = {0};
    op.u.witness_set.quorum = 1;
    op.u.witness_set.n = 1;
    op.u.witness_set.witness[0].name = "witness.example";
    op.u.witness_set.witness[0].name_len = 15;
    logbook_step(lb, 1, KIND_WITNESS_SET, op, ERR_DENIED);
    logbook_step(lb, 0, KIND_WITNESS_SET, op, ERR_OK);
    op.u.witness_set.witness[0].name = "witness example"; /* no name for a note's key */
    logbook_step(lb, 0, KIND_WITNESS_SET, op, ERR_FORMAT);
    op.u.witness_set.witness[0].name = "witness.example";
    op.u.witness_set.quorum = 2; /* more than there are */
    logbook_step(lb, 0, KIND_WITNESS_SET, op, ERR_FORMAT);
}

static void pack_set(struct logbook *lb)
{
    admit(lb, 1, RW);
    struct op op = {0};
    op.u.pack_set.number = 2;
    logbook_step(lb, 1, KIND_PACK_SET, op, ERR_DENIED);
    lb->next.bodies = -1;
    logbook_step(lb, 0, KIND_PACK_SET, op, ERR_FORMAT);
    logbook_step(lb, 0, KIND_PACK_SET, op, ERR_OK);
    logbook_step(lb, 0, KIND_PACK_SET, op, ERR_EXISTS);
}

static void paper(struct logbook *lb)
{
    admit(lb, 1, RWSA);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add_paper(lb, 7), ERR_OK); /* ends the trial */
    logbook_step(lb, 0, KIND_DEVICE_REVOKE, logbook_revoke(lb, 1, REVOKE_LOST, 0), ERR_OK);
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK); /* only proposed */
    logbook_step(lb, 0, KIND_ROLE_SET, logbook_role(lb, 7, ROLE_READER),
                 ERR_FORMAT); /* it keeps its rights */
    /* the sheet alone suffices */
    logbook_step(lb, 7, KIND_DEVICE_ADD, logbook_add(lb, 2, -1, RWSA), ERR_OK);
    logbook_step(lb, 2, KIND_DATA, none, ERR_OK);
    logbook_step(lb, 7, KIND_DEVICE_REVOKE, logbook_revoke(lb, 1, REVOKE_LOST, 1), ERR_OK);
    logbook_step(lb, 1, KIND_DATA, none, ERR_REVOKED);
}

static void rekey(struct logbook *lb)
{
    struct op op = {0};
    memset(op.u.device_rekey.x_pk, 3, PK_LEN);
    logbook_step(lb, 0, KIND_DEVICE_REKEY, op, ERR_OK);
    logbook_step(lb, 4, KIND_DEVICE_REKEY, op, ERR_UNKNOWN_DEVICE);
}

static void invites(struct logbook *lb)
{
    admit(lb, 1, RW);
    logbook_step(lb, 1, KIND_INVITE, logbook_invite(lb, 2, RW), ERR_DENIED);
    logbook_step(lb, 0, KIND_INVITE, logbook_invite(lb, 2, ROLE_ADMIN), ERR_FORMAT);
    logbook_step(lb, 0, KIND_INVITE, logbook_invite(lb, 2, RW), ERR_OK);
    logbook_step(lb, 0, KIND_INVITE, logbook_invite(lb, 2, RW), ERR_EXISTS);
    struct op close = logbook_invite(lb, 2, 0);
    struct op op = {0};
    memcpy(op.u.invite_close.invite_pk, close.u.invite.invite_pk, PK_LEN);
    logbook_step(lb, 1, KIND_INVITE_CLOSE, op, ERR_DENIED);
    logbook_step(lb, 0, KIND_INVITE_CLOSE, op, ERR_OK);
    logbook_step(lb, 0, KIND_INVITE_CLOSE, op, ERR_NOT_FOUND);
    logbook_step(lb, 0, KIND_DEVICE_ADD, logbook_add(lb, 2, 2, RW), ERR_USED);
}

static void labels(struct logbook *lb)
{
    admit(lb, 1, RW);
    struct op op = {0};
    op.u.label.target = LABEL_DEVICE;
    memcpy(op.u.label.id, lb->actors[1].id, ID_LEN);
    logbook_step(lb, 1, KIND_LABEL, op, ERR_OK);
    lb->next.bodies = -1;
    logbook_step(lb, 1, KIND_LABEL, op, ERR_FORMAT);
    memcpy(op.u.label.id, lb->actors[0].id, ID_LEN);
    logbook_step(lb, 1, KIND_LABEL, op, ERR_DENIED);
    op.u.label.target = LABEL_SPACE;
    memcpy(op.u.label.id, lb->space, ID_LEN);
    logbook_step(lb, 1, KIND_LABEL, op, ERR_DENIED);
    op.u.label.id[0] ^= 1;
    logbook_step(lb, 0, KIND_LABEL, op, ERR_NOT_FOUND);
}

static void erase_and_purge(struct logbook *lb)
{
    admit(lb, 1, RW);
    logbook_step(lb, 1, KIND_DATA, none, ERR_OK);
    struct op_body bodies[] = {{lb->n - 1, 0}};
    struct op op = {0};
    memset(op.u.erase.shred, 0x11, ID_LEN);
    op.u.erase.n = 1;
    op.u.erase.list = bodies;
    logbook_step(lb, 1, KIND_PURGE, op, ERR_NOT_FOUND);
    logbook_step(lb, 1, KIND_ERASE, op, ERR_DENIED);
    bodies[0].leaf = lb->n;
    logbook_step(lb, 0, KIND_ERASE, op, ERR_FORMAT);
    bodies[0].leaf = 7;
    logbook_step(lb, 0, KIND_ERASE, op, ERR_OK);
    logbook_step(lb, 0, KIND_ERASE, op, ERR_EXISTS);
    logbook_step(lb, 1, KIND_PURGE, op, ERR_OK);
}

static void stewards(struct logbook *lb)
{
    admit(lb, 1, RW);
    struct op op = {0};
    memcpy(op.u.adopt.device, lb->actors[1].id, ID_LEN);
    logbook_step(lb, 1, KIND_ADOPT, op, ERR_DENIED);
    logbook_step(lb, 0, KIND_ADOPT, op, ERR_OK);
    op.u.adopt.device[0] ^= 1;
    logbook_step(lb, 0, KIND_ADOPT, op, ERR_NOT_FOUND);
    struct op moved = {0};
    logbook_step(lb, 1, KIND_MOVED, moved, ERR_DENIED);
    logbook_step(lb, 0, KIND_MOVED, moved, ERR_OK);
    memcpy(moved.u.moved.to_space, lb->space, ID_LEN);
    logbook_step(lb, 0, KIND_MOVED, moved, ERR_FORMAT);
}

static void grants(struct logbook *lb)
{
    admit(lb, 1, ROLE_AUDITOR);
    admit(lb, 2, RW);
    admit(lb, 3, RWS);
    struct op op = {0};
    memcpy(op.u.audit_grant.auditor, lb->actors[1].id, ID_LEN);
    op.u.audit_grant.to_s = 10;
    logbook_step(lb, 0, KIND_AUDIT_GRANT, op, ERR_DENIED);
    logbook_step(lb, 1, KIND_AUDIT_GRANT, op, ERR_OK);
    struct op confirm = logbook_confirm(lb), close = {0};
    memcpy(close.u.audit_close.grant, lb->last_hash, HASH_LEN);
    logbook_step(lb, 1, KIND_AUDIT_CLOSE, close,
                 ERR_NOT_FOUND); /* not in force before the second person */
    logbook_step(lb, 1, KIND_CONFIRM, confirm, ERR_DENIED);
    logbook_step(lb, 2, KIND_CONFIRM, confirm, ERR_DENIED);
    logbook_step(lb, 3, KIND_CONFIRM, confirm, ERR_OK);
    logbook_step(lb, 2, KIND_AUDIT_CLOSE, close, ERR_DENIED);
    logbook_step(lb, 1, KIND_AUDIT_CLOSE, close, ERR_OK);
    logbook_step(lb, 1, KIND_AUDIT_CLOSE, close, ERR_NOT_FOUND);
    op.u.audit_grant.from_s = 11;
    logbook_step(lb, 1, KIND_AUDIT_GRANT, op, ERR_FORMAT);
}

static void notices(struct logbook *lb)
{
    admit(lb, 1, ROLE_AUDITOR);
    struct op op = {0};
    op.u.export_notice.count = 3;
    logbook_step(lb, 1, KIND_EXPORT_NOTICE, op, ERR_OK);
    logbook_step(lb, 5, KIND_EXPORT_NOTICE, op, ERR_UNKNOWN_DEVICE);
    struct op access = {0};
    access.u.access.count = 2;
    logbook_step(lb, 1, KIND_ACCESS, access, ERR_OK);
    lb->next.bad_sig = true;
    logbook_step(lb, 1, KIND_ACCESS, access, ERR_SIGNATURE);
}

const struct logbook_scenario logbook_scenarios[] = {
    {"data", data},
    {"genesis twice", genesis_twice},
    {"device_add", device_add},
    {"a join made for another space", join_of_another_space},
    {"two leaves", two_leaves},
    {"device_revoke", revoke},
    {"role_set", roles},
    {"epoch_change", epochs},
    {"the previous epoch", grace},
    {"the previous epoch after a revocation", grace_after_revocation},
    {"log_key", log_key},
    {"witness_set", witness_set},
    {"pack_set", pack_set},
    {"recovery sheet", paper},
    {"device_rekey", rekey},
    {"invite and invite_close", invites},
    {"label", labels},
    {"erase and purge", erase_and_purge},
    {"adopt and moved", stewards},
    {"audit_grant and audit_close", grants},
    {"export_notice and access", notices},
};
const size_t logbook_scenarios_n = sizeof logbook_scenarios / sizeof logbook_scenarios[0];
