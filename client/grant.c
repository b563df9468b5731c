/* SPDX-License-Identifier: Apache-2.0
 *
 *   second's record = u64be entries whose keys were handed over
 *   auditor's record, and what is sealed to the auditor = (u64be leaf | u16be box | key32) ...
 */
#include "client/grant_inside.h"

#include <stdlib.h>
#include <string.h>

#include "client/rekey.h"
#include "proto/arena.h"
#include "proto/digest.h"
#include "proto/seal.h"

enum {
    GIVE_MAX = 256 << 10, /* bytes of keys per request */
    KEEP_MAX = 32 << 20,
    SEALED_EXTRA = 48
};

static bool same_id(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, ID_LEN) == 0;
}

static uint64_t get_be(const uint8_t *bytes, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* --- asking, closing --- */

enum err grant_ask(struct engine *engine, size_t i, const struct grant_ask *ask)
{
    struct space *space = engine_at(engine, i);
    const struct server *server = engine_server_of(engine, space);
    struct op op = {.kind = KIND_AUDIT_GRANT};
    if (!space_may(engine, space, ROLE_AUDITOR))
        return ERR_DENIED;
    if (ask->shred && !dossier_find(space, ask->shred))
        return ERR_NOT_FOUND;
    if (ask->from_s > ask->to_s || ask->expires_s <= engine_server_ms(engine, server) / 1000)
        return ERR_FORMAT;
    memcpy(op.u.audit_grant.auditor, engine->ring.id, ID_LEN);
    op.u.audit_grant.one_dossier = ask->shred != NULL;
    if (ask->shred)
        memcpy(op.u.audit_grant.shred, ask->shred, ID_LEN);
    op.u.audit_grant.from_s = ask->from_s;
    op.u.audit_grant.to_s = ask->to_s;
    op.u.audit_grant.expires_s = ask->expires_s;
    return engine_operate(engine, i, &op, (const uint8_t *)ask->reason, strlen(ask->reason));
}

enum err grant_close(struct engine *engine, size_t i, const uint8_t hash[static HASH_LEN])
{
    const struct space *space = engine_at(engine, i);
    struct op op = {.kind = KIND_AUDIT_CLOSE};
    for (size_t k = 0; k < space->fold->n_grants; k++) {
        const struct fold_grant *grant = &space->fold->grants[k];
        if (memcmp(grant->hash, hash, HASH_LEN) != 0 || grant->closed)
            continue;
        if (!same_id(grant->auditor, engine->ring.id) &&
            !space_may(engine, space, ROLE_ADMIN | ROLE_STEWARD))
            return ERR_DENIED;
        memcpy(op.u.audit_close.grant, hash, HASH_LEN);
        return engine_operate(engine, i, &op, NULL, 0);
    }
    return ERR_NOT_FOUND;
}

enum err grant_reason_of(const struct space *space, const struct replica_entry *entry,
                         const struct leaf *leaf, struct buf *text)
{
    struct leaf_body body;
    enum err err = ERR_NOT_FOUND;
    if (leaf->kind == KIND_AUDIT_GRANT && leaf->n_bodies == 1)
        err = replica_bodies_parse(&body, 1, entry->bodies, entry->bodies_len);
    if (err == ERR_OK)
        err = space_control_text(space, leaf, 0, &body, text);
    return err_category(err) == CAT_INTERNAL ? err : ERR_OK;
}

struct reason {
    const struct space *space;
    const uint8_t *hash;
    struct buf *text;
};

static enum err read_reason(void *ctx, const struct replica_entry *entry)
{
    const struct reason *reason = ctx;
    struct leaf leaf;
    uint8_t hash[HASH_LEN];
    if (entry->kind != KIND_AUDIT_GRANT)
        return ERR_OK;
    leaf_hash(hash, entry->header, entry->header_len, entry->sig);
    if (memcmp(hash, reason->hash, HASH_LEN) != 0)
        return ERR_OK;
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err == ERR_OK)
        err = grant_reason_of(reason->space, entry, &leaf, reason->text);
    leaf_fini(&leaf);
    return err;
}

enum err grant_reason(struct engine *engine, size_t i, const uint8_t hash[static HASH_LEN],
                      struct buf *text)
{
    const struct space *space = engine_at(engine, i);
    struct reason reason = {space, hash, text};
    enum err err = replica_entries(engine->replica, space->no, REPLICA_CONTROL, 0,
                                   space->fold->size, read_reason, &reason);
    buf_u8(text, 0);
    return err == ERR_OK ? text->err : err;
}

bool grant_dossier(const struct engine *engine, size_t i, size_t k, uint8_t shred[static ID_LEN])
{
    const struct dossiers *dossiers = &engine_at(engine, i)->dossiers;
    if (k >= dossiers->n)
        return false;
    memcpy(shred, dossiers->items[k].shred, ID_LEN);
    return true;
}

static bool is_open(const struct engine *engine, const struct space *space,
                    const struct fold_grant *grant)
{
    uint64_t now_s = engine_server_ms(engine, engine_server_of(engine, space)) / 1000;
    return !grant->closed && grant->expires_s > now_s;
}

bool grant_open(const struct engine *engine, size_t i, const struct fold_grant *grant)
{
    return is_open(engine, engine_at(engine, i), grant);
}

/* --- records --- */

enum err grant_record(struct engine *engine, const struct space *space,
                      const struct fold_grant *grant, struct buf *record)
{
    record->max = KEEP_MAX;
    enum err err = replica_get(engine->replica, REPLICA_GRANT, space->no, grant->index, record);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err store(struct engine *engine, const struct space *space,
                      const struct fold_grant *grant, const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return replica_delete(engine->replica, REPLICA_GRANT, space->no, grant->index);
    return replica_put(engine->replica, REPLICA_GRANT, space->no, grant->index, bytes, len);
}

static enum err store_progress(struct engine *engine, const struct space *space,
                               const struct fold_grant *grant, uint64_t upto)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(upto >> (56 - 8 * i));
    return store(engine, space, grant, bytes, sizeof bytes);
}

enum err grant_keys(struct engine *engine, size_t i, const struct fold_grant *grant, size_t *n)
{
    struct buf record = {0};
    enum err err = grant_record(engine, engine_at(engine, i), grant, &record);
    *n = same_id(grant->auditor, engine->ring.id) ? record.len / GRANT_LINE_LEN : 0;
    buf_free(&record);
    return err;
}

static void thank(struct space *space, const uint8_t *id)
{
    for (size_t i = 0; i < space->n_thanks; i++) {
        if (same_id(space->thanks[i], id))
            return;
    }
    if (space->n_thanks < GRANT_THANKS_MAX)
        memcpy(space->thanks[space->n_thanks++], id, ID_LEN);
}

void grant_thank(struct space *space, struct message_row *row)
{
    while (space->n_thanks > 0 && row->n_inbox < INBOX_MAX) {
        struct message_inbox *item = &row->inbox[row->n_inbox++];
        *item = (struct message_inbox){.type = INBOX_DISMISS, .payload = (const uint8_t *)""};
        memcpy(item->id, space->thanks[--space->n_thanks], ID_LEN);
    }
}

/* --- handing over --- */

struct giving {
    struct engine *engine;
    struct space *space;
    const struct fold_grant *grant;
    struct buf lines;
    uint64_t upto;
    bool full;
};

static enum err put_key(struct giving *giving, const struct leaf *leaf, uint64_t index,
                        uint16_t box, struct dossier *dossier)
{
    const struct space_epoch *keys = space_epoch(giving->space, leaf->epoch);
    const uint8_t *rk;
    uint8_t ck[KEY_LEN];
    enum err err = dossier_key(giving->engine, giving->space, dossier, &rk);
    if (err_category(err) == CAT_INTERNAL)
        return err;
    if (err != ERR_OK || !keys || !keys->ek)
        return ERR_OK; /* erased, or never readable here */
    seal_content_key(ck, keys->ek, rk, giving->space->pub.id, dossier->shred, leaf->epoch);
    buf_u64be(&giving->lines, index);
    buf_u16be(&giving->lines, box);
    uint8_t *room = buf_room(&giving->lines, KEY_LEN);
    if (room)
        seal_body_key(room, ck, leaf->route, box);
    digest_wipe(ck, sizeof ck);
    return giving->lines.err;
}

static enum err give_entry(void *ctx, const struct replica_entry *entry)
{
    struct giving *giving = ctx;
    const struct fold_grant *grant = giving->grant;
    struct leaf leaf;
    struct change_routes routes = {0};
    uint64_t time_s = entry->t_recv_ms / 1000;
    enum err err = ERR_OK;
    if (giving->full || entry->verdict != ERR_OK || entry->kind != KIND_DATA ||
        time_s < grant->from_s || time_s > grant->to_s)
        return ERR_OK;
    TRY(leaf_decode(&leaf, entry->header, entry->header_len, entry->sig));
    enum err opened = space_routes(giving->space, &leaf, &routes);
    if (err_category(opened) == CAT_INTERNAL)
        TRY(opened);
    if (giving->lines.len + routes.n * GRANT_LINE_LEN > GIVE_MAX) {
        giving->full = true;
        giving->upto = entry->index;
        goto out;
    }
    for (uint16_t box = 0; opened == ERR_OK && box < routes.n; box++) {
        struct dossier *dossier =
            dossier_of_route(giving->space, &routes.routes[box], entry->index + 1);
        if (dossier && dossier->born &&
            (!grant->one_dossier || same_id(dossier->shred, grant->shred)))
            TRY(put_key(giving, &leaf, entry->index, box, dossier));
    }
out:
    change_routes_free(&routes);
    leaf_fini(&leaf);
    return err;
}

/* hash | sealed lines, in the arena. */
static enum err put_item(struct giving *giving, const uint8_t *x_pk, struct arena *arena,
                         struct message_row *row)
{
    size_t len = HASH_LEN + giving->lines.len + SEALED_EXTRA;
    uint8_t *payload = arena_get(arena, len, 1);
    if (!payload)
        return ERR_MEMORY;
    memcpy(payload, giving->grant->hash, HASH_LEN);
    seal_box_to(payload + HASH_LEN, giving->lines.bytes, giving->lines.len, x_pk);
    struct message_inbox *item = &row->inbox[row->n_inbox++];
    *item = (struct message_inbox){.type = INBOX_KEYS, .payload = payload, .payload_len = len};
    memcpy(item->id, giving->grant->hash, ID_LEN);
    return ERR_OK;
}

static enum err give_one(struct giving *giving, struct arena *arena, struct message_row *row,
                         struct flight_row *flight)
{
    enum err err = ERR_OK;
    struct space *space = giving->space;
    struct buf record = {0};
    const struct fold_device *auditor = fold_device(space->fold, giving->grant->auditor);
    TRY(grant_record(giving->engine, space, giving->grant, &record));
    uint64_t from = record.len == 8 ? get_be(record.bytes, 8) : 0;
    giving->upto = space->routed;
    giving->lines.max = 2 * GIVE_MAX;
    if (from >= giving->upto || !auditor || !auditor->active)
        goto out;
    TRY(replica_entries(giving->engine->replica, space->no, REPLICA_DATA, from, giving->upto,
                        give_entry, giving));
    if (giving->lines.len == 0) {
        TRY(store_progress(giving->engine, space, giving->grant, giving->upto));
        goto out;
    }
    flight->grants = true;
    flight->grant_k = (uint32_t)row->n_inbox;
    flight->grant_index = giving->grant->index;
    flight->grant_upto = giving->upto;
    TRY(put_item(giving, auditor->x_pk, arena, row));
out:
    buf_free(&record);
    buf_free(&giving->lines);
    return err;
}

enum err grant_give(struct engine *engine, struct space *space, struct arena *arena,
                    struct message_row *row, struct flight_row *flight)
{
    enum err err = ERR_OK;
    flight->grants = false;
    for (size_t i = 0; i < space->fold->n_grants && !flight->grants; i++) {
        struct giving giving = {.engine = engine, .space = space, .grant = &space->fold->grants[i]};
        if (row->n_inbox < INBOX_MAX && same_id(giving.grant->second, engine->ring.id) &&
            is_open(engine, space, giving.grant))
            TRY(give_one(&giving, arena, row, flight));
    }
out:
    return err;
}

static const struct fold_grant *grant_at(const struct space *space, uint64_t index)
{
    for (size_t i = 0; i < space->fold->n_grants; i++) {
        if (space->fold->grants[i].index == index)
            return &space->fold->grants[i];
    }
    return NULL;
}

enum err grant_given(struct engine *engine, struct space *space, const struct flight_row *flight,
                     enum err status)
{
    const struct fold_grant *grant = grant_at(space, flight->grant_index);
    return grant && status == ERR_OK ? store_progress(engine, space, grant, flight->grant_upto)
                                     : ERR_OK;
}

/* --- receiving --- */

static bool has_line(const struct buf *record, const uint8_t *line)
{
    for (size_t at = 0; at + GRANT_LINE_LEN <= record->len; at += GRANT_LINE_LEN) {
        if (memcmp(record->bytes + at, line, 10) == 0)
            return true;
    }
    return false;
}

static enum err take_lines(struct engine *engine, struct space *space,
                           const struct fold_grant *grant, const uint8_t *lines, size_t len)
{
    enum err err = ERR_OK;
    struct buf record = {0};
    TRY(grant_record(engine, space, grant, &record));
    bool first = record.len == 0;
    for (size_t at = 0; at + GRANT_LINE_LEN <= len; at += GRANT_LINE_LEN) {
        if (first || !has_line(&record, lines + at))
            buf_put(&record, lines + at, GRANT_LINE_LEN);
    }
    TRY(record.err);
    TRY(store(engine, space, grant, record.bytes, record.len));
out:
    buf_free(&record);
    return err;
}

static enum err take_item(struct engine *engine, struct space *space,
                          const struct message_inbox *item)
{
    enum err err = ERR_OK;
    const struct fold_grant *grant = NULL;
    if (item->payload_len < HASH_LEN + SEALED_EXTRA)
        return ERR_OK;
    for (size_t i = 0; i < space->fold->n_grants; i++) {
        const struct fold_grant *one = &space->fold->grants[i];
        if (memcmp(one->hash, item->payload, HASH_LEN) == 0 &&
            same_id(one->auditor, engine->ring.id))
            grant = one;
    }
    if (!grant || !is_open(engine, space, grant))
        return ERR_OK;
    size_t sealed = item->payload_len - HASH_LEN, len = sealed - SEALED_EXTRA;
    struct rekey_ring boxes = {0};
    uint8_t *lines = malloc(len + 1);
    if (!lines)
        return ERR_MEMORY;
    TRY(rekey_load(engine, space->pub.id, &boxes));
    enum err opened = rekey_open_box(&boxes, lines, item->payload + HASH_LEN, sealed);
    if (opened == ERR_OK && len % GRANT_LINE_LEN == 0)
        TRY(take_lines(engine, space, grant, lines, len));
    thank(space, grant->hash);
out:
    rekey_free(&boxes);
    digest_wipe(lines, len);
    free(lines);
    return err;
}

/* What is closed or over: the auditor's keys go, and what still waits on the server. */
static enum err drop_ended(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < space->fold->n_grants; i++) {
        const struct fold_grant *grant = &space->fold->grants[i];
        struct buf record = {0};
        bool mine =
            same_id(grant->auditor, engine->ring.id) || same_id(grant->second, engine->ring.id);
        if (!mine || is_open(engine, space, grant))
            continue;
        err = grant_record(engine, space, grant, &record);
        bool there = record.len > 0;
        buf_free(&record);
        TRY(err);
        if (!there)
            continue;
        TRY(store(engine, space, grant, NULL, 0));
        thank(space, grant->hash);
    }
out:
    return err;
}

enum err grant_take(struct engine *engine, struct space *space, const struct message_row *row)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < row->n_inbox; i++) {
        if (row->inbox[i].type == INBOX_KEYS)
            TRY(take_item(engine, space, &row->inbox[i]));
    }
    TRY(drop_ended(engine, space));
out:
    return err;
}

bool grant_line_is(const uint8_t *line, const struct op_body *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].leaf == get_be(line, 8) && list[i].box == get_be(line + 8, 2))
            return true;
    }
    return false;
}

enum err grant_forget(struct engine *engine, struct space *space, const struct op_body *list,
                      size_t n)
{
    enum err err = ERR_OK;
    struct buf record = {0}, kept = {.max = KEEP_MAX};
    for (size_t i = 0; i < space->fold->n_grants; i++) {
        const struct fold_grant *grant = &space->fold->grants[i];
        bool auditor = same_id(grant->auditor, engine->ring.id);
        if (!auditor && !same_id(grant->second, engine->ring.id))
            continue;
        buf_reset(&record);
        buf_reset(&kept);
        TRY(grant_record(engine, space, grant, &record));
        if (record.len == 0)
            continue;
        for (size_t at = 0; auditor && at + GRANT_LINE_LEN <= record.len; at += GRANT_LINE_LEN) {
            if (!grant_line_is(record.bytes + at, list, n))
                buf_put(&kept, record.bytes + at, GRANT_LINE_LEN);
        }
        TRY(kept.err);
        /* The second person begins again: what waits on the server is replaced. */
        if (!auditor)
            thank(space, grant->hash);
        TRY(store(engine, space, grant, kept.bytes, kept.len));
    }
out:
    buf_free(&record);
    buf_free(&kept);
    return err;
}
