/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/attack/evil.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "proto/arena.h"
#include "proto/digest.h"
#include "proto/sign.h"

static void must_(enum err err, const char *what)
{
    if (err != ERR_OK) {
        fprintf(stderr, "evil: %s: %s\n", what, err_name(err));
        abort();
    }
}
#define must(call) must_(call, #call)

enum { HELD_BACK = 2 };

/* --- the scene --- */

static void write_fresh_news(struct evil *evil)
{
    struct kit_device *a = &evil->kit.a;
    kit_edit(a, evil->at_a[0], evil->site, 1, 17, "site, lundi");
    kit_edit(a, evil->at_a[0], evil->person, 1, 17, "personne, lundi");
    must(kit_sync(a)); /* one leaf with two boxes */
    kit_dossier(a, evil->at_a[0], evil->fresh);
    kit_edit(a, evil->at_a[0], evil->fresh, 1, 16, "nouveau dossier");
    must(kit_sync(a));
    for (unsigned i = 0; i < 3;
         i++) { /* the last two are held back: a lie may stand in their place */
        kit_edit(a, evil->at_a[0], evil->site, 2, 17 + i, "site, mardi");
        must(kit_sync(a));
    }
    kit_edit(a, evil->at_a[1], evil->other, 2, 17, "ailleurs, mardi");
    must(kit_sync(a));
}

static void capture_answer(struct evil *evil)
{
    struct buf request = {.max = REQUEST_MAX};
    struct engine_sync result = {0};
    int http;
    must(engine_sync_begin(evil->kit.b.engine, 0, 0, &request));
    must(testserver_send(&evil->kit.server, request.bytes, request.len, &evil->old_answer, &http));
    must(engine_sync_finish(evil->kit.b.engine, 0, evil->old_answer.bytes, evil->old_answer.len,
                            &result));
    buf_free(&request);
}

void evil_start(struct evil *evil)
{
    struct kit *kit = &evil->kit;
    uint8_t seed[SEED_LEN];
    memset(evil, 0, sizeof *evil);
    evil->out.max = evil->old_answer.max = RESPONSE_MAX;
    evil->request_bytes.max = REQUEST_MAX;
    kit_start(kit);
    kit_device_new(kit, &kit->a, "Alice");
    kit_device_new(kit, &kit->b, "Bruno");
    kit_device_new(kit, &kit->c, "Chloe");
    for (size_t i = 0; i < 2; i++) {
        evil->at_a[i] = kit_found(&kit->a, i ? "Autre" : "Equipe");
        evil->at_b[i] = kit_join(&kit->a, evil->at_a[i], &kit->b, EVIL_MEMBER);
    }
    kit_join(&kit->a, evil->at_a[0], &kit->c, EVIL_MEMBER);
    kit_dossier(&kit->a, evil->at_a[0], evil->site);
    kit_dossier(&kit->a, evil->at_a[0], evil->person);
    kit_dossier(&kit->a, evil->at_a[1], evil->other);
    kit_edit(&kit->a, evil->at_a[0], evil->site, 1, 16, "site");
    kit_edit(&kit->a, evil->at_a[0], evil->person, 1, 16, "personne");
    kit_edit(&kit->a, evil->at_a[1], evil->other, 1, 16, "ailleurs");
    must(kit_sync(&kit->a));
    must(kit_sync(&kit->b));
    evil->victim = &kit->b;
    evil->at = evil->at_b[0];
    capture_answer(evil);
    kit->server.now_ms = kit->now_ms += 60000;
    engine_set_time(kit->b.engine, kit->now_ms);
    write_fresh_news(evil);
    digest_random(seed, sizeof seed);
    sign_keypair(evil->stranger_pk, evil->stranger_sk, seed);
    sign_device_id(evil->stranger, evil->stranger_pk);
}

void evil_stop(struct evil *evil)
{
    buf_free(&evil->out);
    buf_free(&evil->request_bytes);
    buf_free(&evil->old_answer);
    kit_stop(&evil->kit);
}

/* --- one attacked round trip --- */

void *evil_copy(struct evil *evil, const void *bytes, size_t len)
{
    void *copy = arena_copy(evil->arena, bytes, len);
    assert(copy);
    return copy;
}

struct message_leaf *evil_entry(struct evil *evil, size_t from_end)
{
    assert(from_end < evil->row->n_leaves);
    return &evil->row->leaves[evil->row->n_leaves - 1 - from_end];
}

static enum err add_hash(void *tree, const struct store_entry *entry)
{
    uint8_t hash[HASH_LEN];
    leaf_entry_hash(hash, entry->t_recv_ms, entry->header, entry->header_len, entry->sig);
    tree_append(tree, hash, NULL);
    return ERR_OK;
}

static void tree_of_page(struct evil *evil, struct tree *tree)
{
    struct store_view *view = evil->kit.server.view;
    const struct engine_space *space = engine_space(evil->victim->engine, evil->at);
    const struct message_row *row = evil->row;
    *tree = (struct tree){0};
    must(view->engine->view_begin(view));
    must(view->engine->entries(view, space->id, 0, space->size, add_hash, tree));
    view->engine->view_end(view);
    for (size_t i = 0; i < row->n_leaves; i++) {
        uint8_t hash[HASH_LEN];
        leaf_entry_hash(hash, row->leaves[i].t_recv_ms, row->leaves[i].header,
                        row->leaves[i].header_len, row->leaves[i].sig);
        tree_append(tree, hash, NULL);
    }
}

/* A checkpoint over what the page now says: the log key is the attacker's. */
static void sign_page(struct evil *evil)
{
    char origin[NOTE_ORIGIN_MAX];
    struct tree tree;
    const struct serverkey *key = &evil->kit.server.key;
    tree_of_page(evil, &tree);
    must(note_origin(origin, key->log_name, strlen(key->log_name),
                     engine_space(evil->victim->engine, evil->at)->id));
    evil->row->note = (struct note){.size = tree.size};
    evil->row->has_note = true;
    evil->row->has_head = false;
    evil->row->more = false;
    evil->row->size = tree.size;
    tree_root(&tree, evil->row->note.root);
    note_sign(&evil->row->note, origin, serverkey_now(key)->secret->log_sk);
}

static size_t row_of(const struct message_request *request, const uint8_t *space)
{
    for (size_t i = 0; i < request->n_rows; i++)
        if (memcmp(request->rows[i].space, space, ID_LEN) == 0)
            return i;
    abort();
}

static void alter(struct evil *evil, const struct buf *honest, evil_attack attack)
{
    const struct serverkey *key = &evil->kit.server.key;
    const uint8_t *space = engine_space(evil->victim->engine, evil->at)->id;
    struct message_response answer = {0};
    must(message_request_open(&evil->request, evil->request_bytes.bytes, evil->request_bytes.len));
    uint8_t aud[HASH_LEN];
    message_aud(aud, serverkey_now(key)->log_pk);
    must(message_request_verify(&evil->request, aud, evil->victim->engine->ring.ed_pk));
    must(message_request_decode(&evil->request));
    must(message_response_open(&answer, honest->bytes, honest->len, evil->request.hash,
                               serverkey_now(key)->resp_pk));
    evil->answer = &answer;
    evil->row = &answer.rows[row_of(&evil->request, space)];
    memcpy(evil->hash, evil->request.hash, HASH_LEN);
    evil->keep_note = evil->raw = false;
    evil->arena = arena_new(1 << 22);
    assert(evil->arena);
    buf_reset(&evil->out);
    if (evil->row->full && evil->row->n_leaves > HELD_BACK)
        evil->row->n_leaves -= HELD_BACK;
    attack(evil);
    if (!evil->raw) {
        if (!evil->keep_note && evil->row->full)
            sign_page(evil);
        must(message_response_make(&evil->out, &answer, evil->hash,
                                   serverkey_now(key)->secret->resp_sk));
    }
    message_response_free(&answer);
    message_request_free(&evil->request);
    arena_free(evil->arena);
}

/* What a server that hides something says to whoever asks for it again. */
static void stubborn(struct evil *evil)
{
    evil->row->n_inbox = 0;
    evil->row->n_slots = 0;
}

/* He is put back after each attack: whatever he announced would be another copy's. */
static void announces_nothing(const struct kit_device *device)
{
    for (size_t i = 0; i < engine_space_count(device->engine); i++) {
        struct space *space = engine_at(device->engine, i);
        space->rekey_epoch = space->rekey_tries = UINT32_MAX;
    }
}

void evil_run(struct evil *evil, evil_attack attack, bool insists, struct evil_seen *seen)
{
    struct engine_sync result = {.again = true};
    enum err err = ERR_OK;
    announces_nothing(evil->victim);
    for (unsigned i = 0; i < 4 && err == ERR_OK && result.again; i++) {
        struct buf honest = {.max = RESPONSE_MAX};
        int http;
        result.again = false;
        buf_reset(&evil->request_bytes);
        must(engine_sync_begin(evil->victim->engine, 0, 0, &evil->request_bytes));
        must(testserver_send(&evil->kit.server, evil->request_bytes.bytes, evil->request_bytes.len,
                             &honest, &http));
        alter(evil, &honest, i && !insists ? stubborn : attack);
        err = engine_sync_finish(evil->victim->engine, 0, evil->out.bytes, evil->out.len, &result);
        buf_free(&honest);
    }
    evil_look(evil, seen);
    seen->err = err;
}

static enum err see_nothing(void *ctx, const struct engine_change *change)
{
    (void)ctx;
    (void)change;
    return ERR_OK;
}

void evil_look(struct evil *evil, struct evil_seen *seen)
{
    struct kit_sight sight;
    struct engine *engine = evil->victim->engine;
    const struct engine_space *space = engine_space(engine, evil->at);
    const struct fold *fold = engine_fold(engine, evil->at);
    uint64_t keyless = 0;
    kit_see(evil->victim, evil->at, &sight);
    must(engine_replay(engine, evil->at, 0, see_nothing, NULL, &keyless));
    *seen = (struct evil_seen){.alarm = space->alarm,
                               .index = space->alarm_index,
                               .size = space->size,
                               .invalid = space->invalid_leaves,
                               .changes = sight.n,
                               .keyless = keyless,
                               .unsent = space->unsent,
                               .status = space->status};
    for (size_t i = 0; fold && i < fold->n_devices; i++)
        seen->members += fold->devices[i].active;
}

/* --- leaves of the attacker's --- */

static void place_leaf(struct evil *evil, struct leaf *leaf, const uint8_t *device)
{
    const struct fold *fold = engine_fold(evil->kit.a.engine, evil->at_a[0]);
    const struct fold_device *member = fold_device(fold, device);
    memcpy(leaf->space, fold->space, ID_LEN);
    memcpy(leaf->device, device, ID_LEN);
    leaf->seq = member ? member->last_seq + 1 : 1;
    if (member)
        memcpy(leaf->prev, member->last_hash, HASH_LEN);
    leaf->seen_size = 0;
    digest_sha256_of(leaf->seen_root, "", 0);
    leaf->epoch = fold_epoch_now(fold);
}

struct message_leaf *evil_inject(struct evil *evil, struct leaf *leaf,
                                 const uint8_t device[static ID_LEN],
                                 const uint8_t ed_sk[static SK_LEN])
{
    struct message_row *row = evil->row;
    struct buf header = {.max = LEAF_MAX};
    struct message_leaf *entries = arena_get(evil->arena, row->n_leaves + 1, sizeof *entries);
    assert(entries && row->n_leaves > 0);
    memcpy(entries, row->leaves, row->n_leaves * sizeof *entries);
    place_leaf(evil, leaf, device);
    must(leaf_make(leaf, &header, ed_sk));
    struct message_leaf *entry = &entries[row->n_leaves];
    *entry = (struct message_leaf){.t_recv_ms = entries[row->n_leaves - 1].t_recv_ms,
                                   .header = evil_copy(evil, header.bytes, header.len),
                                   .header_len = header.len};
    memcpy(entry->sig, leaf->sig, SIG_LEN);
    row->leaves = entries;
    row->n_leaves++;
    buf_free(&header);
    return entry;
}

void evil_operate(struct evil *evil, struct op op, const uint8_t device[static ID_LEN],
                  const uint8_t ed_sk[static SK_LEN])
{
    const struct fold *fold = engine_fold(evil->kit.a.engine, evil->at_a[0]);
    struct leaf leaf = {.kind = op.kind, .op = op};
    if (kind_is_chained(op.kind)) {
        leaf.op.has_prev = true;
        memcpy(leaf.op.prev, fold->head, HASH_LEN);
    }
    evil_inject(evil, &leaf, device, ed_sk);
}
