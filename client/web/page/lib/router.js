// SPDX-License-Identifier: Apache-2.0
//
// Where we are: #/screen/argument?name=value. The back button of the phone goes back.
import { signal } from "@preact/signals";

function parse() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen = "", ...rest] = path.split("/").map(decodeURIComponent);
  return { screen, args: rest, query: Object.fromEntries(new URLSearchParams(query)) };
}
export const place = signal(parse());

let depth = 0;
addEventListener("hashchange", () => {
  place.value = parse();
  scrollTo(0, 0);
});

export const href = (screen, args = [], query = {}) => {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== ""));
  return `#/${[screen, ...args].map(encodeURIComponent).join("/")}${search.size ? `?${search}` : ""}`;
};
export function go(screen, args, query) {
  depth++;
  location.hash = href(screen, args, query);
}
/** Replaces where we are: what was left behind (a form that is done) is not gone back to. */
export function goInstead(screen, args, query) {
  location.replace(href(screen, args, query));
}
export function back() {
  if (history.length > 1) history.back();
  else goInstead("");
}
