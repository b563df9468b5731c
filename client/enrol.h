/* SPDX-License-Identifier: Apache-2.0
 *
 * enrol: how devices come to a space: founding, invites, joins, approvals (PROTOCOL.md 10). The doors of engine.h for
 * them lie in enrol.c; this is what a sync needs.
 */
#ifndef CLIENT_ENROL_H
#define CLIENT_ENROL_H

#include "client/engine_inside.h"

/* Seals a joiner's name, and is derived from (PROTOCOL.md 10.2). */
#define ENROL_TAG_NAME "passerelle/name/v1"

/** Takes the joins that wait in a row's inbox, and forgets those that are settled. In a transaction. */
enum err enrol_inbox(struct engine *engine, const struct server *server, struct space *space,
                     const struct message_row *row);

/** What a refusal of a whole row, or of its join or founding, means for the state of the space. */
void enrol_status(struct engine *engine, struct space *space, enum err status);

/** What goes into the inbox of the next request: the own join, dismissals. `items` holds INBOX_MAX; pointers are
 * borrowed from the space. */
size_t enrol_outgoing(const struct space *space, const struct engine *engine,
                      struct message_inbox *items);

/** Founds the space that continues `old`, on its server (succeed.h). */
enum err enrol_found_next(struct engine *engine, struct space *old, const uint8_t *server,
                          size_t server_len, const char *name, size_t *i);

/** Keeps a space (taken over, also after an error) that continues an older one, and knocks there with `join`. */
enum err enrol_keep_next(struct engine *engine, struct space *space, size_t *i);

#endif
