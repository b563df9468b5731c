/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pas_carry.h"

#include <string.h>

#include "client/pas_inside.h"
#include "client/pas_json.h"
#include "proto/digest.h"

static struct pas_bundle told(const struct engine_bundle *did)
{
    return (struct pas_bundle){.entries = did->entries,
                               .leaves = did->leaves,
                               .known = did->known,
                               .later = did->later,
                               .refused = did->refused,
                               .foreign = did->foreign};
}

int pas_bundle_export(struct pas *pas, size_t space, uint64_t since, unsigned char **bytes,
                      size_t *len, struct pas_bundle *did)
{
    struct buf out = {.max = BUNDLE_MAX};
    struct engine_bundle done = {0};
    enum err err = ERR_OK;
    pas_begin(pas);
    *bytes = NULL;
    *len = 0;
    TRY(pas_check_wider(pas));
    TRY(engine_bundle_export(pas->engine, space, since, &out, &done));
    TRY(pas_take_bytes(&out, bytes, len));
out:
    *did = told(&done);
    buf_free(&out);
    return pas_end(pas, err);
}

int pas_bundle_import(struct pas *pas, const unsigned char *bytes, size_t len,
                      struct pas_bundle *did)
{
    struct engine_bundle done = {0};
    enum err err = ERR_OK;
    pas_begin(pas);
    err = engine_bundle_import(pas->engine, bytes, len, &done);
    *did = told(&done);
    if (err == ERR_FORMAT || err == ERR_CORRUPT)
        TRY(pas_fail(pas, ERR_FORMAT, WORD_BUNDLE_BAD));
    TRY(err);
    TRY(pas_follow(pas));
out:
    return pas_end(pas, err);
}

/* --- transfer --- */

enum { SQL_MAX = 1 << 16 };

/* What a setting of the pack asks about a record: a SELECT in which :id is the record's id. */
static enum err ask(struct pas *pas, const char *setting, const char *id, struct pas_table **answer)
{
    enum err err = ERR_OK;
    struct buf sql = {.max = SQL_MAX};
    struct pas_table *found = NULL;
    struct pack_why why = {{0}};
    *answer = NULL;
    pas_json_raw(&sql, "SELECT value FROM domain_setting WHERE key = '");
    pas_json_raw(&sql, setting);
    pas_json_raw(&sql, "'");
    buf_u8(&sql, 0);
    TRY(sql.err);
    TRY(view_sql(pas->view, (const char *)sql.bytes, &found, &why));
    const char *text = pas_table_rows(found) ? pas_table_get(found, 0, 0) : NULL;
    if (!text)
        goto out; /* the pack does not ask */
    buf_reset(&sql);
    for (const char *at = text; *at;) {
        if (strncmp(at, ":id", 3) == 0) {
            buf_put(&sql, "'", 1);
            pas_json_raw(&sql, id); /* hex digits and a hyphen */
            buf_put(&sql, "'", 1);
            at += 3;
        } else {
            buf_u8(&sql, (uint8_t)*at++);
        }
    }
    buf_u8(&sql, 0);
    TRY(sql.err);
    err = view_sql(pas->view, (const char *)sql.bytes, answer, &why);
    if (err == ERR_USAGE)
        err = pas_fail(pas, err, WORD_SQL, why.text);
out:
    buf_free(&sql);
    pas_table_free(found);
    return err;
}

static enum err asked(struct pas *pas, const char *setting, const char *id, bool *yes)
{
    struct pas_table *answer;
    enum err err = ask(pas, setting, id, &answer);
    *yes = err == ERR_OK && answer && pas_table_rows(answer) > 0;
    pas_table_free(answer);
    return err;
}

static enum err whole_dossier(struct pas *pas, const char *text, struct view_record *record)
{
    char name[VIEW_ID_MAX];
    struct view_record whole;
    static const uint8_t itself[RECORD_LEN];
    enum err err = pas_record(pas, text, record);
    if (err != ERR_OK || digest_is_zero(record->record, RECORD_LEN))
        return err;
    view_id_text(name, record->shred, itself);
    err = view_find(pas->view, name, NULL, 0, &whole);
    return pas_fail(pas, ERR_USAGE, WORD_TRANSFER_PART, text, err == ERR_OK ? whole.code : "?");
}

/* Consents first, rights in the engine. */
static enum err may_leave(struct pas *pas, const struct view_record *record, size_t to)
{
    enum err err = ERR_OK;
    bool yes;
    TRY(asked(pas, "transfert_refuse", record->id, &yes));
    if (yes)
        return pas_fail(pas, ERR_DENIED, WORD_TRANSFER_REFUSED, record->code);
    TRY(asked(pas, "transfert_propose", record->id, &yes));
    if (yes)
        return pas_fail(pas, ERR_DENIED, WORD_TRANSFER_OPEN, record->code,
                        engine_space(pas->engine, to)->name);
out:
    return err;
}

static enum err move_one(struct pas *pas, const struct view_record *record, size_t to)
{
    enum err err = engine_transfer(pas->engine, record->space, record->shred, to);
    if (err == ERR_EXISTS)
        return pas_fail(pas, err, WORD_TRANSFER_ALREADY, record->code);
    if (err == ERR_DENIED)
        return pas_fail(pas, err, WORD_TRANSFER_RIGHTS, engine_space(pas->engine, to)->name);
    if (err == ERR_PENDING)
        return pas_fail(pas, ERR_BUSY, WORD_TRANSFER_SYNC, record->code);
    return err;
}

static enum err move_restricted(struct pas *pas, const struct view_record *record, size_t to,
                                struct pas_transfer *did)
{
    enum err err = ERR_OK;
    struct pas_table *sheets = NULL;
    TRY(ask(pas, "transfert_restreint", record->id, &sheets));
    for (size_t i = 0; sheets && i < pas_table_rows(sheets); i++) {
        struct view_record sheet;
        const char *id = pas_table_get(sheets, i, 0);
        if (!id || view_find(pas->view, id, NULL, 0, &sheet) != ERR_OK ||
            sheet.space == record->space)
            continue;
        TRY(move_one(pas, &sheet, to));
        did->restricted++;
    }
out:
    pas_table_free(sheets);
    return err;
}

int pas_transfer(struct pas *pas, const char *const *records, size_t n, size_t to,
                 size_t restricted, struct pas_transfer *did)
{
    enum err err = ERR_OK;
    struct view_record record;
    pas_begin(pas);
    *did = (struct pas_transfer){0};
    for (size_t i = 0; i < n; i++) {
        TRY(whole_dossier(pas, records[i], &record));
        TRY(may_leave(pas, &record, to));
    }
    for (size_t i = 0; i < n; i++) {
        TRY(whole_dossier(pas, records[i], &record));
        if (restricted != SIZE_MAX)
            TRY(move_restricted(pas, &record, restricted, did));
        TRY(move_one(pas, &record, to));
        did->dossiers++;
    }
out:
    if (did->dossiers + did->restricted > 0) {
        enum err refreshed = view_refresh(pas->view);
        err = err == ERR_OK ? refreshed : err;
    }
    return pas_end(pas, err);
}
