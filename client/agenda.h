/* SPDX-License-Identifier: Apache-2.0
 *
 * agenda: what is due, derived from the records by the rules of the pack (client/domain/README.md, "Rules"). Nothing is
 * stored: two devices that hold the same records derive the same items with the same ids, and what was done, skipped or
 * postponed is seen in the records that say so.
 *
 *     struct agenda agenda = {0};
 *     struct agenda_query query = {.has_until = true, .until = day};
 *     if (agenda_make(&domain, &query, &agenda) == ERR_OK)
 *         for (size_t i = 0; i < agenda.n; i++) ... agenda.items[i] ...
 *     agenda_free(&agenda);
 *
 * Civil days only: an item is due on a day, wherever and whenever one looks.
 */
#ifndef CLIENT_AGENDA_H
#define CLIENT_AGENDA_H

#include "client/domain.h"
#include "client/pas_table.h"

#define AGENDA_RECORD_MAX PACK_REF_MAX

enum agenda_state {
    AGENDA_LATER,   /* not yet in its window */
    AGENDA_DUE,     /* may be done: within its window, or today */
    AGENDA_OVERDUE, /* its day has passed */
    AGENDA_DONE,    /* resolved; only given when asked for */
};

struct agenda_item {
    char id[DOMAIN_ID_MAX];    /* the same on every device, whatever the due day */
    char visit[DOMAIN_ID_MAX]; /* shared by items that are one visit; "" for an item alone */
    const char *visit_key;     /* the pack's, or NULL */
    const char *rule;          /* "R2"; this and what follows are borrowed from the agenda */
    const char *point;         /* "J3", unique in the pack */
    const char *kind;          /* of the record; "" for a device */
    const char *target;        /* who it is with, or "" */
    const char *target_label;  /* the same in words */
    const char *audience;
    const char *label;               /* of the point */
    const char *rule_label;          /* of the rule */
    char record[AGENDA_RECORD_MAX];  /* id of the record, or the device */
    char dossier[AGENDA_RECORD_MAX]; /* id of its dossier */
    char may_resolve
        [AGENDA_RECORD_MAX]; /* a record that one may choose to count as its answer; or "" */
    int32_t due;             /* day, after postponing */
    int32_t planned;         /* day by the rule */
    int window;              /* days before it is due that it shows */
    enum agenda_state state;
    bool proposal; /* to be thinned, skipped or postponed in one tap */
    bool moved;
};

struct agenda {
    struct agenda_item *items; /* by day, record, rule */
    size_t n;
    void *inside; /* private */
};

/** All zero: what shows today and in the pack's `agenda_jours` next days. */
struct agenda_query {
    bool has_until;
    int32_t until;      /* everything that is due up to this day, even before its window */
    const char *record; /* only this record's items, whatever their day; or NULL */
    bool done;          /* resolved items as well */
};

/** Derives the items. *agenda is given (agenda_free), empty on error. ERR_FORMAT: a rule does not compile. */
enum err agenda_make(const struct domain *domain, const struct agenda_query *query,
                     struct agenda *agenda);

void agenda_free(struct agenda *agenda);

/** "later", "due", "overdue", "done". */
const char *agenda_state_word(enum agenda_state state);

/** As a table: id, rule (the point: "J3"), series (the rule: "R2"), due, state, days (late > 0), kind, record, code,
 * title, dossier, who, label, series_label, target, visit, proposal, moved_from, may_resolve, audience. */
enum err agenda_table(const struct domain *domain, const struct agenda *agenda,
                      struct pas_table **table);

/* --- answering --- */

enum agenda_action { AGENDA_DO, AGENDA_SKIP, AGENDA_POSTPONE };

/** What an answer writes: a new record of `kind`, or with kind NULL the fields of `record`. */
struct agenda_answer {
    const char *kind;
    const char *record;
    struct pas_pair *pairs;
    size_t n;
    void *inside; /* private */
};

/**
 * What answering an item means by the pack. `date` is the new day of AGENDA_POSTPONE. The `n` pairs of the person are
 * borrowed; they win over what the pack says. *answer is given (agenda_answer_free).
 *
 * ERR_USAGE  the pack has no such answer for this rule
 */
enum err agenda_answer(const struct domain *domain, const struct agenda_item *item,
                       enum agenda_action action, int32_t date, const struct pas_pair *pairs,
                       size_t n, struct agenda_answer *answer);

void agenda_answer_free(struct agenda_answer *answer);

/**
 * Finds items by id, by an unambiguous beginning of it (4 digits), by a visit's id (all its items), or by a record and
 * point ("CODE:J3"). `found` gets at most `max` places in agenda->items; gives their number. 0: none; SIZE_MAX: several
 * different ones fit.
 */
size_t agenda_find(const struct domain *domain, const struct agenda *agenda, const char *text,
                   size_t *found, size_t max);

#endif
