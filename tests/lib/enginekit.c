/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/enginekit.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dirent.h>

#include "client/replica.h"
#include "proto/code.h"
#include "proto/digest.h"
#include "proto/wire.h"

static const char PASS[] = "orage cigale tambour velours";
static const struct unlock_cost COST = {.t = UNLOCK_FLOOR_T, .m_kib = UNLOCK_FLOOR_M_KIB};

static void must_(enum err err, const char *what)
{
    if (err != ERR_OK) {
        fprintf(stderr, "enginekit: %s: %s\n", what, err_name(err));
        abort();
    }
}
#define must(call) must_(call, #call)

void kit_start(struct kit *kit)
{
    *kit = (struct kit){.now_ms = 1800000000000};
    testserver_start(&kit->server);
    kit->server.now_ms = kit->now_ms;
}

static void remove_dir(const char *dir)
{
    char path[600];
    DIR *list = opendir(dir);
    if (!list)
        return;
    for (struct dirent *entry; (entry = readdir(list));) {
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        unlink(path);
    }
    closedir(list);
    rmdir(dir);
}

void kit_stop(struct kit *kit)
{
    struct kit_device *all[] = {&kit->a, &kit->b, &kit->c, &kit->d};
    for (size_t i = 0; i < 4; i++) {
        char backup[320];
        if (!all[i]->kit)
            continue;
        kit_close(all[i]);
        snprintf(backup, sizeof backup, "%s.bak", all[i]->dir);
        remove_dir(backup);
        remove_dir(all[i]->dir);
    }
    testserver_stop(&kit->server);
}

void kit_device_new(struct kit *kit, struct kit_device *device, const char *name)
{
    *device = (struct kit_device){.kit = kit};
    snprintf(device->name, sizeof device->name, "%s", name);
    snprintf(device->dir, sizeof device->dir, "%s-%s", kit->server.folder, name);
    must(engine_create(device->dir, name, PASS, strlen(PASS), &COST, kit->now_ms));
    must(kit_open(device, NULL));
}

enum err kit_open(struct kit_device *device, struct engine_repair *repair)
{
    return engine_open(&device->engine, device->dir, PASS, strlen(PASS), device->kit->now_ms,
                       repair);
}

void kit_close(struct kit_device *device)
{
    engine_close(device->engine);
    device->engine = NULL;
}

void kit_reopen(struct kit_device *device)
{
    kit_close(device);
    must(kit_open(device, NULL));
}

static enum err round_trip(struct kit_device *device, size_t server)
{
    enum err err = ERR_OK;
    struct buf request = {.max = REQUEST_MAX}, answer = {.max = RESPONSE_MAX};
    int http = 0;
    TRY(engine_sync_begin(device->engine, server, 0, &request));
    device->requests++;
    device->bytes_up += request.len;
    TRY(testserver_send(&device->kit->server, request.bytes, request.len, &answer, &http));
    if (answer.len == 0)
        TRY(ERR_NET);
    device->bytes_down += answer.len;
    err = engine_sync_finish(device->engine, server, answer.bytes, answer.len, &device->result);
out:
    buf_free(&request);
    buf_free(&answer);
    return err;
}

enum err kit_sync(struct kit_device *device)
{
    struct engine_sync sum = {0};
    device->requests = 0;
    device->bytes_up = device->bytes_down = 0;
    device->result = sum;
    device->err = ERR_OK;
    for (size_t i = 0; i < engine_server_count(device->engine); i++) {
        do {
            assert(device->requests < 200);
            device->result.again = false;
            device->err = round_trip(device, i);
            sum.pushed += device->result.pushed;
            sum.pulled += device->result.pulled;
            sum.refused += device->result.refused;
            if (device->result.alarm != ERR_OK)
                sum.alarm = device->result.alarm;
        } while (device->err == ERR_OK && device->result.again);
    }
    device->result = sum;
    return device->err;
}

size_t kit_found(struct kit_device *device, const char *name)
{
    size_t space;
    struct link link = {.type = LINK_FOUNDER};
    struct buf text = {0};
    const struct buf *server = sync_server(device->kit->server.sync);
    testserver_link(&device->kit->server, link.secret);
    snprintf(link.url, sizeof link.url, "%s", device->kit->server.key.url);
    link_fingerprint(link.fingerprint, serverkey_now(&device->kit->server.key)->log_pk,
                     serverkey_now(&device->kit->server.key)->resp_pk);
    link_print(&text, &link);
    buf_u8(&text, 0);
    must(engine_found(device->engine, (const char *)text.bytes, NULL, server->bytes, server->len,
                      name, LEVEL_TEAM, &space));
    must(kit_sync(device));
    buf_free(&text);
    return space;
}

size_t kit_join(struct kit_device *admin, size_t space, struct kit_device *device, uint8_t roles)
{
    size_t joined;
    struct buf link = {0};
    const struct buf *server = sync_server(admin->kit->server.sync);
    must(engine_invite(admin->engine, space, roles, admin->kit->now_ms / 1000 + 86400, &link));
    must(kit_sync(admin));
    must(
        engine_join(device->engine, (const char *)link.bytes, server->bytes, server->len, &joined));
    must(kit_sync(device));
    must(kit_sync(admin));
    assert(engine_waiting_count(admin->engine, space) == 1);
    must(engine_approve(admin->engine, space, engine_waiting(admin->engine, space, 0)->device));
    must(kit_sync(admin));
    must(kit_sync(device));
    buf_free(&link);
    return joined;
}

void kit_dossier(struct kit_device *device, size_t space, uint8_t *shred)
{
    must(engine_dossier_new(device->engine, space, shred));
}

void kit_edit(struct kit_device *device, size_t space, const uint8_t *shred, uint64_t record,
              uint32_t field, const char *text)
{
    struct buf value = {0};
    wire_put_str(&value, text, strlen(text));
    struct change change = {.field = field,
                            .base = engine_space(device->engine, space)->size,
                            .value = value.bytes,
                            .value_len = value.len};
    memcpy(change.record, &record, RECORD_LEN);
    must(engine_edit(device->engine, space, shred, 1, &change, 1));
    buf_free(&value);
}

struct lines {
    size_t n, cap, pending;
    char **list;
};

static enum err collect(void *ctx, const struct engine_change *change)
{
    struct lines *lines = ctx;
    char shred[2 * ID_LEN + 1], record[2 * RECORD_LEN + 1];
    code_hex(shred, change->shred, ID_LEN);
    code_hex(record, change->change.record, RECORD_LEN);
    if (lines->n == lines->cap) {
        lines->cap = lines->cap ? 2 * lines->cap : 64;
        lines->list = realloc(lines->list, lines->cap * sizeof(char *));
        assert(lines->list);
    }
    size_t len = 200 + 2 * change->change.value_len;
    char *line = calloc(1, len);
    assert(line);
    int at = snprintf(line, len, "%s %s %u ", shred, record, change->change.field);
    for (size_t i = 0; i < change->change.value_len; i++)
        code_hex(line + at + 2 * i, change->change.value + i, 1);
    lines->list[lines->n++] = line;
    lines->pending += change->index == UINT64_MAX;
    return ERR_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void kit_see(struct kit_device *device, size_t space, struct kit_sight *sight)
{
    struct lines lines = {0};
    struct buf all = {.max = 64 << 20};
    must(engine_replay(device->engine, space, 0, collect, &lines, NULL));
    must(engine_pending(device->engine, space, collect, &lines));
    if (lines.n)
        qsort(lines.list, lines.n, sizeof(char *), by_text);
    for (size_t i = 0; i < lines.n; i++) {
        buf_put(&all, lines.list[i], strlen(lines.list[i]) + 1);
        free(lines.list[i]);
    }
    must(all.err);
    *sight = (struct kit_sight){.n = lines.n, .pending = lines.pending};
    digest_sha256_of(sight->hash, all.bytes, all.len);
    free(lines.list);
    buf_free(&all);
}

static void copy_dir(const char *from, const char *to)
{
    DIR *list = opendir(from);
    assert(list);
    mkdir(to, 0700);
    for (struct dirent *entry; (entry = readdir(list));) {
        char source[900], target[900], bytes[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
        snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
        FILE *in = fopen(source, "rb"), *out = fopen(target, "wb");
        assert(in && out);
        for (size_t n; (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
            fwrite(bytes, 1, n, out);
        fclose(in);
        fclose(out);
    }
    closedir(list);
}

void kit_backup(struct kit_device *device)
{
    char backup[320];
    snprintf(backup, sizeof backup, "%s.bak", device->dir);
    kit_close(device);
    remove_dir(backup);
    copy_dir(device->dir, backup);
    must(kit_open(device, NULL));
}

void kit_restore(struct kit_device *device)
{
    char backup[320];
    snprintf(backup, sizeof backup, "%s.bak", device->dir);
    kit_close(device);
    remove_dir(device->dir);
    copy_dir(backup, device->dir);
    must(kit_open(device, NULL));
}
