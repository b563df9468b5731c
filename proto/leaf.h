/* SPDX-License-Identifier: Apache-2.0
 *
 * leaf: the signed unit of the log (PROTOCOL.md 4).
 *
 *   header = [1, space16, device16, seq, prev32, seen_size, seen_root32, epoch, kind,
 *             routing box | operation, keys32 | nil, n_bodies, bodies32 | nil]
 *   leaf   = header || Ed25519(TAG_LEAF NUL header)
 *   hash   = SHA-256(header || signature)                 what the next leaf's prev names
 *   entry  = 0x01 | u64be t_recv ms | header | signature  what the tree hashes
 *
 * bodies32 = SHA-256(SHA-256(body 0) || SHA-256(body 1) || ...), nil without bodies. The signature
 * covers hashes of bodies, never bodies, so that a body can be deleted while everything verifies.
 * keys32 commits to the slots or seals born with the leaf (leaf_slots_hash, leaf_seals_hash).
 */
#ifndef PROTO_LEAF_H
#define PROTO_LEAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/op.h"

/** A decoded leaf. Everything is borrowed from the header's bytes; leaf_fini frees what op owns. */
struct leaf {
    uint8_t space[ID_LEN]; /* zero in a genesis */
    uint8_t device[ID_LEN];
    uint64_t seq;
    uint8_t prev[HASH_LEN];
    uint64_t seen_size;
    uint8_t seen_root[HASH_LEN];
    uint32_t epoch;
    enum leaf_kind kind;
    bool
        unknown; /* a kind >= 16 of the future: it keeps its place in the chain and has no effect here */
    const uint8_t *route; /* kinds with a routing box; its first 24 bytes are the leaf nonce */
    size_t route_len;
    struct op op; /* the other kinds */
    bool has_keys;
    uint8_t keys[HASH_LEN];
    uint16_t n_bodies;
    uint8_t bodies[HASH_LEN];
    const uint8_t *header; /* the exact signed bytes */
    size_t header_len;
    uint8_t sig[SIG_LEN];
};

/** Decodes a header with its signature, both borrowed. Shape only: no signature, no membership is checked.
 * ERR_FORMAT, ERR_TOO_BIG, ERR_VERSION (a version or chained kind of the future:
 * nothing behind it can be judged before an update), ERR_MEMORY. leaf_fini in any case. */
enum err leaf_decode(struct leaf *leaf, const uint8_t *header, size_t len,
                     const uint8_t sig[static SIG_LEN]);
void leaf_fini(struct leaf *leaf);

/** Writes the header of `leaf` (all fields but header, sig) to `out` and signs it into leaf->sig; leaf->header then
 * points into `out`. Errors are the buffer's. */
enum err leaf_make(struct leaf *leaf, struct buf *out, const uint8_t ed_sk[static SK_LEN]);

/** Verifies the signature. ERR_SIGNATURE. */
enum err leaf_verify(const struct leaf *leaf, const uint8_t ed_pk[static PK_LEN]);

/** SHA-256(header || sig). */
void leaf_hash(uint8_t out[static HASH_LEN], const uint8_t *header, size_t len,
               const uint8_t sig[static SIG_LEN]);

/** Merkle leaf hash of the log entry: SHA-256(0x00 | 0x01 | u64be t_recv | header | sig). */
void leaf_entry_hash(uint8_t out[static HASH_LEN], uint64_t t_recv_ms, const uint8_t *header,
                     size_t len, const uint8_t sig[static SIG_LEN]);

/** space_id = SHA-256("passerelle/space/v1" NUL genesis header)[0:16]. */
void leaf_space_id(uint8_t out[static ID_LEN], const uint8_t *header, size_t len);

/** A body as it travels: present (`len` >= BODY_MIN) or, deleted or not yet fetched, its hash (`len` == HASH_LEN). */
struct leaf_body {
    const uint8_t *bytes;
    size_t len;
};

/** The hash of one body as it travels (a hash stands for itself). */
void leaf_body_hash(uint8_t out[static HASH_LEN], const struct leaf_body *body);

/** Compares bodies with the header's count and bodies32. ERR_CORRUPT. */
enum err leaf_bodies_check(const struct leaf *leaf, const struct leaf_body *bodies, size_t n);

/** bodies32 of `n` bodies. */
void leaf_bodies_hash(uint8_t out[static HASH_LEN], const struct leaf_body *bodies, size_t n);

/** One slot: the row it stands in, its epoch, the sealed dossier key. */
struct leaf_slot {
    uint8_t row[ID_LEN];
    uint32_t epoch;
    uint8_t slot[SLOT_LEN];
};

/** keys32 of a data leaf: SHA-256 over row | u32be epoch | slot of each slot in the given order. ERR_MEMORY;
 * ERR_TOO_BIG: more than BOXES_MAX slots. */
enum err leaf_slots_hash(uint8_t out[static HASH_LEN], const struct leaf_slot *slots, size_t n);

/** One seal: for whom, epoch, type (enum seal_type), the sealed bytes. */
struct leaf_seal {
    uint8_t device[ID_LEN];
    uint32_t epoch;
    uint8_t type;
    const uint8_t *seal;
    size_t seal_len;
};

enum { SEAL_LINE_LEN = ID_LEN + 4 + 1 + HASH_LEN };

/** One line of a seal list: device | u32be epoch | type | SHA-256(seal). */
void leaf_seal_line(uint8_t out[static SEAL_LINE_LEN], const struct leaf_seal *seal);

/** keys32 of a control leaf: SHA-256 of the lines, which stand in ascending order of device. */
void leaf_seals_hash(uint8_t out[static HASH_LEN], const uint8_t *lines, size_t n);

/** Whether a body may be missing without an erasure (PROTOCOL.md 15.1): that of an access leaf which was received 180 days
 * before the newest entry of its log, or earlier. */
bool leaf_body_may_go(enum leaf_kind kind, uint64_t t_recv_ms, uint64_t newest_ms);

#endif
