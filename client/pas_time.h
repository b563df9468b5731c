/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_time: instants as text. Pure; the clock is the caller's.
 */
#ifndef CLIENT_PAS_TIME_H
#define CLIENT_PAS_TIME_H

#include <stdbool.h>
#include <stdint.h>

enum { PAS_TIME_LEN = 21 }; /* "2025-03-04T08:30:00Z" and its zero */

/** Writes seconds since 1970 as RFC 3339 in UTC; years outside 1900..2199 are brought to the nearest one inside. */
void pas_time_format(int64_t seconds, char out[static PAS_TIME_LEN]);

/** Reads RFC 3339: date, T or space, time, optional fraction (dropped), Z or +hh:mm. A date alone is its midnight in
 * UTC. False if it is none. */
bool pas_time_parse(const char *text, int64_t *seconds);

#endif
