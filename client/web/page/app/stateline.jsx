// SPDX-License-Identifier: Apache-2.0
//
// One line that is always true: everything is sent, or how many changes wait and since when.
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { href } from "../lib/router.js";
import { alarms, status, syncError, syncing, unsent, unsentSince, waitingSpaces } from "../lib/state.js";
import { updateReady } from "../lib/version.js";
import { Icon } from "../ui/icon.jsx";

/** [tone, icon, sentence] */
export function stateSentence() {
  const spaces = status.value?.spaces ?? [];
  if (!status.value) return ["", "clock", t("wait")];
  if (alarms.value.length) return ["bad", "alarm", t("state.alarm")];
  if (!spaces.length) return ["late", "link", t("state.nospace")];
  if (syncing.value) return ["", "sync", syncing.value.pulled > 20 ? t("sync.progress", syncing.value.pulled) : t("sync.running")];
  if (waitingSpaces.value.length) return ["late", "clock", t("state.waiting", unsent.value)];
  if (unsent.value > 0) return ["late", "unsent", t("sync.unsent", unsent.value, instant(unsentSince.value))];
  if (syncError.value && syncError.value.exit !== 3) return ["bad", "alarm", t("sync.refused")];
  return ["good", "sent", t("sync.sent")];
}

export function StateLine() {
  const [tone, icon, sentence] = stateSentence();
  return (
    <a class={`state ${tone}`} href={href("synchro")} data-unsent={unsent.value}>
      <Icon name={icon} /><span role="status">{sentence}{updateReady.value && ` · ${t("update.short")}`}</span>
    </a>
  );
}
