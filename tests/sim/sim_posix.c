/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls by which our programs reach files beside SQLite (key header, lock, evidence), redirected by the linker
 * (--wrap, see options.cmake): a path under SIM_ROOT is on a simulated disk, everything else goes on to the system.
 * So the real code of the device folder runs under power cuts too.
 *
 * Argon2id is replaced here as well: it would be nine tenths of all the time, and its cost is not what is
 * simulated. What stands around it in proto/unlock.c is the real thing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_fault.h"

enum { FD_FIRST = 1 << 20, FDS = 256 };

/* clang-format off */
int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
ssize_t __real_read(int fd, void *bytes, size_t len);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __real_flock(int fd, int what);
int __real_rename(const char *from, const char *to);
int __real_link(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_access(const char *path, int mode);
int __real_mkdir(const char *path, mode_t mode);
int __real_stat(const char *path, struct stat *st);

int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
ssize_t __wrap_read(int fd, void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);
int __wrap_flock(int fd, int what);
int __wrap_rename(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_access(const char *path, int mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_stat(const char *path, struct stat *st);
int __wrap_crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *pass,
                         unsigned long long pass_len, const unsigned char *salt,
                         unsigned long long t, size_t m, int alg);
/* clang-format on */

static struct handle {
    bool used;
    struct sim_disk *disk;
    struct sim_inode *inode; /* NULL: the folder */
    uint64_t at;
} handles[FDS];

static bool simulated(const char *path)
{
    return strncmp(path, SIM_ROOT, strlen(SIM_ROOT)) == 0;
}

static int failed(int number)
{
    errno = number;
    return number == 0 ? 0 : -1;
}

static struct handle *handle_of(int fd)
{
    if (fd < FD_FIRST || fd >= FD_FIRST + FDS || !handles[fd - FD_FIRST].used)
        return NULL;
    return &handles[fd - FD_FIRST];
}

static int handle_open(const char *path, int flags)
{
    const char *file;
    struct sim_disk *disk = sim_disk_find(path, &file);
    if (!disk)
        return failed(ENOENT);
    if (sim_fault_io())
        return failed(EIO);
    for (int i = 0; i < FDS; i++) {
        struct handle *handle = &handles[i];
        if (handle->used)
            continue;
        *handle = (struct handle){.disk = disk};
        if (*file) {
            int number =
                sim_inode_open(disk, file, flags & O_CREAT, flags & O_EXCL, &handle->inode);
            if (number == 0 && flags & O_TRUNC && handle->inode->len > 0)
                number = sim_inode_truncate(disk, handle->inode, 0);
            if (number != 0) {
                if (handle->inode)
                    sim_inode_close(handle->inode);
                return failed(number);
            }
        }
        handle->used = true;
        return FD_FIRST + i;
    }
    return failed(EMFILE);
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    unsigned mode = flags & O_CREAT ? va_arg(args, unsigned) : 0;
    va_end(args);
    return simulated(path) ? handle_open(path, flags) : __real_open(path, flags, mode);
}

int __wrap_close(int fd)
{
    struct handle *handle = handle_of(fd);
    if (!handle)
        return __real_close(fd);
    if (handle->inode && handle->inode->flocked == handle)
        handle->inode->flocked = NULL;
    if (handle->inode)
        sim_inode_close(handle->inode);
    handle->used = false;
    return 0;
}

ssize_t __wrap_read(int fd, void *bytes, size_t len)
{
    struct handle *handle = handle_of(fd);
    if (!handle)
        return __real_read(fd, bytes, len);
    if (sim_fault_io())
        return failed(EIO);
    size_t n = sim_inode_read(handle->inode, handle->at, bytes, len);
    handle->at += n;
    return (ssize_t)n;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    struct handle *handle = handle_of(fd);
    if (!handle)
        return __real_write(fd, bytes, len);
    if (sim_fault_io())
        return failed(EIO);
    int number = sim_inode_write(handle->disk, handle->inode, handle->at, bytes, len);
    if (number != 0)
        return failed(number);
    handle->at += len;
    return (ssize_t)len;
}

int __wrap_fsync(int fd)
{
    struct handle *handle = handle_of(fd);
    if (!handle)
        return __real_fsync(fd);
    if (sim_fault_io())
        return failed(EIO);
    return failed(handle->inode ? sim_inode_sync(handle->disk, handle->inode)
                                : sim_folder_sync(handle->disk));
}

int __wrap_flock(int fd, int what)
{
    struct handle *handle = handle_of(fd);
    if (!handle)
        return __real_flock(fd, what);
    const void **owner = &handle->inode->flocked;
    if (what & LOCK_UN) {
        if (*owner == handle)
            *owner = NULL;
        return 0;
    }
    if (*owner && *owner != handle)
        return failed(EWOULDBLOCK);
    *owner = handle;
    return 0;
}

static int two_names(const char *from, const char *to,
                     int (*change)(struct sim_disk *disk, const char *from, const char *to))
{
    const char *from_file, *to_file;
    struct sim_disk *disk = sim_disk_find(from, &from_file);
    if (!disk || sim_disk_find(to, &to_file) != disk)
        return failed(EXDEV);
    if (sim_fault_io())
        return failed(EIO);
    return failed(change(disk, from_file, to_file));
}

int __wrap_rename(const char *from, const char *to)
{
    return simulated(from) ? two_names(from, to, sim_folder_rename) : __real_rename(from, to);
}

int __wrap_link(const char *from, const char *to)
{
    return simulated(from) ? two_names(from, to, sim_folder_link) : __real_link(from, to);
}

int __wrap_unlink(const char *path)
{
    const char *file;
    if (!simulated(path))
        return __real_unlink(path);
    struct sim_disk *disk = sim_disk_find(path, &file);
    if (sim_fault_io())
        return failed(EIO);
    return failed(disk ? sim_folder_unlink(disk, file) : ENOENT);
}

static bool exists(const char *path)
{
    const char *file;
    struct sim_disk *disk = sim_disk_find(path, &file);
    return disk && (!*file || sim_inode_find(disk, file));
}

int __wrap_access(const char *path, int mode)
{
    return simulated(path) ? failed(exists(path) ? 0 : ENOENT) : __real_access(path, mode);
}

int __wrap_stat(const char *path, struct stat *st)
{
    const char *file;
    if (!simulated(path))
        return __real_stat(path, st);
    struct sim_disk *disk = sim_disk_find(path, &file);
    const struct sim_inode *inode = disk ? sim_inode_find(disk, file) : NULL;
    *st = (struct stat){.st_mode = inode ? S_IFREG | 0600 : S_IFDIR | 0700,
                        .st_size = inode ? (off_t)inode->len : 0};
    return failed(exists(path) ? 0 : ENOENT);
}

/* Disks are made by the simulator; their folders and the one above are always there. */
int __wrap_mkdir(const char *path, mode_t mode)
{
    if (strcmp(path, "/sim") == 0 || (simulated(path) && exists(path)))
        return failed(EEXIST);
    return simulated(path) ? failed(ENOENT) : __real_mkdir(path, mode);
}

int __wrap_crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *pass,
                         unsigned long long pass_len, const unsigned char *salt,
                         unsigned long long t, size_t m, int alg)
{
    (void)t, (void)m, (void)alg;
    return crypto_generichash(out, (size_t)out_len, (const unsigned char *)pass, pass_len, salt,
                              crypto_pwhash_SALTBYTES);
}
