/* SPDX-License-Identifier: Apache-2.0
 *
 * op: the operation of a leaf that is not data (PROTOCOL.md 4.3): membership, keys, erasure, audit.
 *
 * On the wire an operation is the array [ctl_prev or nil, arguments...] in the header's place of the
 * routing box. Kinds below 16 form one chain: their ctl_prev is the hash of the previous valid such leaf.
 */
#ifndef PROTO_OP_H
#define PROTO_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/wire.h"

/* The kinds of leaves; numbers are final. Kinds < 16 carry ctl_prev, kinds >= 64 carry a routing box. */
enum leaf_kind {
    KIND_GENESIS = 1,
    KIND_DEVICE_ADD = 2,
    KIND_DEVICE_REVOKE = 3,
    KIND_ROLE_SET = 4,
    KIND_EPOCH_CHANGE = 5,
    KIND_LOG_KEY = 6,
    KIND_WITNESS_SET = 7,
    KIND_PACK_SET = 8,
    KIND_CONFIRM = 9, /* the second leaf of an operation that takes two */
    KIND_DEVICE_REKEY = 16,
    KIND_INVITE = 17,
    KIND_INVITE_CLOSE = 18,
    KIND_LABEL = 19,
    KIND_ERASE = 20,
    KIND_PURGE = 21,
    KIND_ADOPT = 22,
    KIND_MOVED = 23,
    KIND_AUDIT_GRANT = 24,
    KIND_AUDIT_CLOSE = 25,
    KIND_EXPORT_NOTICE = 26,
    KIND_ACCESS = 27, /* who opened which dossier; bodies may be pruned by age */
    KIND_DATA = 64,
    KIND_SNAPSHOT = 65
};

static inline bool kind_is_chained(enum leaf_kind kind)
{
    return kind < 16;
}
static inline bool kind_has_route(enum leaf_kind kind)
{
    return kind >= 64;
}

/* Role bits. writer, steward and admin need reader beside them. */
enum role {
    ROLE_READER = 1,
    ROLE_WRITER = 2,
    ROLE_STEWARD = 4,
    ROLE_ADMIN = 8,
    ROLE_AUDITOR = 16,
    ROLE_GUARDIAN = 32,
    ROLE_ALL = 63
};

enum space_level {
    LEVEL_COMMUNITY = 0,
    LEVEL_ORGANISATION = 1,
    LEVEL_TEAM = 2,
    LEVEL_RESTRICTED = 3
};
enum device_kind { DEVICE_ORDINARY = 0, DEVICE_PAPER = 1 };
enum revoke_mode { REVOKE_DEPARTURE = 0, REVOKE_LOST = 1 };
enum label_target { LABEL_SPACE = 0, LABEL_DEVICE = 1 };

/** One body, named by its leaf and place. */
struct op_body {
    uint64_t leaf;
    uint16_t box;
};

/** Why a device may be added: a join through an invite, or the device's own signed key statement. */
enum proof_type { PROOF_JOIN = 1, PROOF_STATEMENT = 2 };
struct op_proof {
    enum proof_type type;
    const uint8_t *part; /* signed bytes, borrowed */
    size_t part_len;
    uint8_t invite_sig[SIG_LEN]; /* join only */
    uint8_t device_sig[SIG_LEN];
};

/**
 * What a proof's part says.
 * join      = [1, space16, invite_pk32, ed_pk32, x_pk32, device kind, SHA-256(sealed name)32]
 * statement = [1, ed_pk32, x_pk32, device kind]
 */
struct op_join {
    uint8_t space[ID_LEN];       /* join only */
    uint8_t invite_pk[PK_LEN];   /* join only */
    uint8_t name_hash[HASH_LEN]; /* join only */
    uint8_t ed_pk[PK_LEN];
    uint8_t x_pk[PK_LEN];
    enum device_kind kind;
};

/** New keys of a server, and the old log key's word for them: an operation's content, and what admins are offered. */
enum { KEY_OFFER_LEN = 2 * PK_LEN + SIG_LEN };
struct op_key_offer {
    uint8_t log_pk[PK_LEN], resp_pk[PK_LEN];
    uint8_t old_sig[SIG_LEN]; /* TAG_LOGKEY over space log_pk resp_pk */
};

/** A decoded operation; pointers are borrowed from the header's bytes, except `list`, which op_fini frees. */
struct op {
    enum leaf_kind kind;
    bool has_prev;
    uint8_t prev[HASH_LEN]; /* ctl_prev */
    union {
        struct {
            enum space_level level;
            uint64_t created_s;
            uint8_t suite;
            uint8_t nonce[ID_LEN];
            uint8_t ed_pk[PK_LEN]; /* the founder */
            uint8_t x_pk[PK_LEN];
            uint8_t log_pk[PK_LEN];
            uint8_t resp_pk[PK_LEN];
            const char *log_name;
            size_t log_name_len;
            bool succeeds; /* this space continues another one */
            uint8_t old_space[ID_LEN];
            uint64_t old_size;
            uint8_t old_root[HASH_LEN];
        } genesis;
        struct {
            uint8_t roles;
            struct op_proof proof;
        } device_add;
        struct {
            uint8_t device[ID_LEN];
            enum revoke_mode mode;
            uint64_t
                cut; /* departure: data leaves at or after this index; lost: with a seq above this */
        } device_revoke;
        struct {
            uint8_t device[ID_LEN];
            uint8_t roles;
        } role_set;
        struct {
            uint32_t epoch;
            uint8_t suite;
            uint8_t kcom_ek[HASH_LEN], kcom_sk[HASH_LEN], kcom_route[HASH_LEN];
            bool has_wraps; /* not in epoch 1 */
            uint8_t wrap_ek[WRAP_LEN], wrap_route[WRAP_LEN];
        } epoch_change;
        struct op_key_offer log_key;
        struct {
            uint8_t quorum;
            unsigned n;
            struct {
                const char *name;
                size_t name_len;
                uint8_t pk[PK_LEN];
            } witness[WITNESSES_MAX];
        } witness_set;
        struct {
            uint32_t number;
            uint8_t hash[HASH_LEN]; /* SHA-256 of the pack; its text travels in the leaf's bodies */
        } pack_set;
        struct {
            uint8_t hash[HASH_LEN]; /* leaf hash of the first leaf */
        } confirm;
        struct {
            uint8_t x_pk[PK_LEN];
        } device_rekey;
        struct {
            uint8_t invite_pk[PK_LEN];
            uint8_t roles;
            uint64_t expires_s;
        } invite;
        struct {
            uint8_t invite_pk[PK_LEN];
        } invite_close;
        struct {
            enum label_target target;
            uint8_t id[ID_LEN]; /* space or device; the text is the leaf's one body */
        } label;
        struct {
            uint8_t shred[ID_LEN];
            uint8_t row[ID_LEN]; /* zero in a purge */
            uint8_t reason;      /* zero in a purge */
            size_t n;
            struct op_body *list; /* bodies to delete */
        } erase;                  /* and purge */
        struct {
            uint8_t device[ID_LEN];
            uint8_t inbox_hash[HASH_LEN];
            uint64_t count;
        } adopt;
        struct {
            uint8_t shred[ID_LEN];
            uint8_t to_space[ID_LEN];
        } moved;
        struct {
            uint8_t auditor[ID_LEN];
            bool one_dossier;
            uint8_t shred[ID_LEN];
            uint64_t from_s, to_s, expires_s;
        } audit_grant;
        struct {
            uint8_t grant[HASH_LEN]; /* leaf hash of the grant */
        } audit_close;
        struct {
            uint8_t what;
            uint64_t count;
        } export_notice;
        struct {
            uint64_t count;
        } access;
    } u;
};

/** The hand-over is signed by `log_pk` for `space`. ERR_SIGNATURE. */
enum err op_key_offer_verify(const struct op_key_offer *offer, const uint8_t space[static ID_LEN],
                             const uint8_t log_pk[static PK_LEN]);
/** As a server offers it to admins, and takes it from a page. */
void op_key_offer_put(uint8_t out[static KEY_OFFER_LEN], const struct op_key_offer *offer);
/** ERR_FORMAT. */
enum err op_key_offer_get(struct op_key_offer *offer, const uint8_t *bytes, size_t len);

/** Whether a kind exists in this version (leaf.h says what becomes of the others). */
bool op_kind_known(uint64_t kind);

/** Takes the operation of `kind` from a header's cursor. ERR_FORMAT, ERR_TOO_BIG, ERR_MEMORY. Always op_fini after. */
enum err op_decode(struct op *op, enum leaf_kind kind, struct wire_in *in);

/** Writes the operation's array. */
void op_encode(struct buf *out, const struct op *op);

/** Frees `list`. Fine on a zeroed struct. */
void op_fini(struct op *op);

/** Decodes a proof's part (shape only). ERR_FORMAT. */
enum err op_proof_decode(struct op_join *join, const struct op_proof *proof);

/** Verifies the signatures of a proof; for a join also that it is for `space`. ERR_SIGNATURE, ERR_FORMAT. */
enum err op_proof_verify(struct op_join *join, const struct op_proof *proof,
                         const uint8_t space[static ID_LEN]);

/** Makes a join's or statement's part from `join`. */
void op_proof_part(struct buf *out, enum proof_type type, const struct op_join *join);

#endif
