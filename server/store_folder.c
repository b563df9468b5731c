/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 4096 };

static enum err of_errno(void)
{
    switch (errno) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_DENIED;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    default:
        return ERR_IO;
    }
}

static enum err path_in(char path[static STORE_FOLDER_PATH_MAX], const char *folder,
                        const char *name)
{
    int n = snprintf(path, STORE_FOLDER_PATH_MAX, "%s/%s", folder, name);
    return n > 0 && n < STORE_FOLDER_PATH_MAX ? ERR_OK : ERR_USAGE;
}

static enum err write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return of_errno();
        bytes += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 ? ERR_OK : of_errno();
}

enum err store_folder_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return of_errno();
    enum err err = fsync(fd) == 0 ? ERR_OK : of_errno();
    close(fd);
    return err;
}

enum err store_folder_create(const char *folder, const struct serverkey *key)
{
    enum err err = ERR_OK;
    char path[STORE_FOLDER_PATH_MAX];
    struct buf text = {0};
    int fd = -1;
    TRY(path_in(path, folder, "server.key"));
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        TRY(of_errno());
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        TRY(of_errno());
    serverkey_print(&text, key);
    err = text.err != ERR_OK ? text.err : write_all(fd, text.bytes, text.len);
    if (err != ERR_OK) {
        unlink(path);
        goto out;
    }
    TRY(store_folder_sync(folder));
out:
    if (fd >= 0)
        close(fd);
    buf_free(&text);
    return err;
}

void store_folder_discard(const char *folder)
{
    char path[STORE_FOLDER_PATH_MAX];
    if (path_in(path, folder, "server.key") == ERR_OK)
        unlink(path);
    if (path_in(path, folder, "store") == ERR_OK)
        unlink(path);
}

enum err store_folder_place(const char *folder, char place[static STORE_FOLDER_PLACE_MAX])
{
    enum err err = ERR_OK;
    char path[STORE_FOLDER_PATH_MAX];
    int fd = -1;
    TRY(path_in(path, folder, "store"));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        TRY(of_errno());
    ssize_t n = read(fd, place, STORE_FOLDER_PLACE_MAX - 1);
    TRY(n < 0 ? of_errno() : ERR_OK);
    TRY(n > 0 && n < STORE_FOLDER_PLACE_MAX - 1 ? ERR_OK : ERR_FORMAT);
    place[n] = 0;
    place[strcspn(place, "\r\n")] = 0;
out:
    if (fd >= 0)
        close(fd);
    return err;
}

enum err store_folder_place_put(const char *folder, const char *place)
{
    char path[STORE_FOLDER_PATH_MAX];
    size_t len = strlen(place);
    if (len == 0 || len >= STORE_FOLDER_PLACE_MAX - 2 || strpbrk(place, "\r\n"))
        return ERR_USAGE;
    enum err err = path_in(path, folder, "store");
    if (err == ERR_OK)
        err = store_folder_write(path, place, len);
    return err == ERR_OK && chmod(path, 0600) != 0 ? of_errno() : err;
}

enum err store_folder_key(const char *folder, struct serverkey *key)
{
    enum err err = ERR_OK;
    char path[STORE_FOLDER_PATH_MAX];
    struct stat st;
    struct buf text = {.max = KEY_FILE_MAX};
    int fd = -1;
    TRY(path_in(path, folder, "server.key"));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        TRY(of_errno());
    TRY(st.st_mode & (S_IRWXG | S_IRWXO) ? ERR_DENIED : ERR_OK);
    TRY(S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size < KEY_FILE_MAX ? ERR_OK : ERR_FORMAT);
    uint8_t *room = buf_room(&text, (size_t)st.st_size);
    TRY(room ? ERR_OK : ERR_MEMORY);
    TRY(read(fd, room, (size_t)st.st_size) == st.st_size ? ERR_OK : ERR_IO);
    TRY(serverkey_parse(key, (const char *)text.bytes, text.len));
out:
    if (fd >= 0)
        close(fd);
    buf_free(&text);
    return err;
}

enum err store_folder_key_put(const char *folder, const struct serverkey *key)
{
    enum err err = ERR_OK;
    char path[STORE_FOLDER_PATH_MAX], fresh[STORE_FOLDER_PATH_MAX];
    struct stat st;
    struct buf text = {.max = KEY_FILE_MAX};
    int fd = -1;
    TRY(path_in(path, folder, "server.key"));
    TRY(path_in(fresh, folder, "server.key.new"));
    TRY(stat(path, &st) == 0 ? ERR_OK : of_errno());
    serverkey_print(&text, key);
    TRY(text.err);
    if (unlink(fresh) != 0 && errno != ENOENT)
        TRY(of_errno());
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        TRY(of_errno());
    /* Whoever runs the command, the server goes on reading the file. */
    if ((st.st_uid != geteuid() || st.st_gid != getegid()) && fchown(fd, st.st_uid, st.st_gid) != 0)
        err = of_errno();
    if (err == ERR_OK)
        err = write_all(fd, text.bytes, text.len);
    if (err == ERR_OK && rename(fresh, path) != 0)
        err = of_errno();
    if (err != ERR_OK) {
        unlink(fresh);
        goto out;
    }
    TRY(store_folder_sync(folder));
out:
    if (fd >= 0)
        close(fd);
    buf_free(&text);
    return err;
}

enum err store_folder_lock(const char *folder, int *lock)
{
    enum err err = ERR_OK;
    char path[STORE_FOLDER_PATH_MAX];
    *lock = -1;
    TRY(path_in(path, folder, "lock"));
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*lock < 0)
        TRY(of_errno());
    /* The kernel lets go of it when the process ends, however it ends. */
    if (flock(*lock, LOCK_EX | LOCK_NB) != 0)
        TRY(errno == EWOULDBLOCK ? ERR_BUSY : of_errno());
out:
    if (err != ERR_OK)
        store_folder_unlock(*lock);
    return err;
}

void store_folder_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

enum err store_folder_write(const char *path, const void *bytes, size_t len)
{
    enum err err = ERR_OK;
    char fresh[STORE_FOLDER_PATH_MAX];
    int n = snprintf(fresh, sizeof fresh, "%s.new", path);
    if (n <= 0 || (size_t)n >= sizeof fresh)
        return ERR_USAGE;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return of_errno();
    err = write_all(fd, bytes, len);
    close(fd);
    if (err == ERR_OK && rename(fresh, path) != 0)
        err = of_errno();
    if (err != ERR_OK)
        unlink(fresh);
    return err;
}
