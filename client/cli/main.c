/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelle: the case book at a terminal. This file prepares the process; commands.c runs a command line.
 */
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "proto/digest.h"

volatile sig_atomic_t cli_stop;

static void on_signal(int number)
{
    (void)number;
    cli_stop = 1;
}

/* No memory of this process reaches a file; what it writes is its owner's alone. */
static void harden(void)
{
    const struct rlimit none = {0, 0};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    (void)setrlimit(RLIMIT_CORE, &none);
#if defined(__SANITIZE_ADDRESS__)
#define TRACED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TRACED 1
#endif
#endif
#ifndef TRACED /* the leak check of a test build looks at its own process */
    (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
#endif
    (void)umask(S_IRWXG | S_IRWXO);
    (void)signal(SIGPIPE, SIG_IGN);
    action.sa_handler = on_signal;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* French, unless the locale says English. */
static void choose_language(struct cli *cli)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    memcpy(cli->lang, "fr", 3);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value)
            continue;
        if (strncmp(value, "en", 2) == 0)
            memcpy(cli->lang, "en", 3);
        return;
    }
}

static void choose_home(struct cli *cli)
{
    const char *home = getenv("PASSERELLE_HOME"), *data = getenv("XDG_DATA_HOME");
    const char *user = getenv("HOME");
    if (home && *home)
        snprintf(cli->home, sizeof cli->home, "%s", home);
    else if (data && *data == '/')
        snprintf(cli->home, sizeof cli->home, "%s/passerelle", data);
    else if (user && *user == '/')
        snprintf(cli->home, sizeof cli->home, "%s/.local/share/passerelle", user);
}

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

int main(int argc, char **argv)
{
    static struct cli cli;
    harden();
    if (digest_init() != ERR_OK)
        return EXIT_REFUSED;
    choose_language(&cli);
    choose_home(&cli);
    cli.pass_file = setting("PASSERELLE_PASSPHRASE_FILE");
    cli.socket = setting("PASSERELLE_SOCKET");
    int code = cli_run(&cli, argc > 0 ? (size_t)argc - 1 : 0, (const char *const *)argv + 1);
    cli_close(&cli);
    if (fflush(stdout) != 0 && code == EXIT_DONE)
        code = EXIT_REFUSED;
    return code;
}
