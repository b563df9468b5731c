// SPDX-License-Identifier: Apache-2.0
//
// Entreprises: a list, and the prospection board, with one column per state. On a phone one column at a time.
import { useState } from "preact/hooks";
import { run, useSql } from "../lib/core.js";
import { near, today } from "../lib/dates.js";
import { t, wording } from "../lib/i18n.js";
import { fieldOf, optionLabel, optionsOf } from "../lib/pack.js";
import { fold } from "../lib/words.js";
import { Badge, Button, Empty, Head, LinkButton, List, Row, Segments, Waiting } from "../ui/basic.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { done, failed } from "../ui/toast.jsx";

const query = `SELECT e.id, e.nom, e.commune, e.secteur, coalesce(e.etat, 'ciblee') AS etat,
  (SELECT max(p.date) FROM prospection p WHERE p.entreprise = e.id AND NOT p.mistake) AS last,
  (SELECT p.prochaine_date FROM prospection p WHERE p.entreprise = e.id AND NOT p.mistake ORDER BY p.date DESC LIMIT 1) AS next,
  (SELECT p.prochaine_action FROM prospection p WHERE p.entreprise = e.id AND NOT p.mistake ORDER BY p.date DESC LIMIT 1) AS action,
  (SELECT count(*) FROM poste j WHERE j.entreprise = e.id AND NOT j.mistake AND coalesce(j.etat, 'detecte') IN ('detecte', 'analyse', 'ouvert')) AS jobs
  FROM entreprise e WHERE NOT e.mistake ORDER BY plie(e.nom)`;

let lastView = "list";

export function Entreprises() {
  const all = useSql(query);
  const [view, setView] = useState(lastView);
  const turn = (value) => { lastView = value; setView(value); };
  return <>
    <Head up={false} title={t("nav.companies")}><LinkButton icon="plus" to={["nouveau", ["entreprise"]]}>{t("people.new")}</LinkButton></Head>
    <div class="buttons">
      <Segments label={t("company.view")} value={view} onChange={turn} options={[["list", t("company.list")], ["board", t("company.board")]]} />
      <LinkButton icon="job" to={["postes"]}>{t("company.jobs")}</LinkButton>
    </div>
    {all === undefined ? <Waiting /> : all.length === 0 ? <Empty><p>{t("company.none")}</p><LinkButton to={["importer"]}>{t("company.import")}</LinkButton></Empty>
      : view === "list" ? <Table all={all} /> : <Board all={all} />}
  </>;
}

function Table({ all }) {
  const [text, setText] = useState("");
  const [many, setMany] = useState(100);
  const words = fold(text).split(/\s+/);
  const found = all.filter((one) => words.every((word) => fold(`${one.nom} ${one.commune ?? ""} ${one.secteur ? optionLabel("entreprise", "secteur", one.secteur) : ""}`).includes(word)));
  return <>
    {all.length > 8 && <input class="input" type="search" aria-label={t("company.filter")} placeholder={t("company.filter")} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
    <p class="soft small" role="status">{t("company.count", found.length)}</p>
    {found.length > 0 && <List label={t("nav.companies")}>
      {found.slice(0, many).map((one) => <li key={one.id}><Row to={["fiche", [one.id]]} line={one.nom}
        under={[one.commune, one.last ? t("company.last", near(one.last)) : t("company.never"), one.jobs ? t("company.openJobs", one.jobs) : null].filter(Boolean).join(" · ")}
        badge={<Badge tone={one.etat === "partenaire" ? "good" : one.etat === "refus" ? "" : "key"}>{optionLabel("entreprise", "etat", one.etat)}</Badge>} /></li>)}
    </List>}
    {found.length > many && <Button full onClick={() => setMany(many + 200)}>{t("more.lines", found.length - many)}</Button>}
  </>;
}

function Board({ all }) {
  const states = Object.entries(optionsOf(fieldOf("entreprise", "etat"))).filter(([, option]) => !option.retired);
  const [at, setAt] = useState(states.find(([key]) => all.some((one) => one.etat === key))?.[0] ?? states[0][0]);
  const [moving, setMoving] = useState(null);
  const of = (key) => all.filter((one) => one.etat === key).sort((a, b) => ((a.next ?? "9") < (b.next ?? "9") ? -1 : 1));
  const move = async (key) => {
    const one = moving;
    setMoving(null);
    const answer = await run(["set", one.id, `etat=${key}`]);
    if (!failed(answer)) done(t("company.moved", one.nom, optionLabel("entreprise", "etat", key)));
  };
  return <>
    <div class="chips board-tabs" role="group" aria-label={t("company.state")}>{states.map(([key, option]) =>
      <button type="button" class="chip" key={key} aria-pressed={at === key} onClick={() => setAt(key)}>{wording(option.label)} <span>{of(key).length}</span></button>)}</div>
    <div class="board">
      {states.map(([key, option]) => (
        <section key={key} class={`column ${at === key ? "on" : ""}`} aria-label={wording(option.label)}>
          <h2>{wording(option.label)} <span class="soft">{of(key).length}</span></h2>
          {of(key).length === 0 && <p class="soft small">{t("company.nobody")}</p>}
          <ul class="group">{of(key).map((one) => (
            <li class="card" key={one.id}>
              <Row to={["fiche", [one.id]]} line={one.nom} under={one.commune} />
              {one.next && <Badge tone={one.next < today() ? "late" : "key"}>{one.next < today() ? t("company.overdue", near(one.next)) : near(one.next)}{one.action ? ` · ${one.action}` : ""}</Badge>}
              <div class="buttons"><Button quiet icon="later" onClick={() => setMoving(one)} aria-label={t("company.move", one.nom)}>{t("company.moveShort")}</Button>
                <LinkButton quiet icon="note" to={["nouveau", ["prospection"], { entreprise: one.id, quick: 1, from: "entreprises" }]}>{t("company.noteShort")}</LinkButton></div>
            </li>))}</ul>
        </section>))}
    </div>
    {moving && <Dialog title={moving.nom} onClose={() => setMoving(null)}>
      <div class="chips">{states.map(([key, option]) => <button type="button" class="chip" key={key} aria-pressed={moving.etat === key} onClick={() => move(key)}>{wording(option.label)}</button>)}</div>
    </Dialog>}
  </>;
}
