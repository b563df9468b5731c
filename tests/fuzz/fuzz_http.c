/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what the HTTP layer makes of any bytes does not depend on how they were cut, stays within the budget, and
 * gives all of it back. The first byte of the input says how the bytes are cut the second time.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/buf.h"
#include "server/http.h"

static const char *const origins[] = {"https://a.example", "https://b.example"};
static const struct http_limits limits = {
    .head_max = 2048, .body_max = 5000, .origins = origins, .origins_len = 2};

static void note_text(struct buf *t, const char *text)
{
    if (text)
        buf_put(t, text, strlen(text));
    buf_u8(t, '|');
}

static void note_answer(const struct http_conn *c, struct http_answer *answer, struct buf *t)
{
    char head[HTTP_ANSWER_MAX];
    size_t len = http_answer_head(head, c, answer);
    if (len == 0 || len > sizeof head || len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0)
        abort();
    /* the date is no business of ours: status line only */
    buf_put(t, head, (size_t)((char *)memchr(head, '\r', len) - head));
    buf_u8(t, http_answer_has_body(c, answer->status));
}

/* Handles one event; false when the connection ends. */
static bool handle(struct http_conn *c, enum http_event event, struct buf *t)
{
    struct http_answer answer = {.status = 200, .content_type = "text/plain", .body_len = 2};
    const char *body;
    buf_u8(t, (uint8_t)event);
    if (event == HTTP_EVENT_MORE || event == HTTP_EVENT_CONTINUE)
        return true;
    if (event == HTTP_EVENT_REQUEST) {
        const struct http_request *r = &c->request;
        if (r->path[0] != '/' || r->body_len > limits.body_max ||
            (r->method != HTTP_METHOD_POST && r->body_len > 0))
            abort();
        buf_u8(t, (uint8_t)r->method);
        note_text(t, r->path);
        note_text(t, r->query);
        note_text(t, r->content_type);
        buf_put(t, r->body, r->body_len);
    } else {
        http_conn_own_answer(c, &answer, &body);
        if (strlen(body) != answer.body_len)
            abort();
    }
    note_answer(c, &answer, t);
    if (answer.close || !c->keep_alive)
        return false;
    http_conn_next(c);
    return true;
}

static void run(const uint8_t *bytes, size_t len, size_t piece, struct buf *t)
{
    struct http_budget budget = {.max = 8192};
    struct http_conn c;
    bool open = true;
    http_conn_init(&c, &limits, &budget);
    for (size_t at = 0; at < len && open;) {
        size_t used, n = len - at < piece ? len - at : piece;
        uint8_t *copy = malloc(n);
        if (!copy)
            abort();
        memcpy(copy, bytes + at, n);
        enum http_event event = http_conn_feed(&c, copy, n, &used);
        free(copy);
        if (used > n || (used < n && event == HTTP_EVENT_MORE) || budget.used > budget.max)
            abort();
        at += used;
        if (event != HTTP_EVENT_MORE)
            open = handle(&c, event, t);
    }
    if (open)
        buf_u8(t, http_conn_idle(&c));
    http_conn_fini(&c);
    if (budget.used != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {.max = 8 << 20}, cut = {.max = 8 << 20};
    if (size < 1)
        return 0;
    run(data + 1, size - 1, SIZE_MAX, &whole);
    run(data + 1, size - 1, 1 + data[0] % 64, &cut);
    if (whole.err != cut.err || whole.len != cut.len ||
        (whole.len > 0 && memcmp(whole.bytes, cut.bytes, whole.len) != 0))
        abort();
    buf_free(&whole);
    buf_free(&cut);
    return 0;
}
