/* SPDX-License-Identifier: Apache-2.0 */
#include "server/serverkey.h"

#include <stdio.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/message.h"
#include "proto/sign.h"

static const char first_line[] = "passerelled key 1";

static enum err derive(struct serverkey *key)
{
    char origin[NOTE_ORIGIN_MAX];
    static const uint8_t any[ID_LEN];
    struct serverkey_secret *secret = key->secret;
    sign_keypair(key->log_pk, secret->log_sk, secret->log_seed);
    sign_keypair(key->resp_pk, secret->resp_sk, secret->resp_seed);
    message_aud(key->aud, key->log_pk);
    return note_origin(origin, key->log_name, strlen(key->log_name), any);
}

static enum err secret_new(struct serverkey *key)
{
    *key = (struct serverkey){.secret = digest_secret_new(sizeof *key->secret)};
    return key->secret ? ERR_OK : ERR_MEMORY;
}

/* The host of "https://host:port/path", brackets of an IPv6 address left out. */
static enum err host_of(char *out, size_t max, const char *url)
{
    const char *host = strstr(url, "://");
    if (!host)
        return ERR_USAGE;
    host += 3;
    size_t len = strcspn(host, ":/");
    if (*host == '[') {
        host++;
        len = strcspn(host, "]");
    }
    if (len == 0 || len >= max)
        return ERR_USAGE;
    memcpy(out, host, len);
    out[len] = '\0';
    return ERR_OK;
}

/* A founder link made of it must come back unchanged: one judge of what a good address is. */
static enum err url_check(const struct serverkey *key)
{
    enum err err = ERR_OK;
    struct link link = {.type = LINK_FOUNDER}, back = {0};
    struct buf text = {0};
    memcpy(link.url, key->url, sizeof link.url);
    link_print(&text, &link);
    TRY(text.err);
    TRY(link_parse(&back, (const char *)text.bytes, text.len));
    TRY(strcmp(back.url, key->url) == 0 ? ERR_OK : ERR_USAGE);
out:
    buf_free(&text);
    return err == ERR_OK || err_category(err) == CAT_INTERNAL ? err : ERR_USAGE;
}

enum err serverkey_make(struct serverkey *key, const char *url, const char *log_name)
{
    enum err err = ERR_OK;
    TRY(secret_new(key));
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    TRY(len > 0 && len < sizeof key->url ? ERR_OK : ERR_USAGE);
    memcpy(key->url, url, len);
    TRY(url_check(key));
    if (log_name) {
        TRY(strlen(log_name) <= NAME_LEN_MAX ? ERR_OK : ERR_USAGE);
        memcpy(key->log_name, log_name, strlen(log_name) + 1);
    } else {
        TRY(host_of(key->log_name, sizeof key->log_name, key->url));
    }
    digest_random(key->secret->log_seed, SEED_LEN);
    digest_random(key->secret->resp_seed, SEED_LEN);
    TRY(derive(key));
out:
    if (err != ERR_OK)
        serverkey_fini(key);
    return err;
}

/* --- text --- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of `name` if the line is "name value"; NULL otherwise. */
static const char *value_of(const char *line, size_t len, const char *name, size_t *value_len)
{
    size_t n = strlen(name);
    if (len < n || memcmp(line, name, n) != 0)
        return NULL;
    while (n < len && line[n] == ' ')
        n++;
    *value_len = len - n;
    return line + n;
}

static enum err take_seed(uint8_t seed[static SEED_LEN], const char *text, size_t len)
{
    if (len != 2 * SEED_LEN)
        return ERR_FORMAT;
    for (size_t i = 0; i < SEED_LEN; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return ERR_FORMAT;
        seed[i] = (uint8_t)(high << 4 | low);
    }
    return ERR_OK;
}

static enum err take_text(char *out, size_t max, const char *text, size_t len)
{
    if (len == 0 || len >= max || memchr(text, '\0', len))
        return ERR_FORMAT;
    memcpy(out, text, len);
    out[len] = '\0';
    return ERR_OK;
}

static enum err take_line(struct serverkey *key, unsigned *seen, const char *line, size_t len)
{
    size_t n = 0;
    const char *value;
    if ((value = value_of(line, len, "log_seed ", &n))) {
        *seen |= 1;
        return take_seed(key->secret->log_seed, value, n);
    }
    if ((value = value_of(line, len, "resp_seed ", &n))) {
        *seen |= 2;
        return take_seed(key->secret->resp_seed, value, n);
    }
    if ((value = value_of(line, len, "log_name ", &n))) {
        *seen |= 4;
        return take_text(key->log_name, sizeof key->log_name, value, n);
    }
    if ((value = value_of(line, len, "url ", &n))) {
        *seen |= 8;
        return take_text(key->url, sizeof key->url, value, n);
    }
    return len == 0 ? ERR_OK : ERR_FORMAT;
}

enum err serverkey_parse(struct serverkey *key, const char *text, size_t len)
{
    enum err err = ERR_OK;
    unsigned seen = 0;
    TRY(secret_new(key));
    for (size_t at = 0, line = 0; at < len; line++) {
        const char *end = memchr(text + at, '\n', len - at);
        TRY(end ? ERR_OK : ERR_FORMAT);
        size_t n = (size_t)(end - (text + at));
        if (line == 0)
            TRY(n == sizeof first_line - 1 && memcmp(text, first_line, n) == 0 ? ERR_OK
                                                                               : ERR_FORMAT);
        else
            TRY(take_line(key, &seen, text + at, n));
        at += n + 1;
    }
    TRY(seen == 15 ? ERR_OK : ERR_FORMAT);
    TRY(derive(key));
out:
    if (err != ERR_OK)
        serverkey_fini(key);
    return err;
}

static void put_line(struct buf *out, const char *name, const char *value)
{
    buf_put(out, name, strlen(name));
    buf_put(out, value, strlen(value));
    buf_u8(out, '\n');
}

static void put_seed(struct buf *out, const char *name, const uint8_t seed[static SEED_LEN])
{
    char hex[2 * SEED_LEN + 1];
    for (size_t i = 0; i < SEED_LEN; i++)
        snprintf(hex + 2 * i, 3, "%02x", seed[i]);
    put_line(out, name, hex);
    digest_wipe(hex, sizeof hex);
}

void serverkey_print(struct buf *out, const struct serverkey *key)
{
    put_line(out, first_line, "");
    put_seed(out, "log_seed  ", key->secret->log_seed);
    put_seed(out, "resp_seed ", key->secret->resp_seed);
    put_line(out, "log_name  ", key->log_name);
    put_line(out, "url       ", key->url);
}

void serverkey_fini(struct serverkey *key)
{
    digest_secret_free(key->secret);
    *key = (struct serverkey){0};
}

enum err serverkey_founder_link(struct buf *text, uint8_t link_pk[static PK_LEN],
                                const struct serverkey *key)
{
    struct link link = {.type = LINK_FOUNDER};
    uint8_t seed[SEED_LEN], sk[SK_LEN];
    memcpy(link.url, key->url, sizeof link.url);
    link_fingerprint(link.fingerprint, key->log_pk, key->resp_pk);
    digest_random(link.secret, SEED_LEN);
    sign_link_seed(seed, link.secret);
    sign_keypair(link_pk, sk, seed);
    link_print(text, &link);
    digest_wipe(seed, sizeof seed);
    digest_wipe(sk, sizeof sk);
    digest_wipe(&link, sizeof link);
    return text->err;
}
