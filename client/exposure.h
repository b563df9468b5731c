/* SPDX-License-Identifier: Apache-2.0
 *
 * exposure: what a device that is lost could read: not its content, but which dossiers, how much of it for certain, and
 * which keys. Counted from the log alone, so that an auditor can ask as well.
 */
#ifndef CLIENT_EXPOSURE_H
#define CLIENT_EXPOSURE_H

#include "client/engine.h"

struct exposure {
    bool reads;           /* it holds or held the reader's role */
    uint64_t added_ms;    /* when it was let in */
    uint64_t removed_ms;  /* 0 = it still belongs */
    uint64_t sent_ms;     /* when the last thing came from it; 0 = never */
    uint64_t seen;        /* entries that it had received by then */
    uint64_t could_see;   /* entries that it can have received at most */
    size_t dossiers;      /* of those, born before */
    size_t seen_dossiers; /* received for certain */
    size_t erased;        /* of the dossiers; it may not know that */
    uint32_t epoch;       /* newest key it can hold */
    uint64_t key_since_ms;
    uint64_t key_until_ms; /* 0 = that key is in use */
};

/** Counts. ERR_NOT_FOUND: the space never had that device. */
enum err exposure_count(struct engine *engine, size_t space, const uint8_t device[static ID_LEN],
                        struct exposure *exposure);

struct exposure_dossier {
    uint8_t shred[ID_LEN];
    uint64_t since_ms;
    bool seen;          /* received for certain */
    uint64_t erased_ms; /* 0 = not erased */
};
typedef enum err (*exposure_sink)(void *ctx, const struct exposure_dossier *dossier);

/** Gives the dossiers in order of birth. ERR_NOT_FOUND. */
enum err exposure_dossiers(struct engine *engine, size_t space, const uint8_t device[static ID_LEN],
                           exposure_sink sink, void *ctx);

/** When an entry was received by the server. ERR_NOT_FOUND. */
enum err exposure_time(struct engine *engine, size_t space, uint64_t index, uint64_t *t_recv_ms);

#endif
