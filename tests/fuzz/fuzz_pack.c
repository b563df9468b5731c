/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: any document is a domain pack or is refused with a place; one that is accepted can be carried out: its tables
 * fill, its kinds become tables, its fields read values.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "client/pack.h"

static void fields(const struct pack_kind *kind)
{
    static const char *const texts[] = {"", "oui", "12", "2025-03-04", "a,b", "+33 6 12 34 56 78"};
    const struct pack_context context = {.has_today = true, .today = 20000, .lang = "fr"};
    for (size_t f = 0; f < kind->fields_n; f++) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            struct pack_value value = {0};
            if (pack_value_check(&kind->fields[f], texts[i], &context, &value, NULL) == ERR_OK &&
                !pack_value_fits(&kind->fields[f], &value))
                abort();
            pack_value_fini(&value);
        }
    }
}

static void carry_out(const struct pack *pack)
{
    sqlite3 *db;
    char sql[16384];
    if (sqlite3_open(":memory:", &db) != SQLITE_OK || pack_functions(db) != ERR_OK)
        abort();
    if (pack_fill(pack, db) != ERR_OK || pack_fill(pack, db) != ERR_OK)
        abort();
    for (size_t k = 0; k < pack->kinds_n; k++) {
        if (pack_table_sql(&pack->kinds[k], sql, sizeof sql) != ERR_OK ||
            sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
            abort();
        fields(&pack->kinds[k]);
    }
    sqlite3_close(db);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pack *pack;
    struct pack_why why = {""};
    enum err err = pack_parse(&pack, (const char *)data, size, &why);
    if (err == ERR_FORMAT && !why.text[0])
        abort();
    if (err == ERR_OK)
        carry_out(pack);
    pack_free(err == ERR_OK ? pack : NULL);
    return 0;
}
