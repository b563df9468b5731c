/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelled backup and restore.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/main_command.h"
#include "server/store.h"
#include "server/store_blob.h"
#include "server/store_copy.h"
#include "server/store_folder.h"

static bool keys_equal(const struct serverkey *a, const struct serverkey *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++)
        same = memcmp(a->pairs[i].log_pk, b->pairs[i].log_pk, PK_LEN) == 0 &&
               memcmp(a->pairs[i].resp_pk, b->pairs[i].resp_pk, PK_LEN) == 0;
    return same;
}

/* The keys of `from` also stand in `to`: written, or there already. */
static int copy_key(const char *to, const char *from)
{
    struct serverkey key, there;
    int code = main_open_key(from, &key);
    if (code != EXIT_DONE)
        return code;
    enum err err = store_folder_create(to, &key);
    if (err == ERR_EXISTS) {
        code = main_open_key(to, &there);
        if (code == EXIT_DONE && !keys_equal(&key, &there))
            code = main_refuse("%s/server.key is another server's: take an empty folder", to);
        serverkey_fini(&there);
    } else if (err != ERR_OK) {
        code = main_refuse("%s/server.key: %s", to, err_text(err));
    }
    serverkey_fini(&key);
    return code;
}

static void drop_copy(const char *folder)
{
    static const char *const names[] = {
        "log.db", "log.db-wal", "log.db-shm", "keys.db", "keys.db-wal", "keys.db-shm", ""};
    char path[STORE_FOLDER_PATH_MAX + 16];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)(*names[i] ? unlink(path) : rmdir(folder));
    }
}

static enum err keep_copy(const char *folder, const char *to, const char *name)
{
    char from[STORE_FOLDER_PATH_MAX + 16], whole[STORE_FOLDER_PATH_MAX];
    snprintf(from, sizeof from, "%s/%s", folder, name);
    snprintf(whole, sizeof whole, "%.4000s/%s", to, name);
    return chmod(from, 0600) == 0 && rename(from, whole) == 0 ? ERR_OK : ERR_IO;
}

/* A store in a database: as of one moment, into SQLite files, whatever is written meanwhile. */
static enum err backup_place(const char *data, const char *to, bool log, bool keys)
{
    enum err err = ERR_OK;
    char folder[STORE_FOLDER_PATH_MAX];
    struct store *from = NULL, *fresh = NULL;
    struct store_copied copied;
    snprintf(folder, sizeof folder, "%.4000s/unfinished", to);
    if (main_open_store(data, STORE_READER, &from) != EXIT_DONE)
        return ERR_BUSY;
    struct store_view *view = from->engine->own_view(from);
    drop_copy(folder);
    TRY(mkdir(folder, 0700) == 0 ? ERR_OK : ERR_IO);
    TRY(store_sqlite_create(folder));
    TRY(store_sqlite_open(&fresh, folder, STORE_OWNER));
    TRY(from->engine->view_begin(view));
    err = store_copy(fresh, view, &copied);
    from->engine->view_end(view);
    fresh->engine->close(fresh);
    fresh = NULL;
    if (err == ERR_OK && log)
        err = keep_copy(folder, to, "log.db");
    if (err == ERR_OK && keys)
        err = keep_copy(folder, to, "keys.db");
out:
    if (fresh)
        fresh->engine->close(fresh);
    from->engine->close(from);
    drop_copy(folder);
    return err;
}

int main_backup(int argc, char **argv)
{
    const char *data = NULL, *to = NULL, *only = NULL;
    bool json = false;
    const struct main_option options[] = {
        {"data", &data, NULL}, {"to", &to, NULL}, {"only", &only, NULL}, {"json", NULL, &json}};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    bool log = !only || strcmp(only, "log") == 0, keys = !only || strcmp(only, "keys") == 0;
    if (!data || !to || (!log && !keys)) {
        main_refuse("backup needs --data DIR and --to DIR; --only is log or keys");
        return EXIT_USAGE;
    }
    if (mkdir(to, 0700) != 0 && errno != EEXIST)
        return main_refuse("%s: %s", to, strerror(errno));
    if (log)
        code = copy_key(to, data);
    if (code != EXIT_DONE)
        return code;
    char place[STORE_FOLDER_PLACE_MAX];
    bool elsewhere = store_folder_place(data, place) == ERR_OK;
    enum err err =
        elsewhere ? backup_place(data, to, log, keys) : store_sqlite_backup(data, to, log, keys);
    if (err == ERR_OK && log)
        err = store_blob_copy(data, to); /* after the log: it names no blob that is not there */
    if (err == ERR_CORRUPT)
        return main_refuse(
            "an attachment in %s/blobs is damaged; all others, and the databases, were"
            " copied to %s",
            data, to);
    if (err == ERR_NOT_FOUND)
        return main_refuse("%s holds no server", data);
    if (err != ERR_OK)
        return main_refuse("%s: %s; earlier copies there are as they were", to, err_text(err));
    if (json)
        printf("{\"log\": %s, \"keys\": %s}\n", log ? "true" : "false", keys ? "true" : "false");
    else
        printf("Copied to %s: %s%s%s. Not encrypted against who reads the server's own keys.\n", to,
               log ? "log.db, server.key, blobs" : "", log && keys ? ", " : "",
               keys ? "keys.db" : "");
    return EXIT_DONE;
}

/* Copies a store that nobody serves into another engine. */
static int copy_store(const char *data, const char *to, const char *place, bool json)
{
    struct serverkey key = {0};
    struct store *from = NULL, *fresh = NULL;
    struct store_copied copied;
    int lock = -1, code = main_open_key(data, &key);
    if (code != EXIT_DONE)
        return code;
    /* What is written during the copy would be missing in it. */
    if (store_folder_lock(data, &lock) != ERR_OK)
        code = main_refuse("%s is being served: stop the server first", data);
    if (code == EXIT_DONE)
        code = main_open_store(data, STORE_READER, &from);
    if (code == EXIT_DONE)
        code = main_create(to, &key, place);
    if (code == EXIT_DONE)
        code = main_open_store(to, STORE_OWNER, &fresh);
    if (code == EXIT_DONE) {
        struct store_view *view = from->engine->own_view(from);
        enum err err = from->engine->view_begin(view);
        if (err == ERR_OK)
            err = store_copy(fresh, view, &copied);
        from->engine->view_end(view);
        if (err == ERR_OK)
            err = store_blob_copy(data, to);
        if (err != ERR_OK)
            code = main_refuse("the copy stopped (%s): remove %s and what was written, and try"
                               " again. %s is as it was",
                               err_text(err), to, data);
    }
    if (code == EXIT_DONE)
        printf(json ? "{\"spaces\": %llu, \"entries\": %llu, \"checkpoints\": %llu}\n"
                    : "Copied: %llu spaces, %llu entries, %llu checkpoints. Check it (passerelled"
                      " check), then serve it instead.\n",
               (unsigned long long)copied.spaces, (unsigned long long)copied.entries,
               (unsigned long long)copied.notes);
    if (fresh)
        fresh->engine->close(fresh);
    if (from)
        from->engine->close(from);
    store_folder_unlock(lock);
    serverkey_fini(&key);
    return code;
}

int main_copy(int argc, char **argv)
{
    const char *data = NULL, *to = NULL, *place = NULL;
    bool json = false;
    const struct main_option options[] = {
        {"data", &data, NULL}, {"to", &to, NULL}, {"store", &place, NULL}, {"json", NULL, &json}};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    if (!data || !to) {
        main_refuse("copy needs --data DIR and --to DIR, and --store URI when the copy is to lie in"
                    " PostgreSQL");
        return EXIT_USAGE;
    }
    return copy_store(data, to, place, json);
}

static int finish(const char *data)
{
    struct store *store = NULL;
    int code = main_open_store(data, STORE_VISITOR, &store);
    if (code != EXIT_DONE)
        return code;
    enum err err = store->engine->begin(store);
    if (err == ERR_OK)
        err = store->engine->meta_put(store, "recovering", "", 0);
    if (err == ERR_OK)
        err = store->engine->commit(store);
    else
        store->engine->rollback(store);
    store->engine->close(store);
    if (err != ERR_OK)
        return main_refuse("%s: %s", data, err_text(err));
    puts(
        "The recovery is over: the server takes new work again. A device that still has more than\n"
        "the server raises an alarm when it comes.");
    return EXIT_DONE;
}

static int restore(const char *data, const char *from, const char *keys_from)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return main_refuse("no clock");
    int code = copy_key(data, from);
    if (code != EXIT_DONE)
        return code;
    enum err err = store_sqlite_restore(
        data, from, keys_from, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
    if (err == ERR_OK && store_blob_copy(from, data) != ERR_OK)
        fprintf(stderr, "%s: not all attachments of %s/blobs could be copied\n", main_name, from);
    if (err == ERR_EXISTS)
        return main_refuse("%s holds a store: move it away, keep it, and repeat", data);
    if (err == ERR_NOT_FOUND)
        return main_refuse("there is no log.db in %s", from);
    if (err != ERR_OK)
        return main_refuse("%s: %s; nothing was restored", data, err_text(err));
    printf("Restored into %s. Serve it: devices bring back what is missing at their next sync.\n"
           "When they have all come: passerelled restore --data %s --finish\n",
           data, data);
    return EXIT_DONE;
}

int main_restore(int argc, char **argv)
{
    const char *data = NULL, *from = NULL, *keys_from = NULL;
    bool no_keys = false, finishes = false;
    const struct main_option options[] = {{"data", &data, NULL},
                                          {"from", &from, NULL},
                                          {"keys-from", &keys_from, NULL},
                                          {"no-keys", NULL, &no_keys},
                                          {"finish", NULL, &finishes}};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    if (!data || finishes == (from != NULL) || (no_keys && keys_from)) {
        main_refuse("restore needs --data DIR, and --from DIR or --finish");
        return EXIT_USAGE;
    }
    if (finishes)
        return finish(data);
    return restore(data, from, no_keys ? NULL : keys_from ? keys_from : from);
}
