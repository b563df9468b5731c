/* SPDX-License-Identifier: Apache-2.0
 *
 * pack_sql: how a pack document becomes tables, and the checks on them. Private to client/pack*.c.
 */
#ifndef CLIENT_PACK_SQL_H
#define CLIENT_PACK_SQL_H

#include "client/pack.h"

#include <stdarg.h>

struct sqlite3;

/** Writes a reason like printf and gives ERR_FORMAT; `why` may be NULL. */
enum err pack_why_set(struct pack_why *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Runs one statement without result. ERR_MEMORY, ERR_IO. */
enum err pack_sql_run(struct sqlite3 *db, const char *sql);

/** Makes the tables domain_* and fills them from a document that is JSON; checks nothing else. */
enum err pack_sql_fill(struct sqlite3 *db, const char *json, size_t json_len);

/**
 * Checks what a program relies on: numbers, keys, types, references, labels.
 *
 * ERR_FORMAT  `why` names the place
 */
enum err pack_sql_check(struct sqlite3 *db, struct pack_why *why);

/**
 * Compiles every piece of SQL of the document (rules, reports, sheets, ...) against empty tables of its
 * kinds, which it makes in `db`.
 *
 * ERR_FORMAT  a piece does not compile, or does something else than read; `why` names it
 */
enum err pack_sql_compile(struct sqlite3 *db, const struct pack *pack, struct pack_why *why);

/** Memory that lives until the whole arena is freed, zeroed; NULL if there is none. *arena starts as NULL. */
void *pack_arena_take(void **arena, size_t size);
void pack_arena_free(void *arena);

/** Reads checked tables into a zeroed pack (all but json and arena). ERR_MEMORY. */
enum err pack_read(struct sqlite3 *db, void **arena, struct pack *pack);

#endif
