/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what is well signed but badly made is refused by every limit that the header names, and nothing that a
 * peer signs makes us read beyond its bytes.
 */
#include "proto/message_part.h"
#include "tests/unit/message_sample.h"

static struct sample_keys keys;
static const uint8_t request_hash[HASH_LEN] = "the hash of the signed request";

static int setup(void **state)
{
    int bad = proto_setup(state);
    sample_keys_make(&keys);
    return bad;
}

/* --- an envelope around hand-written bytes: decoding needs no signature --- */

static enum err decode_rest(struct message_request *request, const void *rest, size_t len)
{
    uint8_t *copy = exact_copy(rest, len);
    *request = (struct message_request){.rest = copy, .rest_len = len};
    memcpy(request->device, keys.device, ID_LEN);
    enum err err = message_request_decode(request);
    if (err != ERR_OK) {
        assert_null(request->rows);
        assert_null(request->arena);
        assert_int_equal(request->n_rows, 0);
    }
    message_request_free(request);
    free(copy);
    return err;
}

static enum err decode_body(const void *body, size_t len)
{
    struct buf out = {0};
    uint8_t string[HASH_LEN + 8 + HASH_LEN] = {0}, sig[SIG_LEN];
    memcpy(string, request_hash, HASH_LEN);
    string[HASH_LEN + 7] = 5;
    digest_sha256_of(string + HASH_LEN + 8, body, len);
    const struct digest_part part = {string, sizeof string};
    assert_ok(sign_make(sig, keys.resp_sk, "passerelle/resp/v1", &part, 1));
    wire_put_array(&out, 4);
    wire_put_uint(&out, 1);
    wire_put_uint(&out, 5);
    wire_put_bin(&out, body, len);
    wire_put_bin(&out, sig, SIG_LEN);
    assert_ok(out.err);
    uint8_t *bytes = exact_copy(out.bytes, out.len);
    struct message_response got;
    enum err err = message_response_open(&got, bytes, out.len, request_hash, keys.resp_pk);
    message_response_free(&got);
    free(bytes);
    buf_free(&out);
    return err;
}

/* --- envelopes --- */

static void test_envelopes(void **state)
{
    (void)state;
    struct message_request request;
    struct message_response response;
    uint8_t sig[SIG_LEN] = {0};
    for (uint64_t version = 0; version < 3; version++) {
        struct buf up = {0}, down = {0};
        wire_put_array(&up, 5);
        wire_put_uint(&up, version);
        wire_put_bin(&up, keys.device, ID_LEN);
        wire_put_uint(&up, 5);
        wire_put_bin(&up, "x", 1);
        wire_put_bin(&up, sig, SIG_LEN);
        assert_err(message_request_open(&request, up.bytes, up.len),
                   version == 1 ? ERR_OK : ERR_VERSION);
        assert_true(version == 1 ? request.rest_len == 1 : !request.rest);
        wire_put_array(&down, 4);
        wire_put_uint(&down, version);
        wire_put_uint(&down, 5);
        wire_put_bin(&down, "x", 1);
        wire_put_bin(&down, sig, SIG_LEN);
        assert_err(
            message_response_open(&response, down.bytes, down.len, request_hash, keys.resp_pk),
            version == 1 ? ERR_SIGNATURE : ERR_VERSION);
        buf_free(&up);
        buf_free(&down);
    }
    /* The length alone is enough to refuse. */
    uint8_t byte = 0xc0;
    assert_err(message_request_open(&request, &byte, (size_t)REQUEST_MAX + 1), ERR_TOO_BIG);
    assert_err(message_response_open(&response, &byte, (size_t)RESPONSE_MAX + 1, request_hash,
                                     keys.resp_pk),
               ERR_TOO_BIG);
    assert_err(message_request_open(&request, (const uint8_t *)"\xdd\xff\xff\xff\xff", 5),
               ERR_FORMAT);
    assert_err(message_request_open(&request, NULL, 0), ERR_FORMAT);
}

/* Only the first item is looked at before the signature is verified: the rest may be anything. */
static void test_auth(void **state)
{
    (void)state;
    struct buf rest = {0};
    wire_put_array(&rest, 6);
    wire_put_array(&rest, 2);
    wire_put_bin(&rest, keys.ed_pk, PK_LEN);
    wire_put_nil(&rest);
    size_t len = rest.len;
    buf_put(&rest, "\xc1\xff\xff", 3);
    struct message_request request = {.rest = rest.bytes, .rest_len = rest.len};
    memcpy(request.device, keys.device, ID_LEN);
    assert_ok(message_request_auth(&request));
    assert_true(request.has_auth && !request.has_link_sig);
    assert_memory_equal(request.ed_pk, keys.ed_pk, PK_LEN);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *bytes = exact_copy(rest.bytes, cut);
        request.rest = bytes;
        request.rest_len = cut;
        assert_err(message_request_auth(&request), ERR_FORMAT);
        free(bytes);
    }
    static const struct {
        const char *bytes;
        size_t len;
        enum err expected;
    } rows[] = {{"\x96\xc0", 2, ERR_OK},
                {"\x95\xc0", 2, ERR_FORMAT}, /* not six parts */
                {"\x96\xc2", 2, ERR_FORMAT},
                {"\x96\x90", 2, ERR_FORMAT},
                {"\x96\x92\xc0\xc0", 4, ERR_FORMAT},
                {"\x96\xdd\xff\xff\xff\xff", 6, ERR_FORMAT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        request.rest = (const uint8_t *)rows[i].bytes;
        request.rest_len = rows[i].len;
        assert_err(message_request_auth(&request), rows[i].expected);
    }
    buf_free(&rest);
}

/* --- requests --- */

/* A row whose lists are all empty but one, which `put` writes. */
typedef void (*put_fn)(struct buf *out, size_t n);

enum { LEAVES, BODIES, SLOTS, SEALS, WANT, INBOX, LISTS };

static enum err row_with(int list, put_fn put, size_t n, unsigned flags)
{
    struct buf rest = {0};
    struct message_request request;
    wire_put_array(&rest, 6);
    wire_put_nil(&rest);
    wire_put_bin(&rest, "storeid", STORE_ID_LEN);
    wire_put_array(&rest, 1);
    wire_put_array(&rest, 10);
    wire_put_bin(&rest, "sixteen bytes...", ID_LEN);
    for (int i = 0; i < 3; i++)
        wire_put_uint(&rest, 0);
    for (int i = 0; i < LISTS; i++) {
        if (i == list)
            put(&rest, n);
        else
            wire_put_array(&rest, 0);
    }
    wire_put_uint(&rest, 0);
    wire_put_uint(&rest, 0);
    wire_put_uint(&rest, flags);
    assert_ok(rest.err);
    enum err err = decode_rest(&request, rest.bytes, rest.len);
    buf_free(&rest);
    return err;
}

static const uint8_t zeroes[LEAF_MAX + 8];

/* The smallest items of each list, `n` of them. */
static void put_leaves(struct buf *out, size_t n)
{
    wire_put_array(out, n);
    for (size_t i = 0; i < n; i++) {
        wire_put_array(out, 3);
        wire_put_bin(out, zeroes, 1);
        wire_put_bin(out, zeroes, SIG_LEN);
        wire_put_array(out, 0);
    }
}

static void put_bodies(struct buf *out, size_t n)
{
    wire_put_array(out, n);
    for (size_t i = 0; i < n; i++) {
        struct message_body body = {.bytes = zeroes, .len = BODY_MIN};
        message_part_put_body(out, &body);
    }
}

static void put_slots(struct buf *out, size_t n)
{
    wire_put_array(out, n);
    for (size_t i = 0; i < n; i++) {
        wire_put_array(out, 3);
        wire_put_bin(out, zeroes, ID_LEN);
        wire_put_uint(out, 1);
        wire_put_bin(out, zeroes, SLOT_LEN);
    }
}

static void put_seals(struct buf *out, size_t n)
{
    wire_put_array(out, n);
    for (size_t i = 0; i < n; i++) {
        wire_put_array(out, 4);
        wire_put_bin(out, zeroes, ID_LEN);
        wire_put_uint(out, 1);
        wire_put_uint(out, SEAL_AUDITOR);
        wire_put_bin(out, zeroes, SEAL_AUDITOR_LEN);
    }
}

static void put_want(struct buf *out, size_t n)
{
    wire_put_array(out, n);
    for (size_t i = 0; i < n; i++)
        wire_put_bin(out, zeroes, ID_LEN);
}

static void put_inbox(struct buf *out, size_t n)
{
    wire_put_array(out, n);
    for (size_t i = 0; i < n; i++) {
        wire_put_array(out, 3);
        wire_put_uint(out, 200); /* of the future: ignored, not refused */
        wire_put_bin(out, zeroes, ID_LEN);
        wire_put_bin(out, zeroes, 0);
    }
}

static void test_counts(void **state)
{
    (void)state;
    static const struct {
        int list;
        put_fn put;
        size_t max;
    } rows[] = {{LEAVES, put_leaves, PUSH_LEAVES_MAX},
                {BODIES, put_bodies, WANT_MAX},
                {SLOTS, put_slots, PUSH_KEYS_MAX},
                {SEALS, put_seals, PUSH_KEYS_MAX},
                {WANT, put_want, WANT_MAX},
                {INBOX, put_inbox, INBOX_MAX}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_ok(row_with(rows[i].list, rows[i].put, 0, 0));
        assert_ok(row_with(rows[i].list, rows[i].put, rows[i].max, 0));
        assert_err(row_with(rows[i].list, rows[i].put, rows[i].max + 1, 0), ERR_TOO_BIG);
    }
}

/* One leaf whose only body has `n` bytes. */
static void put_leaf_body(struct buf *out, size_t n)
{
    wire_put_array(out, 1);
    wire_put_array(out, 3);
    wire_put_bin(out, zeroes, 1);
    wire_put_bin(out, zeroes, SIG_LEN);
    wire_put_array(out, 1);
    wire_put_bin(out, zeroes, n);
}

static void put_refill_body(struct buf *out, size_t n)
{
    wire_put_array(out, 1);
    wire_put_array(out, 4);
    wire_put_uint(out, 5);
    wire_put_bin(out, zeroes, 1);
    wire_put_bin(out, zeroes, SIG_LEN);
    wire_put_array(out, 1);
    wire_put_bin(out, zeroes, n);
}

static void put_many_bodies(struct buf *out, size_t n)
{
    wire_put_array(out, 1);
    wire_put_array(out, 3);
    wire_put_bin(out, zeroes, 1);
    wire_put_bin(out, zeroes, SIG_LEN);
    wire_put_array(out, n);
    for (size_t i = 0; i < n; i++)
        wire_put_bin(out, zeroes, BODY_MIN);
}

static void put_header(struct buf *out, size_t n)
{
    wire_put_array(out, 1);
    wire_put_array(out, 3);
    wire_put_bin(out, zeroes, n);
    wire_put_bin(out, zeroes, SIG_LEN);
    wire_put_array(out, 0);
}

static void put_loose_body(struct buf *out, size_t n)
{
    struct message_body body = {.bytes = zeroes, .len = n};
    wire_put_array(out, 1);
    message_part_put_body(out, &body);
}

static void put_loose_box(struct buf *out, size_t box)
{
    struct message_body body = {.box = (uint16_t)box, .bytes = zeroes, .len = BODY_MIN};
    wire_put_array(out, 1);
    message_part_put_body(out, &body);
}

static void test_leaf_limits(void **state)
{
    (void)state;
    /* A hash in the place of a body would let a device push what nobody has. */
    assert_err(row_with(LEAVES, put_leaf_body, HASH_LEN, 0), ERR_FORMAT);
    assert_err(row_with(BODIES, put_loose_body, HASH_LEN, 0), ERR_FORMAT);
    assert_ok(row_with(BODIES, put_loose_box, BOXES_MAX - 1, 0));
    assert_err(row_with(BODIES, put_loose_box, BOXES_MAX, 0), ERR_FORMAT);
    assert_ok(row_with(LEAVES, put_refill_body, HASH_LEN, FLAG_REFILL));
    for (size_t len = 0; len < BODY_MIN; len++) {
        assert_err(row_with(LEAVES, put_leaf_body, len, 0), ERR_FORMAT);
        assert_err(row_with(LEAVES, put_refill_body, len, FLAG_REFILL),
                   len == HASH_LEN ? ERR_OK : ERR_FORMAT);
    }
    assert_ok(row_with(LEAVES, put_leaf_body, BODY_MIN, 0));
    assert_ok(row_with(LEAVES, put_leaf_body, BODY_MAX, 0));
    assert_err(row_with(LEAVES, put_leaf_body, BODY_MAX + 1, 0), ERR_TOO_BIG);
    assert_ok(row_with(LEAVES, put_many_bodies, BOXES_MAX, 0));
    assert_err(row_with(LEAVES, put_many_bodies, BOXES_MAX + 1, 0), ERR_TOO_BIG);
    assert_err(row_with(LEAVES, put_header, 0, 0), ERR_FORMAT);
    assert_ok(row_with(LEAVES, put_header, HEADER_MAX, 0));
    assert_err(row_with(LEAVES, put_header, HEADER_MAX + 1, 0), ERR_TOO_BIG);
    /* The flag and the form of the leaves belong together. */
    assert_err(row_with(LEAVES, put_leaf_body, BODY_MIN, FLAG_REFILL), ERR_FORMAT);
    assert_err(row_with(LEAVES, put_refill_body, BODY_MIN, 0), ERR_TOO_BIG);
}

static void put_seal_type(struct buf *out, size_t type)
{
    wire_put_array(out, 1);
    wire_put_array(out, 4);
    wire_put_bin(out, zeroes, ID_LEN);
    wire_put_uint(out, 1);
    wire_put_uint(out, type);
    wire_put_bin(out, zeroes, type == SEAL_MEMBER ? SEAL_MEMBER_LEN : SEAL_AUDITOR_LEN);
}

static void put_seal_len(struct buf *out, size_t len)
{
    wire_put_array(out, 1);
    wire_put_array(out, 4);
    wire_put_bin(out, zeroes, ID_LEN);
    wire_put_uint(out, 1);
    wire_put_uint(out, SEAL_MEMBER);
    wire_put_bin(out, zeroes, len);
}

static void put_slot_len(struct buf *out, size_t len)
{
    wire_put_array(out, 1);
    wire_put_array(out, 3);
    wire_put_bin(out, zeroes, ID_LEN);
    wire_put_uint(out, 1);
    wire_put_bin(out, zeroes, len);
}

static void put_want_box(struct buf *out, size_t box)
{
    wire_put_array(out, 1);
    wire_put_array(out, 2);
    wire_put_uint(out, 1);
    wire_put_uint(out, box);
}

static void put_inbox_len(struct buf *out, size_t len)
{
    wire_put_array(out, 1);
    wire_put_array(out, 3);
    wire_put_uint(out, INBOX_OUTBOX);
    wire_put_bin(out, zeroes, ID_LEN);
    wire_put_bin(out, zeroes, len);
}

static void test_key_limits(void **state)
{
    (void)state;
    assert_err(row_with(SEALS, put_seal_type, 0, 0), ERR_FORMAT);
    assert_ok(row_with(SEALS, put_seal_type, SEAL_MEMBER, 0));
    assert_ok(row_with(SEALS, put_seal_type, SEAL_AUDITOR, 0));
    assert_err(row_with(SEALS, put_seal_type, 3, 0), ERR_FORMAT);
    assert_refused(row_with(SEALS, put_seal_len, SEAL_MEMBER_LEN - 1, 0));
    assert_refused(row_with(SEALS, put_seal_len, SEAL_MEMBER_LEN + 1, 0));
    assert_refused(row_with(SEALS, put_seal_len, SEAL_AUDITOR_LEN, 0));
    assert_ok(row_with(SLOTS, put_slot_len, SLOT_LEN, 0));
    assert_err(row_with(SLOTS, put_slot_len, SLOT_LEN - 1, 0), ERR_FORMAT);
    assert_err(row_with(SLOTS, put_slot_len, SLOT_LEN + 1, 0), ERR_FORMAT);
    assert_ok(row_with(WANT, put_want_box, BOXES_MAX - 1, 0));
    assert_err(row_with(WANT, put_want_box, BOXES_MAX, 0), ERR_FORMAT);
    assert_ok(row_with(INBOX, put_inbox_len, INBOX_ITEM_MAX, 0));
    assert_err(row_with(INBOX, put_inbox_len, INBOX_ITEM_MAX + 1, 0), ERR_TOO_BIG);
}

static enum err rows_of(size_t n, bool same_space)
{
    struct buf rest = {0};
    struct message_request request;
    wire_put_array(&rest, 6);
    wire_put_nil(&rest);
    wire_put_bin(&rest, "storeid", STORE_ID_LEN);
    wire_put_array(&rest, n);
    for (size_t i = 0; i < n; i++) {
        uint8_t space[ID_LEN] = {(uint8_t)(same_space && i + 1 == n ? 0 : i)};
        wire_put_array(&rest, 4);
        wire_put_bin(&rest, space, ID_LEN);
        for (int k = 0; k < 3; k++)
            wire_put_uint(&rest, 0);
    }
    for (int k = 0; k < 3; k++)
        wire_put_uint(&rest, 0);
    enum err err = decode_rest(&request, rest.bytes, rest.len);
    buf_free(&rest);
    return err;
}

static void test_rows(void **state)
{
    (void)state;
    assert_ok(rows_of(0, false));
    assert_ok(rows_of(ROWS_MAX, false));
    assert_err(rows_of(ROWS_MAX + 1, false), ERR_TOO_BIG);
    assert_err(rows_of(2, true), ERR_FORMAT); /* a space twice */
    assert_err(rows_of(ROWS_MAX, true), ERR_FORMAT);
    struct message_request request;
    assert_err(decode_rest(&request, "\x95\xc0\xc4\x08storeid\0\x90\x00\x00", 15), ERR_FORMAT);
    assert_ok(decode_rest(&request, "\x96\xc0\xc4\x08storeid\0\x90\x00\x00\x00", 16));
    assert_refused(decode_rest(&request, "\x97\xc0\xc4\x08storeid\0\x90\x00\x00\x00\x00", 17));
    assert_err(decode_rest(&request, "\x96\xc0\xc4\x08storeid\0\xdd\xff\xff\xff\xff", 16),
               ERR_FORMAT);
}

/* A maker refuses what a reader would refuse. */
static void test_make_limits(void **state)
{
    (void)state;
    struct sample_rows rows;
    struct message_request request;
    struct buf out = {0};
    sample_request(&request, &rows, &keys);
    size_t n = 70000; /* four elements each */
    struct leaf_slot *slots = calloc(n, sizeof *slots);
    assert_non_null(slots);
    rows.rows[0].slots = slots;
    rows.rows[0].n_slots = n;
    assert_err(message_request_make(&out, &request, keys.aud, keys.ed_sk), ERR_TOO_BIG);
    assert_int_equal(out.len, 0);
    struct message_response response;
    sample_response(&response, &rows);
    rows.rows[0].slots = slots;
    rows.rows[0].n_slots = n;
    assert_err(message_response_make(&out, &response, request_hash, keys.resp_sk), ERR_TOO_BIG);
    assert_int_equal(out.len, 0);
    free(slots);
    struct message_inbox inbox = {.type = INBOX_OUTBOX, .payload = zeroes, .payload_len = LEAF_MAX};
    struct message_inbox many[9];
    for (size_t i = 0; i < 9; i++)
        many[i] = inbox;
    sample_request(&request, &rows, &keys);
    rows.rows[0].inbox = many;
    rows.rows[0].n_inbox = 9;
    assert_err(message_request_make(&out, &request, keys.aud, keys.ed_sk), ERR_TOO_BIG);
    /* The envelope counts too: the last byte that fits, and one more. */
    rows.rows[0].n_inbox = 8;
    many[7].payload_len = 1000000;
    buf_reset(&out);
    assert_ok(message_request_make(&out, &request, keys.aud, keys.ed_sk));
    many[7].payload_len += REQUEST_MAX - out.len;
    buf_reset(&out);
    assert_ok(message_request_make(&out, &request, keys.aud, keys.ed_sk));
    assert_int_equal(out.len, REQUEST_MAX);
    assert_ok(message_request_open(&request, out.bytes, out.len));
    sample_request(&request, &rows, &keys);
    rows.rows[0].inbox = many;
    rows.rows[0].n_inbox = 8;
    many[7].payload_len++;
    buf_reset(&out);
    assert_err(message_request_make(&out, &request, keys.aud, keys.ed_sk), ERR_TOO_BIG);
    buf_free(&out);
}

/* --- responses --- */

/* The parts of a full row, each of them good. */
static const struct part {
    const char *bytes;
    size_t len;
} good_parts[14] = {{"\x00", 1}, {"\x05", 1}, {"\x00", 1}, {"\xc0", 1}, {"\xc0", 1},
                    {"\x90", 1}, {"\x90", 1}, {"\x90", 1}, {"\x90", 1}, {"\x90", 1},
                    {"\x90", 1}, {"\x90", 1}, {"\x90", 1}, {"\xc2", 1}};
enum { P_STATUS = 0, P_NOTE = 3, P_HEAD, P_ENTRIES, P_ITEMS, P_LISTS = 9, P_STALE, P_MORE = 13 };

static enum err row_of(size_t place, const struct buf *part)
{
    struct buf body = {0};
    wire_put_array(&body, 3);
    wire_put_uint(&body, 0);
    wire_put_bin(&body, "storeid", STORE_ID_LEN);
    wire_put_array(&body, 1);
    wire_put_array(&body, 14);
    for (size_t i = 0; i < 14; i++) {
        if (part && i == place)
            buf_put(&body, part->bytes, part->len);
        else
            buf_put(&body, good_parts[i].bytes, good_parts[i].len);
    }
    enum err err = decode_body(body.bytes, body.len);
    buf_free(&body);
    return err;
}

static enum err row_part(size_t place, const char *bytes, size_t len)
{
    struct buf part = {0};
    buf_put(&part, bytes, len);
    enum err err = row_of(place, &part);
    buf_free(&part);
    return err;
}

static void test_response_parts(void **state)
{
    (void)state;
    assert_ok(row_of(0, NULL));
    for (size_t i = 0; i < 14; i++) {
        assert_err(row_part(i, "\xa1x", 2), ERR_FORMAT); /* a text is nowhere right */
        assert_err(row_part(i, "\xdd\xff\xff\xff\xff", 5), ERR_FORMAT);
    }
    assert_ok(row_part(P_MORE, "\xc3", 1));
    assert_err(row_part(P_MORE, "\x01", 1), ERR_FORMAT);
    assert_ok(row_part(P_STATUS, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9)); /* of the future */
    assert_refused(row_part(P_NOTE, "\x90", 1));
    assert_refused(row_part(P_HEAD, "\x91\xc0", 2));
    assert_refused(row_part(P_ENTRIES, "\x91\x91\x00", 3));
    assert_refused(row_part(P_ENTRIES, "\x91\x93\x00\x00\x00", 5));
    assert_ok(row_part(P_ENTRIES, "\x91\x92\x00\x00", 4));
    assert_ok(row_part(P_ENTRIES, "\x91\x92\x00\xcd\x03\xff", 6));
    assert_err(row_part(P_ENTRIES, "\x91\x92\x00\xcd\x04\x00", 6), ERR_FORMAT); /* leaf 1024 */
    assert_ok(
        row_part(P_ENTRIES, "\x92\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xfe\x00\x92\x01\x00", 15));
    assert_err(
        row_part(P_ENTRIES, "\x92\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xfe\x00\x92\x02\x00", 15),
        ERR_FORMAT); /* times overflow */
    assert_ok(row_part(P_ITEMS, "\x91\x98\x04\x00\x00\x00\x00\x00\xc0\x90", 10));
    assert_err(row_part(P_ITEMS, "\x91\x98\x05\x00\x00\x00\x00\x00\xc0\x90", 10), ERR_FORMAT);
    assert_err(row_part(P_ITEMS, "\x91\x97\x04\x00\x00\x00\x00\x00\xc0", 9), ERR_FORMAT);
    assert_err(row_part(P_STALE, "\x91\xc4\x01x", 4), ERR_FORMAT);
    /* A row of 13 or 15 parts, a row that is neither number nor array. */
    assert_refused(decode_body("\x93\x00\xc4\x08storeid\0\x91\x9d\x00\x00\x00\xc0\xc0\x90\x90\x90"
                               "\x90\x90\x90\x90\x90",
                               27));
    assert_refused(decode_body("\x93\x00\xc4\x08storeid\0\x91\xc0", 14));
    assert_ok(decode_body("\x93\x00\xc4\x08storeid\0\x91\x01", 14));
    assert_err(decode_body("\x92\x00\xc4\x08storeid\0", 12), ERR_FORMAT);
}

/* A note, a head or an item in which one hash or signature is a byte short. */
static void test_short_hashes(void **state)
{
    (void)state;
    struct buf part = {0};
    for (size_t less = 0; less <= 1; less++) {
        enum err expected = less ? ERR_FORMAT : ERR_OK;
        wire_put_array(&part, 4);
        wire_put_uint(&part, 1);
        wire_put_bin(&part, zeroes, HASH_LEN);
        wire_put_bin(&part, zeroes, SIG_LEN);
        wire_put_array(&part, 1);
        wire_put_bin(&part, zeroes, NOTE_COSIG_LEN - less);
        assert_err(row_of(P_NOTE, &part), expected);
        struct buf head = {0};
        wire_put_array(&head, 2);
        wire_put_array(&head, 4);
        wire_put_uint(&head, 1);
        wire_put_bin(&head, zeroes, HASH_LEN);
        wire_put_bin(&head, zeroes, SIG_LEN);
        wire_put_array(&head, 0);
        wire_put_array(&head, 1);
        wire_put_bin(&head, zeroes, HASH_LEN - less);
        assert_err(row_of(P_HEAD, &head), expected);
        buf_free(&head);
        buf_reset(&part);
        buf_put(&part, "\x91\x98\x00\x00\x00\x00\x00\x00\xc0\x91", 10);
        wire_put_bin(&part, zeroes, HASH_LEN - less);
        assert_err(row_of(P_ITEMS, &part), expected);
        buf_reset(&part);
    }
    buf_free(&part);
}

static void test_response_counts(void **state)
{
    (void)state;
    struct buf part = {0};
    for (size_t extra = 0; extra <= 1; extra++) {
        enum err expected = extra ? ERR_TOO_BIG : ERR_OK;
        /* note: cosignatures */
        wire_put_array(&part, 4);
        wire_put_uint(&part, 1);
        wire_put_bin(&part, zeroes, HASH_LEN);
        wire_put_bin(&part, zeroes, SIG_LEN);
        wire_put_array(&part, WITNESSES_MAX + extra);
        for (size_t i = 0; i < WITNESSES_MAX + extra; i++)
            wire_put_bin(&part, zeroes, NOTE_COSIG_LEN);
        assert_err(row_of(P_NOTE, &part), expected);
        buf_reset(&part);
        /* head: its proof */
        wire_put_array(&part, 2);
        wire_put_array(&part, 4);
        wire_put_uint(&part, 1);
        wire_put_bin(&part, zeroes, HASH_LEN);
        wire_put_bin(&part, zeroes, SIG_LEN);
        wire_put_array(&part, 0);
        wire_put_array(&part, PROOF_MAX + extra);
        for (size_t i = 0; i < PROOF_MAX + extra; i++)
            wire_put_bin(&part, zeroes, HASH_LEN);
        assert_err(row_of(P_HEAD, &part), expected);
        buf_reset(&part);
        /* stale rows */
        wire_put_array(&part, STALE_MAX + extra);
        for (size_t i = 0; i < STALE_MAX + extra; i++)
            wire_put_bin(&part, zeroes, ID_LEN);
        assert_err(row_of(P_STALE, &part), expected);
        buf_reset(&part);
        /* seal lists: whole lines only, no more than devices */
        wire_put_array(&part, 1);
        wire_put_array(&part, 2);
        wire_put_uint(&part, 1);
        wire_put_bin(&part, zeroes, SEAL_LINE_LEN * 3 + extra);
        assert_err(row_of(P_LISTS, &part), extra ? ERR_FORMAT : ERR_OK);
        buf_reset(&part);
        wire_put_array(&part, 1);
        wire_put_array(&part, 2);
        wire_put_uint(&part, 1);
        wire_put_bin(&part, zeroes, SEAL_LINE_LEN * (DEVICES_MAX + extra));
        assert_err(row_of(P_LISTS, &part), expected);
        buf_reset(&part);
    }
    buf_free(&part);
}

/* The largest page that the limits allow is decoded within the arena. */
static void test_largest_page(void **state)
{
    (void)state;
    struct buf part = {0};
    size_t n = (ITEMS_MAX - 40) / 3; /* [dt, k] are three elements */
    wire_put_array(&part, n);
    for (size_t i = 0; i < n; i++)
        buf_put(&part, "\x92\x00\x00", 3);
    assert_ok(row_of(P_ENTRIES, &part));
    buf_reset(&part);
    /* Items hold room for a whole proof each: more than the arena gives are refused, not allocated. */
    wire_put_array(&part, 1024);
    for (size_t i = 0; i < 1024; i++)
        buf_put(&part, "\x98\x00\x00\x00\x00\x00\x00\xc0\x90", 9);
    assert_ok(row_of(P_ITEMS, &part));
    buf_reset(&part);
    wire_put_array(&part, 28000);
    for (size_t i = 0; i < 28000; i++)
        buf_put(&part, "\x98\x00\x00\x00\x00\x00\x00\xc0\x90", 9);
    assert_err(row_of(P_ITEMS, &part), ERR_MEMORY);
    buf_free(&part);
}

/* --- whatever a peer may sign --- */

static void mutate(struct dice *d, struct buf *b)
{
    for (size_t k = 0; k <= dice_below(d, 3); k++) {
        size_t at = dice_below(d, b->len);
        if (dice_below(d, 2))
            b->bytes[at] ^= (uint8_t)(1u << dice_below(d, 8));
        else
            b->bytes[at] = (uint8_t)dice_u64(d);
    }
    if (dice_below(d, 8) == 0)
        b->len -= dice_below(d, b->len);
}

static void test_mutated_requests(void **state)
{
    (void)state;
    struct sample_rows rows;
    struct message_request made, opened, got;
    struct buf out = {0};
    struct dice d = {14};
    size_t accepted = 0;
    for (int round = 0; round < 8000; round++) {
        if (round % 2000 == 0) {
            buf_reset(&out);
            sample_request(&made, &rows, &keys);
            made.flags = round % 4000 ? FLAG_REFILL : 0;
            assert_ok(message_request_make(&out, &made, keys.aud, keys.ed_sk));
            assert_ok(message_request_open(&opened, out.bytes, out.len));
        }
        struct buf rest = {0};
        buf_put(&rest, opened.rest, opened.rest_len);
        mutate(&d, &rest);
        accepted += decode_rest(&got, rest.bytes, rest.len) == ERR_OK;
        buf_free(&rest);
    }
    assert_in_range(accepted, 400, 7600); /* both sides were seen */
    buf_free(&out);
}

static void test_mutated_responses(void **state)
{
    (void)state;
    struct sample_rows rows;
    struct message_response made, opened;
    struct buf out = {0};
    struct dice d = {15};
    size_t accepted = 0;
    sample_response(&made, &rows);
    assert_ok(message_response_make(&out, &made, request_hash, keys.resp_sk));
    assert_ok(message_response_open(&opened, out.bytes, out.len, request_hash, keys.resp_pk));
    for (int round = 0; round < 3000; round++) {
        struct buf body = {0};
        buf_put(&body, opened.body, opened.body_len);
        mutate(&d, &body);
        accepted += decode_body(body.bytes, body.len) == ERR_OK;
        buf_free(&body);
    }
    assert_in_range(accepted, 150, 2850);
    message_response_free(&opened);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envelopes),
        cmocka_unit_test(test_auth),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_leaf_limits),
        cmocka_unit_test(test_key_limits),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_make_limits),
        cmocka_unit_test(test_response_parts),
        cmocka_unit_test(test_response_counts),
        cmocka_unit_test(test_short_hashes),
        cmocka_unit_test(test_largest_page),
        cmocka_unit_test(test_mutated_requests),
        cmocka_unit_test(test_mutated_responses),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
