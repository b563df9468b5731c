/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: each error has one number, one name, a text, a category that fits its number, an HTTP status.
 */
#include "tests/unit/proto_test.h"

#define ROW(name, number, category, http, text) {number, CAT_##category, http, #name, text},
static const struct {
    unsigned number;
    enum err_category category;
    int http;
    const char *name, *text;
} rows[] = {ERR_TABLE(ROW)};
enum { N = sizeof rows / sizeof rows[0] };

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        enum err err = err_from_number(rows[i].number);
        assert_int_equal((unsigned)err, rows[i].number);
        assert_string_equal(err_name(err), rows[i].name);
        assert_string_equal(err_text(err), rows[i].text);
        assert_int_equal(err_category(err), rows[i].category);
        assert_int_equal(err_http(err), rows[i].http);
        assert_in_range(rows[i].http, 200, 599);
        assert_true(strlen(rows[i].text) > 3);
        if (i > 0)
            assert_true(rows[i].number > rows[i - 1].number); /* thus no number twice */
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(rows[i].name, rows[k].name);
    }
}

/* Ranges tell categories apart in an old program too. */
static void test_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        unsigned n = rows[i].number;
        enum err_category expected = n < 10    ? CAT_NONE
                                     : n < 30  ? CAT_RETRY
                                     : n < 60  ? CAT_REJECT
                                     : n < 80  ? CAT_DENIED
                                     : n < 100 ? CAT_CORRUPT
                                     : n < 120 ? CAT_ERASED
                                               : CAT_INTERNAL;
        assert_int_equal(rows[i].category, expected);
        assert_true(rows[i].category == CAT_NONE ? rows[i].http < 300 : rows[i].http >= 400);
    }
}

/* These numbers travel; they never change. */
static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, 0);
    assert_int_equal(ERR_UNCHANGED, 1);
    assert_int_equal(ERR_STALE_EPOCH, 12);
    assert_int_equal(ERR_LOST_RACE, 13);
    assert_int_equal(ERR_CLOCK, 14);
    assert_int_equal(ERR_AFTER_REFUSED, 18);
    assert_int_equal(ERR_FORMAT, 30);
    assert_int_equal(ERR_SEQ, 36);
    assert_int_equal(ERR_DENIED, 60);
    assert_int_equal(ERR_REVOKED, 62);
    assert_int_equal(ERR_CORRUPT, 80);
    assert_int_equal(ERR_ROLLBACK, 84);
    assert_int_equal(ERR_ERASED, 100);
    assert_int_equal(ERR_MEMORY, 120);
}

static void test_unknown(void **state)
{
    (void)state;
    static const unsigned long long numbers[] = {3, 9, 29, 59, 99, 119, 255, 1ull << 32, ~0ull};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_err(err_from_number(numbers[i]), ERR_VERSION);
    enum err strange = (enum err)255;
    assert_string_equal(err_name(strange), "UNKNOWN");
    assert_non_null(err_text(strange));
    assert_int_equal(err_category(strange), CAT_INTERNAL);
    assert_int_equal(err_http(strange), 500);
}

static enum err first_failure(enum err a, enum err b, int *cleaned)
{
    enum err err = ERR_OK;
    TRY(a);
    TRY(b);
out:
    (*cleaned)++;
    return err;
}

static void test_try(void **state)
{
    (void)state;
    int cleaned = 0;
    assert_ok(first_failure(ERR_OK, ERR_OK, &cleaned));
    assert_err(first_failure(ERR_IO, ERR_FORMAT, &cleaned), ERR_IO);
    assert_err(first_failure(ERR_OK, ERR_FORMAT, &cleaned), ERR_FORMAT);
    assert_int_equal(cleaned, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),   cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_try),
    };
    return cmocka_run_group_tests(tests, proto_setup, NULL);
}
