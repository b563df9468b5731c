/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes proto/dictionary_1.c: invents boxes of changes in the form that is compressed (PROTOCOL.md
 * 5.3), trains a zstd dictionary on most of them and measures it on the rest.
 *
 *   make_dictionary PACK.json dictionary_words.txt >proto/dictionary_1.c
 *
 * Kinds, field numbers and option keys come from the domain pack, everything that people write
 * from the word list. Three vocabularies must stay different: this one, the demo's, the
 * benchmark's. Dictionary 1 was made once and is part of the format: another training gives
 * another number, never a new content of 1.
 */
#define ZDICT_STATIC_LINKING_ONLY
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>
#include <zstd.h>

#include "proto/buf.h"
#include "proto/dictionary_1.h"
#include "proto/wire.h"

enum { LISTS_MAX = 200, FIELDS_MAX = 1000, KINDS_MAX = 100, BOXES = 12000, HELD_OUT = 10 };
enum { TEXT_MAX = 4000, LEVEL = 19, CHANGES_AT_ONCE = 200 };

static void die(const char *form, ...)
{
    va_list args;
    va_start(args, form);
    vfprintf(stderr, form, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

/* --- dice: the same boxes on every machine --- */

static uint64_t dice_state = 20250312;

static uint64_t dice(uint64_t n)
{
    dice_state += 0x9e3779b97f4a7c15u;
    uint64_t z = dice_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % n;
}

/* --- the word list --- */

struct list {
    char name[64];
    char **entries;
    size_t n;
};

static struct list lists[LISTS_MAX];
static size_t lists_n;

static const struct list *find_list(const char *name, size_t len)
{
    for (size_t i = 0; i < lists_n; i++) {
        if (strlen(lists[i].name) == len && memcmp(lists[i].name, name, len) == 0)
            return &lists[i];
    }
    return NULL;
}

static void add_entry(struct list *list, const char *text)
{
    list->entries = realloc(list->entries, (list->n + 1) * sizeof *list->entries);
    if (!list->entries || !(list->entries[list->n] = strdup(text)))
        die("out of memory");
    list->n++;
}

static void read_words(const char *path)
{
    char line[1000];
    FILE *file = fopen(path, "r");
    if (!file)
        die("cannot read %s", path);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (line[0] == '[') {
            if (lists_n == LISTS_MAX)
                die("too many lists");
            snprintf(lists[lists_n].name, sizeof lists->name, "%.*s", (int)strlen(line) - 2,
                     line + 1);
            lists_n++;
        } else if (lists_n > 0) {
            add_entry(&lists[lists_n - 1], line);
        }
    }
    fclose(file);
}

/* A text under construction. */
struct text {
    char bytes[TEXT_MAX];
    size_t len;
};

static void add(struct text *out, const char *bytes, size_t len)
{
    if (out->len + len >= TEXT_MAX)
        die("a text is too long");
    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
}

static void expand(struct text *out, const char *form, size_t len);

static void expand_name(struct text *out, const char *name, size_t len)
{
    char digits[8];
    if (len == 2 && memcmp(name, "d2", 2) == 0)
        snprintf(digits, sizeof digits, "%02u", (unsigned)(1 + dice(28)));
    else if (len == 1 && name[0] == 'n')
        snprintf(digits, sizeof digits, "%u", (unsigned)(2 + dice(58)));
    else if (len == 2 && memcmp(name, "an", 2) == 0)
        snprintf(digits, sizeof digits, "%u", (unsigned)(2012 + dice(14)));
    else
        digits[0] = '\0';
    if (digits[0]) {
        add(out, digits, strlen(digits));
        return;
    }
    const struct list *list = find_list(name, len);
    if (!list || list->n == 0)
        die("no list [%.*s]", (int)len, name);
    const char *entry = list->entries[dice(list->n)];
    expand(out, entry, strlen(entry));
}

static void expand_choice(struct text *out, const char *form, size_t len)
{
    size_t choices = 1;
    for (size_t i = 0; i < len; i++)
        choices += form[i] == '|';
    size_t skip = dice(choices);
    const char *end = form + len;
    for (; skip > 0; form++)
        skip -= *form == '|';
    const char *bar = memchr(form, '|', (size_t)(end - form));
    expand(out, form, (size_t)((bar ? bar : end) - form));
}

/* A choice needs a '|', so that ordinary brackets stay what they are. */
static void expand(struct text *out, const char *form, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char close = (char)(form[i] == '{' ? '}' : form[i] == '(' ? ')' : '\0');
        const char *end = close ? memchr(form + i, close, len - i) : NULL;
        size_t inner = end ? (size_t)(end - form) - i - 1 : 0;
        if (end && close == '}') {
            expand_name(out, form + i + 1, inner);
            i += inner + 1;
        } else if (end && memchr(form + i + 1, '|', inner)) {
            expand_choice(out, form + i + 1, inner);
            i += inner + 1;
        } else {
            add(out, form + i, 1);
        }
    }
}

/* --- the pack --- */

struct field {
    unsigned number;
    bool required;
    char key[64];
    char type[16];
    char of[16];
    char **options;
    size_t options_n;
};

struct kind {
    unsigned number;
    bool is_dossier;
    char key[64];
    struct field *fields;
    size_t n;
};

static struct kind kinds[KINDS_MAX];
static size_t kinds_n;
static struct field all_fields[FIELDS_MAX];
static size_t fields_n;

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        die("%s: %s", sql, sqlite3_errmsg(db));
    return st;
}

static void copy_text(char *out, size_t cap, sqlite3_stmt *st, int column)
{
    const unsigned char *text = sqlite3_column_text(st, column);
    snprintf(out, cap, "%s", text ? (const char *)text : "");
}

/* Options stand in the field, or by name ("@langue") among the pack's. */
static void read_options(sqlite3 *db, struct field *field, const char *kind)
{
    sqlite3_stmt *st = prepare(
        db, "WITH o(v) AS (SELECT json_extract(j, '$.kinds.' || ?1 || '.fields.' || ?2 || "
            "'.options') FROM pack) SELECT e.key FROM o, pack, json_each(CASE WHEN o.v LIKE '@%' "
            "THEN json_extract(j, '$.options.' || substr(o.v, 2)) ELSE o.v END) e");
    sqlite3_bind_text(st, 1, kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 2, field->key, -1, SQLITE_STATIC);
    while (sqlite3_step(st) == SQLITE_ROW) {
        struct list list = {.entries = field->options, .n = field->options_n};
        add_entry(&list, (const char *)sqlite3_column_text(st, 0));
        field->options = list.entries;
        field->options_n = list.n;
    }
    sqlite3_finalize(st);
}

static void read_fields(sqlite3 *db, struct kind *kind)
{
    sqlite3_stmt *st =
        prepare(db, "SELECT f.key, json_extract(f.value, '$.number'), json_extract(f.value, "
                    "'$.type'), json_extract(f.value, '$.of'), json_extract(f.value, "
                    "'$.required') FROM pack, json_each(j, '$.kinds.' || ?1 || '.fields') f");
    sqlite3_bind_text(st, 1, kind->key, -1, SQLITE_STATIC);
    kind->fields = &all_fields[fields_n];
    while (sqlite3_step(st) == SQLITE_ROW) {
        if (fields_n == FIELDS_MAX)
            die("too many fields");
        struct field *field = &all_fields[fields_n++];
        copy_text(field->key, sizeof field->key, st, 0);
        field->number = (unsigned)sqlite3_column_int(st, 1);
        copy_text(field->type, sizeof field->type, st, 2);
        copy_text(field->of, sizeof field->of, st, 3);
        field->required = sqlite3_column_int(st, 4) != 0;
        read_options(db, field, kind->key);
        kind->n++;
    }
    sqlite3_finalize(st);
}

static void read_pack(const char *path)
{
    static char json[1 << 20];
    sqlite3 *db = NULL;
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(json, 1, sizeof json, file) : 0;
    if (len == 0 || len == sizeof json || sqlite3_open(":memory:", &db) != SQLITE_OK)
        die("cannot read %s", path);
    fclose(file);
    sqlite3_exec(db, "CREATE TABLE pack(j)", NULL, NULL, NULL);
    sqlite3_stmt *st = prepare(db, "INSERT INTO pack VALUES(?)");
    sqlite3_bind_text(st, 1, json, (int)len, SQLITE_STATIC);
    sqlite3_step(st);
    sqlite3_finalize(st);
    st = prepare(db, "SELECT k.key, json_extract(k.value, '$.number'), json_extract(k.value, "
                     "'$.dossier') = 'self' FROM pack, json_each(j, '$.kinds') k");
    while (sqlite3_step(st) == SQLITE_ROW && kinds_n < KINDS_MAX) {
        struct kind *kind = &kinds[kinds_n++];
        copy_text(kind->key, sizeof kind->key, st, 0);
        kind->number = (unsigned)sqlite3_column_int(st, 1);
        kind->is_dossier = sqlite3_column_int(st, 2) != 0;
        read_fields(db, kind);
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
    if (kinds_n == 0)
        die("%s: no kinds", path);
}

/* --- boxes --- */

static void put_reference(struct buf *out)
{
    static const size_t lens[] = {8, 16, 24};
    uint8_t id[24];
    for (size_t i = 0; i < sizeof id; i++)
        id[i] = (uint8_t)dice(256);
    wire_put_bin(out, id, lens[dice(3)]);
}

static void put_words(struct buf *out, const struct kind *kind, const struct field *field)
{
    struct text text = {.len = 0};
    char names[3][140];
    snprintf(names[0], sizeof names[0], "%s.%s", kind->key, field->key);
    snprintf(names[1], sizeof names[1], "%s", field->key);
    snprintf(names[2], sizeof names[2], "%s", field->type);
    for (size_t i = 0; i < 3; i++) {
        if (!find_list(names[i], strlen(names[i])))
            continue;
        expand_name(&text, names[i], strlen(names[i]));
        wire_put_str(out, text.bytes, text.len);
        return;
    }
    expand_name(&text, "texte", 5);
    wire_put_str(out, text.bytes, text.len);
}

static bool is_type(const char *type, const char *word)
{
    return strcmp(type, word) == 0;
}

static void put_scalar(struct buf *out, const struct kind *kind, const struct field *field,
                       const char *type)
{
    char text[40] = "";
    if (is_type(type, "date") || is_type(type, "datetime")) {
        snprintf(text, sizeof text, "202%u-%02u-%02u", (unsigned)(4 + dice(4)),
                 (unsigned)(1 + dice(12)), (unsigned)(1 + dice(28)));
        if (is_type(type, "datetime"))
            snprintf(text + 10, sizeof text - 10, "T%02u:%02u", (unsigned)(8 + dice(10)),
                     (unsigned)(15 * dice(4)));
    } else if (is_type(type, "decimal")) {
        snprintf(text, sizeof text, "%u%s", (unsigned)(15 + dice(24)), dice(2) ? "" : ".5");
    } else if (is_type(type, "weekdays")) {
        snprintf(text, sizeof text, "%s", dice(4) ? "12345" : "23456");
    } else if (field->options_n > 0 && !is_type(type, "text")) {
        snprintf(text, sizeof text, "%s", field->options[dice(field->options_n)]);
    }
    if (text[0])
        wire_put_str(out, text, strlen(text));
    else if (is_type(type, "int"))
        wire_put_uint(out, is_type(field->key, "annee_naissance") ? 1955 + dice(55) : dice(120));
    else if (is_type(type, "bool"))
        wire_put_bool(out, dice(3) != 0);
    else if (is_type(type, "ref"))
        put_reference(out);
    else
        put_words(out, kind, field);
}

static void put_value(struct buf *out, const struct kind *kind, const struct field *field)
{
    if (dice(40) == 0) {
        wire_put_nil(out);
    } else if (is_type(field->type, "set") || is_type(field->type, "checklist")) {
        wire_put_array(out, 2);
        wire_put_uint(out, dice(8) != 0);
        put_scalar(out, kind, field, field->of[0] ? field->of : "enum");
    } else {
        put_scalar(out, kind, field, field->type);
    }
}

static uint64_t some_base(void)
{
    uint64_t die_roll = dice(10);
    return die_roll < 6 ? 0 : die_roll < 9 ? dice(40) : dice(3000);
}

struct box {
    struct buf changes;
    size_t changes_n;
    size_t records;
};

static void put_change(struct box *box, uint64_t base, size_t record, unsigned field)
{
    wire_put_uint(&box->changes, base);
    wire_put_uint(&box->changes, record);
    wire_put_uint(&box->changes, field);
    box->changes_n++;
}

/* A new record: its kind, what is required, and some of the rest. */
static void put_new(struct box *box, const struct kind *kind)
{
    size_t record = kind->is_dossier ? 0 : ++box->records;
    uint64_t base = some_base();
    put_change(box, base, record, 0);
    wire_put_uint(&box->changes, kind->number);
    for (size_t i = 0; i < kind->n; i++) {
        if (!kind->fields[i].required && dice(100) >= 40)
            continue;
        put_change(box, base, record, kind->fields[i].number);
        put_value(&box->changes, kind, &kind->fields[i]);
    }
}

/* Some fields of records that exist. */
static void put_edits(struct box *box, const struct kind *kind)
{
    size_t n = 1 + dice(5);
    size_t record = kind->is_dossier ? 0 : ++box->records;
    uint64_t base = some_base();
    for (size_t i = 0; i < n; i++) {
        const struct field *field = &kind->fields[dice(kind->n)];
        put_change(box, base, record, field->number);
        put_value(&box->changes, kind, field);
        if (!kind->is_dossier && dice(4) == 0)
            record = ++box->records;
    }
}

static void make_box(struct buf *out)
{
    struct box box = {.changes = {.max = 1 << 20}};
    size_t parts = 1 + dice(3);
    for (size_t i = 0; i < parts && box.changes_n < CHANGES_AT_ONCE; i++) {
        const struct kind *kind = &kinds[dice(kinds_n)];
        if (dice(2))
            put_new(&box, kind);
        else
            put_edits(&box, kind);
    }
    wire_put_array(out, 2);
    wire_put_array(out, box.records);
    for (size_t i = 0; i < box.records; i++) {
        uint8_t id[8];
        for (size_t j = 0; j < sizeof id; j++)
            id[j] = (uint8_t)dice(256);
        wire_put_bin(out, id, sizeof id);
    }
    wire_put_array(out, 4 * box.changes_n);
    buf_put(out, box.changes.bytes, box.changes.len);
    if (box.changes.err || out->err)
        die("a box failed");
    buf_free(&box.changes);
}

/* --- training --- */

/* Short segments: words and turns of phrase, not whole sentences of the word list. On texts that
 * trained nothing all of d = 6..8, k = 16..170 came out within 2 %. */
static size_t trained(uint8_t *dict, const struct buf *samples, const size_t *lens, unsigned n)
{
    const ZDICT_cover_params_t params = {
        .d = 6, .k = 40, .splitPoint = 1.0, .zParams = {.compressionLevel = LEVEL, .dictID = 1}};
    size_t len =
        ZDICT_trainFromBuffer_cover(dict, DICTIONARY_1_LEN, samples->bytes, lens, n, params);
    if (ZDICT_isError(len))
        die("training: %s", ZDICT_getErrorName(len));
    return len;
}

static size_t compressed_len(const uint8_t *bytes, size_t len, const uint8_t *dict, size_t dict_len)
{
    static uint8_t out[1 << 20];
    static ZSTD_CCtx *ctx;
    if (!ctx && !(ctx = ZSTD_createCCtx()))
        die("out of memory");
    return ZSTD_compress_usingDict(ctx, out, sizeof out, bytes, len, dict, dict_len, LEVEL);
}

static void print_source(const uint8_t *dict)
{
    printf("/* SPDX-License-Identifier: Apache-2.0\n *\n * Made by tests/tools/make_dictionary.c; "
           "part of the format, never changed. */\n#include \"proto/dictionary_1.h\"\n\n"
           "/* clang-format off */\nconst uint8_t dictionary_1_bytes[DICTIONARY_1_LEN] = {");
    for (size_t i = 0; i < DICTIONARY_1_LEN; i++)
        printf("%s0x%02x,", i % 16 ? " " : "\n    ", dict[i]);
    printf("\n};\n");
}

int main(int argc, char **argv)
{
    static size_t lens[BOXES];
    static uint8_t dict[DICTIONARY_1_LEN];
    struct buf samples = {.max = 64 << 20};
    size_t plain = 0;
    size_t packed = 0;
    size_t without = 0;
    if (argc != 3)
        die("usage: make_dictionary PACK.json WORDS.txt");
    read_pack(argv[1]);
    read_words(argv[2]);
    for (size_t i = 0; i < BOXES; i++) {
        size_t before = samples.len;
        make_box(&samples);
        lens[i] = samples.len - before;
    }
    unsigned train = BOXES - BOXES / HELD_OUT;
    size_t dict_len = trained(dict, &samples, lens, train);
    if (dict_len != DICTIONARY_1_LEN)
        die("the dictionary is %zu bytes, not %u", dict_len, (unsigned)DICTIONARY_1_LEN);

    const uint8_t *at = samples.bytes;
    for (size_t i = 0; i < BOXES; at += lens[i++]) {
        if (i < train)
            continue;
        plain += lens[i];
        packed += compressed_len(at, lens[i], dict, dict_len);
        without += compressed_len(at, lens[i], NULL, 0);
    }
    fprintf(stderr, "%u boxes held out: %zu bytes, %zu without, %zu with the dictionary\n",
            (unsigned)(BOXES / HELD_OUT), plain, without, packed);
    print_source(dict);
    buf_free(&samples);
    return 0;
}
