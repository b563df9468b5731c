/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_desk_inside.h"

#include <string.h>

#include "client/pas_carry.h"
#include "client/pas_domain.h"
#include "client/pas_member.h"

enum { FILE_LEN = 70000 };

#define NEW_STEP(name, kind, ...)                                                                  \
    static int name(struct desk *desk)                                                             \
    {                                                                                              \
        static const struct pas_pair pairs[] = {__VA_ARGS__};                                      \
        return pas_new(desk->who->pas, kind, pairs, sizeof pairs / sizeof *pairs, NULL,            \
                       &desk->id);                                                                 \
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
    int result = pas_new(desk->who->pas, "personne", pairs, 4, NULL, &desk->id);
    if (result == 0)
        memcpy(desk->stefan, desk->id.code, sizeof desk->stefan);
    return result;
}

static int set_phone(struct desk *desk)
{
    static const struct pas_pair pairs[] = {{"telephone", "06 12 34 56 78"}, {"alias", "Stef"}};
    return pas_set(desk->who->pas, desk->stefan, pairs, 2, NULL, &desk->id);
}

static int set_city(struct desk *desk, const char *city)
{
    const struct pas_pair pair = {"commune", city};
    return pas_set(desk->who->pas, "Les Acacias", &pair, 1, NULL, &desk->id);
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
    return pas_resolve(desk->who->pas, "Les Acacias", &pair, 1, &desk->id);
}

static int mistake(struct desk *desk)
{
    return pas_mistake(desk->who->pas, "Stefana Pop", true, &desk->id);
}

static int no_mistake(struct desk *desk)
{
    return pas_mistake(desk->who->pas, desk->id.code, false, &desk->id);
}

static int merge(struct desk *desk)
{
    return pas_merge(desk->who->pas, desk->stefan, "Stefana Pop", &desk->id);
}

static int new_each(struct desk *desk)
{
    static const struct pas_pair pairs[] = {{"personne", "Stefan Pop,Stefana Pop"},
                                            {"date", "hier"}};
    struct pas_table *table = NULL;
    int result = pas_new_each(desk->who->pas, "contact", pairs, 2, NULL, &table);
    return sim_desk_with_table(result, table);
}

static int undo(struct desk *desk)
{
    size_t n;
    return pas_undo(desk->who->pas, &n);
}

static int import(struct desk *desk)
{
    static const char csv[] = "prénom;nom;site;langues\nIon;Radu;Les Acacias;ro\n"
                              "Mirela;Dinu;Les Acacias;ro,fr\n;;;\n";
    char *ignored = NULL;
    struct pas_table *table = NULL;
    struct pas_import_args args = {.kind = "personne", .csv = csv, .len = sizeof csv - 1};
    int result = pas_import(desk->who->pas, &args, &table, &ignored);
    pas_free(ignored);
    return sim_desk_with_table(result, table);
}

static int jot(struct desk *desk)
{
    char *text = NULL;
    int result = pas_jot_put(desk->who->pas, "form", "half a sent");
    if (result == 0)
        result = pas_jot_get(desk->who->pas, "form", &text);
    return sim_desk_with_text(result, text);
}

static int attach(struct desk *desk)
{
    static const unsigned char bytes[FILE_LEN] = "%PDF-";
    return pas_attach(desk->who->pas, desk->stefan, "contrat.pdf", bytes, FILE_LEN, &desk->id);
}

static int attachment(struct desk *desk)
{
    unsigned char *bytes = NULL;
    size_t len = 0;
    int result = pas_attachment(desk->who->pas, desk->id.code, &bytes, &len);
    if (result == 0 && len != FILE_LEN)
        sim_violated(desk->world, "a file comes back", "%zu bytes", len);
    pas_free_bytes(bytes, len);
    return result;
}

static int archive(struct desk *desk)
{
    unsigned char *bytes = NULL;
    char *text = NULL;
    size_t len = 0;
    int result = pas_archive(desk->who->pas, "Ion Radu", "contentieux", "2027-01-01", &bytes, &len,
                             &desk->id);
    if (result == 0)
        result = pas_archive_open(desk->who->pas, bytes, len, &text);
    pas_free_bytes(bytes, len);
    return sim_desk_with_text(result, text);
}

static int erase(struct desk *desk)
{
    return pas_erase(desk->who->pas, "Mirela Dinu", "demande", &desk->id);
}

const struct sim_desk_act sim_desk_write[] = {
    {"new site", new_site, false},
    {"new person", new_person, false},
    {"new other", new_other, false},
    {"new secret", new_secret, false},
    {"new contact", new_contact, false},
    {"new company", new_company, false},
    {"new job", new_job, false},
    {"new placement", new_placement, false},
    {"set", set_phone, false},
    {"new for each", new_each, false},
    {"undo", undo, false},
    {"city there", city_there, false},
    {"city here", city_here, false},
    {"resolve", resolve, false},
    {"mistake", mistake, false},
    {"no mistake", no_mistake, false},
    {"merge", merge, false},
    {"import", import, true},
    {"jot", jot, false},
    {"attach", attach, true},
    {"attachment", attachment, false},
    {"archive", archive, true},
    {"erase", erase, true},
    {0},
};
