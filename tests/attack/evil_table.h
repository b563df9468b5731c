/* SPDX-License-Identifier: Apache-2.0
 *
 * evil_table: attacks in the answers of a server as rows of a table: what Bruno makes of each, what no attack may reach,
 * and how he stands after the next true answer.
 */
#ifndef TESTS_ATTACK_EVIL_TABLE_H
#define TESTS_ATTACK_EVIL_TABLE_H

#include "tests/attack/evil.h"

enum evil_outcome {
    REFUSED, /* the answer is not taken; `code` is the error */
    ALARM,   /* `code` is the alarm */
    IGNORED, /* a leaf is kept and ignored */
    KEYLESS, /* kept, and shown as waiting for its key */
    INSISTS, /* ALARM, when it is repeated; one true answer heals */
    QUIET    /* nothing to see yet, or nothing at all */
};

struct evil_row {
    const char *name;
    evil_attack attack;
    enum evil_outcome outcome;
    enum err code;
    enum err later; /* the alarm after the next true answer */
};

/** Runs them one after the other, each from the same state of Bruno's device. Fails the test unless all end as their
 * rows say. */
void evil_table_run(const struct evil_row *rows, size_t n);

#endif
