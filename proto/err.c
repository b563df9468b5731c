/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/err.h"

#include <stddef.h>

struct err_row {
    enum err err;
    enum err_category category;
    int http;
    const char *name;
    const char *text;
};

#define ERR_ROW(name, number, category, http, text) {ERR_##name, CAT_##category, http, #name, text},
static const struct err_row rows[] = {ERR_TABLE(ERR_ROW)};
#undef ERR_ROW

static const struct err_row *find(unsigned long long number)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((unsigned long long)rows[i].err == number)
            return &rows[i];
    }
    return NULL;
}

const char *err_name(enum err err)
{
    const struct err_row *row = find((unsigned long long)err);
    return row ? row->name : "UNKNOWN";
}

const char *err_text(enum err err)
{
    const struct err_row *row = find((unsigned long long)err);
    return row ? row->text : "an error that this program does not know; update it";
}

enum err_category err_category(enum err err)
{
    const struct err_row *row = find((unsigned long long)err);
    return row ? row->category : CAT_INTERNAL;
}

int err_http(enum err err)
{
    const struct err_row *row = find((unsigned long long)err);
    return row ? row->http : 500;
}

enum err err_from_number(unsigned long long number)
{
    const struct err_row *row = find(number);
    return row ? row->err : ERR_VERSION;
}
