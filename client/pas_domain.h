/* SPDX-License-Identifier: Apache-2.0
 *
 * pas_domain: the second part of the library's interface: what the domain pack makes of the records. The rules of
 * passerelle.h hold here too: results, tables, ownership.
 */
#ifndef CLIENT_PAS_DOMAIN_H
#define CLIENT_PAS_DOMAIN_H

#include "client/passerelle.h"

/* --- the agenda --- */

/** What is due, derived from the records (client/agenda.h): id, rule, series, due, state (later, due, overdue), days,
 * kind, record, code, title, dossier, who, label, series_label, target, visit, proposal, moved_from, may_resolve,
 * audience. `until` is a date as a person types it; NULL: what shows today. */
PAS_CHECK int pas_agenda(struct pas *pas, const char *until, struct pas_table **table);

/** The same as an iCalendar file; gives `*text` (pas_free). Titles are neutral unless `titles`. */
PAS_CHECK int pas_agenda_ics(struct pas *pas, const char *until, bool titles, char **text);

enum pas_answer { PAS_DONE, PAS_SKIP, PAS_POSTPONE };

/** Answers a due item, named by id, beginning of the id, CODE:RULE, or the id of a visit (all its items). `date` is the
 * new day of PAS_POSTPONE. The pairs are written as well. Table: item, rule, kind, id, code of what was written. */
PAS_CHECK int pas_answer(struct pas *pas, const char *item, enum pas_answer answer,
                         const char *date, const struct pas_pair *pairs, size_t n,
                         struct pas_table **table);

/* --- reports and sheets --- */

/** report, code, title, params (JSON). */
PAS_CHECK int pas_reports(struct pas *pas, struct pas_table **table);

enum pas_form { PAS_CSV, PAS_HTML, PAS_JSON_TEXT, PAS_PLAIN };
struct pas_report_args {
    const char *name;
    const struct pas_pair *params;
    size_t params_n;
    int year;          /* 0: this one */
    bool shared;       /* small counts hidden, nobody named */
    const char *space; /* a report about the log: of this space; NULL: of all */
    enum pas_form form;
};
/** Computes a report and writes it; gives `*text` (pas_free). */
PAS_CHECK int pas_report(struct pas *pas, const struct pas_report_args *args, char **text);

/** Notes that something left the system, as the pack's `journal` says: `what` was exported or printed, about `record`
 * (or NULL). NOT_FOUND: the pack notes nothing. */
PAS_CHECK int pas_journal(struct pas *pas, bool print, const char *what, const char *record,
                          size_t lines);

/** sheet, title, kind, person. */
PAS_CHECK int pas_sheets(struct pas *pas, struct pas_table **table);

/** An A4 page; gives `*html` (pas_free). `record` NULL: the blank version, if `blank`, or a sheet about no record.
 * `lang` is any language of the pack; NULL: that of `pas`. */
PAS_CHECK int pas_sheet(struct pas *pas, const char *sheet, const char *record, const char *lang,
                        bool blank, char **html);

/* --- helpers of daily work --- */

/** Ticks an item of a record's check-list, or takes the tick away. The item: its key, or the beginning of its wording. */
PAS_CHECK int pas_tick(struct pas *pas, const char *record, const char *item, bool tick,
                       struct pas_id *id);

/** Who or what goes with a record, and why: id, code, title, kind, reasons (JSON). */
PAS_CHECK int pas_match(struct pas *pas, const char *record, struct pas_table **table);

/** Pairs that may be the same: kind, a, a_code, a_title, b, b_code, b_title. `kind` NULL: of all kinds. */
PAS_CHECK int pas_duplicates(struct pas *pas, const char *kind, struct pas_table **table);

/** Records that may be the same as this one: id, code, title. */
PAS_CHECK int pas_duplicates_of(struct pas *pas, const char *record, struct pas_table **table);

/** What the pack proposes now that a record was saved; automatic ones are done: key, label, done, kind, record, code,
 * fields (JSON). */
PAS_CHECK int pas_suggest(struct pas *pas, const char *record, struct pas_table **table);

/** Does one of the others, by its key. */
PAS_CHECK int pas_suggest_do(struct pas *pas, const char *record, const char *key,
                             struct pas_id *id);

/** What is hinted at in a record's free texts (origin, illness...): field, hint. Nothing is refused. */
PAS_CHECK int pas_hints(struct pas *pas, const char *record, struct pas_table **table);

struct pas_import_args {
    const char *kind, *csv;
    size_t len;
    bool dry_run;    /* preview: nothing is written */
    bool duplicates; /* take over rows that may exist already */
    const struct pas_edit *edit;
};
/** Takes a spreadsheet's file over, a row at a time; a bad row never stops the others. Table: line, status (new,
 * duplicate, refused, empty), id, code, title, message. `*ignored` gets the headings that fit no field (pas_free). */
PAS_CHECK int pas_import(struct pas *pas, const struct pas_import_args *args,
                         struct pas_table **table, char **ignored);

/** Files due for review or deletion by the pack's periods: kind, id, code, title, last_contact, review, purge, state,
 * postponed_to, label. */
PAS_CHECK int pas_retention(struct pas *pas, bool all, struct pas_table **table);

/** Erases what is due for deletion: of these `records`, or (n = 0) of all. The pack's anonymous rows are written first. Table:
 * kind, id, code, title, purge, status (erased, waiting, part, refused), message. USAGE: one that is not due. */
PAS_CHECK int pas_retention_apply(struct pas *pas, const char *const *records, size_t n,
                                  struct pas_table **table);

/** Seals a whole file (its records with their history, as JSON) as an archive, with a reason and a last day; the key goes
 * into a record of its own, `id`. Gives `*bytes` (pas_free_bytes). */
PAS_CHECK int pas_archive(struct pas *pas, const char *record, const char *reason,
                          const char *until, unsigned char **bytes, size_t *len, struct pas_id *id);
/** Opens such an archive; gives `*text` (pas_free). NOT_FOUND: its key is not on this device, or destroyed. */
PAS_CHECK int pas_archive_open(struct pas *pas, const unsigned char *bytes, size_t len,
                               char **text);

#endif
