/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a signature is good for exactly one key, one tag and one string of bytes.
 */
#include "proto/code.h"
#include "proto/sign.h"
#include "tests/unit/proto_test.h"

static uint8_t pk[PK_LEN], sk[SK_LEN];

static void make_key(void)
{
    uint8_t seed[SEED_LEN];
    count_up(seed, sizeof seed, 7);
    sign_keypair(pk, sk, seed);
}

/* RFC 8032, 7.1, TEST 1 and TEST 3. */
static void test_standard(void **state)
{
    (void)state;
    static const struct {
        const char *seed, *pk, *message, *sig;
    } rows[] = {{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
                 "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
                {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
                 "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"}};
    for (size_t i = 0; i < 2; i++) {
        uint8_t seed[SEED_LEN], message[2], sig[SIG_LEN], my_pk[PK_LEN], my_sk[SK_LEN];
        size_t len = strlen(rows[i].message) / 2;
        assert_ok(code_unhex(seed, sizeof seed, rows[i].seed, 64));
        assert_ok(code_unhex(message, len, rows[i].message, 2 * len));
        sign_keypair(my_pk, my_sk, seed);
        assert_true(is_hex(my_pk, PK_LEN, rows[i].pk));
        sign_plain(sig, my_sk, message, len);
        assert_true(is_hex(sig, SIG_LEN, rows[i].sig));
        assert_ok(sign_plain_verify(sig, my_pk, message, len));
    }
}

static void test_flips(void **state)
{
    (void)state;
    make_key();
    uint8_t message[60], sig[SIG_LEN];
    count_up(message, sizeof message, 100);
    const struct digest_part part = {message, sizeof message};
    assert_ok(sign_make(sig, sk, TAG_LEAF, &part, 1));
    assert_ok(sign_verify(sig, pk, TAG_LEAF, &part, 1));
    struct {
        uint8_t *bytes;
        size_t len;
    } all[] = {{message, sizeof message}, {sig, SIG_LEN}, {pk, PK_LEN}};
    for (size_t a = 0; a < 3; a++) {
        for (size_t bit = 0; bit < 8 * all[a].len; bit++) {
            all[a].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_err(sign_verify(sig, pk, TAG_LEAF, &part, 1), ERR_SIGNATURE);
            all[a].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    assert_ok(sign_verify(sig, pk, TAG_LEAF, &part, 1));
    for (size_t len = 0; len < sizeof message; len++) {
        const struct digest_part cut = {message, len};
        assert_err(sign_verify(sig, pk, TAG_LEAF, &cut, 1), ERR_SIGNATURE);
    }
}

/* A signature for one purpose is worthless for any other. */
static void test_tags(void **state)
{
    (void)state;
    make_key();
    static const char *const tags[] = {TAG_LEAF,  TAG_REQ,    TAG_RESP,   TAG_JOIN,  TAG_KEYS,
                                       TAG_FOUND, TAG_LOGKEY, TAG_SERVER, TAG_RESUME};
    enum { N = sizeof tags / sizeof tags[0] };
    uint8_t sig[SIG_LEN];
    const struct digest_part part = {"message", 7};
    for (size_t i = 0; i < N; i++) {
        assert_ok(sign_make(sig, sk, tags[i], &part, 1));
        for (size_t k = 0; k < N; k++)
            assert_err(sign_verify(sig, pk, tags[k], &part, 1), i == k ? ERR_OK : ERR_SIGNATURE);
        assert_err(sign_plain_verify(sig, pk, "message", 7), ERR_SIGNATURE);
    }
    /* The tag stands first, with its NUL. */
    assert_ok(sign_make(sig, sk, TAG_REQ, &part, 1));
    assert_ok(sign_plain_verify(sig, pk, "passerelle/req/v1\0message", 25));
    /* Without the NUL a longer tag could take bytes from the message. */
    const struct digest_part split[] = {{"x", 1}, {"message", 7}};
    assert_ok(sign_make(sig, sk, "tag", split, 2));
    assert_err(sign_verify(sig, pk, "tagx", &part, 1), ERR_SIGNATURE);
}

/* Long strings take another way through the module; how they are cut makes no difference. */
static void test_lengths(void **state)
{
    (void)state;
    make_key();
    enum { LEN = 5000 };
    uint8_t *message = malloc(LEN), sig[SIG_LEN];
    assert_non_null(message);
    struct dice d = {6};
    dice_fill(&d, message, LEN);
    static const size_t lens[] = {0, 1, 1004, 1005, 1006, 1023, 1024, 1025, LEN};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        size_t len = lens[i], at = len / 3;
        const struct digest_part whole = {message, len};
        const struct digest_part cut[] = {{message, at}, {NULL, 0}, {message + at, len - at}};
        assert_ok(sign_make(sig, sk, TAG_LEAF, &whole, 1));
        assert_ok(sign_verify(sig, pk, TAG_LEAF, cut, 3));
        if (len > 0) {
            message[len - 1] ^= 1;
            assert_err(sign_verify(sig, pk, TAG_LEAF, cut, 3), ERR_SIGNATURE);
            message[len - 1] ^= 1;
        }
    }
    free(message);
}

/* Keys of small order would accept signatures that nobody made. */
static void test_weak_keys(void **state)
{
    (void)state;
    static const char *const weak[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"};
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
        uint8_t key[PK_LEN], sig[SIG_LEN] = {0};
        assert_ok(code_unhex(key, sizeof key, weak[i], 64));
        assert_err(sign_plain_verify(sig, key, "m", 1), ERR_SIGNATURE);
        memcpy(sig, key, PK_LEN);
        assert_err(sign_plain_verify(sig, key, "m", 1), ERR_SIGNATURE);
        memset(sig, 0, sizeof sig);
        sig[0] = 1; /* R = the neutral point, S = 0 */
        assert_err(sign_plain_verify(sig, key, "m", 1), ERR_SIGNATURE);
    }
}

static void test_derived(void **state)
{
    (void)state;
    uint8_t key[PK_LEN], id[ID_LEN], secret[SEED_LEN], seed[SEED_LEN];
    count_up(key, sizeof key, 32);
    sign_device_id(id, key);
    assert_true(is_hex(id, ID_LEN, "251512bd64f39dddc38103bd632402b7"));
    count_up(secret, sizeof secret, 0);
    sign_link_seed(seed, secret);
    assert_true(
        is_hex(seed, 32, "05916935d459ee66f69f62cff170798faf9185c48195e89c163b319e7dd3680b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard),  cmocka_unit_test(test_flips),
        cmocka_unit_test(test_tags),      cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_weak_keys), cmocka_unit_test(test_derived),
    };
    return cmocka_run_group_tests(tests, proto_setup, NULL);
}
