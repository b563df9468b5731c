/* SPDX-License-Identifier: Apache-2.0
 *
 * What travels beside the log: slots, seals with their lists, bodies that were lost or withheld.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/take_inside.h"
#include "proto/digest.h"

/* --- slots and seals --- */

/* A list of seals against the leaf that promised it: the own seal must be one of its lines. */
struct list_check {
    struct take *take;
    const struct message_list_lines *list;
    bool wrong;
};

static bool names_device(const struct message_list_lines *list, const uint8_t *device)
{
    for (size_t at = 0; at + SEAL_LINE_LEN <= list->len; at += SEAL_LINE_LEN) {
        if (memcmp(list->lines + at, device, ID_LEN) == 0)
            return true;
    }
    return false;
}

static bool line_is_there(const struct message_list_lines *list, const struct leaf_seal *seal)
{
    uint8_t line[SEAL_LINE_LEN];
    leaf_seal_line(line, seal);
    for (size_t at = 0; at + SEAL_LINE_LEN <= list->len; at += SEAL_LINE_LEN) {
        if (memcmp(list->lines + at, line, SEAL_LINE_LEN) == 0)
            return true;
    }
    return false;
}

/* Of the seals of this epoch one is the promised one; the others came with a change of roles, whose list may lie
 * behind this page. */
static bool seals_fit(const struct list_check *check, uint32_t epoch)
{
    const struct message_row *row = check->take->row;
    bool any = false, fits = false;
    for (size_t i = 0; i < row->n_seals; i++) {
        if (row->seals[i].epoch != epoch)
            continue;
        any = true;
        for (size_t k = 0; k < row->n_lists; k++)
            fits = fits || line_is_there(&row->lists[k], &row->seals[i]);
    }
    return fits || !any || row->more || !names_device(check->list, check->take->engine->ring.id);
}

static enum err check_list(void *ctx, const struct replica_entry *entry)
{
    struct list_check *check = ctx;
    struct leaf leaf;
    uint8_t hash[HASH_LEN];
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err != ERR_OK || entry->verdict != ERR_OK)
        goto out;
    leaf_seals_hash(hash, check->list->lines, check->list->len / SEAL_LINE_LEN);
    check->wrong = check->list->len % SEAL_LINE_LEN != 0 || !leaf.has_keys ||
                   memcmp(hash, leaf.keys, HASH_LEN) != 0;
    if (leaf.kind == KIND_EPOCH_CHANGE)
        check->wrong = check->wrong || !seals_fit(check, leaf.op.u.epoch_change.epoch);
out:
    leaf_fini(&leaf);
    return err;
}

static enum err take_lists(struct take *take)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < take->row->n_lists; i++) {
        struct list_check check = {.take = take, .list = &take->row->lists[i]};
        err = replica_entry(take->engine->replica, take->space->no, check.list->leaf, check_list,
                            &check);
        if (err == ERR_NOT_FOUND)
            err = ERR_OK; /* its leaf comes with a later page */
        TRY(err);
        if (check.wrong)
            space_alarm(take->space, ERR_SEALS, check.list->leaf, false);
    }
out:
    return err;
}

static enum err take_seals(struct take *take)
{
    enum err err = ERR_OK;
    struct space *space = take->space;
    bool changed = false;
    for (size_t i = 0; i < take->row->n_seals; i++) {
        const struct leaf_seal *seal = &take->row->seals[i];
        uint8_t plain[1 + SEAL_LEN_MAX];
        if (memcmp(seal->device, take->engine->ring.id, ID_LEN) != 0 ||
            seal->seal_len > SEAL_LEN_MAX)
            continue;
        plain[0] = seal->type;
        memcpy(plain + 1, seal->seal, seal->seal_len);
        TRY(replica_put(take->engine->replica, REPLICA_SEAL, space->no, seal->epoch, plain,
                        1 + seal->seal_len));
    }
    TRY(space_seals_open(take->engine, space, &changed));
    take->keys = take->keys || changed;
    TRY(take_lists(take));
out:
    return err;
}

enum err take_keys(struct take *take)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < take->row->n_slots; i++)
        TRY(replica_slot_put(take->engine->replica, take->space->no, &take->row->slots[i]));
    TRY(take_seals(take));
    take->keys = take->keys || take->row->n_slots > 0;
out:
    return err;
}

/* --- missing bodies --- */

/* Puts one fetched body into its entry; when all are there, they must be the signed ones. */
struct refill {
    struct take *take;
    struct message_body body;
};

static enum err refill_entry(void *ctx, const struct replica_entry *entry)
{
    struct refill *refill = ctx;
    struct leaf leaf;
    struct leaf_body bodies[BOXES_MAX];
    struct buf packed = {.max = 2 * LEAF_MAX};
    uint8_t got[HASH_LEN];
    uint64_t missing = 0;
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err != ERR_OK || leaf.n_bodies > BOXES_MAX || refill->body.box >= leaf.n_bodies)
        goto out;
    TRY(replica_bodies_parse(bodies, leaf.n_bodies, entry->bodies, entry->bodies_len));
    struct leaf_body *hole = &bodies[refill->body.box];
    const struct leaf_body filled = {refill->body.bytes, refill->body.len};
    if (hole->len >= BODY_MIN || (filled.len < BODY_MIN && filled.len != HASH_LEN))
        goto out;
    leaf_body_hash(got, &filled);
    if (hole->len == HASH_LEN && memcmp(hole->bytes, got, HASH_LEN) != 0)
        goto out; /* not the one that was asked for */
    *hole = filled;
    bool whole = true;
    for (size_t i = 0; i < leaf.n_bodies; i++)
        whole = whole && bodies[i].len != 0;
    if (whole && leaf_bodies_check(&leaf, bodies, leaf.n_bodies) != ERR_OK) {
        for (size_t i = 0; i < leaf.n_bodies; i++)
            bodies[i].len = 0;
    }
    for (size_t i = 0; i < leaf.n_bodies; i++)
        missing += bodies[i].len < BODY_MIN;
    replica_bodies_pack(&packed, bodies, leaf.n_bodies);
    TRY(packed.err);
    TRY(replica_entry_bodies(refill->take->engine->replica, refill->take->space->no, entry->index,
                             packed.bytes, packed.len, missing));
    refill->take->bump = true;
out:
    leaf_fini(&leaf);
    buf_free(&packed);
    return err_category(err) == CAT_REJECT ? ERR_OK : err;
}

static enum err take_refills(struct take *take)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < take->row->n_inbox; i++) {
        const struct message_inbox *item = &take->row->inbox[i];
        struct refill refill = {.take = take};
        if (item->type != INBOX_BODY)
            continue;
        TRY(message_body_decode(&refill.body, item->payload, item->payload_len));
        err = replica_entry(take->engine->replica, take->space->no, refill.body.leaf, refill_entry,
                            &refill);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            goto out;
        err = ERR_OK;
    }
out:
    return err;
}

struct holes {
    struct take *take;
    size_t n, boxes;
    uint64_t first;
    uint64_t newest_ms; /* of the log */
};

static enum err count_holes(void *ctx, const struct replica_entry *entry)
{
    struct holes *holes = ctx;
    holes->boxes += entry->missing;
    return ERR_OK;
}

static bool hole_is_explained(struct take *take, const struct leaf *leaf,
                              const struct change_routes *routes, uint64_t index, uint16_t box)
{
    if (!kind_has_route(leaf->kind) || box >= routes->n)
        return false;
    const struct dossier *dossier = dossier_of_route(take->space, &routes->routes[box], index + 1);
    return dossier && fold_erased(take->space->fold, dossier->shred);
}

static enum err look_at_hole(void *ctx, const struct replica_entry *entry)
{
    struct holes *holes = ctx;
    struct leaf leaf;
    struct change_routes routes = {0};
    struct leaf_body bodies[BOXES_MAX];
    uint64_t missing = 0;
    enum err err = leaf_decode(&leaf, entry->header, entry->header_len, entry->sig);
    if (err != ERR_OK || leaf.n_bodies > BOXES_MAX)
        goto out;
    TRY(replica_bodies_parse(bodies, leaf.n_bodies, entry->bodies, entry->bodies_len));
    bool may_go = leaf_body_may_go(leaf.kind, entry->t_recv_ms, holes->newest_ms);
    enum err opened =
        kind_has_route(leaf.kind) ? space_routes(holes->take->space, &leaf, &routes) : ERR_OK;
    if (opened == ERR_NO_KEY)
        goto out; /* it cannot be told yet */
    for (uint16_t i = 0; i < leaf.n_bodies; i++)
        missing += bodies[i].len < BODY_MIN && !may_go &&
                   (bodies[i].len == 0 ||
                    !hole_is_explained(holes->take, &leaf, &routes, entry->index, i));
    if (missing && holes->n++ == 0)
        holes->first = entry->index;
    holes->boxes += missing;
    if (missing != entry->missing)
        TRY(replica_entry_bodies(holes->take->engine->replica, holes->take->space->no, entry->index,
                                 entry->bodies, entry->bodies_len, missing));
out:
    change_routes_free(&routes);
    leaf_fini(&leaf);
    return err_category(err) == CAT_REJECT ? ERR_OK : err;
}

static enum err read_time(void *ctx, const struct replica_entry *entry)
{
    uint64_t *time_ms = ctx;
    *time_ms = entry->t_recv_ms;
    return ERR_OK;
}

enum err take_bodies(struct take *take)
{
    enum err err = ERR_OK;
    struct space *space = take->space;
    const struct fold_device *self = space_self(take->engine, space);
    struct holes before = {.take = take}, holes = {.take = take};
    uint64_t size = space->fold->size;
    TRY(replica_entries(take->engine->replica, space->no, REPLICA_MISSING, 0, size, count_holes,
                        &before));
    TRY(take_refills(take));
    if (take->row->more)
        goto out; /* an erasure behind this page may explain them */
    space->missing = false;
    /* Who does not read, or no longer, gets hashes. */
    if (!self || !self->active || !(self->roles & ROLE_READER))
        goto out;
    if (size > 0)
        TRY(replica_entry(take->engine->replica, space->no, size - 1, read_time, &holes.newest_ms));
    TRY(replica_entries(take->engine->replica, space->no, REPLICA_MISSING, 0, size, look_at_hole,
                        &holes));
    space->missing = holes.n > 0;
    if (holes.n)
        take->bad_bodies = holes.first;
    /* Withheld is what was asked for and did not come: who begins to read has holes by right. They are asked for until
     * an answer brings none; then with each sync, and that is an alarm. */
    take->refused_bodies = take->flight->wants && holes.boxes >= before.boxes;
    if (holes.n && !take->refused_bodies)
        take->result->again = true;
out:
    return err;
}
