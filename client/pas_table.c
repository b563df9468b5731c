/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pas_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_json.h"
#include "client/pas_time.h"
#include "proto/buf.h"
#include "proto/code.h"
#include "proto/digest.h"

enum { COLUMNS_MAX = 256 };
#define ROWS_POOL_MAX ((size_t)1 << 29)
#define NO_TEXT       ((size_t)-1)

struct cell {
    enum pas_type type;
    int64_t integer;
    double real;
    size_t text, text_len; /* into the pool; NO_TEXT: none */
    size_t shown;
};

struct pas_table {
    size_t n_columns;
    size_t name[COLUMNS_MAX], label[COLUMNS_MAX]; /* into the pool */
    struct cell *cells;
    size_t n_cells, cap, rows;
    struct buf pool;
    struct cell lost; /* takes what follows an error */
    enum err err;
};

enum err pas_table_new(struct pas_table **table)
{
    *table = calloc(1, sizeof **table);
    if (!*table)
        return ERR_MEMORY;
    (*table)->pool.max = ROWS_POOL_MAX;
    return ERR_OK;
}

void pas_table_free(struct pas_table *table)
{
    if (!table)
        return;
    buf_free(&table->pool);
    if (table->cells)
        digest_wipe(table->cells, table->n_cells * sizeof *table->cells);
    free(table->cells);
    free(table);
}

static void keep(struct pas_table *table, enum err err)
{
    if (table->err == ERR_OK)
        table->err = err;
}

/* Copies a text with a zero into the pool and gives its place. */
static size_t pool(struct pas_table *table, const char *text, size_t len)
{
    size_t at = table->pool.len;
    buf_put(&table->pool, text, len);
    buf_u8(&table->pool, 0);
    if (table->pool.err != ERR_OK) {
        keep(table, table->pool.err);
        return NO_TEXT;
    }
    return at;
}

static const char *pooled(const struct pas_table *table, size_t at)
{
    return at == NO_TEXT ? NULL : (const char *)table->pool.bytes + at;
}

void pas_table_column(struct pas_table *table, const char *name, const char *label)
{
    assert(table->rows == 0);
    if (table->n_columns == COLUMNS_MAX) {
        keep(table, ERR_TOO_BIG);
        return;
    }
    table->name[table->n_columns] = pool(table, name, strlen(name));
    table->label[table->n_columns] =
        label ? pool(table, label, strlen(label)) : table->name[table->n_columns];
    table->n_columns++;
}

void pas_table_columns_add(struct pas_table *table, const char *names)
{
    char name[64];
    while (*names) {
        size_t len = strcspn(names, " ");
        assert(len < sizeof name);
        memcpy(name, names, len);
        name[len] = 0;
        pas_table_column(table, name, NULL);
        names += len + (names[len] == ' ');
    }
}

static struct cell *next_cell(struct pas_table *table)
{
    struct cell *cell = &table->lost;
    if (table->err == ERR_OK) {
        assert(table->n_cells < table->rows * table->n_columns);
        cell = &table->cells[table->n_cells++];
    }
    *cell = (struct cell){.text = NO_TEXT, .shown = NO_TEXT};
    return cell;
}

void pas_table_row(struct pas_table *table)
{
    while (table->err == ERR_OK && table->n_cells < table->rows * table->n_columns)
        pas_table_null(table);
    size_t need = table->n_cells + table->n_columns;
    if (table->err == ERR_OK && need > table->cap) {
        size_t cap = need * 2;
        struct cell *cells = calloc(cap, sizeof *cells);
        if (!cells) {
            keep(table, ERR_MEMORY);
            return;
        }
        if (table->cells) {
            memcpy(cells, table->cells, table->n_cells * sizeof *cells);
            digest_wipe(table->cells, table->n_cells * sizeof *cells);
            free(table->cells);
        }
        table->cells = cells;
        table->cap = cap;
    }
    table->rows++;
}

void pas_table_null(struct pas_table *table)
{
    next_cell(table)->type = PAS_NULL;
}

void pas_table_bool(struct pas_table *table, bool value)
{
    struct cell *cell = next_cell(table);
    cell->type = PAS_BOOL;
    cell->integer = value;
}

void pas_table_int(struct pas_table *table, int64_t value)
{
    struct cell *cell = next_cell(table);
    cell->type = PAS_INT;
    cell->integer = value;
}

void pas_table_real(struct pas_table *table, double value)
{
    struct cell *cell = next_cell(table);
    cell->type = PAS_REAL;
    cell->real = value;
}

static void put_text(struct pas_table *table, enum pas_type type, const char *text, size_t len)
{
    struct cell *cell = next_cell(table);
    cell->type = type;
    cell->text = pool(table, text, len);
    cell->text_len = len;
}

void pas_table_text(struct pas_table *table, const char *text)
{
    if (text)
        put_text(table, PAS_TEXT, text, strlen(text));
    else
        pas_table_null(table);
}

void pas_table_text_n(struct pas_table *table, const char *text, size_t len)
{
    put_text(table, PAS_TEXT, text, len);
}

void pas_table_json(struct pas_table *table, const char *json, size_t len)
{
    put_text(table, PAS_JSON, json, len);
}

void pas_table_time(struct pas_table *table, uint64_t ms)
{
    char text[PAS_TIME_LEN];
    if (ms == 0) {
        pas_table_null(table);
        return;
    }
    pas_time_format((int64_t)(ms / 1000), text);
    pas_table_text(table, text);
}

void pas_table_hex(struct pas_table *table, const uint8_t *bytes, size_t len)
{
    char hex[2 * HASH_LEN + 1];
    assert(len <= HASH_LEN);
    code_hex(hex, bytes, len);
    pas_table_text(table, hex);
}

void pas_table_shown_set(struct pas_table *table, const char *text)
{
    if (table->err == ERR_OK && table->n_cells > 0)
        table->cells[table->n_cells - 1].shown = pool(table, text, strlen(text));
}

enum err pas_table_err(const struct pas_table *table)
{
    return table->err;
}

/* --- reading --- */

size_t pas_table_rows(const struct pas_table *table)
{
    return table->rows;
}

size_t pas_table_columns(const struct pas_table *table)
{
    return table->n_columns;
}

const char *pas_table_name(const struct pas_table *table, size_t column)
{
    assert(column < table->n_columns);
    return pooled(table, table->name[column]);
}

const char *pas_table_label(const struct pas_table *table, size_t column)
{
    assert(column < table->n_columns);
    return pooled(table, table->label[column]);
}

size_t pas_table_find(const struct pas_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(pooled(table, table->name[i]), name) == 0)
            return i;
    return SIZE_MAX;
}

static const struct cell *cell_at(const struct pas_table *table, size_t row, size_t column)
{
    static const struct cell none = {.text = NO_TEXT, .shown = NO_TEXT};
    size_t at = row * table->n_columns + column;
    return row < table->rows && column < table->n_columns && at < table->n_cells ? &table->cells[at]
                                                                                 : &none;
}

enum pas_type pas_table_type(const struct pas_table *table, size_t row, size_t column)
{
    return cell_at(table, row, column)->type;
}

const char *pas_table_get(const struct pas_table *table, size_t row, size_t column)
{
    return pooled(table, cell_at(table, row, column)->text);
}

int64_t pas_table_integer(const struct pas_table *table, size_t row, size_t column)
{
    return cell_at(table, row, column)->integer;
}

double pas_table_number(const struct pas_table *table, size_t row, size_t column)
{
    const struct cell *cell = cell_at(table, row, column);
    return cell->type == PAS_REAL ? cell->real : (double)cell->integer;
}

const char *pas_table_shown(const struct pas_table *table, size_t row, size_t column)
{
    return pooled(table, cell_at(table, row, column)->shown);
}

static void cell_json(const struct pas_table *table, const struct cell *cell, struct buf *out)
{
    switch (cell->type) {
    case PAS_NULL:
        pas_json_raw(out, "null");
        break;
    case PAS_BOOL:
        pas_json_raw(out, cell->integer ? "true" : "false");
        break;
    case PAS_INT:
        pas_json_int(out, cell->integer);
        break;
    case PAS_REAL:
        pas_json_real(out, cell->real);
        break;
    case PAS_TEXT:
        pas_json_text(out, pooled(table, cell->text), cell->text_len);
        break;
    case PAS_JSON:
        buf_put(out, pooled(table, cell->text), cell->text_len);
        break;
    }
}

static void row_json(const struct pas_table *table, size_t row, struct buf *out)
{
    int first = 1;
    buf_u8(out, '{');
    for (size_t column = 0; column < table->n_columns; column++) {
        pas_json_key(out, &first, pooled(table, table->name[column]));
        cell_json(table, cell_at(table, row, column), out);
    }
    buf_u8(out, '}');
}

void pas_free(char *text)
{
    if (text)
        digest_wipe(text, strlen(text));
    free(text);
}

void pas_free_bytes(unsigned char *bytes, size_t len)
{
    if (bytes)
        digest_wipe(bytes, len);
    free(bytes);
}

enum err pas_take_bytes(struct buf *bytes, unsigned char **out, size_t *len)
{
    *out = NULL;
    *len = 0;
    if (bytes->err != ERR_OK)
        return bytes->err;
    *out = malloc(bytes->len + 1);
    if (!*out)
        return ERR_MEMORY;
    if (bytes->len)
        memcpy(*out, bytes->bytes, bytes->len);
    *len = bytes->len;
    return ERR_OK;
}

enum err pas_take_text(struct buf *text, char **out)
{
    *out = NULL;
    buf_u8(text, 0);
    if (text->err != ERR_OK)
        return text->err;
    *out = malloc(text->len);
    if (!*out)
        return ERR_MEMORY;
    memcpy(*out, text->bytes, text->len);
    return ERR_OK;
}

int pas_table_json_text(const struct pas_table *table, bool one, char **json)
{
    struct buf out = {.max = ROWS_POOL_MAX};
    *json = NULL;
    if (one && table->rows > 0) {
        row_json(table, 0, &out);
    } else if (one) {
        pas_json_raw(&out, "null");
    } else {
        buf_u8(&out, '[');
        for (size_t row = 0; row < table->rows; row++) {
            if (row > 0)
                buf_u8(&out, ',');
            row_json(table, row, &out);
        }
        buf_u8(&out, ']');
    }
    enum err err = pas_take_text(&out, json);
    buf_free(&out);
    return (int)err;
}
