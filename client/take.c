/* SPDX-License-Identifier: Apache-2.0
 *
 * The order of a row's checks, and what an alarm does. The parts stand in the other take_*.c.
 */
#include "client/take.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/access.h"
#include "client/adopt.h"
#include "client/attach.h"
#include "client/enrol.h"
#include "client/erased.h"
#include "client/evidence.h"
#include "client/grant.h"
#include "client/handover.h"
#include "client/leave.h"
#include "client/refill.h"
#include "client/rekey.h"
#include "client/salvage.h"
#include "client/session.h"
#include "client/take_inside.h"
#include "client/transfer.h"
#include "proto/digest.h"

/* --- evidence --- */

enum err take_evidence(struct take *take, enum err what, uint64_t index)
{
    take->result->bad = what;
    if (take->first_bad == UINT64_MAX)
        take->first_bad = index;
    return ERR_CORRUPT;
}

/* The entry of this page with that index, for the evidence. */
static const struct message_leaf *page_entry(const struct take *take, uint64_t index)
{
    if (index < take->size_before || index - take->size_before >= take->row->n_leaves)
        return NULL;
    return &take->row->leaves[index - take->size_before];
}

/* A page that does not produce its note: asks for it again in smaller pages until the entry is known. */
static bool narrow(struct take *take)
{
    struct space *space = take->space;
    if (take->first_bad != UINT64_MAX || take->row->n_leaves <= 1 || space->page_max == 1)
        return false;
    uint64_t bytes = 0;
    for (size_t i = 0; i < take->row->n_leaves; i++) {
        const struct message_leaf *leaf = &take->row->leaves[i];
        bytes += leaf->header_len + SIG_LEN;
        for (size_t k = 0; k < leaf->n_bodies; k++)
            bytes += leaf->bodies[k].len;
    }
    space->page_max = space->page_max && space->page_max < bytes ? space->page_max / 2 : bytes / 2;
    if (space->page_max == 0)
        space->page_max = 1;
    return true;
}

static enum err raise_alarm(struct take *take, const uint8_t root[static HASH_LEN])
{
    enum err err = ERR_OK;
    struct space *space = take->space;
    enum err what = take->result->bad;
    bool narrowing = what != ERR_SIGNATURE && narrow(take);
    if (!narrowing)
        space->page_max = 0;
    uint64_t index = take->first_bad;
    if (index == UINT64_MAX && take->row->n_leaves == 1)
        index = take->size_before;
    struct evidence evidence = {.what = what, .index = index, .root = root};
    evidence.ours = space->has_note ? &space->note : NULL;
    evidence.theirs = take->accused ? take->accused : take->row->has_note ? &take->row->note : NULL;
    const struct message_leaf *entry = page_entry(take, index);
    if (entry && !entry->own) {
        evidence.header = entry->header;
        evidence.header_len = entry->header_len;
        evidence.sig = entry->sig;
        evidence.t_recv_ms = entry->t_recv_ms;
    }
    space_alarm(space, what, index, what == ERR_FORK || what == ERR_ROOT);
    space->proven = space->proven || take->proven;
    TRY(space_save(take->engine, space));
    TRY(evidence_write(take->engine, space, &evidence));
    take->result->again = narrowing;
out:
    return err;
}

/* --- parts of a row --- */

/* Whether a dossier born since `from` (an index into the births) has no key here that opens. */
static enum err look_for_keyless(struct take *take, size_t from)
{
    struct space *space = take->space;
    space->keyless = false;
    for (size_t i = from; i < space->dossiers.n_births; i++) {
        const uint8_t *key;
        enum err err = dossier_key(take->engine, space,
                                   &space->dossiers.items[space->dossiers.births[i]], &key);
        if (err_category(err) == CAT_INTERNAL)
            return err;
        space->keyless = space->keyless || err == ERR_NO_KEY;
    }
    return ERR_OK;
}

/* Births of this page. What was shown without a key that arrives now is rebuilt. */
static enum err take_routes(struct take *take)
{
    struct space *space = take->space;
    uint64_t routed = space->routed;
    size_t had = space->dossiers.n_births;
    size_t births = space->keyless ? 0 : space->dossiers.n_births;
    if (take->keys)
        dossier_retry_keys(space);
    enum err err = dossier_route(take->engine, space);
    if (err != ERR_OK)
        return err;
    if ((space->routed > routed && routed < take->size_before) || (space->keyless && take->keys))
        take->bump = true;
    if (transfer_arrived(take->engine, space, had))
        take->bump = true;
    return look_for_keyless(take, births);
}

/* Keys that nothing sealed from now on can be for. */
static enum err forget_keys(struct engine *engine, struct space *space, bool *forgot)
{
    enum err err = ERR_OK;
    TRY(space_slot_keys_forget(engine, space, forgot));
    TRY(rekey_settle(engine, space, forgot));
out:
    return err;
}

static enum err take_all(struct take *take)
{
    enum err err = ERR_OK;
    struct space *space = take->space;
    const struct message_row *row = take->row;
    TRY(take_entries(take));
    TRY(take_notes(take));
    TRY(take_keys(take));
    TRY(take_items(take));
    TRY(take_routes(take));
    TRY(attach_take(take->engine, space, take->flight, row, &take->result->again));
    TRY(take_erasures(take));
    TRY(take_purges(take));
    if (!row->more && take->space->pub.size == row->size)
        TRY(salvage_settle(take->engine, space));
    TRY(take_bodies(take));
    TRY(enrol_inbox(take->engine, take->server, space, row));
    TRY(grant_take(take->engine, space, row));
    TRY(handover_take(take->engine, space, row));
    TRY(adopt_inbox(take->engine, space, row));
    TRY(erased_take(take->engine, space, row));
    if (!row->more && space->fold->size > take->size_before)
        TRY(access_prune(take->engine, space));
    if (take->bump)
        TRY(space_bump(take->engine, space));
    if (take->labels || take->keys)
        TRY(space_labels(take->engine, space));
out:
    return err;
}

/* A page that verifies answers for one that did not; two signed notes that exclude each other stay evidence whatever
 * comes later. */
static void settle_alarm(struct take *take)
{
    struct space *space = take->space;
    if (!take->row->more)
        space->page_max = 0;
    if (space->proven || !take->row->has_note || !space->frozen)
        return;
    space->frozen = false;
    space->pub.alarm = ERR_OK;
    space->pub.alarm_index = UINT64_MAX;
}

/* A note was seen that is longer than what the server calls everything: it withholds the rest. */
static enum err look_for_withheld(struct take *take)
{
    uint64_t promised = 0;
    const struct fold_device *self = space_self(take->engine, take->space);
    if (self && !self->active)
        return ERR_OK; /* its log ends where it was revoked */
    enum err err = replica_last_id(take->engine->replica, REPLICA_NOTE, take->space->no, &promised);
    if (err == ERR_OK && promised > take->space->fold->size && !take->row->more)
        space_alarm(take->space, ERR_ROLLBACK, UINT64_MAX, false);
    return err;
}

/* The log names this device among those who got the newest keys, and they do not come though they were asked for. */
static void look_for_seal(struct take *take)
{
    struct space *space = take->space;
    if (take->row->more || space->pub.alarm != ERR_OK || space->cloned ||
        !space_lacks_epoch(take->engine, space))
        return;
    if (!space->keys_asked_ms) {
        take->result->again = true;
        return;
    }
    uint32_t epoch = fold_epoch_now(space->fold);
    space_alarm(space, ERR_WITHHELD, fold_epoch(space->fold, epoch)->index, false);
}

/* A slot comes with its leaf and is there until its dossier is erased: one that does not come, though it was asked for
 * by its row, is kept back, or lost. One that is there under keys that this device never had is neither. */
static enum err look_for_slot(struct take *take)
{
    struct space *space = take->space;
    uint64_t leaf = UINT64_MAX;
    if (take->row->more || space->pub.alarm != ERR_OK || !space->keyless ||
        !(space->pub.roles & ROLE_READER) || space_lacks_epoch(take->engine, space))
        return ERR_OK;
    enum err err = dossier_without_slot(take->engine, space, &leaf);
    if (err != ERR_OK || leaf == UINT64_MAX)
        return err;
    if (space->rows_asked) {
        space_alarm(space, ERR_WITHHELD, leaf, false);
    } else {
        space->keys_asked_ms = 0;
        take->result->again = true;
    }
    return ERR_OK;
}

/* The server counts entries that it does not give, though nothing else filled the answer: it has lost the next one. */
static void look_for_lost(struct take *take)
{
    const struct message_row *row = take->row;
    size_t given = 0;
    for (size_t i = 0; i < take->answer->n_rows; i++)
        given += take->answer->rows[i].n_leaves + take->answer->rows[i].n_inbox;
    if (given > 0 || !row->more || row->size <= take->space->fold->size)
        return;
    space_alarm(take->space, ERR_WITHHELD, take->space->fold->size, false);
    take->result->again = false;
}

static enum err take_lists_of_server(struct take *take)
{
    struct space *space = take->space;
    const struct message_row *row = take->row;
    free(space->stale);
    free(space->want);
    space->stale = NULL;
    space->want = NULL;
    space->n_stale = space->n_want = 0;
    if (row->n_stale && space->pub.roles & (ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN)) {
        space->stale = calloc(row->n_stale, ID_LEN);
        if (!space->stale)
            return ERR_MEMORY;
        memcpy(space->stale, row->stale, row->n_stale * ID_LEN);
        space->n_stale = row->n_stale;
        /* Slots of a leaf that was never logged stay stale: nobody has their key. */
        take->result->again = take->result->again || !take->flight->stuck;
    }
    if (row->n_want) {
        space->want = calloc(row->n_want, sizeof *space->want);
        if (!space->want)
            return ERR_MEMORY;
        memcpy(space->want, row->want, row->n_want * sizeof *space->want);
        space->n_want = row->n_want;
        take->result->again = true;
    }
    return ERR_OK;
}

/* What the server gives this device beside the log: keys to readers, the work of others to stewards. */
static uint8_t gets(const struct take *take)
{
    const struct fold_device *self = space_self(take->engine, take->space);
    return self && self->active ? self->roles & (ROLE_READER | ROLE_STEWARD) : 0;
}

/* One transaction; afterwards either everything is kept, or memory is as the disk. */
static enum err take_full(struct take *take, uint64_t time_ms)
{
    enum err err = ERR_OK;
    struct space *space = take->space;
    uint8_t root[HASH_LEN] = {0};
    bool was_in = space_self(take->engine, space) != NULL;
    uint8_t got = gets(take);
    TRY(engine_begin(take->engine));
    if (!space->frozen)
        space_alarm(space, ERR_OK, UINT64_MAX, false);
    err = take_all(take);
    if (err == ERR_OK) {
        /* Who begins to read, or to decide, was not sent what was counted until now. */
        bool begins = was_in && gets(take) & ~got;
        space->keys_rev = begins ? 0 : take->row->keys_rev;
        take->result->again = take->result->again || begins;
        space->pub.checkpoint_ms = time_ms;
        settle_alarm(take);
        if (space->missing && take->refused_bodies && space->pub.alarm == ERR_OK)
            space_alarm(space, ERR_WITHHELD, take->bad_bodies, false);
        look_for_seal(take);
        err = look_for_slot(take);
        look_for_lost(take);
        /* More of it, by file: that goes over too. */
        space->carried = space->carried && space->fold->size == take->size_before;
        if (space->cloned)
            space->pub.status = ERR_SEQ;
        if (space->cloned && space->pub.alarm == ERR_OK)
            space_alarm(space, ERR_SEQ, UINT64_MAX, false);
        if (err == ERR_OK)
            err = look_for_withheld(take);
    }
    if (err == ERR_OK && !take->row->more && space->pub.size == take->row->size)
        err = forget_keys(take->engine, space, &take->forgot);
    if (err == ERR_OK)
        err = space_save(take->engine, space);
    tree_root(&space->tree, root);
    bool gone = take->n_erased > 0 || take->forgot;
    err = replica_end(take->engine->replica, err);
    if (err == ERR_OK) {
        space_refresh(take->engine, space);
        TRY(take_lists_of_server(take));
        TRY(handover_follow(take->engine, take->server, space));
        return gone ? replica_flush(take->engine->replica) : ERR_OK;
    }
    enum err reload = space_reload(take->engine, space);
    if (reload != ERR_OK)
        return reload;
    take->result->pulled = take->result->pushed = take->result->refused = 0;
    if (take->result->bad != ERR_OK)
        err = raise_alarm(take, root);
out:
    return err;
}

/* The server holds less than it has signed: nothing is sent to it, everything is kept, asked again next time. */
static enum err less_than_signed(struct engine *engine, struct space *space,
                                 const struct note *theirs)
{
    const struct evidence evidence = {.what = ERR_ROLLBACK,
                                      .index = UINT64_MAX,
                                      .ours = space->has_note ? &space->note : NULL,
                                      .theirs = theirs};
    bool known = space->pub.alarm == ERR_ROLLBACK;
    space_alarm(space, ERR_ROLLBACK, UINT64_MAX, false);
    enum err err = space_save(engine, space);
    return err == ERR_OK && !known ? evidence_write(engine, space, &evidence) : err;
}

enum err take_gone(struct engine *engine, struct space *space)
{
    return less_than_signed(engine, space, NULL);
}

static enum err take_rollback(struct take *take)
{
    const struct note *theirs = take->row->full && take->row->has_note ? &take->row->note : NULL;
    take->result->bad = ERR_ROLLBACK;
    return less_than_signed(take->engine, take->space, theirs);
}

/* Less than was signed, and the log key says why: what is missing goes back to it. */
static enum err take_recovering(struct take *take)
{
    struct space *space = take->space;
    enum err err = refill_statement(take->engine, space, take->row);
    if (err == ERR_ROLLBACK)
        return take_rollback(take);
    if (err != ERR_OK)
        return err;
    space->pub.status = ERR_RECOVERING;
    if (!space->frozen && space->pub.alarm == ERR_ROLLBACK)
        space_alarm(space, ERR_OK, UINT64_MAX, false);
    take->result->again = space->refilling;
    err = space_save(take->engine, space);
    space_refresh(take->engine, space);
    return err;
}

/* Time alone can end a key: nothing new has to come for it. */
static enum err forget_in_time(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    bool forgot = false;
    TRY(engine_begin(engine));
    err = replica_end(engine->replica, forget_keys(engine, space, &forgot));
    if (err == ERR_OK)
        return forgot ? replica_flush(engine->replica) : ERR_OK;
    enum err reload = space_reload(engine, space);
    TRY(reload == ERR_OK ? err : reload);
out:
    return err;
}

/* A row without anything but its status. */
static enum err take_bare(struct take *take, uint64_t time_ms)
{
    struct space *space = take->space;
    enum err status = take->row->status;
    if (status == ERR_UNCHANGED || status == ERR_OK) {
        space->pub.checkpoint_ms = time_ms;
        space->pub.status = ERR_OK;
        space->repairs = 0;
        if (!space->frozen && space->pub.alarm == ERR_ROLLBACK)
            space_alarm(space, ERR_OK, UINT64_MAX, false);
        enum err looked = look_for_withheld(take);
        if (looked == ERR_OK)
            looked = forget_in_time(take->engine, space);
        if (looked != ERR_OK)
            return looked;
    } else {
        space->pub.status = status;
        enrol_status(take->engine, space, status);
    }
    enum err err = space_save(take->engine, space);
    space_refresh(take->engine, space);
    return err;
}

/* After a verified page: sealed work that was taken, and the wipe that a removal orders. */
static enum err take_leave(struct take *take)
{
    enum err err = ERR_OK;
    bool again = false;
    if (take->flight->parcel)
        TRY(leave_taken(take->engine, take->space, take->flight, take->row, &again));
    if (!take->row->more && take->result->bad == ERR_OK) {
        TRY(leave_wipe(take->engine, take->space, take->row));
        again = again || (take->space->leave.wiped && take->space->leave.waiting > 0);
    }
    take->result->again = take->result->again || again;
out:
    return err;
}

enum err take_row(struct engine *engine, struct server *server, const struct flight_row *flight,
                  const struct message_response *answer, const struct message_row *row,
                  struct take_result *result)
{
    struct space *space = engine_at(engine, flight->space);
    struct take take = {.engine = engine,
                        .server = server,
                        .space = space,
                        .flight = flight,
                        .answer = answer,
                        .row = row,
                        .result = result,
                        .reader = {.engine = engine, .space = space},
                        .size_before = space->fold->size,
                        .first_bad = UINT64_MAX,
                        .bad_bodies = UINT64_MAX,
                        .purge_from = UINT64_MAX};
    if (space->leave.wiped)
        return leave_taken(engine, space, flight, row, &result->again);
    bool gone = row->status == ERR_NOT_FOUND || row->status == ERR_UNKNOWN_DEVICE;
    if (row->full && row->status == ERR_RECOVERING && space->fold->size > 0)
        return take_recovering(&take);
    bool member = space_self(engine, space) != NULL;
    if (row->status == ERR_ROLLBACK || (!row->full && gone && member) ||
        (row->full && row->status == ERR_OK && row->size < space->fold->size))
        return take_rollback(&take);
    /* A request that was made under an alarm carried no work: once the alarm is over, what waits goes at once. */
    bool held = !session_may_push(space);
    enum err err;
    if (row->full) {
        if (row->status != ERR_OK && row->status != ERR_UNCHANGED)
            enrol_status(engine, space, row->status);
        space->pub.status = row->status == ERR_UNCHANGED ? ERR_OK : row->status;
        result->again = result->again || row->more;
        err = take_full(&take, answer->time_ms);
        if (err == ERR_OK)
            err = take_leave(&take);
    } else {
        err = take_bare(&take, answer->time_ms);
    }
    result->again = result->again || (held && session_may_push(space) && space->pub.unsent > 0);
    return err;
}
