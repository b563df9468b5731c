/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/seal.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/digest.h"

static void put_be(uint8_t *out, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static void aead_seal(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t *ad,
                      size_t ad_len, const uint8_t *nonce, const uint8_t *key)
{
#ifdef PASSERELLE_NO_SEAL
    /* A deliberately broken build: the leak test must catch it (tests/e2e). Never for use. */
    (void)ad, (void)ad_len, (void)nonce, (void)key;
    memmove(out, plain, len);
    memset(out + len, 0, TAG_LEN);
#else
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, plain, len, ad, ad_len, NULL, nonce, key);
#endif
}

static enum err aead_open(uint8_t *out, const uint8_t *box, size_t len, const uint8_t *ad,
                          size_t ad_len, const uint8_t *nonce, const uint8_t *key)
{
    if (len < TAG_LEN)
        return ERR_CORRUPT;
#ifdef PASSERELLE_NO_SEAL
    (void)ad, (void)ad_len, (void)nonce, (void)key;
    memmove(out, box, len - TAG_LEN);
    return ERR_OK;
#else
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, box, len, ad, ad_len, nonce,
                                                   key) == 0)
        return ERR_OK;
    sodium_memzero(out, len - TAG_LEN);
    return ERR_CORRUPT;
#endif
}

/* nonce | ciphertext | tag, with a random nonce. */
static void sealed_put(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t *ad,
                       size_t ad_len, const uint8_t *key)
{
    randombytes_buf(out, NONCE_LEN);
    aead_seal(out + NONCE_LEN, plain, len, ad, ad_len, out, key);
}

static enum err sealed_get(uint8_t *out, const uint8_t *box, size_t len, const uint8_t *ad,
                           size_t ad_len, const uint8_t *key)
{
    if (len < SEAL_BLOB_OVERHEAD)
        return ERR_CORRUPT;
    return aead_open(out, box + NONCE_LEN, len - NONCE_LEN, ad, ad_len, box, key);
}

/* --- commitments and derived keys --- */

void seal_epoch_commit(uint8_t kcom[static HASH_LEN], enum seal_key_type type,
                       const uint8_t key[static KEY_LEN], const uint8_t space[static ID_LEN],
                       uint32_t epoch)
{
    static const char *const tags[] = {"passerelle/kcom/ek/v1", "passerelle/kcom/sk/v1",
                                       "passerelle/kcom/route/v1"};
    uint8_t be[4];
    put_be(be, epoch, 4);
    const struct digest_part parts[] = {
        {tags[type], strlen(tags[type]) + 1}, {space, ID_LEN}, {be, 4}};
    digest_keyed(kcom, HASH_LEN, key, parts, 3);
}

void seal_dossier_commit(uint8_t kcom[static HASH_LEN], const uint8_t rk[static KEY_LEN],
                         const uint8_t shred[static ID_LEN])
{
    static const char tag[] = "passerelle/kcom/v1";
    const struct digest_part parts[] = {{tag, sizeof tag}, {shred, ID_LEN}};
    digest_keyed(kcom, HASH_LEN, rk, parts, 2);
}

void seal_route_key(uint8_t key[static KEY_LEN], const uint8_t ek[static KEY_LEN],
                    const uint8_t space[static ID_LEN])
{
    static const char tag[] = "passerelle/route/v1";
    const struct digest_part parts[] = {{tag, sizeof tag}, {space, ID_LEN}};
    digest_keyed(key, KEY_LEN, ek, parts, 2);
}

void seal_row(uint8_t row[static ID_LEN], const uint8_t ek1[static KEY_LEN],
              const uint8_t space[static ID_LEN], const uint8_t shred[static ID_LEN])
{
    static const char tag[] = "passerelle/row/v1";
    const struct digest_part key_parts[] = {{tag, sizeof tag}, {space, ID_LEN}};
    uint8_t k_row[KEY_LEN];
    digest_keyed(k_row, KEY_LEN, ek1, key_parts, 2);
    const struct digest_part part = {shred, ID_LEN};
    digest_keyed(row, ID_LEN, k_row, &part, 1);
    digest_wipe(k_row, sizeof k_row);
}

void seal_content_key(uint8_t ck[static KEY_LEN], const uint8_t ek[static KEY_LEN],
                      const uint8_t rk[static KEY_LEN], const uint8_t space[static ID_LEN],
                      const uint8_t shred[static ID_LEN], uint32_t epoch)
{
    static const char tag_e[] = "passerelle/ck/e/v1", tag_r[] = "passerelle/ck/r/v1";
    uint8_t be[4], other[KEY_LEN];
    put_be(be, epoch, 4);
    struct digest_part parts[] = {{tag_e, sizeof tag_e}, {space, ID_LEN}, {shred, ID_LEN}, {be, 4}};
    digest_keyed(ck, KEY_LEN, ek, parts, 4);
    parts[0] = (struct digest_part){tag_r, sizeof tag_r};
    digest_keyed(other, KEY_LEN, rk, parts, 4);
    for (size_t i = 0; i < KEY_LEN; i++)
        ck[i] ^= other[i];
    digest_wipe(other, sizeof other);
}

/* --- bodies and routing boxes --- */

enum { BODY_AD_LEN = 18 + 1 + 3 * ID_LEN + 8 + 2 + 4, ROUTE_AD_LEN = 20 + 2 * ID_LEN + 8 + 4 };

static void body_ad(uint8_t ad[static BODY_AD_LEN], const struct seal_place *place)
{
    uint8_t *at = ad;
    memcpy(at, "passerelle/box/v1", 18), at += 18;
    *at++ = place->suite;
    memcpy(at, place->space, ID_LEN), at += ID_LEN;
    memcpy(at, place->device, ID_LEN), at += ID_LEN;
    put_be(at, place->seq, 8), at += 8;
    put_be(at, place->box, 2), at += 2;
    put_be(at, place->epoch, 4), at += 4;
    memcpy(at, place->shred, ID_LEN), at += ID_LEN;
    assert(at == ad + BODY_AD_LEN);
}

static void body_nonce(uint8_t nonce[static NONCE_LEN], const uint8_t leaf_nonce[static NONCE_LEN],
                       uint16_t box)
{
    uint8_t be[2];
    put_be(be, box, 2);
    const struct digest_part parts[] = {{leaf_nonce, NONCE_LEN}, {be, 2}};
    digest_keyed(nonce, NONCE_LEN, NULL, parts, 2);
}

void seal_body(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t ck[static KEY_LEN],
               const uint8_t leaf_nonce[static NONCE_LEN], const struct seal_place *place)
{
    uint8_t ad[BODY_AD_LEN], nonce[NONCE_LEN];
    body_ad(ad, place);
    body_nonce(nonce, leaf_nonce, place->box);
    aead_seal(out, plain, len, ad, sizeof ad, nonce, ck);
}

enum err open_body(uint8_t *out, const uint8_t *body, size_t len, const uint8_t ck[static KEY_LEN],
                   const uint8_t leaf_nonce[static NONCE_LEN], const struct seal_place *place)
{
    uint8_t ad[BODY_AD_LEN], nonce[NONCE_LEN];
    body_ad(ad, place);
    body_nonce(nonce, leaf_nonce, place->box);
    return aead_open(out, body, len, ad, sizeof ad, nonce, ck);
}

void seal_body_key(uint8_t key[static KEY_LEN], const uint8_t ck[static KEY_LEN],
                   const uint8_t leaf_nonce[static NONCE_LEN], uint16_t box)
{
    uint8_t nonce[NONCE_LEN];
    body_nonce(nonce, leaf_nonce, box);
    crypto_core_hchacha20(key, nonce, ck, NULL);
}

enum err open_body_alone(uint8_t *out, const uint8_t *body, size_t len,
                         const uint8_t key[static KEY_LEN],
                         const uint8_t leaf_nonce[static NONCE_LEN], const struct seal_place *place)
{
    uint8_t ad[BODY_AD_LEN], nonce[NONCE_LEN];
    uint8_t inner[crypto_aead_chacha20poly1305_ietf_NPUBBYTES] = {0};
    body_ad(ad, place);
    body_nonce(nonce, leaf_nonce, place->box);
    memcpy(inner + 4, nonce + crypto_core_hchacha20_INPUTBYTES, 8);
    if (len < TAG_LEN)
        return ERR_CORRUPT;
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, body, len, ad, sizeof ad, inner,
                                                  key) != 0) {
        sodium_memzero(out, len - TAG_LEN);
        return ERR_CORRUPT;
    }
    return ERR_OK;
}

void seal_control_body(uint8_t *out, const uint8_t *plain, size_t len,
                       const uint8_t k_route[static KEY_LEN], const struct seal_place *place)
{
    uint8_t ad[BODY_AD_LEN];
    body_ad(ad, place);
    sealed_put(out, plain, len, ad, sizeof ad, k_route);
}

enum err open_control_body(uint8_t *out, const uint8_t *body, size_t len,
                           const uint8_t k_route[static KEY_LEN], const struct seal_place *place)
{
    uint8_t ad[BODY_AD_LEN];
    body_ad(ad, place);
    return sealed_get(out, body, len, ad, sizeof ad, k_route);
}

static void route_ad(uint8_t ad[static ROUTE_AD_LEN], const struct seal_place *place)
{
    uint8_t *at = ad;
    memcpy(at, "passerelle/route/v1", 20), at += 20;
    memcpy(at, place->space, ID_LEN), at += ID_LEN;
    memcpy(at, place->device, ID_LEN), at += ID_LEN;
    put_be(at, place->seq, 8), at += 8;
    put_be(at, place->epoch, 4), at += 4;
    assert(at == ad + ROUTE_AD_LEN);
}

void seal_route(uint8_t *out, uint8_t leaf_nonce[static NONCE_LEN], const uint8_t *plain,
                size_t len, const uint8_t k_route[static KEY_LEN], const struct seal_place *place)
{
    uint8_t ad[ROUTE_AD_LEN];
    route_ad(ad, place);
    sealed_put(out, plain, len, ad, sizeof ad, k_route);
    memcpy(leaf_nonce, out, NONCE_LEN);
}

enum err open_route(uint8_t *out, const uint8_t *box, size_t len,
                    const uint8_t k_route[static KEY_LEN], const struct seal_place *place)
{
    uint8_t ad[ROUTE_AD_LEN];
    route_ad(ad, place);
    return sealed_get(out, box, len, ad, sizeof ad, k_route);
}

/* --- slots and wraps --- */

enum { SLOT_AD_LEN = 19 + 2 * ID_LEN + 4 + HASH_LEN, WRAP_AD_LEN = 19 + 1 + ID_LEN + 4 };

static void slot_ad(uint8_t ad[static SLOT_AD_LEN], const uint8_t *space, const uint8_t *shred,
                    uint32_t epoch, const uint8_t *kcom)
{
    memcpy(ad, "passerelle/slot/v1", 19);
    memcpy(ad + 19, space, ID_LEN);
    memcpy(ad + 19 + ID_LEN, shred, ID_LEN);
    put_be(ad + 19 + 2 * ID_LEN, epoch, 4);
    memcpy(ad + 19 + 2 * ID_LEN + 4, kcom, HASH_LEN);
}

void seal_slot(uint8_t slot[static SLOT_LEN], const uint8_t rk[static KEY_LEN],
               const uint8_t sk_e[static KEY_LEN], const uint8_t space[static ID_LEN],
               const uint8_t shred[static ID_LEN], uint32_t epoch)
{
    uint8_t ad[SLOT_AD_LEN], kcom[HASH_LEN];
    seal_dossier_commit(kcom, rk, shred);
    slot_ad(ad, space, shred, epoch, kcom);
    sealed_put(slot, rk, KEY_LEN, ad, sizeof ad, sk_e);
}

enum err open_slot(uint8_t rk[static KEY_LEN], const uint8_t slot[static SLOT_LEN],
                   const uint8_t sk_e[static KEY_LEN], const uint8_t space[static ID_LEN],
                   const uint8_t shred[static ID_LEN], uint32_t epoch,
                   const uint8_t kcom[static HASH_LEN])
{
    uint8_t ad[SLOT_AD_LEN], actual[HASH_LEN];
    slot_ad(ad, space, shred, epoch, kcom);
    enum err err = sealed_get(rk, slot, SLOT_LEN, ad, sizeof ad, sk_e);
    if (err != ERR_OK)
        return err;
    seal_dossier_commit(actual, rk, shred);
    if (digest_equal(actual, kcom, HASH_LEN))
        return ERR_OK;
    digest_wipe(rk, KEY_LEN);
    return ERR_COMMITMENT;
}

static void wrap_ad(uint8_t ad[static WRAP_AD_LEN], enum seal_key_type type, const uint8_t *space,
                    uint32_t epoch)
{
    memcpy(ad, "passerelle/wrap/v1", 19);
    ad[19] = (uint8_t)type;
    memcpy(ad + 20, space, ID_LEN);
    put_be(ad + 20 + ID_LEN, epoch, 4);
}

void seal_wrap(uint8_t wrap[static WRAP_LEN], const uint8_t old_key[static KEY_LEN],
               const uint8_t new_key[static KEY_LEN], enum seal_key_type type,
               const uint8_t space[static ID_LEN], uint32_t epoch)
{
    uint8_t ad[WRAP_AD_LEN];
    wrap_ad(ad, type, space, epoch);
    sealed_put(wrap, old_key, KEY_LEN, ad, sizeof ad, new_key);
}

enum err open_wrap(uint8_t old_key[static KEY_LEN], const uint8_t wrap[static WRAP_LEN],
                   const uint8_t new_key[static KEY_LEN], enum seal_key_type type,
                   const uint8_t space[static ID_LEN], uint32_t epoch)
{
    uint8_t ad[WRAP_AD_LEN];
    wrap_ad(ad, type, space, epoch);
    return sealed_get(old_key, wrap, WRAP_LEN, ad, sizeof ad, new_key);
}

/* --- to one device --- */

void seal_to_device(uint8_t *out, size_t *out_len, enum seal_type type, const uint8_t *keys,
                    const uint8_t x_pk[static PK_LEN])
{
    size_t len = type == SEAL_MEMBER ? 2 * KEY_LEN : KEY_LEN;
    seal_box_to(out, keys, len, x_pk);
    *out_len = len + crypto_box_SEALBYTES;
}

enum err open_device_seal(uint8_t *keys, enum seal_type type, const uint8_t *seal, size_t len,
                          const uint8_t x_pk[static PK_LEN], const uint8_t x_sk[static KEY_LEN])
{
    if (len != (type == SEAL_MEMBER ? SEAL_MEMBER_LEN : SEAL_AUDITOR_LEN))
        return ERR_CORRUPT;
    return open_box_to(keys, seal, len, x_pk, x_sk);
}

void seal_keypair(uint8_t x_pk[static PK_LEN], uint8_t x_sk[static KEY_LEN],
                  const uint8_t seed[static SEED_LEN])
{
    crypto_box_seed_keypair(x_pk, x_sk, seed);
}

/* A key of low order makes crypto_box_seal fail; such a device gets nothing that it could open (zeroes). */
void seal_box_to(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t x_pk[static PK_LEN])
{
    if (crypto_box_seal(out, plain, len, x_pk) != 0)
        memset(out, 0, len + crypto_box_SEALBYTES);
}

enum err open_box_to(uint8_t *out, const uint8_t *box, size_t len,
                     const uint8_t x_pk[static PK_LEN], const uint8_t x_sk[static KEY_LEN])
{
    if (len < crypto_box_SEALBYTES)
        return ERR_CORRUPT;
    if (crypto_box_seal_open(out, box, len, x_pk, x_sk) == 0)
        return ERR_OK;
    sodium_memzero(out, len - crypto_box_SEALBYTES);
    return ERR_CORRUPT;
}

/* --- one key, one blob --- */

enum { BLOB_AD_MAX = 256 };

static size_t blob_ad(uint8_t out[static BLOB_AD_MAX], const char *tag, const void *ad,
                      size_t ad_len)
{
    size_t tag_len = strlen(tag) + 1;
    assert(tag_len + ad_len <= BLOB_AD_MAX);
    memcpy(out, tag, tag_len);
    if (ad_len)
        memcpy(out + tag_len, ad, ad_len);
    return tag_len + ad_len;
}

void seal_blob(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t key[static KEY_LEN],
               const char *tag, const void *ad, size_t ad_len)
{
    uint8_t full[BLOB_AD_MAX];
    sealed_put(out, plain, len, full, blob_ad(full, tag, ad, ad_len), key);
}

enum err open_blob(uint8_t *out, const uint8_t *blob, size_t len, const uint8_t key[static KEY_LEN],
                   const char *tag, const void *ad, size_t ad_len)
{
    uint8_t full[BLOB_AD_MAX];
    return sealed_get(out, blob, len, full, blob_ad(full, tag, ad, ad_len), key);
}

void seal_name_key(uint8_t key[static KEY_LEN], const uint8_t secret[static SEED_LEN],
                   const uint8_t space[static ID_LEN])
{
    static const char tag[] = "passerelle/name/v1";
    const struct digest_part parts[] = {{tag, sizeof tag}, {space, ID_LEN}};
    digest_keyed(key, KEY_LEN, secret, parts, 2);
}

/* --- padding --- */

enum { PAD_MIN = 32 };

static unsigned log2_floor(size_t v)
{
    unsigned bits = 0;
    while (v >>= 1)
        bits++;
    return bits;
}

size_t seal_padded_len(size_t len)
{
    size_t need = len + 1; /* the marker byte of ISO 7816-4 */
    if (need <= PAD_MIN)
        return PAD_MIN;
    unsigned e = log2_floor(need), s = log2_floor(e) + 1;
    assert(e >= 5 && e > s);
    size_t mask = ((size_t)1 << (e - s)) - 1;
    return (need + mask) & ~mask;
}

void seal_pad(uint8_t *bytes, size_t len, size_t cap)
{
    size_t padded = seal_padded_len(len), got = 0;
    int bad = sodium_pad(&got, bytes, len, padded, cap);
    assert(!bad && got == padded);
}

enum err seal_unpad(size_t *len, const uint8_t *bytes, size_t padded)
{
    if (padded < PAD_MIN || sodium_unpad(len, bytes, padded, padded) != 0)
        return ERR_CORRUPT;
    return ERR_OK;
}

/* --- attachments --- */

enum { STREAM = crypto_secretstream_xchacha20poly1305_ABYTES };
_Static_assert(crypto_secretstream_xchacha20poly1305_KEYBYTES == KEY_LEN, "key");

enum err seal_file(struct buf *out, uint8_t key[static KEY_LEN], const uint8_t *bytes, size_t len)
{
    crypto_secretstream_xchacha20poly1305_state state;
    if (len > ATTACH_MAX)
        return ERR_TOO_BIG;
    crypto_secretstream_xchacha20poly1305_keygen(key);
    uint8_t *head = buf_room(out, crypto_secretstream_xchacha20poly1305_HEADERBYTES);
    if (!head)
        return out->err;
    crypto_secretstream_xchacha20poly1305_init_push(&state, head, key);
    for (size_t at = 0, n; at == 0 || at < len; at += n) {
        n = len - at < ATTACH_CHUNK ? len - at : ATTACH_CHUNK;
        uint8_t *chunk = buf_room(out, n + STREAM);
        if (!chunk)
            return out->err;
        crypto_secretstream_xchacha20poly1305_push(
            &state, chunk, NULL, bytes + at, n, NULL, 0,
            at + n == len ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
        if (len == 0)
            break;
    }
    sodium_memzero(&state, sizeof state);
    return ERR_OK;
}

enum err open_file(struct buf *out, const uint8_t key[static KEY_LEN], const uint8_t *blob,
                   size_t len)
{
    crypto_secretstream_xchacha20poly1305_state state;
    size_t at = crypto_secretstream_xchacha20poly1305_HEADERBYTES, before = out->len;
    unsigned char tag = 0;
    bool good = len > at && crypto_secretstream_xchacha20poly1305_init_pull(&state, blob, key) == 0;
    while (good && at < len) {
        size_t n = len - at < ATTACH_CHUNK + STREAM ? len - at : ATTACH_CHUNK + STREAM;
        uint8_t *chunk = n >= STREAM ? buf_room(out, n - STREAM) : NULL;
        /* Nothing follows the last one, and the last one is there. */
        good = chunk && tag == 0 &&
               crypto_secretstream_xchacha20poly1305_pull(&state, chunk, NULL, &tag, blob + at, n,
                                                          NULL, 0) == 0;
        at += n;
    }
    sodium_memzero(&state, sizeof state);
    if (good && tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL)
        return ERR_OK;
    if (out->len > before)
        digest_wipe(out->bytes + before, out->len - before);
    out->len = before;
    return out->err != ERR_OK ? out->err : ERR_CORRUPT;
}
