/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelle-bench [--row NAME]... [--seed N] [--changes N] [--records N] [--devices N] [--idle N] [--live N] [--repeat N] [--json]
 * passerelle-bench --work [--seed N] [--changes N] [--records N]     prints the workload: record, field and text in each line
 *
 * Measures this product on this machine; README.md says what each row is. PASSERELLE_BIN_DIR names the folder of
 * passerelled.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "tests/bench/bench.h"

enum { FIGURES_MAX = 200, SAMPLES_MAX = 32, NAME_LEN = 32 };

struct figure {
    const char *row, *name, *unit, *of;
    size_t n, n_limits;
    double samples[SAMPLES_MAX], limits[SAMPLES_MAX];
};

static struct figure figures[FIGURES_MAX];
static size_t n_figures;

static const struct {
    const char *name;
    void (*run)(const struct bench *bench);
} rows[] = {{"machine", row_machine},  {"push", row_push},     {"small", row_small},
            {"many", row_many},        {"single", row_single}, {"bulk", row_bulk},
            {"idle", row_idle},        {"memory", row_memory}, {"micro", row_micro},
            {"caseload", row_caseload}};
enum { ROWS = sizeof rows / sizeof *rows };

void bench_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("passerelle-bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void bench_must_(enum err err, const char *what)
{
    if (err != ERR_OK)
        bench_fail("%s: %s", what, err_name(err));
}

void bench_figure(const char *row, const char *name, double value, const char *unit, double limit,
                  const char *of)
{
    struct figure *figure = NULL;
    for (size_t i = 0; i < n_figures; i++) {
        if (strcmp(figures[i].row, row) == 0 && strcmp(figures[i].name, name) == 0)
            figure = &figures[i];
    }
    if (!figure) {
        if (n_figures == FIGURES_MAX)
            bench_fail("too many figures");
        figure = &figures[n_figures++];
        *figure = (struct figure){.row = row, .name = name, .unit = unit, .of = of};
    }
    if (figure->n < SAMPLES_MAX)
        figure->samples[figure->n++] = value;
    if (of && figure->n_limits < SAMPLES_MAX)
        figure->limits[figure->n_limits++] = limit;
}

/* --- printing --- */

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *samples, size_t n)
{
    if (n == 0)
        return 0;
    qsort(samples, n, sizeof *samples, by_size);
    return n % 2 ? samples[n / 2] : (samples[n / 2 - 1] + samples[n / 2]) / 2;
}

/* Three digits that matter, thousands apart. */
static const char *number(double value, char out[static NAME_LEN])
{
    char digits[NAME_LEN];
    if (value < 1000) {
        snprintf(out, NAME_LEN, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
        return out;
    }
    int len = snprintf(digits, sizeof digits, "%.0f", value), at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

static void print_table(void)
{
    char value[NAME_LEN], limit[NAME_LEN];
    printf("%-15s %-38s %12s %-10s %12s  %s\n", "row", "figure", "value", "unit", "limit",
           "the limit is");
    for (size_t i = 0; i < n_figures; i++) {
        struct figure *figure = &figures[i];
        bool first = i == 0 || strcmp(figure->row, figures[i - 1].row) != 0;
        printf("%-15s %-38s %12s %-10s %12s  %s\n", first ? figure->row : "", figure->name,
               number(median(figure->samples, figure->n), value), figure->unit,
               figure->of ? number(median(figure->limits, figure->n_limits), limit) : "",
               figure->of ? figure->of : "");
    }
}

static void print_json(const struct bench *bench)
{
    printf("{\"seed\": %llu, \"changes\": %zu, \"records\": %zu, \"devices\": %zu,"
           " \"repeat\": %u, \"figures\": [\n",
           (unsigned long long)bench->seed, bench->changes, bench->records, bench->devices,
           bench->repeat);
    for (size_t i = 0; i < n_figures; i++) {
        struct figure *figure = &figures[i];
        printf("  {\"row\": \"%s\", \"figure\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"",
               figure->row, figure->name, median(figure->samples, figure->n), figure->unit);
        if (figure->of)
            printf(", \"limit\": %.6g, \"limit_of\": \"%s\"",
                   median(figure->limits, figure->n_limits), figure->of);
        printf("}%s\n", i + 1 < n_figures ? "," : "");
    }
    printf("]}\n");
}

/* --- options --- */

static void usage(void)
{
    fputs("passerelle-bench [--row NAME]... [--seed N] [--changes N] [--records N] [--devices N]"
          " [--idle N] [--live N] [--repeat N] [--json] [--work]\nrows:",
          stderr);
    for (size_t i = 0; i < ROWS; i++)
        fprintf(stderr, " %s", rows[i].name);
    fputc('\n', stderr);
    exit(2);
}

static bool option(const char *name, char **argv, int *at, size_t *out)
{
    char *end = NULL;
    if (strcmp(argv[*at], name) != 0)
        return false;
    if (!argv[*at + 1])
        usage();
    *out = strtoul(argv[++*at], &end, 10);
    if (*end || *out == 0)
        usage();
    return true;
}

static bool row_option(char **argv, int *at, bool wanted[static ROWS])
{
    if (strcmp(argv[*at], "--row") != 0)
        return false;
    ++*at;
    for (size_t i = 0; argv[*at] && i < ROWS; i++) {
        if (strcmp(rows[i].name, argv[*at]) == 0) {
            wanted[i] = true;
            return true;
        }
    }
    usage();
    return false;
}

static void print_work(const struct bench *bench)
{
    struct bench_work work;
    bench_work_make(&work, bench->seed, bench->changes, bench->records);
    for (size_t i = 0; i < work.n; i++)
        printf("%016zx%016zx\tfield %u\t%s\n", work.items[i].record, work.items[i].record + 1,
               work.items[i].field, work.items[i].text);
    bench_work_free(&work);
}

int main(int argc, char **argv)
{
    struct bench bench = {
        .changes = 10000, .records = 500, .devices = 200, .idle = 10000, .live = 10000};
    size_t seed = 1, repeat = 1;
    bool json = false, some = false, text = false, wanted[ROWS] = {false};
    for (int i = 1; i < argc; i++) {
        if (row_option(argv, &i, wanted))
            some = true;
        else if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--work") == 0)
            text = true;
        else if (!option("--seed", argv, &i, &seed) &&
                 !option("--changes", argv, &i, &bench.changes) &&
                 !option("--records", argv, &i, &bench.records) &&
                 !option("--devices", argv, &i, &bench.devices) &&
                 !option("--idle", argv, &i, &bench.idle) &&
                 !option("--live", argv, &i, &bench.live) && !option("--repeat", argv, &i, &repeat))
            usage();
    }
    bench.seed = seed;
    bench.repeat = (unsigned)repeat;
    bench_must(digest_init());
    if (text) {
        print_work(&bench);
        return 0;
    }
    for (unsigned time = 0; time < bench.repeat; time++) {
        for (size_t i = 0; i < ROWS; i++) {
            if (some && !wanted[i])
                continue;
            fprintf(stderr, "%s...\n", rows[i].name);
            rows[i].run(&bench);
        }
    }
    if (json)
        print_json(&bench);
    else
        print_table();
    return 0;
}
