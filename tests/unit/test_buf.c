/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a buffer holds what was put, up to its ceiling; after the first failure it takes nothing more.
 */
#include "proto/buf.h"
#include "proto/limits.h"
#include "tests/unit/proto_test.h"

static void test_growth(void **state)
{
    (void)state;
    struct buf b = {0};
    uint8_t *expected = malloc(100000);
    assert_non_null(expected);
    struct dice d = {5};
    dice_fill(&d, expected, 100000);
    for (size_t at = 0; at < 100000;) {
        size_t n = 1 + dice_below(&d, 700);
        if (n > 100000 - at)
            n = 100000 - at;
        buf_put(&b, expected + at, n);
        at += n;
    }
    assert_ok(b.err);
    assert_int_equal(b.len, 100000);
    assert_memory_equal(b.bytes, expected, b.len);
    assert_true(b.cap >= b.len && b.cap <= 4 * b.len);
    buf_put(&b, NULL, 0);
    assert_ok(b.err);
    buf_free(&b);
    free(expected);
}

static void test_ceiling(void **state)
{
    (void)state;
    struct buf b = {.max = 300};
    uint8_t byte[300] = {0};
    buf_put(&b, byte, 300);
    assert_ok(b.err);
    buf_u8(&b, 7);
    assert_err(b.err, ERR_TOO_BIG);
    assert_int_equal(b.len, 300);
    assert_null(buf_room(&b, 1));
    assert_null(buf_room(&b, 0));
    buf_reset(&b);
    assert_ok(b.err);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.max, 300);
    assert_non_null(buf_room(&b, 300));
    assert_null(buf_room(&b, 1));
    buf_free(&b);

    /* Without a ceiling of its own a buffer has the one of a response. */
    struct buf big = {0};
    assert_null(buf_room(&big, RESPONSE_MAX + 1));
    assert_err(big.err, ERR_TOO_BIG);
    buf_reset(&big);
    assert_non_null(buf_room(&big, RESPONSE_MAX));
    buf_free(&big);

    struct buf huge = {.max = SIZE_MAX};
    buf_u8(&huge, 1);
    assert_null(buf_room(&huge, SIZE_MAX));
    assert_err(huge.err, ERR_TOO_BIG);
    buf_free(&huge);
}

static void test_sticky(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_u8(&b, 1);
    buf_fail(&b, ERR_USAGE);
    buf_fail(&b, ERR_MEMORY); /* the first one stays */
    buf_u64be(&b, 5);
    buf_tag(&b, "tag");
    assert_err(b.err, ERR_USAGE);
    assert_int_equal(b.len, 1);
    buf_free(&b);
    assert_null(b.bytes);
    assert_int_equal(b.cap, 0);
    assert_ok(b.err);
    buf_u8(&b, 9); /* it may be used again */
    assert_int_equal(b.bytes[0], 9);
    buf_free(&b);
    buf_free(&b);
}

static void test_integers(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_u8(&b, 0xab);
    buf_u16be(&b, 0x0102);
    buf_u32be(&b, 0x03040506);
    buf_u64be(&b, 0x0708090a0b0c0d0e);
    buf_tag(&b, "x/v1");
    static const uint8_t expected[] = "\xab\1\2\3\4\5\6\7\10\11\12\13\14\15\16x/v1";
    assert_int_equal(b.len, sizeof expected); /* with the NUL of the tag */
    assert_memory_equal(b.bytes, expected, sizeof expected);
    buf_free(&b);
}

static void test_reset_wipes(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_put(&b, "secret", 6);
    uint8_t *memory = b.bytes;
    buf_reset(&b);
    assert_ptr_equal(b.bytes, memory);
    assert_true(digest_is_zero(memory, 6));
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth),      cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_sticky),      cmocka_unit_test(test_integers),
        cmocka_unit_test(test_reset_wipes),
    };
    return cmocka_run_group_tests(tests, proto_setup, NULL);
}
