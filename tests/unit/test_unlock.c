/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the right passphrase opens a key header and nothing else does; no bit of it can be changed,
 * and nobody can make it cheaper to guess.
 *
 * The work of Argon2id is what makes it good and a test of 1,500 openings slow. This program
 * therefore puts itself before crypto_pwhash: most tests get a cheap stand-in that also depends on
 * every argument; those on the real function turn it off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/digest.h"
#include "proto/unlock.h"

static bool is_cheap = true;
static bool is_out_of_memory;

int crypto_pwhash(unsigned char *const out, unsigned long long outlen, const char *const passwd,
                  unsigned long long passwdlen, const unsigned char *const salt,
                  unsigned long long opslimit, size_t memlimit, int alg)
{
    if (is_out_of_memory)
        return -1;
    if (!is_cheap)
        return crypto_pwhash_argon2id(out, outlen, passwd, passwdlen, salt, opslimit, memlimit,
                                      alg);
    assert_int_equal(alg, crypto_pwhash_ALG_ARGON2ID13);
    const struct digest_part parts[] = {{salt, crypto_pwhash_SALTBYTES},
                                        {&opslimit, sizeof opslimit},
                                        {&memlimit, sizeof memlimit},
                                        {passwd, (size_t)passwdlen}};
    digest_keyed(out, (size_t)outlen, NULL, parts, 4);
    return 0;
}

static const struct unlock_cost ordinary = {UNLOCK_T, UNLOCK_M_KIB};
static const struct unlock_cost least = {UNLOCK_FLOOR_T, UNLOCK_FLOOR_M_KIB};
static const uint8_t device[ID_LEN] = "the-device-of-me";
static const char pass[] = "carotte velours tandem ricochet";
static const uint8_t hardware[KEY_LEN] = {9, 8, 7};

static void check_ok(enum err err)
{
    assert_string_equal(err_name(err), err_name(ERR_OK));
}

static struct unlock_secrets some_secrets(void)
{
    struct unlock_secrets secrets;
    for (size_t i = 0; i < SEED_LEN; i++) {
        secrets.ed_seed[i] = (uint8_t)(3 * i);
        secrets.x_seed[i] = (uint8_t)(5 * i + 1);
        secrets.db_key[i] = (uint8_t)(7 * i + 2);
    }
    return secrets;
}

static struct buf seal(const char *extra, const uint8_t *hk, const struct unlock_cost *cost)
{
    struct buf out = {.max = 1 << 20};
    struct unlock_secrets secrets = some_secrets();
    check_ok(unlock_seal(&out, &secrets, (const uint8_t *)extra, strlen(extra), device, pass,
                         strlen(pass), hk, cost));
    assert_int_equal(out.len, UNLOCK_FIXED_LEN + 96 + strlen(extra) + TAG_LEN);
    return out;
}

static enum err open_with(const struct buf *header, const char *words, const uint8_t *hk,
                          const char *extra)
{
    struct unlock_secrets secrets = {.db_key = {1}};
    struct unlock_secrets expected = some_secrets();
    struct buf rest = {.max = 1 << 17};
    uint8_t who[ID_LEN] = {0};
    enum err err =
        unlock_open(&secrets, &rest, who, header->bytes, header->len, words, strlen(words), hk);
    if (err == ERR_OK) {
        assert_memory_equal(&secrets, &expected, sizeof secrets);
        assert_memory_equal(who, device, ID_LEN);
        assert_int_equal(rest.len, strlen(extra));
        if (rest.len > 0)
            assert_memory_equal(rest.bytes, extra, rest.len);
    } else {
        static const uint8_t zero[ID_LEN];
        assert_int_equal(rest.len, 0);
        assert_int_equal(secrets.db_key[0], 1);
        assert_memory_equal(who, zero, ID_LEN);
    }
    buf_free(&rest);
    return err;
}

/* With the real function, at both costs that programs use. */
static void test_real(void **state)
{
    (void)state;
    is_cheap = false;
    struct buf header = seal("", NULL, &ordinary);
    check_ok(open_with(&header, pass, NULL, ""));
    assert_int_equal(open_with(&header, "carotte velours tandem ricochets", NULL, ""),
                     ERR_PASSPHRASE);
    buf_free(&header);
    header = seal("checkpoints", hardware, &least);
    check_ok(open_with(&header, pass, hardware, "checkpoints"));
    assert_int_equal(open_with(&header, "", hardware, "checkpoints"), ERR_PASSPHRASE);
    buf_free(&header);
    is_cheap = true;
}

/* The bytes as the header file describes them, put together once more. */
static void test_form(void **state)
{
    struct buf header = seal("abc", hardware, &ordinary);
    static const uint8_t fields[] = {0, 0, 0, 3, 0, 1, 0, 0, 0};
    uint8_t uk[KEY_LEN];
    uint8_t kek[KEY_LEN];
    uint8_t plain[96 + 3];
    (void)state;
    assert_int_equal(header.bytes[0], 1);
    assert_memory_equal(header.bytes + 17, fields, sizeof fields);
    assert_memory_equal(header.bytes + 26, device, ID_LEN);

    int bad = crypto_pwhash(uk, sizeof uk, pass, strlen(pass), header.bytes + 1, 3, 65536 * 1024,
                            crypto_pwhash_ALG_ARGON2ID13);
    crypto_generichash_state st;
    bad |= crypto_generichash_init(&st, uk, sizeof uk, sizeof kek);
    bad |= crypto_generichash_update(&st, (const uint8_t *)"passerelle/kek/v1", 18);
    bad |= crypto_generichash_update(&st, hardware, KEY_LEN);
    bad |= crypto_generichash_update(&st, device, ID_LEN);
    bad |= crypto_generichash_final(&st, kek, sizeof kek);
    bad |= crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, header.bytes + 66,
                                                      header.len - 66, header.bytes, 42,
                                                      header.bytes + 42, kek);
    assert_int_equal(bad, 0);
    struct unlock_secrets expected = some_secrets();
    assert_memory_equal(plain, &expected, sizeof expected);
    assert_memory_equal(plain + 96, "abc", 3);
    buf_free(&header);
}

static void test_every_bit(void **state)
{
    (void)state;
    for (int hk = 0; hk < 2; hk++) {
        struct buf header = seal("last checkpoints", hk ? hardware : NULL, &ordinary);
        for (size_t bit = 0; bit < 8 * header.len; bit++) {
            header.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_not_equal(open_with(&header, pass, hk ? hardware : NULL, ""), ERR_OK);
            assert_int_not_equal(open_with(&header, pass, hk ? NULL : hardware, ""), ERR_OK);
            header.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        size_t whole = header.len;
        for (header.len = 0; header.len < whole; header.len++)
            assert_int_not_equal(open_with(&header, pass, hk ? hardware : NULL, ""), ERR_OK);
        buf_u8(&header, 0);
        assert_int_equal(open_with(&header, pass, hk ? hardware : NULL, ""), ERR_PASSPHRASE);
        header.len = whole;
        check_ok(open_with(&header, pass, hk ? hardware : NULL, "last checkpoints"));
        buf_free(&header);
    }
}

static void test_passphrases(void **state)
{
    struct buf header = seal("x", NULL, &least);
    struct buf again = seal("x", NULL, &least);
    (void)state;
    static const char *const wrong[] = {"", "carotte velours tandem ricoche",
                                        "Carotte velours tandem ricochet",
                                        "carotte velours tandem ricochet "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(open_with(&header, wrong[i], NULL, "x"), ERR_PASSPHRASE);
    check_ok(open_with(&header, pass, NULL, "x"));
    /* Salt and nonce are drawn each time. */
    assert_memory_not_equal(header.bytes + 1, again.bytes + 1, UNLOCK_SALT_LEN);
    assert_memory_not_equal(header.bytes + 42, again.bytes + 42, NONCE_LEN);
    buf_free(&header);
    buf_free(&again);
}

static void test_hardware(void **state)
{
    uint8_t other[KEY_LEN];
    struct buf header = seal("", hardware, &ordinary);
    (void)state;
    memcpy(other, hardware, KEY_LEN);
    other[31] ^= 1;
    check_ok(open_with(&header, pass, hardware, ""));
    assert_int_equal(open_with(&header, pass, other, ""), ERR_PASSPHRASE);
    assert_int_equal(open_with(&header, pass, NULL, ""), ERR_PASSPHRASE);
    buf_free(&header);
    /* A header without hardware opens on a phone that has some. */
    header = seal("", NULL, &ordinary);
    check_ok(open_with(&header, pass, hardware, ""));
    buf_free(&header);
}

static void set_cost(struct buf *header, struct unlock_cost cost)
{
    for (unsigned i = 0; i < 4; i++) {
        header->bytes[17 + i] = (uint8_t)(cost.t >> (24 - 8 * i));
        header->bytes[21 + i] = (uint8_t)(cost.m_kib >> (24 - 8 * i));
    }
}

static void test_costs(void **state)
{
    static const struct {
        struct unlock_cost cost;
        bool good;
    } rows[] = {
        {{UNLOCK_T, UNLOCK_M_KIB}, true},
        {{UNLOCK_FLOOR_T, UNLOCK_FLOOR_M_KIB}, true},
        {{UNLOCK_FLOOR_T, UNLOCK_M_KIB - 1}, true},
        {{UNLOCK_T_MAX, UNLOCK_M_KIB_MAX}, true},
        {{UNLOCK_T - 1, UNLOCK_M_KIB}, false},
        {{UNLOCK_T, UNLOCK_M_KIB - 1}, false},
        {{UNLOCK_T, UNLOCK_FLOOR_M_KIB}, false},
        {{UNLOCK_FLOOR_T, UNLOCK_FLOOR_M_KIB - 1}, false},
        {{UNLOCK_T_MAX, 8}, false},
        {{1, UNLOCK_M_KIB_MAX}, false},
        {{0, 0}, false},
        {{UNLOCK_T_MAX + 1, UNLOCK_M_KIB}, false},
        {{UNLOCK_T, UNLOCK_M_KIB_MAX + 1}, false},
        {{UINT32_MAX, UINT32_MAX}, false},
    };
    struct unlock_secrets secrets = some_secrets();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out = {.max = 1 << 16};
        enum err err =
            unlock_seal(&out, &secrets, NULL, 0, device, pass, strlen(pass), NULL, &rows[i].cost);
        assert_int_equal(err, rows[i].good ? ERR_OK : ERR_USAGE);
        if (rows[i].good)
            check_ok(open_with(&out, pass, NULL, ""));
        else
            assert_int_equal(out.len, 0);
        buf_free(&out);

        /* A header that claims it is refused before the work begins, or does not open. */
        struct buf header = seal("", NULL, &ordinary);
        set_cost(&header, rows[i].cost);
        err = open_with(&header, pass, NULL, "");
        if (!rows[i].good)
            assert_int_equal(err, ERR_FORMAT);
        else
            assert_int_equal(err, i == 0 ? ERR_OK : ERR_PASSPHRASE);
        buf_free(&header);
    }
}

static void test_versions_and_lengths(void **state)
{
    struct buf header = seal("", NULL, &ordinary);
    (void)state;
    for (unsigned version = 0; version < 256; version++) {
        header.bytes[0] = (uint8_t)version;
        enum err err = open_with(&header, pass, NULL, "");
        assert_int_equal(err, version == 1 ? ERR_OK : ERR_VERSION);
    }
    header.bytes[0] = 1;
    for (unsigned flags = 2; flags < 256; flags++) {
        header.bytes[25] = (uint8_t)flags;
        assert_int_equal(open_with(&header, pass, NULL, ""), ERR_VERSION);
    }
    buf_free(&header);

    uint8_t *extra = calloc(1, UNLOCK_EXTRA_MAX + 1);
    struct unlock_secrets secrets = some_secrets();
    struct buf rest = {.max = 1 << 20};
    uint8_t who[ID_LEN];
    assert_non_null(extra);
    check_ok(unlock_seal(&header, &secrets, extra, UNLOCK_EXTRA_MAX, device, pass, strlen(pass),
                         NULL, &ordinary));
    check_ok(unlock_open(&secrets, &rest, who, header.bytes, header.len, pass, strlen(pass), NULL));
    assert_int_equal(rest.len, UNLOCK_EXTRA_MAX);
    buf_u8(&header, 0);
    assert_int_equal(
        unlock_open(&secrets, &rest, who, header.bytes, header.len, pass, strlen(pass), NULL),
        ERR_FORMAT);
    assert_int_equal(unlock_seal(&header, &secrets, extra, UNLOCK_EXTRA_MAX + 1, device, pass,
                                 strlen(pass), NULL, &ordinary),
                     ERR_USAGE);
    free(extra);
    buf_free(&rest);
    buf_free(&header);
}

static void test_out_of_memory(void **state)
{
    struct buf header = seal("", NULL, &ordinary);
    struct buf out = {.max = 1000};
    struct unlock_secrets secrets = some_secrets();
    (void)state;
    is_out_of_memory = true;
    assert_int_equal(open_with(&header, pass, NULL, ""), ERR_MEMORY);
    assert_int_equal(
        unlock_seal(&out, &secrets, NULL, 0, device, pass, strlen(pass), NULL, &ordinary),
        ERR_MEMORY);
    is_out_of_memory = false;
    assert_int_equal(out.len, 0);
    buf_free(&header);
    /* A buffer that is too small for the header says so. */
    out.max = 100;
    assert_int_equal(
        unlock_seal(&out, &secrets, NULL, 0, device, pass, strlen(pass), NULL, &ordinary),
        ERR_TOO_BIG);
    buf_free(&out);
}

/* A passphrase that was stretched beforehand opens and makes the same headers; one for another header opens nothing. */
static void test_stretched(void **state)
{
    struct unlock_secrets secrets = some_secrets(), opened = {0};
    struct buf header = seal("x", NULL, &ordinary), other = {.max = 1 << 12}, rest = {.max = 64};
    struct unlock_key key = {0}, fresh;
    uint8_t who[ID_LEN];
    (void)state;
    assert_int_equal(unlock_key_of(&key, header.bytes, 20), ERR_FORMAT);
    check_ok(unlock_key_of(&key, header.bytes, header.len));
    assert_int_equal(key.cost.m_kib, ordinary.m_kib);
    check_ok(unlock_stretch(&key, pass, strlen(pass)));
    check_ok(unlock_open_key(&opened, &rest, who, header.bytes, header.len, &key, NULL));
    assert_memory_equal(&opened, &secrets, sizeof secrets);

    unlock_key_new(&fresh, &least);
    assert_memory_not_equal(fresh.salt, key.salt, sizeof key.salt);
    check_ok(unlock_stretch(&fresh, pass, strlen(pass)));
    check_ok(unlock_seal_key(&other, &secrets, NULL, 0, device, &fresh, NULL));
    check_ok(open_with(&other, pass, NULL, ""));
    assert_int_equal(unlock_open_key(&opened, &rest, who, other.bytes, other.len, &key, NULL),
                     ERR_PASSPHRASE);
    fresh.cost.t = 1;
    assert_int_equal(unlock_stretch(&fresh, pass, strlen(pass)), ERR_USAGE);
    buf_free(&header);
    buf_free(&other);
    buf_free(&rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_passphrases),
        cmocka_unit_test(test_hardware),
        cmocka_unit_test(test_costs),
        cmocka_unit_test(test_versions_and_lengths),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_stretched),
    };
    return digest_init() == ERR_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
