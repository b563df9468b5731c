// SPDX-License-Identifier: Apache-2.0
//
// How this device stands: its spaces, what waits to be sent, who it is. Read again after every change.
import { computed, effect, signal } from "@preact/signals";
import { core, run, tick } from "./core.js";
import { t } from "./i18n.js";

/** "starting" | "none" | "locked" | "open" | "partial" | "elsewhere" | "unsupported", and what start() said. */
export const stage = signal({ state: "starting" });
export const status = signal(null);
export const syncing = signal(null); // null | {state, ...}
export const syncError = signal(null);
export const hidden = signal(false);

export const unsent = computed(() => (status.value?.spaces ?? []).reduce((sum, space) => sum + space.unsent, 0));
export const unsentSince = computed(() => (status.value?.spaces ?? []).map((space) => space.unsent_since).filter(Boolean).sort()[0] ?? null);
export const waitingSpaces = computed(() => (status.value?.spaces ?? []).filter((space) => space.state === "waiting"));
export const alarms = computed(() => (status.value?.spaces ?? []).filter((space) => space.alarm && space.state !== "succeeded"));
export const can = (role) => (status.value?.spaces ?? []).some((space) => space.roles?.includes(role));

export async function readStatus() {
  const answer = await run(["status"]);
  if (answer.exit === 0 || answer.exit === 4) status.value = answer.json;
}

let again = null, running = null, lastTry = 0;
/** One round trip per server. Never two at once; an error is kept for the state line, never thrown. */
export const syncEnd = () => running?.catch(() => {});
export function syncNow() {
  if (running) return running;
  clearTimeout(again);
  lastTry = Date.now();
  syncing.value = { state: "running" };
  running = core.sync({}).then((answer) => {
    syncError.value = answer.exit === 0 ? null : { exit: answer.exit, text: answer.error || t("sync.failed") };
    return answer;
  }, (error) => {
    syncError.value = { exit: 3, text: String(error?.message ?? error) };
    return { exit: 3 };
  }).finally(async () => {
    syncing.value = null;
    running = null;
    const before = status.value?.waiting;
    await readStatus();
    // A request to join changes no table, but the screen that lists it.
    if (before !== status.value?.waiting) tick.value++;
  });
  return running;
}
/** Work leaves by itself a little after it was written, when there is a network. */
export function syncSoon(ms = 8000) {
  clearTimeout(again);
  again = setTimeout(() => stage.value.state === "open" && navigator.onLine && unsent.value > 0 && syncNow(), ms);
}
core.on("sync", (progress) => { if (running) syncing.value = { state: "running", ...progress }; });
addEventListener("online", () => stage.value.state === "open" && status.value?.spaces?.length && syncNow());
effect(() => {
  if (tick.value >= 0 && stage.value.state === "open") readStatus().then(() => syncSoon());
});

/** Now and then, while somebody looks: sooner while an approval is waited for. */
const MINUTE = 60000;
setInterval(() => {
  if (stage.value.state !== "open" || document.hidden || !navigator.onLine || !status.value?.spaces?.length) return;
  if (Date.now() - lastTry < (waitingSpaces.value.length ? 8000 : 5 * MINUTE)) return;
  lastTry = Date.now();
  syncNow();
}, 4000);

export async function lockNow() {
  hidden.value = true;
  await core.lock();
  status.value = null;
  stage.value = { ...(await core.start()), state: "locked" };
}
core.on("locked", () => { if (stage.value.state === "open") stage.value = { ...stage.value, warm: undefined, state: "locked" }; });
// The program stopped (it never goes on with memory it cannot trust): it is started again, locked, with all that was acknowledged.
core.on("broken", async () => {
  stage.value = { state: "starting" };
  stage.value = await core.start();
});
core.on("taken", () => (stage.value = { state: "elsewhere" }));
