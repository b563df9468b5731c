// SPDX-License-Identifier: Apache-2.0
//
// Reopening: the PIN within twelve hours, the four words after that.
import { useState } from "preact/hooks";
import { core } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { stage } from "../lib/state.js";
import { takeUpdate, updateReady } from "../lib/version.js";
import { passphrase } from "../lib/words.js";
import { Button, Note } from "../ui/basic.jsx";
import { Logo } from "./logo.jsx";
import { Pin } from "./pin.jsx";
import { WordsInput } from "./words.jsx";

export function Lock({ opened }) {
  const [chosen, setWords] = useState(null);
  const words = chosen ?? stage.value.warm === false;
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState(false); // by the words: a PIN for the next hours is offered
  const answer = async (result) => {
    setBusy(false);
    if (result.exit === 0) return words ? setOpen(true) : opened();
    if (result.gone) setWords(true);
    setError(result.gone ? t("lock.gone") : result.left ? t("lock.left", result.left) : result.error || t("lock.wrong"));
  };
  const byPin = async (event) => {
    event.preventDefault();
    const input = event.currentTarget.elements.pin;
    setBusy(true);
    const result = await core.unlockPin({ pin: input.value });
    input.value = "";
    await answer(result);
  };
  const byWords = async (list) => {
    setBusy(true);
    setError(null);
    await answer(await core.unlock({ passphrase: passphrase(list) }));
  };
  if (open) return <main class="alone"><Pin next={opened} /></main>;
  return (
    <main class="alone">
      <Logo />
      <h1>{t("lock.title")}</h1>
      {updateReady.value && <Note icon="sync"><p>{t("update.ready")}</p><div><Button onClick={takeUpdate}>{t("update.take")}</Button></div></Note>}
      {error && <Note tone="bad" icon="alarm" role="alert"><p>{error}</p></Note>}
      {words ? <WordsInput busy={busy} onDone={byWords} label={t("lock.open")} />
        : <form class="form" onSubmit={byPin}>
          <div class="field"><label for="pin">{t("pin.label")}</label>
            <input class="input pin" id="pin" name="pin" type="password" inputmode="numeric" autocomplete="off" minLength={4} maxLength={12} required autofocus /></div>
          <button class="button main full" disabled={busy}>{busy ? t("lock.opening") : t("lock.open")}</button>
          <Button quiet onClick={() => { setError(null); setWords(true); }}>{t("lock.words")}</Button>
        </form>}
    </main>
  );
}
