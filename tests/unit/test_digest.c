/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: hashes are the ones of their standards, whatever way the input is cut; comparing, wiping and
 * secret memory do what they say. Expected values were computed with other programs (coreutils, Python).
 */
#include "tests/unit/proto_test.h"

static void test_sha256(void **state)
{
    (void)state;
    uint8_t out[HASH_LEN];
    digest_sha256_of(out, "abc", 3);
    assert_true(
        is_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    digest_sha256_of(out, NULL, 0);
    assert_true(
        is_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    digest_sha256(out, NULL, 0);
    assert_true(
        is_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    const struct digest_part parts[] = {{"a", 1}, {NULL, 0}, {"bc", 2}};
    digest_sha256(out, parts, 3);
    assert_true(
        is_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

static void test_keyed(void **state)
{
    (void)state;
    uint8_t key[KEY_LEN], out[64];
    count_up(key, KEY_LEN, 0);
    const struct digest_part parts[] = {{"passe", 5}, {NULL, 0}, {"relle", 5}};
    digest_keyed(out, 32, key, parts, 3);
    assert_true(
        is_hex(out, 32, "93caf7b3cd241614d5b68adc11622356e318f976af67dd11a93c699ef54d3383"));
    digest_keyed(out, 16, key, parts, 3);
    assert_true(is_hex(out, 16, "c00531a1afbb822d860ee5bd6b20e4c8"));
    digest_keyed(out, 24, NULL, parts, 3);
    assert_true(is_hex(out, 24, "1d0182e3fcb72dd938c689c06912063da5fe8f241d76c2e8"));
}

static void test_compare(void **state)
{
    (void)state;
    uint8_t a[48], b[48], zero[48] = {0};
    count_up(a, sizeof a, 1);
    memcpy(b, a, sizeof a);
    assert_true(digest_equal(a, b, sizeof a));
    assert_true(digest_is_zero(zero, sizeof zero));
    for (size_t i = 0; i < sizeof a; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b[i] ^= (uint8_t)(1u << bit);
            assert_false(digest_equal(a, b, sizeof a));
            assert_true(digest_equal(a, b, i)); /* no further than asked */
            b[i] = a[i];
            zero[i] = (uint8_t)(1u << bit);
            assert_false(digest_is_zero(zero, sizeof zero));
            zero[i] = 0;
        }
    }
}

static void test_wipe(void **state)
{
    (void)state;
    uint8_t bytes[33];
    memset(bytes, 0xff, sizeof bytes);
    digest_wipe(bytes, 32);
    assert_true(digest_is_zero(bytes, 32));
    assert_int_equal(bytes[32], 0xff);
    digest_wipe(NULL, 5);
    digest_wipe(bytes, 0);
}

static void test_random(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};
    digest_random(a, sizeof a);
    digest_random(b, sizeof b);
    assert_false(digest_equal(a, b, sizeof a));
    assert_false(digest_is_zero(a, sizeof a));
}

static void test_secret(void **state)
{
    (void)state;
    uint8_t *secret = digest_secret_new(100);
    assert_non_null(secret);
    assert_true(digest_is_zero(secret, 100));
    memset(secret, 1, 100);
    digest_secret_free(secret);
    digest_secret_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),  cmocka_unit_test(test_keyed),
        cmocka_unit_test(test_compare), cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_random),  cmocka_unit_test(test_secret),
    };
    return cmocka_run_group_tests(tests, proto_setup, NULL);
}
