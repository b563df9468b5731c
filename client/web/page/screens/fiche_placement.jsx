// SPDX-License-Identifier: Apache-2.0
//
// A job that somebody has: the 1-3-5 line to six months, and each point with what became of it.
import { quote, run, useRead, sql } from "../lib/core.js";
import { daysBetween, near, shift, today } from "../lib/dates.js";
import { t, wording } from "../lib/i18n.js";
import { optionLabel, pack } from "../lib/pack.js";
import { Badge, Button, Fold, LinkButton } from "../ui/basic.jsx";
import { Timeline } from "../ui/timeline.jsx";
import { done, failed } from "../ui/toast.jsx";

async function read(record) {
  const until = shift(record.debut > today() ? record.debut : today(), 215);
  const [agenda, notes] = await Promise.all([
    run(["agenda", "--until", until]),
    sql(`SELECT id, regle, date, coalesce(etat, 'fait') AS etat, reporte_au FROM suivi WHERE placement = ${quote(record.id)} AND NOT mistake ORDER BY created_at`),
  ]);
  const points = new Map();
  for (const one of notes)
    if (one.regle && one.etat !== "reporte") points.set(one.regle, { rule: one.regle, day: one.date, state: one.etat === "fait" ? "done" : "out", word: optionLabel("suivi", "etat", one.etat), record: one.id });
  for (const item of agenda.json ?? [])
    if (item.record === record.id) points.set(item.rule, { rule: item.rule, day: item.due, state: item.due < today() ? "late" : "open", item, word: item.due < today() ? t("agenda.late", daysBetween(item.due, today())) : near(item.due) });
  return [...points.values()].filter((point) => point.day).sort((a, b) => (a.day < b.day ? -1 : 1));
}

const ruleLabel = (rule) => {
  for (const spec of Object.values(pack.value.rule)) if (spec.points?.[rule]) return `${wording(spec.label)} – ${wording(spec.points[rule].label)}`;
  return rule;
};

export function PlacementPart({ record, titles }) {
  const points = useRead(() => (record.debut ? read(record) : Promise.resolve([])), [record.id, record.debut, record.base]);
  const answer = async (point) => {
    const result = await run(["done", point.item.id]);
    if (!failed(result)) done(t("agenda.did", point.rule));
  };
  return <>
    <div class="buttons">
      <LinkButton icon="note" to={["nouveau", ["suivi"], { placement: record.id, personne: record.personne, quick: 1 }]}>{t("placement.note")}</LinkButton>
      <LinkButton icon="print" to={["imprimer", ["fiche_suivi", record.id]]}>{t("placement.print")}</LinkButton>
    </div>
    {record.debut && points?.length > 0 && <section class="card">
      <h2>{t("placement.line")}</h2>
      <Timeline start={record.debut} points={points} />
      <Points points={points.filter((point) => !isExtra(point))} answer={answer} />
      {points.some(isExtra) && <Fold title={t("placement.extra")}><Points points={points.filter(isExtra)} answer={answer} /></Fold>}
    </section>}
  </>;
}

/** What is merely proposed with the employer stays folded: a mediator thins it out. */
const isExtra = ({ item }) => item?.proposal && item.target === "employeur";

const Points = ({ points, answer }) => (
  <ol class="points">
    {points.map((point) => (
          <li key={point.rule} class={`point ${point.state}`} data-rule={point.rule} data-due={point.day}>
            <Badge tone={point.state === "late" ? "late" : point.state === "done" ? "good" : "key"}>{point.state === "done" ? "✓ " : ""}{point.rule}</Badge>
            <div><span class="line">{near(point.day)}</span><span class="under soft small">{ruleLabel(point.rule)}{point.state === "open" ? "" : ` · ${point.word}`}</span></div>
            {point.item && daysBetween(today(), point.day) <= 3 && <Button icon="check" onClick={() => answer(point)} aria-label={t("placement.did", point.rule)}>{t("agenda.done")}</Button>}
          </li>
    ))}
  </ol>
);
