/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading a space from the replica, its record, and its tree look-ups. Keys and labels stand in space_keys.c.
 *
 *   record = [id16, server, url, level, state, status, genesis32, own name, checkpoint_ms, alarm, alarm_index, flags,
 *             generation, keys_rev, routed, erased_upto, invalid, link_sig64 | nil, join | nil]
 *             and, of a space that continues an older one, that one's id16 behind
 */
#include "client/space.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/attach.h"
#include "client/engine_inside.h"
#include "client/leave.h"
#include "client/space_inside.h"
#include "proto/digest.h"
#include "proto/wire.h"

/* Kept in the record. */
enum {
    FLAG_FROZEN = 1,
    FLAG_CLONED = 2,
    FLAG_MISSING = 4,
    FLAG_PROVEN = 8,
    FLAG_KEYLESS = 16,
    FLAG_SALVAGED = 32,
    FLAG_UNINVITED = 64,
    FLAG_SUCCEEDED = 128,
    FLAG_CARRIED = 256,
    FLAG_RESTATED = 512
};
enum { FOUNDER_ROLES = ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN };

enum err space_new(struct space **out, const uint8_t id[static ID_LEN])
{
    enum err err = ERR_OK;
    struct space *space = calloc(1, sizeof *space);
    if (!space)
        return ERR_MEMORY;
    memcpy(space->pub.id, id, ID_LEN);
    space->pub.alarm_index = UINT64_MAX;
    space->join.max = INBOX_ITEM_MAX;
    err = fold_new(&space->fold, id);
    if (err != ERR_OK) {
        free(space);
        space = NULL;
    }
    *out = space;
    return err;
}

/* --- the record --- */

static uint64_t flags_of(const struct space *space)
{
    unsigned flags = 0;
    flags |= space->frozen ? FLAG_FROZEN : 0u;
    flags |= space->cloned ? FLAG_CLONED : 0u;
    flags |= space->missing ? FLAG_MISSING : 0u;
    flags |= space->proven ? FLAG_PROVEN : 0u;
    flags |= space->keyless ? FLAG_KEYLESS : 0u;
    flags |= space->salvaged ? FLAG_SALVAGED : 0u;
    flags |= space->uninvited ? FLAG_UNINVITED : 0u;
    flags |= space->succeeded ? FLAG_SUCCEEDED : 0u;
    flags |= space->carried ? FLAG_CARRIED : 0u;
    flags |= space->restated ? FLAG_RESTATED : 0u;
    return flags;
}

enum err space_save(struct engine *engine, const struct space *space)
{
    struct buf out = {.max = INBOX_ITEM_MAX};
    const struct engine_space *pub = &space->pub;
    bool continues = !digest_is_zero(pub->old, ID_LEN);
    wire_put_array(&out, continues ? 20 : 19);
    wire_put_bin(&out, pub->id, ID_LEN);
    wire_put_uint(&out, space->server < engine->n_servers ? engine->servers[space->server].no : 0);
    wire_put_str(&out, pub->url, strlen(pub->url));
    wire_put_uint(&out, pub->level);
    wire_put_uint(&out, pub->state);
    wire_put_uint(&out, pub->status);
    wire_put_bin(&out, space->genesis, HASH_LEN);
    wire_put_str(&out, space->own_name, strlen(space->own_name));
    wire_put_uint(&out, pub->checkpoint_ms);
    wire_put_uint(&out, pub->alarm);
    wire_put_uint(&out, pub->alarm_index);
    wire_put_uint(&out, flags_of(space));
    wire_put_uint(&out, pub->generation);
    wire_put_uint(&out, space->keys_rev);
    wire_put_uint(&out, space->routed);
    wire_put_uint(&out, space->erased_upto);
    wire_put_uint(&out, pub->invalid_leaves);
    if (space->has_link_sig)
        wire_put_bin(&out, space->link_sig, SIG_LEN);
    else
        wire_put_nil(&out);
    if (space->join.len)
        wire_put_bin(&out, space->join.bytes, space->join.len);
    else
        wire_put_nil(&out);
    if (continues)
        wire_put_bin(&out, pub->old, ID_LEN);
    enum err err = out.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_SPACE, 0, space->no, out.bytes, out.len);
    buf_free(&out);
    return err;
}

static void take_text(struct wire_in *in, char *out, size_t cap)
{
    size_t len;
    const char *text = wire_str(in, &len, cap - 1);
    if (text)
        memcpy(out, text, len);
    out[text ? len : 0] = '\0';
}

static void decode(const struct engine *engine, struct wire_in *in, struct space *space)
{
    struct engine_space *pub = &space->pub;
    wire_bytes(in, pub->id, ID_LEN);
    uint64_t server = wire_uint(in, UINT64_MAX);
    space->server = SIZE_MAX;
    for (size_t i = 0; i < engine->n_servers; i++) {
        if (engine->servers[i].no == server)
            space->server = i;
    }
    take_text(in, pub->url, sizeof pub->url);
    pub->level = (enum space_level)wire_uint(in, LEVEL_RESTRICTED);
    pub->state = (enum engine_state)wire_uint(in, SPACE_SUCCEEDED);
    pub->status = (enum err)wire_uint(in, 255);
    wire_bytes(in, space->genesis, HASH_LEN);
    take_text(in, space->own_name, sizeof space->own_name);
    pub->checkpoint_ms = wire_uint(in, UINT64_MAX);
    pub->alarm = (enum err)wire_uint(in, 255);
    pub->alarm_index = wire_uint(in, UINT64_MAX);
    uint64_t flags = wire_uint(in, UINT64_MAX);
    space->frozen = flags & FLAG_FROZEN;
    space->cloned = flags & FLAG_CLONED;
    space->missing = flags & FLAG_MISSING;
    space->proven = flags & FLAG_PROVEN;
    space->keyless = flags & FLAG_KEYLESS;
    space->salvaged = flags & FLAG_SALVAGED;
    space->uninvited = flags & FLAG_UNINVITED;
    space->succeeded = flags & FLAG_SUCCEEDED;
    space->carried = flags & FLAG_CARRIED;
    space->restated = flags & FLAG_RESTATED;
    pub->generation = wire_uint(in, UINT64_MAX);
    space->keys_rev = wire_uint(in, UINT64_MAX);
    space->routed = wire_uint(in, UINT64_MAX);
    space->erased_upto = wire_uint(in, UINT64_MAX);
    pub->invalid_leaves = wire_uint(in, UINT64_MAX);
    space->has_link_sig = wire_bytes_or_nil(in, space->link_sig, SIG_LEN);
    if (!wire_nil(in)) {
        size_t len;
        const uint8_t *join = wire_bin(in, &len, 1, INBOX_ITEM_MAX);
        buf_reset(&space->join);
        buf_put(&space->join, join, len);
    }
    if (in->left > 0)
        wire_bytes(in, pub->old, ID_LEN);
    /* A server that a damaged file lost: nothing can be sent before it is known again. */
    if (space->server == SIZE_MAX)
        wire_fail(in, ERR_CORRUPT);
}

static enum err load_record(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    struct buf plain = {.max = INBOX_ITEM_MAX};
    struct wire_doc doc = {0};
    TRY(replica_get(engine->replica, REPLICA_SPACE, 0, space->no, &plain));
    TRY(wire_open(&doc, plain.bytes, plain.len, 1, 32));
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 19, 20);
    decode(engine, &in, space);
    TRY(wire_end(&in));
out:
    wire_close(&doc);
    buf_free(&plain);
    return err == ERR_FORMAT || err == ERR_TOO_BIG ? ERR_CORRUPT : err;
}

/* --- fold and tree --- */

static enum err load_control(void *ctx, const struct replica_entry *row)
{
    struct space *space = ctx;
    struct leaf leaf;
    enum err err = ERR_OK;
    if (row->verdict != ERR_OK)
        return ERR_OK;
    fold_skip_to(space->fold, row->index);
    err = leaf_decode(&leaf, row->header, row->header_len, row->sig);
    if (err == ERR_OK) {
        const struct fold_entry entry = {
            .index = row->index, .t_recv_ms = row->t_recv_ms, .leaf = &leaf};
        err = fold_apply(space->fold, &entry);
    }
    leaf_fini(&leaf);
    /* It was valid when it was stored. */
    return err == ERR_OK || err_category(err) == CAT_INTERNAL ? err : ERR_CORRUPT;
}

static enum err load_last(void *ctx, const struct replica_last *last)
{
    struct space *space = ctx;
    fold_set_last(space->fold, last->device, last->seq, last->hash, last->index);
    return ERR_OK;
}

static enum err load_note(struct engine *engine, struct space *space)
{
    struct buf plain = {0};
    enum err err = replica_get(engine->replica, REPLICA_NOTE, space->no, 0, &plain);
    if (err == ERR_OK && plain.len == sizeof space->note)
        memcpy(&space->note, plain.bytes, sizeof space->note);
    else if (err == ERR_OK)
        err = ERR_CORRUPT;
    space->has_note = err == ERR_OK;
    buf_free(&plain);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err load_log(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    struct space_reader reader = {.engine = engine, .space = space};
    uint64_t size = 0;
    TRY(replica_size(engine->replica, space->no, &size));
    TRY(replica_entries(engine->replica, space->no, REPLICA_CONTROL, 0, size, load_control, space));
    fold_skip_to(space->fold, size);
    TRY(replica_lasts(engine->replica, space->no, load_last, space));
    err = tree_load(&space->tree, size, space_node, &reader);
    if (err == ERR_NOT_FOUND)
        err = ERR_CORRUPT;
    TRY(err);
    space->pub.size = size;
    TRY(load_note(engine, space));
    /* The last note ends the log: anything else was cut off by damage. */
    if ((space->has_note ? space->note.size : 0) != size)
        err = ERR_CORRUPT;
out:
    return err;
}

static enum err load_all(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    TRY(load_record(engine, space));
    fold_free(space->fold);
    space->fold = NULL;
    TRY(fold_new(&space->fold, space->pub.id));
    TRY(load_log(engine, space));
    TRY(space_epochs_load(engine, space));
    TRY(dossier_load(engine, space));
    TRY(outbox_load(engine, space));
    TRY(attach_load(engine, space));
    TRY(space_waiting_load(engine, space));
    TRY(leave_load(engine, space));
    TRY(space_labels(engine, space));
    space_refresh(engine, space);
out:
    return err;
}

enum err space_load(struct engine *engine, struct space **out, uint64_t no)
{
    static const uint8_t unknown[ID_LEN];
    struct space *space = NULL;
    enum err err = space_new(&space, unknown);
    if (err == ERR_OK) {
        space->no = no;
        err = load_all(engine, space);
    }
    if (err != ERR_OK) {
        space_free(engine, space);
        space = NULL;
    }
    *out = space;
    return err;
}

static void unload(struct engine *engine, struct space *space)
{
    outbox_unload(engine, space);
    dossier_unload(engine, space);
    space_epochs_unload(engine, space);
    fold_free(space->fold);
    free(space->labels);
    free(space->waiting);
    free(space->stale);
    free(space->want);
    buf_free(&space->join);
}

enum err space_reload(struct engine *engine, struct space *space)
{
    struct space *fresh;
    space->behind = space_load(engine, &fresh, space->no);
    if (space->behind != ERR_OK)
        return space->behind;
    fresh->page_max = space->page_max;
    fresh->repairs = space->repairs;
    fresh->rekey_epoch = space->rekey_epoch;
    fresh->rekey_tries = space->rekey_tries;
    struct space old = *space;
    *space = *fresh;
    *fresh = old;
    space_free(engine, fresh);
    return ERR_OK;
}

void space_free(struct engine *engine, struct space *space)
{
    if (!space)
        return;
    unload(engine, space);
    free(space);
}

enum err space_node(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    const struct space_reader *reader = ctx;
    return replica_node(reader->engine->replica, reader->space->no, level, index, out);
}

enum err space_root_at(void *ctx, uint64_t size, uint8_t out[static HASH_LEN])
{
    struct space_reader *reader = ctx;
    /* Leaves of one push have seen the same size. */
    if (reader->cached_size != size || size == 0) {
        enum err err = tree_root_at(reader->cached_root, size, space_node, reader);
        reader->cached_size = err == ERR_OK ? size : 0;
        if (err != ERR_OK)
            return err;
    }
    memcpy(out, reader->cached_root, HASH_LEN);
    return ERR_OK;
}

enum err space_origin(const struct space *space, char origin[static NOTE_ORIGIN_MAX])
{
    const char *name = space->fold->log_name;
    return note_origin(origin, name, strlen(name), space->pub.id);
}

/* --- what it shows --- */

const struct fold_device *space_self(const struct engine *engine, const struct space *space)
{
    return space->fold ? fold_device(space->fold, engine->ring.id) : NULL;
}

bool space_takes_part(const struct space *space)
{
    if (space->pub.state == SPACE_REVOKED)
        return space->leave.waiting > 0;
    if (space->carried)
        return false;
    /* Under a new identity there is nothing to ask before an invitation. */
    return space->pub.state != SPACE_REFUSED && !space->uninvited;
}

bool space_may(const struct engine *engine, const struct space *space, uint8_t any)
{
    const struct fold_device *self = space_self(engine, space);
    if (!self)
        return space->pub.state == SPACE_FOUNDING;
    return self->active && self->roles & any;
}

void space_refresh(struct engine *engine, struct space *space)
{
    struct engine_space *pub = &space->pub;
    const struct fold_device *self = space_self(engine, space);
    const struct fold *fold = space->fold;
    pub->size = fold->size;
    if (fold->size > 0) {
        pub->level = fold->level;
        pub->trial = fold->trial;
        pub->keepers = fold_keepers(fold);
        pub->rotation_pending = fold->rotation_pending;
        if (fold->succeeds)
            memcpy(pub->old, fold->old_space, ID_LEN);
    } else {
        pub->trial = true;
        pub->keepers = 1;
    }
    if (self) {
        pub->roles = self->active ? self->roles : 0;
        pub->state = !self->active      ? SPACE_REVOKED
                     : space->succeeded ? SPACE_SUCCEEDED
                                        : SPACE_ACTIVE;
    } else {
        pub->roles = pub->state == SPACE_FOUNDING ? FOUNDER_ROLES : 0;
    }
    if (pub->name[0] == '\0')
        memcpy(pub->name, space->own_name, sizeof pub->name);
    outbox_count(space, &pub->unsent, &pub->unsent_since_ms);
    pub->unsent += space->uploads; /* a change counts with its file */
    if (space->carried)
        pub->unsent = pub->unsent_since_ms = 0;
    pub->wiped = space->leave.wiped;
    pub->sealed = space->leave.waiting;
    pub->handed = space->leave.handed;
}

enum err space_bump(struct engine *engine, struct space *space)
{
    space->pub.generation++;
    /* Cached views hold what may just have been erased. */
    return replica_delete_all(engine->replica, REPLICA_CACHE, 0);
}

void space_alarm(struct space *space, enum err alarm, uint64_t index, bool freeze)
{
    /* Frozen evidence is not covered up by a lesser alarm. */
    if (space->frozen && !freeze)
        return;
    space->pub.alarm = alarm;
    space->pub.alarm_index = index;
    space->frozen = space->frozen || freeze;
}
