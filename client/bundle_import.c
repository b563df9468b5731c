/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles in (proto/bundle.h). What comes in goes through the same steps as an answer (take.h), once it is
 * known that its entries produce its note: a file that was altered on the way proves nothing against the server.
 */
#include <stdlib.h>
#include <string.h>

#include "client/courier.h"
#include "client/handover.h"
#include "client/session.h"
#include "client/take.h"
#include "proto/bundle.h"
#include "proto/digest.h"

/* --- history --- */

enum { LATER_MAX = 64 };

struct import {
    struct engine *engine;
    struct engine_bundle *did;
};

/* The server of a row's space, or the one that its writer asked: by the key it knew then. */
static struct server *server_for(const struct engine *engine, const struct bundle_row *row)
{
    size_t number;
    if (engine_space_by_id(engine, row->space, &number))
        return &engine->servers[engine->spaces[number]->server];
    for (size_t i = 0; i < engine->n_servers; i++) {
        if (handover_knows(engine, &engine->servers[i], row->aud))
            return &engine->servers[i];
    }
    return NULL;
}

/* A note that is signed and does not fit the own history is remembered, and is an alarm where it proves a fork. */
static enum err hold_against(struct engine *engine, const struct space *space,
                             const struct server *server, const struct note *note)
{
    struct buf text = {.max = NOTE_TEXT_MAX};
    char origin[NOTE_ORIGIN_MAX];
    struct note bare = *note;
    bare.n_cosigs = 0;
    enum err err = note_origin(origin, server->log_name, strlen(server->log_name), space->pub.id);
    if (err == ERR_OK) {
        note_print(&text, &bare, origin, fold_log_pk(space->fold, note->size), NULL);
        err = text.err;
    }
    if (err == ERR_OK)
        err = engine_compare(engine, (const char *)text.bytes, text.len);
    buf_free(&text);
    return err == ERR_BEHIND ? ERR_OK : err;
}

/* The key that the entries beyond the own size hand over to, as far as the keys themselves say it; who may write that
 * is judged with the entries. */
static void key_beyond(const struct space *space, const struct bundle_row *row,
                       uint8_t log_pk[static PK_LEN])
{
    for (size_t i = 0; i < row->n_entries; i++) {
        struct leaf leaf;
        if (row->from + i >= space->fold->size &&
            leaf_decode(&leaf, row->entries[i].header, row->entries[i].header_len,
                        row->entries[i].sig) == ERR_OK &&
            leaf.kind == KIND_LOG_KEY &&
            op_key_offer_verify(&leaf.op.u.log_key, space->pub.id, log_pk) == ERR_OK)
            memcpy(log_pk, leaf.op.u.log_key.log_pk, PK_LEN);
        leaf_fini(&leaf);
    }
}

static bool signed_by_log(const struct space *space, const struct server *server,
                          const struct bundle_row *row)
{
    char origin[NOTE_ORIGIN_MAX];
    uint8_t log_pk[PK_LEN];
    const struct note *note = &row->note;
    memcpy(log_pk, space->fold->size ? fold_log_pk(space->fold, note->size) : server->log_pk,
           PK_LEN);
    if (note_origin(origin, server->log_name, strlen(server->log_name), space->pub.id) != ERR_OK)
        return false;
    if (note_verify(note, origin, log_pk) == ERR_OK)
        return true;
    key_beyond(space, row, log_pk);
    return note_verify(note, origin, log_pk) == ERR_OK;
}

enum produced { PRODUCED, ALTERED, OTHER_HISTORY };

/* Whether the entries produce the note, and pass through what this device has verified. */
static enum err check_entries(struct engine *engine, struct space *space,
                              const struct bundle_row *row, enum produced *produced)
{
    enum err err = ERR_OK;
    struct space_reader reader = {.engine = engine, .space = space};
    struct tree tree = {0};
    uint8_t root[HASH_LEN], own[HASH_LEN];
    bool through = true;
    tree_root(&space->tree, own);
    TRY(tree_load(&tree, row->from, space_node, &reader));
    for (size_t i = 0; i < row->n_entries; i++) {
        const struct message_leaf *entry = &row->entries[i];
        if (tree.size == space->fold->size) {
            tree_root(&tree, root);
            through = memcmp(root, own, HASH_LEN) == 0;
        }
        leaf_entry_hash(root, entry->t_recv_ms, entry->header, entry->header_len, entry->sig);
        tree_append(&tree, root, NULL);
    }
    tree_root(&tree, root);
    *produced = PRODUCED;
    if (memcmp(root, row->note.root, HASH_LEN) != 0)
        *produced = ALTERED;
    else if (!through)
        *produced = OTHER_HISTORY;
out:
    return err;
}

struct slot_look {
    uint32_t epoch;
    bool found;
};

static enum err look_at_slot(void *ctx, const struct leaf_slot *slot)
{
    struct slot_look *look = ctx;
    look->found = look->found || slot->epoch == look->epoch;
    return ERR_OK;
}

/* Slots that this device lacks: a courier replaces none, and brings none back of what was erased. */
static enum err lacking_slots(struct engine *engine, const struct space *space,
                              const struct bundle_row *row, struct message_row *out)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < row->n_slots; i++) {
        struct slot_look look = {.epoch = row->slots[i].epoch};
        for (size_t k = 0; k < space->fold->n_erased && !look.found; k++)
            look.found = memcmp(space->fold->erased[k].row, row->slots[i].row, ID_LEN) == 0;
        TRY(replica_slots(engine->replica, space->no, row->slots[i].row, look_at_slot, &look));
        if (!look.found)
            out->slots[out->n_slots++] = row->slots[i];
    }
out:
    return err;
}

/* The entries beyond the own size as if a page of the server had brought them. */
static enum err take_as_page(struct import *import, size_t number, struct server *server,
                             const struct bundle_row *row)
{
    enum err err = ERR_OK;
    struct space *space = import->engine->spaces[number];
    size_t known = (size_t)(space->fold->size - row->from);
    const struct message_leaf *last = &row->entries[row->n_entries - 1];
    uint64_t time_ms = space->pub.checkpoint_ms;
    struct flight_row flight = {.space = number};
    struct take_result result = {0};
    /* `more`: only the server can say that this is all. */
    struct message_row page = {.full = true,
                               .more = true,
                               .size = row->note.size,
                               .keys_rev = space->keys_rev,
                               .has_note = true,
                               .note = row->note,
                               .n_leaves = row->n_entries - known,
                               .leaves = row->entries + known};
    page.slots = calloc(row->n_slots + 1, sizeof *page.slots);
    if (!page.slots)
        return ERR_MEMORY;
    TRY(lacking_slots(import->engine, space, row, &page));
    if (last->t_recv_ms > time_ms)
        time_ms = last->t_recv_ms;
    const struct message_response answer = {.time_ms = time_ms, .n_rows = 1, .rows = &page};
    TRY(take_row(import->engine, server, &flight, &answer, &page, &result));
    import->did->entries += result.pulled;
    import->did->refused += result.bad != ERR_OK;
out:
    free(page.slots);
    return err;
}

/* `*later`: it continues what this device does not have yet. */
static enum err take_history(struct import *import, size_t number, struct server *server,
                             const struct bundle_row *row, bool *later)
{
    enum err err = ERR_OK;
    struct engine *engine = import->engine;
    struct space *space = engine->spaces[number];
    enum produced produced;
    *later = false;
    if (space->pub.state == SPACE_REVOKED || space->pub.state == SPACE_REFUSED || space->frozen)
        return ERR_OK;
    if (!signed_by_log(space, server, row)) {
        import->did->refused++;
        return ERR_OK;
    }
    if (row->note.size <= space->fold->size) {
        import->did->known += row->n_entries;
        return hold_against(engine, space, server, &row->note);
    }
    *later = row->from > space->fold->size;
    if (*later || row->n_entries == 0)
        return ERR_OK;
    TRY(check_entries(engine, space, row, &produced));
    import->did->refused += produced == ALTERED;
    if (produced == OTHER_HISTORY)
        TRY(audit_accuse(engine, space, &row->note));
    else if (produced == PRODUCED)
        TRY(take_as_page(import, number, server, row));
    else if (space->fold->size > 0)
        TRY(hold_against(engine, space, server, &row->note));
out:
    return err;
}

/* --- what has to wait for an earlier file --- */

struct ids {
    size_t n;
    uint64_t list[LATER_MAX];
};

static enum err note_id(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct ids *ids = ctx;
    (void)plain, (void)len;
    if (ids->n < LATER_MAX)
        ids->list[ids->n++] = id;
    return ERR_OK;
}

static enum err keep_later(struct import *import, const struct bundle_row *row)
{
    struct bundle_row one = *row;
    const struct bundle bundle = {.n_rows = 1, .rows = &one};
    struct buf plain = {.max = BUNDLE_MAX};
    struct ids ids = {0};
    uint8_t hash[HASH_LEN];
    uint64_t id = 0;
    enum err err = replica_each(import->engine->replica, REPLICA_LATER, 0, note_id, &ids);
    if (err != ERR_OK)
        return err;
    if (ids.n == LATER_MAX) {
        import->did->refused++;
        return ERR_OK;
    }
    one.n_pushes = 0;
    bundle_encode(&plain, &bundle);
    err = plain.err;
    if (err == ERR_OK) {
        digest_sha256_of(hash, plain.bytes, plain.len);
        for (unsigned i = 0; i < 8; i++)
            id = id << 8 | hash[i];
        err =
            replica_put(import->engine->replica, REPLICA_LATER, 0, id >> 1, plain.bytes, plain.len);
    }
    import->did->later += err == ERR_OK;
    buf_free(&plain);
    return err;
}

/* Tries one kept history again; it goes unless it still has to wait. */
static enum err try_later(struct import *import, uint64_t id, bool *moved)
{
    struct buf plain = {.max = BUNDLE_MAX + 4096};
    struct bundle bundle = {0};
    bool later = false;
    size_t number = 0;
    enum err err = ERR_OK;
    TRY(replica_get(import->engine->replica, REPLICA_LATER, 0, id, &plain));
    err = bundle_decode(&bundle, plain.bytes, plain.len);
    if (err == ERR_OK && bundle.n_rows == 1) {
        const struct bundle_row *row = &bundle.rows[0];
        struct server *server = server_for(import->engine, row);
        if (server && engine_space_by_id(import->engine, row->space, &number))
            TRY(take_history(import, number, server, row, &later));
    }
    *moved = *moved || !later;
    err = later ? ERR_OK : replica_delete(import->engine->replica, REPLICA_LATER, 0, id);
out:
    bundle_free(&bundle);
    buf_free(&plain);
    return err;
}

static enum err try_all_later(struct import *import)
{
    enum err err = ERR_OK;
    for (bool moved = true; moved;) {
        struct ids ids = {0};
        moved = false;
        TRY(replica_each(import->engine->replica, REPLICA_LATER, 0, note_id, &ids));
        for (size_t i = 0; i < ids.n; i++)
            TRY(try_later(import, ids.list[i], &moved));
    }
out:
    return err;
}

/* --- work of others --- */

/* What can be said of a leaf here and now. ERR_OK: keep it; ERR_EXISTS: it is known; others: not as its author made
 * it. Its rights are the server's to judge. */
static enum err check_push(const struct engine *engine, const struct bundle_row *row,
                           const struct bundle_push *push, const struct leaf *leaf)
{
    enum err err = ERR_OK;
    size_t number;
    const struct space *space = engine_space_by_id(engine, row->space, &number);
    const struct fold_device *author = space ? fold_device(space->fold, leaf->device) : NULL;
    uint8_t hash[HASH_LEN];
    if (memcmp(leaf->space, row->space, ID_LEN) != 0)
        return ERR_FORMAT;
    if (memcmp(leaf->device, engine->ring.id, ID_LEN) == 0)
        return ERR_EXISTS;
    TRY(leaf_bodies_check(leaf, push->leaf.bodies, push->leaf.n_bodies));
    if (kind_has_route(leaf->kind) && push->n_slots > 0) {
        TRY(leaf_slots_hash(hash, push->slots, push->n_slots));
        if (!leaf->has_keys || memcmp(hash, leaf->keys, HASH_LEN) != 0)
            TRY(ERR_COMMITMENT);
    }
    if (author)
        TRY(leaf_verify(leaf, author->ed_pk));
    if (author && leaf->seq <= author->last_seq)
        err = ERR_EXISTS;
out:
    return err;
}

static enum err take_push(struct import *import, const struct server *server,
                          const struct bundle_row *row, const struct bundle_push *push)
{
    struct leaf leaf;
    bool fresh = true;
    enum err err = leaf_decode(&leaf, push->leaf.header, push->leaf.header_len, push->leaf.sig);
    if (err == ERR_OK)
        err = check_push(import->engine, row, push, &leaf);
    leaf_fini(&leaf);
    if (err == ERR_OK)
        err = courier_keep(import->engine, server, row, push, &fresh);
    import->did->known += err == ERR_EXISTS || (err == ERR_OK && !fresh);
    import->did->leaves += err == ERR_OK && fresh;
    if (err == ERR_OK || err == ERR_EXISTS)
        return ERR_OK;
    if (err == ERR_FULL || err_category(err) == CAT_INTERNAL)
        return err;
    import->did->refused++;
    return ERR_OK;
}

static enum err take_row_of(struct import *import, const struct bundle_row *row)
{
    enum err err = ERR_OK;
    struct engine *engine = import->engine;
    struct server *server = server_for(engine, row);
    bool later = false, waits;
    size_t number;
    if (!server) {
        import->did->foreign += row->n_pushes + (row->n_entries > 0);
        return ERR_OK;
    }
    if (row->has_note && engine_space_by_id(engine, row->space, &number))
        TRY(take_history(import, number, server, row, &later));
    if (later)
        TRY(keep_later(import, row));
    TRY(replica_begin(engine->replica));
    for (size_t i = 0; err == ERR_OK && i < row->n_pushes; i++)
        err = take_push(import, server, row, &row->pushes[i]);
    TRY(replica_end(engine->replica, err));
    TRY(courier_waits(engine, server, &waits));
out:
    return err;
}

enum err engine_bundle_import(struct engine *engine, const uint8_t *bytes, size_t len,
                              struct engine_bundle *did)
{
    enum err err = ERR_OK, first = ERR_OK;
    struct import import = {.engine = engine, .did = did};
    struct bundle bundle;
    *did = (struct engine_bundle){0};
    TRY(bundle_decode(&bundle, bytes, len));
    for (size_t i = 0; i < bundle.n_rows; i++) {
        err = take_row_of(&import, &bundle.rows[i]);
        /* One bad row keeps no other from being taken; an alarm is told at the end. */
        first = first == ERR_OK ? err : first;
        if (err == ERR_FULL || err_category(err) == CAT_INTERNAL)
            break;
    }
    err = first == ERR_OK ? try_all_later(&import) : first;
    bundle_free(&bundle);
out:
    return err;
}
