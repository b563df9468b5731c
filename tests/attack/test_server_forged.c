/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a server that owns its keys and its store puts operations into the log that nobody with the right signed: its
 * own, a colluding writer's, or in an admin's name. Each is kept, ignored and counted; nobody becomes a member by it, no
 * key goes, nothing is lost. PROTOCOL.md 14 lists the same names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/engine_inside.h"
#include "proto/digest.h"
#include "proto/sign.h"
#include "tests/attack/evil_table.h"

/* --- forged operations: by nobody (the server's own key), or by a writer who colludes --- */

static void by_nobody(struct evil *evil, struct op op)
{
    evil_operate(evil, op, evil->stranger, evil->stranger_sk);
}

static void by_writer(struct evil *evil, struct op op)
{
    const struct keyring *ring = &evil->kit.c.engine->ring;
    evil_operate(evil, op, ring->id, ring->device->ed_sk);
}

/* In Alice's name, with a key that is not hers. */
static void as_alice(struct evil *evil, struct op op)
{
    evil_operate(evil, op, engine_device(evil->kit.a.engine), evil->stranger_sk);
}

static struct op add_stranger(struct evil *evil)
{
    struct op op = {.kind = KIND_DEVICE_ADD};
    struct op_join join = {.kind = DEVICE_ORDINARY};
    struct buf part = {.max = 4096};
    struct op_proof *proof = &op.u.device_add.proof;
    memcpy(join.ed_pk, evil->stranger_pk, PK_LEN);
    op_proof_part(&part, PROOF_STATEMENT, &join);
    *proof = (struct op_proof){.type = PROOF_STATEMENT,
                               .part = evil_copy(evil, part.bytes, part.len),
                               .part_len = part.len};
    const struct digest_part parts[] = {{part.bytes, part.len}};
    assert_int_equal(sign_make(proof->device_sig, evil->stranger_sk, TAG_KEYS, parts, 1), ERR_OK);
    op.u.device_add.roles = EVIL_MEMBER;
    buf_free(&part);
    return op;
}

static void member_injected(struct evil *evil)
{
    by_nobody(evil, add_stranger(evil));
}
static void member_by_writer(struct evil *evil)
{
    by_writer(evil, add_stranger(evil));
}
static void member_as_alice(struct evil *evil)
{
    as_alice(evil, add_stranger(evil));
}

static struct op revoke_bruno(struct evil *evil)
{
    struct op op = {.kind = KIND_DEVICE_REVOKE, .u.device_revoke = {.mode = REVOKE_LOST, .cut = 0}};
    memcpy(op.u.device_revoke.device, engine_device(evil->kit.b.engine), ID_LEN);
    return op;
}

static void wipe_order(struct evil *evil)
{
    by_nobody(evil, revoke_bruno(evil));
}
static void wipe_order_by_writer(struct evil *evil)
{
    by_writer(evil, revoke_bruno(evil));
}
static void wipe_order_as_alice(struct evil *evil)
{
    as_alice(evil, revoke_bruno(evil));
}

static struct op erase_site(struct evil *evil, enum leaf_kind kind)
{
    struct op op = {.kind = kind};
    memcpy(op.u.erase.shred, evil->site, ID_LEN);
    op.u.erase.reason = kind == KIND_ERASE ? 1 : 0;
    return op;
}

static void erased_by_nobody(struct evil *evil)
{
    by_nobody(evil, erase_site(evil, KIND_ERASE));
}
static void erased_by_writer(struct evil *evil)
{
    by_writer(evil, erase_site(evil, KIND_ERASE));
}
static void purged_by_writer(struct evil *evil)
{
    by_writer(evil, erase_site(evil, KIND_PURGE));
}

static void roles_by_writer(struct evil *evil)
{
    struct op op = {.kind = KIND_ROLE_SET, .u.role_set.roles = EVIL_MEMBER | ROLE_ADMIN};
    memcpy(op.u.role_set.device, engine_device(evil->kit.c.engine), ID_LEN);
    by_writer(evil, op);
}

static struct op new_epoch(struct evil *evil)
{
    const struct fold *fold = engine_fold(evil->kit.a.engine, evil->at_a[0]);
    struct op op = {.kind = KIND_EPOCH_CHANGE,
                    .u.epoch_change = {.epoch = fold_epoch_now(fold) + 1,
                                       .suite = fold->epochs[fold->n_epochs - 1].suite,
                                       .has_wraps = true}};
    return op;
}

static void epoch_by_nobody(struct evil *evil)
{
    by_nobody(evil, new_epoch(evil));
}
static void epoch_by_writer(struct evil *evil)
{
    by_writer(evil, new_epoch(evil));
}

static void pack_by_writer(struct evil *evil)
{
    by_writer(evil, (struct op){.kind = KIND_PACK_SET, .u.pack_set = {.number = 9999}});
}

static void grant_by_nobody(struct evil *evil)
{
    struct op op = {.kind = KIND_AUDIT_GRANT,
                    .u.audit_grant = {.from_s = 0, .to_s = UINT32_MAX, .expires_s = UINT32_MAX}};
    memcpy(op.u.audit_grant.auditor, evil->stranger, ID_LEN);
    by_nobody(evil, op);
}

static void log_key_by_nobody(struct evil *evil)
{
    struct op op = {.kind = KIND_LOG_KEY};
    memcpy(op.u.log_key.log_pk, evil->stranger_pk, PK_LEN);
    memcpy(op.u.log_key.resp_pk, evil->stranger_pk, PK_LEN);
    by_nobody(evil, op);
}

static void witnesses_by_nobody(struct evil *evil)
{
    by_nobody(evil, (struct op){.kind = KIND_WITNESS_SET});
}

static void confirm_by_writer(struct evil *evil)
{
    by_writer(evil, (struct op){.kind = KIND_CONFIRM});
}

static void moved_by_nobody(struct evil *evil)
{
    struct op op = {.kind = KIND_MOVED};
    memcpy(op.u.moved.shred, evil->site, ID_LEN);
    by_nobody(evil, op);
}

static void adopt_by_nobody(struct evil *evil)
{
    struct op op = {.kind = KIND_ADOPT, .u.adopt.count = 3};
    memcpy(op.u.adopt.device, engine_device(evil->kit.b.engine), ID_LEN);
    by_nobody(evil, op);
}

static void invite_by_writer(struct evil *evil)
{
    struct op op = {.kind = KIND_INVITE,
                    .u.invite = {.roles = EVIL_MEMBER, .expires_s = UINT32_MAX}};
    memcpy(op.u.invite.invite_pk, evil->stranger_pk, PK_LEN);
    by_writer(evil, op);
}

static void kind_of_the_future(struct evil *evil)
{
    by_nobody(evil, (struct op){.kind = KIND_EXPORT_NOTICE, .u.export_notice.what = 1});
}

/* --- the table --- */

/* --- a public key that is swapped: whoever seals to it seals to the server --- */

static struct op other_box_key(struct evil *evil)
{
    struct op op = {.kind = KIND_DEVICE_REKEY};
    memcpy(op.u.device_rekey.x_pk, evil->stranger_pk, PK_LEN);
    return op;
}

static void key_swapped(struct evil *evil)
{
    by_nobody(evil, other_box_key(evil));
}

static void key_swapped_as_alice(struct evil *evil)
{
    as_alice(evil, other_box_key(evil));
}

/* --- a space that is said to go on in another one --- */

static void continues(struct evil *evil, const uint8_t device[static ID_LEN],
                      const uint8_t ed_pk[static PK_LEN], const uint8_t ed_sk[static SK_LEN])
{
    const struct space *space = engine_at(evil->kit.b.engine, evil->at);
    const struct serverkey *key = &evil->kit.server.key;
    struct leaf genesis = {.seq = 1, .kind = KIND_GENESIS};
    struct op *op = &genesis.op;
    struct buf header = {.max = HEADER_MAX}, payload = {.max = INBOX_ITEM_MAX};
    struct message_inbox item = {.type = INBOX_SUCCESSOR};
    memcpy(genesis.device, device, ID_LEN);
    digest_sha256_of(genesis.seen_root, "", 0);
    op->kind = KIND_GENESIS;
    op->u.genesis.level = space->fold->level;
    op->u.genesis.suite = SUITE_1;
    memcpy(op->u.genesis.ed_pk, ed_pk, PK_LEN);
    memcpy(op->u.genesis.log_pk, serverkey_now(key)->log_pk, PK_LEN);
    memcpy(op->u.genesis.resp_pk, serverkey_now(key)->resp_pk, PK_LEN);
    op->u.genesis.log_name = key->log_name;
    op->u.genesis.log_name_len = strlen(key->log_name);
    op->u.genesis.succeeds = true;
    memcpy(op->u.genesis.old_space, space->pub.id, ID_LEN);
    op->u.genesis.old_size = space->note.size;
    memcpy(op->u.genesis.old_root, space->note.root, HASH_LEN);
    assert_int_equal(leaf_make(&genesis, &header, ed_sk), ERR_OK);
    leaf_space_id(item.id, genesis.header, genesis.header_len);
    struct message_successor shown = {.header = genesis.header, .header_len = genesis.header_len};
    memcpy(shown.sig, genesis.sig, SIG_LEN);
    message_successor_encode(&payload, &shown);
    item.payload = evil_copy(evil, payload.bytes, payload.len);
    item.payload_len = payload.len;
    evil->row->inbox = evil_copy(evil, &item, sizeof item);
    evil->row->n_inbox = 1;
    buf_free(&header);
    buf_free(&payload);
}

static void continued_by_nobody(struct evil *evil)
{
    continues(evil, evil->stranger, evil->stranger_pk, evil->stranger_sk);
}

static void continued_by_writer(struct evil *evil)
{
    const struct keyring *ring = &evil->kit.c.engine->ring;
    continues(evil, ring->id, ring->ed_pk, ring->device->ed_sk);
}

static void continued_as_alice(struct evil *evil)
{
    const struct keyring *ring = &evil->kit.a.engine->ring;
    continues(evil, ring->id, ring->ed_pk, evil->stranger_sk);
}

static const struct evil_row attacks[] = {
    {"member injected by the server", member_injected, IGNORED, ERR_OK, ERR_FORK},
    {"member injected by a writer", member_by_writer, IGNORED, ERR_OK, ERR_FORK},
    {"member injected in an admin's name", member_as_alice, IGNORED, ERR_OK, ERR_FORK},
    {"wipe order by the server", wipe_order, IGNORED, ERR_OK, ERR_FORK},
    {"wipe order by a writer", wipe_order_by_writer, IGNORED, ERR_OK, ERR_FORK},
    {"wipe order in an admin's name", wipe_order_as_alice, IGNORED, ERR_OK, ERR_FORK},
    {"erasure by the server", erased_by_nobody, IGNORED, ERR_OK, ERR_FORK},
    {"erasure by a writer", erased_by_writer, IGNORED, ERR_OK, ERR_FORK},
    {"purge of what is not erased", purged_by_writer, IGNORED, ERR_OK, ERR_FORK},
    {"admin's role taken by a writer", roles_by_writer, IGNORED, ERR_OK, ERR_FORK},
    {"epoch by the server", epoch_by_nobody, IGNORED, ERR_OK, ERR_FORK},
    {"epoch by a writer", epoch_by_writer, IGNORED, ERR_OK, ERR_FORK},
    {"pack by a writer", pack_by_writer, IGNORED, ERR_OK, ERR_FORK},
    {"audit grant by the server", grant_by_nobody, IGNORED, ERR_OK, ERR_FORK},
    {"log key by the server alone", log_key_by_nobody, IGNORED, ERR_OK, ERR_FORK},
    {"witnesses by the server", witnesses_by_nobody, IGNORED, ERR_OK, ERR_FORK},
    {"confirmation by a writer", confirm_by_writer, IGNORED, ERR_OK, ERR_FORK},
    {"dossier moved away by the server", moved_by_nobody, IGNORED, ERR_OK, ERR_FORK},
    {"adoption by the server", adopt_by_nobody, IGNORED, ERR_OK, ERR_FORK},
    {"invite by a writer", invite_by_writer, IGNORED, ERR_OK, ERR_FORK},
    {"notice by the server", kind_of_the_future, IGNORED, ERR_OK, ERR_FORK},
    {"public key swapped by the server", key_swapped, IGNORED, ERR_OK, ERR_FORK},
    {"public key swapped in a member's name", key_swapped_as_alice, IGNORED, ERR_OK, ERR_FORK},
    {"space continued by the server", continued_by_nobody, QUIET, ERR_OK, ERR_OK},
    {"space continued by a writer", continued_by_writer, QUIET, ERR_OK, ERR_OK},
    {"space continued in an admin's name", continued_as_alice, QUIET, ERR_OK, ERR_OK},
};

static void test_attacks(void **state)
{
    (void)state;
    evil_table_run(attacks, sizeof attacks / sizeof attacks[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_attacks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
