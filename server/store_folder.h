/* SPDX-License-Identifier: Apache-2.0
 *
 * store_folder: the data folder of a server.
 *
 *   DIR/server.key   the server's keys (serverkey.h), mode 0600
 *   DIR/log.db       entries; DIR/keys.db slots, seals, inboxes (store.h)
 *   DIR/store        instead: the PostgreSQL database where they are, as libpq takes it (it may hold a password)
 *   DIR/lock         held by the one process that serves
 */
#ifndef SERVER_STORE_FOLDER_H
#define SERVER_STORE_FOLDER_H

#include "server/serverkey.h"

enum { STORE_FOLDER_PATH_MAX = 4096, STORE_FOLDER_PLACE_MAX = 1024 };

/** Makes the folder (mode 0700) if it is not there and writes the key file into it, durably.
 * ERR_EXISTS: there is a key file already. ERR_FULL, ERR_DENIED, ERR_IO. */
enum err store_folder_create(const char *folder, const struct serverkey *key);

/** Takes the key file away again, when nobody has seen a link of it yet. */
void store_folder_discard(const char *folder);

/** Reads the key file. ERR_NOT_FOUND; ERR_DENIED: not readable, or others may read it; ERR_FORMAT, ERR_VERSION. */
enum err store_folder_key(const char *folder, struct serverkey *key);

/** Writes it anew, with the owner it had; durably, and in one step. ERR_DENIED, ERR_FULL, ERR_IO, ERR_NOT_FOUND. */
enum err store_folder_key_put(const char *folder, const struct serverkey *key);

/** Where the store is when it is not in the folder. ERR_NOT_FOUND: it is. ERR_FORMAT: longer than a line of 1 kB. */
enum err store_folder_place(const char *folder, char place[static STORE_FOLDER_PLACE_MAX]);
/** Writes that. ERR_USAGE: not a place. */
enum err store_folder_place_put(const char *folder, const char *place);

/** Takes the folder for this process until it ends or *lock is closed. ERR_BUSY: another process serves it. */
enum err store_folder_lock(const char *folder, int *lock);
void store_folder_unlock(int lock);

/** Makes new and changed names of a folder durable. ERR_IO, ... */
enum err store_folder_sync(const char *folder);

/** Writes a small file so that it is there whole or not at all. */
enum err store_folder_write(const char *path, const void *bytes, size_t len);

#endif
