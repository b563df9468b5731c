/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelle-witness: see main_witness.h.
 */
#include <stdio.h>
#include <string.h>

#include "proto/digest.h"
#include "server/main_command.h"
#include "server/main_witness.h"

static const char usage[] =
    "usage: passerelle-witness init --data DIR --name NAME\n"
    "       passerelle-witness serve --data DIR [--config FILE] [--listen ADDRESS:PORT]\n"
    "       passerelle-witness version\n"
    "\n"
    "A witness cosigns the checkpoints of logs that it knows, each only if it continues what it\n"
    "has seen before; it sees sizes and hashes, no content. C2SP tlog-witness: POST\n"
    "/add-checkpoint.\n"
    "\n"
    "  init    makes its key and prints the line \"witness NAME KEY\": a server adds its URL and\n"
    "          puts it into its data folder's file \"witnesses\"; an administrator tells the\n"
    "          spaces with passerelle witness set NAME=KEY\n"
    "  serve   answers; FILE (DIR/logs) lists the logs, a line \"log NAME KEY\" each (passerelled\n"
    "          log-key prints it), and may say \"listen ADDRESS:PORT\" [127.0.0.1:8788]\n";

static bool is(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || (c && strcmp(word, c) == 0);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    main_name = "passerelle-witness";
    main_harden();
    if (is(name, "help", "--help", "-h") || (argc > 2 && is(argv[2], "--help", "-h", NULL))) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (is(name, "version", "--version", NULL)) {
        puts("passerelle-witness " PASSERELLE_VERSION);
        return EXIT_DONE;
    }
    if (digest_init() != ERR_OK)
        return main_refuse("libsodium could not be initialised");
    if (strcmp(name, "init") == 0)
        return main_witness_init(argc - 1, argv + 1);
    if (strcmp(name, "serve") == 0)
        return main_witness_serve(argc - 1, argv + 1);
    fputs(usage, stderr);
    return EXIT_USAGE;
}
