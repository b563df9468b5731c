/* SPDX-License-Identifier: Apache-2.0
 *
 * audit_report: a space's history without its content as a signed text file, which somebody who has nothing of ours but
 * PROTOCOL.md (15.2) can verify.
 *
 *   passerelle audit report 1
 *   space: HEX            size: N            made: TIME          device: HEX         key: HEX
 *   <counts>              checkpoint: BASE64 of the signed note
 *   (an empty line, then one line of CSV per entry)
 *   signature: HEX        by the device, over "passerelle/report/v1" NUL and every byte before this line
 */
#ifndef CLIENT_AUDIT_REPORT_H
#define CLIENT_AUDIT_REPORT_H

#include "client/engine.h"

/** Writes the report up to its signature: the head from the engine, `counts` and `lines` from the caller (both borrowed,
 * lines of text), and signs it. ERR_NOT_FOUND: no checkpoint yet. */
enum err audit_report_make(struct engine *engine, size_t space, const char *counts,
                           const struct buf *lines, struct buf *out);

/** What a report says of itself, once its signature has been verified. */
struct audit_report {
    uint8_t space[ID_LEN];
    uint8_t device[ID_LEN];
    size_t at;        /* this device's number of the space; SIZE_MAX: it does not know it */
    bool member;      /* the device is or was a member of it */
    enum err history; /* of its checkpoint against ours: ERR_OK, BEHIND, FORK, SIGNATURE */
    uint64_t size;
};

/** Reads one. ERR_FORMAT: none; ERR_SIGNATURE: altered. */
enum err audit_report_check(struct engine *engine, const char *text, size_t len,
                            struct audit_report *report);

#endif
