/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what was compressed comes back, whatever it was; hostile bytes cost no memory beyond the
 * announced limit and never more than an error; and the dictionary is worth its place.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/code.h"
#include "proto/compress.h"
#include "proto/dictionary_1.h"
#include "proto/digest.h"
#include "proto/limits.h"
#include "proto/wire.h"

enum { STORED = 0, FRAME = 1 };

static void check_ok(enum err err)
{
    assert_string_equal(err_name(err), err_name(ERR_OK));
}

static uint64_t dice_state = 1;

static uint8_t dice(void)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (uint8_t)(dice_state >> 56);
}

/* Dictionary 1 is part of the format: this hash never changes. */
static void test_dictionary(void **state)
{
    uint8_t hash[HASH_LEN];
    char text[2 * HASH_LEN + 1];
    (void)state;
    digest_sha256_of(hash, dictionary_1_bytes, DICTIONARY_1_LEN);
    code_hex(text, hash, HASH_LEN);
    assert_string_equal(text, "8292baac6534de82ff8df1d3b38d98a99c9d9ad4aa20c3f5a3e722419bf0935b");
}

/* The digested dictionaries are made by whoever comes first; others may come at the same time. */
static void *use_dictionary(void *state)
{
    static const char text[] =
        "rendez-vous avec la conseillère France Travail, prochain rendez-vous";
    struct buf packed = {.max = 1000};
    struct buf back = {.max = 1000};
    bool *good = state;
    compress_put(&packed, (const uint8_t *)text, sizeof text);
    *good = packed.err == ERR_OK && packed.len < sizeof text &&
            compress_get(&back, packed.bytes, packed.len, sizeof text) == ERR_OK &&
            back.len == sizeof text && memcmp(back.bytes, text, sizeof text) == 0;
    buf_free(&packed);
    buf_free(&back);
    return NULL;
}

static void test_threads(void **state)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    bool good[THREADS] = {false};
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_dictionary, &good[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(good[i]);
    }
}

enum content { RANDOM, ZERO, TEXT, CONTENTS };

static void fill(uint8_t *bytes, size_t len, enum content content)
{
    static const char words[] =
        "la personne souhaite travailler le matin, rendez-vous a la mairie; ";
    for (size_t i = 0; i < len; i++) {
        if (content == RANDOM)
            bytes[i] = dice();
        else if (content == ZERO)
            bytes[i] = 0;
        else
            bytes[i] = (uint8_t)(dice() % 16 ? words[i % (sizeof words - 1)] : 'a' + dice() % 26);
    }
}

/* Returns how long the compressed form is. */
static size_t round_trip(const uint8_t *bytes, size_t len)
{
    struct buf packed = {.max = 2 * PLAIN_MAX};
    struct buf back = {.max = 2 * PLAIN_MAX};
    compress_put(&packed, bytes, len);
    check_ok(packed.err);
    assert_true(packed.len <= len + 1);
    check_ok(compress_get(&back, packed.bytes, packed.len, len));
    assert_int_equal(back.len, len);
    if (len > 0) {
        assert_memory_equal(back.bytes, bytes, len);
        /* One byte less of room is refused, before anything is written. */
        buf_free(&back);
        assert_int_equal(compress_get(&back, packed.bytes, packed.len, len - 1), ERR_TOO_BIG);
        assert_int_equal(back.len, 0);
    }
    size_t packed_len = packed.len;
    buf_free(&packed);
    buf_free(&back);
    return packed_len;
}

static void test_round_trip(void **state)
{
    static const size_t larger[] = {1000,   4096,    32767,   32768,     32769,        65535,
                                    65536,  131071,  131072,  131073,    262144,       524288,
                                    524289, 1 << 20, 2000003, PLAIN_MAX, PLAIN_MAX + 1};
    uint8_t *bytes = malloc(PLAIN_MAX + 1);
    (void)state;
    assert_non_null(bytes);
    for (int content = RANDOM; content < CONTENTS; content++) {
        for (size_t len = 0; len <= 300; len++) {
            fill(bytes, len, (enum content)content);
            size_t packed_len = round_trip(bytes, len);
            if (content == RANDOM)
                assert_int_equal(packed_len, len + 1);
            if (content == ZERO && len >= 40)
                assert_true(packed_len < len / 2);
        }
        for (size_t i = 0; i < sizeof larger / sizeof *larger; i++) {
            /* Random data of this size only shows that it is stored; the sizes vary enough. */
            if (content != ZERO && larger[i] > 600000)
                continue;
            fill(bytes, larger[i], (enum content)content);
            size_t packed_len = round_trip(bytes, larger[i]);
            if (content != RANDOM && larger[i] <= PLAIN_MAX)
                assert_true(packed_len < larger[i]);
        }
    }
    free(bytes);
}

/* A box as change.h makes it: five small changes in words that trained nothing. */
static void make_box(struct buf *box)
{
    static const char *const values[] = {"Numéro de permis illisible", "2031-11-24",
                                         "Zoé veut voir un atelier", "identifie", "+33699887766"};
    wire_put_array(box, 2);
    wire_put_array(box, 0);
    wire_put_array(box, 20);
    for (unsigned i = 0; i < 5; i++) {
        wire_put_uint(box, 3);
        wire_put_uint(box, 0);
        wire_put_uint(box, 17 + i);
        wire_put_str(box, values[i], strlen(values[i]));
    }
    check_ok(box->err);
}

static void test_worth(void **state)
{
    struct buf box = {.max = 1 << 16};
    struct buf packed = {.max = 1 << 16};
    (void)state;
    make_box(&box);
    compress_put(&packed, box.bytes, box.len);
    check_ok(packed.err);
    assert_int_equal(packed.bytes[0], FRAME);
    assert_true(packed.len * 5 <= box.len * 4);
    buf_free(&box);
    buf_free(&packed);
}

static void put_size(struct buf *out, unsigned width_bits, uint64_t size)
{
    static const unsigned widths[] = {1, 2, 4, 8};
    buf_u8(out, FRAME);
    buf_u8(out, (uint8_t)(width_bits << 6 | 0x20));
    if (width_bits == 1)
        size -= 256;
    for (unsigned i = 0; i < widths[width_bits]; i++)
        buf_u8(out, (uint8_t)(size >> (8 * i)));
}

/* Announced sizes beyond the limit are refused before any memory is taken for them. */
static void test_huge_sizes(void **state)
{
    static const uint64_t sizes[] = {65537,          1 << 30,   UINT32_MAX, (uint64_t)1 << 40,
                                     UINT64_MAX - 1, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (unsigned width = sizes[i] > UINT32_MAX ? 3 : 2; width < 4; width++) {
            struct buf frame = {.max = 100};
            struct buf out = {.max = 65536};
            put_size(&frame, width, sizes[i]);
            buf_put(&frame, "\x02\x00\x00\x61", 4);
            assert_int_equal(compress_get(&out, frame.bytes, frame.len, 65536), ERR_TOO_BIG);
            assert_int_equal(out.cap, 0);
            buf_free(&frame);
        }
    }
    /* Within the limit, but not what follows: nothing is left in the buffer. */
    struct buf frame = {.max = 100};
    struct buf out = {.max = 65536};
    buf_put(&out, "before", 6);
    put_size(&frame, 2, 65530);
    buf_put(&frame, "\x09\x00\x00\x61", 4);
    assert_int_equal(compress_get(&out, frame.bytes, frame.len, 65530), ERR_CORRUPT);
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.bytes, "before", 6);
    buf_free(&frame);
    buf_free(&out);
}

/* Each header that zstd knows and we do not write. */
static void test_other_headers(void **state)
{
    struct buf box = {.max = 1 << 16};
    struct buf packed = {.max = 1 << 16};
    struct buf out = {.max = 1 << 16};
    (void)state;
    make_box(&box);
    compress_put(&packed, box.bytes, box.len);
    check_ok(packed.err);
    uint8_t descriptor = packed.bytes[1];
    assert_int_equal(descriptor, 0x20);
    for (unsigned other = 0; other < 256; other++) {
        packed.bytes[1] = (uint8_t)other;
        enum err err = compress_get(&out, packed.bytes, packed.len, 1 << 16);
        if (other == descriptor)
            check_ok(err);
        else
            assert_true(err == ERR_CORRUPT || err == ERR_TOO_BIG);
        buf_reset(&out);
    }
    packed.bytes[1] = descriptor;

    for (unsigned method = 2; method < 256; method++) {
        packed.bytes[0] = (uint8_t)method;
        assert_int_equal(compress_get(&out, packed.bytes, packed.len, 1 << 16), ERR_VERSION);
    }
    packed.bytes[0] = FRAME;
    assert_int_equal(compress_get(&out, packed.bytes, 0, 1 << 16), ERR_CORRUPT);

    /* A second frame, or a single byte, behind the first. */
    size_t len = packed.len;
    buf_u8(&packed, 0);
    assert_int_equal(compress_get(&out, packed.bytes, packed.len, 1 << 16), ERR_CORRUPT);
    packed.len = len;
    buf_put(&packed, "\x28\xb5\x2f\xfd\x20\x01\x09\x00\x00\x61", 10);
    assert_int_equal(compress_get(&out, packed.bytes, packed.len, 1 << 16), ERR_CORRUPT);
    packed.len = len;
    check_ok(compress_get(&out, packed.bytes, packed.len, 1 << 16));
    buf_free(&box);
    buf_free(&packed);
    buf_free(&out);
}

/* Sealing notices altered bytes; here they must only do no harm. */
static void test_altered(void **state)
{
    struct buf box = {.max = 1 << 16};
    struct buf packed = {.max = 1 << 16};
    (void)state;
    make_box(&box);
    compress_put(&packed, box.bytes, box.len);
    for (size_t len = 0; len < packed.len; len++) {
        struct buf out = {.max = 1 << 16};
        assert_int_not_equal(compress_get(&out, packed.bytes, len, 1 << 16), ERR_OK);
        assert_int_equal(out.len, 0);
        buf_free(&out);
    }
    for (size_t i = 0; i < 20000; i++) {
        struct buf out = {.max = 1 << 16};
        size_t at = i < 8 * packed.len ? i / 8 : (size_t)(dice() << 8 | dice()) % packed.len;
        uint8_t kept = packed.bytes[at];
        packed.bytes[at] ^= (uint8_t)(i < 8 * packed.len ? 1 << i % 8 : dice() | 1);
        if (compress_get(&out, packed.bytes, packed.len, 1000) == ERR_OK)
            assert_true(out.len <= 1000);
        else
            assert_int_equal(out.len, 0);
        packed.bytes[at] = kept;
        buf_free(&out);
    }
    buf_free(&box);
    buf_free(&packed);
}

static void test_sticky(void **state)
{
    struct buf out = {.max = 10};
    uint8_t bytes[100];
    (void)state;
    fill(bytes, sizeof bytes, RANDOM);
    compress_put(&out, bytes, sizeof bytes);
    assert_int_equal(out.err, ERR_TOO_BIG);
    buf_free(&out);
    /* Room for the announced size is the caller's decision. */
    struct buf packed = {.max = 1000};
    fill(bytes, sizeof bytes, ZERO);
    compress_put(&packed, bytes, sizeof bytes);
    assert_int_equal(compress_get(&out, packed.bytes, packed.len, sizeof bytes), ERR_TOO_BIG);
    assert_int_equal(out.len, 0);
    buf_free(&packed);
    buf_free(&out);
}

static void frozen_frame(void **state)
{
    (void)state;
    /* tests/vectors/compress.json: what was written once stays readable. */
    static const char hex[] =
        "01208d45010048526c61632c686c652e0afc28c6c9eeb079eebd4a2cd3f781ae16d600bce653402a8157"
        "799d1e0c";
    static const char text[] =
        "Rencontre sur le site, la personne cherche un emploi, rendez-vous avec l'entreprise "
        "la semaine prochaine, rendez-vous avec la mission locale.";
    uint8_t frame[(sizeof hex - 1) / 2];
    struct buf out = {0};
    assert_int_equal(code_unhex(frame, sizeof frame, hex, sizeof hex - 1), ERR_OK);
    assert_int_equal(compress_get(&out, frame, sizeof frame, 1000), ERR_OK);
    assert_int_equal(out.len, sizeof text - 1);
    assert_memory_equal(out.bytes, text, out.len);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_frame),
        cmocka_unit_test(test_threads), /* first: nobody may have made them yet */
        cmocka_unit_test(test_dictionary),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_worth),
        cmocka_unit_test(test_huge_sizes),
        cmocka_unit_test(test_other_headers),
        cmocka_unit_test(test_altered),
        cmocka_unit_test(test_sticky),
    };
    return digest_init() == ERR_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
