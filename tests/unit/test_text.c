/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a mediator finds a name however it was typed, bytes of any kind do no harm, and names that
 * may be one person's are noticed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/text.h"

#include <string.h>

static const char *folded(const char *text)
{
    static char out[2][512];
    static int next;
    next = !next;
    size_t n = text_fold(out[next], sizeof out[next], text, strlen(text));
    assert_int_equal(n, strlen(out[next]));
    return out[next];
}

static void test_fold(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Ștefan", "stefan"},
        {"Ştefan", "stefan"},
        {"S\xcc\xa6tefan", "stefan"},
        {"Țurcan", "turcan"},
        {"Ţurcan", "turcan"},
        {"Ălă Îngâmfat", "ala ingamfat"},
        {"Łukasz", "lukasz"},
        {"Œuvre", "oeuvre"},
        {"Æbler", "aebler"},
        {"Straße", "strasse"},
        {"GROẞ", "gross"},
        {"Đorđe", "dorde"},
        {"Ångström", "angstrom"},
        {"Øyvind", "oyvind"},
        {"Jean-Pierre", "jean pierre"},
        {"L’Haÿ-les-Roses", "l hay les roses"},
        {"d'Arc", "d arc"},
        {"Стефан", "stefan"},
        {"МАРИЯ", "maria"},
        {"Мария", "maria"},
        {"София", "sofia"},
        {"Щърбанов", "shtarbanov"},
        {"Йордан", "yordan"},
        {"Жечо Цочев", "zhecho tsochev"},
        {"Юлия", "yulia"},
        {"Ђорђе", "dorde"},
        {"Nguyễn", "nguyen"},
        {"İstanbul", "istanbul"},
        {"  a  --  b  ", "a b"},
        {"06 12-34.56", "06 12 34 56"},
        {"a\xc2\xa0"
         "b",
         "a b"},
        {"co\xc2\xadop", "coop"},
        {"n°1 € “x”", "n 1 x"},
        {"", ""},
        {" .,;", ""},
        {"محمد", "محمد"},
        {"m²", "m2"},
        {"×÷", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(folded(cases[i][0]), cases[i][1]);
}

/* Folding twice is folding once, for every character there is; and sizes hold. */
static void test_fold_is_stable(void **state)
{
    (void)state;
    for (uint32_t point = 1; point <= 0x10ffff; point++) {
        char in[4], once[16], twice[16];
        if (point >= 0xd800 && point <= 0xdfff)
            continue;
        size_t len = text_encode(point, in), used;
        assert_int_equal(text_decode(in, len, &used), point);
        assert_int_equal(used, len);
        size_t n = text_fold(once, sizeof once, in, len);
        assert_true(n < TEXT_FOLD_MAX(len));
        assert_true(text_valid(once, n));
        text_fold(twice, sizeof twice, once, n);
        if (strcmp(once, twice) != 0)
            fail_msg("U+%04X folds to '%s' and then to '%s'", (unsigned)point, once, twice);
    }
}

/* Any bytes: no overflow, no endless loop, valid output, the same length whatever the room. */
static void test_fold_any_bytes(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        char in[24], whole[TEXT_FOLD_MAX(sizeof in)], part[TEXT_FOLD_MAX(sizeof in)];
        for (size_t i = 0; i < sizeof in; i++) {
            seed = seed * 1664525u + 1013904223u;
            in[i] = (char)(seed >> 24);
        }
        size_t len = seed % (sizeof in + 1);
        size_t n = text_fold(whole, sizeof whole, in, len);
        assert_true(n < sizeof whole);
        assert_true(text_valid(whole, n));
        size_t room = (seed >> 8) % sizeof part;
        memset(part, 'z', sizeof part);
        assert_int_equal(text_fold(part, room, in, len), n);
        if (room > 0) {
            size_t written = strlen(part);
            assert_true(written < room);
            assert_memory_equal(part, whole, written);
            assert_true(text_valid(part, written));
        } else {
            assert_int_equal(part[0], 'z');
        }
    }
}

static void test_valid(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "abc", "é", "€", "😀", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc3",
                                      "\xc0\xaf",
                                      "\xe0\x80\xaf",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf8\x88\x80\x80\x80",
                                      "a\xffz",
                                      "\xc1\xbf",
                                      "\xf0\x80\x80\xaf",
                                      "\xe2\x82"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(text_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_valid(bad[i], strlen(bad[i])));
    assert_false(text_valid("a\0b", 3));

    assert_true(text_printable("a b", 3, false));
    assert_false(text_printable("a\nb", 3, false));
    assert_true(text_printable("a\n\tb", 4, true));
    assert_false(text_printable("a\x1b[31m", 6, true));
    assert_false(text_printable("a\x7f", 2, true));
    assert_false(text_printable("\xc2\x85", 2, true));
    assert_false(text_printable("x\xe2\x80\xaey", 5, true)); /* turns the direction around */
}

static void test_similar(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        enum text_likeness expected;
    } cases[] = {
        {"Ștefan Ionescu", "stefan ionescu", TEXT_SAME},
        {"Мария", "Maria", TEXT_SAME},
        {"Ionescu Ștefan", "Stefan Ionescu", TEXT_SWAPPED},
        {"Мария Петрова", "Petrova Maria", TEXT_SWAPPED},
        {"Mariya", "Maria", TEXT_CLOSE},
        {"Yordan", "Iordan", TEXT_CLOSE},
        {"Georghe Popa", "Gheorghe Popa", TEXT_CLOSE},
        {"Anna Marin", "Ana Marin", TEXT_CLOSE},
        {"Stefan Popa", "Sefan Popa", TEXT_CLOSE},
        {"Stefna Popa", "Stefan Popa", TEXT_CLOSE},
        {"Maria", "Maria Ionescu", TEXT_PART},
        {"Maria Ionescu", "Ionescu", TEXT_PART},
        {"Maria Popa", "Maria Ionescu", TEXT_DIFFERENT},
        {"Ion", "Ian", TEXT_DIFFERENT}, /* too short to say that one letter matters */
        {"Ana", "Ada", TEXT_DIFFERENT},
        {"", "", TEXT_DIFFERENT},
        {"", "Maria", TEXT_DIFFERENT},
        {"...", "Maria", TEXT_DIFFERENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum text_likeness found = text_similar(cases[i].a, cases[i].b);
        if (found != cases[i].expected || text_similar(cases[i].b, cases[i].a) != found)
            fail_msg("'%s' and '%s': %d", cases[i].a, cases[i].b, (int)found);
    }
    char longest[4096];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(text_similar(longest, longest), TEXT_SAME);
    for (size_t i = 1; i < sizeof longest; i += 2)
        longest[i - 1] = ' ';
    (void)text_similar(longest, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),           cmocka_unit_test(test_fold_is_stable),
        cmocka_unit_test(test_fold_any_bytes), cmocka_unit_test(test_valid),
        cmocka_unit_test(test_similar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
