/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/cmd.h"
#include "client/pas_json.h"
#include "proto/digest.h"

static uint64_t now_ms(const struct cli *cli)
{
    return cli->has_now ? cli->now_ms : (uint64_t)time(NULL) * 1000;
}

/* {"device", "name", "home"} of the device that was just made. */
static int say_made(struct cli *cli, const char *pass, size_t len, const char *name)
{
    struct pas_open_args args = {
        .dir = cli->home, .pass = pass, .pass_len = len, .now_ms = now_ms(cli), .lang = cli->lang};
    struct buf json = {0};
    int first = 1;
    int result = pas_open(&cli->pas, &args);
    if (result != 0)
        return cli_failed(cli, result);
    cli_say(cli, MSG_MADE, name, pas_device(cli->pas), cli->home);
    if (!cli->json)
        return EXIT_DONE;
    buf_u8(&json, '{');
    pas_json_key(&json, &first, "device");
    pas_json_text(&json, pas_device(cli->pas), strlen(pas_device(cli->pas)));
    pas_json_key(&json, &first, "name");
    pas_json_text(&json, name, strlen(name));
    buf_u8(&json, '}');
    buf_u8(&json, 0);
    if (json.err == ERR_OK)
        puts((const char *)json.bytes);
    result = (int)json.err;
    buf_free(&json);
    return result == 0 ? EXIT_DONE : cli_failed(cli, result);
}

int cmd_init(struct cli *cli, const struct args *args)
{
    char pass[1024];
    size_t len = 0;
    const char *name = args_option(args, "name"), *kdf = args_option(args, "kdf");
    const char *user = getenv("USER");
    if (kdf && strcmp(kdf, "light") != 0 && strcmp(kdf, "normal") != 0) {
        cli_error(cli, MSG_USAGE_BAD, kdf, "--kdf");
        return EXIT_USAGE;
    }
    if (!cli->home[0]) {
        cli_error(cli, MSG_NO_HOME);
        return EXIT_REFUSED;
    }
    if (!name)
        name = user && *user ? user : "appareil";
    int code = cli_passphrase(cli, true, pass, sizeof pass, &len);
    if (code != EXIT_DONE)
        return code;
    struct pas_create_args create = {.dir = cli->home,
                                     .name = name,
                                     .pass = pass,
                                     .pass_len = len,
                                     .light = kdf && strcmp(kdf, "light") == 0,
                                     .now_ms = now_ms(cli)};
    int result = pas_create(&create);
    if (result == ERR_EXISTS) {
        cli_error(cli, MSG_MADE_ALREADY, cli->home);
        code = EXIT_REFUSED;
    } else {
        code = result != 0 ? cli_failed(cli, result) : say_made(cli, pass, len, name);
    }
    digest_wipe(pass, sizeof pass);
    return code;
}

int cmd_version(struct cli *cli, const struct args *args)
{
    (void)args;
    printf(cli->json ? "{\"version\":\"%s\"}\n" : "passerelle %s\n", PASSERELLE_VERSION);
    return EXIT_DONE;
}
