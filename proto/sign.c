/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sign.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/buf.h"

void sign_keypair(uint8_t pk[static PK_LEN], uint8_t sk[static SK_LEN],
                  const uint8_t seed[static SEED_LEN])
{
    crypto_sign_seed_keypair(pk, sk, seed);
}

/* crypto_sign_detached is one-shot, so the tagged string is joined first. Most are short: the stack serves. */
struct joined {
    uint8_t small[1024];
    struct buf large;
    const uint8_t *bytes;
    size_t len;
};

static enum err join(struct joined *j, const char *tag, const struct digest_part *parts, size_t n)
{
    size_t tag_len = strlen(tag) + 1, len = tag_len;
    for (size_t i = 0; i < n; i++)
        len += parts[i].len;
    uint8_t *at = j->small;
    if (len > sizeof j->small) {
        j->large = (struct buf){.max = len};
        at = buf_room(&j->large, len);
        if (!at)
            return j->large.err;
    }
    j->bytes = at;
    j->len = len;
    memcpy(at, tag, tag_len);
    at += tag_len;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len)
            memcpy(at, parts[i].bytes, parts[i].len);
        at += parts[i].len;
    }
    return ERR_OK;
}

enum err sign_make(uint8_t sig[static SIG_LEN], const uint8_t sk[static SK_LEN], const char *tag,
                   const struct digest_part *parts, size_t n)
{
    struct joined j = {0};
    enum err err = join(&j, tag, parts, n);
    if (err == ERR_OK)
        crypto_sign_detached(sig, NULL, j.bytes, j.len, sk);
    buf_free(&j.large);
    return err;
}

enum err sign_verify(const uint8_t sig[static SIG_LEN], const uint8_t pk[static PK_LEN],
                     const char *tag, const struct digest_part *parts, size_t n)
{
    struct joined j = {0};
    enum err err = join(&j, tag, parts, n);
    if (err == ERR_OK)
        err = sign_plain_verify(sig, pk, j.bytes, j.len);
    buf_free(&j.large);
    return err;
}

void sign_plain(uint8_t sig[static SIG_LEN], const uint8_t sk[static SK_LEN], const void *bytes,
                size_t len)
{
    crypto_sign_detached(sig, NULL, bytes, len, sk);
}

enum err sign_plain_verify(const uint8_t sig[static SIG_LEN], const uint8_t pk[static PK_LEN],
                           const void *bytes, size_t len)
{
    return crypto_sign_verify_detached(sig, bytes, len, pk) == 0 ? ERR_OK : ERR_SIGNATURE;
}

void sign_device_id(uint8_t id[static ID_LEN], const uint8_t ed_pk[static PK_LEN])
{
    static const char tag[] = "passerelle/dev/v1";
    const struct digest_part parts[] = {{tag, sizeof tag}, {ed_pk, PK_LEN}};
    uint8_t hash[HASH_LEN];
    digest_sha256(hash, parts, 2);
    memcpy(id, hash, ID_LEN);
}

void sign_link_seed(uint8_t seed[static SEED_LEN], const uint8_t secret[static SEED_LEN])
{
    static const char tag[] = "passerelle/link/v1";
    const struct digest_part part = {tag, sizeof tag};
    digest_keyed(seed, SEED_LEN, secret, &part, 1);
}
