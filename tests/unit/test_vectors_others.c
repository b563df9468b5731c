/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: cases that other people published come out as they say: Wycheproof for the primitives, the
 * edge cases of CCTV for Ed25519, transparency-dev for proofs. They go through our functions where
 * those reach the primitive, otherwise through libsodium as we link it.
 *
 * The folder is PASSERELLE_VECTORS, or ../shared/vectors beside the tree; without it: skipped.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>
#include <sqlite3.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "proto/sign.h"
#include "proto/tree.h"

static char folder[2000];
static sqlite3 *db;

/* --- JSON by SQLite --- */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot read %s", path);
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    char *text = malloc((size_t)len + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)len, file), len);
    text[len] = '\0';
    fclose(file);
    return text;
}

/* Rows of `sql` over the document ?1. */
static sqlite3_stmt *query(const char *sql, const char *json)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_bind_text(st, 1, json, -1, SQLITE_TRANSIENT);
    return st;
}

static sqlite3_stmt *query_file(const char *sql, const char *name)
{
    char path[sizeof folder + 100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *json = read_file(path);
    sqlite3_stmt *st = query(sql, json);
    free(json);
    return st;
}

static bool next(sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        fail_msg("%s", sqlite3_errmsg(db));
    return rc == SQLITE_ROW;
}

static const char *text_of(sqlite3_stmt *st, int column)
{
    const char *text = (const char *)sqlite3_column_text(st, column);
    return text ? text : "";
}

static bool is(sqlite3_stmt *st, int column, const char *word)
{
    return strcmp(text_of(st, column), word) == 0;
}

struct bytes {
    uint8_t at[4096];
    size_t len;
};

static struct bytes hex_of(sqlite3_stmt *st, int column)
{
    struct bytes b;
    const char *text = text_of(st, column);
    b.len = strlen(text) / 2;
    assert_true(b.len <= sizeof b.at);
    assert_int_equal(code_unhex(b.at, b.len, text, strlen(text)), ERR_OK);
    return b;
}

/* --- Wycheproof --- */

static const char wycheproof[] =
    "SELECT t.value->>'tcId', t.value->>'result', t.value->>'flags', t.value->>'%s', "
    "t.value->>'%s', t.value->>'%s', t.value->>'%s', t.value->>'%s', t.value->>'%s', "
    "g.value->>'$.publicKey.pk' "
    "FROM json_each(?1, '$.testGroups') g, json_each(g.value, '$.tests') t";
enum { ID, RESULT, FLAGS, A, B, C, D, E, F, GROUP_KEY };

static sqlite3_stmt *open_wycheproof(const char *name, const char *const fields[6])
{
    char sql[sizeof wycheproof + 200];
    snprintf(sql, sizeof sql, wycheproof, fields[0], fields[1], fields[2], fields[3], fields[4],
             fields[5]);
    return query_file(sql, name);
}

static void test_ed25519(void **state)
{
    static const char *const fields[] = {"msg", "sig", "sig", "sig", "sig", "sig"};
    sqlite3_stmt *st = open_wycheproof("wycheproof/ed25519.json", fields);
    size_t valid = 0;
    size_t invalid = 0;
    (void)state;
    while (next(st)) {
        struct bytes msg = hex_of(st, A);
        struct bytes sig = hex_of(st, B);
        struct bytes pk = hex_of(st, GROUP_KEY);
        assert_int_equal(pk.len, PK_LEN);
        /* Of another length it is no signature: our type has 64 bytes. */
        bool good =
            sig.len == SIG_LEN && sign_plain_verify(sig.at, pk.at, msg.at, msg.len) == ERR_OK;
        if (good != is(st, RESULT, "valid"))
            fail_msg("ed25519 case %s", text_of(st, ID));
        good ? valid++ : invalid++;
    }
    sqlite3_finalize(st);
    assert_int_equal(valid, 88);
    assert_int_equal(invalid, 63);
}

/* We only seal and open with them; keys of low order must be refused, all others agree. */
static void test_x25519(void **state)
{
    static const char *const fields[] = {"public", "private", "shared", "msg", "msg", "msg"};
    sqlite3_stmt *st = open_wycheproof("wycheproof/x25519.json", fields);
    size_t n = 0;
    size_t refused = 0;
    (void)state;
    while (next(st)) {
        struct bytes pk = hex_of(st, A);
        struct bytes sk = hex_of(st, B);
        struct bytes shared = hex_of(st, C);
        uint8_t out[crypto_scalarmult_BYTES];
        bool is_low = strstr(text_of(st, FLAGS), "\"ZeroSharedSecret\"") != NULL;
        bool good = crypto_scalarmult(out, sk.at, pk.at) == 0;
        if (good == is_low || (good && memcmp(out, shared.at, sizeof out) != 0))
            fail_msg("x25519 case %s", text_of(st, ID));
        n++;
        refused += !good;
    }
    sqlite3_finalize(st);
    assert_int_equal(n, 518);
    assert_true(refused >= 30);
}

static void test_xchacha(void **state)
{
    static const char *const fields[] = {"key", "iv", "aad", "msg", "ct", "tag"};
    sqlite3_stmt *st = open_wycheproof("wycheproof/xchacha20_poly1305.json", fields);
    size_t valid = 0;
    size_t altered = 0;
    size_t other_nonces = 0;
    (void)state;
    while (next(st)) {
        struct bytes key = hex_of(st, A);
        struct bytes nonce = hex_of(st, B);
        struct bytes ad = hex_of(st, C);
        struct bytes msg = hex_of(st, D);
        struct bytes ct = hex_of(st, E);
        struct bytes tag = hex_of(st, F);
        uint8_t out[sizeof msg.at + TAG_LEN];
        if (nonce.len != NONCE_LEN) {
            assert_true(is(st, RESULT, "invalid"));
            other_nonces++;
            continue;
        }
        memcpy(ct.at + ct.len, tag.at, TAG_LEN);
        bool good =
            crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, ct.at, ct.len + TAG_LEN,
                                                       ad.at, ad.len, nonce.at, key.at) == 0;
        if (good != is(st, RESULT, "valid") || (good && memcmp(out, msg.at, msg.len) != 0))
            fail_msg("xchacha20-poly1305 case %s", text_of(st, ID));
        if (!good) {
            altered++;
            continue;
        }
        crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, msg.at, msg.len, ad.at, ad.len, NULL,
                                                   nonce.at, key.at);
        assert_memory_equal(out, ct.at, msg.len + TAG_LEN);
        valid++;
    }
    sqlite3_finalize(st);
    assert_int_equal(valid, 246);
    assert_int_equal(altered, 60);
    assert_int_equal(other_nonces, 9);
}

/* --- CCTV --- */

/* Which of the edge cases are signatures is part of the protocol: two clients that disagree about
 * one of them disagree about history. These are, and no others. */
static const int accepted[] = {7,   29,  50,  117, 139, 161, 182, 249, 305, 411, 425,
                               438, 465, 473, 481, 489, 497, 511, 525, 538, 565, 573,
                               581, 589, 597, 611, 625, 638, 665, 673, 681, 689, 697,
                               711, 725, 738, 765, 773, 781, 789, 797, 832, 899};
enum { ACCEPTED = sizeof accepted / sizeof *accepted, CCTV_CASES = 914 };

static void test_cctv(void **state)
{
    sqlite3_stmt *st = query_file("SELECT value->>'number', value->>'key', value->>'sig', "
                                  "value->>'msg' FROM json_each(?1)",
                                  "cctv/ed25519.json");
    int n = 0;
    size_t found = 0;
    (void)state;
    assert_int_equal(ACCEPTED, 43);
    for (; next(st); n++) {
        assert_int_equal(sqlite3_column_int(st, 0), n);
        struct bytes pk = hex_of(st, 1);
        struct bytes sig = hex_of(st, 2);
        const char *msg = text_of(st, 3);
        assert_true(pk.len == PK_LEN && sig.len == SIG_LEN);
        bool good = sign_plain_verify(sig.at, pk.at, msg, strlen(msg)) == ERR_OK;
        bool expected = found < ACCEPTED && accepted[found] == n;
        if (good != expected)
            fail_msg("CCTV case %d is %s", n, good ? "accepted" : "refused");
        found += good;
    }
    sqlite3_finalize(st);
    assert_int_equal(n, CCTV_CASES);
    assert_int_equal(found, ACCEPTED);
}

/* --- proofs --- */

struct tally {
    size_t right;
    size_t wrong;
    size_t no_hash; /* refused already for its length: our types cannot hold it */
};

static bool get_hash(uint8_t out[static HASH_LEN], const char *text)
{
    size_t len = 0;
    return code_unbase64(out, HASH_LEN, &len, text, strlen(text)) == ERR_OK && len == HASH_LEN;
}

/* A few cases compare roots that are no hashes. Where they are only compared, any hash will do. */
static void get_stand_in(uint8_t out[static HASH_LEN], const char *text)
{
    digest_sha256_of(out, text, strlen(text));
}

static bool get_proof(struct tree_proof *proof, const char *json)
{
    bool good = true;
    sqlite3_stmt *st =
        query("SELECT value FROM json_each(?1, '$.proof') WHERE type = 'text'", json);
    proof->n = 0;
    while (next(st))
        good = good && proof->n < PROOF_MAX && get_hash(proof->nodes[proof->n++], text_of(st, 0));
    sqlite3_finalize(st);
    return good;
}

static void check_proof(const char *path, bool is_inclusion, struct tally *tally)
{
    /* The operator -> keeps numbers as they are written; beyond 2^63 SQLite would round them. */
    static const char inclusion[] = "SELECT ?1->'leafIdx', ?1->'treeSize', ?1->>'leafHash', "
                                    "?1->>'root', ?1->>'wantErr', ?1->>'desc'";
    static const char consistency[] = "SELECT ?1->'size1', ?1->'size2', ?1->>'root1', "
                                      "?1->>'root2', ?1->>'wantErr', ?1->>'desc'";
    char *json = read_file(path);
    sqlite3_stmt *st = query(is_inclusion ? inclusion : consistency, json);
    struct tree_proof proof;
    uint8_t first[HASH_LEN];
    uint8_t second[HASH_LEN];
    assert_true(next(st));
    uint64_t a = strtoull(text_of(st, 0), NULL, 10);
    uint64_t b = strtoull(text_of(st, 1), NULL, 10);
    bool wanted = sqlite3_column_int(st, 4) == 0;
    bool good = get_proof(&proof, json);
    if (!is_inclusion && a == b) {
        get_stand_in(first, text_of(st, 2));
        get_stand_in(second, text_of(st, 3));
    } else {
        good = good && get_hash(first, text_of(st, 2)) && get_hash(second, text_of(st, 3));
    }
    if (!good)
        tally->no_hash++;
    else if (is_inclusion)
        good = tree_inclusion_verify(&proof, a, b, first, second) == ERR_OK;
    else
        good = tree_consistency_verify(&proof, a, b, first, second) == ERR_OK;
    if (good != wanted)
        fail_msg("%s: %s", path, text_of(st, 5));
    good ? tally->right++ : tally->wrong++;
    sqlite3_finalize(st);
    free(json);
}

static void check_folder(const char *path, bool is_inclusion, struct tally *tally)
{
    DIR *dir = opendir(path);
    if (!dir)
        fail_msg("cannot read %s", path);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char name[sizeof folder + 600];
        size_t len = strlen(entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0)
            check_proof(name, is_inclusion, tally);
        else
            check_folder(name, is_inclusion, tally);
    }
    closedir(dir);
}

static void test_proofs(void **state)
{
    char path[sizeof folder + 100];
    struct tally inclusion = {0};
    struct tally consistency = {0};
    (void)state;
    snprintf(path, sizeof path, "%s/merkle/inclusion", folder);
    check_folder(path, true, &inclusion);
    snprintf(path, sizeof path, "%s/merkle/consistency", folder);
    check_folder(path, false, &consistency);
    printf("inclusion: %zu right, %zu wrong (%zu by length); consistency: %zu, %zu (%zu)\n",
           inclusion.right, inclusion.wrong, inclusion.no_hash, consistency.right,
           consistency.wrong, consistency.no_hash);
    assert_int_equal(inclusion.right + consistency.right, 12);
    assert_int_equal(inclusion.wrong + consistency.wrong, 184);
    assert_true(inclusion.no_hash + consistency.no_hash < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ed25519), cmocka_unit_test(test_x25519),
        cmocka_unit_test(test_xchacha), cmocka_unit_test(test_cctv),
        cmocka_unit_test(test_proofs),
    };
    const char *given = getenv("PASSERELLE_VECTORS");
    snprintf(folder, sizeof folder, "%s", given ? given : TEST_SOURCE_DIR "/../shared/vectors");
    DIR *dir = opendir(folder);
    if (!dir) {
        printf("no vectors of others in %s (see PASSERELLE_VECTORS): skipped\n", folder);
        return 77;
    }
    closedir(dir);
    if (digest_init() != ERR_OK || sqlite3_open(":memory:", &db) != SQLITE_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sqlite3_close(db);
    return failed;
}
