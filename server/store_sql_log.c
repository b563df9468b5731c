/* SPDX-License-Identifier: Apache-2.0
 *
 * The log: entries in the order of arrival, their bodies, notes, spaces, members, founder links.
 */
#include <assert.h>
#include <string.h>

#include "proto/digest.h"
#include "server/store_sql.h"

static struct sq_store *of_store(struct store *store)
{
    assert(store);
    return (struct sq_store *)store;
}

/* ---- writing ---- */

/* An insertion that finds its place taken. It does nothing then, and the transaction goes on. */
static enum err put_new(struct sq *log, enum sq_statement id, const struct sq_arg *args, size_t n)
{
    enum err err = sq_run(log, id, args, n);
    return err == ERR_OK && sq_changes(log) == 0 ? ERR_EXISTS : err;
}

static enum err put_bodies(struct sq *log, const struct store_entry *entry,
                           const struct leaf_body *bodies, size_t n)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        uint8_t hash[HASH_LEN];
        bool present = bodies[i].len != HASH_LEN; /* in a refill an erased one is its hash */
        leaf_body_hash(hash, &bodies[i]);
        err = put_new(
            log, SQ_BODY_PUT,
            SQ_ARGS(SQ_BLOB(entry->space, ID_LEN), SQ_NUM(entry->index), SQ_NUM(i),
                    SQ_BLOB(hash, HASH_LEN),
                    SQ_BLOB(present ? bodies[i].bytes : NULL, present ? bodies[i].len : 0)));
    }
    return err;
}

static enum err log_append(struct store *base, const struct store_entry *entry,
                           const struct leaf_body *bodies, size_t n)
{
    struct sq_store *store = of_store(base);
    struct sq *log = &store->own.log;
    assert(store->in_log && entry->nodes.n > 0 && n <= BOXES_MAX);
    assert(entry->index <= INT64_MAX && entry->seq <= INT64_MAX && entry->t_recv_ms <= INT64_MAX);
    enum err err = put_new(
        log, SQ_APPEND,
        SQ_ARGS(SQ_BLOB(entry->space, ID_LEN), SQ_NUM(entry->index), SQ_BLOB(entry->device, ID_LEN),
                SQ_NUM(entry->seq), SQ_NUM(entry->kind), SQ_NUM(entry->t_recv_ms),
                SQ_BLOB(entry->header, entry->header_len), SQ_BLOB(entry->sig, SIG_LEN),
                SQ_BLOB(entry->nodes.nodes, (size_t)entry->nodes.n * HASH_LEN)));
    return err == ERR_OK ? put_bodies(log, entry, bodies, n) : err;
}

static enum err log_space_put(struct store *base, const struct store_space *space)
{
    return sq_run(&of_store(base)->own.log, SQ_SPACE_PUT,
                  SQ_ARGS(SQ_BLOB(space->space, ID_LEN), SQ_NUM(space->size),
                          SQ_NUM(space->t_recv_ms), SQ_NUM(space->epoch),
                          SQ_NUM(space->epoch_index)));
}

static enum err log_member_put(struct store *base, const struct store_member *member)
{
    return sq_run(&of_store(base)->own.log, SQ_MEMBER_PUT,
                  SQ_ARGS(SQ_BLOB(member->space, ID_LEN), SQ_BLOB(member->device, ID_LEN),
                          SQ_BLOB(member->ed_pk, PK_LEN), SQ_NUM(member->roles),
                          SQ_NUM(member->active), SQ_NUM(member->added),
                          SQ_NUM(member->active ? 0 : member->revoked)));
}

static enum err log_erased_upto_put(struct store *base, const uint8_t space[static ID_LEN],
                                    const uint8_t device[static ID_LEN], uint64_t upto)
{
    return sq_run(&of_store(base)->own.log, SQ_ERASED_UPTO_PUT,
                  SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_BLOB(device, ID_LEN), SQ_NUM(upto)));
}

static enum err log_note_put(struct store *base, const uint8_t space[static ID_LEN],
                             const struct note *note)
{
    struct sq_store *store = of_store(base);
    struct note there;
    /* A blob of length zero, not NULL. */
    enum err err = put_new(&store->own.log, SQ_NOTE_PUT,
                           SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(note->size),
                                   SQ_BLOB(note->root, HASH_LEN), SQ_BLOB(note->sig, SIG_LEN),
                                   SQ_BLOB(note->cosigs, note->n_cosigs * NOTE_COSIG_LEN)));
    if (err != ERR_EXISTS)
        return err;
    err = store->engine.note(&store->own.view, space, note->size, &there);
    if (err == ERR_OK && memcmp(there.root, note->root, HASH_LEN) != 0)
        err = ERR_EXISTS;
    return err;
}

static enum err log_body_erase(struct store *base, const uint8_t space[static ID_LEN],
                               uint64_t index, uint16_t box)
{
    struct sq_store *store = of_store(base);
    assert(store->in_log);
    enum err err = sq_run(&store->own.log, SQ_BODY_ERASE,
                          SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(index), SQ_NUM(box)));
    if (err == ERR_OK && sq_changes(&store->own.log) > 0)
        store->erasing = true;
    return err;
}

static enum err log_link_put(struct store *base, const uint8_t pk[static PK_LEN])
{
    enum err err = ERR_OK;
    struct sq *log = &of_store(base)->own.log;
    uint64_t open = 0;
    TRY(sq_number(log, SQ_LINK_OPEN, NULL, 0, &open));
    if (open >= STORE_LINKS_MAX)
        return ERR_QUOTA;
    TRY(sq_run(log, SQ_LINK_PRUNE, SQ_ARGS(SQ_NUM(STORE_LINKS_MAX - 1))));
    TRY(sq_run(log, SQ_LINK_PUT, SQ_ARGS(SQ_BLOB(pk, PK_LEN))));
out:
    return err;
}

static enum err log_link_use(struct store *base, const uint8_t pk[static PK_LEN])
{
    enum err err = ERR_OK;
    struct sq *log = &of_store(base)->own.log;
    uint64_t used = 0;
    TRY(sq_number(log, SQ_LINK, SQ_ARGS(SQ_BLOB(pk, PK_LEN)), &used));
    if (used)
        return ERR_USED;
    TRY(sq_run(log, SQ_LINK_USE, SQ_ARGS(SQ_BLOB(pk, PK_LEN))));
out:
    return err;
}

static enum err log_meta_put(struct store *base, const char *name, const void *value, size_t len)
{
    return sq_run(&of_store(base)->own.log, SQ_META_PUT,
                  SQ_ARGS(SQ_BLOB(name, strlen(name)), SQ_BLOB(value, len)));
}

static enum err log_chore(struct store *base, const uint8_t space[static ID_LEN],
                          enum store_chore what, const uint8_t *target, size_t len)
{
    struct sq_store *store = of_store(base);
    assert(store->in_log);
    store->chores = true;
    return sq_run(&store->own.log, SQ_CHORE_PUT,
                  SQ_ARGS(SQ_BLOB(space, ID_LEN), SQ_NUM(what), SQ_BLOB(target, len)));
}

void store_sql_log(struct store_engine *engine)
{
    engine->append = log_append;
    engine->space_put = log_space_put;
    engine->member_put = log_member_put;
    engine->erased_upto_put = log_erased_upto_put;
    engine->note_put = log_note_put;
    engine->body_erase = log_body_erase;
    engine->link_put = log_link_put;
    engine->link_use = log_link_use;
    engine->meta_put = log_meta_put;
    engine->chore = log_chore;
}
