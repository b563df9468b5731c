/* SPDX-License-Identifier: Apache-2.0 */
#include "client/suggest.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"

static const char *store(struct suggestion *one, const char *text)
{
    size_t len = strlen(text) + 1;
    if (len > sizeof one->text - one->used)
        return NULL;
    char *at = one->text + one->used;
    memcpy(at, text, len);
    one->used += len;
    return at;
}

static enum err put_pair(struct suggestion *one, const char *field, const char *text)
{
    const char *key = store(one, field), *value = store(one, text);
    if (!key || !value || one->n == SUGGEST_PAIRS_MAX)
        return ERR_TOO_BIG;
    one->pairs[one->n++] = (struct pas_pair){.field = key, .text = value};
    return ERR_OK;
}

/* Columns: key, automatic, record, field, value, new_kind, fields, path, condition. */
enum { KEY, AUTOMATIC, RECORD, FIELD, VALUE, NEW_KIND, FIELDS, PATH, CONDITION };

static enum err holds(const struct domain *domain, const char *kind, const char *record,
                      const char *condition, bool *yes)
{
    sqlite3_stmt *ask = NULL;
    enum err err = ERR_OK;
    TRY(domain_prepare(domain, &ask, "SELECT 1 FROM \"%w\" r WHERE r.id = :id AND (%s)", kind,
                       condition));
    domain_bind(ask, ":id", record);
    TRY(domain_step(ask, yes));
out:
    sqlite3_finalize(ask);
    return err;
}

/* The record whose field is set: itself, one that it refers to, or the one of another kind with the same reference. */
static enum err find_record(const struct domain *domain, const char *kind, const char *record,
                            const char *which, struct suggestion *one)
{
    sqlite3_stmt *find = NULL;
    enum err err = ERR_OK;
    char other[PACK_KEY_MAX + 1];
    const char *dot = strchr(which, '.');
    bool row = false;
    if (strcmp(which, "id") == 0) {
        snprintf(one->record, sizeof one->record, "%s", record);
        return ERR_OK;
    }
    if (dot) {
        snprintf(other, sizeof other, "%.*s", (int)(dot - which), which);
        TRY(domain_prepare(domain, &find,
                           "SELECT q.id FROM \"%w\" q JOIN \"%w\" r ON q.\"%w\" = r.\"%w\""
                           " WHERE r.id = :id AND NOT q.mistake ORDER BY q.created_at DESC LIMIT 1",
                           other, kind, dot + 1, dot + 1));
    } else {
        TRY(domain_prepare(domain, &find, "SELECT \"%w\" FROM \"%w\" WHERE id = :id", which, kind));
    }
    domain_bind(find, ":id", record);
    TRY(domain_step(find, &row));
    if (row)
        snprintf(one->record, sizeof one->record, "%s", domain_text(find, 0));
out:
    sqlite3_finalize(find);
    return err;
}

static enum err put_new(const struct domain *domain, const char *kind, const char *record,
                        sqlite3_stmt *row, struct suggestion *one)
{
    sqlite3_stmt *fields = NULL, *taken = NULL;
    enum err err = ERR_OK;
    bool more;
    snprintf(one->kind, sizeof one->kind, "%s", domain_text(row, NEW_KIND));
    TRY(domain_prepare_own(domain, &fields, "SELECT key, value FROM json_each(:fields)"));
    domain_bind(fields, ":fields", domain_text(row, FIELDS));
    for (;;) {
        TRY(domain_step(fields, &more));
        if (!more)
            break;
        const char *value = domain_text(fields, 1);
        if (value[0] != '=') {
            TRY(put_pair(one, domain_text(fields, 0), value));
            continue;
        }
        sqlite3_finalize(taken);
        TRY(domain_prepare(domain, &taken, "SELECT \"%w\" FROM \"%w\" WHERE id = :id", value + 1,
                           kind));
        domain_bind(taken, ":id", record);
        TRY(domain_step(taken, &more));
        if (more && *domain_text(taken, 0))
            TRY(put_pair(one, domain_text(fields, 0), domain_text(taken, 0)));
    }
out:
    sqlite3_finalize(fields);
    sqlite3_finalize(taken);
    return err;
}

static enum err put_one(const struct domain *domain, const char *kind, const char *record,
                        sqlite3_stmt *row, struct suggestion *one, bool *kept)
{
    struct buf label = {.max = 1024};
    enum err err = ERR_OK;
    memset(one, 0, sizeof *one);
    TRY(holds(domain, kind, record,
              sqlite3_column_type(row, CONDITION) == SQLITE_NULL ? "1"
                                                                 : domain_text(row, CONDITION),
              kept));
    if (!*kept)
        goto out;
    snprintf(one->key, sizeof one->key, "%s", domain_text(row, KEY));
    one->automatic = sqlite3_column_int(row, AUTOMATIC) != 0;
    TRY(domain_word(domain, domain_text(row, PATH), "label", &label));
    buf_u8(&label, 0);
    TRY(label.err);
    snprintf(one->label, sizeof one->label, "%s", (const char *)label.bytes);
    if (sqlite3_column_type(row, NEW_KIND) != SQLITE_NULL) {
        TRY(put_new(domain, kind, record, row, one));
    } else {
        TRY(find_record(domain, kind, record, domain_text(row, RECORD), one));
        TRY(put_pair(one, domain_text(row, FIELD), domain_text(row, VALUE)));
        *kept = one->record[0] != 0;
    }
out:
    buf_free(&label);
    return err;
}

enum err suggest_make(const struct domain *domain, const char *kind, const char *record,
                      struct suggestion **out, size_t *n)
{
    sqlite3_stmt *rows = NULL;
    struct suggestion *list = calloc(SUGGEST_MAX, sizeof *list);
    enum err err = list ? ERR_OK : ERR_MEMORY;
    bool row, kept;
    *out = NULL;
    *n = 0;
    TRY(err);
    TRY(domain_prepare_own(domain, &rows,
                           "SELECT key, automatic, record, field, value, new_kind, fields, path,"
                           " condition FROM domain_suggestion WHERE kind = :kind"
                           " ORDER BY position"));
    domain_bind(rows, ":kind", kind);
    while (*n < SUGGEST_MAX) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        TRY(put_one(domain, kind, record, rows, &list[*n], &kept));
        *n += kept;
    }
    *out = list;
    list = NULL;
out:
    sqlite3_finalize(rows);
    suggest_free(list);
    if (err != ERR_OK)
        *n = 0;
    return err;
}

void suggest_free(struct suggestion *list)
{
    if (list)
        digest_wipe(list, SUGGEST_MAX * sizeof *list);
    free(list);
}
