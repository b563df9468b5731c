// SPDX-License-Identifier: Apache-2.0
//
// What this device looks like: theme and size of text. No secret, so it stands in localStorage.
import { signal } from "@preact/signals";

export const theme = signal(localStorage.getItem("theme") ?? "auto");
export const textSize = signal(localStorage.getItem("text") ?? "100");
export const lockMinutes = signal(Number(localStorage.getItem("lock") ?? 5));

export function applyLook() {
  const root = document.documentElement;
  if (theme.value === "auto") delete root.dataset.theme; else root.dataset.theme = theme.value;
  if (textSize.value === "100") delete root.dataset.text; else root.dataset.text = textSize.value;
}
export function setTheme(value) { theme.value = value; localStorage.setItem("theme", value); applyLook(); }
export function setTextSize(value) { textSize.value = value; localStorage.setItem("text", value); applyLook(); }
export function setLockMinutes(value) { lockMinutes.value = value; localStorage.setItem("lock", value); }
