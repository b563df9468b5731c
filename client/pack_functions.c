/* SPDX-License-Identifier: Apache-2.0
 *
 * The civil calendar and the folding of texts as functions of SQL, so that reports and rules of a
 * pack count days the way the program does.
 */
#include "client/pack.h"

#include "client/civil.h"
#include "client/text.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static bool day_at(sqlite3_value *value, int32_t *day)
{
    const char *text = (const char *)sqlite3_value_text(value);
    return text && civil_parse(text, day);
}

static void give_day(sqlite3_context *context, int32_t day)
{
    char text[CIVIL_TEXT_LEN];
    civil_format(day, text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static enum civil_region region_at(sqlite3_value *value)
{
    return civil_region_from_key((const char *)sqlite3_value_text(value));
}

static uint8_t week_at(sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    uint8_t week;
    return text && civil_week_parse(text, &week) ? week : CIVIL_MONDAY_TO_FRIDAY;
}

/* A count within ten years, so that no pack makes a loop long. */
static int count_at(sqlite3_value *value, int least)
{
    int n = sqlite3_value_int(value);
    n = n < least ? least : n;
    return n > 4000 ? 4000 : n;
}

static void worked_day(sqlite3_context *context, int n, sqlite3_value **args)
{
    int32_t day;
    (void)n;
    if (day_at(args[0], &day))
        give_day(context,
                 civil_worked_day(day, count_at(args[1], 1), week_at(args[2]), region_at(args[3])));
}

static void worked_shift(sqlite3_context *context, int n, sqlite3_value **args)
{
    int32_t day;
    (void)n;
    if (day_at(args[0], &day))
        give_day(context, civil_worked_shift(day, count_at(args[1], -4000), week_at(args[2]),
                                             region_at(args[3])));
}

static void last_worked(sqlite3_context *context, int n, sqlite3_value **args)
{
    int32_t day;
    (void)n;
    if (day_at(args[0], &day))
        give_day(context, civil_last_worked(day, count_at(args[1], 1), week_at(args[2]),
                                            region_at(args[3])));
}

static void months_after(sqlite3_context *context, int n, sqlite3_value **args)
{
    int32_t day;
    (void)n;
    if (day_at(args[0], &day))
        give_day(context, civil_next_open(civil_add_months(day, count_at(args[1], -4000)),
                                          region_at(args[2])));
}

static void open_day(sqlite3_context *context, int n, sqlite3_value **args)
{
    int32_t day;
    (void)n;
    if (day_at(args[0], &day))
        give_day(context, civil_next_open(day, region_at(args[1])));
}

static void fold(sqlite3_context *context, int n, sqlite3_value **args)
{
    const char *text = (const char *)sqlite3_value_text(args[0]);
    size_t len = (size_t)sqlite3_value_bytes(args[0]);
    (void)n;
    if (!text)
        return;
    char *folded = sqlite3_malloc64(TEXT_FOLD_MAX(len));
    if (!folded) {
        sqlite3_result_error_nomem(context);
        return;
    }
    size_t used = text_fold(folded, TEXT_FOLD_MAX(len), text, len);
    sqlite3_result_text64(context, folded, used, sqlite3_free, SQLITE_UTF8);
}

enum err pack_functions(struct sqlite3 *db)
{
    static const struct {
        const char *name;
        int args;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"jour_travaille", 4, worked_day},
        {"jour_decale", 4, worked_shift},
        {"dernier_jour_travaille", 4, last_worked},
        {"mois_apres", 3, months_after},
        {"jour_ouvert", 2, open_day},
        {"plie", 1, fold},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
        if (sqlite3_create_function(db, functions[i].name, functions[i].args, flags, NULL,
                                    functions[i].function, NULL, NULL) != SQLITE_OK)
            return ERR_MEMORY;
    }
    return ERR_OK;
}
