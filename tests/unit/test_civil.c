/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: civil dates are right for every day of three centuries, and the due dates of the follow-up
 * method fall on the days that our table of eleven placements says (PASSERELLE_VECTORS).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/civil.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t day_of(const char *text)
{
    int32_t day = INT32_MIN;
    if (!civil_parse(text, &day))
        fail_msg("not a date: %s", text);
    return day;
}

static const char *text_of(int32_t day)
{
    static char text[4][CIVIL_TEXT_LEN];
    static int next;
    next = (next + 1) % 4;
    civil_format(day, text[next]);
    return text[next];
}

/* Walks every day from 1900 to 2199, counting by hand. */
static void test_every_day(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t expected = day_of("1900-01-01");
    int weekday = 1; /* a Monday */
    assert_int_equal(expected, -25567);
    for (int year = 1900; year <= 2199; year++) {
        for (int month = 1; month <= 12; month++) {
            bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            int length = lengths[month - 1] + (month == 2 && leap);
            for (int d = 1; d <= length; d++, expected++, weekday = weekday % 7 + 1) {
                int32_t day, again;
                int y, m, dd;
                assert_true(civil_from_ymd(year, month, d, &day));
                assert_int_equal(day, expected);
                civil_to_ymd(day, &y, &m, &dd);
                assert_true(y == year && m == month && dd == d);
                assert_int_equal(civil_weekday(day), weekday);
                assert_true(civil_parse(text_of(day), &again));
                assert_int_equal(again, day);
            }
            assert_false(civil_from_ymd(year, month, length + 1, &expected));
        }
    }
    assert_string_equal(text_of(expected - 1), "2199-12-31");
    assert_string_equal(text_of(0), "1970-01-01");
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",           "2025",       "2025-1-01",   "2025-13-01",
                                        "2025-02-29", "2025-06-31", "2025-00-10",  "2025-01-00",
                                        "1899-12-31", "2200-01-01", "2025-01-011", " 2025-01-01",
                                        "2025/01/01", "2025-01-0x", "20250101",    "+025-01-01"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int32_t day = 77;
        assert_false(civil_parse(wrong[i], &day));
        assert_int_equal(day, 77);
    }
}

static void test_read_words(void **state)
{
    (void)state;
    const int32_t today = day_of("2025-05-06"); /* a Tuesday */
    static const char *const cases[][2] = {
        {"2025-12-24", "2025-12-24"},
        {"5/3/2025", "2025-03-05"},
        {"05.03.2025", "2025-03-05"},
        {"5/5", "2025-05-05"},
        {"6/5", "2025-05-06"},
        {"7/5", "2024-05-07"},
        {"hier", "2025-05-05"},
        {"Hier", "2025-05-05"},
        {"aujourd'hui", "2025-05-06"},
        {"aujourd’hui", "2025-05-06"},
        {"aujourdhui", "2025-05-06"},
        {"avant-hier", "2025-05-04"},
        {"demain", "2025-05-07"},
        {"after", ""},
        {"yesterday", "2025-05-05"},
        {"today", "2025-05-06"},
        {"tomorrow", "2025-05-07"},
        {"lundi", "2025-05-05"},
        {"mardi", "2025-05-06"},
        {"mercredi", "2025-04-30"},
        {"Sunday", "2025-05-04"},
        {"-3", "2025-05-03"},
        {"+7", "2025-05-13"},
        {"-", ""},
        {"+12345", ""},
        {"31/6/2025", ""},
        {"5/3/25x", ""},
        {"5-3-2025", ""},
        {"29/2", "2024-02-29"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t day = 77;
        bool read = civil_read(cases[i][0], &today, &day);
        if (read != (cases[i][1][0] != '\0') || (read && strcmp(text_of(day), cases[i][1]) != 0))
            fail_msg("'%s' gave %s", cases[i][0], read ? text_of(day) : "nothing");
    }
    int32_t day;
    assert_false(civil_read("hier", NULL, &day));
    assert_false(civil_read("5/5", NULL, &day));
    assert_true(civil_read("5/5/2025", NULL, &day));
}

static void test_months(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int months;
        const char *to;
    } cases[] = {
        {"2025-01-31", 1, "2025-02-28"},   {"2024-01-31", 1, "2024-02-29"},
        {"2025-12-15", 1, "2026-01-15"},   {"2025-01-15", -1, "2024-12-15"},
        {"2025-03-31", -13, "2024-02-29"}, {"2025-05-05", 0, "2025-05-05"},
        {"2199-12-31", 1, "2199-12-31"},   {"1900-01-01", -1, "1900-01-01"},
        {"2025-05-05", 23, "2027-04-05"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(text_of(civil_add_months(day_of(cases[i].from), cases[i].months)),
                            cases[i].to);
}

/* Another way to find Easter: count moons of a 19-year cycle from a table of known full moons. */
static int32_t easter_by_table(int year)
{
    /* Days after 21 March of the paschal full moon, 1900 to 2199, by golden number. */
    static const int moons[19] = {24, 13, 2,  21, 10, 28, 18, 7,  26, 15,
                                  4,  23, 12, 1,  20, 9,  27, 17, 6};
    int32_t day;
    assert_true(civil_from_ymd(year, 3, 21, &day));
    day += moons[year % 19];
    do
        day++;
    while (civil_weekday(day) != 7);
    return day;
}

static void test_easter(void **state)
{
    (void)state;
    static const char *const known[] = {
        "1913-03-23", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23", "2008-03-23",
        "2011-04-24", "2019-04-21", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28",
        "2030-04-21", "2038-04-25", "2049-04-18", "2050-04-10", "2076-04-19",
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_string_equal(text_of(civil_easter(atoi(known[i]))), known[i]);
    for (int year = 1900; year <= 2199; year++) {
        if (civil_easter(year) != easter_by_table(year))
            fail_msg("Easter of %d: %s", year, text_of(civil_easter(year)));
    }
}

static void test_holidays(void **state)
{
    (void)state;
    static const char *const of_2025[] = {"2025-01-01", "2025-04-21", "2025-05-01", "2025-05-08",
                                          "2025-05-29", "2025-06-09", "2025-07-14", "2025-08-15",
                                          "2025-11-01", "2025-11-11", "2025-12-25"};
    for (int region = CIVIL_METROPOLE; region <= CIVIL_ALSACE_MOSELLE; region++) {
        int n = 0;
        for (int32_t day = day_of("2025-01-01"); day <= day_of("2025-12-31"); day++)
            n += civil_holiday(day, (enum civil_region)region);
        assert_int_equal(n, region == CIVIL_METROPOLE ? 11 : 13);
        for (size_t i = 0; i < 11; i++)
            assert_true(civil_holiday(day_of(of_2025[i]), (enum civil_region)region));
    }
    assert_true(civil_holiday(day_of("2025-04-18"), CIVIL_ALSACE_MOSELLE));
    assert_true(civil_holiday(day_of("2025-12-26"), CIVIL_ALSACE_MOSELLE));
    assert_int_equal(civil_region_from_key("alsace_moselle"), CIVIL_ALSACE_MOSELLE);
    assert_int_equal(civil_region_from_key("metropole"), CIVIL_METROPOLE);
    assert_int_equal(civil_region_from_key(NULL), CIVIL_METROPOLE);
    /* Ascension falls on 8 May in 2008 (1 May) and on 9 May in 2013: neither is lost. */
    assert_true(civil_holiday(day_of("2008-05-01"), CIVIL_METROPOLE));
    assert_true(civil_holiday(day_of("2013-05-09"), CIVIL_METROPOLE));
}

static void test_weeks(void **state)
{
    (void)state;
    uint8_t week = 0;
    assert_true(civil_week_parse("12345", &week));
    assert_int_equal(week, CIVIL_MONDAY_TO_FRIDAY);
    assert_true(civil_week_parse("7", &week));
    assert_int_equal(week, 0x80);
    assert_false(civil_week_parse("", &week));
    assert_false(civil_week_parse("128", &week));
    assert_false(civil_week_parse("1 2", &week));

    const int32_t monday = day_of("2025-03-03");
    const enum civil_region here = CIVIL_METROPOLE;
    const uint8_t office = CIVIL_MONDAY_TO_FRIDAY;
    assert_string_equal(text_of(civil_worked_shift(monday, -1, office, here)), "2025-02-28");
    assert_string_equal(text_of(civil_worked_shift(monday, 2, office, here)), "2025-03-05");
    assert_int_equal(civil_worked_shift(monday, 0, office, here), monday);
    /* Nobody works in an empty week: the day stays. */
    assert_int_equal(civil_worked_day(monday, 3, 0, here), monday);
    assert_int_equal(civil_last_worked(monday, 7, 0, here), monday);
    assert_string_equal(text_of(civil_next_open(day_of("2027-10-30"), here)), "2027-11-02");
    assert_string_equal(text_of(civil_next_open(day_of("2025-04-18"), CIVIL_ALSACE_MOSELLE)),
                        "2025-04-22");
    assert_string_equal(text_of(civil_next_weekday(monday, 5)), "2025-03-07");
    assert_int_equal(civil_next_weekday(monday, 1), monday);
}

static void test_paris(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        const char *day;
        int minute;
    } cases[] = {
        {0, "1970-01-01", 60},           {1735689599, "2025-01-01", 59}, /* 2024-12-31T23:59:59Z */
        {1743296399, "2025-03-30", 119}, /* 00:59:59Z, still winter */
        {1743296400, "2025-03-30", 180}, /* 01:00:00Z, summer: 03:00 */
        {1761440399, "2025-10-26", 179}, /* 00:59:59Z, still summer */
        {1761440400, "2025-10-26", 120}, /* 01:00:00Z, winter: 02:00 */
        {1751320800, "2025-07-01", 0},   /* 2025-06-30T22:00:00Z */
        {-1, "1970-01-01", 59},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int minute = -1;
        assert_string_equal(text_of(civil_paris(cases[i].at, &minute)), cases[i].day);
        assert_int_equal(minute, cases[i].minute);
    }
    assert_string_equal(text_of(civil_paris(INT64_MIN, NULL)), "1900-01-01");
    (void)civil_paris(INT64_MAX, NULL);
}

/* ---- the table of due dates ---- */

static char *read_vectors(void)
{
    char path[1024];
    const char *folder = getenv("PASSERELLE_VECTORS");
    snprintf(path, sizeof path, "%s/due-dates.json",
             folder ? folder : TEST_SOURCE_DIR "/../shared/vectors");
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = calloc(1, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    if (n == 0)
        fail_msg("%s is empty", path);
    return text;
}

static int32_t due(const char *point, int32_t start, uint8_t week, enum civil_region region)
{
    if (strcmp(point, "FS1") == 0)
        return civil_last_worked(start, 7, week, region);
    int n = atoi(point + 1);
    if (*point == 'J')
        return civil_worked_day(start, n, week, region);
    assert_int_equal(*point, 'M');
    return civil_next_open(civil_add_months(start, n), region);
}

static void test_due_dates(void **state)
{
    (void)state;
    char *json = read_vectors();
    if (!json) {
        print_message("due-dates.json is not here: skipped (set PASSERELLE_VECTORS)\n");
        skip();
    }
    sqlite3 *db;
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT c.value->>'$.case', c.value->>'$.start',"
                           " (SELECT group_concat(w.value, '') FROM"
                           " json_each(c.value, '$.work_week') w),"
                           " c.value->>'$.alsace_moselle', d.key, d.value FROM"
                           " json_each(?1, '$.cases') c, json_each(c.value, '$.due') d",
                           -1, &row, NULL),
        SQLITE_OK);
    sqlite3_bind_text(row, 1, json, -1, SQLITE_STATIC);
    int n = 0;
    for (; sqlite3_step(row) == SQLITE_ROW; n++) {
        uint8_t week;
        const char *point = (const char *)sqlite3_column_text(row, 4);
        assert_true(civil_week_parse((const char *)sqlite3_column_text(row, 2), &week));
        enum civil_region region =
            sqlite3_column_int(row, 3) ? CIVIL_ALSACE_MOSELLE : CIVIL_METROPOLE;
        int32_t start = day_of((const char *)sqlite3_column_text(row, 1));
        const char *expected = (const char *)sqlite3_column_text(row, 5);
        const char *found = text_of(due(point, start, week, region));
        if (strcmp(found, expected) != 0)
            fail_msg("%s, %s: %s instead of %s", (const char *)sqlite3_column_text(row, 0), point,
                     found, expected);
    }
    assert_int_equal(n, 110);
    sqlite3_finalize(row);
    sqlite3_close(db);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day),  cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_read_words), cmocka_unit_test(test_months),
        cmocka_unit_test(test_easter),     cmocka_unit_test(test_holidays),
        cmocka_unit_test(test_weeks),      cmocka_unit_test(test_paris),
        cmocka_unit_test(test_due_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
