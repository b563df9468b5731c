/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: requests and responses come back as they were made, an envelope in which one bit differs is refused, an
 * answer belongs to one request, and an empty sync stays as small as promised.
 */
#include "tests/unit/message_sample.h"

static struct sample_keys keys;

static int setup(void **state)
{
    int bad = proto_setup(state);
    sample_keys_make(&keys);
    return bad;
}

/* What a server does. */
static enum err receive(struct message_request *request, const void *bytes, size_t len,
                        const uint8_t *ed_pk)
{
    enum err err = ERR_OK;
    TRY(message_request_open(request, bytes, len));
    TRY(message_request_verify(request, keys.aud, ed_pk));
    TRY(message_request_decode(request));
out:
    return err;
}

/* --- requests --- */

static void expect_same_request(const struct message_request *a, const struct message_request *b)
{
    assert_memory_equal(a->device, b->device, ID_LEN);
    assert_int_equal(a->time_ms, b->time_ms);
    assert_memory_equal(a->hash, b->hash, HASH_LEN);
    assert_int_equal(a->has_auth, b->has_auth);
    assert_int_equal(a->has_link_sig, b->has_link_sig);
    if (a->has_auth)
        assert_memory_equal(a->ed_pk, b->ed_pk, PK_LEN);
    if (a->has_link_sig)
        assert_memory_equal(a->link_sig, b->link_sig, SIG_LEN);
    assert_memory_equal(a->store_id, b->store_id, STORE_ID_LEN);
    assert_int_equal(a->max_bytes, b->max_bytes);
    assert_int_equal(a->wait_ms, b->wait_ms);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->n_rows, b->n_rows);
    for (size_t i = 0; i < a->n_rows; i++) {
        const struct message_row *x = &a->rows[i], *y = &b->rows[i];
        assert_memory_equal(x->space, y->space, ID_LEN);
        assert_int_equal(x->have_size, y->have_size);
        assert_int_equal(x->keys_rev, y->keys_rev);
        assert_int_equal(x->erased_upto, y->erased_upto);
        assert_int_equal(x->n_leaves, y->n_leaves);
        for (size_t k = 0; k < x->n_leaves; k++) {
            sample_same_leaf(&x->leaves[k], &y->leaves[k]);
            assert_int_equal(x->leaves[k].t_recv_ms,
                             b->flags & FLAG_REFILL ? y->leaves[k].t_recv_ms : 0);
        }
        assert_int_equal(x->n_bodies, y->n_bodies);
        for (size_t k = 0; k < x->n_bodies; k++) {
            assert_int_equal(x->bodies[k].leaf, y->bodies[k].leaf);
            assert_int_equal(x->bodies[k].box, y->bodies[k].box);
            assert_int_equal(x->bodies[k].len, y->bodies[k].len);
            assert_memory_equal(x->bodies[k].bytes, y->bodies[k].bytes, x->bodies[k].len);
        }
        sample_same_lists(x, y);
    }
}

static void test_request(void **state)
{
    (void)state;
    for (int form = 0; form < 5; form++) {
        struct sample_rows rows;
        struct message_request made, got;
        sample_request(&made, &rows, &keys);
        if (form == 1)
            made.has_auth = made.has_link_sig = false;
        if (form == 2)
            made.has_link_sig = false;
        if (form == 3)
            made.n_rows = 0;
        if (form == 4) { /* a refill carries times, and hashes of what was deleted */
            made.flags = FLAG_REFILL;
            rows.leaves[0].n_bodies = 4;
        }
        struct buf out = {0};
        buf_put(&out, "x", 1);
        assert_ok(message_request_make(&out, &made, keys.aud, keys.ed_sk));
        uint8_t *bytes = exact_copy(out.bytes + 1, out.len - 1);
        assert_ok(receive(&got, bytes, out.len - 1, keys.ed_pk));
        expect_same_request(&got, &made);
        assert_memory_equal(got.sig, made.sig, SIG_LEN);
        message_request_free(&got);
        message_request_free(&got);
        assert_int_equal(got.n_rows, 0);
        free(bytes);
        buf_free(&out);
    }
}

/* Each single list makes a row a long one. */
static void test_request_lists(void **state)
{
    (void)state;
    for (int form = 0; form < 6; form++) {
        struct sample_rows rows;
        struct message_request made, got;
        sample_request(&made, &rows, &keys);
        struct message_row *row = made.rows;
        row->n_leaves *= form == 0, row->n_bodies *= form == 1, row->n_slots *= form == 2;
        row->n_seals *= form == 3, row->n_want *= form == 4, row->n_inbox *= form == 5;
        struct buf out = {0};
        assert_ok(message_request_make(&out, &made, keys.aud, keys.ed_sk));
        assert_ok(receive(&got, out.bytes, out.len, keys.ed_pk));
        expect_same_request(&got, &made);
        message_request_free(&got);
        buf_free(&out);
    }
}

static void test_request_flips(void **state)
{
    (void)state;
    struct sample_rows rows;
    struct message_request made, got;
    struct buf out = {0};
    sample_request(&made, &rows, &keys);
    rows.leaves[0].n_bodies = 1; /* shorter, so that every bit takes its turn quickly */
    rows.leaves[0].header_len = rows.inbox[0].payload_len = 10;
    rows.rows[0].n_bodies = rows.rows[0].n_seals = rows.rows[0].n_slots = 1;
    assert_ok(message_request_make(&out, &made, keys.aud, keys.ed_sk));
    for (size_t bit = 0; bit < 8 * out.len; bit++) {
        out.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum err err = message_request_open(&got, out.bytes, out.len);
        if (err == ERR_OK)
            err = message_request_verify(&got, keys.aud, keys.ed_pk);
        assert_int_not_equal(err, ERR_OK);
        out.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < out.len; len++) {
        uint8_t *cut = exact_copy(out.bytes, len);
        assert_err(message_request_open(&got, cut, len), ERR_FORMAT);
        free(cut);
    }
    buf_u8(&out, 0xc0);
    assert_err(message_request_open(&got, out.bytes, out.len), ERR_FORMAT);
    buf_free(&out);
}

static void test_request_binding(void **state)
{
    (void)state;
    struct sample_rows rows;
    struct message_request made, got;
    struct buf out = {0};
    uint8_t other_aud[HASH_LEN], string[HASH_LEN + ID_LEN + 8 + HASH_LEN];
    sample_request(&made, &rows, &keys);
    assert_ok(message_request_make(&out, &made, keys.aud, keys.ed_sk));
    assert_ok(message_request_open(&got, out.bytes, out.len));
    /* Not for another server, not by another device. */
    message_aud(other_aud, keys.resp_pk);
    assert_err(message_request_verify(&got, other_aud, keys.ed_pk), ERR_SIGNATURE);
    assert_err(message_request_verify(&got, keys.aud, keys.log_pk), ERR_SIGNATURE);
    assert_memory_equal(got.hash, made.hash, HASH_LEN); /* a refusal can be bound to it */
    assert_ok(message_request_verify(&got, keys.aud, keys.ed_pk));
    assert_memory_equal(got.hash, made.hash, HASH_LEN);

    /* Byte by byte as PROTOCOL.md says. */
    digest_sha256_of(string, keys.log_pk, PK_LEN);
    memcpy(string + HASH_LEN, keys.device, ID_LEN);
    memcpy(string + HASH_LEN + ID_LEN, "\x00\x00\x01\x8b\xcf\xe5\x68\x7b", 8); /* 1700000000123 */
    digest_sha256_of(string + HASH_LEN + ID_LEN + 8, got.rest, got.rest_len);
    const struct digest_part part = {string, sizeof string};
    assert_ok(sign_verify(got.sig, keys.ed_pk, "passerelle/req/v1", &part, 1));
    uint8_t hash[HASH_LEN];
    const struct digest_part parts[] = {{"passerelle/req/v1", 18}, part};
    digest_sha256(hash, parts, 2);
    assert_memory_equal(got.hash, hash, HASH_LEN);
    buf_free(&out);
}

static void test_auth(void **state)
{
    (void)state;
    for (int form = 0; form < 3; form++) {
        struct sample_rows rows;
        struct message_request made, got;
        struct buf out = {0};
        sample_request(&made, &rows, &keys);
        made.has_auth = form > 0;
        made.has_link_sig = form > 1;
        assert_ok(message_request_make(&out, &made, keys.aud, keys.ed_sk));
        assert_ok(message_request_open(&got, out.bytes, out.len));
        assert_ok(message_request_auth(&got));
        assert_int_equal(got.has_auth, made.has_auth);
        assert_int_equal(got.has_link_sig, made.has_link_sig);
        if (form > 0)
            assert_ok(message_request_verify(&got, keys.aud, got.ed_pk));
        buf_reset(&out);
        /* A key that is not this device's: anybody could sign with it. */
        made.ed_pk[0] ^= 1;
        assert_ok(message_request_make(&out, &made, keys.aud, keys.ed_sk));
        assert_ok(message_request_open(&got, out.bytes, out.len));
        assert_err(message_request_auth(&got), form ? ERR_UNKNOWN_DEVICE : ERR_OK);
        assert_ok(message_request_verify(&got, keys.aud, keys.ed_pk));
        assert_err(message_request_decode(&got), form ? ERR_UNKNOWN_DEVICE : ERR_OK);
        message_request_free(&got);
        buf_free(&out);
    }
}

/* --- responses --- */

static void expect_same_note(const struct note *a, const struct note *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->root, b->root, HASH_LEN);
    assert_memory_equal(a->sig, b->sig, SIG_LEN);
    assert_int_equal(a->n_cosigs, b->n_cosigs);
    assert_memory_equal(a->cosigs, b->cosigs, a->n_cosigs * NOTE_COSIG_LEN);
}

static void expect_same_proof(const struct tree_proof *a, const struct tree_proof *b)
{
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->nodes, b->nodes, a->n * HASH_LEN);
}

static void expect_same_items(const struct message_row *a, const struct message_row *b)
{
    assert_int_equal(a->n_items, b->n_items);
    for (size_t i = 0; i < a->n_items; i++) {
        const struct message_item *x = &a->items[i], *y = &b->items[i];
        assert_int_equal(x->list, y->list);
        assert_int_equal(x->k, y->k);
        assert_int_equal(x->status, y->status);
        assert_int_equal(x->index, y->index);
        assert_int_equal(x->t_recv_ms, y->t_recv_ms);
        assert_int_equal(x->last_seq, y->last_seq);
        assert_int_equal(x->has_last, y->has_last);
        assert_memory_equal(x->last_hash, y->last_hash, HASH_LEN);
        expect_same_proof(&x->proof, &y->proof);
    }
}

static void expect_same_row(const struct message_row *a, const struct message_row *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->full, b->full);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->keys_rev, b->keys_rev);
    assert_int_equal(a->has_note, b->has_note);
    expect_same_note(&a->note, &b->note);
    assert_int_equal(a->has_head, b->has_head);
    expect_same_note(&a->head, &b->head);
    expect_same_proof(&a->head_proof, &b->head_proof);
    assert_int_equal(a->n_leaves, b->n_leaves);
    for (size_t i = 0; i < a->n_leaves; i++) {
        assert_int_equal(a->leaves[i].t_recv_ms, b->leaves[i].t_recv_ms);
        assert_int_equal(a->leaves[i].own, b->leaves[i].own);
        assert_int_equal(a->leaves[i].k, b->leaves[i].k);
        if (!a->leaves[i].own)
            sample_same_leaf(&a->leaves[i], &b->leaves[i]);
    }
    expect_same_items(a, b);
    sample_same_lists(a, b);
    assert_int_equal(a->n_lists, b->n_lists);
    for (size_t i = 0; i < a->n_lists; i++) {
        assert_int_equal(a->lists[i].leaf, b->lists[i].leaf);
        assert_int_equal(a->lists[i].len, b->lists[i].len);
        assert_memory_equal(a->lists[i].lines, b->lists[i].lines, a->lists[i].len);
    }
    assert_int_equal(a->n_stale, b->n_stale);
    for (size_t i = 0; i < a->n_stale; i++)
        assert_memory_equal(a->stale[i], b->stale[i], ID_LEN);
    assert_int_equal(a->more, b->more);
}

static const uint8_t request_hash[HASH_LEN] = "the hash of the signed request";

static void test_response(void **state)
{
    (void)state;
    struct sample_rows rows;
    struct message_response made, got;
    struct buf out = {0}, again = {0}, encoded = {0};
    sample_response(&made, &rows);
    assert_ok(message_response_make(&out, &made, request_hash, keys.resp_sk));
    uint8_t *bytes = exact_copy(out.bytes, out.len);
    assert_ok(message_response_open(&got, bytes, out.len, request_hash, keys.resp_pk));
    assert_int_equal(got.time_ms, made.time_ms);
    assert_int_equal(got.status, made.status);
    assert_memory_equal(got.store_id, made.store_id, STORE_ID_LEN);
    assert_int_equal(got.n_rows, 3);
    for (size_t i = 0; i < 3; i++)
        expect_same_row(&got.rows[i], &made.rows[i]);
    message_response_free(&got);
    message_response_free(&got);
    free(bytes);

    /* Rows encoded one by one give the same bytes. */
    for (size_t i = 0; i < 3; i++)
        message_row_encode(&encoded, &made.rows[i]);
    assert_ok(message_response_make_rows(&again, made.time_ms, made.status, made.store_id, &encoded,
                                         3, request_hash, keys.resp_sk));
    assert_int_equal(again.len, out.len);
    assert_memory_equal(again.bytes, out.bytes, out.len);

    /* A full row without any note. */
    buf_reset(&out);
    struct message_row bare = {.full = true, .status = ERR_ROLLBACK, .size = 2};
    made = (struct message_response){.n_rows = 1, .rows = &bare};
    assert_ok(message_response_make(&out, &made, request_hash, keys.resp_sk));
    assert_ok(message_response_open(&got, out.bytes, out.len, request_hash, keys.resp_pk));
    expect_same_row(&got.rows[0], &bare);
    message_response_free(&got);

    /* A refusal of the whole request. */
    buf_reset(&out);
    made = (struct message_response){.time_ms = 5, .status = ERR_CLOCK};
    assert_ok(message_response_make(&out, &made, request_hash, keys.resp_sk));
    assert_ok(message_response_open(&got, out.bytes, out.len, request_hash, keys.resp_pk));
    assert_int_equal(got.status, ERR_CLOCK);
    assert_int_equal(got.n_rows, 0);
    message_response_free(&got);
    buf_free(&out);
    buf_free(&again);
    buf_free(&encoded);
}

static void test_response_flips(void **state)
{
    (void)state;
    struct sample_rows rows;
    struct message_response made, got;
    struct buf out = {0};
    sample_response(&made, &rows);
    rows.rows[0].head_proof.n = 1;
    rows.items[1].proof.n = 1; /* shorter, as above */
    rows.leaves[0].n_bodies = rows.rows[0].n_leaves = 1;
    rows.rows[0].note.n_cosigs = 1;
    rows.leaves[0].header_len = rows.inbox[0].payload_len = 10;
    rows.lists[0].len = SEAL_LINE_LEN;
    rows.rows[0].n_seals = rows.rows[0].n_slots = rows.rows[0].n_stale = 1;
    made.n_rows = 1;
    assert_ok(message_response_make(&out, &made, request_hash, keys.resp_sk));
    for (size_t bit = 0; bit < 8 * out.len; bit++) {
        out.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_refused(message_response_open(&got, out.bytes, out.len, request_hash, keys.resp_pk));
        assert_null(got.rows);
        out.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < out.len; len++) {
        uint8_t *cut = exact_copy(out.bytes, len);
        assert_err(message_response_open(&got, cut, len, request_hash, keys.resp_pk), ERR_FORMAT);
        free(cut);
    }
    /* Bound to one request and one server. */
    uint8_t other_hash[HASH_LEN];
    memcpy(other_hash, request_hash, HASH_LEN);
    for (size_t bit = 0; bit < 8 * HASH_LEN; bit++) {
        other_hash[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_err(message_response_open(&got, out.bytes, out.len, other_hash, keys.resp_pk),
                   ERR_SIGNATURE);
        other_hash[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_err(message_response_open(&got, out.bytes, out.len, request_hash, keys.log_pk),
               ERR_SIGNATURE);
    assert_ok(message_response_open(&got, out.bytes, out.len, request_hash, keys.resp_pk));
    message_response_free(&got);
    buf_u8(&out, 0);
    assert_err(message_response_open(&got, out.bytes, out.len, request_hash, keys.resp_pk),
               ERR_FORMAT);
    buf_free(&out);
}

static void test_response_refuses(void **state)
{
    (void)state;
    struct sample_rows rows;
    struct message_response made;
    struct buf out = {0};
    sample_response(&made, &rows);
    rows.leaves[2].t_recv_ms = rows.leaves[1].t_recv_ms - 1; /* times of entries never decrease */
    assert_err(message_response_make(&out, &made, request_hash, keys.resp_sk), ERR_USAGE);
    assert_int_equal(out.len, 0);
    sample_response(&made, &rows);
    rows.rows[0].note.n_cosigs = WITNESSES_MAX + 1;
    assert_err(message_response_make(&out, &made, request_hash, keys.resp_sk), ERR_USAGE);
    sample_response(&made, &rows);
    rows.items[1].proof.n = PROOF_MAX + 1;
    assert_err(message_response_make(&out, &made, request_hash, keys.resp_sk), ERR_USAGE);
    /* Rows that are not what their number says. */
    struct buf encoded = {0};
    wire_put_uint(&encoded, ERR_UNCHANGED);
    for (size_t n = 0; n < 3; n++)
        assert_err(message_response_make_rows(&out, 1, ERR_OK, made.store_id, &encoded, n,
                                              request_hash, keys.resp_sk),
                   n == 1 ? ERR_OK : ERR_FORMAT);
    buf_fail(&encoded, ERR_MEMORY);
    assert_err(message_response_make_rows(&out, 1, ERR_OK, made.store_id, &encoded, 1, request_hash,
                                          keys.resp_sk),
               ERR_MEMORY);
    buf_free(&encoded);
    buf_free(&out);
}

/* --- sizes --- */

static size_t empty_sync(size_t n_spaces)
{
    struct message_row rows[3] = {0}, answers[3] = {0};
    struct message_request request = {.time_ms = 1700000000123,
                                      .n_rows = n_spaces,
                                      .rows = rows,
                                      .store_id = "store 1",
                                      .max_bytes = 1 << 20,
                                      .wait_ms = 60000};
    struct message_response response = {
        .time_ms = 1700000000124, .n_rows = n_spaces, .rows = answers};
    memcpy(request.device, keys.device, ID_LEN);
    for (size_t i = 0; i < n_spaces; i++) {
        memset(rows[i].space, (int)i + 1, ID_LEN);
        rows[i].have_size = rows[i].keys_rev = rows[i].erased_upto = 100000;
        answers[i].status = ERR_UNCHANGED;
    }
    struct buf up = {0}, down = {0};
    assert_ok(message_request_make(&up, &request, keys.aud, keys.ed_sk));
    assert_ok(message_response_make(&down, &response, request.hash, keys.resp_sk));
    print_message("empty sync of %zu space(s): %zu bytes up, %zu down\n", n_spaces, up.len,
                  down.len);
    size_t total = up.len + down.len;
    buf_free(&up);
    buf_free(&down);
    return total;
}

static void test_sizes(void **state)
{
    (void)state;
    size_t one = empty_sync(1), two = empty_sync(2), three = empty_sync(3);
    assert_true(one < 400);
    assert_true(two - one < 60);
    assert_true(three - two < 60);
}

/* --- around the round trip --- */

static void test_server(void **state)
{
    (void)state;
    struct message_server made = {.log_name = "passerelle.example"}, got;
    memcpy(made.log_pk, keys.log_pk, PK_LEN);
    memcpy(made.resp_pk, keys.resp_pk, PK_LEN);
    struct buf out = {0};
    assert_ok(message_server_make(&out, &made, keys.log_sk));
    assert_ok(message_server_open(&got, out.bytes, out.len));
    assert_memory_equal(got.log_pk, made.log_pk, PK_LEN);
    assert_memory_equal(got.resp_pk, made.resp_pk, PK_LEN);
    assert_string_equal(got.log_name, made.log_name);
    for (size_t bit = 0; bit < 8 * out.len; bit += 7) {
        out.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_refused(message_server_open(&got, out.bytes, out.len));
        assert_true(digest_is_zero(got.resp_pk, PK_LEN));
        out.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < out.len; len++)
        assert_refused(message_server_open(&got, out.bytes, len));
    buf_reset(&out);
    memset(made.log_name, 'x', NAME_LEN_MAX); /* the longest name */
    assert_ok(message_server_make(&out, &made, keys.log_sk));
    assert_ok(message_server_open(&got, out.bytes, out.len));
    assert_int_equal(strlen(got.log_name), NAME_LEN_MAX);
    /* One character more, and a name that is not what was signed. */
    for (size_t signed_len = 0; signed_len <= 256; signed_len += 256) {
        char name[256];
        uint8_t sig[SIG_LEN];
        memset(name, 'x', sizeof name);
        const struct digest_part parts[] = {{made.resp_pk, PK_LEN}, {name, signed_len}};
        assert_ok(sign_make(sig, keys.log_sk, TAG_SERVER, parts, 2));
        buf_reset(&out);
        wire_put_array(&out, 5);
        wire_put_uint(&out, 1);
        wire_put_bin(&out, made.log_pk, PK_LEN);
        wire_put_bin(&out, made.resp_pk, PK_LEN);
        wire_put_str(&out, name, sizeof name);
        wire_put_bin(&out, sig, SIG_LEN);
        assert_err(message_server_open(&got, out.bytes, out.len), ERR_TOO_BIG);
    }
    /* A statement signed by another key than it names. */
    buf_reset(&out);
    assert_ok(message_server_make(&out, &made, keys.resp_sk));
    assert_err(message_server_open(&got, out.bytes, out.len), ERR_SIGNATURE);
    buf_free(&out);
}

static void test_found(void **state)
{
    (void)state;
    uint8_t secret[SEED_LEN], seed[SEED_LEN], pk[PK_LEN], sk[SK_LEN], sig[SIG_LEN], header[200];
    count_up(secret, sizeof secret, 3);
    count_up(header, sizeof header, 0);
    sign_link_seed(seed, secret);
    sign_keypair(pk, sk, seed);
    assert_ok(message_found_sign(sig, secret, header, sizeof header));
    assert_ok(message_found_verify(sig, pk, header, sizeof header));
    assert_err(message_found_verify(sig, keys.ed_pk, header, sizeof header), ERR_SIGNATURE);
    for (size_t i = 0; i < sizeof header; i++) {
        header[i] ^= 1;
        assert_err(message_found_verify(sig, pk, header, sizeof header), ERR_SIGNATURE);
        header[i] ^= 1;
    }
    secret[0] ^= 1;
    assert_ok(message_found_sign(sig, secret, header, sizeof header));
    assert_err(message_found_verify(sig, pk, header, sizeof header), ERR_SIGNATURE);
}

static void test_join(void **state)
{
    (void)state;
    uint8_t name[100], space[ID_LEN] = "the space id 16";
    count_up(name, sizeof name, 0);
    struct op_join said = {.kind = DEVICE_ORDINARY};
    memcpy(said.space, space, ID_LEN);
    memcpy(said.invite_pk, keys.log_pk, PK_LEN); /* its secret half plays the invite's key */
    memcpy(said.ed_pk, keys.ed_pk, PK_LEN);
    memset(said.x_pk, 9, PK_LEN);
    digest_sha256_of(said.name_hash, name, sizeof name);
    struct buf part = {0}, payload = {0};
    op_proof_part(&part, PROOF_JOIN, &said);
    struct message_join made = {
        .proof = {.type = PROOF_JOIN, .part = part.bytes, .part_len = part.len},
        .sealed_name = name,
        .sealed_name_len = sizeof name};
    const struct digest_part signed_part = {part.bytes, part.len};
    assert_ok(sign_make(made.proof.invite_sig, keys.log_sk, TAG_JOIN, &signed_part, 1));
    assert_ok(sign_make(made.proof.device_sig, keys.ed_sk, TAG_JOIN, &signed_part, 1));
    message_join_encode(&payload, &made);

    struct message_join got;
    struct op_join join;
    assert_ok(message_join_decode(&got, payload.bytes, payload.len));
    assert_int_equal(got.proof.type, PROOF_JOIN);
    assert_int_equal(got.sealed_name_len, sizeof name);
    assert_memory_equal(got.sealed_name, name, sizeof name);
    assert_ok(op_proof_verify(&join, &got.proof, space));
    assert_memory_equal(join.ed_pk, keys.ed_pk, PK_LEN);
    for (size_t bit = 0; bit < 8 * payload.len; bit += 7) {
        payload.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum err err = message_join_decode(&got, payload.bytes, payload.len);
        if (err == ERR_OK)
            err = op_proof_verify(&join, &got.proof, space);
        assert_int_not_equal(err, ERR_OK);
        payload.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    payload.bytes[payload.len - 1] ^= 1; /* the name is not the one that was signed */
    assert_err(message_join_decode(&got, payload.bytes, payload.len), ERR_CORRUPT);
    assert_null(got.sealed_name);
    for (size_t len = 0; len < payload.len; len++)
        assert_err(message_join_decode(&got, payload.bytes, len), ERR_FORMAT);
    buf_free(&part);
    buf_free(&payload);
}

/* Payloads whose parts are too long or a byte short. */
static void test_payload_limits(void **state)
{
    (void)state;
    uint8_t name[SEALED_NAME_MAX + 1] = {0};
    static const struct {
        size_t part, sig, name;
        enum err expected;
    } rows[] = {{0, SIG_LEN, SEALED_NAME_MAX, ERR_OK},
                {0, SIG_LEN, SEALED_NAME_MAX + 1, ERR_TOO_BIG},
                {0, SIG_LEN, 0, ERR_FORMAT},
                {0, SIG_LEN - 1, 100, ERR_FORMAT},
                {513, SIG_LEN, 100, ERR_TOO_BIG}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct op_join said = {.kind = DEVICE_ORDINARY};
        struct buf part = {0}, payload = {0};
        struct message_join join;
        struct op_proof statement;
        digest_sha256_of(said.name_hash, name, rows[i].name);
        op_proof_part(&part, PROOF_JOIN, &said);
        wire_put_array(&payload, 4);
        wire_put_bin(&payload, rows[i].part ? name : part.bytes, rows[i].part ? 513 : part.len);
        wire_put_bin(&payload, name, SIG_LEN);
        wire_put_bin(&payload, name, rows[i].sig);
        wire_put_bin(&payload, name, rows[i].name);
        assert_err(message_join_decode(&join, payload.bytes, payload.len), rows[i].expected);
        buf_reset(&part);
        buf_reset(&payload);
        op_proof_part(&part, PROOF_STATEMENT, &said);
        wire_put_array(&payload, 2);
        wire_put_bin(&payload, rows[i].part ? name : part.bytes, rows[i].part ? 513 : part.len);
        wire_put_bin(&payload, name, rows[i].sig);
        bool good = rows[i].part == 0 && rows[i].sig == SIG_LEN;
        assert_err(message_statement_decode(&statement, payload.bytes, payload.len),
                   good ? ERR_OK : rows[i].expected);
        buf_free(&part);
        buf_free(&payload);
    }
}

static void test_statement(void **state)
{
    (void)state;
    struct op_join said = {.kind = DEVICE_PAPER}, got_said;
    memcpy(said.ed_pk, keys.ed_pk, PK_LEN);
    struct buf part = {0}, payload = {0};
    op_proof_part(&part, PROOF_STATEMENT, &said);
    struct op_proof made = {.type = PROOF_STATEMENT, .part = part.bytes, .part_len = part.len}, got;
    const struct digest_part signed_part = {part.bytes, part.len};
    assert_ok(sign_make(made.device_sig, keys.ed_sk, TAG_KEYS, &signed_part, 1));
    message_statement_encode(&payload, &made);
    assert_ok(message_statement_decode(&got, payload.bytes, payload.len));
    assert_int_equal(got.type, PROOF_STATEMENT);
    assert_ok(op_proof_verify(&got_said, &got, said.space));
    assert_int_equal(got_said.kind, DEVICE_PAPER);
    for (size_t len = 0; len < payload.len; len++)
        assert_err(message_statement_decode(&got, payload.bytes, len), ERR_FORMAT);
    buf_free(&part);
    buf_free(&payload);
}

static void test_body_payload(void **state)
{
    (void)state;
    uint8_t bytes[300];
    count_up(bytes, sizeof bytes, 0);
    static const struct {
        size_t len;
        enum err expected;
    } rows[] = {{HASH_LEN, ERR_OK},        {BODY_MIN, ERR_OK},         {300, ERR_OK},
                {0, ERR_FORMAT},           {HASH_LEN - 1, ERR_FORMAT}, {HASH_LEN + 1, ERR_FORMAT},
                {BODY_MIN - 1, ERR_FORMAT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf payload = {0};
        struct message_body made = {.leaf = 1000, .box = 3, .bytes = bytes, .len = rows[i].len},
                            got;
        message_body_encode(&payload, &made);
        assert_err(message_body_decode(&got, payload.bytes, payload.len), rows[i].expected);
        if (rows[i].expected == ERR_OK) {
            assert_int_equal(got.leaf, 1000);
            assert_int_equal(got.box, 3);
            assert_int_equal(got.len, rows[i].len);
            assert_memory_equal(got.bytes, bytes, got.len);
        } else {
            assert_null(got.bytes);
            assert_int_equal(got.leaf, 0);
        }
        buf_free(&payload);
    }
}

/* A note as it travels comes back; what does not decode leaves no note behind. */
static void test_note_alone(void **state)
{
    (void)state;
    struct note note = {.size = 7, .n_cosigs = 2}, got;
    struct buf payload = {0};
    memset(note.root, 3, HASH_LEN);
    memset(note.sig, 4, SIG_LEN);
    memset(note.cosigs[1], 5, NOTE_COSIG_LEN);
    message_note_encode(&payload, &note);
    assert_int_equal(payload.err, ERR_OK);
    assert_int_equal(message_note_decode(&got, payload.bytes, payload.len), ERR_OK);
    assert_int_equal(got.size, 7);
    assert_int_equal(got.n_cosigs, 2);
    assert_memory_equal(got.root, note.root, HASH_LEN);
    assert_memory_equal(got.cosigs[1], note.cosigs[1], NOTE_COSIG_LEN);
    payload.bytes[0] = 0x95; /* five items, of which the last is missing */
    assert_int_not_equal(message_note_decode(&got, payload.bytes, payload.len), ERR_OK);
    payload.bytes[0] = 0x94;
    payload.bytes[1] = 0xc3; /* no size */
    assert_int_not_equal(message_note_decode(&got, payload.bytes, payload.len), ERR_OK);
    assert_int_equal(got.n_cosigs, 0);
    assert_true(digest_is_zero(got.root, HASH_LEN));
    buf_free(&payload);
}

static void test_pieces(void **state)
{
    (void)state;
    uint8_t bytes[40];
    struct message_piece made = {.total = 100, .offset = 60, .bytes = bytes, .len = 40}, got;
    struct buf payload = {0};
    count_up(bytes, sizeof bytes, 1);
    memset(made.blob, 6, HASH_LEN);
    message_piece_encode(&payload, &made);
    assert_ok(message_piece_decode(&got, payload.bytes, payload.len));
    assert_int_equal(got.total, 100);
    assert_int_equal(got.offset, 60);
    assert_int_equal(got.len, 40);
    assert_memory_equal(got.bytes, bytes, 40);
    assert_memory_equal(got.blob, made.blob, HASH_LEN);
    for (size_t len = 0; len < payload.len; len++)
        assert_err(message_piece_decode(&got, payload.bytes, len), ERR_FORMAT);
    /* Never beyond what was announced; a question has no bytes. */
    static const struct {
        uint64_t total, offset;
        size_t len;
        enum err want;
    } rows[] = {{100, 61, 40, ERR_FORMAT}, {100, 100, 0, ERR_OK},
                {0, 60, 0, ERR_OK},        {0, 0, 0, ERR_OK},
                {0, 0, 1, ERR_FORMAT},     {100, 0, 40, ERR_OK},
                {BLOB_MAX, 0, 1, ERR_OK},  {BLOB_MAX + 1u, 0, 1, ERR_FORMAT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        made = (struct message_piece){.total = rows[i].total,
                                      .offset = rows[i].offset,
                                      .bytes = rows[i].len ? bytes : NULL,
                                      .len = rows[i].len};
        buf_reset(&payload);
        message_piece_encode(&payload, &made);
        assert_err(message_piece_decode(&got, payload.bytes, payload.len), rows[i].want);
    }
    buf_free(&payload);
    struct message_body body;
    assert_err(message_body_decode(&body, (const uint8_t *)"\xc1", 1), ERR_FORMAT);
}

/* What does not fit, into the caller's buffer or at all, is not sent. */
static void test_too_long(void **state)
{
    (void)state;
    struct sample_rows rows;
    struct message_request request;
    struct buf small = {.max = 64}, row = {.max = 2 * RESPONSE_MAX},
               out = {.max = 2 * RESPONSE_MAX};
    sample_request(&request, &rows, &keys);
    assert_err(message_request_make(&small, &request, keys.aud, keys.ed_sk), ERR_TOO_BIG);
    buf_free(&small);
    wire_put_uint(&row, ERR_UNCHANGED);
    assert_err(message_response_make_rows(&small, 1, ERR_OK, request.store_id, &row, 1,
                                          request_hash, keys.resp_sk),
               ERR_TOO_BIG);
    uint8_t *bytes = calloc(1, RESPONSE_MAX);
    assert_non_null(bytes);
    static const size_t less[] = {0, 50, 200};
    for (size_t i = 0; i < 3; i++) { /* the row alone, the row and its envelope, neither */
        buf_reset(&row);
        buf_reset(&out);
        wire_put_bin(&row, bytes, RESPONSE_MAX - less[i]);
        assert_err(message_response_make_rows(&out, 1, ERR_OK, request.store_id, &row, 1,
                                              request_hash, keys.resp_sk),
                   i < 2 ? ERR_TOO_BIG : ERR_OK);
    }
    free(bytes);
    buf_free(&small);
    buf_free(&row);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_note_alone),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_request_lists),
        cmocka_unit_test(test_request_flips),
        cmocka_unit_test(test_request_binding),
        cmocka_unit_test(test_auth),
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_response_flips),
        cmocka_unit_test(test_response_refuses),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_statement),
        cmocka_unit_test(test_payload_limits),
        cmocka_unit_test(test_body_payload),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
