/* SPDX-License-Identifier: Apache-2.0
 *
 * sim_disk: the disks of the simulated machines, in memory.
 *
 *   write -> cache (what programs read) -> sync -> plate (what a power cut leaves)
 *
 * A disk is one folder, "/sim/NAME", with files in it. Between two syncs of a file every write and truncation waits;
 * a power cut keeps of the waiting ones what chance says, for each sector of 512 bytes on its own: none, some of them
 * in their order, the last one torn in the middle. Entries of the folder (made, renamed, removed) wait for a sync of
 * the folder; of them a power cut keeps a beginning of their sequence, as journalling file systems do.
 *
 * Two doors lead here: a SQLite VFS that is the default one of the process (sim_vfs.h), and the POSIX calls of our
 * own programs, which the linker redirects (sim_posix.c). Paths outside of /sim/ reach the real system.
 */
#ifndef TESTS_SIM_DISK_H
#define TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/sim_random.h"

enum { SIM_SECTOR = 512, SIM_NAME_MAX = 64, SIM_SHM_LOCKS = 8 };
#define SIM_ROOT "/sim/"

/** One change that waits for a sync. */
struct sim_op {
    bool truncates; /* to `offset` */
    uint64_t offset;
    size_t len;
    uint8_t *bytes;
};

/** Bytes of a file; lives as long as a name or a handle knows it. */
struct sim_inode {
    unsigned names, handles;
    uint8_t *cache;
    size_t len, cap;
    uint8_t *plate;
    size_t plate_len, plate_cap;
    struct sim_op *ops;
    size_t n_ops, ops_cap;
    /* Locks of SQLite connections, and the shared memory of a write-ahead log. */
    unsigned shared;
    const void *reserved, *pending, *exclusive;
    uint8_t **shm;
    size_t n_shm;
    unsigned shm_users, shm_shared[SIM_SHM_LOCKS];
    const void *shm_exclusive[SIM_SHM_LOCKS];
    const void *flocked;
};

struct sim_entry {
    char name[SIM_NAME_MAX];
    struct sim_inode *inode; /* NULL in an operation: removed */
    bool joined;             /* an operation that only happens together with the next one */
};

struct sim_disk {
    struct sim_disk *next;
    char path[SIM_NAME_MAX]; /* "/sim/NAME" */
    struct sim_random random;
    size_t n_files, n_plate, n_waiting;
    struct sim_entry *files;   /* as programs see the folder */
    struct sim_entry *plate;   /* as a power cut leaves it at worst */
    struct sim_entry *waiting; /* what changes until the folder is synced, in order */
    uint64_t capacity;         /* bytes; 0 = endless */
    uint64_t cut_in;           /* writes and syncs until the power goes; 0 = it stays */
    bool dead;                 /* it went: everything fails until sim_disk_power_cut */
    uint64_t fail_in;          /* one write fails with EIO when this reaches 0; 0 = none */
    /* Figures. */
    uint64_t writes, syncs, cuts, sectors_lost, sectors_torn;
};

/** Makes an empty disk. `path` begins with SIM_ROOT. */
struct sim_disk *sim_disk_new(const char *path, struct sim_random random);
/** Forgets a disk; no handle may be open. NULL is fine. */
void sim_disk_free(struct sim_disk *disk);
void sim_disk_free_all(void);

/** The disk of "/sim/NAME" or "/sim/NAME/FILE"; *file points to FILE or is "". NULL: there is none. */
struct sim_disk *sim_disk_find(const char *path, const char **file);

/** The power goes now (or went when `cut_in` reached 0) and comes back: what was not on the plate is decided by
 * chance. No handle may be open. */
void sim_disk_power_cut(struct sim_disk *disk);

/** A new disk with the files of another one as programs see them: a backup, a clone, a fork. */
struct sim_disk *sim_disk_copy(const struct sim_disk *from, const char *path);
/** Puts such a copy in place of a disk's content. No handle may be open. */
void sim_disk_restore(struct sim_disk *disk, const struct sim_disk *from);

/** Looks for `len` bytes in all files as programs see them; the name of the first file or NULL. */
const char *sim_disk_holds(const struct sim_disk *disk, const void *bytes, size_t len);

uint64_t sim_disk_used(const struct sim_disk *disk);
/** Open handles. */
unsigned sim_disk_handles(const struct sim_disk *disk);

/** Called with every run of bytes that is written. */
extern void (*sim_disk_watch)(const struct sim_disk *disk, const char *file, const void *bytes,
                              size_t len);
/** A deliberate breakage: syncs of files say that they are done and do nothing. */
extern bool sim_disk_drop_syncs;

/* --- files; results are 0 or an errno --- */

struct sim_inode *sim_inode_find(const struct sim_disk *disk, const char *file);
/** Opens or makes; a handle is counted. `*inode` is NULL after an error. */
int sim_inode_open(struct sim_disk *disk, const char *file, bool create, bool exclusive,
                   struct sim_inode **inode);
void sim_inode_close(struct sim_inode *inode);
/** Bytes read, fewer at the end. */
size_t sim_inode_read(const struct sim_inode *inode, uint64_t offset, void *bytes, size_t len);
int sim_inode_write(struct sim_disk *disk, struct sim_inode *inode, uint64_t offset,
                    const void *bytes, size_t len);
int sim_inode_truncate(struct sim_disk *disk, struct sim_inode *inode, uint64_t len);
int sim_inode_sync(struct sim_disk *disk, struct sim_inode *inode);

int sim_folder_link(struct sim_disk *disk, const char *from, const char *to);
int sim_folder_rename(struct sim_disk *disk, const char *from, const char *to);
int sim_folder_unlink(struct sim_disk *disk, const char *file);
int sim_folder_sync(struct sim_disk *disk);

#endif
