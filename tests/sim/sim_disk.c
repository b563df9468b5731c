/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "tests/sim/sim_disk.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void (*sim_disk_watch)(const struct sim_disk *disk, const char *file, const void *bytes,
                       size_t len);
bool sim_disk_drop_syncs;

static struct sim_disk *disks;

/* The simulator has no plan for a machine without memory. */
static void *grown(void *old, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap && old)
        return old;
    size_t n = *cap ? *cap : 8;
    while (n < need)
        n *= 2;
    void *bytes = realloc(old, n * size);
    if (!bytes)
        abort();
    *cap = n;
    return bytes;
}

/* --- bytes of a file --- */

static void put_bytes(uint8_t **bytes, size_t *len, size_t *cap, uint64_t offset, const void *from,
                      size_t n)
{
    size_t end = (size_t)offset + n;
    *bytes = grown(*bytes, cap, end ? end : 1, 1);
    if (offset > *len)
        memset(*bytes + *len, 0, (size_t)offset - *len);
    if (n)
        memcpy(*bytes + offset, from, n);
    if (end > *len)
        *len = end;
}

static void set_len(uint8_t **bytes, size_t *len, size_t *cap, uint64_t to)
{
    *bytes = grown(*bytes, cap, to ? (size_t)to : 1, 1);
    if (to > *len)
        memset(*bytes + *len, 0, (size_t)to - *len);
    *len = (size_t)to;
}

static void apply_op(uint8_t **bytes, size_t *len, size_t *cap, const struct sim_op *op)
{
    if (op->truncates)
        set_len(bytes, len, cap, op->offset);
    else
        put_bytes(bytes, len, cap, op->offset, op->bytes, op->len);
}

static void push_op(struct sim_inode *inode, bool truncates, uint64_t offset, const void *bytes,
                    size_t len)
{
    inode->ops = grown(inode->ops, &inode->ops_cap, inode->n_ops + 1, sizeof *inode->ops);
    struct sim_op *op = &inode->ops[inode->n_ops++];
    *op = (struct sim_op){truncates, offset, len, NULL};
    if (!truncates) {
        op->bytes = malloc(len ? len : 1);
        if (!op->bytes)
            abort();
        memcpy(op->bytes, bytes, len);
    }
}

static void drop_ops(struct sim_inode *inode)
{
    for (size_t i = 0; i < inode->n_ops; i++)
        free(inode->ops[i].bytes);
    inode->n_ops = 0;
}

static void inode_release(struct sim_inode *inode)
{
    if (!inode || inode->names || inode->handles)
        return;
    drop_ops(inode);
    for (size_t i = 0; i < inode->n_shm; i++)
        free(inode->shm[i]);
    free(inode->shm);
    free(inode->ops);
    free(inode->cache);
    free(inode->plate);
    free(inode);
}

/* --- entries of a folder; each entry that is kept counts as a name of its inode --- */

static struct sim_entry *entry_at(struct sim_entry *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    }
    return NULL;
}

static void entry_add(struct sim_entry **list, size_t *n, const char *name, struct sim_inode *inode)
{
    struct sim_entry *bigger = realloc(*list, (*n + 1) * sizeof **list);
    if (!bigger)
        abort();
    *list = bigger;
    struct sim_entry *entry = &bigger[(*n)++];
    *entry = (struct sim_entry){.inode = inode};
    snprintf(entry->name, sizeof entry->name, "%s", name);
    if (inode)
        inode->names++;
}

/* Sets or removes (inode NULL) a name. */
static void entry_set(struct sim_entry **list, size_t *n, const char *name, struct sim_inode *inode)
{
    struct sim_entry *entry = entry_at(*list, *n, name);
    if (inode)
        inode->names++;
    if (entry) {
        struct sim_inode *old = entry->inode;
        if (inode)
            entry->inode = inode;
        else
            *entry = (*list)[--*n];
        old->names--;
        inode_release(old);
    } else if (inode) {
        entry_add(list, n, name, inode);
        inode->names--;
    }
}

static void entries_clear(struct sim_entry **list, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        struct sim_inode *inode = (*list)[i].inode;
        if (!inode)
            continue;
        inode->names--;
        inode_release(inode);
    }
    free(*list);
    *list = NULL;
    *n = 0;
}

static void change_name(struct sim_disk *disk, const char *name, struct sim_inode *inode)
{
    entry_add(&disk->waiting, &disk->n_waiting, name, inode);
    entry_set(&disk->files, &disk->n_files, name, inode);
}

/* --- power --- */

/* Every write and sync passes here. True: the power is gone, or goes with this very operation. */
static bool power_fails(struct sim_disk *disk, bool *now)
{
    *now = false;
    if (disk->dead)
        return true;
    if (disk->cut_in && --disk->cut_in == 0) {
        disk->dead = true;
        *now = true;
    }
    return disk->dead;
}

static bool touches(const struct sim_op *op, uint64_t from, uint64_t to)
{
    return !op->truncates && op->offset < to && op->offset + op->len > from;
}

static void apply_to_sector(uint8_t *sector, uint64_t at, const struct sim_op *op, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        if (op->truncates && at + i >= op->offset)
            sector[i] = 0;
        else if (!op->truncates && at + i >= op->offset && at + i < op->offset + op->len)
            sector[i] = op->bytes[at + i - op->offset];
    }
}

/* How many of the writes to one sector arrive, and whether the last of them is torn, is its own luck. Truncations are
 * metadata: the first `cuts` operations hold those that happened, for all sectors alike. */
static void decide_sector(struct sim_disk *disk, const struct sim_inode *inode, uint8_t *out,
                          uint64_t at, size_t cuts)
{
    size_t n = 0, used = 0;
    for (size_t i = 0; i < inode->n_ops; i++)
        n += touches(&inode->ops[i], at, at + SIM_SECTOR);
    size_t upto = (size_t)sim_below(&disk->random, n + 1);
    bool torn = upto > 0 && sim_chance(&disk->random, 100);
    disk->sectors_lost += upto < n;
    disk->sectors_torn += torn;
    for (size_t i = 0; i < inode->n_ops; i++) {
        const struct sim_op *op = &inode->ops[i];
        if (op->truncates && i < cuts)
            apply_to_sector(out, at, op, SIM_SECTOR);
        if (used == upto || !touches(op, at, at + SIM_SECTOR))
            continue;
        used++;
        size_t limit = SIM_SECTOR;
        if (torn && used == upto)
            limit = (size_t)sim_below(&disk->random, SIM_SECTOR);
        apply_to_sector(out, at, op, limit);
    }
}

/* The length is metadata: the lengths after the operations follow each other, and one of them is what stays. */
static size_t decide_len(struct sim_disk *disk, const struct sim_inode *inode, size_t *upto)
{
    size_t len = inode->plate_len;
    *upto = (size_t)sim_below(&disk->random, inode->n_ops + 1);
    for (size_t i = 0; i < *upto; i++) {
        const struct sim_op *op = &inode->ops[i];
        if (op->truncates)
            len = (size_t)op->offset;
        else if (op->offset + op->len > len)
            len = (size_t)op->offset + op->len;
    }
    return len;
}

static void decide_inode(struct sim_disk *disk, struct sim_inode *inode)
{
    if (inode->n_ops) {
        size_t upto, len = decide_len(disk, inode, &upto);
        size_t room = (len + SIM_SECTOR - 1) / SIM_SECTOR * SIM_SECTOR;
        uint8_t *bytes = calloc(room ? room : 1, 1);
        if (!bytes)
            abort();
        if (inode->plate_len)
            memcpy(bytes, inode->plate, inode->plate_len < len ? inode->plate_len : len);
        for (size_t at = 0; at < room; at += SIM_SECTOR)
            decide_sector(disk, inode, bytes + at, at, upto);
        free(inode->plate);
        inode->plate = bytes;
        inode->plate_len = len;
        inode->plate_cap = room ? room : 1;
        drop_ops(inode);
    }
    set_len(&inode->cache, &inode->len, &inode->cap, inode->plate_len);
    if (inode->plate_len)
        memcpy(inode->cache, inode->plate, inode->plate_len);
}

void sim_disk_power_cut(struct sim_disk *disk)
{
    assert(sim_disk_handles(disk) == 0);
    size_t upto = (size_t)sim_below(&disk->random, disk->n_waiting + 1);
    while (upto > 0 && disk->waiting[upto - 1].joined)
        upto--;
    for (size_t i = 0; i < upto; i++)
        entry_set(&disk->plate, &disk->n_plate, disk->waiting[i].name, disk->waiting[i].inode);
    entries_clear(&disk->waiting, &disk->n_waiting);
    entries_clear(&disk->files, &disk->n_files);
    for (size_t i = 0; i < disk->n_plate; i++) {
        decide_inode(disk, disk->plate[i].inode);
        entry_add(&disk->files, &disk->n_files, disk->plate[i].name, disk->plate[i].inode);
    }
    disk->dead = false;
    disk->cut_in = 0;
    disk->cuts++;
}

/* --- disks --- */

struct sim_disk *sim_disk_new(const char *path, struct sim_random random)
{
    const char *file;
    assert(strncmp(path, SIM_ROOT, strlen(SIM_ROOT)) == 0 && !sim_disk_find(path, &file));
    struct sim_disk *disk = calloc(1, sizeof *disk);
    if (!disk)
        abort();
    snprintf(disk->path, sizeof disk->path, "%s", path);
    disk->random = random;
    disk->next = disks;
    disks = disk;
    return disk;
}

static void clear(struct sim_disk *disk)
{
    assert(sim_disk_handles(disk) == 0);
    entries_clear(&disk->waiting, &disk->n_waiting);
    entries_clear(&disk->files, &disk->n_files);
    entries_clear(&disk->plate, &disk->n_plate);
}

void sim_disk_free(struct sim_disk *disk)
{
    if (!disk)
        return;
    clear(disk);
    struct sim_disk **at = &disks;
    while (*at != disk)
        at = &(*at)->next;
    *at = disk->next;
    free(disk);
}

void sim_disk_free_all(void)
{
    while (disks)
        sim_disk_free(disks);
}

struct sim_disk *sim_disk_find(const char *path, const char **file)
{
    for (struct sim_disk *disk = disks; disk; disk = disk->next) {
        size_t len = strlen(disk->path);
        if (strncmp(path, disk->path, len) != 0 || (path[len] != '/' && path[len] != '\0'))
            continue;
        *file = path[len] == '/' ? path + len + 1 : path + len;
        return disk;
    }
    return NULL;
}

static void copy_files(struct sim_disk *disk, const struct sim_disk *from)
{
    for (size_t i = 0; i < from->n_files; i++) {
        const struct sim_inode *source = from->files[i].inode;
        struct sim_inode *inode = calloc(1, sizeof *inode);
        if (!inode)
            abort();
        put_bytes(&inode->cache, &inode->len, &inode->cap, 0, source->len ? source->cache : NULL,
                  source->len);
        put_bytes(&inode->plate, &inode->plate_len, &inode->plate_cap, 0,
                  source->len ? source->cache : NULL, source->len);
        entry_add(&disk->files, &disk->n_files, from->files[i].name, inode);
        entry_add(&disk->plate, &disk->n_plate, from->files[i].name, inode);
    }
}

struct sim_disk *sim_disk_copy(const struct sim_disk *from, const char *path)
{
    struct sim_random random = from->random;
    random.state ^= 0x636f7079;
    struct sim_disk *disk = sim_disk_new(path, random);
    copy_files(disk, from);
    return disk;
}

void sim_disk_restore(struct sim_disk *disk, const struct sim_disk *from)
{
    clear(disk);
    copy_files(disk, from);
    disk->dead = false;
    disk->cut_in = 0;
}

static bool holds(const uint8_t *bytes, size_t len, const void *needle, size_t needle_len)
{
    return len >= needle_len && memmem(bytes, len, needle, needle_len) != NULL;
}

const char *sim_disk_holds(const struct sim_disk *disk, const void *bytes, size_t len)
{
    for (size_t i = 0; i < disk->n_files; i++) {
        const struct sim_inode *inode = disk->files[i].inode;
        if (holds(inode->cache, inode->len, bytes, len))
            return disk->files[i].name;
    }
    return NULL;
}

uint64_t sim_disk_used(const struct sim_disk *disk)
{
    uint64_t used = 0;
    for (size_t i = 0; i < disk->n_files; i++)
        used += disk->files[i].inode->len;
    return used;
}

unsigned sim_disk_handles(const struct sim_disk *disk)
{
    unsigned n = 0;
    for (size_t i = 0; i < disk->n_files; i++)
        n += disk->files[i].inode->handles;
    return n;
}

/* --- files --- */

struct sim_inode *sim_inode_find(const struct sim_disk *disk, const char *file)
{
    struct sim_entry *entry = entry_at(disk->files, disk->n_files, file);
    return entry ? entry->inode : NULL;
}

int sim_inode_open(struct sim_disk *disk, const char *file, bool create, bool exclusive,
                   struct sim_inode **out)
{
    bool now;
    struct sim_inode *inode = sim_inode_find(disk, file);
    *out = NULL;
    if (inode && create && exclusive)
        return EEXIST;
    if (!inode && !create)
        return ENOENT;
    if (!inode) {
        if (power_fails(disk, &now) && !now)
            return EIO;
        if (strlen(file) >= SIM_NAME_MAX)
            return ENAMETOOLONG;
        inode = calloc(1, sizeof *inode);
        if (!inode)
            abort();
        change_name(disk, file, inode);
        if (now)
            return EIO;
    }
    inode->handles++;
    *out = inode;
    return 0;
}

void sim_inode_close(struct sim_inode *inode)
{
    assert(inode->handles > 0);
    inode->handles--;
    inode_release(inode);
}

size_t sim_inode_read(const struct sim_inode *inode, uint64_t offset, void *bytes, size_t len)
{
    if (offset >= inode->len)
        return 0;
    size_t left = inode->len - (size_t)offset, n = len < left ? len : left;
    memcpy(bytes, inode->cache + offset, n);
    return n;
}

static bool is_full(const struct sim_disk *disk, const struct sim_inode *inode, uint64_t end)
{
    return disk->capacity && end > inode->len &&
           sim_disk_used(disk) + (end - inode->len) > disk->capacity;
}

static bool fails_once(struct sim_disk *disk)
{
    return disk->fail_in && --disk->fail_in == 0;
}

static const char *name_of(const struct sim_disk *disk, const struct sim_inode *inode)
{
    for (size_t i = 0; i < disk->n_files; i++) {
        if (disk->files[i].inode == inode)
            return disk->files[i].name;
    }
    return "(no name)";
}

int sim_inode_write(struct sim_disk *disk, struct sim_inode *inode, uint64_t offset,
                    const void *bytes, size_t len)
{
    bool now;
    if (power_fails(disk, &now) && !now)
        return EIO;
    if (fails_once(disk))
        return EIO;
    if (is_full(disk, inode, offset + len))
        return ENOSPC;
    disk->writes++;
    if (sim_disk_watch)
        sim_disk_watch(disk, name_of(disk, inode), bytes, len);
    push_op(inode, false, offset, bytes, len);
    put_bytes(&inode->cache, &inode->len, &inode->cap, offset, bytes, len);
    return now ? EIO : 0;
}

int sim_inode_truncate(struct sim_disk *disk, struct sim_inode *inode, uint64_t len)
{
    bool now;
    if (power_fails(disk, &now) && !now)
        return EIO;
    if (is_full(disk, inode, len))
        return ENOSPC;
    push_op(inode, true, len, NULL, 0);
    set_len(&inode->cache, &inode->len, &inode->cap, len);
    return now ? EIO : 0;
}

int sim_inode_sync(struct sim_disk *disk, struct sim_inode *inode)
{
    bool now;
    if (power_fails(disk, &now))
        return EIO;
    if (fails_once(disk))
        return EIO;
    disk->syncs++;
    if (sim_disk_drop_syncs)
        return 0;
    for (size_t i = 0; i < inode->n_ops; i++)
        apply_op(&inode->plate, &inode->plate_len, &inode->plate_cap, &inode->ops[i]);
    drop_ops(inode);
    return 0;
}

/* --- the folder --- */

int sim_folder_link(struct sim_disk *disk, const char *from, const char *to)
{
    bool now;
    struct sim_inode *inode = sim_inode_find(disk, from);
    if (!inode)
        return ENOENT;
    if (sim_inode_find(disk, to))
        return EEXIST;
    if (power_fails(disk, &now) && !now)
        return EIO;
    change_name(disk, to, inode);
    return now ? EIO : 0;
}

/* One change of the folder, though it is two entries here. */
int sim_folder_rename(struct sim_disk *disk, const char *from, const char *to)
{
    bool now;
    struct sim_inode *inode = sim_inode_find(disk, from);
    if (!inode)
        return ENOENT;
    if (power_fails(disk, &now) && !now)
        return EIO;
    if (strcmp(from, to) != 0) {
        change_name(disk, to, inode);
        disk->waiting[disk->n_waiting - 1].joined = true;
        change_name(disk, from, NULL);
    }
    return now ? EIO : 0;
}

int sim_folder_unlink(struct sim_disk *disk, const char *file)
{
    bool now;
    if (!sim_inode_find(disk, file))
        return ENOENT;
    if (power_fails(disk, &now) && !now)
        return EIO;
    change_name(disk, file, NULL);
    return now ? EIO : 0;
}

int sim_folder_sync(struct sim_disk *disk)
{
    bool now;
    if (power_fails(disk, &now))
        return EIO;
    for (size_t i = 0; i < disk->n_waiting; i++)
        entry_set(&disk->plate, &disk->n_plate, disk->waiting[i].name, disk->waiting[i].inode);
    entries_clear(&disk->waiting, &disk->n_waiting);
    return 0;
}
