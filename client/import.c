/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole file is copied as UTF-8 once; cells are cut in place.
 */
#include "client/import.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "client/text.h"
#include "proto/digest.h"

struct inside {
    char *text;
    size_t len;
    const char **cells; /* of all rows */
    size_t line;        /* that the next cell begins on */
    size_t cells_n, cells_cap;
};

/* Windows-1252 from 0x80 to 0x9f; the rest of the upper half is Latin-1. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};

static enum err copy_text(struct inside *inside, const char *bytes, size_t len)
{
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    inside->text = malloc(3 * len + 1);
    if (!inside->text)
        return ERR_MEMORY;
    if (text_valid(bytes, len)) {
        memcpy(inside->text, bytes, len);
        inside->len = len;
    } else {
        for (size_t i = 0; i < len; i++) {
            unsigned char byte = (unsigned char)bytes[i];
            uint32_t point = byte >= 0x80 && byte < 0xa0 ? windows_1252[byte - 0x80] : byte;
            inside->len += text_encode(point ? point : ' ', inside->text + inside->len);
        }
    }
    inside->text[inside->len] = 0;
    return ERR_OK;
}

/* The separator that stands most often in the first line, outside of quotes. */
static char separator_of(const char *text)
{
    static const char candidates[] = ";,\t";
    size_t counts[3] = {0};
    bool quoted = false;
    for (; *text && (quoted || *text != '\n'); text++) {
        const char *which = strchr(candidates, *text);
        if (*text == '"')
            quoted = !quoted;
        else if (!quoted && which)
            counts[which - candidates]++;
    }
    size_t best = 0;
    for (size_t i = 1; i < 3; i++)
        best = counts[i] > counts[best] ? i : best;
    return candidates[best];
}

/* Cuts one cell in place; *at moves behind it. Gives what ended it: the separator, '\n', 0; or -1: an open quote. */
static int cut_cell(struct inside *inside, char **at, char separator, char **cell)
{
    char *read = *at, *write = *at;
    int end;
    *cell = *at;
    if (*read == '"') {
        for (read++;; read++) {
            if (!*read)
                return -1;
            if (*read == '"' && *++read != '"')
                break;
            inside->line += *read == '\n';
            *write++ = *read;
        }
    }
    while (*read && *read != separator && *read != '\n' && *read != '\r')
        *write++ = *read++;
    if (*read == '\r' && read[1] == '\n')
        read++;
    end = *read == '\r' ? '\n' : *read;
    inside->line += end == '\n';
    *at = *read ? read + 1 : read;
    *write = 0;
    return end;
}

static enum err put_cell(struct inside *inside, const char *cell)
{
    if (inside->cells_n == inside->cells_cap) {
        size_t cap = inside->cells_cap ? 2 * inside->cells_cap : 256;
        const char **cells = realloc(inside->cells, cap * sizeof *cells);
        if (!cells)
            return ERR_MEMORY;
        inside->cells = cells;
        inside->cells_cap = cap;
    }
    inside->cells[inside->cells_n++] = cell;
    return ERR_OK;
}

/* Reads one line of cells; the first one gives the headings. *more is false at the end of the file. */
static enum err read_line(struct import *import, char **at, char separator, size_t *n, bool *more)
{
    struct inside *inside = import->inside;
    enum err err = ERR_OK;
    int end;
    for (*n = 0;; ++*n) {
        char *cell;
        if (*n == IMPORT_COLUMNS_MAX)
            return ERR_TOO_BIG;
        end = cut_cell(inside, at, separator, &cell);
        if (end < 0)
            return ERR_FORMAT;
        if (*n < import->columns_n || import->columns_n == 0)
            TRY(put_cell(inside, cell));
        if (end != separator)
            break;
    }
    ++*n;
    *more = **at != 0;
out:
    return err;
}

static const struct pack_field *field_of(const struct domain *domain, const struct pack_kind *kind,
                                         const char *heading)
{
    char folded[256], label[256];
    const struct pack_field *field = pack_field_by_key(kind, heading);
    sqlite3_stmt *find = NULL;
    bool row = false;
    (void)text_fold(folded, sizeof folded, heading, strlen(heading));
    if (!field && domain_prepare_own(domain, &find,
                                     "SELECT c.field FROM domain_import_column c"
                                     " JOIN domain_import i ON i.key = c.import"
                                     " WHERE i.kind = :kind AND c.header = :header") == ERR_OK) {
        domain_bind(find, ":kind", kind->key);
        domain_bind(find, ":header", folded);
        if (domain_step(find, &row) == ERR_OK && row)
            field = pack_field_by_key(kind, domain_text(find, 0));
    }
    sqlite3_finalize(find);
    for (size_t i = 0; i < kind->fields_n && !field; i++) {
        for (size_t j = 0; j < kind->fields[i].label.n && !field; j++) {
            const char *text = kind->fields[i].label.list[j].text;
            (void)text_fold(label, sizeof label, text, strlen(text));
            if (*label && strcmp(label, folded) == 0)
                field = &kind->fields[i];
        }
    }
    return field;
}

static enum err read_headings(const struct domain *domain, struct import *import, char **at,
                              char separator)
{
    struct inside *inside = import->inside;
    size_t n = 0, known = 0;
    enum err err = ERR_OK;
    bool more;
    TRY(read_line(import, at, separator, &n, &more));
    import->columns_n = n;
    for (size_t i = 0; i < n; i++) {
        import->headings[i] = inside->cells[i];
        import->fields[i] = field_of(domain, import->kind, inside->cells[i]);
        for (size_t j = 0; j < i && import->fields[i]; j++) {
            if (import->fields[j] == import->fields[i])
                import->fields[i] = NULL; /* the first column of a field is the one that counts */
        }
        known += import->fields[i] != NULL;
    }
    if (known == 0)
        err = ERR_FORMAT;
out:
    return err;
}

static enum err read_rows(struct import *import, char *at, char separator)
{
    struct inside *inside = import->inside;
    size_t n = 0, cap = 0;
    enum err err = ERR_OK;
    for (bool more = *at != 0; more;) {
        size_t first = inside->cells_n, line = inside->line;
        if (import->rows_n == IMPORT_ROWS_MAX)
            TRY(ERR_TOO_BIG);
        if (import->rows_n == cap) {
            cap = cap ? 2 * cap : 64;
            struct import_row *rows = realloc(import->rows, cap * sizeof *rows);
            if (!rows)
                TRY(ERR_MEMORY);
            import->rows = rows;
        }
        TRY(read_line(import, &at, separator, &n, &more));
        while (inside->cells_n - first < import->columns_n)
            TRY(put_cell(inside, ""));
        import->rows[import->rows_n++] = (struct import_row){.line = line};
    }
    /* Only now do the cells stay where they are. */
    for (size_t i = 0; i < import->rows_n; i++)
        import->rows[i].cells = inside->cells + (i + 1) * import->columns_n;
out:
    return err;
}

enum err import_read(const struct domain *domain, const struct pack_kind *kind, const char *bytes,
                     size_t len, struct import *import)
{
    struct inside *inside = calloc(1, sizeof *inside);
    enum err err = ERR_OK;
    *import = (struct import){.kind = kind, .inside = inside};
    if (!inside)
        return ERR_MEMORY;
    if (len > IMPORT_BYTES_MAX)
        TRY(ERR_TOO_BIG);
    TRY(copy_text(inside, bytes, len));
    char *at = inside->text;
    inside->line = 1;
    char separator = separator_of(at);
    TRY(read_headings(domain, import, &at, separator));
    TRY(read_rows(import, at, separator));
out:
    if (err != ERR_OK)
        import_free(import);
    return err;
}

void import_free(struct import *import)
{
    struct inside *inside = import->inside;
    if (inside && inside->text)
        digest_wipe(inside->text, inside->len);
    if (inside) {
        free(inside->text);
        free(inside->cells);
    }
    free(inside);
    free(import->rows);
    *import = (struct import){0};
}
