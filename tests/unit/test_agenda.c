/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what is due follows from the records and the pack alone: the method's days, what coincides, what was done,
 * skipped, postponed or broken off, and the same ids on every device.
 *
 * ctest: no-valgrind (minutes of it; the sanitizers see the same)
 */
#include "tests/unit/domain_view.h"

#include <time.h>

#include "client/agenda.h"
#include "client/ics.h"

static struct agenda agenda;

static void make(const char *today, const char *until)
{
    struct agenda_query query = {.has_until = until != NULL};
    agenda_free(&agenda);
    domain.today = day(today);
    query.until = until ? day(until) : 0;
    assert_int_equal(agenda_make(&domain, &query, &agenda), ERR_OK);
}

static const struct agenda_item *item(const char *record, const char *point)
{
    for (size_t i = 0; i < agenda.n; i++) {
        if (strcmp(agenda.items[i].record, record) == 0 &&
            strcmp(agenda.items[i].point, point) == 0)
            return &agenda.items[i];
    }
    return NULL;
}

/* The day of an item as text, "-" if there is none. */
static const char *due(const char *record, const char *point)
{
    static char text[4][CIVIL_TEXT_LEN];
    static unsigned at;
    const struct agenda_item *found = item(record, point);
    if (!found)
        return "-";
    at = (at + 1) % 4;
    civil_format(found->due, text[at]);
    return text[at];
}

static size_t count(const char *record)
{
    size_t n = 0;
    for (size_t i = 0; i < agenda.n; i++)
        n += strcmp(agenda.items[i].record, record) == 0;
    return n;
}

/* Two people, an employer and a job that begins on Monday 5 May 2025, the week of a holiday. */
static int caseload(void **state)
{
    domain_view_open(state);
    sql("INSERT INTO personne(id, dossier, code, prenom, etat, created_at) VALUES"
        " ('p1', 'p1', 'P1', 'Ana', 'active', '2025-01-01T08:00:00Z'),"
        " ('p2', 'p2', 'P2', 'Ion', 'active', '2025-01-01T08:00:00Z')");
    sql("INSERT INTO entreprise(id, dossier, nom, etat) VALUES('e1', 'e1', 'Serres', 'contactee')");
    sql("INSERT INTO placement(id, dossier, code, personne, employeur, debut, jours, etat,"
        " contrat, created_at) VALUES('a1', 'p1', 'AAAA2222', 'p1', 'e1', '2025-05-05', '12345',"
        " 'en_essai', 'cdi', '2025-04-20T10:00:00Z')");
    return 0;
}

static int leave(void **state)
{
    agenda_free(&agenda);
    return domain_view_close(state);
}

static void test_one_three_five(void **state)
{
    (void)state;
    make("2025-04-30", "2025-12-31");
    assert_string_equal(due("a1", "J1"), "2025-05-05");
    assert_string_equal(due("a1", "J3"), "2025-05-07");
    assert_string_equal(due("a1", "FS1s"), "2025-05-09");
    assert_string_equal(due("a1", "FS1e"), "2025-05-09");
    assert_string_equal(due("a1", "J5"), "2025-05-12");
    assert_string_equal(due("a1", "M1"), "2025-06-05");
    assert_string_equal(due("a1", "M6"), "2025-11-05");
    assert_string_equal(due("a1", "E1"), "2025-06-02");
    assert_string_equal(due("a1", "E6"), "2025-10-20");
    assert_string_equal(due("a1", "E7"), "-"); /* beyond six months */
    assert_string_equal(due("a1", "PREP"), "-");

    /* The two talks of the end of the week are one visit; J5 is on its own that week. */
    assert_string_equal(item("a1", "FS1s")->visit, item("a1", "FS1e")->visit);
    assert_int_not_equal(item("a1", "FS1s")->visit[0], 0);
    assert_int_equal(item("a1", "J5")->visit[0], 0);
    assert_string_equal(item("a1", "FS1s")->target, "salarie");
    assert_string_equal(item("a1", "FS1e")->target, "employeur");
    assert_false(item("a1", "J3")->proposal);
    assert_true(item("a1", "M1")->proposal);

    /* An ordinary week: J5 falls on the last day, one visit with three boxes. */
    sql("UPDATE placement SET debut = '2025-03-03'");
    make("2025-03-01", "2025-03-31");
    assert_string_equal(due("a1", "J5"), "2025-03-07");
    assert_string_equal(item("a1", "FS1s")->visit, item("a1", "J5")->visit);
    assert_string_equal(item("a1", "FS1e")->visit, item("a1", "J5")->visit);
    assert_int_equal(item("a1", "J3")->visit[0], 0);
}

static void test_windows(void **state)
{
    (void)state;
    make("2025-04-30", NULL);
    assert_int_equal(item("a1", "J1")->state, AGENDA_LATER); /* shown: within the next 14 days */
    assert_null(item("a1", "M1"));
    make("2025-05-02", NULL);
    assert_int_equal(item("a1", "J1")->state, AGENDA_DUE);
    make("2025-05-05", NULL);
    assert_int_equal(item("a1", "J1")->state, AGENDA_DUE);
    make("2025-05-06", NULL);
    assert_int_equal(item("a1", "J1")->state, AGENDA_OVERDUE);
    make("2025-11-02", NULL); /* 180 days late is still there, 181 is not */
    assert_non_null(item("a1", "J3"));
    assert_null(item("a1", "J1"));
    assert_string_equal(agenda_state_word(AGENDA_OVERDUE), "overdue");
}

static void test_resolving(void **state)
{
    (void)state;
    make("2025-05-05", "2025-12-31");
    char j3[DOMAIN_ID_MAX];
    strcpy(j3, item("a1", "J3")->id);
    assert_int_equal(strlen(j3), DOMAIN_ID_LEN);

    sql("INSERT INTO suivi(id, placement, personne, regle, etat, created_at) VALUES"
        " ('s1', 'a1', 'p1', 'J1', 'fait', '2025-05-05T09:00:00Z'),"
        " ('s2', 'a1', 'p1', 'M2', 'sans_objet', '2025-05-05T09:00:00Z'),"
        " ('s3', 'a1', 'p1', 'M3', NULL, '2025-05-05T09:00:00Z')");
    sql("INSERT INTO suivi(id, placement, personne, regle, etat, reporte_au, created_at) VALUES"
        " ('s4', 'a1', 'p1', 'M1', 'reporte', '2025-06-20', '2025-05-06T09:00:00Z'),"
        " ('s5', 'a1', 'p1', 'M1', 'reporte', '2025-06-12', '2025-05-07T09:00:00Z')");
    sql("INSERT INTO suivi(id, placement, personne, regle, etat, mistake, created_at) VALUES"
        " ('s6', 'a1', 'p1', 'J5', 'fait', 1, '2025-05-05T09:00:00Z')");
    make("2025-05-05", "2025-12-31");
    assert_null(item("a1", "J1"));
    assert_null(item("a1", "M2"));
    assert_null(item("a1", "M3"));                      /* no state means done */
    assert_string_equal(due("a1", "M1"), "2025-06-12"); /* the later decision, not the later day */
    assert_true(item("a1", "M1")->moved);
    assert_int_equal(item("a1", "M1")->planned, day("2025-06-05"));
    assert_non_null(item("a1", "J5")); /* a mistake never counts */

    /* The job begins a day later: what is not done moves, ids stay, J1 stays done. */
    sql("UPDATE placement SET debut = '2025-05-06'");
    make("2025-05-05", "2025-12-31");
    assert_null(item("a1", "J1"));
    assert_string_equal(due("a1", "J3"), "2025-05-09");
    assert_string_equal(due("a1", "J5"), "2025-05-13");
    assert_string_equal(due("a1", "M1"), "2025-06-12");
    assert_string_equal(item("a1", "J3")->id, j3);

    /* Asked for one record, with what is done. */
    struct agenda_query query = {.record = "a1", .done = true};
    agenda_free(&agenda);
    assert_int_equal(agenda_make(&domain, &query, &agenda), ERR_OK);
    assert_int_equal(item("a1", "J1")->state, AGENDA_DONE);
    assert_int_equal(count("a1"), agenda.n);
}

static void test_twice_is_once(void **state)
{
    (void)state;
    sql("INSERT INTO suivi(id, placement, personne, regle, etat, created_at) VALUES"
        " ('s1', 'a1', 'p1', 'J3', 'fait', '2025-05-07T09:00:00Z'),"
        " ('s2', 'a1', 'p1', 'J3', 'fait', '2025-05-07T09:10:00Z')");
    make("2025-05-05", "2025-12-31");
    assert_null(item("a1", "J3"));
    assert_int_equal(count("a1"), 4 + 6 + 6); /* J1 J5 FS1s FS1e, M1..M6, E1..E6 */
}

static void test_broken_off(void **state)
{
    (void)state;
    sql("UPDATE placement SET etat = 'rompu', rompu_le = '2025-05-16'");
    make("2025-05-16", "2025-12-31");
    assert_int_equal(count("a1"), 2);
    assert_string_equal(due("a1", "RUPTURE"), "2025-05-20"); /* two worked days later */
    assert_string_equal(due("a1", "REPRISE"), "2025-05-23");
}

static void test_trial_and_end(void **state)
{
    (void)state;
    sql("UPDATE placement SET essai_fin = '2025-07-04', fin = '2025-10-31', contrat = 'cdd'");
    make("2025-05-05", "2025-12-31");
    assert_string_equal(due("a1", "ESSAI7"), "2025-06-27");
    assert_string_equal(due("a1", "ESSAI2"), "-");
    assert_string_equal(due("a1", "ESSAI"), "2025-07-04");
    assert_string_equal(due("a1", "FIN30"), "2025-10-01");
    sql("UPDATE placement SET essai_fin = '2025-05-16'");
    make("2025-05-05", "2025-12-31");
    assert_string_equal(due("a1", "ESSAI2"), "2025-05-14");
    assert_string_equal(due("a1", "ESSAI7"), "-");

    /* Ended before the sixth month: no more points, unless the person agreed to them. */
    sql("UPDATE placement SET etat = 'termine', fin = '2025-07-31'");
    make("2025-05-05", "2025-12-31");
    assert_string_equal(due("a1", "M2"), "2025-07-07");
    assert_string_equal(due("a1", "M3"), "-");
    sql("UPDATE placement SET suivi_apres = 1");
    make("2025-05-05", "2025-12-31");
    assert_string_equal(due("a1", "M3"), "2025-08-05");
}

static void test_free_point(void **state)
{
    (void)state;
    sql("INSERT INTO suivi(id, placement, personne, regle, date, etat, created_at) VALUES"
        " ('libre', 'a1', 'p1', 'LIBRE', '2025-06-10', 'fait', '2025-06-10T09:00:00Z')");
    make("2025-06-11", "2025-12-31");
    assert_string_equal(item("a1", "M1")->may_resolve, "libre"); /* by choice: M1 is still open */
    assert_string_equal(item("a1", "M2")->may_resolve, "");
}

static void test_prospection(void **state)
{
    (void)state;
    sql("INSERT INTO prospection(id, dossier, entreprise, date, resultat, created_at) VALUES"
        " ('r1', 'e1', 'e1', '2025-03-02', 'sans_reponse', '2025-03-02T10:00:00Z')");
    make("2025-03-08", NULL);
    assert_int_equal(item("r1", "R11")->state, AGENDA_LATER);
    make("2025-03-09", NULL);
    assert_int_equal(item("r1", "R11")->state, AGENDA_DUE);
    sql("INSERT INTO ajournement(id, cle, etat, reporte_au, created_at) VALUES"
        " ('j1', '%s', 'reporte', '2025-03-12', '2025-03-09T10:00:00Z')",
        item("r1", "R11")->id);
    make("2025-03-09", NULL);
    assert_string_equal(due("r1", "R11"), "2025-03-12");
    sql("INSERT INTO prospection(id, dossier, entreprise, date, resultat, prochaine_date,"
        " created_at) VALUES('r2', 'e1', 'e1', '2025-03-11', 'rdv_obtenu', '2025-03-20',"
        " '2025-03-11T10:00:00Z')");
    make("2025-03-12", NULL);
    assert_null(item("r1", "R11")); /* the next exchange answers it */
    assert_string_equal(due("r2", "R11B"), "2025-03-20");
}

static void test_people(void **state)
{
    (void)state;
    sql("INSERT INTO parcours(id, dossier, personne, etat, entree) VALUES"
        " ('q1', 'p1', 'p1', 'accompagne', '2025-01-06'), ('q2', 'p2', 'p2', 'sorti', "
        "'2025-01-06')");
    sql("INSERT INTO contact(id, dossier, personne, date, mistake) VALUES"
        " ('c1', 'p1', 'p1', '2025-02-03', 0), ('c2', 'p1', 'p1', '2025-03-03', 1),"
        " ('c3', 'p2', 'p2', '2025-02-03', 0), ('c4', 'p2', 'p2', '2025-02-10', 0)");
    sql("INSERT INTO rdv(id, dossier, personne, debut, etat) VALUES"
        " ('v1', 'p1', 'p1', '2025-03-06T14:30', 'prevu')");
    sql("INSERT INTO info_restreinte(id, dossier, personne, droit_echeance) VALUES"
        " ('i1', 'p1', 'p1', '2025-05-30')");
    make("2025-03-05", NULL);
    assert_string_equal(due("q1", "R13"), "2025-03-05");
    assert_null(item("q2", "R13"));
    assert_string_equal(due("v1", "VEILLE"), "2025-03-05");
    assert_string_equal(due("v1", "RDV"), "2025-03-06");
    assert_string_equal(due("i1", "DROIT90"), "2025-03-01");
    assert_string_equal(due("p2", "INFORMATION"), "2025-02-10"); /* since the second contact */
    assert_null(item("p1", "INFORMATION"));
    make("2027-01-04", NULL);
    assert_string_equal(due("p2", "REVUE"), "2027-01-10");
    assert_string_equal(item("p2", "REVUE")->audience, "coordinateur");
}

static void test_device(void **state)
{
    (void)state;
    sql("INSERT INTO space VALUES('active', '2025-03-10T08:00:00Z'), ('active',"
        " '2025-03-01T08:00:00Z'), ('waiting', NULL)");
    make("2025-03-03", NULL);
    assert_int_equal(count("aa"), 0);
    make("2025-03-09", NULL); /* the space that is silent longest counts; one reminder at a time */
    assert_int_equal(count("aa"), 1);
    assert_string_equal(due("aa", "SYNCHRO7"), "2025-03-08");
}

static void test_answers(void **state)
{
    (void)state;
    struct agenda_answer answer;
    struct pas_pair mine[] = {{"mode", "telephone"}, {"etat", "manque"}};
    size_t found[8];
    make("2025-05-05", "2025-12-31");
    assert_int_equal(agenda_find(&domain, &agenda, "aaaa2222:J3", found, 8), 1);
    const struct agenda_item *j3 = &agenda.items[found[0]];
    assert_string_equal(j3->point, "J3");
    assert_int_equal(agenda_find(&domain, &agenda, j3->id, found, 8), 1);
    assert_int_equal(agenda_find(&domain, &agenda, item("a1", "FS1e")->visit, found, 8), 2);
    assert_int_equal(agenda_find(&domain, &agenda, "aaaa2222:J9", found, 8), 0);
    assert_int_equal(agenda_find(&domain, &agenda, "", found, 8), 0);

    assert_int_equal(agenda_answer(&domain, j3, AGENDA_DO, 0, mine, 2, &answer), ERR_OK);
    assert_string_equal(answer.kind, "suivi");
    const char *wanted[][2] = {{"placement", "a1"},
                               {"regle", "J3"},
                               {"cible", "tripartite"},
                               {"etat", "manque"}, /* the person's word wins */
                               {"mode", "telephone"}};
    assert_int_equal(answer.n, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(answer.pairs[i].field, wanted[i][0]);
        assert_string_equal(answer.pairs[i].text, wanted[i][1]);
    }
    agenda_answer_free(&answer);

    assert_int_equal(
        agenda_answer(&domain, j3, AGENDA_POSTPONE, day("2025-05-08"), NULL, 0, &answer), ERR_OK);
    assert_string_equal(answer.pairs[3].text, "reporte");
    assert_string_equal(answer.pairs[4].field, "reporte_au");
    assert_string_equal(answer.pairs[4].text, "2025-05-08");
    agenda_answer_free(&answer);

    /* A rule whose answer is a field of the record itself. */
    sql("INSERT INTO rdv(id, dossier, personne, debut, etat) VALUES"
        " ('v1', 'p1', 'p1', '2025-05-06T14:30', 'prevu')");
    make("2025-05-05", NULL);
    assert_int_equal(agenda_answer(&domain, item("v1", "RDV"), AGENDA_DO, 0, NULL, 0, &answer),
                     ERR_OK);
    assert_null(answer.kind);
    assert_string_equal(answer.record, "v1");
    assert_string_equal(answer.pairs[0].text, "fait");
    agenda_answer_free(&answer);
}

static void test_table(void **state)
{
    (void)state;
    struct pas_table *table = NULL;
    make("2025-05-06", "2025-05-09");
    assert_int_equal(agenda_table(&domain, &agenda, &table), ERR_OK);
    assert_int_equal(pas_table_rows(table), 4);
    assert_string_equal(pas_table_get(table, 0, pas_table_find(table, "rule")), "J1");
    assert_string_equal(pas_table_get(table, 0, pas_table_find(table, "series")), "R1");
    assert_string_equal(pas_table_get(table, 0, pas_table_find(table, "due")), "2025-05-05");
    assert_string_equal(pas_table_get(table, 0, pas_table_find(table, "state")), "overdue");
    assert_int_equal(pas_table_integer(table, 0, pas_table_find(table, "days")), 1);
    assert_string_equal(pas_table_get(table, 0, pas_table_find(table, "code")), "AAAA2222");
    assert_string_equal(pas_table_get(table, 0, pas_table_find(table, "kind")), "placement");
    assert_string_equal(pas_table_get(table, 1, pas_table_find(table, "label")), "jour 3");
    pas_table_free(table);
}

/* --- the due dates that were computed elsewhere --- */

static void one_vector(sqlite3_stmt *row)
{
    static const char *const points[][2] = {
        {"J1", "J1"}, {"J3", "J3"}, {"J5", "J5"}, {"FS1", "FS1s"}, {"FS1", "FS1e"}, {"M1", "M1"},
        {"M2", "M2"}, {"M3", "M3"}, {"M4", "M4"}, {"M5", "M5"},    {"M6", "M6"}};
    const char *name = domain_text(row, 0), *start = domain_text(row, 1);
    char week[8] = "";
    size_t days = 0;
    for (const char *at = domain_text(row, 2); *at && days < 7; at++) {
        if (*at >= '1' && *at <= '7')
            week[days++] = *at;
    }
    sql("DELETE FROM placement");
    sql("INSERT INTO placement(id, dossier, debut, jours, region, etat) VALUES"
        " ('v', 'p1', %Q, %Q, %Q, 'confirme')",
        start, week, sqlite3_column_int(row, 3) ? "alsace_moselle" : NULL);
    char until[CIVIL_TEXT_LEN];
    civil_format(day(start) + 400, until);
    make(start, until);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        sqlite3_stmt *wanted = NULL;
        bool found = false;
        assert_int_equal(domain_prepare_own(&domain, &wanted, "SELECT ?1->>?2"), ERR_OK);
        sqlite3_bind_text(wanted, 1, domain_text(row, 4), -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(wanted, 2, points[i][0], -1, SQLITE_STATIC);
        assert_int_equal(domain_step(wanted, &found), ERR_OK);
        if (sqlite3_column_type(wanted, 0) != SQLITE_NULL &&
            strcmp(domain_text(wanted, 0), due("v", points[i][1])) != 0)
            fail_msg("%s, %s: %s instead of %s", name, points[i][1], due("v", points[i][1]),
                     domain_text(wanted, 0));
        sqlite3_finalize(wanted);
    }
}

static void test_vectors(void **state)
{
    (void)state;
    const char *folder = getenv("PASSERELLE_VECTORS");
    char path[4096];
    snprintf(path, sizeof path, "%s/due-dates.json", folder ? folder : "");
    FILE *file = folder ? fopen(path, "rb") : NULL;
    if (!file) {
        print_message("PASSERELLE_VECTORS names no folder with due-dates.json: skipped\n");
        skip();
        return;
    }
    char *json = calloc(1, 1 << 20);
    assert_non_null(json);
    assert_true(fread(json, 1, (1 << 20) - 1, file) > 100);
    fclose(file);
    sqlite3_stmt *rows = NULL;
    size_t n = 0;
    assert_int_equal(
        domain_prepare_own(&domain, &rows,
                           "SELECT value->>'$.case', value->>'$.start', value->>'$.work_week',"
                           " value->>'$.alsace_moselle', value->'$.due'"
                           " FROM json_each(?1, '$.cases')"),
        ERR_OK);
    sqlite3_bind_text(rows, 1, json, -1, SQLITE_STATIC);
    for (;; n++) {
        bool row;
        assert_int_equal(domain_step(rows, &row), ERR_OK);
        if (!row)
            break;
        one_vector(rows);
    }
    assert_true(n >= 10);
    sqlite3_finalize(rows);
    free(json);
}

/* --- calendars --- */

static void test_ics(void **state)
{
    (void)state;
    struct buf out = {.max = 1 << 20};
    make("2025-05-05", "2025-05-12");
    struct ics_options options = {.now_s = 1746432000};
    assert_int_equal(ics_write(&domain, &agenda, &options, &out), ERR_OK);
    buf_u8(&out, 0);
    const char *text = (const char *)out.bytes;
    assert_int_equal(strncmp(text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:", 37), 0);
    assert_non_null(strstr(text, "DTSTART;VALUE=DATE:20250505\r\n"));
    assert_non_null(strstr(text, "DTEND;VALUE=DATE:20250506\r\n"));
    assert_non_null(strstr(text, "DTSTAMP:20250505T080000Z\r\n"));
    assert_non_null(strstr(text, "SUMMARY:1 rappel\r\n"));
    assert_non_null(strstr(text, "SUMMARY:2 rappels\r\n")); /* the visit of 9 May */
    assert_null(strstr(text, "jour 3"));
    assert_null(strstr(text, "AAAA2222"));
    for (const char *line = text, *end; *line; line = end + 2) {
        end = strstr(line, "\r\n");
        assert_non_null(end);
        assert_true(end - line <= 75);
    }
    buf_reset(&out);
    options.titles = true;
    assert_int_equal(ics_write(&domain, &agenda, &options, &out), ERR_OK);
    buf_u8(&out, 0);
    assert_non_null(strstr((const char *)out.bytes, "SUMMARY:jour 3"));
    buf_free(&out);
}

/* Escapes and folded lines: what is unfolded and unescaped is the text, and no character is cut. */
static void test_ics_text(void **state)
{
    (void)state;
    struct buf out = {.max = 1 << 20};
    char text[400] = "a;b,c\\d\ne";
    for (size_t i = strlen(text); i + 3 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 3); /* é */
    ics_line(&out, "DESCRIPTION", text);
    buf_u8(&out, 0);
    assert_int_equal(strncmp((const char *)out.bytes, "DESCRIPTION:a\\;b\\,c\\\\d\\ne\xc3\xa9", 26),
                     0);
    char joined[800];
    size_t n = 0;
    for (const char *at = (const char *)out.bytes; *at;) {
        const char *end = strstr(at, "\r\n");
        assert_non_null(end);
        assert_true(end - at <= 75);
        assert_true(((unsigned char)*at & 0xc0) != 0x80);
        memcpy(joined + n, at, (size_t)(end - at));
        n += (size_t)(end - at);
        at = end[2] == ' ' ? end + 3 : end + 2;
    }
    joined[n] = 0;
    assert_int_equal(n, strlen("DESCRIPTION:") + strlen(text) + 4);
    buf_free(&out);
}

/* --- size --- */

static void test_ten_thousand(void **state)
{
    (void)state;
    struct timespec from, to;
    sql("WITH n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 600) INSERT INTO"
        " personne(id, dossier, prenom, etat) SELECT 'P' || i, 'P' || i, 'x', 'active' FROM n");
    sql("INSERT INTO parcours(id, dossier, personne, etat, entree) SELECT 'Q' || id, id, id,"
        " 'accompagne', '2025-01-06' FROM personne");
    sql("WITH n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO"
        " contact(id, dossier, personne, date) SELECT 'C' || i, 'P' || (i %% 600 + 1),"
        " 'P' || (i %% 600 + 1), date('2024-06-01', (i %% 360) || ' days') FROM n");
    sql("WITH n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO"
        " placement(id, dossier, personne, debut, jours, etat, essai_fin) SELECT 'A' || i,"
        " 'P' || i, 'P' || i, date('2024-09-01', i || ' days'), '12345', 'confirme', NULL FROM n");
    sql("WITH n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO"
        " suivi(id, dossier, placement, personne, regle, etat, created_at) SELECT 'S' || i, '',"
        " 'A' || (i %% 300 + 1), '', CASE i / 300 WHEN 0 THEN 'J1' WHEN 1 THEN 'J3' WHEN 2 THEN"
        " 'J5' ELSE 'M' || (i / 300 - 2) END, 'fait', '2025-01-01' FROM n");
    sql("WITH n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1500) INSERT INTO"
        " prospection(id, dossier, entreprise, date, resultat, created_at) SELECT 'R' || i, '',"
        " 'E' || (i %% 400), date('2025-01-01', (i / 10) || ' days'), 'sans_reponse', i FROM n");
    make("2025-05-05", NULL); /* makes the indexes */
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    make("2025-05-05", NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    double ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
    print_message("%zu items of 10,000 records in %.0f ms\n", agenda.n, ms);
    assert_true(agenda.n > 100);
    assert_true(ms < 5000); /* of the processor; only against a wrong plan: slow machines pass */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, caseload, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_one_three_five), TEST(test_windows),     TEST(test_resolving),
        TEST(test_twice_is_once),  TEST(test_broken_off),  TEST(test_trial_and_end),
        TEST(test_free_point),     TEST(test_prospection), TEST(test_people),
        TEST(test_device),         TEST(test_answers),     TEST(test_table),
        TEST(test_vectors),        TEST(test_ics),         TEST(test_ics_text),
        TEST(test_ten_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
