/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the cases of msgpack-test-suite (a JSON file, the only argument): msgpack-c must decode each
 * form to the value that stands beside it; wire_check must accept exactly one form of each value
 * that is made of our types, the shortest, and no form of any other value.
 */
#include <inttypes.h>
#include <math.h>
#include <msgpack.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/code.h"
#include "proto/wire.h"

enum { FORM_MAX = 1000, DEPTH = 8, ITEMS = 1000 };

static sqlite3 *db;

static void die(const char *form, ...)
{
    va_list args;
    va_start(args, form);
    vprintf(form, args);
    va_end(args);
    putchar('\n');
    exit(1);
}

/* One query over a JSON text; it is run again for each answer. */
static sqlite3_stmt *query(const char *sql, const char *json)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        die("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_bind_text(st, 1, json, -1, SQLITE_TRANSIENT);
    return st;
}

static const char *text_of(sqlite3_stmt *st, int column)
{
    const char *text = (const char *)sqlite3_column_text(st, column);
    return text ? text : "";
}

/* "c4-01-ff" */
static size_t get_form(uint8_t out[static FORM_MAX], const char *text)
{
    char digits[2 * FORM_MAX];
    size_t n = 0;
    for (; *text && n < sizeof digits; text++) {
        if (*text != '-')
            digits[n++] = *text;
    }
    if (*text || code_unhex(out, n / 2, digits, n) != ERR_OK)
        die("no bytes: %s", text);
    return n / 2;
}

/* msgpack-c gives NULL for what is empty. */
static bool is_equal(const void *a, const void *b, size_t len)
{
    return len == 0 || memcmp(a, b, len) == 0;
}

static bool same_bytes(const char *hex, const char *bytes, size_t len)
{
    uint8_t expected[FORM_MAX];
    return get_form(expected, hex) == len && is_equal(expected, bytes, len);
}

static bool same_number(const char *text, const msgpack_object *o)
{
    switch (o->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return strchr(text, '.') == NULL && strtoull(text, NULL, 10) == o->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return strchr(text, '.') == NULL && strtoll(text, NULL, 10) == o->via.i64;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return fabs(strtod(text, NULL) - o->via.f64) <= 0.0;
    default:
        return false;
    }
}

static bool same_json(const char *json, const char *type, const msgpack_object *o);

static bool same_array(const char *json, const msgpack_object *o)
{
    sqlite3_stmt *st = query("SELECT key, ?1 -> fullkey, type FROM json_each(?1)", json);
    uint32_t n = 0;
    bool same = o->type == MSGPACK_OBJECT_ARRAY;
    for (; same && sqlite3_step(st) == SQLITE_ROW; n++)
        same = n < o->via.array.size &&
               same_json(text_of(st, 1), text_of(st, 2), &o->via.array.ptr[n]);
    sqlite3_finalize(st);
    return same && n == o->via.array.size;
}

static bool same_map(const char *json, const msgpack_object *o)
{
    sqlite3_stmt *st = query("SELECT key, ?1 -> fullkey, type FROM json_each(?1)", json);
    uint32_t n = 0;
    bool same = o->type == MSGPACK_OBJECT_MAP;
    for (; same && sqlite3_step(st) == SQLITE_ROW; n++) {
        const msgpack_object_kv *pair = n < o->via.map.size ? &o->via.map.ptr[n] : NULL;
        const char *key = text_of(st, 0);
        same = pair && pair->key.type == MSGPACK_OBJECT_STR &&
               pair->key.via.str.size == strlen(key) &&
               is_equal(pair->key.via.str.ptr, key, strlen(key)) &&
               same_json(text_of(st, 1), text_of(st, 2), &pair->val);
    }
    sqlite3_finalize(st);
    return same && n == o->via.map.size;
}

static bool same_string(const char *json, const msgpack_object *o)
{
    sqlite3_stmt *st = query("SELECT ?1 ->> '$'", json);
    bool same = sqlite3_step(st) == SQLITE_ROW && o->type == MSGPACK_OBJECT_STR &&
                strlen(text_of(st, 0)) == o->via.str.size &&
                is_equal(text_of(st, 0), o->via.str.ptr, o->via.str.size);
    sqlite3_finalize(st);
    return same;
}

static bool same_json(const char *json, const char *type, const msgpack_object *o)
{
    if (strcmp(type, "null") == 0)
        return o->type == MSGPACK_OBJECT_NIL;
    if (strcmp(type, "true") == 0 || strcmp(type, "false") == 0)
        return o->type == MSGPACK_OBJECT_BOOLEAN && o->via.boolean == (type[0] == 't');
    if (strcmp(type, "integer") == 0 || strcmp(type, "real") == 0)
        return same_number(json, o);
    if (strcmp(type, "text") == 0)
        return same_string(json, o);
    return strcmp(type, "array") == 0 ? same_array(json, o) : same_map(json, o);
}

static bool same_timestamp(const char *json, const msgpack_object *o)
{
    msgpack_timestamp t;
    sqlite3_stmt *st = query("SELECT ?1 ->> 0, ?1 ->> 1", json);
    bool same = sqlite3_step(st) == SQLITE_ROW && msgpack_object_to_timestamp(o, &t) &&
                t.tv_sec == sqlite3_column_int64(st, 0) &&
                t.tv_nsec == (uint32_t)sqlite3_column_int64(st, 1);
    sqlite3_finalize(st);
    return same;
}

static bool same_ext(const char *json, const msgpack_object *o)
{
    sqlite3_stmt *st = query("SELECT ?1 ->> 0, ?1 ->> 1", json);
    bool same = sqlite3_step(st) == SQLITE_ROW && o->type == MSGPACK_OBJECT_EXT &&
                o->via.ext.type == sqlite3_column_int(st, 0) &&
                same_bytes(text_of(st, 1), o->via.ext.ptr, o->via.ext.size);
    sqlite3_finalize(st);
    return same;
}

/* A value as the suite writes it: what kind it is, and its JSON. */
struct value {
    const char *kind; /* nil, bool, binary, number, bignum, string, array, map, timestamp, ext */
    const char *json;
    const char *type; /* SQLite's word for the JSON type */
    const char *text; /* of a string, its content */
};

static bool is(const struct value *v, const char *kind)
{
    return strcmp(v->kind, kind) == 0;
}

static bool same_value(const struct value *v, const msgpack_object *o)
{
    if (is(v, "binary"))
        return o->type == MSGPACK_OBJECT_BIN &&
               same_bytes(v->text, o->via.bin.ptr, o->via.bin.size);
    if (is(v, "bignum"))
        return same_number(v->text, o);
    if (is(v, "timestamp"))
        return same_timestamp(v->json, o);
    if (is(v, "ext"))
        return same_ext(v->json, o);
    return same_json(v->json, v->type, o);
}

/* Our types: no map, float, extension. An integer beyond 64 bits has no other form than a float. */
static bool is_ours(const struct value *v)
{
    if (is(v, "timestamp") || is(v, "ext") || strchr(v->json, '{'))
        return false;
    return strcmp(v->type, "real") != 0 || is(v, "bignum");
}

/* Signed forms of what is not negative and floats are never ours, however short. */
static bool may_be_ours(const uint8_t *form, bool is_number, bool is_negative)
{
    if (!is_number)
        return true;
    if (form[0] == 0xca || form[0] == 0xcb)
        return false;
    return is_negative || form[0] < 0xd0 || form[0] > 0xd3;
}

struct count {
    size_t values, forms, accepted;
};

static void check_value(const struct value *v, const char *forms_json, struct count *count)
{
    size_t shortest = FORM_MAX;
    size_t accepted = 0;
    size_t accepted_len = 0;
    bool is_number = is(v, "number") || is(v, "bignum");
    bool is_negative = v->text[0] == '-';
    sqlite3_stmt *st = query("SELECT value FROM json_each(?1)", forms_json);
    while (sqlite3_step(st) == SQLITE_ROW) {
        uint8_t form[FORM_MAX];
        size_t len = get_form(form, text_of(st, 0));
        size_t used = 0;
        msgpack_unpacked unpacked;
        msgpack_unpacked_init(&unpacked);
        if (msgpack_unpack_next(&unpacked, (const char *)form, len, &used) !=
                MSGPACK_UNPACK_SUCCESS ||
            used != len || !same_value(v, &unpacked.data))
            die("msgpack-c reads %s not as %s %s", text_of(st, 0), v->kind, v->json);
        msgpack_unpacked_destroy(&unpacked);
        if (may_be_ours(form, is_number, is_negative) && len < shortest)
            shortest = len;
        if (wire_check(form, len, DEPTH, ITEMS) == ERR_OK) {
            accepted++;
            accepted_len = len;
        }
        count->forms++;
    }
    sqlite3_finalize(st);
    if (!is_ours(v) && accepted > 0)
        die("%s %s is accepted", v->kind, v->json);
    bool has_form = is_ours(v) && shortest < FORM_MAX;
    if (has_form && (accepted != 1 || accepted_len != shortest))
        die("%s %s: %zu forms are accepted, %zu bytes; the shortest has %zu", v->kind, v->json,
            accepted, accepted_len, shortest);
    count->accepted += accepted;
    count->values++;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    enum { MOST = 1 << 20 };
    char *text = malloc(MOST);
    size_t len = file && text ? fread(text, 1, MOST - 1, file) : 0;
    if (len == 0)
        die("cannot read %s", path);
    text[len] = '\0';
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    /* Each case is an object: forms in "msgpack", the value under its kind, a bignum before the
     * number that a JSON reader may have rounded. */
    static const char sql[] =
        "SELECT v.key, c.value -> v.key, v.type, v.atom, c.value -> 'msgpack' "
        "FROM json_each(?1) f, json_each(f.value) c, json_each(c.value) v "
        "WHERE v.key <> 'msgpack' "
        "AND NOT (v.key = 'number' AND c.value -> 'bignum' IS NOT NULL) ORDER BY f.id, c.id";
    struct count count = {0};
    if (argc != 2 || sqlite3_open(":memory:", &db) != SQLITE_OK)
        die("usage: msgpack_suite FILE.json");
    char *json = read_file(argv[1]);
    sqlite3_stmt *st = query(sql, json);
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct value v = {text_of(st, 0), text_of(st, 1), text_of(st, 2), text_of(st, 3)};
        check_value(&v, text_of(st, 4), &count);
    }
    if (rc != SQLITE_DONE)
        die("%s", sqlite3_errmsg(db));
    sqlite3_finalize(st);
    sqlite3_close(db);
    free(json);
    printf("%zu values in %zu forms, %zu accepted\n", count.values, count.forms, count.accepted);
    /* Of version 1.0.0, which package.json names. */
    if (count.values != 85 || count.forms != 233 || count.accepted != 51)
        die("that is not what the suite has");
    return 0;
}
