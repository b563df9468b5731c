// SPDX-License-Identifier: Apache-2.0
//
// Erasure of a whole file, everywhere: first where the name stands elsewhere, then the reason, then one sentence of
// consent. Beside it: what was erased, on how many devices, and where a name is mentioned.
import { useState } from "preact/hooks";
import { run, useRun } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { fieldLabel, kindLabel } from "../lib/pack.js";
import { go } from "../lib/router.js";
import { Badge, Button, Empty, Group, Head, List, Note, Row, Waiting } from "../ui/basic.jsx";
import { failed, toast } from "../ui/toast.jsx";
import { nice } from "../ui/value.jsx";

function Found({ rows }) {
  return <List>{rows.map((row, i) => <li key={i}><Row to={["fiche", [row.record]]} line={nice(row.title) || kindLabel(row.kind)} under={`${fieldLabel(row.kind, row.field)} : ${row.value}`}
    badge={row.live ? null : <Badge>{t("history.replaced")}</Badge>} /></li>)}</List>;
}

export function Effacer({ args: [id] }) {
  const record = useRun(["show", id])?.json;
  if (!record) return <><Head title={t("fiche.erase")} /><Waiting /></>;
  return <Ask record={record} />;
}

function Ask({ record }) {
  const name = record.prenom ?? record.nom ?? record.title;
  const mentions = useRun(["mentions", name])?.json;
  const elsewhere = mentions?.filter((row) => !row.record.startsWith(record.dossier));
  const [reason, setReason] = useState("request");
  const [sure, setSure] = useState(false);
  const erase = async () => {
    const answer = await run(["erase", record.id, "--reason", reason]);
    if (failed(answer)) return;
    toast(t("erase.done", record.code), [], 8);
    go("effaces");
  };
  return <>
    <Head title={t("fiche.erase")} under={`${record.title} (${record.code})`} />
    <Note tone="bad" icon="erase"><p>{t("erase.what", (record.records?.length ?? 0) + 1)}</p></Note>
    <Group title={t("erase.mentions", name)}>{!elsewhere ? <Waiting /> : elsewhere.length ? <><p>{t("erase.replace")}</p><Found rows={elsewhere} /></> : <p class="soft">{t("erase.nowhere")}</p>}</Group>
    <fieldset class="field"><legend class="label">{t("erase.why")}</legend>
      {["request", "retention", "objection", "mistake", "order", "other"].map((one) => <label class="check" key={one}><input type="radio" name="why" checked={reason === one} onChange={() => setReason(one)} /><span>{t(`erase.${one}`)}</span></label>)}</fieldset>
    <label class="check"><input type="checkbox" checked={sure} onChange={(event) => setSure(event.currentTarget.checked)} /><span>{t("erase.sure")}</span></label>
    <Button full danger icon="erase" disabled={!sure} onClick={erase}>{t("fiche.erase")}</Button>
  </>;
}

export function Effaces() {
  const rows = useRun(["erased"])?.json;
  return <>
    <Head title={t("plus.effaces")} />
    {!rows ? <Waiting /> : rows.length === 0 ? <Empty><p>{t("erase.none")}</p></Empty>
      : <List>{rows.map((row) => <li key={row.code}><Row line={<span class="code">{row.code}</span>} under={[t(`erase.${row.reason}`), row.name, row.erased_at ? instant(row.erased_at) : t("fiche.pending"), row.waiting && t("erase.waits", row.waiting), row.foreign && t("erase.foreign", row.foreign)].filter(Boolean).join(" · ")}
        badge={row.devices ? <Badge tone={row.done === row.devices ? "good" : "late"}>{t("erase.on", row.done, row.devices)}</Badge> : null} /></li>)}</List>}
  </>;
}

export function Mentions() {
  const [text, setText] = useState("");
  const [rows, setRows] = useState(null);
  const look = async (event) => {
    event.preventDefault();
    const answer = await run(["mentions", text]);
    if (!failed(answer)) setRows(answer.json);
  };
  return <>
    <Head title={t("plus.mentions")} under={t("plus.mentions.under")} />
    <form class="with-chips" onSubmit={look}><input class="input" type="search" required aria-label={t("mentions.text")} placeholder={t("mentions.text")} value={text} onInput={(event) => setText(event.currentTarget.value)} /><button class="button main">{t("search")}</button></form>
    {rows && (rows.length ? <Found rows={rows} /> : <Empty><p>{t("erase.nowhere")}</p></Empty>)}
  </>;
}
