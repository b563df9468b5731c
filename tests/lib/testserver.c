/* SPDX-License-Identifier: Apache-2.0 */
#include "testserver.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/digest.h"
#include "proto/sign.h"
#include "server/store_folder.h"

/* The engine's functions get the store only, so the failing one is found through it. */
static struct testserver *current[8];

static struct testserver *server_of(const struct store *store)
{
    for (size_t i = 0; i < 8; i++) {
        if (current[i] && current[i]->store == store)
            return current[i];
    }
    abort();
}

static enum err (*real_commit)(struct store *store);

static enum err commit(struct store *store)
{
    struct testserver *server = server_of(store);
    if (server->fail_commit != ERR_OK) {
        store->engine->rollback(store);
        return server->fail_commit;
    }
    enum err err = real_commit(store);
    server->commits += err == ERR_OK;
    return err;
}

static void must(enum err err)
{
    if (err != ERR_OK)
        fprintf(stderr, "testserver: %s\n", err_name(err));
    assert(err == ERR_OK);
}

static void open_all(struct testserver *server)
{
    must(store_sqlite_open(&server->store, server->folder, STORE_OWNER));
    real_commit = server->store->engine->commit;
    server->engine = *server->store->engine;
    server->engine.commit = commit;
    server->store->engine = &server->engine;
    server->config.store = server->store;
    server->config.key = &server->key;
    server->config.folder = server->folder;
    must(sync_new(&server->sync, &server->config));
    must(server->store->engine->view_open(server->store, &server->view));
}

static void close_all(struct testserver *server)
{
    server->engine.view_close(server->view);
    sync_free(server->sync);
    server->engine.close(server->store);
    server->store = NULL;
}

void testserver_start(struct testserver *server)
{
    must(digest_init());
    const char *base = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    snprintf(server->folder, sizeof server->folder, "%s/passerelle-test-XXXXXX", base);
    char *made = mkdtemp(server->folder);
    assert(made);
    (void)made;
    if (server->now_ms == 0)
        server->now_ms = 1800000000000;
    must(serverkey_make(&server->key, "https://sync.example.org", NULL));
    must(store_folder_create(server->folder, &server->key));
    must(store_sqlite_create(server->folder));
    size_t i = 0;
    while (current[i])
        i++;
    assert(i < 7);
    current[i] = server;
    open_all(server);
}

static void remove_folder(const char *folder)
{
    char path[600];
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (unlink(path) != 0 && entry->d_name[0] != '.')
            remove_folder(path); /* attachments */
    }
    closedir(dir);
    rmdir(folder);
}

static void backup_name(char *out, size_t max, const struct testserver *server)
{
    snprintf(out, max, "%s.bak", server->folder);
}

void testserver_stop(struct testserver *server)
{
    char backup[300];
    close_all(server);
    serverkey_fini(&server->key);
    for (size_t i = 0; i < 8; i++) {
        if (current[i] == server)
            current[i] = NULL;
    }
    backup_name(backup, sizeof backup, server);
    remove_folder(backup);
    remove_folder(server->folder);
}

void testserver_restart(struct testserver *server)
{
    close_all(server);
    open_all(server);
}

static void copy_file(const char *from, const char *to)
{
    uint8_t bytes[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert(in && out);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
        fwrite(bytes, 1, n, out);
    fclose(in);
    fclose(out);
}

static void copy_stores(const char *from, const char *to)
{
    static const char *const names[] = {"log.db", "keys.db"};
    for (size_t i = 0; i < 2; i++) {
        char source[600], target[600];
        snprintf(source, sizeof source, "%s/%s", from, names[i]);
        snprintf(target, sizeof target, "%s/%s", to, names[i]);
        copy_file(source, target);
    }
}

void testserver_backup(struct testserver *server)
{
    char backup[300];
    backup_name(backup, sizeof backup, server);
    close_all(server);
    mkdir(backup, 0700);
    copy_stores(server->folder, backup);
    open_all(server);
}

void testserver_restore(struct testserver *server)
{
    char backup[300];
    backup_name(backup, sizeof backup, server);
    close_all(server);
    copy_stores(backup, server->folder);
    open_all(server);
}

void testserver_link(struct testserver *server, uint8_t secret[static SEED_LEN])
{
    uint8_t pk[PK_LEN];
    struct buf text = {0};
    struct link link;
    must(serverkey_founder_link(&text, pk, &server->key));
    must(link_parse(&link, (const char *)text.bytes, text.len));
    memcpy(secret, link.secret, SEED_LEN);
    must(server->engine.begin(server->store));
    must(server->engine.link_put(server->store, pk));
    must(server->engine.commit(server->store));
    buf_free(&text);
}

void testserver_meet(struct testserver *server, struct testdevice *device)
{
    const struct buf *text = sync_server(server->sync);
    must(testdevice_server(device, text->bytes, text->len));
}

struct sync_call *testserver_verify(struct testserver *server, const uint8_t *bytes, size_t len)
{
    struct sync_call *call;
    must(sync_call_new(&call, server->sync, bytes, len));
    must(server->engine.view_begin(server->view));
    sync_verify(call, server->view, server->now_ms);
    server->engine.view_end(server->view);
    return call;
}

enum err testserver_apply(struct testserver *server, struct sync_call *const calls[], size_t n)
{
    return sync_apply(server->sync, calls, n, server->now_ms);
}

void testserver_answer(struct testserver *server, struct sync_call *call, bool last)
{
    must(server->engine.view_begin(server->view));
    sync_answer(call, server->view, server->now_ms, last);
    server->engine.view_end(server->view);
}

enum err testserver_send(void *ctx, const uint8_t *request, size_t len, struct buf *response,
                         int *http)
{
    struct testserver *server = ctx;
    struct sync_call *call = testserver_verify(server, request, len);
    if (call->step == SYNC_APPLY) {
        /* What it says is in the call's answer too. */
        enum err err = testserver_apply(server, &call, 1);
        (void)err;
    }
    if (call->step == SYNC_ANSWER)
        testserver_answer(server, call, true);
    assert(call->step == SYNC_DONE);
    *http = call->http_status;
    if (!server->lose_answers)
        buf_put(response, call->out.bytes, call->out.len);
    sync_call_free(call);
    return ERR_OK;
}

static bool file_holds(const char *path, const void *bytes, size_t len)
{
    bool found = false;
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *all = malloc(size + 1);
    assert(all);
    size = fread(all, 1, size, file);
    for (size_t at = 0; at + len <= size && !found; at++)
        found = memcmp(all + at, bytes, len) == 0;
    free(all);
    fclose(file);
    return found;
}

bool testserver_holds(const struct testserver *server, const void *bytes, size_t len)
{
    bool found = false;
    char path[600];
    DIR *dir = opendir(server->folder);
    assert(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", server->folder, entry->d_name);
        found |= file_holds(path, bytes, len);
    }
    closedir(dir);
    return found;
}
