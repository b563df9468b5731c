/* SPDX-License-Identifier: Apache-2.0
 *
 * Goal: the public interface over the real engine and the real server logic: a day of two mediators, what is refused
 * and why, and that nothing is written where more people than intended would read it.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/pack.h"
#include "client/pas_inside.h"
#include "client/passerelle.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/link.h"
#include "tests/lib/testserver.h"

static const char PASS[] = "orage cigale tambour velours";

struct device {
    char dir[400];
    struct pas *pas;
    unsigned requests; /* of the last sync */
};

struct world {
    struct testserver server;
    struct device a, b;
};

static void open_device(struct world *w, struct device *device)
{
    struct pas_open_args args = {.dir = device->dir,
                                 .pass = PASS,
                                 .pass_len = strlen(PASS),
                                 .now_ms = w->server.now_ms,
                                 .lang = "fr"};
    assert_int_equal(pas_open(&device->pas, &args), 0);
}

static void make_device(struct world *w, struct device *device, const char *name)
{
    snprintf(device->dir, sizeof device->dir, "%s-%s", w->server.folder, name);
    struct pas_create_args args = {.dir = device->dir,
                                   .name = name,
                                   .pass = PASS,
                                   .pass_len = strlen(PASS),
                                   .light = true,
                                   .now_ms = w->server.now_ms};
    assert_int_equal(pas_create(&args), 0);
    assert_int_equal(pas_create(&args), ERR_EXISTS);
    open_device(w, device);
}

static void remove_device(struct device *device)
{
    char path[800];
    pas_close(device->pas);
    DIR *list = opendir(device->dir);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));) {
        snprintf(path, sizeof path, "%s/%s", device->dir, entry->d_name);
        unlink(path);
    }
    closedir(list);
    rmdir(device->dir);
}

/* One sync as a program does it; gives what the last pas_ call gave. */
static int try_sync(struct world *w, struct device *device)
{
    struct pas_sync sync = {0};
    device->requests = 0;
    do {
        unsigned char *request = NULL;
        size_t len = 0;
        struct buf answer = {.max = RESPONSE_MAX};
        int http = 0;
        int result = pas_sync_begin(device->pas, 0, 0, &request, &len);
        if (result != 0)
            return result;
        assert_true(++device->requests < 20);
        assert_int_equal(testserver_send(&w->server, request, len, &answer, &http), ERR_OK);
        pas_free_bytes(request, len);
        result = pas_sync_finish(device->pas, 0, answer.bytes, answer.len, &sync);
        buf_free(&answer);
        if (result != 0)
            return result;
        assert_int_equal(sync.alarm, 0);
    } while (sync.again);
    return 0;
}

static void sync_one(struct world *w, struct device *device)
{
    assert_int_equal(try_sync(w, device), 0);
}

static size_t found_space(struct world *w, struct device *device, const char *name,
                          const char *level)
{
    struct link link = {.type = LINK_FOUNDER};
    struct buf text = {0};
    const struct buf *server = sync_server(w->server.sync);
    size_t space = 0;
    bool first = pas_servers(device->pas) == 0;
    if (first) {
        testserver_link(&w->server, link.secret);
        snprintf(link.url, sizeof link.url, "%s", w->server.key.url);
        link_fingerprint(link.fingerprint, serverkey_now(&w->server.key)->log_pk,
                         serverkey_now(&w->server.key)->resp_pk);
        link_print(&text, &link);
        buf_u8(&text, 0);
    }
    int result = pas_found(device->pas, first ? (const char *)text.bytes : NULL, w->server.key.url,
                           server->bytes, server->len, name, level, &space);
    if (result != 0)
        fail_msg("%s", pas_why(device->pas));
    buf_free(&text);
    sync_one(w, device);
    return space;
}

/* The text cell of row 0; "" when there is none. */
static const char *cell(struct pas_table *table, const char *column)
{
    static char text[2048];
    size_t at = pas_table_find(table, column);
    assert_true(at != SIZE_MAX);
    const char *value = pas_table_get(table, 0, at);
    snprintf(text, sizeof text, "%s", value ? value : "");
    return text;
}

static char *invite(struct world *w, struct device *admin, size_t space)
{
    char *link = NULL;
    assert_int_equal(
        pas_invite(admin->pas, space, "mediation", w->server.now_ms / 1000 + 3600, &link), 0);
    sync_one(w, admin);
    return link;
}

/* The request of a device; its approval is the caller's. */
static void ask_to_join(struct world *w, struct device *admin, size_t space, struct device *device)
{
    size_t joined = 0;
    const struct buf *server = sync_server(w->server.sync);
    char *link = invite(w, admin, space);
    assert_int_equal(pas_join(device->pas, link, server->bytes, server->len, &joined), 0);
    pas_free(link);
    sync_one(w, device);
    sync_one(w, admin);
}

static void approve_all(struct world *w, struct device *admin, struct device *device)
{
    struct pas_table *table = NULL;
    char mine[16];
    assert_int_equal(pas_compare_code(device->pas, 0, mine), 0);
    assert_int_equal(pas_waiting(admin->pas, &table), 0);
    assert_int_equal(pas_table_rows(table), 1);
    assert_string_equal(cell(table, "compare"), mine);
    pas_table_free(table);
    assert_int_equal(pas_approve(admin->pas, SIZE_MAX, "nobody", &table), ERR_NOT_FOUND);
    assert_int_equal(pas_approve(admin->pas, SIZE_MAX, mine, &table), 0);
    assert_int_equal(pas_table_rows(table), 1);
    pas_table_free(table);
    sync_one(w, admin);
}

/* A team of two on one server. */
static void team(struct world *w)
{
    memset(w, 0, sizeof *w);
    testserver_start(&w->server);
    w->server.now_ms = 1741075200000; /* 2025-03-04T08:00:00Z, a Tuesday */
    make_device(w, &w->a, "Ana");
    make_device(w, &w->b, "Bogdan");
    size_t space = found_space(w, &w->a, "Équipe Nord", "team");
    ask_to_join(w, &w->a, space, &w->b);
    approve_all(w, &w->a, &w->b);
    sync_one(w, &w->b);
}

static void end(struct world *w)
{
    remove_device(&w->a);
    remove_device(&w->b);
    testserver_stop(&w->server);
}

/* New record from "field=value" texts, NULL at the end. */
static int make(struct device *device, struct pas_id *id, const char *kind, ...)
{
    struct pas_pair pairs[16];
    char keys[16][64];
    size_t n = 0;
    va_list args;
    va_start(args, kind);
    for (const char *word; (word = va_arg(args, const char *)); n++) {
        size_t len = strcspn(word, "=");
        snprintf(keys[n], sizeof keys[n], "%.*s", (int)len, word);
        pairs[n] = (struct pas_pair){keys[n], word + len + 1};
    }
    va_end(args);
    return pas_new(device->pas, kind, pairs, n, NULL, id);
}

static int set(struct device *device, const char *record, const char *field, const char *text,
               int64_t base)
{
    struct pas_pair pair = {field, text};
    struct pas_edit edit = {.has_base = base >= 0, .base = (uint64_t)base};
    return pas_set(device->pas, record, &pair, 1, &edit, NULL);
}

static char *json_of(int result, struct pas_table *table)
{
    static char text[65536];
    char *json = NULL;
    assert_int_equal(result, 0);
    assert_int_equal(pas_table_json_text(table, false, &json), 0);
    snprintf(text, sizeof text, "%s", json);
    pas_free(json);
    pas_table_free(table);
    return text;
}

static char *ask(struct device *device, const char *sql)
{
    struct pas_table *table = NULL;
    int result = pas_sql(device->pas, sql, &table);
    if (result != 0)
        fail_msg("%s", pas_why(device->pas));
    return json_of(result, table);
}

static size_t conflicts(struct device *device)
{
    struct pas_table *table = NULL;
    assert_int_equal(pas_conflicts(device->pas, NULL, &table), 0);
    size_t n = pas_table_rows(table);
    pas_table_free(table);
    return n;
}

/* All record tables of both devices are the same. */
static void same_tables(struct world *w)
{
    struct pas_table *kinds = NULL;
    assert_int_equal(pas_kinds(w->a.pas, &kinds), 0);
    for (size_t i = 0; i < pas_table_rows(kinds); i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT * FROM \"%s\" ORDER BY id", pas_table_get(kinds, i, 0));
        char *of_a = strdup(ask(&w->a, sql));
        assert_string_equal(of_a, ask(&w->b, sql));
        free(of_a);
    }
    pas_table_free(kinds);
}

static void test_day(void **state)
{
    (void)state;
    struct world w;
    struct pas_id site, person, contact;
    struct pas_table *table = NULL;
    char ref[64];
    team(&w);
    assert_int_equal(make(&w.a, &site, "site", "nom=Les Acacias", "commune=Ivry", NULL), 0);
    snprintf(ref, sizeof ref, "site=%s", site.code);
    assert_int_equal(make(&w.a, &person, "personne", "prenom=Ștefan", "langues=ro,fr", ref, NULL),
                     0);
    assert_int_equal(strlen(person.id), 32);
    /* By name, with the pack's initial values: today, and the person's own place. */
    assert_int_equal(make(&w.a, &contact, "contact", "personne=stefan", "date=hier", NULL), 0);
    assert_memory_equal(contact.id, person.id, 32);
    assert_int_equal(strlen(contact.id), 49);
    sync_one(&w, &w.a);
    assert_int_equal(w.a.requests, 1);
    sync_one(&w, &w.b);
    assert_int_equal(w.b.requests, 1);
    same_tables(&w);
    assert_string_equal(ask(&w.b,
                            "SELECT c.date, c.personne = p.id AS his, c.site = p.site AS there"
                            " FROM contact c, personne p"),
                        "[{\"date\":\"2025-03-03\",\"his\":1,\"there\":1}]");
    assert_int_equal(pas_find(w.b.pas, "stef", 10, &table), 0);
    assert_int_equal(pas_table_rows(table), 1);
    assert_string_equal(cell(table, "title"), "Ștefan");
    pas_table_free(table);
    assert_int_equal(pas_show(w.b.pas, person.code, true, &table), 0);
    assert_string_equal(pas_table_shown(table, 0, pas_table_find(table, "langues")),
                        "français, roumain");
    assert_string_equal(pas_table_shown(table, 0, pas_table_find(table, "site")),
                        "Les Acacias (Ivry)");
    assert_string_equal(pas_table_shown(table, 0, pas_table_find(table, "author")), "Ana");
    pas_table_free(table);
    /* Reopened, it is the same; wrong passphrases change nothing. */
    pas_close(w.b.pas);
    struct pas_open_args wrong = {.dir = w.b.dir, .pass = "x", .pass_len = 1, .lang = "fr"};
    assert_int_equal(pas_open(&w.b.pas, &wrong), ERR_PASSPHRASE);
    open_device(&w, &w.b);
    same_tables(&w);
    end(&w);
}

/* A form opened before a colleague's value arrived and saved after does not overwrite it. */
static void test_base(void **state)
{
    (void)state;
    struct world w;
    struct pas_id site;
    struct pas_table *table = NULL;
    team(&w);
    assert_int_equal(make(&w.a, &site, "site", "nom=Les Acacias", NULL), 0);
    sync_one(&w, &w.a);
    sync_one(&w, &w.b);
    assert_int_equal(pas_show(w.a.pas, site.code, false, &table), 0);
    int64_t base = pas_table_integer(table, 0, pas_table_find(table, "base"));
    pas_table_free(table);
    assert_int_equal(set(&w.b, site.code, "commune", "Vitry", -1), 0);
    sync_one(&w, &w.b);
    sync_one(&w, &w.a);
    assert_int_equal(set(&w.a, site.code, "commune", "Ivry", base), 0);
    assert_int_equal(conflicts(&w.a), 1);
    sync_one(&w, &w.a);
    sync_one(&w, &w.b);
    assert_int_equal(conflicts(&w.b), 1);
    same_tables(&w);
    assert_int_equal(set(&w.a, site.code, "commune", "X", base + 1000), ERR_USAGE);

    /* Without it, the form shows what is there now, and the value is replaced. */
    struct pas_pair choice = {"commune", "Ivry-sur-Seine"};
    assert_int_equal(pas_resolve(w.b.pas, site.code, &choice, 1, NULL), 0);
    assert_int_equal(conflicts(&w.b), 0);
    assert_int_equal(pas_resolve(w.b.pas, site.code, &choice, 1, NULL), ERR_USAGE);
    assert_non_null(strstr(pas_why(w.b.pas), "commune"));
    sync_one(&w, &w.b);
    sync_one(&w, &w.a);
    assert_int_equal(conflicts(&w.a), 0);
    same_tables(&w);
    assert_string_equal(ask(&w.a, "SELECT count(*) AS n FROM history WHERE field = 'commune'"),
                        "[{\"n\":3}]");
    end(&w);
}

/* 40 changes offline on each of two devices, some on the same fields; A, B, A. */
static void test_two_days(void **state)
{
    (void)state;
    struct world w;
    struct pas_id people[5], site;
    char ref[64], text[64];
    static const char *const fields[] = {"nom", "alias", "contact_autorise", "texte"};
    team(&w);
    assert_int_equal(make(&w.a, &site, "site", "nom=Les Acacias", NULL), 0);
    snprintf(ref, sizeof ref, "site=%s", site.code);
    for (size_t i = 0; i < 5; i++) {
        snprintf(text, sizeof text, "prenom=Prenom%zu", i);
        assert_int_equal(make(&w.a, &people[i], "personne", text, ref, NULL), 0);
    }
    sync_one(&w, &w.a);
    sync_one(&w, &w.b);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(text, sizeof text, "valeur %u d'Ana", i);
        assert_int_equal(set(&w.a, people[i % 5].code, fields[i % 2], text, -1), 0);
        snprintf(text, sizeof text, "valeur %u de Bogdan", i);
        unsigned shared = i % 10 < 6;
        assert_int_equal(
            set(&w.b, people[i % 5].code, fields[shared ? i % 2 : 2 + i % 2], text, -1), 0);
        w.server.now_ms += 60000;
        pas_time(w.a.pas, w.server.now_ms);
        pas_time(w.b.pas, w.server.now_ms);
    }
    struct device *order[] = {&w.a, &w.b, &w.a};
    for (size_t i = 0; i < 3; i++) {
        sync_one(&w, order[i]);
        assert_int_equal(order[i]->requests, 1);
    }
    same_tables(&w);
    size_t n = conflicts(&w.a);
    assert_int_equal(
        n, 10 - 4); /* of the ten (person, field) pairs that Ana wrote, those Bogdan wrote too */
    assert_int_equal(conflicts(&w.b), n);
    assert_string_equal(ask(&w.a, "SELECT count(*) AS n FROM history WHERE value LIKE 'valeur %'"),
                        "[{\"n\":80}]");
    assert_string_equal(ask(&w.b, "SELECT count(*) AS n FROM history WHERE value LIKE 'valeur %'"),
                        "[{\"n\":80}]");
    end(&w);
}

static void test_refused(void **state)
{
    (void)state;
    struct world w;
    struct pas_id site, person, contact;
    char ref[64];
    team(&w);
    assert_int_equal(make(&w.a, &site, "site", NULL), ERR_USAGE);
    assert_non_null(strstr(pas_why(w.a.pas), "nom=")); /* which field is missing */
    assert_int_equal(make(&w.a, &site, "cheval", "nom=x", NULL), ERR_USAGE);
    assert_int_equal(make(&w.a, &site, "site", "nom=x", "couleur=y", NULL), ERR_USAGE);
    assert_non_null(strstr(pas_why(w.a.pas), "couleur"));
    assert_int_equal(make(&w.a, &site, "site", "nom=x", "nom=y", NULL), ERR_USAGE);
    assert_int_equal(make(&w.a, &site, "site", "nom=x", "effectif=beaucoup", NULL), ERR_USAGE);
    assert_int_equal(make(&w.a, &site, "site", "nom=x", "type=chateau", NULL), ERR_USAGE);
    assert_int_equal(make(&w.a, &person, "personne", "prenom=x", "site=ABCDEFGH", NULL),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(pas_why(w.a.pas), "ABCDEFGH"));
    assert_string_equal(ask(&w.a, "SELECT count(*) AS n FROM record"), "[{\"n\":0}]");

    assert_int_equal(make(&w.a, &site, "site", "nom=Les Acacias", NULL), 0);
    assert_string_equal(pas_why(w.a.pas), "");
    snprintf(ref, sizeof ref, "site=%s", site.id);
    assert_int_equal(make(&w.a, &person, "personne", "prenom=Ana", ref, NULL), 0);
    assert_int_equal(make(&w.a, &contact, "contact", "personne=Ana", NULL), 0);
    assert_int_equal(set(&w.a, contact.code, "personne", person.code, -1), ERR_DENIED);
    assert_int_equal(set(&w.a, "ZZZZZZZZ", "nom", "x", -1), ERR_NOT_FOUND);
    /* A site is no person. */
    char wrong[64];
    snprintf(wrong, sizeof wrong, "personne=%s", site.id);
    assert_int_equal(make(&w.a, &contact, "contact", wrong, NULL), ERR_NOT_FOUND);
    end(&w);
}

/* Never wider: a restricted record needs a restricted space; with one, it lies there and not in the team's. */
static void test_levels(void **state)
{
    (void)state;
    struct world w;
    struct pas_id site, person, secret, event;
    char ref[64];
    team(&w);
    assert_int_equal(make(&w.a, &site, "site", "nom=Les Acacias", NULL), 0);
    snprintf(ref, sizeof ref, "site=%s", site.id);
    assert_int_equal(make(&w.a, &person, "personne", "prenom=Ana", ref, NULL), 0);
    assert_int_equal(make(&w.a, &secret, "frein_restreint", "personne=Ana", "theme=sante", NULL),
                     ERR_DENIED);
    /* A community event goes to the nearest narrower space there is. */
    assert_int_equal(
        make(&w.a, &event, "evenement", "titre=Lancement", "debut=2025-03-04 09:00", NULL), 0);
    found_space(&w, &w.a, "Référents", "restricted");
    assert_int_equal(make(&w.a, &secret, "frein_restreint", "personne=Ana", "theme=sante", NULL),
                     0);
    assert_int_equal(strlen(secret.id), 32); /* a dossier of its own, in the other space */
    assert_string_equal(ask(&w.a, "SELECT s.name, f.dossier = p.id AS hers FROM frein_restreint f,"
                                  " personne p, space s WHERE s.id = f.space"),
                        "[{\"name\":\"Référents\",\"hers\":1}]");
    assert_string_equal(ask(&w.a, "SELECT s.name FROM evenement e, space s WHERE s.id = e.space"),
                        "[{\"name\":\"Équipe Nord\"}]");
    struct pas_pair pairs[] = {{"personne", "Ana"}, {"theme", "sante"}};
    struct pas_edit edit = {.space = "equipe nord"};
    assert_int_equal(pas_new(w.a.pas, "frein_restreint", pairs, 2, &edit, &secret), ERR_DENIED);
    sync_one(&w, &w.a);
    sync_one(&w, &w.b);
    assert_string_equal(ask(&w.b, "SELECT count(*) AS n FROM frein_restreint"), "[{\"n\":0}]");
    assert_string_equal(ask(&w.b, "SELECT count(*) AS n FROM personne"), "[{\"n\":1}]");
    end(&w);
}

/* What was written before an approval does not leave for a space that turns out too wide. */
static void test_too_wide(void **state)
{
    (void)state;
    struct world w = {0};
    struct pas_id site;
    testserver_start(&w.server);
    w.server.now_ms = 1741075200000;
    make_device(&w, &w.a, "Ana");
    make_device(&w, &w.b, "Bogdan");
    size_t space = found_space(&w, &w.a, "Communauté", "community");
    assert_int_equal(make(&w.a, &site, "site", "nom=x", NULL), ERR_DENIED);
    ask_to_join(&w, &w.a, space, &w.b);
    assert_int_equal(make(&w.b, &site, "site", "nom=Secret", NULL), 0);
    approve_all(&w, &w.a, &w.b);
    assert_int_equal(try_sync(&w, &w.b), ERR_DENIED);
    assert_non_null(strstr(pas_why(w.b.pas), "Communauté"));
    sync_one(&w, &w.a);
    assert_string_equal(ask(&w.a, "SELECT count(*) AS n FROM site"), "[{\"n\":0}]");
    assert_string_equal(ask(&w.b, "SELECT nom FROM site"), "[{\"nom\":\"Secret\"}]"); /* not lost */
    pas_allow_wider(w.b.pas, true);
    sync_one(&w, &w.b);
    sync_one(&w, &w.a);
    assert_string_equal(ask(&w.a, "SELECT nom FROM site"), "[{\"nom\":\"Secret\"}]");
    end(&w);
}

static void test_undo(void **state)
{
    (void)state;
    struct world w;
    struct pas_id site;
    size_t n = 0;
    team(&w);
    assert_int_equal(make(&w.a, &site, "site", "nom=Les Acacias", NULL), 0);
    assert_int_equal(set(&w.a, site.code, "commune", "Ivry", -1), 0);
    pas_time(w.a.pas, w.server.now_ms + 5000);
    assert_int_equal(pas_undo(w.a.pas, &n), 0);
    assert_int_equal(n, 1);
    assert_string_equal(ask(&w.a, "SELECT nom, commune FROM site"),
                        "[{\"nom\":\"Les Acacias\",\"commune\":null}]");
    pas_time(w.a.pas, w.server.now_ms + 20000);
    assert_int_equal(pas_undo(w.a.pas, &n), ERR_NOT_FOUND);
    assert_non_null(strstr(pas_why(w.a.pas), "mistake"));
    assert_int_equal(pas_mistake(w.a.pas, site.code, true, NULL), 0);
    struct pas_table *table = NULL;
    assert_int_equal(pas_list(w.a.pas, "site", NULL, false, &table), 0);
    assert_int_equal(pas_table_rows(table), 0);
    pas_table_free(table);
    assert_int_equal(pas_history(w.a.pas, site.code, &table), 0);
    assert_true(pas_table_rows(table) > 2);
    pas_table_free(table);
    end(&w);
}

/* A newer pack is published: everybody uses it after a sync, and what it adds can be written and read. */
static void test_pack(void **state)
{
    (void)state;
    struct world w;
    struct pas_id site;
    char why[320];
    unsigned version = 0;
    size_t len = 0;
    const char *shipped = pack_default_json(&len);
    char *newer = malloc(len + 400);
    assert_non_null(newer);
    team(&w);
    assert_int_equal(make(&w.a, &site, "site", "nom=Les Acacias", NULL), 0);
    /* The shipped document with another number and one more field of site. */
    char number[32], next[256];
    assert_int_equal(pas_pack_check(shipped, len, why, &version), 0);
    snprintf(number, sizeof number, "\"version\": %u,", version);
    const char *at = strstr(shipped, number), *fields = strstr(shipped, "\"commune\": {");
    assert_true(at && fields && at < fields);
    snprintf(next, sizeof next, "\"version\": %u,", version + 1);
    int used = sprintf(newer, "%.*s%s%.*s%s%s", (int)(at - shipped), shipped, next,
                       (int)(fields - at - (long)strlen(number)), at + strlen(number),
                       "\"couleur\": {\"number\": 999, \"type\": \"text\", \"label\": {\"fr\":"
                       " \"Couleur\"}},\n",
                       fields);
    if (pas_pack_check(newer, (size_t)used, why, &version) != 0)
        fail_msg("%s", why);
    assert_int_equal(pas_pack_publish(w.a.pas, 0, shipped, len - 10), ERR_FORMAT);
    assert_int_equal(pas_pack_publish(w.a.pas, 0, newer, (size_t)used), 0);
    sync_one(&w, &w.a);
    assert_int_equal(pas_pack_publish(w.a.pas, 0, newer, (size_t)used), ERR_USAGE);
    assert_int_equal(set(&w.a, site.code, "couleur", "vert", -1), 0);
    sync_one(&w, &w.a);
    sync_one(&w, &w.b);
    assert_string_equal(ask(&w.b, "SELECT nom, couleur FROM site"),
                        "[{\"nom\":\"Les Acacias\",\"couleur\":\"vert\"}]");
    pas_close(w.b.pas);
    open_device(&w, &w.b);
    assert_string_equal(ask(&w.b, "SELECT couleur FROM site"), "[{\"couleur\":\"vert\"}]");

    /* A program of another time publishes one that nobody here reads: the one before stays, also after a restart. */
    unsigned unread = 0;
    static const char later[] =
        "{\"pack\": \"mediation-emploi\", \"format\": 2, \"version\": 4242}";
    assert_int_equal(
        engine_pack_set(w.a.pas->engine, 0, 4242, (const uint8_t *)later, sizeof later - 1),
        ERR_OK);
    sync_one(&w, &w.a);
    sync_one(&w, &w.b);
    for (int i = 0; i < 2; i++) {
        unsigned in_force = 0;
        pas_pack(w.b.pas, &in_force, &unread);
        assert_int_equal(in_force, version);
        assert_int_equal(unread, 4242);
        assert_string_equal(ask(&w.b, "SELECT couleur FROM site"), "[{\"couleur\":\"vert\"}]");
        assert_int_equal(set(&w.b, site.code, "couleur", "vert", -1), 0);
        pas_close(w.b.pas);
        open_device(&w, &w.b);
    }
    free(newer);
    end(&w);
}

/* Enough changes for the sealed cache: the reopened view is the same, and the cache holds no plaintext. */
static void test_cache(void **state)
{
    (void)state;
    struct world w;
    struct pas_id site, person;
    char ref[64], text[64];
    team(&w);
    assert_int_equal(make(&w.a, &site, "site", "nom=Les Acacias", NULL), 0);
    snprintf(ref, sizeof ref, "site=%s", site.code);
    for (unsigned i = 0; i < 520; i++) {
        snprintf(text, sizeof text, "prenom=Prenomunique%u", i);
        assert_int_equal(make(&w.a, &person, "personne", text, ref, "langues=ro", NULL), 0);
    }
    sync_one(&w, &w.a);
    sync_one(&w, &w.b);
    same_tables(&w);
    pas_close(w.b.pas);
    open_device(&w, &w.b); /* from the cache */
    same_tables(&w);
    assert_int_equal(set(&w.a, person.code, "nom", "Apres", -1), 0);
    sync_one(&w, &w.a);
    sync_one(&w, &w.b);
    pas_close(w.b.pas);
    open_device(&w, &w.b);
    same_tables(&w);
    end(&w);
}

static void test_audit(void **state)
{
    (void)state;
    struct world w;
    struct pas_id site;
    struct pas_table *table = NULL;
    uint64_t index = 0;
    char *note = NULL;
    team(&w);
    assert_int_equal(make(&w.a, &site, "site", "nom=Les Acacias", NULL), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(set(&w.a, site.code, "commune", i == 1 ? "Ivry" : "Vitry", -1), 0);
    sync_one(&w, &w.a);
    sync_one(&w, &w.b);
    assert_int_equal(pas_verify(w.b.pas, 0, &index), 0);
    /* Three offline edits of one field are three entries. */
    assert_int_equal(pas_audit_log(w.b.pas, 0, &table), 0);
    size_t edits = 0, code = pas_table_find(table, "code");
    for (size_t i = 0; i < pas_table_rows(table); i++)
        edits +=
            pas_table_get(table, i, code) && strcmp(pas_table_get(table, i, code), site.code) == 0;
    assert_true(edits >= 3 + 2); /* and those of the new record */
    pas_table_free(table);
    assert_int_equal(pas_checkpoint(w.a.pas, 0, &note), 0);
    assert_int_equal(pas_compare(w.b.pas, note, strlen(note)), 0);
    char *digit = strchr(note, '\n') + 1;
    *digit = *digit == '9' ? '8' : (char)(*digit + 1);
    assert_int_equal(pas_compare(w.b.pas, note, strlen(note)), ERR_SIGNATURE);
    pas_free(note);
    end(&w);
}

static void open_stretched(struct world *w, struct device *device)
{
    struct pas_key key;
    struct pas_open_args args = {
        .dir = device->dir, .key = &key, .now_ms = w->server.now_ms, .lang = "fr"};
    assert_int_equal(pas_key_of(&key, "/nonexistent/place"), ERR_NOT_FOUND);
    assert_int_equal(pas_key_of(&key, device->dir), 0);
    assert_int_equal(pas_key_stretch(&key, "x", 1), 0);
    assert_int_equal(pas_open(&device->pas, &args), ERR_PASSPHRASE);
    assert_int_equal(pas_key_stretch(&key, PASS, strlen(PASS)), 0);
    assert_int_equal(pas_open(&device->pas, &args), 0);
}

/* Words that were being typed outlive the program, and the passphrase may be stretched elsewhere. */
static void test_jots(void **state)
{
    (void)state;
    struct world w;
    char *text = NULL;
    team(&w);
    assert_int_equal(pas_jot_get(w.a.pas, "contact", &text), ERR_NOT_FOUND);
    assert_int_equal(pas_jot_put(w.a.pas, "contact", "il a dit qu"), 0);
    assert_int_equal(pas_jot_put(w.a.pas, "contact", "il a dit que dem"), 0);
    assert_int_equal(pas_jot_put(w.a.pas, "autre", "x"), 0);
    assert_int_equal(pas_jot_delete(w.a.pas, "autre"), 0);
    pas_close(w.a.pas);
    open_stretched(&w, &w.a);
    assert_int_equal(pas_jot_get(w.a.pas, "contact", &text), 0);
    assert_string_equal(text, "il a dit que dem");
    pas_free(text);
    assert_int_equal(pas_jot_get(w.a.pas, "autre", &text), ERR_NOT_FOUND);
    /* A month later nobody will finish the sentence. */
    pas_close(w.a.pas);
    w.server.now_ms += UINT64_C(31) * 86400 * 1000;
    open_device(&w, &w.a);
    assert_int_equal(pas_jot_get(w.a.pas, "contact", &text), ERR_NOT_FOUND);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day),      cmocka_unit_test(test_base),
        cmocka_unit_test(test_two_days), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_levels),   cmocka_unit_test(test_too_wide),
        cmocka_unit_test(test_undo),     cmocka_unit_test(test_pack),
        cmocka_unit_test(test_cache),    cmocka_unit_test(test_audit),
        cmocka_unit_test(test_jots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
