/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of one device with the real engine: what it wrote offline leaves at once, another device gets all of it, two
 * exchange a few changes, the server holds a large history.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "client/pack.h"
#include "client/view.h"
#include "tests/bench/bench.h"

static void start(struct testdaemon *daemon)
{
    testdaemon_init(daemon);
    testdaemon_start(daemon);
}

/* Bytes of the data folder once everything is where it stays. */
static uint64_t folder_at_rest(struct testdaemon *daemon)
{
    if (testdaemon_stop(daemon, SIGTERM) != 0)
        bench_fail("the server did not stop in order");
    uint64_t bytes = bench_folder_bytes(daemon->folder);
    testdaemon_start(daemon);
    return bytes;
}

static void push_figures(const struct testdaemon *daemon, const struct bench_work *work,
                         const struct bench_sync *sync)
{
    double n = (double)work->n;
    struct buf same = {.max = (size_t)64 << 20}, raw = {.max = (size_t)64 << 20};
    bench_work_raw(work, &raw);
    for (size_t left = (size_t)sync->bytes_up; left > 0;) { /* as many bytes as were sent */
        size_t some = left < raw.len ? left : raw.len;
        buf_put(&same, raw.bytes, some);
        left -= some;
    }
    bench_must(same.err);
    bench_figure("push", "acknowledged, with the device's work", n / (sync->work_s + sync->wait_s),
                 "changes/s", n / bench_limit_sqlite(&same, work->n, 1000),
                 "plain SQLite, 1,000 rows a commit");
    bench_figure("push", "acknowledged, server alone", n / sync->wait_s, "changes/s",
                 n / bench_limit_fsync(&same), "same bytes, one fsync");
    bench_figure("push", "server CPU per change", sync->server_cpu_s / n * 1e6, "us",
                 bench_limit_http(daemon, &same) / n * 1e6, "same bytes over loopback HTTP");
    bench_figure("push", "device's CPU per change", sync->work_cpu_s / n * 1e6, "us", 0, NULL);
    bench_figure("push", "bytes up per change", (double)sync->bytes_up / n, "B",
                 (double)bench_limit_packed("xz", "-9e", &raw) / n, "xz -9e of all plaintext");
    bench_figure("push", "raw bytes per change", (double)raw.len / n, "B",
                 (double)bench_limit_packed("gzip", "-9", &raw) / n, "gzip -9 of all plaintext");
    bench_figure("push", "leaves", (double)sync->pushed, "", 0, NULL);
    buf_free(&same);
    buf_free(&raw);
}

static void new_device(struct bench_person *admin, const struct testdaemon *daemon, size_t n)
{
    struct bench_person person;
    struct bench_sync sync;
    struct pack *pack;
    struct view *view;
    bench_person_new(&person, "new");
    bench_person_admit(admin, &person, daemon);
    bench_person_sync(&person, daemon, &sync);
    double start_s = bench_now(), own = bench_thread_cpu();
    bench_must(pack_default(&pack));
    bench_must(view_new(&view, person.engine, pack, "fr"));
    bench_must(view_refresh(view));
    double view_s = bench_now() - start_s;
    own = bench_thread_cpu() - own + sync.work_cpu_s;
    if (view_taken(view) < n)
        bench_fail("the new device shows %llu of %zu changes", (unsigned long long)view_taken(view),
                   n);
    struct buf bytes = {.max = (size_t)64 << 20};
    if (!buf_room(&bytes, (size_t)sync.bytes_down))
        bench_fail("no memory");
    memset(bytes.bytes, 7, bytes.len);
    bench_figure("new", "everything verified and stored", (sync.work_s + sync.wait_s) * 1e3, "ms",
                 bench_limit_fsync(&bytes) * 1e3, "same bytes, one fsync");
    bench_figure("new", "all tables on screen", (sync.work_s + sync.wait_s + view_s) * 1e3, "ms",
                 bench_limit_sqlite(&bytes, n, 1000) * 1e3, "plain SQLite, 1,000 rows a commit");
    bench_figure("new", "device's CPU for all of it", own * 1e3, "ms", 0, NULL);
    bench_figure("new", "server CPU per change", sync.server_cpu_s / (double)n * 1e6, "us", 0,
                 NULL);
    bench_figure("new", "bytes down per change", (double)sync.bytes_down / (double)n, "B", 0, NULL);
    bench_figure("new", "turns", sync.turns, "", 1, "one");
    view_free(view);
    pack_free(pack);
    buf_free(&bytes);
    bench_person_fini(&person);
}

void row_push(const struct bench *bench)
{
    struct testdaemon daemon;
    struct bench_person founder;
    struct bench_work work;
    struct bench_sync sync;
    start(&daemon);
    bench_person_new(&founder, "founder");
    bench_person_found(&founder, &daemon);
    bench_work_make(&work, bench->seed, bench->changes, bench->records);
    double began = bench_now();
    bench_person_dossiers(&founder, bench->records);
    bench_person_work(&founder, &work);
    bench_figure("push", "offline edit, durable", (bench_now() - began) / (double)work.n * 1e6,
                 "us", 0, NULL);
    uint64_t before = folder_at_rest(&daemon);
    bench_person_sync(&founder, &daemon, &sync);
    push_figures(&daemon, &work, &sync);
    double disk = (double)(folder_at_rest(&daemon) - before);
    bench_figure("push", "server disk per change", disk / (double)work.n, "B",
                 (double)sync.bytes_up / (double)work.n, "the bytes that arrived");
    new_device(&founder, &daemon, bench->changes);
    bench_work_free(&work);
    bench_person_fini(&founder);
    testdaemon_fini(&daemon);
}

/* --- 5 + 5 --- */

enum { FEW = 5, DOSSIERS = 20 };

struct pair {
    struct testdaemon daemon;
    struct bench_person a, b;
    struct bench_random random;
};

/* Five changes of `who`: on five dossiers that begin at `first`, or all on one new dossier. */
static void few(struct pair *pair, struct bench_person *who, size_t first, bool fresh)
{
    char text[BENCH_TEXT_MOST + 1];
    if (fresh)
        bench_person_dossiers(who, 1);
    for (size_t i = fresh ? 1 : 0; i < FEW; i++) {
        size_t len = bench_text(&pair->random, text);
        const uint8_t *shred =
            fresh ? who->dossiers[who->n_dossiers - 1] : who->dossiers[first + i];
        bench_person_edit(who, shred, 34, text, len);
    }
}

/* A syncs its five; B's sync, which brings five and fetches five, is what counts. */
static void exchange(struct pair *pair, bool fresh, struct bench_proxy *proxy,
                     struct bench_sync *sync, struct bench_proxy_count *count)
{
    struct bench_proxy_count nothing;
    few(pair, &pair->a, 0, fresh);
    few(pair, &pair->b, FEW, fresh);
    bench_person_sync(&pair->a, &pair->daemon, NULL);
    bench_proxy_take(proxy, &nothing);
    bench_person_sync_curl(&pair->b, bench_proxy_port(proxy), sync);
    bench_proxy_take(proxy, count);
    bench_person_sync(&pair->a, &pair->daemon, NULL);
}

static void few_figures(struct pair *pair, const char *row, bool fresh)
{
    const struct bench_proxy_shape fast = {0}, slow = {.rtt_s = 0.6, .bytes_s = 50000.0 / 8};
    struct bench_proxy_count count;
    struct bench_sync sync;
    struct bench_proxy *proxy = bench_proxy_new(pair->daemon.port, &fast);
    exchange(pair, fresh, proxy, &sync, &count);
    bench_proxy_free(proxy);
    bench_figure(row, "bytes both ways, with HTTP", (double)(count.up + count.down), "B", 0, NULL);
    bench_figure(row, "bytes up, with HTTP", (double)count.up, "B", 0, NULL);
    bench_figure(row, "bodies both ways", (double)(sync.bytes_up + sync.bytes_down), "B", 0, NULL);
    bench_figure(row, "turns", sync.turns, "", 1, "one");
    proxy = bench_proxy_new(pair->daemon.port, &slow);
    exchange(pair, fresh, proxy, &sync, &count);
    bench_proxy_free(proxy);
    double least = 2 * slow.rtt_s + (double)(count.up + count.down) / slow.bytes_s;
    bench_figure(row, "at 600 ms, 50 kbit/s", sync.work_s + sync.wait_s, "s", least,
                 "handshake, one round trip, transmission");
}

void row_small(const struct bench *bench)
{
    struct pair pair = {.random = {bench->seed}};
    start(&pair.daemon);
    bench_person_new(&pair.a, "a");
    bench_person_new(&pair.b, "b");
    bench_person_found(&pair.a, &pair.daemon);
    bench_person_admit(&pair.a, &pair.b, &pair.daemon);
    bench_person_dossiers(&pair.a, DOSSIERS);
    bench_person_sync(&pair.a, &pair.daemon, NULL);
    bench_person_sync(&pair.b, &pair.daemon, NULL);
    pair.b.dossiers = malloc(DOSSIERS * sizeof *pair.b.dossiers);
    if (!pair.b.dossiers)
        bench_fail("no memory");
    memcpy(pair.b.dossiers, pair.a.dossiers, DOSSIERS * sizeof *pair.b.dossiers);
    pair.b.n_dossiers = DOSSIERS;
    few_figures(&pair, "5+5 dossiers", false);
    few_figures(&pair, "5+5 new record", true);
    bench_person_fini(&pair.a);
    bench_person_fini(&pair.b);
    testdaemon_fini(&pair.daemon);
}

/* --- memory while a large history leaves --- */

void row_memory(const struct bench *bench)
{
    struct testdaemon daemon;
    struct bench_person founder, person;
    struct bench_work work;
    struct bench_sync sync;
    enum { TIMES = 10 };
    start(&daemon);
    bench_person_new(&founder, "founder");
    bench_person_found(&founder, &daemon);
    bench_person_dossiers(&founder, bench->records);
    for (unsigned i = 0; i < TIMES; i++) {
        bench_work_make(&work, bench->seed + i, bench->changes, bench->records);
        bench_person_work_fast(&founder, &work);
        bench_person_sync(&founder, &daemon, NULL);
        bench_work_free(&work);
    }
    bench_person_new(&person, "late");
    bench_person_admit(&founder, &person, &daemon);
    folder_at_rest(&daemon);
    double before = bench_peak_kb(daemon.pid);
    bench_peak_reset(daemon.pid);
    bench_person_sync(&person, &daemon, &sync);
    bench_figure("memory", "peak while ten times as much is pulled",
                 bench_peak_kb(daemon.pid) / 1024, "MB", before / 1024, "the server at rest");
    bench_figure("memory", "bytes down", (double)sync.bytes_down / 1e6, "MB", 0, NULL);
    bench_figure("memory", "time", sync.work_s + sync.wait_s, "s", 0, NULL);
    bench_person_fini(&person);
    bench_person_fini(&founder);
    testdaemon_fini(&daemon);
}
