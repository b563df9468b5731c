/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/link.h"
#include "proto/wire.h"
#include "tests/bench/bench.h"

const char BENCH_PASS[] = "orage cigale tambour velours";
enum { TURNS_MOST = 500, KIND_PERSONNE = 2, PACK_NUMBER = 1 };

void bench_person_new(struct bench_person *person, const char *name)
{
    const struct unlock_cost cost = {.t = UNLOCK_FLOOR_T, .m_kib = UNLOCK_FLOOR_M_KIB};
    *person = (struct bench_person){0};
    bench_folder_new(person->dir, name);
    bench_must(
        engine_create(person->dir, name, BENCH_PASS, strlen(BENCH_PASS), &cost, bench_wall_ms()));
    bench_must(engine_open(&person->engine, person->dir, BENCH_PASS, strlen(BENCH_PASS),
                           bench_wall_ms(), NULL));
}

void bench_person_fini(struct bench_person *person)
{
    engine_close(person->engine);
    net_free(person->net);
    free(person->dossiers);
    bench_folder_remove(person->dir);
    *person = (struct bench_person){0};
}

/* --- syncs --- */

typedef void (*carry_fn)(void *ctx, const struct buf *request, struct buf *answer);

static void sync_with(struct bench_person *person, pid_t server, carry_fn carry, void *ctx,
                      struct bench_sync *out)
{
    struct bench_sync sum = {0};
    struct engine_sync result = {0};
    do {
        struct buf request = {.max = REQUEST_MAX}, answer = {.max = RESPONSE_MAX};
        double start = bench_now(), own = bench_thread_cpu();
        engine_set_time(person->engine, bench_wall_ms());
        bench_must(engine_sync_begin(person->engine, 0, 0, &request));
        sum.work_cpu_s += bench_thread_cpu() - own;
        double sent = bench_now(), cpu = server ? bench_cpu(server) : 0;
        carry(ctx, &request, &answer);
        sum.server_cpu_s += server ? bench_cpu(server) - cpu : 0;
        double got = bench_now();
        own = bench_thread_cpu();
        bench_must(engine_sync_finish(person->engine, 0, answer.bytes, answer.len, &result));
        sum.work_cpu_s += bench_thread_cpu() - own;
        sum.work_s += sent - start + bench_now() - got;
        sum.wait_s += got - sent;
        sum.bytes_up += request.len;
        sum.bytes_down += answer.len;
        sum.pushed += result.pushed;
        sum.pulled += result.pulled;
        sum.turns++;
        if (result.refused || result.alarm != ERR_OK || sum.turns > TURNS_MOST)
            bench_fail("sync: %llu refused, %s, turn %u", (unsigned long long)result.refused,
                       err_name(result.alarm), sum.turns);
        buf_free(&request);
        buf_free(&answer);
    } while (result.again);
    if (out)
        *out = sum;
}

static void carry_line(void *ctx, const struct buf *request, struct buf *answer)
{
    int http = 0;
    bench_must(testdaemon_send(ctx, request->bytes, request->len, answer, &http));
}

void bench_person_sync(struct bench_person *person, const struct testdaemon *daemon,
                       struct bench_sync *out)
{
    struct testdaemon_line line = {.daemon = daemon, .fd = -1};
    sync_with(person, daemon->pid, carry_line, &line, out);
    testdaemon_hang_up(&line);
}

struct curl_way {
    struct net *net;
    char url[64];
};

static void carry_curl(void *ctx, const struct buf *request, struct buf *answer)
{
    struct curl_way *way = ctx;
    bench_must(net_post(way->net, way->url, request->bytes, request->len, 0, answer));
}

void bench_person_sync_curl(struct bench_person *person, int port, struct bench_sync *out)
{
    struct curl_way way;
    snprintf(way.url, sizeof way.url, "http://127.0.0.1:%d/v1/sync", port);
    net_free(person->net);
    bench_must(net_new(&person->net, NULL, NULL));
    way.net = person->net;
    sync_with(person, 0, carry_curl, &way, out);
    net_free(person->net);
    person->net = NULL;
}

/* --- members --- */

void bench_person_found(struct bench_person *person, const struct testdaemon *daemon)
{
    struct buf server = {0}, text = {0};
    struct message_server keys;
    struct link link = {.type = LINK_FOUNDER, .url = "http://127.0.0.1:1"};
    size_t space;
    if (testdaemon_get(daemon, "/v1/server", &server) != 200)
        bench_fail("no answer to GET /v1/server");
    bench_must(message_server_open(&keys, server.bytes, server.len));
    link_fingerprint(link.fingerprint, keys.log_pk, keys.resp_pk);
    memcpy(link.secret, daemon->secret, SEED_LEN);
    link_print(&text, &link);
    buf_u8(&text, 0);
    bench_must(engine_found(person->engine, (const char *)text.bytes, NULL, server.bytes,
                            server.len, "Équipe", LEVEL_TEAM, &space));
    bench_person_sync(person, daemon, NULL);
    buf_free(&server);
    buf_free(&text);
}

void bench_person_admit(struct bench_person *admin, struct bench_person *person,
                        const struct testdaemon *daemon)
{
    struct buf server = {0}, link = {0};
    size_t space;
    bench_must(engine_invite(admin->engine, 0, ROLE_READER | ROLE_WRITER,
                             bench_wall_ms() / 1000 + 86400, &link));
    bench_person_sync(admin, daemon, NULL);
    if (testdaemon_get(daemon, "/v1/server", &server) != 200)
        bench_fail("no answer to GET /v1/server");
    bench_must(
        engine_join(person->engine, (const char *)link.bytes, server.bytes, server.len, &space));
    bench_person_sync(person, daemon, NULL);
    bench_person_sync(admin, daemon, NULL);
    if (engine_waiting_count(admin->engine, 0) != 1)
        bench_fail("nobody waits for approval");
    bench_must(engine_approve(admin->engine, 0, engine_waiting(admin->engine, 0, 0)->device));
    bench_person_sync(admin, daemon, NULL);
    buf_free(&server);
    buf_free(&link);
}

/* --- edits --- */

static void edit(struct bench_person *person, const uint8_t *shred, uint32_t field,
                 const struct buf *value)
{
    struct change change = {.field = field,
                            .base = engine_space(person->engine, 0)->size,
                            .value = value->bytes,
                            .value_len = value->len};
    bench_must(engine_edit(person->engine, 0, shred, PACK_NUMBER, &change, 1));
}

void bench_person_edit(struct bench_person *person, const uint8_t shred[static ID_LEN],
                       uint32_t field, const char *text, size_t len)
{
    struct buf value = {0};
    wire_put_str(&value, text, len);
    bench_must(value.err);
    edit(person, shred, field, &value);
    buf_free(&value);
}

void bench_person_dossiers(struct bench_person *person, size_t n)
{
    struct buf kind = {0};
    wire_put_uint(&kind, KIND_PERSONNE);
    person->dossiers =
        realloc(person->dossiers, (person->n_dossiers + n) * sizeof *person->dossiers);
    if (!person->dossiers)
        bench_fail("no memory");
    for (size_t i = 0; i < n; i++) {
        uint8_t *shred = person->dossiers[person->n_dossiers++];
        bench_must(engine_dossier_new(person->engine, 0, shred));
        edit(person, shred, FIELD_KIND, &kind);
    }
    buf_free(&kind);
}

void bench_person_work(struct bench_person *person, const struct bench_work *work)
{
    engine_set_time(person->engine, bench_wall_ms());
    for (size_t i = 0; i < work->n; i++) {
        const struct bench_change *item = &work->items[i];
        bench_person_edit(person, person->dossiers[item->record], item->field, item->text,
                          item->len);
    }
}

void bench_person_work_fast(struct bench_person *person, const struct bench_work *work)
{
    struct change *items = calloc(work->n, sizeof *items);
    size_t *ends = calloc(work->n + 1, sizeof *ends);
    if (!items || !ends)
        bench_fail("no memory");
    engine_set_time(person->engine, bench_wall_ms());
    for (size_t record = 0; record < work->records; record++) {
        struct buf values = {.max = (size_t)64 << 20};
        size_t n = 0;
        for (size_t i = 0; i < work->n; i++) {
            const struct bench_change *item = &work->items[i];
            if (item->record != record)
                continue;
            wire_put_str(&values, item->text, item->len);
            items[n] =
                (struct change){.field = item->field, .base = engine_fold(person->engine, 0)->size};
            ends[++n] = values.len;
        }
        bench_must(values.err);
        for (size_t i = 0; i < n; i++) {
            items[i].value = values.bytes + ends[i];
            items[i].value_len = ends[i + 1] - ends[i];
        }
        if (n > 0)
            bench_must(
                engine_edit(person->engine, 0, person->dossiers[record], PACK_NUMBER, items, n));
        buf_free(&values);
    }
    free(items);
    free(ends);
}
