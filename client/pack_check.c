/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of a pack, as questions to its tables: each answers with the places that are wrong
 * (path, reason), and the first answer is the error that people see. The JSON Schema says the same
 * for editors; these are what the program relies on.
 */
#include "client/pack_sql.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define BAD_KEY(column)                                                                            \
    "(" column " NOT GLOB '[a-z]*' OR " column " GLOB '*[^a-z0-9_]*' OR length(" column ") > 40)"
#define NO_LABEL(table, what)                                                                      \
    "SELECT path || '." what "', 'has no French wording' FROM " table " t WHERE NOT EXISTS"        \
    " (SELECT 1 FROM domain_label l WHERE l.path = t.path || '." what                              \
    "' AND l.lang = 'fr' AND l.text <> '')"
#define NO_KIND(table)                                                                             \
    "SELECT path || '.kind', 'unknown kind ''' || kind || '''' FROM " table                        \
    " WHERE kind NOT IN (SELECT key FROM domain_kind)"
#define NOT_FLAG(column)                                                                           \
    "SELECT path || '." column "', 'is neither true nor false' FROM domain_field"                  \
    " WHERE typeof(" column ") <> 'integer' OR " column " NOT IN (0, 1)"

static const char *const kind_checks[] = {
    "SELECT 'pack', 'must be a lower-case ASCII key' FROM domain_pack WHERE coalesce("
    "name NOT GLOB '[a-z]*' OR name GLOB '*[^a-z0-9-]*' OR length(name) > 40, 1)",
    "SELECT 'version', 'must be a whole number from 1 to 65535' FROM domain_pack"
    " WHERE typeof(version) <> 'integer' OR version NOT BETWEEN 1 AND 65535",
    "SELECT 'languages', 'must hold fr' WHERE 'fr' NOT IN (SELECT key FROM domain_language)",
    "SELECT 'kinds', 'is missing or empty' WHERE NOT EXISTS (SELECT 1 FROM domain_kind)",
    "SELECT path, 'the key must be lower-case ASCII, at most 40 characters' FROM domain_kind"
    " WHERE " BAD_KEY("key"),
    "SELECT path, 'stands twice' FROM domain_kind GROUP BY key HAVING count(*) > 1",
    "SELECT path, 'the key is reserved' FROM domain_kind WHERE key GLOB 'domain_*'"
    " OR key GLOB 'sqlite_*' OR key GLOB 'core_*' OR key GLOB 'view_*' OR key GLOB 'search*'",
    "SELECT path || '.number', 'must be a whole number from 1 to 65535' FROM domain_kind"
    " WHERE typeof(number) <> 'integer' OR number NOT BETWEEN 1 AND 65535",
    "SELECT max(path) || '.number', 'number ' || number || ' is taken by ' || min(path)"
    " FROM domain_kind GROUP BY number HAVING count(*) > 1",
    "SELECT path || '.level', 'must be community, organisation, team or restricted'"
    " FROM domain_kind WHERE coalesce(level, '') NOT IN"
    " ('community', 'organisation', 'team', 'restricted')",
    "SELECT path || '.fields', 'is missing or empty' FROM domain_kind"
    " WHERE key NOT IN (SELECT kind FROM domain_field)",
    "SELECT k.path || '.dossier', 'must be ''self'' or a required, fixed field of type ref'"
    " FROM domain_kind k WHERE coalesce(dossier, '') <> 'self' AND NOT EXISTS (SELECT 1"
    " FROM domain_field f WHERE f.kind = k.key AND f.key = k.dossier AND f.type = 'ref'"
    " AND f.required = 1 AND f.fixed = 1)",
    "SELECT k.path || '.state', 'must be a field of type enum' FROM domain_kind k"
    " WHERE state IS NOT NULL AND NOT EXISTS (SELECT 1 FROM domain_field f"
    " WHERE f.kind = k.key AND f.key = k.state AND f.type = 'enum')",
    "SELECT path || '.title', 'is missing' FROM domain_kind WHERE typeof(title) <> 'text'",
    NO_LABEL("domain_kind", "label"),
    NO_LABEL("domain_kind", "plural"),
    "SELECT k.path || '.duplicates', 'unknown field ''' || d.field || ''''"
    " FROM domain_duplicate d JOIN domain_kind k ON k.key = d.kind WHERE NOT EXISTS"
    " (SELECT 1 FROM domain_field f WHERE f.kind = d.kind AND f.key = d.field)",
};

static const char *const field_checks[] = {
    "SELECT path, 'the key must be lower-case ASCII, at most 40 characters' FROM domain_field"
    " WHERE " BAD_KEY("key"),
    "SELECT path, 'the key is reserved' FROM domain_field WHERE key IN ('id', 'code', 'space',"
    " 'dossier', 'created_at', 'author', 'mistake', 'merged_into', 'kind', 'rowid', 'oid')",
    "SELECT path, 'stands twice' FROM domain_field GROUP BY kind, key HAVING count(*) > 1",
    "SELECT path || '.number', 'must be a whole number from 16 to 65535' FROM domain_field"
    " WHERE typeof(number) <> 'integer' OR number NOT BETWEEN 16 AND 65535",
    "SELECT max(path) || '.number', 'number ' || number || ' is taken by ' || min(path)"
    " FROM domain_field GROUP BY kind, number HAVING count(*) > 1",
    "SELECT path || '.type', 'unknown type ''' || coalesce(type, '') || '''' FROM domain_field"
    " WHERE coalesce(type, '') NOT IN (SELECT word FROM pack_type)",
    "SELECT path || '.of', 'a set is of enum, ref or text; other types have no ''of'''"
    " FROM domain_field WHERE (type = 'set') <> (coalesce(of, '') IN ('enum', 'ref', 'text'))",
    "SELECT path || '.merge', 'must be L, M, A, S or G' FROM domain_field"
    " WHERE merge NOT IN ('L', 'M', 'A', 'S', 'G')",
    "SELECT path || '.merge', 'sets and check-lists merge as S, and nothing else does'"
    " FROM domain_field WHERE (type IN ('set', 'checklist')) <> (merge = 'S')",
    "SELECT path || '.merge', 'G needs an enum whose options have ranks' FROM domain_field f"
    " WHERE merge = 'G' AND (type <> 'enum' OR open = 1 OR NOT EXISTS (SELECT 1"
    " FROM domain_option o WHERE o.kind = f.kind AND o.field = f.key AND o.rank <> 0))",
    "SELECT path || '.sensitivity', 'must be n, p or s' FROM domain_field"
    " WHERE sensitivity NOT IN ('n', 'p', 's')",
    "SELECT path || '.anonymise', 'must be drop, keep or coarsen' FROM domain_field"
    " WHERE anonymise NOT IN ('drop', 'keep', 'coarsen')",
    NOT_FLAG("critical"),
    NOT_FLAG("required"),
    NOT_FLAG("fixed"),
    NOT_FLAG("search"),
    NOT_FLAG("open"),
    NOT_FLAG("hidden"),
    "SELECT path, 'min and max must be whole numbers' FROM domain_field"
    " WHERE typeof(min) NOT IN ('null', 'integer') OR typeof(max) NOT IN ('null', 'integer')"
    " OR min > max",
    NO_LABEL("domain_field", "label"),
    "SELECT f.path || '.options', 'is missing or empty' FROM domain_field f"
    " WHERE (type = 'enum' OR of = 'enum') AND NOT EXISTS"
    " (SELECT 1 FROM domain_option o WHERE o.kind = f.kind AND o.field = f.key)",
    "SELECT path, 'the key of an option is made of letters, digits and _' FROM domain_option"
    " WHERE key = '' OR key GLOB '*[^A-Za-z0-9_]*' OR length(key) > 40",
    "SELECT path, 'stands twice' FROM domain_option GROUP BY kind, field, key"
    " HAVING count(*) > 1",
    "SELECT path, 'rank must be a whole number from 0 to 100' FROM domain_option"
    " WHERE typeof(rank) <> 'integer' OR rank NOT BETWEEN 0 AND 100",
    NO_LABEL("domain_option", "label"),
    "SELECT path || '.to', 'is missing' FROM domain_field f WHERE (type = 'ref' OR of = 'ref')"
    " AND NOT EXISTS (SELECT 1 FROM domain_target t WHERE t.kind = f.kind AND t.field = f.key)",
    "SELECT f.path || '.to', 'unknown kind ''' || t.target || '''' FROM domain_target t"
    " JOIN domain_field f ON f.kind = t.kind AND f.key = t.field"
    " WHERE t.target NOT IN (SELECT key FROM domain_kind)",
    "SELECT path || '.checklist', 'unknown check-list' FROM domain_field WHERE"
    " (type = 'checklist') <> (coalesce(checklist, '') IN (SELECT key FROM domain_checklist))",
    "SELECT path || '.copy', 'must be FIELD.FIELD over a reference of one kind'"
    " FROM domain_field f WHERE copy IS NOT NULL AND NOT EXISTS (SELECT 1 FROM domain_field r"
    " JOIN domain_target t ON t.kind = r.kind AND t.field = r.key JOIN domain_field g"
    " ON g.kind = t.target WHERE r.kind = f.kind AND r.type = 'ref'"
    " AND r.key || '.' || g.key = f.copy)",
    "SELECT f.path || '.aliases', '''' || a.alias || ''' names two fields' FROM domain_alias a"
    " JOIN domain_field f ON f.kind = a.kind AND f.key = a.field WHERE EXISTS (SELECT 1"
    " FROM domain_field g WHERE g.kind = a.kind AND g.key = a.alias) OR EXISTS (SELECT 1"
    " FROM domain_alias b WHERE b.kind = a.kind AND b.alias = a.alias AND b.field <> a.field)",
};

static const char *const other_checks[] = {
    NO_LABEL("domain_checklist", "title"),
    "SELECT path || '.items', 'is missing or empty' FROM domain_checklist"
    " WHERE key NOT IN (SELECT checklist FROM domain_checklist_item)",
    "SELECT path || '.kind', 'needs a kind or a source' FROM domain_rule"
    " WHERE (kind IS NULL) = (source IS NULL)",
    NO_KIND("domain_rule"),
    NO_LABEL("domain_rule", "label"),
    "SELECT path || '.date', 'is missing' FROM domain_rule WHERE typeof(date) <> 'text'",
    "SELECT path || '.window', 'must be a number of days from 0 to 400' FROM domain_rule"
    " WHERE typeof(window) <> 'integer' OR window NOT BETWEEN 0 AND 400",
    "SELECT path || '.points', 'is missing or empty' FROM domain_rule"
    " WHERE key NOT IN (SELECT rule FROM domain_rule_point)",
    "SELECT max(path), 'the point ''' || key || ''' stands in another rule' FROM"
    " domain_rule_point GROUP BY key HAVING count(*) > 1",
    NO_LABEL("domain_rule_point", "label"),
    "SELECT path || '.unit', 'unknown unit ''' || coalesce(unit, '') || '''' FROM"
    " domain_rule_point WHERE coalesce(unit, '') NOT IN"
    " ('days', 'months', 'worked_day', 'worked_shift', 'last_worked_day', 'weekday')",
    "SELECT path || '.n', 'does not fit its unit' FROM domain_rule_point"
    " WHERE typeof(n) <> 'integer' OR n NOT BETWEEN -4000 AND 4000"
    " OR (unit IN ('worked_day', 'last_worked_day') AND n < 1)"
    " OR (unit = 'weekday' AND n NOT BETWEEN 1 AND 7)",
    "SELECT path || '.move', 'must be none or next_open' FROM domain_rule_point"
    " WHERE move NOT IN ('none', 'next_open')",
    "SELECT 'rules.' || rule || '.' || role, 'unknown kind ''' || coalesce(kind, '') || ''''"
    " FROM domain_rule_done WHERE coalesce(kind, '') NOT IN (SELECT key FROM domain_kind)",
    "SELECT path || '.kind', 'unknown kind ''' || kind || '''' FROM domain_rule_answer"
    " WHERE kind NOT IN (SELECT key FROM domain_kind)",
    "SELECT a.path, 'unknown field ''' || x.key || '''' FROM domain_rule_answer a"
    " JOIN domain_rule r ON r.key = a.rule, json_each(a.fields) x WHERE NOT EXISTS"
    " (SELECT 1 FROM domain_field f WHERE f.kind = coalesce(a.kind, r.kind) AND f.key = x.key)",
    "SELECT a.path || '.' || x.key, 'unknown field or word ''' || x.value || ''''"
    " FROM domain_rule_answer a JOIN domain_rule r ON r.key = a.rule, json_each(a.fields) x"
    " WHERE (substr(x.value, 1, 1) = ':' AND x.value NOT IN (':item', ':rule', ':point',"
    " ':target', ':due', ':date')) OR (substr(x.value, 1, 1) = '=' AND x.value <> '=id'"
    " AND NOT EXISTS (SELECT 1 FROM domain_field f WHERE f.kind = r.kind"
    " AND '=' || f.key = x.value))",
    "SELECT path || '.of', 'unknown field ''' || of || '''' FROM (SELECT path, of"
    " FROM domain_report_column UNION ALL SELECT path, of FROM domain_sheet_column)"
    " WHERE of NOT IN (SELECT kind || '.' || key FROM domain_field)",
    NO_KIND("domain_form"),
    NO_LABEL("domain_form", "title"),
    "SELECT x.path, 'unknown field ''' || x.field || '''' FROM domain_form_field x"
    " JOIN domain_form m ON m.key = x.form WHERE NOT EXISTS (SELECT 1 FROM domain_field f"
    " WHERE f.kind = m.kind AND f.key = x.field)",
    "SELECT 'journal.' || event, 'unknown kind or field' FROM domain_journal j"
    " WHERE EXISTS (SELECT 1 FROM json_each(j.fields) x WHERE NOT EXISTS (SELECT 1"
    " FROM domain_field f WHERE f.kind = j.kind AND f.key = x.key))",
    NO_KIND("domain_suggestion"),
    NO_LABEL("domain_suggestion", "label"),
    "SELECT path || '.new.kind', 'unknown kind' FROM domain_suggestion"
    " WHERE new_kind NOT IN (SELECT key FROM domain_kind)",
    NO_LABEL("domain_content", "title"),
    NO_KIND("domain_sheet"),
    NO_LABEL("domain_sheet", "title"),
    "SELECT b.path || '.fields', 'unknown field ''' || x.value || '''' FROM domain_sheet_block b"
    " JOIN domain_sheet s ON s.key = b.sheet, json_each(b.fields) x WHERE b.fields IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM domain_field f WHERE f.kind = s.kind AND f.key = x.value)",
    "SELECT path || '.content', 'unknown content' FROM domain_sheet_block"
    " WHERE content IS NOT NULL AND content NOT IN (SELECT key FROM domain_content)",
    "SELECT path || '.checklist', 'unknown check-list' FROM domain_sheet_block"
    " WHERE checklist IS NOT NULL AND checklist NOT IN (SELECT key FROM domain_checklist)",
    NO_LABEL("domain_report", "title"),
    NO_LABEL("domain_report_part", "title"),
    NO_LABEL("domain_report_column", "label"),
    "SELECT path || '.kind', 'unknown kind' FROM domain_match"
    " WHERE coalesce(kind NOT IN (SELECT key FROM domain_kind)"
    " OR candidate NOT IN (SELECT key FROM domain_kind), 1)",
    NO_KIND("domain_import"),
    "SELECT i.path || '.columns', 'unknown field ''' || c.field || '''' FROM"
    " domain_import_column c JOIN domain_import i ON i.key = c.import WHERE NOT EXISTS"
    " (SELECT 1 FROM domain_field f WHERE f.kind = i.kind AND f.key = c.field)",
    "SELECT path, 'unknown kind' FROM domain_retention"
    " WHERE kind NOT IN (SELECT key FROM domain_kind)",
    "SELECT path || '.anonymous', 'unknown kind' FROM domain_retention"
    " WHERE row_kind NOT IN (SELECT key FROM domain_kind)",
    "SELECT path || '.rule', 'unknown rule' FROM domain_retention"
    " WHERE rule NOT IN (SELECT key FROM domain_rule)",
    "SELECT path, 'needs whole numbers, review_months not above purge_months' FROM"
    " domain_retention WHERE typeof(review_months) <> 'integer'"
    " OR typeof(purge_months) <> 'integer' OR review_months > purge_months"
    " OR review_months < 1",
};

enum err pack_why_set(struct pack_why *why, const char *format, ...)
{
    if (why) {
        va_list args;
        va_start(args, format);
        vsnprintf(why->text, sizeof why->text, format, args);
        va_end(args);
    }
    return ERR_FORMAT;
}

/* One question; ERR_FORMAT with the first answer as the reason. */
static enum err ask(sqlite3 *db, const char *sql, struct pack_why *why)
{
    enum err err = ERR_INTERNAL;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        goto out;
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *path = (const char *)sqlite3_column_text(statement, 0);
        const char *reason = (const char *)sqlite3_column_text(statement, 1);
        if (!path && !reason)
            continue; /* an aggregate over nothing */
        err = pack_why_set(why, "%s: %s", path ? path : "?", reason ? reason : "wrong");
        goto out;
    }
    err = rc == SQLITE_DONE ? ERR_OK : rc == SQLITE_ERROR ? ERR_FORMAT : ERR_IO;
    if (err == ERR_FORMAT)
        (void)pack_why_set(why, "%s", sqlite3_errmsg(db));
out:
    sqlite3_finalize(statement);
    return err;
}

static enum err ask_all(sqlite3 *db, const char *const *list, size_t n, struct pack_why *why)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && err == ERR_OK; i++)
        err = ask(db, list[i], why);
    return err;
}

enum err pack_sql_check(struct sqlite3 *db, struct pack_why *why)
{
    enum err err = ERR_OK;
    TRY(pack_sql_run(db, "CREATE TABLE pack_type(word)"));
    for (int type = 0; type < PACK_TYPES; type++) {
        char sql[80];
        snprintf(sql, sizeof sql, "INSERT INTO pack_type VALUES ('%s')",
                 pack_type_word((enum pack_type)type));
        TRY(pack_sql_run(db, sql));
    }
    TRY(ask_all(db, kind_checks, sizeof kind_checks / sizeof kind_checks[0], why));
    TRY(ask_all(db, field_checks, sizeof field_checks / sizeof field_checks[0], why));
    TRY(ask_all(db, other_checks, sizeof other_checks / sizeof other_checks[0], why));
    TRY(pack_sql_run(db, "DROP TABLE pack_type"));
out:
    return err;
}

/* Each row: place, statement made of a piece of the pack. Parentheses keep a piece in its place. */
static const char *const pieces[] = {
    "SELECT path || '.date', 'SELECT (' || date || ') FROM ' || kind || ' r' FROM domain_rule"
    " WHERE kind IS NOT NULL",
    "SELECT path || '.when', 'SELECT 1 FROM ' || kind || ' r WHERE (' || condition || ')'"
    " FROM domain_rule WHERE kind IS NOT NULL AND condition IS NOT NULL",
    "SELECT path || '.until', 'SELECT (' || until || ') FROM ' || kind || ' r' FROM domain_rule"
    " WHERE kind IS NOT NULL AND until IS NOT NULL",
    "SELECT path || '.region', 'SELECT (' || region || ') FROM ' || kind || ' r'"
    " FROM domain_rule WHERE kind IS NOT NULL AND region IS NOT NULL",
    "SELECT path || '.week', 'SELECT (' || week || ') FROM ' || kind || ' r'"
    " FROM domain_rule WHERE kind IS NOT NULL AND week IS NOT NULL",
    "SELECT p.path || '.when', 'SELECT 1 FROM ' || r.kind || ' r WHERE (' || p.condition || ')'"
    " FROM domain_rule_point p JOIN domain_rule r ON r.key = p.rule"
    " WHERE r.kind IS NOT NULL AND p.condition IS NOT NULL",
    "SELECT r.path || '.' || d.role, 'SELECT 1 FROM ' || r.kind || ' r, ' || d.kind ||"
    " ' s WHERE (' || coalesce(d.condition, '1') || ')' FROM domain_rule_done d"
    " JOIN domain_rule r ON r.key = d.rule WHERE r.kind IS NOT NULL",
    "SELECT r.path || '.moved.date', 'SELECT (' || d.date || ') FROM ' || r.kind || ' r, ' ||"
    " d.kind || ' s' FROM domain_rule_done d JOIN domain_rule r ON r.key = d.rule"
    " WHERE d.role = 'moved' AND r.kind IS NOT NULL",
    "SELECT path || '.when', 'SELECT 1 FROM ' || kind || ' r WHERE (' || condition || ')'"
    " FROM domain_suggestion WHERE condition IS NOT NULL",
    "SELECT path || '.sql', sql FROM domain_sheet_block WHERE sql IS NOT NULL",
    "SELECT path || '.sql', sql FROM domain_report_part",
    "SELECT 'header', header FROM domain_pack WHERE header IS NOT NULL",
    "SELECT path || '.sql', sql FROM domain_match",
    "SELECT s.path || '.sql', 'SELECT (' || s.sql || ') FROM ' || m.kind || ' j, ' ||"
    " m.candidate || ' p' FROM domain_match_reason s JOIN domain_match m ON m.key = s.match",
    "SELECT path || '.last_contact', 'SELECT (' || last_contact || ') FROM ' || kind || ' r'"
    " FROM domain_retention",
    "SELECT path || '.when', 'SELECT 1 FROM ' || kind || ' r WHERE (' || condition || ')'"
    " FROM domain_retention WHERE condition IS NOT NULL",
    "SELECT path || '.anonymous.sql', row_sql FROM domain_retention WHERE row_sql IS NOT NULL",
};

static enum err compile_one(sqlite3 *db, const char *path, const char *sql, struct pack_why *why)
{
    struct sqlite3_stmt *statement = NULL;
    enum err err = pack_prepare(db, sql, &statement);
    if (err == ERR_FORMAT)
        (void)pack_why_set(why, "%s: %s", path ? path : "?", sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    return err;
}

/* Whether each column that a report or sheet describes is one that its SQL gives. */
static const char described_columns[] =
    "SELECT c.path, p.sql, c.key FROM domain_report_column c JOIN domain_report_part p"
    " ON p.report = c.report AND p.key = c.part UNION ALL"
    " SELECT c.path, b.sql, c.key FROM domain_sheet_column c JOIN domain_sheet_block b"
    " ON b.sheet = c.sheet AND b.position = c.block";

static enum err check_column(sqlite3 *db, sqlite3_stmt *row, struct pack_why *why)
{
    const char *path = (const char *)sqlite3_column_text(row, 0);
    const char *sql = (const char *)sqlite3_column_text(row, 1);
    const char *key = (const char *)sqlite3_column_text(row, 2);
    struct sqlite3_stmt *statement = NULL;
    enum err err = ERR_OK;
    if (!sql || !key)
        return pack_why_set(why, "%s: has columns but no sql", path ? path : "?");
    TRY(pack_prepare(db, sql, &statement));
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        if (strcmp(sqlite3_column_name(statement, i), key) == 0)
            goto out;
    }
    err = pack_why_set(why, "%s: the sql gives no such column", path ? path : "?");
out:
    sqlite3_finalize(statement);
    return err;
}

enum err pack_sql_compile(struct sqlite3 *db, const struct pack *pack, struct pack_why *why)
{
    enum err err = ERR_OK;
    sqlite3_stmt *rows = NULL;
    char sql[8192];
    TRY(pack_functions(db));
    for (size_t i = 0; i < pack->kinds_n; i++) {
        TRY(pack_table_sql(&pack->kinds[i], sql, sizeof sql));
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
            err = pack_why_set(why, "kinds.%s: %s", pack->kinds[i].key, sqlite3_errmsg(db));
            goto out;
        }
    }
    const size_t pieces_n = sizeof pieces / sizeof pieces[0];
    for (size_t i = 0; i <= pieces_n; i++) {
        const char *question = i < pieces_n ? pieces[i] : described_columns;
        err = ERR_INTERNAL;
        if (sqlite3_prepare_v2(db, question, -1, &rows, NULL) != SQLITE_OK)
            goto out;
        int rc;
        while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
            const char *path = (const char *)sqlite3_column_text(rows, 0);
            const char *piece = (const char *)sqlite3_column_text(rows, 1);
            if (i == pieces_n)
                TRY(check_column(db, rows, why));
            else if (!piece)
                TRY(pack_why_set(why, "%s: is missing", path ? path : "?"));
            else
                TRY(compile_one(db, path, piece, why));
        }
        err = rc == SQLITE_DONE ? ERR_OK : ERR_IO;
        sqlite3_finalize(rows);
        rows = NULL;
        TRY(err);
    }
out:
    sqlite3_finalize(rows);
    return err;
}
