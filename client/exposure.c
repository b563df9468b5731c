/* SPDX-License-Identifier: Apache-2.0
 *
 * A device says with each leaf how much it had received (seen_size): what lies before is on it for certain. What lies
 * between that and its removal (or now) may be.
 */
#include "client/exposure.h"

#include <string.h>

#include "client/engine_inside.h"

struct entry_facts {
    uint64_t t_recv_ms, seen;
};

static enum err read_facts(void *ctx, const struct replica_entry *row)
{
    struct entry_facts *facts = ctx;
    struct leaf leaf;
    facts->t_recv_ms = row->t_recv_ms;
    enum err err = leaf_decode(&leaf, row->header, row->header_len, row->sig);
    facts->seen = err == ERR_OK ? leaf.seen_size : 0;
    leaf_fini(&leaf);
    return err_category(err) == CAT_INTERNAL ? err : ERR_OK;
}

static enum err facts_of(struct engine *engine, const struct space *space, uint64_t index,
                         struct entry_facts *facts)
{
    *facts = (struct entry_facts){0};
    return replica_entry(engine->replica, space->no, index, read_facts, facts);
}

enum err exposure_time(struct engine *engine, size_t i, uint64_t index, uint64_t *t_recv_ms)
{
    struct entry_facts facts;
    enum err err = facts_of(engine, engine_at(engine, i), index, &facts);
    *t_recv_ms = facts.t_recv_ms;
    return err;
}

/* The newest epoch that began before a place in the log. */
static void find_keys(const struct fold *fold, uint64_t end, struct exposure *exposure)
{
    for (size_t i = 0; i < fold->n_epochs; i++) {
        const struct fold_epoch *epoch = &fold->epochs[i];
        if (epoch->index < end) {
            exposure->epoch = epoch->epoch;
            exposure->key_since_ms = epoch->t_recv_ms;
        } else if (exposure->key_until_ms == 0) {
            exposure->key_until_ms = epoch->t_recv_ms;
        }
    }
}

static enum err look(struct engine *engine, const struct space *space,
                     const uint8_t device[static ID_LEN], struct exposure *exposure)
{
    enum err err = ERR_OK;
    struct entry_facts facts;
    const struct fold_device *member = fold_device(space->fold, device);
    *exposure = (struct exposure){0};
    if (!member)
        return ERR_NOT_FOUND;
    exposure->reads = member->roles & ROLE_READER;
    exposure->could_see = member->active ? space->fold->size : member->revoked + 1;
    TRY(facts_of(engine, space, member->added, &facts));
    exposure->added_ms = facts.t_recv_ms;
    if (!member->active) {
        TRY(facts_of(engine, space, member->revoked, &facts));
        exposure->removed_ms = facts.t_recv_ms;
    }
    if (member->last_seq > 0) {
        TRY(facts_of(engine, space, member->last_index, &facts));
        exposure->sent_ms = facts.t_recv_ms;
        /* It has what it had seen, and what it sent. */
        exposure->seen = facts.seen;
    }
    find_keys(space->fold, exposure->could_see, exposure);
out:
    return err;
}

static bool exposed(const struct exposure *exposure, const struct dossier *dossier)
{
    return exposure->reads && dossier->born && dossier->leaf < exposure->could_see;
}

enum err exposure_count(struct engine *engine, size_t i, const uint8_t device[static ID_LEN],
                        struct exposure *exposure)
{
    const struct space *space = engine_at(engine, i);
    const struct dossiers *dossiers = &space->dossiers;
    enum err err = look(engine, space, device, exposure);
    for (size_t k = 0; err == ERR_OK && k < dossiers->n_births; k++) {
        const struct dossier *dossier = &dossiers->items[dossiers->births[k]];
        if (!exposed(exposure, dossier))
            continue;
        exposure->dossiers++;
        exposure->seen_dossiers += dossier->leaf < exposure->seen;
        exposure->erased += fold_erased(space->fold, dossier->shred) != NULL;
    }
    return err;
}

enum err exposure_dossiers(struct engine *engine, size_t i, const uint8_t device[static ID_LEN],
                           exposure_sink sink, void *ctx)
{
    const struct space *space = engine_at(engine, i);
    const struct dossiers *dossiers = &space->dossiers;
    struct exposure exposure;
    struct entry_facts facts;
    enum err err = look(engine, space, device, &exposure);
    for (size_t k = 0; err == ERR_OK && k < dossiers->n_births; k++) {
        const struct dossier *dossier = &dossiers->items[dossiers->births[k]];
        const struct fold_erased *erased = fold_erased(space->fold, dossier->shred);
        struct exposure_dossier out = {.seen = dossier->leaf < exposure.seen};
        if (!exposed(&exposure, dossier))
            continue;
        memcpy(out.shred, dossier->shred, ID_LEN);
        TRY(facts_of(engine, space, dossier->leaf, &facts));
        out.since_ms = facts.t_recv_ms;
        if (erased) {
            TRY(facts_of(engine, space, erased->index, &facts));
            out.erased_ms = facts.t_recv_ms;
        }
        TRY(sink(ctx, &out));
    }
out:
    return err;
}
