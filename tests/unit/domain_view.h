/* SPDX-License-Identifier: Apache-2.0
 *
 * A view that is filled by hand: the tables of the shipped pack in memory, for tests of what the pack makes of them.
 */
#ifndef TESTS_UNIT_DOMAIN_VIEW_H
#define TESTS_UNIT_DOMAIN_VIEW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/civil.h"
#include "client/domain.h"
#include "proto/digest.h"

static struct pack *pack;
static struct domain domain;

static __attribute__((unused)) void sql(const char *format, ...)
{
    va_list args;
    char *error = NULL;
    va_start(args, format);
    char *text = sqlite3_vmprintf(format, args);
    va_end(args);
    if (sqlite3_exec(domain.db, text, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", text, error);
    sqlite3_free(text);
}

static __attribute__((unused)) int32_t day(const char *text)
{
    int32_t out;
    if (!civil_parse(text, &out))
        fail_msg("%s is no day", text);
    return out;
}

static int domain_view_open(void **state)
{
    char text[8192];
    (void)state;
    assert_int_equal(digest_init(), ERR_OK);
    assert_int_equal(pack_default(&pack), ERR_OK);
    domain = (struct domain){.pack = pack, .lang = "fr", .me = "aa"};
    assert_int_equal(sqlite3_open(":memory:", &domain.db), SQLITE_OK);
    assert_int_equal(pack_functions(domain.db), ERR_OK);
    assert_int_equal(pack_fill(pack, domain.db), ERR_OK);
    for (size_t i = 0; i < pack->kinds_n; i++) {
        assert_int_equal(pack_table_sql(&pack->kinds[i], text, sizeof text), ERR_OK);
        sql("%s", text);
    }
    sql("CREATE TABLE space(state, checkpoint_at)");
    return 0;
}

static int domain_view_close(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_close(domain.db), SQLITE_OK); /* no statement was left open */
    pack_free(pack);
    return 0;
}

#endif
