/* SPDX-License-Identifier: Apache-2.0
 *
 *   cache = "PASV" | u32be VERSION | u32be pack version | SHA-256 of the pack (32) | u32be spaces
 *           | per space: id (16), u64be size, u64be generation | u64be keyless | the database as SQLite writes it
 *
 * The database holds what waited in the outbox at that time; view_refresh reads it anew.
 */
#include <string.h>

#include "client/view_priv.h"
#include "proto/digest.h"

/* Grows with any change of the tables. */
enum { VERSION = 5, SPACE_LEN = ID_LEN + 8 + 8, HEAD_LEN = 4 + 4 + 4 + HASH_LEN + 4 };
static const char magic[4] = {'P', 'A', 'S', 'V'};

static void put_head(struct view *view, struct buf *out)
{
    uint8_t hash[HASH_LEN];
    digest_sha256_of(hash, view->pack->json, view->pack->json_len);
    buf_put(out, magic, sizeof magic);
    buf_u32be(out, VERSION);
    buf_u32be(out, view->pack->version);
    buf_put(out, hash, sizeof hash);
    buf_u32be(out, (uint32_t)view->n_spaces);
}

enum err view_dump(struct view *view, struct buf *out)
{
    sqlite3_int64 len = 0;
    if (view->broken)
        return ERR_UNCHANGED;
    unsigned char *bytes = sqlite3_serialize(view->db, "main", &len, 0);
    if (!bytes)
        return ERR_MEMORY;
    put_head(view, out);
    for (size_t i = 0; i < view->n_spaces; i++) {
        buf_put(out, view->spaces[i].id, ID_LEN);
        buf_u64be(out, view->spaces[i].size);
        buf_u64be(out, view->spaces[i].generation);
    }
    buf_u64be(out, view->keyless);
    buf_put(out, bytes, (size_t)len);
    digest_wipe(bytes, (size_t)len);
    sqlite3_free(bytes);
    if (out->err == ERR_OK)
        view->taken = 0;
    return out->err;
}

static uint64_t u64_at(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Whether the engine has each space of the cache, at the same generation and not shorter. */
static enum err load_spaces(struct view *view, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++, bytes += SPACE_LEN) {
        size_t number = 0, space = 0;
        uint64_t size = u64_at(bytes + ID_LEN), generation = u64_at(bytes + ID_LEN + 8);
        while (space < engine_space_count(view->engine) &&
               memcmp(engine_space(view->engine, space)->id, bytes, ID_LEN) != 0)
            space++;
        if (space == engine_space_count(view->engine) ||
            engine_space(view->engine, space)->generation != generation ||
            engine_space(view->engine, space)->size < size)
            return ERR_UNCHANGED;
        enum err err = view_space_number(view, space, &number);
        if (err != ERR_OK)
            return err;
        if (number != i)
            return ERR_UNCHANGED;
        view->spaces[i].size = size;
    }
    return ERR_OK;
}

/* Replaces the database by a connection that has done nothing yet: SQLite 3.40 keeps the schema of table-valued
 * functions (json_each) that were used before, and sqlite3_deserialize frees what they point to. */
static enum err load_database(struct view *view, const uint8_t *bytes, size_t len)
{
    view_disconnect(view);
    enum err err = view_connect(view);
    unsigned char *copy = err == ERR_OK ? sqlite3_malloc64(len) : NULL;
    if (!copy)
        return err != ERR_OK ? err : ERR_MEMORY;
    memcpy(copy, bytes, len);
    err = view_rc(
        sqlite3_deserialize(view->db, "main", copy, (sqlite3_int64)len, (sqlite3_int64)len,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE));
    return err == ERR_OK ? view_warm(view) : err;
}

enum err view_load(struct view *view, const uint8_t *bytes, size_t len)
{
    struct buf head = {.max = HEAD_LEN + 64};
    enum err err = ERR_UNCHANGED;
    size_t n = 0, database = 0;
    if (len < HEAD_LEN + 8)
        return ERR_UNCHANGED;
    n = (size_t)bytes[HEAD_LEN - 4] << 24 | (size_t)bytes[HEAD_LEN - 3] << 16 |
        (size_t)bytes[HEAD_LEN - 2] << 8 | bytes[HEAD_LEN - 1];
    if (n > (len - HEAD_LEN - 8) / SPACE_LEN)
        return ERR_UNCHANGED;
    put_head(view, &head);
    if (head.err == ERR_OK && memcmp(head.bytes, bytes, HEAD_LEN - 4) == 0 && view->n_spaces == 0)
        err = load_spaces(view, bytes + HEAD_LEN, n);
    buf_free(&head);
    database = HEAD_LEN + n * SPACE_LEN + 8;
    if (err == ERR_OK) {
        view->keyless = u64_at(bytes + database - 8);
        err = load_database(view, bytes + database, len - database);
        view->joined = err == ERR_OK; /* the next merge finds out */
    }
    if (err != ERR_OK) {
        view->n_spaces = 0;
        view->keyless = 0;
    }
    return err;
}
