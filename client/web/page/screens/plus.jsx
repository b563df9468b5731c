// SPDX-License-Identifier: Apache-2.0
//
// Plus: every other door, those of coordination and administration by role.
import { useRun } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { can, status } from "../lib/state.js";
import { Badge, Group, Head, List, Row } from "../ui/basic.jsx";
import { screens } from "./index.js";

/** [title, [[screen, icon]]]: what this device may open. */
export const groups = () => [
  ["plus.work", [["postes", "job", true], ["conflits", "conflict", true], ["doublons", "match", true], ["communaute", "community", true], ["rapports", "report", true]]],
  ["plus.files", [["imprimer", "print", true], ["importer", "file", true], ["exporter", "share", true]]],
  ["plus.team", [["membres", "member", true], ["journal", "audit", true], ["autorisations", "eye", true], ["secours", "file", can("admin")], ["retention", "clock", can("steward")], ["effaces", "erase", can("steward")], ["mentions", "search", can("steward")], ["referentiel", "pack", can("admin")], ["comparer", "camera", true], ["alarmes", "alarm", true]]],
  ["plus.device", [["synchro", "sync", true], ["reprises", "later", true], ["rejoindre", "link", true], ["reglages", "settings", true]]],
].map(([title, rows]) => [title, rows.filter(([screen, , allowed]) => allowed && screens[screen])]).filter(([, rows]) => rows.length);

export function Plus() {
  const duplicates = useRun(["duplicates"])?.json ?? [];
  const waiting = status.value?.waiting ?? 0;
  const count = { conflits: status.value?.conflicts ?? 0, doublons: duplicates.length, membres: waiting };
  return <>
    <Head up={false} title={t("nav.more")} />
    {groups().map(([title, rows]) => <Group key={title} title={t(title)}><List>
        {rows.map(([screen, icon]) => <li key={screen}><Row to={[screen]} icon={icon} line={t(`plus.${screen}`)} under={t(`plus.${screen}.under`)} badge={count[screen] > 0 ? <Badge tone="late">{count[screen]}</Badge> : null} /></li>)}
      </List></Group>)}
  </>;
}
