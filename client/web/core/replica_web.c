/* SPDX-License-Identifier: Apache-2.0
 *
 * The device folder in a browser: replica_file.c's half of replica.h over host.h. There are no folders; the lock is the
 * worker's Web Lock, taken before anything here runs.
 */
#include <stdio.h>
#include <string.h>

#include "client/replica_inside.h"
#include "client/web/core/host.h"

enum { PIECE = 65536 };

static enum err error_of(int result)
{
    switch (result) {
    case HOST_NOT_FOUND:
        return ERR_NOT_FOUND;
    case HOST_EXISTS:
        return ERR_EXISTS;
    case HOST_FULL:
        return ERR_FULL;
    default:
        return result < 0 ? ERR_IO : ERR_OK;
    }
}

enum err replica_path(char *out, size_t cap, const char *dir, const char *name)
{
    int len = snprintf(out, cap, "%s/%s", dir, name);
    return len > 0 && (size_t)len < cap ? ERR_OK : ERR_TOO_BIG;
}

enum err replica_folder_make(const char *dir)
{
    return *dir ? ERR_OK : ERR_USAGE;
}

enum err replica_folder_lock(int *lock, const char *dir)
{
    (void)dir;
    *lock = 0;
    return ERR_OK;
}

void replica_folder_unlock(int lock)
{
    (void)lock;
}

void replica_folder_remove(const char *dir)
{
    char path[4096];
    if (replica_path(path, sizeof path, dir, "") == ERR_OK)
        (void)host_file_remove(path, strlen(path));
}

static int open_file(const char *path, int how)
{
    return host_file_open(path, strlen(path), how);
}

static enum err rename_file(const char *from, const char *to)
{
    return error_of(host_file_rename(from, strlen(from), to, strlen(to)));
}

static enum err write_whole(const char *path, const void *bytes, size_t len, bool flush)
{
    int file = open_file(path, HOST_CREATE);
    int result = file < 0 ? file : host_file_truncate(file, 0);
    if (result >= 0)
        result = host_file_write(file, bytes, len, 0);
    if (result >= 0 && flush)
        result = host_file_flush(file);
    return error_of(result);
}

static enum err write_and_rename(const char *dir, const char *name, const void *bytes, size_t len,
                                 bool flush)
{
    char path[4096], part[4096];
    int n = snprintf(part, sizeof part, "%s/%s.part", dir, name);
    enum err err = replica_path(path, sizeof path, dir, name);
    if (n < 0 || (size_t)n >= sizeof part || err != ERR_OK)
        return ERR_TOO_BIG;
    err = write_whole(part, bytes, len, flush);
    if (err == ERR_OK)
        err = rename_file(part, path);
    if (err != ERR_OK)
        (void)host_file_remove(part, strlen(part));
    return err;
}

enum err replica_file_write(const char *dir, const char *name, const void *bytes, size_t len,
                            bool fresh)
{
    if (fresh && replica_file_exists(dir, name))
        return ERR_EXISTS;
    return write_and_rename(dir, name, bytes, len, true);
}

void replica_file_hint(const char *dir, const char *name, const void *bytes, size_t len)
{
    (void)!write_and_rename(dir, name, bytes, len, false);
}

enum err replica_file_read(const char *dir, const char *name, struct buf *out)
{
    char path[4096];
    enum err err = replica_path(path, sizeof path, dir, name);
    int file = err == ERR_OK ? open_file(path, HOST_OPEN) : 0;
    if (err != ERR_OK || file < 0)
        return err != ERR_OK ? err : error_of(file);
    double size = host_file_size(file);
    for (double at = 0; at < size;) {
        size_t len = size - at < PIECE ? (size_t)(size - at) : PIECE;
        uint8_t *room = buf_room(out, len);
        if (!room)
            return out->err;
        if (host_file_read(file, room, len, at) != (int)len)
            return ERR_IO;
        at += (double)len;
    }
    return ERR_OK;
}

bool replica_file_exists(const char *dir, const char *name)
{
    char path[4096];
    return replica_path(path, sizeof path, dir, name) == ERR_OK && open_file(path, HOST_OPEN) >= 0;
}

enum err replica_file_remove(const char *dir, const char *name)
{
    char path[4096];
    enum err err = replica_path(path, sizeof path, dir, name);
    if (err == ERR_OK)
        err = error_of(host_file_remove(path, strlen(path)));
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Renames all parts of a database; parts that are not there are left out, but for the main one. */
static enum err move_all(const char *dir, const char *old, const char *new)
{
    static const char *const suffixes[] = {"-wal", "-journal", ""};
    char from[4096], to[4096];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        int a = snprintf(from, sizeof from, "%s/%s%s", dir, old, suffixes[i]);
        int b = snprintf(to, sizeof to, "%s/%s%s", dir, new, suffixes[i]);
        if (a < 0 || b < 0 || (size_t)a >= sizeof from || (size_t)b >= sizeof to)
            return ERR_TOO_BIG;
        enum err err = rename_file(from, to);
        if (err == ERR_OK)
            continue;
        if (err != ERR_NOT_FOUND || suffixes[i][0] == '\0')
            return err;
        /* A log of another database must not be taken for this one's. */
        (void)host_file_remove(to, strlen(to));
    }
    return ERR_OK;
}

enum err replica_move_aside(const char *dir, const char *name)
{
    return move_all(dir, REPLICA_FILE, name);
}

enum err replica_move_back(const char *dir, const char *name)
{
    return move_all(dir, name, REPLICA_FILE);
}
