/* SPDX-License-Identifier: Apache-2.0
 *
 * The device folder, the lists of servers and spaces, and the doors of engine.h that lead to the modules below.
 *
 *   device record (id 1) = the name
 *   server record        = [url, log name, log_pk32, resp_pk32, store_id8, offset_ms]
 */
#include "client/engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/courier.h"
#include "client/engine_inside.h"
#include "client/handover.h"
#include "client/leave.h"
#include "client/renew.h"
#include "client/salvage.h"
#include "proto/digest.h"
#include "proto/wire.h"

enum { KEY_FILE_MAX = 1 << 17 };

/* --- making a device --- */

static enum err put_name(struct replica *replica, const char *name)
{
    return replica_put(replica, REPLICA_DEVICE, 0, 1, name, strlen(name));
}

/* A replica without its key header belongs to nobody: its db key is gone. */
static enum err clear_way(const char *dir, uint64_t now_ms)
{
    char name[64];
    snprintf(name, sizeof name, "replica.orphan-%llu.db", (unsigned long long)(now_ms / 1000));
    enum err err = replica_move_aside(dir, name);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err engine_create_key(const char *dir, const char *name, const struct unlock_key *key,
                           uint64_t now_ms)
{
    enum err err = ERR_OK;
    int lock = -1;
    struct buf header = {.max = KEY_FILE_MAX};
    struct keyring ring = {0};
    struct replica *replica = NULL;
    struct unlock_secrets *secrets = NULL;
    TRY(digest_init());
    if (strlen(name) > NAME_LEN_MAX)
        TRY(ERR_TOO_BIG);
    TRY(replica_folder_make(dir));
    if (replica_file_exists(dir, REPLICA_KEY))
        TRY(ERR_EXISTS);
    TRY(replica_folder_lock(&lock, dir));
    secrets = digest_secret_new(sizeof *secrets);
    if (!secrets)
        TRY(ERR_MEMORY);
    digest_random(secrets, sizeof *secrets);
    TRY(keyring_init(&ring, secrets));
    TRY(unlock_seal_key(&header, secrets, NULL, 0, ring.id, key, NULL));
    TRY(clear_way(dir, now_ms));
    TRY(replica_open(&replica, dir, ring.device->db_key, true));
    TRY(put_name(replica, name));
    replica_close(replica);
    replica = NULL;
    /* The key header comes last: with it the device is there. */
    TRY(replica_file_write(dir, REPLICA_KEY, header.bytes, header.len, true));
    if (replica_file_exists(dir, REPLICA_GONE))
        err = replica_file_remove(dir, REPLICA_GONE);
out:
    replica_close(replica);
    keyring_fini(&ring);
    digest_secret_free(secrets);
    buf_free(&header);
    replica_folder_unlock(lock);
    return err;
}

enum err engine_create(const char *dir, const char *name, const char *pass, size_t pass_len,
                       const struct unlock_cost *cost, uint64_t now_ms)
{
    struct unlock_key key = {0};
    enum err err = digest_init();
    if (err == ERR_OK && replica_file_exists(dir, REPLICA_KEY))
        err = ERR_EXISTS;
    if (err == ERR_OK) {
        unlock_key_new(&key, cost);
        err = unlock_stretch(&key, pass, pass_len);
    }
    if (err == ERR_OK)
        err = engine_create_key(dir, name, &key, now_ms);
    digest_wipe(&key, sizeof key);
    return err;
}

/* --- unlocking --- */

/* A passphrase, or the key it was stretched to. */
struct door {
    const char *pass;
    size_t pass_len;
    const struct unlock_key *key;
};

static enum err unlock(struct engine *engine, const struct door *door)
{
    enum err err = ERR_OK;
    struct buf header = {.max = KEY_FILE_MAX}, extra = {.max = UNLOCK_EXTRA_MAX};
    uint8_t device[ID_LEN];
    struct unlock_secrets *secrets = digest_secret_new(sizeof *secrets);
    if (!secrets)
        TRY(ERR_MEMORY);
    TRY(replica_file_read(engine->dir, REPLICA_KEY, &header));
    if (door->key)
        TRY(unlock_open_key(secrets, &extra, device, header.bytes, header.len, door->key, NULL));
    else
        TRY(unlock_open(secrets, &extra, device, header.bytes, header.len, door->pass,
                        door->pass_len, NULL));
    TRY(keyring_init(&engine->ring, secrets));
    if (memcmp(device, engine->ring.id, ID_LEN) != 0)
        err = ERR_PASSPHRASE;
out:
    digest_secret_free(secrets);
    buf_free(&header);
    buf_free(&extra);
    return err;
}

static enum err load_name(struct engine *engine)
{
    struct buf plain = {.max = NAME_LEN_MAX};
    enum err err = replica_get(engine->replica, REPLICA_DEVICE, 0, 1, &plain);
    if (err == ERR_OK && plain.len)
        memcpy(engine->name, plain.bytes, plain.len);
    buf_free(&plain);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err load_server(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct engine *engine = ctx;
    struct server *grown = realloc(engine->servers, (engine->n_servers + 1) * sizeof *grown);
    struct wire_doc doc;
    if (!grown)
        return ERR_MEMORY;
    engine->servers = grown;
    struct server *server = &grown[engine->n_servers];
    *server = (struct server){.no = id};
    enum err err = wire_open(&doc, plain, len, 1, 8);
    if (err != ERR_OK)
        return err == ERR_MEMORY ? err : ERR_CORRUPT;
    struct wire_in root = wire_root(&doc), in = wire_array(&root, 6, 6);
    size_t url_len, name_len;
    const char *url = wire_str(&in, &url_len, sizeof server->url - 1);
    const char *name = wire_str(&in, &name_len, NAME_LEN_MAX);
    wire_bytes(&in, server->log_pk, PK_LEN);
    wire_bytes(&in, server->resp_pk, PK_LEN);
    wire_bytes(&in, server->store_id, STORE_ID_LEN);
    server->offset_ms = wire_int(&in);
    err = wire_end(&in);
    if (err == ERR_OK) {
        memcpy(server->url, url, url_len);
        memcpy(server->log_name, name, name_len);
        engine->n_servers++;
    }
    wire_close(&doc);
    return err == ERR_OK ? ERR_OK : ERR_CORRUPT;
}

struct numbers {
    size_t n, cap;
    uint64_t *list;
};

static enum err note_number(void *ctx, uint64_t id, const uint8_t *plain, size_t len)
{
    struct numbers *numbers = ctx;
    (void)plain, (void)len;
    if (numbers->n == numbers->cap) {
        numbers->cap = numbers->cap ? 2 * numbers->cap : 8;
        uint64_t *grown = realloc(numbers->list, numbers->cap * sizeof *grown);
        if (!grown)
            return ERR_MEMORY;
        numbers->list = grown;
    }
    numbers->list[numbers->n++] = id;
    return ERR_OK;
}

enum err engine_load(struct engine *engine)
{
    enum err err = ERR_OK;
    struct numbers numbers = {0};
    TRY(load_name(engine));
    TRY(replica_each(engine->replica, REPLICA_SERVER, 0, load_server, engine));
    TRY(replica_each(engine->replica, REPLICA_SPACE, 0, note_number, &numbers));
    for (size_t i = 0; i < numbers.n; i++) {
        struct space *space = NULL;
        TRY(space_load(engine, &space, numbers.list[i]));
        TRY(engine_space_add(engine, space));
    }
    for (size_t i = 0; i < engine->n_servers; i++) {
        bool waits;
        TRY(courier_waits(engine, &engine->servers[i], &waits));
    }
out:
    free(numbers.list);
    return err;
}

void engine_unload(struct engine *engine)
{
    for (size_t i = 0; i < engine->n_spaces; i++)
        space_free(engine, engine->spaces[i]);
    free(engine->spaces);
    for (size_t i = 0; i < engine->n_servers; i++) {
        for (size_t k = 0; k < engine->servers[i].n_rows; k++)
            free(engine->servers[i].rows[k].seqs);
        free(engine->servers[i].courier.items);
        free(engine->servers[i].courier.resting);
    }
    free(engine->servers);
    engine->spaces = NULL;
    engine->servers = NULL;
    engine->n_spaces = engine->n_servers = 0;
    replica_close(engine->replica);
    engine->replica = NULL;
}

static enum err open_replica(struct engine *engine)
{
    enum err err = ERR_CORRUPT;
    if (replica_file_exists(engine->dir, REPLICA_FILE) &&
        !replica_file_exists(engine->dir, REPLICA_MARK))
        err = replica_open(&engine->replica, engine->dir, engine->ring.device->db_key, false);
    if (err == ERR_OK)
        err = engine_load(engine);
    return err;
}

/* A removal that was seen, and whose wiping a full disk kept from its end. */
static enum err finish_wipes(struct engine *engine)
{
    for (size_t i = 0; i < engine->n_spaces; i++) {
        enum err err = leave_wipe(engine, engine->spaces[i], NULL);
        if (err != ERR_OK && err != ERR_FULL && err != ERR_IO)
            return err;
    }
    return ERR_OK;
}

static enum err open_door(struct engine **out, const char *dir, const struct door *door,
                          uint64_t now_ms, struct engine_repair *repair)
{
    enum err err = ERR_OK;
    struct engine_repair ignored;
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return ERR_MEMORY;
    repair = repair ? repair : &ignored;
    *repair = (struct engine_repair){0};
    engine->lock = -1;
    engine->now_ms = now_ms;
    TRY(digest_init());
    int len = snprintf(engine->dir, sizeof engine->dir, "%s", dir);
    if (len < 0 || (size_t)len >= sizeof engine->dir)
        TRY(ERR_TOO_BIG);
    if (!replica_file_exists(dir, REPLICA_KEY))
        TRY(ERR_NOT_FOUND);
    TRY(replica_folder_lock(&engine->lock, dir));
    TRY(unlock(engine, door));
    digest_random(engine->run, RUN_LEN);
    err = open_replica(engine);
    if (err == ERR_CORRUPT) {
        engine_unload(engine);
        TRY(salvage(engine, repair));
        err = open_replica(engine);
    }
    TRY(err);
    TRY(renew_finish(engine));
    TRY(finish_wipes(engine));
    engine_jots_prune(engine);
out:
    if (err != ERR_OK) {
        engine_close(engine);
        engine = NULL;
    }
    *out = engine;
    return err;
}

enum err engine_open(struct engine **out, const char *dir, const char *pass, size_t pass_len,
                     uint64_t now_ms, struct engine_repair *repair)
{
    const struct door door = {.pass = pass, .pass_len = pass_len};
    return open_door(out, dir, &door, now_ms, repair);
}

enum err engine_open_key(struct engine **out, const char *dir, const struct unlock_key *key,
                         uint64_t now_ms, struct engine_repair *repair)
{
    const struct door door = {.key = key};
    return open_door(out, dir, &door, now_ms, repair);
}

enum err engine_key(struct unlock_key *key, const char *dir)
{
    struct buf header = {.max = KEY_FILE_MAX};
    enum err err = digest_init();
    if (err == ERR_OK)
        err = replica_file_read(dir, REPLICA_KEY, &header);
    if (err == ERR_OK)
        err = unlock_key_of(key, header.bytes, header.len);
    buf_free(&header);
    return err;
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    engine_unload(engine);
    keyring_fini(&engine->ring);
    replica_folder_unlock(engine->lock);
    digest_wipe(engine, sizeof *engine);
    free(engine);
}

/* --- a device that was removed --- */

bool engine_is_out(const struct engine *engine)
{
    for (size_t i = 0; i < engine->n_spaces; i++) {
        const struct leave *leave = &engine->spaces[i]->leave;
        if (!leave->wiped || leave->waiting > 0)
            return false;
    }
    return engine->n_spaces > 0;
}

enum err engine_destroy(struct engine *engine)
{
    static const char *const names[] = {REPLICA_KEY, REPLICA_FILE, REPLICA_FILE "-wal",
                                        REPLICA_FILE "-shm", REPLICA_SPARE};
    enum err err = ERR_OK;
    if (!engine_is_out(engine) && engine->replica)
        return ERR_USAGE;
    TRY(replica_file_write(engine->dir, REPLICA_GONE, "", 0, false));
    engine_unload(engine);
    /* The key first: what is left without it opens nowhere. */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (replica_file_exists(engine->dir, names[i]))
            TRY(replica_file_remove(engine->dir, names[i]));
out:
    return err;
}

bool engine_was_removed(const char *dir)
{
    return !replica_file_exists(dir, REPLICA_KEY) && replica_file_exists(dir, REPLICA_GONE);
}

void engine_set_time(struct engine *engine, uint64_t now_ms)
{
    engine->now_ms = now_ms;
}

uint64_t engine_now_ms(const struct engine *engine)
{
    return engine->now_ms;
}

const uint8_t *engine_device(const struct engine *engine)
{
    return engine->ring.id;
}

const char *engine_name(const struct engine *engine)
{
    return engine->name;
}

/* --- servers --- */

struct server *engine_server_of(const struct engine *engine, const struct space *space)
{
    assert(space->server < engine->n_servers);
    return &engine->servers[space->server];
}

uint64_t engine_server_ms(const struct engine *engine, const struct server *server)
{
    int64_t now = (int64_t)engine->now_ms + server->offset_ms;
    return now > 0 ? (uint64_t)now : 0;
}

enum err engine_server_save(struct engine *engine, const struct server *server)
{
    struct buf out = {0};
    wire_put_array(&out, 6);
    wire_put_str(&out, server->url, strlen(server->url));
    wire_put_str(&out, server->log_name, strlen(server->log_name));
    wire_put_bin(&out, server->log_pk, PK_LEN);
    wire_put_bin(&out, server->resp_pk, PK_LEN);
    wire_put_bin(&out, server->store_id, STORE_ID_LEN);
    wire_put_int(&out, server->offset_ms);
    enum err err = out.err;
    if (err == ERR_OK)
        err = replica_put(engine->replica, REPLICA_SERVER, 0, server->no, out.bytes, out.len);
    buf_free(&out);
    return err;
}

enum err engine_server_add(struct engine *engine, const char *url,
                           const struct message_server *pinned, size_t *out)
{
    uint64_t no = 0;
    for (size_t i = 0; i < engine->n_servers; i++) {
        const struct server *known = &engine->servers[i];
        bool same_keys = memcmp(known->log_pk, pinned->log_pk, PK_LEN) == 0 &&
                         memcmp(known->resp_pk, pinned->resp_pk, PK_LEN) == 0;
        uint8_t aud[HASH_LEN];
        message_aud(aud, pinned->log_pk);
        /* Other keys under the same address: a link from before or after a hand-over that this device has not seen
         * whole. The link pins them, so they are asked by themselves. */
        if (strcmp(known->url, url) == 0 && (same_keys || handover_knows(engine, known, aud))) {
            *out = i;
            return ERR_OK;
        }
        if (known->no > no)
            no = known->no;
    }
    struct server *grown = realloc(engine->servers, (engine->n_servers + 1) * sizeof *grown);
    if (!grown)
        return ERR_MEMORY;
    engine->servers = grown;
    struct server *server = &grown[engine->n_servers];
    *server = (struct server){.no = no + 1};
    snprintf(server->url, sizeof server->url, "%s", url);
    memcpy(server->log_name, pinned->log_name, sizeof server->log_name);
    memcpy(server->log_pk, pinned->log_pk, PK_LEN);
    memcpy(server->resp_pk, pinned->resp_pk, PK_LEN);
    enum err err = engine_server_save(engine, server);
    if (err == ERR_OK)
        *out = engine->n_servers++;
    return err;
}

/* A server counts as long as one of its spaces has something to ask it, or something is carried to it. */
static bool server_in_use(const struct engine *engine, size_t server)
{
    if (engine->servers[server].courier.waits)
        return true;
    for (size_t i = 0; i < engine->n_spaces; i++) {
        const struct space *space = engine->spaces[i];
        if (space->server == server && space_takes_part(space))
            return true;
    }
    return false;
}

static size_t server_number(const struct engine *engine, size_t i)
{
    for (size_t k = 0; k < engine->n_servers; k++) {
        if (server_in_use(engine, k) && i-- == 0)
            return k;
    }
    return SIZE_MAX;
}

size_t engine_server_count(const struct engine *engine)
{
    size_t n = 0;
    for (size_t i = 0; i < engine->n_servers; i++)
        n += server_in_use(engine, i);
    return n;
}

struct server *engine_server_at(struct engine *engine, size_t i)
{
    size_t number = server_number(engine, i);
    return number == SIZE_MAX ? NULL : &engine->servers[number];
}

const char *engine_server_url(const struct engine *engine, size_t i)
{
    size_t number = server_number(engine, i);
    assert(number != SIZE_MAX);
    return engine->servers[number].url;
}

/* --- spaces --- */

struct space *engine_at(const struct engine *engine, size_t i)
{
    assert(i < engine->n_spaces);
    return engine->spaces[i];
}

enum err engine_begin(struct engine *engine)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < engine->n_spaces; i++) {
        if (engine->spaces[i]->behind == ERR_OK)
            continue;
        TRY(space_reload(engine, engine->spaces[i]));
        err = ERR_BUSY;
    }
    TRY(err);
    err = replica_begin(engine->replica);
out:
    return err;
}

enum err engine_space_add(struct engine *engine, struct space *space)
{
    struct space **grown = realloc(engine->spaces, (engine->n_spaces + 1) * sizeof(struct space *));
    if (!grown) {
        space_free(engine, space);
        return ERR_MEMORY;
    }
    engine->spaces = grown;
    engine->spaces[engine->n_spaces++] = space;
    return ERR_OK;
}

struct space *engine_space_by_id(const struct engine *engine, const uint8_t id[static ID_LEN],
                                 size_t *i)
{
    for (*i = 0; *i < engine->n_spaces; (*i)++) {
        if (memcmp(engine->spaces[*i]->pub.id, id, ID_LEN) == 0)
            return engine->spaces[*i];
    }
    return NULL;
}

size_t engine_space_count(const struct engine *engine)
{
    return engine->n_spaces;
}

const struct engine_space *engine_space(const struct engine *engine, size_t i)
{
    return &engine_at(engine, i)->pub;
}

const struct fold *engine_fold(const struct engine *engine, size_t i)
{
    const struct space *space = engine_at(engine, i);
    return space->fold->size ? space->fold : NULL;
}

const char *engine_device_label(const struct engine *engine, size_t i,
                                const uint8_t device[static ID_LEN])
{
    const struct space *space = engine_at(engine, i);
    for (size_t k = 0; k < space->n_labels; k++) {
        if (memcmp(space->labels[k].device, device, ID_LEN) == 0)
            return space->labels[k].text;
    }
    return memcmp(device, engine->ring.id, ID_LEN) == 0 ? engine->name : "";
}
