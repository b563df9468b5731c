/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces of a pack become statements by sqlite3_mprintf: keys are quoted with %w, expressions stand in parentheses,
 * and pack_prepare refuses whatever would write.
 */
#include "client/domain.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/civil.h"
#include "client/pas_time.h"
#include "proto/code.h"
#include "proto/digest.h"

void domain_put(struct buf *out, const char *text)
{
    buf_put(out, text, strlen(text));
}

void domain_bind(struct sqlite3_stmt *statement, const char *name, const char *text)
{
    int at = sqlite3_bind_parameter_index(statement, name);
    if (at)
        sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

static void bind_common(const struct domain *domain, sqlite3_stmt *statement)
{
    char today[CIVIL_TEXT_LEN];
    civil_format(domain->today, today);
    domain_bind(statement, ":aujourdhui", today);
    domain_bind(statement, ":moi", domain->me);
}

enum err domain_prepare(const struct domain *domain, struct sqlite3_stmt **out, const char *format,
                        ...)
{
    va_list args;
    *out = NULL;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    if (!sql)
        return ERR_MEMORY;
    enum err err = pack_prepare(domain->db, sql, out);
    if (err == ERR_OK)
        bind_common(domain, *out);
    sqlite3_free(sql);
    return err;
}

enum err domain_prepare_own(const struct domain *domain, struct sqlite3_stmt **out,
                            const char *format, ...)
{
    va_list args;
    *out = NULL;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    if (!sql)
        return ERR_MEMORY;
    int rc = sqlite3_prepare_v2(domain->db, sql, -1, out, NULL);
    sqlite3_free(sql);
    return rc == SQLITE_OK ? ERR_OK : rc == SQLITE_NOMEM ? ERR_MEMORY : ERR_FORMAT;
}

enum err domain_step(struct sqlite3_stmt *statement, bool *row)
{
    int rc = sqlite3_step(statement);
    *row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return ERR_OK;
    return (rc & 0xff) == SQLITE_NOMEM ? ERR_MEMORY : ERR_IO;
}

void domain_end(struct sqlite3_stmt *statement)
{
    sqlite3_finalize(statement);
}

enum err domain_run(const struct domain *domain, const char *sql)
{
    int rc = sqlite3_exec(domain->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : (rc & 0xff) == SQLITE_NOMEM ? ERR_MEMORY : ERR_IO;
}

const char *domain_text(struct sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

int domain_columns(struct sqlite3_stmt *statement)
{
    return sqlite3_column_count(statement);
}

const char *domain_column(struct sqlite3_stmt *statement, int column)
{
    const char *name = sqlite3_column_name(statement, column);
    return name ? name : "";
}

enum err domain_index(const struct domain *domain)
{
    sqlite3_stmt *fields = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(
        domain, &fields,
        "SELECT printf('CREATE INDEX \"core_%%w_%%w\" ON \"%%w\"(\"%%w\")', f.kind, f.key, f.kind,"
        " f.key) FROM domain_field f WHERE f.type = 'ref' AND NOT EXISTS (SELECT 1"
        " FROM sqlite_schema s WHERE s.type = 'index' AND s.name = 'core_' || f.kind || '_' ||"
        " f.key)"));
    for (;;) {
        TRY(domain_step(fields, &row));
        if (!row)
            break;
        TRY(domain_run(domain, domain_text(fields, 0)));
    }
out:
    sqlite3_finalize(fields);
    return err;
}

enum err domain_word(const struct domain *domain, const char *path, const char *member,
                     struct buf *out)
{
    sqlite3_stmt *find = NULL;
    enum err err = ERR_OK;
    bool row;
    TRY(domain_prepare_own(domain, &find,
                           "SELECT text FROM domain_label WHERE path = :path || '.' || :member"
                           " ORDER BY lang = :lang DESC, lang = 'fr' DESC LIMIT 1"));
    domain_bind(find, ":path", path);
    domain_bind(find, ":member", member);
    domain_bind(find, ":lang", domain->lang);
    TRY(domain_step(find, &row));
    if (row)
        domain_put(out, domain_text(find, 0));
    err = out->err;
out:
    sqlite3_finalize(find);
    return err;
}

enum err domain_header(const struct domain *domain, struct buf *out)
{
    sqlite3_stmt *find = NULL, *header = NULL;
    enum err err = ERR_OK;
    bool row, first = true;
    TRY(domain_prepare_own(domain, &find, "SELECT header FROM domain_pack"));
    TRY(domain_step(find, &row));
    if (!row || sqlite3_column_type(find, 0) == SQLITE_NULL)
        goto out;
    TRY(domain_prepare(domain, &header, "%s", domain_text(find, 0)));
    TRY(domain_step(header, &row));
    for (int i = 0; row && i < sqlite3_column_count(header); i++) {
        if (!*domain_text(header, i))
            continue;
        domain_put(out, first ? "" : " · ");
        domain_put(out, domain_text(header, i));
        first = false;
    }
    err = out->err;
out:
    sqlite3_finalize(find);
    sqlite3_finalize(header);
    return err;
}

int64_t domain_setting(const struct domain *domain, const char *key, int64_t otherwise)
{
    sqlite3_stmt *find = NULL;
    bool row = false;
    if (domain_prepare_own(domain, &find,
                           "SELECT value FROM domain_setting WHERE key = :key AND"
                           " typeof(value) = 'integer'") == ERR_OK) {
        domain_bind(find, ":key", key);
        if (domain_step(find, &row) == ERR_OK && row)
            otherwise = sqlite3_column_int64(find, 0);
    }
    sqlite3_finalize(find);
    return otherwise;
}

void domain_title(const struct domain *domain, const char *record,
                  char out[static DOMAIN_TITLE_MAX])
{
    sqlite3_stmt *find = NULL;
    bool row = false;
    out[0] = 0;
    /* title() belongs to the view; a bare database of tests has none. */
    if (domain_prepare_own(domain, &find, "SELECT title(:id)") == ERR_OK) {
        domain_bind(find, ":id", record);
        if (domain_step(find, &row) == ERR_OK && row)
            snprintf(out, DOMAIN_TITLE_MAX, "%s", domain_text(find, 0));
    }
    sqlite3_finalize(find);
}

const struct pack_field *domain_field(const struct domain *domain, const char *path)
{
    char kind[PACK_KEY_MAX + 1];
    const char *dot = strchr(path, '.');
    if (!dot || (size_t)(dot - path) > PACK_KEY_MAX)
        return NULL;
    snprintf(kind, sizeof kind, "%.*s", (int)(dot - path), path);
    const struct pack_kind *found = pack_kind_by_key(domain->pack, kind);
    return found ? pack_field_by_key(found, dot + 1) : NULL;
}

static void put_option(const struct domain *domain, const struct pack_field *field, const char *key,
                       struct buf *out)
{
    const struct pack_option *option = pack_option_by_key(field, key);
    domain_put(out, option ? pack_label(&option->label, domain->lang) : key);
}

static void put_date(const struct domain *domain, const char *text, struct buf *out)
{
    int year, month, day, minute = 0;
    char shown[32], local[CIVIL_TEXT_LEN + 8];
    int64_t seconds;
    if (strlen(text) == 20 && pas_time_parse(text, &seconds)) { /* an instant of the log */
        civil_format(civil_paris(seconds, &minute), local);
        snprintf(local + strlen(local), 8, "T%02u:%02u", (unsigned)minute / 60 % 24,
                 (unsigned)minute % 60);
        text = local;
    }
    if (strcmp(domain->lang, "en") != 0 && sscanf(text, "%4d-%2d-%2d", &year, &month, &day) == 3) {
        snprintf(shown, sizeof shown, "%02d/%02d/%04d", day, month, year);
        domain_put(out, shown);
        text = strlen(text) > 10 ? text + 10 : "";
        if (*text == 'T') {
            domain_put(out, " ");
            text++;
        }
    }
    domain_put(out, text);
}

static void put_title(const struct domain *domain, const char *id, struct buf *out)
{
    char title[DOMAIN_TITLE_MAX];
    domain_title(domain, id, title);
    domain_put(out, title[0] ? title : id);
}

static enum err put_set(const struct domain *domain, const struct pack_field *field,
                        const char *stored, struct buf *out)
{
    sqlite3_stmt *items = NULL;
    enum err err = ERR_OK;
    bool row, first = true;
    TRY(domain_prepare_own(domain, &items, "SELECT value FROM json_each(:set)"));
    domain_bind(items, ":set", stored);
    for (;; first = false) {
        TRY(domain_step(items, &row));
        if (!row)
            break;
        if (!first)
            domain_put(out, ", ");
        if (field->of == PACK_REF)
            put_title(domain, domain_text(items, 0), out);
        else
            put_option(domain, field, domain_text(items, 0), out);
    }
out:
    sqlite3_finalize(items);
    return err;
}

/* Languages in which this program itself has a few words for sheets. */
static size_t language(const struct domain *domain)
{
    static const char *const known[] = {"fr", "en", "ro", "bg"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(domain->lang, known[i]) == 0)
            return i;
    }
    return 0;
}

static const char *const yes_no[][2] = {{"non", "oui"}, {"no", "yes"}, {"nu", "da"}, {"не", "да"}};

static void put_weekdays(const struct domain *domain, const char *digits, struct buf *out)
{
    static const char *const names[][7] = {{"lun", "mar", "mer", "jeu", "ven", "sam", "dim"},
                                           {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
                                           {"lu", "ma", "mi", "jo", "vi", "sâ", "du"},
                                           {"пн", "вт", "ср", "чт", "пт", "сб", "нд"}};
    for (bool first = true; *digits; digits++) {
        if (*digits < '1' || *digits > '7')
            continue;
        if (!first)
            domain_put(out, ", ");
        domain_put(out, names[language(domain)][*digits - '1']);
        first = false;
    }
}

enum err domain_shown(const struct domain *domain, const struct pack_field *field,
                      const char *stored, struct buf *out)
{
    if (!stored || !*stored)
        return out->err;
    switch (field ? field->type : PACK_TEXT) {
    case PACK_ENUM:
        put_option(domain, field, stored, out);
        break;
    case PACK_DATE:
    case PACK_DATETIME:
        put_date(domain, stored, out);
        break;
    case PACK_BOOL:
        domain_put(out, yes_no[language(domain)][*stored == '1']);
        break;
    case PACK_REF:
        put_title(domain, stored, out);
        break;
    case PACK_SET:
    case PACK_CHECKLIST:
        if (put_set(domain, field, stored, out) != ERR_OK)
            domain_put(out, stored);
        break;
    case PACK_WEEKDAYS:
        put_weekdays(domain, stored, out);
        break;
    default:
        domain_put(out, stored);
        break;
    }
    return out->err;
}

void domain_hash(char out[static DOMAIN_ID_MAX], const char *a, const char *b, const char *c)
{
    uint8_t hash[DOMAIN_ID_LEN];
    /* With their zeros, so that no two triples give the same bytes. */
    const struct digest_part parts[] = {{a, strlen(a) + 1}, {b, strlen(b) + 1}, {c, strlen(c) + 1}};
    digest_keyed(hash, sizeof hash, NULL, parts, 3);
    code_hex(out, hash, DOMAIN_ID_LEN / 2);
}
