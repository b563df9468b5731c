/* SPDX-License-Identifier: Apache-2.0
 *
 * succeed_inside: between succeed.c and succeed_carry.c.
 */
#ifndef CLIENT_SUCCEED_INSIDE_H
#define CLIENT_SUCCEED_INSIDE_H

#include "client/succeed.h"

/** The successor of a space on this device; NULL. */
struct space *succeed_of(const struct engine *engine, const struct space *old, size_t *i);

/** Whether the log of `old` lets this founder continue it, at this level. */
bool succeed_rightful(const struct space *old, const uint8_t founder[static ID_LEN],
                      enum space_level level);

#endif
