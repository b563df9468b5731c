// SPDX-License-Identifier: Apache-2.0
//
// A stored value as people read it.
import { fullDay, instant, shortDay } from "../lib/dates.js";
import { lang, t } from "../lib/i18n.js";
import { fieldOf, optionLabel, optionsOf } from "../lib/pack.js";
import { href } from "../lib/router.js";

const days = (text, code) => [...String(text)].map((digit) =>
  new Intl.DateTimeFormat(code, { weekday: "short" }).format(new Date(2024, 0, Number(digit), 12))).join(" ");

/** A French number in the pairs that people say. */
const spoken = (number) => (/^0\d{9}$/.test(number) ? number.replace(/(\d\d)(?=\d)/g, "$1 ") : number);

/** Plain text; `titles` names the records that references point to. */
export function valueText(kind, field, value, titles = {}, code = lang.value) {
  const spec = fieldOf(kind, field);
  if (value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length)) return "";
  const word = (one) => (spec?.of === "ref" || spec?.type === "ref" ? titles[one] ?? "…" : optionLabel(kind, field, one, code));
  switch (spec?.type) {
    case "phone": return spoken(value);
    case "date": return fullDay(value, code);
    case "datetime": return instant(value.endsWith("Z") ? value : `${value}`);
    case "bool": return value ? t("yes") : t("no");
    case "weekdays": return days(value, code);
    case "ref": case "enum": return word(value);
    case "checklist": return `${value.length} / ${Object.keys(optionsOf(spec)).length}`;
    case "set": return (Array.isArray(value) ? value : [value]).map(word).join(", ");
    default: return String(value);
  }
}
export function Value({ kind, field, value, titles }) {
  const spec = fieldOf(kind, field);
  if (spec?.type === "ref" && value) return <a href={href("fiche", [value])}>{nice(titles[value]) || "…"}</a>;
  if (spec?.type === "phone" && value) return <a href={`tel:${value.replace(/[^+\d]/g, "")}`}>{spoken(value)}</a>;
  if (spec?.type === "email" && value) return <a href={`mailto:${value}`}>{value}</a>;
  if (spec?.type === "set" && spec.of === "ref" && Array.isArray(value))
    return value.map((one, i) => <>{i > 0 && ", "}<a href={href("fiche", [one])}>{titles[one] ?? "…"}</a></>);
  return valueText(kind, field, value, titles);
}
/** Every record id that the shown values of `record` point to. */
export function refsOf(kind, record) {
  const found = new Set();
  for (const [field, value] of Object.entries(record)) {
    const spec = fieldOf(kind, field);
    if (spec?.type === "ref" && value) found.add(value);
    if (spec?.of === "ref" && Array.isArray(value)) value.forEach((one) => found.add(one));
  }
  return [...found];
}
/** A record's title with its days as people write them. */
export const nice = (title) => (title ?? "").replace(/\b\d{4}-\d{2}-\d{2}(?:T(\d{2}:\d{2}))?\b/g, (all, hour) => shortDay(all) + (hour ? ` ${hour}` : ""));
