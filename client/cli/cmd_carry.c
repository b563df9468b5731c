/* SPDX-License-Identifier: Apache-2.0
 *
 * What travels by file.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cmd.h"
#include "client/pas_carry.h"
#include "proto/limits.h"

/* Whole or not at all: a stick is pulled out at the wrong moment. */
static int write_file(struct cli *cli, const char *path, const unsigned char *bytes, size_t len)
{
    char part[4096];
    int n = snprintf(part, sizeof part, "%s.part", path);
    FILE *file = n > 0 && (size_t)n < sizeof part ? fopen(part, "wbe") : NULL;
    bool good =
        file && fwrite(bytes, 1, len, file) == len && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int why = errno;
    if (file && fclose(file) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good && rename(part, path) == 0)
        return EXIT_DONE;
    why = good ? errno : why;
    if (file)
        (void)remove(part);
    cli_error(cli, MSG_FILE_WRITE, path, strerror(why));
    return EXIT_REFUSED;
}

static void put_bundle(const struct pas_bundle *did)
{
    printf("{\"entries\":%" PRIu64 ",\"leaves\":%" PRIu64 ",\"known\":%" PRIu64
           ",\"later\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"foreign\":%" PRIu64 "}\n",
           did->entries, did->leaves, did->known, did->later, did->refused, did->foreign);
}

int cmd_bundle_export(struct cli *cli, const struct args *args)
{
    const char *text = args_option(args, "since");
    char *end = NULL;
    unsigned long long since = text ? strtoull(text, &end, 10) : 0;
    unsigned char *bytes = NULL;
    size_t len = 0, space = SIZE_MAX;
    struct pas_bundle did;
    if (text && (!*text || *end || *text == '-')) {
        cli_error(cli, MSG_USAGE_BAD, text, "--since");
        return EXIT_USAGE;
    }
    int result = cli->space ? pas_space_find(cli->pas, cli->space, &space) : 0;
    if (result == 0)
        result = pas_bundle_export(cli->pas, space, since, &bytes, &len, &did);
    if (result != 0)
        return cli_failed(cli, result);
    int code = write_file(cli, args->words[0], bytes, len);
    pas_free_bytes(bytes, len);
    if (code != EXIT_DONE)
        return code;
    if (cli->json)
        put_bundle(&did);
    cli_say(cli, MSG_BUNDLE_OUT, args->words[0], (unsigned long long)did.entries,
            (unsigned long long)did.leaves);
    return EXIT_DONE;
}

static void say_import(struct cli *cli, const struct pas_bundle *did)
{
    cli_say(cli, MSG_BUNDLE_IN, (unsigned long long)did->entries, (unsigned long long)did->leaves,
            (unsigned long long)did->known);
    if (did->later)
        cli_say(cli, MSG_BUNDLE_LATER);
    if (did->refused)
        cli_error(cli, MSG_BUNDLE_REFUSED, (unsigned long long)did->refused);
    if (did->foreign)
        cli_error(cli, MSG_BUNDLE_FOREIGN, (unsigned long long)did->foreign);
}

int cmd_bundle_import(struct cli *cli, const struct args *args)
{
    char *bytes = NULL;
    size_t len = 0;
    struct pas_bundle did;
    int code = cli_read_file(cli, args->words[0], BUNDLE_MAX, &bytes, &len);
    if (code != EXIT_DONE)
        return code;
    int result = pas_bundle_import(cli->pas, (const unsigned char *)bytes, len, &did);
    pas_free_bytes((unsigned char *)bytes, len);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        put_bundle(&did);
    say_import(cli, &did);
    return did.refused + did.foreign > 0 ? EXIT_REFUSED : EXIT_DONE;
}

/* --- transfer --- */

int cmd_transfer(struct cli *cli, const struct args *args)
{
    const char *to_name = args_option(args, "to");
    const char *restricted_name = args_option(args, "restricted");
    struct pas_transfer did = {0};
    size_t to = SIZE_MAX, restricted = SIZE_MAX;
    if (!to_name) {
        cli_error(cli, MSG_USAGE_NO_VALUE, "--to");
        return EXIT_USAGE;
    }
    int result = pas_space_find(cli->pas, to_name, &to);
    if (result == 0 && restricted_name)
        result = pas_space_find(cli->pas, restricted_name, &restricted);
    if (result == 0)
        result = pas_transfer(cli->pas, args->words, args->n, to, restricted, &did);
    if (cli->json && result == 0)
        printf("{\"dossiers\":%zu,\"restricted\":%zu}\n", did.dossiers, did.restricted);
    if (did.dossiers > 0)
        cli_say(cli, MSG_TRANSFERRED, did.dossiers, to_name, did.restricted);
    return result == 0 ? EXIT_DONE : cli_failed(cli, result);
}

/* --- attachments --- */

int cmd_attach(struct cli *cli, const struct args *args)
{
    char *bytes = NULL;
    size_t len = 0;
    struct pas_id id = {0};
    const char *path = args->words[1], *slash = strrchr(path, '/');
    int code = cli_read_file(cli, path, ATTACH_MAX, &bytes, &len);
    if (code != EXIT_DONE)
        return code;
    int result = pas_attach(cli->pas, args->words[0], slash ? slash + 1 : path,
                            (const unsigned char *)bytes, len, &id);
    pas_free_bytes((unsigned char *)bytes, len);
    if (result != 0)
        return cli_failed(cli, result);
    if (cli->json)
        printf("{\"id\":\"%s\",\"code\":\"%s\"}\n", id.id, id.code);
    cli_say(cli, MSG_ATTACHED, id.code);
    return EXIT_DONE;
}

int cmd_attachment_list(struct cli *cli, const struct args *args)
{
    struct pas_table *table = NULL;
    int result = pas_attachments(cli->pas, args->words[0], &table);
    return result == 0 ? cli_table(cli, table, false, "code name size state")
                       : cli_failed(cli, result);
}

int cmd_attachment_get(struct cli *cli, const struct args *args)
{
    unsigned char *bytes = NULL;
    size_t len = 0;
    int result = pas_attachment(cli->pas, args->words[0], &bytes, &len);
    /* Asked for now: it comes with a sync. */
    for (size_t i = 0; result == ERR_BUSY && i < pas_servers(cli->pas); i++) {
        struct carried carried = {0};
        int code = cli_carry(cli, i, 0, &carried);
        if (code != EXIT_DONE)
            return code;
        result = pas_attachment(cli->pas, args->words[0], &bytes, &len);
    }
    if (result != 0)
        return cli_failed(cli, result);
    int code = write_file(cli, args->words[1], bytes, len);
    pas_free_bytes(bytes, len);
    if (code == EXIT_DONE && cli->json)
        printf("{\"bytes\":%zu}\n", len);
    if (code == EXIT_DONE)
        cli_say(cli, MSG_SAVED, args->words[1]);
    return code;
}
