/* SPDX-License-Identifier: Apache-2.0
 *
 * match: which records go with one: the pack says who may be a candidate and what speaks for each. Reasons only: nobody
 * gets a number, and the list is in alphabetical order.
 */
#ifndef CLIENT_MATCH_H
#define CLIENT_MATCH_H

#include "client/domain.h"
#include "client/pas_table.h"

/**
 * The candidates for a record as a table: id, code, title, kind, reasons (JSON array of {"reason", "label"}, worded for
 * people). Those for whom nothing speaks come last, with an empty list.
 *
 * ERR_NOT_FOUND  the pack matches nothing with this kind
 */
enum err match_make(const struct domain *domain, const char *kind, const char *record,
                    struct pas_table **table);

#endif
