/* SPDX-License-Identifier: Apache-2.0
 *
 * The document is taken apart by SQL itself: each table is one statement over json_each of the part
 * that its parent row keeps in the column `json`. `path` names the place in the document, and finds
 * the wordings: domain_label holds one row per wording and language under path || '.label'.
 */
#include "client/pack_sql.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* Every row that people see keeps `path`; no table has constraints, since pack_sql_check explains
 * mistakes better than a constraint does. */
static const char *const tables[][2] = {
    {"domain_section", "key, json"},
    {"domain_pack", "name, version, format, path, header"},
    {"domain_language", "key, position, name, status"},
    {"domain_journal", "event, kind, fields"},
    {"domain_label", "path, lang, text"},
    {"domain_kind", "key, number, position, level, dossier, state, title, person, path, json"},
    {"domain_field",
     "kind, key, number, position, type, of, merge, sensitivity, anonymise, critical, required, "
     "fixed, search, open, hidden, min, max, checklist, copy, initial, path, json"},
    {"domain_target", "kind, field, position, target"},
    {"domain_alias", "kind, field, alias"},
    {"domain_option", "kind, field, key, position, closed, retired, rank, path"},
    {"domain_duplicate", "kind, role, field, amount"},
    {"domain_checklist", "key, version, status, path, json"},
    {"domain_checklist_item", "checklist, key, position, topic, path"},
    {"domain_rule", "key, position, kind, source, date, condition, until, region, week, proposal, "
                    "audience, window, path, json"},
    {"domain_rule_point", "rule, key, position, unit, n, move, target, visit, condition, path"},
    {"domain_rule_done", "rule, role, position, kind, condition, date"},
    {"domain_rule_answer", "rule, action, kind, fields, path"},
    {"domain_form", "key, position, kind, quick, path, json"},
    {"domain_form_field", "form, position, block, field, path"},
    {"domain_suggestion", "key, position, kind, condition, automatic, record, field, value, "
                          "new_kind, fields, path"},
    {"domain_content", "key, position, version, type, audience, status, path, json"},
    {"domain_content_part", "content, position, path"},
    {"domain_sheet", "key, position, kind, person, source, path, json"},
    {"domain_sheet_block",
     "sheet, position, type, fields, sql, content, checklist, lines, path, json"},
    {"domain_sheet_column", "sheet, block, key, position, of, path"},
    {"domain_report", "key, position, code, source, path, json"},
    {"domain_report_param", "report, key, position, type, initial, path"},
    {"domain_report_part", "report, key, position, sql, mask, chart, path, json"},
    {"domain_report_column", "report, part, key, position, count, of, derived, worded, path"},
    /* Filled while a report or sheet about the log is made: domain_audit.c. */
    {"domain_audit", "space, position, kind, verdict, device, device_name, author, author_name, "
                     "ordinal, claimed_at, received_at, code, clock_suspect, late, delay_s, "
                     "skipped, what, count, detail"},
    {"domain_audit_space", "name, size, checkpoint_at, alarm"},
    {"domain_audit_device", "space, device, name, roles, state, added"},
    {"domain_match", "key, kind, candidate, sql, path, json"},
    {"domain_match_reason", "match, key, position, sql, path"},
    {"domain_import", "key, position, kind, path, json"},
    {"domain_import_column", "import, field, header"},
    {"domain_hint", "key, word, path"},
    {"domain_setting", "key, position, value, path"},
    {"domain_retention", "kind, last_contact, review_months, purge_months, condition, rule, path,"
                         " row_kind, row_sql"},
    {"domain_region", "key, position, path"},
};

static const char *const indexes[] = {
    "CREATE INDEX domain_kind_key ON domain_kind(key, position)",
    "CREATE INDEX domain_label_path ON domain_label(path)",
    "CREATE INDEX domain_field_kind ON domain_field(kind, position)",
    "CREATE INDEX domain_option_field ON domain_option(kind, field, position)",
};

#define SECTION(name) "(SELECT json FROM domain_section WHERE key = '" name "')"
#define EACH(name)    "json_each(coalesce(" SECTION(name) ", '{}'))"
/* The members of a row's own object or array; none where it is missing. */
#define INSIDE(row, name) "json_each(coalesce(" row ".json->'$." name "', '[]'))"

static const char *const fills[] = {
    "INSERT INTO domain_pack SELECT ?1->>'$.pack', ?1->>'$.version', ?1->>'$.format', '',"
    " ?1->>'$.header'",
    "INSERT INTO domain_language SELECT key, id, value->>'$.name', value->>'$.status' FROM " EACH(
        "languages"),
    "INSERT INTO domain_journal SELECT key, value->>'$.kind', value->'$.fields' FROM " EACH(
        "journal"),
    /* A wording is a text whose key is a language of the pack. json_tree quotes some keys. */
    "INSERT INTO domain_label SELECT replace(substr(t.path, 3), char(34), ''), t.key, t.atom"
    " FROM json_tree(?1) t WHERE t.type = 'text' AND t.key IN (SELECT key FROM domain_language)",
    "INSERT INTO domain_kind SELECT key, value->>'$.number', id, value->>'$.level',"
    " value->>'$.dossier', value->>'$.state', value->>'$.title',"
    " coalesce(value->>'$.person', 0), 'kinds.' || key, value FROM " EACH("kinds"),
    "INSERT INTO domain_field SELECT k.key, f.key, f.value->>'$.number', f.id, f.value->>'$.type',"
    " f.value->>'$.of', coalesce(f.value->>'$.merge', 'L'),"
    " coalesce(f.value->>'$.sensitivity', 'p'), coalesce(f.value->>'$.anonymise', 'drop'),"
    " coalesce(f.value->>'$.critical', 0), coalesce(f.value->>'$.required', 0),"
    " coalesce(f.value->>'$.fixed', 0), coalesce(f.value->>'$.search', 0),"
    " coalesce(f.value->>'$.open', 0), coalesce(f.value->>'$.hidden', 0), f.value->>'$.min',"
    " f.value->>'$.max', f.value->>'$.checklist', f.value->>'$.copy', f.value->>'$.initial',"
    " k.path || '.fields.' || f.key, f.value FROM domain_kind k, " INSIDE("k", "fields") " f",
    "INSERT INTO domain_target SELECT f.kind, f.key, t.key, t.value FROM domain_field f, " INSIDE(
        "f", "to") " t",
    "INSERT INTO domain_alias SELECT f.kind, f.key, t.value FROM domain_field f, " INSIDE(
        "f", "aliases") " t",
    "INSERT INTO domain_checklist SELECT key, value->>'$.version', value->>'$.status',"
    " 'checklists.' || key, value FROM " EACH("checklists"),
    "INSERT INTO domain_checklist_item SELECT c.key, i.key, i.id, i.value->>'$.topic',"
    " c.path || '.items.' || i.key FROM domain_checklist c, " INSIDE("c", "items") " i",
    "INSERT INTO domain_option SELECT f.kind, f.key, o.key, o.id,"
    " coalesce(o.value->>'$.closed', 0), coalesce(o.value->>'$.retired', 0),"
    " coalesce(o.value->>'$.rank', 0), f.path || '.options.' || o.key"
    " FROM domain_field f, " INSIDE("f",
                                    "options") " o"
                                               " WHERE json_type(f.json, '$.options') = 'object'",
    "INSERT INTO domain_option SELECT f.kind, f.key, o.key, o.id,"
    " coalesce(o.value->>'$.closed', 0), coalesce(o.value->>'$.retired', 0),"
    " coalesce(o.value->>'$.rank', 0), 'options.' || l.key || '.' || o.key"
    " FROM (SELECT kind, key, json->>'$.options' AS list FROM domain_field"
    " WHERE json_type(json, '$.options') = 'text') f CROSS JOIN " EACH(
        "options") " l CROSS JOIN json_each(l.value) o WHERE f.list = '@' || l.key",
    "INSERT INTO domain_option SELECT f.kind, f.key, i.key, i.position, 0, 0, 0, i.path"
    " FROM domain_field f JOIN domain_checklist_item i ON i.checklist = f.checklist"
    " WHERE f.type = 'checklist'",
    "INSERT INTO domain_duplicate SELECT k.key, r.key, f.value, NULL FROM domain_kind k,"
    " " INSIDE("k", "duplicates") " r, json_each(r.value) f WHERE r.type = 'array'",
    "INSERT INTO domain_duplicate SELECT k.key, r.key, f.key, f.value FROM domain_kind k,"
    " " INSIDE("k", "duplicates") " r, json_each(r.value) f WHERE r.type = 'object'",
    "INSERT INTO domain_rule SELECT key, id, value->>'$.kind', value->>'$.source',"
    " value->>'$.date', value->>'$.when', value->>'$.until', value->>'$.region',"
    " value->>'$.week', coalesce(value->>'$.proposal', 0),"
    " coalesce(value->>'$.audience', 'mediateur'), coalesce(value->>'$.window', 0),"
    " 'rules.' || key, value FROM " EACH("rules"),
    "INSERT INTO domain_rule_point SELECT r.key, p.key, p.id, p.value->>'$.unit',"
    " coalesce(p.value->>'$.n', 0), coalesce(p.value->>'$.move', 'none'),"
    " coalesce(p.value->>'$.target', r.json->>'$.target'), p.value->>'$.visit',"
    " p.value->>'$.when', r.path || '.points.' || p.key FROM domain_rule r, " INSIDE("r",
                                                                                     "points") " p",
    "INSERT INTO domain_rule_done SELECT r.key, 'done', d.key, d.value->>'$.kind',"
    " d.value->>'$.where', NULL FROM domain_rule r, " INSIDE("r", "done") " d",
    "INSERT INTO domain_rule_done SELECT r.key, 'moved', d.key, d.value->>'$.kind',"
    " d.value->>'$.where', d.value->>'$.date' FROM domain_rule r, " INSIDE("r", "moved") " d",
    "INSERT INTO domain_rule_done SELECT r.key, 'may_resolve', d.key, d.value->>'$.kind',"
    " d.value->>'$.where', NULL FROM domain_rule r, " INSIDE("r", "may_resolve") " d",
    "INSERT INTO domain_rule_answer SELECT r.key, a.key, a.value->>'$.kind',"
    " coalesce(a.value->'$.fields', a.value->'$.set'), r.path || '.answers.' || a.key"
    " FROM domain_rule r, " INSIDE("r", "answers") " a",
    "INSERT INTO domain_form SELECT key, id, value->>'$.kind', coalesce(value->>'$.quick', 0),"
    " 'forms.' || key, value FROM " EACH("forms"),
    "INSERT INTO domain_form_field SELECT f.key, b.key * 1000 + x.key, b.key, x.value,"
    " f.path || '.blocks[' || b.key || ']' FROM domain_form f, " INSIDE(
        "f", "blocks") " b,"
                       " json_each(b.value, '$.fields') x",
    "INSERT INTO domain_suggestion SELECT key, id, value->>'$.kind', value->>'$.when',"
    " coalesce(value->>'$.automatic', 0), value->>'$.set.record', value->>'$.set.field',"
    " value->>'$.set.value', value->>'$.new.kind', value->'$.new.fields',"
    " 'suggestions.' || key FROM " EACH("suggestions"),
    "INSERT INTO domain_content SELECT key, id, value->>'$.version', value->>'$.type',"
    " value->>'$.audience', value->>'$.status.fr', 'contents.' || key, value FROM " EACH(
        "contents"),
    "INSERT INTO domain_content_part SELECT c.key, p.key, c.path || '.parts[' || p.key || ']'"
    " FROM domain_content c, " INSIDE("c", "parts") " p",
    "INSERT INTO domain_sheet SELECT key, id, value->>'$.kind', coalesce(value->>'$.person', 0),"
    " coalesce(value->>'$.source', ''), 'sheets.' || key, value FROM " EACH("sheets"),
    "INSERT INTO domain_sheet_block SELECT s.key, b.key, b.value->>'$.type', b.value->'$.fields',"
    " b.value->>'$.sql', b.value->>'$.content', b.value->>'$.checklist', b.value->>'$.lines',"
    " s.path || '.blocks[' || b.key || ']', b.value FROM domain_sheet s, " INSIDE("s",
                                                                                  "blocks") " b",
    "INSERT INTO domain_sheet_column SELECT b.sheet, b.position, c.key, c.id,"
    " c.value->>'$.of', b.path || '.columns.' || c.key FROM domain_sheet_block b, " INSIDE(
        "b", "columns") " c",
    "INSERT INTO domain_report SELECT key, id, value->>'$.code', value->>'$.source',"
    " 'reports.' || key, value FROM " EACH("reports"),
    "INSERT INTO domain_report_param SELECT r.key, p.key, p.id, p.value->>'$.type',"
    " p.value->>'$.initial', r.path || '.params.' || p.key FROM domain_report r, " INSIDE(
        "r", "params") " p",
    "INSERT INTO domain_report_part SELECT r.key, p.key, p.id, p.value->>'$.sql',"
    " coalesce(p.value->>'$.mask', 0), p.value->'$.chart', r.path || '.parts.' || p.key, p.value"
    " FROM domain_report r, " INSIDE("r", "parts") " p",
    "INSERT INTO domain_report_column SELECT p.report, p.key, c.key, c.id,"
    " coalesce(c.value->>'$.count', 0), c.value->>'$.of', coalesce(c.value->>'$.derived', 0),"
    " c.value->'$.options' IS NOT NULL, p.path || '.columns.' || c.key"
    " FROM domain_report_part p, " INSIDE("p", "columns") " c",
    "INSERT INTO domain_match SELECT key, value->>'$.kind', value->>'$.candidate',"
    " value->>'$.sql', 'matches.' || key, value FROM " EACH("matches"),
    "INSERT INTO domain_match_reason SELECT m.key, r.key, r.id, r.value->>'$.sql',"
    " m.path || '.reasons.' || r.key FROM domain_match m, " INSIDE("m", "reasons") " r",
    "INSERT INTO domain_import SELECT key, id, value->>'$.kind', 'imports.' || key, value"
    " FROM " EACH("imports"),
    "INSERT INTO domain_import_column SELECT i.key, c.key, h.value FROM domain_import i,"
    " " INSIDE("i", "columns") " c, json_each(c.value) h",
    "INSERT INTO domain_hint SELECT h.key, w.value, 'hints.' || h.key FROM " EACH(
        "hints") " h,"
                 " json_each(h.value, '$.words') w",
    "INSERT INTO domain_setting SELECT key, id, value->>'$.value', 'settings.' || key"
    " FROM " EACH("settings"),
    "INSERT INTO domain_retention SELECT key, value->>'$.last_contact',"
    " value->>'$.review_months', value->>'$.purge_months', value->>'$.when', value->>'$.rule', "
    "'retention.' || key, value->>'$.anonymous.kind', value->>'$.anonymous.sql'"
    " FROM " EACH("retention"),
    "INSERT INTO domain_region SELECT key, id, 'regions.' || key FROM " EACH("regions"),
};

enum err pack_sql_run(struct sqlite3 *db, const char *sql)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : rc == SQLITE_NOMEM ? ERR_MEMORY : ERR_IO;
}

/* Runs one filling statement; ?1 is the whole document where it occurs. */
static enum err fill_one(sqlite3 *db, const char *sql, const char *json, size_t json_len)
{
    enum err err = ERR_IO;
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK && sqlite3_bind_parameter_count(statement) > 0)
        rc = sqlite3_bind_text(statement, 1, json, (int)json_len, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    /* A member of another JSON type than expected: json_each or -> refuse it. */
    if (rc == SQLITE_DONE)
        err = ERR_OK;
    else if (rc == SQLITE_ERROR || rc == SQLITE_NOMEM)
        err = rc == SQLITE_ERROR ? ERR_FORMAT : ERR_MEMORY;
    sqlite3_finalize(statement);
    return err;
}

static enum err make_tables(sqlite3 *db)
{
    enum err err = ERR_OK;
    char sql[512];
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS %s", tables[i][0]);
        TRY(pack_sql_run(db, sql));
        snprintf(sql, sizeof sql, "CREATE TABLE %s(%s)", tables[i][0], tables[i][1]);
        TRY(pack_sql_run(db, sql));
    }
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0]; i++)
        TRY(pack_sql_run(db, indexes[i]));
out:
    return err;
}

enum err pack_sql_fill(struct sqlite3 *db, const char *json, size_t json_len)
{
    enum err err = ERR_OK;
    TRY(make_tables(db));
    TRY(fill_one(db, "INSERT INTO domain_section SELECT key, value FROM json_each(?1)", json,
                 json_len));
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++)
        TRY(fill_one(db, fills[i], json, json_len));
    TRY(pack_sql_run(db, "DELETE FROM domain_section"));
out:
    return err;
}
