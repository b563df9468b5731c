/* SPDX-License-Identifier: Apache-2.0 */
#include "client/words.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "client/text.h"

static bool english(const char *lang)
{
    return lang && lang[0] == 'e';
}

struct word {
    const char *key, *fr, *en;
};

static const struct word levels[] = {{"community", "communauté", "community"},
                                     {"organisation", "organisation", "organisation"},
                                     {"team", "équipe", "team"},
                                     {"restricted", "restreint", "restricted"}};

static const struct word states[] = {
    {"founding", "en création", "being founded"},
    {"waiting", "en attente d'approbation", "waiting for approval"},
    {"active", "actif", "active"},
    {"revoked", "retiré", "removed"},
    {"refused", "refusé", "refused"},
    {"succeeded", "continue ailleurs", "goes on elsewhere"},
};

/* In the order of the bits of enum role. */
static const struct word roles_words[] = {
    {"reader", "lecture", "reader"},        {"writer", "médiation", "writer"},
    {"steward", "coordination", "steward"}, {"admin", "administration", "admin"},
    {"auditor", "audit", "auditor"},        {"guardian", "gardien", "guardian"},
};
enum { ROLES_N = sizeof roles_words / sizeof roles_words[0] };

/* Other words that people type for levels and roles, folded. */
static const struct {
    const char *word;
    int value;
} level_words[] = {{"community", LEVEL_COMMUNITY},
                   {"communaute", LEVEL_COMMUNITY},
                   {"organisation", LEVEL_ORGANISATION},
                   {"organization", LEVEL_ORGANISATION},
                   {"team", LEVEL_TEAM},
                   {"equipe", LEVEL_TEAM},
                   {"restricted", LEVEL_RESTRICTED},
                   {"restreint", LEVEL_RESTRICTED}},
  role_words[] = {
      {"reader", ROLE_READER},
      {"lecture", ROLE_READER},
      {"lecteur", ROLE_READER},
      {"writer", ROLE_READER | ROLE_WRITER},
      {"mediation", ROLE_READER | ROLE_WRITER},
      {"mediateur", ROLE_READER | ROLE_WRITER},
      {"mediatrice", ROLE_READER | ROLE_WRITER},
      {"steward", ROLE_READER | ROLE_STEWARD},
      {"coordination", ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN},
      {"coordinateur", ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN},
      {"coordinatrice", ROLE_READER | ROLE_WRITER | ROLE_STEWARD | ROLE_ADMIN},
      {"admin", ROLE_READER | ROLE_ADMIN},
      {"administration", ROLE_READER | ROLE_ADMIN},
      {"auditor", ROLE_AUDITOR},
      {"audit", ROLE_AUDITOR},
      {"auditeur", ROLE_AUDITOR},
      {"auditrice", ROLE_AUDITOR},
      {"guardian", ROLE_GUARDIAN},
      {"gardien", ROLE_GUARDIAN},
      {"gardienne", ROLE_GUARDIAN},
};

const char *words_level(enum space_level level)
{
    return (unsigned)level < 4 ? levels[level].key : "?";
}

const char *words_level_for(enum space_level level, const char *lang)
{
    return (unsigned)level < 4 ? english(lang) ? levels[level].en : levels[level].fr : "?";
}

const char *words_state(enum engine_state state)
{
    return (unsigned)state < 6 ? states[state].key : "?";
}

const char *words_state_for(enum engine_state state, const char *lang)
{
    return (unsigned)state < 6 ? english(lang) ? states[state].en : states[state].fr : "?";
}

const char *words_alarm(enum err alarm)
{
    switch (alarm) {
    case ERR_OK:
        return "";
    case ERR_FORK:
        return "fork";
    case ERR_ROLLBACK:
        return "rollback";
    case ERR_ROOT:
        return "root";
    case ERR_SIGNATURE:
        return "signature";
    case ERR_WITHHELD:
        return "withheld";
    case ERR_CORRUPT:
        return "corrupt";
    case ERR_COMMITMENT:
        return "commitment";
    default:
        return err_name(alarm);
    }
}

const char *words_kind(enum leaf_kind kind)
{
    static const struct {
        enum leaf_kind kind;
        const char *word;
    } table[] = {
        {KIND_GENESIS, "genesis"},
        {KIND_DEVICE_ADD, "device_add"},
        {KIND_DEVICE_REVOKE, "device_revoke"},
        {KIND_ROLE_SET, "role_set"},
        {KIND_EPOCH_CHANGE, "epoch_change"},
        {KIND_LOG_KEY, "log_key"},
        {KIND_WITNESS_SET, "witness_set"},
        {KIND_PACK_SET, "pack_set"},
        {KIND_CONFIRM, "confirm"},
        {KIND_DEVICE_REKEY, "device_rekey"},
        {KIND_INVITE, "invite"},
        {KIND_INVITE_CLOSE, "invite_close"},
        {KIND_LABEL, "label"},
        {KIND_ERASE, "erase"},
        {KIND_PURGE, "purge"},
        {KIND_ADOPT, "adopt"},
        {KIND_MOVED, "moved"},
        {KIND_AUDIT_GRANT, "audit_grant"},
        {KIND_AUDIT_CLOSE, "audit_close"},
        {KIND_EXPORT_NOTICE, "export_notice"},
        {KIND_ACCESS, "access"},
        {KIND_DATA, "data"},
        {KIND_SNAPSHOT, "snapshot"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].kind == kind)
            return table[i].word;
    return "unknown";
}

/* Joins the words of the bits that are set. */
static void join_roles(uint8_t roles, int column, char *out, size_t max)
{
    size_t at = 0;
    out[0] = 0;
    for (int i = 0; i < ROLES_N; i++) {
        if (!(roles & 1 << i))
            continue;
        const struct word *word = &roles_words[i];
        const char *text = column == 0 ? word->key : column == 1 ? word->fr : word->en;
        int n = snprintf(out + at, max - at, "%s%s", at > 0 ? "," : "", text);
        assert(n > 0 && (size_t)n < max - at);
        at += (size_t)n;
    }
}

void words_roles(uint8_t roles, char out[static WORDS_ROLES_MAX])
{
    join_roles(roles, 0, out, WORDS_ROLES_MAX);
}

void words_roles_for(uint8_t roles, const char *lang, char out[static 2 * WORDS_ROLES_MAX])
{
    join_roles(roles, english(lang) ? 2 : 1, out, (size_t)2 * WORDS_ROLES_MAX);
}

bool words_level_read(const char *text, enum space_level *level)
{
    char folded[64];
    (void)text_fold(folded, sizeof folded, text, strlen(text));
    for (size_t i = 0; i < sizeof level_words / sizeof level_words[0]; i++) {
        if (strcmp(level_words[i].word, folded) == 0) {
            *level = (enum space_level)level_words[i].value;
            return true;
        }
    }
    return false;
}

static bool one_role(const char *text, size_t len, uint8_t *roles)
{
    char folded[64];
    (void)text_fold(folded, sizeof folded, text, len);
    for (size_t i = 0; i < sizeof role_words / sizeof role_words[0]; i++) {
        if (strcmp(role_words[i].word, folded) == 0) {
            *roles |= (uint8_t)role_words[i].value;
            return true;
        }
    }
    return false;
}

bool words_roles_read(const char *text, uint8_t *roles)
{
    *roles = 0;
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ",");
        if (!one_role(at, len, roles))
            return false;
        at += len;
        if (!*at)
            return true;
    }
}

/* --- reasons of an erasure --- */

static const struct word reasons[] = {
    {"request", "demande", "request"},        {"retention", "durée", "retention"},
    {"objection", "opposition", "objection"}, {"mistake", "erreur", "mistake"},
    {"order", "injonction", "order"},         {"other", "autre", "other"},
};
enum { REASONS_N = sizeof reasons / sizeof reasons[0] };

/* A code that a newer version wrote counts as the last one. */
static const struct word *reason_word(uint8_t reason)
{
    return &reasons[reason >= 1 && reason <= REASONS_N ? reason - 1 : REASONS_N - 1];
}

const char *words_reason(uint8_t reason)
{
    return reason_word(reason)->key;
}

const char *words_reason_for(uint8_t reason, const char *lang)
{
    return english(lang) ? reason_word(reason)->en : reason_word(reason)->fr;
}

uint8_t words_reason_read(const char *text)
{
    char folded[64], word[64];
    (void)text_fold(folded, sizeof folded, text, strlen(text));
    for (uint8_t i = 0; i < REASONS_N; i++) {
        (void)text_fold(word, sizeof word, reasons[i].fr, strlen(reasons[i].fr));
        if (strcmp(folded, reasons[i].key) == 0 || strcmp(folded, word) == 0)
            return (uint8_t)(i + 1);
    }
    return 0;
}

/* --- what was done with a dossier --- */

static const struct word accesses[] = {
    {"opened", "consultation", "opened"},
    {"file", "fichier exporté", "exported file"},
    {"print", "impression", "print"},
    {"person", "dossier remis à la personne", "copy for the person"},
    {"journal", "journal d'audit exporté", "audit lines exported"},
    {"backup", "copie", "copy"},
    {"other", "autre sortie", "other export"},
};
enum { ACCESSES_N = sizeof accesses / sizeof accesses[0] };

static const struct word *access_word(uint8_t what)
{
    return &accesses[what < ACCESSES_N ? what : ACCESSES_N - 1];
}

const char *words_access(uint8_t what)
{
    return access_word(what)->key;
}

const char *words_access_for(uint8_t what, const char *lang)
{
    return english(lang) ? access_word(what)->en : access_word(what)->fr;
}

/* --- errors --- */

/* X(name, French, English): what happened, what to do, and that nothing is lost. */
#define SENTENCES(X)                                                                               \
    X(OK, "Fait.", "Done.")                                                                        \
    X(UNCHANGED, "Rien de nouveau.", "Nothing new.")                                               \
    X(PENDING, "En attente d'une deuxième personne ou d'une approbation.",                         \
      "Waiting for a second person or for an approval.")                                           \
    X(BUSY,                                                                                        \
      "Occupé : un autre programme utilise cet appareil, ou le serveur est chargé. Réessayez "  \
      "dans un instant ; rien n'est perdu.",                                                       \
      "Busy: another program uses this device, or the server has much to do. Try again shortly; "  \
      "nothing is lost.")                                                                          \
    X(BEHIND, "Il manque encore des entrées : synchronisez, puis recommencez.",                    \
      "Some entries have not arrived yet: sync, then repeat.")                                     \
    X(STALE_EPOCH, "La clé a été renouvelée ; la prochaine synchronisation refera l'envoi.",       \
      "The key has been renewed; the next sync sends again.")                                      \
    X(LOST_RACE,                                                                                   \
      "Quelqu'un d'autre a modifié les membres en même temps ; synchronisez à nouveau.",           \
      "Somebody else changed the members at the same time; sync again.")                           \
    X(CLOCK, "L'horloge de cet appareil est trop décalée. Corrigez-la ; rien n'est perdu.",        \
      "The clock of this device is too far off. Set it right; nothing is lost.")                   \
    X(QUOTA,                                                                                       \
      "Le serveur n'en prend pas plus aujourd'hui de cet appareil ou de cet espace. Le reste "     \
      "partira demain ; rien n'est perdu. Si cela dure, prévenez l'administrateur du serveur.",    \
      "The server takes no more today from this device or for this space. The rest leaves "        \
      "tomorrow; nothing is lost. If it lasts, tell the administrator of the server.")             \
    X(NET,                                                                                         \
      "Le réseau n'a pas pu être joint. Rien n'est perdu : tout partira à la prochaine "        \
      "synchronisation.",                                                                          \
      "The network could not be reached. Nothing is lost: all of it leaves at the next sync.")     \
    X(RECOVERING,                                                                                  \
      "Le serveur est en cours de restauration. Continuez à travailler ; rien n'est "             \
      "perdu.",                                                                                    \
      "The server is being restored. Go on working; nothing is lost.")                             \
    X(AFTER_REFUSED, "Un envoi précédent a été refusé ; le reste attend.",                         \
      "Something sent before was refused; the rest waits.")                                        \
    X(FULL,                                                                                        \
      "Il n'y a plus de place sur le disque : rien n'a été écrit. Libérez de la place et "     \
      "recommencez ; rien n'est perdu.",                                                           \
      "The disk is full: nothing was written. Free some space and repeat; nothing is lost.")       \
    X(FORMAT, "Ces données n'ont pas la forme attendue.",                                          \
      "The data does not have the expected form.")                                                 \
    X(TOO_BIG, "C'est plus grand que la limite.", "It is larger than the limit.")                  \
    X(VERSION,                                                                                     \
      "C'est écrit par une version plus récente : mettez le programme à jour. Rien n'est "      \
      "perdu.",                                                                                    \
      "A newer version wrote this: update the program. Nothing is lost.")                          \
    X(USAGE, "Les arguments ne conviennent pas.", "The arguments do not fit.")                     \
    X(NOT_FOUND, "Il n'y a rien de tel ici.", "There is no such thing here.")                      \
    X(EXISTS, "Cela existe déjà ; rien n'a changé.", "It exists already; nothing was changed.")    \
    X(SEQ,                                                                                         \
      "Le serveur connaît de cet appareil une suite qu'il n'a pas écrite : cet appareil a "      \
      "peut-être été restauré ou copié. Faites-le inviter à nouveau.",                             \
      "The server knows work of this device that it did not write: it may have been restored or "  \
      "copied. Have it invited again.")                                                            \
    X(SEEN, "L'historique vu par cet appareil n'est pas celui du serveur.",                        \
      "The history this device has seen is not the server's.")                                     \
    X(EXPIRED, "L'invitation a expiré. Demandez-en une nouvelle.",                                 \
      "The invitation has expired. Ask for a new one.")                                            \
    X(USED, "L'invitation a déjà servi. Demandez-en une nouvelle.",                                \
      "The invitation was used already. Ask for a new one.")                                       \
    X(SEALS, "Les clés envoyées ne correspondent pas aux membres ; synchronisez à nouveau.",       \
      "The keys sent do not match the members; sync again.")                                       \
    X(ORPHAN, "L'espace resterait sans administrateur : refusé.",                                  \
      "The space would be left without an administrator: refused.")                                \
    X(DENIED, "Cet appareil n'a pas ce droit. Demandez à un administrateur de l'espace.",          \
      "This device does not have that right. Ask an administrator of the space.")                  \
    X(UNKNOWN_DEVICE, "Le serveur ne connaît pas cet appareil. A-t-il été invité et approuvé ?",   \
      "The server does not know this device. Was it invited and approved?")                        \
    X(REVOKED, "Cet appareil a été retiré de l'espace. Ce qui n'est pas parti reste ici.",         \
      "This device was removed from the space. What has not left stays here.")                     \
    X(WRONG_SERVER,                                                                                \
      "Ce n'est pas le serveur que désigne le lien ou que connaît l'appareil. Rien "             \
      "n'a été envoyé.",                                                                           \
      "This is not the server that the link names or that the device knows. Nothing was sent.")    \
    X(NO_KEY, "La clé de ce dossier n'est pas encore arrivée. Synchronisez.",                      \
      "The key of this file has not arrived yet. Sync.")                                           \
    X(PASSPHRASE,                                                                                  \
      "La phrase de passe ne convient pas (ou le fichier de clés a été modifié). Rien "        \
      "n'a changé.",                                                                               \
      "The passphrase is wrong (or the key file was altered). Nothing was changed.")               \
    X(CORRUPT, "Des octets ont été modifiés : ils ne sont pas utilisés.",                          \
      "Some bytes were altered: they are not used.")                                               \
    X(SIGNATURE, "La signature ne correspond pas : la réponse est refusée. Rien n'est perdu.",     \
      "The signature does not verify: the answer is refused. Nothing is lost.")                    \
    X(ROOT,                                                                                        \
      "ALARME : les entrées ne produisent pas l'empreinte signée par le serveur. L'envoi est "   \
      "suspendu ; continuez à travailler et prévenez l'administrateur.",                           \
      "ALARM: the entries do not produce what the server signed. Sending is suspended; go on "     \
      "working and tell the administrator.")                                                       \
    X(FORK,                                                                                        \
      "ALARME : le serveur montre deux historiques différents. L'envoi est suspendu ; "           \
      "continuez à travailler et prévenez l'administrateur. Rien n'est perdu.",                    \
      "ALARM: the server shows two different histories. Sending is suspended; go on working and "  \
      "tell the administrator. Nothing is lost.")                                                  \
    X(ROLLBACK,                                                                                    \
      "ALARME : le serveur montre moins que ce qu'il a déjà signé. Continuez à travailler "    \
      "et prévenez l'administrateur. Rien n'est perdu.",                                           \
      "ALARM: the server shows less than it has already signed. Go on working and tell the "       \
      "administrator. Nothing is lost.")                                                           \
    X(COMMITMENT, "Une clé n'est pas celle que l'historique annonce : elle n'est pas utilisée.",   \
      "A key is not the one that the history promises: it is not used.")                           \
    X(WITHHELD, "ALARME : le serveur retient quelque chose que l'historique annonce.",             \
      "ALARM: the server withholds something that the history names.")                             \
    X(ERASED, "Ce dossier a été effacé à la demande ; sa clé est détruite.",                       \
      "This file was erased on request; its key is destroyed.")                                    \
    X(MEMORY, "Il n'y a pas assez de mémoire. Rien n'a changé.",                                   \
      "There is not enough memory. Nothing was changed.")                                          \
    X(IO, "Le disque ou la base de l'appareil a échoué. Rien n'a été modifié à moitié.",           \
      "The disk or the device's database failed. Nothing was half written.")                       \
    X(INTERNAL, "C'est une erreur de ce programme ; signalez-la.",                                 \
      "This is a mistake of this program; please report it.")

const char *words_err(enum err err, const char *lang)
{
#define SENTENCE_ROW(name, fr, en) {ERR_##name, fr, en},
    static const struct {
        enum err err;
        const char *fr, *en;
    } table[] = {SENTENCES(SENTENCE_ROW)};
#undef SENTENCE_ROW
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].err == err)
            return english(lang) ? table[i].en : table[i].fr;
    return err_text(err);
}

const char *words_sentence(enum words_name name, const char *lang)
{
#define WORDS_ROW(key, fr, en) {fr, en},
    static const char *const table[][2] = {WORDS_TABLE(WORDS_ROW)};
#undef WORDS_ROW
    assert((unsigned)name < WORDS_N);
    return table[name][english(lang)];
}
