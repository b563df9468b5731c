/* SPDX-License-Identifier: Apache-2.0
 *
 * net_rules: what holds for every carrier of our bytes (libcurl, a browser's fetch): which addresses may be asked, and
 * what an answer is worth before anything of it is read.
 */
#ifndef CLIENT_NET_RULES_H
#define CLIENT_NET_RULES_H

#include <stddef.h>

#include "proto/err.h"

/** Refuses, before any connection, what would leave this machine unprotected: https anywhere, http to this machine only.
 * ERR_FORMAT with one clause in `why`. */
enum err net_rules_url(const char *url, char *why, size_t why_max);

/** An HTTP answer by its status and content type (may be NULL): ERR_OK for what our server signs, whatever its status;
 * else the error of net_post with one clause in `why`. */
enum err net_rules_answer(long status, const char *type, char *why, size_t why_max);

#endif
