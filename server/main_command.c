/* SPDX-License-Identifier: Apache-2.0 */
#include "server/main_command.h"

#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store.h"
#include "server/store_folder.h"

const char *main_name = "passerelled";

void main_harden(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* its leak check attaches to the process */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    umask(077);
}

int main_refuse(const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s: ", main_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return EXIT_REFUSED;
}

static const struct main_option *option_of(const struct main_option *options, size_t n,
                                           const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0)
            return &options[i];
    }
    return NULL;
}

int main_options(int argc, char **argv, const struct main_option *options, size_t n)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        const char *equals = strchr(name, '=');
        const struct main_option *option = NULL;
        if (name[0] == '-' && name[1] == '-')
            option = option_of(options, n, name + 2,
                               equals ? (size_t)(equals - name - 2) : strlen(name + 2));
        if (!option || (option->flag && equals)) {
            main_refuse("%s: what is \"%s\"? See %s %s --help", argv[0], name, main_name, argv[0]);
            return EXIT_USAGE;
        }
        if (option->flag) {
            *option->flag = true;
        } else if (equals) {
            *option->value = equals + 1;
        } else if (++i < argc) {
            *option->value = argv[i];
        } else {
            main_refuse("%s: %s needs a value", argv[0], name);
            return EXIT_USAGE;
        }
    }
    return EXIT_DONE;
}

void main_as_owner(const char *folder)
{
    struct stat st;
    if (geteuid() == 0 && stat(folder, &st) == 0 && st.st_uid != 0 &&
        (setgroups(0, NULL) != 0 || setgid(st.st_gid) != 0 || setuid(st.st_uid) != 0))
        main_refuse("cannot become the owner of %s", folder);
}

int main_open_key(const char *folder, struct serverkey *key)
{
    main_as_owner(folder);
    enum err err = store_folder_key(folder, key);
    switch (err) {
    case ERR_OK:
        return EXIT_DONE;
    case ERR_NOT_FOUND:
        return main_refuse("%s holds no server.key: make one with \"%s init\" (%s --help)", folder,
                           main_name, main_name);
    case ERR_DENIED:
        return main_refuse("%s/server.key must be readable by the server's user and by nobody else"
                           " (chmod 600, chown)",
                           folder);
    case ERR_FORMAT:
        return main_refuse("%s/server.key is damaged: put a copy of it back; without these keys"
                           " the devices no longer know this server",
                           folder);
    default:
        return main_refuse("%s/server.key: %s", folder, err_text(err));
    }
}

static int open_database(const char *folder, const char *place, int mode, struct store **store)
{
#ifdef HAVE_LIBPQ
    switch (store_pg_open(store, place, (enum store_mode)mode)) {
    case ERR_OK:
        return EXIT_DONE;
    case ERR_NOT_FOUND:
        return main_refuse("the database that %s/store names holds no log: restore a backup into"
                           " it",
                           folder);
    case ERR_VERSION:
        return main_refuse("the database that %s/store names was written by a newer passerelled"
                           " than this one (%s): install that version. Nothing was changed",
                           folder, PASSERELLE_VERSION);
    case ERR_BUSY:
        return main_refuse("the database that %s/store names cannot be reached: is PostgreSQL"
                           " running, and may this user connect?",
                           folder);
    default:
        return main_refuse("the database that %s/store names cannot be used", folder);
    }
#else
    (void)place;
    (void)mode;
    (void)store;
    return main_refuse("%s/store names a PostgreSQL database, and this passerelled was built"
                       " without libpq",
                       folder);
#endif
}

int main_open_store(const char *folder, int mode, struct store **store)
{
    main_as_owner(folder);
    char place[STORE_FOLDER_PLACE_MAX];
    enum err err = store_folder_place(folder, place);
    if (err == ERR_OK)
        return open_database(folder, place, mode, store);
    if (err != ERR_NOT_FOUND)
        return main_refuse("%s/store: %s", folder, err_text(err));
    err = store_sqlite_open(store, folder, (enum store_mode)mode);
    switch (err) {
    case ERR_OK:
        return EXIT_DONE;
    case ERR_NOT_FOUND:
        return main_refuse("%s holds keys but no log.db: restore a backup into it", folder);
    case ERR_VERSION:
        return main_refuse("%s was written by a newer passerelled than this one (%s). Install that"
                           " version, or restore a backup that this one made. Nothing was changed",
                           folder, PASSERELLE_VERSION);
    case ERR_BEHIND:
        return main_refuse("%s was written by an older passerelled: start the server once, which"
                           " brings it up to date",
                           folder);
    case ERR_CORRUPT:
        return main_refuse("%s: log.db or keys.db is not a database of passerelled, or damaged:"
                           " restore a backup",
                           folder);
    case ERR_FULL:
        return main_refuse("%s: %s", folder, err_text(err));
    default:
        return main_refuse("%s: the databases cannot be opened (%s): is the folder the server's,"
                           " and writable?",
                           folder, err_text(err));
    }
}

void main_json_text(const char *text, size_t len)
{
    putchar('"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

void main_json_id(const uint8_t id[static ID_LEN])
{
    putchar('"');
    for (size_t i = 0; i < ID_LEN; i++)
        printf("%02x", id[i]);
    putchar('"');
}
