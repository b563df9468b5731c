/* SPDX-License-Identifier: Apache-2.0
 *
 * fold: who belongs to a space, with which rights and keys, as a pure function of its log (PROTOCOL.md 6).
 *
 * LeafValid(i) looks only at entries 0..i; server, auditor and client run this same code and agree. An invalid
 * leaf stays in the log, is ignored, and names its device. Effective(i, N) then removes the data leaves that a
 * revocation before N cuts.
 *
 * A fold holds: the genesis, the devices, the open invites, the proposals that wait for their second leaf, the
 * head of the control chain, the epochs, the erased dossiers, the audit grants, server keys, witnesses, pack.
 */
#ifndef PROTO_FOLD_H
#define PROTO_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/leaf.h"
#include "proto/limits.h"

struct fold_device {
    uint8_t id[ID_LEN];
    uint8_t ed_pk[PK_LEN];
    uint8_t x_pk[PK_LEN];
    enum device_kind kind;
    uint8_t roles;
    bool active;
    uint64_t added;   /* index of the leaf that took effect */
    uint64_t x_index; /* where x_pk comes from: as added, or its newest device_rekey */
    uint64_t x_ms;    /* when that was received */
    uint64_t revoked; /* index of the revocation; meaningless while active */
    enum revoke_mode mode;
    uint64_t cut;
    uint64_t last_seq; /* of its last valid leaf; 0 = none */
    uint8_t last_hash[HASH_LEN];
    uint64_t last_index;
};

struct fold_epoch {
    uint32_t epoch;
    uint8_t suite;
    uint64_t index; /* of its epoch_change */
    uint64_t t_recv_ms;
    uint64_t seen; /* what its author had seen: its seals are for the box keys of then */
    uint8_t kcom_ek[HASH_LEN], kcom_sk[HASH_LEN], kcom_route[HASH_LEN];
    uint8_t wrap_ek[WRAP_LEN], wrap_route[WRAP_LEN]; /* zero in epoch 1 */
    uint8_t seals_hash[HASH_LEN];
};

struct fold_invite {
    uint8_t pk[PK_LEN];
    uint8_t roles;
    uint64_t expires_s;
    uint64_t index;
};

/** An operation whose first leaf is logged and that waits for its second. */
struct fold_proposal {
    uint8_t hash[HASH_LEN]; /* leaf hash of the first leaf */
    uint64_t index;
    uint64_t t_recv_ms;
    uint8_t author[ID_LEN];
    uint8_t target[ID_LEN];
    enum leaf_kind kind;
    union {
        struct {
            struct op_join who;
            uint8_t roles;
        } add;
        struct {
            enum revoke_mode mode;
            uint64_t cut;
        } revoke;
        uint8_t roles;
        struct {
            bool one_dossier;
            uint8_t shred[ID_LEN];
            uint64_t from_s, to_s, expires_s;
        } grant;
    } u;
};

struct fold_erased {
    uint8_t shred[ID_LEN];
    uint8_t row[ID_LEN];
    uint64_t index;
    uint8_t reason;
    uint8_t device[ID_LEN];
};

/** A dossier that was moved to another space. */
struct fold_moved {
    uint8_t shred[ID_LEN];
    uint8_t to[ID_LEN];
    uint64_t index;
    uint8_t device[ID_LEN];
};

struct fold_grant {
    uint8_t hash[HASH_LEN]; /* leaf hash of its first leaf */
    uint8_t auditor[ID_LEN];
    uint8_t second[ID_LEN];
    bool one_dossier;
    uint8_t shred[ID_LEN];
    uint64_t from_s, to_s, expires_s;
    uint64_t index; /* where it took effect */
    bool closed;
};

struct fold_witness {
    char name[NAME_LEN_MAX + 1];
    uint8_t pk[PK_LEN];
};

/** A key of the log that was handed over. */
struct fold_log_key {
    uint64_t
        until; /* index of the operation: notes of this size and smaller ones are signed by it */
    uint8_t pk[PK_LEN];
};

/** Read freely; only fold_apply writes. */
struct fold {
    uint64_t size; /* entries seen, valid or not */
    uint8_t space[ID_LEN];
    enum space_level level;
    char log_name[NAME_LEN_MAX + 1];
    uint8_t log_pk[PK_LEN], resp_pk[PK_LEN];
    uint8_t genesis_hash[HASH_LEN];
    bool succeeds;
    uint8_t old_space[ID_LEN], old_root[HASH_LEN];
    uint64_t old_size;
    bool trial;             /* one leaf still suffices for everything */
    uint8_t head[HASH_LEN]; /* hash of the last valid chained leaf: the next one's ctl_prev */
    uint64_t cut_since;     /* index + 1 of the last loss of the right to read; 0 = never */
    bool rotation_pending;  /* somebody lost the right to read and no epoch_change followed */
    uint32_t pack_number;
    uint8_t pack_hash[HASH_LEN];
    uint64_t pack_index;
    uint8_t quorum;

    size_t n_devices, n_epochs, n_invites, n_proposals, n_erased, n_moved, n_grants, n_witnesses;
    size_t n_log_keys;
    struct fold_device *devices; /* in order of joining */
    struct fold_epoch *epochs;   /* epochs[i].epoch == i + 1 */
    struct fold_invite *invites; /* open ones */
    struct fold_proposal *proposals;
    struct fold_erased *erased; /* ascending by shred */
    struct fold_moved *moved;   /* in log order; a later one of the same dossier counts */
    struct fold_grant *grants;
    struct fold_log_key *log_keys; /* former ones, the oldest first */
    struct fold_witness witnesses[WITNESSES_MAX];
};

/** The root of the tree at an earlier size; the caller's look-up. ERR_NOT_FOUND, ERR_IO are passed on. */
typedef enum err (*fold_root_fn)(void *ctx, uint64_t size, uint8_t out[static HASH_LEN]);

/** One log entry, decoded. */
struct fold_entry {
    uint64_t index;
    uint64_t t_recv_ms;
    const struct leaf *leaf;
    /** False for an entry that this program verified before and wrote to its own disk: signature, chain of the
     * device and seen root are not checked again. */
    bool fresh;
    bool signature_checked; /* somebody (a thread pool) has already verified the leaf's signature */
    fold_root_fn root_at;   /* used when fresh */
    void *root_ctx;
};

/** An empty fold, before the genesis. `space` is the id that the genesis must have. */
enum err fold_new(struct fold **fold, const uint8_t space[static ID_LEN]);
void fold_free(struct fold *fold);

/**
 * Applies the next entry (entry->index must be fold->size). ERR_OK: LeafValid, and applied. REJECT, DENIED and
 * CORRUPT categories: not valid; nothing but `size` changed. LOST_RACE (another control head) and STALE_EPOCH are
 * also "not valid" here; a server answers them before it logs. ERR_MEMORY, ERR_IO and errors of root_at in the
 * INTERNAL category: undecided, nothing changed, not even `size`.
 */
enum err fold_apply(struct fold *fold, const struct fold_entry *entry);

/** The same judgement without applying anything: what a server asks before it logs a leaf. */
enum err fold_judge(const struct fold *fold, const struct fold_entry *entry);

/** After entries that were not replayed (data leaves of one's own disk): sets a device's last valid leaf. */
void fold_set_last(struct fold *fold, const uint8_t device[static ID_LEN], uint64_t seq,
                   const uint8_t hash[static HASH_LEN], uint64_t index);
/** Says that entries up to `size` have been seen without replaying them (they were not control leaves). */
void fold_skip_to(struct fold *fold, uint64_t size);

/** Effective(i, N): false for a data leaf that a revocation, known to this fold, cuts. */
bool fold_effective(const struct fold *fold, uint64_t index, const uint8_t device[static ID_LEN],
                    uint64_t seq, enum leaf_kind kind);

/** The log key that signs the note of this size: the one in force after so many entries. */
const uint8_t *fold_log_pk(const struct fold *fold, uint64_t size);

/* Look-ups; NULL when there is none. */
const struct fold_device *fold_device(const struct fold *fold, const uint8_t id[static ID_LEN]);
const struct fold_epoch *fold_epoch(const struct fold *fold, uint32_t epoch);
const struct fold_invite *fold_invite(const struct fold *fold, const uint8_t pk[static PK_LEN]);
const struct fold_erased *fold_erased(const struct fold *fold, const uint8_t shred[static ID_LEN]);

const struct fold_moved *fold_moved(const struct fold *fold, const uint8_t shred[static ID_LEN]);

/** The current epoch's number; 0 before the first. */
uint32_t fold_epoch_now(const struct fold *fold);

/** Whether a leaf received at that time may still be of this epoch, if its kind is not chained (PROTOCOL.md 6.2, 4). */
bool fold_epoch_open(const struct fold *fold, uint32_t epoch, uint64_t t_recv_ms);

/** Which seal a device with these roles gets: SEAL_MEMBER, SEAL_AUDITOR, or 0 for none. */
int fold_seal_type(uint8_t roles);

/** Whether a device holds all of `roles` and is active. */
bool fold_has_role(const struct fold *fold, const uint8_t id[static ID_LEN], uint8_t roles);

/** Whether this leaf, if valid, only proposes (it needs a second leaf to take effect). */
bool fold_needs_second(const struct fold *fold, const struct leaf *leaf);

/**
 * Checks the seals that travel with a control leaf: exactly the devices that must get one (all readers and
 * auditors for an epoch_change; the added or changed device otherwise), ascending by device, of the right type
 * and epoch, and their list hashes to the leaf's keys32. Call it before fold_apply of that leaf. ERR_SEALS.
 */
enum err fold_check_seals(const struct fold *fold, const struct leaf *leaf,
                          const struct leaf_seal *seals, size_t n);

/** Whether members like these end the trial (PROTOCOL.md 6.1): sheets and keepers, the sheets among them, that are active. */
bool fold_trial_ends(size_t sheets, size_t keepers);

/** How many active admins, guardians and paper devices there are: what the space hangs on. */
size_t fold_keepers(const struct fold *fold);

#endif
