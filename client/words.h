/* SPDX-License-Identifier: Apache-2.0
 *
 * words: what the core's numbers are called, for people and for programs that read --json; and the library's own
 * sentences in French and English.
 */
#ifndef CLIENT_WORDS_H
#define CLIENT_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "client/engine.h"
#include "proto/err.h"
#include "proto/op.h"

enum { WORDS_ROLES_MAX = 64 };

/** Fixed English words for programs: "team", "active", "fork", "device_add". */
const char *words_level(enum space_level level);
const char *words_state(enum engine_state state);
const char *words_alarm(enum err alarm);
const char *words_kind(enum leaf_kind kind);

/** "reader,writer" in the order of the bits. */
void words_roles(uint8_t roles, char out[static WORDS_ROLES_MAX]);

/** For people, in `lang`. */
const char *words_level_for(enum space_level level, const char *lang);
const char *words_state_for(enum engine_state state, const char *lang);
void words_roles_for(uint8_t roles, const char *lang, char out[static 2 * WORDS_ROLES_MAX]);

/** Reads a level or a comma-separated list of roles in either language, accents or not; the roles that others need
 * are added (a writer reads). False if a word is unknown. */
bool words_level_read(const char *text, enum space_level *level);
bool words_roles_read(const char *text, uint8_t *roles);

/** What was done with a dossier (enum access_what): the fixed word, and the wording. */
const char *words_access(uint8_t what);
const char *words_access_for(uint8_t what, const char *lang);

/** Reasons of an erasure: the fixed word, the wording, and reading either; 0 if it is none. */
const char *words_reason(uint8_t reason);
const char *words_reason_for(uint8_t reason, const char *lang);
uint8_t words_reason_read(const char *text);

/** One sentence for an error: what happened and what to do. */
const char *words_err(enum err err, const char *lang);

/* X(name, French, English): sentences of the library; %s are filled in by the caller. */
#define WORDS_TABLE(X)                                                                                \
    X(KIND_UNKNOWN, "Il n'y a pas de fiche « %s ». La commande « kinds » les liste.",                 \
      "There is no kind of record \"%s\". The command \"kinds\" lists them.")                         \
    X(FIELD_UNKNOWN, "La fiche « %s » n'a pas de champ « %s ». « fields %s » les liste.",             \
      "The kind \"%s\" has no field \"%s\". \"fields %s\" lists them.")                               \
    X(FIELD_TWICE, "Le champ « %s » est donné deux fois.", "The field \"%s\" is given twice.")        \
    X(FIELD_FIXED, "Le champ « %s » ne change plus une fois la fiche créée.",                         \
      "The field \"%s\" does not change once the record exists.")                                     \
    X(FIELD_MISSING, "Il manque le champ « %s » (%s=…).", "The field \"%s\" is missing (%s=…).")      \
    X(FIELD_VALUE, "%s : %s", "%s: %s")                                                               \
    X(FIELD_LONG, "%s : le texte est trop long.", "%s: the text is too long.")                        \
    X(RECORD_UNKNOWN, "Aucune fiche ne correspond à « %s ».", "No record matches \"%s\".")            \
    X(RECORD_MANY, "Plusieurs fiches correspondent à « %s » : donnez le code.%s",                     \
      "Several records match \"%s\": give the code.%s")                                               \
    X(MERGE_KIND, "%s et %s ne sont pas du même type : elles ne se fusionnent pas.",                  \
      "%s and %s are not of the same kind: they cannot be merged.")                                   \
    X(MERGE_SPACE, "%s et %s sont dans deux espaces : transférez d'abord l'une des deux.",            \
      "%s and %s are in two spaces: transfer one of them first.")                                     \
    X(MERGE_SAME, "C'est déjà une seule et même fiche : %s.",                                         \
      "That is one and the same record already: %s.")                                                 \
    X(MERGE_NOT, "La fiche %s n'est fusionnée avec aucune autre.",                                    \
      "The record %s is merged with no other.")                                                       \
    X(NOT_DUE,                                                                                        \
      "La durée de conservation de %s n'est pas écoulée : « retention review » dit quand.",           \
      "The period of %s is not over: \"retention review\" says when it is.")                          \
    X(ARCHIVE_PART,                                                                                   \
      "%s n'est qu'une partie d'un dossier : une archive porte sur le dossier entier.",               \
      "%s is only a part of a file: what is archived is a whole file.")                               \
    X(ARCHIVE_NONE, "Ce référentiel ne prévoit pas d'archives.",                                      \
      "This pack provides no archives.")                                                              \
    X(ARCHIVE_FORMAT, "Ce fichier n'est pas une archive de Passerelle.",                              \
      "This file is no archive of Passerelle.")                                                       \
    X(ARCHIVE_KEY,                                                                                    \
      "La clé de cette archive n'est pas sur cet appareil : elle est détruite, ou dans un espace "  \
      "que "                                                                                          \
      "cet appareil ne lit pas.",                                                                     \
      "The key of this archive is not on this device: it is destroyed, or in a space that this "      \
      "device does not read.")                                                                        \
    X(SPACE_UNKNOWN, "Cet appareil n'a pas d'espace « %s ».", "This device has no space \"%s\".")     \
    X(SPACE_NONE, "Cet appareil n'est encore dans aucun espace : « space create » ou « join ».",      \
      "This device is in no space yet: \"space create\" or \"join\".")                                \
    X(SPACE_MANY, "Plusieurs espaces conviennent : précisez --space NOM.",                            \
      "Several spaces fit: say which with --space NAME.")                                             \
    X(SPACE_LEVEL,                                                                                    \
      "Il n'y a pas d'espace de niveau « %s » ni plus restreint où écrire : rien n'a été "      \
      "écrit, pour ne pas montrer cette fiche à plus de monde que prévu.",                            \
      "There is no space of level \"%s\", or narrower, to write to: nothing was written, so that "    \
      "no more people than intended see this record.")                                                \
    X(SPACE_WIDER,                                                                                    \
      "L'espace « %s » est plus large que le niveau prévu pour cette fiche : refusé.",                \
      "The space \"%s\" is wider than the level of this kind of record: refused.")                    \
    X(TOO_WIDE,                                                                                       \
      "%s fiche(s) écrites avant l'approbation sont plus confidentielles que l'espace « %s » : "   \
      "rien "                                                                                         \
      "n'est parti, rien n'est perdu. « sync --wider » les envoie quand même.",                       \
      "%s record(s) written before the approval are more confidential than the space \"%s\": "        \
      "nothing was sent, nothing is lost. \"sync --wider\" sends them all the same.")                 \
    X(READ_ONLY, "Cet appareil lit l'espace « %s » mais n'y écrit pas.",                              \
      "This device reads the space \"%s\" but does not write to it.")                                 \
    X(SUCCEED_WELL,                                                                                   \
      "Rien ne montre ici que l'historique de « %s » est rompu. Si un autre appareil donne "        \
      "l'alarme, comparez d'abord avec lui : « audit verify --with FICHIER ».",                       \
      "Nothing shows here that the history of \"%s\" is broken. If another device gives the "         \
      "alarm, "                                                                                       \
      "compare with it first: \"audit verify --with FILE\".")                                         \
    X(SUCCEED_ADMIN, "Seule l'administration de « %s » peut le poursuivre dans un espace neuf.",      \
      "Only an administrator of \"%s\" can let it go on in a new space.")                             \
    X(SUCCEEDED, "« %s » continue dans « %s » : c'est là que l'on écrit.",                            \
      "\"%s\" goes on in \"%s\": that is where to write.")                                            \
    X(LOCKED,                                                                                         \
      "Ce dossier contient des informations d'une version plus récente : mettez le "                 \
      "programme à jour avant de le modifier. Rien n'est perdu.",                                     \
      "This file holds information of a newer version: update the program before changing it. "       \
      "Nothing is lost.")                                                                             \
    X(NO_CONFLICT, "Le champ « %s » n'a pas plusieurs valeurs : rien à trancher.",                    \
      "The field \"%s\" does not have several values: nothing to choose.")                            \
    X(NOTHING_UNDO,                                                                                   \
      "Rien à annuler : plus de 10 secondes, ou déjà envoyé. « mistake » marque une "           \
      "saisie par erreur.",                                                                           \
      "Nothing to undo: more than 10 seconds ago, or sent already. \"mistake\" marks an entry as "    \
      "an error.")                                                                                    \
    X(NOTHING_SET, "Donnez au moins un champ=valeur.", "Give at least one field=value.")              \
    X(BASE_AHEAD, "--base %s dépasse ce que cet appareil a reçu (%s).",                               \
      "--base %s is more than this device has received (%s).")                                        \
    X(DEVICE_UNKNOWN, "Aucun appareil en attente ne correspond à « %s ».",                            \
      "No waiting device matches \"%s\".")                                                            \
    X(DEVICE_MANY, "Plusieurs appareils correspondent à « %s ».", "Several devices match \"%s\".")    \
    X(MEMBER_UNKNOWN, "Aucun membre ne correspond à « %s ». « member list » les liste.",              \
      "No member matches \"%s\". \"member list\" lists them.")                                        \
    X(MEMBER_GONE, "« %s » est déjà retiré.", "\"%s\" is removed already.")                           \
    X(PROPOSAL_UNKNOWN,                                                                               \
      "Aucune proposition ne correspond à « %s ». « member proposals » les liste.",                   \
      "No proposal matches \"%s\". \"member proposals\" lists them.")                                 \
    X(PROPOSAL_OWN,                                                                                   \
      "Une autre personne doit confirmer : pas celle qui propose, ni celle dont il s'agit.",          \
      "Somebody else has to confirm: neither who proposes nor whom it is about.")                     \
    X(BUNDLE_BAD,                                                                                     \
      "Ce fichier n'est pas un paquet de Passerelle, ou il est abîmé : rien n'a été pris.",           \
      "This file is no bundle of Passerelle, or it is damaged: nothing was taken.")                   \
    X(ATTACH_NOWHERE, "Une fiche « %s » ne reçoit pas de fichier.",                                   \
      "A record of kind \"%s\" takes no file.")                                                       \
    X(ATTACH_NONE, "« %s » n'est pas un fichier joint.", "\"%s\" is no attached file.")               \
    X(ATTACH_LATER, "Ce fichier n'est pas ici : il vient avec la prochaine synchronisation.",         \
      "This file is not here: it comes with the next sync.")                                          \
    X(MOVED_AWAY, "Ce dossier a été confié à une autre équipe : il ne se modifie plus ici.",          \
      "This file was handed to another team: it is not changed here any more.")                       \
    X(TRANSFER_ALREADY, "Le dossier %s est déjà transféré, ou en route.",                             \
      "The file %s is transferred already, or on its way.")                                           \
    X(TRANSFER_RIGHTS,                                                                                \
      "Un transfert demande la coordination de l'espace de départ et l'écriture dans « %s ».",        \
      "A transfer takes coordination of the space it leaves and the right to write to \"%s\".")       \
    X(TRANSFER_FILES,                                                                                 \
      "Le dossier %s part avec ses fichiers joints : ils arrivent à la prochaine "                   \
      "synchronisation. Synchronisez, puis recommencez.",                                             \
      "File %s goes with its attached files: they arrive with the next sync. Sync, then try "         \
      "again.")                                                                                       \
    X(TRANSFER_SYNC,                                                                                  \
      "Synchronisez d'abord : le dossier %s a du travail en attente ou n'est pas complet ici.",       \
      "Sync first: the file %s has work waiting, or is not complete here.")                           \
    X(TRANSFER_PART, "« %s » fait partie d'un dossier : donnez la personne, %s.",                     \
      "\"%s\" is part of a file: name the whole file, %s.")                                           \
    X(TRANSFER_REFUSED, "%s : la personne a refusé le changement d'équipe.",                          \
      "%s: the person said no to a change of team.")                                                  \
    X(TRANSFER_OPEN, "%s : « %s » n'a pas accepté le transfert proposé.",                             \
      "%s: \"%s\" has not accepted the proposed transfer.")                                           \
    X(QUEUED_ALREADY, "C'est déjà noté ; cela part à la prochaine synchronisation.",                  \
      "That is noted already; it leaves at the next sync.")                                           \
    X(REASON_UNKNOWN,                                                                                 \
      "« %s » n'est pas un motif : demande, durée, opposition, erreur, injonction, autre.",           \
      "\"%s\" is no reason: request, retention, objection, mistake, order, other.")                   \
    X(ERASE_PART,                                                                                     \
      "« %s » n'est qu'une partie du dossier %s : un effacement porte sur le dossier entier.",        \
      "\"%s\" is only a part of the file %s: what is erased is a whole file.")                        \
    X(ERASED_AT, "Le dossier %s a été effacé le %s (%s). Sa clé est détruite.",                       \
      "The file %s was erased on %s (%s). Its key is destroyed.")                                     \
    X(GRANT_UNKNOWN, "Aucune autorisation ne correspond à « %s ». « audit grants » les liste.",       \
      "No grant matches \"%s\". \"audit grants\" lists them.")                                        \
    X(GRANT_DOSSIER, "Aucun dossier n'a le code « %s ».", "No file has the code \"%s\".")             \
    X(GRANT_ASK,                                                                                      \
      "Il faut un motif, une période qui ne finit pas avant de commencer, et 1 à 90 jours.",          \
      "It takes a reason, a period that does not end before it begins, and 1 to 90 days.")            \
    X(GRANT_KEYS,                                                                                     \
      "Les clés ne sont pas arrivées : l'appareil de la deuxième personne les envoie à sa "       \
      "prochaine "                                                                                    \
      "synchronisation, puis synchronisez.",                                                          \
      "The keys have not arrived: the second person's device sends them at its next sync; then "      \
      "sync here.")                                                                                   \
    X(GRANT_OVER, "Cette autorisation est close ou terminée, ou n'est pas pour cet appareil.",        \
      "This grant is closed or over, or not for this device.")                                        \
    X(WITNESS_FORM, "« %s » : écrivez NOM=CLÉ, comme l'affiche « passerelle-witness init ».",         \
      "\"%s\": write NAME=KEY, as \"passerelle-witness init\" prints them.")                          \
    X(PERSON_NONE, "« %s » n'est pas la fiche d'une personne.",                                       \
      "\"%s\" is not a person's record.")                                                             \
    X(REPORT_FORM, "Ce fichier n'est pas un rapport d'audit.", "This file is no audit report.")       \
    X(REPORT_SIGNATURE, "La signature de ce rapport n'est pas bonne : il a été modifié.",             \
      "The signature of this report is not good: it was altered.")                                    \
    X(REPORT_SPACE, "Ce rapport parle d'un espace que cet appareil ne connaît pas.",                  \
      "This report is about a space that this device does not know.")                                 \
    X(REFUSED_UNKNOWN, "Il n'y a pas de travail refusé numéro %s. « refused » les liste.",            \
      "There is no refused work number %s. \"refused\" lists it.")                                    \
    X(PARCEL_UNKNOWN,                                                                                 \
      "Aucun travail scellé de « %s » n'attend de décision. « adopt » seul les liste.",               \
      "No sealed work of \"%s\" waits for a decision. \"adopt\" alone lists it.")                     \
    X(PARCEL_KEY,                                                                                     \
      "Ce travail n'a pas été scellé pour cet appareil : une autre personne de la coordination, "  \
      "ou la feuille de secours, peut l'ouvrir.",                                                     \
      "This work was not sealed to this device: another coordinator, or the recovery sheet, can "     \
      "open it.")                                                                                     \
    X(PARCEL_STEWARD, "Seule la coordination, qui écrit aussi, adopte le travail d'un autre.",        \
      "Only a coordinator who also writes adopts another one's work.")                                \
    X(HAND_OVER_NONE,                                                                                 \
      "Rien à remettre : aucun travail n'a été refusé faute de droit, ou le droit est revenu "    \
      "(« sync --retry »).",                                                                          \
      "Nothing to hand over: no work was refused for want of a right, or the right is back "          \
      "(\"sync --retry\").")                                                                          \
    X(RENEW_NONE, "Aucune autre copie de cet appareil n'a été vue : il garde son identité.",          \
      "No other copy of this device was seen: it keeps its identity.")                                \
    X(SHEET_ADMIN,                                                                                    \
      "Une feuille de secours se fait par qui administre un espace déjà envoyé au serveur.",          \
      "A recovery sheet is made by who administers a space that the server has already.")             \
    X(SHEET_LENGTH, "Le code compte 28 caractères ; %s ont été lus.",                                 \
      "The code has 28 characters; %s were read.")                                                    \
    X(SHEET_SLIP, "Le caractère %s du code est faux : « %s » a été lu, c'est sans doute « %s ».",     \
      "Character %s of the code is wrong: \"%s\" was read, it is probably \"%s\".")                   \
    X(SHEET_SWAP, "À partir du caractère %s, « %s » et « %s » sont sans doute inversés.",             \
      "From character %s on, \"%s\" and \"%s\" are probably in each other's place.")                  \
    X(SHEET_CHAR, "Le caractère %s du code, « %s », n'existe pas dans ces codes.",                    \
      "Character %s of the code, \"%s\", is not used in such codes.")                                 \
    X(SHEET_SLIPS, "Le code n'est pas juste : au moins deux caractères sont faux. Relisez-le.",       \
      "The code is not right: at least two characters are wrong. Read it again.")                     \
    X(SHEET_INVALID,                                                                                  \
      "Cette feuille de secours n'est pas valable ici : retirée, jamais confirmée, ou d'un autre "  \
      "serveur.",                                                                                     \
      "This recovery sheet is not valid here: removed, never confirmed, or of another server.")       \
    X(SQL, "La requête est refusée : %s", "The query is refused: %s")                                 \
    X(PACK, "Ce référentiel est refusé : %s", "This pack is refused: %s")                             \
    X(PACK_OLD, "La version %s n'est pas plus récente que celle en vigueur (%s).",                    \
      "Version %s is not newer than the one in force (%s).")                                          \
    X(PACK_LOST,                                                                                      \
      "« %s%s » manque, ou n'a plus son numéro ou son type, et des fiches en contiennent "         \
      "peut-être : "                                                                                 \
      "masquez-le (« hidden »).",                                                                     \
      "\"%s%s\" is missing, or has another number or type, and records may hold it: hide it.")        \
    X(ITEM_UNKNOWN, "Aucune échéance ne correspond à « %s ». « agenda » les liste.",                  \
      "No due item matches \"%s\". \"agenda\" lists them.")                                           \
    X(ITEM_MANY, "Plusieurs échéances correspondent à « %s » : donnez plus de caractères.",           \
      "Several due items match \"%s\": give more characters.")                                        \
    X(ITEM_ANSWER, "L'échéance « %s » ne se répond pas ainsi.",                                       \
      "The item \"%s\" cannot be answered that way.")                                                 \
    X(DAY_BAD, "« %s » n'est pas une date (2025-03-04, 4/3/2025, demain, +7).",                       \
      "\"%s\" is no date (2025-03-04, 4/3/2025, tomorrow, +7).")                                      \
    X(REPORT_UNKNOWN, "Il n'y a pas de rapport « %s ». « report » seul les liste.",                   \
      "There is no report \"%s\". \"report\" alone lists them.")                                      \
    X(REPORT_PARAM, "Ce paramètre du rapport manque ou ne convient pas : %s",                         \
      "This parameter of the report is missing or does not fit: %s")                                  \
    X(SHEET_UNKNOWN, "Il n'y a pas de document « %s ». « print » seul les liste.",                    \
      "There is no sheet \"%s\". \"print\" alone lists them.")                                        \
    X(SHEET_RECORD, "Le document « %s » part d'une fiche : donnez-la, ou --blank.",                   \
      "The sheet \"%s\" is about a record: name it, or give --blank.")                                \
    X(SHEET_KIND,                                                                                     \
      "Le document « %s » part d'une fiche « %s » ; %s n'en est pas une : « show » la "         \
      "trouve.",                                                                                      \
      "The sheet \"%s\" is about a record of kind \"%s\"; %s is none: \"show\" finds it.")            \
    X(MATCH_NONE, "Rien ne se rapproche d'une fiche « %s ».",                                         \
      "There is nothing to match with a record of kind \"%s\".")                                      \
    X(TICK_UNKNOWN, "Cette fiche n'a pas de point « %s » à cocher.",                                  \
      "This record has no item \"%s\" to tick.")                                                      \
    X(IMPORT_HEAD,                                                                                    \
      "La première ligne du fichier n'a aucune colonne connue pour « %s », ou un guillemet reste " \
      "ouvert.",                                                                                      \
      "The first line of the file has no column that is known for \"%s\", or a quote is open.")       \
    X(SERVER_FULL,                                                                                    \
      "Il n'y a plus de place sur le disque du serveur : prévenez l'administrateur. Rien n'est "     \
      "perdu, tout attend ici.",                                                                      \
      "The server's disk is full: tell its administrator. Nothing is lost, everything waits "         \
      "here.")                                                                                        \
    X(SERVER_FAILED,                                                                                  \
      "Le serveur n'a pas pu répondre : sa base ou son disque a échoué. Prévenez "                \
      "l'administrateur. "                                                                            \
      "Rien n'est perdu, tout attend ici.",                                                           \
      "The server could not answer: its database or disk failed. Tell its administrator. Nothing "    \
      "is "                                                                                           \
      "lost, everything waits here.")                                                                 \
    X(DOSSIER_KIND, "Le dossier « %s » n'est pas du type attendu.",                                   \
      "The file \"%s\" is not of the expected kind.")

#define WORDS_ROW(name, fr, en) WORD_##name,
enum words_name { WORDS_TABLE(WORDS_ROW) WORDS_N };
#undef WORDS_ROW

/** The format of a sentence. */
const char *words_sentence(enum words_name name, const char *lang);

#endif
