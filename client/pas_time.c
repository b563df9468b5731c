/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pas_time.h"

#include <stdio.h>
#include <string.h>

#include "client/civil.h"

enum { DAY = 86400 };

void pas_time_format(int64_t seconds, char out[static PAS_TIME_LEN])
{
    int32_t first, last;
    (void)civil_from_ymd(CIVIL_YEAR_MIN, 1, 1, &first);
    (void)civil_from_ymd(CIVIL_YEAR_MAX, 12, 31, &last);
    if (seconds < (int64_t)first * DAY)
        seconds = (int64_t)first * DAY;
    if (seconds > (int64_t)last * DAY + DAY - 1)
        seconds = (int64_t)last * DAY + DAY - 1;
    int64_t day = seconds / DAY, rest = seconds % DAY;
    if (rest < 0) {
        day--;
        rest += DAY;
    }
    char date[CIVIL_TEXT_LEN];
    civil_format((int32_t)day, date);
    int in_day = (int)rest;
    snprintf(out, PAS_TIME_LEN, "%.10sT%02d:%02d:%02dZ", date, in_day / 3600 % 24, in_day / 60 % 60,
             in_day % 60);
}

/* Exactly two digits of at most `max`. */
static bool two(const char **at, int max, int *value)
{
    const char *p = *at;
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *value = (p[0] - '0') * 10 + (p[1] - '0');
    *at = p + 2;
    return *value <= max;
}

static bool zone(const char **at, int *offset)
{
    int hours, minutes, sign = **at == '-' ? -1 : 1;
    *offset = 0;
    if (**at == 'Z' || **at == 'z') {
        ++*at;
        return true;
    }
    if (**at != '+' && **at != '-')
        return false;
    ++*at;
    if (!two(at, 23, &hours) || *(*at)++ != ':' || !two(at, 59, &minutes))
        return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool pas_time_parse(const char *text, int64_t *seconds)
{
    char date[CIVIL_TEXT_LEN];
    int32_t day;
    int hour, minute, second, offset;
    if (strlen(text) < 10)
        return false;
    memcpy(date, text, 10);
    date[10] = 0;
    if (!civil_parse(date, &day))
        return false;
    const char *at = text + 10;
    if (*at == 0) {
        *seconds = (int64_t)day * DAY;
        return true;
    }
    if (*at != 'T' && *at != 't' && *at != ' ')
        return false;
    at++;
    if (!two(&at, 23, &hour) || *at++ != ':' || !two(&at, 59, &minute) || *at++ != ':' ||
        !two(&at, 60, &second))
        return false;
    if (*at == '.') {
        at++;
        while (*at >= '0' && *at <= '9')
            at++;
    }
    if (!zone(&at, &offset) || *at)
        return false;
    *seconds = (int64_t)day * DAY + hour * 3600 + minute * 60 + second - offset;
    return true;
}
