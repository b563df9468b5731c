/* SPDX-License-Identifier: Apache-2.0
 *
 * domain: the common ground of the modules that carry out a pack over the view (agenda, report, sheet, match,
 * duplicate, import, retention): pieces of SQL that came with the pack, wordings, settings.
 *
 * `struct domain` is filled in by the caller and borrowed by everything below; it owns nothing.
 */
#ifndef CLIENT_DOMAIN_H
#define CLIENT_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/pack.h"
#include "proto/buf.h"

struct sqlite3;
struct sqlite3_stmt;

enum { DOMAIN_ID_LEN = 16, DOMAIN_ID_MAX = DOMAIN_ID_LEN + 1, DOMAIN_TITLE_MAX = 240 };

/** What a module works on. `db` has the tables of the pack and pack_functions; view_db is such a database. */
struct domain {
    struct sqlite3 *db;
    const struct pack *pack;
    const char *lang; /* of wordings */
    int32_t today;    /* civil day; :aujourdhui */
    const char *me;   /* this device, 32 hex digits, or NULL; :moi */
};

/**
 * Compiles one reading statement made of pieces of the pack; `format` is that of sqlite3_mprintf. Binds :aujourdhui and
 * :moi where they occur. *out is given (sqlite3_finalize).
 *
 * ERR_FORMAT  a piece does not compile: a pack that was not checked
 */
enum err domain_prepare(const struct domain *domain, struct sqlite3_stmt **out, const char *format,
                        ...);

/** The same for statements of this program, which may write to tables core_*. */
enum err domain_prepare_own(const struct domain *domain, struct sqlite3_stmt **out,
                            const char *format, ...);

/** Next row: *row says whether there is one. ERR_MEMORY; ERR_IO: the statement failed. */
enum err domain_step(struct sqlite3_stmt *statement, bool *row);

/** Ends a statement; NULL is fine. */
void domain_end(struct sqlite3_stmt *statement);

/** Runs SQL of this program that gives no row. */
enum err domain_run(const struct domain *domain, const char *sql);

/** Binds a text (copied; NULL is null) to a parameter such as ":id" where the statement has it. */
void domain_bind(struct sqlite3_stmt *statement, const char *name, const char *text);

/** A column as text, "" where it is null; lives until the next step. */
const char *domain_text(struct sqlite3_stmt *statement, int column);

/** How many columns a statement has, and what one is called. */
int domain_columns(struct sqlite3_stmt *statement);
const char *domain_column(struct sqlite3_stmt *statement, int column);

struct pas_table;

/** Where the log comes from: `read` gives it as pas_audit_log does, and the table even after an error. */
struct domain_log {
    enum err (*read)(void *ctx, struct pas_table **log);
    void *ctx;
};

/** Fills the tables domain_audit* from the log (NULL: they stay empty) and from what is known of spaces and devices, for a
 * report or sheet that the pack says to be about it; and empties them: gives `err`, or what went wrong on the way. */
enum err domain_audit_begin(const struct domain *domain, const struct domain_log *source);
enum err domain_audit_end(const struct domain *domain, enum err err);

/** Makes what the joins of rules, reports and sheets need to be quick: an index on each reference. Cheap when done. */
enum err domain_index(const struct domain *domain);

/** Appends the wording of a place in the pack (path || ".label") in the domain's language, else French, else any;
 * nothing if there is none. */
enum err domain_word(const struct domain *domain, const char *path, const char *member,
                     struct buf *out);

/** Appends the words at the head of sheets and reports (the pack's `header`), joined by " · "; nothing if there are none. */
enum err domain_header(const struct domain *domain, struct buf *out);

/** A number from the pack's settings; `otherwise` where it says nothing. */
int64_t domain_setting(const struct domain *domain, const char *key, int64_t otherwise);

/** The name of a record in lists; "" where the database does not know. */
void domain_title(const struct domain *domain, const char *record,
                  char out[static DOMAIN_TITLE_MAX]);

/** Appends a stored value (a cell of the view) the way people read it: labels of options, dates as 04/03/2025 in French,
 * oui/non, titles of references, sets joined by commas. `field` may be NULL: as it is. */
enum err domain_shown(const struct domain *domain, const struct pack_field *field,
                      const char *stored, struct buf *out);

/** The field of "kind.field"; NULL if there is none. */
const struct pack_field *domain_field(const struct domain *domain, const char *path);

/** A short id made of texts, the same on every device: DOMAIN_ID_LEN hex digits. */
void domain_hash(char out[static DOMAIN_ID_MAX], const char *a, const char *b, const char *c);

/** Appends a zero-terminated text. */
void domain_put(struct buf *out, const char *text);

#endif
