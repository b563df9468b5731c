/* SPDX-License-Identifier: Apache-2.0
 *
 * messages: everything the program says, in French and English, in one table. What happened, what to do, and that
 * nothing is lost. The library's own sentences are in client/words.h.
 */
#ifndef CLIENT_CLI_MESSAGES_H
#define CLIENT_CLI_MESSAGES_H

/* X(name, French, English); printf formats, the same arguments in both. */
#define MESSAGES(X)                                                                                     \
    X(USAGE_OF, "Usage : passerelle %s\n", "Usage: passerelle %s\n")                                    \
    X(USAGE_UNKNOWN, "passerelle : commande inconnue « %s ». « passerelle help » les liste.\n",         \
      "passerelle: unknown command \"%s\". \"passerelle help\" lists them.\n")                          \
    X(USAGE_OPTION, "passerelle : option inconnue « %s ».\n",                                           \
      "passerelle: unknown option \"%s\".\n")                                                           \
    X(USAGE_NO_VALUE, "passerelle : il manque la valeur de « %s ».\n",                                  \
      "passerelle: the value of \"%s\" is missing.\n")                                                  \
    X(USAGE_VALUE, "passerelle : « %s » ne prend pas de valeur.\n",                                     \
      "passerelle: \"%s\" takes no value.\n")                                                           \
    X(USAGE_MANY, "passerelle : trop d'arguments.\n", "passerelle: too many arguments.\n")              \
    X(USAGE_PAIR, "passerelle : « %s » n'a pas la forme champ=valeur.\n",                               \
      "passerelle: \"%s\" does not have the form field=value.\n")                                       \
    X(USAGE_BAD, "passerelle : « %s » ne convient pas pour %s.\n",                                      \
      "passerelle: \"%s\" does not fit %s.\n")                                                          \
    X(HELP_HEAD,                                                                                        \
      "passerelle : carnet de médiation vers l'emploi, chiffré et sans réseau.\n\n"                  \
      "Options de toutes les commandes :\n"                                                             \
      "  --home DOSSIER            dossier de l'appareil (PASSERELLE_HOME)\n"                           \
      "  --passphrase-file FICHIER phrase de passe (PASSERELLE_PASSPHRASE_FILE)\n"                      \
      "  --space NOM               l'espace, quand il y en a plusieurs\n"                               \
      "  --json                    un document JSON\n"                                                  \
      "  --lang fr|en              langue des messages\n"                                               \
      "  --now DATE                horloge (RFC 3339), pour les essais\n"                               \
      "  --socket CHEMIN           socket Unix du serveur (PASSERELLE_SOCKET)\n\n"                      \
      "Codes de sortie : 0 fait, 1 refusé, 2 usage, 3 réseau (rien n'est perdu), 4 alarme.\n\n"       \
      "Commandes :\n",                                                                                  \
      "passerelle: case book of employment mediators, encrypted, works with no network.\n\n"            \
      "Options of all commands:\n"                                                                      \
      "  --home DIR                the device's folder (PASSERELLE_HOME)\n"                             \
      "  --passphrase-file FILE    the passphrase (PASSERELLE_PASSPHRASE_FILE)\n"                       \
      "  --space NAME              the space, where there are several\n"                                \
      "  --json                    one JSON document\n"                                                 \
      "  --lang fr|en              language of messages\n"                                              \
      "  --now DATE                the clock (RFC 3339), for tests\n"                                   \
      "  --socket PATH             the server's Unix socket (PASSERELLE_SOCKET)\n\n"                    \
      "Exit codes: 0 done, 1 refused, 2 usage, 3 network (nothing lost), 4 alarm.\n\n"                  \
      "Commands:\n")                                                                                    \
    X(ERROR, "passerelle : %s\n", "passerelle: %s\n")                                                   \
    X(LINE, "ligne %zu : ", "line %zu: ")                                                               \
    X(LINE_QUOTE, "passerelle : guillemet ouvert ou trop de mots.\n",                                   \
      "passerelle: an open quote, or too many words.\n")                                                \
    X(LINE_NOT_HERE, "passerelle : « %s » ne se lance pas depuis un lot.\n",                            \
      "passerelle: \"%s\" cannot be run from a batch.\n")                                               \
    X(NO_DEVICE, "passerelle : pas d'appareil dans %s. « passerelle init » en crée un.\n",              \
      "passerelle: no device in %s. \"passerelle init\" makes one.\n")                                  \
    X(NO_HOME, "passerelle : où est l'appareil ? Donnez --home DOSSIER.\n",                             \
      "passerelle: where is the device? Give --home DIR.\n")                                            \
    X(IN_USE, "passerelle : un autre programme utilise cet appareil. Fermez-le et recommencez.\n",      \
      "passerelle: another program uses this device. Close it and repeat.\n")                           \
    X(REPAIRED,                                                                                         \
      "La base de l'appareil était abîmée : elle est gardée sous %s. Travail non envoyé repris : " \
      "%llu, "                                                                                          \
      "perdu : %llu ; entrées à retélécharger : %llu.\n",                                               \
      "The device's database was damaged: it is kept as %s. Unsent work taken over: %llu, lost: "       \
      "%llu; entries to fetch again: %llu.\n")                                                          \
    X(ASK_PASS, "Phrase de passe : ", "Passphrase: ")                                                   \
    X(ASK_PASS_NEW, "Nouvelle phrase de passe (quatre mots au hasard) : ",                              \
      "New passphrase (four random words): ")                                                           \
    X(ASK_PASS_AGAIN, "Encore une fois : ", "Once more: ")                                              \
    X(PASS_DIFFER, "passerelle : les deux saisies diffèrent. Rien n'a été créé.\n",                     \
      "passerelle: the two entries differ. Nothing was made.\n")                                        \
    X(PASS_NONE,                                                                                        \
      "passerelle : pas de phrase de passe. Donnez --passphrase-file FICHIER, ou lancez la "            \
      "commande "                                                                                       \
      "dans un terminal.\n",                                                                            \
      "passerelle: no passphrase. Give --passphrase-file FILE, or run this in a terminal.\n")           \
    X(DEVICE_LOCKED, "Cet appareil est verrouillé : donnez d'abord la phrase de passe.\n",              \
      "This device is locked: give the passphrase first.\n")                                            \
    X(PASS_SHORT,                                                                                       \
      "Attention : cette phrase de passe est courte. Quatre mots tirés au hasard résistent à un "    \
      "vol, "                                                                                           \
      "un mot non.\n",                                                                                  \
      "Warning: this passphrase is short. Four random words withstand a theft, one word does "          \
      "not.\n")                                                                                         \
    X(FILE_READ, "passerelle : impossible de lire %s : %s\n", "passerelle: cannot read %s: %s\n")       \
    X(FILE_WRITE, "passerelle : impossible d'écrire %s : %s\n",                                         \
      "passerelle: cannot write %s: %s\n")                                                              \
    X(FILE_BIG, "passerelle : %s est trop grand.\n", "passerelle: %s is too large.\n")                  \
    X(MADE, "Appareil créé : %s (%s) dans %s\n", "Device made: %s (%s) in %s\n")                        \
    X(MADE_ALREADY, "passerelle : il y a déjà un appareil dans %s. Rien n'a changé.\n",                 \
      "passerelle: there is a device in %s already. Nothing was changed.\n")                            \
    X(FOUNDED, "Espace « %s » créé (%s).\n", "Space \"%s\" founded (%s).\n")                            \
    X(FOUNDED_LATER,                                                                                    \
      "Espace « %s » créé ici (%s) ; le serveur l'apprendra à la prochaine synchronisation.\n",         \
      "Space \"%s\" founded here (%s); the server learns of it at the next sync.\n")                    \
    X(SUCCEEDS,                                                                                         \
      "L'espace continue dans un espace neuf. Ce que cet appareil contient y est repris ; chaque "      \
      "membre y est admis de lui-même à sa synchronisation, puis à la vôtre, avec ce qu'il est "    \
      "seul à avoir. L'ancien reste lisible. Imprimez une nouvelle feuille de secours.\n",              \
      "The space goes on in a new one. What this device holds is carried over; each member is "         \
      "admitted there by its own sync and then yours, with what it alone has. The old space "           \
      "stays "                                                                                          \
      "readable. Print a new recovery sheet.\n")                                                        \
    X(SPACE_CONTINUES, "  continue « %s », dont l'historique est rompu et qui reste lisible\n",         \
      "  continues \"%s\", whose history is broken and which stays readable\n")                         \
    X(NEEDS_LINK,                                                                                       \
      "passerelle : cet appareil ne connaît encore aucun serveur. Donnez --server LIEN (le lien "      \
      "du "                                                                                             \
      "fondateur).\n",                                                                                  \
      "passerelle: this device knows no server yet. Give --server LINK (the founder link).\n")          \
    X(BAD_LINK,                                                                                         \
      "passerelle : ce n'est pas un lien de serveur Passerelle (a-t-il été copié en entier ?), "     \
      "ou il mène en clair vers une autre machine.\n",                                                  \
      "passerelle: this is no link of a Passerelle server (was it copied whole?), or it leads "         \
      "unprotected to another machine.\n")                                                              \
    X(NOT_FOUNDER, "passerelle : ce lien n'est pas celui d'un fondateur. Rien n'a été créé.\n",         \
      "passerelle: this link is no founder link. Nothing was made.\n")                                  \
    X(JOIN_UNKNOWN,                                                                                     \
      "passerelle : le serveur ne connaît pas cette invitation : lien abîmé, ou retirée. "          \
      "Demandez-en une nouvelle.\n",                                                                    \
      "passerelle: the server does not know this invitation: a damaged link, or withdrawn. Ask "        \
      "for a new one.\n")                                                                               \
    X(INVITED,                                                                                          \
      "Lien d'invitation (%s), pour un seul appareil, jusqu'au %s :\n\n%s\n\n"                          \
      "Donnez-le en main propre ou par un canal sûr. Puis synchronisez.\n",                             \
      "Invite link (%s), for one device, until %s:\n\n%s\n\n"                                           \
      "Hand it over in person or by a safe channel. Then sync.\n")                                      \
    X(JOINED, "Demande envoyée. Quelqu'un de l'espace doit l'approuver ; code à comparer : %s\n",       \
      "Request sent. Somebody of the space has to approve it; code to compare: %s\n")                   \
    X(JOINED_LATER, "Demande prête ; elle partira à la prochaine synchronisation.\n",                   \
      "The request is ready; it leaves at the next sync.\n")                                            \
    X(APPROVED, "Approuvé : %s (%s), code %s. L'accès s'ouvre à la prochaine synchronisation.\n",       \
      "Approved: %s (%s), code %s. Access opens at the next sync.\n")                                   \
    X(TURNED_AWAY, "Refusé : %s (%s), code %s.\n", "Refused: %s (%s), code %s.\n")                      \
    X(USAGE_NOTHING, "passerelle : donnez une commande. « passerelle help » les liste.\n",              \
      "passerelle: give a command. \"passerelle help\" lists them.\n")                                  \
    X(APPROVE_WHO, "passerelle : donnez un appareil ou --all. En attente :\n",                          \
      "passerelle: give a device or --all. Waiting:\n")                                                 \
    X(NOBODY_WAITS, "Personne n'attend d'approbation.\n", "Nobody waits for approval.\n")               \
    X(WAITING_LINE, "  %s  %s (%s), code %s\n", "  %s  %s (%s), code %s\n")                             \
    X(REMOVED,                                                                                          \
      "%s quitte « %s » : noté, cela part à la prochaine synchronisation. Ce qui est arrivé "      \
      "avant "                                                                                          \
      "compte.\n",                                                                                      \
      "%s leaves \"%s\": noted, it goes out at the next sync. What arrived before counts.\n")           \
    X(REMOVED_LOST,                                                                                     \
      "%s, perdu, est retiré de « %s » : noté, synchronisez sans attendre. Ce qu'il enverrait "     \
      "désormais ne compte plus. « audit exposure » dit ce qu'il contenait.\n",                         \
      "%s, lost, is removed from \"%s\": noted, sync without delay. What it may send from now on "      \
      "counts no more. \"audit exposure\" tells what was on it.\n")                                     \
    X(ROTATES, "La clé est renouvelée dans le même envoi.\n",                                           \
      "The key is renewed in the same push.\n")                                                         \
    X(PROPOSED,                                                                                         \
      "%s, « %s » : proposé. Une autre personne qui administre ou garde l'espace doit confirmer "    \
      "dans "                                                                                           \
      "les 30 jours (« member proposals »).\n",                                                         \
      "%s, \"%s\": proposed. Another administrator or guardian has to confirm within 30 days "          \
      "(\"member proposals\").\n")                                                                      \
    X(ROLES_SET, "Nouveaux rôles de %s dans « %s » : noté, à la prochaine synchronisation.\n",          \
      "New roles of %s in \"%s\": noted, at the next sync.\n")                                          \
    X(PROPOSAL_LINE, "%.12s  %s : %s, %s, proposé par %s, jusqu'au %s\n",                               \
      "%.12s  %s: %s, %s, proposed by %s, until %s\n")                                                  \
    X(PROPOSAL_MINE, "    « member confirm %.12s » le confirme.\n",                                     \
      "    \"member confirm %.12s\" confirms it.\n")                                                    \
    X(CONFIRMED, "Confirmé : %s, %s. Prend effet à la prochaine synchronisation.\n",                    \
      "Confirmed: %s, %s. Takes effect at the next sync.\n")                                            \
    X(EXPOSURE,                                                                                         \
      "%s, %s (%s)\n  Dernier envoi : %s ; reçu jusque-là : %lld entrées\n"                          \
      "  Dossiers lisibles : %lld, dont reçus à coup sûr : %lld, effacés depuis : %lld\n"           \
      "  Clé n° %lld, en usage depuis le %s, jusqu'au : %s\n",                                          \
      "%s, %s (%s)\n  Last sent: %s; received by then: %lld entries\n"                                  \
      "  Files it could read: %lld, received for certain: %lld, erased: %lld\n"                         \
      "  Key no. %lld, in use since %s, until: %s\n")                                                   \
    X(KEY_IN_USE, "elle sert encore", "it is still in use")                                             \
    X(EXPOSED_KIND, "  %s : %zu\n", "  %s: %zu\n")                                                      \
    X(ERASE_WHY,                                                                                        \
      "passerelle : donnez --reason : demande, durée, opposition, erreur, injonction ou autre.\n",      \
      "passerelle: give --reason: request, retention, objection, mistake, order or other.\n")           \
    X(ERASE_QUEUED,                                                                                     \
      "%s sera effacé à la prochaine synchronisation : sur le serveur aussitôt, sur chaque "         \
      "appareil "                                                                                       \
      "à la sienne. Rien ne le ramènera. « mentions » dit où la personne est nommée ailleurs.\n",       \
      "%s is erased at the next sync: on the server at once, on each device at its own. Nothing "       \
      "brings it back. \"mentions\" tells where else the person is named.\n")                           \
    X(DISCARDED, "%zu élément(s) refusé(s) supprimé(s) d'ici.\n",                                       \
      "%zu refused item(s) deleted from here.\n")                                                       \
    X(LATE, "Votre travail sur le dossier %s n'a pas été gardé : %s l'a effacé le %s (%s).\n",          \
      "Your work on the file %s was not kept: %s erased it on %s (%s).\n")                              \
    X(YOU_ARE_OUT,                                                                                      \
      "passerelle : cet appareil a été retiré de l'espace « %s ». Ses clés et ce qu'il en avait " \
      "sont "                                                                                           \
      "détruits. Travail non envoyé : %lld changement(s) remis, scellés, à la coordination ; "      \
      "%lld restent à remettre.\n",                                                                     \
      "passerelle: this device was removed from the space \"%s\". Its keys and what it had of it "      \
      "are "                                                                                            \
      "destroyed. Unsent work: %lld change(s) handed over, sealed, to the coordinators; %lld "          \
      "still "                                                                                          \
      "to hand over.\n")                                                                                \
    X(DEVICE_GONE,                                                                                      \
      "Cet appareil n'est plus dans aucun espace : il n'y reste rien. « passerelle init » en "        \
      "crée "                                                                                          \
      "un nouveau.\n",                                                                                  \
      "This device is in no space any more: nothing is left on it. \"passerelle init\" makes a "        \
      "new "                                                                                            \
      "one.\n")                                                                                         \
    X(DEVICE_REMOVED,                                                                                   \
      "passerelle : l'appareil de %s a été retiré, son contenu détruit. « passerelle init » en "  \
      "crée "                                                                                          \
      "un nouveau.\n",                                                                                  \
      "passerelle: the device in %s was removed, its content destroyed. \"passerelle init\" "           \
      "makes a "                                                                                        \
      "new one.\n")                                                                                     \
    X(PARCEL_LINE, "%s, « %s » : %lld changement(s) attendent une décision (« adopt »).\n",             \
      "%s, \"%s\": %lld change(s) wait for a decision (\"adopt\").\n")                                  \
    X(PARCEL_CLOSED, "%s, « %s » : travail scellé pour d'autres que cet appareil.\n",                   \
      "%s, \"%s\": work that was sealed to others than this device.\n")                                 \
    X(PARCEL_QUEUED, "%s, « %s » : décidé, à la prochaine synchronisation.\n",                          \
      "%s, \"%s\": decided, at the next sync.\n")                                                       \
    X(ADOPTED,                                                                                          \
      "%s, « %s » : %lld changement(s) repris, sous le nom de leur auteur ; ils partent à la "       \
      "prochaine synchronisation.\n",                                                                   \
      "%s, \"%s\": %lld change(s) taken over, under their author's name; they leave at the next "       \
      "sync.\n")                                                                                        \
    X(DROPPED, "%s, « %s » : travail écarté ; l'historique dira par qui.\n",                            \
      "%s, \"%s\": work set aside; the history will say by whom.\n")                                    \
    X(HANDED_OVER,                                                                                      \
      "%zu changement(s) scellés pour la coordination ; ils partent à la prochaine "                  \
      "synchronisation et restent ici jusqu'au reçu signé.\n",                                          \
      "%zu change(s) sealed for the coordinators; they leave at the next sync, and stay here "          \
      "until "                                                                                          \
      "the signed receipt.\n")                                                                          \
    X(SHEET_TITLE, "Feuille de secours Passerelle", "Passerelle recovery sheet")                        \
    X(SHEET_NOTE, "À garder sous clé, loin des appareils. Qui la tient peut tout lire.",                \
      "Keep it locked away, far from the devices. Who holds it can read everything.")                   \
    X(SHEET_CODE, "Code", "Code")                                                                       \
    X(SHEET_SERVER, "Serveur", "Server")                                                                \
    X(SHEET_SPACES, "Espaces", "Spaces")                                                                \
    X(SHEET_HOW, "Si tout est perdu", "When everything is lost")                                        \
    X(SHEET_STEPS,                                                                                      \
      "1. Sur un nouveau téléphone : ouvrir la page, « Feuille de secours », scanner le QR "        \
      "code.\n"                                                                                         \
      "   Sur un ordinateur : passerelle init, puis passerelle recover LIEN (le QR code), ou : "        \
      "passerelle recover CODE --server URL --spaces CODE,...\n2. Retirer les appareils perdus : "      \
      "--lost NOM,...\n3. Faire une nouvelle feuille et retirer celle-ci.",                             \
      "1. On a new phone: open the page, \"Recovery sheet\", scan the QR code.\n"                       \
      "   On a computer: passerelle init, then passerelle recover LINK (the QR code), or: "             \
      "passerelle recover CODE --server URL --spaces CODE,...\n2. Remove the lost devices: "            \
      "--lost NAME,...\n3. Make a new sheet and remove this one.")                                      \
    X(SHEET,                                                                                            \
      "Feuille de secours. Écrivez ou imprimez-la, gardez-la sous clé ; elle ne sera plus "           \
      "montrée.\n\n  Code    : %s\n  Serveur : %s\n",                                                   \
      "Recovery sheet. Write it down or print it, lock it away; it is not shown again.\n\n"             \
      "  Code  : %s\n  Server: %s\n")                                                                   \
    X(SHEET_SPACE, "  Espace  : %s  %s\n", "  Space : %s  %s\n")                                        \
    X(SHEET_LINK, "\n%s\n\n", "\n%s\n\n")                                                               \
    X(SHEET_QUEUED, "Elle vaut à partir de la prochaine synchronisation.\n",                            \
      "It is valid from the next sync on.\n")                                                           \
    X(SHEET_PROPOSED,                                                                                   \
      "Elle vaudra quand une autre personne l'aura confirmée (« member proposals »).\n",                \
      "It becomes valid when another person has confirmed it (\"member proposals\").\n")                \
    X(TWIN,                                                                                             \
      "Une autre copie de cet appareil écrit aussi (une sauvegarde remise en place ?). Rien "          \
      "n'est "                                                                                          \
      "perdu ; « renew » lui donne une identité nouvelle.\n",                                           \
      "Another copy of this device writes too (a backup that was put back?). Nothing is lost; "         \
      "\"renew\" gives it a new identity.\n")                                                           \
    X(RENEWED,                                                                                          \
      "Nouvelle identité : %s. Demandez une invitation pour chacun des %zu espace(s), puis « "        \
      "join » ; "                                                                                      \
      "%zu changement(s) attendent ici. L'ancienne identité est à retirer (« revoke »).\n",             \
      "New identity: %s. Ask for an invitation to each of the %zu space(s), then \"join\"; %zu "        \
      "change(s) wait here. The old identity has to be removed (\"revoke\").\n")                        \
    X(RECOVER_HOW,                                                                                      \
      "passerelle : avec un code, donnez aussi --server URL et --spaces CODE,... (sur la "              \
      "feuille).\n",                                                                                    \
      "passerelle: with a code, give --server URL and --spaces CODE,... too (on the sheet).\n")         \
    X(RECOVERED,                                                                                        \
      "Cet appareil est admis dans %zu espace(s) ; %zu appareil(s) perdu(s) retiré(s). "               \
      "Faites une nouvelle feuille, puis retirez l'ancienne.\n",                                        \
      "This device is admitted to %zu space(s); %zu lost device(s) removed. Make a new sheet, "         \
      "then "                                                                                           \
      "remove the old one.\n")                                                                          \
    X(SPACE_ONE,                                                                                        \
      "  Cet espace ne tient qu'à un seul appareil, celui qui l'administre : « recovery-sheet », "   \
      "sur "                                                                                            \
      "lui, le met à l'abri.\n",                                                                        \
      "  This space hangs on a single device, the one that administers it: \"recovery-sheet\" "         \
      "there "                                                                                          \
      "makes it safe.\n")                                                                               \
    X(RED, "\033[31m", "\033[31m")                                                                      \
    X(PLAIN, "\033[0m", "\033[0m")                                                                      \
    X(UNDONE, "Annulé : %zu changement(s).\n", "Undone: %zu change(s).\n")                              \
    X(MISTAKEN, "%s est marqué « saisie par erreur ».\n", "%s is marked as an error.\n")                \
    X(UNMISTAKEN, "%s n'est plus marqué « saisie par erreur ».\n",                                      \
      "%s is no longer marked as an error.\n")                                                          \
    X(WRITTEN_OF, "%s  %s · %s\n", "%s  %s · %s\n")                                                     \
    X(WRITTEN, "%s  %s\n", "%s  %s\n")                                                                  \
    X(NOTHING, "Rien.\n", "Nothing.\n")                                                                 \
    X(NO_CONFLICTS, "Aucune valeur à trancher.\n", "No value to choose.\n")                             \
    X(SPACE_LINE, "%s : %s, %s, %s%s, %s\n", "%s: %s, %s, %s%s, %s\n")                                  \
    X(SPACE_UNNAMED, "(espace à découvrir)", "(space not known yet)")                                   \
    X(UP_TO_DATE, "à jour au ", "up to date at ")                                                       \
    X(NEVER, "jamais synchronisé", "never synced")                                                      \
    X(ALL_SENT, "tout est envoyé", "all sent")                                                          \
    X(UNSENT, "%lld changement(s) à envoyer depuis %s", "%lld change(s) to send since %s")              \
    X(SPACE_TRIAL, "  À l'essai : cet espace ne tient qu'à %lld appareil(s) d'administration.\n",       \
      "  On trial: this space hangs on %lld device(s) that administer it.\n")                           \
    X(SPACE_ROTATION, "  Le renouvellement de la clé attend un administrateur.\n",                      \
      "  The new key waits for an administrator.\n")                                                    \
    X(SPACE_ALARM_AT, "  Première entrée en cause : %lld\n", "  First entry concerned: %lld\n")         \
    X(SPACE_ALARM, "  %s\n", "  %s\n")                                                                  \
    X(SPACE_REFUSED, "  Dernier refus : %s\n", "  Last refusal: %s\n")                                  \
    X(SPACE_INVALID, "  %lld entrée(s) non valables, ignorées.\n",                                      \
      "  %lld entries not valid, ignored.\n")                                                           \
    X(NO_SPACES, "Cet appareil n'est dans aucun espace.\n", "This device is in no space.\n")            \
    X(WAITS, "%zu appareil(s) en attente d'approbation : « approve ».\n",                               \
      "%zu device(s) waiting for approval: \"approve\".\n")                                             \
    X(CONFLICTS_OPEN, "%zu valeur(s) à trancher : « conflicts ».\n",                                    \
      "%zu value(s) to choose: \"conflicts\".\n")                                                       \
    X(KEYLESS, "%lld changement(s) dont la clé n'est pas encore arrivée.\n",                            \
      "%lld change(s) whose key has not arrived yet.\n")                                                \
    X(ERASE_FOREIGN,                                                                                    \
      "Alerte : %s a effacé le dossier %s (%s) en y comptant %lld contenu(s) d'autres dossiers. "      \
      "Ces contenus restent lisibles sur les appareils qui les ont ; prévenez "                        \
      "l'administrateur.\n",                                                                            \
      "Alarm: %s erased file %s (%s) and listed %lld piece(s) of other files with it. They stay "       \
      "readable on the devices that have them; tell the administrator.\n")                              \
    X(PACK_UNREAD,                                                                                      \
      "Le référentiel %u, publié par un programme plus récent, n'est pas lisible ici : le numéro " \
      "%u "                                                                                             \
      "reste en vigueur. Rien n'est perdu ; mettez le programme à jour.\n",                             \
      "Pack %u, published by a newer program, cannot be read here: number %u stays in force. "          \
      "Nothing "                                                                                        \
      "is lost; update the program.\n")                                                                 \
    X(SYNCED, "Synchronisé : %llu envoyé(s), %llu reçu(s), %u requête(s).\n",                           \
      "Synced: %llu sent, %llu received, %u request(s).\n")                                             \
    X(SYNC_REFUSED, "%llu élément(s) refusé(s) par le serveur ; gardés ici.\n",                         \
      "%llu item(s) refused by the server; kept here.\n")                                               \
    X(SYNC_NO_SERVER, "Rien à synchroniser : aucun espace.\n", "Nothing to sync: no space.\n")          \
    X(NET_FAILED, "passerelle : %s (%s)\n", "passerelle: %s (%s)\n")                                    \
    X(NET_STRANGER, "passerelle : il n'y a pas de serveur Passerelle à l'adresse %s (%s).\n",           \
      "passerelle: there is no Passerelle server at %s (%s).\n")                                        \
    X(VERIFIED, "%s : %llu entrées vérifiées, l'historique est intact.\n",                              \
      "%s: %llu entries verified, the history is intact.\n")                                            \
    X(VERIFY_FAILED, "passerelle : ALARME : %s : %s\n", "passerelle: ALARM: %s: %s\n")                  \
    X(VERIFY_FAILED_AT, "passerelle : ALARME : %s, entrée %llu : %s\n",                                 \
      "passerelle: ALARM: %s, entry %llu: %s\n")                                                        \
    X(COMPARED, "Le point de contrôle est cohérent avec l'historique de cet appareil.\n",               \
      "The checkpoint is consistent with this device's history.\n")                                     \
    X(COMPARE_LATER,                                                                                    \
      "passerelle : ce point de contrôle est plus long que l'historique reçu ici. Synchronisez, "     \
      "puis "                                                                                           \
      "recommencez.\n",                                                                                 \
      "passerelle: this checkpoint is longer than what has arrived here. Sync, then repeat.\n")         \
    X(GRANT_ASKED,                                                                                      \
      "Demande notée, visible de tous à la prochaine synchronisation. Une autre personne (admin "     \
      "ou "                                                                                             \
      "coordination) doit la confirmer : « member proposals ».\n",                                      \
      "The request is noted; everybody sees it from the next sync on. Somebody else (admin or "         \
      "steward) has to confirm it: \"member proposals\".\n")                                            \
    X(GRANT_CLOSED, "Fin de l'autorisation notée ; elle part à la prochaine synchronisation.\n",        \
      "The end of the grant is noted; it leaves at the next sync.\n")                                   \
    X(SERVER_KEY_NONE, "Le serveur ne propose pas de nouvelles clés.\n",                                \
      "The server offers no new keys.\n")                                                               \
    X(SERVER_KEY_OTHER,                                                                                 \
      "passerelle : le serveur propose d'autres clés que « %s ». Relisez le code avec son "          \
      "exploitant ; "                                                                                   \
      "s'il est juste, n'acceptez rien et prévenez-le.\n",                                              \
      "passerelle: the server offers other keys than \"%s\". Read the code again with its "             \
      "operator; if "                                                                                   \
      "it is right, accept nothing and tell them.\n")                                                   \
    X(SERVER_KEY_TAKEN,                                                                                 \
      "Nouvelles clés du serveur notées (%zu espaces) ; chaque appareil les vérifie à sa "          \
      "prochaine "                                                                                      \
      "synchronisation. Synchronisez maintenant.\n",                                                    \
      "The server's new keys are noted (%zu spaces); each device verifies them at its next sync. "      \
      "Sync "                                                                                           \
      "now.\n")                                                                                         \
    X(SERVER_KEY_OFFERED,                                                                               \
      "   le serveur propose de nouvelles clés (code %s) : comparez le code avec son exploitant, "     \
      "au "                                                                                             \
      "téléphone, puis « passerelle server-key --accept CODE »\n",                                      \
      "   the server offers new keys (code %s): compare the code with its operator, by "                \
      "telephone, then "                                                                                \
      "\"passerelle server-key --accept CODE\"\n")                                                      \
    X(WITNESS_SET, "Témoins notés ; la liste part à la prochaine synchronisation.\n",                   \
      "The witnesses are noted; the list leaves at the next sync.\n")                                   \
    X(WITNESS_AMBER,                                                                                    \
      "passerelle : « %s » : aucun témoin n'a confirmé l'historique du serveur depuis 7 jours. "    \
      "Dites-le à l'administrateur ; le travail continue.\n",                                           \
      "passerelle: \"%s\": for 7 days no witness has confirmed the server's history. Tell the "         \
      "administrator; work goes on.\n")                                                                 \
    X(WITNESS_RED,                                                                                      \
      "passerelle : « %s » : ALERTE : aucun témoin n'a confirmé l'historique du serveur depuis "    \
      "30 "                                                                                             \
      "jours. Comparez avec l'appareil d'un collègue (audit checkpoint) ; le travail continue.\n",      \
      "passerelle: \"%s\": ALERT: for 30 days no witness has confirmed the server's history. "          \
      "Compare "                                                                                        \
      "with a colleague's device (audit checkpoint); work goes on.\n")                                  \
    X(REPORT_GOOD, "Rapport intact, signé par %s, espace « %s ».\n",                                    \
      "The report is intact, signed by %s, space \"%s\".\n")                                            \
    X(SAVED, "Écrit : %s\n", "Written: %s\n")                                                           \
    X(SAVED_WARN, "Ce fichier n'est pas chiffré : ne le laissez pas traîner.\n",                        \
      "This file is not encrypted: do not leave it lying about.\n")                                     \
    X(PACK_GOOD, "%s : référentiel valable, version %u.\n", "%s: valid pack, version %u.\n")            \
    X(PACK_BAD, "passerelle : %s : %s\n", "passerelle: %s: %s\n")                                       \
    X(PACK_SET, "Référentiel publié dans « %s » ; il part à la prochaine synchronisation.\n",           \
      "Pack published to \"%s\"; it leaves at the next sync.\n")                                        \
    X(AFTER_TRANSFER, "  Arrivé après transfert, de l'équipe d'avant.\n",                               \
      "  Arrived after the transfer, from the team before.\n")                                          \
    X(TRANSFERRED,                                                                                      \
      "%zu dossier(s) en route vers « %s » : la copie part à la prochaine synchronisation, puis "    \
      "le "                                                                                             \
      "départ est inscrit ici. %zu fiche(s) restreinte(s) suivent.\n",                                  \
      "%zu file(s) on their way to \"%s\": the copy leaves at the next sync, then the departure "       \
      "is "                                                                                             \
      "written here. %zu restricted sheet(s) follow.\n")                                                \
    X(ATTACHED, "Joint : %s. Il part à la prochaine synchronisation.\n",                                \
      "Attached: %s. It leaves at the next sync.\n")                                                    \
    X(BUNDLE_OUT,                                                                                       \
      "Écrit : %s (%llu entrée(s) d'historique, %llu envoi(s) en attente). Chiffré : n'importe "     \
      "qui peut le porter. Rien n'est retiré d'ici avant que le serveur l'ait confirmé.\n",             \
      "Written: %s (%llu entries of history, %llu pieces of unsent work). Encrypted: anybody may "      \
      "carry it. Nothing goes from here before the server has confirmed it.\n")                         \
    X(BUNDLE_IN,                                                                                        \
      "Reçu : %llu entrée(s) d'historique ; %llu envoi(s) d'autrui gardés pour le serveur ; "        \
      "%llu déjà connu(s).\n",                                                                          \
      "Taken: %llu entries of history; %llu pieces of others' work kept for the server; %llu "          \
      "known "                                                                                          \
      "already.\n")                                                                                     \
    X(BUNDLE_LATER,                                                                                     \
      "Un historique commence plus loin que ce que cet appareil a reçu : il est gardé et sera lu "    \
      "avec le fichier manquant, ou à la prochaine synchronisation.\n",                                 \
      "One history begins beyond what this device has: it is kept, and read with the missing "          \
      "file or "                                                                                        \
      "at the next sync.\n")                                                                            \
    X(BUNDLE_REFUSED,                                                                                   \
      "passerelle : %llu élément(s) altérés en route ou mal signés : laissés de côté.\n",               \
      "passerelle: %llu item(s) altered on the way or wrongly signed: left out.\n")                     \
    X(BUNDLE_FOREIGN,                                                                                   \
      "passerelle : %llu élément(s) pour un serveur que cet appareil ne connaît pas : donnez le "    \
      "fichier à quelqu'un de ce serveur.\n",                                                           \
      "passerelle: %llu item(s) for a server that this device does not know: give the file to "         \
      "somebody of that server.\n")                                                                     \
    X(RELAYED, "%llu envoi(s) d'autrui remis au serveur.\n",                                            \
      "%llu piece(s) of others' work handed to the server.\n")                                          \
    X(RELAY_REFUSED,                                                                                    \
      "%llu envoi(s) d'autrui refusés par le serveur : leur auteur les a encore, et les "              \
      "renverra lui-même.\n",                                                                           \
      "%llu piece(s) of others' work refused by the server: their author still has them, and "          \
      "will "                                                                                           \
      "send them again.\n")                                                                             \
    X(RETRIED, "%zu élément(s) refusé(s) repartiront.\n",                                               \
      "%zu refused item(s) will be sent again.\n")                                                      \
    X(PENDING, "en attente d'envoi", "to be sent")                                                      \
    X(REPLACED, "remplacé", "replaced")                                                                 \
    X(LATE_CLOCK, "horloge douteuse", "clock in doubt")                                                 \
    X(YES, "oui", "yes")                                                                                \
    X(NO, "non", "no")                                                                                  \
    X(SEVERAL_VALUES, "  Plusieurs valeurs :", "  Several values:")                                     \
    X(RECORDS, "  Fiches :", "  Records:")                                                              \
    X(LOCKED, "  Lecture seule : écrit par une version plus récente.\n",                                \
      "  Read-only: written by a newer version.\n")

#define MESSAGE_ROW(name, fr, en) MSG_##name,
enum message { MESSAGES(MESSAGE_ROW) MSG_N };
#undef MESSAGE_ROW

/** The format of a message in `lang` ("fr" or "en"). */
const char *message_text(enum message message, const char *lang);

#endif
