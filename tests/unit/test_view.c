/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: what the tables show is what the log, merge.h and the pack's policies say: standing values, conflicts, sets,
 * mistakes, records in dossiers, and what this program does not know.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "client/view.h"
#include "proto/change.h"
#include "tests/unit/fake_engine.h"
#include "tests/unit/view_pack.h"

static struct pack *pack;
static struct view *view;

static struct pack *parse(const char *json)
{
    struct pack *parsed = NULL;
    struct pack_why why = {{0}};
    if (pack_parse(&parsed, json, strlen(json), &why) != ERR_OK)
        fail_msg("%s", why.text);
    return parsed;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    pack = parse(VIEW_PACK("1", ""));
    assert_int_equal(view_new(&view, &fake, pack, "fr"), ERR_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    view_free(view);
    pack_free(pack);
    return 0;
}

static void refresh(void)
{
    assert_int_equal(view_refresh(view), ERR_OK);
}

/* The first cell of a query as text. */
static char *ask(const char *sql)
{
    static char answer[4096];
    struct pas_table *table = NULL;
    struct pack_why why = {{0}};
    if (view_sql(view, sql, &table, &why) != ERR_OK)
        fail_msg("%s: %s", sql, why.text);
    answer[0] = 0;
    if (pas_table_rows(table) == 0)
        snprintf(answer, sizeof answer, "no row");
    else if (pas_table_type(table, 0, 0) == PAS_INT)
        snprintf(answer, sizeof answer, "%lld", (long long)pas_table_integer(table, 0, 0));
    else if (pas_table_type(table, 0, 0) == PAS_REAL)
        snprintf(answer, sizeof answer, "%g", pas_table_number(table, 0, 0));
    else if (pas_table_type(table, 0, 0) == PAS_NULL)
        snprintf(answer, sizeof answer, "NULL");
    else
        snprintf(answer, sizeof answer, "%s", pas_table_get(table, 0, 0));
    pas_table_free(table);
    return answer;
}

/* A person in dossier `shred`, first name only. */
static void person(const struct fake_author *by, uint8_t shred, const char *name)
{
    fake_int(by, shred, 0, FIELD_KIND, GENS);
    fake_text(by, shred, 0, F_PRENOM, name);
}

static void test_record(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 1600000000};
    person(&ana, 0x11, "Ștefan");
    fake_text(&ana, 0x11, 0, F_HEURES, "17.5");
    fake_bool(&ana, 0x11, 0, F_AMI, true);
    refresh();
    assert_string_equal(ask("SELECT id FROM gens"), "11111111111111111111111111111111");
    assert_string_equal(ask("SELECT prenom FROM gens"), "Ștefan");
    assert_string_equal(ask("SELECT heures + 1 FROM gens"), "18.5");
    assert_string_equal(ask("SELECT ami FROM gens"), "1");
    assert_string_equal(ask("SELECT nom FROM gens"), "NULL");
    assert_string_equal(ask("SELECT created_at FROM gens"), "2020-09-13T12:26:40Z");
    assert_string_equal(ask("SELECT author FROM gens"), "01010101010101010101010101010101");
    assert_string_equal(ask("SELECT id = dossier FROM gens"), "1");
    assert_string_equal(ask("SELECT count(*) FROM history"), "4");
    assert_string_equal(ask("SELECT length(code) FROM gens"), "8");
}

/* The clock of the author is nine years ahead: the record was made when the server received it, at the latest. */
static void test_clock_ahead(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 2000000000};
    person(&ana, 0x11, "Ana");
    refresh();
    assert_string_equal(ask("SELECT created_at FROM gens"), "2023-11-14T22:13:20Z");
}

static void test_replaced(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100}, bob = {.author = 2, .time_s = 50};
    person(&ana, 0x11, "Ana");
    fake_text(&ana, 0x11, 0, F_NOM, "un");
    refresh();
    bob.base =
        fake.spaces[0].size; /* he had seen it: his later value replaces it, whatever his clock */
    fake_text(&bob, 0x11, 0, F_NOM, "deux");
    refresh();
    assert_string_equal(ask("SELECT nom FROM gens"), "deux");
    assert_string_equal(ask("SELECT count(*) FROM conflict"), "0");
    assert_string_equal(ask("SELECT live FROM history WHERE value = 'un'"), "0");
    assert_string_equal(ask("SELECT live FROM history WHERE value = 'deux'"), "1");
}

static void test_conflict(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100}, bob = {.author = 2, .time_s = 200};
    person(&ana, 0x11, "Ana");
    ana.base = bob.base = fake.spaces[0].size;
    fake_text(&bob, 0x11, 0, F_TELEPHONE, "+33600000002");
    fake_text(&ana, 0x11, 0, F_TELEPHONE, "+33600000001");
    fake_text(&bob, 0x11, 0, F_NOM, "B");
    fake_text(&ana, 0x11, 0, F_NOM, "B");
    refresh();
    assert_string_equal(ask("SELECT telephone FROM gens"), "+33600000002");
    /* Two people wrote the same name: nothing to choose. */
    assert_string_equal(ask("SELECT count(*) FROM conflict"), "1");
    assert_string_equal(ask("SELECT field FROM conflict"), "telephone");
    assert_string_equal(ask("SELECT critical FROM conflict"), "1");
    assert_string_equal(ask("SELECT shown FROM conflict"), "+33600000002");
    assert_string_equal(ask("SELECT json_array_length(\"values\") FROM conflict"), "2");

    struct pas_table *conflicts = NULL;
    char *json = NULL;
    assert_int_equal(view_conflicts(view, NULL, &conflicts), ERR_OK);
    assert_int_equal(pas_table_json_text(conflicts, false, &json), 0);
    assert_non_null(strstr(json, "\"value\":\"+33600000001\""));
    assert_non_null(strstr(json, "\"value\":\"+33600000002\""));
    assert_non_null(strstr(json, "\"policy\":\"M\""));
    pas_free(json);
    pas_table_free(conflicts);

    ana.base = fake.spaces[0].size; /* she saw both and chooses a third */
    fake_text(&ana, 0x11, 0, F_TELEPHONE, "+33600000003");
    refresh();
    assert_string_equal(ask("SELECT telephone FROM gens"), "+33600000003");
    assert_string_equal(ask("SELECT count(*) FROM conflict"), "0");
    assert_string_equal(ask("SELECT count(*) FROM history WHERE field = 'telephone'"), "3");
}

/* A form opened before the colleague's value arrived, saved after: both stand. */
static void test_base(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100}, bob = {.author = 2, .time_s = 200};
    person(&ana, 0x11, "Ana");
    uint64_t opened = fake.spaces[0].size;
    bob.base = opened;
    fake_text(&bob, 0x11, 0, F_NOM, "de Bob");
    refresh();
    struct fake_author form = {.author = 1, .time_s = 300, .base = opened, .pending = true};
    fake_text(&form, 0x11, 0, F_NOM, "d'Ana");
    refresh();
    assert_string_equal(ask("SELECT nom FROM gens"), "d'Ana");
    assert_string_equal(ask("SELECT count(*) FROM conflict"), "1");
    fake_send();
    refresh();
    assert_string_equal(ask("SELECT count(*) FROM conflict"), "1");
    assert_string_equal(ask("SELECT count(*) FROM history WHERE pending"), "0");
}

static void test_sets(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100}, bob = {.author = 2, .time_s = 50};
    person(&ana, 0x11, "Ana");
    fake_element(&ana, 0x11, 0, F_LANGUES, 1, "ro");
    fake_element(&ana, 0x11, 0, F_LANGUES, 1, "fr");
    ana.base = bob.base = fake.spaces[0].size;
    fake_element(&bob, 0x11, 0, F_LANGUES, 0,
                 "ro"); /* both had seen ro: one removes, one adds again */
    fake_element(&ana, 0x11, 0, F_LANGUES, 1, "ro");
    fake_element(&bob, 0x11, 0, F_LANGUES, 0, "fr"); /* nobody objects */
    fake_element(&bob, 0x11, 0, F_LANGUES, 1, "bg");
    refresh();
    assert_string_equal(ask("SELECT langues FROM gens"), "[\"bg\",\"ro\"]");
    assert_string_equal(ask("SELECT count(*) FROM conflict"), "0");
    ana.base = fake.spaces[0].size;
    fake_element(&ana, 0x11, 0, F_LANGUES, 0, "ro");
    fake_element(&ana, 0x11, 0, F_LANGUES, 0, "bg");
    refresh();
    assert_string_equal(ask("SELECT langues FROM gens"), "NULL");
}

static void test_safety(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100}, bob = {.author = 2, .time_s = 900};
    person(&ana, 0x11, "Ana");
    ana.base = bob.base = fake.spaces[0].size;
    fake_text(&ana, 0x11, 0, F_ETAT, "gelee");
    fake_text(&bob, 0x11, 0, F_ETAT, "active"); /* later by any clock, but not having seen it */
    refresh();
    assert_string_equal(ask("SELECT etat FROM gens"), "gelee");
    bob.base = fake.spaces[0].size; /* having seen it, it is a decision */
    fake_text(&bob, 0x11, 0, F_ETAT, "active");
    refresh();
    assert_string_equal(ask("SELECT etat FROM gens"), "active");
}

/* A visit inside the dossier; its text is append-only. */
static void test_inside(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100}, bob = {.author = 2, .time_s = 200};
    person(&ana, 0x11, "Ana");
    fake_int(&ana, 0x11, 0x77, FIELD_KIND, VISITE);
    fake_text(&ana, 0x11, 0x77, 17, "2025-03-04");
    fake_text(&ana, 0x11, 0x77, 19, "premier");
    bob.base = fake.spaces[0].size;
    fake_text(&bob, 0x11, 0x77, 19, "suite");
    uint8_t far[ID_LEN];
    memset(far, 0x22, sizeof far);
    fake_ref(&ana, 0x11, 0x77, 18, far, sizeof far);
    uint8_t other[ID_LEN];
    memset(other, 0x33, sizeof other);
    fake_ref(&ana, 0x11, 0x77, 16, other, sizeof other);
    refresh();
    assert_string_equal(ask("SELECT id FROM visite"),
                        "11111111111111111111111111111111-7777777777777777");
    assert_string_equal(ask("SELECT texte FROM visite"), "premier\nsuite");
    assert_string_equal(ask("SELECT lieu FROM visite"), "22222222222222222222222222222222");
    /* A stored dossier reference is a record of its own in another space. */
    assert_string_equal(ask("SELECT dossier FROM visite"), "33333333333333333333333333333333");
    assert_string_equal(ask("SELECT title(id) FROM visite"), "2025-03-04");
    /* A fixed field keeps its first value. */
    fake_ref(&bob, 0x11, 0x77, 16, far, sizeof far);
    refresh();
    assert_string_equal(ask("SELECT gens FROM visite"), "33333333333333333333333333333333");

    fake_int(&ana, 0x11, 0x78, FIELD_KIND, VISITE);
    refresh();
    assert_string_equal(ask("SELECT gens FROM visite WHERE id LIKE '%78'"),
                        "11111111111111111111111111111111");
}

static void test_references(void **state)
{
    (void)state;
    struct buf out = {0};
    struct view_value value = {0};
    uint8_t shred[ID_LEN];
    memset(shred, 0x11, sizeof shred);
    static const struct {
        const char *id;
        size_t len;
    } cases[] = {{"11111111111111111111111111111111", 2 + 8},
                 {"11111111111111111111111111111111-0102030405060708", 2 + 8},
                 {"22222222222222222222222222222222", 2 + 16},
                 {"22222222222222222222222222222222-0102030405060708", 2 + 24}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct view_value ref = {.type = PACK_VALUE_REF, .op = -1, .text = cases[i].id};
        buf_reset(&out);
        assert_int_equal(view_value_encode(&out, &ref, shred), ERR_OK);
        assert_int_equal(out.len, cases[i].len);
        assert_int_equal(view_value_decode(&value, out.bytes, out.len, shred), ERR_OK);
        assert_string_equal(value.text, cases[i].id);
    }
    struct view_value bad = {.type = PACK_VALUE_REF, .op = -1, .text = "2222"};
    assert_int_equal(view_value_encode(&out, &bad, shred), ERR_FORMAT);
    buf_free(&out);
}

static void test_mistake(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100};
    struct pas_table *table = NULL;
    person(&ana, 0x11, "Ana");
    person(&ana, 0x12, "Bea");
    fake_bool(&ana, 0x11, 0, FIELD_MISTAKE, true);
    refresh();
    assert_string_equal(ask("SELECT mistake FROM gens WHERE prenom = 'Ana'"), "1");
    assert_int_equal(
        view_list(view, pack_kind_by_key(pack, "gens"), NULL, false, false, &table, NULL), ERR_OK);
    assert_int_equal(pas_table_rows(table), 1);
    pas_table_free(table);
    assert_int_equal(view_search(view, "ana", 10, &table), ERR_OK);
    assert_int_equal(pas_table_rows(table), 0);
    pas_table_free(table);
    ana.base = fake.spaces[0].size;
    fake_bool(&ana, 0x11, 0, FIELD_MISTAKE, false);
    refresh();
    assert_int_equal(view_search(view, "ana", 10, &table), ERR_OK);
    assert_int_equal(pas_table_rows(table), 1);
    pas_table_free(table);
}

static size_t hits(const char *text)
{
    struct pas_table *table = NULL;
    assert_int_equal(view_search(view, text, 100, &table), ERR_OK);
    size_t n = pas_table_rows(table);
    pas_table_free(table);
    return n;
}

static void test_search(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100};
    person(&ana, 0x11, "Ștefan");
    fake_text(&ana, 0x11, 0, F_NOM, "Łukasz-Popescu");
    person(&ana, 0x12, "Мария");
    person(&ana, 0x13, "Œdipe");
    refresh();
    assert_int_equal(hits("stefan"), 1);
    assert_int_equal(hits("ŞTEFAN"), 1);
    assert_int_equal(hits("lukasz"), 1);
    assert_int_equal(hits("popescu ste"), 1); /* any order, the last word unfinished */
    assert_int_equal(hits("s"), 1);
    assert_int_equal(hits("tefan"), 0);
    assert_int_equal(hits("maria"), 1);
    assert_int_equal(hits("oedi"), 1);
    assert_int_equal(hits(""), 0);
    assert_int_equal(hits("\" OR *"), 0);
    assert_int_equal(hits("NEAR("), 0);
    ana.base = fake.spaces[0].size;
    fake_text(&ana, 0x11, 0, F_PRENOM, "Dan");
    refresh();
    assert_int_equal(hits("stefan"), 0);
    assert_int_equal(hits("dan"), 1);
    /* The code is found as well. */
    assert_int_equal(hits(ask("SELECT code FROM gens WHERE prenom = 'Dan'")), 1);
}

static void test_find(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100};
    struct view_record record;
    char code[16];
    person(&ana, 0x11, "Ana");
    person(&ana, 0x12, "Ana");
    fake_int(&ana, 0x33, 0, FIELD_KIND, LIEU);
    fake_text(&ana, 0x33, 0, 16, "Île Verte");
    refresh();
    assert_int_equal(view_find(view, "11111111111111111111111111111111", NULL, 0, &record), ERR_OK);
    assert_string_equal(record.kind->key, "gens");
    snprintf(code, sizeof code, "%s", record.code);
    assert_int_equal(view_find(view, code, NULL, 0, &record), ERR_OK);
    for (char *c = code; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    memmove(code + 5, code + 4, 5);
    code[4] = '-';
    assert_int_equal(view_find(view, code, NULL, 0, &record), ERR_OK);
    assert_string_equal(record.id, "11111111111111111111111111111111");
    assert_int_equal(view_find(view, "1111", NULL, 0, &record), ERR_OK);
    assert_int_equal(view_find(view, "111111111111111111111111111111111", NULL, 0, &record),
                     ERR_NOT_FOUND);
    assert_int_equal(view_find(view, "1", NULL, 0, &record), ERR_NOT_FOUND);
    assert_int_equal(view_find(view, "", NULL, 0, &record), ERR_NOT_FOUND);
    const struct pack_kind *places = pack_kind_by_key(pack, "lieu");
    assert_int_equal(view_find(view, "ile verte", &places, 1, &record), ERR_OK);
    assert_string_equal(record.kind->key, "lieu");
    assert_int_equal(view_find(view, "11111111111111111111111111111111", &places, 1, &record),
                     ERR_NOT_FOUND);
    const struct pack_kind *people = pack_kind_by_key(pack, "gens");
    assert_int_equal(view_find(view, "ana", &people, 1, &record), ERR_USAGE);
}

static void test_unknown(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100},
                       late = {.author = 2, .time_s = 100, .pack = 2};
    struct view_record record;
    person(&ana, 0x11, "Ana");
    person(&ana, 0x12, "Bea");
    person(&ana, 0x13, "Cia");
    person(&ana, 0x14, "Dea");
    fake_text(&ana, 0x11, 0, 99, "?");           /* an unknown field */
    fake_int(&ana, 0x12, 0x55, FIELD_KIND, 999); /* an unknown kind inside the dossier */
    late.base = fake.spaces[0].size;
    fake_text(&late, 0x13, 0, F_PRENOM, "Nouveau"); /* a known field, by a newer pack */
    fake_int(&ana, 0x14, 0, F_PRENOM, 7);      /* a value that does not fit: ignored, no lock */
    fake_text(&ana, 0x14, 0, F_LANGUES, "ro"); /* not a set element */
    refresh();
    assert_int_equal(view_find(view, "11111111111111111111111111111111", NULL, 0, &record), ERR_OK);
    assert_true(record.locked);
    assert_int_equal(view_find(view, "12121212121212121212121212121212", NULL, 0, &record), ERR_OK);
    assert_true(record.locked);
    assert_int_equal(view_find(view, "13131313131313131313131313131313", NULL, 0, &record), ERR_OK);
    assert_true(record.locked);
    assert_int_equal(view_find(view, "14141414141414141414141414141414", NULL, 0, &record), ERR_OK);
    assert_false(record.locked);
    assert_string_equal(ask("SELECT prenom FROM gens WHERE id LIKE '13%'"), "Cia");
    assert_string_equal(ask("SELECT prenom FROM gens WHERE id LIKE '14%'"), "Dea");
    assert_string_equal(ask("SELECT count(*) FROM history WHERE value = 'Nouveau'"), "1");
    assert_string_equal(ask("SELECT count(*) FROM history WHERE field = 'field 99'"), "1");

    /* The update arrives: what was kept is shown. */
    struct pack *newer = parse(VIEW_PACK("2", "," FIELD("couleur", "99", "\"type\": \"text\"")));
    struct view *next = NULL;
    assert_int_equal(view_new(&next, &fake, newer, "fr"), ERR_OK);
    teardown(NULL);
    view = next;
    pack = newer;
    refresh();
    assert_string_equal(ask("SELECT prenom FROM gens WHERE id LIKE '13%'"), "Nouveau");
    assert_string_equal(ask("SELECT couleur FROM gens WHERE id LIKE '11%'"), "?");
    assert_int_equal(view_find(view, "11111111111111111111111111111111", NULL, 0, &record), ERR_OK);
    assert_false(record.locked);
}

/* Only new entries are read, unless earlier ones may have vanished. */
static void test_incremental(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100}, waiting = {.author = 1, .pending = true};
    person(&ana, 0x11, "Ana");
    refresh();
    assert_int_equal(fake.replays, 2);
    waiting.base = fake.spaces[0].size;
    waiting.time_s = 150;
    fake_text(&waiting, 0x11, 0, F_NOM, "attend");
    person(&waiting, 0x12, "Bea");
    refresh();
    assert_int_equal(fake.replays, 2);
    assert_string_equal(ask("SELECT nom FROM gens WHERE prenom = 'Ana'"), "attend");
    assert_string_equal(ask("SELECT count(*) FROM gens"), "2");
    fake.n -= 2; /* undone: Bea is gone, as if she had never been */
    refresh();
    assert_string_equal(ask("SELECT count(*) FROM gens"), "1");
    assert_string_equal(ask("SELECT count(*) FROM record"), "1");
    assert_int_equal(hits("bea"), 0);
    fake_send();
    refresh();
    assert_int_equal(fake.replays, 3);
    assert_string_equal(ask("SELECT nom FROM gens"), "attend");
    assert_string_equal(ask("SELECT count(*) FROM history WHERE field = 'nom'"), "1");
    fake.log[1].change.index = 100; /* a revocation cut it */
    fake.spaces[0].generation++;
    refresh();
    assert_string_equal(ask("SELECT count(*) FROM history WHERE field = 'prenom'"), "0");
    assert_int_equal(fake.replays, 5);
}

/* The same log read at once or entry by entry gives the same tables. */
static void test_same_tables(void **state)
{
    (void)state;
    static const char dump[] =
        "SELECT group_concat(x, '|') FROM (SELECT quote(id) || quote(prenom) || quote(nom) ||"
        " quote(telephone) || quote(langues) || quote(etat) || quote(created_at) AS x FROM gens"
        " ORDER BY id)";
    unsigned seed = 7;
    char whole[4096];
    for (int i = 0; i < 300; i++) {
        static const char *const words[] = {"ro", "fr", "bg"};
        uint8_t shred = (uint8_t)(0x11 + i % 3);
        seed = seed * 1103515245 + 12345;
        struct fake_author by = {.author = (uint8_t)(1 + (seed >> 16) % 3), .time_s = seed >> 8};
        by.base = fake.spaces[0].size ? (seed >> 4) % (fake.spaces[0].size + 1) : 0;
        if (i < 3)
            person(&by, shred, "P");
        else if (i % 4 == 0)
            fake_element(&by, shred, 0, F_LANGUES, (seed >> 20) % 2, words[(seed >> 12) % 3]);
        else if (i % 4 == 1)
            fake_text(&by, shred, 0, F_ETAT, (seed >> 13) % 2 ? "active" : "gelee");
        else if (i % 4 == 2)
            fake_text(&by, shred, 0, F_NOM, words[(seed >> 10) % 3]);
        else
            fake_text(&by, shred, 0, F_TELEPHONE,
                      (seed >> 9) % 2 ? "+33611111111" : "+33622222222");
        refresh();
    }
    snprintf(whole, sizeof whole, "%s", ask(dump));
    char conflicts[16];
    snprintf(conflicts, sizeof conflicts, "%s", ask("SELECT count(*) FROM core_conflict"));
    view_free(view);
    assert_int_equal(view_new(&view, &fake, pack, "fr"), ERR_OK);
    refresh();
    assert_string_equal(ask(dump), whole);
    assert_string_equal(ask("SELECT count(*) FROM core_conflict"), conflicts);
}

static void test_add(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100};
    struct buf value = {0};
    uint8_t shred[ID_LEN];
    memset(shred, 0x11, sizeof shred);
    person(&ana, 0x11, "Ana");
    refresh();
    wire_put_str(&value, "ajout", 5);
    struct change change = {.field = F_NOM,
                            .base = fake.spaces[0].size,
                            .value = value.bytes,
                            .value_len = value.len,
                            .time_s = 200,
                            .ordinal = 9};
    assert_int_equal(view_add(view, 0, shred, 1, &change, 1), ERR_OK);
    assert_string_equal(ask("SELECT nom FROM gens"), "ajout");
    assert_string_equal(ask("SELECT pending FROM history WHERE value = 'ajout'"), "1");
    /* The next look at the outbox (here: empty) is the truth. */
    refresh();
    assert_string_equal(ask("SELECT nom FROM gens"), "NULL");
    buf_free(&value);
}

static void refused(const char *sql)
{
    struct pas_table *table = NULL;
    struct pack_why why = {{0}};
    assert_int_equal(view_sql(view, sql, &table, &why), ERR_USAGE);
    assert_true(why.text[0] != 0);
    assert_null(table);
}

static void test_sql(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100};
    person(&ana, 0x11, "Ana");
    refresh();
    refused("DELETE FROM gens");
    refused("INSERT INTO gens(id) VALUES('x')");
    refused("ATTACH '/tmp/x.db' AS x");
    refused("VACUUM INTO '/tmp/x.db'");
    refused("PRAGMA writable_schema = ON");
    refused("SELECT 1; SELECT 2");
    refused("CREATE TEMP TABLE t(x)");
    refused("SELECT load_extension('x')");
    refused("");
    refused("SELECT nothing FROM nowhere");
    assert_string_equal(ask("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
                            " i < 5) SELECT sum(i) FROM n"),
                        "15");
    assert_string_equal(ask("SELECT plie('Ștefan');"), "stefan");
    struct pas_table *table = NULL;
    struct pack_why why = {{0}};
    const struct pack_kind *kind = pack_kind_by_key(pack, "gens");
    assert_int_equal(view_list(view, kind, "prenom LIKE 'A%'", false, true, &table, &why), ERR_OK);
    assert_int_equal(pas_table_rows(table), 1);
    pas_table_free(table);
    assert_int_equal(view_list(view, kind, "1) OR (1", false, true, &table, &why), ERR_OK);
    pas_table_free(table);
    assert_int_equal(view_list(view, kind, "x = ", false, true, &table, &why), ERR_USAGE);
    assert_int_equal(view_list(view, kind, "1; DELETE FROM gens", false, true, &table, &why),
                     ERR_USAGE);
    /* The view still works after refusals. */
    ana.base = fake.spaces[0].size;
    fake_text(&ana, 0x11, 0, F_NOM, "X");
    refresh();
    assert_string_equal(ask("SELECT nom FROM gens"), "X");
}

static void test_show(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100};
    struct view_record record;
    struct pas_table *table = NULL;
    uint8_t place[ID_LEN];
    memset(place, 0x33, sizeof place);
    fake_int(&ana, 0x33, 0, FIELD_KIND, LIEU);
    fake_text(&ana, 0x33, 0, 16, "Île \"Verte\"");
    person(&ana, 0x11, "Ana");
    fake_ref(&ana, 0x11, 0, F_LIEU, place, sizeof place);
    fake_element(&ana, 0x11, 0, F_LANGUES, 1, "ro");
    fake_text(&ana, 0x11, 0, F_ETAT, "gelee");
    fake_int(&ana, 0x11, 0x77, FIELD_KIND, VISITE);
    refresh();
    assert_int_equal(view_find(view, "1111", NULL, 0, &record), ERR_USAGE); /* the visit too */
    assert_int_equal(view_find(view, "11111111111111111111111111111111", NULL, 0, &record), ERR_OK);
    assert_int_equal(view_show(view, &record, true, &table), ERR_OK);
    size_t langues = pas_table_find(table, "langues"), lieu = pas_table_find(table, "lieu");
    assert_int_equal(pas_table_type(table, 0, langues), PAS_JSON);
    assert_string_equal(pas_table_get(table, 0, langues), "[\"ro\"]");
    assert_string_equal(pas_table_shown(table, 0, langues), "roumain");
    assert_string_equal(pas_table_shown(table, 0, lieu), "Île \"Verte\"");
    assert_string_equal(pas_table_shown(table, 0, pas_table_find(table, "etat")), "gelée");
    assert_string_equal(pas_table_get(table, 0, pas_table_find(table, "title")),
                        "Ana (Île \"Verte\")");
    assert_int_equal(pas_table_integer(table, 0, pas_table_find(table, "base")),
                     (int64_t)fake.spaces[0].size);
    char *json = NULL;
    assert_int_equal(pas_table_json_text(table, true, &json), 0);
    assert_non_null(strstr(json, "\"langues\":[\"ro\"]"));
    assert_non_null(strstr(json, "\"title\":\"Ana (Île \\\"Verte\\\")\""));
    assert_non_null(strstr(json, "\"kind\":\"visite\""));
    pas_free(json);
    pas_table_free(table);
}

static void merged(const struct fake_author *by, uint8_t shred, uint8_t into)
{
    uint8_t id[ID_LEN];
    struct buf nil = {0};
    memset(id, into, sizeof id);
    wire_put_nil(&nil);
    if (into)
        fake_ref(by, shred, 0, FIELD_MERGED, id, sizeof id);
    else
        fake_put(by, shred, 0, FIELD_MERGED, &nil);
    buf_free(&nil);
}

/* Who has a row, by the first two digits of the id; whose the visit is; whom a record elsewhere refers to. */
static void assert_people(const char *people, const char *visit, const char *referred)
{
    for (int whole = 0; whole < 2; whole++) { /* as it grew, and read anew */
        refresh();
        assert_string_equal(
            ask("SELECT group_concat(x, ' ') FROM (SELECT substr(id, 1, 2) AS x FROM gens ORDER BY"
                " id)"),
            people);
        assert_string_equal(ask("SELECT substr(dossier, 1, 2) FROM visite WHERE id LIKE '12%'"),
                            visit);
        assert_string_equal(ask("SELECT substr(gens, 1, 2) FROM visite WHERE id LIKE '13%'"),
                            referred);
        fake.spaces[0].generation++;
    }
}

/* Two sheets of one person become one, and two again; chains and rings end alike for everybody. */
static void test_merged(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100}, bob = {.author = 2, .time_s = 200};
    struct fake_author eve = {.author = 3, .time_s = 300};
    uint8_t referred[ID_LEN];
    struct view_record record;
    memset(referred, 0x12, sizeof referred);
    person(&ana, 0x11, "Ana");
    person(&bob, 0x12, "Anna");
    fake_text(&bob, 0x12, 0, F_NOM, "Popa");
    fake_int(&bob, 0x12, 0x77, FIELD_KIND, VISITE);
    person(&ana, 0x13, "Zoe");
    fake_int(&ana, 0x13, 0x78, FIELD_KIND, VISITE);
    fake_ref(&ana, 0x13, 0x78, 16, referred, sizeof referred);
    assert_people("11 12 13", "12", "12");
    uint64_t before = fake.spaces[0].size;
    bob.base = before;
    merged(&bob, 0x12, 0x11);
    assert_people("11 13", "11", "11");
    assert_string_equal(ask("SELECT nom FROM gens WHERE id LIKE '11%'"), "Popa");
    assert_string_equal(ask("SELECT count(*) FROM conflict WHERE field = 'prenom'"), "1");
    assert_int_equal(view_find(view, "12121212121212121212121212121212", NULL, 0, &record), ERR_OK);
    assert_string_equal(record.id, "11111111111111111111111111111111");
    assert_int_equal(view_find_itself(view, "12121212121212121212121212121212", &record), ERR_OK);
    assert_string_equal(record.id, "12121212121212121212121212121212");

    /* Eve does not know of it and writes to the one that lost; who knows settles what differs. */
    eve.base = before;
    fake_text(&eve, 0x12, 0, F_NOM, "Popescu");
    assert_people("11 13", "11", "11");
    assert_string_equal(ask("SELECT nom FROM gens WHERE id LIKE '11%'"), "Popescu");
    ana.base = fake.spaces[0].size;
    fake_text(&ana, 0x11, 0, F_PRENOM, "Anca");
    assert_people("11 13", "11", "11");
    assert_string_equal(ask("SELECT count(*) FROM conflict WHERE field = 'prenom'"), "0");
    assert_string_equal(ask("SELECT prenom FROM gens WHERE id LIKE '11%'"), "Anca");

    /* A chain, then a ring: its least id wins. */
    merged(&eve, 0x11, 0x13);
    assert_people("13", "13", "13");
    merged(&ana, 0x13, 0x11);
    assert_people("11", "11", "11");
    merged(&ana, 0x11, 0);
    merged(&ana, 0x13, 0);
    ana.base = fake.spaces[0].size;
    merged(&ana, 0x11, 0);
    merged(&ana, 0x13, 0);
    merged(&ana, 0x12, 0);
    assert_people("11 12 13", "12", "12");

    /* Not into what is no person, not here, or itself. */
    ana.base = fake.spaces[0].size;
    merged(&ana, 0x12, 0x12);
    merged(&ana, 0x13, 0x55);
    fake_int(&ana, 0x14, 0, FIELD_KIND, LIEU);
    merged(&ana, 0x11, 0x14);
    assert_people("11 12 13", "12", "12");
}

static void test_cache(void **state)
{
    (void)state;
    struct fake_author ana = {.author = 1, .time_s = 100};
    struct buf cache = {.max = 1 << 26};
    person(&ana, 0x11, "Ana");
    fake_element(&ana, 0x11, 0, F_LANGUES, 1, "ro");
    refresh();
    struct view_record record;
    struct pas_table *table = NULL;
    assert_int_equal(view_find(view, "1111", NULL, 0, &record), ERR_OK);
    assert_int_equal(view_show(view, &record, true, &table), ERR_OK);
    pas_table_free(table);
    assert_int_equal(view_dump(view, &cache), ERR_OK);
    fake_text(&ana, 0x11, 0, F_NOM, "apres");
    unsigned replays = fake.replays;
    struct view *next = NULL;
    assert_int_equal(view_new(&next, &fake, pack, "fr"), ERR_OK);
    assert_int_equal(view_load(next, cache.bytes, cache.len), ERR_OK);
    view_free(view);
    view = next;
    refresh();
    assert_int_equal(fake.replays, replays + 1); /* only what is new */
    assert_string_equal(ask("SELECT prenom || nom FROM gens"), "Anaapres");
    assert_int_equal(hits("ana"), 1);
    assert_int_equal(view_show(view, &record, true, &table), ERR_OK); /* reads sets by SQL */
    assert_string_equal(pas_table_shown(table, 0, pas_table_find(table, "langues")), "roumain");
    pas_table_free(table);

    /* A cache of an older generation, of another pack, or cut short is not used. */
    struct view *fresh = NULL;
    assert_int_equal(view_new(&fresh, &fake, pack, "fr"), ERR_OK);
    fake.spaces[0].generation++;
    assert_int_equal(view_load(fresh, cache.bytes, cache.len), ERR_UNCHANGED);
    fake.spaces[0].generation--;
    assert_int_equal(view_load(fresh, cache.bytes, 20), ERR_UNCHANGED);
    cache.bytes[20] ^= 1;
    assert_int_equal(view_load(fresh, cache.bytes, cache.len), ERR_UNCHANGED);
    assert_int_equal(view_refresh(fresh), ERR_OK);
    view_free(fresh);
    buf_free(&cache);
}

/* A sort far larger than any cache writes no byte to a file: with files of no length allowed it still works. */
static void test_memory_only(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    struct pas_table *table = NULL;
    enum err err = view_sql(view,
                            "SELECT count(*) FROM (SELECT hex(randomblob(200)) AS x FROM (WITH"
                            " RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <"
                            " 60000) SELECT i FROM n) ORDER BY x LIMIT 59999)",
                            &table, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(pas_table_integer(table, 0, 0), 59999);
    pas_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_record),   TEST(test_clock_ahead), TEST(test_replaced),
        TEST(test_conflict), TEST(test_base),        TEST(test_sets),
        TEST(test_safety),   TEST(test_inside),      TEST(test_references),
        TEST(test_mistake),  TEST(test_search),      TEST(test_find),
        TEST(test_unknown),  TEST(test_incremental), TEST(test_same_tables),
        TEST(test_add),      TEST(test_sql),         TEST(test_show),
        TEST(test_cache),    TEST(test_memory_only), TEST(test_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
