/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries, the last leaf of each device, and slots. Entries are read in portions of 256, each copied out of the
 * statement before the callback sees it, so that callbacks may write.
 */
#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "client/replica_inside.h"

enum err replica_entry_put(struct replica *replica, uint64_t space,
                           const struct replica_entry *entry)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_ENTRY_PUT, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)entry->index);
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)entry->t_recv_ms);
    sqlite3_bind_int64(stmt, 4, (sqlite3_int64)entry->kind);
    sqlite3_bind_int(stmt, 5, (int)entry->verdict);
    sqlite3_bind_int64(stmt, 6, (sqlite3_int64)entry->missing);
    sqlite3_bind_blob64(stmt, 7, entry->header, entry->header_len, SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 8, entry->sig, SIG_LEN, SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 9, entry->nodes, (sqlite3_uint64)entry->n_nodes * HASH_LEN,
                        SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 10, entry->bodies ? entry->bodies : (const uint8_t *)"",
                        entry->bodies_len, SQLITE_STATIC);
    return replica_run(replica, stmt);
}

/* One portion of entries, copied. */
struct portion {
    size_t n;
    struct replica_entry entries[256];
    struct buf bytes; /* header, nodes, bodies of each, one after the other */
};

static void copy_row(struct portion *portion, struct sqlite3_stmt *stmt)
{
    struct replica_entry *entry = &portion->entries[portion->n++];
    *entry = (struct replica_entry){
        .index = (uint64_t)sqlite3_column_int64(stmt, 0),
        .t_recv_ms = (uint64_t)sqlite3_column_int64(stmt, 1),
        .kind = (uint64_t)sqlite3_column_int64(stmt, 2),
        .verdict = (enum err)sqlite3_column_int(stmt, 3),
        .missing = (uint64_t)sqlite3_column_int64(stmt, 4),
        .header_len = (size_t)sqlite3_column_bytes(stmt, 5),
        .n_nodes = (unsigned)sqlite3_column_bytes(stmt, 7) / HASH_LEN,
        .bodies_len = (size_t)sqlite3_column_bytes(stmt, 8),
    };
    buf_put(&portion->bytes, sqlite3_column_blob(stmt, 5), entry->header_len);
    if (sqlite3_column_bytes(stmt, 6) == SIG_LEN)
        memcpy(entry->sig, sqlite3_column_blob(stmt, 6), SIG_LEN);
    buf_put(&portion->bytes, sqlite3_column_blob(stmt, 7), (size_t)entry->n_nodes * HASH_LEN);
    buf_put(&portion->bytes, sqlite3_column_blob(stmt, 8), entry->bodies_len);
}

/* Pointers are set only when the buffer has stopped moving. */
static void point_into(struct portion *portion)
{
    const uint8_t *at = portion->bytes.bytes;
    for (size_t i = 0; i < portion->n; i++) {
        struct replica_entry *entry = &portion->entries[i];
        entry->header = at;
        entry->nodes = entry->header + entry->header_len;
        entry->bodies = entry->nodes + (size_t)entry->n_nodes * HASH_LEN;
        at = entry->bodies + entry->bodies_len;
    }
}

static enum err read_portion(struct replica *replica, struct portion *portion, enum replica_sql sql,
                             uint64_t space, uint64_t from, uint64_t to)
{
    enum err err;
    portion->n = 0;
    buf_reset(&portion->bytes);
    struct sqlite3_stmt *stmt = replica_stmt(replica, sql, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)from);
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)to);
    int code;
    /* A portion of large entries ends early. */
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        copy_row(portion, stmt);
        if (portion->bytes.len > 4 << 20)
            break;
    }
    err = replica_error(replica, code);
    sqlite3_reset(stmt);
    if (err == ERR_OK)
        err = portion->bytes.err;
    point_into(portion);
    return err;
}

enum err replica_entries(struct replica *replica, uint64_t space, enum replica_which which,
                         uint64_t from, uint64_t to, replica_entry_fn fn, void *ctx)
{
    static const enum replica_sql sql[] = {
        [REPLICA_ALL] = SQL_ENTRY_ALL,
        [REPLICA_CONTROL] = SQL_ENTRY_CONTROL,
        [REPLICA_DATA] = SQL_ENTRY_DATA,
        [REPLICA_MISSING] = SQL_ENTRY_MISSING,
    };
    enum err err = ERR_OK;
    struct portion *portion = calloc(1, sizeof *portion);
    if (!portion)
        return ERR_MEMORY;
    portion->bytes.max = 64 << 20;
    if (to > INT64_MAX)
        to = INT64_MAX;
    while (from < to) {
        TRY(read_portion(replica, portion, sql[which], space, from, to));
        if (portion->n == 0)
            break;
        for (size_t i = 0; i < portion->n; i++)
            TRY(fn(ctx, &portion->entries[i]));
        from = portion->entries[portion->n - 1].index + 1;
    }
out:
    buf_free(&portion->bytes);
    free(portion);
    return err;
}

struct one {
    replica_entry_fn fn;
    void *ctx;
    bool found;
};

static enum err take_one(void *ctx, const struct replica_entry *entry)
{
    struct one *one = ctx;
    one->found = true;
    return one->fn(one->ctx, entry);
}

enum err replica_entry(struct replica *replica, uint64_t space, uint64_t index, replica_entry_fn fn,
                       void *ctx)
{
    struct one one = {.fn = fn, .ctx = ctx};
    enum err err = replica_entries(replica, space, REPLICA_ALL, index, index + 1, take_one, &one);
    return err == ERR_OK && !one.found ? ERR_NOT_FOUND : err;
}

enum err replica_entry_bodies(struct replica *replica, uint64_t space, uint64_t index,
                              const uint8_t *bodies, size_t len, uint64_t missing)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_ENTRY_BODIES, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)index);
    sqlite3_bind_blob64(stmt, 3, bodies ? bodies : (const uint8_t *)"", len, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 4, (sqlite3_int64)missing);
    return replica_run(replica, stmt);
}

enum err replica_size(struct replica *replica, uint64_t space, uint64_t *size)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_SIZE, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    int code = sqlite3_step(stmt);
    err = replica_error(replica, code);
    if (code == SQLITE_ROW)
        *size = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return err;
}

enum err replica_node(struct replica *replica, uint64_t space, unsigned level, uint64_t index,
                      uint8_t out[static HASH_LEN])
{
    enum err err;
    if (level > 62 || index >= (UINT64_C(1) << (62 - level)))
        return ERR_NOT_FOUND;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_NODES, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)(((index + 1) << level) - 1));
    int code = sqlite3_step(stmt);
    err = replica_error(replica, code);
    if (err == ERR_OK && code != SQLITE_ROW)
        err = ERR_NOT_FOUND;
    if (err == ERR_OK && (size_t)sqlite3_column_bytes(stmt, 0) < (size_t)(level + 1) * HASH_LEN)
        err = replica_error(replica, SQLITE_CORRUPT);
    if (err == ERR_OK)
        memcpy(out, (const uint8_t *)sqlite3_column_blob(stmt, 0) + (size_t)level * HASH_LEN,
               HASH_LEN);
    sqlite3_reset(stmt);
    return err;
}

enum err replica_space_clear(struct replica *replica, uint64_t space)
{
    static const enum replica_sql all[] = {SQL_ENTRY_CLEAR, SQL_LAST_CLEAR, SQL_SLOT_CLEAR};
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct sqlite3_stmt *stmt = replica_stmt(replica, all[i], &err);
        if (!stmt)
            goto out;
        sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
        TRY(replica_run(replica, stmt));
    }
out:
    return err;
}

/* --- bodies --- */

void replica_bodies_pack(struct buf *out, const struct leaf_body *bodies, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_u32be(out, (uint32_t)bodies[i].len);
        buf_put(out, bodies[i].bytes, bodies[i].len);
    }
}

enum err replica_bodies_parse(struct leaf_body *bodies, size_t n, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < n; i++) {
        if (len < 4)
            return ERR_CORRUPT;
        size_t body_len = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 |
                          (size_t)bytes[3];
        bytes += 4;
        len -= 4;
        if (body_len > len)
            return ERR_CORRUPT;
        bodies[i] = (struct leaf_body){bytes, body_len};
        bytes += body_len;
        len -= body_len;
    }
    return len == 0 ? ERR_OK : ERR_CORRUPT;
}

/* --- last leaves --- */

enum err replica_last_put(struct replica *replica, uint64_t space, const struct replica_last *last)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_LAST_PUT, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    sqlite3_bind_blob64(stmt, 2, last->device, ID_LEN, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)last->seq);
    sqlite3_bind_blob64(stmt, 4, last->hash, HASH_LEN, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 5, (sqlite3_int64)last->index);
    return replica_run(replica, stmt);
}

enum err replica_lasts(struct replica *replica, uint64_t space, replica_last_fn fn, void *ctx)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_LAST_EACH, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    for (int code; err == ERR_OK && (code = sqlite3_step(stmt)) != SQLITE_DONE;) {
        struct replica_last last = {0};
        err = replica_error(replica, code);
        if (err == ERR_OK &&
            (sqlite3_column_bytes(stmt, 0) != ID_LEN || sqlite3_column_bytes(stmt, 2) != HASH_LEN))
            err = replica_error(replica, SQLITE_CORRUPT);
        if (err != ERR_OK)
            break;
        memcpy(last.device, sqlite3_column_blob(stmt, 0), ID_LEN);
        last.seq = (uint64_t)sqlite3_column_int64(stmt, 1);
        memcpy(last.hash, sqlite3_column_blob(stmt, 2), HASH_LEN);
        last.index = (uint64_t)sqlite3_column_int64(stmt, 3);
        err = fn(ctx, &last);
    }
    sqlite3_reset(stmt);
    return err;
}

/* --- slots --- */

enum err replica_slot_put(struct replica *replica, uint64_t space, const struct leaf_slot *slot)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_SLOT_PUT, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    sqlite3_bind_blob64(stmt, 2, slot->row, ID_LEN, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, slot->epoch);
    sqlite3_bind_blob64(stmt, 4, slot->slot, SLOT_LEN, SQLITE_STATIC);
    return replica_run(replica, stmt);
}

/* Rows of (epoch, slot, row). */
static enum err give_slots(struct replica *replica, struct sqlite3_stmt *stmt, const uint8_t *row,
                           replica_slot_fn fn, void *ctx)
{
    enum err err = ERR_OK;
    for (int code; err == ERR_OK && (code = sqlite3_step(stmt)) != SQLITE_DONE;) {
        struct leaf_slot slot = {0};
        err = replica_error(replica, code);
        if (err == ERR_OK && (sqlite3_column_bytes(stmt, 1) != SLOT_LEN ||
                              (!row && sqlite3_column_bytes(stmt, 2) != ID_LEN)))
            err = replica_error(replica, SQLITE_CORRUPT);
        if (err != ERR_OK)
            break;
        slot.epoch = (uint32_t)sqlite3_column_int64(stmt, 0);
        memcpy(slot.slot, sqlite3_column_blob(stmt, 1), SLOT_LEN);
        memcpy(slot.row, row ? row : sqlite3_column_blob(stmt, 2), ID_LEN);
        err = fn(ctx, &slot);
    }
    sqlite3_reset(stmt);
    return err;
}

enum err replica_slots(struct replica *replica, uint64_t space, const uint8_t row[static ID_LEN],
                       replica_slot_fn fn, void *ctx)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_SLOT_EACH, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    sqlite3_bind_blob64(stmt, 2, row, ID_LEN, SQLITE_STATIC);
    return give_slots(replica, stmt, row, fn, ctx);
}

enum err replica_slots_all(struct replica *replica, uint64_t space, replica_slot_fn fn, void *ctx)
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_SLOT_ALL, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    return give_slots(replica, stmt, NULL, fn, ctx);
}

enum err replica_slot_delete(struct replica *replica, uint64_t space,
                             const uint8_t row[static ID_LEN])
{
    enum err err;
    struct sqlite3_stmt *stmt = replica_stmt(replica, SQL_SLOT_DELETE, &err);
    if (!stmt)
        return err;
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)space);
    sqlite3_bind_blob64(stmt, 2, row, ID_LEN, SQLITE_STATIC);
    return replica_run(replica, stmt);
}
