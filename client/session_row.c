/* SPDX-License-Identifier: Apache-2.0
 *
 * One row of a request.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/access.h"
#include "client/attach.h"
#include "client/build.h"
#include "client/enrol.h"
#include "client/erased.h"
#include "client/grant.h"
#include "client/leave.h"
#include "client/operate.h"
#include "client/rekey.h"
#include "client/session.h"
#include "client/witness.h"
#include "proto/seal.h"

enum { WANT_AT_ONCE = 256, KEYS_AGAIN_MS = 5 * 60 * 1000 };

bool session_may_push(const struct space *space)
{
    return !space->frozen && !space->cloned && space->page_max == 0 &&
           space->pub.alarm != ERR_ROLLBACK &&
           (space->pub.state == SPACE_ACTIVE || space->pub.state == SPACE_FOUNDING);
}

bool session_has_work(struct engine *engine, struct space *space)
{
    const struct space_epoch *keys = space_epoch(space, fold_epoch_now(space->fold));
    const struct outbox *outbox = &space->outbox;
    if (!session_may_push(space) || space->pub.state != SPACE_ACTIVE || !keys)
        return false;
    for (size_t i = 0; i < outbox->n_operations; i++) {
        enum leaf_kind kind = outbox->operations[i].kind;
        /* A name that waited for a second person (operate_revive). */
        if (outbox->operations[i].refused == ERR_PENDING &&
            fold_device(space->fold, outbox->operations[i].target))
            return true;
        /* What hands out keys waits for as long as this device has none to hand out. */
        bool seals = kind == KIND_DEVICE_ADD || kind == KIND_ROLE_SET || kind == KIND_CONFIRM;
        if (!outbox->operations[i].seq && outbox->operations[i].refused == ERR_OK &&
            (keys->ek || !seals))
            return true;
    }
    if (space->fold->rotation_pending && space->pub.roles & ROLE_ADMIN && keys->ek)
        return true;
    if (rekey_is_due(engine, space))
        return true;
    if (!(space->pub.roles & ROLE_WRITER) || !keys->sk)
        return false;
    for (size_t i = 0; i < outbox->n_edits; i++) {
        const struct outbox_edit *edit = &outbox->edits[i];
        struct dossier *dossier = dossier_find(space, edit->shred);
        const uint8_t *key;
        if (!edit->seq && edit->refused == ERR_OK && !edit->salvaged && dossier &&
            dossier_key(engine, space, dossier, &key) == ERR_OK)
            return true;
    }
    return false;
}

/* --- leaves --- */

static size_t leaf_bytes(const struct outbox_leaf *leaf)
{
    size_t bytes = leaf->header_len + SIG_LEN + 16;
    for (size_t i = 0; i < leaf->n_bodies; i++)
        bytes += leaf->bodies[i].len + 5;
    return bytes + leaf->n_slots * (SLOT_LEN + ID_LEN + 8) +
           leaf->n_seals * (SEAL_LEN_MAX + ID_LEN + 10);
}

enum err session_build(struct engine *engine, struct space *space, size_t room)
{
    enum err err = ERR_OK;
    struct build_chain chain;
    bool more = false;
    if (space->pub.state != SPACE_ACTIVE)
        return ERR_OK; /* the leaves of a founding are made already */
    for (size_t i = 0; i < space->outbox.n_leaves; i++) {
        size_t bytes = leaf_bytes(space->outbox.leaves[i]);
        room = bytes < room ? room - bytes : 0;
    }
    build_chain_start(engine, space, &chain);
    TRY(build_data(engine, space, &chain, &room, &more));
    TRY(access_queue(engine, space));
    TRY(operate_build(engine, space, &chain));
out:
    return err;
}

static enum err put_leaves(struct space *space, struct arena *arena, size_t *room,
                           struct message_row *row, struct flight_row *flight)
{
    const struct outbox *outbox = &space->outbox;
    size_t n_slots = 0, n_seals = 0;
    row->leaves = arena_get(arena, outbox->n_leaves, sizeof *row->leaves);
    flight->seqs = calloc(outbox->n_leaves + 1, sizeof *flight->seqs);
    if (!row->leaves || !flight->seqs)
        return ERR_MEMORY;
    for (size_t i = 0; i < outbox->n_leaves && row->n_leaves < PUSH_LEAVES_MAX; i++) {
        const struct outbox_leaf *leaf = outbox->leaves[i];
        size_t bytes = leaf_bytes(leaf);
        if (leaf->state != OUTBOX_SENT)
            continue;
        if (row->n_leaves > 0 && bytes > *room)
            break;
        *room = bytes < *room ? *room - bytes : 0;
        flight->seqs[row->n_leaves] = leaf->seq;
        struct message_leaf *out = &row->leaves[row->n_leaves++];
        *out = (struct message_leaf){.header = leaf->header,
                                     .header_len = leaf->header_len,
                                     .n_bodies = leaf->n_bodies,
                                     .bodies = leaf->bodies};
        memcpy(out->sig, leaf->sig, SIG_LEN);
        n_slots += leaf->n_slots;
        n_seals += leaf->n_seals;
    }
    flight->n_leaves = row->n_leaves;
    row->slots = arena_get(arena, n_slots + STALE_MAX, sizeof *row->slots);
    row->seals = arena_get(arena, n_seals, sizeof *row->seals);
    if (!row->slots || !row->seals)
        return ERR_MEMORY;
    for (size_t i = 0; i < row->n_leaves; i++) {
        const struct outbox_leaf *leaf = outbox_leaf_at(space, flight->seqs[i]);
        memcpy(row->slots + row->n_slots, leaf->slots, leaf->n_slots * sizeof *leaf->slots);
        memcpy(row->seals + row->n_seals, leaf->seals, leaf->n_seals * sizeof *leaf->seals);
        row->n_slots += leaf->n_slots;
        row->n_seals += leaf->n_seals;
    }
    return ERR_OK;
}

/* --- slots to wrap again for the current epoch --- */

static bool is_stale(const struct space *space, const uint8_t *row)
{
    for (size_t i = 0; i < space->n_stale; i++) {
        if (memcmp(space->stale[i], row, ID_LEN) == 0)
            return true;
    }
    return false;
}

static enum err put_rewraps(struct engine *engine, struct space *space, struct message_row *row)
{
    enum err err = ERR_OK;
    const struct space_epoch *first = space_epoch(space, 1);
    size_t n = 0;
    if (space->n_stale == 0 || !first || !first->ek)
        return ERR_OK;
    for (size_t i = 0; i < space->dossiers.n && n < STALE_MAX; i++) {
        struct dossier *dossier = &space->dossiers.items[i];
        uint8_t at[ID_LEN];
        seal_row(at, first->ek, space->pub.id, dossier->shred);
        if (!dossier->born || !is_stale(space, at))
            continue;
        enum err got = dossier_slot(engine, space, dossier, &row->slots[row->n_slots]);
        if (got == ERR_NO_KEY || got == ERR_ERASED)
            continue; /* whoever has the key will do it */
        TRY(got);
        TRY(replica_slot_put(engine->replica, space->no, &row->slots[row->n_slots]));
        row->n_slots++;
        n++;
    }
    free(space->stale);
    space->stale = NULL;
    space->n_stale = 0;
out:
    return err;
}

/* --- bodies that the server, or this device, has lost --- */

struct give_body {
    struct arena *arena;
    struct message_row *row;
    uint16_t box;
};

static enum err give_body(void *ctx, const struct replica_entry *entry)
{
    struct give_body *give = ctx;
    struct leaf leaf;
    struct leaf_body bodies[BOXES_MAX];
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err != ERR_OK || leaf.n_bodies > BOXES_MAX || give->box >= leaf.n_bodies)
        goto out;
    TRY(replica_bodies_parse(bodies, leaf.n_bodies, entry->bodies, entry->bodies_len));
    const struct leaf_body *body = &bodies[give->box];
    if (body->len < BODY_MIN)
        goto out;
    struct message_body *out = &give->row->bodies[give->row->n_bodies];
    out->leaf = entry->index;
    out->box = give->box;
    out->len = body->len;
    out->bytes = arena_copy(give->arena, body->bytes, body->len);
    if (!out->bytes)
        TRY(ERR_MEMORY);
    give->row->n_bodies++;
out:
    leaf_fini(&leaf);
    return err_category(err) == CAT_REJECT ? ERR_OK : err;
}

static enum err put_wanted(struct engine *engine, struct space *space, struct arena *arena,
                           size_t *room, struct message_row *row)
{
    enum err err = ERR_OK;
    size_t done = 0;
    row->bodies = arena_get(arena, space->n_want, sizeof *row->bodies);
    if (!row->bodies)
        return ERR_MEMORY;
    for (; done<space->n_want && * room> 0; done++) {
        struct give_body give = {.arena = arena, .row = row, .box = space->want[done].box};
        if (space->want[done].is_row)
            continue;
        err = replica_entry(engine->replica, space->no, space->want[done].leaf, give_body, &give);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            goto out;
        err = ERR_OK;
        size_t bytes = row->n_bodies ? row->bodies[row->n_bodies - 1].len : 0;
        *room = bytes < *room ? *room - bytes : 0;
    }
    free(space->want);
    space->want = NULL;
    space->n_want = 0;
out:
    return err;
}

static enum err want_holes(void *ctx, const struct replica_entry *entry)
{
    struct message_row *row = ctx;
    struct leaf leaf;
    struct leaf_body bodies[BOXES_MAX];
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err != ERR_OK || leaf.n_bodies > BOXES_MAX)
        goto out;
    TRY(replica_bodies_parse(bodies, leaf.n_bodies, entry->bodies, entry->bodies_len));
    for (uint16_t i = 0; i < leaf.n_bodies && row->n_want < WANT_AT_ONCE; i++) {
        if (bodies[i].len < BODY_MIN)
            row->want[row->n_want++] = (struct message_want){.leaf = entry->index, .box = i};
    }
out:
    leaf_fini(&leaf);
    return err_category(err) == CAT_REJECT ? ERR_OK : err;
}

/* --- keys that passed this device by --- */

static bool asked_lately(const struct engine *engine, const struct space *space)
{
    uint64_t now_ms = engine->now_ms, since = space->keys_asked_ms;
    return since && now_ms >= since && now_ms - since < KEYS_AGAIN_MS;
}

/* The newest epoch's seal did not come with its entry: everything is asked for from the first key on. */
static void ask_for_seal(const struct engine *engine, struct space *space, struct message_row *row)
{
    bool alarmed = space->pub.alarm == ERR_WITHHELD; /* then with each sync, until they come */
    if (!space_lacks_epoch(engine, space) || (asked_lately(engine, space) && !alarmed))
        return;
    space->keys_asked_ms = engine->now_ms;
    row->keys_rev = 0;
}

/* A slot that was wrapped again travels to who asks for its row: it was there before, under a key that this device
 * never had. Asked for now and then, since somebody has to wrap it first. */
static enum err want_keys(struct engine *engine, struct space *space, struct message_row *row)
{
    const struct space_epoch *first = space_epoch(space, 1);
    bool alarmed = space->pub.alarm == ERR_WITHHELD;
    space->rows_asked = false;
    if (!space->keyless || !first || !first->ek || !(space->pub.roles & ROLE_READER) ||
        (asked_lately(engine, space) && !alarmed))
        return ERR_OK;
    space->keys_asked_ms = engine->now_ms;
    space->rows_asked = true;
    for (size_t i = 0; i < space->dossiers.n && row->n_want < WANT_AT_ONCE; i++) {
        struct dossier *dossier = &space->dossiers.items[i];
        const uint8_t *key;
        enum err err = dossier->born ? dossier_key(engine, space, dossier, &key) : ERR_OK;
        if (err != ERR_OK && err != ERR_NO_KEY && err != ERR_ERASED)
            return err;
        if (err != ERR_NO_KEY)
            continue;
        struct message_want *want = &row->want[row->n_want++];
        *want = (struct message_want){.is_row = true};
        seal_row(want->row, first->ek, space->pub.id, dossier->shred);
    }
    return ERR_OK;
}

/* --- all of it --- */

static enum err put_pushes(struct engine *engine, struct space *space, struct arena *arena,
                           size_t *room, struct message_row *row, struct flight_row *flight)
{
    enum err err = ERR_OK;
    TRY(session_build(engine, space, *room));
    flight->pushed = operate_waits(space);
    if (!flight->pushed)
        space->news_tries = 0;
    space->caught_up = false;
    TRY(put_leaves(space, arena, room, row, flight));
    size_t n_stale = space->n_stale, n_slots = row->n_slots;
    TRY(put_rewraps(engine, space, row));
    flight->stuck = n_stale > 0 && row->n_slots == n_slots;
    TRY(put_wanted(engine, space, arena, room, row));
out:
    return err;
}

enum err session_row(struct engine *engine, struct space *space, struct arena *arena, size_t *room,
                     struct message_row *row, struct flight_row *flight)
{
    enum err err = ERR_OK;
    *row = (struct message_row){.have_size = space->fold->size,
                                .keys_rev = space->keys_rev,
                                .erased_upto = space->erased_upto};
    memcpy(row->space, space->pub.id, ID_LEN);
    flight->last_id = space->outbox.last_id;
    row->want = arena_get(arena, WANT_AT_ONCE + 2, sizeof *row->want);
    row->inbox = arena_get(arena, INBOX_MAX + 1, sizeof *row->inbox);
    if (!row->want || !row->inbox)
        TRY(ERR_MEMORY);
    if (space->leave.wiped) {
        row->have_size = space->leave.size;
        TRY(leave_row(engine, space, arena, row, flight));
        flight->pushed = row->n_inbox > 0;
        goto out;
    }
    if (session_may_push(space))
        TRY(put_pushes(engine, space, arena, room, row, flight));
    if (space->missing)
        TRY(replica_entries(engine->replica, space->no, REPLICA_MISSING, 0, space->fold->size,
                            want_holes, row));
    row->n_inbox = enrol_outgoing(space, engine, row->inbox);
    grant_thank(space, row);
    if (session_may_push(space))
        TRY(grant_give(engine, space, arena, row, flight));
    if (session_may_push(space))
        TRY(attach_outgoing(engine, space, arena, row, flight));
    flight->wants = row->n_want > 0;
    ask_for_seal(engine, space, row);
    TRY(want_keys(engine, space, row));
    if (row->n_want < WANT_AT_ONCE)
        TRY(erased_want(engine, space, row));
    TRY(witness_ask(engine, space, row));
    flight->joins = space->pub.state == SPACE_WAITING && row->n_inbox > 0;
    if (session_may_push(space) && row->n_inbox < INBOX_MAX)
        TRY(leave_row(engine, space, arena, row, flight));
    flight->pushed = flight->pushed ||
                     row->n_leaves + row->n_slots + row->n_bodies + row->n_inbox + row->n_want > 0;
out:
    return err;
}
