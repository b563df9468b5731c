/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/digest.h"

#include <assert.h>
#include <sodium.h>

enum err digest_init(void)
{
    return sodium_init() < 0 ? ERR_INTERNAL : ERR_OK;
}

void digest_sha256(uint8_t out[static HASH_LEN], const struct digest_part *parts, size_t n)
{
    crypto_hash_sha256_state st;
    crypto_hash_sha256_init(&st);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len)
            crypto_hash_sha256_update(&st, parts[i].bytes, parts[i].len);
    }
    crypto_hash_sha256_final(&st, out);
}

void digest_sha256_of(uint8_t out[static HASH_LEN], const void *bytes, size_t len)
{
    const struct digest_part part = {bytes, len};
    digest_sha256(out, &part, 1);
}

void digest_keyed(uint8_t *out, size_t out_len, const uint8_t *key, const struct digest_part *parts,
                  size_t n)
{
    assert(out_len >= crypto_generichash_BYTES_MIN && out_len <= crypto_generichash_BYTES_MAX);
    crypto_generichash_state st;
    int bad = crypto_generichash_init(&st, key, key ? KEY_LEN : 0, out_len);
    assert(!bad);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].len)
            crypto_generichash_update(&st, parts[i].bytes, parts[i].len);
    }
    bad |= crypto_generichash_final(&st, out, out_len);
    assert(!bad);
    sodium_memzero(&st, sizeof st);
}

bool digest_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

bool digest_is_zero(const void *bytes, size_t len)
{
    return sodium_is_zero(bytes, len) == 1;
}

void digest_wipe(void *bytes, size_t len)
{
    if (bytes && len)
        sodium_memzero(bytes, len);
}

void digest_random(void *out, size_t len)
{
    randombytes_buf(out, len);
}

void *digest_secret_new(size_t len)
{
    void *secret = sodium_malloc(len);
    if (secret)
        sodium_memzero(secret, len);
    return secret;
}

void digest_secret_free(void *secret)
{
    sodium_free(secret);
}
