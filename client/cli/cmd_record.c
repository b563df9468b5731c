/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cmd.h"
#include "client/pack.h"

/* The field=value words from `from` on; keys lie in `keys`. */
struct pairs {
    struct pas_pair list[ARGS_MAX];
    char keys[ARGS_MAX][PACK_KEY_MAX + 1];
    size_t n;
};

static int read_pairs(struct cli *cli, const struct args *args, size_t from, struct pairs **out)
{
    struct pairs *pairs = calloc(1, sizeof *pairs);
    *out = pairs;
    if (!pairs)
        return cli_failed(cli, ERR_MEMORY);
    for (size_t i = from; i < args->n; i++) {
        struct pas_pair *pair = &pairs->list[pairs->n];
        char *key = pairs->keys[pairs->n];
        if (!args_pair(args->words[i], key, sizeof pairs->keys[0], &pair->text)) {
            cli_error(cli, MSG_USAGE_PAIR, args->words[i]);
            return EXIT_USAGE;
        }
        pair->field = key;
        pairs->n++;
    }
    return EXIT_DONE;
}

static int read_edit(struct cli *cli, const struct args *args, struct pas_edit *edit)
{
    const char *base = args_option(args, "base");
    char *end = NULL;
    *edit = (struct pas_edit){.space = cli->space};
    if (!base)
        return EXIT_DONE;
    edit->has_base = true;
    edit->base = strtoull(base, &end, 10);
    if (*base >= '0' && *base <= '9' && !*end)
        return EXIT_DONE;
    cli_error(cli, MSG_USAGE_BAD, base, "--base");
    return EXIT_USAGE;
}

/* {"id", "code"}, or the code and the title. */
static int say_written(struct cli *cli, const struct pas_id *id)
{
    struct pas_table *table = NULL;
    if (cli->json) {
        printf("{\"id\":\"%s\",\"code\":\"%s\"}\n", id->id, id->code);
        return EXIT_DONE;
    }
    int result = pas_show(cli->pas, id->id, false, &table);
    if (result != 0)
        return cli_failed(cli, result);
    cli_say(cli, MSG_WRITTEN, id->code, cli_text(table, 0, "title"));
    pas_table_free(table);
    return EXIT_DONE;
}

/* One line, or one object, for each record of an entry for several people. */
static int say_each(struct cli *cli, const struct pas_table *table)
{
    size_t n = pas_table_rows(table);
    char *json = NULL;
    if (cli->json && n > 1)
        return pas_table_json_text(table, false, &json) == 0 ? cli_json(cli, json)
                                                             : cli_failed(cli, ERR_MEMORY);
    for (size_t i = 0; i < n; i++) {
        if (cli->json)
            printf("{\"id\":\"%s\",\"code\":\"%s\"}\n", cli_text(table, i, "id"),
                   cli_text(table, i, "code"));
        else if (*cli_text(table, i, "whose"))
            cli_say(cli, MSG_WRITTEN_OF, cli_text(table, i, "code"), cli_text(table, i, "whose"),
                    cli_text(table, i, "title"));
        else
            cli_say(cli, MSG_WRITTEN, cli_text(table, i, "code"), cli_text(table, i, "title"));
    }
    return EXIT_DONE;
}

int cmd_new(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    struct pairs *pairs = NULL;
    struct pas_edit edit;
    int code = read_edit(cli, args, &edit);
    pas_together(cli->pas, true); /* with what follows by itself, for undo */
    if (code == EXIT_DONE)
        code = read_pairs(cli, args, 1, &pairs);
    if (code == EXIT_DONE) {
        int result = pas_new_each(cli->pas, args->words[0], pairs->list, pairs->n, &edit, &table);
        code = result == 0 ? say_each(cli, table) : cli_failed(cli, result);
    }
    for (size_t i = 0; table && i < pas_table_rows(table); i++)
        cli_after_save(cli, cli_text(table, i, "id"), true);
    pas_together(cli->pas, false);
    pas_table_free(table);
    free(pairs);
    return code;
}

enum edit_kind { EDIT_SET, EDIT_RESOLVE };

static int edit_record(struct cli *cli, const struct args *args, enum edit_kind kind)
{
    struct pairs *pairs = NULL;
    struct pas_edit edit;
    struct pas_id id = {"", ""};
    int result = 0;
    int code = read_edit(cli, args, &edit);
    pas_together(cli->pas, true); /* with what follows by itself, for undo */
    if (code == EXIT_DONE)
        code = read_pairs(cli, args, 1, &pairs);
    if (code == EXIT_DONE) {
        const char *what = args->words[0];
        if (kind == EDIT_SET)
            result = pas_set(cli->pas, what, pairs->list, pairs->n, &edit, &id);
        else
            result = pas_resolve(cli->pas, what, pairs->list, pairs->n, &id);
        code = result == 0 ? say_written(cli, &id) : cli_failed(cli, result);
        if (result == 0)
            cli_after_save(cli, id.id, false);
    }
    pas_together(cli->pas, false);
    free(pairs);
    return code;
}

int cmd_set(struct cli *cli, const struct args *args)
{
    return edit_record(cli, args, EDIT_SET);
}

int cmd_resolve(struct cli *cli, const struct args *args)
{
    return edit_record(cli, args, EDIT_RESOLVE);
}

int cmd_undo(struct cli *cli, const struct args *args)
{
    size_t n = 0;
    (void)args;
    int result = pas_undo(cli->pas, &n);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        printf("{\"undone\":%zu}\n", n);
    cli_say(cli, MSG_UNDONE, n);
    return EXIT_DONE;
}

int cmd_mistake(struct cli *cli, const struct args *args)
{
    struct pas_id id = {"", ""};
    bool off = args_option(args, "off") != NULL;
    int result = pas_mistake(cli->pas, args->words[0], !off, &id);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return say_written(cli, &id);
    cli_say(cli, off ? MSG_UNMISTAKEN : MSG_MISTAKEN, id.code);
    return EXIT_DONE;
}

int cmd_merge(struct cli *cli, const struct args *args)
{
    struct pas_id id = {"", ""};
    bool undo = args_option(args, "undo") != NULL;
    if (args->n != (undo ? 1 : 2))
        return cli_usage(cli, cli_find((const char *const[]){"merge"}, 1, &(size_t){0}));
    int result = undo ? pas_unmerge(cli->pas, args->words[0], &id)
                      : pas_merge(cli->pas, args->words[0], args->words[1], &id);
    return result == 0 ? say_written(cli, &id) : cli_failed(cli, result);
}
