/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands about the end of files: what is due, erasing it, sealed archives.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cmd.h"
#include "client/pas_domain.h"

enum { ARCHIVE_MAX = 1 << 26 };

int cmd_retention_review(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int result = pas_retention(cli->pas, args_option(args, "all") != NULL, &table);
    return result == 0 ? cli_table(cli, table, false,
                                   "code title last_contact review purge state postponed_to")
                       : cli_failed(cli, result);
}

int cmd_retention_apply(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    bool all = args_option(args, "all") != NULL, refused = false;
    if (all == (args->n > 0))
        return cli_usage(cli,
                         cli_find((const char *const[]){"retention", "apply"}, 2, &(size_t){0}));
    int result = pas_retention_apply(cli->pas, args->words, args->n, &table);
    if (result != 0)
        return cli_failed(cli, result);
    for (size_t i = 0; i < pas_table_rows(table); i++)
        refused = refused || strcmp(cli_text(table, i, "status"), "refused") == 0;
    int code = cli_table(cli, table, false, "code title purge status message");
    return refused ? EXIT_REFUSED : code;
}

static int write_bytes(struct cli *cli, const char *path, const unsigned char *bytes, size_t len)
{
    FILE *file = fopen(path, "wbxe"); /* never over another archive */
    bool failed = !file || fwrite(bytes, 1, len, file) != len;
    int saved = errno;
    if (file && fclose(file) != 0 && !failed) {
        failed = true;
        saved = errno;
    }
    if (!failed)
        return EXIT_DONE;
    cli_error(cli, MSG_FILE_WRITE, path, strerror(saved));
    if (file)
        (void)remove(path);
    return EXIT_REFUSED;
}

int cmd_retention_archive(struct cli *cli, const struct args *args)
{
    const char *reason = args_option(args, "reason"), *until = args_option(args, "until");
    const char *to = args_option(args, "to");
    unsigned char *bytes = NULL;
    struct pas_id id = {"", ""};
    size_t len = 0, undone = 0;
    if (!reason || !until || !to)
        return cli_usage(cli,
                         cli_find((const char *const[]){"retention", "archive"}, 2, &(size_t){0}));
    int result = pas_archive(cli->pas, args->words[0], reason, until, &bytes, &len, &id);
    if (result != 0)
        return cli_failed(cli, result);
    int code = write_bytes(cli, to, bytes, len);
    pas_free_bytes(bytes, len);
    if (code != EXIT_DONE) {
        result = pas_undo(cli->pas, &undone);
        return result == 0 ? code : cli_failed(cli, result);
    }
    if (cli->json)
        printf("{\"id\":\"%s\",\"code\":\"%s\"}\n", id.id, id.code);
    else
        printf(cli->lang[0] == 'e'
                   ? "%s: archived until %s. The key stays in the restricted space.\n"
                   : "%s : archivé jusqu'au %s. La clé reste dans l'espace restreint.\n",
               id.code, until);
    return EXIT_DONE;
}

int cmd_retention_open(struct cli *cli, const struct args *args)
{
    const char *to = args_option(args, "to");
    char *bytes = NULL, *text = NULL;
    size_t len = 0;
    if (!to)
        return cli_usage(cli,
                         cli_find((const char *const[]){"retention", "open"}, 2, &(size_t){0}));
    int code = cli_read_file(cli, args->words[0], ARCHIVE_MAX, &bytes, &len);
    if (code != EXIT_DONE)
        return code;
    int result = pas_archive_open(cli->pas, (const unsigned char *)bytes, len, &text);
    code =
        result == 0 ? cli_let_out(cli, false, "archive", NULL, to, text) : cli_failed(cli, result);
    pas_free(bytes);
    pas_free(text);
    return code;
}
