// SPDX-License-Identifier: Apache-2.0
//
// When every device is lost: the recovery sheet brings the spaces back. Its QR code is scanned, or its link or code typed.
import { useState } from "preact/hooks";
import { run } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { syncNow } from "../lib/state.js";
import { Button, Note } from "../ui/basic.jsx";
import { Scanner } from "../ui/scan.jsx";

export function Recover({ done }) {
  const [scan, setScan] = useState(false);
  const [text, setText] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const byCode = text.trim() !== "" && !text.includes("#");
  const recover = async (sheet, more = []) => {
    setScan(false);
    setBusy(true);
    setError(null);
    const answer = await run(["recover", sheet.trim(), ...more]);
    setBusy(false);
    if (answer.exit !== 0) return setError(answer.error || t("failed"));
    await done();
    syncNow();
  };
  const send = (event) => {
    event.preventDefault();
    const form = event.currentTarget.elements;
    const lost = form.lost.value.split(/[,\n]/).map((name) => name.trim()).filter(Boolean).join(",");
    recover(text, [...(byCode ? ["--server", form.address.value.trim(), "--spaces", form.spaces.value.trim().split(/[\s,]+/).join(",")] : []), ...(lost ? ["--lost", lost] : [])]);
  };
  return (
    <form class="form" onSubmit={send}>
      <p>{t("recover.text")}</p>
      <Button main full icon="camera" onClick={() => setScan(true)} disabled={busy}>{t("recover.scan")}</Button>
      {scan && <Scanner onFound={(link) => recover(link)} onClose={() => setScan(false)} />}
      <div class="field"><label for="sheet">{t("recover.sheet")}</label>
        <textarea class="input code" id="sheet" name="sheet" rows={3} required autocapitalize="characters" autocomplete="off" spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} /></div>
      {byCode && <>
        <div class="field"><label for="address">{t("recover.server")}</label><input class="input" id="address" name="address" type="url" required placeholder="https://" autocomplete="off" /></div>
        <div class="field"><label for="spaces">{t("recover.spaces")}</label><textarea class="input code" id="spaces" name="spaces" rows={2} required autocomplete="off" spellcheck={false} /></div></>}
      <div class="field"><label for="lost">{t("recover.lost")}</label><textarea class="input" id="lost" name="lost" rows={2} autocomplete="off" /><span class="help">{t("recover.lostHelp")}</span></div>
      {error && <Note tone="bad" icon="alarm" role="alert"><p>{error}</p></Note>}
      <button class="button full" disabled={busy || !text.trim()}>{busy ? t("wait") : t("recover.go")}</button>
    </form>
  );
}
