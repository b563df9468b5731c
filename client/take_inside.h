/* SPDX-License-Identifier: Apache-2.0
 *
 * take_inside: between the take_*.c files.
 */
#ifndef CLIENT_TAKE_INSIDE_H
#define CLIENT_TAKE_INSIDE_H

#include "client/take.h"

enum { TAKE_ERASED_MAX = 1024 };

struct take {
    struct engine *engine;
    struct server *server;
    struct space *space;
    const struct flight_row *flight;
    const struct message_response *answer;
    const struct message_row *row;
    struct take_result *result;
    struct space_reader reader;
    uint64_t size_before;
    uint64_t first_bad;  /* first entry that cannot be what its author signed; UINT64_MAX */
    uint64_t bad_bodies; /* first entry whose bodies are not the signed ones; UINT64_MAX */
    bool labels, keys, bump;
    bool forgot;                /* keys that nothing needs any more */
    bool refused_bodies;        /* bodies were asked for, and none came */
    bool proven;                /* two signed notes exclude each other */
    const struct note *accused; /* which note, where it is not the row's */
    struct note cosigned;       /* room for one */
    uint64_t purge_from;        /* leaves that an erasure of this page did not know; UINT64_MAX */
    size_t n_erased;
    uint64_t erased[TAKE_ERASED_MAX]; /* indexes of valid erase and purge leaves */
};

/** Verifies and stores the entries of the page; own leaves among them are done. */
enum err take_entries(struct take *take);

/** The note at the page's end, the head beyond it, and notes that waited for this size. result->bad when they prove
 * something. */
enum err take_notes(struct take *take);

/** Statuses of what this device pushed. */
enum err take_items(struct take *take);

/** Slots, seals and their lists. */
enum err take_keys(struct take *take);

/** Carries out the erasures of this page. */
enum err take_erasures(struct take *take);

/** Queues purges of this device's own late bodies of erased dossiers. */
enum err take_purges(struct take *take);

/** Fills bodies that were wanted, and asks for what is missing without a reason. */
enum err take_bodies(struct take *take);

/** Evidence: nothing of the row is kept. Gives ERR_CORRUPT, so that the caller stops. */
enum err take_evidence(struct take *take, enum err what, uint64_t index);

#endif
