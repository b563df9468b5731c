/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads checked tables domain_* into the structs of pack.h. All memory comes from one arena, so an
 * error half-way needs no undoing here.
 */
#include "client/pack_sql.h"

#include "client/text.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536

/* The arena: a list of blocks, freed whole. */
struct block {
    struct block *next;
    size_t used, size;
    max_align_t bytes[];
};

/* The questions that are asked again for each field. */
enum question { LABELS, OPTIONS, TARGETS, ALIASES, QUESTIONS };

static const char *const questions[QUESTIONS] = {
    [LABELS] = "SELECT count(*) OVER (), lang, text FROM domain_label WHERE path = ?1"
               " ORDER BY lang <> 'fr', rowid",
    [OPTIONS] = "SELECT count(*) OVER (), key, closed, retired, rank, path FROM domain_option"
                " WHERE kind = ?1 AND field = ?2 ORDER BY position",
    [TARGETS] = "SELECT count(*) OVER (), target FROM domain_target"
                " WHERE kind = ?1 AND field = ?2 ORDER BY position",
    [ALIASES] = "SELECT count(*) OVER (), alias FROM domain_alias WHERE kind = ?1 AND field = ?2",
};

struct reader {
    sqlite3 *db;
    sqlite3_stmt *statements[QUESTIONS];
    struct pack *pack;
    void **arena;
};

void *pack_arena_take(void **arena, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct block *block = *arena;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = calloc(1, sizeof *block + room);
        if (!block)
            return NULL;
        block->size = room;
        block->next = *arena;
        *arena = block;
    }
    void *memory = (unsigned char *)block->bytes + block->used;
    block->used += size;
    return memory;
}

void pack_arena_free(void *arena)
{
    for (struct block *block = arena; block;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

static enum err take_list(struct reader *reader, size_t n, size_t size, void *out)
{
    void *memory = pack_arena_take(reader->arena, n * size + 1);
    memcpy(out, &memory, sizeof memory);
    return memory ? ERR_OK : ERR_MEMORY;
}

static enum err take_text(struct reader *reader, sqlite3_stmt *row, int column, const char **out)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    *out = NULL;
    if (!text)
        return ERR_OK;
    size_t len = strlen(text);
    char *copy = pack_arena_take(reader->arena, len + 1);
    if (!copy)
        return ERR_MEMORY;
    memcpy(copy, text, len + 1);
    *out = copy;
    return ERR_OK;
}

static enum err query(struct reader *reader, sqlite3_stmt **out, const char *sql, const char *a,
                      const char *b)
{
    if (sqlite3_prepare_v2(reader->db, sql, -1, out, NULL) != SQLITE_OK)
        return ERR_INTERNAL;
    if (a && sqlite3_bind_text(*out, 1, a, -1, SQLITE_TRANSIENT) != SQLITE_OK)
        return ERR_MEMORY;
    if (b && sqlite3_bind_text(*out, 2, b, -1, SQLITE_TRANSIENT) != SQLITE_OK)
        return ERR_MEMORY;
    return ERR_OK;
}

/* The statement of a question, ready to step; it stays the reader's. */
static enum err ask(struct reader *reader, enum question question, const char *a, const char *b,
                    sqlite3_stmt **out)
{
    sqlite3_stmt **statement = &reader->statements[question];
    if (!*statement &&
        sqlite3_prepare_v2(reader->db, questions[question], -1, statement, NULL) != SQLITE_OK)
        return ERR_INTERNAL;
    *out = *statement;
    sqlite3_reset(*out);
    bool bound = sqlite3_bind_text(*out, 1, a, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
                 (!b || sqlite3_bind_text(*out, 2, b, -1, SQLITE_TRANSIENT) == SQLITE_OK);
    return bound ? ERR_OK : ERR_MEMORY;
}

/* Each listing query gives the number of its rows as its first column, so one pass is enough. */
static size_t rows_of(sqlite3_stmt *row)
{
    return (size_t)sqlite3_column_int64(row, 0);
}

static enum err read_labels(struct reader *reader, const char *path, const char *member,
                            struct pack_labels *out)
{
    enum err err = ERR_OK;
    char full[256];
    struct pack_label *list = NULL;
    snprintf(full, sizeof full, "%s.%s", path, member);
    sqlite3_stmt *row = NULL;
    TRY(ask(reader, LABELS, full, NULL, &row));
    while (sqlite3_step(row) == SQLITE_ROW) {
        if (!list)
            TRY(take_list(reader, rows_of(row), sizeof *list, &list));
        TRY(take_text(reader, row, 1, &list[out->n].lang));
        TRY(take_text(reader, row, 2, &list[out->n].text));
        out->n++;
    }
    out->list = list;
out:
    return err;
}

static const char *path_of(sqlite3_stmt *row, int column)
{
    const char *path = (const char *)sqlite3_column_text(row, column);
    return path ? path : "";
}

static enum err read_options(struct reader *reader, struct pack_field *field)
{
    enum err err = ERR_OK;
    sqlite3_stmt *row = NULL;
    struct pack_option *list = NULL;
    TRY(ask(reader, OPTIONS, field->kind->key, field->key, &row));
    while (sqlite3_step(row) == SQLITE_ROW) {
        if (!list)
            TRY(take_list(reader, rows_of(row), sizeof *list, &list));
        struct pack_option *option = &list[field->options_n++];
        TRY(take_text(reader, row, 1, &option->key));
        option->closed = sqlite3_column_int(row, 2) != 0;
        option->retired = sqlite3_column_int(row, 3) != 0;
        option->rank = sqlite3_column_int(row, 4);
        TRY(read_labels(reader, path_of(row, 5), "label", &option->label));
    }
    field->options = list;
out:
    return err;
}

static enum err read_targets(struct reader *reader, struct pack_field *field)
{
    enum err err = ERR_OK;
    sqlite3_stmt *row = NULL;
    const struct pack_kind **list = NULL;
    TRY(ask(reader, TARGETS, field->kind->key, field->key, &row));
    while (sqlite3_step(row) == SQLITE_ROW) {
        if (!list)
            TRY(take_list(reader, rows_of(row), sizeof(void *), &list));
        list[field->targets_n++] = pack_kind_by_key(reader->pack, path_of(row, 1));
    }
    field->targets = list;
out:
    return err;
}

static enum err read_aliases(struct reader *reader, struct pack_field *field)
{
    enum err err = ERR_OK;
    sqlite3_stmt *row = NULL;
    const char **list = NULL;
    TRY(ask(reader, ALIASES, field->kind->key, field->key, &row));
    while (sqlite3_step(row) == SQLITE_ROW) {
        if (!list)
            TRY(take_list(reader, rows_of(row), sizeof(char *), &list));
        TRY(take_text(reader, row, 1, &list[field->aliases_n++]));
    }
    field->aliases = list;
out:
    return err;
}

static int word_index(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; word && i < n; i++) {
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    }
    return -1;
}

static const char *const merge_words[] = {"L", "M", "A", "S", "G"};
static const char *const sensitivity_words[] = {"n", "p", "s"};
static const char *const anonymise_words[] = {"drop", "keep", "coarsen"};

#define WORD(row, column, words)                                                                   \
    word_index(path_of(row, column), words, sizeof(words) / sizeof(words)[0])

static enum pack_type type_of(const char *word)
{
    int type = 0;
    while (type < PACK_TYPES - 1 && strcmp(word, pack_type_word((enum pack_type)type)) != 0)
        type++;
    return (enum pack_type)type;
}

#define FIELD_COLUMNS                                                                              \
    "count(*) OVER (), key, number, type, coalesce(of, type), merge, sensitivity, anonymise,"      \
    " critical, required, fixed, search, open, min, max, checklist, copy, initial, path"

static enum err read_field(struct reader *reader, sqlite3_stmt *row, struct pack_field *field)
{
    enum err err = ERR_OK;
    TRY(take_text(reader, row, 1, &field->key));
    field->number = (uint32_t)sqlite3_column_int64(row, 2);
    field->type = type_of(path_of(row, 3));
    field->of = type_of(path_of(row, 4));
    field->merge = (enum pack_merge)WORD(row, 5, merge_words);
    field->sensitivity = (enum pack_sensitivity)WORD(row, 6, sensitivity_words);
    field->anonymise = (enum pack_anonymise)WORD(row, 7, anonymise_words);
    field->critical = sqlite3_column_int(row, 8) != 0;
    field->required = sqlite3_column_int(row, 9) != 0;
    field->fixed = sqlite3_column_int(row, 10) != 0;
    field->search = sqlite3_column_int(row, 11) != 0;
    field->open = sqlite3_column_int(row, 12) != 0;
    field->has_min = sqlite3_column_type(row, 13) == SQLITE_INTEGER;
    field->has_max = sqlite3_column_type(row, 14) == SQLITE_INTEGER;
    field->min = sqlite3_column_int64(row, 13);
    field->max = sqlite3_column_int64(row, 14);
    TRY(take_text(reader, row, 15, &field->checklist));
    TRY(take_text(reader, row, 16, &field->copy));
    TRY(take_text(reader, row, 17, &field->initial));
    TRY(read_labels(reader, path_of(row, 18), "label", &field->label));
    TRY(read_labels(reader, path_of(row, 18), "help", &field->help));
    TRY(read_options(reader, field));
    TRY(read_targets(reader, field));
    TRY(read_aliases(reader, field));
out:
    return err;
}

static enum err read_fields(struct reader *reader, struct pack_kind *kind, const char *dossier,
                            const char *state)
{
    enum err err = ERR_OK;
    sqlite3_stmt *row = NULL;
    struct pack_field *list = NULL;
    TRY(query(reader, &row,
              "SELECT " FIELD_COLUMNS " FROM domain_field WHERE kind = ?1 ORDER BY position",
              kind->key, NULL));
    while (sqlite3_step(row) == SQLITE_ROW) {
        if (!list)
            TRY(take_list(reader, rows_of(row), sizeof *list, &list));
        struct pack_field *field = &list[kind->fields_n++];
        field->kind = kind;
        TRY(read_field(reader, row, field));
        if (strcmp(field->key, dossier) == 0)
            kind->dossier = field;
        if (strcmp(field->key, state) == 0)
            kind->state = field;
    }
    kind->fields = list;
out:
    sqlite3_finalize(row);
    return err;
}

/* First all kinds, then their fields, which refer to kinds. */
static enum err read_kinds(struct reader *reader)
{
    enum err err = ERR_OK;
    sqlite3_stmt *row = NULL;
    struct pack_kind *list = NULL;
    TRY(query(reader, &row,
              "SELECT count(*) OVER (), key, number, level, title, path, dossier, state"
              " FROM domain_kind ORDER BY position",
              NULL, NULL));
    while (sqlite3_step(row) == SQLITE_ROW) {
        if (!list)
            TRY(take_list(reader, rows_of(row), sizeof *list, &list));
        struct pack_kind *kind = &list[reader->pack->kinds_n++];
        TRY(take_text(reader, row, 1, &kind->key));
        kind->number = (uint32_t)sqlite3_column_int64(row, 2);
        if (!pack_level_from_word(path_of(row, 3), &kind->level))
            TRY(ERR_INTERNAL);
        TRY(take_text(reader, row, 4, &kind->title));
        TRY(read_labels(reader, path_of(row, 5), "label", &kind->label));
        TRY(read_labels(reader, path_of(row, 5), "plural", &kind->plural));
    }
    reader->pack->kinds = list;
    sqlite3_reset(row);
    for (size_t i = 0; sqlite3_step(row) == SQLITE_ROW; i++)
        TRY(read_fields(reader, &list[i], path_of(row, 6), path_of(row, 7)));
out:
    sqlite3_finalize(row);
    return err;
}

static enum err read_hints(struct reader *reader)
{
    enum err err = ERR_OK;
    sqlite3_stmt *row = NULL;
    struct pack_hint *list = NULL;
    TRY(query(reader, &row, "SELECT count(*) OVER (), word, path FROM domain_hint", NULL, NULL));
    while (sqlite3_step(row) == SQLITE_ROW) {
        if (!list)
            TRY(take_list(reader, rows_of(row), sizeof *list, &list));
        const char *word = path_of(row, 1);
        size_t len = strlen(word);
        size_t max = TEXT_FOLD_MAX(len) + 1;
        char *folded = pack_arena_take(reader->arena, max);
        if (!folded)
            TRY(ERR_MEMORY);
        size_t n = text_fold(folded, max, word, len);
        if (n > 0 && word[len - 1] == '*')
            strcpy(folded + n, "*");
        struct pack_hint *hint = &list[reader->pack->hints_n++];
        hint->word = folded;
        TRY(read_labels(reader, path_of(row, 2), "label", &hint->label));
    }
    reader->pack->hints = list;
out:
    sqlite3_finalize(row);
    return err;
}

enum err pack_read(struct sqlite3 *db, void **arena, struct pack *pack)
{
    enum err err = ERR_OK;
    sqlite3_stmt *row = NULL;
    struct reader of = {.db = db, .pack = pack, .arena = arena};
    struct reader *reader = &of;
    TRY(query(reader, &row, "SELECT name, version FROM domain_pack", NULL, NULL));
    if (sqlite3_step(row) != SQLITE_ROW)
        TRY(ERR_INTERNAL);
    TRY(take_text(reader, row, 0, &reader->pack->name));
    reader->pack->version = (uint32_t)sqlite3_column_int64(row, 1);
    TRY(read_kinds(reader));
    TRY(read_hints(reader));
out:
    sqlite3_finalize(row);
    for (int i = 0; i < QUESTIONS; i++)
        sqlite3_finalize(reader->statements[i]);
    return err;
}
