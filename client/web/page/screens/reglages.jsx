// SPDX-License-Identifier: Apache-2.0
//
// Cet appareil: how it looks, when it locks, what it keeps, which program runs.
import { useEffect, useState } from "preact/hooks";
import { run } from "../lib/core.js";
import { lang, setLang, t } from "../lib/i18n.js";
import { lockMinutes, setLockMinutes, setTextSize, setTheme, textSize, theme } from "../lib/look.js";
import { canRemind, reminds, setReminds } from "../lib/remind.js";
import { lockNow, stage, status } from "../lib/state.js";
import { bundleHash, installed, takeUpdate, updateReady } from "../lib/version.js";
import { Button, Facts, Group, Head, Note, Segments } from "../ui/basic.jsx";

export function Reglages() {
  const [hash, setHash] = useState(null);
  const [version, setVersion] = useState("");
  const [kept, setKept] = useState(null);
  useEffect(() => {
    bundleHash().then(setHash);
    run(["version"]).then((answer) => setVersion(answer.json?.version ?? ""));
    (navigator.storage?.persisted?.() ?? Promise.resolve(null)).then(setKept);
  }, []);
  const [reminding, setReminding] = useState(reminds);
  const keep = async () => setKept(await navigator.storage.persist());
  return <>
    <Head title={t("plus.reglages")} />
    {updateReady.value && <Note icon="sync"><p>{t("update.ready")}</p><div><Button main onClick={takeUpdate}>{t("update.take")}</Button></div></Note>}
    <Group title={t("settings.lang")}><Segments label={t("settings.lang")} value={lang.value} options={[["fr", "Français"], ["en", "English"]]} onChange={setLang} /></Group>
    <Group title={t("settings.text")}><Segments label={t("settings.text")} value={textSize.value} options={["100", "125", "150", "200"].map((size) => [size, `${size} %`])} onChange={setTextSize} /></Group>
    <Group title={t("settings.theme")}><Segments label={t("settings.theme")} value={theme.value} options={["auto", "light", "dark"].map((one) => [one, t(`theme.${one}`)])} onChange={setTheme} /></Group>
    <Group title={t("settings.lock")}><Segments label={t("settings.lock")} value={lockMinutes.value} options={[1, 5, 15].map((n) => [n, t("settings.minutes", n)])} onChange={setLockMinutes} />
      <div><Button icon="lock" onClick={lockNow}>{t("settings.lockNow")}</Button></div></Group>
    {canRemind() && <Group title={t("remind.title")}><label class="check"><input type="checkbox" checked={reminding} onChange={async (event) => setReminding(await setReminds(event.currentTarget.checked))} /><span>{t("remind.ask")}</span></label></Group>}
    <Group title={t("settings.storage")}>
      {kept === false ? <Note tone="late" icon="alarm"><p>{t("storage.no")}</p><div><Button onClick={keep}>{t("storage.ask")}</Button></div></Note>
        : kept === true ? <Note tone="good" icon="check"><p>{t("storage.yes")}</p></Note> : null}
      {!installed() && <p class="soft">{t("install.why")}</p>}
    </Group>
    <Group title={t("settings.protects")}><ul class="group plain">{["first.protects", "first.not", "first.lost"].map((key) => <li key={key}>{t(key)}</li>)}</ul></Group>
    <Group title={t("settings.program")}>
      <section class="card"><Facts facts={[[t("settings.version"), version || stage.value.version], [t("settings.device"), status.value?.device && <span class="code small">{status.value.device}</span>],
        [t("settings.bundle"), hash && <span class="code small">{hash.replace(/(.{8})/g, "$1 ")}</span>]]} />
        <p class="soft small">{t("settings.bundleHelp")}</p></section>
    </Group>
  </>;
}
