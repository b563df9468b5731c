/* SPDX-License-Identifier: Apache-2.0
 *
 * What the table of commands tells: help for people, a completion script for bash, and the list of the manual page.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/cmd.h"

int cli_help(struct cli *cli, const struct command *only)
{
    bool english = cli->lang[0] == 'e';
    if (!only)
        fputs(message_text(MSG_HELP_HEAD, cli->lang), stdout);
    for (size_t i = 0; i < cli_commands_n; i++) {
        const struct command *command = &cli_commands[i];
        const char *usage = english ? command->usage_en : command->usage_fr;
        if (!only || only == command)
            printf("  %s%s%s\n      %s\n", command->name, *usage ? " " : "", usage,
                   english ? command->help_en : command->help_fr);
    }
    return EXIT_DONE;
}

/* --- bash --- */

/* "json home= now=" as "--json --home= --now=". */
static void print_options(const char *spec)
{
    for (const char *at = spec ? spec : ""; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        printf(" --%.*s", (int)len, at);
        at += len;
    }
}

/* The options stand in words; what a word with = at its end takes as its value is no command. */
static const char bash_function[] =
    "_passerelle() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} command='' skip='' i word\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [ -n \"$skip\" ]; then\n"
    "            skip=''\n"
    "        elif [[ $word == --* ]]; then\n"
    "            [[ \" $_passerelle_common \" == *\" $word= \"* ]] && skip=1\n"
    "        else\n"
    "            command+=${command:+ }$word\n"
    "        fi\n"
    "    done\n"
    "    local next='' line\n"
    "    while IFS= read -r line; do\n"
    "        if [ -z \"$command\" ]; then\n"
    "            next+=\" ${line%% *}\"\n"
    "        elif [[ $line == \"$command \"* ]]; then\n"
    "            next+=\" ${line#\"$command \"}\"\n"
    "        fi\n"
    "    done <<<\"$_passerelle_commands\"\n"
    "    if [[ $cur == -* ]]; then\n"
    "        local options=$_passerelle_common\n"
    "        options+=$(_passerelle_options \"${command%% *}\")\n"
    "        options+=$(_passerelle_options \"$(cut -d' ' -f1,2 -s <<<\"$command\")\")\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"${options//=/}\" -- \"$cur\")\n"
    "    elif [ -n \"$next\" ]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$next\" -- \"$cur\" | sort -u)\n"
    "    fi\n"
    "}\n"
    "complete -o default -F _passerelle passerelle\n";

static void print_bash(void)
{
    puts("# bash completion of passerelle(1), made from its table of commands");
    fputs("_passerelle_common='", stdout);
    print_options(CLI_COMMON);
    fputs("'\n_passerelle_commands='", stdout);
    for (size_t i = 0; i < cli_commands_n; i++)
        printf("%s%s", i > 0 ? "\n" : "", cli_commands[i].name);
    puts("'\n_passerelle_options() {\n    case $1 in");
    for (size_t i = 0; i < cli_commands_n; i++) {
        if (!cli_commands[i].options)
            continue;
        printf("    '%s') echo '", cli_commands[i].name);
        print_options(cli_commands[i].options);
        puts("' ;;");
    }
    puts("    esac\n}");
    fputs(bash_function, stdout);
}

/* --- the manual page --- */

static void print_escaped(const char *text)
{
    for (; *text; text++) {
        if (*text == '-' || *text == '\\')
            putchar('\\');
        if (*text == '"')
            fputs("\\(dq", stdout);
        else
            putchar(*text);
    }
}

static void print_man(void)
{
    for (size_t i = 0; i < cli_commands_n; i++) {
        const struct command *command = &cli_commands[i];
        printf(".It Ic \"");
        print_escaped(command->name);
        if (*command->usage_en)
            putchar(' ');
        print_escaped(command->usage_en);
        printf("\"\n%c", toupper((unsigned char)command->help_en[0]));
        print_escaped(command->help_en + 1);
        puts(".");
    }
}

int cmd_help(struct cli *cli, const struct args *args)
{
    size_t used = 0;
    const char *format = args_option(args, "format");
    const struct command *one = args->n > 0 ? cli_find(args->words, args->n, &used) : NULL;
    if (format && strcmp(format, "bash") == 0) {
        print_bash();
        return EXIT_DONE;
    }
    if (format && strcmp(format, "man") == 0) {
        print_man();
        return EXIT_DONE;
    }
    if (format) {
        cli_error(cli, MSG_USAGE_BAD, format, "--format");
        return EXIT_USAGE;
    }
    if (args->n == 0 || one)
        return cli_help(cli, one);
    cli_error(cli, MSG_USAGE_UNKNOWN, args->words[0]);
    return EXIT_USAGE;
}
