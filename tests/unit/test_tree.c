/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: roots and proofs are those of RFC 6962, for every size up to 300 and every index, against a
 * second implementation that follows the text of the RFC word by word; nothing else verifies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "proto/tree.h"

enum { SIZE_MAX_TESTED = 300 };

/* --- the naive tree: MTH, PATH and PROOF of RFC 6962 2.1, remembered per range --- */

static uint8_t leaves[SIZE_MAX_TESTED][HASH_LEN];
static uint8_t known[SIZE_MAX_TESTED][SIZE_MAX_TESTED + 1][HASH_LEN];
static bool is_known[SIZE_MAX_TESTED][SIZE_MAX_TESTED + 1];

static size_t split(size_t n)
{
    size_t k = 1;
    while (2 * k < n)
        k *= 2;
    return k;
}

static const uint8_t *naive_hash(size_t start, size_t n)
{
    uint8_t *hash = known[start][n];
    if (is_known[start][n])
        return hash;
    if (n == 0) {
        digest_sha256_of(hash, "", 0);
    } else if (n == 1) {
        memcpy(hash, leaves[start], HASH_LEN);
    } else {
        uint8_t joined[1 + 2 * HASH_LEN] = {1};
        memcpy(joined + 1, naive_hash(start, split(n)), HASH_LEN);
        memcpy(joined + 1 + HASH_LEN, naive_hash(start + split(n), n - split(n)), HASH_LEN);
        digest_sha256_of(hash, joined, sizeof joined);
    }
    is_known[start][n] = true;
    return hash;
}

static void push(struct tree_proof *proof, const uint8_t *hash)
{
    memcpy(proof->nodes[proof->n++], hash, HASH_LEN);
}

static void naive_path(struct tree_proof *proof, size_t m, size_t start, size_t n)
{
    if (n == 1)
        return;
    size_t k = split(n);
    if (m < k) {
        naive_path(proof, m, start, k);
        push(proof, naive_hash(start + k, n - k));
    } else {
        naive_path(proof, m - k, start + k, n - k);
        push(proof, naive_hash(start, k));
    }
}

static void naive_subproof(struct tree_proof *proof, size_t m, size_t start, size_t n, bool whole)
{
    if (m == n) {
        if (!whole)
            push(proof, naive_hash(start, n));
        return;
    }
    size_t k = split(n);
    if (m <= k) {
        naive_subproof(proof, m, start, k, whole);
        push(proof, naive_hash(start + k, n - k));
    } else {
        naive_subproof(proof, m - k, start + k, n - k, false);
        push(proof, naive_hash(start, k));
    }
}

/* --- ours, over a store of completed nodes as tree.h describes it --- */

static struct tree_completed store[SIZE_MAX_TESTED];

static enum err look_up(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    uint64_t entry = ((index + 1) << level) - 1;
    size_t *calls = ctx;
    if (calls)
        ++*calls;
    assert_true(entry < SIZE_MAX_TESTED && level < store[entry].n);
    memcpy(out, store[entry].nodes[level], HASH_LEN);
    return ERR_OK;
}

static int set_up(void **state)
{
    struct tree tree = {0};
    (void)state;
    if (digest_init() != ERR_OK)
        return -1;
    for (unsigned i = 0; i < SIZE_MAX_TESTED; i++) {
        uint8_t entry[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        tree_leaf_hash(leaves[i], entry, sizeof entry);
        tree_append(&tree, leaves[i], &store[i]);
    }
    return 0;
}

static void check_ok(enum err err)
{
    assert_string_equal(err_name(err), err_name(ERR_OK));
}

static void check_equal(const struct tree_proof *a, const struct tree_proof *b)
{
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->nodes, b->nodes, a->n * sizeof a->nodes[0]);
}

/* --- tests --- */

/* The eight leaves that every RFC 6962 implementation publishes its roots for. */
static void test_known_roots(void **state)
{
    static const char *const entries[] = {"",
                                          "00",
                                          "10",
                                          "2021",
                                          "3031",
                                          "40414243",
                                          "5051525354555657",
                                          "606162636465666768696a6b6c6d6e6f"};
    static const char *const roots[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    struct tree tree = {0};
    (void)state;
    for (size_t i = 0; i <= 8; i++) {
        uint8_t root[HASH_LEN];
        uint8_t expected[HASH_LEN];
        tree_root(&tree, root);
        check_ok(code_unhex(expected, HASH_LEN, roots[i], 64));
        assert_memory_equal(root, expected, HASH_LEN);
        if (i == 8)
            break;
        uint8_t entry[16];
        uint8_t hash[HASH_LEN];
        size_t len = strlen(entries[i]) / 2;
        check_ok(code_unhex(entry, len, entries[i], 2 * len));
        tree_leaf_hash(hash, entry, len);
        tree_append(&tree, hash, NULL);
    }
}

static void test_roots(void **state)
{
    struct tree tree = {0};
    (void)state;
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        uint8_t root[HASH_LEN];
        struct tree loaded;
        size_t calls = 0;
        tree_root(&tree, root);
        assert_memory_equal(root, naive_hash(0, size), HASH_LEN);
        check_ok(tree_root_at(root, size, look_up, &calls));
        assert_memory_equal(root, naive_hash(0, size), HASH_LEN);
        assert_true(calls <= 9);

        check_ok(tree_load(&loaded, size, look_up, NULL));
        assert_int_equal(loaded.size, size);
        if (size == SIZE_MAX_TESTED)
            break;
        /* A loaded range goes on exactly as the one that grew. */
        struct tree_completed a;
        struct tree_completed b;
        tree_append(&tree, leaves[size], &a);
        tree_append(&loaded, leaves[size], &b);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.nodes, b.nodes, a.n * sizeof a.nodes[0]);
        tree_root(&loaded, root);
        assert_memory_equal(root, naive_hash(0, size + 1), HASH_LEN);
    }
}

static void test_inclusion(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        const uint8_t *root = naive_hash(0, size);
        for (size_t i = 0; i < size; i++) {
            struct tree_proof expected = {.n = 0};
            struct tree_proof proof;
            naive_path(&expected, i, 0, size);
            check_ok(tree_inclusion(&proof, i, size, look_up, NULL));
            check_equal(&proof, &expected);
            check_ok(tree_inclusion_verify(&proof, i, size, leaves[i], root));
            size_t other = (i * 7 + 1) % size;
            if (other != i && size % 4 == 0)
                assert_int_equal(tree_inclusion_verify(&proof, other, size, leaves[i], root),
                                 ERR_ROOT);
        }
    }
}

static void test_consistency(void **state)
{
    (void)state;
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        const uint8_t *root = naive_hash(0, size);
        for (size_t old = 0; old <= size; old++) {
            const uint8_t *old_root = naive_hash(0, old);
            struct tree_proof expected = {.n = 0};
            struct tree_proof proof;
            if (old > 0)
                naive_subproof(&expected, old, 0, size, true);
            check_ok(tree_consistency(&proof, old, size, look_up, NULL));
            check_equal(&proof, &expected);
            check_ok(tree_consistency_verify(&proof, old, size, old_root, root));
            if (old == 0 || old == size || size % 4 != 0)
                continue;
            assert_int_equal(tree_consistency_verify(&proof, old, size, root, old_root), ERR_ROOT);
            assert_int_equal(
                tree_consistency_verify(&proof, old - 1, size, naive_hash(0, old - 1), root),
                ERR_ROOT);
        }
    }
}

/* Every single bit of proof and hashes, and every other length. */
static void flip_inclusion(size_t i, size_t size)
{
    struct tree_proof proof;
    uint8_t leaf[HASH_LEN];
    uint8_t root[HASH_LEN];
    check_ok(tree_inclusion(&proof, i, size, look_up, NULL));
    memcpy(leaf, leaves[i], HASH_LEN);
    memcpy(root, naive_hash(0, size), HASH_LEN);
    uint8_t *const runs[] = {leaf, root, proof.nodes[0]};
    const size_t lens[] = {HASH_LEN, HASH_LEN, proof.n * sizeof proof.nodes[0]};
    for (size_t run = 0; run < 3; run++) {
        for (size_t bit = 0; bit < 8 * lens[run]; bit++) {
            runs[run][bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(tree_inclusion_verify(&proof, i, size, leaf, root), ERR_ROOT);
            runs[run][bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    unsigned n = proof.n;
    for (proof.n = 0; proof.n <= PROOF_MAX; proof.n++) {
        enum err err = tree_inclusion_verify(&proof, i, size, leaf, root);
        assert_int_equal(err, proof.n == n ? ERR_OK : ERR_ROOT);
    }
}

static void flip_consistency(size_t old, size_t size)
{
    struct tree_proof proof;
    uint8_t old_root[HASH_LEN];
    uint8_t root[HASH_LEN];
    check_ok(tree_consistency(&proof, old, size, look_up, NULL));
    memcpy(old_root, naive_hash(0, old), HASH_LEN);
    memcpy(root, naive_hash(0, size), HASH_LEN);
    uint8_t *const runs[] = {old_root, root, proof.nodes[0]};
    const size_t lens[] = {HASH_LEN, HASH_LEN, proof.n * sizeof proof.nodes[0]};
    for (size_t run = 0; run < 3; run++) {
        for (size_t bit = 0; bit < 8 * lens[run]; bit++) {
            /* From the empty tree every history is consistent. */
            if (old == 0 && run == 1)
                break;
            runs[run][bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(tree_consistency_verify(&proof, old, size, old_root, root), ERR_ROOT);
            runs[run][bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    unsigned n = proof.n;
    for (proof.n = 0; proof.n <= PROOF_MAX; proof.n++) {
        enum err err = tree_consistency_verify(&proof, old, size, old_root, root);
        assert_int_equal(err, proof.n == n ? ERR_OK : ERR_ROOT);
    }
}

static void test_flips(void **state)
{
    static const size_t larger[] = {31, 33, 256, 300};
    (void)state;
    for (size_t size = 1; size <= 10; size++) {
        for (size_t i = 0; i < size; i++) {
            flip_inclusion(i, size);
            flip_consistency(i, size);
        }
        flip_consistency(size, size);
    }
    for (size_t s = 0; s < sizeof larger / sizeof *larger; s++) {
        size_t size = larger[s];
        flip_inclusion(size / 3, size);
        flip_inclusion(size - 1, size);
        flip_consistency(size / 3, size);
        flip_consistency(size - 1, size);
    }
}

/* A tree whose leaves are all alike: node (level, any index) is computed, so sizes may be huge. */
static uint8_t uniform[64][HASH_LEN];

static enum err uniform_node(void *ctx, unsigned level, uint64_t index,
                             uint8_t out[static HASH_LEN])
{
    (void)ctx;
    (void)index;
    memcpy(out, uniform[level], HASH_LEN);
    return ERR_OK;
}

static void test_huge(void **state)
{
    static const uint64_t sizes[] = {(1ull << 40) + 12345, (1ull << 62) + 1, (1ull << 63) - 1};
    (void)state;
    tree_leaf_hash(uniform[0], (const uint8_t *)"x", 1);
    for (unsigned level = 1; level < 64; level++)
        tree_node_hash(uniform[level], uniform[level - 1], uniform[level - 1]);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        uint64_t size = sizes[s];
        const uint64_t at[] = {0, 1, size / 2, size / 3, size - 2, size - 1};
        uint8_t root[HASH_LEN];
        uint8_t old_root[HASH_LEN];
        struct tree_proof proof;
        check_ok(tree_root_at(root, size, uniform_node, NULL));
        for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
            check_ok(tree_inclusion(&proof, at[i], size, uniform_node, NULL));
            check_ok(tree_inclusion_verify(&proof, at[i], size, uniform[0], root));
            check_ok(tree_consistency(&proof, at[i], size, uniform_node, NULL));
            check_ok(tree_root_at(old_root, at[i], uniform_node, NULL));
            check_ok(tree_consistency_verify(&proof, at[i], size, old_root, root));
        }
        /* The longest append: one that completes a subtree of each level. */
        struct tree tree;
        struct tree_completed completed;
        check_ok(tree_load(&tree, size - 1, uniform_node, NULL));
        tree_append(&tree, uniform[0], &completed);
        tree_root(&tree, old_root);
        assert_memory_equal(root, old_root, HASH_LEN);
    }
}

static enum err failing_node(void *ctx, unsigned level, uint64_t index,
                             uint8_t out[static HASH_LEN])
{
    int *left = ctx;
    if ((*left)-- == 0)
        return ERR_IO;
    return look_up(NULL, level, index, out);
}

static void test_errors(void **state)
{
    struct tree_proof proof;
    struct tree tree;
    uint8_t root[HASH_LEN];
    (void)state;
    assert_int_equal(tree_inclusion(&proof, 5, 5, look_up, NULL), ERR_USAGE);
    assert_int_equal(tree_inclusion(&proof, 0, 0, look_up, NULL), ERR_USAGE);
    assert_int_equal(tree_consistency(&proof, 6, 5, look_up, NULL), ERR_USAGE);
    proof.n = 0;
    assert_int_equal(tree_inclusion_verify(&proof, 0, 0, leaves[0], leaves[0]), ERR_ROOT);
    assert_int_equal(tree_consistency_verify(&proof, 6, 5, leaves[0], leaves[0]), ERR_ROOT);
    /* A look-up may fail at any point; nothing half made is left. */
    static const uint64_t at[] = {0, 100, 255, 256, 299};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        int left = 1000;
        check_ok(tree_inclusion(&proof, at[i], 300, failing_node, &left));
        for (int good = 1000 - left; good-- > 0;) {
            left = good;
            assert_int_equal(tree_inclusion(&proof, at[i], 300, failing_node, &left), ERR_IO);
            assert_int_equal(proof.n, 0);
        }
        left = 1000;
        check_ok(tree_consistency(&proof, at[i], 300, failing_node, &left));
        for (int good = 1000 - left; good-- > 0;) {
            left = good;
            assert_int_equal(tree_consistency(&proof, at[i], 300, failing_node, &left), ERR_IO);
            assert_int_equal(proof.n, 0);
        }
    }
    proof.n = PROOF_MAX + 1; /* longer than any tree is deep */
    assert_int_equal(tree_inclusion_verify(&proof, 0, 5, leaves[0], leaves[0]), ERR_ROOT);
    assert_int_equal(tree_consistency_verify(&proof, 4, 5, leaves[0], leaves[0]), ERR_ROOT);
    for (int good = 0; good < 3; good++) {
        int left = good;
        assert_int_equal(tree_load(&tree, 300, failing_node, &left), ERR_IO);
        left = good;
        assert_int_equal(tree_root_at(root, 300, failing_node, &left), ERR_IO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_roots), cmocka_unit_test(test_roots),
        cmocka_unit_test(test_inclusion),   cmocka_unit_test(test_consistency),
        cmocka_unit_test(test_flips),       cmocka_unit_test(test_huge),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
