/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/unlock.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "proto/digest.h"

enum {
    VERSION = 1,
    OPEN_LEN = UNLOCK_FIXED_LEN - NONCE_LEN, /* what stands before the nonce and is authenticated */
    SECRETS_LEN = SEED_LEN + SEED_LEN + KEY_LEN
};

/* The readable part of a header. */
struct head {
    struct unlock_key key; /* without uk */
    uint8_t flags;
    uint8_t device[ID_LEN];
};

static_assert(UNLOCK_SALT_LEN == crypto_pwhash_argon2id_SALTBYTES, "salt");
static_assert((int)NONCE_LEN == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
static_assert((int)TAG_LEN == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");

/* A step less of memory must be paid with a pass more. */
static bool is_cost_enough(const struct unlock_cost *cost)
{
    if (cost->t > UNLOCK_T_MAX || cost->m_kib > UNLOCK_M_KIB_MAX)
        return false;
    return (cost->t >= UNLOCK_T && cost->m_kib >= UNLOCK_M_KIB) ||
           (cost->t >= UNLOCK_FLOOR_T && cost->m_kib >= UNLOCK_FLOOR_M_KIB);
}

void unlock_key_new(struct unlock_key *key, const struct unlock_cost *cost)
{
    *key = (struct unlock_key){.cost = *cost};
    digest_random(key->salt, sizeof key->salt);
}

enum err unlock_stretch(struct unlock_key *key, const char *pass, size_t pass_len)
{
    if (!is_cost_enough(&key->cost))
        return ERR_USAGE;
    size_t memory = (size_t)key->cost.m_kib * 1024;
    if (crypto_pwhash(key->uk, sizeof key->uk, pass, pass_len, key->salt, key->cost.t, memory,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return ERR_MEMORY;
    return ERR_OK;
}

static void derive_kek(uint8_t kek[static KEY_LEN], const struct unlock_key *key,
                       const uint8_t device[static ID_LEN], const uint8_t *hk)
{
    static const char tag[] = "passerelle/kek/v1";
    static const uint8_t no_hardware[KEY_LEN];
    const struct digest_part parts[] = {
        {tag, sizeof tag}, {hk ? hk : no_hardware, KEY_LEN}, {device, ID_LEN}};
    digest_keyed(kek, KEY_LEN, key->uk, parts, 3);
}

static void put_head(struct buf *out, const struct head *head)
{
    buf_u8(out, VERSION);
    buf_put(out, head->key.salt, UNLOCK_SALT_LEN);
    buf_u32be(out, head->key.cost.t);
    buf_u32be(out, head->key.cost.m_kib);
    buf_u8(out, head->flags);
    buf_put(out, head->device, ID_LEN);
}

static uint32_t get_u32be(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* `bytes` holds at least UNLOCK_FIXED_LEN; the version was looked at. */
static void get_head(struct head *head, const uint8_t *bytes)
{
    const uint8_t *at = bytes + 1;
    memcpy(head->key.salt, at, UNLOCK_SALT_LEN);
    at += UNLOCK_SALT_LEN;
    head->key.cost.t = get_u32be(at);
    head->key.cost.m_kib = get_u32be(at + 4);
    head->flags = at[8];
    memcpy(head->device, at + 9, ID_LEN);
}

static void join_secrets(uint8_t *plain, const struct unlock_secrets *secrets)
{
    memcpy(plain, secrets->ed_seed, SEED_LEN);
    memcpy(plain + SEED_LEN, secrets->x_seed, SEED_LEN);
    memcpy(plain + 2 * SEED_LEN, secrets->db_key, KEY_LEN);
}

static void split_secrets(struct unlock_secrets *secrets, const uint8_t *plain)
{
    memcpy(secrets->ed_seed, plain, SEED_LEN);
    memcpy(secrets->x_seed, plain + SEED_LEN, SEED_LEN);
    memcpy(secrets->db_key, plain + 2 * SEED_LEN, KEY_LEN);
}

enum err unlock_seal_key(struct buf *out, const struct unlock_secrets *secrets,
                         const uint8_t *extra, size_t extra_len,
                         const uint8_t device[static ID_LEN], const struct unlock_key *key,
                         const uint8_t *hk)
{
    enum err err = ERR_OK;
    struct head head = {.key = *key, .flags = hk ? 0 : UNLOCK_NO_HARDWARE};
    struct buf header = {.max = UNLOCK_FIXED_LEN};
    uint8_t kek[KEY_LEN] = {0};
    uint8_t *plain = NULL;
    size_t plain_len = SECRETS_LEN + extra_len;
    if (!is_cost_enough(&key->cost) || extra_len > UNLOCK_EXTRA_MAX)
        TRY(ERR_USAGE);
    memcpy(head.device, device, ID_LEN);
    derive_kek(kek, key, device, hk);

    put_head(&header, &head);
    uint8_t *nonce = buf_room(&header, NONCE_LEN);
    TRY(header.err);
    digest_random(nonce, NONCE_LEN);
    plain = digest_secret_new(plain_len);
    if (!plain)
        TRY(ERR_MEMORY);
    join_secrets(plain, secrets);
    if (extra_len > 0)
        memcpy(plain + SECRETS_LEN, extra, extra_len);
    buf_put(out, header.bytes, header.len);
    uint8_t *sealed = buf_room(out, plain_len + TAG_LEN);
    TRY(out->err);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, NULL, plain, plain_len, header.bytes,
                                               OPEN_LEN, NULL, nonce, kek);
out:
    digest_wipe(&head, sizeof head);
    digest_wipe(kek, sizeof kek);
    digest_secret_free(plain);
    buf_free(&header);
    return err;
}

enum err unlock_seal(struct buf *out, const struct unlock_secrets *secrets, const uint8_t *extra,
                     size_t extra_len, const uint8_t device[static ID_LEN], const char *pass,
                     size_t pass_len, const uint8_t *hk, const struct unlock_cost *cost)
{
    struct unlock_key key;
    unlock_key_new(&key, cost);
    enum err err = unlock_stretch(&key, pass, pass_len);
    if (err == ERR_OK)
        err = unlock_seal_key(out, secrets, extra, extra_len, device, &key, hk);
    digest_wipe(&key, sizeof key);
    return err;
}

/* What can be judged before the expensive step. */
static enum err check_head(const uint8_t *header, size_t len, struct head *head)
{
    if (len == 0)
        return ERR_FORMAT;
    if (header[0] != VERSION)
        return ERR_VERSION;
    size_t least = UNLOCK_FIXED_LEN + SECRETS_LEN + TAG_LEN;
    if (len < least || len > least + UNLOCK_EXTRA_MAX)
        return ERR_FORMAT;
    get_head(head, header);
    if (head->flags & ~(unsigned)UNLOCK_NO_HARDWARE)
        return ERR_VERSION;
    return is_cost_enough(&head->key.cost) ? ERR_OK : ERR_FORMAT;
}

enum err unlock_key_of(struct unlock_key *key, const uint8_t *header, size_t len)
{
    struct head head = {0};
    enum err err = check_head(header, len, &head);
    if (err == ERR_OK)
        *key = head.key;
    return err;
}

static bool is_for(const struct unlock_key *key, const struct unlock_key *header)
{
    return memcmp(key->salt, header->salt, sizeof key->salt) == 0 &&
           key->cost.t == header->cost.t && key->cost.m_kib == header->cost.m_kib;
}

enum err unlock_open_key(struct unlock_secrets *secrets, struct buf *extra,
                         uint8_t device[static ID_LEN], const uint8_t *header, size_t len,
                         const struct unlock_key *key, const uint8_t *hk)
{
    enum err err = ERR_OK;
    struct head head = {0};
    uint8_t kek[KEY_LEN] = {0};
    uint8_t *plain = NULL;
    TRY(check_head(header, len, &head));
    bool needs_hk = !(head.flags & UNLOCK_NO_HARDWARE);
    if ((needs_hk && !hk) || !is_for(key, &head.key))
        TRY(ERR_PASSPHRASE);
    derive_kek(kek, key, head.device, needs_hk ? hk : NULL);

    const uint8_t *sealed = header + UNLOCK_FIXED_LEN;
    size_t sealed_len = len - UNLOCK_FIXED_LEN;
    plain = digest_secret_new(sealed_len - TAG_LEN);
    if (!plain)
        TRY(ERR_MEMORY);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed, sealed_len, header,
                                                   OPEN_LEN, header + OPEN_LEN, kek) != 0)
        TRY(ERR_PASSPHRASE);
    buf_put(extra, plain + SECRETS_LEN, sealed_len - TAG_LEN - SECRETS_LEN);
    TRY(extra->err);
    split_secrets(secrets, plain);
    memcpy(device, head.device, ID_LEN);
out:
    digest_wipe(kek, sizeof kek);
    digest_secret_free(plain);
    return err;
}

enum err unlock_open(struct unlock_secrets *secrets, struct buf *extra,
                     uint8_t device[static ID_LEN], const uint8_t *header, size_t len,
                     const char *pass, size_t pass_len, const uint8_t *hk)
{
    struct head head = {0};
    enum err err = check_head(header, len, &head);
    /* What is missing shows before the expensive step. */
    if (err == ERR_OK && !(head.flags & UNLOCK_NO_HARDWARE) && !hk)
        err = ERR_PASSPHRASE;
    if (err == ERR_OK)
        err = unlock_stretch(&head.key, pass, pass_len);
    if (err == ERR_OK)
        err = unlock_open_key(secrets, extra, device, header, len, &head.key, hk);
    digest_wipe(&head, sizeof head);
    return err;
}
