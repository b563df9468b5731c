/* SPDX-License-Identifier: Apache-2.0
 *
 * handover: a server that changes its keys (PROTOCOL.md 6.5).
 *
 * It offers the new ones to a space's admins, with the word of the log key in force. An admin compares their code with
 * the server's operator and puts them into the log; every device then verifies the hand-over there. Until an admin does,
 * the keys in force stay in force.
 */
#ifndef CLIENT_HANDOVER_H
#define CLIENT_HANDOVER_H

#include "client/engine_inside.h"
#include "proto/op.h"

/** The code of the keys that a space's server offers, for comparing. ERR_NOT_FOUND: none that the key in force signed. */
enum err handover_offer(struct engine *engine, size_t space, struct op_key_offer *offer,
                        char code[static 10]);

/** Queues the operation if `code` is the offer's. ERR_NOT_FOUND; ERR_DENIED: not an admin; ERR_COMMITMENT: another
 * code: these are not the keys that the operator spoke of, or the code was misheard; ERR_EXISTS: it waits already. */
enum err handover_accept(struct engine *engine, size_t space, const char *code);

/** Keeps what the row offers. In a transaction. */
enum err handover_take(struct engine *engine, const struct space *space,
                       const struct message_row *row);

/** After a page: requests go to the key that this space's log names now, if it followed the one they went to. */
enum err handover_follow(struct engine *engine, struct server *server, const struct space *space);

/** Whether the hash is that of a log key of this server, the one in use or one that a space's log names. */
bool handover_knows(const struct engine *engine, const struct server *server,
                    const uint8_t aud[static HASH_LEN]);

#endif
