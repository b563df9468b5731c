/* SPDX-License-Identifier: Apache-2.0
 *
 * engine: one device of Passerelle, below any notion of forms or kinds of records.
 *
 * A device folder holds `device.key` (key header) and `replica.db` (one SQLite file of ciphertext: the logs as they
 * travel, slots, seals, notes, and the outbox sealed under the db key). The engine unlocks it, keeps for each space
 * the membership fold, the tree and the keys, turns waiting changes into leaves at send, verifies every answer, and
 * gives the decrypted changes in log order to whoever builds a view of them (view.h). It has no clock, no dice of its
 * own and no socket: the caller gives the time and carries the bytes.
 *
 * All pointers given by look-ups are borrowed until the next call that takes the engine. One thread.
 */
#ifndef CLIENT_ENGINE_H
#define CLIENT_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/change.h"
#include "proto/err.h"
#include "proto/fold.h"
#include "proto/limits.h"
#include "proto/unlock.h"

struct engine;

/* --- the device folder --- */

/** Makes the folder and its keys. `name` is how this device introduces itself (person's or device's label). ERR_EXISTS:
 * there is a device in it already; nothing was touched. ERR_FULL, ERR_IO. */
enum err engine_create(const char *dir, const char *name, const char *pass, size_t pass_len,
                       const struct unlock_cost *cost, uint64_t now_ms);

/** Opens and unlocks. A damaged replica is kept aside as replica.damaged-<time>.db, its readable unsent work is taken
 * over, and `*repair` (may be NULL) says what was saved and what must be fetched again. ERR_NOT_FOUND: no device here
 * (run init). ERR_PASSPHRASE. ERR_BUSY: another program has it open. */
struct engine_repair {
    bool happened;
    char kept_as[256];
    uint64_t unsent_saved, unsent_lost, leaves_to_fetch;
};
enum err engine_open(struct engine **engine, const char *dir, const char *pass, size_t pass_len,
                     uint64_t now_ms, struct engine_repair *repair);

/** The same two with a passphrase that was stretched elsewhere (unlock_stretch); engine_key says for what salt and cost.
 * ERR_NOT_FOUND: no device here. */
enum err engine_key(struct unlock_key *key, const char *dir);
enum err engine_create_key(const char *dir, const char *name, const struct unlock_key *key,
                           uint64_t now_ms);
enum err engine_open_key(struct engine **engine, const char *dir, const struct unlock_key *key,
                         uint64_t now_ms, struct engine_repair *repair);
void engine_close(struct engine *engine);

/** Whether this device was removed from every space it had, and nothing of its work waits here any more. */
bool engine_is_out(const struct engine *engine);

/** Destroys the keys and files of a device that is out, and leaves a mark; only engine_close may follow. ERR_USAGE: it
 * is not out. ERR_IO: call again. */
enum err engine_destroy(struct engine *engine);

/** Whether a folder's device was removed and destroyed. */
bool engine_was_removed(const char *dir);

/** The caller's clock in ms since 1970. Requests are stamped with the server's clock once known. */
void engine_set_time(struct engine *engine, uint64_t now_ms);
uint64_t engine_now_ms(const struct engine *engine);

const uint8_t *engine_device(const struct engine *engine); /* ID_LEN bytes */
const char *engine_name(const struct engine *engine);

/* --- spaces --- */

enum engine_state {
    SPACE_FOUNDING, /* made here, the founding push is not acknowledged yet */
    SPACE_WAITING,  /* joined; a member still has to approve */
    SPACE_ACTIVE,
    SPACE_REVOKED,
    SPACE_REFUSED, /* the join was refused, expired or used: `status` says which */
    SPACE_SUCCEEDED /* it goes on in another space of this device, whose `old` is this one (succeed.h) */
};

struct engine_space {
    uint8_t id[ID_LEN];
    char name[NAME_LEN_MAX + 1]; /* from its label; "" while unknown */
    char url[512];
    enum space_level level;
    enum engine_state state;
    enum err status;        /* why it is refused, or the last refusal */
    uint8_t roles;          /* this device's */
    uint64_t size;          /* verified entries */
    uint64_t checkpoint_ms; /* server-signed time of the last verified answer; 0 = never */
    uint64_t unsent;        /* changes and operations that no verified checkpoint covers yet */
    uint64_t unsent_since_ms;
    /* ERR_OK, or what is wrong. Nothing is pushed after FORK (two signed notes exclude each other), ROOT (entries do
     * not produce their note), ROLLBACK (the server shows less than it signed; asked again with each sync) and SEQ
     * (a copy of this device writes too: make a new device). WITHHELD (a body or entry that the log names does not
     * come), SIGNATURE, SEALS, COMMITMENT stop nothing. Evidence lies in the device folder. */
    enum err alarm;
    uint64_t alarm_index; /* first bad entry, if known, else UINT64_MAX */
    bool trial;
    size_t keepers; /* active admins, guardians and sheets */
    bool rotation_pending;
    uint64_t invalid_leaves; /* kept, ignored */
    bool wiped;              /* this device was removed; what it had of the space is destroyed */
    uint64_t sealed;         /* changes sealed to the stewards that the server has not signed for */
    uint64_t handed;         /* such changes that it has */
    uint8_t old[ID_LEN];     /* the space that this one continues; zero: none */
    uint64_t
        generation; /* grows when earlier changes may have vanished (revocation cut, erasure): rebuild views */
};

size_t engine_space_count(const struct engine *engine);
const struct engine_space *engine_space(const struct engine *engine, size_t i);
const struct fold *engine_fold(const struct engine *engine,
                               size_t i); /* NULL before the genesis is known */

/** The label that members gave a device, or "" when unknown. */
const char *engine_device_label(const struct engine *engine, size_t space,
                                const uint8_t device[static ID_LEN]);

/** Founds a space. `server` is the answer of GET /v1/server (engine_link_url says where), `link` the founder link, or
 * NULL for a further space on a server where this device is active. The space is usable at once. ERR_WRONG_SERVER,
 * ERR_FORMAT, ERR_VERSION. */
enum err engine_found(struct engine *engine, const char *link, const char *url,
                      const uint8_t *server, size_t server_len, const char *name,
                      enum space_level level, size_t *space);

/** Joins by an invite link: makes the signed join, to be sent by the next sync. The space is usable at once: work
 * written before the approval waits here. ERR_EXISTS: member already. */
enum err engine_join(struct engine *engine, const char *link, const uint8_t *server,
                     size_t server_len, size_t *space);

/** The URL of a link's server (for GET <url>/v1/server). ERR_FORMAT with http to another machine, or no link. */
enum err engine_link_url(char url[static 512], const char *link);

/* --- operations; each queues one for the next sync --- */

/** Makes an invite: the link is appended to `link` (with a NUL); shown once, kept only sealed. */
enum err engine_invite(struct engine *engine, size_t space, uint8_t roles, uint64_t expires_s,
                       struct buf *link);

struct engine_waiting {
    uint8_t device[ID_LEN];
    char
        name[NAME_LEN_MAX + 1]; /* as the joiner gave it, if this device made the invite; else "" */
    char compare[10];           /* code that both people compare */
    uint8_t roles;
    bool approved; /* queued here, not yet covered */
};
/** Who waits for approval in a space, as of the last sync. */
size_t engine_waiting_count(const struct engine *engine, size_t space);
const struct engine_waiting *engine_waiting(const struct engine *engine, size_t space, size_t i);

/** The same code of this device in a space, for the one who joins. */
void engine_compare_code(const struct engine *engine, size_t space, char out[static 10]);

/** Admits a waiting device: device_add, its seal, its label. ERR_NOT_FOUND, ERR_DENIED. */
enum err engine_approve(struct engine *engine, size_t space, const uint8_t device[static ID_LEN]);
/** Refuses it. */
enum err engine_refuse(struct engine *engine, size_t space, const uint8_t device[static ID_LEN]);

/** Publishes a domain pack: `json` is compressed into the leaf's bodies. */
enum err engine_pack_set(struct engine *engine, size_t space, uint32_t number, const uint8_t *json,
                         size_t len);
/** The pack in force (JSON text appended to `out`); ERR_NOT_FOUND when the space has none. */
enum err engine_pack(struct engine *engine, size_t space, uint32_t *number, struct buf *out);

/** Any other operation (erase, role_set, device_revoke, ...), given as a filled `struct op` without ctl_prev; used by
 * the commands that come with their issues. */
enum err engine_operate(struct engine *engine, size_t space, const struct op *op,
                        const uint8_t *text, size_t text_len);

/* --- changes --- */

/** One change as a view wants it. */
struct engine_change {
    size_t space;
    uint8_t shred[ID_LEN];
    uint16_t pack;        /* pack number it was written with */
    struct change change; /* record, field, value (borrowed), base, ordinal, claimed time */
    uint8_t author[ID_LEN];
    uint8_t run[RUN_LEN];
    uint64_t index; /* leaf, or MERGE_PENDING for what waits in the outbox */
    uint16_t box;
    uint64_t t_recv_ms;     /* UINT64_MAX while pending */
    uint8_t device[ID_LEN]; /* whose leaf brought it */
};
typedef enum err (*engine_sink)(void *ctx, const struct engine_change *change);

/** Gives every effective, readable change of the leaves with index >= `from`, in log order. Changes of dossiers whose
 * key has not arrived are counted in `*keyless` (may be NULL) and given by a later call after `generation` grew. */
enum err engine_replay(struct engine *engine, size_t space, uint64_t from, engine_sink sink,
                       void *ctx, uint64_t *keyless);

/** Gives the changes that wait in the outbox, in order. */
enum err engine_pending(struct engine *engine, size_t space, engine_sink sink, void *ctx);

/** A new dossier: its shred_id is drawn, its key made and kept sealed. */
enum err engine_dossier_new(struct engine *engine, size_t space, uint8_t shred[static ID_LEN]);

/** Whether the space knows this dossier and can write to it. ERR_NOT_FOUND, ERR_NO_KEY, ERR_ERASED. */
enum err engine_dossier_check(struct engine *engine, size_t space,
                              const uint8_t shred[static ID_LEN]);

/** A name for a dossier that every reader computes alike, and nobody any more once its key is destroyed: what stays of an
 * erased dossier in figures goes by it. ERR_NOT_FOUND, ERR_NO_KEY, ERR_ERASED. */
enum err engine_pseudonym(struct engine *engine, size_t space, const uint8_t shred[static ID_LEN],
                          uint8_t out[static ID_LEN]);

/** Queues `n` changes of one dossier in one transaction (durable when it returns). record, field, base and value are
 * the caller's; ordinal and time are filled in. `pack` is the pack's number. ERR_FULL: nothing was written. */
enum err engine_edit(struct engine *engine, size_t space, const uint8_t shred[static ID_LEN],
                     uint16_t pack, struct change *items, size_t n);

/** From `on` to its end, all engine_edit calls count as one for engine_undo, in whichever spaces they are. */
void engine_together(struct engine *engine, bool on);

/** Takes back the changes queued in the last `within_ms` that were not sent yet, latest edit first: exactly the last
 * engine_edit call. ERR_NOT_FOUND: nothing to take back; `*n` says how many changes went. */
enum err engine_undo(struct engine *engine, uint64_t within_ms, size_t *n);

/** Work that the server refused for good (a lost role, an erased dossier...). It is kept, given by engine_pending as
 * before, and sent again only after engine_retry. */
struct engine_refused {
    enum err status;
    enum leaf_kind kind; /* KIND_DATA for changes */
    uint64_t changes;    /* 0 for an operation */
    uint64_t made_ms;
};
size_t engine_refused_count(const struct engine *engine, size_t space);
void engine_refused(const struct engine *engine, size_t space, size_t i,
                    struct engine_refused *out);

/** Lets everything that was refused wait for the next sync again; `*n` changes and operations. ERR_FULL, ERR_IO. */
enum err engine_retry(struct engine *engine, size_t space, size_t *n);

/* --- small blobs for the layers above, sealed under the db key (a cached view); all go at any erasure --- */

/** Keeps a blob (borrowed) under a name, over an older one. ERR_FULL, ERR_TOO_BIG (256 MiB), ERR_IO. */
enum err engine_cache_put(struct engine *engine, const char *name, const uint8_t *bytes,
                          size_t len);
/** Appends it to `out` (whose `max` is the caller's). ERR_NOT_FOUND. */
enum err engine_cache_get(struct engine *engine, const char *name, struct buf *out);
enum err engine_cache_delete(struct engine *engine, const char *name);

/** Seals a file for a dossier under a fresh key and keeps it until the server has it all. `key` and `hash` belong into
 * the change that names it. ERR_TOO_BIG: more than ATTACH_MAX. */
enum err engine_attach(struct engine *engine, size_t space, const uint8_t shred[static ID_LEN],
                       const uint8_t *bytes, size_t len, uint8_t key[static KEY_LEN],
                       uint8_t hash[static HASH_LEN]);

struct engine_attachment {
    bool here;  /* it can be read */
    bool waits; /* not all of it is on the server yet */
    bool asked; /* it comes with the next syncs */
    uint64_t total, done;
};
enum err engine_attachment(struct engine *engine, size_t space, const uint8_t hash[static HASH_LEN],
                           struct engine_attachment *out);
/** Asks for it: it comes with the next syncs, from where an earlier one stopped. */
enum err engine_attachment_ask(struct engine *engine, size_t space,
                               const uint8_t shred[static ID_LEN],
                               const uint8_t hash[static HASH_LEN]);
/** Appends the file. ERR_NOT_FOUND: never asked for; ERR_PENDING: on its way; ERR_CORRUPT. */
enum err engine_attachment_read(struct engine *engine, size_t space,
                                const uint8_t hash[static HASH_LEN],
                                const uint8_t key[static KEY_LEN], struct buf *out);

/** Moves a dossier to another space: queues the first step, further ones follow with the next syncs. ERR_DENIED: it
 * takes a steward of the one and a writer of the other; ERR_PENDING: sync both first; ERR_EXISTS: it was moved, or is
 * on its way; ERR_NOT_FOUND, ERR_NO_KEY, ERR_ERASED. */
enum err engine_transfer(struct engine *engine, size_t from, const uint8_t shred[static ID_LEN],
                         size_t to);

/** Whether a dossier is shown from this space: one that two spaces of this device hold is shown from one of them. */
bool engine_dossier_home(const struct engine *engine, size_t space,
                         const uint8_t shred[static ID_LEN]);

/* --- by file instead of the network (PROTOCOL.md 9.2) --- */

struct engine_bundle {
    uint64_t entries; /* of the history: written, or new here */
    uint64_t leaves;  /* not logged yet: written, or kept here to be handed to the server */
    uint64_t known;   /* import: had already */
    uint64_t
        later; /* import: histories that begin beyond what this device has; kept until the gap is filled */
    uint64_t refused; /* import: altered on the way, or signed by nobody known; left out */
    uint64_t foreign; /* import: for a server that this device does not know; left out */
};

/** Appends a bundle: of space `space` (SIZE_MAX: of all) the entries from `since` on with their note and slots, and
 * what waits to be sent: own leaves are made and stored as for a sync, and what this device carries for others. It
 * needs no key to be carried. `out->max` is BUNDLE_MAX. ERR_TOO_BIG: leave out history that the other side has. */
enum err engine_bundle_export(struct engine *engine, size_t space, uint64_t since, struct buf *out,
                              struct engine_bundle *did);

/** Takes a bundle with the checks of an answer, whoever brought it, in any order and as often as one likes. Entries
 * count once a note by the log key covers them; leaves of others are kept for the next sync with their server. ERR_OK
 * also when parts were left out: `did` says so. ERR_FORK: it proves that the server signed two histories.
 * ERR_FORMAT, ERR_VERSION, ERR_TOO_BIG: no bundle of this program; nothing was taken. */
enum err engine_bundle_import(struct engine *engine, const uint8_t *bytes, size_t len,
                              struct engine_bundle *did);

/* --- words that are being typed: sealed under the db key, durable when the call returns, never sent --- */

/** Keeps `text` (borrowed, at most 1 MiB) under a name, over an older one; get appends it to `out`, ERR_NOT_FOUND. What
 * nobody touched for 30 days goes at the next opening. ERR_FULL, ERR_TOO_BIG, ERR_IO. */
enum err engine_jot_put(struct engine *engine, const char *name, const uint8_t *text, size_t len);
enum err engine_jot_get(struct engine *engine, const char *name, struct buf *out);
enum err engine_jot_delete(struct engine *engine, const char *name);

/* --- one round trip --- */

struct engine_sync {
    char url[512];
    unsigned requests;
    bool again;       /* call begin again: more pages, or a refusal that was repaired */
    uint64_t pushed;  /* leaves accepted */
    uint64_t pulled;  /* entries verified */
    uint64_t refused; /* items refused for good; engine_space.status says why */
    uint64_t relayed,
        relay_refused; /* leaves of others that came by file: handed over; refused for good */
    enum err alarm;
    enum err said; /* why the server refused the whole request, or ERR_OK */
};

/** The servers that the spaces of this device live on; a sync is one round trip with each. */
size_t engine_server_count(const struct engine *engine);
const char *engine_server_url(const struct engine *engine, size_t i);

/** Builds the request for server `i` into `out` (body of POST <url>/v1/sync). Leaves are stored before they leave.
 * `wait_ms` > 0 asks for a long poll. ERR_FULL, ERR_IO: nothing changed. */
enum err engine_sync_begin(struct engine *engine, size_t server, uint64_t wait_ms, struct buf *out);

/** Takes the answer. Everything that verifies is kept in one transaction per row; `result` tells what happened. ERR_OK
 * also with an alarm (result->alarm); errors: SIGNATURE (not our server's answer; nothing changed), FORMAT, FULL, IO. */
enum err engine_sync_finish(struct engine *engine, size_t server, const uint8_t *answer, size_t len,
                            struct engine_sync *result);

/* --- verification, for everybody who holds at least the routing key --- */

/** One entry of the audit time line: a change (data leaves, one per offline edit), an operation, or one line of what was
 * opened, exported or printed. */
struct engine_audit_entry {
    uint64_t index;
    enum leaf_kind kind;
    enum err verdict; /* ERR_OK or why the leaf is ignored */
    uint8_t device[ID_LEN];
    uint8_t author[ID_LEN];
    uint64_t ordinal;
    int64_t time_s; /* claimed; 0 = none */
    uint64_t t_recv_ms;
    char code[9];       /* dossier's short code, "" where none is named */
    bool clock_suspect; /* claimed after received by more than CLOCK_SUSPECT_S */
    uint64_t
        skipped; /* numbers that the device left out before this leaf: made and refused, or withheld */
    uint8_t what;        /* enum access_what (access.h), of access and export_notice */
    uint64_t count;      /* of the same: what the leaf counts */
    const struct op *op; /* of an operation; NULL for data. Borrowed for the call */
    const char *text;    /* of an audit_grant: its reason; "" otherwise */
};
typedef enum err (*engine_audit_sink)(void *ctx, const struct engine_audit_entry *entry);
enum err engine_audit(struct engine *engine, size_t space, engine_audit_sink sink, void *ctx);

/** Recomputes everything from the replica: signatures, chains, fold, tree, root against the last note, bodies.
 * ERR_OK or the first error; *index names the entry. */
enum err engine_verify(struct engine *engine, size_t space, uint64_t *index);

/** A full audit against the server: pages from 0 with all bodies, verified without storing. begin/finish like sync,
 * until `*done`. Errors name the entry in *index. */
struct engine_full;
enum err engine_full_new(struct engine_full **full, struct engine *engine, size_t space);
enum err engine_full_begin(struct engine_full *full, struct buf *out);
enum err engine_full_finish(struct engine_full *full, const uint8_t *answer, size_t len, bool *done,
                            uint64_t *index);
/** Before begin: gives the changes that an auditor's grant opens on the way. `reader` (grant.h) is borrowed. */
struct grant_reader;
void engine_full_read(struct engine_full *full, struct grant_reader *reader, engine_sink sink,
                      void *ctx);
void engine_full_free(struct engine_full *full);

/** The last verified checkpoint as a signed note's text (with its origin), for comparing with another device. */
enum err engine_checkpoint(struct engine *engine, size_t space, struct buf *out);
/** Compares a checkpoint from elsewhere with the own history. ERR_OK: consistent. ERR_BEHIND: it is longer than ours;
 * sync first, the note is remembered and checked then. ERR_FORK: alarm, evidence kept. ERR_SIGNATURE, ERR_FORMAT. */
enum err engine_compare(struct engine *engine, const char *text, size_t len);

#endif
