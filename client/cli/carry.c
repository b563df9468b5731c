/* SPDX-License-Identifier: Apache-2.0
 *
 * Carrying bytes between the library and the network.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "proto/limits.h"

/* Far beyond any real number of pages: a server that always says "more" is not followed for ever. */
enum { ROUNDS_MAX = 20000 };

static bool stopped(void)
{
    return cli_stop != 0;
}

int cli_net(struct cli *cli)
{
    if (cli->net)
        return EXIT_DONE;
    int result = (int)net_new(&cli->net, cli->socket, stopped);
    return result == 0 ? EXIT_DONE : cli_failed(cli, result);
}

int cli_net_failed(struct cli *cli, int result, const char *url)
{
    const char *why = cli->net ? net_why(cli->net) : "";
    if (result == ERR_NOT_FOUND)
        cli_error(cli, MSG_NET_STRANGER, url, why);
    else
        cli_error(cli, MSG_NET_FAILED, pas_error_text(result, cli->lang), *why ? why : url);
    return result == ERR_NOT_FOUND ? EXIT_NET : pas_error_exit(result);
}

/* <url><path> */
static void join_url(char *out, size_t max, const char *url, const char *path)
{
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    snprintf(out, max, "%.*s%s", (int)len, url, path);
}

int cli_get_server(struct cli *cli, const char *where, const char *url, struct buf *out)
{
    char ask[768];
    int code = cli_net(cli);
    if (code != EXIT_DONE)
        return code;
    pas_server_ask(cli->pas, where, ask);
    int result = (int)net_get(cli->net, ask, out);
    return result == 0 ? EXIT_DONE : cli_net_failed(cli, result, url);
}

static int carry_once(struct cli *cli, size_t server, uint64_t wait_ms, struct pas_sync *sync)
{
    unsigned char *request = NULL;
    size_t len = 0;
    struct buf answer = {.max = RESPONSE_MAX};
    char url[600];
    int code = EXIT_DONE;
    int result = pas_sync_begin(cli->pas, server, wait_ms, &request, &len);
    if (result != 0)
        return cli_failed(cli, result);
    join_url(url, sizeof url, pas_server_url(cli->pas, server), "/v1/sync");
    result = (int)net_post(cli->net, url, request, len, wait_ms, &answer);
    pas_free_bytes(request, len);
    if (result != 0)
        code = cli_net_failed(cli, result, pas_server_url(cli->pas, server));
    else if ((result = pas_sync_finish(cli->pas, server, answer.bytes, answer.len, sync)) != 0)
        code = cli_failed(cli, result);
    buf_free(&answer);
    return code;
}

int cli_carry(struct cli *cli, size_t server, uint64_t wait_ms, struct carried *carried)
{
    int code = cli_net(cli);
    for (int i = 0; code == EXIT_DONE && i < ROUNDS_MAX && !cli_stop; i++) {
        struct pas_sync sync = {0};
        code = carry_once(cli, server, wait_ms, &sync);
        carried->requests++;
        if (code != EXIT_DONE)
            break;
        carried->pushed += sync.pushed;
        carried->pulled += sync.pulled;
        carried->refused += sync.refused;
        carried->relayed += sync.relayed;
        carried->relay_refused += sync.relay_refused;
        if (sync.alarm)
            carried->alarm = sync.alarm;
        if (!sync.again)
            break;
        wait_ms = 0;
    }
    return code;
}

int cli_carry_all(struct cli *cli, uint64_t wait_ms, struct carried *carried)
{
    int code = EXIT_DONE;
    size_t servers = pas_servers(cli->pas);
    for (size_t i = 0; i < servers && !cli_stop; i++) {
        int one = cli_carry(cli, i, servers == 1 ? wait_ms : 0, carried);
        code = code == EXIT_DONE ? one : code;
    }
    return code;
}

int cli_carried(const struct carried *carried)
{
    return carried->alarm ? EXIT_ALARM : EXIT_DONE;
}
