// SPDX-License-Identifier: Apache-2.0
//
// Alertes: when the server's history is not the one it signed. Work goes on; the evidence is shown and saved.
import { t } from "../lib/i18n.js";
import { alarms } from "../lib/state.js";
import { Empty, Facts, Head, LinkButton, Note } from "../ui/basic.jsx";
import { instant } from "../lib/dates.js";

export function Alarmes() {
  return <>
    <Head title={t("plus.alarmes")} />
    {alarms.value.length === 0 ? <Empty><p>{t("alarms.none")}</p></Empty> : alarms.value.map((space) => (
      <Note key={space.id} tone="bad" icon="alarm" role="alert"><p class="strong">{space.name}</p><p>{t(`alarm.${space.alarm}`)}</p>
        <Facts facts={[[t("alarms.first"), space.alarm_index], [t("space.checkpoint"), instant(space.checkpoint_time)], [t("space.server"), space.url]]} />
        <p>{t("alarms.do")}</p><div><LinkButton to={["journal"]}>{t("audit.verify")}</LinkButton></div></Note>))}
  </>;
}
