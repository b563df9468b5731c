/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's way to files, over host.h. One program owns the files, so locks are nothing and the WAL index stays in
 * memory (locking_mode=EXCLUSIVE; there is no xShmMap). A file of size 0 is one that is not there: SQLite asks so of
 * journals. Also what SQLite and libsodium draw their randomness from.
 */
#include <sqlite3.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/web/core/entropy.h"
#include "client/web/core/host.h"

enum { PATH_MAX_LEN = 1024, SECTOR = 4096, ENTROPY_PIECE = 256 };

struct vfs_file {
    sqlite3_file base;
    int number;
};

/* --- one file --- */

static int number_of(sqlite3_file *file)
{
    return ((struct vfs_file *)(void *)file)->number;
}

static int x_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int x_read(sqlite3_file *file, void *out, int len, sqlite3_int64 offset)
{
    int got = host_file_read(number_of(file), out, (size_t)len, (double)offset);
    if (got == len)
        return SQLITE_OK;
    if (got < 0)
        return SQLITE_IOERR_READ;
    memset((char *)out + got, 0, (size_t)(len - got));
    return SQLITE_IOERR_SHORT_READ;
}

static int x_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
    int result = host_file_write(number_of(file), bytes, (size_t)len, (double)offset);
    if (result == HOST_FULL)
        return SQLITE_FULL;
    return result < 0 ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return host_file_truncate(number_of(file), (double)size) < 0 ? SQLITE_IOERR_TRUNCATE
                                                                 : SQLITE_OK;
}

static int x_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    int result = host_file_flush(number_of(file));
    if (result == HOST_FULL)
        return SQLITE_FULL;
    return result < 0 ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int x_size(sqlite3_file *file, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)host_file_size(number_of(file));
    return *size < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int x_lock(sqlite3_file *file, int level)
{
    (void)file, (void)level;
    return SQLITE_OK;
}

static int x_check_lock(sqlite3_file *file, int *held)
{
    (void)file;
    *held = 0;
    return SQLITE_OK;
}

static int x_control(sqlite3_file *file, int op, void *arg)
{
    (void)file, (void)op, (void)arg;
    return SQLITE_NOTFOUND;
}

static int x_sector(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

static int x_device(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static const sqlite3_io_methods methods = {.iVersion = 1,
                                           .xClose = x_close,
                                           .xRead = x_read,
                                           .xWrite = x_write,
                                           .xTruncate = x_truncate,
                                           .xSync = x_sync,
                                           .xFileSize = x_size,
                                           .xLock = x_lock,
                                           .xUnlock = x_lock,
                                           .xCheckReservedLock = x_check_lock,
                                           .xFileControl = x_control,
                                           .xSectorSize = x_sector,
                                           .xDeviceCharacteristics = x_device};

/* --- the file system --- */

static int x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct vfs_file *self = (struct vfs_file *)(void *)file;
    (void)vfs;
    self->base.pMethods = NULL;
    if (!name) /* a temporary file: there are none */
        return SQLITE_CANTOPEN;
    self->number =
        host_file_open(name, strlen(name), flags & SQLITE_OPEN_CREATE ? HOST_CREATE : HOST_OPEN);
    if (self->number < 0)
        return self->number == HOST_FULL ? SQLITE_FULL : SQLITE_CANTOPEN;
    self->base.pMethods = &methods;
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int x_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs, (void)sync;
    int result = host_file_remove(name, strlen(name));
    if (result == HOST_NOT_FOUND)
        return SQLITE_IOERR_DELETE_NOENT;
    return result < 0 ? SQLITE_IOERR_DELETE : SQLITE_OK;
}

static int x_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs, (void)flags;
    int file = host_file_open(name, strlen(name), HOST_OPEN);
    *out = file >= 0 && host_file_size(file) > 0;
    return SQLITE_OK;
}

static int x_full_path(sqlite3_vfs *vfs, const char *name, int max, char *out)
{
    (void)vfs;
    size_t len = strlen(name);
    if (len >= (size_t)max)
        return SQLITE_CANTOPEN;
    memcpy(out, name, len + 1);
    return SQLITE_OK;
}

static void random_bytes(void *out, size_t len)
{
    for (char *at = out; len > 0;) {
        size_t n = len < ENTROPY_PIECE ? len : ENTROPY_PIECE;
        if (getentropy(at, n) != 0)
            __builtin_trap(); /* nothing may go on with guessable keys */
        at += n;
        len -= n;
    }
}

static int x_random(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    random_bytes(out, (size_t)len);
    return len;
}

static int x_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int x_now(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    struct timespec now = {0};
    (void)vfs;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    /* SQLite counts milliseconds from noon of a day in 4714 BC. */
    *out = INT64_C(210866760000000) + (sqlite3_int64)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return SQLITE_OK;
}

static int x_now_days(sqlite3_vfs *vfs, double *out)
{
    sqlite3_int64 ms = 0;
    int result = x_now(vfs, &ms);
    *out = (double)ms / 86400000.0;
    return result;
}

static int x_last_error(sqlite3_vfs *vfs, int max, char *out)
{
    (void)vfs, (void)max, (void)out;
    return 0;
}

int sqlite3_os_init(void);
int sqlite3_os_end(void);

int sqlite3_os_init(void)
{
    static sqlite3_vfs vfs = {.iVersion = 2,
                              .szOsFile = sizeof(struct vfs_file),
                              .mxPathname = PATH_MAX_LEN,
                              .zName = "host",
                              .xOpen = x_open,
                              .xDelete = x_delete,
                              .xAccess = x_access,
                              .xFullPathname = x_full_path,
                              .xRandomness = x_random,
                              .xSleep = x_sleep,
                              .xCurrentTime = x_now_days,
                              .xGetLastError = x_last_error,
                              .xCurrentTimeInt64 = x_now};
    return sqlite3_vfs_register(&vfs, 1);
}

int sqlite3_os_end(void)
{
    return SQLITE_OK;
}

/* --- what libsodium asks of a system of this name --- */

void arc4random_buf(void *out, size_t len)
{
    random_bytes(out, len);
}

uint32_t arc4random(void)
{
    uint32_t value;
    random_bytes(&value, sizeof value);
    return value;
}
