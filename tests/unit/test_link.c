/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: a link survives being printed, mailed and pasted; what is not a link of ours is refused,
 * and so is plain http to anything but this machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/code.h"
#include "proto/digest.h"
#include "proto/link.h"

static void check_ok(enum err err)
{
    assert_string_equal(err_name(err), err_name(ERR_OK));
}

static void fill(uint8_t *bytes, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(seed + 37 * i);
}

static struct link some_link(enum link_type type)
{
    struct link link = {.type = type, .url = "https://passerelle.example:8443/sync"};
    if (type == LINK_FOUNDER) {
        fill(link.fingerprint, HASH_LEN, 1);
    } else {
        fill(link.space, ID_LEN, 2);
        fill(link.genesis, HASH_LEN, 3);
        fill(link.log_key_hash, HASH_LEN, 4);
    }
    fill(link.secret, SEED_LEN, 5);
    return link;
}

static void check_equal(const struct link *a, const struct link *b)
{
    assert_int_equal(a->type, b->type);
    assert_string_equal(a->url, b->url);
    assert_memory_equal(a->fingerprint, b->fingerprint, HASH_LEN);
    assert_memory_equal(a->space, b->space, ID_LEN);
    assert_memory_equal(a->genesis, b->genesis, HASH_LEN);
    assert_memory_equal(a->log_key_hash, b->log_key_hash, HASH_LEN);
    assert_memory_equal(a->secret, b->secret, SEED_LEN);
}

static void test_round_trip(void **state)
{
    (void)state;
    for (int type = LINK_FOUNDER; type <= LINK_INVITE; type++) {
        struct link link = some_link((enum link_type)type);
        struct link back;
        struct buf out = {.max = 2000};
        buf_put(&out, " \t\r\n", 4);
        link_print(&out, &link);
        check_ok(out.err);
        buf_put(&out, "\n ", 2);
        check_ok(link_parse(&back, (char *)out.bytes + 4, out.len - 6));
        check_equal(&link, &back);
        check_ok(link_parse(&back, (char *)out.bytes, out.len));
        check_equal(&link, &back);

        /* Every shorter text is refused and leaves no secret behind. */
        for (size_t len = 0; len < out.len - 2; len++) {
            static const struct link empty;
            assert_int_equal(link_parse(&back, (char *)out.bytes, len), ERR_FORMAT);
            assert_memory_equal(&back, &empty, sizeof back);
        }
        buf_free(&out);
    }
}

static void test_form(void **state)
{
    struct link link = some_link(LINK_FOUNDER);
    struct link back;
    struct buf out = {.max = 2000};
    uint8_t payload[HASH_LEN + SEED_LEN];
    char text[200];
    char expected[400];
    (void)state;
    memcpy(payload, link.fingerprint, HASH_LEN);
    memcpy(payload + HASH_LEN, link.secret, SEED_LEN);
    code_base64url(text, payload, sizeof payload);
    snprintf(expected, sizeof expected, "https://passerelle.example:8443/sync/#f1.%s", text);
    link_print(&out, &link);
    buf_u8(&out, 0);
    assert_string_equal((char *)out.bytes, expected);
    buf_free(&out);

    /* A mail program may have dropped the slash before '#'. */
    snprintf(expected, sizeof expected, "https://passerelle.example:8443/sync#f1.%s", text);
    check_ok(link_parse(&back, expected, strlen(expected)));
    check_equal(&link, &back);
    static const char *const marks[] = {"f2.", "F1.", "i1.", "x1.", "f1", "", ".f1."};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        snprintf(expected, sizeof expected, "https://passerelle.example/#%s%s", marks[i], text);
        assert_int_equal(link_parse(&back, expected, strlen(expected)), ERR_FORMAT);
    }
    static const char *const tails[] = {"A", "AA", "=", " x", "#", "\n.", "&x=1"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        snprintf(expected, sizeof expected, "https://a.example/#f1.%s%s", text, tails[i]);
        assert_int_equal(link_parse(&back, expected, strlen(expected)), ERR_FORMAT);
    }
    assert_int_equal(link_parse(&back, "", 0), ERR_FORMAT);
    assert_int_equal(link_parse(&back, "\0\0", 2), ERR_FORMAT);
}

static void test_urls(void **state)
{
    static const char *const good[] = {
        "https://a.example",      "https://a.example:443",   "https://a.example/path/x_y~z",
        "https://192.0.2.7:8080", "https://[2001:db8::1]:8", "http://127.0.0.1:9",
        "http://localhost",       "http://localhost:8080/x", "http://[::1]:8080",
        "http://[::1]",           "https://localhost",
    };
    static const char *const bad[] = {
        "",
        "https://",
        "https:///x",
        "ftp://a.example",
        "HTTPS://a.example",
        "a.example",
        "//a.example",
        "http://a.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1@evil.example",
        "http://10.0.0.1",
        "http://[::2]",
        "https://user@a.example",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:123456",
        "https://a.example:",
        "https://a.example:80x",
        "https://a.example//",
        "https://a.example/x?y=1",
        "https://a.example/ x",
        "https://a.example/\"",
        "https://a\x01.example",
        "https://caf\xc3\xa9.example",
        "https://[]",
        "https://[::1",
        "https://[::1]x",
        "javascript:alert(1)",
    };
    struct link link = some_link(LINK_INVITE);
    struct link back;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct buf out = {.max = 2000};
        snprintf(link.url, sizeof link.url, "%s", good[i]);
        link_print(&out, &link);
        check_ok(link_parse(&back, (char *)out.bytes, out.len));
        check_equal(&link, &back);
        buf_free(&out);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf out = {.max = 2000};
        snprintf(link.url, sizeof link.url, "%s", bad[i]);
        link_print(&out, &link);
        assert_int_equal(link_parse(&back, (char *)out.bytes, out.len), ERR_FORMAT);
        buf_free(&out);
    }
    /* As long as there is room for it, and one more. */
    for (size_t len = LINK_URL_MAX - 1; len <= LINK_URL_MAX; len++) {
        struct buf out = {.max = 2000};
        char url[LINK_URL_MAX + 1];
        memset(url, 'x', len);
        memcpy(url, "https://a.example/", 18);
        buf_put(&out, url, len);
        link.url[0] = '\0';
        link_print(&out, &link);
        enum err err = link_parse(&back, (char *)out.bytes, out.len);
        assert_int_equal(err, len < LINK_URL_MAX ? ERR_OK : ERR_FORMAT);
        buf_free(&out);
    }
}

static void test_loopback(void **state)
{
    (void)state;
    assert_true(link_url_is_loopback("http://127.0.0.1"));
    assert_true(link_url_is_loopback("http://127.0.0.1:80/x"));
    assert_true(link_url_is_loopback("https://localhost/x"));
    assert_true(link_url_is_loopback("http://[::1]:1"));
    assert_false(link_url_is_loopback("http://127.0.0.10"));
    assert_false(link_url_is_loopback("http://localhost:80@elsewhere.example"));
    assert_false(link_url_is_loopback("http://localhost.example"));
    assert_false(link_url_is_loopback("http://localhostx"));
    assert_false(link_url_is_loopback("localhost"));
    assert_false(link_url_is_loopback(""));
}

static void test_fingerprint(void **state)
{
    uint8_t joined[21 + 2 * PK_LEN] = "passerelle/server/v1";
    uint8_t expected[HASH_LEN];
    uint8_t out[HASH_LEN];
    (void)state;
    fill(joined + 21, 2 * PK_LEN, 9);
    digest_sha256_of(expected, joined, sizeof joined);
    link_fingerprint(out, joined + 21, joined + 21 + PK_LEN);
    assert_memory_equal(out, expected, HASH_LEN);
}

/* Two people compare it aloud: it must depend on every bit of what they compare. */
static void test_compare_code(void **state)
{
    uint8_t joined[22 + 2 * PK_LEN + ID_LEN] = "passerelle/compare/v1";
    uint8_t *ed_pk = joined + 22;
    uint8_t *x_pk = ed_pk + PK_LEN;
    uint8_t *space = x_pk + PK_LEN;
    uint8_t hash[HASH_LEN];
    uint8_t back[5];
    char code[10];
    char other[10];
    (void)state;
    fill(ed_pk, 2 * PK_LEN + ID_LEN, 11);
    link_compare_code(code, ed_pk, x_pk, space);
    assert_int_equal(strlen(code), 9);
    assert_int_equal(code[4], '-');
    digest_sha256_of(hash, joined, sizeof joined);
    check_ok(code_uncrockford(back, 5, code, 9));
    assert_memory_equal(back, hash, 5);
    for (size_t bit = 0; bit < 8 * (2 * PK_LEN + ID_LEN); bit++) {
        ed_pk[bit / 8] ^= (uint8_t)(1 << bit % 8);
        link_compare_code(other, ed_pk, x_pk, space);
        assert_string_not_equal(code, other);
        ed_pk[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_form),
        cmocka_unit_test(test_urls),        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_fingerprint), cmocka_unit_test(test_compare_code),
    };
    return digest_init() == ERR_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
