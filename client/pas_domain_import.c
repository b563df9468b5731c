/* SPDX-License-Identifier: Apache-2.0
 *
 * A spreadsheet becomes records, a row at a time: a bad row is told of and never stops the others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/duplicate.h"
#include "client/import.h"
#include "client/pas_domain.h"
#include "client/pas_domain_inside.h"
#include "client/pas_draft.h"

/* One row as pairs, and as the values that the view would hold. */
struct row {
    struct pas *pas;
    const struct import *import;
    const struct import_row *row;
    struct pas_pair pairs[IMPORT_COLUMNS_MAX];
    size_t n;
    struct pack_value values[IMPORT_COLUMNS_MAX]; /* by column */
    char scratch[64];
};

static enum err resolve_ref(void *user, const struct pack_field *field, const char *text,
                            char out[static PACK_REF_MAX])
{
    struct pas *pas = user;
    struct view_record record;
    enum err err = pas_record_of(pas, text, field->targets, field->targets_n, &record);
    snprintf(out, PACK_REF_MAX, "%s", err == ERR_OK ? record.id : "");
    return err;
}

static void row_fini(struct row *row)
{
    for (size_t i = 0; i < IMPORT_COLUMNS_MAX; i++)
        pack_value_fini(&row->values[i]);
    row->n = 0;
}

/* Reads the cells; the reason of the first bad one is in pas->why. */
static enum err read_row(struct row *row, const struct domain *domain)
{
    struct pas *pas = row->pas;
    struct pack_context context = {.has_today = true,
                                   .today = domain->today,
                                   .lang = pas->lang,
                                   .resolve = resolve_ref,
                                   .user = pas};
    enum err err = ERR_OK;
    for (size_t i = 0; i < row->import->columns_n; i++) {
        const struct pack_field *field = row->import->fields[i];
        const char *cell = row->row->cells[i];
        struct pack_why why = {{0}};
        if (!field || !cell[strspn(cell, " \t")])
            continue;
        row->pairs[row->n++] = (struct pas_pair){field->key, cell};
        err = pack_value_check(field, cell, &context, &row->values[i], &why);
        if (err == ERR_OK)
            continue;
        if (!pas->why[0])
            err =
                pas_fail(pas, err, WORD_FIELD_VALUE, pack_label(&field->label, pas->lang),
                         why.text[0] ? pas_draft_why(field, why.text) : words_err(err, pas->lang));
        return err;
    }
    for (size_t i = 0; row->n > 0 && i < row->import->kind->fields_n; i++) {
        const struct pack_field *field = &row->import->kind->fields[i];
        bool given = field->initial || field->copy || !field->required;
        for (size_t j = 0; j < row->n && !given; j++)
            given = strcmp(row->pairs[j].field, field->key) == 0;
        if (!given)
            return pas_fail(pas, ERR_USAGE, WORD_FIELD_MISSING,
                            pack_label(&field->label, pas->lang), field->key);
    }
    return err;
}

static const char *value_of(void *user, const char *key)
{
    struct row *row = user;
    for (size_t i = 0; i < row->import->columns_n; i++) {
        const struct pack_value *value = &row->values[i];
        if (!row->import->fields[i] || strcmp(row->import->fields[i]->key, key) != 0)
            continue;
        if (value->type == PACK_VALUE_TEXT || value->type == PACK_VALUE_REF)
            return value->text;
        if (value->type != PACK_VALUE_INT)
            return "";
        snprintf(row->scratch, sizeof row->scratch, "%lld", (long long)value->integer);
        return row->scratch;
    }
    return "";
}

static void put_line(struct pas_table *table, size_t line, const char *status,
                     const struct pas_id *id, const char *title, const char *message)
{
    pas_table_row(table);
    pas_table_int(table, (int64_t)line);
    pas_table_text(table, status);
    pas_table_text(table, id && id->id[0] ? id->id : NULL);
    pas_table_text(table, id && id->code[0] ? id->code : NULL);
    pas_table_text(table, title && *title ? title : NULL);
    pas_table_text(table, message && *message ? message : NULL);
}

/* Asks whether the row may exist already; *title is the row's own name, *same the other's. */
static enum err find_same(struct row *row, struct duplicate *set, char title[static 256],
                          char same[static 300])
{
    size_t found[4], last;
    char line[32];
    enum err err = ERR_OK;
    title[0] = same[0] = 0;
    if (!set)
        return ERR_OK;
    snprintf(line, sizeof line, "%s %zu", row->pas->lang[0] == 'e' ? "line" : "ligne",
             row->row->line);
    TRY(duplicate_add(set, line, value_of, row));
    last = duplicate_size(set) - 1;
    snprintf(title, 256, "%s", duplicate_name(set, last));
    if (duplicate_find(set, last, last, found, 4) > 0)
        snprintf(same, 300, "%s  %s", duplicate_code(set, found[0]), duplicate_name(set, found[0]));
out:
    return err;
}

/* Errors of one row are the row's; what is returned stops the whole import. */
static enum err take_row(struct row *row, const struct domain *domain, struct duplicate *set,
                         const struct pas_import_args *args, struct pas_table *table)
{
    struct pas *pas = row->pas;
    struct pas_id id = {"", ""};
    char title[256], same[300];
    enum err err = ERR_OK;
    pas_begin(pas);
    err = read_row(row, domain);
    if (err == ERR_MEMORY || err == ERR_IO)
        return err;
    if (err == ERR_OK && row->n == 0) {
        put_line(table, row->row->line, "empty", NULL, NULL, NULL);
        return ERR_OK;
    }
    if (err != ERR_OK) {
        put_line(table, row->row->line, "refused", NULL, row->n ? row->pairs[0].text : "",
                 pas->why);
        return ERR_OK;
    }
    TRY(find_same(row, set, title, same));
    if (same[0] && !args->duplicates) {
        duplicate_drop(set);
        put_line(table, row->row->line, "duplicate", NULL, title, same);
        goto out;
    }
    if (!args->dry_run)
        err = (enum err)pas_new(pas, args->kind, row->pairs, row->n, args->edit, &id);
    if (err != ERR_OK) {
        if (set)
            duplicate_drop(set);
        put_line(table, row->row->line, "refused", NULL, title, pas->why);
        err = err_category(err) == CAT_INTERNAL ? err : ERR_OK;
        goto out;
    }
    put_line(table, row->row->line, "new", &id, title, same);
out:
    return err;
}

static enum err put_ignored(const struct import *import, char **ignored)
{
    struct buf text = {.max = 1 << 16};
    enum err err = ERR_OK;
    for (size_t i = 0; i < import->columns_n; i++) {
        if (import->fields[i] || !*import->headings[i])
            continue;
        domain_put(&text, text.len ? ", " : "");
        domain_put(&text, import->headings[i]);
    }
    TRY(text.err);
    TRY(pas_take_text(&text, ignored));
out:
    buf_free(&text);
    return err;
}

int pas_import(struct pas *pas, const struct pas_import_args *args, struct pas_table **out,
               char **ignored)
{
    struct domain domain = pas_domain_of(pas);
    const struct pack_kind *kind = NULL;
    struct import import = {0};
    struct duplicate *set = NULL;
    struct pas_table *table = NULL;
    struct row *row = calloc(1, sizeof *row);
    enum err err = row ? ERR_OK : ERR_MEMORY;
    pas_begin(pas);
    *out = NULL;
    *ignored = NULL;
    TRY(err);
    TRY(pas_kind(pas, args->kind, &kind));
    err = import_read(&domain, kind, args->csv, args->len, &import);
    if (err == ERR_FORMAT)
        TRY(pas_fail(pas, err, WORD_IMPORT_HEAD, kind->key));
    TRY(err);
    TRY(put_ignored(&import, ignored));
    TRY(duplicate_new(&set, &domain, kind->key));
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "line status id code title message");
    row->pas = pas;
    row->import = &import;
    for (size_t i = 0; i < import.rows_n; i++) {
        row->row = &import.rows[i];
        err = take_row(row, &domain, set, args, table);
        row_fini(row);
        TRY(err);
    }
    pas_begin(pas);
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    import_free(&import);
    duplicate_free(set);
    pas_table_free(table);
    if (row)
        row_fini(row);
    free(row);
    if (err != ERR_OK) {
        pas_free(*ignored);
        *ignored = NULL;
    }
    return pas_end(pas, err);
}
