/* SPDX-License-Identifier: Apache-2.0 */
#include "server/conf.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A check gives NULL, or the words that complete "write ...". */
static const char *check_path(const char *value);
static const char *check_listen(const char *value);
static const char *check_url(const char *value);
static const char *check_name(const char *value);
static const char *check_origin(const char *value);
static const char *check_log_format(const char *value);
static const char *check_log_level(const char *value);

enum kind { KIND_TEXT, KIND_NUMBER, KIND_FLAG };

struct key {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *text;
    const char *(*check)(const char *value);
    uint64_t number, least, most;
    bool flag;
};

#define TEXT(key_, default_, rule)                                                                 \
    {.name = #key_,                                                                                \
     .kind = KIND_TEXT,                                                                            \
     .offset = offsetof(struct conf, key_),                                                        \
     .text = default_,                                                                             \
     .check = check_##rule},
#define NUMBER(key_, default_, least_, most_)                                                      \
    {.name = #key_,                                                                                \
     .kind = KIND_NUMBER,                                                                          \
     .offset = offsetof(struct conf, key_),                                                        \
     .number = default_,                                                                           \
     .least = least_,                                                                              \
     .most = most_},
#define FLAG(key_, default_)                                                                       \
    {.name = #key_, .kind = KIND_FLAG, .offset = offsetof(struct conf, key_), .flag = default_},
static const struct key keys[] = {CONF_TABLE(TEXT, NUMBER, FLAG)};
#undef TEXT
#undef NUMBER
#undef FLAG

enum { KEYS = sizeof keys / sizeof keys[0] };
static_assert(KEYS <= 32, "conf.seen has one bit per key");

static const char *const log_formats[] = {
    [LOG_AUTO] = "auto", [LOG_JSON] = "json", [LOG_TEXT] = "text"};
static const char *const log_levels[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The place of `word` in a list of `n`, or -1. */
static int word_index(const char *const *words, int n, const char *word)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(words[i], word) == 0)
            return i;
    }
    return -1;
}

__attribute__((format(printf, 3, 4))) static enum err say(enum err err, char *message,
                                                          const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, CONF_MESSAGE_MAX, format, args);
    va_end(args);
    return err;
}

/* ---- Checks of single values ---- */

static const char *check_path(const char *value)
{
    return value[0] == '/' ? NULL : "the full path of a folder, as in /var/lib/passerelle";
}

static const char *check_listen(const char *value)
{
    struct conf_listen where;
    return conf_listen_parse(&where, value) == ERR_OK
               ? NULL
               : "ADDRESS:PORT or unix:/PATH, as in 127.0.0.1:8787";
}

/* The part of an https:// or http:// address behind the scheme, or NULL. */
static const char *url_host(const char *value)
{
    const char *host = starts_with(value, "https://")  ? value + 8
                       : starts_with(value, "http://") ? value + 7
                                                       : NULL;
    if (!host || !*host || strchr("/:?#", *host))
        return NULL;
    for (const char *at = host; *at; at++) {
        if (*at <= ' ' || *at > '~' || strchr("\"\\<>@?#", *at))
            return NULL;
    }
    return host;
}

static const char *check_url(const char *value)
{
    return url_host(value) ? NULL
                           : "the address that devices use, as in https://passerelle.example.org";
}

static const char *check_origin(const char *value)
{
    const char *host = url_host(value);
    return host && !strchr(host, '/') ? NULL
                                      : "scheme and host alone, as in https://carnet.example.org";
}

static const char *check_name(const char *value)
{
    /* C2SP signed-note: a key name holds neither white space nor a plus sign. */
    for (const char *at = value; *at; at++) {
        if (*at <= ' ' || *at > '~' || *at == '+')
            return "a name of visible ASCII without + and spaces, as in passerelle.example.org/log";
    }
    return *value ? NULL : "a name, as in passerelle.example.org/log";
}

static const char *check_log_format(const char *value)
{
    return word_index(log_formats, 3, value) >= 0 ? NULL : "auto, json or text";
}

static const char *check_log_level(const char *value)
{
    return word_index(log_levels, 4, value) >= 0 ? NULL : "debug, info, warn or error";
}

/* ---- Addresses ---- */

static enum err parse_port(const char *text, uint16_t *port)
{
    unsigned long value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return ERR_USAGE;
    value = strtoul(text, NULL, 10);
    if (value > UINT16_MAX)
        return ERR_USAGE;
    *port = (uint16_t)value;
    return ERR_OK;
}

static bool is_loopback(const struct conf_listen *where, const void *address)
{
    if (where->ipv6)
        return memcmp(address, &in6addr_loopback, sizeof in6addr_loopback) == 0;
    return *(const uint8_t *)address == 127;
}

enum err conf_listen_parse(struct conf_listen *where, const char *listen)
{
    uint8_t address[sizeof(struct in6_addr)];
    memset(where, 0, sizeof *where);
    if (starts_with(listen, "unix:/") && strlen(listen) - 5 < 108) { /* sun_path */
        where->local = true;
        snprintf(where->host, sizeof where->host, "%s", listen + 5);
        return ERR_OK;
    }
    const char *colon = strrchr(listen, ':');
    if (!colon || colon == listen || (size_t)(colon - listen) >= sizeof where->host)
        return ERR_USAGE;
    size_t len = (size_t)(colon - listen);
    where->ipv6 = listen[0] == '[' && listen[len - 1] == ']';
    if (where->ipv6)
        snprintf(where->host, sizeof where->host, "%.*s", (int)len - 2, listen + 1);
    else
        snprintf(where->host, sizeof where->host, "%.*s", (int)len, listen);
    if (strcmp(where->host, "localhost") == 0)
        snprintf(where->host, sizeof where->host, "127.0.0.1");
    if (inet_pton(where->ipv6 ? AF_INET6 : AF_INET, where->host, address) != 1)
        return ERR_USAGE;
    where->loopback = is_loopback(where, address);
    return parse_port(colon + 1, &where->port);
}

/* ---- Setting keys ---- */

void conf_init(struct conf *conf)
{
    memset(conf, 0, sizeof *conf);
    for (size_t i = 0; i < KEYS; i++) {
        void *field = (char *)conf + keys[i].offset;
        if (keys[i].kind == KIND_TEXT)
            snprintf(field, CONF_TEXT_MAX, "%s", keys[i].text);
        else if (keys[i].kind == KIND_NUMBER)
            *(uint64_t *)field = keys[i].number;
        else
            *(bool *)field = keys[i].flag;
    }
}

const char *conf_key(size_t i)
{
    return i < KEYS ? keys[i].name : NULL;
}

static bool parse_number(const char *value, uint64_t *number)
{
    static const char units[] = "KMG";
    size_t digits = strspn(value, "0123456789");
    unsigned shift = 0;
    if (digits == 0 || digits > 15)
        return false;
    *number = strtoull(value, NULL, 10);
    if (value[digits] != '\0') {
        const char *unit = strchr(units, value[digits]);
        if (!unit || value[digits + 1] != '\0')
            return false;
        shift = 10 * (unsigned)(unit - units + 1);
    }
    if (*number > UINT64_MAX >> shift)
        return false;
    *number <<= shift;
    return true;
}

static enum err set_text(struct conf *conf, const struct key *key, const char *value, char *why)
{
    const char *wanted = key->check(value);
    if (strlen(value) >= CONF_TEXT_MAX)
        return say(ERR_USAGE, why, "%s: shorter than %d characters, please", key->name,
                   CONF_TEXT_MAX);
    if (wanted)
        return say(ERR_USAGE, why, "%s: write %s", key->name, wanted);
    snprintf((char *)conf + key->offset, CONF_TEXT_MAX, "%s", value);
    if (key->offset != offsetof(struct conf, cors_origin))
        return ERR_OK;
    if (conf->origins_len == CONF_ORIGINS_MAX)
        return say(ERR_USAGE, why, "%s: at most %d of them", key->name, CONF_ORIGINS_MAX);
    snprintf(conf->origins[conf->origins_len++], CONF_TEXT_MAX, "%s", value);
    return ERR_OK;
}

static enum err set_number(struct conf *conf, const struct key *key, const char *value, char *why)
{
    uint64_t number;
    if (!parse_number(value, &number) || number < key->least || number > key->most)
        return say(ERR_USAGE, why,
                   "%s: write a number from %" PRIu64 " to %" PRIu64 " (K, M, G are units)",
                   key->name, key->least, key->most);
    *(uint64_t *)((char *)conf + key->offset) = number;
    return ERR_OK;
}

static enum err set_flag(struct conf *conf, const struct key *key, const char *value, char *why)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return say(ERR_USAGE, why, "%s: write yes or no", key->name);
    *(bool *)((char *)conf + key->offset) = value[0] == 'y';
    return ERR_OK;
}

static const struct key *find(const char *name, char *why)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    size_t at =
        (size_t)snprintf(why, CONF_MESSAGE_MAX, "there is no key \"%.40s\"; there are", name);
    for (size_t i = 0; i < KEYS; i++) {
        int n = snprintf(why + at, CONF_MESSAGE_MAX - at, "%s %s", i ? "," : "", keys[i].name);
        at += (size_t)n < CONF_MESSAGE_MAX - at ? (size_t)n : 0;
    }
    return NULL;
}

enum err conf_set(struct conf *conf, const char *key, const char *value,
                  char message[static CONF_MESSAGE_MAX])
{
    const struct key *row = find(key, message);
    if (!row)
        return ERR_USAGE;
    conf->seen |= 1u << (row - keys);
    if (row->kind == KIND_TEXT)
        return set_text(conf, row, value, message);
    if (row->kind == KIND_NUMBER)
        return set_number(conf, row, value, message);
    return set_flag(conf, row, value, message);
}

/* ---- The file ---- */

static char *trim(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    size_t len = strlen(text);
    while (len && strchr(" \t\r", text[len - 1]))
        text[--len] = '\0';
    return text;
}

static enum err parse_line(struct conf *conf, char *line, char *why)
{
    char *key = trim(line);
    if (*key == '\0' || *key == '#')
        return ERR_OK;
    char *equals = strchr(key, '=');
    if (!equals)
        return say(ERR_USAGE, why, "write key = value, or begin a comment with #");
    *equals = '\0';
    key = trim(key);
    const struct key *row = find(key, why);
    if (!row)
        return ERR_USAGE;
    bool repeatable = row->offset == offsetof(struct conf, cors_origin);
    if (!repeatable && conf->seen & 1u << (row - keys))
        return say(ERR_USAGE, why, "%s stands twice; keep one of the lines", row->name);
    return conf_set(conf, key, trim(equals + 1), why);
}

enum err conf_parse(struct conf *conf, const char *text, size_t len, const char *name,
                    char message[static CONF_MESSAGE_MAX])
{
    enum err err = ERR_OK;
    char why[CONF_MESSAGE_MAX];
    size_t number = 0;
    if (memchr(text, '\0', len))
        return say(ERR_USAGE, message, "%.120s: this is not a text file", name);
    char *copy = malloc(len + 1);
    if (!copy)
        return say(ERR_MEMORY, message, "%s", err_text(ERR_MEMORY));
    memcpy(copy, text, len);
    copy[len] = '\0';
    conf->seen = 0;
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));) {
        number++;
        err = parse_line(conf, line, why);
        if (err != ERR_OK) {
            err = say(err, message, "%.120s:%zu: %.360s", name, number, why);
            goto out;
        }
    }
out:
    free(copy);
    return err;
}

enum err conf_load(struct conf *conf, const char *path, char message[static CONF_MESSAGE_MAX])
{
    enum err err = ERR_OK;
    char *text = malloc(CONF_FILE_MAX + 1);
    FILE *file = fopen(path, "re");
    if (!file) {
        err = say(errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, message,
                  "%.200s: %s; name the file with --config", path, strerror(errno));
        goto out;
    }
    if (!text) {
        err = say(ERR_MEMORY, message, "%s", err_text(ERR_MEMORY));
        goto out;
    }
    size_t len = fread(text, 1, CONF_FILE_MAX + 1, file);
    if (ferror(file)) {
        err = say(ERR_IO, message, "%.200s: it cannot be read", path);
    } else if (len > CONF_FILE_MAX) {
        err = say(ERR_TOO_BIG, message, "%.200s: longer than %d bytes", path, CONF_FILE_MAX);
    } else {
        err = conf_parse(conf, text, len, path, message);
    }
out:
    if (file)
        fclose(file);
    free(text);
    return err;
}

/* ---- All together ---- */

enum err conf_check(const struct conf *conf, char message[static CONF_MESSAGE_MAX])
{
    struct conf_listen where;
    if (!conf->data[0])
        return say(ERR_USAGE, message,
                   "data is missing; write data = /var/lib/passerelle (or --data DIR)");
    if (conf_listen_parse(&where, conf->listen) != ERR_OK)
        return say(ERR_USAGE, message,
                   "listen: write ADDRESS:PORT or unix:/PATH, as in 127.0.0.1:8787");
    if (!where.local && !where.loopback && !conf->insecure_http)
        return say(ERR_USAGE, message,
                   "listen = %.80s would speak plain HTTP to the network. Listen on 127.0.0.1 or "
                   "on a Unix socket behind a TLS proxy (deploy/Caddyfile), or write insecure_http "
                   "= yes if this network is already protected",
                   conf->listen);
    if (conf->buffered_max < conf->body_max)
        return say(ERR_USAGE, message, "buffered_max must be at least body_max");
    return ERR_OK;
}

enum log_format conf_log_format(const struct conf *conf)
{
    int i = word_index(log_formats, 3, conf->log_format);
    assert(i >= 0);
    return (enum log_format)i;
}

enum log_level conf_log_level(const struct conf *conf)
{
    int i = word_index(log_levels, 4, conf->log_level);
    assert(i >= 0);
    return (enum log_level)i;
}
