/* SPDX-License-Identifier: Apache-2.0
 *
 * serverkey: the two keys of a server, its log name and its address, as one small text.
 *
 *   passerelled key 1
 *   log_seed  64 hexadecimal digits       signs checkpoints, and nothing else
 *   resp_seed 64 hexadecimal digits       signs responses, and nothing else
 *   log_name  sync.example.org            part of every checkpoint's origin: never changes
 *   url       https://sync.example.org    what founder links begin with
 *
 * Whoever holds this text can speak as the server; the file has mode 0600 (store_folder.h). Reading and writing of
 * files is not done here.
 */
#ifndef SERVER_SERVERKEY_H
#define SERVER_SERVERKEY_H

#include "proto/buf.h"
#include "proto/limits.h"
#include "proto/link.h"

struct serverkey_secret {
    uint8_t log_seed[SEED_LEN], resp_seed[SEED_LEN];
    uint8_t log_sk[SK_LEN], resp_sk[SK_LEN];
};

struct serverkey {
    uint8_t log_pk[PK_LEN], resp_pk[PK_LEN];
    uint8_t aud[HASH_LEN]; /* SHA-256(log_pk): whom requests are for */
    char log_name[NAME_LEN_MAX + 1];
    char url[LINK_URL_MAX];
    struct serverkey_secret *secret; /* guarded memory, wiped by serverkey_fini */
};

/** Draws new keys. `log_name` NULL: the host of the url. ERR_USAGE: the url or name has not the right form. ERR_MEMORY. */
enum err serverkey_make(struct serverkey *key, const char *url, const char *log_name);

/** Reads the text. ERR_FORMAT: not a key file, or a damaged one. ERR_VERSION, ERR_MEMORY. */
enum err serverkey_parse(struct serverkey *key, const char *text, size_t len);

/** Writes it; `out` is wiped by buf_free. */
void serverkey_print(struct buf *out, const struct serverkey *key);

/** Wipes and frees; fine on a zeroed struct. */
void serverkey_fini(struct serverkey *key);

/** Draws a founder link to this server: its text, and the public key that the store keeps. */
enum err serverkey_founder_link(struct buf *text, uint8_t link_pk[static PK_LEN],
                                const struct serverkey *key);

#endif
