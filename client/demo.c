/* SPDX-License-Identifier: Apache-2.0
 *
 * The recipe is read line by line into lists and rules; rules are then carried out depth first. A frame holds the record
 * that is being made and what was said of it, so that the lines below may refer to it.
 */
#include "client/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/civil.h"
#include "client/pas_domain_inside.h"

enum {
    LISTS_MAX = 64,
    RULES_MAX = 96,
    DEPTH_MAX = 4,
    FIELDS_MAX = 24,
    TEXT_MAX = 512,
    NESTING_MAX = 8
};

extern const unsigned char demo_embedded[];
extern const size_t demo_embedded_len;

const char *demo_recipe(size_t *len)
{
    *len = demo_embedded_len;
    return (const char *)demo_embedded;
}

struct list {
    const char *name;
    const char **words;
    size_t n;
};

struct rule {
    size_t depth, line;
    int least, most, percent, per; /* per > 0: `least` for each `per` people */
    const char *kind, *name, *fields;
};

/* Records that have a name, for @NAME without one above. */
struct made {
    const char *name;
    char (*ids)[PACK_REF_MAX];
    size_t n, cap;
};

struct frame {
    const char *name;
    char id[PACK_REF_MAX];
    struct pas_pair pairs[FIELDS_MAX];
    char keys[FIELDS_MAX][PACK_KEY_MAX + 1], texts[FIELDS_MAX][TEXT_MAX];
    size_t n;
};

struct demo {
    struct pas *pas;
    const struct pas_edit *edit;
    char *text; /* of the recipe, cut in place */
    struct list lists[LISTS_MAX];
    size_t lists_n;
    struct rule rules[RULES_MAX];
    size_t rules_n;
    struct made made[RULES_MAX];
    size_t made_n;
    struct frame frames[DEPTH_MAX];
    uint64_t seed;
    int32_t today;
    size_t people, count, nesting;
    bool late; /* a {past} day is still to come: no record */
    char wrong[64];
};

/* xorshift64*: not for secrets. */
static size_t dice(struct demo *demo, size_t n)
{
    demo->seed ^= demo->seed >> 12;
    demo->seed ^= demo->seed << 25;
    demo->seed ^= demo->seed >> 27;
    return (size_t)((demo->seed * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

static enum err wrong(struct demo *demo, const char *what)
{
    if (!demo->wrong[0])
        snprintf(demo->wrong, sizeof demo->wrong, "%.*s", (int)sizeof demo->wrong - 1, what);
    return ERR_FORMAT;
}

/* --- reading the recipe --- */

static enum err read_count(struct demo *demo, char *text, struct rule *rule)
{
    char *end = NULL;
    rule->percent = 100;
    rule->least = rule->most = (int)strtol(text, &end, 10);
    if (*end == '%') {
        rule->percent = rule->least;
        rule->least = rule->most = 1;
        end++;
    } else if (*end == '-') {
        rule->most = (int)strtol(end + 1, &end, 10);
    } else if (*end == '/') {
        rule->per = (int)strtol(end + 1, &end, 10);
    }
    bool fine = end != text && !*end && rule->least >= 0 && rule->most >= rule->least &&
                rule->per >= 0 && rule->most <= 1000;
    return fine ? ERR_OK : wrong(demo, text);
}

/* "COUNT KIND [as NAME]: FIELDS" */
static enum err read_rule(struct demo *demo, char *line, size_t number)
{
    struct rule *rule = &demo->rules[demo->rules_n];
    size_t spaces = strspn(line, " ");
    char *colon = strchr(line, ':'), *count = line + spaces;
    if (demo->rules_n == RULES_MAX || !colon || spaces / 2 >= DEPTH_MAX)
        return wrong(demo, count);
    char *kind = strchr(count, ' ');
    if (!kind || kind > colon) { /* "1: KIND: FIELDS" */
        kind = colon;
        colon = strchr(kind + 1, ':');
        if (!colon)
            return wrong(demo, count);
    }
    *kind++ = 0;
    kind += strspn(kind, " ");
    *colon = 0;
    *rule = (struct rule){.depth = spaces / 2, .line = number, .kind = kind, .fields = colon + 1};
    char *as = strstr(kind, " as ");
    if (as) {
        *as = 0;
        rule->name = as + 4;
    }
    demo->rules_n++;
    return read_count(demo, count, rule);
}

static enum err read_word(struct list *list, const char *word)
{
    if ((list->n & (list->n - 1)) == 0) { /* full: 0, 1, 2, 4, 8... */
        const char **words =
            realloc(list->words, (list->n ? 2 * list->n : 1) * sizeof *list->words);
        if (!words)
            return ERR_MEMORY;
        list->words = words;
    }
    list->words[list->n++] = word;
    return ERR_OK;
}

static enum err read_recipe(struct demo *demo)
{
    enum err err = ERR_OK;
    bool making = false;
    size_t number = 0;
    for (char *line = demo->text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        number++;
        size_t len = strlen(line);
        if (len == 0 || line[0] == '#')
            continue;
        if (line[0] == '[' && line[len - 1] == ']') {
            line[len - 1] = 0;
            making = strcmp(line + 1, "make") == 0;
            if (demo->lists_n == LISTS_MAX)
                TRY(wrong(demo, line));
            if (!making)
                demo->lists[demo->lists_n++] = (struct list){.name = line + 1};
        } else if (making) {
            TRY(read_rule(demo, line, number));
        } else if (demo->lists_n > 0) {
            TRY(read_word(&demo->lists[demo->lists_n - 1], line));
        }
    }
out:
    return err;
}

/* --- values --- */

static enum err expand(struct demo *demo, const char *value, size_t depth, struct buf *out);

static const char *said(const struct demo *demo, size_t depth, const char *name, size_t name_len,
                        const char *field)
{
    for (size_t i = 0; i < depth; i++) {
        const struct frame *frame = &demo->frames[i];
        if (!frame->name || strlen(frame->name) != name_len ||
            strncmp(frame->name, name, name_len) != 0)
            continue;
        for (size_t j = 0; j < frame->n; j++) {
            if (strcmp(frame->pairs[j].field, field) == 0)
                return frame->pairs[j].text;
        }
    }
    return NULL;
}

/* "-30..-2" from today, or "NAME.field 0..3". */
static enum err put_day(struct demo *demo, const char *text, bool past, size_t depth,
                        struct buf *out)
{
    int32_t from = demo->today;
    int least, most;
    char field[PACK_KEY_MAX + 1], day[CIVIL_TEXT_LEN];
    const char *dot = strchr(text, '.'), *blank = strchr(text, ' ');
    if (blank && dot && dot < blank) {
        snprintf(field, sizeof field, "%.*s", (int)(blank - dot - 1), dot + 1);
        const char *base = said(demo, depth, text, (size_t)(dot - text), field);
        if (!base || !civil_parse(base, &from))
            return wrong(demo, text);
        text = blank + 1;
    }
    if (sscanf(text, "%d..%d", &least, &most) != 2 || most < least)
        return wrong(demo, text);
    from += least + (int32_t)dice(demo, (size_t)(most - least) + 1);
    demo->late = demo->late || (past && from > demo->today);
    civil_format(from, day);
    domain_put(out, day);
    return ERR_OK;
}

/* An entry of a list, which may name other lists; not itself for ever. */
static enum err put_word(struct demo *demo, const char *word, size_t depth, struct buf *out)
{
    if (demo->nesting == NESTING_MAX)
        return wrong(demo, word);
    demo->nesting++;
    enum err err = expand(demo, word, depth, out);
    demo->nesting--;
    return err;
}

/* What stands in braces. */
static enum err put_brace(struct demo *demo, const char *text, size_t depth, struct buf *out)
{
    int least, most;
    char number[16];
    if (strncmp(text, "day ", 4) == 0)
        return put_day(demo, text + 4, false, depth, out);
    if (strncmp(text, "past ", 5) == 0)
        return put_day(demo, text + 5, true, depth, out);
    if (sscanf(text, "%d..%d", &least, &most) == 2 && most >= least) {
        snprintf(number, sizeof number, "%d", least + (int)dice(demo, (size_t)(most - least) + 1));
        domain_put(out, number);
        return out->err;
    }
    for (size_t i = 0; i < demo->lists_n; i++) {
        const struct list *list = &demo->lists[i];
        if (strcmp(list->name, text) == 0 && list->n > 0)
            return put_word(demo, list->words[dice(demo, list->n)], depth, out);
    }
    return wrong(demo, text);
}

static enum err put_choice(struct demo *demo, const char *text, struct buf *out)
{
    size_t n = 1, at;
    for (const char *c = text; *c; c++)
        n += *c == '|';
    for (at = dice(demo, n); at > 0; at--)
        text = strchr(text, '|') + 1;
    buf_put(out, text, strcspn(text, "|"));
    return out->err;
}

/* The record of that name above, else any of them. */
static enum err put_ref(struct demo *demo, const char *name, size_t depth, struct buf *out)
{
    for (size_t i = 0; i < depth; i++) {
        if (demo->frames[i].name && strcmp(demo->frames[i].name, name) == 0) {
            domain_put(out, demo->frames[i].id);
            return out->err;
        }
    }
    for (size_t i = 0; i < demo->made_n; i++) {
        if (strcmp(demo->made[i].name, name) == 0 && demo->made[i].n > 0) {
            domain_put(out, demo->made[i].ids[dice(demo, demo->made[i].n)]);
            return out->err;
        }
    }
    demo->late = true; /* there is none to refer to: no record */
    return ERR_OK;
}

static enum err expand(struct demo *demo, const char *value, size_t depth, struct buf *out)
{
    enum err err = ERR_OK;
    char inner[TEXT_MAX];
    if (*value == '@')
        return put_ref(demo, value + 1, depth, out);
    while (*value) {
        char close = *value == '{' ? '}' : *value == '(' ? ')' : 0;
        const char *end = close ? strchr(value, close) : NULL;
        if (!end) {
            buf_put(out, value++, 1);
            continue;
        }
        snprintf(inner, sizeof inner, "%.*s", (int)(end - value - 1), value + 1);
        TRY(close == '}' ? put_brace(demo, inner, depth, out) : put_choice(demo, inner, out));
        value = end + 1;
    }
    err = out->err;
out:
    return err;
}

/* --- making --- */

/* "field=value ?30", up to the next semicolon. */
static enum err put_field(struct demo *demo, const char *text, size_t len, size_t depth)
{
    struct frame *frame = &demo->frames[depth];
    char field[TEXT_MAX];
    struct buf value = {.max = TEXT_MAX - 1};
    enum err err = ERR_OK;
    snprintf(field, sizeof field, "%.*s", (int)len, text);
    char *maybe = strstr(field, " ?"), *equals = strchr(field, '=');
    if (!equals || equals - field > PACK_KEY_MAX || frame->n == FIELDS_MAX)
        return wrong(demo, field);
    if (maybe) {
        *maybe = 0;
        if (dice(demo, 100) >= (size_t)strtoul(maybe + 2, NULL, 10))
            return ERR_OK;
    }
    *equals = 0;
    TRY(expand(demo, equals + 1, depth, &value));
    buf_u8(&value, 0);
    TRY(value.err);
    size_t at = frame->n++;
    snprintf(frame->keys[at], sizeof frame->keys[at], "%.*s", PACK_KEY_MAX, field);
    snprintf(frame->texts[at], sizeof frame->texts[at], "%s", (const char *)value.bytes);
    frame->pairs[at] = (struct pas_pair){frame->keys[at], frame->texts[at]};
out:
    buf_free(&value);
    return err;
}

static enum err remember(struct demo *demo, const char *name, const char *id)
{
    size_t at = 0;
    while (at < demo->made_n && strcmp(demo->made[at].name, name) != 0)
        at++;
    struct made *made = &demo->made[at];
    if (at == demo->made_n)
        demo->made[demo->made_n++] = (struct made){.name = name};
    if (made->n == made->cap) {
        size_t cap = made->cap ? 2 * made->cap : 64;
        void *ids = realloc(made->ids, cap * sizeof *made->ids);
        if (!ids)
            return ERR_MEMORY;
        made->ids = ids;
        made->cap = cap;
    }
    snprintf(made->ids[made->n++], PACK_REF_MAX, "%s", id);
    return ERR_OK;
}

static enum err make(struct demo *demo, size_t which);

static enum err make_one(struct demo *demo, size_t which)
{
    const struct rule *rule = &demo->rules[which];
    struct frame *frame = &demo->frames[rule->depth];
    struct pas_id id = {"", ""};
    enum err err = ERR_OK;
    frame->name = rule->name;
    frame->n = 0;
    demo->late = false;
    for (const char *at = rule->fields; *at;) {
        at += strspn(at, " ;");
        size_t len = strcspn(at, ";");
        if (len > 0)
            TRY(put_field(demo, at, len, rule->depth));
        at += len;
    }
    if (demo->late)
        goto out;
    TRY((enum err)pas_new(demo->pas, rule->kind, frame->pairs, frame->n, demo->edit, &id));
    demo->count++;
    snprintf(frame->id, sizeof frame->id, "%s", id.id);
    if (rule->name)
        TRY(remember(demo, rule->name, id.id));
    for (size_t i = which + 1; i < demo->rules_n && demo->rules[i].depth > rule->depth; i++) {
        if (demo->rules[i].depth == rule->depth + 1)
            TRY(make(demo, i));
    }
out:
    return err;
}

static enum err make(struct demo *demo, size_t which)
{
    const struct rule *rule = &demo->rules[which];
    size_t n = (size_t)rule->least + dice(demo, (size_t)(rule->most - rule->least) + 1);
    enum err err = ERR_OK;
    if (rule->per > 0)
        n = (demo->people * (size_t)rule->least + (size_t)rule->per - 1) / (size_t)rule->per;
    else if (dice(demo, 100) >= (size_t)rule->percent)
        n = 0;
    for (size_t i = 0; i < n; i++)
        TRY(make_one(demo, which));
out:
    return err;
}

static void demo_free(struct demo *demo)
{
    for (size_t i = 0; demo && i < demo->lists_n; i++)
        free(demo->lists[i].words);
    for (size_t i = 0; demo && i < demo->made_n; i++)
        free(demo->made[i].ids);
    free(demo ? demo->text : NULL);
    free(demo);
}

int pas_demo(struct pas *pas, size_t people, uint64_t seed, const char *recipe,
             const struct pas_edit *edit, size_t *made)
{
    struct demo *demo = calloc(1, sizeof *demo);
    size_t len = recipe ? strlen(recipe) : 0;
    enum err err = demo ? ERR_OK : ERR_MEMORY;
    pas_begin(pas);
    *made = 0;
    TRY(err);
    recipe = recipe ? recipe : demo_recipe(&len);
    demo->text = malloc(len + 1);
    if (!demo->text)
        TRY(ERR_MEMORY);
    memcpy(demo->text, recipe, len);
    demo->text[len] = 0;
    demo->pas = pas;
    demo->edit = edit;
    demo->people = people;
    demo->seed = seed * 2 + 1; /* never zero */
    demo->today = pas_domain_of(pas).today;
    TRY(read_recipe(demo));
    for (size_t i = 0; i < demo->rules_n; i++) {
        if (demo->rules[i].depth == 0)
            TRY(make(demo, i));
    }
out:
    if (demo)
        *made = demo->count;
    if (demo && err == ERR_FORMAT && demo->wrong[0])
        snprintf(pas->why, sizeof pas->why, "demo: %s", demo->wrong);
    demo_free(demo);
    return pas_end(pas, err);
}
