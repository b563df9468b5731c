// SPDX-License-Identifier: Apache-2.0
//
// Tournée: a site, the people known there, a contact in two taps (person, subject), without a keyboard. "Hier" and
// "toute la famille" hold for the round until they are changed.
import { useState } from "preact/hooks";
import { quote, run, useSql } from "../lib/core.js";
import { near, shift, today } from "../lib/dates.js";
import { t, wording } from "../lib/i18n.js";
import { kindLabel, optionsOf, fieldOf } from "../lib/pack.js";
import { Badge, Empty, Head, IconLink, LinkButton, List, Note, Row, Segments, Waiting } from "../ui/basic.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { href } from "../lib/router.js";
import { done, failed } from "../ui/toast.jsx";

export const Tournee = ({ args }) => (args[0] ? <Site key={args[0]} site={args[0]} /> : <Sites />);

function Sites() {
  const sites = useSql(`SELECT s.id, s.nom, s.commune, s.etat, count(p.id) AS people,
    (SELECT max(c.date) FROM contact c WHERE c.site = s.id AND NOT c.mistake) AS last
    FROM site s LEFT JOIN personne p ON p.site = s.id AND NOT p.mistake WHERE NOT s.mistake GROUP BY s.id
    ORDER BY coalesce(s.etat, 'ouvert') <> 'ouvert', last DESC, plie(s.nom)`);
  if (!sites) return <><Head up={false} title={t("nav.tour")} /><Waiting /></>;
  return <>
    <Head up={false} title={t("nav.tour")} under={t("tour.which")} />
    {sites.length ? <List label={kindLabel("site", true)}>
      {sites.map((site) => <li key={site.id}><Row to={["tournee", [site.id]]} icon="tour" line={site.nom}
        under={[site.commune, t("tour.people", site.people), site.last && t("tour.last", near(site.last))].filter(Boolean).join(" · ")} /></li>)}
    </List> : <Empty><p>{t("tour.none")}</p></Empty>}
    <div><LinkButton icon="plus" to={["nouveau", ["site"]]}>{t("tour.newSite")}</LinkButton></div>
  </>;
}

/** Kept while the page is open: a round has one day. */
let roundDay = null;

function Site({ site }) {
  const [day, setDay] = useState(roundDay && roundDay >= shift(today(), -1) ? roundDay : today());
  const [chosen, setChosen] = useState(null);
  const head = useSql(`SELECT nom, commune, acces FROM site WHERE id = ${quote(site)}`);
  const people = useSql(`SELECT p.id, title(p.id) AS name, p.foyer, p.telephone, coalesce(p.etat, 'active') AS etat,
    (SELECT max(c.date) FROM contact c WHERE c.personne = p.id AND NOT c.mistake) AS last
    FROM personne p WHERE p.site = ${quote(site)} AND NOT p.mistake AND coalesce(p.etat, 'active') NOT IN ('archivee', 'effacee')
    ORDER BY p.created_at DESC`);
  const title = head?.[0]?.nom ?? t("nav.tour");
  const turn = (value) => { roundDay = value; setDay(value); };
  return <>
    <Head title={title} under={head?.[0]?.commune}><IconLink icon="file" label={t("tour.sheet")} href={href("fiche", [site])} /></Head>
    <Segments label={t("tour.day")} value={day} onChange={turn} options={[[today(), t("day.today")], [shift(today(), -1), t("day.yesterday")]]} />
    <LinkButton main full icon="plus" to={["nouveau", ["personne"], { site, quick: 1, from: `tournee/${site}` }]}>{t("tour.newPerson")}</LinkButton>
    {!people ? <Waiting /> : people.length ? <List label={t("tour.here")}>
      {people.map((one) => <li key={one.id} class="row-split">
        <Row onClick={() => setChosen(one)} face={one.name} line={<><span class="unseen">{t("tour.contactWith")} </span>{one.name}</>} under={one.last ? t("tour.seen", near(one.last)) : t("tour.never")}
          badge={one.last === day ? <Badge tone="good">✓ {near(day)}</Badge> : null} />
        <IconLink icon="file" label={t("tour.open", one.name)} href={href("fiche", [one.id])} />
      </li>)}
    </List> : <Empty><p>{t("tour.nobody")}</p></Empty>}
    {chosen && <Contact person={chosen} site={site} day={day} people={people} onClose={() => setChosen(null)} />}
  </>;
}

/** The subject is the last tap: it writes. */
function Contact({ person, site, day, people, onClose }) {
  const family = person.foyer ? people.filter((one) => one.foyer === person.foyer && one.id !== person.id) : [];
  const [all, setAll] = useState(false);
  const write = async (subject) => {
    const who = all ? [person, ...family] : [person];
    const group = who.length > 1 ? [`groupe=${crypto.randomUUID().slice(0, 8)}`] : [];
    onClose();
    for (const one of who) {
      const answer = await run(["new", "contact", `personne=${one.id}`, `date=${day}`, `site=${site}`, `objet=${subject}`, "mode=sur_site", ...group]);
      if (failed(answer)) return;
    }
    done(t("tour.noted", who.map((one) => one.name).join(", "), near(day)), who.length);
  };
  return (
    <Dialog title={person.name} onClose={onClose}>
      <p class="soft">{t("tour.subject", near(day))}</p>
      {family.length > 0 && <label class="check"><input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /><span>{t("tour.family", family.map((one) => one.name).join(", "))}</span></label>}
      <div class="chips" role="group" aria-label={t("tour.subject", near(day))}>
        {Object.entries(optionsOf(fieldOf("contact", "objet"))).filter(([, option]) => !option.retired).map(([key, option]) =>
          <button type="button" class="chip" key={key} onClick={() => write(key)}>{wording(option.label)}</button>)}
      </div>
      <LinkButton full icon="note" to={["nouveau", ["contact"], { personne: person.id, date: day, site, from: `tournee/${site}` }]}>{t("tour.withNotes")}</LinkButton>
    </Dialog>
  );
}
