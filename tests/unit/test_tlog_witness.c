/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a witness cosigns what continues what it saw and nothing else, whatever the request says; requests and answers are
 * read as strictly as they are written; the newest cosigned notes survive a restart.
 */
#include <stdlib.h>
#include <unistd.h>

#include "proto/sign.h"
#include "server/store_cosigs.h"
#include "server/tlog_witness.h"
#include "tests/unit/proto_test.h"

enum { LEAVES = 20 };

struct nodes {
    uint8_t at[8][LEAVES][HASH_LEN];
};

static enum err node_of(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    const struct nodes *nodes = ctx;
    memcpy(out, nodes->at[level][index], HASH_LEN);
    return ERR_OK;
}

/* A log of LEAVES entries, its key, and requests from any size to any other. */
struct scene {
    struct nodes nodes;
    uint8_t roots[LEAVES + 1][HASH_LEN];
    uint8_t log_pk[PK_LEN], log_sk[SK_LEN];
};

static const char origin[] = "log.example/aaaaaaaaaaaaaaaaaaaaaaaaaa";

static void build(struct scene *scene)
{
    struct tree tree = {0};
    struct tree_completed completed;
    size_t n[8] = {0};
    uint8_t seed[SEED_LEN] = {7};
    sign_keypair(scene->log_pk, scene->log_sk, seed);
    for (uint8_t i = 0; i < LEAVES; i++) {
        uint8_t hash[HASH_LEN] = {i};
        tree_append(&tree, hash, &completed);
        for (unsigned k = 0; k < completed.n; k++)
            memcpy(scene->nodes.at[k][n[k]++], completed.nodes[k], HASH_LEN);
        tree_root(&tree, scene->roots[i + 1]);
    }
}

static struct note note_at(const struct scene *scene, uint64_t size)
{
    struct note note = {.size = size};
    memcpy(note.root, scene->roots[size], HASH_LEN);
    note_sign(&note, origin, scene->log_sk);
    return note;
}

static int ask(struct scene *scene, struct tlog_witness_state *state, uint64_t old, uint64_t size,
               unsigned spoil)
{
    struct buf text = {.max = TLOG_WITNESS_MAX};
    struct tree_proof proof = {0};
    struct tlog_witness_ask read;
    struct note note = note_at(scene, size), got;
    if (old > 0 && old < size)
        assert_int_equal(tree_consistency(&proof, old, size, node_of, &scene->nodes), ERR_OK);
    if (spoil && proof.n > 0)
        proof.nodes[0][0] ^= 1;
    tlog_witness_ask(&text, old, &proof, &note, origin, scene->log_pk);
    assert_int_equal(text.err, ERR_OK);
    assert_int_equal(tlog_witness_read(&read, (const char *)text.bytes, text.len), ERR_OK);
    assert_string_equal(read.origin, origin);
    assert_int_equal(note_parse(&got, read.note, read.note_len, origin, scene->log_pk), ERR_OK);
    int status = tlog_witness_judge(state, &read, &got);
    buf_free(&text);
    return status;
}

static void test_judgement(void **unused)
{
    (void)unused;
    struct scene *scene = calloc(1, sizeof *scene);
    struct tlog_witness_state state = {0};
    assert_non_null(scene);
    build(scene);
    for (uint64_t old = 0; old <= LEAVES; old++) {
        for (uint64_t size = old > 0 ? old : 1; size <= LEAVES; size++) {
            struct tlog_witness_state at = {.size = old}, before = at;
            if (old > 0)
                memcpy(at.root, scene->roots[old], HASH_LEN);
            before = at;
            if (old > 0 && old < size) {
                assert_int_equal(ask(scene, &at, old, size, 1), 422);
                assert_memory_equal(&at, &before, sizeof at);
            }
            assert_int_equal(ask(scene, &at, old, size, 0), 200);
            assert_int_equal(at.size, size);
            assert_memory_equal(at.root, scene->roots[size], HASH_LEN);
        }
    }
    assert_int_equal(ask(scene, &state, 0, 9, 0), 200);
    assert_int_equal(ask(scene, &state, 0, 12, 0), 409);
    assert_int_equal(ask(scene, &state, 9, 4, 0), 400);
    assert_int_equal(ask(scene, &state, 5, 12, 0), 409);
    /* The same size with another root. */
    state.root[0] ^= 1;
    assert_int_equal(ask(scene, &state, 9, 9, 0), 409);
    assert_int_equal(state.size, 9);
    free(scene);
}

static void test_reading(void **unused)
{
    (void)unused;
    static const char *const bad[] = {
        "",
        "old\n\nx\n",
        "old 01\n\nx\n",
        "old -1\n\nx\n",
        "old 99999999999999999999\n\nx\n",
        "old 1\nnot base64!\n\nx\n",
        "old 1\nAAAA\n\nx\n",
        "new 1\n\nx\n",
        "old 1\n\n",
    };
    struct tlog_witness_ask read;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(tlog_witness_read(&read, bad[i], strlen(bad[i])), ERR_FORMAT);
}

static void test_answer(void **unused)
{
    (void)unused;
    struct scene *scene = calloc(1, sizeof *scene);
    struct buf line = {.max = 4096};
    uint8_t pk[PK_LEN], sk[SK_LEN], seed[SEED_LEN] = {9}, cosig[NOTE_COSIG_LEN],
                                    got[NOTE_COSIG_LEN];
    assert_non_null(scene);
    build(scene);
    struct note note = note_at(scene, 7), other = note_at(scene, 8);
    sign_keypair(pk, sk, seed);
    note_cosign(cosig, &note, origin, "w.example", sk, pk, 1700000000);
    tlog_witness_line(&line, "w.example", cosig);
    const char *text = (const char *)line.bytes;
    assert_int_equal(tlog_witness_take(got, text, line.len, &note, origin, "w.example", pk),
                     ERR_OK);
    assert_memory_equal(got, cosig, sizeof got);
    assert_int_equal(tlog_witness_take(got, text, line.len, &other, origin, "w.example", pk),
                     ERR_SIGNATURE);
    assert_int_equal(tlog_witness_take(got, text, line.len, &note, origin, "v.example", pk),
                     ERR_NOT_FOUND);
    buf_free(&line);
    free(scene);
}

static void test_kept(void **unused)
{
    (void)unused;
    char folder[] = "/tmp/test-cosigs-XXXXXX", path[64];
    struct store_cosigs *cosigs = NULL;
    struct note note = {.size = 5, .n_cosigs = 1}, got[4];
    const uint8_t space[ID_LEN] = {1}, another[ID_LEN] = {2};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(store_cosigs_open(&cosigs, folder), ERR_OK);
    note.cosigs[0][0] = 1;
    assert_int_equal(store_cosigs_put(cosigs, space, &note), ERR_OK);
    note.cosigs[0][0] = 2;
    assert_int_equal(store_cosigs_put(cosigs, space, &note), ERR_OK);
    note.size = 6;
    assert_int_equal(store_cosigs_put(cosigs, space, &note), ERR_OK);
    assert_int_equal(store_cosigs_save(cosigs), ERR_OK);
    store_cosigs_close(cosigs);
    assert_int_equal(store_cosigs_open(&cosigs, folder), ERR_OK);
    assert_int_equal(store_cosigs_get(cosigs, space, got, 4), 2);
    assert_int_equal(got[0].size, 5);
    assert_int_equal(got[1].size, 6);
    assert_int_equal(got[1].cosigs[0][0], 2);
    assert_int_equal(store_cosigs_get(cosigs, another, got, 4), 0);
    assert_int_equal(store_cosigs_get(NULL, space, got, 4), 0);
    store_cosigs_close(cosigs);
    snprintf(path, sizeof path, "%s/cosigs", folder);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judgement),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
