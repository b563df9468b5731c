/* SPDX-License-Identifier: Apache-2.0
 *
 * evidence: what proves a server's misbehaviour, as a text file in the device folder. No content.
 */
#ifndef CLIENT_EVIDENCE_H
#define CLIENT_EVIDENCE_H

#include "client/engine_inside.h"

/** What was seen. */
struct evidence {
    enum err what;
    uint64_t index;          /* first bad entry; UINT64_MAX = unknown */
    const struct note *ours; /* last verified; NULL = none */
    const struct note *theirs;
    const uint8_t *root;   /* what the entries produced; NULL = unknown */
    const uint8_t *header; /* of the bad entry; NULL = unknown */
    size_t header_len;
    const uint8_t *sig;
    uint64_t t_recv_ms;
};

/** Writes evidence-<space>-<time>.txt. Fine when one of that name exists: the first one stays. */
enum err evidence_write(struct engine *engine, const struct space *space,
                        const struct evidence *evidence);

#endif
