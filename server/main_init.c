/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelled init and founder-link: a new server, and the one-use secret with which its first space is founded.
 */
#include <stdio.h>
#include <string.h>

#include "server/main_command.h"
#include "server/store.h"
#include "server/store_folder.h"

static enum err add_link(struct store *store, const uint8_t pk[static PK_LEN])
{
    enum err err = ERR_OK;
    TRY(store->engine->begin(store));
    TRY(store->engine->link_put(store, pk));
    TRY(store->engine->commit(store));
out:
    if (err != ERR_OK)
        store->engine->rollback(store);
    return err;
}

static void print_link(const struct serverkey *key, const char *folder, const struct buf *link,
                       bool json, bool fresh)
{
    if (json) {
        printf("{\"founder_link\": ");
        main_json_text((const char *)link->bytes, link->len);
        printf(", \"url\": ");
        main_json_text(key->url, strlen(key->url));
        printf(", \"log_name\": ");
        main_json_text(key->log_name, strlen(key->log_name));
        printf("}\n");
        return;
    }
    if (fresh)
        printf("A new server for %s, log name %s, in %s.\n"
               "Keep a copy of %s/server.key in a safe place: whoever has it can speak as this"
               " server,\nand without it the devices no longer know it.\n\n",
               key->url, key->log_name, folder, folder);
    printf("Founder link. It works once, for the first space:\n\n  %.*s\n", (int)link->len,
           (const char *)link->bytes);
}

/* Makes a link, keeps its public half, prints it. */
static int give_link(const struct serverkey *key, const char *folder, bool json, bool fresh)
{
    struct store *store = NULL;
    struct buf link = {0};
    uint8_t pk[PK_LEN];
    int code = main_open_store(folder, STORE_VISITOR, &store);
    if (code != EXIT_DONE)
        return code;
    enum err err = serverkey_founder_link(&link, pk, key);
    if (err == ERR_OK)
        err = add_link(store, pk);
    if (err == ERR_OK)
        print_link(key, folder, &link, json, fresh);
    else if (err == ERR_QUOTA)
        code =
            main_refuse("%d founder links are waiting already: use one of them", STORE_LINKS_MAX);
    else
        code = main_refuse("%s: %s", folder, err_text(err));
    buf_free(&link);
    store->engine->close(store);
    return code;
}

/* The place is written down first: what is in a database that nobody knows of would be lost. */
static enum err create_store(const char *folder, const char *place)
{
    if (!place)
        return store_sqlite_create(folder);
#ifdef HAVE_LIBPQ
    enum err err = store_folder_place_put(folder, place);
    return err == ERR_OK ? store_pg_create(place) : err;
#else
    return ERR_VERSION;
#endif
}

int main_create(const char *folder, const struct serverkey *key, const char *place)
{
    enum err err = store_folder_create(folder, key);
    if (err == ERR_EXISTS)
        return main_refuse("%s holds a server already. For another founder link:"
                           " \"passerelled founder-link --data %s\"",
                           folder, folder);
    if (err == ERR_NOT_FOUND)
        return main_refuse("%s: the folder above it does not exist", folder);
    if (err == ERR_OK) {
        err = create_store(folder, place);
        if (err != ERR_OK)
            store_folder_discard(folder);
    }
    if (err == ERR_EXISTS && place)
        return main_refuse("the database holds the log of another server: choose an empty one");
    if (err == ERR_BUSY)
        return main_refuse("the database cannot be reached: is PostgreSQL running, and may this"
                           " user connect?");
    if (err == ERR_VERSION)
        return main_refuse("this passerelled was built without libpq: leave --store out");
    if (err == ERR_EXISTS)
        return main_refuse("%s holds a log.db of another server: choose an empty folder", folder);
    return err == ERR_OK ? EXIT_DONE : main_refuse("%s: %s", folder, err_text(err));
}

int main_init(int argc, char **argv)
{
    const char *folder = NULL, *url = NULL, *log_name = NULL, *place = NULL;
    bool json = false;
    const struct main_option options[] = {{"data", &folder, NULL},
                                          {"url", &url, NULL},
                                          {"log-name", &log_name, NULL},
                                          {"store", &place, NULL},
                                          {"json", NULL, &json}};
    struct serverkey key = {0};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    if (!folder || !url) {
        main_refuse("init needs --data DIR and --url URL, the address under which devices reach"
                    " this server");
        return EXIT_USAGE;
    }
    enum err err = serverkey_make(&key, url, log_name);
    if (err_category(err) == CAT_INTERNAL)
        return main_refuse("%s", err_text(err));
    if (err != ERR_OK)
        return main_refuse("the url must look like https://sync.example.org (http only for"
                           " 127.0.0.1, [::1] and localhost), the log name like"
                           " sync.example.org");
    code = main_create(folder, &key, place);
    if (code == EXIT_DONE)
        code = give_link(&key, folder, json, true);
    serverkey_fini(&key);
    return code;
}

int main_founder_link(int argc, char **argv)
{
    const char *folder = NULL;
    bool json = false;
    const struct main_option options[] = {{"data", &folder, NULL}, {"json", NULL, &json}};
    struct serverkey key = {0};
    int code = main_options(argc, argv, options, sizeof options / sizeof *options);
    if (code != EXIT_DONE)
        return code;
    if (!folder) {
        main_refuse("founder-link needs --data DIR");
        return EXIT_USAGE;
    }
    code = main_open_key(folder, &key);
    if (code == EXIT_DONE)
        code = give_link(&key, folder, json, false);
    serverkey_fini(&key);
    return code;
}
