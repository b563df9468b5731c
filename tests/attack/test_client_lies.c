/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a member (Mallory, a writer with true keys) or a stranger who sends what no honest program would: each of these
 * attacks is refused with its own status, leaves the log as it was, and stops nobody: the next honest leaf of the same
 * device and of the others is logged. PROTOCOL.md 14 lists the same names.
 */
#include "tests/unit/sync_fixture.h"

#include <stdio.h>

/* --- the scene --- */

struct scene {
    struct world w;
    struct testleaf *leaf; /* queued and built, to be altered */
};

static void build(struct scene *scene)
{
    struct buf request = {.max = REQUEST_MAX};
    assert_int_equal(testdevice_request(&scene->w.b, scene->w.server.now_ms, &request), ERR_OK);
    buf_free(&request);
}

static void write_one(struct scene *scene)
{
    scene->leaf = testdevice_write(&scene->w.b, scene->w.bs, "texte", 5, false);
    build(scene);
}

/* Changes the header of the built leaf; signed again by Mallory, or by nobody who may. */
typedef void (*change_fn)(struct scene *scene, struct leaf *leaf);
static void again(struct scene *scene, change_fn change, const uint8_t *sk)
{
    struct testleaf *built = scene->leaf;
    struct leaf leaf;
    struct buf header = {.max = HEADER_MAX};
    assert_int_equal(leaf_decode(&leaf, built->header.bytes, built->header.len, built->sig),
                     ERR_OK);
    change(scene, &leaf);
    assert_int_equal(leaf_make(&leaf, &header, sk ? sk : scene->w.b.ed_sk), ERR_OK);
    memcpy(built->sig, leaf.sig, SIG_LEN);
    leaf_hash(built->hash, header.bytes, header.len, leaf.sig);
    leaf_fini(&leaf);
    buf_free(&built->header);
    built->header = header;
}

/* --- leaves --- */

static void unsigned_leaf(struct scene *scene)
{
    write_one(scene);
    scene->leaf->sig[9] ^= 1;
}

static void as_alice(struct scene *scene, struct leaf *leaf)
{
    memcpy(leaf->device, scene->w.a.id, ID_LEN);
}
static void in_another_name(struct scene *scene)
{
    write_one(scene);
    again(scene, as_alice, NULL);
}

static void other_space(struct scene *scene, struct leaf *leaf)
{
    (void)scene;
    leaf->space[0] ^= 1;
}
static void of_another_space(struct scene *scene)
{
    write_one(scene);
    again(scene, other_space, NULL);
}

static void used_seq(struct scene *scene, struct leaf *leaf)
{
    leaf->seq = scene->w.bs->seq;
}
static void equivocation(struct scene *scene)
{
    write_one(scene);
    again(scene, used_seq, NULL);
}

static void other_prev(struct scene *scene, struct leaf *leaf)
{
    (void)scene;
    leaf->prev[3] ^= 1;
}
static void broken_chain(struct scene *scene)
{
    write_one(scene);
    again(scene, other_prev, NULL);
}

static void false_root(struct scene *scene, struct leaf *leaf)
{
    (void)scene;
    leaf->seen_root[3] ^= 1;
}
static void false_seen_root(struct scene *scene)
{
    write_one(scene);
    again(scene, false_root, NULL);
}

static void beyond(struct scene *scene, struct leaf *leaf)
{
    (void)scene;
    leaf->seen_size += 1000;
}
static void seen_beyond_the_log(struct scene *scene)
{
    write_one(scene);
    again(scene, beyond, NULL);
}

static void next_epoch(struct scene *scene, struct leaf *leaf)
{
    (void)scene;
    leaf->epoch += 1;
}
static void wrong_epoch(struct scene *scene)
{
    write_one(scene);
    again(scene, next_epoch, NULL);
}

static void body_altered(struct scene *scene)
{
    write_one(scene);
    scene->leaf->body[0].bytes[5] ^= 1;
}

static void body_count(struct scene *scene, struct leaf *leaf)
{
    (void)scene;
    leaf->n_bodies = 2;
}
static void body_promised(struct scene *scene)
{
    write_one(scene);
    again(scene, body_count, NULL);
}

static void oversize(struct scene *scene)
{
    static uint8_t large[300000];
    scene->leaf = testdevice_write(&scene->w.b, scene->w.bs, large, sizeof large, false);
    for (size_t i = 1; i < 4; i++)
        buf_put(&scene->leaf->plain[i], large, sizeof large);
    scene->leaf->n_bodies = 4;
    build(scene);
}

static void slot_not_promised(struct scene *scene)
{
    scene->leaf = testdevice_write(&scene->w.b, scene->w.bs, "naissance", 9, true);
    build(scene);
    scene->leaf->slot.slot[9] ^= 1;
}

/* --- operations beyond a writer's rights --- */

static void operate(struct scene *scene, struct op op)
{
    scene->leaf = testdevice_operate(&scene->w.b, scene->w.bs, op);
    build(scene);
}

/* Somebody whom Alice invited is at the door; Mallory lets them in. */
static void adds_a_device(struct scene *scene)
{
    struct world *w = &scene->w;
    uint8_t secret[SEED_LEN];
    testdevice_invite(&w->a, w->as, SYNC_WRITER, w->server.now_ms / 1000 + 3600, secret);
    world_sync(w, &w->a);
    testdevice_init(&w->c, 3);
    testserver_meet(&w->server, &w->c);
    w->cs = testdevice_enter(&w->c, w->as->id);
    testdevice_join(&w->c, w->cs, secret);
    world_sync(w, &w->c);
    world_sync(w, &w->a);
    world_sync(w, &w->b);
    assert_int_equal(w->as->n_waiting, 1);
    buf_put(&w->bs->waiting[0], w->as->waiting[0].bytes, w->as->waiting[0].len);
    w->bs->n_waiting = 1;
    scene->leaf = testdevice_approve(&w->b, w->bs, 0, SYNC_WRITER);
    build(scene);
}

static void removes_the_founder(struct scene *scene)
{
    struct op op = {.kind = KIND_DEVICE_REVOKE, .u.device_revoke.mode = REVOKE_LOST};
    memcpy(op.u.device_revoke.device, scene->w.a.id, ID_LEN);
    operate(scene, op);
}

static void takes_a_role(struct scene *scene)
{
    struct op op = {.kind = KIND_ROLE_SET, .u.role_set.roles = SYNC_ADMIN};
    memcpy(op.u.role_set.device, scene->w.b.id, ID_LEN);
    operate(scene, op);
}

static void rotates(struct scene *scene)
{
    scene->leaf = testdevice_rotate(&scene->w.b, scene->w.bs);
    build(scene);
}

static void erases(struct scene *scene)
{
    struct op op = {.kind = KIND_ERASE, .u.erase = {.shred = {1}, .row = {1}, .reason = 1}};
    operate(scene, op);
}

/* A body of Alice's, of a dossier that is not erased. */
static void purges_of_others(struct scene *scene)
{
    struct op op = {.kind = KIND_PURGE, .u.erase = {.shred = {1}, .n = 1}};
    op.u.erase.list = malloc(sizeof *op.u.erase.list);
    assert_non_null(op.u.erase.list);
    *op.u.erase.list = (struct op_body){.leaf = 2, .box = 0};
    operate(scene, op);
}

static void publishes_a_pack(struct scene *scene)
{
    operate(scene, (struct op){.kind = KIND_PACK_SET, .u.pack_set.number = 77});
}

static void names_witnesses(struct scene *scene)
{
    operate(scene, (struct op){.kind = KIND_WITNESS_SET});
}

static void invites(struct scene *scene)
{
    operate(
        scene,
        (struct op){.kind = KIND_INVITE,
                    .u.invite = {.invite_pk = {9}, .roles = SYNC_WRITER, .expires_s = UINT32_MAX}});
}

static void adopts(struct scene *scene)
{
    struct op op = {.kind = KIND_ADOPT};
    memcpy(op.u.adopt.device, scene->w.a.id, ID_LEN);
    operate(scene, op);
}

static void confirms_nothing(struct scene *scene)
{
    operate(scene, (struct op){.kind = KIND_CONFIRM, .u.confirm.hash = {4}});
}

static void grants_reading(struct scene *scene)
{
    struct op op = {.kind = KIND_AUDIT_GRANT,
                    .u.audit_grant = {.to_s = UINT32_MAX, .expires_s = UINT32_MAX}};
    memcpy(op.u.audit_grant.auditor, scene->w.b.id, ID_LEN);
    operate(scene, op);
}

static void moves_a_dossier(struct scene *scene)
{
    operate(scene, (struct op){.kind = KIND_MOVED, .u.moved = {.shred = {1}, .to_space = {2}}});
}

static const struct attack {
    const char *name;
    void (*make)(struct scene *scene);
    enum err status;
} attacks[] = {
    {"leaf without its signature", unsigned_leaf, ERR_SIGNATURE},
    {"leaf in another member's name", in_another_name, ERR_SIGNATURE},
    {"leaf of another space pushed here", of_another_space, ERR_FORMAT},
    {"equivocation", equivocation, ERR_SEQ},
    {"broken chain", broken_chain, ERR_SEQ},
    {"false seen root", false_seen_root, ERR_SEEN},
    {"seen size beyond the log", seen_beyond_the_log, ERR_SEEN},
    {"wrong epoch", wrong_epoch, ERR_STALE_EPOCH},
    {"other body than committed", body_altered, ERR_CORRUPT},
    {"more bodies promised than sent", body_promised, ERR_CORRUPT},
    {"oversize leaf", oversize, ERR_TOO_BIG},
    {"other slot than committed", slot_not_promised, ERR_SEALS},
    {"device added by a writer", adds_a_device, ERR_DENIED},
    {"device removed by a writer", removes_the_founder, ERR_DENIED},
    {"role taken", takes_a_role, ERR_DENIED},
    {"keys rotated by a writer", rotates, ERR_DENIED},
    {"dossier erased by a writer", erases, ERR_DENIED},
    {"bodies of others purged", purges_of_others, ERR_NOT_FOUND},
    {"pack published by a writer", publishes_a_pack, ERR_DENIED},
    {"witnesses named by a writer", names_witnesses, ERR_DENIED},
    {"invited by a writer", invites, ERR_DENIED},
    {"outbox adopted by a writer", adopts, ERR_DENIED},
    {"nothing confirmed", confirms_nothing, ERR_NOT_FOUND},
    {"reading granted to oneself", grants_reading, ERR_DENIED},
    {"dossier moved by a writer", moves_a_dossier, ERR_DENIED},
};

static bool one(const struct attack *attack)
{
    struct scene scene = {0};
    struct world *w = &scene.w;
    world_found(w);
    w->bs = world_join(w, &w->b, 2, SYNC_WRITER);
    testdevice_write(&w->b, w->bs, "avant", 5, true);
    world_sync(w, &w->b);
    world_sync(w, &w->a);
    size_t members = w->as->fold->n_devices;
    attack->make(&scene);
    uint64_t size = w->as->tree.size; /* some prepare themselves */
    world_sync(w, &w->b);
    bool good = w->bs->refusal == attack->status && w->bs->accepted == 0;
    printf("%s %-36s %s\n", good ? "  " : "!!", attack->name, err_name(w->bs->refusal));
    /* Nothing was logged, and both work on. */
    world_sync(w, &w->a);
    assert_int_equal(w->as->tree.size, size);
    assert_int_equal(w->as->fold->n_devices, members);
    testdevice_write(&w->a, w->as, "apres", 5, false);
    world_sync(w, &w->a);
    assert_int_equal(w->as->tree.size, size + 1);
    testdevice_drop(w->bs);
    world_sync(w, &w->b);
    testdevice_write(&w->b, w->bs, "apres", 5, false);
    world_sync(w, &w->b);
    good = good && w->bs->tree.size == size + 2;
    testdevice_fini(&w->a);
    testdevice_fini(&w->b);
    testdevice_fini(&w->c);
    testserver_stop(&w->server);
    return good;
}

static void test_members(void **state)
{
    size_t bad = 0;
    (void)state;
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
        bad += !one(&attacks[i]);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_members)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
