/* SPDX-License-Identifier: Apache-2.0
 *
 * The days themselves are the table at the end; what a failure must not do is in `attempt`.
 */
#include "tests/sim/sim_desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/pas_audit.h"
#include "client/pas_carry.h"
#include "client/pas_domain.h"
#include "client/pas_member.h"
#include "client/pas_recovery.h"
#include "client/passerelle.h"
#include "proto/digest.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_vfs.h"

enum { CLAIRE, NADIA, PEOPLE, FILE_LEN = 70000 };
#define START_MS 1741075200000ull /* 2025-03-04T08:00:00Z */

struct person {
    char dir[40];
    const char *name;
    struct pas *pas;
    uint8_t seen[HASH_LEN]; /* what she sees, before a step */
};

struct desk {
    struct sim_world *world;
    struct person people[PEOPLE], *who; /* of the running step */
    char *invite;
    unsigned char *stick;
    size_t stick_len;
    struct pas_id id;
    char stefan[9];
};

static struct pas *pas_of(const struct desk *desk)
{
    return desk->who->pas;
}

/* --- the server: it never fails --- */

static void answer(struct desk *desk, const uint8_t *request, size_t len, struct buf *out)
{
    SIM_QUIET;
    struct sim_world *world = desk->world;
    struct sim_server *server = &world->servers[0];
    const struct store_engine *engine = server->store->engine;
    struct sync_call *call = NULL;
    enum err err = sync_call_new(&call, server->sync, request, len);
    if (err == ERR_OK)
        err = engine->view_begin(server->view);
    if (err != ERR_OK)
        abort();
    sync_verify(call, server->view, world->now_ms);
    engine->view_end(server->view);
    if (call->step == SYNC_APPLY)
        (void)!sync_apply(server->sync, &call, 1, world->now_ms);
    if (call->step == SYNC_ANSWER) {
        if (engine->view_begin(server->view) != ERR_OK)
            abort();
        sync_answer(call, server->view, world->now_ms, true);
        engine->view_end(server->view);
    }
    out->max = RESPONSE_MAX;
    buf_put(out, call->out.bytes, call->out.len);
    sync_call_free(call);
}

/* --- steps --- */

static int create(struct desk *desk)
{
    struct pas_create_args args = {.dir = desk->who->dir,
                                   .name = desk->who->name,
                                   .pass = "mots",
                                   .pass_len = 4,
                                   .light = true,
                                   .now_ms = desk->world->now_ms};
    return pas_create(&args);
}

static int open_it(struct desk *desk)
{
    struct pas_open_args args = {.dir = desk->who->dir,
                                 .pass = "mots",
                                 .pass_len = 4,
                                 .now_ms = desk->world->now_ms,
                                 .lang = "fr"};
    return pas_open(&desk->who->pas, &args);
}

static int sync_it(struct desk *desk)
{
    struct pas_sync sync = {0};
    unsigned rounds = 0;
    do {
        unsigned char *request = NULL;
        size_t len = 0;
        struct buf out = {0};
        int result = pas_sync_begin(pas_of(desk), 0, 0, &request, &len);
        if (result == 0) {
            answer(desk, request, len, &out);
            result = pas_sync_finish(pas_of(desk), 0, out.bytes, out.len, &sync);
        }
        pas_free_bytes(request, len);
        buf_free(&out);
        if (result != 0)
            return result;
        if (sync.alarm)
            sim_violated(desk->world, "no alarm at a desk", "%s", pas_error_name(sync.alarm));
    } while (sync.again && ++rounds < 20);
    return 0;
}

static int found(struct desk *desk)
{
    size_t space;
    const struct buf *server = sync_server(desk->world->servers[0].sync);
    return pas_found(pas_of(desk), desk->world->founder_link, desk->world->key.url, server->bytes,
                     server->len, "Équipe Nord", "team", &space);
}

static int found_restricted(struct desk *desk)
{
    size_t space;
    const struct buf *server = sync_server(desk->world->servers[0].sync);
    return pas_found(pas_of(desk), NULL, desk->world->key.url, server->bytes, server->len, "Nord R",
                     "restricted", &space);
}

static int invite(struct desk *desk)
{
    uint64_t until = desk->world->now_ms / 1000 + 86400;
    return pas_invite(pas_of(desk), 0, "mediation", until, &desk->invite);
}

static int join(struct desk *desk)
{
    size_t space;
    const struct buf *server = sync_server(desk->world->servers[0].sync);
    return pas_join(pas_of(desk), desk->invite, server->bytes, server->len, &space);
}

/* Calls that give a table, or a text, of which only the making matters here. */
static int with_table(struct desk *desk, int result, struct pas_table *table)
{
    char *json = NULL;
    (void)desk;
    if (result == 0)
        result = pas_table_json_text(table, false, &json);
    pas_free(json);
    pas_table_free(table);
    return result;
}

static int with_text(int result, char *text)
{
    pas_free(text);
    return result;
}

#define TABLE_STEP(name, call)                                                                     \
    static int name(struct desk *desk)                                                             \
    {                                                                                              \
        struct pas_table *table = NULL;                                                            \
        struct pas *pas = pas_of(desk);                                                            \
        int result = call;                                                                         \
        return with_table(desk, result, table);                                                    \
    }

#define NEW_STEP(name, kind, ...)                                                                  \
    static int name(struct desk *desk)                                                             \
    {                                                                                              \
        static const struct pas_pair pairs[] = {__VA_ARGS__};                                      \
        return pas_new(pas_of(desk), kind, pairs, sizeof pairs / sizeof *pairs, NULL, &desk->id);  \
    }

NEW_STEP(new_site, "site", {"nom", "Les Acacias"}, {"commune", "Ivry"})
NEW_STEP(new_other, "personne", {"prenom", "Stefana"}, {"nom", "Pop"}, {"site", "Les Acacias"})
NEW_STEP(new_contact, "contact", {"personne", "Stefan Pop"}, {"date", "hier"},
         {"texte", "première rencontre au camp"})
NEW_STEP(new_company, "entreprise", {"nom", "Atelier Roux"}, {"commune", "Aubry"})
NEW_STEP(new_job, "poste", {"entreprise", "Atelier Roux"}, {"intitule", "Aide menuisier"})
NEW_STEP(new_placement, "placement", {"personne", "Stefan Pop"}, {"employeur", "Atelier Roux"},
         {"debut", "2025-03-03"}, {"etat", "en_essai"}, {"contrat", "cdd"})
NEW_STEP(new_secret, "info_restreinte", {"personne", "Stefan Pop"}, {"texte", "à ne pas dire"})
/* By his code he is found whatever he is called later on. */
static int new_person(struct desk *desk)
{
    static const struct pas_pair pairs[] = {
        {"prenom", "Stefan"}, {"nom", "Pop"}, {"site", "Les Acacias"}, {"langues", "ro,fr"}};
    int result = pas_new(pas_of(desk), "personne", pairs, 4, NULL, &desk->id);
    if (result == 0)
        memcpy(desk->stefan, desk->id.code, sizeof desk->stefan);
    return result;
}

TABLE_STEP(approve, pas_approve(pas, SIZE_MAX, NULL, &table))
TABLE_STEP(members, pas_members(pas, SIZE_MAX, &table))
TABLE_STEP(show, pas_show(pas, desk->stefan, true, &table))
TABLE_STEP(find, pas_find(pas, "stef", 10, &table))
TABLE_STEP(history, pas_history(pas, desk->stefan, &table))
TABLE_STEP(conflicts, pas_conflicts(pas, NULL, &table))
TABLE_STEP(sql, pas_sql(pas, "SELECT commune, count(*) FROM site GROUP BY 1", &table))
TABLE_STEP(kinds, pas_kinds(pas, &table))
TABLE_STEP(fields, pas_fields(pas, "personne", &table))
TABLE_STEP(agenda, pas_agenda(pas, "2025-04-30", &table))
TABLE_STEP(duplicates, pas_duplicates(pas, NULL, &table))
TABLE_STEP(suggest, pas_suggest(pas, "Atelier Roux", &table))
TABLE_STEP(match, pas_match(pas, "Aide menuisier", &table))
TABLE_STEP(hints, pas_hints(pas, desk->stefan, &table))
TABLE_STEP(retention, pas_retention(pas, true, &table))
TABLE_STEP(reports, pas_reports(pas, &table))
TABLE_STEP(mentions, pas_mentions(pas, "Stefan", &table))
TABLE_STEP(audit_log, pas_audit_log(pas, SIZE_MAX, &table))
TABLE_STEP(accesses, pas_accesses(pas, desk->stefan, &table))
TABLE_STEP(exposure, pas_exposure(pas, "Nadia", &table))
TABLE_STEP(refused, pas_refused(pas, &table))
TABLE_STEP(attachments, pas_attachments(pas, desk->stefan, &table))
TABLE_STEP(revoke, pas_revoke(pas, SIZE_MAX, "Nadia", true, &table))
TABLE_STEP(erased, pas_erased(pas, &table))
TABLE_STEP(roles, pas_roles(pas, 0, "Nadia", "coordination", &table))

static int set_phone(struct desk *desk)
{
    static const struct pas_pair pairs[] = {{"telephone", "06 12 34 56 78"}, {"alias", "Stef"}};
    return pas_set(pas_of(desk), desk->stefan, pairs, 2, NULL, &desk->id);
}

static int set_city(struct desk *desk, const char *city)
{
    const struct pas_pair pair = {"commune", city};
    return pas_set(pas_of(desk), "Les Acacias", &pair, 1, NULL, &desk->id);
}

static int city_here(struct desk *desk)
{
    return set_city(desk, "Vitry");
}

static int city_there(struct desk *desk)
{
    return set_city(desk, "Villejuif");
}

static int resolve(struct desk *desk)
{
    static const struct pas_pair pair = {"commune", "Vitry"};
    return pas_resolve(pas_of(desk), "Les Acacias", &pair, 1, &desk->id);
}

static int mistake(struct desk *desk)
{
    return pas_mistake(pas_of(desk), "Stefana Pop", true, &desk->id);
}

static int no_mistake(struct desk *desk)
{
    return pas_mistake(pas_of(desk), desk->id.code, false, &desk->id);
}

static int merge(struct desk *desk)
{
    return pas_merge(pas_of(desk), desk->stefan, "Stefana Pop", &desk->id);
}

static int new_each(struct desk *desk)
{
    static const struct pas_pair pairs[] = {{"personne", "Stefan Pop,Stefana Pop"},
                                            {"date", "hier"}};
    struct pas_table *table = NULL;
    int result = pas_new_each(pas_of(desk), "contact", pairs, 2, NULL, &table);
    return with_table(desk, result, table);
}

static int undo(struct desk *desk)
{
    size_t n;
    return pas_undo(pas_of(desk), &n);
}

static int list_where(struct desk *desk)
{
    struct pas_table *table = NULL;
    int result = pas_list(pas_of(desk), "personne", "prenom LIKE 'S%'", true, &table);
    return with_table(desk, result, table);
}

static int jot(struct desk *desk)
{
    char *text = NULL;
    int result = pas_jot_put(pas_of(desk), "form", "half a sent");
    if (result == 0)
        result = pas_jot_get(pas_of(desk), "form", &text);
    return with_text(result, text);
}

static int calendar(struct desk *desk)
{
    char *text = NULL;
    int result = pas_agenda_ics(pas_of(desk), "2025-04-30", true, &text);
    return with_text(result, text);
}

static int report(struct desk *desk)
{
    static const enum pas_form forms[] = {PAS_CSV, PAS_HTML, PAS_JSON_TEXT, PAS_PLAIN};
    int result = 0;
    for (size_t i = 0; i < 4 && result == 0; i++) {
        char *text = NULL;
        struct pas_report_args args = {.name = i % 2 ? "P1" : "P11", .form = forms[i]};
        result = pas_report(pas_of(desk), &args, &text);
        pas_free(text);
    }
    return result;
}

static int sheet(struct desk *desk)
{
    char *html = NULL;
    int result = pas_sheet(pas_of(desk), "dossier_personne", desk->stefan, "fr", false, &html);
    return with_text(result, html);
}

static int person_file(struct desk *desk)
{
    char *html = NULL, *json = NULL, code[9];
    int result = pas_person(pas_of(desk), desk->stefan, "fr", &html, &json, code);
    pas_free(json);
    return with_text(result, html);
}

static int import(struct desk *desk)
{
    static const char csv[] = "prénom;nom;site;langues\nIon;Radu;Les Acacias;ro\n"
                              "Mirela;Dinu;Les Acacias;ro,fr\n;;;\n";
    char *ignored = NULL;
    struct pas_table *table = NULL;
    struct pas_import_args args = {.kind = "personne", .csv = csv, .len = sizeof csv - 1};
    int result = pas_import(pas_of(desk), &args, &table, &ignored);
    pas_free(ignored);
    return with_table(desk, result, table);
}

static int attach(struct desk *desk)
{
    static const unsigned char bytes[FILE_LEN] = "%PDF-";
    return pas_attach(pas_of(desk), desk->stefan, "contrat.pdf", bytes, FILE_LEN, &desk->id);
}

static int attachment(struct desk *desk)
{
    unsigned char *bytes = NULL;
    size_t len = 0;
    int result = pas_attachment(pas_of(desk), desk->id.code, &bytes, &len);
    if (result == 0 && len != FILE_LEN)
        sim_violated(desk->world, "a file comes back", "%zu bytes", len);
    pas_free_bytes(bytes, len);
    return result;
}

static int export_stick(struct desk *desk)
{
    struct pas_bundle did;
    pas_free_bytes(desk->stick, desk->stick_len);
    desk->stick = NULL;
    desk->stick_len = 0;
    return pas_bundle_export(pas_of(desk), SIZE_MAX, 0, &desk->stick, &desk->stick_len, &did);
}

static int import_stick(struct desk *desk)
{
    struct pas_bundle did;
    return pas_bundle_import(pas_of(desk), desk->stick, desk->stick_len, &did);
}

static int archive(struct desk *desk)
{
    unsigned char *bytes = NULL;
    char *text = NULL;
    size_t len = 0;
    int result =
        pas_archive(pas_of(desk), "Ion Radu", "contentieux", "2027-01-01", &bytes, &len, &desk->id);
    if (result == 0)
        result = pas_archive_open(pas_of(desk), bytes, len, &text);
    pas_free_bytes(bytes, len);
    return with_text(result, text);
}

static int erase(struct desk *desk)
{
    return pas_erase(pas_of(desk), "Mirela Dinu", "demande", &desk->id);
}

static int verify(struct desk *desk)
{
    uint64_t index;
    return pas_verify(pas_of(desk), 0, &index);
}

static int checkpoint(struct desk *desk)
{
    char *note = NULL;
    int result = pas_checkpoint(pas_of(desk), 0, &note);
    if (result == 0)
        result = pas_compare(pas_of(desk), note, strlen(note));
    return with_text(result, note);
}

static int full_audit(struct desk *desk)
{
    struct pas_full *full = NULL;
    uint64_t index;
    bool done = false;
    int result = pas_full_new(&full, pas_of(desk), 0);
    while (result == 0 && !done) {
        unsigned char *request = NULL;
        size_t len = 0;
        struct buf out = {0};
        result = pas_full_begin(full, &request, &len);
        if (result == 0) {
            answer(desk, request, len, &out);
            result = pas_full_finish(full, out.bytes, out.len, &done, &index);
        }
        pas_free_bytes(request, len);
        buf_free(&out);
    }
    pas_full_free(full);
    return result;
}

static int paper(struct desk *desk)
{
    char *code = NULL, *link = NULL;
    struct pas_table *table = NULL;
    int result = pas_recovery_sheet(pas_of(desk), 0, &code, &link, &table);
    pas_free(code);
    pas_free(link);
    return with_table(desk, result, table);
}

static int publish(struct desk *desk)
{
    const char *text = pas_pack_text(pas_of(desk)), *mark = strstr(text, "\"version\": 1,");
    size_t len = strlen(text), at;
    if (!mark)
        mark = strstr(text, "\"version\":1,");
    if (!mark)
        return ERR_NOT_FOUND;
    char *copy = malloc(len + 8);
    if (!copy)
        return ERR_MEMORY;
    at = (size_t)(mark - text);
    memcpy(copy, text, at);
    at += (size_t)snprintf(copy + at, 14, "\"version\":2,");
    const char *rest = strchr(mark, ',') + 1;
    strcpy(copy + at, rest);
    int result = pas_pack_publish(pas_of(desk), 0, copy, strlen(copy));
    free(copy);
    return result;
}

/* --- what people see --- */

static void add_table(struct buf *out, int result, struct pas_table *table)
{
    char *json = NULL;
    if (result == 0)
        result = pas_table_json_text(table, false, &json);
    if (result != 0)
        abort();
    buf_tag(out, json);
    pas_free(json);
    pas_table_free(table);
}

static void look(struct person *person, uint8_t seen[static HASH_LEN])
{
    SIM_QUIET;
    struct buf out = {.max = 1 << 26};
    struct pas_table *table = NULL, *all = NULL;
    memset(seen, 0, HASH_LEN);
    if (!person->pas)
        return;
    int result = pas_kinds(person->pas, &all);
    if (result != 0)
        abort();
    result = pas_spaces(person->pas, &table);
    add_table(&out, result, table);
    for (size_t i = 0; result == 0 && i < pas_table_rows(all); i++) {
        char text[100];
        snprintf(text, sizeof text, "SELECT * FROM \"%s\" ORDER BY id", pas_table_get(all, i, 0));
        result = pas_sql(person->pas, text, &table);
        add_table(&out, result, table);
    }
    pas_table_free(all);
    result = pas_conflicts(person->pas, NULL, &table);
    add_table(&out, result, table);
    digest_sha256_of(seen, out.bytes, out.len);
    buf_free(&out);
}

/* --- a step and its failure --- */

struct step {
    const char *name;
    int who;
    int (*act)(struct desk *desk);
    bool many; /* does several things one after the other: some of them may be done */
};

static bool same(struct desk *desk, const struct step *step, const char *when)
{
    uint8_t now[HASH_LEN];
    look(desk->who, now);
    if (step->many || memcmp(now, desk->who->seen, HASH_LEN) == 0)
        return true;
    sim_violated(desk->world, "nothing is half done", "%s: %s", step->name, when);
    return false;
}

/* The program ends (with `lasting`, still without memory or disk) and starts again. */
static bool reopen(struct desk *desk, const struct step *step)
{
    bool was_open = desk->who->pas;
    pas_close(desk->who->pas);
    desk->who->pas = NULL;
    sim_fault_over();
    SIM_QUIET;
    int result = was_open ? open_it(desk) : 0;
    if (result != 0)
        sim_violated(desk->world, "a device opens", "after %s: %s", step->name,
                     pas_error_name(result));
    return result == 0;
}

static bool attempt(struct desk *desk, const struct step *step)
{
    struct sim_world *world = desk->world;
    uint64_t number;
    desk->who = &desk->people[step->who];
    if (desk->who->pas)
        pas_time(desk->who->pas, world->now_ms);
    if (!sim_fault_happened(&number)) /* it may happen in this step */
        look(desk->who, desk->who->seen);
    int result = step->act(desk);
    sim_trace(world, "%s: %s: %s", desk->who->name, step->name, pas_error_name(result));
    if (result == 0)
        return !sim_fault_lasts() || reopen(desk, step);
    if (!sim_fault_excuses((enum err)result)) {
        sim_violated(world, "a step succeeds", "%s: %s %s", step->name, pas_error_name(result),
                     desk->who->pas ? pas_why(desk->who->pas) : "");
        return false;
    }
    bool lasting = sim_fault_lasts();
    if (!lasting)
        sim_fault_over();
    if (!lasting && !same(desk, step, "in the running program"))
        return false;
    if (!reopen(desk, step) || !same(desk, step, "after it was opened again"))
        return false;
    if (desk->who->pas)
        pas_time(desk->who->pas, world->now_ms);
    result = step->act(desk);
    sim_trace(world, "%s: %s, again: %s", desk->who->name, step->name, pas_error_name(result));
    if (result != 0 && !(step->many && (result == ERR_EXISTS || result == ERR_NOT_FOUND)))
        sim_violated(world, "the next time it succeeds", "%s: %s %s", step->name,
                     pas_error_name(result), desk->who->pas ? pas_why(desk->who->pas) : "");
    return !world->failed;
}

/* --- the days --- */

static const struct step steps[] = {
    {"create", CLAIRE, create, false},
    {"open", CLAIRE, open_it, false},
    {"found", CLAIRE, found, false},
    {"sync", CLAIRE, sync_it, true},
    {"invite", CLAIRE, invite, false},
    {"sync", CLAIRE, sync_it, true},
    {"create", NADIA, create, false},
    {"open", NADIA, open_it, false},
    {"join", NADIA, join, false},
    {"sync", NADIA, sync_it, true},
    {"found restricted", CLAIRE, found_restricted, false},
    {"sync", CLAIRE, sync_it, true},
    {"approve", CLAIRE, approve, false},
    {"sync", CLAIRE, sync_it, true},
    {"sync", NADIA, sync_it, true},
    {"new site", CLAIRE, new_site, false},
    {"new person", CLAIRE, new_person, false},
    {"new other", CLAIRE, new_other, false},
    {"new secret", CLAIRE, new_secret, false},
    {"sync", CLAIRE, sync_it, true},
    {"sync", NADIA, sync_it, true},
    {"new contact", NADIA, new_contact, false},
    {"new company", NADIA, new_company, false},
    {"new job", NADIA, new_job, false},
    {"new placement", NADIA, new_placement, false},
    {"set", NADIA, set_phone, false},
    {"new for each", NADIA, new_each, false},
    {"undo", NADIA, undo, false},
    {"a city", NADIA, city_there, false},
    {"a city", CLAIRE, city_here, false},
    {"stick", NADIA, export_stick, false},
    {"stick in", CLAIRE, import_stick, true},
    {"sync", NADIA, sync_it, true},
    {"sync", CLAIRE, sync_it, true},
    {"conflicts", CLAIRE, conflicts, false},
    {"resolve", CLAIRE, resolve, false},
    {"show", CLAIRE, show, false},
    {"find", CLAIRE, find, false},
    {"list", CLAIRE, list_where, false},
    {"history", CLAIRE, history, false},
    {"sql", CLAIRE, sql, false},
    {"kinds", CLAIRE, kinds, false},
    {"fields", CLAIRE, fields, false},
    {"mistake", CLAIRE, mistake, false},
    {"no mistake", CLAIRE, no_mistake, false},
    {"agenda", CLAIRE, agenda, false},
    {"calendar", CLAIRE, calendar, false},
    {"duplicates", CLAIRE, duplicates, false},
    {"merge", CLAIRE, merge, false},
    {"suggest", CLAIRE, suggest, true},
    {"match", CLAIRE, match, false},
    {"hints", CLAIRE, hints, false},
    {"import", CLAIRE, import, true},
    {"jot", CLAIRE, jot, false},
    {"reports", CLAIRE, reports, false},
    {"report", CLAIRE, report, true},
    {"sheet", CLAIRE, sheet, true},
    {"a person's own file", CLAIRE, person_file, true},
    {"attach", CLAIRE, attach, true},
    {"attachment", CLAIRE, attachment, false},
    {"attachments", CLAIRE, attachments, false},
    {"sync", CLAIRE, sync_it, true},
    {"sync", NADIA, sync_it, true},
    {"members", CLAIRE, members, false},
    {"roles", CLAIRE, roles, false},
    {"audit log", CLAIRE, audit_log, false},
    {"accesses", CLAIRE, accesses, false},
    {"exposure", CLAIRE, exposure, false},
    {"verify", CLAIRE, verify, false},
    {"checkpoint", CLAIRE, checkpoint, false},
    {"full audit", CLAIRE, full_audit, false},
    {"paper", CLAIRE, paper, true},
    {"sync", CLAIRE, sync_it, true},
    {"retention", CLAIRE, retention, false},
    {"archive", CLAIRE, archive, true},
    {"mentions", CLAIRE, mentions, false},
    {"erase", CLAIRE, erase, true},
    {"sync", CLAIRE, sync_it, true},
    {"erased", CLAIRE, erased, false},
    {"publish", CLAIRE, publish, false},
    {"sync", CLAIRE, sync_it, true},
    {"sync", NADIA, sync_it, true},
    {"revoke", CLAIRE, revoke, false},
    {"refused", CLAIRE, refused, false},
    {"sync", CLAIRE, sync_it, true},
};

/* What a day was for is there: four people were written, one was merged into another, one erased. */
static void settle(struct desk *desk)
{
    SIM_QUIET;
    struct pas_table *table = NULL;
    desk->who = &desk->people[CLAIRE];
    int result = pas_sql(pas_of(desk),
                         "SELECT (SELECT count(*) FROM personne), (SELECT count(*) FROM contact),"
                         " (SELECT count(*) FROM placement), (SELECT count(*) FROM poste)",
                         &table);
    for (size_t i = 0; i < 4 && result == 0; i++) {
        static const int want[] = {2, 1, 1, 1};
        if (pas_table_integer(table, 0, i) != want[i])
            sim_violated(desk->world, "what was done is there", "column %zu: %" PRId64, i,
                         pas_table_integer(table, 0, i));
    }
    pas_table_free(table);
    if (result != 0)
        sim_violated(desk->world, "what was done is there", "%s", pas_why(pas_of(desk)));
}

bool sim_desk_run(struct sim_world *world, uint64_t seed, bool verbose)
{
    struct desk desk = {.world = world,
                        .people = {{.dir = SIM_ROOT "claire", .name = "Claire"},
                                   {.dir = SIM_ROOT "nadia", .name = "Nadia"}}};
    *world = (struct sim_world){.seed = seed, .verbose = verbose, .n_servers = 1};
    sim_random_install(seed);
    sim_vfs_reset();
    world->random = sim_random_from(seed, 1);
    world->start_ms = world->now_ms = sim_vfs_now_ms = START_MS;
    {
        SIM_QUIET;
        sim_server_start(world, 0);
        for (unsigned i = 0; i < PEOPLE; i++)
            (void)sim_disk_new(desk.people[i].dir, sim_random_from(seed, 100 + i));
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        world->now_ms += 5000;
        if (!attempt(&desk, &steps[i]))
            break;
    }
    if (!world->failed)
        settle(&desk);
    for (unsigned i = 0; i < PEOPLE; i++)
        pas_close(desk.people[i].pas);
    pas_free(desk.invite);
    pas_free_bytes(desk.stick, desk.stick_len);
    return !world->failed;
}
