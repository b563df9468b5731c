/* SPDX-License-Identifier: Apache-2.0
 *
 * Members leave, change their roles, are confirmed by a second person.
 */
#include "client/pas_member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/exposure.h"
#include "client/member.h"
#include "client/pas_inside.h"
#include "proto/code.h"

/* --- which device --- */

/* The members that `text` names: all places of one device, as pairs of space and device. */
struct place {
    size_t space;
    const struct fold_device *device;
};

static bool is_named(struct pas *pas, size_t space, const struct fold_device *device,
                     const char *text)
{
    char hex[2 * ID_LEN + 1];
    code_hex(hex, device->id, ID_LEN);
    return pas_begins(hex, text) ||
           pas_same_name(engine_device_label(pas->engine, space, device->id), text);
}

static enum err add_place(struct place **list, size_t *n, size_t space,
                          const struct fold_device *device)
{
    struct place *more = realloc(*list, (*n + 1) * sizeof *more);
    if (!more)
        return ERR_MEMORY;
    *list = more;
    more[(*n)++] = (struct place){space, device};
    return ERR_OK;
}

/* Somebody who was removed may have had the name of one who is there: who is there counts, unless only the other was
 * asked for. */
static enum err find_places(struct pas *pas, size_t only, const char *text, bool gone,
                            struct place **list, size_t *n)
{
    enum err err = ERR_OK;
    size_t removed = 0;
    for (int turn = 0; turn <= gone && *n == 0; turn++) {
        for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
            const struct fold *fold = engine_fold(pas->engine, i);
            for (size_t k = 0; fold && (only == SIZE_MAX || only == i) && k < fold->n_devices;
                 k++) {
                const struct fold_device *one = &fold->devices[k];
                if (!is_named(pas, i, one, text))
                    continue;
                if (one->active || turn == 1)
                    TRY(add_place(list, n, i, one));
                else
                    removed++;
            }
        }
    }
    if (*n == 0)
        return removed ? pas_fail(pas, ERR_REVOKED, WORD_MEMBER_GONE, text)
                       : pas_fail(pas, ERR_NOT_FOUND, WORD_MEMBER_UNKNOWN, text);
    for (size_t i = 1; i < *n; i++)
        if (memcmp((*list)[i].device->id, (*list)[0].device->id, ID_LEN) != 0)
            return pas_fail(pas, ERR_USAGE, WORD_DEVICE_MANY, text);
out:
    return err;
}

static void put_space(struct pas *pas, struct pas_table *table, size_t space)
{
    pas_table_row(table);
    pas_table_hex(table, engine_space(pas->engine, space)->id, ID_LEN);
    pas_table_text(table, engine_space(pas->engine, space)->name);
}

static void put_device(struct pas *pas, struct pas_table *table, size_t space,
                       const uint8_t id[static ID_LEN])
{
    pas_table_hex(table, id, ID_LEN);
    pas_table_text(table, engine_device_label(pas->engine, space, id));
}

/* --- removing, roles --- */

static enum err queued_table(struct pas_table **table)
{
    enum err err = pas_table_new(table);
    if (err == ERR_OK)
        pas_table_columns_add(*table, "space space_name device name state rotation");
    return err;
}

static void put_queued(struct pas *pas, struct pas_table *table, size_t space,
                       const uint8_t id[static ID_LEN], bool second, bool loses)
{
    const struct engine_space *here = engine_space(pas->engine, space);
    put_space(pas, table, space);
    put_device(pas, table, space, id);
    pas_table_text(table, second ? "proposed" : "queued");
    pas_table_bool(table, !second && loses && here->roles & ROLE_ADMIN &&
                              memcmp(id, engine_device(pas->engine), ID_LEN) != 0);
}

static enum err say_queued(struct pas *pas, enum err err)
{
    return err == ERR_EXISTS ? pas_fail(pas, err, WORD_QUEUED_ALREADY) : err;
}

/* Of several spaces, those where this device has no say are left out, as long as it has a say in one. */
static enum err revoke_places(struct pas *pas, const struct place *list, size_t n, bool lost,
                              struct pas_table *table)
{
    enum err err = ERR_OK, first = ERR_OK;
    size_t done = 0;
    enum revoke_mode mode = lost ? REVOKE_LOST : REVOKE_DEPARTURE;
    for (size_t i = 0; i < n; i++) {
        uint8_t id[ID_LEN];
        bool second = false, loses = list[i].device->roles & (ROLE_READER | ROLE_AUDITOR);
        memcpy(id, list[i].device->id, ID_LEN);
        err = member_revoke(pas->engine, list[i].space, id, mode, &second);
        if (err != ERR_OK && err_category(err) != CAT_INTERNAL && err != ERR_FULL) {
            first = first == ERR_OK ? err : first;
            continue;
        }
        TRY(err);
        put_queued(pas, table, list[i].space, id, second, loses);
        done++;
    }
    err = done ? ERR_OK : say_queued(pas, first);
out:
    return err;
}

int pas_revoke(struct pas *pas, size_t space, const char *device, bool lost, struct pas_table **out)
{
    struct pas_table *table = NULL;
    struct place *list = NULL;
    size_t n = 0;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(queued_table(&table));
    TRY(find_places(pas, space, device, false, &list, &n));
    TRY(revoke_places(pas, list, n, lost, table));
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    free(list);
    pas_table_free(table);
    return pas_end(pas, err);
}

int pas_roles(struct pas *pas, size_t space, const char *device, const char *text,
              struct pas_table **out)
{
    struct pas_table *table = NULL;
    struct place *list = NULL;
    uint8_t roles = 0, id[ID_LEN];
    size_t n = 0;
    bool second = false;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    if (!words_roles_read(text, &roles))
        TRY(ERR_USAGE);
    TRY(queued_table(&table));
    TRY(find_places(pas, space, device, false, &list, &n));
    if (n > 1)
        TRY(pas_fail(pas, ERR_USAGE, WORD_SPACE_MANY));
    bool loses = list[0].device->roles & ROLE_READER && !(roles & ROLE_READER);
    memcpy(id, list[0].device->id, ID_LEN);
    TRY(say_queued(pas, member_roles(pas->engine, list[0].space, id, roles, &second)));
    put_queued(pas, table, list[0].space, id, second, loses);
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    free(list);
    pas_table_free(table);
    return pas_end(pas, err);
}

/* --- the second person --- */

static enum err proposals_table(struct pas_table **table)
{
    enum err err = pas_table_new(table);
    if (err == ERR_OK)
        pas_table_columns_add(*table, "space space_name hash kind device name roles mode author"
                                      " author_name proposed_at until mine");
    return err;
}

static void put_proposal(struct pas *pas, struct pas_table *table, size_t space,
                         const struct fold_proposal *proposal)
{
    uint64_t until_ms;
    (void)member_proposal_open(pas->engine, space, proposal, &until_ms);
    put_space(pas, table, space);
    pas_table_hex(table, proposal->hash, HASH_LEN);
    pas_table_text(table, words_kind(proposal->kind));
    put_device(pas, table, space, proposal->target);
    if (proposal->kind == KIND_ROLE_SET)
        pas_put_roles(pas, table, proposal->u.roles);
    else if (proposal->kind == KIND_DEVICE_ADD)
        pas_put_roles(pas, table, proposal->u.add.roles);
    else
        pas_table_null(table);
    if (proposal->kind == KIND_DEVICE_REVOKE)
        pas_table_text(table, proposal->u.revoke.mode == REVOKE_LOST ? "lost" : "departure");
    else
        pas_table_null(table);
    put_device(pas, table, space, proposal->author);
    pas_table_time(table, proposal->t_recv_ms);
    pas_table_time(table, until_ms);
    pas_table_bool(table, member_may_confirm(pas->engine, space, proposal));
}

int pas_proposals(struct pas *pas, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(proposals_table(&table));
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        for (size_t k = 0; fold && k < fold->n_proposals; k++) {
            uint64_t until_ms;
            if (member_proposal_open(pas->engine, i, &fold->proposals[k], &until_ms))
                put_proposal(pas, table, i, &fold->proposals[k]);
        }
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

static enum err find_proposal(struct pas *pas, const char *text, size_t *space,
                              const struct fold_proposal **proposal)
{
    char hex[2 * HASH_LEN + 1];
    *proposal = NULL;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        for (size_t k = 0; fold && k < fold->n_proposals; k++) {
            code_hex(hex, fold->proposals[k].hash, HASH_LEN);
            if (!pas_begins(hex, text))
                continue;
            if (*proposal)
                return pas_fail(pas, ERR_USAGE, WORD_PROPOSAL_UNKNOWN, text);
            *proposal = &fold->proposals[k];
            *space = i;
        }
    }
    return *proposal ? ERR_OK : pas_fail(pas, ERR_NOT_FOUND, WORD_PROPOSAL_UNKNOWN, text);
}

int pas_confirm(struct pas *pas, const char *hash, struct pas_table **out)
{
    struct pas_table *table = NULL;
    const struct fold_proposal *proposal;
    size_t space = 0;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(proposals_table(&table));
    TRY(find_proposal(pas, hash, &space, &proposal));
    err = member_confirm(pas->engine, space, proposal->hash);
    if (err == ERR_DENIED && engine_space(pas->engine, space)->roles & (ROLE_ADMIN | ROLE_GUARDIAN))
        err = pas_fail(pas, err, WORD_PROPOSAL_OWN);
    TRY(say_queued(pas, err));
    put_proposal(pas, table, space, proposal);
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

/* --- what was on a device --- */

static void put_exposure(struct pas *pas, struct pas_table *table, const struct place *place,
                         const struct exposure *exposure)
{
    put_space(pas, table, place->space);
    put_device(pas, table, place->space, place->device->id);
    pas_put_roles(pas, table, place->device->roles);
    pas_table_text(table, place->device->active ? "active" : "revoked");
    pas_table_shown_set(
        table, words_state_for(place->device->active ? SPACE_ACTIVE : SPACE_REVOKED, pas->lang));
    pas_table_time(table, exposure->added_ms);
    pas_table_time(table, exposure->removed_ms);
    pas_table_time(table, exposure->sent_ms);
    pas_table_int(table, (int64_t)exposure->seen);
    pas_table_int(table, (int64_t)exposure->dossiers);
    pas_table_int(table, (int64_t)exposure->seen_dossiers);
    pas_table_int(table, (int64_t)exposure->erased);
    pas_table_int(table, (int64_t)exposure->epoch);
    pas_table_time(table, exposure->key_since_ms);
    pas_table_time(table, exposure->key_until_ms);
}

int pas_exposure(struct pas *pas, const char *device, struct pas_table **out)
{
    struct pas_table *table = NULL;
    struct place *list = NULL;
    struct exposure exposure;
    size_t n = 0;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "space space_name device name roles state added_at removed_at"
                                 " last_sent seen dossiers seen_dossiers erased epoch key_since"
                                 " key_until");
    TRY(find_places(pas, SIZE_MAX, device, true, &list, &n));
    for (size_t i = 0; i < n; i++) {
        TRY(exposure_count(pas->engine, list[i].space, list[i].device->id, &exposure));
        put_exposure(pas, table, &list[i], &exposure);
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    free(list);
    pas_table_free(table);
    return pas_end(pas, err);
}

struct exposed {
    struct pas *pas;
    struct pas_table *table;
    size_t space;
};

static enum err put_exposed(void *ctx, const struct exposure_dossier *dossier)
{
    static const uint8_t itself[RECORD_LEN];
    struct exposed *exposed = ctx;
    struct pas_table *table = exposed->table;
    struct view_record record;
    char id[VIEW_ID_MAX], code[CODE_SHORT_LEN + 1];
    code_short(code, dossier->shred, itself);
    view_id_text(id, dossier->shred, itself);
    enum err err = view_find(exposed->pas->view, id, NULL, 0, &record);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    const struct pack_kind *kind = err == ERR_OK ? record.kind : NULL;
    pas_table_row(table);
    pas_table_text(table, engine_space(exposed->pas->engine, exposed->space)->name);
    pas_table_text(table, code);
    pas_table_text(table, kind ? kind->key : NULL);
    if (kind)
        pas_table_shown_set(table, pack_label(&kind->label, exposed->pas->lang));
    pas_table_time(table, dossier->since_ms);
    pas_table_bool(table, dossier->seen);
    pas_table_time(table, dossier->erased_ms);
    return pas_table_err(table);
}

int pas_exposed(struct pas *pas, const char *device, struct pas_table **out)
{
    struct exposed exposed = {.pas = pas};
    struct place *list = NULL;
    size_t n = 0;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&exposed.table));
    pas_table_columns_add(exposed.table, "space code kind since seen erased_at");
    TRY(find_places(pas, SIZE_MAX, device, true, &list, &n));
    for (size_t i = 0; i < n; i++) {
        exposed.space = list[i].space;
        TRY(exposure_dossiers(pas->engine, list[i].space, list[i].device->id, put_exposed,
                              &exposed));
    }
    TRY(pas_table_err(exposed.table));
    *out = exposed.table;
    exposed.table = NULL;
out:
    free(list);
    pas_table_free(exposed.table);
    return pas_end(pas, err);
}
