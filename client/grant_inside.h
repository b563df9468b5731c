/* SPDX-License-Identifier: Apache-2.0
 *
 * grant_inside: what grant.c and grant_reader.c share: the auditor's record of a grant, lines of
 * (u64be leaf | u16be box | key32), ascending.
 */
#ifndef CLIENT_GRANT_INSIDE_H
#define CLIENT_GRANT_INSIDE_H

#include "client/engine_inside.h"
#include "client/grant.h"

enum { GRANT_LINE_LEN = 8 + 2 + KEY_LEN };

/** This device's record of a grant, appended to `record`; nothing when there is none. ERR_MEMORY, ERR_IO. */
enum err grant_record(struct engine *engine, const struct space *space,
                      const struct fold_grant *grant, struct buf *record);

/** Whether a line is about one of these bodies. */
bool grant_line_is(const uint8_t *line, const struct op_body *list, size_t n);

#endif
