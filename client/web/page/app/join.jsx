// SPDX-License-Identifier: Apache-2.0
//
// Joining by a link (pasted, or scanned inside the page, whose storage a link opened elsewhere would not share), or
// founding an organisation on a new server, or getting everything back with the recovery sheet.
import { useEffect, useState } from "preact/hooks";
import { run } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { codeOf, codeText, linksIn } from "../lib/members.js";
import { Button, Note, Segments } from "../ui/basic.jsx";
import { QR } from "../ui/qr.jsx";
import { Scanner } from "../ui/scan.jsx";
import { Recover } from "./recover.jsx";

export function JoinOrFound({ done }) {
  const [way, setWay] = useState("join");
  const [joined, setJoined] = useState(null);
  if (joined) return <Waiting answers={joined} done={done} />;
  return <>
    <Segments label={t("join.way")} value={way} options={[["join", t("join.invited")], ["found", t("join.found")], ["recover", t("recover.way")]]} onChange={setWay} />
    {way === "join" ? <Join done={setJoined} /> : way === "found" ? <Found done={done} /> : <Recover done={done} />}
    <div class="spring" />
    {way === "join" && <Button quiet onClick={done}>{t("join.later")}</Button>}
  </>;
}

function Join({ done }) {
  const [scan, setScan] = useState(false);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  // An invitation holds a link for each space; what one of them refuses does not stop the others.
  const join = async (text) => {
    setScan(false);
    setBusy(true);
    setError(null);
    const answers = [];
    for (const link of linksIn(text).length ? linksIn(text) : [text.trim()]) answers.push(await run(["join", link]));
    setBusy(false);
    const good = answers.filter((answer) => answer.exit === 0).map((answer) => answer.json);
    if (!good.length) return setError(answers[0].error || t("failed"));
    done(good);
  };
  return (
    <form class="form" onSubmit={(event) => { event.preventDefault(); join(event.currentTarget.elements.link.value); }}>
      <Button main full icon="camera" onClick={() => setScan(true)} disabled={busy}>{t("join.scan")}</Button>
      {scan && <Scanner onFound={join} onClose={() => setScan(false)} />}
      <div class="field"><label for="link">{t("join.link")}</label>
        <textarea class="input" id="link" name="link" rows={3} autocapitalize="none" autocomplete="off" spellcheck={false}
          onPaste={(event) => { const text = event.clipboardData?.getData("text") ?? ""; if (text.includes("#")) { event.preventDefault(); event.currentTarget.value = text; join(text); } }} /></div>
      {error && <Note tone="bad" icon="alarm" role="alert"><p>{error}</p></Note>}
      <button class="button full" disabled={busy}>{busy ? t("wait") : t("join.go")}</button>
    </form>
  );
}

/** The newcomer may write at once; the work leaves after the approval. */
function Waiting({ answers, done }) {
  const [device, setDevice] = useState(null);
  useEffect(() => { run(["status"]).then(({ json }) => setDevice(json?.device)); }, []);
  const code = codeOf(answers);
  return <>
    <Note icon="clock"><p class="strong">{t("join.sent")}</p><p>{t("join.compare")}</p></Note>
    <p class="code compare" aria-label={t("join.code")}>{code}</p>
    {device && <details><summary>{t("join.show")}</summary><QR text={codeText(device, code)} label={t("join.code")} /></details>}
    <p>{t("join.write")}</p>
    <div class="spring" />
    <Button main full onClick={done}>{t("join.begin")}</Button>
  </>;
}

function Found({ done }) {
  const [error, setError] = useState(null);
  const [step, setStep] = useState(null);
  const send = async (event) => {
    event.preventDefault();
    const form = event.currentTarget.elements;
    const [team, server] = [form.team.value.trim(), form.server.value.trim()];
    const spaces = [[form.org.value.trim(), "organisation"], [team, "team"], [t("found.restricted", team), "restricted"]];
    setError(null);
    for (const [name, level] of spaces) {
      setStep(name);
      const first = level === "organisation" ? ["--server", server] : [];
      const answer = await run(["space", "create", name, "--level", level, ...first]);
      if (answer.exit !== 0) { setStep(null); return setError(answer.error || t("failed")); }
    }
    done();
  };
  return (
    <form class="form" onSubmit={send}>
      <p>{t("found.text")}</p>
      <div class="field"><label for="org">{t("found.org")}</label><input class="input" id="org" name="org" required maxLength={80} autocomplete="off" /></div>
      <div class="field"><label for="team">{t("found.team")}</label><input class="input" id="team" name="team" required maxLength={80} autocomplete="off" /></div>
      <div class="field"><label for="server">{t("found.server")}</label><textarea class="input" id="server" name="server" rows={3} required autocapitalize="none" spellcheck={false} />
        <span class="help">{t("found.help")}</span></div>
      {error && <Note tone="bad" icon="alarm" role="alert"><p>{error}</p></Note>}
      <button class="button main full" disabled={step !== null}>{step !== null ? t("found.making", step) : t("found.go")}</button>
    </form>
  );
}
