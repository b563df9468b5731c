/* SPDX-License-Identifier: Apache-2.0
 *
 * logbook: a log of one space in memory, written by actors with fixed keys, to test the membership fold and to make
 * its vectors. A step builds a leaf that is right in everything it was not told to get wrong, appends it, and checks
 * the verdict. Everything is derived from counters: the same scenario gives the same bytes.
 */
#ifndef TESTS_LOGBOOK_H
#define TESTS_LOGBOOK_H

#include "proto/fold.h"
#include "proto/tree.h"

enum { LOGBOOK_ACTORS = 16, LOGBOOK_ENTRIES = 64 };

struct logbook_actor {
    uint8_t id[ID_LEN];
    uint8_t ed_pk[PK_LEN], ed_sk[SK_LEN];
    uint8_t x_pk[PK_LEN], x_sk[KEY_LEN];
    uint64_t seq;
    uint8_t prev[HASH_LEN];
};

struct logbook_entry {
    uint64_t t_recv_ms;
    struct buf header;
    uint8_t sig[SIG_LEN];
    enum err verdict;
};

struct logbook {
    struct fold *fold;
    struct tree tree;
    struct tree_completed completed[LOGBOOK_ENTRIES];
    struct logbook_entry entries[LOGBOOK_ENTRIES];
    size_t n;
    uint64_t now_ms;
    uint8_t last_hash[HASH_LEN]; /* leaf hash of the last entry */
    struct logbook_actor actors[LOGBOOK_ACTORS];
    uint8_t space[ID_LEN];
    /* What the next step gets wrong or different; cleared by it. */
    struct {
        bool bad_sig, bad_seq, bad_prev, bad_seen, bad_epoch, bad_ctl_prev, bad_space, flip_keys;
        bool previous_epoch;
        bool has_t;
        uint64_t t_ms;
        int bodies; /* -1: none where some belong */
    } next;
    bool failed; /* a verdict was not the expected one; said on stderr */
};

/** A logbook whose first entries are actor 0's genesis, epoch 1 and space label. */
void logbook_start(struct logbook *lb);
void logbook_end(struct logbook *lb);

/** Appends a leaf of `actor` with the operation (ctl_prev is filled in) or, for kinds with a route, data. The verdict
 * must be `want`, unless that is LOGBOOK_ANY. */
#define LOGBOOK_ANY ERR_USAGE /* never a verdict */
void logbook_step(struct logbook *lb, int actor, enum leaf_kind kind, struct op op, enum err want);

/** Operations ready to step. */
struct op logbook_invite(const struct logbook *lb, int invite_no, uint8_t roles);
struct op logbook_add(struct logbook *lb, int who, int invite_no,
                      uint8_t roles); /* invite_no < 0: key statement */
struct op logbook_add_paper(struct logbook *lb, int who);
struct op logbook_revoke(const struct logbook *lb, int who, enum revoke_mode mode, uint64_t cut);
struct op logbook_role(const struct logbook *lb, int who, uint8_t roles);
struct op logbook_epoch(const struct logbook *lb, uint32_t epoch);
struct op logbook_confirm(const struct logbook *lb); /* of the last entry */

/** A scenario: a name, what it shows, its steps. */
struct logbook_scenario {
    const char *name;
    void (*run)(struct logbook *lb);
};
extern const struct logbook_scenario logbook_scenarios[];
extern const size_t logbook_scenarios_n;

/** The node look-up of the logbook's tree, and the root at a size. */
enum err logbook_node_at(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN]);
enum err logbook_root_at(void *ctx, uint64_t size, uint8_t out[static HASH_LEN]);

#endif
