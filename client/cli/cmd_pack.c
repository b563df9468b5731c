/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cmd.h"
#include "client/pack.h"
#include "client/pas_json.h"

/* Reads a pack document and checks it. */
static int read_pack(struct cli *cli, const char *path, char **json, size_t *len, unsigned *version)
{
    char why[320] = "";
    int code = cli_read_file(cli, path, PACK_JSON_MAX, json, len);
    if (code != EXIT_DONE)
        return code;
    int result = pas_pack_check(*json, *len, why, version);
    if (result == 0)
        return EXIT_DONE;
    cli_error(cli, MSG_PACK_BAD, path, *why ? why : pas_error_text(result, cli->lang));
    pas_free(*json);
    *json = NULL;
    return EXIT_REFUSED;
}

int cmd_pack_show(struct cli *cli, const struct args *args)
{
    unsigned version = 0, unread = 0;
    pas_pack(cli->pas, &version, &unread);
    int code = cli_write_file(cli, args->words[0], pas_pack_text(cli->pas));
    if (code == EXIT_DONE && cli->json)
        printf("{\"version\":%u}\n", version);
    return code;
}

int cmd_pack_check(struct cli *cli, const struct args *args)
{
    char *json = NULL;
    size_t len = 0;
    unsigned version = 0;
    int code = read_pack(cli, args->words[0], &json, &len, &version);
    pas_free(json);
    if (code != EXIT_DONE)
        return code;
    if (cli->json)
        printf("{\"version\":%u}\n", version);
    cli_say(cli, MSG_PACK_GOOD, args->words[0], version);
    return EXIT_DONE;
}

int cmd_pack_publish(struct cli *cli, const struct args *args)
{
    struct pas_table *spaces = NULL;
    char *json = NULL;
    size_t len = 0, space = 0;
    unsigned version = 0;
    int code = read_pack(cli, args->words[0], &json, &len, &version);
    if (code != EXIT_DONE)
        return code;
    int result = pas_space_find(cli->pas, cli->space, &space);
    if (result == 0)
        result = pas_pack_publish(cli->pas, space, json, len);
    pas_free(json);
    if (result == 0)
        result = pas_spaces(cli->pas, &spaces);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        printf("{\"version\":%u}\n", version);
    cli_say(cli, MSG_PACK_SET, cli_text(spaces, space, "name"));
    pas_table_free(spaces);
    return EXIT_DONE;
}
