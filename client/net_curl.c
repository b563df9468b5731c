/* SPDX-License-Identifier: Apache-2.0 */
#include "client/net_curl.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/net_rules.h"
#include "proto/limits.h"
#include "proto/link.h"

enum {
    CONNECT_MS = 15000,
    STALLED_S = 60, /* a slow link is fine, a silent one is not */
    WHOLE_MS = 600000
};

struct net {
    CURL *curl;
    struct curl_slist *headers;
    bool (*stop)(void);
    struct buf *out;
    char why[CURL_ERROR_SIZE + 32];
};

/* libcurl's global state, once per process. */
static enum err start_library(void)
{
    static int started;
    if (!started && curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return ERR_MEMORY;
    started = 1;
    return ERR_OK;
}

enum err net_new(struct net **out, const char *unix_socket, bool (*stop)(void))
{
    *out = NULL;
    enum err err = start_library();
    struct net *net = err == ERR_OK ? calloc(1, sizeof *net) : NULL;
    if (!net)
        return ERR_MEMORY;
    net->curl = curl_easy_init();
    net->stop = stop;
    net->headers = curl_slist_append(NULL, "Content-Type: application/msgpack");
    struct curl_slist *more =
        net->headers ? curl_slist_append(net->headers, "Expect:") : NULL; /* one round trip */
    if (!net->curl || !more) {
        net_free(net);
        return ERR_MEMORY;
    }
    if (unix_socket && curl_easy_setopt(net->curl, CURLOPT_UNIX_SOCKET_PATH, unix_socket)) {
        net_free(net);
        return ERR_MEMORY;
    }
    *out = net;
    return ERR_OK;
}

void net_free(struct net *net)
{
    if (!net)
        return;
    curl_easy_cleanup(net->curl);
    curl_slist_free_all(net->headers);
    free(net);
}

const char *net_why(const struct net *net)
{
    return net->why;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct net *net = ctx;
    buf_put(net->out, bytes, size * n);
    return net->out->err == ERR_OK ? size * n : 0;
}

static int look_at_stop(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct net *net = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return net->stop && net->stop();
}

static void prepare(struct net *net, const char *url, uint64_t wait_ms)
{
    CURL *curl = net->curl;
    long loopback = link_url_is_loopback(url);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, loopback ? "http,https" : "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, net->why);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(WHOLE_MS + wait_ms));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)(STALLED_S + wait_ms / 1000));
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)RESPONSE_MAX);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_at_stop);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, net);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, net);
    /* A proxy for the world would look for this machine in its own house. */
    curl_easy_setopt(curl, CURLOPT_NOPROXY, loopback ? "*" : NULL);
}

static enum err failed(struct net *net, CURLcode code)
{
    if (!net->why[0])
        snprintf(net->why, sizeof net->why, "%s", curl_easy_strerror(code));
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return ERR_MEMORY;
    case CURLE_FILESIZE_EXCEEDED:
        return ERR_TOO_BIG;
    case CURLE_WRITE_ERROR:
        return net->out->err != ERR_OK ? net->out->err : ERR_NET;
    case CURLE_URL_MALFORMAT:
        return ERR_FORMAT;
    case CURLE_UNSUPPORTED_PROTOCOL: /* the address was checked before: the answer is no HTTP */
    case CURLE_WEIRD_SERVER_REPLY:
        return ERR_NOT_FOUND;
    default:
        return ERR_NET;
    }
}

/* Anything that our server signs is looked at by the engine; the rest is a proxy's or a stranger's word. */
static enum err judge(struct net *net)
{
    long status = 0;
    char *type = NULL;
    curl_easy_getinfo(net->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(net->curl, CURLINFO_CONTENT_TYPE, &type);
    return net_rules_answer(status, type, net->why, sizeof net->why);
}

static enum err transfer(struct net *net, struct buf *out)
{
    net->out = out;
    net->why[0] = 0;
    size_t before = out->len;
    CURLcode code = curl_easy_perform(net->curl);
    enum err err = code == CURLE_OK ? judge(net) : failed(net, code);
    if (err != ERR_OK)
        out->len = before;
    return err;
}

enum err net_get(struct net *net, const char *url, struct buf *out)
{
    enum err err = net_rules_url(url, net->why, sizeof net->why);
    if (err != ERR_OK)
        return err;
    prepare(net, url, 0);
    curl_easy_setopt(net->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(net->curl, CURLOPT_HTTPGET, 1L);
    return transfer(net, out);
}

enum err net_post(struct net *net, const char *url, const uint8_t *body, size_t len,
                  uint64_t wait_ms, struct buf *out)
{
    enum err err = net_rules_url(url, net->why, sizeof net->why);
    if (err != ERR_OK)
        return err;
    prepare(net, url, wait_ms);
    curl_easy_setopt(net->curl, CURLOPT_HTTPHEADER, net->headers);
    curl_easy_setopt(net->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(net->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    curl_easy_setopt(net->curl, CURLOPT_POSTFIELDS, (const char *)body);
    return transfer(net, out);
}
