/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: two devices share a space through the three steps of sync; what is repeated, late, wrong or forged is answered
 * by its own status and changes nothing.
 */
#include "sync_fixture.h"

#include "server/metrics.h"

static void test_founding(void **state)
{
    struct world *w = *state;
    assert_int_equal(w->as->tree.size, 3);
    assert_int_equal(w->as->fold->n_devices, 1);
    assert_int_equal(w->as->note.size, 3);
    assert_true(w->a.known);
    assert_int_equal(w->as->n_seals, 1);
    assert_int_equal(w->as->n_lists, 1);
    /* Nothing to say is one byte for the row. */
    struct buf request = {0}, response = {0};
    int http = 0;
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
    assert_int_equal(testserver_send(&w->server, request.bytes, request.len, &response, &http),
                     ERR_OK);
    assert_int_equal(http, 200);
    assert_int_equal(testdevice_response(&w->a, response.bytes, response.len), ERR_OK);
    assert_int_equal(w->as->status, ERR_UNCHANGED);
    assert_true(request.len + response.len < 400);
    buf_free(&request);
    buf_free(&response);
}

static void test_founder_links(void **state)
{
    struct world *w = *state;
    uint8_t secret[SEED_LEN];
    testserver_link(&w->server, secret);
    testdevice_init(&w->b, 2);
    testserver_meet(&w->server, &w->b);
    /* A secret that the server never gave. */
    secret[0] ^= 1;
    testdevice_found(&w->b, secret);
    world_sync(w, &w->b);
    assert_int_equal(w->b.status, ERR_SIGNATURE);
    /* The right one; then the same link for another device. */
    secret[0] ^= 1;
    memcpy(w->b.link_secret, secret, SEED_LEN);
    world_sync(w, &w->b);
    assert_int_equal(w->b.spaces[0]->status, ERR_OK);
    testdevice_init(&w->c, 3);
    testserver_meet(&w->server, &w->c);
    testdevice_found(&w->c, secret);
    world_sync(w, &w->c);
    assert_int_equal(w->c.status, ERR_USED);
    /* A device that is known needs none. */
    struct testspace *second = testdevice_found(&w->b, NULL);
    world_sync(w, &w->b);
    assert_int_equal(second->status, ERR_OK);
    assert_int_equal(second->tree.size, 3);
}

static void test_one_link_in_one_group(void **state)
{
    struct world *w = *state;
    uint8_t secret[SEED_LEN];
    struct testdevice *two[2] = {&w->b, &w->c};
    struct sync_call *calls[2];
    struct buf requests[2] = {{0}, {0}};
    testserver_link(&w->server, secret);
    for (uint32_t i = 0; i < 2; i++) {
        testdevice_init(two[i], 2 + i);
        testserver_meet(&w->server, two[i]);
        testdevice_found(two[i], secret);
        assert_int_equal(testdevice_request(two[i], w->server.now_ms, &requests[i]), ERR_OK);
        calls[i] = testserver_verify(&w->server, requests[i].bytes, requests[i].len);
        assert_int_equal(calls[i]->step, SYNC_APPLY);
    }
    assert_int_equal(testserver_apply(&w->server, calls, 2), ERR_OK);
    for (size_t i = 0; i < 2; i++) {
        testserver_answer(&w->server, calls[i], true);
        assert_int_equal(testdevice_response(two[i], calls[i]->out.bytes, calls[i]->out.len),
                         ERR_OK);
        sync_call_free(calls[i]);
        buf_free(&requests[i]);
    }
    assert_int_equal(w->b.spaces[0]->status, ERR_OK);
    assert_int_equal(w->c.spaces[0]->status, ERR_USED);
}

static void test_joining_and_writing(void **state)
{
    struct world *w = *state;
    w->bs = world_join(w, &w->b, 2, SYNC_WRITER);
    assert_int_equal(w->bs->tree.size, w->as->tree.size);
    assert_true(w->bs->keys[1].member);
    assert_memory_equal(w->bs->keys[1].ek, w->as->keys[1].ek, KEY_LEN);
    assert_int_equal(w->bs->n_lists, 1);
    testdevice_write(&w->b, w->bs, "a day at the site", 17, true);
    testdevice_write(&w->b, w->bs, "and one more", 12, false);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->n_queue, 0);
    assert_int_equal(w->bs->accepted, 2);
    world_sync(w, &w->a);
    assert_int_equal(w->as->tree.size, w->bs->tree.size);
    assert_memory_equal(w->as->note.root, w->bs->note.root, HASH_LEN);
    assert_int_equal(w->as->n_slots, 1);
    assert_int_equal(world_last(w->as)->n_present, 1);
    assert_int_equal(world_last(w->as)->verdict, ERR_OK);
    assert_int_equal(w->as->n_waiting, 0);
}

static void test_repeats_change_nothing(void **state)
{
    struct world *w = *state;
    struct buf request = {0}, first = {0}, second = {0};
    int http;
    uint64_t repeated = metrics_count(METRIC_LEAVES_REPEATED);
    testdevice_write(&w->a, w->as, "once", 4, true);
    struct op erase = {.kind = KIND_EXPORT_NOTICE};
    testdevice_operate(&w->a, w->as, erase);
    testdevice_rotate(&w->a, w->as);
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
    assert_int_equal(testserver_send(&w->server, request.bytes, request.len, &first, &http),
                     ERR_OK);
    w->server.now_ms += 5000;
    assert_int_equal(testserver_send(&w->server, request.bytes, request.len, &second, &http),
                     ERR_OK);
    assert_int_equal(metrics_count(METRIC_LEAVES_REPEATED), repeated + 3);
    /* The first answer is lost; the second one is as good. */
    assert_int_equal(testdevice_response(&w->a, second.bytes, second.len), ERR_OK);
    assert_int_equal(w->as->tree.size, 6);
    assert_int_equal(w->as->n_queue, 0);
    assert_int_equal(w->as->refused, 0);
    /* Also when other leaves came in between, and from a page that begins later. */
    testdevice_write(&w->a, w->as, "again", 5, false);
    w->server.lose_answers = true;
    assert_int_equal(world_try(w, &w->a), ERR_NET);
    w->server.lose_answers = false;
    world_sync(w, &w->a);
    assert_int_equal(w->as->tree.size, 7);
    assert_int_equal(w->as->n_queue, 0);
    buf_free(&request);
    buf_free(&first);
    buf_free(&second);
}

static void test_lost_race_and_stale_epoch(void **state)
{
    struct world *w = *state;
    w->bs = world_join(w, &w->b, 2, SYNC_ADMIN);
    world_sync(w, &w->a);
    /* Both want to move the control chain from the same head. */
    struct op witnesses = {.kind = KIND_WITNESS_SET};
    testdevice_operate(&w->a, w->as, witnesses);
    testdevice_rotate(&w->b, w->bs);
    testdevice_write(&w->b, w->bs, "beside it", 9, false);
    /* Data stands before operations. */
    struct testleaf *rotation = w->bs->queue[0];
    w->bs->queue[0] = w->bs->queue[1];
    w->bs->queue[1] = rotation;
    world_sync(w, &w->a);
    world_sync(w, &w->b);
    /* The data went in, the race was lost, its reason came along. */
    assert_int_equal(w->bs->refused, 1);
    assert_int_equal(w->bs->refusal, ERR_LOST_RACE);
    assert_int_equal(w->bs->accepted, 1);
    assert_int_equal(w->bs->n_queue, 1);
    assert_int_equal(fold_epoch_now(w->bs->fold), 1);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->refused, 0);
    assert_int_equal(fold_epoch_now(w->bs->fold), 2);

    /* A loses sight of the new epoch; the old one is closed because somebody left. */
    world_sync(w, &w->a);
    struct op op = {.kind = KIND_DEVICE_REVOKE};
    w->cs = world_join(w, &w->c, 3, SYNC_WRITER);
    world_sync(w, &w->b);
    memcpy(op.u.device_revoke.device, w->c.id, ID_LEN);
    op.u.device_revoke.mode = REVOKE_LOST;
    testdevice_operate(&w->b, w->bs, op);
    testdevice_rotate(&w->b, w->bs);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->refused, 0);
    testdevice_write(&w->a, w->as, "sealed too early", 16, false);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refusal, ERR_STALE_EPOCH);
    assert_true(w->as->items[0].has_last);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refused, 0);
    assert_int_equal(world_last(w->as)->kind, KIND_DATA);
}

static void test_previous_epoch_within_its_grace(void **state)
{
    struct world *w = *state;
    w->bs = world_join(w, &w->b, 2, SYNC_WRITER);
    testdevice_rotate(&w->a, w->as);
    world_sync(w, &w->a);
    testdevice_write(&w->b, w->bs, "sealed before the news", 22, false);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->refused, 0);
    assert_int_equal(w->bs->accepted, 1);
}

static void test_unknown_device(void **state)
{
    struct world *w = *state;
    testdevice_init(&w->b, 2);
    testserver_meet(&w->server, &w->b);
    w->bs = testdevice_enter(&w->b, w->as->id);
    world_sync(w, &w->b);
    assert_int_equal(w->b.status, ERR_UNKNOWN_DEVICE);
    /* Without its key there is nobody to speak to, but the refusal is signed all the same. */
    w->b.known = true;
    world_sync(w, &w->b);
    assert_int_equal(w->b.status, ERR_UNKNOWN_DEVICE);
    /* A device that is known elsewhere learns nothing of this space. */
    w->b.known = false;
    uint8_t secret[SEED_LEN];
    testserver_link(&w->server, secret);
    testdevice_fini(&w->b);
    testdevice_init(&w->b, 2);
    testserver_meet(&w->server, &w->b);
    testdevice_found(&w->b, secret);
    world_sync(w, &w->b);
    w->bs = testdevice_enter(&w->b, w->as->id);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_NOT_FOUND);
    assert_int_equal(w->bs->tree.size, 0);
    assert_int_equal(w->b.spaces[0]->status, ERR_UNCHANGED);
}

static void test_bits_of_a_request(void **state)
{
    struct world *w = *state;
    struct buf request = {0};
    testdevice_write(&w->a, w->as, "untouched", 9, true);
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
    for (size_t i = 0; i < request.len; i++) {
        struct buf response = {0};
        int http = 0;
        request.bytes[i] ^= 0x10;
        assert_int_equal(testserver_send(&w->server, request.bytes, request.len, &response, &http),
                         ERR_OK);
        assert_int_not_equal(http, 200);
        assert_true(http >= 400 && http < 500);
        request.bytes[i] ^= 0x10;
        buf_free(&response);
    }
    assert_int_equal(w->server.commits, 2); /* the link's and the founding's */
    buf_free(&request);
}

static void test_a_leaf_that_somebody_else_signed(void **state)
{
    struct world *w = *state;
    struct buf request = {0};
    testdevice_write(&w->a, w->as, "first", 5, false);
    testdevice_write(&w->a, w->as, "second", 6, false);
    testdevice_write(&w->a, w->as, "third", 5, false);
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
    w->as->queue[1]->sig[5] ^= 1;
    buf_free(&request);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refusal, ERR_SIGNATURE);
    assert_int_equal(w->as->accepted, 1);
    assert_int_equal(w->as->n_items, 2);
    assert_int_equal(w->as->items[1].status, ERR_AFTER_REFUSED);
}

static void test_bodies_and_sizes(void **state)
{
    struct world *w = *state;
    static uint8_t large[300000];
    struct buf request = {.max = REQUEST_MAX};
    struct testleaf *leaf = testdevice_write(&w->a, w->as, large, sizeof large, false);
    for (size_t i = 1; i < 4; i++)
        buf_put(&leaf->plain[i], large, sizeof large);
    leaf->n_bodies = 4;
    world_sync(w, &w->a);
    assert_int_equal(w->as->refusal, ERR_TOO_BIG);
    assert_int_equal(w->as->n_queue, 0);
    /* Another body than the leaf commits to. */
    leaf = testdevice_write(&w->a, w->as, "right", 5, false);
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
    leaf->body[0].bytes[20] ^= 1;
    world_sync(w, &w->a);
    assert_int_equal(w->as->refusal, ERR_CORRUPT);
    /* A slot that the leaf does not commit to. */
    leaf = testdevice_write(&w->a, w->as, "born", 4, true);
    buf_reset(&request);
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
    leaf->slot.slot[7] ^= 1;
    world_sync(w, &w->a);
    assert_int_equal(w->as->refusal, ERR_SEALS);
    assert_int_equal(w->as->tree.size, 3);
    buf_free(&request);
}

static void test_seals_must_fit(void **state)
{
    struct world *w = *state;
    struct buf request = {0};
    testdevice_rotate(&w->a, w->as);
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
    w->as->queue[0]->n_seals = 0;
    buf_free(&request);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refusal, ERR_SEALS);
    assert_int_equal(w->as->tree.size, 3);
}

static void test_clock_and_replay(void **state)
{
    struct world *w = *state;
    struct buf request = {0}, response = {0};
    int http = 0;
    uint64_t size = w->as->tree.size;
    testdevice_write(&w->a, w->as, "a replay", 8, false);
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
    uint8_t hash[HASH_LEN];
    memcpy(hash, w->a.request.hash, HASH_LEN);
    assert_int_equal(testserver_send(&w->server, request.bytes, request.len, &response, &http),
                     ERR_OK);
    assert_int_equal(testdevice_response(&w->a, response.bytes, response.len), ERR_OK);
    assert_int_equal(w->as->tree.size, size + 1);
    /* The same bytes later: outside of the window they are refused, with the time of day, signed. */
    w->server.now_ms += 16 * 60 * 1000;
    buf_reset(&response);
    assert_int_equal(testserver_send(&w->server, request.bytes, request.len, &response, &http),
                     ERR_OK);
    assert_int_equal(http, 401);
    memcpy(w->a.request.hash, hash, HASH_LEN);
    assert_int_equal(testdevice_response(&w->a, response.bytes, response.len), ERR_OK);
    assert_int_equal(w->a.status, ERR_CLOCK);
    assert_int_equal(w->a.server_time_ms, w->server.now_ms);
    world_sync(w, &w->a);
    assert_int_equal(w->as->tree.size, size + 1);
    buf_free(&request);
    buf_free(&response);
}

static void test_an_answer_is_bound_to_its_request(void **state)
{
    struct world *w = *state;
    struct buf request = {0}, response = {0};
    int http = 0;
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms, &request), ERR_OK);
    assert_int_equal(testserver_send(&w->server, request.bytes, request.len, &response, &http),
                     ERR_OK);
    buf_reset(&request);
    assert_int_equal(testdevice_request(&w->a, w->server.now_ms + 1, &request), ERR_OK);
    assert_int_equal(testdevice_response(&w->a, response.bytes, response.len), ERR_SIGNATURE);
    buf_free(&request);
    buf_free(&response);
}

static void test_rollback_is_told(void **state)
{
    struct world *w = *state;
    w->bs = world_join(w, &w->b, 2, SYNC_WRITER);
    testserver_backup(&w->server);
    testdevice_write(&w->b, w->bs, "lost by the server", 18, false);
    world_sync(w, &w->b);
    uint64_t size = w->bs->tree.size;
    testserver_restore(&w->server);
    testdevice_write(&w->b, w->bs, "kept by the device", 18, false);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_ROLLBACK);
    assert_int_equal(w->bs->server_size, size - 1);
    assert_int_equal(w->bs->n_queue, 1);
    assert_int_equal(w->bs->tree.size, size);
}

static void test_pages(void **state)
{
    struct world *w = *state;
    w->bs = world_join(w, &w->b, 2, SYNC_WRITER);
    for (int i = 0; i < 60; i++) {
        char text[300];
        memset(text, 'a' + i % 26, sizeof text);
        testdevice_write(&w->a, w->as, text, sizeof text, i % 5 == 0);
    }
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_queue, 0);
    /* B pushes while it is far behind: its leaf is beyond the page and answered with a proof. */
    testdevice_write(&w->b, w->bs, "beyond the page", 15, false);
    w->b.max_bytes = 4096;
    size_t rounds = 0;
    do {
        uint64_t before = w->bs->tree.size;
        world_sync(w, &w->b);
        assert_true(w->bs->tree.size > before || !w->bs->more);
        if (rounds++ == 0) {
            assert_true(w->bs->more);
            assert_int_equal(w->bs->accepted, 1);
            assert_int_equal(w->bs->n_queue, 0);
            assert_true(w->bs->items[0].proof.n > 0);
        }
        assert_true(rounds < 60);
    } while (w->bs->more);
    assert_true(rounds > 3);
    world_sync(w, &w->a);
    assert_int_equal(w->as->tree.size, w->bs->tree.size);
    assert_memory_equal(w->as->note.root, w->bs->note.root, HASH_LEN);
}

static void test_every_page_has_an_entry(void **state)
{
    struct world *w = *state;
    static uint8_t large[200000];
    for (int i = 0; i < 3; i++)
        testdevice_write(&w->a, w->as, large, sizeof large, false);
    world_sync(w, &w->a);
    w->a.max_bytes = 1;
    w->bs = world_join(w, &w->b, 2, SYNC_WRITER);
    w->b.max_bytes = 1;
    for (int i = 0; w->bs->more; i++) {
        world_sync(w, &w->b);
        assert_true(i < 20);
    }
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_UNCHANGED);
    assert_int_equal(w->bs->tree.size, w->as->tree.size);
}

static void test_a_group_is_one_commit(void **state)
{
    struct world *w = *state;
    struct sync_call *calls[2];
    struct buf requests[2] = {{0}, {0}};
    w->bs = world_join(w, &w->b, 2, SYNC_WRITER);
    world_sync(w, &w->a);
    unsigned commits = w->server.commits;
    struct testdevice *two[2] = {&w->a, &w->b};
    testdevice_write(&w->a, w->as, "of a", 4, true);
    testdevice_write(&w->b, w->bs, "of b", 4, true);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(testdevice_request(two[i], w->server.now_ms, &requests[i]), ERR_OK);
        calls[i] = testserver_verify(&w->server, requests[i].bytes, requests[i].len);
    }
    assert_int_equal(testserver_apply(&w->server, calls, 2), ERR_OK);
    assert_int_equal(w->server.commits, commits + 1);
    for (size_t i = 0; i < 2; i++) {
        testserver_answer(&w->server, calls[i], true);
        assert_int_equal(testdevice_response(two[i], calls[i]->out.bytes, calls[i]->out.len),
                         ERR_OK);
        sync_call_free(calls[i]);
        buf_free(&requests[i]);
    }
    assert_int_equal(w->as->tree.size, w->bs->tree.size);
    assert_memory_equal(w->as->note.sig, w->bs->note.sig, SIG_LEN);
}

static void test_a_failed_commit_acknowledges_nothing(void **state)
{
    struct world *w = *state;
    w->bs = world_join(w, &w->b, 2, SYNC_WRITER);
    world_sync(w, &w->a);
    uint64_t size = w->as->tree.size;
    testdevice_write(&w->a, w->as, "not yet", 7, true);
    testdevice_rotate(&w->a, w->as);
    w->server.fail_commit = ERR_FULL;
    world_sync(w, &w->a);
    assert_int_equal(w->a.status, ERR_FULL);
    assert_int_equal(w->as->n_queue, 2);
    /* Others still read. */
    world_sync(w, &w->b);
    assert_int_equal(w->bs->status, ERR_UNCHANGED);
    w->server.fail_commit = ERR_IO;
    world_sync(w, &w->a);
    assert_int_equal(w->a.status, ERR_IO);
    w->server.fail_commit = ERR_OK;
    world_sync(w, &w->a);
    assert_int_equal(w->a.status, ERR_OK);
    assert_int_equal(w->as->n_queue, 0);
    assert_int_equal(w->as->tree.size, size + 2);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->tree.size, size + 2);
}

static void test_restart_knows_everything(void **state)
{
    struct world *w = *state;
    w->bs = world_join(w, &w->b, 2, SYNC_ADMIN);
    world_sync(w, &w->a);
    testdevice_write(&w->a, w->as, "before", 6, true);
    testdevice_rotate(&w->a, w->as);
    world_sync(w, &w->a);
    testserver_restart(&w->server);
    testserver_meet(&w->server, &w->b);
    testdevice_write(&w->b, w->bs, "after", 5, true);
    world_sync(w, &w->b);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->n_queue, 0);
    testdevice_rotate(&w->b, w->bs);
    world_sync(w, &w->b);
    assert_int_equal(w->bs->refused, 0);
    world_sync(w, &w->a);
    assert_int_equal(w->as->tree.size, w->bs->tree.size);
    assert_int_equal(fold_epoch_now(w->as->fold), 3);
    assert_true(w->as->keys[3].member);
}

static void test_times_of_entries_do_not_decrease(void **state)
{
    struct world *w = *state;
    uint64_t before = world_last(w->as)->t_recv_ms;
    w->server.now_ms -= 60000;
    testdevice_write(&w->a, w->as, "clock put right", 15, false);
    world_sync(w, &w->a);
    assert_int_equal(world_last(w->as)->t_recv_ms, before);
}

static void test_clock_jumps_stop_pushes(void **state)
{
    struct world *w = *state;
    uint64_t size = w->as->tree.size;
    w->server.now_ms += 31ull * 24 * 3600 * 1000;
    testdevice_write(&w->a, w->as, "after the holidays", 18, false);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refusal, ERR_BUSY);
    assert_int_equal(w->as->n_queue, 1);
    assert_int_equal(sync_heartbeat(w->server.sync, w->server.now_ms), ERR_CLOCK);
    sync_clock_accept(w->server.sync, w->server.now_ms);
    world_sync(w, &w->a);
    assert_int_equal(w->as->tree.size, size + 1);
    /* A running server that beats does not stop, however long nobody writes. */
    for (int day = 0; day < 90; day += 10) {
        w->server.now_ms += 10ull * 24 * 3600 * 1000;
        assert_int_equal(sync_heartbeat(w->server.sync, w->server.now_ms), ERR_OK);
    }
    testserver_restart(&w->server);
    testdevice_write(&w->a, w->as, "and on", 6, false);
    world_sync(w, &w->a);
    assert_int_equal(w->as->refused, 0);
    assert_int_equal(w->as->n_queue, 0);
}

static void test_quota(void **state)
{
    struct world *w = *state;
    uint8_t large[3000] = {0};
    w->server.config.device_day.bytes = 8000;
    testserver_restart(&w->server);
    for (int i = 0; i < 3; i++) {
        testdevice_write(&w->a, w->as, large, sizeof large, false);
        world_sync(w, &w->a);
        assert_int_equal(w->as->refusal, i < 2 ? ERR_OK : ERR_QUOTA);
    }
    assert_int_equal(w->as->n_queue, 1);
    w->server.now_ms += 24ull * 3600 * 1000;
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_queue, 0);
    w->server.config.device_day.foundings = 1;
    testserver_restart(&w->server);
    struct testspace *second = testdevice_found(&w->a, NULL);
    world_sync(w, &w->a);
    assert_int_equal(second->status, ERR_OK);
    struct testspace *third = testdevice_found(&w->a, NULL);
    world_sync(w, &w->a);
    assert_int_equal(third->status, ERR_QUOTA);
}

/* A space's quota is all its devices' together; other spaces go on, and nothing that was acknowledged is taken back. */
static void test_quota_of_a_space(void **state)
{
    struct world *w = *state;
    w->server.config.space_day.leaves = 2;
    testserver_restart(&w->server);
    struct testspace *other = testdevice_found(&w->a, NULL);
    world_sync(w, &w->a);
    assert_int_equal(other->status, ERR_QUOTA); /* a founding is several leaves at once */
    w->server.config.space_day.leaves = 4;
    testserver_restart(&w->server);
    for (int i = 0; i < 5; i++) {
        testdevice_write(&w->a, w->as, "word", 4, false);
        world_sync(w, &w->a);
        assert_int_equal(w->as->refusal, i < 4 ? ERR_OK : ERR_QUOTA);
    }
    uint64_t size = w->as->tree.size;
    other = testdevice_found(&w->a, NULL);
    world_sync(w, &w->a);
    assert_int_equal(other->status, ERR_OK);
    assert_int_equal(w->as->tree.size, size);
    assert_int_equal(w->as->n_queue, 1);
    w->server.now_ms += 24ull * 3600 * 1000;
    world_sync(w, &w->a);
    assert_int_equal(w->as->n_queue, 0);
    assert_int_equal(w->as->tree.size, size + 1);
}

static void test_garbage(void **state)
{
    struct world *w = *state;
    uint8_t bytes[512];
    for (int i = 0; i < 2000; i++) {
        struct buf response = {0};
        int http = 0;
        digest_random(bytes, sizeof bytes);
        assert_int_equal(
            testserver_send(&w->server, bytes, (size_t)i % sizeof bytes, &response, &http), ERR_OK);
        assert_true(http >= 400 && http < 500);
        buf_free(&response);
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_founding),
        TEST(test_founder_links),
        TEST(test_one_link_in_one_group),
        TEST(test_joining_and_writing),
        TEST(test_repeats_change_nothing),
        TEST(test_lost_race_and_stale_epoch),
        TEST(test_previous_epoch_within_its_grace),
        TEST(test_unknown_device),
        TEST(test_bits_of_a_request),
        TEST(test_a_leaf_that_somebody_else_signed),
        TEST(test_bodies_and_sizes),
        TEST(test_seals_must_fit),
        TEST(test_clock_and_replay),
        TEST(test_an_answer_is_bound_to_its_request),
        TEST(test_rollback_is_told),
        TEST(test_pages),
        TEST(test_every_page_has_an_entry),
        TEST(test_a_group_is_one_commit),
        TEST(test_a_failed_commit_acknowledges_nothing),
        TEST(test_restart_knows_everything),
        TEST(test_times_of_entries_do_not_decrease),
        TEST(test_clock_jumps_stop_pushes),
        TEST(test_quota),
        TEST(test_quota_of_a_space),
        TEST(test_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
