/* SPDX-License-Identifier: Apache-2.0
 *
 * Several records at once: one entry for a whole family, and two records that turn out to be one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_domain_inside.h"
#include "client/pas_draft.h"
#include "proto/change.h"
#include "proto/code.h"
#include "proto/digest.h"

/* --- one entry for several people --- */

enum { PEOPLE_MAX = 64, GROUP_LEN = 8 };

struct people {
    char ids[PEOPLE_MAX][VIEW_ID_MAX];
    size_t n;
};

static enum err add_person(struct people *people, const char *id)
{
    for (size_t i = 0; i < people->n; i++)
        if (strcmp(people->ids[i], id) == 0)
            return ERR_OK;
    if (people->n == PEOPLE_MAX)
        return ERR_TOO_BIG;
    snprintf(people->ids[people->n++], VIEW_ID_MAX, "%s", id);
    return ERR_OK;
}

static bool points_to(const struct pack_field *field, const struct pack_kind *kind)
{
    for (size_t i = 0; i < field->targets_n; i++)
        if (field->targets[i] == kind)
            return true;
    return false;
}

static enum err add_rows(struct pas *pas, struct people *people, const char *sql, const char *id)
{
    struct sqlite3_stmt *rows = NULL;
    struct domain domain = pas_domain_of(pas);
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare(&domain, &rows, "%s", sql));
    domain_bind(rows, ":id", id);
    for (;;) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        TRY(add_person(people, domain_text(rows, 0)));
    }
out:
    domain_end(rows);
    return err;
}

/* The members of a household: those it names, and those who name it. */
static enum err add_members(struct pas *pas, struct people *people,
                            const struct view_record *household, const struct pack_kind *person)
{
    char sql[4 * PACK_KEY_MAX + 128];
    bool any = false;
    enum err err = ERR_OK;
    for (size_t i = 0; household->kind && i < household->kind->fields_n; i++) {
        const struct pack_field *field = &household->kind->fields[i];
        if (field->type != PACK_SET || field->of != PACK_REF || !points_to(field, person))
            continue;
        any = true;
        snprintf(sql, sizeof sql,
                 "SELECT x.value FROM \"%s\" h, json_each(h.\"%s\") x WHERE h.id = :id",
                 household->kind->key, field->key);
        TRY(add_rows(pas, people, sql, household->id));
    }
    for (size_t i = 0; any && i < person->fields_n; i++) {
        const struct pack_field *field = &person->fields[i];
        if (field->type != PACK_REF || !points_to(field, household->kind))
            continue;
        snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE \"%s\" = :id AND NOT mistake",
                 person->key, field->key);
        TRY(add_rows(pas, people, sql, household->id));
    }
out:
    return err;
}

/* "ana, ion": each a person, or a household. */
static enum err read_people(struct pas *pas, const struct pack_field *field, const char *text,
                            struct people *people)
{
    enum err err = ERR_OK;
    for (const char *at = text; *at; at += *at == ',') {
        char one[256];
        struct view_record record;
        size_t len = strcspn(at, ",");
        size_t before = people->n;
        snprintf(one, sizeof one, "%.*s", (int)(len < sizeof one ? len : 0), at);
        at += len;
        char *name = one + strspn(one, " ");
        if (!*name)
            continue;
        if (view_find(pas->view, name, NULL, 0, &record) == ERR_OK && record.kind &&
            !points_to(field, record.kind))
            TRY(add_members(pas, people, &record, field->targets[0]));
        if (people->n > before)
            continue;
        TRY(pas_record_of(pas, name, field->targets, field->targets_n, &record));
        TRY(add_person(people, record.id));
    }
out:
    return err;
}

static const struct pack_field *group_field(const struct pack_kind *kind)
{
    for (size_t i = 0; i < kind->fields_n; i++)
        if (kind->fields[i].initial && strcmp(kind->fields[i].initial, PAS_GROUP) == 0)
            return &kind->fields[i];
    return NULL;
}

/* id, code, title, and whose it is: the title of its dossier, unless it is one. */
static enum err put_written(struct pas *pas, const struct pas_id *id, struct pas_table *table)
{
    struct domain domain = pas_domain_of(pas);
    struct sqlite3_stmt *row = NULL;
    struct view_record record;
    char title[VIEW_TITLE_MAX], whose[VIEW_TITLE_MAX] = "";
    enum err err = ERR_OK;
    bool found;
    TRY(view_find(pas->view, id->id, NULL, 0, &record));
    TRY(view_title(pas->view, id->id, title));
    TRY(domain_prepare(&domain, &row, "SELECT dossier FROM \"%w\" WHERE id = :id",
                       record.kind ? record.kind->key : ""));
    domain_bind(row, ":id", id->id);
    TRY(domain_step(row, &found));
    if (found && strcmp(domain_text(row, 0), id->id) != 0)
        TRY(view_title(pas->view, domain_text(row, 0), whose));
    pas_table_row(table);
    pas_table_text(table, id->id);
    pas_table_text(table, id->code);
    pas_table_text(table, title);
    pas_table_text(table, whose);
    err = pas_table_err(table);
out:
    domain_end(row);
    return err;
}

static enum err write_each(struct pas *pas, const struct pack_kind *kind,
                           const struct pas_pair *pairs, size_t n, size_t at,
                           const struct pas_edit *edit, const struct people *people,
                           struct pas_table *table)
{
    uint8_t random[GROUP_LEN];
    char group[2 * GROUP_LEN + 1];
    const struct pack_field *field = group_field(kind);
    struct pas_id id = {"", ""};
    enum err err = ERR_OK;
    struct pas_pair *mine = calloc(n + 1, sizeof *mine);
    if (!mine)
        return ERR_MEMORY;
    memcpy(mine, pairs, n * sizeof *mine);
    digest_random(random, sizeof random);
    code_hex(group, random, sizeof random);
    if (field && people->n > 1)
        mine[n++] = (struct pas_pair){field->key, group};
    for (size_t i = 0; i < people->n; i++) {
        mine[at].text = people->ids[i];
        TRY((enum err)pas_new(pas, kind->key, mine, n, edit, &id));
        TRY(put_written(pas, &id, table));
    }
out:
    free(mine);
    return err;
}

int pas_new_each(struct pas *pas, const char *kind_text, const struct pas_pair *pairs, size_t n,
                 const struct pas_edit *edit, struct pas_table **out)
{
    const struct pack_kind *kind = NULL;
    struct pas_table *table = NULL;
    struct people people = {.n = 0};
    struct pas_id id = {"", ""};
    enum err err = ERR_OK;
    size_t at = n;
    pas_begin(pas);
    *out = NULL;
    pas_together(pas, true);
    TRY(pas_kind(pas, kind_text, &kind));
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "id code title whose");
    for (size_t i = 0; i < n && group_field(kind); i++)
        if (kind->dossier && pack_field_by_key(kind, pairs[i].field) == kind->dossier)
            at = i;
    if (at < n)
        TRY(read_people(pas, kind->dossier, pairs[at].text, &people));
    if (people.n > 0) {
        TRY(write_each(pas, kind, pairs, n, at, edit, &people, table));
    } else {
        TRY((enum err)pas_new(pas, kind_text, pairs, n, edit, &id));
        TRY(put_written(pas, &id, table));
    }
    *out = table;
    table = NULL;
out:
    err = pas_together_end(pas, err, table ? pas_table_rows(table) : 0);
    pas_table_free(table);
    return pas_end(pas, err);
}

/* --- two that are one --- */

/* Writes where `other` belongs now; `to` NULL: nowhere but to itself. */
static enum err write_merged(struct pas *pas, const struct view_record *other, const char *to,
                             struct pas_id *id)
{
    struct pas_draft draft = {0};
    struct view_value value = {.type = to ? PACK_VALUE_REF : PACK_VALUE_NIL, .op = -1, .text = to};
    enum err err = ERR_OK;
    if (to)
        value.text_len = strlen(to);
    TRY(pas_draft_existing(&draft, pas, other, NULL));
    TRY(pas_draft_item(&draft, FIELD_MERGED, &value));
    TRY(pas_draft_write(&draft));
    snprintf(id->id, sizeof id->id, "%s", other->id);
    snprintf(id->code, sizeof id->code, "%s", other->code);
out:
    pas_draft_end(&draft);
    return err;
}

int pas_merge(struct pas *pas, const char *kept_text, const char *other_text, struct pas_id *id)
{
    struct view_record kept, other;
    struct pas_id lost;
    enum err err = ERR_OK;
    pas_begin(pas);
    TRY(pas_record(pas, kept_text, &kept));
    TRY(pas_record(pas, other_text, &other));
    if (strcmp(kept.id, other.id) == 0)
        TRY(pas_fail(pas, ERR_USAGE, WORD_MERGE_SAME, kept.code));
    if (kept.locked || !kept.kind)
        TRY(pas_fail(pas, ERR_VERSION, WORD_LOCKED));
    if (kept.kind != other.kind)
        TRY(pas_fail(pas, ERR_USAGE, WORD_MERGE_KIND, kept.code, other.code));
    if (kept.space != other.space)
        TRY(pas_fail(pas, ERR_USAGE, WORD_MERGE_SPACE, kept.code, other.code));
    TRY(write_merged(pas, &other, kept.id, &lost));
    snprintf(id->id, sizeof id->id, "%s", kept.id);
    snprintf(id->code, sizeof id->code, "%s", kept.code);
out:
    return pas_end(pas, err);
}

int pas_unmerge(struct pas *pas, const char *text, struct pas_id *id)
{
    struct view_record other, one;
    enum err err = ERR_OK;
    pas_begin(pas);
    err = view_find_itself(pas->view, text, &other);
    if (err == ERR_NOT_FOUND || err == ERR_USAGE)
        TRY(pas_fail(pas, err, WORD_RECORD_UNKNOWN, text));
    TRY(err);
    TRY(view_find(pas->view, other.id, NULL, 0, &one));
    if (strcmp(one.id, other.id) == 0)
        TRY(pas_fail(pas, ERR_USAGE, WORD_MERGE_NOT, other.code));
    TRY(write_merged(pas, &other, NULL, id));
out:
    return pas_end(pas, err);
}
