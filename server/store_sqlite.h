/* SPDX-License-Identifier: Apache-2.0
 *
 * store_sqlite: what the parts of the SQLite engine share beside store_sql.h. Nobody else includes this.
 */
#ifndef SERVER_STORE_SQLITE_H
#define SERVER_STORE_SQLITE_H

#include "server/store_sql.h"

/** Opens a database file with the engine's pragmas; `flags` are SQLite's. sq_close also after an error. */
enum err sq_open(struct sq *sq, const char *path, int flags);

/** The error behind a result code of SQLite on this connection. */
enum err sq_err(const struct sq *sq, int rc);

/** The number that a PRAGMA gives; *n is 0 after an error. */
enum err sq_pragma(struct sq *sq, const char *sql, uint64_t *n);

/** The tables of a file: steps[i] leads from version i to i + 1; the file's version is its user_version. */
struct sq_schema {
    const char *const *steps;
    size_t steps_len;
};
extern const struct sq_schema sq_log_schema, sq_keys_schema;

/** ERR_VERSION: a newer program wrote the file. ERR_BEHIND: an older one; sq_schema_raise it. ERR_CORRUPT: neither. */
enum err sq_schema_check(struct sq *sq, const struct sq_schema *schema);
/** Takes the steps that the file lacks, all of a fresh one, in one transaction: after an error it is as it was. */
enum err sq_schema_raise(struct sq *sq, const struct sq_schema *schema);

/** An empty keys.db with a store id of its own. */
enum err store_sqlite_create_keys(const char *folder);

#endif
