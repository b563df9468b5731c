/* SPDX-License-Identifier: Apache-2.0
 *
 * What was logged, as an outsider sees it who reads the server's store after each commit and believes nothing: each
 * signature is verified here by libsodium itself, each root recomputed, each rule of who may write looked at again in
 * the simplest words.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/seal.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_world.h"

/* --- digest of a fold --- */

static void add(crypto_generichash_state *state, const void *bytes, size_t len)
{
    crypto_generichash_update(state, bytes, len);
}

static void add_number(crypto_generichash_state *state, uint64_t v)
{
    add(state, &v, sizeof v);
}

static void add_device(crypto_generichash_state *state, const struct fold_device *device)
{
    add(state, device->id, ID_LEN);
    add(state, device->x_pk, PK_LEN);
    add_number(state, device->roles | (uint64_t)device->active << 8 | (uint64_t)device->kind << 9);
    add_number(state, device->added);
    if (!device->active) {
        add_number(state, device->revoked);
        add_number(state, device->cut | (uint64_t)device->mode << 62);
    }
    add_number(state, device->last_seq);
    add_number(state, device->last_index);
    add(state, device->last_hash, HASH_LEN);
}

void sim_model_fold(uint8_t out[static HASH_LEN], const struct fold *fold)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, HASH_LEN);
    add_number(&state, fold->size);
    add(&state, fold->head, HASH_LEN);
    add_number(&state, fold->cut_since);
    add_number(&state, fold->trial | (unsigned)fold->rotation_pending << 1);
    for (size_t i = 0; i < fold->n_devices; i++)
        add_device(&state, &fold->devices[i]);
    for (size_t i = 0; i < fold->n_epochs; i++) {
        add_number(&state, fold->epochs[i].index);
        add(&state, fold->epochs[i].kcom_ek, HASH_LEN);
    }
    for (size_t i = 0; i < fold->n_invites; i++)
        add(&state, fold->invites[i].pk, PK_LEN);
    for (size_t i = 0; i < fold->n_proposals; i++)
        add(&state, fold->proposals[i].hash, HASH_LEN);
    for (size_t i = 0; i < fold->n_erased; i++)
        add(&state, fold->erased[i].shred, ID_LEN);
    crypto_generichash_final(&state, out, HASH_LEN);
}

/* --- revocations --- */

const struct sim_revoked *sim_model_revoked(const struct sim_log *log,
                                            const uint8_t device[static ID_LEN])
{
    for (size_t i = 0; i < log->n_revoked; i++) {
        if (memcmp(log->revoked[i].device, device, ID_LEN) == 0)
            return &log->revoked[i];
    }
    return NULL;
}

bool sim_model_effective(const struct sim_log *log, uint64_t size,
                         const uint8_t device[static ID_LEN], uint64_t seq, uint64_t index)
{
    const struct sim_revoked *revoked = sim_model_revoked(log, device);
    if (!revoked || revoked->index >= size)
        return true;
    return revoked->mode == REVOKE_LOST ? seq <= revoked->cut : index < revoked->cut;
}

/* Who lost the last role by this entry? */
static void note_revoked(struct sim_world *world, struct sim_log *log, uint64_t index)
{
    for (size_t i = 0; i < log->fold->n_devices; i++) {
        const struct fold_device *device = &log->fold->devices[i];
        if (device->active || sim_model_revoked(log, device->id) || log->n_revoked == SIM_DEVICES)
            continue;
        struct sim_revoked *revoked = &log->revoked[log->n_revoked++];
        *revoked = (struct sim_revoked){.index = index,
                                        .mode = device->mode,
                                        .cut = device->cut,
                                        .epoch = fold_epoch_now(log->fold)};
        memcpy(revoked->device, device->id, ID_LEN);
        sim_count(world, SIM_REVOCATIONS, 1);
    }
}

/* --- one entry --- */

static enum err root_at(void *ctx, uint64_t size, uint8_t out[static HASH_LEN])
{
    const struct sim_log *log = ctx;
    if (size > log->size)
        return ERR_NOT_FOUND;
    if (size == 0)
        digest_sha256_of(out, "", 0);
    else
        memcpy(out, log->entries[size - 1].root, HASH_LEN);
    return ERR_OK;
}

/* By libsodium alone: what the programs think of a signature is what is being tested. */
static bool signature_stands(const struct sim_log *log, const struct leaf *leaf)
{
    static const char tag[] = "passerelle/leaf/v1";
    const struct fold_device *author = fold_device(log->fold, leaf->device);
    const uint8_t *pk = author                       ? author->ed_pk
                        : leaf->kind == KIND_GENESIS ? leaf->op.u.genesis.ed_pk
                                                     : NULL;
    if (!pk)
        return false;
    struct buf text = {0};
    buf_put(&text, tag, sizeof tag);
    buf_put(&text, leaf->header, leaf->header_len);
    bool stands =
        text.err == ERR_OK && crypto_sign_verify_detached(leaf->sig, text.bytes, text.len, pk) == 0;
    buf_free(&text);
    return stands;
}

/* What no honest server logs. */
static void judge(struct sim_world *world, const struct sim_log *log, const struct leaf *leaf)
{
    const struct fold *fold = log->fold;
    if (!signature_stands(log, leaf))
        sim_violated(world, "only signed leaves are logged", "entry %llu",
                     (unsigned long long)log->size);
    if (sim_model_revoked(log, leaf->device))
        sim_violated(world, "the revoked write nothing", "entry %llu",
                     (unsigned long long)log->size);
    if (leaf->kind == KIND_DATA && leaf->epoch != fold_epoch_now(fold)) {
        const struct fold_epoch *old = fold_epoch(fold, leaf->epoch);
        if (!old || (log->n_revoked && log->revoked[log->n_revoked - 1].index > old->index))
            sim_violated(world, "nothing is sealed for who was revoked",
                         "entry %llu in epoch %u of %u", (unsigned long long)log->size, leaf->epoch,
                         fold_epoch_now(fold));
    }
}

static void put_entry(struct sim_world *world, struct sim_log *log, uint64_t t_recv_ms,
                      const uint8_t *header, size_t len, const uint8_t *sig, bool fresh)
{
    struct leaf leaf;
    size_t cap = log->cap;
    log->entries = sim_grown(log->entries, &cap, log->size, sizeof *log->entries);
    if (cap != log->cap) {
        log->headers = realloc(log->headers, cap * sizeof *log->headers);
        log->times = realloc(log->times, cap * sizeof *log->times);
        if (!log->headers || !log->times)
            abort();
        log->cap = cap;
    }
    struct sim_entry_seen *seen = &log->entries[log->size];
    *seen = (struct sim_entry_seen){0};
    log->headers[log->size] = (struct buf){0};
    log->times[log->size] = t_recv_ms;
    buf_put(&log->headers[log->size], header, len);
    buf_put(&log->headers[log->size], sig, SIG_LEN);
    leaf_entry_hash(seen->node, t_recv_ms, header, len, sig);
    leaf_hash(seen->hash, header, len, sig);
    if (leaf_decode(&leaf, header, len, sig) != ERR_OK) {
        sim_violated(world, "only leaves are logged", "entry %llu", (unsigned long long)log->size);
        goto out;
    }
    memcpy(seen->device, leaf.device, ID_LEN);
    seen->seq = leaf.seq;
    seen->kind = leaf.kind;
    if (fresh)
        judge(world, log, &leaf);
    const struct fold_entry entry = {.index = log->size,
                                     .t_recv_ms = t_recv_ms,
                                     .leaf = &leaf,
                                     .fresh = true,
                                     .signature_checked = true,
                                     .root_at = root_at,
                                     .root_ctx = log};
    uint32_t epoch = fold_epoch_now(log->fold);
    seen->verdict = fold_apply(log->fold, &entry);
    if (seen->verdict != ERR_OK)
        sim_violated(world, "only valid leaves are logged", "entry %llu: %s",
                     (unsigned long long)log->size, err_name(seen->verdict));
    note_revoked(world, log, log->size);
    if (fresh) {
        sim_count(world, SIM_LEAVES, 1);
        sim_count(world, SIM_ERASURES, leaf.kind == KIND_ERASE);
        sim_count(world, SIM_ROTATIONS,
                  fold_epoch_now(log->fold) > 1 && fold_epoch_now(log->fold) != epoch);
    }
out:
    tree_append(&log->tree, seen->node, NULL);
    tree_root(&log->tree, seen->root);
    sim_model_fold(seen->fold, log->fold);
    log->size++;
    leaf_fini(&leaf);
}

/* --- reading a store --- */

struct absorb {
    struct sim_world *world;
    struct sim_log *log;
};

static enum err absorb_entry(void *ctx, const struct store_entry *entry)
{
    struct absorb *absorb = ctx;
    struct sim_log *log = absorb->log;
    if (entry->index > log->size) {
        sim_violated(absorb->world, "a log has no gaps", "entry %llu",
                     (unsigned long long)log->size);
        return ERR_CORRUPT;
    }
    if (entry->index == log->size) {
        put_entry(absorb->world, log, entry->t_recv_ms, entry->header, entry->header_len,
                  entry->sig, true);
        return ERR_OK;
    }
    uint8_t node[HASH_LEN];
    leaf_entry_hash(node, entry->t_recv_ms, entry->header, entry->header_len, entry->sig);
    sim_count(absorb->world, SIM_CHECK_GROWTH, 1);
    if (memcmp(node, log->entries[entry->index].node, HASH_LEN) != 0)
        sim_violated(absorb->world, "the log only grows", "entry %llu is another one",
                     (unsigned long long)entry->index);
    return ERR_OK;
}

/* Nobody who was revoked gets a seal of a later epoch. */
static void check_seals(struct sim_world *world, const struct sim_server *server,
                        const struct sim_log *log, unsigned s, uint64_t index)
{
    struct buf lines = {0};
    struct store_view *view = server->store->engine->own_view(server->store);
    if (view->engine->seal_lines(view, world->spaces[s], index, &lines) != ERR_OK)
        sim_violated(world, "the server works", "seals of entry %llu", (unsigned long long)index);
    for (size_t at = 0; at + SEAL_LINE_LEN <= lines.len; at += SEAL_LINE_LEN) {
        const struct sim_revoked *revoked = sim_model_revoked(log, lines.bytes + at);
        if (revoked && revoked->index < index)
            sim_violated(world, "no key for who was revoked", "entry %llu",
                         (unsigned long long)index);
    }
    buf_free(&lines);
}

static void check_note(struct sim_world *world, const struct sim_server *server,
                       const struct sim_log *log, unsigned s)
{
    struct note note;
    struct store_view *view = server->store->engine->own_view(server->store);
    enum err err = view->engine->note(view, world->spaces[s], log->size, &note);
    if (err != ERR_OK || memcmp(note.root, log->entries[log->size - 1].root, HASH_LEN) != 0)
        sim_violated(world, "checkpoints are true", "size %llu: %s", (unsigned long long)log->size,
                     err == ERR_OK ? "another root" : err_name(err));
}

static void absorb_space(struct sim_world *world, struct sim_server *server, unsigned s,
                         bool restarted)
{
    struct sim_log *log = &world->branches[server->branch].logs[s];
    struct store_view *view = server->store->engine->own_view(server->store);
    struct absorb absorb = {world, log};
    struct store_space space;
    static const uint8_t unknown[ID_LEN];
    if (memcmp(world->spaces[s], unknown, ID_LEN) == 0)
        return;
    enum err err = view->engine->space(view, world->spaces[s], &space);
    if (err == ERR_NOT_FOUND && log->size == 0)
        return;
    uint64_t had = log->size;
    if (!log->used) {
        log->used = true;
        if (fold_new(&log->fold, world->spaces[s]) != ERR_OK)
            abort();
    }
    if (err != ERR_OK || space.size < had) {
        sim_violated(world, "acknowledged leaves stay", "space %u had %llu entries, now %llu (%s)",
                     s, (unsigned long long)had,
                     (unsigned long long)(err == ERR_OK ? space.size : 0), err_name(err));
        return;
    }
    sim_count(world, SIM_CHECK_ACKED, restarted ? had : 0);
    /* The last old entry each time, all of them after a restart. */
    uint64_t from = restarted || had == 0 ? 0 : had - 1;
    err = view->engine->entries(view, world->spaces[s], from, space.size, absorb_entry, &absorb);
    if (!world->failed && (err != ERR_OK || log->size != space.size))
        sim_violated(world, "acknowledged leaves stay", "space %u cannot be read: %s", s,
                     err_name(err));
    if (world->failed || log->size == 0)
        return;
    for (uint64_t i = had; i < log->size; i++) {
        if (log->entries[i].kind == KIND_EPOCH_CHANGE)
            check_seals(world, server, log, s, i);
    }
    if (log->size > had || restarted)
        check_note(world, server, log, s);
}

void sim_model_absorb(struct sim_world *world, struct sim_server *server, bool restarted)
{
    SIM_QUIET;
    for (unsigned s = 0; s < world->n_spaces && !world->failed; s++)
        absorb_space(world, server, s, restarted);
}

/* --- histories --- */

static void copy_log(struct sim_world *world, struct sim_log *to, const struct sim_log *from,
                     const uint8_t *space, uint64_t size)
{
    to->used = true;
    if (fold_new(&to->fold, space) != ERR_OK)
        abort();
    uint64_t revocations = world->figures[SIM_REVOCATIONS];
    for (uint64_t i = 0; i < size && i < from->size; i++) {
        const struct buf *header = &from->headers[i];
        put_entry(world, to, from->times[i], header->bytes, header->len - SIG_LEN,
                  header->bytes + header->len - SIG_LEN, false);
    }
    world->figures[SIM_REVOCATIONS] = revocations;
}

unsigned sim_model_branch(struct sim_world *world, unsigned from, struct sim_server *server)
{
    SIM_QUIET;
    unsigned no = world->n_branches++;
    struct sim_branch *branch = &world->branches[no];
    struct store_view *view = server->store->engine->own_view(server->store);
    branch->used = true;
    for (unsigned s = 0; s < world->n_spaces; s++) {
        const struct sim_log *old = &world->branches[from].logs[s];
        struct store_space space;
        if (!old->used || view->engine->space(view, world->spaces[s], &space) != ERR_OK)
            continue;
        copy_log(world, &branch->logs[s], old, world->spaces[s], space.size);
    }
    for (size_t i = 0; i < world->n_marks; i++) {
        struct sim_mark *mark = &world->marks[i];
        uint64_t index = mark->index[from];
        if (index != SIM_NOWHERE && index < branch->logs[mark->space].size)
            mark->index[no] = index;
    }
    server->branch = no;
    sim_model_absorb(world, server, true);
    return no;
}

void sim_model_free(struct sim_world *world)
{
    for (unsigned b = 0; b < SIM_BRANCHES; b++) {
        for (unsigned s = 0; s < SIM_SPACES; s++) {
            struct sim_log *log = &world->branches[b].logs[s];
            for (uint64_t i = 0; i < log->size; i++)
                buf_free(&log->headers[i]);
            free(log->headers);
            free(log->entries);
            free(log->times);
            fold_free(log->fold);
        }
    }
}
