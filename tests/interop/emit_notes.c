/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints what our log says about a history of 300 entries, one JSON object per line, for verifiers
 * of others: its key, signed notes (some with a cosignature), inclusion and consistency proofs. All
 * byte strings are base64. The keys are made from fixed seeds; nothing here is secret.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "proto/note.h"
#include "proto/sign.h"
#include "proto/tree.h"

enum { ENTRIES = 300, ALL_UP_TO = 64, PAIRS_UP_TO = 40, TIME_S = 1760000000 };
#define WITNESS "witness.example/w"

static struct tree_completed store[ENTRIES];
static uint8_t log_pk[PK_LEN], log_sk[SK_LEN];
static uint8_t witness_pk[PK_LEN], witness_sk[SK_LEN];
static char origin[NOTE_ORIGIN_MAX];

static void must(enum err err)
{
    if (err == ERR_OK)
        return;
    fprintf(stderr, "emit_notes: %s\n", err_text(err));
    exit(1);
}

static enum err look_up(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    (void)ctx;
    memcpy(out, store[((index + 1) << level) - 1].nodes[level], HASH_LEN);
    return ERR_OK;
}

static void print_bytes(const char *name, const void *bytes, size_t len)
{
    char *text = malloc(4 * ((len + 2) / 3) + 1);
    if (!text)
        must(ERR_MEMORY);
    code_base64(text, bytes, len);
    printf(", \"%s\": \"%s\"", name, text);
    free(text);
}

static void print_proof(const struct tree_proof *proof)
{
    printf(", \"proof\": [");
    for (unsigned i = 0; i < proof->n; i++) {
        char text[HASH_LEN * 2];
        code_base64(text, proof->nodes[i], HASH_LEN);
        printf("%s\"%s\"", i ? ", " : "", text);
    }
    printf("]}\n");
}

static int make_entry(char entry[static 32], unsigned index)
{
    return snprintf(entry, 32, "entry %u", index);
}

static void print_key(const char *type, const char *name, uint8_t kind, const uint8_t *pk)
{
    uint8_t hash[4];
    note_key_hash(hash, name, kind, pk);
    printf("{\"type\": \"%s\", \"name\": \"%s\"", type, name);
    print_bytes("key_hash", hash, sizeof hash);
    print_bytes("public_key", pk, PK_LEN);
    printf("}\n");
}

static void print_note(uint64_t size)
{
    static const char *const names[] = {WITNESS};
    struct note note = {.size = size};
    struct buf text = {.max = NOTE_TEXT_MAX};
    must(tree_root_at(note.root, size, look_up, NULL));
    note_sign(&note, origin, log_sk);
    note_print(&text, &note, origin, log_pk, NULL);
    must(text.err);
    printf("{\"type\": \"note\", \"size\": %u", (unsigned)size);
    print_bytes("root", note.root, HASH_LEN);
    print_bytes("note", text.bytes, text.len);
    buf_free(&text);

    note.n_cosigs = 1;
    note_cosign(note.cosigs[0], &note, origin, WITNESS, witness_sk, witness_pk, TIME_S + size);
    note_print(&text, &note, origin, log_pk, names);
    must(text.err);
    print_bytes("cosigned", text.bytes, text.len);
    printf(", \"time\": %u}\n", (unsigned)(TIME_S + size));
    buf_free(&text);
}

static void print_inclusion(uint64_t index, uint64_t size)
{
    struct tree_proof proof;
    uint8_t root[HASH_LEN];
    char entry[32];
    int len = make_entry(entry, (unsigned)index);
    must(tree_inclusion(&proof, index, size, look_up, NULL));
    must(tree_root_at(root, size, look_up, NULL));
    printf("{\"type\": \"inclusion\", \"index\": %u, \"size\": %u", (unsigned)index,
           (unsigned)size);
    print_bytes("entry", entry, (size_t)len);
    print_bytes("root", root, HASH_LEN);
    print_proof(&proof);
}

static void print_consistency(uint64_t old, uint64_t size)
{
    struct tree_proof proof;
    uint8_t old_root[HASH_LEN];
    uint8_t root[HASH_LEN];
    must(tree_consistency(&proof, old, size, look_up, NULL));
    must(tree_root_at(old_root, old, look_up, NULL));
    must(tree_root_at(root, size, look_up, NULL));
    printf("{\"type\": \"consistency\", \"old\": %u, \"size\": %u", (unsigned)old, (unsigned)size);
    print_bytes("old_root", old_root, HASH_LEN);
    print_bytes("root", root, HASH_LEN);
    print_proof(&proof);
}

static void print_size(uint64_t size)
{
    /* The notes first: a verifier reads the proofs against them. */
    print_note(size);
    uint64_t step = size <= ALL_UP_TO ? 1 : size / 9;
    for (uint64_t index = 0; index < size; index += step)
        print_inclusion(index, size);
    print_inclusion(size - 1, size);
    step = size <= PAIRS_UP_TO ? 1 : size / 9;
    for (uint64_t old = 1; old <= size; old += step)
        print_consistency(old, size);
    print_consistency(size - 1 ? size - 1 : 1, size);
}

int main(void)
{
    static const unsigned larger[] = {100, 127, 128, 129, 200, 255, 256, 257, 299, 300};
    static const uint8_t space[ID_LEN] = {1, 2, 3, 4, 5};
    static const char log_name[] = "log.example";
    uint8_t seed[SEED_LEN] = {1};
    struct tree tree = {0};
    must(digest_init());
    sign_keypair(log_pk, log_sk, seed);
    seed[0] = 2;
    sign_keypair(witness_pk, witness_sk, seed);
    must(note_origin(origin, log_name, strlen(log_name), space));
    for (unsigned i = 0; i < ENTRIES; i++) {
        char entry[32];
        uint8_t hash[HASH_LEN];
        int len = make_entry(entry, i);
        tree_leaf_hash(hash, (const uint8_t *)entry, (size_t)len);
        tree_append(&tree, hash, &store[i]);
    }
    print_key("log", origin, 0x01, log_pk);
    print_key("witness", WITNESS, 0x04, witness_pk);
    for (unsigned size = 1; size <= ALL_UP_TO; size++)
        print_size(size);
    for (size_t i = 0; i < sizeof larger / sizeof *larger; i++)
        print_size(larger[i]);
    return 0;
}
