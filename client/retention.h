/* SPDX-License-Identifier: Apache-2.0
 *
 * retention: which files are due for review or for deletion, by the periods of the pack in force.
 */
#ifndef CLIENT_RETENTION_H
#define CLIENT_RETENTION_H

#include "client/domain.h"
#include "client/pas_table.h"

/** What is due today: kind, id, code, title, last_contact, review, purge, state ("review", "purge"), postponed_to, label;
 * the longest overdue first. With `all` everything that a period is running for, also state "kept" and "postponed". */
enum err retention_table(const struct domain *domain, bool all, struct pas_table **table);

#endif
