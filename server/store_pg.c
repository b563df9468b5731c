/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a PostgreSQL store: two schemas of one database, each with its own connection, so that the keys can have
 * their own backups (pg_dump --schema) as in two files. Several processes may own one store: a lock of the database
 * lets one of them write at a time.
 */
#include "server/store_pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"

#define CHANNEL "passerelle"
enum { SCHEMA_VERSION = 1 };

/* Ciphertext does not compress: EXTERNAL spares the attempt. Integers are BIGINT, as the driver sends them. */
static const char log_tables[] =
    "CREATE TABLE meta (name BYTEA PRIMARY KEY, value BYTEA NOT NULL);"
    "CREATE TABLE spaces (space BYTEA PRIMARY KEY, size BIGINT NOT NULL, t_recv BIGINT NOT NULL,"
    " epoch BIGINT NOT NULL, epoch_idx BIGINT NOT NULL);"
    "CREATE TABLE log (space BYTEA NOT NULL, idx BIGINT NOT NULL, device BYTEA NOT NULL,"
    " seq BIGINT NOT NULL, kind BIGINT NOT NULL, t_recv BIGINT NOT NULL,"
    " header BYTEA NOT NULL, sig BYTEA NOT NULL, nodes BYTEA NOT NULL,"
    " PRIMARY KEY (space, idx), UNIQUE (space, device, seq));"
    "ALTER TABLE log ALTER header SET STORAGE EXTERNAL;"
    "CREATE INDEX log_control ON log (space, idx) WHERE kind < 64;"
    "CREATE TABLE bodies (space BYTEA NOT NULL, idx BIGINT NOT NULL, box BIGINT NOT NULL,"
    " hash BYTEA NOT NULL, body BYTEA, PRIMARY KEY (space, idx, box));"
    "ALTER TABLE bodies ALTER body SET STORAGE EXTERNAL;"
    "CREATE TABLE notes (space BYTEA NOT NULL, size BIGINT NOT NULL, root BYTEA NOT NULL,"
    " sig BYTEA NOT NULL, cosigs BYTEA NOT NULL, PRIMARY KEY (space, size));"
    "CREATE TABLE members (space BYTEA NOT NULL, device BYTEA NOT NULL, ed_pk BYTEA NOT NULL,"
    " roles BIGINT NOT NULL, active BIGINT NOT NULL, added BIGINT NOT NULL,"
    " revoked BIGINT NOT NULL, erased_upto BIGINT NOT NULL, PRIMARY KEY (space, device));"
    "CREATE INDEX members_device ON members (device);"
    "CREATE TABLE links (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " pk BYTEA NOT NULL UNIQUE, used BIGINT NOT NULL);"
    "CREATE TABLE chores (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " space BYTEA NOT NULL, what BIGINT NOT NULL, target BYTEA NOT NULL);"
    /* Every change of a space or of its keys is told to all nodes; the text is the space's id, in hex. */
    "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
    " PERFORM pg_notify('" CHANNEL "', encode(NEW.space, 'hex')); RETURN NULL; END$$;"
    "CREATE TRIGGER tell AFTER INSERT OR UPDATE ON spaces FOR EACH ROW EXECUTE FUNCTION tell();"
    "CREATE TRIGGER tell AFTER INSERT OR UPDATE ON " PG_KEYS_SCHEMA ".revs"
    " FOR EACH ROW EXECUTE FUNCTION tell();";

static const char keys_tables[] =
    "CREATE DOMAIN blob AS BYTEA;" /* what SQLite calls it in a CAST */
    "CREATE TABLE meta (name BYTEA PRIMARY KEY, value BYTEA NOT NULL);"
    "CREATE TABLE revs (space BYTEA PRIMARY KEY, rev BIGINT NOT NULL);"
    "CREATE TABLE slots (space BYTEA NOT NULL, row BYTEA NOT NULL, newest BIGINT NOT NULL,"
    " epoch BIGINT NOT NULL, slot BYTEA NOT NULL, sender BYTEA NOT NULL, rev BIGINT NOT NULL,"
    " PRIMARY KEY (space, row, newest));"
    "CREATE INDEX slots_rev ON slots (space, rev) WHERE newest = 1;"
    "CREATE INDEX slots_epoch ON slots (space, epoch) WHERE newest = 1;"
    "CREATE TABLE seals (space BYTEA NOT NULL, idx BIGINT NOT NULL, device BYTEA NOT NULL,"
    " epoch BIGINT NOT NULL, type BIGINT NOT NULL, hash BYTEA NOT NULL, seal BYTEA,"
    " rev BIGINT NOT NULL, PRIMARY KEY (space, idx, device));"
    "CREATE INDEX seals_device ON seals (space, device, rev);"
    "CREATE TABLE inbox (space BYTEA NOT NULL, type BIGINT NOT NULL, device BYTEA NOT NULL,"
    " invite BYTEA, expires BIGINT NOT NULL, state BIGINT NOT NULL, payload BYTEA,"
    " rev BIGINT NOT NULL, PRIMARY KEY (space, type, device));";

/* ---- housekeeping ---- */

/* What was deleted is made room for at once; the small tables of the keys are written anew, so that nothing of a deleted
 * key stays in a file of theirs. The server's own write-ahead log and backups are the operator's (DESIGN.md). */
static enum err tidy(struct store *base, bool now)
{
    enum err err = ERR_OK;
    struct sq_store *store = (struct sq_store *)base;
    if (store->mode != STORE_OWNER)
        return ERR_OK;
    if (atomic_exchange(&store->log_deleted, false) || now)
        err = sq_exec(&store->tidy.log, "VACUUM bodies");
    if (err != ERR_OK) {
        atomic_store(&store->log_deleted, true);
        return err;
    }
    if (atomic_exchange(&store->keys_deleted, false) || now) {
        static const char *const tables[] = {"VACUUM FULL slots", "VACUUM FULL seals",
                                             "VACUUM FULL inbox"};
        for (size_t i = 0; i < sizeof tables / sizeof *tables && err == ERR_OK; i++)
            err = sq_exec(&store->tidy.keys, tables[i]);
    }
    if (err != ERR_OK)
        atomic_store(&store->keys_deleted, true);
    return err;
}

static int untidy(const struct store *base)
{
    const struct sq_store *store = (const struct sq_store *)base;
    return atomic_load(&store->log_deleted) || atomic_load(&store->keys_deleted) ? 2 : 0;
}

#define BYTES_OF(schema)                                                                           \
    "SELECT CAST(coalesce(sum(pg_total_relation_size(oid)), 0) AS BIGINT) FROM pg_class"           \
    " WHERE relkind = 'r' AND relnamespace = '" schema "'::regnamespace"

static enum err bytes(struct store_view *base, uint64_t *log_bytes, uint64_t *keys_bytes)
{
    struct sq_view *view = (struct sq_view *)base;
    enum err err = pg_number(&view->log, BYTES_OF(PG_LOG_SCHEMA), log_bytes);
    return err == ERR_OK ? pg_number(&view->keys, BYTES_OF(PG_KEYS_SCHEMA), keys_bytes) : err;
}

/* Every row is read; checksums of pages are the server's to verify while it does. */
static enum err integrity(struct store_view *base)
{
    struct sq_view *view = (struct sq_view *)base;
    uint64_t n;
    enum err err = pg_number(&view->log,
                             "SELECT (SELECT count(sha256(header || sig || nodes)) FROM log) +"
                             " (SELECT count(sha256(body)) FROM bodies)",
                             &n);
    if (err == ERR_OK)
        err = pg_number(&view->keys,
                        "SELECT (SELECT count(sha256(slot)) FROM slots) +"
                        " (SELECT count(sha256(seal)) FROM seals)",
                        &n);
    return err;
}

/* ---- other nodes ---- */

struct hearing {
    store_heard_fn fn;
    void *ctx;
};

static void on_notice(void *ctx, const char *text)
{
    const struct hearing *hearing = ctx;
    uint8_t space[ID_LEN];
    bool whole = text && strlen(text) == 2 * sizeof space;
    for (size_t i = 0; whole && i < sizeof space; i++) {
        unsigned byte;
        whole = sscanf(text + 2 * i, "%2x", &byte) == 1;
        space[i] = (uint8_t)byte;
    }
    hearing->fn(hearing->ctx, whole ? space : NULL);
}

static void heard(struct store *base, store_heard_fn fn, void *ctx)
{
    struct hearing hearing = {.fn = fn, .ctx = ctx};
    pg_notices(&((struct sq_store *)base)->listener, on_notice, &hearing);
}

/* ---- life ---- */

static enum err open_pair(struct sq_view *view, const struct sq_store *store, bool writes)
{
    enum err err = ERR_OK;
    view->view.engine = &store->engine;
    if (writes) {
        TRY(pg_open(&view->log, store->place, PG_LOG_SCHEMA, writes));
        TRY(pg_open(&view->keys, store->place, PG_KEYS_SCHEMA, writes));
    } else {
        /* One snapshot of both, and one turn to begin and to end it. */
        TRY(pg_open(&view->log, store->place, PG_LOG_SCHEMA ", " PG_KEYS_SCHEMA, writes));
        pg_share(&view->keys, &view->log);
    }
out:
    return err;
}

static enum err is_there(struct sq *sq, bool *there)
{
    uint64_t n = 0;
    enum err err =
        pg_number(sq, "SELECT count(*) FROM pg_namespace WHERE nspname = '" PG_LOG_SCHEMA "'", &n);
    *there = n > 0;
    return err;
}

static enum err put_number(struct sq *sq, const char *name, uint64_t number)
{
    char sql[128];
    snprintf(sql, sizeof sql, "INSERT INTO meta VALUES ('%s', '%llu')", name,
             (unsigned long long)number);
    return sq_exec(sq, sql);
}

static enum err put_store_id(struct sq *sq)
{
    uint8_t id[STORE_ID_LEN];
    char sql[128], hex[2 * STORE_ID_LEN + 1];
    digest_random(id, sizeof id);
    for (size_t i = 0; i < sizeof id; i++)
        snprintf(hex + 2 * i, 3, "%02x", id[i]);
    snprintf(sql, sizeof sql, "INSERT INTO meta VALUES ('store_id', '\\x%s')", hex);
    return sq_exec(sq, sql);
}

enum err store_pg_create(const char *conninfo)
{
    enum err err = ERR_OK;
    struct sq sq = {0};
    bool there = false;
    TRY(pg_open(&sq, conninfo, "pg_catalog", true));
    TRY(is_there(&sq, &there));
    TRY(there ? ERR_EXISTS : ERR_OK);
    TRY(sq_exec(&sq, "BEGIN"));
    TRY(sq_exec(&sq, "CREATE SCHEMA " PG_KEYS_SCHEMA "; SET LOCAL search_path = " PG_KEYS_SCHEMA));
    TRY(sq_exec(&sq, keys_tables));
    TRY(put_store_id(&sq));
    TRY(sq_exec(&sq, "CREATE SCHEMA " PG_LOG_SCHEMA "; SET LOCAL search_path = " PG_LOG_SCHEMA));
    TRY(sq_exec(&sq, log_tables));
    TRY(put_number(&sq, "schema", SCHEMA_VERSION));
    TRY(sq_exec(&sq, "COMMIT"));
out:
    sq_close(&sq);
    return err;
}

static enum err check_version(struct sq_store *store)
{
    uint64_t version = 0;
    bool there = false;
    enum err err = is_there(&store->own.log, &there);
    if (err == ERR_OK && !there)
        return ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = pg_number(&store->own.log,
                        "SELECT convert_from(value, 'UTF8') FROM meta WHERE name = 'schema'",
                        &version);
    if (err == ERR_OK && version != SCHEMA_VERSION)
        err = version > SCHEMA_VERSION ? ERR_VERSION : ERR_CORRUPT;
    return err;
}

enum err store_pg_open(struct store **out, const char *conninfo, enum store_mode mode)
{
    enum err err = ERR_OK;
    *out = NULL;
    struct sq_store *store = calloc(1, sizeof *store);
    if (!store)
        return ERR_MEMORY;
    store->engine = (struct store_engine){.name = "postgresql",
                                          .shared = true,
                                          .heard = heard,
                                          .tidy = tidy,
                                          .untidy = untidy,
                                          .bytes = bytes,
                                          .integrity = integrity};
    store_sql_fill(&store->engine);
    store->store.engine = &store->engine;
    store->pair_open = open_pair;
    store->mode = mode;
    store->place = strdup(conninfo);
    TRY(store->place ? ERR_OK : ERR_MEMORY);
    TRY(open_pair(&store->own, store, mode != STORE_READER));
    TRY(check_version(store));
    if (mode == STORE_OWNER) {
        TRY(open_pair(&store->tidy, store, true));
        TRY(pg_open(&store->listener, conninfo, PG_LOG_SCHEMA, true));
        TRY(pg_listen(&store->listener, CHANNEL));
        TRY(sq_recover(store));
    }
    *out = &store->store;
out:
    if (err != ERR_OK)
        store->engine.close(&store->store);
    return err;
}
