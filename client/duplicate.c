/* SPDX-License-Identifier: Apache-2.0
 *
 * All records of the kind are loaded once; each pair is first asked the cheap questions (equal fields, near numbers)
 * and then the dear one (are the names alike).
 */
#include "client/duplicate.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/text.h"
#include "proto/digest.h"

enum { FIELDS_MAX = 12 };
enum role { ROLE_NAME, ROLE_SAME, ROLE_KEY, ROLE_NEAR };

struct rule_field {
    char key[PACK_KEY_MAX + 1];
    enum role role;
    int64_t amount;
};

struct entry {
    char *id, *code, *name;
    char *values[FIELDS_MAX]; /* "" where there is none; names as written, others folded */
};

struct duplicate {
    const struct domain *domain;
    char kind[PACK_KEY_MAX + 1];
    struct rule_field fields[FIELDS_MAX];
    size_t fields_n;
    struct entry *list;
    size_t n, cap;
};

static char *copy(const char *text)
{
    size_t len = strlen(text) + 1;
    char *out = malloc(len);
    if (out)
        memcpy(out, text, len);
    return out;
}

static void wipe(char *text)
{
    if (text)
        digest_wipe(text, strlen(text));
    free(text);
}

static void entry_fini(struct entry *entry)
{
    wipe(entry->id);
    wipe(entry->code);
    wipe(entry->name);
    for (size_t i = 0; i < FIELDS_MAX; i++)
        wipe(entry->values[i]);
    *entry = (struct entry){0};
}

void duplicate_free(struct duplicate *set)
{
    for (size_t i = 0; set && i < set->n; i++)
        entry_fini(&set->list[i]);
    free(set ? set->list : NULL);
    free(set);
}

static enum err read_fields(struct duplicate *set)
{
    static const char *const roles[] = {"name", "same", "key", "near"};
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(set->domain, &rows,
                           "SELECT field, role, coalesce(amount, 0) FROM domain_duplicate"
                           " WHERE kind = :kind ORDER BY rowid"));
    domain_bind(rows, ":kind", set->kind);
    while (set->fields_n < FIELDS_MAX) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        struct rule_field *field = &set->fields[set->fields_n];
        snprintf(field->key, sizeof field->key, "%s", domain_text(rows, 0));
        field->amount = sqlite3_column_int64(rows, 2);
        for (size_t i = 0; i < 4; i++) {
            if (strcmp(domain_text(rows, 1), roles[i]) == 0) {
                field->role = (enum role)i;
                set->fields_n++;
            }
        }
    }
out:
    sqlite3_finalize(rows);
    return err;
}

/* Room for one more; NULL without memory. */
static struct entry *grow(struct duplicate *set)
{
    if (set->n == set->cap) {
        size_t cap = set->cap ? 2 * set->cap : 64;
        struct entry *list = realloc(set->list, cap * sizeof *list);
        if (!list)
            return NULL;
        set->list = list;
        set->cap = cap;
    }
    set->list[set->n] = (struct entry){0};
    return &set->list[set->n];
}

static enum err fill(struct duplicate *set, struct entry *entry, const char *id, const char *code,
                     const char *(*value)(void *, const char *), void *user)
{
    char name[TEXT_NAME_MAX] = "", folded[TEXT_NAME_MAX];
    size_t at = 0;
    for (size_t i = 0; i < set->fields_n; i++) {
        const char *text = value(user, set->fields[i].key);
        text = text ? text : "";
        if (set->fields[i].role == ROLE_NAME) {
            if (*text && at < sizeof name)
                at += (size_t)snprintf(name + at, sizeof name - at, "%s%s", at ? " " : "", text);
        } else {
            (void)text_fold(folded, sizeof folded, text, strlen(text));
            text = folded;
        }
        if (!(entry->values[i] = copy(text)))
            return ERR_MEMORY;
    }
    entry->id = copy(id);
    entry->code = copy(code);
    entry->name = copy(name);
    return entry->id && entry->code && entry->name ? ERR_OK : ERR_MEMORY;
}

static enum err add(struct duplicate *set, const char *id, const char *code,
                    const char *(*value)(void *, const char *), void *user)
{
    struct entry *entry = grow(set);
    enum err err = entry ? fill(set, entry, id, code, value, user) : ERR_MEMORY;
    if (err == ERR_OK)
        set->n++;
    else if (entry)
        entry_fini(entry);
    return err;
}

enum err duplicate_add(struct duplicate *set, const char *label,
                       const char *(*value)(void *user, const char *field), void *user)
{
    return add(set, "", label, value, user);
}

void duplicate_drop(struct duplicate *set)
{
    if (set->n > 0)
        entry_fini(&set->list[--set->n]);
}

/* The value of a field in a row: the columns after id and code are the set's fields in order. */
struct source {
    const struct duplicate *set;
    sqlite3_stmt *row;
};

static const char *from_row(void *user, const char *field)
{
    struct source *source = user;
    for (size_t i = 0; i < source->set->fields_n; i++) {
        if (strcmp(source->set->fields[i].key, field) == 0)
            return domain_text(source->row, (int)i + 2);
    }
    return "";
}

static enum err load(struct duplicate *set)
{
    struct buf sql = {.max = 1 << 16};
    struct source source = {.set = set};
    enum err err = ERR_OK;
    bool row;
    domain_put(&sql, "SELECT id, coalesce(code, '')");
    for (size_t i = 0; i < set->fields_n; i++) {
        domain_put(&sql, ", ");
        domain_put(&sql, set->fields[i].key);
    }
    domain_put(&sql, " FROM ");
    domain_put(&sql, set->kind);
    domain_put(&sql, " WHERE NOT mistake ORDER BY created_at, id");
    buf_u8(&sql, 0);
    TRY(sql.err);
    TRY(domain_prepare(set->domain, &source.row, "%s", (const char *)sql.bytes));
    for (;;) {
        TRY(domain_step(source.row, &row));
        if (!row)
            break;
        TRY(add(set, domain_text(source.row, 0), domain_text(source.row, 1), from_row, &source));
    }
out:
    sqlite3_finalize(source.row);
    buf_free(&sql);
    return err;
}

enum err duplicate_new(struct duplicate **out, const struct domain *domain, const char *kind)
{
    struct duplicate *set = calloc(1, sizeof *set);
    enum err err = set ? ERR_OK : ERR_MEMORY;
    *out = NULL;
    TRY(err);
    set->domain = domain;
    snprintf(set->kind, sizeof set->kind, "%s", kind);
    TRY(read_fields(set));
    if (set->fields_n == 0)
        goto out;
    TRY(load(set));
    *out = set;
    set = NULL;
out:
    duplicate_free(set);
    return err;
}

const char *duplicate_id(const struct duplicate *set, size_t place)
{
    return set->list[place].id;
}

const char *duplicate_code(const struct duplicate *set, size_t place)
{
    return set->list[place].code;
}

const char *duplicate_name(const struct duplicate *set, size_t place)
{
    return set->list[place].name;
}

size_t duplicate_size(const struct duplicate *set)
{
    return set->n;
}

size_t duplicate_place(const struct duplicate *set, const char *id)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->list[i].id, id) == 0)
            return i;
    }
    return SIZE_MAX;
}

/* --- comparing --- */

static bool alike(const struct duplicate *set, const struct entry *a, const struct entry *b)
{
    bool agrees = false, asked = false;
    for (size_t i = 0; i < set->fields_n; i++) {
        const struct rule_field *field = &set->fields[i];
        const char *x = a->values[i], *y = b->values[i];
        if (field->role == ROLE_NAME || !*x || !*y)
            continue;
        bool equal = strcmp(x, y) == 0;
        if (field->role == ROLE_KEY) {
            if (equal)
                return true; /* the same number is the same thing, whatever its name */
            return false;
        }
        asked = true;
        if (field->role == ROLE_NEAR) {
            long long apart = strtoll(x, NULL, 10) - strtoll(y, NULL, 10);
            if (apart > field->amount || -apart > field->amount)
                return false; /* a contradiction */
            agrees = true;
        }
        agrees = agrees || equal;
    }
    if (asked && !agrees)
        return false;
    enum text_likeness likeness = text_similar(a->name, b->name);
    return likeness >= (asked ? TEXT_PART : TEXT_SAME);
}

size_t duplicate_find(const struct duplicate *set, size_t place, size_t end, size_t *found,
                      size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < end && i < set->n && n < max; i++) {
        if (i != place && alike(set, &set->list[i], &set->list[place]))
            found[n++] = i;
    }
    return n;
}

static void put_side(const struct duplicate *set, size_t place, struct pas_table *table)
{
    char title[DOMAIN_TITLE_MAX];
    domain_title(set->domain, set->list[place].id, title);
    pas_table_text(table, set->list[place].id);
    pas_table_text(table, set->list[place].code);
    pas_table_text(table, title[0] ? title : set->list[place].name);
}

static enum err put_kind(const struct domain *domain, const char *kind, struct pas_table *table)
{
    struct duplicate *set = NULL;
    enum err err = ERR_OK;
    size_t found[16];
    TRY(duplicate_new(&set, domain, kind));
    for (size_t i = 0; set && i < set->n; i++) {
        size_t n = duplicate_find(set, i, i, found, sizeof found / sizeof found[0]);
        for (size_t j = 0; j < n; j++) {
            pas_table_row(table);
            pas_table_text(table, kind);
            put_side(set, found[j], table);
            put_side(set, i, table);
        }
    }
out:
    duplicate_free(set);
    return err;
}

enum err duplicate_table(const struct domain *domain, const char *kind, struct pas_table **out)
{
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "kind a a_code a_title b b_code b_title");
    for (size_t i = 0; i < domain->pack->kinds_n; i++) {
        const char *one = domain->pack->kinds[i].key;
        if (!kind || strcmp(kind, one) == 0)
            TRY(put_kind(domain, one, table));
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    pas_table_free(table);
    return err;
}
