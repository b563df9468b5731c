/* SPDX-License-Identifier: Apache-2.0
 *
 * log: one line per event on a file descriptor, for the operator.
 *
 * Nothing that a client sent can reach a log line: names and words are string literals (the macros
 * below do not compile with anything else), and everything else is a number or a row of the table
 * of errors. There is no way to print an address, a name, an identifier or a body.
 *
 *     LOG(LOG_WARN, "push_refused", LOG_NUM("items", n), LOG_ERR("err", err));
 *
 * JSON:  {"time":"2026-03-01T09:12:44.031Z","level":"warn","event":"push_refused","items":3,
 *         "err":"SEQ"}
 * text:  09:12:44 warn push_refused items=3 err=SEQ        (on a terminal, or when asked for)
 *
 * The same event is written at most LOG_PER_MINUTE times a minute; the first line of a later minute
 * carries `suppressed`, the number of lines left out. Safe on every thread.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

enum { LOG_PER_MINUTE = 20, LOG_LINE_MAX = 1024 };

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_AUTO, LOG_JSON, LOG_TEXT };

struct log_field {
    const char *key;  /* a literal */
    const char *word; /* a literal, or NULL: then `number` */
    int64_t number;
};

/* `"" x` compiles for a literal only. */
#define LOG_NUM(key_, number_)                                                                     \
    ((struct log_field){.key = "" key_, .word = NULL, .number = (int64_t)(number_)})
#define LOG_WORD(key_, word_) ((struct log_field){.key = "" key_, .word = "" word_, .number = 0})
#define LOG_ERR(key_, err_)                                                                        \
    ((struct log_field){.key = "" key_, .word = err_name(err_), .number = 0})
#define LOG(level_, event_, ...)                                                                   \
    log_event((level_), "" event_,                                                                 \
              (const struct log_field[]){{.key = NULL, .word = NULL, .number = 0}, __VA_ARGS__},   \
              sizeof((const struct log_field[]){{.key = NULL, .word = NULL, .number = 0},          \
                                                __VA_ARGS__}) /                                    \
                  sizeof(struct log_field))

/**
 * Says where lines go and how they look. `fd` stays the caller's. LOG_AUTO is text on a terminal
 * and JSON elsewhere. Without this call: standard error, LOG_AUTO, LOG_INFO and above.
 */
void log_open(int fd, enum log_format format, enum log_level least);

/** Writes one line; use the macro LOG. `fields` are borrowed, those without a key are skipped. */
void log_event(enum log_level level, const char *event, const struct log_field *fields, size_t n);

#endif
