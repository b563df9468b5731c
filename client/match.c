/* SPDX-License-Identifier: Apache-2.0 */
#include "client/match.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "client/pas_json.h"

enum { REASONS_MAX = 32 };

struct reason {
    char key[PACK_KEY_MAX + 1];
    char label[256];
};

struct matching {
    char key[PACK_KEY_MAX + 1], candidate[PACK_KEY_MAX + 1];
    struct reason reasons[REASONS_MAX];
    size_t n;
};

/* Appends one expression per reason and keeps their labels. */
static enum err put_reasons(const struct domain *domain, struct matching *matching, struct buf *sql)
{
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(domain, &rows,
                           "SELECT key, sql, path FROM domain_match_reason WHERE match = :match"
                           " ORDER BY position"));
    domain_bind(rows, ":match", matching->key);
    while (matching->n < REASONS_MAX) {
        struct buf label = {.max = 1024};
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        struct reason *reason = &matching->reasons[matching->n++];
        snprintf(reason->key, sizeof reason->key, "%s", domain_text(rows, 0));
        err = domain_word(domain, domain_text(rows, 2), "label", &label);
        buf_u8(&label, 0);
        if (err == ERR_OK && label.err == ERR_OK)
            snprintf(reason->label, sizeof reason->label, "%s", (const char *)label.bytes);
        buf_free(&label);
        TRY(err);
        domain_put(sql, ", coalesce((");
        domain_put(sql, domain_text(rows, 1));
        domain_put(sql, "), 0)");
    }
out:
    sqlite3_finalize(rows);
    return err;
}

/* SELECT p.id, p.code, reasons... FROM candidate p, kind j WHERE p.id IN (the pack's list). */
static enum err prepare(const struct domain *domain, const char *kind, const char *record,
                        struct matching *matching, sqlite3_stmt **rows)
{
    sqlite3_stmt *find = NULL;
    struct buf sql = {.max = 1 << 18};
    char name[PACK_KEY_MAX + 2];
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(domain, &find,
                           "SELECT key, candidate, sql FROM domain_match WHERE kind = :kind"));
    domain_bind(find, ":kind", kind);
    TRY(domain_step(find, &row));
    if (!row)
        TRY(ERR_NOT_FOUND);
    snprintf(matching->key, sizeof matching->key, "%s", domain_text(find, 0));
    snprintf(matching->candidate, sizeof matching->candidate, "%s", domain_text(find, 1));
    domain_put(&sql, "SELECT p.id, p.code");
    TRY(put_reasons(domain, matching, &sql));
    domain_put(&sql, " FROM ");
    domain_put(&sql, matching->candidate);
    domain_put(&sql, " p, ");
    domain_put(&sql, kind);
    domain_put(&sql, " j WHERE j.id = :record AND p.id IN (");
    domain_put(&sql, domain_text(find, 2));
    domain_put(&sql, ")");
    buf_u8(&sql, 0);
    TRY(sql.err);
    TRY(domain_prepare(domain, rows, "%s", (const char *)sql.bytes));
    /* The pack's own list knows the record by the name of its kind. */
    snprintf(name, sizeof name, ":%s", kind);
    domain_bind(*rows, name, record);
    domain_bind(*rows, ":record", record);
out:
    sqlite3_finalize(find);
    buf_free(&sql);
    return err;
}

static enum err put_candidate(const struct domain *domain, const struct matching *matching,
                              sqlite3_stmt *row, struct pas_table *table)
{
    struct buf json = {.max = 1 << 16}, words = {.max = 1 << 16};
    char title[DOMAIN_TITLE_MAX];
    enum err err = ERR_OK;
    buf_u8(&json, '[');
    for (size_t i = 0; i < matching->n; i++) {
        const struct reason *reason = &matching->reasons[i];
        int first = 1;
        if (!sqlite3_column_int(row, (int)i + 2))
            continue;
        pas_json_raw(&json, json.len > 1 ? ",{" : "{");
        pas_json_key(&json, &first, "reason");
        pas_json_text(&json, reason->key, strlen(reason->key));
        pas_json_key(&json, &first, "label");
        pas_json_text(&json, reason->label, strlen(reason->label));
        buf_u8(&json, '}');
        domain_put(&words, words.len ? ", " : "");
        domain_put(&words, reason->label);
    }
    buf_u8(&json, ']');
    buf_u8(&words, 0);
    TRY(json.err);
    TRY(words.err);
    domain_title(domain, domain_text(row, 0), title);
    pas_table_row(table);
    pas_table_text(table, domain_text(row, 0));
    pas_table_text(table, domain_text(row, 1));
    pas_table_text(table, title);
    pas_table_text(table, matching->candidate);
    pas_table_json(table, (const char *)json.bytes, json.len);
    pas_table_shown_set(table, (const char *)words.bytes);
out:
    buf_free(&json);
    buf_free(&words);
    return err;
}

enum err match_make(const struct domain *domain, const char *kind, const char *record,
                    struct pas_table **out)
{
    struct matching matching = {.n = 0};
    struct pas_table *table = NULL;
    sqlite3_stmt *rows = NULL;
    enum err err = ERR_OK;
    bool row;
    *out = NULL;
    TRY(domain_index(domain));
    TRY(prepare(domain, kind, record, &matching, &rows));
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "id code title kind reasons");
    /* First those for whom something speaks, then the others: both in the order of their codes, which mean nothing. */
    for (int silent = 0; silent < 2; silent++) {
        sqlite3_reset(rows);
        for (;;) {
            TRY(domain_step(rows, &row));
            if (!row)
                break;
            int any = 0;
            for (size_t i = 0; i < matching.n; i++)
                any |= sqlite3_column_int(rows, (int)i + 2) != 0;
            if (any != silent)
                TRY(put_candidate(domain, &matching, rows, table));
        }
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    sqlite3_finalize(rows);
    pas_table_free(table);
    return err;
}
