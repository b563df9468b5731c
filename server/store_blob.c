/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store_blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "server/store_folder.h"

enum { PATH_LEN = 4096 };

static enum err of_errno(void)
{
    return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
}

static void folder_of(char path[static PATH_LEN], const char *folder, const uint8_t *space,
                      const uint8_t *row, bool make)
{
    char hex[2 * ID_LEN + 1];
    int n = snprintf(path, PATH_LEN, "%s/blobs", folder);
    if (make)
        mkdir(path, 0700);
    code_hex(hex, space, ID_LEN);
    n += snprintf(path + n, PATH_LEN - (size_t)n, "/%s", hex);
    if (make)
        mkdir(path, 0700);
    code_hex(hex, row, ID_LEN);
    snprintf(path + n, PATH_LEN - (size_t)n, "/%s", hex);
    if (make)
        mkdir(path, 0700);
}

static void path_of(char path[static PATH_LEN], const char *folder, const uint8_t *space,
                    const uint8_t *row, const uint8_t *blob)
{
    char hex[2 * HASH_LEN + 1];
    folder_of(path, folder, space, row, false);
    code_hex(hex, blob, HASH_LEN);
    size_t n = strlen(path);
    snprintf(path + n, PATH_LEN - n, "/%s", hex);
}

static enum err read_whole(const char *path, size_t len, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *room = fd >= 0 ? buf_room(out, len) : NULL;
    enum err err = fd < 0 ? of_errno() : out->err;
    for (size_t at = 0; err == ERR_OK && at < len;) {
        ssize_t n = pread(fd, room + at, len - at, (off_t)at);
        if (n <= 0)
            err = ERR_IO;
        else
            at += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    return err;
}

/* Its name is its hash: what has another one was altered on the way, and is asked for anew. */
static enum err make_whole(const char *part, const char *path, const struct message_piece *piece)
{
    struct buf bytes = {.max = BLOB_MAX};
    uint8_t hash[HASH_LEN];
    enum err err = read_whole(part, (size_t)piece->total, &bytes);
    if (err == ERR_OK) {
        digest_sha256_of(hash, bytes.bytes, bytes.len);
        if (memcmp(hash, piece->blob, HASH_LEN) != 0) {
            unlink(part);
            err = ERR_CORRUPT;
        } else if (rename(part, path) != 0) {
            err = of_errno();
        }
    }
    buf_free(&bytes);
    return err;
}

static enum err append(const char *part, const struct message_piece *piece, uint64_t *have)
{
    struct stat st;
    int fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &st) != 0) {
        enum err err = of_errno();
        if (fd >= 0)
            close(fd);
        return err;
    }
    enum err err = ERR_OK;
    *have = (uint64_t)st.st_size;
    if (*have == piece->offset && piece->len > 0) {
        for (size_t at = 0; err == ERR_OK && at < piece->len;) {
            ssize_t n = pwrite(fd, piece->bytes + at, piece->len - at, (off_t)(*have + at));
            if (n <= 0)
                err = of_errno();
            else
                at += (size_t)n;
        }
        if (err == ERR_OK && fsync(fd) != 0)
            err = of_errno();
        if (err != ERR_OK && ftruncate(fd, (off_t)*have) != 0)
            err = ERR_IO;
        *have += err == ERR_OK ? piece->len : 0;
    }
    close(fd);
    return err;
}

enum err store_blob_put(const char *folder, const uint8_t space[static ID_LEN],
                        const uint8_t row[static ID_LEN], const struct message_piece *piece,
                        uint64_t *have)
{
    char path[PATH_LEN], part[PATH_LEN + 8];
    struct stat st;
    path_of(path, folder, space, row, piece->blob);
    snprintf(part, sizeof part, "%s.part", path);
    *have = 0;
    if (stat(path, &st) == 0) {
        *have = (uint64_t)st.st_size;
        return ERR_OK;
    }
    char made[PATH_LEN];
    folder_of(made, folder, space, row, true);
    enum err err = append(part, piece, have);
    if (err == ERR_OK && *have >= piece->total) {
        err = make_whole(part, path, piece);
        *have = err == ERR_CORRUPT ? 0 : *have;
    }
    return err;
}

enum err store_blob_get(const char *folder, const uint8_t space[static ID_LEN],
                        const uint8_t row[static ID_LEN], struct message_piece *piece, size_t max,
                        struct buf *out)
{
    char path[PATH_LEN];
    struct stat st;
    path_of(path, folder, space, row, piece->blob);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        enum err err = of_errno();
        if (fd >= 0)
            close(fd);
        return err;
    }
    enum err err = ERR_OK;
    uint64_t left = piece->offset < (uint64_t)st.st_size ? (uint64_t)st.st_size - piece->offset : 0;
    size_t len = left < max ? (size_t)left : max;
    uint8_t *room = len ? buf_room(out, len) : NULL;
    piece->total = (uint64_t)st.st_size;
    if (len > 0 && (!room || pread(fd, room, len, (off_t)piece->offset) != (ssize_t)len))
        err = room ? ERR_IO : ERR_MEMORY;
    close(fd);
    return err;
}

enum err store_blob_erase(const char *folder, const uint8_t space[static ID_LEN],
                          const uint8_t row[static ID_LEN])
{
    char path[PATH_LEN], file[PATH_LEN + 300];
    folder_of(path, folder, space, row, false);
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT ? ERR_OK : ERR_IO;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        unlink(file);
    }
    closedir(dir);
    return rmdir(path) == 0 ? ERR_OK : ERR_IO;
}

/* ---- backups ---- */

/* Whether a name is `len` bytes in hex. */
static bool is_hex(const char *name, size_t len)
{
    return strlen(name) == 2 * len && strspn(name, "0123456789abcdef") == 2 * len;
}

static enum err copy_blob(const char *from, const char *to, const char *name)
{
    struct stat st;
    struct buf bytes = {.max = BLOB_MAX};
    uint8_t hash[HASH_LEN];
    char hex[2 * HASH_LEN + 1];
    if (stat(to, &st) == 0)
        return ERR_OK;
    if (stat(from, &st) != 0)
        return errno == ENOENT ? ERR_OK : of_errno(); /* erased meanwhile */
    enum err err = read_whole(from, (size_t)st.st_size, &bytes);
    if (err == ERR_OK) {
        digest_sha256_of(hash, bytes.bytes, bytes.len);
        code_hex(hex, hash, HASH_LEN);
        err = strcmp(hex, name) == 0 ? store_folder_write(to, bytes.bytes, bytes.len) : ERR_CORRUPT;
    }
    buf_free(&bytes);
    return err;
}

/* What stands in one folder of the three levels; `len` is that of the names in bytes. */
static enum err copy_level(const char *from, const char *to, unsigned level)
{
    static const size_t lens[] = {ID_LEN, ID_LEN, HASH_LEN};
    enum err err = ERR_OK, bad = ERR_OK;
    DIR *dir = opendir(from);
    if (!dir)
        return errno == ENOENT ? ERR_OK : of_errno();
    if (mkdir(to, 0700) != 0 && errno != EEXIST)
        err = of_errno();
    for (struct dirent *entry; err == ERR_OK && (entry = readdir(dir));) {
        char source[PATH_LEN], target[PATH_LEN];
        int n = snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
        int m = snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
        if (!is_hex(entry->d_name, lens[level]) || n >= PATH_LEN || m >= PATH_LEN)
            continue; /* pieces of one that is not whole yet */
        err = level < 2 ? copy_level(source, target, level + 1)
                        : copy_blob(source, target, entry->d_name);
        bad = err == ERR_CORRUPT ? err : bad;
        err = err == ERR_CORRUPT ? ERR_OK : err;
    }
    closedir(dir);
    return err != ERR_OK ? err : bad;
}

enum err store_blob_copy(const char *from, const char *to)
{
    char source[PATH_LEN], target[PATH_LEN];
    if (snprintf(source, sizeof source, "%s/blobs", from) >= PATH_LEN ||
        snprintf(target, sizeof target, "%s/blobs", to) >= PATH_LEN)
        return ERR_USAGE;
    return copy_level(source, target, 0);
}

/* --- how much it is --- */

static enum err add_bytes(const char *path, unsigned levels, uint64_t *bytes)
{
    enum err err = ERR_OK;
    char below[PATH_LEN];
    struct stat st;
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT ? ERR_OK : ERR_IO;
    for (struct dirent *entry; err == ERR_OK && (entry = readdir(dir));) {
        int n = snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || n < 0 || (size_t)n >= sizeof below)
            continue;
        if (levels > 0)
            err = add_bytes(below, levels - 1, bytes);
        else if (stat(below, &st) == 0)
            *bytes += (uint64_t)st.st_size;
    }
    closedir(dir);
    return err;
}

enum err store_blob_bytes(const char *folder, const uint8_t space[static ID_LEN], uint64_t *bytes)
{
    char path[PATH_LEN], hex[2 * ID_LEN + 1];
    code_hex(hex, space, ID_LEN);
    *bytes = 0;
    int n = snprintf(path, sizeof path, "%s/blobs/%s", folder, hex);
    return n > 0 && (size_t)n < sizeof path ? add_bytes(path, 1, bytes) : ERR_USAGE;
}
