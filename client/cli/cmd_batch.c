/* SPDX-License-Identifier: Apache-2.0
 *
 * One command per line after a single unlock. A line may have options of its own, which hold for that line alone.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cmd.h"
#include "client/pas_json.h"
#include "proto/digest.h"

#define BATCH_FILE_MAX ((size_t)1 << 28)

/* With --json a failed line has its document too. */
static void say_line_json(const struct cli *cli, size_t line, int code)
{
    struct buf json = {0};
    int first = 1;
    size_t len = strlen(cli->error);
    while (len > 0 && cli->error[len - 1] == '\n')
        len--;
    buf_u8(&json, '{');
    pas_json_key(&json, &first, "line");
    pas_json_int(&json, (int64_t)line);
    pas_json_key(&json, &first, "exit");
    pas_json_int(&json, code);
    pas_json_key(&json, &first, "error");
    pas_json_text(&json, cli->error, len);
    buf_u8(&json, '}');
    buf_u8(&json, 0);
    if (json.err == ERR_OK)
        puts((const char *)json.bytes);
    buf_free(&json);
}

/* Runs one line; the options it sets are taken back. */
static int run_line(struct cli *cli, char *line, size_t number)
{
    static const char *words[ARGS_MAX];
    const char *space = cli->space;
    bool json = cli->json, has_now = cli->has_now;
    uint64_t now_ms = cli->now_ms;
    char lang[3];
    memcpy(lang, cli->lang, sizeof lang);
    size_t n = args_split(line, words, ARGS_MAX);
    if (n == 0)
        return EXIT_DONE;
    int code = EXIT_USAGE;
    cli->line = number;
    if (n == SIZE_MAX)
        cli_error(cli, MSG_LINE_QUOTE);
    else
        code = cli_run(cli, n, words);
    if (code != EXIT_DONE && json)
        say_line_json(cli, number, code);
    cli->line = 0;
    cli->space = space;
    cli->json = json;
    cli->has_now = has_now;
    cli->now_ms = now_ms;
    memcpy(cli->lang, lang, sizeof lang);
    return code;
}

int cmd_batch(struct cli *cli, const struct args *args)
{
    char *bytes = NULL;
    size_t len = 0, number = 1;
    bool keep_going = args_option(args, "keep-going") != NULL;
    int code = cli_read_file(cli, args->words[0], BATCH_FILE_MAX, &bytes, &len);
    if (code != EXIT_DONE)
        return code;
    cli->batch = true;
    for (char *line = bytes; line && !cli_stop; number++) {
        char *end = strchr(line, '\n');
        if (end)
            *end = 0;
        int one = run_line(cli, line, number);
        code = code == EXIT_DONE ? one : code;
        if (one != EXIT_DONE && !keep_going)
            break;
        line = end ? end + 1 : NULL;
    }
    cli->batch = false;
    digest_wipe(bytes, len);
    free(bytes);
    return code;
}
