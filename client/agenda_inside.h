/* SPDX-License-Identifier: Apache-2.0
 *
 * agenda_inside: what the files agenda*.c share.
 */
#ifndef CLIENT_AGENDA_INSIDE_H
#define CLIENT_AGENDA_INSIDE_H

#include "client/agenda.h"

enum { AGENDA_POINTS_MAX = 64 };

struct agenda_point {
    const char *key, *unit, *move, *target, *target_label, *visit, *condition, *label;
    int n;
};

/* One rule of the pack; texts live in the agenda. */
struct agenda_rule {
    const char *key, *kind, *source, *date, *condition, *until, *region, *week, *audience, *label;
    int window;
    bool proposal;
    struct agenda_point points[AGENDA_POINTS_MAX];
    size_t points_n;
};

/* Adds every item that the rule gives, done ones and all, in any order; postponed ones are moved. */
enum err agenda_rule_items(const struct domain *domain, const struct agenda_query *query,
                           const struct agenda_rule *rule, struct agenda *agenda);

/* A new zeroed item at the end; NULL without memory. Earlier items may move. */
struct agenda_item *agenda_add(struct agenda *agenda);

/* A copy that lives as long as the agenda; NULL stays NULL. Without memory gives NULL. */
const char *agenda_keep(struct agenda *agenda, const char *text);

#endif
