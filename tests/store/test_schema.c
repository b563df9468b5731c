/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a database of an earlier version takes the steps that it lacks, all or none; a newer one, and another program's,
 * are told apart and left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "server/store_sqlite.h"

#define STEP_1 "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"
static const char *const steps[] = {STEP_1,
                                    "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1;",
                                    "CREATE TABLE b AS SELECT x + y AS z FROM a;"};
static const char *const broken[] = {STEP_1, "UPDATE a SET x = 7; CREATE TABLE b (x);",
                                     "CREATE TABLE b (x); -- it is there already"};

static const struct sq_schema first = {steps, 1}, third = {steps, 3}, faulty = {broken, 3};

static char path[64];
static struct sq sq;

static int open_file(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "schema-%ld.db", (long)getpid());
    unlink(path);
    sq = (struct sq){0};
    return sq_open(&sq, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) == ERR_OK ? 0 : -1;
}

static int close_file(void **state)
{
    (void)state;
    sq_close(&sq);
    return unlink(path);
}

static uint64_t number(const char *sql)
{
    uint64_t n;
    assert_int_equal(sq_pragma(&sq, sql, &n), ERR_OK);
    return n;
}

static void test_fresh(void **state)
{
    (void)state;
    assert_int_equal(sq_schema_check(&sq, &third), ERR_CORRUPT);
    assert_int_equal(sq_schema_raise(&sq, &third), ERR_OK);
    assert_int_equal(sq_schema_check(&sq, &third), ERR_OK);
    assert_int_equal(number("SELECT z FROM b"), 3);
}

static void test_step_by_step(void **state)
{
    (void)state;
    assert_int_equal(sq_schema_raise(&sq, &first), ERR_OK);
    assert_int_equal(sq_schema_check(&sq, &third), ERR_BEHIND);
    assert_int_equal(sq_exec(&sq, "UPDATE a SET x = 10"), ERR_OK);
    assert_int_equal(sq_schema_raise(&sq, &third), ERR_OK);
    assert_int_equal(number("SELECT z FROM b"), 21);
    assert_int_equal(sq_schema_raise(&sq, &third), ERR_OK);
    assert_int_equal(number("SELECT count(*) FROM b"), 1);
}

static void test_all_or_none(void **state)
{
    (void)state;
    assert_int_equal(sq_schema_raise(&sq, &first), ERR_OK);
    assert_int_not_equal(sq_schema_raise(&sq, &faulty), ERR_OK);
    assert_int_equal(sq_schema_check(&sq, &first), ERR_OK);
    assert_int_equal(number("SELECT x FROM a"), 1);
    assert_int_equal(number("SELECT count(*) FROM sqlite_schema"), 1);
    /* Nothing is left open: the right steps are taken all the same. */
    assert_int_equal(sq_schema_raise(&sq, &third), ERR_OK);
}

static void test_newer(void **state)
{
    (void)state;
    assert_int_equal(sq_schema_raise(&sq, &third), ERR_OK);
    assert_int_equal(sq_schema_check(&sq, &first), ERR_VERSION);
    assert_int_equal(sq_exec(&sq, "PRAGMA application_id = 1"), ERR_OK);
    assert_int_equal(sq_schema_check(&sq, &third), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fresh, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_step_by_step, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_all_or_none, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_newer, open_file, close_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
