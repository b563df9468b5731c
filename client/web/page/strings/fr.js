// SPDX-License-Identifier: Apache-2.0
//
// Les mots de la page, en français.
const s = (n) => (n > 1 ? "s" : "");
export default {
  // Mots communs
  "wait": "Un instant…", "back": "Retour", "close": "Fermer", "next": "Continuer", "ok": "D'accord", "save": "Enregistrer", "edit": "Modifier",
  "yes": "oui", "no": "non", "undo": "Annuler", "undone": "C'est annulé.", "failed": "Cela n'a pas marché. Rien n'a été changé.", "call": "Appeler",
  "hide": "Cacher et verrouiller", "hidden.back": "Toucher pour revenir", "search": "Rechercher", "history": "Historique", "cancel": "Renoncer",
  "search.hint": "Rechercher une personne, un lieu…", "search.count": (n) => `${n} résultat${s(n)}`, "search.results": "Résultats", "search.none": (text) => `Rien pour « ${text} » sur cet appareil.`,
  "day.today": "aujourd'hui", "day.yesterday": "hier", "day.tomorrow": "demain",
  "more.lines": (n) => `Afficher la suite (${n})`,
  "nav.label": "Menu principal", "nav.today": "Aujourd'hui", "nav.tour": "Tournée", "nav.people": "Personnes", "nav.companies": "Entreprises", "nav.more": "Plus",

  // Où en est cet appareil
  "state.alarm": "Alerte : l'historique du serveur n'est pas celui qu'il a signé", "state.alarmShort": "alerte", "state.nospace": "Cet appareil ne fait encore partie d'aucune équipe",
  "state.waiting": (n) => (n ? `En attente d'approbation – ${n} changement${s(n)} à envoyer ensuite` : "En attente d'approbation – vous pouvez déjà écrire"),
  "sync.sent": "Tout est envoyé", "sync.unsent": (n, since) => `${n} changement${s(n)} à envoyer${since ? ` depuis ${since}` : ""}`, "sync.running": "Envoi et réception…",
  "sync.progress": (done, total) => `Réception : ${done} sur ${total}, votre agenda d'abord`, "sync.refused": "Le serveur a refusé ; rien n'est perdu", "sync.failed": "Le serveur n'a pas pu être joint. Rien n'est perdu.",
  "sync.now": "Envoyer et recevoir maintenant", "sync.waiting": (n) => `${n} à envoyer`, "sync.ok": "à jour",
  "sync.rescue": "Secours", "sync.rescueText": "Ce qui attend peut être enregistré dans un fichier chiffré, que seul un appareil de l'équipe saura relire.", "sync.rescueSave": "Enregistrer ce qui attend", "sync.rescued": "Fichier chiffré enregistré.",
  "space.level": "Sorte d'espace", "space.checkpoint": "Dernier reçu signé", "space.never": "aucun encore", "space.since": "Attend depuis", "space.roles": "Vos droits ici", "space.server": "Serveur",
  "level.community": "communauté", "level.organisation": "organisation", "level.team": "équipe", "level.restricted": "restreint (référents et coordination)",
  "role.reader": "lire", "role.writer": "écrire", "role.steward": "effacer et publier", "role.admin": "admettre et retirer", "role.auditor": "vérifier l'historique", "role.guardian": "retirer un appareil perdu",
  "refused.title": "Refusé par le serveur, gardé ici",
  "update.ready": "Une nouvelle version est prête.", "update.take": "L'installer maintenant", "update.short": "nouvelle version prête",
  "storage.no": "Ce navigateur ne promet pas de garder les données : installez la page et envoyez souvent.", "storage.yes": "Ce téléphone promet de garder les données de Passerelle.", "storage.ask": "Demander à nouveau",

  // Première ouverture
  "first.title": "Bonjour", "first.text": "Passerelle est votre carnet de médiation. Il marche sans réseau, et tout ce que vous écrivez est chiffré avant de quitter ce téléphone.",
  "first.protects": "Un téléphone éteint ou verrouillé ne livre rien : tout y est chiffré par vos quatre mots.",
  "first.not": "Un téléphone ouvert, prêté ou piégé montre ce que vous voyez. Cachez l'écran d'un geste, verrouillez souvent.",
  "first.lost": "Un téléphone perdu se signale tout de suite : l'équipe le retire et voit ce qu'il pouvait lire.",
  "first.start": "Commencer", "first.making": "Création des clés de cet appareil…",
  "install.why": "Installez d'abord la page sur l'écran d'accueil : ce qui est écrit dans un simple onglet peut être effacé par le navigateur.", "install.now": "Installer",
  "install.apple": "Touchez Partager, puis « Sur l'écran d'accueil », et ouvrez Passerelle de là.", "install.menu": "Menu du navigateur, puis « Installer l'application » ou « Ajouter à l'écran d'accueil ».",
  "name.title": "Qui êtes-vous ?", "name.label": "Nom de cet appareil pour vos collègues", "name.help": "Par exemple : Ana, téléphone",
  "words.title": "Vos quatre mots", "words.text": "Ils ouvrent ce téléphone. Personne d'autre ne les connaît, personne ne peut les retrouver.", "words.paper": "Notez-les sur papier, rangé ailleurs que le téléphone.",
  "words.noted": "Je les ai notés", "words.others": "D'autres mots", "words.check": "Vérifions un mot", "words.next": (n) => `Mot numéro ${n} (trois lettres suffisent)`, "words.none": "Ce mot n'est pas dans la liste.",
  "words.wrong": "Ce n'est pas ce mot-là. Regardez votre papier.", "words.seeagain": "Revoir les mots", "words.again": "Recommencer",
  "pin.title": "Un code pour rouvrir", "pin.text": "Pendant douze heures, six chiffres suffisent. Après, ou après cinq erreurs, il faudra les quatre mots.", "pin.label": "Code à six chiffres", "pin.short": "Six chiffres au moins.", "pin.without": "Sans code",
  "lock.title": "Passerelle est verrouillée", "lock.open": "Ouvrir", "lock.opening": "Ouverture…", "lock.words": "Ouvrir avec les quatre mots", "lock.wrong": "Ce n'est pas cela.", "lock.left": (n) => `Ce n'est pas ce code. Encore ${n} essai${s(n)}.`, "lock.gone": "Le code ne suffit plus : entrez vos quatre mots.",
  "elsewhere.title": "Déjà ouverte ailleurs", "elsewhere.text": "Passerelle est ouverte dans un autre onglet de ce téléphone.", "elsewhere.take": "Continuer ici",
  "unsupported.title": "Ce navigateur ne convient pas", "unsupported.text": "Il ne sait pas garder des données chiffrées sur ce téléphone (navigation privée ?). Essayez Chrome, Firefox ou Safari à jour, hors navigation privée.",
  "join.title": "Rejoindre une équipe", "join.way": "Comment commencer", "join.invited": "J'ai une invitation", "join.found": "Créer une organisation", "join.scan": "Scanner l'invitation", "join.link": "Ou coller le lien d'invitation", "join.go": "Demander à rejoindre",
  "join.later": "Plus tard", "join.sent": (name) => (name ? `Demande envoyée à « ${name} ».` : "Demande envoyée."), "join.compare": "La personne qui vous a invité·e doit voir le même code sur son écran avant de vous admettre.", "join.code": "Code à comparer",
  "join.write": "Vous pouvez écrire dès maintenant : votre travail partira après son accord.", "join.begin": "Commencer à écrire",
  "found.text": "Le serveur de l'organisation a donné un lien de fondation à qui l'a installé.", "found.org": "Nom de l'organisation", "found.team": "Nom de la première équipe", "found.server": "Lien de fondation", "found.help": "Il commence par l'adresse du serveur et contient #f1.", "found.go": "Créer", "found.making": (name) => `Création de « ${name} »…`, "found.restricted": (team) => `${team}, restreint`,
  "scan.title": "Viser le code", "scan.help": "L'image reste dans ce téléphone.", "scan.no": "La caméra n'est pas disponible. Collez plutôt le lien.",

  // Aujourd'hui
  "agenda.nothingToday": "Rien n'est prévu aujourd'hui.", "agenda.empty": "L'agenda se remplit tout seul : prises de poste, relances, rendez-vous.", "agenda.lateTitle": (n) => `En retard (${n})`, "agenda.late": (n) => `en retard de ${n} jour${s(n)}`,
  "agenda.proposal": "proposition", "agenda.done": "Fait", "agenda.allDone": "Tout est fait", "agenda.did": (what) => `Noté : ${what}, fait.`, "agenda.skip": "Sans objet", "agenda.skipped": "Noté : sans objet.", "agenda.postpone": "Reporter", "agenda.postponeTo": (day) => `Reporter à ${day}`, "agenda.postponed": (day) => `Reporté : ${day}.`,
  "agenda.more": (name) => `Plus de choix pour ${name}`, "agenda.otherDay": "Un autre jour", "agenda.withNote": "Fait, avec un mot", "agenda.open": "Ouvrir la fiche", "agenda.call": (name) => `Appeler ${name}`, "agenda.result": "Résultat de l'appel ?", "agenda.reached": "Parlé : c'est fait", "agenda.noAnswer": "Pas de réponse : demain", "agenda.nothing": "Ne rien noter",
  "agenda.alone": "Vous pouvez déjà écrire. Rien ne quitte ce téléphone tant que vous n'avez pas rejoint une équipe.",
  "target.salarie": "salarié·e", "target.employeur": "employeur", "target.tripartite": "à trois", "target.null": "", "target.personne": "personne", "target.undefined": "",
  "drafts.title": "Saisies commencées", "drafts.goOn": "Continuer là où vous en étiez",

  // Tournée
  "tour.which": "Quel site ?", "tour.people": (n) => `${n} personne${s(n)}`, "tour.last": (day) => `dernier contact : ${day}`, "tour.none": "Aucun site encore.", "tour.newSite": "Nouveau site", "tour.sheet": "Fiche du site", "tour.day": "Jour de la tournée", "tour.newPerson": "Nouvelle personne", "tour.here": "Personnes connues ici",
  "tour.seen": (day) => `vu·e : ${day}`, "tour.never": "pas encore de contact", "tour.nobody": "Personne n'est encore noté ici.", "tour.contactWith": "Noter un contact avec", "tour.open": (name) => `Fiche de ${name}`, "tour.subject": (day) => `Contact ${day}, au sujet de :`, "tour.family": (names) => `Aussi avec la famille : ${names}`, "tour.withNotes": "Avec des notes…", "tour.noted": (names, day) => `Contact noté : ${names}, ${day}.`,

  // Personnes, fiches
  "people.new": "Ajouter", "people.none": "Personne encore. Un prénom et un site suffisent.", "people.filter": "Filtrer par nom ou site", "people.count": (n) => `${n} personne${s(n)}`, "people.same": "Ce prénom existe déjà. Est-ce la même personne ?",
  "person.contact": "Contact", "person.face": "Face à face", "person.message": "Message", "person.inform": "Information sur les données : donnée ?", "person.informNow": "La donner maintenant",
  "fiche.none": "Fiche introuvable", "fiche.pending": "pas encore envoyé", "fiche.mistake": "saisie par erreur", "fiche.locked": "Ce dossier contient quelque chose que cette version ne connaît pas : on peut le lire, pas l'écrire. Mettez la page à jour.", "fiche.conflict": (n) => `${n} champ${s(n)} : plusieurs valeurs écrites en même temps`, "fiche.choose": "Choisir", "fiche.written": (when) => `Créée ${when}`, "fiche.state": "État",
  "fiche.stateSet": (word) => `État : ${word}.`, "fiche.take": "Oui", "fiche.suggested": "C'est fait.", "fiche.add": "Ajouter…", "fiche.actions": "Autres actions", "fiche.print": (title) => `Imprimer : ${title}`, "fiche.mark": "Saisie par erreur", "fiche.markHelp": "Quitte les listes et les comptes, reste dans l'historique", "fiche.unmark": "Ce n'était pas une erreur", "fiche.marked": "Marquée comme saisie par erreur.", "fiche.unmarked": "De nouveau dans les listes.", "fiche.erase": "Effacer le dossier", "fiche.eraseHelp": "Partout, pour toujours : demande de la personne ou fin du délai",
  "check.on": (item) => `Coché : ${item}`, "check.off": (item) => `Décoché : ${item}`,
  "form.none": "(vide)", "form.choose": "Choisir…", "form.nobody": "Rien de tel sur cet appareil.", "form.must": "nécessaire", "form.missing": "Il manque cette réponse.", "form.more": "Autres champs", "form.all": "Tous les champs", "form.lines": "Une ligne par élément", "form.restored": "Votre saisie a été retrouvée.", "form.drop": "Recommencer à zéro", "form.saved": (kind) => `${kind} : enregistré.`, "form.changed": "Modification enregistrée.", "form.editOf": (title) => `Modifier ${title}`,
  "history.unknown": "un appareil retiré", "history.made": "Fiche créée", "history.merged": "Fusionnée avec", "history.added": "ajouté", "history.removed": "retiré", "history.empty": "(vidé)", "history.replaced": "remplacée", "history.pending": "pas encore envoyé", "history.received": (when) => `reçu par le serveur ${when}`,

  // Entreprises, postes
  "company.view": "Affichage", "company.list": "Liste", "company.board": "Prospection", "company.jobs": "Postes", "company.none": "Aucune entreprise encore.", "company.import": "Reprendre un tableau", "company.filter": "Filtrer par nom, commune, secteur", "company.count": (n) => `${n} entreprise${s(n)}`, "company.last": (day) => `dernier échange : ${day}`, "company.never": "jamais contactée", "company.openJobs": (n) => `${n} poste${s(n)}`, "company.state": "État de la prospection", "company.nobody": "Aucune", "company.overdue": (day) => `à relancer depuis ${day}`, "company.move": (name) => `Changer l'état de ${name}`, "company.moveShort": "Déplacer", "company.noteShort": "Noter", "company.moved": (name, state) => `${name} : ${state}.`, "company.approach": "Prospection", "company.job": "Analyser un poste", "company.people": "Interlocuteurs",
  "job.match": "Qui cela intéresse ?", "job.propose": "Proposer",
  "jobs.title": "Postes et propositions", "jobs.open": "Postes", "jobs.offers": "Propositions", "jobs.none": "Aucun poste encore. Il s'ajoute depuis la fiche d'une entreprise.", "jobs.noOffers": "Aucune proposition encore.", "jobs.places": (n) => `${n} place${s(n)}`, "jobs.waiting": "sans réponse", "match.title": "Qui cela intéresse ?", "match.help": "Des raisons, jamais de note. Rien ne quitte ce téléphone.", "match.none": "Personne dont les souhaits s'en rapprochent encore.", "match.offer": (name) => `Proposer à ${name}`, "match.no": "Aucune raison connue encore",
  "placement.note": "Point de suivi", "placement.print": "Fiche de suivi", "placement.line": "La ligne 1-3-5", "placement.lineSaid": (points) => `Points de suivi : ${points}`, "placement.extra": "Points proposés avec l'employeur", "placement.weeks": "1re semaine", "placement.months": "jusqu'à 6 mois", "placement.did": (rule) => `${rule} : fait`,

  // Face à face, messages
  "face.title": "Pour vous", "face.read": "Lire à voix haute", "face.stop": "Arrêter", "face.back": "Retour", "face.yes": "Oui", "face.no": "Non", "face.effects": "Ce qui change si vous prenez ou refusez ce travail", "face.offer": "Une proposition de travail", "face.notreviewed": "Traduction pas encore relue.", "face.novoice": "Ce téléphone n'a pas de voix hors ligne dans cette langue.", "face.lang": "Langue", "face.choose": "Que montrer ?", "face.consent": "Noter l'accord", "face.given": "Donné", "face.refused": "Refusé", "face.noted": "Noté.",
  "message.title": "Message à partager", "message.help": "Rien dans ce texte ne dit pourquoi.", "message.day": "Jour", "message.hour": "Heure", "message.place": "Lieu", "message.lang": "Langue du message", "message.text": "Texte", "message.share": "Partager", "message.copied": "Copié.", "message.appointment": (day, hour, place) => `Bonjour, nous avons rendez-vous ${day}${hour ? ` à ${hour}` : ""}${place ? `, ${place}` : ""}. À bientôt.`, "message.callback": "Bonjour, pouvez-vous m'appeler quand vous aurez un moment ? Merci.", "message.kind": "Sorte de message", "message.kind.appointment": "Rendez-vous", "message.kind.callback": "Rappelez-moi",

  // Conflits, doublons
  "conflicts.title": "À trancher", "conflicts.none": "Rien à trancher.", "conflicts.help": "Écrit en même temps, sans réseau. Rien n'a été perdu : choisissez ce qui vaut.", "conflicts.keep": "Garder ceci", "conflicts.kept": "C'est choisi ; l'autre valeur reste dans l'historique.", "conflicts.critical": "important", "conflicts.shown": "affiché pour l'instant", "conflicts.empty": "(vidé)",
  "duplicates.title": "Doublons possibles", "duplicates.none": "Aucun doublon trouvé.", "duplicates.and": "et", "duplicates.help": "Les deux histoires sont gardées ; on peut les séparer plus tard.", "duplicates.keep": "Garder celle-ci, y joindre l'autre", "duplicates.merged": "Une seule fiche désormais.", "duplicates.linked": "Fiches liées", "duplicates.open": "Comparer",

  // Rapports, impression, import, export
  "reports.title": "Rapports", "reports.help": "Calculés sur ce téléphone, à partir de ce qu'il peut lire.", "reports.csv": "Tableau (CSV)", "reports.shared": "Version partagée (petits nombres masqués)", "reports.print": "Imprimer", "reports.chart": (title) => `Graphique : ${title}`, "reports.empty": "Aucune ligne.", "reports.definitions": "Définitions", "reports.masked": "< 5",
  "print.title": "Imprimer", "print.choose": "Quel document ?", "print.of": "De quelle fiche ?", "print.blank": "Vierge", "print.filled": "Rempli", "print.now": "Imprimer", "print.save": "Enregistrer le fichier", "print.warn": "Une fois imprimé, ce document n'est plus protégé. C'est noté dans l'historique.", "print.lang": "Langue du document",
  "import.title": "Reprendre un tableau", "import.kind": "Ce tableau contient des", "import.file": "Fichier CSV", "import.try": "Essayer sans rien écrire", "import.do": (n) => `Reprendre ${n} ligne${s(n)}`, "import.done": (n) => `${n} fiche${s(n)} ajoutée${s(n)}.`, "import.lines": "Lignes", "import.bad": "En erreur", "import.double": "Déjà connues", "import.good": "Bonnes", "import.doubles": "Reprendre aussi celles déjà connues", "import.line": (n) => `ligne ${n}`,
  "export.title": "Exporter", "export.help": "Un tableau qu'un tableur ouvre. Une fois sorti, il n'est plus protégé ; l'export est noté dans l'historique.", "export.kind": "Que voulez-vous exporter ?", "export.ics": "Agenda (ICS, titres neutres)", "export.do": "Enregistrer",

  // Communauté
  "community.title": "Communauté", "community.none": "Cet appareil ne fait partie d'aucun espace de communauté ni d'organisation.", "community.events": "À venir", "community.past": "Déjà passés", "community.topics": "Sujets proposés", "community.rex": "Retours d'expérience", "community.add": "Ajouter", "community.guides": "Contenus",

  // Équipe, administration
  "members.title": "Membres et appareils", "members.waiting": "En attente", "members.active": "Membres", "members.gone": "Retirés", "members.invite": "Inviter", "members.approve": "Admettre", "members.refuse": "Refuser", "members.compare": "Code à comparer", "members.approved": (name) => `${name} est admis·e ; c'est effectif au prochain envoi.`, "members.refusedOne": (name) => `${name} est refusé·e.`, "members.me": "cet appareil", "members.none": "Aucun membre : rejoignez ou créez une équipe.",
  "members.check": "Lisez-vous le code l'un à l'autre avant d'admettre.", "members.revoke": "Retirer (départ)", "members.lost": "Déclarer perdu", "members.revoked": (name) => `${name} est retiré·e ; c'est effectif au prochain envoi.`, "members.proposed": "Proposé : une deuxième personne doit confirmer.", "members.exposure": "Ce que cet appareil pouvait lire", "members.since": "Membre depuis", "members.role": "Rôle",
  "members.proposals": "Attendent une deuxième personne", "members.confirm": "Confirmer", "members.confirmed": "Confirmé.",
  "invite.title": "Inviter", "invite.space": "Dans quel espace ?", "invite.role": "Avec quel rôle ?", "invite.make": "Faire une invitation", "invite.help": "Une invitation sert une fois, pour un seul appareil. Montrez le code, ou envoyez le lien.", "invite.expires": (when) => `Valable jusqu'à ${when}`, "invite.send": "Envoyer pour que l'invitation soit connue du serveur", "invite.copy": "Partager le lien", "invite.qr": "Code d'invitation à scanner",
  "exposure.title": "Exposition", "exposure.dossiers": "Dossiers lisibles", "exposure.seen": "dont consultés", "exposure.last": "Dernier envoi", "exposure.codes": "Codes des dossiers",
  "audit.title": "Journal", "audit.verify": "Vérifier l'historique", "audit.verifying": "Vérification…", "audit.ok": (name, n) => `${name} : ${n} entrées, tout correspond aux signatures.`, "audit.bad": (name, at) => `${name} : l'entrée ${at ?? "?"} ne correspond pas.`, "audit.help": "Une entrée par saisie, même hors ligne. Sans contenu.", "audit.claimed": "écrit", "audit.received": "reçu", "audit.clock": "horloge douteuse", "audit.csv": "Enregistrer (CSV)",

  // Plus
  "plus.work": "Travail", "plus.files": "Documents", "plus.team": "Équipe", "plus.device": "Cet appareil",
  "plus.postes": "Postes et propositions", "plus.postes.under": "Les deux côtés du rapprochement", "plus.conflits": "À trancher", "plus.conflits.under": "Valeurs écrites en même temps", "plus.doublons": "Doublons possibles", "plus.doublons.under": "Fiches qui se ressemblent", "plus.communaute": "Communauté", "plus.communaute.under": "Rencontres, sujets, retours d'expérience", "plus.rapports": "Rapports", "plus.rapports.under": "Indicateurs, entonnoir, délais",
  "plus.imprimer": "Imprimer", "plus.imprimer.under": "Documents A4, remplis ou vierges", "plus.importer": "Reprendre un tableau", "plus.importer.under": "CSV d'un tableur", "plus.exporter": "Exporter", "plus.exporter.under": "Tableaux, agenda",
  "plus.membres": "Membres et appareils", "plus.membres.under": "Inviter, admettre, retirer", "plus.journal": "Journal", "plus.journal.under": "Qui a écrit, quand ; vérification", "plus.retention": "Délais de conservation", "plus.retention.under": "Dossiers à revoir", "plus.effaces": "Dossiers effacés", "plus.effaces.under": "Quand, par qui, pourquoi", "plus.mentions": "Mentions d'un nom", "plus.mentions.under": "Avant d'effacer un dossier", "plus.referentiel": "Référentiel", "plus.referentiel.under": "Champs, listes, règles : publier", "plus.alarmes": "Alertes", "plus.alarmes.under": "Ce que le serveur a mal fait",
  "plus.synchro": "Envoyer et recevoir", "plus.synchro.under": "Ce qui attend, les espaces", "plus.rejoindre": "Rejoindre une équipe", "plus.rejoindre.under": "Invitation ou nouvelle organisation", "plus.reglages": "Cet appareil", "plus.reglages.under": "Langue, taille du texte, verrouillage",

  // Réglages
  "settings.lang": "Langue", "settings.text": "Taille du texte", "settings.theme": "Apparence", "theme.auto": "Selon le téléphone", "theme.light": "Clair", "theme.dark": "Sombre", "settings.lock": "Verrouiller après", "settings.minutes": (n) => `${n} min`, "settings.lockNow": "Verrouiller maintenant", "settings.storage": "Conservation", "settings.protects": "Ce que cet appareil protège", "settings.program": "Programme", "settings.version": "Version", "settings.device": "Appareil", "settings.bundle": "Empreinte de la page", "settings.bundleHelp": "Comparez-la avec celle que votre organisation publie.",
};
