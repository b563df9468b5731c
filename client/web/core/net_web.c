/* SPDX-License-Identifier: Apache-2.0
 *
 * net_curl.h in a browser, for the few commands that cannot go on without an answer (space create, join): the request
 * blocks this worker, as libcurl's does natively. What may take long, a sync, goes through web.h instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/net_curl.h"
#include "client/net_rules.h"
#include "client/web/core/host.h"
#include "proto/limits.h"

enum { TIMEOUT_MS = 60000 };

struct net {
    char why[160];
};

enum err net_new(struct net **net, const char *unix_socket, bool (*stop)(void))
{
    (void)unix_socket, (void)stop;
    *net = calloc(1, sizeof **net);
    return *net ? ERR_OK : ERR_MEMORY;
}

void net_free(struct net *net)
{
    free(net);
}

const char *net_why(const struct net *net)
{
    return net->why;
}

static enum err transfer(struct net *net, const char *url, const uint8_t *body, size_t len,
                         uint64_t wait_ms, struct buf *out)
{
    char type[64] = "";
    net->why[0] = 0;
    enum err err = net_rules_url(url, net->why, sizeof net->why);
    if (err != ERR_OK)
        return err;
    int status = host_http(url, strlen(url), body, len, (double)(TIMEOUT_MS + wait_ms));
    if (status <= 0) {
        snprintf(net->why, sizeof net->why, "no answer from %.120s", url);
        return ERR_NET;
    }
    host_http_type(type, sizeof type);
    err = net_rules_answer(status, type, net->why, sizeof net->why);
    size_t got = host_http_len();
    if (err == ERR_OK && got > RESPONSE_MAX)
        err = ERR_TOO_BIG;
    uint8_t *room = err == ERR_OK && got ? buf_room(out, got) : NULL;
    if (room)
        host_http_take(room);
    return err == ERR_OK ? out->err : err;
}

enum err net_get(struct net *net, const char *url, struct buf *out)
{
    return transfer(net, url, NULL, 0, 0, out);
}

enum err net_post(struct net *net, const char *url, const uint8_t *body, size_t len,
                  uint64_t wait_ms, struct buf *out)
{
    return transfer(net, url, body, len, wait_ms, out);
}
