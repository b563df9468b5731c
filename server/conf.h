/* SPDX-License-Identifier: Apache-2.0
 *
 * conf: passerelled.conf, lines of `key = value`.
 *
 *     # a comment; empty lines are fine
 *     listen = 127.0.0.1:8787
 *     body_max = 8M
 *
 * A value is the rest of the line without the spaces around it; there are no quotes. Numbers may
 * end in K, M or G (1024, 1024^2, 1024^3). A key stands once, except cors_origin. Unknown keys and
 * bad values are errors that name file, line and what to write instead.
 * deploy/passerelled.conf.example explains every key.
 */
#ifndef SERVER_CONF_H
#define SERVER_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"
#include "server/log.h"

enum {
    CONF_TEXT_MAX = 256,   /* a text value with its NUL */
    CONF_ORIGINS_MAX = 8,  /* cors_origin lines */
    CONF_FILE_MAX = 65536, /* bytes of a configuration file */
    CONF_MESSAGE_MAX = 512 /* an error message with its NUL */
};

/*
 * The table of keys.
 *   TEXT(key, default, check)                     char[CONF_TEXT_MAX]
 *   NUMBER(key, default, least, most)             uint64_t
 *   FLAG(key, default)                            bool, written yes or no
 */
#define CONF_TABLE(TEXT, NUMBER, FLAG)                                                             \
    TEXT(data, "", path)                                                                           \
    TEXT(listen, "127.0.0.1:8787", listen)                                                         \
    FLAG(insecure_http, false)                                                                     \
    TEXT(url, "", url)                                                                             \
    TEXT(log_name, "", name)                                                                       \
    NUMBER(body_max, REQUEST_MAX, 65536, REQUEST_MAX)                                              \
    NUMBER(buffered_max, 268435456, 1048576, 17179869184)                                          \
    NUMBER(connections_max, 4096, 1, 100000)                                                       \
    NUMBER(device_requests_max, 16, 1, 100000)                                                     \
    NUMBER(threads, 0, 0, 128)                                                                     \
    NUMBER(header_timeout_ms, 15000, 100, 600000)                                                  \
    NUMBER(body_timeout_ms, 30000, 100, 600000)                                                    \
    NUMBER(idle_timeout_ms, 120000, 100, 3600000)                                                  \
    NUMBER(write_timeout_ms, 30000, 100, 600000)                                                   \
    NUMBER(stop_timeout_ms, 10000, 100, 600000)                                                    \
    NUMBER(long_poll_max_ms, 60000, 0, WAIT_MAX_MS)                                                \
    NUMBER(quota_device_bytes_day, 268435456, 1048576, 1099511627776)                              \
    NUMBER(quota_device_leaves_day, 0, 0, 1000000000)                                              \
    NUMBER(quota_space_bytes_day, 0, 0, 1099511627776)                                             \
    NUMBER(quota_space_leaves_day, 0, 0, 1000000000)                                               \
    NUMBER(quota_space_attachments, 0, 0, 1099511627776)                                           \
    FLAG(metrics, true)                                                                            \
    TEXT(cors_origin, "", origin)                                                                  \
    TEXT(log_format, "auto", log_format)                                                           \
    TEXT(log_level, "info", log_level)

#define CONF_TEXT_FIELD(key, ...)   char key[CONF_TEXT_MAX];
#define CONF_NUMBER_FIELD(key, ...) uint64_t key;
#define CONF_FLAG_FIELD(key, ...)   bool key;
struct conf {
    CONF_TABLE(CONF_TEXT_FIELD, CONF_NUMBER_FIELD, CONF_FLAG_FIELD)
    char origins[CONF_ORIGINS_MAX][CONF_TEXT_MAX]; /* all cors_origin lines */
    size_t origins_len;
    uint32_t seen; /* keys that were set, by their place in the table */
};
#undef CONF_TEXT_FIELD
#undef CONF_NUMBER_FIELD
#undef CONF_FLAG_FIELD

/* Where to listen, taken apart. */
struct conf_listen {
    bool local;    /* a Unix socket: `host` is its path */
    bool loopback; /* 127.0.0.0/8 or ::1 */
    bool ipv6;
    char host[CONF_TEXT_MAX]; /* numeric address without brackets */
    uint16_t port;            /* 0 = any free one */
};

/** Sets every key to its default. */
void conf_init(struct conf *conf);

/**
 * Reads the text of a configuration file into an initialised `conf`. `name` is what messages call
 * the file. On an error `message` says where and what to do.
 *
 * ERR_USAGE  unknown or repeated key, bad value, a line that is not `key = value`
 */
enum err conf_parse(struct conf *conf, const char *text, size_t len, const char *name,
                    char message[static CONF_MESSAGE_MAX]);

/**
 * The same from a file.
 *
 * ERR_NOT_FOUND  there is no such file        ERR_IO  it cannot be read
 * ERR_TOO_BIG    beyond CONF_FILE_MAX bytes   ERR_USAGE  as above
 */
enum err conf_load(struct conf *conf, const char *path, char message[static CONF_MESSAGE_MAX]);

/**
 * Sets one key from the command line, over what a file said. `value` is borrowed.
 *
 * ERR_USAGE  unknown key or bad value; `message` says which
 */
enum err conf_set(struct conf *conf, const char *key, const char *value,
                  char message[static CONF_MESSAGE_MAX]);

/**
 * Checks what only all keys together show; call it before serving. Plain HTTP on an address that is
 * not loopback is refused unless insecure_http = yes; `data` must be set.
 *
 * ERR_USAGE  `message` says what to change
 */
enum err conf_check(const struct conf *conf, char message[static CONF_MESSAGE_MAX]);

/**
 * Takes "127.0.0.1:8787", "[::1]:8787", "localhost:8787" or "unix:/run/passerelle.sock" apart.
 * Names other than localhost are not looked up.
 *
 * ERR_USAGE  any other form
 */
enum err conf_listen_parse(struct conf_listen *where, const char *listen);

/** log_format and log_level as log.h wants them. */
enum log_format conf_log_format(const struct conf *conf);
enum log_level conf_log_level(const struct conf *conf);

/** The name of the i-th key of the table, NULL behind the last. */
const char *conf_key(size_t i);

#endif
