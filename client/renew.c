/* SPDX-License-Identifier: Apache-2.0 */
#include "client/renew.h"

#include <string.h>

#include "client/outbox_inside.h"
#include "client/rekey.h"
#include "proto/digest.h"

enum { OWNER_ID = 2, KEY_FILE_MAX = 1 << 17 };

/* --- keys --- */

static bool is_cloned(const struct engine *engine)
{
    for (size_t i = 0; i < engine->n_spaces; i++)
        if (engine->spaces[i]->cloned)
            return true;
    return false;
}

/* Replaces the key header by one with another identity and the same db key. */
static enum err write_keys(struct engine *engine, const char *pass, size_t pass_len)
{
    enum err err = ERR_OK;
    struct buf old = {.max = KEY_FILE_MAX}, fresh = {.max = KEY_FILE_MAX},
               extra = {.max = UNLOCK_EXTRA_MAX};
    struct unlock_secrets *secrets = digest_secret_new(sizeof *secrets);
    struct unlock_key *key = digest_secret_new(sizeof *key);
    struct keyring ring = {0};
    uint8_t device[ID_LEN];
    if (!secrets || !key)
        TRY(ERR_MEMORY);
    TRY(replica_file_read(engine->dir, REPLICA_KEY, &old));
    TRY(unlock_key_of(key, old.bytes, old.len));
    TRY(unlock_stretch(key, pass, pass_len));
    TRY(unlock_open_key(secrets, &extra, device, old.bytes, old.len, key, NULL));
    digest_random(secrets->ed_seed, SEED_LEN);
    digest_random(secrets->x_seed, SEED_LEN);
    TRY(keyring_init(&ring, secrets));
    TRY(unlock_seal_key(&fresh, secrets, extra.bytes, extra.len, ring.id, key, NULL));
    TRY(replica_file_write(engine->dir, REPLICA_KEY, fresh.bytes, fresh.len, false));
    /* The db key stays where it is: the replica borrows it. */
    memcpy(engine->ring.device->ed_sk, ring.device->ed_sk, SK_LEN);
    memcpy(engine->ring.device->x_sk, ring.device->x_sk, KEY_LEN);
    memcpy(engine->ring.ed_pk, ring.ed_pk, PK_LEN);
    memcpy(engine->ring.x_pk, ring.x_pk, PK_LEN);
    memcpy(engine->ring.id, ring.id, ID_LEN);
out:
    keyring_fini(&ring);
    digest_secret_free(secrets);
    digest_secret_free(key);
    buf_free(&old);
    buf_free(&fresh);
    buf_free(&extra);
    return err;
}

/* --- the replica --- */

static enum err put_owner(struct engine *engine)
{
    return replica_put(engine->replica, REPLICA_DEVICE, 0, OWNER_ID, engine->ring.id, ID_LEN);
}

/* Work goes on and waits for another membership, which begins with a new link. */
static enum err part_from(struct engine *engine, struct space *space)
{
    enum err err = ERR_OK;
    if (space->leave.wiped)
        return ERR_OK;
    while (space->outbox.n_leaves > 0)
        TRY(outbox_leaf_replace(engine, space, space->outbox.leaves[space->outbox.n_leaves - 1],
                                ERR_OK));
    TRY(rekey_forget(engine, space->pub.id)); /* the other identity's */
    /* The other copy may have sent some of it. */
    TRY(outbox_mark_salvaged(engine, space));
    space->salvaged = true;
    space->cloned = false;
    space->uninvited = true;
    space->keys_rev = 0;
    space->pub.state = SPACE_WAITING;
    space->pub.status = ERR_OK;
    buf_reset(&space->join);
    if (!space->frozen)
        space_alarm(space, ERR_OK, UINT64_MAX, false);
    TRY(space_save(engine, space));
out:
    return err;
}

static enum err adapt(struct engine *engine)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < engine->n_spaces; i++)
        TRY(part_from(engine, engine->spaces[i]));
    TRY(put_owner(engine));
out:
    return err;
}

static enum err in_transaction(struct engine *engine, enum err (*work)(struct engine *engine))
{
    enum err err = engine_begin(engine);
    return err == ERR_OK ? replica_end(engine->replica, work(engine)) : err;
}

enum err renew_finish(struct engine *engine)
{
    enum err err = ERR_OK;
    struct buf owner = {.max = ID_LEN};
    err = replica_get(engine->replica, REPLICA_DEVICE, 0, OWNER_ID, &owner);
    bool known = err == ERR_OK && owner.len == ID_LEN;
    bool same = known && memcmp(owner.bytes, engine->ring.id, ID_LEN) == 0;
    buf_free(&owner);
    if (same || (err != ERR_OK && err != ERR_NOT_FOUND))
        return err;
    err = in_transaction(engine, known ? adapt : put_owner);
    for (size_t i = 0; known && i < engine->n_spaces; i++) {
        enum err reload = space_reload(engine, engine->spaces[i]);
        err = err == ERR_OK ? reload : err;
    }
    /* Without room the old name of the owner stays, and the next opening tries again. */
    return err;
}

enum err renew_identity(struct engine *engine, const char *pass, size_t pass_len)
{
    enum err err = ERR_OK;
    if (!is_cloned(engine))
        return ERR_USAGE;
    TRY(renew_finish(engine)); /* the owner is written down before it changes */
    TRY(write_keys(engine, pass, pass_len));
    TRY(renew_finish(engine));
out:
    return err;
}
