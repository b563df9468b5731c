/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what was sealed opens with the right keys at the right place and nowhere else; keys are derived and
 * committed to as documented (expected values computed with Python); lengths are padded by PADME.
 */
#include <sodium.h>

#include "proto/seal.h"
#include "tests/unit/proto_test.h"

static uint8_t key[KEY_LEN], other_key[KEY_LEN], rk[KEY_LEN], space[ID_LEN], shred[ID_LEN];
static struct seal_place place;

static int setup(void **state)
{
    count_up(key, KEY_LEN, 0);
    count_up(other_key, KEY_LEN, 1);
    count_up(rk, KEY_LEN, 100);
    memset(space, 'S', ID_LEN);
    memset(shred, 'D', ID_LEN);
    place = (struct seal_place){
        .suite = SUITE_1, .seq = 0x0102030405060708, .box = 0x090a, .epoch = 0x0b0c0d0e};
    memcpy(place.space, space, ID_LEN);
    memset(place.device, 'V', ID_LEN);
    memcpy(place.shred, shred, ID_LEN);
    return proto_setup(state);
}

static void test_derived(void **state)
{
    (void)state;
    uint8_t out[32];
    seal_epoch_commit(out, SEAL_EK, key, space, 7);
    assert_true(
        is_hex(out, 32, "da0d16b41e34d336237130ff9316ee372063c392813a2ab2d5f8204412cb8c0e"));
    seal_epoch_commit(out, SEAL_SK, key, space, 7);
    assert_true(
        is_hex(out, 32, "43525caa10d97037c8ec6eefbdd33fdb4d8d5b1d1466c7076f2870325d2d3731"));
    seal_epoch_commit(out, SEAL_ROUTE, key, space, 7);
    assert_true(
        is_hex(out, 32, "756f367ef4b37278763ccd54525d7f154766461ec1bdd07732d36f89e15e5f75"));
    seal_dossier_commit(out, rk, shred);
    assert_true(
        is_hex(out, 32, "7f44b974937a5b0f29e245c44b3bcf2bad28077a0a17042f0a1d7b435b87cc2e"));
    seal_route_key(out, key, space);
    assert_true(
        is_hex(out, 32, "b5c70980faf012cdadda1da7dca7e3b026654f269b4c5bd54f533095f0d7f261"));
    seal_row(out, key, space, shred);
    assert_true(is_hex(out, ID_LEN, "e2c41d76b83f17e85486ba73cf67dc69"));
    seal_content_key(out, key, rk, space, shred, 7);
    assert_true(
        is_hex(out, 32, "a3fa3869d5aa7dd1f019a0bf5a85f42561c3607ac94ba55d7a07013a1868a119"));
    seal_name_key(out, key, space);
    assert_true(
        is_hex(out, 32, "8e94f137e8428af6a0ade26468455015156d765340cd0e4d4a0e6c328e040a98"));
}

/* --- one sealed thing and everything that it is bound to --- */

enum { PLAIN_LEN = 40, SEALED_MAX = PLAIN_LEN + 64 };

/* What a test may change: key, place, nonce, the sealed bytes. */
struct sealed {
    uint8_t key[KEY_LEN];
    uint8_t nonce[NONCE_LEN]; /* of the leaf; bodies only */
    struct seal_place place;
    uint8_t bytes[SEALED_MAX];
    size_t len;
};

typedef enum err (*open_fn)(uint8_t *out, const struct sealed *s);

static enum err do_open_body(uint8_t *out, const struct sealed *s)
{
    return open_body(out, s->bytes, s->len, s->key, s->nonce, &s->place);
}

static enum err do_open_control(uint8_t *out, const struct sealed *s)
{
    return open_control_body(out, s->bytes, s->len, s->key, &s->place);
}

static enum err do_open_route(uint8_t *out, const struct sealed *s)
{
    return open_route(out, s->bytes, s->len, s->key, &s->place);
}

static void expect_refused(open_fn open, const struct sealed *s)
{
    uint8_t out[SEALED_MAX];
    memset(out, 0xee, sizeof out);
    assert_err(open(out, s), ERR_CORRUPT);
    /* Nothing half-opened is left to the caller. */
    for (size_t i = 0; i < sizeof out; i++)
        assert_true(out[i] == 0 || out[i] == 0xee);
}

static void flip_all(open_fn open, struct sealed *s, void *field, size_t len)
{
    uint8_t *bytes = field;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        expect_refused(open, s);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* `fields`: what of the place is bound. */
enum { BOX = 1, SHRED = 2, SUITE = 4 };

static void expect_bound(open_fn open, struct sealed *s, const uint8_t *plain, unsigned fields)
{
    uint8_t out[SEALED_MAX];
    assert_ok(open(out, s));
    assert_memory_equal(out, plain, PLAIN_LEN);
    flip_all(open, s, s->bytes, s->len);
    flip_all(open, s, s->key, KEY_LEN);
    flip_all(open, s, s->place.space, ID_LEN);
    flip_all(open, s, s->place.device, ID_LEN);
    flip_all(open, s, &s->place.seq, sizeof s->place.seq);
    flip_all(open, s, &s->place.epoch, sizeof s->place.epoch);
    if (fields & BOX)
        flip_all(open, s, &s->place.box, sizeof s->place.box);
    if (fields & SHRED)
        flip_all(open, s, s->place.shred, ID_LEN);
    if (fields & SUITE)
        flip_all(open, s, &s->place.suite, 1);
    size_t len = s->len;
    for (s->len = 0; s->len < len; s->len++)
        expect_refused(open, s);
    s->len = len;
    assert_ok(open(out, s));
}

static struct sealed sealed_new(void)
{
    struct sealed s = {.place = place};
    memcpy(s.key, key, KEY_LEN);
    count_up(s.nonce, NONCE_LEN, 200);
    return s;
}

static void test_body(void **state)
{
    (void)state;
    uint8_t plain[PLAIN_LEN];
    count_up(plain, sizeof plain, 50);
    struct sealed s = sealed_new();
    seal_body(s.bytes, plain, PLAIN_LEN, s.key, s.nonce, &s.place);
    s.len = PLAIN_LEN + TAG_LEN;
    expect_bound(do_open_body, &s, plain, BOX | SHRED | SUITE);
    flip_all(do_open_body, &s, s.nonce, NONCE_LEN);

    /* Byte by byte as PROTOCOL.md says. */
    uint8_t ad[81], nonce[NONCE_LEN], derive[NONCE_LEN + 2], out[PLAIN_LEN];
    memcpy(ad, "passerelle/box/v1\0\1", 19);
    memset(ad + 19, 'S', 16);
    memset(ad + 35, 'V', 16);
    memcpy(ad + 51, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16", 14);
    memset(ad + 65, 'D', 16);
    memcpy(derive, s.nonce, NONCE_LEN);
    memcpy(derive + NONCE_LEN, "\11\12", 2);
    crypto_generichash(nonce, NONCE_LEN, derive, sizeof derive, NULL, 0);
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, s.bytes, s.len, ad,
                                                                81, nonce, key),
                     0);
    assert_memory_equal(out, plain, PLAIN_LEN);
}

/* The key of one body opens it as CK does, and no other box, place or byte. */
static void test_body_alone(void **state)
{
    (void)state;
    struct seal_place at = {.suite = SUITE_1, .seq = 3, .box = 1, .epoch = 2, .shred = {5}};
    const uint8_t ck[KEY_LEN] = {1}, nonce[NONCE_LEN] = {2}, plain[PLAIN_LEN] = {3};
    uint8_t body[SEALED_MAX], out[SEALED_MAX], alone[KEY_LEN], other[KEY_LEN];
    size_t len = PLAIN_LEN + TAG_LEN;
    seal_body(body, plain, PLAIN_LEN, ck, nonce, &at);
    seal_body_key(alone, ck, nonce, 1);
    seal_body_key(other, ck, nonce, 2);
    assert_memory_not_equal(alone, ck, KEY_LEN);
    assert_memory_not_equal(alone, other, KEY_LEN);
    assert_ok(open_body_alone(out, body, len, alone, nonce, &at));
    assert_memory_equal(out, plain, PLAIN_LEN);
    assert_err(open_body_alone(out, body, len, other, nonce, &at), ERR_CORRUPT);
    assert_err(open_body_alone(out, body, TAG_LEN - 1, alone, nonce, &at), ERR_CORRUPT);
    for (size_t i = 0; i < len; i++) {
        body[i] ^= 1;
        assert_err(open_body_alone(out, body, len, alone, nonce, &at), ERR_CORRUPT);
        body[i] ^= 1;
    }
    at.shred[0] ^= 1;
    assert_err(open_body_alone(out, body, len, alone, nonce, &at), ERR_CORRUPT);
}

static void test_control_body(void **state)
{
    (void)state;
    uint8_t plain[PLAIN_LEN], again[SEALED_MAX];
    count_up(plain, sizeof plain, 50);
    struct sealed s = sealed_new();
    memset(s.place.shred, 0, ID_LEN);
    seal_control_body(s.bytes, plain, PLAIN_LEN, s.key, &s.place);
    s.len = PLAIN_LEN + SEAL_BLOB_OVERHEAD;
    expect_bound(do_open_control, &s, plain, BOX | SHRED | SUITE);
    seal_control_body(again, plain, PLAIN_LEN, s.key, &s.place);
    assert_memory_not_equal(again, s.bytes, NONCE_LEN); /* another nonce each time */
}

static void test_route(void **state)
{
    (void)state;
    uint8_t plain[PLAIN_LEN], nonce[NONCE_LEN], second[NONCE_LEN];
    count_up(plain, sizeof plain, 50);
    struct sealed s = sealed_new();
    seal_route(s.bytes, nonce, plain, PLAIN_LEN, s.key, &s.place);
    s.len = PLAIN_LEN + NONCE_LEN + TAG_LEN;
    assert_memory_equal(nonce, s.bytes, NONCE_LEN); /* the leaf's nonce is the one that travels */
    expect_bound(do_open_route, &s, plain, 0);
    seal_route(s.bytes, second, plain, PLAIN_LEN, s.key, &s.place);
    assert_memory_not_equal(nonce, second, NONCE_LEN);
    /* A routing box is no body: the tags differ. */
    struct sealed body = s;
    expect_refused(do_open_control, &body);
}

/* Two boxes of a leaf never share a nonce. */
static void test_box_nonces(void **state)
{
    (void)state;
    uint8_t plain[PLAIN_LEN] = {0}, a[SEALED_MAX], b[SEALED_MAX];
    struct sealed s = sealed_new();
    seal_body(a, plain, PLAIN_LEN, key, s.nonce, &s.place);
    s.place.box++;
    seal_body(b, plain, PLAIN_LEN, key, s.nonce, &s.place);
    assert_memory_not_equal(a, b, PLAIN_LEN);
}

/* --- slots and wraps --- */

static void test_slot(void **state)
{
    (void)state;
    uint8_t slot[SLOT_LEN], kcom[HASH_LEN], got[KEY_LEN];
    seal_dossier_commit(kcom, rk, shred);
    seal_slot(slot, rk, key, space, shred, 9);
    assert_ok(open_slot(got, slot, key, space, shred, 9, kcom));
    assert_memory_equal(got, rk, KEY_LEN);
    struct {
        uint8_t *bytes;
        size_t len;
    } all[] = {
        {slot, SLOT_LEN}, {key, KEY_LEN}, {space, ID_LEN}, {shred, ID_LEN}, {kcom, HASH_LEN}};
    for (size_t a = 0; a < sizeof all / sizeof all[0]; a++) {
        for (size_t bit = 0; bit < 8 * all[a].len; bit++) {
            all[a].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_err(open_slot(got, slot, key, space, shred, 9, kcom), ERR_CORRUPT);
            assert_true(digest_is_zero(got, KEY_LEN));
            all[a].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    assert_err(open_slot(got, slot, key, space, shred, 8, kcom), ERR_CORRUPT);
    assert_err(open_slot(got, slot, key, space, shred, 10, kcom), ERR_CORRUPT);
    assert_ok(open_slot(got, slot, key, space, shred, 9, kcom));
}

/* Whoever knows SK_e could seal another key under the commitment of the log; it must not be taken. */
static void test_slot_commitment(void **state)
{
    (void)state;
    uint8_t kcom[HASH_LEN], slot[SLOT_LEN], got[KEY_LEN], ad[19 + 32 + 4 + 32];
    seal_dossier_commit(kcom, rk, shred);
    memcpy(ad, "passerelle/slot/v1", 19);
    memcpy(ad + 19, space, 16);
    memcpy(ad + 35, shred, 16);
    memcpy(ad + 51, "\0\0\0\11", 4);
    memcpy(ad + 55, kcom, 32);
    memset(slot, 3, NONCE_LEN);
    crypto_aead_xchacha20poly1305_ietf_encrypt(slot + NONCE_LEN, NULL, rk, KEY_LEN, ad, sizeof ad,
                                               NULL, slot, key);
    assert_ok(open_slot(got, slot, key, space, shred, 9, kcom));
    crypto_aead_xchacha20poly1305_ietf_encrypt(slot + NONCE_LEN, NULL, other_key, KEY_LEN, ad,
                                               sizeof ad, NULL, slot, key);
    assert_err(open_slot(got, slot, key, space, shred, 9, kcom), ERR_COMMITMENT);
    assert_true(digest_is_zero(got, KEY_LEN));
}

/* Commitments change with everything they are about. */
static void test_commitments(void **state)
{
    (void)state;
    uint8_t a[HASH_LEN], b[HASH_LEN];
    seal_epoch_commit(a, SEAL_EK, key, space, 7);
    seal_epoch_commit(b, SEAL_EK, key, space, 8);
    assert_memory_not_equal(a, b, HASH_LEN);
    seal_epoch_commit(b, SEAL_EK, other_key, space, 7);
    assert_memory_not_equal(a, b, HASH_LEN);
    seal_epoch_commit(b, SEAL_EK, key, shred, 7);
    assert_memory_not_equal(a, b, HASH_LEN);
    seal_dossier_commit(a, rk, shred);
    seal_dossier_commit(b, rk, space);
    assert_memory_not_equal(a, b, HASH_LEN);
    /* Each of the two keys alone is not enough: both change the content key. */
    seal_content_key(a, key, rk, space, shred, 7);
    seal_content_key(b, other_key, rk, space, shred, 7);
    assert_memory_not_equal(a, b, KEY_LEN);
    seal_content_key(b, key, other_key, space, shred, 7);
    assert_memory_not_equal(a, b, KEY_LEN);
    seal_content_key(b, key, rk, space, shred, 8);
    assert_memory_not_equal(a, b, KEY_LEN);
    seal_content_key(b, key, key, space, shred, 7); /* equal keys do not cancel out */
    assert_false(digest_is_zero(b, KEY_LEN));
}

static void test_wrap(void **state)
{
    (void)state;
    static const enum seal_key_type types[] = {SEAL_EK, SEAL_ROUTE};
    for (size_t t = 0; t < 2; t++) {
        uint8_t wrap[WRAP_LEN], got[KEY_LEN];
        seal_wrap(wrap, rk, key, types[t], space, 4);
        assert_ok(open_wrap(got, wrap, key, types[t], space, 4));
        assert_memory_equal(got, rk, KEY_LEN);
        struct {
            uint8_t *bytes;
            size_t len;
        } all[] = {{wrap, WRAP_LEN}, {key, KEY_LEN}, {space, ID_LEN}};
        for (size_t a = 0; a < 3; a++) {
            for (size_t bit = 0; bit < 8 * all[a].len; bit++) {
                all[a].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                assert_err(open_wrap(got, wrap, key, types[t], space, 4), ERR_CORRUPT);
                assert_true(digest_is_zero(got, KEY_LEN));
                all[a].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
        }
        assert_err(open_wrap(got, wrap, key, types[1 - t], space, 4), ERR_CORRUPT);
        assert_err(open_wrap(got, wrap, key, types[t], space, 5), ERR_CORRUPT);
    }
}

/* --- to one device --- */

static void test_device_seal(void **state)
{
    (void)state;
    uint8_t seed[SEED_LEN], x_pk[PK_LEN], x_sk[KEY_LEN], keys[2 * KEY_LEN], got[2 * KEY_LEN];
    uint8_t other_pk[PK_LEN], other_sk[KEY_LEN], seal[SEAL_LEN_MAX];
    count_up(seed, sizeof seed, 1);
    seal_keypair(x_pk, x_sk, seed);
    count_up(seed, sizeof seed, 2);
    seal_keypair(other_pk, other_sk, seed);
    count_up(keys, sizeof keys, 30);
    static const struct {
        enum seal_type type, wrong;
        size_t keys, len;
    } rows[] = {{SEAL_MEMBER, SEAL_AUDITOR, 64, SEAL_MEMBER_LEN},
                {SEAL_AUDITOR, SEAL_MEMBER, 32, SEAL_AUDITOR_LEN}};
    for (size_t r = 0; r < 2; r++) {
        size_t len = 0;
        seal_to_device(seal, &len, rows[r].type, keys, x_pk);
        assert_int_equal(len, rows[r].len);
        assert_ok(open_device_seal(got, rows[r].type, seal, len, x_pk, x_sk));
        assert_memory_equal(got, keys, rows[r].keys);
        assert_err(open_device_seal(got, rows[r].wrong, seal, len, x_pk, x_sk), ERR_CORRUPT);
        assert_err(open_device_seal(got, rows[r].type, seal, len - 1, x_pk, x_sk), ERR_CORRUPT);
        assert_err(open_device_seal(got, rows[r].type, seal, len, other_pk, other_sk), ERR_CORRUPT);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            seal[bit / 8] ^= (uint8_t)(1u << bit % 8);
            memset(got, 0xee, sizeof got);
            enum err err = open_device_seal(got, rows[r].type, seal, len, x_pk, x_sk);
            seal[bit / 8] ^= (uint8_t)(1u << bit % 8);
            /* X25519 ignores the top bit of a public key, but the nonce is made from its bytes. */
            assert_err(err, ERR_CORRUPT);
            assert_true(digest_is_zero(got, rows[r].keys));
        }
    }
}

static void test_box_to(void **state)
{
    (void)state;
    uint8_t x_pk[PK_LEN], x_sk[KEY_LEN], plain[300], box[348], got[300];
    seal_keypair(x_pk, x_sk, key);
    count_up(plain, sizeof plain, 0);
    seal_box_to(box, plain, sizeof plain, x_pk);
    assert_ok(open_box_to(got, box, sizeof box, x_pk, x_sk));
    assert_memory_equal(got, plain, sizeof plain);
    for (size_t len = 0; len < sizeof box; len += 7)
        assert_err(open_box_to(got, box, len, x_pk, x_sk), ERR_CORRUPT);
    box[100] ^= 1;
    assert_err(open_box_to(got, box, sizeof box, x_pk, x_sk), ERR_CORRUPT);
    /* A public key of low order gets nothing: least of all the keys in a form that everybody opens. */
    memset(x_pk, 0, PK_LEN);
    seal_box_to(box, plain, sizeof plain, x_pk);
    assert_true(digest_is_zero(box, sizeof box));
}

static void test_blob(void **state)
{
    (void)state;
    uint8_t plain[50], blob[50 + SEAL_BLOB_OVERHEAD], got[50], ad[20];
    count_up(plain, sizeof plain, 9);
    count_up(ad, sizeof ad, 60);
    seal_blob(blob, plain, sizeof plain, key, "passerelle/test/v1", ad, sizeof ad);
    assert_ok(open_blob(got, blob, sizeof blob, key, "passerelle/test/v1", ad, sizeof ad));
    assert_memory_equal(got, plain, sizeof plain);
    struct {
        uint8_t *bytes;
        size_t len;
    } all[] = {{blob, sizeof blob}, {key, KEY_LEN}, {ad, sizeof ad}};
    for (size_t a = 0; a < 3; a++) {
        for (size_t bit = 0; bit < 8 * all[a].len; bit++) {
            all[a].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_err(open_blob(got, blob, sizeof blob, key, "passerelle/test/v1", ad, sizeof ad),
                       ERR_CORRUPT);
            assert_true(digest_is_zero(got, sizeof got));
            all[a].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    assert_err(open_blob(got, blob, sizeof blob, key, "passerelle/test/v2", ad, sizeof ad),
               ERR_CORRUPT);
    assert_err(open_blob(got, blob, sizeof blob, key, "passerelle/test/v1", ad, sizeof ad - 1),
               ERR_CORRUPT);
    for (size_t len = 0; len < sizeof blob; len++)
        assert_err(open_blob(got, blob, len, key, "passerelle/test/v1", ad, sizeof ad),
                   ERR_CORRUPT);
    /* Empty plaintext, empty AD. */
    seal_blob(blob, NULL, 0, key, "t", NULL, 0);
    assert_ok(open_blob(got, blob, SEAL_BLOB_OVERHEAD, key, "t", NULL, 0));
    blob[NONCE_LEN] ^= 1;
    assert_err(open_blob(got, blob, SEAL_BLOB_OVERHEAD, key, "t", NULL, 0), ERR_CORRUPT);
}

/* --- padding --- */

/* PADME in other words: of a length with e + 1 binary digits only the first log2(e) + 2 may be other than zero. */
static size_t padme(size_t len)
{
    size_t need = len + 1;
    if (need <= 32)
        return 32;
    unsigned e = 0, s = 0;
    while ((size_t)2 << e <= need)
        e++;
    while (2u << s <= e)
        s++;
    size_t step = (size_t)1 << (e - s - 1);
    return (need + step - 1) / step * step;
}

static void test_padded_len(void **state)
{
    (void)state;
    static const struct {
        size_t len, padded;
    } known[] = {{0, 32},      {30, 32},     {31, 32},     {32, 36},       {35, 36},
                 {63, 64},     {64, 72},     {100, 104},   {127, 128},     {128, 144},
                 {1000, 1024}, {1023, 1024}, {1024, 1088}, {65535, 65536}, {65536, 67584}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(seal_padded_len(known[i].len), known[i].padded);
    size_t before = 0;
    for (size_t len = 0; len < 300000; len++) {
        size_t padded = seal_padded_len(len);
        assert_true(padded == padme(len) && padded > len && padded >= before);
        if (len > 64)
            assert_true((double)padded <= 1.13 * (double)(len + 1)); /* at most about 12 % */
        before = padded;
    }
    for (size_t len = 300000; len < (size_t)1 << 40; len += len / 7)
        assert_int_equal(seal_padded_len(len), padme(len));
}

static void test_pad(void **state)
{
    (void)state;
    struct dice d = {8};
    for (size_t len = 0; len < 400; len++) {
        size_t padded = seal_padded_len(len), got = 0;
        uint8_t *bytes = malloc(padded); /* exactly: writing further would be seen */
        assert_non_null(bytes);
        memset(bytes, 0xaa, padded);
        dice_fill(&d, bytes, len);
        uint8_t last = len ? bytes[len - 1] : 0;
        seal_pad(bytes, len, padded);
        assert_int_equal(bytes[len], 0x80);
        assert_true(digest_is_zero(bytes + len + 1, padded - len - 1));
        assert_true(len == 0 || bytes[len - 1] == last);
        assert_ok(seal_unpad(&got, bytes, padded));
        assert_int_equal(got, len);
        bytes[len] ^= 1; /* 0x81 is no marker, and behind it there is none */
        assert_err(seal_unpad(&got, bytes, padded), ERR_CORRUPT);
        free(bytes);
    }
}

static void test_unpad(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0};
    size_t len;
    for (size_t padded = 0; padded <= sizeof bytes; padded++)
        assert_err(seal_unpad(&len, bytes, padded), ERR_CORRUPT); /* no marker */
    bytes[0] = 0x80;
    for (size_t padded = 0; padded < 32; padded++)
        assert_err(seal_unpad(&len, bytes, padded), ERR_CORRUPT); /* smaller than any bucket */
    assert_ok(seal_unpad(&len, bytes, 32));
    assert_int_equal(len, 0);
    bytes[40] = 0x80;
    assert_ok(seal_unpad(&len, bytes, 64));
    assert_int_equal(len, 40); /* the last marker counts */
    bytes[63] = 1;
    assert_err(seal_unpad(&len, bytes, 64), ERR_CORRUPT);
}

/* --- attachments --- */

/* A sealed file in memory of exactly its size opens as `want`, and leaves what stood before it. */
static void expect_file(const uint8_t *file_key, const uint8_t *blob, size_t len, enum err want)
{
    struct buf out = {.max = ATTACH_MAX};
    uint8_t *copy = exact_copy(blob, len);
    buf_put(&out, "before", 6);
    assert_err(open_file(&out, file_key, copy, len), want);
    if (want != ERR_OK)
        assert_int_equal(out.len, 6);
    assert_memory_equal(out.bytes, "before", 6);
    free(copy);
    buf_free(&out);
}

static void test_file(void **state)
{
    (void)state;
    static const size_t sizes[] = {
        0, 1, ATTACH_CHUNK - 1, ATTACH_CHUNK, ATTACH_CHUNK + 1, 3 * ATTACH_CHUNK};
    enum { HEAD = 24, TAIL = 17 };
    struct dice d = {11};
    uint8_t *plain = malloc(3 * ATTACH_CHUNK), file_key[KEY_LEN];
    assert_non_null(plain);
    dice_fill(&d, plain, 3 * ATTACH_CHUNK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf blob = {.max = BLOB_MAX}, out = {.max = ATTACH_MAX};
        size_t len = sizes[i], chunks = len <= ATTACH_CHUNK ? 1 : (len - 1) / ATTACH_CHUNK + 1;
        assert_ok(seal_file(&blob, file_key, plain, len));
        assert_int_equal(blob.len, HEAD + len + chunks * TAIL);
        assert_ok(open_file(&out, file_key, blob.bytes, blob.len));
        assert_int_equal(out.len, len);
        if (len > 0)
            assert_memory_equal(out.bytes, plain, len);
        buf_free(&out);
        expect_file(file_key, blob.bytes, blob.len, ERR_OK);
        /* cut: inside the header, inside a chunk, at the end of one */
        for (size_t cut = 0; cut < blob.len && cut < 60; cut++)
            expect_file(file_key, blob.bytes, cut, ERR_CORRUPT);
        for (size_t n = 1; n < chunks; n++)
            expect_file(file_key, blob.bytes, HEAD + n * (ATTACH_CHUNK + TAIL), ERR_CORRUPT);
        for (int flip = 0; flip < 40; flip++) {
            size_t at = flip == 0 ? blob.len - 1 : dice_below(&d, blob.len);
            blob.bytes[at] ^= 4;
            expect_file(file_key, blob.bytes, blob.len, ERR_CORRUPT);
            blob.bytes[at] ^= 4;
        }
        file_key[5] ^= 1;
        expect_file(file_key, blob.bytes, blob.len, ERR_CORRUPT);
        file_key[5] ^= 1;
        size_t whole = blob.len;
        buf_put(&blob, plain, TAIL - 1); /* something behind the last chunk */
        expect_file(file_key, blob.bytes, blob.len, ERR_CORRUPT);
        buf_put(&blob, plain, 1000);
        expect_file(file_key, blob.bytes, blob.len, ERR_CORRUPT);
        blob.len = whole;
        buf_put(&blob, blob.bytes + HEAD, len < 1000 ? len + TAIL : 1000);
        expect_file(file_key, blob.bytes, blob.len, ERR_CORRUPT);
        buf_free(&blob);
    }
    free(plain);
}

/* No room: nothing of the plaintext stays behind. */
static void test_file_room(void **state)
{
    (void)state;
    uint8_t file_key[KEY_LEN], *plain = calloc(1, 3 * ATTACH_CHUNK);
    assert_non_null(plain);
    struct buf blob = {.max = BLOB_MAX}, small = {.max = 20};
    assert_err(seal_file(&small, file_key, plain, ATTACH_MAX + (size_t)1), ERR_TOO_BIG);
    assert_err(seal_file(&small, file_key, plain, 1), ERR_TOO_BIG);
    buf_free(&small);
    small.max = ATTACH_CHUNK + 100;
    assert_err(seal_file(&small, file_key, plain, 2 * ATTACH_CHUNK), ERR_TOO_BIG);
    buf_free(&small);
    assert_ok(seal_file(&blob, file_key, plain, 3 * ATTACH_CHUNK));
    small.max = 2 * ATTACH_CHUNK + 1;
    assert_err(open_file(&small, file_key, blob.bytes, blob.len), ERR_TOO_BIG);
    assert_int_equal(small.len, 0);
    assert_true(digest_is_zero(small.bytes, 2 * ATTACH_CHUNK));
    buf_free(&small);
    small.max = 5;
    assert_err(open_file(&small, file_key, blob.bytes, blob.len), ERR_TOO_BIG);
    buf_free(&small);
    buf_free(&blob);
    free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_derived),     cmocka_unit_test(test_body),
        cmocka_unit_test(test_body_alone),  cmocka_unit_test(test_control_body),
        cmocka_unit_test(test_route),       cmocka_unit_test(test_box_nonces),
        cmocka_unit_test(test_slot),        cmocka_unit_test(test_slot_commitment),
        cmocka_unit_test(test_commitments), cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_device_seal), cmocka_unit_test(test_box_to),
        cmocka_unit_test(test_blob),        cmocka_unit_test(test_padded_len),
        cmocka_unit_test(test_file),        cmocka_unit_test(test_file_room),
        cmocka_unit_test(test_pad),         cmocka_unit_test(test_unpad),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
