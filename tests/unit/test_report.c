/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: reports say what the records say, in numbers that people can check; the shared version gives nobody away; what
 * is printed or opened in a spreadsheet is text and never markup or a formula.
 *
 * ctest: no-valgrind (minutes of it; the sanitizers see the same)
 */
#include "tests/unit/domain_view.h"

#include "client/report.h"
#include "client/sheet.h"

static struct report report;
static struct pack_why why;

static void make(const char *name, bool shared)
{
    struct report_options options = {.shared = shared, .year = 2025};
    report_free(&report);
    enum err err = report_make(&domain, name, &options, &report, &why);
    if (err != ERR_OK)
        fail_msg("%s: %s %s", name, err_name(err), why.text);
}

static const struct report_part *part(const char *key)
{
    for (size_t i = 0; i < report.parts_n; i++) {
        if (strcmp(report.parts[i].key, key) == 0)
            return &report.parts[i];
    }
    return NULL;
}

static int64_t figure(const char *in, const char *column)
{
    const struct report_part *found = part(in);
    return pas_table_integer(found->table, 0, pas_table_find(found->table, column));
}

/* Calls one of the writers and gives its text. */
static char *written(enum err (*write)(const struct domain *, const struct report *, struct buf *))
{
    struct buf out = {.max = 1 << 22};
    char *text = NULL;
    assert_int_equal(write(&domain, &report, &out), ERR_OK);
    assert_int_equal(pas_take_text(&out, &text), ERR_OK);
    buf_free(&out);
    return text;
}

static int caseload(void **state)
{
    domain_view_open(state);
    domain.today = day("2025-06-15");
    sql("INSERT INTO organisation(id, nom, etat) VALUES('o', 'Les <Ponts>', 'actif')");
    sql("WITH n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 7) INSERT INTO"
        " personne(id, dossier, code, prenom, sexe, etat) SELECT 'p' || i, 'p' || i, 'C' || i,"
        " 'Prénom' || i, iif(i < 3, 'femme', 'homme'), 'active' FROM n");
    sql("INSERT INTO contact(id, dossier, personne, date) SELECT 'c' || id, id, id, '2025-02-01'"
        " FROM personne");
    sql("INSERT INTO contact(id, dossier, personne, date, author) SELECT 'd' || id, id, id,"
        " '2025-02-02', 'b' FROM personne");
    sql("INSERT INTO entreprise(id, dossier, nom, commune, etat) VALUES"
        " ('e1', 'e1', '=1+1;\"Bâti\"', 'Évry', 'contactee')");
    sql("INSERT INTO prospection(id, dossier, entreprise, date, type, resultat, created_at) VALUES"
        " ('r1', 'e1', 'e1', '2025-03-02', 'appel', 'sans_reponse', '2025-03-02T10:00:00Z')");
    sql("INSERT INTO frein(id, dossier, personne, theme, etat, depuis) SELECT 'f' || id, id, id,"
        " 'mobilite', 'identifie', '2025-03-01' FROM personne");
    sql("INSERT INTO placement(id, dossier, personne, employeur, debut, jours, etat, contrat) "
        "VALUES"
        " ('a1', 'p1', 'p1', 'e1', '2025-05-05', '12345', 'en_essai', 'cdi')");
    return 0;
}

static int leave(void **state)
{
    report_free(&report);
    return domain_view_close(state);
}

static void test_figures(void **state)
{
    (void)state;
    make("p1", false);
    assert_string_equal(report.title, "Indicateurs Résorption-bidonvilles");
    assert_string_equal(report.period, "Du 01/01/2025, Au 31/12/2025");
    assert_int_equal(figure("indicateurs", "nombre_personnes"), 7); /* seen by two, counted once */
    assert_int_equal(figure("indicateurs", "nombre_femmes"), 2);
    assert_int_equal(figure("indicateurs", "travail_nombre_personnes"), 1);
    char *csv = written(report_csv);
    assert_int_equal(strncmp(csv, "\xef\xbb\xbf", 3), 0);
    assert_non_null(strstr(csv, "\r\nnombre_personnes;Personnes;7;\"Personnes distinctes"));
    assert_null(strstr(csv, "Prénom"));
    pas_free(csv);
}

static void test_shared(void **state)
{
    (void)state;
    make("P1", true);
    const struct report_part *found = part("indicateurs");
    size_t women = pas_table_find(found->table, "nombre_femmes");
    assert_int_equal(figure("indicateurs", "nombre_personnes"), 7);
    assert_int_equal(pas_table_type(found->table, 0, women), PAS_NULL);
    assert_string_equal(pas_table_shown(found->table, 0, women), "< 5");
    assert_true(found->masked);
    char *csv = written(report_csv);
    assert_non_null(strstr(csv, "nombre_femmes;Femmes;< 5;"));
    pas_free(csv);

    /* Nor does what is made of a hidden count: a rate, a mean. */
    make("P2", true);
    found = part("iod");
    size_t rate = pas_table_find(found->table, "pourcent");
    assert_int_equal(pas_table_type(found->table, 0, rate), PAS_NULL);
    assert_string_equal(pas_table_shown(found->table, 0, rate), "—");
    assert_string_equal(pas_table_shown(part("entonnoir")->table, 0, 0), "rencontrés");
    make("P2", false);
    assert_int_not_equal(pas_table_type(part("iod")->table, 0, rate), PAS_TEXT);

    /* A chart of what is hidden would show it: hidden counts have no bar. */
    make("P6", true);
    assert_null(strstr(part("freins")->svg, ">0<"));
    assert_non_null(strstr(part("freins")->svg, ">7<"));
    assert_non_null(strstr(part("freins")->svg, "&lt; 5"));

    /* Parts that name somebody are left out, private ones as well. */
    make("P9", true);
    assert_int_equal(report.parts_n, 0);
    make("P8", true);
    assert_null(part("moi"));
    make("P8", false);
    assert_non_null(part("moi"));
    make("P4", true);
    assert_null(part("tableau"));
    assert_non_null(part("etats"));
}

static void test_table(void **state)
{
    (void)state;
    make("P4", false);
    const struct report_part *found = part("tableau");
    assert_int_equal(pas_table_rows(found->table), 1);
    size_t result = pas_table_find(found->table, "resultat");
    assert_string_equal(pas_table_get(found->table, 0, result), "sans_reponse");
    assert_string_equal(pas_table_shown(found->table, 0, result), "sans réponse");
    assert_int_equal(pas_table_integer(found->table, 0, pas_table_find(found->table, "retard")), 1);
    char *csv = written(report_csv);
    assert_non_null(strstr(csv, "\r\n\"'=1+1;\"\"Bâti\"\"\";Évry;contactée;02/03/2025;"));
    pas_free(csv);
    char *html = written(report_html);
    assert_non_null(strstr(html, "=1+1;&quot;Bâti&quot;"));
    assert_non_null(strstr(html, "Les &lt;Ponts&gt;"));
    assert_null(strstr(html, "<Ponts>"));
    assert_non_null(strstr(html, "<svg "));
    assert_null(strstr(html, "<script"));
    pas_free(html);
    struct buf json = {.max = 1 << 20};
    assert_int_equal(report_json(&report, &json), ERR_OK);
    buf_u8(&json, 0);
    assert_non_null(strstr((const char *)json.bytes, "\"part\":\"tableau\""));
    buf_free(&json);
}

static void test_params(void **state)
{
    (void)state;
    struct pas_pair pairs[] = {{"debut", "1/2/2025"}, {"fin", "2025-02-01"}};
    struct report_options options = {.params = pairs, .params_n = 2};
    assert_int_equal(report_make(&domain, "P1", &options, &report, &why), ERR_OK);
    assert_string_equal(report.period, "Du 01/02/2025, Au 01/02/2025");
    report_free(&report);
    pairs[1].text = "un jour";
    assert_int_equal(report_make(&domain, "P1", &options, &report, &why), ERR_USAGE);
    assert_string_equal(why.text, "fin=un jour");
    pairs[1] = (struct pas_pair){"autre", "x"};
    assert_int_equal(report_make(&domain, "P1", &options, &report, &why), ERR_USAGE);
    assert_string_equal(why.text, "autre=");
    assert_int_equal(report_make(&domain, "P99", &options, &report, &why), ERR_NOT_FOUND);
    options.params_n = 0;
    assert_int_equal(report_make(&domain, "RELAIS", &options, &report, &why), ERR_USAGE);
    assert_string_equal(why.text, "entreprise=?");
    pairs[0] = (struct pas_pair){"entreprise", "e1"};
    options.params_n = 1;
    assert_int_equal(report_make(&domain, "RELAIS", &options, &report, &why), ERR_OK);
}

/* Every report of the pack, both versions, in every form. */
static void test_all(void **state)
{
    (void)state;
    struct pas_table *list = NULL;
    struct pas_pair pairs[1];
    assert_int_equal(report_list(&domain, &list), ERR_OK);
    assert_true(pas_table_rows(list) >= 13);
    for (size_t i = 0; i < 2 * pas_table_rows(list); i++) {
        const char *name = pas_table_get(list, i / 2, 0), *params = pas_table_get(list, i / 2, 3);
        struct report_options options = {.params = pairs, .shared = i % 2};
        pairs[0] = strstr(params, "\"personne\"") ? (struct pas_pair){"personne", "p1"}
                                                  : (struct pas_pair){"entreprise", "e1"};
        options.params_n = strstr(params, "\"ref\"") != NULL;
        report_free(&report);
        enum err err = report_make(&domain, name, &options, &report, &why);
        if (err != ERR_OK)
            fail_msg("%s: %s %s", name, err_name(err), why.text);
        assert_true(options.shared || report.parts_n > 0);
        pas_free(written(report_csv));
        pas_free(written(report_html));
    }
    pas_table_free(list);
}

static void test_cells(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool number;
        const char *wanted;
    } cases[] = {
        {"plain", false, "plain"},      {"a;b", false, "\"a;b\""}, {"-3", true, "-3"},
        {"-3", false, "'-3"},           {"@x", false, "'@x"},      {"+33 6", false, "'+33 6"},
        {"a\nb", false, "\"a\nb\""},    {"\"", false, "\"\"\"\""}, {"", false, ""},
        {"=A1;B", false, "\"'=A1;B\""}, {"a=b", false, "a=b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = {.max = 1000};
        report_csv_cell(&out, cases[i].text, cases[i].number);
        buf_u8(&out, 0);
        assert_string_equal((const char *)out.bytes, cases[i].wanted);
        buf_free(&out);
    }
}

/* --- sheets --- */

static char *sheet(const char *name, const char *record, bool blank)
{
    struct buf out = {.max = 1 << 22};
    struct sheet_options options = {.record = record, .blank = blank};
    char *text = NULL;
    enum err err = sheet_write(&domain, name, &options, &out);
    if (err != ERR_OK)
        fail_msg("%s: %s", name, err_name(err));
    assert_int_equal(pas_take_text(&out, &text), ERR_OK);
    buf_free(&out);
    return text;
}

static void test_sheet(void **state)
{
    (void)state;
    char *html = sheet("fiche_entreprise", "e1", false);
    assert_non_null(strstr(html, "<html lang=\"fr\">"));
    assert_non_null(strstr(html, "<dt>Nom</dt><dd>=1+1;&quot;Bâti&quot;</dd>"));
    assert_non_null(strstr(html, "<td>02/03/2025</td><td>appel</td><td>sans réponse</td>"));
    assert_null(strstr(html, "Prénom1")); /* the employer's sheet names nobody */
    pas_free(html);
    html = sheet("fiche_entreprise", NULL, true);
    assert_null(strstr(html, "Bâti"));
    assert_non_null(strstr(html, "<tr class=\"empty\">"));
    pas_free(html);

    sql("INSERT INTO poste(id, dossier, entreprise, intitule, checklist) VALUES"
        " ('j1', 'e1', 'e1', '<b>Serre</b>', '[\"epi\"]')");
    html = sheet("fiche_poste", "j1", false);
    assert_non_null(strstr(html, "&lt;b&gt;Serre&lt;/b&gt;"));
    assert_null(strstr(html, "<b>Serre"));
    assert_non_null(strstr(html, "<span class=\"box\">✓</span>Équipements"));
    pas_free(html);

    /* In the person's language; due points and done ones on one page. */
    domain.lang = "ro";
    sql("INSERT INTO suivi(id, placement, personne, regle, date, etat) VALUES"
        " ('s1', 'a1', 'p1', 'J1', '2025-05-05', 'fait')");
    html = sheet("fiche_suivi", "a1", false);
    assert_non_null(strstr(html, "<html lang=\"ro\">"));
    assert_non_null(strstr(html, "traducere neverificată"));
    assert_non_null(strstr(html, "<td>05/05/2025</td><td>ziua 1</td>"));
    assert_non_null(strstr(html, "<td>✓</td>"));
    pas_free(html);
    domain.lang = "fr";
}

static void test_sheet_refusals(void **state)
{
    (void)state;
    struct buf out = {.max = 1 << 20};
    struct sheet_options none = {0}, other = {.record = "nobody"};
    assert_int_equal(sheet_write(&domain, "no_such", &none, &out), ERR_NOT_FOUND);
    assert_int_equal(sheet_write(&domain, "fiche_entreprise", &none, &out), ERR_USAGE);
    assert_int_equal(sheet_write(&domain, "fiche_entreprise", &other, &out), ERR_NOT_FOUND);
    /* A pack whose sheet reads what is restricted is refused, not obeyed. */
    sql("UPDATE domain_sheet_block SET sql = 'SELECT theme AS nom FROM frein_restreint'"
        " WHERE sheet = 'fiche_entreprise' AND position = 1");
    struct sheet_options blank = {.blank = true};
    assert_int_equal(sheet_write(&domain, "fiche_entreprise", &blank, &out), ERR_DENIED);
    buf_free(&out);
}

static void test_all_sheets(void **state)
{
    (void)state;
    static const char *const langs[] = {"fr", "en", "ro", "bg"};
    struct pas_table *list = NULL;
    sql("INSERT INTO poste(id, dossier, entreprise, intitule) VALUES('j1', 'e1', 'e1', 'x')");
    sql("INSERT INTO demarche(id, dossier, personne, type) VALUES('y1', 'p1', 'p1', 'caf')");
    sql("INSERT INTO proposition(id, dossier, personne, poste) VALUES('x1', 'p1', 'p1', 'j1')");
    sql("INSERT INTO rex(id, dossier, titre) VALUES('z1', 'z1', 'x')");
    sql("INSERT INTO evenement(id, dossier, titre, debut) VALUES('v1', 'v1', 'x', '2025-05-06')");
    assert_int_equal(sheet_list(&domain, &list), ERR_OK);
    assert_true(pas_table_rows(list) >= 12);
    for (size_t i = 0; i < pas_table_rows(list) * 4; i++) {
        const char *name = pas_table_get(list, i / 4, 0), *kind = pas_table_get(list, i / 4, 2);
        domain.lang = langs[i % 4];
        char found[64] = "";
        if (kind) {
            sqlite3_stmt *one = NULL;
            bool row;
            assert_int_equal(domain_prepare_own(&domain, &one, "SELECT id FROM %s", kind), ERR_OK);
            assert_int_equal(domain_step(one, &row), ERR_OK);
            assert_true(row);
            snprintf(found, sizeof found, "%s", domain_text(one, 0));
            sqlite3_finalize(one);
        }
        pas_free(sheet(name, kind ? found : NULL, false));
        pas_free(sheet(name, NULL, true));
    }
    domain.lang = "fr";
    pas_table_free(list);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, caseload, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_figures),    TEST(test_shared), TEST(test_table), TEST(test_params),
        TEST(test_all),        TEST(test_cells),  TEST(test_sheet), TEST(test_sheet_refusals),
        TEST(test_all_sheets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
