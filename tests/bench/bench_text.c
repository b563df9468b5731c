/* SPDX-License-Identifier: Apache-2.0
 *
 * Invented notes of people who visit households, in words that neither the dictionary's training list nor the
 * demonstration was made of. Names are built from syllables, numbers are drawn, so that the text packs as real notes
 * do: mostly by its words.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

uint64_t bench_random(struct bench_random *random, uint64_t below)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % below;
}

static const char *const openings[] = {"croisé devant la halle",
                                       "elle raconte que",
                                       "aperçu près du canal",
                                       "la voisine signale",
                                       "lui propose d'essayer",
                                       "d'après le boulanger",
                                       "on convient ensemble",
                                       "il hésite encore :",
                                       "surprise agréable,",
                                       "averse, visite écourtée ;",
                                       "le cadet traduit :",
                                       "colis déposé,",
                                       "remis en main propre",
                                       "message laissé au comptoir",
                                       "trois tentatives,",
                                       "la caravane bleue",
                                       "soirée calme,",
                                       "ton plus ferme :",
                                       "retrouvé son cartable,",
                                       "souhaite reprendre",
                                       "a négocié seule",
                                       "demande discrète :",
                                       "veut éviter",
                                       "au bout du sentier,"};
static const char *const verbs[] = {
    "répare",   "troque",    "emprunte",  "rapporte",   "dépanne",    "accompagne", "surveille",
    "recopie",  "déchiffre", "réclame",   "soupçonne",  "apprivoise", "ramasse",    "échange",
    "prépare",  "refuse",    "découpe",   "transporte", "nettoie",    "installe",   "photographie",
    "redoute",  "espère",    "patiente",  "mesure",     "griffonne",  "rassemble",  "oublie",
    "conteste", "applaudit", "improvise", "retarde"};
static const char *const articles[] = {"le",  "la", "un", "une",   "les",  "des",
                                       "son", "sa", "ce", "cette", "leur", "notre"};
static const char *const things[] = {
    "brouette",    "carnet",    "palette",     "bouilloire",  "tamis",        "bidon",
    "guitare",     "lunettes",  "tuile",       "ticket",      "serrure",      "botte",
    "semence",     "chiot",     "groupe",      "diplôme",     "tronçonneuse", "clef",
    "recette",     "piscine",   "rideau",      "poêle",       "valise",       "bulletin",
    "affiche",     "matelas",   "pompe",       "filet",       "registre",     "marmite",
    "échelle",     "parapluie", "tracteur",    "lessive",     "moquette",     "tambour",
    "cerise",      "vitrine",   "remorque",    "tournevis",   "lanterne",     "gouttière",
    "châtaigne",   "tabouret",  "panier",      "ruche",       "cartable",     "clôture",
    "ficelle",     "pommade",   "horloge",     "miroir",      "sacoche",      "moulin",
    "cirage",      "étagère",   "hamac",       "poulailler",  "bûche",        "ardoise",
    "casquette",   "chariot",   "fanfare",     "bretelle",    "terrasse",     "citerne",
    "braise",      "noisette",  "charnière",   "fourche",     "grillage",     "pinceau",
    "mortier",     "plâtre",    "truelle",     "équerre",     "niveau",       "burin",
    "ponceuse",    "vernis",    "colle",       "vis",         "rondelle",     "écrou",
    "boulon",      "ressort",   "courroie",    "pignon",      "pédale",       "guidon",
    "selle",       "sonnette",  "phare",       "rustine",     "chambre",      "pneu",
    "garde-boue",  "béquille",  "antivol",     "casque",      "gilet",        "gant",
    "écharpe",     "bonnet",    "manteau",     "doudoune",    "chemise",      "pantalon",
    "ceinture",    "sandale",   "chausson",    "tapis",       "coussin",      "couette",
    "drap",        "oreiller",  "nappe",       "torchon",     "éponge",       "balai",
    "serpillière", "seau",      "bassine",     "cuvette",     "robinet",      "siphon",
    "joint",       "tuyau",     "évier",       "douche",      "lavabo",       "baignoire",
    "chauffe-eau", "radiateur", "thermostat",  "disjoncteur", "rallonge",     "prise",
    "ampoule",     "douille",   "interrupteur"};
static const char *const qualities[] = {
    "rouillée",     "verte",    "fendue",    "neuve",    "prêtée",    "ancienne", "légère",
    "bancale",      "propre",   "humide",    "décousue", "jaunie",    "pliante",  "coincée",
    "poussiéreuse", "robuste",  "minuscule", "rayée",    "brillante", "usée",     "perdue",
    "retrouvée",    "offerte",  "lourde",    "tordue",   "sèche",     "étanche",  "ronde",
    "carrée",       "bruyante", "bleu",      "gris",     "noir",      "cassé",    "réparé",
    "mouillé",      "solide",   "vendu",     "loué",     "gratuit"};
static const char *const circumstances[] = {
    "malgré le vacarme",      "dès que la crue baisse",       "sous réserve du garagiste",
    "avant la kermesse",      "parce que le pont ferme",      "si l'institutrice accepte",
    "sans prévenir personne", "contre un coup de main",       "depuis l'incendie",
    "pendant la moisson",     "à cause du verglas",           "jusqu'au solstice",
    "chez sa marraine",       "derrière la scierie",          "entre deux orages",
    "comme l'an passé",       "au grand soulagement de tous", "faute de camionnette"};
static const char *const heads[] = {"Bra", "Ve",  "Tor", "Li",  "Mar", "Sa", "Dru", "Ha",
                                    "Ko",  "Pel", "Ri",  "Zan", "Gui", "Ol", "Fer", "Cha"};
static const char *const tails[] = {"vic",  "dan", "zescu", "moulin", "rac",  "nette",
                                    "bert", "lou", "gnol",  "tier",   "kova", "mond",
                                    "sin",  "dot", "reau",  "ska"};

static const char *const middles[] = {"ba",  "cor", "di",  "fé",  "go", "jul", "mi", "no",
                                      "pru", "ra",  "ssi", "tel", "va", "xan", "yo", "zé"};

#define PICK(list) ((list)[bench_random(random, COUNT(list))])

/* A name of two to three syllables. */
static const char *name(struct bench_random *random, char out[static 24])
{
    snprintf(out, 24, "%s%s%s", PICK(heads), bench_random(random, 4) ? PICK(middles) : "",
             PICK(tails));
    return out;
}

/* One part of a note. */
static int part(struct bench_random *random, char *out, size_t cap)
{
    unsigned a = (unsigned)bench_random(random, 28) + 1, b = (unsigned)bench_random(random, 12) + 1;
    char who[24], whom[24];
    switch (bench_random(random, 8)) {
    case 0:
        return snprintf(out, cap, "%s %s et %s le %02u/%02u", PICK(openings), name(random, who),
                        name(random, whom), a, b);
    case 1:
        return snprintf(out, cap, "%s %s %s %s et %s %s", PICK(verbs), PICK(articles), PICK(things),
                        PICK(qualities), PICK(articles), PICK(things));
    case 2:
        return snprintf(out, cap, "%s %s", PICK(circumstances), name(random, who));
    case 3:
        return snprintf(out, cap, "%u h %02u chez %s", a % 12 + 7, b * 5 - 5, name(random, who));
    case 4:
        return snprintf(out, cap, "%s %s : %u,%02u € %s", PICK(things), PICK(qualities), a * b,
                        (unsigned)bench_random(random, 100), name(random, who));
    case 5:
        return snprintf(out, cap, "tél. 0%u %02u %02u %02u %02u", b % 7 + 1,
                        (unsigned)bench_random(random, 100), (unsigned)bench_random(random, 100),
                        (unsigned)bench_random(random, 100), (unsigned)bench_random(random, 100));
    case 6:
        return snprintf(out, cap, "%s puis %s, %s %s", name(random, who), name(random, whom),
                        PICK(things), PICK(qualities));
    default:
        return snprintf(out, cap, "%s %s %s %s", name(random, who), PICK(verbs), PICK(articles),
                        PICK(things));
    }
}

/* Where a text may be cut without leaving half a character. */
static size_t cut(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

size_t bench_text(struct bench_random *random, char out[static BENCH_TEXT_MOST + 1])
{
    char text[512];
    size_t len = 0;
    size_t wanted = BENCH_TEXT_LEAST + bench_random(random, BENCH_TEXT_MOST - BENCH_TEXT_LEAST + 1);
    while (len < wanted) {
        if (len > 0)
            len += (size_t)snprintf(text + len, sizeof text - len, ", ");
        len += (size_t)part(random, text + len, sizeof text - len);
    }
    len = cut(text, wanted);
    memcpy(out, text, len);
    while (len < BENCH_TEXT_LEAST)
        out[len++] = '.';
    out[len] = 0;
    return len;
}

/* --- the workload --- */

/* Text fields of a person in the shipped pack: alias, contact_autorise, ft_action, texte. */
static const uint32_t fields[] = {18, 26, 32, 34};
static const char *const names[] = {"alias", "contact_autorise", "ft_action", "texte"};

void bench_work_make(struct bench_work *work, uint64_t seed, size_t n, size_t records)
{
    struct bench_random random = {.state = seed};
    *work = (struct bench_work){.n = n, .records = records};
    work->items = calloc(n, sizeof *work->items);
    if (!work->items)
        bench_fail("no memory for the workload");
    for (size_t i = 0; i < n; i++) {
        struct bench_change *item = &work->items[i];
        item->record = i < records ? i : bench_random(&random, records);
        item->field = fields[bench_random(&random, COUNT(fields))];
        item->len = bench_text(&random, item->text);
    }
    for (size_t i = n; i > 1; i--) {
        size_t other = bench_random(&random, i);
        struct bench_change kept = work->items[i - 1];
        work->items[i - 1] = work->items[other];
        work->items[other] = kept;
    }
}

void bench_work_free(struct bench_work *work)
{
    free(work->items);
    *work = (struct bench_work){0};
}

void bench_work_raw(const struct bench_work *work, struct buf *out)
{
    struct bench_random random = {.state = 1};
    uint64_t *ids = calloc(2 * work->records, sizeof *ids);
    if (!ids)
        bench_fail("no memory");
    for (size_t i = 0; i < 2 * work->records; i++)
        ids[i] = bench_random(&random, UINT64_MAX);
    for (size_t i = 0; i < work->n; i++) {
        const struct bench_change *item = &work->items[i];
        size_t field = 0;
        while (fields[field] != item->field)
            field++;
        buf_put(out, &ids[2 * item->record], 16);
        buf_put(out, names[field], strlen(names[field]));
        buf_put(out, item->text, item->len);
    }
    free(ids);
}
