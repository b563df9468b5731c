// SPDX-License-Identifier: Apache-2.0
//
// The domain pack as the page needs it: kinds, forms, check-lists, contents, rules, sheets, reports, imports, hints.
// Read from the tables that the core fills, so a published pack reaches every form without a new page.
import { signal } from "@preact/signals";
import { run, sql } from "./core.js";
import { lang, wording } from "./i18n.js";

export const pack = signal(null);

const sections = ["kind", "form", "checklist", "content", "rule", "sheet", "report", "import"];

export async function loadPack() {
  const parts = sections.map((name) =>
    `SELECT '${name}' AS section, key, json FROM (SELECT key, json FROM domain_${name} ORDER BY rowid)`);
  const [rows, shared, hints, settings] = await Promise.all([
    sql(parts.join(" UNION ALL ")),
    sql("SELECT path, lang, text FROM domain_label WHERE path LIKE 'options.%'"),
    sql("SELECT h.key, h.word, l.lang, l.text FROM domain_hint h JOIN domain_label l ON l.path = h.path || '.label'"),
    sql("SELECT key, value FROM domain_setting"),
  ]);
  const made = { options: {}, hints: {}, setting: Object.fromEntries(settings.map((row) => [row.key, row.value])) };
  for (const name of sections) made[name] = {};
  for (const row of rows) made[row.section][row.key] = JSON.parse(row.json);
  for (const { path, lang: code, text } of shared) {
    const [, list, option] = path.split(".");
    ((made.options[list] ??= {})[option] ??= { label: {} }).label[code] = text;
  }
  for (const { key, word, lang: code, text } of hints) {
    const hint = (made.hints[key] ??= { words: new Set(), label: {} });
    hint.words.add(word);
    hint.label[code] = text;
  }
  pack.value = made;
}

export const kindOf = (kind) => pack.value?.kind[kind];
export const fieldOf = (kind, field) => kindOf(kind)?.fields[field];
export const kindLabel = (kind, plural = false) => wording(kindOf(kind)?.[plural ? "plural" : "label"] ?? kindOf(kind)?.label) || kind;
export const fieldLabel = (kind, field, code) => wording(fieldOf(kind, field)?.label, code) || field;

/** {key: {label, retired}} of an enum, a set of enums or a check-list. */
export function optionsOf(field) {
  if (!field) return {};
  if (field.type === "checklist") return pack.value.checklist[field.checklist]?.items ?? {};
  const options = field.options;
  return typeof options === "string" ? pack.value.options[options.slice(1)] ?? {} : options ?? {};
}
export const optionLabel = (kind, field, key, code = lang.value) => wording(optionsOf(fieldOf(kind, field))[key]?.label, code) || key;

/** The form to enter a new record of `kind`: the quick one if asked for and there is one. */
export function formOf(kind, quick = false) {
  const forms = Object.values(pack.value.form).filter((form) => form.kind === kind);
  const form = forms.find((one) => Boolean(one.quick) === quick) ?? forms[0];
  return form ?? { kind, title: kindOf(kind).label, blocks: [{ fields: visibleFields(kind) }] };
}
export const visibleFields = (kind) => Object.entries(kindOf(kind).fields).filter(([, field]) => !field.hidden).map(([key]) => key);

/** Sentences that the pack has for a free text: a hint, never a refusal. */
export function hintsFor(text) {
  const folded = (text ?? "").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const found = [];
  for (const hint of Object.values(pack.value?.hints ?? {}))
    for (const word of hint.words) {
      const open = word.endsWith("*");
      const bare = word.replace("*", "").replace(/[.+?^${}()|[\]\\]/g, "\\$&");
      if (new RegExp(`(^|[^\\p{L}])${bare}${open ? "" : "([^\\p{L}]|$)"}`, "u").test(folded)) {
        found.push(wording(hint.label));
        break;
      }
    }
  return found;
}

/** Which kinds this device can write: run(["kinds"]) keeps to the spaces that exist. */
export const kinds = () => run(["kinds"]);
