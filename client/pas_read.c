/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading: names of kinds and records, then one call of the view each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/access.h"
#include "client/pas_inside.h"
#include "client/pas_json.h"
#include "client/text.h"

/* "7KQ2M9XA Maria (Personne), ..." of the records that a name fits. */
static void put_candidates(struct pas *pas, char *out, size_t max)
{
    size_t n = view_candidates_n(pas->view), at = 0;
    *out = 0;
    for (size_t i = 0; i < n && i < VIEW_CANDIDATES_MAX; i++) {
        struct view_record record;
        char title[VIEW_TITLE_MAX];
        if (view_candidate(pas->view, i, &record) != ERR_OK ||
            view_title(pas->view, record.id, title) != ERR_OK)
            continue;
        const char *kind = record.kind ? pack_label(&record.kind->label, pas->lang) : "?";
        int len = snprintf(out + at, max - at, "\n  %s  %.60s (%s)", record.code, title, kind);
        if (len < 0 || (size_t)len >= max - at) {
            out[at] = 0;
            break;
        }
        at += (size_t)len;
    }
    if (n > VIEW_CANDIDATES_MAX && max - at > 8)
        snprintf(out + at, max - at, "\n  ...");
}

enum err pas_record_of(struct pas *pas, const char *text, const struct pack_kind *const *kinds,
                       size_t n, struct view_record *record)
{
    char list[760];
    enum err err = view_find(pas->view, text, kinds, n, record);
    if (err == ERR_NOT_FOUND && pas_say_erased(pas, text) == ERR_ERASED)
        return ERR_ERASED;
    if (err == ERR_NOT_FOUND)
        return pas_fail(pas, err, WORD_RECORD_UNKNOWN, text);
    if (err != ERR_USAGE)
        return err;
    put_candidates(pas, list, sizeof list);
    return pas_fail(pas, err, WORD_RECORD_MANY, text, list);
}

enum err pas_record(struct pas *pas, const char *text, struct view_record *record)
{
    return pas_record_of(pas, text, NULL, 0, record);
}

static bool label_is(const struct pack_labels *labels, const char *folded)
{
    char label[128];
    for (size_t i = 0; i < labels->n; i++) {
        (void)text_fold(label, sizeof label, labels->list[i].text, strlen(labels->list[i].text));
        if (strcmp(label, folded) == 0)
            return true;
    }
    return false;
}

enum err pas_kind(struct pas *pas, const char *text, const struct pack_kind **kind)
{
    char folded[128];
    *kind = pack_kind_by_key(pas->pack, text);
    (void)text_fold(folded, sizeof folded, text, strlen(text));
    for (size_t i = 0; i < pas->pack->kinds_n && !*kind; i++) {
        const struct pack_kind *one = &pas->pack->kinds[i];
        if (label_is(&one->label, folded) || label_is(&one->plural, folded))
            *kind = one;
    }
    return *kind ? ERR_OK : pas_fail(pas, ERR_USAGE, WORD_KIND_UNKNOWN, text);
}

/* An opened dossier is noted for the space's audit (access.h). Where that cannot be written (a full disk), reading goes
 * on: field work comes first. */
static void note_opened(struct pas *pas, const struct view_record *record)
{
    enum err err = access_opened(pas->engine, record->space, record->shred);
    (void)err;
}

int pas_show(struct pas *pas, const char *text, bool people, struct pas_table **table)
{
    struct view_record record;
    enum err err = ERR_OK;
    pas_begin(pas);
    *table = NULL;
    TRY(pas_record(pas, text, &record));
    if (!record.kind)
        TRY(pas_fail(pas, ERR_VERSION, WORD_LOCKED));
    TRY(view_show(pas->view, &record, people, table));
    note_opened(pas, &record);
out:
    return pas_end(pas, err);
}

int pas_list(struct pas *pas, const char *text, const char *where, bool people,
             struct pas_table **table)
{
    const struct pack_kind *kind = NULL;
    struct pack_why why = {{0}};
    enum err err = ERR_OK;
    pas_begin(pas);
    *table = NULL;
    TRY(pas_kind(pas, text, &kind));
    err = view_list(pas->view, kind, where, false, people, table, &why);
    if (err == ERR_USAGE)
        err = pas_fail(pas, err, WORD_SQL, why.text);
out:
    return pas_end(pas, err);
}

int pas_find(struct pas *pas, const char *text, size_t limit, struct pas_table **table)
{
    pas_begin(pas);
    return pas_end(pas, view_search(pas->view, text, limit, table));
}

int pas_history(struct pas *pas, const char *text, struct pas_table **table)
{
    struct view_record record;
    enum err err = ERR_OK;
    pas_begin(pas);
    *table = NULL;
    TRY(pas_record(pas, text, &record));
    TRY(view_history(pas->view, &record, table));
    note_opened(pas, &record);
out:
    return pas_end(pas, err);
}

int pas_conflicts(struct pas *pas, const char *text, struct pas_table **table)
{
    struct view_record record;
    enum err err = ERR_OK;
    pas_begin(pas);
    *table = NULL;
    if (text)
        TRY(pas_record(pas, text, &record));
    TRY(view_conflicts(pas->view, text ? &record : NULL, table));
out:
    return pas_end(pas, err);
}

uint64_t pas_keyless(const struct pas *pas)
{
    return view_keyless(pas->view);
}

int pas_sql(struct pas *pas, const char *sql, struct pas_table **table)
{
    struct pack_why why = {{0}};
    pas_begin(pas);
    enum err err = view_sql(pas->view, sql, table, &why);
    if (err == ERR_USAGE)
        err = pas_fail(pas, err, WORD_SQL, why.text);
    return pas_end(pas, err);
}

/* --- what the pack offers --- */

int pas_kinds(struct pas *pas, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "kind number level label dossier");
    for (size_t i = 0; i < pas->pack->kinds_n; i++) {
        const struct pack_kind *kind = &pas->pack->kinds[i];
        pas_table_row(table);
        pas_table_text(table, kind->key);
        pas_table_int(table, kind->number);
        pas_table_text(table, pack_level_word(kind->level));
        pas_table_shown_set(table,
                            words_level_for((enum space_level)(unsigned)kind->level, pas->lang));
        pas_table_text(table, pack_label(&kind->label, pas->lang));
        pas_table_text(table, kind->dossier ? kind->dossier->key : NULL);
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

static enum err put_options(struct pas *pas, struct pas_table *table,
                            const struct pack_field *field)
{
    struct buf json = {.max = 1 << 20}, words = {.max = 1 << 20};
    int first = 1;
    enum err err = ERR_OK;
    buf_u8(&json, '{');
    for (size_t i = 0; i < field->options_n; i++) {
        const char *label = pack_label(&field->options[i].label, pas->lang);
        if (field->options[i].retired)
            continue;
        if (!first)
            pas_json_raw(&words, ", ");
        pas_json_raw(&words, field->options[i].key);
        pas_json_key(&json, &first, field->options[i].key);
        pas_json_text(&json, label, strlen(label));
    }
    buf_u8(&json, '}');
    buf_u8(&words, 0);
    TRY(json.err);
    TRY(words.err);
    if (field->options_n == 0) {
        pas_table_null(table);
    } else {
        pas_table_json(table, (const char *)json.bytes, json.len);
        pas_table_shown_set(table, (const char *)words.bytes);
    }
out:
    buf_free(&json);
    buf_free(&words);
    return err;
}

int pas_fields(struct pas *pas, const char *text, struct pas_table **out)
{
    static const char policies[] = "LMASG";
    const struct pack_kind *kind = NULL;
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_kind(pas, text, &kind));
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "field type policy required label help options");
    for (size_t i = 0; i < kind->fields_n; i++) {
        const struct pack_field *field = &kind->fields[i];
        const char *help = pack_label(&field->help, pas->lang);
        char policy[2] = {policies[field->merge], 0};
        pas_table_row(table);
        pas_table_text(table, field->key);
        pas_table_text(table, pack_type_word(field->type));
        pas_table_text(table, policy);
        pas_table_bool(table, field->required);
        pas_table_text(table, pack_label(&field->label, pas->lang));
        pas_table_text(table, *help ? help : NULL);
        TRY(put_options(pas, table, field));
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

/* --- packs --- */

int pas_pack_check(const char *json, size_t len, char why[320], unsigned *version)
{
    struct pack *pack = NULL;
    struct pack_why reason = {{0}};
    enum err err = pack_parse(&pack, json, len, &reason);
    snprintf(why, 320, "%s", reason.text);
    *version = pack ? pack->version : 0;
    pack_free(pack);
    return (int)err;
}

void pas_pack(const struct pas *pas, unsigned *version, unsigned *unread)
{
    *version = (unsigned)pas->pack->version;
    *unread = (unsigned)pas->pack_unread;
}

const char *pas_pack_text(const struct pas *pas)
{
    return pas->pack->json;
}

/* What logs may hold must not go: each kind and field of the pack in force, by number, with its type. */
static enum err check_kept(struct pas *pas, const struct pack *next)
{
    for (size_t i = 0; i < pas->pack->kinds_n; i++) {
        const struct pack_kind *old = &pas->pack->kinds[i];
        const struct pack_kind *kind = pack_kind_by_number(next, old->number);
        if (!kind || strcmp(kind->key, old->key) != 0)
            return pas_fail(pas, ERR_USAGE, WORD_PACK_LOST, old->key, "");
        for (size_t k = 0; k < old->fields_n; k++) {
            const struct pack_field *was = &old->fields[k];
            const struct pack_field *is = pack_field_by_number(kind, was->number);
            char path[PACK_KEY_MAX + 2];
            snprintf(path, sizeof path, ".%s", was->key);
            if (!is || is->type != was->type || is->of != was->of)
                return pas_fail(pas, ERR_USAGE, WORD_PACK_LOST, old->key, path);
        }
    }
    return ERR_OK;
}

int pas_pack_publish(struct pas *pas, size_t space, const char *json, size_t len)
{
    struct pack *pack = NULL;
    struct pack_why why = {{0}};
    char mine[16], theirs[16];
    enum err err = ERR_OK;
    pas_begin(pas);
    err = pack_parse(&pack, json, len, &why);
    if (err != ERR_OK) {
        err = pas_fail(pas, err, WORD_PACK, why.text[0] ? why.text : words_err(err, pas->lang));
        goto out;
    }
    const struct fold *fold = engine_fold(pas->engine, space);
    if (fold && pack->version <= fold->pack_number) {
        snprintf(mine, sizeof mine, "%u", (unsigned)pack->version);
        snprintf(theirs, sizeof theirs, "%u", (unsigned)fold->pack_number);
        TRY(pas_fail(pas, ERR_USAGE, WORD_PACK_OLD, mine, theirs));
    }
    TRY(check_kept(pas, pack));
    TRY(engine_pack_set(pas->engine, space, pack->version, (const uint8_t *)json, len));
out:
    pack_free(pack);
    return pas_end(pas, err);
}
