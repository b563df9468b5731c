/* SPDX-License-Identifier: Apache-2.0
 *
 * tree: the RFC 6962 Merkle tree over the log of a space (PROTOCOL.md 8).
 *
 * Appending needs only a compact range (the roots of the perfect subtrees, at most 64 hashes).
 * Appending entry i completes the nodes (level k, index i >> k) for k = 0 .. number of trailing
 * one bits of i; a store keeps these `completed` hashes beside entry i, so node (k, j) is found
 * with entry ((j + 1) << k) - 1 at position k. Roots of earlier sizes and all proofs then cost
 * O(log n) look-ups.
 */
#ifndef PROTO_TREE_H
#define PROTO_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"

/** Compact range [0, size): hashes of perfect subtrees, largest first. All zero = the empty
 * tree. */
struct tree {
    uint64_t size;
    uint8_t nodes[64][HASH_LEN];
};

/** The nodes completed by one append: `n` hashes, level 0 (the leaf hash) first. */
struct tree_completed {
    unsigned n;
    uint8_t nodes[64][HASH_LEN];
};

/** Reads node (level, index) of the stored tree; the caller's look-up. Errors are passed on. */
typedef enum err (*tree_node_fn)(void *ctx, unsigned level, uint64_t index,
                                 uint8_t out[static HASH_LEN]);

/** A proof: `n` hashes in RFC 6962 order. */
struct tree_proof {
    unsigned n;
    uint8_t nodes[PROOF_MAX][HASH_LEN];
};

/** SHA-256(0x00 | entry). */
void tree_leaf_hash(uint8_t out[static HASH_LEN], const uint8_t *entry, size_t len);

/** SHA-256(0x01 | left | right). */
void tree_node_hash(uint8_t out[static HASH_LEN], const uint8_t left[static HASH_LEN],
                    const uint8_t right[static HASH_LEN]);

/** Appends a leaf hash; `completed` may be NULL. */
void tree_append(struct tree *tree, const uint8_t leaf_hash[static HASH_LEN],
                 struct tree_completed *completed);

/** The root; SHA-256 of nothing for the empty tree. */
void tree_root(const struct tree *tree, uint8_t out[static HASH_LEN]);

/** Rebuilds the compact range of `size` from stored nodes. */
enum err tree_load(struct tree *tree, uint64_t size, tree_node_fn node, void *ctx);

/** The root at an earlier `size`, from stored nodes. */
enum err tree_root_at(uint8_t out[static HASH_LEN], uint64_t size, tree_node_fn node, void *ctx);

/** Inclusion proof of entry `index` in the tree of `size` (RFC 6962 2.1.1). ERR_USAGE if
 * index >= size. */
enum err tree_inclusion(struct tree_proof *proof, uint64_t index, uint64_t size, tree_node_fn node,
                        void *ctx);

/** Consistency proof between sizes `old` <= `size` (RFC 6962 2.1.2). Empty when old is 0 or
 * equal. ERR_USAGE. */
enum err tree_consistency(struct tree_proof *proof, uint64_t old, uint64_t size, tree_node_fn node,
                          void *ctx);

/** Verifies an inclusion proof exactly (length too). ERR_ROOT: it does not prove it. */
enum err tree_inclusion_verify(const struct tree_proof *proof, uint64_t index, uint64_t size,
                               const uint8_t leaf_hash[static HASH_LEN],
                               const uint8_t root[static HASH_LEN]);

/** Verifies a consistency proof exactly. ERR_ROOT. Sizes equal: empty proof and equal roots;
 * old = 0: empty proof and the root of the empty tree. */
enum err tree_consistency_verify(const struct tree_proof *proof, uint64_t old, uint64_t size,
                                 const uint8_t old_root[static HASH_LEN],
                                 const uint8_t root[static HASH_LEN]);

#endif
