/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: who sees and may do what: newcomers at the door, auditors, those who left, erased dossiers, keys that travel
 * outside of the log, and requests that wait for news.
 */
#include "sync_fixture.h"

/* A device that is in with `roles` and a space of its own copy. */
static void let_in(struct world *w)
{
    w->bs = world_join(w, &w->b, 2, SYNC_WRITER);
}

/* ---- the door ---- */

static struct testspace *at_the_door(struct world *w, struct testdevice *device, uint32_t number,
                                     const uint8_t secret[static SEED_LEN])
{
    testdevice_init(device, number);
    testserver_meet(&w->server, device);
    struct testspace *space = testdevice_enter(device, w->as->id);
    testdevice_join(device, space, secret);
    world_sync(w, device);
    return space;
}

static void test_invites(void **state)
{
    struct world *w = *state;
    uint8_t secret[SEED_LEN], other[SEED_LEN];
    uint64_t expires = w->server.now_ms / 1000 + 600;
    testdevice_invite(&w->a, w->as, SYNC_WRITER, expires, secret);
    testdevice_invite(&w->a, w->as, SYNC_WRITER, expires, other);
    world_sync(w, &w->a);
    /* Unknown: a secret that nobody made. */
    uint8_t wrong[SEED_LEN] = {7};
    w->cs = at_the_door(w, &w->c, 3, wrong);
    assert_int_equal(w->cs->status, ERR_NOT_FOUND);
    /* Good; and the same again. */
    w->bs = at_the_door(w, &w->b, 2, secret);
    assert_int_equal(w->bs->status, ERR_PENDING);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_PENDING);
    /* In use by somebody else. */
    testdevice_join(&w->c, w->cs, secret);
    world_sync(w, &w->c);
    assert_int_equal(w->cs->status, ERR_USED);
    /* Expired. */
    w->server.now_ms += 601000;
    testdevice_join(&w->c, w->cs, other);
    world_sync(w, &w->c);
    assert_int_equal(w->cs->status, ERR_EXPIRED);
    assert_int_equal(w->cs->tree.size, 0);
    /* An expired join is shown to nobody. */
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_waiting, 0);
}

static void test_a_used_invite_stays_used(void **state)
{
    struct world *w = *state;
    uint8_t secret[SEED_LEN];
    testdevice_invite(&w->a, w->as, SYNC_WRITER, w->server.now_ms / 1000 + 600, secret);
    world_sync(w, &w->a);
    w->bs = at_the_door(w, &w->b, 2, secret);
    world_sync(w, &w->a);
    testdevice_approve(&w->a, w->as, 0, SYNC_WRITER);
    world_sync(w, &w->a);
    w->cs = at_the_door(w, &w->c, 3, secret);
    assert_int_equal(w->cs->status, ERR_USED);
    /* The one who is in sends its join once more and gets the space. */
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_OK);
    assert_int_equal(w->bs->tree.size, w->as->tree.size);
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_waiting, 0);
}

static void test_forged_joins(void **state)
{
    struct world *w = *state;
    uint8_t secret[SEED_LEN];
    testdevice_invite(&w->a, w->as, SYNC_WRITER, w->server.now_ms / 1000 + 600, secret);
    world_sync(w, &w->a);
    testdevice_init(&w->b, 2);
    testserver_meet(&w->server, &w->b);
    w->bs = testdevice_enter(&w->b, w->as->id);
    testdevice_join(&w->b, w->bs, secret);
    w->bs->join.bytes[w->bs->join.len - 60] ^= 1; /* the sealed name or a signature */
    world_sync(w, &w->b);
    assert_true(w->bs->status == ERR_SIGNATURE || w->bs->status == ERR_CORRUPT);
    /* The join of another device, carried by this one. */
    struct testdevice d;
    testdevice_init(&d, 4);
    testserver_meet(&w->server, &d);
    struct testspace *ds = testdevice_enter(&d, w->as->id);
    testdevice_join(&d, ds, secret);
    buf_reset(&w->bs->join);
    buf_put(&w->bs->join, ds->join.bytes, ds->join.len);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_SIGNATURE);
    testdevice_fini(&d);
}

static void test_dismissed(void **state)
{
    struct world *w = *state;
    uint8_t secret[SEED_LEN];
    testdevice_invite(&w->a, w->as, SYNC_WRITER, w->server.now_ms / 1000 + 600, secret);
    world_sync(w, &w->a);
    w->bs = at_the_door(w, &w->b, 2, secret);
    struct message_inbox *item = &w->as->inbox[w->as->n_inbox++];
    *item = (struct message_inbox){.type = INBOX_DISMISS};
    memcpy(item->id, w->b.id, ID_LEN);
    world_sync(w, &w->a);
    assert_int_equal(w->as->items[0].list, LIST_INBOX);
    assert_int_equal(w->as->items[0].status, ERR_OK);
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_waiting, 0);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_DENIED);
}

static void test_only_some_see_the_door(void **state)
{
    struct world *w = *state;
    uint8_t secret[SEED_LEN];
    let_in(w);
    testdevice_invite(&w->a, w->as, SYNC_WRITER, w->server.now_ms / 1000 + 600, secret);
    world_sync(w, &w->a);
    w->cs = at_the_door(w, &w->c, 3, secret);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->n_waiting, 0);
    struct message_inbox *item = &w->bs->inbox[w->bs->n_inbox++];
    *item = (struct message_inbox){.type = INBOX_DISMISS};
    memcpy(item->id, w->c.id, ID_LEN);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->items[0].status, ERR_DENIED);
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_waiting, 1);
}

static void test_a_known_device_joins_another_space(void **state)
{
    struct world *w = *state;
    uint8_t secret[SEED_LEN];
    let_in(w);
    struct testspace *second = testdevice_found(&w->a, NULL);
    testdevice_invite(&w->a, second, SYNC_WRITER, w->server.now_ms / 1000 + 600, secret);
    world_sync(w, &w->a);
    assert_int_equal(second->n_queue, 0);
    struct testspace *entered = testdevice_enter(&w->b, second->id);
    testdevice_join(&w->b, entered, secret);
    world_sync(w, &w->b);
    assert_int_equal(entered->status, ERR_PENDING);
    assert_int_not_equal(w->bs->status, ERR_PENDING);
    world_sync(w, &w->a);
    testdevice_approve(&w->a, second, 0, SYNC_WRITER);
    world_sync(w, &w->a);
    world_sync(w, &w->b);
    assert_int_equal(entered->status, ERR_OK);
    assert_int_equal(entered->tree.size, second->tree.size);
}

/* ---- rights ---- */

static void test_writing_without_the_right(void **state)
{
    struct world *w = *state;
    w->bs = world_join(w, &w->b, 2, ROLE_READER);
    testdevice_write(&w->b, w->bs, "not allowed", 11, false);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->refusal, ERR_DENIED);
    struct op op = {.kind = KIND_DEVICE_REVOKE};
    memcpy(op.u.device_revoke.device, w->a.id, ID_LEN);
    op.u.device_revoke.mode = REVOKE_LOST;
    testdevice_operate(&w->b, w->bs, op);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->refusal, ERR_DENIED);
}

static void test_auditors_get_hashes(void **state)
{
    struct world *w = *state;
    testdevice_write(&w->a, w->as, "for readers only", 16, true);
    world_sync(w, &w->a);
    w->bs = world_join(w, &w->b, 2, ROLE_AUDITOR);
    assert_true(w->bs->keys[1].route);
    assert_false(w->bs->keys[1].member);
    assert_int_equal(w->bs->n_slots, 0);
    size_t labels = 0, data = 0;
    for (uint64_t i = 0; i < w->bs->tree.size; i++) {
        const struct testentry *entry = &w->bs->entries[i];
        if (entry->kind == KIND_LABEL)
            labels += entry->n_present;
        if (entry->kind == KIND_DATA)
            data += entry->n_present;
    }
    assert_int_equal(labels, 1);
    assert_int_equal(data, 0);
    /* A full audit asks for all bodies; it still has no key for them. */
    struct testdevice again;
    testdevice_init(&again, 2);
    testserver_meet(&w->server, &again);
    again.known = true;
    again.flags = FLAG_ALL_BODIES;
    struct testspace *all = testdevice_enter(&again, w->as->id);
    world_sync(w, &again);
    data = 0;
    for (uint64_t i = 0; i < all->tree.size; i++)
        data += all->entries[i].kind == KIND_DATA && all->entries[i].n_present == 1;
    assert_int_equal(data, 1);
    testdevice_fini(&again);
    /* And may ask for one body by its place only with that flag. */
    w->bs->want[w->bs->n_want++] = (struct message_want){.leaf = 3, .box = 0};
    world_sync(w, &w->b);
    assert_int_equal(w->bs->n_bodies_wanted, 0);
}

static void test_headers_first_then_wanted_bodies(void **state)
{
    struct world *w = *state;
    testdevice_write(&w->a, w->as, "wanted", 6, true);
    world_sync(w, &w->a);
    struct testdevice again;
    testdevice_init(&again, 1);
    testserver_meet(&w->server, &again);
    again.known = true;
    again.flags = FLAG_HEADERS_ONLY;
    struct testspace *space = testdevice_enter(&again, w->as->id);
    world_sync(w, &again);
    for (uint64_t i = 0; i < space->tree.size; i++)
        assert_int_equal(space->entries[i].n_present, 0);
    assert_int_equal(space->n_slots, 1);
    space->want[space->n_want++] = (struct message_want){.leaf = 3, .box = 0};
    space->want[space->n_want++] = (struct message_want){.leaf = 99, .box = 0};
    space->want[space->n_want] = (struct message_want){.is_row = true};
    memcpy(space->want[space->n_want++].row, space->slots[0].row, ID_LEN);
    world_sync(w, &again);
    assert_int_equal(space->n_bodies_wanted, 1);
    assert_int_equal(space->n_slots, 1);
    testdevice_fini(&again);
}

static void test_revoked(void **state)
{
    struct world *w = *state;
    let_in(w);
    testdevice_write(&w->b, w->bs, "its last day", 12, true);
    world_sync(w, &w->b);
    world_sync(w, &w->a);
    struct op op = {.kind = KIND_DEVICE_REVOKE};
    memcpy(op.u.device_revoke.device, w->b.id, ID_LEN);
    op.u.device_revoke.mode = REVOKE_DEPARTURE;
    op.u.device_revoke.cut = w->as->tree.size;
    testdevice_write(&w->a, w->as, "before it", 9, true);
    testdevice_operate(&w->a, w->as, op);
    world_sync(w, &w->a);
    uint64_t left = w->as->tree.size;
    testdevice_write(&w->a, w->as, "after it", 8, true);
    testdevice_rotate(&w->a, w->as);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refused, 0);
    /* B pushes, is told, and gets the log up to the leaf that says so, without one body or key. */
    testdevice_write(&w->b, w->bs, "too late", 8, true);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_REVOKED);
    assert_int_equal(w->bs->refusal, ERR_REVOKED);
    assert_int_equal(w->bs->tree.size, left);
    assert_int_equal(world_last(w->bs)->kind, KIND_DEVICE_REVOKE);
    assert_int_equal(w->bs->entries[left - 2].n_present, 0);
    assert_int_equal(w->bs->n_slots, 0);
    assert_int_equal(w->bs->n_seals, 0);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_REVOKED);
    assert_false(w->bs->full);
    /* Its unsent work may be left for the stewards. */
    struct message_inbox *item = &w->bs->inbox[w->bs->n_inbox++];
    *item = (struct message_inbox){
        .type = INBOX_OUTBOX, .payload = (const uint8_t *)"sealed work", .payload_len = 11};
    memcpy(item->id, w->b.id, ID_LEN);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->n_items, 1);
    assert_int_equal(w->bs->items[0].status, ERR_OK);
    assert_true(testserver_holds(&w->server, "sealed work", 11));
    /* Nothing is written over it. */
    item = &w->bs->inbox[w->bs->n_inbox++];
    *item = (struct message_inbox){
        .type = INBOX_OUTBOX, .payload = (const uint8_t *)"other work", .payload_len = 10};
    memcpy(item->id, w->b.id, ID_LEN);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->items[0].status, ERR_QUOTA);
    assert_true(testserver_holds(&w->server, "sealed work", 11));
    /* Who has not left may not. */
    item = &w->as->inbox[w->as->n_inbox++];
    *item = (struct message_inbox){
        .type = INBOX_OUTBOX, .payload = (const uint8_t *)"sealed work", .payload_len = 11};
    memcpy(item->id, w->a.id, ID_LEN);
    world_sync(w, &w->a);
    assert_int_equal(w->as->items[0].status, ERR_DENIED);
    /* Adopted, it goes. */
    struct op adopt = {.kind = KIND_ADOPT};
    memcpy(adopt.u.adopt.device, w->b.id, ID_LEN);
    digest_sha256_of(adopt.u.adopt.inbox_hash, "sealed work", 11);
    testdevice_operate(&w->a, w->as, adopt);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refused, 0);
    assert_int_equal(w->server.engine.tidy(w->server.store, true), ERR_OK);
    assert_false(testserver_holds(&w->server, "sealed work", 11));
}

/* ---- erasure ---- */

static void erase(struct world *w, const uint8_t row[static ID_LEN], uint64_t leaf)
{
    struct op op = {.kind = KIND_ERASE};
    memset(op.u.erase.shred, 0x5e, ID_LEN);
    memcpy(op.u.erase.row, row, ID_LEN);
    op.u.erase.reason = 1;
    op.u.erase.n = 1;
    op.u.erase.list = calloc(1, sizeof *op.u.erase.list);
    op.u.erase.list[0] = (struct op_body){.leaf = leaf, .box = 0};
    testdevice_operate(&w->a, w->as, op);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refused, 0);
    assert_int_equal(w->as->n_queue, 0);
}

static void test_erasure(void **state)
{
    struct world *w = *state;
    uint8_t body[48];
    struct store_slot slot;
    let_in(w);
    world_sync(w, &w->a);
    struct testleaf *leaf = testdevice_write(&w->a, w->as, "a person's file", 15, true);
    struct buf request = {0};
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
    buf_free(&request);
    struct leaf_slot born = leaf->slot;
    memcpy(body, leaf->body[0].bytes, sizeof body);
    world_sync(w, &w->a);
    uint64_t at = w->as->tree.size - 1;
    assert_true(testserver_holds(&w->server, body, sizeof body));
    assert_true(testserver_holds(&w->server, born.slot, SLOT_LEN));
    erase(w, born.row, at);
    assert_int_equal(w->server.engine.untidy(w->server.store), 2);
    assert_int_equal(w->server.engine.tidy(w->server.store, false), ERR_OK);
    assert_false(testserver_holds(&w->server, body, sizeof body));
    assert_false(testserver_holds(&w->server, born.slot, SLOT_LEN));
    assert_int_equal(w->server.engine.slot(w->server.engine.own_view(w->server.store), w->as->id,
                                           born.row, &slot),
                     ERR_NOT_FOUND);
    /* Others get the leaf with the hash, and everything still verifies. */
    world_sync(w, &w->b);
    assert_int_equal(w->bs->entries[at].n_bodies, 1);
    assert_int_equal(w->bs->entries[at].n_present, 0);
    assert_int_equal(w->bs->n_slots, 0);
    /* A re-wrap of an erased row is refused. */
    w->bs->rewrap[w->bs->n_rewrap++] = born;
    world_sync(w, &w->b);
    assert_int_equal(w->bs->items[0].list, LIST_SLOTS);
    assert_int_equal(w->bs->items[0].status, ERR_ERASED);
    /* What the device says of its own erasures is kept. */
    struct store_member member;
    w->bs->erased_upto = w->bs->tree.size;
    world_sync(w, &w->b);
    assert_int_equal(w->server.engine.member(w->server.engine.own_view(w->server.store), w->as->id,
                                             w->b.id, &member),
                     ERR_OK);
    assert_int_equal(member.erased_upto, w->bs->tree.size);
}

static void test_labels_are_not_erased(void **state)
{
    struct world *w = *state;
    const uint8_t row[ID_LEN] = {9};
    erase(w, row, 2); /* the space's label */
    let_in(w);
    assert_int_equal(w->bs->entries[2].kind, KIND_LABEL);
    assert_int_equal(w->bs->entries[2].n_present, 1);
}

/* ---- keys ---- */

static void test_rewraps(void **state)
{
    struct world *w = *state;
    let_in(w);
    testdevice_write(&w->b, w->bs, "born in epoch 1", 15, true);
    world_sync(w, &w->b);
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_slots, 1);
    struct leaf_slot born = w->as->slots[0];
    testdevice_rotate(&w->a, w->as);
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_stale, 1);
    /* Wrapped again under the new epoch. */
    struct leaf_slot again = born;
    again.epoch = 2;
    memset(again.slot, 0xee, SLOT_LEN);
    w->as->rewrap[w->as->n_rewrap++] = again;
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_items, 0);
    assert_int_equal(w->as->n_stale, 0);
    /* Others learn of it by asking, or when they begin afresh. */
    world_sync(w, &w->b);
    assert_int_equal(w->bs->n_slots, 0);
    assert_int_equal(w->bs->n_seals, 1);
    w->bs->keys_rev = 0;
    world_sync(w, &w->b);
    assert_int_equal(w->bs->n_slots, 1);
    assert_int_equal(w->bs->slots[0].epoch, 2);
    /* Not back to an older epoch, not into a row that is not there, not into the future. */
    w->as->rewrap[w->as->n_rewrap++] = born;
    struct leaf_slot nowhere = again, future = again;
    nowhere.row[0] ^= 1;
    future.epoch = 3;
    w->as->rewrap[w->as->n_rewrap++] = nowhere;
    w->as->rewrap[w->as->n_rewrap++] = future;
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_items, 3);
    assert_int_equal(w->as->items[0].status, ERR_STALE_EPOCH);
    assert_int_equal(w->as->items[1].status, ERR_NOT_FOUND);
    assert_int_equal(w->as->items[2].status, ERR_STALE_EPOCH);
}

static void test_another_life_of_keys(void **state)
{
    struct world *w = *state;
    let_in(w);
    testdevice_write(&w->a, w->as, "one", 3, true);
    world_sync(w, &w->a);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->n_slots, 1);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_UNCHANGED);
    w->b.store_id[0] ^= 1;
    world_sync(w, &w->b);
    assert_int_equal(w->bs->n_slots, 1);
    assert_int_equal(w->bs->n_seals, 1);
}

static void test_a_role_brings_a_seal(void **state)
{
    struct world *w = *state;
    w->bs = world_join(w, &w->b, 2, SYNC_WRITER);
    w->cs = world_join(w, &w->c, 3, ROLE_AUDITOR);
    testdevice_rotate(&w->a, w->as);
    world_sync(w, &w->a);
    world_sync(w, &w->c);
    world_sync(w, &w->b);
    assert_true(w->cs->keys[2].route);
    assert_true(w->bs->keys[2].member);
    assert_int_equal(w->cs->n_lists, 1);
}

/* ---- waiting ---- */

static void test_waiting(void **state)
{
    struct world *w = *state;
    struct buf request = {0};
    let_in(w);
    world_sync(w, &w->a);
    w->server.config.wait_max_ms = 60000;
    testserver_restart(&w->server);
    w->b.wait_ms = 300000;
    assert_int_equal(testdevice_request(&w->b, w->server.now_ms, &request), ERR_OK);
    struct sync_call *call = testserver_verify(&w->server, request.bytes, request.len);
    assert_int_equal(call->step, SYNC_ANSWER);
    assert_int_equal(call->wait_ms, 60000);
    testserver_answer(&w->server, call, false);
    assert_int_equal(call->step, SYNC_HELD);
    /* From here on it needs no bytes of the request. */
    memset(request.bytes, 0xff, request.len);
    testserver_answer(&w->server, call, false);
    assert_int_equal(call->step, SYNC_HELD);
    testdevice_write(&w->a, w->as, "news", 4, true);
    world_sync(w, &w->a);
    testserver_answer(&w->server, call, false);
    assert_int_equal(call->step, SYNC_DONE);
    assert_int_equal(testdevice_response(&w->b, call->out.bytes, call->out.len), ERR_OK);
    assert_int_equal(w->bs->tree.size, w->as->tree.size);
    assert_int_equal(w->bs->n_slots, 1);
    sync_call_free(call);
    /* When its time is over it gets an ordinary answer. */
    buf_reset(&request);
    assert_int_equal(testdevice_request(&w->b, w->server.now_ms, &request), ERR_OK);
    call = testserver_verify(&w->server, request.bytes, request.len);
    testserver_answer(&w->server, call, false);
    assert_int_equal(call->step, SYNC_HELD);
    testserver_answer(&w->server, call, true);
    assert_int_equal(call->step, SYNC_DONE);
    assert_int_equal(testdevice_response(&w->b, call->out.bytes, call->out.len), ERR_OK);
    assert_int_equal(w->bs->status, ERR_UNCHANGED);
    sync_call_free(call);
    buf_free(&request);
}

static void test_who_waits_at_the_door_does_not_wake_for_ever(void **state)
{
    struct world *w = *state;
    uint8_t secret[SEED_LEN];
    struct buf request = {0};
    w->server.config.wait_max_ms = 60000;
    testserver_restart(&w->server);
    testdevice_invite(&w->a, w->as, SYNC_WRITER, w->server.now_ms / 1000 + 600, secret);
    world_sync(w, &w->a);
    w->bs = at_the_door(w, &w->b, 2, secret);
    w->a.wait_ms = 60000;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
        struct sync_call *call = testserver_verify(&w->server, request.bytes, request.len);
        testserver_answer(&w->server, call, false);
        /* The first answer tells at once; the second one waits for something else, and then tells again. */
        assert_int_equal(call->step, round == 0 ? SYNC_DONE : SYNC_HELD);
        if (call->step == SYNC_HELD)
            testserver_answer(&w->server, call, true);
        assert_int_equal(testdevice_response(&w->a, call->out.bytes, call->out.len), ERR_OK);
        assert_int_equal(w->as->n_waiting, 1);
        sync_call_free(call);
        buf_reset(&request);
    }
    buf_free(&request);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_invites),
        TEST(test_a_used_invite_stays_used),
        TEST(test_forged_joins),
        TEST(test_dismissed),
        TEST(test_only_some_see_the_door),
        TEST(test_a_known_device_joins_another_space),
        TEST(test_writing_without_the_right),
        TEST(test_auditors_get_hashes),
        TEST(test_headers_first_then_wanted_bodies),
        TEST(test_revoked),
        TEST(test_erasure),
        TEST(test_labels_are_not_erased),
        TEST(test_rewraps),
        TEST(test_another_life_of_keys),
        TEST(test_a_role_brings_a_seal),
        TEST(test_waiting),
        TEST(test_who_waits_at_the_door_does_not_wake_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
