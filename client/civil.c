/* SPDX-License-Identifier: Apache-2.0
 *
 * Day numbers are counted in 400-year eras that begin on 1 March, so that the leap day is the last
 * of its year and months need no table of leap years.
 */
#include "client/civil.h"

#include "client/text.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define DAY_MIN        (-25567) /* 1900-01-01 */
#define DAY_MAX        84005    /* 2199-12-31 */
#define SEARCH_DAYS    3660     /* how far a worked day is looked for */
#define SECONDS_OF_DAY 86400

static int32_t day_number(int year, int month, int day)
{
    int shifted = month > 2 ? year : year - 1; /* the year that begins in March */
    int era = shifted / 400;
    int year_of_era = shifted - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int month_length(int year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return lengths[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool civil_from_ymd(int year, int month, int day_of_month, int32_t *day)
{
    if (year < CIVIL_YEAR_MIN || year > CIVIL_YEAR_MAX || month < 1 || month > 12)
        return false;
    if (day_of_month < 1 || day_of_month > month_length(year, month))
        return false;
    *day = day_number(year, month, day_of_month);
    return true;
}

static int32_t bounded(int64_t day)
{
    if (day < DAY_MIN)
        return DAY_MIN;
    return day > DAY_MAX ? DAY_MAX : (int32_t)day;
}

void civil_to_ymd(int32_t day, int *year, int *month, int *day_of_month)
{
    int32_t n = bounded(day) + 719468;
    int32_t era = n / 146097;
    int32_t day_of_era = n - era * 146097;
    int32_t y = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * y + y / 4 - y / 100);
    int32_t m = (5 * day_of_year + 2) / 153;
    *day_of_month = day_of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = y + era * 400 + (*month <= 2 ? 1 : 0);
}

/* Reads 1 to `max` digits at *at and moves it on; -1 if there are none or too many. */
static int digits(const char **at, int max)
{
    int value = 0;
    int n = 0;
    while (**at >= '0' && **at <= '9') {
        if (++n > max)
            return -1;
        value = value * 10 + (**at - '0');
        (*at)++;
    }
    return n ? value : -1;
}

bool civil_parse(const char *text, int32_t *day)
{
    for (int i = 0; i < 10; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : (text[i] < '0' || text[i] > '9'))
            return false; /* also stops at an early zero */
    }
    if (text[10])
        return false;
    const char *at = text;
    int year = digits(&at, 4);
    at++;
    int month = digits(&at, 2);
    at++;
    return civil_from_ymd(year, month, digits(&at, 2), day);
}

void civil_format(int32_t day, char out[static CIVIL_TEXT_LEN])
{
    int year, month, day_of_month;
    civil_to_ymd(day, &year, &month, &day_of_month);
    out[0] = (char)('0' + year / 1000);
    out[1] = (char)('0' + year / 100 % 10);
    out[2] = (char)('0' + year / 10 % 10);
    out[3] = (char)('0' + year % 10);
    out[4] = '-';
    out[5] = (char)('0' + month / 10);
    out[6] = (char)('0' + month % 10);
    out[7] = '-';
    out[8] = (char)('0' + day_of_month / 10);
    out[9] = (char)('0' + day_of_month % 10);
    out[10] = '\0';
}

/* 5/3/2025, 5.3.2025, and 5/3 for the latest one that is not after today. */
static bool read_day_first(const char *text, const int32_t *today, int32_t *day)
{
    const char *at = text;
    int day_of_month = digits(&at, 2);
    char separator = *at;
    if (day_of_month < 0 || (separator != '/' && separator != '.'))
        return false;
    at++;
    int month = digits(&at, 2);
    if (month < 0)
        return false;
    if (*at == separator) {
        at++;
        int year = digits(&at, 4);
        return year >= 0 && !*at && civil_from_ymd(year, month, day_of_month, day);
    }
    if (*at || !today)
        return false;
    int year, ignored;
    civil_to_ymd(*today, &year, &ignored, &ignored);
    int32_t found;
    if (civil_from_ymd(year, month, day_of_month, &found) && found <= *today) {
        *day = found;
        return true;
    }
    return civil_from_ymd(year - 1, month, day_of_month, day);
}

static bool read_word(const char *text, int32_t today, int32_t *day)
{
    static const struct {
        const char *word;
        int shift;
    } words[] = {{"aujourd hui", 0}, {"aujourdhui", 0},  {"today", 0},       {"ce jour", 0},
                 {"hier", -1},       {"yesterday", -1},  {"avant hier", -2}, {"demain", 1},
                 {"tomorrow", 1},    {"apres demain", 2}};
    static const char *const weekdays[][2] = {
        {"lundi", "monday"},    {"mardi", "tuesday"},   {"mercredi", "wednesday"},
        {"jeudi", "thursday"},  {"vendredi", "friday"}, {"samedi", "saturday"},
        {"dimanche", "sunday"},
    };
    char folded[24];
    if (text_fold(folded, sizeof folded, text, strlen(text)) >= sizeof folded)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(folded, words[i].word) == 0) {
            *day = bounded((int64_t)today + words[i].shift);
            return true;
        }
    }
    for (int i = 0; i < 7; i++) {
        if (strcmp(folded, weekdays[i][0]) == 0 || strcmp(folded, weekdays[i][1]) == 0) {
            *day = bounded((int64_t)today - (civil_weekday(today) + 7 - (i + 1)) % 7);
            return true;
        }
    }
    return false;
}

bool civil_read(const char *text, const int32_t *today, int32_t *day)
{
    if (civil_parse(text, day) || read_day_first(text, today, day))
        return true;
    if (!today)
        return false;
    if (*text == '+' || *text == '-') {
        const char *at = text + 1;
        int n = digits(&at, 4);
        if (n < 0 || *at)
            return false;
        *day = bounded((int64_t)*today + (*text == '-' ? -n : n));
        return true;
    }
    return read_word(text, *today, day);
}

int civil_weekday(int32_t day)
{
    int32_t since_monday = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return (since_monday < 0 ? since_monday + 7 : since_monday) + 1;
}

int32_t civil_add_months(int32_t day, int months)
{
    int year, month, day_of_month;
    civil_to_ymd(day, &year, &month, &day_of_month);
    int64_t index = (int64_t)year * 12 + (month - 1) + months;
    if (index < (int64_t)CIVIL_YEAR_MIN * 12)
        return DAY_MIN;
    if (index >= (int64_t)(CIVIL_YEAR_MAX + 1) * 12)
        return DAY_MAX;
    year = (int)(index / 12);
    month = (int)(index % 12) + 1;
    int length = month_length(year, month);
    return day_number(year, month, day_of_month < length ? day_of_month : length);
}

/* The tables of the Gregorian reform as arithmetic: the epact gives the paschal full moon, Easter
 * is the Sunday after it. */
int32_t civil_easter(int year)
{
    int golden = year % 19;
    int century = year / 100;
    int solar = century - century / 4;
    int lunar = (8 * century + 13) / 25;
    int epact_days = (solar - lunar + 19 * golden + 15) % 30;
    /* The moon may fall neither 29 days after 21 March nor, in the later half of the cycle, 28. */
    if (epact_days == 29 || (epact_days == 28 && golden > 10))
        epact_days--;
    int32_t full_moon = day_number(year, 3, 21) + epact_days;
    return full_moon + 7 - civil_weekday(full_moon) % 7;
}

bool civil_holiday(int32_t day, enum civil_region region)
{
    static const uint16_t everywhere[] = {101, 501, 508, 714, 815, 1101, 1111, 1225};
    int year, month, day_of_month;
    civil_to_ymd(day, &year, &month, &day_of_month);
    int date = month * 100 + day_of_month;
    for (size_t i = 0; i < sizeof everywhere / sizeof everywhere[0]; i++) {
        if (everywhere[i] == date)
            return true;
    }
    int32_t after_easter = day - civil_easter(year);
    if (after_easter == 1 || after_easter == 39 || after_easter == 50)
        return true; /* Easter Monday, Ascension, Whit Monday */
    return region == CIVIL_ALSACE_MOSELLE && (after_easter == -2 || date == 1226);
}

enum civil_region civil_region_from_key(const char *key)
{
    return key && strcmp(key, "alsace_moselle") == 0 ? CIVIL_ALSACE_MOSELLE : CIVIL_METROPOLE;
}

bool civil_week_parse(const char *text, uint8_t *week)
{
    unsigned mask = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '1' || *at > '7')
            return false;
        mask |= 1u << (*at - '0');
    }
    if (!mask)
        return false;
    *week = (uint8_t)mask;
    return true;
}

bool civil_worked(int32_t day, uint8_t week, enum civil_region region)
{
    return (week >> civil_weekday(day) & 1) && !civil_holiday(day, region);
}

int32_t civil_worked_shift(int32_t day, int n, uint8_t week, enum civil_region region)
{
    int step = n < 0 ? -1 : 1;
    int left = n < 0 ? -n : n;
    int32_t at = day;
    for (int i = 0; left > 0 && i < SEARCH_DAYS; i++) {
        at = bounded((int64_t)at + step);
        if (civil_worked(at, week, region))
            left--;
    }
    return left ? day : at;
}

int32_t civil_worked_day(int32_t start, int n, uint8_t week, enum civil_region region)
{
    assert(n >= 1);
    return civil_worked_shift(start, n - 1, week, region);
}

int32_t civil_last_worked(int32_t start, int days, uint8_t week, enum civil_region region)
{
    for (int i = days - 1; i > 0; i--) {
        if (civil_worked(bounded((int64_t)start + i), week, region))
            return bounded((int64_t)start + i);
    }
    return start;
}

int32_t civil_next_open(int32_t day, enum civil_region region)
{
    int32_t at = day;
    while (!civil_worked(at, CIVIL_MONDAY_TO_FRIDAY, region) && at < DAY_MAX)
        at++;
    return at;
}

int32_t civil_next_weekday(int32_t day, int weekday)
{
    assert(weekday >= 1 && weekday <= 7);
    return bounded((int64_t)day + (weekday + 7 - civil_weekday(day)) % 7);
}

/* Summer time runs from the last Sunday of March to that of October, 01:00 UTC both. */
static int64_t change_seconds(int year, int month)
{
    int32_t last = day_number(year, month, 31);
    return (int64_t)(last - civil_weekday(last) % 7) * SECONDS_OF_DAY + 3600;
}

int32_t civil_paris(int64_t unix_seconds, int *minute)
{
    int64_t lowest = (int64_t)DAY_MIN * SECONDS_OF_DAY;
    int64_t highest = (int64_t)DAY_MAX * SECONDS_OF_DAY;
    int64_t at = unix_seconds < lowest ? lowest : unix_seconds;
    at = at > highest ? highest : at;
    int year, ignored;
    civil_to_ymd((int32_t)(at / SECONDS_OF_DAY - (at % SECONDS_OF_DAY < 0)), &year, &ignored,
                 &ignored);
    bool summer = at >= change_seconds(year, 3) && at < change_seconds(year, 10);
    at += summer ? 7200 : 3600;
    int64_t day = at / SECONDS_OF_DAY - (at % SECONDS_OF_DAY < 0);
    if (minute)
        *minute = (int)((at - day * SECONDS_OF_DAY) / 60);
    return bounded(day);
}
