/* SPDX-License-Identifier: Apache-2.0 */
#include "client/rescue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/member.h"
#include "client/rekey.h"
#include "client/text.h"
#include "proto/code.h"
#include "proto/digest.h"
#include "proto/sign.h"

enum { ROLES_SHEET = ROLE_READER | ROLE_ADMIN };
enum { ROLES_NEW = ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN };

/* --- admitting by a key statement --- */

/* Queues device_add of somebody's own keys, and the label. */
static enum err queue_add(struct engine *engine, struct space *space, const struct keyring *who,
                          const uint8_t *x_pk, enum device_kind kind, uint8_t roles,
                          const char *label)
{
    enum err err = ERR_OK;
    struct buf part = {0};
    struct op_join join = {.kind = kind};
    struct op add = {.kind = KIND_DEVICE_ADD}, name = {.kind = KIND_LABEL};
    memcpy(join.ed_pk, who->ed_pk, PK_LEN);
    memcpy(join.x_pk, x_pk, PK_LEN);
    op_proof_part(&part, PROOF_STATEMENT, &join);
    TRY(part.err);
    const struct digest_part signed_part = {part.bytes, part.len};
    add.u.device_add.roles = roles;
    add.u.device_add.proof =
        (struct op_proof){.type = PROOF_STATEMENT, .part = part.bytes, .part_len = part.len};
    TRY(sign_make(add.u.device_add.proof.device_sig, who->device->ed_sk, TAG_KEYS, &signed_part,
                  1));
    TRY(outbox_operate(engine, space, &add, who->id, NULL, 0));
    name.u.label.target = LABEL_DEVICE;
    memcpy(name.u.label.id, who->id, ID_LEN);
    TRY(outbox_operate(engine, space, &name, who->id, (const uint8_t *)label, strlen(label)));
out:
    buf_free(&part);
    return err;
}

/* The keys of a sheet, as of any device; keyring_fini. */
static enum err sheet_keys(struct keyring *ring, const uint8_t *seed)
{
    enum err err = ERR_OK;
    struct unlock_secrets *secrets = digest_secret_new(sizeof *secrets);
    *ring = (struct keyring){0};
    if (!secrets)
        return ERR_MEMORY;
    digest_random(secrets->db_key, KEY_LEN);
    paper_secrets(secrets, seed);
    err = keyring_init(ring, secrets);
    digest_secret_free(secrets);
    return err;
}

enum err rescue_sheet(struct engine *engine, size_t i, const uint8_t seed[static PAPER_SEED_LEN],
                      const char *label, bool *second)
{
    enum err err = ERR_OK;
    struct space *space = engine_at(engine, i);
    struct keyring ring = {0};
    if (space->fold->size == 0)
        return ERR_NOT_FOUND;
    if (!space_may(engine, space, ROLE_ADMIN))
        return ERR_DENIED;
    *second = !space->fold->trial;
    TRY(sheet_keys(&ring, seed));
    TRY(engine_begin(engine));
    err = replica_end(engine->replica,
                      queue_add(engine, space, &ring, ring.x_pk, DEVICE_PAPER, ROLES_SHEET, label));
    enum err again = err == ERR_OK ? ERR_OK : space_reload(engine, space);
    TRY(again != ERR_OK ? again : err);
    space_refresh(engine, space);
out:
    keyring_fini(&ring);
    return err;
}

enum err rescue_describe(const struct engine *engine, const size_t *spaces, size_t n,
                         struct paper_sheet *sheet)
{
    if (n == 0 || n > PAPER_SPACES_MAX)
        return n ? ERR_TOO_BIG : ERR_NOT_FOUND;
    const struct server *server = engine_server_of(engine, engine_at(engine, spaces[0]));
    snprintf(sheet->url, sizeof sheet->url, "%s", server->url);
    digest_sha256_of(sheet->log_key_hash, server->log_pk, PK_LEN);
    for (size_t i = 0; i < n; i++) {
        const struct space *space = engine_at(engine, spaces[i]);
        struct paper_space *out = &sheet->spaces[i];
        if (engine_server_of(engine, space) != server)
            return ERR_USAGE;
        memcpy(out->id, space->pub.id, ID_LEN);
        out->size = space->has_note ? space->note.size : 0;
        if (space->has_note)
            memcpy(out->root, space->note.root, HASH_LEN);
    }
    sheet->n = n;
    return ERR_OK;
}

/* --- the sheet as a device --- */

struct rescue {
    struct engine *engine;
    struct paper_sheet sheet;
};

/* An engine without a key header: it lives no longer than this program. */
static enum err open_scratch(struct engine **out, const char *dir, const uint8_t *seed,
                             uint64_t now_ms)
{
    enum err err = ERR_OK;
    struct engine *engine = calloc(1, sizeof *engine);
    *out = engine;
    if (!engine)
        return ERR_MEMORY;
    engine->lock = -1;
    engine->now_ms = now_ms;
    snprintf(engine->dir, sizeof engine->dir, "%s", dir);
    TRY(replica_folder_make(dir));
    TRY(replica_folder_lock(&engine->lock, dir));
    TRY(sheet_keys(&engine->ring, seed));
    digest_random(engine->run, RUN_LEN);
    TRY(replica_open(&engine->replica, dir, engine->ring.device->db_key, true));
out:
    return err;
}

/* The checkpoint that was printed becomes a promise: the log that is fetched has to produce it. */
static enum err add_space(struct engine *engine, size_t server, const struct paper_space *from,
                          uint64_t no, bool active, const uint8_t *genesis)
{
    enum err err = ERR_OK;
    struct space *space = NULL;
    TRY(space_new(&space, from->id));
    space->no = no;
    space->server = server;
    space->pub.state = active ? SPACE_ACTIVE : SPACE_WAITING;
    if (genesis)
        memcpy(space->genesis, genesis, HASH_LEN);
    /* What the sheet has signed earlier is in the log, and not on this disk. */
    space->salvaged = active;
    snprintf(space->pub.url, sizeof space->pub.url, "%s", engine->servers[server].url);
    TRY(engine_begin(engine));
    err = space_save(engine, space);
    if (err == ERR_OK && from->size > 0) {
        struct note note = {.size = from->size};
        memcpy(note.root, from->root, HASH_LEN);
        err = replica_put(engine->replica, REPLICA_NOTE, no, from->size, &note, sizeof note);
    }
    TRY(replica_end(engine->replica, err));
    space_refresh(engine, space);
    err = engine_space_add(engine, space);
    space = NULL;
out:
    space_free(engine, space);
    return err;
}

enum err rescue_new(struct rescue **out, const char *dir, const struct paper_sheet *sheet,
                    const uint8_t *server, size_t server_len, uint64_t now_ms)
{
    enum err err = ERR_OK;
    struct message_server answer;
    uint8_t hash[HASH_LEN];
    size_t at = 0;
    struct rescue *rescue = calloc(1, sizeof *rescue);
    if (!rescue)
        return ERR_MEMORY;
    rescue->sheet = *sheet;
    TRY(message_server_open(&answer, server, server_len));
    digest_sha256_of(hash, answer.log_pk, PK_LEN);
    /* Typed by hand there is no key hash: then the space's id pins its genesis, and that the server's keys. */
    if (!digest_is_zero(sheet->log_key_hash, HASH_LEN) &&
        !digest_equal(hash, sheet->log_key_hash, HASH_LEN))
        TRY(ERR_WRONG_SERVER);
    TRY(open_scratch(&rescue->engine, dir, sheet->seed, now_ms));
    TRY(engine_server_add(rescue->engine, sheet->url, &answer, &at));
    for (size_t i = 0; i < sheet->n; i++)
        TRY(add_space(rescue->engine, at, &sheet->spaces[i], i + 1, true, NULL));
out:
    if (err != ERR_OK) {
        rescue_free(rescue);
        rescue = NULL;
    }
    *out = rescue;
    return err;
}

void rescue_free(struct rescue *rescue)
{
    if (!rescue)
        return;
    if (rescue->engine) {
        char dir[sizeof rescue->engine->dir];
        memcpy(dir, rescue->engine->dir, sizeof dir);
        engine_close(rescue->engine);
        replica_folder_remove(dir);
    }
    digest_wipe(rescue, sizeof *rescue);
    free(rescue);
}

enum err rescue_begin(struct rescue *rescue, struct buf *request)
{
    return engine_sync_begin(rescue->engine, 0, 0, request);
}

enum err rescue_finish(struct rescue *rescue, const uint8_t *answer, size_t len,
                       struct engine_sync *result)
{
    return engine_sync_finish(rescue->engine, 0, answer, len, result);
}

/* --- admitting the new device --- */

static bool is_called(const struct engine *engine, size_t i, const struct fold_device *device,
                      const char *name)
{
    char folded[2][TEXT_FOLD_MAX(NAME_LEN_MAX)], hex[2 * ID_LEN + 1];
    const char *label = engine_device_label(engine, i, device->id);
    if (strlen(name) > NAME_LEN_MAX)
        return false;
    code_hex(hex, device->id, ID_LEN);
    if (strlen(name) >= 8 && strncmp(hex, name, strlen(name)) == 0)
        return true;
    (void)text_fold(folded[0], sizeof folded[0], label, strlen(label));
    (void)text_fold(folded[1], sizeof folded[1], name, strlen(name));
    return folded[0][0] && strcmp(folded[0], folded[1]) == 0;
}

static enum err remove_lost(struct engine *engine, size_t i, const uint8_t *spared,
                            const char *const *lost, size_t n_lost, size_t *removed)
{
    const struct fold *fold = engine_at(engine, i)->fold;
    for (size_t k = 0; k < fold->n_devices; k++) {
        const struct fold_device *one = &fold->devices[k];
        bool named = false;
        for (size_t n = 0; n < n_lost; n++)
            named = named || is_called(engine, i, one, lost[n]);
        if (!one->active || !named || memcmp(one->id, spared, ID_LEN) == 0 ||
            memcmp(one->id, engine->ring.id, ID_LEN) == 0)
            continue;
        enum err err = member_revoke(engine, i, one->id, REVOKE_LOST, NULL);
        if (err != ERR_OK)
            return err;
        ++*removed;
    }
    return ERR_OK;
}

/* The device that takes over, with a box key that it draws for the space. */
static enum err queue_new(struct engine *paper, struct space *space, struct engine *engine)
{
    enum err err = ERR_OK;
    uint8_t x_pk[PK_LEN];
    TRY(rekey_new(engine, space->pub.id));
    TRY(rekey_newest(engine, space->pub.id, x_pk));
    TRY(engine_begin(paper));
    err = replica_end(paper->replica, queue_add(paper, space, &engine->ring, x_pk, DEVICE_ORDINARY,
                                                ROLES_NEW, engine->name));
out:
    return err;
}

enum err rescue_admit(struct rescue *rescue, struct engine *engine, const char *const *lost,
                      size_t n_lost, size_t *n, size_t *removed)
{
    enum err err = ERR_OK, why = ERR_NOT_FOUND;
    struct engine *paper = rescue->engine;
    *n = *removed = 0;
    for (size_t i = 0; i < paper->n_spaces; i++) {
        struct space *space = paper->spaces[i];
        const struct space_epoch *keys = space_epoch(space, fold_epoch_now(space->fold));
        const struct fold_device *known = fold_device(space->fold, engine->ring.id);
        if (!space_may(paper, space, ROLE_ADMIN))
            continue;
        if (!keys || !keys->sk) {
            why = ERR_NO_KEY;
            continue;
        }
        if (!known) {
            TRY(queue_new(paper, space, engine));
        }
        TRY(remove_lost(paper, i, engine->ring.id, lost, n_lost, removed));
        space_refresh(paper, space);
        ++*n;
    }
    err = *n ? ERR_OK : why;
out:
    return err;
}

enum err rescue_end(struct rescue *rescue, struct engine *engine, size_t *n)
{
    enum err err = ERR_OK;
    const struct engine *paper = rescue->engine;
    const struct server *from = &paper->servers[0];
    struct message_server pinned = {0};
    uint64_t no = 0;
    size_t server = 0, there;
    *n = 0;
    memcpy(pinned.log_pk, from->log_pk, PK_LEN);
    memcpy(pinned.resp_pk, from->resp_pk, PK_LEN);
    memcpy(pinned.log_name, from->log_name, sizeof pinned.log_name);
    TRY(engine_server_add(engine, from->url, &pinned, &server));
    for (size_t i = 0; i < paper->n_spaces; i++) {
        const struct space *space = paper->spaces[i];
        const struct fold_device *self = fold_device(space->fold, engine->ring.id);
        struct paper_space known = {.size = space->has_note ? space->note.size : 0};
        if (!self || !self->active)
            continue;
        ++*n;
        if (engine_space_by_id(engine, space->pub.id, &there))
            continue;
        memcpy(known.id, space->pub.id, ID_LEN);
        memcpy(known.root, space->note.root, HASH_LEN);
        TRY(replica_last_id(engine->replica, REPLICA_SPACE, 0, &no));
        TRY(add_space(engine, server, &known, no + 1, false, space->genesis));
    }
    err = *n ? ERR_OK : ERR_DENIED;
out:
    return err;
}
