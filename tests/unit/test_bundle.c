/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a bundle is read as it was written, and only so: other magic, arity, versions, bounds and truncations are
 * refused, entries without the note that covers them too.
 */
#include "proto/bundle.h"
#include "proto_test.h"

struct sample {
    uint8_t header[300], body[64], gone[HASH_LEN], seal[112];
    struct leaf_body bodies[2];
    struct message_leaf entries[2];
    struct leaf_slot slots[2];
    struct leaf_seal seals[1];
    struct bundle_push pushes[2];
    struct bundle_row rows[2];
    struct bundle bundle;
};

static void fill(struct sample *s)
{
    memset(s, 0, sizeof *s);
    memset(s->header, 7, sizeof s->header);
    memset(s->body, 8, sizeof s->body);
    memset(s->gone, 9, sizeof s->gone);
    s->bodies[0] = (struct leaf_body){s->body, sizeof s->body};
    s->bodies[1] = (struct leaf_body){s->gone, sizeof s->gone};
    for (size_t i = 0; i < 2; i++) {
        s->entries[i] = (struct message_leaf){.t_recv_ms = 1000 + i,
                                              .header = s->header,
                                              .header_len = 100 + i,
                                              .n_bodies = 2 - i,
                                              .bodies = s->bodies};
        s->slots[i].epoch = 3;
        memset(s->slots[i].row, (int)i + 1, ID_LEN);
    }
    s->seals[0] = (struct leaf_seal){.epoch = 1, .type = 1, .seal = s->seal, .seal_len = 112};
    s->pushes[0].leaf = s->entries[1];
    s->pushes[1] = (struct bundle_push){
        .leaf = s->entries[1], .n_slots = 2, .slots = s->slots, .n_seals = 1, .seals = s->seals};
    s->rows[0] = (struct bundle_row){.from = 40,
                                     .has_note = true,
                                     .note = {.size = 42},
                                     .n_entries = 2,
                                     .entries = s->entries,
                                     .n_slots = 2,
                                     .slots = s->slots,
                                     .n_pushes = 2,
                                     .pushes = s->pushes};
    memset(s->rows[0].space, 5, ID_LEN);
    s->bundle = (struct bundle){.n_rows = 2, .rows = s->rows};
}

static void encode(struct buf *out, const struct bundle *bundle)
{
    out->max = BUNDLE_MAX;
    bundle_encode(out, bundle);
    assert_int_equal(out->err, ERR_OK);
}

static void round_trip(void **state)
{
    (void)state;
    struct sample s;
    struct buf bytes = {0}, again = {0};
    struct bundle got;
    fill(&s);
    encode(&bytes, &s.bundle);
    assert_int_equal(bundle_decode(&got, bytes.bytes, bytes.len), ERR_OK);
    assert_int_equal(got.n_rows, 2);
    assert_int_equal(got.rows[0].from, 40);
    assert_int_equal(got.rows[0].n_entries, 2);
    assert_int_equal(got.rows[0].entries[1].t_recv_ms, 1001);
    assert_int_equal(got.rows[0].entries[0].bodies[1].len, HASH_LEN);
    assert_int_equal(got.rows[0].pushes[1].n_slots, 2);
    assert_int_equal(got.rows[0].pushes[1].n_seals, 1);
    assert_int_equal(got.rows[1].n_pushes, 0);
    encode(&again, &got);
    assert_int_equal(again.len, bytes.len);
    assert_memory_equal(again.bytes, bytes.bytes, bytes.len);
    bundle_free(&got);
    buf_free(&bytes);
    buf_free(&again);
}

static void truncated_or_longer(void **state)
{
    (void)state;
    struct sample s;
    struct buf bytes = {0};
    struct bundle got;
    fill(&s);
    encode(&bytes, &s.bundle);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_not_equal(bundle_decode(&got, bytes.bytes, len), ERR_OK);
    buf_u8(&bytes, 0);
    assert_int_equal(bundle_decode(&got, bytes.bytes, bytes.len), ERR_FORMAT);
    buf_free(&bytes);
}

static void other_magic(void **state)
{
    (void)state;
    struct sample s;
    struct buf bytes = {0};
    struct bundle got;
    fill(&s);
    encode(&bytes, &s.bundle);
    uint8_t *digit = bytes.bytes + 2 + strlen("passerelle/bundle/v");
    assert_int_equal(*digit, '1');
    *digit = '2';
    assert_int_equal(bundle_decode(&got, bytes.bytes, bytes.len), ERR_VERSION);
    bytes.bytes[4] = 'X';
    assert_int_equal(bundle_decode(&got, bytes.bytes, bytes.len), ERR_FORMAT);
    buf_free(&bytes);
}

static void entries_need_their_note(void **state)
{
    (void)state;
    struct sample s;
    struct bundle got;
    for (int i = 0; i < 2; i++) {
        struct buf bytes = {0};
        fill(&s);
        s.rows[0].has_note = i == 0;
        s.rows[0].note.size = 43;
        encode(&bytes, &s.bundle);
        assert_int_equal(bundle_decode(&got, bytes.bytes, bytes.len), ERR_FORMAT);
        buf_free(&bytes);
    }
}

static void a_push_brings_its_bodies(void **state)
{
    (void)state;
    struct sample s;
    struct buf bytes = {0};
    struct bundle got;
    fill(&s);
    s.pushes[0].leaf = s.entries[0]; /* one of its bodies is only a hash */
    encode(&bytes, &s.bundle);
    assert_int_equal(bundle_decode(&got, bytes.bytes, bytes.len), ERR_FORMAT);
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(truncated_or_longer),
        cmocka_unit_test(other_magic),
        cmocka_unit_test(entries_need_their_note),
        cmocka_unit_test(a_push_brings_its_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
