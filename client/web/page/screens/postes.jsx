// SPDX-License-Identifier: Apache-2.0
//
// Postes et propositions: both sides of the match. Jobs by state, offers that wait for an answer first.
import { useState } from "preact/hooks";
import { run, sql, useRead, useSql } from "../lib/core.js";
import { near } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { optionLabel } from "../lib/pack.js";
import { Badge, Empty, Head, LinkButton, List, Note, Row, Segments, Waiting } from "../ui/basic.jsx";

const jobs = `SELECT j.id, j.intitule, j.contrat, j.nb, j.debut, coalesce(j.etat, 'detecte') AS etat, title(j.entreprise) AS company,
  (SELECT count(*) FROM proposition p WHERE p.poste = j.id AND NOT p.mistake) AS offers
  FROM poste j WHERE NOT j.mistake ORDER BY CASE coalesce(j.etat, 'detecte') WHEN 'ouvert' THEN 0 WHEN 'analyse' THEN 1 WHEN 'detecte' THEN 2 ELSE 3 END, plie(j.intitule)`;
const offers = `SELECT p.id, title(p.personne) AS person, title(p.poste) AS job, p.date, coalesce(p.etat, 'envisagee') AS etat
  FROM proposition p WHERE NOT p.mistake ORDER BY CASE WHEN coalesce(p.etat, 'envisagee') IN ('envisagee', 'presentee', 'acceptee', 'mise_en_relation') THEN 0 ELSE 1 END, p.date DESC`;

let lastView = "jobs";
export function Postes() {
  const [view, setView] = useState(lastView);
  const turn = (value) => { lastView = value; setView(value); };
  return <>
    <Head title={t("jobs.title")} />
    <Segments label={t("company.view")} value={view} onChange={turn} options={[["jobs", t("jobs.open")], ["offers", t("jobs.offers")]]} />
    {view === "jobs" ? <Jobs /> : <Offers />}
  </>;
}

function Jobs() {
  const rows = useSql(jobs);
  if (!rows) return <Waiting />;
  if (!rows.length) return <Empty><p>{t("jobs.none")}</p></Empty>;
  return <List>{rows.map((one) => <li key={one.id}><Row to={["fiche", [one.id]]} icon="job" line={one.intitule}
    under={[one.company, one.contrat && optionLabel("poste", "contrat", one.contrat), one.nb && t("jobs.places", one.nb)].filter(Boolean).join(" · ")}
    badge={<Badge tone={one.etat === "ouvert" ? "good" : ""}>{optionLabel("poste", "etat", one.etat)}</Badge>} /></li>)}</List>;
}

function Offers() {
  const rows = useSql(offers);
  if (!rows) return <Waiting />;
  if (!rows.length) return <Empty><p>{t("jobs.noOffers")}</p></Empty>;
  return <List>{rows.map((one) => <li key={one.id}><Row to={["fiche", [one.id]]} face={one.person} line={one.person}
    under={[one.job, one.date && near(one.date)].filter(Boolean).join(" · ")}
    badge={<Badge tone={one.etat === "acceptee" || one.etat === "retenue" ? "good" : "key"}>{optionLabel("proposition", "etat", one.etat)}</Badge>} /></li>)}</List>;
}

/** Who might want a job, or (for a person) which open jobs: reasons, never a score. */
export function Rapprocher({ args: [id] }) {
  const data = useRead(() => pairs(id), [id]);
  if (!data) return <><Head title={t("match.title")} /><Waiting /></>;
  const { record, rows, error } = data;
  const person = record?.kind === "personne";
  return <>
    <Head title={t(person ? "match.jobs" : "match.title")} under={record?.title} />
    <p class="soft">{t("match.help")}</p>
    {error ? <Note tone="bad" icon="alarm"><p>{error}</p></Note> : rows.length === 0 ? <Empty><p>{t(person ? "match.noJobs" : "match.none")}</p></Empty>
      : <ul class="group">{rows.map((one) => (
        <li class="card" key={one.id}>
          <Row to={["fiche", [one.id]]} face={person ? undefined : one.title} icon={person ? "job" : undefined} line={one.title} under={one.under} />
          <div class="badges">{(one.reasons ?? []).length ? one.reasons.map((reason) => <Badge key={reason.key ?? reason} tone="key">✓ {reason.label ?? reason}</Badge>) : <span class="soft small">{t("match.no")}</span>}</div>
          <div><LinkButton icon="plus" to={["nouveau", ["proposition"], person ? { personne: id, poste: one.id } : { personne: one.id, poste: id }]} aria-label={t("match.offer", one.title)}>{t("job.propose")}</LinkButton></div>
        </li>))}</ul>}
  </>;
}

async function pairs(id) {
  const shown = await run(["show", id]);
  if (shown.exit !== 0) return { error: shown.error };
  const record = shown.json;
  if (record.kind !== "personne") {
    const answer = await run(["match", id]);
    return { record, rows: answer.json ?? [], error: answer.exit === 0 ? null : answer.error };
  }
  // The other side: every job that is still open is asked for its people.
  const rows = [];
  for (const job of await sql("SELECT id, title(id) AS title, title(entreprise) AS under FROM poste WHERE NOT mistake AND coalesce(etat, 'detecte') IN ('detecte', 'analyse', 'ouvert') ORDER BY debut LIMIT 100")) {
    const found = ((await run(["match", job.id])).json ?? []).find((one) => one.id === record.id);
    if (found?.reasons?.length) rows.push({ ...job, reasons: found.reasons });
  }
  return { record, rows: rows.sort((a, b) => b.reasons.length - a.reasons.length) };
}
