/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies of a store, made beside a serving process with SQLite's online backup, and a store made from copies.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/digest.h"
#include "server/store_folder.h"
#include "server/store_sqlite.h"

enum { PATH_MAX_LEN = STORE_FOLDER_PATH_MAX, PAGES_PER_STEP = 1024, BUSY_TRIES = 2000 };

static enum err make_path(char out[static PATH_MAX_LEN], const char *folder, const char *name,
                          const char *suffix)
{
    int n = snprintf(out, PATH_MAX_LEN, "%s/%s%s", folder, name, suffix);
    return n > 0 && n < PATH_MAX_LEN ? ERR_OK : ERR_USAGE;
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* One snapshot of `from`, whatever is written to it meanwhile. */
static enum err copy_pages(struct sq *to, struct sq *from)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
    int rc = backup ? SQLITE_OK : sqlite3_errcode(to->db);
    /* All pages in one step: a copy that is restarted by each commit never ends on a busy server. */
    for (int tries = 0; rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED; tries++) {
        rc = sqlite3_backup_step(backup, -1);
        if (rc != SQLITE_BUSY && rc != SQLITE_LOCKED)
            break;
        if (tries == BUSY_TRIES)
            break;
        sqlite3_sleep(5);
    }
    int end = backup ? sqlite3_backup_finish(backup) : SQLITE_OK;
    if (rc == SQLITE_DONE)
        rc = end;
    return rc == SQLITE_OK ? ERR_OK : sq_err(to, rc);
}

static enum err flush_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    enum err err = fsync(fd) == 0 ? ERR_OK : ERR_IO;
    close(fd);
    return err;
}

static void remove_part(const char *part)
{
    static const char *const companions[] = {"", "-journal", "-wal", "-shm"};
    char path[PATH_MAX_LEN + 16];
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        snprintf(path, sizeof path, "%s%s", part, companions[i]);
        unlink(path);
    }
}

/* Copies FROM/name to TO/name.part, runs `sql` on the copy, and makes it one whole file of that name. */
static enum err copy_database(const char *to, const char *from, const char *name, const char *sql,
                              bool wal)
{
    enum err err = ERR_OK;
    char source[PATH_MAX_LEN], part[PATH_MAX_LEN], whole[PATH_MAX_LEN];
    struct sq in = {0}, out = {0};
    TRY(make_path(source, from, name, ""));
    TRY(make_path(part, to, name, ".part"));
    TRY(make_path(whole, to, name, ""));
    remove_part(part);
    TRY(sq_open(&in, source, SQLITE_OPEN_READONLY));
    TRY(sq_open(&out, part, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
    TRY(copy_pages(&out, &in));
    TRY(sq_exec(&out, "PRAGMA journal_mode = DELETE"));
    if (sql)
        TRY(sq_exec(&out, sql));
    if (wal)
        TRY(sq_exec(&out, "PRAGMA journal_mode = WAL"));
    sq_close(&out);
    out = (struct sq){0};
    TRY(chmod(part, 0600) == 0 ? ERR_OK : ERR_IO);
    TRY(flush_file(part));
    TRY(rename(part, whole) == 0 ? ERR_OK : ERR_IO);
out:
    sq_close(&in);
    sq_close(&out);
    if (err != ERR_OK)
        remove_part(part);
    return err;
}

enum err store_sqlite_backup(const char *folder, const char *to, bool log, bool keys)
{
    enum err err = ERR_OK;
    char path[PATH_MAX_LEN];
    TRY(make_path(path, folder, "log.db", ""));
    TRY(exists(path) ? ERR_OK : ERR_NOT_FOUND);
    /* The log first: keys that came since then belong to entries that its copy lacks, never the other way round. */
    if (log)
        TRY(copy_database(to, folder, "log.db", NULL, false));
    if (keys)
        TRY(copy_database(to, folder, "keys.db", NULL, false));
out:
    return err;
}

enum err store_sqlite_restore(const char *folder, const char *log_from, const char *keys_from,
                              uint64_t now_ms)
{
    enum err err = ERR_OK;
    char path[PATH_MAX_LEN], sql[256], hex[2 * STORE_ID_LEN + 1];
    uint8_t id[STORE_ID_LEN];
    TRY(make_path(path, folder, "log.db", ""));
    TRY(exists(path) ? ERR_EXISTS : ERR_OK);
    TRY(make_path(path, log_from, "log.db", ""));
    TRY(exists(path) ? ERR_OK : ERR_NOT_FOUND);
    /* Another life of the keys: every device asks for all of them again. */
    digest_random(id, sizeof id);
    for (size_t i = 0; i < sizeof id; i++)
        snprintf(hex + 2 * i, 3, "%02x", id[i]);
    snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO meta VALUES ('store_id', x'%s')", hex);
    if (keys_from)
        TRY(copy_database(folder, keys_from, "keys.db", sql, true));
    else
        TRY(store_sqlite_create_keys(folder));
    snprintf(sql, sizeof sql,
             "INSERT OR REPLACE INTO meta VALUES (CAST('recovering' AS BLOB), x'%016llx')",
             (unsigned long long)now_ms);
    /* log.db comes last: it is what says that there is a store. */
    TRY(copy_database(folder, log_from, "log.db", sql, true));
out:
    return err;
}
