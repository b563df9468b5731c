/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pas_carry.h"

#include <stdio.h>
#include <string.h>

#include "client/pas_draft.h"
#include "client/pas_inside.h"
#include "client/pas_json.h"
#include "proto/code.h"
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

/* A text setting of the pack in the table's one cell; no row: the pack has none. Gives the table. */
static enum err setting_of(struct pas *pas, const char *key, struct pas_table **found)
{
    struct buf sql = {.max = SQL_MAX};
    struct pack_why why = {{0}};
    pas_json_raw(&sql, "SELECT value FROM domain_setting WHERE key = '");
    pas_json_raw(&sql, key);
    pas_json_raw(&sql, "'");
    buf_u8(&sql, 0);
    enum err err = sql.err;
    if (err == ERR_OK)
        err = view_sql(pas->view, (const char *)sql.bytes, found, &why);
    buf_free(&sql);
    return err;
}

/* What a setting of the pack asks about a record: a SELECT in which :id is the record's id. */
static enum err ask(struct pas *pas, const char *setting, const char *id, struct pas_table **answer)
{
    enum err err = ERR_OK;
    struct buf sql = {.max = SQL_MAX};
    struct pas_table *found = NULL;
    struct pack_why why = {{0}};
    *answer = NULL;
    TRY(setting_of(pas, setting, &found));
    const char *text = pas_table_rows(found) ? pas_table_get(found, 0, 0) : NULL;
    if (!text)
        goto out; /* the pack does not ask */
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

/* The record that hangs on nothing, of the file that a record belongs to. */
static enum err whole_of(struct pas *pas, const struct view_record *part, struct view_record *whole)
{
    static const uint8_t itself[RECORD_LEN];
    char name[VIEW_ID_MAX];
    view_id_text(name, part->shred, itself);
    return view_find(pas->view, name, NULL, 0, whole);
}

static enum err whole_dossier(struct pas *pas, const char *text, struct view_record *record)
{
    struct view_record whole;
    enum err err = pas_record(pas, text, record);
    if (err != ERR_OK || digest_is_zero(record->record, RECORD_LEN))
        return err;
    err = whole_of(pas, record, &whole);
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

static enum err fetch_files(struct pas *pas, const struct view_record *record);

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
        TRY(fetch_files(pas, &record));
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

/* --- attachments --- */

/* The pack's fields for a file beside a record. */
struct file_kind {
    const struct pack_kind *kind;
    const struct pack_field *hash, *key, *name, *size;
};

/* How the pack calls them, as it says in a setting: hash, key, name and size, with spaces between. */
struct file_words {
    char text[256];
    const char *hash, *key, *name, *size;
};

static enum err file_words_of(struct pas *pas, struct file_words *words)
{
    struct pas_table *found = NULL;
    char *rest = words->text;
    enum err err = setting_of(pas, "fichier_champs", &found);
    if (err == ERR_OK)
        snprintf(words->text, sizeof words->text, "%s",
                 pas_table_rows(found) ? pas_table_get(found, 0, 0) : "");
    pas_table_free(found);
    words->hash = strtok_r(rest, " ", &rest);
    words->key = words->hash ? strtok_r(rest, " ", &rest) : NULL;
    words->name = words->key ? strtok_r(rest, " ", &rest) : NULL;
    words->size = words->name ? strtok_r(rest, " ", &rest) : NULL;
    return err;
}

static bool is_file_kind(const struct pack_kind *kind, const struct file_words *words,
                         struct file_kind *out)
{
    if (!words->size)
        return false; /* a pack without files */
    *out = (struct file_kind){.kind = kind,
                              .hash = pack_field_by_key(kind, words->hash),
                              .key = pack_field_by_key(kind, words->key),
                              .name = pack_field_by_key(kind, words->name),
                              .size = pack_field_by_key(kind, words->size)};
    return out->hash && out->key && out->name && out->size && kind->dossier;
}

/* The kind of files that hang on records of `owner`. */
static bool file_kind_of(const struct pack *pack, const struct file_words *words,
                         const struct pack_kind *owner, struct file_kind *out)
{
    for (size_t i = 0; i < pack->kinds_n; i++) {
        if (!is_file_kind(&pack->kinds[i], words, out))
            continue;
        const struct pack_field *dossier = out->kind->dossier;
        for (size_t k = 0; k < dossier->targets_n; k++) {
            if (dossier->targets[k] == owner)
                return true;
        }
    }
    return false;
}

/* The field of a file that says which part of the dossier it shows, as a photo does a job; NULL: it has none. */
static const struct pack_field *part_field(const struct file_kind *file, const struct pack_kind *of)
{
    for (size_t i = 0; i < file->kind->fields_n; i++) {
        const struct pack_field *field = &file->kind->fields[i];
        for (size_t k = 0; field->type == PACK_REF && k < field->targets_n; k++)
            if (field != file->kind->dossier && field->targets[k] == of)
                return field;
    }
    return NULL;
}

int pas_attach(struct pas *pas, const char *text, const char *name, const unsigned char *bytes,
               size_t len, struct pas_id *id)
{
    enum err err = ERR_OK;
    struct view_record part, record;
    const struct pack_field *shows = NULL;
    struct file_words words;
    struct file_kind file;
    uint8_t key[KEY_LEN], hash[HASH_LEN];
    char key_hex[2 * KEY_LEN + 1] = "", hash_hex[2 * HASH_LEN + 1], size[24];
    bool sealed = false;
    pas_begin(pas);
    TRY(pas_record(pas, text, &part));
    TRY(whole_of(pas, &part, &record));
    TRY(file_words_of(pas, &words));
    if (!record.kind || !file_kind_of(pas->pack, &words, record.kind, &file)) {
        err = pas_fail(pas, ERR_USAGE, WORD_ATTACH_NOWHERE, record.kind ? record.kind->key : "?");
        goto out;
    }
    shows = part.kind ? part_field(&file, part.kind) : NULL;
    TRY(pas_place_check(pas, record.space));
    TRY(engine_attach(pas->engine, record.space, record.shred, bytes, len, key, hash));
    code_hex(key_hex, key, KEY_LEN);
    code_hex(hash_hex, hash, HASH_LEN);
    snprintf(size, sizeof size, "%zu", len);
    sealed = true;
out:
    digest_wipe(key, sizeof key);
    if (!sealed)
        return pas_end(pas, err);
    const struct pas_pair pairs[] = {{file.kind->dossier->key, record.id},
                                     {file.name->key, name},
                                     {file.size->key, size},
                                     {file.hash->key, hash_hex},
                                     {file.key->key, key_hex},
                                     {shows ? shows->key : "", part.id}};
    size_t n = sizeof pairs / sizeof *pairs - (shows ? 0 : 1);
    int result = pas_new(pas, file.kind->key, pairs, n, NULL, id);
    digest_wipe(key_hex, sizeof key_hex);
    return result;
}

static bool from_hex(uint8_t *out, size_t len, const struct pack_value *value)
{
    if (value->type != PACK_VALUE_TEXT || value->text_len != 2 * len)
        return false;
    for (size_t i = 0; i < 2 * len; i++) {
        char c = value->text[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
    }
    return true;
}

static enum err read_hex(struct pas *pas, const struct view_record *record,
                         const struct pack_field *field, uint8_t *out, size_t len)
{
    struct pack_value value = {0};
    enum err err = view_value(pas->view, record, field, &value);
    if (err == ERR_OK && !from_hex(out, len, &value))
        err = ERR_FORMAT;
    pack_value_fini(&value);
    return err;
}

static const char *state_of(const struct engine_attachment *file)
{
    return file->waits ? "waits" : file->here ? "here" : file->asked ? "asked" : "away";
}

static enum err put_file(struct pas *pas, const struct file_words *words, struct pas_table *table,
                         const char *id)
{
    enum err err = ERR_OK;
    struct view_record record;
    struct file_kind file;
    struct engine_attachment at;
    struct pack_value name = {0}, size = {0};
    uint8_t hash[HASH_LEN];
    TRY(view_find(pas->view, id, NULL, 0, &record));
    if (!record.kind || !is_file_kind(record.kind, words, &file) || record.mistake ||
        read_hex(pas, &record, file.hash, hash, HASH_LEN) != ERR_OK)
        goto out;
    TRY(view_value(pas->view, &record, file.name, &name));
    TRY(view_value(pas->view, &record, file.size, &size));
    TRY(engine_attachment(pas->engine, record.space, hash, &at));
    pas_table_row(table);
    pas_table_text(table, record.id);
    pas_table_text(table, record.code);
    pas_table_text(table, name.type == PACK_VALUE_TEXT ? name.text : "");
    pas_table_int(table, size.type == PACK_VALUE_INT ? size.integer : 0);
    pas_table_text(table, state_of(&at));
out:
    pack_value_fini(&name);
    pack_value_fini(&size);
    return err;
}

static enum err files_of(struct pas *pas, const struct view_record *record,
                         struct pas_table **table)
{
    enum err err = ERR_OK;
    struct pas_table *ids = NULL;
    struct pack_why why = {{0}};
    struct file_words words;
    char sql[256], dossier[2 * ID_LEN + 1];
    TRY(file_words_of(pas, &words));
    code_hex(dossier, record->shred, ID_LEN);
    snprintf(sql, sizeof sql, "SELECT id FROM record WHERE dossier = '%s' ORDER BY id", dossier);
    TRY(view_sql(pas->view, sql, &ids, &why));
    TRY(pas_table_new(table));
    pas_table_columns_add(*table, "id code name size state");
    for (size_t i = 0; i < pas_table_rows(ids); i++)
        TRY(put_file(pas, &words, *table, pas_table_get(ids, i, 0)));
    TRY(pas_table_err(*table));
out:
    pas_table_free(ids);
    return err;
}

int pas_attachments(struct pas *pas, const char *text, struct pas_table **out)
{
    enum err err = ERR_OK;
    struct view_record record; /* any of the dossier */
    struct pas_table *table = NULL;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_record(pas, text, &record));
    TRY(files_of(pas, &record, &table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

/* A dossier goes with its files, so they are here before it goes. */
static enum err fetch_files(struct pas *pas, const struct view_record *record)
{
    enum err err = ERR_OK;
    struct pas_table *table = NULL;
    struct file_words words;
    size_t missing = 0;
    TRY(file_words_of(pas, &words));
    TRY(files_of(pas, record, &table));
    for (size_t i = 0; i < pas_table_rows(table); i++) {
        struct view_record one;
        struct file_kind file;
        struct engine_attachment at;
        uint8_t hash[HASH_LEN];
        TRY(view_find(pas->view, pas_table_get(table, i, 0), NULL, 0, &one));
        if (!is_file_kind(one.kind, &words, &file) ||
            read_hex(pas, &one, file.hash, hash, HASH_LEN) != ERR_OK)
            continue;
        TRY(engine_attachment(pas->engine, one.space, hash, &at));
        if (at.here)
            continue;
        TRY(engine_attachment_ask(pas->engine, one.space, one.shred, hash));
        missing++;
    }
    if (missing > 0)
        err = pas_fail(pas, ERR_BUSY, WORD_TRANSFER_FILES, record->code);
out:
    pas_table_free(table);
    return err;
}

int pas_attachment(struct pas *pas, const char *text, unsigned char **bytes, size_t *len)
{
    enum err err = ERR_OK;
    struct view_record record;
    struct file_words words;
    struct file_kind file;
    struct buf plain = {.max = ATTACH_MAX};
    uint8_t key[KEY_LEN], hash[HASH_LEN];
    pas_begin(pas);
    *bytes = NULL;
    *len = 0;
    TRY(pas_record(pas, text, &record));
    TRY(file_words_of(pas, &words));
    if (!record.kind || !is_file_kind(record.kind, &words, &file) ||
        read_hex(pas, &record, file.hash, hash, HASH_LEN) != ERR_OK ||
        read_hex(pas, &record, file.key, key, KEY_LEN) != ERR_OK)
        TRY(pas_fail(pas, ERR_USAGE, WORD_ATTACH_NONE, text));
    err = engine_attachment_read(pas->engine, record.space, hash, key, &plain);
    if (err == ERR_NOT_FOUND || err == ERR_PENDING) {
        TRY(engine_attachment_ask(pas->engine, record.space, record.shred, hash));
        TRY(pas_fail(pas, ERR_BUSY, WORD_ATTACH_LATER));
    }
    TRY(err);
    TRY(pas_take_bytes(&plain, bytes, len));
out:
    digest_wipe(key, sizeof key);
    buf_free(&plain);
    return pas_end(pas, err);
}
