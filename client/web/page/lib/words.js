// SPDX-License-Identifier: Apache-2.0
//
// Four words that open this device: 2,048 French words of @scure/bip39, accents folded, 44 bits before Argon2id. Most are
// told apart by three letters, all by four.
import { wordlist } from "@scure/bip39/wordlists/french.js";

export const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
const list = wordlist.map(fold).sort();

export function fourWords() {
  const numbers = crypto.getRandomValues(new Uint16Array(4));
  return [...numbers].map((n) => list[n % 2048]);
}
/** The words that begin so, at most six. */
export const complete = (start) => (fold(start).length < 2 ? [] : list.filter((word) => word.startsWith(fold(start))).slice(0, 6));
export const isWord = (word) => list.includes(fold(word));
export const passphrase = (words) => words.map(fold).join(" ");
