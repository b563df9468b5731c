/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what helps daily work is right and stays modest: reasons without numbers, warnings about doubles that neither
 * cry wolf nor sleep, spreadsheets of every make, proposals, periods of retention.
 *
 * ctest: no-valgrind (minutes of it; the sanitizers see the same)
 */
#include "tests/unit/domain_view.h"

#include "client/duplicate.h"
#include "client/import.h"
#include "client/match.h"
#include "client/retention.h"
#include "client/suggest.h"

static struct pas_table *table;

static const char *cell(size_t row, const char *column)
{
    const char *text = pas_table_get(table, row, pas_table_find(table, column));
    return text ? text : "";
}

static void forget(void)
{
    pas_table_free(table);
    table = NULL;
}

static int leave(void **state)
{
    forget();
    return domain_view_close(state);
}

/* --- matching --- */

static void test_match(void **state)
{
    (void)state;
    sql("INSERT INTO entreprise(id, dossier, nom, commune, secteur) VALUES('e', 'e', 'Serres',"
        " 'Aubry', 'agriculture')");
    sql("INSERT INTO poste(id, dossier, entreprise, intitule, contrat, francais) VALUES"
        " ('j', 'e', 'e', 'Cueillette', 'saison', 'a1')");
    sql("INSERT INTO site(id, dossier, nom, commune) VALUES('s', 's', 'Saules', 'Aubry')");
    sql("INSERT INTO personne(id, dossier, code, prenom, site, niveau_fr, etat) VALUES"
        " ('p1', 'p1', 'P1', 'Ana', NULL, 'infra_a1_1', 'active'),"
        " ('p2', 'p2', 'P2', 'Ion', 's', 'a2', 'active'),"
        " ('p3', 'p3', 'P3', 'Mia', 's', 'a2', 'archivee'),"
        " ('p4', 'p4', 'P4', 'Zoe', 's', 'a2', 'active')");
    sql("INSERT INTO parcours(id, dossier, personne, etat) SELECT 'q' || id, id, id, 'accompagne'"
        " FROM personne");
    sql("INSERT INTO diag_personne(id, dossier, personne, contrats) VALUES"
        " ('d', 'p2', 'p2', '[\"saison\"]')");
    sql("INSERT INTO proposition(id, dossier, personne, poste) VALUES('x', 'p4', 'p4', 'j')");
    assert_int_equal(match_make(&domain, "poste", "j", &table), ERR_OK);
    assert_int_equal(pas_table_rows(table), 2); /* not the archived one, nor who had the offer */
    assert_string_equal(cell(0, "id"), "p2");
    assert_non_null(strstr(cell(0, "reasons"), "contrat souhaité"));
    assert_non_null(strstr(cell(0, "reasons"), "même commune"));
    assert_string_equal(cell(1, "id"), "p1"); /* nobody is left out for lack of reasons */
    assert_string_equal(cell(1, "reasons"), "[]");
    assert_int_equal(pas_table_find(table, "score"), SIZE_MAX);
    forget();
    assert_int_equal(match_make(&domain, "site", "s", &table), ERR_NOT_FOUND);
}

/* --- doubles --- */

static void test_duplicates(void **state)
{
    (void)state;
    sql("INSERT INTO personne(id, code, prenom, nom, annee_naissance, site, created_at) VALUES"
        " ('1', 'A', 'Ștefan', 'Pop', 1990, 's', 1), ('2', 'B', 'Stefan', NULL, 1991, 's', 2),"
        " ('3', 'C', 'Pop', 'Stefan', NULL, 's', 3), ('4', 'D', 'Стефан', 'Поп', 1960, 's', 4),"
        " ('5', 'E', 'Stefan', 'Pop', NULL, 't', 5), ('6', 'F', 'Elena', 'Pop', 1990, 's', 6)");
    assert_int_equal(duplicate_table(&domain, "personne", &table), ERR_OK);
    char pairs[256] = "";
    for (size_t i = 0; i < pas_table_rows(table); i++)
        snprintf(pairs + strlen(pairs), sizeof pairs - strlen(pairs), "%s%s ", cell(i, "a"),
                 cell(i, "b"));
    /* 4 is thirty years older, 5 lives elsewhere, 6 is somebody else; 3 and 4 could be one. */
    assert_string_equal(pairs, "12 13 23 34 ");
    forget();
    sql("INSERT INTO entreprise(id, code, nom, commune, siret, created_at) VALUES"
        " ('1', 'A', 'Bâti Nord', 'Évry', '12345678900011', 1),"
        " ('2', 'B', 'BATI NORD', 'Evry', NULL, 2),"
        " ('3', 'C', 'Bati Nord', 'Lille', '12345678900029', 3),"
        " ('4', 'D', 'Nouveau nom', 'Nice', '12345678900011', 4),"
        " ('5', 'E', 'Bâti Nord', 'Évry', '99999999900011', 5)");
    assert_int_equal(duplicate_table(&domain, NULL, &table), ERR_OK);
    pairs[0] = 0;
    for (size_t i = 0; i < pas_table_rows(table); i++) {
        if (strcmp(cell(i, "kind"), "entreprise") == 0)
            snprintf(pairs + strlen(pairs), sizeof pairs - strlen(pairs), "%s%s ", cell(i, "a"),
                     cell(i, "b"));
    }
    assert_string_equal(pairs, "12 14 25 "); /* another number is another company */
}

/* --- spreadsheets --- */

static void reads(const char *bytes, size_t len, enum err wanted, struct import *import)
{
    const struct pack_kind *kind = pack_kind_by_key(pack, "entreprise");
    enum err err = import_read(&domain, kind, bytes, len, import);
    if (err != wanted)
        fail_msg("%s: %s", bytes, err_name(err));
}

static void test_import(void **state)
{
    (void)state;
    struct import import;
    static const struct {
        const char *bytes;
        const char *wanted; /* cells of the first and second row joined by | and / */
    } files[] = {
        {"Nom;Ville\nA;B\n", "A|B"},
        {"Nom,Ville\r\nA,B\r\nC,D", "A|B/C|D"},
        {"\xef\xbb\xbf\"Raison sociale\"\tCommune\nA\tB\n", "A|B"},
        {"nom;commune\n\"A;\"\"x\"\"\ny\";B\nC;D\n", "A;\"x\"\ny|B/C|D"},
        {"Nom;Ville\nB\xe2ti;\xc9vry\n", "Bâti|Évry"},
        {"Nom;Ville\n\x80uro;b\n", "€uro|b"},
        {"Nom;Ville\nA\n;\n", "A|/|"},
        {"Nom;Ville\rA;B\rC;D\r", "A|B/C|D"},
        {"Nom;Ville\nA;B;too many\nC;D\n", "A|B/C|D"},
        {"Nom;Ville\n", ""},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char got[256] = "";
        reads(files[i].bytes, strlen(files[i].bytes), ERR_OK, &import);
        assert_int_equal(import.columns_n, 2);
        assert_string_equal(import.fields[0]->key, "nom");
        assert_string_equal(import.fields[1]->key, "commune");
        for (size_t row = 0; row < import.rows_n; row++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s|%s", row ? "/" : "",
                     import.rows[row].cells[0], import.rows[row].cells[1]);
        assert_string_equal(got, files[i].wanted);
        import_free(&import);
    }
    static const char *const refused[] = {"Nom;Ville\nA;\"open\n", "",
                                          "Couleur;Taille du chien\nA;B\n"};
    for (size_t i = 0; i < 3; i++)
        reads(refused[i], strlen(refused[i]), ERR_FORMAT, &import);
    const char text[] = "Nom;x;Nom;NAF\nA;b;C;d\n\"E\nF\";g;h;i\nJ;k;l;m\n";
    reads(text, strlen(text), ERR_OK, &import);
    assert_null(import.fields[1]);
    assert_null(import.fields[2]); /* the first column of a name counts */
    assert_string_equal(import.fields[3]->key, "naf");
    assert_int_equal(import.rows[2].line, 5); /* a cell with a line end takes two */
    import_free(&import);
}

/* Whatever the bytes: no crash, no read outside (sanitizers), rows within the limits. */
static void test_import_noise(void **state)
{
    (void)state;
    static const char alphabet[] = "Nom;\",\n\r\tx\xe9\xc3\xa9\x00 Ville";
    uint32_t seed = 1;
    char bytes[64];
    for (size_t round = 0; round < 20000; round++) {
        struct import import;
        size_t len = 0;
        if (round % 2) {
            memcpy(bytes, "Nom;Ville\n", 10);
            len = 10;
        }
        while (len < sizeof bytes) {
            seed = seed * 1664525 + 1013904223;
            bytes[len++] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        enum err err =
            import_read(&domain, pack_kind_by_key(pack, "entreprise"), bytes, len, &import);
        for (size_t i = 0; err == ERR_OK && i < import.rows_n; i++) {
            for (size_t c = 0; c < import.columns_n; c++)
                assert_true(strlen(import.rows[i].cells[c]) <= 3 * sizeof bytes);
        }
        import_free(&import);
    }
}

/* --- suggestions --- */

static void test_suggest(void **state)
{
    (void)state;
    struct suggestion *list = NULL;
    size_t n;
    sql("INSERT INTO entreprise(id, nom, etat) VALUES('e', 'Serres', 'ciblee')");
    sql("INSERT INTO prospection(id, entreprise, date, type, resultat) VALUES"
        " ('r', 'e', '2025-03-02', 'appel', 'rdv_obtenu')");
    assert_int_equal(suggest_make(&domain, "prospection", "r", &list, &n), ERR_OK);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        assert_true(list[i].automatic);
        assert_string_equal(list[i].record, "e");
        assert_string_equal(list[i].pairs[0].field, "etat");
    }
    suggest_free(list);
    sql("INSERT INTO proposition(id, personne, etat, motif) VALUES('x', 'p', 'refusee', 'garde')");
    assert_int_equal(suggest_make(&domain, "proposition", "x", &list, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_false(list[0].automatic);
    assert_string_equal(list[0].kind, "frein");
    assert_string_equal(list[0].pairs[0].field, "personne");
    assert_string_equal(list[0].pairs[0].text, "p");
    suggest_free(list);
    /* Across a shared reference: the placement's person's parcours. */
    sql("INSERT INTO parcours(id, personne, etat) VALUES('q', 'p', 'accompagne')");
    sql("INSERT INTO placement(id, personne, etat) VALUES('a', 'p', 'en_essai')");
    assert_int_equal(suggest_make(&domain, "placement", "a", &list, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_string_equal(list[0].record, "q");
    suggest_free(list);
    assert_int_equal(suggest_make(&domain, "site", "none", &list, &n), ERR_OK);
    assert_int_equal(n, 0);
    suggest_free(list);
}

/* --- retention --- */

static void test_retention(void **state)
{
    (void)state;
    sql("INSERT INTO personne(id, dossier, code, prenom, etat, created_at) VALUES"
        " ('p1', 'p1', 'P1', 'Ana', 'active', '2023-01-01T00:00:00Z'),"
        " ('p2', 'p2', 'P2', 'Ion', 'archivee', '2020-01-01T00:00:00Z'),"
        " ('p3', 'p3', 'P3', 'Mia', 'active', '2024-12-01T00:00:00Z')");
    sql("INSERT INTO contact(id, personne, date) VALUES('c', 'p1', '2023-02-10')");
    domain.today = day("2025-01-09");
    assert_int_equal(retention_table(&domain, false, &table), ERR_OK);
    assert_int_equal(pas_table_rows(table), 0);
    forget();
    domain.today = day("2025-01-10");
    assert_int_equal(retention_table(&domain, false, &table), ERR_OK);
    assert_int_equal(pas_table_rows(table), 1);
    assert_string_equal(cell(0, "id"), "p1");
    assert_string_equal(cell(0, "state"), "review");
    assert_string_equal(cell(0, "purge"), "2025-02-10");
    forget();
    assert_int_equal(retention_table(&domain, true, &table), ERR_OK);
    assert_int_equal(pas_table_rows(table), 2); /* the archived one has its own period */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, domain_view_open, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_match),        TEST(test_duplicates), TEST(test_import),
        TEST(test_import_noise), TEST(test_suggest),    TEST(test_retention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
