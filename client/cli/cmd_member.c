/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaving, losing, confirming, erasing, and what was on a device.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cmd.h"
#include "client/pas_member.h"
#include "client/words.h"

static int one_space(struct cli *cli, size_t *space)
{
    *space = SIZE_MAX;
    return cli->space ? pas_space_find(cli->pas, cli->space, space) : 0;
}

/* --- removing, roles --- */

static void say_queued(struct cli *cli, const struct pas_table *table, enum message done)
{
    for (size_t i = 0; i < pas_table_rows(table); i++) {
        bool second = strcmp(cli_text(table, i, "state"), "proposed") == 0;
        cli_say(cli, second ? MSG_PROPOSED : done, cli_text(table, i, "name"),
                cli_text(table, i, "space_name"));
        if (cli_int(table, i, "rotation"))
            cli_say(cli, MSG_ROTATES);
    }
}

int cmd_revoke(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    bool lost = args_option(args, "lost") != NULL;
    size_t space;
    int result = one_space(cli, &space);
    if (result == 0)
        result = pas_revoke(cli->pas, space, args->words[0], lost, &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return cli_table(cli, table, false, NULL);
    say_queued(cli, table, lost ? MSG_REMOVED_LOST : MSG_REMOVED);
    pas_table_free(table);
    return EXIT_DONE;
}

int cmd_role(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    size_t space;
    uint8_t roles;
    if (!words_roles_read(args->words[1], &roles)) {
        cli_error(cli, MSG_USAGE_BAD, args->words[1], "role");
        return EXIT_USAGE;
    }
    int result = one_space(cli, &space);
    if (result == 0)
        result = pas_roles(cli->pas, space, args->words[0], args->words[1], &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return cli_table(cli, table, false, NULL);
    say_queued(cli, table, MSG_ROLES_SET);
    pas_table_free(table);
    return EXIT_DONE;
}

/* --- the second person --- */

int cmd_member_proposals(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    char when[64];
    (void)args;
    int result = pas_proposals(cli->pas, &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return cli_table(cli, table, false, NULL);
    if (pas_table_rows(table) == 0)
        cli_say(cli, MSG_NOTHING);
    for (size_t i = 0; i < pas_table_rows(table); i++) {
        cli_say(cli, MSG_PROPOSAL_LINE, cli_text(table, i, "hash"),
                cli_text(table, i, "space_name"), cli_text(table, i, "kind"),
                cli_text(table, i, "name"), cli_text(table, i, "author_name"),
                cli_cell(cli, table, i, "until", when, sizeof when));
        if (cli_int(table, i, "mine"))
            cli_say(cli, MSG_PROPOSAL_MINE, cli_text(table, i, "hash"));
    }
    pas_table_free(table);
    return EXIT_DONE;
}

int cmd_member_confirm(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int result = pas_confirm(cli->pas, args->words[0], &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return cli_table(cli, table, true, NULL);
    cli_say(cli, MSG_CONFIRMED, cli_text(table, 0, "kind"), cli_text(table, 0, "name"));
    pas_table_free(table);
    return EXIT_DONE;
}

/* --- what was on a device --- */

static void say_exposure(struct cli *cli, const struct pas_table *table, size_t i)
{
    char state[64], sent[64], since[64], until[64];
    const char *last = cli_cell(cli, table, i, "last_sent", sent, sizeof sent);
    const char *end = cli_cell(cli, table, i, "key_until", until, sizeof until);
    cli_say(cli, MSG_EXPOSURE, cli_text(table, i, "space_name"), cli_text(table, i, "name"),
            cli_cell(cli, table, i, "state", state, sizeof state),
            *last ? last : message_text(MSG_NEVER, cli->lang), (long long)cli_int(table, i, "seen"),
            (long long)cli_int(table, i, "dossiers"), (long long)cli_int(table, i, "seen_dossiers"),
            (long long)cli_int(table, i, "erased"), (long long)cli_int(table, i, "epoch"),
            cli_cell(cli, table, i, "key_since", since, sizeof since),
            *end ? end : message_text(MSG_KEY_IN_USE, cli->lang));
}

/* How many of each kind, since the persons are what has to be counted first. */
static void say_kinds(struct cli *cli, const struct pas_table *table)
{
    char kind[128], other[128];
    for (size_t i = 0; i < pas_table_rows(table); i++) {
        const char *name = cli_cell(cli, table, i, "kind", kind, sizeof kind);
        size_t n = 0, before = 0;
        for (size_t k = 0; k < pas_table_rows(table); k++) {
            bool same = strcmp(cli_cell(cli, table, k, "kind", other, sizeof other), name) == 0;
            n += same;
            before += same && k < i;
        }
        if (before == 0 && *name)
            cli_say(cli, MSG_EXPOSED_KIND, name, n);
    }
}

int cmd_audit_exposure(struct cli *cli, const struct args *args)
{
    struct pas_table *spaces = NULL, *dossiers = NULL;
    char *first = NULL, *second = NULL;
    int code = EXIT_DONE;
    int result = pas_exposure(cli->pas, args->words[0], &spaces);
    if (result == 0)
        result = pas_exposed(cli->pas, args->words[0], &dossiers);
    if (result == 0 && cli->json)
        result = pas_table_json_text(spaces, false, &first);
    if (result == 0 && cli->json)
        result = pas_table_json_text(dossiers, false, &second);
    if (result != 0) {
        code = cli_failed(cli, result);
    } else if (cli->json) {
        printf("{\"spaces\":%s,\"dossiers\":%s}\n", first, second);
    } else {
        for (size_t i = 0; i < pas_table_rows(spaces); i++)
            say_exposure(cli, spaces, i);
        say_kinds(cli, dossiers);
        code = cli_table(cli, dossiers, false, "space code kind since seen erased_at");
        dossiers = NULL;
    }
    pas_free(first);
    pas_free(second);
    pas_table_free(spaces);
    pas_table_free(dossiers);
    return code;
}

/* --- erasing --- */

int cmd_erase(struct cli *cli, const struct args *args)
{
    struct pas_id id = {"", ""};
    const char *reason = args_option(args, "reason");
    if (!reason) {
        cli_error(cli, MSG_ERASE_WHY);
        return EXIT_USAGE;
    }
    int result = pas_erase(cli->pas, args->words[0], reason, &id);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        printf("{\"id\":\"%s\",\"code\":\"%s\"}\n", id.id, id.code);
    cli_say(cli, MSG_ERASE_QUEUED, id.code);
    return EXIT_DONE;
}

int cmd_erased(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    (void)args;
    int result = pas_erased(cli->pas, &table);
    if (result != 0)
        return cli_failed(cli, result);
    return cli_table(cli, table, false,
                     "space code reason name erased_at done devices waiting foreign");
}

int cmd_mentions(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int result = pas_mentions(cli->pas, args->words[0], &table);
    if (result != 0)
        return cli_failed(cli, result);
    return cli_table(cli, table, false, "code title kind field value live");
}

/* --- refused work --- */

int cmd_refused(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    const char *discard = args_option(args, "discard");
    char *end = NULL;
    size_t n = 0;
    if (args_option(args, "hand-over")) {
        int result = pas_hand_over(cli->pas, &n);
        if (result != 0)
            return cli_failed(cli, result);
        if (cli->json)
            printf("{\"handed_over\":%zu}\n", n);
        cli_say(cli, MSG_HANDED_OVER, n);
        return EXIT_DONE;
    }
    if (args_option(args, "late")) {
        int result = pas_late(cli->pas, &table);
        if (result != 0)
            return cli_failed(cli, result);
        return cli_table(cli, table, false, "space code reason name erased_at boxes");
    }
    if (!discard) {
        int result = pas_refused_work(cli->pas, &table);
        if (result != 0)
            return cli_failed(cli, result);
        return cli_table(cli, table, false, "number space kind code changes made_at status reason");
    }
    size_t number = strtoul(discard, &end, 10);
    if (strcmp(discard, "all") == 0)
        number = SIZE_MAX;
    else if (*discard < '1' || *discard > '9' || *end) {
        cli_error(cli, MSG_USAGE_BAD, discard, "--discard");
        return EXIT_USAGE;
    }
    int result = pas_discard(cli->pas, number, &n);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        printf("{\"discarded\":%zu}\n", n);
    cli_say(cli, MSG_DISCARDED, n);
    return EXIT_DONE;
}

/* --- work of others --- */

static void say_parcels(struct cli *cli, const struct pas_table *table, enum message open)
{
    if (pas_table_rows(table) == 0)
        cli_say(cli, MSG_NOTHING);
    for (size_t i = 0; i < pas_table_rows(table); i++) {
        bool waits = strcmp(cli_text(table, i, "state"), "waiting") == 0;
        enum message message = open != MSG_PARCEL_LINE         ? open
                               : !waits                        ? MSG_PARCEL_QUEUED
                               : cli_int(table, i, "readable") ? MSG_PARCEL_LINE
                                                               : MSG_PARCEL_CLOSED;
        cli_say(cli, message, cli_text(table, i, "name"), cli_text(table, i, "space_name"),
                (long long)cli_int(table, i, "changes"));
    }
}

int cmd_adopt(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    bool drop = args_option(args, "discard") != NULL;
    if (drop && args->n == 0) {
        cli_error(cli, MSG_USAGE_BAD, "", "--discard");
        return EXIT_USAGE;
    }
    int result = args->n == 0 ? pas_parcels(cli->pas, &table)
                              : pas_adopt(cli->pas, args->words[0], drop, &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return cli_table(cli, table, false, NULL);
    say_parcels(cli, table, args->n == 0 ? MSG_PARCEL_LINE : drop ? MSG_DROPPED : MSG_ADOPTED);
    pas_table_free(table);
    return EXIT_DONE;
}

void cli_say_parcels(struct cli *cli)
{
    struct pas_table *table = NULL;
    if (pas_parcels(cli->pas, &table) != 0)
        return;
    if (pas_table_rows(table) > 0)
        say_parcels(cli, table, MSG_PARCEL_LINE);
    pas_table_free(table);
}

size_t cli_late_count(struct cli *cli)
{
    struct pas_table *table = NULL;
    if (pas_late(cli->pas, &table) != 0)
        return 0;
    size_t n = pas_table_rows(table);
    pas_table_free(table);
    return n;
}

void cli_say_late(struct cli *cli, size_t before)
{
    struct pas_table *table = NULL;
    char reason[64], when[64];
    if (pas_late(cli->pas, &table) != 0)
        return;
    for (size_t i = before; i < pas_table_rows(table); i++)
        cli_say(cli, MSG_LATE, cli_text(table, i, "code"), cli_text(table, i, "name"),
                cli_cell(cli, table, i, "erased_at", when, sizeof when),
                cli_cell(cli, table, i, "reason", reason, sizeof reason));
    pas_table_free(table);
}

int cli_removed(struct cli *cli, const struct pas_table *before)
{
    struct pas_table *now = NULL;
    size_t removed = 0;
    if (pas_spaces(cli->pas, &now) != 0)
        return EXIT_DONE;
    for (size_t i = 0; i < pas_table_rows(now); i++) {
        bool out = strcmp(cli_text(now, i, "state"), "revoked") == 0;
        bool was = before && i < pas_table_rows(before) &&
                   strcmp(cli_text(before, i, "state"), "revoked") == 0;
        if (!out || (was && pas_servers(cli->pas) > 0))
            continue;
        removed++;
        cli_error(cli, MSG_YOU_ARE_OUT, cli_text(now, i, "name"),
                  (long long)cli_int(now, i, "handed"), (long long)cli_int(now, i, "sealed"));
    }
    pas_table_free(now);
    return removed ? EXIT_REFUSED : EXIT_DONE;
}

int cli_gone(struct cli *cli)
{
    bool gone = false;
    int result = pas_gone(cli->pas, &gone);
    if (result != 0)
        return cli_failed(cli, result);
    if (!gone)
        return EXIT_DONE;
    cli_close(cli);
    cli_say(cli, MSG_DEVICE_GONE);
    return EXIT_REFUSED;
}
