/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a command line is taken apart as people mean it: options anywhere, values with signs in them, shell quoting in
 * a batch, and nothing that was not asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The program's objects are in no library. */
#include "client/cli/args.c"

#define SPEC "json home= now="

static struct args args;

static enum args_result parse(const char *more, size_t n, ...)
{
    const char *words[32];
    va_list list;
    va_start(list, n);
    for (size_t i = 0; i < n; i++)
        words[i] = va_arg(list, const char *);
    va_end(list);
    return args_parse(&args, n, words, SPEC, more);
}

static void test_options(void **state)
{
    (void)state;
    assert_int_equal(
        parse("base=", 6, "--json", "ABC", "--base", "12", "nom=x y", "--home=/tmp/a b"), ARGS_OK);
    assert_int_equal(args.n, 2);
    assert_string_equal(args.words[0], "ABC");
    assert_string_equal(args.words[1], "nom=x y");
    assert_string_equal(args_option(&args, "json"), "");
    assert_string_equal(args_option(&args, "base"), "12");
    assert_string_equal(args_option(&args, "home"), "/tmp/a b");
    assert_null(args_option(&args, "now"));
    /* The last one wins. */
    assert_int_equal(parse(NULL, 4, "--now", "1", "--now", "2"), ARGS_OK);
    assert_string_equal(args_option(&args, "now"), "2");
    /* A value may look like an option, or be empty. */
    assert_int_equal(parse(NULL, 2, "--now", "--json"), ARGS_OK);
    assert_string_equal(args_option(&args, "now"), "--json");
    assert_null(args_option(&args, "json"));
    assert_int_equal(parse(NULL, 1, "--now="), ARGS_OK);
    assert_string_equal(args_option(&args, "now"), "");
}

static void test_wrong(void **state)
{
    (void)state;
    assert_int_equal(parse(NULL, 2, "x", "--nope"), ARGS_UNKNOWN);
    assert_string_equal(args.bad, "--nope");
    assert_int_equal(parse(NULL, 1, "--jso"), ARGS_UNKNOWN);
    assert_int_equal(parse(NULL, 1, "--jsonx"), ARGS_UNKNOWN);
    assert_int_equal(parse(NULL, 1, "--base"), ARGS_UNKNOWN); /* of another command */
    assert_int_equal(parse(NULL, 1, "--home"), ARGS_NO_VALUE);
    assert_int_equal(parse(NULL, 1, "--json=1"), ARGS_VALUE);
}

static void test_positional(void **state)
{
    (void)state;
    /* One hyphen is a value, and -- ends the options. */
    assert_int_equal(parse(NULL, 5, "-", "langues=-ro", "-3", "--", "--json"), ARGS_OK);
    assert_int_equal(args.n, 4);
    assert_string_equal(args.words[3], "--json");
    assert_null(args_option(&args, "json"));
}

static void test_command(void **state)
{
    (void)state;
    size_t at = 99;
    const char *const late[] = {"--home", "new", "--json", "list", "site"};
    assert_string_equal(args_command(5, late, SPEC, &at), "list");
    assert_int_equal(at, 3);
    const char *const joined[] = {"--home=x", "sync"};
    assert_string_equal(args_command(2, joined, SPEC, &at), "sync");
    const char *const none[] = {"--json"};
    assert_null(args_command(1, none, SPEC, &at));
}

static void test_pair(void **state)
{
    (void)state;
    char key[8];
    const char *value = NULL;
    assert_true(args_pair("nom=a=b", key, sizeof key, &value));
    assert_string_equal(key, "nom");
    assert_string_equal(value, "a=b");
    assert_true(args_pair("nom=", key, sizeof key, &value));
    assert_string_equal(value, "");
    assert_false(args_pair("nom", key, sizeof key, &value));
    assert_false(args_pair("=x", key, sizeof key, &value));
    assert_false(args_pair("troplong=x", key, sizeof key, &value));
}

static size_t split(const char *line, const char **words)
{
    static char copy[256];
    strcpy(copy, line);
    return args_split(copy, words, 8);
}

static void test_split(void **state)
{
    (void)state;
    const char *words[8];
    assert_int_equal(split("new personne prenom=Ana", words), 3);
    assert_string_equal(words[2], "prenom=Ana");
    assert_int_equal(
        split("  set X  nom='Les Acacias'\ttexte=\"l'été \\\"ici\\\" \\\\\" \r\n", words), 4);
    assert_string_equal(words[2], "nom=Les Acacias");
    assert_string_equal(words[3], "texte=l'été \"ici\" \\");
    assert_int_equal(split("a\\ b 'c'\"d\"e", words), 2);
    assert_string_equal(words[0], "a b");
    assert_string_equal(words[1], "cde");
    assert_int_equal(split("x '' \"\"", words), 3);
    assert_string_equal(words[1], "");
    assert_string_equal(words[2], "");
    assert_int_equal(split("# comment", words), 0);
    assert_int_equal(split("a #comment", words), 1);
    assert_int_equal(split("a b#c", words), 2);
    assert_string_equal(words[1], "b#c");
    assert_int_equal(split("", words), 0);
    assert_int_equal(split("   ", words), 0);
    assert_int_equal(split("a 'b", words), SIZE_MAX);
    assert_int_equal(split("a \"b\\\"", words), SIZE_MAX);
    assert_int_equal(split("1 2 3 4 5 6 7 8", words), 8);
    assert_int_equal(split("1 2 3 4 5 6 7 8 9", words), SIZE_MAX);
    /* Nothing is expanded. */
    assert_int_equal(split("$HOME `id` *", words), 3);
    assert_string_equal(words[0], "$HOME");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),    cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_positional), cmocka_unit_test(test_command),
        cmocka_unit_test(test_pair),       cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
