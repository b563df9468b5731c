/* SPDX-License-Identifier: Apache-2.0
 *
 * access: the membership folds of the spaces, in memory, for the writer.
 *
 * Loaded when first needed by replaying the control entries of a space, kept while there is room. It is the
 * writer's alone: readers see the same knowledge in the members table, which access_publish writes out.
 * After a rollback the folds of the touched spaces know more than the store; access_forget drops them.
 */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include "proto/fold.h"
#include "server/store.h"

struct access;

/** One space. Read freely; only this module and fold_apply (through sync_apply) write. */
struct access_space {
    struct access_space *next;         /* in its bucket */
    struct access_space *next_touched; /* in this transaction */
    bool touched;
    bool members_changed; /* a control leaf was applied since the last publish */
    uint64_t used;        /* when, in groups */
    struct access *access;
    struct fold *fold;
    struct tree tree;
    struct store_space info; /* as of the last publish, t_recv_ms of the newest entry */
    size_t n_members;
    struct store_member *members; /* as of the last publish, ascending by device */
    uint64_t root_size;           /* of the root that was asked for last */
    uint8_t root[HASH_LEN];
};

/** A cache of at most `spaces_max` spaces over `store` (borrowed). ERR_MEMORY. */
enum err access_new(struct access **access, struct store *store, size_t spaces_max);
void access_free(struct access *access);

/** A space of the store, loaded if need be. ERR_NOT_FOUND; errors of the store; ERR_CORRUPT. */
enum err access_get(struct access *access, const uint8_t space[static ID_LEN],
                    struct access_space **out);

/** An empty space for a genesis that is about to be judged. ERR_MEMORY. */
enum err access_found(struct access *access, const uint8_t space[static ID_LEN],
                      struct access_space **out);

/** The root at an earlier size: what fold_entry.root_at wants, with the space as ctx. */
enum err access_root_at(void *space, uint64_t size, uint8_t out[static HASH_LEN]);

/** Notes that the running transaction changes this space. */
void access_touch(struct access_space *space);

/** The spaces that it changes, linked by next_touched. */
struct access_space *access_touched(const struct access *access);

/** Writes members and the space's row into the running transaction, and queues what a change of members asks
 * for: seals of those who left, joins that are done. */
enum err access_publish(struct access_space *space);

/** After a commit: nothing is touched any more, and spaces that were not used for long may go. */
void access_settle(struct access *access);

/** After a rollback: drops what was touched. */
void access_forget(struct access *access);

#endif
