/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/cmd.h"
#include "client/pas_member.h"
#include "client/words.h"

enum { WATCH_WAIT_MS = 50000, WATCH_PAUSE_S = 5, WATCH_PAUSE_MAX_S = 60 };

/* --- how the spaces stand --- */

/* On how few devices a space hangs, in red where there are colours. */
static void say_keepers(struct cli *cli, const struct pas_table *table, size_t i)
{
    long long keepers = (long long)cli_int(table, i, "keepers");
    bool active = strcmp(cli_text(table, i, "state"), "active") == 0;
    bool red = isatty(STDOUT_FILENO);
    if (!active || (!cli_int(table, i, "trial") && keepers > 1))
        return;
    if (red)
        cli_say(cli, MSG_RED);
    if (keepers == 1)
        cli_say(cli, MSG_SPACE_ONE);
    else
        cli_say(cli, MSG_SPACE_TRIAL, keepers);
    if (red)
        cli_say(cli, MSG_PLAIN);
}

/* Which older space this one continues. */
static void say_continued(struct cli *cli, const struct pas_table *table, size_t i)
{
    const char *old = cli_text(table, i, "old");
    for (size_t k = 0; *old && k < pas_table_rows(table); k++)
        if (strcmp(cli_text(table, k, "id"), old) == 0)
            cli_say(cli, MSG_SPACE_CONTINUES, cli_text(table, k, "name"));
}

static void print_space(struct cli *cli, const struct pas_table *table, size_t i)
{
    char level[64], state[64], since[64], unsent[128], room[64];
    const char *checkpoint = cli_text(table, i, "checkpoint_time");
    snprintf(unsent, sizeof unsent, "%s", message_text(MSG_ALL_SENT, cli->lang));
    if (cli_int(table, i, "unsent"))
        snprintf(unsent, sizeof unsent, message_text(MSG_UNSENT, cli->lang),
                 (long long)cli_int(table, i, "unsent"),
                 cli_cell(cli, table, i, "unsent_since", room, sizeof room));
    const char *name = cli_text(table, i, "name");
    const char *width = cli_cell(cli, table, i, "level", level, sizeof level);
    cli_say(cli, MSG_SPACE_LINE, *name ? name : message_text(MSG_SPACE_UNNAMED, cli->lang),
            *width ? width : "?", cli_cell(cli, table, i, "state", state, sizeof state),
            *checkpoint ? message_text(MSG_UP_TO_DATE, cli->lang) : "",
            *checkpoint ? cli_cell(cli, table, i, "checkpoint_time", since, sizeof since)
                        : message_text(MSG_NEVER, cli->lang),
            unsent);
    say_continued(cli, table, i);
    /* What went wrong with a space that goes on elsewhere is settled. */
    bool settled = strcmp(cli_text(table, i, "state"), "succeeded") == 0;
    if (*cli_text(table, i, "alarm") && !settled)
        cli_say(cli, MSG_SPACE_ALARM, cli_cell(cli, table, i, "alarm", room, sizeof room));
    if (strcmp(cli_text(table, i, "alarm"), words_alarm(ERR_SEQ)) == 0)
        cli_say(cli, MSG_TWIN);
    size_t entry = pas_table_find(table, "alarm_index");
    if (entry != SIZE_MAX && pas_table_type(table, i, entry) == PAS_INT)
        cli_say(cli, MSG_SPACE_ALARM_AT, (long long)pas_table_integer(table, i, entry));
    if (*cli_text(table, i, "status"))
        cli_say(cli, MSG_SPACE_REFUSED, cli_cell(cli, table, i, "status", room, sizeof room));
    if (strcmp(cli_text(table, i, "witness"), "amber") == 0)
        cli_error(cli, MSG_WITNESS_AMBER, cli_text(table, i, "name"));
    if (strcmp(cli_text(table, i, "witness"), "red") == 0)
        cli_error(cli, MSG_WITNESS_RED, cli_text(table, i, "name"));
    if (*cli_text(table, i, "server_code"))
        cli_say(cli, MSG_SERVER_KEY_OFFERED, cli_text(table, i, "server_code"));
    say_keepers(cli, table, i);
    if (cli_int(table, i, "rotation_pending"))
        cli_say(cli, MSG_SPACE_ROTATION);
    if (cli_int(table, i, "invalid_leaves"))
        cli_say(cli, MSG_SPACE_INVALID, (long long)cli_int(table, i, "invalid_leaves"));
}

static size_t rows_of(int result, struct pas_table *table)
{
    size_t n = result == 0 ? pas_table_rows(table) : 0;
    if (result == 0)
        pas_table_free(table);
    return n;
}

static size_t waiting_count(struct cli *cli)
{
    struct pas_table *table = NULL;
    int result = pas_waiting(cli->pas, &table);
    return rows_of(result, table);
}

static size_t conflict_count(struct cli *cli)
{
    struct pas_table *table = NULL;
    int result = pas_conflicts(cli->pas, NULL, &table);
    return rows_of(result, table);
}

/* Erasures that name what is not of their dossier: somebody used the right to erase for something else. */
static void say_foreign(struct cli *cli)
{
    struct pas_table *table = NULL;
    char when[64];
    if (pas_erased(cli->pas, &table) != 0)
        return;
    for (size_t i = 0; i < pas_table_rows(table); i++)
        if (cli_int(table, i, "foreign"))
            cli_say(cli, MSG_ERASE_FOREIGN, cli_text(table, i, "name"), cli_text(table, i, "code"),
                    cli_cell(cli, table, i, "erased_at", when, sizeof when),
                    (long long)cli_int(table, i, "foreign"));
    pas_table_free(table);
}

/* The state of all spaces, with what a sync did when there was one. */
static int say_state(struct cli *cli, const struct carried *carried)
{
    struct pas_table *table = NULL;
    char *json = NULL;
    int result = pas_spaces(cli->pas, &table);
    if (result == 0 && cli->json)
        result = pas_table_json_text(table, false, &json);
    if (result != 0) {
        pas_table_free(table);
        return cli_failed(cli, result);
    }
    size_t waiting = waiting_count(cli), conflicts = conflict_count(cli);
    unsigned pack, unread;
    pas_pack(cli->pas, &pack, &unread);
    if (cli->json) {
        printf("{\"spaces\":%s,\"device\":\"%s\",\"waiting\":%zu,\"conflicts\":%zu,\"keyless\":%llu"
               ",\"pack\":%u,\"pack_unread\":%u",
               json, pas_device(cli->pas), waiting, conflicts,
               (unsigned long long)pas_keyless(cli->pas), pack, unread);
        if (carried)
            printf(",\"requests\":%u,\"pushed\":%" PRIu64 ",\"pulled\":%" PRIu64
                   ",\"refused\":%" PRIu64 ",\"relayed\":%" PRIu64 ",\"relay_refused\":%" PRIu64,
                   carried->requests, carried->pushed, carried->pulled, carried->refused,
                   carried->relayed, carried->relay_refused);
        puts("}");
        pas_free(json);
    } else {
        if (pas_table_rows(table) == 0)
            cli_say(cli, MSG_NO_SPACES);
        for (size_t i = 0; i < pas_table_rows(table); i++)
            print_space(cli, table, i);
        if (waiting)
            cli_say(cli, MSG_WAITS, waiting);
        if (conflicts)
            cli_say(cli, MSG_CONFLICTS_OPEN, conflicts);
        cli_say_parcels(cli);
        if (pas_keyless(cli->pas))
            cli_say(cli, MSG_KEYLESS, (long long)pas_keyless(cli->pas));
        say_foreign(cli);
        if (unread)
            cli_say(cli, MSG_PACK_UNREAD, unread, pack);
    }
    pas_table_free(table);
    return EXIT_DONE;
}

/* An alarm of any space, also one of an earlier sync. */
static int alarm_code(struct cli *cli)
{
    struct pas_table *table = NULL;
    int code = EXIT_DONE;
    if (pas_spaces(cli->pas, &table) != 0)
        return EXIT_DONE;
    for (size_t i = 0; i < pas_table_rows(table); i++)
        if (*cli_text(table, i, "alarm") && strcmp(cli_text(table, i, "state"), "succeeded") != 0)
            code = EXIT_ALARM;
    pas_table_free(table);
    return code;
}

int cmd_status(struct cli *cli, const struct args *args)
{
    (void)args;
    return say_state(cli, NULL);
}

/* --- sync --- */

static int say_sync(struct cli *cli, const struct carried *carried)
{
    cli_say(cli, MSG_SYNCED, (unsigned long long)carried->pushed,
            (unsigned long long)carried->pulled, carried->requests);
    if (carried->refused)
        cli_say(cli, MSG_SYNC_REFUSED, (unsigned long long)carried->refused);
    if (carried->relayed)
        cli_say(cli, MSG_RELAYED, (unsigned long long)carried->relayed);
    if (carried->relay_refused)
        cli_say(cli, MSG_RELAY_REFUSED, (unsigned long long)carried->relay_refused);
    int code = say_state(cli, carried);
    if (carried->alarm)
        cli_error(cli, MSG_ERROR, pas_error_text(carried->alarm, cli->lang));
    return code;
}

/* Tells of removals that this turn brought. EXIT_REFUSED when no space is left: the watch is over. */
static int watch_removed(struct cli *cli, struct pas_table **before)
{
    int out = cli_removed(cli, *before);
    if (out == EXIT_DONE)
        return EXIT_DONE;
    pas_table_free(*before);
    *before = NULL;
    if (pas_spaces(cli->pas, before) != 0)
        return EXIT_DONE;
    if (pas_servers(cli->pas) > 0)
        return EXIT_DONE;
    (void)cli_gone(cli);
    return out;
}

/* Long polls until a signal or `seconds` are over (0: for ever); says something only when something happened. */
static int watch(struct cli *cli, long seconds)
{
    time_t end = time(NULL) + seconds;
    unsigned pause_s = WATCH_PAUSE_S;
    int code = EXIT_DONE;
    bool first = true;
    struct pas_table *before = NULL;
    if (pas_spaces(cli->pas, &before) != 0)
        before = NULL;
    while (!cli_stop && (seconds == 0 || time(NULL) < end)) {
        struct carried carried = {0};
        long left = seconds ? (long)(end - time(NULL)) : WATCH_WAIT_MS / 1000;
        uint64_t wait_ms = first || left <= 0 ? 0 : (uint64_t)left * 1000;
        if (wait_ms > WATCH_WAIT_MS)
            wait_ms = WATCH_WAIT_MS;
        int opened = cli_open(cli); /* sets the clock */
        code = opened == EXIT_DONE ? cli_carry_all(cli, wait_ms, &carried) : opened;
        if (code == EXIT_DONE && (first || carried.pushed || carried.pulled || carried.alarm))
            code = say_sync(cli, &carried);
        if (code == EXIT_DONE && carried.alarm) {
            code = EXIT_ALARM;
            break;
        }
        if (code == EXIT_DONE && (code = watch_removed(cli, &before)) != EXIT_DONE)
            break;
        (void)fflush(stdout);
        first = false;
        if (code == EXIT_DONE && pas_servers(cli->pas) == 1) {
            pause_s = WATCH_PAUSE_S;
            continue;
        }
        for (unsigned i = 0; i < pause_s && !cli_stop && (seconds == 0 || time(NULL) < end); i++)
            (void)sleep(1);
        pause_s = pause_s * 2 < WATCH_PAUSE_MAX_S ? pause_s * 2 : WATCH_PAUSE_MAX_S;
    }
    pas_table_free(before);
    return cli_stop ? EXIT_DONE : code;
}

int cmd_sync(struct cli *cli, const struct args *args)
{
    struct carried carried = {0};
    struct pas_table *before = NULL;
    const char *limit = args_option(args, "for");
    char *end = NULL;
    long seconds = limit ? strtol(limit, &end, 10) : 0;
    if (limit && (!*limit || *end || seconds < 1)) {
        cli_error(cli, MSG_USAGE_BAD, limit, "--for");
        return EXIT_USAGE;
    }
    pas_allow_wider(cli->pas, args_option(args, "wider") != NULL);
    if (args_option(args, "retry")) {
        size_t n = 0;
        int result = pas_retry(cli->pas, &n);
        if (result != 0)
            return cli_failed(cli, result);
        cli_say(cli, MSG_RETRIED, n);
    }
    if (pas_servers(cli->pas) == 0 && !cli->json)
        cli_say(cli, MSG_SYNC_NO_SERVER);
    if (args_option(args, "watch"))
        return watch(cli, seconds);
    size_t late = cli_late_count(cli);
    int listed = pas_spaces(cli->pas, &before);
    int code = listed == 0 ? cli_carry_all(cli, 0, &carried) : cli_failed(cli, listed);
    int out = listed == 0 ? cli_removed(cli, before) : EXIT_DONE;
    pas_table_free(before);
    if (code != EXIT_DONE && !carried.alarm) {
        if (cli->json)
            (void)say_state(cli, &carried);
        return code;
    }
    int said = say_sync(cli, &carried);
    cli_say_late(cli, late);
    if (carried.alarm || alarm_code(cli) == EXIT_ALARM)
        return EXIT_ALARM;
    if (code != EXIT_DONE)
        return code;
    if (out != EXIT_DONE)
        (void)cli_gone(cli);
    return out != EXIT_DONE ? out : said;
}
