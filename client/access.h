/* SPDX-License-Identifier: Apache-2.0
 *
 * access: who opened, exported or printed which dossier, as leaves of the space (PROTOCOL.md 15.1).
 *
 * An opening is noted here once per dossier and day, sealed, and leaves with the others as one `access` leaf when the
 * oldest is half a day old: a leaf for each screen would cost more than the work itself. What leaves the system
 * (a file, a print) is said at the next sync by an `export_notice`. Both name dossiers in a body under the routing key:
 * an auditor reads them, the server does not. Bodies of `access` leaves are pruned by age.
 */
#ifndef CLIENT_ACCESS_H
#define CLIENT_ACCESS_H

#include "client/engine.h"

struct space;
struct replica_entry;
struct leaf;

/** What was done. Numbers from 1 on are those of export_notice; 0 is an access leaf. */
enum access_what {
    ACCESS_OPENED = 0,
    ACCESS_FILE = 1,    /* a table, a report, a calendar */
    ACCESS_PRINT = 2,   /* a page for paper */
    ACCESS_PERSON = 3,  /* everything about one person, for that person */
    ACCESS_JOURNAL = 4, /* the audit's own lines */
    ACCESS_BACKUP = 5   /* for whole copies */
};

/** Notes that a dossier was opened now. ERR_FULL, ERR_IO: not noted. */
enum err access_opened(struct engine *engine, size_t space, const uint8_t shred[static ID_LEN]);

/** Queues an export_notice: `count` lines or files left, about `n` dossiers (0: about none in particular). */
enum err access_export(struct engine *engine, size_t space, enum access_what what, uint64_t count,
                       const uint8_t (*shreds)[ID_LEN], size_t n);

/** Turns openings that have waited long enough into an operation. In a transaction. */
enum err access_queue(struct engine *engine, struct space *space);

/** Deletes what was noted 270 days before the newest entry, or earlier. In a transaction. */
enum err access_prune(struct engine *engine, const struct space *space);

/** One line: somebody did something. */
struct access_line {
    enum access_what what;
    bool about; /* a dossier is named */
    uint8_t shred[ID_LEN];
    int64_t time_s; /* claimed; 0 = unknown */
    uint64_t index; /* of the leaf; UINT64_MAX: noted here, not sent yet */
    uint8_t device[ID_LEN];
    uint64_t t_recv_ms; /* 0 while not sent */
    uint64_t count;     /* what the leaf says in clear */
};
typedef enum err (*access_sink)(void *ctx, const struct access_line *line);

/** Gives the lines of one access or export_notice leaf; one without a dossier where its body is gone or sealed. */
enum err access_lines(const struct space *space, const struct replica_entry *entry,
                      const struct leaf *leaf, access_sink sink, void *ctx);

/** All lines about one dossier (NULL: about any), oldest first, with those that wait here. */
enum err access_about(struct engine *engine, size_t space, const uint8_t *shred, access_sink sink,
                      void *ctx);

#endif
