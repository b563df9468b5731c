/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelled check and stats: what a data folder holds, and whether it is whole. Both may run beside a server.
 */
#include <inttypes.h>
#include <stdio.h>

#include "server/check.h"
#include "server/main_command.h"
#include "server/store_blob.h"

/* Keys, store and a snapshot of a data folder. */
struct folder {
    struct serverkey key;
    struct store *store;
    struct store_view *view;
};

static void folder_close(struct folder *folder)
{
    if (folder->view) {
        folder->store->engine->view_end(folder->view);
        folder->store->engine->view_close(folder->view);
    }
    if (folder->store)
        folder->store->engine->close(folder->store);
    serverkey_fini(&folder->key);
}

static int folder_open(struct folder *folder, const char *path)
{
    int code = main_open_key(path, &folder->key);
    if (code == EXIT_DONE)
        code = main_open_store(path, STORE_READER, &folder->store);
    if (code != EXIT_DONE)
        return code;
    enum err err = folder->store->engine->view_open(folder->store, &folder->view);
    if (err == ERR_OK)
        err = folder->store->engine->view_begin(folder->view);
    return err == ERR_OK ? EXIT_DONE : main_refuse("%s: %s", path, err_text(err));
}

/* ---- check ---- */

struct printer {
    bool json;
    bool comma;
};

static void print_finding(void *ctx, const struct check_finding *finding)
{
    struct printer *printer = ctx;
    if (printer->json) {
        printf("%s\n  {\"space\": ", printer->comma ? "," : "");
        main_json_id(finding->space);
        if (finding->has_index)
            printf(", \"index\": %" PRIu64, finding->index);
        printf(", \"what\": \"%s\", \"error\": \"%s\"}", finding->what, err_name(finding->err));
        printer->comma = true;
        return;
    }
    for (size_t i = 0; i < 4; i++)
        printf("%02x", finding->space[i]);
    if (finding->has_index)
        printf(" index %" PRIu64, finding->index);
    printf(": %s (%s)\n", finding->what, err_name(finding->err));
}

static void print_space(void *ctx, const struct check_space *space)
{
    const struct printer *printer = ctx;
    if (printer->json)
        return;
    printf("space ");
    for (size_t i = 0; i < ID_LEN; i++)
        printf("%02x", space->space[i]);
    printf(": %" PRIu64 " entries, %" PRIu64 " bodies, %" PRIu64 " notes: ", space->entries,
           space->bodies, space->notes);
    if (space->findings == 0)
        printf("good\n");
    else if (space->has_first)
        printf("%" PRIu64 " findings, the first bad index is %" PRIu64 "\n", space->findings,
               space->first);
    else
        printf("%" PRIu64 " findings\n", space->findings);
}

static int check_folder(struct folder *folder, const char *path, bool deep, bool json)
{
    struct printer printer = {.json = json};
    const struct check_report report = {
        .finding = print_finding, .space = print_space, .ctx = &printer};
    uint64_t findings = 0;
    if (json)
        printf("{\"findings\": [");
    enum err err = check_store(folder->view, &folder->key, &report, &findings);
    enum err files = deep ? folder->view->engine->integrity(folder->view) : ERR_OK;
    if (json)
        printf("%s], \"count\": %" PRIu64 ", \"files\": \"%s\", \"good\": %s}\n",
               printer.comma ? "\n" : "", findings, err_name(files),
               err == ERR_OK && files == ERR_OK && findings == 0 ? "true" : "false");
    if (err != ERR_OK)
        return main_refuse("%s could not be read to the end: %s", path, err_text(err));
    if (files != ERR_OK)
        return main_refuse("%s: the database files are damaged: restore a backup", path);
    if (findings > 0)
        return main_refuse("%s: %" PRIu64 " findings. Keep a copy of the folder, restore a backup;"
                           " devices that know better will say so and lose nothing",
                           path, findings);
    return EXIT_DONE;
}

int main_check(int argc, char **argv)
{
    const char *path = NULL;
    bool deep = false, json = false;
    const struct main_option options[] = {
        {"data", &path, NULL}, {"deep", NULL, &deep}, {"json", NULL, &json}};
    struct folder folder = {0};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    if (!path) {
        main_refuse("check needs --data DIR");
        return EXIT_USAGE;
    }
    code = folder_open(&folder, path);
    if (code == EXIT_DONE)
        code = check_folder(&folder, path, deep, json);
    folder_close(&folder);
    return code;
}

/* ---- stats ---- */

struct stats {
    struct store_view *view;
    const char *folder;
    bool json, comma;
};

static enum err print_stats(void *ctx, const struct store_space *space)
{
    struct stats *stats = ctx;
    struct store_totals sum;
    uint64_t blobs = 0;
    enum err err = stats->view->engine->totals(stats->view, space->space, &sum);
    if (err == ERR_OK)
        err = store_blob_bytes(stats->folder, space->space, &blobs);
    if (err != ERR_OK)
        return err;
    if (!stats->json) {
        for (size_t i = 0; i < ID_LEN; i++)
            printf("%02x", space->space[i]);
        printf("  %" PRIu64 " leaves, %" PRIu64 " bodies (%" PRIu64 " bytes, %" PRIu64
               " deleted), %" PRIu64 " of %" PRIu64 " devices active, %" PRIu64
               " slots, epoch %u, %" PRIu64 " bytes of attachments\n",
               sum.leaves, sum.bodies, sum.body_bytes, sum.bodies_deleted, sum.devices_active,
               sum.devices, sum.slots, space->epoch, blobs);
        return ERR_OK;
    }
    printf("%s\n  {\"space\": ", stats->comma ? "," : "");
    stats->comma = true;
    main_json_id(space->space);
    printf(", \"leaves\": %" PRIu64 ", \"bodies\": %" PRIu64 ", \"bodies_deleted\": %" PRIu64
           ", \"body_bytes\": %" PRIu64 ", \"devices\": %" PRIu64 ", \"devices_active\": %" PRIu64
           ", \"slots\": %" PRIu64 ", \"seals\": %" PRIu64
           ", \"epoch\": %u, \"t_recv_ms\": %" PRIu64 ", \"attachment_bytes\": %" PRIu64 "}",
           sum.leaves, sum.bodies, sum.bodies_deleted, sum.body_bytes, sum.devices,
           sum.devices_active, sum.slots, sum.seals, space->epoch, space->t_recv_ms, blobs);
    return ERR_OK;
}

int main_stats(int argc, char **argv)
{
    const char *path = NULL;
    struct stats stats = {0};
    const struct main_option options[] = {{"data", &path, NULL}, {"json", NULL, &stats.json}};
    struct folder folder = {0};
    uint64_t log_bytes = 0, keys_bytes = 0;
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    if (!path) {
        main_refuse("stats needs --data DIR");
        return EXIT_USAGE;
    }
    code = folder_open(&folder, path);
    if (code == EXIT_DONE) {
        stats.view = folder.view;
        stats.folder = path;
        if (stats.json)
            printf("{\"spaces\": [");
        enum err err = folder.view->engine->spaces(folder.view, print_stats, &stats);
        if (err == ERR_OK)
            err = folder.view->engine->bytes(folder.view, &log_bytes, &keys_bytes);
        if (stats.json)
            printf("%s], \"log_bytes\": %" PRIu64 ", \"keys_bytes\": %" PRIu64 "}\n",
                   stats.comma ? "\n" : "", log_bytes, keys_bytes);
        else
            printf("log.db %" PRIu64 " bytes, keys.db %" PRIu64 " bytes\n", log_bytes, keys_bytes);
        if (err != ERR_OK)
            code = main_refuse("%s: %s", path, err_text(err));
    }
    folder_close(&folder);
    return code;
}
