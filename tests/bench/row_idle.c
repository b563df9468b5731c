/* SPDX-License-Identifier: Apache-2.0
 *
 * Long polls that wait: what one costs the server's memory, and that waiting costs no processor.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { DEVICES = 64, FILES_SPARE = 300, STEP = 32, IDLE_S = 3 };

static void rest(double seconds)
{
    const struct timespec pause = {.tv_sec = (time_t)seconds,
                                   .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
}

/* How many connections the files of one process allow. */
static size_t files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return (size_t)limit.rlim_cur;
}

static void wait_for(const struct bench_crowd *crowd, size_t n)
{
    const char *metric = "passerelle_long_polls_held";
    for (int i = 0; testdaemon_metric(&crowd->daemon, metric) < (double)n; i++) {
        if (i > 3000)
            bench_fail("only %.0f of %zu long polls are held",
                       testdaemon_metric(&crowd->daemon, metric), n);
        rest(0.01);
    }
}

/* They come in steps: what a burst of requests needs while it is worked on is not what waiting costs. */
static void hold(struct bench_crowd *crowd, struct bench_lane *lanes, size_t n, const char *figure)
{
    struct testdaemon_line *lines = calloc(n, sizeof *lines);
    double before = 0;
    if (!lines)
        bench_fail("no memory");
    for (size_t i = 0; i < n; i++) {
        const struct bench_shot *shot = &lanes[i % crowd->n].shots[0];
        lines[i] = (struct testdaemon_line){.daemon = &crowd->daemon, .fd = -1};
        bench_must(testdaemon_post(&lines[i], shot->request.bytes, shot->request.len));
        if (i % STEP == STEP - 1)
            wait_for(crowd, i + 1);
        if (i == n / 10) /* what the first ones needed, such as pages of the store, stays */
            before = bench_memory_kb(crowd->daemon.pid);
    }
    wait_for(crowd, n);
    rest(0.5);
    double each = (bench_memory_kb(crowd->daemon.pid) - before) / (double)(n - n / 10);
    double cpu = bench_cpu(crowd->daemon.pid);
    rest(IDLE_S);
    cpu = bench_cpu(crowd->daemon.pid) - cpu;
    bench_figure("idle", figure, each, "kB", 0, NULL);
    bench_figure("idle", "server CPU while all wait", cpu / IDLE_S * 100, "%", 0, NULL);
    for (size_t i = 0; i < n; i++)
        testdaemon_hang_up(&lines[i]);
    free(lines);
}

void row_idle(const struct bench *bench)
{
    const struct bench_load load = {.shots = 1, .wait_ms = 290000};
    char folder[256], path[300];
    size_t most = files() > FILES_SPARE ? files() - FILES_SPARE : 0;
    if (most > bench->idle)
        most = bench->idle;
    bench_folder_new(folder, "conf");
    snprintf(path, sizeof path, "%s/conf", folder);
    FILE *conf = fopen(path, "w");
    if (!conf || fprintf(conf, "connections_max = 20000\nlong_poll_max_ms = 300000\n") < 0 ||
        fclose(conf) != 0)
        bench_fail("cannot write %s", path);
    const char *const extra[] = {"--config", path, NULL};
    const size_t steps[] = {most < 1000 ? most : 1000, most};
    for (size_t i = 0; i < 2 && (i == 0 || most > 1000); i++) {
        struct bench_crowd crowd;
        bench_crowd_new(&crowd, DEVICES, false, extra);
        struct bench_lane *lanes = bench_load_make(&crowd, &load, bench->seed);
        hold(&crowd, lanes, steps[i],
             i == 0 ? "memory per long poll, 1,000 of them" : "memory per long poll, all of them");
        if (i == 1)
            bench_figure("idle", "all of them", (double)most, "", 0, NULL);
        bench_load_free(&crowd, lanes);
        bench_crowd_free(&crowd);
    }
    bench_folder_remove(folder);
}
