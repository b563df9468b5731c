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

enum edit_kind { EDIT_NEW, EDIT_SET, EDIT_RESOLVE };

static int edit_record(struct cli *cli, const struct args *args, enum edit_kind kind)
{
    struct pairs *pairs = NULL;
    struct pas_edit edit;
    struct pas_id id = {"", ""};
    int result = 0;
    int code = read_edit(cli, args, &edit);
    if (code == EXIT_DONE)
        code = read_pairs(cli, args, 1, &pairs);
    if (code == EXIT_DONE) {
        const char *what = args->words[0];
        if (kind == EDIT_NEW)
            result = pas_new(cli->pas, what, pairs->list, pairs->n, &edit, &id);
        else if (kind == EDIT_SET)
            result = pas_set(cli->pas, what, pairs->list, pairs->n, &edit, &id);
        else
            result = pas_resolve(cli->pas, what, pairs->list, pairs->n, &id);
        code = result == 0 ? say_written(cli, &id) : cli_failed(cli, result);
        if (result == 0)
            cli_after_save(cli, id.id, kind == EDIT_NEW);
    }
    free(pairs);
    return code;
}

int cmd_new(struct cli *cli, const struct args *args)
{
    return edit_record(cli, args, EDIT_NEW);
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
