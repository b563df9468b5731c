/* SPDX-License-Identifier: Apache-2.0
 *
 * limits: every size and count that a peer can make us spend, in one place.
 *
 * A decoder that meets more than its limit returns ERR_TOO_BIG or ERR_FORMAT before it allocates.
 * The lengths of the first block are part of the format and never change (PROTOCOL.md 2).
 */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

/* Lengths in bytes. */
enum {
    ID_LEN = 16,     /* space, device, shred_id, row */
    RECORD_LEN = 8,  /* record inside its dossier; zero = the dossier itself */
    RUN_LEN = 8,     /* drawn at each unlock */
    HASH_LEN = 32,   /* SHA-256, commitments */
    PK_LEN = 32,     /* Ed25519 and X25519 public keys */
    SK_LEN = 64,     /* Ed25519 secret key as libsodium keeps it */
    SEED_LEN = 32,   /* Ed25519 or X25519 seed; link and invite secrets */
    SIG_LEN = 64,    /* Ed25519 signature */
    KEY_LEN = 32,    /* symmetric keys */
    NONCE_LEN = 24,  /* XChaCha20-Poly1305 */
    TAG_LEN = 16,    /* its tag */
    SLOT_LEN = 72,   /* nonce | key | tag */
    WRAP_LEN = 72,   /* the same shape, for epoch keys */
    STORE_ID_LEN = 8 /* names one life of a server's key store */
};

/* Leaves and what they carry. */
enum {
    LEAF_MAX = 1 << 20,        /* header + signature + bodies */
    HEADER_MAX = 1 << 19,      /* a control operation may list many bodies */
    BOXES_MAX = 256,           /* bodies per leaf */
    BODY_MIN = 32 + TAG_LEN,   /* smallest bucket + tag; a shorter one on the wire is a hash */
    BODY_MAX = 1 << 20,        /* never more than its leaf */
    PLAIN_MAX = 1 << 22,       /* a box after decompression */
    CHANGES_MAX = 10000,       /* changes per box, and fields per dossier */
    ROUTE_PLAIN_MAX = 1 << 18, /* routing box */
    SOURCES_MAX = 1024,        /* (author, run) pairs in one routing box */
    VALUE_MAX = 65536,         /* one value, encoded */
    ERASE_LIST_MAX = 65536,    /* bodies named by one erase or purge */
    NAME_LEN_MAX = 255,        /* log names, witness names, labels */
    SEALED_NAME_MAX = 512      /* a joiner's name under the invite's secret */
};

/* A space. */
enum {
    DEVICES_MAX = 4096,
    INVITES_MAX = 1024, /* open at the same time */
    PROPOSALS_MAX = 32, /* waiting for their second leaf */
    GRANTS_MAX = 256,
    WITNESSES_MAX = 16,
    EPOCHS_MAX = 65535
};

/* One request or response. */
enum {
    REQUEST_MAX = 8 << 20,
    RESPONSE_MAX = 16 << 20,
    ITEMS_MAX = 1 << 18, /* MessagePack elements in one message */
    ROWS_MAX = 64,       /* spaces per request */
    PUSH_LEAVES_MAX = 1024,
    PUSH_KEYS_MAX = 16384, /* slots, or seals, per row */
    WANT_MAX = 1024,
    STALE_MAX = 200,
    INBOX_MAX = 256, /* items per row */
    INBOX_ITEM_MAX = 1 << 20,
    PROOF_MAX = 64,
    WAIT_MAX_MS = 300000
};

/* A bundle file. */
enum { BUNDLE_MAX = 256 << 20, BUNDLE_ITEMS_MAX = 1 << 22, BUNDLE_ENTRIES_MAX = 1 << 20 };

/* Attachments: sealed files beside the log, in pieces. */
enum {
    ATTACH_CHUNK = 64 << 10,                                      /* plaintext under one tag */
    ATTACH_MAX = 32 << 20,                                        /* plaintext of one file */
    BLOB_MAX = ATTACH_MAX + (ATTACH_MAX / ATTACH_CHUNK + 2) * 64, /* sealed */
    BLOB_PIECE_MAX = 512 << 10                                    /* in one request or response */
};

/* Times. */
#define CLOCK_WINDOW_MS (15ll * 60 * 1000)        /* request time against server time */
#define CLOCK_SUSPECT_S (5ll * 60)                /* beyond it a claimed time is flagged */
#define EPOCH_GRACE_MS  (14ll * 24 * 3600 * 1000) /* the previous epoch stays usable */
#define ACCESS_KEEP_MS                                                                             \
    (180ll * 24 * 3600 * 1000) /* bodies of access leaves stay at least so long */
#define ACCESS_DELETE_MS  (270ll * 24 * 3600 * 1000) /* and are deleted then */
#define PROPOSAL_MS       (30ll * 24 * 3600 * 1000)  /* a proposal waits for its second leaf */
#define CLOCK_JUMP_MAX_MS (30ll * 24 * 3600 * 1000)  /* a server stops beyond it until confirmed */

#endif
