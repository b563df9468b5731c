// SPDX-License-Identifier: Apache-2.0
//
// Four words typed again: after three letters the words that fit stand below, and a single one is taken by itself.
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../lib/i18n.js";
import { complete, fold, isWord } from "../lib/words.js";

/** `n` words; `check(list)` says whether they are the right ones (when known), else any words of the list will do. */
export function WordsInput({ n = 4, busy, onDone, label, first = 0 }) {
  const [words, setWords] = useState([]);
  const [typed, setTyped] = useState("");
  const box = useRef(null);
  const found = complete(typed);
  useEffect(() => box.current?.focus(), [words.length]);
  const take = (word) => {
    const next = [...words, word];
    setWords(next);
    setTyped("");
    if (next.length === n) onDone(next);
  };
  const typing = (event) => {
    const text = event.currentTarget.value;
    const all = text.trim().split(/\s+/);
    if (all.length === n && n > 1 && all.every(isWord)) { setWords(all); setTyped(""); return onDone(all); }
    const list = complete(text);
    if (fold(text).length >= 3 && list.length === 1) return take(list[0]);
    setTyped(text);
  };
  const full = words.length === n;
  return (
    <form class="form" onSubmit={(event) => { event.preventDefault(); if (full) onDone(words); else if (found.length) take(found.find((word) => word === fold(typed)) ?? found[0]); }}>
      {n > 1 && <ol class="word-grid" aria-live="polite">
        {Array.from({ length: n }, (_, i) => <li key={i}><span>{i + 1}</span>{words[i] ? "••••" : ""}</li>)}
      </ol>}
      {!full && <div class="field">
        <label for="word">{t("words.next", first + words.length + 1)}</label>
        <input ref={box} class="input" id="word" autocomplete="off" autocapitalize="none" spellcheck={false} value={typed} onInput={typing} />
        <div class="chips" aria-live="polite">
          {fold(typed).length >= 3 && found.map((word) => <button type="button" class="chip" key={word} onClick={() => take(word)}>{word}</button>)}
          {fold(typed).length >= 3 && !found.length && <span class="soft">{t("words.none")}</span>}
        </div>
      </div>}
      {n > 1 && <div class="buttons">
        <button class="button main grow" disabled={!full || busy}>{busy ? t("lock.opening") : label}</button>
        {words.length > 0 && <button type="button" class="button" disabled={busy} onClick={() => setWords([])}>{t("words.again")}</button>}
      </div>}
    </form>
  );
}
