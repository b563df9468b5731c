/* SPDX-License-Identifier: Apache-2.0
 *
 * A full audit: every entry and body once more from the server, verified without storing. A page whose entries do not
 * produce its note is asked for in smaller and smaller parts until one entry is left: that one is named.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/checker.h"
#include "client/engine_inside.h"
#include "client/grant.h"
#include "proto/digest.h"

enum { FULL_PAGE_BYTES = 4 << 20 };

struct engine_full {
    struct engine *engine;
    size_t space;
    struct checker checker;
    uint64_t max_bytes;
    uint8_t hash[HASH_LEN]; /* of the request on its way */
    bool waiting;
    enum err problem; /* the first thing that is wrong with a body; the audit goes on */
    uint64_t problem_index;
    /* Entries with bodies that are only hashes, and entries that erasures name: compared at the end. */
    size_t n_holes, n_erased;
    uint64_t *holes, *erased;
    /* The youngest access leaf without its body, and the newest entry: the one must be old enough. */
    bool pruned;
    uint64_t pruned_index, pruned_ms, newest_ms;
    unsigned clock_tries;
    struct grant_reader *reader; /* what an auditor was granted; NULL */
    engine_sink sink;
    void *sink_ctx;
};

enum err engine_full_new(struct engine_full **out, struct engine *engine, size_t i)
{
    const struct space *space = engine_at(engine, i);
    struct engine_full *full = calloc(1, sizeof *full);
    if (!full)
        return ERR_MEMORY;
    full->engine = engine;
    full->space = i;
    full->max_bytes = FULL_PAGE_BYTES;
    full->problem_index = UINT64_MAX;
    enum err err = checker_init(&full->checker, space->pub.id, space->genesis);
    if (err != ERR_OK) {
        engine_full_free(full);
        full = NULL;
    }
    *out = full;
    return err;
}

void engine_full_read(struct engine_full *full, struct grant_reader *reader, engine_sink sink,
                      void *ctx)
{
    full->reader = reader;
    full->sink = sink;
    full->sink_ctx = ctx;
}

void engine_full_free(struct engine_full *full)
{
    if (!full)
        return;
    checker_fini(&full->checker);
    free(full->holes);
    free(full->erased);
    free(full);
}

enum err engine_full_begin(struct engine_full *full, struct buf *out)
{
    struct engine *engine = full->engine;
    const struct space *space = engine_at(engine, full->space);
    const struct server *server = engine_server_of(engine, space);
    struct message_row row = {.have_size = full->checker.tree.size,
                              .keys_rev = space->keys_rev,
                              .erased_upto = space->erased_upto};
    struct message_request request = {.time_ms = engine_server_ms(engine, server),
                                      .n_rows = 1,
                                      .rows = &row,
                                      .max_bytes = full->max_bytes,
                                      .flags = FLAG_ALL_BODIES};
    uint8_t aud[HASH_LEN];
    memcpy(row.space, space->pub.id, ID_LEN);
    memcpy(request.device, engine->ring.id, ID_LEN);
    memcpy(request.store_id, server->store_id, STORE_ID_LEN);
    message_aud(aud, server->log_pk);
    enum err err = message_request_make(out, &request, aud, engine->ring.device->ed_sk);
    memcpy(full->hash, request.hash, HASH_LEN);
    full->waiting = err == ERR_OK;
    return err;
}

static void note_problem(struct engine_full *full, enum err problem, uint64_t index)
{
    if (full->problem != ERR_OK)
        return;
    full->problem = problem;
    full->problem_index = index;
}

/* Whether the page's entries, appended to what was taken, produce its note. */
static bool page_holds(const struct engine_full *full, const struct message_row *row)
{
    struct tree tree = full->checker.tree;
    uint8_t hash[HASH_LEN];
    for (size_t i = 0; i < row->n_leaves; i++) {
        const struct message_leaf *leaf = &row->leaves[i];
        if (leaf->own)
            return false;
        leaf_entry_hash(hash, leaf->t_recv_ms, leaf->header, leaf->header_len, leaf->sig);
        tree_append(&tree, hash, NULL);
    }
    tree_root(&tree, hash);
    return row->has_note && row->note.size == tree.size &&
           memcmp(hash, row->note.root, HASH_LEN) == 0;
}

static enum err narrow(struct engine_full *full, const struct message_row *row, uint64_t *index)
{
    uint64_t bytes = 0;
    if (row->n_leaves <= 1) {
        *index = full->checker.tree.size;
        return ERR_ROOT;
    }
    for (size_t i = 0; i < row->n_leaves; i++) {
        bytes += row->leaves[i].header_len + SIG_LEN;
        for (size_t k = 0; k < row->leaves[i].n_bodies; k++)
            bytes += row->leaves[i].bodies[k].len;
    }
    full->max_bytes = full->max_bytes < bytes ? full->max_bytes / 2 : bytes / 2;
    if (full->max_bytes == 0)
        full->max_bytes = 1;
    return ERR_OK;
}

static enum err keep_number(uint64_t **list, size_t *n, uint64_t number)
{
    /* Doubled at each power of two. */
    if ((*n & (*n - 1)) == 0) {
        uint64_t *grown = realloc(*list, (*n ? 2 * *n : 1) * sizeof *grown);
        if (!grown)
            return ERR_MEMORY;
        *list = grown;
    }
    (*list)[(*n)++] = number;
    return ERR_OK;
}

static enum err keep_erased(struct engine_full *full, const struct message_leaf *from)
{
    struct leaf leaf;
    enum err err = leaf_decode(&leaf, from->header, from->header_len, from->sig);
    for (size_t i = 0; err == ERR_OK && i < leaf.op.u.erase.n; i++)
        err = keep_number(&full->erased, &full->n_erased, leaf.op.u.erase.list[i].leaf);
    leaf_fini(&leaf);
    return err;
}

/* Bodies that are not the signed ones are no evidence of anything. */
static enum err read_granted(struct engine_full *full, const struct message_leaf *from,
                             uint64_t index, const struct checker_result *result)
{
    struct leaf leaf;
    if (!full->reader || result->verdict != ERR_OK || result->bodies != ERR_OK)
        return ERR_OK;
    enum err err = leaf_decode(&leaf, from->header, from->header_len, from->sig);
    if (err == ERR_OK)
        err = grant_read(full->reader, index, from->t_recv_ms, &leaf, from->bodies, full->sink,
                         full->sink_ctx);
    leaf_fini(&leaf);
    return err;
}

static enum err take_page(struct engine_full *full, const struct message_row *row, uint64_t *index)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < row->n_leaves; i++) {
        const struct message_leaf *leaf = &row->leaves[i];
        const struct checker_entry entry = {.t_recv_ms = leaf->t_recv_ms,
                                            .header = leaf->header,
                                            .header_len = leaf->header_len,
                                            .sig = leaf->sig,
                                            .bodies = leaf->bodies,
                                            .n_bodies = leaf->n_bodies};
        struct checker_result result;
        *index = full->checker.tree.size;
        TRY(checker_take(&full->checker, &entry, &result));
        if (result.verdict == ERR_OK && result.bodies != ERR_OK)
            note_problem(full, result.bodies, *index);
        full->newest_ms = leaf->t_recv_ms;
        if (result.verdict == ERR_OK && result.missing > 0 && result.kind == KIND_ACCESS) {
            full->pruned = true;
            full->pruned_index = *index;
            full->pruned_ms = leaf->t_recv_ms;
        } else if (result.verdict == ERR_OK && result.missing > 0)
            TRY(keep_number(&full->holes, &full->n_holes, *index));
        if (result.verdict == ERR_OK && (result.kind == KIND_ERASE || result.kind == KIND_PURGE))
            TRY(keep_erased(full, leaf));
        TRY(read_granted(full, leaf, *index, &result));
    }
    TRY(checker_note(&full->checker, &row->note));
    *index = UINT64_MAX;
out:
    return err;
}

/* --- what is missing must have been erased --- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The clear list of each erasure names the bodies it took away. */
static void judge_holes(struct engine_full *full)
{
    if (full->n_erased)
        qsort(full->erased, full->n_erased, sizeof *full->erased, by_number);
    for (size_t i = 0; i < full->n_holes; i++) {
        if (!full->n_erased || !bsearch(&full->holes[i], full->erased, full->n_erased,
                                        sizeof *full->erased, by_number))
            note_problem(full, ERR_WITHHELD, full->holes[i]);
    }
    if (full->pruned && !leaf_body_may_go(KIND_ACCESS, full->pruned_ms, full->newest_ms))
        note_problem(full, ERR_WITHHELD, full->pruned_index);
}

/* The server must have shown at least what this device holds, and the same. */
static enum err judge_end(struct engine_full *full)
{
    enum err err = ERR_OK;
    const struct space *space = engine_at(full->engine, full->space);
    uint8_t root[HASH_LEN];
    if (space->has_note && full->checker.tree.size < space->note.size)
        return ERR_ROLLBACK;
    if (space->has_note) {
        TRY(checker_root_at(&full->checker, space->note.size, root));
        if (memcmp(root, space->note.root, HASH_LEN) != 0)
            return ERR_FORK;
    }
    judge_holes(full);
out:
    return err;
}

static enum err finish_row(struct engine_full *full, const struct message_row *row, bool *done,
                           uint64_t *index)
{
    enum err err = ERR_OK;
    /* It counts an entry that it does not give. */
    if (row->full && row->status == ERR_OK && row->n_leaves == 0 &&
        row->size > full->checker.tree.size) {
        *index = full->checker.tree.size;
        return ERR_WITHHELD;
    }
    if (row->status == ERR_UNCHANGED || (row->full && row->status == ERR_OK && row->n_leaves == 0))
        *done = true;
    else if (!row->full || row->status != ERR_OK)
        return row->status == ERR_OK ? ERR_FORMAT : row->status;
    if (!*done && !page_holds(full, row))
        return narrow(full, row, index);
    if (!*done)
        TRY(take_page(full, row, index));
    *done = *done || !row->more;
    if (!*done)
        goto out;
    TRY(judge_end(full));
    *index = full->problem_index;
    err = full->problem;
out:
    return err;
}

enum err engine_full_finish(struct engine_full *full, const uint8_t *bytes, size_t len, bool *done,
                            uint64_t *index)
{
    enum err err = ERR_OK;
    struct message_response answer = {0};
    struct server *server = engine_server_of(full->engine, engine_at(full->engine, full->space));
    *done = false;
    *index = UINT64_MAX;
    if (!full->waiting)
        return ERR_USAGE;
    full->waiting = false;
    TRY(message_response_open(&answer, bytes, len, full->hash, server->resp_pk));
    server->offset_ms = (int64_t)answer.time_ms - (int64_t)full->engine->now_ms;
    if (answer.status == ERR_CLOCK && full->clock_tries++ == 0)
        goto out;
    TRY(answer.status);
    if (answer.n_rows != 1)
        TRY(ERR_FORMAT);
    TRY(finish_row(full, &answer.rows[0], done, index));
out:
    message_response_free(&answer);
    return err;
}
