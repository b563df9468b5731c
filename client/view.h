/* SPDX-License-Identifier: Apache-2.0
 *
 * view: what a device knows, as tables: an SQLite database in memory that is built from the log and thrown away.
 *
 *   core_record, core_entry      every record, and every value that was ever written to one of its fields
 *   one table per kind           id, code, space, dossier, created_at, author, mistake, one column per field
 *   history                      core_entry for people: record, kind, field, op, value, author, device, claimed_at,
 *                                received_at, base, leaf, live, pending
 *   conflict, core_conflict      fields with several standing values (one row per field; one row per value)
 *   member, space, record        who, where, what
 *   search                       full-text search over folded text
 *   domain_*                     the pack
 *
 * Which values stand is merge.h's answer per field; the pack's policy says what is shown of them:
 *   L  the first; concurrent others are listed as a conflict until somebody writes the field again
 *   M  the same, marked critical: people see all values until somebody chooses
 *   A  texts are appended to each other in log order; other types as L
 *   S  per element, an addition wins against a concurrent removal; the column is a sorted JSON array
 *   G  the standing value with the greatest rank, whatever the time
 * A field marked `fixed` keeps its first value. What this program or pack does not know, or a value that does not fit
 * its field, is kept and not shown; an unknown kind, field or newer pack makes its dossier read-only.
 *
 * Record ids: 32 hex digits for a dossier's own record, 32 hex '-' 16 hex for a record inside a dossier.
 * References in values: bin 8 (same dossier), 16 (a dossier), 24 (a dossier and a record in it).
 *
 * SQL functions: title(id), the name of a record in lists; those of pack_functions (pack.h), plie(text) among them.
 */
#ifndef CLIENT_VIEW_H
#define CLIENT_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/engine.h"
#include "client/pack.h"
#include "client/pas_table.h"
#include "proto/buf.h"

struct view;
struct sqlite3;

enum { VIEW_ID_MAX = 2 * ID_LEN + 1 + 2 * RECORD_LEN + 1, VIEW_TITLE_MAX = 240 };

/** An empty view with the tables of `pack`. Borrows engine and pack until view_free. `lang` is "fr" or "en". */
enum err view_new(struct view **view, struct engine *engine, const struct pack *pack,
                  const char *lang);
void view_free(struct view *view);
/** Another language from here on. */
void view_language(struct view *view, const char *lang);

/** Brings the view to the engine's state: only new entries and what waits are read, unless the engine's generation
 * grew or an earlier call failed: then everything. After an error the view is as before. */
enum err view_refresh(struct view *view);

/** After engine_edit: takes over its `n` items without reading the outbox again. */
enum err view_add(struct view *view, size_t space, const uint8_t shred[static ID_LEN],
                  uint16_t pack, const struct change *items, size_t n);

/** Waiting changes of records whose kind is narrower than the space they wait for, as the engine knows its level now:
 * `*n` records, the first one's space in `*space`. They were written before that level was known. */
enum err view_too_wide(struct view *view, size_t *n, size_t *space);

/** Changes taken from the log since the view was made, loaded or dumped. */
uint64_t view_taken(const struct view *view);

/** Changes whose dossier key has not arrived. */
uint64_t view_keyless(const struct view *view);

/** The database, for modules that add tables of their own (agenda, reports). */
struct sqlite3 *view_db(struct view *view);

/* --- one record --- */

struct view_record {
    char id[VIEW_ID_MAX];
    char code[9];
    size_t space; /* the engine's number */
    uint8_t shred[ID_LEN];
    uint8_t record[RECORD_LEN];
    const struct pack_kind *kind; /* NULL: unknown to this pack */
    bool locked;                  /* its dossier holds something this program does not know */
    bool mistake;
};

/** Finds a record by id, short code, unique beginning of either (3 characters), or by name: words of its
 * text when `kinds` is given, else words of its title. `kinds` (n may be 0) limits the kinds. Of a record that was merged into another one: that one.
 * ERR_NOT_FOUND; ERR_USAGE: several fit. */
enum err view_find(struct view *view, const char *text, const struct pack_kind *const *kinds,
                   size_t n, struct view_record *out);

/** The same by id, code or beginning, without following what was merged. */
enum err view_find_itself(struct view *view, const char *text, struct view_record *out);

/** After ERR_USAGE of the two above: how many fitted, and the first of them. */
enum { VIEW_CANDIDATES_MAX = 8 };
size_t view_candidates_n(const struct view *view);
enum err view_candidate(struct view *view, size_t i, struct view_record *out);

/** What was merged into a record: id, code. */
enum err view_merged_ids(struct view *view, const char *id, struct pas_table **out);

/** The name of a record in lists, from the pack's title; "" if there is none. */
enum err view_title(struct view *view, const char *id, char out[static VIEW_TITLE_MAX]);

/** The shown value of a field (pack_value_fini); nil when it is empty. ERR_NOT_FOUND: no such record. */
enum err view_value(struct view *view, const struct view_record *record,
                    const struct pack_field *field, struct pack_value *out);

/** How many different values stand in a field now: 0 and 1 are no conflict. */
enum err view_standing(struct view *view, const struct view_record *record,
                       const struct pack_field *field, size_t *n);

/* --- tables for people --- */

/** Records of a kind that are no mistakes (unless `all`), by title. `where` is an SQL expression over the columns, or
 * NULL. With `people` the cells also carry their wording. ERR_USAGE: `where` is no such expression; `why` says why. */
enum err view_list(struct view *view, const struct pack_kind *kind, const char *where, bool all,
                   bool people, struct pas_table **out, struct pack_why *why);

/** One record as a table of one row: its columns, then base, pending, locked, conflicts, records (JSON). */
enum err view_show(struct view *view, const struct view_record *record, bool people,
                   struct pas_table **out);

/** Records that hold all words of `text`, the last one possibly unfinished: id, code, kind, title, space. */
enum err view_search(struct view *view, const char *text, size_t limit, struct pas_table **out);

/** Every value that was written to a record, oldest first. */
enum err view_history(struct view *view, const struct view_record *record, struct pas_table **out);

/** All conflicts, or those of one record (may be NULL). */
enum err view_conflicts(struct view *view, const struct view_record *record,
                        struct pas_table **out);

/** One statement of a user: it must be a single SELECT and can only read. ERR_USAGE: `why` says why. */
enum err view_sql(struct view *view, const char *sql, struct pas_table **out, struct pack_why *why);

/* --- values on the wire --- */

/** One value as a change holds it. `text` is borrowed from the bytes, or points to `ref`. */
struct view_value {
    enum pack_value_type type; /* never SET */
    int op;                    /* 1 adds to a set, 0 takes from it, -1 plain */
    int64_t integer;           /* INT, BOOL */
    const char *text;          /* TEXT, REF */
    size_t text_len;
    char ref[VIEW_ID_MAX];
};

/** Reads a change's value; `shred` is the dossier it stands in. ERR_FORMAT. */
enum err view_value_decode(struct view_value *value, const uint8_t *bytes, size_t len,
                           const uint8_t shred[static ID_LEN]);

/** Appends the value's wire form. A reference must be an id as above. ERR_FORMAT. */
enum err view_value_encode(struct buf *out, const struct view_value *value,
                           const uint8_t shred[static ID_LEN]);

/** An id as text and back. ERR_FORMAT. */
void view_id_text(char out[static VIEW_ID_MAX], const uint8_t shred[static ID_LEN],
                  const uint8_t record[static RECORD_LEN]);
enum err view_id_parse(const char *text, uint8_t shred[static ID_LEN],
                       uint8_t record[static RECORD_LEN]);

/* --- the view cache --- */

/** Appends the whole view, and the sizes it was built from, as one run of plaintext bytes: to be sealed at once. */
enum err view_dump(struct view *view, struct buf *out);

/** Takes such bytes over, if they are of this program, pack and device and not ahead of the engine; view_refresh then
 * adds what is new. Only for a view that was just made. ERR_UNCHANGED: they do not fit; the view stays empty. Other
 * errors: the view is of no use any more; free it. */
enum err view_load(struct view *view, const uint8_t *bytes, size_t len);

#endif
