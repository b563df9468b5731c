/* SPDX-License-Identifier: Apache-2.0
 *
 * Erasing a dossier, where else somebody is mentioned, and work that was refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/civil.h"
#include "client/erased.h"
#include "client/exposure.h"
#include "client/member.h"
#include "client/pas_inside.h"
#include "client/pas_json.h"
#include "client/pas_member.h"
#include "client/text.h"
#include "proto/code.h"
#include "proto/digest.h"

static const uint8_t itself[RECORD_LEN];

int pas_erase(struct pas *pas, const char *text, const char *reason_text, struct pas_id *id)
{
    struct view_record record, whole;
    char name[VIEW_ID_MAX];
    uint8_t reason = words_reason_read(reason_text);
    enum err err = ERR_OK;
    pas_begin(pas);
    if (!reason)
        TRY(pas_fail(pas, ERR_USAGE, WORD_REASON_UNKNOWN, reason_text));
    TRY(pas_record(pas, text, &record));
    if (!digest_is_zero(record.record, RECORD_LEN)) {
        view_id_text(name, record.shred, itself);
        err = view_find(pas->view, name, NULL, 0, &whole);
        err = pas_fail(pas, ERR_USAGE, WORD_ERASE_PART, text, err == ERR_OK ? whole.code : "?");
        goto out;
    }
    err = pas_erase_whole(pas, &record, reason);
    if (err == ERR_EXISTS)
        err = pas_fail(pas, err, WORD_QUEUED_ALREADY);
    TRY(err);
    snprintf(id->id, sizeof id->id, "%s", record.id);
    snprintf(id->code, sizeof id->code, "%s", record.code);
out:
    return pas_end(pas, err);
}

/* --- what was erased --- */

/* Codes are read aloud: case and hyphens do not matter, as in view_find. */
static bool names_dossier(const char *text, const uint8_t shred[static ID_LEN])
{
    char hex[2 * ID_LEN + 1], code[CODE_SHORT_LEN + 1], clean[CODE_SHORT_LEN + 1];
    size_t n = 0;
    code_hex(hex, shred, ID_LEN);
    code_short(code, shred, itself);
    if (strlen(text) >= 2 * ID_LEN)
        return strncmp(text, hex, 2 * ID_LEN) == 0;
    for (; *text; text++) {
        char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
        if (c == '-' || c == ' ')
            continue;
        if (n == CODE_SHORT_LEN)
            return false;
        clean[n++] = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
    }
    clean[n] = 0;
    return strcmp(clean, code) == 0;
}

static void day_of(uint64_t ms, char day[static CIVIL_TEXT_LEN])
{
    int minute;
    civil_format(civil_paris((int64_t)(ms / 1000), &minute), day);
}

enum err pas_say_erased(struct pas *pas, const char *text)
{
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        for (size_t k = 0; fold && k < fold->n_erased; k++) {
            const struct fold_erased *erased = &fold->erased[k];
            char code[CODE_SHORT_LEN + 1], day[CIVIL_TEXT_LEN];
            uint64_t ms = 0;
            if (!names_dossier(text, erased->shred) ||
                exposure_time(pas->engine, i, erased->index, &ms) != ERR_OK)
                continue;
            code_short(code, erased->shred, itself);
            day_of(ms, day);
            return pas_fail(pas, ERR_ERASED, WORD_ERASED_AT, code, day,
                            words_reason_for(erased->reason, pas->lang));
        }
    }
    return ERR_NOT_FOUND;
}

/* Who has not erased it yet, in one cell. */
struct missing {
    struct pas *pas;
    size_t space;
    struct buf names;
};

static void add_missing(void *ctx, const uint8_t device[static ID_LEN])
{
    struct missing *missing = ctx;
    const char *name = engine_device_label(missing->pas->engine, missing->space, device);
    if (missing->names.len)
        buf_put(&missing->names, ", ", 2);
    buf_put(&missing->names, name, strlen(name));
}

static enum err put_progress(struct pas *pas, struct pas_table *table, size_t space, uint64_t index)
{
    struct missing missing = {.pas = pas, .space = space};
    struct erased_state state;
    enum err err = erased_count(pas->engine, space, index, &state, add_missing, &missing);
    buf_u8(&missing.names, 0);
    if (err == ERR_OK)
        err = missing.names.err;
    if (err == ERR_OK) {
        pas_table_int(table, (int64_t)state.done);
        pas_table_int(table, (int64_t)state.devices);
        pas_table_text(table, (const char *)missing.names.bytes);
        pas_table_int(table, (int64_t)state.foreign);
    }
    buf_free(&missing.names);
    return err;
}

int pas_erased(struct pas *pas, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "space code reason device name erased_at done devices waiting"
                                 " foreign");
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        for (size_t k = 0; fold && k < fold->n_erased; k++) {
            const struct fold_erased *erased = &fold->erased[k];
            char code[CODE_SHORT_LEN + 1];
            uint64_t ms;
            TRY(exposure_time(pas->engine, i, erased->index, &ms));
            code_short(code, erased->shred, itself);
            pas_table_row(table);
            pas_table_text(table, engine_space(pas->engine, i)->name);
            pas_table_text(table, code);
            pas_table_text(table, words_reason(erased->reason));
            pas_table_shown_set(table, words_reason_for(erased->reason, pas->lang));
            pas_table_hex(table, erased->device, ID_LEN);
            pas_table_text(table, engine_device_label(pas->engine, i, erased->device));
            pas_table_time(table, ms);
            TRY(put_progress(pas, table, i, erased->index));
        }
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

struct late_rows {
    struct pas *pas;
    struct pas_table *table;
    size_t space;
};

static enum err put_late(void *ctx, const struct member_late *late)
{
    struct late_rows *rows = ctx;
    struct engine *engine = rows->pas->engine;
    const struct fold_erased *erased = fold_erased(engine_fold(engine, rows->space), late->shred);
    char code[CODE_SHORT_LEN + 1];
    uint64_t ms = 0;
    if (!erased)
        return ERR_OK;
    enum err err = exposure_time(engine, rows->space, erased->index, &ms);
    code_short(code, late->shred, itself);
    pas_table_row(rows->table);
    pas_table_text(rows->table, engine_space(engine, rows->space)->name);
    pas_table_int(rows->table, (int64_t)late->index);
    pas_table_text(rows->table, code);
    pas_table_text(rows->table, words_reason(erased->reason));
    pas_table_shown_set(rows->table, words_reason_for(erased->reason, rows->pas->lang));
    pas_table_text(rows->table, engine_device_label(engine, rows->space, erased->device));
    pas_table_time(rows->table, ms);
    pas_table_int(rows->table, (int64_t)late->n);
    return err;
}

int pas_late(struct pas *pas, struct pas_table **out)
{
    struct late_rows rows = {.pas = pas};
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&rows.table));
    pas_table_columns_add(rows.table, "space index code reason name erased_at boxes");
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        rows.space = i;
        if (engine_fold(pas->engine, i))
            TRY(member_late(pas->engine, i, 0, put_late, &rows));
    }
    TRY(pas_table_err(rows.table));
    *out = rows.table;
    rows.table = NULL;
out:
    pas_table_free(rows.table);
    return pas_end(pas, err);
}

/* --- mentions --- */

/* A text as an SQL literal. */
static void put_literal(struct buf *sql, const char *text)
{
    buf_u8(sql, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            buf_u8(sql, '\'');
        buf_u8(sql, (uint8_t)*text);
    }
    buf_u8(sql, '\'');
}

int pas_mentions(struct pas *pas, const char *text, struct pas_table **table)
{
    struct buf sql = {.max = 1 << 20};
    struct pack_why why = {{0}};
    char folded[TEXT_FOLD_MAX(1024)];
    enum err err = ERR_OK;
    pas_begin(pas);
    *table = NULL;
    if (strlen(text) > 1024)
        TRY(ERR_TOO_BIG);
    if (text_fold(folded, sizeof folded, text, strlen(text)) == 0)
        TRY(ERR_USAGE);
    pas_json_raw(&sql, "SELECT h.record AS record, r.code AS code, h.kind AS kind,"
                       " title(h.record) AS title, h.field AS field, h.value AS value,"
                       " h.live AS live, h.claimed_at AS claimed_at, h.pending AS pending"
                       " FROM history h JOIN core_record r ON r.id = h.record"
                       " WHERE typeof(h.value) = 'text' AND h.field <> 'kind'"
                       " AND instr(plie(h.value), plie(");
    put_literal(&sql, text);
    pas_json_raw(&sql, ")) > 0 ORDER BY h.kind, r.code, h.field, h.leaf IS NULL, h.leaf");
    buf_u8(&sql, 0);
    TRY(sql.err);
    err = view_sql(pas->view, (const char *)sql.bytes, table, &why);
    if (err == ERR_USAGE)
        err = pas_fail(pas, err, WORD_SQL, why.text);
out:
    digest_wipe(folded, sizeof folded);
    buf_free(&sql);
    return pas_end(pas, err);
}

/* --- refused work --- */

int pas_refused_work(struct pas *pas, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    int64_t number = 0;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "number space status kind code changes made_at reason");
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        const struct fold *fold = engine_fold(pas->engine, i);
        for (size_t k = 0; k < engine_refused_count(pas->engine, i); k++) {
            struct engine_refused refused;
            uint8_t shred[ID_LEN];
            char code[CODE_SHORT_LEN + 1];
            bool about = member_refused_dossier(pas->engine, i, k, shred);
            engine_refused(pas->engine, i, k, &refused);
            const struct fold_erased *erased =
                about && fold && refused.kind == KIND_DATA ? fold_erased(fold, shred) : NULL;
            if (about)
                code_short(code, shred, itself);
            pas_table_row(table);
            pas_table_int(table, ++number);
            pas_table_text(table, engine_space(pas->engine, i)->name);
            pas_table_text(table, err_name(refused.status));
            pas_table_shown_set(table, words_err(refused.status, pas->lang));
            pas_table_text(table, words_kind(refused.kind));
            pas_table_text(table, about ? code : NULL);
            pas_table_int(table, (int64_t)refused.changes);
            pas_table_time(table, refused.made_ms);
            pas_table_text(table, erased ? words_reason(erased->reason) : NULL);
            if (erased)
                pas_table_shown_set(table, words_reason_for(erased->reason, pas->lang));
        }
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

int pas_discard(struct pas *pas, size_t number, size_t *n)
{
    enum err err = ERR_OK;
    size_t at = 0;
    pas_begin(pas);
    *n = 0;
    for (size_t i = 0; i < engine_space_count(pas->engine); i++) {
        for (size_t k = 0; k < engine_refused_count(pas->engine, i);) {
            struct engine_refused refused;
            if (number != SIZE_MAX && number != ++at) {
                k++;
                continue;
            }
            engine_refused(pas->engine, i, k, &refused);
            TRY(member_discard(pas->engine, i, k));
            *n += refused.changes ? (size_t)refused.changes : 1;
            if (number != SIZE_MAX)
                goto done;
        }
    }
    if (number != SIZE_MAX) {
        char text[24];
        snprintf(text, sizeof text, "%zu", number);
        TRY(pas_fail(pas, ERR_NOT_FOUND, WORD_REFUSED_UNKNOWN, text));
    }
done:
    TRY(view_refresh(pas->view));
out:
    return pas_end(pas, err);
}
