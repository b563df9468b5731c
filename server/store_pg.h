/* SPDX-License-Identifier: Apache-2.0
 *
 * store_pg: what the parts of the PostgreSQL engine share beside store_sql.h. Nobody else includes this.
 */
#ifndef SERVER_STORE_PG_H
#define SERVER_STORE_PG_H

#include "server/store_sql.h"

/** Connects, with `schema` (one, or several in order) as the place of all unqualified names. `conninfo` as libpq takes it (a URI or words); it is
 * kept for reconnecting, which happens by itself outside of transactions. sq_close also after an error. ERR_BUSY: the
 * server cannot be reached. */
enum err pg_open(struct sq *sq, const char *conninfo, const char *schema, bool writes);

#define PG_LOG_SCHEMA  "passerelle_log"
#define PG_KEYS_SCHEMA "passerelle_keys"

/** Makes `sq` a second name for a connection that reads: what it begins and ends is the other one's. */
void pg_share(struct sq *sq, const struct sq *with);

/** The first column of the first row of a query, as a number. ERR_NOT_FOUND: no row. */
enum err pg_number(struct sq *sq, const char *sql, uint64_t *out);

/** Asks for the notices of `channel` from now on. */
enum err pg_listen(struct sq *sq, const char *channel);

/** Gives the texts of the notices that arrived; never waits. `text` NULL: the connection was lost and made again, some may
 * be missing. */
typedef void (*pg_notice_fn)(void *ctx, const char *text);
void pg_notices(struct sq *sq, pg_notice_fn fn, void *ctx);

#endif
