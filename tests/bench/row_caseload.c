/* SPDX-License-Identifier: Apache-2.0
 *
 * A mediator's device with a full caseload: from the passphrase to the agenda, a search for each keystroke, a report;
 * beside each the same over a plain SQLite file with the same tables, nothing sealed, nothing derived.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/demo.h"
#include "client/pas_domain.h"
#include "client/pas_inside.h"
#include "tests/bench/bench.h"

enum { RECORDS_A_PERSON = 34, KEYSTROKES = 1000, REPORTS = 10 };

static void must(struct pas *pas, int result, const char *what)
{
    if (result != 0)
        bench_fail("%s: %s", what, pas ? pas_why(pas) : pas_error_name(result));
}

static void must_sql(sqlite3 *db, int rc, const char *what)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        bench_fail("%s: %s", what, sqlite3_errmsg(db));
}

static struct pas *open_device(const char *dir)
{
    struct pas *pas = NULL;
    struct pas_open_args args = {.dir = dir,
                                 .pass = BENCH_PASS,
                                 .pass_len = strlen(BENCH_PASS),
                                 .now_ms = bench_wall_ms(),
                                 .lang = "fr"};
    must(NULL, pas_open(&pas, &args), "pas_open");
    return pas;
}

static size_t make_agenda(struct pas *pas)
{
    struct pas_table *table = NULL;
    must(pas, pas_agenda(pas, NULL, &table), "agenda");
    size_t n = pas_table_rows(table);
    pas_table_free(table);
    return n;
}

static void sync_all(struct pas *pas, const struct testdaemon *daemon)
{
    struct testdaemon_line line = {.daemon = daemon, .fd = -1};
    struct pas_sync sync = {0};
    do {
        unsigned char *request = NULL;
        size_t len = 0;
        struct buf answer = {.max = RESPONSE_MAX};
        int http = 0;
        pas_time(pas, bench_wall_ms());
        must(pas, pas_sync_begin(pas, 0, 0, &request, &len), "sync");
        bench_must(testdaemon_send(&line, request, len, &answer, &http));
        must(pas, pas_sync_finish(pas, 0, answer.bytes, answer.len, &sync), "sync");
        pas_free_bytes(request, len);
        buf_free(&answer);
    } while (sync.again);
    testdaemon_hang_up(&line);
}

/* --- the same tables without any of us --- */

static sqlite3 *plain_open(const char *path)
{
    sqlite3 *db = NULL;
    must_sql(db, sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), "plain file");
    return db;
}

static void run_all(sqlite3 *db, const char *sql, const char *text)
{
    sqlite3_stmt *rows = NULL;
    int rc;
    must_sql(db, sqlite3_prepare_v2(db, sql, -1, &rows, NULL), sql);
    if (text)
        must_sql(db, sqlite3_bind_text(rows, 1, text, -1, SQLITE_STATIC), sql);
    while ((rc = sqlite3_step(rows)) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(rows); i++)
            (void)sqlite3_column_text(rows, i);
    must_sql(db, rc, sql);
    sqlite3_finalize(rows);
}

/* Opens the file and reads every row of every kind's table: whoever derives an agenda must have seen them. */
static double plain_read(const char *path, const struct pack *pack)
{
    char sql[PACK_KEY_MAX + 32];
    double start = bench_now();
    sqlite3 *db = plain_open(path);
    for (size_t i = 0; i < pack->kinds_n; i++) {
        snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", pack->kinds[i].key);
        run_all(db, sql, NULL);
    }
    sqlite3_close(db);
    return bench_now() - start;
}

static double plain_report(const char *path, const char *sql)
{
    char year[2][16] = {"2000-01-01", "2100-12-31"};
    sqlite3 *db = plain_open(path);
    sqlite3_stmt *row = NULL;
    double start = bench_now();
    must_sql(db, sqlite3_prepare_v2(db, sql, -1, &row, NULL), "report");
    (void)sqlite3_bind_text(row, sqlite3_bind_parameter_index(row, ":debut"), year[0], -1,
                            SQLITE_STATIC);
    (void)sqlite3_bind_text(row, sqlite3_bind_parameter_index(row, ":fin"), year[1], -1,
                            SQLITE_STATIC);
    while (sqlite3_step(row) == SQLITE_ROW)
        continue;
    double took = bench_now() - start;
    sqlite3_finalize(row);
    sqlite3_close(db);
    return took;
}

/* --- figures --- */

/* Keystrokes of people's names: "s", "st", "ste"... */
static void measure_search(struct pas *pas, const char *plain)
{
    sqlite3 *db = plain_open(plain);
    sqlite3_stmt *names = NULL;
    double own = 0, theirs = 0, worst = 0;
    size_t n = 0;
    must_sql(db,
             sqlite3_prepare_v2(db, "SELECT prenom FROM personne ORDER BY id", -1, &names, NULL),
             "names");
    while (n < KEYSTROKES && sqlite3_step(names) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(names, 0);
        for (size_t len = 1; name[len - 1] && n < KEYSTROKES; len++, n++) {
            struct pas_table *table = NULL;
            char typed[64], query[80];
            snprintf(typed, sizeof typed, "%.*s", (int)len, name);
            snprintf(query, sizeof query, "\"%s\"*", typed);
            double start = bench_now();
            must(pas, pas_find(pas, typed, 20, &table), "find");
            double took = bench_now() - start;
            own += took;
            worst = took > worst ? took : worst;
            pas_table_free(table);
            start = bench_now();
            run_all(db,
                    "SELECT r.id, r.code, r.kind FROM search s JOIN core_record r ON r.rid ="
                    " s.rowid WHERE search MATCH ?1 ORDER BY s.text LIMIT 20",
                    query);
            theirs += bench_now() - start;
        }
    }
    sqlite3_finalize(names);
    sqlite3_close(db);
    if (n == 0)
        bench_fail("nobody to search for");
    bench_figure("caseload", "search, a keystroke", own / (double)n * 1e3, "ms",
                 theirs / (double)n * 1e3, "the same query in a plain file");
    bench_figure("caseload", "search, the slowest keystroke", worst * 1e3, "ms", 0, NULL);
}

static void measure_report(struct pas *pas, const char *plain)
{
    sqlite3_stmt *row = NULL;
    sqlite3 *db = view_db(pas->view);
    double own = 0, theirs = 0;
    must_sql(db,
             sqlite3_prepare_v2(db,
                                "SELECT sql FROM domain_report_part WHERE report = 'P1'"
                                " ORDER BY position LIMIT 1",
                                -1, &row, NULL),
             "P1");
    if (sqlite3_step(row) != SQLITE_ROW)
        bench_fail("there is no report P1");
    for (int i = 0; i < REPORTS; i++) {
        struct pas_pair period[] = {{"debut", "2000-01-01"}, {"fin", "2100-12-31"}};
        struct pas_report_args args = {
            .name = "P1", .params = period, .params_n = 2, .form = PAS_JSON_TEXT};
        char *text = NULL;
        double start = bench_now();
        must(pas, pas_report(pas, &args, &text), "P1");
        own += bench_now() - start;
        pas_free(text);
        theirs += plain_report(plain, (const char *)sqlite3_column_text(row, 0));
    }
    sqlite3_finalize(row);
    bench_figure("caseload", "report P1", own / REPORTS * 1e3, "ms", theirs / REPORTS * 1e3,
                 "its first SQL in a plain file");
}

/* Writes the view as a plain file: what somebody without secrets would have. */
static void write_plain(struct pas *pas, const char *path)
{
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", path);
    must_sql(view_db(pas->view), sqlite3_exec(view_db(pas->view), sql, NULL, NULL, NULL), "plain");
    sqlite3_free(sql);
}

static void measure_opening(const char *dir, const char *plain, const char *figure)
{
    double start = bench_now();
    struct pas *pas = open_device(dir);
    size_t due = make_agenda(pas);
    double took = bench_now() - start;
    if (due == 0)
        bench_fail("an empty agenda");
    bench_figure("caseload", figure, took * 1e3, "ms", plain_read(plain, pas->pack) * 1e3,
                 "a plain file, every row read");
    start = bench_now();
    (void)make_agenda(pas);
    bench_figure("caseload", "the agenda alone", (bench_now() - start) * 1e3, "ms", 0, NULL);
    pas_close(pas);
}

/* What pas.c keeps of the view between two openings. */
static void forget_cache(const char *dir)
{
    struct engine *engine = NULL;
    bench_must(engine_open(&engine, dir, BENCH_PASS, strlen(BENCH_PASS), bench_wall_ms(), NULL));
    bench_must(engine_cache_delete(engine, "view"));
    engine_close(engine);
}

void row_caseload(const struct bench *bench)
{
    struct testdaemon daemon = {0};
    struct bench_person person;
    char plain[300];
    size_t made = 0;
    testdaemon_init(&daemon);
    testdaemon_start(&daemon);
    bench_person_new(&person, "caseload");
    bench_person_found(&person, &daemon);
    engine_close(person.engine);
    person.engine = NULL;
    snprintf(plain, sizeof plain, "%s/plain.db", person.dir);
    struct pas *pas = open_device(person.dir);
    must(pas,
         pas_demo(pas, (bench->live + RECORDS_A_PERSON - 1) / RECORDS_A_PERSON, bench->seed, NULL,
                  NULL, &made),
         "demo");
    sync_all(pas, &daemon);
    bench_figure("caseload", "live records", (double)made, "", 0, NULL);
    write_plain(pas, plain);
    measure_search(pas, plain);
    measure_report(pas, plain);
    pas_close(pas);
    forget_cache(person.dir);
    measure_opening(person.dir, plain, "passphrase to agenda, from the log");
    measure_opening(person.dir, plain, "passphrase to agenda");
    (void)unlink(plain);
    bench_person_fini(&person);
    testdaemon_fini(&daemon);
}
