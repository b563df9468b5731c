/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelled: the sync server. One table of sub-commands; each lives in main_*.c.
 */
#include <stdio.h>
#include <string.h>

#include "proto/digest.h"
#include "server/main_command.h"

static const struct main_command commands[] = {
    {"setup", main_setup, "five questions, and a server that runs",
     "usage: passerelled setup [--answers FILE] [--config FILE] [--json]\n"
     "       passerelled setup --test [--config FILE]\n"
     "\n"
     "Asks five questions (address, data folder, where to listen, backup folder and key), writes\n"
     "the configuration, makes keys, starts the service, tests it from the outside, prints the\n"
     "founder link, and says what to print and lock away. Never overwrites anything.\n"
     "\n"
     "  --answers FILE    lines url = ..., data = ..., listen = ..., backup = ..., recipient = "
     "...\n"
     "                    instead of questions; store = POSTGRESQL-URI keeps the log there\n"
     "  --config FILE     the file to write; /etc/passerelle/passerelled.conf if left out. A\n"
     "                    Caddyfile and backup.conf are written beside it\n"
     "  --test            only test: does the server answer here, and under its address?\n"},
    {"init", main_init, "make a new server and print its founder link",
     "usage: passerelled init --data DIR --url URL [--log-name NAME] [--store POSTGRESQL-URI] "
     "[--json]\n"
     "\n"
     "Makes the keys and databases of a new server in DIR and prints a founder link, with which\n"
     "the first space is founded (passerelle space create --server LINK). The link works once.\n"
     "\n"
     "  --data DIR        folder for keys and databases; made if it is not there\n"
     "  --url URL         how devices reach the server, such as https://sync.example.org\n"
     "                    (http only for 127.0.0.1, [::1] and localhost)\n"
     "  --log-name NAME   name in every checkpoint; the host of the URL if left out; never "
     "changes\n"
     "  --store URI       keep the log in this PostgreSQL database instead of in files\n"
     "  --json            print {\"founder_link\": ...}\n"},
    {"serve", main_serve, "serve",
     "usage: passerelled serve --config FILE [options]\n"
     "       passerelled serve --data DIR [--listen ADDRESS:PORT] [options]\n"
     "\n"
     "Serves until SIGTERM, SIGINT or SIGHUP; requests under way are answered first. Options "
     "given\n"
     "here win over the file. TLS is done by a proxy in front (see deploy/Caddyfile).\n"
     "\n"
     "  --config FILE     configuration, explained in deploy/passerelled.conf.example\n"
     "  --data DIR        the server's data folder\n"
     "  --listen WHERE    127.0.0.1:8787, [::1]:8787 or unix:/run/passerelle.sock; port 0 takes "
     "any\n"
     "  --port-file FILE  write the chosen port there when ready\n"
     "  --insecure-http   allow plain HTTP on other addresses than loopback (tests only)\n"
     "  --accept-clock    the clock is right although it jumped by more than 30 days\n"},
    {"check", main_check, "verify everything that is stored",
     "usage: passerelled check --data DIR [--deep] [--json]\n"
     "\n"
     "Verifies every entry, body, tree node and checkpoint, replays all memberships, and names "
     "the\n"
     "first index that is wrong. May run beside a server. Exit code 1 if anything is wrong.\n"
     "\n"
     "  --deep            also check the database files themselves, page by page\n"},
    {"stats", main_stats, "how much is stored",
     "usage: passerelled stats --data DIR [--json]\n"
     "\n"
     "Per space: leaves, bodies, bytes, devices, keys. The server does not know names.\n"},
    {"copy", main_copy, "copy a server into another kind of store",
     "usage: passerelled copy --data DIR --to DIR [--store POSTGRESQL-URI] [--json]\n"
     "\n"
     "Copies a server that is stopped into a new folder, into SQLite files there or into an empty\n"
     "PostgreSQL database, whatever it is in now. Entries, checkpoints and keys are the same; "
     "devices\n"
     "notice nothing but that they fetch their keys once more.\n"},
    {"backup", main_backup, "copy the databases while the server runs",
     "usage: passerelled backup --data DIR --to DIR [--only log|keys] [--json]\n"
     "\n"
     "Copies log.db, with server.key, and keys.db into the folder --to; each as of one moment. "
     "What\n"
     "lies there is ciphertext and the server's own keys: encrypt it, and keep copies of keys.db "
     "no\n"
     "longer than 30 days, so that what was erased opens nowhere.\n"
     "\n"
     "  --only WHAT       log (for years) or keys (for days), to keep them apart\n"},
    {"restore", main_restore, "make a data folder from copies",
     "usage: passerelled restore --data DIR --from DIR [--keys-from DIR | --no-keys]\n"
     "       passerelled restore --data DIR --finish\n"
     "\n"
     "Makes the data folder of a server from what \"backup\" wrote. The server then says that it "
     "is\n"
     "recovering: it takes no new work, and devices bring back what it lost, until --finish.\n"
     "\n"
     "  --from DIR        log.db and server.key, and keys.db unless said otherwise\n"
     "  --keys-from DIR   keys.db lies there\n"
     "  --no-keys         keys.db is lost; devices bring the keys that they have\n"
     "  --finish          what is back is all there is; may run beside the server\n"},
    {"founder-link", main_founder_link, "print another founder link",
     "usage: passerelled founder-link --data DIR [--json]\n"
     "\n"
     "Prints a further link that founds one space. May run beside a server.\n"},
    {"log-key", main_log_key, "print the line that makes a witness know this log",
     "usage: passerelled log-key --data DIR\n"
     "\n"
     "Prints \"log NAME KEY\", for the file \"logs\" of a passerelle-witness; and, after a\n"
     "rotate-key, \"next ...\", which the key before it signed.\n"},
    {"rotate-key", main_rotate_key, "new keys for the server, while it runs",
     "usage: passerelled rotate-key --data DIR [--json]\n"
     "\n"
     "Adds a pair of keys to server.key and prints its code. Each space goes over to it when one\n"
     "of its administrators has compared the code (passerelle server-key --accept CODE); the old\n"
     "key signs the hand-over, and devices verify it in the log. Old pairs stay in the file.\n"},
};

static const struct main_command *command_of(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int usage(FILE *out)
{
    fputs("usage: passerelled COMMAND [options]; passerelled COMMAND --help tells more\n\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  %-14s%s\n", commands[i].name, commands[i].summary);
    fputs("  version       print the version\n", out);
    return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

static int run(const struct main_command *command, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(command->help, stdout);
            return EXIT_DONE;
        }
    }
    return command->run(argc, argv);
}

int main(int argc, char **argv)
{
    main_harden();
    if (argc < 2)
        return usage(stderr);
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return usage(stdout);
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        puts("passerelled " PASSERELLE_VERSION);
        return EXIT_DONE;
    }
    const struct main_command *command = command_of(name);
    if (!command) {
        main_refuse("there is no command \"%s\"; see passerelled --help", name);
        return EXIT_USAGE;
    }
    if (digest_init() != ERR_OK)
        return main_refuse("libsodium could not be initialised");
    int code = run(command, argc - 1, argv + 1);
    if (fflush(stdout) != 0 && code == EXIT_DONE)
        code = main_refuse("standard output could not be written");
    return code;
}
