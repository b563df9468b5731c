/* SPDX-License-Identifier: Apache-2.0
 *
 * A sheet is a list of blocks between a head and a foot.
 */
#include "client/sheet.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "client/civil.h"
#include "client/page.h"
#include "client/sheet_inside.h"

const char *sheet_word(const struct domain *domain, enum sheet_word which)
{
    static const char *const langs[] = {"fr", "en", "ro", "bg"};
    static const char *const words[][4] = {
        {"Date", "Date", "Data", "Дата"},
        {"Échéance", "What", "Ce", "Какво"},
        {"Avec", "With", "Cu", "С"},
        {"Fait", "Done", "Făcut", "Направено"},
        {"Imprimé le", "Printed on", "Tipărit la", "Отпечатано на"},
        {"traduction non relue", "translation not proofread", "traducere neverificată",
         "непроверен превод"},
    };
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(domain->lang, langs[i]) == 0)
            return words[which][i];
    }
    return words[which][0];
}

enum err sheet_text(const struct domain *domain, const char *path, const char *member,
                    struct buf *text)
{
    enum err err = domain_word(domain, path, member, text);
    buf_u8(text, 0);
    return err != ERR_OK ? err : text->err;
}

static enum err find_sheet(const struct domain *domain, const char *sheet, const char **kind,
                           bool *audit)
{
    sqlite3_stmt *find = NULL;
    enum err err = ERR_OK;
    bool row;
    *kind = "";
    TRY(domain_prepare_own(domain, &find,
                           "SELECT coalesce(kind, ''), source = 'audit' FROM domain_sheet"
                           " WHERE key = :sheet"));
    domain_bind(find, ":sheet", sheet);
    TRY(domain_step(find, &row));
    if (!row)
        TRY(ERR_NOT_FOUND);
    const struct pack_kind *found = pack_kind_by_key(domain->pack, domain_text(find, 0));
    *kind = found ? found->key : "";
    *audit = sqlite3_column_int(find, 1) != 0;
out:
    sqlite3_finalize(find);
    return err;
}

enum err sheet_kind(const struct domain *domain, const char *sheet, const char **kind)
{
    bool audit;
    return find_sheet(domain, sheet, kind, &audit);
}

static enum err check_record(const struct sheet_work *work)
{
    sqlite3_stmt *find = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare(work->domain, &find, "SELECT 1 FROM \"%w\" WHERE id = :id",
                       work->kind->key));
    domain_bind(find, ":id", work->record);
    TRY(domain_step(find, &row));
    err = row ? ERR_OK : ERR_NOT_FOUND;
out:
    sqlite3_finalize(find);
    return err;
}

static enum err begin(const struct sheet_work *work, const char *sheet)
{
    const struct domain *domain = work->domain;
    struct buf header = {.max = 4096}, title = {.max = 4096};
    sqlite3_stmt *status = NULL;
    char path[2 * PACK_KEY_MAX];
    enum err err = ERR_OK;
    bool row;
    snprintf(path, sizeof path, "sheets.%s", sheet);
    TRY(sheet_text(domain, path, "title", &title));
    TRY(domain_header(domain, &header));
    buf_u8(&header, 0);
    TRY(header.err);
    TRY(domain_prepare_own(domain, &status,
                           "SELECT status FROM domain_language WHERE key = :lang"
                           " AND status IS NOT NULL"));
    domain_bind(status, ":lang", domain->lang);
    TRY(domain_step(status, &row));
    page_begin(work->out, domain->lang, (const char *)title.bytes, (const char *)header.bytes,
               row ? sheet_word(domain, SHEET_UNREAD) : "");
out:
    sqlite3_finalize(status);
    buf_free(&header);
    buf_free(&title);
    return err;
}

static enum err end(const struct sheet_work *work)
{
    static const struct pack_field date = {.type = PACK_DATE};
    char today[CIVIL_TEXT_LEN];
    enum err err = ERR_OK;
    civil_format(work->domain->today, today);
    page_raw(work->out, "<footer>");
    page_text(work->out, sheet_word(work->domain, SHEET_PRINTED));
    page_raw(work->out, " ");
    TRY(domain_shown(work->domain, &date, today, work->out));
    if (work->options->printed_by) {
        page_raw(work->out, " · ");
        page_text(work->out, work->options->printed_by);
    }
    page_raw(work->out, "</footer>\n");
    page_end(work->out);
    err = work->out->err;
out:
    return err;
}

enum err sheet_write(const struct domain *domain, const char *sheet,
                     const struct sheet_options *options, struct buf *out)
{
    struct sheet_work work = {.domain = domain, .options = options, .out = out};
    sqlite3_stmt *blocks = NULL;
    const char *kind = "";
    enum err err = ERR_OK;
    bool row, audit = false;
    TRY(domain_index(domain));
    TRY(find_sheet(domain, sheet, &kind, &audit));
    work.kind = *kind ? pack_kind_by_key(domain->pack, kind) : NULL;
    work.filled = work.kind && options->record && !options->blank;
    if (work.kind && !work.filled && !options->blank)
        TRY(ERR_USAGE);
    if (work.filled) {
        snprintf(work.record, sizeof work.record, "%s", options->record);
        TRY(check_record(&work));
    }
    if (audit && work.filled)
        TRY(domain_audit_begin(domain, options->log));
    TRY(begin(&work, sheet));
    TRY(domain_prepare_own(domain, &blocks,
                           "SELECT type, fields, sql, content, checklist, lines, sheet, position,"
                           " path FROM domain_sheet_block WHERE sheet = :sheet ORDER BY position"));
    domain_bind(blocks, ":sheet", sheet);
    for (;;) {
        TRY(domain_step(blocks, &row));
        if (!row)
            break;
        TRY(sheet_block(&work, blocks));
    }
    TRY(end(&work));
out:
    sqlite3_finalize(blocks);
    return audit ? domain_audit_end(domain, err) : err;
}

enum err sheet_list(const struct domain *domain, struct pas_table **out)
{
    sqlite3_stmt *rows = NULL;
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    bool row;
    *out = NULL;
    TRY(pas_table_new(&table));
    pas_table_columns_add(table, "sheet title kind person");
    TRY(domain_prepare_own(domain, &rows,
                           "SELECT key, path, kind, person FROM domain_sheet ORDER BY position"));
    for (;;) {
        struct buf title = {.max = 4096};
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        err = sheet_text(domain, domain_text(rows, 1), "title", &title);
        pas_table_row(table);
        pas_table_text(table, domain_text(rows, 0));
        pas_table_text(table, err == ERR_OK ? (const char *)title.bytes : NULL);
        pas_table_text(table, (const char *)sqlite3_column_text(rows, 2));
        pas_table_bool(table, sqlite3_column_int(rows, 3) != 0);
        buf_free(&title);
        TRY(err);
    }
    TRY(pas_table_err(table));
    *out = table;
    table = NULL;
out:
    sqlite3_finalize(rows);
    pas_table_free(table);
    return err;
}
