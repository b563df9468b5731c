/* SPDX-License-Identifier: Apache-2.0
 *
 * The invariants of a device: what it holds was logged, who saw the same log sees the same, what it called durable is
 * there, what was taken back, cut or erased is not, its alarms are justified and due ones are raised, the count of
 * unsent work is the truth.
 */
#define _GNU_SOURCE /* memmem */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine_inside.h"
#include "proto/digest.h"
#include "proto/merge.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_fault.h"

size_t sim_check_number(const struct engine_change *change)
{
    const char *text = (const char *)change->change.value;
    size_t len = change->change.value_len, head = strlen(SIM_NEEDLE);
    const char *at = memmem(text, len, SIM_NEEDLE, head);
    if (!at || (size_t)(text + len - at) < head + 8)
        return SIZE_MAX;
    size_t number = 0;
    for (size_t i = 0; i < 8; i++)
        number = number * 10 + (size_t)(at[head + i] - '0');
    return number;
}

struct sim_log *sim_check_log(struct sim_world *world, const struct sim_device *device, unsigned s)
{
    return &world->branches[device->branch[s]].logs[s];
}

bool sim_check_looks(struct sim_world *world)
{
    return sim_chance(&world->random, world->profile.look ? world->profile.look : 300);
}

/* --- the log that a device holds --- */

static bool is_prefix(const struct sim_log *log, uint64_t size, const uint8_t root[static HASH_LEN])
{
    return size == 0 ||
           (size <= log->size && memcmp(log->entries[size - 1].root, root, HASH_LEN) == 0);
}

/* Finds the history that a device's log belongs to. */
static bool find_history(struct sim_world *world, struct sim_device *device, unsigned s,
                         uint64_t size, const uint8_t root[static HASH_LEN])
{
    if (is_prefix(sim_check_log(world, device, s), size, root))
        return true;
    for (unsigned b = 0; b < world->n_branches; b++) {
        if (!is_prefix(&world->branches[b].logs[s], size, root))
            continue;
        device->branch[s] = b;
        return true;
    }
    return false;
}

/* What was wiped cannot say which history removed it: one that goes on from the last that the device held. */
static void find_removal(struct sim_world *world, struct sim_device *device, unsigned s,
                         const struct space *space)
{
    static const uint8_t none[HASH_LEN];
    uint64_t size = device->size[s];
    const uint8_t *root = size ? sim_check_log(world, device, s)->entries[size - 1].root : none;
    for (unsigned b = 0; b < world->n_branches; b++) {
        const struct sim_log *log = &world->branches[b].logs[s];
        const struct sim_revoked *revoked = sim_model_revoked(log, device->id);
        if (!revoked || space->leave.size != revoked->index + 1 || !is_prefix(log, size, root))
            continue;
        device->branch[s] = b;
        return;
    }
}

/* Who was removed keeps nothing of the space but sealed work: what no leaf of its log holds, and no more. (Which leaves
 * hold what is known once somebody has shown it: a bound from above.) */
static void check_wiped(struct sim_world *world, struct sim_device *device, unsigned s,
                        const struct space *space)
{
    find_removal(world, device, s, space);
    const struct sim_log *log = sim_check_log(world, device, s);
    const struct sim_revoked *revoked = sim_model_revoked(log, device->id);
    uint64_t sealed = 0;
    sim_count(world, SIM_CHECK_REVOKED, 1);
    if (!revoked || space->leave.size != revoked->index + 1)
        sim_violated(world, "only the removed are wiped", "device %u, space %u, size %llu",
                     device->no, s, (unsigned long long)space->leave.size);
    if (space->fold->size || space->n_epochs || space->dossiers.n || space->outbox.n_edits)
        sim_violated(world, "the removed keep no keys", "device %u, space %u", device->no, s);
    device->size[s] = space->leave.size;
    for (size_t i = 0; i < world->n_marks && !device->restored; i++) {
        const struct sim_mark *mark = &world->marks[i];
        uint64_t index = mark->index[device->branch[s]];
        if (mark->device != device->no || mark->space != s || mark->state == SIM_GONE)
            continue;
        if (mark->state == SIM_MAYBE || world->dossiers[mark->dossier].asked)
            return; /* it cannot be told from outside */
        sealed += index == SIM_NOWHERE || index >= space->leave.size;
    }
    if (!device->restored && space->leave.waiting + space->leave.handed > sealed)
        sim_violated(world, "a change is applied once", "device %u, space %u sealed %llu of %llu",
                     device->no, s,
                     (unsigned long long)(space->leave.waiting + space->leave.handed),
                     (unsigned long long)sealed);
}

static bool check_log(struct sim_world *world, struct sim_device *device, unsigned s,
                      const struct space *space)
{
    uint8_t root[HASH_LEN], fold[HASH_LEN];
    uint64_t size = space->fold->size;
    if (space->leave.wiped) {
        check_wiped(world, device, s, space);
        return false;
    }
    tree_root(&space->tree, root);
    if (size < device->size[s])
        sim_violated(world, "the log only grows", "device %u had %llu entries, now %llu",
                     device->no, (unsigned long long)device->size[s], (unsigned long long)size);
    device->size[s] = size;
    if (!find_history(world, device, s, size, root)) {
        sim_violated(world, "what a device holds was logged", "device %u, space %u, size %llu",
                     device->no, s, (unsigned long long)size);
        return false;
    }
    if (size == 0)
        return false;
    sim_count(world, SIM_CHECK_ROOT, 1);
    const struct sim_entry_seen *last = &sim_check_log(world, device, s)->entries[size - 1];
    sim_model_fold(fold, space->fold);
    if (memcmp(fold, last->fold, HASH_LEN) != 0)
        sim_violated(world, "who saw the same log agrees on the members",
                     "device %u, space %u, size %llu", device->no, s, (unsigned long long)size);
    return !world->failed;
}

/* --- alarms --- */

/* Was it shown a history that its own cannot go with, long enough to tell? */
static bool is_crossed(struct sim_world *world, const struct sim_device *device, unsigned s,
                       const struct space *space, const struct sim_message *shown, bool *due)
{
    uint8_t root[HASH_LEN];
    uint64_t size = space->fold->size, theirs = shown->sizes[s];
    const struct sim_log *log = &world->branches[shown->branch].logs[s];
    const struct fold_device *self = log->fold ? fold_device(log->fold, device->id) : NULL;
    tree_root(&space->tree, root);
    *due = false;
    if (theirs >= size && is_prefix(log, size, root))
        return false;
    *due = theirs != size && self && self->active && space->pub.state == SPACE_ACTIVE;
    return true;
}

void sim_check_meets(struct sim_world *world, struct sim_device *device,
                     const struct sim_message *shown)
{
    SIM_QUIET;
    bool due;
    for (unsigned s = 0; s < world->n_spaces; s++) {
        size_t i = sim_device_space(world, device, s);
        if (i != SIZE_MAX && is_crossed(world, device, s, device->engine->spaces[i], shown, &due))
            device->crossed = true;
    }
}

/* A device from a backup holds a leaf that it never made: its former self went on after the backup. */
static bool knows_twin(struct sim_world *world, const struct sim_device *device, unsigned s,
                       const struct space *space)
{
    const struct sim_log *log = sim_check_log(world, device, s);
    for (uint64_t i = 0; device->restored && i < space->fold->size && i < device->twin_size[s];
         i++) {
        const struct sim_entry_seen *entry = &log->entries[i];
        if (memcmp(entry->device, device->id, ID_LEN) == 0 && entry->seq > device->copy_seq[s])
            return space->pub.state == SPACE_ACTIVE;
    }
    return false;
}

static void check_alarm(struct sim_world *world, struct sim_device *device, unsigned s,
                        const struct space *space, const struct sim_message *shown)
{
    bool due = false;
    bool crossed = shown && is_crossed(world, device, s, space, shown, &due);
    device->crossed = device->crossed || crossed;
    due = due || knows_twin(world, device, s, space);
    enum err alarm = space->pub.alarm;
    if (alarm != ERR_OK || due)
        sim_count(world, SIM_CHECK_ALARM, 1);
    bool justified = device->crossed || (device->restored && alarm == ERR_SEQ);
    if (alarm != ERR_OK && !justified)
        sim_violated(world, "alarms are justified", "device %u, space %u: %s", device->no, s,
                     err_name(alarm));
    if (due && alarm == ERR_OK)
        sim_violated(world, "forks and twins are seen", "device %u, space %u, size %llu",
                     device->no, s, (unsigned long long)space->fold->size);
}

/* --- what a device shows --- */

static enum err show(void *ctx, const struct engine_change *change)
{
    struct sim_shown *shown = ctx;
    size_t number = sim_check_number(change);
    crypto_generichash_state *hash = shown->state;
    crypto_generichash_update(hash, (const uint8_t *)&change->index, sizeof change->index);
    crypto_generichash_update(hash, (const uint8_t *)&change->box, sizeof change->box);
    crypto_generichash_update(hash, change->shred, ID_LEN);
    crypto_generichash_update(hash, change->author, ID_LEN);
    crypto_generichash_update(hash, change->run, RUN_LEN);
    crypto_generichash_update(hash, change->change.record, RECORD_LEN);
    crypto_generichash_update(hash, (const uint8_t *)&change->change.field, 4);
    crypto_generichash_update(hash, (const uint8_t *)&change->change.base, 8);
    crypto_generichash_update(hash, (const uint8_t *)&change->change.ordinal, 8);
    crypto_generichash_update(hash, change->change.value, change->change.value_len);
    if (number >= shown->n)
        return ERR_OK;
    shown->twice = shown->seen[number] != 0 ? number : shown->twice;
    shown->seen[number] = change->index == MERGE_PENDING ? 1 : change->index + 1;
    return ERR_OK;
}

enum err sim_check_shown(const struct sim_world *world, struct sim_device *device, unsigned s,
                         bool pending, struct sim_shown *shown)
{
    size_t i = sim_device_space(world, device, s);
    crypto_generichash_state state;
    *shown = (struct sim_shown){.n = world->n_marks, .twice = SIZE_MAX, .state = &state};
    shown->seen = calloc(shown->n + 1, sizeof *shown->seen);
    if (!shown->seen)
        abort();
    crypto_generichash_init(&state, NULL, 0, HASH_LEN);
    enum err err = pending ? engine_pending(device->engine, i, show, shown)
                           : engine_replay(device->engine, i, 0, show, shown, &shown->keyless);
    crypto_generichash_final(&state, shown->hash, HASH_LEN);
    shown->state = NULL;
    return err;
}

/* Whether a device sees everything that its log holds. */
static bool sees_all(const struct space *space, const struct sim_shown *shown)
{
    return shown->keyless == 0 && !space->missing && space->routed == space->fold->size &&
           space->pub.state == SPACE_ACTIVE && space->pub.roles & ROLE_READER;
}

static void check_seen(struct sim_world *world, const struct sim_device *device, unsigned s,
                       const struct space *space, size_t number, uint64_t index)
{
    struct sim_mark *mark = &world->marks[number];
    unsigned b = device->branch[s];
    const struct sim_log *log = &world->branches[b].logs[s];
    const struct sim_entry_seen *entry = &log->entries[index];
    const struct sim_revoked *revoked = sim_model_revoked(log, device->id);
    sim_count(world, SIM_CHECK_REPLAY, 1);
    if (mark->state == SIM_GONE)
        sim_violated(world, "what was taken back stays away", "device %u shows %zu", device->no,
                     number);
    if (mark->index[b] != SIM_NOWHERE && mark->index[b] != index)
        sim_violated(world, "a change is applied once", "device %u shows %zu at %llu and %llu",
                     device->no, number, (unsigned long long)mark->index[b],
                     (unsigned long long)index);
    if (!sim_model_effective(log, space->fold->size, entry->device, entry->seq, index))
        sim_violated(world, "what a revocation cuts is not shown", "device %u shows %zu",
                     device->no, number);
    if (fold_erased(space->fold, world->dossiers[mark->dossier].shred))
        sim_violated(world, "erased is erased", "device %u shows %zu", device->no, number);
    if (revoked && revoked->index < index)
        sim_violated(world, "the revoked read nothing newer", "device %u shows %zu", device->no,
                     number);
    mark->index[b] = index;
    mark->state = SIM_KEPT;
}

/* A logged change that counts, whose dossier is not erased, is shown by whoever has all keys. */
static void check_unseen(struct sim_world *world, const struct sim_device *device, unsigned s,
                         const struct space *space, size_t number)
{
    const struct sim_mark *mark = &world->marks[number];
    const struct sim_log *log = sim_check_log(world, device, s);
    uint64_t index = mark->index[device->branch[s]];
    /* What is erased behind this page came without its body already. */
    if (mark->space != s || index == SIM_NOWHERE || index >= space->fold->size ||
        fold_erased(log->fold, world->dossiers[mark->dossier].shred))
        return;
    const struct sim_entry_seen *entry = &log->entries[index];
    if (sim_model_effective(log, space->fold->size, entry->device, entry->seq, index))
        sim_violated(world, "nothing is lost", "device %u, space %u does not show %zu of %llu",
                     device->no, s, number, (unsigned long long)index);
}

static void compare(struct sim_world *world, const struct sim_device *device, unsigned s,
                    const struct space *space, const struct sim_shown *shown)
{
    struct sim_entry_seen *last = &sim_check_log(world, device, s)->entries[space->fold->size - 1];
    if (digest_is_zero(last->replay, HASH_LEN)) {
        memcpy(last->replay, shown->hash, HASH_LEN);
        last->replay_by = device->no;
        return;
    }
    sim_count(world, SIM_CHECK_EQUAL, 1);
    if (memcmp(last->replay, shown->hash, HASH_LEN) != 0)
        sim_violated(world, "who saw the same log sees the same",
                     "devices %u and %u, space %u, size %llu", last->replay_by, device->no, s,
                     (unsigned long long)space->fold->size);
}

static bool check_replay(struct sim_world *world, struct sim_device *device, unsigned s,
                         const struct space *space)
{
    struct sim_shown shown;
    enum err err = sim_check_shown(world, device, s, false, &shown);
    bool all = err == ERR_OK && sees_all(space, &shown);
    if (err != ERR_OK && !sim_device_excused(device, err))
        sim_violated(world, "people see their work", "device %u: %s", device->no, err_name(err));
    if (shown.twice != SIZE_MAX)
        sim_violated(world, "a change is applied once", "device %u shows %zu twice", device->no,
                     shown.twice);
    for (size_t i = 0; i < shown.n && err == ERR_OK && !world->failed; i++) {
        if (shown.seen[i])
            check_seen(world, device, s, space, i, shown.seen[i] - 1);
        else if (all)
            check_unseen(world, device, s, space, i);
    }
    if (all && !world->failed)
        compare(world, device, s, space, &shown);
    free(shown.seen);
    return all;
}

/* --- counts --- */

/* By the model alone: own changes that no leaf below the device's size holds. Operations are the engine's to count. */
static void check_unsent(struct sim_world *world, const struct sim_device *device, unsigned s,
                         const struct space *space)
{
    uint64_t truth = space->outbox.n_operations;
    for (size_t i = 0; i < space->outbox.n_leaves; i++) {
        const struct outbox_leaf *leaf = space->outbox.leaves[i];
        truth += leaf->n_edits == 0 && leaf->operation == 0;
    }
    for (size_t i = 0; i < world->n_marks; i++) {
        const struct sim_mark *mark = &world->marks[i];
        uint64_t index = mark->index[device->branch[s]];
        if (mark->device != device->no || mark->space != s || mark->state == SIM_GONE)
            continue;
        bool covered = index != SIM_NOWHERE && index < space->fold->size;
        if (!covered && (mark->state == SIM_MAYBE || world->dossiers[mark->dossier].asked))
            return; /* it cannot be told from outside */
        truth += !covered;
    }
    sim_count(world, SIM_CHECK_UNSENT, 1);
    if (space->pub.unsent != truth)
        sim_violated(world, "counts are true", "device %u, space %u says %llu unsent, it is %llu",
                     device->no, s, (unsigned long long)space->pub.unsent,
                     (unsigned long long)truth);
}

/* --- keys of who was revoked --- */

static void check_revoked(struct sim_world *world, const struct sim_device *device, unsigned s,
                          const struct space *space)
{
    for (unsigned b = 0; b < world->n_branches; b++) {
        const struct sim_revoked *revoked =
            sim_model_revoked(&world->branches[b].logs[s], device->id);
        /* A history in which it was never revoked gave it other keys, rightly. */
        if (!revoked || b != device->branch[s])
            continue;
        sim_count(world, SIM_CHECK_REVOKED, 1);
        if (space->fold->size > revoked->index + 1)
            sim_violated(world, "the revoked read nothing newer",
                         "device %u has %llu entries, was revoked at %llu", device->no,
                         (unsigned long long)space->fold->size, (unsigned long long)revoked->index);
        for (size_t e = revoked->epoch; e < space->n_epochs; e++) {
            if (space->epochs[e].ek || space->epochs[e].sk || space->epochs[e].route)
                sim_violated(world, "the revoked read nothing newer",
                             "device %u has keys of epoch %zu", device->no, e + 1);
        }
    }
}

/* --- all of it --- */

void sim_check_device(struct sim_world *world, struct sim_device *device,
                      const struct sim_message *shown, bool changed)
{
    SIM_QUIET;
    for (unsigned s = 0; s < world->n_spaces && !world->failed; s++) {
        size_t i = sim_device_space(world, device, s);
        if (i == SIZE_MAX)
            continue;
        const struct space *space = device->engine->spaces[i];
        if (space->behind != ERR_OK)
            continue; /* nothing can be written before it is loaded again */
        bool holds = check_log(world, device, s, space);
        if (world->failed)
            return;
        check_alarm(world, device, s, space, shown);
        check_revoked(world, device, s, space);
        /* Reading everything costs more than the sync did: after each second change. */
        bool look = changed && (world->resting || sim_check_looks(world));
        bool all = holds && look && check_replay(world, device, s, space) && !device->restored;
        if (all && !world->failed)
            check_unsent(world, device, s, space);
    }
}

static void check_kept_space(struct sim_world *world, struct sim_device *device, unsigned s,
                             const struct sim_shown *pending, const struct sim_shown *replay)
{
    unsigned b = device->branch[s];
    /* Who was revoked gets bodies as hashes: it cannot show all that it wrote. */
    bool out = sim_model_revoked(&world->branches[b].logs[s], device->id) != NULL;
    for (size_t i = 0; i < pending->n && !world->failed; i++) {
        struct sim_mark *mark = &world->marks[i];
        if (mark->device != device->no || mark->space != s || device->restored)
            continue;
        bool logged = replay->seen[i] || mark->index[b] < device->size[s];
        bool waits = pending->seen[i];
        sim_count(world, SIM_CHECK_KEPT, mark->state == SIM_KEPT);
        if (mark->state == SIM_GONE && (waits || logged))
            sim_violated(world, "what failed or was taken back stays away", "device %u has %zu",
                         device->no, i);
        if (waits && logged)
            sim_violated(world, "a change is applied once", "device %u: %zu waits and is logged",
                         device->no, i);
        if (mark->state == SIM_KEPT && !waits && !logged && !out &&
            !world->dossiers[mark->dossier].asked)
            sim_violated(world, "nothing is lost", "device %u: %zu was durable and is gone",
                         device->no, i);
        if (mark->state == SIM_MAYBE)
            mark->state = waits || logged ? SIM_KEPT : SIM_GONE;
    }
}

void sim_check_kept(struct sim_world *world, struct sim_device *device)
{
    SIM_QUIET;
    for (unsigned s = 0; s < world->n_spaces && !world->failed; s++) {
        struct sim_shown pending, replay;
        size_t i = sim_device_space(world, device, s);
        if (i == SIZE_MAX)
            continue;
        if (!check_log(world, device, s, device->engine->spaces[i]) && world->failed)
            return;
        enum err one = sim_check_shown(world, device, s, true, &pending);
        enum err two = sim_check_shown(world, device, s, false, &replay);
        if (one == ERR_OK && two == ERR_OK)
            check_kept_space(world, device, s, &pending, &replay);
        else if (!sim_device_excused(device, one != ERR_OK ? one : two))
            sim_violated(world, "people see their work", "device %u: %s, %s", device->no,
                         err_name(one), err_name(two));
        free(pending.seen);
        free(replay.seen);
    }
}
