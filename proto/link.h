/* SPDX-License-Identifier: Apache-2.0
 *
 * link: founder links and invite links (PROTOCOL.md 10). What follows '#' never reaches a server.
 *
 *   <url>/#f1.<base64url(server fingerprint 32 | secret 32)>                    founder link
 *   <url>/#i1.<base64url(space 16 | genesis hash 32 | log key hash 32 | secret 32)>   invite link
 *
 * fingerprint = SHA-256("passerelle/server/v1" NUL log_pk resp_pk); log key hash = SHA-256(log_pk).
 */
#ifndef PROTO_LINK_H
#define PROTO_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/err.h"
#include "proto/limits.h"

enum link_type { LINK_FOUNDER, LINK_INVITE };
enum { LINK_URL_MAX = 512 };

struct link {
    enum link_type type;
    char url[LINK_URL_MAX]; /* origin and path without trailing slash: https://host[:port][/path] */
    uint8_t fingerprint[HASH_LEN];  /* founder: of both server keys */
    uint8_t space[ID_LEN];          /* invite */
    uint8_t genesis[HASH_LEN];      /* invite: leaf hash of the genesis leaf */
    uint8_t log_key_hash[HASH_LEN]; /* invite */
    uint8_t secret[SEED_LEN];
};

/** Appends the link's text (no NUL) to `out`. */
void link_print(struct buf *out, const struct link *link);

/** Parses it; surrounding white space is ignored. http is accepted only for 127.0.0.1, [::1] and
 * localhost (which also stands for a Unix socket); ERR_FORMAT otherwise. Wipe the struct after
 * use; it is zero after an error. */
enum err link_parse(struct link *link, const char *text, size_t len);

/** SHA-256("passerelle/server/v1" NUL log_pk resp_pk). */
void link_fingerprint(uint8_t out[static HASH_LEN], const uint8_t log_pk[static PK_LEN],
                      const uint8_t resp_pk[static PK_LEN]);

/** Whether plain http may be used for this URL: loopback only. */
int link_url_is_loopback(const char *url);

/** Whether it is an origin with an optional path, and nothing secret would travel to it in the clear. */
bool link_url_is_safe(const char *url);

/** Four words' worth of comparison for two people: 8 Crockford characters in two groups from
 * SHA-256("passerelle/compare/v1" NUL ed_pk x_pk space). With NUL; 9 + 1 bytes. */
void link_compare_code(char out[static 10], const uint8_t ed_pk[static PK_LEN],
                       const uint8_t x_pk[static PK_LEN], const uint8_t space[static ID_LEN]);

#endif
