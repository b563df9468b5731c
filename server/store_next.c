/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store_next.h"

#include <stdio.h>

#include "proto/code.h"

enum { TEXT_LEN = (ID_LEN * 8 + 4) / 5 + 1, NAME_ROOM = 5 + TEXT_LEN };

static void name_of(char name[static NAME_ROOM], const uint8_t space[static ID_LEN])
{
    char text[TEXT_LEN];
    code_base32(text, space, ID_LEN);
    snprintf(name, NAME_ROOM, "next/%s", text);
}

enum err store_next_get(struct store_view *view, const uint8_t space[static ID_LEN],
                        uint8_t next[static ID_LEN])
{
    char name[NAME_ROOM];
    size_t len = ID_LEN;
    name_of(name, space);
    enum err err = view->engine->meta(view, name, next, &len);
    return err == ERR_OK && len != ID_LEN ? ERR_CORRUPT : err;
}

enum err store_next_put(struct store *store, const uint8_t space[static ID_LEN],
                        const uint8_t next[static ID_LEN])
{
    char name[NAME_ROOM];
    name_of(name, space);
    return store->engine->meta_put(store, name, next, ID_LEN);
}
