/* SPDX-License-Identifier: Apache-2.0
 *
 * http: one HTTP/1.1 connection without its socket: bytes in, whole requests out, answers built.
 *
 *        +--------> HEAD --head--> BODY --last byte--+
 *        |           |  \                            |
 *   http_conn_next   |   \--no body------------------+--> HELD   a request waits for its answer
 *        |           |                               |      |
 *        +-----------+-------------------------------+------+
 *                    |                               |
 *                    +---------- any refusal --------+--> REFUSED   answered, then closed
 *
 * A request head is collected whole (at most `head_max` bytes), its lines and characters checked on
 * the way, and then given to llhttp in one piece. What this accepts is narrow on purpose:
 *
 *   - GET, HEAD, POST and OPTIONS in HTTP/1.1 or 1.0, lines end with CR LF, no folded lines, no
 *     control characters, one Host, targets that begin with "/" and hold visible ASCII only;
 *   - a POST has exactly one Content-Length of plain digits; any Transfer-Encoding is 411; a body
 *     with another method is 400; Content-Length, Host, Content-Type, Origin and Expect stand at
 *     most once;
 *   - requests of one connection are handled in sequence: bytes behind a request are not taken
 *     until it was answered.
 *
 * Memory: nothing per connection beyond this struct while no request is there. The body grows as it
 * arrives; heads and bodies of all connections count against one `struct http_budget`.
 *
 * OPTIONS is answered here (CORS for the configured origins, nothing by default).
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

enum {
    HTTP_HEAD_MAX = 8192,   /* default of `head_max` */
    HTTP_TARGET_MAX = 1024, /* path and query of a request */
    HTTP_ANSWER_MAX = 2048, /* head of an answer */
    HTTP_EXTRA_MAX = 1024   /* of which: lines that the caller adds */
};

enum http_method { HTTP_METHOD_GET, HTTP_METHOD_HEAD, HTTP_METHOD_POST, HTTP_METHOD_OPTIONS };

enum http_state { HTTP_STATE_HEAD, HTTP_STATE_BODY, HTTP_STATE_HELD, HTTP_STATE_REFUSED };

enum http_event {
    HTTP_EVENT_MORE,     /* all bytes were taken, nothing is complete */
    HTTP_EVENT_CONTINUE, /* send http_continue, then feed on */
    HTTP_EVENT_REQUEST,  /* conn->request is complete; answer it, then http_conn_next */
    HTTP_EVENT_ANSWER /* send http_conn_own_answer; then http_conn_next, or close if it says so */
};

/* Shared by all connections of a server; only the loop thread touches it. */
struct http_budget {
    size_t used;
    size_t max;
};

struct http_limits {
    size_t head_max;            /* request line and headers; at most 65535 */
    size_t body_max;            /* larger bodies are 413 as soon as they are announced */
    const char *const *origins; /* borrowed; exact values of Origin that may read answers */
    size_t origins_len;
};

/* Strings are NUL-terminated, exactly as sent (nothing is decoded) and live until http_conn_next or
 * http_conn_release. */
struct http_request {
    enum http_method method;
    const char *path;
    const char *query;        /* behind the "?", or NULL */
    const char *content_type; /* or NULL */
    const uint8_t *body;
    size_t body_len;
};

struct http_conn {
    const struct http_limits *limits;
    struct http_budget *budget;
    struct http_request request; /* valid in HELD */
    char *head;
    uint8_t *body;
    size_t body_cap;
    size_t body_announced;
    uint16_t head_len, head_cap;
    uint16_t line_len; /* of the header line being collected */
    uint16_t target_len;
    int16_t origin;   /* index of the allowed origin, or -1 */
    uint16_t refusal; /* HTTP status, in REFUSED */
    uint8_t state;    /* enum http_state */
    uint8_t part;     /* of the head being collected */
    uint8_t blanks;   /* CR LF before a request line */
    char last;        /* previous byte of the head */
    uint8_t method;   /* enum http_method, kept after http_conn_release */
    bool keep_alive;
    bool http10;
    bool expects;
};

/* What http_answer_head needs to know of an answer. */
struct http_answer {
    int status;
    const char *content_type; /* NULL without body */
    const char *extra; /* NULL, or whole lines "Name: value\r\n", under HTTP_EXTRA_MAX bytes */
    size_t body_len;
    bool close; /* the connection ends with this answer */
};

/** The interim answer to Expect: 100-continue. */
extern const char http_continue[];
extern const size_t http_continue_len;

/** Prepares a connection; `limits` and `budget` are borrowed until http_conn_fini. */
void http_conn_init(struct http_conn *c, const struct http_limits *limits,
                    struct http_budget *budget);

/** Frees what the connection holds and gives it back to the budget. */
void http_conn_fini(struct http_conn *c);

/**
 * Takes bytes from the peer until an event; `*used` says how many. In HELD and REFUSED nothing is
 * taken (HTTP_EVENT_MORE with `*used` 0): keep the rest and feed it after http_conn_next.
 * The events depend on the bytes only, never on how they were cut.
 */
enum http_event http_conn_feed(struct http_conn *c, const uint8_t *bytes, size_t len, size_t *used);

/** True when no byte of a further request has arrived. */
bool http_conn_idle(const struct http_conn *c);

/** Refuses what is being received (408 for a slow peer, 503 for a full server): state REFUSED. */
void http_conn_refuse(struct http_conn *c, int status);

/**
 * Frees head and body of the held request, for requests that wait long; conn->request keeps its
 * method only. Allowed in HELD.
 */
void http_conn_release(struct http_conn *c);

/** After HTTP_EVENT_ANSWER: gives the answer; `*body` is static text of answer->body_len bytes. */
void http_conn_own_answer(const struct http_conn *c, struct http_answer *answer, const char **body);

/** After an answer that keeps the connection: forgets the request and expects the next one. */
void http_conn_next(struct http_conn *c);

/**
 * Writes status line and headers for the held (or refused) request and gives their length. Sets
 * answer->close when the peer did not ask to keep the connection. The body is to be sent behind it,
 * except where http_answer_has_body says no (HEAD, 204, 304).
 * `extra` comes from our own code and is asserted, not checked.
 */
size_t http_answer_head(char out[static HTTP_ANSWER_MAX], const struct http_conn *c,
                        struct http_answer *answer);

bool http_answer_has_body(const struct http_conn *c, int status);

#endif
