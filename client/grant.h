/* SPDX-License-Identifier: Apache-2.0
 *
 * grant: the second level of an audit (PROTOCOL.md 15.3). An auditor asks for one dossier or one period, with a reason and
 * an end; a second person confirms; both leaves stay for ever. Only then does the second person's device hand over keys: one
 * per body, so that nothing else opens, sealed to the auditor and outside the log. The auditor's device forgets them when
 * the grant is closed or over.
 */
#ifndef CLIENT_GRANT_H
#define CLIENT_GRANT_H

#include "client/engine.h"
#include "proto/buf.h"

struct arena;
struct space;
struct message_row;
struct replica_entry;
struct flight_row;
struct leaf;

/* --- asking, closing --- */

struct grant_ask {
    const uint8_t *shred;  /* NULL: all dossiers of the period */
    uint64_t from_s, to_s; /* times of reception */
    uint64_t expires_s;
    const char *reason;
};
/** Queues the auditor's leaf. ERR_DENIED: no auditor; NOT_FOUND: no such dossier; FORMAT: the period or the end is
 * none. */
enum err grant_ask(struct engine *engine, size_t space, const struct grant_ask *ask);

/** Queues the end of a confirmed grant. ERR_NOT_FOUND; DENIED; EXISTS: queued already. */
enum err grant_close(struct engine *engine, size_t space, const uint8_t hash[static HASH_LEN]);

/** The reason in the first leaf of a grant or its proposal, with its zero; "" where it cannot be read. */
enum err grant_reason(struct engine *engine, size_t space, const uint8_t hash[static HASH_LEN],
                      struct buf *text);

/** The k-th dossier that the routing boxes name; false when there are no more. */
bool grant_dossier(const struct engine *engine, size_t space, size_t k,
                   uint8_t shred[static ID_LEN]);

/** The same from the leaf itself, appended; nothing where it cannot be read. */
enum err grant_reason_of(const struct space *space, const struct replica_entry *entry,
                         const struct leaf *leaf, struct buf *text);

/** Whether a confirmed grant still gives the right to read, by the server-signed clock. */
bool grant_open(const struct engine *engine, size_t space, const struct fold_grant *grant);

/** Bodies that this device has keys for under a grant. */
enum err grant_keys(struct engine *engine, size_t space, const struct fold_grant *grant, size_t *n);

/* --- carrying the keys; inside the sync's transaction --- */

/** The second person's side: puts at most one item of keys into the request; `arena` is the request's. */
enum err grant_give(struct engine *engine, struct space *space, struct arena *arena,
                    struct message_row *row, struct flight_row *flight);
/** The server has taken it (or refused it: it is made again later). */
enum err grant_given(struct engine *engine, struct space *space, const struct flight_row *flight,
                     enum err status);
/** The auditor's side: takes the items of an answer. Both sides: drops what is closed or over. */
enum err grant_take(struct engine *engine, struct space *space, const struct message_row *row);
/** Puts into a request what the server may forget now. */
void grant_thank(struct space *space, struct message_row *row);
/** Forgets the keys of bodies that an erasure names. */
enum err grant_forget(struct engine *engine, struct space *space, const struct op_body *list,
                      size_t n);

/* --- reading --- */

/** What a grant opens, loaded for one pass over the log. */
struct grant_reader;
enum err grant_reader_new(struct grant_reader **reader, struct engine *engine, size_t space,
                          const struct fold_grant *grant);
void grant_reader_free(struct grant_reader *reader);

/** Gives the changes of those bodies of a leaf that the grant opens. */
enum err grant_read(struct grant_reader *reader, uint64_t index, uint64_t t_recv_ms,
                    const struct leaf *leaf, const struct leaf_body *bodies, engine_sink sink,
                    void *ctx);

#endif
