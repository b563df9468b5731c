// SPDX-License-Identifier: Apache-2.0
//
// Words of the page. Each language is one catalogue in ../strings; a sentence is a text, or a function of its numbers.
// fr and en are whole; ro and bg hold what the person concerned sees (face-to-face mode, messages).
import { signal } from "@preact/signals";
import fr from "../strings/fr.js";
import en from "../strings/en.js";
import ro from "../strings/ro.js";
import bg from "../strings/bg.js";

const catalogues = { fr, en, ro, bg };
/** Those that the person concerned may read or hear. */
export const languages = [["fr", "Français"], ["ro", "Română"], ["bg", "Български"], ["en", "English"]];
export const lang = signal(localStorage.getItem("lang") ?? (navigator.language.startsWith("fr") ? "fr" : "en"));

/** The sentence of `key` in `code` (the page's language unless told), with French as the way out. */
export function say(code, key, ...values) {
  const sentence = catalogues[code]?.[key] ?? fr[key] ?? key;
  return typeof sentence === "function" ? sentence(...values) : sentence;
}
export const t = (key, ...values) => say(lang.value, key, ...values);

export function setLang(code) {
  lang.value = code;
  localStorage.setItem("lang", code);
  document.documentElement.lang = code;
}

/** A wording of the pack, {fr, en, ro, bg}, in `code`. */
export const wording = (words, code = lang.value) => words?.[code] ?? words?.fr ?? "";
