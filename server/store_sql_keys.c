/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys: slots, seals and inboxes. Each space counts its additions; what a device has not seen yet is what
 * has a greater rev than the device remembers.
 */
#include <assert.h>
#include <string.h>

#include "proto/digest.h"
#include "server/store_sql.h"

static struct sq_store *of_store(struct store *store)
{
    assert(store);
    return (struct sq_store *)store;
}

static struct sq *keys_of(struct store_view *view)
{
    assert(view);
    return &((struct sq_view *)view)->keys;
}

static enum err keys_rev(struct store_view *view, const uint8_t space[static ID_LEN], uint64_t *rev)
{
    *rev = 0;
    enum err err = sq_number(keys_of(view), SQ_REV, SQ_ARGS(SQ_BLOB(space, ID_LEN)), rev);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err next_rev(struct sq *keys, const uint8_t space[static ID_LEN], uint64_t *rev)
{
    enum err err = ERR_OK;
    TRY(sq_run(keys, SQ_REV_NEXT, SQ_ARGS(SQ_BLOB(space, ID_LEN))));
    TRY(sq_number(keys, SQ_REV, SQ_ARGS(SQ_BLOB(space, ID_LEN)), rev));
out:
    return err;
}

/* ---- writing ---- */

static enum err slot_row(struct sq *keys, enum sq_statement id, struct store_slot *slot)
{
    enum err err = ERR_OK;
    TRY(sq_column_bytes(keys, id, 0, slot->slot.row, ID_LEN));
    slot->slot.epoch = (uint32_t)sq_column(keys, id, 1);
    TRY(sq_column_bytes(keys, id, 2, slot->slot.slot, SLOT_LEN));
    TRY(sq_column_bytes(keys, id, 3, slot->sender, ID_LEN));
    slot->rev = sq_column(keys, id, 4);
out:
    return err;
}

static enum err keys_slot(struct store_view *view, const uint8_t space[static ID_LEN],
                          const uint8_t row[static ID_LEN], struct store_slot *out)
{
    enum err err = ERR_OK;
    struct sq *keys = keys_of(view);
    TRY(sq_start(keys, SQ_SLOT, SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_BLOB(row, ID_LEN))));
    TRY(sq_step(keys, SQ_SLOT));
    TRY(slot_row(keys, SQ_SLOT, out));
out:
    sq_reset(keys, SQ_SLOT);
    return err;
}

static enum err keys_slot_put(struct store *base, const uint8_t space[static ID_LEN],
                              const struct leaf_slot *slot, const uint8_t sender[static ID_LEN])
{
    enum err err = ERR_OK;
    struct sq_store *store = of_store(base);
    struct sq *keys = &store->own.keys;
    struct store_slot old;
    TRY(sq_keys_begin(store));
    err = keys_slot(&store->own.view, space, slot->row, &old);
    bool fresh = err == ERR_NOT_FOUND;
    if (err != ERR_OK && !fresh)
        goto out;
    if (!fresh && old.slot.epoch == slot->epoch && memcmp(old.slot.slot, slot->slot, SLOT_LEN) == 0)
        return ERR_OK;
    if (fresh) {
        TRY(next_rev(keys, space, &old.rev));
    } else {
        const struct sq_arg row[] = {SQ_BLOB(space, ID_LEN), SQ_BLOB(slot->row, ID_LEN)};
        TRY(sq_run(keys, SQ_SLOT_OLD_DROP, row, 2));
        TRY(sq_run(keys, SQ_SLOT_AGE, row, 2));
    }
    TRY(sq_run(keys, SQ_SLOT_PUT,
               SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_BLOB(slot->row, ID_LEN), SQ_NUM(slot->epoch),
                       SQ_BLOB(slot->slot, SLOT_LEN), SQ_BLOB(sender, ID_LEN), SQ_NUM(old.rev))));
out:
    return err;
}

static enum err keys_seal_put(struct store *base, const uint8_t space[static ID_LEN],
                              uint64_t index, const struct leaf_seal *seal)
{
    enum err err = ERR_OK;
    struct sq_store *store = of_store(base);
    struct sq *keys = &store->own.keys;
    uint8_t hash[HASH_LEN];
    uint64_t rev = 0;
    bool gone = seal->seal_len == HASH_LEN;
    if (gone)
        memcpy(hash, seal->seal, HASH_LEN);
    else
        digest_sha256_of(hash, seal->seal, seal->seal_len);
    TRY(sq_keys_begin(store));
    TRY(next_rev(keys, space, &rev));
    TRY(sq_run(keys, SQ_SEALS_DROP_LEAF,
               SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(index), SQ_BLOB(seal->device, ID_LEN))));
    TRY(sq_run(keys, SQ_SEAL_PUT,
               SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(index), SQ_BLOB(seal->device, ID_LEN),
                       SQ_NUM(seal->epoch), SQ_NUM(seal->type), SQ_BLOB(hash, HASH_LEN),
                       SQ_BLOB(gone ? NULL : seal->seal, seal->seal_len), SQ_NUM(rev))));
out:
    return err;
}

static enum err keys_inbox_put(struct store *base, const uint8_t space[static ID_LEN],
                               const struct store_inbox *item)
{
    enum err err = ERR_OK;
    struct sq_store *store = of_store(base);
    struct sq *keys = &store->own.keys;
    uint64_t rev = 0;
    TRY(sq_keys_begin(store));
    TRY(next_rev(keys, space, &rev));
    TRY(sq_run(keys, SQ_INBOX_PUT,
               SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(item->type), SQ_BLOB(item->device, ID_LEN),
                       SQ_BLOB(item->invite, PK_LEN), SQ_NUM(item->expires_s), SQ_NUM(item->state),
                       SQ_BLOB(item->payload, item->payload_len), SQ_NUM(rev))));
out:
    return err;
}

static enum err keys_inbox_dismiss(struct store *base, const uint8_t space[static ID_LEN],
                                   const uint8_t device[static ID_LEN])
{
    enum err err = ERR_OK;
    struct sq_store *store = of_store(base);
    struct sq *keys = &store->own.keys;
    TRY(sq_keys_begin(store));
    TRY(sq_run(keys, SQ_INBOX_DISMISS, SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_BLOB(device, ID_LEN))));
    TRY(sq_changes(keys) > 0 ? ERR_OK : ERR_NOT_FOUND);
    atomic_store(&store->keys_deleted, true);
out:
    return err;
}

enum err sq_keys_chore(struct sq *keys, const uint8_t space[static ID_LEN], enum store_chore what,
                       const uint8_t *target, size_t len)
{
    static const enum sq_statement statements[] = {
        [STORE_CHORE_SLOT] = SQ_SLOT_DROP,      [STORE_CHORE_SEALS] = SQ_SEALS_DROP,
        [STORE_CHORE_JOINED] = SQ_INBOX_JOINED, [STORE_CHORE_INVITE] = SQ_INBOX_INVITE,
        [STORE_CHORE_OUTBOX] = SQ_INBOX_OUTBOX,
    };
    if (what < STORE_CHORE_SLOT || what > STORE_CHORE_OUTBOX)
        return ERR_CORRUPT;
    return sq_run(keys, statements[what], SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_BLOB(target, len)));
}

/* Reads the whole list first: deleting under a running query of the same table is asking for trouble. */
enum err sq_keys_drop_loose(struct sq_store *store)
{
    enum err err = ERR_OK;
    struct sq *keys = &store->own.keys;
    struct buf loose = {0};
    TRY(sq_start(keys, SQ_SEAL_SPACES, NULL, 0));
    while ((err = sq_step(keys, SQ_SEAL_SPACES)) == ERR_OK) {
        uint8_t space[ID_LEN];
        struct store_space info = {0};
        TRY(sq_column_bytes(keys, SQ_SEAL_SPACES, 0, space, ID_LEN));
        err = store->engine.space(&store->own.view, space, &info);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            goto out;
        if (sq_column(keys, SQ_SEAL_SPACES, 1) < info.size)
            continue;
        buf_put(&loose, space, ID_LEN);
        buf_u64be(&loose, info.size);
    }
    TRY(err == ERR_NOT_FOUND ? loose.err : err);
    sq_reset(keys, SQ_SEAL_SPACES);
    for (size_t at = 0; at < loose.len; at += ID_LEN + 8) {
        uint64_t size = 0;
        for (size_t i = 0; i < 8; i++)
            size = size << 8 | loose.bytes[at + ID_LEN + i];
        TRY(sq_run(keys, SQ_SEALS_DROP_FROM,
                   SQ_ARGS(SQ_BLOB(loose.bytes + at, ID_LEN), SQ_NUM(size))));
    }
out:
    sq_reset(keys, SQ_SEAL_SPACES);
    buf_free(&loose);
    return err;
}

/* ---- reading ---- */

static enum err keys_store_id(struct store_view *view, uint8_t id[static STORE_ID_LEN])
{
    enum err err = ERR_OK;
    struct sq *keys = keys_of(view);
    TRY(sq_start(keys, SQ_STORE_ID, NULL, 0));
    TRY(sq_step(keys, SQ_STORE_ID));
    TRY(sq_column_bytes(keys, SQ_STORE_ID, 0, id, STORE_ID_LEN));
out:
    sq_reset(keys, SQ_STORE_ID);
    return err;
}

static enum err slot_rows(struct sq *keys, enum sq_statement id, const struct sq_arg *args,
                          size_t n, const uint8_t *except, store_slot_fn fn, void *ctx)
{
    enum err err = sq_start(keys, id, args, n);
    while (err == ERR_OK) {
        struct store_slot slot;
        err = sq_step(keys, id);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            break;
        }
        TRY(err);
        TRY(slot_row(keys, id, &slot));
        if (!except || memcmp(slot.sender, except, ID_LEN) != 0)
            err = fn(ctx, &slot);
    }
out:
    sq_reset(keys, id);
    return err;
}

static enum err keys_slots(struct store_view *view, const uint8_t space[static ID_LEN],
                           uint64_t since, const uint8_t *except, store_slot_fn fn, void *ctx)
{
    return slot_rows(keys_of(view), SQ_SLOTS, SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(since)),
                     except, fn, ctx);
}

static enum err keys_slots_stale(struct store_view *view, const uint8_t space[static ID_LEN],
                                 uint32_t epoch, size_t limit, store_slot_fn fn, void *ctx)
{
    return slot_rows(keys_of(view), SQ_SLOTS_STALE,
                     SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(epoch), SQ_NUM(limit)), NULL, fn, ctx);
}

static enum err keys_seals_for(struct store_view *view, const uint8_t space[static ID_LEN],
                               const uint8_t device[static ID_LEN], uint64_t since,
                               store_seal_fn fn, void *ctx)
{
    struct sq *keys = keys_of(view);
    enum err err =
        sq_start(keys, SQ_SEALS_FOR,
                 SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_BLOB(device, ID_LEN), SQ_NUM(since)));
    while (err == ERR_OK) {
        struct store_seal seal = {0};
        err = sq_step(keys, SQ_SEALS_FOR);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            break;
        }
        TRY(err);
        memcpy(seal.seal.device, device, ID_LEN);
        seal.index = sq_column(keys, SQ_SEALS_FOR, 0);
        seal.seal.epoch = (uint32_t)sq_column(keys, SQ_SEALS_FOR, 1);
        seal.seal.type = (uint8_t)sq_column(keys, SQ_SEALS_FOR, 2);
        seal.seal.seal = sq_column_blob(keys, SQ_SEALS_FOR, 3, &seal.seal.seal_len);
        seal.rev = sq_column(keys, SQ_SEALS_FOR, 4);
        err = fn(ctx, &seal);
    }
out:
    sq_reset(keys, SQ_SEALS_FOR);
    return err;
}

static enum err keys_seal_lines(struct store_view *view, const uint8_t space[static ID_LEN],
                                uint64_t index, struct buf *out)
{
    struct sq *keys = keys_of(view);
    enum err err = sq_start(keys, SQ_SEAL_LINES, SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(index)));
    while (err == ERR_OK) {
        uint8_t device[ID_LEN], hash[HASH_LEN];
        TRY(sq_step(keys, SQ_SEAL_LINES));
        TRY(sq_column_bytes(keys, SQ_SEAL_LINES, 0, device, ID_LEN));
        TRY(sq_column_bytes(keys, SQ_SEAL_LINES, 3, hash, HASH_LEN));
        buf_put(out, device, ID_LEN);
        buf_u32be(out, (uint32_t)sq_column(keys, SQ_SEAL_LINES, 1));
        buf_u8(out, (uint8_t)sq_column(keys, SQ_SEAL_LINES, 2));
        buf_put(out, hash, HASH_LEN);
    }
out:
    sq_reset(keys, SQ_SEAL_LINES);
    return err == ERR_NOT_FOUND ? out->err : err;
}

static enum err inbox_row(struct sq *keys, struct store_inbox *item)
{
    enum err err = ERR_OK;
    memset(item, 0, sizeof *item);
    item->type = (uint8_t)sq_column(keys, SQ_INBOX, 0);
    TRY(sq_column_bytes(keys, SQ_INBOX, 1, item->device, ID_LEN));
    TRY(sq_column_bytes(keys, SQ_INBOX, 2, item->invite, PK_LEN));
    item->expires_s = sq_column(keys, SQ_INBOX, 3);
    item->state = (enum store_inbox_state)sq_column(keys, SQ_INBOX, 4);
    item->payload = sq_column_blob(keys, SQ_INBOX, 5, &item->payload_len);
    item->rev = sq_column(keys, SQ_INBOX, 6);
out:
    return err;
}

static enum err keys_inbox(struct store_view *view, const uint8_t space[static ID_LEN],
                           store_inbox_fn fn, void *ctx)
{
    struct sq *keys = keys_of(view);
    enum err err = sq_start(keys, SQ_INBOX, SQ_ARGS(SQ_BLOB(space, ID_LEN)));
    while (err == ERR_OK) {
        struct store_inbox item;
        err = sq_step(keys, SQ_INBOX);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            break;
        }
        TRY(err);
        TRY(inbox_row(keys, &item));
        err = fn(ctx, &item);
    }
out:
    sq_reset(keys, SQ_INBOX);
    return err;
}

void store_sql_keys(struct store_engine *engine)
{
    engine->slot_put = keys_slot_put;
    engine->seal_put = keys_seal_put;
    engine->inbox_put = keys_inbox_put;
    engine->inbox_dismiss = keys_inbox_dismiss;
    engine->store_id = keys_store_id;
    engine->keys_rev = keys_rev;
    engine->slots = keys_slots;
    engine->slot = keys_slot;
    engine->slots_stale = keys_slots_stale;
    engine->seals_for = keys_seals_for;
    engine->seal_lines = keys_seal_lines;
    engine->inbox = keys_inbox;
}
