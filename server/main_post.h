/* SPDX-License-Identifier: Apache-2.0
 *
 * main_post: one POST of text to a witness, over libcurl: http or https, no redirect, no proxy, bounded in size and time.
 */
#ifndef SERVER_MAIN_POST_H
#define SERVER_MAIN_POST_H

#include <stdbool.h>

#include "proto/buf.h"

struct main_post;

/** ERR_MEMORY. Its functions are one thread's at a time. */
enum err main_post_new(struct main_post **post);
void main_post_free(struct main_post *post); /* NULL is fine */

/** Whether this is an http or https URL without user, question or fragment. */
bool main_post_url_ok(const char *url);

/** Sends `body`; the answer's body goes to `answer` (up to answer->max) with a zero behind it, its HTTP status to
 * *status. ERR_NET: not reached, or it broke off; try again later. */
enum err main_post(struct main_post *post, const char *url, const struct buf *body, int *status,
                   struct buf *answer);

#endif
