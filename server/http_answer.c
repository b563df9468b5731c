/* SPDX-License-Identifier: Apache-2.0
 *
 * The answering half of http.h: status lines, headers, and the texts of our own refusals.
 */
#include "server/http.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char http_continue[] = "HTTP/1.1 100 Continue\r\n\r\n";
const size_t http_continue_len = sizeof http_continue - 1;

struct status_row {
    int status;
    const char *reason;
    const char *text; /* body of our own refusals */
    const char *extra;
};

#define ALLOW "Allow: GET, HEAD, POST, OPTIONS\r\n"
static const struct status_row statuses[] = {
    {200, "OK", "", NULL},
    {202, "Accepted", "", NULL},
    {204, "No Content", "", ALLOW},
    {304, "Not Modified", "", NULL},
    {400, "Bad Request", "This is not a well-formed HTTP/1.1 request.\n", NULL},
    {401, "Unauthorized", "", NULL},
    {403, "Forbidden", "", NULL},
    {404, "Not Found", "", NULL},
    {405, "Method Not Allowed", "This method is not served here.\n", ALLOW},
    {408, "Request Timeout", "The request took too long to arrive; send it again.\n", NULL},
    {409, "Conflict", "", NULL},
    {410, "Gone", "", NULL},
    {411, "Length Required", "Send the body with one Content-Length, not chunked.\n", NULL},
    {413, "Content Too Large", "The body is larger than this server accepts.\n", NULL},
    {414, "URI Too Long", "The address is too long.\n", NULL},
    {415, "Unsupported Media Type", "", NULL},
    {417, "Expectation Failed", "Only \"Expect: 100-continue\" is understood.\n", NULL},
    {426, "Upgrade Required", "", NULL},
    {429, "Too Many Requests", "", NULL},
    {431, "Request Header Fields Too Large", "The headers are too long.\n", NULL},
    {500, "Internal Server Error", "", NULL},
    {503, "Service Unavailable", "The server is busy; try again shortly.\n", "Retry-After: 2\r\n"},
    {505, "HTTP Version Not Supported", "Only HTTP/1.1 and HTTP/1.0 are spoken here.\n", NULL},
    {507, "Insufficient Storage", "", NULL},
};

static const struct status_row *status_row(int status)
{
    static const struct status_row other = {0, "Status", "", NULL};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].status == status)
            return &statuses[i];
    }
    return &other;
}

static const char preflight[] = ALLOW "Access-Control-Allow-Methods: GET, HEAD, POST\r\n"
                                      "Access-Control-Allow-Headers: Content-Type\r\n"
                                      "Access-Control-Max-Age: 86400\r\n";

void http_conn_own_answer(const struct http_conn *c, struct http_answer *answer, const char **body)
{
    assert(c->state == HTTP_STATE_REFUSED ||
           (c->state == HTTP_STATE_HELD && c->method == HTTP_METHOD_OPTIONS));
    bool is_refusal = c->state == HTTP_STATE_REFUSED;
    const struct status_row *row = status_row(is_refusal ? c->refusal : 204);
    *body = row->text;
    *answer = (struct http_answer){
        .status = row->status,
        .content_type = row->text[0] ? "text/plain; charset=utf-8" : NULL,
        .extra = !is_refusal && c->origin >= 0 ? preflight : row->extra,
        .body_len = strlen(row->text),
        .close = is_refusal,
    };
}

bool http_answer_has_body(const struct http_conn *c, int status)
{
    bool to_head = c->state == HTTP_STATE_HELD && c->method == HTTP_METHOD_HEAD;
    return !to_head && status != 204 && status != 304;
}

struct head_out {
    char *bytes;
    size_t len;
};

static void put(struct head_out *out, const char *a, const char *b, const char *c)
{
    int n = snprintf(out->bytes + out->len, HTTP_ANSWER_MAX - out->len, "%s%s%s", a, b, c);
    assert(n >= 0 && (size_t)n < HTTP_ANSWER_MAX - out->len);
    out->len += (size_t)n;
}

size_t http_answer_head(char out[static HTTP_ANSWER_MAX], const struct http_conn *c,
                        struct http_answer *answer)
{
    const char *extra = answer->extra ? answer->extra : "";
    size_t extra_len = strlen(extra);
    struct head_out head = {.bytes = out};
    char line[64];

    assert(answer->status >= 200 && answer->status < 600);
    assert(extra_len < HTTP_EXTRA_MAX);
    assert(extra_len == 0 || (extra_len > 3 && strcmp(extra + extra_len - 2, "\r\n") == 0 &&
                              !strstr(extra, "\r\n\r\n")));
    answer->close = answer->close || !c->keep_alive;

    snprintf(line, sizeof line, "HTTP/1.1 %d ", answer->status);
    put(&head, line, status_row(answer->status)->reason, "\r\n");
    if (answer->status != 204 && answer->status != 304) {
        snprintf(line, sizeof line, "Content-Length: %zu\r\n", answer->body_len);
        put(&head, line, "", "");
    }
    if (answer->content_type)
        put(&head, "Content-Type: ", answer->content_type,
            "\r\nX-Content-Type-Options: nosniff\r\n");
    if (!strstr(extra, "Cache-Control: "))
        put(&head, "Cache-Control: no-store\r\n", "", "");
    if (answer->close)
        put(&head, "Connection: close\r\n", "", "");
    else if (c->http10)
        put(&head, "Connection: keep-alive\r\n", "", "");
    if (c->limits->origins_len)
        put(&head, "Vary: Origin\r\n", "", "");
    if (c->origin >= 0)
        put(&head, "Access-Control-Allow-Origin: ", c->limits->origins[c->origin],
            "\r\nAccess-Control-Expose-Headers: Retry-After\r\n");
    put(&head, extra, "\r\n", "");
    return head.len;
}
