/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the pack that ships is sound; a broken one is refused with the place that is wrong; what a
 * person types becomes one canonical value, and nothing else gets in.
 *
 * ctest: no-valgrind (minutes of it; the sanitizers see the same)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/civil.h"
#include "client/pack.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pack *shipped;

static int load(void **state)
{
    (void)state;
    struct pack_why why = {""};
    size_t len;
    const char *json = pack_default_json(&len);
    assert_int_equal(strlen(json), len);
    enum err err = pack_parse(&shipped, json, len, &why);
    if (err != ERR_OK)
        fail_msg("%s: %s", err_name(err), why.text);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    pack_free(shipped);
    return 0;
}

static const struct pack_kind *kind_of(const char *key)
{
    const struct pack_kind *kind = pack_kind_by_key(shipped, key);
    if (!kind)
        fail_msg("no kind %s", key);
    return kind;
}

static const struct pack_field *field_of(const char *kind, const char *key)
{
    const struct pack_field *field = pack_field_by_key(kind_of(kind), key);
    if (!field)
        fail_msg("no field %s.%s", kind, key);
    return field;
}

/* ---- the pack that ships ---- */

/* These numbers are in the logs of people: a change here is a mistake, whatever the reason. */
static void test_numbers(void **state)
{
    (void)state;
    static const char *const kinds[] = {"site",  "personne",   "contact",
                                        "frein", "entreprise", "prospection",
                                        "poste", "placement",  "suivi"};
    for (uint32_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_int_equal(kind_of(kinds[i])->number, i + 1);
        assert_ptr_equal(pack_kind_by_number(shipped, i + 1), kind_of(kinds[i]));
    }
    static const struct {
        const char *kind, *field;
        uint32_t number;
    } fields[] = {
        {"site", "nom", 16},         {"site", "commune", 17},        {"personne", "prenom", 16},
        {"personne", "nom", 17},     {"personne", "telephone", 21},  {"personne", "site", 22},
        {"contact", "personne", 16}, {"contact", "date", 17},        {"contact", "texte", 22},
        {"placement", "debut", 22},  {"placement", "essai_fin", 27}, {"placement", "etat", 30},
        {"suivi", "regle", 18},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct pack_field *field = field_of(fields[i].kind, fields[i].field);
        assert_int_equal(field->number, fields[i].number);
        assert_ptr_equal(pack_field_by_number(kind_of(fields[i].kind), field->number), field);
    }
    assert_null(pack_kind_by_key(shipped, "nothing"));
    assert_null(pack_kind_by_number(shipped, 0));
    assert_null(pack_kind_by_number(shipped, UINT64_MAX));
    assert_null(pack_field_by_number(kind_of("site"), 15));
}

static void test_shape(void **state)
{
    (void)state;
    assert_string_equal(shipped->name, "mediation-emploi");
    assert_true(shipped->version >= 1);
    assert_null(kind_of("personne")->dossier);
    assert_ptr_equal(kind_of("frein")->dossier, field_of("frein", "personne"));
    assert_ptr_equal(kind_of("poste")->dossier, field_of("poste", "entreprise"));
    assert_ptr_equal(kind_of("site_diag")->dossier, field_of("site_diag", "site"));
    assert_ptr_equal(kind_of("placement")->state, field_of("placement", "etat"));
    assert_int_equal(kind_of("frein_restreint")->level, PACK_RESTRICTED);
    assert_int_equal(kind_of("evenement")->level, PACK_COMMUNITY);
    assert_int_equal(kind_of("partenaire")->level, PACK_ORGANISATION);
    assert_int_equal(kind_of("personne")->level, PACK_TEAM);

    static const char *const critical[] = {"debut", "essai_fin", "etat"};
    for (size_t i = 0; i < 3; i++) {
        const struct pack_field *field = field_of("placement", critical[i]);
        assert_true(field->critical);
        assert_int_equal(field->merge, PACK_MERGE_M);
    }
    assert_int_equal(field_of("consentement", "etat")->merge, PACK_MERGE_G);
    assert_ptr_equal(field_of("placement", "entreprise"), field_of("placement", "employeur"));
    assert_string_equal(field_of("suivi", "personne")->copy, "placement.personne");
    assert_int_equal(field_of("placement", "employeur")->targets_n, 1);
    assert_ptr_equal(field_of("placement", "employeur")->targets[0], kind_of("entreprise"));
    assert_int_equal(field_of("poste", "checklist")->options_n, 12);

    const struct pack_option *gone = pack_option_by_key(field_of("placement", "etat"), "rompu");
    assert_non_null(gone);
    assert_true(gone->closed);
    assert_false(pack_option_by_key(field_of("placement", "etat"), "promis")->closed);

    /* A person needs a first name and a site, no more. */
    const struct pack_kind *person = kind_of("personne");
    for (size_t i = 0; i < person->fields_n; i++) {
        bool needed = strcmp(person->fields[i].key, "prenom") == 0 ||
                      strcmp(person->fields[i].key, "site") == 0;
        assert_int_equal(person->fields[i].required, needed);
    }
}

/* No field says or asks where somebody's family comes from. */
static void test_no_origin(void **state)
{
    (void)state;
    static const char *const never[] = {"origine", "ethnie",     "nationalite", "religion",
                                        "rom",     "communaute", "race",        "pays_naissance"};
    for (size_t i = 0; i < shipped->kinds_n; i++) {
        for (size_t j = 0; j < sizeof never / sizeof never[0]; j++) {
            if (pack_field_by_key(&shipped->kinds[i], never[j]))
                fail_msg("%s.%s", shipped->kinds[i].key, never[j]);
        }
    }
}

static void test_labels(void **state)
{
    (void)state;
    const struct pack_field *field = field_of("personne", "prenom");
    assert_string_equal(pack_label(&field->label, "fr"), "Prénom");
    assert_string_equal(pack_label(&field->label, "en"), "First name");
    assert_string_equal(pack_label(&field->label, "ro"), "Prenume");
    assert_string_equal(pack_label(&field->label, "xx"), "Prénom");
    assert_string_equal(pack_label(&field->label, NULL), "Prénom");
    assert_string_equal(pack_label(&(struct pack_labels){NULL, 0}, "fr"), "");
    const struct pack_field *contract = field_of("placement", "contrat");
    assert_string_equal(pack_label(&pack_option_by_key(contract, "interim")->label, "fr"),
                        "intérim");
    assert_string_equal(pack_level_word(PACK_TEAM), "team");
    enum pack_level level;
    assert_true(pack_level_from_word("restricted", &level));
    assert_int_equal(level, PACK_RESTRICTED);
    assert_false(pack_level_from_word("everybody", &level));
}

static int count(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *row;
    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int n = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int(row, 0) : -1;
    sqlite3_finalize(row);
    return n;
}

static void test_fill(void **state)
{
    (void)state;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(pack_fill(shipped, db), ERR_OK);
        assert_int_equal(count(db, "SELECT count(*) FROM domain_kind"), shipped->kinds_n);
        assert_int_equal(count(db, "SELECT number FROM domain_kind WHERE key = 'placement'"), 8);
        assert_int_equal(count(db, "SELECT count(*) FROM domain_option WHERE kind = 'poste'"
                                   " AND field = 'checklist'"),
                         12);
        assert_int_equal(count(db, "SELECT n FROM domain_rule_point WHERE key = 'J3'"), 3);
        assert_true(count(db, "SELECT count(*) FROM domain_label WHERE lang = 'bg'") > 300);
    }
    sqlite3_close(db);

    /* No room on the disk, so to speak: an error, and no half of a pack. */
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA max_page_count = 20", NULL, NULL, NULL), SQLITE_OK);
    assert_int_not_equal(pack_fill(shipped, db), ERR_OK);
    assert_int_equal(count(db, "SELECT count(*) FROM sqlite_schema"), 0);
    sqlite3_close(db);
}

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

static sqlite3 *open_view(void)
{
    sqlite3 *db;
    char sql[8192];
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(pack_functions(db), ERR_OK);
    assert_int_equal(pack_fill(shipped, db), ERR_OK);
    for (size_t i = 0; i < shipped->kinds_n; i++) {
        assert_int_equal(pack_table_sql(&shipped->kinds[i], sql, sizeof sql), ERR_OK);
        run(db, sql);
    }
    return db;
}

static void test_table_sql(void **state)
{
    (void)state;
    char sql[8192], small[64];
    assert_int_equal(pack_table_sql(kind_of("placement"), small, sizeof small), ERR_TOO_BIG);
    assert_int_equal(pack_table_sql(kind_of("placement"), sql, sizeof sql), ERR_OK);
    size_t len = strlen(sql);
    assert_int_equal(pack_table_sql(kind_of("placement"), sql, len), ERR_TOO_BIG);
    assert_int_equal(pack_table_sql(kind_of("placement"), sql, len + 1), ERR_OK);
    assert_non_null(strstr(sql, "debut TEXT"));
    assert_non_null(strstr(sql, "heures REAL"));
    sqlite3 *db = open_view();
    run(db, "INSERT INTO site(id, nom) VALUES ('s', 'x')");
    assert_int_equal(count(db, "SELECT mistake FROM site"), 0);
    sqlite3_close(db);
}

/* ---- reports and rules really answer ---- */

/* The value in the first row whose first column is `key`, of a report's part. */
static int answer(sqlite3 *db, const char *part, const char *key, const char *column)
{
    sqlite3_stmt *find, *row;
    int value = -1;
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT sql FROM domain_report_part WHERE report ||"
                                        " '.' || key = ?1",
                                        -1, &find, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(find, 1, part, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(find), SQLITE_ROW);
    assert_int_equal(pack_prepare(db, (const char *)sqlite3_column_text(find, 0), &row), ERR_OK);
    static const char *const params[][2] = {
        {":debut", "2025-01-01"}, {":fin", "2025-12-31"}, {":aujourdhui", "2025-06-15"}};
    for (size_t i = 0; i < 3; i++) {
        int at = sqlite3_bind_parameter_index(row, params[i][0]);
        if (at)
            sqlite3_bind_text(row, at, params[i][1], -1, SQLITE_STATIC);
    }
    while (value < 0 && sqlite3_step(row) == SQLITE_ROW) {
        const char *first = (const char *)sqlite3_column_text(row, 0);
        if (key && (!first || strcmp(first, key) != 0))
            continue;
        for (int i = 0; i < sqlite3_column_count(row); i++) {
            if (strcmp(sqlite3_column_name(row, i), column) == 0)
                value = sqlite3_column_int(row, i);
        }
    }
    sqlite3_finalize(row);
    sqlite3_finalize(find);
    return value;
}

static void test_reports(void **state)
{
    (void)state;
    sqlite3 *db = open_view();
    run(db,
        "INSERT INTO personne(id, prenom, sexe, annee_naissance, foyer, etat) VALUES"
        " ('p1', 'Ana', 'femme', 2005, 'f1', 'active'), ('p2', 'Ion', 'homme', 1980, 'f1', NULL),"
        " ('p3', 'Mia', 'femme', 2010, NULL, 'active'), ('p4', 'Zoe', 'femme', 1990, NULL, "
        "'gelee')");
    /* p1 was seen by two mediators, p2 twice, p3 by mistake only, p4 is frozen. */
    run(db, "INSERT INTO contact(id, personne, date, author, mistake) VALUES"
            " ('c1', 'p1', '2025-02-01', 'a', 0), ('c2', 'p1', '2025-02-02', 'b', 0),"
            " ('c3', 'p2', '2025-03-01', 'a', 0), ('c4', 'p2', '2024-12-31', 'a', 0),"
            " ('c5', 'p3', '2025-03-01', 'a', 1), ('c6', 'p4', '2025-03-01', 'a', 0)");
    run(db, "INSERT INTO placement(id, personne, debut, jours, etat, contrat) VALUES"
            " ('e1', 'p1', '2025-05-05', '12345', 'en_essai', 'cdi'),"
            " ('e2', 'p2', '2025-05-12', NULL, 'promis', 'cdd')");
    /* q was erased by two devices at once; s had a contract and was not seen. */
    run(db,
        "INSERT INTO stat_anonyme(id, pseudonyme, annee, sexe, travail, annee_naissance, vu, "
        "menage)"
        " VALUES ('x1', 'q', 2025, 'femme', 1, 1970, 1, 1),"
        " ('x2', 'q', 2025, 'femme', 1, 1970, 1, 1),"
        " ('x3', 'r', 2024, 'homme', 1, 1970, 1, 1), ('x4', 's', 2025, 'homme', 1, 1970, 0, 0)");
    assert_int_equal(answer(db, "P1.indicateurs", NULL, "nombre_personnes"), 3); /* p1, p2, q */
    assert_int_equal(answer(db, "P1.indicateurs", NULL, "nombre_menages"), 2);
    assert_int_equal(answer(db, "P1.indicateurs", NULL, "nombre_femmes"), 2);
    assert_int_equal(answer(db, "P1.indicateurs", NULL, "nombre_mineurs"), 0);
    assert_int_equal(answer(db, "P1.indicateurs", NULL, "travail_nombre_personnes"), 3);
    assert_int_equal(answer(db, "P1.indicateurs", NULL, "travail_nombre_femmes"), 2);
    assert_int_equal(answer(db, "P1.jeunes", NULL, "jeunes_nombre_personnes"), 1);
    assert_int_equal(answer(db, "P2.entonnoir", "contrats", "personnes"), 1);

    /* Two notes for one due item are one; J3 of 5 May is 7 May, J5 is 12 May (8 May is a holiday). */
    run(db, "INSERT INTO suivi(id, placement, personne, regle, date, etat, mode) VALUES"
            " ('s1', 'e1', 'p1', 'J3', '2025-05-07', 'fait', 'sur_place'),"
            " ('s2', 'e1', 'p1', 'J3', '2025-05-08', 'fait', 'telephone'),"
            " ('s3', 'e1', 'p1', 'J5', '2025-05-13', 'fait', 'telephone')");
    assert_int_equal(answer(db, "P5.points", "J3", "faits"), 1);
    assert_int_equal(answer(db, "P5.points", "J3", "a_temps"), 1);
    assert_int_equal(answer(db, "P5.points", "J3", "sur_place"), 1);
    assert_int_equal(answer(db, "P5.points", "J5", "en_retard"), 1);

    run(db, "INSERT INTO proposition(id, personne, poste, date, etat, motif) VALUES"
            " ('o1', 'p1', 'j', '2025-04-01', 'refusee', 'garde'),"
            " ('o2', 'p2', 'j', '2025-04-02', 'refusee', 'garde')");
    assert_int_equal(answer(db, "P6.refus", "garde", "refus"), 2);

    run(db, "INSERT INTO entreprise(id, nom, etat) VALUES ('b1', 'Tard', 'contactee'),"
            " ('b2', 'Tôt', 'contactee')");
    run(db, "INSERT INTO prospection(id, entreprise, date, created_at, resultat) VALUES"
            " ('r1', 'b1', '2025-03-02', 1, 'sans_reponse'), ('r2', 'b2', '2025-06-10', 1, NULL)");
    assert_int_equal(answer(db, "P4.tableau", "b1", "retard"), 1);
    assert_int_equal(answer(db, "P4.tableau", "b2", "retard"), 0);
    sqlite3_close(db);
}

/* How many records a rule speaks of now, less those whose point is done. */
static int due_items(sqlite3 *db, const char *rule, const char *point)
{
    sqlite3_stmt *find, *row;
    char sql[4096];
    assert_int_equal(
        sqlite3_prepare_v2(
            db,
            "SELECT kind, date, coalesce(condition, '1'), (SELECT group_concat("
            "'EXISTS (SELECT 1 FROM ' || d.kind || ' s WHERE NOT s.mistake AND (' ||"
            " d.condition || '))', ' OR ') FROM domain_rule_done d WHERE d.rule = q.key"
            " AND d.role = 'done') FROM domain_rule q WHERE key = ?1",
            -1, &find, NULL),
        SQLITE_OK);
    sqlite3_bind_text(find, 1, rule, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(find), SQLITE_ROW);
    snprintf(
        sql, sizeof sql,
        "SELECT count(*) FROM %s r WHERE NOT r.mistake AND (%s) IS NOT NULL AND (%s) AND NOT (%s)",
        (const char *)sqlite3_column_text(find, 0), (const char *)sqlite3_column_text(find, 1),
        (const char *)sqlite3_column_text(find, 2), (const char *)sqlite3_column_text(find, 3));
    sqlite3_finalize(find);
    if (pack_prepare(db, sql, &row) != ERR_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    static const char *const names[] = {":point", ":aujourdhui", ":item"};
    const char *const values[] = {point, "2025-06-15", "item"};
    for (int i = 0; i < 3; i++) {
        int at = sqlite3_bind_parameter_index(row, names[i]);
        if (at)
            sqlite3_bind_text(row, at, values[i], -1, SQLITE_STATIC);
    }
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    int n = sqlite3_column_int(row, 0);
    sqlite3_finalize(row);
    return n;
}

static void test_rules(void **state)
{
    (void)state;
    sqlite3 *db = open_view();
    run(db, "INSERT INTO placement(id, personne, debut, essai_fin, etat) VALUES"
            " ('e', 'p', '2025-05-05', '2025-07-04', 'promis')");
    assert_int_equal(due_items(db, "R0", "PREP"), 1);
    assert_int_equal(due_items(db, "R1", "J1"), 1);
    assert_int_equal(due_items(db, "R8", "ESSAI"), 1);
    assert_int_equal(due_items(db, "RUPTURE", "RUPTURE"), 0);

    /* Done is done for its own point only; what was postponed or a mistake is still due. */
    run(db, "INSERT INTO suivi(id, placement, regle, etat) VALUES ('s1', 'e', 'J1', 'fait'),"
            " ('s2', 'e', 'J3', 'reporte'), ('s3', 'e', 'J5', NULL)");
    run(db, "INSERT INTO suivi(id, placement, regle, etat, mistake) VALUES ('s4', 'e', 'FS1s', "
            "'fait', 1)");
    assert_int_equal(due_items(db, "R1", "J1"), 0);
    assert_int_equal(due_items(db, "R2", "J3"), 1);
    assert_int_equal(due_items(db, "R3", "J5"), 0);
    assert_int_equal(due_items(db, "R4", "FS1s"), 1);
    assert_int_equal(due_items(db, "R5", "FS1e"), 1);

    /* A broken contract cancels what is left and adds its two follow-ups, dated or not. */
    run(db, "UPDATE placement SET etat = 'rompu'");
    assert_int_equal(due_items(db, "R2", "J3"), 0);
    assert_int_equal(due_items(db, "R6", "M1"), 0);
    assert_int_equal(due_items(db, "R8", "ESSAI"), 0);
    assert_int_equal(due_items(db, "RUPTURE", "RUPTURE"), 1);
    assert_int_equal(due_items(db, "RUPTURE", "REPRISE"), 1);

    /* No answer asks for another attempt, until there is one, or the company is done with. */
    run(db,
        "INSERT INTO entreprise(id, nom, etat) VALUES ('a', 'A', 'ciblee'), ('b', 'B', 'refus')");
    run(db, "INSERT INTO prospection(id, entreprise, date, created_at, resultat) VALUES"
            " ('r1', 'a', '2025-03-02', 1, 'sans_reponse'), ('r2', 'b', '2025-03-02', 1, NULL)");
    assert_int_equal(due_items(db, "R11", "R11"), 1);
    run(db, "INSERT INTO prospection(id, entreprise, date, created_at, resultat) VALUES"
            " ('r3', 'a', '2025-03-02', 2, 'rdv_obtenu')");
    assert_int_equal(due_items(db, "R11", "R11"), 0);

    /* The second contact without information given asks for it. */
    run(db, "INSERT INTO personne(id, prenom) VALUES ('p', 'Ana')");
    run(db, "INSERT INTO contact(id, personne, date) VALUES ('c1', 'p', '2025-01-01')");
    assert_int_equal(due_items(db, "R18", "INFORMATION"), 0);
    run(db, "INSERT INTO contact(id, personne, date) VALUES ('c2', 'p', '2025-01-08')");
    assert_int_equal(due_items(db, "R18", "INFORMATION"), 1);
    run(db, "UPDATE personne SET etat = 'gelee'");
    assert_int_equal(due_items(db, "R18", "INFORMATION"), 0);
    run(db, "UPDATE personne SET etat = 'active'");
    run(db, "UPDATE contact SET info_donnee = 1 WHERE id = 'c2'");
    assert_int_equal(due_items(db, "R18", "INFORMATION"), 0);
    sqlite3_close(db);
}

/* Every part of every report and sheet runs on an empty view and gives no error. */
static void test_all_sql_runs(void **state)
{
    (void)state;
    sqlite3 *db = open_view();
    sqlite3_stmt *find;
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT sql FROM domain_report_part UNION ALL SELECT sql"
                                        " FROM domain_sheet_block WHERE sql IS NOT NULL",
                                        -1, &find, NULL),
                     SQLITE_OK);
    int n = 0;
    for (; sqlite3_step(find) == SQLITE_ROW; n++) {
        sqlite3_stmt *row;
        const char *sql = (const char *)sqlite3_column_text(find, 0);
        assert_int_equal(pack_prepare(db, sql, &row), ERR_OK);
        int rc;
        do
            rc = sqlite3_step(row);
        while (rc == SQLITE_ROW);
        if (rc != SQLITE_DONE)
            fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        sqlite3_finalize(row);
    }
    assert_true(n > 40);
    sqlite3_finalize(find);
    sqlite3_close(db);
}

/* SQL of a pack reads, and does nothing else. */
static void test_prepare(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "SELECT",
        "DELETE FROM site",
        "UPDATE site SET nom = 1",
        "INSERT INTO site(id) VALUES (1)",
        "DROP TABLE site",
        "ATTACH 'x' AS y",
        "PRAGMA user_version",
        "CREATE TEMP TABLE t(a)",
        "SELECT 1; DELETE FROM site",
        "SELECT load_extension('x')",
        "VACUUM",
        "BEGIN",
        "WITH x AS (SELECT 1) DELETE FROM site",
        "SELECT 1; SELECT 2",
        "REINDEX",
    };
    sqlite3 *db = open_view();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct sqlite3_stmt *statement = NULL;
        if (pack_prepare(db, wrong[i], &statement) != ERR_FORMAT || statement)
            fail_msg("was compiled: %s", wrong[i]);
    }
    struct sqlite3_stmt *good;
    assert_int_equal(
        pack_prepare(db, "SELECT jour_travaille('2025-05-05', 5, NULL, NULL); ", &good), ERR_OK);
    assert_int_equal(sqlite3_step(good), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(good, 0), "2025-05-12");
    sqlite3_finalize(good);
    run(db, "DELETE FROM site"); /* the guard is gone afterwards */
    assert_int_equal(count(db, "SELECT mois_apres('2025-03-05', 1, 'metropole') = '2025-04-07'"),
                     1);
    assert_int_equal(count(db, "SELECT dernier_jour_travaille('2025-04-14', 7, '12345',"
                               " 'alsace_moselle') = '2025-04-17'"),
                     1);
    assert_int_equal(
        count(db, "SELECT jour_decale('2025-03-03', -1, '12345', NULL) = '2025-02-28'"), 1);
    assert_int_equal(count(db, "SELECT jour_ouvert('2027-10-30', NULL) = '2027-11-02'"), 1);
    assert_int_equal(count(db, "SELECT jour_travaille('nonsense', 3, 1, 2) IS NULL"), 1);
    assert_int_equal(count(db, "SELECT jour_travaille('2025-03-03', 1000000, '7', '') IS NOT NULL"),
                     1);
    assert_int_equal(count(db, "SELECT plie('Ștefan') = 'stefan' AND plie(NULL) IS NULL"), 1);
    sqlite3_close(db);
}

/* ---- broken packs ---- */

static const char small_pack[] =
    "{\"pack\":\"petit\",\"format\":1,\"version\":3,\"languages\":{\"fr\":{},\"en\":{}},"
    "\"options\":{\"o\":{\"a\":{\"label\":{\"fr\":\"A\"}}}},"
    "\"checklists\":{\"l\":{\"title\":{\"fr\":\"L\"},\"items\":{\"u\":{\"label\":{\"fr\":\"U\"}}}}}"
    ","
    "\"kinds\":{\"chose\":{\"number\":1,\"level\":\"team\",\"dossier\":\"self\",\"title\":\"{nom}"
    "\","
    "\"label\":{\"fr\":\"Chose\"},\"plural\":{\"fr\":\"Choses\"},\"fields\":{"
    "\"nom\":{\"number\":16,\"type\":\"text\",\"required\":true,\"label\":{\"fr\":\"Nom\"}},"
    "\"etat\":{\"number\":17,\"type\":\"enum\",\"initial\":\"a\",\"options\":\"@o\",\"label\":{"
    "\"fr\":\"E\"}},"
    "\"liste\":{\"number\":18,\"type\":\"checklist\",\"checklist\":\"l\",\"merge\":\"S\",\"label\":"
    "{\"fr\":\"L\"}}}},"
    "\"note\":{\"number\":2,\"level\":\"organisation\",\"dossier\":\"chose\",\"title\":\"n\","
    "\"label\":{\"fr\":\"Note\"},\"plural\":{\"fr\":\"Notes\"},\"fields\":{"
    "\"chose\":{\"number\":16,\"type\":\"ref\",\"to\":[\"chose\"],\"required\":true,\"fixed\":true,"
    "\"label\":{\"fr\":\"C\"}},"
    "\"date\":{\"number\":17,\"type\":\"date\",\"label\":{\"fr\":\"D\"}}}}},"
    "\"rules\":{\"R\":{\"label\":{\"fr\":\"R\"},\"kind\":\"note\",\"date\":\"r.date\",\"points\":{"
    "\"P\":{\"label\":{\"fr\":\"P\"},\"unit\":\"days\",\"n\":7}}}},"
    "\"reports\":{\"Q\":{\"title\":{\"fr\":\"Q\"},\"parts\":{\"p\":{\"title\":{\"fr\":\"T\"},"
    "\"sql\":\"SELECT count(*) AS n FROM "
    "chose\",\"columns\":{\"n\":{\"label\":{\"fr\":\"N\"}}}}}}}}";

/* Replaces the first `from` by `to` and parses. */
static enum err parse_changed(const char *from, const char *to, struct pack_why *why)
{
    char *json = malloc(sizeof small_pack + strlen(to) + 1);
    const char *at = strstr(small_pack, from);
    if (!at)
        fail_msg("the small pack has no %s", from);
    size_t before = (size_t)(at - small_pack);
    memcpy(json, small_pack, before);
    strcpy(json + before, to);
    strcat(json, at + strlen(from));
    struct pack *pack = NULL;
    enum err err = pack_parse(&pack, json, strlen(json), why);
    assert_true((err == ERR_OK) == (pack != NULL));
    pack_free(pack);
    free(json);
    return err;
}

static void test_small_pack(void **state)
{
    (void)state;
    struct pack *pack;
    struct pack_why why;
    enum err err = pack_parse(&pack, small_pack, strlen(small_pack), &why);
    if (err != ERR_OK)
        fail_msg("%s", why.text);
    assert_int_equal(pack->version, 3);
    assert_int_equal(pack->kinds_n, 2);
    assert_string_equal(pack->kinds[1].key, "note");
    assert_string_equal(pack->json, small_pack);
    const struct pack_field *state_field = pack_field_by_key(&pack->kinds[0], "etat");
    assert_int_equal(state_field->options_n, 1);
    pack_free(pack);
    pack_free(NULL);
}

static void test_broken_packs(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *place;
    } cases[] = {
        {"\"format\":1", "\"format\":\"1\"", "format:"},
        {"\"format\":1", "\"format\":0", "format:"},
        {"\"version\":3", "\"version\":0", "version:"},
        {"\"version\":3", "\"version\":\"3\"", "version:"},
        {"\"pack\":\"petit\"", "\"pack\":\"Petit Pack\"", "pack:"},
        {"{\"pack\"", "{{\"pack\"", "pack:"},
        {"\"fr\":{},", "", "languages:"},
        {"\"chose\":{\"number\":1", "\"Chose\":{\"number\":1", "kinds.Chose:"},
        {"\"chose\":{\"number\":1", "\"domain_x\":{\"number\":1", "kinds.domain_x:"},
        {"\"note\":{\"number\":2", "\"chose\":{\"number\":2", "kinds.chose: stands twice"},
        {"\"number\":2", "\"number\":1", ".number: number 1 is taken"},
        {"\"number\":2", "\"number\":0", "kinds.note.number:"},
        {"\"number\":2", "\"number\":2.5", "kinds.note.number:"},
        {"\"number\":2", "\"number\":\"2\"", "kinds.note.number:"},
        {"\"number\":2", "\"number\":65536", "kinds.note.number:"},
        {"\"level\":\"team\"", "\"level\":\"world\"", "kinds.chose.level:"},
        {"\"dossier\":\"self\"", "\"dossier\":\"nom\"", "kinds.chose.dossier:"},
        {"\"fixed\":true,", "", "kinds.note.dossier:"},
        {"\"title\":\"{nom}\"", "\"title\":\"{autre}\"", "kinds.chose.title:"},
        {"\"title\":\"{nom}\"", "\"title\":\"{nom\"", "kinds.chose.title:"},
        {"\"label\":{\"fr\":\"Chose\"},", "", "kinds.chose.label:"},
        {"\"label\":{\"fr\":\"Chose\"}", "\"label\":{\"en\":\"Thing\"}", "kinds.chose.label:"},
        {"\"nom\":{\"number\":16", "\"nom\":{\"number\":15", "kinds.chose.fields.nom.number:"},
        {"\"etat\":{\"number\":17", "\"etat\":{\"number\":16", ".number: number 16 is taken"},
        {"\"nom\":{\"number\":16", "\"code\":{\"number\":16", "kinds.chose.fields.code:"},
        {"\"type\":\"text\"", "\"type\":\"txt\"",
         "kinds.chose.fields.nom.type: unknown type 'txt'"},
        {"\"type\":\"text\"", "\"type\":\"set\"", "kinds.chose.fields.nom.of:"},
        {"\"type\":\"text\"", "\"type\":\"text\",\"merge\":\"X\"", "kinds.chose.fields.nom.merge:"},
        {"\"type\":\"text\"", "\"type\":\"text\",\"merge\":\"G\"", "kinds.chose.fields.nom.merge:"},
        {"\"type\":\"text\"", "\"type\":\"text\",\"sensitivity\":\"z\"", "nom.sensitivity:"},
        {"\"type\":\"text\"", "\"type\":\"text\",\"anonymise\":\"maybe\"", "nom.anonymise:"},
        {"\"type\":\"text\"", "\"type\":\"text\",\"max\":\"9\"",
         "kinds.chose.fields.nom: min and max"},
        {"\"type\":\"text\"", "\"type\":\"text\",\"initial\":\"\\u0007\"", "nom.initial:"},
        {"\"type\":\"text\"", "\"type\":\"text\",\"copy\":\"x.y\"", "nom.copy:"},
        {"\"type\":\"text\"", "\"type\":\"text\",\"aliases\":[\"etat\"]", "nom.aliases:"},
        {"\"required\":true,\"label\":{\"fr\":\"Nom\"}",
         "\"required\":\"yes\",\"label\":{\"fr\":\"Nom\"}", "nom.required:"},
        {"\"@o\"", "\"@p\"", "kinds.chose.fields.etat.options:"},
        {"\"initial\":\"a\"", "\"initial\":\"b\"", "etat.initial:"},
        {"\"a\":{\"label\":{\"fr\":\"A\"}}", "\"a-b\":{\"label\":{\"fr\":\"A\"}}",
         "options.o.a-b:"},
        {"\"merge\":\"S\"", "\"merge\":\"L\"", "liste.merge:"},
        {"\"checklist\":\"l\"", "\"checklist\":\"m\"", "liste.checklist:"},
        {"\"to\":[\"chose\"]", "\"to\":[\"truc\"]",
         "kinds.note.fields.chose.to: unknown kind 'truc'"},
        {"\"kind\":\"note\"", "\"kind\":\"truc\"", "rules.R.kind:"},
        {"\"unit\":\"days\"", "\"unit\":\"weeks\"", "rules.R.points.P.unit:"},
        {"\"n\":7", "\"n\":\"7\"", "rules.R.points.P.n:"},
        {"\"date\":\"r.date\"", "\"date\":\"r.jour\"", "rules.R.date:"},
        {"\"date\":\"r.date\"", "\"date\":\"1) FROM note; DELETE FROM note; SELECT (1\"",
         "rules.R.date:"},
        {"SELECT count(*) AS n FROM chose", "SELECT count(*) AS n FROM truc",
         "reports.Q.parts.p.sql:"},
        {"SELECT count(*) AS n FROM chose", "DELETE FROM chose", "reports.Q.parts.p.sql:"},
        {"SELECT count(*) AS n FROM chose", "SELECT 1 AS m", "reports.Q.parts.p.columns.n:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pack_why why;
        enum err err = parse_changed(cases[i].from, cases[i].to, &why);
        if (err != ERR_FORMAT || !strstr(why.text, cases[i].place))
            fail_msg("%s for %s: %s \"%s\"", cases[i].to, cases[i].place, err_name(err), why.text);
    }
    struct pack_why why;
    assert_int_equal(parse_changed("\"format\":1", "\"format\":2", &why), ERR_VERSION);
    assert_non_null(strstr(why.text, "newer"));
}

/* Cut anywhere or changed anywhere, a pack is refused or parsed, never worse. */
static void test_damaged_packs(void **state)
{
    (void)state;
    size_t len = strlen(small_pack);
    struct pack *pack;
    for (size_t cut = 0; cut < len; cut += 7)
        assert_int_equal(pack_parse(&pack, small_pack, cut, NULL), ERR_FORMAT);
    char *json = strdup(small_pack);
    uint32_t seed = 7;
    for (int round = 0; round < 600; round++) {
        seed = seed * 1664525u + 1013904223u;
        size_t at = (seed >> 8) % len;
        char old = json[at];
        json[at] = (char)(seed >> 24);
        struct pack_why why;
        if (pack_parse(&pack, json, len, &why) == ERR_OK)
            pack_free(pack);
        json[at] = old;
    }
    free(json);
    char *huge = calloc(1, PACK_JSON_MAX + 2);
    assert_int_equal(pack_parse(&pack, huge, PACK_JSON_MAX + 1, NULL), ERR_TOO_BIG);
    free(huge);
}

/* ---- values ---- */

static enum err resolve(void *user, const struct pack_field *field, const char *text,
                        char out[static PACK_REF_MAX])
{
    (void)user;
    if (strcmp(text, "ana") != 0 || strcmp(field->targets[0]->key, "personne") != 0)
        return ERR_NOT_FOUND;
    strcpy(out, "0123abcd");
    return ERR_OK;
}

static void test_values(void **state)
{
    (void)state;
    /* kind, field, typed, canonical (NULL: refused), shown in English */
    static const char *const cases[][5] = {
        {"personne", "prenom", "  Ștefan ", "Ștefan", "Ștefan"},
        {"personne", "prenom", "", "", ""},
        {"personne", "prenom", "   ", "", ""},
        {"personne", "prenom", "a\nb", NULL, ""},
        {"personne", "prenom", "a\x1b[2J", NULL, ""},
        {"personne", "prenom", "\xff", NULL, ""},
        {"contact", "texte", "a\nb\tc", "a\nb\tc", "a\nb\tc"},
        {"contact", "date", "2025-05-06", "2025-05-06", "2025-05-06"},
        {"contact", "date", "hier", "2025-05-05", "2025-05-05"},
        {"contact", "date", "5/3/2025", "2025-03-05", "2025-03-05"},
        {"contact", "date", "un jour", NULL, ""},
        {"contact", "date", "2025-02-30", NULL, ""},
        {"rdv", "debut", "2025-05-06T14:30", "2025-05-06T14:30", "2025-05-06T14:30"},
        {"rdv", "debut", "demain 9h05", "2025-05-07T09:05", "2025-05-07T09:05"},
        {"rdv", "debut", "2025-05-06", "2025-05-06T00:00", "2025-05-06T00:00"},
        {"rdv", "debut", "2025-05-06 24:00", NULL, ""},
        {"rdv", "debut", "2025-05-06 12:60", NULL, ""},
        {"rdv", "debut", "2025-05-06 12:3x", NULL, ""},
        {"rdv", "debut", "14:30", NULL, ""},
        {"personne", "annee_naissance", "1990", "1990", "1990"},
        {"personne", "annee_naissance", "+1990", "1990", "1990"},
        {"personne", "annee_naissance", "1899", NULL, ""},
        {"personne", "annee_naissance", "90 ans", NULL, ""},
        {"personne", "annee_naissance", "99999999999999999999", NULL, ""},
        {"placement", "heures", "17,50", "17.5", "17.5"},
        {"placement", "heures", "35", "35", "35"},
        {"placement", "heures", "35.", NULL, ""},
        {"placement", "heures", "168", "168", "168"},
        {"placement", "heures", "168.001", NULL, ""},
        {"placement", "heures", "-1", NULL, ""},
        {"placement", "heures", "-0", "0", "0"},
        {"placement", "heures", "1e3", NULL, ""},
        {"contact", "info_donnee", "Oui", "oui", "yes"},
        {"contact", "info_donnee", "false", "non", "no"},
        {"contact", "info_donnee", "peut-être", NULL, ""},
        {"placement", "etat", "en_essai", "en_essai", "on trial"},
        {"placement", "etat", "En essai", "en_essai", "on trial"},
        {"placement", "etat", "CONFIRMED", "confirme", "confirmed"},
        {"placement", "etat", "потвърдена", "confirme", "confirmed"},
        {"placement", "etat", "inconnu", NULL, ""},
        {"entreprise", "etat", "rdv obtenu", "rdv_obtenu", "meeting agreed"},
        {"contact", "objet", "Écoute, projet de vie", "ecoute", "listening, life project"},
        {"contact", "objet", "la fête du site", "la fête du site", "la fête du site"},
        {"frein", "theme", "santé", NULL,
         ""}, /* the value itself is the secret: a restricted kind */
        {"contact", "personne", "ana", "0123abcd", "0123abcd"},
        {"contact", "personne", "bob", NULL, ""},
        {"personne", "telephone", "06 12-34.56/78", "0612345678", "0612345678"},
        {"personne", "telephone", "0040 712 345 678", "+40712345678", "+40712345678"},
        {"personne", "telephone", "+40 (712) 345678", "+40712345678", "+40712345678"},
        {"personne", "telephone", "12", NULL, ""},
        {"personne", "telephone", "06 12 34 x", NULL, ""},
        {"personne", "telephone", "1+2345", NULL, ""},
        {"entreprise", "mail", "Jean@Exemple.FR", "Jean@exemple.fr", "Jean@exemple.fr"},
        {"entreprise", "mail", "jean@exemple", NULL, ""},
        {"entreprise", "mail", "@exemple.fr", NULL, ""},
        {"entreprise", "mail", "a b@exemple.fr", NULL, ""},
        {"entreprise", "web", "https://exemple.fr/a", "https://exemple.fr/a",
         "https://exemple.fr/a"},
        {"entreprise", "web", "javascript:alert(1)", NULL, ""},
        {"placement", "jours", "12345", "12345", "12345"},
        {"placement", "jours", "5,3,1,1", "135", "135"},
        {"placement", "jours", "2-6", "23456", "23456"},
        {"placement", "jours", "6-2", NULL, ""},
        {"placement", "jours", "1-", NULL, ""},
        {"placement", "jours", "8", NULL, ""},
        {"placement", "jours", ",", NULL, ""},
        {"personne", "langues", "roumain, fr", "fr,ro", "French, Romanian"},
        {"personne", "langues", "+ro,+fr,+ro", "+fr,+ro", "+French, +Romanian"},
        {"personne", "langues", "-ro", "-ro", "-Romanian"},
        {"personne", "langues", "+ro,-fr", NULL, ""},
        {"personne", "langues", "klingon", NULL, ""},
        {"personne", "langues", "", "", ""},
        {"poste", "checklist", "+taches,+gestes", "+gestes,+taches", NULL},
        {"poste", "checklist", "rien", NULL, ""},
        {"poste", "checklist_notes", "+essai: 2 mois, renouvelable", NULL, ""},
        {"poste", "checklist_notes", "+essai: 2 mois, renouvelable;",
         "+essai: 2 mois, renouvelable;", "+essai: 2 mois, renouvelable"},
        {"foyer", "membres", "ana", "0123abcd", "0123abcd"},
    };
    int32_t today;
    assert_true(civil_parse("2025-05-06", &today));
    const struct pack_context context = {
        .has_today = true, .today = today, .lang = "en", .resolve = resolve};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct pack_field *field = field_of(cases[i][0], cases[i][1]);
        struct pack_value value, again;
        struct pack_why why;
        char text[1024], shown[1024];
        enum err err = pack_value_check(field, cases[i][2], &context, &value, &why);
        if (!cases[i][3]) {
            if (err == ERR_OK || !strstr(why.text, cases[i][1]))
                fail_msg("%s=%s was taken (%s)", cases[i][1], cases[i][2], why.text);
            assert_int_equal(value.type, PACK_VALUE_NIL);
            pack_value_fini(&value);
            continue;
        }
        if (err != ERR_OK)
            fail_msg("%s=%s was refused: %s", cases[i][1], cases[i][2], why.text);
        assert_true(pack_value_fits(field, &value));
        assert_int_equal(pack_value_text(field, &value, NULL, text, sizeof text), ERR_OK);
        assert_string_equal(text, cases[i][3]);
        assert_int_equal(pack_value_text(field, &value, "en", shown, sizeof shown), ERR_OK);
        if (cases[i][4])
            assert_string_equal(shown, cases[i][4]);
        assert_int_equal(pack_value_text(field, &value, NULL, shown, strlen(text) + 1), ERR_OK);
        if (*text) {
            assert_int_equal(pack_value_text(field, &value, NULL, shown, strlen(text)),
                             ERR_TOO_BIG);
            assert_string_equal(shown, "");
        }
        /* Reading the canonical text gives the same value again. */
        struct pack_context plain = context;
        plain.resolve = NULL;
        assert_int_equal(pack_value_check(field, text, &plain, &again, NULL), ERR_OK);
        assert_int_equal(again.type, value.type);
        assert_int_equal(pack_value_text(field, &again, NULL, shown, sizeof shown), ERR_OK);
        assert_string_equal(shown, text);
        pack_value_fini(&again);
        pack_value_fini(&value);
        assert_int_equal(value.type, PACK_VALUE_NIL);
    }
}

static void test_too_long(void **state)
{
    (void)state;
    struct pack_value value;
    char *text = malloc(PACK_LONG_MAX + 2);
    memset(text, 'a', PACK_LONG_MAX + 1);
    text[PACK_LONG_MAX + 1] = '\0';
    const struct pack_field *note = field_of("contact", "texte");
    assert_int_equal(pack_value_check(note, text, NULL, &value, NULL), ERR_TOO_BIG);
    text[PACK_LONG_MAX] = '\0';
    assert_int_equal(pack_value_check(note, text, NULL, &value, NULL), ERR_OK);
    assert_int_equal(value.text_len, PACK_LONG_MAX);
    pack_value_fini(&value);
    text[PACK_TEXT_MAX + 1] = '\0';
    const struct pack_field *name = field_of("personne", "prenom");
    assert_int_equal(pack_value_check(name, text, NULL, &value, NULL), ERR_TOO_BIG);
    text[21] = '\0';
    const struct pack_field *siret = field_of("entreprise", "siret");
    assert_int_equal(pack_value_check(siret, text, NULL, &value, NULL), ERR_TOO_BIG);
    text[20] = '\0';
    assert_int_equal(pack_value_check(siret, text, NULL, &value, NULL), ERR_OK);
    pack_value_fini(&value);

    char many[PACK_ITEMS_MAX * 6 + 16] = "";
    size_t at = 0;
    for (int i = 0; i <= PACK_ITEMS_MAX; i++)
        at += (size_t)snprintf(many + at, sizeof many - at, "n%d;", i);
    const struct pack_field *notes = field_of("poste", "checklist_notes");
    assert_int_equal(pack_value_check(notes, many, NULL, &value, NULL), ERR_TOO_BIG);
    pack_value_fini(&value);
    free(text);
}

/* What other devices send: only canonical values of the right type fit. */
static void test_fits(void **state)
{
    (void)state;
    const struct pack_field *date = field_of("contact", "date");
    const struct pack_field *year = field_of("personne", "annee_naissance");
    const struct pack_field *langs = field_of("personne", "langues");
    const struct pack_field *who = field_of("contact", "personne");
    char *items[] = {"fr", "ro"};
    struct {
        const struct pack_field *field;
        struct pack_value value;
        bool fits;
    } cases[] = {
        {date, {.type = PACK_VALUE_NIL}, true},
        {date, {.type = PACK_VALUE_TEXT, .text = "2025-05-06", .text_len = 10}, true},
        {date, {.type = PACK_VALUE_TEXT, .text = "6/5/2025", .text_len = 8}, false},
        {date, {.type = PACK_VALUE_TEXT, .text = "hier", .text_len = 4}, false},
        {date, {.type = PACK_VALUE_TEXT, .text = " 2025-05-06", .text_len = 11}, false},
        {date, {.type = PACK_VALUE_TEXT, .text = "2025-05-06\0x", .text_len = 12}, false},
        {date, {.type = PACK_VALUE_TEXT, .text = NULL}, false},
        {date, {.type = PACK_VALUE_INT, .integer = 3}, false},
        {date, {.type = PACK_VALUE_BOOL, .boolean = true}, false},
        {year, {.type = PACK_VALUE_INT, .integer = 1990}, true},
        {year, {.type = PACK_VALUE_INT, .integer = 5}, false},
        {year, {.type = PACK_VALUE_TEXT, .text = "1990", .text_len = 4}, false},
        {langs, {.type = PACK_VALUE_SET, .items = items, .items_n = 2}, true},
        {langs,
         {.type = PACK_VALUE_SET, .items = items, .items_n = 2, .items_are_refs = true},
         false},
        {langs, {.type = PACK_VALUE_TEXT, .text = "fr", .text_len = 2}, false},
        {who, {.type = PACK_VALUE_REF, .text = "00ff", .text_len = 4}, true},
        {who, {.type = PACK_VALUE_REF, .text = "x y", .text_len = 3}, false},
        {who, {.type = PACK_VALUE_TEXT, .text = "00ff", .text_len = 4}, false},
        /* an option of a newer pack is kept */
        {field_of("placement", "etat"),
         {.type = PACK_VALUE_TEXT, .text = "suspendu", .text_len = 8},
         true},
        {field_of("placement", "etat"),
         {.type = PACK_VALUE_TEXT, .text = "a\x07", .text_len = 2},
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (pack_value_fits(cases[i].field, &cases[i].value) != cases[i].fits)
            fail_msg("case %zu", i);
    }
}

static void test_hints(void **state)
{
    (void)state;
    assert_null(pack_hint(shipped, "Très motivée, disponible en juin", "fr"));
    assert_null(pack_hint(shipped, "romarin, Romain, promenade, la ville de Rome", "fr"));
    const char *origin = pack_hint(shipped, "famille ROM du site", "fr");
    assert_non_null(origin);
    assert_non_null(strstr(origin, "origine"));
    const char *health = pack_hint(shipped, "Problème de DIABÈTE.", "en");
    assert_non_null(health);
    assert_non_null(strstr(health, "health"));
    assert_non_null(pack_hint(shipped, "le chef de platz", "fr"));
    assert_null(pack_hint(shipped, "", "fr"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),       cmocka_unit_test(test_shape),
        cmocka_unit_test(test_no_origin),     cmocka_unit_test(test_labels),
        cmocka_unit_test(test_fill),          cmocka_unit_test(test_table_sql),
        cmocka_unit_test(test_reports),       cmocka_unit_test(test_rules),
        cmocka_unit_test(test_all_sql_runs),  cmocka_unit_test(test_prepare),
        cmocka_unit_test(test_small_pack),    cmocka_unit_test(test_broken_packs),
        cmocka_unit_test(test_damaged_packs), cmocka_unit_test(test_values),
        cmocka_unit_test(test_too_long),      cmocka_unit_test(test_fits),
        cmocka_unit_test(test_hints),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
