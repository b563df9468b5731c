/* SPDX-License-Identifier: Apache-2.0
 *
 * Losing everything: the recovery sheet, and a new device from it.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/cmd.h"
#include "client/page.h"
#include "client/pas_json.h"
#include "client/pas_recovery.h"
#include "proto/digest.h"
#include "proto/limits.h"
#include "proto/qr.h"

enum { LOST_MAX = 16, ROUNDS_MAX = 20000 };

/* --- the sheet --- */

static void put_page_spaces(struct cli *cli, const struct pas_table *table, struct buf *out)
{
    page_heading(out, message_text(MSG_SHEET_SPACES, cli->lang));
    page_raw(out, "<dl>\n");
    for (size_t i = 0; i < pas_table_rows(table); i++)
        page_field(out, cli_text(table, i, "space_name"), cli_text(table, i, "code"));
    page_raw(out, "</dl>\n");
}

static int write_page(struct cli *cli, const char *path, const char *code, const char *link,
                      const struct pas_table *table)
{
    struct buf out = {.max = 1 << 20};
    char now[32];
    time_t at = cli->has_now ? (time_t)(cli->now_ms / 1000) : time(NULL);
    struct tm parts;
    (void)strftime(now, sizeof now, "%Y-%m-%d", gmtime_r(&at, &parts));
    page_begin(&out, cli->lang, message_text(MSG_SHEET_TITLE, cli->lang), now,
               message_text(MSG_SHEET_NOTE, cli->lang));
    page_heading(&out, message_text(MSG_SHEET_CODE, cli->lang));
    page_raw(&out, "<p style=\"font:bold 15pt monospace;letter-spacing:.06em\">");
    page_text(&out, code);
    page_raw(&out, "</p><dl>");
    page_field(&out, message_text(MSG_SHEET_SERVER, cli->lang), cli_text(table, 0, "url"));
    page_raw(&out, "</dl>\n");
    put_page_spaces(cli, table, &out);
    (void)qr_svg(&out, link); /* the link itself stands below */
    page_raw(&out, "<p style=\"font:7pt monospace;overflow-wrap:anywhere\">");
    page_text(&out, link);
    page_raw(&out, "</p>");
    page_heading(&out, message_text(MSG_SHEET_HOW, cli->lang));
    page_text(&out, message_text(MSG_SHEET_STEPS, cli->lang));
    page_end(&out);
    FILE *file = out.err == ERR_OK ? fopen(path, "wx") : NULL;
    int code_out = EXIT_DONE;
    if (!file || fwrite(out.bytes, 1, out.len, file) != out.len)
        code_out = EXIT_REFUSED;
    if (file && fclose(file) != 0)
        code_out = EXIT_REFUSED;
    if (code_out != EXIT_DONE)
        cli_error(cli, MSG_FILE_WRITE, path, "");
    buf_free(&out);
    return code_out;
}

static int say_sheet_json(struct cli *cli, const char *code, const char *link,
                          const struct pas_table *table)
{
    struct buf json = {0};
    char *spaces = NULL;
    int first = 1, result = pas_table_json_text(table, false, &spaces);
    if (result != 0)
        return cli_failed(cli, result);
    buf_u8(&json, '{');
    pas_json_key(&json, &first, "code");
    pas_json_text(&json, code, strlen(code));
    pas_json_key(&json, &first, "link");
    pas_json_text(&json, link, strlen(link));
    pas_json_key(&json, &first, "spaces");
    buf_put(&json, spaces, strlen(spaces));
    buf_u8(&json, '}');
    buf_u8(&json, 0);
    if (json.err == ERR_OK)
        puts((const char *)json.bytes);
    result = (int)json.err;
    buf_free(&json);
    pas_free(spaces);
    return result == 0 ? EXIT_DONE : cli_failed(cli, result);
}

static void say_sheet(struct cli *cli, const char *code, const char *link,
                      const struct pas_table *table)
{
    cli_say(cli, MSG_SHEET, code, cli_text(table, 0, "url"));
    for (size_t i = 0; i < pas_table_rows(table); i++)
        cli_say(cli, MSG_SHEET_SPACE, cli_text(table, i, "code"), cli_text(table, i, "space_name"));
    cli_say(cli, MSG_SHEET_LINK, link);
    if (isatty(STDOUT_FILENO))
        cli_qr(link);
}

int cmd_recovery_sheet(struct cli *cli, const struct args *args)
{
    const char *html = args_option(args, "html");
    struct pas_table *table = NULL;
    char *code = NULL, *link = NULL;
    size_t space = SIZE_MAX;
    int exit_code = EXIT_DONE;
    int result = cli->space ? pas_space_find(cli->pas, cli->space, &space) : 0;
    if (result == 0 && html && access(html, F_OK) == 0) {
        cli_error(cli, MSG_FILE_WRITE, html, "");
        return EXIT_REFUSED;
    }
    if (result == 0)
        result = pas_recovery_sheet(cli->pas, space, &code, &link, &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (html)
        exit_code = write_page(cli, html, code, link, table);
    else if (cli->json)
        exit_code = say_sheet_json(cli, code, link, table);
    else
        say_sheet(cli, code, link, table);
    if (exit_code == EXIT_DONE && html)
        cli_say(cli, MSG_SAVED, html);
    bool second = false;
    for (size_t i = 0; i < pas_table_rows(table); i++)
        second = second || strcmp(cli_text(table, i, "state"), "proposed") == 0;
    if (exit_code == EXIT_DONE)
        cli_say(cli, second ? MSG_SHEET_PROPOSED : MSG_SHEET_QUEUED);
    pas_free(code);
    pas_free(link);
    pas_table_free(table);
    return exit_code;
}

/* --- a new device from it --- */

static int carry_sheet(struct cli *cli, struct pas_rescue *rescue, const char *url)
{
    char whole[600];
    int code = cli_net(cli);
    snprintf(whole, sizeof whole, "%s/v1/sync", url);
    for (int i = 0; code == EXIT_DONE && i < ROUNDS_MAX && !cli_stop; i++) {
        struct buf answer = {.max = RESPONSE_MAX};
        struct pas_sync sync = {0};
        unsigned char *request = NULL;
        size_t len = 0;
        int result = pas_rescue_begin(rescue, &request, &len);
        if (result != 0)
            return cli_failed(cli, result);
        result = (int)net_post(cli->net, whole, request, len, 0, &answer);
        pas_free_bytes(request, len);
        if (result != 0)
            code = cli_net_failed(cli, result, url);
        else if ((result = pas_rescue_finish(rescue, answer.bytes, answer.len, &sync)) != 0)
            code = cli_failed(cli, result);
        buf_free(&answer);
        if (code == EXIT_DONE && sync.alarm) {
            cli_error(cli, MSG_ERROR, pas_error_text(sync.alarm, cli->lang));
            code = EXIT_ALARM;
        }
        if (!sync.again)
            break;
    }
    return code;
}

/* "a,b" into its parts; `room` holds the copy. */
static size_t split(char *room, const char **parts, size_t max)
{
    size_t n = 0;
    for (char *part = strtok(room, ","); part && n < max; part = strtok(NULL, ","))
        parts[n++] = part;
    return n;
}

static int admit(struct cli *cli, struct pas_rescue *rescue, const char *url, const char *lost)
{
    char room[1024];
    const char *names[LOST_MAX];
    size_t n_lost = 0, spaces = 0, removed = 0;
    if (lost) {
        snprintf(room, sizeof room, "%s", lost);
        n_lost = split(room, names, LOST_MAX);
    }
    int code = carry_sheet(cli, rescue, url);
    if (code != EXIT_DONE)
        return code;
    int result = pas_rescue_admit(rescue, names, n_lost, &spaces, &removed);
    if (result != 0)
        return cli_failed(cli, result);
    code = carry_sheet(cli, rescue, url);
    if (code != EXIT_DONE)
        return code;
    result = pas_rescue_end(rescue, &spaces);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        printf("{\"spaces\":%zu,\"removed\":%zu}\n", spaces, removed);
    cli_say(cli, MSG_RECOVERED, spaces, removed);
    return EXIT_DONE;
}

int cmd_recover(struct cli *cli, const struct args *args)
{
    struct buf server = {.max = 1 << 16};
    struct carried carried = {0};
    struct pas_rescue *rescue = NULL;
    char url[512], dir[4096 + 16];
    const char *typed = args_option(args, "server"), *word = args->words[0];
    bool link = strchr(word, '#') != NULL;
    if ((link && pas_recovery_url(word, url) != 0) || (!link && !typed)) {
        cli_error(cli, link ? MSG_BAD_LINK : MSG_RECOVER_HOW);
        return link ? EXIT_REFUSED : EXIT_USAGE;
    }
    if (!link)
        snprintf(url, sizeof url, "%s", typed);
    snprintf(dir, sizeof dir, "%s/recover.tmp", cli->home);
    int code = cli_get_server(cli, link ? word : url, url, &server);
    if (code == EXIT_DONE) {
        struct pas_rescue_args how = {.sheet = word,
                                      .url = typed,
                                      .spaces = args_option(args, "spaces"),
                                      .dir = dir,
                                      .server = server.bytes,
                                      .server_len = server.len,
                                      .now_ms =
                                          cli->has_now ? cli->now_ms : (uint64_t)time(NULL) * 1000};
        int result = pas_rescue_new(&rescue, cli->pas, &how);
        code = result == 0 ? admit(cli, rescue, url, args_option(args, "lost"))
                           : cli_failed(cli, result);
    }
    pas_rescue_free(rescue);
    buf_free(&server);
    for (size_t i = 0; code == EXIT_DONE && i < pas_servers(cli->pas); i++)
        if (strcmp(pas_server_url(cli->pas, i), url) == 0)
            code = cli_carry(cli, i, 0, &carried);
    return code == EXIT_DONE ? cli_carried(&carried) : code;
}

int cmd_renew(struct cli *cli, const struct args *args)
{
    char pass[1024];
    size_t len = 0, spaces = 0, changes = 0;
    (void)args;
    int code = cli_passphrase(cli, false, pass, sizeof pass, &len);
    if (code != EXIT_DONE)
        return code;
    int result = pas_renew(cli->pas, pass, len, &spaces, &changes);
    digest_wipe(pass, sizeof pass);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        printf("{\"device\":\"%s\",\"spaces\":%zu,\"changes\":%zu}\n", pas_device(cli->pas), spaces,
               changes);
    cli_say(cli, MSG_RENEWED, pas_device(cli->pas), spaces, changes);
    return EXIT_DONE;
}
