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
    "       passerelle-witness serve --data DIR [--listen ADDRESS:PORT]\n"
    "\n"
    "A witness cosigns the checkpoints of logs that it knows, each only if it continues what it\n"
    "has seen before; it sees sizes and hashes, no content. C2SP tlog-witness: POST\n"
    "/add-checkpoint.\n"
    "\n"
    "  init    makes its key and prints the line \"witness NAME KEY\": a server adds its URL and\n"
    "          puts it into its data folder's file \"witnesses\"; an administrator tells the\n"
    "          spaces with passerelle witness set NAME=KEY\n"
    "  serve   answers; DIR/logs lists the logs, a line \"log NAME KEY\" each (passerelled\n"
    "          log-key prints it)\n";

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    main_name = "passerelle-witness";
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        fputs(usage, stdout);
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
