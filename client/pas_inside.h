/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_inside: what the files pas_*.c share.
 */
#ifndef CLIENT_PAS_INSIDE_H
#define CLIENT_PAS_INSIDE_H

#include "client/engine.h"
#include "client/pack.h"
#include "client/pas_table.h"
#include "client/passerelle.h"
#include "client/view.h"
#include "client/words.h"

struct pas {
    struct engine *engine;
    struct pack
        *pack; /* in force: the newest published one that can be read, else the shipped one */
    uint32_t pack_number; /* published number it was chosen for; 0 = the shipped one */
    uint32_t pack_unread; /* a newer published one that this program does not read; 0 = none */
    struct view *view;
    char lang[3];
    bool allow_wider;
    unsigned together; /* how many calls of pas_together are open */
    bool stale;        /* the tables could not follow the engine: the next call tries again */
    char why[1024];
    struct engine_repair repaired;
    struct pas_repair repair;
    char device[2 * ID_LEN + 1];
};

/** A pass over all that the server has (pas_full), perhaps reading what a grant opens on the way. */
struct grant_reader;
struct granted;
struct pas_full {
    struct pas *pas;
    struct engine_full *full;
    struct grant_reader *reader;
    struct granted *granted;
};
/** Frees the last two (pas_grant.c). */
void pas_grant_end(struct pas_full *full);

/** Begins a public call: forgets the last reason. */
void pas_begin(struct pas *pas);
/** Brings the tables to the engine's state after work that is done; without memory for it the next call does it. */
void pas_look_anew(struct pas *pas);

/** Ends it: makes sure that an error has a reason. */
int pas_end(struct pas *pas, enum err err);

/** Sets the reason from a sentence and its arguments, and gives `err`. */
enum err pas_fail(struct pas *pas, enum err err, enum words_name sentence, ...);

/** The last gate before anything leaves: records that turned out too private for their space stay here. */
enum err pas_check_wider(struct pas *pas);

/** Takes over what the engine learned: another pack in force, new entries. */
enum err pas_follow(struct pas *pas);

/** The record that `text` names; the reason is set when there is none, and lists those that fit when there are several.
 * `kinds` (n may be 0) limits the kinds. */
enum err pas_record_of(struct pas *pas, const char *text, const struct pack_kind *const *kinds,
                       size_t n, struct view_record *record);
enum err pas_record(struct pas *pas, const char *text, struct view_record *record);

/** Ends what pas_together(pas, true) began. After an error with `written` edits they are taken back: nothing is half done. */
enum err pas_together_end(struct pas *pas, enum err err, size_t written);

/** Erases what belongs to a dossier's own record: the dossier, those merged into it, restricted ones about it. What the pack
 * wants to keep for the figures is written first, unless the reason is a mistake. ERR_EXISTS: queued already. */
enum err pas_erase_whole(struct pas *pas, const struct view_record *record, uint8_t reason);

/** The kind that `text` names: key, or label or plural in any language. */
enum err pas_kind(struct pas *pas, const char *text, const struct pack_kind **kind);

/** What pas_audit_log gives, within a public call. The table is given even after an error. */
enum err pas_audit_table(struct pas *pas, size_t space, struct pas_table **table);

/** Fills a cell with roles: a JSON array, and words for people. */
void pas_put_roles(struct pas *pas, struct pas_table *table, uint8_t roles);

/** Whether two names are the same but for case and accents; whether `hex` begins with `text` (4 characters or more). */
bool pas_same_name(const char *a, const char *b);
bool pas_begins(const char *hex, const char *text);

/** Sets the reason when `text` names a dossier that was erased: ERR_ERASED; otherwise ERR_NOT_FOUND. */
/** Says in which space another one goes on. ERR_EXISTS. */
enum err pas_succeeded(struct pas *pas, size_t old);

enum err pas_say_erased(struct pas *pas, const char *text);

/** The place of a space by name or id. */
enum err pas_space_of(struct pas *pas, const char *text, size_t *space);

#endif
