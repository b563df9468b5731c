/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: every engine behind server/store.h keeps the same promises about the keys: slots, seals, inboxes, and that what
 * was deleted is gone.
 */
#include "tests/store/store_fixture.h"

struct slots {
    size_t n;
    struct store_slot slot[16];
};

static enum err see_slot(void *ctx, const struct store_slot *slot)
{
    struct slots *slots = ctx;
    slots->slot[slots->n++] = *slot;
    return ERR_OK;
}

static void test_slots_keep_their_revision(void **state)
{
    struct fixture *f = *state;
    struct slots slots = {0};
    struct store_slot one;
    uint64_t rev;
    begin(f);
    put_slot(f, 1, 1, 0x11, device1);
    put_slot(f, 2, 1, 0x22, device2);
    put_slot(f, 3, 1, 0x33, device1);
    commit(f);
    begin(f);
    put_slot(f, 1, 2, 0x44, device2); /* a re-wrap */
    put_slot(f, 3, 1, 0x33, device2); /* the same again */
    commit(f);
    assert_int_equal(f->do_->keys_rev(f->own, space1, &rev), ERR_OK);
    assert_int_equal(rev, 3);
    assert_int_equal(f->do_->slots(f->own, space1, 0, NULL, see_slot, &slots), ERR_OK);
    assert_int_equal(slots.n, 3);
    assert_int_equal(slots.slot[0].rev, 1);
    assert_int_equal(slots.slot[0].slot.epoch, 2);
    assert_int_equal(slots.slot[0].slot.slot[0], 0x44);
    assert_memory_equal(slots.slot[0].sender, device2, ID_LEN);
    assert_memory_equal(slots.slot[2].sender, device1, ID_LEN);
    slots.n = 0;
    assert_int_equal(f->do_->slots(f->own, space1, 1, device2, see_slot, &slots), ERR_OK);
    assert_int_equal(slots.n, 1);
    assert_int_equal(slots.slot[0].slot.row[0], 3);
    slots.n = 0;
    assert_int_equal(f->do_->slots_stale(f->own, space1, 2, 1, see_slot, &slots), ERR_OK);
    assert_int_equal(slots.n, 1);
    assert_int_equal(slots.slot[0].slot.epoch, 1);
    assert_int_equal(f->do_->slot(f->own, space1, slots.slot[0].slot.row, &one), ERR_OK);
    assert_int_equal(f->do_->slot(f->own, space2, slots.slot[0].slot.row, &one), ERR_NOT_FOUND);
}

struct seals {
    size_t n;
    uint64_t index[8];
    uint8_t first[8];
};

static enum err see_seal(void *ctx, const struct store_seal *seal)
{
    struct seals *seals = ctx;
    assert_int_equal(seal->seal.seal_len, SEAL_MEMBER_LEN);
    seals->first[seals->n] = seal->seal.seal[0];
    seals->index[seals->n++] = seal->index;
    return ERR_OK;
}

static size_t seals_for(struct fixture *f, const uint8_t *device, uint64_t since,
                        struct seals *seals)
{
    *seals = (struct seals){0};
    assert_int_equal(f->do_->seals_for(f->own, space1, device, since, see_seal, seals), ERR_OK);
    return seals->n;
}

static void publish(struct fixture *f, uint64_t size)
{
    struct store_space space = {.size = size};
    memcpy(space.space, space1, ID_LEN);
    assert_int_equal(f->do_->space_put(f->store, &space), ERR_OK);
}

static void test_seals(void **state)
{
    struct fixture *f = *state;
    struct seals seals;
    struct buf lines = {0};
    begin(f);
    publish(f, 10);
    put_seal(f, 1, device2, 0xa2);
    put_seal(f, 1, device1, 0xa1);
    put_seal(f, 4, device1, 0xb1);
    commit(f);
    assert_int_equal(seals_for(f, device1, 0, &seals), 2);
    assert_int_equal(seals.first[0], 0xa1);
    assert_int_equal(seals.index[1], 4);
    assert_int_equal(seals_for(f, device1, 2, &seals), 1);
    assert_int_equal(f->do_->seal_lines(f->own, space1, 1, &lines), ERR_OK);
    assert_int_equal(lines.len, 2 * SEAL_LINE_LEN);
    assert_memory_equal(lines.bytes, device1, ID_LEN);
    assert_memory_equal(lines.bytes + SEAL_LINE_LEN, device2, ID_LEN);
    /* Those of a device that left go after the commit; the list stays whole. */
    begin(f);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_SEALS, device1, ID_LEN), ERR_OK);
    assert_int_equal(seals_for(f, device1, 0, &seals), 2);
    commit(f);
    assert_int_equal(seals_for(f, device1, 0, &seals), 0);
    assert_int_equal(seals_for(f, device2, 0, &seals), 1);
    struct buf after = {0};
    assert_int_equal(f->do_->seal_lines(f->own, space1, 1, &after), ERR_OK);
    assert_int_equal(after.len, lines.len);
    assert_memory_equal(after.bytes, lines.bytes, lines.len);
    buf_free(&lines);
    buf_free(&after);
}

static void test_seals_of_a_lost_transaction_go(void **state)
{
    struct fixture *f = *state;
    struct seals seals;
    begin(f);
    publish(f, 5);
    put_seal(f, 3, device1, 1);
    /* As if the log had not committed after keys had: this index does not exist. */
    put_seal(f, 5, device1, 2);
    commit(f);
    assert_int_equal(seals_for(f, device1, 0, &seals), 2);
    reopen(f);
    assert_int_equal(seals_for(f, device1, 0, &seals), 1);
    assert_int_equal(seals.index[0], 3);
}

static enum err take_inbox(void *ctx, const struct store_inbox *item)
{
    struct store_inbox *out = ctx;
    *out = *item;
    out->payload = NULL;
    return ERR_OK;
}

static void test_inbox(void **state)
{
    struct fixture *f = *state;
    struct store_inbox item = {.type = 1,
                               .expires_s = 99,
                               .payload = (const uint8_t *)"join me",
                               .payload_len = 7},
                       got = {0};
    memcpy(item.device, device1, ID_LEN);
    memset(item.invite, 0x1e, PK_LEN);
    begin(f);
    assert_int_equal(f->do_->inbox_put(f->store, space1, &item), ERR_OK);
    assert_int_equal(f->do_->inbox_put(f->store, space1, &item), ERR_OK);
    assert_int_equal(f->do_->inbox_dismiss(f->store, space1, device2), ERR_NOT_FOUND);
    commit(f);
    assert_int_equal(f->do_->inbox(f->own, space1, take_inbox, &got), ERR_OK);
    assert_int_equal(got.state, STORE_INBOX_WAITING);
    assert_int_equal(got.payload_len, 7);
    assert_int_equal(got.expires_s, 99);
    assert_memory_equal(got.invite, item.invite, PK_LEN);
    assert_int_equal(got.rev, 2);
    begin(f);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_JOINED, device1, ID_LEN), ERR_OK);
    commit(f);
    assert_int_equal(f->do_->inbox(f->own, space1, take_inbox, &got), ERR_OK);
    assert_int_equal(got.state, STORE_INBOX_DONE);
    assert_int_equal(got.payload_len, 0);
    memcpy(item.device, device2, ID_LEN);
    begin(f);
    assert_int_equal(f->do_->inbox_put(f->store, space1, &item), ERR_OK);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_INVITE, item.invite, PK_LEN),
                     ERR_OK);
    commit(f);
    assert_int_equal(f->do_->inbox(f->own, space1, take_inbox, &got), ERR_OK);
    assert_memory_equal(got.device, device2, ID_LEN);
    assert_int_equal(got.state, STORE_INBOX_DISMISSED);
    item.type = 2;
    uint8_t target[ID_LEN + HASH_LEN];
    memcpy(target, device2, ID_LEN);
    memset(target + ID_LEN, 0, HASH_LEN);
    begin(f);
    assert_int_equal(f->do_->inbox_put(f->store, space1, &item), ERR_OK);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_OUTBOX, target, sizeof target),
                     ERR_OK);
    commit(f);
    assert_int_equal(f->do_->inbox(f->own, space1, take_inbox, &got), ERR_OK);
    assert_int_equal(got.type, 2); /* another one's hash */
    memcpy(target + ID_LEN, item.invite, HASH_LEN);
    begin(f);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_OUTBOX, target, sizeof target),
                     ERR_OK);
    commit(f);
    assert_int_equal(f->do_->inbox(f->own, space1, take_inbox, &got), ERR_OK);
    assert_int_equal(got.type, 1);
}

static bool on_disk(const struct fixture *f, const uint8_t *bytes, size_t len)
{
    bool found = false;
    char path[400];
    DIR *dir = opendir(f->folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
        FILE *file = fopen(path, "rb");
        static uint8_t all[4 << 20];
        size_t n = file ? fread(all, 1, sizeof all, file) : 0;
        for (size_t at = 0; at + len <= n && !found; at++)
            found = memcmp(all + at, bytes, len) == 0;
        if (file)
            fclose(file);
    }
    closedir(dir);
    return found;
}

static void test_deleted_bytes_leave_the_disk(void **state)
{
    struct fixture *f = *state;
    struct made *made[6];
    uint8_t row[ID_LEN] = {5};
    struct store_slot slot;
    fill(f, 6, made);
    begin(f);
    put_slot(f, 5, 1, 0x5a, device1);
    put_slot(f, 5, 2, 0x5b, device1);
    commit(f);
    uint8_t old[SLOT_LEN], newest[SLOT_LEN];
    memset(old, 0x5a, SLOT_LEN);
    memset(newest, 0x5b, SLOT_LEN);
    if (f->kind->files) {
        assert_true(on_disk(f, made[4]->body[1], 200));
        assert_true(on_disk(f, old, SLOT_LEN));
    }
    begin(f);
    assert_int_equal(f->do_->body_erase(f->store, space1, 4, 1), ERR_OK);
    assert_int_equal(f->do_->body_erase(f->store, space1, 4, 1), ERR_OK);
    assert_int_equal(f->do_->body_erase(f->store, space1, 77, 0), ERR_OK);
    assert_int_equal(f->do_->chore(f->store, space1, STORE_CHORE_SLOT, row, ID_LEN), ERR_OK);
    commit(f);
    assert_int_equal(f->do_->untidy(f->store), 2);
    assert_int_equal(f->do_->tidy(f->store, false), ERR_OK);
    assert_int_equal(f->do_->untidy(f->store), 0);
    if (f->kind->files) {
        assert_false(on_disk(f, made[4]->body[1], 200));
        assert_false(on_disk(f, made[4]->body[1] + 100, 32));
        assert_true(on_disk(f, made[4]->body[0], 200));
        assert_false(on_disk(f, old, 32));
        assert_false(on_disk(f, newest, 32));
    }
    assert_int_equal(f->do_->slot(f->own, space1, row, &slot), ERR_NOT_FOUND);
    struct seen seen = {.made = made};
    assert_int_equal(f->do_->bodies(f->own, space1, 0, 9, see_body, &seen), ERR_OK);
    assert_int_equal(seen.deleted, 1);
    assert_int_equal(seen.bodies, 11);
    free_made(made, 6);
}

int main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        if (!engine_is_here(&engines[i]))
            continue;
        const struct CMUnitTest tests[] = {
            STORE_TEST(test_slots_keep_their_revision),      STORE_TEST(test_seals),
            STORE_TEST(test_seals_of_a_lost_transaction_go), STORE_TEST(test_inbox),
            STORE_TEST(test_deleted_bytes_leave_the_disk),
        };
        failed += cmocka_run_group_tests_name(engines[i].name, tests, NULL, NULL);
    }
    return failed;
}
