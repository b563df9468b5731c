/* SPDX-License-Identifier: Apache-2.0
 *
 * message: one sync round trip (PROTOCOL.md 9).
 *
 *   request  = [1, device16, time_ms, rest, sig64]
 *       signed: TAG_REQ NUL aud32 | device16 | u64be time_ms | SHA-256(rest)      aud = SHA-256(log_pk)
 *   rest     = [auth, store_id8, [row, ...], max_bytes, wait_ms, flags]
 *   auth     = nil | [ed_pk32, link_sig64 | nil]            an unknown device; link_sig founds
 *   row      = [space16, have_size, keys_rev, erased_upto]                                    nothing to say, or
 *              [space16, have_size, keys_rev, erased_upto, leaves, bodies, slots, seals, want, inbox]
 *       leaves = [[header, sig64, [body, ...]], ...]      in refill: [t_recv_ms, header, sig64, [body, ...]]
 *       bodies = [[leaf, box, body], ...]                 bodies that the server asked for
 *       slots  = [[row16, epoch, slot72], ...]            births of the leaves above, then re-wraps
 *       seals  = [[device16, epoch, type, seal], ...]
 *       want   = [[leaf, box] | row16, ...]
 *       inbox  = [[type, id16, payload], ...]
 *
 *   response = [1, time_ms, body, sig64]
 *       signed: TAG_RESP NUL SHA-256(signed string of the request) | u64be time_ms | SHA-256(body)
 *   body     = [status, store_id8, [row, ...]]              rows in the request's order
 *   row      = status                                       UNCHANGED or a refusal of the whole row, or
 *              [status, size, keys_rev, note | nil, head, entries, items, slots, seals, lists, stale, want, inbox, more]
 *       note    = [size, root32, sig64, [cosignature76, ...]]      at the end of this page
 *       head    = nil | [note, [proof32, ...]]             newest note and consistency, when the page ends before it
 *       entries = [[dt_ms, header, sig64, [body, ...]] | [dt_ms, k], ...]   from have_size; k = leaf k of this request
 *       items   = [[list, k, status, index, t_recv_ms, last_seq, last_hash32 | nil, [proof32, ...]], ...]
 *       lists   = [[leaf index, lines], ...]                seal list of an epoch_change, device_add or role_set
 *
 * dt_ms is against the entry before (the first one against 0). A body that travels as its hash is deleted or
 * left out (HEADERS_ONLY). Accepted leaves are answered by their entry in the page, or by an item with an
 * inclusion proof to `note`... of `head` when the page ends before them. Every signed byte is verified before
 * it is parsed.
 */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/leaf.h"
#include "proto/note.h"
#include "proto/tree.h"
#include "proto/wire.h"

/* HEADERS_ONLY: bodies as their hashes. REFILL: leaves carry t_recv_ms (restore of a server). ALL_BODIES: bodies also
 * to a device that cannot read them (a full audit). */
enum message_flag { FLAG_HEADERS_ONLY = 1, FLAG_REFILL = 2, FLAG_ALL_BODIES = 4 };
enum message_list {
    LIST_LEAVES = 0,
    LIST_BODIES = 1,
    LIST_SLOTS = 2,
    LIST_SEALS = 3,
    LIST_INBOX = 4
};

/* What lies in a space's inbox, outside the log. Numbers up to 255 are decoded: ignore the ones you do not know. */
enum inbox_type {
    INBOX_JOIN =
        1, /* id = joining device; payload = [part, invite_sig64, device_sig64, sealed name] */
    INBOX_OUTBOX =
        2, /* id = revoked device; payload = its outbox, sealed to the stewards (bounded) */
    INBOX_DISMISS = 3, /* id = device whose join is refused by an admin or steward; payload empty */
    INBOX_STATEMENT =
        4, /* id = device; payload = [key statement part, sig64] from a device of this server */
    INBOX_KEYS =
        5, /* id = first 16 bytes of a grant's hash; payload = that hash, then keys sealed to the auditor */
    INBOX_REFILL = 7, /* request only: what proves a refill (resume.h); id zero */
    INBOX_PIECE =
        8, /* request only: a piece of a blob (message_piece); id = slot row of its dossier */
    INBOX_FETCH = 9, /* request only: the same without bytes: from where on it is wanted */
    INBOX_BODY =
        16, /* response only: a body that the request wanted; id zero, payload = [leaf, box, body] */
    INBOX_NOTE =
        17, /* response only: the newest cosigned note, where the row's is not; payload as a note travels */
    INBOX_GIVEN = 19, /* response only: a piece that was wanted; id = row */
    INBOX_ERASED =
        20, /* response only: answers a wanted row of zeroes; payload = device16 | u64be erased_upto, ... */
    INBOX_LOG_KEY =
        22, /* response only: new keys of the server, for an admin (op_key_offer); id zero */
    INBOX_RESUME = 18, /* response only: the server was restored (resume.h); id = space */
    INBOX_REKEY =
        23, /* response only, to a removed device: a device_rekey logged after its removal; id = its device, payload as below */
    INBOX_SUCCESSOR =
        21 /* response only: the space goes on in another one; id = that one, payload = [genesis header, sig64] */
};

/** A leaf as it travels. All pointers borrowed. */
struct message_leaf {
    uint64_t t_recv_ms; /* entries, refills */
    bool own;           /* in an entry: it is leaf `k` of the request and nothing else is set */
    uint32_t k;
    const uint8_t *header;
    size_t header_len;
    uint8_t sig[SIG_LEN];
    size_t n_bodies;
    struct leaf_body *bodies; /* n_bodies of them */
};

struct message_body {
    uint64_t leaf;
    uint16_t box;
    const uint8_t *bytes;
    size_t len;
};

/** A body or a slot row that somebody wants. */
struct message_want {
    bool is_row;
    uint64_t leaf;
    uint16_t box;
    uint8_t row[ID_LEN];
};

struct message_inbox {
    enum inbox_type type;
    uint8_t id[ID_LEN];
    const uint8_t *payload;
    size_t payload_len;
};

struct message_item {
    enum message_list list;
    uint32_t k;
    enum err status;
    uint64_t index;
    uint64_t t_recv_ms;
    uint64_t last_seq;
    bool has_last;
    uint8_t last_hash[HASH_LEN];
    struct tree_proof proof;
};

struct message_list_lines {
    uint64_t leaf;
    const uint8_t *lines; /* n * SEAL_LINE_LEN */
    size_t len;
};

/** One row of a request, or (with the second block) of a response. Arrays live in the message's arena. */
struct message_row {
    uint8_t space[ID_LEN]; /* request */
    uint64_t have_size, keys_rev, erased_upto;
    size_t n_leaves, n_bodies, n_slots, n_seals, n_want, n_inbox;
    struct message_leaf *leaves; /* response: the entries of the page */
    struct message_body *bodies;
    struct leaf_slot *slots;
    struct leaf_seal *seals;
    struct message_want *want;
    struct message_inbox *inbox;
    /* response only */
    enum err status;
    bool full;     /* false: only `status` is set */
    uint64_t size; /* newest size of the space on the server */
    bool has_note, has_head, more;
    struct note note, head;
    struct tree_proof head_proof;
    size_t n_items, n_lists, n_stale;
    struct message_item *items;
    struct message_list_lines *lists;
    uint8_t (*stale)[ID_LEN];
};

struct message_request {
    uint8_t device[ID_LEN];
    uint64_t time_ms;
    const uint8_t *rest; /* borrowed from the wire bytes */
    size_t rest_len;
    uint8_t sig[SIG_LEN];
    uint8_t hash[HASH_LEN]; /* SHA-256 of the signed string; the response is bound to it */
    /* decoded by message_request_decode */
    bool has_auth, has_link_sig;
    uint8_t ed_pk[PK_LEN];
    uint8_t link_sig[SIG_LEN];
    uint8_t store_id[STORE_ID_LEN];
    size_t n_rows;
    struct message_row *rows;
    uint64_t max_bytes, wait_ms, flags;
    struct arena *arena;
};

struct message_response {
    uint64_t time_ms;
    const uint8_t *body;
    size_t body_len;
    enum err status;
    uint8_t store_id[STORE_ID_LEN];
    size_t n_rows;
    struct message_row *rows;
    struct arena *arena;
};

/* --- request: the client encodes, the server opens, verifies, decodes --- */

/** Encodes request->rows etc. and signs; the whole request is appended to `out`, request->sig and request->hash are
 * set. ERR_TOO_BIG: more than REQUEST_MAX bytes or ITEMS_MAX elements; send less at once. ERR_MEMORY. */
enum err message_request_make(struct buf *out, struct message_request *request,
                              const uint8_t aud[static HASH_LEN],
                              const uint8_t ed_sk[static SK_LEN]);

/** Opens the envelope only (device, time, rest, sig), cheaply. `bytes` stay borrowed. ERR_FORMAT, ERR_TOO_BIG. */
enum err message_request_open(struct message_request *request, const uint8_t *bytes, size_t len);

/** Sets request->hash and verifies the signature with the device's key. ERR_SIGNATURE: the hash is set all the same,
 * for a refusal that is bound to the request. */
enum err message_request_verify(struct message_request *request, const uint8_t aud[static HASH_LEN],
                                const uint8_t ed_pk[static PK_LEN]);

/** Reads `auth` alone from `rest`, to find an unknown device's key before verifying. Nothing else is looked at.
 * ERR_FORMAT; ERR_UNKNOWN_DEVICE: the key is not the one that the request's device id comes from. */
enum err message_request_auth(struct message_request *request);

/** Decodes `rest`. Call it after verification. Bodies are present (hashes only in a refill), no space stands in two
 * rows. ERR_FORMAT, ERR_TOO_BIG, ERR_MEMORY, ERR_UNKNOWN_DEVICE as above. */
enum err message_request_decode(struct message_request *request);

/** Frees the decoded rows (not rows that a caller filled in for message_request_make). */
void message_request_free(struct message_request *request);

/* --- response: the server encodes, the client opens (verifying) --- */

/** Encodes and signs a response to the request with `request_hash`; appended to `out`. ERR_TOO_BIG: more than
 * RESPONSE_MAX bytes or ITEMS_MAX elements, which a client would refuse; a page has to end earlier. ERR_USAGE: times
 * of entries decrease. ERR_MEMORY. */
enum err message_response_make(struct buf *out, const struct message_response *response,
                               const uint8_t request_hash[static HASH_LEN],
                               const uint8_t resp_sk[static SK_LEN]);

/** Encodes one response row to `out`: a server may build rows one by one (message_response_make_rows). */
void message_row_encode(struct buf *out, const struct message_row *row);

/** As message_response_make, with rows encoded before (`rows` holds n_rows of them, joined). */
enum err message_response_make_rows(struct buf *out, uint64_t time_ms, enum err status,
                                    const uint8_t store_id[static STORE_ID_LEN],
                                    const struct buf *rows, size_t n_rows,
                                    const uint8_t request_hash[static HASH_LEN],
                                    const uint8_t resp_sk[static SK_LEN]);

/** Verifies with the pinned response key, then decodes; `bytes` stay borrowed. Compare n_rows, and the k of own entries
 * and items, with the request: they are what the server says. Numbers of statuses that this program does not know are
 * ERR_VERSION. ERR_SIGNATURE (another server, or altered on the way, or the answer to another request), ERR_FORMAT,
 * ERR_TOO_BIG, ERR_MEMORY. */
enum err message_response_open(struct message_response *response, const uint8_t *bytes, size_t len,
                               const uint8_t request_hash[static HASH_LEN],
                               const uint8_t resp_pk[static PK_LEN]);
void message_response_free(struct message_response *response);

/**
 * What GET /v1/server answers: [1, log_pk32, resp_pk32, log name, sig64], signed by the log key with TAG_SERVER over
 * resp_pk | log name. A founder link pins both keys, an invite link the log key.
 */
struct message_server {
    uint8_t log_pk[PK_LEN];
    uint8_t resp_pk[PK_LEN];
    char log_name[NAME_LEN_MAX + 1];
};

/** Appends and signs it. `log_sk` is the secret half of server->log_pk. ERR_MEMORY. */
enum err message_server_make(struct buf *out, const struct message_server *server,
                             const uint8_t log_sk[static SK_LEN]);

/** Verifies it with the key that it names itself: compare both keys with what is pinned. ERR_SIGNATURE, ERR_FORMAT,
 * ERR_TOO_BIG, ERR_VERSION. */
enum err message_server_open(struct message_server *server, const uint8_t *bytes, size_t len);

/** aud = SHA-256(log_pk). */
void message_aud(uint8_t out[static HASH_LEN], const uint8_t log_pk[static PK_LEN]);

/** Signature that founds a space: by the founder link's key, TAG_FOUND over the genesis header. */
enum err message_found_sign(uint8_t sig[static SIG_LEN], const uint8_t secret[static SEED_LEN],
                            const uint8_t *header, size_t len);
enum err message_found_verify(const uint8_t sig[static SIG_LEN],
                              const uint8_t link_pk[static PK_LEN], const uint8_t *header,
                              size_t len);

/** The payload of INBOX_JOIN. */
struct message_join {
    struct op_proof proof; /* borrowed from the payload */
    const uint8_t *sealed_name;
    size_t sealed_name_len;
};
void message_join_encode(struct buf *out, const struct message_join *join);

/** Everything borrowed from `payload`. No signature is verified (op_proof_verify), but the name is the one that the
 * proof speaks of: ERR_CORRUPT otherwise. ERR_FORMAT, ERR_TOO_BIG, ERR_MEMORY. */
enum err message_join_decode(struct message_join *join, const uint8_t *payload, size_t len);

/** The payload of INBOX_STATEMENT: a proof of type PROOF_STATEMENT, its part borrowed. Errors as above. */
void message_statement_encode(struct buf *out, const struct op_proof *proof);
enum err message_statement_decode(struct op_proof *proof, const uint8_t *payload, size_t len);

/** The payload of INBOX_SUCCESSOR (and of INBOX_REKEY): the genesis of the space that goes on, as it was signed. The header (borrowed from
 * the payload) is not looked at. ERR_FORMAT, ERR_TOO_BIG, ERR_MEMORY. */
struct message_successor {
    const uint8_t *header;
    size_t header_len;
    uint8_t sig[SIG_LEN];
};
void message_successor_encode(struct buf *out, const struct message_successor *successor);
enum err message_successor_decode(struct message_successor *successor, const uint8_t *payload,
                                  size_t len);

/** The payload of INBOX_NOTE. ERR_FORMAT, ERR_TOO_BIG, ERR_MEMORY. */
void message_note_encode(struct buf *out, const struct note *note);
enum err message_note_decode(struct note *note, const uint8_t *payload, size_t len);

/** The payload of INBOX_BODY. A body as its hash (32 bytes) was deleted. The decoded one is borrowed from `payload`. */
void message_body_encode(struct buf *out, const struct message_body *body);
enum err message_body_decode(struct message_body *body, const uint8_t *payload, size_t len);

/** The payload of INBOX_PIECE, INBOX_FETCH and INBOX_GIVEN: [blob32, total, offset, bytes]. A blob is named by its
 * SHA-256; the decoded one is borrowed from `payload`. ERR_FORMAT, ERR_TOO_BIG. */
struct message_piece {
    uint8_t blob[HASH_LEN];
    uint64_t total, offset;
    const uint8_t *bytes;
    size_t len;
};
void message_piece_encode(struct buf *out, const struct message_piece *piece);
enum err message_piece_decode(struct message_piece *piece, const uint8_t *payload, size_t len);

#endif
