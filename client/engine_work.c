/* SPDX-License-Identifier: Apache-2.0
 *
 * The doors of engine.h for work: changes, operations, packs, what was refused, blobs of the layers above.
 */
#include "client/engine.h"

#include <assert.h>
#include <string.h>

#include "client/engine_inside.h"
#include "client/give.h"
#include "client/operate.h"
#include "proto/digest.h"

/* --- changes --- */

/* A space whose memory could not be made what the disk says is read from there first. */
static enum err catch_up(struct engine *engine, size_t space)
{
    struct space *at = engine_at(engine, space);
    return at->behind == ERR_OK ? ERR_OK : space_reload(engine, at);
}

enum err engine_replay(struct engine *engine, size_t space, uint64_t from, engine_sink sink,
                       void *ctx, uint64_t *keyless)
{
    enum err err = catch_up(engine, space);
    return err == ERR_OK ? give_replay(engine, space, from, sink, ctx, keyless) : err;
}

enum err engine_pending(struct engine *engine, size_t space, engine_sink sink, void *ctx)
{
    enum err err = catch_up(engine, space);
    return err == ERR_OK ? give_pending(engine, space, sink, ctx) : err;
}

/* Who has been told that it may not write is refused at once; who waits for an approval may. */
static enum err may_write(const struct engine *engine, const struct space *space)
{
    const struct fold_device *self = space_self(engine, space);
    if (self && !self->active)
        return ERR_REVOKED;
    return self && !(self->roles & ROLE_WRITER) ? ERR_DENIED : ERR_OK;
}

enum err engine_dossier_new(struct engine *engine, size_t i, uint8_t shred[static ID_LEN])
{
    struct space *space = engine_at(engine, i);
    enum err err = may_write(engine, space);
    return err == ERR_OK ? dossier_new(engine, space, shred) : err;
}

enum err engine_dossier_check(struct engine *engine, size_t i, const uint8_t shred[static ID_LEN])
{
    struct space *space = engine_at(engine, i);
    struct dossier *dossier = dossier_find(space, shred);
    const uint8_t *key;
    if (fold_moved(space->fold, shred))
        return ERR_DENIED; /* who knows that writes to where it went */
    return dossier ? dossier_key(engine, space, dossier, &key) : ERR_NOT_FOUND;
}

enum err engine_pseudonym(struct engine *engine, size_t i, const uint8_t shred[static ID_LEN],
                          uint8_t out[static ID_LEN])
{
    static const char tag[] = "passerelle/pseudonym/v1"; /* with its NUL */
    struct space *space = engine_at(engine, i);
    struct dossier *dossier = dossier_find(space, shred);
    const uint8_t *key;
    enum err err = dossier ? dossier_key(engine, space, dossier, &key) : ERR_NOT_FOUND;
    if (err == ERR_OK)
        digest_keyed(out, ID_LEN, key,
                     (const struct digest_part[]){{tag, sizeof tag}, {shred, ID_LEN}}, 2);
    return err;
}

enum err engine_edit(struct engine *engine, size_t i, const uint8_t shred[static ID_LEN],
                     uint16_t pack, struct change *items, size_t n)
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    TRY(may_write(engine, space));
    TRY(engine_dossier_check(engine, i, shred));
    if (n == 0 || n > CHANGES_MAX)
        TRY(n ? ERR_TOO_BIG : ERR_USAGE);
    for (size_t k = 0; k < n; k++)
        TRY(change_value_check(items[k].value, items[k].value_len));
    TRY(outbox_edit(engine, space, shred, pack, items, n));
    space_refresh(engine, space);
out:
    return err;
}

void engine_together(struct engine *engine, bool on)
{
    engine->together = on ? engine->edits + 1 : 0;
}

/* The number of the newest engine_edit that can still be taken back; 0 when there is none. */
static uint64_t newest_edit(const struct engine *engine, uint64_t within_ms)
{
    uint64_t edit = 0;
    for (size_t i = 0; i < engine->n_spaces; i++) {
        const struct outbox *outbox = &engine->spaces[i]->outbox;
        if (outbox->n_edits == 0)
            continue;
        const struct outbox_edit *last = &outbox->edits[outbox->n_edits - 1];
        bool recent =
            last->made_ms >= engine->now_ms || engine->now_ms - last->made_ms <= within_ms;
        if (recent && !last->seq && last->refused == ERR_OK && last->edit > edit)
            edit = last->edit;
    }
    return edit;
}

enum err engine_undo(struct engine *engine, uint64_t within_ms, size_t *n)
{
    uint64_t edit = newest_edit(engine, within_ms);
    enum err err = edit ? ERR_OK : ERR_NOT_FOUND;
    *n = 0;
    for (size_t i = 0; i < engine->n_spaces && err == ERR_OK; i++) {
        struct space *space = engine->spaces[i];
        size_t gone = 0;
        err = outbox_undo(engine, space, edit, &gone);
        *n += gone;
        if (err == ERR_NOT_FOUND) /* none of it in this space */
            err = ERR_OK;
        space_refresh(engine, space);
    }
    return err == ERR_OK && *n == 0 ? ERR_NOT_FOUND : err;
}

/* --- refused work --- */

size_t engine_refused_count(const struct engine *engine, size_t i)
{
    size_t n = 0;
    const struct outbox *outbox = &engine_at(engine, i)->outbox;
    for (size_t k = 0; k < outbox->n_leaves; k++)
        n += outbox->leaves[k]->state == OUTBOX_REFUSED;
    return n;
}

void engine_refused(const struct engine *engine, size_t i, size_t k, struct engine_refused *out)
{
    const struct space *space = engine_at(engine, i);
    *out = (struct engine_refused){0};
    for (size_t at = 0; at < space->outbox.n_leaves; at++) {
        const struct outbox_leaf *leaf = space->outbox.leaves[at];
        if (leaf->state != OUTBOX_REFUSED || k-- != 0)
            continue;
        out->status = leaf->status;
        out->kind = leaf->kind;
        out->made_ms = leaf->made_ms;
        for (size_t e = 0; e < leaf->n_edits; e++) {
            const struct outbox_edit *edit = outbox_edit_by_id(space, leaf->edits[e]);
            out->changes += edit ? edit->n : 0;
        }
        return;
    }
    assert(0 && "no such refusal");
}

enum err engine_retry(struct engine *engine, size_t i, size_t *n)
{
    struct space *space = engine_at(engine, i);
    enum err err = outbox_retry(engine, space, n);
    if (err != ERR_OK) {
        enum err again = space_reload(engine, space);
        return again != ERR_OK ? again : err;
    }
    space_refresh(engine, space);
    return ERR_OK;
}

/* --- caches of the layers above --- */

static uint64_t cache_id(const char *name)
{
    uint8_t hash[HASH_LEN];
    uint64_t id;
    digest_sha256_of(hash, name, strlen(name));
    memcpy(&id, hash, sizeof id);
    return id >> 1;
}

enum err engine_cache_put(struct engine *engine, const char *name, const uint8_t *bytes, size_t len)
{
    return replica_put(engine->replica, REPLICA_CACHE, 0, cache_id(name), bytes, len);
}

enum err engine_cache_get(struct engine *engine, const char *name, struct buf *out)
{
    return replica_get(engine->replica, REPLICA_CACHE, 0, cache_id(name), out);
}

enum err engine_cache_delete(struct engine *engine, const char *name)
{
    return replica_delete(engine->replica, REPLICA_CACHE, 0, cache_id(name));
}

/* --- operations --- */

enum err engine_operate(struct engine *engine, size_t i, const struct op *op, const uint8_t *text,
                        size_t text_len)
{
    struct space *space = engine_at(engine, i);
    static const uint8_t nobody[ID_LEN];
    const uint8_t *target = nobody;
    const struct fold_device *self = space_self(engine, space);
    if (self && !self->active)
        return ERR_REVOKED;
    if (space->succeeded)
        return ERR_DENIED;
    if (op->kind == KIND_DEVICE_REVOKE)
        target = op->u.device_revoke.device;
    else if (op->kind == KIND_ROLE_SET)
        target = op->u.role_set.device;
    else if (op->kind == KIND_LABEL)
        target = op->u.label.id;
    else if (op->kind == KIND_CONFIRM)
        target = op->u.confirm.hash;
    else if (op->kind == KIND_ERASE)
        target = op->u.erase.shred;
    enum err err = outbox_operate(engine, space, op, target, text, text_len);
    space_refresh(engine, space);
    return err;
}

enum err engine_pack_set(struct engine *engine, size_t i, uint32_t number, const uint8_t *json,
                         size_t len)
{
    const struct space *space = engine_at(engine, i);
    struct op op = {.kind = KIND_PACK_SET};
    if (!space_may(engine, space, ROLE_ADMIN))
        return ERR_DENIED;
    if (number <= space->fold->pack_number)
        return ERR_EXISTS;
    op.u.pack_set.number = number;
    digest_sha256_of(op.u.pack_set.hash, json, len);
    return engine_operate(engine, i, &op, json, len);
}

enum err engine_pack(struct engine *engine, size_t i, uint32_t *number, struct buf *out)
{
    const struct space *space = engine_at(engine, i);
    uint8_t hash[HASH_LEN];
    size_t before = out->len;
    if (space->fold->pack_number == 0)
        return ERR_NOT_FOUND;
    enum err err = operate_pack_text(engine, space, space->fold->pack_index, out);
    if (err != ERR_OK)
        return err;
    digest_sha256_of(hash, out->bytes + before, out->len - before);
    *number = space->fold->pack_number;
    return memcmp(hash, space->fold->pack_hash, HASH_LEN) == 0 ? ERR_OK : ERR_CORRUPT;
}
