/* SPDX-License-Identifier: Apache-2.0
 *
 *   blob record  = [shred16, blob32, total, done, state]      pieces: records of BLOB_PIECE_MAX bytes, the last one shorter
 *   going up: all pieces are here, `done` bytes are on the server; coming down: `done` bytes are here
 */
#include "client/attach.h"

#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/seal.h"

enum state { GOING_UP = 1, COMING_DOWN = 2, HERE = 3 };
enum { BLOBS_PER_SPACE = 1 << 20 };

struct blob {
    uint64_t id;
    uint8_t shred[ID_LEN], hash[HASH_LEN];
    uint64_t total, done;
    enum state state;
};

static uint64_t pieces_of(const struct space *space, uint64_t id)
{
    return space->no * BLOBS_PER_SPACE + id;
}

static enum err put_blob(struct engine *engine, const struct space *space, const struct blob *blob)
{
    struct buf out = {0};
    wire_put_array(&out, 5);
    wire_put_bin(&out, blob->shred, ID_LEN);
    wire_put_bin(&out, blob->hash, HASH_LEN);
    wire_put_uint(&out, blob->total);
    wire_put_uint(&out, blob->done);
    wire_put_uint(&out, blob->state);
    enum err err = out.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_BLOB, space->no, blob->id, out.bytes, out.len);
    buf_free(&out);
    return err;
}

struct blobs {
    size_t n;
    struct blob *list;
};

static enum err read_blob(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct blobs *blobs = ctx;
    struct wire_doc doc;
    struct blob *grown = realloc(blobs->list, (blobs->n + 1) * sizeof *grown);
    if (!grown)
        return ERR_MEMORY;
    blobs->list = grown;
    enum err err = wire_open(&doc, plain, len, 1, 8);
    if (err != ERR_OK)
        return err == ERR_MEMORY ? err : ERR_CORRUPT;
    struct blob *blob = &grown[blobs->n];
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 5, 5);
    blob->id = id;
    wire_bytes(&in, blob->shred, ID_LEN);
    wire_bytes(&in, blob->hash, HASH_LEN);
    blob->total = wire_uint(&in, BLOB_MAX);
    blob->done = wire_uint(&in, BLOB_MAX);
    blob->state = (enum state)wire_uint(&in, HERE);
    blobs->n += wire_end(&in) == ERR_OK;
    wire_close(&doc);
    return ERR_OK;
}

static enum err all_blobs(struct engine *engine, const struct space *space, struct blobs *blobs)
{
    *blobs = (struct blobs){0};
    return replica_each(engine->replica, REPLICA_BLOB, space->no, read_blob, blobs);
}

static struct blob *blob_of(const struct blobs *blobs, const uint8_t *hash)
{
    for (size_t i = 0; i < blobs->n; i++) {
        if (memcmp(blobs->list[i].hash, hash, HASH_LEN) == 0)
            return &blobs->list[i];
    }
    return NULL;
}

enum err attach_load(struct engine *engine, struct space *space)
{
    struct blobs blobs;
    enum err err = all_blobs(engine, space, &blobs);
    space->uploads = 0;
    space->downloads = 0;
    for (size_t i = 0; i < blobs.n; i++) {
        space->uploads += blobs.list[i].state == GOING_UP;
        space->downloads += blobs.list[i].state == COMING_DOWN;
    }
    free(blobs.list);
    return err;
}

static enum err drop_blob(struct engine *engine, const struct space *space, uint64_t id)
{
    enum err err = replica_delete_all(engine->replica, REPLICA_PIECE, pieces_of(space, id));
    return err == ERR_OK ? replica_delete(engine->replica, REPLICA_BLOB, space->no, id) : err;
}

/* --- the doors --- */

enum err engine_attach(struct engine *engine, size_t i, const uint8_t shred[static ID_LEN],
                       const uint8_t *bytes, size_t len, uint8_t key[static KEY_LEN],
                       uint8_t hash[static HASH_LEN])
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    struct buf sealed = {.max = BLOB_MAX};
    struct blob blob = {.state = GOING_UP};
    uint64_t last = 0;
    TRY(engine_dossier_check(engine, i, shred));
    TRY(seal_file(&sealed, key, bytes, len));
    digest_sha256_of(hash, sealed.bytes, sealed.len);
    TRY(replica_last_id(engine->replica, REPLICA_BLOB, space->no, &last));
    if (last + 1 >= BLOBS_PER_SPACE)
        TRY(ERR_FULL);
    blob.id = last + 1;
    blob.total = sealed.len;
    memcpy(blob.shred, shred, ID_LEN);
    memcpy(blob.hash, hash, HASH_LEN);
    TRY(engine_begin(engine));
    for (size_t at = 0; err == ERR_OK && at < sealed.len; at += BLOB_PIECE_MAX) {
        size_t n = sealed.len - at < BLOB_PIECE_MAX ? sealed.len - at : BLOB_PIECE_MAX;
        err = replica_put(engine->replica, REPLICA_PIECE, pieces_of(space, blob.id),
                          at / BLOB_PIECE_MAX + 1, sealed.bytes + at, n);
    }
    if (err == ERR_OK)
        err = put_blob(engine, space, &blob);
    TRY(replica_end(engine->replica, err));
    space->uploads++;
    space_refresh(engine, space);
out:
    buf_free(&sealed);
    return err;
}

enum err engine_attachment(struct engine *engine, size_t i, const uint8_t hash[static HASH_LEN],
                           struct engine_attachment *out)
{
    struct blobs blobs;
    enum err err = all_blobs(engine, engine_at(engine, i), &blobs);
    const struct blob *blob = err == ERR_OK ? blob_of(&blobs, hash) : NULL;
    *out = (struct engine_attachment){0};
    if (blob)
        *out = (struct engine_attachment){.here = blob->state != COMING_DOWN,
                                          .waits = blob->state == GOING_UP,
                                          .asked = blob->state == COMING_DOWN,
                                          .total = blob->total,
                                          .done = blob->done};
    free(blobs.list);
    return err;
}

enum err engine_attachment_ask(struct engine *engine, size_t i, const uint8_t shred[static ID_LEN],
                               const uint8_t hash[static HASH_LEN])
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    struct blobs blobs = {0};
    struct blob blob = {.state = COMING_DOWN};
    TRY(all_blobs(engine, space, &blobs));
    if (blob_of(&blobs, hash))
        goto out;
    TRY(replica_last_id(engine->replica, REPLICA_BLOB, space->no, &blob.id));
    blob.id++;
    memcpy(blob.shred, shred, ID_LEN);
    memcpy(blob.hash, hash, HASH_LEN);
    TRY(put_blob(engine, space, &blob));
    space->downloads++;
out:
    free(blobs.list);
    return err;
}

enum err engine_attachment_read(struct engine *engine, size_t i,
                                const uint8_t hash[static HASH_LEN],
                                const uint8_t key[static KEY_LEN], struct buf *out)
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    struct blobs blobs = {0};
    struct buf sealed = {.max = BLOB_MAX};
    uint8_t got[HASH_LEN];
    TRY(all_blobs(engine, space, &blobs));
    const struct blob *blob = blob_of(&blobs, hash);
    if (!blob || blob->state == COMING_DOWN)
        TRY(blob ? ERR_PENDING : ERR_NOT_FOUND);
    for (uint64_t at = 0; at < blob->total; at += BLOB_PIECE_MAX)
        TRY(replica_get(engine->replica, REPLICA_PIECE, pieces_of(space, blob->id),
                        at / BLOB_PIECE_MAX + 1, &sealed));
    digest_sha256_of(got, sealed.bytes, sealed.len);
    if (memcmp(got, hash, HASH_LEN) != 0) {
        /* Altered over there: it is asked for anew when somebody wants it again. */
        TRY(engine_begin(engine));
        err = drop_blob(engine, space, blob->id);
        TRY(replica_end(engine->replica, err));
        TRY(ERR_CORRUPT);
    }
    err = open_file(out, key, sealed.bytes, sealed.len);
out:
    free(blobs.list);
    buf_free(&sealed);
    return err;
}

struct pieces {
    struct engine *engine;
    uint64_t to;
};

static enum err copy_piece(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    const struct pieces *pieces = ctx;
    return replica_put(pieces->engine->replica, REPLICA_PIECE, pieces->to, id, plain, len);
}

enum err attach_carry(struct engine *engine, const struct space *from, struct space *to,
                      const uint8_t shred[static ID_LEN])
{
    enum err err = ERR_OK;
    struct blobs blobs = {0}, there = {0};
    uint64_t last = 0;
    TRY(all_blobs(engine, from, &blobs));
    TRY(all_blobs(engine, to, &there));
    TRY(replica_last_id(engine->replica, REPLICA_BLOB, to->no, &last));
    for (size_t i = 0; i < blobs.n && last + 1 < BLOBS_PER_SPACE; i++) {
        struct blob blob = blobs.list[i];
        if (memcmp(blob.shred, shred, ID_LEN) != 0 || blob.state == COMING_DOWN ||
            blob_of(&there, blob.hash))
            continue;
        blob.id = ++last;
        blob.done = 0;
        blob.state = GOING_UP;
        struct pieces pieces = {engine, pieces_of(to, blob.id)};
        TRY(replica_each(engine->replica, REPLICA_PIECE, pieces_of(from, blobs.list[i].id),
                         copy_piece, &pieces));
        TRY(put_blob(engine, to, &blob));
        to->uploads++;
    }
out:
    free(blobs.list);
    free(there.list);
    return err;
}

/* --- on the way --- */

static enum err put_item(struct engine *engine, struct space *space, struct arena *arena,
                         const struct blob *blob, struct message_inbox *item)
{
    enum err err = ERR_OK;
    const struct space_epoch *first = space_epoch(space, 1);
    struct buf piece = {.max = BLOB_PIECE_MAX}, payload = {.max = INBOX_ITEM_MAX};
    struct message_piece out = {.total = blob->total, .offset = blob->done};
    if (!first || !first->ek)
        return ERR_NO_KEY;
    memcpy(out.blob, blob->hash, HASH_LEN);
    if (blob->state == GOING_UP) {
        TRY(replica_get(engine->replica, REPLICA_PIECE, pieces_of(space, blob->id),
                        blob->done / BLOB_PIECE_MAX + 1, &piece));
        size_t skip = (size_t)(blob->done % BLOB_PIECE_MAX);
        out.bytes = piece.bytes + (skip < piece.len ? skip : piece.len);
        out.len = skip < piece.len ? piece.len - skip : 0;
    }
    message_piece_encode(&payload, &out);
    TRY(payload.err);
    *item = (struct message_inbox){.type = blob->state == GOING_UP ? INBOX_PIECE : INBOX_FETCH,
                                   .payload = arena_copy(arena, payload.bytes, payload.len),
                                   .payload_len = payload.len};
    seal_row(item->id, first->ek, space->pub.id, blob->shred);
    err = item->payload ? ERR_OK : ERR_MEMORY;
out:
    buf_free(&piece);
    buf_free(&payload);
    return err;
}

enum err attach_outgoing(struct engine *engine, struct space *space, struct arena *arena,
                         struct message_row *row, struct flight_row *flight)
{
    enum err err = ERR_OK;
    struct blobs blobs = {0};
    if (space->uploads + space->downloads == 0 || space->pub.state != SPACE_ACTIVE)
        return ERR_OK;
    TRY(all_blobs(engine, space, &blobs));
    flight->attach_from = row->n_inbox;
    for (size_t i = 0; i < blobs.n && flight->n_attach < ATTACH_AT_ONCE; i++) {
        if (blobs.list[i].state == HERE || row->n_inbox == INBOX_MAX ||
            fold_erased(space->fold, blobs.list[i].shred))
            continue;
        err = put_item(engine, space, arena, &blobs.list[i], &row->inbox[row->n_inbox]);
        if (err == ERR_NO_KEY)
            break;
        TRY(err);
        row->n_inbox++;
        flight->attach[flight->n_attach++] = blobs.list[i].id;
    }
    err = ERR_OK;
out:
    free(blobs.list);
    return err;
}

/* A piece that continues what is here. */
static enum err take_given(struct engine *engine, struct space *space, struct blobs *blobs,
                           const struct message_inbox *item, bool *moved)
{
    enum err err = ERR_OK;
    struct message_piece piece;
    struct buf kept = {.max = 2 * BLOB_PIECE_MAX};
    if (message_piece_decode(&piece, item->payload, item->payload_len) != ERR_OK)
        return ERR_OK;
    struct blob *blob = blob_of(blobs, piece.blob);
    if (!blob || blob->state != COMING_DOWN || piece.offset != blob->done || piece.len == 0 ||
        (blob->total != 0 && blob->total != piece.total) || blob->done % BLOB_PIECE_MAX != 0)
        return ERR_OK;
    /* Pieces are of one size but the last: that is how they are asked for. */
    if (piece.len != BLOB_PIECE_MAX && piece.offset + piece.len != piece.total)
        return ERR_OK;
    TRY(replica_put(engine->replica, REPLICA_PIECE, pieces_of(space, blob->id),
                    blob->done / BLOB_PIECE_MAX + 1, piece.bytes, piece.len));
    blob->total = piece.total;
    blob->done += piece.len;
    if (blob->done == blob->total)
        blob->state = HERE;
    *moved = true;
    err = put_blob(engine, space, blob);
out:
    buf_free(&kept);
    return err;
}

static enum err take_receipt(struct engine *engine, struct space *space, struct blob *blob,
                             const struct message_item *item, bool *moved)
{
    if (blob->state != GOING_UP)
        return ERR_OK;
    if (item->status != ERR_OK && item->status != ERR_CORRUPT)
        return ERR_OK; /* kept, and tried with the next sync */
    *moved = *moved || item->index != blob->done;
    blob->done = item->index < blob->total ? item->index : blob->total;
    if (blob->done == blob->total)
        blob->state = HERE;
    return put_blob(engine, space, blob);
}

enum err attach_take(struct engine *engine, struct space *space, const struct flight_row *flight,
                     const struct message_row *row, bool *again)
{
    enum err err = ERR_OK;
    struct blobs blobs = {0};
    bool moved = false;
    if (flight->n_attach == 0)
        return ERR_OK;
    TRY(all_blobs(engine, space, &blobs));
    for (size_t i = 0; i < row->n_inbox; i++) {
        if (row->inbox[i].type == INBOX_GIVEN)
            TRY(take_given(engine, space, &blobs, &row->inbox[i], &moved));
    }
    for (size_t i = 0; i < row->n_items; i++) {
        const struct message_item *item = &row->items[i];
        size_t k = item->k - flight->attach_from;
        if (item->list != LIST_INBOX || item->k < flight->attach_from || k >= flight->n_attach)
            continue;
        for (size_t b = 0; b < blobs.n; b++) {
            if (blobs.list[b].id == flight->attach[k])
                TRY(take_receipt(engine, space, &blobs.list[b], item, &moved));
        }
    }
    TRY(attach_load(engine, space));
    *again = *again || (moved && space->uploads + space->downloads > 0);
out:
    free(blobs.list);
    return err;
}

enum err attach_forget(struct engine *engine, struct space *space,
                       const uint8_t shred[static ID_LEN])
{
    enum err err = ERR_OK;
    struct blobs blobs = {0};
    TRY(all_blobs(engine, space, &blobs));
    for (size_t i = 0; i < blobs.n; i++) {
        if (memcmp(blobs.list[i].shred, shred, ID_LEN) != 0)
            continue;
        TRY(drop_blob(engine, space, blobs.list[i].id));
    }
    TRY(attach_load(engine, space));
out:
    free(blobs.list);
    return err;
}
