/* SPDX-License-Identifier: Apache-2.0
 *
 * serverkey: the keys of a server, its log name and its address, as one small text.
 *
 *   passerelled key 1                     2 once there are several pairs
 *   log_seed  64 hexadecimal digits       signs checkpoints, hand-overs and statements, and nothing else
 *   resp_seed 64 hexadecimal digits       signs responses, and nothing else
 *   log_seed, resp_seed ...               further pairs, the newest last (PROTOCOL.md 6.5)
 *   log_name  sync.example.org            part of every checkpoint's origin: never changes
 *   url       https://sync.example.org    what founder links begin with
 *
 * A pair is never changed or taken away: devices that were away long ask for the one they know, and the first pages of
 * a log are signed by the first. While a server runs a pair may be added by one thread and all pairs read by others.
 *
 * Whoever holds this text can speak as the server; the file has mode 0600 (store_folder.h). Reading and writing of
 * files is not done here.
 */
#ifndef SERVER_SERVERKEY_H
#define SERVER_SERVERKEY_H

#include "proto/buf.h"
#include "proto/limits.h"
#include "proto/link.h"

enum { SERVERKEY_PAIRS_MAX = 8 };

struct serverkey_secret {
    uint8_t log_seed[SEED_LEN], resp_seed[SEED_LEN];
    uint8_t log_sk[SK_LEN], resp_sk[SK_LEN];
};

struct serverkey_pair {
    uint8_t log_pk[PK_LEN], resp_pk[PK_LEN];
    uint8_t aud[HASH_LEN];                 /* SHA-256(log_pk): whom requests are for */
    const struct serverkey_secret *secret; /* guarded memory, wiped by serverkey_fini */
};

struct serverkey {
    _Atomic size_t n; /* only grows */
    struct serverkey_pair pairs[SERVERKEY_PAIRS_MAX];
    char log_name[NAME_LEN_MAX + 1];
    char url[LINK_URL_MAX];
    struct serverkey_secret *secrets;
};

/** Draws new keys. `log_name` NULL: the host of the url. ERR_USAGE: the url or name has not the right form. ERR_MEMORY. */
enum err serverkey_make(struct serverkey *key, const char *url, const char *log_name);

/** Reads the text. ERR_FORMAT: not a key file, or a damaged one. ERR_VERSION, ERR_MEMORY. */
enum err serverkey_parse(struct serverkey *key, const char *text, size_t len);

/** Writes it; `out` is wiped by buf_free. */
void serverkey_print(struct buf *out, const struct serverkey *key);

/** Wipes and frees; fine on a zeroed struct. */
void serverkey_fini(struct serverkey *key);

/** The newest pair. */
const struct serverkey_pair *serverkey_now(const struct serverkey *key);

/** The pair with this log key's hash, or this link fingerprint; NULL. */
const struct serverkey_pair *serverkey_find(const struct serverkey *key,
                                            const uint8_t hash[static HASH_LEN]);

/** Draws a further pair. ERR_FULL: there are SERVERKEY_PAIRS_MAX already. */
enum err serverkey_rotate(struct serverkey *key);

/** Takes over the pairs of `fresh`, the same file read again, that `key` lacks. ERR_CORRUPT: it is not a continuation;
 * nothing was changed. */
enum err serverkey_follow(struct serverkey *key, const struct serverkey *fresh);

/** The word of `from` that `to` comes after it: in a space, or (16 zeroes) for witnesses. ERR_MEMORY. */
enum err serverkey_hand_over(uint8_t sig[static SIG_LEN], const struct serverkey_pair *from,
                             const struct serverkey_pair *to, const uint8_t space[static ID_LEN]);

/** Draws a founder link to this server: its text, and the public key that the store keeps. */
enum err serverkey_founder_link(struct buf *text, uint8_t link_pk[static PK_LEN],
                                const struct serverkey *key);

#endif
