/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "proto/paper.h"

static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* A code without its separators. */
static void make(char out[static PAPER_CHARS + 1], uint8_t bytes[static PAPER_SEED_LEN])
{
    char code[PAPER_CODE_LEN + 1];
    digest_random(bytes, PAPER_SEED_LEN);
    paper_code(code, bytes);
    assert_int_equal(strlen(code), PAPER_CODE_LEN);
    for (const char *at = code; *at; at++)
        if (*at != '-')
            *out++ = *at;
    *out = '\0';
}

static void test_round_trip(void **state)
{
    (void)state;
    uint8_t bytes[PAPER_SEED_LEN], got[PAPER_SEED_LEN];
    char text[PAPER_CHARS + 1];
    struct paper_slip slip;
    for (int i = 0; i < 200; i++) {
        make(text, bytes);
        assert_int_equal(paper_read(got, text, PAPER_CHARS, &slip), ERR_OK);
        assert_memory_equal(got, bytes, sizeof bytes);
    }
}

/* Every wrong character in every place is found, and what it was. */
static void test_slips(void **state)
{
    (void)state;
    uint8_t bytes[PAPER_SEED_LEN], got[PAPER_SEED_LEN];
    char text[PAPER_CHARS + 1];
    struct paper_slip slip;
    make(text, bytes);
    for (unsigned at = 0; at < PAPER_CHARS; at++) {
        char right = text[at];
        for (const char *wrong = symbols; *wrong; wrong++) {
            if (*wrong == right)
                continue;
            text[at] = *wrong;
            assert_int_equal(paper_read(got, text, PAPER_CHARS, &slip), ERR_FORMAT);
            assert_int_equal(slip.at, at + 1);
            assert_int_equal(slip.read, *wrong);
            assert_int_equal(slip.meant, right);
            assert_false(slip.swapped);
        }
        text[at] = right;
    }
}

/* Neighbours that changed places are always noticed, and named when nothing else explains it. */
static void test_swaps(void **state)
{
    (void)state;
    uint8_t bytes[PAPER_SEED_LEN], got[PAPER_SEED_LEN];
    char text[PAPER_CHARS + 1];
    struct paper_slip slip;
    unsigned found = 0, swaps = 0;
    for (int round = 0; round < 50; round++) {
        make(text, bytes);
        for (unsigned at = 0; at + 1 < PAPER_CHARS; at++) {
            char first = text[at];
            if (first == text[at + 1])
                continue;
            text[at] = text[at + 1];
            text[at + 1] = first;
            assert_int_equal(paper_read(got, text, PAPER_CHARS, &slip), ERR_FORMAT);
            assert_true(!slip.swapped || slip.at == at + 1);
            swaps++;
            found += slip.swapped;
            text[at + 1] = text[at];
            text[at] = first;
        }
    }
    assert_true(found * 4 > swaps);
}

static void test_form(void **state)
{
    (void)state;
    uint8_t bytes[PAPER_SEED_LEN], got[PAPER_SEED_LEN];
    char text[PAPER_CHARS + 1];
    struct paper_slip slip;
    make(text, bytes);
    assert_int_equal(paper_read(got, text, PAPER_CHARS - 1, &slip), ERR_FORMAT);
    assert_int_equal(slip.count, PAPER_CHARS - 1);
    text[5] = 'U';
    assert_int_equal(paper_read(got, text, PAPER_CHARS, &slip), ERR_FORMAT);
    assert_int_equal(slip.at, 6);
    assert_int_equal(slip.read, 'U');
    assert_int_equal(slip.meant, 0);
}

static void test_link(void **state)
{
    (void)state;
    struct paper_sheet sheet = {.url = "https://passerelle.example/equipe", .n = 2}, got;
    struct buf text = {0};
    digest_random(sheet.seed, sizeof sheet.seed);
    digest_random(sheet.log_key_hash, HASH_LEN);
    for (size_t i = 0; i < sheet.n; i++) {
        digest_random(sheet.spaces[i].id, ID_LEN);
        digest_random(sheet.spaces[i].root, HASH_LEN);
        sheet.spaces[i].size = 77777 + i;
    }
    paper_link_print(&text, &sheet);
    assert_int_equal(text.err, ERR_OK);
    assert_int_equal(paper_link_parse(&got, (const char *)text.bytes, text.len), ERR_OK);
    assert_string_equal(got.url, sheet.url);
    assert_memory_equal(got.seed, sheet.seed, sizeof sheet.seed);
    assert_memory_equal(got.log_key_hash, sheet.log_key_hash, HASH_LEN);
    assert_int_equal(got.n, 2);
    for (size_t i = 0; i < got.n; i++) {
        assert_memory_equal(got.spaces[i].id, sheet.spaces[i].id, ID_LEN);
        assert_memory_equal(got.spaces[i].root, sheet.spaces[i].root, HASH_LEN);
        assert_int_equal(got.spaces[i].size, sheet.spaces[i].size);
    }
    for (size_t cut = 0; cut < text.len; cut++)
        if (paper_link_parse(&got, (const char *)text.bytes, cut) == ERR_OK)
            assert_true(got.n < sheet.n);
    static const char *const bad[] = {"", "https://a.example/#r1.", "http://a.example/#r1.AAAA",
                                      "https://a.example/#i1.AAAA", "/#r1.AAAA"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(paper_link_parse(&got, bad[i], strlen(bad[i])), ERR_FORMAT);
    buf_free(&text);
}

/* Another secret, other keys; and never the same for signing and opening. */
static void test_secrets(void **state)
{
    (void)state;
    struct unlock_secrets one = {0}, two = {0};
    uint8_t seed[PAPER_SEED_LEN] = {0};
    paper_secrets(&one, seed);
    seed[15] = 1;
    paper_secrets(&two, seed);
    assert_memory_not_equal(one.ed_seed, one.x_seed, SEED_LEN);
    assert_memory_not_equal(one.ed_seed, two.ed_seed, SEED_LEN);
    assert_memory_not_equal(one.x_seed, two.x_seed, SEED_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_slips),
        cmocka_unit_test(test_swaps),      cmocka_unit_test(test_form),
        cmocka_unit_test(test_link),       cmocka_unit_test(test_secrets),
    };
    return digest_init() == ERR_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
