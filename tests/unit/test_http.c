/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what the HTTP layer accepts and refuses is exactly what http.h says, however the bytes are
 * cut, and nothing it holds is ever lost from the budget.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/http.h"

#define HOST "Host: h\r\n"

static const char *const origins[] = {"https://a.example", "https://b.example"};
static const struct http_limits limits = {.head_max = HTTP_HEAD_MAX, .body_max = 100000};
static const struct http_limits cors_limits = {
    .head_max = HTTP_HEAD_MAX, .body_max = 100000, .origins = origins, .origins_len = 2};

struct transcript {
    char text[8192];
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void note(struct transcript *t, const char *format,
                                                       ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->text + t->len, sizeof t->text - t->len, format, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < sizeof t->text - t->len);
    t->len += (size_t)n;
}

static uint32_t sum(const uint8_t *bytes, size_t len)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ bytes[i]) * 16777619u;
    return h;
}

static void note_request(struct transcript *t, const struct http_conn *c)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "OPTIONS"};
    const struct http_request *r = &c->request;
    note(t, "%s %s", names[r->method], r->path);
    if (r->query)
        note(t, " ?%s", r->query);
    if (r->content_type)
        note(t, " %s", r->content_type);
    if (r->body_len > 64)
        note(t, " %zu:%08x", r->body_len, sum(r->body, r->body_len));
    else if (r->body_len)
        note(t, " %.*s", (int)r->body_len, (const char *)r->body);
    note(t, "%s|", c->keep_alive ? "" : " close");
}

/* Handles one event; false when the connection ends. */
static bool handle(struct http_conn *c, enum http_event event, struct transcript *t)
{
    struct http_answer answer;
    const char *body;
    if (event == HTTP_EVENT_CONTINUE) {
        note(t, "continue|");
    } else if (event == HTTP_EVENT_REQUEST) {
        note_request(t, c);
        if (!c->keep_alive)
            return false;
        http_conn_next(c);
    } else if (event == HTTP_EVENT_ANSWER) {
        http_conn_own_answer(c, &answer, &body);
        note(t, "%d|", answer.status);
        assert_int_equal(answer.body_len, strlen(body));
        if (answer.close || !c->keep_alive)
            return false;
        http_conn_next(c);
    }
    return true;
}

/* Feeds `len` bytes in pieces of at most `piece` and notes all events. */
static void run(const struct http_limits *lim, size_t budget_max, const char *bytes, size_t len,
                size_t piece, struct transcript *t)
{
    struct http_budget budget = {.max = budget_max};
    struct http_conn c;
    bool open = true;
    t->len = 0;
    t->text[0] = '\0';
    http_conn_init(&c, lim, &budget);
    for (size_t at = 0; at < len && open;) {
        /* An exact copy, so that a sanitizer sees any reading beyond the piece. */
        size_t n = len - at < piece ? len - at : piece;
        uint8_t *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, bytes + at, n);
        for (size_t off = 0; off < n && open;) {
            size_t used;
            enum http_event event = http_conn_feed(&c, copy + off, n - off, &used);
            assert_true(used > 0 || event != HTTP_EVENT_MORE);
            off += used;
            open = handle(&c, event, t);
        }
        at += n;
        free(copy);
        assert_true(budget.used <= budget.max);
    }
    if (open && !http_conn_idle(&c))
        note(t, "...");
    http_conn_fini(&c);
    assert_int_equal(budget.used, 0);
}

static void expect_bytes(const char *bytes, size_t len, const char *wanted)
{
    static const size_t pieces[] = {SIZE_MAX, 1, 2, 3, 7, 64, 511};
    struct transcript t;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        run(&limits, 1 << 20, bytes, len, pieces[i], &t);
        if (strcmp(t.text, wanted) != 0)
            print_error("in pieces of %zu: %.*s\n", pieces[i], (int)(len < 300 ? len : 300), bytes);
        assert_string_equal(t.text, wanted);
    }
}

static void expect(const char *bytes, const char *wanted)
{
    expect_bytes(bytes, strlen(bytes), wanted);
}

static void test_accepts(void **state)
{
    (void)state;
    expect("GET / HTTP/1.1\r\n" HOST "\r\n", "GET /|");
    expect("\r\nGET /a/b?c=d?e HTTP/1.1\r\nhOST: h\r\n\r\n", "GET /a/b ?c=d?e|");
    expect("HEAD /healthz HTTP/1.1\r\n" HOST "X-Y_z.1:\r\n\r\n", "HEAD /healthz|");
    expect("GET / HTTP/1.0\r\n\r\n", "GET / close|");
    expect("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /|");
    expect("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\nGET /2", "GET / close|");
    expect("GET / HTTP/1.1\r\n" HOST "User-Agent: \xc3\xa9\r\nContent-Length: 0\r\n\r\n", "GET /|");
    expect("POST /v1/sync HTTP/1.1\r\n" HOST "Content-Type:  application/msgpack \r\n"
           "Content-Length: 5\r\n\r\nhello",
           "POST /v1/sync application/msgpack hello|");
    expect("POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "POST /|");
    expect("POST / HTTP/1.1\r\n" HOST "Content-Length: 0005 \r\n\r\nhello", "POST / hello|");
    expect("OPTIONS /v1/sync HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "204|GET /|");
    expect("GET / HTTP/1.1\r\n" HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "GET /|");
}

static void test_pipelined(void **state)
{
    (void)state;
    expect("POST /1 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"
           "POST /2 HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nd"
           "GET /3 HTTP/1.1\r\n" HOST "\r\n"
           "\r\nPOST /4 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nef"
           "G",
           "POST /1 abc|POST /2 d|GET /3|POST /4 ef|...");
}

static void test_held_takes_nothing(void **state)
{
    (void)state;
    static const uint8_t two[] = "GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n";
    const size_t half = (sizeof two - 1) / 2;
    struct http_budget budget = {.max = 1 << 20};
    struct http_conn c;
    size_t used;
    http_conn_init(&c, &limits, &budget);
    assert_int_equal(http_conn_feed(&c, two, sizeof two - 1, &used), HTTP_EVENT_REQUEST);
    assert_int_equal(used, half);
    assert_int_equal(http_conn_feed(&c, two + half, half, &used), HTTP_EVENT_MORE);
    assert_int_equal(used, 0);
    assert_true(budget.used > 0);
    http_conn_release(&c);
    assert_int_equal(budget.used, 0);
    assert_null(c.request.path);
    http_conn_next(&c);
    assert_int_equal(http_conn_feed(&c, two + half, half, &used), HTTP_EVENT_REQUEST);
    assert_string_equal(c.request.path, "/2");
    http_conn_fini(&c);
    assert_int_equal(budget.used, 0);
}

static void test_refuses_lines(void **state)
{
    (void)state;
    expect("\x16\x03\x01\x02", "400|");
    expect(" GET / HTTP/1.1\r\n", "400|");
    expect("\r\n\r\nGET / HTTP/1.1\r\n", "400|");
    expect("\rGET / HTTP/1.1\r\n", "400|");
    expect("\nGET / HTTP/1.1\r\n", "400|");
    expect("what is this\r\n", "405|");
    expect("whatisthis\r\n\r\n", "400|");
    expect("AVERYVERYVERYLONGMETHOD / HTTP/1.1\r\n", "400|");
    expect("PUT / HTTP/1.1\r\n", "405|");
    expect("DELETE / HTTP/1.1\r\n", "405|");
    expect("CONNECT h:1 HTTP/1.1\r\n", "405|");
    expect("PRI * HTTP/2.0\r\n", "405|");
    expect("get / HTTP/1.1\r\n", "405|");
    expect("GET  / HTTP/1.1\r\n", "400|");
    expect("GET http://h/ HTTP/1.1\r\n", "400|");
    expect("OPTIONS * HTTP/1.1\r\n", "400|");
    expect("GET /a#b HTTP/1.1\r\n", "400|");
    expect("GET /\xc3\xa9 HTTP/1.1\r\n", "400|");
    expect("GET /\r\n", "400|");
    expect("GET / \r\n" HOST "\r\n", "400|");
    expect("GET / HTTP/1.1 \r\n", "400|");
    expect("GET / HTTQ/1.1\r\n" HOST "\r\n", "400|");
    expect("GET / HTTP/2.0\r\n" HOST "\r\n", "505|");
    expect("GET / HTTP/0.9\r\n" HOST "\r\n", "505|");
    expect("GET / HTTP/1.2\r\n" HOST "\r\n", "505|");
    expect("GET / HTTP/1.1\n" HOST "\r\n", "400|");
    expect("GET / HTTP/1.1\r\nHost: h\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST "\r\r\n", "400|");
}

static void test_refuses_headers(void **state)
{
    (void)state;
    expect("GET / HTTP/1.1\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\nHost:\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST HOST "\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST "hosT:\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\nHost:\r\n" HOST "\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\n Host: h\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST "X(: a\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST "Origin: a\r\nOrigin: a\r\n\r\n", "400|");
    expect("GET / HTTP/1.1\r\n" HOST "Expect: something\r\n\r\n", "417|");
    expect("POST / HTTP/1.1\r\n" HOST "Content-Type: a\r\ncontent-type: a\r\n"
           "Content-Length: 0\r\n\r\n",
           "400|");
    expect_bytes("GET / HTTP/1.1\r\nHost: h\0h\r\n\r\n", 29, "400|");
}

static void test_refuses_lengths(void **state)
{
    (void)state;
#define POST "POST / HTTP/1.1\r\n" HOST
    expect(POST "\r\n", "411|");
    expect(POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411|");
    expect(POST "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\n", "411|");
    expect(POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "411|");
    expect(POST "Content-Length: 1\r\ntransfer-ENCODING:\r\n\r\n", "411|");
    expect("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "411|");
    expect(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "400|");
    expect(POST "Content-Length:\r\nContent-Length: 1\r\n\r\n", "400|");
    expect(POST "Content-Length:\r\n\r\n", "400|");
    expect(POST "Content-Length: 1, 1\r\n\r\n", "400|");
    expect(POST "Content-Length: +1\r\n\r\n", "400|");
    expect(POST "Content-Length: -1\r\n\r\n", "400|");
    expect(POST "Content-Length: 0x1\r\n\r\n", "400|");
    expect(POST "Content-Length: 1 1\r\n\r\n", "400|");
    expect(POST "Content-Length: 1;\r\n\r\n", "400|");
    expect(POST "Content-Length: 100001\r\n\r\n", "413|");
    expect(POST "Content-Length: 2147483648\r\n\r\n", "413|");
    expect(POST "Content-Length: 18446744073709551615\r\n\r\n", "413|");
    expect(POST "Content-Length: 18446744073709551617\r\n\r\nx", "400|");
    expect("GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", "400|");
    expect("OPTIONS / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", "400|");
}

static void test_expect_continue(void **state)
{
    (void)state;
    expect(POST "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nab", "continue|POST / ab|");
    expect(POST "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", "POST /|");
    expect(POST "Expect: 100-continue\r\nContent-Length: 2147483648\r\n\r\n", "413|");
    expect("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
           "POST / ab close|");
}

static void test_sizes(void **state)
{
    (void)state;
    char *big = malloc(20000);
    assert_non_null(big);

    /* target: the longest and one more */
    size_t n = (size_t)sprintf(big, "GET /");
    memset(big + n, 'a', HTTP_TARGET_MAX - 1);
    static const char rest[] = " HTTP/1.1\r\n" HOST "\r\n";
    memcpy(big + n + HTTP_TARGET_MAX - 1, rest, sizeof rest);
    struct transcript t;
    run(&limits, 1 << 20, big, strlen(big), 100, &t);
    assert_int_equal(t.len, 4 + HTTP_TARGET_MAX + 1);
    big[n + HTTP_TARGET_MAX - 1] = 'a';
    expect_bytes(big, n + HTTP_TARGET_MAX, "414|");

    /* head: exactly head_max, and one more */
    for (size_t extra = 0; extra < 2; extra++) {
        n = (size_t)sprintf(big, "GET / HTTP/1.1\r\n" HOST "X: ");
        size_t fill = HTTP_HEAD_MAX + extra - n - 4;
        memset(big + n, 'x', fill);
        memcpy(big + n + fill, "\r\n\r\n", 5);
        expect(big, extra ? "431|" : "GET /|");
    }
    memset(big, 'x', 20000);
    memcpy(big, "GET / HTTP/1.1\r\n", 16);
    expect_bytes(big, 20000, "431|");
    free(big);
}

/* A body of exactly body_max; memory never runs ahead of what arrived. */
static void test_body_grows(void **state)
{
    (void)state;
    const size_t len = 100000;
    struct http_budget budget = {.max = 1 << 20};
    struct http_conn c;
    uint8_t *body = malloc(len);
    size_t used;
    assert_non_null(body);
    for (size_t i = 0; i < len; i++)
        body[i] = (uint8_t)(i * 7 + i / 251);
    static const uint8_t head[] = POST "Content-Length: 100000\r\n\r\n";
    http_conn_init(&c, &limits, &budget);
    assert_int_equal(http_conn_feed(&c, head, sizeof head - 1, &used), HTTP_EVENT_MORE);
    assert_true(budget.used <= 512);
    enum http_event event = HTTP_EVENT_MORE;
    for (size_t at = 0; at < len; at += used) {
        size_t n = len - at < 1000 ? len - at : 1000;
        assert_int_equal(event, HTTP_EVENT_MORE);
        event = http_conn_feed(&c, body + at, n, &used);
        assert_int_equal(used, n);
        assert_true(budget.used <= 2 * (at + n) + 16384 + 512);
    }
    assert_int_equal(event, HTTP_EVENT_REQUEST);
    assert_int_equal(c.request.body_len, len);
    assert_memory_equal(c.request.body, body, len);
    http_conn_fini(&c);
    assert_int_equal(budget.used, 0);
    free(body);
}

/* Whatever the budget, the outcome is the request or 503, and everything is given back. */
static void test_budget(void **state)
{
    (void)state;
    char bytes[40200];
    int n = sprintf(bytes, POST "Content-Length: 40000\r\n\r\n");
    memset(bytes + n, 'b', 40000);
    bool refused = false;
    bool accepted = false;
    for (size_t max = 0; max < 50000; max += 499) {
        struct transcript t;
        run(&limits, max, bytes, (size_t)n + 40000, 4096, &t);
        bool ok = strncmp(t.text, "POST / 40000:", 13) == 0;
        assert_true(ok || strcmp(t.text, "503|") == 0);
        assert_true(ok || !accepted);
        accepted = accepted || ok;
        refused = refused || !ok;
    }
    assert_true(refused && accepted);
}

/* Admission: a body that cannot be held is refused before a byte of it is read. */
static void test_admission(void **state)
{
    (void)state;
    struct transcript t;
    const char *bytes = POST "Expect: 100-continue\r\nContent-Length: 40000\r\n\r\n";
    run(&limits, 40000, bytes, strlen(bytes), SIZE_MAX, &t);
    assert_string_equal(t.text, "503|");
}

static void test_truncated(void **state)
{
    (void)state;
    const char *bytes = POST "Content-Length: 3\r\n\r\nabc";
    struct transcript t;
    for (size_t len = 1; len < strlen(bytes); len++) {
        run(&limits, 1 << 20, bytes, len, 5, &t);
        assert_string_equal(t.text, "...");
    }
}

/* Any byte replaced by any other: the cut never matters, and no second request ever appears. */
static void test_mutations(void **state)
{
    (void)state;
    const char *good = "POST /v1 HTTP/1.1\r\nHost: h\r\nContent-Type: t\r\n"
                       "Content-Length: 3\r\n\r\nabc";
    size_t len = strlen(good);
    char bytes[128];
    for (size_t at = 0; at < len; at++) {
        for (int b = 0; b < 256; b++) {
            struct transcript whole, cut;
            memcpy(bytes, good, len);
            bytes[at] = (char)b;
            run(&limits, 1 << 20, bytes, len, SIZE_MAX, &whole);
            run(&limits, 1 << 20, bytes, len, 1 + at % 3, &cut);
            assert_string_equal(whole.text, cut.text);
            const char *bar = strchr(whole.text, '|');
            assert_true(!bar || !strstr(bar, "POST"));
        }
    }
}

/* Random pieces of request text, glued: no crash, no leak, no dependence on the cut. */
static void test_glued_garbage(void **state)
{
    (void)state;
    static const char *const parts[] = {"GET ",
                                        "POST ",
                                        "/",
                                        " HTTP/1.1",
                                        "\r\n",
                                        "\n",
                                        "\r",
                                        HOST,
                                        "\r\n\r\n",
                                        "Content-Length: 3\r\n",
                                        "abc",
                                        "Connection: ",
                                        "close",
                                        ":",
                                        "Transfer-Encoding: chunked\r\n",
                                        "0\r\n\r\n",
                                        "Expect: 100-continue\r\n",
                                        "GET / HTTP/1.1\r\n" HOST "\r\n"};
    uint32_t seed = 12345;
    for (int round = 0; round < 5000; round++) {
        char bytes[512];
        size_t len = 0;
        struct transcript whole, cut;
        for (int i = 0; i < 9; i++) {
            seed = seed * 1664525u + 1013904223u;
            const char *part = parts[(seed >> 16) % (sizeof parts / sizeof parts[0])];
            memcpy(bytes + len, part, strlen(part));
            len += strlen(part);
        }
        run(&limits, 1 << 20, bytes, len, SIZE_MAX, &whole);
        run(&limits, 1 << 20, bytes, len, 1 + seed % 5, &cut);
        assert_string_equal(whole.text, cut.text);
    }
}

/* Feeds one request and gives the head of the answer for it. */
static char *answer_for(const struct http_limits *lim, const char *bytes, int status,
                        const char *extra)
{
    static char out[HTTP_ANSWER_MAX + 1];
    struct http_budget budget = {.max = 1 << 20};
    struct http_conn c;
    size_t used;
    http_conn_init(&c, lim, &budget);
    enum http_event event = http_conn_feed(&c, (const uint8_t *)bytes, strlen(bytes), &used);
    struct http_answer answer = {
        .status = status, .content_type = "text/plain", .body_len = 12, .extra = extra};
    const char *body;
    if (event == HTTP_EVENT_ANSWER)
        http_conn_own_answer(&c, &answer, &body);
    else
        assert_int_equal(event, HTTP_EVENT_REQUEST);
    bool body_wanted = strncmp(bytes, "HEAD", 4) != 0 && answer.status != 204;
    assert_int_equal(http_answer_has_body(&c, answer.status), body_wanted);
    size_t len = http_answer_head(out, &c, &answer);
    out[len] = '\0';
    assert_int_equal(answer.close, strstr(out, "Connection: close\r\n") != NULL);
    http_conn_fini(&c);
    return out;
}

static void test_answers(void **state)
{
    (void)state;
    assert_string_equal(answer_for(&limits, "GET / HTTP/1.1\r\n" HOST "\r\n", 200, NULL),
                        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nContent-Type: text/plain\r\n"
                        "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n");
    char *head = answer_for(&limits, "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200,
                            "Cache-Control: max-age=60\r\nETag: \"x\"\r\n");
    assert_non_null(strstr(head, "Content-Length: 12\r\n"));
    assert_non_null(strstr(head, "Connection: keep-alive\r\n"));
    assert_non_null(strstr(head, "Cache-Control: max-age=60\r\nETag: \"x\"\r\n\r\n"));
    assert_null(strstr(head, "no-store"));
    head = answer_for(&limits, "GET / HTTP/1.0\r\n\r\n", 599, NULL);
    assert_non_null(strstr(head, "HTTP/1.1 599 Status\r\n"));
    assert_non_null(strstr(head, "Connection: close\r\n"));
    head = answer_for(&limits, "PUT / HTTP/1.1\r\n", 0, NULL);
    assert_non_null(strstr(head, "HTTP/1.1 405 Method Not Allowed\r\n"));
    assert_non_null(strstr(head, "Allow: GET, HEAD, POST, OPTIONS\r\n"));
    assert_non_null(strstr(head, "Connection: close\r\n"));
}

static void test_cors(void **state)
{
    (void)state;
    static const char preflight[] =
        "OPTIONS /v1/sync HTTP/1.1\r\n" HOST "Origin: https://b.example\r\n"
        "Access-Control-Request-Method: POST\r\n\r\n";
    char *head = answer_for(&cors_limits, preflight, 0, NULL);
    assert_non_null(strstr(head, "HTTP/1.1 204 No Content\r\n"));
    assert_non_null(strstr(head, "Access-Control-Allow-Origin: https://b.example\r\n"));
    assert_non_null(strstr(head, "Access-Control-Allow-Methods: GET, HEAD, POST\r\n"));
    assert_non_null(strstr(head, "Vary: Origin\r\n"));
    assert_null(strstr(head, "Content-Length"));
    head = answer_for(&limits, preflight, 0, NULL);
    assert_null(strstr(head, "Access-Control"));
    head = answer_for(&cors_limits, "GET / HTTP/1.1\r\n" HOST "Origin: https://a.example\r\n\r\n",
                      200, NULL);
    assert_non_null(strstr(head, "Access-Control-Allow-Origin: https://a.example\r\n"));
    head = answer_for(&cors_limits, "GET / HTTP/1.1\r\n" HOST "Origin: https://a.example.x\r\n\r\n",
                      200, NULL);
    assert_null(strstr(head, "Access-Control"));
    assert_non_null(strstr(head, "Vary: Origin\r\n"));
}

/* The timeouts of the loop end in the same state as any refusal. */
static void test_refuse(void **state)
{
    (void)state;
    struct http_budget budget = {.max = 1 << 20};
    struct http_conn c;
    struct http_answer answer;
    const char *body;
    size_t used;
    http_conn_init(&c, &limits, &budget);
    assert_true(http_conn_idle(&c));
    http_conn_feed(&c, (const uint8_t *)"GET", 3, &used);
    assert_false(http_conn_idle(&c));
    http_conn_refuse(&c, 408);
    assert_int_equal(budget.used, 0);
    http_conn_own_answer(&c, &answer, &body);
    assert_int_equal(answer.status, 408);
    assert_true(answer.close);
    http_conn_feed(&c, (const uint8_t *)"GET", 3, &used);
    assert_int_equal(used, 0);
    http_conn_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_held_takes_nothing),
        cmocka_unit_test(test_refuses_lines),
        cmocka_unit_test(test_refuses_headers),
        cmocka_unit_test(test_refuses_lengths),
        cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_body_grows),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_admission),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_glued_garbage),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_cors),
        cmocka_unit_test(test_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
