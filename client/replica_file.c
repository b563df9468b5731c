/* SPDX-License-Identifier: Apache-2.0
 *
 * The device folder: small files written whole, the lock, moving a damaged replica aside.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/replica_inside.h"

static enum err file_error(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_FULL;
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case ENOMEM:
        return ERR_MEMORY;
    default:
        return ERR_IO;
    }
}

enum err replica_path(char *out, size_t cap, const char *dir, const char *name)
{
    int len = snprintf(out, cap, "%s/%s", dir, name);
    return len > 0 && (size_t)len < cap ? ERR_OK : ERR_TOO_BIG;
}

enum err replica_folder_make(const char *dir)
{
    char path[4096];
    size_t len = strlen(dir);
    if (len == 0 || len >= sizeof path)
        return ERR_USAGE;
    memcpy(path, dir, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        char kept = path[i];
        path[i] = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return errno == ENOSPC ? ERR_FULL : ERR_IO;
        path[i] = kept;
    }
    return ERR_OK;
}

enum err replica_folder_lock(int *lock, const char *dir)
{
    char path[4096];
    enum err err = replica_path(path, sizeof path, dir, REPLICA_LOCKED);
    if (err != ERR_OK)
        return err;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return file_error(errno);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        err = errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO;
        close(fd);
        return err;
    }
    *lock = fd;
    return ERR_OK;
}

void replica_folder_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

void replica_folder_remove(const char *dir)
{
    char path[4096];
    DIR *folder = opendir(dir);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            replica_path(path, sizeof path, dir, entry->d_name) == ERR_OK)
            (void)unlink(path);
    }
    if (folder)
        (void)closedir(folder);
    (void)rmdir(dir);
}

static enum err sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return file_error(errno);
    enum err err = fsync(fd) == 0 ? ERR_OK : file_error(errno);
    close(fd);
    return err;
}

static enum err write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_error(errno);
        bytes += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 ? ERR_OK : file_error(errno);
}

enum err replica_file_write(const char *dir, const char *name, const void *bytes, size_t len,
                            bool fresh)
{
    enum err err = ERR_OK;
    char path[4096], part[4096];
    int fd = -1;
    TRY(replica_path(path, sizeof path, dir, name));
    int n = snprintf(part, sizeof part, "%s/%s.part", dir, name);
    if (n < 0 || (size_t)n >= sizeof part)
        return ERR_TOO_BIG;
    if (fresh && access(path, F_OK) == 0)
        return ERR_EXISTS;
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return file_error(errno);
    TRY(write_all(fd, bytes, len));
    /* link() fails when the name exists; rename() would replace it. */
    if ((fresh ? link(part, path) : rename(part, path)) != 0)
        err = file_error(errno);
    if (err == ERR_OK)
        err = sync_folder(dir);
out:
    if (fd >= 0) {
        close(fd);
        if (err != ERR_OK || fresh)
            unlink(part);
    }
    return err;
}

enum err replica_file_read(const char *dir, const char *name, struct buf *out)
{
    char path[4096];
    enum err err = replica_path(path, sizeof path, dir, name);
    if (err != ERR_OK)
        return err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return file_error(errno);
    uint8_t piece[4096];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            err = ERR_IO;
        if (n <= 0)
            break;
        buf_put(out, piece, (size_t)n);
        if (out->err != ERR_OK) {
            err = out->err;
            break;
        }
    }
    close(fd);
    return err;
}

bool replica_file_exists(const char *dir, const char *name)
{
    char path[4096];
    return replica_path(path, sizeof path, dir, name) == ERR_OK && access(path, F_OK) == 0;
}

enum err replica_file_remove(const char *dir, const char *name)
{
    char path[4096];
    enum err err = replica_path(path, sizeof path, dir, name);
    if (err == ERR_OK && unlink(path) != 0 && errno != ENOENT)
        err = file_error(errno);
    return err;
}

void replica_file_hint(const char *dir, const char *name, const void *bytes, size_t len)
{
    char path[4096], part[4096];
    int n = snprintf(part, sizeof part, "%s/%s.part", dir, name);
    if (n < 0 || (size_t)n >= sizeof part || replica_path(path, sizeof path, dir, name) != ERR_OK)
        return;
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    bool whole = write(fd, bytes, len) == (ssize_t)len;
    close(fd);
    if (!whole || rename(part, path) != 0)
        unlink(part);
}

/* Renames all parts of a database; parts that are not there are left out, but for the main one. */
static enum err move_all(const char *dir, const char *old, const char *new)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal", ""};
    char from[4096], to[4096];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        int a = snprintf(from, sizeof from, "%s/%s%s", dir, old, suffixes[i]);
        int b = snprintf(to, sizeof to, "%s/%s%s", dir, new, suffixes[i]);
        if (a < 0 || b < 0 || (size_t)a >= sizeof from || (size_t)b >= sizeof to)
            return ERR_TOO_BIG;
        if (rename(from, to) == 0)
            continue;
        if (errno != ENOENT || suffixes[i][0] == '\0')
            return file_error(errno);
        /* A log of another database must not be taken for this one's. */
        unlink(to);
    }
    return sync_folder(dir);
}

enum err replica_move_aside(const char *dir, const char *name)
{
    return move_all(dir, REPLICA_FILE, name);
}

enum err replica_move_back(const char *dir, const char *name)
{
    return move_all(dir, name, REPLICA_FILE);
}
