/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BOUNDS_MAX = 12, STATUSES = 128 };

struct row {
    const char *name;
    const char *labels;
    const char *help;
};

struct histogram_row {
    const char *name;
    const char *help;
    uint64_t unit;
    double bounds[BOUNDS_MAX + 1]; /* ends with 0 */
};

struct histogram {
    atomic_uint_fast64_t buckets[BOUNDS_MAX + 1]; /* each counts its own range only; last: beyond */
    atomic_uint_fast64_t sum;
};

#define ROW(id, name_, labels_, help_) {.name = name_, .labels = labels_, .help = help_},
static const struct row counter_rows[] = {METRICS_COUNTERS(ROW)};
static const struct row gauge_rows[] = {METRICS_GAUGES(ROW)};
#undef ROW
#define ROW(id, name_, help_, unit_, ...)                                                          \
    {.name = name_, .help = help_, .unit = unit_, .bounds = {__VA_ARGS__}},
static const struct histogram_row histogram_rows[] = {METRICS_HISTOGRAMS(ROW)};
#undef ROW

static atomic_uint_fast64_t counters[METRICS_COUNTER_N];
static atomic_int_fast64_t gauges[METRICS_GAUGE_N];
static struct histogram histograms[METRICS_HISTOGRAM_N];
static atomic_uint_fast64_t sync_statuses[STATUSES];
static atomic_int_fast64_t start_monotonic_s;
static atomic_int_fast64_t start_time_s;

static int64_t seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec;
}

void metrics_start(void)
{
    atomic_store(&start_monotonic_s, seconds(CLOCK_MONOTONIC));
    atomic_store(&start_time_s, seconds(CLOCK_REALTIME));
}

void metrics_add(enum metrics_counter counter, uint64_t n)
{
    assert(counter < METRICS_COUNTER_N);
    atomic_fetch_add_explicit(&counters[counter], n, memory_order_relaxed);
}

uint64_t metrics_count(enum metrics_counter counter)
{
    assert(counter < METRICS_COUNTER_N);
    return atomic_load_explicit(&counters[counter], memory_order_relaxed);
}

void metrics_move(enum metrics_gauge gauge, int64_t by)
{
    assert(gauge < METRICS_GAUGE_N);
    atomic_fetch_add_explicit(&gauges[gauge], by, memory_order_relaxed);
}

void metrics_set(enum metrics_gauge gauge, int64_t value)
{
    assert(gauge < METRICS_GAUGE_N);
    atomic_store_explicit(&gauges[gauge], value, memory_order_relaxed);
}

int64_t metrics_level(enum metrics_gauge gauge)
{
    assert(gauge < METRICS_GAUGE_N);
    return atomic_load_explicit(&gauges[gauge], memory_order_relaxed);
}

void metrics_observe(enum metrics_histogram histogram, uint64_t value)
{
    assert(histogram < METRICS_HISTOGRAM_N);
    const struct histogram_row *row = &histogram_rows[histogram];
    size_t i = 0;
    while (row->bounds[i] > 0 && (double)value > row->bounds[i] * (double)row->unit)
        i++;
    /* The range beyond the last bound is always kept in the last bucket. */
    if (!(row->bounds[i] > 0))
        i = BOUNDS_MAX;
    atomic_fetch_add_explicit(&histograms[histogram].buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histograms[histogram].sum, value, memory_order_relaxed);
}

void metrics_sync_status(enum err status)
{
    assert((unsigned)status < STATUSES);
    atomic_fetch_add_explicit(&sync_statuses[status], 1, memory_order_relaxed);
}

void metrics_http(int status)
{
    static const enum metrics_counter classes[] = {METRIC_HTTP_2XX, METRIC_HTTP_3XX,
                                                   METRIC_HTTP_4XX, METRIC_HTTP_5XX};
    assert(status >= 200 && status < 600);
    metrics_add(classes[status / 100 - 2], 1);
}

struct text {
    char *bytes;
    size_t len;
    size_t cap;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert(n >= 0 && (size_t)n < sizeof line);
    if (t->len + (size_t)n + 1 > t->cap) {
        char *grown = t->failed ? NULL : realloc(t->bytes, 2 * t->cap + sizeof line);
        if (!grown) {
            t->failed = true;
            return;
        }
        t->bytes = grown;
        t->cap = 2 * t->cap + sizeof line;
    }
    memcpy(t->bytes + t->len, line, (size_t)n + 1);
    t->len += (size_t)n;
}

static void add_head(struct text *t, const char *name, const char *help, const char *type)
{
    add(t, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static void add_counters(struct text *t)
{
    for (size_t i = 0; i < METRICS_COUNTER_N; i++) {
        const struct row *row = &counter_rows[i];
        if (i == 0 || strcmp(row->name, counter_rows[i - 1].name) != 0)
            add_head(t, row->name, row->help, "counter");
        add(t, "%s%s %" PRIuFAST64 "\n", row->name, row->labels, atomic_load(&counters[i]));
    }
}

static void add_gauges(struct text *t)
{
    for (size_t i = 0; i < METRICS_GAUGE_N; i++) {
        const struct row *row = &gauge_rows[i];
        add_head(t, row->name, row->help, "gauge");
        add(t, "%s%s %" PRIdFAST64 "\n", row->name, row->labels, atomic_load(&gauges[i]));
    }
}

static void add_histogram(struct text *t, const struct histogram_row *row, struct histogram *h)
{
    uint64_t total = 0;
    add_head(t, row->name, row->help, "histogram");
    for (size_t i = 0; i < BOUNDS_MAX && row->bounds[i] > 0; i++) {
        total += atomic_load(&h->buckets[i]);
        add(t, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", row->name, row->bounds[i], total);
    }
    total += atomic_load(&h->buckets[BOUNDS_MAX]);
    add(t, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", row->name, total);
    add(t, "%s_sum %.6f\n", row->name, (double)atomic_load(&h->sum) / (double)row->unit);
    add(t, "%s_count %" PRIu64 "\n", row->name, total);
}

/* Only the statuses that occurred: the table of errors is long. */
static void add_sync_statuses(struct text *t)
{
    static const char name[] = "passerelle_sync_items_total";
    add_head(t, name, "Synced items by the status they were answered with", "counter");
    for (unsigned i = 0; i < STATUSES; i++) {
        uint64_t n = atomic_load(&sync_statuses[i]);
        if (n)
            add(t, "%s{status=\"%s\"} %" PRIu64 "\n", name, err_name((enum err)i), n);
    }
}

/* The second number of statm counts resident pages. */
static uint64_t resident_bytes(void)
{
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    const char *second = fgets(line, sizeof line, file) ? strchr(line, ' ') : NULL;
    uint64_t pages = second ? strtoull(second, NULL, 10) : 0;
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void add_process(struct text *t)
{
    struct rusage usage = {.ru_maxrss = 0};
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    int64_t uptime = seconds(CLOCK_MONOTONIC) - atomic_load(&start_monotonic_s);

    add_head(t, "passerelle_uptime_seconds", "Seconds since the server started", "gauge");
    add(t, "passerelle_uptime_seconds %" PRId64 "\n", uptime);
    add_head(t, "process_start_time_seconds", "Unix time of the start", "gauge");
    add(t, "process_start_time_seconds %" PRIdFAST64 "\n", atomic_load(&start_time_s));
    add_head(t, "process_cpu_seconds_total", "Processor time used", "counter");
    add(t, "process_cpu_seconds_total %.3f\n", cpu);
    add_head(t, "process_resident_memory_bytes", "Resident memory", "gauge");
    add(t, "process_resident_memory_bytes %" PRIu64 "\n", resident_bytes());
}

enum err metrics_render(char **text, size_t *len)
{
    struct text t = {.bytes = NULL};
    assert(text && len);
    add_counters(&t);
    add_gauges(&t);
    for (size_t i = 0; i < METRICS_HISTOGRAM_N; i++)
        add_histogram(&t, &histogram_rows[i], &histograms[i]);
    add_sync_statuses(&t);
    add_process(&t);
    if (t.failed) {
        free(t.bytes);
        return ERR_MEMORY;
    }
    *text = t.bytes;
    *len = t.len;
    return ERR_OK;
}
