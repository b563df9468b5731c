/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the domain: what is due, and the answers; reports and sheets; matching, doubles, import.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/cli/cmd.h"
#include "client/demo.h"
#include "client/pack.h"
#include "client/pas_domain.h"

enum { IMPORT_MAX = 8 << 20 };

/* A sentence in the run's language; quiet with --json. */
static void say(const struct cli *cli, const char *fr, const char *en)
{
    if (!cli->json)
        puts(cli->lang[0] == 'e' ? en : fr);
}

/* --- words of the command line --- */

struct pairs {
    struct pas_pair list[64];
    char keys[64][PACK_KEY_MAX + 1];
    size_t n;
};

static int read_pairs(struct cli *cli, const struct args *args, size_t from, struct pairs *pairs)
{
    pairs->n = 0;
    for (size_t i = from; i < args->n; i++) {
        struct pas_pair *pair = &pairs->list[pairs->n];
        char *key = pairs->keys[pairs->n];
        if (pairs->n == 64 || !args_pair(args->words[i], key, sizeof pairs->keys[0], &pair->text)) {
            cli_error(cli, MSG_USAGE_PAIR, args->words[i]);
            return EXIT_USAGE;
        }
        pair->field = key;
        pairs->n++;
    }
    return EXIT_DONE;
}

void cli_left(struct cli *cli, bool noted, bool file)
{
    if (!noted)
        fputs(cli->lang[0] == 'e' ? "passerelle: this export could not be noted in the history.\n"
                                  : "passerelle : cet export n'a pas pu être noté dans "
                                    "l'historique.\n",
              stderr);
    if (!file)
        return;
    if (cli->json)
        printf("{\"file\":true,\"noted\":%s}\n", noted ? "true" : "false");
    say(cli, "Écrit. Ce fichier n'est plus chiffré : à transmettre et à détruire avec soin.",
        "Written. This file is no longer encrypted: hand it over and destroy it with care.");
}

int cli_let_out(struct cli *cli, bool print, const char *what, const char *record, const char *path,
                const char *text)
{
    size_t lines = 0;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    int result = pas_journal(cli->pas, print, what, record, lines);
    bool noted = result == 0;
    int code = cli_write_file(cli, path, text);
    if (code == EXIT_DONE)
        cli_left(cli, noted, strcmp(path, "-") != 0);
    return code;
}

/* --- the agenda --- */

static void print_agenda(struct cli *cli, const struct pas_table *table)
{
    static const char *const fr[] = {"en retard", "à faire", "à venir"};
    static const char *const en[] = {"late", "to do", "to come"};
    const char *visit = "";
    for (size_t i = 0; i < pas_table_rows(table); i++) {
        const char *state = cli_text(table, i, "state"), *mine = cli_text(table, i, "visit");
        size_t word = strcmp(state, "overdue") == 0 ? 0 : strcmp(state, "due") == 0 ? 1 : 2;
        bool same = *mine && strcmp(mine, visit) == 0;
        visit = mine;
        if (!same)
            printf("%s  %-9s  %s%s%s\n", cli_text(table, i, "due"),
                   (cli->lang[0] == 'e' ? en : fr)[word], cli_text(table, i, "who"),
                   *cli_text(table, i, "who") ? " · " : "", cli_text(table, i, "title"));
        const char *series = cli_text(table, i, "series_label"),
                   *label = cli_text(table, i, "label");
        bool twice = strcasecmp(series, label) == 0; /* "Jour 3 : jour 3" says nothing more */
        printf("    [ ] %s%s%s  (%.8s)\n", series, twice ? "" : " : ", twice ? "" : label,
               cli_text(table, i, "id"));
    }
    if (pas_table_rows(table) == 0)
        say(cli, "Rien à faire.", "Nothing to do.");
}

int cmd_agenda(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    const char *until = args_option(args, "until"), *ics = args_option(args, "ics");
    char *text = NULL;
    int result;
    if (ics) {
        result = pas_agenda_ics(cli->pas, until, args_option(args, "titles") != NULL, &text);
        if (result != 0)
            return cli_failed(cli, result);
        int code = cli_let_out(cli, false, "agenda.ics", NULL, ics, text);
        pas_free(text);
        return code;
    }
    result = pas_agenda(cli->pas, until, &table);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        return cli_table(cli, table, false, NULL);
    print_agenda(cli, table);
    pas_table_free(table);
    return EXIT_DONE;
}

static int answer(struct cli *cli, const struct args *args, enum pas_answer how)
{
    struct pas_table *table = NULL;
    struct pairs *pairs = calloc(1, sizeof *pairs);
    if (!pairs)
        return cli_failed(cli, ERR_MEMORY);
    int code = read_pairs(cli, args, how == PAS_POSTPONE ? 2 : 1, pairs);
    if (code == EXIT_DONE) {
        int result =
            pas_answer(cli->pas, args->words[0], how, how == PAS_POSTPONE ? args->words[1] : NULL,
                       pairs->list, pairs->n, &table);
        code = result == 0 ? EXIT_DONE : cli_failed(cli, result);
    }
    free(pairs);
    if (code != EXIT_DONE)
        return code;
    for (size_t i = 0; i < pas_table_rows(table); i++)
        cli_after_save(cli, cli_text(table, i, "id"), false);
    return cli_table(cli, table, false, "rule kind code");
}

int cmd_done(struct cli *cli, const struct args *args)
{
    return answer(cli, args, PAS_DONE);
}

int cmd_skip(struct cli *cli, const struct args *args)
{
    return answer(cli, args, PAS_SKIP);
}

int cmd_postpone(struct cli *cli, const struct args *args)
{
    return answer(cli, args, PAS_POSTPONE);
}

/* --- after a record was saved --- */

void cli_after_save(struct cli *cli, const char *record, bool fresh)
{
    struct pas_table *table = NULL;
    bool en = cli->lang[0] == 'e';
    if (pas_suggest(cli->pas, record, &table) == 0) {
        for (size_t i = 0; !cli->json && i < pas_table_rows(table); i++) {
            bool done = cli_int(table, i, "done") != 0;
            printf("%s%s\n",
                   done ? "  → "
                   : en ? "  Proposed: "
                        : "  Proposé : ",
                   cli_text(table, i, "label"));
            if (!done)
                printf("     passerelle suggest %s %s\n", record, cli_text(table, i, "key"));
        }
        pas_table_free(table);
    }
    if (!cli->json && pas_hints(cli->pas, record, &table) == 0) {
        for (size_t i = 0; i < pas_table_rows(table); i++)
            fprintf(stderr, "%s : %s\n", cli_text(table, i, "field"), cli_text(table, i, "hint"));
        pas_table_free(table);
    }
    if (fresh && pas_duplicates_of(cli->pas, record, &table) == 0) {
        for (size_t i = 0; i < pas_table_rows(table); i++)
            fprintf(stderr, en ? "May exist already: %s  %s\n" : "Existe peut-être déjà : %s  %s\n",
                    cli_text(table, i, "code"), cli_text(table, i, "title"));
        pas_table_free(table);
    }
}

int cmd_suggest(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    struct pas_id id = {"", ""};
    if (args->n == 1) {
        int result = pas_suggest(cli->pas, args->words[0], &table);
        return result == 0 ? cli_table(cli, table, false, "key label done")
                           : cli_failed(cli, result);
    }
    int result = pas_suggest_do(cli->pas, args->words[0], args->words[1], &id);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        printf("{\"id\":\"%s\",\"code\":\"%s\"}\n", id.id, id.code);
    else
        puts(id.code);
    return EXIT_DONE;
}

int cmd_tick(struct cli *cli, const struct args *args)
{
    struct pas_id id = {"", ""};
    bool off = args_option(args, "off") != NULL;
    for (size_t i = 1; i < args->n; i++) {
        int result = pas_tick(cli->pas, args->words[0], args->words[i], !off, &id);
        if (result != 0)
            return cli_failed(cli, result);
    }
    if (cli->json)
        printf("{\"id\":\"%s\",\"code\":\"%s\"}\n", id.id, id.code);
    else
        puts(id.code);
    return EXIT_DONE;
}

/* --- reports and sheets --- */

static int read_year(struct cli *cli, const struct args *args, int *year)
{
    const char *text = args_option(args, "year");
    char *end = NULL;
    *year = 0;
    if (!text)
        return EXIT_DONE;
    long value = strtol(text, &end, 10);
    if (*end || value < 1900 || value > 2199) {
        cli_error(cli, MSG_USAGE_BAD, text, "--year");
        return EXIT_USAGE;
    }
    *year = (int)value;
    return EXIT_DONE;
}

static int one_report(struct cli *cli, const struct args *args, const struct pairs *pairs, int year)
{
    const char *csv = args_option(args, "csv"), *html = args_option(args, "html");
    struct pas_report_args wanted = {.name = args->words[0],
                                     .params = pairs->list,
                                     .params_n = pairs->n,
                                     .year = year,
                                     .shared = args_option(args, "shared") != NULL,
                                     .space = cli->space,
                                     .form = csv         ? PAS_CSV
                                             : html      ? PAS_HTML
                                             : cli->json ? PAS_JSON_TEXT
                                                         : PAS_PLAIN};
    char *text = NULL;
    int result = pas_report(cli->pas, &wanted, &text);
    if (result != 0)
        return cli_failed(cli, result);
    int code = EXIT_DONE;
    if (csv || html)
        code = cli_let_out(cli, html && !csv, args->words[0], NULL, csv ? csv : html, text);
    else
        printf("%s%s", text, cli->json ? "\n" : "");
    pas_free(text);
    return code;
}

int cmd_report(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int year;
    if (args->n == 0) {
        int result = pas_reports(cli->pas, &table);
        return result == 0 ? cli_table(cli, table, false, "report title") : cli_failed(cli, result);
    }
    struct pairs *pairs = calloc(1, sizeof *pairs);
    if (!pairs)
        return cli_failed(cli, ERR_MEMORY);
    int code = read_pairs(cli, args, 1, pairs);
    if (code == EXIT_DONE)
        code = read_year(cli, args, &year);
    if (code == EXIT_DONE)
        code = one_report(cli, args, pairs, year);
    free(pairs);
    return code;
}

int cmd_print(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    const char *record = args->n > 1 ? args->words[1] : NULL, *path = args_option(args, "html");
    char *html = NULL, what[256], code_text[16] = "";
    if (args->n == 0) {
        int result = pas_sheets(cli->pas, &table);
        return result == 0 ? cli_table(cli, table, false, "sheet title kind")
                           : cli_failed(cli, result);
    }
    int result = pas_sheet(cli->pas, args->words[0], record, args_option(args, "in"),
                           args_option(args, "blank") != NULL, &html);
    if (result != 0)
        return cli_failed(cli, result);
    if (record && pas_show(cli->pas, record, false, &table) == 0) {
        snprintf(code_text, sizeof code_text, " %s", cli_text(table, 0, "code"));
        pas_table_free(table);
    }
    snprintf(what, sizeof what, "%s%s", args->words[0], code_text);
    int code = cli_let_out(cli, true, what, record, path ? path : "-", html);
    pas_free(html);
    return code;
}

/* --- matching, doubles, import --- */

int cmd_match(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int result = pas_match(cli->pas, args->words[0], &table);
    return result == 0 ? cli_table(cli, table, false, "code title reasons")
                       : cli_failed(cli, result);
}

int cmd_duplicates(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int result = pas_duplicates(cli->pas, args->n ? args->words[0] : NULL, &table);
    return result == 0 ? cli_table(cli, table, false, "kind a_code a_title b_code b_title")
                       : cli_failed(cli, result);
}

int cmd_import(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    struct pas_edit edit = {.space = cli->space};
    const char *kind = args_option(args, "kind");
    char *bytes = NULL, *ignored = NULL;
    size_t len = 0, taken = 0, refused = 0;
    if (!kind) {
        cli_error(cli, MSG_USAGE_NO_VALUE, "--kind");
        return EXIT_USAGE;
    }
    int code = cli_read_file(cli, args->words[0], IMPORT_MAX, &bytes, &len);
    if (code != EXIT_DONE)
        return code;
    struct pas_import_args wanted = {.kind = kind,
                                     .csv = bytes,
                                     .len = len,
                                     .dry_run = args_option(args, "dry-run") != NULL,
                                     .duplicates = args_option(args, "duplicates") != NULL,
                                     .edit = &edit};
    int result = pas_import(cli->pas, &wanted, &table, &ignored);
    pas_free_bytes((unsigned char *)bytes, len);
    if (result != 0)
        return cli_failed(cli, result);
    for (size_t i = 0; i < pas_table_rows(table); i++) {
        taken += strcmp(cli_text(table, i, "status"), "new") == 0;
        refused += strcmp(cli_text(table, i, "status"), "refused") == 0;
    }
    if (*ignored && !cli->json)
        printf("%s : %s\n", cli->lang[0] == 'e' ? "Columns left out" : "Colonnes laissées",
               ignored);
    pas_free(ignored);
    size_t rows = pas_table_rows(table);
    code = cli_table(cli, table, false, "line status title code message");
    if (!cli->json)
        printf(cli->lang[0] == 'e' ? "%zu of %zu rows%s\n" : "%zu lignes sur %zu%s\n", taken, rows,
               !wanted.dry_run       ? ""
               : cli->lang[0] == 'e' ? " (preview: nothing was written)"
                                     : " (aperçu : rien n'a été écrit)");
    return code == EXIT_DONE && refused ? EXIT_REFUSED : code;
}

/* A whole number above zero; false after its message. */
static bool read_number(struct cli *cli, const struct args *args, const char *option,
                        unsigned long long *out)
{
    const char *text = args_option(args, option);
    char *end = NULL;
    if (!text)
        return true;
    *out = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && *out > 0 && *out <= 1000000)
        return true;
    cli_error(cli, MSG_USAGE_BAD, text, option);
    return false;
}

int cmd_demo_data(struct cli *cli, const struct args *args)
{
    unsigned long long people = 20, seed = 1;
    struct pas_edit edit = {.space = cli->space};
    const char *path = args_option(args, "recipe");
    char *recipe = NULL;
    size_t len = 0, made = 0;
    if (!read_number(cli, args, "people", &people) || !read_number(cli, args, "seed", &seed))
        return EXIT_USAGE;
    int code = path ? cli_read_file(cli, path, 1 << 20, &recipe, &len) : EXIT_DONE;
    if (code != EXIT_DONE)
        return code;
    int result = pas_demo(cli->pas, (size_t)people, seed, recipe, &edit, &made);
    pas_free(recipe);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        printf("{\"records\":%zu}\n", made);
    else
        printf(cli->lang[0] == 'e' ? "%zu fictional records.\n" : "%zu fiches fictives.\n", made);
    return EXIT_DONE;
}
