/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: messages, JSON, tables for people, CSV.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/civil.h"
#include "client/cli/cli.h"
#include "client/pas_time.h"
#include "client/text.h"

enum { CELL_MAX = 48, COLUMNS_SHOWN = 32 };

void cli_say(struct cli *cli, enum message message, ...)
{
    va_list args;
    if (cli->json)
        return;
    va_start(args, message);
    vprintf(message_text(message, cli->lang), args);
    va_end(args);
}

void cli_error(struct cli *cli, enum message message, ...)
{
    va_list args;
    va_start(args, message);
    vsnprintf(cli->error, sizeof cli->error, message_text(message, cli->lang), args);
    va_end(args);
    if (fflush(stdout) != 0) /* what was said before comes first */
        return;
    if (cli->line)
        fprintf(stderr, message_text(MSG_LINE, cli->lang), cli->line);
    fputs(cli->error, stderr);
}

int cli_failed(struct cli *cli, int result)
{
    const char *why = cli->pas ? pas_why(cli->pas) : "";
    cli_error(cli, MSG_ERROR, *why ? why : pas_error_text(result, cli->lang));
    return pas_error_exit(result);
}

int cli_json(struct cli *cli, char *json)
{
    (void)cli;
    puts(json);
    pas_free(json);
    return EXIT_DONE;
}

const char *cli_text(const struct pas_table *table, size_t row, const char *column)
{
    size_t at = pas_table_find(table, column);
    const char *text = at == SIZE_MAX ? NULL : pas_table_get(table, row, at);
    return text ? text : "";
}

int64_t cli_int(const struct pas_table *table, size_t row, const char *column)
{
    size_t at = pas_table_find(table, column);
    return at == SIZE_MAX ? 0 : pas_table_integer(table, row, at);
}

/* --- cells for people --- */

void cli_local_time(const char *text, char *out, size_t out_len)
{
    int64_t seconds;
    int minute = 0;
    char day[CIVIL_TEXT_LEN];
    if (strlen(text) < 20 || !pas_time_parse(text, &seconds)) {
        snprintf(out, out_len, "%s", text);
        return;
    }
    civil_format(civil_paris(seconds, &minute), day);
    snprintf(out, out_len, "%s %02d:%02d", day, minute / 60, minute % 60);
}

static const char *cell_text(struct cli *cli, const struct pas_table *table, size_t row,
                             size_t column, char *room, size_t room_len)
{
    const char *shown = pas_table_shown(table, row, column);
    if (shown)
        return shown;
    switch (pas_table_type(table, row, column)) {
    case PAS_NULL:
        return "";
    case PAS_BOOL:
        return message_text(pas_table_integer(table, row, column) ? MSG_YES : MSG_NO, cli->lang);
    case PAS_INT:
        snprintf(room, room_len, "%" PRId64, pas_table_integer(table, row, column));
        return room;
    case PAS_REAL:
        snprintf(room, room_len, "%.15g", pas_table_number(table, row, column));
        return room;
    default:
        break;
    }
    const char *text = pas_table_get(table, row, column);
    if (strlen(text) != 20 || text[19] != 'Z')
        return text;
    cli_local_time(text, room, room_len);
    return room;
}

const char *cli_cell(struct cli *cli, const struct pas_table *table, size_t row, const char *column,
                     char *room, size_t room_len)
{
    size_t at = pas_table_find(table, column);
    return at == SIZE_MAX ? "" : cell_text(cli, table, row, at, room, room_len);
}

/* --- tables for people --- */

/* Prints at most CELL_MAX characters on one line, padded to `width`; returns how many it printed. */
static size_t print_cell(const char *text, size_t width, bool print)
{
    size_t n = 0, used;
    for (size_t left = strlen(text); left > 0 && n < CELL_MAX; text += used, left -= used, n++) {
        char point[4];
        uint32_t code = text_decode(text, left, &used);
        if (n == CELL_MAX - 1 && left > used)
            code = 0x2026; /* … */
        size_t len = text_encode(code == '\n' || code == '\t' ? ' ' : code, point);
        if (print)
            fwrite(point, 1, len, stdout);
    }
    for (size_t i = n; print && i < width; i++)
        putchar(' ');
    return n;
}

static size_t pick_columns(const struct pas_table *table, const char *names, size_t *picked)
{
    size_t n = 0;
    if (!names) {
        for (size_t i = 0; i < pas_table_columns(table) && n < COLUMNS_SHOWN; i++)
            picked[n++] = i;
        return n;
    }
    while (*names && n < COLUMNS_SHOWN) {
        char name[64];
        size_t len = strcspn(names, " ");
        snprintf(name, sizeof name, "%.*s", (int)len, names);
        size_t at = pas_table_find(table, name);
        if (at != SIZE_MAX)
            picked[n++] = at;
        names += len + (names[len] == ' ');
    }
    return n;
}

static void print_table(struct cli *cli, const struct pas_table *table, const char *columns)
{
    size_t picked[COLUMNS_SHOWN], width[COLUMNS_SHOWN];
    char room[64];
    size_t n = pick_columns(table, columns, picked);
    for (size_t c = 0; c < n; c++) {
        width[c] = print_cell(pas_table_label(table, picked[c]), 0, false);
        for (size_t row = 0; row < pas_table_rows(table); row++) {
            const char *text = cell_text(cli, table, row, picked[c], room, sizeof room);
            size_t len = print_cell(text, 0, false);
            width[c] = len > width[c] ? len : width[c];
        }
    }
    for (size_t row = 0; row <= pas_table_rows(table); row++) {
        for (size_t c = 0; c < n; c++) {
            const char *text = row == 0
                                   ? pas_table_label(table, picked[c])
                                   : cell_text(cli, table, row - 1, picked[c], room, sizeof room);
            print_cell(text, c + 1 < n ? width[c] + 2 : 0, true);
        }
        putchar('\n');
    }
}

int cli_table(struct cli *cli, struct pas_table *table, bool one, const char *columns)
{
    char *json = NULL;
    int code = EXIT_DONE;
    if (cli->json) {
        int result = pas_table_json_text(table, one, &json);
        code = result == 0 ? cli_json(cli, json) : cli_failed(cli, result);
    } else if (pas_table_rows(table) == 0) {
        cli_say(cli, MSG_NOTHING);
    } else {
        print_table(cli, table, columns);
    }
    pas_table_free(table);
    return code;
}

/* --- CSV --- */

/* A cell that begins like a formula would be computed by the spreadsheet: a quote keeps it a text. */
static void put_csv_cell(FILE *file, const char *text)
{
    bool number = (*text == '+' || *text == '-') && text[1] >= '0' && text[1] <= '9';
    bool formula = *text && strchr("=+-@\t\r", *text) && !number;
    bool quote = formula || strpbrk(text, ";\"\n\r") != NULL;
    if (!quote) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    if (formula)
        putc('\'', file);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}

int cli_csv(struct cli *cli, const struct pas_table *table, const char *path)
{
    char room[64];
    FILE *file = fopen(path, "wbe");
    if (!file) {
        cli_error(cli, MSG_FILE_WRITE, path, strerror(errno));
        return EXIT_REFUSED;
    }
    fputs("\xef\xbb\xbf", file);
    for (size_t row = 0; row <= pas_table_rows(table); row++) {
        for (size_t c = 0; c < pas_table_columns(table); c++) {
            if (c > 0)
                putc(';', file);
            put_csv_cell(file, row == 0 ? pas_table_label(table, c)
                                        : cell_text(cli, table, row - 1, c, room, sizeof room));
        }
        fputs("\r\n", file);
    }
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    if (failed) {
        cli_error(cli, MSG_FILE_WRITE, path, strerror(errno));
        (void)remove(path);
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}
