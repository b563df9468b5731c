/* SPDX-License-Identifier: Apache-2.0
 *
 * Ticking, suggestions, hints, the journal of what leaves: what is written for a person.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_audit.h"
#include "client/pas_domain.h"
#include "client/pas_domain_inside.h"
#include "client/pas_json.h"
#include "client/suggest.h"
#include "client/text.h"

/* --- ticking --- */

static bool begins(const char *wording, const char *folded)
{
    char label[512];
    (void)text_fold(label, sizeof label, wording, strlen(wording));
    return *folded && strncmp(label, folded, strlen(folded)) == 0;
}

/* The check-list field and item that `text` names: a key, or the beginning of one wording. */
static const struct pack_option *find_box(const struct pack_kind *kind, const char *text,
                                          const struct pack_field **field)
{
    char folded[256];
    const struct pack_option *found = NULL;
    (void)text_fold(folded, sizeof folded, text, strlen(text));
    for (size_t i = 0; i < kind->fields_n; i++) {
        const struct pack_field *one = &kind->fields[i];
        const struct pack_option *option =
            one->type == PACK_CHECKLIST ? pack_option_by_key(one, text) : NULL;
        if (option) {
            *field = one;
            return option;
        }
    }
    for (size_t i = 0; i < kind->fields_n; i++) {
        const struct pack_field *one = &kind->fields[i];
        for (size_t j = 0; one->type == PACK_CHECKLIST && j < one->options_n; j++) {
            for (size_t k = 0; k < one->options[j].label.n; k++) {
                if (!begins(one->options[j].label.list[k].text, folded) ||
                    found == &one->options[j])
                    continue;
                if (found)
                    return NULL; /* two begin so */
                found = &one->options[j];
                *field = one;
            }
        }
    }
    return found;
}

int pas_tick(struct pas *pas, const char *text, const char *item, bool tick, struct pas_id *id)
{
    struct view_record record;
    const struct pack_field *field = NULL;
    char value[PACK_KEY_MAX + 2];
    enum err err = ERR_OK;
    pas_begin(pas);
    TRY(pas_record(pas, text, &record));
    const struct pack_option *box = record.kind ? find_box(record.kind, item, &field) : NULL;
    if (!box)
        TRY(pas_fail(pas, ERR_USAGE, WORD_TICK_UNKNOWN, item));
    snprintf(value, sizeof value, "%c%s", tick ? '+' : '-', box->key);
    struct pas_pair pair = {field->key, value};
    TRY((enum err)pas_set(pas, record.id, &pair, 1, NULL, id));
out:
    return pas_end(pas, err);
}

/* --- suggestions --- */

static enum err follow(struct pas *pas, const struct suggestion *one, struct pas_id *id)
{
    return one->kind[0] ? (enum err)pas_new(pas, one->kind, one->pairs, one->n, NULL, id)
                        : (enum err)pas_set(pas, one->record, one->pairs, one->n, NULL, id);
}

static enum err put_suggestion(const struct suggestion *one, bool done, const struct pas_id *id,
                               struct pas_table *table)
{
    struct buf json = {.max = 1 << 14};
    int first = 1;
    buf_u8(&json, '{');
    for (size_t i = 0; i < one->n; i++) {
        pas_json_key(&json, &first, one->pairs[i].field);
        pas_json_text(&json, one->pairs[i].text, strlen(one->pairs[i].text));
    }
    buf_u8(&json, '}');
    pas_table_row(table);
    pas_table_text(table, one->key);
    pas_table_text(table, one->label);
    pas_table_bool(table, done);
    pas_table_text(table, one->kind[0] ? one->kind : NULL);
    pas_table_text(table, done ? id->id : one->record[0] ? one->record : NULL);
    pas_table_text(table, done ? id->code : NULL);
    if (json.err == ERR_OK)
        pas_table_json(table, (const char *)json.bytes, json.len);
    enum err err = json.err == ERR_OK ? pas_table_err(table) : json.err;
    buf_free(&json);
    return err;
}

int pas_suggest(struct pas *pas, const char *text, struct pas_table **out)
{
    struct domain domain = pas_domain_of(pas);
    struct view_record record;
    struct suggestion *list = NULL;
    struct pas_table *table = NULL;
    struct pas_id id = {"", ""};
    size_t n = 0;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_record(pas, text, &record));
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "key label done kind record code fields");
    if (record.kind)
        TRY(suggest_make(&domain, record.kind->key, record.id, &list, &n));
    for (size_t i = 0; i < n; i++) {
        /* One that cannot be done (a space that is only read, say) stays a proposal. */
        bool done = list[i].automatic && follow(pas, &list[i], &id) == ERR_OK;
        TRY(put_suggestion(&list[i], done, &id, table));
    }
    pas_begin(pas);
    *out = table;
    table = NULL;
out:
    suggest_free(list);
    pas_table_free(table);
    return pas_end(pas, err);
}

int pas_suggest_do(struct pas *pas, const char *text, const char *key, struct pas_id *id)
{
    struct domain domain = pas_domain_of(pas);
    struct view_record record;
    struct suggestion *list = NULL;
    size_t n = 0, at = 0;
    enum err err = ERR_OK;
    pas_begin(pas);
    TRY(pas_record(pas, text, &record));
    if (record.kind)
        TRY(suggest_make(&domain, record.kind->key, record.id, &list, &n));
    while (at < n && strcmp(list[at].key, key) != 0)
        at++;
    if (at == n)
        TRY(pas_fail(pas, ERR_NOT_FOUND, WORD_ITEM_UNKNOWN, key));
    TRY(follow(pas, &list[at], id));
out:
    suggest_free(list);
    return pas_end(pas, err);
}

/* --- hints --- */

int pas_hints(struct pas *pas, const char *text, struct pas_table **out)
{
    struct view_record record;
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    TRY(pas_record(pas, text, &record));
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "field hint");
    for (size_t i = 0; record.kind && i < record.kind->fields_n; i++) {
        const struct pack_field *field = &record.kind->fields[i];
        struct pack_value value = {.type = PACK_VALUE_NIL};
        if (field->type != PACK_TEXT && field->type != PACK_LONGTEXT)
            continue;
        TRY(view_value(pas->view, &record, field, &value));
        const char *hint =
            value.type == PACK_VALUE_TEXT ? pack_hint(pas->pack, value.text, pas->lang) : NULL;
        if (hint) {
            pas_table_row(table);
            pas_table_text(table, field->key);
            pas_table_text(table, hint);
        }
        pack_value_fini(&value);
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return pas_end(pas, err);
}

/* --- what leaves --- */

/* Whose record it is, where the field may point there: the dossier's own record. */
static bool dossier_of(struct pas *pas, const struct pack_field *field,
                       const struct view_record *record, char id[static VIEW_ID_MAX])
{
    static const uint8_t self[RECORD_LEN];
    struct view_record dossier;
    if (!record || !field)
        return false;
    view_id_text(id, record->shred, self);
    return view_find(pas->view, id, field->targets, field->targets_n, &dossier) == ERR_OK;
}

struct journal {
    char kind[PACK_KEY_MAX + 1];
    struct pas_pair pairs[SUGGEST_PAIRS_MAX];
    char keys[SUGGEST_PAIRS_MAX][PACK_KEY_MAX + 1], texts[SUGGEST_PAIRS_MAX][256];
    size_t n;
};

static enum err read_journal(struct pas *pas, bool print, const char *what,
                             const struct view_record *record, size_t lines,
                             struct journal *journal)
{
    struct domain domain = pas_domain_of(pas);
    struct sqlite3_stmt *rows = NULL;
    char dossier[VIEW_ID_MAX], number[32];
    enum err err = ERR_OK;
    bool row;
    snprintf(number, sizeof number, "%zu", lines);
    TRY(domain_prepare_own(&domain, &rows,
                           "SELECT x.key, x.value, j.kind FROM domain_journal j,"
                           " json_each(j.fields) x WHERE j.event = :event"));
    domain_bind(rows, ":event", print ? "print" : "export");
    while (journal->n < SUGGEST_PAIRS_MAX) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        size_t at = journal->n;
        const char *value = domain_text(rows, 1);
        snprintf(journal->kind, sizeof journal->kind, "%s", domain_text(rows, 2));
        snprintf(journal->keys[at], sizeof journal->keys[at], "%s", domain_text(rows, 0));
        const struct pack_kind *kind = pack_kind_by_key(pas->pack, journal->kind);
        if (strcmp(value, ":dossier") == 0) {
            const struct pack_field *field =
                kind ? pack_field_by_key(kind, journal->keys[at]) : NULL;
            if (!dossier_of(pas, field, record, dossier))
                continue;
            value = dossier;
        }
        value = strcmp(value, ":what") == 0 ? what : strcmp(value, ":lines") == 0 ? number : value;
        snprintf(journal->texts[at], sizeof journal->texts[at], "%s", value);
        journal->pairs[at] = (struct pas_pair){journal->keys[at], journal->texts[at]};
        journal->n++;
    }
    err = journal->n ? ERR_OK : ERR_NOT_FOUND;
out:
    domain_end(rows);
    return err;
}

int pas_journal(struct pas *pas, bool print, const char *what, const char *text, size_t lines)
{
    struct view_record record;
    struct journal journal = {.n = 0};
    struct pas_id id = {"", ""};
    /* Told to the auditors by the log, and to the team by a record of the pack's. */
    enum err err = (enum err)pas_exported(pas, SIZE_MAX, print ? "print" : "file", text, lines);
    if (err != ERR_OK)
        return pas_end(pas, err);
    pas_begin(pas);
    if (text)
        TRY(pas_record(pas, text, &record));
    TRY(read_journal(pas, print, what, text ? &record : NULL, lines, &journal));
    TRY((enum err)pas_new(pas, journal.kind, journal.pairs, journal.n, NULL, &id));
out:
    return pas_end(pas, err);
}
