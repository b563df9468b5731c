/* SPDX-License-Identifier: Apache-2.0
 *
 * witness: how fresh the word of the space's witnesses is, and asking for a note that nothing else would bring.
 *
 * Two histories of the same size with nothing to send look alike to both sides: the server answers UNCHANGED and no
 * note travels. So a client asks for the note again once a day (a body that cannot exist: body 0 of entry 0), and more often
 * where witnesses are set and none was heard of for a day. Field work never waits for any of this.
 */
#ifndef CLIENT_WITNESS_H
#define CLIENT_WITNESS_H

#include "client/engine.h"
#include "proto/message.h"
#include "proto/note.h"

struct space;

enum witness_level {
    WITNESS_NONE, /* the space has no witness */
    WITNESS_FRESH,
    WITNESS_AMBER, /* for 7 days nobody confirmed */
    WITNESS_RED    /* for 30 */
};

/** How it stands by this device's clock; `*at_s` (may be NULL) is when as many witnesses as the space asks for had
 * confirmed last, 0 = never. */
enum witness_level witness_level(struct engine *engine, size_t space, uint64_t *at_s);

/** When witness `k` of the space's list confirmed last; 0 = never. */
uint64_t witness_time(struct engine *engine, size_t space, size_t k);

/* Inside the sync's transaction: */

/** A note of the log that was checked against the own history: its cosignatures count. */
enum err witness_take(struct engine *engine, struct space *space, const struct note *note);
/** The space's list changed: time runs from now on. */
enum err witness_changed(struct engine *engine, struct space *space, uint64_t t_recv_ms);
/** Asks for the note if it is time; `row->want` has room for one more. ERR_MEMORY, ERR_IO. */
enum err witness_ask(struct engine *engine, struct space *space, struct message_row *row);

#endif
