/* SPDX-License-Identifier: Apache-2.0
 *
 * Work that its device cannot send any more: handed over here, adopted there; and the end of a removed device.
 */
#include <stdlib.h>
#include <string.h>

#include "client/adopt.h"
#include "client/leave.h"
#include "client/pas_inside.h"
#include "client/pas_member.h"
#include "proto/code.h"

int pas_gone(struct pas *pas, bool *gone)
{
    pas_begin(pas);
    *gone = engine_is_out(pas->engine);
    return pas_end(pas, *gone ? engine_destroy(pas->engine) : ERR_OK);
}

bool pas_was_removed(const char *dir)
{
    return engine_was_removed(dir);
}

int pas_hand_over(struct pas *pas, size_t *n)
{
    enum err err = ERR_OK;
    pas_begin(pas);
    *n = 0;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        uint64_t some = 0;
        err = leave_hand_over(pas->engine, engine_at(pas->engine, i), &some);
        if (err != ERR_NOT_FOUND && err != ERR_DENIED && err != ERR_EXISTS)
            TRY(err);
        err = ERR_OK;
        *n += (size_t)some;
    }
    if (*n == 0)
        err = pas_fail(pas, ERR_NOT_FOUND, WORD_HAND_OVER_NONE);
out:
    return pas_end(pas, err);
}

/* --- what waits for a decision --- */

struct parcels {
    struct pas *pas;
    struct pas_table *table;
    size_t space;
    const uint8_t *only; /* NULL: all */
};

static enum err put_parcel(void *ctx, const struct adopt_parcel *parcel)
{
    struct parcels *rows = ctx;
    struct engine *engine = rows->pas->engine;
    const struct engine_space *space = engine_space(engine, rows->space);
    if (rows->only && memcmp(rows->only, parcel->device, ID_LEN) != 0)
        return ERR_OK;
    pas_table_row(rows->table);
    pas_table_hex(rows->table, space->id, ID_LEN);
    pas_table_text(rows->table, space->name);
    pas_table_hex(rows->table, parcel->device, ID_LEN);
    pas_table_text(rows->table, engine_device_label(engine, rows->space, parcel->device));
    pas_table_int(rows->table, (int64_t)parcel->changes);
    pas_table_hex(rows->table, parcel->hash, HASH_LEN);
    pas_table_bool(rows->table, parcel->readable);
    pas_table_text(rows->table, parcel->queued ? "queued" : "waiting");
    return pas_table_err(rows->table);
}

static enum err parcels_table(struct pas *pas, const uint8_t *only, struct pas_table **table)
{
    struct parcels rows = {.pas = pas, .only = only};
    enum err err = ERR_OK;
    TRY(pas_table_new(&rows.table));
    pas_table_columns_add(rows.table, "space space_name device name changes hash readable state");
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        rows.space = i;
        TRY(adopt_each(pas->engine, i, put_parcel, &rows));
    }
    TRY(pas_table_err(rows.table));
    *table = rows.table;
    rows.table = NULL;
out:
    pas_table_free(rows.table);
    return err;
}

int pas_parcels(struct pas *pas, struct pas_table **table)
{
    pas_begin(pas);
    *table = NULL;
    return pas_end(pas, parcels_table(pas, NULL, table));
}

/* --- the decision --- */

struct senders {
    struct pas *pas;
    size_t space;
    const char *text;
    bool any, many;
    uint8_t device[ID_LEN];
};

static enum err match_sender(void *ctx, const struct adopt_parcel *parcel)
{
    struct senders *senders = ctx;
    char hex[2 * ID_LEN + 1];
    const char *name = engine_device_label(senders->pas->engine, senders->space, parcel->device);
    code_hex(hex, parcel->device, ID_LEN);
    if (!pas_begins(hex, senders->text) && !pas_same_name(name, senders->text))
        return ERR_OK;
    senders->many =
        senders->many || (senders->any && memcmp(senders->device, parcel->device, ID_LEN) != 0);
    senders->any = true;
    memcpy(senders->device, parcel->device, ID_LEN);
    return ERR_OK;
}

static enum err adopt_from(struct pas *pas, const uint8_t device[static ID_LEN], bool drop)
{
    enum err err = ERR_OK, first = ERR_NOT_FOUND;
    bool done = false;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        uint64_t n;
        err = adopt_take(pas->engine, i, device, drop, &n);
        done = done || err == ERR_OK;
        if (err_category(err) == CAT_INTERNAL || err == ERR_FULL)
            return err;
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            first = err;
    }
    if (done)
        return ERR_OK;
    if (first == ERR_DENIED)
        return pas_fail(pas, first, WORD_PARCEL_STEWARD);
    if (first == ERR_NO_KEY)
        return pas_fail(pas, first, WORD_PARCEL_KEY);
    return first == ERR_EXISTS ? pas_fail(pas, first, WORD_QUEUED_ALREADY) : first;
}

int pas_adopt(struct pas *pas, const char *device, bool drop, struct pas_table **table)
{
    struct senders senders = {.pas = pas, .text = device};
    enum err err = ERR_OK;
    pas_begin(pas);
    *table = NULL;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        senders.space = i;
        TRY(adopt_each(pas->engine, i, match_sender, &senders));
    }
    if (!senders.any)
        TRY(pas_fail(pas, ERR_NOT_FOUND, WORD_PARCEL_UNKNOWN, device));
    if (senders.many)
        TRY(pas_fail(pas, ERR_USAGE, WORD_DEVICE_MANY, device));
    TRY(adopt_from(pas, senders.device, drop));
    TRY(parcels_table(pas, senders.device, table));
    TRY(pas_follow(pas));
out:
    return pas_end(pas, err);
}
