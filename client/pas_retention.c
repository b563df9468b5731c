/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a file: what stays of it in the figures, then its erasure with all that belongs to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/member.h"
#include "client/pas_domain.h"
#include "client/pas_domain_inside.h"
#include "client/pas_json.h"
#include "client/retention.h"
#include "proto/code.h"
#include "proto/digest.h"

/* --- what stays in the figures --- */

enum { COLUMNS_MAX = 32 };

static void put_id(struct buf *json, bool *any, const char *id)
{
    if (*any)
        buf_u8(json, ',');
    *any = true;
    pas_json_text(json, id, strlen(id));
}

/* The dossiers of a kind whose erasure waits here: they count no more. */
static enum err waiting_erasures(struct pas *pas, const struct domain *domain, const char *kind,
                                 struct buf *json)
{
    struct sqlite3_stmt *rows = NULL;
    struct view_record record;
    bool row, any = false;
    enum err err = ERR_OK;
    TRY(domain_prepare(domain, &rows, "SELECT id FROM \"%w\"", kind));
    buf_u8(json, '[');
    for (;;) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        uint8_t shred[ID_LEN], part[RECORD_LEN];
        TRY(view_id_parse(domain_text(rows, 0), shred, part));
        bool waits = false;
        for (size_t i = 0; i < engine_space_count(pas->engine) && !waits; i++)
            waits = member_erase_waits(pas->engine, i, shred);
        if (waits && view_find(pas->view, domain_text(rows, 0), NULL, 0, &record) == ERR_OK)
            put_id(json, &any, record.id);
    }
    buf_u8(json, ']');
    buf_u8(json, 0);
    err = json->err;
out:
    domain_end(rows);
    return err;
}

/* One row of the pack's statement becomes one record: its columns are fields. */
static enum err write_row(struct pas *pas, struct sqlite3_stmt *row, const char *kind,
                          const struct view_record *of)
{
    struct pas_pair pairs[COLUMNS_MAX];
    char texts[COLUMNS_MAX][128], space[2 * ID_LEN + 1];
    struct pas_edit edit = {.space = space};
    struct pas_id id;
    size_t n = 0;
    code_hex(space, engine_space(pas->engine, of->space)->id, ID_LEN);
    for (int i = 0; i < domain_columns(row) && n < COLUMNS_MAX; i++) {
        const char *text = domain_text(row, i);
        if (!*text)
            continue;
        snprintf(texts[n], sizeof texts[n], "%s", text);
        pairs[n] = (struct pas_pair){domain_column(row, i), texts[n]};
        n++;
    }
    return (enum err)pas_new(pas, kind, pairs, n, &edit, &id);
}

/* What the pack keeps of a record that goes; `*written` rows. */
static enum err keep_rows(struct pas *pas, const struct view_record *record, size_t *written)
{
    struct domain domain = pas_domain_of(pas);
    struct sqlite3_stmt *rule = NULL, *rows = NULL;
    struct buf waiting = {.max = 1 << 24};
    uint8_t name[ID_LEN];
    char pseudonym[2 * ID_LEN + 1];
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(&domain, &rule,
                           "SELECT row_kind, row_sql FROM domain_retention"
                           " WHERE kind = :kind AND row_sql IS NOT NULL"));
    domain_bind(rule, ":kind", record->kind ? record->kind->key : "");
    TRY(domain_step(rule, &row));
    if (!row)
        goto out;
    TRY(engine_pseudonym(pas->engine, record->space, record->shred, name));
    code_hex(pseudonym, name, ID_LEN);
    TRY(waiting_erasures(pas, &domain, record->kind->key, &waiting));
    TRY(domain_prepare(&domain, &rows, "%s", domain_text(rule, 1)));
    domain_bind(rows, ":id", record->id);
    domain_bind(rows, ":pseudonyme", pseudonym);
    domain_bind(rows, ":effaces", (const char *)waiting.bytes);
    for (;;) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        TRY(write_row(pas, rows, domain_text(rule, 0), record));
        ++*written;
    }
out:
    domain_end(rows);
    domain_end(rule);
    buf_free(&waiting);
    return err;
}

/* --- erasing --- */

enum { DOSSIERS_MAX = 256 };

struct dossiers_gone {
    struct {
        size_t space;
        uint8_t shred[ID_LEN];
    } list[DOSSIERS_MAX];
    size_t n;
};

static enum err add_dossier(struct dossiers_gone *gone, const struct view_record *record)
{
    for (size_t i = 0; i < gone->n; i++)
        if (memcmp(gone->list[i].shred, record->shred, ID_LEN) == 0)
            return ERR_OK;
    if (gone->n == DOSSIERS_MAX)
        return ERR_TOO_BIG;
    gone->list[gone->n].space = record->space;
    memcpy(gone->list[gone->n++].shred, record->shred, ID_LEN);
    return ERR_OK;
}

/* Records about it that lie in dossiers of their own: restricted ones, and those of a sheet that was merged into it. */
static enum err add_parts(struct pas *pas, const struct view_record *record,
                          struct dossiers_gone *gone)
{
    struct domain domain = pas_domain_of(pas);
    struct sqlite3_stmt *rows = NULL;
    struct view_record part;
    enum err err = ERR_OK;
    bool row;
    for (size_t i = 0; i < pas->pack->kinds_n; i++) {
        if (!pas->pack->kinds[i].dossier)
            continue;
        TRY(domain_prepare(&domain, &rows, "SELECT id FROM \"%w\" WHERE dossier = :id",
                           pas->pack->kinds[i].key));
        domain_bind(rows, ":id", record->id);
        for (;;) {
            TRY(domain_step(rows, &row));
            if (!row)
                break;
            TRY(view_find_itself(pas->view, domain_text(rows, 0), &part));
            if (memcmp(part.shred, record->shred, ID_LEN) != 0)
                TRY(add_dossier(gone, &part));
        }
        domain_end(rows);
        rows = NULL;
    }
out:
    domain_end(rows);
    return err;
}

static enum err add_merged(struct pas *pas, const struct view_record *record,
                           struct dossiers_gone *gone)
{
    struct pas_table *merged = NULL;
    struct view_record other;
    enum err err = ERR_OK;
    TRY(view_merged_ids(pas->view, record->id, &merged));
    for (size_t i = 0; i < pas_table_rows(merged); i++) {
        TRY(view_find_itself(pas->view, pas_table_get(merged, i, 0), &other));
        if (digest_is_zero(other.record, RECORD_LEN))
            TRY(add_dossier(gone, &other));
    }
out:
    pas_table_free(merged);
    return err;
}

enum err pas_erase_whole(struct pas *pas, const struct view_record *record, uint8_t reason)
{
    struct dossiers_gone *gone = calloc(1, sizeof *gone);
    size_t written = 0;
    enum err err = ERR_OK;
    if (!gone)
        return ERR_MEMORY;
    pas_together(pas, true);
    if (member_erase_waits(pas->engine, record->space, record->shred))
        TRY(ERR_EXISTS);
    TRY(add_parts(pas, record, gone));
    TRY(add_merged(pas, record, gone));
    TRY(add_dossier(gone, record));
    if (reason != REASON_MISTAKE) {
        err = keep_rows(pas, record, &written);
        if (err != ERR_DENIED) /* who may not write erases all the same */
            TRY(err);
    }
    for (size_t i = 0; i < gone->n; i++) {
        err = member_erase(pas->engine, gone->list[i].space, gone->list[i].shred,
                           (enum member_reason)reason);
        if (err != ERR_EXISTS && err != ERR_ERASED)
            TRY(err);
    }
    err = ERR_OK;
out:
    free(gone);
    return pas_together_end(pas, err, written);
}

/* --- what is due --- */

static enum err apply_one(struct pas *pas, const struct pas_table *due, size_t i,
                          struct pas_table *table)
{
    const char *id = pas_table_get(due, i, pas_table_find(due, "id"));
    struct view_record record;
    const char *status = "erased";
    enum err err = ERR_OK;
    TRY(view_find(pas->view, id, NULL, 0, &record));
    if (!digest_is_zero(record.record, RECORD_LEN)) {
        status = "part";
    } else {
        err = pas_erase_whole(pas, &record, REASON_RETENTION);
        status = err == ERR_EXISTS ? "waiting" : err != ERR_OK ? "refused" : status;
    }
    pas_table_row(table);
    for (const char *const *name =
             (const char *const[]){"kind", "id", "code", "title", "purge", NULL};
         *name; name++)
        pas_table_text(table, pas_table_get(due, i, pas_table_find(due, *name)));
    pas_table_text(table, status);
    pas_table_text(table, err == ERR_OK || err == ERR_EXISTS ? NULL : words_err(err, pas->lang));
    err = pas_table_err(table); /* one that is refused does not stop the others */
out:
    return err;
}

static bool is_wanted(const struct pas_table *due, size_t i, const char *const *ids, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (strcmp(pas_table_get(due, i, pas_table_find(due, "id")), ids[k]) == 0)
            return true;
    return n == 0;
}

int pas_retention_apply(struct pas *pas, const char *const *records, size_t n,
                        struct pas_table **out)
{
    struct domain domain = pas_domain_of(pas);
    struct pas_table *due = NULL, *table = NULL;
    char(*ids)[VIEW_ID_MAX] = calloc(n + 1, sizeof *ids);
    const char **wanted = calloc(n + 1, sizeof *wanted);
    enum err err = ERR_OK;
    pas_begin(pas);
    *out = NULL;
    if (!ids || !wanted)
        TRY(ERR_MEMORY);
    TRY(retention_table(&domain, false, &due));
    for (size_t k = 0; k < n; k++) {
        struct view_record record;
        bool found = false;
        TRY(pas_record(pas, records[k], &record));
        snprintf(ids[k], sizeof ids[k], "%s", record.id);
        wanted[k] = ids[k];
        for (size_t i = 0; i < pas_table_rows(due) && !found; i++)
            found = strcmp(pas_table_get(due, i, pas_table_find(due, "state")), "purge") == 0 &&
                    is_wanted(due, i, &wanted[k], 1);
        if (!found)
            TRY(pas_fail(pas, ERR_USAGE, WORD_NOT_DUE, record.code));
    }
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "kind id code title purge status message");
    for (size_t i = 0; i < pas_table_rows(due); i++)
        if (strcmp(pas_table_get(due, i, pas_table_find(due, "state")), "purge") == 0 &&
            is_wanted(due, i, wanted, n))
            TRY(apply_one(pas, due, i, table));
    *out = table;
    table = NULL;
out:
    pas_table_free(due);
    pas_table_free(table);
    free(ids);
    free(wanted);
    return pas_end(pas, err);
}
