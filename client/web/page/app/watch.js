// SPDX-License-Identifier: Apache-2.0
//
// Locks by itself: after some minutes without a touch, or away from the page. Nothing is shown of an open page that is
// left (the phone's list of programs takes a picture of it).
import { flushDrafts } from "../lib/draft.js";
import { lockMinutes } from "../lib/look.js";
import { lockNow, stage } from "../lib/state.js";

let last = Date.now();
const touched = () => (last = Date.now());
const over = () => stage.value.state === "open" && lockMinutes.value > 0 && Date.now() - last > lockMinutes.value * 60000;

async function look() {
  if (!over()) return;
  await flushDrafts();
  await lockNow();
}
export function watchLock() {
  for (const event of ["pointerdown", "keydown", "scroll"]) addEventListener(event, touched, { passive: true, capture: true });
  addEventListener("visibilitychange", () => {
    document.documentElement.classList.toggle("away", document.hidden);
    if (!document.hidden) look();
  });
  setInterval(look, 15000);
}
