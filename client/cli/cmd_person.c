/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/cli/cmd.h"
#include "client/pas_audit.h"

/* FOLDER/dossier-CODE.html and .json; a file of that name is written over. */
static int write_both(struct cli *cli, const char *folder, const char *code, const char *html,
                      const char *json)
{
    char path[2][4200];
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        cli_error(cli, MSG_FILE_WRITE, folder, strerror(errno));
        return EXIT_REFUSED;
    }
    snprintf(path[0], sizeof path[0], "%.4000s/dossier-%s.html", folder, code);
    snprintf(path[1], sizeof path[1], "%.4000s/dossier-%s.json", folder, code);
    int done = cli_write_file(cli, path[0], html);
    if (done == EXIT_DONE)
        done = cli_write_file(cli, path[1], json);
    if (done == EXIT_DONE) {
        cli_say(cli, MSG_SAVED, path[0]);
        cli_say(cli, MSG_SAVED, path[1]);
        cli_say(cli, MSG_SAVED_WARN);
    }
    return done;
}

int cmd_export_person(struct cli *cli, const struct args *args)
{
    const char *folder = args_option(args, "to");
    char *html = NULL, *json = NULL, code[9] = "";
    if (!folder) {
        cli_error(cli, MSG_USAGE_OF, "export-person RECORD --to FOLDER [--in LANGUAGE]");
        return EXIT_USAGE;
    }
    int result = pas_person(cli->pas, args->words[0], args_option(args, "in"), &html, &json, code);
    /* Told to the space before anything leaves. */
    if (result == 0)
        result = pas_exported(cli->pas, SIZE_MAX, "person", args->words[0], 1);
    int done = result == 0 ? write_both(cli, folder, code, html, json) : cli_failed(cli, result);
    if (done == EXIT_DONE && cli->json)
        printf("{\"code\":\"%s\",\"files\":2}\n", code);
    pas_free(html);
    pas_free(json);
    return done;
}
