/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything here rests on one shape: a range of n leaves that starts at a multiple of the
 * smallest power of two >= n splits into perfect subtrees, one for each set bit of n, largest
 * first. Its RFC 6962 hash is those subtrees folded from the right.
 */
#include "proto/tree.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "proto/digest.h"

void tree_leaf_hash(uint8_t out[static HASH_LEN], const uint8_t *entry, size_t len)
{
    static const uint8_t prefix = 0;
    const struct digest_part parts[] = {{&prefix, 1}, {entry, len}};
    digest_sha256(out, parts, 2);
}

void tree_node_hash(uint8_t out[static HASH_LEN], const uint8_t left[static HASH_LEN],
                    const uint8_t right[static HASH_LEN])
{
    static const uint8_t prefix = 1;
    const struct digest_part parts[] = {{&prefix, 1}, {left, HASH_LEN}, {right, HASH_LEN}};
    digest_sha256(out, parts, 3);
}

static unsigned count_bits(uint64_t v)
{
    unsigned n = 0;
    for (; v; v &= v - 1)
        n++;
    return n;
}

/* The largest power of two below n, for n > 1: where RFC 6962 splits a tree. */
static uint64_t split_point(uint64_t n)
{
    assert(n > 1);
    uint64_t k = 1;
    while (k < n - k)
        k *= 2;
    return k;
}

static void complete(struct tree_completed *completed, const uint8_t hash[static HASH_LEN])
{
    if (completed)
        memcpy(completed->nodes[completed->n++], hash, HASH_LEN);
}

void tree_append(struct tree *tree, const uint8_t leaf_hash[static HASH_LEN],
                 struct tree_completed *completed)
{
    assert(tree->size < (uint64_t)1 << 63);
    unsigned n = count_bits(tree->size);
    uint8_t hash[HASH_LEN];
    memcpy(hash, leaf_hash, HASH_LEN);
    if (completed)
        completed->n = 0;
    complete(completed, hash);
    for (uint64_t i = tree->size; i & 1; i >>= 1) {
        tree_node_hash(hash, tree->nodes[--n], hash);
        complete(completed, hash);
    }
    memcpy(tree->nodes[n], hash, HASH_LEN);
    tree->size++;
}

void tree_root(const struct tree *tree, uint8_t out[static HASH_LEN])
{
    unsigned n = count_bits(tree->size);
    if (n == 0) {
        digest_sha256_of(out, "", 0);
        return;
    }
    memcpy(out, tree->nodes[--n], HASH_LEN);
    while (n > 0)
        tree_node_hash(out, tree->nodes[--n], out);
}

/* The perfect subtrees of the range [start, start + n), as a tree of its own. */
static enum err load_range(struct tree *tree, uint64_t start, uint64_t n, tree_node_fn node,
                           void *ctx)
{
    enum err err = ERR_OK;
    unsigned at = 0;
    memset(tree, 0, sizeof *tree);
    for (unsigned level = 64; level-- > 0;) {
        if (!(n >> level & 1))
            continue;
        TRY(node(ctx, level, start >> level, tree->nodes[at++]));
        start += (uint64_t)1 << level;
    }
    tree->size = n;
out:
    return err;
}

static enum err range_hash(uint8_t out[static HASH_LEN], uint64_t start, uint64_t n,
                           tree_node_fn node, void *ctx)
{
    struct tree range;
    enum err err = load_range(&range, start, n, node, ctx);
    if (err == ERR_OK)
        tree_root(&range, out);
    return err;
}

enum err tree_load(struct tree *tree, uint64_t size, tree_node_fn node, void *ctx)
{
    return load_range(tree, 0, size, node, ctx);
}

enum err tree_root_at(uint8_t out[static HASH_LEN], uint64_t size, tree_node_fn node, void *ctx)
{
    return range_hash(out, 0, size, node, ctx);
}

/* Proofs are collected from the root downwards; RFC 6962 lists them the other way round. */
static void reverse(struct tree_proof *proof)
{
    for (unsigned i = 0, j = proof->n; i + 1 < j; i++) {
        uint8_t swap[HASH_LEN];
        j--;
        memcpy(swap, proof->nodes[i], HASH_LEN);
        memcpy(proof->nodes[i], proof->nodes[j], HASH_LEN);
        memcpy(proof->nodes[j], swap, HASH_LEN);
    }
}

enum err tree_inclusion(struct tree_proof *proof, uint64_t index, uint64_t size, tree_node_fn node,
                        void *ctx)
{
    enum err err = ERR_OK;
    proof->n = 0;
    if (index >= size)
        return ERR_USAGE;
    uint64_t start = 0;
    for (uint64_t n = size; n > 1;) {
        uint64_t k = split_point(n);
        uint8_t *next = proof->nodes[proof->n++];
        if (index - start < k) {
            TRY(range_hash(next, start + k, n - k, node, ctx));
            n = k;
        } else {
            TRY(range_hash(next, start, k, node, ctx));
            start += k;
            n -= k;
        }
    }
    reverse(proof);
out:
    if (err != ERR_OK)
        proof->n = 0;
    return err;
}

enum err tree_consistency(struct tree_proof *proof, uint64_t old, uint64_t size, tree_node_fn node,
                          void *ctx)
{
    enum err err = ERR_OK;
    proof->n = 0;
    if (old > size)
        return ERR_USAGE;
    if (old == 0 || old == size)
        return ERR_OK;
    /* SUBPROOF of RFC 6962 2.1.2: `m` of the `n` leaves from `start` are old. */
    uint64_t start = 0;
    uint64_t m = old;
    uint64_t n = size;
    while (m != n) {
        uint64_t k = split_point(n);
        uint8_t *next = proof->nodes[proof->n++];
        if (m <= k) {
            TRY(range_hash(next, start + k, n - k, node, ctx));
            n = k;
        } else {
            TRY(range_hash(next, start, k, node, ctx));
            start += k;
            m -= k;
            n -= k;
        }
    }
    /* The old tree itself, if it is a subtree of the new one, is known to the verifier. */
    if (start > 0)
        TRY(range_hash(proof->nodes[proof->n++], start, n, node, ctx));
    reverse(proof);
out:
    if (err != ERR_OK)
        proof->n = 0;
    return err;
}

enum err tree_inclusion_verify(const struct tree_proof *proof, uint64_t index, uint64_t size,
                               const uint8_t leaf_hash[static HASH_LEN],
                               const uint8_t root[static HASH_LEN])
{
    if (index >= size || proof->n > PROOF_MAX)
        return ERR_ROOT;
    uint8_t hash[HASH_LEN];
    memcpy(hash, leaf_hash, HASH_LEN);
    /* RFC 9162 2.1.3.2: `at` and `last` are positions of our node and of the last one. */
    uint64_t at = index;
    uint64_t last = size - 1;
    for (unsigned i = 0; i < proof->n; i++) {
        if (last == 0)
            return ERR_ROOT;
        if ((at & 1) || at == last) {
            tree_node_hash(hash, proof->nodes[i], hash);
            /* A last node without a sibling was carried up unhashed; it is not the first one, for `last` is not. */
            while (!(at & 1)) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            tree_node_hash(hash, hash, proof->nodes[i]);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && digest_equal(hash, root, HASH_LEN) ? ERR_OK : ERR_ROOT;
}

/* The two cases in which a proof has nothing to say. */
static enum err verify_trivial(const struct tree_proof *proof, uint64_t old,
                               const uint8_t old_root[static HASH_LEN],
                               const uint8_t root[static HASH_LEN])
{
    uint8_t empty[HASH_LEN];
    digest_sha256_of(empty, "", 0);
    const uint8_t *expected = old == 0 ? empty : root;
    bool good = proof->n == 0 && digest_equal(old_root, expected, HASH_LEN);
    return good ? ERR_OK : ERR_ROOT;
}

enum err tree_consistency_verify(const struct tree_proof *proof, uint64_t old, uint64_t size,
                                 const uint8_t old_root[static HASH_LEN],
                                 const uint8_t root[static HASH_LEN])
{
    if (old > size || proof->n > PROOF_MAX)
        return ERR_ROOT;
    if (old == size && !digest_equal(old_root, root, HASH_LEN))
        return ERR_ROOT;
    if (old == 0 || old == size)
        return verify_trivial(proof, old, old_root, root);

    /* RFC 9162 2.1.4.2. An old size that is a power of two begins with its own root. */
    uint64_t at = old - 1;
    uint64_t last = size - 1;
    while (at & 1) {
        at >>= 1;
        last >>= 1;
    }
    unsigned i = 0;
    uint8_t old_hash[HASH_LEN];
    uint8_t new_hash[HASH_LEN];
    if (at == 0) {
        memcpy(old_hash, old_root, HASH_LEN);
    } else {
        if (proof->n == 0)
            return ERR_ROOT;
        memcpy(old_hash, proof->nodes[i++], HASH_LEN);
    }
    memcpy(new_hash, old_hash, HASH_LEN);
    for (; i < proof->n; i++) {
        const uint8_t *next = proof->nodes[i];
        if (last == 0)
            return ERR_ROOT;
        if ((at & 1) || at == last) {
            tree_node_hash(old_hash, next, old_hash);
            tree_node_hash(new_hash, next, new_hash);
            while (!(at & 1)) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            tree_node_hash(new_hash, new_hash, next);
        }
        at >>= 1;
        last >>= 1;
    }
    bool good = last == 0 && digest_equal(old_hash, old_root, HASH_LEN) &&
                digest_equal(new_hash, root, HASH_LEN);
    return good ? ERR_OK : ERR_ROOT;
}
