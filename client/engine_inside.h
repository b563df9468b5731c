/* SPDX-License-Identifier: Apache-2.0
 *
 * engine_inside: the state of an engine, for the modules under engine.h; nobody above includes it.
 *
 *   engine -> servers (keys, clock, the request on its way)
 *          -> spaces (space.h: fold, tree, keys, dossiers, outbox)
 */
#ifndef CLIENT_ENGINE_INSIDE_H
#define CLIENT_ENGINE_INSIDE_H

#include "client/engine.h"
#include "client/keyring.h"
#include "client/replica.h"
#include "client/space.h"
#include "proto/message.h"

enum { ATTACH_AT_ONCE = 2 };

/** One row of the request on its way: which space, which of its leaves stand where. */
struct flight_row {
    size_t space;
    size_t attach_from, n_attach; /* where pieces of attachments stand in its inbox */
    uint64_t attach[ATTACH_AT_ONCE];
    size_t n_leaves;
    uint64_t *seqs; /* seq of leaf k */
    bool joins;     /* its inbox holds this device's join */
    bool wants;     /* it asks for missing bodies */
    bool pushed;    /* it carried anything beyond the question what is new */
    bool stuck;  /* the server named slots to wrap again, and this device can wrap none of them */
    bool grants; /* its inbox holds keys for an auditor, as item grant_k */
    uint32_t grant_k;
    uint64_t grant_index, grant_upto; /* of which grant, of the entries before */
    uint64_t
        parcel; /* the sealed work in its inbox (leave.h), and where it stands there; 0 = none */
    size_t parcel_at;
    uint64_t last_id; /* of the outbox then: newer work came while it was on its way */
};

enum { COURIER_MAX = 1024 };

/** One leaf of somebody else in the request on its way (courier.h). */
struct courier_item {
    uint64_t id, seq; /* of its record; of the leaf */
    size_t row, k;
};

struct courier {
    bool next;  /* the next request is a courier's */
    bool done;  /* within this sync */
    bool waits; /* there is something for this server */
    size_t n;
    struct courier_item *items; /* COURIER_MAX of them; NULL until something was carried */
    size_t n_resting;
    uint64_t *resting; /* COURIER_MAX: refused for now, another sync tries again */
};

struct server {
    uint64_t no; /* record in REPLICA_SERVER */
    char url[512];
    char log_name[NAME_LEN_MAX + 1];
    uint8_t log_pk[PK_LEN], resp_pk[PK_LEN];
    uint8_t store_id[STORE_ID_LEN];
    int64_t offset_ms; /* server-signed time minus this device's clock */
    /* The request on its way. */
    bool waiting;
    bool full; /* of a full audit: engine_sync_finish does not take it */
    uint8_t hash[HASH_LEN];
    const uint8_t *answer; /* while it is taken: the signed bytes, for evidence; NULL otherwise */
    size_t answer_len;
    size_t n_rows;
    struct flight_row rows[ROWS_MAX];
    unsigned clock_tries;
    unsigned requests; /* since the last one that left nothing to do */
    size_t next_row;   /* where an unknown device or a long list of spaces goes on */
    struct courier courier;
    bool refill; /* the request on its way gives entries back (refill.h) */
};

struct engine {
    char dir[4096];
    int lock;
    struct keyring ring;
    struct replica *replica;
    char name[NAME_LEN_MAX + 1];
    uint64_t now_ms;
    uint8_t run[RUN_LEN];
    uint64_t ordinal;  /* of the last change of this run */
    uint64_t edits;    /* number of the last engine_edit, over all spaces */
    uint64_t together; /* number that all edits get until engine_together ends; 0 = each its own */
    size_t n_servers;
    struct server *servers;
    size_t n_spaces;
    struct space **spaces;
};

/** Reads servers and spaces from the open replica; forgets them and closes it. */
enum err engine_load(struct engine *engine);
void engine_unload(struct engine *engine);

/** Forgets words that nobody has touched for long. Not being able to is no error. */
void engine_jots_prune(struct engine *engine);

/** The space with this index; asserts that there is one. */
struct space *engine_at(const struct engine *engine, size_t i);

/**
 * Begins a transaction (replica_begin). ERR_BUSY: a space that could not be loaded again after an earlier failure was
 * loaded now; what the caller has looked at may be out of date, so nothing is begun.
 */
enum err engine_begin(struct engine *engine);

/** The server that a space lives on. */
struct server *engine_server_of(const struct engine *engine, const struct space *space);

/** The server-signed clock: this device's clock corrected by what the space's server said last. */
uint64_t engine_server_ms(const struct engine *engine, const struct server *server);

/** Server `i` of those that engine_server_count counts; NULL. */
struct server *engine_server_at(struct engine *engine, size_t i);

/** Writes a server's record. */
enum err engine_server_save(struct engine *engine, const struct server *server);

/** The server with these keys at `url`, made if it is new. ERR_WRONG_SERVER: the device knows other keys for the URL. */
enum err engine_server_add(struct engine *engine, const char *url,
                           const struct message_server *pinned, size_t *server);

/** Raises the alarm that the log key signed two histories, and writes the evidence (audit.c). Gives ERR_FORK. */
enum err audit_accuse(struct engine *engine, struct space *space, const struct note *theirs);

/** Takes a new, unloaded space into the list; the engine owns it then. ERR_MEMORY. */
enum err engine_space_add(struct engine *engine, struct space *space);

/** The space with this id; NULL. */
struct space *engine_space_by_id(const struct engine *engine, const uint8_t id[static ID_LEN],
                                 size_t *i);

#endif
