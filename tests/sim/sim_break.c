/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_break.h"

#include <sodium.h>
#include <sqlite3.h>
#include <string.h>

#include "client/dossier.h"
#include "client/operate_seals.h"
#include "client/outbox.h"
#include "client/replica.h"
#include "client/space.h"
#include "proto/fold.h"
#include "proto/note.h"
#include "proto/seal.h"
#include "proto/tree.h"
#include "server/store_sql.h"
#include "tests/sim/sim_disk.h"

static enum sim_break current;
static unsigned turns; /* some mistakes happen now and then only */

#define ROW(name, text, profile) {text, profile},
static const struct {
    const char *name, *profile;
} rows[] = {{"none", NULL}, SIM_BREAKS(ROW)};
#undef ROW

void sim_break_set(enum sim_break breakage)
{
    current = breakage;
    turns = 0;
    sim_disk_drop_syncs = current == SIM_BREAK_FSYNC;
}

const char *sim_break_name(enum sim_break breakage)
{
    return rows[breakage].name;
}

enum sim_break sim_break_by_name(const char *name)
{
    for (int i = 1; i < SIM_BREAK_N; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return (enum sim_break)i;
    }
    return SIM_BREAK_NONE;
}

const char *sim_break_needs(enum sim_break breakage)
{
    return rows[breakage].profile;
}

/* A wrapper of `name`, with the real one beside it. */
#define WRAP(type, name, ...)                                                                      \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

/* --- proto --- */

WRAP(enum err, leaf_verify, const struct leaf *leaf, const uint8_t ed_pk[static PK_LEN])
{
    return current == SIM_BREAK_SIGNATURE ? ERR_OK : __real_leaf_verify(leaf, ed_pk);
}

WRAP(void, randombytes_buf, void *const out, const size_t len)
{
    static uint8_t last[NONCE_LEN];
    __real_randombytes_buf(out, len);
    if (current != SIM_BREAK_NONCE || len != NONCE_LEN)
        return;
    if (++turns % 16 == 0)
        memcpy(out, last, NONCE_LEN);
    memcpy(last, out, NONCE_LEN);
}

WRAP(bool, fold_effective, const struct fold *fold, uint64_t index,
     const uint8_t device[static ID_LEN], uint64_t seq, enum leaf_kind kind)
{
    return current == SIM_BREAK_CUT || __real_fold_effective(fold, index, device, seq, kind);
}

/* The root that a note names is the root that is computed next. */
static const struct note *believed;

WRAP(enum err, note_verify, const struct note *note, const char *origin,
     const uint8_t log_pk[static PK_LEN])
{
    if (current == SIM_BREAK_ROOT)
        believed = note;
    return __real_note_verify(note, origin, log_pk);
}

WRAP(void, tree_root, const struct tree *tree, uint8_t out[static HASH_LEN])
{
    __real_tree_root(tree, out);
    if (believed && believed->size == tree->size)
        memcpy(out, believed->root, HASH_LEN);
    believed = NULL;
}

WRAP(void, seal_body, uint8_t *out, const uint8_t *plain, size_t len,
     const uint8_t ck[static KEY_LEN], const uint8_t nonce[static NONCE_LEN],
     const struct seal_place *place)
{
    if (current != SIM_BREAK_SEAL) {
        __real_seal_body(out, plain, len, ck, nonce, place);
        return;
    }
    memcpy(out, plain, len);
    memset(out + len, 0, TAG_LEN);
}

WRAP(enum err, open_body, uint8_t *out, const uint8_t *body, size_t len,
     const uint8_t ck[static KEY_LEN], const uint8_t nonce[static NONCE_LEN],
     const struct seal_place *place)
{
    if (current != SIM_BREAK_SEAL)
        return __real_open_body(out, body, len, ck, nonce, place);
    memcpy(out, body, len - TAG_LEN);
    return ERR_OK;
}

/* --- client --- */

WRAP(enum err, outbox_leaf_replace, struct engine *engine, struct space *space,
     struct outbox_leaf *leaf, enum err status)
{
    if (current == SIM_BREAK_OUTBOX)
        return outbox_leaf_done(engine, space, leaf);
    return __real_outbox_leaf_replace(engine, space, leaf, status);
}

WRAP(enum err, replica_delete, struct replica *replica, enum replica_table table, uint64_t space,
     uint64_t id)
{
    if (current == SIM_BREAK_TWICE && table == REPLICA_EDIT && ++turns % 8 == 0)
        return ERR_OK;
    return __real_replica_delete(replica, table, space, id);
}

WRAP(void, outbox_count, const struct space *space, uint64_t *n, uint64_t *since_ms)
{
    __real_outbox_count(space, n, since_ms);
    if (current == SIM_BREAK_COUNT && *n > 3)
        --*n;
}

WRAP(enum err, dossier_forget, struct engine *engine, struct space *space,
     const uint8_t shred[static ID_LEN])
{
    return current == SIM_BREAK_KEEP_KEY ? ERR_OK : __real_dossier_forget(engine, space, shred);
}

WRAP(void, space_alarm, struct space *space, enum err alarm, uint64_t index, bool freeze)
{
    if (current != SIM_BREAK_ALARM)
        __real_space_alarm(space, alarm, index, freeze);
}

WRAP(enum err, seals_start, const struct space *space, struct seals *seals)
{
    enum err err = __real_seals_start(space, seals);
    for (size_t i = 0; i < seals->n_members && current == SIM_BREAK_ROTATION; i++)
        seals->members[i].active = true;
    return err;
}

/* --- server --- */

WRAP(int, sqlite3_exec, sqlite3 *db, const char *sql,
     int (*row)(void *ctx, int n, char **values, char **names), void *ctx, char **text)
{
    bool setup = strstr(sql, "synchronous = FULL") != NULL;
    int code = __real_sqlite3_exec(db, sql, row, ctx, text);
    if (current == SIM_BREAK_EARLY_ACK && setup && code == SQLITE_OK)
        code = __real_sqlite3_exec(db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    return code;
}

WRAP(enum err, sq_keys_chore, struct sq *keys, const uint8_t space[static ID_LEN],
     enum store_chore what, const uint8_t *target, size_t len)
{
    if (current == SIM_BREAK_KEEP_SLOT && what == STORE_CHORE_SLOT)
        return ERR_OK;
    return __real_sq_keys_chore(keys, space, what, target, len);
}

static enum err (*real_member)(struct store_view *view, const uint8_t space[static ID_LEN],
                               const uint8_t device[static ID_LEN], struct store_member *out);

static enum err member_for_ever(struct store_view *view, const uint8_t space[static ID_LEN],
                                const uint8_t device[static ID_LEN], struct store_member *out)
{
    enum err err = real_member(view, space, device, out);
    out->active = true;
    return err;
}

WRAP(enum err, store_sqlite_open, struct store **store, const char *folder, enum store_mode mode)
{
    enum err err = __real_store_sqlite_open(store, folder, mode);
    if (current != SIM_BREAK_SERVE_REVOKED || err != ERR_OK)
        return err;
    struct store_engine *engine = (struct store_engine *)(uintptr_t)(*store)->engine;
    real_member = engine->member;
    engine->member = member_for_ever;
    return err;
}
