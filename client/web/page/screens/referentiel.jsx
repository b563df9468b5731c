// SPDX-License-Identifier: Apache-2.0
//
// Référentiel: the pack that all forms come from. A field gets another name in two answers; a whole new pack is taken from a
// file. Either is checked first, then published to every space that this device administers.
import { useState } from "preact/hooks";
import { run, useSql } from "../lib/core.js";
import { lang, t, wording } from "../lib/i18n.js";
import { fieldLabel, kindLabel, loadPack, pack, visibleFields } from "../lib/pack.js";
import { saveFile } from "../lib/share.js";
import { status, syncNow } from "../lib/state.js";
import { Button, Facts, Group, Head, Note } from "../ui/basic.jsx";
import { failed, toast } from "../ui/toast.jsx";

const FILE = "referentiel.json";
const inForce = async () => (await run(["pack", "show", FILE])).files?.[FILE];

/** Publishes a pack everywhere this device may; true when it was. */
async function publish(bytes) {
  const spaces = (status.value?.spaces ?? []).filter((space) => space.roles?.includes("admin"));
  for (const space of spaces)
    if (failed(await run(["pack", "publish", FILE, "--space", space.name], { files: { [FILE]: bytes } }))) return false;
  await loadPack();
  toast(t("pack.published"));
  if (navigator.onLine) syncNow();
  return true;
}

export function Referentiel() {
  const now = useSql("SELECT name, version FROM domain_pack")?.[0];
  const save = async () => { const bytes = await inForce(); if (bytes) saveFile(FILE, bytes, "application/json"); };
  return <>
    <Head title={t("plus.referentiel")} under={t("plus.referentiel.under")} />
    {now && <section class="card"><Facts facts={[[t("pack.name"), now.name], [t("settings.version"), now.version]]} />
      <div><Button icon="share" onClick={save}>{t("pack.save")}</Button></div></section>}
    <Rename />
    <FromFile />
  </>;
}

function Rename() {
  const [kind, setKind] = useState("");
  const [field, setField] = useState("");
  const rename = async (event) => {
    event.preventDefault();
    const word = event.currentTarget.elements.word.value.trim();
    const bytes = await inForce();
    if (!bytes || !word) return;
    const made = JSON.parse(new TextDecoder().decode(bytes));
    made.kinds[kind].fields[field].label[lang.value] = word;
    made.version++;
    if (await publish(new TextEncoder().encode(JSON.stringify(made)))) { setField(""); setKind(""); }
  };
  const kinds = Object.keys(pack.value.kind).sort((a, b) => kindLabel(a).localeCompare(kindLabel(b)));
  return (
    <Group title={t("pack.rename")}>
      <form class="card form" onSubmit={rename}>
        <div class="field"><label for="kind">{t("pack.kind")}</label>
          <select class="input" id="kind" value={kind} onChange={(event) => { setKind(event.currentTarget.value); setField(""); }}>
            <option value="">{t("form.choose")}</option>{kinds.map((key) => <option key={key} value={key}>{kindLabel(key)}</option>)}</select></div>
        {kind && <div class="field"><label for="field">{t("pack.field")}</label>
          <select class="input" id="field" value={field} onChange={(event) => setField(event.currentTarget.value)}>
            <option value="">{t("form.choose")}</option>{visibleFields(kind).map((key) => <option key={key} value={key}>{fieldLabel(kind, key)}</option>)}</select></div>}
        {field && <>
          <div class="field"><label for="word">{t("pack.word")}</label><input class="input" id="word" name="word" key={field} required maxLength={80} autocomplete="off" placeholder={wording(pack.value.kind[kind].fields[field].label)} /></div>
          <p class="soft small">{t("pack.renameHelp")}</p>
          <button class="button main full">{t("pack.publish")}</button></>}
      </form>
    </Group>
  );
}

function FromFile() {
  const [file, setFile] = useState(null);
  const [checked, setChecked] = useState(null);
  const choose = async (event) => {
    const one = event.currentTarget.files[0];
    if (!one) return;
    const bytes = new Uint8Array(await one.arrayBuffer());
    setFile(bytes);
    setChecked(await run(["pack", "check", FILE], { files: { [FILE]: bytes } }));
  };
  const send = async () => { if (await publish(file)) { setFile(null); setChecked(null); } };
  return (
    <Group title={t("pack.whole")}>
      <div class="field"><label for="pack">{t("pack.file")}</label><input class="input" id="pack" type="file" accept=".json,application/json" onChange={choose} /><span class="help">{t("pack.help")}</span></div>
      {checked && (checked.exit === 0
        ? <><Note tone="good" icon="check"><p>{t("pack.ok")}</p></Note><Button main full icon="pack" onClick={send}>{t("pack.publish")}</Button></>
        : <Note tone="bad" icon="alarm" role="alert"><p class="pre">{checked.error}</p></Note>)}
    </Group>
  );
}
