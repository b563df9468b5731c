/* SPDX-License-Identifier: Apache-2.0
 *
 * One block of a sheet: a form, a table, a check-list, a text, what is due, or lines to write on.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "client/agenda.h"
#include "client/civil.h"
#include "client/page.h"
#include "client/sheet_inside.h"

enum { WEEK_DAYS = 7, LINES_SIGNATURE = 2 };

/* --- what is restricted --- */

static int no_restricted(void *user, int action, const char *table, const char *column,
                         const char *database, const char *trigger)
{
    const struct pack *pack = user;
    (void)column;
    (void)database;
    (void)trigger;
    if (action != SQLITE_READ || !table)
        return SQLITE_OK;
    const struct pack_kind *kind = pack_kind_by_key(pack, table);
    return kind && kind->level == PACK_RESTRICTED ? SQLITE_DENY : SQLITE_OK;
}

static enum err prepare_block(const struct sheet_work *work, const char *text, sqlite3_stmt **rows)
{
    const struct domain *domain = work->domain;
    sqlite3_stmt *tried = NULL;
    *rows = NULL;
    if (!work->kind || work->kind->level != PACK_RESTRICTED) {
        sqlite3_set_authorizer(domain->db, no_restricted, (void *)(uintptr_t)domain->pack);
        int rc = sqlite3_prepare_v2(domain->db, text, -1, &tried, NULL);
        sqlite3_set_authorizer(domain->db, NULL, NULL);
        sqlite3_finalize(tried);
        if (rc == SQLITE_AUTH)
            return ERR_DENIED;
    }
    enum err err = domain_prepare(domain, rows, "%s", text);
    if (err == ERR_OK)
        domain_bind(*rows, ":id", work->filled ? work->record : NULL);
    return err;
}

/* --- blocks --- */

static enum err put_heading(const struct sheet_work *work, const char *path)
{
    struct buf text = {.max = 4096};
    enum err err = sheet_text(work->domain, path, "title", &text);
    if (err == ERR_OK)
        page_heading(work->out, (const char *)text.bytes);
    buf_free(&text);
    return err;
}

static enum err put_field(const struct sheet_work *work, const struct pack_field *field)
{
    sqlite3_stmt *find = NULL;
    struct buf shown = {.max = 1 << 20};
    enum err err = ERR_OK;
    bool row = false;
    if (work->filled) {
        TRY(domain_prepare(work->domain, &find, "SELECT \"%w\" FROM \"%w\" WHERE id = :id",
                           field->key, work->kind->key));
        domain_bind(find, ":id", work->record);
        TRY(domain_step(find, &row));
        if (row)
            TRY(domain_shown(work->domain, field, domain_text(find, 0), &shown));
    }
    buf_u8(&shown, 0);
    TRY(shown.err);
    page_field(work->out, pack_label(&field->label, work->domain->lang), (const char *)shown.bytes);
out:
    sqlite3_finalize(find);
    buf_free(&shown);
    return err;
}

/* The fields that a block names, one after the other; `boxes` leaves out the check-list itself. */
static enum err put_fields(const struct sheet_work *work, sqlite3_stmt *block, bool boxes)
{
    sqlite3_stmt *keys = NULL;
    enum err err = ERR_OK;
    bool row;
    if (!work->kind || sqlite3_column_type(block, 1) == SQLITE_NULL)
        return ERR_OK;
    TRY(domain_prepare_own(work->domain, &keys, "SELECT value FROM json_each(:keys)"));
    domain_bind(keys, ":keys", domain_text(block, 1));
    page_raw(work->out, "<dl>\n");
    for (;;) {
        TRY(domain_step(keys, &row));
        if (!row)
            break;
        const struct pack_field *field = pack_field_by_key(work->kind, domain_text(keys, 0));
        if (field && !(boxes && field->type == PACK_CHECKLIST))
            TRY(put_field(work, field));
    }
    page_raw(work->out, "</dl>\n");
out:
    sqlite3_finalize(keys);
    return err;
}

/* Whether an item of the block's check-list is ticked in the record. */
static enum err find_ticks(const struct sheet_work *work, sqlite3_stmt *block, sqlite3_stmt **ticks)
{
    sqlite3_stmt *keys = NULL;
    enum err err = ERR_OK;
    bool row = false;
    *ticks = NULL;
    if (!work->filled || sqlite3_column_type(block, 1) == SQLITE_NULL)
        return ERR_OK;
    TRY(domain_prepare_own(work->domain, &keys, "SELECT value FROM json_each(:keys)"));
    domain_bind(keys, ":keys", domain_text(block, 1));
    while (!*ticks) {
        TRY(domain_step(keys, &row));
        if (!row)
            break;
        const struct pack_field *field = pack_field_by_key(work->kind, domain_text(keys, 0));
        if (field && field->type == PACK_CHECKLIST)
            TRY(domain_prepare(work->domain, ticks,
                               "SELECT 1 FROM \"%w\" r, json_each(r.\"%w\") t"
                               " WHERE r.id = :id AND t.value = :item",
                               work->kind->key, field->key));
    }
out:
    sqlite3_finalize(keys);
    return err;
}

static enum err put_boxes(const struct sheet_work *work, sqlite3_stmt *block)
{
    sqlite3_stmt *items = NULL, *ticks = NULL;
    struct buf label = {.max = 8192};
    enum err err = ERR_OK;
    bool row, ticked;
    TRY(find_ticks(work, block, &ticks));
    TRY(domain_prepare_own(work->domain, &items,
                           "SELECT key, path FROM domain_checklist_item"
                           " WHERE checklist = :list ORDER BY position"));
    domain_bind(items, ":list", domain_text(block, 4));
    page_raw(work->out, "<ul class=\"boxes\">\n");
    for (;;) {
        TRY(domain_step(items, &row));
        if (!row)
            break;
        ticked = false;
        if (ticks) {
            sqlite3_reset(ticks);
            domain_bind(ticks, ":id", work->record);
            domain_bind(ticks, ":item", domain_text(items, 0));
            TRY(domain_step(ticks, &ticked));
        }
        buf_reset(&label);
        TRY(sheet_text(work->domain, domain_text(items, 1), "label", &label));
        page_box(work->out, (const char *)label.bytes, ticked);
    }
    page_raw(work->out, "</ul>\n");
out:
    sqlite3_finalize(items);
    sqlite3_finalize(ticks);
    buf_free(&label);
    return err;
}

/* How the columns of a table block are found and worded. */
struct column {
    int at;
    const struct pack_field *of;
};

static enum err read_columns(const struct sheet_work *work, sqlite3_stmt *block, sqlite3_stmt *rows,
                             struct pas_table *table, struct column columns[static 32], size_t *n)
{
    sqlite3_stmt *find = NULL;
    struct buf label = {.max = 4096};
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(
        work->domain, &find,
        "SELECT key, coalesce(of, ''), path FROM domain_sheet_column"
        " WHERE sheet = :sheet AND block = CAST(:block AS INTEGER) ORDER BY position"));
    domain_bind(find, ":sheet", domain_text(block, 6));
    domain_bind(find, ":block", domain_text(block, 7));
    for (*n = 0; *n < 32; ++*n) {
        TRY(domain_step(find, &row));
        if (!row)
            break;
        columns[*n] = (struct column){-1, domain_field(work->domain, domain_text(find, 1))};
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            if (strcmp(sqlite3_column_name(rows, i), domain_text(find, 0)) == 0)
                columns[*n].at = i;
        }
        buf_reset(&label);
        TRY(sheet_text(work->domain, domain_text(find, 2), "label", &label));
        pas_table_column(table, domain_text(find, 0), (const char *)label.bytes);
    }
out:
    sqlite3_finalize(find);
    buf_free(&label);
    return err;
}

static enum err put_cells(const struct sheet_work *work, sqlite3_stmt *rows,
                          struct pas_table *table, const struct column *columns, size_t n)
{
    static const struct pack_field date = {.type = PACK_DATE};
    enum err err = ERR_OK;
    int32_t day;
    pas_table_row(table);
    for (size_t i = 0; i < n; i++) {
        struct buf shown = {.max = 1 << 20};
        const char *text = columns[i].at < 0 ? "" : domain_text(rows, columns[i].at);
        const struct pack_field *of = columns[i].of             ? columns[i].of
                                      : civil_parse(text, &day) ? &date
                                                                : NULL;
        err = domain_shown(work->domain, of, text, &shown);
        buf_u8(&shown, 0);
        err = err == ERR_OK ? shown.err : err;
        if (err == ERR_OK)
            pas_table_text(table, (const char *)shown.bytes);
        buf_free(&shown);
        TRY(err);
    }
out:
    return err;
}

static enum err put_table(const struct sheet_work *work, sqlite3_stmt *block)
{
    struct column columns[32];
    struct pas_table *table = NULL;
    sqlite3_stmt *rows = NULL;
    size_t n = 0, lines = (size_t)sqlite3_column_int(block, 5);
    enum err err = ERR_OK;
    bool row;
    TRY(pas_table_new(&table));
    TRY(prepare_block(work, domain_text(block, 2), &rows));
    TRY(read_columns(work, block, rows, table, columns, &n));
    while (work->filled) {
        TRY(domain_step(rows, &row));
        if (!row)
            break;
        TRY(put_cells(work, rows, table, columns, n));
    }
    TRY(pas_table_err(table));
    page_table(work->out, table, NULL, work->filled ? 0 : lines ? lines : 1);
out:
    sqlite3_finalize(rows);
    pas_table_free(table);
    return err;
}

static enum err put_content(const struct sheet_work *work, const char *key)
{
    sqlite3_stmt *parts = NULL;
    struct buf text = {.max = 1 << 18};
    char path[2 * PACK_KEY_MAX];
    enum err err = ERR_OK;
    bool row;
    snprintf(path, sizeof path, "contents.%s", key);
    TRY(put_heading(work, path));
    TRY(domain_prepare_own(work->domain, &parts,
                           "SELECT p.path, c.path, 'v' || c.version FROM domain_content c"
                           " LEFT JOIN domain_content_part p ON p.content = c.key"
                           " WHERE c.key = :key ORDER BY p.position"));
    domain_bind(parts, ":key", key);
    for (bool first = true;; first = false) {
        TRY(domain_step(parts, &row));
        if (!row)
            break;
        if (first) {
            TRY(sheet_text(work->domain, domain_text(parts, 1), "status", &text));
            page_raw(work->out, "<p class=\"note\">");
            page_text(work->out, (const char *)text.bytes);
            page_raw(work->out, ", ");
            page_text(work->out, domain_text(parts, 2));
            page_raw(work->out, "</p>\n");
        }
        static const char *const members[] = {"title", "text"};
        static const char *const tags[][2] = {{"<h3>", "</h3>\n"}, {"<p>", "</p>\n"}};
        for (size_t i = 0; i < 2; i++) {
            buf_reset(&text);
            TRY(sheet_text(work->domain, domain_text(parts, 0), members[i], &text));
            page_raw(work->out, tags[i][0]);
            page_text(work->out, (const char *)text.bytes);
            page_raw(work->out, tags[i][1]);
        }
    }
out:
    sqlite3_finalize(parts);
    buf_free(&text);
    return err;
}

static enum err put_due(const struct sheet_work *work, const struct agenda_item *item, bool record,
                        struct pas_table *table)
{
    static const struct pack_field date = {.type = PACK_DATE};
    const struct domain *domain = work->domain;
    struct buf text = {.max = 4096};
    char due[CIVIL_TEXT_LEN], who[DOMAIN_TITLE_MAX];
    enum err err = ERR_OK;
    civil_format(item->due, due);
    pas_table_row(table);
    TRY(domain_shown(domain, &date, due, &text));
    buf_u8(&text, 0);
    TRY(text.err);
    pas_table_text(table, (const char *)text.bytes);
    pas_table_text(table, record ? item->label : item->rule_label);
    domain_title(domain, item->dossier, who);
    pas_table_text(table, record ? item->target_label : who);
    pas_table_text(table, item->state == AGENDA_DONE ? "✓" : "");
out:
    buf_free(&text);
    return err;
}

/* Of a record: all its due items. About no record: what is due within a week, and what is late. */
static enum err put_agenda(const struct sheet_work *work, sqlite3_stmt *block)
{
    const struct domain *domain = work->domain;
    bool record = work->kind != NULL;
    struct agenda_query query = {.record = record ? work->record : NULL,
                                 .done = record,
                                 .has_until = true,
                                 .until = domain->today + WEEK_DAYS - 1};
    struct agenda agenda = {0};
    struct pas_table *table = NULL;
    enum err err = ERR_OK;
    TRY(pas_table_new(&table));
    pas_table_column(table, "due", sheet_word(domain, SHEET_DAY));
    pas_table_column(table, "label", sheet_word(domain, SHEET_WHAT));
    pas_table_column(table, "target", sheet_word(domain, SHEET_WITH));
    pas_table_column(table, "done", sheet_word(domain, SHEET_DONE));
    if (work->filled || (!record && !work->options->blank)) {
        TRY(agenda_make(domain, &query, &agenda));
        for (size_t i = 0; i < agenda.n; i++)
            TRY(put_due(work, &agenda.items[i], record, table));
    }
    TRY(pas_table_err(table));
    page_table(work->out, table, NULL,
               agenda.n || work->filled ? 0 : (size_t)sqlite3_column_int(block, 5));
out:
    agenda_free(&agenda);
    pas_table_free(table);
    return err;
}

/* Columns: type, fields, sql, content, checklist, lines, sheet, position, path. */
enum err sheet_block(const struct sheet_work *work, sqlite3_stmt *block)
{
    const char *type = domain_text(block, 0);
    enum err err = ERR_OK;
    TRY(put_heading(work, domain_text(block, 8)));
    if (strcmp(type, "fields") == 0) {
        TRY(put_fields(work, block, false));
    } else if (strcmp(type, "table") == 0) {
        TRY(put_table(work, block));
    } else if (strcmp(type, "checklist") == 0) {
        TRY(put_boxes(work, block));
        TRY(put_fields(work, block, true));
    } else if (strcmp(type, "content") == 0) {
        TRY(put_content(work, domain_text(block, 3)));
    } else if (strcmp(type, "agenda") == 0) {
        TRY(put_agenda(work, block));
    } else {
        int lines = sqlite3_column_int(block, 5);
        page_lines(work->out, lines ? (size_t)lines : LINES_SIGNATURE);
    }
out:
    return err;
}
