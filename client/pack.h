/* SPDX-License-Identifier: Apache-2.0
 *
 * pack: the domain as data. A pack is one JSON document (client/domain/mediation-emploi.json,
 * described by client/domain/pack.schema.json and client/domain/README.md) that says which kinds
 * of record exist, with which fields, labels, options, merge policies, rules, check-lists, forms,
 * sheets and reports. The program knows no word of it.
 *
 * Three uses:
 *   pack_parse, pack_default   the document becomes the read-only structs below
 *   pack_fill                  the document becomes tables domain_* of a database, for SQL
 *   pack_value_*               a text typed by a person becomes a checked, typed value, and back
 *
 * Everything a pack names lives as long as the pack; callers borrow it. Safe to share between
 * threads once parsed.
 */
#ifndef CLIENT_PACK_H
#define CLIENT_PACK_H

#include "proto/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;

#define PACK_JSON_MAX   ((size_t)1 << 20) /* bytes of a pack document */
#define PACK_FORMAT     1                 /* the format that this program understands */
#define PACK_KEY_MAX    40                /* bytes of a key, without the zero */
#define PACK_NUMBER_MAX 65535             /* kinds and fields */
#define PACK_TEXT_MAX   2000              /* bytes of a text value where the pack says nothing */
#define PACK_LONG_MAX   32768             /* bytes of a longtext value */
#define PACK_ITEMS_MAX  256               /* items of a set value */
#define PACK_REF_MAX    80                /* bytes of a reference in its text form */

/* Field numbers below 16 belong to the core and stand in no pack. */
#define PACK_CORE_KIND    0  /* int: the number of the record's kind */
#define PACK_CORE_MISTAKE 1  /* bool: "saisie par erreur" */
#define PACK_CORE_MERGED  2  /* ref: the record that this one was merged into */
#define PACK_FIELD_FIRST  16 /* the first number that a pack may give */

/* X(name, JSON word, column type in the view) */
#define PACK_TYPE_TABLE(X)                                                                         \
    X(TEXT, "text", "TEXT")                                                                        \
    X(LONGTEXT, "longtext", "TEXT")                                                                \
    X(DATE, "date", "TEXT")         /* AAAA-MM-JJ */                                               \
    X(DATETIME, "datetime", "TEXT") /* AAAA-MM-JJThh:mm, civil time */                             \
    X(INT, "int", "INTEGER")                                                                       \
    X(DECIMAL, "decimal", "REAL") /* at most three decimals, stored as text: 17.5 */               \
    X(BOOL, "bool", "INTEGER")                                                                     \
    X(ENUM, "enum", "TEXT")           /* the stable key of an option */                            \
    X(REF, "ref", "TEXT")             /* the id of a record */                                     \
    X(SET, "set", "TEXT")             /* of enum, ref or text; a JSON array in the view */         \
    X(CHECKLIST, "checklist", "TEXT") /* the set of item keys that are ticked */                   \
    X(PHONE, "phone", "TEXT")                                                                      \
    X(EMAIL, "email", "TEXT")                                                                      \
    X(URL, "url", "TEXT")                                                                          \
    X(WEEKDAYS, "weekdays", "TEXT") /* ISO weekday digits in order: 12345 */

#define PACK_TYPE_ROW(name, word, column) PACK_##name,
enum pack_type { PACK_TYPE_TABLE(PACK_TYPE_ROW) PACK_TYPES };
#undef PACK_TYPE_ROW

/** L last writer, replaced value visible; M a human chooses; A append-only; S add-wins set; G safety wins. */
enum pack_merge { PACK_MERGE_L, PACK_MERGE_M, PACK_MERGE_A, PACK_MERGE_S, PACK_MERGE_G };
/** Which space a kind lives in, from the widest to the narrowest. */
enum pack_level { PACK_COMMUNITY, PACK_ORGANISATION, PACK_TEAM, PACK_RESTRICTED };
/** n nothing personal, p personal, s special or highly personal. */
enum pack_sensitivity { PACK_NEUTRAL, PACK_PERSONAL, PACK_SPECIAL };
/** What anonymising does with a value; coarsen: a date keeps year and month, a number its decade... */
enum pack_anonymise { PACK_DROP, PACK_KEEP, PACK_COARSEN };

struct pack_label {
    const char *lang; /* "fr" */
    const char *text;
};

/** One wording in several languages; `list` has `n` entries, French first where there is one. */
struct pack_labels {
    const struct pack_label *list;
    size_t n;
};

struct pack_option {
    const char *key;
    struct pack_labels label;
    bool closed;  /* in a state field: work on the record is over */
    bool retired; /* still shown where stored, no longer offered */
    int rank; /* in a field with merge G: the greatest rank wins (withdrawn over given); else 0 */
};

struct pack_kind;

struct pack_field {
    uint32_t number; /* on the wire; >= PACK_FIELD_FIRST, never reused within its kind */
    const char *key; /* lower-case ASCII; the name of its column */
    const struct pack_kind *kind;
    enum pack_type type;
    enum pack_type of; /* of a set: PACK_ENUM, PACK_REF or PACK_TEXT; otherwise as `type` */
    enum pack_merge merge;
    enum pack_sensitivity sensitivity;
    enum pack_anonymise anonymise;
    bool critical; /* show every concurrent value until somebody chooses */
    bool required; /* a new record must have it */
    bool fixed;    /* never changed after creation (the dossier reference) */
    bool search;   /* goes into full-text search */
    bool open;     /* enum: other texts are allowed, options are suggestions */
    bool has_min, has_max;
    int64_t min, max;                  /* of an int or decimal; of a text, `max` is bytes */
    const struct pack_option *options; /* enum, set of enum, checklist (its items) */
    size_t options_n;
    const struct pack_kind *const *targets; /* ref, set of ref: kinds it may point to */
    size_t targets_n;
    const char *const *aliases; /* other names that a person may type */
    size_t aliases_n;
    const char *checklist; /* key of the check-list, or NULL */
    const char *copy;      /* "placement.personne": where a missing value comes from, or NULL */
    const char *initial;   /* value of a new record as text ("aujourdhui", "en_essai"), or NULL */
    struct pack_labels label;
    struct pack_labels help; /* n = 0 where there is none */
};

struct pack_kind {
    uint32_t number; /* on the wire; >= 1, never reused */
    const char *key; /* the name of its table in the view */
    enum pack_level level;
    const struct pack_field
        *dossier;                   /* the reference that is its dossier; NULL: it is one itself */
    const struct pack_field *state; /* the field that holds its state, or NULL */
    const char *title; /* how a record is named in lists: "{prenom} {nom}"; keys in braces */
    const struct pack_field *fields; /* in the order of the document */
    size_t fields_n;
    struct pack_labels label, plural;
};

/** Words that a free text had better not hold, and what to say then. */
struct pack_hint {
    const char *word; /* folded (client/text.h); one that ends with * stands for all its endings */
    struct pack_labels label;
};

struct pack {
    const char *name; /* "mediation-emploi" */
    uint32_t version; /* greater = newer */
    const char *json; /* the document, zero-terminated */
    size_t json_len;
    const struct pack_kind *kinds; /* in the order of the document */
    size_t kinds_n;
    const struct pack_hint *hints;
    size_t hints_n;
    void *arena; /* owns everything above; private */
};

/** Why a document or a value was refused: one sentence; of a document, path first
 * ("kinds.personne.fields.nom: unknown type 'txt'"). Never holds case content. */
struct pack_why {
    char text[320];
};

/**
 * Parses and checks a pack document. *out is given to the caller (pack_free). `why` may be NULL.
 *
 * ERR_TOO_BIG  more than PACK_JSON_MAX bytes
 * ERR_VERSION  its format is newer than PACK_FORMAT: keep the document, work with the old pack
 * ERR_FORMAT   not a pack; `why` names the place
 */
enum err pack_parse(struct pack **out, const char *json, size_t json_len, struct pack_why *why);

/** Parses the pack that ships inside the program. */
enum err pack_default(struct pack **out);

/** The document that ships inside the program; zero-terminated, *len without the zero. */
const char *pack_default_json(size_t *len);

/** Frees a pack and everything borrowed from it; NULL is fine. */
void pack_free(struct pack *pack);

/**
 * Creates (or empties) the tables domain_* of `db` and fills them from the pack, in one savepoint.
 * The tables are described in client/domain/README.md, "Tables".
 */
enum err pack_fill(const struct pack *pack, struct sqlite3 *db);

/**
 * The statement that creates the view's table of a kind: id, code, space, dossier, created_at,
 * author, mistake (0 or 1, never NULL), then one column per field. Writes a zero-terminated text.
 *
 * ERR_TOO_BIG  `out_max` is too small (8 KiB is enough for any kind within the limits)
 */
enum err pack_table_sql(const struct pack_kind *kind, char *out, size_t out_max);

/**
 * Gives a connection the functions that the SQL of packs may use; call it once for each view.
 *   jour_travaille(start, n, days, region)          the n-th worked day, the start being the first
 *   jour_decale(day, n, days, region)               n worked days later (or, negative, earlier)
 *   dernier_jour_travaille(start, n, days, region)  the last worked day within n calendar days
 *   mois_apres(start, n, region)                    n months later, moved to an open day
 *   jour_ouvert(day, region)                        the same day or the next open one
 *   plie(text)                                      folded for search and sorting (client/text.h)
 * Days are AAAA-MM-JJ texts, `days` weekday digits (NULL: 12345), `region` a key (NULL: metropole);
 * NULL or something else than a date gives NULL. ERR_MEMORY.
 */
enum err pack_functions(struct sqlite3 *db);

/**
 * Compiles a piece of SQL that came with a pack: one statement that only reads, whatever it says.
 * *out is given to the caller (sqlite3_finalize). Borrows nothing.
 *
 * ERR_FORMAT  it does not compile (sqlite3_errmsg), is several statements, or would write
 */
enum err pack_prepare(struct sqlite3 *db, const char *sql, struct sqlite3_stmt **out);

/** Look-ups; NULL if there is none. A field is also found by an alias. */
const struct pack_kind *pack_kind_by_key(const struct pack *pack, const char *key);
const struct pack_kind *pack_kind_by_number(const struct pack *pack, uint64_t number);
const struct pack_field *pack_field_by_key(const struct pack_kind *kind, const char *key);
const struct pack_field *pack_field_by_number(const struct pack_kind *kind, uint64_t number);
const struct pack_option *pack_option_by_key(const struct pack_field *field, const char *key);

/** The wording in `lang`, else in French, else the first one, else "". Never NULL. */
const char *pack_label(const struct pack_labels *labels, const char *lang);

/** The words of the JSON document ("team", "longtext"), and the column type in the view. */
const char *pack_level_word(enum pack_level level);
const char *pack_type_word(enum pack_type type);
const char *pack_type_column(enum pack_type type);

/** The level of a word; false if there is none such. */
bool pack_level_from_word(const char *word, enum pack_level *out);

/* ---- values ---- */

enum pack_value_type {
    PACK_VALUE_NIL, /* no value: the field was emptied */
    PACK_VALUE_BOOL,
    PACK_VALUE_INT,
    PACK_VALUE_TEXT, /* text, longtext, date, datetime, decimal, enum, phone, email, url, weekdays */
    PACK_VALUE_REF,  /* a record's id, in `text` */
    PACK_VALUE_SET,  /* `items`, sorted, no two alike */
};

/** How a set value is meant: "a,b" is the whole set, "+a,b" adds, "-a,b" takes away. */
enum pack_set_mode { PACK_SET_IS, PACK_SET_ADD, PACK_SET_REMOVE };

struct pack_value {
    enum pack_value_type type;
    bool boolean;
    int64_t integer;
    char *text; /* owned; zero-terminated, canonical */
    size_t text_len;
    enum pack_set_mode mode;
    bool items_are_refs;
    char **items; /* owned */
    size_t items_n;
};

/** What reading a text needs from outside. All may be zero: words for days are then refused,
 * references are taken as they are, messages are in French. */
struct pack_context {
    bool has_today;
    int32_t today;    /* civil day (client/civil.h) */
    const char *lang; /* of messages: "fr" or "en" */
    /* Turns what a person typed for a reference (id, short code, ...) into an id of at most
     * PACK_REF_MAX bytes with its zero, of one of field->targets. Errors are passed on. */
    enum err (*resolve)(void *user, const struct pack_field *field, const char *text,
                        char out[static PACK_REF_MAX]);
    void *user;
};

/**
 * Turns the text that a person typed into the field's canonical value: dates as AAAA-MM-JJ ("hier"
 * and 5/3/2025 are read too), options by key or by label in any language, numbers, phones...
 * An empty text is PACK_VALUE_NIL. *out is given to the caller (pack_value_fini), also on error.
 *
 * ERR_USAGE    the text does not fit the field; `why` (may be NULL) says what would
 * ERR_TOO_BIG  longer than the field allows
 */
enum err pack_value_check(const struct pack_field *field, const char *text,
                          const struct pack_context *context, struct pack_value *out,
                          struct pack_why *why);

/**
 * Whether a typed value that came from elsewhere (another device, a file) fits the field: the
 * same rules as pack_value_check, but options that this pack does not know are let through, since
 * a newer pack may. Total: any bytes are fine.
 */
bool pack_value_fits(const struct pack_field *field, const struct pack_value *value);

/**
 * Writes a value for people (labels of options in `lang`, oui/non) or, with lang NULL, as the text
 * that pack_value_check reads back to the same value. Zero-terminated.
 *
 * ERR_TOO_BIG  `out_max` is too small; *out holds ""
 */
enum err pack_value_text(const struct pack_field *field, const struct pack_value *value,
                         const char *lang, char *out, size_t out_max);

/** Wipes and frees what a value owns, and makes it PACK_VALUE_NIL. */
void pack_value_fini(struct pack_value *value);

/**
 * Looks for words that a free text had better not hold (origin, illness, ...), as the pack lists
 * them. A hint only: nothing is refused. Gives the label to show, or NULL. Borrows from the pack.
 */
const char *pack_hint(const struct pack *pack, const char *text, const char *lang);

#endif
