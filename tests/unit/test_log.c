/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: log lines have the documented shape, stay bounded, and repeat only so often.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/log.h"

struct capture {
    FILE *file;
    char text[65536];
};

static void capture_begin(struct capture *c, enum log_format format)
{
    c->file = tmpfile();
    assert_non_null(c->file);
    log_open(fileno(c->file), format, LOG_INFO);
}

static void capture_end(struct capture *c)
{
    log_open(STDERR_FILENO, LOG_AUTO, LOG_INFO);
    rewind(c->file);
    size_t n = fread(c->text, 1, sizeof c->text - 1, c->file);
    c->text[n] = '\0';
    fclose(c->file);
}

static size_t lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void test_json(void **state)
{
    (void)state;
    struct capture c;
    capture_begin(&c, LOG_AUTO); /* a file is no terminal */
    LOG(LOG_WARN, "push_refused", LOG_NUM("items", -3), LOG_ERR("err", ERR_SEQ),
        LOG_WORD("why", "late"));
    LOG(LOG_DEBUG, "too_quiet", LOG_NUM("items", 1));
    capture_end(&c);
    assert_int_equal(lines(c.text), 1);
    assert_int_equal(strncmp(c.text, "{\"time\":\"2", 10), 0);
    assert_non_null(strstr(c.text, "Z\",\"level\":\"warn\",\"event\":\"push_refused\",\"items\":-3,"
                                   "\"err\":\"SEQ\",\"why\":\"late\"}\n"));
}

static void test_text(void **state)
{
    (void)state;
    struct capture c;
    capture_begin(&c, LOG_TEXT);
    LOG(LOG_INFO, "started", LOG_NUM("port", 8787), LOG_WORD("mode", "plain"));
    capture_end(&c);
    assert_non_null(strstr(c.text, " info started port=8787 mode=plain\n"));
}

static void test_repeats(void **state)
{
    (void)state;
    struct capture c;
    capture_begin(&c, LOG_JSON);
    for (int i = 0; i < 500; i++)
        LOG(LOG_INFO, "again", LOG_NUM("i", i));
    LOG(LOG_INFO, "other", LOG_NUM("i", 1));
    capture_end(&c);
    /* The minute may turn once while the test runs. */
    size_t n = lines(c.text);
    assert_true(n == LOG_PER_MINUTE + 1 || n == 2 * LOG_PER_MINUTE + 1);
    assert_non_null(strstr(c.text, "\"event\":\"other\""));
}

static void test_bounded(void **state)
{
    (void)state;
    struct capture c;
    struct log_field fields[200];
    for (size_t i = 0; i < 200; i++)
        fields[i] = LOG_NUM("a_rather_long_key", INT64_MIN);
    capture_begin(&c, LOG_JSON);
    log_event(LOG_ERROR, "wide", fields, 200);
    capture_end(&c);
    assert_int_equal(lines(c.text), 1);
    assert_true(strlen(c.text) <= LOG_LINE_MAX);
    assert_string_equal(c.text + strlen(c.text) - 2, "}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
