/* SPDX-License-Identifier: Apache-2.0
 *
 * checker: recomputes a log from its first entry on, trusting nothing that was computed before: signatures, chains,
 * fold, bodies, tree. For engine_verify (over the replica) and the full audit (over the server's pages).
 */
#ifndef CLIENT_CHECKER_H
#define CLIENT_CHECKER_H

#include "proto/fold.h"
#include "proto/leaf.h"
#include "proto/note.h"
#include "proto/tree.h"

enum { CHECKER_LEVELS = 63 };

struct checker {
    struct fold *fold;
    struct tree tree;
    uint8_t genesis[HASH_LEN]; /* pinned */
    /* All nodes of the tree, by level: roots of earlier sizes are asked for. */
    struct checker_level {
        size_t n, cap;
        uint8_t (*nodes)[HASH_LEN];
    } levels[CHECKER_LEVELS];
    uint64_t cached_size;
    uint8_t cached_root[HASH_LEN];
};

/** One entry as it is stored or served. */
struct checker_entry {
    uint64_t t_recv_ms;
    const uint8_t *header;
    size_t header_len;
    const uint8_t *sig;
    const struct leaf_body *bodies;
    size_t n_bodies;
};

/** What came out for an entry. */
struct checker_result {
    enum leaf_kind kind;
    enum err verdict; /* of LeafValid; not a fault of the log */
    enum err bodies;  /* ERR_OK, ERR_CORRUPT: they are not the signed ones */
    size_t missing;   /* bodies that are only hashes */
    struct tree_completed completed;
};

enum err checker_init(struct checker *checker, const uint8_t space[static ID_LEN],
                      const uint8_t genesis[static HASH_LEN]);
void checker_fini(struct checker *checker);

/** Takes the next entry. ERR_ROOT: it is not the pinned genesis. ERR_VERSION: a kind of the future that changes who
 * belongs to the space: update. ERR_MEMORY. */
enum err checker_take(struct checker *checker, const struct checker_entry *entry,
                      struct checker_result *result);

/** The root of what was taken at an earlier size. ERR_NOT_FOUND. `ctx` is the checker. */
enum err checker_root_at(void *ctx, uint64_t size, uint8_t out[static HASH_LEN]);

/** Compares a note with what was taken so far. ERR_SIGNATURE, ERR_ROOT. */
enum err checker_note(const struct checker *checker, const struct note *note);

#endif
