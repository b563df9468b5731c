/* SPDX-License-Identifier: Apache-2.0 */
#include "client/checker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum err checker_init(struct checker *checker, const uint8_t space[static ID_LEN],
                      const uint8_t genesis[static HASH_LEN])
{
    *checker = (struct checker){0};
    memcpy(checker->genesis, genesis, HASH_LEN);
    return fold_new(&checker->fold, space);
}

void checker_fini(struct checker *checker)
{
    for (size_t i = 0; i < CHECKER_LEVELS; i++)
        free(checker->levels[i].nodes);
    fold_free(checker->fold);
    *checker = (struct checker){0};
}

static enum err keep_node(struct checker_level *level, const uint8_t node[static HASH_LEN])
{
    if (level->n == level->cap) {
        size_t cap = level->cap ? 2 * level->cap : 64;
        uint8_t(*grown)[HASH_LEN] = realloc(level->nodes, cap * HASH_LEN);
        if (!grown)
            return ERR_MEMORY;
        level->nodes = grown;
        level->cap = cap;
    }
    memcpy(level->nodes[level->n++], node, HASH_LEN);
    return ERR_OK;
}

static enum err node_at(void *ctx, unsigned level, uint64_t index, uint8_t out[static HASH_LEN])
{
    const struct checker *checker = ctx;
    if (level >= CHECKER_LEVELS || index >= checker->levels[level].n)
        return ERR_NOT_FOUND;
    memcpy(out, checker->levels[level].nodes[index], HASH_LEN);
    return ERR_OK;
}

enum err checker_root_at(void *ctx, uint64_t size, uint8_t out[static HASH_LEN])
{
    struct checker *checker = ctx;
    if (size == 0 || checker->cached_size != size) {
        enum err err = tree_root_at(checker->cached_root, size, node_at, checker);
        checker->cached_size = err == ERR_OK ? size : 0;
        if (err != ERR_OK)
            return err;
    }
    memcpy(out, checker->cached_root, HASH_LEN);
    return ERR_OK;
}

static enum err judge(struct checker *checker, const struct checker_entry *entry,
                      const struct leaf *leaf, struct checker_result *result)
{
    const struct fold_entry fold_entry = {.index = checker->fold->size,
                                          .t_recv_ms = entry->t_recv_ms,
                                          .leaf = leaf,
                                          .fresh = true,
                                          .root_at = checker_root_at,
                                          .root_ctx = checker};
    result->kind = leaf->kind;
    result->verdict = fold_apply(checker->fold, &fold_entry);
    if (err_category(result->verdict) == CAT_INTERNAL)
        return result->verdict;
    result->bodies = leaf_bodies_check(leaf, entry->bodies, entry->n_bodies);
    for (size_t i = 0; i < entry->n_bodies; i++)
        result->missing += entry->bodies[i].len < BODY_MIN;
    return ERR_OK;
}

enum err checker_take(struct checker *checker, const struct checker_entry *entry,
                      struct checker_result *result)
{
    enum err err = ERR_OK;
    struct leaf leaf;
    uint8_t hash[HASH_LEN];
    *result = (struct checker_result){0};
    enum err decoded = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    leaf_hash(hash, entry->header, entry->header_len, entry->sig);
    if (checker->fold->size == 0 && memcmp(hash, checker->genesis, HASH_LEN) != 0)
        TRY(ERR_ROOT);
    if (err_category(decoded) == CAT_INTERNAL || decoded == ERR_VERSION)
        TRY(decoded);
    result->verdict = decoded;
    if (decoded == ERR_OK)
        TRY(judge(checker, entry, &leaf, result));
    else
        fold_skip_to(checker->fold, checker->fold->size + 1);
    leaf_entry_hash(hash, entry->t_recv_ms, entry->header, entry->header_len, entry->sig);
    tree_append(&checker->tree, hash, &result->completed);
    for (unsigned i = 0; i < result->completed.n; i++)
        TRY(keep_node(&checker->levels[i], result->completed.nodes[i]));
out:
    leaf_fini(&leaf);
    return err;
}

enum err checker_note(const struct checker *checker, const struct note *note)
{
    char origin[NOTE_ORIGIN_MAX];
    uint8_t root[HASH_LEN];
    const struct fold *fold = checker->fold;
    enum err err = note_origin(origin, fold->log_name, strlen(fold->log_name), fold->space);
    if (err == ERR_OK)
        err = note_verify(note, origin, fold->log_pk);
    if (err != ERR_OK)
        return ERR_SIGNATURE;
    tree_root(&checker->tree, root);
    return note->size == checker->tree.size && memcmp(root, note->root, HASH_LEN) == 0 ? ERR_OK
                                                                                       : ERR_ROOT;
}
