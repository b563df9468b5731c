/* SPDX-License-Identifier: Apache-2.0
 *
 * First the copies in replica.spare, then what SQLite still reads, then what the raw bytes hold beside it; the first
 * version of a record that turns up is the newest one that can be had.
 */
#include "client/salvage.h"
#include "client/outbox_inside.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/wire.h"

enum { TALLIES_MAX = 256 };

struct rescue {
    struct engine *engine;
    uint64_t saved, expected, to_fetch;
    size_t n_tallies;
    uint64_t tallied[TALLIES_MAX]; /* spaces whose tally was read */
};

/* --- what is taken over --- */

static enum err have(struct rescue *rescue, enum replica_table table, uint64_t space, uint64_t id,
                     bool *there)
{
    struct buf plain = {.max = 32 << 20};
    enum err err = replica_get(rescue->engine->replica, table, space, id, &plain);
    *there = err == ERR_OK;
    buf_free(&plain);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void take_tally(struct rescue *rescue, uint64_t space, const uint8_t *plain, size_t len)
{
    struct wire_doc doc;
    for (size_t i = 0; i < rescue->n_tallies; i++) {
        if (rescue->tallied[i] == space)
            return;
    }
    if (rescue->n_tallies == TALLIES_MAX || wire_open(&doc, plain, len, 1, 2) != ERR_OK)
        return;
    struct wire_in in = wire_root(&doc);
    rescue->expected += wire_uint(&in, UINT64_MAX / 2);
    rescue->tallied[rescue->n_tallies++] = space;
    wire_close(&doc);
}

/* The last verified note becomes a promise: the log that is fetched again has to produce it. */
static enum err take_note(struct rescue *rescue, uint64_t space, const uint8_t *plain, size_t len)
{
    struct note note;
    uint64_t have_one = 0;
    enum err err = replica_last_id(rescue->engine->replica, REPLICA_NOTE, space, &have_one);
    if (err != ERR_OK || have_one > 0 || len != sizeof note)
        return err;
    memcpy(&note, plain, sizeof note);
    rescue->to_fetch += note.size;
    return note.size
               ? replica_put(rescue->engine->replica, REPLICA_NOTE, space, note.size, plain, len)
               : ERR_OK;
}

static enum err copy(struct rescue *rescue, enum replica_table table, uint64_t space, uint64_t id,
                     const uint8_t *plain, size_t len)
{
    return replica_put(rescue->engine->replica, table, space, id, plain, len);
}

static enum err take_record(void *ctx, enum replica_table table, uint64_t space, uint64_t id,
                            const uint8_t *plain, size_t len)
{
    struct rescue *rescue = ctx;
    bool there = false;
    size_t n = 0;
    enum err err = have(rescue, table, space, id, &there);
    if (err != ERR_OK || there)
        return err;
    switch (table) {
    case REPLICA_EDIT:
        err = outbox_salvage(rescue->engine, space, id, plain, len, &n);
        rescue->saved += n;
        return err_category(err) == CAT_REJECT ? ERR_OK : err;
    case REPLICA_DEVICE:
    case REPLICA_SERVER:
    case REPLICA_SPACE:
    case REPLICA_OPERATION:
    case REPLICA_LEAF:
    case REPLICA_SENT:
    case REPLICA_NEWBORN:
    case REPLICA_EPOCH:
    case REPLICA_BOX:
    case REPLICA_INVITE:
    case REPLICA_CARRIED:
    case REPLICA_MOVE:
    case REPLICA_BLOB:
    case REPLICA_PIECE:
    case REPLICA_JOT:
    case REPLICA_ACCESS:
    case REPLICA_GRANT:
    case REPLICA_LEAVE:
    case REPLICA_INBOX:
        return copy(rescue, table, space, id, plain, len);
    case REPLICA_NOTE:
        return id == 0 ? take_note(rescue, space, plain, len) : ERR_OK;
    case REPLICA_TALLY:
        take_tally(rescue, space, plain, len);
        return ERR_OK;
    default:
        return ERR_OK; /* fetched or made again */
    }
}

static enum err take_all(struct rescue *rescue, const char *name)
{
    enum err err = ERR_OK;
    char path[4096];
    struct engine *engine = rescue->engine;
    struct replica *damaged = NULL;
    enum err spare =
        replica_scan(engine->dir, REPLICA_SPARE, engine->ring.device->db_key, take_record, rescue);
    if (spare != ERR_NOT_FOUND)
        TRY(spare);
    if (!name)
        goto out; /* there is no file */
    TRY(replica_path(path, sizeof path, engine->dir, name));
    if (replica_open_damaged(&damaged, path, engine->ring.device->db_key) == ERR_OK)
        TRY(replica_salvage(damaged, take_record, rescue));
    replica_close(damaged);
    damaged = NULL;
    TRY(replica_scan(engine->dir, name, engine->ring.device->db_key, take_record, rescue));
out:
    replica_close(damaged);
    return err;
}

/* --- making it consistent --- */

/* A leaf that was on its way is not sent again: its edits are, once the log shows that it is not there. Its seq stays
 * used. The leaves of a founding are all there is of their space. */
static enum err drop_leaves(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    while (space->pub.state != SPACE_FOUNDING && space->outbox.n_leaves > 0)
        TRY(outbox_leaf_replace(engine, space, space->outbox.leaves[space->outbox.n_leaves - 1],
                                ERR_OK));
out:
    return err;
}

static enum err reset_spaces(struct engine *engine)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < engine->n_spaces; i++) {
        struct space *space = engine->spaces[i];
        TRY(drop_leaves(engine, space));
        TRY(outbox_tally(engine, space, 0));
        space->keys_rev = space->routed = space->erased_upto = 0;
        space->pub.invalid_leaves = 0;
        space->pub.generation++;
        space->keyless = space->missing = false;
        space->salvaged = true;
        TRY(space_save(engine, space));
    }
out:
    return err;
}

static enum err aside(struct engine *engine, struct engine_repair *repair)
{
    unsigned long long at = engine->now_ms / 1000;
    if (!replica_file_exists(engine->dir, REPLICA_FILE))
        return ERR_NOT_FOUND;
    snprintf(repair->kept_as, sizeof repair->kept_as, "replica.damaged-%llu.db", at);
    for (unsigned n = 2; replica_file_exists(engine->dir, repair->kept_as); n++)
        snprintf(repair->kept_as, sizeof repair->kept_as, "replica.damaged-%llu-%u.db", at, n);
    return replica_move_aside(engine->dir, repair->kept_as);
}

/* Everything into a new replica. */
static enum err fill(struct engine *engine, struct rescue *rescue, const char *name)
{
    enum err err = ERR_OK;
    TRY(replica_open(&engine->replica, engine->dir, engine->ring.device->db_key, true));
    TRY(replica_begin(engine->replica));
    TRY(replica_end(engine->replica, take_all(rescue, name)));
    TRY(engine_load(engine));
    TRY(replica_begin(engine->replica));
    TRY(replica_end(engine->replica, reset_spaces(engine)));
out:
    engine_unload(engine);
    return err;
}

enum err salvage(struct engine *engine, struct engine_repair *repair)
{
    enum err err = ERR_OK;
    struct rescue rescue = {.engine = engine};
    repair->happened = true;
    enum err moved = aside(engine, repair);
    if (moved != ERR_OK && moved != ERR_NOT_FOUND)
        TRY(moved);
    enum err filled = fill(engine, &rescue, moved == ERR_OK ? repair->kept_as : NULL);
    if (filled != ERR_OK && moved == ERR_OK) {
        /* A full disk, for example: the next attempt begins with the same file. */
        TRY(replica_move_back(engine->dir, repair->kept_as));
        TRY(replica_file_write(engine->dir, REPLICA_MARK, "", 0, false));
    }
    TRY(filled);
    TRY(replica_file_remove(engine->dir, REPLICA_MARK));
    repair->unsent_saved = rescue.saved;
    repair->unsent_lost = rescue.expected > rescue.saved ? rescue.expected - rescue.saved : 0;
    repair->leaves_to_fetch = rescue.to_fetch;
out:
    return err;
}

/* --- when the log is complete again --- */

struct known {
    struct space *space;
    size_t n;
    struct outbox_edit **edits; /* salvaged ones, ascending by (author, run, ordinal) */
    size_t n_logged;
    uint64_t *logged;
};

static int by_change(const void *a, const void *b)
{
    const struct outbox_edit *x = *(struct outbox_edit *const *)a;
    const struct outbox_edit *y = *(struct outbox_edit *const *)b;
    int order = memcmp(x->author, y->author, ID_LEN);
    if (order == 0)
        order = memcmp(x->run, y->run, RUN_LEN);
    if (order == 0)
        order = x->ordinal < y->ordinal ? -1 : x->ordinal > y->ordinal;
    return order;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static enum err look_for_edits(void *ctx, const struct replica_entry *row)
{
    struct known *known = ctx;
    struct leaf leaf;
    struct change_routes routes = {0};
    enum err err = ERR_OK;
    if (row->verdict != ERR_OK)
        return ERR_OK;
    TRY(leaf_decode(&leaf, row->header, row->header_len, row->sig));
    /* What a removal cut is in nobody's view: work that brings it again is not the same work twice. */
    if (!fold_effective(known->space->fold, row->index, leaf.device, leaf.seq, leaf.kind) ||
        space_routes(known->space, &leaf, &routes) != ERR_OK)
        goto out;
    for (size_t i = 0; i < routes.n; i++) {
        const struct change_route *route = &routes.routes[i];
        const struct change_source *source = &routes.sources[route->source];
        struct outbox_edit key = {0}, *at = &key;
        bool own = digest_is_zero(source->author, ID_LEN);
        memcpy(key.author, own ? leaf.device : source->author, ID_LEN);
        memcpy(key.run, source->run, RUN_LEN);
        for (size_t m = 0; m < route->n; m++) {
            key.ordinal = routes.marks[route->first + m].ordinal;
            struct outbox_edit **found =
                bsearch(&at, known->edits, known->n, sizeof(struct outbox_edit *), by_change);
            if (found && (*found)->seq != UINT64_MAX) {
                (*found)->seq = UINT64_MAX; /* once */
                known->logged[known->n_logged++] = (*found)->id;
            }
        }
    }
out:
    change_routes_free(&routes);
    leaf_fini(&leaf);
    return err;
}

enum err salvage_settle(struct engine *engine, struct space *space)
{
    if (!space->salvaged || space->routed < space->pub.size)
        return ERR_OK;
    enum err err = salvage_release(engine, space);
    space->salvaged = space->salvaged && err != ERR_OK;
    return err;
}

enum err salvage_release(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    struct known known = {.space = space};
    known.edits = calloc(space->outbox.n_edits + 1, sizeof(struct outbox_edit *));
    known.logged = calloc(space->outbox.n_edits + 1, sizeof *known.logged);
    if (!known.edits || !known.logged)
        TRY(ERR_MEMORY);
    for (size_t i = 0; i < space->outbox.n_edits; i++) {
        if (space->outbox.edits[i].salvaged)
            known.edits[known.n++] = &space->outbox.edits[i];
    }
    if (known.n) {
        qsort(known.edits, known.n, sizeof(struct outbox_edit *), by_change);
        TRY(replica_entries(engine->replica, space->no, REPLICA_DATA, 0, space->routed,
                            look_for_edits, &known));
        qsort(known.logged, known.n_logged, sizeof *known.logged, by_number);
    }
    TRY(outbox_settle(engine, space, known.logged, known.n_logged));
    /* The complete log does not know their dossier: it was never sent. */
    for (size_t i = 0; i < space->outbox.n_edits; i++) {
        if (!dossier_find(space, space->outbox.edits[i].shred))
            TRY(dossier_renew(engine, space, space->outbox.edits[i].shred));
    }
out:
    free(known.edits);
    free(known.logged);
    return err;
}
