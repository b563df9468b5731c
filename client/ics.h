/* SPDX-License-Identifier: Apache-2.0
 *
 * ics: the agenda as an iCalendar file (RFC 5545) that a calendar program imports: one all-day event per visit or item,
 * with a stable UID, so that importing again replaces instead of doubling.
 *
 * Such a file leaves the system: unless asked otherwise a title says how many reminders there are and nothing else.
 */
#ifndef CLIENT_ICS_H
#define CLIENT_ICS_H

#include "client/agenda.h"

struct ics_options {
    int64_t now_s; /* seconds since 1970, of DTSTAMP */
    bool titles;   /* say what is due; still nobody's name */
};

/** Appends the calendar. The items of a visit are one event. */
enum err ics_write(const struct domain *domain, const struct agenda *agenda,
                   const struct ics_options *options, struct buf *out);

/** Appends one content line, escaped and folded at 75 octets without cutting a character. */
void ics_line(struct buf *out, const char *name, const char *text);

#endif
