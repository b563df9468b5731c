// SPDX-License-Identifier: Apache-2.0
//
// Alertes: when the server's history is not the one it signed. Work goes on; the evidence (signed notes and proofs, no
// content) is shown and saved.
import { core, useRead } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { saveFile } from "../lib/share.js";
import { alarms } from "../lib/state.js";
import { Button, Empty, Facts, Group, Head, LinkButton, Note } from "../ui/basic.jsx";

export function Alarmes() {
  const files = useRead(() => core.evidence(), []) ?? {};
  return <>
    <Head title={t("plus.alarmes")} />
    {alarms.value.length === 0 ? <Empty><p>{t("alarms.none")}</p></Empty> : alarms.value.map((space) => (
      <Note key={space.id} tone="bad" icon="alarm" role="alert"><p class="strong">{space.name}</p><p>{t(`alarm.${space.alarm}`)}</p>
        <Facts facts={[[t("alarms.first"), space.alarm_index], [t("space.checkpoint"), instant(space.checkpoint_time)], [t("space.server"), space.url]]} />
        <p>{t("alarms.do")}</p><div><LinkButton to={["journal"]}>{t("audit.verify")}</LinkButton> <LinkButton to={["comparer"]}>{t("plus.comparer")}</LinkButton></div></Note>))}
    {Object.keys(files).length > 0 && <Group title={t("alarms.evidence")}>
      <p class="soft">{t("alarms.evidenceHelp")}</p>
      {Object.entries(files).map(([name, bytes]) => <section class="card" key={name}>
        <div class="group-head"><h3 class="code small">{name}</h3><Button icon="share" onClick={() => saveFile(name, bytes, "text/plain")}>{t("save")}</Button></div>
        <details><summary class="soft">{t("alarms.read")}</summary><pre class="proof" tabIndex={0}>{new TextDecoder().decode(bytes)}</pre></details></section>)}
    </Group>}
  </>;
}
