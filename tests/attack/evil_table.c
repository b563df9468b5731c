/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/attack/evil_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char *outcome_name(enum evil_outcome outcome)
{
    static const char *const names[] = {"refused", "alarm", "ignored", "keyless", "alarm", "quiet"};
    return names[outcome];
}

static enum evil_outcome outcome_of(const struct evil_seen *before, const struct evil_seen *seen,
                                    enum err *code)
{
    *code = seen->err != ERR_OK ? seen->err : seen->alarm;
    if (seen->err != ERR_OK)
        return REFUSED;
    if (seen->alarm != ERR_OK)
        return ALARM;
    if (seen->keyless > before->keyless)
        return KEYLESS;
    return seen->invalid > before->invalid ? IGNORED : QUIET;
}

/* What no attack may reach. */
static void nothing_lost(struct evil *evil, const struct evil_row *attack,
                         const struct evil_seen *before, const struct evil_seen *seen)
{
    const struct engine_space *space = engine_space(evil->kit.b.engine, evil->at_b[0]);
    if (seen->members != before->members)
        fail_msg("%s: %zu members, not %zu", attack->name, seen->members, before->members);
    if (seen->changes < before->changes || seen->size < before->size)
        fail_msg("%s: something is gone", attack->name);
    if (space->state != SPACE_ACTIVE || space->roles != EVIL_MEMBER)
        fail_msg("%s: Bruno is no member any more", attack->name);
    if (engine_dossier_check(evil->kit.b.engine, evil->at_b[0], evil->site) != ERR_OK)
        fail_msg("%s: the key of a dossier is gone", attack->name);
}

static bool one(struct evil *evil, const struct evil_row *attack)
{
    struct evil_seen before, seen, after;
    enum err code;
    evil_look(evil, &before);
    evil_run(evil, attack->attack, attack->outcome == INSISTS, &seen);
    nothing_lost(evil, attack, &before, &seen);
    enum evil_outcome outcome = outcome_of(&before, &seen, &code);
    if (outcome == ALARM && attack->outcome == INSISTS)
        outcome = INSISTS;
    (void)kit_sync(&evil->kit.b);
    evil_look(evil, &after);
    nothing_lost(evil, attack, &before, &after);
    kit_edit(&evil->kit.b, evil->at_b[0], evil->site, 7, 19, "le travail continue");
    evil_look(evil, &seen);
    if (seen.unsent != after.unsent + 1)
        fail_msg("%s: work cannot go on", attack->name);
    bool good = outcome == attack->outcome && code == attack->code && after.alarm == attack->later;
    printf("%s %-40s %-8s %-12s then %s\n", good ? "  " : "!!", attack->name, outcome_name(outcome),
           err_name(code), err_name(after.alarm));
    /* Without evidence against the server Bruno has caught up. */
    if (after.alarm == ERR_OK &&
        after.size != engine_space(evil->kit.a.engine, evil->at_a[0])->size)
        fail_msg("%s: he did not catch up", attack->name);
    return good;
}

void evil_table_run(const struct evil_row *rows, size_t n)
{
    struct evil evil;
    size_t bad = 0;
    evil_start(&evil);
    kit_backup(&evil.kit.b);
    for (size_t i = 0; i < n; i++) {
        bad += !one(&evil, &rows[i]);
        kit_restore(&evil.kit.b);
        engine_set_time(evil.kit.b.engine, evil.kit.now_ms);
    }
    evil_stop(&evil);
    printf("%zu attacks, %zu with another outcome\n", n, bad);
    assert_int_equal(bad, 0);
}
