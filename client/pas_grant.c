/* SPDX-License-Identifier: Apache-2.0
 *
 * Grants: asked for, listed, closed, read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/access.h"
#include "client/civil.h"
#include "client/grant.h"
#include "client/pas_audit.h"
#include "client/pas_inside.h"
#include "proto/code.h"

enum { DAYS_MAX = 90, DAY_S = 24 * 3600 };

/* --- asking --- */

/* A dossier by its code or id, from the routing boxes: an auditor has no view of it. */
static enum err find_dossier(struct pas *pas, size_t space, const char *text,
                             uint8_t shred[static ID_LEN])
{
    static const uint8_t itself[RECORD_LEN];
    char code[CODE_SHORT_LEN + 1], hex[2 * ID_LEN + 1];
    size_t found = 0;
    uint8_t one[ID_LEN];
    for (size_t i = 0; grant_dossier(pas->engine, space, i, one); i++) {
        code_short(code, one, itself);
        code_hex(hex, one, ID_LEN);
        if (strcmp(code, text) != 0 && strcmp(hex, text) != 0)
            continue;
        memcpy(shred, one, ID_LEN);
        found++;
    }
    return found == 1 ? ERR_OK : pas_fail(pas, ERR_NOT_FOUND, WORD_GRANT_DOSSIER, text);
}

/* The first second of a civil day in UTC. */
static enum err day_s(struct pas *pas, const char *text, uint64_t *seconds)
{
    int32_t day;
    int32_t today = (int32_t)(engine_now_ms(pas->engine) / 1000 / DAY_S);
    if (!civil_read(text, &today, &day) || day < 0)
        return pas_fail(pas, ERR_USAGE, WORD_DAY_BAD, text);
    *seconds = (uint64_t)day * DAY_S;
    return ERR_OK;
}

int pas_grant(struct pas *pas, size_t space, const struct pas_grant_args *args)
{
    enum err err = ERR_OK;
    uint8_t shred[ID_LEN];
    uint64_t now_s = engine_now_ms(pas->engine) / 1000;
    struct grant_ask ask = {.to_s = now_s, .reason = args->reason};
    pas_begin(pas);
    if (space >= engine_space_count(pas->engine))
        TRY(ERR_NOT_FOUND);
    if (!args->reason || !*args->reason || args->days < 1 || args->days > DAYS_MAX)
        TRY(pas_fail(pas, ERR_USAGE, WORD_GRANT_ASK));
    ask.expires_s = now_s + (uint64_t)args->days * DAY_S;
    if (args->code)
        TRY(find_dossier(pas, space, args->code, shred));
    ask.shred = args->code ? shred : NULL;
    if (args->from)
        TRY(day_s(pas, args->from, &ask.from_s));
    if (args->to)
        TRY(day_s(pas, args->to, &ask.to_s));
    ask.to_s += args->to ? DAY_S - 1 : 0;
    err = grant_ask(pas->engine, space, &ask);
    if (err == ERR_FORMAT)
        err = pas_fail(pas, ERR_USAGE, WORD_GRANT_ASK);
out:
    return pas_end(pas, err);
}

/* --- listing --- */

/* One grant or the proposal of one. */
struct row {
    const uint8_t *hash, *auditor, *second, *shred;
    uint64_t from_s, to_s, expires_s;
    const char *state;
    size_t keys;
};

static void put_device(struct pas *pas, struct pas_table *table, size_t space, const uint8_t *id)
{
    if (id) {
        pas_table_hex(table, id, ID_LEN);
        pas_table_text(table, engine_device_label(pas->engine, space, id));
    } else {
        pas_table_null(table);
        pas_table_null(table);
    }
}

static enum err put_row(struct pas *pas, struct pas_table *table, size_t space,
                        const struct row *row)
{
    static const uint8_t itself[RECORD_LEN];
    struct buf reason = {.max = BODY_MAX};
    char code[CODE_SHORT_LEN + 1];
    enum err err = ERR_OK;
    TRY(grant_reason(pas->engine, space, row->hash, &reason));
    pas_table_row(table);
    pas_table_hex(table, engine_space(pas->engine, space)->id, ID_LEN);
    pas_table_text(table, engine_space(pas->engine, space)->name);
    pas_table_hex(table, row->hash, HASH_LEN);
    pas_table_text(table, row->state);
    put_device(pas, table, space, row->auditor);
    put_device(pas, table, space, row->second);
    if (row->shred)
        code_short(code, row->shred, itself);
    pas_table_text(table, row->shred ? code : NULL);
    pas_table_time(table, row->from_s * 1000);
    pas_table_time(table, row->to_s * 1000);
    pas_table_time(table, row->expires_s * 1000);
    pas_table_text(table, (const char *)reason.bytes);
    pas_table_int(table, (int64_t)row->keys);
    err = pas_table_err(table);
out:
    buf_free(&reason);
    return err;
}

static enum err put_grant(struct pas *pas, struct pas_table *table, size_t space,
                          const struct fold_grant *grant)
{
    struct row row = {.hash = grant->hash,
                      .auditor = grant->auditor,
                      .second = grant->second,
                      .shred = grant->one_dossier ? grant->shred : NULL,
                      .from_s = grant->from_s,
                      .to_s = grant->to_s,
                      .expires_s = grant->expires_s};
    row.state = grant->closed                           ? "closed"
                : grant_open(pas->engine, space, grant) ? "open"
                                                        : "expired";
    enum err err = grant_keys(pas->engine, space, grant, &row.keys);
    return err == ERR_OK ? put_row(pas, table, space, &row) : err;
}

static enum err put_proposal(struct pas *pas, struct pas_table *table, size_t space,
                             const struct fold_proposal *proposal)
{
    const struct row row = {.hash = proposal->hash,
                            .auditor = proposal->target,
                            .shred = proposal->u.grant.one_dossier ? proposal->u.grant.shred : NULL,
                            .from_s = proposal->u.grant.from_s,
                            .to_s = proposal->u.grant.to_s,
                            .expires_s = proposal->u.grant.expires_s,
                            .state = "proposed"};
    return proposal->kind == KIND_AUDIT_GRANT ? put_row(pas, table, space, &row) : ERR_OK;
}

int pas_grants(struct pas *pas, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "space space_name hash state auditor name second second_name code"
                                 " from to expires reason keys");
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        for (size_t k = 0; fold && k < fold->n_grants; k++)
            TRY(put_grant(pas, table, i, &fold->grants[k]));
        for (size_t k = 0; fold && k < fold->n_proposals; k++)
            TRY(put_proposal(pas, table, i, &fold->proposals[k]));
    }
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

/* --- one of them --- */

static enum err find_grant(struct pas *pas, const char *text, size_t *space,
                           const struct fold_grant **grant)
{
    char hex[2 * HASH_LEN + 1];
    *grant = NULL;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        for (size_t k = 0; fold && k < fold->n_grants; k++) {
            code_hex(hex, fold->grants[k].hash, HASH_LEN);
            if (!pas_begins(hex, text))
                continue;
            if (*grant)
                return pas_fail(pas, ERR_USAGE, WORD_GRANT_UNKNOWN, text);
            *grant = &fold->grants[k];
            *space = i;
        }
    }
    return *grant ? ERR_OK : pas_fail(pas, ERR_NOT_FOUND, WORD_GRANT_UNKNOWN, text);
}

int pas_grant_close(struct pas *pas, const char *hash)
{
    const struct fold_grant *grant;
    size_t space = 0;
    enum err err = ERR_OK;
    pas_begin(pas);
    TRY(find_grant(pas, hash, &space, &grant));
    err = grant_close(pas->engine, space, grant->hash);
    if (err == ERR_NOT_FOUND)
        err = pas_fail(pas, err, WORD_GRANT_OVER);
out:
    return pas_end(pas, err);
}

/* --- reading --- */

/* A record's kind is its first change; it may lie before the period. */
struct known {
    uint8_t shred[ID_LEN], record[RECORD_LEN];
    const struct pack_kind *kind;
};

struct granted {
    struct pas *pas;
    size_t space;
    struct pas_table *table;
    size_t n, cap;
    struct known *known;
};

static struct known *known_of(struct granted *granted, const struct engine_change *change)
{
    for (size_t i = 0; i < granted->n; i++) {
        struct known *one = &granted->known[i];
        if (memcmp(one->shred, change->shred, ID_LEN) == 0 &&
            memcmp(one->record, change->change.record, RECORD_LEN) == 0)
            return one;
    }
    if (granted->n == granted->cap) {
        size_t cap = granted->cap ? 2 * granted->cap : 64;
        struct known *grown = realloc(granted->known, cap * sizeof *grown);
        if (!grown)
            return NULL;
        granted->known = grown;
        granted->cap = cap;
    }
    struct known *one = &granted->known[granted->n++];
    *one = (struct known){.kind = NULL};
    memcpy(one->shred, change->shred, ID_LEN);
    memcpy(one->record, change->change.record, RECORD_LEN);
    return one;
}

static void put_field(struct granted *granted, const struct known *known, uint32_t field)
{
    static const char *const core[] = {"kind", "mistake", "merged"};
    char number[16];
    const struct pack_field *one =
        known->kind && field >= FIELD_PACK_FIRST ? pack_field_by_number(known->kind, field) : NULL;
    snprintf(number, sizeof number, "#%lu", (unsigned long)field);
    pas_table_text(granted->table, field < 3 ? core[field] : one ? one->key : number);
    if (one)
        pas_table_shown_set(granted->table, pack_label(&one->label, granted->pas->lang));
}

/* What was written: a kind by its name, a reference by its code. */
static void put_value(struct granted *granted, const struct known *known,
                      const struct engine_change *change, const struct view_value *value)
{
    struct pas_table *table = granted->table;
    if (change->change.field == FIELD_KIND && known->kind)
        pas_table_text(table, known->kind->key);
    else if (value->type == PACK_VALUE_INT || value->type == PACK_VALUE_BOOL)
        pas_table_int(table, value->integer);
    else if (value->type == PACK_VALUE_NIL)
        pas_table_null(table);
    else
        pas_table_text_n(table, value->text, value->text_len);
}

static enum err put_change(void *ctx, const struct engine_change *change)
{
    struct granted *granted = ctx;
    struct pas_table *table = granted->table;
    struct view_value value;
    char id[VIEW_ID_MAX], code[CODE_SHORT_LEN + 1];
    static const uint8_t itself[RECORD_LEN];
    struct known *known = known_of(granted, change);
    if (!known)
        return ERR_MEMORY;
    if (view_value_decode(&value, change->change.value, change->change.value_len, change->shred) !=
        ERR_OK)
        value = (struct view_value){.type = PACK_VALUE_NIL, .op = -1};
    if (change->change.field == FIELD_KIND && value.type == PACK_VALUE_INT)
        known->kind = pack_kind_by_number(granted->pas->pack, (uint32_t)value.integer);
    view_id_text(id, change->shred, change->change.record);
    code_short(code, change->shred, itself);
    pas_table_row(table);
    pas_table_int(table, (int64_t)change->index);
    pas_table_text(table, code);
    pas_table_text(table, id);
    pas_table_text(table, known->kind ? known->kind->key : NULL);
    put_field(granted, known, change->change.field);
    pas_table_text(table, value.op < 0 ? "set" : value.op ? "add" : "remove");
    put_value(granted, known, change, &value);
    put_device(granted->pas, table, change->space, change->author);
    pas_table_time(table, change->change.time_s > 0 ? (uint64_t)change->change.time_s * 1000 : 0);
    pas_table_time(table, change->t_recv_ms);
    return pas_table_err(table);
}

void pas_grant_end(struct pas_full *full)
{
    grant_reader_free(full->reader);
    if (full->granted) {
        pas_table_free(full->granted->table);
        free(full->granted->known);
        free(full->granted);
    }
    full->reader = NULL;
    full->granted = NULL;
}

static enum err start(struct pas_full *full, const struct fold_grant *grant, size_t space)
{
    enum err err = ERR_OK;
    struct pas *pas = full->pas;
    full->granted = calloc(1, sizeof *full->granted);
    if (!full->granted)
        return ERR_MEMORY;
    full->granted->pas = pas;
    full->granted->space = space;
    TRY(pas_table_new(&full->granted->table));
    pas_table_columns_add(full->granted->table, "index code record kind field op value author"
                                                " author_name claimed_at received_at");
    err = grant_reader_new(&full->reader, pas->engine, space, grant);
    if (err == ERR_NO_KEY)
        err = pas_fail(pas, err, WORD_GRANT_KEYS);
    if (err == ERR_DENIED)
        err = pas_fail(pas, err, WORD_GRANT_OVER);
    TRY(err);
    engine_full_read(full->full, full->reader, put_change, full->granted);
out:
    return err;
}

int pas_grant_read(struct pas_full **out, struct pas *pas, const char *hash, size_t *space)
{
    const struct fold_grant *grant;
    struct pas_full *full = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(find_grant(pas, hash, space, &grant));
    TRY((enum err)pas_full_new(&full, pas, *space));
    TRY(start(full, grant, *space));
    *out = full;
    full = NULL;
out:
    pas_full_free(full);
    return pas_end(pas, err);
}

/* What was read is noted like any opened dossier. */
static void note_opened(const struct pas_full *full)
{
    const struct granted *granted = full->granted;
    for (size_t i = 0; i < granted->n; i++) {
        enum err err = access_opened(full->pas->engine, granted->space, granted->known[i].shred);
        (void)err;
    }
}

int pas_grant_table(struct pas_full *full, struct pas_table **table)
{
    pas_begin(full->pas);
    *table = NULL;
    if (!full->granted || !full->granted->table)
        return pas_end(full->pas, ERR_USAGE);
    note_opened(full);
    *table = full->granted->table;
    full->granted->table = NULL;
    return pas_end(full->pas, ERR_OK);
}
