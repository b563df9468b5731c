/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints our public holidays, 2000 to 2050: "REGION DATE" per line.
 */
#include "client/civil.h"

#include <stdio.h>

int main(void)
{
    static const char *const names[] = {"metropole", "alsace_moselle"};
    for (int region = CIVIL_METROPOLE; region <= CIVIL_ALSACE_MOSELLE; region++) {
        int32_t first, last;
        if (!civil_parse("2000-01-01", &first) || !civil_parse("2050-12-31", &last))
            return 1;
        for (int32_t day = first; day <= last; day++) {
            char text[CIVIL_TEXT_LEN];
            civil_format(day, text);
            if (civil_holiday(day, (enum civil_region)region))
                printf("%s %s\n", names[region], text);
        }
    }
    return 0;
}
