// SPDX-License-Identifier: Apache-2.0
//
// While an organisation begins, and one device alone holds it: what to do next, in the order that spares a detour (after
// the sheet, who administers is decided by two).
import { t } from "../lib/i18n.js";
import { status } from "../lib/state.js";
import { Group, List, Row } from "../ui/basic.jsx";

export function FirstSteps() {
  const mine = (status.value?.spaces ?? []).filter((one) => one.trial && one.roles?.includes("admin"));
  if (!mine.length) return null;
  const steps = [["importer", "file"], ["inviter", "member"], ["secours", "print"]];
  return (
    <Group title={t("steps.title")}>
      <p class="soft">{t("steps.text")}</p>
      <List label={t("steps.title")}>{steps.map(([screen, icon]) => <li key={screen}><Row to={[screen]} icon={icon} line={t(`steps.${screen}`)} under={t(`steps.${screen}.under`)} /></li>)}</List>
    </Group>
  );
}
