// SPDX-License-Identifier: Apache-2.0
//
// Référentiel: the pack that all forms come from. A new one is checked first, then published to the organisation.
import { useState } from "preact/hooks";
import { run, useSql } from "../lib/core.js";
import { loadPack } from "../lib/pack.js";
import { t } from "../lib/i18n.js";
import { status, syncNow } from "../lib/state.js";
import { Button, Facts, Head, Note, Segments } from "../ui/basic.jsx";
import { failed, toast } from "../ui/toast.jsx";

export function Referentiel() {
  const now = useSql("SELECT name, version FROM domain_pack")?.[0];
  const spaces = (status.value?.spaces ?? []).filter((space) => space.roles?.includes("admin"));
  const [space, setSpace] = useState((spaces.find((one) => one.level === "organisation") ?? spaces[0])?.name);
  const [file, setFile] = useState(null);
  const [checked, setChecked] = useState(null);
  const choose = async (event) => {
    const one = event.currentTarget.files[0];
    if (!one) return;
    const bytes = new Uint8Array(await one.arrayBuffer());
    setFile(bytes);
    setChecked(await run(["pack", "check", "referentiel.json"], { files: { "referentiel.json": bytes } }));
  };
  const publish = async () => {
    const answer = await run(["pack", "publish", "referentiel.json", "--space", space], { files: { "referentiel.json": file } });
    if (failed(answer)) return;
    await loadPack();
    setFile(null);
    setChecked(null);
    toast(t("pack.published"));
    if (navigator.onLine) syncNow();
  };
  return <>
    <Head title={t("plus.referentiel")} under={t("plus.referentiel.under")} />
    {now && <section class="card"><Facts facts={[[t("pack.name"), now.name], [t("settings.version"), now.version]]} /></section>}
    <div class="field"><label for="pack">{t("pack.file")}</label><input class="input" id="pack" type="file" accept=".json,application/json" onChange={choose} /><span class="help">{t("pack.help")}</span></div>
    {checked && (checked.exit === 0
      ? <Note tone="good" icon="check"><p>{t("pack.ok")}</p></Note>
      : <Note tone="bad" icon="alarm" role="alert"><p class="pre">{checked.error}</p></Note>)}
    {checked?.exit === 0 && <>
      {spaces.length > 1 && <Segments label={t("invite.space")} value={space} onChange={setSpace} options={spaces.map((one) => [one.name, one.name])} />}
      <Button main full icon="pack" onClick={publish}>{t("pack.publish")}</Button></>}
  </>;
}
