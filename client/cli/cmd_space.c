/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/cmd.h"
#include "client/pas_json.h"
#include "client/pas_time.h"
#include "client/words.h"

enum { INVITE_DAYS = 7, DAY_S = 86400 };

static int usage_bad(struct cli *cli, const char *value, const char *what)
{
    cli_error(cli, MSG_USAGE_BAD, value, what);
    return EXIT_USAGE;
}

/* One space as the object of a JSON answer: the row of pas_spaces. */
static int space_json(struct cli *cli, size_t space)
{
    struct pas_table *table = NULL;
    char where[160];
    int result = pas_spaces(cli->pas, &table);
    if (result != 0)
        return cli_failed(cli, result);
    snprintf(where, sizeof where,
             "SELECT id, name, level, state, size, unsent FROM core_space WHERE id = '%.32s'",
             cli_text(table, space, "id"));
    pas_table_free(table);
    result = pas_sql(cli->pas, where, &table);
    return result == 0 ? cli_table(cli, table, true, NULL) : cli_failed(cli, result);
}

/* Where the server of a founder link, of a bare URL, or of the spaces in use is. */
static int founding_url(struct cli *cli, const char *server, const char **link, char url[512])
{
    *link = NULL;
    if (!server) {
        if (pas_servers(cli->pas) == 0) {
            cli_error(cli, MSG_NEEDS_LINK);
            return EXIT_REFUSED;
        }
        snprintf(url, 512, "%s", pas_server_url(cli->pas, 0));
        return EXIT_DONE;
    }
    if (!strchr(server, '#')) {
        snprintf(url, 512, "%s", server);
        return EXIT_DONE;
    }
    *link = server;
    if (pas_link_url(server, url) == 0)
        return EXIT_DONE;
    cli_error(cli, MSG_BAD_LINK);
    return EXIT_REFUSED;
}

/* Sends what was just made to the server of a space, by its URL. */
static int carry_to(struct cli *cli, size_t space, struct carried *carried)
{
    char url[512];
    int result = pas_space_url(cli->pas, space, url);
    if (result != 0)
        return cli_failed(cli, result);
    int code = EXIT_DONE;
    bool found = false;
    /* While keys change hands one address may stand for two sets of them. */
    for (size_t i = 0; i < pas_servers(cli->pas) && code == EXIT_DONE; i++) {
        if (strcmp(pas_server_url(cli->pas, i), url) != 0)
            continue;
        found = true;
        code = cli_carry(cli, i, 0, carried);
    }
    return found ? code : cli_failed(cli, ERR_INTERNAL);
}

int cmd_space_create(struct cli *cli, const struct args *args)
{
    const char *level = args_option(args, "level"), *name = args->words[0], *link = NULL;
    struct buf server = {.max = 1 << 16};
    struct carried carried = {0};
    enum space_level known;
    char url[512];
    size_t space = 0;
    if (!level || !words_level_read(level, &known))
        return usage_bad(cli, level ? level : "", "--level");
    int code = founding_url(cli, args_option(args, "server"), &link, url);
    if (code == EXIT_DONE)
        code = cli_get_server(cli, link ? link : url, url, &server);
    if (code == EXIT_DONE) {
        int result = pas_found(cli->pas, link, url, server.bytes, server.len, name, level, &space);
        if (result == ERR_FORMAT)
            cli_error(cli, MSG_NOT_FOUNDER);
        code = result == 0            ? EXIT_DONE
               : result == ERR_FORMAT ? EXIT_REFUSED
                                      : cli_failed(cli, result);
    }
    buf_free(&server);
    if (code != EXIT_DONE)
        return code;
    code = carry_to(cli, space, &carried);
    if (code == EXIT_DONE)
        code = cli_carried(&carried);
    cli_say(cli, code == EXIT_DONE ? MSG_FOUNDED : MSG_FOUNDED_LATER, name,
            words_level_for(known, cli->lang));
    if (cli->json) {
        int said = space_json(cli, space);
        code = code == EXIT_DONE ? said : code;
    }
    return code;
}

int cmd_space_succeed(struct cli *cli, const struct args *args)
{
    struct buf server = {.max = 1 << 16};
    struct carried carried = {0};
    char url[512];
    size_t old = 0, space = 0;
    int result = pas_space_find(cli->pas, args->words[0], &old);
    if (result == 0)
        result = pas_space_url(cli->pas, old, url);
    if (result != 0)
        return cli_failed(cli, result);
    int code = cli_get_server(cli, url, url, &server);
    if (code == EXIT_DONE) {
        result =
            pas_succeed(cli->pas, old, server.bytes, server.len, args_option(args, "name"), &space);
        code = result == 0 ? EXIT_DONE : cli_failed(cli, result);
    }
    buf_free(&server);
    if (code != EXIT_DONE)
        return code;
    code = carry_to(cli, space, &carried);
    if (code == EXIT_DONE)
        code = cli_carried(&carried);
    cli_say(cli, MSG_SUCCEEDS);
    if (cli->json) {
        int said = space_json(cli, space);
        code = code == EXIT_DONE ? said : code;
    }
    return code;
}

int cmd_space_list(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    (void)args;
    int result = pas_spaces(cli->pas, &table);
    if (result != 0)
        return cli_failed(cli, result);
    return cli_table(cli, table, false, "name level state roles unsent checkpoint_time alarm");
}

/* --- invitations --- */

static int print_invite(struct cli *cli, const char *link, const char *roles, uint64_t expires_s)
{
    char at[PAS_TIME_LEN], local[32];
    struct buf json = {0};
    int first = 1;
    pas_time_format((int64_t)expires_s, at);
    if (!cli->json) {
        cli_local_time(at, local, sizeof local);
        cli_say(cli, MSG_INVITED, roles, local, link);
        if (isatty(STDOUT_FILENO))
            cli_qr(link);
        return EXIT_DONE;
    }
    buf_u8(&json, '{');
    pas_json_key(&json, &first, "link");
    pas_json_text(&json, link, strlen(link));
    pas_json_key(&json, &first, "expires");
    pas_json_text(&json, at, strlen(at));
    buf_u8(&json, '}');
    buf_u8(&json, 0);
    int result = (int)json.err;
    if (result == 0)
        puts((const char *)json.bytes);
    buf_free(&json);
    return result == 0 ? EXIT_DONE : cli_failed(cli, result);
}

int cmd_invite(struct cli *cli, const struct args *args)
{
    const char *roles = args_option(args, "role"), *days_text = args_option(args, "days");
    char *link = NULL, *end = NULL;
    uint8_t bits = 0;
    size_t space = 0;
    long days = days_text ? strtol(days_text, &end, 10) : INVITE_DAYS;
    if (days_text && (!*days_text || *end || days < 1 || days > 90))
        return usage_bad(cli, days_text, "--days");
    if (!roles)
        roles = "writer";
    if (!words_roles_read(roles, &bits))
        return usage_bad(cli, roles, "--role");
    int result = pas_space_find(cli->pas, cli->space, &space);
    if (result != 0)
        return cli_failed(cli, result);
    uint64_t now_s = cli->has_now ? cli->now_ms / 1000 : (uint64_t)time(NULL);
    uint64_t expires_s = now_s + (uint64_t)days * DAY_S;
    result = pas_invite(cli->pas, space, roles, expires_s, &link);
    if (result != 0)
        return cli_failed(cli, result);
    int code = print_invite(cli, link, roles, expires_s);
    pas_free(link);
    return code;
}

/* What became of the request: waiting (its code is compared), already in, or refused. */
static int say_joined(struct cli *cli, size_t space, const char *compare)
{
    struct pas_table *table = NULL;
    int result = pas_spaces(cli->pas, &table), code = EXIT_DONE;
    if (result != 0)
        return cli_failed(cli, result);
    char room[16];
    const char *state = cli_text(table, space, "state");
    if (strcmp(state, "refused") == 0 &&
        strcmp(cli_text(table, space, "status"), "NOT_FOUND") == 0) {
        cli_error(cli, MSG_JOIN_UNKNOWN);
        code = EXIT_REFUSED;
    } else if (strcmp(state, "refused") == 0) {
        cli_error(cli, MSG_ERROR, cli_cell(cli, table, space, "status", room, sizeof room));
        code = EXIT_REFUSED;
    } else if (cli->json) {
        printf("{\"space\":\"%s\",\"state\":\"%s\",\"compare\":\"%s\"}\n",
               cli_text(table, space, "id"), state, compare);
    } else {
        cli_say(cli, MSG_JOINED, compare);
    }
    pas_table_free(table);
    return code;
}

int cmd_join(struct cli *cli, const struct args *args)
{
    const char *link = args->words[0];
    struct buf server = {.max = 1 << 16};
    struct carried carried = {0};
    char url[512], compare[16] = "";
    size_t space = 0;
    if (pas_link_url(link, url) != 0) {
        cli_error(cli, MSG_BAD_LINK);
        return EXIT_REFUSED;
    }
    int code = cli_get_server(cli, link, url, &server);
    if (code == EXIT_DONE) {
        int result = pas_join(cli->pas, link, server.bytes, server.len, &space);
        code = result == 0 ? EXIT_DONE : cli_failed(cli, result);
    }
    buf_free(&server);
    if (code != EXIT_DONE)
        return code;
    int result = pas_compare_code(cli->pas, space, compare);
    if (result != 0)
        return cli_failed(cli, result);
    code = carry_to(cli, space, &carried);
    if (code == EXIT_DONE)
        code = cli_carried(&carried);
    if (code == EXIT_DONE)
        code = say_joined(cli, space, compare);
    else
        cli_say(cli, MSG_JOINED_LATER);
    return code;
}

/* --- who waits --- */

static void list_waiting(struct cli *cli)
{
    struct pas_table *table = NULL;
    char room[64];
    if (pas_waiting(cli->pas, &table) != 0)
        return;
    if (pas_table_rows(table) == 0)
        fputs(message_text(MSG_NOBODY_WAITS, cli->lang), stderr);
    for (size_t i = 0; i < pas_table_rows(table); i++)
        fprintf(stderr, message_text(MSG_WAITING_LINE, cli->lang), cli_text(table, i, "device"),
                cli_text(table, i, "name"), cli_cell(cli, table, i, "roles", room, sizeof room),
                cli_text(table, i, "compare"));
    pas_table_free(table);
}

/* Approves (`admit`) or refuses one who waits, or all. */
static int decide(struct cli *cli, const char *device, bool admit)
{
    struct pas_table *table = NULL;
    char room[64];
    size_t space = SIZE_MAX;
    int result = cli->space ? pas_space_find(cli->pas, cli->space, &space) : 0;
    if (result == 0)
        result = admit ? pas_approve(cli->pas, space, device, &table)
                       : pas_refuse(cli->pas, space, device, &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return cli_table(cli, table, false, NULL);
    if (pas_table_rows(table) == 0)
        cli_say(cli, MSG_NOBODY_WAITS);
    for (size_t i = 0; i < pas_table_rows(table); i++)
        cli_say(cli, admit ? MSG_APPROVED : MSG_TURNED_AWAY, cli_text(table, i, "name"),
                cli_cell(cli, table, i, "roles", room, sizeof room), cli_text(table, i, "compare"));
    pas_table_free(table);
    return EXIT_DONE;
}

int cmd_approve(struct cli *cli, const struct args *args)
{
    bool all = args_option(args, "all") != NULL;
    if (all == (args->n == 1)) {
        cli_error(cli, MSG_APPROVE_WHO);
        list_waiting(cli);
        return EXIT_USAGE;
    }
    return decide(cli, all ? NULL : args->words[0], true);
}

int cmd_refuse(struct cli *cli, const struct args *args)
{
    return decide(cli, args->words[0], false);
}

int cmd_member_list(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    size_t space = SIZE_MAX;
    (void)args;
    int result = cli->space ? pas_space_find(cli->pas, cli->space, &space) : 0;
    if (result == 0)
        result = pas_members(cli->pas, space, &table);
    if (result != 0)
        return cli_failed(cli, result);
    return cli_table(cli, table, false, "space_name name roles state compare device");
}
