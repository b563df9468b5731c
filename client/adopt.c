/* SPDX-License-Identifier: Apache-2.0 */
#include "client/adopt.h"

#include <stdlib.h>
#include <string.h>

#include "client/parcel.h"
#include "client/salvage.h"
#include "proto/digest.h"

/* --- records --- */

struct record {
    uint64_t id;
    uint8_t device[ID_LEN], hash[HASH_LEN], key[KEY_LEN];
    bool has_key;
    const uint8_t *payload; /* borrowed from the record's bytes */
    size_t payload_len;
};

static enum err record_read(struct record *record, uint64_t id, const uint8_t *plain, size_t len)
{
    struct wire_doc doc;
    *record = (struct record){.id = id};
    enum err err = wire_open(&doc, plain, len, 1, 8);
    if (err != ERR_OK)
        return err == ERR_MEMORY ? err : ERR_CORRUPT;
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 4, 4);
    wire_bytes(&in, record->device, ID_LEN);
    wire_bytes(&in, record->hash, HASH_LEN);
    record->has_key = wire_bytes_or_nil(&in, record->key, KEY_LEN);
    record->payload = wire_bin(&in, &record->payload_len, 1, INBOX_ITEM_MAX);
    err = wire_end(&in) == ERR_OK ? ERR_OK : ERR_CORRUPT;
    wire_close(&doc);
    return err;
}

static enum err record_put(struct engine *engine, const struct space *space,
                           const struct record *record)
{
    struct buf out = {.max = 2 * INBOX_ITEM_MAX};
    uint64_t last = 0;
    wire_put_array(&out, 4);
    wire_put_bin(&out, record->device, ID_LEN);
    wire_put_bin(&out, record->hash, HASH_LEN);
    if (record->has_key)
        wire_put_bin(&out, record->key, KEY_LEN);
    else
        wire_put_nil(&out);
    wire_put_bin(&out, record->payload, record->payload_len);
    enum err err = out.err;
    if (err == ERR_OK)
        err = replica_last_id(engine->replica, REPLICA_INBOX, space->no, &last);
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_INBOX, space->no, last + 1, out.bytes, out.len);
    buf_free(&out);
    return err;
}

/* Looks for one record by its sender and hash. */
struct find {
    const uint8_t *device, *hash;
    uint64_t id; /* 0 = none */
};

static enum err find_record(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct find *find = ctx;
    struct record record;
    enum err err = record_read(&record, id, plain, len);
    if (err == ERR_OK && memcmp(record.device, find->device, ID_LEN) == 0 &&
        memcmp(record.hash, find->hash, HASH_LEN) == 0)
        find->id = id;
    digest_wipe(&record, sizeof record);
    return err;
}

/* --- what arrives --- */

static enum err find_adoption(void *ctx, const struct replica_entry *entry)
{
    struct find *find = ctx;
    struct leaf leaf;
    if (entry->kind != KIND_ADOPT || entry->verdict != ERR_OK)
        return ERR_OK;
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err == ERR_OK && memcmp(leaf.op.u.adopt.device, find->device, ID_LEN) == 0 &&
        memcmp(leaf.op.u.adopt.inbox_hash, find->hash, HASH_LEN) == 0)
        find->id = entry->index + 1;
    leaf_fini(&leaf);
    return err;
}

static enum err keep(struct engine *engine, struct space *space, const struct message_inbox *item)
{
    enum err err = ERR_OK;
    const struct fold_device *from = fold_device(space->fold, item->id);
    struct record record = {.payload = item->payload, .payload_len = item->payload_len};
    struct find find = {.device = record.device, .hash = record.hash};
    if (!from || item->payload_len == 0)
        return ERR_OK;
    memcpy(record.device, item->id, ID_LEN);
    digest_sha256_of(record.hash, item->payload, item->payload_len);
    TRY(replica_each(engine->replica, REPLICA_INBOX, space->no, find_record, &find));
    if (find.id == 0)
        TRY(replica_entries(engine->replica, space->no, REPLICA_CONTROL, 0, space->fold->size,
                            find_adoption, &find));
    if (find.id != 0)
        goto out;
    err = parcel_key(engine, space, from, item->payload, item->payload_len, record.key);
    record.has_key = err == ERR_OK;
    if (err == ERR_OK || err == ERR_NO_KEY)
        err = record_put(engine, space, &record);
    else if (err_category(err) != CAT_INTERNAL)
        err = ERR_OK; /* not its sender's, or no parcel: the server's inbox may hold anything */
out:
    digest_wipe(&record, sizeof record);
    return err;
}

enum err adopt_inbox(struct engine *engine, struct space *space, const struct message_row *row)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < row->n_inbox; i++) {
        if (row->inbox[i].type == INBOX_OUTBOX)
            TRY(keep(engine, space, &row->inbox[i]));
    }
out:
    return err;
}

enum err adopt_logged(struct engine *engine, struct space *space, const struct op *op)
{
    struct find find = {.device = op->u.adopt.device, .hash = op->u.adopt.inbox_hash};
    enum err err = replica_each(engine->replica, REPLICA_INBOX, space->no, find_record, &find);
    if (err == ERR_OK && find.id != 0)
        err = replica_delete(engine->replica, REPLICA_INBOX, space->no, find.id);
    return err;
}

/* --- what waits --- */

struct walk {
    struct engine *engine;
    struct space *space;
    adopt_sink sink;
    void *ctx;
    const uint8_t *device; /* of adopt_take */
    size_t n_ids, cap;
    uint64_t *ids;
    bool any;
};

static bool is_queued(const struct walk *walk, const struct record *record, enum err *err)
{
    for (size_t i = 0; i < walk->space->outbox.n_operations; i++) {
        const struct outbox_operation *operation = &walk->space->outbox.operations[i];
        struct outbox_content content;
        if (operation->kind != KIND_ADOPT || operation->refused != ERR_OK ||
            memcmp(operation->target, record->device, ID_LEN) != 0)
            continue;
        *err = outbox_content(walk->engine, walk->space, operation, &content);
        if (*err != ERR_OK)
            return false;
        bool same = memcmp(content.op.u.adopt.inbox_hash, record->hash, HASH_LEN) == 0;
        outbox_content_free(&content);
        if (same)
            return true;
    }
    return false;
}

static enum err count_changes(void *ctx, const struct outbox_edit *edit, int64_t time_s,
                              const struct change *items)
{
    (void)time_s, (void)items;
    *(uint64_t *)ctx += edit->n;
    return ERR_OK;
}

static enum err describe(const struct walk *walk, const struct record *record,
                         struct adopt_parcel *parcel)
{
    struct parcel_reader reader = {.edit = count_changes, .ctx = &parcel->changes};
    enum err err = ERR_OK;
    *parcel = (struct adopt_parcel){0};
    memcpy(parcel->device, record->device, ID_LEN);
    memcpy(parcel->hash, record->hash, HASH_LEN);
    parcel->queued = is_queued(walk, record, &err);
    if (err != ERR_OK || !record->has_key)
        return err;
    err = parcel_read(walk->space->pub.id, record->device, record->payload, record->payload_len,
                      record->key, &reader);
    parcel->readable = err == ERR_OK;
    if (err != ERR_OK)
        parcel->changes = 0;
    return err_category(err) == CAT_INTERNAL ? err : ERR_OK;
}

static enum err give_record(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct walk *walk = ctx;
    struct record record;
    struct adopt_parcel parcel;
    enum err err = record_read(&record, id, plain, len);
    if (err == ERR_OK)
        err = describe(walk, &record, &parcel);
    if (err == ERR_OK)
        err = walk->sink(walk->ctx, &parcel);
    digest_wipe(&record, sizeof record);
    return err;
}

enum err adopt_each(struct engine *engine, size_t i, adopt_sink sink, void *ctx)
{
    struct walk walk = {.engine = engine, .space = engine_at(engine, i), .sink = sink, .ctx = ctx};
    return replica_each(engine->replica, REPLICA_INBOX, walk.space->no, give_record, &walk);
}

/* --- the decision --- */

static enum err note_record(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct walk *walk = ctx;
    struct record record;
    enum err err = record_read(&record, id, plain, len);
    if (err != ERR_OK || memcmp(record.device, walk->device, ID_LEN) != 0)
        goto out;
    walk->any = true;
    if (is_queued(walk, &record, &err) || err != ERR_OK)
        goto out;
    if (walk->n_ids == walk->cap) {
        walk->cap = walk->cap ? 2 * walk->cap : 8;
        uint64_t *grown = realloc(walk->ids, walk->cap * sizeof *grown);
        if (!grown)
            TRY(ERR_MEMORY);
        walk->ids = grown;
    }
    walk->ids[walk->n_ids++] = id;
out:
    digest_wipe(&record, sizeof record);
    return err;
}

static enum err take_dossier(void *ctx, const uint8_t shred[static ID_LEN],
                             const uint8_t rk[static KEY_LEN])
{
    struct walk *walk = ctx;
    enum err err = dossier_adopt(walk->engine, walk->space, shred, rk);
    return err == ERR_EXISTS ? ERR_OK : err;
}

static enum err take_edit(void *ctx, const struct outbox_edit *edit, int64_t time_s,
                          const struct change *items)
{
    struct walk *walk = ctx;
    return outbox_adopt(walk->engine, walk->space, edit, time_s, items);
}

static enum err take_record(struct walk *walk, uint64_t id, bool drop, uint64_t *n)
{
    enum err err = ERR_OK;
    struct buf plain = {.max = 2 * INBOX_ITEM_MAX};
    struct record record = {0};
    struct op op = {.kind = KIND_ADOPT};
    uint64_t changes = 0;
    struct parcel_reader count = {.edit = count_changes, .ctx = &changes};
    struct parcel_reader take = {.dossier = take_dossier, .edit = take_edit, .ctx = walk};
    const uint8_t *space = walk->space->pub.id;
    TRY(replica_get(walk->engine->replica, REPLICA_INBOX, walk->space->no, id, &plain));
    TRY(record_read(&record, id, plain.bytes, plain.len));
    if (!drop && !record.has_key)
        TRY(ERR_NO_KEY);
    /* The whole of it is looked at before the first of it is taken. */
    if (!drop)
        TRY(parcel_read(space, record.device, record.payload, record.payload_len, record.key,
                        &count));
    if (!drop)
        TRY(parcel_read(space, record.device, record.payload, record.payload_len, record.key,
                        &take));
    memcpy(op.u.adopt.device, record.device, ID_LEN);
    memcpy(op.u.adopt.inbox_hash, record.hash, HASH_LEN);
    op.u.adopt.count = changes;
    TRY(outbox_operate(walk->engine, walk->space, &op, record.device, NULL, 0));
    *n += changes;
out:
    digest_wipe(&record, sizeof record);
    buf_free(&plain);
    return err;
}

enum err adopt_take(struct engine *engine, size_t i, const uint8_t device[static ID_LEN], bool drop,
                    uint64_t *n)
{
    enum err err = ERR_OK;
    struct walk walk = {.engine = engine, .space = engine_at(engine, i), .device = device};
    struct space *space = walk.space;
    *n = 0;
    if (!space_may(engine, space, ROLE_STEWARD) ||
        (!drop && !space_may(engine, space, ROLE_WRITER)))
        return ERR_DENIED;
    TRY(replica_each(engine->replica, REPLICA_INBOX, space->no, note_record, &walk));
    if (walk.n_ids == 0)
        TRY(walk.any ? ERR_EXISTS : ERR_NOT_FOUND);
    if (!drop && (space->salvaged || space->routed < space->fold->size))
        TRY(ERR_BEHIND);
    TRY(engine_begin(engine));
    for (size_t k = 0; err == ERR_OK && k < walk.n_ids; k++)
        err = take_record(&walk, walk.ids[k], drop, n);
    if (err == ERR_OK && !drop)
        err = salvage_release(engine, space);
    err = replica_end(engine->replica, err);
    enum err reload = err == ERR_OK ? ERR_OK : space_reload(engine, space);
    TRY(err != ERR_OK ? err : reload);
out:
    if (err != ERR_OK)
        *n = 0;
    space_refresh(engine, space);
    free(walk.ids);
    return err;
}
