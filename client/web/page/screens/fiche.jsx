// SPDX-License-Identifier: Apache-2.0
//
// One record: what to do with it first, then its fields, its check-lists, and every record that points to it. Made from
// the pack; a kind may add a part of its own (parts below).
import { useState } from "preact/hooks";
import { quote, run, sql, titlesOf, useRead } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t, wording } from "../lib/i18n.js";
import { fieldLabel, fieldOf, kindLabel, kindOf, optionLabel, optionsOf, pack, visibleFields } from "../lib/pack.js";
import { go, href } from "../lib/router.js";
import { status } from "../lib/state.js";
import { Badge, Button, Facts, Fold, Group, Head, LinkButton, List, Note, Row, Waiting } from "../ui/basic.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { Icon } from "../ui/icon.jsx";
import { done, failed, toast } from "../ui/toast.jsx";
import { nice, refsOf, Value } from "../ui/value.jsx";
import { EntreprisePart } from "./fiche_entreprise.jsx";
import { FicheActions } from "./fiche_actes.jsx";
import { PersonnePart } from "./fiche_personne.jsx";
import { PlacementPart } from "./fiche_placement.jsx";
import { PostePart } from "./fiche_poste.jsx";

const parts = { personne: PersonnePart, placement: PlacementPart, entreprise: EntreprisePart, poste: PostePart };

/** Every record with a reference to this one, newest first: [{id, kind, title, at}]. */
function pointing(kind, id) {
  const queries = [];
  for (const [other, spec] of Object.entries(pack.value.kind))
    for (const [name, field] of Object.entries(spec.fields)) {
      const to = [field.to].flat();
      if (!to.includes(kind)) continue;
      const day = Object.keys(spec.fields).find((key) => ["date", "debut"].includes(key)) ?? "created_at";
      if (field.type === "ref") queries.push(`SELECT id, '${other}' AS kind, coalesce("${day}", created_at) AS at FROM "${other}" WHERE "${name}" = ${quote(id)} AND NOT mistake`);
      else if (field.of === "ref") queries.push(`SELECT id, '${other}', coalesce("${day}", created_at) FROM "${other}" WHERE "${name}" LIKE ${quote(`%"${id}"%`)} AND NOT mistake`);
    }
  return queries.length ? sql(`SELECT DISTINCT id, kind, at, title(id) AS title FROM (${queries.join(" UNION ALL ")}) ORDER BY at DESC`) : [];
}

/** Whether the log knows a file of this code that this device's role does not read: [space] or null. */
async function isSealed(code) {
  const blind = (status.value?.spaces ?? []).filter((one) => !one.roles?.includes("reader"));
  if (!blind.length) return null;
  const log = await run(["audit", "log"]);
  return blind.find((one) => (log.json ?? []).some((row) => row.code === code && [one.name, one.id].includes(row.space))) ?? null;
}

async function read(id) {
  const answer = await run(["show", id]);
  if (answer.exit !== 0) return { error: answer.error, sealed: await isSealed(id) };
  const record = answer.json;
  const [titles, related, proposed] = await Promise.all([
    titlesOf(refsOf(record.kind, record)),
    pointing(record.kind, record.id),
    run(["suggest", record.id]),
  ]);
  return { record, titles, related, proposed: proposed.exit === 0 ? proposed.json : [] };
}

export function Fiche({ args: [id] }) {
  const data = useRead(() => read(id), [id]);
  if (!data) return <><Head title="…" /><Waiting /></>;
  if (data.sealed) return <Sealed code={id} space={data.sealed} />;
  if (data.error) return <><Head title={t("fiche.none")} /><Note tone="bad" icon="alarm"><p>{data.error}</p></Note></>;
  const { record, titles, related, proposed } = data;
  const kind = record.kind;
  const Part = parts[kind];
  const spec = kindOf(kind);
  const fields = visibleFields(kind).filter((name) => fieldOf(kind, name).type !== "checklist");
  return <>
    <Head title={nice(record.title) || kindLabel(kind)} under={kindLabel(kind)}><FicheActions record={record} /></Head>
    <div class="badges">
      {spec.state && <StateBadge record={record} field={spec.state} />}
      <Badge><span class="code">{record.code}</span></Badge>
      {record.pending && <Badge tone="late">{t("fiche.pending")}</Badge>}
      {record.mistake && <Badge tone="bad">{t("fiche.mistake")}</Badge>}
    </div>
    {record.locked && <Note tone="late" icon="lock"><p>{t("fiche.locked")}</p></Note>}
    {record.conflicts?.length > 0 && <Note tone="late" icon="conflict"><p>{t("fiche.conflict", record.conflicts.length)}</p><div><LinkButton to={["conflits", [record.id]]}>{t("fiche.choose")}</LinkButton></div></Note>}
    {proposed.filter((one) => !one.automatic).map((one) => <Suggestion key={one.key} record={record} one={one} />)}
    {Part && <Part record={record} titles={titles} related={related} />}
    <section class="card">
      <Facts facts={fields.map((name) => [fieldLabel(kind, name), shown(kind, name, record, titles)])} />
      {!record.locked && <div><LinkButton quiet icon="edit" to={["modifier", [record.id]]}>{t("edit")}</LinkButton></div>}
    </section>
    {visibleFields(kind).filter((name) => fieldOf(kind, name).type === "checklist").map((name) => <Checklist key={name} record={record} name={name} />)}
    <Related kind={kind} record={record} related={related} />
    <p class="soft small">{t("fiche.written", instant(record.created_at))} · <a href={href("historique", [record.id])}>{t("history")}</a></p>
  </>;
}

/** Refused: the file is there, its content is for those who accompany the person. */
const Sealed = ({ code, space }) => <>
  <Head title={t("sealed.title")} under={<span class="code">{code}</span>} />
  <Note tone="late" icon="lock" role="alert"><p class="strong">{t("sealed.text", space.name)}</p><p>{t("sealed.how")}</p>
    {space.roles?.includes("auditor") && <div><LinkButton to={["autorisations", [], { code }]}>{t("grants.ask")}</LinkButton></div>}</Note>
</>;

function shown(kind, name, record, titles) {
  const value = record[name];
  if (value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length) || value === false) return null;
  return <Value kind={kind} field={name} value={value} titles={titles} />;
}

function StateBadge({ record, field }) {
  const [open, setOpen] = useState(false);
  const label = record[field] ? optionLabel(record.kind, field, record[field]) : t("fiche.state");
  const choose = async (key) => {
    setOpen(false);
    const answer = await run(["set", record.id, `${field}=${key}`, "--base", record.base]);
    if (!failed(answer)) done(t("fiche.stateSet", optionLabel(record.kind, field, key)));
  };
  return <>
    <button type="button" class="chip small" disabled={record.locked} onClick={() => setOpen(true)} aria-label={`${fieldLabel(record.kind, field)} : ${label}`}>{label} <Icon name="edit" /></button>
    {open && <Dialog title={fieldLabel(record.kind, field)} onClose={() => setOpen(false)}>
      <div class="chips">{Object.entries(optionsOf(fieldOf(record.kind, field))).filter(([, option]) => !option.retired).map(([key, option]) =>
        <button type="button" class="chip" key={key} aria-pressed={record[field] === key} onClick={() => choose(key)}>{wording(option.label)}</button>)}</div>
    </Dialog>}
  </>;
}

function Suggestion({ record, one }) {
  const take = async () => {
    const answer = await run(["suggest", record.id, one.key]);
    if (!failed(answer)) toast(t("fiche.suggested"), [], 4);
  };
  return <Note icon="plus"><p>{one.label}</p><div><Button onClick={take}>{t("fiche.take")}</Button></div></Note>;
}

/** A tick is one command: two people tick different points and nobody is asked anything. */
function Checklist({ record, name }) {
  const field = fieldOf(record.kind, name);
  const list = pack.value.checklist[field.checklist];
  const items = Object.entries(list?.items ?? {});
  const ticked = record[name] ?? [];
  const toggle = async (key, on) => {
    const answer = await run(["tick", record.id, key, ...(on ? [] : ["--off"])]);
    if (!failed(answer)) done(on ? t("check.on", wording(list.items[key].label)) : t("check.off", wording(list.items[key].label)));
  };
  return (
    <section class="card">
      <div class="group-head"><h2>{fieldLabel(record.kind, name)}</h2><Badge>{ticked.length} / {items.length}</Badge></div>
      {items.map(([key, item]) => (
        <label class="check" key={key}><input type="checkbox" checked={ticked.includes(key)} disabled={record.locked}
          onChange={(event) => toggle(key, event.currentTarget.checked)} /><span>{wording(item.label)}</span></label>
      ))}
      {list?.status && <p class="soft small">{list.status}</p>}
    </section>
  );
}

function Related({ kind, record, related }) {
  const [adding, setAdding] = useState(false);
  const groups = new Map();
  for (const one of related) groups.set(one.kind, [...(groups.get(one.kind) ?? []), one]);
  const children = Object.entries(pack.value.kind).filter(([key, spec]) =>
    !["acces", "compteur", "piece", "piece_entreprise"].includes(key) && Object.entries(spec.fields).some(([name, field]) => field.type === "ref" && [field.to].flat().includes(kind) && (field.required || name === kind)));
  const refName = (key) => Object.entries(kindOf(key).fields).find(([, field]) => field.type === "ref" && [field.to].flat().includes(kind))[0];
  const preset = (key) => {
    const made = { [refName(key)]: record.id };
    for (const [name, value] of Object.entries(record)) if (value && name !== "id" && fieldOf(key, name)?.type === "ref" && fieldOf(kind, name)?.type === "ref") made[name] = value;
    return made;
  };
  return <>
    {[...groups].map(([key, list]) => (
      <Fold key={key} title={`${kindLabel(key, true)} (${list.length})`} open={list.length < 4}>
        <List>{list.map((one) => <li key={one.id}><Row to={["fiche", [one.id]]} line={nice(one.title) || kindLabel(key)} /></li>)}</List>
      </Fold>
    ))}
    {!record.locked && children.length > 0 && <div><Button icon="plus" onClick={() => setAdding(true)}>{t("fiche.add")}</Button></div>}
    {adding && <Dialog title={t("fiche.add")} onClose={() => setAdding(false)}>
      <List>{children.map(([key]) => <li key={key}><Row onClick={() => { setAdding(false); go("nouveau", [key], preset(key)); }} line={kindLabel(key)} aside={<Icon name="next" />} /></li>)}</List>
    </Dialog>}
  </>;
}
