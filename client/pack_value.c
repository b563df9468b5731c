/* SPDX-License-Identifier: Apache-2.0
 *
 * Values as people type them, as they are kept, and back; sets; hints. A typed value that came from
 * elsewhere fits if reading its text (pack_scan.c) gives the same text again.
 */
#include "client/pack.h"

#include "client/pack_scan.h"
#include "client/text.h"
#include "proto/digest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pack_context no_context;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void wipe_text(char *text)
{
    if (text)
        digest_wipe(text, strlen(text));
    free(text);
}

/* Puts an item at its place in the sorted list; takes it. One that is there already is dropped. */
static enum err add_item(struct pack_value *out, char *item)
{
    size_t at = out->items_n;
    while (at > 0 && strcmp(out->items[at - 1], item) > 0)
        at--;
    if (at > 0 && strcmp(out->items[at - 1], item) == 0) {
        wipe_text(item);
        return ERR_OK;
    }
    char **more = out->items_n < PACK_ITEMS_MAX
                      ? realloc(out->items, (out->items_n + 1) * sizeof *more)
                      : NULL;
    if (!more) {
        wipe_text(item);
        return out->items_n < PACK_ITEMS_MAX ? ERR_MEMORY : ERR_TOO_BIG;
    }
    out->items = more;
    memmove(more + at + 1, more + at, (out->items_n - at) * sizeof *more);
    more[at] = item;
    out->items_n++;
    return ERR_OK;
}

/* The text without the blanks around it; given to the caller. */
static char *trimmed(const char *text, size_t len)
{
    while (len > 0 && is_blank(*text))
        text++, len--;
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    char *copy = malloc(len + 1);
    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

/* Items are separated by commas; items that are free texts by semicolons, if there is one. */
static enum err read_set(const struct pack_scan *scan, const char *text, struct pack_value *out)
{
    enum err err = ERR_OK;
    const struct pack_field *field = scan->field;
    enum pack_type of = field->type == PACK_CHECKLIST ? PACK_ENUM : field->of;
    char separator = of == PACK_TEXT && strchr(text, ';') ? ';' : ',';
    size_t signs[3] = {0};
    out->type = PACK_VALUE_SET;
    out->items_are_refs = of == PACK_REF;
    for (const char *at = text; at;) {
        const char *end = strchr(at, separator);
        struct pack_value item = {0};
        char *piece = trimmed(at, end ? (size_t)(end - at) : strlen(at));
        if (!piece)
            return ERR_MEMORY;
        at = end ? end + 1 : NULL;
        char *word = piece;
        enum pack_set_mode mode = *word == '+'   ? PACK_SET_ADD
                                  : *word == '-' ? PACK_SET_REMOVE
                                                 : PACK_SET_IS;
        word += mode != PACK_SET_IS;
        err = *word ? pack_scan_one(scan, of, word, &item) : ERR_OK;
        if (*word && err == ERR_OK) {
            signs[mode]++;
            out->mode = mode;
            err = add_item(out, item.text);
            item.text = NULL;
        }
        wipe_text(piece);
        pack_value_fini(&item);
        if (err != ERR_OK)
            return err;
    }
    if ((signs[0] > 0) + (signs[1] > 0) + (signs[2] > 0) > 1)
        return pack_scan_refuse(scan, "soit a,b soit +a,+b soit -a,-b",
                                "either a,b or +a,+b or -a,-b");
    return ERR_OK;
}

enum err pack_value_check(const struct pack_field *field, const char *text,
                          const struct pack_context *context, struct pack_value *out,
                          struct pack_why *why)
{
    const struct pack_scan scan = {field, context ? context : &no_context, why};
    *out = (struct pack_value){0};
    if (why)
        why->text[0] = '\0';
    char *clean = trimmed(text, strlen(text));
    if (!clean)
        return ERR_MEMORY;
    enum err err = ERR_OK;
    if (field->type == PACK_SET || field->type == PACK_CHECKLIST)
        err = read_set(&scan, clean, out);
    else if (*clean)
        err = pack_scan_one(&scan, field->type, clean, out);
    wipe_text(clean);
    if (err != ERR_OK)
        pack_value_fini(out);
    return err;
}

/* Whether a text is what its reader would make of it. */
static bool is_canonical(const struct pack_field *field, enum pack_type type, const char *text,
                         size_t len)
{
    if (!text || strlen(text) != len || len == 0)
        return false;
    /* A newer pack may know options that this one does not. */
    if (type == PACK_ENUM)
        return len <= PACK_TEXT_MAX && text_valid(text, len) && text_printable(text, len, false);
    const struct pack_scan scan = {field, &no_context, NULL};
    struct pack_value again = {0};
    char *clean = trimmed(text, len);
    bool same = clean && pack_scan_one(&scan, type, clean, &again) == ERR_OK && again.text &&
                strcmp(again.text, text) == 0;
    wipe_text(clean);
    pack_value_fini(&again);
    return same;
}

bool pack_value_fits(const struct pack_field *field, const struct pack_value *value)
{
    bool is_set = field->type == PACK_SET || field->type == PACK_CHECKLIST;
    enum pack_type of = field->type == PACK_CHECKLIST ? PACK_ENUM : field->of;
    switch (value->type) {
    case PACK_VALUE_NIL:
        return true;
    case PACK_VALUE_BOOL:
        return field->type == PACK_BOOL;
    case PACK_VALUE_INT:
        return field->type == PACK_INT && pack_scan_in_bounds(field, value->integer);
    case PACK_VALUE_TEXT:
        return !is_set && field->type != PACK_REF && field->type != PACK_BOOL &&
               field->type != PACK_INT &&
               is_canonical(field, field->type, value->text, value->text_len);
    case PACK_VALUE_REF:
        return field->type == PACK_REF && value->text && strlen(value->text) == value->text_len &&
               pack_scan_is_ref(value->text, value->text_len);
    case PACK_VALUE_SET:
        break;
    }
    if (!is_set || value->items_n > PACK_ITEMS_MAX || value->items_are_refs != (of == PACK_REF))
        return false;
    for (size_t i = 0; i < value->items_n; i++) {
        if (!is_canonical(field, of, value->items[i], strlen(value->items[i])))
            return false;
    }
    return true;
}

/* The end of a text that is being written; the first `max` bytes exist. */
struct line {
    char *out;
    size_t max, at;
};

static void put(struct line *line, const char *text)
{
    size_t len = strlen(text);
    if (line->at + len < line->max)
        memcpy(line->out + line->at, text, len + 1);
    line->at += len;
}

static const char *shown(const struct pack_field *field, const char *key, const char *lang)
{
    const struct pack_option *option = lang ? pack_option_by_key(field, key) : NULL;
    return option ? pack_label(&option->label, lang) : key;
}

static const char *yes_or_no(bool value, const char *lang)
{
    if (lang && strcmp(lang, "en") == 0)
        return value ? "yes" : "no";
    if (lang && strcmp(lang, "ro") == 0)
        return value ? "da" : "nu";
    if (lang && strcmp(lang, "bg") == 0)
        return value ? "да" : "не";
    return value ? "oui" : "non";
}

enum err pack_value_text(const struct pack_field *field, const struct pack_value *value,
                         const char *lang, char *out, size_t out_max)
{
    char number[24];
    struct line line = {out, out_max, 0};
    assert(out_max > 0);
    out[0] = '\0';
    switch (value->type) {
    case PACK_VALUE_NIL:
        break;
    case PACK_VALUE_BOOL:
        put(&line, yes_or_no(value->boolean, lang));
        break;
    case PACK_VALUE_INT:
        snprintf(number, sizeof number, "%" PRId64, value->integer);
        put(&line, number);
        break;
    case PACK_VALUE_TEXT:
    case PACK_VALUE_REF:
        put(&line, field->type == PACK_ENUM ? shown(field, value->text, lang) : value->text);
        break;
    case PACK_VALUE_SET:
        for (size_t i = 0; i < value->items_n; i++) {
            const char *sign = value->mode == PACK_SET_ADD      ? "+"
                               : value->mode == PACK_SET_REMOVE ? "-"
                                                                : "";
            /* Free texts may hold commas, so they are always told apart by semicolons. */
            if (i > 0)
                put(&line, lang ? ", " : field->of == PACK_TEXT ? ";" : ",");
            put(&line, sign);
            put(&line, shown(field, value->items[i], lang));
        }
        if (!lang && field->of == PACK_TEXT && value->items_n == 1)
            put(&line, ";");
        break;
    }
    if (line.at < out_max)
        return ERR_OK;
    out[0] = '\0';
    return ERR_TOO_BIG;
}

void pack_value_fini(struct pack_value *value)
{
    wipe_text(value->text);
    for (size_t i = 0; i < value->items_n; i++)
        wipe_text(value->items[i]);
    free(value->items);
    *value = (struct pack_value){0};
}

/* Whether a folded text holds a folded word; "word*" stands for its beginnings. */
static bool holds_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    bool open = len > 0 && word[len - 1] == '*';
    len -= open;
    for (const char *at = text; len > 0 && at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, word, len) == 0 && (open || at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

const char *pack_hint(const struct pack *pack, const char *text, const char *lang)
{
    size_t len = strlen(text);
    char *folded = malloc(TEXT_FOLD_MAX(len));
    const char *found = NULL;
    if (!folded)
        return NULL; /* it is but a hint */
    text_fold(folded, TEXT_FOLD_MAX(len), text, len);
    for (size_t i = 0; i < pack->hints_n && !found; i++) {
        if (holds_word(folded, pack->hints[i].word))
            found = pack_label(&pack->hints[i].label, lang);
    }
    wipe_text(folded);
    return found;
}
