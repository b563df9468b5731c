/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_vfs.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_fault.h"

uint64_t sim_vfs_now_ms, sim_vfs_unnamed;
static int last_errno;

struct vfs_file {
    sqlite3_file base;
    struct sim_disk *disk;
    struct sim_inode *inode;
    int level;
    bool sync_folder; /* its name is not on the plate yet */
    bool remove_on_close, has_shm;
    char name[SIM_NAME_MAX];
    unsigned shm_shared, shm_exclusive; /* masks */
};

static struct vfs_file *of(sqlite3_file *file)
{
    return (struct vfs_file *)file;
}

static int code_of(int number, int otherwise)
{
    last_errno = number;
    return number == 0 ? SQLITE_OK : number == ENOSPC ? SQLITE_FULL : otherwise;
}

/* --- reading and writing --- */

static int vfs_unlock(sqlite3_file *base, int level);
static int vfs_shm_unmap(sqlite3_file *base, int remove);

static int vfs_close(sqlite3_file *base)
{
    struct vfs_file *file = of(base);
    vfs_unlock(base, SQLITE_LOCK_NONE);
    vfs_shm_unmap(base, 0);
    if (file->remove_on_close)
        (void)!sim_folder_unlink(file->disk, file->name);
    sim_inode_close(file->inode);
    return SQLITE_OK;
}

static int vfs_read(sqlite3_file *base, void *bytes, int len, sqlite3_int64 offset)
{
    if (sim_fault_io())
        return SQLITE_IOERR_READ;
    size_t n = sim_inode_read(of(base)->inode, (uint64_t)offset, bytes, (size_t)len);
    if (n == (size_t)len)
        return SQLITE_OK;
    memset((uint8_t *)bytes + n, 0, (size_t)len - n);
    return SQLITE_IOERR_SHORT_READ;
}

static int vfs_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 offset)
{
    struct vfs_file *file = of(base);
    if (sim_fault_io())
        return SQLITE_IOERR_WRITE;
    return code_of(sim_inode_write(file->disk, file->inode, (uint64_t)offset, bytes, (size_t)len),
                   SQLITE_IOERR_WRITE);
}

static int vfs_truncate(sqlite3_file *base, sqlite3_int64 len)
{
    struct vfs_file *file = of(base);
    if (sim_fault_io())
        return SQLITE_IOERR_TRUNCATE;
    return code_of(sim_inode_truncate(file->disk, file->inode, (uint64_t)len),
                   SQLITE_IOERR_TRUNCATE);
}

static int vfs_sync(sqlite3_file *base, int flags)
{
    struct vfs_file *file = of(base);
    (void)flags;
    if (sim_fault_io())
        return SQLITE_IOERR_FSYNC;
    int number = sim_inode_sync(file->disk, file->inode);
    if (number == 0 && file->sync_folder)
        number = sim_folder_sync(file->disk);
    file->sync_folder = file->sync_folder && number != 0;
    return code_of(number, SQLITE_IOERR_FSYNC);
}

static int vfs_size(sqlite3_file *base, sqlite3_int64 *size)
{
    if (sim_fault_io())
        return SQLITE_IOERR_FSTAT;
    *size = (sqlite3_int64)of(base)->inode->len;
    return SQLITE_OK;
}

/* --- locks --- */

static int vfs_lock(sqlite3_file *base, int level)
{
    struct vfs_file *file = of(base);
    struct sim_inode *inode = file->inode;
    if (file->level >= level)
        return SQLITE_OK;
    if (sim_fault_io())
        return SQLITE_IOERR_LOCK;
    if (file->level == SQLITE_LOCK_NONE) {
        if (inode->pending || inode->exclusive)
            return SQLITE_BUSY;
        inode->shared++;
        file->level = SQLITE_LOCK_SHARED;
    }
    if (level == SQLITE_LOCK_SHARED)
        return SQLITE_OK;
    if (inode->reserved && inode->reserved != file)
        return SQLITE_BUSY;
    inode->reserved = file;
    if (file->level < SQLITE_LOCK_RESERVED)
        file->level = SQLITE_LOCK_RESERVED;
    if (level == SQLITE_LOCK_RESERVED)
        return SQLITE_OK;
    inode->pending = file;
    file->level = SQLITE_LOCK_PENDING;
    if (level == SQLITE_LOCK_PENDING)
        return SQLITE_OK;
    if (inode->shared > 1)
        return SQLITE_BUSY;
    inode->exclusive = file;
    file->level = SQLITE_LOCK_EXCLUSIVE;
    return SQLITE_OK;
}

static int vfs_unlock(sqlite3_file *base, int level)
{
    struct vfs_file *file = of(base);
    struct sim_inode *inode = file->inode;
    if (file->level <= level)
        return SQLITE_OK;
    if (inode->reserved == file)
        inode->reserved = NULL;
    if (inode->pending == file)
        inode->pending = NULL;
    if (inode->exclusive == file)
        inode->exclusive = NULL;
    if (level == SQLITE_LOCK_NONE && file->level >= SQLITE_LOCK_SHARED)
        inode->shared--;
    file->level = level;
    return SQLITE_OK;
}

static int vfs_reserved(sqlite3_file *base, int *result)
{
    *result = of(base)->inode->reserved != NULL;
    return SQLITE_OK;
}

/* --- shared memory of a write-ahead log --- */

static int vfs_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    struct vfs_file *file = of(base);
    struct sim_inode *inode = file->inode;
    *out = NULL;
    if (sim_fault_io())
        return SQLITE_IOERR_SHMMAP;
    if (!file->has_shm) {
        file->has_shm = true;
        inode->shm_users++;
    }
    while (inode->n_shm <= (size_t)region) {
        if (!extend)
            return SQLITE_OK;
        uint8_t **bigger = realloc(inode->shm, (inode->n_shm + 1) * sizeof *bigger);
        if (!bigger)
            return SQLITE_NOMEM;
        inode->shm = bigger;
        bigger[inode->n_shm] = calloc(1, (size_t)size);
        if (!bigger[inode->n_shm])
            return SQLITE_NOMEM;
        inode->n_shm++;
    }
    *out = inode->shm[region];
    return SQLITE_OK;
}

static int shm_unlock(struct vfs_file *file, unsigned mask)
{
    for (unsigned i = 0; i < SIM_SHM_LOCKS; i++) {
        if (mask & file->shm_exclusive & 1u << i)
            file->inode->shm_exclusive[i] = NULL;
        if (mask & file->shm_shared & 1u << i)
            file->inode->shm_shared[i]--;
    }
    file->shm_exclusive &= ~mask;
    file->shm_shared &= ~mask;
    return SQLITE_OK;
}

static int vfs_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
    struct vfs_file *file = of(base);
    struct sim_inode *inode = file->inode;
    unsigned mask = ((1u << n) - 1) << offset;
    if (flags & SQLITE_SHM_UNLOCK)
        return shm_unlock(file, mask);
    for (unsigned i = 0; i < SIM_SHM_LOCKS; i++) {
        if (!(mask & 1u << i))
            continue;
        if (inode->shm_exclusive[i] && inode->shm_exclusive[i] != file)
            return SQLITE_BUSY;
        unsigned own = file->shm_shared & 1u << i ? 1 : 0;
        if (flags & SQLITE_SHM_EXCLUSIVE && inode->shm_shared[i] > own)
            return SQLITE_BUSY;
    }
    for (unsigned i = 0; i < SIM_SHM_LOCKS; i++) {
        if (!(mask & 1u << i))
            continue;
        if (flags & SQLITE_SHM_EXCLUSIVE) {
            inode->shm_exclusive[i] = file;
            file->shm_exclusive |= 1u << i;
        } else if (!(file->shm_shared & 1u << i)) {
            inode->shm_shared[i]++;
            file->shm_shared |= 1u << i;
        }
    }
    return SQLITE_OK;
}

static void vfs_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int vfs_shm_unmap(sqlite3_file *base, int remove)
{
    struct vfs_file *file = of(base);
    struct sim_inode *inode = file->inode;
    (void)remove;
    if (!file->has_shm)
        return SQLITE_OK;
    shm_unlock(file, (1u << SIM_SHM_LOCKS) - 1);
    file->has_shm = false;
    if (--inode->shm_users > 0)
        return SQLITE_OK;
    /* The last one out: the next one in builds it anew from the log, as after a restart of the machine. */
    for (size_t i = 0; i < inode->n_shm; i++)
        free(inode->shm[i]);
    free(inode->shm);
    inode->shm = NULL;
    inode->n_shm = 0;
    return SQLITE_OK;
}

/* --- the rest of a file --- */

static int vfs_control(sqlite3_file *base, int op, void *arg)
{
    (void)base, (void)op, (void)arg;
    return SQLITE_NOTFOUND;
}

static int vfs_sector(sqlite3_file *base)
{
    (void)base;
    return SIM_SECTOR;
}

/* A write changes no byte beside those that it names, even when it is torn: what SQLite takes for granted of the
 * disks of today. Nothing else is promised. */
static int vfs_device(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {.iVersion = 2,
                                           .xClose = vfs_close,
                                           .xRead = vfs_read,
                                           .xWrite = vfs_write,
                                           .xTruncate = vfs_truncate,
                                           .xSync = vfs_sync,
                                           .xFileSize = vfs_size,
                                           .xLock = vfs_lock,
                                           .xUnlock = vfs_unlock,
                                           .xCheckReservedLock = vfs_reserved,
                                           .xFileControl = vfs_control,
                                           .xSectorSize = vfs_sector,
                                           .xDeviceCharacteristics = vfs_device,
                                           .xShmMap = vfs_shm_map,
                                           .xShmLock = vfs_shm_lock,
                                           .xShmBarrier = vfs_shm_barrier,
                                           .xShmUnmap = vfs_shm_unmap};

/* --- the file system --- */

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out)
{
    struct vfs_file *file = of(base);
    const char *name;
    (void)vfs;
    *file = (struct vfs_file){0};
    if (!path) {
        sim_vfs_unnamed++;
        return SQLITE_CANTOPEN;
    }
    file->disk = sim_disk_find(path, &name);
    if (!file->disk || strlen(name) >= SIM_NAME_MAX || sim_fault_io())
        return SQLITE_CANTOPEN;
    bool create = flags & SQLITE_OPEN_CREATE, fresh = !sim_inode_find(file->disk, name);
    int number =
        sim_inode_open(file->disk, name, create, flags & SQLITE_OPEN_EXCLUSIVE, &file->inode);
    if (number != 0) {
        last_errno = number;
        return SQLITE_CANTOPEN;
    }
    /* As the Unix file system of SQLite does: the first sync of a new log or journal syncs its folder. */
    file->sync_folder =
        fresh && flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL);
    file->remove_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
    memcpy(file->name, name, strlen(name) + 1);
    file->base.pMethods = &methods;
    if (out)
        *out = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    const char *name;
    (void)vfs;
    struct sim_disk *disk = sim_disk_find(path, &name);
    if (sim_fault_io())
        return SQLITE_IOERR_DELETE;
    int number = disk ? sim_folder_unlink(disk, name) : ENOENT;
    if (number == ENOENT)
        return SQLITE_IOERR_DELETE_NOENT;
    if (number == 0 && sync)
        number = sim_folder_sync(disk);
    return code_of(number, SQLITE_IOERR_DELETE);
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
    const char *name;
    (void)vfs, (void)flags;
    if (sim_fault_io())
        return SQLITE_IOERR_ACCESS;
    struct sim_disk *disk = sim_disk_find(path, &name);
    const struct sim_inode *inode = disk ? sim_inode_find(disk, name) : NULL;
    /* SQLite asks for existence and wants "no" for an empty file: it may be a journal that was never written. */
    *result = inode && (flags != SQLITE_ACCESS_EXISTS || inode->len > 0);
    return SQLITE_OK;
}

static int vfs_path(sqlite3_vfs *vfs, const char *path, int cap, char *out)
{
    (void)vfs;
    int n = snprintf(out, (size_t)cap, "%s", path);
    return n >= 0 && n < cap ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_randomness(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    sim_random_bytes(out, (size_t)len);
    return len;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_time_64(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = (sqlite3_int64)sim_vfs_now_ms + 210866760000000; /* from the Julian epoch */
    return SQLITE_OK;
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
    sqlite3_int64 ms;
    vfs_time_64(vfs, &ms);
    *out = (double)ms / 86400000.0;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs, (void)len, (void)out;
    return last_errno;
}

static sqlite3_vfs vfs = {.iVersion = 2,
                          .szOsFile = sizeof(struct vfs_file),
                          .mxPathname = 512,
                          .zName = "simulator",
                          .xOpen = vfs_open,
                          .xDelete = vfs_delete,
                          .xAccess = vfs_access,
                          .xFullPathname = vfs_path,
                          .xRandomness = vfs_randomness,
                          .xSleep = vfs_sleep,
                          .xCurrentTime = vfs_time,
                          .xGetLastError = vfs_last_error,
                          .xCurrentTimeInt64 = vfs_time_64};

void sim_vfs_install(void)
{
    int code = sqlite3_vfs_register(&vfs, 1);
    assert(code == SQLITE_OK);
    (void)code;
}

void sim_vfs_reset(void)
{
    sqlite3_randomness(0, NULL);
    sim_vfs_unnamed = 0;
    last_errno = 0;
}
