// SPDX-License-Identifier: Apache-2.0
//
// One sentence at the bottom: what was done, with "Annuler" for ten seconds; or what went wrong.
import { signal } from "@preact/signals";
import { run } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { pack } from "../lib/pack.js";
import { IconButton } from "./basic.jsx";

const shown = signal(null);
let timer;

/** Shows `text`; actions are [[label, function]]. Stays `seconds`, or until closed when 0. */
export function toast(text, actions = [], seconds = 6) {
  clearTimeout(timer);
  const mine = { text, actions };
  shown.value = mine;
  if (seconds) timer = setTimeout(() => shown.value === mine && (shown.value = null), seconds * 1000);
}
/** "Fait", with "Annuler" for the `n` entries just written. */
export function done(text, n = 1, more = []) {
  const seconds = Number(pack.value?.setting.annuler_secondes ?? 10);
  toast(text, [[t("undo"), async () => {
    for (let i = 0; i < n; i++) {
      const answer = await run(["undo"]);
      if (answer.exit !== 0) return failed(answer);
    }
    toast(t("undone"), [], 3);
  }], ...more], seconds);
}
/** Shows the library's sentence; true when there was something to say. */
export function failed(answer) {
  if (answer.exit === 0) return false;
  toast(answer.error || t("failed"), [], 0);
  return true;
}

export function Toast() {
  const one = shown.value;
  return (
    <div aria-live="polite" role="status">
      {one && <div class="toast">
        <p>{one.text}</p>
        {one.actions.map(([label, act]) => <button type="button" key={label} onClick={() => { shown.value = null; act(); }}>{label}</button>)}
        <IconButton icon="close" label={t("close")} onClick={() => (shown.value = null)} />
      </div>}
    </div>
  );
}
