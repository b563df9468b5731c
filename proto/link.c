/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/link.h"

#include <stdbool.h>
#include <string.h>

#include "proto/code.h"
#include "proto/digest.h"

enum {
    FOUNDER_LEN = HASH_LEN + SEED_LEN,
    INVITE_LEN = ID_LEN + HASH_LEN + HASH_LEN + SEED_LEN,
    PAYLOAD_MAX = INVITE_LEN,
    PAYLOAD_TEXT_MAX = (PAYLOAD_MAX * 4 + 2) / 3 + 3
};

static const char mark_founder[] = "f1.";
static const char mark_invite[] = "i1.";
enum { MARK_LEN = 3 };

/* One string of bytes that is read from the front. */
struct text {
    const char *at;
    size_t len;
};

static bool skip(struct text *t, const char *prefix)
{
    size_t n = strlen(prefix);
    if (t->len < n || memcmp(t->at, prefix, n) != 0)
        return false;
    t->at += n;
    t->len -= n;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_host_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
}

static bool is_path_char(char c)
{
    return is_host_char(c) || (c != '\0' && strchr("/_~%+=@:!$&'()*,;", c) != NULL);
}

/* A name, a dotted address, or an IPv6 address in brackets. */
static bool skip_host(struct text *t)
{
    size_t n = 0;
    if (t->len > 0 && t->at[0] == '[') {
        n = 1;
        while (n < t->len && t->at[n] != ']') {
            if (!is_host_char(t->at[n]) && t->at[n] != ':')
                return false;
            n++;
        }
        if (n == 1 || n == t->len)
            return false;
        n++;
    } else {
        while (n < t->len && is_host_char(t->at[n]))
            n++;
    }
    t->at += n;
    t->len -= n;
    return n > 0;
}

static bool skip_port(struct text *t)
{
    if (!skip(t, ":"))
        return true;
    unsigned long port = 0;
    size_t n = 0;
    while (n < t->len && n < 5 && is_digit(t->at[n]))
        port = port * 10 + (unsigned long)(t->at[n++] - '0');
    t->at += n;
    t->len -= n;
    return port >= 1 && port <= 65535;
}

/* scheme://host[:port][/path], no user, query or trailing slash. */
static bool is_good_url(const char *url, size_t len)
{
    struct text t = {url, len};
    if (!skip(&t, "https://") && !skip(&t, "http://"))
        return false;
    if (!skip_host(&t) || !skip_port(&t))
        return false;
    if (t.len > 0 && (t.at[0] != '/' || t.at[t.len - 1] == '/'))
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (!is_path_char(t.at[i]))
            return false;
    }
    return true;
}

int link_url_is_loopback(const char *url)
{
    static const char *const hosts[] = {"127.0.0.1", "[::1]", "localhost"};
    struct text t = {url, strlen(url)};
    /* What stands before an '@' is a user's name: the host would be another one than it looks. */
    if (strchr(url, '@'))
        return 0;
    if (!skip(&t, "https://") && !skip(&t, "http://"))
        return 0;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct text rest = t;
        if (skip(&rest, hosts[i]) && (rest.len == 0 || rest.at[0] == ':' || rest.at[0] == '/'))
            return 1;
    }
    return 0;
}

bool link_url_is_safe(const char *url)
{
    return is_good_url(url, strlen(url)) &&
           (strncmp(url, "http:", 5) != 0 || link_url_is_loopback(url));
}

void link_print(struct buf *out, const struct link *link)
{
    struct buf payload = {.max = PAYLOAD_MAX};
    char text[PAYLOAD_TEXT_MAX];
    if (link->type == LINK_FOUNDER) {
        buf_put(&payload, link->fingerprint, HASH_LEN);
    } else {
        buf_put(&payload, link->space, ID_LEN);
        buf_put(&payload, link->genesis, HASH_LEN);
        buf_put(&payload, link->log_key_hash, HASH_LEN);
    }
    buf_put(&payload, link->secret, SEED_LEN);
    if (payload.err != ERR_OK) {
        if (out->err == ERR_OK)
            out->err = payload.err;
    } else {
        code_base64url(text, payload.bytes, payload.len);
        buf_put(out, link->url, strlen(link->url));
        buf_put(out, "/#", 2);
        buf_put(out, link->type == LINK_FOUNDER ? mark_founder : mark_invite, MARK_LEN);
        buf_put(out, text, strlen(text));
    }
    digest_wipe(text, sizeof text);
    buf_free(&payload);
}

static void trim(struct text *t)
{
    static const char white[] = " \t\r\n";
    while (t->len > 0 && t->at[0] && strchr(white, t->at[0])) {
        t->at++;
        t->len--;
    }
    while (t->len > 0 && t->at[t->len - 1] && strchr(white, t->at[t->len - 1]))
        t->len--;
}

static void take(const uint8_t **from, uint8_t *to, size_t len)
{
    memcpy(to, *from, len);
    *from += len;
}

static enum err parse_fragment(struct link *link, struct text fragment)
{
    enum err err = ERR_OK;
    uint8_t payload[PAYLOAD_MAX] = {0};
    size_t len = 0;
    if (skip(&fragment, mark_founder))
        link->type = LINK_FOUNDER;
    else if (skip(&fragment, mark_invite))
        link->type = LINK_INVITE;
    else
        TRY(ERR_FORMAT);
    TRY(code_unbase64url(payload, sizeof payload, &len, fragment.at, fragment.len));
    if (len != (link->type == LINK_FOUNDER ? (size_t)FOUNDER_LEN : (size_t)INVITE_LEN))
        TRY(ERR_FORMAT);
    const uint8_t *from = payload;
    if (link->type == LINK_FOUNDER) {
        take(&from, link->fingerprint, HASH_LEN);
    } else {
        take(&from, link->space, ID_LEN);
        take(&from, link->genesis, HASH_LEN);
        take(&from, link->log_key_hash, HASH_LEN);
    }
    take(&from, link->secret, SEED_LEN);
out:
    digest_wipe(payload, sizeof payload);
    return err;
}

enum err link_parse(struct link *link, const char *text, size_t len)
{
    enum err err = ERR_OK;
    struct text all = {text, len};
    memset(link, 0, sizeof *link);
    trim(&all);
    const char *hash = all.len ? memchr(all.at, '#', all.len) : NULL;
    if (!hash)
        TRY(ERR_FORMAT);
    size_t url_len = (size_t)(hash - all.at);
    /* The slash before '#' is ours, not the URL's; some programs drop it. */
    if (url_len > 0 && all.at[url_len - 1] == '/')
        url_len--;
    if (url_len >= LINK_URL_MAX)
        TRY(ERR_FORMAT);
    memcpy(link->url, all.at, url_len);
    if (memchr(link->url, '\0', url_len) || !link_url_is_safe(link->url))
        TRY(ERR_FORMAT);
    size_t used = (size_t)(hash + 1 - all.at);
    TRY(parse_fragment(link, (struct text){hash + 1, all.len - used}));
out:
    if (err != ERR_OK)
        digest_wipe(link, sizeof *link);
    return err;
}

void link_fingerprint(uint8_t out[static HASH_LEN], const uint8_t log_pk[static PK_LEN],
                      const uint8_t resp_pk[static PK_LEN])
{
    static const char tag[] = "passerelle/server/v1";
    const struct digest_part parts[] = {{tag, sizeof tag}, {log_pk, PK_LEN}, {resp_pk, PK_LEN}};
    digest_sha256(out, parts, 3);
}

void link_compare_code(char out[static 10], const uint8_t ed_pk[static PK_LEN],
                       const uint8_t x_pk[static PK_LEN], const uint8_t space[static ID_LEN])
{
    static const char tag[] = "passerelle/compare/v1";
    const struct digest_part parts[] = {
        {tag, sizeof tag}, {ed_pk, PK_LEN}, {x_pk, PK_LEN}, {space, ID_LEN}};
    uint8_t hash[HASH_LEN];
    char code[CODE_SHORT_LEN + 1];
    digest_sha256(hash, parts, 4);
    code_crockford(code, hash, CODE_SHORT_LEN * 5 / 8);
    memcpy(out, code, 4);
    out[4] = '-';
    memcpy(out + 5, code + 4, 5);
}
