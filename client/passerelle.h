/* SPDX-License-Identifier: Apache-2.0
 *
 * passerelle: one device of Passerelle as a small C library. This header is its manual.
 *
 * A device is a folder: its keys under a passphrase, and the sealed log of the spaces it belongs to. It works with no
 * network. The library opens no socket and asks for no clock: the caller gives the time, and carries the bytes of a
 * synchronisation with whatever it has (libcurl, fetch, a USB stick).
 *
 *     struct pas *pas;
 *     struct pas_open_args args = {.dir = "dossier", .pass = pass, .pass_len = strlen(pass),
 *                                  .now_ms = now, .lang = "fr"};
 *     if (pas_open(&pas, &args) != 0) ...
 *     struct pas_pair pairs[] = {{"prenom", "Ștefan"}, {"site", "7KQ2M9XA"}};
 *     struct pas_id id;
 *     if (pas_new(pas, "personne", pairs, 2, NULL, &id) != 0)
 *         fprintf(stderr, "%s\n", pas_why(pas));
 *     for (size_t server = 0; server < pas_servers(pas); server++)       // one round trip each, usually
 *         do {
 *             unsigned char *request, *answer;
 *             size_t request_len, answer_len;
 *             if (pas_sync_begin(pas, server, 0, &request, &request_len) != 0) break;
 *             ... POST request to pas_server_url(pas, server) + "/v1/sync" ...
 *             if (pas_sync_finish(pas, server, answer, answer_len, &sync) != 0) break;
 *         } while (sync.again);
 *     pas_close(pas);
 *
 * Results. Every function that can fail returns 0, or a number of the table in proto/err.h; pas_why then says what
 * happened in one sentence for people, in the language chosen at pas_open. Nothing is half done after an error.
 *
 * Tables. Everything that is read comes as a `struct pas_table`: columns with names, rows with typed cells. Cells hold
 * values as programs want them ("en_essai", an id, 2025-03-04); where the call says so, a cell also carries its
 * wording for people ("en période d'essai", a name). pas_table_json_text writes a table as JSON.
 *
 * Records are named by their id, their short code (8 characters, as people read it out), or an unambiguous beginning
 * of either. Kinds and fields are those of the domain pack: pas_kinds, pas_fields.
 *
 * Ownership, in three words: a function *borrows* its arguments for the call; what it *gives* is freed by the caller
 * with the function named there; nothing *takes*. Text that is borrowed from the library lives until the next call
 * with the same `struct pas`. One thread per `struct pas`.
 */
#ifndef CLIENT_PASSERELLE_H
#define CLIENT_PASSERELLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PAS_CHECK __attribute__((warn_unused_result))
#else
#define PAS_CHECK
#endif

struct pas;
struct pas_table;

/* --- results --- */

/** Short name of a result ("NOT_FOUND") and a sentence in `lang` ("fr", "en"); static. */
const char *pas_error_name(int result);
const char *pas_error_text(int result, const char *lang);

/** What a program makes of a result: 0 done, 1 refused, 3 network not reached or server busy (try again later),
 * 4 alarm: the server's history is not what it signed. */
int pas_error_exit(int result);

/** Why the last call with `pas` failed: one sentence in its language; "" after success. */
const char *pas_why(const struct pas *pas);

/** Wipes and frees a zero-terminated text that the library gave; NULL is fine. */
void pas_free(char *text);
/** Wipes and frees bytes that the library gave; NULL is fine. */
void pas_free_bytes(unsigned char *bytes, size_t len);

/* --- tables --- */

enum pas_type { PAS_NULL, PAS_BOOL, PAS_INT, PAS_REAL, PAS_TEXT, PAS_JSON };

void pas_table_free(struct pas_table *table); /* NULL is fine; wipes */
size_t pas_table_rows(const struct pas_table *table);
size_t pas_table_columns(const struct pas_table *table);
/** A column's name, and its label for people. */
const char *pas_table_name(const struct pas_table *table, size_t column);
const char *pas_table_label(const struct pas_table *table, size_t column);
/** The column with a name; SIZE_MAX if there is none. */
size_t pas_table_find(const struct pas_table *table, const char *name);
enum pas_type pas_table_type(const struct pas_table *table, size_t row, size_t column);
/** TEXT and JSON cells as zero-terminated text; NULL for the others. */
const char *pas_table_get(const struct pas_table *table, size_t row, size_t column);
/** INT and BOOL cells; 0 for the others. REAL or INT cells as a number. */
int64_t pas_table_integer(const struct pas_table *table, size_t row, size_t column);
double pas_table_number(const struct pas_table *table, size_t row, size_t column);
/** The wording for people, or NULL where the cell itself is as good. */
const char *pas_table_shown(const struct pas_table *table, size_t row, size_t column);
/** The table as a JSON array of objects, or with `one` its first row as one object. Gives `*json` (pas_free). */
PAS_CHECK int pas_table_json_text(const struct pas_table *table, bool one, char **json);

/* --- the device --- */

/** A stretched passphrase: what Argon2id makes of it takes a second and 64 MiB on purpose, so that a program may do that
 * step elsewhere (a thread, a process with its own memory) and hand in the result. It opens what the passphrase opens:
 * keep it as secret, wipe it soon. */
struct pas_key {
    unsigned char salt[16];
    uint32_t t, m_kib;
    unsigned char uk[32];
};
/** For a new device (`light` as in pas_create_args), or for the one in `dir`: all but uk. NOT_FOUND: no device here. */
PAS_CHECK int pas_key_new(struct pas_key *key, bool light);
PAS_CHECK int pas_key_of(struct pas_key *key, const char *dir);
/** The slow step: fills in uk. */
PAS_CHECK int pas_key_stretch(struct pas_key *key, const char *pass, size_t pass_len);

struct pas_create_args {
    const char *dir;  /* made if it is missing */
    const char *name; /* how this device introduces itself: a person's or device's label */
    const char *pass;
    size_t pass_len;
    bool
        light; /* Argon2id with the floor's 32 MiB, for phones with little memory; otherwise 64 MiB */
    const struct pas_key *key; /* instead of pass and light; or NULL */
    uint64_t now_ms;
};
/** Makes a device. EXISTS: there is one in the folder; nothing was touched. */
PAS_CHECK int pas_create(const struct pas_create_args *args);

struct pas_open_args {
    const char *dir;
    const char *pass;
    size_t pass_len;
    const struct pas_key *key; /* instead of pass; or NULL */
    uint64_t now_ms;           /* milliseconds since 1970 */
    const char *lang;          /* "fr" or "en", of wordings and sentences */
};
/** Opens and unlocks, and builds the tables (from the sealed cache where there is a fresh one). NOT_FOUND: no device
 * here. PASSPHRASE. BUSY: another program has it open. */
PAS_CHECK int pas_open(struct pas **pas, const struct pas_open_args *args);
void pas_close(struct pas *pas); /* NULL is fine */

/** After pas_open of a damaged device: what was saved and what is fetched again; NULL when nothing was wrong. */
struct pas_repair {
    const char *kept_as; /* the damaged file, put aside */
    uint64_t unsent_saved, unsent_lost, leaves_to_fetch;
};
const struct pas_repair *pas_repaired(const struct pas *pas);

/** Words that are being typed: sealed on this device, durable when the call returns, never sent. At most 1 MiB under a
 * name; after 30 days without a change they go. NOT_FOUND: nothing there. Gives `*text` (pas_free). */
PAS_CHECK int pas_jot_put(struct pas *pas, const char *name, const char *text);
PAS_CHECK int pas_jot_get(struct pas *pas, const char *name, char **text);
PAS_CHECK int pas_jot_delete(struct pas *pas, const char *name);

/** Another language ("fr" or "en"), of wordings and sentences from here on. */
void pas_language(struct pas *pas, const char *lang);

/** The caller's clock; set it before edits and syncs. */
void pas_time(struct pas *pas, uint64_t now_ms);
const char *pas_device(const struct pas *pas); /* 32 hex digits */
const char *pas_name(const struct pas *pas);

/* --- spaces and members --- */

/** Spaces: name, id, level, state, roles, size, unsent, unsent_since, checkpoint_time, alarm, alarm_index, status,
 * trial, keepers, rotation_pending, invalid_leaves, sealed, handed, witness, witnessed_at, server_code (of new keys
 * that the server offers, for an admin), url, old. `alarm` is null, or fork, rollback, root... `old` is the id of
 * the space that this one continues; that one's state is then `succeeded`. */
PAS_CHECK int pas_spaces(struct pas *pas, struct pas_table **table);

/** The place of a space in that table, by name, id or beginning of the id. `text` NULL: the only one there is. */
PAS_CHECK int pas_space_find(struct pas *pas, const char *text, size_t *space);

/** The address of the server of a founder or invite link. FORMAT. */
PAS_CHECK int pas_link_url(const char *link, char url[512]);
/** What to GET before founding, joining or recovering: hand the body to pas_found, pas_join or pas_rescue_new. `where` is
 * a founder, invite or recovery link, or the address of a server. A server that changed its keys since the link was made
 * answers with those that the link pins. */
void pas_server_ask(struct pas *pas, const char *where, char ask[768]);

/** New keys that a space's server offers, as of the last sync: space, space_name, offered (their code), may (this device
 * administers the space). They come into force when an administrator puts them into the log. */
PAS_CHECK int pas_server_keys(struct pas *pas, struct pas_table **table);
/** Queues that, in each space that offers the keys of this code and that this device administers; `*n` spaces. NOT_FOUND:
 * nothing is offered; DENIED: not to an administrator; COMMITMENT: other keys are offered: do not accept them. */
PAS_CHECK int pas_server_accept(struct pas *pas, const char *code, size_t *n);

/** Founds a space. `link` is the founder link, or NULL on a server (`url`) where this device is active in a space.
 * `level` is community, organisation, team or restricted. Sync to send it. */
PAS_CHECK int pas_found(struct pas *pas, const char *link, const char *url,
                        const unsigned char *server, size_t server_len, const char *name,
                        const char *level, size_t *space);

/** Lets the space `old` of an administrator, whose history an alarm shows broken, go on in a new one on the same server
 * (`server`: as for pas_found), called `name` or, with NULL, as the old one with a number. Sync to send it: what this
 * device holds is carried over, then the members are admitted as they come. USAGE: no alarm; DENIED; EXISTS. */
PAS_CHECK int pas_succeed(struct pas *pas, size_t old, const unsigned char *server,
                          size_t server_len, const char *name, size_t *space);
/** Joins by an invite link. Sync to send it; work written before the approval waits here. */
PAS_CHECK int pas_join(struct pas *pas, const char *link, const unsigned char *server,
                       size_t server_len, size_t *space);

/** The code of this device's request, which both people compare before it is approved. */
PAS_CHECK int pas_compare_code(struct pas *pas, size_t space, char code[16]);

/** Makes an invite link for one device. `roles` is a list such as "writer" or "coordination"; see README. Gives
 * `*link` (pas_free), which is shown once. */
PAS_CHECK int pas_invite(struct pas *pas, size_t space, const char *roles, uint64_t expires_s,
                         char **link);
/** Who waits: space, device, name, roles, compare, approved. As of the last sync. */
PAS_CHECK int pas_waiting(struct pas *pas, struct pas_table **table);
/** Admits a waiting device, named by id, beginning of the id, name or compare code; NULL: all. `space` SIZE_MAX: of
 * any space. The table holds those who were admitted, as pas_waiting. */
PAS_CHECK int pas_approve(struct pas *pas, size_t space, const char *device,
                          struct pas_table **table);
/** Turns a waiting device away. */
PAS_CHECK int pas_refuse(struct pas *pas, size_t space, const char *device,
                         struct pas_table **table);
/** Members and those who wait: space, device, name, roles (JSON array), state (active, waiting, revoked), compare,
 * added. `space` SIZE_MAX: of all spaces. */
PAS_CHECK int pas_members(struct pas *pas, size_t space, struct pas_table **table);

/* --- records --- */

struct pas_pair {
    const char *field; /* key or alias */
    const char *text;  /* as a person types it; "" empties the field. Sets: "a,b", "+a", "-a" */
};
struct pas_id {
    char id[52];
    char code[9];
};
/** How to edit; all zero or NULL = as usual. */
struct pas_edit {
    const char *space; /* of a new record, where several fit */
    bool has_base;
    uint64_t
        base; /* the `base` that pas_show gave when the form was opened: a value that arrived since then is not
                    * overwritten but kept beside the new one */
};

/** A new record. Fields that are left out get the pack's initial values. It is written to the space of the kind's
 * level, or the nearest narrower one, never a wider; inside the dossier that its kind names. */
PAS_CHECK int pas_new(struct pas *pas, const char *kind, const struct pas_pair *pairs, size_t n,
                      const struct pas_edit *edit, struct pas_id *id);
PAS_CHECK int pas_set(struct pas *pas, const char *record, const struct pas_pair *pairs, size_t n,
                      const struct pas_edit *edit, struct pas_id *id);
/** As pas_set, for fields of which several values stand: the given ones replace them all. */
PAS_CHECK int pas_resolve(struct pas *pas, const char *record, const struct pas_pair *pairs,
                          size_t n, struct pas_id *id);
/** Marks a record as entered by mistake, or takes the mark back: it leaves lists and counts, not the history. */
PAS_CHECK int pas_mistake(struct pas *pas, const char *record, bool mistake, struct pas_id *id);
/** The same record for several people: `personne=ana,ion`, or the household that they form, in the field that names the
 * dossier. Each gets a record of its own, tied by the kind's group field. Table: id, code, title,
 * whose (the title of its dossier, "" for one that is a dossier). */
PAS_CHECK int pas_new_each(struct pas *pas, const char *kind, const struct pas_pair *pairs,
                           size_t n, const struct pas_edit *edit, struct pas_table **table);

/** Merges `other` into `kept`, both of one kind and space: from now on they are one record, `kept`. Values that differ
 * stand side by side until somebody chooses; what is still written to `other` elsewhere arrives at `kept`. */
PAS_CHECK int pas_merge(struct pas *pas, const char *kept, const char *other, struct pas_id *id);
/** Takes that back: both are as if they had never been merged; what was written to `kept` since then stays there.
 * `other` is named by its own code or id. */
PAS_CHECK int pas_unmerge(struct pas *pas, const char *other, struct pas_id *id);

/** From true to false, all edits count as one for pas_undo. Calls may nest. */
void pas_together(struct pas *pas, bool on);
/** Takes the last edit back, within 10 seconds and if it was not sent. `*n` changes went. */
PAS_CHECK int pas_undo(struct pas *pas, size_t *n);

/* --- reading --- */

/** One record: id, code, kind, title, space, dossier, created_at, author, mistake, its fields, then base (the size on
 * screen), pending, locked, conflicts, records and merged (JSON). */
PAS_CHECK int pas_show(struct pas *pas, const char *record, bool people, struct pas_table **table);
/** Records of a kind, by title: the first nine columns of pas_show and the fields. `where`: an SQL expression. */
PAS_CHECK int pas_list(struct pas *pas, const char *kind, const char *where, bool people,
                       struct pas_table **table);
/** Full-text search, for each keystroke: id, code, kind, title, space. */
PAS_CHECK int pas_find(struct pas *pas, const char *text, size_t limit, struct pas_table **table);
/** field, op, value, author, author_name, device, claimed_at, received_at, base, leaf, live, pending. */
PAS_CHECK int pas_history(struct pas *pas, const char *record, struct pas_table **table);
/** record, code, kind, title, field, policy, critical, values (JSON: value, author, author_name, claimed_at,
 * received_at, shown). `record` NULL: all. */
PAS_CHECK int pas_conflicts(struct pas *pas, const char *record, struct pas_table **table);
/** Any one SELECT over the tables of the view (client/view.h lists them); it can only read. */
PAS_CHECK int pas_sql(struct pas *pas, const char *sql, struct pas_table **table);
/** Changes whose dossier key has not arrived yet: kept, and shown when it comes. */
uint64_t pas_keyless(const struct pas *pas);
/** What the pack offers: kind, number, level, label, dossier; and of a kind field, type, policy, required, label, help,
 * options (JSON). */
PAS_CHECK int pas_kinds(struct pas *pas, struct pas_table **table);
PAS_CHECK int pas_fields(struct pas *pas, const char *kind, struct pas_table **table);

/* --- synchronising --- */

struct pas_sync {
    unsigned requests; /* of this server since pas_sync_begin was called first */
    bool again;        /* begin again: there is more, or a refusal was repaired */
    uint64_t pushed;   /* leaves accepted */
    uint64_t pulled;   /* entries verified */
    uint64_t refused;
    uint64_t relayed,
        relay_refused; /* work of others that came by file: handed over; refused for good */
    int alarm;         /* 0, or why: the device works on, but sends nothing to that space */
};
/** The servers of this device; a sync is one round trip with each. */
size_t pas_servers(const struct pas *pas);
const char *pas_server_url(const struct pas *pas, size_t server);
/** Makes the body of POST <url>/v1/sync. Gives `*request` (pas_free_bytes). `wait_ms` > 0: the server may hold the
 * answer that long until there is something new. */
PAS_CHECK int pas_sync_begin(struct pas *pas, size_t server, uint64_t wait_ms,
                             unsigned char **request, size_t *len);
/** Lets what the server refused for good wait for the next sync again; `*n` changes and operations. */
PAS_CHECK int pas_retry(struct pas *pas, size_t *n);
/** What the server refused for good: space, status, kind, changes, made_at. It stays here. */
PAS_CHECK int pas_refused(struct pas *pas, struct pas_table **table);
/** Records that were written while a space's level was not known yet are not sent if it turned out wider than their
 * kind allows: pas_sync_begin gives DENIED. With `allow` they are sent all the same. */
void pas_allow_wider(struct pas *pas, bool allow);
/** Verifies and keeps the answer, whatever its HTTP status was. 0 also with an alarm: see sync->alarm. */
PAS_CHECK int pas_sync_finish(struct pas *pas, size_t server, const unsigned char *answer,
                              size_t len, struct pas_sync *sync);

/* --- verifying --- */

/** Recomputes a space from what lies on this device. After an error `*index` is the first bad entry. */
PAS_CHECK int pas_verify(struct pas *pas, size_t space, uint64_t *index);
/** The same against everything that the server has: begin and finish as a sync, until `*done`. */
struct pas_full;
PAS_CHECK int pas_full_new(struct pas_full **full, struct pas *pas, size_t space);
PAS_CHECK int pas_full_begin(struct pas_full *full, unsigned char **request, size_t *len);
PAS_CHECK int pas_full_finish(struct pas_full *full, const unsigned char *answer, size_t len,
                              bool *done, uint64_t *index);
void pas_full_free(struct pas_full *full);
/** The server of a space, for pas_full. */
PAS_CHECK int pas_space_url(struct pas *pas, size_t space, char url[512]);
/** Every entry of a space's history (SIZE_MAX: of all) without its content: space, index, kind, verdict, device, device_name, author,
 * author_name, ordinal, claimed_at, received_at, code, clock_suspect. */
PAS_CHECK int pas_audit_log(struct pas *pas, size_t space, struct pas_table **table);
/** The last verified checkpoint as a signed note; gives `*note` (pas_free). */
PAS_CHECK int pas_checkpoint(struct pas *pas, size_t space, char **note);
/** Compares a note from elsewhere with this device's history. BEHIND: it is longer; sync first. FORK: alarm. */
PAS_CHECK int pas_compare(struct pas *pas, const char *note, size_t len);

/* --- the domain pack --- */

/** Checks a pack document. `why` gets a sentence when it is refused. */
PAS_CHECK int pas_pack_check(const char *json, size_t len, char why[320], unsigned *version);
/** The number of the pack in force, and of a newer published one that this program is too old to read (0: there is none):
 * what is written with it is kept, and shown after an update. */
void pas_pack(const struct pas *pas, unsigned *version, unsigned *unread);
/** The document of the pack in force, lent until the next call. */
const char *pas_pack_text(const struct pas *pas);
/** Publishes a pack to a space; its number must be greater than the one in force, and it must have every kind and field of
 * the one in force, as they stand in people's logs. */
PAS_CHECK int pas_pack_publish(struct pas *pas, size_t space, const char *json, size_t len);

#endif
