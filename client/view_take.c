/* SPDX-License-Identifier: Apache-2.0
 *
 * One change of the log becomes one row of core_entry. Nothing is judged here: what does not fit is kept as well.
 */
#include <string.h>

#include "client/view_priv.h"
#include "proto/code.h"
#include "proto/digest.h"

/* The numbers of the wire are unsigned; no real log reaches the half of them. */
static sqlite3_int64 signed_of(uint64_t value)
{
    return value > INT64_MAX ? INT64_MAX : (sqlite3_int64)value;
}

/* The row of a record, made when it is new. */
static enum err record_of(struct view *view, size_t number, const uint8_t *shred,
                          const uint8_t *record, sqlite3_int64 *rid)
{
    char id[VIEW_ID_MAX], code[CODE_SHORT_LEN + 1];
    sqlite3_stmt *get = view_statement(view, VIEW_ST_RECORD_GET);
    if (!get)
        return ERR_MEMORY;
    sqlite3_bind_blob(get, 1, shred, ID_LEN, SQLITE_STATIC);
    sqlite3_bind_blob(get, 2, record, RECORD_LEN, SQLITE_STATIC);
    int rc = sqlite3_step(get);
    if (rc == SQLITE_ROW)
        *rid = sqlite3_column_int64(get, 0);
    sqlite3_reset(get);
    if (rc != SQLITE_DONE)
        return view_rc(rc);
    view_id_text(id, shred, record);
    code_short(code, shred, record);
    sqlite3_stmt *put = view_statement(view, VIEW_ST_RECORD_PUT);
    if (!put)
        return ERR_MEMORY;
    sqlite3_bind_text(put, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 2, code, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 3, (sqlite3_int64)number);
    sqlite3_bind_blob(put, 4, shred, ID_LEN, SQLITE_STATIC);
    sqlite3_bind_blob(put, 5, record, RECORD_LEN, SQLITE_STATIC);
    enum err err = view_run(put);
    *rid = sqlite3_last_insert_rowid(view->db);
    return err;
}

static void bind_value(sqlite3_stmt *put, const struct view_value *value)
{
    sqlite3_bind_int(put, 3, (int)value->type);
    if (value->op >= 0)
        sqlite3_bind_int(put, 4, value->op);
    if (value->type == PACK_VALUE_INT || value->type == PACK_VALUE_BOOL)
        sqlite3_bind_int64(put, 5, value->integer);
    else if (value->type != PACK_VALUE_NIL)
        sqlite3_bind_text(put, 5, value->text ? value->text : "", (int)value->text_len,
                          SQLITE_STATIC);
}

/* Work that somebody else brought may have been brought twice, by two people who did not know of each other. */
static enum err is_known(struct view *view, sqlite3_int64 rid, const struct engine_change *change,
                         bool *known)
{
    *known = false;
    if (memcmp(change->author, change->device, ID_LEN) == 0)
        return ERR_OK;
    sqlite3_stmt *get = view_statement(view, VIEW_ST_ENTRY_KNOWN);
    if (!get)
        return ERR_MEMORY;
    sqlite3_bind_int64(get, 1, rid);
    sqlite3_bind_int64(get, 2, change->change.field);
    sqlite3_bind_blob(get, 3, change->author, ID_LEN, SQLITE_STATIC);
    sqlite3_bind_blob(get, 4, change->run, RUN_LEN, SQLITE_STATIC);
    sqlite3_bind_int64(get, 5, signed_of(change->change.ordinal));
    int rc = sqlite3_step(get);
    sqlite3_reset(get);
    *known = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_OK : view_rc(rc);
}

enum err view_take(struct view *view, size_t number, const struct engine_change *change)
{
    struct view_value value;
    sqlite3_int64 rid = 0;
    bool known;
    enum err err = ERR_OK;
    const struct change *one = &change->change;
    err = view_value_decode(&value, one->value, one->value_len, change->shred);
    if (err == ERR_FORMAT) /* an empty set element fits no field: kept in history, never shown */
        value = (struct view_value){.type = PACK_VALUE_NIL, .op = 0};
    else
        TRY(err);
    view->taken += change->index != MERGE_PENDING;
    TRY(record_of(view, number, change->shred, one->record, &rid));
    TRY(is_known(view, rid, change, &known));
    if (known)
        goto out;
    sqlite3_stmt *put = view_statement(view, VIEW_ST_ENTRY_PUT);
    if (!put)
        return ERR_MEMORY;
    sqlite3_bind_int64(put, 1, rid);
    sqlite3_bind_int64(put, 2, one->field);
    bind_value(put, &value);
    sqlite3_bind_blob(put, 6, change->author, ID_LEN, SQLITE_STATIC);
    sqlite3_bind_blob(put, 7, change->run, RUN_LEN, SQLITE_STATIC);
    sqlite3_bind_int64(put, 8, signed_of(one->ordinal));
    sqlite3_bind_blob(put, 9, change->device, ID_LEN, SQLITE_STATIC);
    sqlite3_bind_int64(put, 10, one->time_s);
    if (change->index != MERGE_PENDING) {
        sqlite3_bind_int64(put, 11, signed_of(change->t_recv_ms));
        sqlite3_bind_int64(put, 13, signed_of(change->index));
    }
    sqlite3_bind_int64(put, 12, signed_of(one->base));
    sqlite3_bind_int(put, 14, change->box);
    sqlite3_bind_int(put, 15, change->pack);
    TRY(view_run(put));
    sqlite3_stmt *touch = view_statement(view, VIEW_ST_TOUCH);
    if (!touch)
        return ERR_MEMORY;
    sqlite3_bind_int64(touch, 1, rid);
    TRY(view_run(touch));
out:
    return err;
}
