/* SPDX-License-Identifier: Apache-2.0
 *
 * proto_test: what the unit tests of proto/ share: cmocka, dice with a fixed seed, errors by name.
 */
#ifndef TESTS_UNIT_PROTO_TEST_H
#define TESTS_UNIT_PROTO_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/digest.h"
#include "proto/err.h"

/* Compares two errors; the names stand in the message. */
#define assert_err(call, expected)                                                                 \
    do {                                                                                           \
        enum err got_ = (call);                                                                    \
        if (got_ != (expected))                                                                    \
            print_error("%s: %s, not %s\n", #call, err_name(got_), err_name(expected));            \
        assert_int_equal(got_, expected);                                                          \
    } while (0)
#define assert_ok(call) assert_err(call, ERR_OK)

/* Anything but ERR_OK. */
#define assert_refused(call)                                                                       \
    do {                                                                                           \
        enum err got_ = (call);                                                                    \
        if (got_ == ERR_OK)                                                                        \
            print_error("%s: accepted\n", #call);                                                  \
        assert_int_not_equal(got_, ERR_OK);                                                        \
    } while (0)

/* xorshift64*: the same numbers on every machine. */
struct dice {
    uint64_t state;
};

static inline uint64_t dice_u64(struct dice *d)
{
    d->state ^= d->state >> 12;
    d->state ^= d->state << 25;
    d->state ^= d->state >> 27;
    return d->state * 0x2545f4914f6cdd1dull;
}

/* 0 .. n - 1 */
static inline size_t dice_below(struct dice *d, size_t n)
{
    return (size_t)((dice_u64(d) >> 16) % n);
}

static inline void dice_fill(struct dice *d, void *out, size_t len)
{
    uint8_t *at = out;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(dice_u64(d) >> 32);
}

/* A copy in memory of exactly `len` bytes, so that a sanitizer sees every read beyond it. */
static inline uint8_t *exact_copy(const void *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

/* Bytes against lower-case hex. */
static inline bool is_hex(const void *bytes, size_t len, const char *hex)
{
    const uint8_t *at = bytes;
    char pair[3];
    for (size_t i = 0; i < len; i++) {
        snprintf(pair, sizeof pair, "%02x", at[i]);
        if (strncmp(hex + 2 * i, pair, 2) != 0)
            return false;
    }
    return hex[2 * len] == '\0';
}

/* 0, 1, 2, ... from `first` on. */
static inline void count_up(uint8_t *out, size_t len, uint8_t first)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(first + i);
}

static inline int proto_setup(void **state)
{
    (void)state;
    return digest_init() == ERR_OK ? 0 : -1;
}

#endif
