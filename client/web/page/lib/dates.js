// SPDX-License-Identifier: Apache-2.0
//
// Civil dates as text, AAAA-MM-JJ, and how people read them.
import { lang, t } from "./i18n.js";

const pad = (n) => String(n).padStart(2, "0");
const civil = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
const parse = (day) => new Date(`${day.slice(0, 10)}T12:00:00`);

/** The clock that tests set, an RFC 3339 text, or null. run() gives the same to the core. */
export const testClock = () => sessionStorage.getItem("now");
export const today = () => civil(testClock() ? new Date(testClock()) : new Date());
export function shift(day, n) {
  const date = parse(day);
  date.setDate(date.getDate() + n);
  return civil(date);
}
export const daysBetween = (a, b) => Math.round((parse(b) - parse(a)) / 86400000);

const formats = new Map();
function format(day, options, code = lang.value) {
  const key = code + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(code, options));
  return formats.get(key).format(day);
}
export const longDay = (day, code) => format(parse(day), { weekday: "long", day: "numeric", month: "long" }, code);
export const shortDay = (day) => format(parse(day), day.slice(0, 4) === today().slice(0, 4)
  ? { weekday: "short", day: "numeric", month: "short" } : { day: "numeric", month: "short", year: "numeric" });
export const fullDay = (day, code) => format(parse(day), { weekday: "long", day: "numeric", month: "long", year: "numeric" }, code);
export const clock = (instant, code) => format(new Date(instant), { hour: "2-digit", minute: "2-digit" }, code);

/** "aujourd'hui", "hier", "demain" or the day. */
export function near(day) {
  const n = daysBetween(today(), day);
  if (n === 0) return t("day.today");
  if (n === -1) return t("day.yesterday");
  if (n === 1) return t("day.tomorrow");
  return shortDay(day);
}

/** An instant of the log (…Z) as day and hour of here. */
export function instant(text) {
  if (!text) return "";
  const date = new Date(text);
  return `${near(civil(date))} ${clock(text)}`;
}
