/* SPDX-License-Identifier: Apache-2.0 */
#include "server/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 128 };

struct event_rate {
    const char *event;
    int64_t minute;
    unsigned written;
    uint64_t suppressed;
};

static struct {
    pthread_mutex_t lock;
    bool opened;
    int fd;
    bool json;
    enum log_level least;
    struct event_rate rates[EVENTS_MAX];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static void open_locked(int fd, enum log_format format, enum log_level least)
{
    state.fd = fd;
    state.json = format == LOG_JSON || (format == LOG_AUTO && !isatty(fd));
    state.least = least;
    state.opened = true;
    memset(state.rates, 0, sizeof state.rates);
}

void log_open(int fd, enum log_format format, enum log_level least)
{
    pthread_mutex_lock(&state.lock);
    open_locked(fd, format, least);
    pthread_mutex_unlock(&state.lock);
}

/* Counts the event; false = over the limit of this minute. A full table (more
 * events than the program has) limits nothing. */
static bool rate_admits(const char *event, int64_t minute, uint64_t *suppressed)
{
    *suppressed = 0;
    for (size_t i = 0; i < EVENTS_MAX; i++) {
        struct event_rate *rate = &state.rates[i];
        if (rate->event && strcmp(rate->event, event) != 0)
            continue;
        if (!rate->event || rate->minute != minute) {
            *suppressed = rate->event ? rate->suppressed : 0;
            *rate = (struct event_rate){.event = event, .minute = minute, .written = 1};
            return true;
        }
        if (rate->written < LOG_PER_MINUTE) {
            rate->written++;
            return true;
        }
        rate->suppressed++;
        return false;
    }
    return true;
}

struct line {
    char text[LOG_LINE_MAX];
    size_t len;
};

/* What does not fit is left out whole; two bytes stay free for the end of the line. */
__attribute__((format(printf, 2, 3))) static void line_add(struct line *line, const char *format,
                                                           ...)
{
    size_t room = sizeof line->text - 2 - line->len;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line->text + line->len, room, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < room)
        line->len += (size_t)n;
}

static void line_head(struct line *line, enum log_level level, const char *event)
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    if (state.json) {
        char stamp[32];
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
        line_add(line, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"event\":\"%s\"", stamp,
                 now.tv_nsec / 1000000, level_names[level], event);
    } else {
        line_add(line, "%02d:%02d:%02d %s %s", tm.tm_hour, tm.tm_min, tm.tm_sec, level_names[level],
                 event);
    }
}

static void line_field(struct line *line, const char *key, const char *word, int64_t number)
{
    if (word && state.json)
        line_add(line, ",\"%s\":\"%s\"", key, word);
    else if (word)
        line_add(line, " %s=%s", key, word);
    else if (state.json)
        line_add(line, ",\"%s\":%" PRId64, key, number);
    else
        line_add(line, " %s=%" PRId64, key, number);
}

void log_event(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    struct line line = {.len = 0};
    uint64_t suppressed;
    struct timespec now;

    pthread_mutex_lock(&state.lock);
    if (!state.opened)
        open_locked(STDERR_FILENO, LOG_AUTO, LOG_INFO);
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (level >= state.least && rate_admits(event, (int64_t)now.tv_sec / 60, &suppressed)) {
        line_head(&line, level, event);
        for (size_t i = 0; i < n; i++) {
            if (fields[i].key)
                line_field(&line, fields[i].key, fields[i].word, fields[i].number);
        }
        if (suppressed)
            line_field(&line, "suppressed", NULL, (int64_t)suppressed);
        if (state.json)
            line.text[line.len++] = '}';
        line.text[line.len++] = '\n';
        /* A log that cannot be written is no reason to stop serving. */
        ssize_t written = write(state.fd, line.text, line.len);
        (void)written;
    }
    pthread_mutex_unlock(&state.lock);
}
