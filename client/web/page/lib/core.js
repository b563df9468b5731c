// SPDX-License-Identifier: Apache-2.0
//
// The page's only door to the program: run() for one command, useRun() for a screen that shows what a command says.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import * as core from "@core";
import { testClock } from "./dates.js";
import { lang } from "./i18n.js";

export { core };

/** Grows when tables changed: screens read again. */
export const tick = signal(0);
core.on("changed", () => tick.value++);

/** One command of the terminal's table: {exit, json, error, files}. Never throws. */
export async function run(words, options = {}) {
  try {
    return await core.run(words.map(String), { lang: lang.value, now: testClock(), ...options });
  } catch (error) {
    return { exit: 1, json: null, error: String(error?.message ?? error), files: {} };
  }
}

/** The rows of a SELECT; an empty list when it is refused. */
export async function sql(query) {
  const answer = await run(["sql", query]);
  if (answer.exit !== 0 && DEV) console.error(answer.error, query);
  return answer.exit === 0 ? answer.json : [];
}

/** Text as an SQL literal. */
export const quote = (text) => `'${String(text).replaceAll("'", "''")}'`;

/**
 * What `read()` (a promise) answers, read again when tables change or `deps` do. Keeps what was shown meanwhile, so
 * that nothing jumps. undefined until the first answer.
 */
export function useRead(read, deps) {
  const [value, set] = useState(undefined);
  const turn = useRef(0);
  const key = useRef(null);
  const now = tick.value;
  useEffect(() => {
    const mine = ++turn.current;
    const wanted = JSON.stringify(deps);
    if (key.current !== null && key.current !== wanted) set(undefined);
    key.current = wanted;
    read().then((answer) => mine === turn.current && set(answer));
    return () => turn.current++;
  }, [now, lang.value, ...deps]);
  return value;
}
export const useRun = (words) => useRead(() => run(words), words);
export const useSql = (query) => useRead(() => sql(query), [query]);

/** The titles of records: {id: title}. */
export async function titlesOf(ids) {
  const wanted = [...new Set(ids)].filter(Boolean);
  const made = {};
  for (let i = 0; i < wanted.length; i += 100) {
    const part = wanted.slice(i, i + 100).map((id) => `SELECT ${quote(id)} AS id, title(${quote(id)}) AS title`);
    for (const row of await sql(part.join(" UNION ALL "))) made[row.id] = row.title;
  }
  return made;
}
