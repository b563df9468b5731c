/* SPDX-License-Identifier: Apache-2.0
 *
 * civil: calendar days, without clock or time zone tables. A day is an int32_t: days since
 * 1970-01-01, in the Gregorian calendar, for the years CIVIL_YEAR_MIN..CIVIL_YEAR_MAX. Everything
 * that people plan (due dates, contracts, visits) is a civil day; instants exist only in the log.
 *
 * French public holidays come in two regions; work weeks are masks of ISO weekdays. Pure functions.
 */
#ifndef CLIENT_CIVIL_H
#define CLIENT_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define CIVIL_YEAR_MIN 1900
#define CIVIL_YEAR_MAX 2199
#define CIVIL_TEXT_LEN 11 /* "AAAA-MM-JJ" and its zero */

/** Alsace-Moselle has Good Friday and 26 December in addition to everybody's eleven days. */
enum civil_region { CIVIL_METROPOLE, CIVIL_ALSACE_MOSELLE };

/* A work week is a uint8_t: bit 1 is Monday ... bit 7 is Sunday (1 << ISO weekday). */
#define CIVIL_MONDAY_TO_FRIDAY ((uint8_t)0x3e)

/** The day of a date; false (and *day untouched) if there is no such date. */
bool civil_from_ymd(int year, int month, int day_of_month, int32_t *day);

/** The date of a day; days outside the supported years are brought to the nearest one inside. */
void civil_to_ymd(int32_t day, int *year, int *month, int *day_of_month);

/** Reads exactly "AAAA-MM-JJ"; false for anything else. */
bool civil_parse(const char *text, int32_t *day);

/**
 * Reads what a person types: AAAA-MM-JJ, J/M/AAAA, J.M.AAAA, and with `today` not NULL also J/M (the
 * nearest past or present one), avant-hier, hier, aujourd'hui, demain, yesterday, today, tomorrow, a
 * weekday's name (lundi, monday: its latest past or present day), -3 and +7 (days). False if none fits.
 */
bool civil_read(const char *text, const int32_t *today, int32_t *day);

/** Writes "AAAA-MM-JJ" with its zero. */
void civil_format(int32_t day, char out[static CIVIL_TEXT_LEN]);

/** ISO weekday: 1 Monday ... 7 Sunday. */
int civil_weekday(int32_t day);

/** Adds months (any sign); a day that the month does not have becomes the month's last. */
int32_t civil_add_months(int32_t day, int months);

/** Easter Sunday of a year. */
int32_t civil_easter(int year);

/** Whether a day is a public holiday in the region. */
bool civil_holiday(int32_t day, enum civil_region region);

/** The region of a pack's key ("metropole", "alsace_moselle"); metropole for any other text or NULL. */
enum civil_region civil_region_from_key(const char *key);

/** The mask of weekday digits ("12345", any order); false if the text has anything else or is empty. */
bool civil_week_parse(const char *digits, uint8_t *week);

/** Whether a day is in the work week and no holiday. */
bool civil_worked(int32_t day, uint8_t week, enum civil_region region);

/**
 * The n-th worked day from `start`, which counts as the first whatever the calendar says; n >= 1.
 * With an empty week, or no worked day within ten years, the answer is `start`.
 */
int32_t civil_worked_day(int32_t start, int n, uint8_t week, enum civil_region region);

/** The n-th worked day strictly after (n > 0) or before (n < 0) a day; n = 0 is the day itself. */
int32_t civil_worked_shift(int32_t day, int n, uint8_t week, enum civil_region region);

/** The last worked day within the first `days` calendar days from `start` on; `start` if there is none. */
int32_t civil_last_worked(int32_t start, int days, uint8_t week, enum civil_region region);

/** The first Monday-to-Friday day that is no holiday, on or after a day. */
int32_t civil_next_open(int32_t day, enum civil_region region);

/** The first day with that ISO weekday on or after a day. */
int32_t civil_next_weekday(int32_t day, int weekday);

/**
 * The civil day and minute of day in Paris at an instant (seconds since 1970, UTC), by the European
 * summer time rule in force since 1996. `minute` may be NULL.
 */
int32_t civil_paris(int64_t unix_seconds, int *minute);

#endif
