/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of commands, and how a command line becomes a call. A new command is a row here and a function in one of
 * the cmd_*.c files.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/cli/cli.h"
#include "client/cli/cmd.h"
#include "client/pas_member.h"
#include "client/pas_time.h"
#include "proto/digest.h"

/* Name, arguments (fr, en), options, words min..max, alone, not in a batch, function, help (fr, en). */
const struct command cli_commands[] = {
    {"init", "[--name NOM] [--kdf light]", "[--name LABEL] [--kdf light]", "name= kdf=", 0, 0, true,
     true, cmd_init, "crée les clés de cet appareil", "make this device's keys"},
    {"space create", "NOM --level NIVEAU [--server LIEN]", "NAME --level LEVEL [--server LINK]",
     "level= server=", 1, 1, false, false, cmd_space_create,
     "crée un espace (community, organisation, team, restricted)",
     "found a space (community, organisation, team, restricted)"},
    {"space list", "", "", NULL, 0, 0, false, false, cmd_space_list, "liste les espaces",
     "list the spaces"},
    {"space succeed", "ESPACE [--name NOM]", "SPACE [--name NAME]", "name=", 1, 1, false, false,
     cmd_space_succeed, "poursuit dans un espace neuf celui dont l'historique est rompu",
     "let a space whose history is broken go on in a new one"},
    {"invite", "[--role writer,...] [--days N]", "[--role writer,...] [--days N]", "role= days=", 0,
     0, false, false, cmd_invite, "donne un lien d'invitation", "print an invite link"},
    {"join", "LIEN", "LINK", NULL, 1, 1, false, false, cmd_join, "rejoint un espace",
     "join a space"},
    {"approve", "APPAREIL | --all", "DEVICE | --all", "all", 0, 1, false, false, cmd_approve,
     "admet un appareil en attente", "admit a waiting device"},
    {"refuse", "APPAREIL", "DEVICE", NULL, 1, 1, false, false, cmd_refuse,
     "refuse un appareil en attente", "turn a waiting device away"},
    {"member list", "", "", NULL, 0, 0, false, false, cmd_member_list,
     "liste les membres et les demandes", "list members and who waits"},
    {"member proposals", "", "", NULL, 0, 0, false, false, cmd_member_proposals,
     "ce qui attend une deuxième personne", "what waits for a second person"},
    {"member confirm", "EMPREINTE", "HASH", NULL, 1, 1, false, false, cmd_member_confirm,
     "confirme la proposition d'un autre", "confirm another person's proposal"},
    {"revoke", "APPAREIL [--lost]", "DEVICE [--lost]", "lost", 1, 1, false, false, cmd_revoke,
     "retire un appareil (départ, ou perdu)", "remove a device (departure, or lost)"},
    {"recovery-sheet", "[--html FICHIER]", "[--html FILE]", "html=", 0, 0, false, false,
     cmd_recovery_sheet, "fait la feuille de secours, à imprimer",
     "make the recovery sheet, to be printed"},
    {"recover", "LIEN | CODE --server URL --spaces CODE,... [--lost NOM,...]",
     "LINK | CODE --server URL --spaces CODE,... [--lost NAME,...]", "server= spaces= lost=", 1, 1,
     false, true, cmd_recover, "retrouve ses espaces avec la feuille de secours",
     "get the spaces back from the recovery sheet"},
    {"renew", "", "", NULL, 0, 0, false, true, cmd_renew,
     "donne une identité nouvelle à un appareil remis d'une sauvegarde",
     "give a device that was put back from a backup a new identity"},
    {"role", "APPAREIL RÔLE,...", "DEVICE ROLE,...", NULL, 2, 2, false, false, cmd_role,
     "change les rôles d'un appareil", "change a device's roles"},
    {"new", "FICHE champ=valeur ...", "KIND field=value ...", "base=", 1, ARGS_MAX, false, false,
     cmd_new, "crée une fiche", "make a record"},
    {"set", "FICHE champ=valeur ... [--base N]", "RECORD field=value ... [--base N]", "base=", 2,
     ARGS_MAX, false, false, cmd_set, "modifie une fiche", "change a record"},
    {"show", "FICHE", "RECORD", NULL, 1, 1, false, false, cmd_show, "montre une fiche",
     "show a record"},
    {"list", "TYPE [champ=texte ...] [--where EXPR] [--csv FICHIER]",
     "KIND [field=text ...] [--where EXPR] [--csv FILE]", "where= csv=", 1, ARGS_MAX, false, false,
     cmd_list, "liste les fiches d'un type", "list records of a kind"},
    {"find", "TEXTE [--limit N]", "TEXT [--limit N]", "limit=", 1, ARGS_MAX, false, false, cmd_find,
     "cherche un texte", "search for a text"},
    {"history", "FICHE", "RECORD", NULL, 1, 1, false, false, cmd_history,
     "tout ce qui a été écrit dans une fiche", "all that was written to a record"},
    {"conflicts", "[FICHE]", "[RECORD]", NULL, 0, 1, false, false, cmd_conflicts,
     "les valeurs à trancher", "values to choose among"},
    {"resolve", "FICHE champ=valeur ...", "RECORD field=value ...", NULL, 2, ARGS_MAX, false, false,
     cmd_resolve, "tranche", "choose"},
    {"undo", "", "", NULL, 0, 0, false, false, cmd_undo,
     "annule la dernière saisie (dans les 10 secondes)",
     "take the last entry back (within 10 seconds)"},
    {"mistake", "FICHE [--off]", "RECORD [--off]", "off", 1, 1, false, false, cmd_mistake,
     "marque une saisie par erreur", "mark a record as an error"},
    {"kinds", "", "", NULL, 0, 0, false, false, cmd_kinds, "les types de fiches",
     "the kinds of records"},
    {"fields", "TYPE", "KIND", NULL, 1, 1, false, false, cmd_fields, "les champs d'un type",
     "the fields of a kind"},
    {"sql", "REQUÊTE", "QUERY", NULL, 1, 1, false, false, cmd_sql,
     "une requête SELECT sur les tables", "a SELECT over the tables"},
    {"sync", "[--watch [--for SECONDES]] [--retry] [--wider]",
     "[--watch [--for SECONDS]] [--retry] [--wider]", "watch for= retry wider", 0, 0, false, false,
     cmd_sync, "envoie et reçoit", "send and receive"},
    {"status", "", "", NULL, 0, 0, false, false, cmd_status, "l'état des espaces",
     "how the spaces stand"},
    {"attach", "FICHE FICHIER", "RECORD FILE", NULL, 2, 2, false, false, cmd_attach,
     "joint un fichier à un dossier", "attach a file to a record's file"},
    {"attachment list", "FICHE", "RECORD", NULL, 1, 1, false, false, cmd_attachment_list,
     "les fichiers joints d'un dossier", "the attached files"},
    {"attachment get", "PIÈCE FICHIER", "ATTACHMENT FILE", NULL, 2, 2, false, false,
     cmd_attachment_get, "va chercher un fichier joint", "fetch an attached file"},
    {"transfer", "FICHE ... --to ESPACE [--restricted ESPACE]",
     "RECORD ... --to SPACE [--restricted SPACE]", "to= restricted=", 1, ARGS_MAX, false, false,
     cmd_transfer, "confie des dossiers à un autre espace", "hand files to another space"},
    {"bundle export", "FICHIER [--since N]", "FILE [--since N]", "since=", 1, 1, false, false,
     cmd_bundle_export, "met sur un fichier ce qui attend et l'historique, chiffrés",
     "put what waits and the history on a file, encrypted"},
    {"bundle import", "FICHIER", "FILE", NULL, 1, 1, false, false, cmd_bundle_import,
     "prend un tel fichier, de qui que ce soit", "take such a file, from whomever"},
    {"audit verify", "[--full] [--with FICHIER]", "[--full] [--with FILE]", "full with=", 0, 0,
     false, false, cmd_audit_verify, "vérifie l'historique", "verify the history"},
    {"audit log", "[--csv FICHIER]", "[--csv FILE]", "csv=", 0, 0, false, false, cmd_audit_log,
     "le journal, sans contenu", "the log, without content"},
    {"audit report", "--out FICHIER | --check FICHIER", "--out FILE | --check FILE",
     "out= check=", 0, 0, false, false, cmd_audit_report,
     "le journal d'un espace, signé, sans contenu ; ou en vérifie un",
     "a space's log, signed, without content; or verifies one"},
    {"audit grant", "[CODE] [--from JOUR] [--to JOUR] --reason TEXTE [--days N]",
     "[CODE] [--from DAY] [--to DAY] --reason TEXT [--days N]", "from= to= reason= days=", 0, 1,
     false, false, cmd_audit_grant,
     "demande à lire un dossier ou une période ; une deuxième personne confirme",
     "ask to read a file or a period; a second person confirms"},
    {"audit grants", "", "", NULL, 0, 0, false, false, cmd_audit_grants,
     "les autorisations de lire, pour toujours", "the grants to read, for ever"},
    {"audit read", "EMPREINTE", "HASH", NULL, 1, 1, false, false, cmd_audit_read,
     "lit ce qu'une autorisation ouvre", "read what a grant opens"},
    {"audit close", "EMPREINTE", "HASH", NULL, 1, 1, false, false, cmd_audit_close,
     "met fin à une autorisation", "end a grant"},
    {"audit exposure", "APPAREIL", "DEVICE", NULL, 1, 1, false, false, cmd_audit_exposure,
     "ce qu'un appareil pouvait lire, sans contenu", "what a device could read, without content"},
    {"audit checkpoint", "[--svg FICHIER]", "[--svg FILE]", "svg=", 0, 0, false, false,
     cmd_audit_checkpoint, "le dernier point de contrôle signé, aussi en code à scanner",
     "the last signed checkpoint, as a code to scan too"},
    {"server-key", "[--accept CODE]", "[--accept CODE]", "accept=", 0, 0, false, false,
     cmd_server_key, "les nouvelles clés que le serveur propose, à comparer avec son exploitant",
     "new keys that the server offers, to be compared with its operator"},
    {"witness set", "[NOM=CLÉ ...] [--quorum N]", "[NAME=KEY ...] [--quorum N]", "quorum=", 0, 16,
     false, false, cmd_witness_set, "les témoins qui surveillent le serveur d'un espace",
     "the witnesses that watch a space's server"},
    {"witness list", "", "", NULL, 0, 0, false, false, cmd_witness_list,
     "les témoins, et quand ils ont confirmé", "the witnesses, and when they confirmed"},
    {"pack show", "FICHIER", "FILE", NULL, 1, 1, false, false, cmd_pack_show,
     "écrit le référentiel en vigueur dans un fichier, à modifier",
     "write the domain pack in force to a file, to be changed"},
    {"pack check", "FICHIER", "FILE", NULL, 1, 1, true, false, cmd_pack_check,
     "vérifie un référentiel", "check a domain pack"},
    {"pack publish", "FICHIER", "FILE", NULL, 1, 1, false, false, cmd_pack_publish,
     "publie un référentiel dans un espace", "publish a domain pack to a space"},
    {"agenda", "[--until DATE] [--ics FICHIER [--titles]]",
     "[--until DATE] [--ics FILE [--titles]]", "until= ics= titles", 0, 0, false, false, cmd_agenda,
     "ce qu'il y a à faire, et quand", "what is due, and when"},
    {"done", "ÉCHÉANCE [champ=valeur ...]", "ITEM [field=value ...]", NULL, 1, ARGS_MAX, false,
     false, cmd_done, "note qu'une échéance est faite", "note that an item is done"},
    {"skip", "ÉCHÉANCE [champ=valeur ...]", "ITEM [field=value ...]", NULL, 1, ARGS_MAX, false,
     false, cmd_skip, "écarte une échéance", "set an item aside"},
    {"postpone", "ÉCHÉANCE DATE [champ=valeur ...]", "ITEM DATE [field=value ...]", NULL, 2,
     ARGS_MAX, false, false, cmd_postpone, "reporte une échéance", "postpone an item"},
    {"tick", "FICHE POINT ... [--off]", "RECORD ITEM ... [--off]", "off", 2, ARGS_MAX, false, false,
     cmd_tick, "coche un point d'une liste", "tick an item of a check-list"},
    {"suggest", "FICHE [CLÉ]", "RECORD [KEY]", NULL, 1, 2, false, false, cmd_suggest,
     "ce qui est proposé après une saisie", "what is proposed after an entry"},
    {"match", "FICHE", "RECORD", NULL, 1, 1, false, false, cmd_match,
     "ce qui s'en rapproche, et pourquoi", "what goes with a record, and why"},
    {"duplicates", "[TYPE]", "[KIND]", NULL, 0, 1, false, false, cmd_duplicates,
     "les fiches qui font peut-être double emploi", "records that may be the same"},
    {"merge", "GARDÉE AUTRE | --undo AUTRE", "KEPT OTHER | --undo OTHER", "undo", 1, 2, false,
     false, cmd_merge, "fait de deux fiches une seule, ou les sépare",
     "make two records one, or part them again"},
    {"report", "[RAPPORT [param=valeur ...]] [--year N] [--shared] [--csv F | --html F]",
     "[REPORT [param=value ...]] [--year N] [--shared] [--csv F | --html F]",
     "year= shared csv= html=", 0, ARGS_MAX, false, false, cmd_report,
     "calcule un rapport ; seul, les liste", "compute a report; alone, list them"},
    {"print", "[DOCUMENT [FICHE]] [--html FICHIER] [--blank] [--in LANGUE]",
     "[SHEET [RECORD]] [--html FILE] [--blank] [--in LANGUAGE]", "html= blank in=", 0, 2, false,
     false, cmd_print, "un document A4 ; seul, les liste", "an A4 sheet; alone, list them"},
    {"import", "FICHIER.csv --kind TYPE [--dry-run] [--duplicates]",
     "FILE.csv --kind KIND [--dry-run] [--duplicates]", "kind= dry-run duplicates", 1, 1, false,
     false, cmd_import, "reprend un tableau", "take a spreadsheet over"},
    {"mentions", "TEXTE", "TEXT", NULL, 1, 1, false, false, cmd_mentions,
     "où un texte figure, dans toutes les fiches", "where a text stands, in all records"},
    {"export-person", "FICHE --to DOSSIER [--in LANGUE]", "RECORD --to FOLDER [--in LANGUAGE]",
     "to= in=", 1, 1, false, false, cmd_export_person,
     "tout ce qui est noté sur une personne, pour elle, avec qui l'a consulté",
     "all that is noted about a person, for that person, and who opened it"},
    {"erase", "FICHE --reason MOTIF", "RECORD --reason REASON", "reason=", 1, 1, false, false,
     cmd_erase, "efface un dossier entier, partout", "erase a whole file, everywhere"},
    {"erased", "", "", NULL, 0, 0, false, false, cmd_erased, "les dossiers effacés",
     "the erased files"},
    {"refused", "[--discard N|all | --late | --hand-over]",
     "[--discard N|all | --late | --hand-over]", "discard= late hand-over", 0, 0, false, false,
     cmd_refused, "le travail refusé, gardé ici", "refused work, kept here"},
    {"adopt", "[APPAREIL [--discard]]", "[DEVICE [--discard]]", "discard", 0, 1, false, false,
     cmd_adopt, "reprend le travail qu'un autre ne peut plus envoyer",
     "take over work that its device can no longer send"},
    {"retention", "[--all]", "[--all]", "all", 0, 0, false, false, cmd_retention_review,
     "les dossiers à revoir ou à effacer", "files due for review or deletion"},
    {"retention review", "[--all]", "[--all]", "all", 0, 0, false, false, cmd_retention_review,
     "les dossiers à revoir ou à effacer", "files due for review or deletion"},
    {"retention apply", "FICHE ... | --all", "RECORD ... | --all", "all", 0, ARGS_MAX, false, false,
     cmd_retention_apply, "efface ce dont la durée est écoulée ; les chiffres restent",
     "erase what is kept no longer; the figures stay"},
    {"retention archive", "FICHE --reason MOTIF --until DATE --to FICHIER",
     "RECORD --reason REASON --until DATE --to FILE", "reason= until= to=", 1, 1, false, false,
     cmd_retention_archive, "scelle un dossier dans une archive datée",
     "seal a file into an archive with an end date"},
    {"retention open", "ARCHIVE --to FICHIER", "ARCHIVE --to FILE", "to=", 1, 1, false, false,
     cmd_retention_open, "ouvre une archive scellée", "open a sealed archive"},
    {"demo-data", "[--people N] [--seed S] [--recipe FICHIER]",
     "[--people N] [--seed S] [--recipe FILE]", "people= seed= recipe=", 0, 0, false, false,
     cmd_demo_data, "remplit l'espace de dossiers fictifs", "fill the space with fictional files"},
    {"batch", "FICHIER [--keep-going]", "FILE [--keep-going]", "keep-going", 1, 1, false, true,
     cmd_batch, "lance une commande par ligne", "run one command per line"},
    {"version", "", "", NULL, 0, 0, true, false, cmd_version, "la version", "the version"},
    {"help", "[COMMANDE] [--format bash|man]", "[COMMAND] [--format bash|man]", "format=", 0, 2,
     true, false, cmd_help, "cette aide", "this help"},
};
const size_t cli_commands_n = sizeof cli_commands / sizeof cli_commands[0];

const struct command *cli_find(const char *const *words, size_t n, size_t *used)
{
    char two[64];
    for (*used = n > 1 ? 2 : n; *used > 0; --*used) {
        snprintf(two, sizeof two, "%s%s%s", words[0], *used == 2 ? " " : "",
                 *used == 2 ? words[1] : "");
        for (size_t i = 0; i < cli_commands_n; i++)
            if (strcmp(cli_commands[i].name, two) == 0)
                return &cli_commands[i];
    }
    return NULL;
}

int cli_usage(struct cli *cli, const struct command *command)
{
    char line[256];
    const char *usage = cli->lang[0] == 'e' ? command->usage_en : command->usage_fr;
    snprintf(line, sizeof line, "%s %s", command->name, usage);
    cli_error(cli, MSG_USAGE_OF, line);
    return EXIT_USAGE;
}

/* --- the device --- */

static uint64_t clock_ms(const struct cli *cli)
{
    struct timespec now;
    if (cli->has_now)
        return cli->now_ms;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int cli_open(struct cli *cli)
{
    char pass[1024];
    size_t len = 0;
    if (cli->pas) {
        pas_time(cli->pas, clock_ms(cli));
        return EXIT_DONE;
    }
    if (!cli->home[0]) {
        cli_error(cli, MSG_NO_HOME);
        return EXIT_REFUSED;
    }
    int code = cli_passphrase(cli, false, pass, sizeof pass, &len);
    if (code != EXIT_DONE)
        return code;
    struct pas_open_args args = {.dir = cli->home,
                                 .pass = pass,
                                 .pass_len = len,
                                 .now_ms = clock_ms(cli),
                                 .lang = cli->lang};
    int result = pas_open(&cli->pas, &args);
    digest_wipe(pass, sizeof pass);
    if (result == ERR_NOT_FOUND) {
        cli_error(cli, pas_was_removed(cli->home) ? MSG_DEVICE_REMOVED : MSG_NO_DEVICE, cli->home);
        return EXIT_REFUSED;
    }
    if (result == ERR_BUSY) {
        cli_error(cli, MSG_IN_USE);
        return EXIT_REFUSED;
    }
    if (result != 0)
        return cli_failed(cli, result);
    const struct pas_repair *repair = pas_repaired(cli->pas);
    if (repair)
        cli_error(cli, MSG_REPAIRED, repair->kept_as, (unsigned long long)repair->unsent_saved,
                  (unsigned long long)repair->unsent_lost,
                  (unsigned long long)repair->leaves_to_fetch);
    return EXIT_DONE;
}

void cli_close(struct cli *cli)
{
    pas_close(cli->pas);
    net_free(cli->net);
    cli->pas = NULL;
    cli->net = NULL;
}

/* --- running a line --- */

static int bad_value(struct cli *cli, const char *option, const char *value)
{
    cli_error(cli, MSG_USAGE_BAD, value, option);
    return EXIT_USAGE;
}

static int apply_common(struct cli *cli, const struct args *args)
{
    const char *value;
    int64_t seconds;
    if ((value = args_option(args, "lang"))) {
        if (strcmp(value, "fr") != 0 && strcmp(value, "en") != 0)
            return bad_value(cli, "--lang", value);
        memcpy(cli->lang, value, 3);
    }
    if ((value = args_option(args, "now"))) {
        if (!pas_time_parse(value, &seconds) || seconds < 0)
            return bad_value(cli, "--now", value);
        cli->has_now = true;
        cli->now_ms = (uint64_t)seconds * 1000;
    }
    if (args_option(args, "json"))
        cli->json = true;
    if ((value = args_option(args, "space")))
        cli->space = value;
    if (cli->batch)
        return EXIT_DONE;
    if ((value = args_option(args, "home")))
        snprintf(cli->home, sizeof cli->home, "%s", value);
    if ((value = args_option(args, "passphrase-file")))
        cli->pass_file = value;
    if ((value = args_option(args, "socket")))
        cli->socket = value;
    return EXIT_DONE;
}

static int bad_args(struct cli *cli, enum args_result result, const char *word)
{
    static const enum message messages[] = {[ARGS_UNKNOWN] = MSG_USAGE_OPTION,
                                            [ARGS_NO_VALUE] = MSG_USAGE_NO_VALUE,
                                            [ARGS_VALUE] = MSG_USAGE_VALUE,
                                            [ARGS_TOO_MANY] = MSG_USAGE_MANY};
    cli_error(cli, messages[result], word);
    return EXIT_USAGE;
}

/* With --sync a command sees what others did, and what it does is sent. Not done is not sent. */
static int run_synced(struct cli *cli, const struct command *command, const struct args *args)
{
    struct carried before = {0}, after = {0};
    bool sync = args_option(args, "sync") && !command->alone;
    int code = sync ? cli_carry_all(cli, 0, &before) : EXIT_DONE;
    if (code == EXIT_DONE)
        code = command->run(cli, args);
    if (sync && code == EXIT_DONE)
        code = cli_carry_all(cli, 0, &after);
    if (sync && code == EXIT_DONE)
        code = before.alarm ? cli_carried(&before) : cli_carried(&after);
    return code;
}

/* The arguments that follow (and options that precede) the command's own words. */
static int run_command(struct cli *cli, const struct command *command, size_t argc,
                       const char *const *argv)
{
    struct args *args = calloc(1, sizeof *args);
    int code = EXIT_REFUSED;
    if (!args) {
        cli_error(cli, MSG_ERROR, pas_error_text(ERR_MEMORY, cli->lang));
        return code;
    }
    enum args_result result = args_parse(args, argc, argv, CLI_COMMON, command->options);
    if (result != ARGS_OK)
        code = bad_args(cli, result, args->bad);
    else if ((code = apply_common(cli, args)) != EXIT_DONE)
        ;
    else if (args_option(args, "help"))
        code = cli_help(cli, strcmp(command->name, "help") == 0 ? NULL : command);
    else if (args->n < command->min || args->n > command->max)
        code = cli_usage(cli, command);
    else if (cli->batch && command->no_batch) {
        cli_error(cli, MSG_LINE_NOT_HERE, command->name);
        code = EXIT_USAGE;
    } else if (command->alone || (code = cli_open(cli)) == EXIT_DONE)
        code = run_synced(cli, command, args);
    free(args);
    return code;
}

/* "passerelle --help" is asked for help; a bare "passerelle" is a mistake. */
static int without_command(struct cli *cli, size_t argc, const char *const *argv)
{
    static const char help[] = "help";
    size_t used;
    const char *word = help;
    for (size_t i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return run_command(cli, cli_find(&word, 1, &used), argc, argv);
    cli_error(cli, MSG_USAGE_NOTHING);
    return EXIT_USAGE;
}

int cli_run(struct cli *cli, size_t argc, const char *const *argv)
{
    size_t at = 0, used = 0;
    cli->error[0] = 0;
    const char *first = args_command(argc, argv, CLI_COMMON, &at);
    const struct command *command = first ? cli_find(argv + at, argc - at, &used) : NULL;
    if (!first)
        return without_command(cli, argc, argv);
    if (!command) {
        cli_error(cli, MSG_USAGE_UNKNOWN, first);
        return EXIT_USAGE;
    }
    const char **rest = calloc(argc + 1, sizeof *rest);
    if (!rest)
        return EXIT_REFUSED;
    size_t n = 0;
    for (size_t i = 0; i < argc; i++)
        if (i < at || i >= at + used)
            rest[n++] = argv[i];
    int code = run_command(cli, command, n, rest);
    free(rest);
    return code;
}
