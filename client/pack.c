/* SPDX-License-Identifier: Apache-2.0
 *
 * A document becomes tables in a database of its own (pack_sql.c), is checked there (pack_check.c),
 * and is then read back into structs (pack_read.c). The order matters: nothing is read before it was
 * checked, so the reading need not doubt it.
 */
#include "client/pack.h"

#include "client/pack_sql.h"
#include "client/text.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* Made from client/domain/mediation-emploi.json by client/domain/embed.cmake. */
extern const unsigned char pack_embedded[];
extern const size_t pack_embedded_len;

static const char *const type_words[] = {
#define TYPE_WORD(name, word, column) word,
    PACK_TYPE_TABLE(TYPE_WORD)
#undef TYPE_WORD
};

static const char *const type_columns[] = {
#define TYPE_COLUMN(name, word, column) column,
    PACK_TYPE_TABLE(TYPE_COLUMN)
#undef TYPE_COLUMN
};

static const char *const level_words[] = {"community", "organisation", "team", "restricted"};
/* Initial values must be ones that a person could have typed. */
static enum err check_initial(const struct pack *pack, struct pack_why *why)
{
    const struct pack_context context = {.has_today = true, .today = 20000};
    for (size_t i = 0; i < pack->kinds_n; i++) {
        for (size_t j = 0; j < pack->kinds[i].fields_n; j++) {
            const struct pack_field *field = &pack->kinds[i].fields[j];
            struct pack_value value;
            if (!field->initial)
                continue;
            enum err err = pack_value_check(field, field->initial, &context, &value, NULL);
            pack_value_fini(&value);
            if (err != ERR_OK)
                return pack_why_set(why, "kinds.%s.fields.%s.initial: does not fit the field",
                                    field->kind->key, field->key);
        }
    }
    return ERR_OK;
}

/* The braces of a title must name fields. */
static enum err check_titles(const struct pack *pack, struct pack_why *why)
{
    for (size_t i = 0; i < pack->kinds_n; i++) {
        const struct pack_kind *kind = &pack->kinds[i];
        for (const char *at = strchr(kind->title, '{'); at; at = strchr(at + 1, '{')) {
            char key[PACK_KEY_MAX + 1] = "";
            size_t len = strcspn(at + 1, "}");
            if (len <= PACK_KEY_MAX && at[1 + len] == '}')
                memcpy(key, at + 1, len);
            if (!pack_field_by_key(kind, key))
                return pack_why_set(why, "kinds.%s.title: unknown field '%s'", kind->key, key);
        }
    }
    return ERR_OK;
}

/* Whether the text is JSON of a format that we know, before anything is taken apart. */
static enum err check_format(sqlite3 *db, const char *json, size_t json_len, struct pack_why *why)
{
    enum err err = ERR_INTERNAL;
    sqlite3_stmt *row = NULL;
    if (!text_valid(json, json_len))
        return pack_why_set(why, "pack: not UTF-8");
    if (sqlite3_prepare_v2(db,
                           "SELECT CASE WHEN NOT json_valid(?1) THEN 'json' WHEN json_type(?1) <>"
                           " 'object' OR json_type(?1, '$.format') IS NOT 'integer' THEN 'form'"
                           " ELSE ?1->>'$.format' END",
                           -1, &row, NULL) != SQLITE_OK ||
        sqlite3_bind_text(row, 1, json, (int)json_len, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_step(row) != SQLITE_ROW)
        goto out;
    sqlite3_int64 format = sqlite3_column_int64(row, 0);
    if (sqlite3_column_type(row, 0) == SQLITE_TEXT)
        err = strcmp((const char *)sqlite3_column_text(row, 0), "json") == 0
                  ? pack_why_set(why, "pack: not well-formed JSON")
                  : pack_why_set(why, "format: must be a whole number");
    else if (format > PACK_FORMAT) {
        (void)pack_why_set(why, "format: %lld is newer than this program's %d; update it",
                           (long long)format, PACK_FORMAT);
        err = ERR_VERSION;
    } else
        err = format == PACK_FORMAT ? ERR_OK : pack_why_set(why, "format: unknown");
out:
    sqlite3_finalize(row);
    return err;
}

/* `trusted`: the document that was built in, which the tests check. */
static enum err parse(struct pack **out, const char *json, size_t json_len, bool trusted,
                      struct pack_why *why)
{
    enum err err = ERR_OK;
    void *arena = NULL;
    sqlite3 *db = NULL;
    *out = NULL;
    if (why)
        why->text[0] = '\0';
    if (json_len > PACK_JSON_MAX)
        return ERR_TOO_BIG;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(":memory:", &db, flags, NULL) != SQLITE_OK)
        TRY(ERR_MEMORY);
    TRY(check_format(db, json, json_len, why));
    err = pack_sql_fill(db, json, json_len);
    if (err == ERR_FORMAT)
        (void)pack_why_set(why, "pack: %s", sqlite3_errmsg(db));
    TRY(err);
    if (!trusted)
        TRY(pack_sql_check(db, why));

    struct pack *pack = pack_arena_take(&arena, sizeof *pack);
    char *copy = pack_arena_take(&arena, json_len + 1);
    if (!pack || !copy)
        TRY(ERR_MEMORY);
    memcpy(copy, json, json_len);
    pack->json = copy;
    pack->json_len = json_len;
    TRY(pack_read(db, &arena, pack));
    if (!trusted) {
        TRY(check_titles(pack, why));
        TRY(check_initial(pack, why));
        TRY(pack_sql_compile(db, pack, why));
    }
    pack->arena = arena;
    arena = NULL;
    *out = pack;
out:
    sqlite3_close(db);
    pack_arena_free(arena);
    return err;
}

enum err pack_parse(struct pack **out, const char *json, size_t json_len, struct pack_why *why)
{
    return parse(out, json, json_len, false, why);
}

enum err pack_default(struct pack **out)
{
    return parse(out, (const char *)pack_embedded, pack_embedded_len, true, NULL);
}

const char *pack_default_json(size_t *len)
{
    *len = pack_embedded_len;
    return (const char *)pack_embedded;
}

void pack_free(struct pack *pack)
{
    if (pack)
        pack_arena_free(pack->arena);
}

enum err pack_fill(const struct pack *pack, struct sqlite3 *db)
{
    enum err err = ERR_OK;
    TRY(pack_sql_run(db, "SAVEPOINT pack_fill"));
    err = pack_sql_fill(db, pack->json, pack->json_len);
    if (err != ERR_OK)
        (void)pack_sql_run(db, "ROLLBACK TO pack_fill");
    enum err released = pack_sql_run(db, "RELEASE pack_fill");
    if (err == ERR_OK)
        err = released;
out:
    return err;
}

/* A pack may come from another organisation: its SQL reads, and does nothing else. */
static int only_reads(void *user, int action, const char *a, const char *b, const char *database,
                      const char *trigger)
{
    (void)user;
    (void)a;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return strcmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

enum err pack_prepare(struct sqlite3 *db, const char *sql, struct sqlite3_stmt **out)
{
    const char *tail = "";
    *out = NULL;
    sqlite3_set_authorizer(db, only_reads, NULL);
    int rc = sqlite3_prepare_v2(db, sql, -1, out, &tail);
    sqlite3_set_authorizer(db, NULL, NULL);
    if (rc == SQLITE_NOMEM)
        return ERR_MEMORY;
    bool alone = tail[strspn(tail, " \n\t;")] == '\0';
    if (rc == SQLITE_OK && *out && alone && sqlite3_stmt_readonly(*out))
        return ERR_OK;
    sqlite3_finalize(*out);
    *out = NULL;
    return ERR_FORMAT;
}

enum err pack_table_sql(const struct pack_kind *kind, char *out, size_t out_max)
{
    size_t at = 0;
    int n = snprintf(out, out_max,
                     "CREATE TABLE %s(id TEXT PRIMARY KEY, code TEXT, space TEXT, dossier TEXT, "
                     "created_at INTEGER, author TEXT, mistake INTEGER NOT NULL DEFAULT 0",
                     kind->key);
    for (size_t i = 0; n >= 0 && (at += (size_t)n) < out_max && i < kind->fields_n; i++)
        n = snprintf(out + at, out_max - at, ", %s %s", kind->fields[i].key,
                     pack_type_column(kind->fields[i].type));
    if (at + 2 > out_max)
        return ERR_TOO_BIG;
    memcpy(out + at, ")", 2);
    return ERR_OK;
}

const struct pack_kind *pack_kind_by_key(const struct pack *pack, const char *key)
{
    for (size_t i = 0; i < pack->kinds_n; i++) {
        if (strcmp(pack->kinds[i].key, key) == 0)
            return &pack->kinds[i];
    }
    return NULL;
}

const struct pack_kind *pack_kind_by_number(const struct pack *pack, uint64_t number)
{
    for (size_t i = 0; i < pack->kinds_n; i++) {
        if (pack->kinds[i].number == number)
            return &pack->kinds[i];
    }
    return NULL;
}

const struct pack_field *pack_field_by_key(const struct pack_kind *kind, const char *key)
{
    for (size_t i = 0; i < kind->fields_n; i++) {
        const struct pack_field *field = &kind->fields[i];
        if (strcmp(field->key, key) == 0)
            return field;
        for (size_t j = 0; j < field->aliases_n; j++) {
            if (strcmp(field->aliases[j], key) == 0)
                return field;
        }
    }
    return NULL;
}

const struct pack_field *pack_field_by_number(const struct pack_kind *kind, uint64_t number)
{
    for (size_t i = 0; i < kind->fields_n; i++) {
        if (kind->fields[i].number == number)
            return &kind->fields[i];
    }
    return NULL;
}

const struct pack_option *pack_option_by_key(const struct pack_field *field, const char *key)
{
    for (size_t i = 0; i < field->options_n; i++) {
        if (strcmp(field->options[i].key, key) == 0)
            return &field->options[i];
    }
    return NULL;
}

const char *pack_label(const struct pack_labels *labels, const char *lang)
{
    for (size_t i = 0; lang && i < labels->n; i++) {
        if (strcmp(labels->list[i].lang, lang) == 0)
            return labels->list[i].text;
    }
    return labels->n > 0 ? labels->list[0].text : "";
}

const char *pack_level_word(enum pack_level level)
{
    assert(level <= PACK_RESTRICTED);
    return level_words[level];
}

const char *pack_type_word(enum pack_type type)
{
    assert(type < PACK_TYPES);
    return type_words[type];
}

const char *pack_type_column(enum pack_type type)
{
    assert(type < PACK_TYPES);
    return type_columns[type];
}

bool pack_level_from_word(const char *word, enum pack_level *out)
{
    for (size_t i = 0; i < sizeof level_words / sizeof level_words[0]; i++) {
        if (strcmp(word, level_words[i]) == 0) {
            *out = (enum pack_level)i;
            return true;
        }
    }
    return false;
}
