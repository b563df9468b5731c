/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: each text form writes what its standard says, reads back what it wrote, and accepts exactly
 * one text for each value (Crockford's, which people type, excepted).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/code.h"
#include "proto/digest.h"

enum { LEN_MAX = 70, TEXT_MAX = 200 };

struct form {
    const char *name;
    const char *alphabet;
    void (*encode)(char *out, const uint8_t *bytes, size_t len);
    enum err (*decode)(uint8_t *out, size_t cap, size_t *len, const char *text, size_t text_len);
};

static enum err decode_hex(uint8_t *out, size_t cap, size_t *len, const char *text, size_t text_len)
{
    *len = text_len / 2;
    return *len > cap ? ERR_FORMAT : code_unhex(out, *len, text, text_len);
}

static enum err decode_base32(uint8_t *out, size_t cap, size_t *len, const char *text,
                              size_t text_len)
{
    *len = text_len * 5 / 8;
    return *len > cap ? ERR_FORMAT : code_unbase32(out, *len, text, text_len);
}

static enum err decode_crockford(uint8_t *out, size_t cap, size_t *len, const char *text,
                                 size_t text_len)
{
    *len = text_len * 5 / 8;
    return *len > cap ? ERR_FORMAT : code_uncrockford(out, *len, text, text_len);
}

static const struct form forms[] = {
    {"hex", "0123456789abcdef", code_hex, decode_hex},
    {"base32", "abcdefghijklmnopqrstuvwxyz234567", code_base32, decode_base32},
    {"base64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", code_base64,
     code_unbase64},
    {"base64url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
     code_base64url, code_unbase64url},
    {"crockford", "0123456789ABCDEFGHJKMNPQRSTVWXYZ", code_crockford, decode_crockford},
};
enum { FORMS = sizeof forms / sizeof *forms };

static void check_ok(enum err err)
{
    assert_string_equal(err_name(err), err_name(ERR_OK));
}

static void fill(uint8_t *bytes, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245 + 12345;
        bytes[i] = (uint8_t)(seed >> 16);
    }
}

/* RFC 4648, section 10, and the same values in the other alphabets. */
static void test_known(void **state)
{
    static const struct {
        const char *plain;
        const char *texts[FORMS];
    } rows[] = {
        {"", {"", "", "", "", ""}},
        {"f", {"66", "my", "Zg==", "Zg", "CR"}},
        {"fo", {"666f", "mzxq", "Zm8=", "Zm8", "CSQG"}},
        {"foo", {"666f6f", "mzxw6", "Zm9v", "Zm9v", "CSQPY"}},
        {"foob", {"666f6f62", "mzxw6yq", "Zm9vYg==", "Zm9vYg", "CSQPYRG"}},
        {"fooba", {"666f6f6261", "mzxw6ytb", "Zm9vYmE=", "Zm9vYmE", "CSQPYRK1"}},
        {"foobar", {"666f6f626172", "mzxw6ytboi", "Zm9vYmFy", "Zm9vYmFy", "CSQPYRK1E8"}},
        {"\xff\xef\xbe", {"ffefbe", "77x34", "/+++", "_---", "ZZQVW"}},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        for (size_t f = 0; f < FORMS; f++) {
            char text[TEXT_MAX];
            size_t len = strlen(rows[row].plain);
            forms[f].encode(text, (const uint8_t *)rows[row].plain, len);
            assert_string_equal(text, rows[row].texts[f]);
        }
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMS; f++) {
        for (size_t len = 0; len <= LEN_MAX; len++) {
            uint8_t bytes[LEN_MAX];
            uint8_t back[LEN_MAX];
            char text[TEXT_MAX];
            size_t back_len = 0;
            fill(bytes, len, (unsigned)(len + 100 * f));
            forms[f].encode(text, bytes, len);
            assert_int_equal(strspn(text, forms[f].alphabet), strlen(text));
            check_ok(forms[f].decode(back, sizeof back, &back_len, text, strlen(text)));
            assert_int_equal(back_len, len);
            assert_memory_equal(back, bytes, len);
        }
    }
}

/* Whatever is decoded must be what the value is written as; every other text is refused. */
static void test_one_text_per_value(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMS; f++) {
        for (size_t len = 1; len <= 11; len++) {
            uint8_t bytes[LEN_MAX];
            char text[TEXT_MAX];
            fill(bytes, len, (unsigned)len);
            forms[f].encode(text, bytes, len);
            size_t text_len = strlen(text);
            for (size_t at = 0; at < text_len; at++) {
                char kept = text[at];
                for (int c = 0; c < 256; c++) {
                    uint8_t back[LEN_MAX];
                    char again[TEXT_MAX];
                    size_t n = 0;
                    text[at] = (char)c;
                    if (forms[f].decode(back, sizeof back, &n, text, text_len) != ERR_OK)
                        continue;
                    forms[f].encode(again, back, n);
                    if (f == 4 || (f == 0 && c >= 'A' && c <= 'F'))
                        continue;
                    assert_int_equal(strlen(again), text_len);
                    assert_memory_equal(again, text, text_len);
                }
                text[at] = kept;
            }
        }
    }
}

static void test_refused(void **state)
{
    static const char *const base64[] = {"Z",    "Zg",   "Zg=",    "Zh==",  "Zg==Zg==",
                                         "=",    "====", "Z===",   "Zm9=",  "Zm8=\n",
                                         " Zm8", "Zm8-", "Zm9vYg", "Zm9vY", "AA=A"};
    static const char *const base64url[] = {"Z", "Zh", "Zm9vY", "Zg==", "Zm8+", "Zm8/", "Zm 8"};
    static const char *const base32[] = {"m", "mz", "MY", "my======", "m1", "mzx", "mzxw6y"};
    uint8_t out[LEN_MAX];
    size_t len = 0;
    (void)state;
    for (size_t i = 0; i < sizeof base64 / sizeof *base64; i++)
        assert_int_equal(code_unbase64(out, LEN_MAX, &len, base64[i], strlen(base64[i])),
                         ERR_FORMAT);
    for (size_t i = 0; i < sizeof base64url / sizeof *base64url; i++)
        assert_int_equal(code_unbase64url(out, LEN_MAX, &len, base64url[i], strlen(base64url[i])),
                         ERR_FORMAT);
    for (size_t i = 0; i < sizeof base32 / sizeof *base32; i++)
        assert_int_equal(decode_base32(out, LEN_MAX, &len, base32[i], strlen(base32[i])),
                         ERR_FORMAT);
    /* Too little room, and other lengths than asked for. */
    assert_int_equal(code_unbase64(out, 2, &len, "Zm9v", 4), ERR_FORMAT);
    assert_int_equal(len, 0);
    assert_int_equal(code_unbase64url(out, 2, &len, "Zm9v", 4), ERR_FORMAT);
    assert_int_equal(code_unbase32(out, 3, "my", 2), ERR_FORMAT);
    assert_int_equal(code_unbase32(out, 1, "mzxw6", 5), ERR_FORMAT);
    assert_int_equal(code_unhex(out, 1, "6", 1), ERR_FORMAT);
    assert_int_equal(code_unhex(out, 1, "666", 3), ERR_FORMAT);
    assert_int_equal(code_unhex(out, 1, "6g", 2), ERR_FORMAT);
    check_ok(code_unhex(out, 1, "aF", 2));
    assert_int_equal(out[0], 0xaf);
}

/* What people write on paper and read over the phone. */
static void test_crockford_by_hand(void **state)
{
    uint8_t out[5];
    (void)state;
    check_ok(code_uncrockford(out, 5, "csqp-yrk1", 9));
    assert_memory_equal(out, "fooba", 5);
    check_ok(code_uncrockford(out, 5, " CSQP YRKI ", 11));
    assert_memory_equal(out, "fooba", 5);
    check_ok(code_uncrockford(out, 5, "cSqPyRkl", 8));
    assert_memory_equal(out, "fooba", 5);
    check_ok(code_uncrockford(out, 5, "oOo0-0000", 9));
    assert_memory_equal(out, "\0\0\0\0\0", 5);
    assert_int_equal(code_uncrockford(out, 5, "CSQPYRKU", 8), ERR_FORMAT);
    assert_int_equal(code_uncrockford(out, 5, "CSQPYRK", 7), ERR_FORMAT);
    assert_int_equal(code_uncrockford(out, 5, "CSQPYRK11", 9), ERR_FORMAT);
    assert_int_equal(code_uncrockford(out, 1, "CS", 2), ERR_FORMAT);
}

static void test_short(void **state)
{
    uint8_t id[ID_LEN + RECORD_LEN];
    uint8_t hash[HASH_LEN];
    uint8_t back[5];
    char code[CODE_SHORT_LEN + 1];
    static const uint8_t no_record[RECORD_LEN];
    (void)state;
    fill(id, sizeof id, 7);
    code_short(code, id, no_record);
    assert_int_equal(strlen(code), CODE_SHORT_LEN);
    check_ok(code_uncrockford(back, 5, code, CODE_SHORT_LEN));
    digest_sha256_of(hash, id, ID_LEN);
    assert_memory_equal(back, hash, 5);

    code_short(code, id, id + ID_LEN);
    check_ok(code_uncrockford(back, 5, code, CODE_SHORT_LEN));
    digest_sha256_of(hash, id, sizeof id);
    assert_memory_equal(back, hash, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_one_text_per_value),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_crockford_by_hand),
        cmocka_unit_test(test_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
