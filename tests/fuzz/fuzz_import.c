/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: any bytes are a spreadsheet or are refused; every cell of one is text that the rest of the program may take,
 * and every typed value of it fits its field or is refused. The first byte of the input chooses the kind of record.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "client/import.h"
#include "client/text.h"

static struct domain domain;

static void start(void)
{
    struct pack *pack;
    if (sqlite3_open(":memory:", &domain.db) != SQLITE_OK || pack_default(&pack) != ERR_OK ||
        pack_fill(pack, domain.db) != ERR_OK)
        abort();
    domain.pack = pack;
    domain.lang = "fr";
    domain.today = 20000;
}

static void value(const struct pack_field *field, const char *text)
{
    const struct pack_context context = {.has_today = true, .today = 20000, .lang = "fr"};
    struct pack_value value = {0};
    struct pack_why why = {""};
    char back[8192];
    enum err err = pack_value_check(field, text, &context, &value, &why);
    if (err == ERR_OK && (!pack_value_fits(field, &value)))
        abort();
    if (err == ERR_OK) {
        err = pack_value_text(field, &value, "fr", back, sizeof back);
        err = pack_value_text(field, &value, NULL, back, sizeof back);
    }
    pack_value_fini(&value);
    (void)err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import import;
    if (!domain.db)
        start();
    if (size < 1)
        return 0;
    const struct pack_kind *kind = &domain.pack->kinds[data[0] % domain.pack->kinds_n];
    enum err err = import_read(&domain, kind, (const char *)data + 1, size - 1, &import);
    if (err != ERR_OK && (import.rows_n || import.columns_n))
        abort();
    for (size_t i = 0; i < import.rows_n; i++) {
        const struct import_row *row = &import.rows[i];
        if (row->line < 1 || row->line > size || (i > 0 && row->line <= row[-1].line))
            abort();
        for (size_t c = 0; c < import.columns_n; c++) {
            if (!text_valid(row->cells[c], strlen(row->cells[c])))
                abort();
            if (import.fields[c] && i < 20)
                value(import.fields[c], row->cells[c]);
        }
    }
    import_free(&import);
    return 0;
}
