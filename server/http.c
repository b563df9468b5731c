/* SPDX-License-Identifier: Apache-2.0
 *
 * The head is collected byte by byte under our own, narrower rules (head_byte), and only a complete
 * one reaches llhttp, in one call: no span is ever cut, and what llhttp 8.1 would tolerate (a bare
 * CR or LF as the end of a line, folded values) never gets there. Bodies need no parser: they are
 * exactly Content-Length bytes. Answers are built in http_answer.c.
 */
#include "server/http.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llhttp.h>

enum { HEAD_STEP = 512, BODY_STEP = 16384, METHOD_MAX = 20, VERSION_LEN = 8, LENGTH_DIGITS = 18 };

/* The parts of a head, in the order of their arrival. */
enum part { PART_METHOD, PART_TARGET, PART_VERSION, PART_LINES };

static const char *const method_names[] = {"GET", "HEAD", "POST", "OPTIONS"};

/* ---- Memory ---- */

/* Moves an allocation from `*cap` to `want` bytes within the budget; false leaves it as it was. */
static bool resize(struct http_conn *c, void **bytes, size_t cap, size_t want)
{
    assert(want > cap);
    if (want - cap > c->budget->max - c->budget->used)
        return false;
    void *grown = realloc(*bytes, want);
    if (!grown)
        return false;
    c->budget->used += want - cap;
    *bytes = grown;
    return true;
}

static void free_buffers(struct http_conn *c)
{
    assert(c->budget->used >= (size_t)c->head_cap + c->body_cap);
    c->budget->used -= (size_t)c->head_cap + c->body_cap;
    free(c->head);
    free(c->body);
    c->head = NULL;
    c->body = NULL;
    c->head_cap = 0;
    c->head_len = 0;
    c->body_cap = 0;
}

void http_conn_init(struct http_conn *c, const struct http_limits *limits,
                    struct http_budget *budget)
{
    assert(limits->head_max >= HEAD_STEP && limits->head_max <= UINT16_MAX);
    memset(c, 0, sizeof *c);
    c->limits = limits;
    c->budget = budget;
    c->origin = -1;
}

void http_conn_fini(struct http_conn *c)
{
    free_buffers(c);
}

bool http_conn_idle(const struct http_conn *c)
{
    return c->state == HTTP_STATE_HEAD && c->head_len == 0 && c->blanks == 0;
}

void http_conn_refuse(struct http_conn *c, int status)
{
    assert(c->state != HTTP_STATE_REFUSED && c->state != HTTP_STATE_HELD);
    free_buffers(c);
    c->request = (struct http_request){.method = c->method};
    c->state = HTTP_STATE_REFUSED;
    c->refusal = (uint16_t)status;
    c->keep_alive = false;
}

void http_conn_release(struct http_conn *c)
{
    assert(c->state == HTTP_STATE_HELD);
    free_buffers(c);
    c->request = (struct http_request){.method = c->method};
}

void http_conn_next(struct http_conn *c)
{
    assert(c->state == HTTP_STATE_HELD && c->keep_alive);
    const struct http_limits *limits = c->limits;
    struct http_budget *budget = c->budget;
    free_buffers(c);
    http_conn_init(c, limits, budget);
}

/* ---- The head, byte by byte ---- */

static bool is_alnum(char b)
{
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
}

static int method_byte(struct http_conn *c, char b)
{
    if (b != ' ')
        return (is_alnum(b) || b == '-' || b == '_') && c->head_len < METHOD_MAX ? 0 : 400;
    c->part = PART_TARGET;
    for (size_t i = 0; i < sizeof method_names / sizeof method_names[0]; i++) {
        if (strlen(method_names[i]) == c->head_len &&
            memcmp(method_names[i], c->head, c->head_len) == 0) {
            c->method = (uint8_t)i;
            return 0;
        }
    }
    return c->head_len ? 405 : 400;
}

static int target_byte(struct http_conn *c, char b)
{
    if (b == ' ') {
        c->part = PART_VERSION;
        c->line_len = 0;
        return c->target_len ? 0 : 400;
    }
    if (c->target_len == 0 && b != '/')
        return 400;
    if (b < 0x21 || b > 0x7e || b == '#')
        return 400;
    return ++c->target_len > HTTP_TARGET_MAX ? 414 : 0;
}

/* The end of a line; `*done` at the empty one. */
static int line_feed(struct http_conn *c, bool *done)
{
    if (c->last != '\r' || c->part < PART_VERSION)
        return 400;
    if (c->part == PART_LINES)
        *done = c->line_len == 0;
    c->part = PART_LINES;
    c->line_len = 0;
    return 0;
}

static int line_byte(struct http_conn *c, char b)
{
    unsigned char u = (unsigned char)b; /* char has no sign on some machines */
    bool control = (u < 0x20 && u != '\t') || u == 0x7f;
    bool nameless =
        c->part == PART_LINES && c->line_len == 0 && (b == ' ' || b == '\t' || b == ':');
    bool too_long = c->part == PART_VERSION && c->line_len >= VERSION_LEN;
    if (control || nameless || too_long)
        return 400;
    c->line_len++;
    return 0;
}

/* Judges the next byte of the head; gives 0 or the status of the refusal. */
static int head_byte(struct http_conn *c, char b, bool *done)
{
    if (c->last == '\r' && b != '\n')
        return 400;
    if (b == '\n')
        return line_feed(c, done);
    if (b == '\r')
        return c->part < PART_VERSION ? 400 : 0;
    if (c->part == PART_METHOD)
        return method_byte(c, b);
    if (c->part == PART_TARGET)
        return target_byte(c, b);
    return line_byte(c, b);
}

/* RFC 9112, 2.2: one empty line in front of a request line is passed over. */
static bool is_blank(struct http_conn *c, char b)
{
    if (c->head_len > 0 || c->blanks >= 2 || b != (c->blanks == 0 ? '\r' : '\n'))
        return false;
    c->blanks++;
    return true;
}

/* Takes one byte; gives 0 or the status of the refusal. */
static int take_head_byte(struct http_conn *c, char b, bool *done)
{
    if (is_blank(c, b))
        return 0;
    if (c->blanks == 1)
        return 400;
    int status = head_byte(c, b, done);
    if (status)
        return status;
    if (c->head_len == c->head_cap) {
        size_t want = c->head_cap ? 2u * c->head_cap : HEAD_STEP;
        void *head = c->head;
        if (c->head_cap == c->limits->head_max)
            return 431;
        if (want > c->limits->head_max)
            want = c->limits->head_max;
        if (!resize(c, &head, c->head_cap, want))
            return 503;
        c->head = head;
        c->head_cap = (uint16_t)want;
    }
    c->head[c->head_len++] = b;
    c->last = b;
    return 0;
}

/* ---- The head, through llhttp ---- */

struct span {
    const char *at;
    size_t len;
};

struct parse {
    const struct http_limits *limits;
    struct span url, field, value;
    struct span host, length, type, origin, expect;
    bool in_header; /* a name was read whose value is not judged yet */
    bool complete;
    int refusal;
};

static bool span_is(struct span s, const char *lower)
{
    if (s.len != strlen(lower))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char b = s.at[i];
        if ((b >= 'A' && b <= 'Z' ? (char)(b + 32) : b) != lower[i])
            return false;
    }
    return true;
}

static void span_add(struct span *s, const char *at, size_t len)
{
    if (!s->at)
        s->at = at;
    s->len = (size_t)(at - s->at) + len;
}

static struct span span_trim(struct span s)
{
    while (s.len && (s.at[0] == ' ' || s.at[0] == '\t')) {
        s.at++;
        s.len--;
    }
    while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Keeps the value of a header that may stand once; a second one is a refusal. */
static void keep(struct parse *p, struct span *kept)
{
    if (kept->at)
        p->refusal = 400;
    *kept = span_trim(p->value);
    if (!kept->at)
        kept->at = "";
}

static void judge_header(struct parse *p)
{
    if (!p->in_header)
        return;
    p->in_header = false;
    for (size_t i = 0; i < p->field.len; i++) {
        char b = p->field.at[i];
        if (!is_alnum(b) && b != '-' && b != '_' && b != '.')
            p->refusal = 400;
    }
    if (span_is(p->field, "host"))
        keep(p, &p->host);
    else if (span_is(p->field, "content-length"))
        keep(p, &p->length);
    else if (span_is(p->field, "content-type"))
        keep(p, &p->type);
    else if (span_is(p->field, "origin"))
        keep(p, &p->origin);
    else if (span_is(p->field, "expect"))
        keep(p, &p->expect);
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    span_add(&((struct parse *)parser->data)->url, at, len);
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
    struct parse *p = parser->data;
    if (p->in_header) {
        judge_header(p);
        p->field = (struct span){NULL, 0};
    }
    span_add(&p->field, at, len);
    return 0;
}

static int on_header_field_complete(llhttp_t *parser)
{
    struct parse *p = parser->data;
    if (p->in_header) /* a name without a letter */
        p->refusal = 400;
    p->in_header = true;
    p->value = (struct span){NULL, 0};
    /* Before llhttp judges the value: whatever it is, it is not for us. */
    if (span_is(p->field, "transfer-encoding"))
        p->refusal = 411;
    return p->refusal ? HPE_USER : 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
    span_add(&((struct parse *)parser->data)->value, at, len);
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct parse *p = parser->data;
    judge_header(p);
    p->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
};

/* Plain digits only; gives 0 or a refusal. */
static int content_length(struct span s, uint64_t *value)
{
    *value = 0;
    if (s.len == 0)
        return 400;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return 400;
    }
    if (s.len > LENGTH_DIGITS)
        return 413;
    for (size_t i = 0; i < s.len; i++)
        *value = 10 * *value + (uint64_t)(s.at[i] - '0');
    return 0;
}

static int judge_length(struct http_conn *c, const struct parse *p, const llhttp_t *parser)
{
    uint64_t length = 0;
    int status = p->length.at ? content_length(p->length, &length) : 0;
    if (status)
        return status;
    if (!p->length.at && c->method == HTTP_METHOD_POST)
        return 411;
    if (length > 0 && c->method != HTTP_METHOD_POST)
        return 400;
    if (length > c->limits->body_max)
        return 413;
    if (length != parser->content_length)
        return 400;
    c->body_announced = (size_t)length;
    return 0;
}

static int judge_head(struct http_conn *c, const struct parse *p, const llhttp_t *parser)
{
    if (parser->http_major != 1 || parser->http_minor > 1)
        return 505;
    c->http10 = parser->http_minor == 0;
    c->keep_alive = llhttp_should_keep_alive(parser);
    if (strcmp(llhttp_method_name(parser->method), method_names[c->method]) != 0)
        return 400;
    if (p->url.len != c->target_len || (p->host.at ? p->host.len == 0 : !c->http10))
        return 400;
    int status = judge_length(c, p, parser);
    if (status)
        return status;
    if (p->expect.at && !span_is(p->expect, "100-continue"))
        return 417;
    c->expects = p->expect.at && !c->http10 && c->body_announced > 0;
    for (size_t i = 0; p->origin.at && i < c->limits->origins_len; i++) {
        const char *allowed = c->limits->origins[i];
        if (strlen(allowed) == p->origin.len && memcmp(allowed, p->origin.at, p->origin.len) == 0)
            c->origin = (int16_t)i;
    }
    /* A body that cannot be buffered is refused before it is sent. */
    return c->body_announced > c->budget->max - c->budget->used ? 503 : 0;
}

/* Ends a span of the head with a NUL; the byte behind it (a space or CR) has been read. */
static char *terminate(struct http_conn *c, struct span s)
{
    if (!s.at || s.len == 0)
        return NULL;
    size_t start = (size_t)(s.at - c->head);
    assert(start + s.len < c->head_len);
    c->head[start + s.len] = '\0';
    return c->head + start;
}

/* Gives 0 or the status of the refusal. */
static int parse_head(struct http_conn *c)
{
    struct parse p = {.limits = c->limits};
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &p;
    llhttp_errno_t result = llhttp_execute(&parser, c->head, c->head_len);
    if (p.refusal)
        return p.refusal;
    if (result == HPE_INVALID_VERSION)
        return 505;
    if (result != HPE_PAUSED || !p.complete)
        return 400;
    int status = judge_head(c, &p, &parser);
    if (status)
        return status;

    char *query = NULL;
    char *path = terminate(c, p.url);
    if (path && (query = strchr(path, '?')))
        *query++ = '\0';
    c->request = (struct http_request){
        .method = c->method, .path = path, .query = query, .content_type = terminate(c, p.type)};
    return 0;
}

/* ---- Feeding ---- */

static enum http_event refused(struct http_conn *c, int status)
{
    http_conn_refuse(c, status);
    return HTTP_EVENT_ANSWER;
}

static enum http_event request_complete(struct http_conn *c)
{
    c->request.body = c->body;
    c->request.body_len = c->body_announced;
    c->state = HTTP_STATE_HELD;
    return c->method == HTTP_METHOD_OPTIONS ? HTTP_EVENT_ANSWER : HTTP_EVENT_REQUEST;
}

static enum http_event head_complete(struct http_conn *c)
{
    int status = parse_head(c);
    if (status)
        return refused(c, status);
    if (c->body_announced == 0)
        return request_complete(c);
    c->state = HTTP_STATE_BODY;
    return c->expects ? HTTP_EVENT_CONTINUE : HTTP_EVENT_MORE;
}

static enum http_event feed_head(struct http_conn *c, const uint8_t *bytes, size_t len,
                                 size_t *used)
{
    bool done = false;
    for (size_t i = 0; i < len && !done; i++) {
        (*used)++;
        int status = take_head_byte(c, (char)bytes[i], &done);
        if (status)
            return refused(c, status);
    }
    return done ? head_complete(c) : HTTP_EVENT_MORE;
}

/* Makes room for `more` bytes of the body, in steps, so that memory follows what really arrives. */
static bool body_room(struct http_conn *c, size_t more)
{
    size_t need = c->request.body_len + more;
    if (need <= c->body_cap)
        return true;
    size_t want = 2 * c->body_cap > need ? 2 * c->body_cap : need;
    want = want < BODY_STEP ? BODY_STEP : want;
    want = want > c->body_announced ? c->body_announced : want;
    void *body = c->body;
    if (!resize(c, &body, c->body_cap, want))
        return false;
    c->body = body;
    c->body_cap = want;
    return true;
}

static enum http_event feed_body(struct http_conn *c, const uint8_t *bytes, size_t len,
                                 size_t *used)
{
    size_t missing = c->body_announced - c->request.body_len;
    size_t take = len < missing ? len : missing;
    if (take == 0)
        return HTTP_EVENT_MORE;
    *used += take;
    if (!body_room(c, take))
        return refused(c, 503);
    memcpy(c->body + c->request.body_len, bytes, take);
    c->request.body_len += take;
    return take == missing ? request_complete(c) : HTTP_EVENT_MORE;
}

enum http_event http_conn_feed(struct http_conn *c, const uint8_t *bytes, size_t len, size_t *used)
{
    enum http_event event = HTTP_EVENT_MORE;
    *used = 0;
    if (c->state == HTTP_STATE_HEAD)
        event = feed_head(c, bytes, len, used);
    if (c->state == HTTP_STATE_BODY && event == HTTP_EVENT_MORE)
        event = feed_body(c, bytes + *used, len - *used, used);
    assert(*used <= len);
    return event;
}
