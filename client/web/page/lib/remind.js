// SPDX-License-Identifier: Apache-2.0
//
// Neutral reminders: "3 rappels", once a day, while the page is open and not looked at. No name, no place, no reason: a screen
// is read over a shoulder. Nothing is asked of a server of messages.
import { run } from "./core.js";
import { testClock, today } from "./dates.js";
import { t } from "./i18n.js";

const KEY = "reminders";
const EVERY = 10 * 60000;
export const canRemind = () => "Notification" in globalThis;
export const reminds = () => canRemind() && Notification.permission === "granted" && localStorage.getItem(KEY) !== null;

/** Turns reminders on (the browser asks) or off; what holds now. */
export async function setReminds(on) {
  if (!on) localStorage.removeItem(KEY);
  else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, "");
  return reminds();
}

/** Says how many points wait, if nobody looks and today's word has not been said. */
async function remind(isOpen) {
  if (!isOpen() || !document.hidden || !reminds() || localStorage.getItem(KEY) === today()) return;
  const answer = await run(["agenda"]);
  const n = (answer.json ?? []).filter((item) => item.due <= today()).length;
  if (!n) return;
  localStorage.setItem(KEY, today());
  const said = { body: t("remind.body", n), tag: "passerelle", icon: "icons/icon-192.png", silent: true };
  const worker = await navigator.serviceWorker?.getRegistration();
  if (worker) await worker.showNotification("Passerelle", said);
  else new Notification("Passerelle", said);
}
export function watchReminders(isOpen) {
  const look = () => remind(isOpen).catch(() => {});
  addEventListener("visibilitychange", () => setTimeout(look, testClock() ? 0 : 2000));
  setInterval(look, EVERY);
}
