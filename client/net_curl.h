/* SPDX-License-Identifier: Apache-2.0
 *
 * net_curl: carries the bytes of a synchronisation over HTTP with libcurl. https anywhere, http to this machine only
 * (or through a Unix socket). No redirect, no cookie, no content beyond the caps; requests and answers are signed end
 * to end, so nothing is believed because of the transport.
 */
#ifndef CLIENT_NET_CURL_H
#define CLIENT_NET_CURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/err.h"

struct net;

/** `unix_socket` (may be NULL, borrowed) is used instead of TCP. `stop` (may be NULL): a transfer ends with ERR_NET soon
 * after it gives true. ERR_MEMORY. */
enum err net_new(struct net **net, const char *unix_socket, bool (*stop)(void));
void net_free(struct net *net);

/** GET, the body appended to `out`. Errors as net_post. */
enum err net_get(struct net *net, const char *url, struct buf *out);

/**
 * POST of application/msgpack, the body of the answer appended to `out` (at most RESPONSE_MAX bytes) whatever its
 * status is, if it is application/msgpack. `wait_ms` is how long the server may hold the answer.
 *
 * ERR_NET      the server could not be reached, or it or a proxy before it is down; nothing is lost
 * ERR_BUSY     it has too much to do (429, 503)
 * ERR_TOO_BIG  the answer or the request is larger than any limit
 * ERR_FORMAT   no URL, or http to another machine
 * ERR_NOT_FOUND  there is something at this address, but not our server
 */
enum err net_post(struct net *net, const char *url, const uint8_t *body, size_t len,
                  uint64_t wait_ms, struct buf *out);

/** One English clause about the last failure ("Could not resolve host: x", "status 502"); never content. */
const char *net_why(const struct net *net);

#endif
