/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cmd.h"
#include "client/domain.h"
#include "client/pas_domain.h"

enum { FIND_LIMIT = 50, HEAD_COLUMNS = 9 };

/* Prints a field with its label, if it has a value. */
static void print_field(struct cli *cli, const struct pas_table *table, size_t column)
{
    char room[64];
    const char *name = pas_table_name(table, column);
    if (pas_table_type(table, 0, column) == PAS_NULL)
        return;
    const char *text = cli_cell(cli, table, 0, name, room, sizeof room);
    printf("  %s : ", pas_table_label(table, column));
    for (; *text; text++) { /* further lines of a text stand under the first */
        putchar(*text);
        if (*text == '\n')
            fputs("      ", stdout);
    }
    putchar('\n');
}

static void print_record(struct cli *cli, const struct pas_table *table)
{
    char kind[128], space[300], author[300], when[64];
    size_t end = pas_table_find(table, "base");
    printf("%s  %s\n", cli_text(table, 0, "code"), cli_text(table, 0, "title"));
    printf("  %s, %s, %s, %s\n", cli_cell(cli, table, 0, "kind", kind, sizeof kind),
           cli_cell(cli, table, 0, "space", space, sizeof space),
           cli_cell(cli, table, 0, "author", author, sizeof author),
           cli_cell(cli, table, 0, "created_at", when, sizeof when));
    if (cli_int(table, 0, "mistake"))
        printf("  %s\n", cli->lang[0] == 'e' ? "Marked as an error." : "Saisie par erreur.");
    for (size_t column = HEAD_COLUMNS; column < end; column++)
        print_field(cli, table, column);
    const char *conflicts = pas_table_shown(table, 0, pas_table_find(table, "conflicts"));
    const char *records = pas_table_shown(table, 0, pas_table_find(table, "records"));
    if (conflicts && *conflicts)
        printf("%s%s\n", message_text(MSG_SEVERAL_VALUES, cli->lang), conflicts);
    if (records && *records)
        printf("%s%s\n", message_text(MSG_RECORDS, cli->lang), records);
    if (cli_int(table, 0, "pending"))
        printf("  (%s)\n", message_text(MSG_PENDING, cli->lang));
    if (cli_int(table, 0, "after_transfer"))
        cli_say(cli, MSG_AFTER_TRANSFER);
    if (cli_int(table, 0, "locked"))
        cli_say(cli, MSG_LOCKED);
}

int cmd_show(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int result = pas_show(cli->pas, args->words[0], !cli->json, &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return cli_table(cli, table, true, NULL);
    print_record(cli, table);
    pas_table_free(table);
    return EXIT_DONE;
}

/* For people: the code, the title, and the first fields that the title does not show... as many as fit. */
static void list_columns(const struct pas_table *table, char *columns, size_t max)
{
    size_t at = (size_t)snprintf(columns, max, "code title"), shown = 0;
    for (size_t c = HEAD_COLUMNS; c < pas_table_columns(table) && shown < 4; c++) {
        size_t filled = 0;
        for (size_t row = 0; row < pas_table_rows(table); row++)
            filled += pas_table_type(table, row, c) != PAS_NULL;
        if (filled == 0)
            continue;
        at += (size_t)snprintf(columns + at, max - at, " %s", pas_table_name(table, c));
        shown++;
    }
}

static int list_csv(struct cli *cli, const char *kind, struct pas_table *table, const char *path)
{
    bool noted = pas_journal(cli->pas, false, kind, NULL, pas_table_rows(table)) == 0;
    int code = cli_csv(cli, table, path);
    if (code == EXIT_DONE)
        cli_left(cli, noted, true);
    pas_table_free(table);
    return code;
}

static void put_quoted(struct buf *out, const char *text, char quote)
{
    buf_u8(out, (uint8_t)quote);
    for (; *text; text++) {
        if (*text == quote)
            buf_u8(out, (uint8_t)quote);
        buf_u8(out, (uint8_t)*text);
    }
    buf_u8(out, (uint8_t)quote);
}

static void put_wish(struct buf *where, const char *field, const char *text)
{
    domain_put(where, *text ? " AND instr(' ' || plie(coalesce(title(" : " AND coalesce(");
    put_quoted(where, field, '`'); /* "..." of an unknown name would be a text */
    if (*text) {
        domain_put(where, "), ");
        put_quoted(where, field, '`');
        domain_put(where, ")), ' ' || plie(");
        put_quoted(where, text, '\'');
        domain_put(where, ")) > 0");
    } else {
        domain_put(where, ", '') IN ('', '[]')");
    }
}

/* field=text: words of the value, or of the name that it refers to, begin so; accents and case do not matter. An empty text:
 * nothing is noted there. */
static int list_where(struct cli *cli, const struct args *args, struct buf *where)
{
    const char *text, *given = args_option(args, "where");
    char field[128];
    domain_put(where, "1");
    for (size_t i = 1; i < args->n; i++) {
        if (!args_pair(args->words[i], field, sizeof field, &text)) {
            cli_error(cli, MSG_USAGE_PAIR, args->words[i]);
            return EXIT_USAGE;
        }
        put_wish(where, field, text);
    }
    if (given) {
        domain_put(where, " AND (");
        domain_put(where, given);
        domain_put(where, ")");
    }
    buf_u8(where, 0);
    return where->err == ERR_OK ? EXIT_DONE : cli_failed(cli, (int)where->err);
}

int cmd_list(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    char columns[512];
    const char *csv = args_option(args, "csv");
    struct buf where = {.max = 1 << 16};
    int code = list_where(cli, args, &where);
    if (code == EXIT_DONE) {
        int result = pas_list(cli->pas, args->words[0], (const char *)where.bytes,
                              csv || !cli->json, &table);
        code = result == 0 ? EXIT_DONE : cli_failed(cli, result);
    }
    buf_free(&where);
    if (code != EXIT_DONE)
        return code;
    if (csv)
        return list_csv(cli, args->words[0], table, csv);
    list_columns(table, columns, sizeof columns);
    return cli_table(cli, table, false, columns);
}

int cmd_find(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    const char *limit_text = args_option(args, "limit");
    char text[1024] = "";
    size_t at = 0, limit = FIND_LIMIT;
    char *end = NULL;
    if (limit_text) {
        limit = strtoul(limit_text, &end, 10);
        if (*limit_text < '0' || *limit_text > '9' || *end) {
            cli_error(cli, MSG_USAGE_BAD, limit_text, "--limit");
            return EXIT_USAGE;
        }
    }
    for (size_t i = 0; i < args->n && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s ", args->words[i]);
    text[at > 0 && at < sizeof text ? at - 1 : sizeof text - 1] = 0;
    int result = pas_find(cli->pas, text, limit, &table);
    if (result != 0)
        return cli_failed(cli, result);
    return cli_table(cli, table, false, "code title kind");
}

/* One line per value: when, who, what, and whether it was replaced or waits. */
static void print_history(struct cli *cli, const struct pas_table *table)
{
    char when[64], field[64], value[64];
    for (size_t i = 0; i < pas_table_rows(table); i++) {
        const char *note = cli_int(table, i, "pending") ? message_text(MSG_PENDING, cli->lang)
                           : cli_int(table, i, "live")  ? NULL
                                                        : message_text(MSG_REPLACED, cli->lang);
        printf("%s  %s  %s : %s%s", cli_cell(cli, table, i, "claimed_at", when, sizeof when),
               cli_text(table, i, "author_name"),
               cli_cell(cli, table, i, "field", field, sizeof field), cli_text(table, i, "op"),
               cli_cell(cli, table, i, "value", value, sizeof value));
        if (note)
            printf("  (%s)", note);
        putchar('\n');
    }
}

int cmd_history(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int result = pas_history(cli->pas, args->words[0], &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return cli_table(cli, table, false, NULL);
    print_history(cli, table);
    pas_table_free(table);
    return EXIT_DONE;
}

int cmd_conflicts(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    char field[64], values[64];
    int result = pas_conflicts(cli->pas, args->n ? args->words[0] : NULL, &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return cli_table(cli, table, false, NULL);
    for (size_t i = 0; i < pas_table_rows(table); i++)
        printf("%s  %s\n    %s : %s\n", cli_text(table, i, "code"), cli_text(table, i, "title"),
               cli_cell(cli, table, i, "field", field, sizeof field),
               cli_cell(cli, table, i, "values", values, sizeof values));
    if (pas_table_rows(table) == 0)
        cli_say(cli, MSG_NO_CONFLICTS);
    pas_table_free(table);
    return EXIT_DONE;
}

int cmd_kinds(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    (void)args;
    int result = pas_kinds(cli->pas, &table);
    if (result != 0)
        return cli_failed(cli, result);
    return cli_table(cli, table, false, "kind label level dossier");
}

int cmd_fields(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int result = pas_fields(cli->pas, args->words[0], &table);
    if (result != 0)
        return cli_failed(cli, result);
    return cli_table(cli, table, false, "field label type policy required options");
}

int cmd_sql(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int result = pas_sql(cli->pas, args->words[0], &table);
    if (result != 0)
        return cli_failed(cli, result);
    return cli_table(cli, table, false, NULL);
}
