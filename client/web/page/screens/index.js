// SPDX-License-Identifier: Apache-2.0
//
// Every screen by the word in its address. `door` is the entry of the navigation it belongs to, `wide` uses the whole
// width of a laptop, `bare` has no frame at all.
import { Agenda } from "./agenda.jsx";
import { Alarmes } from "./alarmes.jsx";
import { Autorisations } from "./autorisations.jsx";
import { Communaute } from "./communaute.jsx";
import { Comparer } from "./comparer.jsx";
import { Conflits } from "./conflits.jsx";
import { Doublons } from "./doublons.jsx";
import { Retention } from "./delais.jsx";
import { Effaces, Effacer, Mentions } from "./effacer.jsx";
import { Entreprises } from "./entreprises.jsx";
import { Exposition } from "./exposition.jsx";
import { Exporter } from "./exporter.jsx";
import { Face } from "./face.jsx";
import { Fiche } from "./fiche.jsx";
import { Historique } from "./historique.jsx";
import { Importer } from "./importer.jsx";
import { Imprimer } from "./imprimer.jsx";
import { Inviter } from "./inviter.jsx";
import { Journal } from "./journal.jsx";
import { Membres } from "./membres.jsx";
import { Message } from "./message.jsx";
import { Postes, Rapprocher } from "./postes.jsx";
import { Modifier, Nouveau } from "./saisie.jsx";
import { Personnes } from "./personnes.jsx";
import { Pieces } from "./pieces.jsx";
import { Plus } from "./plus.jsx";
import { Rapports } from "./rapports.jsx";
import { Recherche } from "./recherche.jsx";
import { Reglages } from "./reglages.jsx";
import { Referentiel } from "./referentiel.jsx";
import { Rejoindre } from "./rejoindre.jsx";
import { Reprises } from "./reprises.jsx";
import { Secours } from "./secours.jsx";
import { Synchro } from "./synchro.jsx";
import { Tournee } from "./tournee.jsx";
import { Transferer } from "./transferer.jsx";

export const doors = [
  ["", "today", "nav.today"], ["tournee", "tour", "nav.tour"], ["personnes", "people", "nav.people"],
  ["entreprises", "company", "nav.companies"], ["plus", "more", "nav.more"],
];

export const screens = {
  "": { show: Agenda },
  tournee: { show: Tournee },
  personnes: { show: Personnes },
  entreprises: { show: Entreprises },
  plus: { show: Plus },
  pieces: { show: Pieces, door: "personnes" },
  fiche: { show: Fiche, door: "personnes" },
  nouveau: { show: Nouveau, door: "personnes" },
  modifier: { show: Modifier, door: "personnes" },
  recherche: { show: Recherche, door: "personnes" },
  face: { show: Face, bare: true },
  message: { show: Message, door: "personnes" },
  postes: { show: Postes, door: "entreprises" },
  rapprocher: { show: Rapprocher, door: "entreprises" },
  conflits: { show: Conflits, door: "plus" },
  doublons: { show: Doublons, door: "plus" },
  imprimer: { show: Imprimer, door: "plus" },
  importer: { show: Importer, door: "plus" },
  exporter: { show: Exporter, door: "plus" },
  rapports: { show: Rapports, door: "plus" },
  communaute: { show: Communaute, door: "plus" },
  historique: { show: Historique, door: "plus" },
  membres: { show: Membres, door: "plus" },
  inviter: { show: Inviter, door: "plus" },
  exposition: { show: Exposition, door: "plus" },
  journal: { show: Journal, door: "plus" },
  alarmes: { show: Alarmes, door: "plus" },
  comparer: { show: Comparer, door: "plus" },
  effacer: { show: Effacer, door: "personnes" },
  effaces: { show: Effaces, door: "plus" },
  mentions: { show: Mentions, door: "plus" },
  retention: { show: Retention, door: "plus" },
  referentiel: { show: Referentiel, door: "plus" },
  secours: { show: Secours, door: "plus" },
  transferer: { show: Transferer, door: "personnes" },
  autorisations: { show: Autorisations, door: "plus" },
  reprises: { show: Reprises, door: "plus" },
  synchro: { show: Synchro, door: "plus" },
  rejoindre: { show: Rejoindre, door: "plus" },
  reglages: { show: Reglages, door: "plus" },
};
