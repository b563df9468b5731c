// SPDX-License-Identifier: Apache-2.0
//
// Words that are being typed, kept as they are typed (sealed by the core), so that a killed page loses none. A small
// index, a draft itself, lists what is open; the first screen offers to go on.
import { signal } from "@preact/signals";
import { core } from "./core.js";

const INDEX = "index";
/** [{key, title, href, at}], newest first. */
export const drafts = signal([]);

export async function loadDrafts() {
  try { drafts.value = JSON.parse((await core.draft.load(INDEX)) ?? "[]"); } catch { drafts.value = []; }
}
const saveIndex = () => core.draft.save(INDEX, JSON.stringify(drafts.value));

const waiting = new Map();
/** Keeps `values` under `key`; several calls in quick succession are one write. */
export function keepDraft(key, values, about) {
  if (waiting.has(key)) clearTimeout(waiting.get(key).timer);
  const write = async () => {
    waiting.delete(key);
    await core.draft.save(key, JSON.stringify(values));
    if (!drafts.value.some((one) => one.key === key)) {
      drafts.value = [{ key, ...about, at: Date.now() }, ...drafts.value];
      await saveIndex();
    }
  };
  waiting.set(key, { write, timer: setTimeout(write, 150) });
}
export async function loadDraft(key) {
  try { return JSON.parse((await core.draft.load(key)) ?? "null"); } catch { return null; }
}
export async function dropDraft(key) {
  if (waiting.has(key)) clearTimeout(waiting.get(key).timer);
  waiting.delete(key);
  await core.draft.clear(key);
  if (drafts.value.some((one) => one.key === key)) {
    drafts.value = drafts.value.filter((one) => one.key !== key);
    await saveIndex();
  }
}
/** Writes at once what waits: the page is being hidden. */
export const flushDrafts = () => Promise.all([...waiting.values()].map(({ timer, write }) => (clearTimeout(timer), write())));
addEventListener("visibilitychange", () => document.hidden && flushDrafts());
addEventListener("pagehide", flushDrafts);
