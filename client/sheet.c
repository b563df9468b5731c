/* SPDX-License-Identifier: Apache-2.0
 *
 * A sheet is a list of blocks; each becomes a heading and a table, form, check-list, text or lines.
 */
#include "client/sheet.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "client/agenda.h"
#include "client/civil.h"
#include "client/page.h"

enum { WEEK_DAYS = 7, LINES_SIGNATURE = 2 };

/* What the blocks of one sheet need. */
struct work {
    const struct domain *domain;
    const struct sheet_options *options;
    const struct pack_kind *kind; /* NULL: about no record */
    char record[PACK_REF_MAX];
    bool filled;
    struct buf *out;
};

/* Words of this program on paper, in the languages that people are handed sheets in. */
enum word { WORD_DAY, WORD_WHAT, WORD_WITH, WORD_DONE, WORD_PRINTED, WORD_UNREAD };

static const char *word(const struct domain *domain, enum word which)
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

static enum err prepare_block(const struct work *work, const char *text, sqlite3_stmt **rows)
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

static enum err text_of(const struct domain *domain, const char *path, const char *member,
                        struct buf *text)
{
    enum err err = domain_word(domain, path, member, text);
    buf_u8(text, 0);
    return err != ERR_OK ? err : text->err;
}

static enum err put_heading(const struct work *work, const char *path)
{
    struct buf text = {.max = 4096};
    enum err err = text_of(work->domain, path, "title", &text);
    if (err == ERR_OK)
        page_heading(work->out, (const char *)text.bytes);
    buf_free(&text);
    return err;
}

static enum err put_field(const struct work *work, const struct pack_field *field)
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
static enum err put_fields(const struct work *work, sqlite3_stmt *block, bool boxes)
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
static enum err find_ticks(const struct work *work, sqlite3_stmt *block, sqlite3_stmt **ticks)
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

static enum err put_boxes(const struct work *work, sqlite3_stmt *block)
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
        TRY(text_of(work->domain, domain_text(items, 1), "label", &label));
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

static enum err read_columns(const struct work *work, sqlite3_stmt *block, sqlite3_stmt *rows,
                             struct pas_table *table, struct column columns[static 32], size_t *n)
{
    sqlite3_stmt *find = NULL;
    struct buf label = {.max = 4096};
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(work->domain, &find,
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
        TRY(text_of(work->domain, domain_text(find, 2), "label", &label));
        pas_table_column(table, domain_text(find, 0), (const char *)label.bytes);
    }
out:
    sqlite3_finalize(find);
    buf_free(&label);
    return err;
}

static enum err put_cells(const struct work *work, sqlite3_stmt *rows, struct pas_table *table,
                          const struct column *columns, size_t n)
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

static enum err put_table(const struct work *work, sqlite3_stmt *block)
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

static enum err put_content(const struct work *work, const char *key)
{
    sqlite3_stmt *parts = NULL;
    struct buf text = {.max = 1 << 18};
    char path[2 * PACK_KEY_MAX];
    enum err err = ERR_OK;
    bool row;
    snprintf(path, sizeof path, "contents.%s", key);
    TRY(put_heading(work, path));
    TRY(domain_prepare_own(work->domain, &parts,
                           "SELECT p.path, c.status, 'v' || c.version FROM domain_content c"
                           " LEFT JOIN domain_content_part p ON p.content = c.key"
                           " WHERE c.key = :key ORDER BY p.position"));
    domain_bind(parts, ":key", key);
    for (bool first = true;; first = false) {
        TRY(domain_step(parts, &row));
        if (!row)
            break;
        if (first) {
            page_raw(work->out, "<p class=\"note\">");
            page_text(work->out, domain_text(parts, 1));
            page_raw(work->out, ", ");
            page_text(work->out, domain_text(parts, 2));
            page_raw(work->out, "</p>\n");
        }
        static const char *const members[] = {"title", "text"};
        static const char *const tags[][2] = {{"<h3>", "</h3>\n"}, {"<p>", "</p>\n"}};
        for (size_t i = 0; i < 2; i++) {
            buf_reset(&text);
            TRY(text_of(work->domain, domain_text(parts, 0), members[i], &text));
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

static enum err put_due(const struct work *work, const struct agenda_item *item, bool record,
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
    pas_table_text(table, record ? item->target : who);
    pas_table_text(table, item->state == AGENDA_DONE ? "✓" : "");
out:
    buf_free(&text);
    return err;
}

/* Of a record: all its due items. About no record: what is due within a week, and what is late. */
static enum err put_agenda(const struct work *work, sqlite3_stmt *block)
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
    pas_table_column(table, "due", word(domain, WORD_DAY));
    pas_table_column(table, "label", word(domain, WORD_WHAT));
    pas_table_column(table, "target", word(domain, WORD_WITH));
    pas_table_column(table, "done", word(domain, WORD_DONE));
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
static enum err put_block(const struct work *work, sqlite3_stmt *block)
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

/* --- the whole --- */

enum err sheet_kind(const struct domain *domain, const char *sheet, const char **kind)
{
    sqlite3_stmt *find = NULL;
    enum err err = ERR_OK;
    bool row;
    *kind = "";
    TRY(domain_prepare_own(domain, &find,
                           "SELECT coalesce(kind, '') FROM domain_sheet WHERE key = :sheet"));
    domain_bind(find, ":sheet", sheet);
    TRY(domain_step(find, &row));
    if (!row)
        TRY(ERR_NOT_FOUND);
    const struct pack_kind *found = pack_kind_by_key(domain->pack, domain_text(find, 0));
    *kind = found ? found->key : "";
out:
    sqlite3_finalize(find);
    return err;
}

static enum err check_record(const struct work *work)
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

static enum err begin(const struct work *work, const char *sheet)
{
    const struct domain *domain = work->domain;
    struct buf header = {.max = 4096}, title = {.max = 4096};
    sqlite3_stmt *status = NULL;
    char path[2 * PACK_KEY_MAX];
    enum err err = ERR_OK;
    bool row;
    snprintf(path, sizeof path, "sheets.%s", sheet);
    TRY(text_of(domain, path, "title", &title));
    TRY(domain_header(domain, &header));
    buf_u8(&header, 0);
    TRY(header.err);
    TRY(domain_prepare_own(domain, &status,
                           "SELECT status FROM domain_language WHERE key = :lang"
                           " AND status IS NOT NULL"));
    domain_bind(status, ":lang", domain->lang);
    TRY(domain_step(status, &row));
    page_begin(work->out, domain->lang, (const char *)title.bytes, (const char *)header.bytes,
               row ? word(domain, WORD_UNREAD) : "");
out:
    sqlite3_finalize(status);
    buf_free(&header);
    buf_free(&title);
    return err;
}

static enum err end(const struct work *work)
{
    static const struct pack_field date = {.type = PACK_DATE};
    char today[CIVIL_TEXT_LEN];
    enum err err = ERR_OK;
    civil_format(work->domain->today, today);
    page_raw(work->out, "<footer>");
    page_text(work->out, word(work->domain, WORD_PRINTED));
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
    struct work work = {.domain = domain, .options = options, .out = out};
    sqlite3_stmt *blocks = NULL;
    const char *kind = "";
    enum err err = ERR_OK;
    bool row;
    TRY(domain_index(domain));
    TRY(sheet_kind(domain, sheet, &kind));
    work.kind = *kind ? pack_kind_by_key(domain->pack, kind) : NULL;
    work.filled = work.kind && options->record && !options->blank;
    if (work.kind && !work.filled && !options->blank)
        TRY(ERR_USAGE);
    if (work.filled) {
        snprintf(work.record, sizeof work.record, "%s", options->record);
        TRY(check_record(&work));
    }
    TRY(begin(&work, sheet));
    TRY(domain_prepare_own(domain, &blocks,
                           "SELECT type, fields, sql, content, checklist, lines, sheet, position,"
                           " path FROM domain_sheet_block WHERE sheet = :sheet ORDER BY position"));
    domain_bind(blocks, ":sheet", sheet);
    for (;;) {
        TRY(domain_step(blocks, &row));
        if (!row)
            break;
        TRY(put_block(&work, blocks));
    }
    TRY(end(&work));
out:
    sqlite3_finalize(blocks);
    return err;
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
        err = text_of(domain, domain_text(rows, 1), "title", &title);
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
