/* SPDX-License-Identifier: Apache-2.0 */
#include "client/net_rules.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/link.h"

enum err net_rules_url(const char *url, char *why, size_t why_max)
{
    /* "http://localhost:80@elsewhere" has this machine as its user name, not as its host. */
    bool plain = !strchr(url, '@') && !strchr(url, '\\');
    if (plain && (strncmp(url, "https://", 8) == 0 || link_url_is_loopback(url)))
        return ERR_OK;
    snprintf(why, why_max, "only https");
    return ERR_FORMAT;
}

static bool is_ours(const char *type)
{
    static const char ours[] = "application/msgpack";
    for (size_t i = 0; ours[i]; i++)
        if (type[i] != ours[i] && type[i] + ('a' - 'A') != ours[i])
            return false;
    return true;
}

enum err net_rules_answer(long status, const char *type, char *why, size_t why_max)
{
    if (type && is_ours(type))
        return ERR_OK;
    snprintf(why, why_max, "status %ld", status);
    switch (status) {
    case 413:
        return ERR_TOO_BIG;
    case 429:
    case 503:
        return ERR_BUSY;
    case 500:
    case 502:
    case 504:
        return ERR_NET;
    default:
        return ERR_NOT_FOUND;
    }
}
