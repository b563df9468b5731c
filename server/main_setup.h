/* SPDX-License-Identifier: Apache-2.0
 *
 * main_setup: what the parts of `passerelled setup` share. Its sentences stand in French and English; the locale
 * chooses, French if it does not say English.
 */
#ifndef SERVER_MAIN_SETUP_H
#define SERVER_MAIN_SETUP_H

#include <stdio.h>

#include "server/conf.h"
#include "server/main_command.h"

/* X(ID, French, English) */
#define SETUP_WORDS(X)                                                                                  \
    X(HEAD, "Cinq questions. Entrée seule : la réponse proposée entre crochets.\n",                     \
      "Five questions. Enter alone takes the answer in brackets.\n")                                    \
    X(ASK_URL, "1. L'adresse que les appareils utiliseront (https://sync.exemple.org)",                 \
      "1. The address that devices will use (https://sync.example.org)")                                \
    X(ASK_DATA, "2. Le dossier des données", "2. The folder for the data")                              \
    X(ASK_LISTEN, "3. Où écouter, derrière le mandataire TLS",                                          \
      "3. Where to listen, behind the TLS proxy")                                                       \
    X(ASK_BACKUP, "4. Le dossier des sauvegardes", "4. The folder for backups")                         \
    X(ASK_RECIPIENT,                                                                                    \
      "5. La clé publique age des sauvegardes (age1..., « new » : en créer une, « none » : plus " \
      "tard)",                                                                                          \
      "5. The age public key of backups (age1..., \"new\": make one, \"none\": later)")                 \
    X(NO_ANSWER, "il faut une réponse", "an answer is needed")                                          \
    X(BAD_URL, "l'adresse ressemble à https://sync.exemple.org (http seulement pour 127.0.0.1)",        \
      "the address looks like https://sync.example.org (http for 127.0.0.1 only)")                      \
    X(BAD_RECIPIENT, "une clé publique age commence par age1 (age-keygen en crée une)",                 \
      "an age public key begins with age1 (age-keygen makes one)")                                      \
    X(BAD_PATH, "le chemin doit commencer par /", "the path must begin with /")                         \
    X(NO_AGE,                                                                                           \
      "age n'est pas installé (apt-get install age) : répondez « none » et recommencez cette "      \
      "étape plus tard",                                                                                \
      "age is not installed (apt-get install age): answer \"none\" and do this later")                  \
    X(DONE_ALREADY,                                                                                     \
      "%s existe déjà : rien n'a été changé. Pour essayer : passerelled setup --test ; pour un "   \
      "autre"                                                                                           \
      " lien : passerelled founder-link --data DOSSIER",                                                \
      "%s is there already: nothing was changed. To test: passerelled setup --test; for another"        \
      " link: passerelled founder-link --data DIR")                                                     \
    X(CANNOT_WRITE, "%s ne peut pas être écrit : lancez-le en root, ou avec --config",                  \
      "%s cannot be written: run it as root, or with --config")                                         \
    X(WRITTEN, "Écrit : %s\n", "Written: %s\n")                                                         \
    X(TEST_HERE, "Essai : le serveur démarre et répond sur %s.\n",                                      \
      "Test: the server starts and answers on %s.\n")                                                   \
    X(TEST_OUT, "Essai : %s répond, avec les clés de ce serveur.\n",                                    \
      "Test: %s answers, with the keys of this server.\n")                                              \
    X(TEST_HERE_BAD,                                                                                    \
      "Essai : le serveur ne répond pas sur %s. Voyez : journalctl -u passerelled\n",                   \
      "Test: the server does not answer on %s. See: journalctl -u passerelled\n")                       \
    X(TEST_OUT_BAD,                                                                                     \
      "Essai : rien ne répond encore à %s. Il reste à placer le mandataire TLS devant :\n"           \
      "  cp %s /etc/caddy/Caddyfile && systemctl reload caddy\n"                                        \
      "(le nom doit mener à cette machine, ports 80 et 443 ouverts), puis :\n"                         \
      "  passerelled setup --test --config %s\n",                                                       \
      "Test: nothing answers at %s yet. What is left is the TLS proxy in front:\n"                      \
      "  cp %s /etc/caddy/Caddyfile && systemctl reload caddy\n"                                        \
      "(the name must lead to this machine, ports 80 and 443 open), then:\n"                            \
      "  passerelled setup --test --config %s\n")                                                       \
    X(TEST_OTHER, "Essai : à %s répond un autre serveur que celui-ci.\n",                               \
      "Test: at %s another server answers than this one.\n")                                            \
    X(NO_CURL, "Essai : curl n'est pas installé (apt-get install curl), rien n'a été essayé.\n",        \
      "Test: curl is not installed (apt-get install curl), nothing was tested.\n")                      \
    X(BACKUPS_ON, "Sauvegardes : chaque nuit, vers %s.\n", "Backups: every night, into %s.\n")          \
    X(BACKUPS_BAD,                                                                                      \
      "Les sauvegardes ne sont pas en route : systemctl enable --now passerelle-backup.timer\n",        \
      "Backups are not on: systemctl enable --now passerelle-backup.timer\n")                           \
    X(START, "Pour le lancer : passerelled serve --config %s\n",                                        \
      "To start it: passerelled serve --config %s\n")                                                   \
    X(LINK,                                                                                             \
      "\nLe lien du fondateur. Il sert une seule fois, pour le premier espace :\n\n  %s\n\n",           \
      "\nThe founder link. It works once, for the first space:\n\n  %s\n\n")                            \
    X(IDENTITY,                                                                                         \
      "La clé secrète des sauvegardes. Elle n'est écrite nulle part ici ; sans elle aucune"          \
      " sauvegarde ne s'ouvre :\n\n  %s\n\n",                                                           \
      "The secret key of the backups. It is not written anywhere here; without it no backup"            \
      " opens:\n\n  %s\n\n")                                                                            \
    X(LOCK_AWAY,                                                                                        \
      "À mettre sous clé, hors de cette machine :\n"                                                  \
      "  - une copie de %s/server.key (sans elle les appareils ne reconnaissent plus le serveur "       \
      ";\n"                                                                                             \
      "    qui l'a peut parler en son nom)\n"                                                           \
      "  - la clé secrète des sauvegardes, imprimée, en deux endroits\n"                             \
      "  - la feuille de secours que l'administrateur du premier espace imprimera\n"                    \
      "    (passerelle recovery-sheet)\n"                                                               \
      "À détruire une fois servi : le lien du fondateur.\n",                                            \
      "To lock away, off this machine:\n"                                                               \
      "  - a copy of %s/server.key (without it the devices no longer know the server; whoever "         \
      "has\n"                                                                                           \
      "    it can speak in its name)\n"                                                                 \
      "  - the secret key of the backups, printed, in two places\n"                                     \
      "  - the recovery sheet that the first space's administrator will print\n"                        \
      "    (passerelle recovery-sheet)\n"                                                               \
      "To destroy once used: the founder link.\n")

#define SETUP_WORD_ID(id, fr, en) SETUP_##id,
enum setup_word { SETUP_WORDS(SETUP_WORD_ID) SETUP_WORD_N };
#undef SETUP_WORD_ID

/** The sentence in the language of the locale; static. */
const char *setup_word(enum setup_word word);

enum setup_reach { SETUP_REACHED, SETUP_SILENT, SETUP_STRANGER, SETUP_UNTRIED };

/** Asks GET /v1/server of `where` (an URL, or the value of `listen`) with curl, for `wait_s` seconds at most, and
 * compares the keys. */
enum setup_reach setup_probe(const char *where, const struct serverkey *key, unsigned wait_s);

/** Whether systemd runs here; turns on one of its units, from now on and at every start. */
bool setup_systemd(void);
enum err setup_enable(const char *unit);

/** A server that runs for the time of the test; zeroed, or from setup_start. */
struct setup_child {
    int pid;    /* 0: none */
    FILE *said; /* what it printed */
};

/** Starts the server that `config` describes. Give it to setup_stop, which with `tell` repeats what it printed. */
enum err setup_start(const char *config, struct setup_child *child);
void setup_stop(struct setup_child *child, bool tell);

/** Runs a program and takes what it prints, at most `max` - 1 bytes and a zero. ERR_NOT_FOUND: there is no such
 * program. ERR_DENIED: it ended with another code than 0. */
enum err setup_run(const char *const argv[], char *out, size_t max, size_t *len);

#endif
