// SPDX-License-Identifier: Apache-2.0
//
// The interface of worker/client.js over dev/bridge.js: development only.
const heard = new Map();
let lang = "fr";

async function post(call, more = {}) {
  const response = await fetch("/dev", { method: "POST", body: JSON.stringify({ call, lang, ...more }) });
  return response.json();
}

const pack = (bytes) => {
  if (typeof bytes === "string") return bytes;
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return { base64: btoa(text) };
};
const unpack = ({ base64 }) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const each = (list, change) => Object.fromEntries(Object.entries(list ?? {}).map(([name, value]) => [name, change(value)]));
const tell = (event, value) => { for (const f of heard.get(event) ?? []) f(value); };

const reading = new Set(["show", "list", "find", "history", "conflicts", "sql", "status", "kinds", "fields", "agenda", "match",
  "duplicates", "report", "mentions", "erased", "member list", "member proposals", "audit log", "audit verify", "audit exposure", "audit grants", "audit read", "retention review", "witness list", "pack show", "pack check", "space list", "version"]);

export function on(event, f) {
  if (!heard.has(event)) heard.set(event, new Set());
  heard.get(event).add(f);
  return () => heard.get(event).delete(f);
}
export function language(code) { lang = code; }
export const start = () => post("start");
export const takeOver = () => post("start");
export const create = (what) => post("create", what);
export const unlock = (what) => post("unlock", what);
export const setPin = (what) => post("setPin", what);
export const unlockPin = (what) => post("unlockPin", what);
export async function lock() { const answer = await post("lock"); tell("locked"); return answer; }
export async function run(words, options = {}) {
  const answer = await post("run", { words, options: { lang, ...options, files: options.files && each(options.files, pack) } });
  answer.files = each(answer.files, unpack);
  const reads = reading.has(words[0]) || reading.has(words.slice(0, 2).join(" ")) || (words[0] === "suggest" && words.length < 3) || (["print", "refused", "adopt"].includes(words[0]) && words.length === 1);
  if (answer.exit === 0 && !reads) tell("changed");
  return answer;
}
export async function sync() {
  tell("sync", { state: "running" });
  const answer = await run(["sync"]);
  tell("sync", { state: "done", exit: answer.exit });
  return { ...answer.json, exit: answer.exit, error: answer.error };
}
export const abort = async () => ({ exit: 0 });
export const evidence = async () => ({});
export const draft = {
  save: (key, text) => post("draft", { key, text }),
  load: async (key) => (await post("draft", { key })).text,
  clear: (key) => post("draft", { key, text: null }),
};
