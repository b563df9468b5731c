/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/message_sample.h"

void sample_keys_make(struct sample_keys *keys)
{
    uint8_t seed[SEED_LEN];
    memset(seed, 1, sizeof seed);
    sign_keypair(keys->ed_pk, keys->ed_sk, seed);
    sign_device_id(keys->device, keys->ed_pk);
    memset(seed, 2, sizeof seed);
    sign_keypair(keys->log_pk, keys->log_sk, seed);
    message_aud(keys->aud, keys->log_pk);
    memset(seed, 3, sizeof seed);
    sign_keypair(keys->resp_pk, keys->resp_sk, seed);
}

/* The lists that requests and responses share. */
static void fill_lists(struct message_row *row, struct sample_rows *r)
{
    r->slots[0] = (struct leaf_slot){.row = "slot row a", .epoch = 1, .slot = "slot a"};
    r->slots[1] = (struct leaf_slot){.row = "slot row b", .epoch = UINT32_MAX, .slot = "slot b"};
    r->seals[0] = (struct leaf_seal){.device = "seal device a",
                                     .epoch = 7,
                                     .type = SEAL_MEMBER,
                                     .seal = r->bytes,
                                     .seal_len = SEAL_MEMBER_LEN};
    r->seals[1] = (struct leaf_seal){.device = "seal device b",
                                     .epoch = 300,
                                     .type = SEAL_AUDITOR,
                                     .seal = r->bytes + 5,
                                     .seal_len = SEAL_AUDITOR_LEN};
    r->want[0] = (struct message_want){.leaf = 1ull << 40, .box = 255};
    r->want[1] = (struct message_want){.is_row = true, .row = "wanted row"};
    r->inbox[0] = (struct message_inbox){
        .type = INBOX_JOIN, .id = "joiner", .payload = r->bytes, .payload_len = 200};
    r->inbox[1] = (struct message_inbox){
        .type = INBOX_DISMISS, .id = "nobody", .payload = r->bytes, .payload_len = 0};
    row->slots = r->slots, row->n_slots = 2;
    row->seals = r->seals, row->n_seals = 2;
    row->want = r->want, row->n_want = 2;
    row->inbox = r->inbox, row->n_inbox = 2;
}

static void fill_leaves(struct sample_rows *r)
{
    count_up(r->bytes, sizeof r->bytes, 0);
    r->bodies[0] = (struct leaf_body){r->bytes, BODY_MIN};
    r->bodies[1] = (struct leaf_body){r->bytes + 1, 255};
    r->bodies[2] = (struct leaf_body){r->bytes + 2, BODY_MIN};
    r->bodies[3] = (struct leaf_body){r->bytes + 3, HASH_LEN}; /* deleted: its hash */
    r->leaves[0] = (struct message_leaf){.t_recv_ms = 1700000000000,
                                         .header = r->bytes,
                                         .header_len = 150,
                                         .sig = "signature a",
                                         .n_bodies = 3,
                                         .bodies = r->bodies};
    r->leaves[1] = (struct message_leaf){
        .t_recv_ms = 1700000000000, .header = r->bytes + 9, .header_len = 1, .sig = "signature b"};
}

void sample_request(struct message_request *request, struct sample_rows *r,
                    const struct sample_keys *keys)
{
    *r = (struct sample_rows){0};
    fill_leaves(r);
    r->loose[0] = (struct message_body){.leaf = 5, .bytes = r->bytes, .len = BODY_MIN};
    r->loose[1] = (struct message_body){.leaf = 500, .box = 255, .bytes = r->bytes, .len = 99};
    struct message_row *all = &r->rows[0];
    fill_lists(all, r);
    memset(all->space, 'a', ID_LEN);
    all->have_size = 100000;
    all->keys_rev = 77;
    all->erased_upto = UINT64_MAX;
    all->leaves = r->leaves, all->n_leaves = 2;
    all->bodies = r->loose, all->n_bodies = 2;
    memset(r->rows[1].space, 'b', ID_LEN);
    r->rows[1].leaves = r->leaves + 1, r->rows[1].n_leaves = 1;
    memset(r->rows[2].space, 'c', ID_LEN);
    r->rows[2].have_size = 3;

    *request = (struct message_request){.time_ms = 1700000000123,
                                        .has_auth = true,
                                        .has_link_sig = true,
                                        .link_sig = "link signature",
                                        .store_id = "store 1",
                                        .n_rows = 3,
                                        .rows = r->rows,
                                        .max_bytes = 1 << 20,
                                        .wait_ms = 30000,
                                        .flags = FLAG_HEADERS_ONLY};
    memcpy(request->device, keys->device, ID_LEN);
    memcpy(request->ed_pk, keys->ed_pk, PK_LEN);
}

static void fill_note(struct note *note, uint64_t size, unsigned n_cosigs)
{
    note->size = size;
    count_up(note->root, HASH_LEN, 10);
    count_up(note->sig, SIG_LEN, 20);
    note->n_cosigs = n_cosigs;
    for (unsigned i = 0; i < n_cosigs; i++)
        count_up(note->cosigs[i], NOTE_COSIG_LEN, (uint8_t)(30 + i));
}

void sample_response(struct message_response *response, struct sample_rows *r)
{
    *r = (struct sample_rows){0};
    fill_leaves(r);
    r->leaves[0].n_bodies = 4;
    r->leaves[1] = (struct message_leaf){.own = true, .k = 1023, .t_recv_ms = 1700000000000};
    r->leaves[2] = (struct message_leaf){.t_recv_ms = 1700000000555,
                                         .header = r->bytes + 9,
                                         .header_len = 100,
                                         .sig = "signature c"};
    r->items[0] = (struct message_item){.list = LIST_SEALS, .k = 3, .status = ERR_AFTER_REFUSED};
    r->items[1] = (struct message_item){.status = ERR_SEQ,
                                        .index = 1ull << 50,
                                        .t_recv_ms = 1700000000001,
                                        .last_seq = 9,
                                        .has_last = true,
                                        .last_hash = "last hash",
                                        .proof = {.n = PROOF_MAX}};
    for (unsigned i = 0; i < PROOF_MAX; i++)
        memset(r->items[1].proof.nodes[i], (int)i, HASH_LEN);
    r->lists[0] =
        (struct message_list_lines){.leaf = 8, .lines = r->bytes, .len = SEAL_LINE_LEN * 4};
    count_up(r->stale[0], ID_LEN, 40);
    count_up(r->stale[1], ID_LEN, 80);

    struct message_row *all = &r->rows[0];
    fill_lists(all, r);
    r->inbox[1].type = INBOX_BODY;
    *all = (struct message_row){.slots = all->slots,
                                .n_slots = 2,
                                .seals = all->seals,
                                .n_seals = 2,
                                .want = all->want,
                                .n_want = 2,
                                .inbox = all->inbox,
                                .n_inbox = 2,
                                .full = true,
                                .status = ERR_REVOKED,
                                .size = 100,
                                .keys_rev = 78,
                                .has_note = true,
                                .has_head = true,
                                .head_proof = {.n = 2},
                                .leaves = r->leaves,
                                .n_leaves = 3,
                                .items = r->items,
                                .n_items = 2,
                                .lists = r->lists,
                                .n_lists = 1,
                                .stale = r->stale,
                                .n_stale = 2,
                                .more = true};
    fill_note(&all->note, 50, WITNESSES_MAX);
    fill_note(&all->head, 100, 0);
    for (unsigned i = 0; i < 2; i++)
        count_up(all->head_proof.nodes[i], HASH_LEN, (uint8_t)(90 + i));
    r->rows[1] = (struct message_row){.full = true, .size = 3, .has_note = true};
    fill_note(&r->rows[1].note, 3, 1);
    r->rows[2].status = ERR_UNCHANGED;
    *response = (struct message_response){
        .time_ms = 1700000001000, .store_id = "store 2", .n_rows = 3, .rows = r->rows};
}

void sample_same_leaf(const struct message_leaf *a, const struct message_leaf *b)
{
    assert_int_equal(a->header_len, b->header_len);
    assert_memory_equal(a->header, b->header, a->header_len);
    assert_memory_equal(a->sig, b->sig, SIG_LEN);
    assert_int_equal(a->n_bodies, b->n_bodies);
    for (size_t i = 0; i < a->n_bodies; i++) {
        assert_int_equal(a->bodies[i].len, b->bodies[i].len);
        assert_memory_equal(a->bodies[i].bytes, b->bodies[i].bytes, a->bodies[i].len);
    }
}

void sample_same_lists(const struct message_row *a, const struct message_row *b)
{
    assert_int_equal(a->n_slots, b->n_slots);
    for (size_t i = 0; i < a->n_slots; i++) {
        assert_memory_equal(a->slots[i].row, b->slots[i].row, ID_LEN);
        assert_int_equal(a->slots[i].epoch, b->slots[i].epoch);
        assert_memory_equal(a->slots[i].slot, b->slots[i].slot, SLOT_LEN);
    }
    assert_int_equal(a->n_seals, b->n_seals);
    for (size_t i = 0; i < a->n_seals; i++) {
        assert_memory_equal(a->seals[i].device, b->seals[i].device, ID_LEN);
        assert_int_equal(a->seals[i].epoch, b->seals[i].epoch);
        assert_int_equal(a->seals[i].type, b->seals[i].type);
        assert_int_equal(a->seals[i].seal_len, b->seals[i].seal_len);
        assert_memory_equal(a->seals[i].seal, b->seals[i].seal, a->seals[i].seal_len);
    }
    assert_int_equal(a->n_want, b->n_want);
    for (size_t i = 0; i < a->n_want; i++) {
        assert_int_equal(a->want[i].is_row, b->want[i].is_row);
        assert_int_equal(a->want[i].leaf, b->want[i].leaf);
        assert_int_equal(a->want[i].box, b->want[i].box);
        assert_memory_equal(a->want[i].row, b->want[i].row, ID_LEN);
    }
    assert_int_equal(a->n_inbox, b->n_inbox);
    for (size_t i = 0; i < a->n_inbox; i++) {
        assert_int_equal(a->inbox[i].type, b->inbox[i].type);
        assert_memory_equal(a->inbox[i].id, b->inbox[i].id, ID_LEN);
        assert_int_equal(a->inbox[i].payload_len, b->inbox[i].payload_len);
        assert_memory_equal(a->inbox[i].payload, b->inbox[i].payload, a->inbox[i].payload_len);
    }
}
