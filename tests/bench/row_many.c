/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of many devices at the same moment. Devices of one space share one signature per group of pushes; devices with
 * spaces of their own do not, and are the harder case for the server.
 */
#include <stdlib.h>

#include "proto/sign.h"
#include "tests/bench/bench.h"

enum { LANES = 64 };

static void fire(struct bench_crowd *crowd, const struct bench_load *load, uint64_t seed,
                 struct bench_fired *fired)
{
    struct bench_lane *lanes = bench_load_make(crowd, load, seed);
    bench_load_fire(crowd, lanes, fired);
    bench_load_free(crowd, lanes);
}

/* What this machine needs per request for a signature of the device on it, one on each leaf, and its own answer. */
static double verify_s(void)
{
    static double each;
    uint8_t pk[PK_LEN], sk[SK_LEN], sig[SIG_LEN], seed[SEED_LEN] = {1}, text[200] = {2};
    enum { TIMES = 400 };
    if (each > 0)
        return each;
    sign_keypair(pk, sk, seed);
    sign_plain(sig, sk, text, sizeof text);
    double start = bench_thread_cpu();
    for (int i = 0; i < TIMES; i++)
        bench_must(sign_plain_verify(sig, pk, text, sizeof text));
    each = (bench_thread_cpu() - start) / TIMES;
    return each;
}

/* --- 200 devices, 50 changes each, one space --- */

void row_many(const struct bench *bench)
{
    const struct bench_load batch = {.shots = 1, .leaves = 1, .per_leaf = 50, .bodies = 4};
    const struct bench_load push_only = {
        .shots = 1, .leaves = 1, .per_leaf = 50, .bodies = 4, .max_bytes = 1};
    const struct bench_load single = {
        .shots = 50, .leaves = 1, .per_leaf = 1, .bodies = 1, .max_bytes = 1};
    struct bench_crowd crowd;
    struct bench_fired fired;
    struct buf bytes = {.max = (size_t)64 << 20};

    bench_crowd_new(&crowd, bench->devices, false, NULL);
    fire(&crowd, &push_only, bench->seed, &fired);
    if (!buf_room(&bytes, (size_t)fired.bytes_up))
        bench_fail("no memory");
    double n = (double)fired.changes, requests = (double)fired.requests;
    bench_figure("many", "one sync each", n / fired.wall_s, "changes/s",
                 n / bench_limit_sqlite(&bytes, fired.changes, 1000),
                 "plain SQLite, 1,000 rows a commit");
    bench_figure("many", "server CPU per sync", fired.server_cpu_s / requests * 1e6, "us",
                 2 * verify_s() * 1e6, "its two signatures");
    bench_figure("many", "bytes up per change", (double)fired.bytes_up / n, "B", 0, NULL);
    buf_free(&bytes);
    bench_crowd_free(&crowd);

    bench_crowd_new(&crowd, bench->devices, false, NULL);
    fire(&crowd, &batch, bench->seed, &fired);
    n = (double)fired.changes;
    bench_figure("many", "one sync each, that fetches too", n / fired.wall_s, "changes/s", 0, NULL);
    bench_figure("many", "server CPU per MB that it fetches",
                 fired.server_cpu_s / ((double)fired.bytes_down / 1e6) * 1e3, "ms", 0, NULL);
    bench_figure("many", "bytes that it fetches", (double)fired.bytes_down / 1e6, "MB", 0, NULL);
    bench_crowd_free(&crowd);

    bench_crowd_new(&crowd, bench->devices, false, NULL);
    fire(&crowd, &single, bench->seed, &fired);
    n = (double)fired.changes;
    bench_figure("many", "a push for each change", n / fired.wall_s, "changes/s",
                 2 / (2 * verify_s()), "two cores that only verify");
    bench_figure("many", "server CPU per push", fired.server_cpu_s / n * 1e6, "us",
                 2 * verify_s() * 1e6, "its two signatures");
    bench_crowd_free(&crowd);
}

/* --- kept-alive pushes and empty syncs, each device in a space of its own --- */

void row_single(const struct bench *bench)
{
    const struct bench_load push = {
        .shots = 100, .leaves = 1, .per_leaf = 1, .bodies = 1, .follow = true};
    const struct bench_load empty = {.shots = 100, .follow = true};
    struct bench_crowd crowd;
    struct bench_fired fired;
    struct buf bytes = {.max = (size_t)64 << 20};
    bench_crowd_new(&crowd, LANES, true, NULL);
    fire(&crowd, &empty, bench->seed, &fired);
    double n = (double)fired.requests;
    bench_figure("single", "empty syncs", n / fired.wall_s, "syncs/s", 2 / verify_s(),
                 "two cores that only verify");
    bench_figure("single", "server CPU per empty sync", fired.server_cpu_s / n * 1e6, "us",
                 verify_s() * 1e6, "its signature");
    bench_figure("single", "bytes down per empty sync", (double)fired.bytes_down / n, "B", 0, NULL);
    fire(&crowd, &push, bench->seed, &fired);
    n = (double)fired.requests;
    if (!buf_room(&bytes, (size_t)fired.bytes_up))
        bench_fail("no memory");
    bench_figure("single", "durable pushes of one change", n / fired.wall_s, "pushes/s",
                 2 / (2 * verify_s()), "two cores that only verify");
    bench_figure("single", "server CPU per push", fired.server_cpu_s / n * 1e6, "us",
                 2 * verify_s() * 1e6, "its two signatures");
    bench_figure("single", "generator's CPU per push", fired.client_cpu_s / n * 1e6, "us", 0, NULL);
    bench_figure("single", "plain SQLite, a commit each",
                 1000 / bench_limit_sqlite(&bytes, 1000, 1), "rows/s", 0, NULL);
    buf_free(&bytes);
    bench_crowd_free(&crowd);
}

/* --- many changes in each push --- */

void row_bulk(const struct bench *bench)
{
    const struct bench_load load = {
        .shots = 4, .leaves = 16, .per_leaf = 100, .bodies = 4, .follow = true};
    struct bench_crowd crowd;
    struct bench_fired fired;
    struct buf bytes = {.max = (size_t)64 << 20};
    bench_crowd_new(&crowd, 32, true, NULL);
    fire(&crowd, &load, bench->seed, &fired);
    double n = (double)fired.changes;
    if (!buf_room(&bytes, (size_t)fired.bytes_up))
        bench_fail("no memory");
    bench_figure("bulk", "32 devices, 1,600 changes a push", n / fired.wall_s, "changes/s",
                 n / bench_limit_sqlite(&bytes, fired.changes, 1000),
                 "plain SQLite, 1,000 rows a commit");
    bench_figure("bulk", "server CPU per change", fired.server_cpu_s / n * 1e6, "us",
                 bench_limit_http(&crowd.daemon, &bytes) / n * 1e6,
                 "same bytes over loopback HTTP");
    bench_figure("bulk", "bytes up per change", (double)fired.bytes_up / n, "B", 0, NULL);
    buf_free(&bytes);
    bench_crowd_free(&crowd);
}
