/* SPDX-License-Identifier: Apache-2.0 */
#include "server/serverkey.h"

#include <stdio.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/message.h"
#include "proto/sign.h"

static const char first_words[] = "passerelled key ";

/* Makes the next pair from its seeds; it counts from then on. */
static void add_pair(struct serverkey *key)
{
    struct serverkey_secret *secret = &key->secrets[key->n];
    struct serverkey_pair *pair = &key->pairs[key->n];
    sign_keypair(pair->log_pk, secret->log_sk, secret->log_seed);
    sign_keypair(pair->resp_pk, secret->resp_sk, secret->resp_seed);
    message_aud(pair->aud, pair->log_pk);
    pair->secret = secret;
    key->n++;
}

static void draw_pair(struct serverkey *key)
{
    digest_random(key->secrets[key->n].log_seed, SEED_LEN);
    digest_random(key->secrets[key->n].resp_seed, SEED_LEN);
    add_pair(key);
}

static enum err name_check(const struct serverkey *key)
{
    char origin[NOTE_ORIGIN_MAX];
    static const uint8_t any[ID_LEN];
    return note_origin(origin, key->log_name, strlen(key->log_name), any);
}

static enum err secret_new(struct serverkey *key)
{
    *key = (struct serverkey){.secrets =
                                  digest_secret_new(SERVERKEY_PAIRS_MAX * sizeof *key->secrets)};
    return key->secrets ? ERR_OK : ERR_MEMORY;
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
    TRY(name_check(key));
    draw_pair(key);
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

/* What was read so far: bits of `seen`, and whether a pair has begun. */
enum { SEEN_NAME = 1, SEEN_URL = 2 };

struct reading {
    unsigned seen;
    bool half; /* a log_seed without its resp_seed */
};

static enum err take_line(struct serverkey *key, struct reading *reading, const char *line,
                          size_t len)
{
    size_t n = 0;
    const char *value;
    if ((value = value_of(line, len, "log_seed ", &n))) {
        if (reading->half || key->n == SERVERKEY_PAIRS_MAX)
            return ERR_FORMAT;
        reading->half = true;
        return take_seed(key->secrets[key->n].log_seed, value, n);
    }
    if ((value = value_of(line, len, "resp_seed ", &n))) {
        enum err err =
            reading->half ? take_seed(key->secrets[key->n].resp_seed, value, n) : ERR_FORMAT;
        reading->half = false;
        if (err == ERR_OK)
            add_pair(key);
        return err;
    }
    if ((value = value_of(line, len, "log_name ", &n))) {
        reading->seen |= SEEN_NAME;
        return take_text(key->log_name, sizeof key->log_name, value, n);
    }
    if ((value = value_of(line, len, "url ", &n))) {
        reading->seen |= SEEN_URL;
        return take_text(key->url, sizeof key->url, value, n);
    }
    return len == 0 ? ERR_OK : ERR_FORMAT;
}

static enum err take_first(const char *line, size_t len)
{
    size_t n = 0;
    const char *version = value_of(line, len, first_words, &n);
    if (!version || n == 0 || n > 3)
        return ERR_FORMAT;
    return n == 1 && (*version == '1' || *version == '2') ? ERR_OK : ERR_VERSION;
}

enum err serverkey_parse(struct serverkey *key, const char *text, size_t len)
{
    enum err err = ERR_OK;
    struct reading reading = {0};
    TRY(secret_new(key));
    for (size_t at = 0, line = 0; at < len; line++) {
        const char *end = memchr(text + at, '\n', len - at);
        TRY(end ? ERR_OK : ERR_FORMAT);
        size_t n = (size_t)(end - (text + at));
        TRY(line == 0 ? take_first(text + at, n) : take_line(key, &reading, text + at, n));
        at += n + 1;
    }
    TRY(reading.seen == (SEEN_NAME | SEEN_URL) && !reading.half && key->n > 0 ? ERR_OK
                                                                              : ERR_FORMAT);
    TRY(name_check(key));
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
    /* A program that knows of one pair only must not take the last for it. */
    put_line(out, first_words, key->n > 1 ? "2" : "1");
    for (size_t i = 0; i < key->n; i++) {
        put_seed(out, "log_seed  ", key->secrets[i].log_seed);
        put_seed(out, "resp_seed ", key->secrets[i].resp_seed);
    }
    put_line(out, "log_name  ", key->log_name);
    put_line(out, "url       ", key->url);
}

void serverkey_fini(struct serverkey *key)
{
    digest_secret_free(key->secrets);
    *key = (struct serverkey){0};
}

/* --- pairs --- */

const struct serverkey_pair *serverkey_now(const struct serverkey *key)
{
    return &key->pairs[key->n - 1];
}

const struct serverkey_pair *serverkey_find(const struct serverkey *key,
                                            const uint8_t hash[static HASH_LEN])
{
    for (size_t i = key->n; i > 0; i--) {
        const struct serverkey_pair *pair = &key->pairs[i - 1];
        uint8_t fingerprint[HASH_LEN];
        link_fingerprint(fingerprint, pair->log_pk, pair->resp_pk);
        if (digest_equal(hash, pair->aud, HASH_LEN) || digest_equal(hash, fingerprint, HASH_LEN))
            return pair;
    }
    return NULL;
}

enum err serverkey_rotate(struct serverkey *key)
{
    if (key->n == SERVERKEY_PAIRS_MAX)
        return ERR_FULL;
    draw_pair(key);
    return ERR_OK;
}

enum err serverkey_follow(struct serverkey *key, const struct serverkey *fresh)
{
    if (fresh->n < key->n || strcmp(fresh->log_name, key->log_name) != 0)
        return ERR_CORRUPT;
    for (size_t i = 0; i < key->n; i++) {
        if (memcmp(fresh->pairs[i].log_pk, key->pairs[i].log_pk, PK_LEN) != 0 ||
            memcmp(fresh->pairs[i].resp_pk, key->pairs[i].resp_pk, PK_LEN) != 0)
            return ERR_CORRUPT;
    }
    while (key->n < fresh->n) {
        key->secrets[key->n] = fresh->secrets[key->n];
        add_pair(key);
    }
    return ERR_OK;
}

enum err serverkey_hand_over(uint8_t sig[static SIG_LEN], const struct serverkey_pair *from,
                             const struct serverkey_pair *to, const uint8_t space[static ID_LEN])
{
    const struct digest_part parts[] = {
        {space, ID_LEN}, {to->log_pk, PK_LEN}, {to->resp_pk, PK_LEN}};
    return sign_make(sig, from->secret->log_sk, TAG_LOGKEY, parts, 3);
}

enum err serverkey_founder_link(struct buf *text, uint8_t link_pk[static PK_LEN],
                                const struct serverkey *key)
{
    struct link link = {.type = LINK_FOUNDER};
    uint8_t seed[SEED_LEN], sk[SK_LEN];
    memcpy(link.url, key->url, sizeof link.url);
    link_fingerprint(link.fingerprint, serverkey_now(key)->log_pk, serverkey_now(key)->resp_pk);
    digest_random(link.secret, SEED_LEN);
    sign_link_seed(seed, link.secret);
    sign_keypair(link_pk, sk, seed);
    link_print(text, &link);
    digest_wipe(seed, sizeof seed);
    digest_wipe(sk, sizeof sk);
    digest_wipe(&link, sizeof link);
    return text->err;
}
