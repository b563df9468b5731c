/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelled log-key and rotate-key: what witnesses know this log by, and new keys for it.
 *
 * A running server looks at server.key each second (main_key_watch): nothing has to be stopped.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/code.h"
#include "proto/link.h"
#include "server/log.h"
#include "server/main_command.h"
#include "server/main_serve.h"
#include "server/store_folder.h"

static const uint8_t
    everywhere[ID_LEN]; /* instead of a space: the hand-over that witnesses verify */

/* "log NAME KEY" for the first pair, "next NAME KEY RESPONSE-KEY SIGNATURE" for what follows. */
static int print_lines(const struct serverkey *key)
{
    char log_pk[64], resp_pk[64], sig[128];
    uint8_t bytes[SIG_LEN];
    code_base64(log_pk, key->pairs[0].log_pk, PK_LEN);
    printf("log %s %s\n", key->log_name, log_pk);
    for (size_t i = 1; i < key->n; i++) {
        const struct serverkey_pair *pair = &key->pairs[i];
        if (serverkey_hand_over(bytes, pair - 1, pair, everywhere) != ERR_OK)
            return main_refuse("%s", err_text(ERR_MEMORY));
        code_base64(log_pk, pair->log_pk, PK_LEN);
        code_base64(resp_pk, pair->resp_pk, PK_LEN);
        code_base64(sig, bytes, SIG_LEN);
        printf("next %s %s %s %s\n", key->log_name, log_pk, resp_pk, sig);
    }
    return EXIT_DONE;
}

int main_log_key(int argc, char **argv)
{
    const char *folder = NULL;
    const struct main_option options[] = {{"data", &folder, NULL}};
    struct serverkey key = {0};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code == EXIT_DONE && !folder) {
        main_refuse("log-key needs --data DIR");
        return EXIT_USAGE;
    }
    if (code == EXIT_DONE)
        code = main_open_key(folder, &key);
    if (code == EXIT_DONE)
        code = print_lines(&key);
    serverkey_fini(&key);
    return code;
}

static void say_rotated(const struct serverkey *key, const char *folder, bool json)
{
    char compare[10];
    const struct serverkey_pair *pair = serverkey_now(key);
    link_compare_code(compare, pair->log_pk, pair->resp_pk, everywhere);
    if (json) {
        printf("{\"code\": \"%s\", \"pairs\": %zu}\n", compare, key->n);
        return;
    }
    printf(
        "New keys are in %s/server.key; a running server takes them up within seconds.\n"
        "Code of the new keys: %s\n\n"
        "Now, in this order:\n"
        "  - several nodes: copy server.key to each of them first;\n"
        "  - make a backup (passerelle-backup): older ones lack the new keys;\n"
        "  - tell the code to an administrator of each space, by telephone or in person. After a\n"
        "    sync they run: passerelle server-key --accept %s\n"
        "  - witnesses: give whoever runs one the output of passerelled log-key --data %s\n"
        "Every device learns of it at its next sync, from its space's log; links and recovery\n"
        "sheets printed before go on working.\n",
        folder, compare, compare, folder);
}

int main_rotate_key(int argc, char **argv)
{
    const char *folder = NULL;
    bool json = false;
    const struct main_option options[] = {{"data", &folder, NULL}, {"json", NULL, &json}};
    struct serverkey key = {0};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code == EXIT_DONE && !folder) {
        main_refuse("rotate-key needs --data DIR");
        return EXIT_USAGE;
    }
    if (code == EXIT_DONE)
        code = main_open_key(folder, &key);
    if (code != EXIT_DONE)
        return code;
    enum err err = serverkey_rotate(&key);
    if (err == ERR_OK)
        err = store_folder_key_put(folder, &key);
    if (err == ERR_FULL)
        code = main_refuse("%s/server.key holds %d pairs of keys, and that is the most there can"
                           " be: found new spaces on a new server",
                           folder, SERVERKEY_PAIRS_MAX);
    else if (err != ERR_OK)
        code = main_refuse("%s/server.key: %s; it is as it was", folder, err_text(err));
    else
        say_rotated(&key, folder, json);
    serverkey_fini(&key);
    return code;
}

void main_key_watch(struct main_app *app)
{
    struct serverkey fresh = {0};
    char path[STORE_FOLDER_PATH_MAX];
    struct stat now;
    snprintf(path, sizeof path, "%.4000s/server.key", app->conf.data);
    if (stat(path, &now) != 0)
        return;
    bool same = now.st_ino == app->key_file.ino && now.st_size == app->key_file.size &&
                now.st_mtim.tv_sec == app->key_file.s && now.st_mtim.tv_nsec == app->key_file.ns;
    app->key_file.ino = now.st_ino;
    app->key_file.size = now.st_size;
    app->key_file.s = now.st_mtim.tv_sec;
    app->key_file.ns = now.st_mtim.tv_nsec;
    if (same)
        return;
    size_t had = app->key.n;
    enum err err = store_folder_key(app->conf.data, &fresh);
    if (err == ERR_OK)
        err = serverkey_follow(&app->key, &fresh);
    serverkey_fini(&fresh);
    if (err != ERR_OK)
        LOG(LOG_ERROR, "key_refused", LOG_ERR("err", err),
            LOG_WORD("do",
                     "put back the server.key that was there: this one does not continue it"));
    else if (app->key.n > had)
        LOG(LOG_INFO, "key_rotated", LOG_NUM("pairs", app->key.n));
}
